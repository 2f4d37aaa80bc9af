//! Framing and chains: what is a message, what is waited for, discarded or refused, each from bytes written out.

use ftd::field::{ErrorField, ErrorTargetOrderField, OrderStatusField, ReqUserLogoutField};
use ftd::package::{Error, ReqFronts, ReqUserLogout, RspQryOrder};
use ftd::{
    CHAIN_PARTS_MAX, Chain, ChainReader, ChainWriter, Fid, Malformed, Message, MessageWriter, Next, Part,
    SequenceNumber, Series, SkipReason, next_message, tid, write_heartbeat,
};

/// A whole message: headers with right lengths around a body given byte for byte.
fn message(version: u8, tid: u32, chain: u8, field_count: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1, 0];
    bytes.extend((16 + body.len() as u16).to_be_bytes());
    bytes.push(version);
    bytes.extend(tid.to_be_bytes());
    bytes.push(chain);
    bytes.extend([0, 0, 0, 0, 0, 0]);
    bytes.extend(field_count.to_be_bytes());
    bytes.extend((body.len() as u16).to_be_bytes());
    bytes.extend(body);
    bytes
}

fn field(fid: u32, items: &[u8]) -> Vec<u8> {
    let mut bytes = fid.to_be_bytes().to_vec();
    bytes.extend((items.len() as u16).to_be_bytes());
    bytes.extend(items);
    bytes
}

fn only(bytes: &[u8]) -> Message<'_> {
    match next_message(bytes) {
        Ok(Next::Message { length, message }) if length == bytes.len() => message,
        other => panic!("not one message: {other:?}"),
    }
}

fn refused(bytes: &[u8]) -> Malformed {
    next_message(bytes).expect_err("this is malformed")
}

fn skipped(bytes: &[u8]) -> (usize, SkipReason) {
    match next_message(bytes) {
        Ok(Next::Skip { length, reason }) => (length, reason),
        other => panic!("not skipped: {other:?}"),
    }
}

const LOGOUT: [u8; 24] = *b"1PARTY001TRADER1        ";

#[test]
fn a_message_is_waited_for_until_its_last_byte() {
    let bytes = message(2, 0x0017, b'S', 1, &field(0x0024, &LOGOUT));
    for length in 0..bytes.len() {
        assert_eq!(next_message(&bytes[..length]), Ok(Next::NeedMore), "{length} bytes");
    }
    let more = [bytes.as_slice(), &[9; 9]].concat();
    assert!(matches!(next_message(&more), Ok(Next::Message { length: 50, .. })));
    let logout = ReqUserLogout::parse(&only(&bytes)).expect("a logout").req_user_logout;
    assert_eq!(logout.user_id.trimmed(), b"TRADER1");
}

#[test]
fn limits_of_both_lengths_are_refused_at_the_fourth_byte() {
    assert_eq!(refused(&[1, 128, 0, 0]), Malformed::ExtendedHeaderTooLong);
    assert_eq!(refused(&[1, 0, 0x10, 0x01]), Malformed::ContentTooLong);
    assert_eq!(next_message(&[1, 127, 0x10, 0x00]), Ok(Next::NeedMore));
    // JR/T 0016 §8: for types that we do not know too.
    assert_eq!(refused(&[77, 0, 0x10, 0x01]), Malformed::ContentTooLong);
}

#[test]
fn a_heartbeat_is_no_content_and_keep_alive() {
    let mut buffer = [0xEE; 6];
    assert_eq!(write_heartbeat(&mut buffer), Some(6));
    assert_eq!(buffer, [0, 2, 0, 0, 4, 0]);
    assert_eq!(write_heartbeat(&mut buffer[..5]), None);
    assert_eq!(next_message(&buffer), Ok(Next::Heartbeat { length: 6 }));
    // Among other tags, known and unknown; in a message of type FTDC.
    assert_eq!(next_message(&[0, 8, 0, 0, 1, 4, 0, 0, 0, 9, 4, 0]), Ok(Next::Heartbeat { length: 12 }));
    assert_eq!(next_message(&[1, 10, 0, 0, 1, 2, 4, 4, 99, 0, 4, 0, 5, 0]), Ok(Next::Heartbeat { length: 14 }));
}

#[test]
fn what_the_standard_discards_is_skipped() {
    assert_eq!(skipped(&[3, 1, 0, 2, 4, 8, 9]), (7, SkipReason::UnknownType));
    assert_eq!(skipped(&[2, 0, 0, 2, 8, 9]), (6, SkipReason::Compressed));
    assert_eq!(skipped(&[0, 0, 0, 2, 8, 9]), (6, SkipReason::NoMeaning));
    assert_eq!(skipped(&[0, 0, 0, 0]), (4, SkipReason::Empty));
    assert_eq!(skipped(&[1, 3, 0, 0, 3, 1, b'3']), (7, SkipReason::Empty));
    // JR/T 0016 §5.2.1: the two headers' lengths disagree.
    let mut bytes = message(2, 0x0017, b'S', 1, &field(0x0024, &LOGOUT));
    bytes[19] -= 1;
    assert_eq!(skipped(&bytes), (50, SkipReason::LengthsDisagree));
}

#[test]
fn tags_of_the_extended_header_are_skipped_or_refused() {
    let plain = message(2, 0x0017, b'S', 1, &field(0x0024, &LOGOUT));
    let with_tags = |tags: &[u8]| [&plain[..1], &[tags.len() as u8], &plain[2..4], tags, &plain[4..]].concat();
    let good = with_tags(&[0x06, 2, b'S', b'H', 0x55, 3, 1, 2, 3, 0, 0]);
    assert_eq!(only(&good).fields().next(), only(&plain).fields().next());
    assert_eq!(refused(&with_tags(&[5])), Malformed::TagCutShort);
    assert_eq!(refused(&with_tags(&[5, 4, 1, 2, 3])), Malformed::TagCutShort);
}

#[test]
fn each_fault_of_the_ftdc_message_has_its_reason() {
    let logout = field(0x0024, &LOGOUT);
    assert_eq!(refused(&[1, 0, 0, 3, 2, 0, 0]), Malformed::HeaderCutShort);
    assert_eq!(refused(&message(1, 0x0017, b'S', 1, &logout)), Malformed::Version);
    assert_eq!(refused(&message(3, 0x0017, b'S', 1, &logout)), Malformed::Version);
    assert_eq!(refused(&message(2, 0x0017, b's', 1, &logout)), Malformed::ChainLetter);
    assert_eq!(refused(&message(2, 0x0017, b'S', 1, &logout[..29])), Malformed::FieldCutShort);
    assert_eq!(refused(&message(2, 0x0017, b'S', 1, &logout[..5])), Malformed::FieldCutShort);
    assert_eq!(refused(&message(2, 0x0017, b'S', 2, &logout)), Malformed::FieldCount);
    assert_eq!(refused(&message(2, 0x0017, b'S', 0, &logout)), Malformed::FieldCount);
}

#[test]
fn each_fault_of_a_package_has_its_reason() {
    let logout = field(0x0024, &LOGOUT);
    let reason = |bytes: Vec<u8>| ReqUserLogout::parse(&only(&bytes)).map(|_| ()).expect_err("this is no logout");
    assert_eq!(reason(message(2, 0x0016, b'S', 1, &logout)), Malformed::WrongPackage);
    assert_eq!(reason(message(2, 0x0017, b'F', 1, &logout)), Malformed::ChainOfShortPackage);
    assert_eq!(reason(message(2, 0x0017, b'S', 0, &[])), Malformed::FieldMissing);
    assert_eq!(reason(message(2, 0x0017, b'S', 2, &[logout.clone(), logout].concat())), Malformed::FieldRepeated);
    // JR/T 0016 §8: a field is not to be changed, so that one item more is as wrong as one less.
    assert_eq!(reason(message(2, 0x0017, b'S', 1, &field(0x0024, &LOGOUT[..23]))), Malformed::FieldLength);
    let longer = [LOGOUT.as_slice(), b" "].concat();
    assert_eq!(reason(message(2, 0x0017, b'S', 1, &field(0x0024, &longer))), Malformed::FieldLength);
    // A required field that may be repeated, and one of them too short.
    let reason = |bytes: Vec<u8>| RspQryOrder::parse(&only(&bytes)).map(|_| ()).expect_err("this is no answer");
    assert_eq!(reason(message(2, 0x0006, b'S', 0, &[])), Malformed::FieldMissing);
    let orders = [field(0x000E, &[b' '; 290]), field(0x000E, &[b' '; 289])].concat();
    assert_eq!(reason(message(2, 0x0006, b'S', 2, &orders)), Malformed::FieldLength);
}

#[test]
fn fields_stand_in_any_order_and_unknown_ones_are_skipped() {
    let body = [
        field(0xF123_4567, b"of a later standard"),
        field(0x002D, b"SYSID000000000000001LOCAL1                  "),
        field(0x0026, b""),
        field(0x0005, &[b' '; 130]),
    ]
    .concat();
    let bytes = message(2, 0x0001, b'S', 4, &body);
    let error = Error::parse(&only(&bytes)).expect("an error");
    let target = error.error_target_order.expect("the order meant");
    assert_eq!(
        (target.order_sys_id.trimmed(), target.order_local_id.trimmed()),
        (b"SYSID000000000000001".as_slice(), b"LOCAL1".as_slice())
    );
    assert!(error.error_target_sequence.is_none());
}

#[test]
fn a_fid_is_looked_up_under_its_tid() {
    use ftd::catalogue::{Mode, field_of, packages_of};
    let name = |tid, fid| field_of(tid, Fid(fid)).map(|field| field.name);
    assert_eq!(name(tid::ERROR, 0x002D), Some("ErrorTargetOrderField"));
    assert_eq!(name(tid::ERROR, 0x002E), Some("ErrorTargetSequenceField"));
    assert_eq!(name(tid::QUOTE_INSERT, 0x002D), Some("InputQuoteField"));
    assert_eq!(name(tid::QUOTE, 0x002E), Some("QuoteField"));
    assert_eq!(name(tid::QUOTE, 0x002D), None);
    assert_eq!(tid::QUOTE, tid::QRY_EXEC_ORDER);
    let modes: Vec<(&str, Mode)> = packages_of(tid::QUOTE).map(|package| (package.name, package.mode)).collect();
    assert_eq!(modes, [("Quote", Mode::Private), ("ReqQryExecOrder", Mode::Dialog), ("RspQryExecOrder", Mode::Dialog)]);
}

#[test]
fn a_package_without_fields_is_its_header() {
    let mut buffer = [0; 20];
    let length = MessageWriter::new(&mut buffer, ReqFronts::TID, Series::DIALOG, SequenceNumber::NONE)
        .expect("the headers fit")
        .finish();
    assert_eq!(buffer[..length], message(2, 0xF002, b'S', 0, &[]));
    assert!(ReqFronts::parse(&only(&buffer)).is_ok());
}

#[test]
fn what_does_not_fit_is_refused_and_the_message_stays_whole() {
    let mut buffer = [0; 20 + 30 + 29];
    assert!(MessageWriter::new(&mut buffer[..19], tid::USER_LOGOUT, Series::DIALOG, SequenceNumber::NONE).is_none());
    assert!(ChainWriter::new(&mut buffer[..19], tid::USER_LOGOUT, Series::DIALOG, SequenceNumber::NONE).is_none());
    let mut writer =
        MessageWriter::new(&mut buffer, tid::USER_LOGOUT, Series::DIALOG, SequenceNumber::NONE).expect("room");
    assert!(writer.push::<ReqUserLogoutField>().is_some());
    assert!(writer.push::<ReqUserLogoutField>().is_none());
    let length = writer.finish();
    assert_eq!(
        ReqUserLogout::parse(&only(&buffer[..length])).expect("a logout").req_user_logout,
        &ReqUserLogoutField::BLANK
    );

    // 4,096 bytes hold 13 order states (296 bytes each with FID and length) and not 14, in however long a buffer.
    let mut buffer = vec![0; 10_000];
    let mut writer = MessageWriter::new(&mut buffer, tid::QRY_ORDER, Series::DIALOG, SequenceNumber(1)).expect("room");
    assert_eq!((0..20).take_while(|_| writer.push::<OrderStatusField>().is_some()).count(), 13);
    assert_eq!(writer.finish(), 20 + 13 * 296);
}

/// An answer with so many orders, numbered in their local ids, and at its end an error field.
fn answer(buffer: &mut [u8], count: u64) -> usize {
    let mut writer = ChainWriter::new(buffer, tid::QRY_ORDER, Series::DIALOG, SequenceNumber(7)).expect("room");
    for local_id in 0..count {
        let order: &mut OrderStatusField = writer.push().expect("room");
        order.order_local_id.set_decimal(local_id).expect("it fits");
    }
    writer.push::<ErrorField>().expect("room").error_code.set(b"0").expect("it fits");
    writer.finish()
}

fn messages(mut bytes: &[u8]) -> Vec<Message<'_>> {
    let mut messages = Vec::new();
    while let Ok(Next::Message { length, message }) = next_message(bytes) {
        messages.push(message);
        bytes = &bytes[length..];
    }
    assert!(bytes.is_empty());
    messages
}

#[test]
fn a_long_answer_is_cut_at_fields_and_comes_together_again() {
    // 13 orders leave 232 bytes of a part: the error field (136 with FID and length) finds room behind them.
    for (count, letters) in
        [(0, "S"), (13, "S"), (14, "FL"), (26, "FL"), (27, "FCL"), (40, "FCCL"), (130, "FCCCCCCCCL")]
    {
        let mut buffer = vec![0; 100_000];
        let length = answer(&mut buffer, count);
        let parts = messages(&buffer[..length]);
        let mut reader = ChainReader::new();
        let mut local_ids = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let last = index + 1 == parts.len();
            assert_eq!(reader.accept(part), Ok(Part { index: index as u32, last }));
            assert_eq!(reader.is_open(), !last);
            if count == 0 {
                // Orders are required, and this answer is whole.
                assert_eq!(RspQryOrder::parse(part).map(|_| ()), Err(Malformed::FieldMissing));
                continue;
            }
            let view = RspQryOrder::parse(part).expect("a part of the answer");
            assert_eq!(view.order_status.iter().count(), view.order_status.count());
            local_ids.extend(view.order_status.iter().map(|order| order.order_local_id.decimal().expect("a number")));
            assert_eq!(view.error.is_some(), last);
        }
        assert_eq!(parts.iter().map(|part| char::from(part.chain() as u8)).collect::<String>(), letters);
        assert!(parts.iter().all(|part| (part.number(), part.series()) == (SequenceNumber(7), Series::DIALOG)));
        assert_eq!(local_ids, (0..count).collect::<Vec<_>>());
    }
}

#[test]
fn a_chain_that_outgrows_its_buffer_is_refused_and_stays_whole() {
    let mut buffer = vec![0; 20 + 14 * 296 + 19];
    let mut writer = ChainWriter::new(&mut buffer, tid::QRY_ORDER, Series::DIALOG, SequenceNumber(1)).expect("room");
    // The fourteenth needs headers of its own.
    assert_eq!((0..20).take_while(|_| writer.push::<OrderStatusField>().is_some()).count(), 13);
    let length = writer.finish();
    assert_eq!(RspQryOrder::parse(&only(&buffer[..length])).expect("an answer").order_status.count(), 13);
}

#[test]
fn parts_out_of_order_or_mixed_are_refused() {
    let part = |tid: u32, chain: Chain, number: u8| {
        let mut bytes = message(2, tid, chain as u8, 0, &[]);
        bytes[15] = number;
        bytes
    };
    let run = |parts: &[Vec<u8>]| {
        let mut reader = ChainReader::new();
        parts.iter().map(|bytes| reader.accept(&only(bytes)).map(|part| part.index)).collect::<Vec<_>>()
    };
    let (s, f) = (part(6, Chain::Single, 1), part(6, Chain::First, 1));
    let (c, l) = (part(6, Chain::Continued, 1), part(6, Chain::Last, 1));
    let order = Err(Malformed::ChainOrder);
    assert_eq!(run(&[s.clone(), f.clone(), c.clone(), l.clone(), s.clone()]), [Ok(0), Ok(0), Ok(1), Ok(2), Ok(0)]);
    assert_eq!(run(std::slice::from_ref(&c)), [order]);
    assert_eq!(run(std::slice::from_ref(&l)), [order]);
    assert_eq!(run(&[f.clone(), s.clone(), s.clone()]), [Ok(0), order, Ok(0)]);
    assert_eq!(run(&[f.clone(), f.clone(), l.clone()]), [Ok(0), order, order]);
    assert_eq!(run(&[f.clone(), l.clone(), l.clone()]), [Ok(0), Ok(1), order]);
    let mixed = Err(Malformed::ChainMixed);
    assert_eq!(run(&[f.clone(), part(6, Chain::Continued, 2)]), [Ok(0), mixed]);
    assert_eq!(run(&[f.clone(), part(7, Chain::Last, 1)]), [Ok(0), mixed]);
    let mut other_series = l;
    other_series[11] = 5;
    assert_eq!(run(&[f.clone(), other_series]), [Ok(0), mixed]);

    let mut reader = ChainReader::new();
    assert!(reader.accept(&only(&f)).is_ok());
    for index in 1..CHAIN_PARTS_MAX {
        assert_eq!(reader.accept(&only(&c)), Ok(Part { index, last: false }));
    }
    assert_eq!(reader.accept(&only(&c)), Err(Malformed::ChainTooLong));
    assert!(!reader.is_open());
}

#[test]
fn parts_written_one_by_one_are_the_same_as_those_of_a_chain() {
    let mut whole = vec![0; 20_000];
    let length = {
        let mut writer = ChainWriter::new(&mut whole, tid::QRY_ORDER, Series::DIALOG, SequenceNumber(7)).expect("room");
        (0..20).for_each(|_| assert!(writer.push::<OrderStatusField>().is_some()));
        writer.finish()
    };
    let mut parts = vec![0; 20_000];
    let mut at = 0;
    for (count, chain) in [(13, Chain::First), (7, Chain::Last)] {
        let room = &mut parts[at..];
        let mut writer = MessageWriter::new(room, tid::QRY_ORDER, Series::DIALOG, SequenceNumber(7)).expect("room");
        (0..count).for_each(|_| assert!(writer.push::<OrderStatusField>().is_some()));
        at += writer.finish_as(chain);
    }
    assert_eq!(whole[..length], parts[..at]);
}

#[test]
fn a_copy_of_a_field_is_written_and_can_be_changed() {
    let mut template = ErrorTargetOrderField::BLANK;
    template.order_sys_id.set(b"1").expect("it fits");
    let mut buffer = [0; 4_096];
    let mut writer = MessageWriter::new(&mut buffer, tid::ERROR, Series::DIALOG, SequenceNumber(3)).expect("room");
    writer.push::<ErrorField>().expect("room").error_text.set("报单重复".as_bytes()).expect("it fits");
    writer.push_copy(&template).expect("room").order_local_id.set(b"2").expect("it fits");
    let length = writer.finish();
    let message = only(&buffer[..length]);
    assert_eq!(message.number(), SequenceNumber(3));
    let error = Error::parse(&message).expect("an error");
    assert_eq!(error.error.error_text.trimmed(), "报单重复".as_bytes());
    let target = error.error_target_order.expect("it was written");
    assert_eq!((target.order_sys_id.trimmed(), target.order_local_id.trimmed()), (b"1".as_slice(), b"2".as_slice()));
    assert_eq!(
        format!("{message:?}"),
        "Message { tid: Tid(0x0001), chain: Single, series: Series(0), number: SequenceNumber(3), \
         fids: [Fid(0x0005), Fid(0x002D)] }"
    );
}

#[test]
fn reasons_are_numbered_from_one_in_their_order() {
    for (index, reason) in Malformed::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(reason.number()), index + 1);
        assert!(!reason.to_string().is_ascii(), "{reason} is told in both languages");
    }
}
