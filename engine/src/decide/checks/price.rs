//! The price: on a tick, within the day's limits (涨跌停板). CFFEX rule article 42: a quote outside of the limits is invalid.

use crate::reject::Reject;
use crate::state::Instrument;
use crate::types::{Price, RawPrice};

/// 14: a multiple of the tick. Gives the price in ticks, which may be any number yet.
#[inline(always)]
pub(super) fn is_on_tick(instrument: &Instrument, price: RawPrice) -> Result<i64, Reject> {
    let (ticks, rest) = instrument.ticks(price);
    if rest == 0 { Ok(ticks) } else { Err(Reject::PriceOffTick) }
}

/// 15: not below the lower limit, then not above the upper one.
#[inline(always)]
pub(super) fn is_within_limits(instrument: &Instrument, ticks: i64) -> Result<Price, Reject> {
    if ticks < i64::from(instrument.definition.lower_limit) {
        return Err(Reject::PriceBelowLimit);
    }
    if ticks > i64::from(instrument.definition.upper_limit) {
        return Err(Reject::PriceAboveLimit);
    }
    Ok(Price(ticks as i32))
}
