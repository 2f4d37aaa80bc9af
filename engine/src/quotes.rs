//! Live quotes: which two orders belong together. Everything else of them stands at the orders and at their local-id mark.
//!
//! A quote is known by its key, which is its bid's; by whose it is in what, because a new one replaces it; and by a QuoteSysID that does not spell the key.

use crate::digest::{mix, quote_term};
use crate::event::{BLANK_SYSTEM_ID, SystemId};
use crate::tables::{Index, scatter};
use crate::types::{AccountIndex, Direction, InstrumentIndex, OrderKey, UserIndex};

/// A live quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Its bid's key; 0 = a free place.
    pub key: OrderKey,
    /// Whose.
    pub account: AccountIndex,
    /// In what.
    pub instrument: InstrumentIndex,
    /// Who sent it.
    pub user: UserIndex,
    /// Its orders, bid and ask; 0 = ended.
    pub orders: [OrderKey; 2],
    /// QuoteSysID, and OrderSysId of bid and ask, where they do not spell the keys; blank else.
    pub(crate) texts: [SystemId; 3],
    /// Its local-id mark. Also links free places.
    pub(crate) mark: u32,
    /// What of it is in the digest.
    term: u64,
}

impl Quote {
    const FREE: Quote = Quote {
        key: OrderKey(0),
        account: AccountIndex(0),
        instrument: InstrumentIndex(0),
        user: UserIndex(0),
        orders: [OrderKey(0); 2],
        texts: [BLANK_SYSTEM_ID; 3],
        mark: 0,
        term: 0,
    };

    /// A new one.
    pub(crate) fn new(
        key: OrderKey,
        account: AccountIndex,
        instrument: InstrumentIndex,
        user: UserIndex,
        mark: u32,
    ) -> Self {
        let orders = [key, OrderKey(key.0 + 1)];
        Quote { key, account, instrument, user, orders, mark, ..Quote::FREE }
    }

    /// Whether an order is the last that keeps it alive.
    pub(crate) fn is_last(&self, order: OrderKey) -> bool {
        self.orders == [order, OrderKey(0)] || self.orders == [OrderKey(0), order]
    }
}

/// The quote of an order that belongs to one.
#[inline]
pub(crate) fn quote_of(order: OrderKey) -> OrderKey {
    OrderKey::new(order.sequence(), 0)
}

/// Quotes that a table has room for from the start: more is a busy market indeed, and the table grows then.
const QUOTE_ROOM: usize = 16_384;

/// All live quotes. Places count from 1.
#[derive(Clone)]
pub(crate) struct QuoteTable {
    quotes: Vec<Quote>,
    /// The first free place; 0 = none.
    free: u32,
    by_key: Index,
    by_holder: Index,
    by_text: Index,
}

impl QuoteTable {
    /// A table; a quote keeps at least one of the day's live orders.
    pub(crate) fn new(live_orders: u32) -> Self {
        let room = QUOTE_ROOM.min(live_orders as usize);
        let mut quotes = Vec::with_capacity(room + 1);
        quotes.push(Quote::FREE);
        let index = || Index::with_room(room);
        QuoteTable { quotes, free: 0, by_key: index(), by_holder: index(), by_text: Index::with_room(0) }
    }

    fn place(&self, key: OrderKey) -> Option<u32> {
        self.by_key.find(key_hash(key), |place| self.quotes[place as usize].key == key)
    }

    /// The live quote with that key.
    pub(crate) fn find(&self, key: OrderKey) -> Option<&Quote> {
        self.place(key).map(|place| &self.quotes[place as usize])
    }

    /// The account's live quote in an instrument.
    pub(crate) fn held(&self, account: AccountIndex, instrument: InstrumentIndex) -> Option<&Quote> {
        let is = |place: u32| {
            let quote = &self.quotes[place as usize];
            quote.account == account && quote.instrument == instrument
        };
        self.by_holder.find(holder_hash(account, instrument), is).map(|place| &self.quotes[place as usize])
    }

    /// The live quote with a QuoteSysID that does not spell its key.
    pub(crate) fn find_text(&self, text: &SystemId) -> Option<&Quote> {
        let is = |place: u32| self.quotes[place as usize].texts[0] == *text;
        self.by_text.find(text_hash(text), is).map(|place| &self.quotes[place as usize])
    }

    /// Every live quote, in no order that means anything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Quote> {
        self.quotes[1..].iter().filter(|quote| quote.key != OrderKey(0))
    }

    /// A quote begins. Returns by how much the digest grows (wrapping).
    #[must_use]
    pub(crate) fn add(&mut self, quote: Quote) -> u64 {
        let place = match self.free {
            0 => {
                self.quotes.push(Quote::FREE);
                self.quotes.len() as u32 - 1
            }
            place => {
                self.free = self.quotes[place as usize].mark;
                place
            }
        };
        let term = quote_term(&quote);
        self.quotes[place as usize] = Quote { term, ..quote };
        self.by_key.insert(key_hash(quote.key), place);
        self.by_holder.insert(holder_hash(quote.account, quote.instrument), place);
        if quote.texts[0] != BLANK_SYSTEM_ID {
            self.by_text.insert(text_hash(&quote.texts[0]), place);
        }
        term
    }

    /// One of a quote's orders is gone. Returns by how much the digest grows (wrapping), and whether it was the last.
    #[must_use]
    pub(crate) fn lose(&mut self, order: OrderKey) -> (u64, bool) {
        let place = self.place(quote_of(order)).expect("an order of a quote belongs to a live one");
        let quote = &mut self.quotes[place as usize];
        let side =
            quote.orders.iter().position(|&other| other == order).expect("an order of a quote is one of its two");
        quote.orders[side] = OrderKey(0);
        let term = quote_term(quote);
        (term.wrapping_sub(std::mem::replace(&mut quote.term, term)), quote.orders == [OrderKey(0); 2])
    }

    /// Frees the place of a quote both of whose orders are gone. Returns by how much the digest grows (wrapping).
    #[must_use]
    pub(crate) fn remove(&mut self, key: OrderKey) -> u64 {
        let place = self.place(key).expect("decide and validate end only live quotes");
        let quote = self.quotes[place as usize];
        assert!(quote.orders == [OrderKey(0); 2], "a quote ends when both of its orders are gone");
        self.by_key.remove(key_hash(key), place);
        self.by_holder.remove(holder_hash(quote.account, quote.instrument), place);
        if quote.texts[0] != BLANK_SYSTEM_ID {
            self.by_text.remove(text_hash(&quote.texts[0]), place);
        }
        self.quotes[place as usize] = Quote { mark: self.free, ..Quote::FREE };
        self.free = place;
        quote.term.wrapping_neg()
    }

    /// The OrderSysId of a quote's order, if it does not spell its key.
    pub(crate) fn text_of(&self, order: OrderKey, side: Direction) -> Option<SystemId> {
        self.find(quote_of(order)).map(|quote| quote.texts[1 + side.side()]).filter(|text| *text != BLANK_SYSTEM_ID)
    }
}

#[inline]
fn key_hash(key: OrderKey) -> u32 {
    scatter(key.sequence().0)
}

fn holder_hash(account: AccountIndex, instrument: InstrumentIndex) -> u32 {
    mix(u64::from(account.0), u64::from(instrument.0)) as u32
}

/// Spreads a text id over all hashes.
pub(crate) fn text_hash(text: &SystemId) -> u32 {
    let (a, rest) = text.split_first_chunk::<8>().expect("20 bytes");
    let (b, c) = rest.split_first_chunk::<8>().expect("12 bytes");
    let c = u32::from_le_bytes([c[0], c[1], c[2], c[3]]);
    mix(mix(u64::from_le_bytes(*a), u64::from_le_bytes(*b)), u64::from(c)) as u32
}
