//! One order, byte for byte: its frame and its messages, put together by hand from FRAMES.md, STREAMS.md and the layouts of
//! `ftd.xml` (digests and CRC with a script that shares nothing with this package).

mod common;

use common::{Day, insert};
use reference::command::OrderInsert;

fn bytes(hex: &str) -> Vec<u8> {
    hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect()
}

fn check(name: &str, got: &[u8], expected: &[(&str, &str)]) {
    let mut at = 0;
    for (item, hex) in expected {
        let expected = bytes(hex);
        assert_eq!(got.get(at..at + expected.len()), Some(&expected[..]), "{name}: {item} at {at}");
        at += expected.len();
    }
    assert_eq!(got.len(), at, "{name}: nothing behind");
}

#[test]
fn an_order_that_rests() {
    let mut day = Day::open();
    day.line("phase 0 0");
    let outcome = day.by(0, OrderInsert { volume: 3, ..insert(1) });
    check("frame", &outcome.frame_parts.concat(), FRAME);
    assert_eq!(outcome.told.len(), 1);
    check("OrderConfirmation", &outcome.told[0].bytes, CONFIRMATION);
    assert_eq!(outcome.answers.len(), 1);
    check("RspOrderInsert", &outcome.answers[0].bytes, ANSWER);
}

const FRAME: &[(&str, &str)] = &[
    ("0 magic", "42 4b 46 31"),
    ("4 length 224", "e0 00 00 00"),
    ("8 CRC-32C", "aa a2 ea 16"),
    ("12 epoch 1", "01 00 00 00"),
    ("16 sequence 19", "13 00 00 00 00 00 00 00"),
    ("24 time", "80 63 a7 71 29 e1 f9 17"),
    ("32 state digest", "21 de 16 66 02 64 15 63"),
    ("40 local-id digest", "9c 80 6c cc 2f 46 89 72"),
    ("48 data centre 7", "07 00 00 00"),
    ("52 part 0", "00 00"),
    ("54 flags: last", "01 00"),
    ("56 bytes of the command: 80", "50 00"),
    ("58 events: 1", "01 00"),
    ("60 zero", "00 00 00 00"),
    ("64 command: OrderInsert", "0a 00"),
    ("66 80 bytes", "50 00"),
    ("68 session 40", "28 00 00 00"),
    ("72 request 5", "05 00 00 00"),
    ("76 user 0", "00 00"),
    ("78 zero", "00 00"),
    ("80 local id", "30 30 30 30 30 30 30 30 30 30 30 31 20 20 20 20 20 20 20 20 20 20 20 20"),
    ("104 message reference", "72 65 66 20 20 20"),
    ("110 buy, open, speculation, limit, day, session 3", "30 30 31 30 33 33"),
    ("116 instrument 0", "00 00"),
    ("118 flags", "00 00"),
    ("120 price 20.0000", "40 0d 03 00 00 00 00 00"),
    ("128 account 0", "00 00 00 00"),
    ("132 volume 3", "03 00 00 00"),
    ("136 minimal volume 0", "00 00 00 00"),
    ("140 zero", "00 00 00 00"),
    ("144 event: Accepted", "02 00"),
    ("146 rests", "01"),
    ("147 zero", "00"),
    ("148 index 0", "00 00 00 00"),
    ("152 yesterday 0", "00 00 00 00"),
    ("156 private number 1", "01 00 00 00"),
    ("160 OrderSysId", "50 30 30 30 30 30 30 30 30 30 30 30 31 39 30 30 30 30 30 30"),
    (
        "180 zero",
        "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
    ),
];

const CONFIRMATION: &[(&str, &str)] = &[
    ("header", "01 00 01 38 02 00 00 10 03 53 00 02 00 00 00 01 00 01 01 28 00 00 00 0e 01 22"),
    ("TradeDate", "32 30 32 34 30 39 33 30"),
    ("ActionDate", "32 30 32 34 30 39 33 30"),
    ("OrderSysId", "50 30 30 30 30 30 30 30 30 30 30 30 31 39 30 30 30 30 30 30"),
    ("OrderLocalId", "30 30 30 30 30 30 30 30 30 30 30 31 20 20 20 20 20 20 20 20 20 20 20 20"),
    ("UserId", "74 72 61 64 65 72 30 20 20 20 20 20 20 20 20"),
    ("ParticipantId", "30 30 30 31 20 20 20 20"),
    ("ClientId", "30 30 30 30 30 31 30 30"),
    ("InstrumentId", "49 46 32 34 31 30 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20"),
    ("Direction", "30"),
    ("OffsetFlag", "30"),
    ("HedgeFlag", "31"),
    ("StopPrice", "30 30 30 30 30 30 30 2e 30 30 30 30"),
    ("LimitPrice", "30 30 30 30 30 32 30 2e 30 30 30 30"),
    ("VolumeTotalOrginal", "00 00 00 03"),
    ("OrderType", "30"),
    ("VolumeTotal", "00 00 00 03"),
    ("MatchCondition", "33"),
    ("MatchSession", "33"),
    ("ValidThrough", "20 20 20 20 20 20 20 20"),
    ("MinimalVolume", "00 00 00 00"),
    ("AutoSuspend", "30"),
    ("OrderStatus", "33"),
    ("InsertTime", "32 30 32 34 30 39 33 30 30 39 32 35 30 30 31 39 20 20 20 20"),
    ("ActiveTime", "20 20 20 20 20 20 20 20"),
    ("SuspendTime", "20 20 20 20 20 20 20 20"),
    ("UpdateTime", "30 39 32 35 30 30 31 39"),
    ("ActiveUserId", "74 72 61 64 65 72 30 20 20 20 20 20 20 20 20"),
    ("Margin", "30 30 30 30 30 30 30 2e 30 30 30 30"),
    ("ForceGroupId", "20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20"),
    ("TradePrice", "30 30 30 30 30 30 30 2e 30 30 30 30"),
    ("TradeVolume", "00 00 00 00"),
    ("MessageReference", "72 65 66 20 20 20"),
];

const ANSWER: &[(&str, &str)] = &[
    ("header", "01 00 00 d8 02 00 00 00 03 53 00 00 00 00 00 05 00 01 00 c8 00 00 00 0c 00 c2"),
    ("TradeDate", "32 30 32 34 30 39 33 30"),
    ("ActionDate", "32 30 32 34 30 39 33 30"),
    ("OrderSysId", "50 30 30 30 30 30 30 30 30 30 30 30 31 39 30 30 30 30 30 30"),
    ("OrderLocalId", "30 30 30 30 30 30 30 30 30 30 30 31 20 20 20 20 20 20 20 20 20 20 20 20"),
    ("UserId", "74 72 61 64 65 72 30 20 20 20 20 20 20 20 20"),
    ("ParticipantId", "30 30 30 31 20 20 20 20"),
    ("ClientId", "30 30 30 30 30 31 30 30"),
    ("InstrumentId", "49 46 32 34 31 30 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20"),
    ("Direction", "30"),
    ("OffsetFlag", "30"),
    ("HedgeFlag", "31"),
    ("StopPrice", "30 30 30 30 30 30 30 2e 30 30 30 30"),
    ("LimitPrice", "30 30 30 30 30 32 30 2e 30 30 30 30"),
    ("VolumeTotalOrginal", "00 00 00 03"),
    ("OrderType", "30"),
    ("MatchCondition", "33"),
    ("MatchSession", "33"),
    ("ValidThrough", "20 20 20 20 20 20 20 20"),
    ("MinimalVolume", "00 00 00 00"),
    ("AutoSuspend", "30"),
    ("InsertTime", "32 30 32 34 30 39 33 30 30 39 32 35 30 30 31 39 20 20 20 20"),
    ("MessageReference", "72 65 66 20 20 20"),
];
