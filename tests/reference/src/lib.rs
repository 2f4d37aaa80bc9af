//! A second exchange, plain and slow: ordered maps, queues, no tricks.
//!
//! It is the oracle of the property tests (the same commands must give the same outcomes) and plays the primary in drills.
//! It was written from the pages `engine/RULES.md`, `journal/FRAMES.md` and `dataplane/STREAMS.md`, and shares with the
//! system under test the ports, TCP (`net`) and the members' protocol (`ftd`), and nothing else. Where both agree, two
//! readings of the pages agree; where they differ, one of them, or the page, is wrong.
//!
//! | module | what |
//! |---|---|
//! | [`exchange`] | [`Exchange::execute`]: a command in, an [`Outcome`] out |
//! | [`state`] | what it knows |
//! | `orders`, `trading`, `publishing`, `base` | the rules |
//! | [`messages`] | what members are told, as FTD bytes |
//! | [`command`], [`event`], [`frame`], [`digest`] | the log's bytes |
//! | [`faults`] | rules made wrong on purpose |
#![forbid(unsafe_code)]

mod base;
pub mod command;
pub mod digest;
pub mod event;
pub mod exchange;
pub mod faults;
pub mod frame;
pub mod messages;
pub mod number;
mod orders;
mod publishing;
pub mod reject;
pub mod state;
mod trading;
pub mod wire;

pub use command::{Command, Header};
pub use event::Event;
pub use exchange::{Answer, Exchange, Outcome, Settings, Stopped, Stream, Told};
pub use faults::{Fault, Faults};
pub use number::{Account, ClientNumber, Epoch, Instrument, Key, Nanoseconds, Participant, Sequence, Ticks, User};
pub use reject::Reject;
