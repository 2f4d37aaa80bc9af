//! Orders come, are cancelled, and end (RULES.md: OrderInsert, OrderCancel, MassCancel, DayClose, BookRestate).

use crate::command::{ASCENDING_LOCAL_IDS, AUTO_SUSPEND, MassCancel, OrderCancel, OrderInsert, STOP_PRICE};
use crate::digest::Thing;
use crate::event::{EndReason, Event};
use crate::exchange::{Exchange, Refusal, Stream};
use crate::faults::Fault;
use crate::number::{Account, Instrument, Key, Participant, Ticks, User};
use crate::reject::Reject;
use crate::state::{BUY, Holding, Mark, Order, SELL, phase, right};

fn blank(text: &[u8]) -> bool {
    text.iter().all(|&byte| byte == b' ' || byte == 0)
}

impl Exchange {
    pub(crate) fn order_insert(&mut self, insert: &OrderInsert) -> Result<(), Refusal> {
        let user = self.header.user;
        let day = self.state.day.expect("the day is open");
        if !self.state.traders.contains_key(&user) {
            return Err(Reject::IndexUnknown.into());
        }
        if blank(&insert.local_id) {
            return Err(Reject::LocalIdMissing.into());
        }
        if let Some(first) = self.state.marks.get(&(user, insert.local_id)) {
            let Mark { key, sys_id } = *first;
            return Err(Refusal { first_order: key, first_sys_id: sys_id, ..Reject::LocalIdRepeated.into() });
        }
        if self.state.marks.len() >= day.local_ids as usize {
            return Err(Reject::LocalIdsExhausted.into());
        }
        let mut admitted = self.admit(user, insert);
        if admitted.is_ok() && self.faults.strikes(Fault::Refusal, self.state.sequence) {
            admitted = Err(Reject::RightForbidden);
        }
        match admitted {
            Ok(price) => self.accept(user, insert, price),
            Err(code) => {
                let marked = code.marks_local_id();
                assert!(marked, "every check from the fourth on marks the local id");
                self.state.mark(user, insert.local_id, Mark::REFUSED);
                return Err(Refusal { marked, ..code.into() });
            }
        }
        Ok(())
    }

    /// The checks from the fourth on, in their order; the order's price in ticks.
    fn admit(&self, user: User, insert: &OrderInsert) -> Result<Ticks, Reject> {
        let state = &self.state;
        let day = state.day.expect("the day is open");
        let trader = &state.traders[&user];
        let participant = trader.define.participant;

        let ascending = trader.define.flags & ASCENDING_LOCAL_IDS != 0;
        let has_marks = state.marks.range((user, [0; 24])..=(user, [255; 24])).next().is_some();
        if ascending && has_marks && insert.local_id <= state.largest_local_id(user) {
            return Err(Reject::LocalIdNotAscending);
        }
        if !supported(insert) {
            return Err(Reject::OrderUnsupported);
        }
        let client = state.clients.get(&insert.account).ok_or(Reject::ClientUnknown)?;
        if client.define.participant != participant {
            return Err(Reject::ClientUnknown);
        }
        let market = state.markets.get(&insert.instrument).ok_or(Reject::InstrumentUnknown)?;

        let both = state.rights.get(&(insert.account, insert.instrument)).copied().unwrap_or(right::FULL);
        let rights = [state.members[&participant].right, trader.right, client.right, market.right, both];
        let worst = rights.into_iter().max().expect("five rights");
        let opens = insert.offset == b'0';
        if worst == right::FORBIDDEN {
            return Err(Reject::RightForbidden);
        }
        if worst == right::CLOSE_ONLY && opens {
            return Err(Reject::RightCloseOnly);
        }

        if market.phase != phase::CONTINUOUS && market.phase != phase::AUCTION_ORDERING {
            return Err(Reject::PhaseForbidsInsert);
        }
        if insert.match_condition != b'3' && market.phase != phase::CONTINUOUS {
            return Err(Reject::PhaseForbidsImmediate);
        }

        let tick = i64::from(market.define.tick);
        if insert.price % tick != 0 {
            return Err(Reject::PriceOffTick);
        }
        let price = insert.price / tick;
        if price < i64::from(market.define.lower_limit) {
            return Err(Reject::PriceBelowLimit);
        }
        if price > i64::from(market.define.upper_limit) {
            return Err(Reject::PriceAboveLimit);
        }
        if insert.volume < market.define.minimum_volume {
            return Err(Reject::VolumeBelowMinimum);
        }
        if insert.volume > market.define.maximum_volume {
            return Err(Reject::VolumeAboveMaximum);
        }

        let side = usize::from(insert.direction - b'0');
        let volume = u64::from(insert.volume);
        let row = state.rows.get(&(insert.account, insert.instrument, insert.hedge));
        if opens {
            let exposures = state.exposures.get(&(client.define.client_number, insert.instrument));
            let exposure = exposures.map_or(0, |sides| sides[side]);
            let held = row.map_or(Holding::default(), |row| row[side]);
            if held.yesterday + held.today + held.pending + volume > u64::from(u32::MAX) {
                return Err(Reject::PositionLimitExceeded);
            }
            if market.define.position_limit != 0 && exposure + volume > u64::from(market.define.position_limit) {
                return Err(Reject::PositionLimitExceeded);
            }
            if row.is_none() && state.rows.len() >= day.position_rows as usize {
                return Err(Reject::PositionRowsExhausted);
            }
        } else {
            let holding = row.map_or(Holding::default(), |row| row[1 - side]);
            let today = holding.today - holding.frozen_today;
            let yesterday = holding.yesterday - holding.frozen_yesterday;
            match insert.offset {
                b'4' if today < volume => return Err(Reject::TodayPositionInsufficient),
                b'5' if yesterday < volume => return Err(Reject::YesterdayPositionInsufficient),
                b'1' if yesterday + today < volume => return Err(Reject::PositionInsufficient),
                _ => {}
            }
        }
        if state.orders.len() >= day.live_orders as usize {
            return Err(Reject::OrdersExhausted);
        }
        Ok(Ticks(i32::try_from(price).expect("the limits are 32-bit numbers")))
    }

    fn accept(&mut self, user: User, insert: &OrderInsert, price: Ticks) {
        let key = Key::new(self.state.sequence, 0);
        let mut order = Order {
            key,
            sys_id: self.system_id(0),
            user,
            participant: self.state.traders[&user].define.participant,
            insert: *insert,
            accepted_at: self.state.time,
            price,
            remaining: insert.volume,
            yesterday: 0,
            traded: 0,
            last_price: Ticks(0),
        };
        self.state.mark(user, insert.local_id, Mark { key, sys_id: order.sys_id });
        order.yesterday = self.reserve(&order);
        self.state.sys_ids.insert(order.sys_id, key);
        self.touch(Thing::Order(key));

        let continuous = self.state.markets[&insert.instrument].phase == phase::CONTINUOUS;
        let meets = continuous && self.matches(&order);
        let rests = !order.immediate() && !meets;
        let fills = continuous && (insert.match_condition != b'1' || self.fills_at_once(&order));
        self.touch_market(insert.instrument);
        let private_number = if order.immediate() { 0 } else { self.next_private(order.participant) };
        let (yesterday, sys_id) = (order.yesterday, order.sys_id);
        self.outcome.events.push(Event::Accepted { rests, index: 0, yesterday, private_number, sys_id });
        let request = self.header.request;
        self.answer(|state| state.insert_answer(request, &order));
        if private_number != 0 {
            let number = self.state.private(order.participant, private_number);
            let bytes = self.state.confirmation(number, &order, b'3', order.remaining, Some(order.user));
            self.tell(Stream::Private(order.participant), private_number, bytes);
        }

        let immediate = order.immediate();
        self.state.orders.insert(key, order);
        if rests {
            self.queue(key);
            return;
        }
        if fills {
            self.sweep(key);
        }
        if immediate {
            let all = self.state.orders[&key].remaining == 0;
            self.end(key, if all { EndReason::AllTraded } else { EndReason::ImmediateRemainder }, None);
        } else if let Some(order) = self.state.orders.get(&key) {
            let remaining = order.remaining;
            self.outcome.events.push(Event::Rested { order: key, remaining });
            self.queue(key);
        }
    }

    /// Reserves what an order may do to the positions; how much of yesterday's it freezes.
    fn reserve(&mut self, order: &Order) -> u32 {
        let volume = u64::from(order.remaining);
        let side = order.position_side();
        let today_first = self.state.close_today_first();
        let row = self.state.rows.entry(order.row()).or_default();
        let holding = &mut row[side];
        let mut yesterday = 0;
        if order.opens() {
            holding.pending += volume;
            self.state.exposure_mut(order.insert.account, order.insert.instrument)[side] += volume;
        } else {
            yesterday = match order.insert.offset {
                b'4' => 0,
                b'5' => volume,
                _ if today_first => volume - volume.min(holding.today - holding.frozen_today),
                _ => volume.min(holding.yesterday - holding.frozen_yesterday),
            };
            holding.frozen_yesterday += yesterday;
            holding.frozen_today += volume - yesterday;
            assert!(holding.frozen_yesterday <= holding.yesterday && holding.frozen_today <= holding.today);
        }
        let (account, instrument, hedge) = order.row();
        self.touch(Thing::Row(account, instrument, hedge));
        u32::try_from(yesterday).expect("a part of the order's volume")
    }

    /// Puts a live order into its queue.
    fn queue(&mut self, key: Key) {
        let order = &self.state.orders[&key];
        let (instrument, side, place) = (order.insert.instrument, order.side(), order.place());
        self.state.markets.get_mut(&instrument).expect("orders are in markets").queues[side].insert(place);
    }

    /// Takes an order out of everything.
    pub(crate) fn forget(&mut self, key: Key) -> Order {
        let order = self.state.orders.remove(&key).expect("only live orders are forgotten");
        self.state.sys_ids.remove(&order.sys_id);
        let market = self.state.markets.get_mut(&order.insert.instrument).expect("orders are in markets");
        market.queues[order.side()].remove(&order.place());
        self.touch(Thing::Order(key));
        order
    }

    pub(crate) fn touch_market(&mut self, instrument: Instrument) {
        self.state.markets.get_mut(&instrument).expect("the instrument was found before").touched = true;
        self.touch(Thing::Instrument(instrument));
    }

    /// Ends an order and releases what it had reserved; `by`: the user that cancelled it.
    pub(crate) fn end(&mut self, key: Key, reason: EndReason, by: Option<User>) -> Order {
        let order = self.forget(key);
        let released = u64::from(order.remaining);
        let side = order.position_side();
        let holding = &mut self.state.rows.get_mut(&order.row()).expect("an order has its row")[side];
        if order.opens() {
            holding.pending -= released;
            self.state.exposure_mut(order.insert.account, order.insert.instrument)[side] -= released;
        } else {
            holding.frozen_yesterday -= u64::from(order.yesterday);
            holding.frozen_today -= released - u64::from(order.yesterday);
        }
        let (account, instrument, hedge) = order.row();
        self.touch(Thing::Row(account, instrument, hedge));
        self.touch_market(instrument);

        let private_number = self.next_private(order.participant);
        self.outcome.events.push(Event::Ended {
            reason,
            order: key,
            released: order.remaining,
            yesterday: order.yesterday,
            traded: order.traded,
            last_price: order.last_price,
            private_number,
        });
        let number = self.state.private(order.participant, private_number);
        let bytes = self.state.end_confirmation(number, &order, reason, order.remaining, by);
        self.tell(Stream::Private(order.participant), private_number, bytes);
        order
    }

    pub(crate) fn order_cancel(&mut self, cancel: &OrderCancel) -> Result<(), Refusal> {
        let user = self.header.user;
        let state = &self.state;
        let trader = state.traders.get(&user).ok_or(Reject::IndexUnknown)?;
        if cancel.action != b'0' {
            return Err(Reject::ActionUnsupported.into());
        }
        if cancel.instrument != Instrument::NONE && !state.markets.contains_key(&cancel.instrument) {
            return Err(Reject::InstrumentUnknown.into());
        }
        let key = if blank(&cancel.order_sys_id) {
            state.marks.get(&(user, cancel.local_id)).map(|mark| mark.key)
        } else {
            state.sys_ids.get(&cancel.order_sys_id).copied()
        };
        let order = key.and_then(|key| state.orders.get(&key)).ok_or(Reject::OrderNotFound)?;
        if cancel.instrument != Instrument::NONE && cancel.instrument != order.insert.instrument {
            return Err(Reject::OrderNotFound.into());
        }
        if cancel.account != Account::NONE && cancel.account != order.insert.account {
            return Err(Reject::OrderNotFound.into());
        }
        if order.participant != trader.define.participant {
            return Err(Reject::OrderNotYours.into());
        }
        let now = state.markets[&order.insert.instrument].phase;
        if ![phase::CONTINUOUS, phase::AUCTION_ORDERING, phase::CANCEL_ONLY].contains(&now) {
            return Err(Reject::PhaseForbidsCancel.into());
        }
        let order = self.end(order.key, EndReason::Cancelled, Some(user));
        let request = self.header.request;
        self.answer(|state| state.cancel_answer(request, user, cancel, &order));
        Ok(())
    }

    pub(crate) fn mass_cancel(&mut self, cancel: &MassCancel) -> Result<(), Refusal> {
        let state = &self.state;
        let small = u16::try_from(cancel.index).ok();
        let known = match cancel.scope {
            0 => true,
            1 => small.is_some_and(|index| state.members.contains_key(&Participant(index))),
            2 => small.is_some_and(|index| state.traders.contains_key(&User(index))),
            3 => state.clients.contains_key(&Account(cancel.index)),
            4 => small.is_some_and(|index| state.markets.contains_key(&Instrument(index))),
            _ => return Err(Reject::DefinitionInvalid.into()),
        };
        if !known {
            return Err(Reject::IndexUnknown.into());
        }
        let concerned = |order: &&Order| match cancel.scope {
            0 => true,
            1 => u32::from(order.participant.0) == cancel.index,
            2 => u32::from(order.user.0) == cancel.index,
            3 => order.insert.account.0 == cancel.index,
            _ => u32::from(order.insert.instrument.0) == cancel.index,
        };
        let keys: Vec<Key> = state.orders.values().filter(concerned).map(|order| order.key).collect();
        for key in keys {
            self.end(key, EndReason::MassCancelled, None);
        }
        Ok(())
    }

    pub(crate) fn day_close(&mut self) {
        let keys: Vec<Key> = self.state.orders.keys().copied().collect();
        for key in keys {
            self.end(key, EndReason::DayEnd, None);
        }
        let markets: Vec<Instrument> = self.state.markets.keys().copied().collect();
        for instrument in markets {
            if self.state.markets[&instrument].phase != phase::CLOSED {
                self.enter(instrument, phase::CLOSED);
            }
        }
    }

    pub(crate) fn book_restate(&mut self) {
        let orders: Vec<Order> = self.state.orders.values().cloned().collect();
        for order in orders {
            let private_number = self.next_private(order.participant);
            self.outcome.events.push(Event::Restated {
                order: order.key,
                remaining: order.remaining,
                traded: order.traded,
                last_price: order.last_price,
                private_number,
            });
            let number = self.state.private(order.participant, private_number);
            let status = if order.traded > 0 { b'1' } else { b'3' };
            let bytes = self.state.confirmation(number, &order, status, order.remaining, Some(order.user));
            self.tell(Stream::Private(order.participant), private_number, bytes);
        }
    }
}

/// What this exchange offers (check 5).
fn supported(insert: &OrderInsert) -> bool {
    let immediate = matches!(insert.match_condition, b'1' | b'2');
    let session = matches!(insert.match_session, b'3' | b'7') || (immediate && insert.match_session == b'2');
    matches!(insert.direction, b'0' | b'1')
        && matches!(insert.offset, b'0' | b'1' | b'4' | b'5')
        && matches!(insert.hedge, b'1'..=b'4')
        && insert.order_type == b'0'
        && (immediate || insert.match_condition == b'3')
        && session
        && insert.minimal_volume <= 1
        && insert.flags & (STOP_PRICE | AUTO_SUSPEND) == 0
}

const _: () = assert!(BUY == 0 && SELL == 1, "a direction's character minus '0' is its side");
