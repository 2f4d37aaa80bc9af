//! The time of a process: the machine's clock of day, asked once, and from there on the monotonic clock. It never runs back, also
//! when somebody sets the clock of day; how far the two have come apart is a figure for operators.

use net::Instant;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Nanoseconds since the Unix epoch that only grow.
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    base: Instant,
    since: std::time::Instant,
}

impl WallClock {
    /// A clock that begins now.
    ///
    /// # Panics
    /// If the machine's clock of day is before 1970.
    #[must_use]
    pub fn start() -> Self {
        WallClock { base: clock_of_day(), since: std::time::Instant::now() }
    }

    /// This moment.
    #[inline]
    #[must_use]
    pub fn now(&self) -> Instant {
        self.base + self.since.elapsed()
    }

    /// How far the clock of day has gone away from this one since it began: ahead of it is positive.
    #[must_use]
    pub fn drift_ns(&self) -> i64 {
        let (day, ours) = (clock_of_day().nanos(), self.now().nanos());
        i64::try_from(i128::from(day) - i128::from(ours)).unwrap_or(i64::MAX)
    }
}

fn clock_of_day() -> Instant {
    let since: Duration = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock of day is after 1970");
    Instant::from_nanos(u64::try_from(since.as_nanos()).expect("the year is before 2554"))
}
