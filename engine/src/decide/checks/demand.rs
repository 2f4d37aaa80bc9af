//! What one side asks for: an order, or half of a quote; and what is different by then from the state that is read.

use crate::position::{Row, class_of, counts_opened};
use crate::quotes::Quote;
use crate::state::{Account, Instrument, State};
use crate::types::{Direction, Offset, Price};

/// Lots to buy or sell, at a limit, for an account. Checks that are calls take its parts: what a call takes whole lies in memory, and
/// then for the checks that are inlined, too.
#[derive(Clone, Copy)]
pub(in crate::decide) struct Demand<'a> {
    pub(in crate::decide) state: &'a State,
    pub(in crate::decide) account: &'a Account,
    pub(in crate::decide) instrument: &'a Instrument,
    /// Its position row, if there is one.
    pub(in crate::decide) row: Option<&'a Row>,
    pub(in crate::decide) direction: Direction,
    pub(in crate::decide) offset: Offset,
    pub(in crate::decide) hedge: u8,
    pub(in crate::decide) price: Price,
    pub(in crate::decide) volume: u32,
}

impl Demand<'_> {
    #[inline(always)]
    pub(super) fn opens(&self) -> bool {
        self.offset == Offset::Open
    }

    /// The money that it needs.
    #[inline(always)]
    pub(super) fn need(&self) -> i128 {
        if self.opens() { self.instrument.need(self.direction, self.price, self.volume) } else { 0 }
    }
}

/// What a quote's side finds otherwise than the state has it: what the replaced quote will have released, and for the ask what the bid
/// will have taken. Of its own row and side, unless said otherwise. An order finds all as it is.
#[derive(Clone, Copy)]
pub(in crate::decide) struct Relief {
    /// Pending opens that are gone.
    pub(super) pending: u32,
    /// Frozen positions that are free, on the other side.
    pub(super) frozen_yesterday: u32,
    pub(super) frozen_today: u32,
    /// Exposure that is gone, in the limit group.
    pub(super) exposure: u64,
    /// Pending opens of the participant in the instrument that are gone.
    pub(super) member: u32,
    /// By how much the opened lots grow, both sides together.
    pub(super) opened: i64,
    /// By how much the used money grows, both sides together.
    pub(super) money: i128,
    /// By how much the live orders grow.
    pub(super) orders: i64,
    /// New position rows.
    pub(super) rows: usize,
    /// One of those is its own.
    pub(super) makes_row: bool,
}

impl Relief {
    /// Nothing is different.
    pub(super) const NONE: Relief = Relief {
        pending: 0,
        frozen_yesterday: 0,
        frozen_today: 0,
        exposure: 0,
        member: 0,
        opened: 0,
        money: 0,
        orders: 0,
        rows: 0,
        makes_row: false,
    };

    /// What a quote releases for a side of the one that replaces it.
    pub(super) fn of_quote(demand: &Demand<'_>, replaced: Option<&Quote>) -> Self {
        let (state, mut relief) = (demand.state, Relief::NONE);
        let live = replaced.into_iter().flat_map(|quote| quote.orders).filter_map(|key| state.orders.find_resting(key));
        for order in live.map(|slot| state.orders.get(slot)) {
            let row = state.rows.get(order.row);
            relief.orders -= 1;
            if order.opens() {
                relief.money -= demand.instrument.need(order.direction(), order.price, order.remaining);
                if counts_opened(row.hedge()) {
                    relief.opened -= i64::from(order.remaining);
                }
            }
            if order.direction() != demand.direction {
                continue;
            }
            let same_row = row.hedge() == demand.hedge;
            if !order.opens() {
                if same_row {
                    relief.frozen_yesterday += order.yesterday;
                    relief.frozen_today += order.remaining - order.yesterday;
                }
                continue;
            }
            relief.member += order.remaining;
            if class_of(row.hedge()) == class_of(demand.hedge) {
                relief.exposure += u64::from(order.remaining);
            }
            if same_row {
                relief.pending += order.remaining;
            }
        }
        relief
    }

    /// The same with the bid accepted.
    pub(super) fn after(mut self, bid: &Demand<'_>, ask_hedge: u8) -> Self {
        self.orders += 1;
        if bid.row.is_none() {
            self.rows = 1;
            self.makes_row = bid.hedge == ask_hedge;
        }
        if bid.opens() {
            self.money += bid.need();
            if counts_opened(bid.hedge) {
                self.opened += i64::from(bid.volume);
            }
        }
        self
    }
}
