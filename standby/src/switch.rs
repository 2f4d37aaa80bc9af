//! What is said between the runbook and its host: options, requests, answers, and what `switch` did.

use crate::follower::Evidence;
use crate::timeline::Step;
use engine::command::{BookPolicy, CommandBuffer, Reopening};
use engine::types::{Epoch, Nanoseconds, Sequence};
use journal::Machine;
use std::fmt;

/// What a runbook has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunbookSettings {
    /// Our data centre.
    pub data_center: u32,
    /// In a simulated run time is not machine time: TakeoverStep says 0.
    pub simulated: bool,
    /// How often the readiness board is looked at.
    pub board_interval: Nanoseconds,
}

impl RunbookSettings {
    /// A runbook of a machine that runs on its own clock.
    #[must_use]
    pub fn new(data_center: u32) -> Self {
        RunbookSettings { data_center, simulated: false, board_interval: Nanoseconds(100_000_000) }
    }
}

/// What `switch` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What becomes of the book.
    pub book: BookPolicy,
    /// How the market reopens.
    pub reopen: Reopening,
    /// The fence cannot be proved, and this is why we go on.
    pub override_fence: Option<String>,
    /// Take over although we lag, or do not know how far the primary is. The evidence was shown.
    pub from_lagging: bool,
    /// Take over at the frame before the one that could not be. The evidence was shown.
    pub from_diverged: bool,
    /// Our own core was restarted and has told more than its log holds: a takeover from ourselves.
    pub from_self: bool,
    /// Share of the members that must be ready.
    pub readiness: PerMille,
    /// How long to wait for them.
    pub readiness_timeout: Nanoseconds,
    /// How long cancels only are taken before a reopening auction.
    pub cancel_only_for: Nanoseconds,
    /// How long orders are taken for it.
    pub auction_for: Nanoseconds,
}

impl Options {
    /// The book stays, trading goes on where it stopped, when nine members of ten are ready or a minute is over.
    #[must_use]
    pub fn new(book: BookPolicy, reopen: Reopening) -> Self {
        let minute = Nanoseconds(60_000_000_000);
        Options {
            book,
            reopen,
            override_fence: None,
            from_lagging: false,
            from_diverged: false,
            from_self: false,
            readiness: PerMille(900),
            readiness_timeout: minute,
            cancel_only_for: minute,
            auction_for: minute,
        }
    }
}

/// A share, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PerMille(pub u16);

/// What the host is asked to do.
pub enum Request {
    /// Make sure that the old core cannot speak any more; answer [`Answer::FenceProved`] or [`Answer::FenceNotProved`].
    Fence,
    /// Give this machine to the engine's stage. The epoch is recorded as the log's policy has it, and every instrument suspended.
    TakeMachine(Box<Machine>),
    /// Put this command into the ring; its frame in the log is the answer ([`Runbook::observed`](crate::Runbook::observed)).
    Record(Box<CommandBuffer>),
    /// Publish our fronts with this epoch at the name service; answer [`Answer::FrontsPublished`] or [`Answer::FrontsRefused`].
    PublishFronts {
        /// The new epoch.
        epoch: Epoch,
    },
    /// Say how many members are ready: [`Answer::Board`].
    Board,
    /// Nothing to do before then; poll again.
    Wait(Nanoseconds),
}

/// What the host says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The old core cannot speak any more; how that is known.
    FenceProved(String),
    /// It could not be made sure; why.
    FenceNotProved(String),
    /// The name service has our fronts.
    FrontsPublished,
    /// The name service refused them: somebody has published this epoch.
    FrontsRefused {
        /// The published one.
        published: Epoch,
    },
    /// The readiness board.
    Board(Board),
    /// An operator decides to go on without the fence, the name service or the members, whichever is waited for; why.
    Override(String),
}

/// The readiness board's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Board {
    /// Members that should come back.
    pub members: u32,
    /// … that are logged in.
    pub logged_in: u32,
    /// … that are logged in and have said that they are ready.
    pub ready: u32,
    /// … that have raised a hand.
    pub hands: u32,
}

/// What `switch` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switched {
    /// A takeover begins.
    Begins {
        /// The cut: the last frame that counts.
        cut: Sequence,
        /// The epoch that is to begin.
        epoch: Epoch,
    },
    /// One was under way, and goes on with its own policies.
    Continues {
        /// Its book policy.
        book: BookPolicy,
        /// Its reopening.
        reopen: Reopening,
        /// The first step that is not done.
        step: Step,
    },
}

/// Why `switch` did nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum NotSwitched {
    /// There is no frame to take over from.
    NothingToTakeOver,
    /// We do not know that we hold the newest frame; `from_lagging` chooses to go on.
    Lagging(Box<Evidence>),
    /// A frame could not be; `from_diverged` chooses to go on from the one before.
    Diverged(Box<Evidence>),
    /// The epoch is ours already, and its takeover is done.
    AlreadyActive,
    /// Another core has a higher epoch.
    Retired,
    /// The machine is somewhere else.
    NoMachine,
}

impl fmt::Display for NotSwitched {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotSwitched::NothingToTakeOver => write!(out, "没有可接管的日志 there is no frame to take over from"),
            NotSwitched::Lagging(evidence) => {
                write!(out, "落后，须明确选择 lagging: choose --from-lagging to take over all the same\n{evidence}")
            }
            NotSwitched::Diverged(evidence) => {
                write!(out, "背离，须明确选择 diverged: choose --from-diverged to take over all the same\n{evidence}")
            }
            NotSwitched::AlreadyActive => write!(out, "本系统已在运行 this core is active already"),
            NotSwitched::Retired => write!(out, "已有更高纪元 another core has a higher epoch"),
            NotSwitched::NoMachine => write!(out, "状态机不在此处 the machine is somewhere else"),
        }
    }
}

impl std::error::Error for NotSwitched {}
