//! The clock of a bench on one thread: it runs while the service works and stands still while the members' side does.
//!
//! Members have machines of their own. On one thread their work would push every order of the open loop back, and the
//! service would be blamed; so what they take is taken out, and shown beside the figures instead. When nothing is under way
//! the clock jumps to the next order. What interrupts the thread while the service works is in the figures.

use dataplane::clock;
use std::cell::Cell;
use std::sync::OnceLock;

thread_local! {
    /// Cycles to be added to the machine's counter.
    static OFFSET: Cell<u64> = const { Cell::new(0) };
}

/// The service's time in nanoseconds: of this thread, from a zero that means nothing. A `fn`, as a front takes it.
#[must_use]
pub fn core_nanoseconds() -> u64 {
    nanoseconds(clock::cycles().wrapping_add(OFFSET.get()))
}

/// Sets the clock to the counter's own time: for a service that has a thread to itself.
pub fn follow_the_machine() {
    OFFSET.set(0);
}

/// Runs the members' side: the clock stands still. Returns what it took, in cycles.
pub fn outside<R>(work: impl FnOnce() -> R) -> (R, u64) {
    let begin = clock::cycles();
    let result = work();
    let spent = clock::cycles().wrapping_sub(begin);
    OFFSET.set(OFFSET.get().wrapping_sub(spent));
    (result, spent)
}

/// Nothing happens before `until`, in the service's nanoseconds: it is that time now.
pub fn jump(until: u64) {
    let ahead = until.saturating_sub(core_nanoseconds());
    let cycles = u128::from(ahead) * u128::from(clock::cycles_per_second()) / 1_000_000_000;
    OFFSET.set(OFFSET.get().wrapping_add(cycles as u64 + u64::from(ahead > 0)));
}

/// Cycles as nanoseconds, by one multiplication: it is done several times a burst.
#[must_use]
pub fn nanoseconds(cycles: u64) -> u64 {
    static FACTOR: OnceLock<u64> = OnceLock::new();
    let factor = *FACTOR.get_or_init(|| ((1_000_000_000u128 << 32) / u128::from(clock::cycles_per_second())) as u64);
    ((u128::from(cycles) * u128::from(factor)) >> 32) as u64
}
