//! `backstop settle follow`: the stream over a log that grows, so that everybody's positions, profit, margin, fees, funds and calls are known while
//! the day runs 盘中结算.
//!
//! The log is the journal of whoever records it: Backstop's own while it follows the primary, or a core's. Process 0 reads it, frame by frame as
//! they come; the others need what it defines (the opening frames that `backstop day load` writes are enough) and hold their share of members.
//! A round is what was there when it was looked; its figures are those after its last frame.
//!
//! Nothing is saved: the log is. A run that is started again reads it from its beginning. When something new is defined in the middle of a day
//! (an account, an instrument), one process reads the log again by itself; of several, each ends and says so. When the day closes, the batch
//! settles it beside, and a figure on which the two differ is an alarm.

use super::day_log::DayLog;
use super::intake::Fact;
use super::market::{Built, build, morning};
use super::run::shards;
use super::terms::Terms;
use crate::day::decimal::{PRICE_PLACES, show};
use engine::command::BodyView;
use journal::{CompleteFrame, FeedBuffer, FeedItem};
use serde_json::{Value, json};
use settlement::Price;
use settlement::account::{Funds, InDelivery};
use settlement::agree::{Told, Whose, agree};
use settlement::amount::Money;
use settlement::batch::{Progress, Settled, settle};
use settlement::hosts::{Hosts, when_one_is_lost};
use settlement::live::Update;
use settlement::market::{AccountIndex, InstrumentIndex, Market, MemberIndex};
use settlement::stream::Stream;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use timely::worker::Worker;

/// Bytes of the log that are read at once; more where a frame is longer.
const CHUNK: usize = 1 << 20;
/// Longest frame, all parts.
const FRAME_MOST: usize = 1 << 28;
/// How long bytes may be there that are no frame: somebody is writing them.
const TORN_FOR: Duration = Duration::from_secs(5);
/// How long a worker without work waits.
const WAIT: Duration = Duration::from_millis(1);
/// How often a log that has no opening yet is looked at.
const OPENING: Duration = Duration::from_millis(100);
/// How long a log must not have grown for the folder's faults to be faults.
const STILL: Duration = Duration::from_secs(1);
/// Shards of the batch that is held against the stream.
const SHARDS: usize = 16;

/// Flags of `backstop settle follow`.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// The day's journal, as it is being written; of processes but the first: the day's opening frames are enough
    #[arg(long, value_name = "LOG")]
    journal: PathBuf,
    /// The folder that the day was opened from, with funds.csv, fees.csv, …
    #[arg(long, value_name = "DIR")]
    base: PathBuf,
    /// Several processes: a file with one host:port a line, the same for all of them 主机文件
    #[arg(long, value_name = "FILE", requires = "process")]
    hosts: Option<PathBuf>,
    /// Which of them this is, from 0; process 0 reads the log
    #[arg(long, value_name = "N", requires = "hosts")]
    process: Option<usize>,
    /// Threads of this process: each holds a share of members
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    /// Milliseconds between two words on funds and calls
    #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    every: u64,
    /// End with what the log holds now, closed or not
    #[arg(long)]
    once: bool,
    /// A JSON object a line on stdout (a line that does not begin with { says that another process is waited for)
    #[arg(long)]
    json: bool,
}

/// How a run of the dataflow ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ended {
    /// The day is closed, or the log is at its end and that was asked for.
    Done,
    /// Something was defined that the market does not have; the frame.
    Redefined(u64),
    /// In words.
    Failed(String),
}

/// Runs the command. False: there were alarms.
///
/// # Errors
/// What was not done: one line.
pub fn run(options: &Options) -> Result<bool, String> {
    let config = match (&options.hosts, options.process) {
        (Some(path), Some(process)) => {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            let hosts = Hosts::read(&text).map_err(|fault| format!("{}: {fault}", path.display()))?;
            let config = hosts.config(process, options.threads.into()).ok_or_else(|| {
                format!("--process {process}: {} has {} processes, numbered from 0", path.display(), hosts.processes())
            })?;
            when_one_is_lost(|why| {
                eprintln!(
                    "结算进程丢失 another process is gone ({why}); start all of them again: they read the log anew"
                );
                std::process::exit(2);
            });
            Some(config)
        }
        _ => None,
    };
    loop {
        let (built, terms, defined_to) = opened(options)?;
        let config = config.clone();
        let config = config.unwrap_or_else(|| timely::Config::process(options.threads.into()));
        let run = Arc::new(Run { options: options.clone(), built, terms, defined_to, told: Mutex::default() });
        let (ended, alarms) = run.run(config)?;
        match ended {
            Ended::Done => return Ok(!alarms),
            Ended::Failed(why) => return Err(why),
            Ended::Redefined(sequence) if options.hosts.is_some() => {
                return Err(format!(
                    "sequence {sequence} defines something new 盘中新增定义; start all processes again"
                ));
            }
            Ended::Redefined(sequence) => {
                eprintln!(
                    "sequence {sequence} defines something new 盘中新增定义: the log is read again from its beginning"
                );
            }
        }
    }
}

/// The market and its terms by what the log has now; up to which frame that is. While the log grows, what the folder names and the log does not
/// define yet is waited for.
fn opened(options: &Options) -> Result<(Built, Terms, u64), String> {
    loop {
        let day = opening(&options.journal, options.process.unwrap_or(0) == 0)?;
        let terms = Terms::read(&options.base, &day.intake, &|_| {});
        let built = terms.and_then(|terms| morning(&day, &terms).map(|built| (built, terms)));
        match built {
            Ok((built, terms)) => return Ok((built, terms, day.intake.last_sequence)),
            Err(faults) => {
                std::thread::sleep(STILL);
                if options.once || opening(&options.journal, false)?.intake.last_sequence == day.intake.last_sequence {
                    return Err(faults.to_string());
                }
            }
        }
    }
}

/// What the log has so far. Its reader waits until the day is opened in it.
fn opening(path: &Path, waits: bool) -> Result<DayLog, String> {
    loop {
        let mut day = DayLog::default();
        let mut tail = Tail::open(path)?;
        while tail.read(&mut |frame| day.take(frame).map_err(|fault| fault.to_string()))? {}
        if !day.intake.instruments.is_empty() {
            return Ok(day);
        }
        if !waits {
            return Err(format!("{}: no day is opened in it", path.display()));
        }
        std::thread::sleep(OPENING);
    }
}

/// What the log of a running core has, which nobody else may open as a journal.
///
/// # Errors
/// It cannot be read, or it contradicts itself.
pub fn as_it_stands(path: &Path) -> Result<DayLog, String> {
    opening(path, false)
}

/// A log that somebody else is writing.
struct Tail {
    path: PathBuf,
    file: File,
    /// Where the next frame begins.
    at: u64,
    chunk: Vec<u8>,
    buffer: FeedBuffer,
    /// Since when there have been bytes that are no frame.
    torn_since: Option<Instant>,
}

impl Tail {
    fn open(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let buffer = FeedBuffer::new(FRAME_MOST);
        Ok(Tail { path: path.to_owned(), file, at: 0, chunk: vec![0; CHUNK], buffer, torn_since: None })
    }

    /// Gives the whole frames that are there, some at a time. False: there was none.
    ///
    /// # Errors
    /// The file cannot be read; bytes stand there that no frame becomes of; what `take` says.
    fn read(&mut self, take: &mut dyn FnMut(&CompleteFrame<'_>) -> Result<(), String>) -> Result<bool, String> {
        let read = self.file.read_at(&mut self.chunk, self.at);
        let count = read.map_err(|error| format!("{}: {error}", self.path.display()))?;
        let bytes = &self.chunk[..count];
        // Space kept for the day.
        if bytes.iter().take(8).all(|byte| *byte == 0) {
            return Ok(false);
        }
        self.buffer.clear();
        let (mut pushed, mut taken) = (0, 0u64);
        let torn = loop {
            match self.buffer.next() {
                Ok(Some(FeedItem::Frame(frame))) => {
                    take(&frame)?;
                    taken += frame.bytes().len() as u64;
                }
                Ok(Some(FeedItem::Heartbeat(_))) => break Some("a feed's heartbeat".to_owned()),
                Ok(None) if pushed == count => break None,
                Ok(None) => pushed += self.buffer.push(&bytes[pushed..]),
                Err(fault) => break Some(fault.to_string()),
            }
        };
        self.at += taken;
        if taken > 0 {
            self.torn_since = None;
            return Ok(true);
        }
        // A frame longer than the chunk; or one that is being written.
        if torn.is_none() && count == self.chunk.len() && count < FRAME_MOST {
            self.chunk.resize(2 * count, 0);
            return self.read(take);
        }
        let since = *self.torn_since.get_or_insert_with(Instant::now);
        if since.elapsed() > TORN_FOR {
            let what = torn.unwrap_or_else(|| "a frame that does not end".to_owned());
            return Err(format!("{}, offset {}: {what}", self.path.display(), self.at));
        }
        Ok(false)
    }
}

/// A run of the dataflow in this process.
struct Run {
    options: Options,
    built: Built,
    terms: Terms,
    /// The market has what was defined up to here.
    defined_to: u64,
    /// What all workers of this process told.
    told: Mutex<Heard>,
}

/// What is known to this process.
#[derive(Default)]
struct Heard {
    told: Told,
    /// Clearing members with other money since the last word.
    news: BTreeSet<MemberIndex>,
    alarms_said: usize,
}

/// The reader's view of the day.
#[derive(Default)]
struct Reader {
    day: DayLog,
    last_time: u64,
}

impl Run {
    fn run(self: Arc<Self>, config: timely::Config) -> Result<(Ended, bool), String> {
        let run = Arc::clone(&self);
        let guards = timely::execute(config, move |worker| Arc::clone(&run).work(worker));
        let mut ended = Ended::Done;
        for outcome in guards?.join() {
            match outcome? {
                Ended::Done => {}
                other => ended = other,
            }
        }
        let alarms = !self.told.lock().expect("no panic").told.alarms.is_empty();
        Ok((ended, alarms))
    }

    fn work(self: Arc<Self>, worker: &mut Worker) -> Ended {
        let hears = Arc::clone(&self);
        let mut stream = Stream::build(worker, self.built.market.clone(), move |_, changed| {
            let mut heard = hears.told.lock().expect("no panic");
            if let settlement::stream::Changed::Funds(member, _) = changed {
                heard.news.insert(member);
            }
            heard.told.take(changed);
        });
        let speaks = worker.index().is_multiple_of(self.options.threads.into());
        let ended = if worker.index() == 0 {
            let ended = self.read(worker, &mut stream).unwrap_or_else(Ended::Failed);
            stream.end();
            ended
        } else {
            stream.end();
            Ended::Done
        };
        let mut said = Instant::now();
        while !stream.is_done() {
            worker.step_or_park(Some(WAIT));
            if speaks && worker.index() != 0 && said.elapsed() >= Duration::from_millis(self.options.every) {
                self.say(None, false);
                said = Instant::now();
            }
        }
        if speaks && worker.index() != 0 {
            self.say(None, true);
        }
        ended
    }

    /// The log, round after round.
    fn read(&self, worker: &mut Worker, stream: &mut Stream) -> Result<Ended, String> {
        let mut tail = Tail::open(&self.options.journal)?;
        let mut reader = Reader::default();
        let mut said: Option<Instant> = None;
        let every = Duration::from_millis(self.options.every);
        for (account, under_way) in in_the_morning(&self.built.market)? {
            stream.give(Update::Delivering(account, under_way));
        }
        loop {
            let mut redefined = None;
            let is_news = tail.read(&mut |frame| {
                if redefined.is_none() && frame.stamp().sequence.0 > self.defined_to && defines(frame) {
                    redefined = Some(frame.stamp().sequence.0);
                }
                reader.last_time = frame.stamp().time.0;
                reader.take(frame, |update| stream.give(update), &self.built.market)
            })?;
            if let Some(sequence) = redefined {
                return Ok(Ended::Redefined(sequence));
            }
            if is_news {
                stream.end_round();
                while !stream.is_done() {
                    worker.step();
                }
            }
            let is_end = reader.day.intake.is_closed || (self.options.once && !is_news);
            if !is_end && said.is_none_or(|said| said.elapsed() >= every) {
                self.say(Some(&reader), false);
                said = Some(Instant::now());
            }
            if is_end {
                break;
            }
            if !is_news {
                worker.step_or_park(Some(WAIT));
            }
        }
        if reader.day.intake.is_closed {
            self.close(worker, stream, &reader)?;
        }
        self.say(Some(&reader), true);
        Ok(Ended::Done)
    }

    /// The day's end: its prices, what ended; and the batch beside.
    fn close(&self, worker: &mut Worker, stream: &mut Stream, reader: &Reader) -> Result<(), String> {
        let built = build(&reader.day, &self.terms).map_err(|faults| faults.to_string())?;
        let shards = shards(&reader.day, &built, SHARDS);
        let settled = settle(&built.market, &shards, &Progress::default()).map_err(|failed| failed.to_string())?;
        end_of_day(&built.market, &settled, |update| stream.give(update))?;
        stream.end_round();
        while !stream.is_done() {
            worker.step();
        }
        // Of several processes each has heard its own members only.
        if self.options.hosts.is_none() {
            let mut said = false;
            for difference in agree(&settled, &self.told.lock().expect("no panic").told) {
                let (batch, stream) = (show(difference.batch.0, PRICE_PLACES), show(difference.stream.0, PRICE_PLACES));
                let whose = self.whose(difference.account);
                let line = format!("{whose}, {}: batch 批处理 {batch}, stream 流 {stream}", difference.item);
                self.alarm("结算不一致 batch and stream differ", &line);
                said = true;
            }
            if said {
                return Err("结算不一致 batch and stream differ: see the alarms".to_owned());
            }
        }
        Ok(())
    }

    fn whose(&self, whose: Whose) -> String {
        let names = &self.built.names;
        let member = |index: MemberIndex| &names.members[usize::from(index.0)].id;
        match whose {
            Whose::Account(account) => format!("code {}", names.accounts[account.0 as usize]),
            Whose::Own(index) => format!("member {} own", member(index)),
            Whose::Brokerage(index) => format!("member {} brokerage", member(index)),
            Whose::Funds(index) => format!("member {} funds", member(index)),
        }
    }

    fn alarm(&self, what: &str, line: &str) {
        if self.options.json {
            println!("{}", json!({ "alarm": what, "of": line }));
        } else {
            println!("告警 ALARM {what}: {line}");
        }
    }

    /// A word on what changed. The process that reads the log says how far it is.
    fn say(&self, reader: Option<&Reader>, is_last: bool) {
        let mut heard = self.told.lock().expect("no panic");
        for alarm in &heard.told.alarms[heard.alarms_said..] {
            self.alarm("流 stream", &format!("{alarm:?}"));
        }
        heard.alarms_said = heard.told.alarms.len();
        let news = std::mem::take(&mut heard.news);
        let all = heard.told.funds.keys().copied().collect();
        let members = if is_last { &all } else { &news };
        let funds = members.iter().filter_map(|member| heard.told.funds.get(member).map(|of| (*member, *of)));
        let funds: Vec<(MemberIndex, Funds)> = funds.collect();
        let called = heard.told.funds.values().filter(|of| of.call.0 > 0).count();
        let at = reader.map(|reader| &reader.day.intake);
        if self.options.json {
            let funds: Vec<Value> = funds
                .iter()
                .map(|(member, of)| {
                    let name = &self.built.names.members[usize::from(member.0)].id;
                    json!({ "member": name, "reserve": of.reserve, "call": of.call, "figures": of.figures })
                })
                .collect();
            println!(
                "{}",
                json!({
                    "sequence": at.map(|at| at.last_sequence), "epoch": at.map(|at| at.epoch),
                    "time": reader.map(|reader| reader.last_time), "closed": at.map(|at| at.is_closed),
                    "codes": heard.told.accounts.len(), "called": called, "last": is_last, "funds": funds,
                })
            );
            return;
        }
        let place = at.map_or_else(String::new, |at| {
            format!(
                "sequence {} epoch {}{}: ",
                at.last_sequence,
                at.epoch,
                if at.is_closed { " 已收市 closed" } else { "" }
            )
        });
        println!(
            "{place}{} codes 编码, {} clearing members with other money 资金变动, {called} to pay in 需追加",
            heard.told.accounts.len(),
            funds.len()
        );
        for (member, of) in funds.iter().filter(|(_, of)| is_last || of.call.0 > 0) {
            println!(
                "  {:<10} 结算准备金 reserve {:>24}  保证金 margin {:>24}  追加 call {:>24}",
                self.built.names.members[usize::from(member.0)].id,
                show(of.reserve.0, PRICE_PLACES),
                show(of.figures.margin.0, PRICE_PLACES),
                show(of.call.0, PRICE_PLACES)
            );
        }
    }
}

impl Reader {
    /// Takes a frame, and tells what the stream is to know of it. The whole day is kept: the batch settles it at its end.
    fn take(&mut self, frame: &CompleteFrame<'_>, mut give: impl FnMut(Update), market: &Market) -> Result<(), String> {
        let taken = self.day.take_and(frame, &mut |fact| match fact {
            Fact::Carried(row, long, short) => give(Update::Carried(row, long, short)),
            Fact::Leg(leg) => give(Update::Leg(leg)),
            Fact::Submitted(submission) => give(Update::Submitted(submission)),
            Fact::Traded(instrument, trade) => {
                let underlying = market.instruments.get(usize::from(instrument.0)).map(|of| of.underlying);
                underlying
                    .into_iter()
                    .for_each(|underlying| give(Update::Price(instrument, Price(trade.price), underlying)));
            }
            Fact::Line(_) => {}
        });
        taken.map_err(|fault| fault.to_string())
    }
}

/// What a day's end tells the stream: its prices, what was delivered and exercised, deliveries under way.
///
/// # Errors
/// Too much money: in words.
pub fn end_of_day(market: &Market, settled: &Settled, mut give: impl FnMut(Update)) -> Result<(), String> {
    for (index, instrument) in (0..).map(InstrumentIndex).zip(&market.instruments) {
        give(Update::Price(index, instrument.settlement, instrument.underlying));
    }
    settled.rows.iter().for_each(|row| give(Update::End(row.key, row.at_end)));
    let mut under_way =
        settlement::delivery::by_account(&settled.deliveries, market).map_err(|error| error.to_string())?;
    // What is over has nothing under way any more.
    for line in &market.delivering {
        under_way.entry(line.seller.account).or_default();
        under_way.entry(line.buyer.account).or_default();
    }
    under_way.into_iter().for_each(|(account, under_way)| give(Update::Delivering(account, under_way)));
    Ok(())
}

/// What deliveries under way hold as the day begins; what was paid for them was of the day before.
fn in_the_morning(market: &Market) -> Result<BTreeMap<AccountIndex, InDelivery>, String> {
    let under_way = settlement::delivery::by_account(&market.delivering, market).map_err(|error| error.to_string())?;
    let held = under_way.into_iter().filter(|(_, of)| of.margin != Money::ZERO);
    Ok(held.map(|(account, of)| (account, InDelivery { payment: Money::ZERO, ..of })).collect())
}

/// Whether a frame defines something that the market has to have.
fn defines(frame: &CompleteFrame<'_>) -> bool {
    let is_definition = matches!(
        frame.command().body,
        BodyView::ParticipantDefine(_)
            | BodyView::AccountDefine(_)
            | BodyView::ProductDefine(_)
            | BodyView::InstrumentDefine(_)
    );
    is_definition && frame.rejection().is_none()
}
