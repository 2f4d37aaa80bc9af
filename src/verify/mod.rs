//! `backstop verify`: files of outside evidence through the engine, one line a case: what was expected, what came, whether it is the same.
//!
//! What a file is shows its beginning:
//!
//! | file | cases |
//! |---|---|
//! | JSON, objects with `bids` and `asks` | call auctions: price, volume, surplus ([`auction`]) |
//! | JSON, objects with `kind` "daily settlement price" | settlement prices from trades ([`settled`]) |
//! | JSON, objects with `kind`, `inputs`, `expected` | settlement examples: profit, margin, reserve, premium, invoice ([`settlement_cases`]) |
//! | CSV `contract,coupon_rate,maturity,conversion_factor` | treasury bonds' conversion factors ([`settlement_cases`]) |
//! | CSV `row,time,op,order,side,price,volume` | an order flow against its trades ([`flow`]) |
//! | CSV `row,buy_order,sell_order,price,volume` | the trades of the flow that stands beside it |
//! | CSV `instrument,month,…,limit_up,limit_down,…` | a contract sheet: price limits by rule ([`sheet`]) |
//! | CSV `instrument,date,open,…,settlement,…` | settlement prices: every price of a day within the limits that follow from the day before ([`history`]); expired index futures' daily profits to delivery; and what a contract sheet's limits follow from |
//!
//! Every case of trading is commands that the engine decides and evolves; every case of settlement goes through settlement's rules. A case that cannot be run says why, is not ok, and the others go on.

pub mod auction;
mod exchange;
pub mod flow;
pub mod history;
pub mod settled;
pub mod settlement_cases;
pub mod sheet;

use crate::day::decimal::{self, PRICE_PLACES};
use crate::replay::PriceRuleChoice;
use engine::types::{PriceRule, TieBreak};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Flags of `backstop verify`.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Evidence: auctions, settlement examples (.json), order flows with their trades, contract sheets, settlement prices, conversion factors (.csv); the first line tells which
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// A rule set of yours: which of the auction's equally good prices; TIE-BREAK is pressure, reference, highest, lowest, pressure-reference 集合竞价规则
    #[arg(long, value_name = "NAME=TIE-BREAK")]
    pub rule_set: Vec<String>,
    /// Order flows: the price of a continuous trade 撮合价
    #[arg(long, value_enum, default_value = "resting")]
    pub price_rule: PriceRuleChoice,
    /// Contract sheets: the sheet's day (yyyymmdd), if its name does not say; settlement prices are those of the last day before it
    #[arg(long, value_name = "YYYYMMDD")]
    pub day: Option<u32>,
    /// Contract sheets: a product's index close of the day before, for the limits of its options, like IO=3703.68 指数收盘
    #[arg(long, value_name = "PRODUCT=CLOSE")]
    pub index: Vec<String>,
    /// One JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

/// One case of evidence and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its name in its file.
    pub id: String,
    /// What the evidence says.
    pub expected: Value,
    /// What the engine did.
    pub got: Value,
    /// They are the same.
    pub ok: bool,
    /// More about it, in words; of a case that could not be run: why.
    pub note: Option<String>,
    /// It was run.
    pub ran: bool,
}

impl Case {
    /// A case that was run.
    #[must_use]
    pub fn of(id: &str, expected: Value, got: Value) -> Self {
        Case { id: id.to_owned(), ok: expected == got, expected, got, note: None, ran: true }
    }

    /// A case that could not be run, and why.
    #[must_use]
    pub fn not_run(id: &str, why: String) -> Self {
        Case { id: id.to_owned(), expected: Value::Null, got: Value::Null, ok: false, note: Some(why), ran: false }
    }
}

/// The settings of a run, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Rule sets of the user's own, by their lower-case name.
    pub rule_sets: BTreeMap<String, TieBreak>,
    /// Of order flows.
    pub price_rule: PriceRule,
    /// Of contract sheets.
    pub day: Option<u32>,
    /// Index closes in 1/10,000, by product.
    pub index: BTreeMap<String, i64>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { rule_sets: BTreeMap::new(), price_rule: PriceRule::Resting, day: None, index: BTreeMap::new() }
    }
}

impl Options {
    fn settings(&self) -> Result<Settings, String> {
        let mut rule_sets = BTreeMap::new();
        for text in &self.rule_set {
            let known = text.rsplit_once('=').and_then(|(name, rule)| Some((name, auction::tie_break_of_name(rule)?)));
            let (name, rule) = known.ok_or_else(|| {
                format!("--rule-set {text}: expected NAME=TIE-BREAK with one of {}", auction::tie_break_names())
            })?;
            rule_sets.insert(name.trim().to_lowercase(), rule);
        }
        let mut index = BTreeMap::new();
        for text in &self.index {
            let known = text.split_once('=').and_then(|(product, close)| {
                Some((product, decimal::parse(close, PRICE_PLACES).filter(|close| *close > 0)?))
            });
            let (product, close) =
                known.ok_or_else(|| format!("--index {text}: expected PRODUCT=CLOSE, like IO=3703.68"))?;
            index.insert(product.to_owned(), close);
        }
        Ok(Settings { rule_sets, price_rule: self.price_rule.into(), day: self.day, index })
    }
}

/// What a file is.
enum Evidence {
    Cases(Vec<Value>),
    Flow,
    Trades,
    Sheet,
    History,
    Factors,
}

/// Runs the command. False: a case is not ok.
///
/// # Errors
/// A file that cannot be read or is of no known kind, or cases that could not be run: one line.
pub fn run(options: &Options) -> Result<bool, String> {
    let settings = options.settings()?;
    let verified = verify(&options.files, &settings)?;
    let cases = verified.iter().flat_map(|(_, cases)| cases);
    let ok = cases.clone().filter(|case| case.ok).count();
    let not_run = cases.clone().filter(|case| !case.ran).count();
    let total = cases.count();
    if options.json {
        let rows: Vec<Value> =
            verified.iter().flat_map(|(file, cases)| cases.iter().map(|case| row(file, case))).collect();
        println!("{}", json!({ "ok": ok == total, "cases": total, "right": ok, "not_run": not_run, "results": rows }));
    } else {
        for (file, cases) in &verified {
            println!("{}", file.display());
            cases.iter().for_each(|case| println!("  {}", line(case)));
        }
        println!("{ok} of {total} cases are right 通过 {ok}/{total}");
    }
    match not_run {
        0 => Ok(ok == total),
        some => Err(format!("{some} of {total} cases could not be run; each says why")),
    }
}

/// Runs every case of the files: each file with its cases, in order.
///
/// # Errors
/// A file that cannot be read or is of no known kind: one line.
pub fn verify(files: &[PathBuf], settings: &Settings) -> Result<Vec<(PathBuf, Vec<Case>)>, String> {
    let known: Vec<(&PathBuf, Evidence)> =
        files.iter().map(|file| Ok((file, evidence(file)?))).collect::<Result<_, String>>()?;
    let of = |wanted: fn(&Evidence) -> bool| known.iter().filter(move |(_, kind)| wanted(kind)).map(|(file, _)| *file);
    let prices = history::Prices::read(of(|kind| matches!(kind, Evidence::History)))?;
    let mut verified = Vec::new();
    for (file, kind) in &known {
        let cases = match kind {
            Evidence::Cases(cases) => {
                cases.iter().enumerate().map(|(place, case)| one(place, case, settings)).collect()
            }
            Evidence::Flow => {
                let trades: Vec<&PathBuf> = of(|kind| matches!(kind, Evidence::Trades)).collect();
                let flows = of(|kind| matches!(kind, Evidence::Flow)).count();
                flow::cases(file, flow::trades_beside(file, &trades, flows)?, settings.price_rule)?
            }
            // With its flow.
            Evidence::Trades if of(|kind| matches!(kind, Evidence::Flow)).next().is_some() => continue,
            Evidence::Trades => {
                return Err(format!("{}: trades without their order flow; name both files", file.display()));
            }
            Evidence::Sheet => sheet::cases(file, &prices, settings)?,
            Evidence::History => {
                let mut cases = history::cases(file)?;
                cases.extend(history::chains(file)?);
                cases
            }
            Evidence::Factors => settlement_cases::factors(file)?,
        };
        verified.push(((*file).clone(), cases));
    }
    Ok(verified)
}

fn one(place: usize, case: &Value, settings: &Settings) -> Case {
    let id = case["id"].as_str().map_or_else(|| format!("case {}", place + 1), str::to_owned);
    let ran = if case.get("bids").is_some() || case.get("asks").is_some() {
        auction::case(&id, case, settings)
    } else if case["kind"] == settled::KIND {
        settled::case(&id, case)
    } else if settlement_cases::is_one(case) {
        settlement_cases::case(&id, case)
    } else {
        Err(match case.get("kind") {
            Some(kind) => format!("kind {kind}: expected `bids` and `asks`, or the kind \"{}\"", settled::KIND),
            None => format!("expected `bids` and `asks`, or the kind \"{}\"", settled::KIND),
        })
    };
    ran.unwrap_or_else(|why| Case::not_run(&id, why))
}

fn evidence(file: &Path) -> Result<Evidence, String> {
    let refuse = |text: &str| format!("{}: {text}", file.display());
    let bytes = fs::read(file).map_err(|error| refuse(&format!("cannot be read: {error}")))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| refuse("expected UTF-8 text"))?;
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with(['[', '{']) {
        let value: Value = serde_json::from_str(text).map_err(|error| refuse(&format!("no JSON: {error}")))?;
        return match value {
            Value::Array(cases) if !cases.is_empty() => Ok(Evidence::Cases(cases)),
            Value::Object(_) => Ok(Evidence::Cases(vec![value])),
            _ => Err(refuse("expected a list of cases; it is empty")),
        };
    }
    let header: Vec<&str> = text.lines().next().unwrap_or_default().split(',').map(str::trim).collect();
    let has = |names: &[&str]| names.iter().all(|name| header.contains(name));
    if has(&["row", "op", "order"]) {
        Ok(Evidence::Flow)
    } else if has(&["row", "buy_order", "sell_order"]) {
        Ok(Evidence::Trades)
    } else if has(&["instrument", "limit_up", "limit_down"]) {
        Ok(Evidence::Sheet)
    } else if has(&["instrument", "date", "settlement"]) {
        Ok(Evidence::History)
    } else if has(&["contract", "coupon_rate", "conversion_factor"]) {
        Ok(Evidence::Factors)
    } else {
        Err(refuse(
            "line 1: expected a JSON list of cases, or the columns of an order flow (row,time,op,order,side,price,volume), its trades \
             (row,buy_order,sell_order,price,volume), a contract sheet (instrument,…,limit_up,limit_down) settlement prices \
             (instrument,date,…,settlement) or conversion factors (contract,coupon_rate,maturity,conversion_factor)",
        ))
    }
}

fn line(case: &Case) -> String {
    let note = case.note.as_deref().unwrap_or_default();
    if !case.ran {
        return format!("{}: could not be run: {note}", case.id);
    }
    let word = if case.ok { "ok" } else { "NOT OK" };
    let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
    format!("{}: expected {}, got {}: {word}{note}", case.id, words(&case.expected), words(&case.got))
}

/// `{"price":46,"volume":200}` as `price 46, volume 200`.
fn words(value: &Value) -> String {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect::<Vec<_>>().join(" ")
        }
        other => plain(other),
    }
}

fn row(file: &Path, case: &Case) -> Value {
    json!({
        "file": file.display().to_string(),
        "id": case.id,
        "expected": case.expected,
        "got": case.got,
        "ok": case.ok,
        "ran": case.ran,
        "note": case.note,
    })
}

/// A number of a JSON case, in 1/10,000.
fn scaled(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => decimal::parse(&number.to_string(), PRICE_PLACES),
        Value::String(text) => decimal::parse(text, PRICE_PLACES),
        _ => None,
    }
}
