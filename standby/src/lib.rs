//! Follow, audit, takeover. Bytes and time in, bytes and steps out: no sockets, no threads, no clock.
//!
//! A feed is the bytes of `journal/FRAMES.md`: the follower sends 32 bytes that say where it stands ([`Follower::request`]), and the
//! source sends frames from there on, and heartbeats. [`Follower::feed`] takes them in any pieces; each frame is adopted whole or
//! not at all, judged by our own rules beside the primary's outcome, and recorded as it came.
//!
//! On `switch` the [`Runbook`] takes the machine from the follower and goes through fourteen steps:
//!
//! | # | step | what happens | state |
//! |---|---|---|---|
//! | 1 | preflight 预检 | the state allows it, or an explicit choice does | Sealing |
//! | 2 | seal 封存 | the cut is the last frame adopted whole; torn bytes behind it are dropped, further ones refused | Sealing |
//! | 3 | reconcile 核对 | digests at the cut, differences counted | Sealing |
//! | 4 | fence 隔离 | the host proves that the old core cannot speak, or an override says why that is not needed | Fencing |
//! | 5 | new epoch 新纪元 | EpochOpen is recorded, then TakeoverBegin and steps 1 to 5 | Fencing |
//! | 6 | suspend 暂停 | every open instrument suspended; notice of suspension | Suspended |
//! | 7 | name service 名字服务 | our fronts are published with the new epoch | Suspended |
//! | 8 | book 订单簿 | every order told anew, or cancelled | Suspended |
//! | 9 | readiness 会员就绪 | enough members ready, or the time is over, or an override | Suspended |
//! | 10 | notice of reopening 恢复公告 | with the times | Suspended |
//! | 11 | cancel-only 只可撤单 | auction reopening: instruments that were continuous at the cut | CancelOnly |
//! | 12 | auction ordering 集合竞价申报 | the same | AuctionOrdering |
//! | 13 | auction match 集合竞价撮合 | the same, uncrossed | AuctionMatch |
//! | 14 | resume 恢复 | every instrument back into its phase at the cut | Continuous |
//!
//! The design lists the notice of suspension before the fence. Here it comes after the epoch is recorded, since nothing may be said
//! before that: a core that has spoken without an epoch of its own cannot be told from the one it replaces.
//!
//! Steps 5 and 6 are executed by the runbook itself; only then is the machine handed to the engine's stage. Until then no member's
//! command can reach it, so nothing can trade between the new epoch and the suspension.
//!
//! **Resuming.** The log is the runbook's memory. Each command it records carries in its header's `request` the step and
//! its place in the step ([`fold::Mark`]); a step is done when its TakeoverStep is in the log. After a crash the host recovers the machine,
//! gives it to a new [`Follower`], and `switch` goes on where the log ends, with the policies of the first TakeoverBegin. A crash
//! before EpochOpen leaves nothing in the log, and the takeover begins anew at the same cut.
//!
//! Phases at the cut are folded from the log ([`Fold`]), not read from the engine.
//!
//! A multi-part frame is collected in a buffer with a limit ([`FollowSettings::frame_limit`]); a longer one ends the connection.
#![forbid(unsafe_code)]

mod audit;
mod calendar;
pub mod fold;
mod follower;
mod notices;
mod runbook;
mod state;
mod steps;
mod switch;
mod timeline;
mod words;

pub use audit::{AUDIT_KEPT, Audit, Finding};
pub use calendar::{Calendar, command_of};
pub use fold::Fold;
pub use follower::{Evidence, Fed, FeedEnd, FollowSettings, Follower, Sealed, Source};
pub use runbook::Runbook;
pub use state::{Happening, State};
pub use switch::{Answer, Board, NotSwitched, Options, PerMille, Request, RunbookSettings, Switched};
pub use timeline::{Outcome, Step, StepReport};
