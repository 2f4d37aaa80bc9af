//! Reading ahead: over many books an order's first loads miss every cache, one after the other. Asked for a burst of commands before
//! the first is decided, they miss side by side.

use crate::command::{BodyView, Command};
use crate::orders::Slot;
use crate::state::State;
use crate::system_id::key_in;
use crate::types::{Direction, Price};

impl State {
    /// Reads what deciding and evolving a command will read first. Changes nothing and decides nothing: any answer is right; give it to
    /// `std::hint::black_box`. Worth its few nanoseconds if several commands wait, and the state is larger than the cache.
    #[inline]
    #[must_use]
    pub fn warm(&self, command: &Command<'_>) -> u64 {
        match command.body {
            BodyView::OrderInsert(order) => {
                let account =
                    self.account(order.account).map_or(0, |account| u64::from(account.definition.client_number.0));
                let mark = self.local_ids.warm(command.header.user, &order.local_id);
                let row = self.rows.warm(order.account, order.instrument, order.hedge);
                let side = Direction::from_code(order.direction).unwrap_or(Direction::Buy);
                let level = self.instrument(order.instrument).map_or(0, |instrument| {
                    let book = self.book(order.instrument);
                    let price = i32::try_from(instrument.ticks(order.price).0)
                        .map(Price)
                        .ok()
                        .filter(|&price| book.spans(price));
                    let own = price.map_or(Slot::NONE, |price| book.level(side, price).tail());
                    let best = book.best(side.other()).map_or(Slot::NONE, |best| book.level(side.other(), best).head);
                    u64::from(self.orders.get(own).remaining ^ self.orders.get(best).remaining)
                });
                account ^ mark ^ row ^ level
            }
            BodyView::OrderCancel(cancel) => {
                let Some(slot) = key_in(&cancel.order_sys_id).and_then(|key| self.orders.find_resting(key)) else {
                    return 0;
                };
                let order = self.orders.get(slot);
                let book = self.book(order.instrument);
                let neighbours = self.orders.get(order.previous).remaining ^ self.orders.get(order.next).remaining;
                let level = book.level(order.direction(), order.price).volume;
                level ^ u64::from(neighbours ^ self.rows.get(order.row).exposure)
            }
            _ => 0,
        }
    }
}
