//! Matching alone: the book and the index of live orders, with continuous matching (price, then time) and nothing else. No checks, no
//! positions, no digests, no events: what other matching engines' figures mean. It is here for benches, so that what is measured are the
//! engine's own book and order table.

use crate::book::Book;
use crate::local_ids::LocalIds;
use crate::orders::{Order, OrderTable, Texts};
use crate::quotes::QuoteTable;
use crate::types::{Direction, InstrumentIndex, MatchCondition, Offset, OrderKey, Price};
use crate::warm::{Ahead, Tables, ask_for};

/// Books over one table of live orders.
pub struct MatchingAlone {
    books: Vec<Option<Book>>,
    orders: OrderTable,
    ahead: Ahead,
    /// None: orders have no texts here.
    local_ids: LocalIds,
    quotes: QuoteTable,
}

/// An order, to be matched.
#[derive(Clone, Copy, Debug)]
pub struct MatchingOrder {
    /// Its name, and its place in time.
    pub key: OrderKey,
    /// Whose book.
    pub instrument: InstrumentIndex,
    /// Buys or sells.
    pub side: Direction,
    /// Its limit; within the ladder.
    pub price: Price,
    /// Lots, at least one.
    pub volume: u32,
    /// What remains of it rests.
    pub rests: bool,
}

impl MatchingAlone {
    /// Empty books with prices from `lower` to `upper`, and room for so many orders that rest.
    ///
    /// # Panics
    /// If a ladder cannot be so wide.
    #[must_use]
    pub fn new(books: u16, lower: Price, upper: Price, live_orders: u32) -> Self {
        let books = (0..books).map(|_| Some(Book::new(lower, upper))).collect();
        MatchingAlone {
            books,
            orders: OrderTable::new(live_orders),
            ahead: Ahead::new(),
            local_ids: LocalIds::new(0),
            quotes: QuoteTable::new(0),
        }
    }

    /// Touches every page of the tables.
    pub fn touch_pages(&mut self) {
        self.orders.touch_pages();
    }

    /// Whether looking ahead pays: see [`Ahead::pays`].
    #[inline]
    #[must_use]
    pub fn looks_ahead(&self) -> bool {
        crate::warm::pays(self.orders.live())
    }

    /// Looks at an order some orders before its turn: see [`Ahead::look`].
    #[inline]
    pub fn look_at_insert(&mut self, order: &MatchingOrder) {
        ask_for(self.orders.entry(order.key));
        let tables = Tables { books: &self.books, orders: &self.orders, rows: None };
        self.ahead.step(tables, tables.look_insert(0, order.instrument, order.side, order.price));
    }

    /// Looks at a cancel some orders before its turn.
    #[inline]
    pub fn look_at_cancel(&mut self, key: OrderKey) {
        let tables = Tables { books: &self.books, orders: &self.orders, rows: None };
        self.ahead.step(tables, tables.look_cancel(key));
    }

    /// Matches an order; `fill` hears of each trade: whose order rested, at what price, how much. What remains rests or is dropped.
    ///
    /// # Panics
    /// Where a book is not defined, a price lies beyond its ladder, or there is no room for one more order.
    #[inline]
    pub fn insert(&mut self, order: &MatchingOrder, mut fill: impl FnMut(OrderKey, Price, u32)) {
        let MatchingAlone { books, orders, local_ids, quotes, .. } = self;
        let book = books[usize::from(order.instrument.0)].as_mut().expect("every book is there");
        let other = order.side.other();
        let mut left = order.volume;
        while let Some(best) = book.best(other).filter(|&best| order.side.reaches(order.price, best)) {
            let slot = book.level(other, best).head;
            let resting = orders.get_mut(slot);
            let volume = left.min(resting.remaining);
            left -= volume;
            fill(resting.key, best, volume);
            if volume == resting.remaining {
                orders.remove(book, slot, Texts { local_ids, quotes });
            } else {
                resting.remaining -= volume;
                book.reduce(other, best, volume);
            }
            if left == 0 {
                return;
            }
        }
        if order.rests {
            let mut entered = Order::begin(order.key, order.side, Offset::Open, MatchCondition::Day);
            entered.remaining = left;
            entered.price = order.price;
            entered.instrument = order.instrument;
            orders.rest(book, entered);
        }
    }

    /// Takes an order out. False: it is not there.
    #[inline]
    pub fn cancel(&mut self, key: OrderKey) -> bool {
        let MatchingAlone { books, orders, local_ids, quotes, .. } = self;
        let Some((slot, order)) = orders.find_resting_order(key) else { return false };
        let book = books[usize::from(order.instrument.0)].as_mut().expect("every book is there");
        orders.remove(book, slot, Texts { local_ids, quotes });
        true
    }

    /// How many orders rest.
    #[must_use]
    pub fn live_orders(&self) -> u32 {
        self.orders.live()
    }

    /// Where its tables lie, address and bytes: see [`crate::State::regions`].
    pub fn regions(&self) -> impl Iterator<Item = (usize, usize)> {
        self.orders.regions().into_iter().chain(self.books.iter().flatten().flat_map(Book::regions))
    }
}
