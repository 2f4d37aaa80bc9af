//! Stages, and which thread runs them. A stage has one verb, `poll`; a [`LayoutMap`] says where each stands.
//!
//! ```text
//! front    a queue of the port: poll_ingress, publish, poll_egress; its sessions, its ring, its fold over the log
//! engine   takes from the rings of all fronts in turn, writes the log
//! record   makes durable what the engine wrote, so that it is released; on the engine's own thread it is part of the engine
//!
//! 1   front engine record
//! 2   front | engine record
//! 4   front | front | engine | record
//! 8   publish | front | front | front | front | front | engine | record
//! ```
//!
//! Fronts and engine are joined by a ring for each front (commands in) and by the log (what came of them out); `committed` and
//! `released` of the log are all that engine, record and fronts tell each other. A port steers a member's connections to one
//! front by the member's address, so a seat is served by one; if it comes through two all the same, they are two connections of one
//! seat, as on one front: its flow control is one ([`crate::front::SharedSeats`]), and an answer goes to the dialog that asked.
//!
//! Every front folds the whole log itself: 65 cycles a frame, of which 25 are the reading of its header that nobody is spared, where an
//! order costs 3,000 and more. A thread that folded for all of them would save each 40 cycles a frame, and cost it a table of places
//! that another core writes. So a profile's `publish` on a thread of its own is a front without members: it serves followers, fronts
//! on other machines, our own links and the board, whose bytes go by the log's size times their number. Beside a front it is that
//! front's.
//!
//! Every command carries the time of the burst that brought it, so the log does not depend on when the engine came to it: on one
//! thread the same inputs at the same times give the same log, byte for byte; on several, with one member, too.
//!
//! A panic in any stage is caught and named, and halts the layout: no stage is polled any more, so nothing is released after it. A
//! stage that cannot go on (the log is full, the device failed, the log contradicts itself) stops by itself and is named; the
//! others tell what is recorded.

mod beside;
mod engine;
mod group;
mod map;
mod placement;
mod record;
mod worker;

pub use beside::Beside;
pub use engine::{Commits, EngineCounters, EngineHalt, EngineStage};
pub use group::{Step, StepWork, Work};
pub use map::{FRONTS_MAX, LayoutMap, MapFault, Stage, ThreadPlan, Waiter, Waiting};
pub use placement::{Placement, online_cores};
pub use record::{RecordCounters, RecordStage};

use crate::front::{BoardCounts, BoardLine, Front, FrontCounters, InDoubt};
use crate::ring::RingReceiver;
pub(crate) use beside::Standing;
use group::Group;
use hdrhistogram::Histogram;
use journal::Machine;
use net::{Instant, Transport};
use std::fmt;
use std::sync::Arc;
use worker::{Shared, Worker};

/// The stages put together: fronts, and an engine while this core is active. The caller's thread runs the first of the map's
/// threads, by [`Layout::poll`].
pub struct Layout<T: Transport> {
    map: LayoutMap,
    home: Group<T>,
    /// The map's other threads, in its order.
    workers: Vec<Worker<T>>,
    shared: Arc<Shared>,
    time: Time,
    engine: Engine,
    placement: Option<Placement>,
    beside: Option<Standing>,
}

/// Where the threads that nobody calls have their time from.
#[derive(Clone)]
pub enum Time {
    /// From the last [`Layout::poll`], which then lasts until no thread has anything more to do at that time: for virtual time.
    OfPoll,
    /// From a clock that every thread reads for itself.
    Machine(Arc<dyn Fn() -> Instant + Send + Sync>),
}

enum Engine {
    /// This core only follows: nobody takes commands.
    Absent(Vec<RingReceiver>),
    Here,
    /// It panicked, and its rings went with it.
    Lost,
}

/// Why a stage does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    /// Which thread: its stages.
    pub thread: String,
    /// Which of them.
    pub step: Step,
    /// Why.
    pub why: HaltReason,
}

/// Why, in kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HaltReason {
    /// The log takes no more frames. The command that did not fit is lost with its answer; whoever sent it asks again.
    Log(journal::AppendRefused),
    /// The journal's device failed.
    Device(String),
    /// The log contradicts itself.
    Contradiction(String),
    /// It panicked. Its words. No stage goes on.
    Panicked(String),
}

/// Turns of one poll without end: whatever goes round for ever is a failure, not a hang.
const TURNS_MAX: u32 = 100_000;
/// Turns in which nobody did anything until nothing is on its way any more: front to engine, engine to record, record to front.
const CALM_TURNS: u32 = 3;

impl<T: Transport + Send + 'static> Layout<T> {
    /// Fronts without an engine, as many as the map has, each with the receiver that [`Front::new`] gave; the first is the caller's.
    /// Starts the threads.
    ///
    /// # Panics
    /// With another number of fronts.
    #[must_use]
    pub fn new(map: LayoutMap, fronts: Vec<(Front<T>, RingReceiver)>, time: Time) -> Self {
        assert_eq!(fronts.len(), map.fronts(), "a front, and with it a transport, for each in the map");
        assert!(
            fronts.iter().enumerate().all(|(index, (front, _))| usize::from(front.number()) == index),
            "fronts are numbered in the map's order (FrontConfig::several)"
        );
        let (fronts, receivers): (Vec<_>, Vec<_>) = fronts.into_iter().unzip();
        let mut fronts = fronts.into_iter();
        let mut first = 0;
        let mut groups = map.threads().iter().map(|plan| {
            let mut group = Group::new(plan.name(first));
            first += plan.fronts();
            group.fronts.extend(fronts.by_ref().take(plan.fronts()));
            group
        });
        let home = groups.next().expect("a map has a thread");
        let groups: Vec<_> = groups.collect();
        let shared = Arc::new(Shared::new());
        let start = |(group, plan)| Worker::start(group, plan, map.waiter(), time.clone(), &shared);
        let workers = groups.into_iter().zip(&map.threads()[1..]).map(start).collect();
        Layout { map, home, workers, shared, time, engine: Engine::Absent(receivers), placement: None, beside: None }
    }

    /// One front and the engine, all on the caller's thread.
    #[must_use]
    pub fn fused(front: Front<T>, receiver: RingReceiver) -> Self {
        Self::new(LayoutMap::fused(), vec![(front, receiver)], Time::OfPoll)
    }

    /// Gives the engine its machine: from now on commands are executed. With `group_commit` what was recorded is made durable before it
    /// is told: the policy `sync`.
    ///
    /// # Panics
    /// If there is an engine, or was one that panicked.
    pub fn start(&mut self, mut machine: Machine, group_commit: bool) {
        let Engine::Absent(receivers) = std::mem::replace(&mut self.engine, Engine::Here) else {
            panic!("there is one engine, and it is there already");
        };
        let (engine_at, record_at) = (self.thread_of(Stage::Engine), self.thread_of(Stage::Record));
        let record_at = record_at.filter(|&record| Some(record) != engine_at);
        let mut commits = if group_commit { Commits::Here } else { Commits::Never };
        if let Some(thread) = record_at
            && let Some(syncer) = machine.log().take_syncer()
        {
            commits = Commits::Elsewhere;
            let stage = RecordStage::new(syncer, group_commit);
            self.on_thread(thread, move |group| group.record = Some(stage)).expect("the record's thread is there");
        }
        let stage = Box::new(EngineStage::new(machine, receivers, commits));
        let thread = engine_at.expect("a map has an engine");
        self.on_thread(thread, move |group| group.engine = Some(stage)).expect("the engine's thread is there");
        for thread in [Some(thread), record_at].into_iter().flatten().filter(|&thread| thread > 0) {
            self.workers[thread - 1].has_stages = true;
        }
    }

    /// Takes the machine back, when the engine has executed what is in the rings; commands wait in the rings from now on. `None`:
    /// there is no engine, or it panicked.
    pub fn stop(&mut self) -> Option<Machine> {
        if !matches!(self.engine, Engine::Here) {
            return None;
        }
        self.engine = Engine::Lost;
        let panicked = |halt: &Halt| halt.step == Step::Engine && matches!(halt.why, HaltReason::Panicked(_));
        if self.shared.halt().is_some_and(|halt| panicked(&halt)) {
            return None;
        }
        let is_halted = self.shared.is_halted();
        let take = move |group: &mut Group<T>| {
            let mut stage = group.engine.take()?;
            while !is_halted && stage.poll() > 0 {}
            Some((group.halt_of(&stage), stage))
        };
        let (halt, stage) = self.on_thread(self.thread_of(Stage::Engine)?, take)??;
        let (mut machine, receivers) = stage.into_parts();
        if let Some(thread) = self.thread_of(Stage::Record) {
            let take = |group: &mut Group<T>| {
                let mut stage = group.record.take()?;
                stage.poll(); // what the engine wrote last
                Some(stage)
            };
            if let Some(Some(stage)) = self.on_thread(thread, take) {
                if let Some(words) = stage.halt() {
                    let why = HaltReason::Device(words.to_owned());
                    self.shared.note(Halt { thread: self.map.threads()[thread].name(0), step: Step::Record, why });
                }
                machine.log().return_syncer(stage.into_syncer());
            }
        }
        if let Some(halt) = halt {
            self.shared.note(halt);
        }
        self.engine = Engine::Absent(receivers);
        Some(machine)
    }

    /// One round of every stage of this thread; with [`Time::OfPoll`] rounds of every thread, until none has anything more to do at
    /// this time. Returns whether anything was done.
    #[inline]
    pub fn poll(&mut self, now: Instant) -> bool {
        let did = self.round(now);
        let did = match self.time {
            Time::OfPoll if !self.workers.is_empty() => self.settle(now, did),
            _ => did,
        };
        match &mut self.beside {
            Some(beside) => beside.poll(did) | did,
            None => did,
        }
    }

    /// Has a stage polled beside the order path: on a thread of its own if this layout has several that read the machine's clock, else
    /// by [`Layout::poll`], a piece at a time, when there is nothing else to do or somebody waits for it.
    pub fn stand_beside(&mut self, stage: Box<dyn Beside>) {
        let has_threads = !self.workers.is_empty() && matches!(self.time, Time::Machine(_));
        self.beside =
            Some(if has_threads { Standing::on_a_thread(stage, self.map.beside()) } else { Standing::here(stage) });
    }

    /// The words of the panic that ended the stage beside the order path, if one did. The order path goes on.
    #[must_use]
    pub fn beside_panic(&self) -> Option<String> {
        self.beside.as_ref().and_then(Standing::panic)
    }

    #[inline]
    fn round(&mut self, now: Instant) -> bool {
        if self.shared.is_halted() {
            return false;
        }
        match self.home.round(now) {
            Ok(did) => did,
            Err(halt) => {
                self.shared.halt_all(halt);
                false
            }
        }
    }

    /// Rounds of every thread at one time, until nobody does anything.
    fn settle(&mut self, now: Instant, did: bool) -> bool {
        let (mut did_anything, mut calm) = (did, 0);
        for _ in 0..TURNS_MAX {
            let turn = self.shared.next_turn(now);
            let mut did = false;
            for worker in self.workers.iter().filter(|worker| worker.has_stages) {
                let mut waiter = Waiter::new(Waiting::SpinThenYield);
                did |= loop {
                    match worker.has_seen(turn) {
                        Some(did) => break did,
                        None => waiter.rest(false),
                    }
                };
            }
            did |= self.round(now);
            did_anything |= did;
            calm = if did { 0 } else { calm + 1 };
            if calm == CALM_TURNS {
                break;
            }
        }
        did_anything
    }

    /// When [`Layout::poll`] has something to do next, if no frame comes before. With threads and [`Time::Machine`]: on this thread.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let workers = self.workers.iter().filter_map(Worker::deadline).min();
        let beside = self.beside.as_ref().filter(|beside| beside.has_work()).map(|_| Instant::ZERO);
        self.home.next_deadline().into_iter().chain(workers).chain(beside).min()
    }

    /// Pins the calling thread, which is the one that polls, as the map says; its placement is counted from here on.
    pub fn pin(&mut self) {
        self.placement = Some(Placement::take(&self.home.name, self.map.threads()[0].core));
    }

    /// Where the threads are, the caller's first and what stands beside them last, as the kernel says. A thread that is over is not there.
    pub fn placements(&mut self) -> Vec<Placement> {
        let home = match &self.placement {
            Some(placement) => placement.since(),
            None => Placement::take(&self.home.name, None),
        };
        let workers = self.workers.iter().filter_map(|worker| worker.ask(|_, placement| placement.since()));
        let beside = self.beside.as_ref().and_then(Standing::placement);
        std::iter::once(home).chain(workers).chain(beside).collect()
    }

    /// Whether cycles are counted at each step, on every thread: two readings of the clock more for each poll of a stage.
    pub fn measure(&mut self, measures: bool) {
        self.on_all(move |group| group.measures = measures);
    }

    /// What each thread did, the caller's first: its stages, and the work of each step.
    pub fn work(&mut self) -> Vec<(String, Work)> {
        self.on_all(|group| (group.name.clone(), group.work))
    }

    /// There is an engine.
    #[must_use]
    pub fn has_engine(&self) -> bool {
        matches!(self.engine, Engine::Here)
    }

    /// Why a stage does not go on, if so: the first that did not.
    pub fn halt(&mut self) -> Option<Halt> {
        if let Some(halt) = self.home.halt() {
            self.shared.note(halt);
        }
        self.shared.halt()
    }

    /// Has something read from the engine, where it runs. None: there is no engine, or its thread panicked.
    pub fn engine<R: Send + 'static>(&mut self, read: impl FnOnce(&EngineStage) -> R + Send + 'static) -> Option<R> {
        let thread = self.thread_of(Stage::Engine)?;
        self.on_thread(thread, |group| group.engine.as_deref().map(read))?
    }

    /// What the record stage did, if it has a thread of its own and there is an engine.
    pub fn record(&mut self) -> Option<RecordCounters> {
        let thread = self.thread_of(Stage::Record)?;
        self.on_thread(thread, |group| group.record.as_ref().map(RecordStage::counters))?
    }

    /// The first front, on the caller's thread: links, the exchange's own commands, and what every front knows alike.
    #[must_use]
    pub fn front(&self) -> &Front<T> {
        &self.home.fronts[0]
    }

    /// The first front, for commands and links.
    pub fn front_mut(&mut self) -> &mut Front<T> {
        &mut self.home.fronts[0]
    }

    /// Has something done with every front, where it runs, in the order of their numbers. The fronts of a thread that panicked are not
    /// there.
    pub fn fronts<R: Send + 'static>(&mut self, visit: impl Fn(&mut Front<T>) -> R + Clone + Send + 'static) -> Vec<R> {
        let all = self.on_all(move |group| group.fronts.iter_mut().map(&visit).collect::<Vec<R>>());
        all.into_iter().flatten().collect()
    }

    /// What the fronts did, together.
    pub fn front_counters(&mut self) -> FrontCounters {
        let mut sum = FrontCounters::default();
        for counters in self.fronts(|front| *front.counters()) {
            sum.add(&counters);
        }
        sum
    }

    /// Internal latency in nanoseconds, of all fronts; empty without a clock.
    pub fn latency_ns(&mut self) -> Histogram<u64> {
        let mut histograms = self.fronts(|front| front.latency_ns().clone()).into_iter();
        let mut sum = histograms.next().expect("the caller's thread has a front");
        for histogram in histograms {
            sum.add(histogram).expect("they are of one kind");
        }
        sum
    }

    /// Messages that members had received from a core before us and that do not count, as the logins on all fronts showed.
    pub fn in_doubt(&mut self) -> Vec<InDoubt> {
        let mut sum: Vec<InDoubt> = Vec::new();
        for range in self.fronts(|front| front.in_doubt().to_vec()).into_iter().flatten() {
            let is_it = |other: &&mut InDoubt| InDoubt { to: range.to, ..**other } == range;
            match sum.iter_mut().find(is_it) {
                Some(other) => other.to = other.to.max(range.to),
                None => sum.push(range),
            }
        }
        sum
    }

    /// The readiness board over all fronts, a line for each participant.
    pub fn board(&mut self) -> Vec<BoardLine> {
        let mut boards = self.fronts(|front| front.board()).into_iter();
        let mut lines = boards.next().expect("the caller's thread has a front");
        for board in boards {
            for (line, other) in lines.iter_mut().zip(board) {
                line.has_dialog |= other.has_dialog;
                line.is_caught_up |= other.is_caught_up;
            }
        }
        lines
    }

    /// The readiness board in figures. Participants without a user are not expected.
    pub fn board_counts(&mut self) -> BoardCounts {
        let lines = self.board();
        self.front().count_board(&lines)
    }

    /// The engine has taken every command, and everything that may be told is in the sockets or waits for room there. With
    /// [`Time::OfPoll`], after a poll.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.home.fronts.iter().all(Front::is_idle)
    }

    fn thread_of(&self, stage: Stage) -> Option<usize> {
        self.map.threads().iter().position(|thread| thread.stages.contains(&stage))
    }

    fn on_thread<R: Send + 'static>(
        &mut self,
        thread: usize,
        question: impl FnOnce(&mut Group<T>) -> R + Send + 'static,
    ) -> Option<R> {
        match thread.checked_sub(1) {
            None => Some(question(&mut self.home)),
            Some(worker) => self.workers[worker].ask(|group, _| question(group)),
        }
    }

    fn on_all<R: Send + 'static>(&mut self, question: impl Fn(&mut Group<T>) -> R + Clone + Send + 'static) -> Vec<R> {
        let home = question(&mut self.home);
        let workers = self.workers.iter().filter_map(|worker| {
            let question = question.clone();
            worker.ask(move |group, _| question(group))
        });
        std::iter::once(home).chain(workers).collect()
    }
}

impl From<EngineHalt> for HaltReason {
    fn from(halt: EngineHalt) -> Self {
        match halt {
            EngineHalt::Log(refused) => HaltReason::Log(refused),
            EngineHalt::Device(words) => HaltReason::Device(words),
        }
    }
}

impl fmt::Display for Halt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} on thread {}: {}", self.step, self.thread, self.why)
    }
}

impl fmt::Display for HaltReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HaltReason::Log(refused) => refused.fmt(out),
            HaltReason::Device(words) => write!(out, "the journal's device failed: {words}"),
            HaltReason::Contradiction(words) => write!(out, "the log contradicts itself: {words}"),
            HaltReason::Panicked(words) => write!(out, "it panicked, and nothing is released any more: {words}"),
        }
    }
}
