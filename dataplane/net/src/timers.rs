//! When each of a fixed number of things is due: a binary heap that knows where everybody stands.
//!
//! A busy session moves its deadline with every message. Setting one costs a few swaps and never allocates; each index
//! is in the heap at most once, so the heap cannot outgrow the table it serves. Equal moments come in index order.

use crate::time::Instant;

/// Not in the heap.
const NOWHERE: u32 = u32::MAX;

/// Deadlines of the indices `0..count`.
pub(crate) struct Timers {
    heap: Vec<(Instant, u32)>,
    /// Where each index stands in the heap.
    places: Vec<u32>,
}

impl Timers {
    /// No deadline yet for any of `count` indices.
    pub(crate) fn new(count: usize) -> Timers {
        Timers { heap: Vec::with_capacity(count), places: vec![NOWHERE; count] }
    }

    /// The earliest deadline.
    #[inline]
    pub(crate) fn first(&self) -> Option<Instant> {
        self.heap.first().map(|&(at, _)| at)
    }

    /// Takes out an index that is due at `now`, earliest first.
    #[inline]
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<u32> {
        let &(at, index) = self.heap.first()?;
        if at > now {
            return None;
        }
        self.cancel(index);
        Some(index)
    }

    /// The deadline of `index`.
    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<Instant> {
        let place = self.places[index as usize];
        (place != NOWHERE).then(|| self.heap[place as usize].0)
    }

    /// Sets or moves the deadline of `index`.
    pub(crate) fn set(&mut self, index: u32, at: Instant) {
        let place = self.places[index as usize];
        let place = if place == NOWHERE {
            self.heap.push((at, index));
            self.places[index as usize] = (self.heap.len() - 1) as u32;
            self.heap.len() - 1
        } else {
            self.heap[place as usize].0 = at;
            place as usize
        };
        let place = self.up(place);
        self.down(place);
    }

    /// Forgets the deadline of `index`, if it has one.
    pub(crate) fn cancel(&mut self, index: u32) {
        let place = self.places[index as usize];
        if place == NOWHERE {
            return;
        }
        let place = place as usize;
        self.heap.swap_remove(place);
        self.places[index as usize] = NOWHERE;
        if place < self.heap.len() {
            self.places[self.heap[place].1 as usize] = place as u32;
            let place = self.up(place);
            self.down(place);
        }
    }

    fn up(&mut self, mut place: usize) -> usize {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.heap[parent] <= self.heap[place] {
                break;
            }
            self.swap(parent, place);
            place = parent;
        }
        place
    }

    fn down(&mut self, mut place: usize) {
        loop {
            let left = 2 * place + 1;
            if left >= self.heap.len() {
                return;
            }
            let right = left + 1;
            let child = if right < self.heap.len() && self.heap[right] < self.heap[left] { right } else { left };
            if self.heap[place] <= self.heap[child] {
                return;
            }
            self.swap(place, child);
            place = child;
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.places[self.heap[a].1 as usize] = a as u32;
        self.places[self.heap[b].1 as usize] = b as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::Timers;
    use crate::random::Random;
    use crate::time::Instant;

    #[test]
    fn deadlines_come_out_in_order_whatever_was_moved_or_cancelled() {
        let mut random = Random::new(3);
        let mut timers = Timers::new(50);
        let mut model: Vec<Option<u64>> = vec![None; 50];
        for _ in 0..100_000 {
            let index = random.below(50) as u32;
            match random.below(4) {
                0 => {
                    timers.cancel(index);
                    model[index as usize] = None;
                }
                1 => {
                    let now = random.below(1_000);
                    let expected = model
                        .iter()
                        .enumerate()
                        .filter_map(|(index, at)| at.map(|at| (at, index as u32)))
                        .min()
                        .filter(|&(at, _)| at <= now);
                    assert_eq!(timers.pop_due(Instant::from_nanos(now)), expected.map(|(_, index)| index));
                    if let Some((_, index)) = expected {
                        model[index as usize] = None;
                    }
                }
                _ => {
                    let at = random.below(1_000);
                    timers.set(index, Instant::from_nanos(at));
                    model[index as usize] = Some(at);
                }
            }
            assert_eq!(timers.first().map(Instant::nanos), model.iter().flatten().min().copied());
            assert_eq!(timers.get(index).map(Instant::nanos), model[index as usize]);
        }
    }
}
