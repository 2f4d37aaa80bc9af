//! Orders, trades, quotes and exercise instructions of the day, those that have ended included.
//!
//! What a member sent is read where it stands in the log; what has become of it, from the fold.

use super::{View, head, set_lots, set_price, set_time, set_units};
use crate::ask::is;
use crate::fold::{OrderRow, TradeRow};
use crate::paper::Paper;
use engine::command::{BodyView, ExecOrderInsert, OrderInsert, QuoteInsert};
use engine::types::{AccountIndex, Direction, Nanoseconds, OrderKey, UserIndex};
use ftd::ChinaTime;
use ftd::field::{
    ExecOrderField, OrderStatusField, QryExecOrderField, QryQuoteField, QuoteField, ReqQryOrderField, ReqQryTradeField,
    TradeInsertSingleField,
};
use ftd::types::Str;
use ftd::value::{bool_flag, exec_result, instrument_version, match_condition, match_session, order_type};

/// A command of a member, and when it was recorded.
struct Sent<'a> {
    body: BodyView<'a>,
    user: UserIndex,
    time: Nanoseconds,
}

impl View<'_> {
    /// What a member sent with an order's, a quote's or an instruction's key.
    fn sent(&self, key: OrderKey) -> Sent<'_> {
        let frame = self.fold.log.frame_of(key.sequence()).expect("the fold's keys are frames of the log");
        let command = frame.command();
        Sent { body: command.body, user: command.header.user, time: frame.stamp().time }
    }

    fn user_id(&self, user: UserIndex) -> Str<15> {
        self.fold.state.user(user).map_or(Str::BLANK, |user| head(&user.definition.id))
    }

    /// ParticipantId and ClientId of an account.
    fn owner(&self, account: AccountIndex) -> (Str<8>, Str<8>) {
        let account = &self.fold.state.account(account).expect("who trades is defined").definition;
        (self.participant_id(account.participant), Str::from(account.client_id))
    }

    /// ParticipantId of who clears an account's participant.
    fn clearing_id(&self, account: AccountIndex) -> Str<8> {
        let state = &self.fold.state;
        let participant = state.account(account).map(|account| account.definition.participant);
        let purse = participant.and_then(|participant| state.purse(participant));
        purse.map_or(Str::BLANK, |purse| self.participant_id(purse.clearing))
    }

    pub(crate) fn order(&self, asked: &ReqQryOrderField, place: u32, paper: &mut Paper) {
        let order = &self.fold.day.orders[place as usize];
        let instrument = self.instrument_of(order.instrument);
        let holding = &self.fold.day.holdings[order.holding as usize];
        let (participant_id, client_id) = self.owner(holding.account);
        let user_id = self.user_id(order.user);
        let is_asked = is(&asked.instrument_id, &instrument.id)
            && is(&asked.user_id, user_id.bytes())
            && is(&asked.client_id, client_id.bytes())
            && is(&asked.order_sys_id, &order.sys_id);
        if !is_asked {
            return;
        }
        let sent = self.sent(order.key);
        let mut field = OrderStatusField::BLANK;
        (field.trade_date, field.action_date) = self.dates();
        field.order_sys_id = Str::from(order.sys_id);
        (field.user_id, field.participant_id, field.client_id) = (user_id, participant_id, client_id);
        field.instrument_id = head(&instrument.id);
        field.direction.set(order.direction as u8);
        field.offset_flag.set(order.offset);
        field.hedge_flag.set(holding.hedge);
        match sent.body {
            BodyView::OrderInsert(insert) => as_inserted(&mut field, insert),
            BodyView::QuoteInsert(quote) => as_quoted(&mut field, quote, order.direction),
            _ => return, // no other command accepts an order
        }
        if let Some(price) = order.rests_at {
            set_price(&mut field.limit_price, price, instrument);
        }
        field.volume_total.set_unsigned(order.remaining.0);
        field.auto_suspend.set(bool_flag::FALSE);
        field.order_status.set(order.status);
        field.insert_time.set_at(ChinaTime::from_unix_ns(sent.time.0));
        set_time(&mut field.update_time, order.updated);
        field.active_user_id = self.user_id(order.active_user);
        if order.traded.0 > 0 {
            set_price(&mut field.trade_price, order.last_price, instrument);
        }
        field.trade_volume.set_unsigned(order.traded.0);
        paper.push(&field);
    }

    pub(crate) fn trade(&self, asked: &ReqQryTradeField, (place, side): (u32, Direction), paper: &mut Paper) {
        let trade: &TradeRow = &self.fold.day.trades[place as usize];
        let order: &OrderRow = &self.fold.day.orders[trade.orders[side.side()] as usize];
        let instrument = self.instrument_of(order.instrument);
        let holding = &self.fold.day.holdings[order.holding as usize];
        let (participant_id, client_id) = self.owner(holding.account);
        let user_id = self.user_id(order.user);
        let mut match_time = ftd::time::Time::BLANK;
        set_time(&mut match_time, trade.time);
        let at = match_time.get();
        let is_asked = is(&asked.instrument_id, &instrument.id)
            && is(&asked.user_id, user_id.bytes())
            && is(&asked.client_id, client_id.bytes())
            && is(&asked.order_sys_id, &order.sys_id)
            && asked.start_time.get().is_none_or(|from| at >= Some(from))
            && asked.through_time.get().is_none_or(|to| at <= Some(to));
        if !is_asked {
            return;
        }
        let sent = self.sent(order.key);
        let mut field = TradeInsertSingleField::BLANK;
        field.instrument_id = head(&instrument.id);
        field.instrument_version.set(instrument_version::DEFAULT);
        field.cancel_flag.set(bool_flag::FALSE);
        field.trade_id = Str::from(trade.trade_id);
        (field.clear_date, field.match_date) = self.dates();
        field.match_time = match_time;
        set_price(&mut field.price, trade.price, instrument);
        field.volume.set_unsigned(trade.volume.0);
        field.order_sys_id = Str::from(order.sys_id);
        (field.user_id, field.participant_id, field.client_id) = (user_id, participant_id, client_id);
        field.direction.set(order.direction as u8);
        field.offset_flag.set(order.offset);
        field.hedge_flag.set(holding.hedge);
        field.order_local_id = match sent.body {
            BodyView::OrderInsert(insert) => Str::from(insert.local_id),
            BodyView::QuoteInsert(quote) => Str::from(quote.local_id),
            _ => Str::BLANK,
        };
        paper.push(&field);
    }

    pub(crate) fn quote(&self, asked: &QryQuoteField, place: u32, paper: &mut Paper) {
        let row = &self.fold.day.quotes[place as usize];
        let sent = self.sent(row.key);
        let BodyView::QuoteInsert(quote) = sent.body else { return };
        let instrument = self.instrument_of(quote.instrument);
        let (participant_id, client_id) = self.owner(quote.account);
        let user_id = self.user_id(sent.user);
        let is_asked = is(&asked.quote_sys_id, &row.sys_id)
            && is(&asked.client_id, client_id.bytes())
            && is(&asked.instrument_id, &instrument.id)
            && is(&asked.user_id, user_id.bytes());
        if !is_asked {
            return;
        }
        let mut field = QuoteField::BLANK;
        (field.trade_date, field.action_date) = self.dates();
        field.quote_sys_id = Str::from(row.sys_id);
        (field.user_id, field.participant_id, field.client_id) = (user_id, participant_id, client_id);
        field.instrument_id = head(&instrument.id);
        field.quote_local_id = Str::from(quote.local_id);
        field.bid_comb_offset_flag.set(quote.offset[0]);
        field.bid_comb_hedge_flag.set(quote.hedge[0]);
        field.bid_volume.set_unsigned(quote.volume[0].0);
        set_units(&mut field.bid_price, quote.price[0].0);
        field.ask_comb_offset_flag.set(quote.offset[1]);
        field.ask_comb_hedge_flag.set(quote.hedge[1]);
        field.ask_volume.set_unsigned(quote.volume[1].0);
        set_units(&mut field.ask_price, quote.price[1].0);
        field.message_reference = Str::from(quote.message_reference);
        field.insert_time.set_at(ChinaTime::from_unix_ns(sent.time.0));
        if let Some(time) = row.ended {
            set_time(&mut field.cancel_time, time);
        }
        field.bid_order_sys_id = Str::from(row.bid_sys_id);
        field.ask_order_sys_id = Str::from(row.ask_sys_id);
        field.clearing_part_id = self.clearing_id(quote.account);
        paper.push(&field);
    }

    pub(crate) fn exec_order(&self, asked: &QryExecOrderField, place: u32, paper: &mut Paper) {
        let row = &self.fold.day.execs[place as usize];
        let sent = self.sent(row.key);
        let BodyView::ExecOrderInsert(order) = sent.body else { return };
        let order: &ExecOrderInsert = order;
        let instrument = self.instrument_of(order.instrument);
        let (participant_id, client_id) = self.owner(order.account);
        let user_id = self.user_id(sent.user);
        let is_asked = is(&asked.exec_order_sys_id, &row.sys_id)
            && is(&asked.instrument_id, &instrument.id)
            && is(&asked.client_id, client_id.bytes())
            && is(&asked.user_id, user_id.bytes());
        if !is_asked {
            return;
        }
        let mut field = ExecOrderField::BLANK;
        (field.trading_day, field.action_day) = self.dates();
        set_lots(&mut field.settlement_id, 1);
        field.instrument_id = head(&instrument.id);
        (field.user_id, field.participant_id, field.client_id) = (user_id, participant_id, client_id);
        field.exec_order_local_id = Str::from(order.local_id);
        field.volume.set_unsigned(order.volume.0);
        field.message_reference = Str::from(order.message_reference);
        field.exec_order_sys_id = Str::from(row.sys_id);
        field.insert_date = field.action_day;
        field.insert_time.set_at(ChinaTime::from_unix_ns(sent.time.0));
        field.exec_result.set(exec_result::NOT_EXECUTED);
        if let Some(time) = row.ended {
            set_time(&mut field.cancel_time, time);
            field.exec_result.set(exec_result::CANCELLED);
        }
        field.clearing_part_id = self.clearing_id(order.account);
        paper.push(&field);
    }
}

fn as_inserted(field: &mut OrderStatusField, insert: &OrderInsert) {
    field.order_local_id = Str::from(insert.local_id);
    set_units(&mut field.limit_price, insert.price.0);
    field.volume_total_orginal.set_unsigned(insert.volume.0);
    field.order_type.set(insert.order_type);
    field.match_condition.set(insert.match_condition);
    field.match_session.set(insert.match_session);
    field.minimal_volume.set_unsigned(insert.minimal_volume.0);
    field.message_reference = Str::from(insert.message_reference);
}

/// A side of a quote is a limit order for the day.
fn as_quoted(field: &mut OrderStatusField, quote: &QuoteInsert, direction: Direction) {
    let side = direction.side();
    field.order_local_id = Str::from(quote.local_id);
    set_units(&mut field.limit_price, quote.price[side].0);
    field.volume_total_orginal.set_unsigned(quote.volume[side].0);
    field.order_type.set(order_type::LIMIT);
    field.match_condition.set(match_condition::GOOD_FOR_DAY);
    field.match_session.set(match_session::OPENING_AUCTION_AND_CONTINUOUS);
    field.message_reference = Str::from(quote.message_reference);
}
