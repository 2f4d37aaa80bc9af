//! A member's order. RULES.md, OrderInsert and Accepting.

use super::checks::{self, Admitted};
use super::draft::Writer;
use super::matching::{self, Party, Terms};
use crate::command::OrderInsert;
use crate::event::{EndReason, Rested};
use crate::hint::Understood;
use crate::local_ids::{self, IdSet};
use crate::orders::Slot;
use crate::state::Instrument;
use crate::types::{Function, MatchCondition, Phase, Price, StreamNumber, UserIndex, Volume};
use crate::warm::ask_for;

/// Decides an order.
#[inline(always)]
pub(super) fn decide(writer: &mut Writer<'_>, user: UserIndex, order: &OrderInsert) {
    // Evolve will mark the local id: until then its entry is in the cache.
    let local_id_hash = local_ids::hash(IdSet::orders(user), &order.local_id);
    ask_for(writer.state.local_ids.entry(local_id_hash));
    match checks::admit(writer.state, user, order) {
        Ok(admitted) => accept(writer, order, &admitted, local_id_hash),
        Err(refusal) => writer.refuse(&refusal.event(writer.state)),
    }
}

/// Accepts an order that passed every check, and matches it if the phase does.
#[inline]
fn accept(writer: &mut Writer<'_>, order: &OrderInsert, admitted: &Admitted<'_>, local_id_hash: u32) {
    let &Admitted { instrument, participant, direction, condition, price, yesterday, function, .. } = admitted;
    let understood = Understood {
        whose: admitted.whose,
        row: admitted.row.unwrap_or(0),
        local_id_hash,
        price,
        participant,
        direction,
        offset: admitted.offset,
        condition,
        ascends: admitted.ascends,
        costs: instrument.costs,
        touched: instrument.touched,
    };
    if !function.is_priced() || order.minimal_volume.0 > 1 {
        let minimal = order.minimal_volume.0.max(1);
        let entering = Entering { understood, function, yesterday, minimal };
        return accept_rare(writer, instrument, &entering, order.volume.0);
    }
    let book = writer.state.book(instrument.definition.index);
    let matches = instrument.phase == Phase::Continuous && matching::can_trade(book, direction, price);
    let rests = condition == MatchCondition::Day && !matches;
    // Private numbers: Accepted of a GFD order 1, of FOK and FAK none. RULES.md, Market data and publishing.
    let private_number = match condition {
        MatchCondition::Day if rests => writer.only_private_number(participant),
        MatchCondition::Day => writer.private_number(participant),
        MatchCondition::FillOrKill | MatchCondition::FillAndKill => StreamNumber(0),
    };
    let key = writer.accept(rests, yesterday, private_number, understood);
    if rests {
        return;
    }
    let remaining = order.volume.0;
    let slot = Slot::ENTERING;
    let mut party = Party { key, slot, participant, price, remaining, yesterday, traded: 0, last_price: Price(0) };
    let fills = condition != MatchCondition::FillOrKill || matching::can_fill(book, direction, price, remaining);
    if matches && fills {
        matching::sweep::<false>(writer, instrument, direction, &mut party, Terms::of_limit(instrument, price));
    }
    leave(writer, &party, condition, price);
}

/// What a rare order needs of its admission. A type of its own, so that only the rare ones are laid down in memory.
struct Entering {
    understood: Understood,
    function: Function,
    yesterday: u32,
    /// Volume that trades at once, or nothing does.
    minimal: u32,
}

/// The same of what is rare: orders without a price of their own, and those with a minimal volume. They come in continuous trading only.
#[inline(never)]
fn accept_rare(writer: &mut Writer<'_>, instrument: &Instrument, order: &Entering, remaining: u32) {
    let &Entering { understood, function, yesterday, minimal } = order;
    let Understood { participant, direction, condition, price, .. } = understood;
    let book = writer.state.book(instrument.definition.index);
    let private_number = if condition.immediate() { StreamNumber(0) } else { writer.private_number(participant) };
    let key = writer.accept(false, yesterday, private_number, understood);
    let slot = Slot::ENTERING;
    let mut party = Party { key, slot, participant, price, remaining, yesterday, traded: 0, last_price: Price(0) };
    let mut terms = Terms::of_limit(instrument, price);
    if !function.is_priced() {
        // CFFEX 2010, article 41: what has no price trades at the limit order's.
        terms.middle = false;
        terms.bound = matching::bound(book, direction, function.levels(), price);
    }
    if matching::can_fill(book, direction, terms.bound, minimal) {
        terms.last = matching::sweep::<false>(writer, instrument, direction, &mut party, terms);
    }
    let rest_price = match function.is_priced() {
        true => price,
        false => matching::rest_price(instrument, book, direction, terms.bound, terms.last),
    };
    leave(writer, &party, condition, rest_price);
}

/// What becomes of an order that has been matched on entry.
#[inline]
fn leave(writer: &mut Writer<'_>, party: &Party, condition: MatchCondition, price: Price) {
    match (condition, party.remaining) {
        (MatchCondition::Day, 0) => (),
        (MatchCondition::Day, remaining) => {
            writer.push(Rested { order: party.key, remaining: Volume(remaining), price, ..Rested::zero() });
        }
        (_, 0) => writer.end(party, EndReason::AllTraded),
        _ => writer.end(party, EndReason::ImmediateRemainder),
    }
}
