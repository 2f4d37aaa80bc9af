//! What a process's loop does when a round found nothing to do: the profile's waiting strategy.

use hw_profiles::Waiting;
use std::time::Duration;

/// Empty rounds before a shared core is left to others.
const SPINS: u32 = 200;
/// Empty rounds before it is left to them for a while.
const YIELDS: u32 = 400;
/// How long; a hundred of them are one of TCP's shortest timers.
const NAP: Duration = Duration::from_micros(100);

/// Counts empty rounds.
#[derive(Clone, Copy, Debug)]
pub struct Waiter {
    waiting: Waiting,
    empty: u32,
}

impl Waiter {
    /// For a profile's strategy.
    #[must_use]
    pub fn new(waiting: Waiting) -> Self {
        Waiter { waiting, empty: 0 }
    }

    /// A round is over.
    #[inline]
    pub fn round(&mut self, was_busy: bool) {
        if was_busy {
            self.empty = 0;
            return;
        }
        self.empty = self.empty.saturating_add(1);
        match self.waiting {
            Waiting::Spin => std::hint::spin_loop(),
            Waiting::SpinThenYield if self.empty < SPINS => std::hint::spin_loop(),
            Waiting::SpinThenYield if self.empty < YIELDS => std::thread::yield_now(),
            Waiting::SpinThenYield => std::thread::sleep(NAP),
        }
    }
}
