//! Orders come, rest and end; their reservations with them. RULES.md, Accepting and OrderCancel.

use super::{count_private, mark, touch_instrument};
use crate::command::{BodyView, Command};
use crate::event::{Accepted, Ended, Rested};
use crate::local_ids::Mark;
use crate::orders::{Order, Slot, text_hash};
use crate::state::State;
use crate::types::{Direction, MatchCondition, Offset, OrderKey, Price, Stamp};

/// An order was accepted: its local id is marked, what it needs is reserved, and it enters or rests.
#[inline]
pub(super) fn accepted(state: &mut State, stamp: Stamp, command: &Command<'_>, accepted: &Accepted) {
    let BodyView::OrderInsert(insert) = command.body else { panic!("validated: only an insert is accepted") };
    let user = command.header.user;
    let direction = Direction::from_code(insert.direction).expect("validated: a direction of the list");
    let offset = Offset::from_code(insert.offset).expect("validated: an offset of the list");
    let condition = MatchCondition::from_code(insert.match_condition).expect("validated: a condition of the list");
    let instrument = state.instrument(insert.instrument).expect("validated: a defined instrument");
    let price = Price((insert.price.0 / i64::from(instrument.definition.tick)) as i32);
    let key = OrderKey::new(stamp.sequence, accepted.index);
    let mark = mark(state, Mark { local_id: insert.local_id, key, sys_id: accepted.sys_id, user });
    let row = match state.rows.find(insert.account, insert.instrument, insert.hedge) {
        Some(row) => row,
        None => {
            let client = state.account(insert.account).expect("validated: a defined account").definition.client_number;
            state.rows.make(insert.account, client, insert.instrument, insert.hedge)
        }
    };
    let mut order = Order::of_kind(direction, offset, condition);
    (order.key, order.price, order.row, order.mark) = (key, price, row, mark);
    (order.remaining, order.yesterday) = (insert.volume.0, accepted.yesterday.0);
    (order.instrument, order.user) = (insert.instrument, user);
    reserve(state, &order);
    touch_instrument(state, order.instrument);
    if !condition.immediate() {
        count_private(state, state.participant_of(user), accepted.private_number);
    }
    if accepted.rests != 0 { rest(state, order) } else { state.orders.enter(order) }
}

/// Reserves what an order may come to: pending opens, or frozen positions on the other side.
#[inline]
fn reserve(state: &mut State, order: &Order) {
    let (row, exposure) = state.rows.touch(order.row);
    if order.opens() {
        let side = order.direction().side();
        row.pending[side] += order.remaining;
        exposure.lots[side] += u64::from(order.remaining);
    } else {
        let side = order.direction().other().side();
        row.frozen_yesterday[side] += order.yesterday;
        row.frozen_today[side] += order.remaining - order.yesterday;
        assert!(row.frozen_yesterday[side] <= row.yesterday[side], "no more is frozen than there is of yesterday");
        assert!(row.frozen_today[side] <= row.today[side], "no more is frozen than there is of today");
    }
}

/// Releases what an order has left of its reservation.
#[inline]
fn release(state: &mut State, order: &Order) {
    let (row, exposure) = state.rows.touch(order.row);
    if order.opens() {
        let side = order.direction().side();
        row.pending[side] -= order.remaining;
        exposure.lots[side] -= u64::from(order.remaining);
    } else {
        let side = order.direction().other().side();
        row.frozen_yesterday[side] -= order.yesterday;
        row.frozen_today[side] -= order.remaining - order.yesterday;
    }
}

/// The order takes its place in the book.
#[inline]
fn rest(state: &mut State, order: Order) {
    let slot = state.orders.rest(order, &state.local_ids.get(order.mark).sys_id);
    let book = state.books[usize::from(order.instrument.0)].as_mut().expect("every defined instrument has a book");
    book.link(&mut state.orders, slot);
    state.orders.touch(slot);
}

/// What remains of the entering order rests.
#[inline]
pub(super) fn rested(state: &mut State, rested: &Rested) {
    let order = *state.orders.get(Slot::ENTERING);
    assert!(
        order.key == rested.order && order.remaining == rested.remaining.0,
        "what rests is what entered and remains"
    );
    state.orders.leave();
    rest(state, order);
}

/// An order ended other than by its last trade; or an immediate order is done.
#[inline]
pub(super) fn ended(state: &mut State, ended: &Ended) {
    let slot = state.orders.find(ended.order).expect("validated: only live orders end");
    let order = *state.orders.get(slot);
    assert!(
        order.remaining == ended.released.0 && order.yesterday == ended.yesterday.0,
        "an order releases what it has left"
    );
    assert!(
        order.traded == ended.traded.0 && order.last_price == ended.last_price,
        "an order ends with what it traded"
    );
    release(state, &order);
    touch_instrument(state, order.instrument);
    count_private(state, state.participant_of(order.user), ended.private_number);
    remove(state, slot, &order);
}

/// Takes an order out of the state; it reserves nothing any more.
#[inline]
pub(super) fn remove(state: &mut State, slot: Slot, order: &Order) {
    if slot == Slot::ENTERING {
        return state.orders.leave();
    }
    let book = state.books[usize::from(order.instrument.0)].as_mut().expect("every defined instrument has a book");
    book.unlink(&mut state.orders, slot);
    let State { orders, local_ids, .. } = state;
    let term = orders.free(slot, |mark| text_hash(&local_ids.get(mark).sys_id));
    super::replace_term(state, term, 0);
}
