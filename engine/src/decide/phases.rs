//! Phases of instruments. RULES.md, PhaseSet.

use super::draft::Writer;
use super::mass::applied_if_nothing;
use crate::command::PhaseSet;
use crate::event::PhaseChanged;
use crate::reject::Reject;
use crate::state::State;
use crate::types::{InstrumentIndex, Phase};

/// Decides a change of phase, of one instrument or of all.
pub(super) fn decide(writer: &mut Writer<'_>, set: &PhaseSet) {
    let (phase, concerned) = match check(writer.state, set) {
        Ok(found) => found,
        Err(reject) => return writer.reject(reject),
    };
    for index in concerned {
        change(writer, index, phase);
    }
    applied_if_nothing(writer);
}

/// The instrument enters the phase: one message in the broadcast stream.
pub(super) fn change(writer: &mut Writer<'_>, instrument: InstrumentIndex, phase: Phase) {
    let broadcast_number = writer.broadcast_number();
    writer.push(PhaseChanged { instrument, phase: phase as u8, broadcast_number, ..PhaseChanged::zero() });
}

/// The checks in their order: phase character, index, closed, crossed. Gives the instruments that will change.
fn check(state: &State, set: &PhaseSet) -> Result<(Phase, Vec<InstrumentIndex>), Reject> {
    let phase = Phase::from_code(set.phase).ok_or(Reject::DefinitionInvalid)?;
    if set.instrument != InstrumentIndex::ALL {
        let instrument = state.instrument(set.instrument).ok_or(Reject::IndexUnknown)?;
        if instrument.phase == Phase::Closed {
            return Err(Reject::InstrumentClosed);
        }
    }
    let named = |index| set.instrument == InstrumentIndex::ALL || set.instrument == index;
    let changing =
        state.instruments().filter(|instrument| instrument.phase != phase && instrument.phase != Phase::Closed);
    let concerned: Vec<InstrumentIndex> =
        changing.map(|instrument| instrument.definition.index).filter(|&index| named(index)).collect();
    if phase == Phase::Continuous && concerned.iter().any(|&index| state.book(index).crossed()) {
        return Err(Reject::BookCrossed);
    }
    Ok((phase, concerned))
}
