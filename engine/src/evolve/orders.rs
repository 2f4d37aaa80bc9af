//! Orders come, rest and end; their reservations with them. RULES.md, Accepting and OrderCancel.

use super::{count_private, grow, mark, quotes, take_step, touch_instrument, use_money};
use crate::command::{BodyView, Command, LIMIT_ORDER};
use crate::digest;
use crate::event::{Accepted, EndReason, Ended, Rested};
use crate::hint::{Hint, Understood};
use crate::local_ids::{self, IdSet};
use crate::orders::{Order, Slot, Texts};
use crate::position::whose;
use crate::state::State;
use crate::types::{
    AccountIndex, Direction, InstrumentIndex, MatchCondition, Offset, OrderKey, ParticipantIndex, Price, Sequence,
    UserIndex,
};

/// An order that was accepted, understood.
pub(super) struct Entering {
    pub(super) key: OrderKey,
    pub(super) user: UserIndex,
    pub(super) account: AccountIndex,
    pub(super) instrument: InstrumentIndex,
    pub(super) hedge: u8,
    /// The name that those three make: see `position::whose`.
    pub(super) whose: u64,
    pub(super) direction: Direction,
    pub(super) offset: Offset,
    pub(super) condition: MatchCondition,
    pub(super) price: Price,
    pub(super) volume: u32,
    pub(super) yesterday: u32,
    /// Where its position row probably stands.
    pub(super) row: u32,
    pub(super) mark: u32,
    /// First character of an OrderSysId that spells the key.
    pub(super) prefix: Option<u8>,
    pub(super) quoted: bool,
    /// The user's.
    pub(super) participant: ParticipantIndex,
    /// Of the instrument before it.
    pub(super) costs: bool,
    pub(super) touched: bool,
}

/// An order was accepted that was decided here: its local id is marked, what it needs is reserved, and it enters or rests.
#[inline(never)]
pub(super) fn accepted_as_understood(
    state: &mut State,
    sequence: Sequence,
    command: &Command<'_>,
    accepted: &Accepted,
    order: &Understood,
) {
    let BodyView::OrderInsert(insert) = command.body else { panic!("a draft is of its command") };
    let (user, key) = (command.header.user, OrderKey::new(sequence, accepted.index));
    if order.ascends {
        state.users.uncounted(usize::from(user.0)).largest_local_id[0] = local_ids::rank(&insert.local_id);
    }
    // A draft's ids spell their keys.
    let prefix = Some(accepted.sys_id[0]);
    let entering = Entering {
        key,
        user,
        account: insert.account,
        instrument: insert.instrument,
        hedge: insert.hedge,
        whose: order.whose,
        direction: order.direction,
        offset: order.offset,
        condition: order.condition,
        price: order.price,
        volume: insert.volume.0,
        yesterday: accepted.yesterday.0,
        row: order.row,
        mark: state.local_ids.mark(IdSet::orders(user), &insert.local_id, order.local_id_hash, key, prefix),
        prefix,
        quoted: false,
        participant: order.participant,
        costs: order.costs,
        touched: order.touched,
    };
    enter(state, &entering, accepted);
}

/// An order was accepted, as its command and the event say.
#[inline(never)]
pub(super) fn accepted(state: &mut State, sequence: Sequence, command: &Command<'_>, accepted: &Accepted, hint: &Hint) {
    let BodyView::OrderInsert(insert) = command.body else {
        return quotes::side_accepted(state, sequence, command, accepted, hint);
    };
    let (user, key) = (command.header.user, OrderKey::new(sequence, accepted.index));
    let direction = Direction::from_code(insert.direction).expect("validated: a direction of the list");
    let instrument = state.instrument(insert.instrument).expect("validated: a defined instrument");
    let price = match insert.order_type == LIMIT_ORDER {
        true => Price(instrument.ticks(insert.price).0 as i32),
        false => instrument.furthest(direction),
    };
    let (costs, touched) = (instrument.costs, instrument.touched);
    let prefix = state.speller.prefix_if_spelled(&accepted.sys_id, key);
    let mark = mark(state, IdSet::orders(user), &insert.local_id, key, prefix);
    if prefix.is_none() {
        state.local_ids.keep_text(mark, &accepted.sys_id);
    }
    let entering = Entering {
        key,
        user,
        account: insert.account,
        instrument: insert.instrument,
        hedge: insert.hedge,
        whose: whose(insert.account, insert.instrument, insert.hedge),
        direction,
        offset: Offset::from_code(insert.offset).expect("validated: an offset of the list"),
        condition: MatchCondition::from_code(insert.match_condition).expect("validated: a condition of the list"),
        price,
        volume: insert.volume.0,
        yesterday: accepted.yesterday.0,
        row: 0,
        mark,
        prefix,
        quoted: false,
        participant: state.participant_of(user),
        costs,
        touched,
    };
    enter_as_told(state, &entering, accepted);
}

/// The same of an order that was taken apart here: a follower's, a journal's, a quote's.
#[inline(never)]
pub(super) fn enter_as_told(state: &mut State, new: &Entering, accepted: &Accepted) {
    enter(state, new, accepted);
}

/// Reserves what an order needs; it enters or rests.
#[inline(always)]
fn enter(state: &mut State, new: &Entering, accepted: &Accepted) {
    let found = state.rows.find_at(new.row, new.whose);
    let row = found.unwrap_or_else(|| state.make_row(new.account, new.instrument, new.hedge));
    let opens = new.offset == Offset::Open;
    state.rows.reserve(row, new.direction, opens, new.volume, new.yesterday);
    if opens && new.costs {
        need_money(state, new.participant, new.instrument, new.direction, new.price, new.volume);
    }
    let mut order = Order::begin(new.key, new.direction, new.offset, new.condition);
    order.remaining = new.volume;
    order.yesterday = new.yesterday;
    order.price = new.price;
    order.row = row;
    order.mark = new.mark;
    order.instrument = new.instrument;
    order.user = new.user;
    if new.quoted {
        order.belong();
    }
    order.be_spelled(new.prefix);
    if !new.touched {
        touch_instrument(state, new.instrument);
    }
    if !new.condition.immediate() {
        count_private(state, new.participant, accepted.private_number);
    }
    match accepted.rests != 0 {
        true => rest(state, order, new.whose),
        false => state.orders.enter(order),
    }
}

/// An order that opens what has a margin or a premium needs money.
#[inline(never)]
fn need_money(
    state: &mut State,
    participant: ParticipantIndex,
    instrument: InstrumentIndex,
    direction: Direction,
    price: Price,
    volume: u32,
) {
    let instrument = state.instrument(instrument).expect("validated: a defined instrument");
    let need = instrument.need(direction, price, volume);
    use_money(state, participant, need);
}

/// What is left of an order that opens what has a margin or a premium needs no money any more.
#[inline(never)]
fn free_money(
    state: &mut State,
    participant: ParticipantIndex,
    instrument: InstrumentIndex,
    direction: Direction,
    price: Price,
    volume: u32,
) {
    let instrument = state.instrument(instrument).expect("orders are of defined instruments");
    let need = instrument.need(direction, price, volume);
    use_money(state, participant, -need);
}

/// The order takes its place in the book.
#[inline(always)]
fn rest(state: &mut State, mut order: Order, whose: u64) {
    let (instrument, spelled) = (order.instrument, order.prefix().is_some());
    order.term = digest::order_term_of(&order, whose);
    grow(state, order.term);
    let book = state.books[usize::from(instrument.0)].as_mut().expect("every defined instrument has a book");
    let slot = state.orders.rest(book, order);
    if !spelled {
        let text = state.texts().sys_id(state.orders.get(slot));
        state.orders.index_text(slot, &text);
    }
}

/// What remains of the entering order rests.
#[inline(never)]
pub(super) fn rested(state: &mut State, rested: &Rested) {
    let order = state.orders.get(Slot::ENTERING);
    assert!(order.key == rested.order, "what rests is what entered");
    assert!(order.remaining == rested.remaining.0, "what rests is what remains");
    if order.price != rested.price {
        reprice(state, rested.price);
    }
    let order = *state.orders.get(Slot::ENTERING);
    let whose = state.rows.get(order.row).whose();
    state.orders.leave();
    rest(state, order, whose);
}

/// The entering order gets another limit: a to-limit order's rest. What it needs is worked out at it from now on.
#[inline(never)]
fn reprice(state: &mut State, price: Price) {
    let order = state.orders.get_mut(Slot::ENTERING);
    let before = std::mem::replace(&mut order.price, price);
    let (opens, direction, remaining, user) = (order.opens(), order.direction(), order.remaining, order.user);
    let index = order.instrument;
    let instrument = state.instrument(index).expect("orders are of defined instruments");
    if opens && instrument.costs {
        let growth = instrument.need(direction, price, remaining) - instrument.need(direction, before, remaining);
        use_money(state, state.participant_of(user), growth);
    }
}

/// An order ended other than by its last trade; or an immediate order is done.
#[inline(never)]
pub(super) fn ended(state: &mut State, command: &Command<'_>, ended: &Ended, hint: &Hint) {
    let (slot, order) = state.orders.find_at(hint.order(), ended.order).expect("validated: only live orders end");
    assert!(order.remaining == ended.released.0, "an order releases what it has left");
    assert!(order.yesterday == ended.yesterday.0, "an order releases what it has frozen of yesterday");
    assert!(order.traded == ended.traded.0, "an order ends with what it traded");
    assert!(order.last_price == ended.last_price, "an order ends with the price of its last trade");
    let (instrument, user, price) = (order.instrument, order.user, order.price);
    let (row, opens, direction) = (order.row, order.opens(), order.direction());
    let participant = state.participant_of(user);
    let of = state.instrument(instrument).expect("orders are of defined instruments");
    let (costs, touched) = (of.costs, of.touched);
    let remaining = ended.released.0;
    state.rows.release(row, direction, opens, remaining, ended.yesterday.0);
    if opens && costs {
        free_money(state, participant, instrument, direction, price, remaining);
    }
    if !touched {
        touch_instrument(state, instrument);
    }
    count_private(state, participant, ended.private_number);
    remove(state, instrument, slot, false);
    if ended.reason == EndReason::DayEnd as u8 {
        take_step(state, command);
    }
}

/// Takes an order out of the state; it reserves nothing any more.
#[inline(always)]
pub(super) fn remove(state: &mut State, instrument: InstrumentIndex, slot: Slot, by_trade: bool) {
    let order = state.orders.get(slot);
    let quoted = order.quoted().then_some(order.key);
    if slot == Slot::ENTERING {
        state.orders.leave();
    } else {
        take_out(state, instrument, slot);
    }
    if let Some(key) = quoted {
        quotes::lose(state, key, by_trade);
    }
}

/// Takes a resting order out of its book and the table.
#[inline(always)]
fn take_out(state: &mut State, instrument: InstrumentIndex, slot: Slot) {
    let book = state.books[usize::from(instrument.0)].as_mut().expect("every defined instrument has a book");
    let term = state.orders.remove(book, slot, Texts { local_ids: &state.local_ids, quotes: &state.quotes });
    grow(state, term.wrapping_neg());
}
