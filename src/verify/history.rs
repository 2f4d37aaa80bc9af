//! Settlement prices of many days: `instrument,date,open,high,low,close,settlement,volume,listed,last_trading_day`.
//!
//! A case is a contract: on each of its days the engine is given the limits that follow from the day before's settlement price, and must take
//! an order at every price that the day is said to have seen. Of a contract's first day there is no day before. An index future that has
//! expired in the file is another case: its daily profits to delivery ([`chains`]).

use super::Case;
use super::exchange::{Exchange, instrument};
use crate::day::decimal::{self, PRICE_PLACES};
use crate::day::price_limits::{LimitRates, PriceLimits};
use crate::day::products;
use crate::day::table::{self, Column, Faults, may, must};
use engine::types::{Direction, InstrumentIndex, Phase, TieBreak};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const COLUMNS: &[Column] = &[
    must("instrument"),
    must("date"),
    may("open"),
    may("high"),
    may("low"),
    may("close"),
    must("settlement"),
    may("volume"),
    may("listed"),
    may("last_trading_day"),
];
/// Columns with a price that was traded.
const TRADED: [&str; 4] = ["open", "high", "low", "close"];
/// Most of a price, 1/10,000 yuan.
const PRICE_MOST: i64 = 1 << 50;

/// One contract's day.
#[derive(Clone, Debug)]
struct DayRow {
    traded: Vec<i64>,
    settlement: i64,
    is_last: bool,
}

type Days = BTreeMap<String, BTreeMap<u32, DayRow>>;

/// Settlement prices by contract and day.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    days: Days,
}

impl Prices {
    /// Reads files of settlement prices.
    ///
    /// # Errors
    /// A fault: one line with file, row, column, and how many more there are.
    pub fn read<'a>(files: impl Iterator<Item = &'a PathBuf>) -> Result<Self, String> {
        let mut prices = Prices::default();
        files.into_iter().try_for_each(|file| read(file, &mut prices.days))?;
        Ok(prices)
    }

    /// There are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// The last settlement price of a contract before a day, 1/10,000 yuan.
    #[must_use]
    pub fn before(&self, instrument: &str, day: u32) -> Option<i64> {
        Some(self.days.get(instrument)?.range(..day).next_back()?.1.settlement)
    }
}

/// Runs a file, a case a contract.
///
/// # Errors
/// The file is malformed: one line with file, row, column, and how many more there are.
pub fn cases(file: &Path) -> Result<Vec<Case>, String> {
    let mut days = Days::new();
    read(file, &mut days)?;
    Ok(days.iter().map(|(id, days)| contract(id, days).unwrap_or_else(|why| Case::not_run(id, why))).collect())
}

/// The same file's index futures that have expired in it: a position held from any day to delivery gains, day by day, what its last price
/// less its first says, to the ten-thousandth. A case a contract.
///
/// # Errors
/// As [`cases`].
pub fn chains(file: &Path) -> Result<Vec<Case>, String> {
    let mut days = Days::new();
    read(file, &mut days)?;
    let mut cases = Vec::new();
    for (id, days) in &days {
        let terms = products::of(products::letters(id)).filter(|terms| terms.kind == '0');
        let Some(terms) = terms.filter(|_| days.values().next_back().is_some_and(|row| row.is_last)) else { continue };
        let prices: Vec<settlement::Price> = days.values().map(|row| settlement::Price(row.settlement)).collect();
        let expected = json!({ "positions held to delivery": 2 * prices.len() });
        let id = format!("{id} day by day to delivery");
        let (got, note) = match settlement::published::chain(&prices, terms.multiplier) {
            Ok(positions) => (json!({ "positions held to delivery": positions }), None),
            Err(day) => {
                let date = days.keys().nth(day).copied().unwrap_or_default();
                (json!({ "positions held to delivery": 2 * day }), Some(format!("not from {date} on")))
            }
        };
        let mut case = Case::of(&id, expected, got);
        case.note = note;
        cases.push(case);
    }
    Ok(cases)
}

fn contract(id: &str, days: &BTreeMap<u32, DayRow>) -> Result<Case, String> {
    let terms = products::of(products::letters(id)).filter(|terms| !terms.is_option);
    let terms = terms.ok_or_else(|| format!("{id}: expected a future of a known product"))?;
    let rows: Vec<(&u32, &DayRow)> = days.iter().collect();
    let prices: usize = rows.iter().skip(1).map(|(_, row)| row.traded.len()).sum();
    let mut exchange = Exchange::open(prices, rows.len())?;
    let mut taken = 0usize;
    let mut first = None;
    for (place, pair) in (0u16..).zip(rows.windows(2)) {
        let [(_, before), (date, row)] = pair else { continue };
        let rate = if row.is_last { terms.last_day_limit_rate } else { terms.limit_rate };
        let tick = products::tick_on(terms, **date);
        let limits = PriceLimits::of_future(before.settlement, tick, LimitRates::both(rate));
        let limits = limits.ok_or_else(|| format!("{date}: limits are too far"))?;
        let band = (limits.lower, limits.upper);
        let settlement = i32::try_from(before.settlement / i64::from(tick)).map_err(|_| "too large".to_owned())?;
        let phase = Phase::AuctionOrdering;
        exchange.own(&instrument(
            place,
            &format!("{id}-{date}"),
            tick,
            band,
            settlement,
            phase,
            TieBreak::Reference,
        )?)?;
        for price in &row.traded {
            match exchange.order(InstrumentIndex(place), Direction::Buy, *price, 1, 0)? {
                None => taken += 1,
                Some(reject) if first.is_none() => {
                    first = Some(format!("{date}: {}: {reject:?}", decimal::show(*price, PRICE_PLACES)));
                }
                Some(_) => {}
            }
        }
    }
    let told = |count: usize| json!({ "days": rows.len().saturating_sub(1), "prices within limits": count });
    let mut case = Case::of(id, told(prices), told(taken));
    case.note = first;
    Ok(case)
}

fn read(file: &Path, days: &mut Days) -> Result<(), String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut faults = Faults::default();
    table::read(folder, &name, COLUMNS, &mut faults, |row| {
        let (instrument, date) = (row.text("instrument", 20), row.date("date", None));
        let last = row.date("last_trading_day", Some(0));
        let settlement = row.decimal("settlement", None, PRICE_PLACES, 1..=PRICE_MOST);
        // No trade, no prices: empty or 0.
        let traded = TRADED.map(|column| row.decimal(column, Some(0), PRICE_PLACES, 0..=PRICE_MOST));
        let traded = traded.into_iter().filter(|price| *price > 0).collect();
        let same = DayRow { traded, settlement, is_last: last == date };
        if row.is_whole() && days.entry(instrument).or_default().insert(date, same).is_some() {
            row.fault("date", "the contract has this day already".to_owned());
        }
    });
    if faults.count > 0 { Err(faults.to_string()) } else { Ok(()) }
}
