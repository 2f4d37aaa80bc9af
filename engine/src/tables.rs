//! One table: an open-addressing index from a hash to a place. Everything that the engine finds by a name or a number is
//! found by it, but live orders by their keys (`orders.rs`). It has no hash order: nobody iterates over it.
//!
//! An entry is 8 bytes: the hash in the upper half, the place (never 0) in the lower. Collisions go on to the next entry; removing
//! shifts back, so there are no tombstones and a table is as fast in the evening as in the morning. The caller compares the
//! names themselves, at the place. Hashes that keep neighbours together (their lowest bits count on) put neighbours on one cache line.

/// An index from hashes to places.
#[derive(Clone)]
pub(crate) struct Index {
    /// A power of two of them, so that `hash & (entries - 1)` is one.
    entries: Vec<u64>,
    /// How many more go in before the table must grow.
    room: usize,
}

/// Entries per item a table has room for: at most half of the entries are in use, so that runs stay short.
const ENTRIES_PER_ITEM: usize = 2;

impl Index {
    /// A table for `items` items; inserting that many allocates nothing.
    pub(crate) fn with_room(items: usize) -> Self {
        let size = (items.max(8) * ENTRIES_PER_ITEM).next_power_of_two();
        Index { entries: vec![0; size], room: size / ENTRIES_PER_ITEM }
    }

    /// The place with that hash of which `is` says yes.
    #[inline(always)]
    pub(crate) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let entries = self.entries.as_slice();
        let mask = entries.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let entry = entries[at];
            if entry == 0 {
                return None;
            }
            let place = entry as u32;
            if (entry >> 32) as u32 == hash && is(place) {
                return Some(place);
            }
            at = (at + 1) & mask;
        }
    }

    /// The first entry that a search for a hash looks at.
    #[inline]
    pub(crate) fn entry(&self, hash: u32) -> &u64 {
        &self.entries[hash as usize & (self.entries.len() - 1)]
    }

    /// The place that a search for a hash will look at first, most likely; nothing is compared at the place.
    #[inline]
    pub(crate) fn likely(&self, hash: u32) -> Option<u32> {
        self.find(hash, |_| true)
    }

    /// Where the table lies: address and bytes.
    pub(crate) fn region(&self) -> (usize, usize) {
        region(&self.entries)
    }

    /// Adds a place that is not there yet.
    #[inline]
    pub(crate) fn insert(&mut self, hash: u32, place: u32) {
        assert!(place != 0, "place 0 means an empty entry");
        if self.room == 0 {
            self.grow();
        }
        self.room -= 1;
        self.put(u64::from(hash) << 32 | u64::from(place));
    }

    #[inline]
    fn put(&mut self, entry: u64) {
        let entries = self.entries.as_mut_slice();
        let mask = entries.len() - 1;
        let mut at = (entry >> 32) as usize & mask;
        while entries[at] != 0 {
            at = (at + 1) & mask;
        }
        entries[at] = entry;
    }

    /// Removes a place that is there.
    #[inline]
    pub(crate) fn remove(&mut self, hash: u32, place: u32) {
        let entry = u64::from(hash) << 32 | u64::from(place);
        let entries = self.entries.as_mut_slice();
        let mask = entries.len() - 1;
        let mut hole = hash as usize & mask;
        while entries[hole] != entry {
            assert!(entries[hole] != 0, "only what is there is removed");
            hole = (hole + 1) & mask;
        }
        self.room += 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let moved = entries[at];
            if moved == 0 {
                break;
            }
            let home = (moved >> 32) as usize & mask;
            // An entry may fill the hole if the hole lies between its home and where it is.
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                entries[hole] = moved;
                hole = at;
            }
        }
        entries[hole] = 0;
    }

    /// Tables of the order path are made for their limits and never come here; those of definitions may.
    #[cold]
    fn grow(&mut self) {
        let size = self.entries.len() * 2;
        let old = std::mem::replace(&mut self.entries, vec![0; size]);
        self.room += size / ENTRIES_PER_ITEM / 2;
        old.into_iter().filter(|&entry| entry != 0).for_each(|entry| self.put(entry));
    }

    /// Writes to every page, so that later nothing meets a page fault.
    pub(crate) fn touch_pages(&mut self) {
        touch_all(&mut self.entries);
    }
}

/// Spreads a number that names something over all hashes: the upper half of a product (Fibonacci hashing; Knuth, volume 3, 6.4).
#[inline]
pub(crate) fn scatter(name: u64) -> u32 {
    // Of the number's upper half a product alone would let too little reach the bits that choose the entry.
    ((name ^ name >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}

/// Where a vector's room lies: address and bytes.
pub(crate) fn region<T>(items: &Vec<T>) -> (usize, usize) {
    (items.as_ptr().addr(), items.capacity() * size_of::<T>())
}

/// The smallest page there is.
const PAGE: usize = 4096;

/// Writes to every page of what a table holds, so that later nothing meets a page fault.
pub(crate) fn touch_all<T: Copy>(items: &mut [T]) {
    for page in items.chunks_mut(PAGE / size_of::<T>()) {
        page[0] = std::hint::black_box(page[0]);
    }
}

/// Touches the pages of a vector's spare room. `blank` is what it writes there.
pub(crate) fn touch_spare<T: Clone>(items: &mut Vec<T>, blank: T) {
    let length = items.len();
    items.resize(items.capacity(), blank);
    std::hint::black_box(&items);
    items.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::Index;

    #[test]
    fn an_index_agrees_with_a_list_under_random_operations() {
        let mut seed = 0x9E37_79B9_7F4A_7C15u64;
        let mut next = || {
            seed ^= seed >> 12;
            seed ^= seed << 25;
            seed ^= seed >> 27;
            seed.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33
        };
        // Few hashes, so that runs are long, wrap around and shift.
        let mut index = Index::with_room(8);
        let mut list: Vec<(u32, u32)> = vec![];
        for place in 1..20_000u32 {
            if list.len() > 40 || (!list.is_empty() && next() % 2 == 0) {
                let (hash, place) = list.swap_remove(next() as usize % list.len());
                index.remove(hash, place);
                assert_eq!(index.find(hash, |found| found == place), None);
            } else {
                let hash = (next() % 24) as u32;
                index.insert(hash, place);
                list.push((hash, place));
            }
            for &(hash, place) in &list {
                assert_eq!(index.find(hash, |found| found == place), Some(place));
            }
        }
    }
}
