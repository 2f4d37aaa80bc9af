//! What members are told, as FTD bytes: one function for each message of `dataplane/STREAMS.md`. Market data stand in
//! `market_messages`, quotes, enquiries and instructions in `quote_messages`.
//!
//! Everything is built anew from the state when it happens, item after item; nothing is kept as a template.

use crate::command::{Bulletin, DayOpen, OrderCancel, OrderInsert};
use crate::event::{EndReason, SystemId, Trade};
use crate::number::{Account, Instrument, Nanoseconds, Participant, Ticks, User};
use crate::state::{Order, State};
use ftd::field::{
    BulletinField, ErrorField, ErrorTargetOrderField, ErrorTargetSequenceField, InstrumentField, InstrumentStatusField,
    MarketStatusField, OrderActionField, OrderActionTargetField, OrderInsertField, OrderStatusField, ReadinessField,
    RspUserPasswordUpdateField, TradeInsertSingleField,
};
use ftd::types::Str;
use ftd::{ChinaTime, Field, MessageWriter, SequenceNumber, Series, Tid, tid};

/// InstrumentVersion is always '0'.
pub(crate) const VERSION: u8 = b'0';
/// The largest message that is not chained: header, and 4,096 bytes of content.
pub(crate) const MESSAGE: usize = 4 + 4_096;

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

pub(crate) fn price(item: &mut ftd::number::Float<12, 4>, units: i64) {
    item.set_units(units.clamp(*PRICES.start(), *PRICES.end())).expect("the price was brought into the item's range");
}

impl State {
    pub(crate) fn opened_day(&self) -> DayOpen {
        self.day.expect("messages are told of an open day")
    }

    pub(crate) fn participant_id(&self, participant: Participant) -> Str<8> {
        Str::from(self.members[&participant].define.id)
    }

    pub(crate) fn user_id(&self, user: User) -> Str<15> {
        text(&self.traders[&user].define.id)
    }

    pub(crate) fn client_id(&self, account: Account) -> Str<8> {
        Str::from(self.clients[&account].define.client_id)
    }

    pub(crate) fn instrument_id(&self, instrument: Instrument) -> Str<30> {
        text(&self.markets[&instrument].define.id)
    }

    fn units(&self, order: &Order, price: Ticks) -> i64 {
        self.markets[&order.insert.instrument].units(price)
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
        let day = self.opened_day();
        message(tid::ORDER_CONFIRMATION, number, |writer| {
            let out: &mut OrderStatusField = field(writer);
            out.trade_date.set(day.trading_day).expect("a day is eight digits");
            out.action_date.set(day.action_day).expect("a day is eight digits");
            out.order_sys_id = Str::from(order.sys_id);
            out.order_local_id = Str::from(order.insert.local_id);
            out.user_id = self.user_id(order.user);
            out.participant_id = self.participant_id(order.participant);
            out.client_id = self.client_id(order.insert.account);
            out.instrument_id = self.instrument_id(order.insert.instrument);
            out.direction.set(order.insert.direction);
            out.offset_flag.set(order.insert.offset);
            out.hedge_flag.set(order.insert.hedge);
            price(&mut out.stop_price, 0);
            price(&mut out.limit_price, order.limit_price);
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
            EndReason::Cancelled | EndReason::Replaced => (b'5', by),
            EndReason::MassCancelled | EndReason::DayEnd | EndReason::Disconnected => (b'5', None),
        };
        self.confirmation(number, order, status, released, active)
    }

    /// TradeInsertSingle, for the side of `order`.
    pub fn trade_notice(&self, number: Number, order: &Order, trade: &Trade) -> Vec<u8> {
        let day = self.opened_day();
        message(tid::TRADE_INSERT_SINGLE, number, |writer| {
            let out: &mut TradeInsertSingleField = field(writer);
            out.instrument_id = self.instrument_id(order.insert.instrument);
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
            out.client_id = self.client_id(order.insert.account);
            out.order_local_id = Str::from(order.insert.local_id);
        })
    }

    /// RspOrderInsert: the request with what the exchange adds.
    pub fn insert_answer(&self, request: u32, order: &Order) -> Vec<u8> {
        let day = self.opened_day();
        let insert: &OrderInsert = &order.insert;
        message(tid::ORDER_INSERT, Number { series: 0, number: request }, |writer| {
            let out: &mut OrderInsertField = field(writer);
            out.trade_date.set(day.trading_day).expect("a day is eight digits");
            out.action_date.set(day.action_day).expect("a day is eight digits");
            out.order_sys_id = Str::from(order.sys_id);
            out.order_local_id = Str::from(insert.local_id);
            out.user_id = self.user_id(order.user);
            out.participant_id = self.participant_id(order.participant);
            out.client_id = self.client_id(insert.account);
            out.instrument_id = self.instrument_id(insert.instrument);
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
            out.instrument_id = self.instrument_id(order.insert.instrument);
            out.instrument_version.set(VERSION);
            out.user_id = self.user_id(user);
            out.message_reference = Str::from(cancel.message_reference);
            if cancel.target_field == 1 {
                let target: &mut OrderActionTargetField = field(writer);
                target.order_local_id = Str::from(order.insert.local_id);
                target.participant_id = self.participant_id(order.participant);
                target.client_id = self.client_id(order.insert.account);
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
    pub fn status_notice(&self, number: u32, instrument: Instrument, phase: u8) -> Vec<u8> {
        message(tid::INSTRUMENT_STATUS_CHANGE_NOTIFY, Number { series: 1, number }, |writer| {
            let out: &mut InstrumentStatusField = field(writer);
            out.instrument_id = self.instrument_id(instrument);
            out.instrument_status.set(phase);
        })
    }

    /// MarketStatusChangeNotify.
    pub fn market_notice(number: u32, status: u8) -> Vec<u8> {
        message(tid::MARKET_STATUS_CHANGE_NOTIFY, Number { series: 1, number }, |writer| {
            let out: &mut MarketStatusField = field(writer);
            out.market_id = text(b"1         ");
            out.market_status_id.set(status);
            out.broadcast_sequence_no.set_unsigned(number);
        })
    }

    /// InstrumentChangeNotify.
    pub fn terms_notice(&self, number: u32, instrument: Instrument) -> Vec<u8> {
        let market = &self.markets[&instrument];
        let define = &market.define;
        message(tid::INSTRUMENT_CHANGE_NOTIFY, Number { series: 1, number }, |writer| {
            let out: &mut InstrumentField = field(writer);
            out.market_id = text(b"1         ");
            out.instrument_id = text(&define.id);
            out.instrument_version.set(VERSION);
            out.instrument_type.set(b'0');
            if define.last_trading_day != 0 {
                // No date stays blank.
                let _ = out.end_trd_date.set(define.last_trading_day);
            }
            out.instr_stop_code.set(b'0');
            out.currency = text(b"CNY");
            out.trade_rights.set(market.right);
            out.fuse_rights.set(b'0');
            out.unit.set_unsigned(define.multiplier);
            price(&mut out.tick, define.tick.into());
            // Signed items of four bytes.
            out.max_lot.set_unsigned(define.maximum_volume.min(0x7FFF_FFFF));
            out.min_lot.set_unsigned(define.minimum_volume.min(0x7FFF_FFFF));
            out.pubstyle.set(b'1');
            out.fuse_flag.set(b'0');
            price(&mut out.strike_price, define.strike);
            out.options_type.set(define.option_type);
            let id = &self.products[&define.product].define.id;
            let long = id.iter().rposition(|byte| !matches!(byte, b' ' | 0)).map_or(0, |last| last + 1);
            out.underlying_instr_id.set(&id[..long]).expect("eight bytes fit into thirty");
            out.underlying_multiple.set_unsigned(1);
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
}

/// Error: `code` and `text` of a refusal; `target` of whatever has a local id: the system's id and the local one.
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
