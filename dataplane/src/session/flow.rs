//! Flow control per seat: requests a second, and requests unanswered at once (流量控制).
//!
//! It belongs to the seat, not to the connection: who connects twice does not get twice as much. Nothing of it is in the log.

use crate::directory::User;
use crate::session::Refusal;
use net::Instant;
use std::time::Duration;

/// A second begins with the first request that comes after the one before is over.
const WINDOW: Duration = Duration::from_secs(1);

/// What a seat has sent lately.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SeatFlow {
    /// When the present second began.
    began: Option<Instant>,
    /// Requests in the present second.
    requests: u32,
    /// Requests on their way through the engine.
    in_flight: u32,
}

impl SeatFlow {
    /// Counts a request of this second.
    ///
    /// # Errors
    /// The seat may send no more in it; the request still counts as seen, not as sent.
    #[inline]
    pub(crate) fn request(&mut self, user: &User, now: Instant) -> Result<(), Refusal> {
        if user.requests_per_second == 0 {
            return Ok(());
        }
        if self.began.is_none_or(|began| now.since(began) >= WINDOW) {
            self.began = Some(now);
            self.requests = 0;
        }
        if self.requests >= user.requests_per_second {
            return Err(Refusal::TooManyPerSecond);
        }
        self.requests += 1;
        Ok(())
    }

    /// One more request may go to the engine.
    ///
    /// # Errors
    /// As many as the seat may have are on their way.
    #[inline]
    pub(crate) fn may_go(&self, user: &User) -> Result<(), Refusal> {
        if user.requests_in_flight != 0 && self.in_flight >= user.requests_in_flight {
            return Err(Refusal::TooManyInFlight);
        }
        Ok(())
    }

    /// A request went to the engine.
    #[inline]
    pub(crate) fn went(&mut self) {
        self.in_flight += 1;
    }

    /// A request came back from the engine.
    #[inline]
    pub(crate) fn came_back(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }
}
