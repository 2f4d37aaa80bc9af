//! A session's place in the host: its id, its state, and what the user is told about it.

use crate::port::Mac;
use crate::stations::Stations;
use crate::tcp::Connection;
use crate::time::Instant;
use crate::wire::datagram::group_station;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Names one connection of one host, for good: when the connection is over its place is used again under another
/// generation, and a call with the old id does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    index: u32,
    generation: u32,
}

impl SessionId {
    /// The id of a place, for who carries connections themselves: [`Transport`](crate::Transport).
    pub fn new(index: u32, generation: u32) -> SessionId {
        SessionId { index, generation }
    }

    /// The place, below [`HostConfig::sessions`](crate::HostConfig::sessions): for tables of the user's beside ours.
    pub fn index(self) -> usize {
        self.index as usize
    }

    /// How often the place was used before.
    pub fn generation(self) -> u32 {
        self.generation
    }
}

/// What a host tells its user while it works through arrived frames.
///
/// Every id gets exactly one `closed`, after which it is dead. It comes after `opened`, if there was one: a connection
/// of a peer's that never opens is not mentioned, one of ours that never opens is closed without having been opened.
/// The host is busy meanwhile: answers are sent after [`Host::poll_ingress`](crate::Host::poll_ingress) has returned.
pub trait Handler {
    /// A connection is open in both directions.
    fn opened(&mut self, session: SessionId, peer: Peer);

    /// Bytes of the peer's, in order, those that were not consumed before first. Returns how many it consumed, from the
    /// front; the rest is offered again together with what follows, in one piece. Consuming nothing means "no room":
    /// the offer comes again with the next bytes, or after
    /// [`Host::offer_again`](crate::Host::offer_again), and meanwhile the window closes.
    ///
    /// The slice is the packet's or the ring's own memory, valid during the call. It holds at most a receive ring.
    fn data(&mut self, session: SessionId, bytes: &[u8]) -> usize;

    /// The connection is over. What the peer sent before has been offered; what was not consumed is gone.
    fn closed(&mut self, session: SessionId, why: CloseReason);

    /// A datagram came to the port of [`Transport::open_datagrams`](crate::Transport::open_datagrams). Its sums are right; nothing else of it is
    /// known. Who takes none lets it be.
    fn datagram(&mut self, from: Correspondent, bytes: &[u8]) {
        let _ = (from, bytes);
    }
}

/// Whom a datagram is from, or for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Correspondent {
    /// Address and port.
    pub address: SocketAddrV4,
    /// The station that its frames come from: answers go there. A transport over the kernel's sockets neither knows nor needs it.
    pub station: Mac,
}

impl Correspondent {
    /// A multicast group: everybody who has joined it.
    #[must_use]
    pub fn group(address: SocketAddrV4) -> Self {
        Correspondent { address, station: Mac(group_station(*address.ip())) }
    }
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The peer's address and port.
    pub address: SocketAddrV4,
    /// Our port.
    pub local_port: u16,
    /// Who asked for the connection.
    pub opener: Opener,
}

/// Who asked for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// The peer, at a port where we listen.
    Peer,
    /// We did.
    Ourselves,
}

/// Why a connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CloseReason {
    /// The peer sent its last byte and FIN; all of it was consumed. What we had queued is still sent, then our FIN.
    /// There is no half-open state: who finishes sending is leaving.
    PeerFinished,
    /// We closed, and the peer has followed.
    Finished,
    /// The peer reset the connection.
    Reset,
    /// The peer answered our SYN with a reset: nobody listens there.
    Refused,
    /// Nobody on the segment answers for the peer's address, or its router's.
    Unreachable,
    /// The peer did not answer our SYN, did not acknowledge for too long, or did not follow our close.
    TimedOut,
    /// We aborted.
    Aborted,
}

/// Where a place stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum SessionState {
    /// 0: nobody is here.
    Free = 0,
    /// 1: we want to connect and wait for ARP to find the next hop.
    Resolving = 1,
    /// 2: a SYN has been sent or received.
    Opening = 2,
    /// 3: open; bytes go both ways.
    Open = 3,
    /// 4: we have closed; what still comes is discarded until the peer follows.
    Closing = 4,
    /// 5: over for the user; the connection may still resend a FIN, send a reset or sit out TIME-WAIT.
    Lingering = 5,
}

/// One place.
pub(crate) struct Slot {
    pub(crate) state: SessionState,
    pub(crate) generation: u32,
    pub(crate) connection: Option<Connection>,
    pub(crate) remote: SocketAddrV4,
    pub(crate) local_port: u16,
    pub(crate) opener: Opener,
    /// Whom frames go to.
    pub(crate) stations: Stations,
    /// Whom ARP is asked for, while resolving.
    pub(crate) next_hop: Ipv4Addr,
    /// When the host gives up on the peer, if nothing changes before.
    pub(crate) give_up_at: Instant,
    /// The user has been given the id.
    pub(crate) is_known: bool,
    /// `closed` with this reason is still to be told.
    pub(crate) untold: Option<CloseReason>,
    /// Stands in the host's list of sessions that may have something to send.
    pub(crate) is_ready: bool,
    /// Stands in the host's list of sessions whose ring is to be offered again.
    pub(crate) is_offered: bool,
}

impl Slot {
    pub(crate) fn free() -> Slot {
        Slot {
            state: SessionState::Free,
            generation: 0,
            connection: None,
            remote: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0),
            local_port: 0,
            opener: Opener::Peer,
            stations: Stations::only(Mac::BROADCAST),
            next_hop: Ipv4Addr::UNSPECIFIED,
            give_up_at: Instant::NEVER,
            is_known: false,
            untold: None,
            is_ready: false,
            is_offered: false,
        }
    }

    /// The user has not been told of its end.
    pub(crate) fn is_alive(&self) -> bool {
        match self.state {
            SessionState::Free => false,
            SessionState::Lingering => self.untold.is_some(),
            _ => true,
        }
    }

    pub(crate) fn peer(&self) -> Peer {
        Peer { address: self.remote, local_port: self.local_port, opener: self.opener }
    }
}
