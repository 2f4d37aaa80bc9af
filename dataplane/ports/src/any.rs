//! Any port behind one type: what is chosen by a word at start costs one branch a call afterwards.

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
        other => Err(PortError::NeedsDpdk(other.clone())),
    }
}

/// One queue of any port.
pub enum AnyPort {
    /// Of a TAP interface.
    Tap(TapPort),
}

/// A frame of any port. It goes back to the port that it came from, and to no other.
pub enum AnyPacket {
    /// Of a TAP interface.
    Tap(TapPacket),
}

impl AsRef<[u8]> for AnyPacket {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        match self {
            AnyPacket::Tap(packet) => packet.as_ref(),
        }
    }
}

impl AsMut<[u8]> for AnyPacket {
    #[inline]
    fn as_mut(&mut self) -> &mut [u8] {
        match self {
            AnyPacket::Tap(packet) => packet.as_mut(),
        }
    }
}

impl PacketBuffer for AnyPacket {
    #[inline]
    fn truncate(&mut self, length: usize) {
        match self {
            AnyPacket::Tap(packet) => packet.truncate(length),
        }
    }
}

impl Port for AnyPort {
    type Packet = AnyPacket;

    #[inline]
    fn ingress_frame(&mut self, _: Instant, burst: &mut Burst<AnyPacket>) -> usize {
        match self {
            AnyPort::Tap(port) => port.ingress_into(burst, AnyPacket::Tap),
        }
    }

    #[inline]
    fn egress_frame(&mut self, _: Instant, burst: &mut Burst<AnyPacket>) -> usize {
        match self {
            AnyPort::Tap(port) => port.egress_from(burst, |AnyPacket::Tap(packet)| packet),
        }
    }

    #[inline]
    fn allocate(&mut self, length: usize) -> Option<AnyPacket> {
        match self {
            AnyPort::Tap(port) => port.allocate(length).map(AnyPacket::Tap),
        }
    }

    #[inline]
    fn release(&mut self, packet: AnyPacket) {
        match (self, packet) {
            (AnyPort::Tap(port), AnyPacket::Tap(packet)) => port.release(packet),
        }
    }

    fn mac(&self) -> Mac {
        match self {
            AnyPort::Tap(port) => port.mac(),
        }
    }

    fn frame_limit(&self) -> usize {
        match self {
            AnyPort::Tap(port) => port.frame_limit(),
        }
    }

    fn checksums(&self) -> Checksums {
        match self {
            AnyPort::Tap(port) => port.checksums(),
        }
    }

    fn counters(&self) -> PortCounters {
        match self {
            AnyPort::Tap(port) => port.counters(),
        }
    }
}
