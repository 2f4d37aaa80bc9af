//! The retransmission timer (RFC 6298). One segment at a time is timed, never one that was sent twice (Karn).
//!
//! RFC 6298 §2.4 wants at least 1 s on the open Internet; member lines are private, and 200 ms is what Linux does there too.
//! The greatest, which bounds how long a back-off grows, is for the same reason a second and not a minute.

use super::number::SequenceNumber;
use crate::time::Instant;
use std::time::Duration;

/// When to send again.
pub(crate) struct RetransmissionTimer {
    /// When it runs out; never, if nothing is in flight and nothing waits for a window.
    at: Instant,
    least_nanos: u64,
    greatest_nanos: u64,
    /// SRTT and RTTVAR of the RFC, once there is a sample.
    smoothed: Option<(u64, u64)>,
    /// RTO without back-off.
    timeout_nanos: u64,
    /// How often it ran out in a row.
    backoff: u32,
    /// The number whose acknowledgement ends the measurement, and when the segment before it was sent.
    timed: Option<(SequenceNumber, Instant)>,
}

/// Doublings beyond this change nothing: every greatest timeout is reached.
const BACKOFF_MAX: u32 = 16;

impl RetransmissionTimer {
    /// Not running. The first timeout is the least one.
    pub(crate) fn new(least: Duration, greatest: Duration) -> RetransmissionTimer {
        let nanos = |span: Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        RetransmissionTimer {
            at: Instant::NEVER,
            least_nanos: nanos(least),
            greatest_nanos: nanos(greatest),
            smoothed: None,
            timeout_nanos: nanos(least),
            backoff: 0,
            timed: None,
        }
    }

    #[inline]
    pub(crate) fn at(&self) -> Instant {
        self.at
    }

    #[inline]
    pub(crate) fn is_running(&self) -> bool {
        self.at != Instant::NEVER
    }

    /// Runs from `now` for one timeout, back-off included (RFC 6298 §5.1, §5.3).
    #[inline]
    pub(crate) fn start(&mut self, now: Instant) {
        let nanos = (self.timeout_nanos << self.backoff.min(BACKOFF_MAX)).min(self.greatest_nanos);
        self.at = Instant::from_nanos(now.nanos().saturating_add(nanos));
    }

    /// Nothing is in flight (RFC 6298 §5.2).
    #[inline]
    pub(crate) fn stop(&mut self) {
        self.at = Instant::NEVER;
    }

    /// It ran out: the next time takes twice as long (RFC 6298 §5.5). What is in flight is not to be measured any more.
    pub(crate) fn expired(&mut self, now: Instant) {
        self.backoff += u32::from(self.backoff < BACKOFF_MAX);
        self.timed = None;
        self.start(now);
    }

    /// A segment that ends before `end` leaves for the first time.
    #[inline]
    pub(crate) fn sent(&mut self, end: SequenceNumber, now: Instant) {
        if self.timed.is_none() {
            self.timed = Some((end, now));
        }
    }

    /// Something is sent again: an acknowledgement would not say which of the two it is for.
    pub(crate) fn resent(&mut self) {
        self.timed = None;
    }

    /// Everything before `number` is acknowledged, something of it for the first time.
    #[inline]
    pub(crate) fn acknowledged(&mut self, number: SequenceNumber, now: Instant) {
        self.backoff = 0;
        if let Some((end, sent)) = self.timed
            && !number.is_before(end)
        {
            self.timed = None;
            self.sample(now.nanos().saturating_sub(sent.nanos()));
        }
    }

    /// RFC 6298 §2.2, §2.3, with alpha 1/8, beta 1/4, K 4.
    #[inline]
    fn sample(&mut self, nanos: u64) {
        // A round trip of an hour is nonsense; and nothing overflows.
        let nanos = nanos.min(3_600_000_000_000);
        let (smoothed, variation) = match self.smoothed {
            None => (nanos, nanos / 2),
            Some((smoothed, variation)) => ((7 * smoothed + nanos) / 8, (3 * variation + smoothed.abs_diff(nanos)) / 4),
        };
        self.smoothed = Some((smoothed, variation));
        self.timeout_nanos = (smoothed + 4 * variation).max(self.least_nanos).min(self.greatest_nanos);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timer() -> RetransmissionTimer {
        RetransmissionTimer::new(Duration::from_millis(200), Duration::from_secs(1))
    }

    fn timeout_ms(timer: &mut RetransmissionTimer) -> u64 {
        timer.start(Instant::ZERO);
        timer.at().nanos() / 1_000_000
    }

    #[test]
    fn timeouts_double_up_to_the_greatest_and_an_acknowledgement_ends_that() {
        let mut timer = timer();
        let mut seen = Vec::new();
        for _ in 0..40 {
            seen.push(timeout_ms(&mut timer));
            timer.expired(Instant::ZERO);
        }
        assert_eq!(seen[..5], [200, 400, 800, 1_000, 1_000]);
        assert_eq!(seen[39], 1_000);
        timer.acknowledged(SequenceNumber(1), Instant::ZERO);
        assert_eq!(timeout_ms(&mut timer), 200);
    }

    #[test]
    fn round_trips_set_the_timeout_and_what_was_sent_twice_is_not_measured() {
        let mut timer = timer();
        timer.sent(SequenceNumber(10), Instant::ZERO);
        timer.resent();
        timer.acknowledged(SequenceNumber(10), Instant::from_millis(900));
        assert_eq!(timeout_ms(&mut timer), 200);
        // SRTT 100 ms, RTTVAR 50 ms.
        timer.sent(SequenceNumber(20), Instant::ZERO);
        timer.acknowledged(SequenceNumber(19), Instant::from_millis(1));
        timer.acknowledged(SequenceNumber(20), Instant::from_millis(100));
        assert_eq!(timeout_ms(&mut timer), 300);
        // RTTVAR 3/4 * 50 ms, SRTT as before.
        timer.sent(SequenceNumber(30), Instant::ZERO);
        timer.acknowledged(SequenceNumber(30), Instant::from_millis(100));
        assert_eq!(timeout_ms(&mut timer), 250);
        for _ in 0..50 {
            timer.sent(SequenceNumber(40), Instant::ZERO);
            timer.acknowledged(SequenceNumber(40), Instant::from_millis(100_000));
        }
        assert_eq!(timeout_ms(&mut timer), 1_000);
    }
}
