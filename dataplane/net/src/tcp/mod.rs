//! One connection's TCP (RFC 9293), without a clock, a thread or a packet of its own: segments and time come in, segments go
//! to a [`SegmentSink`].
//!
//! ```text
//!   ingress: acceptable? -> RST -> SYN -> ACK (send side) -> payload (receive side) -> FIN     RFC 9293 §3.10.7.4
//!   egress:  reset, SYN, what is sent again, what is new, FIN, else a bare acknowledgement, else a window
//! ```
//!
//! **The plain way.** Nearly every segment is the next in order, or acknowledges and carries nothing. [`Connection::is_plain`]
//! names these; they are taken with [`Connection::take_plain`], and their payload goes to the reader in the packet. What the
//! reader leaves is copied into the ring, as is everything that comes otherwise.
//!
//! **What it does.** Opening from either side and from both at once; closing likewise; segment size, window scale (the
//! peer's), SACK in both directions (RFC 2018); retransmission by timer (RFC 6298) and by three repeated acknowledgements
//! (RFC 6582); probes of closed windows; neither side of the silly window syndrome (§3.8.6.2); RFC 5961's checks against
//! blind attacks; initial numbers of RFC 6528. An acknowledgement is delayed to the end of the poll, so that an answer carries
//! it. Nagle's algorithm is off.
//!
//! **What it does not.** Congestion control, timestamps, urgent data (the flag is ignored), windows of ours over 65,535
//! bytes, data on SYNs (the peer sends it again).

mod isn;
pub(crate) mod number;
mod options;
mod ranges;
mod receive;
mod ring;
mod send;
mod state;
mod timer;

pub(crate) use isn::initial_number;

use crate::time::Instant;
use crate::wire::{ACK, FIN, IPV4_HEADER, Numbers, PSH, RST, Route, SYN, Segment, TCP_HEADER, write_segment};
use number::SequenceNumber;
use options::{SACK_BLOCKS_MAX, SynOptions, sack_blocks, write_sack};
use ranges::Range;
use receive::ReceiveSide;
use ring::Ring;
use send::{Outgoing, SendSide};
use state::{Event, State};
use std::time::Duration;
use timer::RetransmissionTimer;

/// One connection.
pub(crate) struct Connection {
    state: State,
    /// Something has come that is not acknowledged.
    is_acknowledgement_due: bool,
    /// SYN is to be sent, for the first time or again.
    is_syn_due: bool,
    /// The connection is over, and a reset is to say so.
    is_reset_due: bool,
    /// The peer sends and understands SACK.
    is_sack_permitted: bool,
    /// What the peer's windows are to be shifted by, once we know that it wants that.
    peer_shift: Option<u8>,
    send: SendSide,
    receive: ReceiveSide,
    route: Route,
    settings: Settings,
    /// The end of TIME-WAIT.
    time_wait_until: Instant,
    /// No challenge before this.
    challenge_after: Instant,
}

/// Sizes, times and duties of a connection.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    /// Bytes of the receive ring, at most [`RECEIVE_RING_MAX`]; also the window.
    pub(crate) receive_ring: usize,
    /// Bytes of the send ring: what is sent and not acknowledged, and what waits.
    pub(crate) send_ring: usize,
    /// Longest IPv4 packet in bytes.
    pub(crate) mtu: usize,
    /// Checksums are filled here; else the port does.
    pub(crate) fills_checksums: bool,
    /// Least and greatest time until something is sent again.
    pub(crate) retransmit_least: Duration,
    pub(crate) retransmit_greatest: Duration,
    /// How long late segments are waited for.
    pub(crate) time_wait: Duration,
}

/// The rings of a connection, for the next one when it is over.
pub(crate) struct Rings {
    receive: Ring,
    send: Ring,
}

/// Where segments go: IPv4 packets without Ethernet header.
pub(crate) trait SegmentSink {
    /// A packet for one segment is at hand. Until there is, what is to be said waits.
    fn reserve(&mut self) -> bool;
    /// Has `fill` write a segment of `headers` and `payload` bytes and sends it; loses it if no packet is at hand.
    fn send(&mut self, headers: usize, payload: usize, fill: impl FnOnce(&mut [u8]));
}

/// What a received segment did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ingress {
    /// Bytes that entered the receive ring in order.
    pub(crate) received: usize,
    /// Numbers of ours that were acknowledged.
    pub(crate) acknowledged: usize,
    /// Bytes of payload copied into the receive ring.
    pub(crate) copied: usize,
    /// What was wrong with it, if something was.
    pub(crate) oddity: Option<Oddity>,
}

/// What is wrong with a segment whose shape is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Oddity {
    /// It acknowledges what was never sent.
    AcknowledgesUnsent,
    /// It carries bytes behind the peer's FIN.
    BehindTheEnd,
    /// A SYN, or a reset with a number that is not the next, answered with our numbers.
    Challenged,
}

/// How far the connection is, as the host cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// SYN sent or received.
    Opening,
    /// Both directions open.
    Open,
    /// The peer has sent its last byte; we may still send.
    PeerFinished,
    /// We have sent or are about to send our last byte, the end of both directions is not in sight yet.
    Finishing,
    /// The peer finished first, and our FIN waits for its acknowledgement.
    LastAcknowledgement,
    /// Both directions ended in order; stray segments are waited for.
    TimeWait,
    /// Over, but the reset that says so has not left yet.
    ResetPending,
    /// Over.
    Closed,
}

/// The largest window that fits the TCP header unscaled.
pub(crate) const RECEIVE_RING_MAX: usize = 65_535;
/// Bytes of headers of a segment without options.
const HEADERS: usize = IPV4_HEADER + TCP_HEADER;
/// Longest payload that a peer takes that says nothing (RFC 9293 §3.7.1).
const SEGMENT_MAX_DEFAULT: u16 = 536;
/// What a peer says it takes is not believed below this: it would be all headers.
const SEGMENT_MAX_LEAST: u16 = 48;
/// From one challenge (RFC 5961 §7), or answer to an empty segment that cannot be, to the next: two confused ends do not
/// answer one another without end.
const CHALLENGE_INTERVAL: Duration = Duration::from_millis(50);

impl Rings {
    /// Rings for a connection with `settings`.
    pub(crate) fn new(settings: Settings) -> Rings {
        Rings { receive: Ring::new(settings.receive_ring), send: Ring::new(settings.send_ring) }
    }
}

impl Settings {
    /// Longest payload of a segment.
    fn segment_max(&self) -> usize {
        self.mtu - HEADERS
    }
}

impl Connection {
    /// A connection that the peer asks for with the SYN `segment`; our SYN leaves with the next [`Connection::egress`].
    /// Gives the rings back if the SYN's options cannot be read.
    pub(crate) fn passive(
        settings: Settings,
        rings: Rings,
        route: Route,
        initial: SequenceNumber,
        segment: &Segment<'_>,
    ) -> Result<Connection, Rings> {
        let Some(options) = SynOptions::read(segment.options) else { return Err(rings) };
        let mut connection = Connection::new(settings, rings, route, initial, State::SynReceived);
        connection.begin(segment, options);
        Ok(connection)
    }

    /// A connection that we ask for; its SYN leaves with the next [`Connection::egress`].
    pub(crate) fn active(settings: Settings, rings: Rings, route: Route, initial: SequenceNumber) -> Connection {
        Connection::new(settings, rings, route, initial, State::SynSent)
    }

    fn new(settings: Settings, rings: Rings, route: Route, initial: SequenceNumber, state: State) -> Connection {
        assert!(settings.receive_ring <= RECEIVE_RING_MAX, "the receive ring must fit an unscaled window");
        let timer = RetransmissionTimer::new(settings.retransmit_least, settings.retransmit_greatest);
        Connection {
            state,
            is_acknowledgement_due: false,
            is_syn_due: true,
            is_reset_due: false,
            is_sack_permitted: false,
            peer_shift: None,
            send: SendSide::new(initial, rings.send, usize::from(SEGMENT_MAX_DEFAULT), timer),
            receive: ReceiveSide::new(rings.receive, settings.segment_max()),
            route,
            settings,
            time_wait_until: Instant::NEVER,
            challenge_after: Instant::ZERO,
        }
    }

    /// The connection is over: its rings, for another.
    pub(crate) fn into_rings(self) -> Rings {
        Rings { receive: self.receive.into_ring(), send: self.send.into_ring() }
    }

    /// Takes the peer's SYN.
    fn begin(&mut self, segment: &Segment<'_>, options: SynOptions) {
        self.receive.begin(segment.sequence);
        let segment_max = options.segment_max.unwrap_or(SEGMENT_MAX_DEFAULT).max(SEGMENT_MAX_LEAST);
        self.send.set_segment_max(usize::from(segment_max).min(self.settings.segment_max()));
        // RFC 7323 §2.2: the window of a SYN is never shifted, and a shift holds only if both sides name one; we always do
        // if the peer does.
        self.peer_shift = options.window_shift;
        self.is_sack_permitted = options.is_sack_permitted;
        self.send.set_window(segment.sequence, segment.acknowledgement, usize::from(segment.window));
    }

    // The plain way in.

    /// The segment is the next in order of an open connection, or acknowledges something and carries nothing, and has
    /// nothing else to it; nothing waits in the ring. Its sums must hold.
    #[inline]
    pub(crate) fn is_plain(&self, segment: &Segment<'_>) -> bool {
        let send = &self.send;
        segment.flags & !PSH == ACK
            && segment.options.is_empty()
            && self.state == State::Established
            && segment.sequence == self.receive.next()
            && self.receive.queue() == 0
            && self.receive.finish().is_none()
            && send.unacknowledged().until(segment.acknowledgement) >= 0
            && segment.acknowledgement.until(send.acknowledgeable()) >= 0
            // The acknowledgement may be a repeated one.
            && (!segment.payload.is_empty() || send.unacknowledged() != segment.acknowledgement || !send.is_in_flight())
            // Cannot be: a ring is longer than a frame.
            && segment.payload.len() <= self.receive.room()
    }

    /// Takes what a plain segment acknowledges; returns how many numbers. The payload is with the reader, of which
    /// [`Connection::pass`] tells.
    #[inline]
    pub(crate) fn take_plain(&mut self, now: Instant, segment: &Segment<'_>) -> usize {
        let acknowledged = if self.send.unacknowledged() == segment.acknowledgement {
            0
        } else {
            self.send.acknowledge(segment.acknowledgement, now)
        };
        self.send.update_window(segment.sequence, segment.acknowledgement, self.window_of(segment));
        acknowledged
    }

    /// The reader has been shown a plain segment's payload of `count` bytes. Returns how many bytes that came too early are
    /// in order now, behind it, in the ring.
    #[inline]
    pub(crate) fn pass(&mut self, count: usize) -> usize {
        self.is_acknowledgement_due = true;
        self.receive.pass(count)
    }

    /// The reader has left `rest` of what was passed last, behind which `fresh` bytes were in order.
    pub(crate) fn keep(&mut self, rest: &[u8], fresh: usize) {
        self.receive.keep(rest, fresh);
    }

    /// The peer has to hear something, or may be sent something.
    #[inline]
    pub(crate) fn has_work(&self) -> bool {
        self.is_acknowledgement_due || self.send.has_work()
    }

    // Every other way in.

    /// Takes a segment whose sums hold. Immediate answers (repeated acknowledgements, challenges, resets) go to `sink`; data
    /// and ordinary acknowledgements wait for [`Connection::egress`].
    pub(crate) fn ingress(&mut self, now: Instant, segment: &Segment<'_>, sink: &mut impl SegmentSink) -> Ingress {
        match self.state {
            State::Closed => Ingress::default(),
            State::SynSent => self.ingress_answer(now, segment, sink),
            _ => self.ingress_synchronized(now, segment, sink),
        }
    }

    /// RFC 9293 §3.10.7.3: we have asked, this may be the answer.
    fn ingress_answer(&mut self, now: Instant, segment: &Segment<'_>, sink: &mut impl SegmentSink) -> Ingress {
        let acknowledges = segment.flags & ACK != 0;
        // Nothing but our SYN has been sent, if that has.
        let is_ours = segment.acknowledgement == self.send.next() && self.send.is_in_flight();
        if acknowledges && !is_ours {
            if segment.flags & RST == 0 {
                self.emit_bare(RST, segment.acknowledgement, SequenceNumber(0), sink);
            }
            return Ingress::default();
        }
        if segment.flags & RST != 0 {
            if acknowledges {
                self.state = self.state.after(Event::End);
            }
            return Ingress::default();
        }
        if segment.flags & SYN == 0 {
            return Ingress::default();
        }
        let Some(options) = SynOptions::read(segment.options) else { return Ingress::default() };
        self.begin(segment, options);
        if !acknowledges {
            // Both have asked at once: our SYN goes again, with an acknowledgement.
            self.state = self.state.after(Event::PeerSyn);
            self.is_syn_due = true;
            return Ingress::default();
        }
        let acknowledged = self.send.acknowledge(segment.acknowledgement, now);
        self.send.set_window(segment.sequence, segment.acknowledgement, usize::from(segment.window));
        self.state = self.state.after(Event::SynAcknowledged);
        self.is_syn_due = false;
        self.is_acknowledgement_due = true;
        Ingress { acknowledged, ..Ingress::default() }
    }

    /// RFC 9293 §3.10.7.4: both numbers are known.
    fn ingress_synchronized(&mut self, now: Instant, segment: &Segment<'_>, sink: &mut impl SegmentSink) -> Ingress {
        let mut outcome = Ingress::default();
        let (has_syn, has_reset) = (segment.flags & SYN != 0, segment.flags & RST != 0);
        if self.state == State::SynReceived
            && segment.flags & (SYN | ACK | RST) == SYN
            && segment.sequence + 1 == self.receive.next()
        {
            // Our SYN was lost, or is under way.
            self.is_syn_due = true;
            return outcome;
        }
        // First, the sequence number.
        let offset = i64::from(self.receive.next().until(segment.sequence));
        let length = segment.payload.len() + usize::from(has_syn) + usize::from(segment.flags & FIN != 0);
        let room = self.receive.room() as i64;
        let is_acceptable = if length == 0 {
            (0..=room).contains(&offset)
        } else {
            // What comes into a closed window is looked at for what it acknowledges.
            offset == 0 || (offset < room && offset + length as i64 > 0)
        };
        if !is_acceptable {
            if has_reset {
                return outcome;
            }
            if self.state == State::TimeWait && segment.flags & FIN != 0 {
                self.wait(now);
            }
            if has_syn || length == 0 {
                outcome.oddity = self.challenge(now, sink).then_some(Oddity::Challenged);
            } else {
                self.acknowledge_now(sink);
            }
            return outcome;
        }
        // Second, a reset: exactly the next number, or we ask (RFC 5961 §3.2).
        if has_reset {
            if offset == 0 {
                self.state = self.state.after(Event::End);
            } else {
                outcome.oddity = self.challenge(now, sink).then_some(Oddity::Challenged);
            }
            return outcome;
        }
        // Fourth, a SYN: the peer may have forgotten us, and resets us if it has (RFC 5961 §4.2).
        if has_syn {
            outcome.oddity = self.challenge(now, sink).then_some(Oddity::Challenged);
            return outcome;
        }
        // Fifth, the acknowledgement.
        if segment.flags & ACK == 0 || !self.take_acknowledgement(now, segment, &mut outcome, sink) {
            return outcome;
        }
        // Seventh, the payload.
        if !segment.payload.is_empty() {
            if self.state.is_receiving() {
                (outcome.received, outcome.copied) = self.receive.store(segment.sequence, segment.payload);
                if outcome.received == 0 || self.receive.has_gap() {
                    // RFC 5681 §4.2: out of order, or again, or into a gap, or without room.
                    self.acknowledge_now(sink);
                } else {
                    self.is_acknowledgement_due = true;
                }
            } else if self.state != State::SynReceived {
                outcome.oddity = Some(Oddity::BehindTheEnd);
                self.is_acknowledgement_due = true;
            }
        }
        // Eighth, FIN.
        if self.state.is_receiving() {
            if segment.flags & FIN != 0 {
                let number = segment.sequence + segment.payload.len();
                let ahead = self.receive.next().until(number);
                if ahead >= 0 && ahead as usize <= self.receive.room() {
                    self.receive.set_finish(number);
                }
            }
            if self.receive.finish() == Some(self.receive.next()) {
                self.receive.pass_finish();
                self.is_acknowledgement_due = true;
                self.state = self.state.after(Event::PeerFin);
                if self.state == State::TimeWait {
                    self.wait(now);
                }
            }
        }
        outcome
    }

    /// Takes what a segment acknowledges, its window and its SACK blocks. False if it is to be dropped.
    fn take_acknowledgement(
        &mut self,
        now: Instant,
        segment: &Segment<'_>,
        outcome: &mut Ingress,
        sink: &mut impl SegmentSink,
    ) -> bool {
        let number = segment.acknowledgement;
        let ahead = self.send.unacknowledged().until(number);
        let is_beyond = self.send.acknowledgeable().is_before(number);
        if self.state == State::SynReceived {
            if ahead <= 0 || is_beyond {
                self.emit_bare(RST, number, SequenceNumber(0), sink);
                return false;
            }
            self.state = self.state.after(Event::SynAcknowledged);
            self.is_syn_due = false;
        }
        // RFC 5961 §5.2: neither beyond what was sent nor further back than a window.
        if is_beyond || i64::from(ahead) < -(self.send.window_max() as i64) {
            outcome.oddity = is_beyond.then_some(Oddity::AcknowledgesUnsent);
            self.challenge(now, sink);
            return false;
        }
        let mut is_news = false;
        if self.is_sack_permitted && self.send.is_in_flight() {
            for block in sack_blocks(segment.options) {
                is_news |= self.send.note_block(block);
            }
        }
        let window = self.window_of(segment);
        if ahead > 0 {
            outcome.acknowledged = self.send.acknowledge(number, now);
        } else if ahead == 0 && self.send.is_in_flight() && segment.payload.is_empty() && segment.flags & FIN == 0 {
            // RFC 5681 §2; one that names something new is a loss's sign whatever its window (RFC 6675 §2).
            if is_news || window == self.send.window() {
                self.send.repeated();
            }
        }
        self.send.update_window(segment.sequence, number, window);
        if self.send.is_finish_acknowledged() {
            self.state = self.state.after(Event::FinAcknowledged);
            if self.state == State::TimeWait && self.time_wait_until == Instant::NEVER {
                self.wait(now);
            }
        }
        true
    }

    /// The window that a segment names, in bytes.
    #[inline]
    fn window_of(&self, segment: &Segment<'_>) -> usize {
        usize::from(segment.window) << self.peer_shift.unwrap_or(0)
    }

    /// TIME-WAIT begins, or begins again.
    #[inline]
    fn wait(&mut self, now: Instant) {
        self.time_wait_until = now + self.settings.time_wait;
    }

    // The way out.

    /// Sends what there is to send at `now`, at most `limit` segments. True if there is more, or no packet was at hand.
    pub(crate) fn egress(&mut self, now: Instant, sink: &mut impl SegmentSink, limit: usize) -> bool {
        match self.state {
            State::Closed => return self.egress_reset(sink),
            State::SynSent | State::SynReceived => return self.egress_syn(now, sink),
            State::TimeWait if now >= self.time_wait_until => {
                self.state = self.state.after(Event::End);
                return false;
            }
            _ => {}
        }
        if now >= self.send.timer.at() && !self.egress_timer(now, sink) {
            return true;
        }
        let mut left = limit;
        while let Some(segment) = self.send.outgoing() {
            if left == 0 || !sink.reserve() {
                return true;
            }
            left -= 1;
            self.emit(segment, sink);
            self.send.sent(segment, now);
        }
        if !self.send.is_in_flight() {
            self.send.guard_window(now);
        }
        if self.is_acknowledgement_due || self.receive.should_open_window() && self.state.is_receiving() {
            if !sink.reserve() {
                return true;
            }
            self.acknowledge_now(sink);
        }
        false
    }

    fn egress_reset(&mut self, sink: &mut impl SegmentSink) -> bool {
        if !self.is_reset_due {
            return false;
        }
        if !sink.reserve() {
            return true;
        }
        self.is_reset_due = false;
        self.emit_bare(RST | ACK, self.send.next(), self.receive.next(), sink);
        false
    }

    fn egress_syn(&mut self, now: Instant, sink: &mut impl SegmentSink) -> bool {
        if now >= self.send.timer.at() {
            self.send.timer.expired(now);
            self.is_syn_due = true;
        }
        if !self.is_syn_due {
            return false;
        }
        if !sink.reserve() {
            return true;
        }
        self.is_syn_due = false;
        let is_answer = self.state == State::SynReceived;
        let options = SynOptions {
            segment_max: Some(self.settings.segment_max() as u16),
            // A peer that did not name a shift, or SACK, must not hear of it.
            window_shift: (!is_answer || self.peer_shift.is_some()).then_some(0),
            is_sack_permitted: !is_answer || self.is_sack_permitted,
        }
        .write();
        let numbers = Numbers {
            sequence: self.send.unacknowledged(),
            acknowledgement: if is_answer { self.receive.next() } else { SequenceNumber(0) },
            flags: if is_answer { SYN | ACK } else { SYN },
            window: self.receive.offer_window(),
        };
        let (route, fills) = (&self.route, self.settings.fills_checksums);
        sink.send(HEADERS + options.len(), 0, |packet| write_segment(packet, route, numbers, &options, fills, |_| {}));
        self.send.sent_syn(now);
        false
    }

    /// The timer has run out. False if no packet was at hand.
    fn egress_timer(&mut self, now: Instant, sink: &mut impl SegmentSink) -> bool {
        if self.send.is_in_flight() {
            self.send.time_out(now);
            return true;
        }
        if !sink.reserve() {
            return false;
        }
        match self.send.probe(now) {
            Some(probe) => {
                self.emit(probe, sink);
                self.send.sent_probe(probe);
            }
            None => self.send.timer.stop(),
        }
        true
    }

    /// What is in flight has been waited for too long: the next [`Connection::egress`] sends it again.
    #[inline]
    pub(crate) fn is_overdue(&self, now: Instant) -> bool {
        now >= self.send.timer.at()
    }

    /// When [`Connection::egress`] has something to do next, if no segment comes before.
    #[inline]
    pub(crate) fn next_deadline(&self) -> Instant {
        match self.state {
            State::Closed => Instant::NEVER,
            State::TimeWait => self.time_wait_until,
            _ => self.send.timer.at(),
        }
    }

    /// Sends a segment with bytes from the ring; it acknowledges everything.
    #[inline]
    fn emit(&mut self, segment: Outgoing, sink: &mut impl SegmentSink) {
        let mut flags = ACK;
        flags |= if segment.is_pushed { PSH } else { 0 };
        flags |= if segment.is_last { FIN } else { 0 };
        let window = self.receive.offer_window();
        let numbers = Numbers { sequence: segment.sequence, acknowledgement: self.receive.next(), flags, window };
        self.is_acknowledgement_due = false;
        let (send, route, fills) = (&self.send, &self.route, self.settings.fills_checksums);
        sink.send(HEADERS, segment.count, |packet| {
            write_segment(packet, route, numbers, &[], fills, |payload| send.copy(segment, payload));
        });
    }

    /// Sends a bare acknowledgement, naming what came too early.
    #[inline]
    fn acknowledge_now(&mut self, sink: &mut impl SegmentSink) {
        let mut options = [0; 4 + 8 * SACK_BLOCKS_MAX];
        let mut length = 0;
        if self.is_sack_permitted && self.receive.has_gap() {
            let mut blocks = [Range::default(); SACK_BLOCKS_MAX];
            let count = self.receive.blocks(&mut blocks);
            length = write_sack(&mut options, &blocks[..count]);
        }
        self.is_acknowledgement_due = false;
        let window = self.receive.offer_window();
        let (sequence, acknowledgement) = (self.send.next(), self.receive.next());
        let numbers = Numbers { sequence, acknowledgement, flags: ACK, window };
        let (route, fills) = (&self.route, self.settings.fills_checksums);
        let options = &options[..length];
        sink.send(HEADERS + length, 0, |packet| write_segment(packet, route, numbers, options, fills, |_| {}));
    }

    /// Tells the peer our numbers, unless it was told a moment ago.
    fn challenge(&mut self, now: Instant, sink: &mut impl SegmentSink) -> bool {
        if now < self.challenge_after {
            return false;
        }
        self.challenge_after = now + CHALLENGE_INTERVAL;
        self.acknowledge_now(sink);
        true
    }

    /// Sends a reset with these numbers.
    fn emit_bare(
        &mut self,
        flags: u8,
        sequence: SequenceNumber,
        acknowledgement: SequenceNumber,
        sink: &mut impl SegmentSink,
    ) {
        let numbers = Numbers { sequence, acknowledgement, flags, window: 0 };
        let (route, fills) = (&self.route, self.settings.fills_checksums);
        sink.send(HEADERS, 0, |packet| write_segment(packet, route, numbers, &[], fills, |_| {}));
    }

    // What the user does.

    /// How far the connection is.
    #[inline]
    pub(crate) fn phase(&self) -> Phase {
        match self.state {
            State::SynSent | State::SynReceived => Phase::Opening,
            State::Established => Phase::Open,
            State::CloseWait => Phase::PeerFinished,
            State::FinWait1 | State::FinWait2 | State::Closing => Phase::Finishing,
            State::LastAcknowledgement => Phase::LastAcknowledgement,
            State::TimeWait => Phase::TimeWait,
            State::Closed if self.is_reset_due => Phase::ResetPending,
            State::Closed => Phase::Closed,
        }
    }

    /// Bytes in the receive ring, in order.
    #[inline]
    pub(crate) fn receive_queue(&self) -> usize {
        self.receive.queue()
    }

    /// The receive ring's bytes in one piece: in place, or in `scratch` if they straddle its wrap. The number says how
    /// many were copied for that.
    pub(crate) fn receive_view<'a>(&'a self, scratch: &'a mut [u8]) -> (&'a [u8], usize) {
        self.receive.view(scratch)
    }

    /// Takes `count` bytes out of the receive ring.
    ///
    /// # Panics
    /// If it does not hold so many.
    pub(crate) fn discard(&mut self, count: usize) {
        self.receive.discard(count);
    }

    /// Bytes in the send ring: waiting or not acknowledged.
    #[inline]
    pub(crate) fn send_queue(&self) -> usize {
        self.send.queue()
    }

    /// Bytes that the send ring can still take.
    #[inline]
    pub(crate) fn send_room(&self) -> usize {
        self.send.room()
    }

    /// Appends to the send ring what fits of `bytes`; returns how many that were.
    #[inline]
    pub(crate) fn send(&mut self, bytes: &[u8]) -> usize {
        self.send.push(bytes)
    }

    /// Lets `write` put up to `room` bytes straight into the send ring, if so many are free in one piece; gives `write`
    /// back if not.
    #[inline]
    pub(crate) fn send_in_place<F: FnOnce(&mut [u8]) -> usize>(&mut self, room: usize, write: F) -> Result<usize, F> {
        self.send.push_in_place(room, write)
    }

    /// Ends our direction: FIN follows what is in the send ring.
    pub(crate) fn close(&mut self) {
        if self.state == State::SynSent {
            self.state = self.state.after(Event::End);
            return;
        }
        let after = self.state.after(Event::Finish);
        if after != self.state {
            self.state = after;
            self.send.finish();
        }
    }

    /// Ends the connection; a reset says so to the peer, if it knows of it (RFC 9293 §3.10.5).
    pub(crate) fn abort(&mut self) {
        self.is_reset_due |= !matches!(self.state, State::Closed | State::SynSent | State::TimeWait);
        self.state = self.state.after(Event::End);
    }
}
