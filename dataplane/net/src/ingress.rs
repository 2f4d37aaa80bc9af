//! From a burst of frames to bytes in order: Ethernet, ARP, IPv4, the demux, the session's TCP, the handler.

use crate::host::{Host, demux_key};
use crate::link::SessionSink;
use crate::port::{Mac, Port};
use crate::session::{CloseReason, Correspondent, Handler, Opener, SessionState};
use crate::stations::Stations;
use crate::tcp::{Connection, Oddity, Phase};
use crate::time::Instant;
use crate::wire::datagram::{Datagram, NoDatagram};
use crate::wire::{
    ACK, ARP_FRAME, ARP_REPLY, ARP_REQUEST, BARE_FRAME, ETHERNET_HEADER, FIN, KIND_ARP, KIND_IPV4, RST, Rejection,
    Route, SYN, Segment, read_arp, read_ethernet, reset_for, write_arp, write_ethernet, write_segment,
};
use std::net::{Ipv4Addr, SocketAddrV4};

impl<P: Port> Host<P> {
    /// Takes one burst of frames from the port and tells `handler` what they brought. Returns how many frames came; a
    /// port may have more.
    pub fn poll_ingress(&mut self, now: Instant, handler: &mut impl Handler) -> usize {
        self.set_time(now);
        self.tell_endings(handler);
        for _ in 0..self.offers.len() {
            let Some(index) = self.offers.pop_front() else { break };
            self.slots[index as usize].is_offered = false;
            if self.slots[index as usize].state == SessionState::Open {
                self.offer(index, handler);
                self.follow(index);
            }
        }
        let count = self.link.port.ingress_frame(self.now, &mut self.arriving);
        while let Some(packet) = self.arriving.pop() {
            self.counters.ingress_frames += 1;
            self.counters.ingress_bytes += packet.as_ref().len() as u64;
            self.ingress_segment(packet.as_ref(), handler);
            self.link.port.release(packet);
        }
        self.tell_endings(handler);
        count
    }

    /// One frame, up to the session it belongs to.
    #[inline]
    fn ingress_segment(&mut self, frame: &[u8], handler: &mut impl Handler) {
        let Some((ethernet, rest)) = read_ethernet(frame) else {
            self.counters.drops.malformed += 1;
            return;
        };
        let (destination, source) = (Mac(ethernet.destination), Mac(ethernet.source));
        let is_ours = destination == self.mac || destination == Mac::BROADCAST;
        if !is_ours || source.is_group() {
            self.counters.drops.ethernet += 1;
            return;
        }
        match ethernet.kind.get() {
            KIND_IPV4 if destination == self.mac => {}
            KIND_ARP => return self.ingress_neighbour(source, rest),
            _ => {
                self.counters.drops.ethernet += 1;
                return;
            }
        }
        let segment = match Segment::parse(rest, self.config.address) {
            Ok(segment) => segment,
            Err(Rejection::OtherProtocol) if self.datagram_port.is_some() => {
                return self.ingress_datagram(source, rest, handler);
            }
            Err(reason) => return self.counters.drops.count(reason),
        };
        match self.demux.get(demux_key(segment.remote, segment.local_port)) {
            Some(index) => self.ingress_session(index, source, &segment, handler),
            None => self.ingress_stranger(source, &segment),
        }
    }

    /// A packet that is no segment: a datagram, perhaps.
    #[cold]
    fn ingress_datagram(&mut self, source: Mac, packet: &[u8], handler: &mut impl Handler) {
        let drops = &mut self.counters.drops;
        let datagram = match Datagram::parse(packet, self.config.address) {
            Ok(datagram) => datagram,
            Err(NoDatagram::OtherProtocol) => return drops.count(Rejection::OtherProtocol),
            Err(NoDatagram::Malformed) => return drops.count(Rejection::Malformed),
            Err(NoDatagram::Checksum) => {
                drops.checksum += 1;
                return;
            }
        };
        let address = *datagram.remote.ip();
        if address.is_unspecified() || address.is_multicast() || address.is_broadcast() {
            drops.foreign += 1;
        } else if self.datagram_port.is_none_or(|(port, _)| port != datagram.local_port) {
            drops.no_listener += 1;
        } else {
            self.counters.datagrams += 1;
            handler.datagram(Correspondent { address: datagram.remote, station: source }, datagram.payload);
        }
    }

    /// A segment of a session: handed on in place if it is plain, else through the whole of TCP.
    #[inline]
    fn ingress_session(&mut self, index: u32, source: Mac, segment: &Segment<'_>, handler: &mut impl Handler) {
        if !self.verify(segment) {
            return;
        }
        let slot = &mut self.slots[index as usize];
        let is_plain = slot.state == SessionState::Open
            && slot.connection.as_ref().is_some_and(|connection| connection.is_plain(segment));
        if is_plain {
            self.ingress_plain(index, source, segment, handler);
        } else {
            self.ingress_otherwise(index, source, segment, handler);
        }
    }

    /// The next in order, to whoever is waiting for it, in the frame.
    #[inline]
    fn ingress_plain(&mut self, index: u32, source: Mac, segment: &Segment<'_>, handler: &mut impl Handler) {
        let id = self.id(index);
        let slot = &mut self.slots[index as usize];
        let connection = slot.connection.as_mut().expect("a plain segment has a connection");
        self.counters.stack_runs += 1;
        let acknowledged = connection.take_plain(self.now, segment);
        slot.stations.hear(source, acknowledged > 0 || !segment.payload.is_empty());
        if acknowledged > 0 {
            let is_at_rest = connection.send_queue() == 0;
            slot.give_up_at = if is_at_rest { Instant::NEVER } else { self.now + self.config.silence_timeout };
        }
        let payload = segment.payload;
        if payload.is_empty() {
            // Every second segment of a member's says only that our answer has come.
            if connection.has_work() {
                self.mark_ready(index);
            }
            return;
        }
        self.counters.peeked_payloads += 1;
        self.counters.peeked_bytes += payload.len() as u64;
        let consumed = handler.data(id, payload);
        assert!(consumed <= payload.len(), "a handler consumes at most what it was given");
        let fresh = connection.pass(payload.len());
        if consumed < payload.len() {
            connection.keep(&payload[consumed..], fresh);
            self.counters.ingress_copied_bytes += (payload.len() - consumed) as u64;
        }
        self.mark_ready(index);
        if fresh > 0 {
            self.counters.ringed_bytes += fresh as u64;
            self.offer(index, handler);
        }
    }

    /// Any other segment of a session.
    fn ingress_otherwise(&mut self, index: u32, source: Mac, segment: &Segment<'_>, handler: &mut impl Handler) {
        let slot = &mut self.slots[index as usize];
        if slot.state == SessionState::Lingering && slot.untold.is_none() && segment.flags & (SYN | ACK | RST) == SYN {
            // The peer uses the same ports for a new connection while the old one is only being waited out.
            self.drop_connection(index);
            self.settle(index);
            return self.ingress_stranger(source, segment);
        }
        let Some(connection) = &mut slot.connection else { return };
        self.counters.stack_runs += 1;
        let before = connection.phase();
        let mut sink = SessionSink { link: &mut self.link, source: self.mac, destination: source };
        let outcome = connection.ingress(self.now, segment, &mut sink);
        match outcome.oddity {
            None => slot.stations.hear(source, outcome.acknowledged > 0 || outcome.received > 0),
            Some(Oddity::AcknowledgesUnsent) => self.counters.drops.acknowledges_unsent += 1,
            Some(Oddity::BehindTheEnd) => self.counters.drops.behind_the_end += 1,
            Some(Oddity::Challenged) => self.counters.challenges += 1,
        }
        self.counters.ingress_copied_bytes += outcome.copied as u64;
        match slot.state {
            SessionState::Open if connection.send_queue() == 0 => slot.give_up_at = Instant::NEVER,
            SessionState::Open if outcome.acknowledged > 0 => {
                slot.give_up_at = self.now + self.config.silence_timeout;
            }
            SessionState::Closing | SessionState::Lingering if outcome.acknowledged > 0 => {
                slot.give_up_at = self.now + self.config.close_timeout;
            }
            _ => {}
        }
        self.mark_ready(index);
        self.advance(index, before, handler);
        if outcome.received > 0 {
            self.counters.ringed_bytes += outcome.received as u64;
            self.offer(index, handler);
        }
        self.follow(index);
    }

    /// Carries the connection's new phase over into the session's state.
    fn advance(&mut self, index: u32, before: Phase, handler: &mut impl Handler) {
        let id = self.id(index);
        let slot = &mut self.slots[index as usize];
        let Some(connection) = &slot.connection else { return };
        let phase = connection.phase();
        match (slot.state, phase) {
            (SessionState::Opening, Phase::Open | Phase::PeerFinished) => {
                slot.state = SessionState::Open;
                slot.is_known = true;
                slot.give_up_at = Instant::NEVER;
                match slot.opener {
                    Opener::Peer => self.counters.accepted += 1,
                    Opener::Ourselves => self.counters.connected += 1,
                }
                handler.opened(id, slot.peer());
            }
            (SessionState::Opening, Phase::Closed) => self.end(index, CloseReason::Refused),
            (SessionState::Open, Phase::Closed) => self.end(index, CloseReason::Reset),
            (SessionState::Closing, Phase::TimeWait) => self.end(index, CloseReason::Finished),
            (SessionState::Closing, Phase::Closed) if before == Phase::LastAcknowledgement => {
                self.end(index, CloseReason::Finished);
            }
            (SessionState::Closing, Phase::Closed) => self.end(index, CloseReason::Reset),
            _ => {}
        }
    }

    /// After an offer: a peer that has finished and whose bytes are all consumed is leaving; bytes that come after our
    /// close are thrown away.
    fn follow(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        let Some(connection) = &mut slot.connection else { return };
        match slot.state {
            SessionState::Open if connection.phase() == Phase::PeerFinished && connection.receive_queue() == 0 => {
                connection.close();
                self.end(index, CloseReason::PeerFinished);
            }
            SessionState::Closing | SessionState::Lingering => {
                let queue = connection.receive_queue();
                self.counters.discarded_bytes += queue as u64;
                connection.discard(queue);
                self.settle(index);
            }
            _ => {}
        }
    }

    /// Shows the handler the ring, in one piece.
    fn offer(&mut self, index: u32, handler: &mut impl Handler) {
        let id = self.id(index);
        let slot = &mut self.slots[index as usize];
        let Some(connection) = slot.connection.as_mut().filter(|_| slot.state == SessionState::Open) else { return };
        if connection.receive_queue() == 0 {
            return;
        }
        let (bytes, copied) = connection.receive_view(&mut self.scratch);
        self.counters.ringed_offers += 1;
        self.counters.straddled_bytes += copied as u64;
        self.counters.ingress_copied_bytes += copied as u64;
        let consumed = handler.data(id, bytes);
        assert!(consumed <= bytes.len(), "a handler consumes at most what it was given");
        if consumed > 0 {
            connection.discard(consumed);
            // The window has grown; the peer may be waiting for that.
            self.mark_ready(index);
        }
    }

    /// A segment of no session: a SYN may open one, anything else is answered with a reset, if it is answered.
    fn ingress_stranger(&mut self, source: Mac, segment: &Segment<'_>) {
        let address = *segment.remote.ip();
        let listener = self.listeners.iter().find(|listener| listener.port == segment.local_port);
        let admitted = match listener {
            Some(listener) => listener.filter.admits(address),
            // A port where nobody listens: only who may connect somewhere gets an answer. A host that does not listen
            // at all is a client; its peers may ask about connections that it has forgotten.
            None => self.listeners.is_empty() || self.listeners.iter().any(|other| other.filter.admits(address)),
        };
        // Before any sum is computed: a SYN from elsewhere costs a look-up.
        if !admitted || address.is_unspecified() || address.is_multicast() || address.is_broadcast() {
            self.counters.drops.foreign += 1;
            return;
        }
        let is_opening = segment.flags & (SYN | ACK | RST | FIN) == SYN;
        if is_opening && listener.is_some() {
            if !self.verify(segment) {
                return;
            }
            return self.accept(source, segment);
        }
        if is_opening {
            self.counters.drops.no_listener += 1;
        } else {
            self.counters.drops.stray += 1;
        }
        // RFC 9293 §3.10.7.1: a reset is not answered.
        if segment.flags & RST == 0 && self.verify(segment) {
            let (ours, address) = (self.mac, self.config.address);
            let route = Route::new(SocketAddrV4::new(address, segment.local_port), segment.remote);
            let fills = self.settings.fills_checksums;
            let sent = self.link.send_frame(BARE_FRAME, |frame| {
                write_ethernet(frame, source, ours, KIND_IPV4);
                write_segment(&mut frame[ETHERNET_HEADER..], &route, reset_for(segment), &[], fills, |_| {});
            });
            self.counters.resets_to_strangers += u64::from(sent);
        }
    }

    /// A SYN that may open a session.
    fn accept(&mut self, source: Mac, segment: &Segment<'_>) {
        let Some(index) = self.occupy(segment.remote, segment.local_port, Opener::Peer) else {
            self.counters.drops.full += 1;
            return;
        };
        let (route, initial) = self.begin_route(segment.remote, segment.local_port);
        let connection = Connection::passive(self.settings, self.take_rings(), route, initial, segment);
        let slot = &mut self.slots[index as usize];
        slot.state = SessionState::Opening;
        slot.stations = Stations::only(source);
        slot.give_up_at = self.now + self.config.open_timeout;
        self.counters.stack_runs += 1;
        match connection {
            Ok(connection) => {
                slot.connection = Some(connection);
                self.mark_ready(index);
            }
            Err(rings) => {
                // Options that cannot be read: as if the SYN had not come.
                self.counters.drops.malformed += 1;
                self.return_rings(rings);
                self.end(index, CloseReason::Refused);
                self.settle(index);
            }
        }
    }

    /// Tells the handler of sessions that are over, and frees their places.
    #[inline]
    fn tell_endings(&mut self, handler: &mut impl Handler) {
        while let Some(index) = self.endings.pop_front() {
            let id = self.id(index);
            if let Some(why) = self.slots[index as usize].untold.take() {
                handler.closed(id, why);
            }
            self.settle(index);
        }
    }

    /// An ARP packet: a question for us is answered, an answer to ours is used.
    fn ingress_neighbour(&mut self, source: Mac, bytes: &[u8]) {
        let Some(arp) = read_arp(bytes).filter(|arp| Mac(arp.sender_mac) == source) else {
            self.counters.drops.arp += 1;
            return;
        };
        let sender = Ipv4Addr::from(arp.sender_address);
        let is_for_us = Ipv4Addr::from(arp.target_address) == self.config.address;
        match arp.operation.get() {
            ARP_REQUEST if is_for_us => {
                let ours = (self.mac, self.config.address);
                self.link.send_frame(ARP_FRAME, |frame| write_arp(frame, ours, Some(source), sender));
            }
            ARP_REPLY if is_for_us && self.neighbours.answer(sender, source, self.now) => {
                for index in 0..self.slots.len() as u32 {
                    if self.resolving == 0 {
                        break;
                    }
                    let slot = &self.slots[index as usize];
                    if slot.state == SessionState::Resolving && slot.next_hop == sender {
                        self.begin_connection(index, source);
                    }
                }
            }
            _ => self.counters.drops.arp += 1,
        }
    }

    /// The segment's sums are right, or the port has seen to it.
    #[inline]
    fn verify(&mut self, segment: &Segment<'_>) -> bool {
        let holds = self.link.port.checksums().verifies_ingress || segment.checksums_hold();
        self.counters.drops.checksum += u64::from(!holds);
        holds
    }
}
