//! The day's end: everything once more from the positions the day began with and its trades, in phases over shards of members.
//!
//! | phase | a task for each | what |
//! |---|---|---|
//! | trades | shard | rows take their trades, in the order of the log |
//! | exercise | option on its last day | what is exercised over the market, and to whom it is assigned |
//! | figures | shard | rows, then trading codes, then members |
//! | funds | – | clearing members |
//!
//! A member's rows are in one shard, so that no task waits for another of its phase; rayon's threads take tasks where there are some. The
//! number of shards and threads never changes a figure: sums are integers, and what has an order (assignment) is ordered by row keys.
//! A task that fails, or panics, is named, and the run ends with nothing half done: what it made is dropped.

use crate::account::{self, CodeSum, Figures, Funds, MemberFigures};
use crate::market::{AccountIndex, InstrumentIndex, Kind, Market};
use crate::row::{AtEnd, Impossible, Leg, Row, RowFigures, RowKey};
use crate::rules::option::{self, Instructed};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

/// What the day of a shard's members was.
#[derive(Clone, Debug, Default)]
pub struct ShardInput {
    /// Positions the day began with: long and short lots.
    pub carried: Vec<(RowKey, u32, u32)>,
    /// Its trades' sides, in the order of the log.
    pub legs: Vec<Leg>,
    /// What holders of options on their last day said.
    pub instructed: Vec<(RowKey, Instructed)>,
}

/// Which phase a task is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Rows take their trades.
    Trades,
    /// Options on their last day.
    Exercise,
    /// Rows, codes, members.
    Figures,
    /// Clearing members.
    Funds,
}

/// What went wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// In which phase.
    pub phase: Phase,
    /// Which task of it: a shard, or an instrument.
    pub task: usize,
    /// What.
    pub why: Why,
}

/// Why a task failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// A row cannot be.
    Row(RowKey, Impossible),
    /// More lots of an option are exercised than were sold: long and short positions differ.
    NobodyToAssign(InstrumentIndex),
    /// A sum is too large.
    Overflow,
    /// The task panicked, with these words.
    Panicked(String),
}

/// A settled day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Every row, in the order of keys.
    pub rows: Vec<SettledRow>,
    /// How each row ended: what was exercised and assigned of it.
    pub ended: Vec<(RowKey, AtEnd)>,
    /// Every trading code that has rows, in the order of accounts.
    pub accounts: Vec<(AccountIndex, Figures)>,
    /// Every member.
    pub members: Vec<MemberFigures>,
    /// Every member that clears.
    pub funds: Vec<Option<Funds>>,
}

/// A row as the day left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettledRow {
    /// Which.
    pub key: RowKey,
    /// What it began with and traded.
    pub row: Row,
    /// What it came to.
    pub figures: RowFigures,
}

/// How far a run is: tasks done, of all. Read by whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    all: AtomicU64,
}

impl Progress {
    /// Tasks done, and tasks in all as far as is known.
    #[must_use]
    pub fn get(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.all.load(Ordering::Relaxed))
    }
}

/// Settles a day. `shards`: all rows of a member's accounts are in one of them.
///
/// # Errors
/// [`Failed`]: the first task, in the order of tasks, that failed.
pub fn settle(market: &Market, shards: &[ShardInput], progress: &Progress) -> Result<Settled, Failed> {
    let expiring: Vec<InstrumentIndex> = expiring_options(market);
    progress.all.store((2 * shards.len() + expiring.len() + 1) as u64, Ordering::Relaxed);
    let books = tasks(Phase::Trades, shards, progress, |shard| Book::of(market, shard))?;
    let assigned = tasks(Phase::Exercise, &expiring, progress, |&instrument| exercise(instrument, &books))?;
    let mut at_end: HashMap<RowKey, AtEnd> = HashMap::new();
    at_end.extend(assigned.into_iter().flatten());
    let figures = tasks(Phase::Figures, &books, progress, |book| book.figures(market, &at_end))?;
    let mut settled = Settled { members: vec![MemberFigures::default(); market.members.len()], ..Settled::default() };
    for shard in figures {
        settled.rows.extend(shard.rows);
        settled.ended.extend(shard.ended);
        settled.accounts.extend(shard.accounts);
        for (member, figures) in shard.members {
            settled.members[usize::from(member)] = figures;
        }
    }
    settled.rows.par_sort_unstable_by_key(|row| row.key);
    settled.ended.par_sort_unstable_by_key(|(key, _)| *key);
    settled.accounts.par_sort_unstable_by_key(|(account, _)| *account);
    let funds =
        tasks(Phase::Funds, &[()], progress, |()| account::funds(market, &settled.members).map_err(|_| Why::Overflow))?;
    settled.funds = funds.into_iter().flatten().collect();
    Ok(settled)
}

/// Runs a phase: each task's outcome in the order of tasks.
fn tasks<I: Sync, O: Send>(
    phase: Phase,
    inputs: &[I],
    progress: &Progress,
    run: impl Fn(&I) -> Result<O, Why> + Sync,
) -> Result<Vec<O>, Failed> {
    let outcomes: Vec<Result<O, Why>> = inputs
        .par_iter()
        .map(|input| {
            let outcome = catch_unwind(AssertUnwindSafe(|| run(input))).unwrap_or_else(|panic| {
                let words = panic.downcast_ref::<String>().map(String::as_str);
                let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
                Err(Why::Panicked(words.into()))
            });
            progress.done.fetch_add(1, Ordering::Relaxed);
            outcome
        })
        .collect();
    let numbered = outcomes.into_iter().enumerate();
    numbered.map(|(task, outcome)| outcome.map_err(|why| Failed { phase, task, why })).collect()
}

fn expiring_options(market: &Market) -> Vec<InstrumentIndex> {
    let numbered = (0..).map(InstrumentIndex).zip(&market.instruments);
    let expiring =
        numbered.filter(|(_, instrument)| instrument.expires && matches!(instrument.kind, Kind::Option { .. }));
    expiring.map(|(index, _)| index).collect()
}

/// A shard's rows.
struct Book {
    /// In the order of keys.
    rows: Vec<(RowKey, Row)>,
    /// Those of options on their last day.
    holders: Vec<Holder>,
}

/// A row of an option on its last day.
#[derive(Clone, Copy)]
struct Holder {
    row: RowKey,
    /// Long lots that are exercised.
    exercised: u32,
    /// Short lots that may be assigned.
    short: u32,
}

impl Book {
    fn of(market: &Market, shard: &ShardInput) -> Result<Self, Why> {
        let mut places: HashMap<RowKey, u32, BuildHasherDefault<KeyHasher>> =
            HashMap::with_capacity_and_hasher(shard.carried.len(), BuildHasherDefault::default());
        let mut rows: Vec<(RowKey, Row)> = Vec::with_capacity(shard.carried.len());
        for &(key, long, short) in &shard.carried {
            places.insert(key, rows.len() as u32);
            rows.push((key, Row::carried(long, short)));
        }
        for leg in &shard.legs {
            let place = *places.entry(leg.row).or_insert_with(|| {
                rows.push((leg.row, Row::default()));
                (rows.len() - 1) as u32
            });
            rows[place as usize].1.take(leg, market).map_err(|why| Why::Row(leg.row, why))?;
        }
        rows.sort_unstable_by_key(|(key, _)| *key);
        let instructed: HashMap<RowKey, Instructed> = shard.instructed.iter().copied().collect();
        let holders = rows.iter().filter_map(|&(key, row)| {
            let instrument = market.instruments.get(usize::from(key.instrument.0))?;
            let ends = instrument.expires && matches!(instrument.kind, Kind::Option { .. });
            let said = instructed.get(&key).copied().unwrap_or_default();
            let short = u32::try_from(row.short.lots()).unwrap_or(u32::MAX);
            ends.then(|| Holder { row: key, exercised: row.exercised(instrument, said), short })
        });
        let holders = holders.collect();
        Ok(Book { rows, holders })
    }

    fn figures(&self, market: &Market, at_end: &HashMap<RowKey, AtEnd>) -> Result<ShardFigures, Why> {
        let mut made = ShardFigures::default();
        made.rows.reserve_exact(self.rows.len());
        let mut sum = CodeSum::default();
        for rows in self.rows.chunk_by(|(one, _), (other, _)| one.account == other.account) {
            sum.clear();
            let account = rows[0].0.account;
            for (key, row) in rows {
                let at_end = at_end.get(key).copied().unwrap_or(AtEnd { is_end: true, ..AtEnd::default() });
                let figures = row.figures(*key, market, at_end).map_err(|why| Why::Row(*key, why))?;
                sum.add(*key, &figures, market);
                made.rows.push(SettledRow { key: *key, row: *row, figures });
                made.ended.push((*key, at_end));
            }
            let figures = sum.figures().map_err(|_| Why::Overflow)?;
            made.accounts.push((account, figures));
            let code = &market.accounts[account.0 as usize];
            let member = made.members.entry(code.member.0).or_default();
            let side = if code.own { &mut member.own } else { &mut member.brokerage };
            *side = side.and(figures).map_err(|_| Why::Overflow)?;
        }
        Ok(made)
    }
}

#[derive(Default)]
struct ShardFigures {
    rows: Vec<SettledRow>,
    ended: Vec<(RowKey, AtEnd)>,
    accounts: Vec<(AccountIndex, Figures)>,
    members: BTreeMap<u16, MemberFigures>,
}

/// What is exercised of an option over the market, and who is assigned, in the order of row keys.
fn exercise(index: InstrumentIndex, books: &[Book]) -> Result<Vec<(RowKey, AtEnd)>, Why> {
    let of_option = books.iter().flat_map(|book| book.holders.iter().filter(|holder| holder.row.instrument == index));
    let mut holders: Vec<Holder> = of_option.copied().collect();
    holders.sort_unstable_by_key(|holder| holder.row);
    let exercised: u64 = holders.iter().map(|holder| u64::from(holder.exercised)).sum();
    let shorts: Vec<u32> = holders.iter().map(|holder| holder.short).collect();
    let assigned = option::assign(exercised, &shorts).ok_or(Why::NobodyToAssign(index))?;
    let at_end =
        |(holder, assigned): (Holder, u32)| (holder.row, AtEnd { is_end: true, exercised: holder.exercised, assigned });
    Ok(holders.into_iter().zip(assigned).map(at_end).collect())
}

/// A hash of row keys: they are small numbers, and nobody chooses them to hurt us.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(byte.into()));
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }

    fn write_u16(&mut self, value: u16) {
        self.write_u64(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        let mixed = (self.0 ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ mixed >> 29;
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match self.phase {
            Phase::Trades => "成交 trades",
            Phase::Exercise => "行权 exercise",
            Phase::Figures => "结算 figures",
            Phase::Funds => "资金 funds",
        };
        write!(out, "{phase}, task {}: ", self.task)?;
        match &self.why {
            Why::Row(key, why) => write!(
                out,
                "account {}, instrument {}, hedge {}: {why}",
                key.account.0,
                key.instrument.0,
                char::from(key.hedge)
            ),
            Why::NobodyToAssign(instrument) => {
                write!(out, "instrument {}: 行权量超过卖方持仓 more lots are exercised than were sold", instrument.0)
            }
            Why::Overflow => crate::amount::Overflow.fmt(out),
            Why::Panicked(words) => write!(out, "任务异常 the task panicked: {words}"),
        }
    }
}

impl std::error::Error for Failed {}
