//! What a fold says when the log contradicts itself. Nothing is released from such a log any more: the caller halts.

use crate::streams::Stream;
use engine::types::{Sequence, StreamNumber};
use std::fmt;

/// The log contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The frame where that came to light.
    pub sequence: Sequence,
    /// What does not fit.
    pub conflict: Conflict,
}

/// What does not fit. The numbers are for metrics and logs of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Conflict {
    /// Something other than DayOpen succeeded before the day was open.
    DayNotOpen = 1,
    /// A second DayOpen succeeded.
    DayTwice = 2,
    /// A definition's index is at or beyond the day's limit.
    IndexBeyondDay = 3,
    /// Something was defined twice: its index or its text.
    DefinedTwice = 4,
    /// A participant, user, account or instrument is named that was never defined.
    Undefined = 5,
    /// A stream's next number is another one.
    Gap {
        /// Whose stream.
        stream: Stream,
        /// The number the event carries.
        found: StreamNumber,
        /// The number that was next.
        expected: StreamNumber,
    } = 6,
    /// An order's key names no frame that accepted it.
    OrderUnknown = 7,
    /// An event's kind, or a code in it, is not of the list.
    EventUnknown = 8,
    /// An event does not belong to its command.
    EventMisplaced = 9,
    /// The streams have more messages than there is room for.
    MessagesExhausted = 10,
    /// There were more epochs than there is room for.
    EpochsExhausted = 11,
    /// The log has not the frame that an index names.
    FrameMissing = 12,
    /// A price or a volume does not fit into the standard's item.
    Inexpressible = 13,
}

impl Conflict {
    /// Its number.
    #[must_use]
    pub fn number(&self) -> u8 {
        match self {
            Conflict::DayNotOpen => 1,
            Conflict::DayTwice => 2,
            Conflict::IndexBeyondDay => 3,
            Conflict::DefinedTwice => 4,
            Conflict::Undefined => 5,
            Conflict::Gap { .. } => 6,
            Conflict::OrderUnknown => 7,
            Conflict::EventUnknown => 8,
            Conflict::EventMisplaced => 9,
            Conflict::MessagesExhausted => 10,
            Conflict::EpochsExhausted => 11,
            Conflict::FrameMissing => 12,
            Conflict::Inexpressible => 13,
        }
    }

    /// The contradiction that came to light at a frame.
    #[must_use]
    pub fn at(self, sequence: Sequence) -> Contradiction {
        Contradiction { sequence, conflict: self }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Conflict::DayNotOpen => out.write_str("a command succeeded before the day was open"),
            Conflict::DayTwice => out.write_str("the day is opened a second time"),
            Conflict::IndexBeyondDay => out.write_str("a definition's index is beyond the day's limit"),
            Conflict::DefinedTwice => out.write_str("an index or an id is defined a second time"),
            Conflict::Undefined => out.write_str("something is named that was never defined"),
            Conflict::Gap { stream, found, expected } => {
                write!(out, "{stream} goes on with number {found}, expected {expected}")
            }
            Conflict::OrderUnknown => out.write_str("an order's key names no frame that accepted it"),
            Conflict::EventUnknown => out.write_str("an event's kind or code is not of the list"),
            Conflict::EventMisplaced => out.write_str("an event does not belong to its command"),
            Conflict::MessagesExhausted => out.write_str("the streams have more messages than there is room for"),
            Conflict::EpochsExhausted => out.write_str("there were more epochs than there is room for"),
            Conflict::FrameMissing => out.write_str("the log has not the frame that the index names"),
            Conflict::Inexpressible => out.write_str("a price does not fit into the standard's item"),
        }
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the log contradicts itself at sequence {}: {}", self.sequence, self.conflict)
    }
}

impl std::error::Error for Contradiction {}
