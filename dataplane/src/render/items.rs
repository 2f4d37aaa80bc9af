//! Prices, volumes, times and texts as the standard writes them.

use crate::directory::{Conflict, Instrument};
use engine::types::{Nanoseconds, Price, Volume};
use ftd::ChinaTime;
use ftd::number::Float;
use ftd::types::Int;
use std::ops::RangeInclusive;

/// Greatest volume that a signed four-byte item holds; greater ones are told as this.
pub(super) const VOLUME_MAX: u64 = i32::MAX as u64;
/// Greatest turnover that TurnoverField holds, in 1/100 yuan: 15 digits and two decimals.
pub(super) const TURNOVER_CENTS_MAX: i128 = 99_999_999_999_999_999;
/// Least turnover: the sign takes the place of a digit. (Prices of a spread can be negative.)
pub(super) const TURNOVER_CENTS_MIN: i128 = -9_999_999_999_999_999;

/// The wall clock of a frame.
#[inline]
pub(super) fn clock(time: Nanoseconds) -> ChinaTime {
    ChinaTime::from_unix_ns(time.0)
}

/// Prices that twelve bytes with four decimals hold, in 1/10,000 yuan.
const UNITS: RangeInclusive<i64> = -9_999_999_999..=99_999_999_999;

/// Writes a price given in 1/10,000 yuan; one beyond what the item holds, as the nearest that it holds.
#[inline]
pub(super) fn set_units(item: &mut Float<12, 4>, units: i64) -> Result<(), Conflict> {
    item.set_units(units).or_else(|_| set_nearest(item, units))
}

#[cold]
fn set_nearest(item: &mut Float<12, 4>, units: i64) -> Result<(), Conflict> {
    item.set_units(units.clamp(*UNITS.start(), *UNITS.end())).map_err(|_| Conflict::Inexpressible)
}

/// Writes a price given in ticks of an instrument.
#[inline]
pub(super) fn set_price(item: &mut Float<12, 4>, price: Price, instrument: &Instrument) -> Result<(), Conflict> {
    // At most 2^31 ticks of at most 2^32: within 64 bits.
    set_units(item, i64::from(price.0) * i64::from(instrument.tick))
}

/// Writes a volume of an order or a trade. The whole 32 bits are used, as the member's own were.
#[inline]
pub(super) fn set_volume(item: &mut Int, volume: Volume) {
    item.set_unsigned(volume.0);
}

/// Writes a sum of volumes, at most [`VOLUME_MAX`].
#[inline]
pub(super) fn set_volume_saturating(item: &mut Int, volume: u64) {
    item.set_unsigned(volume.min(VOLUME_MAX) as u32);
}

/// Writes a turnover given in 1/10,000 yuan: cut off to 1/100, and held within the item's width.
pub(super) fn set_turnover(item: &mut Float<18, 2>, turnover: i128) -> Result<(), Conflict> {
    let cents = (turnover / 100).clamp(TURNOVER_CENTS_MIN, TURNOVER_CENTS_MAX) as i64;
    item.set_scaled::<2>(cents).map_err(|_| Conflict::Inexpressible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_beyond_the_item_is_told_as_the_nearest() {
        let text = |units: i64| {
            let mut item = Float::BLANK;
            set_units(&mut item, units).expect("brought into range");
            String::from_utf8(item.bytes().to_vec()).expect("digits")
        };
        assert_eq!(text(35_002_000), "0003500.2000");
        assert_eq!(text(99_999_999_999), "9999999.9999");
        assert_eq!(text(100_000_000_000), "9999999.9999");
        assert_eq!(text(i64::MAX), "9999999.9999");
        assert_eq!(text(-9_999_999_999), "-999999.9999");
        assert_eq!(text(-10_000_000_000), "-999999.9999");
        assert_eq!(text(i64::MIN), "-999999.9999");
    }

    #[test]
    fn turnover_is_cut_off_and_saturates() {
        let text = |turnover: i128| {
            let mut item = Float::BLANK;
            set_turnover(&mut item, turnover).expect("clamped to the width");
            String::from_utf8(item.bytes().to_vec()).expect("digits")
        };
        assert_eq!(text(0), "000000000000000.00");
        assert_eq!(text(123_456_799), "000000000012345.67");
        assert_eq!(text(-199), "-00000000000000.01");
        assert_eq!(text(9_999_999_999_999_999_999), "999999999999999.99");
        assert_eq!(text(10_000_000_000_000_000_000), "999999999999999.99");
        assert_eq!(text(i128::MAX), "999999999999999.99");
        assert_eq!(text(i128::MIN), "-99999999999999.99");
    }
}
