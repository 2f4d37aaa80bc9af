//! `backstop day`: load, template, report.

use super::load::{self, Loaded};
use super::report;
use super::table::{Faults, days_of_date, is_date};
use super::template;
use crate::replay::progress;
use crate::{appliance, site};
use engine::IdStyle;
use engine::types::Nanoseconds;
use hw_profiles::Profile;
use journal::{Durability, Identity, Log, LogLimits, Machine};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Flags of `backstop day`.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    #[command(subcommand)]
    job: Job,
}

#[derive(clap::Subcommand, Clone, Debug)]
enum Job {
    /// Checks a folder of base data whole (every fault with file, row and column), opens the day with it in the engine, and writes the opening frames 日初装载
    Load(LoadOptions),
    /// Writes a small folder of base data that loads, with a README: CFFEX's products, calendar and limits as they are built in 模板
    Template(TemplateOptions),
    /// Reads a day's journal: market makers' obligations, and counters for surveillance 做市义务与监察计数
    Report(report::Options),
}

/// Flags of `backstop day load`.
#[derive(clap::Args, Clone, Debug)]
pub struct LoadOptions {
    /// The folder; what may stand in it says `backstop day template`
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Writes the opening frames here, a log in the journal's format; the file must not be there yet
    #[arg(long, value_name = "LOG")]
    out: Option<PathBuf>,
    /// The trading day; today in China if it is left out 交易日
    #[arg(long, value_name = "YYYYMMDD")]
    day: Option<u32>,
    /// The hardware profile whose tables it must fit: a built-in one's name, or a .toml file
    #[arg(long, default_value = "dev")]
    profile: String,
    /// Data centre of the core that opens the day 数据中心
    #[arg(long, value_name = "N", default_value_t = 1)]
    data_center: u32,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Flags of `backstop day template`.
#[derive(clap::Args, Clone, Debug)]
pub struct TemplateOptions {
    /// A folder that is not there yet, or is empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// A flag, a file that cannot be read or written: one line.
pub fn run(options: &Options) -> Result<bool, String> {
    match &options.job {
        Job::Load(options) => load_day(options),
        Job::Template(options) => {
            let files = template::write(&options.folder)?;
            let folder = options.folder.display();
            println!("{files} files in {folder}; try: backstop day load {folder} --day {}", template::DAY);
            Ok(true)
        }
        Job::Report(options) => report::run(options),
    }
}

/// A day that was opened from a folder.
#[derive(Debug)]
pub struct Opened {
    /// What was read.
    pub loaded: Loaded,
    /// Frames of the opening.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The state's digest after them.
    pub digest: u64,
}

/// Checks a folder and opens the day with it, into a file or into memory.
///
/// # Errors
/// Everything that is wrong with the folder; what the engine refuses stands there too.
pub fn open(
    folder: &Path,
    day: u32,
    data_center: u32,
    profile: &Profile,
    out: Option<&Path>,
    (seen, done): (&dyn Fn(u64), &dyn Fn(u64)),
) -> Result<Opened, Faults> {
    let loaded = load::load(folder, Some(day), seen)?;
    let refuse = |message: String| {
        let mut faults = Faults::default();
        faults.push(&folder.display().to_string(), None, None, message);
        faults
    };
    let (mut frames, mut bytes) = (0usize, 0usize);
    let count = loaded.files.open(day, data_center, &profile.limits, &mut |command, _| {
        frames += 1;
        bytes += FRAME_BYTES + command.bytes().len();
        Ok(())
    });
    count.map_err(refuse)?;
    let limits = LogLimits { bytes: bytes + 4_096, frames: frames + 1 };
    let log = match out {
        Some(path) => Log::create(path, limits, Durability::Async).map_err(|error| refuse(error.to_string()))?,
        None => Log::in_memory(limits).map_err(|error| refuse(format!("memory for the log: {error}")))?,
    };
    let mut machine = Machine::new(log, Identity { ids: IdStyle { prefix: appliance::ID_PREFIX }, data_center });
    let mut opened = 0u64;
    let mut faults = Faults::default();
    let executed = loaded.files.open(day, data_center, &profile.limits, &mut |command, what| {
        let executed = machine.execute(&command.command(), Nanoseconds(opening_time(day)));
        opened += 1;
        if opened.is_multiple_of(4_096) {
            done(opened);
        }
        match executed.map_err(|error| format!("{}: {error}", what()))?.rejected {
            None => Ok(()),
            Some(reject) => {
                let words =
                    format!("the engine refused it: {} {} {}", reject as u16, reject.chinese(), reject.english());
                let (file, name) = what()
                    .split_once(", ")
                    .map_or((what(), String::new()), |(file, name)| (file.to_owned(), format!("{name}: ")));
                faults.push(&file, None, None, format!("{name}{words}"));
                Ok(())
            }
        }
    });
    executed.map_err(refuse)?;
    if faults.count > 0 {
        return Err(faults);
    }
    let digest = machine.state().digests().state;
    let bytes = machine.reader().committed();
    let frames = machine.reader().last_sequence().0;
    machine.into_log().close().map_err(|error| refuse(format!("the log: {error}")))?;
    Ok(Opened { loaded, frames, bytes, digest })
}

/// A frame's header and its one event.
const FRAME_BYTES: usize = 64 + 80;

/// When a day's opening is said to be: 8:30 in China, so that the same folder gives the same log.
fn opening_time(day: u32) -> u64 {
    let seconds = days_of_date(day) * 86_400 + 30 * 60; // 8:30 there is 0:30 UTC
    seconds * 1_000_000_000
}

fn load_day(options: &LoadOptions) -> Result<bool, String> {
    let day = options.day.unwrap_or_else(site::today);
    if !is_date(day) {
        return Err(format!("--day {day}: expected a date, yyyymmdd"));
    }
    let profile = Profile::load(&options.profile).map_err(|error| error.to_string())?;
    if let Some(out) = options.out.as_deref().filter(|out| out.exists()) {
        return Err(format!("--out {}: is there already", out.display()));
    }
    let bar = progress(0, "rows");
    let seen = |rows: u64| {
        bar.set_length(rows.max(bar.length().unwrap_or(0)));
        bar.set_position(rows);
    };
    let done = |commands: u64| {
        bar.set_message("opened");
        bar.set_position(commands);
    };
    let opened = open(&options.folder, day, options.data_center, &profile, options.out.as_deref(), (&seen, &done));
    bar.finish_and_clear();
    let opened = match opened {
        Ok(opened) => opened,
        Err(faults) => {
            // What could not be opened leaves no log behind.
            if let Some(out) = &options.out {
                let _ = std::fs::remove_file(out);
            }
            return Ok(told(&faults, options.json));
        }
    };
    let calendar = opened.loaded.files.calendar.len();
    if options.json {
        let rows: serde_json::Map<String, Value> =
            opened.loaded.rows.iter().map(|(file, rows)| ((*file).to_owned(), json!(rows))).collect();
        println!(
            "{}",
            json!({
                "ok": true,
                "trading_day": day,
                "rows": rows,
                "instruments": opened.loaded.files.instruments.len(),
                "products": opened.loaded.files.products.len(),
                "steps": calendar,
                "frames": opened.frames,
                "bytes": opened.bytes,
                "state_digest": format!("{:016x}", opened.digest),
                "log": options.out.as_ref().map(|path| path.display().to_string()),
                "notes": opened.loaded.notes,
                "faults": [],
            })
        );
        return Ok(true);
    }
    for (file, rows) in &opened.loaded.rows {
        println!("{file:<22} {rows:>9} rows");
    }
    opened.loaded.notes.iter().for_each(|note| println!("note: {note}"));
    let instruments = opened.loaded.files.instruments.len();
    println!(
        "{day}: {instruments} instruments, {calendar} steps, {} frames, {} bytes, state digest {:016x} 日初数据装载完成",
        opened.frames, opened.bytes, opened.digest
    );
    if let Some(out) = &options.out {
        println!("opening frames in {}", out.display());
    }
    Ok(true)
}

/// Every fault that is kept, and how many there are. False: that is the outcome.
fn told(faults: &Faults, as_json: bool) -> bool {
    if as_json {
        println!("{}", json!({ "ok": false, "fault_count": faults.count, "faults": faults.list }));
        return false;
    }
    faults.list.iter().for_each(|fault| println!("{fault}"));
    let kept = faults.list.len() as u64;
    let more = if faults.count > kept { format!(", {kept} of them above") } else { String::new() };
    println!("{} faults{more}; nothing was opened 共 {} 处错误，未装载", faults.count, faults.count);
    false
}
