//! The next day's folder from a settled day: `backstop settle carry` 结转.
//!
//! It is the folder of the day's end ([`crate::base_files`], as `backstop day-end` writes it: members, seats, codes, products, contracts, rights,
//! limits), with what was settled in the place of what the engine had:
//!
//! | table | what is settled in it |
//! |---|---|
//! | `positions.csv`, open interest | what rows hold after netting, transfers, exercise and entry into delivery, and without cancelled trades |
//! | `instruments.csv` | previous settlement price on the tick; by rule from it: price limits, margin of a lot |
//! | `settlement_prices.csv`, `indices.csv` | the prices themselves; the closes of options' indices |
//! | `products.csv` | the rates that the day's own folder has |
//! | `funds.csv` | reserve, margin and collateral that counted as the day before's; nothing paid in or out yet |
//! | `credit.csv` | clearing members' money for the checks before orders, where it is checked: reserve and margin |
//! | `bonds.csv`, `delivering.csv` | deliveries under way, with the instruments that are over |
//!
//! What is of one day (`closes.csv`, `netting.csv`, `declarations.csv`, `transfers.csv`) is left out, and so are contracts that expired. The
//! folder is loaded before the command ends: what could not open the next day is told.

use super::command::{Place, told};
use super::requests::{DELIVERING, DELIVERING_COLUMNS, DELIVERY_DAYS, INTEREST_PLACES};
use crate::base_files::{BaseFiles, InstrumentRow, PositionRow, ProductRow};
use crate::day::decimal::{PRICE_PLACES, RATE_PLACES, show};
use crate::day::end::{carry_on, write};
use crate::day::load;
use crate::day::price_limits::{LimitRates, PriceLimits};
use crate::day::table::Faults;
use engine::types::Sequence;
use journal::LogReader;
use serde_json::json;
use settlement::Money;
use settlement::delivery::{Delivery, DeliveryDay};
use settlement::market::{Instrument, InstrumentIndex, Kind, MemberIndex};
use settlement::result::{DayResult, Stage};
use settlement::row::RowKey;
use settlement::rules::margin::{self, OptionAtEnd};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Flags of `backstop settle carry`.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// The closed day's journal, that was settled
    #[arg(long, value_name = "LOG")]
    journal: PathBuf,
    /// The folder that the day was opened from
    #[arg(long, value_name = "DIR")]
    base: PathBuf,
    /// The folder to write
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    place: Place,
    /// The settlement id; absent: the run that was released officially last
    #[arg(long, value_name = "ID")]
    id: Option<u32>,
}

/// What was carried over.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Carried {
    /// The day that was settled, yyyymmdd.
    pub day: u32,
    /// Which run of it.
    pub settlement_id: u32,
    /// The day that it opens: the next one of `trading_days.csv`; none: it is not there.
    pub next: Option<u32>,
    /// Position rows.
    pub positions: usize,
    /// Deliveries of bonds that go on.
    pub delivering: usize,
    /// Contracts that are no more.
    pub expired: Vec<String>,
    /// What an operator should look at.
    pub notes: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// What was not done: one line.
pub fn run(options: &Options) -> Result<bool, String> {
    let place = &options.place;
    if let (Ok(base), Ok(to)) = (options.base.canonicalize(), options.to.canonicalize())
        && base == to
    {
        return Err("--to: expected another folder than --base: the day's own stays as it was".to_owned());
    }
    let (files, replay, log) = crate::day::end::of_journal(&options.journal)?;
    let day = files.end.as_ref().map_or(0, |end| end.trading_day);
    let mut store = place.open()?;
    let refuse = |error: settlement_store::StoreError| format!("the store: {error}");
    let runs = store.runs(day).map_err(refuse)?;
    let official = runs.iter().rev().find(|run| run.head.stage == Stage::Official).map(|run| run.head.settlement_id);
    let id = options.id.or(official).ok_or_else(|| {
        format!("{day}: no run is released; `backstop settle release {day} ID` does it, or --id names one")
    })?;
    let result = store.read(day, id).map_err(refuse)?;
    let carried = match carry(files, &log, &result, &options.base, &options.to) {
        Ok(carried) => carried,
        Err(faults) => return Ok(told(&faults, place.json, "nothing opens from it 无法开市")),
    };
    let is_ours = replay.digest_mismatches == 0;
    if place.json {
        println!("{}", json!({ "ok": is_ours, "to": options.to.display().to_string(), "carried": carried }));
        return Ok(is_ours);
    }
    carried.notes.iter().for_each(|note| println!("note: {note}"));
    println!(
        "{day} settlement {id}: {} positions, {} deliveries under way 交割中, expired 到期 [{}]; the folder of {} 次日初数据 is {}",
        carried.positions,
        carried.delivering,
        carried.expired.join(" "),
        carried.next.map_or_else(|| "the next day".to_owned(), |next| next.to_string()),
        options.to.display()
    );
    if !is_ours {
        println!("{} digests of the journal are not ours: see `backstop day-end`", replay.digest_mismatches);
    }
    Ok(is_ours)
}

/// Writes the folder `to`. `files`: the day's end as the engine has it, `log`: its journal; `result`: the run; `base`: the folder that the day was opened from.
///
/// # Errors
/// Everything that is wrong with `base`, or the written folder: what does not belong together, and the file system's.
pub fn carry(
    mut files: BaseFiles,
    log: &LogReader,
    result: &DayResult,
    base: &Path,
    to: &Path,
) -> Result<Carried, Faults> {
    let day = result.head.day;
    let refuse = |message: String| {
        let mut faults = Faults::default();
        faults.push(&to.display().to_string(), None, None, message);
        faults
    };
    belongs(&files, log, result).map_err(refuse)?;
    let opened = load::load(base, Some(day), &|_| {})?;
    let next = next_day(base, day);
    let mut carried = Carried {
        day,
        settlement_id: result.head.settlement_id,
        next,
        expired: files.end.as_ref().map(|end| end.expired.clone()).unwrap_or_default(),
        ..Carried::default()
    };
    let names: BTreeMap<&str, usize> =
        result.names.instruments.iter().enumerate().map(|(place, id)| (id.as_str(), place)).collect();
    let rates: BTreeMap<&str, &ProductRow> =
        opened.files.products.iter().map(|row| (row.product.as_str(), row)).collect();
    for row in &mut files.products {
        if let Some(own) = rates.get(row.product.as_str()) {
            let functions = row.terms.functions;
            row.terms = own.terms;
            row.terms.functions = functions;
        }
    }
    let held = held(result);
    files.positions = positions(result, &held, &files);
    carried.positions = files.positions.len();
    let mut open: BTreeMap<InstrumentIndex, u64> = BTreeMap::new();
    held.iter().for_each(|(key, [long, _])| *open.entry(key.instrument).or_default() += u64::from(*long));
    for row in &mut files.instruments {
        let Some(place) = names.get(row.instrument.as_str()) else { continue };
        let index = InstrumentIndex(*place as u16);
        row.open_interest = open.get(&index).copied().unwrap_or_default();
        let product = &result.names.products[usize::from(result.market.instruments[*place].product.0)];
        let terms = rates.get(product.as_str()).map(|row| row.terms).or(crate::day::products::of(product).copied());
        opens(row, result, index, terms, next, &mut carried.notes);
    }
    let funds = funds(result);
    for row in files.credit.iter_mut().filter(|row| !row.is_credit) {
        if let Some((_, money)) = funds.iter().find(|(id, _)| *id == row.participant) {
            row.amount = money.max(&0).to_owned();
        }
    }
    files.save(to).map_err(refuse)?;
    carry_on(base, to).map_err(refuse)?;
    tables(result, &files, to).map_err(refuse)?;
    let unnamed = result.settled.deliveries.iter().filter(|line| line.bond.is_none());
    carried.notes.extend(unnamed.map(|line| {
        let seller = line.seller.account;
        let (member, client) = (result.member(result.member_of(seller)), result.client(seller));
        format!(
            "{}: 未申报交割券 {member}/{client} has named no bond: {DELIVERING}",
            result.instrument(line.instrument)
        )
    }));
    carried.delivering = result.settled.deliveries.iter().filter(|line| goes_on(line)).count();
    // What does not load opens no day.
    load::load(to, next, &|_| {})?;
    Ok(carried)
}

/// Whether a day's end and a run are of the same log.
fn belongs(files: &BaseFiles, log: &LogReader, result: &DayResult) -> Result<(), String> {
    let end = files.end.as_ref().ok_or("no day's end")?;
    let head = &result.head;
    // Behind the close there may be more: bulletins, which move no lot.
    let digest = log.frame_of(Sequence(head.last_sequence)).map(|frame| frame.digests().state);
    if (end.trading_day, digest) != (head.day, Some(head.state_digest)) {
        return Err(format!(
            "the run is of {} to sequence {}, state digest {:016x}; the journal, of {}, has not: expected the journal that was settled",
            head.day, head.last_sequence, head.state_digest, end.trading_day
        ));
    }
    let is_over = |(place, instrument): (usize, &Instrument)| {
        let id = &result.names.instruments[place];
        (instrument.expires && !end.expired.contains(id)).then(|| id.clone())
    };
    match result.market.instruments.iter().enumerate().find_map(is_over) {
        None => Ok(()),
        Some(id) => {
            Err(format!("{id} was settled as on its last day, but the journal has another last_trading_day for it"))
        }
    }
}

/// The trading day after a day, by the folder's list.
fn next_day(base: &Path, day: u32) -> Option<u32> {
    let text = std::fs::read_to_string(base.join("trading_days.csv")).ok()?;
    text.lines().filter_map(|line| line.trim().replace('-', "").parse().ok()).find(|other| *other > day)
}

/// Lots long and short that rows have left.
fn held(result: &DayResult) -> BTreeMap<RowKey, [u32; 2]> {
    let rows = result.settled.rows.iter().map(|row| (row.key, [row.figures.long, row.figures.short]));
    rows.filter(|(_, lots)| *lots != [0; 2]).collect()
}

fn positions(result: &DayResult, held: &BTreeMap<RowKey, [u32; 2]>, files: &BaseFiles) -> Vec<PositionRow> {
    let goes_on: BTreeSet<&str> = files.instruments.iter().map(|row| row.instrument.as_str()).collect();
    let row = |(key, lots): (&RowKey, &[u32; 2])| PositionRow {
        participant: result.member(result.member_of(key.account)).to_owned(),
        client: result.client(key.account).to_owned(),
        instrument: result.instrument(key.instrument).to_owned(),
        hedge: char::from(key.hedge),
        long_yesterday: lots[0],
        long_today: 0,
        short_yesterday: lots[1],
        short_today: 0,
    };
    let mut rows: Vec<PositionRow> =
        held.iter().map(row).filter(|row| goes_on.contains(row.instrument.as_str())).collect();
    rows.sort();
    rows
}

/// An instrument as the next day opens it: price of the day before, limits and margins by rule.
fn opens(
    row: &mut InstrumentRow,
    result: &DayResult,
    index: InstrumentIndex,
    terms: Option<crate::day::products::Terms>,
    next: Option<u32>,
    notes: &mut Vec<String>,
) {
    let instrument = &result.market.instruments[usize::from(index.0)];
    let (price, tick) = (instrument.settlement, i64::from(row.tick));
    let ticks = (2 * i128::from(price.0) + i128::from(tick)).div_euclid(2 * i128::from(tick).max(1));
    row.previous_settlement = i32::try_from(ticks).unwrap_or(row.previous_settlement);
    let is_last = next.is_some_and(|next| row.more.last_trading_day == next);
    let rate = terms.map_or(0, |terms| if is_last { terms.last_day_limit_rate } else { terms.limit_rate });
    let limits = match instrument.kind {
        _ if rate == 0 => None,
        Kind::Option { .. } if instrument.underlying.0 == 0 => None,
        Kind::Option { .. } => {
            PriceLimits::of_option(price.0, instrument.underlying.0, row.tick, LimitRates::both(rate))
        }
        _ => PriceLimits::of_future(price.0, row.tick, LimitRates::both(rate)),
    };
    match limits {
        Some(limits) => (row.lower_limit, row.upper_limit) = (limits.lower, limits.upper),
        None => notes
            .push(format!("{}: 涨跌停板未更新 price limits as they were: no rate, or no index close", row.instrument)),
    }
    let settings = &result.market.settings;
    let lot = |rate| margin::futures(price, instrument.multiplier, rate, 1, settings.margin);
    let (long, short) = match instrument.kind {
        Kind::Option { .. } if instrument.underlying.0 == 0 => return,
        Kind::Option { right, strike } => {
            let seller = result.market.products[usize::from(instrument.product.0)].seller;
            let option = OptionAtEnd {
                right,
                strike,
                settlement: price,
                underlying: instrument.underlying,
                multiplier: instrument.multiplier,
            };
            (Ok(Money::ZERO), seller.margin(&option, 1, settings.margin))
        }
        _ => (lot(instrument.margin_long), lot(instrument.margin_short)),
    };
    if let (Ok(long), Ok(short)) = (long, short) {
        (row.more.margin_long, row.more.margin_short) = (long.0, short.0);
    }
}

/// Clearing members' money for checks before orders: reserve and margin.
fn funds(result: &DayResult) -> Vec<(&str, i64)> {
    let funds = (0u16..).zip(&result.settled.funds);
    let each = funds.filter_map(|(place, funds)| {
        let funds = funds.as_ref()?;
        Some((result.member(MemberIndex(place)), funds.reserve.0.saturating_add(funds.figures.margin.0)))
    });
    each.collect()
}

/// Whether the next day has something to do with a delivery.
fn goes_on(line: &Delivery) -> bool {
    line.day != DeliveryDay::Receipt
}

/// The settlement's own tables.
fn tables(result: &DayResult, files: &BaseFiles, to: &Path) -> Result<(), String> {
    let yuan = |money: Money| show(money.0, PRICE_PLACES);
    let instruments = || {
        files.instruments.iter().filter_map(|row| {
            let place = result.names.instruments.iter().position(|id| *id == row.instrument)?;
            Some((row, &result.market.instruments[place]))
        })
    };
    let prices = instruments().filter(|(_, instrument)| instrument.settlement.0 > 0);
    let prices =
        prices.map(|(row, instrument)| vec![row.instrument.clone(), show(instrument.settlement.0, PRICE_PLACES)]);
    write(&to.join("settlement_prices.csv"), "instrument,settlement", prices.collect())?;
    let options = instruments()
        .filter(|(_, instrument)| matches!(instrument.kind, Kind::Option { .. }) && instrument.underlying.0 > 0);
    let closes: BTreeMap<&str, i64> = options.map(|(_, of)| (result.product(of.product), of.underlying.0)).collect();
    let closes = closes.into_iter().map(|(product, close)| vec![product.to_owned(), show(close, PRICE_PLACES)]);
    write(&to.join("indices.csv"), "product,close", closes.collect())?;
    let mut funds = Vec::new();
    for (place, (name, member)) in result.names.members.iter().zip(&result.market.members).enumerate() {
        let Some(of) = result.settled.funds.get(place).and_then(Option::as_ref) else {
            if name.short != name.id {
                let zero = || "0".to_owned();
                funds.push([vec![name.id.clone(), name.short.clone()], (0..8).map(|_| zero()).collect()].concat());
            }
            continue;
        };
        let short = if name.short == name.id { String::new() } else { name.short.clone() };
        funds.push(vec![
            name.id.clone(),
            short,
            yuan(of.reserve),
            yuan(of.figures.margin),
            "0".to_owned(),
            "0".to_owned(),
            yuan(member.minimum_reserve),
            yuan(member.collateral),
            show(member.haircut.0, RATE_PLACES),
            yuan(of.collateral),
        ]);
    }
    let columns = "participant,short,previous_reserve,previous_margin,deposited,withdrawn,minimum_reserve,collateral,haircut,\
                   previous_collateral";
    write(&to.join("funds.csv"), columns, funds)?;
    deliveries(result, files, to)
}

fn deliveries(result: &DayResult, files: &BaseFiles, to: &Path) -> Result<(), String> {
    let lines: Vec<&Delivery> = result.settled.deliveries.iter().filter(|line| goes_on(line)).collect();
    let under_way: BTreeSet<InstrumentIndex> = lines.iter().map(|line| line.instrument).collect();
    let rows = lines.iter().map(|line| {
        let instrument = &result.market.instruments[usize::from(line.instrument.0)];
        let party = |key: RowKey| {
            let member = result.member(result.member_of(key.account));
            [member.to_owned(), result.client(key.account).to_owned(), char::from(key.hedge).to_string()]
        };
        let day = DELIVERY_DAYS.iter().find(|(_, day)| *day == line.day).map_or("", |(name, _)| name);
        let bond = line.bond.and_then(|bond| result.names.bonds.get(usize::from(bond.0)));
        let first = [
            result.instrument(line.instrument).to_owned(),
            result.product(instrument.product).to_owned(),
            instrument.multiplier.to_string(),
            show(instrument.margin_long.0, RATE_PLACES),
            show(instrument.margin_short.0, RATE_PLACES),
        ];
        let last = [
            line.lots.to_string(),
            show(line.price.0, PRICE_PLACES),
            bond.cloned().unwrap_or_default(),
            day.to_owned(),
            show(line.interest, INTEREST_PLACES),
            show(line.invoice.0, PRICE_PLACES),
        ];
        [&first[..], &party(line.seller), &party(line.buyer), &last].concat()
    });
    write(&to.join(DELIVERING), &DELIVERING_COLUMNS.join(","), rows.collect())?;
    let is_known = |id: &str| files.instruments.iter().any(|row| row.instrument == id);
    let bonds = result
        .market
        .deliverables
        .iter()
        .zip(&result.names.bonds)
        .filter(|(bond, _)| under_way.contains(&bond.instrument) || is_known(result.instrument(bond.instrument)));
    let bonds = bonds.map(|(bond, name)| {
        vec![
            result.instrument(bond.instrument).to_owned(),
            name.clone(),
            show(bond.factor.0.into(), PRICE_PLACES),
            show(bond.coupon.0, RATE_PLACES),
            bond.frequency.to_string(),
            bond.last_coupon.to_string(),
            bond.next_coupon.to_string(),
        ]
    });
    write(&to.join("bonds.csv"), "instrument,bond,factor,coupon,frequency,last_coupon,next_coupon", bonds.collect())
}
