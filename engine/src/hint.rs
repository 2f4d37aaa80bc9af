//! What decide found, for evolve: where an event's orders and its position row stand, so that nothing is searched for twice.
//!
//! A hint is no part of an event and never leaves the engine. Evolve compares the name at the place with the one it looks for, and searches
//! if it is another: an event without a hint, a follower's or a journal's, takes the same way. What cannot be compared (the local id's
//! hash, and that our OrderSysId spells its key) is believed of a draft that is of the same frame, which is asserted.

use crate::orders::Slot;
use crate::types::Price;

/// Where what an event names probably stands.
#[derive(Clone, Copy)]
pub(crate) struct Hint {
    first: u32,
    second: u32,
    local_id: u32,
    prefix: Option<u8>,
}

impl Hint {
    /// Nothing is known.
    pub(crate) const NONE: Hint = Hint { first: 0, second: 0, local_id: 0, prefix: None };

    /// Of Accepted: the position row, if there is one, the price in ticks, the local id's hash, and the first character of an OrderSysId that spells its key.
    #[inline]
    pub(crate) fn of_order(row: Option<u32>, price: Price, local_id: u32, prefix: u8) -> Self {
        Hint { first: row.unwrap_or(0), second: price.0 as u32, local_id, prefix: Some(prefix) }
    }

    /// Of Traded: where buy and sell order stand.
    #[inline]
    pub(crate) fn of_trade(buy: Slot, sell: Slot) -> Self {
        Hint { first: buy.0, second: sell.0, ..Hint::NONE }
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

    /// The local id's hash, if what is hinted at was decided here.
    #[inline]
    pub(crate) fn local_id_hash(&self) -> Option<u32> {
        self.prefix.map(|_| self.local_id)
    }

    #[inline]
    pub(crate) fn prefix(&self) -> Option<u8> {
        self.prefix
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
