//! A contract sheet as the exchange publishes it each day 合约表, and what follows from it.
//!
//! ```text
//! instrument,month,listing_price,listed,last_trading_day,limit_up_pct,limit_down_pct,limit_up,limit_down,position_limit
//! IF2410,2410,3336.4,20240819,20241018,0.1,0.1,4160.6,3404.2,5000
//! IO2410-C-2800,2410,357.2,20240918,20241018,,,1401,660.6,同月份限仓 5000
//! ```
//!
//! Prices in yuan (points). An option has no percentages: its limits are its settlement price plus and minus a part of the index close. The
//! position limit is the number at the field's end. A sheet has no settlement prices, but its limits have come of them: of a future, the
//! one on the tick from which both follow; of options, all of a product are as far from their settlement price as the index close says.

use super::decimal::{PRICE_PLACES, RATE_PLACES};
use super::price_limits::{LimitRates, PriceLimits};
use super::products::letters;
use super::table::{self, Column, Faults, Row, may, must};
use std::collections::BTreeMap;
use std::path::Path;

/// Columns of a sheet.
pub const COLUMNS: &[Column] = &[
    must("instrument"),
    may("month"),
    may("listing_price"),
    may("listed"),
    may("last_trading_day"),
    may("limit_up_pct"),
    may("limit_down_pct"),
    must("limit_up"),
    must("limit_down"),
    may("position_limit"),
];

/// Most of a price, 1/10,000 yuan: a band of ticks beyond it the engine refuses.
const PRICE_MOST: i64 = 1 << 50;

/// A row of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Its row in the file.
    pub row: u64,
    /// InstrumentId.
    pub instrument: String,
    /// Contract month, as it stands there.
    pub month: String,
    /// The price it was listed at 挂盘基准价, 1/10,000 yuan.
    pub listing_price: Option<i64>,
    /// The first day; 0 = not said.
    pub listed: u32,
    /// The last day; 0 = not said.
    pub last_trading_day: u32,
    /// Rates of its limits; None: an option, or not said.
    pub rates: Option<LimitRates>,
    /// Highest price, 1/10,000 yuan.
    pub limit_up: i64,
    /// Lowest price, 1/10,000 yuan.
    pub limit_down: i64,
    /// Lots a client may hold on a side; 0 = not said.
    pub position_limit: u32,
}

/// What an option's id says: `IO2410-C-2800`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    /// '1' call, '2' put.
    pub option_type: char,
    /// Strike, 1/10,000 yuan.
    pub strike: i64,
}

/// Reads a sheet. False: it is not there.
pub fn read(folder: &Path, file: &str, faults: &mut Faults, contracts: &mut Vec<Contract>) -> bool {
    table::read(folder, file, COLUMNS, faults, |row| {
        let contract = Contract::read(row);
        if row.is_whole() {
            contracts.push(contract);
        }
    })
}

impl Contract {
    /// Reads a row.
    pub fn read(row: &mut Row<'_>) -> Self {
        let rate = |row: &mut Row<'_>, column| {
            (!row.field(column).is_empty()).then(|| row.decimal(column, None, RATE_PLACES, 0..=super::decimal::ONE))
        };
        let rates = rate(row, "limit_up_pct").zip(rate(row, "limit_down_pct"));
        let listing_price = (!row.field("listing_price").is_empty())
            .then(|| row.decimal("listing_price", None, PRICE_PLACES, 0..=PRICE_MOST));
        let position_limit = row.value("position_limit", Some(0), "a number, or words that end with one", |text| {
            let digits = text.len() - text.trim_end_matches(|digit: char| digit.is_ascii_digit()).len();
            text[text.len() - digits..].parse().ok()
        });
        Contract {
            row: row.number,
            instrument: row.text("instrument", 30),
            month: row.field("month").to_owned(),
            listing_price,
            listed: row.date("listed", Some(0)),
            last_trading_day: row.date("last_trading_day", Some(0)),
            rates: rates.map(|(up, down)| LimitRates { up, down }),
            limit_up: row.decimal("limit_up", None, PRICE_PLACES, 1..=PRICE_MOST),
            limit_down: row.decimal("limit_down", None, PRICE_PLACES, 1..=PRICE_MOST),
            position_limit: position_limit.unwrap_or(0),
        }
    }

    /// Letters of its product.
    #[must_use]
    pub fn product(&self) -> &str {
        letters(&self.instrument)
    }

    /// What its id says of an option; None: it is a future.
    #[must_use]
    pub fn series(&self) -> Option<Series> {
        let mut parts = self.instrument.split('-').skip(1);
        let option_type = match parts.next()? {
            "C" => '1',
            "P" => '2',
            _ => return None,
        };
        let strike = super::decimal::parse(parts.next()?, PRICE_PLACES).filter(|strike| *strike > 0)?;
        parts.next().is_none().then_some(Series { option_type, strike })
    }

    /// The limits as the sheet has them, in ticks. Err: the column that is off the tick or too large.
    ///
    /// # Errors
    /// Which column.
    pub fn limits(&self, tick: u32) -> Result<PriceLimits, &'static str> {
        let ticks = |price: i64, column: &'static str| {
            let on_tick = (tick > 0 && price % i64::from(tick) == 0).then(|| price / i64::from(tick));
            on_tick.and_then(|ticks| i32::try_from(ticks).ok()).ok_or(column)
        };
        Ok(PriceLimits { lower: ticks(self.limit_down, "limit_down")?, upper: ticks(self.limit_up, "limit_up")? })
    }
}

/// How far, in ticks, the limits of a product's options are from their settlement prices, as the sheet itself says: half the distance of
/// limits that are not cut off at one tick. None where no option says, or two say different things.
#[must_use]
pub fn option_reach<'a>(options: impl Iterator<Item = &'a Contract>, tick: u32) -> Option<i32> {
    let limits = options.filter_map(|contract| contract.limits(tick).ok()).filter(|limits| limits.lower > 1);
    let mut votes: BTreeMap<i32, usize> = BTreeMap::new();
    limits.for_each(|limits| *votes.entry(limits.upper.saturating_sub(limits.lower)).or_default() += 1);
    let most = votes.values().copied().max()?;
    let mut best = votes.iter().filter(|(_, count)| **count == most).map(|(distance, _)| *distance);
    let distance = best.next()?;
    (best.next().is_none() && distance % 2 == 0).then_some(distance / 2)
}
