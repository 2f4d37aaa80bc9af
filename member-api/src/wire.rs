//! Bytes on their way out, and bytes that have come in but are no whole message yet.

use crate::order::Nanoseconds;
use ftd::message::MESSAGE_SIZE_MAX;
use ftd::{MessageWriter, SequenceNumber, Series, Tid};

/// No further request is written while this much waits for the socket: the exchange reads slower than we send.
pub(crate) const OUTPUT_HIGH_WATER: usize = 64 * 1024;

/// The longest message a member writes: a readiness report with its 500 bytes of words, headers and ids.
const LONGEST_WRITTEN: usize = 1_024;

/// One connection's bytes.
#[derive(Debug)]
pub(crate) struct Wire {
    output: Vec<u8>,
    sent: usize,
    /// The beginning of a message that is not whole yet.
    pub input: Vec<u8>,
    pub last_sent: Nanoseconds,
    pub last_received: Nanoseconds,
}

impl Wire {
    pub fn new() -> Self {
        Wire {
            output: Vec::new(),
            sent: 0,
            input: Vec::with_capacity(MESSAGE_SIZE_MAX),
            last_sent: Nanoseconds(0),
            last_received: Nanoseconds(0),
        }
    }

    /// A new connection.
    pub fn reset(&mut self, now: Nanoseconds) {
        self.output.clear();
        self.sent = 0;
        self.input.clear();
        self.last_sent = now;
        self.last_received = now;
    }

    pub fn output(&self) -> &[u8] {
        &self.output[self.sent..]
    }

    pub fn taken(&mut self, count: usize) {
        assert!(count <= self.output.len() - self.sent, "the host cannot have sent more than there was");
        self.sent += count;
        if self.sent == self.output.len() {
            self.output.clear();
            self.sent = 0;
        }
    }

    pub fn has_room(&self) -> bool {
        self.output.len() - self.sent < OUTPUT_HIGH_WATER
    }

    pub fn heartbeat(&mut self, now: Nanoseconds) {
        self.output.extend_from_slice(&ftd::HEARTBEAT);
        self.last_sent = now;
    }

    /// Writes a message; `fill` adds its fields, and None from it takes the message back.
    pub fn message(
        &mut self,
        now: Nanoseconds,
        tid: Tid,
        number: SequenceNumber,
        fill: impl FnOnce(&mut MessageWriter<'_>) -> Option<()>,
    ) -> Option<()> {
        let mut room = [0; LONGEST_WRITTEN];
        let mut writer = MessageWriter::new(&mut room, tid, Series::DIALOG, number)?;
        fill(&mut writer)?;
        let length = writer.finish();
        self.output.extend_from_slice(&room[..length]);
        self.last_sent = now;
        Some(())
    }
}
