//! A port that writes every frame to a pcap file, for Wireshark and tcpdump.
//!
//! ```text
//! file header, 24 bytes                     then for each frame 16 bytes and the frame
//!  0  magic 0xA1B23C4D (nanoseconds)  4      0  seconds                 4
//!  4  version 2, then 4               2+2    4  nanoseconds             4
//!  8  zone 0, accuracy 0              4+4    8  bytes stored            4
//! 16  longest frame stored 65,535     4     12  bytes of the frame      4
//! 20  link type 1, Ethernet           4     16  the frame, from its Ethernet header, without FCS
//! ```
//!
//! All numbers are little-endian (the magic says so to the reader). Both directions go into one file; the Ethernet
//! addresses tell them apart. The time is the poll's. When the writer fails the trace ends and the port goes on.
//! Source: draft-ietf-opsawg-pcap, and the pcap-savefile manual page for the nanosecond magic.

use crate::port::{Burst, Checksums, Mac, Port, PortCounters};
use crate::time::Instant;
use std::io::Write;

/// A port `P` whose frames are written to `W`.
pub struct PcapTracer<P: Port, W: Write> {
    inner: P,
    writer: W,
    /// Traced and not yet taken by the port below.
    staged: Burst<P::Packet>,
    /// Arrived, and not traced because the caller's burst was full.
    arrived: Burst<P::Packet>,
    counters: TraceCounters,
}

/// What a [`PcapTracer`] wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceCounters {
    /// Frames written.
    pub frames: u64,
    /// Frames that passed after the writer had failed.
    pub untraced: u64,
    /// The writer has failed.
    pub has_failed: bool,
}

/// Frames that wait for the port below: one burst.
const STAGED_MAX: usize = 64;

const NANOS_A_SECOND: u64 = 1_000_000_000;

impl<P: Port, W: Write> PcapTracer<P, W> {
    /// Writes the file's header, and from then on each frame.
    pub fn new(inner: P, writer: W) -> PcapTracer<P, W> {
        let (staged, arrived) = (Burst::new(STAGED_MAX), Burst::new(STAGED_MAX));
        let mut tracer = PcapTracer { inner, writer, staged, arrived, counters: TraceCounters::default() };
        let mut header = [0; 24];
        header[0..4].copy_from_slice(&0xA1B2_3C4D_u32.to_le_bytes());
        header[4..6].copy_from_slice(&2u16.to_le_bytes());
        header[6..8].copy_from_slice(&4u16.to_le_bytes());
        header[16..20].copy_from_slice(&65_535u32.to_le_bytes());
        header[20..24].copy_from_slice(&1u32.to_le_bytes());
        tracer.counters.has_failed = tracer.writer.write_all(&header).is_err();
        tracer
    }

    /// What it wrote so far.
    pub fn trace_counters(&self) -> TraceCounters {
        self.counters
    }

    /// What the frames are written to.
    pub fn writer(&self) -> &W {
        &self.writer
    }

    /// The port below.
    pub fn inner(&self) -> &P {
        &self.inner
    }

    /// The port below, to set something on it.
    pub fn inner_mut(&mut self) -> &mut P {
        &mut self.inner
    }
}

/// Writes one frame, if the writer has not failed.
fn trace(writer: &mut impl Write, counters: &mut TraceCounters, now: Instant, frame: &[u8]) {
    if !counters.has_failed {
        let mut header = [0; 16];
        let length = frame.len() as u32;
        header[0..4].copy_from_slice(&((now.nanos() / NANOS_A_SECOND) as u32).to_le_bytes());
        header[4..8].copy_from_slice(&((now.nanos() % NANOS_A_SECOND) as u32).to_le_bytes());
        header[8..12].copy_from_slice(&length.to_le_bytes());
        header[12..16].copy_from_slice(&length.to_le_bytes());
        counters.has_failed = writer.write_all(&header).and_then(|()| writer.write_all(frame)).is_err();
    }
    if counters.has_failed {
        counters.untraced += 1;
    } else {
        counters.frames += 1;
    }
}

impl<P: Port, W: Write> Port for PcapTracer<P, W> {
    type Packet = P::Packet;

    fn ingress_frame(&mut self, now: Instant, burst: &mut Burst<P::Packet>) -> usize {
        let mut count = 0;
        while !burst.is_full() {
            if self.arrived.is_empty() && self.inner.ingress_frame(now, &mut self.arrived) == 0 {
                break;
            }
            let Some(packet) = self.arrived.pop() else { break };
            trace(&mut self.writer, &mut self.counters, now, packet.as_ref());
            assert!(burst.push(packet).is_ok(), "there was room");
            count += 1;
        }
        count
    }

    fn egress_frame(&mut self, now: Instant, burst: &mut Burst<P::Packet>) -> usize {
        let mut count = 0;
        while !self.staged.is_full() {
            let Some(packet) = burst.pop() else { break };
            trace(&mut self.writer, &mut self.counters, now, packet.as_ref());
            assert!(self.staged.push(packet).is_ok(), "there was room");
            count += 1;
        }
        self.inner.egress_frame(now, &mut self.staged);
        count
    }

    fn allocate(&mut self, length: usize) -> Option<P::Packet> {
        self.inner.allocate(length)
    }

    fn release(&mut self, packet: P::Packet) {
        self.inner.release(packet);
    }

    fn mac(&self) -> Mac {
        self.inner.mac()
    }

    fn frame_limit(&self) -> usize {
        self.inner.frame_limit()
    }

    fn checksums(&self) -> Checksums {
        self.inner.checksums()
    }

    fn counters(&self) -> PortCounters {
        self.inner.counters()
    }

    fn next_deadline(&self) -> Option<Instant> {
        let is_waiting = !self.staged.is_empty() || !self.arrived.is_empty();
        is_waiting.then_some(Instant::ZERO).or_else(|| self.inner.next_deadline())
    }
}
