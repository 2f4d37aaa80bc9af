//! Quotes, enquiries and exercise instructions come and end. RULES.md, Quotes, Enquiries, Exercise and abandonment.

use super::market::next_broadcast;
use super::orders::{Entering, enter_as_told};
use super::{count_private, grow, mark_text};
use crate::command::{BodyView, Command};
use crate::digest;
use crate::event::{Accepted, BLANK_SYSTEM_ID, Enquired, ExecAccepted, ExecEnded, QuoteAccepted, QuoteEnded};
use crate::exercise::{EXERCISE, ExecOrder};
use crate::hint::Hint;
use crate::keyed::pair_name;
use crate::local_ids::IdSet;
use crate::position::whose;
use crate::quotes::Quote;
use crate::state::State;
use crate::types::{Direction, MatchCondition, Nanoseconds, Offset, OrderKey, Sequence};

/// A quote was accepted: its local id is marked; its orders come next.
#[inline(never)]
pub(super) fn accepted(state: &mut State, sequence: Sequence, command: &Command<'_>, accepted: &QuoteAccepted) {
    let BodyView::QuoteInsert(insert) = command.body else { panic!("validated: only a quote is accepted as one") };
    let (user, key) = (command.header.user, OrderKey::new(sequence, 0));
    let mark = mark_text(state, IdSet::quotes(user), &insert.local_id, key, &accepted.sys_id);
    let mut quote = Quote::new(key, insert.account, insert.instrument, user, mark);
    let texts =
        [(key, accepted.sys_id), (quote.orders[0], accepted.bid_sys_id), (quote.orders[1], accepted.ask_sys_id)];
    for (place, (key, text)) in quote.texts.iter_mut().zip(texts) {
        let spelled = state.speller.prefix_if_spelled(&text, key).is_some();
        *place = if spelled { BLANK_SYSTEM_ID } else { text };
    }
    let growth = state.quotes.add(quote);
    grow(state, growth);
    count_private(state, state.participant_of(user), accepted.private_number);
}

/// One of a quote's two orders enters.
#[inline(never)]
pub(super) fn side_accepted(
    state: &mut State,
    sequence: Sequence,
    command: &Command<'_>,
    accepted: &Accepted,
    hint: &Hint,
) {
    let BodyView::QuoteInsert(insert) = command.body else { panic!("validated: only an insert is accepted") };
    let (key, at) = (OrderKey::new(sequence, accepted.index), accepted.index as usize);
    let direction = [Direction::Buy, Direction::Sell][at];
    let prefix = state.speller.prefix_if_spelled(&accepted.sys_id, key);
    let instrument = state.instrument(insert.instrument).expect("validated: a defined instrument");
    let entering = Entering {
        key,
        user: command.header.user,
        account: insert.account,
        instrument: insert.instrument,
        direction,
        offset: Offset::from_code(insert.offset[at]).expect("validated: an offset of the list"),
        hedge: insert.hedge[at],
        whose: whose(insert.account, insert.instrument, insert.hedge[at]),
        condition: MatchCondition::Day,
        price: instrument.ticks_at(hint.price(), insert.price[at]),
        volume: insert.volume[at].0,
        yesterday: accepted.yesterday.0,
        row: hint.row(),
        mark: state.quotes.find(OrderKey::new(sequence, 0)).expect("validated: the quote was accepted").mark,
        prefix,
        quoted: true,
        participant: state.participant_of(command.header.user),
        costs: instrument.costs,
        touched: instrument.touched,
    };
    enter_as_told(state, &entering, accepted);
}

/// A quote ended other than by a trade; its orders are gone.
#[inline(never)]
pub(super) fn ended(state: &mut State, ended: &QuoteEnded) {
    let user = state.quotes.find(ended.quote).expect("validated: only live quotes end").user;
    let growth = state.quotes.remove(ended.quote);
    grow(state, growth);
    count_private(state, state.participant_of(user), ended.private_number);
}

/// An order of a quote is gone: by a trade, or by an event after which the quote's own end will stand.
#[inline(never)]
pub(super) fn lose(state: &mut State, order: OrderKey, by_trade: bool) {
    let (growth, last) = state.quotes.lose(order);
    grow(state, growth);
    if last && by_trade {
        let growth = state.quotes.remove(crate::quotes::quote_of(order));
        grow(state, growth);
    }
}

/// An enquiry was accepted.
#[inline(never)]
pub(super) fn enquired(
    state: &mut State,
    sequence: Sequence,
    now: Nanoseconds,
    command: &Command<'_>,
    enquired: &Enquired,
) {
    let BodyView::EnquireQuote(enquiry) = command.body else { panic!("validated: only an enquiry is accepted as one") };
    let ids = IdSet::quotes(command.header.user);
    mark_text(state, ids, &enquiry.local_id, OrderKey::new(sequence, 0), &enquired.sys_id);
    let client = state.account(enquiry.account).expect("validated: a defined account").definition.client_number;
    let name = pair_name(client.0, enquiry.instrument.0);
    let before = state.enquiries.get(name).map_or(0, |time| digest::enquiry_term(name, time.0));
    *state.enquiries.get_or(name, || now) = now;
    grow(state, digest::enquiry_term(name, now.0).wrapping_sub(before));
    next_broadcast(state, enquired.broadcast_number);
}

/// An instruction was accepted: exercising freezes what it takes.
#[inline(never)]
pub(super) fn exec_accepted(state: &mut State, sequence: Sequence, command: &Command<'_>, accepted: &ExecAccepted) {
    let BodyView::ExecOrderInsert(insert) = command.body else {
        panic!("validated: only an instruction is accepted as one")
    };
    let (user, key) = (command.header.user, OrderKey::new(sequence, 0));
    let mark = mark_text(state, IdSet::instructions(user), &insert.local_id, key, &accepted.sys_id);
    let whose = whose(insert.account, insert.instrument, insert.hedge);
    let row = state.rows.find(whose).expect("validated: a row with a position");
    let (volume, yesterday) = (insert.volume.0, accepted.yesterday.0);
    if insert.action == EXERCISE {
        // As a sell that closes does.
        state.rows.touch(row).reserve(Direction::Sell, false, volume, yesterday);
    }
    let order = ExecOrder {
        key,
        account: insert.account,
        instrument: insert.instrument,
        user,
        hedge: insert.hedge,
        action: insert.action,
        volume,
        yesterday,
        row,
        mark,
    };
    let spelled = state.local_ids.get(mark).prefix().is_some();
    let growth = state.execs.add(order, (!spelled).then_some(&accepted.sys_id));
    grow(state, growth);
    count_private(state, state.participant_of(user), accepted.private_number);
}

/// An instruction was taken back: what it froze is free.
#[inline(never)]
pub(super) fn exec_ended(state: &mut State, ended: &ExecEnded) {
    let (order, growth) = state.execs.remove(ended.order, &state.local_ids);
    grow(state, growth);
    if order.action == EXERCISE {
        state.rows.touch(order.row).release(Direction::Sell, false, order.volume, order.yesterday);
    }
    count_private(state, state.participant_of(order.user), ended.private_number);
}
