//! Quotes and enquiries (RULES.md: Quotes, Enquiries).

use crate::checks::{HEDGES, OFFSETS, blank, require};
use crate::command::{EnquireQuote, OrderInsert, QuoteCancel, QuoteInsert, function};
use crate::digest::Thing;
use crate::event::{EndReason, Event};
use crate::exchange::{Exchange, Refusal, Stream};
use crate::number::{Account, Instrument, Key, Ticks, User};
use crate::reject::Reject;
use crate::state::{BUY, IdKind, Mark, Order, Quote, SELL, phase, right};
use crate::wire::Zero;

const NANOSECONDS_IN_A_SECOND: u64 = 1_000_000_000;

/// A side of a quote as an order: what it is checked as and what members are told.
fn side_of(quote: &QuoteInsert, side: usize) -> OrderInsert {
    OrderInsert {
        local_id: quote.local_id,
        message_reference: quote.message_reference,
        direction: if side == BUY { b'0' } else { b'1' },
        offset: quote.offset[side],
        hedge: quote.hedge[side],
        order_type: b'0',
        match_condition: b'3',
        match_session: b'3',
        instrument: quote.instrument,
        flags: 0,
        price: quote.price[side],
        account: quote.account,
        volume: quote.volume[side],
        minimal_volume: 0,
        zero: Zero,
    }
}

impl Exchange {
    pub(crate) fn quote_insert(&mut self, insert: &QuoteInsert) -> Result<(), Refusal> {
        let admit = |exchange: &mut Self, user| exchange.admit_quote(user, insert);
        let prices = self.numbered(IdKind::Quote, insert.local_id, admit)?;
        if let Some(old) = self.state.quoting.get(&(insert.account, insert.instrument)).copied() {
            self.end_quote(old, EndReason::Replaced);
        }
        let user = self.header.user;
        let participant = self.state.traders[&user].define.participant;
        let key = Key::new(self.state.sequence, 0);
        let sides =
            [BUY, SELL].map(|side| self.new_order(user, &side_of(insert, side), prices[side], side as u32, Some(key)));
        let quote = Quote {
            key,
            sys_id: self.system_id(0),
            user,
            participant,
            insert: *insert,
            accepted_at: self.state.time,
            order_sys_ids: [sides[BUY].sys_id, sides[SELL].sys_id],
            orders: [Some(sides[BUY].key), Some(sides[SELL].key)],
        };
        self.state.mark(user, IdKind::Quote, insert.local_id, Mark { key, sys_id: quote.sys_id });
        self.state.quote_ids.insert(quote.sys_id, key);
        self.state.quoting.insert((insert.account, insert.instrument), key);
        self.state.quotes.insert(key, quote.clone());
        self.touch(Thing::Quote(key));

        let private_number = self.next_private(participant);
        let [bid_sys_id, ask_sys_id] = quote.order_sys_ids;
        let accepted = Event::QuoteAccepted { private_number, sys_id: quote.sys_id, bid_sys_id, ask_sys_id };
        self.outcome.events.push(accepted);
        let request = self.header.request;
        self.answer(|state| state.quote_answer(request, &quote));
        let number = self.state.private(participant, private_number);
        let bytes = self.state.quote_notice(number, &quote, false);
        self.tell(Stream::Private(participant), private_number, bytes);

        for order in sides {
            self.place(order);
        }
        Ok(())
    }

    /// The checks behind the local id's; both prices in ticks. The state is as before when this returns.
    fn admit_quote(&mut self, user: User, insert: &QuoteInsert) -> Result<[Ticks; 2], Reject> {
        let flags = insert.offset.iter().all(|offset| OFFSETS.contains(offset))
            && insert.hedge.iter().all(|hedge| HEDGES.contains(hedge));
        require(flags, Reject::OrderUnsupported)?;
        let (account, instrument) = (insert.account, insert.instrument);
        let (_, market) = self.state.admit_names(user, account, instrument, function::QUOTES)?;
        let maker = self.state.makers.contains(&(account, market.define.product));
        require(maker, Reject::NotMarketMaker)?;
        require(market.phase == phase::CONTINUOUS, Reject::PhaseForbidsInsert)?;

        // The old quote stands aside while the new one is looked at.
        let old = self.state.quoting.get(&(account, instrument)).map(|key| self.state.quotes[key].orders);
        let old: Vec<Order> =
            old.into_iter().flatten().flatten().filter_map(|key| self.state.orders.remove(&key)).collect();
        for order in &old {
            self.free(order);
        }
        let admitted = self.admit_sides(user, insert);
        for order in old {
            self.hold(&order);
            self.state.orders.insert(order.key, order);
        }
        admitted
    }

    /// Both sides of a quote, the ask with the bid reserved.
    fn admit_sides(&mut self, user: User, insert: &QuoteInsert) -> Result<[Ticks; 2], Reject> {
        let [bid, ask] = [side_of(insert, BUY), side_of(insert, SELL)];
        let admit = |exchange: &Self, side: &OrderInsert| {
            exchange.state.admit_right(user, side)?;
            exchange.state.admit_terms(user, side)
        };
        let bid_price = admit(self, &bid)?;
        require(bid.price < ask.price, Reject::QuoteCrossed)?;

        let mut order = self.new_order(user, &bid, bid_price, 0, None);
        let had_row = self.state.rows.contains_key(&order.row());
        self.reserve(&mut order);
        self.state.orders.insert(order.key, order.clone());
        let ask_price = admit(self, &ask);
        self.state.orders.remove(&order.key);
        self.free(&order);
        if !had_row {
            self.state.rows.remove(&order.row());
        }
        Ok([bid_price, ask_price?])
    }

    /// Ends what lives of a quote, bid first; the last takes the quote with it.
    fn end_quote(&mut self, key: Key, reason: EndReason) {
        let orders = self.state.quotes[&key].orders;
        let by = self.header.user;
        for order in orders.into_iter().flatten() {
            self.end(order, reason, Some(by));
        }
        assert!(!self.state.quotes.contains_key(&key), "a quote lives while one of its orders does");
    }

    /// An order of a quote is over; the quote, if that was its last.
    pub(crate) fn forget_side(&mut self, key: Key, order: Key) -> Option<Quote> {
        self.touch(Thing::Quote(key));
        let quote = self.state.quotes.get_mut(&key).expect("an order's quote lives as long as the order");
        for side in &mut quote.orders {
            side.take_if(|of_side| *of_side == order);
        }
        if quote.orders != [None, None] {
            return None;
        }
        let quote = self.state.quotes.remove(&key).expect("found above");
        self.state.quote_ids.remove(&quote.sys_id);
        self.state.quoting.remove(&(quote.insert.account, quote.insert.instrument));
        Some(quote)
    }

    /// Tells that a quote ended otherwise than by a trade.
    pub(crate) fn quote_ended(&mut self, quote: &Quote, reason: EndReason) {
        let private_number = self.next_private(quote.participant);
        self.outcome.events.push(Event::QuoteEnded { reason, quote: quote.key, private_number });
        let number = self.state.private(quote.participant, private_number);
        let bytes = self.state.quote_notice(number, quote, true);
        self.tell(Stream::Private(quote.participant), private_number, bytes);
    }

    pub(crate) fn quote_cancel(&mut self, cancel: &QuoteCancel) -> Result<(), Refusal> {
        let user = self.header.user;
        let state = &self.state;
        let trader = state.traders.get(&user).ok_or(Reject::IndexUnknown)?;
        require::<Refusal>(cancel.action == b'0', Reject::ActionUnsupported)?;
        let named = cancel.instrument == Instrument::NONE || state.markets.contains_key(&cancel.instrument);
        require::<Refusal>(named, Reject::InstrumentUnknown)?;
        let key = if blank(&cancel.sys_id) {
            state.marks.get(&(user, IdKind::Quote, cancel.local_id)).map(|mark| mark.key)
        } else {
            state.quote_ids.get(&cancel.sys_id).copied()
        };
        let quote = key.and_then(|key| state.quotes.get(&key)).ok_or(Reject::QuoteNotFound)?;
        let its = [Instrument::NONE, quote.insert.instrument].contains(&cancel.instrument)
            && [Account::NONE, quote.insert.account].contains(&cancel.account);
        require::<Refusal>(its, Reject::QuoteNotFound)?;
        require::<Refusal>(quote.participant == trader.define.participant, Reject::OrderNotYours)?;
        let now = state.markets[&quote.insert.instrument].phase;
        require::<Refusal>(phase::takes_cancels(now), Reject::PhaseForbidsCancel)?;
        let quote = quote.clone();
        self.end_quote(quote.key, EndReason::Cancelled);
        let request = self.header.request;
        self.answer(|state| state.quote_cancel_answer(request, user, cancel, &quote));
        Ok(())
    }

    pub(crate) fn enquire_quote(&mut self, enquiry: &EnquireQuote) -> Result<(), Refusal> {
        let admit = |exchange: &mut Self, user| exchange.admit_enquiry(user, enquiry);
        self.numbered(IdKind::Quote, enquiry.local_id, admit)?;
        let user = self.header.user;
        let sys_id = self.system_id(0);
        let mark = Mark { key: Key::new(self.state.sequence, 0), sys_id };
        self.state.mark(user, IdKind::Quote, enquiry.local_id, mark);
        let client = self.state.client_of(enquiry.account);
        self.state.enquiries.insert((client, enquiry.instrument), self.state.time);
        self.touch(Thing::Enquiry(client, enquiry.instrument));

        let broadcast_number = self.next_broadcast();
        self.outcome.events.push(Event::Enquired { broadcast_number, sys_id });
        let request = self.header.request;
        self.answer(|state| state.enquiry_answer(request, user, enquiry, sys_id));
        let bytes = self.state.enquiry_notice(broadcast_number, enquiry, sys_id);
        self.tell(Stream::Broadcast, broadcast_number, bytes);
        Ok(())
    }

    fn admit_enquiry(&self, user: User, enquiry: &EnquireQuote) -> Result<(), Reject> {
        let state = &self.state;
        let (account, instrument) = (enquiry.account, enquiry.instrument);
        require(matches!(enquiry.direction, b'0'..=b'2'), Reject::OrderUnsupported)?;
        let (client, market) = state.admit_names(user, account, instrument, function::ENQUIRIES)?;
        let worst = state.worst_right(user, account, instrument);
        require(worst != right::FORBIDDEN, Reject::RightForbidden)?;
        require(market.phase == phase::CONTINUOUS, Reject::PhaseForbidsInsert)?;
        let define = &state.family(instrument).define;
        let key = (client.define.client_number, instrument);
        let last = state.enquiries.get(&key);
        let interval = u64::from(define.enquiry_interval) * NANOSECONDS_IN_A_SECOND;
        require(last.is_none_or(|last| state.time.0 - last.0 >= interval), Reject::EnquiryTooSoon)?;
        let wide = match (market.best(BUY), market.best(SELL)) {
            (Some(bid), Some(ask)) => {
                define.enquiry_spread == 0 || i64::from(ask.0) - i64::from(bid.0) > i64::from(define.enquiry_spread)
            }
            _ => true,
        };
        require(wide, Reject::SpreadNarrowEnough)?;
        let room = state.enquiries.len() < state.day.expect("the day is open").enquiries as usize;
        require(last.is_some() || room, Reject::EnquiriesExhausted)
    }
}
