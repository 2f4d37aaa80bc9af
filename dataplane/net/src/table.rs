//! A hash table of fixed size from 64-bit keys to indices: the demux by 4-tuple, and the switch's learned addresses.
//!
//! Open addressing with linear probing, at most half full, so a look-up ends after a few neighbours. The hash is seeded
//! and not the standard library's: the same seed gives the same table on any machine. It never grows.

use crate::random::mix;

/// The index that marks an empty place; no value may be it.
const EMPTY: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Place {
    key: u64,
    index: u32,
}

/// At most `limit` pairs of key and index.
pub(crate) struct Table {
    places: Vec<Place>,
    seed: u64,
    count: usize,
    limit: usize,
}

impl Table {
    /// An empty table for at most `limit` keys.
    pub(crate) fn new(limit: usize, seed: u64) -> Table {
        let places = (limit.max(1) * 2).next_power_of_two();
        Table { places: vec![Place { key: 0, index: EMPTY }; places], seed, count: 0, limit }
    }

    /// The index under `key`.
    #[inline]
    pub(crate) fn get(&self, key: u64) -> Option<u32> {
        let mut at = self.home(key);
        loop {
            let place = self.places[at];
            if place.index == EMPTY {
                return None;
            }
            if place.key == key {
                return Some(place.index);
            }
            at = self.after(at);
        }
    }

    /// Puts `index` under `key`, replacing what was there. False, and nothing done, if the table is full.
    pub(crate) fn insert(&mut self, key: u64, index: u32) -> bool {
        assert!(index != EMPTY, "the index of an empty place cannot be stored");
        let mut at = self.home(key);
        loop {
            let place = &mut self.places[at];
            if place.index != EMPTY && place.key == key {
                place.index = index;
                return true;
            }
            if place.index == EMPTY {
                if self.count == self.limit {
                    return false;
                }
                *place = Place { key, index };
                self.count += 1;
                return true;
            }
            at = self.after(at);
        }
    }

    /// Takes `key` out; nothing happens if it is not there.
    pub(crate) fn remove(&mut self, key: u64) {
        let mut hole = self.home(key);
        loop {
            if self.places[hole].index == EMPTY {
                return;
            }
            if self.places[hole].key == key {
                break;
            }
            hole = self.after(hole);
        }
        self.count -= 1;
        // Close the hole: whoever stands behind it and whose home is not between hole and itself moves forward.
        let mut at = hole;
        loop {
            at = self.after(at);
            let place = self.places[at];
            if place.index == EMPTY {
                break;
            }
            let mask = self.places.len() - 1;
            let from_home = at.wrapping_sub(self.home(place.key)) & mask;
            let from_hole = at.wrapping_sub(hole) & mask;
            if from_home >= from_hole {
                self.places[hole] = place;
                hole = at;
            }
        }
        self.places[hole].index = EMPTY;
    }

    /// Forgets every key.
    pub(crate) fn clear(&mut self) {
        self.places.fill(Place { key: 0, index: EMPTY });
        self.count = 0;
    }

    #[inline]
    fn home(&self, key: u64) -> usize {
        (mix(key ^ self.seed) as usize) & (self.places.len() - 1)
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.places.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::Table;
    use crate::random::Random;
    use std::collections::BTreeMap;

    #[test]
    fn the_table_agrees_with_an_ordered_map_over_many_inserts_and_removals() {
        let mut random = Random::new(7);
        let mut table = Table::new(64, 99);
        let mut model: BTreeMap<u64, u32> = BTreeMap::new();
        for step in 0..200_000u32 {
            let key = random.below(160);
            if random.chance(500_000) {
                let fits = model.contains_key(&key) || model.len() < 64;
                assert_eq!(table.insert(key, step), fits);
                if fits {
                    model.insert(key, step);
                }
            } else {
                table.remove(key);
                model.remove(&key);
            }
            let probe = random.below(160);
            assert_eq!(table.get(probe), model.get(&probe).copied());
        }
        assert!(!model.is_empty());
    }
}
