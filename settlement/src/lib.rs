//! Settlement 结算: what a day's trades and positions come to in money, for every account, to the ten-thousandth of a yuan.
//!
//! | module | what |
//! |---|---|
//! | `amount` | money, prices, rates; the one division, with its rounding named |
//! | `market` | what is settled and by which terms: instruments, products, members, fees, prices |
//! | `row` | a position row: trades in, figures out |
//! | `prices` | what lots of an instrument come to at its prices, once for everybody who holds it
//! | `account` | rows summed up: trading codes, members, clearing members and their funds |
//! | `delivery` | deliveries of bonds over their days: who gives what to whom, and what is paid |
//! | `shard` | the rows of some members: their day in, their figures out |
//! | `batch` | the day's end: phases over shards of members, on all cores |
//! | `checkpoint` | what tasks of the batch came to, in files, for a run that is resumed or repeated |
//! | `correction` | another price, a cancelled trade: what they touch is settled again, and nothing else |
//! | `agree` | batch and stream beside one another, figure by figure |
//! | `result` | a settled day as it is handed on: named, in order, whole |
//! | `live` | a shard of accounts kept up to date while the day runs |
//! | `rows` | the rows of a shard's accounts in tables, what prices touch apart
//! | `stream` | shards as a dataflow, over threads and machines |
//! | `hosts` | which machines: the host file |
//! | `cases` | examples of outside, run through the rules |
//! | `published` | conversion factors and chains of settlement prices that exchanges publish |
//! | `rules` | the rules as pure functions, each with its source |
//!
//! The rules know nothing of where their numbers come from: the stream that keeps accounts up to date while the day runs and the
//! batch at its end call the same functions, and so does whoever brings examples of his own.

pub mod account;
pub mod agree;
pub mod amount;
pub mod batch;
pub mod cases;
pub mod checkpoint;
pub mod correction;
pub mod delivery;
pub mod hosts;
pub mod live;
pub mod market;
pub mod prices;
pub mod published;
pub mod result;
pub mod row;
mod rows;
pub mod rules;
pub mod shard;
pub mod stream;

pub use amount::{Money, Overflow, Price, Rate, Rounding};
