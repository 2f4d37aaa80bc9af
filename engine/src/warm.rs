//! Reading ahead: over many books an order's first loads miss every cache, one after the other. Told of a command some commands
//! before its turn, the engine asks for the lines that it will need, and they come while others are decided.
//!
//! A line is only asked for (a prefetch instruction): nothing is read, nothing waits, nothing changes, and what was foreseen wrongly
//! costs a line in the cache. Each command is looked at three times, because an address stands where the line before it led:
//!
//! ```text
//! look     index entry of the order to cancel; price level, index entry of the position row
//! approach the order to cancel; the last order of the level, the position row
//! arrive   neighbours, level and row of the order to cancel
//! ```
#![allow(unsafe_code)]

use crate::command::{BodyView, Command};
use crate::orders::Slot;
use crate::state::State;
use crate::system_id::key_in;
use crate::types::{Direction, InstrumentIndex, OrderKey, Price};

/// Commands that may wait between [`Ahead::look`] and their turn; more, and their lines would be gone again. A power of two.
pub const COMMANDS_AHEAD: usize = 8;
/// Looks from the first to the second at one command, and from the second to the third.
const STEP: usize = 2;
/// Below so many live orders everything stays in the caches anyway, and looking ahead only costs its instructions.
const ORDERS_BEYOND_THE_CACHE: u32 = 24_000;

/// What is known of the commands that come next.
#[derive(Clone)]
pub struct Ahead {
    tickets: [Ticket; COMMANDS_AHEAD],
    looked: usize,
}

/// What to ask for when a command is looked at again.
#[derive(Clone, Copy)]
enum Ticket {
    Nothing,
    Insert { row_hash: u32, instrument: InstrumentIndex, side: Direction, price: Price },
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
        state.live_orders() >= ORDERS_BEYOND_THE_CACHE
    }

    /// Looks at a command that comes within [`COMMANDS_AHEAD`] commands, and again at those before it. Any command may be
    /// looked at, also one that never comes; the state is the same one every time.
    #[inline]
    pub fn look(&mut self, state: &State, command: &Command<'_>) {
        let at = |before: usize| self.looked.wrapping_sub(before) % COMMANDS_AHEAD;
        let (now, second, third) = (at(0), at(STEP), at(2 * STEP));
        self.tickets[now] = look(state, command);
        self.tickets[second] = approach(state, self.tickets[second]);
        arrive(state, self.tickets[third]);
        self.looked = self.looked.wrapping_add(1);
    }
}

impl Default for Ahead {
    fn default() -> Self {
        Self::new()
    }
}

#[inline]
fn look(state: &State, command: &Command<'_>) -> Ticket {
    match command.body {
        BodyView::OrderInsert(order) => {
            let Some(instrument) = state.instrument(order.instrument) else { return Ticket::Nothing };
            let book = state.book(order.instrument);
            let price = Price(i32::try_from(instrument.ticks(order.price).0).unwrap_or(i32::MIN));
            let side = Direction::from_code(order.direction).unwrap_or(Direction::Buy);
            if !book.spans(price) {
                return Ticket::Nothing;
            }
            ask_for(book.level(side, price));
            let row_hash = state.rows.hash(order.account, order.instrument, order.hedge);
            ask_for(state.rows.entry(row_hash));
            Ticket::Insert { row_hash, instrument: order.instrument, side, price }
        }
        BodyView::OrderCancel(cancel) => match key_in(&cancel.order_sys_id) {
            Some(key) => {
                ask_for(state.orders.entry(key));
                Ticket::Cancel { key }
            }
            None => Ticket::Nothing,
        },
        _ => Ticket::Nothing,
    }
}

#[inline]
fn approach(state: &State, ticket: Ticket) -> Ticket {
    match ticket {
        Ticket::Insert { row_hash, instrument, side, price } => {
            let book = state.book(instrument);
            ask_for(state.orders.get(book.level(side, price).tail()));
            if let Some(best) = book.best(side.other()) {
                ask_for(state.orders.get(book.level(side.other(), best).head));
            }
            if let Some(row) = state.rows.likely(row_hash) {
                ask_for(state.rows.get(row));
            }
            Ticket::Nothing
        }
        Ticket::Cancel { key } => match state.orders.likely(key) {
            Some(slot) => {
                ask_for(state.orders.get(slot));
                Ticket::CancelAt { slot, key }
            }
            None => Ticket::Nothing,
        },
        Ticket::CancelAt { .. } | Ticket::Nothing => Ticket::Nothing,
    }
}

#[inline]
fn arrive(state: &State, ticket: Ticket) {
    let Ticket::CancelAt { slot, key } = ticket else { return };
    let order = state.orders.get(slot);
    // Ended or replaced meanwhile: its numbers may be of no instrument.
    if order.key != key {
        return;
    }
    ask_for(state.orders.get(order.previous));
    ask_for(state.orders.get(order.next));
    ask_for(state.rows.get(order.row));
    ask_for(state.book(order.instrument).level(order.direction(), order.price));
}

/// Asks for the cache line of something that is there; returns at once.
#[inline]
fn ask_for<T>(thing: &T) {
    let address = std::ptr::from_ref(thing);
    #[cfg(target_arch = "x86_64")]
    // JUSTIFICATION: the standard library's safe prefetch is not stable yet; a plain read would wait, and hold up what comes after it.
    // SAFETY: a prefetch is a hint that reads nothing and faults nowhere, whatever the address; this one is that of a reference.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(target_arch = "aarch64")]
    // JUSTIFICATION: as above; there is no stable intrinsic here.
    // SAFETY: PRFM is a hint that reads nothing and faults nowhere, changes no register and no flag; the address is that of a reference.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{}]", in(reg) address, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    std::hint::black_box(address);
}
