//! UDP over IPv4, as views over a frame's bytes (RFC 768):
//!
//! ```text
//!  0  source port       2      A checksum of 0 says that there is none: such a datagram is refused here, since nothing
//!  2  destination port  2      else tells whether its bytes are those that were sent. One that comes out as 0 is written
//!  4  length, header    2      as FFFFh, which is the same number.
//!     included
//!  6  checksum          2      It runs over the pseudo-header too, as TCP's.
//!  8  payload
//! ```
//!
//! The payload ends with UDP's length; IPv4's total length may be no shorter.

use super::{
    DO_NOT_FRAGMENT, IPV4_HEADER, Ipv4Header, MORE_FRAGMENTS_AND_OFFSET, VERSION_4_WITHOUT_OPTIONS, fold, is_all_ones,
    sum,
};
use std::net::{Ipv4Addr, SocketAddrV4};
use zerocopy::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

const PROTOCOL_UDP: u8 = 17;

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct UdpHeader {
    source_port: U16,
    destination_port: U16,
    length: U16,
    checksum: U16,
}

/// Bytes of a UDP header.
pub(crate) const UDP_HEADER: usize = size_of::<UdpHeader>();

/// A datagram for us, checked for shape and sums.
#[derive(Clone, Copy)]
pub(crate) struct Datagram<'a> {
    pub(crate) remote: SocketAddrV4,
    pub(crate) local_port: u16,
    pub(crate) payload: &'a [u8],
}

/// Why a packet is no datagram for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoDatagram {
    /// Not UDP.
    OtherProtocol,
    /// Shorter than its headers say, or a length that cannot be.
    Malformed,
    /// A checksum that is wrong, or missing.
    Checksum,
}

impl<'a> Datagram<'a> {
    /// Checks an IPv4 packet (and Ethernet padding behind it) that should be a datagram for `address`.
    pub(crate) fn parse(bytes: &'a [u8], address: Ipv4Addr) -> Result<Self, NoDatagram> {
        let (ip, _) = Ipv4Header::ref_from_prefix(bytes).map_err(|_| NoDatagram::Malformed)?;
        let is_plain = ip.version_and_length == VERSION_4_WITHOUT_OPTIONS
            && ip.flags_and_offset.get() & MORE_FRAGMENTS_AND_OFFSET == 0
            && ip.destination == address.octets();
        if !is_plain {
            return Err(NoDatagram::Malformed);
        }
        if ip.protocol != PROTOCOL_UDP {
            return Err(NoDatagram::OtherProtocol);
        }
        let packet = bytes.get(..usize::from(ip.total_length.get())).ok_or(NoDatagram::Malformed)?;
        let (header, behind) = packet.split_at_checked(IPV4_HEADER).ok_or(NoDatagram::Malformed)?;
        let (udp, _) = UdpHeader::ref_from_prefix(behind).map_err(|_| NoDatagram::Malformed)?;
        let datagram = behind.get(..usize::from(udp.length.get())).ok_or(NoDatagram::Malformed)?;
        let payload = datagram.get(UDP_HEADER..).ok_or(NoDatagram::Malformed)?;
        if udp.source_port.get() == 0 || udp.destination_port.get() == 0 {
            return Err(NoDatagram::Malformed);
        }
        let addresses = sum(&header[12..20]);
        let holds = is_all_ones(sum(header))
            && udp.checksum.get() != 0
            && is_all_ones(pseudo_header(addresses, datagram.len()) + sum(datagram));
        if !holds {
            return Err(NoDatagram::Checksum);
        }
        let remote = SocketAddrV4::new(Ipv4Addr::from(ip.source), udp.source_port.get());
        Ok(Datagram { remote, local_port: udp.destination_port.get(), payload })
    }
}

/// Fills `packet` with an IPv4 packet that is one datagram; both checksums are written, whatever the port does for TCP.
///
/// # Panics
/// If the packet is not as long as its headers and the payload, or longer than 65,535 bytes.
pub(crate) fn write_datagram(
    packet: &mut [u8],
    source: SocketAddrV4,
    destination: SocketAddrV4,
    time_to_live: u8,
    payload: &[u8],
) {
    let total_length = u16::try_from(packet.len()).expect("a packet's length fits its header");
    assert!(packet.len() == IPV4_HEADER + UDP_HEADER + payload.len(), "a packet is its headers and its payload");
    let (header, datagram) = packet.split_at_mut(IPV4_HEADER);
    let mut ip = Ipv4Header {
        version_and_length: VERSION_4_WITHOUT_OPTIONS,
        service: 0,
        total_length: U16::new(total_length),
        identification: U16::new(0),
        flags_and_offset: U16::new(DO_NOT_FRAGMENT),
        time_to_live,
        protocol: PROTOCOL_UDP,
        checksum: U16::new(0),
        source: source.ip().octets(),
        destination: destination.ip().octets(),
    };
    ip.checksum = U16::new(!fold(sum(ip.as_bytes())));
    header.copy_from_slice(ip.as_bytes());
    let udp = UdpHeader {
        source_port: U16::new(source.port()),
        destination_port: U16::new(destination.port()),
        length: U16::new(datagram.len() as u16),
        checksum: U16::new(0),
    };
    datagram[..UDP_HEADER].copy_from_slice(udp.as_bytes());
    datagram[UDP_HEADER..].copy_from_slice(payload);
    let checksum = match !fold(pseudo_header(sum(&ip.as_bytes()[12..20]), datagram.len()) + sum(datagram)) {
        0 => u16::MAX,
        checksum => checksum,
    };
    datagram[6..8].copy_from_slice(&checksum.to_be_bytes());
}

/// The part of UDP's sum that stands in the IPv4 header, from the sum of its addresses.
fn pseudo_header(addresses: u64, length: usize) -> u64 {
    // A lone 16-bit number enters the sum as it would stand in bytes.
    addresses + u64::from(u16::from(PROTOCOL_UDP).swap_bytes()) + u64::from((length as u16).swap_bytes())
}

/// The Ethernet address of an IPv4 group: 01:00:5E and the address's low 23 bits (RFC 1112 §6.4).
pub(crate) fn group_station(group: Ipv4Addr) -> [u8; 6] {
    let [_, b, c, d] = group.octets();
    [0x01, 0x00, 0x5E, b & 0x7F, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 7_000);
    const THEM: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 9), 40_001);

    fn packet(payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0xA5; IPV4_HEADER + UDP_HEADER + payload.len()];
        write_datagram(&mut packet, THEM, US, 9, payload);
        packet
    }

    #[test]
    fn bytes_of_a_datagram_by_hand() {
        let mut expected = vec![0x45, 0, 0, 31, 0, 0, 0x40, 0, 9, 17, 0x5D, 0xC5, 10, 0, 0, 9, 10, 0, 0, 1];
        expected.extend([0x9C, 0x41, 0x1B, 0x58, 0, 11]);
        // 0A00 + 0009 + 0A00 + 0001 + 0011 + 000B + 9C41 + 1B58 + 000B + 6162 + 6300 = 1_9030 -> 9031 -> 6FCE.
        let sum: u32 = [0x0A00, 9, 0x0A00, 1, 17, 11, 0x9C41, 0x1B58, 11, 0x6162, 0x6300].iter().sum();
        let checksum = !((sum & 0xFFFF) + (sum >> 16)) as u16;
        expected.extend(checksum.to_be_bytes());
        expected.extend(b"abc");
        let header: u32 = expected[..20].chunks(2).map(|word| u32::from(word[0]) << 8 | u32::from(word[1])).sum();
        assert_eq!((header & 0xFFFF) + (header >> 16), 0xFFFF, "the header's sum by hand");
        assert_eq!(packet(b"abc"), expected);
    }

    #[test]
    fn a_datagram_with_any_bit_flipped_is_refused_and_padding_is_cut_off() {
        let whole = packet(b"some words");
        let padded = [&whole[..], &[0; 6]].concat();
        for bytes in [&whole, &padded] {
            let datagram = Datagram::parse(bytes, *US.ip()).expect("it is one");
            assert_eq!((datagram.remote, datagram.local_port, datagram.payload), (THEM, 7_000, &b"some words"[..]));
        }
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Datagram::parse(&flipped, *US.ip()).is_err(), "bit {bit}");
        }
        for length in 0..whole.len() {
            assert!(Datagram::parse(&whole[..length], *US.ip()).is_err());
        }
        // No sum is no proof.
        let mut without = whole.clone();
        without[26..28].fill(0);
        assert_eq!(Datagram::parse(&without, *US.ip()).err(), Some(NoDatagram::Checksum));
    }

    #[test]
    fn a_groups_station_has_its_low_23_bits() {
        assert_eq!(group_station(Ipv4Addr::new(239, 129, 2, 3)), [0x01, 0x00, 0x5E, 0x01, 2, 3]);
    }
}
