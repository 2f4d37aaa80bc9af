//! What a host did, for metrics and for tests that count work instead of time.

use crate::wire::Rejection;

/// What a host did since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames that came from the port.
    pub ingress_frames: u64,
    /// Bytes in them.
    pub ingress_bytes: u64,
    /// Frames that the port took.
    pub egress_frames: u64,
    /// Bytes in them.
    pub egress_bytes: u64,
    /// Frames that were not what we take, by reason.
    pub drops: Drops,
    /// Connections opened by a peer.
    pub accepted: u64,
    /// Connections opened by us.
    pub connected: u64,
    /// Resets sent to segments that belong to no connection.
    pub resets_to_strangers: u64,
    /// Segments on open connections that only somebody sends who has forgotten the connection, or guesses its numbers,
    /// answered with our numbers (RFC 5961).
    pub challenges: u64,
    /// Payloads handed on in the packet buffer.
    pub peeked_payloads: u64,
    /// Bytes in them.
    pub peeked_bytes: u64,
    /// Offers made from the receive ring: out of order, resent, held back before, or with a changed window.
    pub ringed_offers: u64,
    /// Bytes in those offers that had not been offered before.
    pub ringed_bytes: u64,
    /// Bytes copied to make an offer contiguous that straddled the ring's wrap.
    pub straddled_bytes: u64,
    /// Bytes of payload copied on the way in: into receive rings, and those above.
    pub ingress_copied_bytes: u64,
    /// Bytes of payload copied on the way out: by [`Host::send`](crate::Host::send) into rings, and from rings into frames,
    /// each time they are sent.
    pub egress_copied_bytes: u64,
    /// Bytes that arrived after we had closed; nobody reads them.
    pub discarded_bytes: u64,
    /// Times that a session's TCP was run, over a segment or to see what it has to send.
    pub stack_runs: u64,
    /// Timers that came due.
    pub timers: u64,
    /// Sessions dropped because the peer was silent too long.
    pub timeouts: u64,
    /// Datagrams handed on.
    pub datagrams: u64,
}

/// Frames and segments dropped, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// For another station, or of an Ethernet type that we do not take.
    pub ethernet: u64,
    /// Shorter than its headers say.
    pub malformed: u64,
    /// IPv4 options.
    pub options: u64,
    /// A piece of a fragmented packet.
    pub fragment: u64,
    /// For another IPv4 address.
    pub not_ours: u64,
    /// Not TCP.
    pub other_protocol: u64,
    /// A wrong checksum.
    pub checksum: u64,
    /// A SYN (or a segment of no connection) from an address that the listener does not admit.
    pub foreign: u64,
    /// A SYN that found every session taken.
    pub full: u64,
    /// A segment that belongs to no connection, other than a SYN.
    pub stray: u64,
    /// A SYN for a port where nobody listens.
    pub no_listener: u64,
    /// An acknowledgement of bytes that were never sent.
    pub acknowledges_unsent: u64,
    /// Bytes behind the peer's FIN.
    pub behind_the_end: u64,
    /// An ARP packet that answers nothing and asks nothing of us, or contradicts itself.
    pub arp: u64,
    /// A segment of ours for which the port had no buffer or no room; TCP sends it again.
    pub egress: u64,
}

impl Drops {
    pub(crate) fn count(&mut self, reason: Rejection) {
        *match reason {
            Rejection::Malformed => &mut self.malformed,
            Rejection::Options => &mut self.options,
            Rejection::Fragment => &mut self.fragment,
            Rejection::NotOurs => &mut self.not_ours,
            Rejection::OtherProtocol => &mut self.other_protocol,
        } += 1;
    }
}
