//! Members' files: dBase III, every column of type C, in GBK.
//!
//! | bytes | what |
//! |---|---|
//! | 0 | 03h: dBase III without memo |
//! | 1-3 | the file's date: year - 1900, month, day. It is the trading day, never the clock: the same result makes the same bytes |
//! | 4-7 | records, little-endian |
//! | 8-9 | length of the header: 32 + 32 x columns + 1 |
//! | 10-11 | length of a record: 1 + the columns' widths |
//! | 12-28 | zeros |
//! | 29 | 4Dh: language driver GBK; dBase III leaves zero there, later readers look |
//! | 30-31 | zeros |
//! | 32… | a column each 32 bytes: name (11, zeros behind), `C`, four zeros, width, decimals (0), 14 zeros |
//! | … | 0Dh |
//! | … | records: a blank (not deleted), then each column, left-aligned, blanks behind |
//! | last | 1Ah |
//!
//! Left open by the sources and decided here: numbers are text as the `table` module says; they are left-aligned, like texts; a value of which
//! nothing is known is `-`.
//!
//! Reading takes any bytes: it checks the lengths against the file before it looks at a record, skips deleted records, does without the last
//! 1Ah, takes columns of type C, N, F, D and L as text, and promises an error for all else, never a panic.
//!
//! Crates that write dBase (`dbase` is alive) take dates from the clock and numbers through floats, so the writer is our own; `dbase` reads the
//! files back in the tests.

use crate::error::{FileError, Why};
use crate::table::{self, Cell, Column, Shape};
use encoding_rs::{GB18030, GBK};
use std::path::Path;

const VERSION: u8 = 0x03;
const LANGUAGE_GBK: u8 = 0x4D;
const END_OF_HEADER: u8 = 0x0D;
const END_OF_FILE: u8 = 0x1A;
const HEADER: usize = 32;
const DESCRIPTOR: usize = 32;
const NAME: usize = 11;
const DELETED: u8 = b'*';
/// Columns a file may have at most: dBase III's own limit.
const MOST_COLUMNS: usize = 128;

/// A file being made.
pub struct Writer<'a> {
    file: &'a Path,
    columns: &'a [Column],
    bytes: Vec<u8>,
    records: u32,
}

/// A file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DbfFile {
    /// Its date, yyyymmdd.
    pub date: u32,
    /// Names and widths of its columns.
    pub columns: Vec<(String, u8)>,
    /// Its records: a text for each column, without the blanks around it.
    pub records: Vec<Vec<String>>,
}

impl<'a> Writer<'a> {
    /// A file without records. `file` is what errors name.
    #[must_use]
    pub fn new(file: &'a Path, day: u32, columns: &'a [Column]) -> Self {
        assert!(columns.len() <= MOST_COLUMNS, "our tables have few columns");
        let width: usize = 1 + columns.iter().map(|column| usize::from(column.width)).sum::<usize>();
        let header = HEADER + DESCRIPTOR * columns.len() + 1;
        let mut bytes = vec![0; HEADER];
        bytes[0] = VERSION;
        let years = (day / 10_000).saturating_sub(1_900).min(255);
        bytes[1..4].copy_from_slice(&[years as u8, (day / 100 % 100) as u8, (day % 100) as u8]);
        bytes[8..10].copy_from_slice(&(header as u16).to_le_bytes());
        bytes[10..12].copy_from_slice(&(width as u16).to_le_bytes());
        bytes[29] = LANGUAGE_GBK;
        for column in columns {
            let begin = bytes.len();
            bytes.resize(begin + DESCRIPTOR, 0);
            assert!(column.name.len() < NAME, "names have ten letters at most");
            bytes[begin..begin + column.name.len()].copy_from_slice(column.name.as_bytes());
            bytes[begin + NAME] = b'C';
            bytes[begin + 16] = column.width;
        }
        bytes.push(END_OF_HEADER);
        Writer { file, columns, bytes, records: 0 }
    }

    /// Appends a record.
    ///
    /// # Errors
    /// What does not fit, with its record and column. The file is of no use then.
    pub fn record(&mut self, cells: &[Cell<'_>]) -> Result<(), FileError> {
        assert_eq!(cells.len(), self.columns.len(), "a cell for each column");
        self.records = self.records.checked_add(1).ok_or_else(|| FileError::of(self.file, Why::Overflow))?;
        self.bytes.push(b' ');
        for (column, cell) in self.columns.iter().zip(cells) {
            let (begin, width) = (self.bytes.len(), usize::from(column.width));
            match (cell, column.shape) {
                (Cell::Text(text), _) => push_gbk(&mut self.bytes, text),
                (Cell::Decimal(parts), Shape::Short) => {
                    table::push_short(&mut self.bytes, *parts, width);
                    Ok(())
                }
                (cell, _) => {
                    table::push_cell(&mut self.bytes, *cell);
                    Ok(())
                }
            }
            .and_then(|()| {
                let value = || String::from_utf8_lossy(&self.bytes[begin..]).into_owned();
                let value = || if let Cell::Text(text) = cell { (*text).to_owned() } else { value() };
                if self.bytes.len() - begin > width { Err(Why::TooWide { value: value(), width }) } else { Ok(()) }
            })
            .map_err(|why| FileError::of(self.file, why).at(self.records.into(), column.name))?;
            self.bytes.resize(begin + width, b' ');
        }
        Ok(())
    }

    /// The whole file, and how many records it has.
    #[must_use]
    pub fn end(mut self) -> (Vec<u8>, u64) {
        self.bytes[4..8].copy_from_slice(&self.records.to_le_bytes());
        self.bytes.push(END_OF_FILE);
        (self.bytes, self.records.into())
    }
}

/// Appends a text in GBK, without the blanks around it.
pub(crate) fn push_gbk(out: &mut Vec<u8>, text: &str) -> Result<(), Why> {
    let text = text.trim_matches(' ');
    if text.chars().any(char::is_control) {
        return Err(Why::Character(text.into()));
    }
    if text.is_ascii() {
        out.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    let (bytes, _, has_unmappable) = GBK.encode(text);
    if has_unmappable {
        return Err(Why::Character(text.into()));
    }
    out.extend_from_slice(&bytes);
    Ok(())
}

/// Reads a file.
///
/// # Errors
/// Bytes that are no such file: what was expected, and where.
pub fn read(file: &Path, bytes: &[u8]) -> Result<DbfFile, FileError> {
    let form = |expected: String| FileError::form(file, expected);
    let Some(header) = bytes.get(..HEADER) else {
        return Err(form(format!("{} bytes where a header of {HEADER} is expected", bytes.len())));
    };
    if header[0] != VERSION {
        return Err(form(format!("version {:02X}h where 03h (dBase III) is expected", header[0])));
    }
    let two = |place: usize| usize::from(u16::from_le_bytes([header[place], header[place + 1]]));
    let records = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
    let (header_length, record_length) = (two(8), two(10));
    let date = (u32::from(header[1]) + 1_900) * 10_000 + u32::from(header[2]) * 100 + u32::from(header[3]);
    let Some(descriptors) = bytes.get(HEADER..header_length).filter(|descriptors| !descriptors.is_empty()) else {
        return Err(form(format!("a header of {header_length} bytes in a file of {}", bytes.len())));
    };
    let mut columns = Vec::new();
    for descriptor in descriptors.chunks(DESCRIPTOR) {
        if descriptor[0] == END_OF_HEADER {
            break;
        }
        let place = columns.len() + 1;
        if descriptor.len() < DESCRIPTOR || columns.len() == MOST_COLUMNS {
            return Err(form(format!("column {place}: 0Dh is expected at the header's end")));
        }
        let name = descriptor[..NAME].split(|&byte| byte == 0).next().unwrap_or_default();
        let name = decode(name).ok_or_else(|| form(format!("column {place}: its name is not GBK")))?;
        if !matches!(descriptor[NAME], b'C' | b'N' | b'F' | b'D' | b'L') {
            return Err(form(format!("column {name}: type {:02X}h where C is expected", descriptor[NAME])));
        }
        columns.push((name, descriptor[16]));
    }
    let width = 1 + columns.iter().map(|(_, width)| usize::from(*width)).sum::<usize>();
    if columns.is_empty() || width != record_length {
        return Err(form(format!("records of {record_length} bytes, but columns of {width}")));
    }
    let body = &bytes[header_length..];
    let of_records = records.checked_mul(record_length).and_then(|length| body.get(..length));
    let Some(of_records) = of_records else {
        return Err(form(format!("{records} records of {record_length} bytes, but {} bytes", body.len())));
    };
    if !matches!(&body[of_records.len()..], [] | [END_OF_FILE, ..]) {
        return Err(form(format!("more than its {records} records: 1Ah is expected behind them")));
    }
    let mut read = DbfFile { date, columns, records: Vec::with_capacity(records) };
    for (place, record) in of_records.chunks_exact(record_length).enumerate() {
        let row = place as u64 + 1;
        match record[0] {
            b' ' => {}
            DELETED => continue,
            other => return Err(form(format!("{other:02X}h where a blank or * is expected")).at(row, "")),
        }
        let mut rest = &record[1..];
        let mut texts = Vec::with_capacity(read.columns.len());
        for (name, width) in &read.columns {
            let (cell, behind) = rest.split_at((*width).into());
            let text = decode(cell).ok_or_else(|| form("it is not GBK".into()).at(row, name))?;
            texts.push(text.trim_matches([' ', '\0']).to_owned());
            rest = behind;
        }
        read.records.push(texts);
    }
    Ok(read)
}

/// Bytes of GBK, or of GB18030 beyond it, as text.
pub(crate) fn decode(bytes: &[u8]) -> Option<String> {
    GB18030.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
}
