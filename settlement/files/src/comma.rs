//! CSV: UTF-8 without a mark, a head line of column names, commas, quotes where a text needs them, lines end with LF; numbers as the `table` module
//! says.

use crate::day::Day;
use crate::error::{FileError, Why};
use crate::market;
use crate::table::{Table, push_cell};
use std::io::Write;
use std::path::Path;

/// Writes a table of the whole market; how many rows it has. `file` is what errors name.
pub(crate) fn write(table: &Table, day: &Day<'_>, file: &Path, out: &mut dyn Write) -> Result<u64, FileError> {
    let system = |error: csv::Error| FileError::system(file, &error);
    let mut csv = csv::WriterBuilder::new().from_writer(out);
    csv.write_record(table.columns.iter().map(|column| column.name)).map_err(system)?;
    let (mut rows, mut field) = (0u64, Vec::new());
    market::rows(table, day, file, &mut |cells| {
        assert_eq!(cells.len(), table.columns.len(), "a cell for each column of {}", table.name);
        rows += 1;
        for (cell, column) in cells.iter().zip(table.columns) {
            field.clear();
            push_cell(&mut field, *cell);
            if field.iter().any(u8::is_ascii_control) {
                let why = Why::Character(String::from_utf8_lossy(&field).into_owned());
                return Err(FileError::of(file, why).at(rows, column.name));
            }
            csv.write_field(&field).map_err(system)?;
        }
        csv.write_record(None::<&[u8]>).map_err(system)
    })?;
    csv.flush().map_err(|error| FileError::system(file, &error))?;
    Ok(rows)
}
