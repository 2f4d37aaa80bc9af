//! One IPv4 host on one port: its sessions, and the calls that users make on them.
//!
//! The two polls are in the files `ingress` and `egress`; this one has what lies between.

use crate::counters::Counters;
use crate::filter::Filter;
use crate::link::Link;
use crate::neighbours::{NEIGHBOURS_MAX, Neighbours};
use crate::port::{Burst, Mac, Port};
use crate::random::mix;
use crate::session::{CloseReason, Correspondent, Opener, Peer, SessionId, SessionState, Slot};
use crate::stations::Stations;
use crate::table::Table;
use crate::tcp::number::SequenceNumber;
use crate::tcp::{Connection, Phase, RECEIVE_RING_MAX, Rings, Settings, initial_number};
use crate::time::Instant;
use crate::timers::Timers;
use crate::wire::datagram::{UDP_HEADER, write_datagram};
use crate::wire::{ETHERNET_HEADER, IPV4_HEADER, KIND_IPV4, Route, TCP_HEADER, write_ethernet};
use std::collections::VecDeque;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// One IPv4 host on one port.
///
/// Its life is a loop of [`Host::poll_ingress`], the user's work, and [`Host::poll_egress`]. Nothing happens between.
pub struct Host<P: Port> {
    pub(crate) config: HostConfig,
    pub(crate) link: Link<P>,
    /// Our station's address.
    pub(crate) mac: Mac,
    pub(crate) settings: Settings,
    /// The frames of the poll that is running; empty between polls.
    pub(crate) arriving: Burst<P::Packet>,
    pub(crate) slots: Vec<Slot>,
    /// Free places; the last freed is the first used.
    free_places: Vec<u32>,
    /// Places by peer's address, peer's port and our port.
    pub(crate) demux: Table,
    pub(crate) listeners: Vec<Listener>,
    /// Where datagrams are taken and sent from, and their time to live.
    pub(crate) datagram_port: Option<(u16, u8)>,
    pub(crate) neighbours: Neighbours,
    /// Due times of sessions (by place), and behind them of ARP questions.
    pub(crate) timers: Timers,
    /// Sessions that may have something to send, each once.
    pub(crate) ready: Vec<u32>,
    /// Sessions whose ring is to be offered again, each once.
    pub(crate) offers: VecDeque<u32>,
    /// Sessions whose end is to be told, each once.
    pub(crate) endings: VecDeque<u32>,
    /// Sessions in [`SessionState::Resolving`].
    pub(crate) resolving: usize,
    /// As long as a receive ring: for offers that straddle its wrap.
    pub(crate) scratch: Vec<u8>,
    pub(crate) counters: Counters,
    pub(crate) now: Instant,
    /// The port that the next connection of ours tries first.
    next_port: u16,
    /// Connections made so far: gives each its own initial sequence number.
    opened: u64,
    /// Of initial sequence numbers.
    key: [u64; 2],
    /// Rings of connections that are over: an address that comes back costs no allocation.
    spare_rings: Vec<Rings>,
}

/// A host's address, sizes and patience.
#[derive(Clone, Copy, Debug)]
pub struct HostConfig {
    /// Our address.
    pub address: Ipv4Addr,
    /// Bits of the address that the segment shares.
    pub prefix_length: u8,
    /// The router for everybody else; without one only the segment can be connected to. (Who connects to us is answered
    /// the way its frames come.)
    pub gateway: Option<Ipv4Addr>,
    /// Connections at once, at most [`SESSIONS_MAX`].
    pub sessions: usize,
    /// Bytes a session receives without anybody reading, [`RECEIVE_RING_MIN`] to 65,535; the window offered.
    pub receive_ring: usize,
    /// Bytes a session can have sent without acknowledgement, or waiting.
    pub send_ring: usize,
    /// Longest IPv4 packet in bytes.
    pub mtu: usize,
    /// Of initial sequence numbers, ephemeral ports and the demux's hash. The same seed and the same input give the
    /// same frames. A host that takes an earlier one's place gets another seed, or it begins with its ports and
    /// numbers; where peers are not trusted it comes from the system's randomness.
    pub seed: u64,
    /// How long a connection may take to open.
    pub open_timeout: Duration,
    /// How long a peer may leave what we sent unacknowledged, a closed window included.
    pub silence_timeout: Duration,
    /// How long a peer may take to follow our close.
    pub close_timeout: Duration,
    /// Least time until something that is not acknowledged is sent again (RFC 6298 §2.4 has 1 s, Linux 200 ms).
    pub retransmit_least: Duration,
    /// Greatest such time: where its doubling ends (RFC 6298 §2.5 has 60 s or more). Not below the least.
    pub retransmit_greatest: Duration,
    /// How long the place of a connection that we closed first is kept for late segments (RFC 9293 §3.4.2 has 4 min).
    pub time_wait: Duration,
}

/// Most connections of a host: what timers and tables are sized for by type.
pub const SESSIONS_MAX: usize = 65_535;
/// Smallest receive ring: the longest message of the users' has to fit, and an FTD packet has up to 4 KiB.
pub const RECEIVE_RING_MIN: usize = 8_192;
/// Ports a host listens at.
pub const LISTENERS_MAX: usize = 16;
/// Frames taken from the port in one poll.
pub(crate) const INGRESS_BURST: usize = 32;
/// Smallest MTU that every IPv4 host takes (RFC 791 §3.1), less would not do for TCP either.
const MTU_MIN: usize = 576;
/// Ports for connections of ours (RFC 6335 §6).
const EPHEMERAL_FIRST: u16 = 49_152;
const EPHEMERAL_COUNT: u16 = u16::MAX - EPHEMERAL_FIRST + 1;

pub(crate) struct Listener {
    pub(crate) port: u16,
    pub(crate) filter: Filter,
}

impl HostConfig {
    /// 64 sessions on a /24, rings of 16 KiB in and 64 KiB out, 1,500 bytes MTU, 5 s to open or close, 10 s of silence; for
    /// private lines: sent again after 200 ms to 1 s, 2 s of TIME-WAIT.
    pub fn new(address: Ipv4Addr, seed: u64) -> HostConfig {
        HostConfig {
            address,
            prefix_length: 24,
            gateway: None,
            sessions: 64,
            receive_ring: 16 * 1_024,
            send_ring: 64 * 1_024,
            mtu: 1_500,
            seed,
            open_timeout: Duration::from_secs(5),
            silence_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(5),
            retransmit_least: Duration::from_millis(200),
            retransmit_greatest: Duration::from_secs(1),
            time_wait: Duration::from_secs(2),
        }
    }
}

/// Why a host does not listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenError {
    /// Port zero.
    NoPort,
    /// It listens there already.
    Taken,
    /// It listens at [`LISTENERS_MAX`] ports.
    Full,
    /// The operating system does not give us the port: somebody else has it, or it takes rights that we do not have.
    NotOurs,
}

/// Why a connection was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectError {
    /// Every session is taken.
    Full,
    /// Not an address of one other host, or port zero, or off the segment without a gateway.
    Unaddressable,
    /// Every ephemeral port is in use towards that peer.
    NoPort,
    /// Too many next hops are being asked for at once.
    NeighboursFull,
}

/// Why nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The id is dead.
    Stale,
    /// Not open yet, or closed by us or the peer.
    NotOpen,
    /// Less room than asked for.
    NoRoom,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ListenError::NoPort => "port 0 cannot be listened at",
            ListenError::Taken => "the port is listened at already",
            ListenError::Full => "the host listens at as many ports as it can",
            ListenError::NotOurs => "the operating system does not give us the port",
        })
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ConnectError::Full => "every session of the host is taken",
            ConnectError::Unaddressable => "the address is not that of a host that can be reached",
            ConnectError::NoPort => "every ephemeral port is in use towards that peer",
            ConnectError::NeighboursFull => "too many next hops are being asked for at once",
        })
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendError::Stale => "the connection is over",
            SendError::NotOpen => "the connection is not open",
            SendError::NoRoom => "the send ring has less room than that",
        })
    }
}

impl std::error::Error for ListenError {}
impl std::error::Error for ConnectError {}
impl std::error::Error for SendError {}

impl<P: Port> Host<P> {
    /// A host without sessions. Tables and lists are sized here; a session's rings are allocated when it opens.
    ///
    /// # Panics
    /// If a size in `config` is outside the limits named there, or the MTU is more than the port's frames hold.
    pub fn new(config: HostConfig, port: P) -> Host<P> {
        assert!((1..=SESSIONS_MAX).contains(&config.sessions), "a host has 1 to {SESSIONS_MAX} sessions");
        let ring = RECEIVE_RING_MIN..=RECEIVE_RING_MAX;
        assert!(ring.contains(&config.receive_ring), "a receive ring has 8,192 to 65,535 bytes");
        assert!(config.send_ring > 0 && config.send_ring <= 1 << 30, "a send ring has 1 byte to 1 GiB");
        assert!(config.prefix_length <= 32, "an IPv4 prefix has at most 32 bits");
        let mtu_max = port.frame_limit() - ETHERNET_HEADER;
        assert!((MTU_MIN..=mtu_max).contains(&config.mtu), "the MTU is {MTU_MIN} to what the port's frames hold");
        let is_in_order = config.retransmit_least <= config.retransmit_greatest;
        assert!(
            is_in_order && config.retransmit_least > Duration::ZERO,
            "the least time to resend is above 0, the greatest not below it"
        );
        let settings = Settings {
            receive_ring: config.receive_ring,
            send_ring: config.send_ring,
            mtu: config.mtu,
            fills_checksums: !port.checksums().fills_egress,
            retransmit_least: config.retransmit_least,
            retransmit_greatest: config.retransmit_greatest,
            time_wait: config.time_wait,
        };
        let sessions = config.sessions;
        Host {
            mac: port.mac(),
            link: Link::new(port),
            settings,
            arriving: Burst::new(INGRESS_BURST),
            slots: (0..sessions).map(|_| Slot::free()).collect(),
            free_places: (0..sessions as u32).rev().collect(),
            demux: Table::new(sessions, mix(config.seed)),
            listeners: Vec::with_capacity(LISTENERS_MAX),
            datagram_port: None,
            neighbours: Neighbours::new(),
            timers: Timers::new(sessions + NEIGHBOURS_MAX),
            // Those of a poll, and those that it marks.
            ready: Vec::with_capacity(2 * sessions),
            offers: VecDeque::with_capacity(sessions),
            endings: VecDeque::with_capacity(sessions),
            resolving: 0,
            scratch: vec![0; config.receive_ring],
            counters: Counters::default(),
            now: Instant::ZERO,
            next_port: (mix(config.seed ^ 1) % u64::from(EPHEMERAL_COUNT)) as u16,
            opened: 0,
            key: [mix(config.seed ^ 2), mix(config.seed ^ 3)],
            spare_rings: Vec::with_capacity(sessions),
            config,
        }
    }

    /// Takes connections at `port` from now on, from peers that `filter` admits.
    pub fn listen(&mut self, port: u16, filter: Filter) -> Result<(), ListenError> {
        if port == 0 {
            return Err(ListenError::NoPort);
        }
        if self.listeners.iter().any(|listener| listener.port == port) {
            return Err(ListenError::Taken);
        }
        if self.listeners.len() == LISTENERS_MAX {
            return Err(ListenError::Full);
        }
        self.listeners.push(Listener { port, filter });
        Ok(())
    }

    /// Takes no more connections at `port`; those that are there stay.
    pub fn stop_listening(&mut self, port: u16) {
        self.listeners.retain(|listener| listener.port != port);
    }

    /// The filter of a port that is listened at, to change it. Connections that are there stay.
    pub fn filter_mut(&mut self, port: u16) -> Option<&mut Filter> {
        self.listeners.iter_mut().find(|listener| listener.port == port).map(|listener| &mut listener.filter)
    }

    /// Takes datagrams at `port` from now on, and sends them from there. One port a host.
    pub fn open_datagrams(&mut self, port: u16, time_to_live: u8) -> Result<(), ListenError> {
        if port == 0 {
            return Err(ListenError::NoPort);
        }
        if self.datagram_port.is_some() {
            return Err(ListenError::Taken);
        }
        self.datagram_port = Some((port, time_to_live));
        Ok(())
    }

    /// Sends one datagram with the next burst. It may be lost, as every datagram may.
    ///
    /// [`SendError::NotOpen`] without a port, or if it is longer than a packet; [`SendError::NoRoom`] if the port takes no frame now.
    pub fn send_datagram(&mut self, to: Correspondent, bytes: &[u8]) -> Result<(), SendError> {
        let length = IPV4_HEADER + UDP_HEADER + bytes.len();
        let Some((port, time_to_live)) = self.datagram_port.filter(|_| length <= self.config.mtu) else {
            return Err(SendError::NotOpen);
        };
        let (ours, source) = (self.mac, SocketAddrV4::new(self.config.address, port));
        let sent = self.link.send_frame(ETHERNET_HEADER + length, |frame| {
            write_ethernet(frame, to.station, ours, KIND_IPV4);
            write_datagram(&mut frame[ETHERNET_HEADER..], source, to.address, time_to_live, bytes);
        });
        self.counters.egress_copied_bytes += if sent { bytes.len() as u64 } else { 0 };
        if sent { Ok(()) } else { Err(SendError::NoRoom) }
    }

    /// Begins a connection to `remote`. The handler hears `opened` or `closed` in a later poll.
    pub fn connect(&mut self, remote: SocketAddrV4, now: Instant) -> Result<SessionId, ConnectError> {
        self.set_time(now);
        let next_hop = self.next_hop(*remote.ip()).ok_or(ConnectError::Unaddressable)?;
        if remote.port() == 0 {
            return Err(ConnectError::Unaddressable);
        }
        if self.free_places.is_empty() {
            return Err(ConnectError::Full);
        }
        let local_port = self.choose_port(remote).ok_or(ConnectError::NoPort)?;
        let station = self.neighbours.find(next_hop, self.now);
        // A free place in the list of questions, or the question is already open.
        let question = if station.is_some() { None } else { self.neighbours.ask(next_hop) };
        if question == Some(None) {
            return Err(ConnectError::NeighboursFull);
        }
        if let Some(Some(place)) = question {
            self.timers.set((self.config.sessions + place) as u32, self.now);
        }
        let index = self.occupy(remote, local_port, Opener::Ourselves).ok_or(ConnectError::Full)?;
        let give_up_at = self.now + self.config.open_timeout;
        let slot = &mut self.slots[index as usize];
        slot.next_hop = next_hop;
        slot.is_known = true;
        slot.give_up_at = give_up_at;
        slot.state = SessionState::Resolving;
        let id = SessionId::new(index, slot.generation);
        self.resolving += 1;
        self.timers.set(index, give_up_at);
        if let Some(station) = station {
            self.begin_connection(index, station);
        }
        Ok(id)
    }

    /// Queues what fits of `bytes`; returns how many did. They leave with the next [`Host::poll_egress`].
    #[inline]
    pub fn send(&mut self, session: SessionId, bytes: &[u8]) -> Result<usize, SendError> {
        let connection = self.sendable(session)?;
        let sent = connection.send(bytes);
        self.counters.egress_copied_bytes += sent as u64;
        self.mark_ready(session.index() as u32);
        Ok(sent)
    }

    /// Lets `write` put up to `room` bytes straight into the send ring; it returns how many it wrote. The slice has
    /// exactly `room` bytes with undefined contents. Where the ring wraps they are copied once.
    ///
    /// Nothing is written, and [`SendError::NoRoom`] returned, if the ring has less room or `room` is more than a
    /// receive ring (the size of the scratch).
    #[inline]
    pub fn send_with(
        &mut self,
        session: SessionId,
        room: usize,
        write: impl FnOnce(&mut [u8]) -> usize,
    ) -> Result<usize, SendError> {
        let connection = self.sendable(session)?;
        if connection.send_room() < room {
            return Err(SendError::NoRoom);
        }
        let written = match connection.send_in_place(room, write) {
            Ok(written) => written,
            Err(write) => self.send_around(session, room, write)?,
        };
        self.mark_ready(session.index() as u32);
        Ok(written)
    }

    /// [`Host::send_with`] where the ring wraps.
    #[cold]
    fn send_around(
        &mut self,
        session: SessionId,
        room: usize,
        write: impl FnOnce(&mut [u8]) -> usize,
    ) -> Result<usize, SendError> {
        // Borrowed apart from the connection, and put back below.
        let mut scratch = std::mem::take(&mut self.scratch);
        let result = match scratch.get_mut(..room) {
            None => Err(SendError::NoRoom),
            Some(piece) => {
                let written = write(piece);
                let piece = &piece[..written];
                self.sendable(session).map(|connection| connection.send(piece))
            }
        };
        self.scratch = scratch;
        self.counters.egress_copied_bytes += result.map_or(0, |written| written as u64);
        result
    }

    /// Bytes that [`Host::send`] would take now; zero if the session is not open.
    pub fn send_room(&self, session: SessionId) -> usize {
        match self.slot(session) {
            Some(Slot { state: SessionState::Open, connection: Some(connection), .. }) => connection.send_room(),
            _ => 0,
        }
    }

    /// Bytes queued and not acknowledged: how far behind the reader is.
    pub fn send_queue(&self, session: SessionId) -> usize {
        self.slot(session).and_then(|slot| slot.connection.as_ref()).map_or(0, Connection::send_queue)
    }

    /// Bytes received and not consumed.
    pub fn receive_queue(&self, session: SessionId) -> usize {
        self.slot(session).and_then(|slot| slot.connection.as_ref()).map_or(0, Connection::receive_queue)
    }

    /// The other end, while the id is alive.
    pub fn peer(&self, session: SessionId) -> Option<Peer> {
        self.slot(session).map(Slot::peer)
    }

    /// Bytes can be sent.
    pub fn is_open(&self, session: SessionId) -> bool {
        self.slot(session).is_some_and(|slot| slot.state == SessionState::Open)
    }

    /// Offers what the handler has not consumed again, in the next [`Host::poll_ingress`].
    pub fn offer_again(&mut self, session: SessionId) {
        let Some(slot) = self.slot_mut(session) else { return };
        if slot.state == SessionState::Open && !slot.is_offered {
            slot.is_offered = true;
            self.offers.push_back(session.index() as u32);
        }
    }

    /// Ends the session in order: what is queued is sent, then FIN. What the peer sends after this is discarded. The
    /// handler hears `closed` when the peer has followed, or after the close timeout.
    pub fn close(&mut self, session: SessionId) {
        let now = self.now;
        let give_up_at = now + self.config.close_timeout;
        let Some(slot) = self.slot_mut(session) else { return };
        match slot.state {
            SessionState::Open => {
                slot.state = SessionState::Closing;
                slot.give_up_at = give_up_at;
                if let Some(connection) = &mut slot.connection {
                    connection.close();
                    connection.discard(connection.receive_queue());
                }
                self.mark_ready(session.index() as u32);
            }
            SessionState::Resolving | SessionState::Opening => self.abort(session),
            SessionState::Free | SessionState::Closing | SessionState::Lingering => {}
        }
    }

    /// Ends the session at once, with a reset; what is queued is lost. The handler hears `closed` in the next
    /// [`Host::poll_ingress`].
    pub fn abort(&mut self, session: SessionId) {
        let Some(slot) = self.slot_mut(session) else { return };
        if slot.state == SessionState::Lingering {
            return;
        }
        if let Some(connection) = &mut slot.connection {
            connection.abort();
        }
        self.end(session.index() as u32, CloseReason::Aborted);
    }

    /// When [`Host::poll_ingress`] and [`Host::poll_egress`] have something to do next, if no frame comes before: at
    /// once if something waits, never (`None`) if only a frame can change anything. It may be early, never late.
    pub fn next_deadline(&self) -> Option<Instant> {
        let is_listed = !self.ready.is_empty() || !self.offers.is_empty() || !self.endings.is_empty();
        if self.link.is_waiting() || is_listed {
            return Some(self.now);
        }
        [self.timers.first(), self.link.port.next_deadline()].into_iter().flatten().min()
    }

    /// What the host did so far.
    pub fn counters(&self) -> Counters {
        let mut counters = self.counters;
        counters.egress_frames = self.link.frames;
        counters.egress_bytes = self.link.bytes;
        counters.drops.egress = self.link.lost;
        counters.egress_copied_bytes += self.link.copied;
        counters
    }

    /// Places in use, lingering ones included.
    pub fn session_count(&self) -> usize {
        self.slots.len() - self.free_places.len()
    }

    /// The port below.
    pub fn port(&self) -> &P {
        &self.link.port
    }

    /// The port below, to set something on it. Frames that are taken from it are lost to the host.
    pub fn port_mut(&mut self) -> &mut P {
        &mut self.link.port
    }

    /// Its configuration.
    pub fn config(&self) -> &HostConfig {
        &self.config
    }

    // What the polls share.

    /// Time never runs back.
    #[inline]
    pub(crate) fn set_time(&mut self, now: Instant) {
        self.now = self.now.max(now);
        self.link.set_time(self.now);
    }

    /// A place for a connection, not in any state yet; `None` if there is none.
    pub(crate) fn occupy(&mut self, remote: SocketAddrV4, local_port: u16, opener: Opener) -> Option<u32> {
        let index = self.free_places.pop()?;
        assert!(self.demux.insert(demux_key(remote, local_port), index), "the demux holds as many as there are places");
        let slot = &mut self.slots[index as usize];
        assert!(slot.state == SessionState::Free && slot.connection.is_none(), "a free place is free");
        slot.remote = remote;
        slot.local_port = local_port;
        slot.opener = opener;
        Some(index)
    }

    /// Where a connection begins to count, and between whom it is.
    pub(crate) fn begin_route(&mut self, remote: SocketAddrV4, local_port: u16) -> (Route, SequenceNumber) {
        let local = SocketAddrV4::new(self.config.address, local_port);
        let initial = initial_number(self.key, local, remote, self.now.nanos(), self.opened);
        self.opened += 1;
        (Route::new(local, remote), initial)
    }

    /// Rings for a connection: another's that is over, or new ones.
    pub(crate) fn take_rings(&mut self) -> Rings {
        self.spare_rings.pop().unwrap_or_else(|| Rings::new(self.settings))
    }

    /// The rings of a connection that is over.
    pub(crate) fn return_rings(&mut self, rings: Rings) {
        self.spare_rings.push(rings);
    }

    /// The session's connection is over, whatever it still had to say.
    pub(crate) fn drop_connection(&mut self, index: u32) {
        if let Some(connection) = self.slots[index as usize].connection.take() {
            self.return_rings(connection.into_rings());
        }
    }

    /// The station is known: the connection's SYN can leave.
    pub(crate) fn begin_connection(&mut self, index: u32, station: Mac) {
        let Slot { remote, local_port, .. } = self.slots[index as usize];
        let (route, initial) = self.begin_route(remote, local_port);
        let connection = Connection::active(self.settings, self.take_rings(), route, initial);
        let slot = &mut self.slots[index as usize];
        slot.connection = Some(connection);
        slot.stations = Stations::only(station);
        slot.state = SessionState::Opening;
        self.resolving -= 1;
        self.mark_ready(index);
    }

    /// The session is over for the user, who will be told in the next [`Host::poll_ingress`] (or in this one).
    pub(crate) fn end(&mut self, index: u32, why: CloseReason) {
        let give_up_at = self.now + self.config.close_timeout;
        let slot = &mut self.slots[index as usize];
        if matches!(slot.state, SessionState::Free | SessionState::Lingering) {
            return;
        }
        if slot.state == SessionState::Resolving {
            self.resolving -= 1;
        }
        if slot.opener == Opener::Ourselves && slot.state == SessionState::Opening && why == CloseReason::TimedOut {
            // ARP has no checksum: the station may be a wrong one.
            self.neighbours.forget(slot.next_hop);
        }
        slot.state = SessionState::Lingering;
        slot.give_up_at = give_up_at;
        if slot.is_known {
            slot.untold = Some(why);
            self.endings.push_back(index);
        }
        match why {
            CloseReason::TimedOut | CloseReason::Unreachable => self.counters.timeouts += 1,
            _ => {}
        }
        self.mark_ready(index);
    }

    /// Frees the place if the user knows of the end and the connection has nothing left to do.
    #[inline]
    pub(crate) fn settle(&mut self, index: u32) {
        let slot = &self.slots[index as usize];
        if slot.state != SessionState::Lingering || slot.untold.is_some() {
            return;
        }
        if slot.connection.as_ref().is_none_or(|connection| connection.phase() == Phase::Closed) {
            self.free(index);
        }
    }

    /// The place is free.
    #[cold]
    fn free(&mut self, index: u32) {
        self.drop_connection(index);
        let slot = &mut self.slots[index as usize];
        self.demux.remove(demux_key(slot.remote, slot.local_port));
        self.timers.cancel(index);
        let (is_ready, is_offered) = (slot.is_ready, slot.is_offered);
        let generation = slot.generation.wrapping_add(1);
        // Still in those lists, perhaps: whoever comes across it there finds the place free, or as good as new.
        *slot = Slot { generation, is_ready, is_offered, ..Slot::free() };
        self.free_places.push(index);
    }

    /// [`Host::poll_egress`] will ask this session what it has to send.
    #[inline]
    pub(crate) fn mark_ready(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        if !slot.is_ready {
            slot.is_ready = true;
            self.ready.push(index);
        }
    }

    #[inline]
    pub(crate) fn id(&self, index: u32) -> SessionId {
        SessionId::new(index, self.slots[index as usize].generation)
    }

    #[inline]
    fn slot(&self, session: SessionId) -> Option<&Slot> {
        let slot = self.slots.get(session.index())?;
        (slot.generation == session.generation() && slot.is_alive()).then_some(slot)
    }

    #[inline]
    fn slot_mut(&mut self, session: SessionId) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(session.index())?;
        (slot.generation == session.generation() && slot.is_alive()).then_some(slot)
    }

    #[inline]
    fn sendable(&mut self, session: SessionId) -> Result<&mut Connection, SendError> {
        match self.slot_mut(session) {
            None => Err(SendError::Stale),
            Some(Slot { state: SessionState::Open, connection: Some(connection), .. }) => Ok(connection),
            Some(_) => Err(SendError::NotOpen),
        }
    }

    /// Who on the segment takes frames for `address`; `None` if it is not another host's, or nobody does.
    fn next_hop(&self, address: Ipv4Addr) -> Option<Ipv4Addr> {
        let is_one_host = !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast();
        if !is_one_host || address == self.config.address {
            return None;
        }
        let host_bits = 32 - u32::from(self.config.prefix_length);
        let shares_prefix = (u64::from(address.to_bits() ^ self.config.address.to_bits()) >> host_bits) == 0;
        if shares_prefix { Some(address) } else { self.config.gateway }
    }

    /// A port of ours that is free towards `remote`.
    fn choose_port(&mut self, remote: SocketAddrV4) -> Option<u16> {
        for _ in 0..EPHEMERAL_COUNT {
            let port = EPHEMERAL_FIRST + self.next_port;
            self.next_port = (self.next_port + 1) % EPHEMERAL_COUNT;
            if self.demux.get(demux_key(remote, port)).is_none() {
                return Some(port);
            }
        }
        None
    }
}

/// The 4-tuple in 64 bits: our address is the same for all.
pub(crate) fn demux_key(remote: SocketAddrV4, local_port: u16) -> u64 {
    u64::from(remote.ip().to_bits()) << 32 | u64::from(remote.port()) << 16 | u64::from(local_port)
}

/// Bytes of headers in front of a segment's payload, Ethernet's included, without options.
pub const SEGMENT_OVERHEAD: usize = ETHERNET_HEADER + IPV4_HEADER + TCP_HEADER;
