//! Parquet: texts are STRING, counts INT64, money and prices DECIMAL(18, 4) over INT64, null where nothing is known; Snappy; so many rows a group.
//! The file says which run it is of (day, group, settlement id, epoch, sequence, digest) and nothing of when and where it was made.

use crate::day::Day;
use crate::error::FileError;
use crate::market;
use crate::table::{Cell, Shape, Table};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Rows of a group: some tens of megabytes in memory.
const ROWS_OF_A_GROUP: usize = 1 << 18;

/// A column's values, until a group is full.
enum Values {
    Text(Vec<ByteArray>),
    Count(Vec<i64>),
    /// Values, and for each row whether there is one.
    Decimal(Vec<i64>, Vec<i16>),
}

/// Writes a table of the whole market; how many rows it has. `file` is what errors name.
pub(crate) fn write<W: Write + Send>(table: &Table, day: &Day<'_>, file: &Path, out: W) -> Result<u64, FileError> {
    let fault = |error: ParquetError| FileError::system(file, &error);
    let properties = WriterProperties::builder()
        .set_created_by(format!("backstop settlement {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(which_run(day)))
        .build();
    let mut writer =
        SerializedFileWriter::new(out, schema(table).map_err(fault)?, Arc::new(properties)).map_err(fault)?;
    let mut values: Vec<Values> = table.columns.iter().map(|column| Values::of(column.shape)).collect();
    let (mut rows, mut waiting) = (0u64, 0);
    market::rows(table, day, file, &mut |cells| {
        assert_eq!(cells.len(), table.columns.len(), "a cell for each column of {}", table.name);
        values.iter_mut().zip(cells).for_each(|(values, cell)| values.push(cell));
        (rows, waiting) = (rows + 1, waiting + 1);
        if waiting == ROWS_OF_A_GROUP {
            group(&mut writer, &mut values).map_err(fault)?;
            waiting = 0;
        }
        Ok(())
    })?;
    if waiting > 0 {
        group(&mut writer, &mut values).map_err(fault)?;
    }
    writer.close().map_err(fault)?;
    Ok(rows)
}

fn which_run(day: &Day<'_>) -> Vec<KeyValue> {
    let head = &day.result.head;
    let said = [
        ("day", head.day.to_string()),
        ("group", head.group.clone()),
        ("settlement_id", head.settlement_id.to_string()),
        ("epoch", head.epoch.to_string()),
        ("last_sequence", head.last_sequence.to_string()),
        ("state_digest", format!("{:016x}", head.state_digest)),
    ];
    said.into_iter().map(|(key, value)| KeyValue::new(key.to_owned(), Some(value))).collect()
}

fn schema(table: &Table) -> Result<Arc<Type>, ParquetError> {
    let column = |column: &crate::table::Column| {
        let (physical, logical, repetition) = match column.shape {
            Shape::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String), Repetition::REQUIRED),
            Shape::Count => (Physical::INT64, None, Repetition::REQUIRED),
            Shape::Decimal | Shape::Short => (Physical::INT64, Some(LogicalType::decimal(4, 18)), Repetition::OPTIONAL),
        };
        let mut builder =
            Type::primitive_type_builder(column.name, physical).with_repetition(repetition).with_logical_type(logical);
        if repetition == Repetition::OPTIONAL {
            builder = builder.with_precision(18).with_scale(4);
        }
        builder.build().map(Arc::new)
    };
    let columns = table.columns.iter().map(column).collect::<Result<Vec<_>, _>>()?;
    Type::group_type_builder(table.name).with_fields(columns).build().map(Arc::new)
}

impl Values {
    fn of(shape: Shape) -> Self {
        match shape {
            Shape::Text => Values::Text(Vec::new()),
            Shape::Count => Values::Count(Vec::new()),
            Shape::Decimal | Shape::Short => Values::Decimal(Vec::new(), Vec::new()),
        }
    }

    fn push(&mut self, cell: &Cell<'_>) {
        match (self, cell) {
            (Values::Text(texts), cell) => {
                let text = if let Cell::Text(text) = cell { text.trim_matches(' ') } else { "-" };
                // Neighbours are often equal: they share their bytes.
                let again = texts.last().filter(|last| last.data() == text.as_bytes()).cloned();
                texts.push(again.unwrap_or_else(|| ByteArray::from(text)));
            }
            (Values::Count(counts), Cell::Count(count)) => counts.push(*count),
            (Values::Decimal(parts, there), Cell::Decimal(value)) => {
                parts.push(*value);
                there.push(1);
            }
            (Values::Decimal(_, there), Cell::Unknown) => there.push(0),
            (Values::Count(_) | Values::Decimal(..), cell) => {
                unreachable!("a table gives cells of its columns' shapes: {cell:?}")
            }
        }
    }
}

/// Writes what waits as a group of rows.
fn group<W: Write + Send>(writer: &mut SerializedFileWriter<W>, values: &mut [Values]) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for values in values {
        let mut column = group.next_column()?.expect("the schema has a column for each of the table's");
        match values {
            Values::Text(texts) => {
                column.typed::<ByteArrayType>().write_batch(texts, None, None)?;
                texts.clear();
            }
            Values::Count(counts) => {
                column.typed::<Int64Type>().write_batch(counts, None, None)?;
                counts.clear();
            }
            Values::Decimal(parts, there) => {
                column.typed::<Int64Type>().write_batch(parts, Some(there), None)?;
                parts.clear();
                there.clear();
            }
        }
        column.close()?;
    }
    group.close()?;
    Ok(())
}
