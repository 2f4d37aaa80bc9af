//! What exchanges publish, worked out again: conversion factors by contract and bond, and index futures' settlement prices day by day.
//! For tests, and for whoever brings files of his own.

use crate::amount::{Money, Overflow, Price, Rate};
use crate::rules::delivery::{Bond, ConversionFactor, NOTIONAL_COUPON};
use crate::rules::profit::{DayOf, Traded};

/// A decimal times 10^`decimals`, to the nearest: such files carry binary noise (0.026699999999999998). `None`: it is none, or too large.
#[must_use]
pub fn scaled(text: &str, decimals: u32) -> Option<i64> {
    let (whole, broken) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    if unsigned.is_empty() || !is_number(unsigned) || !is_number(broken) {
        return None;
    }
    let mut digits: String = broken.chars().take(decimals as usize + 1).collect();
    while digits.len() <= decimals as usize {
        digits.push('0');
    }
    let all: i64 = format!("{whole}{digits}").parse().ok()?;
    Some(all.checked_add(if whole.starts_with('-') { -5 } else { 5 })? / 10)
}

/// The conversion factor of a bond in a contract, like T2406: bonds of TS and TF pay once a year, those of T and TL twice. `None`: the contract
/// has no month, or the bond matures before it. `maturity`: yyyymmdd.
#[must_use]
pub fn conversion_factor(contract: &str, coupon: Rate, maturity: u32) -> Option<ConversionFactor> {
    let digits = contract.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    let product = &contract[..contract.len() - digits.len()];
    let month: u32 = digits.parse().ok().filter(|_| digits.len() == 4)?;
    let months = |year: u32, month: u32| (1..=12).contains(&month).then_some(12 * year + month);
    let delivery = months(2_000 + month / 100, month % 100)?;
    let left = months(maturity / 10_000, maturity / 100 % 100)?.checked_sub(delivery)?;
    let frequency = if matches!(product, "T" | "TL") { 2 } else { 1 };
    Bond::by_maturity(coupon, frequency, left)?.conversion_factor(NOTIONAL_COUPON)
}

/// A chain of daily settlement prices to delivery, the last of them: a position opened on any of its days, off every settlement price, and
/// held, must gain (delivery - open) x multiplier x lots, to the ten-thousandth, over its daily figures. How many positions did.
///
/// # Errors
/// The day, from 0, of the first that did not, or whose figures are too large.
pub fn chain(prices: &[Price], multiplier: u32) -> Result<u64, usize> {
    let mut positions = 0;
    for first in 0..prices.len() {
        for lots in [1, 7] {
            if !held_to_delivery(&prices[first..], multiplier, lots).unwrap_or(false) {
                return Err(first);
            }
            positions += 1;
        }
    }
    Ok(positions)
}

/// What is added to a day's settlement price to open at: no settlement price is so.
const OFF: i64 = 12_000;

fn held_to_delivery(prices: &[Price], multiplier: u32, lots: u32) -> Result<bool, Overflow> {
    let (Some(first), Some(delivery)) = (prices.first(), prices.last()) else { return Ok(true) };
    let opened = Price(first.0.checked_add(OFF).ok_or(Overflow)?);
    let on_the_day = DayOf { bought: Traded::default().and(opened, lots), ..DayOf::default() };
    let mut sum = on_the_day.profit(*first, Price(0), multiplier)?;
    let held = DayOf { previous_long: lots.into(), ..DayOf::default() };
    for days in prices.windows(2) {
        sum = sum.plus(held.profit(days[1], days[0], multiplier)?)?;
    }
    let whole = i128::from(delivery.0) - i128::from(opened.0);
    Ok(sum == Money::of(whole * i128::from(multiplier) * i128::from(lots))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_with_binary_noise_are_read_to_the_nearest() {
        assert_eq!(scaled("0.026699999999999998", 8), Some(2_670_000));
        assert_eq!(scaled("3788.8", 4), Some(37_888_000));
        assert_eq!(scaled("-1.25", 1), Some(-13));
        assert_eq!([scaled("", 4), scaled("1.2.3", 4), scaled("x", 4), scaled("99999999999999999999", 4)], [None; 4]);
    }

    #[test]
    fn a_contract_that_is_none_has_no_factor() {
        let factor = |contract, maturity| conversion_factor(contract, Rate(3_000_000), maturity);
        assert_eq!(factor("T2406", 20_340_315), Some(ConversionFactor(10_000)));
        assert_eq!([factor("T", 20_340_315), factor("T2413", 20_340_315), factor("T2406", 20_240_501)], [None; 3]);
    }
}
