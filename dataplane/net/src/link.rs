//! A host's port with the frames that wait to leave by it.

use crate::port::{Burst, Mac, PacketBuffer, Port};
use crate::stack::SegmentSink;
use crate::time::Instant;
use crate::wire::{ETHERNET_HEADER, KIND_IPV4, write_ethernet};

/// Frames that leave together.
pub(crate) const EGRESS_BURST: usize = 64;

/// The port and what is about to leave by it.
pub(crate) struct Link<P: Port> {
    pub(crate) port: P,
    leaving: Burst<P::Packet>,
    /// A packet taken from the port for the next segment.
    reserved: Option<P::Packet>,
    /// Where a segment is written that will be lost for want of a packet.
    spare: Vec<u8>,
    now: Instant,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) lost: u64,
}

impl<P: Port> Link<P> {
    pub(crate) fn new(port: P) -> Link<P> {
        let spare = vec![0; port.frame_limit()];
        let leaving = Burst::new(EGRESS_BURST);
        Link { port, leaving, reserved: None, spare, now: Instant::ZERO, frames: 0, bytes: 0, lost: 0 }
    }

    pub(crate) fn set_time(&mut self, now: Instant) {
        self.now = now;
    }

    /// Something waits that the port has not taken.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.leaving.is_empty()
    }

    /// Offers the port what waits. Returns how many frames it took.
    pub(crate) fn flush(&mut self) -> usize {
        let bytes: u64 = self.leaving.iter().map(|packet| packet.as_ref().len() as u64).sum();
        let taken = self.port.egress_frame(self.now, &mut self.leaving);
        let left: u64 = self.leaving.iter().map(|packet| packet.as_ref().len() as u64).sum();
        self.frames += taken as u64;
        self.bytes += bytes - left;
        taken
    }

    /// Has `fill` write a frame of `length` bytes and queues it. False, and nothing done, if there is no packet or no
    /// room; that is counted.
    pub(crate) fn send_frame(&mut self, length: usize, fill: impl FnOnce(&mut [u8])) -> bool {
        if !self.reserve() {
            self.lost += 1;
            return false;
        }
        self.send_reserved(length, fill);
        true
    }

    /// Has a packet and a place in the burst ready.
    fn reserve(&mut self) -> bool {
        if self.leaving.is_full() {
            self.flush();
            if self.leaving.is_full() {
                return false;
            }
        }
        if self.reserved.is_none() {
            self.reserved = self.port.allocate(self.port.frame_limit());
        }
        self.reserved.is_some()
    }

    fn send_reserved<R>(&mut self, length: usize, fill: impl FnOnce(&mut [u8]) -> R) -> R {
        let mut packet = self.reserved.take().expect("reserve() has seen to it");
        packet.truncate(length);
        let result = fill(packet.as_mut());
        assert!(self.leaving.push(packet).is_ok(), "reserve() has seen to it");
        result
    }
}

/// Where one session's segments go: the link, behind an Ethernet header to the peer's station.
pub(crate) struct SessionSink<'a, P: Port> {
    pub(crate) link: &'a mut Link<P>,
    pub(crate) source: Mac,
    pub(crate) destination: Mac,
}

impl<P: Port> SegmentSink for SessionSink<'_, P> {
    fn reserve(&mut self) -> bool {
        self.link.reserve()
    }

    fn send<R>(&mut self, length: usize, fill: impl FnOnce(&mut [u8]) -> R) -> R {
        if !self.link.reserve() {
            self.link.lost += 1;
            return fill(&mut self.link.spare[..length]);
        }
        let (source, destination) = (self.source, self.destination);
        self.link.send_reserved(ETHERNET_HEADER + length, |frame| {
            write_ethernet(frame, destination, source, KIND_IPV4);
            fill(&mut frame[ETHERNET_HEADER..])
        })
    }
}
