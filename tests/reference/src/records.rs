//! What the primary did, for whoever checks the drill afterwards. Nothing here is read by the primary itself but the log.

use crate::exchange::{Outcome, Stream};
use crate::frame::Stamp;
use crate::number::Sequence;
use net::CloseReason;
use std::collections::BTreeMap;

/// Why a primary stopped dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// The feed reached the byte it was to die at.
    FeedByte(u64),
    /// A member sent the order that kills it.
    Poison,
    /// It was told to.
    Told,
}

/// The log, and who was handed what.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// Every frame executed, back to back: the feed from its first byte.
    pub log: Vec<u8>,
    /// Where each frame ends in the log; frame n is the n-th.
    pub frame_ends: Vec<u64>,
    /// What each frame says of itself.
    pub stamps: Vec<Stamp>,
    /// Of each stream, the highest number of which every byte was handed to some session's TCP.
    pub handed: BTreeMap<Stream, u32>,
    /// The same for each connection: (the connection's number, stream).
    pub handed_by_connection: BTreeMap<(u64, Stream), u32>,
    /// Commands refused, by code.
    pub rejects: BTreeMap<u16, u64>,
    /// What sessions refused themselves, by code.
    pub refusals: BTreeMap<u16, u64>,
    /// Bytes of the log that were handed to some follower's TCP, from its first byte.
    pub fed_bytes: u64,
    /// Logins granted.
    pub logins: u64,
    /// FlowMessageCancel sent.
    pub voided: u64,
    /// Connections that are over, by how the host saw it.
    pub closed: BTreeMap<CloseReason, u64>,
    /// Connections closed for a dialog gap.
    pub closed_for_gap: u64,
    /// Connections closed for bytes that are not FTD.
    pub closed_for_bytes: u64,
    /// Connections closed for silence.
    pub closed_for_silence: u64,
    /// Why and when it died.
    pub death: Option<Death>,
}

impl Records {
    pub(crate) fn executed(&mut self, outcome: &Outcome) {
        for part in &outcome.frame_parts {
            self.log.extend_from_slice(part);
        }
        self.frame_ends.push(self.log.len() as u64);
        self.stamps.push(outcome.stamp);
        if let Some(code) = outcome.refused {
            *self.rejects.entry(code as u16).or_default() += 1;
        }
    }

    pub(crate) fn handed(&mut self, connection: u64, stream: Stream, number: u32) {
        for handed in
            [self.handed.entry(stream).or_default(), self.handed_by_connection.entry((connection, stream)).or_default()]
        {
            *handed = number.max(*handed);
        }
    }

    /// The last frame executed.
    #[must_use]
    pub fn last(&self) -> Sequence {
        Sequence(self.frame_ends.len() as u64)
    }

    /// Where a frame ends in the log; 0 for sequence 0. None: there is no such frame.
    #[must_use]
    pub fn end_of(&self, sequence: Sequence) -> Option<u64> {
        match usize::try_from(sequence.0).ok()?.checked_sub(1) {
            None => Some(0),
            Some(index) => self.frame_ends.get(index).copied(),
        }
    }

    /// The last frame that lies whole before an offset of the log.
    #[must_use]
    pub fn whole_before(&self, offset: u64) -> Sequence {
        Sequence(self.frame_ends.partition_point(|&end| end <= offset) as u64)
    }

    /// The last frame that was handed to the feed whole.
    #[must_use]
    pub fn fed(&self) -> Sequence {
        self.whole_before(self.fed_bytes)
    }

    /// A frame's bytes, all parts.
    #[must_use]
    pub fn frame(&self, sequence: Sequence) -> Option<&[u8]> {
        let start = self.end_of(Sequence(sequence.0.checked_sub(1)?))?;
        self.log.get(usize::try_from(start).ok()?..usize::try_from(self.end_of(sequence)?).ok()?)
    }
}
