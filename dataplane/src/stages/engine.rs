//! The engine's stage: from the fronts' rings into the log.

use crate::ring::RingReceiver;
use engine::COMMANDS_AHEAD;
use engine::command::Command;
use journal::{AppendRefused, Machine, NotExecuted};

/// The only one who decides: takes commands from the rings, and `admit`, `decide`, `evolve`, `record` make frames of them.
///
/// Each ring has its turn in every poll, for as many commands as its share of `COMMANDS_PER_POLL`; the first turn goes round, so
/// that no queue's members come before another's.
pub struct EngineStage {
    machine: Machine,
    sources: Vec<Source>,
    /// Whose turn is first.
    first: usize,
    commits: Commits,
    counters: EngineCounters,
    halt: Option<EngineHalt>,
}

/// A front's ring.
struct Source {
    receiver: RingReceiver,
    /// Commands that wait and were looked at.
    looked_at: usize,
}

/// Who makes durable what this stage wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commits {
    /// Nobody: what is recorded may be told.
    Never,
    /// This stage, at the end of each poll, once for all of it.
    Here,
    /// Another stage, which keeps the log's pages ready as well.
    Elsewhere,
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
    /// Group commits of this stage.
    pub commits: u64,
}

/// Why the engine does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineHalt {
    /// The log takes no more frames. The command that did not fit is lost with its answer; whoever sent it asks again.
    Log(AppendRefused),
    /// The journal's device failed.
    Device(String),
}

/// Commands executed in one go: as many as one group commit may make wait.
const COMMANDS_PER_POLL: usize = 256;
/// Bytes of the log that are touched before they are needed: 1,000 orders and their trades.
const TOUCH_AHEAD_BYTES: usize = 512 * 1024;

impl EngineStage {
    /// The engine over a machine and the rings of all fronts.
    ///
    /// # Panics
    /// Without a ring.
    #[must_use]
    pub fn new(machine: Machine, receivers: Vec<RingReceiver>, commits: Commits) -> Self {
        assert!(!receivers.is_empty(), "commands come from somewhere");
        let sources = receivers.into_iter().map(|receiver| Source { receiver, looked_at: 0 }).collect();
        EngineStage { machine, sources, first: 0, commits, counters: EngineCounters::default(), halt: None }
    }

    /// Executes what is in the rings, up to a limit. Returns how many commands it took.
    #[inline]
    pub fn poll(&mut self) -> usize {
        if self.halt.is_some() {
            return 0;
        }
        let rings = self.sources.len();
        let mut count = 0;
        for turn in 0..rings {
            let ring = if self.first + turn < rings { self.first + turn } else { self.first + turn - rings };
            count += self.execute(ring, COMMANDS_PER_POLL / rings);
        }
        if count == 0 {
            if self.commits != Commits::Elsewhere {
                self.machine.log().touch_ahead(TOUCH_AHEAD_BYTES);
            }
            return 0;
        }
        self.first = if self.first + 1 < rings { self.first + 1 } else { 0 };
        if self.commits == Commits::Here {
            self.counters.commits += 1;
            if let Err(error) = self.machine.log().sync() {
                self.halt = Some(EngineHalt::Device(error.to_string()));
            }
        }
        // After the log has them: an empty ring means that everything is recorded.
        for source in &mut self.sources {
            source.receiver.release();
        }
        count
    }

    /// Executes up to `limit` commands of one ring.
    #[inline]
    fn execute(&mut self, ring: usize, limit: usize) -> usize {
        let EngineStage { machine, sources, counters, halt, .. } = self;
        let source = &mut sources[ring];
        let mut count = 0;
        let looks_ahead = machine.looks_ahead();
        while count < limit && halt.is_none() {
            if looks_ahead {
                source.look_ahead(machine);
            }
            let Some(record) = source.receiver.next_record() else { break };
            let command = Command::read(record.bytes).expect("only commands are written into the ring");
            match machine.execute(&command, record.time) {
                Ok(executed) => {
                    counters.executed += 1;
                    counters.rejected += u64::from(executed.rejected.is_some());
                    if let Some(words) = executed.alarm {
                        counters.alarms += 1;
                        counters.last_alarm = Some(words);
                    }
                }
                Err(NotExecuted::NoDay(_)) => counters.before_the_day += 1,
                Err(NotExecuted::Log(refused)) => {
                    *halt = Some(EngineHalt::Log(refused));
                    break;
                }
            }
            count += 1;
            source.looked_at = source.looked_at.saturating_sub(1);
        }
        count
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
    pub fn into_parts(self) -> (Machine, Vec<RingReceiver>) {
        (self.machine, self.sources.into_iter().map(|source| source.receiver).collect())
    }
}

impl Source {
    /// Looks at the next commands that wait, so that what they will read is in the cache at their turn.
    #[inline]
    fn look_ahead(&mut self, machine: &mut Machine) {
        while self.looked_at < COMMANDS_AHEAD {
            let Some(record) = self.receiver.look_ahead() else { return };
            if let Some(command) = Command::read(record.bytes) {
                machine.look_ahead(&command);
            }
            self.looked_at += 1;
        }
    }
}

impl std::fmt::Display for EngineHalt {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            EngineHalt::Log(refused) => refused.fmt(out),
            EngineHalt::Device(words) => write!(out, "the journal's device failed: {words}"),
        }
    }
}
