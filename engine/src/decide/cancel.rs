//! A member's cancel. RULES.md, OrderCancel.

use super::draft::Writer;
use super::matching::Party;
use super::quote;
use crate::command::OrderCancel;
use crate::event::EndReason;
use crate::local_ids::{IdSet, is_blank};
use crate::orders::Slot;
use crate::reject::Reject;
use crate::state::State;
use crate::types::{AccountIndex, InstrumentIndex, UserIndex};

/// JR/T 0016 appendix B, FTDOrderActionCode: delete. The others are not offered.
pub(super) const ACTION_DELETE: u8 = b'0';

/// Decides a cancel.
#[inline(always)]
pub(super) fn decide(writer: &mut Writer<'_>, user: UserIndex, cancel: &OrderCancel) {
    match check(writer.state, user, cancel) {
        Ok(slot) => {
            writer.end(&Party::of(writer.state, slot), EndReason::Cancelled);
            let order = writer.state.orders.get(slot);
            if order.quoted() {
                quote::end_with(writer, order, EndReason::Cancelled);
            }
        }
        Err(reject) => writer.reject(reject),
    }
}

/// The checks, in the order of the table in RULES.md.
#[inline(always)]
fn check(state: &State, user: UserIndex, cancel: &OrderCancel) -> Result<Slot, Reject> {
    let participant = state.user(user).ok_or(Reject::IndexUnknown)?.definition.participant;
    if cancel.action != ACTION_DELETE {
        return Err(Reject::ActionUnsupported);
    }
    let named = match cancel.instrument {
        InstrumentIndex::NONE => None,
        index => Some(state.instrument(index).ok_or(Reject::InstrumentUnknown)?),
    };
    let slot = target(state, user, cancel).ok_or(Reject::OrderNotFound)?;
    let order = state.orders.get(slot);
    let other_instrument = named.is_some() && cancel.instrument != order.instrument;
    let other_account = cancel.account != AccountIndex::NONE && cancel.account != state.rows.get(order.row).account();
    if other_instrument || other_account {
        return Err(Reject::OrderNotFound);
    }
    if state.participant_of(order.user) != participant {
        return Err(Reject::OrderNotYours);
    }
    let instrument = match named {
        Some(instrument) => instrument,
        None => state.instrument(order.instrument).expect("orders are of defined instruments"),
    };
    if !instrument.phase.takes_cancels() {
        return Err(Reject::PhaseForbidsCancel);
    }
    Ok(slot)
}

/// The live order that is meant: by OrderSysId if that is not blank, else by the user's own local id.
#[inline(always)]
fn target(state: &State, user: UserIndex, cancel: &OrderCancel) -> Option<Slot> {
    if is_blank(&cancel.order_sys_id) {
        let mark = state.local_ids.find(IdSet::orders(user), &cancel.local_id)?;
        return state.orders.find_resting(mark.key);
    }
    state.orders.find_text(&cancel.order_sys_id, state.texts())
}
