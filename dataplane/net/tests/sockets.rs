//! The kernel's TCP behind `Transport`: what `Host` promises, against ordinary blocking-free clients of the standard library.
//!
//! Everything is on one thread and polled; a loop that waits for something gives up after ten seconds.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, which the lint cannot see")]

use net::{
    CloseReason, Filter, Handler, Instant, Opener, Peer, SendError, SessionId, Sockets, SocketsConfig, Transport,
};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant as Clock};

const PORT: u16 = 17_000;
const PATIENCE: Duration = Duration::from_secs(10);

/// An address of the loopback's that is this test's alone: the process's number and a count.
fn address() -> Ipv4Addr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, high.max(1), low, NEXT.fetch_add(1, Ordering::Relaxed))
}

#[derive(Default)]
struct Log {
    opened: Vec<(SessionId, Peer)>,
    closed: Vec<(SessionId, CloseReason)>,
    /// Taken and not yet sent back.
    pending: BTreeMap<SessionId, Vec<u8>>,
    /// Bytes taken of each offer at most.
    appetite: Option<usize>,
    longest_offer: usize,
}

impl Handler for Log {
    fn opened(&mut self, session: SessionId, peer: Peer) {
        assert!(self.pending.insert(session, Vec::new()).is_none(), "{session:?} opened twice");
        self.opened.push((session, peer));
    }

    fn data(&mut self, session: SessionId, bytes: &[u8]) -> usize {
        self.longest_offer = self.longest_offer.max(bytes.len());
        let taken = self.appetite.unwrap_or(bytes.len()).min(bytes.len());
        self.pending.get_mut(&session).expect("data comes between opened and closed").extend(&bytes[..taken]);
        taken
    }

    fn closed(&mut self, session: SessionId, why: CloseReason) {
        self.pending.remove(&session);
        self.closed.push((session, why));
    }
}

struct Server {
    sockets: Sockets,
    log: Log,
    began: Clock,
}

impl Server {
    fn new(config: SocketsConfig) -> Server {
        Server { sockets: Sockets::new(config).unwrap(), log: Log::default(), began: Clock::now() }
    }

    fn listening(config: SocketsConfig) -> Server {
        let mut server = Server::new(config);
        server.sockets.listen(PORT, Filter::everybody()).unwrap();
        server
    }

    fn now(&self) -> Instant {
        Instant::from_nanos(self.began.elapsed().as_nanos() as u64)
    }

    fn poll(&mut self) {
        let now = self.now();
        self.sockets.poll_ingress(now, &mut self.log);
        self.sockets.poll_egress(now);
    }

    /// Sends back what was taken, as far as there is room.
    fn echo(&mut self) {
        self.poll();
        for (session, bytes) in &mut self.log.pending {
            if let Ok(sent) = self.sockets.send(*session, bytes) {
                bytes.drain(..sent);
            }
        }
    }

    fn until(&mut self, what: &str, mut done: impl FnMut(&mut Server) -> bool) {
        let begin = Clock::now();
        while !done(self) {
            assert!(begin.elapsed() < PATIENCE, "{what} has not happened; closed: {:?}", self.log.closed);
            self.poll();
        }
    }

    fn client(&mut self, address: Ipv4Addr) -> (TcpStream, SessionId) {
        let client = TcpStream::connect((address, PORT)).unwrap();
        client.set_nonblocking(true).unwrap();
        let count = self.log.opened.len();
        self.until("opened", |server| server.log.opened.len() > count);
        (client, self.log.opened[count].0)
    }
}

fn bytes(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..count).map(|_| next()).collect()
}

/// What can be read now; None at the end.
fn read_some(client: &mut TcpStream, into: &mut Vec<u8>) -> Option<usize> {
    let mut buffer = [0; 4_096];
    match client.read(&mut buffer) {
        Ok(0) => None,
        Ok(count) => {
            into.extend(&buffer[..count]);
            Some(count)
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Some(0),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn sixty_four_kernel_clients_get_back_exactly_what_they_sent() {
    let address = address();
    let mut server = Server::listening(SocketsConfig::new(address));
    let mut flows: Vec<(TcpStream, Vec<u8>, usize, Vec<u8>)> =
        (0..64).map(|flow| (server.client(address).0, bytes(flow, 200_000 + flow as usize), 0, Vec::new())).collect();
    let begin = Clock::now();
    while flows.iter().any(|(_, sent, _, heard)| heard.len() < sent.len()) {
        assert!(begin.elapsed() < PATIENCE);
        server.echo();
        for (client, all, sent, heard) in &mut flows {
            match client.write(&all[*sent..]) {
                Ok(count) => *sent += count,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            read_some(client, heard).unwrap();
        }
    }
    assert!(flows.iter().all(|(_, sent, _, heard)| sent == heard));
    let counters = server.sockets.counters();
    let total: u64 = (0..64).map(|flow| 200_000 + flow).sum();
    assert_eq!((counters.accepted, counters.ingress_bytes, counters.egress_bytes), (64, total, total));
}

#[test]
fn a_full_reader_closes_the_window_and_nothing_is_lost() {
    let address = address();
    let config = SocketsConfig { receive_buffer: 4_096, ..SocketsConfig::new(address) };
    let mut server = Server::listening(config);
    let (mut client, session) = server.client(address);
    server.log.appetite = Some(0);
    let all = bytes(3, 8_000_000);
    let mut sent = 0;
    // The kernel's own buffers fill up as well, and then the client can send no more.
    let mut refused = 0;
    while refused < 1_000 {
        match client.write(&all[sent..]) {
            Ok(count) => (sent, refused) = (sent + count, 0),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                refused += 1;
            }
        }
        server.poll();
    }
    assert!(sent < all.len(), "the window never closed");
    assert_eq!(server.log.longest_offer, 4_096);
    assert!(server.log.pending[&session].is_empty());
    server.log.appetite = Some(1_000);
    let begin = Clock::now();
    while server.log.pending[&session].len() < all.len() {
        assert!(begin.elapsed() < PATIENCE, "{} of {}", server.log.pending[&session].len(), all.len());
        server.sockets.offer_again(session);
        server.poll();
        if let Ok(count) = client.write(&all[sent..]) {
            sent += count;
        }
    }
    assert!(server.log.pending[&session] == all);
}

#[test]
fn a_slow_client_fills_the_send_buffer_and_then_gets_every_byte() {
    let address = address();
    let mut server = Server::listening(SocketsConfig::new(address));
    let (mut client, session) = server.client(address);
    let all = bytes(4, 16_000_000);
    let mut sent = 0;
    let mut refused = 0;
    while refused < 1_000 {
        let count = server.sockets.send(session, &all[sent..]).unwrap();
        refused = if count == 0 { refused + 1 } else { 0 };
        sent += count;
        server.poll();
    }
    assert!(sent < all.len(), "the buffers never filled");
    assert_eq!(server.sockets.send_room(session), 0);
    assert_eq!(server.sockets.send_with(session, 1, |_| 1), Err(SendError::NoRoom));
    assert_eq!(server.sockets.next_deadline(), None, "nothing can be done until the client reads");
    let mut heard = Vec::new();
    let begin = Clock::now();
    while heard.len() < all.len() {
        assert!(begin.elapsed() < PATIENCE);
        read_some(&mut client, &mut heard).unwrap();
        if sent < all.len() {
            sent += server.sockets.send(session, &all[sent..]).unwrap();
        }
        server.poll();
    }
    assert!(heard == all);
}

#[test]
fn who_finishes_sending_is_leaving_and_still_hears_what_was_queued() {
    let address = address();
    let mut server = Server::listening(SocketsConfig::new(address));
    let (mut client, session) = server.client(address);
    server.log.appetite = Some(0);
    client.write_all(b"the last words").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    server.until("the words came", |server| server.log.longest_offer == 14);
    for _ in 0..100 {
        server.poll();
    }
    assert!(server.log.closed.is_empty(), "bytes that are not consumed keep the session");
    server.sockets.send(session, b"goodbye").unwrap();
    server.log.appetite = None;
    server.sockets.offer_again(session);
    server.until("closed", |server| !server.log.closed.is_empty());
    assert_eq!(server.log.closed, [(session, CloseReason::PeerFinished)]);
    let mut heard = Vec::new();
    server.until("the end", |_| read_some(&mut client, &mut heard).is_none());
    assert_eq!(heard, b"goodbye");
    assert_eq!(server.sockets.send(session, b"x"), Err(SendError::Stale));
}

#[test]
fn a_reset_is_told_once_behind_the_bytes_that_came_before() {
    let address = address();
    let mut server = Server::listening(SocketsConfig::new(address));
    let (mut client, session) = server.client(address);
    client.write_all(b"before").unwrap();
    rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
    drop(client);
    server.sockets.send(session, b"into nowhere").unwrap();
    server.until("closed", |server| !server.log.closed.is_empty());
    assert_eq!(server.log.closed, [(session, CloseReason::Reset)]);
    for _ in 0..100 {
        server.poll();
    }
    assert_eq!(server.log.closed.len(), 1);
}

#[test]
fn our_close_sends_what_is_queued_and_waits_for_the_peer() {
    let address = address();
    let mut server = Server::listening(SocketsConfig::new(address));
    let (mut client, session) = server.client(address);
    let all = bytes(6, 60_000);
    assert_eq!(server.sockets.send(session, &all), Ok(all.len()));
    server.sockets.close(session);
    assert_eq!(server.sockets.send(session, b"x"), Err(SendError::NotOpen));
    let mut heard = Vec::new();
    server.until("the end", |_| read_some(&mut client, &mut heard).is_none());
    assert!(heard == all);
    client.write_all(b"nobody reads this").unwrap();
    for _ in 0..100 {
        server.poll();
    }
    assert!(server.log.closed.is_empty(), "the peer has not followed");
    drop(client);
    server.until("closed", |server| !server.log.closed.is_empty());
    assert_eq!(server.log.closed, [(session, CloseReason::Finished)]);
}

#[test]
fn a_peer_that_does_not_follow_our_close_is_given_up() {
    let address = address();
    let config = SocketsConfig { close_timeout: Duration::from_millis(20), ..SocketsConfig::new(address) };
    let mut server = Server::listening(config);
    let (_client, session) = server.client(address);
    server.sockets.close(session);
    server.until("closed", |server| !server.log.closed.is_empty());
    assert_eq!(server.log.closed, [(session, CloseReason::TimedOut)]);
}

#[test]
fn an_abort_is_a_reset_and_the_place_is_used_again_under_another_id() {
    let address = address();
    let config = SocketsConfig { sessions: 1, ..SocketsConfig::new(address) };
    let mut server = Server::listening(config);
    let (mut client, first) = server.client(address);
    server.sockets.abort(first);
    server.until("closed", |server| !server.log.closed.is_empty());
    assert_eq!(server.log.closed, [(first, CloseReason::Aborted)]);
    let begin = Clock::now();
    let error = loop {
        match client.read(&mut [0; 8]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => assert!(begin.elapsed() < PATIENCE),
            Err(error) => break error.kind(),
            Ok(count) => panic!("{count} bytes"),
        }
    };
    assert_eq!(error, ErrorKind::ConnectionReset);
    let (_other, second) = server.client(address);
    assert_eq!(second.index(), first.index());
    assert_ne!(second, first);
    server.sockets.close(first);
    server.sockets.abort(first);
    server.sockets.offer_again(first);
    assert!(!server.sockets.is_open(first) && server.sockets.is_open(second));
    assert_eq!(server.sockets.send(first, b"x"), Err(SendError::Stale));
    assert_eq!(server.sockets.send_room(first), 0);
}

#[test]
fn who_is_not_admitted_or_finds_no_place_is_reset_and_never_mentioned() {
    let address = address();
    let config = SocketsConfig { sessions: 1, ..SocketsConfig::new(address) };
    let mut server = Server::new(config);
    server.sockets.listen(PORT, Filter::only([])).unwrap();
    let mut foreigner = TcpStream::connect((address, PORT)).unwrap();
    server.until("dropped", |server| server.sockets.counters().drops.foreign == 1);
    assert_eq!(foreigner.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    *server.sockets.filter_mut(PORT).unwrap() = Filter::everybody();
    let (_client, _) = server.client(address);
    let mut late = TcpStream::connect((address, PORT)).unwrap();
    server.until("dropped", |server| server.sockets.counters().drops.full == 1);
    assert_eq!(late.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!((server.log.opened.len(), server.log.closed.len()), (1, 0));
}

#[test]
fn connections_of_ours_open_are_refused_or_give_up() {
    let address = address();
    let listener = TcpListener::bind((address, PORT)).unwrap();
    let mut server = Server::new(SocketsConfig::new(address));
    let now = server.now();
    let session = server.sockets.connect(SocketAddrV4::new(address, PORT), now).unwrap();
    assert_eq!(server.sockets.send(session, b"too early"), Err(SendError::NotOpen));
    server.until("opened", |server| !server.log.opened.is_empty());
    let (id, peer) = server.log.opened[0];
    assert_eq!((id, peer.opener, *peer.address.ip()), (session, Opener::Ourselves, address));
    let (mut accepted, from) = listener.accept().unwrap();
    assert_eq!((from.ip(), from.port()), (address.into(), peer.local_port));
    server
        .sockets
        .send_with(session, 100, |room| {
            assert_eq!(room.len(), 100);
            room[..5].copy_from_slice(b"hello");
            5
        })
        .unwrap();
    server.poll();
    let mut heard = [0; 5];
    accepted.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"hello");

    let nobody = server.sockets.connect(SocketAddrV4::new(address, PORT + 1), now).unwrap();
    server.until("refused", |server| !server.log.closed.is_empty());
    assert_eq!(server.log.closed, [(nobody, CloseReason::Refused)]);
    assert!(server.sockets.connect(SocketAddrV4::new(Ipv4Addr::BROADCAST, 1), now).is_err());
    assert!(server.sockets.connect(SocketAddrV4::new(address, 0), now).is_err());
    let again = server.sockets.connect(SocketAddrV4::new(address, PORT), now).unwrap();
    server.sockets.abort(again);
    server.until("aborted", |server| server.log.closed.len() == 2);
    assert_eq!(server.log.closed[1], (again, CloseReason::Aborted));
}

#[test]
fn a_port_that_somebody_has_is_not_ours() {
    let address = address();
    let _other = TcpListener::bind((address, PORT)).unwrap();
    let mut server = Server::new(SocketsConfig::new(address));
    let error = server.sockets.listen(PORT, Filter::everybody()).unwrap_err();
    assert_eq!(error, net::ListenError::NotOurs);
    assert_eq!(server.sockets.listen(0, Filter::everybody()), Err(net::ListenError::NoPort));
    server.sockets.listen(PORT + 1, Filter::everybody()).unwrap();
    assert_eq!(server.sockets.listen(PORT + 1, Filter::everybody()), Err(net::ListenError::Taken));
}

#[test]
fn who_sleeps_is_woken_by_the_first_byte() {
    let address = address();
    let mut server = Server::listening(SocketsConfig::new(address));
    let (mut client, session) = server.client(address);
    client.write_all(b"wake up").unwrap();
    let begin = Clock::now();
    server.sockets.wait(PATIENCE);
    assert!(begin.elapsed() < PATIENCE / 2);
    // Edge-triggered: what the sleep was told is not forgotten.
    server.until("heard", |server| server.log.pending[&session] == b"wake up");
}
