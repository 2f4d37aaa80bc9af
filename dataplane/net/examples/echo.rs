//! Two hosts on a network in memory, one sends 100 bytes, the other sends them back: nanoseconds for the round trip.
//!
//!     cargo run --release -p net --example echo
//!
//! It prints the whole round trip (two hosts, each an ingress and an egress of one segment; software checksums) for one
//! session alone and among a thousand, visited in turn, and a timer call's own cost beside it.

use net::{Filter, Handler, Host, HostConfig, Instant, MemoryPort, Network, NetworkConfig, Peer, SessionId};
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddrV4};

const MESSAGE: usize = 100;
const ROUND_TRIPS: usize = 300_000;
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

/// What came, to be looked at after the poll.
struct Inbox {
    opened: usize,
    messages: VecDeque<(SessionId, [u8; MESSAGE])>,
}

impl Handler for Inbox {
    fn opened(&mut self, _: SessionId, _: Peer) {
        self.opened += 1;
    }

    fn data(&mut self, session: SessionId, bytes: &[u8]) -> usize {
        let messages = bytes.chunks_exact(MESSAGE);
        let left = messages.remainder().len();
        for message in messages {
            self.messages.push_back((session, message.try_into().expect("a chunk is a message long")));
        }
        bytes.len() - left
    }

    fn closed(&mut self, session: SessionId, why: net::CloseReason) {
        panic!("{session:?} ended: {why:?}");
    }
}

struct Node {
    host: Host<MemoryPort>,
    inbox: Inbox,
}

impl Node {
    fn new(network: &Network, address: Ipv4Addr, sessions: usize) -> Node {
        let config = HostConfig { sessions, ..HostConfig::new(address, u64::from(address.to_bits())) };
        let inbox = Inbox { opened: 0, messages: VecDeque::with_capacity(64) };
        Node { host: Host::new(config, network.attach()), inbox }
    }

    /// One round of the server: every message goes back.
    fn echo(&mut self, now: Instant) {
        self.host.poll_ingress(now, &mut self.inbox);
        while let Some((session, message)) = self.inbox.messages.pop_front() {
            let sent = self.host.send_with(session, MESSAGE, |room| {
                room.copy_from_slice(&message);
                MESSAGE
            });
            assert_eq!(sent, Ok(MESSAGE));
        }
        self.host.poll_egress(now);
    }
}

fn main() {
    println!("round trip of {MESSAGE} bytes through two hosts in memory, {ROUND_TRIPS} each:");
    for sessions in [1, 50, 1_000] {
        let mut nanos = measure(sessions);
        nanos.sort_unstable();
        let at = |part: f64| nanos[((nanos.len() - 1) as f64 * part) as usize];
        let mean = nanos.iter().sum::<u64>() / nanos.len() as u64;
        println!(
            "{sessions:>5} sessions: mean {mean} ns, p50 {}, p90 {}, p99 {}, p99.9 {}",
            at(0.5),
            at(0.9),
            at(0.99),
            at(0.999)
        );
    }
    let clock = std::time::Instant::now();
    for _ in 0..ROUND_TRIPS {
        std::hint::black_box(std::time::Instant::now());
    }
    println!("of which the two readings of the clock: {} ns", clock.elapsed().as_nanos() / ROUND_TRIPS as u128);
}

/// Nanoseconds of each round trip, the sessions visited in turn.
fn measure(sessions: usize) -> Vec<u64> {
    let network = Network::new(NetworkConfig::default());
    let mut server = Node::new(&network, SERVER, sessions);
    let mut client = Node::new(&network, CLIENT, sessions);
    server.host.listen(7_000, Filter::everybody()).expect("a fresh host listens");
    let mut now = Instant::ZERO;
    let service = SocketAddrV4::new(SERVER, 7_000);
    let ids: Vec<SessionId> =
        (0..sessions).map(|_| client.host.connect(service, now).expect("there is a place for each")).collect();
    while server.inbox.opened < sessions || client.inbox.opened < sessions {
        now = Instant::from_nanos(now.nanos() + 10_000);
        client.host.poll_ingress(now, &mut client.inbox);
        client.host.poll_egress(now);
        server.echo(now);
    }
    let mut nanos = Vec::with_capacity(ROUND_TRIPS);
    for trip in 0..ROUND_TRIPS + ROUND_TRIPS / 10 {
        now = Instant::from_nanos(now.nanos() + 1_000);
        let clock = std::time::Instant::now();
        let message = [trip as u8; MESSAGE];
        assert_eq!(client.host.send(ids[trip % sessions], &message), Ok(MESSAGE));
        client.host.poll_egress(now);
        server.echo(now);
        client.host.poll_ingress(now, &mut client.inbox);
        let answer = client.inbox.messages.pop_front().expect("the answer is there in the same round");
        let elapsed = clock.elapsed().as_nanos() as u64;
        assert_eq!(answer.1, message);
        if trip >= ROUND_TRIPS / 10 {
            nanos.push(elapsed);
        }
    }
    nanos
}
