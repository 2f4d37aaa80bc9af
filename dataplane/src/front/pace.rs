//! Internal latency (内部时延): from the burst that held a request's last byte to the burst that holds its first answer.
//!
//! The engine answers in the order in which the ring was filled, so a queue of moments is enough. The clock is the machine's
//! and measures only: nothing of it enters a command or the log. One reading a burst, not one a request.

use engine::command::CommandHeader;
use hdrhistogram::Histogram;
use std::collections::VecDeque;

/// Requests between ring and answer that are measured; more at once go unmeasured. A full ring of orders, and some.
const MEASURED_MAX: usize = 4_096;
/// A minute: beyond it a latency is an outage.
const LONGEST_NS: u64 = 60_000_000_000;

/// Measures, if there is a clock.
pub(crate) struct Pace {
    clock: Option<fn() -> u64>,
    /// Requests on their way, in order: dialog, request, and when their burst came.
    under_way: VecDeque<(u32, u32, u64)>,
    answered: Vec<u64>,
    histogram: Histogram<u64>,
}

impl Pace {
    pub(crate) fn new(clock: Option<fn() -> u64>) -> Self {
        Pace {
            clock,
            under_way: VecDeque::with_capacity(MEASURED_MAX),
            answered: Vec::with_capacity(MEASURED_MAX),
            histogram: Histogram::new_with_bounds(1, LONGEST_NS, 3).expect("the bounds are in order"),
        }
    }

    /// The machine's time for a burst that comes in; 0 without a clock.
    #[inline]
    pub(crate) fn burst(&self) -> u64 {
        self.clock.map_or(0, |clock| clock())
    }

    /// A request went into the ring.
    #[inline]
    pub(crate) fn went(&mut self, header: &CommandHeader, at: u64) {
        if self.clock.is_some() && self.under_way.len() < MEASURED_MAX {
            self.under_way.push_back((header.session, header.request, at));
        }
    }

    /// A request's frame came out of the log; its answer is in the burst that goes out next.
    #[inline]
    pub(crate) fn came(&mut self, header: &CommandHeader) {
        if let Some(&(session, request, at)) = self.under_way.front()
            && (session, request) == (header.session, header.request)
        {
            self.under_way.pop_front();
            if self.answered.len() < MEASURED_MAX {
                self.answered.push(at);
            }
        }
    }

    /// The burst has gone out.
    #[inline]
    pub(crate) fn sent(&mut self) {
        let Some(clock) = self.clock else { return };
        if self.answered.is_empty() {
            return;
        }
        let now = clock();
        for at in self.answered.drain(..) {
            self.histogram.saturating_record(now.saturating_sub(at).max(1));
        }
    }

    pub(crate) fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }
}
