//! Price limits by rule 涨跌停板: what the settlement price of yesterday allows today.
//!
//! A future: settlement x (1 + rate), down to the tick; settlement x (1 - rate), up to the tick (CFFEX's sheets, all of them). An index
//! option: its settlement price plus and minus index close x rate, rounded the same way, and never below one tick.

use super::decimal::ONE;

/// Limits in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceLimits {
    /// The lowest price 跌停板.
    pub lower: i32,
    /// The highest price 涨停板.
    pub upper: i32,
}

/// How far a price may go from where it was, in [`ONE`]ths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitRates {
    /// Upwards.
    pub up: i64,
    /// Downwards.
    pub down: i64,
}

impl LimitRates {
    /// The same both ways.
    #[must_use]
    pub const fn both(rate: i64) -> Self {
        LimitRates { up: rate, down: rate }
    }
}

impl PriceLimits {
    /// Of a future: `settlement` and `tick` in 1/10,000 yuan. None: beyond what a price may be.
    #[must_use]
    pub fn of_future(settlement: i64, tick: u32, rates: LimitRates) -> Option<Self> {
        let base = i128::from(settlement);
        Self::within(
            base * i128::from(ONE - rates.down),
            base * i128::from(ONE.checked_add(rates.up)?),
            i128::from(tick) * i128::from(ONE),
        )
    }

    /// Of an index option: `settlement`, `index_close` and `tick` in 1/10,000 yuan (points). None: beyond what a price may be.
    #[must_use]
    pub fn of_option(settlement: i64, index_close: i64, tick: u32, rates: LimitRates) -> Option<Self> {
        let (base, index) = (i128::from(settlement) * i128::from(ONE), i128::from(index_close));
        let limits = Self::within(
            base - index * i128::from(rates.down),
            base + index * i128::from(rates.up),
            i128::from(tick) * i128::from(ONE),
        )?;
        Some(PriceLimits { lower: limits.lower.max(1), upper: limits.upper.max(1) })
    }

    /// Every settlement price on the tick from which these limits of a future follow, in ticks. With a rate of a few percent there is
    /// one, or none where the limits are not by this rule.
    #[must_use]
    pub fn settlements(self, tick: u32, rates: LimitRates) -> Vec<i32> {
        // settlement = upper / (1 + rate), within a tick and what rounding took: a few around it are all there can be.
        let near = i128::from(self.upper) * i128::from(ONE) / i128::from(ONE.saturating_add(rates.up)).max(1);
        let follows = |ticks: &i128| {
            let settlement = ticks.checked_mul(i128::from(tick)).and_then(|price| i64::try_from(price).ok());
            settlement.and_then(|price| Self::of_future(price, tick, rates)) == Some(self)
        };
        (near - 3..=near + 3).filter(follows).filter_map(|ticks| i32::try_from(ticks).ok()).collect()
    }

    fn within(lower: i128, upper: i128, unit: i128) -> Option<Self> {
        if unit <= 0 {
            return None;
        }
        let lower = -(-lower).div_euclid(unit);
        Some(PriceLimits { lower: i32::try_from(lower).ok()?, upper: i32::try_from(upper.div_euclid(unit)).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::decimal::{PRICE_PLACES, RATE_PLACES, parse};
    use proptest::prelude::*;

    fn price(text: &str) -> i64 {
        parse(text, PRICE_PLACES).expect("a price")
    }

    fn rates(text: &str) -> LimitRates {
        LimitRates::both(parse(text, RATE_PLACES).expect("a rate"))
    }

    #[test]
    fn limits_of_a_sheet_follow_from_the_one_settlement_price_that_gives_both() {
        for (tick, rate, lower, upper, settlement) in [
            ("0.2", "0.1", "3404.2", "4160.6", "3782.4"),
            ("0.2", "0.1", "2358.6", "2882.6", "2620.6"),
            ("0.01", "0.035", "107.02", "114.78", "110.90"),
            ("0.002", "0.005", "101.804", "102.824", "102.314"),
        ] {
            let tick = price(tick) as u32;
            let ticks = |text: &str| (price(text) / i64::from(tick)) as i32;
            let limits = PriceLimits { lower: ticks(lower), upper: ticks(upper) };
            assert_eq!(PriceLimits::of_future(price(settlement), tick, rates(rate)), Some(limits), "{settlement}");
            assert_eq!(limits.settlements(tick, rates(rate)), [ticks(settlement)], "{settlement}");
        }
    }

    #[test]
    fn an_options_limits_are_its_settlement_and_a_tenth_of_the_index_and_never_below_a_tick() {
        let of = |settlement, index| PriceLimits::of_option(price(settlement), price(index), 2_000, rates("0.1"));
        // 1030.8 +- 370.368: 1401.168 down to 1401.0, 660.432 up to 660.6.
        assert_eq!(of("1030.8", "3703.68"), Some(PriceLimits { lower: 3_303, upper: 7_005 }));
        assert_eq!(of("12.4", "3703.68").map(|limits| limits.lower), Some(1));
    }

    proptest! {
        #[test]
        fn limits_enclose_the_settlement_and_go_no_further_than_the_rate(
            ticks in 1i64..500_000, tick in prop::sample::select(vec![10u32, 50, 100, 2_000]), rate in 0i64..50_000_000,
        ) {
            let settlement = ticks * i64::from(tick);
            let limits = PriceLimits::of_future(settlement, tick, LimitRates::both(rate)).expect("small numbers");
            let far = |limit: i32| i128::from(limit) * i128::from(tick) * i128::from(ONE);
            let (base, unit) = (i128::from(settlement), i128::from(tick) * i128::from(ONE));
            prop_assert!(i64::from(limits.lower) <= ticks && ticks <= i64::from(limits.upper));
            prop_assert!(far(limits.upper) <= base * i128::from(ONE + rate) && base * i128::from(ONE + rate) < far(limits.upper) + unit);
            prop_assert!(far(limits.lower) >= base * i128::from(ONE - rate) && base * i128::from(ONE - rate) > far(limits.lower) - unit);
        }

        #[test]
        fn no_number_is_too_large(settlement in any::<i64>(), index in any::<i64>(), tick in any::<u32>(), up in any::<i64>(), down in 0..=ONE) {
            let rates = LimitRates { up, down };
            let _ = PriceLimits::of_future(settlement, tick, rates);
            let _ = PriceLimits::of_option(settlement, index, tick, rates);
            if let Some(limits) = PriceLimits::of_future(settlement, tick.max(1), LimitRates { up: up.max(0), down }) {
                let _ = limits.settlements(tick.max(1), LimitRates { up: up.max(0), down });
            }
        }
    }
}
