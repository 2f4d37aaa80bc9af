//! Money, prices and rates as integers, and the one division.
//!
//! Nothing is rounded but by [`divide`], and whoever divides says how: where a rule's source names a rounding it is the rule's, where the
//! source is silent it is a setting with a stated default.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Neg, Sub};

/// Parts of a yuan in [`Money`] and [`Price`].
pub const PARTS_OF_A_YUAN: i64 = 10_000;

/// Parts of one in [`Rate`].
pub const PARTS_OF_ONE: i64 = 100_000_000;

/// An amount of money in 1/10,000 yuan. All the money there is fits many thousand times; what does not is an [`Overflow`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Money(pub i64);

/// A price for one quoted unit, in 1/10,000 yuan: 3,650.2 points are 36,502,000. Delivery prices, which lie off the tick, fit as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Price(pub i64);

/// A rate in 1/100,000,000: 12 percent are 12,000,000, a fee of 0.23 in 10,000 is 2,300.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(pub i64);

/// An amount beyond what [`Money`] holds: 922 trillion yuan. The inputs are wrong; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

/// How a quotient becomes an integer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, halves away from zero 四舍五入.
    #[default]
    HalfUp,
    /// Towards zero 截断.
    Down,
    /// Away from zero 进位: what a margin may be rounded by, so that it is never too little.
    Up,
    /// To the nearest, halves to the even neighbour 四舍六入五成双.
    HalfEven,
}

/// `numerator / denominator` as an integer.
///
/// # Panics
/// If the denominator is not positive: rules divide by constants and by counts that were looked at.
#[inline]
#[must_use]
pub fn divide(numerator: i128, denominator: i128, rounding: Rounding) -> i128 {
    assert!(denominator > 0, "a rule divides by what is positive");
    // Nearly all fit 64 bits, where a division is one instruction.
    let (quotient, rest) = match (i64::try_from(numerator), i64::try_from(denominator)) {
        (Ok(numerator), Ok(denominator)) => {
            let quotient = numerator / denominator;
            (i128::from(quotient), i128::from(numerator - quotient * denominator))
        }
        _ => (numerator / denominator, numerator % denominator),
    };
    let away = quotient + numerator.signum();
    let twice = rest.unsigned_abs() * 2;
    let goes_away = match rounding {
        Rounding::Down => false,
        Rounding::Up => rest != 0,
        Rounding::HalfUp => twice >= denominator.unsigned_abs(),
        Rounding::HalfEven => {
            twice > denominator.unsigned_abs() || (twice == denominator.unsigned_abs() && quotient % 2 != 0)
        }
    };
    if goes_away { away } else { quotient }
}

/// What one lot comes to, as a fraction of 1/10,000 yuan: what many come to is rounded once for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerLot {
    parts: i128,
    of: i64,
}

impl PerLot {
    /// Nothing, however many they are.
    pub const NONE: PerLot = PerLot { parts: 0, of: 1 };
    /// Nothing for no lots, and an [`Overflow`] for any.
    const TOO_MUCH: PerLot = PerLot { parts: i128::MAX, of: 1 };

    /// `parts` of a product with so many rates in it; none: they are beyond all digits.
    #[must_use]
    pub fn with_rates(parts: Option<i128>, rates: u32) -> Self {
        let Some(mut parts) = parts else { return Self::TOO_MUCH };
        // Rates and prices have few digits: nearly always nothing is left to be divided by for each row.
        let mut left = rates;
        while left > 0 && parts % i128::from(PARTS_OF_ONE) == 0 {
            (parts, left) = (parts / i128::from(PARTS_OF_ONE), left - 1);
        }
        match PARTS_OF_ONE.checked_pow(left) {
            Some(of) => PerLot { parts, of },
            None => Self::TOO_MUCH,
        }
    }

    /// What so many lots come to.
    ///
    /// # Errors
    /// [`Overflow`].
    #[inline]
    pub fn times(self, lots: u32, rounding: Rounding) -> Result<Money, Overflow> {
        let parts = match i64::try_from(self.parts) {
            Ok(parts) => i128::from(parts) * i128::from(lots),
            Err(_) => self.parts.checked_mul(i128::from(lots)).ok_or(Overflow)?,
        };
        Money::of(if self.of == 1 { parts } else { divide(parts, i128::from(self.of), rounding) })
    }
}

impl Money {
    /// None.
    pub const ZERO: Money = Money(0);

    /// Of a sum that was worked out in more digits.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn of(parts: i128) -> Result<Self, Overflow> {
        i64::try_from(parts).map(Money).map_err(|_| Overflow)
    }

    /// Whole yuan.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn yuan(yuan: i64) -> Result<Self, Overflow> {
        Money::of(i128::from(yuan) * i128::from(PARTS_OF_A_YUAN))
    }

    /// A share of it.
    ///
    /// # Errors
    /// [`Overflow`]: a rate may be above one.
    pub fn share(self, rate: Rate, rounding: Rounding) -> Result<Self, Overflow> {
        Money::of(divide(i128::from(self.0) * i128::from(rate.0), i128::from(PARTS_OF_ONE), rounding))
    }

    /// The sum, if it fits.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn plus(self, other: Money) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Money).ok_or(Overflow)
    }

    /// The difference, if it fits.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn minus(self, other: Money) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Money).ok_or(Overflow)
    }
}

impl Price {
    /// What `lots` are worth at this price, in 1/10,000 yuan; not narrowed yet.
    #[must_use]
    pub fn worth(self, multiplier: u32, lots: i64) -> i128 {
        i128::from(self.0) * i128::from(multiplier) * i128::from(lots)
    }
}

/// Sums of money that were checked one by one may be added without another look only in more digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total(pub i128);

impl Total {
    /// As money.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn money(self) -> Result<Money, Overflow> {
        Money::of(self.0)
    }
}

impl Add<Money> for Total {
    type Output = Total;
    fn add(self, money: Money) -> Total {
        Total(self.0 + i128::from(money.0))
    }
}

impl Sub<Money> for Total {
    type Output = Total;
    fn sub(self, money: Money) -> Total {
        Total(self.0 - i128::from(money.0))
    }
}

impl Sum<Money> for Total {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Total {
        amounts.fold(Total::default(), |total, money| total + money)
    }
}

impl Neg for Money {
    type Output = Money;
    /// The least amount has no counterpart and becomes the greatest: one ten-thousandth beyond 922 trillion yuan.
    fn neg(self) -> Money {
        Money(self.0.checked_neg().unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Money {
    /// Yuan with four decimals.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimals(self.0, out)
    }
}

impl fmt::Display for Price {
    /// With four decimals.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimals(self.0, out)
    }
}

fn decimals(parts: i64, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (sign, size) = (if parts < 0 { "-" } else { "" }, parts.unsigned_abs());
    let yuan = PARTS_OF_A_YUAN.unsigned_abs();
    out.pad(&format!("{sign}{}.{:04}", size / yuan, size % yuan))
}

impl fmt::Display for Overflow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("金额超出范围 an amount is beyond 922 trillion yuan")
    }
}

impl std::error::Error for Overflow {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_are_rounded_as_named_on_both_sides_of_zero() {
        let all = [Rounding::HalfUp, Rounding::Down, Rounding::Up, Rounding::HalfEven];
        let rounded = |numerator| all.map(|rounding| divide(numerator, 10, rounding));
        assert_eq!(rounded(24), [2, 2, 3, 2]);
        assert_eq!(rounded(25), [3, 2, 3, 2]);
        assert_eq!(rounded(35), [4, 3, 4, 4]);
        assert_eq!(rounded(26), [3, 2, 3, 3]);
        assert_eq!(rounded(20), [2, 2, 2, 2]);
        assert_eq!(rounded(-24), [-2, -2, -3, -2]);
        assert_eq!(rounded(-25), [-3, -2, -3, -2]);
        assert_eq!(rounded(-35), [-4, -3, -4, -4]);
    }

    #[test]
    fn so_much_a_lot_is_rounded_once_for_all_lots() {
        let half = PerLot::with_rates(Some(i128::from(PARTS_OF_ONE) / 2), 1);
        assert_eq!(
            [0, 1, 2, 3].map(|lots| half.times(lots, Rounding::Down)),
            [0, 0, 1, 1].map(|parts| Ok(Money(parts)))
        );
        let whole = PerLot::with_rates(Some(7 * i128::from(PARTS_OF_ONE) * i128::from(PARTS_OF_ONE)), 2);
        assert_eq!((whole.of, whole.times(3, Rounding::Up)), (1, Ok(Money(21))));
        let third = PerLot::with_rates(Some(i128::from(PARTS_OF_ONE) * i128::from(PARTS_OF_ONE) / 3), 2);
        assert_eq!(third.times(4, Rounding::HalfUp), Ok(Money(1)));
        for none in [PerLot::with_rates(None, 1), PerLot::with_rates(Some(1), 3)] {
            assert_eq!((none.times(0, Rounding::Up), none.times(1, Rounding::Up)), (Ok(Money(0)), Err(Overflow)));
        }
        let large = PerLot::with_rates(Some(i128::MAX), 0);
        assert_eq!((large.times(0, Rounding::Up), large.times(2, Rounding::Up)), (Ok(Money(0)), Err(Overflow)));
    }

    #[test]
    fn money_is_written_in_yuan_and_what_does_not_fit_is_said() {
        let texts = [0, 1, -1, 12_345, -10_000, i64::MIN].map(|parts| Money(parts).to_string());
        assert_eq!(texts, ["0.0000", "0.0001", "-0.0001", "1.2345", "-1.0000", "-922337203685477.5808"]);
        assert_eq!(format!("[{:>12}]", Money(-15_000)), "[     -1.5000]");
        assert_eq!(Money(i64::MAX).plus(Money(1)), Err(Overflow));
        assert_eq!(Money::of(i128::from(i64::MAX) + 1), Err(Overflow));
        assert_eq!(Money(10_001).share(Rate(50_000_000), Rounding::HalfUp), Ok(Money(5_001)));
    }
}
