//! What concerns many orders at once. RULES.md, MassCancel, DayClose, BookRestate.

use super::draft::Writer;
use super::matching::Party;
use super::phases;
use crate::command::{MassCancel, MassScope};
use crate::event::{Applied, EndReason, Restated};
use crate::orders::Slot;
use crate::quotes::quote_of;
use crate::reject::Reject;
use crate::state::State;
use crate::types::{AccountIndex, InstrumentIndex, OrderKey, ParticipantIndex, Phase, UserIndex, Volume};

/// Ends every live order of a scope.
pub(super) fn cancel(writer: &mut Writer<'_>, mass: &MassCancel) {
    let reason = match mass.cause {
        0 => EndReason::MassCancelled,
        1 => EndReason::Disconnected,
        _ => return writer.reject(Reject::DefinitionInvalid),
    };
    match concerned(writer.state, mass) {
        Ok(slots) => end_all(writer, reason, &slots),
        Err(reject) => return writer.reject(reject),
    }
    applied_if_nothing(writer);
}

/// The orders that a mass cancel concerns, in the order of keys.
fn concerned(state: &State, mass: &MassCancel) -> Result<Vec<Slot>, Reject> {
    let (orders, small) = (&state.orders, u16::try_from(mass.index).ok());
    Ok(match MassScope::from_code(mass.scope).ok_or(Reject::DefinitionInvalid)? {
        MassScope::All => orders.in_key_order(|_| true),
        MassScope::Participant => {
            let index = small.map(ParticipantIndex).ok_or(Reject::IndexUnknown)?;
            state.participant(index).ok_or(Reject::IndexUnknown)?;
            let is_its = |user| state.user(UserIndex(user)).is_some_and(|user| user.definition.participant == index);
            let its: Vec<bool> = (0..state.day.map_or(0, |day| day.users)).map(is_its).collect();
            orders.of_users(|user| its.get(usize::from(user.0)) == Some(&true))
        }
        MassScope::User => {
            let index = small.map(UserIndex).ok_or(Reject::IndexUnknown)?;
            state.user(index).ok_or(Reject::IndexUnknown)?;
            orders.of_users(|user| user == index)
        }
        MassScope::Account => {
            let index = AccountIndex(mass.index);
            state.account(index).ok_or(Reject::IndexUnknown)?;
            orders.in_key_order(|order| state.rows.get(order.row).account() == index)
        }
        MassScope::Instrument => {
            let index = small.map(InstrumentIndex).ok_or(Reject::IndexUnknown)?;
            state.instrument(index).ok_or(Reject::IndexUnknown)?;
            orders.in_key_order(|order| order.instrument == index)
        }
    })
}

fn end_all(writer: &mut Writer<'_>, reason: EndReason, slots: &[Slot]) {
    let state = writer.state;
    for &slot in slots {
        writer.end(&Party::of(state, slot), reason);
        let order = state.orders.get(slot);
        if order.quoted() {
            // Whatever concerns a quote's bid concerns its ask, and comes to it next.
            let quote = state.quotes.find(quote_of(order.key)).expect("a quote's order belongs to a live one");
            if quote.orders[1] == order.key || quote.orders[1] == OrderKey(0) {
                writer.end_quote(quote.key, state.participant_of(order.user), reason);
            }
        }
    }
}

/// Ends every live order, then the day of every instrument.
pub(super) fn close_day(writer: &mut Writer<'_>) {
    let slots = writer.state.orders.in_key_order(|_| true);
    end_all(writer, EndReason::DayEnd, &slots);
    let open = writer.state.instruments().filter(|instrument| instrument.phase != Phase::Closed);
    let closing: Vec<InstrumentIndex> = open.map(|instrument| instrument.definition.index).collect();
    phases::change_all(writer, &closing, Phase::Closed, false);
    applied_if_nothing(writer);
}

/// Tells every live order anew.
pub(super) fn restate(writer: &mut Writer<'_>) {
    let state = writer.state;
    for slot in state.orders.in_key_order(|_| true) {
        let party = Party::of(state, slot);
        let private_number = writer.private_number(party.participant);
        writer.push(Restated {
            order: party.key,
            remaining: Volume(party.remaining),
            traded: Volume(party.traded),
            last_price: party.last_price,
            private_number,
            ..Restated::zero()
        });
    }
    applied_if_nothing(writer);
}

/// A command that succeeds without an event of its own makes one, Applied. RULES.md, Every command.
pub(super) fn applied_if_nothing(writer: &mut Writer<'_>) {
    if writer.is_empty() {
        writer.push(Applied::zero());
    }
}
