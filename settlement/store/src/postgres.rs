//! PostgreSQL. Rows go in by COPY in its binary form:
//!
//! ```text
//! "PGCOPY\n" FF 0D 0A 00 | 00000000 flags | 00000000 length of an extension       once
//! columns: i16 | length: i32, bytes: for each column                             for each row
//! FFFF                                                                           at the end
//! ```
//!
//! all with the highest byte first. A `bigint` has eight bytes, a text its UTF-8.

use crate::StoreError;
use crate::days::{Database, Dialect, Hear, Transaction};
use crate::tables::{Table, Type, Value};
use ::postgres::fallible_iterator::FallibleIterator as _;
use ::postgres::types::ToSql;
use ::postgres::{Client, IsolationLevel, NoTls};
use settlement::result::DayResult;
use std::io::Write as _;

/// Bytes handed to the connection at once.
const PIECE: usize = 1 << 16;

pub(crate) struct Postgres {
    client: Client,
}

impl Postgres {
    pub(crate) fn open(url: &str) -> Result<Self, StoreError> {
        Ok(Postgres { client: Client::connect(url, NoTls).map_err(said)? })
    }
}

fn said(error: ::postgres::Error) -> StoreError {
    let mut words = error.to_string();
    if let Some(inner) = std::error::Error::source(&error) {
        words = format!("{words}: {inner}");
    }
    StoreError::Database { at: "PostgreSQL".into(), said: words }
}

impl Database for Postgres {
    const DIALECT: Dialect = Dialect { int: "bigint", text: "text COLLATE \"C\"", end: "" };

    fn begin(&mut self) -> Result<Box<dyn Transaction + '_>, StoreError> {
        Ok(Box::new(Changes { transaction: self.client.transaction().map_err(said)? }))
    }

    fn look(&mut self) -> Result<Box<dyn Transaction + '_>, StoreError> {
        let one_moment = self.client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
        Ok(Box::new(Changes { transaction: one_moment.read_only(true).start().map_err(said)? }))
    }
}

struct Changes<'a> {
    transaction: ::postgres::Transaction<'a>,
}

impl<'a> Value<'a> {
    fn as_parameter(&self) -> &(dyn ToSql + Sync) {
        match self {
            Value::Int(value) => value,
            Value::Text(text) => text,
        }
    }
}

impl Transaction for Changes<'_> {
    fn run(&mut self, statement: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let parameters: Vec<_> = values.iter().map(Value::as_parameter).collect();
        self.transaction.execute(statement, &parameters).map_err(said)
    }

    fn ask(
        &mut self,
        question: &str,
        values: &[Value<'_>],
        types: &[Type],
        hear: &mut Hear<'_>,
    ) -> Result<(), StoreError> {
        let parameters: Vec<_> = values.iter().map(Value::as_parameter).collect();
        let mut rows = self.transaction.query_raw(question, parameters).map_err(said)?;
        while let Some(row) = rows.next().map_err(said)? {
            let mut values = Vec::with_capacity(types.len());
            for (column, kind) in types.iter().enumerate() {
                values.push(match kind {
                    Type::Int => Value::Int(row.try_get(column).map_err(said)?),
                    Type::Text => Value::Text(row.try_get(column).map_err(said)?),
                });
            }
            hear(&values)?;
        }
        Ok(())
    }

    fn fill(
        &mut self,
        table: &Table,
        run: [i64; 2],
        result: &DayResult,
        heard: &mut Hear<'_>,
    ) -> Result<(), StoreError> {
        let failed = |error: std::io::Error| StoreError::Database { at: "PostgreSQL".into(), said: error.to_string() };
        let mut copy = self.transaction.copy_in(&format!("COPY {} FROM STDIN BINARY", table.name)).map_err(said)?;
        let mut piece = Vec::with_capacity(PIECE + 4_096);
        piece.extend_from_slice(b"PGCOPY\n\xFF\r\n\0\0\0\0\0\0\0\0\0");
        let columns = (table.columns.len() + 2) as i16;
        (table.rows)(result, &mut |values| {
            heard(values)?;
            piece.extend_from_slice(&columns.to_be_bytes());
            for value in run.iter().map(|&part| Value::Int(part)).chain(values.iter().copied()) {
                match value {
                    Value::Int(value) => {
                        piece.extend_from_slice(&8i32.to_be_bytes());
                        piece.extend_from_slice(&value.to_be_bytes());
                    }
                    Value::Text(text) => {
                        let length = i32::try_from(text.len());
                        let length = length.map_err(|_| StoreError::Refused { table: table.name, what: "text" })?;
                        piece.extend_from_slice(&length.to_be_bytes());
                        piece.extend_from_slice(text.as_bytes());
                    }
                }
            }
            if piece.len() >= PIECE {
                copy.write_all(&piece).map_err(failed)?;
                piece.clear();
            }
            Ok(())
        })?;
        piece.extend_from_slice(&(-1i16).to_be_bytes());
        copy.write_all(&piece).map_err(failed)?;
        copy.finish().map(drop).map_err(said)
    }

    fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.transaction.commit().map_err(said)
    }
}
