//! The sending side of a connection: what is not acknowledged, what waits, what the peer takes, and what to send again.
//!
//! ```text
//!   acknowledged | in flight            | waits                  | FIN, if we have finished
//!                ^ unacknowledged       ^ next (SND.NXT)         ^ end of the ring
//! ```
//!
//! A byte is written into the ring once and copied from there into each frame that carries it. There is no congestion
//! window: lines are private, and the peer's window is the limit. But after a timeout one segment goes first, and as many
//! again as acknowledgements confirm.
//!
//! What is to be sent again is a stretch that a cursor walks through, past what the peer's SACK blocks name. Three
//! acknowledgements of the same byte begin it (RFC 5681 §3.2), and each that ends short of its end moves it on (RFC 6582);
//! a timeout begins it anew.

use super::number::SequenceNumber;
use super::ranges::{Range, Ranges};
use super::ring::Ring;
use super::timer::RetransmissionTimer;
use crate::time::Instant;

/// Bytes that go out.
pub(crate) struct SendSide {
    /// The first number that is not acknowledged (SND.UNA).
    unacknowledged: SequenceNumber,
    /// The next to be sent for the first time (SND.NXT).
    next: SequenceNumber,
    /// The number of the ring's front byte: the same as `unacknowledged`, but for SYN and FIN.
    front: SequenceNumber,
    /// Bytes in the ring.
    queue: usize,
    /// What the peer takes from `unacknowledged` on (SND.WND).
    window: usize,
    /// The greatest window so far.
    window_max: usize,
    /// Segment that the window was taken from: its number and what it acknowledged (SND.WL1, SND.WL2).
    window_from: (SequenceNumber, SequenceNumber),
    /// Longest payload of a segment.
    segment_max: usize,
    /// A byte beyond the window has been sent to see whether it is still closed; it is not in flight, but may be
    /// acknowledged.
    is_probed: bool,
    /// FIN follows what is in the ring.
    is_finishing: bool,
    /// Acknowledgements of the same byte in a row.
    repeats: u32,
    recovery: Option<Recovery>,
    /// Numbers from which a loss may be seen by repeats again (RFC 6582 §3.2 step 2, `recover`).
    recover: SequenceNumber,
    /// What the peer has beyond `unacknowledged`.
    has: Ranges,
    pub(crate) timer: RetransmissionTimer,
    ring: Ring,
}

/// What is being sent again.
#[derive(Clone, Copy)]
struct Recovery {
    /// Up to here: what was in flight when it began.
    end: SequenceNumber,
    /// The next to be sent again.
    cursor: SequenceNumber,
    /// Segments that may leave now.
    allowance: u32,
    /// Segments that the next acknowledgement allows; 1 and no more unless it began with a timeout.
    growth: u32,
    is_after_timeout: bool,
}

/// A segment to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outgoing {
    pub(crate) sequence: SequenceNumber,
    /// Bytes of payload.
    pub(crate) count: usize,
    /// It carries our FIN.
    pub(crate) is_last: bool,
    /// Nothing more waits: hand it on at once.
    pub(crate) is_pushed: bool,
}

/// Acknowledgements of the same byte that mean a loss (RFC 5681 §3.2).
const REPEATS_OF_A_LOSS: u32 = 3;
/// Segments sent again at once at most, after a timeout.
const GROWTH_MAX: u32 = 64;

impl SendSide {
    /// Nothing sent; `ring` may be any ring, its bytes do not matter.
    pub(crate) fn new(
        initial: SequenceNumber,
        mut ring: Ring,
        segment_max: usize,
        timer: RetransmissionTimer,
    ) -> SendSide {
        ring.rewind();
        SendSide {
            unacknowledged: initial,
            next: initial,
            front: initial + 1,
            queue: 0,
            window: 0,
            window_max: 0,
            window_from: (SequenceNumber(0), SequenceNumber(0)),
            segment_max,
            is_probed: false,
            is_finishing: false,
            repeats: 0,
            recovery: None,
            recover: initial,
            has: Ranges::default(),
            timer,
            ring,
        }
    }

    #[inline]
    pub(crate) fn unacknowledged(&self) -> SequenceNumber {
        self.unacknowledged
    }

    #[inline]
    pub(crate) fn next(&self) -> SequenceNumber {
        self.next
    }

    /// The greatest number that an acknowledgement can have.
    #[inline]
    pub(crate) fn acknowledgeable(&self) -> SequenceNumber {
        if self.is_probed { self.next + 1 } else { self.next }
    }

    #[inline]
    pub(crate) fn window(&self) -> usize {
        self.window
    }

    pub(crate) fn window_max(&self) -> usize {
        self.window_max
    }

    pub(crate) fn set_segment_max(&mut self, segment_max: usize) {
        self.segment_max = segment_max;
    }

    /// Bytes in the ring.
    #[inline]
    pub(crate) fn queue(&self) -> usize {
        self.queue
    }

    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.ring.capacity() - self.queue
    }

    /// Something has been sent that is not acknowledged.
    #[inline]
    pub(crate) fn is_in_flight(&self) -> bool {
        self.unacknowledged != self.next
    }

    /// Bytes wait to be sent, a FIN waits, or something is to be sent again.
    #[inline]
    pub(crate) fn has_work(&self) -> bool {
        self.next != self.front + self.queue + usize::from(self.is_finishing) || self.recovery.is_some()
    }

    /// Appends what fits of `bytes`; returns how many.
    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room());
        self.ring.write(self.queue, &bytes[..count]);
        self.queue += count;
        count
    }

    /// Appends what `write` puts into `room` free bytes, if so many are free in one piece; gives `write` back if not.
    #[inline]
    pub(crate) fn push_in_place<F: FnOnce(&mut [u8]) -> usize>(&mut self, room: usize, write: F) -> Result<usize, F> {
        if room > self.room() {
            return Err(write);
        }
        let Some(piece) = self.ring.piece_mut(self.queue, room) else { return Err(write) };
        let written = write(piece);
        assert!(written <= room, "more was written than there was room for");
        self.queue += written;
        Ok(written)
    }

    /// FIN follows what is queued.
    pub(crate) fn finish(&mut self) {
        self.is_finishing = true;
    }

    /// Our FIN has been sent and acknowledged.
    pub(crate) fn is_finish_acknowledged(&self) -> bool {
        self.is_finishing && self.front.is_before(self.unacknowledged)
    }

    /// SYN leaves, for the first time or again.
    pub(crate) fn sent_syn(&mut self, now: Instant) {
        if self.next == self.unacknowledged {
            self.next = self.next + 1;
            self.timer.sent(self.next, now);
        } else {
            self.timer.resent();
        }
        if !self.timer.is_running() {
            self.timer.start(now);
        }
    }

    /// Takes the window of a segment, unless it is older than what we have (RFC 9293 §3.10.7.4, SND.WL1 and WL2).
    #[inline]
    pub(crate) fn update_window(&mut self, sequence: SequenceNumber, acknowledgement: SequenceNumber, window: usize) {
        let (from, acknowledged) = self.window_from;
        if from.is_before(sequence) || (from == sequence && !acknowledgement.is_before(acknowledged)) {
            self.set_window(sequence, acknowledgement, window);
        }
    }

    /// Takes the window of the peer's first segment.
    #[inline]
    pub(crate) fn set_window(&mut self, sequence: SequenceNumber, acknowledgement: SequenceNumber, window: usize) {
        self.window = window;
        self.window_max = self.window_max.max(window);
        self.window_from = (sequence, acknowledgement);
    }

    /// Everything before `number`, which lies ahead and not beyond what was sent, is acknowledged. Returns how many numbers
    /// that were.
    #[inline]
    pub(crate) fn acknowledge(&mut self, number: SequenceNumber, now: Instant) -> usize {
        let count = self.unacknowledged.until(number) as usize;
        let bytes = (self.front.until(number).max(0) as usize).min(self.queue);
        self.queue -= bytes;
        self.front = self.front + bytes;
        if self.queue == 0 {
            self.ring.rewind();
        } else {
            self.ring.advance(bytes);
        }
        self.unacknowledged = number;
        self.recover = self.recover.max(number);
        if self.next.is_before(number) {
            // The probe of a closed window was taken.
            self.next = number;
        }
        self.is_probed = false;
        self.window = self.window.saturating_sub(count);
        self.repeats = 0;
        self.timer.acknowledged(number, now);
        if self.is_in_flight() {
            self.timer.start(now);
        } else {
            self.timer.stop();
        }
        if !self.has.is_empty() {
            self.has.settle(number);
        }
        if self.recovery.is_some() {
            self.advance_recovery();
        }
        count
    }

    /// An acknowledgement has ended short of the end of what is sent again, or not.
    fn advance_recovery(&mut self) {
        let Some(recovery) = &mut self.recovery else { return };
        if !self.unacknowledged.is_before(recovery.end) {
            self.recovery = None;
            return;
        }
        if recovery.is_after_timeout {
            recovery.growth = (recovery.growth * 2).min(GROWTH_MAX);
            recovery.allowance = recovery.growth;
        } else if !self.unacknowledged.is_before(recovery.cursor) {
            // RFC 6582 §3.2 step 3: a partial acknowledgement names the next that is missing.
            recovery.allowance = 1;
        }
        recovery.cursor = recovery.cursor.max(self.unacknowledged);
    }

    /// The peer has `block` of what is in flight. True if that is news.
    pub(crate) fn note_block(&mut self, block: Range) -> bool {
        let is_sensible = self.unacknowledged.is_before(block.start)
            && block.start.is_before(block.end)
            && !self.next.is_before(block.end);
        if !is_sensible || self.has.find(block.start).is_some_and(|known| !known.end.is_before(block.end)) {
            return false;
        }
        self.has.add(block)
    }

    /// An acknowledgement of the same byte has come, without anything else (RFC 5681 §2).
    pub(crate) fn repeated(&mut self) {
        self.repeats = self.repeats.saturating_add(1);
        let is_covered = self.unacknowledged.is_before(self.recover);
        if self.repeats == REPEATS_OF_A_LOSS && self.recovery.is_none() && !is_covered {
            self.recovery = Some(Recovery {
                end: self.next,
                cursor: self.unacknowledged,
                allowance: 1,
                growth: 1,
                is_after_timeout: false,
            });
            self.recover = self.next;
        }
    }

    /// The timer has run out: what is in flight is sent again, one segment first. What the peer said to have it may have
    /// thrown away since (RFC 2018 §8).
    pub(crate) fn time_out(&mut self, now: Instant) {
        self.timer.expired(now);
        self.has.clear();
        self.repeats = 0;
        self.recovery = Some(Recovery {
            end: self.next,
            cursor: self.unacknowledged,
            allowance: 1,
            growth: 1,
            is_after_timeout: true,
        });
        self.recover = self.next;
    }

    /// The next segment to be sent now, if there is one. [`SendSide::sent`] follows when it has left.
    #[inline]
    pub(crate) fn outgoing(&self) -> Option<Outgoing> {
        if let Some(recovery) = &self.recovery {
            if let Some(again) = self.again(recovery) {
                return Some(again);
            }
            if recovery.is_after_timeout && recovery.cursor.is_before(recovery.end) {
                return None;
            }
        }
        let end = self.front + self.queue;
        let waiting = self.next.until(end);
        if waiting <= 0 {
            // RFC 9293 §3.8.6: a FIN needs no window; a peer without room can take it all the same.
            let is_last = self.is_finishing && waiting == 0;
            return is_last.then_some(Outgoing { sequence: self.next, count: 0, is_last, is_pushed: false });
        }
        let waiting = waiting as usize;
        let in_flight = self.unacknowledged.until(self.next) as usize;
        let usable = self.window.saturating_sub(in_flight);
        let count = waiting.min(self.segment_max).min(usable);
        // RFC 9293 §3.8.6.2.1: a whole segment, or all there is, or a good part of the window; nothing silly.
        let is_worthwhile = count == waiting || count == self.segment_max || count >= self.window_max.div_ceil(2);
        if count == 0 || !is_worthwhile {
            return None;
        }
        Some(self.segment(self.next, count))
    }

    /// The next segment to be sent again, past what the peer has.
    fn again(&self, recovery: &Recovery) -> Option<Outgoing> {
        let (start, end) = match self.has.gap(recovery.cursor) {
            Some(gap) => (gap.start, gap.end.min(recovery.end)),
            // Nothing is known to have come from behind the cursor on.
            None => (recovery.cursor.max(self.has.end().unwrap_or(recovery.cursor)), recovery.end),
        };
        // What lies before something that the peer has is lost; of what lies behind that is not known.
        let is_known_lost = self.has.end().is_some_and(|known| start.is_before(known));
        if !start.is_before(end) || (recovery.allowance == 0 && !is_known_lost) {
            return None;
        }
        let bytes_end = end.min(self.front + self.queue);
        let count = (start.until(bytes_end).max(0) as usize).min(self.segment_max);
        let segment = self.segment(start, count);
        (segment.count > 0 || segment.is_last).then_some(segment)
    }

    #[inline]
    fn segment(&self, sequence: SequenceNumber, count: usize) -> Outgoing {
        let is_end = sequence + count == self.front + self.queue;
        Outgoing { sequence, count, is_last: is_end && self.is_finishing, is_pushed: is_end && count > 0 }
    }

    /// The segment has left.
    #[inline]
    pub(crate) fn sent(&mut self, segment: Outgoing, now: Instant) {
        let end = segment.sequence + segment.count + usize::from(segment.is_last);
        if segment.sequence == self.next {
            if !self.is_in_flight() {
                self.timer.start(now);
            }
            self.next = end;
            self.is_probed = false;
            self.timer.sent(end, now);
        } else {
            self.timer.resent();
            self.next = self.next.max(end);
            if let Some(recovery) = &mut self.recovery {
                recovery.cursor = recovery.cursor.max(end);
                recovery.allowance = recovery.allowance.saturating_sub(1);
            }
        }
    }

    /// Bytes wait, nothing is in flight, and the window does not let them go: the timer sees to it that the peer is asked
    /// (RFC 9293 §3.8.6.1).
    #[inline]
    pub(crate) fn guard_window(&mut self, now: Instant) {
        if !self.timer.is_running() && self.queue > 0 {
            self.timer.start(now);
        }
    }

    /// What to ask with when the timer has run out on a window: as much as it lets go, else one byte beyond it.
    pub(crate) fn probe(&mut self, now: Instant) -> Option<Outgoing> {
        self.timer.expired(now);
        let waiting = self.next.until(self.front + self.queue);
        if waiting <= 0 {
            return None;
        }
        let count = (waiting as usize).min(self.segment_max).min(self.window.max(1));
        let probe = self.segment(self.next, count);
        Some(Outgoing { is_last: probe.is_last && self.window > 0, ..probe })
    }

    /// The probe has left. What the window let go is in flight now, a byte beyond it is not.
    pub(crate) fn sent_probe(&mut self, probe: Outgoing) {
        if self.window == 0 {
            self.is_probed = true;
        } else {
            self.next = probe.sequence + probe.count + usize::from(probe.is_last);
            self.is_probed = false;
        }
    }

    /// Copies the bytes of a segment from the ring.
    #[inline]
    pub(crate) fn copy(&self, segment: Outgoing, bytes: &mut [u8]) {
        if segment.count > 0 {
            self.ring.read(self.front.until(segment.sequence) as usize, bytes);
        }
    }

    /// The ring, for the next connection.
    pub(crate) fn into_ring(self) -> Ring {
        self.ring
    }
}
