//! A host's port with the frames that wait to leave by it.

use crate::port::{Burst, Mac, PacketBuffer, Port};
use crate::tcp::SegmentSink;
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
    /// Bytes in `leaving`.
    waiting_bytes: u64,
    now: Instant,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) lost: u64,
    /// Bytes of payload copied into frames.
    pub(crate) copied: u64,
}

impl<P: Port> Link<P> {
    pub(crate) fn new(port: P) -> Link<P> {
        let leaving = Burst::new(EGRESS_BURST);
        Link {
            port,
            leaving,
            waiting_bytes: 0,
            reserved: None,
            now: Instant::ZERO,
            frames: 0,
            bytes: 0,
            lost: 0,
            copied: 0,
        }
    }

    #[inline]
    pub(crate) fn set_time(&mut self, now: Instant) {
        self.now = now;
    }

    /// Something waits that the port has not taken.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.leaving.is_empty()
    }

    /// Offers the port what waits. Returns how many frames it took.
    #[inline]
    pub(crate) fn flush(&mut self) -> usize {
        let taken = self.port.egress_frame(self.now, &mut self.leaving);
        let left = if self.leaving.is_empty() {
            0
        } else {
            self.leaving.iter().map(|packet| packet.as_ref().len() as u64).sum()
        };
        self.frames += taken as u64;
        self.bytes += self.waiting_bytes - left;
        self.waiting_bytes = left;
        taken
    }

    /// Has `fill` write a frame of `length` bytes and queues it. False, and nothing done, if there is no packet or no
    /// room; that is counted.
    #[inline]
    pub(crate) fn send_frame(&mut self, length: usize, fill: impl FnOnce(&mut [u8])) -> bool {
        if !self.reserve() {
            self.lost += 1;
            return false;
        }
        self.send_reserved(length, fill);
        true
    }

    /// Has a packet and a place in the burst ready.
    #[inline]
    fn reserve(&mut self) -> bool {
        (self.reserved.is_some() && !self.leaving.is_full()) || self.prepare()
    }

    /// Sees to it that there is a packet and a place in the burst.
    #[inline]
    fn prepare(&mut self) -> bool {
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

    #[inline]
    fn send_reserved(&mut self, length: usize, fill: impl FnOnce(&mut [u8])) {
        let mut packet = self.reserved.take().expect("reserve() has seen to it");
        packet.truncate(length);
        fill(packet.as_mut());
        self.waiting_bytes += length as u64;
        assert!(self.leaving.push(packet).is_ok(), "reserve() has seen to it");
    }
}

/// Where one session's segments go: the link, behind an Ethernet header to the peer's station.
pub(crate) struct SessionSink<'a, P: Port> {
    pub(crate) link: &'a mut Link<P>,
    pub(crate) source: Mac,
    pub(crate) destination: Mac,
}

impl<P: Port> SegmentSink for SessionSink<'_, P> {
    #[inline]
    fn reserve(&mut self) -> bool {
        self.link.reserve()
    }

    #[inline]
    fn send(&mut self, headers: usize, payload: usize, fill: impl FnOnce(&mut [u8])) {
        self.link.copied += payload as u64;
        let (source, destination) = (self.source, self.destination);
        self.link.send_frame(ETHERNET_HEADER + headers + payload, |frame| {
            write_ethernet(frame, destination, source, KIND_IPV4);
            fill(&mut frame[ETHERNET_HEADER..]);
        });
    }
}
