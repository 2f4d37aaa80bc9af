//! A TAP interface of the kernel as a port: an ordinary kernel client reaches us, without DPDK and without a NIC.
//!
//! A read of the TAP's file gives one Ethernet frame that the kernel sent out of the interface, a write gives the kernel one
//! that it receives there; nothing stands in front of it (IFF_NO_PI). The kernel has summed what it sends, since we take no
//! offload. Every frame is a system call and a copy: this port is for functions, not for speed.
//!
//! The interface goes away with the last of its files, unless somebody made it persistent. It may be moved into another
//! network namespace while we hold it; frames keep coming.

use crate::settings::{PortError, PortSettings};
use crate::spec::PortSpec;
use crate::sys;
use net::port::{ETHERNET_FRAME_LIMIT, PortCounters};
use net::random::mix;
use net::{Burst, Instant, Mac, PacketBuffer, Port};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};

/// One queue of a TAP interface.
pub struct TapPort {
    file: File,
    mac: Mac,
    /// Buffers of this queue that nobody holds. Made once; it never grows.
    free: Vec<Buffer>,
    counters: PortCounters,
    lost: u64,
}

/// Bytes in a buffer: the largest frame and room for a VLAN tag, rounded to what DPDK's pools use.
const BUFFER_BYTES: usize = 2_048;

type Buffer = Box<[u8; BUFFER_BYTES]>;

/// A frame in a recycled buffer. One that is dropped instead of released is missing from the pool from then on.
pub struct TapPacket {
    buffer: Buffer,
    length: usize,
}

impl AsRef<[u8]> for TapPacket {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl AsMut<[u8]> for TapPacket {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[..self.length]
    }
}

impl PacketBuffer for TapPacket {
    fn truncate(&mut self, length: usize) {
        assert!(length <= self.length, "a frame cannot be truncated to more than it has");
        self.length = length;
    }
}

impl TapPort {
    /// Opens the interface `name`, made if it is not there, brings it up, and gives one port a queue. All have one address.
    ///
    /// # Errors
    /// [`PortError::Setting`], or what the kernel refuses.
    pub fn open(name: &str, settings: &PortSettings) -> Result<Vec<TapPort>, PortError> {
        settings.check()?;
        let kernel = |asked| move |error| PortError::Kernel { port: PortSpec::Tap(name.to_owned()), asked, error };
        let mac = settings.mac.unwrap_or_else(|| mac_of(name));
        let mut ports = Vec::with_capacity(usize::from(settings.queues));
        for _ in 0..settings.queues {
            let file = sys::open_tap(name, settings.queues > 1).map_err(kernel("open the interface"))?;
            let free = (0..settings.buffers).map(|_| Box::new([0; BUFFER_BYTES])).collect();
            ports.push(TapPort { file, mac, free, counters: PortCounters::default(), lost: 0 });
        }
        sys::bring_up(name).map_err(kernel("bring the interface up"))?;
        Ok(ports)
    }

    /// Frames lost because the interface was down or away.
    #[must_use]
    pub fn lost_frames(&self) -> u64 {
        self.lost
    }

    /// [`Port::ingress_frame`] into a burst of whatever `wrap` makes of our packets.
    pub(crate) fn ingress_into<W>(&mut self, burst: &mut Burst<W>, wrap: impl Fn(TapPacket) -> W) -> usize {
        let mut count = 0;
        while !burst.is_full() {
            let Some(mut buffer) = self.free.pop() else {
                self.counters.allocation_failures += 1;
                break;
            };
            match self.file.read(&mut buffer[..]) {
                Ok(length) if (1..=ETHERNET_FRAME_LIMIT).contains(&length) => {
                    self.counters.ingress_bytes += length as u64;
                    let fits = burst.push(wrap(TapPacket { buffer, length })).is_ok();
                    assert!(fits, "the burst had room");
                    count += 1;
                }
                // Longer than a frame may be (the interface's MTU was raised), or nothing at all.
                Ok(_) => {
                    self.lost += 1;
                    self.free.push(buffer);
                }
                Err(error) => {
                    self.free.push(buffer);
                    match error.kind() {
                        ErrorKind::Interrupted => continue,
                        ErrorKind::WouldBlock => {}
                        _ => self.lost += 1,
                    }
                    break;
                }
            }
        }
        self.counters.ingress_frames += count as u64;
        count
    }

    /// [`Port::egress_frame`] from a burst of whatever `unwrap` takes our packets out of.
    pub(crate) fn egress_from<W: AsRef<[u8]>>(
        &mut self,
        burst: &mut Burst<W>,
        unwrap: impl Fn(W) -> TapPacket,
    ) -> usize {
        let mut count = 0;
        loop {
            let Some(written) = burst.iter().next().map(|frame| self.file.write(frame.as_ref())) else { break };
            match written {
                Ok(length) => self.counters.egress_bytes += length as u64,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // The interface is down or away: lost, as on any wire.
                Err(_) => self.lost += 1,
            }
            let packet = unwrap(burst.pop().expect("a frame stood in front"));
            self.free.push(packet.buffer);
            count += 1;
        }
        self.counters.egress_frames += count as u64;
        count
    }
}

impl Port for TapPort {
    type Packet = TapPacket;

    fn ingress_frame(&mut self, _: Instant, burst: &mut Burst<TapPacket>) -> usize {
        self.ingress_into(burst, |packet| packet)
    }

    fn egress_frame(&mut self, _: Instant, burst: &mut Burst<TapPacket>) -> usize {
        self.egress_from(burst, |packet| packet)
    }

    fn allocate(&mut self, length: usize) -> Option<TapPacket> {
        if length > ETHERNET_FRAME_LIMIT {
            return None;
        }
        let buffer = self.free.pop();
        self.counters.allocation_failures += u64::from(buffer.is_none());
        buffer.map(|buffer| TapPacket { buffer, length })
    }

    fn release(&mut self, packet: TapPacket) {
        self.free.push(packet.buffer);
    }

    fn mac(&self) -> Mac {
        self.mac
    }

    fn counters(&self) -> PortCounters {
        self.counters
    }
}

/// An address of local administration (IEEE 802 §8.4) that stays the same for a name. The kernel's end has its own.
pub(crate) fn mac_of(name: &str) -> Mac {
    let bits = name.bytes().fold(0, |bits, byte| mix(bits ^ u64::from(byte)));
    let [a, b, c, d, e, ..] = bits.to_be_bytes();
    Mac([0x02, a, b, c, d, e])
}
