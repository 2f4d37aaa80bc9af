//! Messages written out byte for byte from the standard's tables, none of our code between: what is written must be these
//! bytes, and these bytes must read as these values.

use ftd::field::{
    DisseminationstartField, OrderInsertField, OrderStatusField, ReqUserLoginField, TradeInsertSingleField,
};
use ftd::package::{OrderConfirmation, ReqOrderInsert, ReqUserLogin, TradeInsertSingle};
use ftd::value::{
    bool_flag, data_flow_flag, direction, hedge_flag, instrument_version, match_condition, match_session, offset_flag,
    order_status, order_type,
};
use ftd::{Chain, ChinaTime, Message, MessageWriter, Next, SequenceNumber, Series, Tid, next_message, tid};

/// 2024-06-12 13:00:15.450 UTC, day 19,886 since 1970: 21:00:15.45 in China.
const MOMENT_UNIX_NS: u64 = (19_886 * 86_400 + 13 * 3_600 + 15) * 1_000_000_000 + 450_000_000;

#[test]
fn a_login_request_is_these_bytes() {
    let mut buffer = [0; LOGIN.len()];
    let mut writer = begin(&mut buffer, tid::USER_LOGIN, Series::DIALOG, SequenceNumber::NONE);
    let login: &mut ReqUserLoginField = writer.push().expect("room");
    login.data_flow_flag.set(data_flow_flag::PRIVATE);
    login.participant_id.set(b"0001").expect("it fits");
    login.user_id.set(b"000101").expect("it fits");
    login.password.set(b"secret").expect("it fits");
    login.connection_reference.set(b"A1").expect("it fits");
    login.server_app_name.set(b"quant client 3").expect("it fits");
    login.protocol_version.set(b"2").expect("it fits");
    login.time_out.set(30).expect("it fits");
    login.ip_addr.set(b"10.0.0.7").expect("it fits");
    let start: &mut DisseminationstartField = writer.push().expect("room");
    start.sequence_series.set(2);
    start.sequence_no.set_unsigned(16_909_060);
    assert_eq!(writer.finish(), LOGIN.len());
    assert_same(&buffer, &LOGIN);

    let message = only(&LOGIN);
    assert_eq!((message.tid(), message.field_count()), (ReqUserLogin::TID, 2));
    let login = ReqUserLogin::parse(&message).expect("a login");
    assert_eq!(login.req_user_login.data_flow_flag.get(), data_flow_flag::PRIVATE);
    assert_eq!(login.req_user_login.participant_id.trimmed(), b"0001");
    assert_eq!(login.req_user_login.user_id.trimmed(), b"000101");
    assert_eq!(login.req_user_login.password.trimmed(), b"secret");
    assert_eq!(login.req_user_login.time_out.get(), Ok(30));
    assert_eq!(login.req_user_login.ip_addr.trimmed(), b"10.0.0.7");
    let start = login.disseminationstart.expect("it was written");
    assert_eq!((start.sequence_series.get(), start.sequence_no.unsigned()), (2, 16_909_060));
    assert!(login.login_proof.is_none() && login.stream_epoch.is_none());
}

#[test]
fn an_order_insert_is_these_bytes() {
    let mut buffer = [0; ORDER_INSERT.len()];
    let mut writer = begin(&mut buffer, tid::ORDER_INSERT, Series::DIALOG, SequenceNumber(1));
    let order: &mut OrderInsertField = writer.push().expect("room");
    order.order_local_id.set_zero_filled(7, 12).expect("it fits");
    order.user_id.set(b"000101").expect("it fits");
    order.participant_id.set(b"0001").expect("it fits");
    order.client_id.set(b"00000001").expect("it fits");
    order.instrument_id.set(b"IF2406").expect("it fits");
    order.direction.set(direction::BUY);
    order.offset_flag.set(offset_flag::OPEN);
    order.hedge_flag.set(hedge_flag::SPECULATION);
    order.limit_price.set_units(35_002_000).expect("it fits");
    order.volume_total_orginal.set(3);
    order.order_type.set(order_type::LIMIT);
    order.match_condition.set(match_condition::GOOD_FOR_DAY);
    order.message_reference.set(b"ref001").expect("it fits");
    assert_eq!(writer.finish(), ORDER_INSERT.len());
    assert_same(&buffer, &ORDER_INSERT);

    let message = only(&ORDER_INSERT);
    assert_eq!(
        (message.series(), message.number(), message.chain()),
        (Series::DIALOG, SequenceNumber(1), Chain::Single)
    );
    let order = ReqOrderInsert::parse(&message).expect("an order").order_insert;
    assert!(order.trade_date.is_blank() && order.order_sys_id.is_blank() && order.insert_time.is_blank());
    assert_eq!((order.order_local_id.trimmed(), order.order_local_id.decimal()), (b"000000000007".as_slice(), Some(7)));
    assert_eq!(order.instrument_id.trimmed(), b"IF2406");
    assert_eq!((order.direction.get(), order.offset_flag.get(), order.hedge_flag.get()), (b'0', b'0', b'1'));
    assert_eq!((order.stop_price.units(), order.limit_price.units()), (Ok(0), Ok(35_002_000)));
    assert_eq!((order.volume_total_orginal.get(), order.minimal_volume.get()), (3, 0));
    assert!(order.match_session.is_blank() && order.auto_suspend.is_blank());
    assert_eq!(order.message_reference.trimmed(), b"ref001");
}

#[test]
fn an_order_confirmation_is_these_bytes() {
    let moment = ChinaTime::from_unix_ns(MOMENT_UNIX_NS);
    let mut buffer = [0; ORDER_CONFIRMATION.len()];
    let mut writer = begin(&mut buffer, tid::ORDER_CONFIRMATION, Series(2), SequenceNumber(300));
    let order: &mut OrderStatusField = writer.push().expect("room");
    order.trade_date.set(20_240_613).expect("it fits");
    order.action_date.set_at(moment);
    order.order_sys_id.set_zero_filled(42, 20).expect("it fits");
    order.order_local_id.set_zero_filled(7, 12).expect("it fits");
    order.user_id.set(b"000101").expect("it fits");
    order.participant_id.set(b"0001").expect("it fits");
    order.client_id.set(b"00000001").expect("it fits");
    order.instrument_id.set(b"au2408").expect("it fits");
    order.direction.set(direction::SELL);
    order.offset_flag.set(offset_flag::CLOSE_TODAY);
    order.hedge_flag.set(hedge_flag::HEDGE);
    order.limit_price.set_units(5_524_600).expect("it fits");
    order.volume_total_orginal.set(3);
    order.order_type.set(order_type::LIMIT);
    order.volume_total.set(1);
    order.match_condition.set(match_condition::GOOD_FOR_DAY);
    order.match_session.set(match_session::CONTINUOUS);
    order.auto_suspend.set(bool_flag::FALSE);
    order.order_status.set(order_status::PART_TRADED_QUEUEING);
    order.insert_time.set_at(moment);
    order.update_time.set_at(moment);
    order.active_user_id.set(b"000101").expect("it fits");
    order.margin.set_units(123_456_700).expect("it fits");
    order.trade_price.set_units(5_524_800).expect("it fits");
    order.trade_volume.set(2);
    order.message_reference.set(b"ref001").expect("it fits");
    assert_eq!(writer.finish(), ORDER_CONFIRMATION.len());
    assert_same(&buffer, &ORDER_CONFIRMATION);

    let message = only(&ORDER_CONFIRMATION);
    assert_eq!((message.series(), message.number()), (Series(2), SequenceNumber(300)));
    let confirmation = OrderConfirmation::parse(&message).expect("a confirmation");
    assert!(confirmation.error.is_none());
    let order = confirmation.order_status;
    assert_eq!((order.trade_date.get(), order.action_date.get()), (Some(20_240_613), Some(20_240_612)));
    assert_eq!((order.order_sys_id.decimal(), order.order_local_id.decimal()), (Some(42), Some(7)));
    assert_eq!((order.limit_price.units(), order.trade_price.units()), (Ok(5_524_600), Ok(5_524_800)));
    assert_eq!(order.margin.units(), Ok(123_456_700));
    let volumes = [order.volume_total_orginal, order.volume_total, order.trade_volume, order.minimal_volume];
    assert_eq!(volumes.map(|volume| volume.get()), [3, 1, 2, 0]);
    assert_eq!((order.order_status.get(), order.offset_flag.get()), (b'1', b'4'));
    assert_eq!((order.insert_time.get(), order.update_time.get()), (Some(2_024_061_221_001_545), Some(21_001_545)));
    assert!(order.active_time.is_blank() && order.suspend_time.is_blank() && order.force_group_id.is_blank());
}

#[test]
fn a_trade_is_these_bytes() {
    let moment = ChinaTime::from_unix_ns(MOMENT_UNIX_NS);
    let mut buffer = [0; TRADE.len()];
    let mut writer = begin(&mut buffer, tid::TRADE_INSERT_SINGLE, Series(2), SequenceNumber(301));
    let trade: &mut TradeInsertSingleField = writer.push().expect("room");
    trade.instrument_id.set(b"SP c2409&c2501").expect("it fits");
    trade.instrument_version.set(instrument_version::DEFAULT);
    trade.cancel_flag.set(bool_flag::FALSE);
    trade.trade_id.set_zero_filled(9, 20).expect("it fits");
    trade.match_date.set_at(moment);
    trade.match_time.set_at(moment);
    trade.clear_date.set(20_240_613).expect("it fits");
    trade.price.set_units(-125_000).expect("it fits");
    trade.volume.set(258);
    trade.order_sys_id.set_zero_filled(42, 20).expect("it fits");
    trade.user_id.set(b"000101").expect("it fits");
    trade.direction.set(direction::SELL);
    trade.offset_flag.set(offset_flag::OPEN);
    trade.hedge_flag.set(hedge_flag::ARBITRAGE);
    trade.participant_id.set(b"0001").expect("it fits");
    trade.client_id.set(b"00000001").expect("it fits");
    trade.order_local_id.set_zero_filled(7, 12).expect("it fits");
    assert_eq!(writer.finish(), TRADE.len());
    assert_same(&buffer, &TRADE);

    let trade = TradeInsertSingle::parse(&only(&TRADE)).expect("a trade").trade_insert_single;
    assert_eq!(trade.instrument_id.trimmed(), b"SP c2409&c2501");
    assert_eq!((trade.price.units(), trade.volume.get()), (Ok(-125_000), 258));
    assert_eq!((trade.match_date.get(), trade.match_time.get()), (Some(20_240_612), Some(21_001_545)));
    assert_eq!((trade.trade_id.decimal(), trade.order_sys_id.decimal()), (Some(9), Some(42)));
    assert_eq!((trade.direction.get(), trade.hedge_flag.get()), (b'1', b'2'));
    assert!(trade.cancel_date.is_blank() && trade.cancel_time.is_blank());
}

fn begin(buffer: &mut [u8], tid: Tid, series: Series, number: SequenceNumber) -> MessageWriter<'_> {
    MessageWriter::new(buffer, tid, series, number).expect("the headers fit")
}

fn only(bytes: &[u8]) -> Message<'_> {
    match next_message(bytes) {
        Ok(Next::Message { length, message }) if length == bytes.len() => message,
        other => panic!("not one message: {other:?}"),
    }
}

fn assert_same(written: &[u8], golden: &[u8]) {
    let first = written.iter().zip(golden).position(|(ours, theirs)| ours != theirs);
    assert_eq!(first, None, "first difference at this byte: {}", written.escape_ascii());
}

#[rustfmt::skip]
const LOGIN: [u8; 158] = [
    // type: FTDC
    0x01,
    // no extended header
    0x00,
    // content: 154 = 16 + (6 + 120) + (6 + 6)
    0x00, 0x9A,
    // version
    0x02,
    // TID UserLogin
    0x00, 0x00, 0x00, 0x16,
    // chain 'S'
    0x53,
    // series: a login has none
    0x00, 0x00,
    // number: a login has none
    0x00, 0x00, 0x00, 0x00,
    // two data fields
    0x00, 0x02,
    // of 138 bytes together
    0x00, 0x8A,
    // FID ReqUserLoginField
    0x00, 0x00, 0x00, 0x23,
    // 120 bytes
    0x00, 0x78,
    // DataFlowFlag: private
    0x31,
    // ParticipantId "0001"
    0x30, 0x30, 0x30, 0x31, 0x20, 0x20, 0x20, 0x20,
    // UserId "000101"
    0x30, 0x30, 0x30, 0x31, 0x30, 0x31, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20,
    // Password "secret"
    0x73, 0x65, 0x63, 0x72, 0x65, 0x74, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20, 0x20,
    // ConnectionReference "A1"
    0x41, 0x31, 0x20, 0x20, 0x20,
    // ServerAppName "quant client 3"
    0x71, 0x75, 0x61, 0x6E, 0x74, 0x20, 0x63, 0x6C, 0x69, 0x65, 0x6E, 0x74,
    0x20, 0x33, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // ProtocolVersion "2"
    0x32, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // TimeOut: 30 s "030"
    0x30, 0x33, 0x30,
    // IpAddr "10.0.0.7"
    0x31, 0x30, 0x2E, 0x30, 0x2E, 0x30, 0x2E, 0x37, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // FID DisseminationstartField
    0x00, 0x00, 0x00, 0x04,
    // 6 bytes
    0x00, 0x06,
    // SequenceSeries 2
    0x00, 0x02,
    // SequenceNo 16,909,060
    0x01, 0x02, 0x03, 0x04,
];

#[rustfmt::skip]
const ORDER_INSERT: [u8; 220] = [
    // type: FTDC
    0x01,
    // no extended header
    0x00,
    // content: 216 = 16 + (6 + 194)
    0x00, 0xD8,
    // version
    0x02,
    // TID OrderInsert
    0x00, 0x00, 0x00, 0x03,
    // chain 'S'
    0x53,
    // series: dialog
    0x00, 0x00,
    // number 1
    0x00, 0x00, 0x00, 0x01,
    // one data field
    0x00, 0x01,
    // of 200 bytes
    0x00, 0xC8,
    // FID OrderInsertField
    0x00, 0x00, 0x00, 0x0C,
    // 194 bytes
    0x00, 0xC2,
    // TradeDate: not set
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // ActionDate: not set
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // OrderSysId: the exchange gives it
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // OrderLocalId "000000000007"
    0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x37,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // UserId "000101"
    0x30, 0x30, 0x30, 0x31, 0x30, 0x31, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20,
    // ParticipantId "0001"
    0x30, 0x30, 0x30, 0x31, 0x20, 0x20, 0x20, 0x20,
    // ClientId "00000001"
    0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x31,
    // InstrumentId "IF2406"
    0x49, 0x46, 0x32, 0x34, 0x30, 0x36, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // Direction: buy
    0x30,
    // OffsetFlag: open
    0x30,
    // HedgeFlag: speculation
    0x31,
    // StopPrice: not set "0000000.0000"
    0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x2E, 0x30, 0x30, 0x30, 0x30,
    // LimitPrice "0003500.2000"
    0x30, 0x30, 0x30, 0x33, 0x35, 0x30, 0x30, 0x2E, 0x32, 0x30, 0x30, 0x30,
    // VolumeTotalOrginal 3
    0x00, 0x00, 0x00, 0x03,
    // OrderType: limit
    0x30,
    // MatchCondition: good for day
    0x33,
    // MatchSession: not set
    0x00,
    // ValidThrough: not set
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // MinimalVolume 0
    0x00, 0x00, 0x00, 0x00,
    // AutoSuspend: not set
    0x00,
    // InsertTime: not set
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // MessageReference "ref001"
    0x72, 0x65, 0x66, 0x30, 0x30, 0x31,
];

#[rustfmt::skip]
const ORDER_CONFIRMATION: [u8; 316] = [
    // type: FTDC
    0x01,
    // no extended header
    0x00,
    // content: 312 = 16 + (6 + 290)
    0x01, 0x38,
    // version
    0x02,
    // TID OrderConfirmation
    0x00, 0x00, 0x10, 0x03,
    // chain 'S'
    0x53,
    // series: the participant's private stream
    0x00, 0x02,
    // number 300
    0x00, 0x00, 0x01, 0x2C,
    // one data field
    0x00, 0x01,
    // of 296 bytes
    0x01, 0x28,
    // FID OrderStatusField
    0x00, 0x00, 0x00, 0x0E,
    // 290 bytes
    0x01, 0x22,
    // TradeDate: the night session belongs to the next day "20240613"
    0x32, 0x30, 0x32, 0x34, 0x30, 0x36, 0x31, 0x33,
    // ActionDate "20240612"
    0x32, 0x30, 0x32, 0x34, 0x30, 0x36, 0x31, 0x32,
    // OrderSysId "00000000000000000042"
    0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30,
    0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x34, 0x32,
    // OrderLocalId "000000000007"
    0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x37,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // UserId "000101"
    0x30, 0x30, 0x30, 0x31, 0x30, 0x31, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20,
    // ParticipantId "0001"
    0x30, 0x30, 0x30, 0x31, 0x20, 0x20, 0x20, 0x20,
    // ClientId "00000001"
    0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x31,
    // InstrumentId "au2408"
    0x61, 0x75, 0x32, 0x34, 0x30, 0x38, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // Direction: sell
    0x31,
    // OffsetFlag: close today (extension)
    0x34,
    // HedgeFlag: hedge
    0x33,
    // StopPrice: not set "0000000.0000"
    0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x2E, 0x30, 0x30, 0x30, 0x30,
    // LimitPrice "0000552.4600"
    0x30, 0x30, 0x30, 0x30, 0x35, 0x35, 0x32, 0x2E, 0x34, 0x36, 0x30, 0x30,
    // VolumeTotalOrginal 3
    0x00, 0x00, 0x00, 0x03,
    // OrderType: limit
    0x30,
    // VolumeTotal: 1 left
    0x00, 0x00, 0x00, 0x01,
    // MatchCondition: good for day
    0x33,
    // MatchSession: continuous
    0x32,
    // ValidThrough: not set
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // MinimalVolume 0
    0x00, 0x00, 0x00, 0x00,
    // AutoSuspend: no
    0x30,
    // OrderStatus: part traded, queueing
    0x31,
    // InsertTime: 21:00:15.45 "2024061221001545"
    0x32, 0x30, 0x32, 0x34, 0x30, 0x36, 0x31, 0x32, 0x32, 0x31, 0x30, 0x30,
    0x31, 0x35, 0x34, 0x35, 0x20, 0x20, 0x20, 0x20,
    // ActiveTime: not set
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // SuspendTime: not set
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // UpdateTime "21001545"
    0x32, 0x31, 0x30, 0x30, 0x31, 0x35, 0x34, 0x35,
    // ActiveUserId "000101"
    0x30, 0x30, 0x30, 0x31, 0x30, 0x31, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20,
    // Margin "0012345.6700"
    0x30, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x2E, 0x36, 0x37, 0x30, 0x30,
    // ForceGroupId: not set
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // TradePrice "0000552.4800"
    0x30, 0x30, 0x30, 0x30, 0x35, 0x35, 0x32, 0x2E, 0x34, 0x38, 0x30, 0x30,
    // TradeVolume 2
    0x00, 0x00, 0x00, 0x02,
    // MessageReference "ref001"
    0x72, 0x65, 0x66, 0x30, 0x30, 0x31,
];

#[rustfmt::skip]
const TRADE: [u8; 212] = [
    // type: FTDC
    0x01,
    // no extended header
    0x00,
    // content: 208 = 16 + (6 + 186)
    0x00, 0xD0,
    // version
    0x02,
    // TID TradeInsertSingle
    0x00, 0x00, 0x10, 0x01,
    // chain 'S'
    0x53,
    // series: the participant's private stream
    0x00, 0x02,
    // number 301
    0x00, 0x00, 0x01, 0x2D,
    // one data field
    0x00, 0x01,
    // of 192 bytes
    0x00, 0xC0,
    // FID TradeInsertSingleField
    0x00, 0x00, 0x00, 0x2A,
    // 186 bytes
    0x00, 0xBA,
    // InstrumentId: a spread "SP c2409&c2501"
    0x53, 0x50, 0x20, 0x63, 0x32, 0x34, 0x30, 0x39, 0x26, 0x63, 0x32, 0x35,
    0x30, 0x31, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // InstrumentVersion
    0x30,
    // CancelFlag: no
    0x30,
    // CancelDate: not set
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // CancelTime: not set
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    // TradeId "00000000000000000009"
    0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30,
    0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x39,
    // MatchDate "20240612"
    0x32, 0x30, 0x32, 0x34, 0x30, 0x36, 0x31, 0x32,
    // MatchTime "21001545"
    0x32, 0x31, 0x30, 0x30, 0x31, 0x35, 0x34, 0x35,
    // ClearDate "20240613"
    0x32, 0x30, 0x32, 0x34, 0x30, 0x36, 0x31, 0x33,
    // Price: a spread may be negative "-000012.5000"
    0x2D, 0x30, 0x30, 0x30, 0x30, 0x31, 0x32, 0x2E, 0x35, 0x30, 0x30, 0x30,
    // Volume 258
    0x00, 0x00, 0x01, 0x02,
    // OrderSysId "00000000000000000042"
    0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30,
    0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x34, 0x32,
    // UserId "000101"
    0x30, 0x30, 0x30, 0x31, 0x30, 0x31, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20,
    // Direction: sell
    0x31,
    // OffsetFlag: open
    0x30,
    // HedgeFlag: arbitrage
    0x32,
    // ParticipantId "0001"
    0x30, 0x30, 0x30, 0x31, 0x20, 0x20, 0x20, 0x20,
    // ClientId "00000001"
    0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x31,
    // OrderLocalId "000000000007"
    0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x37,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
];
