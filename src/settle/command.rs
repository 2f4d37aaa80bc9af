//! `backstop settle`: what an operator of the clearing house does at a day's end 结算.
//!
//! ```text
//! DIR/settlement.sqlite              every run, unless --store names another place
//! DIR/<yyyymmdd>/checkpoints/        what tasks came to: a run that was stopped goes on from there, a correction settles what it touches
//! DIR/<yyyymmdd>/<settlement id>/    a run's files, prices.csv, corrections.csv, inputs.sha256; notice.txt when it is released
//! ```

use super::corrections::{self, Corrections};
use super::day_log::DayLog;
use super::follow::as_it_stands;
use super::run::{Before, Change, NotSettled, Run, Summary, changes, items, settle_day};
use super::terms::{self, Terms};
use super::{carry, release};
use crate::day::decimal::{PRICE_PLACES, show};
use crate::day::end::put;
use crate::day::table::Faults;
use crate::replay::progress;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use settlement::amount::Money;
use settlement::batch::{Progress, Run as Batch};
use settlement::checkpoint::Checkpoints;
use settlement::correction::Recomputed;
use settlement::result::{DayResult, Stage};
use settlement_files::{FileKind, Written};
use settlement_store::{Saved, Store};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// In a run's folder: what it was made from, as a digest; a correction of it goes on from there where that is the same.
const INPUTS: &str = "inputs.sha256";
/// Rows of a list that are printed; --json has them all.
const ROWS: usize = 40;
/// What faults of a folder come to.
const NOT_SETTLED: &str = "nothing was settled 未结算";
/// How often the bar looks how far a run is.
const LOOKS: Duration = Duration::from_millis(50);

/// Flags of `backstop settle`.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    #[command(subcommand)]
    job: Job,
}

#[derive(clap::Subcommand, Clone, Debug)]
enum Job {
    /// Settles a day from its journal and its folder; the result is out for checking 结算(请核对)
    ///
    /// The journal says who traded what; the folder (that the day was opened from, `backstop day template` writes one) says by which fees,
    /// rates, funds and closing prices. Settlement prices are made from the day's trades unless closes.csv gives them. Run again with
    /// nothing changed, it says that nothing changed; else the day gets its next settlement id.
    ///
    /// Exit code: 0 settled, 1 the folder has faults, 2 not done.
    Run(RunOptions),
    /// Settles a day once more, corrected: another settlement price, a cancelled trade; tells what changed 更正重算
    ///
    /// Corrections of the run before stay in force; corrections.csv in each run's folder lists them. Without a new one nothing is done.
    Rerun(RerunOptions),
    /// The runs of a day, how far they are released, and clearing members' calls 状态
    Status(StatusOptions),
    /// Releases a run officially, and tells members: after a correction, to fetch their files again 正式发布
    ///
    /// The run's files are written again as official; notice.txt holds what members are told. With --notify SITE the site's Backstop, if it is the
    /// exchange (also when its day is closed), publishes that as a bulletin 公告 to all, or to each --participant; given again for a run that is
    /// released already, it tells them once more. Where no core runs, notice.txt holds the command that tells them when one does.
    Release(release::Options),
    /// Everybody's figures while the day runs, from a journal as it is being written: funds, margin, calls 盘中结算
    ///
    /// One process by default; several, on several machines, by a host file: the same command everywhere, each with its --process. When the
    /// day closes, the batch settles it beside, and what differs is an alarm. A run that was stopped is started again: the log has it all.
    ///
    /// Exit code: 0 no alarm, 1 alarms, 2 ended otherwise.
    Follow(super::follow::Options),
    /// Writes the next day's folder from a settled day: positions, prices and limits, funds, deliveries under way 结转
    ///
    /// It is the folder of `backstop day-end` (members, seats, codes, contracts, as the core had them), with what was settled in it: so a site's
    /// base_data, `day load` and `primary --day-from` take it. Contracts that expired are left out; new ones, deposits, and the bonds that
    /// sellers name (delivering.csv) are filled in by the clearing house. The folder is checked whole as `day load` would.
    ///
    /// Exit code: 0 written, 1 a folder has faults, 2 not done.
    Carry(carry::Options),
    /// Compares two folders of settlement files, ours and the primary's, item by item 核对
    ///
    /// Exit code: 0 all equal, 1 something differs or is missing, 2 a file cannot be read.
    Compare(CompareOptions),
}

/// Where a settlement is kept.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Place {
    /// The settlement's folder
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Where runs are stored: a file of SQLite, or postgres://user@host/database [default: DIR/settlement.sqlite]
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// One JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

#[derive(clap::Args, Clone, Debug)]
struct RunOptions {
    /// The closed day's journal, also of a core that still runs
    #[arg(long, value_name = "LOG")]
    journal: PathBuf,
    /// The folder that the day was opened from, with funds.csv, closes.csv, …
    #[arg(long, value_name = "DIR")]
    base: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Threads; 0: one a core
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
    /// Kinds of files to write, joined by commas; absent: all
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    files: Vec<FileKind>,
    /// Settle though the log does not say that the day is closed
    #[arg(long)]
    open_day: bool,
}

#[derive(clap::Args, Clone, Debug)]
struct RerunOptions {
    #[command(flatten)]
    run: RunOptions,
    /// An instrument's settlement price, like IF2410=3987.2
    #[arg(long, value_name = "INSTRUMENT=PRICE")]
    price: Vec<String>,
    /// A trade that is cancelled, by its TradeId
    #[arg(long, value_name = "TRADEID")]
    cancel_trade: Vec<String>,
    /// A file of corrections: kind,name,value
    #[arg(long, value_name = "FILE")]
    corrections: Option<PathBuf>,
}

#[derive(clap::Args, Clone, Debug)]
struct StatusOptions {
    #[command(flatten)]
    place: Place,
    /// The trading day, yyyymmdd; absent: the last one that was settled
    #[arg(long, value_name = "YYYYMMDD")]
    day: Option<u32>,
}

#[derive(clap::Args, Clone, Debug)]
struct CompareOptions {
    /// Our files: a folder
    #[arg(value_name = "OURS")]
    ours: PathBuf,
    /// The others': a folder
    #[arg(value_name = "THEIRS")]
    theirs: PathBuf,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// What was not done: one line.
pub fn run(options: &Options) -> Result<bool, String> {
    match &options.job {
        Job::Run(options) => settle(options, None),
        Job::Rerun(options) => rerun(options),
        Job::Status(options) => status(options),
        Job::Release(options) => release::run(options),
        Job::Carry(options) => carry::run(options),
        Job::Compare(options) => compare(options),
        Job::Follow(options) => super::follow::run(options),
    }
}

impl Place {
    pub fn open(&self) -> Result<Box<dyn Store>, String> {
        std::fs::create_dir_all(&self.out).map_err(|error| format!("{}: {error}", self.out.display()))?;
        let url = match &self.store {
            Some(url) => url.clone(),
            None => format!("sqlite:{}", self.out.join("settlement.sqlite").display()),
        };
        settlement_store::open(&url).map_err(|error| format!("{url}: {error}"))
    }

    pub fn folder(&self, day: u32, id: u32) -> PathBuf {
        self.out.join(day.to_string()).join(id.to_string())
    }
}

pub(super) fn told(faults: &Faults, as_json: bool, outcome: &str) -> bool {
    if as_json {
        println!("{}", json!({ "ok": false, "fault_count": faults.count, "faults": faults.list }));
    } else {
        faults.list.iter().for_each(|fault| println!("{fault}"));
        println!("{} faults; {outcome} 共 {} 处错误", faults.count, faults.count);
    }
    false
}

/// A day's log; that of a core which still runs is read as it stands.
fn read_log(path: &Path) -> Result<DayLog, String> {
    let inspected = match journal::inspect(path, None) {
        Err(error) if matches!(error.reason, journal::OpenFault::InUse) => {
            let bar = progress(0, "");
            let day = as_it_stands(path);
            bar.finish_and_clear();
            return day;
        }
        inspected => inspected.map_err(|error| error.to_string())?,
    };
    let bar = progress(inspected.frames, "frames");
    let day = DayLog::read(&inspected.reader, &|frames| bar.set_position(frames));
    bar.finish_and_clear();
    day.map_err(|fault| format!("{}: {fault}", path.display()))
}

fn rerun(options: &RerunOptions) -> Result<bool, String> {
    let mut corrections = Corrections::default();
    corrections.add_flags(&options.price, &options.cancel_trade)?;
    if let Some(path) = &options.corrections
        && let Err(faults) = corrections.add_file(path)
    {
        return Ok(told(&faults, options.run.place.json, NOT_SETTLED));
    }
    if corrections.is_empty() {
        return Err("nothing is corrected; expected --price, --cancel-trade or --corrections".to_owned());
    }
    settle(&options.run, Some(corrections))
}

/// `corrections`: of a rerun; those of the day's last run come first.
fn settle(options: &RunOptions, corrections: Option<Corrections>) -> Result<bool, String> {
    let place = &options.place;
    let mut day = read_log(&options.journal)?;
    let trading_day = day.intake.trading_day();
    if !day.intake.is_closed && !options.open_day {
        return Err(format!(
            "{}: the day {trading_day} is not closed; `backstop operate … close` ends it, or --open-day settles it as it stands",
            options.journal.display()
        ));
    }
    let bar = progress(0, "rows");
    let terms = Terms::read(&options.base, &day.intake, &|rows| bar.set_position(rows));
    bar.finish_and_clear();
    let mut terms = match terms {
        Ok(terms) => terms,
        Err(faults) => return Ok(told(&faults, place.json, NOT_SETTLED)),
    };
    let mut store = place.open()?;
    let refuse = |error: settlement_store::StoreError| format!("the store: {error}");
    let last = store.runs(trading_day).map_err(refuse)?.last().map(|run| run.head.settlement_id);
    let mut in_force = Corrections::default();
    match (last, &corrections) {
        (Some(last), _) => {
            let file = place.folder(trading_day, last).join(corrections::FILE);
            if file.exists()
                && let Err(faults) = in_force.add_file(&file)
            {
                return Ok(told(&faults, place.json, NOT_SETTLED));
            }
        }
        (None, Some(_)) => return Err(format!("{trading_day} was not settled yet; `backstop settle run` does it")),
        (None, None) => {}
    }
    let is_rerun = corrections.is_some();
    let of_last = in_force.clone();
    if let Some(corrections) = corrections {
        in_force.prices.extend(corrections.prices);
        in_force.cancelled.extend(corrections.cancelled);
    }
    let next = store.next_id(trading_day).map_err(refuse)?;
    let saves = place.out.join(trading_day.to_string()).join("checkpoints");
    let saves = Checkpoints::open(&saves).map_err(|error| format!("{}: {error}", saves.display()))?;
    let before = last.map(|last| store.read(trading_day, last)).transpose().map_err(refuse)?;
    let mut before = before.map(|result| {
        let inputs = place.folder(trading_day, result.head.settlement_id).join(INPUTS);
        let inputs = std::fs::read_to_string(inputs).unwrap_or_default().trim().to_owned();
        Before { result, inputs, corrections: of_last }
    });
    let figures = before.as_ref().map(|before| items(&before.result));
    let settled = with_bar("tasks", |progress| {
        let how = Batch { progress: Some(progress), checkpoints: Some(&saves), ..Batch::default() };
        let before = before.as_mut().filter(|_| is_rerun);
        settle_day(&mut day, &mut terms, &in_force, next, options.threads, &how, before)
    });
    let mut run = match settled {
        Ok(run) => run,
        Err(NotSettled::Faults(faults)) => return Ok(told(&faults, place.json, NOT_SETTLED)),
        Err(NotSettled::Fault(fault)) => return Err(fault),
    };
    let changed = figures.map(|figures| changes(&figures, &items(&run.result)));
    // The same once more is no run of its own.
    if let (Some(before), Some([])) = (&before, changed.as_deref())
        && is_same(&before.result, &run)
    {
        run.result.head = before.result.head.clone();
    }
    let folder = place.folder(trading_day, run.result.head.settlement_id);
    // Before the run is seen: whoever settles next goes on from them.
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    put(&folder.join(corrections::FILE), in_force.text().as_bytes())?;
    put(&folder.join(INPUTS), format!("{}\n", run.inputs).as_bytes())?;
    let saved = store.save(&run.result).map_err(refuse)?;
    let written = write_files(&run.result, &folder, &options.files)?;
    put(&folder.join("prices.csv"), prices_text(&run).as_bytes())?;
    let summary = Summary::of(&run.result, &run.prices).map_err(|error| error.to_string())?;
    let told = Told {
        summary: &summary,
        is_new: saved == Saved::New,
        folder: &folder,
        written: &written,
        changed: changed.as_deref().filter(|_| is_rerun),
        absent: &terms::absent(&options.base),
    };
    tell(&told, place.json, &run);
    Ok(true)
}

/// Whether two results are the same but for the run's number and stage.
fn is_same(before: &DayResult, run: &Run) -> bool {
    let now = &run.result;
    // Where a part was settled again the figures of the run before are in the new one: then nothing of it was worked out.
    let same_figures = match run.again {
        Some(again) => again == Recomputed::default(),
        None => before.settled == now.settled,
    };
    same_figures
        && before.trades == now.trades
        && before.names == now.names
        && (before.head.last_sequence, before.head.state_digest, &before.head.group)
            == (now.head.last_sequence, now.head.state_digest, &now.head.group)
}

/// Runs a job beside a bar that shows how far it is.
fn with_bar<T>(unit: &str, job: impl FnOnce(&Progress) -> T) -> T {
    let (state, done) = (Progress::default(), AtomicBool::new(false));
    let bar = progress(0, unit);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let (now, all) = state.get();
                bar.set_length(all);
                bar.set_position(now);
                std::thread::sleep(LOOKS);
            }
            bar.finish_and_clear();
        });
        let _ends = Ends(&done);
        job(&state)
    })
}

/// Ends the bar's thread, also if the job panics.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub(super) fn write_files(result: &DayResult, folder: &Path, kinds: &[FileKind]) -> Result<Vec<Written>, String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let bar: ProgressBar = progress(0, "files");
    let kinds = if kinds.is_empty() { &FileKind::ALL[..] } else { kinds };
    let written = settlement_files::write(result, folder, kinds, &|done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    written.map_err(|error| error.to_string())
}

fn prices_text(run: &Run) -> String {
    let mut text = "instrument,settlement,from\n".to_owned();
    for price in &run.prices {
        let _ = writeln!(text, "{},{},{}", price.instrument, price.shown(), price.by.words());
    }
    text
}

fn yuan(money: Money) -> String {
    show(money.0, PRICE_PLACES)
}

pub(super) fn stage_words(stage: Stage) -> &'static str {
    match stage {
        Stage::Check => "请核对 please check",
        Stage::Official => "正式发布 official release",
    }
}

/// What a run is told as.
struct Told<'a> {
    summary: &'a Summary,
    is_new: bool,
    folder: &'a Path,
    written: &'a [Written],
    /// Of a rerun.
    changed: Option<&'a [Change]>,
    /// Tables that the folder does not have, and what was reckoned without them.
    absent: &'a [(&'static str, &'static str)],
}

fn tell(told: &Told<'_>, as_json: bool, run: &Run) {
    let &Told { summary, is_new, folder, written, changed, absent } = told;
    if as_json {
        let mut value = json!({
            "ok": true,
            "new": is_new,
            "summary": summary,
            "prices": run.prices,
            "absent": absent.iter().map(|(table, _)| table).collect::<Vec<_>>(),
            "folder": folder.display().to_string(),
            "files": written,
            "tasks": { "worked_out": run.did.worked_out, "from_checkpoints": run.did.taken_up, "again": run.again },
        });
        if let Some(changed) = changed {
            value["changed"] = json!(changed);
        }
        println!("{value}");
        return;
    }
    let head = &summary.head;
    println!(
        "{} {} settlement {} · {} · epoch {} to sequence {}, state digest {:016x}",
        head.day,
        head.group,
        head.settlement_id,
        stage_words(head.stage),
        head.epoch,
        head.last_sequence,
        head.state_digest
    );
    if !is_new {
        println!("nothing has changed since: no new run 与上次结果相同");
    }
    println!(
        "{} trades, {} rows, {} codes; profit {} margin {} fees {} yuan",
        summary.trades,
        summary.rows,
        summary.accounts,
        yuan(summary.profit),
        yuan(summary.margin),
        yuan(summary.fees)
    );
    for (by, count) in &summary.prices {
        println!("  {count} settlement prices from {by}");
    }
    if !summary.to_look_at.is_empty() {
        let (count, first) = (summary.to_look_at.len(), summary.to_look_at.iter().take(ROWS));
        let first: Vec<&str> = first.map(String::as_str).collect();
        println!("  待核 {count} options without a price of today, to be looked at (closes.csv): {}", first.join(" "));
    }
    absent.iter().for_each(|(table, instead)| println!("  no 没有 {table}: {instead}"));
    summary.one_sided.iter().for_each(|name| println!("  单边市 one-sided market: {name}"));
    members(&summary.members.iter().map(|of| (of.member.as_str(), of.reserve, of.call)).collect::<Vec<_>>());
    if let Some(changed) = changed {
        println!("{} figures changed 变动:", changed.len());
        let shown = |value: Option<i64>| value.map_or_else(|| "–".to_owned(), |value| show(value, PRICE_PLACES));
        for change in changed.iter().take(ROWS) {
            println!("  {:<20} {:<18} {} -> {}", change.of, change.item, shown(change.before), shown(change.now));
        }
        if changed.len() > ROWS {
            println!("  … --json has all");
        }
    }
    match run.again {
        None => println!("{} tasks worked out, {} taken from checkpoints", run.did.worked_out, run.did.taken_up),
        Some(again) => println!(
            "only what the correction touches was settled again 只重算受影响部分: trades of {} rows, figures of {}, {} expiring contracts, {} codes",
            again.traded, again.figured, again.ended, again.accounts
        ),
    }
    let bytes: u64 = written.iter().map(|file| file.bytes).sum();
    println!("{} files, {bytes} bytes, in {}", written.len(), folder.display());
    println!("when members agree: backstop settle release {} {} --out DIR", head.day, head.settlement_id);
}

fn members(members: &[(&str, Money, Money)]) {
    let called = members.iter().filter(|(.., call)| call.0 > 0).count();
    println!("{} clearing members, {called} of them to pay in 需追加 {called} 家", members.len());
    println!("  {:<10} {:>24} {:>24}", "会员 member", "结算准备金 reserve", "追加 call");
    let mut first: Vec<_> = members.iter().collect();
    first.sort_by_key(|(member, _, call)| (std::cmp::Reverse(*call), *member));
    for (member, reserve, call) in first.iter().take(ROWS) {
        println!("  {member:<10} {:>24} {:>24}", yuan(*reserve), yuan(*call));
    }
    if members.len() > ROWS {
        println!("  … --json has all");
    }
}

fn status(options: &StatusOptions) -> Result<bool, String> {
    let mut store = options.place.open()?;
    let refuse = |error: settlement_store::StoreError| format!("the store: {error}");
    let day = match options.day {
        Some(day) => Some(day),
        None => store.days().map_err(refuse)?.last().copied(),
    };
    let Some(day) = day else { return Err(format!("{}: no day was settled yet", options.place.out.display())) };
    let runs = store.runs(day).map_err(refuse)?;
    let Some(last) = runs.last() else { return Err(format!("{day} was not settled yet")) };
    let funds = store.funds(day, last.head.settlement_id).map_err(refuse)?;
    if options.place.json {
        let funds: Vec<Value> =
            funds.iter().map(|(member, funds)| json!({ "member": member, "reserve": funds.reserve, "call": funds.call, "figures": funds.figures })).collect();
        println!("{}", json!({ "ok": true, "day": day, "runs": runs, "funds": funds }));
        return Ok(true);
    }
    for run in &runs {
        let head = &run.head;
        println!(
            "{day} {} settlement {} · {} · {} rows, {} trades, to sequence {}",
            head.group,
            head.settlement_id,
            stage_words(head.stage),
            run.rows,
            run.trades / 2,
            head.last_sequence
        );
        for step in run.stages.iter().filter(|step| !step.reason.is_empty()) {
            println!("    {}: {}", stage_words(step.stage), step.reason);
        }
    }
    members(&funds.iter().map(|(member, funds)| (member.as_str(), funds.reserve, funds.call)).collect::<Vec<_>>());
    Ok(true)
}

fn compare(options: &CompareOptions) -> Result<bool, String> {
    let compared = settlement_files::compare(&options.ours, &options.theirs).map_err(|error| error.to_string())?;
    let equal = compared.is_equal();
    if options.json {
        println!("{}", json!({ "ok": equal, "comparison": compared }));
        return Ok(equal);
    }
    for table in &compared.tables {
        println!("{:<20} {}", table.table, counts(&table.counts));
    }
    for item in compared.items.iter().take(ROWS) {
        let shown = |value: &Option<String>| value.as_deref().unwrap_or("–").to_owned();
        let since = item.since.as_ref().map_or_else(String::new, |since| {
            format!(" 自 since trade {} {} {} {}", since.trade, since.time, since.client, since.instrument)
        });
        println!(
            "  {} {} {}: {:?} ours {} theirs {} difference {}{since}",
            item.table,
            item.key.join("/"),
            shown(&item.column),
            item.found,
            shown(&item.ours),
            shown(&item.theirs),
            shown(&item.difference)
        );
    }
    let more = compared.items_left_out + compared.items.len().saturating_sub(ROWS) as u64;
    if more > 0 {
        println!("  … {more} more; --json has them");
    }
    compared.not_compared.iter().for_each(|what| println!("not compared 未比对: {what}"));
    println!("{} {}", if equal { "equal 一致:" } else { "NOT EQUAL 不一致:" }, counts(&compared.counts));
    Ok(equal)
}

fn counts(counts: &settlement_files::compare::Counts) -> String {
    format!(
        "{} rows, {} values equal ({} rounded), {} different, {} unknown; rows missing in ours {}, in theirs {}",
        counts.rows,
        counts.equal,
        counts.rounded,
        counts.different,
        counts.unknown,
        counts.missing_in_ours,
        counts.missing_in_theirs
    )
}
