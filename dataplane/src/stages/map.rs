//! Which thread runs which stage, and how it waits: what a profile lays down, and the shapes that drills are run on.

use super::placement::online_cores;
pub use hw_profiles::{Stage, Waiting};
use std::fmt;
use std::time::Duration;

/// A front's number lies in four bits of its dialogs' numbers.
pub const FRONTS_MAX: usize = 16;

/// What runs on one thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadPlan {
    /// The core it is pinned to, as the operating system counts; none: wherever the system puts it.
    pub core: Option<usize>,
    /// What it runs.
    pub stages: Vec<Stage>,
}

/// Which thread runs which stage. The first thread is the caller's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutMap {
    threads: Vec<ThreadPlan>,
    beside: Option<usize>,
    waiting: Waiting,
    naps: bool,
}

/// Why a map cannot be run: one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapFault(String);

impl LayoutMap {
    /// A map of these threads. The caller's thread is the one with [`Stage::Publish`], or else the first that has a front; it comes
    /// first in what [`LayoutMap::threads`] says.
    ///
    /// # Errors
    /// There has to be one engine, a front for members, at most one record and one publish, a stage on every thread, and a thread
    /// for every core.
    pub fn new(mut threads: Vec<ThreadPlan>, waiting: Waiting) -> Result<Self, MapFault> {
        let count =
            |stage: Stage| threads.iter().flat_map(|thread| &thread.stages).filter(|&&other| other == stage).count();
        let expect = |holds: bool, what: &str| if holds { Ok(()) } else { Err(MapFault(what.to_owned())) };
        expect(count(Stage::Engine) == 1, "expected one engine: there is one who decides")?;
        expect(count(Stage::Front) >= 1, "expected a front: members come through one")?;
        expect(count(Stage::Record) <= 1, "expected one record at most: the log has one writer")?;
        expect(count(Stage::Publish) <= 1, "expected one publish at most")?;
        let fronts: usize = threads.iter().map(ThreadPlan::fronts).sum();
        expect(fronts <= FRONTS_MAX, "expected 16 fronts at most")?;
        expect(threads.iter().all(|thread| !thread.stages.is_empty()), "expected a stage on every thread")?;
        let mut cores: Vec<usize> = threads.iter().filter_map(|thread| thread.core).collect();
        let pinned = cores.len();
        cores.sort_unstable();
        cores.dedup();
        expect(cores.len() == pinned, "expected one thread a core")?;
        let first = |stage| threads.iter().position(|thread| thread.has(stage));
        let home = first(Stage::Publish).or_else(|| first(Stage::Front));
        threads[..=home.expect("there is a front")].rotate_right(1);
        Ok(LayoutMap { threads, beside: None, waiting, naps: false })
    }

    /// The map that a profile lays down.
    ///
    /// # Errors
    /// As [`LayoutMap::new`]; a profile that was read is checked for all of it.
    pub fn of_profile(layout: &hw_profiles::Layout) -> Result<Self, MapFault> {
        let plan = |thread: &hw_profiles::LayoutThread| ThreadPlan {
            core: layout.pin.then_some(thread.core.into()),
            stages: thread.stages.clone(),
        };
        let map = Self::new(layout.threads.iter().map(plan).collect(), layout.waiting)?;
        let beside = layout.beside.filter(|_| layout.pin).map(usize::from);
        let polled = map.threads.iter().any(|thread| thread.core.is_some() && thread.core == beside);
        match polled {
            true => Err(MapFault("expected no stage on the core of what is done beside them".to_owned())),
            false => Ok(LayoutMap { beside, ..map }),
        }
    }

    /// The core for what is done beside the order path; none: wherever the system puts it.
    #[must_use]
    pub fn beside(&self) -> Option<usize> {
        self.beside
    }

    /// The same stages on threads that share whatever cores there are: not pinned, and none waits without letting others run.
    #[must_use]
    pub fn on_shared_cores(mut self) -> Self {
        self.threads.iter_mut().for_each(|thread| thread.core = None);
        LayoutMap { beside: None, waiting: Waiting::SpinThenYield, ..self }
    }

    /// The same with at most so many fronts, and no thread for the others: where a transport has fewer queues.
    ///
    /// # Panics
    /// With none.
    #[must_use]
    pub fn with_fronts(mut self, fronts: usize) -> Self {
        assert!(fronts > 0, "members come through a front");
        if fronts >= self.fronts() {
            return self;
        }
        let mut left = fronts;
        for thread in &mut self.threads {
            if !thread.has(Stage::Front) {
                // Who is left serves members.
                thread
                    .stages
                    .iter_mut()
                    .filter(|stage| **stage == Stage::Publish)
                    .for_each(|stage| *stage = Stage::Front);
            }
            thread.stages.retain(|stage| match stage {
                Stage::Publish => false,
                Stage::Front => {
                    let stays = left > 0;
                    left -= usize::from(stays);
                    stays
                }
                _ => true,
            });
        }
        self.threads.retain(|thread| !thread.stages.is_empty());
        self
    }

    /// The same where it can be pinned as it says, and where each thread has a core; else [`LayoutMap::on_shared_cores`], and why.
    #[must_use]
    pub fn on_this_machine(self) -> (Self, Option<String>) {
        let Some(online) = online_cores() else { return (self, None) };
        let missing: Vec<String> = self
            .threads
            .iter()
            .filter_map(|thread| thread.core)
            .chain(self.beside)
            .filter(|core| !online.contains(core))
            .map(|core| core.to_string())
            .collect();
        if !missing.is_empty() {
            let why = format!("this machine has no core {}: threads are not pinned", missing.join(", "));
            return (self.on_shared_cores(), Some(why));
        }
        if self.waiting == Waiting::Spin && self.threads.len() > online.len() {
            let why = format!("{} threads on {} cores: they wait without spinning", self.threads.len(), online.len());
            return (self.on_shared_cores(), Some(why));
        }
        (self, None)
    }

    /// The same with a thread on each of these cores, in their order.
    ///
    /// # Panics
    /// With fewer cores than threads.
    #[must_use]
    pub fn pinned_to(mut self, cores: &[usize]) -> Self {
        assert!(cores.len() >= self.threads.len(), "a core for each thread");
        self.threads.iter_mut().zip(cores).for_each(|(thread, core)| thread.core = Some(*core));
        self.beside = self.beside.filter(|beside| self.threads.iter().all(|thread| thread.core != Some(*beside)));
        self
    }

    /// Its threads may nap where they may yield.
    #[must_use]
    pub fn napping(self) -> Self {
        LayoutMap { naps: true, ..self }
    }

    /// Everything on the caller's thread.
    #[must_use]
    pub fn fused() -> Self {
        Self::on(1).expect("one thread is a shape")
    }

    /// The shapes that are drilled, not pinned, on 1, 2, 4 or 8 threads; none for another number.
    ///
    /// ```text
    /// 1   front engine record
    /// 2   front | engine record
    /// 4   front | front | engine | record
    /// 8   publish | front | front | front | front | front | engine | record
    /// ```
    #[must_use]
    pub fn on(threads: usize) -> Option<Self> {
        use Stage::{Engine, Front, Publish, Record};
        let stages: &[&[Stage]] = match threads {
            1 => &[&[Front, Engine, Record]],
            2 => &[&[Front], &[Engine, Record]],
            4 => &[&[Front], &[Front], &[Engine], &[Record]],
            8 => &[&[Publish], &[Front], &[Front], &[Front], &[Front], &[Front], &[Engine], &[Record]],
            _ => return None,
        };
        let threads = stages.iter().map(|stages| ThreadPlan { core: None, stages: stages.to_vec() }).collect();
        Some(Self::new(threads, Waiting::SpinThenYield).expect("these can be run"))
    }

    /// The threads, the caller's first.
    #[must_use]
    pub fn threads(&self) -> &[ThreadPlan] {
        &self.threads
    }

    /// How they wait.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        self.waiting
    }

    /// What each of them waits by.
    #[must_use]
    pub fn waiter(&self) -> Waiter {
        if self.naps { Waiter::napping(self.waiting) } else { Waiter::new(self.waiting) }
    }

    /// Fronts, the one that only publishes included: as many transports are needed, the first for the caller's thread. A
    /// [`Stage::Publish`] on a thread without a front is a front without members: followers of the feed, our own links, the board.
    #[must_use]
    pub fn fronts(&self) -> usize {
        self.threads.iter().map(ThreadPlan::fronts).sum()
    }

    /// The first front that serves members: 1 if the caller's is there for followers and links, else 0. A port steers members'
    /// connections to the queues from here on, by the member's address, and everything else to queue 0.
    #[must_use]
    pub fn first_member_front(&self) -> usize {
        usize::from(self.threads[0].has(Stage::Publish) && !self.threads[0].has(Stage::Front))
    }
}

impl ThreadPlan {
    /// Its fronts: a publish that stands alone is one, beside a front it is that front's.
    #[must_use]
    pub fn fronts(&self) -> usize {
        let count = |stage: Stage| self.stages.iter().filter(|&&found| found == stage).count();
        match count(Stage::Front) {
            0 => count(Stage::Publish),
            fronts => fronts,
        }
    }

    fn has(&self, stage: Stage) -> bool {
        self.stages.contains(&stage)
    }

    /// As it is called in reports, and by the operating system: its stages, each once.
    #[must_use]
    pub fn name(&self, first_front: usize) -> String {
        let mut words = Vec::new();
        let mut front = first_front;
        for stage in &self.stages {
            words.push(match stage {
                Stage::Front => {
                    front += 1;
                    format!("front{}", front - 1)
                }
                Stage::Publish => "publish".to_owned(),
                Stage::Engine => "engine".to_owned(),
                Stage::Record => "record".to_owned(),
            });
        }
        words.join("+")
    }
}

impl fmt::Display for MapFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "layout: {}", self.0)
    }
}

impl std::error::Error for MapFault {}

/// Empty rounds of a thread before it lets others run.
const SPINS_BEFORE_YIELD: u32 = 200;
/// Empty rounds before a thread that may nap does.
const ROUNDS_BEFORE_NAP: u32 = 400;
/// How long it naps; a hundred of them are one of TCP's shortest timers.
const NAP: Duration = Duration::from_micros(100);

/// How a thread waits between two rounds.
#[derive(Clone, Debug)]
pub struct Waiter {
    waiting: Waiting,
    /// Rounds without work, one after another.
    idle: u32,
    naps: bool,
}

impl Waiter {
    /// In this way.
    #[must_use]
    pub fn new(waiting: Waiting) -> Self {
        Waiter { waiting, idle: 0, naps: false }
    }

    /// In this way, but where others may run it sleeps a little after a while: for processes that share a machine.
    #[must_use]
    pub fn napping(waiting: Waiting) -> Self {
        Waiter { naps: true, ..Waiter::new(waiting) }
    }

    /// To be called after every round, with whether it did something.
    #[inline]
    pub fn rest(&mut self, did_something: bool) {
        if did_something {
            self.idle = 0;
            return;
        }
        self.idle = self.idle.saturating_add(1);
        if self.waiting == Waiting::Spin || self.idle <= SPINS_BEFORE_YIELD {
            std::hint::spin_loop();
        } else if !self.naps || self.idle <= ROUNDS_BEFORE_NAP {
            std::thread::yield_now();
        } else {
            std::thread::sleep(NAP);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(stages: &[Stage]) -> ThreadPlan {
        ThreadPlan { core: None, stages: stages.to_vec() }
    }

    #[test]
    fn the_callers_thread_comes_first_whatever_the_order_of_the_profile() {
        let threads =
            vec![plan(&[Stage::Engine]), plan(&[Stage::Front]), plan(&[Stage::Publish]), plan(&[Stage::Record])];
        let map = LayoutMap::new(threads, Waiting::Spin).expect("it can be run");
        let names: Vec<String> = map.threads().iter().map(|thread| thread.name(0)).collect();
        assert_eq!(names, ["publish", "engine", "front0", "record"]);
        assert_eq!((map.fronts(), map.first_member_front()), (2, 1));
        let map = LayoutMap::on(8).expect("a shape").with_fronts(2);
        let names: Vec<String> = map.threads().iter().map(|thread| thread.name(0)).collect();
        assert_eq!(
            (names, map.first_member_front()),
            (["front0", "front0", "engine", "record"].map(str::to_owned).to_vec(), 0)
        );
        assert_eq!(LayoutMap::fused().threads()[0].name(0), "front0+engine+record");
        // Beside a front it is that front's publishing, and takes no queue.
        let threads = vec![plan(&[Stage::Front]), plan(&[Stage::Front, Stage::Publish, Stage::Engine])];
        let map = LayoutMap::new(threads, Waiting::Spin).expect("it can be run");
        assert_eq!((map.fronts(), map.first_member_front()), (2, 0));
        let names: Vec<String> = map.threads().iter().map(|thread| thread.name(0)).collect();
        assert_eq!(names, ["front0+publish+engine", "front0"]);
        assert_eq!(map.with_fronts(1).threads(), [plan(&[Stage::Front, Stage::Engine])]);
    }

    #[test]
    fn what_this_machine_cannot_pin_runs_on_shared_cores() {
        let pinned = |core| vec![ThreadPlan { core: Some(core), stages: vec![Stage::Front, Stage::Engine] }];
        let map = LayoutMap::new(pinned(100_000), Waiting::Spin).expect("it can be run");
        let (map, why) = map.on_this_machine();
        if online_cores().is_none() {
            return println!("skipped: this system does not say which cores there are");
        }
        assert!(why.is_some_and(|why| why.contains("100000")));
        assert_eq!((map.threads()[0].core, map.waiting), (None, Waiting::SpinThenYield));
        let map = LayoutMap::fused();
        assert_eq!(map.clone().on_this_machine(), (map, None));
    }

    #[test]
    fn what_cannot_be_run_is_refused() {
        let refused =
            |threads: Vec<ThreadPlan>| LayoutMap::new(threads, Waiting::Spin).expect_err("refused").to_string();
        assert!(refused(vec![plan(&[Stage::Front])]).contains("one engine"));
        assert!(refused(vec![plan(&[Stage::Publish, Stage::Engine])]).contains("a front"));
        assert!(refused(vec![plan(&[Stage::Front, Stage::Engine]), plan(&[])]).contains("every thread"));
        let twice = [Stage::Front, Stage::Engine].map(|stage| ThreadPlan { core: Some(3), stages: vec![stage] });
        assert!(refused(twice.to_vec()).contains("one thread a core"));
        let mut many = vec![plan(&[Stage::Engine])];
        many.extend((0..17).map(|_| plan(&[Stage::Front])));
        assert!(refused(many).contains("16 fronts"));
        assert!(LayoutMap::on(3).is_none());
    }
}
