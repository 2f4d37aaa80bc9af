//! The price: on a tick, within the day's limits (涨跌停板). CFFEX rule article 42: a quote outside of the limits is invalid.

use crate::command::OrderInsert;
use crate::reject::Reject;
use crate::state::Instrument;
use crate::types::Price;

/// 12: a multiple of the tick. Gives the price in ticks, which may be any number yet.
#[inline]
pub(super) fn is_on_tick(instrument: &Instrument, order: &OrderInsert) -> Result<i64, Reject> {
    let tick = instrument.definition.tick;
    // Dividing 32 bits costs half of dividing 64, and is nearly always enough.
    let (ticks, rest) = match u32::try_from(order.price.0) {
        Ok(price) => (i64::from(price / tick), i64::from(price % tick)),
        Err(_) => (order.price.0 / i64::from(tick), order.price.0 % i64::from(tick)),
    };
    if rest == 0 { Ok(ticks) } else { Err(Reject::PriceOffTick) }
}

/// 13: not below the lower limit, then not above the upper one.
#[inline]
pub(super) fn is_within_limits(instrument: &Instrument, ticks: i64) -> Result<Price, Reject> {
    if ticks < i64::from(instrument.definition.lower_limit) {
        return Err(Reject::PriceBelowLimit);
    }
    if ticks > i64::from(instrument.definition.upper_limit) {
        return Err(Reject::PriceAboveLimit);
    }
    Ok(Price(ticks as i32))
}
