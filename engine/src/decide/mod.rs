//! What comes of a command.
use crate::command::Command;
use crate::event::Event;
use crate::state::State;
use crate::types::Stamp;

/// How OrderSysId and TradeId are written: prefix, 13 digits sequence, 6 digits index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdStyle {
    /// The first character.
    pub prefix: u8,
}

/// Room for what `decide` finds.
pub struct Draft {}

impl Draft {
    /// Room, empty.
    pub fn new(_ids: IdStyle) -> Self { unimplemented!() }
    /// What was decided.
    pub fn events(&self) -> &[Event] { unimplemented!() }
}

/// A panic while deciding, caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The panic's words.
    pub message: String,
}

/// Decides.
pub fn decide(_state: &State, _stamp: Stamp, _command: &Command<'_>, _draft: &mut Draft) { unimplemented!() }

/// Decides; a panic becomes the one event Rejected, DecideFault.
pub fn decide_guarded(state: &State, stamp: Stamp, command: &Command<'_>, draft: &mut Draft) -> Result<(), Fault> {
    decide_guarded_by(decide, state, stamp, command, draft)
}

/// `decide_guarded` with the deciding function given.
pub fn decide_guarded_by(
    _decide: impl FnOnce(&State, Stamp, &Command<'_>, &mut Draft),
    _state: &State,
    _stamp: Stamp,
    _command: &Command<'_>,
    _draft: &mut Draft,
) -> Result<(), Fault> {
    unimplemented!()
}
