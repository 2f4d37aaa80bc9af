//! Whether somebody else's frame can be applied at all.
use crate::command::Command;
use crate::event::Event;
use crate::state::State;
use crate::types::Stamp;

/// Why a frame cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Impossible {
    /// What is wrong.
    pub kind: ImpossibleKind,
    /// Which event, from 0; none: the frame itself.
    pub event: Option<u32>,
}

/// What is wrong with a frame; the numbers are metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum ImpossibleKind {
    /// An event of a kind that is not of the list.
    UnknownKind = 1,
}

/// Checks a whole frame before any of it is applied.
pub fn validate(_state: &State, _stamp: Stamp, _command: &Command<'_>, _events: &[Event]) -> Result<(), Impossible> { unimplemented!() }
