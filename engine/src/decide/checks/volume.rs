//! The volume of one order (每次最小、最大下单数量).

use crate::command::OrderInsert;
use crate::reject::Reject;
use crate::state::Instrument;

/// 14: not below the minimum, then not above the maximum.
#[inline(always)]
pub(super) fn is_within_limits(instrument: &Instrument, order: &OrderInsert) -> Result<(), Reject> {
    if order.volume.0 < instrument.definition.minimum_volume {
        return Err(Reject::VolumeBelowMinimum);
    }
    if order.volume.0 > instrument.definition.maximum_volume {
        return Err(Reject::VolumeAboveMaximum);
    }
    Ok(())
}
