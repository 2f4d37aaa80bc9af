//! Tables of what the base data defines: participants, users, accounts, instruments; and rights of an account in an instrument.

use crate::digest::{Counted, mix};
use crate::tables::Index;
use crate::types::{AccountIndex, InstrumentIndex, Right};

#[derive(Clone)]
struct Place<T> {
    item: Option<T>,
    /// What of it is in the digest.
    term: u64,
}

/// Things by their index.
#[derive(Clone)]
pub(crate) struct Table<T> {
    places: Vec<Place<T>>,
}

impl<T: Counted> Table<T> {
    /// Room for `limit` things.
    pub(crate) fn new(limit: usize) -> Self {
        Table { places: (0..limit).map(|_| Place { item: None, term: 0 }).collect() }
    }

    /// Whether there is a place of that index that is free.
    pub(crate) fn is_free(&self, index: usize) -> bool {
        self.places.get(index).is_some_and(|place| place.item.is_none())
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.places.get(index)?.item.as_ref()
    }

    /// A defined thing, to be changed in what the digest does not count.
    #[inline]
    pub(crate) fn uncounted(&mut self, index: usize) -> &mut T {
        self.places[index].item.as_mut().expect("decide and validate name only what is defined")
    }

    /// All that is defined, to be changed in what the digest does not count.
    pub(crate) fn all_uncounted(&mut self) -> impl Iterator<Item = &mut T> {
        self.places.iter_mut().filter_map(|place| place.item.as_mut())
    }

    /// Changes a defined thing and renews its digest term. Returns by how much the digest grows (wrapping).
    #[inline]
    #[must_use]
    pub(crate) fn change(&mut self, index: usize, change: impl FnOnce(&mut T)) -> u64 {
        let place = &mut self.places[index];
        let item = place.item.as_mut().expect("decide and validate name only what is defined");
        change(item);
        let term = item.term();
        term.wrapping_sub(std::mem::replace(&mut place.term, term))
    }

    /// Defines what was not. Returns by how much the digest grows (wrapping).
    #[must_use]
    pub(crate) fn define(&mut self, index: usize, item: T) -> u64 {
        let place = &mut self.places[index];
        assert!(place.item.is_none(), "nothing is defined twice");
        place.item = Some(item);
        self.change(index, |_| ())
    }

    /// Those that are defined, in the order of indices.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.places.iter().filter_map(|place| place.item.as_ref())
    }
}

/// The right of an account in one instrument.
#[derive(Clone, Copy)]
pub(crate) struct PairRight {
    pub(crate) account: AccountIndex,
    pub(crate) instrument: InstrumentIndex,
    pub(crate) right: Right,
}

/// Rights of accounts in instruments that were ever set; all others are full.
#[derive(Clone, Default)]
pub(crate) struct PairRights {
    rights: Vec<PairRight>,
    index: Option<Index>,
}

impl PairRights {
    #[inline]
    pub(crate) fn get(&self, account: AccountIndex, instrument: InstrumentIndex) -> Right {
        // Most days set none: one load.
        let Some(index) = &self.index else { return Right::Full };
        self.place(index, account, instrument).map_or(Right::Full, |place| self.rights[place].right)
    }

    fn place(&self, index: &Index, account: AccountIndex, instrument: InstrumentIndex) -> Option<usize> {
        let is = |place: u32| {
            let right = &self.rights[place as usize - 1];
            right.account == account && right.instrument == instrument
        };
        index.find(pair_hash(account, instrument), is).map(|place| place as usize - 1)
    }

    /// Sets a right. Returns the one before.
    pub(crate) fn set(&mut self, account: AccountIndex, instrument: InstrumentIndex, right: Right) -> Right {
        let index = self.index.take().unwrap_or_else(|| Index::with_room(0));
        let found = self.place(&index, account, instrument);
        let index = self.index.insert(index);
        match found {
            Some(place) => std::mem::replace(&mut self.rights[place].right, right),
            None => {
                self.rights.push(PairRight { account, instrument, right });
                index.insert(pair_hash(account, instrument), self.rights.len() as u32);
                Right::Full
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &PairRight> {
        self.rights.iter()
    }
}

fn pair_hash(account: AccountIndex, instrument: InstrumentIndex) -> u32 {
    mix(u64::from(account.0), u64::from(instrument.0)) as u32
}
