//! The position limit (持仓限额): of a client over all its members, pending opens counted. JR/T 0016 §5.4.1.

use super::conditions::Conditions;
use crate::position::Row;
use crate::reject::Reject;
use crate::state::{Account, Instrument, State};
use crate::types::{Offset, Volume};

/// 16: an opening order stays within the limit; and within the numbers, whatever the limit.
#[inline(always)]
pub(super) fn is_kept(
    state: &State,
    row: Option<&Row>,
    account: &Account,
    instrument: &Instrument,
    conditions: &Conditions,
    volume: Volume,
) -> Result<(), Reject> {
    if conditions.offset != Offset::Open {
        return Ok(());
    }
    let (side, volume) = (conditions.direction, u64::from(volume.0));
    if row.map_or(0, |row| row.reach(side)) + volume > u64::from(u32::MAX) {
        return Err(Reject::PositionLimitExceeded);
    }
    let limit = u64::from(instrument.definition.position_limit);
    if limit == 0 {
        return Ok(());
    }
    let exposure = match row {
        Some(row) => state.rows.exposure(row),
        None => state.rows.exposure_of(account.definition.client_number, instrument.definition.index),
    };
    if exposure[side.side()] + volume > limit { Err(Reject::PositionLimitExceeded) } else { Ok(()) }
}
