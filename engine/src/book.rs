//! The book of one instrument: a flat ladder of price levels over the day's band, and a bitmap of the levels in use.
//!
//! One array of levels a side, indexed by price minus lower limit (in the order entry of an auction both sides may stand at one price). The bitmap
//! has two levels: a bit a price, and a bit a word of those. Best price and the next worse one are found with two or three
//! instructions however wide the gaps. Orders at a level are a list in the order of time, linked by slots of the order table.
//!
//! Chosen by measurement on workload W1: against sorted vectors and trees the ladder costs the same for a thousand and for
//! ten thousand orders a side.

use crate::orders::Slot;
use crate::tables::region;
use crate::types::{Direction, Price};

/// Prices a ladder may span: 65,536 ticks, so 1,024 words of bits and 16 of their summary. RULES.md, Base data.
pub(crate) const MAXIMUM_SPAN: usize = 65_536;

/// One price of one side.
#[derive(Clone, Copy, Default)]
pub(crate) struct Level {
    /// The first in time.
    pub(crate) head: Slot,
    /// The last in time.
    tail: Slot,
    /// Lots of all of them.
    pub(crate) volume: u64,
}

impl Level {
    /// The last in time.
    #[inline]
    pub(crate) fn tail(&self) -> Slot {
        self.tail
    }
}

/// Which levels of a side hold orders.
#[derive(Clone)]
struct Bits {
    words: Vec<u64>,
    summary: [u64; MAXIMUM_SPAN / 64 / 64],
}

impl Bits {
    fn new(span: usize) -> Self {
        Bits { words: vec![0; span.div_ceil(64)], summary: [0; MAXIMUM_SPAN / 64 / 64] }
    }

    #[inline]
    fn set(&mut self, at: usize) {
        self.words[at >> 6] |= 1 << (at & 63);
        self.summary[at >> 12] |= 1 << (at >> 6 & 63);
    }

    #[inline]
    fn clear(&mut self, at: usize) {
        self.words[at >> 6] &= !(1 << (at & 63));
        if self.words[at >> 6] == 0 {
            self.summary[at >> 12] &= !(1 << (at >> 6 & 63));
        }
    }

    /// The lowest one above `at`.
    #[inline]
    fn above(&self, at: usize) -> Option<usize> {
        let word = at >> 6;
        // Two shifts, because a shift by 64 is none.
        let rest = self.words[word] & (!0u64 << (at & 63) << 1);
        if rest != 0 {
            return Some(word << 6 | rest.trailing_zeros() as usize);
        }
        let mut group = word >> 6;
        let mut rest = self.summary[group] & (!0u64 << (word & 63) << 1);
        while rest == 0 {
            group += 1;
            rest = *self.summary.get(group)?;
        }
        let word = group << 6 | rest.trailing_zeros() as usize;
        Some(word << 6 | self.words[word].trailing_zeros() as usize)
    }

    /// The highest one below `at`.
    #[inline]
    fn below(&self, at: usize) -> Option<usize> {
        let word = at >> 6;
        let rest = self.words[word] & !(!0u64 << (at & 63));
        if rest != 0 {
            return Some(word << 6 | (63 - rest.leading_zeros() as usize));
        }
        let mut group = word >> 6;
        let mut rest = self.summary[group] & !(!0u64 << (word & 63));
        while rest == 0 {
            group = group.checked_sub(1)?;
            rest = self.summary[group];
        }
        let word = group << 6 | (63 - rest.leading_zeros() as usize);
        Some(word << 6 | (63 - self.words[word].leading_zeros() as usize))
    }
}

/// The resting orders of one instrument.
#[derive(Clone)]
pub(crate) struct Book {
    lower: i32,
    /// Best level of each side; meaningless if its level is empty.
    best: [u32; 2],
    /// Levels of each side that hold orders.
    used: [u32; 2],
    levels: [Vec<Level>; 2],
    bits: [Bits; 2],
}

impl Book {
    /// An empty book for prices from `lower` to `upper`, both included.
    pub(crate) fn new(lower: Price, upper: Price) -> Self {
        let span = usize::try_from(i64::from(upper.0) - i64::from(lower.0) + 1).expect("the band was checked");
        assert!(span <= MAXIMUM_SPAN, "the band was checked");
        let levels = || vec![Level::default(); span];
        Book {
            lower: lower.0,
            best: [0; 2],
            used: [0; 2],
            levels: [levels(), levels()],
            bits: [Bits::new(span), Bits::new(span)],
        }
    }

    /// Where its levels lie: address and bytes.
    pub(crate) fn regions(&self) -> [(usize, usize); 2] {
        [0, 1].map(|side| region(&self.levels[side]))
    }

    #[inline]
    fn at(&self, price: Price) -> usize {
        (price.0 - self.lower) as usize
    }

    #[inline]
    fn price(&self, at: usize) -> Price {
        Price(self.lower + at as i32)
    }

    /// Whether the ladder has that price.
    #[inline]
    pub(crate) fn spans(&self, price: Price) -> bool {
        let at = i64::from(price.0) - i64::from(self.lower);
        (0..self.levels[0].len() as i64).contains(&at)
    }

    /// The best price of a side.
    #[inline]
    pub(crate) fn best(&self, side: Direction) -> Option<Price> {
        let index = side.side();
        (self.used[index] != 0).then(|| self.price(self.best[index] as usize))
    }

    /// The next price of a side that is worse than `price`.
    #[inline]
    pub(crate) fn worse(&self, side: Direction, price: Price) -> Option<Price> {
        let at = self.at(price);
        let found = match side {
            Direction::Buy => self.bits[0].below(at),
            Direction::Sell => self.bits[1].above(at),
        };
        found.map(|at| self.price(at))
    }

    /// The level of a side at a price of the ladder.
    #[inline]
    pub(crate) fn level(&self, side: Direction, price: Price) -> &Level {
        &self.levels[side.side()][self.at(price)]
    }

    /// Whether the sides overlap.
    pub(crate) fn crossed(&self) -> bool {
        matches!((self.best(Direction::Buy), self.best(Direction::Sell)), (Some(bid), Some(ask)) if bid >= ask)
    }

    /// Puts an order behind all others of its side and price. Gives the one that it stands behind.
    #[inline(always)]
    pub(crate) fn link(&mut self, slot: Slot, side: Direction, price: Price, volume: u32) -> Slot {
        let (side, at) = (side.side(), self.at(price));
        let level = &mut self.levels[side][at];
        level.volume += u64::from(volume);
        let tail = std::mem::replace(&mut level.tail, slot);
        if tail != Slot::NONE {
            return tail;
        }
        level.head = slot;
        self.bits[side].set(at);
        self.used[side] += 1;
        let best = self.best[side];
        let better = if side == 0 { at as u32 > best } else { (at as u32) < best };
        if self.used[side] == 1 || better {
            self.best[side] = at as u32;
        }
        tail
    }

    /// Takes an order out that stands between two, or at an end of its level.
    #[inline(always)]
    pub(crate) fn unlink(&mut self, side: Direction, price: Price, volume: u32, [previous, next]: [Slot; 2]) {
        let (side, at) = (side.side(), self.at(price));
        let level = &mut self.levels[side][at];
        level.volume -= u64::from(volume);
        // Which end of its level an order stands at cannot be foreseen: without branches.
        level.head = if previous == Slot::NONE { next } else { level.head };
        level.tail = if next == Slot::NONE { previous } else { level.tail };
        if level.head != Slot::NONE {
            return;
        }
        assert!(level.volume == 0, "an empty level has no volume");
        self.bits[side].clear(at);
        self.used[side] -= 1;
        if self.best[side] as usize == at && self.used[side] != 0 {
            let worse = if side == 0 { self.bits[0].below(at) } else { self.bits[1].above(at) };
            self.best[side] = worse.expect("a side in use has a best price, and it was this one") as u32;
        }
    }

    /// Takes traded lots off an order's level.
    #[inline]
    pub(crate) fn reduce(&mut self, side: Direction, price: Price, volume: u32) {
        let at = self.at(price);
        self.levels[side.side()][at].volume -= u64::from(volume);
    }
}

#[cfg(test)]
mod tests {
    use super::{Bits, MAXIMUM_SPAN};

    #[test]
    fn the_bitmap_finds_its_neighbours_like_a_list() {
        for (span, step) in [(MAXIMUM_SPAN, 911), (100, 7), (64, 63), (4097, 4096), (MAXIMUM_SPAN, 20_000), (1, 1)] {
            let mut bits = Bits::new(span);
            let list: Vec<usize> = (0..span).step_by(step).collect();
            list.iter().for_each(|&at| bits.set(at));
            for at in (0..span).step_by(step.min(31)) {
                assert_eq!(
                    bits.above(at),
                    list.iter().copied().find(|&other| other > at),
                    "above {at} of {span}/{step}"
                );
                assert_eq!(
                    bits.below(at),
                    list.iter().copied().rfind(|&other| other < at),
                    "below {at} of {span}/{step}"
                );
            }
            list.iter().for_each(|&at| bits.clear(at));
            assert!(bits.above(0).is_none() && bits.below(span - 1).is_none());
        }
    }
}
