//! Packets in, packets out: FTD sessions, streams, market data, and the stages that the order's path is made of.
//!
//! What members are told stands in `STREAMS.md`, the log's bytes in `journal/FRAMES.md`, the protocol's in `ftd`.
//!
//! | module | what |
//! |---|---|
//! | [`front`] | one port: members' sessions, the feed's followers, our own links; `publish` from the log |
//! | [`session`] | FTD sessions: login, resume, flow control; `ingress_message`, `ingress_command`, `egress_message` |
//! | [`ring`] | commands on their way to the engine |
//! | [`stages`] | the engine's stage, and which thread runs what |
//! | [`clock`] | the machine's cycle counter, to measure with |
//! | [`feed`] | the log to whoever follows |
//! | [`directory`] | the base data by text and by index: a fold over the log |
//! | [`streams`] | every message as a place in the log: a fold over the log |
//! | [`render`] | a message's bytes, from the log |
//! | [`texts`] | members' texts: UTF-8, or GBK |
//! | [`names`] | the name service |
//! | [`queries`] | questions on their way to whoever answers them, and the answers back |
//!
//! # The way of one order
//!
//! ```text
//! ingress_frame → ingress_segment   net
//! ingress_message → ingress_command session/ingress.rs; the command stands in the ring
//! admit → decide → evolve → record  journal/src/machine.rs, engine; the frame stands in the log
//! publish → egress_message          front/desk.rs, session/egress.rs; the answer stands in the socket's ring
//! egress_segment → egress_frame     net
//! ```
//!
//! Between the first and the last nothing allocates from the heap, locks, or calls the kernel (a test counts).
//!
//! # Invariants
//!
//! - No message is kept: every stream is a number and the log.
//! - What stands in no frame did not happen: sessions, cursors, flow control die with the process, and no rule depends on them.
//! - Nothing of a log is told before the log's policy says that it is recorded.
//! - Bytes of members can change the state only as a command that passed the session, and that command is in the log.

pub mod clock;
pub mod directory;
pub mod feed;
pub mod front;
pub mod multicast;
pub mod names;
pub mod queries;
pub mod remote;
pub mod render;
pub mod ring;
pub mod session;
pub mod stages;
pub mod streams;
pub mod texts;
pub mod uplink;
