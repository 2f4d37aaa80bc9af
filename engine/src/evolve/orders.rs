//! Orders come, rest and end; their reservations with them. RULES.md, Accepting and OrderCancel.

use super::{count_private, grow, mark, renew_order, touch_instrument};
use crate::command::{BodyView, Command};
use crate::event::{Accepted, Ended, Rested};
use crate::hint::Hint;
use crate::local_ids;
use crate::orders::Slot;
use crate::position::whose;
use crate::state::State;
use crate::types::{Direction, InstrumentIndex, MatchCondition, Offset, OrderKey, Sequence};

/// An order was accepted: its local id is marked, what it needs is reserved, and it enters or rests.
#[inline(never)]
pub(super) fn accepted(state: &mut State, sequence: Sequence, command: &Command<'_>, accepted: &Accepted, hint: Hint) {
    let BodyView::OrderInsert(insert) = command.body else { panic!("validated: only an insert is accepted") };
    let user = command.header.user;
    let direction = Direction::from_code(insert.direction).expect("validated: a direction of the list");
    let offset = Offset::from_code(insert.offset).expect("validated: an offset of the list");
    let condition = MatchCondition::from_code(insert.match_condition).expect("validated: a condition of the list");
    let instrument = state.instrument(insert.instrument).expect("validated: a defined instrument");
    let price = instrument.ticks_at(hint.price(), insert.price);
    let key = OrderKey::new(sequence, accepted.index);
    let prefix = match hint.prefix() {
        Some(prefix) if accepted.sys_id[0] == prefix => Some(prefix),
        _ => state.speller.prefix_if_spelled(&accepted.sys_id, key),
    };
    let hash = hint.local_id_hash().unwrap_or_else(|| local_ids::hash(user, &insert.local_id));
    let mark = mark(state, user, &insert.local_id, hash, key, prefix);
    if prefix.is_none() {
        state.local_ids.keep_text(mark, &accepted.sys_id);
    }
    let row = match state.rows.find_at(hint.row(), whose(insert.account, insert.instrument, insert.hedge)) {
        Some(row) => row,
        None => {
            let client = state.account(insert.account).expect("validated: a defined account").definition.client_number;
            state.rows.make(insert.account, client, insert.instrument, insert.hedge)
        }
    };
    reserve(state, row, direction, offset, insert.volume.0, accepted.yesterday.0);
    let slot = state.orders.allot(accepted.rests != 0);
    // Field by field, in its place: see `position.rs` about loads over fresh stores.
    let order = state.orders.get_mut(slot);
    order.begin(key, direction, offset, condition);
    order.remaining = insert.volume.0;
    order.yesterday = accepted.yesterday.0;
    order.price = price;
    order.row = row;
    order.mark = mark;
    order.instrument = insert.instrument;
    order.user = user;
    touch_instrument(state, insert.instrument);
    if !condition.immediate() {
        count_private(state, state.participant_of(user), accepted.private_number);
    }
    if accepted.rests != 0 {
        rest(state, insert.instrument, slot);
    }
}

/// Reserves what an order may come to: pending opens, or frozen positions on the other side.
#[inline(always)]
fn reserve(state: &mut State, row: u32, direction: Direction, offset: Offset, volume: u32, yesterday: u32) {
    let (row, exposure) = state.rows.touch(row);
    if offset == Offset::Open {
        *row.pending_mut(direction) += volume;
        exposure.lots[direction.side()] += u64::from(volume);
        return;
    }
    let side = direction.other().side();
    row.frozen_yesterday[side] += yesterday;
    row.frozen_today[side] += volume - yesterday;
    assert!(row.frozen_yesterday[side] <= row.yesterday[side], "no more is frozen than there is of yesterday");
    assert!(row.frozen_today[side] <= row.today[side], "no more is frozen than there is of today");
}

/// Releases what an order has left of its reservation.
#[inline(always)]
fn release(state: &mut State, slot: Slot) {
    let order = state.orders.get(slot);
    let (row, exposure) = state.rows.touch(order.row);
    if order.opens() {
        *row.pending_mut(order.direction()) -= order.remaining;
        exposure.lots[order.direction().side()] -= u64::from(order.remaining);
    } else {
        let side = order.direction().other().side();
        row.frozen_yesterday[side] -= order.yesterday;
        row.frozen_today[side] -= order.remaining - order.yesterday;
    }
}

/// The order takes its place in the book.
#[inline(always)]
fn rest(state: &mut State, instrument: InstrumentIndex, slot: Slot) {
    let mark = state.local_ids.get(state.orders.get(slot).mark);
    state.orders.index(slot, mark.prefix());
    if mark.prefix().is_none() {
        state.orders.index_text(slot, &state.local_ids.sys_id(mark));
    }
    let book = state.books[usize::from(instrument.0)].as_mut().expect("every defined instrument has a book");
    book.link(&mut state.orders, slot);
    renew_order(state, slot);
}

/// What remains of the entering order rests.
#[inline(never)]
pub(super) fn rested(state: &mut State, rested: &Rested) {
    let order = state.orders.get(Slot::ENTERING);
    assert!(order.key == rested.order, "what rests is what entered");
    assert!(order.remaining == rested.remaining.0, "what rests is what remains");
    let instrument = order.instrument;
    let slot = state.orders.settle();
    rest(state, instrument, slot);
}

/// An order ended other than by its last trade; or an immediate order is done.
#[inline(never)]
pub(super) fn ended(state: &mut State, ended: &Ended, hint: Hint) {
    let slot = state.orders.find_at(hint.order(), ended.order).expect("validated: only live orders end");
    let order = state.orders.get(slot);
    assert!(order.remaining == ended.released.0, "an order releases what it has left");
    assert!(order.yesterday == ended.yesterday.0, "an order releases what it has frozen of yesterday");
    assert!(order.traded == ended.traded.0, "an order ends with what it traded");
    assert!(order.last_price == ended.last_price, "an order ends with the price of its last trade");
    let (instrument, user) = (order.instrument, order.user);
    release(state, slot);
    touch_instrument(state, instrument);
    count_private(state, state.participant_of(user), ended.private_number);
    remove(state, instrument, slot);
}

/// Takes an order out of the state; it reserves nothing any more.
#[inline(always)]
pub(super) fn remove(state: &mut State, instrument: InstrumentIndex, slot: Slot) {
    if slot == Slot::ENTERING {
        return state.orders.leave();
    }
    let book = state.books[usize::from(instrument.0)].as_mut().expect("every defined instrument has a book");
    book.unlink(&mut state.orders, slot);
    let term = state.orders.free(slot, &state.local_ids);
    grow(state, term.wrapping_neg());
}
