//! Instruments of a contract sheet: their terms from their product, their limits by rule from yesterday's settlement price, and the sheet's own
//! limits held against that.
//!
//! A settlement price comes of `settlement_prices.csv`; of a contract's first day it is the price it was listed at. Without one, a future's is
//! that from which both of the sheet's limits follow, and an option's that from which its upper limit does, with the index close of
//! `indices.csv` or as far as the sheet's options of the product say (then the lower limit must follow too).
//!
//! Margin of a lot = settlement price x multiplier x rate, half up to 1/10,000 yuan. A short option's, where its index close is known:
//! settlement price + the greater of (index x rate - how far it is out of the money) and (half of: index, of a put the strike, x rate), all x
//! multiplier (CFFEX's formula; its coefficients are assumptions). A long option has none: its premium is paid.
//!
//! Options of a product and month share their position limit: the first one stands for them.

use super::decimal::{ONE, PRICE_PLACES, RATE_PLACES, show};
use super::load::{Loader, known, new_name};
use super::price_limits::{LimitRates, PriceLimits};
use super::products::{self, Terms};
use super::sheet::{self, Contract};
use super::table::{Faults, must};
use crate::base_files::*;
use std::collections::HashMap;

const FILE: &str = "contracts.csv";
/// Most of a price, 1/10,000 yuan.
const PRICE_MOST: i64 = 1 << 50;
/// Least of a short option's margin beside its price, of the full one: 最低保障系数 0.5.
const SAFETY: i64 = ONE / 2;

/// What stands beside the sheet.
#[derive(Default)]
struct Beside {
    settlements: HashMap<String, i64>,
    indices: HashMap<String, i64>,
    margins: HashMap<String, (i64, i64)>,
}

/// Reads the sheet and what stands beside it; its contracts become instruments after those that are there.
pub(super) fn read(loader: &mut Loader<'_>) {
    let mut contracts: Vec<Contract> = Vec::new();
    let is_there = loader.file(FILE, sheet::COLUMNS, |row, _, _| {
        let contract = Contract::read(row);
        if row.is_whole() {
            contracts.push(contract);
        }
    });
    let beside = read_beside(loader, &contracts);
    if !is_there {
        return;
    }
    add_built_in_products(loader, &contracts);
    let mut reaches: HashMap<&str, Option<i32>> = HashMap::new();
    let mut groups: HashMap<(String, String), String> = HashMap::new();
    let mut derived = 0u32;
    for contract in &contracts {
        if loader.names.instruments.contains_key(&contract.instrument) {
            let message = format!("{} stands there twice", contract.instrument);
            loader.faults.push(FILE, Some(contract.row), Some("instrument"), message);
            continue;
        }
        let Some(product) =
            loader.names.products.get(contract.product()).map(|place| loader.loaded.files.products[*place].clone())
        else {
            let message = format!("`{}`: expected a product of products.csv", contract.product());
            loader.faults.push(FILE, Some(contract.row), Some("instrument"), message);
            continue;
        };
        if product.terms.tick == 0 || product.terms.multiplier == 0 || product.terms.maximum_volume == 0 {
            let message = format!("{}: products.csv has no tick, multiplier or maximum_volume for it", product.product);
            loader.faults.push(FILE, Some(contract.row), Some("instrument"), message);
            continue;
        }
        let reach = contract.series().and_then(|_| {
            *reaches.entry(contract.product()).or_insert_with(|| {
                let same = |other: &&Contract| other.product() == contract.product() && other.series().is_some();
                let close = beside.indices.get(contract.product());
                let by_index = close.and_then(|close| {
                    PriceLimits::of_option(0, *close, product.terms.tick, LimitRates::both(product.terms.limit_rate))
                });
                by_index
                    .map(|limits| limits.upper)
                    .or_else(|| sheet::option_reach(contracts.iter().filter(same), product.terms.tick))
            })
        });
        let found = terms_of(contract, &product, reach, &beside, loader.day, &mut loader.faults);
        let Some((settlement, limits, is_derived)) = found else { continue };
        derived += u32::from(is_derived);
        let place = loader.loaded.files.instruments.len();
        loader.names.instruments.insert(contract.instrument.clone(), place);
        let mut made = instrument(contract, &product, settlement, limits, &beside, loader.day);
        if contract.series().is_some() {
            let group = (product.product.clone(), contract.month.clone());
            let head = groups.entry(group).or_insert_with(|| contract.instrument.clone());
            made.more.limit_with = (*head != contract.instrument).then(|| head.clone());
        }
        loader.loaded.files.instruments.push(made);
    }
    if derived > 0 {
        let note = format!(
            "{FILE}: {derived} settlement prices follow from the sheet's own limits; settlement_prices.csv has none for them"
        );
        loader.loaded.notes.push(note);
    }
}

fn read_beside(loader: &mut Loader<'_>, contracts: &[Contract]) -> Beside {
    let mut beside = Beside::default();
    let mut seen = HashMap::new();
    let listed: HashMap<String, usize> = contracts.iter().map(|contract| (contract.instrument.clone(), 0)).collect();
    loader.file("settlement_prices.csv", &[must("instrument"), must("settlement")], |row, _, names| {
        let instrument = row.text("instrument", 30);
        let price = row.decimal("settlement", None, PRICE_PLACES, 1..=PRICE_MOST);
        if row.is_whole() && !names.instruments.contains_key(&instrument) && !listed.contains_key(&instrument) {
            row.fault("instrument", format!("`{instrument}`: expected one of instruments.csv or contracts.csv"));
        }
        new_name(row, "instrument", &instrument, &mut seen, 0);
        beside.settlements.insert(instrument, price);
    });
    loader.file("indices.csv", &[must("product"), must("close")], |row, _, names| {
        let product = row.text("product", 8);
        if products::of(&product).is_none() {
            known(row, "product", "products.csv", &names.products);
        }
        let close = row.decimal("close", None, PRICE_PLACES, 1..=PRICE_MOST);
        if beside.indices.insert(product, close).is_some() {
            row.fault("product", "stands there twice".to_owned());
        }
    });
    loader.file("margins.csv", &[must("instrument"), must("long"), must("short")], |row, _, names| {
        let instrument = row.text("instrument", 30);
        let long = row.decimal("long", None, RATE_PLACES, 0..=ONE);
        let short = row.decimal("short", None, RATE_PLACES, 0..=ONE);
        if row.is_whole() && !names.instruments.contains_key(&instrument) && !listed.contains_key(&instrument) {
            row.fault("instrument", format!("`{instrument}`: expected one of instruments.csv or contracts.csv"));
        }
        if beside.margins.insert(instrument, (long, short)).is_some() {
            row.fault("instrument", "stands there twice".to_owned());
        }
    });
    // Of instruments with terms of their own, a rate makes the margin too.
    for instrument in &mut loader.loaded.files.instruments {
        if let Some(rates) = beside.margins.get(&instrument.instrument) {
            let settlement = i64::from(instrument.previous_settlement) * i64::from(instrument.tick);
            instrument.more.margin_long = margin(settlement, instrument.multiplier, rates.0);
            instrument.more.margin_short = margin(settlement, instrument.multiplier, rates.1);
        }
    }
    beside
}

/// A sheet without `products.csv` is of CFFEX's products, as they are built in.
fn add_built_in_products(loader: &mut Loader<'_>, contracts: &[Contract]) {
    if !loader.names.products.is_empty() {
        return;
    }
    let files = &mut loader.loaded.files;
    let own: Vec<String> = files.instruments.iter().map(|of| super::load::product_of(of).to_owned()).collect();
    for letters in own.iter().map(String::as_str).chain(contracts.iter().map(Contract::product)) {
        if let Some(terms) = products::of(letters)
            && !loader.names.products.contains_key(letters)
        {
            loader.names.products.insert(letters.to_owned(), files.products.len());
            files.products.push(ProductRow::built_in(terms));
        }
    }
    for letters in own.iter().filter(|letters| !loader.names.products.contains_key(*letters)) {
        let message = format!("product {letters}: with contracts.csv, expected it in products.csv");
        loader.faults.push("instruments.csv", None, Some("product"), message);
    }
}

/// Settlement price (1/10,000 yuan), limits, and whether it had to be derived. None: a fault was named.
fn terms_of(
    contract: &Contract,
    product: &ProductRow,
    reach: Option<i32>,
    beside: &Beside,
    day: Option<u32>,
    faults: &mut Faults,
) -> Option<(i64, PriceLimits, bool)> {
    let terms = &product.terms;
    let mut fault = |column: &str, message: String| faults.push(FILE, Some(contract.row), Some(column), message);
    if let Some(day) = day
        && contract.last_trading_day != 0
        && contract.last_trading_day < day
    {
        fault("last_trading_day", format!("{}: the contract has expired on {day}", contract.last_trading_day));
        return None;
    }
    if let Some(day) = day
        && contract.listed > day
    {
        fault("listed", format!("{}: the contract is not listed on {day}", contract.listed));
        return None;
    }
    if terms.is_option != contract.series().is_some() {
        let expected =
            if terms.is_option { "an option's id, like IO2410-C-2800" } else { "a future's id, like IF2410" };
        fault("instrument", format!("`{}`: expected {expected}", contract.instrument));
        return None;
    }
    let tick = i64::from(terms.tick);
    let price = |ticks: i32| show(i64::from(ticks) * tick, PRICE_PLACES);
    let sheet = match contract.limits(terms.tick) {
        Ok(limits) if limits.lower <= limits.upper => limits,
        Ok(_) => {
            fault("limit_down", format!("{}: expected at most limit_up", show(contract.limit_down, PRICE_PLACES)));
            return None;
        }
        Err(column) => {
            let value = if column == "limit_up" { contract.limit_up } else { contract.limit_down };
            let message =
                format!("{}: expected a multiple of the tick {}", show(value, PRICE_PLACES), show(tick, PRICE_PLACES));
            fault(column, message);
            return None;
        }
    };
    let first_day = contract.listing_price.filter(|_| day.is_some() && day == Some(contract.listed));
    let given = beside.settlements.get(&contract.instrument).copied().or(first_day);
    let (settlement, limits) = if contract.series().is_some() {
        let Some(reach) = reach else {
            fault(
                "limit_up",
                format!("the index close does not follow from the sheet; expected {} in indices.csv", product.product),
            );
            return None;
        };
        let settlement = given.unwrap_or(i64::from(sheet.upper - reach) * tick);
        let ticks = nearest(settlement, tick);
        let limits =
            PriceLimits { lower: ticks.saturating_sub(reach).max(1), upper: ticks.saturating_add(reach).max(1) };
        (settlement, limits)
    } else {
        let by_day = match day {
            Some(day) if day == contract.last_trading_day => terms.last_day_limit_rate,
            Some(day) if day == contract.listed => terms.listing_day_limit_rate,
            _ => terms.limit_rate,
        };
        let rates = contract.rates.unwrap_or(LimitRates::both(by_day));
        let settlement = match given {
            Some(settlement) => settlement,
            None => match sheet.settlements(terms.tick, rates).as_slice() {
                [] => {
                    let (down, up) = (price(sheet.lower), price(sheet.upper));
                    let rate = show(rates.up, RATE_PLACES);
                    fault("limit_up", format!("no settlement price gives both {down} and {up} at a rate of {rate}"));
                    return None;
                }
                all => i64::from(all[0]) * tick,
            },
        };
        let Some(limits) = PriceLimits::of_future(settlement, terms.tick, rates) else {
            fault("limit_up", "the limits are beyond what a price may be".to_owned());
            return None;
        };
        (settlement, limits)
    };
    let mut is_right = true;
    for (column, by_rule, in_sheet) in
        [("limit_up", limits.upper, sheet.upper), ("limit_down", limits.lower, sheet.lower)]
    {
        if by_rule != in_sheet {
            let message = format!(
                "{}: by rule {} from settlement {}",
                price(in_sheet),
                price(by_rule),
                show(settlement, PRICE_PLACES)
            );
            fault(column, message);
            is_right = false;
        }
    }
    if is_right && i64::from(limits.upper) - i64::from(limits.lower) > 65_535 {
        fault("limit_up", "expected at most 65535 ticks above limit_down".to_owned());
        is_right = false;
    }
    is_right.then_some((settlement, limits, given.is_none()))
}

fn instrument(
    contract: &Contract,
    product: &ProductRow,
    settlement: i64,
    limits: PriceLimits,
    beside: &Beside,
    day: Option<u32>,
) -> InstrumentRow {
    let terms = &product.terms;
    let series = contract.series();
    let (long, short) = match beside.margins.get(&contract.instrument) {
        Some(rates) => *rates,
        None => (terms.margin_rate, terms.margin_rate),
    };
    let (margin_long, margin_short) = match series {
        None => (margin(settlement, terms.multiplier, long), margin(settlement, terms.multiplier, short)),
        Some(series) => {
            let index = beside.indices.get(contract.product());
            (0, index.map_or(0, |index| option_margin(settlement, *index, series, terms, short)))
        }
    };
    InstrumentRow {
        instrument: contract.instrument.clone(),
        price_rule: product.price_rule,
        tie_break: product.tie_break,
        phase: PhaseName::NoTrading,
        right: RightName::Full,
        tick: terms.tick,
        multiplier: terms.multiplier,
        lower_limit: limits.lower,
        upper_limit: limits.upper,
        previous_settlement: nearest(settlement, i64::from(terms.tick)),
        minimum_volume: 1,
        maximum_volume: terms.maximum_volume,
        position_limit: if contract.position_limit > 0 { contract.position_limit } else { terms.position_limit },
        open_interest: 0,
        more: MoreTerms {
            product: product.product.clone(),
            maximum_market_volume: Some(terms.maximum_market_volume.max(1)),
            open_limit: terms.instrument_open_limit,
            limit_with: None,
            option_type: match series.map(|series| series.option_type) {
                None => OptionName::None,
                Some('1') => OptionName::Call,
                Some(_) => OptionName::Put,
            },
            strike: series.map_or(0, |series| series.strike),
            // Only on its last trading day; and then it is the last word of its day.
            exercise: series.is_some() && day == Some(contract.last_trading_day),
            premium: terms.is_option,
            margin_long,
            margin_short,
            last_trading_day: contract.last_trading_day,
        },
    }
}

/// In ticks, half up.
fn nearest(price: i64, tick: i64) -> i32 {
    i32::try_from((2 * i128::from(price) + i128::from(tick)).div_euclid(2 * i128::from(tick))).unwrap_or(i32::MAX)
}

/// Margin of a lot in 1/10,000 yuan, half up.
#[must_use]
pub fn margin(settlement: i64, multiplier: u32, rate: i64) -> i64 {
    let exact = i128::from(settlement) * i128::from(multiplier) * i128::from(rate);
    i64::try_from((2 * exact + i128::from(ONE)).div_euclid(2 * i128::from(ONE)).max(0)).unwrap_or(i64::MAX)
}

/// Margin of a short lot of an option.
fn option_margin(settlement: i64, index: i64, series: sheet::Series, terms: &Terms, rate: i64) -> i64 {
    let (one, rate, index, strike) = (i128::from(ONE), i128::from(rate), i128::from(index), i128::from(series.strike));
    let is_call = series.option_type == '1';
    let out_of_the_money = if is_call { strike - index } else { index - strike }.max(0);
    let least = if is_call { index } else { strike } * rate * i128::from(SAFETY) / one;
    let beside = (index * rate - out_of_the_money * one).max(least);
    let exact = (i128::from(settlement) * one + beside) * i128::from(terms.multiplier);
    i64::try_from((2 * exact + one).div_euclid(2 * one)).unwrap_or(i64::MAX)
}

impl ProductRow {
    /// One of CFFEX's, as it is built in.
    #[must_use]
    pub fn built_in(terms: &Terms) -> Self {
        ProductRow {
            product: terms.product.to_owned(),
            group: terms.group.to_owned(),
            limit_by_view: terms.is_option,
            enquiry_spread: 0,
            quote_spread: 0,
            quote_volume: 0,
            price_rule: PriceRuleName::Middle,
            tie_break: TieBreakName::Reference,
            terms: *terms,
        }
    }
}
