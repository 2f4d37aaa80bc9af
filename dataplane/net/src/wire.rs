//! Ethernet II, ARP, IPv4 and TCP headers as views over a frame's bytes.
//!
//! ```text
//! Ethernet II (IEEE 802.3)     ARP (RFC 826), IPv4 over Ethernet     IPv4 (RFC 791), 20 bytes, no options
//!  0  destination      6        0  hardware type 1          2          0  version 4, header words 5  1
//!  6  source           6        2  protocol type 0x0800     2          1  type of service            1
//! 12  type             2        4  hardware length 6        1          2  total length               2
//! 14  payload                   5  protocol length 4        1          4  identification             2
//!     0x0800 IPv4               6  operation                2          6  flags 3 bits, offset 13    2
//!     0x0806 ARP                   1 request, 2 reply                  8  time to live               1
//!                               8  sender's MAC             6          9  protocol 6 = TCP           1
//! TCP (RFC 9293)               14  sender's IPv4            4         10  header checksum            2
//!  0  source port      2       18  target's MAC             6         12  source                     4
//!  2  destination port 2       24  target's IPv4            4         16  destination                4
//!  4  sequence         4
//!  8  acknowledgement  4       Every number is big-endian. A checksum (RFC 1071) is the one's complement of the one's
//! 12  header words 4b  1       complement sum of 16-bit words; TCP's runs over a pseudo-header too: source,
//! 13  flags            1       destination, a zero byte, the protocol, the TCP length.
//! 14  window           2
//! 16  checksum         2
//! 18  urgent           2
//! 20  options, to 4 * header words; then the payload, to the end of the IPv4 total length
//! ```
//!
//! [`Segment`] is what has passed the checks of shape (not yet of sums); after that nothing here can panic on it. What
//! the frame has behind the IPv4 total length is Ethernet's padding and is cut off.

pub(crate) mod datagram;

use crate::port::Mac;
use crate::tcp::number::SequenceNumber;
use std::net::{Ipv4Addr, SocketAddrV4};
use zerocopy::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// A TCP segment in an IPv4 packet for us, checked for shape.
#[derive(Clone, Copy)]
pub(crate) struct Segment<'a> {
    /// The IPv4 packet from its first header byte to its total length.
    pub(crate) packet: &'a [u8],
    /// Who sent it.
    pub(crate) remote: SocketAddrV4,
    /// The port of ours that it is for.
    pub(crate) local_port: u16,
    /// Number of the first byte (or of SYN).
    pub(crate) sequence: SequenceNumber,
    /// The next byte that the sender expects; meaningful with the ACK flag.
    pub(crate) acknowledgement: SequenceNumber,
    /// FIN, SYN, RST, PSH, ACK, URG; the congestion bits are left out.
    pub(crate) flags: u8,
    /// Bytes that the sender takes, not scaled.
    pub(crate) window: u16,
    /// The header's options.
    pub(crate) options: &'a [u8],
    /// The bytes carried.
    pub(crate) payload: &'a [u8],
}

/// Why a frame is not a segment for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// Shorter than its headers say, or a length that cannot be.
    Malformed,
    /// IPv4 options, which we do not take.
    Options,
    /// Part of a fragmented packet, which we do not reassemble.
    Fragment,
    /// For another address.
    NotOurs,
    /// Not TCP.
    OtherProtocol,
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct EthernetHeader {
    pub(crate) destination: [u8; 6],
    pub(crate) source: [u8; 6],
    pub(crate) kind: U16,
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct ArpPacket {
    hardware: U16,
    protocol: U16,
    hardware_length: u8,
    protocol_length: u8,
    pub(crate) operation: U16,
    pub(crate) sender_mac: [u8; 6],
    pub(crate) sender_address: [u8; 4],
    pub(crate) target_mac: [u8; 6],
    pub(crate) target_address: [u8; 4],
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Ipv4Header {
    version_and_length: u8,
    service: u8,
    total_length: U16,
    identification: U16,
    flags_and_offset: U16,
    time_to_live: u8,
    protocol: u8,
    checksum: U16,
    source: [u8; 4],
    destination: [u8; 4],
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct TcpHeader {
    source_port: U16,
    destination_port: U16,
    sequence: U32,
    acknowledgement: U32,
    header_words: u8,
    flags: u8,
    window: U16,
    checksum: U16,
    urgent: U16,
}

/// Bytes of an Ethernet header.
pub(crate) const ETHERNET_HEADER: usize = 14;
/// Bytes of an IPv4 header without options.
pub(crate) const IPV4_HEADER: usize = 20;
/// Bytes of a TCP header without options.
pub(crate) const TCP_HEADER: usize = 20;
/// Bytes of an ARP frame without padding.
pub(crate) const ARP_FRAME: usize = ETHERNET_HEADER + size_of::<ArpPacket>();
/// Bytes of a frame with a bare TCP header.
pub(crate) const BARE_FRAME: usize = ETHERNET_HEADER + IPV4_HEADER + TCP_HEADER;

/// Ethernet type of IPv4.
pub(crate) const KIND_IPV4: u16 = 0x0800;
/// Ethernet type of ARP.
pub(crate) const KIND_ARP: u16 = 0x0806;
/// ARP's question.
pub(crate) const ARP_REQUEST: u16 = 1;
/// ARP's answer.
pub(crate) const ARP_REPLY: u16 = 2;

const PROTOCOL_TCP: u8 = 6;
const VERSION_4_WITHOUT_OPTIONS: u8 = 0x45;
const MORE_FRAGMENTS_AND_OFFSET: u16 = 0x3FFF;
const DO_NOT_FRAGMENT: u16 = 0x4000;
const TIME_TO_LIVE: u8 = 64;

/// The sender has no more to send.
pub(crate) const FIN: u8 = 0x01;
/// The first segment of a connection.
pub(crate) const SYN: u8 = 0x02;
/// There is no such connection (any more).
pub(crate) const RST: u8 = 0x04;
/// Hand this on at once.
pub(crate) const PSH: u8 = 0x08;
/// The acknowledgement number counts.
pub(crate) const ACK: u8 = 0x10;
const FLAGS: u8 = 0x3F;

impl<'a> Segment<'a> {
    /// Checks the shape of an IPv4 packet (and Ethernet padding behind it) that should be a TCP segment for `address`.
    #[inline]
    pub(crate) fn parse(bytes: &'a [u8], address: Ipv4Addr) -> Result<Segment<'a>, Rejection> {
        let (ip, _) = Ipv4Header::ref_from_prefix(bytes).map_err(|_| Rejection::Malformed)?;
        if ip.version_and_length != VERSION_4_WITHOUT_OPTIONS {
            let header_words = ip.version_and_length & 0x0F;
            let version = ip.version_and_length >> 4;
            return Err(if version == 4 && header_words > 5 { Rejection::Options } else { Rejection::Malformed });
        }
        let packet = bytes.get(..usize::from(ip.total_length.get())).ok_or(Rejection::Malformed)?;
        if ip.flags_and_offset.get() & MORE_FRAGMENTS_AND_OFFSET != 0 {
            return Err(Rejection::Fragment);
        }
        if ip.destination != address.octets() {
            return Err(Rejection::NotOurs);
        }
        if ip.protocol != PROTOCOL_TCP {
            return Err(Rejection::OtherProtocol);
        }
        let segment = packet.get(IPV4_HEADER..).ok_or(Rejection::Malformed)?;
        let (tcp, behind) = TcpHeader::ref_from_prefix(segment).map_err(|_| Rejection::Malformed)?;
        let header = usize::from(tcp.header_words >> 4) * 4;
        let options = header.checked_sub(TCP_HEADER).ok_or(Rejection::Malformed)?;
        let (options, payload) = behind.split_at_checked(options).ok_or(Rejection::Malformed)?;
        if tcp.source_port.get() == 0 || tcp.destination_port.get() == 0 {
            return Err(Rejection::Malformed);
        }
        Ok(Segment {
            packet,
            remote: SocketAddrV4::new(Ipv4Addr::from(ip.source), tcp.source_port.get()),
            local_port: tcp.destination_port.get(),
            sequence: SequenceNumber(tcp.sequence.get()),
            acknowledgement: SequenceNumber(tcp.acknowledgement.get()),
            flags: tcp.flags & FLAGS,
            window: tcp.window.get(),
            options,
            payload,
        })
    }

    /// Both checksums are right.
    #[inline]
    pub(crate) fn checksums_hold(&self) -> bool {
        let (header, segment) = self.packet.split_at(IPV4_HEADER);
        let addresses = sum(&header[12..20]);
        is_all_ones(addresses + sum(&header[..12]))
            && is_all_ones(pseudo_header(addresses, segment.len()) + sum(segment))
    }
}

/// The numbers of a segment that leaves.
#[derive(Clone, Copy)]
pub(crate) struct Numbers {
    pub(crate) sequence: SequenceNumber,
    pub(crate) acknowledgement: SequenceNumber,
    pub(crate) flags: u8,
    pub(crate) window: u16,
}

/// Between whom segments go, as it stands in their headers.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    source: [u8; 4],
    destination: [u8; 4],
    source_port: U16,
    destination_port: U16,
    /// The sum of both addresses.
    addresses: u64,
}

impl Route {
    /// From us to them.
    pub(crate) fn new(local: SocketAddrV4, remote: SocketAddrV4) -> Route {
        let (source, destination) = (local.ip().octets(), remote.ip().octets());
        Route {
            source,
            destination,
            source_port: U16::new(local.port()),
            destination_port: U16::new(remote.port()),
            addresses: sum(&source) + sum(&destination),
        }
    }
}

/// Fills the Ethernet header in front of `frame`.
#[inline]
pub(crate) fn write_ethernet(frame: &mut [u8], destination: Mac, source: Mac, kind: u16) {
    let header = EthernetHeader { destination: destination.0, source: source.0, kind: U16::new(kind) };
    frame[..ETHERNET_HEADER].copy_from_slice(header.as_bytes());
}

/// The Ethernet header of a frame and what follows it.
#[inline]
pub(crate) fn read_ethernet(frame: &[u8]) -> Option<(&EthernetHeader, &[u8])> {
    EthernetHeader::ref_from_prefix(frame).ok()
}

/// An ARP packet for IPv4 over Ethernet.
pub(crate) fn read_arp(bytes: &[u8]) -> Option<&ArpPacket> {
    let (arp, _) = ArpPacket::ref_from_prefix(bytes).ok()?;
    let shape = (arp.hardware.get(), arp.protocol.get(), arp.hardware_length, arp.protocol_length);
    (shape == (1, KIND_IPV4, 6, 4)).then_some(arp)
}

/// Fills `frame` (of [`ARP_FRAME`] bytes) with a question for `target_mac = None`, else with an answer to it.
pub(crate) fn write_arp(frame: &mut [u8], sender: (Mac, Ipv4Addr), target_mac: Option<Mac>, target_address: Ipv4Addr) {
    write_ethernet(frame, target_mac.unwrap_or(Mac::BROADCAST), sender.0, KIND_ARP);
    let arp = ArpPacket {
        hardware: U16::new(1),
        protocol: U16::new(KIND_IPV4),
        hardware_length: 6,
        protocol_length: 4,
        operation: U16::new(if target_mac.is_some() { ARP_REPLY } else { ARP_REQUEST }),
        sender_mac: sender.0.0,
        sender_address: sender.1.octets(),
        target_mac: target_mac.map_or([0; 6], |mac| mac.0),
        target_address: target_address.octets(),
    };
    frame[ETHERNET_HEADER..ARP_FRAME].copy_from_slice(arp.as_bytes());
}

/// The reset that answers `segment`, for which there is no connection (RFC 9293 §3.10.7.1).
pub(crate) fn reset_for(segment: &Segment<'_>) -> Numbers {
    let occupied =
        segment.payload.len() + usize::from(segment.flags & SYN != 0) + usize::from(segment.flags & FIN != 0);
    let (sequence, acknowledgement, flags) = if segment.flags & ACK != 0 {
        (segment.acknowledgement, SequenceNumber(0), RST)
    } else {
        (SequenceNumber(0), segment.sequence + occupied, RST | ACK)
    };
    Numbers { sequence, acknowledgement, flags, window: 0 }
}

/// Fills `packet` with an IPv4 packet that is one segment: headers, `options` (a multiple of four bytes), and to its end what
/// `payload` writes. Both checksums are filled if `fills_checksums`, else left zero.
///
/// # Panics
/// If the packet is shorter than headers and options, or longer than 65,535 bytes.
#[inline]
pub(crate) fn write_segment(
    packet: &mut [u8],
    route: &Route,
    numbers: Numbers,
    options: &[u8],
    fills_checksums: bool,
    payload: impl FnOnce(&mut [u8]),
) {
    let total_length = u16::try_from(packet.len()).expect("a packet's length fits its header");
    let (header, segment) = packet.split_first_chunk_mut::<IPV4_HEADER>().expect("a packet has an IPv4 header");
    let mut ip = Ipv4Header {
        version_and_length: VERSION_4_WITHOUT_OPTIONS,
        service: 0,
        total_length: U16::new(total_length),
        identification: U16::new(0),
        flags_and_offset: U16::new(DO_NOT_FRAGMENT),
        time_to_live: TIME_TO_LIVE,
        protocol: PROTOCOL_TCP,
        checksum: U16::new(0),
        source: route.source,
        destination: route.destination,
    };
    if fills_checksums {
        let constant = u64::from(u16::from_le_bytes([VERSION_4_WITHOUT_OPTIONS, 0]))
            + u64::from(DO_NOT_FRAGMENT.swap_bytes())
            + u64::from(u16::from_le_bytes([TIME_TO_LIVE, PROTOCOL_TCP]));
        ip.checksum = U16::new(!fold(route.addresses + constant + u64::from(total_length.swap_bytes())));
    }
    header.copy_from_slice(ip.as_bytes());
    let tcp = TcpHeader {
        source_port: route.source_port,
        destination_port: route.destination_port,
        sequence: U32::new(numbers.sequence.0),
        acknowledgement: U32::new(numbers.acknowledgement.0),
        header_words: (((TCP_HEADER + options.len()) / 4) << 4) as u8,
        flags: numbers.flags,
        window: U16::new(numbers.window),
        checksum: U16::new(0),
        urgent: U16::new(0),
    };
    let (header, rest) = segment.split_first_chunk_mut::<TCP_HEADER>().expect("a segment has a TCP header");
    header.copy_from_slice(tcp.as_bytes());
    if !options.is_empty() {
        rest[..options.len()].copy_from_slice(options);
    }
    payload(&mut rest[options.len()..]);
    if fills_checksums {
        let sum = !fold(pseudo_header(route.addresses, segment.len()) + sum(segment));
        segment[16..18].copy_from_slice(&sum.to_be_bytes());
    }
}

/// The part of TCP's sum that stands in the IPv4 header, from the sum of its addresses.
#[inline]
fn pseudo_header(addresses: u64, tcp_length: usize) -> u64 {
    // A lone 16-bit number enters the sum as it would stand in bytes.
    addresses + u64::from(u16::from(PROTOCOL_TCP).swap_bytes()) + u64::from((tcp_length as u16).swap_bytes())
}

/// The sum of the 16-bit words of `bytes`, each taken with its first byte as the lower one: the one's complement sum does
/// not depend on the order, only the result must be turned (RFC 1071 §2).
#[inline]
fn sum(bytes: &[u8]) -> u64 {
    // Eight bytes at a time; within a block the carry goes from word to word, which is one addition each, on x86 and on ARM. What is
    // carried out of a block stands in `high`. Nothing overflows: a frame has far fewer than 2^64 words.
    let (mut low, mut high) = (0u64, 0u64);
    let mut rest = bytes;
    while let Some((block, after)) = rest.split_first_chunk::<64>() {
        let mut carry = false;
        let (words, _) = block.as_chunks::<8>();
        for word in words {
            (low, carry) = low.carrying_add(u64::from_le_bytes(*word), carry);
        }
        high += u64::from(carry);
        rest = after;
    }
    let mut total = u128::from(high) << 64 | u128::from(low);
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        total = total.wrapping_add(u128::from(u64::from_le_bytes(*word)));
        rest = after;
    }
    if let Some((half, after)) = rest.split_first_chunk::<4>() {
        total = total.wrapping_add(u128::from(u32::from_le_bytes(*half)));
        rest = after;
    }
    if let Some((word, after)) = rest.split_first_chunk::<2>() {
        total = total.wrapping_add(u128::from(u16::from_le_bytes(*word)));
        rest = after;
    }
    total = total.wrapping_add(rest.first().map_or(0, |&byte| u128::from(byte)));
    // 2^32, 2^64 and 2^96 are one in this arithmetic.
    let (low, high) = (total as u64, (total >> 64) as u64);
    (low & 0xFFFF_FFFF) + (low >> 32) + high
}

/// The sum in 16 bits, in network order.
#[inline]
fn fold(total: u64) -> u16 {
    // Each time what is over 32, then 16 bits is added back in; the last carry is one at most.
    let total = (total & 0xFFFF_FFFF) + (total >> 32);
    let total = (total & 0xFFFF) + (total >> 16 & 0xFFFF) + (total >> 32);
    let total = (total & 0xFFFF) + (total >> 16);
    let total = (total & 0xFFFF) + (total >> 16);
    (total as u16).swap_bytes()
}

/// The sum in 16 bits is all ones, as that of bytes with a right checksum among them is.
#[inline]
fn is_all_ones(total: u64) -> bool {
    // 2^16 is one: all ones, or zero, is what 2^16 - 1 divides. Zero cannot be: addresses and lengths are not.
    total.is_multiple_of(0xFFFF) && total != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A SYN from 10.0.0.2:50000 to 10.0.0.1:7000, sequence 1, window 1024; sums worked out by hand.
    const SYN_PACKET: [u8; 40] = [
        0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0x26, 0xCE, 10, 0, 0, 2, 10, 0, 0, 1, // IPv4
        0xC3, 0x50, 0x1B, 0x58, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0x04, 0, 0xB9, 0x36, 0, 0, // TCP
    ];

    #[test]
    fn a_segment_written_by_hand_is_read_and_its_sums_hold() {
        let segment = Segment::parse(&SYN_PACKET, Ipv4Addr::new(10, 0, 0, 1)).expect("a good segment");
        assert_eq!(segment.remote, SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 2), 50_000));
        assert_eq!((segment.local_port, segment.sequence, segment.flags), (7_000, SequenceNumber(1), SYN));
        assert!(segment.checksums_hold());
    }

    #[test]
    fn sums_are_those_of_the_definition_for_every_length_and_the_largest_words() {
        let mut state = 1u32;
        let mut next = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        for length in 0..1_600usize {
            let random: Vec<u8> = (0..length).map(|_| next()).collect();
            for bytes in [random, vec![0xFF; length], vec![0; length]] {
                // RFC 1071 §1, word by word: an end-around carry after each addition.
                let mut expected = 0u32;
                for word in bytes.chunks(2) {
                    expected += u32::from(u16::from_be_bytes([word[0], *word.get(1).unwrap_or(&0)]));
                    expected = (expected & 0xFFFF) + (expected >> 16);
                }
                assert_eq!(fold(sum(&bytes)), expected as u16, "{length} bytes");
            }
        }
        assert_eq!(fold(u64::MAX), 0xFFFF, "nothing is lost in folding");
    }

    #[test]
    fn every_single_flipped_bit_is_seen_by_a_check() {
        for bit in 0..SYN_PACKET.len() * 8 {
            let mut packet = SYN_PACKET;
            packet[bit / 8] ^= 1 << (bit % 8);
            let accepted = Segment::parse(&packet, Ipv4Addr::new(10, 0, 0, 1)).is_ok_and(|s| s.checksums_hold());
            assert!(!accepted, "bit {bit}");
        }
    }

    #[test]
    fn the_reset_for_a_syn_acknowledges_it_and_its_sums_hold() {
        let segment = Segment::parse(&SYN_PACKET, Ipv4Addr::new(10, 0, 0, 1)).expect("a good segment");
        let mut packet = [0xAA; 40];
        let local = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 7_000);
        write_segment(&mut packet, &Route::new(local, segment.remote), reset_for(&segment), &[], true, |_| {});
        let reset = Segment::parse(&packet, Ipv4Addr::new(10, 0, 0, 2)).expect("a good segment");
        assert!(reset.checksums_hold());
        assert_eq!(
            (reset.flags, reset.acknowledgement, reset.sequence),
            (RST | ACK, SequenceNumber(2), SequenceNumber(0))
        );
        assert_eq!((reset.local_port, reset.remote.port()), (50_000, 7_000));
    }

    #[test]
    fn options_fragments_and_lengths_that_cannot_be_are_told_apart() {
        let ours = Ipv4Addr::new(10, 0, 0, 1);
        let changed = |at: usize, value: u8| {
            let mut packet = SYN_PACKET;
            packet[at] = value;
            Segment::parse(&packet, ours).err()
        };
        assert_eq!(changed(0, 0x46), Some(Rejection::Options));
        assert_eq!(changed(0, 0x65), Some(Rejection::Malformed));
        assert_eq!(changed(0, 0x44), Some(Rejection::Malformed));
        assert_eq!(changed(6, 0x20), Some(Rejection::Fragment));
        assert_eq!(changed(7, 1), Some(Rejection::Fragment));
        assert_eq!(changed(9, 17), Some(Rejection::OtherProtocol));
        assert_eq!(changed(19, 9), Some(Rejection::NotOurs));
        assert_eq!(changed(3, 41), Some(Rejection::Malformed));
        assert_eq!(changed(3, 39), Some(Rejection::Malformed));
        assert_eq!(changed(3, 10), Some(Rejection::Malformed));
        assert_eq!(changed(32, 0x40), Some(Rejection::Malformed));
        assert_eq!(changed(32, 0x60), Some(Rejection::Malformed));
        assert_eq!(Segment::parse(&SYN_PACKET[..19], ours).err(), Some(Rejection::Malformed));
    }
}
