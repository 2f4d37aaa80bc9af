//! Options: premium 权利金, exercise and assignment 行权与履约.
//!
//! A premium moves in full at the trade's price (IO contract terms). Index options are European and settled in cash: at expiry what is in the
//! money is exercised unless it was abandoned, what is not expires. The exercise settlement price 行权结算价 is given (the index over the last
//! two hours). Assignment: every short lot that is left, since every long lot that is exercised meets one: shorts are assigned in
//! proportion, by lots, and what a division leaves goes to the largest remainders, and among equals to the lower row.

use super::margin::Right;
use crate::amount::{Money, Overflow, Price};

/// What a premium trade moves from the buyer to the seller.
///
/// # Errors
/// [`Overflow`].
pub fn premium(price: Price, multiplier: u32, lots: u32) -> Result<Money, Overflow> {
    Money::of(price.worth(multiplier, i64::from(lots)))
}

/// What exercising gains the holder, and the assigned pay.
///
/// # Errors
/// [`Overflow`].
pub fn exercise(right: Right, strike: Price, settlement: Price, multiplier: u32, lots: u32) -> Result<Money, Overflow> {
    Money::of(right.in_the_money(settlement, strike).worth(multiplier, i64::from(lots)))
}

/// What a holder said about expiry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instructed {
    /// Lots to exercise, also if that loses.
    pub exercise: u32,
    /// Lots to abandon, also if that loses.
    pub abandon: u32,
    /// Least gain a unit for which what was not named is exercised 最低盈利; `Price(0)`: any.
    pub least_gain: Price,
}

/// Lots of a holder that are exercised at expiry. What was instructed beyond the position is cut off, exercise first.
#[must_use]
pub fn exercised(held: u32, instructed: Instructed, right: Right, strike: Price, settlement: Price) -> u32 {
    let by_name = instructed.exercise.min(held);
    let abandoned = instructed.abandon.min(held - by_name);
    let gain = right.in_the_money(settlement, strike);
    let is_worth_it = gain.0 > 0 && gain >= instructed.least_gain;
    by_name + if is_worth_it { held - by_name - abandoned } else { 0 }
}

/// Shares `exercised` lots out over short positions, in proportion. `None`: there are not so many.
#[must_use]
pub fn assign(exercised: u64, shorts: &[u32]) -> Option<Vec<u32>> {
    let all: u64 = shorts.iter().copied().map(u64::from).sum();
    if exercised > all {
        return None;
    }
    if all == 0 {
        return Some(vec![0; shorts.len()]);
    }
    let share = |short: u32| u128::from(short) * u128::from(exercised);
    let mut assigned: Vec<u32> = shorts.iter().map(|&short| (share(short) / u128::from(all)) as u32).collect();
    let given: u64 = assigned.iter().copied().map(u64::from).sum();
    let mut by_remainder: Vec<usize> = (0..shorts.len()).collect();
    by_remainder.sort_by_key(|&row| (std::cmp::Reverse(share(shorts[row]) % u128::from(all)), row));
    for &row in by_remainder.iter().take((exercised - given) as usize) {
        assigned[row] += 1;
    }
    Some(assigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: i64 = 10_000;

    #[test]
    fn a_premium_moves_whole() {
        assert_eq!(premium(Price(90 * POINT + 4_000), 100, 1), Money::yuan(9_040));
    }

    #[test]
    fn what_is_in_the_money_is_exercised_unless_it_was_abandoned() {
        let (strike, settlement) = (Price(4_000 * POINT), Price(4_010 * POINT));
        let lots = |instructed| exercised(10, instructed, Right::Call, strike, settlement);
        assert_eq!(lots(Instructed::default()), 10);
        assert_eq!(lots(Instructed { abandon: 4, ..Default::default() }), 6);
        assert_eq!(lots(Instructed { abandon: 40, ..Default::default() }), 0);
        assert_eq!(lots(Instructed { least_gain: Price(11 * POINT), ..Default::default() }), 0);
        assert_eq!(lots(Instructed { least_gain: Price(11 * POINT), exercise: 3, abandon: 0 }), 3);
        let put = |instructed| exercised(10, instructed, Right::Put, strike, settlement);
        assert_eq!(put(Instructed::default()), 0);
        assert_eq!(put(Instructed { exercise: 2, ..Default::default() }), 2, "it loses, and was asked for");
        assert_eq!(exercised(10, Instructed::default(), Right::Call, strike, strike), 0, "at the money is not in it");
        assert_eq!(exercise(Right::Call, strike, settlement, 100, 6), Money::yuan(6_000));
    }

    #[test]
    fn shorts_are_assigned_in_proportion_and_to_the_last_lot() {
        assert_eq!(assign(10, &[10, 20, 30]), Some(vec![2, 3, 5]));
        assert_eq!(assign(1, &[5, 5]), Some(vec![1, 0]));
        assert_eq!(assign(0, &[5, 0]), Some(vec![0, 0]));
        assert_eq!(assign(5, &[5, 0]), Some(vec![5, 0]));
        assert_eq!(assign(0, &[]), Some(vec![]));
        assert_eq!(assign(6, &[5]), None);
    }
}
