//! Which machine it is and how quiet: without these two a latency is not evidence.

use crate::bench::clock::nanoseconds;
use dataplane::clock::cycles;
use dataplane::ring::ring;
use engine::types::Nanoseconds;
use hdrhistogram::Histogram;
use hw_profiles::{Cpu, detect};
use serde::Serialize;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The machine.
#[derive(Clone, Debug, Serialize)]
pub struct Fingerprint {
    /// The processor's name.
    pub processor: String,
    /// Processors that this process may run on.
    pub cores: usize,
    /// The kernel.
    pub kernel: String,
    /// Where the kernel takes the time from.
    pub clock_source: Option<String>,
    /// Counts of the cycle counter in a second.
    pub cycles_per_second: u64,
    /// A hypervisor is below.
    pub is_virtual: bool,
    /// Load average of the last minute, before the bench.
    pub load: f64,
    /// The profile that fits this machine.
    pub profile: String,
    /// The source that was built: version of the package.
    pub version: &'static str,
    /// Whether the thread that is measured was pinned, and to what it is allowed: as the kernel says.
    pub pinned: bool,
    /// `Cpus_allowed_list` of the measured thread.
    pub cores_allowed: String,
    /// Times that the measured thread was moved to another core; -1 = the kernel does not say.
    pub migrations: i64,
    /// Gaps in a thread that only looks at the clock.
    pub gaps: Gaps,
}

/// Times at which a thread that only looks at the clock did not run.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Gaps {
    /// Over 10 us, a second.
    pub over_10_us_per_second: f64,
    /// Their share of the time, percent.
    pub share_percent: f64,
    /// The longest, ns.
    pub longest_ns: u64,
}

/// Above this share of lost time, tails are the machine's and not the service's.
pub const NOISY_PERCENT: f64 = 0.5;
const GAP_NS: u64 = 10_000;
/// How long gaps are looked for.
const LOOK: Duration = Duration::from_millis(300);

impl Fingerprint {
    /// Looks at the machine, and pins this thread, if a core is named.
    #[must_use]
    pub fn take(core: Option<usize>) -> Fingerprint {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpuinfo = text("/proc/cpuinfo");
        let cpu = Cpu::parse(&cpuinfo);
        let field = |name: &str| {
            let line = cpuinfo.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        // Before it is pinned: afterwards there is one.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let pinned = core.is_some_and(pin);
        Fingerprint {
            processor: field("model name").unwrap_or_else(|| cpu.to_string()),
            cores,
            kernel: text("/proc/sys/kernel/osrelease").trim().to_owned(),
            clock_source: nic_config::survey(Path::new("/")).clock_source,
            cycles_per_second: dataplane::clock::cycles_per_second(),
            is_virtual: field("flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
            load: text("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0),
            profile: detect(&cpu).profile,
            version: env!("CARGO_PKG_VERSION"),
            pinned,
            cores_allowed: status("Cpus_allowed_list").unwrap_or_default(),
            migrations: migrations(),
            gaps: gaps(),
        }
    }

    /// What the measured thread was moved since.
    pub fn count_migrations(&mut self) {
        if self.migrations >= 0 {
            self.migrations = migrations() - self.migrations;
        }
    }
}

/// Puts this thread on a core. False: the kernel does not, or has no such core.
fn pin(core: usize) -> bool {
    let mut cores = rustix::thread::CpuSet::new();
    if core >= rustix::thread::CpuSet::MAX_CPU {
        return false;
    }
    cores.set(core);
    rustix::thread::sched_setaffinity(None, &cores).is_ok()
}

/// Lets this thread run on every core but the one that its starter was pinned to: two that spin must not share one.
pub fn leave_core() {
    let Ok(pinned) = rustix::thread::sched_getaffinity(None) else { return };
    if pinned.count() > 1 {
        return;
    }
    let cores: Vec<usize> = (0..rustix::thread::CpuSet::MAX_CPU).filter(|core| pinned.is_set(*core)).collect();
    leave_cores(&cores);
}

/// Lets this thread run on every core but these.
pub fn leave_cores(cores: &[usize]) {
    let mut others = rustix::thread::CpuSet::new();
    for core in (0..rustix::thread::CpuSet::MAX_CPU).filter(|core| !cores.contains(core)) {
        others.set(core);
    }
    // A machine without another core: they share it after all.
    let _ = rustix::thread::sched_setaffinity(None, &others);
}

fn status(field: &str) -> Option<String> {
    let text = fs::read_to_string("/proc/thread-self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with(field))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn migrations() -> i64 {
    let text = fs::read_to_string("/proc/thread-self/sched").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("se.nr_migrations"));
    line.and_then(|line| line.rsplit(':').next()?.trim().parse().ok()).unwrap_or(-1)
}

/// Looks at the clock for a while, and at nothing else.
fn gaps() -> Gaps {
    let begin = cycles();
    let (mut last, mut count, mut lost, mut longest) = (begin, 0u64, 0, 0);
    while nanoseconds(last.wrapping_sub(begin)) < LOOK.as_nanos() as u64 {
        let now = cycles();
        let gap = nanoseconds(now.wrapping_sub(last));
        if gap > GAP_NS {
            count += 1;
            lost += gap;
            longest = longest.max(gap);
        }
        last = now;
    }
    let spent = nanoseconds(last.wrapping_sub(begin));
    Gaps {
        over_10_us_per_second: count as f64 * 1e9 / spent as f64,
        share_percent: lost as f64 * 100.0 / spent as f64,
        longest_ns: longest,
    }
}

/// From the planned time to the arrival on the other core, of records through an empty command ring: what a hop between two
/// cores costs on this machine, with its interruptions. Nothing is done with them.
#[must_use]
pub fn empty_ring(rate: u64, span: Duration) -> Histogram<u64> {
    let (mut sender, mut receiver) = ring(1 << 16);
    let (is_over, is_given_up) = (AtomicBool::new(false), AtomicBool::new(false));
    let mut latency = Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("the bounds are in order");
    let record = [0u8; 64];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            leave_core();
            let begin = cycles();
            let orders = (u128::from(rate) * span.as_nanos() / 1_000_000_000) as u64;
            for order in 0..orders {
                let due = (u128::from(order) * 1_000_000_000 / u128::from(rate)) as u64;
                while nanoseconds(cycles().wrapping_sub(begin)) < due {
                    std::hint::spin_loop();
                }
                loop {
                    if let Some(mut slot) = sender.reserve(record.len()) {
                        slot.copy_from_slice(&record);
                        slot.commit(Nanoseconds(nanoseconds(begin) + due));
                        break;
                    }
                    if is_given_up.load(Ordering::Acquire) {
                        return;
                    }
                    std::hint::spin_loop();
                }
                sender.publish();
            }
            is_over.store(true, Ordering::Release);
        });
        let patience = Instant::now();
        loop {
            let over = is_over.load(Ordering::Acquire);
            let mut count = 0;
            while let Some(record) = receiver.next_record() {
                let due = record.time.0;
                latency.saturating_record(nanoseconds(cycles()).saturating_sub(due).max(1));
                count += 1;
            }
            receiver.release();
            let is_late = patience.elapsed() > 10 * span + Duration::from_secs(5);
            if (count == 0 && over) || is_late {
                is_given_up.store(true, Ordering::Release);
                break;
            }
        }
    });
    latency
}
