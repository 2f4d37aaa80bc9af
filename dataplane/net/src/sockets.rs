//! Sockets: [`Transport`] over the kernel's TCP, for machines and tests without a port of their own, and to compare with.
//!
//! Nothing blocks: a poll asks the kernel once which sockets have something ([`epoll`], edge-triggered), reads those, and
//! writes what was queued. It is meant to be polled round and round; who would rather sleep calls [`Sockets::wait`] between.
//!
//! What a handler sees is what [`Host`](crate::Host) shows it, with three differences that are the kernel's: a connection from
//! an address that the filter does not admit is reset after it opened, not left unanswered; bytes are copied out of the
//! kernel and into it; and a poll is system calls.

use crate::counters::Counters;
use crate::filter::Filter;
use crate::host::{ConnectError, LISTENERS_MAX, ListenError, SESSIONS_MAX, SendError};
use crate::port::Mac;
use crate::session::{CloseReason, Correspondent, Handler, Opener, Peer, SessionId};
use crate::time::Instant;
use crate::transport::Transport;
use rustix::event::epoll;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

/// Connections of this process through the kernel.
pub struct Sockets {
    config: SocketsConfig,
    epoll: OwnedFd,
    /// The last look at the kernel's events met a listener's.
    has_arrivals: bool,
    listeners: Vec<Listener>,
    datagrams: Option<UdpSocket>,
    slots: Vec<Slot>,
    /// Free places; the last freed is the first used.
    free: Vec<u32>,
    /// Places that the kernel has something for, each once.
    readable: VecDeque<u32>,
    /// Places with something to send that the kernel may take, each once.
    ready: VecDeque<u32>,
    /// Places whose bytes are to be offered again, each once.
    offers: VecDeque<u32>,
    /// Places whose end is to be told, each once.
    endings: VecDeque<u32>,
    /// Places that are opening or ending, and so have a time when they are given up.
    temporary: Vec<u32>,
    counters: Counters,
    now: Instant,
}

/// Sizes and patience; each as in [`HostConfig`](crate::HostConfig).
#[derive(Clone, Copy, Debug)]
pub struct SocketsConfig {
    /// The address that is listened at and connected from; unspecified: every one, and what the kernel chooses.
    pub address: Ipv4Addr,
    /// Connections at once, at most [`SESSIONS_MAX`].
    pub sessions: usize,
    /// Bytes a session receives without anybody consuming them, beside what the kernel holds.
    pub receive_buffer: usize,
    /// Bytes a session can have queued, beside what the kernel holds.
    pub send_buffer: usize,
    /// How long a connection of ours may take to open.
    pub open_timeout: Duration,
    /// How long a peer may leave what we sent unacknowledged. The kernel holds this one.
    pub silence_timeout: Duration,
    /// How long a peer may take to follow our close.
    pub close_timeout: Duration,
}

/// Connections taken in one poll: opening many at once must not keep those that are open waiting.
const ACCEPTS_PER_POLL: usize = 16;
/// Reads of one session in one poll: a fast one must not keep the others waiting.
const READS_PER_POLL: usize = 4;
/// Events taken from the kernel in one poll; what is more stays there.
const EVENTS_PER_POLL: usize = 256;
/// Events of listeners carry this and their place; those of sessions their place and generation.
const LISTENER_EVENT: u64 = 1 << 31;

/// Datagrams taken in one poll.
const DATAGRAMS_PER_POLL: usize = 16;
/// Longest datagram that is taken; of a longer one the beginning, which its reader refuses.
const DATAGRAM_SIZE_MAX: usize = 2_048;

struct Listener {
    port: u16,
    filter: Filter,
    socket: TcpListener,
}

/// Where a place stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum State {
    /// 0: nobody is here.
    Free = 0,
    /// 1: we have asked for a connection.
    Opening = 1,
    /// 2: open; bytes go both ways.
    Open = 2,
    /// 3: we have closed; what still comes is discarded until the peer follows.
    Closing = 3,
    /// 4: over for the user; what is queued may still have to go.
    Lingering = 4,
}

struct Slot {
    state: State,
    generation: u32,
    socket: Option<TcpStream>,
    peer: Peer,
    received: Queue,
    queued: Queue,
    /// The kernel may have bytes for us: nothing has said otherwise since it last told.
    has_more: bool,
    /// The kernel has told that the peer finished or broke off: reading on finds out which.
    is_hung_up: bool,
    /// The peer's FIN was read.
    is_finished: bool,
    /// A write has found that the connection is broken; the kernel tells each such thing once.
    broke: Option<CloseReason>,
    /// The kernel takes nothing until it says so.
    is_blocked: bool,
    is_readable: bool,
    is_ready: bool,
    is_offered: bool,
    give_up_at: Instant,
    untold: Option<CloseReason>,
}

/// Bytes in one piece: consumed in front, written behind.
#[derive(Default)]
struct Queue {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl SocketsConfig {
    /// 64 sessions, buffers of 16 KiB in and 64 KiB out, 5 s to open or close, 10 s of silence.
    #[must_use]
    pub fn new(address: Ipv4Addr) -> SocketsConfig {
        SocketsConfig {
            address,
            sessions: 64,
            receive_buffer: 16 * 1_024,
            send_buffer: 64 * 1_024,
            open_timeout: Duration::from_secs(5),
            silence_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(5),
        }
    }
}

impl Sockets {
    /// No connections, nothing listened at.
    ///
    /// # Errors
    /// The kernel gives no event queue: too many open files.
    ///
    /// # Panics
    /// If a size in `config` is 0 or above its limit.
    pub fn new(config: SocketsConfig) -> io::Result<Sockets> {
        assert!((1..=SESSIONS_MAX).contains(&config.sessions), "there are 1 to {SESSIONS_MAX} sessions");
        assert!(config.receive_buffer > 0 && config.send_buffer > 0, "a buffer has at least one byte");
        Ok(Sockets {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            has_arrivals: false,
            listeners: Vec::with_capacity(LISTENERS_MAX),
            datagrams: None,
            slots: (0..config.sessions).map(|_| Slot::free()).collect(),
            free: (0..config.sessions as u32).rev().collect(),
            readable: VecDeque::with_capacity(config.sessions),
            ready: VecDeque::with_capacity(config.sessions),
            offers: VecDeque::with_capacity(config.sessions),
            endings: VecDeque::with_capacity(config.sessions),
            temporary: Vec::with_capacity(config.sessions),
            counters: Counters::default(),
            now: Instant::ZERO,
            config,
        })
    }

    /// Sleeps until the kernel has something for the next poll, at most this long.
    pub fn wait(&mut self, most: Duration) {
        if !self.has_work() {
            self.take_events(most);
        }
    }

    /// The other end, while the id is alive.
    #[must_use]
    pub fn peer(&self, session: SessionId) -> Option<Peer> {
        self.slot(session).map(|slot| slot.peer)
    }

    /// Something is to be done that the kernel need not tell of.
    fn has_work(&self) -> bool {
        [&self.readable, &self.ready, &self.offers, &self.endings].iter().any(|list| !list.is_empty())
    }

    fn slot(&self, session: SessionId) -> Option<&Slot> {
        let slot = self.slots.get(session.index())?;
        (slot.generation == session.generation() && slot.is_alive()).then_some(slot)
    }

    fn slot_mut(&mut self, session: SessionId) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(session.index())?;
        (slot.generation == session.generation() && slot.is_alive()).then_some(slot)
    }

    fn sendable(&mut self, session: SessionId) -> Result<&mut Slot, SendError> {
        match self.slot_mut(session) {
            None => Err(SendError::Stale),
            Some(slot) if slot.state == State::Open => Ok(slot),
            Some(_) => Err(SendError::NotOpen),
        }
    }

    fn id(&self, index: u32) -> SessionId {
        SessionId::new(index, self.slots[index as usize].generation)
    }

    /// Asks the kernel what happened, and notes it.
    fn take_events(&mut self, most: Duration) {
        let timeout = rustix::time::Timespec { tv_sec: most.as_secs() as i64, tv_nsec: most.subsec_nanos().into() };
        self.has_arrivals = false;
        // Not kept in `self`: the kernel's events may hold pointers, and so would not go to another thread.
        let mut room = [const { MaybeUninit::uninit() }; EVENTS_PER_POLL];
        // Interrupted: as if nothing had happened; it is asked again.
        let Ok((events, _)) = epoll::wait(&self.epoll, &mut room, Some(&timeout)) else { return };
        for &mut epoll::Event { flags, data } in events {
            let (index, generation) = (data.u64() as u32, (data.u64() >> 32) as u32);
            if u64::from(index) >= LISTENER_EVENT {
                self.has_arrivals = true;
                continue; // a listener's event stands until its connections are taken
            }
            let slot = &mut self.slots[index as usize];
            if slot.generation != generation || slot.state == State::Free {
                continue;
            }
            let hangs_up = epoll::EventFlags::RDHUP | epoll::EventFlags::HUP | epoll::EventFlags::ERR;
            slot.is_hung_up |= flags.intersects(hangs_up);
            slot.has_more |= flags.intersects(hangs_up | epoll::EventFlags::IN);
            if flags.contains(epoll::EventFlags::OUT) {
                slot.is_blocked = false;
            }
            let (reads, writes) = (slot.has_more || slot.state == State::Opening, !slot.queued.is_empty());
            if reads {
                self.mark_readable(index);
            }
            if writes {
                self.mark_ready(index);
            }
        }
    }

    fn mark_readable(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        if !std::mem::replace(&mut slot.is_readable, true) {
            self.readable.push_back(index);
        }
    }

    fn mark_ready(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        if !std::mem::replace(&mut slot.is_ready, true) {
            self.ready.push_back(index);
        }
    }

    /// Gives a socket a place. None: the kernel does not watch it.
    fn occupy(&mut self, socket: TcpStream, peer: Peer, state: State) -> Option<u32> {
        let index = self.free.pop()?;
        let slot = &mut self.slots[index as usize];
        let name = u64::from(slot.generation) << 32 | u64::from(index);
        let events = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::RDHUP | epoll::EventFlags::ET;
        if epoll::add(&self.epoll, &socket, epoll::EventData::new_u64(name), events).is_err() {
            self.free.push(index);
            return None;
        }
        slot.state = state;
        slot.peer = peer;
        slot.socket = Some(socket);
        slot.received.size(self.config.receive_buffer);
        slot.queued.size(self.config.send_buffer);
        Some(index)
    }

    /// Takes the connections that wait at the listeners.
    fn accept(&mut self, handler: &mut impl Handler) -> usize {
        let mut taken = 0;
        for listener in 0..self.listeners.len() {
            while taken < ACCEPTS_PER_POLL {
                let Listener { port, filter, socket } = &self.listeners[listener];
                // No connection, or too many open files: those that wait go on waiting.
                let Ok((stream, SocketAddr::V4(address))) = socket.accept() else { break };
                taken += 1;
                let admitted = filter.admits(*address.ip());
                if !admitted || self.free.is_empty() {
                    let drops = &mut self.counters.drops;
                    *(if admitted { &mut drops.full } else { &mut drops.foreign }) += 1;
                    reset(&stream);
                    continue;
                }
                let peer = Peer { address, local_port: *port, opener: Opener::Peer };
                if prepare(&stream, self.config.silence_timeout).is_err() {
                    continue; // it has broken already
                }
                let Some(index) = self.occupy(stream, peer, State::Open) else { continue };
                self.counters.accepted += 1;
                handler.opened(self.id(index), peer);
            }
        }
        taken
    }

    /// Reads what the kernel has for one place, and offers it. Returns how many reads had bytes.
    fn read(&mut self, index: u32, handler: &mut impl Handler) -> usize {
        let mut reads = 0;
        while reads < READS_PER_POLL {
            let slot = &mut self.slots[index as usize];
            let is_discarded = slot.state != State::Open;
            let Some(socket) = slot.socket.as_mut().filter(|_| slot.has_more && !slot.is_finished) else { break };
            if is_discarded {
                self.counters.discarded_bytes += slot.received.clear() as u64;
            }
            let spare = slot.received.spare();
            if spare.is_empty() {
                return reads; // its window closes; whoever consumes reads on
            }
            let asked = spare.len();
            match socket.read(spare) {
                Ok(0) => match slot.broke {
                    Some(why) => return self.lose(index, why, reads),
                    None => (slot.is_finished, slot.has_more) = (true, false),
                },
                Ok(count) => {
                    slot.received.end += count;
                    // epoll(7): fewer bytes than asked for are all that there were.
                    slot.has_more = count == asked || slot.is_hung_up;
                    reads += 1;
                    self.counters.ingress_frames += 1;
                    self.counters.ingress_bytes += count as u64;
                    if !is_discarded {
                        self.counters.ringed_bytes += count as u64;
                        self.offer(index, handler);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => slot.has_more = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return self.lose(index, reason(&error), reads),
            }
        }
        self.follow_end(index);
        if self.slots[index as usize].has_more && self.slots[index as usize].socket.is_some() {
            self.mark_readable(index);
        }
        reads
    }

    fn lose(&mut self, index: u32, why: CloseReason, reads: usize) -> usize {
        self.slots[index as usize].socket = None;
        self.end(index, why);
        reads
    }

    /// The peer has sent its last byte: the session ends when all was consumed.
    fn follow_end(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        match slot.state {
            State::Open if slot.is_finished && slot.received.is_empty() => self.end(index, CloseReason::PeerFinished),
            State::Closing if slot.is_finished => self.end(index, CloseReason::Finished),
            _ => {}
        }
    }

    /// Shows the handler what was received and not consumed, in one piece.
    fn offer(&mut self, index: u32, handler: &mut impl Handler) {
        let id = self.id(index);
        let slot = &mut self.slots[index as usize];
        if slot.state != State::Open || slot.received.is_empty() {
            return;
        }
        self.counters.ringed_offers += 1;
        let consumed = handler.data(id, slot.received.filled());
        slot.received.consume(consumed);
        if consumed > 0 && slot.has_more {
            self.mark_readable(index);
        }
    }

    /// A connection of ours is open, or will never be.
    fn follow_opening(&mut self, index: u32, handler: &mut impl Handler) {
        let slot = &mut self.slots[index as usize];
        let socket = slot.socket.as_ref().expect("a place that opens has its socket");
        match sockopt::socket_error(socket) {
            Ok(Ok(())) if slot.is_blocked => {} // the kernel has not told yet
            Ok(Ok(())) => {
                slot.state = State::Open;
                self.counters.connected += 1;
                let peer = slot.peer;
                handler.opened(self.id(index), peer);
            }
            Ok(Err(error)) | Err(error) => {
                slot.socket = None;
                let why = match error {
                    Errno::CONNREFUSED | Errno::CONNRESET => CloseReason::Refused,
                    error => reason(&error.into()),
                };
                self.end(index, why);
            }
        }
    }

    /// The session is over for the user, who will be told in the next poll (or in this one).
    fn end(&mut self, index: u32, why: CloseReason) {
        let slot = &mut self.slots[index as usize];
        if matches!(slot.state, State::Free | State::Lingering) {
            return;
        }
        if slot.socket.is_none() {
            slot.queued.clear();
        }
        slot.state = State::Lingering;
        slot.untold = Some(why);
        slot.give_up_at = self.now + self.config.close_timeout;
        self.endings.push_back(index);
        self.temporary.push(index);
        match why {
            CloseReason::TimedOut | CloseReason::Unreachable => self.counters.timeouts += 1,
            _ => {}
        }
        self.mark_ready(index);
    }

    /// Sends what is queued for one place. Returns how many writes took bytes.
    fn write(&mut self, index: u32) -> usize {
        let mut writes = 0;
        let slot = &mut self.slots[index as usize];
        let is_over = matches!(slot.state, State::Closing | State::Lingering);
        while let Some(socket) = slot.socket.as_mut().filter(|_| !slot.is_blocked && !slot.queued.is_empty()) {
            match socket.write(slot.queued.filled()) {
                Ok(count) => {
                    slot.queued.consume(count);
                    writes += 1;
                    self.counters.egress_frames += 1;
                    self.counters.egress_bytes += count as u64;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => slot.is_blocked = true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // What the peer sent before it broke off is read first; the reading finds the error, too.
                Err(error) => {
                    slot.queued.clear();
                    slot.broke = Some(reason(&error));
                    (slot.has_more, slot.is_hung_up) = (true, true);
                    self.mark_readable(index);
                    return writes;
                }
            }
        }
        if is_over && slot.queued.is_empty() {
            match slot.state {
                State::Closing => {
                    let socket = slot.socket.as_ref();
                    let _ = socket.map(|socket| socket.shutdown(Shutdown::Write)); // broken: the reading finds out
                }
                _ => slot.socket = None,
            }
            self.settle(index);
        }
        writes
    }

    /// Frees the place if the user knows of the end and nothing is left to send.
    fn settle(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        if slot.state != State::Lingering || slot.untold.is_some() || slot.socket.is_some() {
            return;
        }
        slot.state = State::Free;
        slot.generation = slot.generation.wrapping_add(1);
        slot.received.clear();
        slot.queued.clear();
        (slot.has_more, slot.is_hung_up, slot.is_finished, slot.is_blocked) = (false, false, false, false);
        slot.broke = None;
        slot.give_up_at = Instant::NEVER;
        self.free.push(index);
        self.temporary.retain(|other| *other != index);
    }

    /// Gives up what took too long.
    fn keep_time(&mut self) {
        for place in (0..self.temporary.len()).rev() {
            // Settling takes a place out, so there may be fewer by now.
            let Some(&index) = self.temporary.get(place) else { continue };
            let slot = &mut self.slots[index as usize];
            if slot.state == State::Open {
                self.temporary.swap_remove(place);
                continue;
            }
            if self.now < slot.give_up_at {
                continue;
            }
            self.counters.timers += 1;
            if let Some(socket) = slot.socket.take() {
                reset(&socket);
            }
            slot.give_up_at = Instant::NEVER;
            self.end(index, CloseReason::TimedOut);
            self.settle(index);
        }
    }

    fn tell_endings(&mut self, handler: &mut impl Handler) {
        while let Some(index) = self.endings.pop_front() {
            let id = self.id(index);
            if let Some(why) = self.slots[index as usize].untold.take() {
                handler.closed(id, why);
            }
            self.settle(index);
        }
    }
}

impl Transport for Sockets {
    fn sessions(&self) -> usize {
        self.config.sessions
    }

    fn listen(&mut self, port: u16, filter: Filter) -> Result<(), ListenError> {
        if port == 0 {
            return Err(ListenError::NoPort);
        }
        if self.listeners.iter().any(|listener| listener.port == port) {
            return Err(ListenError::Taken);
        }
        if self.listeners.len() == LISTENERS_MAX {
            return Err(ListenError::Full);
        }
        let bound = TcpListener::bind((self.config.address, port)).and_then(|socket| {
            socket.set_nonblocking(true)?;
            let name = LISTENER_EVENT + self.listeners.len() as u64;
            epoll::add(&self.epoll, &socket, epoll::EventData::new_u64(name), epoll::EventFlags::IN)?;
            Ok(socket)
        });
        let socket = bound.map_err(|_| ListenError::NotOurs)?;
        self.listeners.push(Listener { port, filter, socket });
        Ok(())
    }

    fn open_datagrams(&mut self, port: u16, time_to_live: u8) -> Result<(), ListenError> {
        if port == 0 {
            return Err(ListenError::NoPort);
        }
        if self.datagrams.is_some() {
            return Err(ListenError::Taken);
        }
        // Bound to our address: the kernel sends to groups through the interface that has it.
        let bound = UdpSocket::bind((self.config.address, port)).and_then(|socket| {
            socket.set_nonblocking(true)?;
            socket.set_multicast_ttl_v4(time_to_live.into())?;
            socket.set_ttl(time_to_live.into())?;
            let name = LISTENER_EVENT + LISTENERS_MAX as u64;
            epoll::add(&self.epoll, &socket, epoll::EventData::new_u64(name), epoll::EventFlags::IN)?;
            Ok(socket)
        });
        self.datagrams = Some(bound.map_err(|_| ListenError::NotOurs)?);
        Ok(())
    }

    fn send_datagram(&mut self, to: Correspondent, bytes: &[u8]) -> Result<(), SendError> {
        let socket = self.datagrams.as_ref().ok_or(SendError::NotOpen)?;
        match socket.send_to(bytes, to.address) {
            Ok(_) => {
                self.counters.egress_copied_bytes += bytes.len() as u64;
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Err(SendError::NoRoom),
            // Nobody there, no way there: a datagram that is lost.
            Err(_) => Err(SendError::NotOpen),
        }
    }

    fn filter_mut(&mut self, port: u16) -> Option<&mut Filter> {
        self.listeners.iter_mut().find(|listener| listener.port == port).map(|listener| &mut listener.filter)
    }

    fn connect(&mut self, remote: SocketAddrV4, now: Instant) -> Result<SessionId, ConnectError> {
        self.now = self.now.max(now);
        let address = remote.ip();
        if address.is_unspecified() || address.is_multicast() || address.is_broadcast() || remote.port() == 0 {
            return Err(ConnectError::Unaddressable);
        }
        if self.free.is_empty() {
            return Err(ConnectError::Full);
        }
        let (socket, begun) = self.begin(remote).map_err(|error| match error {
            Errno::ADDRNOTAVAIL | Errno::ADDRINUSE | Errno::MFILE | Errno::NFILE => ConnectError::NoPort,
            _ => ConnectError::Unaddressable,
        })?;
        let peer = Peer { address: remote, local_port: local_port(&socket), opener: Opener::Ourselves };
        let index = self.occupy(socket, peer, State::Opening).ok_or(ConnectError::Full)?;
        let slot = &mut self.slots[index as usize];
        slot.is_blocked = true; // until the kernel tells that it is open
        slot.give_up_at = self.now + self.config.open_timeout;
        self.temporary.push(index);
        if let Err(error) = begun {
            self.slots[index as usize].socket = None;
            self.end(index, if error == Errno::CONNREFUSED { CloseReason::Refused } else { reason(&error.into()) });
        }
        Ok(self.id(index))
    }

    fn poll_ingress(&mut self, now: Instant, handler: &mut impl Handler) -> usize {
        self.now = self.now.max(now);
        self.take_events(Duration::ZERO);
        let mut reads = 0;
        if self.has_arrivals {
            reads += self.accept(handler);
            reads += self.take_datagrams(handler);
        }
        for _ in 0..self.offers.len() {
            let index = self.offers.pop_front().expect("as many as there were");
            self.slots[index as usize].is_offered = false;
            self.offer(index, handler);
            self.follow_end(index);
        }
        for _ in 0..self.readable.len() {
            let index = self.readable.pop_front().expect("as many as there were");
            self.slots[index as usize].is_readable = false;
            if self.slots[index as usize].state == State::Opening {
                self.follow_opening(index, handler);
            }
            reads += self.read(index, handler);
        }
        if !self.temporary.is_empty() {
            self.keep_time();
        }
        self.tell_endings(handler);
        reads
    }

    fn poll_egress(&mut self, now: Instant) -> usize {
        self.now = self.now.max(now);
        let mut writes = 0;
        for _ in 0..self.ready.len() {
            let index = self.ready.pop_front().expect("as many as there were");
            self.slots[index as usize].is_ready = false;
            writes += self.write(index);
        }
        writes
    }

    fn send(&mut self, session: SessionId, bytes: &[u8]) -> Result<usize, SendError> {
        let queued = &mut self.sendable(session)?.queued;
        let count = bytes.len().min(queued.room());
        queued.back(count).copy_from_slice(&bytes[..count]);
        queued.end += count;
        self.mark_ready(session.index() as u32);
        Ok(count)
    }

    fn send_with(
        &mut self,
        session: SessionId,
        room: usize,
        write: impl FnOnce(&mut [u8]) -> usize,
    ) -> Result<usize, SendError> {
        let queued = &mut self.sendable(session)?.queued;
        if queued.room() < room {
            return Err(SendError::NoRoom);
        }
        let written = write(queued.back(room));
        assert!(written <= room, "what was written had room");
        queued.end += written;
        self.mark_ready(session.index() as u32);
        Ok(written)
    }

    fn send_room(&self, session: SessionId) -> usize {
        self.slot(session).filter(|slot| slot.state == State::Open).map_or(0, |slot| slot.queued.room())
    }

    fn is_open(&self, session: SessionId) -> bool {
        self.slot(session).is_some_and(|slot| slot.state == State::Open)
    }

    fn offer_again(&mut self, session: SessionId) {
        let Some(slot) = self.slot_mut(session) else { return };
        if slot.state == State::Open && !slot.is_offered {
            slot.is_offered = true;
            self.offers.push_back(session.index() as u32);
        }
    }

    fn close(&mut self, session: SessionId) {
        let give_up_at = self.now + self.config.close_timeout;
        let Some(slot) = self.slot_mut(session) else { return };
        let index = session.index() as u32;
        match slot.state {
            State::Open => {
                slot.state = State::Closing;
                slot.give_up_at = give_up_at;
                self.temporary.push(index);
                self.mark_ready(index);
                self.mark_readable(index);
            }
            State::Opening => self.abort(session),
            State::Free | State::Closing | State::Lingering => {}
        }
    }

    fn abort(&mut self, session: SessionId) {
        let Some(slot) = self.slot_mut(session) else { return };
        if slot.state == State::Lingering {
            return;
        }
        if let Some(socket) = slot.socket.take() {
            reset(&socket);
        }
        self.end(session.index() as u32, CloseReason::Aborted);
    }

    fn next_deadline(&self) -> Option<Instant> {
        if self.has_work() {
            return Some(self.now);
        }
        let due = self.temporary.iter().map(|&index| self.slots[index as usize].give_up_at);
        due.min().filter(|at| *at != Instant::NEVER)
    }

    fn counters(&self) -> Counters {
        self.counters
    }
}

impl Sockets {
    fn take_datagrams(&mut self, handler: &mut impl Handler) -> usize {
        let Some(socket) = &self.datagrams else { return 0 };
        let mut buffer = [0; DATAGRAM_SIZE_MAX];
        for taken in 0..DATAGRAMS_PER_POLL {
            // An error is a datagram of ours that did not arrive, or an interruption.
            let Ok((length, SocketAddr::V4(address))) = socket.recv_from(&mut buffer) else { return taken };
            self.counters.datagrams += 1;
            handler.datagram(Correspondent { address, station: Mac([0; 6]) }, &buffer[..length]);
        }
        DATAGRAMS_PER_POLL
    }

    /// A socket that has begun to connect; and the answer, if there is one at once.
    fn begin(&self, remote: SocketAddrV4) -> Result<(TcpStream, Result<(), Errno>), Errno> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
        if !self.config.address.is_unspecified() {
            rustix::net::bind(&socket, &SocketAddrV4::new(self.config.address, 0))?;
        }
        let begun = match rustix::net::connect(&socket, &remote) {
            Err(Errno::INPROGRESS) => Ok(()),
            answer => answer,
        };
        let socket = TcpStream::from(socket);
        let _ = prepare(&socket, self.config.silence_timeout); // broken: the reading finds out
        Ok((socket, begun))
    }
}

impl Slot {
    fn free() -> Slot {
        let nobody = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);
        Slot {
            state: State::Free,
            generation: 0,
            socket: None,
            peer: Peer { address: nobody, local_port: 0, opener: Opener::Peer },
            received: Queue::default(),
            queued: Queue::default(),
            has_more: false,
            is_hung_up: false,
            is_finished: false,
            broke: None,
            is_blocked: false,
            is_readable: false,
            is_ready: false,
            is_offered: false,
            give_up_at: Instant::NEVER,
            untold: None,
        }
    }

    /// The user has not been told of its end.
    fn is_alive(&self) -> bool {
        match self.state {
            State::Free => false,
            State::Lingering => self.untold.is_some(),
            _ => true,
        }
    }
}

impl Queue {
    fn size(&mut self, bytes: usize) {
        if self.bytes.len() != bytes {
            self.bytes = vec![0; bytes].into_boxed_slice();
        }
        self.clear();
    }

    fn is_empty(&self) -> bool {
        self.start == self.end
    }

    fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    fn room(&self) -> usize {
        self.bytes.len() - (self.end - self.start)
    }

    /// All the room there is, in one piece.
    fn spare(&mut self) -> &mut [u8] {
        self.back(self.room())
    }

    /// `count` bytes behind the last; there must be room for them.
    fn back(&mut self, count: usize) -> &mut [u8] {
        if self.bytes.len() - self.end < count {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.bytes[self.end..self.end + count]
    }

    fn consume(&mut self, count: usize) {
        assert!(count <= self.end - self.start, "at most what is there is consumed");
        self.start += count;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Returns how many bytes there were.
    fn clear(&mut self) -> usize {
        let count = self.end - self.start;
        (self.start, self.end) = (0, 0);
        count
    }
}

/// Not blocking, every byte at once, and given up when the peer is silent too long.
fn prepare(socket: &TcpStream, silence: Duration) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    socket.set_nodelay(true)?;
    let milliseconds = u32::try_from(silence.as_millis()).unwrap_or(u32::MAX);
    Ok(sockopt::set_tcp_user_timeout(socket, milliseconds)?)
}

/// When it is closed now, the peer hears a reset.
fn reset(socket: impl AsFd) {
    let _ = sockopt::set_socket_linger(socket, Some(Duration::ZERO)); // broken: there is nobody to hear it
}

fn local_port(socket: &TcpStream) -> u16 {
    socket.local_addr().map_or(0, |address| address.port())
}

fn reason(error: &io::Error) -> CloseReason {
    match error.kind() {
        ErrorKind::TimedOut => CloseReason::TimedOut,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => CloseReason::Unreachable,
        _ => CloseReason::Reset,
    }
}
