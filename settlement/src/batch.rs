//! The day's end: everything once more from the positions the day began with and its trades, in phases over shards of members.
//!
//! | phase | a task for each | what |
//! |---|---|---|
//! | trades | shard | rows take their trades, in the order of the log; netting, transfers |
//! | exercise | option, bond future that ends or is delivered from | what is exercised over the market and to whom it is assigned; who delivers to whom |
//! | figures | shard | rows, then trading codes, then members |
//! | funds | – | clearing members |
//!
//! A member's rows are in one shard, so that no task waits for another of its phase; rayon's threads take tasks where there are some. The
//! number of shards and threads never changes a figure: sums are integers, and what has an order (assignment) is ordered by row keys.
//! A task that panics is tried once more; a task that fails is named, and the run ends with nothing half done: what it made is dropped, but for
//! the checkpoints of tasks that went well, which the next run takes up.

use crate::account::{self, CodeSum, Figures, Funds, InDelivery, MemberFigures};
use crate::checkpoint::{self, Checkpoints, Digest, Found, Key, Record};
use crate::delivery::{self, Delivery, Ended, Holder, Unpayable};
use crate::market::{AccountIndex, InstrumentIndex, Kind, Market};
use crate::prices::AtPrices;
use crate::row::{AtEnd, Impossible, Row, RowFigures, RowKey};
use crate::rules::market::{OneSided, one_sided};
use crate::shard::{self, Book, ShardFigures};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

pub use crate::shard::ShardInput;

/// Which phase a task is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Rows take their trades.
    Trades,
    /// Options and bond futures that end, or are delivered from.
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
    /// An account cannot be.
    Account(AccountIndex, Impossible),
    /// More lots are exercised than were sold, or more are delivered than were bought: long and short positions differ.
    NobodyToAssign(InstrumentIndex),
    /// What is transferred away and what is received differ.
    Transfers(InstrumentIndex),
    /// A delivery under way cannot be paid for.
    Delivery(InstrumentIndex, Unpayable),
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
    /// Every trading code that has rows, in the order of accounts.
    pub accounts: Vec<(AccountIndex, Figures)>,
    /// Every member.
    pub members: Vec<MemberFigures>,
    /// Every member that clears.
    pub funds: Vec<Option<Funds>>,
    /// Deliveries of bonds: those under way, as today leaves them, in their order, then those that entered today by instrument.
    pub deliveries: Vec<Delivery>,
    /// Instruments whose last five minutes were one-sided 单边市; nothing follows from it here.
    pub one_sided: Vec<(InstrumentIndex, OneSided)>,
}

/// A row as the day left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettledRow {
    /// Which.
    pub key: RowKey,
    /// What it began with and traded.
    pub row: Row,
    /// How it ended.
    pub at_end: AtEnd,
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

/// How a day is settled.
#[derive(Clone, Copy, Default)]
pub struct Run<'a> {
    /// Where it stands.
    pub progress: Option<&'a Progress>,
    /// Where tasks leave, and find, what they came to.
    pub checkpoints: Option<&'a Checkpoints>,
    /// Is called before each attempt at a task, with the task's place and the number of the attempt, from 1. A panic of it is one of the task.
    pub before_task: Option<&'a (dyn Fn(Phase, usize, u32) + Sync)>,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Did {
    /// Tasks worked out.
    pub worked_out: u64,
    /// Tasks whose outcome was taken from a checkpoint.
    pub taken_up: u64,
    /// Tasks that panicked and were tried once more.
    pub retried: u64,
    /// Checkpoints that were torn, changed or foreign.
    pub damaged: u64,
    /// Checkpoints that could not be written.
    pub unsaved: u64,
}

/// Settles a day. `shards`: all rows of a member's accounts are in one of them.
///
/// # Errors
/// [`Failed`]: the first task, in the order of tasks, that failed.
pub fn settle(market: &Market, shards: &[ShardInput], progress: &Progress) -> Result<Settled, Failed> {
    settle_with(market, shards, &Run { progress: Some(progress), ..Run::default() }).map(|(settled, _)| settled)
}

/// Settles a day, taking up what checkpoints hold of it: trades and figures by shard, which is nearly all the work. A task that panics is tried
/// once more; one that a rule fails is not, it would fail again.
///
/// # Errors
/// [`Failed`]: the first task, in the order of tasks, that failed. What other tasks came to stays in the checkpoints.
pub fn settle_with(market: &Market, shards: &[ShardInput], run: &Run<'_>) -> Result<(Settled, Did), Failed> {
    // What stands between tasks is small; should it panic, as it may on inputs that contradict themselves, the process goes on as well.
    let mut failed = None;
    let between = guarded(|| phases(market, shards, run).map_err(|why| failed.insert(why).why.clone()));
    between.map_err(|why| failed.unwrap_or(Failed { phase: Phase::Funds, task: 0, why }))
}

fn phases(market: &Market, shards: &[ShardInput], run: &Run<'_>) -> Result<(Settled, Did), Failed> {
    let ending = shard::ending(market, shards);
    let ends: Vec<InstrumentIndex> =
        (0..).zip(&ending).filter(|(_, ends)| **ends).map(|(place, _)| InstrumentIndex(place)).collect();
    let tasks = Tasks { run, counts: Counts::default() };
    tasks.expect(2 * shards.len() + ends.len() + 1);
    let terms = run.checkpoints.map(|_| checkpoint::key_of_terms(market));
    let books = tasks.each(Phase::Trades, shards, |task, shard| {
        let key = terms.map(|terms| checkpoint::key_of_trades(&terms, shard));
        let rows = tasks.kept(Phase::Trades, task, key, || shard::trade(market, shard))?;
        Ok((Book::ended(rows, market, shard, &ending)?, key))
    })?;
    let ended =
        tasks.each(Phase::Exercise, &ends, |_, &instrument| end(instrument, market, holders(instrument, &books)))?;
    let under_way = advance(market, shards).map_err(|why| Failed { phase: Phase::Exercise, task: ends.len(), why })?;
    let mut settled = Settled { members: vec![MemberFigures::default(); market.members.len()], ..Settled::default() };
    let entered = ended.iter().flat_map(|ended| ended.deliveries.iter().copied());
    settled.deliveries = under_way.into_iter().chain(entered).collect();
    let key_of_ended = run.checkpoints.map(|_| Digest::new("ended 1").shown(&(&ended, &settled.deliveries)).key());
    let at_end: HashMap<RowKey, AtEnd> = ended.into_iter().flat_map(|ended| ended.rows).collect();
    let overflow = |_| Failed { phase: Phase::Figures, task: 0, why: Why::Overflow };
    let in_delivery = delivery::by_account(&settled.deliveries, market).map_err(overflow)?;
    let key_of_market = terms.map(|terms| checkpoint::key_of_market(market, &terms));
    let prices = AtPrices::all(market);
    let figures = tasks.each(Phase::Figures, &books, |task, (book, trades)| {
        let keys = trades.zip(key_of_market).zip(key_of_ended);
        let key =
            keys.map(|((trades, market), ended)| checkpoint::key_of_figures(&trades, &market, &shards[task], &ended));
        let made = || book.figures(market, &ending, &at_end, &in_delivery, &prices);
        tasks.kept(Phase::Figures, task, key, made)
    })?;
    drop(books);
    settled.put_together(figures, market, &in_delivery).map_err(|why| Failed { phase: Phase::Funds, task: 0, why })?;
    let funds =
        tasks.each(Phase::Funds, &[()], |_, ()| account::funds(market, &settled.members).map_err(|_| Why::Overflow))?;
    settled.funds = funds.into_iter().flatten().collect();
    run.checkpoints.inspect(|checkpoints| checkpoints.tidy());
    Ok((settled, tasks.did()))
}

impl Settled {
    fn put_together(
        &mut self,
        shards: Vec<ShardFigures>,
        market: &Market,
        in_delivery: &BTreeMap<AccountIndex, InDelivery>,
    ) -> Result<(), Why> {
        self.rows = in_order(&shards);
        for shard in shards {
            self.accounts.extend(shard.accounts);
            for (member, figures) in shard.members {
                self.members[usize::from(member)] = figures;
            }
        }
        self.accounts.par_sort_unstable_by_key(|(account, _)| *account);
        // Accounts that have nothing but a delivery under way are in no shard.
        let has_rows =
            |index: &AccountIndex| self.accounts.binary_search_by_key(index, |(account, _)| *account).is_ok();
        let others: Vec<AccountIndex> = in_delivery.keys().filter(|index| !has_rows(index)).copied().collect();
        for index in others {
            let account = market.accounts.get(index.0 as usize).ok_or(Why::Account(index, Impossible::Unknown))?;
            let figures = shard::sum_up(index, &mut CodeSum::default(), None, in_delivery, market)?;
            let member = &mut self.members[usize::from(account.member.0)];
            let side = if account.own { &mut member.own } else { &mut member.brokerage };
            *side = side.and(figures).map_err(|_| Why::Overflow)?;
            let place = self.accounts.partition_point(|(other, _)| *other < index);
            self.accounts.insert(place, (index, figures));
        }
        self.one_sided = one_sided_of(market);
        Ok(())
    }
}

/// All shards' rows in the order of keys. Each shard's are in it, and an account's are all in one: accounts are put in order, and their rows copied.
fn in_order(shards: &[ShardFigures]) -> Vec<SettledRow> {
    let mut accounts: Vec<(AccountIndex, &[SettledRow])> = Vec::new();
    for shard in shards {
        let of_accounts = shard.rows.chunk_by(|one, other| one.key.account == other.key.account);
        accounts.extend(of_accounts.map(|rows| (rows[0].key.account, rows)));
    }
    accounts.par_sort_unstable_by_key(|(account, _)| *account);
    let mut in_order: Vec<&SettledRow> = Vec::with_capacity(shards.iter().map(|shard| shard.rows.len()).sum());
    accounts.into_iter().for_each(|(_, rows)| in_order.extend(rows));
    in_order.into_par_iter().copied().collect()
}

fn one_sided_of(market: &Market) -> Vec<(InstrumentIndex, OneSided)> {
    let closes = market.closes.iter();
    let mut named: Vec<_> = closes
        .filter_map(|close| Some((close.instrument, one_sided(&close.moments, close.lower_limit, close.upper_limit)?)))
        .collect();
    named.sort_by_key(|(instrument, _)| *instrument);
    named
}

/// Deliveries under way, a day on; and whether transfers come out even, which no shard can see.
pub(crate) fn advance(market: &Market, shards: &[ShardInput]) -> Result<Vec<Delivery>, Why> {
    let mut moved: BTreeMap<InstrumentIndex, [i64; 2]> = BTreeMap::new();
    for (key, long, short) in shards.iter().flat_map(|shard| &shard.moved) {
        let sides = moved.entry(key.instrument).or_default();
        *sides = [sides[0] + i64::from(*long), sides[1] + i64::from(*short)];
    }
    if let Some((instrument, _)) = moved.into_iter().find(|(_, sides)| *sides != [0, 0]) {
        return Err(Why::Transfers(instrument));
    }
    let days =
        market.delivering.iter().map(|line| line.next_day(market).map_err(|why| Why::Delivery(line.instrument, why)));
    days.filter_map(Result::transpose).collect()
}

/// How an instrument's rows end.
pub(crate) fn end(index: InstrumentIndex, market: &Market, holders: Vec<Holder>) -> Result<Ended, Why> {
    let ended = match market.instruments[usize::from(index.0)].kind {
        Kind::Option { .. } => delivery::exercise(&holders),
        _ => delivery::enter(index, market, &holders),
    };
    ended.ok_or(Why::NobodyToAssign(index))
}

/// Whoever has rows in an instrument that ends, in the order of row keys.
fn holders(index: InstrumentIndex, books: &[(Book, Option<Key>)]) -> Vec<Holder> {
    let of_it = books.iter().flat_map(|(book, _)| book.holders.iter().filter(|holder| holder.row.instrument == index));
    let mut holders: Vec<Holder> = of_it.copied().collect();
    holders.sort_unstable_by_key(|holder| holder.row);
    holders
}

/// Runs tasks, and counts what became of them.
struct Tasks<'a> {
    run: &'a Run<'a>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    taken_up: AtomicU64,
    done: AtomicU64,
    retried: AtomicU64,
    damaged: AtomicU64,
    unsaved: AtomicU64,
}

/// Attempts at a task that panics.
const ATTEMPTS: u32 = 2;

impl Tasks<'_> {
    fn expect(&self, tasks: usize) {
        self.run.progress.inspect(|progress| progress.all.store(tasks as u64, Ordering::Relaxed));
    }

    /// Runs a phase: each task's outcome in the order of tasks. All are run, so that what is good of them is kept even if one fails.
    fn each<I: Sync, O: Send>(
        &self,
        phase: Phase,
        inputs: &[I],
        work: impl Fn(usize, &I) -> Result<O, Why> + Sync,
    ) -> Result<Vec<O>, Failed> {
        let one = |(task, input)| {
            let mut attempt = 1;
            loop {
                let outcome = guarded(|| {
                    if let Some(before_task) = self.run.before_task {
                        before_task(phase, task, attempt);
                    }
                    work(task, input)
                });
                if !matches!(outcome, Err(Why::Panicked(_))) || attempt == ATTEMPTS {
                    self.counts.done.fetch_add(1, Ordering::Relaxed);
                    if let Some(progress) = self.run.progress {
                        progress.done.fetch_add(1, Ordering::Relaxed);
                    }
                    return outcome;
                }
                self.counts.retried.fetch_add(1, Ordering::Relaxed);
                attempt += 1;
            }
        };
        let outcomes: Vec<Result<O, Why>> = inputs.par_iter().enumerate().map(one).collect();
        let numbered = outcomes.into_iter().enumerate();
        numbered.map(|(task, outcome)| outcome.map_err(|why| Failed { phase, task, why })).collect()
    }

    /// What the checkpoint of that key holds, or else what is worked out now, and kept there.
    fn kept<T: Record>(
        &self,
        phase: Phase,
        task: usize,
        key: Option<Key>,
        work: impl FnOnce() -> Result<T, Why>,
    ) -> Result<T, Why> {
        let Some((checkpoints, key)) = self.run.checkpoints.zip(key) else { return work() };
        match checkpoints.load(phase, task, &key) {
            Found::Whole(made) => {
                self.counts.taken_up.fetch_add(1, Ordering::Relaxed);
                return Ok(made);
            }
            Found::Damaged => drop(self.counts.damaged.fetch_add(1, Ordering::Relaxed)),
            Found::Nothing => {}
        }
        let made = work()?;
        if !checkpoints.save(phase, task, &key, &made) {
            self.counts.unsaved.fetch_add(1, Ordering::Relaxed);
        }
        Ok(made)
    }

    fn did(&self) -> Did {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Counts { taken_up, done, retried, damaged, unsaved } = &self.counts;
        Did {
            worked_out: read(done) - read(taken_up),
            taken_up: read(taken_up),
            retried: read(retried),
            damaged: read(damaged),
            unsaved: read(unsaved),
        }
    }
}

/// Runs it; a panic is an outcome like others.
pub(crate) fn guarded<O>(work: impl FnOnce() -> Result<O, Why>) -> Result<O, Why> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
        Err(Why::Panicked(words.into()))
    })
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
            Why::Account(account, why) => write!(out, "account {}: {why}", account.0),
            Why::NobodyToAssign(instrument) => {
                write!(
                    out,
                    "instrument {}: 多空持仓不等 more lots are exercised or delivered than the other side holds",
                    instrument.0
                )
            }
            Why::Transfers(instrument) => {
                write!(out, "instrument {}: 移出移入不等 transfers out and in differ", instrument.0)
            }
            Why::Delivery(instrument, Unpayable::Bond) => write!(
                out,
                "instrument {}: 交割券无效 the bond of a delivery is not deliverable, or its coupons do not enclose the day",
                instrument.0
            ),
            Why::Delivery(instrument, Unpayable::Overflow) => {
                write!(out, "instrument {}: {}", instrument.0, crate::amount::Overflow)
            }
            Why::Overflow => crate::amount::Overflow.fmt(out),
            Why::Panicked(words) => write!(out, "任务异常 the task panicked: {words}"),
        }
    }
}

impl std::error::Error for Failed {}
