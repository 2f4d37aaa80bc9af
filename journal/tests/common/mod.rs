//! What the tests of the room share: aligned bytes, and frames made without the engine.
#![allow(dead_code, clippy::unwrap_used)]

pub mod market;

use engine::Digests;
use engine::command::{BookRestate, CommandBuffer, DayOpen, MassCancel, OrderInsert};
use engine::event::{Accepted, Applied, Ended, Event};
use engine::types::{Epoch, Nanoseconds, Sequence, Stamp, UserIndex};
use journal::{FrameToWrite, Log, LogLimits, write_frame};
use zerocopy::{FromZeros, IntoBytes};

/// Bytes that begin at a multiple of 8.
#[derive(Clone, Default)]
pub struct Aligned {
    words: Vec<u64>,
    length: usize,
}

impl Aligned {
    pub fn of(bytes: &[u8]) -> Self {
        let mut words = vec![0_u64; bytes.len().div_ceil(8)];
        words.as_mut_bytes()[..bytes.len()].copy_from_slice(bytes);
        Aligned { words, length: bytes.len() }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.words.as_bytes()[..self.length]
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.words.as_mut_bytes()[..self.length]
    }
}

/// CRC-32C bit by bit: what the instruction must agree with.
pub fn crc_by_hand(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0x82F6_3B78 } else { 0 };
        }
    }
    !crc
}

/// Writes the CRC that the record of `bytes` should have.
pub fn sum(bytes: &mut [u8]) {
    let crc = crc_by_hand(&bytes[12..]);
    bytes[8..12].copy_from_slice(&crc.to_le_bytes());
}

pub const DAY: u32 = 20_240_930;
pub const MORNING: u64 = 1_727_658_000_000_000_000;

pub fn stamp(sequence: u64) -> Stamp {
    Stamp { epoch: Epoch(1), sequence: Sequence(sequence), time: Nanoseconds(MORNING + sequence * 1000) }
}

pub fn digests(sequence: u64) -> Digests {
    Digests { state: sequence.wrapping_mul(0x9E37_79B9_7F4A_7C15), local_ids: sequence + 7 }
}

pub fn day_open() -> CommandBuffer {
    let mut day = DayOpen::new_zeroed();
    day.trading_day = DAY;
    day.action_day = DAY;
    day.epoch = Epoch(1);
    CommandBuffer::own(&day)
}

pub fn order() -> CommandBuffer {
    let mut order = OrderInsert::new_zeroed();
    order.local_id = *b"A00000000000000000000001";
    CommandBuffer::new(3, 4, UserIndex(5), &order)
}

pub fn mass_cancel() -> CommandBuffer {
    CommandBuffer::own(&MassCancel { scope: 0, cause: 0, reserved: [0; 2], index: 0 })
}

pub fn restate() -> CommandBuffer {
    CommandBuffer::own(&BookRestate { reserved: 0 })
}

pub fn applied() -> Event {
    Applied::zero().into()
}

pub fn accepted() -> Event {
    Accepted { rests: 1, sys_id: *b"B0000000000001000000", ..Accepted::zero() }.into()
}

pub fn ended(count: usize) -> Vec<Event> {
    let mut event = Ended::zero();
    (0..count)
        .map(|index| {
            event.order.0 = 1 << 24 | index as u64;
            event.into()
        })
        .collect()
}

/// The bytes of one frame.
pub fn frame_bytes(sequence: u64, command: &CommandBuffer, events: &[Event]) -> Vec<u8> {
    let frame = FrameToWrite {
        stamp: stamp(sequence),
        digests: digests(sequence),
        data_center: 1,
        command: command.bytes(),
        events,
    };
    let mut bytes = vec![0xAA; frame.length()];
    assert_eq!(write_frame(&mut bytes, &frame), bytes.len());
    bytes
}

pub fn append(log: &mut Log, sequence: u64, command: &CommandBuffer, events: &[Event]) -> u64 {
    try_append(log, sequence, command, events).unwrap()
}

pub fn try_append(
    log: &mut Log,
    sequence: u64,
    command: &CommandBuffer,
    events: &[Event],
) -> Result<u64, journal::AppendRefused> {
    log.append(&FrameToWrite {
        stamp: stamp(sequence),
        digests: digests(sequence),
        data_center: 1,
        command: command.bytes(),
        events,
    })
}

pub const LIMITS: LogLimits = LogLimits { bytes: 1 << 20, frames: 4096 };

/// The frames of a journal, one after the other: a day's beginning, then what `events` says, one number of Ended events
/// a frame (0: an order that rests).
pub fn journal_of(events: &[usize]) -> Vec<Vec<u8>> {
    let mut frames = vec![frame_bytes(1, &day_open(), &[applied()])];
    for (place, count) in events.iter().enumerate() {
        let sequence = place as u64 + 2;
        frames.push(match count {
            0 => frame_bytes(sequence, &order(), &[accepted()]),
            count => frame_bytes(sequence, &mass_cancel(), &ended(*count)),
        });
    }
    frames
}

/// A journal of small frames, at least 64 KiB.
pub fn small_frames() -> Vec<Vec<u8>> {
    let frames = journal_of(&(0..300).map(|place| if place % 7 == 3 { 1 + place % 3 } else { 0 }).collect::<Vec<_>>());
    assert!(frames.iter().map(Vec::len).sum::<usize>() >= 65_536);
    frames
}
