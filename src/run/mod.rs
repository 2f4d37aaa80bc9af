//! The market's parts as processes: `backstop run`, `primary`, `names`, `front`; and what operators say to them.
//!
//! A process is a [`node::Node`] turned round and round by [`node::turn`] on the thread that it was started on; what an operator asks
//! comes over a Unix socket ([`control`]). Time is the machine's ([`clock`]), waiting is the profile's
//! ([`Waiter`](dataplane::stages::Waiter)).

use std::time::Duration;

pub mod clock;
pub mod commands;
pub mod control;
pub mod core;
pub mod doors;
pub mod fence;
pub mod front;
pub mod journals;
pub mod names;
pub mod node;
pub mod operate;
pub mod operator;
pub mod stand_in;
pub mod status;

/// Market data are published so often (CFFEX: two snapshots a second).
pub const MARKET_DATA_EVERY: Duration = Duration::from_millis(500);
