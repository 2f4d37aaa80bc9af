//! The service that a bench is run against: its stages on threads as a layout says, its journal where the profile has it.

use crate::bench::clock::{core_nanoseconds, nanoseconds};
use crate::bench::flow::Mix;
use crate::bench::market::{self, DATA_CENTER, DAY_BEGINS, MEMBER_PORT};
use dataplane::clock::cycles;
use dataplane::front::{Front, FrontConfig, FrontMarks};
use dataplane::ring::RING_BYTES;
use dataplane::session::LoginPolicy;
use dataplane::stages::{Commits, EngineStage, Layout, LayoutMap, Placement, Step, Time};
use dataplane::streams::StreamLimits;
use engine::IdStyle;
use engine::types::Nanoseconds;
use hdrhistogram::Histogram;
use hw_profiles::Limits;
use journal::{Durability, Identity, Log, LogLimits, Machine};
use net::{Instant, Transport};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Names of stages in the order in which [`Service`] counts their cycles: [`Step::ALL`].
pub const STAGES: [&str; Step::ALL.len()] = ["ingress", "engine", "record", "publish", "egress"];

/// What is measured: which thread runs which stage, and what recorded means.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The stages on threads. On one thread the members' work is taken out of the time; see [`crate::bench::clock`].
    pub map: LayoutMap,
    /// [`Durability::None`] is a log in memory.
    pub durability: Durability,
    /// Where journals stand while they are written; nothing of them stays.
    pub folder: PathBuf,
}

impl Shape {
    /// Everything on one thread, the log in memory.
    #[must_use]
    pub fn fused_in_memory() -> Self {
        Shape { map: LayoutMap::fused(), durability: Durability::None, folder: std::env::temp_dir() }
    }

    /// Everything is on the caller's thread.
    #[must_use]
    pub fn is_fused(&self) -> bool {
        self.map.threads().len() == 1
    }

    fn log(&self, room: LogLimits) -> Result<Log, String> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        if self.durability == Durability::None {
            return Log::in_memory(room)
                .map_err(|error| format!("no memory for a log of {} bytes: {error}", room.bytes));
        }
        let name = format!("backstop-bench-{}-{}.journal", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = self.folder.join(name);
        let log = Log::create(&path, room, self.durability).map_err(|error| format!("--journal: {error}"));
        // The file is there as long as it is open, and however the bench ends, no longer.
        let gone = fs::remove_file(&path);
        let log = log?;
        gone.map_err(|error| format!("--journal {}: {error}", path.display()))?;
        Ok(log)
    }
}

/// Fronts, engine, record: what an appliance is.
pub struct Service<T: Transport> {
    stages: Stages<T>,
    /// Where the measurement began.
    begin: Sums,
    rounds: u32,
    /// Cycles an order of each stage, of the rounds that were measured by stages; on one thread.
    cycles: [Histogram<u64>; STAGES.len()],
    stall: Option<Stall>,
}

enum Stages<T: Transport> {
    /// On the thread that polls.
    Fused(Box<(Front<T>, EngineStage)>),
    /// On several; the first is the one that polls.
    Threads(Box<Layout<T>>),
}

/// What was done up to a moment.
struct Sums {
    internal_ns: Histogram<u64>,
    copied: u64,
    answers: u64,
    /// Cycles of each stage, of layouts.
    cycles: [u64; STAGES.len()],
}

/// What a service did while it was measured.
pub struct Figures {
    /// From the burst that held an order's last byte to the burst that held its first answer.
    pub internal_ns: Histogram<u64>,
    /// Cycles an order of each stage. On one thread medians over the orders of the rounds that were measured by stages, so that what
    /// interrupts the thread is not taken for work; on several means of the polls that did something, interruptions included.
    pub stages: [f64; STAGES.len()],
    /// Bytes that were copied on the way, in and out.
    pub bytes_copied: u64,
    /// What the service worked, ns an order.
    pub service_ns: f64,
    /// How much of the fixed buffers was ever in use, on the front that used most.
    pub marks: FrontMarks,
    /// Orders that the rules rejected, since it began.
    pub rejected: u64,
    /// Where the threads were; empty on one.
    pub threads: Vec<Placement>,
    /// Why it stopped, if so.
    pub fault: Option<String>,
}

/// A service that stands still once, to show that the bench sees it. On one thread.
#[derive(Clone, Copy, Debug)]
pub struct Stall {
    /// Answers before it.
    pub after_answers: u64,
    /// How long, in nanoseconds.
    pub nanoseconds: u64,
}

/// One round in so many is measured stage by stage: reading the clock costs as much as a small stage.
const ROUNDS_A_STAGED_ONE: u32 = 8;

/// The service's time at a moment of the clock's.
#[must_use]
pub fn moment(zero_ns: u64) -> Instant {
    DAY_BEGINS + Duration::from_nanos(core_nanoseconds().saturating_sub(zero_ns))
}

impl<T: Transport + Send + 'static> Service<T> {
    /// A market of so many members that is open for trading, with room for so many requests; a transport for each front of the shape.
    /// Its time is the clock's since `zero_ns`. The calling thread polls, and is put where the layout has it.
    ///
    /// # Errors
    /// No memory or no file for the log.
    pub fn open(
        transports: Vec<T>,
        shape: &Shape,
        members: u16,
        mix: &Mix,
        requests: u32,
        limits: &Limits,
        zero_ns: u64,
    ) -> Result<Self, String> {
        let commands = requests + mix.resting() + 4 * u32::from(members) + u32::from(mix.books) + 16;
        let room = LogLimits::for_commands(commands as usize);
        let log = shape.log(room)?;
        let mut machine = Machine::new(log, Identity { ids: IdStyle { prefix: b'B' }, data_center: DATA_CENTER });
        for command in market::base_data(members, mix, limits) {
            let executed = machine
                .execute(&command.command(), Nanoseconds(DAY_BEGINS.nanos()))
                .map_err(|error| format!("the profile has no room for the market: {error:?}"))?;
            if let Some(reject) = executed.rejected {
                return Err(format!("the profile has no room for the market: {reject:?}"));
            }
        }
        machine.touch_state();
        let config = FrontConfig {
            login_policy: LoginPolicy::ProofOrPassword,
            streams: StreamLimits::for_commands(commands),
            ring_bytes: RING_BYTES,
            clock: Some(core_nanoseconds),
            ..FrontConfig::new(MEMBER_PORT, DATA_CENTER, [1; 32])
        };
        let reader = machine.reader().clone();
        // As an appliance does before the day: no page fault on the way of an order.
        machine.log().touch_ahead(room.bytes);
        machine.log().sync().map_err(|error| format!("--journal: {error}"))?;
        let configs = config.several(transports.len());
        let fronts = configs.iter().zip(transports).map(|(config, host)| Front::new(config, host, reader.clone()));
        let mut fronts: Vec<_> = fronts.collect();
        let commits = shape.durability == Durability::Sync;
        let stages = if shape.is_fused() {
            let (front, receiver) = fronts.pop().expect("a front a transport");
            let commits = if commits { Commits::Here } else { Commits::Never };
            Stages::Fused(Box::new((front, EngineStage::new(machine, vec![receiver], commits))))
        } else {
            let mut layout = Layout::new(shape.map.clone(), fronts, Time::Machine(Arc::new(move || moment(zero_ns))));
            layout.pin();
            layout.measure(true);
            layout.start(machine, commits);
            Stages::Threads(Box::new(layout))
        };
        let mut service = Service {
            begin: Sums { internal_ns: cycles_histogram(), copied: 0, answers: 0, cycles: [0; STAGES.len()] },
            stages,
            rounds: 0,
            cycles: std::array::from_fn(|_| cycles_histogram()),
            stall: None,
        };
        service.begin_measuring();
        Ok(service)
    }

    /// One round of every stage of this thread.
    #[inline]
    pub fn poll(&mut self, now: Instant) {
        let (front, engine) = match &mut self.stages {
            Stages::Fused(stages) => (&mut stages.0, &mut stages.1),
            Stages::Threads(layout) => {
                layout.poll(now);
                return;
            }
        };
        self.rounds = self.rounds.wrapping_add(1);
        if let Some(stall) = self.stall.filter(|stall| front.counters().answers >= stall.after_answers) {
            self.stall = None;
            let until = core_nanoseconds() + stall.nanoseconds;
            while core_nanoseconds() < until {
                std::hint::spin_loop();
            }
        }
        if self.rounds.is_multiple_of(ROUNDS_A_STAGED_ONE) {
            return poll_by_stages(front, engine, &mut self.cycles, now);
        }
        front.poll_ingress(now);
        engine.poll();
        front.publish(now);
        front.poll_egress(now);
    }

    /// From here on it counts.
    pub fn begin_measuring(&mut self) {
        self.begin = self.sums();
        self.cycles.iter_mut().for_each(Histogram::reset);
    }

    /// Stands still once: on one thread.
    pub fn set_stall(&mut self, stall: Stall) {
        self.stall = Some(stall);
    }

    /// Answers of all fronts so far.
    pub fn answers(&mut self) -> u64 {
        match &mut self.stages {
            Stages::Fused(stages) => stages.0.counters().answers,
            Stages::Threads(layout) => layout.front_counters().answers,
        }
    }

    /// What it did since the measurement began.
    pub fn figures(&mut self) -> Figures {
        let mut sums = self.sums();
        sums.internal_ns.subtract(&self.begin.internal_ns).expect("a histogram only grows");
        let answers = (sums.answers - self.begin.answers).max(1) as f64;
        let cycles: [f64; STAGES.len()] = match &self.stages {
            Stages::Fused(_) => std::array::from_fn(|stage| self.cycles[stage].value_at_quantile(0.5) as f64),
            Stages::Threads(_) => {
                std::array::from_fn(|stage| (sums.cycles[stage] - self.begin.cycles[stage]) as f64 / answers)
            }
        };
        let fault = self.halt();
        let (marks, rejected, threads) = match &mut self.stages {
            Stages::Fused(stages) => (stages.0.marks(), stages.1.counters().rejected, Vec::new()),
            Stages::Threads(layout) => {
                let marks = layout.fronts(|front| front.marks());
                let marks = marks.into_iter().max_by_key(|marks| marks.burst_command_bytes).unwrap_or_default();
                let rejected = layout.engine(|engine| engine.counters().rejected).unwrap_or(0);
                (marks, rejected, layout.placements())
            }
        };
        Figures {
            internal_ns: sums.internal_ns,
            stages: cycles,
            bytes_copied: sums.copied - self.begin.copied,
            service_ns: nanoseconds(cycles.iter().sum::<f64>() as u64) as f64,
            marks,
            rejected,
            threads,
            fault,
        }
    }

    /// Why it does not go on, if so.
    pub fn halt(&mut self) -> Option<String> {
        match &mut self.stages {
            Stages::Fused(stages) => {
                let engine = stages.1.halt().map(ToString::to_string);
                engine.or_else(|| stages.0.halt().map(|why| format!("the log contradicts itself: {why:?}")))
            }
            Stages::Threads(layout) => layout.halt().map(|halt| halt.to_string()),
        }
    }

    fn sums(&mut self) -> Sums {
        match &mut self.stages {
            Stages::Fused(stages) => Sums {
                internal_ns: stages.0.latency_ns().clone(),
                copied: copied(&stages.0),
                answers: stages.0.counters().answers,
                cycles: [0; STAGES.len()],
            },
            Stages::Threads(layout) => {
                let mut cycles = [0; STAGES.len()];
                for (_, work) in layout.work() {
                    cycles.iter_mut().zip(work).for_each(|(sum, step)| *sum += step.busy_cycles);
                }
                Sums {
                    internal_ns: layout.latency_ns(),
                    copied: layout.fronts(|front| copied(front)).into_iter().sum(),
                    answers: layout.front_counters().answers,
                    cycles,
                }
            }
        }
    }
}

/// One round with a clock between the stages. What the engine records is in its own cycles: it is one stage with it here.
fn poll_by_stages<T: Transport>(
    front: &mut Front<T>,
    engine: &mut EngineStage,
    stages: &mut [Histogram<u64>; STAGES.len()],
    now: Instant,
) {
    let answers = front.counters().answers;
    let mut times = [cycles(); 5];
    front.poll_ingress(now);
    times[1] = cycles();
    engine.poll();
    times[2] = cycles();
    front.publish(now);
    times[3] = cycles();
    front.poll_egress(now);
    times[4] = cycles();
    // Rounds without an answer are waiting, not work; what they cost is in the latency.
    let answered = front.counters().answers - answers;
    let steps = [Step::Ingress, Step::Engine, Step::Publish, Step::Egress];
    for (step, pair) in steps.into_iter().zip(times.windows(2)) {
        let Some(cycles) = pair[1].wrapping_sub(pair[0]).checked_div(answered) else { return };
        stages[step as usize].saturating_record_n(cycles.max(1), answered);
    }
}

fn cycles_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 1 << 40, 3).expect("the bounds are in order")
}

/// Bytes that TCP had to hold or to put together, and those that the front wrote twice: the rest is read in the packet, and
/// rendered into what is sent.
fn copied<T: Transport>(front: &Front<T>) -> u64 {
    let host = front.host_counters();
    host.ringed_bytes + host.straddled_bytes + front.counters().bytes_copied()
}
