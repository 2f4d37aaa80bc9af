//! Published figures: settlement examples, conversion factors, and the settlement prices of every index future of three years. The files
//! stand beside the project; without them the tests say that they were skipped.

use settlement::cases;
use settlement::rules::delivery::{Bond, ConversionFactor, NOTIONAL_COUPON};
use settlement::rules::profit::{DayOf, Traded};
use settlement::{Price, Rate};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn file(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("SKIPPED: {name} is not there");
    None
}

/// A decimal of a CSV file times 10^decimals, rounded to the nearest: such files carry binary noise (0.026699999999999998).
fn scaled(text: &str, decimals: u32) -> i64 {
    let (whole, broken) = text.split_once('.').unwrap_or((text, ""));
    let mut digits: Vec<u8> = broken.bytes().take(decimals as usize + 1).collect();
    digits.resize(decimals as usize + 1, b'0');
    let all: i64 = format!("{whole}{}", String::from_utf8_lossy(&digits)).parse().expect("a decimal");
    (all + 5) / 10
}

#[test]
fn every_published_example_comes_out_to_the_last_digit() {
    let Some(path) = file("settlement-examples.json") else { return };
    let cases = cases::read(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(cases.len() >= 12, "{} cases", cases.len());
    let mut figures = 0;
    for case in &cases {
        for figure in case.work_out().unwrap_or_else(|error| panic!("{}: {error}", case.id)) {
            assert!(figure.is_right(), "{}: {figure:?}", case.id);
            figures += 1;
        }
    }
    println!("{} cases, {figures} figures", cases.len());
    assert!(figures >= cases.len());
}

#[test]
fn every_published_conversion_factor_comes_out() {
    let Some(path) = file("conversion-factors.csv") else { return };
    let mut rows = 0;
    for row in csv::Reader::from_path(path).unwrap().records().map(Result::unwrap) {
        let (contract, coupon, maturity, factor) = (&row[0], &row[1], &row[2], &row[3]);
        let digits = contract.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
        let product = &contract[..contract.len() - digits.len()];
        let months = |year: &str, month: &str| 12 * year.parse::<u32>().unwrap() + month.parse::<u32>().unwrap();
        let left = months(&maturity[..4], &maturity[5..7]) - months(&format!("20{}", &digits[..2]), &digits[2..]);
        // Bonds of up to seven years pay once a year, longer ones twice: T and TL deliver the longer ones.
        let frequency = if matches!(product, "T" | "TL") { 2 } else { 1 };
        let bond = Bond::by_maturity(Rate(scaled(coupon, 8)), frequency, left).unwrap();
        let expected = ConversionFactor(scaled(factor, 4) as u32);
        assert_eq!(bond.conversion_factor(NOTIONAL_COUPON), Some(expected), "{contract} {coupon} {maturity}");
        rows += 1;
    }
    println!("{rows} bonds");
    assert!(rows >= 41);
}

/// A position held from any day to delivery: the daily figures add up to (delivery - open) x multiplier, exactly.
#[test]
fn daily_profits_of_every_expired_index_future_add_up_to_its_delivery() {
    let Some(path) = file("settlement-prices-2020-2022.csv") else { return };
    let mut chains: BTreeMap<String, (Vec<Price>, bool)> = BTreeMap::new();
    for row in csv::Reader::from_path(path).unwrap().records().map(Result::unwrap) {
        let (instrument, date, settlement, last_day) = (&row[0], &row[1], &row[6], &row[9]);
        let chain = chains.entry(instrument.into()).or_default();
        chain.0.push(Price(scaled(settlement, 4)));
        chain.1 |= date == last_day;
    }
    let (mut futures, mut positions) = (0, 0u64);
    for (instrument, (prices, _)) in chains.iter().filter(|(_, (_, expired))| *expired) {
        let Some(multiplier) = ["IF", "IH"]
            .iter()
            .find(|id| instrument.starts_with(*id))
            .map(|_| 300)
            .or_else(|| ["IC", "IM"].iter().find(|id| instrument.starts_with(*id)).map(|_| 200))
        else {
            continue; // treasury futures are delivered in bonds
        };
        futures += 1;
        let delivery = *prices.last().unwrap();
        for (first, &opened_below) in prices.iter().enumerate() {
            // Opened off every settlement price, so that the opening day counts too.
            let opened = Price(opened_below.0 + 12_000);
            for lots in [1, 7] {
                let on_the_day = DayOf { bought: Traded::default().and(opened, lots), ..DayOf::default() };
                let mut sum = on_the_day.profit(prices[first], Price(0), multiplier).unwrap().0;
                let held = DayOf { previous_long: lots.into(), ..DayOf::default() };
                for days in prices[first..].windows(2) {
                    sum += held.profit(days[1], days[0], multiplier).unwrap().0;
                }
                assert_eq!(
                    sum,
                    (delivery.0 - opened.0) * i64::from(multiplier) * i64::from(lots),
                    "{instrument} from day {first}"
                );
                positions += 1;
            }
        }
    }
    println!("{futures} futures, {positions} positions");
    assert!(futures > 100 && positions > 10_000);
}
