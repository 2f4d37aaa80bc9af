//! One CSV file of a day, read row by row, and everything that is wrong with it.
//!
//! The first row names the columns, in any order; those that may be left out have a default, and a field of theirs may be empty. A line
//! that begins with `#` is a comment. Rows are counted as an editor counts lines: the first row is 1. A fault names file, row and column,
//! what stood there and what was expected; reading goes on, so that one look finds them all.

use csv::{ReaderBuilder, StringRecord};
use std::fmt;
use std::path::Path;

/// Most faults that are kept; more are counted.
pub const FAULTS_KEPT: usize = 1_000;

/// Something wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// The file's name in its folder.
    pub file: String,
    /// Which row, from 1; None: the file itself.
    pub row: Option<u64>,
    /// Which column.
    pub column: Option<String>,
    /// What stood there and what was expected.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.file)?;
        if let Some(row) = self.row {
            write!(out, ", row {row}")?;
        }
        if let Some(column) = &self.column {
            write!(out, ", column {column}")?;
        }
        write!(out, ": {}", self.message)
    }
}

/// Everything that is wrong with a day's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first [`FAULTS_KEPT`] of them.
    pub list: Vec<Fault>,
    /// How many there are in all.
    pub count: u64,
}

impl Faults {
    /// One more.
    pub fn push(&mut self, file: &str, row: Option<u64>, column: Option<&str>, message: String) {
        self.count += 1;
        if self.list.len() < FAULTS_KEPT {
            let column = column.map(str::to_owned);
            self.list.push(Fault { file: file.to_owned(), row, column, message });
        }
    }
}

impl fmt::Display for Faults {
    /// One line: the first one, and how many more there are.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.list.first() {
            None => write!(out, "no fault"),
            Some(first) if self.count == 1 => write!(out, "{first}"),
            Some(first) => write!(out, "{first}; and {} more: `backstop day load` names all", self.count - 1),
        }
    }
}

/// A column that a file may have.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in the first row.
    pub name: &'static str,
    /// It must be there, and no field of it empty.
    pub required: bool,
}

/// A column that must be there.
#[must_use]
pub const fn must(name: &'static str) -> Column {
    Column { name, required: true }
}

/// A column that may be left out, and whose fields may be empty.
#[must_use]
pub const fn may(name: &'static str) -> Column {
    Column { name, required: false }
}

/// One row, being read: getters name a fault and go on.
pub struct Row<'a> {
    file: &'a str,
    /// Its row in the file.
    pub number: u64,
    record: &'a StringRecord,
    places: &'a [(Column, Option<usize>)],
    faults: &'a mut Faults,
    is_whole: bool,
}

/// Reads a file of the folder. False: it is not there.
pub fn read(
    folder: &Path,
    file: &str,
    columns: &[Column],
    faults: &mut Faults,
    mut each: impl FnMut(&mut Row<'_>),
) -> bool {
    let path = folder.join(file);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return false,
        Err(error) => {
            faults.push(file, None, None, format!("cannot be read: {error}"));
            return true;
        }
    };
    let mut lines = Lines { bytes: &bytes, counted: 0, line: 1 };
    let mut reader = ReaderBuilder::new().comment(Some(b'#')).flexible(true).from_reader(bytes.as_slice());
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            faults.push(file, Some(1), None, words(&error));
            return true;
        }
    };
    let top = header.position().map_or(1, |position| lines.of(position));
    let name_at = |place: usize| header.get(place).unwrap_or_default().trim_start_matches('\u{feff}').trim();
    let mut places: Vec<(Column, Option<usize>)> = columns.iter().map(|column| (*column, None)).collect();
    for place in 0..header.len() {
        match places.iter_mut().find(|(column, _)| column.name == name_at(place)) {
            Some((_, known @ None)) => *known = Some(place),
            Some((column, Some(_))) => faults.push(file, Some(top), Some(column.name), "stands there twice".to_owned()),
            None => {
                let known: Vec<&str> = columns.iter().map(|column| column.name).collect();
                let message = format!("unknown column; expected {}", known.join(", "));
                faults.push(file, Some(top), Some(name_at(place)), message);
            }
        }
    }
    let missing = places.iter().filter(|(column, place)| column.required && place.is_none()).count();
    if missing > 0 {
        for (column, _) in places.iter().filter(|(column, place)| column.required && place.is_none()) {
            faults.push(file, Some(top), Some(column.name), "column is missing".to_owned());
        }
        return true;
    }
    let mut record = StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => return true,
            Err(error) => {
                let row = error.position().map(|position| lines.of(position));
                faults.push(file, row, None, words(&error));
                if !matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) {
                    return true;
                }
            }
            Ok(true) => {
                let number = record.position().map_or(0, |position| lines.of(position));
                if record.len() == header.len() {
                    each(&mut Row { file, number, record: &record, places: &places, faults, is_whole: true });
                } else {
                    let message = format!("{} fields; expected {}", record.len(), header.len());
                    faults.push(file, Some(number), None, message);
                }
            }
        }
    }
}

/// Counts a file's lines as far as records were read. A record's own position stands before the comments, and before the second half of a
/// line's end, that come ahead of it.
struct Lines<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line in which the record at a position begins.
    fn of(&mut self, position: &csv::Position) -> u64 {
        let mut at = usize::try_from(position.byte()).unwrap_or(usize::MAX).min(self.bytes.len());
        loop {
            match self.bytes.get(at) {
                Some(b'\n' | b'\r') => at += 1,
                Some(b'#') => {
                    at += self.bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(self.bytes.len() - at)
                }
                _ => break,
            }
        }
        if at >= self.counted {
            self.line += self.bytes[self.counted..at].iter().filter(|byte| **byte == b'\n').count() as u64;
            self.counted = at;
        }
        self.line
    }
}

fn words(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "expected UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}

impl Row<'_> {
    /// Nothing was wrong with it so far.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Something is wrong with a field.
    pub fn fault(&mut self, column: &str, message: String) {
        self.is_whole = false;
        self.faults.push(self.file, Some(self.number), Some(column), message);
    }

    /// A field as it stands there; empty if its column was left out.
    #[must_use]
    pub fn field(&self, column: &str) -> &str {
        let place = self.places.iter().find(|(known, _)| known.name == column).and_then(|(_, place)| *place);
        place.and_then(|place| self.record.get(place)).unwrap_or_default().trim()
    }

    /// A text of 1 to `most` bytes without control characters.
    pub fn text(&mut self, column: &str, most: usize) -> String {
        let text = self.field(column).to_owned();
        if text.is_empty() || text.len() > most || text.contains(char::is_control) {
            let message = format!("`{}` has {} bytes; expected 1 to {most}", text.escape_debug(), text.len());
            self.fault(column, message);
        }
        text
    }

    /// The same, or nothing where there is nothing.
    pub fn text_or_none(&mut self, column: &str, most: usize) -> Option<String> {
        (!self.field(column).is_empty()).then(|| self.text(column, most))
    }

    /// What `read` makes of a field; `default` where it is empty and may be.
    pub fn value<T>(
        &mut self,
        column: &str,
        default: Option<T>,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.field(column);
        if text.is_empty() && default.is_some() {
            return default;
        }
        let value = read(text);
        if value.is_none() {
            let message = format!("`{}`: expected {expected}", text.escape_debug());
            self.fault(column, message);
        }
        value
    }

    /// A whole number of a range; on a fault its least.
    pub fn number<N>(&mut self, column: &str, default: Option<N>, range: std::ops::RangeInclusive<N>) -> N
    where
        N: std::str::FromStr + PartialOrd + fmt::Display + Copy,
    {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let value =
            self.value(column, default, &expected, |text| text.parse().ok().filter(|value| range.contains(value)));
        value.unwrap_or(*range.start())
    }

    /// A decimal number of a range, in units of `places`; on a fault its least.
    pub fn decimal(
        &mut self,
        column: &str,
        default: Option<i64>,
        places: u32,
        range: std::ops::RangeInclusive<i64>,
    ) -> i64 {
        use super::decimal::{parse, show};
        let expected = format!(
            "a number from {} to {} with at most {places} decimal places",
            show(*range.start(), places),
            show(*range.end(), places)
        );
        let value =
            self.value(column, default, &expected, |text| parse(text, places).filter(|value| range.contains(value)));
        value.unwrap_or(*range.start())
    }

    /// One of a list of words; on a fault the first one's value.
    pub fn choice<T: Copy>(&mut self, column: &str, default: Option<T>, choices: &[(&str, T)]) -> T {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let find = |text: &str| choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        let value = self.value(column, default, &names.join(", "), find);
        value.unwrap_or(choices[0].1)
    }

    /// `true` or `false`.
    pub fn flag(&mut self, column: &str, default: Option<bool>) -> bool {
        self.choice(column, default, &[("false", false), ("true", true), ("0", false), ("1", true)])
    }

    /// One character of a list; on a fault its first.
    pub fn code(&mut self, column: &str, default: Option<char>, codes: &str) -> char {
        let one =
            |text: &str| text.chars().next().filter(|code| text.len() == code.len_utf8() && codes.contains(*code));
        let expected = codes.chars().map(String::from).collect::<Vec<_>>().join(", ");
        self.value(column, default, &expected, one).unwrap_or_else(|| codes.chars().next().unwrap_or('0'))
    }

    /// A date, yyyymmdd; 0 where there is none.
    pub fn date(&mut self, column: &str, default: Option<u32>) -> u32 {
        let read = |text: &str| text.replace('-', "").parse().ok().filter(|date| is_date(*date));
        self.value(column, default, "a date, yyyymmdd", read).unwrap_or(0)
    }
}

/// Whether a number is a date, yyyymmdd.
#[must_use]
pub fn is_date(date: u32) -> bool {
    let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (1_900..=9_999).contains(&year) && (1..=days).contains(&day)
}

/// Days since 1970-01-01 of a date, yyyymmdd (proleptic Gregorian; years that begin with March); 0 of what is before.
#[must_use]
pub fn days_of_date(date: u32) -> u64 {
    let (year, month, day) = (i64::from(date / 10_000), i64::from(date / 100 % 100), i64::from(date % 100));
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468;
    u64::try_from(days).unwrap_or(0)
}

/// `09:30`, `09:30:00` or `09:30:00.000` as milliseconds after 0:00; hours up to 47, for what comes after midnight.
#[must_use]
pub fn parse_time(text: &str) -> Option<u32> {
    let (clock, part) = text.split_once('.').unwrap_or((text, "000"));
    let mut parts = clock.split(':');
    let mut next = |most: u32| {
        let text = parts.next()?;
        (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(())?;
        text.parse::<u32>().ok().filter(|value| *value <= most)
    };
    let (hour, minute) = (next(47)?, next(59)?);
    let second = if clock.len() > 5 { next(59)? } else { 0 };
    if parts.next().is_some() || part.len() != 3 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(((hour * 60 + minute) * 60 + second) * 1_000 + part.parse::<u32>().ok()?)
}

/// Milliseconds after 0:00 as `09:30:00`, with thousandths where there are some.
#[must_use]
pub fn show_time(time: u32) -> String {
    let (seconds, part) = (time / 1_000, time % 1_000);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if part == 0 { clock } else { format!("{clock}.{part:03}") }
}
