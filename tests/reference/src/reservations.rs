//! What working orders and instructions reserve: positions to close, room within limits, money (RULES.md, Accepting).
//!
//! Everything that an order adds to the state's numbers is added and taken back here, by one function, so that what is released is
//! what was reserved.

use crate::digest::Thing;
use crate::exchange::Exchange;
use crate::number::{Instrument, Key, Participant, Ticks};
use crate::state::{Holding, Order, RowKey};

/// Adds to a number, or takes back from it.
fn change(number: &mut u64, by: u64, add: bool) {
    *number = if add { *number + by } else { number.checked_sub(by).expect("no more is released than was reserved") };
}

impl Exchange {
    /// Reserves an order's volume: says how much of yesterday's position it freezes, and freezes it.
    pub(crate) fn reserve(&mut self, order: &mut Order) {
        let side = order.position_side();
        let today_first = self.state.close_today_first();
        let holding = self.state.rows.entry(order.row()).or_default()[side];
        if !order.opens() {
            order.yesterday = match order.insert.offset {
                b'4' => 0,
                b'5' => order.remaining,
                _ => of_yesterday(&holding, order.remaining, today_first),
            };
        }
        self.hold(order);
    }

    /// Adds what an order has reserved.
    pub(crate) fn hold(&mut self, order: &Order) {
        self.shift(order, true);
    }

    /// Takes back what an order has reserved.
    pub(crate) fn free(&mut self, order: &Order) {
        self.shift(order, false);
    }

    fn shift(&mut self, order: &Order, add: bool) {
        let volume = u64::from(order.remaining);
        if !order.opens() {
            return self.freeze(order.row(), order.position_side(), order.remaining, order.yesterday, add);
        }
        let (row, side) = (order.row(), order.side());
        let (account, instrument, hedge) = row;
        let holding = &mut self.state.rows.get_mut(&row).expect("an order has its row")[side];
        change(&mut holding.pending, volume, add);
        change(self.state.exposure_mut(row, side), volume, add);
        let total = self.state.totals.entry((order.participant, instrument)).or_default();
        change(&mut total.pending[side], volume, add);
        if order.counts_as_opened() {
            let client = self.state.client_of(account);
            let product = self.state.markets[&instrument].define.product;
            change(self.state.opened.entry((client, instrument)).or_default(), volume, add);
            change(self.state.opened_in_products.entry((client, product)).or_default(), volume, add);
            self.touch(Thing::Opened(client, instrument));
        }
        let need = self.state.markets[&instrument].need(side, order.price, order.remaining);
        self.spend(order.participant, if add { need } else { -need });
        self.touch(Thing::Row(account, instrument, hedge));
    }

    /// Freezes a part of a position, `yesterday` of it of yesterday's; or frees it.
    pub(crate) fn freeze(&mut self, row: RowKey, side: usize, volume: u32, yesterday: u32, add: bool) {
        let holding = &mut self.state.rows.get_mut(&row).expect("what is frozen has its row")[side];
        change(&mut holding.frozen_yesterday, u64::from(yesterday), add);
        change(&mut holding.frozen_today, u64::from(volume - yesterday), add);
        assert!(holding.frozen_yesterday <= holding.yesterday && holding.frozen_today <= holding.today);
        self.touch(Thing::Row(row.0, row.1, row.2));
    }

    /// A participant uses more money, or less; so does who clears it.
    pub(crate) fn spend(&mut self, participant: Participant, more: i128) {
        let clearing = self.state.members[&participant].define.clearing;
        self.state.members.get_mut(&participant).expect("a participant that trades").used += more;
        self.state.members.get_mut(&clearing).expect("defined before whom it clears").cleared += more;
        self.touch(Thing::Money(participant));
        self.touch(Thing::Money(clearing));
    }

    /// A position of a participant grows or shrinks: totals, exposure and margin follow. The row is the caller's.
    pub(crate) fn count(&mut self, row: RowKey, side: usize, volume: u64, add: bool) {
        let (account, instrument, _) = row;
        let participant = self.state.clients[&account].define.participant;
        change(self.state.exposure_mut(row, side), volume, add);
        let total = self.state.totals.entry((participant, instrument)).or_default();
        change(&mut total.held[side], volume, add);
        let margin = self.state.markets[&instrument].margin(side) * i128::from(volume);
        self.spend(participant, if add { margin } else { -margin });
    }

    /// One side of a trade that opens: what was pending is held. Exposure stays as it is.
    pub(crate) fn open_position(&mut self, key: Key, price: Ticks, volume: u32) {
        let order = &self.state.orders[&key];
        let (row, side, participant, limit) = (order.row(), order.side(), order.participant, order.price);
        let instrument: Instrument = row.1;
        let lots = u64::from(volume);
        let holding = &mut self.state.rows.get_mut(&row).expect("an order has its row")[side];
        holding.pending -= lots;
        holding.today += lots;
        let total = self.state.totals.entry((participant, instrument)).or_default();
        total.pending[side] -= lots;
        total.held[side] += lots;
        let market = &self.state.markets[&instrument];
        // A premium is paid at the trade's price; margin is the same for a pending open and a position.
        let more = market.need(side, price, volume) - market.need(side, limit, volume);
        self.spend(participant, more);
    }
}

/// How much of a volume to freeze is yesterday's: yesterday's unfrozen first, or today's first.
pub(crate) fn of_yesterday(holding: &Holding, volume: u32, today_first: bool) -> u32 {
    let fits = |free: u64| u32::try_from(free).map_or(volume, |free| free.min(volume));
    match today_first {
        true => volume - fits(holding.today - holding.frozen_today),
        false => fits(holding.yesterday - holding.frozen_yesterday),
    }
}
