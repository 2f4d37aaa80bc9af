//! Members' funds: settlement reserve 结算准备金, calls, risk degree.
//!
//! Today's reserve = yesterday's + yesterday's margin - today's margin + today's collateral that counts - yesterday's + profit and loss + premium
//! received - paid + delivery payments received - paid + paid in - paid out - fees.
//! The statement is itself the call: below the minimum, the difference is due before the next day opens (CFFEX clearing rules).
//! Collateral 有价证券 counts for margin only, and no further than the setting lets it (a multiple of the member's own cash 配比乘数). Rounding: the
//! haircut up, the multiple down, the cash that must stay up: never in favour of whom it is counted for; sources are silent.

use crate::amount::{Money, Overflow, PARTS_OF_ONE, Rate, Rounding, Total, divide};

/// What moved a member's funds today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FundsOfDay {
    /// Settlement reserve of the day before 上日结算准备金.
    pub previous_reserve: Money,
    /// Trading margin of the day before 上日交易保证金.
    pub previous_margin: Money,
    /// Today's trading margin 当日交易保证金.
    pub margin: Money,
    /// Daily profit and loss 当日盈亏, delivery and exercise among it.
    pub profit: Money,
    /// Premium received less paid 权利金收支.
    pub premium: Money,
    /// Paid in 入金.
    pub deposited: Money,
    /// Paid out 出金.
    pub withdrawn: Money,
    /// Fees 手续费.
    pub fees: Money,
    /// Delivery payments received less paid 交割货款.
    pub delivery: Money,
    /// Collateral that counts for margin today 充抵金额.
    pub collateral: Money,
    /// Collateral that counted the day before.
    pub previous_collateral: Money,
}

impl FundsOfDay {
    /// Today's settlement reserve 当日结算准备金余额. It may be below zero.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn reserve(&self) -> Result<Money, Overflow> {
        self.balance()?.plus(self.collateral)?.minus(self.margin)
    }

    /// The member's money: reserve and margin, without collateral 当日实有货币资金余额.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn balance(&self) -> Result<Money, Overflow> {
        let more = Total::default()
            + self.previous_reserve
            + self.previous_margin
            + self.profit
            + self.premium
            + self.delivery
            + self.deposited;
        (more - self.previous_collateral - self.withdrawn - self.fees).money()
    }
}

/// What must be paid in before the next day opens 追加保证金; zero if nothing.
///
/// # Errors
/// [`Overflow`].
pub fn call(reserve: Money, minimum: Money) -> Result<Money, Overflow> {
    Ok(minimum.minus(reserve)?.max(Money::ZERO))
}

/// What may be paid out: the reserve beyond the minimum 可出金.
///
/// # Errors
/// [`Overflow`].
pub fn withdrawable(reserve: Money, minimum: Money) -> Result<Money, Overflow> {
    Ok(reserve.minus(minimum)?.max(Money::ZERO))
}

/// Cash that must stay for a margin of which collateral covers a part: what it does not cover, and not less than makes the collateral count
/// (with a multiple of four, a fifth of the margin: CFFEX clearing rules, 有价证券充抵).
///
/// # Errors
/// [`Overflow`].
pub fn cash_for(margin: Money, collateral: Money, multiple: Rate) -> Result<Money, Overflow> {
    let one = i128::from(PARTS_OF_ONE);
    let least = divide(i128::from(margin.0) * one, one + i128::from(multiple.0.max(0)), Rounding::Up);
    Ok(margin.minus(collateral)?.max(Money::of(least)?))
}

/// Collateral that counts for margin: its value after the haircut, at most `multiple` of the member's cash, at most the margin.
///
/// # Errors
/// [`Overflow`].
pub fn collateral(value: Money, haircut: Rate, cash: Money, multiple: Rate, margin: Money) -> Result<Money, Overflow> {
    let after = value.minus(value.share(haircut, Rounding::Up)?)?;
    let by_cash = cash.max(Money::ZERO).share(multiple, Rounding::Down)?;
    Ok(after.min(by_cash).min(margin).max(Money::ZERO))
}

/// Risk degree 风险度 = margin / equity, in [`Rate`]. `None`: there is no equity: beyond any degree.
#[must_use]
pub fn risk_degree(margin: Money, equity: Money) -> Option<Rate> {
    if equity.0 <= 0 {
        return None;
    }
    let parts = divide(i128::from(margin.0) * i128::from(PARTS_OF_ONE), i128::from(equity.0), Rounding::HalfUp);
    Some(Rate(i64::try_from(parts).unwrap_or(i64::MAX)))
}

/// Lots that so much money can hold.
#[must_use]
pub fn capacity(usable: Money, margin_of_a_lot: Money) -> u32 {
    if margin_of_a_lot.0 <= 0 || usable.0 <= 0 {
        return 0;
    }
    u32::try_from(usable.0 / margin_of_a_lot.0).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const YUAN: i64 = 10_000;

    #[test]
    fn a_reserve_below_the_minimum_is_a_call_and_above_it_may_be_paid_out() {
        let minimum = Money(200 * YUAN);
        assert_eq!(
            (call(Money(150 * YUAN), minimum), withdrawable(Money(150 * YUAN), minimum)),
            (Ok(Money(50 * YUAN)), Ok(Money::ZERO))
        );
        assert_eq!(
            (call(Money(250 * YUAN), minimum), withdrawable(Money(250 * YUAN), minimum)),
            (Ok(Money::ZERO), Ok(Money(50 * YUAN)))
        );
        assert_eq!(call(Money(-50 * YUAN), minimum), Ok(Money(250 * YUAN)));
    }

    #[test]
    fn a_quiet_day_changes_nothing_and_more_margin_comes_out_of_the_reserve() {
        let quiet = FundsOfDay {
            previous_reserve: Money(5),
            previous_margin: Money(7),
            margin: Money(7),
            ..Default::default()
        };
        assert_eq!((quiet.reserve(), quiet.balance()), (Ok(Money(5)), Ok(Money(12))));
        assert_eq!(FundsOfDay { margin: Money(9), ..quiet }.reserve(), Ok(Money(3)));
        let all = FundsOfDay {
            profit: Money(-1),
            premium: Money(20),
            deposited: Money(300),
            withdrawn: Money(4_000),
            fees: Money(50_000),
            ..quiet
        };
        assert_eq!(all.reserve(), Ok(Money(5 - 1 + 20 + 300 - 4_000 - 50_000)));
    }

    #[test]
    fn collateral_counts_to_its_value_the_cash_and_the_margin() {
        let counted = |value, cash, margin| {
            collateral(Money(value), Rate(20_000_000), Money(cash), Rate(4 * PARTS_OF_ONE), Money(margin))
        };
        assert_eq!(counted(100, 1_000, 1_000), Ok(Money(80)));
        assert_eq!(counted(100, 10, 1_000), Ok(Money(40)));
        assert_eq!(counted(100, 1_000, 30), Ok(Money(30)));
        assert_eq!(counted(100, -5, 30), Ok(Money(0)));
    }

    #[test]
    fn collateral_moves_the_reserve_and_not_the_money_and_a_fifth_of_the_margin_stays_in_cash() {
        let day = FundsOfDay {
            previous_reserve: Money(500),
            previous_margin: Money(300),
            margin: Money(400),
            ..Default::default()
        };
        let covered = FundsOfDay { collateral: Money(100), previous_collateral: Money(80), ..day };
        assert_eq!((day.reserve(), day.balance()), (Ok(Money(400)), Ok(Money(800))));
        // Yesterday's 80 stood in the reserve and were no money.
        assert_eq!((covered.reserve(), covered.balance()), (Ok(Money(420)), Ok(Money(720))));
        let four = Rate(4 * PARTS_OF_ONE);
        let stays = |collateral| cash_for(Money(401), Money(collateral), four);
        assert_eq!([stays(0), stays(100), stays(390)], [Ok(Money(401)), Ok(Money(301)), Ok(Money(81))]);
        assert_eq!(cash_for(Money(401), Money(0), Rate(0)), Ok(Money(401)));
    }

    #[test]
    fn without_equity_there_is_no_degree() {
        assert_eq!(risk_degree(Money(50), Money(100)), Some(Rate(50_000_000)));
        assert_eq!(risk_degree(Money(50), Money(0)), None);
        assert_eq!(
            (capacity(Money(100), Money(30)), capacity(Money(100), Money(0)), capacity(Money(-1), Money(1))),
            (3, 0, 0)
        );
    }
}
