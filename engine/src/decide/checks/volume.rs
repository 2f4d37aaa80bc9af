//! The volume of one order (每次最小、最大下单数量).

use crate::reject::Reject;
use crate::state::Instrument;
use crate::types::Volume;

/// 16: not below the minimum, then not above the maximum of its kind.
#[inline(always)]
pub(super) fn is_within_limits(instrument: &Instrument, volume: Volume, priced: bool) -> Result<(), Reject> {
    let definition = &instrument.definition;
    if volume.0 < definition.minimum_volume {
        return Err(Reject::VolumeBelowMinimum);
    }
    if volume.0 > if priced { definition.maximum_volume } else { definition.maximum_market_volume } {
        return Err(Reject::VolumeAboveMaximum);
    }
    Ok(())
}
