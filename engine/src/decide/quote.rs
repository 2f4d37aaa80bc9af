//! Quotes and enquiries. RULES.md, Quotes, Enquiries.

use super::cancel::ACTION_DELETE;
use super::checks::{self, AdmittedQuote, QuoteSide};
use super::draft::Writer;
use super::matching::{self, Party, Terms};
use crate::command::{EnquireQuote, QuoteCancel, QuoteInsert};
use crate::event::{EndReason, Enquired, QuoteAccepted, Rested, SystemId};
use crate::local_ids::{IdSet, is_blank};
use crate::orders::{Order, Slot};
use crate::quotes::{Quote, quote_of};
use crate::reject::Reject;
use crate::state::State;
use crate::system_id::key_in;
use crate::types::{AccountIndex, Direction, InstrumentIndex, Nanoseconds, ParticipantIndex, Price, UserIndex, Volume};

/// Decides a quote.
#[inline(never)]
pub(super) fn insert(writer: &mut Writer<'_>, user: UserIndex, quote: &QuoteInsert) {
    match checks::admit_quote(writer.state, user, quote) {
        Ok(admitted) => accept(writer, &admitted),
        Err(refusal) => writer.refuse(&refusal.event(writer.state)),
    }
}

/// Ends the quote that is replaced, then lets bid and ask enter one after the other. They cannot meet: the bid is below the ask.
fn accept(writer: &mut Writer<'_>, admitted: &AdmittedQuote<'_>) {
    let &AdmittedQuote { instrument, participant, replaced, mut sides, ask_closes_bids } = admitted;
    let beside = replaced.map_or([Slot::NONE; 2], |quote| end_orders(writer, quote, participant, EndReason::Replaced));
    let private_number = writer.private_number(participant);
    let [bid_sys_id, ask_sys_id] = [writer.spell(0), writer.spell(1)];
    let sys_id = bid_sys_id;
    writer.push(QuoteAccepted { private_number, sys_id, bid_sys_id, ask_sys_id, ..QuoteAccepted::zero() });
    let mut terms = Terms { beside, ..Terms::of_limit(instrument, Price(0)) };
    let book = writer.state.book(instrument.definition.index);
    for direction in [Direction::Buy, Direction::Sell] {
        let QuoteSide { price, volume, row, yesterday } = sides[direction.side()];
        let matches = matching::can_trade_beside(writer.state, book, direction, price, beside);
        let private_number = writer.private_number(participant);
        let key = writer.accept_side(!matches, yesterday, private_number, row, price);
        if !matches {
            continue;
        }
        let (slot, remaining) = (Slot::ENTERING, volume);
        let mut party = Party { key, slot, participant, price, remaining, yesterday, traded: 0, last_price: Price(0) };
        terms.bound = price;
        terms.last = matching::sweep::<true>(writer, instrument, direction, &mut party, terms);
        if party.remaining != 0 {
            let remaining = Volume(party.remaining);
            writer.push(Rested { order: key, remaining, price, ..Rested::zero() });
        }
        if direction == Direction::Buy && ask_closes_bids {
            let ask = &mut sides[Direction::Sell.side()];
            ask.yesterday = ask.yesterday.saturating_sub(party.traded);
        }
    }
}

/// Ends what lives of a quote, bid first, then the quote. Gives where its orders stand.
fn end_orders(writer: &mut Writer<'_>, quote: &Quote, participant: ParticipantIndex, reason: EndReason) -> [Slot; 2] {
    let state = writer.state;
    let slots = quote.orders.map(|key| state.orders.find_resting(key).unwrap_or(Slot::NONE));
    for slot in slots.into_iter().filter(|&slot| slot != Slot::NONE) {
        writer.end(&Party::of(state, slot), reason);
    }
    writer.end_quote(quote.key, participant, reason);
    slots
}

/// An order of a quote has ended: with its last one the quote ends.
#[inline(never)]
pub(super) fn end_with(writer: &mut Writer<'_>, order: &Order, reason: EndReason) {
    let state = writer.state;
    let quote = state.quotes.find(quote_of(order.key)).expect("a quote's order belongs to a live one");
    if quote.is_last(order.key) {
        writer.end_quote(quote.key, state.participant_of(order.user), reason);
    }
}

/// Decides the cancel of a quote.
#[inline(never)]
pub(super) fn cancel(writer: &mut Writer<'_>, user: UserIndex, cancel: &QuoteCancel) {
    match check_cancel(writer.state, user, cancel) {
        Ok(quote) => {
            let participant = writer.state.participant_of(quote.user);
            end_orders(writer, quote, participant, EndReason::Cancelled);
        }
        Err(reject) => writer.reject(reject),
    }
}

fn check_cancel<'a>(state: &'a State, user: UserIndex, cancel: &QuoteCancel) -> Result<&'a Quote, Reject> {
    let participant = state.user(user).ok_or(Reject::IndexUnknown)?.definition.participant;
    if cancel.action != ACTION_DELETE {
        return Err(Reject::ActionUnsupported);
    }
    if cancel.instrument != InstrumentIndex::NONE && state.instrument(cancel.instrument).is_none() {
        return Err(Reject::InstrumentUnknown);
    }
    let quote = target(state, user, cancel).ok_or(Reject::QuoteNotFound)?;
    let other_instrument = cancel.instrument != InstrumentIndex::NONE && cancel.instrument != quote.instrument;
    if other_instrument || cancel.account != AccountIndex::NONE && cancel.account != quote.account {
        return Err(Reject::QuoteNotFound);
    }
    if state.participant_of(quote.user) != participant {
        return Err(Reject::OrderNotYours);
    }
    let instrument = state.instrument(quote.instrument).expect("quotes are of defined instruments");
    if instrument.phase.takes_cancels() { Ok(quote) } else { Err(Reject::PhaseForbidsCancel) }
}

/// The live quote that is meant: by QuoteSysID if that is not blank, else by the user's own local id.
fn target<'a>(state: &'a State, user: UserIndex, cancel: &QuoteCancel) -> Option<&'a Quote> {
    if is_blank(&cancel.sys_id) {
        let mark = state.local_ids.find(IdSet::quotes(user), &cancel.local_id)?;
        return state.quotes.find(mark.key);
    }
    find_text(state, &cancel.sys_id)
}

/// The live quote with that QuoteSysID.
pub(crate) fn find_text<'a>(state: &'a State, text: &SystemId) -> Option<&'a Quote> {
    let spells = |quote: &&Quote| state.local_ids.get(quote.mark).prefix() == Some(text[0]);
    let spelled = key_in(text).and_then(|key| state.quotes.find(key)).filter(spells);
    spelled.or_else(|| state.quotes.find_text(text))
}

/// Decides an enquiry.
#[inline(never)]
pub(super) fn enquire(writer: &mut Writer<'_>, user: UserIndex, time: Nanoseconds, enquiry: &EnquireQuote) {
    match checks::admit_enquiry(writer.state, user, time, enquiry) {
        Ok(()) => {
            let (broadcast_number, sys_id) = (writer.broadcast_number(), writer.spell(0));
            writer.push(Enquired { broadcast_number, sys_id, ..Enquired::zero() });
        }
        Err(refusal) => writer.refuse(&refusal.event(writer.state)),
    }
}
