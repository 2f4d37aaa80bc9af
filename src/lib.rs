//! Backstop: puts the rooms together. ARCHITECTURE.md is the map; `main.rs` is the one command.

#![forbid(unsafe_code)]

pub mod appliance;
pub mod base_data;
pub mod base_files;
pub mod bench;
pub mod day;
pub mod doctor;
pub mod drill;
pub mod flow_log;
pub mod nic;
pub mod order_flow;
pub mod replay;
pub mod run;
pub mod settle;
pub mod site;
pub mod verify;

use std::io::Write as _;
use std::sync::OnceLock;
use std::time::Instant;

/// The machine's clock, nanoseconds since it was first asked: to measure with; nothing of it enters a log.
#[must_use]
pub fn machine_clock() -> u64 {
    static ZERO: OnceLock<Instant> = OnceLock::new();
    u64::try_from(ZERO.get_or_init(Instant::now).elapsed().as_nanos()).expect("a run is shorter than 500 years")
}

/// One line on stderr. An exchange whose stderr nobody reads any more (`2>&1 | head`, a log that is full) goes on without it, where
/// `eprintln!` would panic.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
