//! Port: burst in, burst out. The one trait at the bottom; DPDK, memory, fault injector and tracer are all Ports.
//!
//! A packet is an Ethernet II frame without its checksum (FCS), in a buffer that its holder owns: it goes from the port
//! into a [`Burst`], through the host, and back with [`Port::release`], without being copied. A DPDK port gives its
//! mbufs; the in-memory port gives recycled boxes.
//!
//! Ports stack on one another: a `FaultPort<PcapTracer<MemoryPort, File>>` is a port. Time is an argument everywhere.

use crate::time::Instant;
use std::collections::VecDeque;
use std::fmt;

/// Where frames come from and go to. One thread polls a port.
pub trait Port {
    /// The buffer that holds one frame.
    type Packet: PacketBuffer;

    /// Moves arrived frames into `burst` until it is full or none is left. Returns how many.
    fn ingress_frame(&mut self, now: Instant, burst: &mut Burst<Self::Packet>) -> usize;

    /// Takes frames from the front of `burst` and sends them. What is not taken stays in the burst, in order. Returns
    /// how many were taken. It is called with an empty burst too: ports that hold frames back send them then.
    fn egress_frame(&mut self, now: Instant, burst: &mut Burst<Self::Packet>) -> usize;

    /// A buffer of `length` bytes, contents undefined; none if the pool is empty or `length` is over the frame limit.
    fn allocate(&mut self, length: usize) -> Option<Self::Packet>;

    /// Gives a buffer back to the port it came from.
    fn release(&mut self, packet: Self::Packet) {
        drop(packet);
    }

    /// The address that this port's frames carry.
    fn mac(&self) -> Mac;

    /// The longest frame in bytes, Ethernet header included, FCS not.
    fn frame_limit(&self) -> usize {
        ETHERNET_FRAME_LIMIT
    }

    /// Which checksums the hardware takes off us.
    fn checksums(&self) -> Checksums {
        Checksums::default()
    }

    /// What went through.
    fn counters(&self) -> PortCounters;

    /// When the port will have something without being asked again: a frame under way in a simulated network, a frame
    /// held back. A port on real wire does not know and answers `None`.
    fn next_deadline(&self) -> Option<Instant> {
        None
    }
}

/// 1,500 bytes of payload behind 14 bytes of Ethernet header.
pub const ETHERNET_FRAME_LIMIT: usize = 1_514;

/// One frame in a buffer that its holder owns.
pub trait PacketBuffer: AsRef<[u8]> + AsMut<[u8]> {
    /// Shortens the frame to `length` bytes, which must not be more than it has.
    fn truncate(&mut self, length: usize);
}

/// Frames on their way between a port and its user: a queue with a limit that never allocates after it was made.
pub struct Burst<T> {
    packets: VecDeque<T>,
    limit: usize,
}

impl<T> Burst<T> {
    /// An empty burst for at most `limit` frames.
    pub fn new(limit: usize) -> Burst<T> {
        Burst { packets: VecDeque::with_capacity(limit), limit }
    }

    /// Appends a frame; gives it back if the burst is full.
    #[inline]
    pub fn push(&mut self, packet: T) -> Result<(), T> {
        if self.is_full() {
            return Err(packet);
        }
        self.packets.push_back(packet);
        Ok(())
    }

    /// Takes the frame at the front.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.packets.pop_front()
    }

    /// Frames in the burst.
    #[inline]
    pub fn count(&self) -> usize {
        self.packets.len()
    }

    /// How many frames still fit.
    #[inline]
    pub fn room(&self) -> usize {
        self.limit - self.packets.len()
    }

    /// No frame is in it.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// No frame fits any more.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.room() == 0
    }

    /// The frames from front to back.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.packets.iter()
    }
}

/// An Ethernet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Everybody on the segment.
    pub const BROADCAST: Mac = Mac([0xFF; 6]);

    /// Broadcast or multicast: not one station.
    #[inline]
    pub fn is_group(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// The address in the low 48 bits.
    pub(crate) fn bits(self) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// Checksum work that the port does for IPv4 and TCP, both or neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksums {
    /// Every frame that the port hands on has been verified; a wrong one never arrives.
    pub verifies_ingress: bool,
    /// The port fills the checksum fields of what is sent.
    pub fills_egress: bool,
}

/// What went through a port since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortCounters {
    /// Frames handed on by `ingress_frame`.
    pub ingress_frames: u64,
    /// Bytes in them.
    pub ingress_bytes: u64,
    /// Frames taken by `egress_frame`.
    pub egress_frames: u64,
    /// Bytes in them.
    pub egress_bytes: u64,
    /// Frames to this port that found its queue full.
    pub ingress_overflows: u64,
    /// Times that no buffer was left.
    pub allocation_failures: u64,
}
