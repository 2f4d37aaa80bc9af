//! Daily profit and loss 当日盈亏, marked to market 逐日盯市.
//!
//! 当日盈亏 = Σ (settlement - bought) x bought lots + Σ (sold - settlement) x sold lots + (settlement - previous settlement) x (long - short held
//! since yesterday), all x multiplier. CFFEX clearing rules; the exchange's own example is `cffex-pnl-1` of the published ones.
//! Exact: nothing is divided.

use crate::amount::{Money, Overflow, Price};

/// Lots that were traded on one side, and what they came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traded {
    /// Lots.
    pub lots: u64,
    /// Σ price x lots, in 1/10,000 yuan, without the multiplier.
    pub amount: i128,
}

impl Traded {
    /// With another trade.
    #[must_use]
    pub fn and(self, price: Price, lots: u32) -> Self {
        Traded { lots: self.lots + u64::from(lots), amount: self.amount + i128::from(price.0) * i128::from(lots) }
    }

    /// Without one of its trades: a trade that is cancelled 错单取消.
    #[must_use]
    pub fn without(self, price: Price, lots: u32) -> Option<Self> {
        let lots_left = self.lots.checked_sub(u64::from(lots))?;
        Some(Traded { lots: lots_left, amount: self.amount - i128::from(price.0) * i128::from(lots) })
    }
}

/// What an account had in an instrument when the day began, and what it traded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayOf {
    /// Long lots held since yesterday.
    pub previous_long: u64,
    /// Short lots held since yesterday.
    pub previous_short: u64,
    /// Bought today, opening or closing.
    pub bought: Traded,
    /// Sold today.
    pub sold: Traded,
}

impl DayOf {
    /// Daily profit and loss at a settlement price (or at the last price, while the day runs).
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn profit(&self, settlement: Price, previous: Price, multiplier: u32) -> Result<Money, Overflow> {
        let net = i64::try_from(self.net()).map_err(|_| Overflow)?;
        at(self.fixed(previous), net, settlement, multiplier)
    }

    /// What no price of today changes: Σ sold - Σ bought - previous settlement x (long - short held since yesterday), without the multiplier.
    #[must_use]
    pub fn fixed(&self, previous: Price) -> i128 {
        let held = i128::from(self.previous_long) - i128::from(self.previous_short);
        self.sold.amount - self.bought.amount - i128::from(previous.0) * held
    }

    /// Lots it ends with: long less short.
    #[must_use]
    pub fn net(&self) -> i128 {
        i128::from(self.previous_long) - i128::from(self.previous_short) + i128::from(self.bought.lots)
            - i128::from(self.sold.lots)
    }
}

/// Daily profit and loss at a price, of what is fixed and of the lots that are held now, long less short: the formula above with its terms in
/// another order, so that a price that moves is one multiplication for each row.
///
/// # Errors
/// [`Overflow`].
#[inline]
pub fn at(fixed: i128, net: i64, settlement: Price, multiplier: u32) -> Result<Money, Overflow> {
    let points = fixed + i128::from(settlement.0) * i128::from(net);
    // Points beyond 64 bits are beyond all money, unless nothing is made of them.
    match i64::try_from(points) {
        Ok(points) => Money::of(i128::from(points) * i128::from(multiplier)),
        Err(_) if multiplier == 0 => Ok(Money::ZERO),
        Err(_) => Err(Overflow),
    }
}

/// Profit of lots that were closed 平仓盈亏, against what they were held at: the previous settlement price for yesterday's, the price they
/// were opened at for today's.
///
/// # Errors
/// [`Overflow`].
pub fn closed(held_at: Price, closed_at: Price, was_long: bool, lots: u32, multiplier: u32) -> Result<Money, Overflow> {
    let gained = if was_long { closed_at.0 - held_at.0 } else { held_at.0 - closed_at.0 };
    Money::of(Price(gained).worth(multiplier, i64::from(lots)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: i64 = 10_000;

    #[test]
    fn the_exchanges_example() {
        let day = DayOf {
            previous_long: 10,
            bought: Traded::default().and(Price(1505 * POINT), 8),
            sold: Traded::default().and(Price(1510 * POINT), 5),
            ..DayOf::default()
        };
        assert_eq!(day.profit(Price(1515 * POINT), Price(1500 * POINT), 300), Money::yuan(61_500));
        assert_eq!(day.net(), 13);
    }

    #[test]
    fn the_profit_of_closed_lots_and_of_those_held_is_the_days() {
        // Long 4 since yesterday; 3 of them closed at 1512, 2 opened at 1508 and held.
        let day = DayOf {
            previous_long: 4,
            bought: Traded::default().and(Price(1508 * POINT), 2),
            sold: Traded::default().and(Price(1512 * POINT), 3),
            ..DayOf::default()
        };
        let (settlement, previous) = (Price(1515 * POINT), Price(1500 * POINT));
        let parts = [
            closed(previous, Price(1512 * POINT), true, 3, 300),
            closed(previous, settlement, true, 1, 300),
            closed(Price(1508 * POINT), settlement, true, 2, 300),
        ];
        let sum: i64 = parts.iter().map(|part| part.as_ref().expect("it fits").0).sum();
        assert_eq!(day.profit(settlement, previous, 300), Ok(Money(sum)));
    }

    #[test]
    fn a_cancelled_trade_leaves_no_trace_and_cannot_be_cancelled_twice() {
        let one = Traded::default().and(Price(POINT), 3);
        assert_eq!(one.and(Price(7 * POINT), 2).without(Price(7 * POINT), 2), Some(one));
        assert_eq!(one.without(Price(POINT), 4), None);
    }

    #[test]
    fn what_no_money_can_hold_is_said() {
        let day = DayOf { previous_long: u64::from(u32::MAX), ..DayOf::default() };
        assert_eq!(day.profit(Price(i64::MAX), Price(0), u32::MAX), Err(Overflow));
    }
}
