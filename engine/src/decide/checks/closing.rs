//! The position to close: a closing order freezes what it may close, on the other side of the position.

use super::demand::{Demand, Relief};
use crate::reject::Reject;
use crate::types::Offset;

/// 17: enough of the position is not frozen. Gives how much of yesterday's the order freezes.
#[inline(always)]
pub(super) fn has_position(demand: &Demand<'_>, relief: &Relief) -> Result<u32, Reject> {
    if demand.opens() {
        return Ok(0);
    }
    // A buy closes the short side.
    let side = demand.direction.other();
    let (yesterday, today) = demand.row.map_or((0, 0), |row| {
        (row.free_yesterday(side) + relief.frozen_yesterday, row.free_today(side) + relief.frozen_today)
    });
    let volume = demand.volume;
    let (available, reject) = match demand.offset {
        Offset::CloseToday => (u64::from(today), Reject::TodayPositionInsufficient),
        Offset::CloseYesterday => (u64::from(yesterday), Reject::YesterdayPositionInsufficient),
        Offset::Close | Offset::Open => (u64::from(yesterday) + u64::from(today), Reject::PositionInsufficient),
    };
    if available < u64::from(volume) {
        return Err(reject);
    }
    Ok(match demand.offset {
        Offset::CloseToday => 0,
        Offset::CloseYesterday => volume,
        Offset::Close | Offset::Open if demand.state.close_today_first => volume - volume.min(today),
        Offset::Close | Offset::Open => volume.min(yesterday),
    })
}
