//! Bytes written out by hand from FRAMES.md; the CRCs come from a bitwise CRC-32C that is not ours.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Aligned, crc_by_hand};
use engine::Digests;
use engine::command::{BodyView, CommandBuffer, RightSet};
use engine::event::{Applied, EventView};
use engine::types::{Epoch, InstrumentIndex, Nanoseconds, Sequence, Stamp, UserIndex};
use journal::{CompleteFrame, CompleteNext, FeedRequest, FrameToWrite, Heartbeat, write_frame};

#[rustfmt::skip]
const FRAME: [u8; 168] = [
    0x42, 0x4B, 0x46, 0x31,                         // 0  magic BKF1
    0xA8, 0x00, 0x00, 0x00,                         // 4  length 168 = 64 + 24 + 80
    CRC[0], CRC[1], CRC[2], CRC[3],                 // 8  CRC-32C of the 156 bytes from here on
    0x03, 0x00, 0x00, 0x00,                         // 12 epoch 3
    0x05, 0x04, 0x03, 0x02, 0x01, 0x00, 0x00, 0x00, // 16 sequence 0x0102030405
    0xE5, 0xD4, 0xC3, 0xB2, 0xF0, 0xE6, 0xA4, 0x17, // 24 time
    0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, // 32 state digest
    0x01, 0xFF, 0xEE, 0xDD, 0xCC, 0xBB, 0xAA, 0x99, // 40 local-id digest
    0x02, 0x00, 0x00, 0x00,                         // 48 data centre 2
    0x00, 0x00,                                     // 52 part 0
    0x01, 0x00,                                     // 54 flags: last
    0x18, 0x00,                                     // 56 command: 24 bytes
    0x01, 0x00,                                     // 58 one event
    0x00, 0x00, 0x00, 0x00,                         // 60 zero
    // 64 the command's header
    0x07, 0x00,                                     // kind 7 RightSet
    0x18, 0x00,                                     // length 24
    0x04, 0x03, 0x02, 0x01,                         // session
    0x0D, 0x0C, 0x0B, 0x0A,                         // request
    0x11, 0x00,                                     // user 17
    0x00, 0x00,                                     // zero
    // 80 its body
    0x05,                                           // scope: account in one instrument
    0x31,                                           // right '1' close-only
    0x03, 0x02,                                     // instrument
    0x03, 0x02, 0x01, 0x00,                         // account
    // 88 the event: kind 8 Applied, then 78 zeros
    0x08, 0x00,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];
const CRC: [u8; 4] = [0x0E, 0x9E, 0xBE, 0x32];

#[rustfmt::skip]
const HEARTBEAT: [u8; 64] = [
    0x42, 0x4B, 0x48, 0x31,                         // 0  magic BKH1
    0x40, 0x00, 0x00, 0x00,                         // 4  length 64
    0xBA, 0x81, 0xBA, 0xFF,                      // 8  CRC-32C of the 52 bytes from here on
    0x03, 0x00, 0x00, 0x00,                         // 12 epoch
    0x05, 0x04, 0x03, 0x02, 0x01, 0x00, 0x00, 0x00, // 16 last sequence
    0xE5, 0xD4, 0xC3, 0xB2, 0xF0, 0xE6, 0xA4, 0x17, // 24 time
    0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, // 32 state digest
    0x01, 0xFF, 0xEE, 0xDD, 0xCC, 0xBB, 0xAA, 0x99, // 40 local-id digest
    0x02, 0x00, 0x00, 0x00,                         // 48 data centre
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,             // 52 zeros
];

#[rustfmt::skip]
const REQUEST: [u8; 32] = [
    0x42, 0x4B, 0x52, 0x31,                         // 0  magic BKR1
    0x03, 0x00, 0x00, 0x00,                         // 4  epoch
    0x05, 0x04, 0x03, 0x02, 0x01, 0x00, 0x00, 0x00, // 8  last sequence held
    0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, // 16 state digest
    0x22, 0xDA, 0x34, 0x01,                         // 24 trading day 20240930
    0x00, 0x00, 0x00, 0x00,                         // 28 zero
];

const STAMP: Stamp =
    Stamp { epoch: Epoch(3), sequence: Sequence(0x01_0203_0405), time: Nanoseconds(0x17A4_E6F0_B2C3_D4E5) };
const DIGESTS: Digests = Digests { state: 0x1122_3344_5566_7788, local_ids: 0x99AA_BBCC_DDEE_FF01 };
const RIGHT: RightSet = RightSet { scope: 5, right: b'1', instrument: InstrumentIndex(0x0203), index: 0x0001_0203 };

#[test]
fn crc_is_castagnoli() {
    // The check value of the catalogue of CRCs, CRC-32/ISCSI.
    assert_eq!(crc_by_hand(b"123456789"), 0xE306_9283);
    assert_eq!(crc32c::crc32c(b"123456789"), 0xE306_9283);
    assert_eq!(crc_by_hand(&FRAME[12..]), u32::from_le_bytes(CRC));
}

#[test]
fn frame_is_written_as_the_page_says() {
    let command = CommandBuffer::new(0x0102_0304, 0x0A0B_0C0D, UserIndex(17), &RIGHT);
    let events = [Applied::zero().into()];
    let frame =
        FrameToWrite { stamp: STAMP, digests: DIGESTS, data_center: 2, command: command.bytes(), events: &events };
    let mut bytes = [0xEE; 200];
    assert_eq!(frame.length(), 168);
    assert_eq!(write_frame(&mut bytes, &frame), 168);
    assert_eq!(bytes[..168], FRAME);
    assert_eq!(bytes[168..], [0xEE; 32], "what follows is left alone");
}

#[test]
fn frame_is_read_as_the_page_says() {
    let bytes = Aligned::of(&FRAME);
    let CompleteNext::Frame(frame) = CompleteFrame::read(bytes.bytes(), 0).unwrap() else { panic!("it is whole") };
    assert_eq!((frame.stamp(), frame.digests(), frame.data_center()), (STAMP, DIGESTS, 2));
    let BodyView::RightSet(right) = frame.command().body else { panic!("kind 7") };
    assert_eq!((*right, frame.command().header.user), (RIGHT, UserIndex(17)));
    let events: Vec<_> = frame.events().collect();
    assert!(matches!(events[..], [event] if matches!(event.view(), Some(EventView::Applied(_)))));
}

#[test]
fn heartbeat_is_the_page_s() {
    let heartbeat = Heartbeat { stamp: STAMP, digests: DIGESTS, data_center: 2 };
    assert_eq!(heartbeat.write(), HEARTBEAT);
    assert_eq!(Heartbeat::read(Aligned::of(&HEARTBEAT).bytes(), 0).unwrap(), Some(heartbeat));
}

#[test]
fn request_is_the_page_s() {
    let request = FeedRequest::new(Epoch(3), Sequence(0x01_0203_0405), DIGESTS.state, 20_240_930);
    assert_eq!(request.write(), REQUEST);
    assert_eq!(FeedRequest::read(&REQUEST).unwrap(), Some(request));
}
