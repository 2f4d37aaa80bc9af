//! Delivery 交割: index futures in cash, treasury futures in bonds.
//!
//! Conversion factor 转换因子 of a bond (CFFEX contract terms, r = 3 %): with c the coupon, f coupons a year, x months from the delivery month to the
//! next coupon's, n coupons left,
//!
//! CF = (1 + r/f)^-(x f/12) x [c/f + c/r + (1 - c/r) (1 + r/f)^-(n-1)] - c/f (1 - x f/12), to four decimals, halves up.
//!
//! No float: powers are taken in fixed point with eighteen decimals, the broken one by a root, so that the fourth decimal is certain.
//! Accrued interest 应计利息 of 100 yuan: coupon x 100 / f x days since the last coupon / days of the period, to seven decimals.
//! Invoice 发票价格 of 100 yuan = settlement x CF + accrued interest; of a lot, of its face.

use crate::amount::{Money, Overflow, PARTS_OF_ONE, Price, Rate, Rounding, divide};

/// A conversion factor in 1/10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConversionFactor(pub u32);

/// The notional coupon of treasury futures: 3 %.
pub const NOTIONAL_COUPON: Rate = Rate(3_000_000);

/// A bond that may be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bond {
    /// Coupon a year.
    pub coupon: Rate,
    /// Coupons a year: 1 or 2.
    pub frequency: u32,
    /// Months from the delivery month to the next coupon's: 1 to 12 / frequency.
    pub months_to_coupon: u32,
    /// Coupons left after delivery, the last included.
    pub coupons_left: u32,
}

impl Bond {
    /// A bond by the months between the delivery month and its maturity. `None`: it has matured, or the frequency is not 1 or 2.
    #[must_use]
    pub fn by_maturity(coupon: Rate, frequency: u32, months_to_maturity: u32) -> Option<Self> {
        if !matches!(frequency, 1 | 2) || months_to_maturity == 0 {
            return None;
        }
        let period = 12 / frequency;
        let months_to_coupon = match months_to_maturity % period {
            0 => period,
            months => months,
        };
        let coupons_left = (months_to_maturity - months_to_coupon) / period + 1;
        Some(Bond { coupon, frequency, months_to_coupon, coupons_left })
    }

    /// Its conversion factor. `None`: the numbers are not a bond's (a coupon of 100 % and more, over a hundred years, months beyond a period).
    #[must_use]
    pub fn conversion_factor(&self, notional: Rate) -> Option<ConversionFactor> {
        let Bond { coupon, frequency, months_to_coupon, coupons_left } = *self;
        let period = if matches!(frequency, 1 | 2) { 12 / frequency } else { return None };
        let sane = (1..=period).contains(&months_to_coupon)
            && (1..=100 * frequency).contains(&coupons_left)
            && (0..PARTS_OF_ONE).contains(&coupon.0)
            && (1..PARTS_OF_ONE).contains(&notional.0);
        if !sane {
            return None;
        }
        let fixed = |rate: Rate| i128::from(rate.0) * (ONE / i128::from(PARTS_OF_ONE));
        let (c, r, f) = (fixed(coupon), fixed(notional), i128::from(frequency));
        let growth = ONE + r / f;
        let whole = power(growth, coupons_left - 1);
        let broken = root(power(growth, months_to_coupon), period);
        let c_by_r = over(c, r);
        let flows = c / f + c_by_r + over(ONE - c_by_r, whole);
        let accrued = c / f * i128::from(period - months_to_coupon) / i128::from(period);
        let factor = over(flows, broken) - accrued;
        let rounded = divide(factor, ONE / 10_000, Rounding::HalfUp);
        u32::try_from(rounded).ok().map(ConversionFactor)
    }

    /// Accrued interest of 100 yuan, in 1/10,000,000 yuan, so many days of a period of so many after the last coupon. `None`: the days are not
    /// of the period.
    #[must_use]
    pub fn accrued_interest(&self, days: u32, days_of_period: u32) -> Option<i64> {
        if days > days_of_period || days_of_period == 0 || !matches!(self.frequency, 1 | 2) {
            return None;
        }
        // 100 yuan x rate: 1/10,000,000 yuan are 10 parts of a rate.
        let a_year = i128::from(self.coupon.0) * 10;
        let period = i128::from(self.frequency) * i128::from(days_of_period);
        i64::try_from(divide(a_year * i128::from(days), period, Rounding::HalfUp)).ok()
    }
}

/// What a lot's buyer pays: 100 yuan's invoice price (settlement x factor + accrued interest) x face / 100, rounded once, to the ten-thousandth;
/// of `hundreds` 1 it is the invoice price itself.
///
/// # Errors
/// [`Overflow`].
pub fn invoice(
    settlement: Price,
    factor: ConversionFactor,
    accrued: i64,
    hundreds: u32,
    rounding: Rounding,
) -> Result<Money, Overflow> {
    // In 1/100,000,000 yuan, rounded once.
    let hundred = i128::from(settlement.0) * i128::from(factor.0) + i128::from(accrued) * 10;
    Money::of(divide(hundred * i128::from(hundreds), 10_000, rounding))
}

/// Cash delivery of an index future: what a long position gains from its last settlement price to the delivery price 交割结算价.
///
/// # Errors
/// [`Overflow`].
pub fn cash(previous: Price, delivery: Price, multiplier: u32, long: u32, short: u32) -> Result<Money, Overflow> {
    let held = i64::from(long) - i64::from(short);
    Money::of(Price(delivery.0 - previous.0).worth(multiplier, held))
}

/// One in fixed point: eighteen decimals. A product of two numbers below ten fits i128.
const ONE: i128 = 1_000_000_000_000_000_000;

fn times(one: i128, other: i128) -> i128 {
    divide(one * other, ONE, Rounding::HalfUp)
}

fn over(one: i128, other: i128) -> i128 {
    divide(one * ONE, other, Rounding::HalfUp)
}

fn power(base: i128, exponent: u32) -> i128 {
    (0..exponent).fold(ONE, |product, _| times(product, base))
}

/// The `degree`-th root of a number that is at least one, by halving: at most 64 steps.
fn root(number: i128, degree: u32) -> i128 {
    let (mut low, mut high) = (ONE, number.max(ONE));
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if power(middle, degree) <= number { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bond_of_the_notional_coupon_is_one() {
        for frequency in [1, 2] {
            for years in [2u32, 5, 10, 30] {
                let bond = Bond::by_maturity(NOTIONAL_COUPON, frequency, 12 * years).expect("it lives");
                assert_eq!(bond.conversion_factor(NOTIONAL_COUPON), Some(ConversionFactor(10_000)));
            }
        }
    }

    #[test]
    fn months_and_coupons_follow_from_maturity() {
        let bond = |frequency, months| {
            let bond = Bond::by_maturity(Rate(1), frequency, months).expect("it lives");
            (bond.months_to_coupon, bond.coupons_left)
        };
        assert_eq!(
            [bond(1, 12), bond(1, 13), bond(2, 12), bond(2, 13), bond(2, 5)],
            [(12, 1), (1, 2), (6, 2), (1, 3), (5, 1)]
        );
        assert_eq!(Bond::by_maturity(Rate(1), 1, 0), None);
        assert_eq!(Bond::by_maturity(Rate(1), 4, 12), None);
    }

    #[test]
    fn numbers_that_are_no_bond_have_no_factor() {
        let bond = Bond { coupon: Rate(3_000_000), frequency: 2, months_to_coupon: 6, coupons_left: 10 };
        assert!(bond.conversion_factor(NOTIONAL_COUPON).is_some());
        for wrong in [
            Bond { frequency: 0, ..bond },
            Bond { months_to_coupon: 7, ..bond },
            Bond { months_to_coupon: 0, ..bond },
            Bond { coupons_left: 0, ..bond },
            Bond { coupons_left: 201, ..bond },
            Bond { coupon: Rate(-1), ..bond },
            Bond { coupon: Rate(PARTS_OF_ONE), ..bond },
        ] {
            assert_eq!(wrong.conversion_factor(NOTIONAL_COUPON), None, "{wrong:?}");
        }
    }

    #[test]
    fn interest_accrues_by_the_day() {
        let bond = Bond { coupon: Rate(2_800_000), frequency: 2, months_to_coupon: 3, coupons_left: 9 };
        // 2.80 / 2 x 91 / 182 = 0.7
        assert_eq!(bond.accrued_interest(91, 182), Some(7_000_000));
        assert_eq!(bond.accrued_interest(183, 182), None);
        assert_eq!(bond.accrued_interest(0, 0), None);
    }

    #[test]
    fn a_lot_delivered_in_cash_gains_the_last_step() {
        assert_eq!(cash(Price(36_000_000), Price(36_123_400), 300, 2, 0), Ok(Money(2 * 300 * 123_400)));
        assert_eq!(cash(Price(36_000_000), Price(36_123_400), 300, 1, 3), Ok(Money(-2 * 300 * 123_400)));
    }
}
