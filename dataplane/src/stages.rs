//! Stages, and which thread runs them. A stage has one verb, `poll`.
//!
//! ```text
//! one thread    poll_ingress → engine → publish → poll_egress, round and round
//! two threads   poll_ingress → publish → poll_egress     here
//!               engine                                   on the other, joined by the ring and the log
//! ```
//!
//! The code is the same. Every command carries the time of the burst that brought it, so the log does not depend on when
//! the engine came to it: on one thread the same inputs at the same times give the same log, byte for byte.

use crate::front::Front;
use crate::ring::RingReceiver;
use engine::COMMANDS_AHEAD;
use engine::command::Command;
use journal::{AppendRefused, Machine, NotExecuted};
use net::{Instant, Transport};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// The only one who decides: takes commands from the ring, and `admit`, `decide`, `evolve`, `record` make frames of them.
pub struct EngineStage {
    machine: Machine,
    receiver: RingReceiver,
    group_commit: bool,
    /// Commands that wait and were looked at.
    looked_at: usize,
    counters: EngineCounters,
    halt: Option<EngineHalt>,
}

/// What the engine did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineCounters {
    /// Commands that became frames.
    pub executed: u64,
    /// Of them, those that the rules rejected.
    pub rejected: u64,
    /// Commands that could not be recorded, since no day was open.
    pub before_the_day: u64,
    /// Commands whose deciding panicked: refused and recorded.
    pub alarms: u64,
    /// The last panic's words.
    pub last_alarm: Option<String>,
    /// Group commits.
    pub commits: u64,
}

/// Why the engine does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineHalt {
    /// The log takes no more frames. The command that did not fit is lost with its answer; whoever sent it asks again.
    Log(AppendRefused),
    /// The journal's device failed.
    Device(String),
    /// It panicked while evolving. Its words.
    Panicked(String),
}

/// Commands executed in one go: as many as one group commit may make wait.
const COMMANDS_PER_POLL: usize = 256;
/// Bytes of the log that are touched before they are needed: 1,000 orders and their trades.
const TOUCH_AHEAD_BYTES: usize = 512 * 1024;
/// Empty polls of the engine's thread before it lets others run (`dataplane.md` §5: with fewer cores than threads, pure
/// spinning takes milliseconds).
const SPINS_BEFORE_YIELD: u32 = 200;

impl EngineStage {
    /// The engine over a machine. With `group_commit` what was recorded in a poll is made durable before the poll ends, once
    /// for all of it: the policy `sync`.
    #[must_use]
    pub fn new(machine: Machine, receiver: RingReceiver, group_commit: bool) -> Self {
        EngineStage { machine, receiver, group_commit, looked_at: 0, counters: EngineCounters::default(), halt: None }
    }

    /// Executes what is in the ring, up to a limit. Returns how many commands it took.
    #[inline]
    pub fn poll(&mut self) -> usize {
        if self.halt.is_some() {
            return 0;
        }
        let mut count = 0;
        let looks_ahead = self.machine.looks_ahead();
        while count < COMMANDS_PER_POLL {
            if looks_ahead {
                self.look_ahead();
            }
            let Some(record) = self.receiver.next_record() else { break };
            let command = Command::read(record.bytes).expect("only commands are written into the ring");
            match self.machine.execute(&command, record.time) {
                Ok(executed) => {
                    self.counters.executed += 1;
                    self.counters.rejected += u64::from(executed.rejected.is_some());
                    if let Some(words) = executed.alarm {
                        self.counters.alarms += 1;
                        self.counters.last_alarm = Some(words);
                    }
                }
                Err(NotExecuted::NoDay(_)) => self.counters.before_the_day += 1,
                Err(NotExecuted::Log(refused)) => {
                    self.halt = Some(EngineHalt::Log(refused));
                    break;
                }
            }
            count += 1;
            self.looked_at = self.looked_at.saturating_sub(1);
        }
        if count == 0 {
            self.machine.log().touch_ahead(TOUCH_AHEAD_BYTES);
            return 0;
        }
        if self.group_commit {
            self.counters.commits += 1;
            if let Err(error) = self.machine.log().sync() {
                self.halt = Some(EngineHalt::Device(error.to_string()));
            }
        }
        // After the log has them: an empty ring means that everything is recorded.
        self.receiver.release();
        count
    }

    /// Looks at the next commands that wait, so that what they will read is in the cache at their turn.
    #[inline]
    fn look_ahead(&mut self) {
        while self.looked_at < COMMANDS_AHEAD {
            let Some(record) = self.receiver.look_ahead() else { return };
            if let Some(command) = Command::read(record.bytes) {
                self.machine.look_ahead(&command);
            }
            self.looked_at += 1;
        }
    }

    /// What it did.
    #[must_use]
    pub fn counters(&self) -> &EngineCounters {
        &self.counters
    }

    /// Why it does not go on, if so.
    #[must_use]
    pub fn halt(&self) -> Option<&EngineHalt> {
        self.halt.as_ref()
    }

    /// The machine, to be read.
    #[must_use]
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Ends the stage.
    #[must_use]
    pub fn into_parts(self) -> (Machine, RingReceiver) {
        (self.machine, self.receiver)
    }
}

/// Which threads run the stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// Everything on the thread that polls.
    One,
    /// The engine on a thread of its own, on this core if one is named.
    Two {
        /// Number of the core, as the operating system counts.
        engine_core: Option<usize>,
    },
}

/// The stages put together: a front, and an engine while this core is active.
pub struct Layout<T: Transport> {
    front: Front<T>,
    engine: Engine,
    /// Why the last engine stopped, if it stopped by itself.
    halt: Option<EngineHalt>,
}

enum Engine {
    /// This core only follows: nobody takes commands.
    Absent(RingReceiver),
    Here(Box<EngineStage>),
    Elsewhere(Worker),
    /// It panicked, and its ring went with it.
    Lost,
}

struct Worker {
    thread: JoinHandle<EngineStage>,
    stop: Arc<AtomicBool>,
}

impl<T: Transport> Layout<T> {
    /// A front without an engine; the receiver is the one that [`Front::new`] gave.
    #[must_use]
    pub fn new(front: Front<T>, receiver: RingReceiver) -> Self {
        Layout { front, engine: Engine::Absent(receiver), halt: None }
    }

    /// Gives the engine its machine: from now on commands are executed. Under the policy `sync`, with `group_commit`.
    ///
    /// # Panics
    /// If there is an engine, or was one that panicked.
    pub fn start(&mut self, machine: Machine, threads: Threads, group_commit: bool) {
        let Engine::Absent(receiver) = std::mem::replace(&mut self.engine, Engine::Lost) else {
            panic!("there is one engine, and it is there already");
        };
        let stage = EngineStage::new(machine, receiver, group_commit);
        self.engine = match threads {
            Threads::One => Engine::Here(Box::new(stage)),
            Threads::Two { engine_core } => Engine::Elsewhere(Worker::start(stage, engine_core)),
        };
    }

    /// Takes the machine back, when the engine has executed what is in the ring; commands wait in the ring from now on. `None`: there
    /// is no engine, or it panicked.
    pub fn stop(&mut self) -> Option<Machine> {
        let mut stage = match std::mem::replace(&mut self.engine, Engine::Lost) {
            Engine::Here(stage) => *stage,
            Engine::Elsewhere(worker) => match worker.finish() {
                Ok(stage) => stage,
                Err(words) => {
                    self.halt = Some(EngineHalt::Panicked(words));
                    return None;
                }
            },
            other => {
                self.engine = other;
                return None;
            }
        };
        while stage.poll() > 0 {}
        self.halt = stage.halt.take();
        let (machine, receiver) = stage.into_parts();
        self.engine = Engine::Absent(receiver);
        Some(machine)
    }

    /// One round of every stage of this thread.
    #[inline]
    pub fn poll(&mut self, now: Instant) {
        self.front.poll_ingress(now);
        if let Engine::Here(stage) = &mut self.engine {
            stage.poll();
        }
        self.front.publish(now);
        self.front.poll_egress(now);
    }

    /// When [`Layout::poll`] has something to do next, if no frame comes before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.front.next_deadline()
    }

    /// There is an engine.
    #[must_use]
    pub fn has_engine(&self) -> bool {
        matches!(self.engine, Engine::Here(_) | Engine::Elsewhere(_))
    }

    /// Why the engine does not go on, if so. Of an engine on another thread: once that has ended.
    pub fn engine_halt(&mut self) -> Option<&EngineHalt> {
        if let Engine::Elsewhere(worker) = &self.engine
            && worker.thread.is_finished()
        {
            self.engine = match std::mem::replace(&mut self.engine, Engine::Lost) {
                Engine::Elsewhere(worker) => match worker.finish() {
                    Ok(stage) => Engine::Here(Box::new(stage)),
                    Err(words) => {
                        self.halt = Some(EngineHalt::Panicked(words));
                        Engine::Lost
                    }
                },
                other => other,
            };
        }
        match &self.engine {
            Engine::Here(stage) => stage.halt(),
            _ => self.halt.as_ref(),
        }
    }

    /// The engine, if it runs on this thread.
    #[must_use]
    pub fn engine(&self) -> Option<&EngineStage> {
        match &self.engine {
            Engine::Here(stage) => Some(stage),
            _ => None,
        }
    }

    /// The front.
    #[must_use]
    pub fn front(&self) -> &Front<T> {
        &self.front
    }

    /// The front, for commands and links.
    pub fn front_mut(&mut self) -> &mut Front<T> {
        &mut self.front
    }
}

impl Worker {
    fn start(mut stage: EngineStage, core: Option<usize>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let run = move || {
            if let Some(id) = core {
                // A core that is not there leaves the thread where the system puts it; `doctor` tells.
                core_affinity::set_for_current(core_affinity::CoreId { id });
            }
            let mut idle = 0;
            while !stopped.load(Ordering::Acquire) && stage.halt().is_none() {
                if stage.poll() > 0 {
                    idle = 0;
                } else if idle < SPINS_BEFORE_YIELD {
                    idle += 1;
                    std::hint::spin_loop();
                } else {
                    std::thread::yield_now();
                }
            }
            stage
        };
        let thread = std::thread::Builder::new().name("engine".into()).spawn(run).expect("a thread can be started");
        Worker { thread, stop }
    }

    /// Waits for the thread's end; the error is the words of its panic.
    fn finish(self) -> Result<EngineStage, String> {
        self.stop.store(true, Ordering::Release);
        self.thread.join().map_err(|panic| match panic.downcast::<String>() {
            Ok(words) => *words,
            Err(panic) => {
                panic.downcast_ref::<&str>().map_or_else(|| "no words".to_owned(), |words| (*words).to_owned())
            }
        })
    }
}

impl<T: Transport> Drop for Layout<T> {
    fn drop(&mut self) {
        if let Engine::Elsewhere(worker) = std::mem::replace(&mut self.engine, Engine::Lost) {
            // Whatever it says, there is nobody left to hear it.
            let _ = worker.finish();
        }
    }
}

impl fmt::Display for EngineHalt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineHalt::Log(refused) => refused.fmt(out),
            EngineHalt::Device(words) => write!(out, "the journal's device failed: {words}"),
            EngineHalt::Panicked(words) => write!(out, "the engine panicked while evolving: {words}"),
        }
    }
}
