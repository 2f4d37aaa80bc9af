//! What tests of every room need: an allocator that counts ([`heap`]), and what a test on an emulated processor does otherwise, as
//! `tests/arm/suite` sets it by two variables.
//!
//! `BACKSTOP_EFFORT=20`: a twentieth of a long test is run, since there the point is that every path runs, not that a million operations
//! do. `BACKSTOP_RUNNER="qemu-aarch64-static -L …"`: what starts a program of this build; the kernel alone cannot. Without
//! them a test does all it promises, and starts its programs as they are.

pub mod heap;

use std::ffi::OsStr;
use std::process::Command;

/// What to run of `count` operations, cases or seeds: at least one.
#[must_use]
pub fn of(count: usize) -> usize {
    (count / share()).max(1)
}

/// Every how many-th place of an exhaustive walk is visited: 1 without the variable. Odd, so that it meets every residue.
#[must_use]
pub fn stride() -> usize {
    share() | 1
}

/// One in so many.
///
/// # Panics
/// If `BACKSTOP_EFFORT` is not a number above zero: a typing error must not look like a full run.
#[must_use]
pub fn share() -> usize {
    match std::env::var("BACKSTOP_EFFORT") {
        Err(_) => 1,
        Ok(text) => match text.parse() {
            Ok(share) if share > 0 => share,
            _ => panic!("BACKSTOP_EFFORT={text}: expected a number above zero, 20 for a twentieth"),
        },
    }
}

/// A command that runs a program of this build, on the processor that it was built for.
///
/// # Panics
/// If `BACKSTOP_RUNNER` is there and names nothing.
#[must_use]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let Ok(runner) = std::env::var("BACKSTOP_RUNNER") else { return Command::new(program) };
    let mut words = runner.split_whitespace();
    let mut command = Command::new(words.next().expect("BACKSTOP_RUNNER names an emulator"));
    command.args(words).arg(program);
    command
}
