//! What decide found, for evolve: where an event's orders and its position row stand, so that nothing is searched for twice.
//!
//! A hint is no part of an event and never leaves the engine. Evolve compares the name at the place with the one it looks for, and searches
//! if it is another: an event without a hint, a follower's or a journal's, takes the same way. What cannot be compared (a member's order as
//! it was [`Understood`], and that our OrderSysId spells its key) is believed of a draft that is of the same frame, which is asserted; a
//! follower takes the order apart itself, and comes to the same digests.

use crate::orders::Slot;
use crate::types::{Direction, MatchCondition, Offset, ParticipantIndex, Price};

/// A member's order that passed every check, as far as its command does not say it in so many words.
#[derive(Clone, Copy)]
pub(crate) struct Understood {
    /// Its position row's name: see `position::whose`.
    pub(crate) whose: u64,
    /// Where that stands; 0 = there is none yet.
    pub(crate) row: u32,
    pub(crate) local_id_hash: u32,
    /// In ticks.
    pub(crate) price: Price,
    /// The user's.
    pub(crate) participant: ParticipantIndex,
    pub(crate) direction: Direction,
    pub(crate) offset: Offset,
    pub(crate) condition: MatchCondition,
    /// Its local id is greater than all of its user before.
    pub(crate) ascends: bool,
    /// Of its instrument before it.
    pub(crate) costs: bool,
    pub(crate) touched: bool,
}

/// Where what an event names probably stands.
#[derive(Clone, Copy)]
pub(crate) struct Hint {
    first: u32,
    second: u32,
}

impl Hint {
    /// Nothing is known.
    pub(crate) const NONE: Hint = Hint { first: 0, second: 0 };

    /// Of a quote's Accepted: the position row, if there is one, and the price in ticks.
    #[inline]
    pub(crate) fn of_side(row: Option<u32>, price: Price) -> Self {
        Hint { first: row.unwrap_or(0), second: price.0 as u32 }
    }

    /// Of Traded: where buy and sell order stand.
    #[inline]
    pub(crate) fn of_trade(buy: Slot, sell: Slot) -> Self {
        Hint { first: buy.0, second: sell.0 }
    }

    /// Of Ended: where the order stands.
    #[inline]
    pub(crate) fn of_end(order: Slot) -> Self {
        Hint { first: order.0, ..Hint::NONE }
    }

    #[inline]
    pub(crate) fn row(&self) -> u32 {
        self.first
    }

    #[inline]
    pub(crate) fn price(&self) -> Price {
        Price(self.second as i32)
    }

    /// Of the order that ended, or of the buy order.
    #[inline]
    pub(crate) fn order(&self) -> Slot {
        Slot(self.first)
    }

    #[inline]
    pub(crate) fn sell(&self) -> Slot {
        Slot(self.second)
    }
}
