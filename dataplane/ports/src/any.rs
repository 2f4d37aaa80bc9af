//! Any port behind one type: what is chosen by a word at start costs one branch a call afterwards.

#[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
use crate::dpdk::{self, DpdkPacket, DpdkPort};
use crate::settings::{PortError, PortSettings};
use crate::spec::PortSpec;
use crate::tap::{TapPacket, TapPort};
use net::port::{Checksums, PortCounters};
use net::{Burst, Instant, Mac, PacketBuffer, Port};

/// Opens a port: one [`AnyPort`] for each of its queues, in their order. Each may go to a thread of its own.
///
/// # Errors
/// See [`PortError`]; nothing stays open then.
pub fn open(spec: &PortSpec, settings: &PortSettings) -> Result<Vec<AnyPort>, PortError> {
    settings.check()?;
    match spec {
        PortSpec::Tap(name) => Ok(TapPort::open(name, settings)?.into_iter().map(AnyPort::Tap).collect()),
        #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
        other => Ok(dpdk::open(other, settings)?.into_iter().map(|port| AnyPort::Dpdk(Box::new(port))).collect()),
        #[cfg(not(any(feature = "dpdk", feature = "dpdk-static")))]
        other => Err(PortError::NeedsDpdk(other.clone())),
    }
}

/// Whoever allocates at a port sends and releases there.
#[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
const ONE_PORT: &str = "a frame goes back to the port that it came from";

/// One queue of any port.
pub enum AnyPort {
    /// Of a TAP interface.
    Tap(TapPort),
    /// Of a device of DPDK's.
    #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
    Dpdk(Box<DpdkPort>),
}

/// A frame of any port. It goes back to the port that it came from, and to no other.
pub enum AnyPacket {
    /// Of a TAP interface.
    Tap(TapPacket),
    /// Of a device of DPDK's.
    #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
    Dpdk(DpdkPacket),
}

impl AsRef<[u8]> for AnyPacket {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        match self {
            AnyPacket::Tap(packet) => packet.as_ref(),
            #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
            AnyPacket::Dpdk(packet) => packet.as_ref(),
        }
    }
}

impl AsMut<[u8]> for AnyPacket {
    #[inline]
    fn as_mut(&mut self) -> &mut [u8] {
        match self {
            AnyPacket::Tap(packet) => packet.as_mut(),
            #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
            AnyPacket::Dpdk(packet) => packet.as_mut(),
        }
    }
}

impl PacketBuffer for AnyPacket {
    #[inline]
    fn truncate(&mut self, length: usize) {
        match self {
            AnyPacket::Tap(packet) => packet.truncate(length),
            #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
            AnyPacket::Dpdk(packet) => packet.truncate(length),
        }
    }
}

impl Port for AnyPort {
    type Packet = AnyPacket;

    #[inline]
    fn ingress_frame(&mut self, _: Instant, burst: &mut Burst<AnyPacket>) -> usize {
        match self {
            AnyPort::Tap(port) => port.ingress_into(burst, AnyPacket::Tap),
            #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
            AnyPort::Dpdk(port) => port.ingress_into(burst, AnyPacket::Dpdk),
        }
    }

    #[inline]
    fn egress_frame(&mut self, _: Instant, burst: &mut Burst<AnyPacket>) -> usize {
        match self {
            AnyPort::Tap(port) => port.egress_from(burst, |packet| match packet {
                AnyPacket::Tap(packet) => packet,
                #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
                AnyPacket::Dpdk(_) => unreachable!("{ONE_PORT}"),
            }),
            #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
            AnyPort::Dpdk(port) => port.egress_from(burst, |packet| match packet {
                AnyPacket::Dpdk(packet) => packet,
                AnyPacket::Tap(_) => unreachable!("{ONE_PORT}"),
            }),
        }
    }

    #[inline]
    fn allocate(&mut self, length: usize) -> Option<AnyPacket> {
        match self {
            AnyPort::Tap(port) => port.allocate(length).map(AnyPacket::Tap),
            #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
            AnyPort::Dpdk(port) => port.allocate(length).map(AnyPacket::Dpdk),
        }
    }

    #[inline]
    fn release(&mut self, packet: AnyPacket) {
        match (self, packet) {
            (AnyPort::Tap(port), AnyPacket::Tap(packet)) => port.release(packet),
            #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
            (AnyPort::Dpdk(port), AnyPacket::Dpdk(packet)) => port.release(packet),
            #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
            _ => unreachable!("{ONE_PORT}"),
        }
    }

    fn mac(&self) -> Mac {
        match self {
            AnyPort::Tap(port) => port.mac(),
            #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
            AnyPort::Dpdk(port) => port.mac(),
        }
    }

    fn frame_limit(&self) -> usize {
        match self {
            AnyPort::Tap(port) => port.frame_limit(),
            #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
            AnyPort::Dpdk(port) => port.frame_limit(),
        }
    }

    fn checksums(&self) -> Checksums {
        match self {
            AnyPort::Tap(port) => port.checksums(),
            #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
            AnyPort::Dpdk(port) => port.checksums(),
        }
    }

    fn counters(&self) -> PortCounters {
        match self {
            AnyPort::Tap(port) => port.counters(),
            #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
            AnyPort::Dpdk(port) => port.counters(),
        }
    }
}
