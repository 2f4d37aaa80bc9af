//! Ours against theirs, item by item: the primary's files of a day, or another run's.
//!
//! A side is a folder (or one file) with members' files (`<member>_<group>_<yyyymmdd>_<id>_<Table>.dbf`) or CSV (`<Table>.csv`), at whatever depth; where
//! a side has both of a table, its DBF counts. Other files are counted and left alone. Columns are found by name, in any case and order; rows by their
//! key (`table::Table::key`), the second row of one key by its place among them.
//!
//! A value is equal if the texts are, or the numbers; or if the one with fewer decimals is the other rounded (halves away from zero): that is counted
//! as rounded. What one side does not know (`-`) is counted, and is no difference. All else differs, and is told with ours, theirs and by how
//! much (ours less theirs). Where both have Trade, a difference of a client in an instrument (of a client, of a member) is told with the first
//! trade, by time and trade id, that only one side has or that differs there.
//!
//! Everything is in the order of tables, members and keys, so that the same folders give the same words.

use crate::error::{FileError, Why};
use crate::table::{self, Table};
use crate::{dbf, market};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Differences that are told one by one; what is beyond is counted.
pub const MOST_ITEMS: usize = 100_000;
/// Files a side may have.
const MOST_FILES: usize = 100_000;
/// Folders in folders.
const MOST_DEPTH: usize = 8;

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Over all tables.
    pub counts: Counts,
    /// By table, in the order of tables.
    pub tables: Vec<TableCounts>,
    /// What is different or missing, in the order of tables, members and keys; [`MOST_ITEMS`] at most.
    pub items: Vec<Item>,
    /// How many more there are.
    pub items_left_out: u64,
    /// Tables and columns that one side does not have at all: told, and no difference (members' files hold five tables, ours eleven), unless it is ours
    /// that has no such table.
    pub not_compared: Vec<String>,
    /// Tables that theirs has and ours does not.
    pub tables_missing_in_ours: u64,
    /// Files of neither form.
    pub ignored_files: u64,
}

/// How many values there are of which kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows that both have.
    pub rows: u64,
    /// Values that are equal, rounded ones among them.
    pub equal: u64,
    /// … of which one side is the other with fewer decimals.
    pub rounded: u64,
    /// Values that differ.
    pub different: u64,
    /// Values that one side does not know.
    pub unknown: u64,
    /// Rows that only theirs has.
    pub missing_in_ours: u64,
    /// Rows that only ours has.
    pub missing_in_theirs: u64,
}

/// Counts of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableCounts {
    /// Its name.
    pub table: String,
    /// Its counts.
    pub counts: Counts,
}

/// What an item says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// Both have it, otherwise.
    Different,
    /// Only theirs has the row.
    MissingInOurs,
    /// Only ours has the row.
    MissingInTheirs,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// In which table.
    pub table: String,
    /// In which row: its key's columns.
    pub key: Vec<String>,
    /// What.
    pub found: Found,
    /// Which column; none: the row.
    pub column: Option<String>,
    /// Ours.
    pub ours: Option<String>,
    /// Theirs.
    pub theirs: Option<String>,
    /// Ours less theirs, of numbers.
    pub difference: Option<String>,
    /// Since which trade.
    pub since: Option<Since>,
}

/// The first trade that makes a difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Since {
    /// When, hh:mm:ss.
    pub time: String,
    /// TradeId.
    pub trade: String,
    /// ClientId.
    pub client: String,
    /// InstrumentId.
    pub instrument: String,
}

impl Comparison {
    /// Nothing differs, no row is missing, and ours has every table that theirs has.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        let Counts { different, missing_in_ours, missing_in_theirs, .. } = self.counts;
        different + missing_in_ours + missing_in_theirs + self.tables_missing_in_ours == 0
    }
}

/// Compares two sides.
///
/// # Errors
/// A folder or file that cannot be read, with what was expected; sides that are of two days, or have no table in common.
pub fn compare(ours: &Path, theirs: &Path) -> Result<Comparison, FileError> {
    let (ours_found, theirs_found) = (Side::of(ours)?, Side::of(theirs)?);
    if let (Some(one), Some(other)) = (&ours_found.day, &theirs_found.day)
        && one != other
    {
        return Err(FileError::form(theirs, format!("day {other}, but ours is day {one}")));
    }
    let mut all = Comparison { ignored_files: ours_found.ignored + theirs_found.ignored, ..Comparison::default() };
    let mut firsts = Firsts::default();
    for table in market::TABLES {
        let sources = (ours_found.tables.get(table.name), theirs_found.tables.get(table.name));
        let (one, other) = match sources {
            (Some(one), Some(other)) => (one, other),
            (None, None) => continue,
            (one, _) => {
                all.tables_missing_in_ours += u64::from(one.is_none());
                let who =
                    if one.is_some() { "对方没有 theirs does not have" } else { "我方没有 ours does not have" };
                all.not_compared.push(format!("{}: {who}", table.name));
                continue;
            }
        };
        let units = units(one, other);
        let found: Vec<Unit> =
            units.par_iter().map(|(one, other)| unit(table, one, other, &firsts)).collect::<Result<_, _>>()?;
        let mut counts = Counts::default();
        let mut columns = BTreeSet::new();
        for unit in found {
            counts.add(&unit.counts);
            unit.trades.into_iter().for_each(|(member, since)| firsts.add(&member, since));
            columns.extend(unit.columns_missing);
            let room = MOST_ITEMS - all.items.len();
            all.items_left_out += unit.left_out + unit.items.len().saturating_sub(room) as u64;
            all.items.extend(unit.items.into_iter().take(room));
        }
        all.not_compared.extend(
            columns.into_iter().map(|column| format!("{}.{column}: 一方没有 one side does not have", table.name)),
        );
        all.counts.add(&counts);
        all.tables.push(TableCounts { table: table.name.into(), counts });
    }
    if all.tables.is_empty() {
        let expected = "no table that ours has as well; members' files <member>_<group>_<yyyymmdd>_<id>_<Table>.dbf or <Table>.csv are expected";
        return Err(FileError::form(theirs, expected));
    }
    Ok(all)
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.rows += other.rows;
        self.equal += other.equal;
        self.rounded += other.rounded;
        self.different += other.different;
        self.unknown += other.unknown;
        self.missing_in_ours += other.missing_in_ours;
        self.missing_in_theirs += other.missing_in_theirs;
    }
}

/// The files of a side, by table.
#[derive(Default)]
struct Side {
    tables: BTreeMap<&'static str, Source>,
    day: Option<String>,
    ignored: u64,
}

/// Files of one table.
#[derive(Default)]
struct Source {
    /// By member.
    dbf: BTreeMap<String, PathBuf>,
    csv: Option<PathBuf>,
}

impl Side {
    fn of(root: &Path) -> Result<Side, FileError> {
        let mut side = Side::default();
        let mut files = Vec::new();
        list(root, 0, &mut files)?;
        files.sort();
        for path in files {
            side.take(path)?;
        }
        Ok(side)
    }

    fn take(&mut self, path: PathBuf) -> Result<(), FileError> {
        let part = |part: Option<&std::ffi::OsStr>| part.and_then(|part| part.to_str()).unwrap_or_default().to_owned();
        let (stem, ending) = (part(path.file_stem()), part(path.extension()).to_ascii_lowercase());
        let named = |name: &str| market::TABLES.iter().find(|table| table.name.eq_ignore_ascii_case(name)).copied();
        let parts: Vec<&str> = stem.split('_').collect();
        let taken = match (ending.as_str(), parts.as_slice()) {
            ("dbf", [member, .., day, _, name]) => {
                named(name).map(|table| (table, Some(((*member).to_owned(), (*day).to_owned()))))
            }
            ("csv", _) => named(&stem).map(|table| (table, None)),
            _ => None,
        };
        let Some((table, of_member)) = taken else {
            self.ignored += 1;
            return Ok(());
        };
        let source = self.tables.entry(table.name).or_default();
        let before = match of_member {
            Some((member, day)) => {
                let other = self.day.get_or_insert_with(|| day.clone());
                if *other != day {
                    return Err(FileError::form(&path, format!("day {day} beside day {other}: one day is expected")));
                }
                source.dbf.insert(member, path.clone())
            }
            None => source.csv.replace(path.clone()),
        };
        match before {
            Some(before) => {
                Err(FileError::form(&path, format!("{} beside it: one settlement id is expected", before.display())))
            }
            None => Ok(()),
        }
    }
}

fn list(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), FileError> {
    let system = |error: std::io::Error| FileError::system(path, &error);
    if fs::metadata(path).map_err(system)?.is_file() {
        files.push(path.into());
    } else if depth < MOST_DEPTH {
        for entry in fs::read_dir(path).map_err(system)? {
            list(&entry.map_err(system)?.path(), depth + 1, files)?;
        }
    }
    if files.len() > MOST_FILES {
        return Err(FileError::form(path, format!("more than {MOST_FILES} files")));
    }
    Ok(())
}

/// What is compared at once: a member's files where both sides have files by members, else the whole table.
fn units<'s>(ours: &'s Source, theirs: &'s Source) -> Vec<(Vec<&'s Path>, Vec<&'s Path>)> {
    let whole = |source: &'s Source| -> Vec<&'s Path> {
        if source.dbf.is_empty() {
            source.csv.iter().map(PathBuf::as_path).collect()
        } else {
            source.dbf.values().map(PathBuf::as_path).collect()
        }
    };
    if ours.dbf.is_empty() || theirs.dbf.is_empty() {
        return vec![(whole(ours), whole(theirs))];
    }
    let members: BTreeSet<&String> = ours.dbf.keys().chain(theirs.dbf.keys()).collect();
    let of = |source: &'s Source, member: &String| source.dbf.get(member).map(PathBuf::as_path).into_iter().collect();
    members.into_iter().map(|member| (of(ours, member), of(theirs, member))).collect()
}

/// Rows of a table, by key, with the table's columns in their order; a column that is not there is `None`.
struct Rows {
    rows: BTreeMap<Vec<String>, Vec<Option<String>>>,
    missing: BTreeSet<&'static str>,
}

fn read(table: &Table, paths: &[&Path]) -> Result<Rows, FileError> {
    let mut read = Rows { rows: BTreeMap::new(), missing: BTreeSet::new() };
    for path in paths {
        let bytes = fs::read(path).map_err(|error| FileError::system(path, &error))?;
        let is_dbf = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("dbf"));
        let (names, records) = if is_dbf {
            let file = dbf::read(path, &bytes)?;
            (file.columns.into_iter().map(|(name, _)| name).collect(), file.records)
        } else {
            comma(path, &bytes)?
        };
        read.take(table, path, &names, records)?;
    }
    Ok(read)
}

impl Rows {
    fn take(
        &mut self,
        table: &Table,
        path: &Path,
        names: &[String],
        records: Vec<Vec<String>>,
    ) -> Result<(), FileError> {
        let place_of = |name: &str| names.iter().position(|other| other.trim().eq_ignore_ascii_case(name));
        let places: Vec<Option<usize>> = table.columns.iter().map(|column| place_of(column.name)).collect();
        for (place, column) in places.iter().zip(table.columns) {
            if place.is_none() {
                self.missing.insert(column.name);
            }
        }
        if let Some(&key) = table.key.iter().find(|&&key| places[key].is_none()) {
            let name = table.columns[key].name;
            return Err(FileError::form(path, format!("no column {name}, which says which row it is")));
        }
        for mut record in records {
            let cells: Vec<Option<String>> =
                places.iter().map(|place| place.and_then(|place| record.get_mut(place)).map(std::mem::take)).collect();
            let mut key: Vec<String> =
                table.key.iter().map(|&place| cells[place].clone().unwrap_or_default()).collect();
            let first = key.clone();
            let mut times = 1;
            while self.rows.contains_key(&key) {
                times += 1;
                key.clone_from(&first);
                key.push(format!("#{times}"));
            }
            self.rows.insert(key, cells);
        }
        Ok(())
    }
}

/// A CSV file, in UTF-8 or GBK: its head and its rows.
fn comma(path: &Path, bytes: &[u8]) -> Result<(Vec<String>, Vec<Vec<String>>), FileError> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{FEFF}').to_owned(),
        Err(_) => dbf::decode(bytes).ok_or_else(|| FileError::form(path, "neither UTF-8 nor GBK"))?,
    };
    let fault = |error: csv::Error| {
        let row = error.position().map(csv::Position::line);
        FileError { file: path.into(), row, column: None, why: Why::Form(error.to_string()) }
    };
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let texts =
        |record: &csv::StringRecord| record.iter().map(|text| text.trim_matches(' ').to_owned()).collect::<Vec<_>>();
    let head = texts(reader.headers().map_err(fault)?);
    let rows =
        reader.records().map(|record| record.map(|record| texts(&record)).map_err(fault)).collect::<Result<_, _>>()?;
    Ok((head, rows))
}

/// What comparing a unit found.
#[derive(Default)]
struct Unit {
    counts: Counts,
    items: Vec<Item>,
    left_out: u64,
    columns_missing: BTreeSet<&'static str>,
    /// Of trades: those that make a difference, with their member.
    trades: Vec<(String, Since)>,
}

fn unit(table: &Table, ours: &[&Path], theirs: &[&Path], firsts: &Firsts) -> Result<Unit, FileError> {
    let (ours, theirs) = (read(table, ours)?, read(table, theirs)?);
    let mut unit = Unit { columns_missing: &ours.missing | &theirs.missing, ..Unit::default() };
    let keys: BTreeSet<&Vec<String>> = ours.rows.keys().chain(theirs.rows.keys()).collect();
    for key in keys {
        match (ours.rows.get(key), theirs.rows.get(key)) {
            (Some(one), Some(other)) => {
                unit.counts.rows += 1;
                unit.row(table, key, one, other, firsts);
            }
            (Some(one), None) => {
                unit.counts.missing_in_theirs += 1;
                unit.missing(table, key, one, Found::MissingInTheirs, firsts);
            }
            (None, Some(other)) => {
                unit.counts.missing_in_ours += 1;
                unit.missing(table, key, other, Found::MissingInOurs, firsts);
            }
            (None, None) => {}
        }
    }
    Ok(unit)
}

impl Unit {
    fn row(
        &mut self,
        table: &Table,
        key: &[String],
        one: &[Option<String>],
        other: &[Option<String>],
        firsts: &Firsts,
    ) {
        let mut differs = false;
        for (place, column) in table.columns.iter().enumerate() {
            let (Some(ours), Some(theirs)) = (&one[place], &other[place]) else { continue };
            if table.key.contains(&place) {
                continue;
            }
            match Likeness::of(ours, theirs) {
                Likeness::Equal => self.counts.equal += 1,
                Likeness::Rounded => {
                    self.counts.equal += 1;
                    self.counts.rounded += 1;
                }
                Likeness::Unknown => self.counts.unknown += 1,
                Likeness::Different(difference) => {
                    self.counts.different += 1;
                    differs = true;
                    self.item(|| Item {
                        table: table.name.into(),
                        key: key.to_vec(),
                        found: Found::Different,
                        column: Some(column.name.into()),
                        ours: Some(ours.clone()),
                        theirs: Some(theirs.clone()),
                        difference,
                        since: firsts.of(table, one),
                    });
                }
            }
        }
        if differs {
            self.trade(table, one);
        }
    }

    fn missing(&mut self, table: &Table, key: &[String], row: &[Option<String>], found: Found, firsts: &Firsts) {
        self.item(|| Item {
            table: table.name.into(),
            key: key.to_vec(),
            found,
            column: None,
            ours: None,
            theirs: None,
            difference: None,
            since: firsts.of(table, row),
        });
        self.trade(table, row);
    }

    fn item(&mut self, item: impl FnOnce() -> Item) {
        if self.items.len() < MOST_ITEMS {
            self.items.push(item());
        } else {
            self.left_out += 1;
        }
    }

    fn trade(&mut self, table: &Table, row: &[Option<String>]) {
        if table.name != "Trade" {
            return;
        }
        let text = |column: &str| {
            let place = table.columns.iter().position(|other| other.name == column);
            place.and_then(|place| row[place].clone()).unwrap_or_default()
        };
        let since = Since {
            time: text("Ttime"),
            trade: text("Tradeid"),
            client: text("clientID"),
            instrument: text("instrID"),
        };
        self.trades.push((text("partID"), since));
    }
}

/// The first trades that make a difference: of a member, of its client, of that in an instrument.
#[derive(Default)]
struct Firsts(BTreeMap<Vec<String>, Since>);

impl Firsts {
    fn add(&mut self, member: &str, since: Since) {
        let whose = [member, &since.client, &since.instrument].map(String::from);
        for many in 1..=whose.len() {
            let first = self.0.entry(whose[..many].to_vec()).or_insert_with(|| since.clone());
            if since < *first {
                first.clone_from(&since);
            }
        }
    }

    /// Of the member, client and instrument that a row names.
    fn of(&self, table: &Table, row: &[Option<String>]) -> Option<Since> {
        let whose: &[usize] = match table.name {
            "SettlementDetail" | "Position" => &[0, 1, 2],
            "Delivery" => &[1, 3, 0],
            "ClientCapitalDetail" => &[1, 2],
            "Account" => &[0, 1],
            "Capital" | "Member" | "Funds" => &[0],
            _ => return None,
        };
        let whose: Option<Vec<String>> = whose.iter().map(|&place| row[place].clone()).collect();
        self.0.get(&whose?).cloned()
    }
}

enum Likeness {
    Equal,
    Rounded,
    Unknown,
    Different(Option<String>),
}

impl Likeness {
    fn of(ours: &str, theirs: &str) -> Self {
        if ours == theirs {
            return Likeness::Equal;
        }
        if ours == "-" || theirs == "-" {
            return Likeness::Unknown;
        }
        let (Some(one), Some(other)) = (table::decimal(ours), table::decimal(theirs)) else {
            return Likeness::Different(None);
        };
        if one.0 == other.0 {
            return Likeness::Equal;
        }
        let decimals = one.1.min(other.1);
        let unit = 10i128.pow(4 - decimals);
        let rounded = |parts: i64| {
            let size = (i128::from(parts).abs() + unit / 2) / unit;
            if parts < 0 { -size } else { size }
        };
        if one.1 != other.1 && rounded(one.0) == rounded(other.0) {
            return Likeness::Rounded;
        }
        let difference = i128::from(one.0) - i128::from(other.0);
        let (sign, size) = (if difference < 0 { "-" } else { "" }, difference.unsigned_abs());
        Likeness::Different(Some(format!("{sign}{}.{:04}", size / 10_000, size % 10_000)))
    }
}
