//! A takeover as operators see it: each step with its names, its times, what came of it.

use engine::types::Nanoseconds;
use std::fmt;

/// A step of the runbook. The numbers stand in TakeoverStep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Step {
    /// The state allows it, or an explicit choice does.
    Preflight = 1,
    /// The cut is made.
    Seal = 2,
    /// Digests at the cut, differences counted.
    Reconcile = 3,
    /// The old core cannot speak any more.
    Fence = 4,
    /// The epoch is recorded.
    NewEpoch = 5,
    /// Every open instrument is suspended, and members are told.
    Suspend = 6,
    /// Our fronts are published.
    NameService = 7,
    /// Every order told anew, or cancelled.
    Book = 8,
    /// Members are back.
    Readiness = 9,
    /// Members know when.
    NoticeOfReopening = 10,
    /// Cancels only.
    CancelOnly = 11,
    /// Orders for the auction.
    AuctionOrdering = 12,
    /// The auction is matched.
    AuctionMatch = 13,
    /// Back to the phases at the cut.
    Resume = 14,
}

impl Step {
    /// All, in order.
    pub const ALL: [Step; 14] = [
        Step::Preflight,
        Step::Seal,
        Step::Reconcile,
        Step::Fence,
        Step::NewEpoch,
        Step::Suspend,
        Step::NameService,
        Step::Book,
        Step::Readiness,
        Step::NoticeOfReopening,
        Step::CancelOnly,
        Step::AuctionOrdering,
        Step::AuctionMatch,
        Step::Resume,
    ];

    /// Its number, from 1.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Its name in Chinese.
    #[must_use]
    pub fn chinese(self) -> &'static str {
        match self {
            Step::Preflight => "预检",
            Step::Seal => "封存",
            Step::Reconcile => "核对",
            Step::Fence => "隔离",
            Step::NewEpoch => "新纪元",
            Step::Suspend => "暂停交易",
            Step::NameService => "名字服务",
            Step::Book => "订单簿",
            Step::Readiness => "会员就绪",
            Step::NoticeOfReopening => "恢复公告",
            Step::CancelOnly => "只可撤单",
            Step::AuctionOrdering => "集合竞价申报",
            Step::AuctionMatch => "集合竞价撮合",
            Step::Resume => "恢复交易",
        }
    }

    /// Its name in English.
    #[must_use]
    pub fn english(self) -> &'static str {
        match self {
            Step::Preflight => "preflight",
            Step::Seal => "seal",
            Step::Reconcile => "reconcile",
            Step::Fence => "fence",
            Step::NewEpoch => "new epoch",
            Step::Suspend => "suspend",
            Step::NameService => "name service",
            Step::Book => "book",
            Step::Readiness => "readiness",
            Step::NoticeOfReopening => "notice of reopening",
            Step::CancelOnly => "cancel-only",
            Step::AuctionOrdering => "auction ordering",
            Step::AuctionMatch => "auction match",
            Step::Resume => "resume",
        }
    }
}

/// What came of a step. The first three are TakeoverStep's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Outcome {
    /// Done.
    Done = 0,
    /// Somebody decided to go on without it.
    Overridden = 1,
    /// There was nothing to do.
    Nothing = 2,
    /// It has begun.
    Running = 3,
    /// It waits for an operator: [`StepReport::detail`] says for what.
    Blocked = 4,
}

impl Outcome {
    pub(crate) fn from_code(code: u16) -> Self {
        match code {
            1 => Outcome::Overridden,
            2 => Outcome::Nothing,
            _ => Outcome::Done,
        }
    }
}

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepReport {
    /// Which.
    pub step: Step,
    /// When it began, by the host's clock; of a step known only from the log, the log's time.
    pub began: Nanoseconds,
    /// When it ended; none: not yet.
    pub ended: Option<Nanoseconds>,
    /// What came of it.
    pub outcome: Outcome,
    /// In words.
    pub detail: String,
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:>2} {} {}", self.number(), self.chinese(), self.english())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Outcome::Done => "完成 done",
            Outcome::Overridden => "越过 overridden",
            Outcome::Nothing => "无需 nothing to do",
            Outcome::Running => "进行中 running",
            Outcome::Blocked => "等待决定 blocked",
        })
    }
}

impl fmt::Display for StepReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.step, self.outcome)?;
        if let Some(ended) = self.ended {
            write!(out, ", {} µs", ended.0.saturating_sub(self.began.0) / 1_000)?;
        }
        if !self.detail.is_empty() {
            write!(out, ", {}", self.detail)?;
        }
        Ok(())
    }
}
