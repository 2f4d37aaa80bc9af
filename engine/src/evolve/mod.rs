//! The only code that changes state.
use crate::command::Command;
use crate::decide::Draft;
use crate::event::Event;
use crate::state::{Digests, State};
use crate::types::Stamp;

/// Applies one event of a frame.
pub fn evolve(_state: &mut State, _stamp: Stamp, _command: &Command<'_>, _event: &Event) { unimplemented!() }

/// Ends a frame.
pub fn seal(_state: &mut State, _stamp: Stamp) -> Digests { unimplemented!() }

/// Decide (guarded), evolve, seal: one frame of an active core.
pub fn step(_state: &mut State, _stamp: Stamp, _command: &Command<'_>, _draft: &mut Draft) -> Digests { unimplemented!() }
