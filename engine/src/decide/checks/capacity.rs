//! Room in the tables that DayOpen sized.

use crate::position::Row;
use crate::reject::Reject;
use crate::state::State;

/// 17: the position row exists, or one more may. A closing order's exists: it has a position.
#[inline(always)]
pub(super) fn has_row(state: &State, row: Option<&Row>) -> Result<(), Reject> {
    if row.is_some() || state.rows.has_room() { Ok(()) } else { Err(Reject::PositionRowsExhausted) }
}

/// 18: one more order may rest.
#[inline(always)]
pub(super) fn has_order(state: &State) -> Result<(), Reject> {
    if state.orders.has_room() { Ok(()) } else { Err(Reject::OrdersExhausted) }
}
