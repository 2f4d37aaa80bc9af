//! Reading ahead: over many books an order's first loads miss every cache, one after the other. Told of a command some commands
//! before its turn, the engine asks for the lines that it will need, and they come while others are decided.
//!
//! A line is only asked for (a prefetch instruction): nothing is read, nothing waits, nothing changes, and what was foreseen wrongly
//! costs a line in the cache. Each command is looked at three times, because an address stands where the line before it led:
//!
//! ```text
//! look     index entry of the order to cancel; price level, index entries of the position row, of the local id, and where the order's own will be
//! approach the order to cancel; the last order of the level, the position row
//! arrive   neighbours, level and row of the order to cancel
//! ```
#![allow(unsafe_code)]

use crate::book::Book;
use crate::command::{BodyView, Command};
use crate::local_ids::{self, IdSet};
use crate::orders::{OrderTable, Slot};
use crate::position::{RowTable, whose};
use crate::state::State;
use crate::system_id::key_in;
use crate::types::{Direction, InstrumentIndex, OrderKey, Price, RawPrice, Sequence};

/// Commands that may wait between [`Ahead::look`] and their turn; more, and their lines would be gone again. A power of two.
pub const COMMANDS_AHEAD: usize = 8;
/// Looks from the first to the second at one command, and from the second to the third.
const STEP: usize = 2;
/// Below so many live orders everything stays in the caches anyway, and looking ahead only costs its instructions.
const ORDERS_BEYOND_THE_CACHE: u32 = 12_000;

/// What is known of the commands that come next.
#[derive(Clone)]
pub struct Ahead {
    tickets: [Ticket; COMMANDS_AHEAD],
    looked: usize,
}

/// What to ask for when a command is looked at again.
#[derive(Clone, Copy)]
pub(crate) enum Ticket {
    Nothing,
    Insert { whose: u64, instrument: InstrumentIndex, side: Direction, price: Price },
    Cancel { key: OrderKey },
    CancelAt { slot: Slot, key: OrderKey },
}

impl Ahead {
    /// Nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Ahead { tickets: [Ticket::Nothing; COMMANDS_AHEAD], looked: 0 }
    }

    /// Whether the state is larger than the caches, so that looking ahead pays.
    #[inline]
    #[must_use]
    pub fn pays(state: &State) -> bool {
        pays(state.live_orders())
    }

    /// Looks at a command that comes within [`COMMANDS_AHEAD`] commands, and again at those before it. Any command may be
    /// looked at, also one that never comes; the state is the same one every time.
    #[inline]
    pub fn look(&mut self, state: &State, command: &Command<'_>) {
        let tables = Tables { books: &state.books, orders: &state.orders, rows: Some(&state.rows) };
        self.step(tables, look(state, tables, command));
    }

    /// As [`Ahead::look`], with what was seen of the command at the first look.
    #[inline]
    pub(crate) fn step(&mut self, tables: Tables<'_>, seen: Ticket) {
        let at = |before: usize| self.looked.wrapping_sub(before) % COMMANDS_AHEAD;
        let (now, second, third) = (at(0), at(STEP), at(2 * STEP));
        self.tickets[now] = seen;
        self.tickets[second] = approach(tables, self.tickets[second]);
        arrive(tables, self.tickets[third]);
        self.looked = self.looked.wrapping_add(1);
    }
}

/// Whether so many live orders are more than the caches hold.
#[inline]
pub(crate) fn pays(live_orders: u32) -> bool {
    live_orders >= ORDERS_BEYOND_THE_CACHE
}

/// What is read ahead.
#[derive(Clone, Copy)]
pub(crate) struct Tables<'a> {
    pub(crate) books: &'a [Option<Book>],
    pub(crate) orders: &'a OrderTable,
    /// None where matching is alone.
    pub(crate) rows: Option<&'a RowTable>,
}

impl<'a> Tables<'a> {
    #[inline]
    fn book(self, instrument: InstrumentIndex) -> Option<&'a Book> {
        self.books.get(usize::from(instrument.0))?.as_ref()
    }

    /// First look at an order.
    #[inline]
    pub(crate) fn look_insert(self, whose: u64, instrument: InstrumentIndex, side: Direction, price: Price) -> Ticket {
        match self.book(instrument) {
            Some(book) if book.spans(price) => {
                ask_for(book.level(side, price));
                Ticket::Insert { whose, instrument, side, price }
            }
            _ => Ticket::Nothing,
        }
    }

    /// First look at a cancel.
    #[inline]
    pub(crate) fn look_cancel(self, key: OrderKey) -> Ticket {
        ask_for(self.orders.entry(key));
        Ticket::Cancel { key }
    }
}

impl Default for Ahead {
    fn default() -> Self {
        Self::new()
    }
}

#[inline]
fn look(state: &State, tables: Tables<'_>, command: &Command<'_>) -> Ticket {
    match command.body {
        BodyView::OrderInsert(order) => {
            let side = Direction::from_code(order.direction).unwrap_or(Direction::Buy);
            let whose = whose(order.account, order.instrument, order.hedge);
            ask_for(state.local_ids.entry(local_ids::hash(IdSet::orders(command.header.user), &order.local_id)));
            look_order(state, tables, whose, order.instrument, side, order.price)
        }
        BodyView::QuoteInsert(quote) => {
            let whose = quote.hedge.map(|hedge| whose(quote.account, quote.instrument, hedge));
            ask_for(state.local_ids.entry(local_ids::hash(IdSet::quotes(command.header.user), &quote.local_id)));
            // The ask's level is asked for here alone; its row is the bid's, mostly.
            look_order(state, tables, whose[1], quote.instrument, Direction::Sell, quote.price[1]);
            look_order(state, tables, whose[0], quote.instrument, Direction::Buy, quote.price[0])
        }
        BodyView::OrderCancel(cancel) => {
            key_in(&cancel.order_sys_id).map_or(Ticket::Nothing, |key| tables.look_cancel(key))
        }
        _ => Ticket::Nothing,
    }
}

/// First look at what an order, or half of a quote, will need.
#[inline]
fn look_order(
    state: &State,
    tables: Tables<'_>,
    whose: u64,
    instrument: InstrumentIndex,
    side: Direction,
    price: RawPrice,
) -> Ticket {
    let Some(of) = state.instrument(instrument) else { return Ticket::Nothing };
    let price = Price(i32::try_from(of.ticks(price).0).unwrap_or(i32::MIN));
    ask_for(state.rows.entry(whose));
    // If every command until then is looked at in turn, this will be its key.
    let sequence = state.last_sequence().0 + COMMANDS_AHEAD as u64 + 1;
    ask_for(state.orders.entry(OrderKey::new(Sequence(sequence), 0)));
    tables.look_insert(whose, instrument, side, price)
}

#[inline]
fn approach(tables: Tables<'_>, ticket: Ticket) -> Ticket {
    let Tables { orders, rows, .. } = tables;
    match ticket {
        Ticket::Insert { whose, instrument, side, price } => {
            let Some(book) = tables.book(instrument) else { return Ticket::Nothing };
            ask_for(orders.get(book.level(side, price).tail()));
            if let Some(best) = book.best(side.other()) {
                ask_for(orders.get(book.level(side.other(), best).head));
            }
            if let Some(rows) = rows
                && let Some(row) = rows.likely(whose)
            {
                ask_for(rows.get(row));
            }
            Ticket::Nothing
        }
        Ticket::Cancel { key } => match orders.likely(key) {
            Some(slot) => {
                ask_for(orders.get(slot));
                Ticket::CancelAt { slot, key }
            }
            None => Ticket::Nothing,
        },
        Ticket::CancelAt { .. } | Ticket::Nothing => Ticket::Nothing,
    }
}

#[inline]
fn arrive(tables: Tables<'_>, ticket: Ticket) {
    let Ticket::CancelAt { slot, key } = ticket else { return };
    let order = tables.orders.get(slot);
    // Ended or replaced meanwhile: its numbers may be of no instrument.
    if order.key != key {
        return;
    }
    ask_for(tables.orders.get(order.previous));
    ask_for(tables.orders.get(order.next));
    if let Some(rows) = tables.rows {
        ask_for(rows.get(order.row));
    }
    if let Some(book) = tables.book(order.instrument) {
        ask_for(book.level(order.direction(), order.price));
    }
}

/// Asks for the cache line of something that is there; returns at once.
#[inline]
pub(crate) fn ask_for<T>(thing: &T) {
    ask_for_address(std::ptr::from_ref(thing));
}

/// Asks for the cache line at an address, or near one where something will be; returns at once.
#[inline]
pub(crate) fn ask_for_address<T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    // JUSTIFICATION: the standard library's safe prefetch is not stable yet; a plain read would wait, and hold up what comes after it.
    // SAFETY: a prefetch is a hint that reads nothing and faults nowhere, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(target_arch = "aarch64")]
    // JUSTIFICATION: as above; there is no stable intrinsic here.
    // SAFETY: PRFM is a hint that reads nothing and faults nowhere, changes no register and no flag, whatever the address.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{}]", in(reg) address, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    std::hint::black_box(address);
}
