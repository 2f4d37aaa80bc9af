//! A member's order. RULES.md, OrderInsert and Accepting.

use super::checks::{self, Admitted};
use super::draft::Writer;
use super::matching::{self, Party};
use crate::command::OrderInsert;
use crate::event::{EndReason, Rested};
use crate::local_ids;
use crate::orders::Slot;
use crate::types::{MatchCondition, Phase, Price, StreamNumber, UserIndex, Volume};
use crate::warm::ask_for;

/// Decides an order.
#[inline(always)]
pub(super) fn decide(writer: &mut Writer<'_>, user: UserIndex, order: &OrderInsert) {
    // Evolve will mark the local id: until then its entry is in the cache.
    let local_id_hash = local_ids::hash(user, &order.local_id);
    ask_for(writer.state.local_ids.entry(local_id_hash));
    match checks::admit(writer.state, user, order) {
        Ok(admitted) => accept(writer, order, &admitted, local_id_hash),
        Err(refusal) => writer.refuse(&refusal.event(writer.state)),
    }
}

/// Accepts an order that passed every check, and matches it if the phase does.
#[inline]
fn accept(writer: &mut Writer<'_>, order: &OrderInsert, admitted: &Admitted<'_>, local_id_hash: u32) {
    let &Admitted { instrument, participant, direction, condition, price, row, yesterday } = admitted;
    let book = writer.state.book(instrument.definition.index);
    let matches = instrument.phase == Phase::Continuous && matching::can_trade(book, direction, price);
    // Private numbers: Accepted of a GFD order 1, of FOK and FAK none. RULES.md, Market data and publishing.
    let private_number = if condition.immediate() { StreamNumber(0) } else { writer.private_number(participant) };
    let rests = condition == MatchCondition::Day && !matches;
    let key = writer.accept(rests, yesterday, private_number, row, price, local_id_hash);
    if rests {
        return;
    }
    let remaining = order.volume.0;
    let slot = Slot::ENTERING;
    let mut party = Party { key, slot, participant, price, remaining, yesterday, traded: 0, last_price: Price(0) };
    let fills = condition != MatchCondition::FillOrKill || matching::can_fill(book, direction, price, remaining);
    if matches && fills {
        matching::sweep(writer, instrument, direction, &mut party);
    }
    leave(writer, &party, condition);
}

/// What becomes of an order that has been matched on entry.
#[inline]
fn leave(writer: &mut Writer<'_>, party: &Party, condition: MatchCondition) {
    match (condition, party.remaining) {
        (MatchCondition::Day, 0) => (),
        (MatchCondition::Day, remaining) => {
            writer.push(Rested { order: party.key, remaining: Volume(remaining), ..Rested::zero() });
        }
        (_, 0) => writer.end(party, EndReason::AllTraded),
        _ => writer.end(party, EndReason::ImmediateRemainder),
    }
}
