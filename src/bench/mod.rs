//! `backstop bench`: how fast it is, on this machine, against the promise of its profile.
//!
//! Orders enter as FTD packets at a port and leave as FTD packets at the port, through TCP, session, checks, matching,
//! recording and publishing, every one. The load is an open loop at a constant rate: what waits, waits in the figures.

pub mod clock;
pub mod compare;
pub mod flow;
pub mod laid;
pub mod load;
pub mod machine;
pub mod market;
pub mod plot;
pub mod report;
pub mod results;
pub mod runs;
pub mod service;
pub mod wire;

use crate::replay;
use flow::Mix;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use hw_profiles::{PROMISE_MULTIPLES, Profile};
use indicatif::ProgressBar;
use laid::Laid;
use load::MEMBERS_MAX;
use machine::{Fingerprint, empty_ring};
use report::{Knee, Report, is_held, thousands};
use runs::{Plan, RateRun};
use service::{Shape, Stall};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Flags of `backstop bench`.
#[derive(clap::Args)]
pub struct Options {
    /// Whose promise is judged, and whose limits, cores and waiting are taken: a built-in profile's name, or a .toml file
    #[arg(long, default_value = "dev")]
    profile: String,
    /// One rate, orders a second: 300k, 1m, 250000
    #[arg(long, value_name = "N", conflicts_with_all = ["rates", "promise"])]
    rate: Option<String>,
    /// Several rates, one after the other
    #[arg(long, value_name = "N,N,…", value_delimiter = ',', conflicts_with = "promise")]
    rates: Vec<String>,
    /// Seconds a rate
    #[arg(long, value_name = "N", conflicts_with = "promise")]
    seconds: Option<f64>,
    /// Members, each with one session
    #[arg(long, value_name = "N", default_value_t = 64)]
    sessions: u16,
    /// What they send: a .toml file with insert, aggressive, cancel (percent), books, depth
    #[arg(long, value_name = "FILE")]
    mix: Option<String>,
    /// Where orders enter: `memory`, or a port as in a site's file (tap:NAME, af_packet:IFACE, …; root, in a name space of its own)
    #[arg(long, value_name = "PORT", default_value = "memory")]
    port: String,
    /// How the stages are laid on threads: `profile`, `fused`, 2, 4 or 8
    #[arg(long, value_name = "LAYOUT", default_value = "profile")]
    layout: String,
    /// The folder in which the journal is written, as durable as the profile has it, or `memory`: no file. Nothing of it stays
    /// [default: the system's for temporary files]
    #[arg(long, value_name = "DIR")]
    journal: Option<String>,
    /// Runs the same service over the kernel's sockets beside it, and prints the ratio
    #[arg(long, value_name = "WITH")]
    compare: Option<compare::With>,
    /// Ten minutes each at production rate and at twice it: what the profile promises
    #[arg(long)]
    promise: bool,
    /// Writes what came out to hw-profiles/results, as this machine's
    #[arg(long)]
    record: bool,
    /// Writes HdrHistogram logs
    #[arg(long, value_name = "FILE")]
    histogram: Option<PathBuf>,
    /// Draws the latencies
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// Of what the members send
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The service stands still once in the middle, so many milliseconds: shows that the bench sees it
    #[arg(long, value_name = "MS", default_value_t = 0)]
    stall: u64,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Rates of a bench that names none.
const DEFAULT_RATES: [u64; 4] = [125_000, 250_000, 500_000, 1_000_000];
/// Seconds a rate of a bench that names none, and of a promise.
const DEFAULT_SECONDS: f64 = 2.0;
const PROMISE_SECONDS: f64 = 600.0;
/// Below this rate members would be thought dead.
const RATE_MIN: u64 = 1_000;
const RATE_MAX: u64 = 20_000_000;
/// Halvings of the span in which the knee is, and seconds of each.
const KNEE_STEPS: u32 = 4;
const KNEE_SECONDS: f64 = 0.5;
/// Seconds of the empty ring.
const RING_SECONDS: f64 = 0.3;
/// Where results of the profiles live, from the repository's top.
const RESULTS: &str = "hw-profiles/results";

/// Runs the bench and prints what came of it. False: the promise was judged and is not held.
///
/// # Errors
/// Flags, files, rights, memory: one line.
pub fn run(options: &Options) -> Result<bool, String> {
    let profile = Profile::load(&options.profile).map_err(|error| error.to_string())?;
    let rates = options.rates(&profile)?;
    let seconds = options.seconds()?;
    let mix = options.mix.as_deref().map_or(Ok(Mix::DEFAULT), Mix::load)?;
    let laid = Laid::new(&profile, &options.layout, options.journal.as_deref(), options.port != "memory")?;
    let plan = options.plan(&profile, mix, &laid.shape)?;
    if let Some(why) = laid.fell_back.as_ref().or(laid.unpinned.as_ref()).filter(|_| !options.json) {
        eprintln!("backstop bench: --layout {}: {why}", options.layout);
    }
    if options.record && !Path::new(RESULTS).is_dir() {
        return Err(format!("--record: expected to be run where {RESULTS} is, the repository's top"));
    }
    let mut place = compare::Place::prepare(&options.port, options.compare)?;
    let mut machine = Fingerprint::take(laid.first_core());
    let orders: f64 = rates.iter().map(|rate| *rate as f64 * seconds).sum();
    let bar = if options.json { ProgressBar::hidden() } else { replay::progress(orders as u64, "orders") };
    let mut runs: Vec<RateRun> = Vec::new();
    let mut compared = Vec::new();
    for &rate in &rates {
        bar.set_message(format!("{}/s", thousands(rate)));
        runs.push(place.run(&plan, rate, seconds, &bar)?);
        if let Some(beside) = place.compare(&plan, rate, seconds, &bar, runs.last().expect("it was just pushed"))? {
            compared.push(beside);
        }
    }
    let knee = match runs.len() {
        1 => None,
        _ if options.promise => None,
        _ => Some(find_knee(&runs, &profile, |rate| place.run(&plan, rate, seconds.min(KNEE_SECONDS), &bar))?),
    };
    machine.count_migrations();
    let ring = (machine.cores > 1).then(|| empty_ring(rates[0], Duration::from_secs_f64(RING_SECONDS)));
    bar.finish_and_clear();
    let setting = format!(
        "{}, {} sessions, {} books of {} a side, {}% rest {}% trade {}% cancel, seed {}",
        place.words(),
        plan.members,
        mix.books,
        mix.depth,
        mix.insert,
        mix.aggressive,
        mix.cancel,
        options.seed
    );
    let report = Report {
        profile: &profile,
        machine,
        laid: &laid,
        setting,
        seconds,
        rates: runs,
        knee,
        empty_ring: ring,
        compared,
    };
    if let Some(path) = &options.histogram {
        write_histograms(path, &report.rates)?;
    }
    if let Some(path) = &options.plot {
        std::fs::write(path, plot::svg(&report)).map_err(|error| format!("--plot {}: {error}", path.display()))?;
    }
    if options.record {
        let path = Path::new(RESULTS).join(format!("{}.md", profile.name));
        std::fs::write(&path, results::page(&report, &options.command()))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    if options.json {
        println!("{}", report.json());
    } else {
        report.print();
    }
    Ok(report.verdict().0 != report::Verdict::FallsShort)
}

impl Options {
    /// The command that fills a profile's page.
    fn command(&self) -> String {
        let mix = self.mix.as_ref().map_or_else(String::new, |mix| format!(" --mix {mix}"));
        let port = if self.port == "memory" { String::new() } else { format!(" --port {}", self.port) };
        let layout = if self.layout == "profile" { String::new() } else { format!(" --layout {}", self.layout) };
        let journal = self.journal.as_ref().map_or_else(String::new, |journal| format!(" --journal {journal}"));
        format!("backstop bench --profile {} --promise --record{port}{mix}{layout}{journal}", self.profile)
    }

    fn rates(&self, profile: &Profile) -> Result<Vec<u64>, String> {
        if self.promise {
            let production = u64::from(profile.promise.production_orders_per_second);
            return Ok(PROMISE_MULTIPLES.iter().map(|multiple| production * u64::from(*multiple)).collect());
        }
        if let Some(rate) = &self.rate {
            return Ok(vec![rate_of("--rate", rate)?]);
        }
        if self.rates.is_empty() {
            return Ok(DEFAULT_RATES.to_vec());
        }
        self.rates.iter().map(|rate| rate_of("--rates", rate)).collect()
    }

    fn seconds(&self) -> Result<f64, String> {
        let default = if self.promise { PROMISE_SECONDS } else { DEFAULT_SECONDS };
        let seconds = self.seconds.unwrap_or(default);
        if !(0.05..=86_400.0).contains(&seconds) {
            return Err(format!("--seconds {seconds}: expected 0.05 to 86400"));
        }
        Ok(seconds)
    }

    fn plan<'a>(&self, profile: &'a Profile, mix: Mix, shape: &'a Shape) -> Result<Plan<'a>, String> {
        let limits = &profile.limits;
        let most = limits.participants.min(limits.users).min(limits.sessions.saturating_sub(4)).min(MEMBERS_MAX);
        if !(1..=most).contains(&self.sessions) {
            return Err(format!("--sessions {}: expected 1 to {most}, what the profile has room for", self.sessions));
        }
        if mix.books > limits.instruments {
            return Err(format!("--mix books = {}: the profile has room for {}", mix.books, limits.instruments));
        }
        if self.stall > 10_000 {
            return Err(format!("--stall {}: expected 0 to 10000 milliseconds", self.stall));
        }
        if self.stall > 0 && !shape.is_fused() {
            return Err(format!("--stall {}: expected --layout fused: one thread stands still", self.stall));
        }
        let stall = (self.stall > 0).then_some(Stall { after_answers: 0, nanoseconds: self.stall * 1_000_000 });
        Ok(Plan { members: self.sessions, mix, seed: self.seed, limits, stall, shape })
    }
}

/// `250000`, `250k`, `1m`, `1.5m`.
fn rate_of(flag: &str, text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 1e3),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 1e6),
        _ => (text, 1.0),
    };
    let rate = digits.parse::<f64>().ok().map(|number| number * unit);
    match rate.filter(|rate| (RATE_MIN as f64..=RATE_MAX as f64).contains(rate)) {
        Some(rate) => Ok(rate as u64),
        None => Err(format!(
            "{flag} {text}: expected orders a second, {} to {}, as 250000, 250k or 1.5m",
            thousands(RATE_MIN),
            thousands(RATE_MAX)
        )),
    }
}

/// Narrows the span between the highest rate that is held and the lowest above it that is not.
fn find_knee(
    runs: &[RateRun],
    profile: &Profile,
    mut run: impl FnMut(u64) -> Result<RateRun, String>,
) -> Result<Knee, String> {
    let falls = runs.iter().filter(|run| !is_held(run, profile)).map(|run| run.rate).min();
    let below = |run: &&RateRun| is_held(run, profile) && falls.is_none_or(|falls| run.rate < falls);
    let mut holds = runs.iter().filter(below).map(|run| run.rate).max().unwrap_or(0);
    let Some(mut falls) = falls else { return Ok(Knee { holds, falls: None }) };
    for _ in 0..KNEE_STEPS {
        let middle = (holds + falls) / 2;
        if middle < RATE_MIN {
            break;
        }
        if is_held(&run(middle)?, profile) {
            holds = middle;
        } else {
            falls = middle;
        }
    }
    Ok(Knee { holds, falls: Some(falls) })
}

/// HdrHistogram's interval log: a line a rate and latency, tagged with them.
fn write_histograms(path: &Path, rates: &[RateRun]) -> Result<(), String> {
    let fault = |error: &dyn std::fmt::Debug| format!("--histogram {}: {error:?}", path.display());
    let mut file = std::fs::File::create(path).map_err(|error| format!("--histogram {}: {error}", path.display()))?;
    let mut serializer = V2DeflateSerializer::new();
    let mut builder = IntervalLogWriterBuilder::new();
    builder.add_comment("backstop bench: planned = planned time to answer, internal = burst in to burst out; ns");
    let begin = SystemTime::now();
    builder.with_start_time(begin);
    let mut log = builder.begin_log_with(&mut file, &mut serializer).map_err(|error| fault(&error))?;
    for (order, run) in rates.iter().enumerate() {
        let latencies: [(&str, &Histogram<u64>); 2] = [("planned", &run.planned_ns), ("internal", &run.internal_ns)];
        for (name, latency) in latencies {
            let tag = format!("{name}_{}", run.rate);
            let tag = Tag::new(&tag).expect("a tag without blanks, commas and line ends");
            let seconds = Duration::from_secs_f64(run.counts.planned as f64 / run.rate as f64);
            log.write_histogram(latency, Duration::from_secs(order as u64), seconds, Some(tag))
                .map_err(|error| fault(&error))?;
        }
    }
    Ok(())
}
