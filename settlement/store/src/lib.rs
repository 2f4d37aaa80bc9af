//! Settled days in SQLite or PostgreSQL, by day and settlement id.
//!
//! One schema for both ([`tables`] lists every table and column). Money, prices and rates are integers of the same parts as everywhere: 1/10,000
//! yuan, rates of 1/100,000,000. What does not fit 64 bits is refused before anything is stored. The key of every table begins with day and
//! settlement id, so that runs of one day stand side by side.
//!
//! - A run is saved in one transaction: it is seen whole or not at all, whoever reads meanwhile.
//! - Saving the same run with the same content again changes nothing; with other content it is refused: the next run has the next id.
//! - With the run stands SHA-256 over all its values. Reading works it out again: a file that somebody changed is found, not believed.
//! - How far a run is released is no part of its content; each step of it is kept, with the reason and the time.

mod days;
mod postgres;
mod sqlite;
pub mod tables;

use settlement::Price;
use settlement::account::Funds;
use settlement::result::{DayResult, Head, Stage};
use std::fmt;

/// Where settled days are kept.
pub trait Store: Send {
    /// Saves a run, whole or not at all.
    ///
    /// # Errors
    /// [`StoreError::Other`] if the run is there with other content; [`StoreError::Refused`] if a value does not fit; the database's.
    fn save(&mut self, result: &DayResult) -> Result<Saved, StoreError>;

    /// Days that have runs, in order.
    ///
    /// # Errors
    /// The database's.
    fn days(&mut self) -> Result<Vec<u32>, StoreError>;

    /// The runs of a day, in the order of their ids.
    ///
    /// # Errors
    /// The database's.
    fn runs(&mut self, day: u32) -> Result<Vec<Run>, StoreError>;

    /// The id that the day's next run has: one more than the greatest, from 1.
    ///
    /// # Errors
    /// The database's.
    fn next_id(&mut self, day: u32) -> Result<u32, StoreError>;

    /// Puts a run at a stage, with the reason. A run that is there already is left alone.
    ///
    /// # Errors
    /// [`StoreError::NoRun`]; [`StoreError::Superseded`] if a later run of the day was released; the database's.
    fn release(&mut self, day: u32, settlement_id: u32, stage: Stage, reason: &str) -> Result<Run, StoreError>;

    /// A run as it was saved: names, by which terms, fees and settings it was made, figures, trades. The books before the close are not kept:
    /// they are the log's, and what they come to is among the figures.
    ///
    /// # Errors
    /// [`StoreError::NoRun`]; [`StoreError::Damaged`] if what is there is not what was saved; the database's.
    fn read(&mut self, day: u32, settlement_id: u32) -> Result<DayResult, StoreError>;

    /// What clearing members own and owe, by ParticipantId, in the order of members. Quick: for a status.
    ///
    /// # Errors
    /// [`StoreError::NoRun`]; [`StoreError::Damaged`]; the database's.
    fn funds(&mut self, day: u32, settlement_id: u32) -> Result<Vec<(String, Funds)>, StoreError>;

    /// An instrument's settlement prices in every run that has it, oldest first.
    ///
    /// # Errors
    /// The database's.
    fn instrument_history(&mut self, instrument: &str) -> Result<Vec<PriceOfRun>, StoreError>;
}

/// Opens a store, and makes it where there is none: `sqlite:PATH`, a plain path, or `postgres://user@host/database`.
///
/// PostgreSQL is spoken to without TLS: on one machine, or in a network of its own.
///
/// # Errors
/// [`StoreError::Url`]; [`StoreError::Version`]; the database's.
pub fn open(url: &str) -> Result<Box<dyn Store>, StoreError> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Box::new(days::Days::of(postgres::Postgres::open(url)?)?));
    }
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    if path.is_empty() || path.contains("://") {
        return Err(StoreError::Url);
    }
    Ok(Box::new(days::Days::of(sqlite::Sqlite::open(path)?)?))
}

/// What saving came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is stored now.
    New,
    /// It was there, the same to the last value.
    Already,
}

/// A run that is stored.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Run {
    /// Which run, and how far it is released.
    pub head: Head,
    /// When it was saved, seconds since the Unix epoch. No part of the content.
    pub saved_at: i64,
    /// SHA-256 over its content, in hexadecimal digits.
    pub content: String,
    /// Position rows, trades' sides.
    pub rows: u64,
    /// Both sides of every trade.
    pub trades: u64,
    /// How it was released, step by step.
    pub stages: Vec<StageStep>,
}

/// A step of a release.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StageStep {
    /// The stage since then.
    pub stage: Stage,
    /// Why.
    pub reason: String,
    /// When, seconds since the Unix epoch.
    pub at: i64,
}

/// An instrument's prices in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PriceOfRun {
    /// The trading day, yyyymmdd.
    pub day: u32,
    /// Which run of it.
    pub settlement_id: u32,
    /// How far that run is released.
    pub stage: Stage,
    /// Settlement price of the day before.
    pub previous: Price,
    /// Settlement price.
    pub settlement: Price,
}

/// Why a store did not do what it was asked. Nothing was changed.
#[derive(Debug)]
pub enum StoreError {
    /// The address is none that we know.
    Url,
    /// The database's own words, and where.
    Database {
        /// Which one: the file, or PostgreSQL.
        at: String,
        /// What it said.
        said: String,
    },
    /// The store was made by another version of the program.
    Version(i64),
    /// There is no such run.
    NoRun {
        /// The trading day.
        day: u32,
        /// Which run.
        settlement_id: u32,
    },
    /// The run is stored, and its content is other.
    Other {
        /// The trading day.
        day: u32,
        /// Which run.
        settlement_id: u32,
    },
    /// A later run of the day is released.
    Superseded {
        /// The trading day.
        day: u32,
        /// That run.
        by: u32,
    },
    /// A value that the schema does not hold: table and column.
    Refused {
        /// Which table.
        table: &'static str,
        /// Which column, or what is wrong.
        what: &'static str,
    },
    /// What is stored is not what was saved.
    Damaged {
        /// Which table.
        table: &'static str,
        /// Which column, or what is wrong.
        what: &'static str,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Url => out.write_str(
                "存储地址无效 the store's address is none: expected sqlite:PATH, a path, or postgres://user@host/database",
            ),
            StoreError::Database { at, said } => write!(out, "{at}: {said}"),
            StoreError::Version(found) => write!(
                out,
                "存储版本不符 the store has schema {found}, this program writes {}: use another file or database",
                tables::SCHEMA
            ),
            StoreError::NoRun { day, settlement_id } => {
                write!(out, "{day}: 没有结算编号 {settlement_id} there is no run with this settlement id")
            }
            StoreError::Other { day, settlement_id } => write!(
                out,
                "{day}: 结算编号 {settlement_id} 已保存且内容不同 this run is stored with other content; a new run takes the next id"
            ),
            StoreError::Superseded { day, by } => {
                write!(out, "{day}: 结算编号 {by} 已正式发布 the later run {by} is the official one")
            }
            StoreError::Refused { table, what } => {
                write!(out, "{table}.{what}: 数值超出范围 the value does not fit the store; nothing was saved")
            }
            StoreError::Damaged { table, what } => {
                write!(out, "{table}.{what}: 存储内容已损坏 what is stored is not what was saved")
            }
        }
    }
}

impl std::error::Error for StoreError {}
