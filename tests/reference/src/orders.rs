//! Orders come, are cancelled, and end (RULES.md: OrderInsert, OrderCancel, MassCancel, DayClose, BookRestate).

use crate::checks::blank;
use crate::command::{MassCancel, OrderCancel, OrderInsert};
use crate::digest::Thing;
use crate::event::{EndReason, Event};
use crate::exchange::{Exchange, Refusal, Stream};
use crate::number::{Account, Instrument, Key, Participant, Ticks, User};
use crate::reject::Reject;
use crate::state::{BUY, IdKind, Mark, Order, Quote, SELL, phase};

impl Exchange {
    pub(crate) fn order_insert(&mut self, insert: &OrderInsert) -> Result<(), Refusal> {
        let admit = |exchange: &mut Self, user| exchange.state.admit_order(user, insert);
        let price = self.numbered(IdKind::Order, insert.local_id, admit)?;
        let user = self.header.user;
        let order = self.new_order(user, insert, price, 0, None);
        self.state.mark(user, IdKind::Order, insert.local_id, Mark { key: order.key, sys_id: order.sys_id });
        self.place(order);
        Ok(())
    }

    /// An order of the present frame that has passed its checks and has not been placed.
    pub(crate) fn new_order(
        &self,
        user: User,
        insert: &OrderInsert,
        price: Ticks,
        index: u32,
        quote: Option<Key>,
    ) -> Order {
        Order {
            key: Key::new(self.state.sequence, index),
            sys_id: self.system_id(index),
            user,
            participant: self.state.traders[&user].define.participant,
            insert: *insert,
            quote,
            accepted_at: self.state.time,
            price,
            limit_price: insert.price,
            remaining: insert.volume,
            yesterday: 0,
            traded: 0,
            last_price: Ticks(0),
        }
    }

    /// Accepts an order: reserves, tells, trades, and lets what remains rest or end.
    pub(crate) fn place(&mut self, mut order: Order) {
        let key = order.key;
        self.reserve(&mut order);
        self.state.sys_ids.insert(order.sys_id, key);
        self.touch(Thing::Order(key));

        let continuous = self.state.markets[&order.insert.instrument].phase == phase::CONTINUOUS;
        let reach = self.reach(&order);
        let available = if continuous { self.available(&order, reach) } else { 0 };
        let rests = order.priced() && !order.immediate() && available == 0;
        let fills = match order.insert.match_condition {
            b'1' => available >= u64::from(order.remaining),
            b'2' => available >= u64::from(order.insert.minimal_volume),
            _ => true,
        };
        self.touch_market(order.insert.instrument);
        let private_number = if order.immediate() { 0 } else { self.next_private(order.participant) };
        let (index, yesterday, sys_id) = (key.index(), order.yesterday, order.sys_id);
        self.outcome.events.push(Event::Accepted { rests, index, yesterday, private_number, sys_id });
        if order.quote.is_none() {
            let request = self.header.request;
            self.answer(|state| state.insert_answer(request, &order));
        }
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
            self.sweep(key, reach);
        }
        if immediate {
            let all = self.state.orders[&key].remaining == 0;
            self.end(key, if all { EndReason::AllTraded } else { EndReason::ImmediateRemainder }, None);
        } else if self.state.orders.contains_key(&key) {
            self.rest(key);
        }
    }

    /// What remains of an order that may have traded on entry rests; one without a price gets its own.
    fn rest(&mut self, key: Key) {
        let order = self.state.orders[&key].clone();
        let mut price = order.price;
        if !order.priced() {
            price = self.resting_price(&order);
            self.free(&order);
            let limit_price = self.state.markets[&order.insert.instrument].units(price);
            let priced = Order { price, limit_price, ..order.clone() };
            self.hold(&priced);
            self.state.orders.insert(key, priced);
            self.touch(Thing::Order(key));
        }
        self.outcome.events.push(Event::Rested { order: key, remaining: order.remaining, price });
        self.queue(key);
    }

    /// 转限价: the last price, within the limits, and one tick short of the other side's best price.
    fn resting_price(&self, order: &Order) -> Ticks {
        let market = &self.state.markets[&order.insert.instrument];
        let last = market.reference().0.clamp(market.define.lower_limit, market.define.upper_limit);
        Ticks(match (order.side(), market.best(1 - order.side())) {
            (BUY, Some(ask)) if last >= ask.0 => ask.0 - 1,
            (SELL, Some(bid)) if last <= bid.0 => bid.0 + 1,
            _ => last,
        })
    }

    /// Puts a live order into its queue.
    fn queue(&mut self, key: Key) {
        let order = &self.state.orders[&key];
        let (instrument, side, place) = (order.insert.instrument, order.side(), order.place());
        self.state.markets.get_mut(&instrument).expect("orders are in markets").queues[side].insert(place);
    }

    /// Takes an order out of everything; with it its quote, if this was the last that lived of it.
    pub(crate) fn forget(&mut self, key: Key) -> (Order, Option<Quote>) {
        let order = self.state.orders.remove(&key).expect("only live orders are forgotten");
        self.state.sys_ids.remove(&order.sys_id);
        let market = self.state.markets.get_mut(&order.insert.instrument).expect("orders are in markets");
        market.queues[order.side()].remove(&order.place());
        self.touch(Thing::Order(key));
        let quote = order.quote.and_then(|quote| self.forget_side(quote, key));
        (order, quote)
    }

    pub(crate) fn touch_market(&mut self, instrument: Instrument) {
        self.state.markets.get_mut(&instrument).expect("the instrument was found before").touched = true;
        self.touch(Thing::Instrument(instrument));
    }

    /// Ends an order and releases what it had reserved; `by`: the user that cancelled it.
    pub(crate) fn end(&mut self, key: Key, reason: EndReason, by: Option<User>) -> Order {
        let (order, quote) = self.forget(key);
        self.free(&order);
        self.touch_market(order.insert.instrument);

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
        if let Some(quote) = quote {
            self.quote_ended(&quote, reason);
        }
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
            state.marks.get(&(user, IdKind::Order, cancel.local_id)).map(|mark| mark.key)
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
        if !phase::takes_cancels(now) {
            return Err(Reject::PhaseForbidsCancel.into());
        }
        let order = self.end(order.key, EndReason::Cancelled, Some(user));
        let request = self.header.request;
        self.answer(|state| state.cancel_answer(request, user, cancel, &order));
        Ok(())
    }

    pub(crate) fn mass_cancel(&mut self, cancel: &MassCancel) -> Result<(), Refusal> {
        if cancel.cause > 1 {
            return Err(Reject::DefinitionInvalid.into());
        }
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
        let reason = if cancel.cause == 1 { EndReason::Disconnected } else { EndReason::MassCancelled };
        let concerned = |order: &&Order| match cancel.scope {
            0 => true,
            1 => u32::from(order.participant.0) == cancel.index,
            2 => u32::from(order.user.0) == cancel.index,
            3 => order.insert.account.0 == cancel.index,
            _ => u32::from(order.insert.instrument.0) == cancel.index,
        };
        let keys: Vec<Key> = state.orders.values().filter(concerned).map(|order| order.key).collect();
        for key in keys {
            self.end(key, reason, None);
        }
        Ok(())
    }

    pub(crate) fn day_close(&mut self) {
        let keys: Vec<Key> = self.state.orders.keys().copied().collect();
        for key in keys {
            self.end(key, EndReason::DayEnd, None);
        }
        let markets: Vec<Instrument> = self.state.markets.keys().copied().collect();
        let open = |instrument: &Instrument| self.state.markets[instrument].phase != phase::CLOSED;
        let concerned: Vec<Instrument> = markets.into_iter().filter(open).collect();
        self.enter(&concerned, phase::CLOSED);
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
