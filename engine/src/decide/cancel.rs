//! A member's cancel. RULES.md, OrderCancel.

use super::draft::Writer;
use super::matching::Party;
use super::quote;
use crate::command::OrderCancel;
use crate::event::EndReason;
use crate::local_ids::{IdSet, is_blank};
use crate::orders::{Order, Slot};
use crate::reject::Reject;
use crate::state::State;
use crate::types::{AccountIndex, InstrumentIndex, UserIndex};

/// JR/T 0016 appendix B, FTDOrderActionCode: delete. The others are not offered.
pub(super) const ACTION_DELETE: u8 = b'0';

/// Decides a cancel.
#[inline(always)]
pub(super) fn decide(writer: &mut Writer<'_>, user: UserIndex, cancel: &OrderCancel) {
    match check(writer.state, user, cancel) {
        Ok((party, order)) if !order.quoted() => writer.end_alone(&party, EndReason::Cancelled),
        Ok((party, order)) => end_quoted(writer, &party, order),
        Err(reject) => writer.reject(reject),
    }
}

/// One of a quote's two.
#[inline(never)]
fn end_quoted(writer: &mut Writer<'_>, party: &Party, order: &Order) {
    writer.end(party, EndReason::Cancelled);
    quote::end_with(writer, order, EndReason::Cancelled);
}

/// The checks, in the order of the table in RULES.md.
#[inline(always)]
fn check<'a>(state: &'a State, user: UserIndex, cancel: &OrderCancel) -> Result<(Party, &'a Order), Reject> {
    let participant = state.user(user).ok_or(Reject::IndexUnknown)?.definition.participant;
    if cancel.action != ACTION_DELETE {
        return Err(Reject::ActionUnsupported);
    }
    let named = match cancel.instrument {
        InstrumentIndex::NONE => None,
        index => Some(state.instrument(index).ok_or(Reject::InstrumentUnknown)?),
    };
    let (slot, order) = target(state, user, cancel).ok_or(Reject::OrderNotFound)?;
    let other_instrument = named.is_some() && cancel.instrument != order.instrument;
    let other_account = cancel.account != AccountIndex::NONE && cancel.account != state.rows.get(order.row).account();
    if other_instrument || other_account {
        return Err(Reject::OrderNotFound);
    }
    if order.user != user && state.participant_of(order.user) != participant {
        return Err(Reject::OrderNotYours);
    }
    let instrument = match named {
        Some(instrument) => instrument,
        None => state.instrument(order.instrument).expect("orders are of defined instruments"),
    };
    if !instrument.phase.takes_cancels() {
        return Err(Reject::PhaseForbidsCancel);
    }
    Ok((Party::of_order(order, slot, participant), order))
}

/// The live order that is meant: by OrderSysId if that is not blank, else by the user's own local id.
#[inline(always)]
fn target<'a>(state: &'a State, user: UserIndex, cancel: &OrderCancel) -> Option<(Slot, &'a Order)> {
    if is_blank(&cancel.order_sys_id) {
        let mark = state.local_ids.find(IdSet::orders(user), &cancel.local_id)?;
        return state.orders.find_resting_order(mark.key);
    }
    state.orders.find_text(&cancel.order_sys_id, state.texts())
}
