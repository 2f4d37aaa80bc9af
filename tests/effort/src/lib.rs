//! How much of a long test is run. `BACKSTOP_EFFORT=20` means a twentieth: an emulated processor, on which the point is that
//! every path runs, not that a million operations do. Without it a test does all it promises.

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
