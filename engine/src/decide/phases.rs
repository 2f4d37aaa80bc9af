//! Phases of instruments. RULES.md, PhaseSet.

use super::draft::Writer;
use super::market;
use super::mass::applied_if_nothing;
use crate::command::PhaseSet;
use crate::event::{MarketChanged, PhaseChanged, Snapshot};
use crate::reject::Reject;
use crate::state::{Instrument, State};
use crate::types::{InstrumentIndex, Phase, ProductIndex};

/// Decides a change of phase, of one instrument, of a product's or of all.
pub(super) fn decide(writer: &mut Writer<'_>, set: &PhaseSet) {
    let (phase, concerned) = match check(writer.state, set) {
        Ok(found) => found,
        Err(reject) => return writer.reject(reject),
    };
    change_all(writer, &concerned, phase, true);
    applied_if_nothing(writer);
}

/// Instruments enter a phase: one message each in the broadcast stream, one with the full picture of all, and one if the market's status
/// is another one by it; `orders` says whether their books still stand.
pub(super) fn change_all(writer: &mut Writer<'_>, concerned: &[InstrumentIndex], phase: Phase, orders: bool) {
    for &instrument in concerned {
        let broadcast_number = writer.broadcast_number();
        writer.push(PhaseChanged { instrument, phase: phase as u8, broadcast_number, ..PhaseChanged::zero() });
    }
    if !concerned.is_empty() {
        let broadcast_number = writer.broadcast_number();
        for &instrument in concerned {
            market::picture(writer, instrument, phase, orders, broadcast_number);
        }
        writer.push(Snapshot { broadcast_number, ..Snapshot::zero() });
        tell_market(writer, concerned, phase);
    }
}

/// The market's status, if it is another one once these instruments (in the order of indices) are in a phase.
fn tell_market(writer: &mut Writer<'_>, concerned: &[InstrumentIndex], phase: Phase) {
    let state = writer.state;
    let before = Phase::of_market(state.instruments().map(|instrument| instrument.phase));
    let now = Phase::of_market(state.instruments().map(|instrument| {
        let changes = concerned.binary_search(&instrument.definition.index).is_ok();
        if changes { phase } else { instrument.phase }
    }));
    if now != before {
        let broadcast_number = writer.broadcast_number();
        writer.push(MarketChanged { phase: now as u8, broadcast_number, ..MarketChanged::zero() });
    }
}

/// Instruments that a command about one, about a product's or about all concerns. RULES.md, PhaseSet, Uncross.
pub(super) fn concerns(instrument: InstrumentIndex, product: ProductIndex, of: &Instrument) -> bool {
    if instrument != InstrumentIndex::ALL {
        return instrument == of.definition.index;
    }
    product == ProductIndex::ALL || product == of.definition.product
}

/// The product of a command about ALL is one, or ALL.
pub(super) fn check_product(state: &State, instrument: InstrumentIndex, product: ProductIndex) -> Result<(), Reject> {
    let named = instrument != InstrumentIndex::ALL || product == ProductIndex::ALL;
    if named || state.product(product).is_some() { Ok(()) } else { Err(Reject::IndexUnknown) }
}

/// The checks in their order: phase character and whom of the named, index, closed, crossed. Gives the instruments that will change.
fn check(state: &State, set: &PhaseSet) -> Result<(Phase, Vec<InstrumentIndex>), Reject> {
    let phase = Phase::from_code(set.phase).filter(|_| set.last_day <= 1).ok_or(Reject::DefinitionInvalid)?;
    if set.instrument != InstrumentIndex::ALL {
        let instrument = state.instrument(set.instrument).ok_or(Reject::IndexUnknown)?;
        if instrument.phase == Phase::Closed {
            return Err(Reject::InstrumentClosed);
        }
    }
    check_product(state, set.instrument, set.product)?;
    let changing =
        state.instruments().filter(|instrument| instrument.phase != phase && instrument.phase != Phase::Closed);
    let named = changing.filter(|instrument| {
        concerns(set.instrument, set.product, instrument) && (set.last_day == 0 || state.ends_today(instrument))
    });
    let concerned: Vec<InstrumentIndex> = named.map(|instrument| instrument.definition.index).collect();
    if phase == Phase::Continuous && concerned.iter().any(|&index| state.book(index).crossed()) {
        return Err(Reject::BookCrossed);
    }
    Ok((phase, concerned))
}
