//! Everything that can be wrong with a frame's bytes is refused by its number, with the offset and what was expected.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Aligned, accepted, applied, day_open, ended, frame_bytes, mass_cancel, order, sum};
use engine::types::{Epoch, Sequence, Stamp};
use journal::{
    CompleteFrame, CompleteNext, Fault, FeedBuffer, FeedItem, FeedRequest, FrameError, HEADER_SIZE, Heartbeat,
    MAX_PART, Next, part_capacity, read_frame,
};

fn fault_of(bytes: &[u8], at: u64) -> FrameError {
    match read_frame(Aligned::of(bytes).bytes(), at) {
        Err(error) => error,
        Ok(Next::NeedMore { at_least }) => panic!("wants {at_least} bytes"),
        Ok(Next::Frame(_)) => panic!("was taken for a frame"),
    }
}

/// One byte of a good frame is set, the CRC made good again: (offset, value, number of the fault, words of its text).
#[test]
fn every_field_that_is_wrong_is_refused_by_its_number() {
    let cases: &[(usize, u8, u8, &str)] = &[
        (0, 0x43, 1, "expected the magic"),
        (3, 0x32, 1, "expected the magic"),
        (4, 0xE1, 2, "multiple of 8"),
        (4, 0xE8, 3, "length (at +4) is 232, expected 224"),
        (5, 0x01, 3, "expected 224"),
        (6, 0x02, 2, "from 64 to 65536"),
        (7, 0x80, 2, "from 64 to 65536"),
        (16, 0, 6, "sequence (at +16) is 0"),
        (52, 1, 5, "field at +56 is not zero"),
        (54, 3, 5, "field at +54 is not zero"),
        (55, 1, 5, "field at +54 is not zero"),
        (54, 0, 5, "field at +32 is not zero"),
        (56, 0x48, 3, "expected 216"),
        (58, 2, 3, "expected 304"),
        (60, 1, 5, "field at +60 is not zero"),
        (63, 1, 5, "field at +60 is not zero"),
        (64, 0xFF, 8, "known kind"),
        (65, 0xFF, 8, "known kind"),
        (66, 0x48, 8, "its own length"),
        (78, 1, 8, "its own length"),
    ];
    let good = frame_bytes(7, &order(), &[accepted()]);
    assert_eq!(good.len(), 224);
    for (offset, value, number, words) in cases {
        let mut bytes = good.clone();
        assert_ne!(bytes[*offset], *value, "the case at {offset} changes nothing");
        bytes[*offset] = *value;
        sum(&mut bytes);
        let error = fault_of(&bytes, 4096);
        assert_eq!((error.at, error.fault.number()), (4096, *number), "offset {offset}, value {value}: {error}");
        assert!(error.to_string().contains(words), "offset {offset}: {error}");
        assert!(error.to_string().starts_with("frame at offset 4096: "), "{error}");
    }
}

#[test]
fn no_event_is_refused() {
    let mut bytes = frame_bytes(7, &order(), &[accepted()]);
    bytes.truncate(224 - 80);
    bytes[4..8].copy_from_slice(&144_u32.to_le_bytes());
    bytes[58] = 0;
    sum(&mut bytes);
    assert_eq!(fault_of(&bytes, 0).fault, Fault::NoEvents);
}

#[test]
fn digest_in_a_part_before_the_last_is_refused() {
    let parts = parts_of(&frame_bytes(9, &mass_cancel(), &ended(1000)));
    for (field, name) in [(32, "+32"), (40, "+40")] {
        let mut bytes = parts[0].clone();
        bytes[field] = 1;
        sum(&mut bytes);
        assert!(fault_of(&bytes, 0).to_string().contains(name));
    }
}

#[test]
fn any_byte_changed_without_its_crc_is_refused() {
    let good = frame_bytes(7, &order(), &[accepted()]);
    for offset in 0..good.len() {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[offset] ^= 1 << bit;
            match read_frame(Aligned::of(&bytes).bytes(), 0) {
                Ok(Next::Frame(_)) => panic!("bit {bit} of byte {offset} was not noticed"),
                // A length that has grown asks for more; with more, the formula or the CRC says no.
                Ok(Next::NeedMore { .. }) => assert_eq!(offset / 4, 1),
                Err(_) => {}
            }
        }
    }
}

#[test]
fn misaligned_bytes_are_refused() {
    let mut bytes = vec![0; 4];
    bytes.extend(frame_bytes(7, &order(), &[accepted()]));
    let aligned = Aligned::of(&bytes);
    assert_eq!(read_frame(&aligned.bytes()[4..], 0).unwrap_err().fault, Fault::Misaligned);
}

#[test]
fn fewer_bytes_ask_for_more_and_never_for_less_than_it_takes() {
    let good = frame_bytes(7, &order(), &[accepted()]);
    for length in 0..good.len() {
        match read_frame(Aligned::of(&good[..length]).bytes(), 0) {
            Ok(Next::NeedMore { at_least }) => {
                assert_eq!(at_least, if length < HEADER_SIZE { HEADER_SIZE } else { good.len() })
            }
            other => panic!("{length} bytes: {other:?}"),
        }
    }
}

fn parts_of(bytes: &[u8]) -> Vec<Vec<u8>> {
    let aligned = Aligned::of(bytes);
    let CompleteNext::Frame(frame) = CompleteFrame::read(aligned.bytes(), 0).unwrap() else { panic!("it is whole") };
    frame.parts().map(|part| part.bytes.to_vec()).collect()
}

#[test]
fn frame_at_the_limit_is_one_part_and_one_event_more_is_two() {
    let fits = part_capacity(mass_cancel().bytes().len());
    let one = parts_of(&frame_bytes(9, &mass_cancel(), &ended(fits)));
    assert_eq!(one.len(), 1);
    assert!(one[0].len() <= MAX_PART && one[0].len() + 80 > MAX_PART);
    let two = parts_of(&frame_bytes(9, &mass_cancel(), &ended(fits + 1)));
    assert_eq!(two.iter().map(Vec::len).collect::<Vec<_>>(), [one[0].len(), 64 + 80]);
}

#[test]
fn parts_carry_every_event_once_and_in_order() {
    for count in [1, 817, 818, 819, 1635, 1636, 1637, 5000] {
        let events = ended(count);
        let aligned = Aligned::of(&frame_bytes(9, &mass_cancel(), &events));
        let CompleteNext::Frame(frame) = CompleteFrame::read(aligned.bytes(), 0).unwrap() else {
            panic!("it is whole")
        };
        assert!(frame.events().eq(&events));
        assert_eq!(frame.events_together(&mut Vec::new()), events);
        assert_eq!(frame.digests(), common::digests(9));
    }
}

/// Whole parts of a frame of three parts, in a wrong order or from another frame: the number of the fault.
#[test]
fn parts_out_of_order_are_refused() {
    let ours = parts_of(&frame_bytes(9, &mass_cancel(), &ended(2000)));
    let next = parts_of(&frame_bytes(10, &mass_cancel(), &ended(2000)));
    let small = frame_bytes(10, &order(), &[accepted()]);
    let mut later = ours[1].clone();
    later[24] ^= 1; // another time
    sum(&mut later);
    let mut elsewhere = ours[1].clone();
    elsewhere[48] ^= 1; // another data centre
    sum(&mut elsewhere);
    let cases: &[(&[&[u8]], u8)] = &[
        (&[&ours[1], &ours[2]], 10),
        (&[&ours[0], &ours[2]], 10),
        (&[&ours[0], &ours[0]], 10),
        (&[&ours[0], &ours[1], &ours[1]], 10),
        (&[&ours[0], &next[1]], 11),
        (&[&ours[0], &small], 11),
        (&[&ours[0], &later], 11),
        (&[&ours[0], &elsewhere], 11),
        (&[&ours[0], &Heartbeat { stamp: Stamp::default(), digests: common::digests(0), data_center: 1 }.write()], 1),
    ];
    for (place, (parts, number)) in cases.iter().enumerate() {
        let bytes = parts.concat();
        let error = CompleteFrame::read(Aligned::of(&bytes).bytes(), 0).expect_err("parts out of order");
        assert_eq!(error.fault.number(), *number, "case {place}: {error}");
        let expected_at: usize = parts[..parts.len() - 1].iter().map(|part| part.len()).sum();
        assert_eq!(error.at, if place == 0 { 0 } else { expected_at as u64 }, "case {place}");
        // The same through a feed.
        let mut feed = FeedBuffer::new(1 << 20);
        assert_eq!(feed.push(&bytes[..bytes.len().min(131_072)]), bytes.len().min(131_072));
        let first = feed.next().map(|_| ()).and_then(|()| {
            feed.push(&bytes[bytes.len().min(131_072)..]);
            feed.next().map(|_| ())
        });
        assert_eq!(first, Err(error), "case {place}");
    }
}

#[test]
fn part_that_is_not_full_is_refused_before_the_last() {
    let parts = parts_of(&frame_bytes(9, &mass_cancel(), &ended(2000)));
    let mut bytes = parts[0].clone();
    bytes.truncate(bytes.len() - 80);
    let length = (bytes.len() as u32).to_le_bytes();
    bytes[4..8].copy_from_slice(&length);
    let events = u16::from_le_bytes([bytes[58], bytes[59]]) - 1;
    bytes[58..60].copy_from_slice(&events.to_le_bytes());
    sum(&mut bytes);
    assert_eq!(fault_of(&bytes, 0).fault, Fault::PartNotFull { found: events, expected: events + 1 });
}

#[test]
fn feed_in_any_pieces_gives_the_same_frames_and_heartbeats() {
    let heartbeat =
        Heartbeat { stamp: Stamp { epoch: Epoch(1), ..common::stamp(3) }, digests: common::digests(3), data_center: 9 };
    let frames = [
        frame_bytes(1, &day_open(), &[applied()]),
        frame_bytes(2, &mass_cancel(), &ended(3000)),
        frame_bytes(3, &order(), &[accepted()]),
    ];
    let stream = [&frames[0][..], &frames[1], &heartbeat.write(), &frames[2], &heartbeat.write()].concat();
    for piece in [1, 7, 64, 100, 1460, 65_536, 131_072, stream.len()] {
        let mut feed = FeedBuffer::new(1 << 20);
        let (mut seen, mut heartbeats) = (Vec::new(), 0);
        let mut take = |feed: &mut FeedBuffer| {
            while let Some(item) = feed.next().unwrap() {
                match item {
                    FeedItem::Frame(frame) => seen.push(frame.bytes().to_vec()),
                    FeedItem::Heartbeat(found) => {
                        assert_eq!(found, heartbeat);
                        heartbeats += 1;
                    }
                }
            }
        };
        for mut bytes in stream.chunks(piece) {
            while !bytes.is_empty() {
                bytes = &bytes[feed.push(bytes)..];
                take(&mut feed);
            }
        }
        assert_eq!((seen.as_slice(), heartbeats), (&frames[..], 2), "pieces of {piece}");
        assert_eq!(feed.offset(), stream.len() as u64);
    }
}

#[test]
fn feed_frame_beyond_the_limit_is_refused_without_taking_the_memory() {
    let bytes = frame_bytes(2, &mass_cancel(), &ended(3000));
    let mut feed = FeedBuffer::new(100_000);
    let mut rest = &bytes[..];
    let error = loop {
        rest = &rest[feed.push(rest)..];
        if let Err(error) = feed.next() {
            break error;
        }
    };
    assert_eq!(error.fault, Fault::TooLong { limit: 100_000 });
}

#[test]
fn heartbeat_and_request_with_something_else_than_zero_are_refused() {
    let good = Heartbeat { stamp: common::stamp(3), digests: common::digests(3), data_center: 9 }.write();
    for field in [52, 54, 56, 58, 60] {
        let mut bytes = good;
        bytes[field] = 1;
        sum(&mut bytes);
        let error = Heartbeat::read(Aligned::of(&bytes).bytes(), 5).unwrap_err();
        assert_eq!((error.at, error.fault), (5, Fault::NotZero { field: field as u8 }));
    }
    let mut bytes = good;
    bytes[20] ^= 1;
    assert_eq!(Heartbeat::read(Aligned::of(&bytes).bytes(), 0).unwrap_err().fault.number(), 4);
    let mut bytes = good;
    bytes[4] = 72;
    sum(&mut bytes);
    assert_eq!(Heartbeat::read(Aligned::of(&bytes).bytes(), 0).unwrap_err().fault.number(), 3);

    let request = FeedRequest::new(Epoch(1), Sequence(0), 0, 0);
    for (field, fault) in [(0, 1), (28, 5), (16, 5)] {
        let mut bytes = request.write();
        bytes[field] ^= 1;
        assert_eq!(FeedRequest::read(&bytes).unwrap_err().fault.number(), fault);
    }
    assert_eq!(FeedRequest::read(&request.write()[..31]).unwrap(), None);
    assert_eq!(FeedRequest::read(b"BK").unwrap(), None);
    assert_eq!(FeedRequest::read(b"BKX").unwrap_err().fault.number(), 1);
}
