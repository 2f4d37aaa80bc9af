//! Contract sheets: the price limits of each contract as they follow by rule, set in the engine, and asked of it: an order at each limit is
//! taken, one tick beyond is refused. What the engine enforces is held against the sheet.
//!
//! A future's limits follow from its settlement price: of the day before the sheet's, where a file of settlement prices was named too; else
//! the one on the tick that both limits of the sheet can have come of (there is none if they are not by the rule). An option's limits follow
//! from the index close: `--index`, or how far all options of the sheet's product are from their settlement prices.

use super::exchange::{Exchange, instrument};
use super::history::Prices;
use super::{Case, Settings};
use crate::day::decimal::{self, ONE, PRICE_PLACES};
use crate::day::price_limits::{LimitRates, PriceLimits};
use crate::day::products::{self, Terms};
use crate::day::sheet::{self, Contract};
use crate::day::table::{Faults, is_date};
use engine::reject::Reject;
use engine::types::{Direction, InstrumentIndex, Phase, TieBreak};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Most contracts of a sheet: an engine's instruments.
const CONTRACTS_MOST: usize = 16_384;

/// Runs a sheet, a case a contract.
///
/// # Errors
/// The sheet is malformed: one line with file, row, column, and how many more there are.
pub fn cases(file: &Path, prices: &Prices, settings: &Settings) -> Result<Vec<Case>, String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (mut faults, mut contracts) = (Faults::default(), Vec::new());
    sheet::read(folder, &name, &mut faults, &mut contracts);
    if faults.count > 0 {
        return Err(faults.to_string());
    }
    if contracts.is_empty() || contracts.len() > CONTRACTS_MOST {
        return Err(format!("{name}: {} contracts; expected 1 to {CONTRACTS_MOST}", contracts.len()));
    }
    let day = settings.day.or_else(|| day_in(&name));
    if day.is_none() && !prices.is_empty() {
        return Err(format!(
            "{name}: expected a name with the sheet's day, or --day YYYYMMDD, to find settlement prices by"
        ));
    }
    let mut reaches = BTreeMap::new();
    for contract in contracts.iter().filter(|contract| contract.series().is_some()) {
        let product = contract.product();
        if let Some(terms) = products::of(product)
            && !reaches.contains_key(product)
        {
            let options = contracts.iter().filter(|other| other.product() == product && other.series().is_some());
            let own = settings.index.get(product).and_then(|close| reach_of(*close, terms));
            let reach = own.map(|reach| (reach, "index close given")).or_else(|| {
                sheet::option_reach(options, terms.tick)
                    .map(|reach| (reach, "index close as the sheet's options have it"))
            });
            reaches.insert(product.to_owned(), reach);
        }
    }
    let mut exchange = Exchange::open(contracts.len() * 4, contracts.len())?;
    let mut made = Vec::new();
    for (place, contract) in (0u16..).zip(&contracts) {
        let ran = by_rule(contract, prices, day, &reaches)
            .and_then(|rule| Ok((enforced(&mut exchange, place, contract, &rule)?, rule)));
        made.push(match ran {
            Err(why) => Case::not_run(&contract.instrument, why),
            Ok((got, rule)) => {
                let tick = i64::from(rule.terms.tick);
                let shown = |limits: PriceLimits| {
                    json!({ "down": number(i64::from(limits.lower) * tick), "up": number(i64::from(limits.upper) * tick) })
                };
                let expected = json!({ "down": number(contract.limit_down), "up": number(contract.limit_up) });
                let mut case = Case::of(&contract.instrument, expected, shown(got));
                case.note = Some(rule.because);
                case
            }
        });
    }
    Ok(made)
}

/// Limits of one contract by rule.
struct Rule {
    terms: Terms,
    settlement: i32,
    limits: PriceLimits,
    because: String,
}

type Reaches = BTreeMap<String, Option<(i32, &'static str)>>;

fn by_rule(contract: &Contract, prices: &Prices, day: Option<u32>, reaches: &Reaches) -> Result<Rule, String> {
    let product = contract.product();
    let terms = products::of(product).ok_or_else(|| {
        let known: Vec<&str> = products::PRODUCTS.iter().map(|terms| terms.product).collect();
        format!("product {product} is not known: expected one of {}", known.join(", "))
    })?;
    let terms = Terms { tick: products::tick_on(terms, day.unwrap_or(u32::MAX)), ..*terms };
    let tick = i64::from(terms.tick);
    let show = |price: i64| decimal::show(price, PRICE_PLACES);
    let sheet = contract.limits(terms.tick).map_err(|column| format!("{column} is not on the tick {}", show(tick)))?;
    let known = day.and_then(|day| prices.before(&contract.instrument, day));
    if contract.series().is_some() {
        let (reach, source) = reaches.get(product).copied().flatten().ok_or_else(|| {
            format!("the index close of {product} does not follow from the sheet: expected --index {product}=CLOSE")
        })?;
        // Without a settlement price of its own: the one that the upper limit came of. The lower one then says whether it is right.
        let settlement = match known {
            Some(price) => i32::try_from(price / tick).map_err(|_| "settlement is too large".to_owned())?,
            None => sheet.upper - reach,
        };
        let limits = PriceLimits {
            lower: settlement.saturating_sub(reach).max(1),
            upper: settlement.saturating_add(reach).max(1),
        };
        let because = format!("settlement {}, {source}", show(i64::from(settlement) * tick));
        return Ok(Rule { terms, settlement, limits, because });
    }
    let by_day = match day {
        Some(day) if day == contract.last_trading_day => terms.last_day_limit_rate,
        Some(day) if day == contract.listed => terms.listing_day_limit_rate,
        _ => terms.limit_rate,
    };
    let rates = contract.rates.unwrap_or(LimitRates::both(by_day));
    let known = known.or(contract.listing_price.filter(|_| day.is_some() && day == Some(contract.listed)));
    let (price, source) = match known {
        Some(price) => (price, "given"),
        None => {
            let all = sheet.settlements(terms.tick, rates);
            // Where none gives both, the one that gives the upper limit, so that the difference shows.
            let near = i64::from(sheet.upper) * tick * ONE / (ONE + rates.up) / tick * tick;
            (all.first().map_or(near, |ticks| i64::from(*ticks) * tick), "from which both limits follow")
        }
    };
    let limits = PriceLimits::of_future(price, terms.tick, rates).ok_or("limits are too far")?;
    let settlement = i32::try_from(price / tick).map_err(|_| "settlement is too large".to_owned())?;
    let because =
        format!("settlement {} {source}, rate {}", show(price), decimal::show(rates.up, decimal::RATE_PLACES));
    Ok(Rule { terms, settlement, limits, because })
}

/// The limits that the engine enforces once they are set: each taken, each refused one tick beyond.
fn enforced(exchange: &mut Exchange, place: u16, contract: &Contract, rule: &Rule) -> Result<PriceLimits, String> {
    let (lower, upper) = (rule.limits.lower, rule.limits.upper);
    let (index, tick) = (InstrumentIndex(place), i64::from(rule.terms.tick));
    exchange.own(&instrument(
        place,
        &contract.instrument,
        rule.terms.tick,
        (lower, upper),
        rule.settlement,
        Phase::AuctionOrdering,
        TieBreak::Reference,
    )?)?;
    for (direction, ticks, expected) in [
        (Direction::Buy, i64::from(upper), None),
        (Direction::Buy, i64::from(upper) + 1, Some(Reject::PriceAboveLimit)),
        (Direction::Sell, i64::from(lower), None),
        (Direction::Sell, i64::from(lower) - 1, Some(Reject::PriceBelowLimit)),
    ] {
        let got = exchange.order(index, direction, ticks * tick, 1, 0)?;
        if got != expected {
            let price = decimal::show(ticks * tick, PRICE_PLACES);
            return Err(format!("{direction:?} at {price}: expected {expected:?}, the engine said {got:?}"));
        }
    }
    Ok(rule.limits)
}

fn reach_of(index_close: i64, terms: &Terms) -> Option<i32> {
    PriceLimits::of_option(0, index_close, terms.tick, LimitRates::both(terms.limit_rate)).map(|limits| limits.upper)
}

fn number(price: i64) -> Value {
    serde_json::from_str(&decimal::show(price, PRICE_PLACES)).expect("a decimal is a JSON number")
}

/// The date in a file's name: `contracts-2024-09-30.csv`, `20240930.csv`.
fn day_in(name: &str) -> Option<u32> {
    let bytes = name.as_bytes();
    let digits = |from: usize, to: usize| {
        let text = name.get(from..to)?;
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten()
    };
    (0..bytes.len()).find_map(|at| {
        let plain = digits(at, at + 8);
        let dashed = || {
            let parts = (digits(at, at + 4)?, digits(at + 5, at + 7)?, digits(at + 8, at + 10)?);
            let dashes =
                bytes.get(at + 4) == bytes.get(at + 7) && bytes.get(at + 4).is_some_and(|c| b"-_.".contains(c));
            dashes.then_some(parts.0 * 10_000 + parts.1 * 100 + parts.2)
        };
        plain.filter(|day| is_date(*day)).or_else(|| dashed().filter(|day| is_date(*day)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheets_day_is_read_from_its_name() {
        for (name, day) in [
            ("contracts-2024-09-30.csv", Some(20_240_930)),
            ("20240930_1.csv", Some(20_240_930)),
            ("sheet-2024-13-30.csv", None),
            ("sheet.csv", None),
            ("合约2024-09-30.csv", Some(20_240_930)),
        ] {
            assert_eq!(day_in(name), day, "{name}");
        }
    }
}
