//! A member's order. RULES.md, OrderInsert and Accepting.

use super::checks::{self, Admitted};
use super::draft::Writer;
use super::matching::{self, Party};
use crate::command::OrderInsert;
use crate::event::{EndReason, Rested};
use crate::orders::Slot;
use crate::types::{MatchCondition, Phase, Price, StreamNumber, UserIndex, Volume};

/// Decides an order.
pub(super) fn decide(writer: &mut Writer<'_>, user: UserIndex, order: &OrderInsert) {
    match checks::admit(writer.state, user, order) {
        Ok(admitted) => accept(writer, order, &admitted),
        Err(refusal) => writer.refuse(&refusal.event(writer.state)),
    }
}

/// Accepts an order that passed every check, and matches it if the phase does.
#[inline]
fn accept(writer: &mut Writer<'_>, order: &OrderInsert, admitted: &Admitted<'_>) {
    let &Admitted { instrument, participant, direction, condition, price, row, yesterday } = admitted;
    let book = writer.state.book(instrument.definition.index);
    let matches = instrument.phase == Phase::Continuous && matching::can_trade(book, direction, price);
    // Private numbers: Accepted of a GFD order 1, of FOK and FAK none. RULES.md, Market data and publishing.
    let private_number = if condition.immediate() { StreamNumber(0) } else { writer.private_number(participant) };
    let rests = condition == MatchCondition::Day && !matches;
    let key = writer.accept(rests, yesterday, private_number, row, price);
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
