//! How and when the primary dies: drawn from the seed, or where `--fail-at` says.

use super::full::FailIn;
use net::random::Random;

/// The primary's death.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Death {
    /// At a byte of its feed, when this share of the day's orders has been sent.
    At(f64),
    /// In the middle of the auction's uncross: inside of its frame.
    InUncross,
    /// By an order that kills it, when this share of the day's orders has been sent.
    Poison(f64),
}

/// Frames that the feed may be behind what members are told, at most.
const LAG_FRAMES_MAX: u64 = 48;

/// A full day's primary dies before its calendar's end, as a share of it.
const FULL_LATEST: f64 = 0.97;

/// Everything about the death that is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Fate {
    /// How and when.
    pub death: Death,
    /// Frames that the feed lags behind what members are told.
    pub lag_frames: usize,
    /// From the moment on it may die: so many bytes of the feed later.
    pub bytes_later: u64,
    /// What is on its way to every third member when it dies is lost: they have to be told again what the feed has carried.
    pub loses_tail: bool,
}

/// Where the phases of a seeded day begin, as shares of its orders.
pub mod share {
    /// The auction's order entry ends; no cancels from here.
    pub const NO_CANCEL: f64 = 0.05;
    /// The uncross; continuous trading.
    pub const UNCROSS: f64 = 0.08;
    /// The break.
    pub const BREAK: f64 = 0.5;
    /// Continuous again.
    pub const AFTERNOON: f64 = 0.53;
}

impl Fate {
    /// Draws a death in a full day, a share of its calendar's length: every phase gets its share of seeds. Where nothing is traded the feed
    /// does not lag: a few frames would be seconds.
    #[must_use]
    pub fn draw_full(seed: u64, fail_at: Option<f64>, fail_in: Option<FailIn>) -> Self {
        let mut random = Random::new(seed ^ 0xDEAD);
        let place = fail_in.unwrap_or(FailIn::ALL[random.below(FailIn::ALL.len() as u64) as usize]);
        let share = fail_at.map_or_else(|| place.draw(&mut random), |share| share.min(FULL_LATEST));
        let trades = fail_at.is_none() && place.phases().iter().all(|phase| phase.takes_orders());
        let lag_frames = if trades { random.below(LAG_FRAMES_MAX) as usize } else { 0 };
        let bytes_later = random.below(if trades { 2_000 } else { 300 });
        Fate { death: Death::At(share), lag_frames, bytes_later, loses_tail: random.below(2) == 0 }
    }

    /// Draws a death; every phase of the day gets its share of seeds.
    #[must_use]
    pub fn draw(seed: u64, fail_at: Option<f64>, has_auction: bool, is_flow: bool) -> Self {
        let mut random = Random::new(seed ^ 0xDEAD);
        let between =
            |random: &mut Random, from: f64, to: f64| from + (to - from) * random.below(1_000_000) as f64 / 1e6;
        let kind = random.below(8);
        let death = match (fail_at, kind) {
            (Some(fraction), _) => Death::At(fraction),
            (None, 0) if has_auction => Death::InUncross,
            (None, 1) if !is_flow => Death::Poison(between(&mut random, 0.06, 0.9)),
            (None, 2) if !is_flow => Death::At(between(&mut random, 0.0, share::NO_CANCEL)),
            (None, 3) if !is_flow => Death::At(between(&mut random, share::NO_CANCEL, share::UNCROSS)),
            (None, 4) if !is_flow => Death::At(between(&mut random, share::BREAK, share::AFTERNOON)),
            _ => Death::At(between(&mut random, 0.02, 0.97)),
        };
        let lag_frames = random.below(LAG_FRAMES_MAX) as usize;
        Fate { death, lag_frames, bytes_later: random.below(2_000), loses_tail: random.below(2) == 0 }
    }
}
