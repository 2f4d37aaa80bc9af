//! Small tables found by one number: limits, enquiries, market makers. Never iterated over for anything that a member sees.

use crate::digest::mix;
use crate::tables::Index;

/// Things by a number of 64 bits that names them. Nothing is ever removed.
#[derive(Clone)]
pub(crate) struct Keyed<V> {
    items: Vec<(u64, V)>,
    index: Index,
}

impl<V> Keyed<V> {
    /// Room for so many; more make it grow.
    pub(crate) fn with_room(items: usize) -> Self {
        Keyed { items: Vec::with_capacity(items), index: Index::with_room(items) }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    #[inline]
    fn place(&self, name: u64) -> Option<usize> {
        if self.items.is_empty() {
            return None;
        }
        self.index.find(hash(name), |place| self.items[place as usize - 1].0 == name).map(|place| place as usize - 1)
    }

    #[inline]
    pub(crate) fn get(&self, name: u64) -> Option<&V> {
        self.place(name).map(|at| &self.items[at].1)
    }

    /// The thing of that name; `make` makes it if there is none yet.
    pub(crate) fn get_or(&mut self, name: u64, make: impl FnOnce() -> V) -> &mut V {
        let at = match self.place(name) {
            Some(at) => at,
            None => {
                self.items.push((name, make()));
                self.index.insert(hash(name), self.items.len() as u32);
                self.items.len() - 1
            }
        };
        &mut self.items[at].1
    }

    /// Every thing with its name, in the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &V)> {
        self.items.iter().map(|(name, thing)| (*name, thing))
    }
}

#[inline]
fn hash(name: u64) -> u32 {
    mix(name, 0) as u32
}

/// Two indices in one name: the first in the lower half.
#[inline]
pub(crate) fn pair_name(first: u32, second: u16) -> u64 {
    u64::from(first) | u64::from(second) << 32
}
