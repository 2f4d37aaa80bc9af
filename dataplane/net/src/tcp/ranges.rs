//! Stretches of a sequence space that are there while something before them is missing: what came out of order on the
//! receiving side, what the peer has by its SACK blocks on the sending side. In order, apart from one another, and at most
//! [`RANGES_MAX`]: memory is bounded whatever a peer does, and what does not fit is as if it had not come.

use super::number::SequenceNumber;

/// Stretches that are remembered at once. A window of 64 KiB in full segments has 45; one in three lost makes 15 gaps.
pub(crate) const RANGES_MAX: usize = 16;

/// From its first number to the one behind its last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) start: SequenceNumber,
    pub(crate) end: SequenceNumber,
}

/// The stretches.
#[derive(Clone, Default)]
pub(crate) struct Ranges {
    list: [Range; RANGES_MAX],
    count: usize,
}

impl Ranges {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn as_slice(&self) -> &[Range] {
        &self.list[..self.count]
    }

    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds `range`, which is not empty, joining what touches. False, and nothing done, if there is no place.
    pub(crate) fn add(&mut self, range: Range) -> bool {
        // Those from `first` to before `behind` touch the new one.
        let list = self.as_slice();
        let first = list.iter().position(|other| !other.end.is_before(range.start)).unwrap_or(list.len());
        let touching = list[first..].iter().take_while(|other| !range.end.is_before(other.start)).count();
        let behind = first + touching;
        if touching == 0 {
            if self.count == RANGES_MAX {
                return false;
            }
            self.list.copy_within(first..self.count, first + 1);
            self.list[first] = range;
            self.count += 1;
            return true;
        }
        let joined =
            Range { start: range.start.min(self.list[first].start), end: range.end.max(self.list[behind - 1].end) };
        self.list[first] = joined;
        self.list.copy_within(behind..self.count, first + 1);
        self.count -= touching - 1;
        true
    }

    /// Everything before `number` is settled: forgets what lies there, and returns how far the stretch that `number` stands
    /// in or in front of reaches (`number` itself if there is none).
    pub(crate) fn settle(&mut self, number: SequenceNumber) -> SequenceNumber {
        let mut reached = number;
        let mut gone = 0;
        for range in self.as_slice() {
            if reached.is_before(range.start) {
                break;
            }
            reached = reached.max(range.end);
            gone += 1;
        }
        self.list.copy_within(gone..self.count, 0);
        self.count -= gone;
        reached
    }

    /// The first stretch that is missing at or behind `number`, as far as something behind it is there.
    pub(crate) fn gap(&self, number: SequenceNumber) -> Option<Range> {
        let mut start = number;
        for range in self.as_slice() {
            if start.is_before(range.start) {
                return Some(Range { start, end: range.start });
            }
            start = start.max(range.end);
        }
        None
    }

    /// The number behind the last stretch.
    pub(crate) fn end(&self) -> Option<SequenceNumber> {
        self.as_slice().last().map(|range| range.end)
    }

    /// The stretch that `number` stands in.
    pub(crate) fn find(&self, number: SequenceNumber) -> Option<Range> {
        self.as_slice().iter().copied().find(|range| !number.is_before(range.start) && number.is_before(range.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn ranges_agree_with_a_bitmap_over_random_additions_near_the_wrap() {
        let mut random = Random::new(5);
        for round in 0..3_000 {
            let base = SequenceNumber(u32::MAX - (round % 100));
            let mut ranges = Ranges::default();
            let mut map = [false; 256];
            let mut settled = 0;
            for _ in 0..40 {
                let start = settled + random.below(60) as usize;
                let end = start + 1 + random.below(8) as usize;
                if ranges.add(Range { start: base + start, end: base + end }) {
                    map[start..end].fill(true);
                } else {
                    assert_eq!(ranges.as_slice().len(), RANGES_MAX);
                }
                if random.chance(100_000) && settled < 100 {
                    settled += random.below(10) as usize;
                    let reached = ranges.settle(base + settled);
                    while map[settled] {
                        settled += 1;
                    }
                    assert_eq!(reached, base + settled);
                }
                for (at, is_there) in map.iter().enumerate().skip(settled) {
                    assert_eq!(ranges.find(base + at).is_some(), *is_there, "{at}");
                }
                let first_gap = (settled..256).find(|&at| !map[at] && map[at..].contains(&true));
                assert_eq!(ranges.gap(base + settled).map(|gap| gap.start), first_gap.map(|at| base + at));
                let end = map[settled..].iter().rposition(|&is_there| is_there).map(|at| base + settled + at + 1);
                assert_eq!(ranges.end(), end);
            }
        }
    }
}
