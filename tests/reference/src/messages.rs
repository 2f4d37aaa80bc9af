//! What members are told, as FTD bytes: one function for each message of `dataplane/STREAMS.md`.
//!
//! Everything is built anew from the state when it happens, item after item; nothing is kept as a template.

use crate::command::{Bulletin, DayOpen, OrderCancel, OrderInsert};
use crate::event::{EndReason, MarketData, SystemId, Trade};
use crate::number::{Nanoseconds, Participant, Ticks, User};
use crate::state::{Order, State};
use ftd::field::{
    BulletinField, ErrorField, ErrorTargetOrderField, ErrorTargetSequenceField, InstrumentStatusField,
    MarketMatchDataChgField, OrderActionField, OrderActionTargetField, OrderInsertField, OrderStatusField,
    ReadinessField, RspUserPasswordUpdateField, TradeInsertSingleField, TurnoverField,
};
use ftd::types::Str;
use ftd::{ChainWriter, ChinaTime, Field, MessageWriter, SequenceNumber, Series, Tid, tid};

/// InstrumentVersion is always '0'.
const VERSION: u8 = b'0';
/// The largest message that is not chained: header, and 4,096 bytes of content.
const MESSAGE: usize = 4 + 4_096;
/// Bytes that one instrument takes in a chain, headers of parts included, generously.
const CHAIN_SHARE: usize = 256;

/// Where a message goes and which it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// The stream's series.
    pub series: u16,
    /// The message's number.
    pub number: u32,
}

/// Writes one message: `fill` puts its fields.
pub fn message(tid: Tid, number: Number, fill: impl FnOnce(&mut MessageWriter<'_>)) -> Vec<u8> {
    let mut bytes = [0; MESSAGE];
    let (series, number) = (Series(number.series), SequenceNumber(number.number));
    let mut writer = MessageWriter::new(&mut bytes, tid, series, number).expect("there is room for the headers");
    fill(&mut writer);
    let length = writer.finish();
    bytes[..length].to_vec()
}

/// Puts a field into a message.
pub fn field<'w, F: Field>(writer: &'w mut MessageWriter<'_>) -> &'w mut F {
    writer.push().expect("no message of ours has more than 4,096 bytes")
}

/// A text of the log in an item of the same or a shorter width: the bytes as they are.
pub fn text<const N: usize>(bytes: &[u8]) -> Str<N> {
    Str::from(<[u8; N]>::try_from(&bytes[..N]).expect("the log's texts are at least as wide as their items"))
}

/// Prices that 12 bytes with four decimals can hold; what is beyond is written as the nearest.
const PRICES: std::ops::RangeInclusive<i64> = -9_999_999_999..=99_999_999_999;

fn price(item: &mut ftd::number::Float<12, 4>, units: i64) {
    item.set_units(units.clamp(*PRICES.start(), *PRICES.end())).expect("the price was brought into the item's range");
}

fn saturated(value: u64) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

impl State {
    fn opened(&self) -> DayOpen {
        self.day.expect("messages are told of an open day")
    }

    fn participant_id(&self, participant: Participant) -> Str<8> {
        Str::from(self.members[&participant].define.id)
    }

    fn user_id(&self, user: User) -> Str<15> {
        text(&self.traders[&user].define.id)
    }

    fn units(&self, order: &Order, price: Ticks) -> i64 {
        i64::from(price.0) * i64::from(self.markets[&order.insert.instrument].define.tick)
    }

    /// The number of a message in a participant's private stream.
    pub fn private(&self, participant: Participant, number: u32) -> Number {
        Number { series: self.members[&participant].define.series, number }
    }

    /// OrderConfirmation. `status`, `volume_total`, `active`: STREAMS.md's table.
    pub fn confirmation(
        &self,
        number: Number,
        order: &Order,
        status: u8,
        volume_total: u32,
        active: Option<User>,
    ) -> Vec<u8> {
        let day = self.opened();
        message(tid::ORDER_CONFIRMATION, number, |writer| {
            let out: &mut OrderStatusField = field(writer);
            out.trade_date.set(day.trading_day).expect("a day is eight digits");
            out.action_date.set(day.action_day).expect("a day is eight digits");
            out.order_sys_id = Str::from(order.sys_id);
            out.order_local_id = Str::from(order.insert.local_id);
            out.user_id = self.user_id(order.user);
            out.participant_id = self.participant_id(order.participant);
            out.client_id = Str::from(self.clients[&order.insert.account].define.client_id);
            out.instrument_id = text(&self.markets[&order.insert.instrument].define.id);
            out.direction.set(order.insert.direction);
            out.offset_flag.set(order.insert.offset);
            out.hedge_flag.set(order.insert.hedge);
            price(&mut out.stop_price, 0);
            price(&mut out.limit_price, order.insert.price);
            out.volume_total_orginal.set_unsigned(order.insert.volume);
            out.order_type.set(order.insert.order_type);
            out.volume_total.set_unsigned(volume_total);
            out.match_condition.set(order.insert.match_condition);
            out.match_session.set(order.insert.match_session);
            out.minimal_volume.set_unsigned(order.insert.minimal_volume);
            out.auto_suspend.set(b'0');
            out.order_status.set(status);
            out.insert_time.set_at(ChinaTime::from_unix_ns(order.accepted_at.0));
            out.update_time.set_at(ChinaTime::from_unix_ns(self.time.0));
            if let Some(user) = active {
                out.active_user_id = self.user_id(user);
            }
            price(&mut out.margin, 0);
            price(&mut out.trade_price, self.units(order, order.last_price));
            out.trade_volume.set_unsigned(order.traded);
            out.message_reference = Str::from(order.insert.message_reference);
        })
    }

    /// The confirmation of an order that ended with `released` left.
    pub fn end_confirmation(
        &self,
        number: Number,
        order: &Order,
        reason: EndReason,
        released: u32,
        by: Option<User>,
    ) -> Vec<u8> {
        let (status, active) = match reason {
            EndReason::AllTraded => (b'0', Some(order.user)),
            EndReason::ImmediateRemainder if order.traded > 0 => (b'2', Some(order.user)),
            EndReason::ImmediateRemainder => (b'4', Some(order.user)),
            EndReason::Cancelled => (b'5', by),
            EndReason::MassCancelled | EndReason::DayEnd => (b'5', None),
        };
        self.confirmation(number, order, status, released, active)
    }

    /// TradeInsertSingle, for the side of `order`.
    pub fn trade_notice(&self, number: Number, order: &Order, trade: &Trade) -> Vec<u8> {
        let day = self.opened();
        message(tid::TRADE_INSERT_SINGLE, number, |writer| {
            let out: &mut TradeInsertSingleField = field(writer);
            out.instrument_id = text(&self.markets[&order.insert.instrument].define.id);
            out.instrument_version.set(VERSION);
            out.cancel_flag.set(b'0');
            out.trade_id = Str::from(trade.trade_id);
            out.match_date.set(day.action_day).expect("a day is eight digits");
            out.match_time.set_at(ChinaTime::from_unix_ns(self.time.0));
            out.clear_date.set(day.trading_day).expect("a day is eight digits");
            price(&mut out.price, self.units(order, trade.price));
            out.volume.set_unsigned(trade.volume);
            out.order_sys_id = Str::from(order.sys_id);
            out.user_id = self.user_id(order.user);
            out.direction.set(order.insert.direction);
            out.offset_flag.set(order.insert.offset);
            out.hedge_flag.set(order.insert.hedge);
            out.participant_id = self.participant_id(order.participant);
            out.client_id = Str::from(self.clients[&order.insert.account].define.client_id);
            out.order_local_id = Str::from(order.insert.local_id);
        })
    }

    /// RspOrderInsert: the request with what the exchange adds.
    pub fn insert_answer(&self, request: u32, order: &Order) -> Vec<u8> {
        let day = self.opened();
        let insert: &OrderInsert = &order.insert;
        message(tid::ORDER_INSERT, Number { series: 0, number: request }, |writer| {
            let out: &mut OrderInsertField = field(writer);
            out.trade_date.set(day.trading_day).expect("a day is eight digits");
            out.action_date.set(day.action_day).expect("a day is eight digits");
            out.order_sys_id = Str::from(order.sys_id);
            out.order_local_id = Str::from(insert.local_id);
            out.user_id = self.user_id(order.user);
            out.participant_id = self.participant_id(order.participant);
            out.client_id = Str::from(self.clients[&insert.account].define.client_id);
            out.instrument_id = text(&self.markets[&insert.instrument].define.id);
            out.direction.set(insert.direction);
            out.offset_flag.set(insert.offset);
            out.hedge_flag.set(insert.hedge);
            price(&mut out.stop_price, 0);
            price(&mut out.limit_price, insert.price);
            out.volume_total_orginal.set_unsigned(insert.volume);
            out.order_type.set(insert.order_type);
            out.match_condition.set(insert.match_condition);
            out.match_session.set(insert.match_session);
            out.minimal_volume.set_unsigned(insert.minimal_volume);
            out.auto_suspend.set(b'0');
            out.insert_time.set_at(ChinaTime::from_unix_ns(self.time.0));
            out.message_reference = Str::from(insert.message_reference);
        })
    }

    /// RspOrderAction to who cancelled `order`.
    pub fn cancel_answer(&self, request: u32, user: User, cancel: &OrderCancel, order: &Order) -> Vec<u8> {
        message(tid::ORDER_ACTION, Number { series: 0, number: request }, |writer| {
            let out: &mut OrderActionField = field(writer);
            out.order_action_code.set(b'0');
            out.order_sys_id = Str::from(order.sys_id);
            out.action_local_id = Str::from(cancel.action_local_id);
            out.instrument_id = text(&self.markets[&order.insert.instrument].define.id);
            out.instrument_version.set(VERSION);
            out.user_id = self.user_id(user);
            out.message_reference = Str::from(cancel.message_reference);
            if cancel.target_field == 1 {
                let target: &mut OrderActionTargetField = field(writer);
                target.order_local_id = Str::from(order.insert.local_id);
                target.participant_id = self.participant_id(order.participant);
                target.client_id = Str::from(self.clients[&order.insert.account].define.client_id);
            }
        })
    }

    /// RspReadiness: the request's field.
    pub fn readiness_answer(&self, request: u32, user: User, readiness: u8, content: &[u8; 500]) -> Vec<u8> {
        message(tid::READINESS, Number { series: 0, number: request }, |writer| {
            let out: &mut ReadinessField = field(writer);
            if let Some(trader) = self.traders.get(&user) {
                out.participant_id = self.participant_id(trader.define.participant);
                out.user_id = self.user_id(user);
            }
            out.readiness.set(readiness);
            out.content = Str::from(*content);
        })
    }

    /// RspUserPasswordUpdate: no secret goes back.
    pub fn password_answer(&self, request: u32, user: User) -> Vec<u8> {
        message(tid::USER_PASSWORD_UPDATE, Number { series: 0, number: request }, |writer| {
            let out: &mut RspUserPasswordUpdateField = field(writer);
            out.participant_id = self.participant_id(self.traders[&user].define.participant);
            out.user_id = self.user_id(user);
        })
    }

    /// InstrumentStatusChangeNotify.
    pub fn status_notice(&self, number: u32, instrument: crate::number::Instrument, phase: u8) -> Vec<u8> {
        message(tid::INSTRUMENT_STATUS_CHANGE_NOTIFY, Number { series: 1, number }, |writer| {
            let out: &mut InstrumentStatusField = field(writer);
            out.instrument_id = text(&self.markets[&instrument].define.id);
            out.instrument_status.set(phase);
        })
    }

    /// MarketBulletin (series 1) or ParticipantBulletin.
    pub fn bulletin(&self, number: Number, bulletin: &Bulletin) -> Vec<u8> {
        let tid = if number.series == 1 { tid::MARKET_BULLETIN } else { tid::PARTICIPANT_BULLETIN };
        message(tid, number, |writer| {
            let out: &mut BulletinField = field(writer);
            out.news_type = Str::from(bulletin.news_type);
            out.news_urgency.set(bulletin.urgency);
            out.send_time.set_at(ChinaTime::from_unix_ns(self.time.0));
            out.abstract_ = Str::from(bulletin.summary);
            out.content = text(&bulletin.content);
        })
    }

    /// MarketMatchData: prices and volumes of each instrument, then the turnover of each; a chain if it is long.
    pub fn market_data(&self, number: u32, data: &[MarketData]) -> Vec<u8> {
        let mut bytes = vec![0; MESSAGE + CHAIN_SHARE * data.len()];
        let mut writer = ChainWriter::new(&mut bytes, tid::MARKET_MATCH_DATA, Series(1), SequenceNumber(number))
            .expect("there is room");
        for one in data {
            let define = &self.markets[&one.instrument].define;
            let units = |price: Ticks| i64::from(price.0) * i64::from(define.tick);
            let out: &mut MarketMatchDataChgField = writer.push().expect("the buffer was made for all");
            out.instrument_id = text(&define.id);
            out.instrument_version.set(VERSION);
            price(&mut out.open_price, units(one.open));
            price(&mut out.high_price, units(one.high));
            price(&mut out.low_price, units(one.low));
            price(&mut out.last_price, units(one.last));
            price(&mut out.bid_price, units(one.bid));
            price(&mut out.ask_price, units(one.ask));
            out.bid_lot.set(saturated(u64::from(one.bid_volume)));
            out.ask_lot.set(saturated(u64::from(one.ask_volume)));
            out.volume.set(saturated(one.volume));
            out.open_interest.set(saturated(one.open_interest));
        }
        for one in data {
            let out: &mut TurnoverField = writer.push().expect("the buffer was made for all");
            out.instrument_id = text(&self.markets[&one.instrument].define.id);
            // 18 bytes with two decimals: 15 digits before the point, 14 behind a minus.
            let cents = (one.turnover / 100).clamp(-9_999_999_999_999_999, 99_999_999_999_999_999);
            let cents = i64::try_from(cents).expect("clamped to 17 digits");
            out.turnover.set_scaled::<2>(cents).expect("clamped to the width");
        }
        let length = writer.finish();
        bytes.truncate(length);
        bytes.shrink_to_fit();
        bytes
    }
}

/// Error: `code` and `text` of a refusal; `target` of an order or a cancel: OrderSysId and OrderLocalId.
pub fn error(
    request: u32,
    code: u16,
    error_text: &str,
    time: Nanoseconds,
    target: Option<(SystemId, [u8; 24])>,
) -> Vec<u8> {
    message(tid::ERROR, Number { series: 0, number: request }, |writer| {
        let out: &mut ErrorField = field(writer);
        out.error_code.set_decimal(u64::from(code)).expect("five digits fit into ten");
        out.error_text.set(error_text.as_bytes()).expect("our texts have at most 100 bytes");
        out.time_stamp.set_at(ChinaTime::from_unix_ns(time.0));
        let out: &mut ErrorTargetSequenceField = field(writer);
        out.sequence_series.set(0);
        out.sequence_no.set_unsigned(request);
        if let Some((sys_id, local_id)) = target {
            let out: &mut ErrorTargetOrderField = field(writer);
            out.order_sys_id = Str::from(sys_id);
            out.order_local_id = Str::from(local_id);
        }
    })
}
