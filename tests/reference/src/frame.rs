//! Frames, written from the byte document `journal/FRAMES.md`.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | magic "BKF1"; a heartbeat "BKH1" |
//! | 4 | 4 | length |
//! | 8 | 4 | CRC-32C of the bytes from 12 on |
//! | 12 | 4 | epoch |
//! | 16 | 8 | sequence |
//! | 24 | 8 | time |
//! | 32 | 8 | state digest, in the last part |
//! | 40 | 8 | local-id digest, in the last part |
//! | 48 | 4 | data centre |
//! | 52 | 2 | part |
//! | 54 | 2 | flags: 1 = last part |
//! | 56 | 2 | bytes of the command, in the first part |
//! | 58 | 2 | events in this part |
//! | 60 | 4 | zero |
//! | 64 | … | command, then events of 80 bytes |

use crate::event::{EVENT, Event};
use crate::number::{Epoch, Nanoseconds, Sequence};
use crate::wire::{Reader, Wire, Zero};

/// Bytes of a frame's header.
pub const HEADER: usize = 64;
/// Bytes of the longest frame.
pub const LONGEST: usize = 65_536;
/// Bytes of a follower's request.
pub const REQUEST: usize = 32;

const FRAME: [u8; 4] = *b"BKF1";
const HEARTBEAT: [u8; 4] = *b"BKH1";
const FOLLOW: [u8; 4] = *b"BKR1";

/// What a frame says beside its command and events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// The reign.
    pub epoch: Epoch,
    /// The place in the log.
    pub sequence: Sequence,
    /// When.
    pub time: Nanoseconds,
    /// The state's digest after it.
    pub digest: u64,
    /// The local-id marks' digest after it.
    pub local_ids: u64,
    /// Who decided.
    pub data_center: u32,
}

/// Writes a frame in as many parts as it needs.
#[must_use]
pub fn write(stamp: Stamp, command: &[u8], events: &[Event]) -> Vec<Vec<u8>> {
    assert!(!events.is_empty(), "a frame has at least one event");
    let mut parts = Vec::new();
    let mut rest = events;
    loop {
        let part = u16::try_from(parts.len()).expect("a frame has fewer than 65,536 parts");
        let command = if part == 0 { command } else { &[] };
        let fitting = (LONGEST - HEADER - command.len()) / EVENT;
        let (here, later) = rest.split_at(rest.len().min(fitting));
        rest = later;
        let last = rest.is_empty();
        let digests = if last { (stamp.digest, stamp.local_ids) } else { (0, 0) };
        parts.push(write_part(FRAME, stamp, digests, part, last, command, here));
        if last {
            return parts;
        }
    }
}

/// Writes a heartbeat of the feed: `stamp` is of the last frame recorded, its time that of the heartbeat.
#[must_use]
pub fn write_heartbeat(stamp: Stamp) -> Vec<u8> {
    write_part(HEARTBEAT, stamp, (stamp.digest, stamp.local_ids), 0, false, &[], &[])
}

fn write_part(
    magic: [u8; 4],
    stamp: Stamp,
    digests: (u64, u64),
    part: u16,
    last: bool,
    command: &[u8],
    events: &[Event],
) -> Vec<u8> {
    let length = HEADER + command.len() + EVENT * events.len();
    let mut bytes = Vec::with_capacity(length);
    magic.put(&mut bytes);
    u32::try_from(length).expect("a frame has at most 65,536 bytes").put(&mut bytes);
    0u32.put(&mut bytes);
    stamp.epoch.put(&mut bytes);
    stamp.sequence.put(&mut bytes);
    stamp.time.put(&mut bytes);
    digests.0.put(&mut bytes);
    digests.1.put(&mut bytes);
    stamp.data_center.put(&mut bytes);
    part.put(&mut bytes);
    u16::from(last).put(&mut bytes);
    u16::try_from(command.len()).expect("a command has at most 640 bytes").put(&mut bytes);
    u16::try_from(events.len()).expect("a part has at most 818 events").put(&mut bytes);
    0u32.put(&mut bytes);
    bytes.extend_from_slice(command);
    for event in events {
        bytes.extend_from_slice(&event.bytes());
    }
    let crc = crc32c::crc32c(&bytes[12..]);
    bytes[8..12].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// A frame (one part) as read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its bytes, all of them.
    pub bytes: &'a [u8],
    /// A heartbeat of the feed, no frame of the log.
    pub heartbeat: bool,
    /// What it says beside command and events; digests 0 but in the last part.
    pub stamp: Stamp,
    /// Which part, from 0.
    pub part: u16,
    /// The last one.
    pub last: bool,
    /// The command; empty but in part 0.
    pub command: &'a [u8],
    /// The events, 80 bytes each.
    pub events: &'a [u8],
}

/// Reads the frame at the front of `bytes`. None: too few bytes yet, or not a frame.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Part<'_>> {
    let mut from = Reader(bytes);
    let magic = <[u8; 4]>::take(&mut from)?;
    let length = u32::take(&mut from)? as usize;
    let crc = u32::take(&mut from)?;
    if (magic != FRAME && magic != HEARTBEAT) || !(HEADER..=LONGEST).contains(&length) || !length.is_multiple_of(8) {
        return None;
    }
    let bytes = bytes.get(..length)?;
    if crc32c::crc32c(&bytes[12..]) != crc {
        return None;
    }
    let stamp = Stamp {
        epoch: Wire::take(&mut from)?,
        sequence: Wire::take(&mut from)?,
        time: Wire::take(&mut from)?,
        digest: Wire::take(&mut from)?,
        local_ids: Wire::take(&mut from)?,
        data_center: Wire::take(&mut from)?,
    };
    let part = u16::take(&mut from)?;
    let flags = u16::take(&mut from)?;
    let command = usize::from(u16::take(&mut from)?);
    let events = usize::from(u16::take(&mut from)?);
    Zero::<4>::take(&mut from)?;
    if length != HEADER + command + EVENT * events || flags > 1 {
        return None;
    }
    let (command, events) = bytes[HEADER..].split_at(command);
    Some(Part { bytes, heartbeat: magic == HEARTBEAT, stamp, part, last: flags == 1, command, events })
}

/// Where a follower wants to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The highest epoch it knows.
    pub epoch: Epoch,
    /// The last sequence it holds whole.
    pub sequence: Sequence,
    /// The state's digest after that.
    pub digest: u64,
    /// The day, yyyymmdd; 0 = none yet.
    pub trading_day: u32,
}

impl Request {
    /// Reads 32 bytes. None: not a request.
    #[must_use]
    pub fn read(bytes: &[u8; REQUEST]) -> Option<Self> {
        let mut from = Reader(bytes);
        if <[u8; 4]>::take(&mut from)? != FOLLOW {
            return None;
        }
        let request = Request {
            epoch: Wire::take(&mut from)?,
            sequence: Wire::take(&mut from)?,
            digest: Wire::take(&mut from)?,
            trading_day: Wire::take(&mut from)?,
        };
        Zero::<4>::take(&mut from)?;
        Some(request)
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn write(&self) -> [u8; REQUEST] {
        let mut bytes = Vec::with_capacity(REQUEST);
        FOLLOW.put(&mut bytes);
        self.epoch.put(&mut bytes);
        self.sequence.put(&mut bytes);
        self.digest.put(&mut bytes);
        self.trading_day.put(&mut bytes);
        0u32.put(&mut bytes);
        bytes.try_into().expect("4 + 4 + 8 + 8 + 4 + 4 bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_outgrows_65536_bytes_goes_on_in_parts() {
        let stamp = Stamp {
            epoch: Epoch(1),
            sequence: Sequence(9),
            time: Nanoseconds(5),
            digest: 77,
            local_ids: 78,
            data_center: 3,
        };
        let command = [7u8; 24];
        let events = vec![Event::Applied; 1_700];
        let parts = write(stamp, &command, &events);
        // (65,536 - 64 - 24) / 80 = 818 in the first, (65,536 - 64) / 80 = 818 in the second, 64 in the third.
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [64 + 24 + 818 * 80, 64 + 818 * 80, 64 + 64 * 80]);
        for (number, bytes) in parts.iter().enumerate() {
            let part = read(bytes).expect("a frame");
            assert_eq!(usize::from(part.part), number);
            assert_eq!(part.last, number == 2);
            assert_eq!(part.stamp.digest, if number == 2 { 77 } else { 0 });
            assert_eq!(part.command.len(), if number == 0 { 24 } else { 0 });
        }
        let mut broken = parts[2].clone();
        broken[70] ^= 1;
        assert_eq!(read(&broken), None, "the CRC holds");
    }

    #[test]
    fn a_request_comes_back_from_its_bytes() {
        let request =
            Request { epoch: Epoch(2), sequence: Sequence(1 << 40), digest: u64::MAX, trading_day: 20_240_930 };
        assert_eq!(Request::read(&request.write()), Some(request));
        let mut wrong = request.write();
        wrong[31] = 1;
        assert_eq!(Request::read(&wrong), None);
    }
}
