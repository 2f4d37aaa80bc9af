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
//! | `checks`, `reservations`, `switches`, `orders`, `trading`, `quotes`, `exercise`, `publishing`, `base` | the rules |
//! | `terms` | the digest's terms |
//! | [`messages`], `market_messages`, `quote_messages` | what members are told, as FTD bytes |
//! | [`command`], [`event`], [`frame`], [`digest`] | the log's bytes |
//! | [`faults`] | rules made wrong on purpose |
//! | [`primary`] | [`Primary`]: the exchange with members, followers and name servers around it |
//! | `member`, `requests`, [`link`], [`streams`], [`proof`], `refusals` | members' sessions |
//! | `feed`, [`publication`] | the log to followers; our fronts to name servers |
//! | [`records`] | what the primary did, for a drill's checks |
//! | [`settlement`] | a day settled, lot by lot |
//! | [`shadow`] | [`Shadow`]: beside another core's log |
#![forbid(unsafe_code)]

mod base;
mod checks;
pub mod command;
pub mod digest;
pub mod event;
pub mod exchange;
mod exercise;
pub mod faults;
mod feed;
pub mod frame;
pub mod link;
mod market_messages;
mod member;
pub mod messages;
pub mod number;
mod orders;
pub mod primary;
pub mod proof;
pub mod publication;
mod publishing;
mod quote_messages;
mod quotes;
pub mod records;
mod refusals;
pub mod reject;
mod requests;
mod reservations;
pub mod settlement;
pub mod shadow;
pub mod state;
pub mod streams;
mod switches;
mod terms;
mod trading;
pub mod wire;

pub use command::{Command, Header};
pub use event::Event;
pub use exchange::{Answer, Exchange, Outcome, Settings, Stopped, Stream, Told};
pub use faults::{Fault, Faults};
pub use number::{
    Account, ClientNumber, Epoch, Instrument, Key, Nanoseconds, Participant, Product, Sequence, Ticks, User,
};
pub use primary::{FeedByte, FeedLag, Primary, PrimarySettings};
pub use publication::Published;
pub use records::{Death, Records};
pub use reject::Reject;
pub use shadow::{Compared, Shadow};
pub use streams::Streams;
