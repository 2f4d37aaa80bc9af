//! The receiving side of a connection: what comes next, what came too early, and how much more may come.
//!
//! ```text
//!   consumed | in order, in the ring | missing ... early ... missing ... early ...      |
//!            ^ ring's front          ^ next (RCV.NXT)                         edge ->   ^ front + capacity
//! ```
//!
//! The ring holds only what its reader did not take out of the packet at once, and what came too early, at its place.

use super::number::SequenceNumber;
use super::options::SACK_BLOCKS_MAX;
use super::ranges::{Range, Ranges};
use super::ring::Ring;

/// Bytes that come in.
pub(crate) struct ReceiveSide {
    /// The next byte in order (RCV.NXT).
    next: SequenceNumber,
    /// Bytes in order that wait in the ring.
    queue: usize,
    /// The byte behind the window that the peer was last told of. It never goes back.
    edge: SequenceNumber,
    /// Longest payload of the peer's, as far as we know: what a window is worth opening for.
    segment_max: usize,
    /// What came too early.
    early: Ranges,
    /// The last that came too early: the first to be named in a SACK.
    latest: SequenceNumber,
    /// The number of the peer's FIN, if it has come.
    finish: Option<SequenceNumber>,
    ring: Ring,
}

impl ReceiveSide {
    /// Nothing received; `ring` may be any ring, its bytes do not matter.
    pub(crate) fn new(mut ring: Ring, segment_max: usize) -> ReceiveSide {
        ring.rewind();
        ReceiveSide {
            next: SequenceNumber(0),
            queue: 0,
            edge: SequenceNumber(0),
            segment_max,
            early: Ranges::default(),
            latest: SequenceNumber(0),
            finish: None,
            ring,
        }
    }

    /// The peer's SYN has this number.
    pub(crate) fn begin(&mut self, syn: SequenceNumber) {
        self.next = syn + 1;
        self.edge = self.next;
    }

    #[inline]
    pub(crate) fn next(&self) -> SequenceNumber {
        self.next
    }

    /// Bytes in order that wait in the ring.
    #[inline]
    pub(crate) fn queue(&self) -> usize {
        self.queue
    }

    /// Bytes from [`ReceiveSide::next`] that may come.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.ring.capacity() - self.queue
    }

    /// Nothing waits in the ring, in order or early.
    #[inline]
    pub(crate) fn is_clear(&self) -> bool {
        self.queue == 0 && self.early.is_empty()
    }

    /// Something came too early.
    pub(crate) fn has_gap(&self) -> bool {
        !self.early.is_empty()
    }

    /// What is beyond it never comes: the number of the peer's FIN.
    #[inline]
    pub(crate) fn finish(&self) -> Option<SequenceNumber> {
        self.finish
    }

    /// The peer's FIN has come, with this number.
    pub(crate) fn set_finish(&mut self, number: SequenceNumber) {
        self.finish.get_or_insert(number);
    }

    /// Everything before the FIN is there: it counts as a byte.
    pub(crate) fn pass_finish(&mut self) {
        self.next = self.next + 1;
        self.edge = self.edge.max(self.next);
    }

    /// Stores a segment's payload. Returns how many bytes that put in order, and how many were copied.
    pub(crate) fn store(&mut self, sequence: SequenceNumber, payload: &[u8]) -> (usize, usize) {
        let limit = self.next + self.room();
        let limit = self.finish.map_or(limit, |finish| limit.min(finish));
        let end = (sequence + payload.len()).min(limit);
        let start = sequence.max(self.next);
        if !start.is_before(end) {
            return (0, 0);
        }
        let offset = self.next.until(start) as usize;
        let from = sequence.until(start) as usize;
        let count = start.until(end) as usize;
        self.ring.write(self.queue + offset, &payload[from..from + count]);
        if offset > 0 {
            if self.early.add(Range { start, end }) {
                self.latest = start;
            }
            return (0, count);
        }
        let reached = if self.early.is_empty() { end } else { self.early.settle(end) };
        let fresh = self.next.until(reached) as usize;
        self.next = reached;
        self.queue += fresh;
        (fresh, count)
    }

    /// `count` bytes have come in order while nothing waited in order, and are with the reader. Returns how many that came
    /// too early are in order now.
    #[inline]
    pub(crate) fn pass(&mut self, count: usize) -> usize {
        debug_assert!(self.queue == 0);
        self.next = self.next + count;
        if self.early.is_empty() {
            return 0;
        }
        self.ring.advance(count);
        let reached = self.early.settle(self.next);
        let fresh = self.next.until(reached) as usize;
        self.next = reached;
        self.queue = fresh;
        fresh
    }

    /// Of the bytes that were passed last, the reader has left `rest`, behind which `fresh` more were in order.
    pub(crate) fn keep(&mut self, rest: &[u8], fresh: usize) {
        debug_assert!(self.queue == fresh);
        if fresh > 0 || !self.early.is_empty() {
            // They stand in front of what was early. The ring's places before its front are free: that much was passed.
            let capacity = self.ring.capacity();
            self.ring.advance(capacity - rest.len());
        }
        self.ring.write(0, rest);
        self.queue += rest.len();
    }

    /// The window to tell the peer (RCV.WND), which is then told: what is free, but nothing silly (RFC 9293
    /// §3.8.6.2.2) and never less than was promised.
    #[inline]
    pub(crate) fn offer_window(&mut self) -> u16 {
        let promised = self.next.until(self.edge).max(0) as usize;
        let room = self.room();
        let window = if room < self.worthwhile() { promised } else { room.max(promised) };
        self.edge = self.next + window;
        u16::try_from(window).unwrap_or(u16::MAX)
    }

    /// The window has grown by so much that the peer should hear of it unasked.
    #[inline]
    pub(crate) fn should_open_window(&self) -> bool {
        let promised = self.next.until(self.edge).max(0) as usize;
        self.room() >= promised + 2 * self.worthwhile()
    }

    /// A segment, or a quarter of the ring where that is less.
    #[inline]
    fn worthwhile(&self) -> usize {
        self.segment_max.min(self.ring.capacity() / 4)
    }

    /// The bytes in order that wait, in one piece: in place, or copied to `scratch` if they straddle the ring's wrap. The
    /// number says how many were copied.
    pub(crate) fn view<'a>(&'a self, scratch: &'a mut [u8]) -> (&'a [u8], usize) {
        if let Some(piece) = self.ring.piece(0, self.queue) {
            return (piece, 0);
        }
        let scratch = &mut scratch[..self.queue];
        self.ring.read(0, scratch);
        (scratch, self.queue)
    }

    /// Takes `count` bytes out of the ring.
    ///
    /// # Panics
    /// If fewer wait.
    pub(crate) fn discard(&mut self, count: usize) {
        assert!(count <= self.queue, "more was consumed than was received");
        self.queue -= count;
        self.ring.advance(count);
        if self.is_clear() {
            self.ring.rewind();
        }
    }

    /// What came too early, for a SACK option (RFC 2018 §4): the latest first. Returns how many blocks.
    pub(crate) fn blocks(&self, blocks: &mut [Range; SACK_BLOCKS_MAX]) -> usize {
        let first = self.early.find(self.latest);
        let others = self.early.as_slice().iter().copied().filter(|range| Some(*range) != first);
        let mut count = 0;
        for (place, range) in blocks.iter_mut().zip(first.into_iter().chain(others)) {
            *place = range;
            count += 1;
        }
        count
    }

    /// The ring, for the next connection.
    pub(crate) fn into_ring(self) -> Ring {
        self.ring
    }
}
