//! Messages of one field by their short way are the same as by the general one.

use ftd::field::{OrderInsertField, OrderStatusField};
use ftd::write::message_size;
use ftd::{
    Field, MessageWriter, Next, SequenceNumber, Series, next_message, read_sole, tid, write_sole, write_sole_copy,
};
use zerocopy::IntoBytes;

fn order() -> OrderInsertField {
    let mut order = OrderInsertField::BLANK;
    order.order_local_id.set(b"000000000042").expect("it fits");
    order.limit_price.set_units(123_456_789).expect("it fits");
    order.volume_total_orginal.set(-1);
    order
}

#[test]
fn what_is_written_equals_what_the_general_writer_writes() {
    fn both<F: Field>(field: &F) {
        for number in [0, 1, 77, u32::MAX] {
            let (mut one, mut other) = ([0xAA; 512], [0x55; 512]);
            let number = SequenceNumber(number);
            let mut message = MessageWriter::new(&mut one, tid::ORDER_INSERT, Series(7), number).expect("room");
            message.push_copy(field).expect("room");
            let length = message.finish();
            write_sole_copy(&mut other, tid::ORDER_INSERT, Series(7), number, field).expect("room");
            assert_eq!((length, &one[..length]), (message_size::<F>(), &other[..length]));
            assert!(other[length..].iter().all(|&byte| byte == 0x55), "nothing is written behind it");
            assert!(write_sole::<F>(&mut other[..length - 1], tid::ORDER_INSERT, Series(7), number).is_none());
        }
    }
    both(&order());
    both(&OrderStatusField::BLANK);
}

#[test]
fn a_message_is_known_whole_and_only_as_what_it_is() {
    let mut bytes = [0; 512];
    write_sole_copy(&mut bytes, tid::ORDER_INSERT, Series::DIALOG, SequenceNumber(9), &order()).expect("room");
    let length = message_size::<OrderInsertField>();
    let read = |bytes: &[u8]| {
        read_sole::<OrderInsertField>(bytes, tid::ORDER_INSERT, Series::DIALOG)
            .map(|(number, field)| (number.0, *field))
    };
    for end in 0..length {
        assert_eq!(read(&bytes[..end]), None, "{end} bytes of {length}");
    }
    assert_eq!(read(&bytes[..length]), Some((9, order())));
    assert_eq!(read(&bytes), Some((9, order())), "what follows it is another message");
    assert!(read_sole::<OrderInsertField>(&bytes, tid::ORDER_ACTION, Series::DIALOG).is_none());
    assert!(read_sole::<OrderInsertField>(&bytes, tid::ORDER_INSERT, Series(1)).is_none());
    assert!(read_sole::<OrderStatusField>(&bytes, tid::ORDER_INSERT, Series::DIALOG).is_none());
}

#[test]
fn with_any_bit_of_the_headers_flipped_it_is_known_exactly_if_the_general_reader_reads_the_same() {
    let mut bytes = [0; 256];
    write_sole_copy(&mut bytes, tid::ORDER_INSERT, Series::DIALOG, SequenceNumber(9), &order()).expect("room");
    let headers = message_size::<OrderInsertField>() - OrderInsertField::SIZE;
    let mut known = 0;
    for bit in 0..headers * 8 {
        let mut flipped = bytes;
        flipped[bit / 8] ^= 1 << (bit % 8);
        let short = read_sole::<OrderInsertField>(&flipped, tid::ORDER_INSERT, Series::DIALOG);
        let general = match next_message(&flipped) {
            Ok(Next::Message { length, message }) => {
                assert!(short.is_none() || length == message_size::<OrderInsertField>());
                let (fid, items) = message.fields().next().expect("it has a field");
                let is_whole = message.chain() == ftd::Chain::Single && message.field_count() == 1;
                let is_ours = message.tid() == tid::ORDER_INSERT && message.series() == Series::DIALOG;
                (is_whole && is_ours && fid == OrderInsertField::FID && items.len() == OrderInsertField::SIZE)
                    .then_some((message.number(), items.to_vec()))
            }
            _ => None,
        };
        assert_eq!(short.map(|(number, field)| (number, field.as_bytes().to_vec())), general, "bit {bit}");
        known += usize::from(short.is_some());
    }
    assert_eq!(known, 32, "the number's bits may be any");
}
