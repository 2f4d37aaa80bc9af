//! Everything that can be wrong with bytes that should be frames, numbered, each with a text that says what was
//! expected.

use engine::types::{Epoch, Nanoseconds, Sequence};
use std::fmt;

/// What is wrong, and where: offsets count from the start of the file or stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameError {
    /// Where the frame (the part, the message) begins, bytes.
    pub at: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What can be wrong with a frame, a heartbeat or a feed request. The numbers are for metrics and logs of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    /// It does not begin with its magic.
    Magic {
        /// The four bytes there; fewer are filled with zeros.
        found: [u8; 4],
        /// The four bytes that belong there.
        expected: [u8; 4],
    } = 1,
    /// The length is out of range or not a multiple of 8.
    LengthRange {
        /// The length field.
        found: u32,
    } = 2,
    /// The length is not header + command + events.
    LengthFormula {
        /// The length field.
        found: u32,
        /// 64 + command + 80 x events.
        expected: u32,
    } = 3,
    /// The bytes are not those that were written.
    Crc {
        /// The CRC field.
        found: u32,
        /// The CRC of the bytes.
        expected: u32,
    } = 4,
    /// A field that is called zero is not.
    NotZero {
        /// Where in the frame, bytes.
        field: u8,
    } = 5,
    /// Sequences count from 1.
    SequenceZero = 6,
    /// A part has at least one event.
    NoEvents = 7,
    /// The first part's command cannot be read: unknown kind, or not as long as its kind.
    CommandUnreadable = 8,
    /// A part that is not the last does not hold as many events as fit.
    PartNotFull {
        /// Events it holds.
        found: u16,
        /// Events that fit.
        expected: u16,
    } = 9,
    /// Parts do not count 0, 1, 2 …, or something came between them.
    PartOutOfOrder {
        /// The part's number.
        found: u16,
        /// The number that was next.
        expected: u16,
    } = 10,
    /// The part has another epoch, sequence, time or data centre than the part before.
    PartOfAnother {
        /// The part's sequence.
        found: Sequence,
        /// The sequence of the part before.
        expected: Sequence,
    } = 11,
    /// The frame is longer than whoever reads has room for.
    TooLong {
        /// The room, bytes.
        limit: u64,
    } = 12,
    /// The caller's bytes do not begin at a multiple of 8.
    Misaligned = 13,
    /// The bytes end before the frame does.
    Torn {
        /// Bytes that are missing, at least.
        missing: u64,
    } = 14,
    /// The first frame is not DayOpen.
    NotDayOpen = 15,
    /// The sequence is not the next one.
    SequenceNotNext {
        /// The frame's sequence.
        found: Sequence,
        /// The next one.
        expected: Sequence,
    } = 16,
    /// The epoch is neither that of the frame before nor one that the frame's own command opens.
    EpochUnexpected {
        /// The frame's epoch.
        found: Epoch,
        /// The epoch that belongs there.
        expected: Epoch,
    } = 17,
    /// Time runs back.
    TimeBackwards {
        /// The frame's time.
        found: Nanoseconds,
        /// The time of the frame before.
        expected: Nanoseconds,
    } = 18,
}

impl Fault {
    /// Its number.
    #[must_use]
    pub fn number(&self) -> u8 {
        match self {
            Fault::Magic { .. } => 1,
            Fault::LengthRange { .. } => 2,
            Fault::LengthFormula { .. } => 3,
            Fault::Crc { .. } => 4,
            Fault::NotZero { .. } => 5,
            Fault::SequenceZero => 6,
            Fault::NoEvents => 7,
            Fault::CommandUnreadable => 8,
            Fault::PartNotFull { .. } => 9,
            Fault::PartOutOfOrder { .. } => 10,
            Fault::PartOfAnother { .. } => 11,
            Fault::TooLong { .. } => 12,
            Fault::Misaligned => 13,
            Fault::Torn { .. } => 14,
            Fault::NotDayOpen => 15,
            Fault::SequenceNotNext { .. } => 16,
            Fault::EpochUnexpected { .. } => 17,
            Fault::TimeBackwards { .. } => 18,
        }
    }

    /// The fault of the frame that begins at `at`.
    #[must_use]
    pub fn at(self, at: u64) -> FrameError {
        FrameError { at, fault: self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Fault::Magic { found, expected } => {
                write!(out, "it begins with {found:02X?}, expected the magic {expected:02X?}")
            }
            Fault::LengthRange { found } => {
                write!(out, "length (at +4) is {found}, expected a multiple of 8 from 64 to 65536")
            }
            Fault::LengthFormula { found, expected } => {
                write!(out, "length (at +4) is {found}, expected {expected} = 64 + command + 80 x events")
            }
            Fault::Crc { found, expected } => {
                write!(out, "CRC (at +8) is {found:08X}, expected {expected:08X} for these bytes")
            }
            Fault::NotZero { field } => write!(out, "the field at +{field} is not zero, expected zero here"),
            Fault::SequenceZero => write!(out, "sequence (at +16) is 0, expected 1 or more"),
            Fault::NoEvents => write!(out, "number of events (at +58) is 0, expected 1 or more"),
            Fault::CommandUnreadable => {
                write!(out, "the command (at +64) cannot be read, expected a known kind with its own length")
            }
            Fault::PartNotFull { found, expected } => {
                write!(out, "a part before the last holds {found} events, expected {expected}, as many as fit")
            }
            Fault::PartOutOfOrder { found, expected } => write!(out, "part (at +52) is {found}, expected {expected}"),
            Fault::PartOfAnother { found, expected } => write!(
                out,
                "the part belongs to another frame (sequence {found}), expected a part of {expected} with the \
                 same epoch, time and data centre"
            ),
            Fault::TooLong { limit } => write!(out, "the frame is longer than the room for one, {limit} bytes"),
            Fault::Misaligned => write!(out, "the bytes do not begin at a multiple of 8 in memory"),
            Fault::Torn { missing } => write!(out, "the frame ends early, expected at least {missing} more bytes"),
            Fault::NotDayOpen => write!(out, "the first frame is not DayOpen, expected DayOpen with sequence 1"),
            Fault::SequenceNotNext { found, expected } => {
                write!(out, "sequence (at +16) is {found}, expected {expected}, the next one")
            }
            Fault::EpochUnexpected { found, expected } => write!(out, "epoch (at +12) is {found}, expected {expected}"),
            Fault::TimeBackwards { found, expected } => {
                write!(out, "time (at +24) is {found}, expected at least {expected}, the time of the frame before")
            }
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "frame at offset {}: {}", self.at, self.fault)
    }
}

impl std::error::Error for FrameError {}
