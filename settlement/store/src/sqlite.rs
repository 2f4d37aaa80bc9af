//! SQLite: one file, without a server.

use crate::StoreError;
use crate::days::{Database, Dialect, Hear, Transaction};
use crate::tables::{Table, Type, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql, TransactionBehavior, params_from_iter};
use settlement::result::DayResult;
use std::time::Duration;

/// How long somebody else's transaction is waited for: a market day is saved in a few minutes.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) struct Sqlite {
    connection: Connection,
    path: String,
}

impl Sqlite {
    pub(crate) fn open(path: &str) -> Result<Self, StoreError> {
        let said = |error| said(path, error);
        let connection = Connection::open(path).map_err(said)?;
        connection.busy_timeout(PATIENCE).map_err(said)?;
        // New pages need no copy of the old ones, so that the plain journal is the quickest here; 64 MiB of pages stay in memory.
        connection.execute_batch("PRAGMA cache_size = -65536").map_err(said)?;
        Ok(Sqlite { connection, path: path.into() })
    }

    fn transaction(&mut self, behavior: TransactionBehavior) -> Result<Box<dyn Transaction + '_>, StoreError> {
        let Sqlite { connection, path } = self;
        let transaction = connection.transaction_with_behavior(behavior).map_err(|error| said(path, error))?;
        Ok(Box::new(Changes { transaction, path }))
    }
}

fn said(path: &str, error: rusqlite::Error) -> StoreError {
    StoreError::Database { at: path.into(), said: error.to_string() }
}

impl Database for Sqlite {
    const DIALECT: Dialect = Dialect { int: "INTEGER", text: "TEXT", end: " STRICT, WITHOUT ROWID" };

    fn begin(&mut self) -> Result<Box<dyn Transaction + '_>, StoreError> {
        self.transaction(TransactionBehavior::Immediate)
    }

    fn look(&mut self) -> Result<Box<dyn Transaction + '_>, StoreError> {
        self.transaction(TransactionBehavior::Deferred)
    }
}

struct Changes<'a> {
    transaction: rusqlite::Transaction<'a>,
    path: &'a str,
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Value::Int(value) => ValueRef::Integer(value),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl Transaction for Changes<'_> {
    fn run(&mut self, statement: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let concerned = self.transaction.execute(statement, params_from_iter(values));
        concerned.map(|rows| rows as u64).map_err(|error| said(self.path, error))
    }

    fn ask(
        &mut self,
        question: &str,
        values: &[Value<'_>],
        types: &[Type],
        hear: &mut Hear<'_>,
    ) -> Result<(), StoreError> {
        let said = |error| said(self.path, error);
        let mut prepared = self.transaction.prepare(question).map_err(said)?;
        let mut rows = prepared.query(params_from_iter(values)).map_err(said)?;
        while let Some(row) = rows.next().map_err(said)? {
            let values: Result<Vec<Value<'_>>, _> = (0..types.len()).map(|column| value(row, column)).collect();
            hear(&values.map_err(said)?)?;
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
        let said = |error| said(self.path, error);
        let places: Vec<String> = (1..=table.columns.len() + 2).map(|place| format!("?{place}")).collect();
        let statement = format!("INSERT INTO {} VALUES ({})", table.name, places.join(", "));
        let mut prepared = self.transaction.prepare(&statement).map_err(said)?;
        (table.rows)(result, &mut |values| {
            heard(values)?;
            prepared
                .execute(params_from_iter(run.iter().map(|&part| Value::Int(part)).chain(values.iter().copied())))
                .map_err(said)?;
            Ok(())
        })
    }

    fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.transaction.commit().map_err(|error| said(self.path, error))
    }
}

/// What is neither a number nor a text was not written by us: it is no number.
fn value<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<Value<'a>> {
    match row.get_ref(column)? {
        ValueRef::Integer(value) => Ok(Value::Int(value)),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).map(Value::Text).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
        }),
        other => Err(rusqlite::Error::InvalidColumnType(column, String::new(), other.data_type())),
    }
}
