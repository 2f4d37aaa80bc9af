//! What a member links to trade: the members' side of JR/T 0016-2014, without sockets, threads or a clock.
//!
//! [`Member`] is bytes and time in, bytes and actions out. Its host owns the socket and does four things:
//!
//! ```text
//! loop {
//!     while let Some(action) = member.poll(now) { … }    Connect(address) | Close
//!     n = socket.write(member.output()); member.sent(n);
//!     member.connected(now) | member.received(bytes, now) | member.closed(now)
//!     member.insert(order) | member.cancel(local_id) | member.quote(quote) | member.report(…)
//! }
//! ```
//!
//! # On the wire
//!
//! Bytes first. Everything is FTD as `ftd` frames it; integers are high byte first. A member speaks on one connection at a time:
//!
//! ```text
//! to a name server    ReqFronts                          <- RspFronts: addresses, priorities, epoch
//! to a front          [ReqLoginChallenge                 <- RspLoginChallenge: nonce]
//!                     ReqUserLogin dialog                <- RspUserLogin: present epoch, MaxOrderLocalId
//!                     ReqUserLogin private, last number  <- RspUserLogin [FlowMessageCancel] messages from last + 1
//!                     ReqUserLogin broadcast, last no.   <- RspUserLogin [FlowMessageCancel] messages from last + 1
//!                     requests, dialog numbers 1, 2, …   <- answers under the request's number
//!                     heartbeat 00 02 00 00 04 00        <- heartbeat
//! ```
//!
//! # What it takes care of
//!
//! - **Where to go.** It asks the name servers it knows for fronts, takes the one of the highest epoch and the best priority, goes
//!   on to the next when one refuses (103: that core only follows), and backs off, bounded, when all have.
//! - **Resume.** Private and broadcast streams go on from the last number received, naming the epoch of the last message. A
//!   number that does not follow is a gap: it closes the connection and resumes. A core of a lower epoch than one already
//!   seen is refused: it has been replaced.
//! - **Unanswered requests.** What was sent and not yet confirmed by the private stream is sent again after a relogin, under the
//!   same local id, in the order first sent. An answer in the dialog alone does not count as confirmed: dialog answers are not
//!   resumed, and one that the dead core gave beyond the cut would be taken for true. The core answers
//!   a repeat with "repeated" and the first one's OrderSysId, which counts as accepted.
//! - **Roll-back.** [FlowMessageCancel](ftd::package::FlowMessageCancel) voids messages that a dead core told and nobody else
//!   knows. The view is rebuilt from the messages that stand; orders that only void messages knew were never sent, and
//!   are named by [`Member::rolled_back`], or sent again at once ([`RolledBack`]).
//! - **Readiness** (就绪, 举手): [`Member::report`].
//!
//! Any bytes from the other side are read without a panic; what is malformed closes the connection and is counted.
//! The same calls in the same order give the same bytes and the same view.
#![forbid(unsafe_code)]

mod config;
mod deals;
mod login;
mod market;
mod member;
mod multicast;
mod order;
mod requests;
mod session;
mod targets;
mod view;
mod wire;

pub use config::{Config, Credential, RolledBack};
pub use deals::{Deal, DealKind, DealState, NewEnquiry, NewInstruction, NewQuote, QuoteSide, Terms};
pub use market::{InstrumentMarket, LEVELS_MAX, Level, MarketFeed, NotTaken, UNDO_MESSAGES};
pub use member::{Action, Counters, LinkState, Member, Refusal, Voided};
pub use multicast::{Multicast, MulticastCounters};
pub use order::{
    ClientId, Epoch, InstrumentId, LocalId, Nanoseconds, NewCancel, NewOrder, ParticipantId, Price, StreamNumber,
    SystemId, UserId,
};
pub use requests::{CancelState, Readiness};
pub use view::{Bulletin, Instrument, MarketData, Order, OrderState, Position, Trade, View};
