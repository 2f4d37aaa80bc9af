//! How the members of a bench reach the service: over the in-memory port, or through the kernel.
//!
//! In memory they are a client far lighter than a host of our own ([`LightTcp`]): one port of the network carries all of
//! them, each with an address of its own. It does what the other end of a TCP connection must, on a network that loses
//! nothing: the handshake, sums, acknowledgements, and it keeps to the window. It acknowledges as RFC 1122 §4.2.3.2 asks: with
//! what it sends, at the latest every second segment, and before an idle time.

use net::{
    Burst, CloseReason, Handler, Instant, Mac, MemoryPort, Peer, Port, SessionId, Sockets, SocketsConfig, Transport,
};
use std::net::{Ipv4Addr, SocketAddrV4};

/// The members' side of all connections.
pub trait Wire {
    /// Begins every connection.
    ///
    /// # Errors
    /// A connection cannot be begun.
    fn connect(&mut self, remote: SocketAddrV4, now: Instant) -> Result<(), String>;

    /// The service takes so many bytes of the member's now.
    fn has_room(&self, member: usize, bytes: usize) -> bool;

    /// Sends all of `bytes`, at most [`SEGMENT_BYTES`], or nothing: there is no room.
    fn send(&mut self, member: usize, bytes: &[u8]) -> bool;

    /// Takes in what came; `heard` gets each member's bytes in order.
    fn poll(&mut self, now: Instant, heard: impl FnMut(usize, &[u8]));

    /// What was queued leaves; every acknowledgement that is owed, too, if nothing else happens for a while.
    fn flush(&mut self, now: Instant, is_idle: bool);

    /// The member's connection is open.
    fn is_open(&self, member: usize) -> bool;

    /// Connections that ended.
    fn lost(&self) -> u64;
}

/// Bytes of a segment: what a 1,500 byte packet holds.
pub const SEGMENT_BYTES: usize = 1_460;
/// Bytes in front of a segment's payload: Ethernet 14, IPv4 20, TCP 20.
const HEADERS: usize = 54;
/// Segments that may go unacknowledged.
const SEGMENTS_UNACKNOWLEDGED: u8 = 2;
/// The window that a member offers; it takes everything at once.
const WINDOW: u16 = u16::MAX;
/// Frames that leave or arrive in one go.
const BURST: usize = 1_024;
const MEMBER_PORT_FIRST: u16 = 40_000;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

/// Members on the in-memory network.
pub struct LightTcp {
    port: MemoryPort,
    core: Mac,
    arriving: Burst<<MemoryPort as Port>::Packet>,
    leaving: Burst<<MemoryPort as Port>::Packet>,
    members: Vec<Line>,
    /// Members who owe an acknowledgement, each once.
    owing: Vec<u16>,
    lost: u64,
    now: Instant,
}

/// One connection.
#[derive(Clone)]
struct Line {
    address: [u8; 4],
    /// Ethernet, IPv4 and TCP header of the last segment; the next one differs in a few places.
    headers: [u8; HEADERS],
    state: LineState,
    /// Next byte to be sent.
    next: u32,
    /// Bytes that the peer has acknowledged, and how many it takes from there.
    acknowledged: u32,
    window: u32,
    /// Next byte expected.
    expected: u32,
    unacknowledged: u8,
    owes: bool,
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum LineState {
    /// 0: not begun.
    Closed = 0,
    /// 1: SYN sent.
    Opening = 1,
    /// 2: bytes go both ways.
    Open = 2,
    /// 3: the peer has ended it.
    Lost = 3,
}

impl LightTcp {
    /// So many members on a port; `core` is the station they talk to.
    #[must_use]
    pub fn new(port: MemoryPort, core: Mac, members: u16) -> LightTcp {
        let line = |member: u16| Line {
            address: member_address(member).octets(),
            headers: [0; HEADERS],
            state: LineState::Closed,
            next: 0x1000_0000 + u32::from(member) * 0x1_0001,
            acknowledged: 0,
            window: 0,
            expected: 0,
            unacknowledged: 0,
            owes: false,
        };
        LightTcp {
            port,
            core,
            arriving: Burst::new(BURST),
            leaving: Burst::new(BURST),
            members: (0..members).map(line).collect(),
            owing: Vec::with_capacity(members.into()),
            lost: 0,
            now: Instant::ZERO,
        }
    }

    /// Sends a segment; the payload has room in a packet.
    fn segment(&mut self, member: usize, flags: u8, options: &[u8], payload: &[u8]) -> bool {
        let length = HEADERS + options.len() + payload.len();
        let Some(mut packet) = self.port.allocate(length) else { return false };
        let line = &mut self.members[member];
        let headers = &mut line.headers;
        headers[16..18].copy_from_slice(&((length - 14) as u16).to_be_bytes());
        headers[24..26].fill(0);
        headers[38..42].copy_from_slice(&line.next.to_be_bytes());
        headers[42..46].copy_from_slice(&line.expected.to_be_bytes());
        headers[46] = ((20 + options.len()) as u8 / 4) << 4;
        headers[47] = flags;
        headers[50..52].fill(0);
        let header_sum = checksum(sum(&headers[14..34]));
        headers[24..26].copy_from_slice(&header_sum.to_ne_bytes());
        let frame = packet.as_mut();
        frame[..HEADERS].copy_from_slice(headers);
        frame[HEADERS..HEADERS + options.len()].copy_from_slice(options);
        frame[HEADERS + options.len()..].copy_from_slice(payload);
        // The pseudo-header: both addresses, the protocol, the TCP length.
        let tcp_length = (length - 34) as u16;
        let pseudo = sum(&frame[26..34]) + u64::from(u16::from_ne_bytes([0, 6])) + u64::from(tcp_length.to_be());
        let segment_sum = checksum(pseudo + sum(&frame[34..]));
        frame[50..52].copy_from_slice(&segment_sum.to_ne_bytes());
        line.next = line.next.wrapping_add(payload.len() as u32 + u32::from(flags & SYN != 0));
        line.unacknowledged = 0;
        if self.leaving.is_full() {
            self.port.egress_frame(self.now, &mut self.leaving);
        }
        self.leaving.push(packet).is_ok()
    }

    fn owe(&mut self, member: usize) {
        if !std::mem::replace(&mut self.members[member].owes, true) {
            self.owing.push(member as u16);
        }
    }

    /// One frame of the service's.
    fn take(&mut self, frame: &[u8], heard: &mut impl FnMut(usize, &[u8])) {
        // IPv4 without options, TCP; the rest (a question for an address) is not for this client.
        if frame.len() < HEADERS || frame[12..15] != [8, 0, 0x45] || frame[23] != 6 {
            return;
        }
        let member = usize::from(u16::from_be_bytes([frame[32], frame[33]]).wrapping_sub(1));
        let Some(line) = self.members.get_mut(member).filter(|line| line.address == frame[30..34]) else { return };
        let number = |at: usize| u32::from_be_bytes([frame[at], frame[at + 1], frame[at + 2], frame[at + 3]]);
        let end = 14 + usize::from(u16::from_be_bytes([frame[16], frame[17]]));
        let begin = 34 + usize::from(frame[46] >> 4) * 4;
        let (sequence, flags) = (number(38), frame[47]);
        let Some(payload) = frame.get(begin..end) else { return };
        if flags & RST != 0 {
            line.state = LineState::Lost;
            self.lost += 1;
            return;
        }
        if flags & ACK != 0 {
            line.acknowledged = number(42);
            line.window = u32::from(u16::from_be_bytes([frame[48], frame[49]]));
        }
        match line.state {
            LineState::Opening if flags & SYN != 0 => {
                line.expected = sequence.wrapping_add(1);
                line.state = LineState::Open;
                self.segment(member, ACK, &[], &[]);
            }
            LineState::Open if sequence == line.expected => {
                line.expected = line.expected.wrapping_add(payload.len() as u32);
                if flags & FIN != 0 {
                    line.state = LineState::Lost;
                    self.lost += 1;
                }
                if !payload.is_empty() {
                    line.unacknowledged += 1;
                    heard(member, payload);
                    self.owe(member);
                }
            }
            // Sent again, or behind something that was lost: it is said again what is expected.
            LineState::Open if !payload.is_empty() => {
                line.unacknowledged = SEGMENTS_UNACKNOWLEDGED;
                self.owe(member);
            }
            _ => {}
        }
    }
}

impl Wire for LightTcp {
    fn connect(&mut self, remote: SocketAddrV4, now: Instant) -> Result<(), String> {
        self.now = now;
        let (ours, core) = (self.port.mac().0, self.core.0);
        for member in 0..self.members.len() {
            let line = &mut self.members[member];
            let headers = &mut line.headers;
            headers[..6].copy_from_slice(&core);
            headers[6..12].copy_from_slice(&ours);
            headers[12..16].copy_from_slice(&[8, 0, 0x45, 0]);
            headers[20] = 0x40; // not to be fragmented
            headers[22] = 64; // time to live
            headers[23] = 6; // TCP
            headers[26..30].copy_from_slice(&line.address);
            headers[30..34].copy_from_slice(&remote.ip().octets());
            headers[34..36].copy_from_slice(&(MEMBER_PORT_FIRST + member as u16 % 20_000).to_be_bytes());
            headers[36..38].copy_from_slice(&remote.port().to_be_bytes());
            headers[48..50].copy_from_slice(&WINDOW.to_be_bytes());
            line.state = LineState::Opening;
            let [high, low] = (SEGMENT_BYTES as u16).to_be_bytes();
            if !self.segment(member, SYN, &[2, 4, high, low], &[]) {
                return Err("the network in memory has no buffer".to_owned());
            }
        }
        self.flush(now, false);
        Ok(())
    }

    #[inline]
    fn has_room(&self, member: usize, bytes: usize) -> bool {
        let line = &self.members[member];
        let under_way = line.next.wrapping_sub(line.acknowledged);
        line.state == LineState::Open && under_way as usize + bytes <= line.window as usize
    }

    fn send(&mut self, member: usize, bytes: &[u8]) -> bool {
        self.has_room(member, bytes.len()) && self.segment(member, ACK | PSH, &[], bytes)
    }

    fn poll(&mut self, now: Instant, mut heard: impl FnMut(usize, &[u8])) {
        self.now = now;
        loop {
            let mut arriving = std::mem::replace(&mut self.arriving, Burst::new(0));
            self.port.ingress_frame(now, &mut arriving);
            let is_last = !arriving.is_full();
            while let Some(packet) = arriving.pop() {
                self.take(packet.as_ref(), &mut heard);
                self.port.release(packet);
            }
            self.arriving = arriving;
            if is_last {
                return;
            }
        }
    }

    fn flush(&mut self, now: Instant, is_idle: bool) {
        self.now = now;
        let mut owing = std::mem::take(&mut self.owing);
        owing.retain(|&member| {
            let line = &self.members[usize::from(member)];
            let (is_due, is_paid) = (line.unacknowledged >= SEGMENTS_UNACKNOWLEDGED, line.unacknowledged == 0);
            if !is_paid && (is_due || is_idle) {
                self.segment(member.into(), ACK, &[], &[]);
            }
            let line = &mut self.members[usize::from(member)];
            line.owes = line.unacknowledged > 0;
            line.owes
        });
        self.owing = owing;
        while !self.leaving.is_empty() {
            self.port.egress_frame(now, &mut self.leaving);
        }
    }

    fn is_open(&self, member: usize) -> bool {
        self.members[member].state == LineState::Open
    }

    fn lost(&self) -> u64 {
        self.lost
    }
}

/// Address of a member on the in-memory network: its number in the low 16 bits, from 1.
fn member_address(member: u16) -> Ipv4Addr {
    let [high, low] = (member + 1).to_be_bytes();
    Ipv4Addr::new(10, 1, high, low)
}

/// The one's complement sum of the bytes, not folded; of 16-bit words as they lie, so that the order of bytes does not matter.
#[inline]
fn sum(bytes: &[u8]) -> u64 {
    let mut words = bytes.chunks_exact(8);
    let mut total = 0;
    for word in &mut words {
        let word = u64::from_ne_bytes(word.try_into().expect("a chunk has 8 bytes"));
        total += (word & 0xFFFF_FFFF) + (word >> 32);
    }
    let rest = words.remainder();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let last = u64::from_ne_bytes(last);
    total + (last & 0xFFFF_FFFF) + (last >> 32)
}

#[inline]
fn checksum(mut total: u64) -> u16 {
    while total > 0xFFFF {
        total = (total & 0xFFFF) + (total >> 16);
    }
    !(total as u16)
}

/// Members through the kernel's TCP.
pub struct KernelTcp {
    sockets: Sockets,
    members: Vec<Option<SessionId>>,
    opened: Vec<bool>,
    lost: u64,
}

struct Heard<'a, F> {
    members: &'a [Option<SessionId>],
    opened: &'a mut [bool],
    lost: &'a mut u64,
    heard: F,
}

impl KernelTcp {
    /// So many members at one address of this machine's.
    ///
    /// # Errors
    /// Too many open files.
    pub fn new(address: Ipv4Addr, members: u16) -> Result<KernelTcp, String> {
        let config = SocketsConfig { sessions: members.into(), ..SocketsConfig::new(address) };
        let sockets = Sockets::new(config).map_err(|error| format!("sockets: {error}"))?;
        let members = usize::from(members);
        Ok(KernelTcp { sockets, members: vec![None; members], opened: vec![false; members], lost: 0 })
    }
}

impl Wire for KernelTcp {
    fn connect(&mut self, remote: SocketAddrV4, now: Instant) -> Result<(), String> {
        for _ in 0..self.members.len() {
            let session = self.sockets.connect(remote, now).map_err(|error| format!("{remote}: {error}"))?;
            self.members[session.index()] = Some(session);
        }
        Ok(())
    }

    fn has_room(&self, member: usize, bytes: usize) -> bool {
        self.members[member].is_some_and(|session| self.sockets.send_room(session) >= bytes)
    }

    fn send(&mut self, member: usize, bytes: &[u8]) -> bool {
        let Some(session) = self.members[member].filter(|_| self.has_room(member, bytes.len())) else { return false };
        self.sockets.send(session, bytes).is_ok()
    }

    fn poll(&mut self, now: Instant, heard: impl FnMut(usize, &[u8])) {
        let KernelTcp { sockets, members, opened, lost } = self;
        sockets.poll_ingress(now, &mut Heard { members, opened, lost, heard });
    }

    fn flush(&mut self, now: Instant, _is_idle: bool) {
        self.sockets.poll_egress(now);
    }

    fn is_open(&self, member: usize) -> bool {
        self.opened[member]
    }

    fn lost(&self) -> u64 {
        self.lost
    }
}

impl<F: FnMut(usize, &[u8])> Handler for Heard<'_, F> {
    fn opened(&mut self, session: SessionId, _: Peer) {
        self.opened[session.index()] = self.members[session.index()] == Some(session);
    }

    fn data(&mut self, session: SessionId, bytes: &[u8]) -> usize {
        (self.heard)(session.index(), bytes);
        bytes.len()
    }

    fn closed(&mut self, session: SessionId, _: CloseReason) {
        self.opened[session.index()] = false;
        *self.lost += 1;
    }
}
