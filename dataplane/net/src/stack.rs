//! One connection's TCP: a smoltcp interface with a single socket, and a shadow of its numbers.
//!
//! The only file that knows smoltcp; another TCP takes its place here. One small stack a session makes a session's
//! packet cost the same with one session or a thousand, where a shared interface asks every socket.
//!
//! **Clock.** smoltcp never resends sooner than after 1 s (`RTTE_MIN_RTO`), five times Linux's 200 ms. Its clock is an
//! argument, so it is fed time that runs [`CLOCK_RATE`] times as fast: every timer of its own is a fifth as long in
//! real time (first and least RTO 200 ms, greatest 12 s, TIME-WAIT 2 s). Timeouts of ours run on real time. RFC 6298
//! §2.4 wants 1 s on the open Internet; member lines are private.
//!
//! **Shadow.** smoltcp copies what it receives into the socket's ring and has no hook before that. But what the next
//! in-order segment must look like is known: the shadow keeps the next byte to come, the edge of the window that was
//! offered, and the oldest and newest byte sent, all read from the segments that the stack emits and from how far its
//! rings moved. [`Stack::in_order`] says that the stack will take exactly this payload; the host then hands it on in
//! the packet buffer before it runs the stack, and takes the copy out of the ring behind it. Where the shadow does not
//! know for sure it says no, and the ring is read instead. If the stack ever took something else than the shadow said,
//! [`Stack::ingress`] reports it and the session is dropped.
//!
//! The receive ring is at most 65,535 bytes, so that the window we offer is never scaled: its edge is then exactly
//! acknowledgement + window, and moves forward only.
//!
//! **Faults.** A panic inside smoltcp is caught and costs the session it happened on.

use crate::time::Instant;
use crate::wire::{ACK, FIN, Numbers, PSH, RST, SYN, Segment, fill_checksums, sent_segment};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{self, ChecksumCapabilities, DeviceCapabilities, Medium};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::Instant as StackInstant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, IpEndpoint};
use std::net::SocketAddrV4;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One connection.
pub(crate) struct Stack {
    interface: Interface,
    sockets: SocketSet<'static>,
    handle: SocketHandle,
    settings: StackSettings,
    shadow: Shadow,
}

/// Sizes and duties of a stack.
#[derive(Clone, Copy)]
pub(crate) struct StackSettings {
    /// Bytes of the receive ring, at most [`RECEIVE_RING_MAX`]; also the window.
    pub(crate) receive_ring: usize,
    /// Bytes of the send ring: what is sent and not acknowledged, and what waits.
    pub(crate) send_ring: usize,
    /// Longest IPv4 packet in bytes.
    pub(crate) mtu: usize,
    /// Checksums are filled here; else the port does.
    pub(crate) fills_checksums: bool,
}

/// Where the stack's segments go: IPv4 packets without Ethernet header.
pub(crate) trait SegmentSink {
    /// A packet for one segment is at hand. Until there is, the stack keeps what it has to say.
    fn reserve(&mut self) -> bool;
    /// Has `fill` write a segment of `length` bytes and sends it, or loses it if no packet is at hand.
    fn send<R>(&mut self, length: usize, fill: impl FnOnce(&mut [u8]) -> R) -> R;
}

/// What a received segment did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ingress {
    /// Bytes that entered the receive ring in order.
    pub(crate) received: usize,
    /// Bytes of ours that were acknowledged.
    pub(crate) acknowledged: usize,
}

/// The connection cannot go on, by no fault of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StackFault {
    /// The stack panicked.
    Panicked,
    /// The stack's numbers are not what the shadow says.
    Disagreed,
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

/// How many times faster than real time the stack's clock runs.
pub(crate) const CLOCK_RATE: u64 = 5;
/// The largest window that fits the TCP header unscaled.
pub(crate) const RECEIVE_RING_MAX: usize = 65_535;
/// Nanoseconds of real time in a microsecond of the stack's.
const NANOS_PER_STACK_MICRO: u64 = 1_000 / CLOCK_RATE;

impl Stack {
    /// A connection that waits for the SYN from a peer; hand it to [`Stack::ingress`].
    pub(crate) fn passive(settings: StackSettings, local: SocketAddrV4, seed: u64, now: Instant) -> Stack {
        let mut stack = Stack::closed(settings, local, seed, now);
        stack.socket_mut().listen(endpoint(local)).expect("a fresh socket can listen, and our ports are not zero");
        stack
    }

    /// A connection to `remote`; its SYN leaves with the next [`Stack::egress`]. `None` if the address cannot be
    /// connected to.
    pub(crate) fn active(
        settings: StackSettings,
        local: SocketAddrV4,
        remote: SocketAddrV4,
        seed: u64,
        now: Instant,
    ) -> Option<Stack> {
        let mut stack = Stack::closed(settings, local, seed, now);
        let socket = stack.sockets.get_mut::<Socket<'_>>(stack.handle);
        socket.connect(stack.interface.context(), endpoint(remote), endpoint(local)).ok()?;
        Some(stack)
    }

    fn closed(settings: StackSettings, local: SocketAddrV4, seed: u64, now: Instant) -> Stack {
        assert!(settings.receive_ring <= RECEIVE_RING_MAX, "the receive ring must fit an unscaled window");
        let mut config = Config::new(HardwareAddress::Ip);
        // The initial sequence number is the generator's next (RFC 6528: hard to guess if the seed is).
        config.random_seed = seed;
        let mut shadow = Shadow::default();
        let mut nowhere = Nowhere;
        let mut device = Device::new(None, &mut nowhere, &mut shadow, settings);
        let mut interface = Interface::new(config, &mut device, stack_time(now));
        interface.update_ip_addrs(|addresses| {
            // /32: nothing is a broadcast address, and on an IP medium no route is asked for.
            let address = IpCidr::new(IpAddress::Ipv4(*local.ip()), 32);
            addresses.push(address).expect("an interface has room for one address");
        });
        let mut socket = Socket::new(
            SocketBuffer::new(vec![0; settings.receive_ring]),
            SocketBuffer::new(vec![0; settings.send_ring]),
        );
        socket.set_nagle_enabled(false);
        socket.set_ack_delay(None);
        let mut sockets = SocketSet::new(Vec::with_capacity(1));
        let handle = sockets.add(socket);
        Stack { interface, sockets, handle, settings, shadow }
    }

    /// The stack will take exactly this segment's payload, at the front of an empty ring. Its sums must hold.
    pub(crate) fn in_order(&self, segment: &Segment<'_>) -> bool {
        let socket = self.socket();
        segment.flags & !PSH == ACK
            && !segment.has_options
            && !segment.payload.is_empty()
            && self.shadow.takes(segment)
            && socket.recv_queue() == 0
            && socket.state() == State::Established
    }

    /// Of a segment that the stack has just taken: it acknowledged everything there was and asked for nothing, so the stack
    /// has nothing to send and no timer to set for it.
    pub(crate) fn is_at_rest_after(&self, segment: &Segment<'_>) -> bool {
        segment.flags == ACK
            && segment.payload.is_empty()
            // A keep-alive's number is the one before, and it wants an answer.
            && self.shadow.receiving
            && segment.sequence == self.shadow.receive_next
            && self.phase() == Phase::Open
            && self.send_queue() == 0
    }

    /// The segment acknowledges what was never sent. Such a segment must not reach the stack, which would believe it
    /// for bytes that wait to be sent. (A connection that is opening answers it with a reset, RFC 9293 §3.10.7.3; and a
    /// reset's acknowledgement does not count.)
    pub(crate) fn acknowledges_unsent(&self, segment: &Segment<'_>) -> bool {
        segment.flags & (ACK | RST) == ACK
            && self.phase() != Phase::Opening
            && self.shadow.is_beyond_sent(segment.acknowledgement)
    }

    /// The peer has finished, and this carries bytes behind its last: such a segment must not reach the stack, which
    /// would take them (smoltcp 0.14; RFC 9293 §3.10.7.4 says to ignore them).
    pub(crate) fn is_behind_the_end(&self, segment: &Segment<'_>) -> bool {
        let end = segment.sequence.wrapping_add(segment.payload.len() as u32);
        self.phase() == Phase::PeerFinished
            && distance(self.shadow.receive_next, end) > 0
            && !segment.payload.is_empty()
    }

    /// What answers a SYN on a connection that is open already: our numbers, so that a peer that has forgotten the
    /// connection resets it (RFC 5961 §4.2). smoltcp 0.14 would drop such a SYN without a word, and the peer could not
    /// come back before the old connection times out. `None` if the segment is something else.
    pub(crate) fn challenge(&self, segment: &Segment<'_>) -> Option<Numbers> {
        let is_open = !matches!(self.phase(), Phase::Opening | Phase::ResetPending | Phase::Closed);
        if segment.flags & (SYN | RST) != SYN || !is_open || !self.shadow.receiving {
            return None;
        }
        let window = distance(self.shadow.receive_next, self.shadow.receive_edge).max(0);
        // Where the peer's FIN has surely been taken it counts as a byte.
        let has_finished = matches!(self.phase(), Phase::PeerFinished | Phase::LastAcknowledgement | Phase::TimeWait);
        Some(Numbers {
            sequence: self.shadow.send_next,
            acknowledgement: self.shadow.receive_next.wrapping_add(u32::from(has_finished)),
            flags: ACK,
            window: u16::try_from(window).unwrap_or(u16::MAX),
            payload: 0,
        })
    }

    /// Runs the stack over a segment whose sums hold. Immediate answers (duplicate acknowledgements, resets) go to
    /// `sink`; data and ordinary acknowledgements wait for [`Stack::egress`].
    pub(crate) fn ingress(
        &mut self,
        now: Instant,
        segment: &Segment<'_>,
        sink: &mut impl SegmentSink,
    ) -> Result<Ingress, StackFault> {
        let socket = self.socket();
        let (received, unacknowledged) = (socket.recv_queue(), socket.send_queue());
        let was_receiving = self.shadow.receiving;
        self.shadow.peer_finished |= segment.flags & FIN != 0;
        let mut device = Device::new(Some(segment.packet), sink, &mut self.shadow, self.settings);
        catch_unwind(AssertUnwindSafe(|| {
            self.interface.poll_ingress_single(stack_time(now), &mut device, &mut self.sockets)
        }))
        .map_err(|_| StackFault::Panicked)?;
        let socket = self.socket();
        let (received_after, unacknowledged_after) = (socket.recv_queue(), socket.send_queue());
        let outcome = Ingress {
            received: received_after.checked_sub(received).ok_or(StackFault::Disagreed)?,
            acknowledged: unacknowledged.checked_sub(unacknowledged_after).ok_or(StackFault::Disagreed)?,
        };
        // A stack that answered its first segment at once has told the shadow of the bytes already.
        self.shadow.received(Ingress { received: if was_receiving { outcome.received } else { 0 }, ..outcome });
        self.check()?;
        Ok(outcome)
    }

    /// Sends at most one segment that the stack has to send at `now`. Returns whether it did.
    pub(crate) fn egress(&mut self, now: Instant, sink: &mut impl SegmentSink) -> Result<bool, StackFault> {
        let mut device = Device::new(None, sink, &mut self.shadow, self.settings);
        catch_unwind(AssertUnwindSafe(|| {
            self.interface.poll_egress(stack_time(now), &mut device, &mut self.sockets);
        }))
        .map_err(|_| StackFault::Panicked)?;
        let sent = device.sent > 0;
        self.check()?;
        Ok(sent)
    }

    /// When [`Stack::egress`] has something to do next: `now` if at once, `None` if only a segment can cause it.
    pub(crate) fn next_deadline(&mut self, now: Instant) -> Option<Instant> {
        let at = self.interface.poll_at(stack_time(now), &self.sockets)?;
        let at = u64::try_from(at.total_micros()).unwrap_or(0);
        Some(Instant::from_nanos(at.saturating_mul(NANOS_PER_STACK_MICRO)).max(now))
    }

    /// How far the connection is.
    pub(crate) fn phase(&self) -> Phase {
        let socket = self.socket();
        match socket.state() {
            State::SynSent | State::SynReceived => Phase::Opening,
            State::Established => Phase::Open,
            State::CloseWait => Phase::PeerFinished,
            State::FinWait1 | State::FinWait2 | State::Closing => Phase::Finishing,
            State::LastAck => Phase::LastAcknowledgement,
            State::TimeWait => Phase::TimeWait,
            State::Closed if socket.local_endpoint().is_some() => Phase::ResetPending,
            // A passive connection whose opening was reset goes back to listening: nobody is there.
            State::Closed | State::Listen => Phase::Closed,
        }
    }

    /// Bytes in the receive ring.
    pub(crate) fn receive_queue(&self) -> usize {
        self.socket().recv_queue()
    }

    /// The receive ring's bytes in one piece: in place, or in `scratch` if they straddle its wrap. The number says how
    /// many were copied for that.
    pub(crate) fn receive_view<'a>(&'a mut self, scratch: &'a mut [u8]) -> (&'a [u8], usize) {
        let socket = self.socket_mut();
        let queue = socket.recv_queue();
        if socket.peek(queue).is_ok_and(|piece| piece.len() == queue) {
            return (socket.peek(queue).unwrap_or(&[]), 0);
        }
        let copied = socket.peek_slice(scratch).unwrap_or(0);
        (&scratch[..copied], copied)
    }

    /// Takes `count` bytes out of the receive ring.
    ///
    /// # Panics
    /// If it does not hold so many.
    pub(crate) fn discard(&mut self, count: usize) {
        let socket = self.socket_mut();
        let mut left = count;
        while left > 0 {
            let taken = socket.recv(|piece| {
                let taken = piece.len().min(left);
                (taken, taken)
            });
            let taken = taken.unwrap_or(0);
            assert!(taken > 0, "more was consumed than was received");
            left -= taken;
        }
    }

    /// Bytes in the send ring: waiting or not acknowledged.
    pub(crate) fn send_queue(&self) -> usize {
        self.socket().send_queue()
    }

    /// Bytes that the send ring can still take.
    pub(crate) fn send_room(&self) -> usize {
        let socket = self.socket();
        if socket.may_send() { socket.send_capacity() - socket.send_queue() } else { 0 }
    }

    /// Appends to the send ring what fits of `bytes`; returns how many that were.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> usize {
        self.socket_mut().send_slice(bytes).unwrap_or(0)
    }

    /// Lets `write` put up to `room` bytes straight into the send ring, if so many are free in one piece; gives `write`
    /// back if not.
    pub(crate) fn send_in_place<F: FnOnce(&mut [u8]) -> usize>(&mut self, room: usize, write: F) -> Result<usize, F> {
        let mut write = Some(write);
        let sent = self.socket_mut().send(|piece| {
            let Some(piece) = piece.get_mut(..room) else { return (0, None) };
            let Some(write) = write.take() else { return (0, None) };
            let written = write(piece);
            assert!(written <= room, "more was written than there was room for");
            (written, Some(written))
        });
        match (sent, write) {
            (Ok(Some(written)), _) => Ok(written),
            (_, Some(write)) => Err(write),
            (_, None) => Ok(0),
        }
    }

    /// Ends our direction: FIN follows what is in the send ring.
    pub(crate) fn close(&mut self) {
        self.socket_mut().close();
    }

    /// Ends the connection; a reset says so to the peer.
    pub(crate) fn abort(&mut self) {
        self.socket_mut().abort();
    }

    fn check(&mut self) -> Result<(), StackFault> {
        if self.shadow.agrees() { Ok(()) } else { Err(StackFault::Disagreed) }
    }

    fn socket(&self) -> &Socket<'static> {
        self.sockets.get(self.handle)
    }

    fn socket_mut(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.handle)
    }

    /// Makes the shadow expect the byte that lies `ahead` of the right one, to see it caught.
    #[cfg(test)]
    pub(crate) fn falsify_shadow(&mut self, ahead: u32) {
        self.shadow.receive_next = self.shadow.receive_next.wrapping_add(ahead);
        self.shadow.receive_edge = self.shadow.receive_edge.wrapping_add(ahead);
    }
}

/// The connection's numbers as seen from outside the stack. Sequence numbers wrap; they are compared by distance.
#[derive(Clone, Copy, Default)]
struct Shadow {
    /// The stack has acknowledged the peer's SYN: `receive_next` and `receive_edge` mean something.
    receiving: bool,
    /// The next byte that the peer will send.
    receive_next: u32,
    /// The byte behind the window that was offered. May lag behind the stack's, never runs ahead of it.
    receive_edge: u32,
    /// The stack has sent its SYN: the next two mean something.
    sending: bool,
    /// The oldest byte sent that is not acknowledged.
    send_unacknowledged: u32,
    /// The byte behind the newest one sent.
    send_next: u32,
    /// A FIN of the peer's has been seen; the stack counts it as one byte when it is in order.
    peer_finished: bool,
    /// What the stack has just acknowledged. It may do so in the middle of taking a segment, so it is compared
    /// afterwards.
    acknowledged: Option<u32>,
    /// The stack said something that is not TCP.
    is_broken: bool,
}

impl Shadow {
    /// The stack has sent a segment.
    fn sent(&mut self, segment: &Numbers) {
        if segment.flags & RST != 0 {
            return;
        }
        let after = segment.sequence.wrapping_add(segment.payload as u32);
        if segment.flags & SYN != 0 {
            self.sending = true;
            self.send_unacknowledged = after.wrapping_add(1);
            self.send_next = after.wrapping_add(1);
        } else {
            let after = after.wrapping_add(u32::from(segment.flags & FIN != 0));
            if distance(self.send_next, after) > 0 {
                self.send_next = after;
            }
        }
        if segment.flags & ACK == 0 {
            return;
        }
        self.acknowledged = Some(segment.acknowledgement);
        let edge = segment.acknowledgement.wrapping_add(u32::from(segment.window));
        if !self.receiving {
            self.receiving = true;
            self.receive_next = segment.acknowledgement;
            self.receive_edge = edge;
            return;
        }
        // A window probe carries one byte, and the stack does not remember what window it offered with it.
        if segment.payload != 1 {
            self.receive_edge = edge;
        }
    }

    /// The stack has acknowledged exactly what the shadow has seen it take.
    fn agrees(&mut self) -> bool {
        let acknowledged = self.acknowledged.take();
        let is_next = acknowledged.is_none_or(|number| match distance(self.receive_next, number) {
            0 => true,
            1 => self.peer_finished,
            _ => false,
        });
        !self.is_broken && is_next
    }

    /// The stack has taken a segment.
    fn received(&mut self, outcome: Ingress) {
        if self.receiving {
            self.receive_next = self.receive_next.wrapping_add(outcome.received as u32);
        }
        self.send_unacknowledged = self.send_unacknowledged.wrapping_add(outcome.acknowledged as u32);
    }

    /// The next bytes, inside the window, with a believable acknowledgement.
    fn takes(&self, segment: &Segment<'_>) -> bool {
        self.receiving
            && self.sending
            && segment.sequence == self.receive_next
            && distance(segment.sequence, self.receive_edge) >= segment.payload.len() as i32
            && distance(self.send_unacknowledged, segment.acknowledgement) >= 0
            && distance(segment.acknowledgement, self.send_next) >= 0
    }

    fn is_beyond_sent(&self, acknowledgement: u32) -> bool {
        self.sending && distance(self.send_next, acknowledgement) > 0
    }
}

/// How far `to` lies ahead of `from` in sequence space; negative if behind.
fn distance(from: u32, to: u32) -> i32 {
    to.wrapping_sub(from) as i32
}

/// The stack's clock at `now`.
fn stack_time(now: Instant) -> StackInstant {
    StackInstant::from_micros((now.nanos() / NANOS_PER_STACK_MICRO) as i64)
}

fn endpoint(address: SocketAddrV4) -> IpEndpoint {
    IpEndpoint::new(IpAddress::Ipv4(*address.ip()), address.port())
}

/// What smoltcp takes for a network card: one packet in, packets out to the sink.
struct Device<'a, S> {
    packet: Option<&'a [u8]>,
    sink: &'a mut S,
    shadow: &'a mut Shadow,
    settings: StackSettings,
    sent: u32,
}

impl<'a, S: SegmentSink> Device<'a, S> {
    fn new(packet: Option<&'a [u8]>, sink: &'a mut S, shadow: &'a mut Shadow, settings: StackSettings) -> Self {
        Device { packet, sink, shadow, settings, sent: 0 }
    }

    fn emission(&mut self) -> Emission<'_, S> {
        let fills_checksums = self.settings.fills_checksums;
        Emission { sink: self.sink, shadow: self.shadow, sent: &mut self.sent, fills_checksums }
    }
}

impl<S: SegmentSink> phy::Device for Device<'_, S> {
    type RxToken<'t>
        = Reception<'t>
    where
        Self: 't;
    type TxToken<'t>
        = Emission<'t, S>
    where
        Self: 't;

    fn receive(&mut self, _: StackInstant) -> Option<(Reception<'_>, Emission<'_, S>)> {
        let packet = self.packet.take()?;
        Some((Reception(packet), self.emission()))
    }

    fn transmit(&mut self, _: StackInstant) -> Option<Emission<'_, S>> {
        if self.sink.reserve() { Some(self.emission()) } else { None }
    }

    fn capabilities(&self) -> DeviceCapabilities {
        // What arrives has been verified before, by the host or the port; what leaves is summed in `Emission`, or by the
        // port. smoltcp's own sum goes word by word and costs four times as much.
        let checksum = ChecksumCapabilities::ignored();
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.settings.mtu;
        capabilities.checksum = checksum;
        capabilities
    }
}

struct Reception<'a>(&'a [u8]);

impl phy::RxToken for Reception<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0)
    }
}

struct Emission<'a, S> {
    sink: &'a mut S,
    shadow: &'a mut Shadow,
    sent: &'a mut u32,
    fills_checksums: bool,
}

impl<S: SegmentSink> phy::TxToken for Emission<'_, S> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, f: F) -> R {
        *self.sent += 1;
        let (shadow, fills_checksums) = (self.shadow, self.fills_checksums);
        self.sink.send(length, |packet| {
            let result = f(packet);
            if fills_checksums {
                fill_checksums(packet);
            }
            match sent_segment(packet) {
                Some(segment) => shadow.sent(&segment),
                None => shadow.is_broken = true,
            }
            result
        })
    }
}

/// A sink for a stack that is being made and sends nothing.
struct Nowhere;

impl SegmentSink for Nowhere {
    fn reserve(&mut self) -> bool {
        false
    }

    fn send<R>(&mut self, length: usize, fill: impl FnOnce(&mut [u8]) -> R) -> R {
        fill(&mut vec![0; length])
    }
}
