//! The position to close: a closing order freezes what it may close, on the other side of the position.

use super::conditions::Conditions;
use crate::position::Row;
use crate::reject::Reject;
use crate::state::State;
use crate::types::{Offset, Volume};

/// 15: enough of the position is not frozen. Gives how much of yesterday's the order freezes.
#[inline(always)]
pub(super) fn has_position(
    state: &State,
    row: Option<&Row>,
    conditions: &Conditions,
    volume: Volume,
) -> Result<u32, Reject> {
    if conditions.offset == Offset::Open {
        return Ok(0);
    }
    // A buy closes the short side.
    let side = conditions.direction.other();
    let (yesterday, today) = row.map_or((0, 0), |row| (row.free_yesterday(side), row.free_today(side)));
    let (available, reject) = match conditions.offset {
        Offset::CloseToday => (u64::from(today), Reject::TodayPositionInsufficient),
        Offset::CloseYesterday => (u64::from(yesterday), Reject::YesterdayPositionInsufficient),
        Offset::Close | Offset::Open => (u64::from(yesterday) + u64::from(today), Reject::PositionInsufficient),
    };
    if available < u64::from(volume.0) {
        return Err(reject);
    }
    Ok(match conditions.offset {
        Offset::CloseToday => 0,
        Offset::CloseYesterday => volume.0,
        Offset::Close | Offset::Open if state.close_today_first => volume.0 - volume.0.min(today),
        Offset::Close | Offset::Open => volume.0.min(yesterday),
    })
}
