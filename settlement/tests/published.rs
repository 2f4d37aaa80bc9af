//! Published figures: settlement examples, conversion factors, and the settlement prices of every index future of three years. The files
//! stand beside the project; without them the tests say that they were skipped.

use settlement::rules::delivery::ConversionFactor;
use settlement::{Price, Rate, cases, published};
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

fn scaled(text: &str, decimals: u32) -> i64 {
    published::scaled(text, decimals).expect("a decimal")
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
        let maturity: u32 = maturity.replace('-', "").parse().unwrap();
        let expected = ConversionFactor(scaled(factor, 4) as u32);
        let got = published::conversion_factor(contract, Rate(scaled(coupon, 8)), maturity);
        assert_eq!(got, Some(expected), "{contract} {coupon} {maturity}");
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
        let right = published::chain(prices, multiplier);
        positions += right.unwrap_or_else(|day| panic!("{instrument} from day {day}"));
    }
    println!("{futures} futures, {positions} positions");
    assert!(futures > 100 && positions > 10_000);
}
