//! The first difference between two lists of events.
use crate::event::Event;

/// Where two lists differ first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which event, from 0.
    pub index: usize,
    /// In words.
    pub what: String,
}

/// None: equal but for texts.
pub fn first_difference(_ours: &[Event], _theirs: &[Event]) -> Option<Difference> { unimplemented!() }
