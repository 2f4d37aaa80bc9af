//! Margin 保证金.
//!
//! Futures: settlement price x multiplier x rate x lots. Over the products of a group the larger of the two sides pays (单向大边; CFFEX notices
//! for IF, IH, IC, IM and, with TL's listing, for TS, TF, T, TL).
//!
//! Option sellers (IO, HO, MO contract terms), a lot: settlement x M + max(S x M x a - out of the money, k x B x M x a), with S the index's
//! close, a the adjustment factor, k the minimum safety factor 最低保障系数, and B the close for calls, the strike for puts. Commodity options and
//! other exchanges' naked calls have the same shape ([`seller`]).
//!
//! Rounding: sources are silent. One rounding a position row, by setting; [`Rounding::HalfUp`] by default.

use crate::amount::{Money, Overflow, PARTS_OF_ONE, PerLot, Price, Rate, Rounding, Total};

/// Margin of one side of a futures position.
///
/// # Errors
/// [`Overflow`].
pub fn futures(
    settlement: Price,
    multiplier: u32,
    rate: Rate,
    lots: u32,
    rounding: Rounding,
) -> Result<Money, Overflow> {
    futures_per_lot(settlement, multiplier, rate).times(lots, rounding)
}

/// Margin of a lot of a future.
#[must_use]
pub fn futures_per_lot(settlement: Price, multiplier: u32, rate: Rate) -> PerLot {
    PerLot::with_rates(settlement.worth(multiplier, 1).checked_mul(i128::from(rate.0)), 1)
}

/// Both sides of an account in a group of products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// Margin of all its long positions.
    pub long: Total,
    /// Margin of all its short positions.
    pub short: Total,
}

impl Sides {
    /// With another instrument's.
    #[must_use]
    pub fn and(self, long: Money, short: Money) -> Self {
        Sides { long: self.long + long, short: self.short + short }
    }

    /// The larger of the two 单向大边.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn larger(self) -> Result<Money, Overflow> {
        if self.long.0 >= self.short.0 { self.long.money() } else { self.short.money() }
    }

    /// Both, less a part of the smaller one: a combination discount 组合保证金优惠, rounded down. None is the rate zero, the large side the rate one.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn combined(self, off: Rate) -> Result<Money, Overflow> {
        let smaller = Total(self.long.0.min(self.short.0)).money()?;
        self.both()?.minus(smaller.share(off, Rounding::Down)?)
    }

    /// Both, where a group has no large side.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn both(self) -> Result<Money, Overflow> {
        Total(self.long.0 + self.short.0).money()
    }
}

/// Call or put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// 看涨.
    Call,
    /// 看跌.
    Put,
}

impl Right {
    /// How far it is out of the money 虚值额, a unit; zero if it is in the money.
    #[must_use]
    pub fn out_of_the_money(self, underlying: Price, strike: Price) -> Price {
        Price(
            match self {
                Right::Call => strike.0 - underlying.0,
                Right::Put => underlying.0 - strike.0,
            }
            .max(0),
        )
    }

    /// What exercising gains, a unit; zero if it is out of the money.
    #[must_use]
    pub fn in_the_money(self, underlying: Price, strike: Price) -> Price {
        match self {
            Right::Call => Right::Put.out_of_the_money(underlying, strike),
            Right::Put => Right::Call.out_of_the_money(underlying, strike),
        }
    }
}

/// What an index option's seller pays by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SellerTerms {
    /// Adjustment factor 保证金调整系数, a.
    pub factor: Rate,
    /// Minimum safety factor 最低保障系数, k.
    pub safety: Rate,
}

/// What is known of an option at the day's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionAtEnd {
    /// Call or put.
    pub right: Right,
    /// Strike.
    pub strike: Price,
    /// Its settlement price.
    pub settlement: Price,
    /// The underlying's close.
    pub underlying: Price,
    /// Multiplier.
    pub multiplier: u32,
}

impl SellerTerms {
    /// Margin of `lots` sold, rounded once for all of them.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn margin(self, option: &OptionAtEnd, lots: u32, rounding: Rounding) -> Result<Money, Overflow> {
        self.per_lot(option).times(lots, rounding)
    }

    /// Margin of a lot sold. As many of them pay as many times that: all terms are so much a lot, and the larger stays the larger.
    #[must_use]
    pub fn per_lot(self, option: &OptionAtEnd) -> PerLot {
        PerLot::with_rates(self.parts(option).ok(), 2)
    }

    fn parts(self, option: &OptionAtEnd) -> Result<i128, Overflow> {
        let &OptionAtEnd { right, strike, settlement, underlying, multiplier } = option;
        let one = i128::from(PARTS_OF_ONE);
        let [factor, safety] = [self.factor, self.safety].map(|rate| i128::from(rate.0));
        let worth = |price: Price| price.worth(multiplier, 1);
        // All terms times one squared: k x a has two rates, and nothing is rounded before the end.
        let scaled = |amount: i128, by: i128| amount.checked_mul(by).ok_or(Overflow);
        let base = if right == Right::Call { underlying } else { strike };
        seller(SellerParts {
            premium: scaled(worth(settlement), one * one)?,
            at_risk: scaled(worth(underlying), factor * one)?,
            out_of_the_money: scaled(worth(right.out_of_the_money(underlying, strike)), one * one)?,
            least: scaled(worth(base), safety.checked_mul(factor).ok_or(Overflow)?)?,
        })
    }
}

/// The terms of a seller's margin, all in the same parts of a yuan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SellerParts {
    /// What the option is worth.
    pub premium: i128,
    /// What may be lost beyond it.
    pub at_risk: i128,
    /// Less, as it is out of the money.
    pub out_of_the_money: i128,
    /// But not less than this.
    pub least: i128,
}

/// premium + max(at risk - out of the money, least): the shape of every seller's margin.
///
/// # Errors
/// [`Overflow`].
pub fn seller(parts: SellerParts) -> Result<i128, Overflow> {
    let beyond = parts.at_risk.checked_sub(parts.out_of_the_money).ok_or(Overflow)?.max(parts.least);
    parts.premium.checked_add(beyond).ok_or(Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: i64 = 10_000;
    const PERCENT: i64 = 1_000_000;
    const TERMS: SellerTerms = SellerTerms { factor: Rate(12 * PERCENT), safety: Rate(50 * PERCENT) };

    fn option(right: Right, strike: i64, settlement: i64, underlying: i64) -> OptionAtEnd {
        let [strike, settlement, underlying] = [strike, settlement, underlying].map(|points| Price(points * POINT));
        OptionAtEnd { right, strike, settlement, underlying, multiplier: 100 }
    }

    #[test]
    fn futures_pay_by_worth() {
        let margin = futures(Price(3_650 * POINT), 300, Rate(12 * PERCENT), 2, Rounding::HalfUp);
        assert_eq!(margin, Money::yuan(262_800));
        assert_eq!(futures(Price(1), 1, Rate(PERCENT), 1, Rounding::Up), Ok(Money(1)));
        assert_eq!(futures(Price(1), 1, Rate(PERCENT), 1, Rounding::HalfUp), Ok(Money(0)));
        assert_eq!(futures(Price(i64::MAX), u32::MAX, Rate(i64::MAX), u32::MAX, Rounding::Down), Err(Overflow));
    }

    #[test]
    fn the_larger_side_of_a_group_pays_for_both() {
        let sides = Sides::default().and(Money(700), Money(100)).and(Money(0), Money(500));
        assert_eq!((sides.larger(), sides.both()), (Ok(Money(700)), Ok(Money(1_300))));
        assert_eq!(sides.and(Money(0), Money(101)).larger(), Ok(Money(701)));
        let combined = [0, 50_000_000, PARTS_OF_ONE].map(|off| sides.combined(Rate(off)));
        assert_eq!(combined, [Ok(Money(1_300)), Ok(Money(1_000)), Ok(Money(700))]);
    }

    #[test]
    fn a_seller_pays_premium_and_risk_less_what_is_out_of_the_money_but_not_less_than_the_floor() {
        // In the money: nothing is taken off. 50 x 100 + 4,000 x 100 x 12 %.
        assert_eq!(TERMS.margin(&option(Right::Call, 3_900, 50, 4_000), 1, Rounding::HalfUp), Money::yuan(53_000));
        // 100 out of the money: 10,000 less.
        assert_eq!(TERMS.margin(&option(Right::Call, 4_100, 50, 4_000), 1, Rounding::HalfUp), Money::yuan(43_000));
        // Far out: half of the risk is the least; of a put it hangs at the strike.
        assert_eq!(TERMS.margin(&option(Right::Call, 4_500, 5, 4_000), 1, Rounding::HalfUp), Money::yuan(24_500));
        assert_eq!(TERMS.margin(&option(Right::Put, 3_500, 5, 4_000), 1, Rounding::HalfUp), Money::yuan(21_500));
        assert_eq!(TERMS.margin(&option(Right::Put, 3_500, 5, 4_000), 7, Rounding::HalfUp), Money::yuan(150_500));
    }

    #[test]
    fn what_one_right_gains_the_other_lacks() {
        let (underlying, strike) = (Price(4_000), Price(4_100));
        assert_eq!(Right::Call.out_of_the_money(underlying, strike), Price(100));
        assert_eq!(Right::Call.in_the_money(underlying, strike), Price(0));
        assert_eq!(Right::Put.in_the_money(underlying, strike), Price(100));
        assert_eq!(Right::Put.out_of_the_money(underlying, strike), Price(0));
    }
}
