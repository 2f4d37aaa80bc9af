//! Flow control per seat: requests a second, and requests unanswered at once (流量控制).
//!
//! It belongs to the seat, not to the connection: who connects twice does not get twice as much, also when the connections are on
//! two fronts of this core. Nothing of it is in the log.

use crate::directory::User;
use crate::session::Refusal;
use engine::types::UserIndex;
use net::Instant;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// A second begins with the first request that comes after the one before is over.
const WINDOW_US: u64 = 1_000_000;
/// Bits of a window's beginning, microseconds since 1970: it begins anew after twelve days, a log is one day's.
const BEGAN_BITS: u32 = 40;
const BEGAN_MASK: u64 = (1 << BEGAN_BITS) - 1;
/// Bits of its requests. Who may send more than 16,777,214 a second may send without limit.
const COUNT_BITS: u32 = 64 - BEGAN_BITS;
const COUNT_MAX: u64 = (1 << COUNT_BITS) - 1;

/// What several fronts of one core know together of what the seats have sent.
#[derive(Clone, Debug, Default)]
pub struct SharedSeats(Arc<OnceLock<Arc<[SeatFlow]>>>);

/// What each seat has sent lately.
#[derive(Debug)]
pub(crate) struct SeatFlows {
    seats: Arc<[SeatFlow]>,
    shared: Option<SharedSeats>,
}

/// What a seat has sent lately. One front alone changes it by plain loads and stores.
#[derive(Debug, Default)]
pub(crate) struct SeatFlow {
    /// When the present second began, and requests in it; 0 = none yet.
    window: AtomicU64,
    /// Requests on their way through the engine.
    in_flight: AtomicU32,
    /// Cancels for its ended dialogs that the log does not show yet. Only several fronts of one core have to know.
    cancels: AtomicU32,
}

impl SeatFlows {
    /// Before the day: no seats.
    pub(crate) fn new(shared: Option<SharedSeats>) -> Self {
        SeatFlows { seats: Arc::new([]), shared }
    }

    /// The day has so many users.
    pub(crate) fn size(&mut self, users: u16) {
        let make = || (0..users).map(|_| SeatFlow::default()).collect();
        self.seats = self.shared.as_ref().map_or_else(make, |shared| Arc::clone(shared.0.get_or_init(make)));
    }

    /// Nothing is on its way any more: a front on another machine has lost its core.
    pub(crate) fn clear(&self) {
        for SeatFlow { window, in_flight, .. } in self.seats.iter() {
            window.store(0, Ordering::Relaxed);
            in_flight.store(0, Ordering::Relaxed);
        }
    }

    /// A user's orders are about to be cancelled: its next requests wait, on every front.
    pub(crate) fn cancel_begins(&self, index: UserIndex) {
        if let (Some(_), Some(seat)) = (&self.shared, self.seats.get(usize::from(index.0))) {
            seat.cancels.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// They were.
    pub(crate) fn cancel_ends(&self, index: UserIndex) {
        if let (Some(_), Some(seat)) = (&self.shared, self.seats.get(usize::from(index.0))) {
            // None left: this core had stopped speaking to members since.
            let less = |count: u32| count.checked_sub(1);
            let _ = seat.cancels.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        }
    }

    /// A user's requests have to wait.
    #[inline]
    pub(crate) fn waits_for_cancel(&self, index: UserIndex) -> bool {
        self.shared.is_some()
            && self.seats.get(usize::from(index.0)).is_some_and(|seat| seat.cancels.load(Ordering::Relaxed) != 0)
    }

    /// No cancel is on its way any more.
    pub(crate) fn clear_cancels(&self) {
        self.seats.iter().for_each(|seat| seat.cancels.store(0, Ordering::Relaxed));
    }

    /// Counts a request of this second.
    ///
    /// # Errors
    /// The seat may send no more in it; the request still counts as seen, not as sent.
    #[inline]
    pub(crate) fn request(&self, index: UserIndex, user: &User, now: Instant) -> Result<(), Refusal> {
        if user.requests_per_second == 0 {
            return Ok(());
        }
        let limit = u64::from(user.requests_per_second).min(COUNT_MAX);
        let now = (now.nanos() / 1_000) & BEGAN_MASK;
        let counted = |window: u64| {
            let (began, count) = (window >> COUNT_BITS, window & COUNT_MAX);
            // Another front's clock may be behind: then this is the same second.
            let since = now.wrapping_sub(began) & BEGAN_MASK;
            let is_over = window == 0 || (WINDOW_US..=BEGAN_MASK / 2).contains(&since);
            match is_over {
                true => Some(now << COUNT_BITS | 1),
                false if limit == COUNT_MAX => Some(window),
                false => (count < limit).then(|| window + 1),
            }
        };
        let window = &self.seats[usize::from(index.0)].window;
        let sent = match self.shared {
            Some(_) => window.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted).is_ok(),
            None => match counted(window.load(Ordering::Relaxed)) {
                Some(next) => {
                    window.store(next, Ordering::Relaxed);
                    true
                }
                None => false,
            },
        };
        if sent { Ok(()) } else { Err(Refusal::TooManyPerSecond) }
    }

    /// One more request goes to the engine.
    ///
    /// # Errors
    /// As many as the seat may have are on their way; this one does not go.
    #[inline]
    pub(crate) fn go(&self, index: UserIndex, user: &User) -> Result<(), Refusal> {
        let in_flight = &self.seats[usize::from(index.0)].in_flight;
        let limit = if user.requests_in_flight == 0 { u32::MAX } else { user.requests_in_flight };
        let went = match self.shared {
            Some(_) => {
                let add = |count: u32| (count < limit).then(|| count + 1);
                in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
            }
            None => {
                let count = in_flight.load(Ordering::Relaxed);
                let may = count < limit;
                in_flight.store(count + u32::from(may), Ordering::Relaxed);
                may
            }
        };
        if went { Ok(()) } else { Err(Refusal::TooManyInFlight) }
    }

    /// A request that went from here came back from the engine.
    #[inline]
    pub(crate) fn came_back(&self, index: UserIndex) {
        let Some(SeatFlow { in_flight, .. }) = self.seats.get(usize::from(index.0)) else { return };
        match self.shared {
            Some(_) => {
                let less = |count: u32| count.checked_sub(1);
                // None left: the day was opened again since it went.
                let _ = in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
            }
            None => in_flight.store(in_flight.load(Ordering::Relaxed).saturating_sub(1), Ordering::Relaxed),
        }
    }
}
