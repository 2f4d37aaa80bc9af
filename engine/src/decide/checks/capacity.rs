//! Room in the tables that DayOpen sized.

use super::demand::{Demand, Relief};
use crate::reject::Reject;

/// 21: the position row exists, or one more may. A closing order's exists: it has a position.
#[inline(always)]
pub(super) fn has_row(demand: &Demand<'_>, relief: &Relief) -> Result<(), Reject> {
    let room = demand.row.is_some() || relief.makes_row || demand.state.rows.has_room_beside(relief.rows);
    if room { Ok(()) } else { Err(Reject::PositionRowsExhausted) }
}

/// 22: one more order may rest.
#[inline(always)]
pub(super) fn has_order(demand: &Demand<'_>, relief: &Relief) -> Result<(), Reject> {
    if demand.state.orders.has_room_beside(relief.orders) { Ok(()) } else { Err(Reject::OrdersExhausted) }
}
