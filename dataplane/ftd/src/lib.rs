//! The members' protocol, JR/T 0016-2014 (期货交易数据交换协议, FTD): all its packages as typed views over bytes.
//!
//! `ftd.xml` beside this package is the standard made whole and machine-readable, with this exchange's extensions
//! (`source="extension"`, as section 8 allows). Fields, packages, TIDs and enumerations are generated from it
//! (`UPDATE=1 cargo test -p ftd --test generate`), and a test fails when they differ.
//!
//! Where to look:
//!
//! | module | what |
//! |---|---|
//! | [`message`] | framing, bytes first: [`next_message`], [`Message`] |
//! | [`package`] | a view for each of the 78 packages |
//! | [`field`](mod@field) | the 67 data fields as structs of items |
//! | [`value`], [`tid`] | enumerations; message types |
//! | [`derived`] | the item types of Appendix B |
//! | [`types`], [`number`], [`time`] | the basic types that these are made of |
//! | [`write`](mod@write), [`chain`] | writing into a buffer; long messages |
//! | [`catalogue`] | the same as a table |
//!
//! # What it promises
//!
//! - Any bytes are read without a panic, a copy or an allocation; what is wrong with them is one of [`Malformed`].
//! - A view's required fields are there and have the standard's length. Data fields that a package does not know are
//!   skipped, wherever they stand (§8: an extension may add some). A known field of another length is refused, longer or
//!   shorter (§8: nobody may change a field). Which order the fields stand in does not matter.
//! - Whether an item makes sense (a price that is a number, a direction that is one) is asked of the item.
//! - Writing fills the caller's buffer and nothing else. Items not set hold the standard's initial values.
//! - No floating point, no unsafe code. It knows nothing of sessions, streams' states, or any exchange's rules.
//!
//! # Writing
//!
//! ```
//! use ftd::value::{direction, hedge_flag, match_condition, offset_flag, order_type};
//! use ftd::{MessageWriter, SequenceNumber, Series, field::OrderInsertField, tid};
//!
//! fn order(buffer: &mut [u8]) -> Option<usize> {
//!     let mut message = MessageWriter::new(buffer, tid::ORDER_INSERT, Series::DIALOG, SequenceNumber(1))?;
//!     let order: &mut OrderInsertField = message.push()?;
//!     order.order_local_id.set_zero_filled(7, 12).ok()?;
//!     order.participant_id.set(b"0001").ok()?;
//!     order.client_id.set(b"00000001").ok()?;
//!     order.instrument_id.set(b"IF2406").ok()?;
//!     order.direction.set(direction::BUY);
//!     order.offset_flag.set(offset_flag::OPEN);
//!     order.hedge_flag.set(hedge_flag::SPECULATION);
//!     order.limit_price.set_units(35_002_000).ok()?; // 3500.2 yuan in 1/10,000
//!     order.volume_total_orginal.set(3);
//!     order.order_type.set(order_type::LIMIT);
//!     order.match_condition.set(match_condition::GOOD_FOR_DAY);
//!     Some(message.finish())
//! }
//! # assert_eq!(order(&mut [0; 4096]), Some(20 + 6 + 194));
//! # assert_eq!(order(&mut [0; 100]), None);
//! ```
//!
//! # Reading
//!
//! ```
//! use ftd::{Malformed, Next, next_message, package::ReqOrderInsert, tid};
//!
//! /// Prints the orders at the head of a stream and returns how many bytes are done with.
//! fn read(bytes: &[u8]) -> Result<usize, Malformed> {
//!     let mut at = 0;
//!     loop {
//!         match next_message(&bytes[at..])? {
//!             Next::NeedMore => return Ok(at),
//!             Next::Skip { length, .. } | Next::Heartbeat { length } => at += length,
//!             Next::Message { length, message } => {
//!                 if message.tid() == tid::ORDER_INSERT {
//!                     let order = ReqOrderInsert::parse(&message)?.order_insert;
//!                     match order.limit_price.units() {
//!                         Ok(units) => println!("{:?} at {units} units", order.instrument_id),
//!                         Err(bad) => println!("price: {bad}"),
//!                     }
//!                 }
//!                 at += length;
//!             }
//!         }
//!     }
//! }
//! # assert_eq!(read(&ftd::HEARTBEAT), Ok(6));
//! # assert_eq!(read(&[1, 128, 0, 0]), Err(Malformed::ExtendedHeaderTooLong));
//! ```
#![forbid(unsafe_code)]

pub mod catalogue;
pub mod chain;
pub mod datagram;
pub mod field;
mod generated;
pub mod malformed;
pub mod message;
pub mod number;
pub mod sole;
pub mod time;
pub mod types;
pub mod write;

pub use chain::{CHAIN_PARTS_MAX, ChainReader, Part};
pub use field::{Field, Repeated};
pub use generated::{derived, package, tid, value};
pub use malformed::Malformed;
pub use message::{Chain, Fid, Message, Next, SequenceNumber, Series, SkipReason, Tid, next_message};
pub use number::BadNumber;
pub use sole::{read_sole, write_sole, write_sole_copy};
pub use time::{ChinaDay, ChinaHundredth, ChinaTime};
pub use types::TooLong;
pub use write::{ChainWriter, HEARTBEAT, MessageWriter, write_heartbeat};
