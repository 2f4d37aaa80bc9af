//! Stages on cores: which thread stands on which core and what it polls.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Stages on cores.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// What a stage does when there is nothing to do.
    pub waiting: Waiting,
    /// Whether threads are pinned to their cores. If not, `core` only tells the threads apart.
    pub pin: bool,
    /// The processor for what is done beside the order path (answers to queries): of the same node, and no thread's of the order path. It
    /// may be one that the kernel uses too. Not there: wherever the system puts it, as for threads that are not pinned.
    #[serde(default)]
    pub beside: Option<u16>,
    /// The threads of the order path, in the order of the path.
    #[serde(rename = "thread")]
    pub threads: Vec<LayoutThread>,
}

/// One thread of the order path.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayoutThread {
    /// The processor, as the kernel numbers it.
    pub core: u16,
    /// What it polls, in this order, round and round.
    pub stages: Vec<Stage>,
}

impl LayoutThread {
    /// Fronts on this thread, each with a queue of the NIC: a publish that stands alone is one, for followers and links of our own;
    /// beside a front it is that front's.
    #[must_use]
    pub fn fronts(&self) -> usize {
        let count = |stage| self.stages.iter().filter(|found| **found == stage).count();
        match count(Stage::Front) {
            0 => count(Stage::Publish),
            fronts => fronts,
        }
    }
}

/// A stage of the order path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// One queue of the NIC: its ingress, its sessions, publishing to them, its egress. As many as there are queues.
    Front,
    /// `admit`, `decide`, `evolve`. Exactly one: the engine has one writer.
    Engine,
    /// Makes frames durable and releases them. Exactly one.
    Record,
    /// Publishes to followers, to fronts on other machines, and the board; a queue of the NIC of its own, unless it stands beside a front.
    /// At most one; without it the first front does it.
    Publish,
}

impl fmt::Display for Stage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Stage::Front => "front",
            Stage::Engine => "engine",
            Stage::Record => "record",
            Stage::Publish => "publish",
        })
    }
}

/// What a stage does when there is nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Waiting {
    /// Polls on: for cores that belong to the stage alone.
    Spin,
    /// Polls a while, then lets others run: for shared cores.
    SpinThenYield,
}

/// Most threads of a layout: the largest cluster that a profile lays stages in.
pub const THREADS_MAX: usize = 16;

impl Layout {
    /// How many cores the order path has: one a thread.
    #[must_use]
    pub fn cores(&self) -> u8 {
        u8::try_from(self.threads.len()).expect("a layout was checked to have few threads")
    }

    /// The processors of all threads, in the order of the path.
    #[must_use]
    pub fn core_numbers(&self) -> Vec<u16> {
        self.threads.iter().map(|thread| thread.core).collect()
    }

    /// How many queues the NIC must have: one a front, and one for a publish on a thread without a front.
    #[must_use]
    pub fn fronts(&self) -> usize {
        self.threads.iter().map(LayoutThread::fronts).sum()
    }

    /// The processor that a stage stands on; of several the first.
    #[must_use]
    pub fn core_of(&self, stage: Stage) -> Option<u16> {
        self.threads.iter().find(|thread| thread.stages.contains(&stage)).map(|thread| thread.core)
    }

    fn count(&self, stage: Stage) -> usize {
        self.threads.iter().flat_map(|thread| &thread.stages).filter(|found| **found == stage).count()
    }

    /// Every stage is there as often as it may be, no core twice, none of the kernel's own.
    pub(crate) fn check(&self) -> Result<(), String> {
        let threads = self.threads.len();
        if !(1..=THREADS_MAX).contains(&threads) {
            return Err(format!("layout.thread: {threads} of them: expected 1 to {THREADS_MAX}"));
        }
        for (at, thread) in self.threads.iter().enumerate() {
            let field = format!("layout.thread {}", at + 1);
            if thread.stages.is_empty() {
                return Err(format!(
                    "{field}.stages is empty: expected at least one of front, engine, record, publish"
                ));
            }
            if self.threads[..at].iter().any(|other| other.core == thread.core) {
                return Err(format!("{field}.core = {}: expected a core that no other thread has", thread.core));
            }
            if self.pin && thread.core == 0 {
                return Err(format!(
                    "{field}.core = 0: expected another core, since the kernel's own work stays on core 0"
                ));
            }
            let fronts = thread.stages.iter().filter(|stage| **stage == Stage::Front).count();
            if fronts > 1 {
                return Err(format!("{field}.stages: front {fronts} times: expected a thread for each"));
            }
        }
        match self.beside {
            Some(core) if !self.pin => {
                return Err(format!("layout.beside = {core}: expected none where threads are not pinned"));
            }
            None if self.pin => {
                return Err("layout.beside: expected the core of the query thread, which no stage polls on".to_owned());
            }
            Some(core) if self.threads.iter().any(|thread| thread.core == core) => {
                return Err(format!("layout.beside = {core}: expected a core that no thread of the order path has"));
            }
            _ => {}
        }
        for (stage, least, most) in
            [(Stage::Front, 1, THREADS_MAX), (Stage::Engine, 1, 1), (Stage::Record, 1, 1), (Stage::Publish, 0, 1)]
        {
            let found = self.count(stage);
            if !(least..=most).contains(&found) {
                return Err(format!("layout.thread.stages: {stage} {found} times: expected {least} to {most}"));
            }
        }
        Ok(())
    }
}
