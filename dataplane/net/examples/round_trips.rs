//! Round trips of one message between two hosts in memory: their time, and for an instruction counter:
//!
//!     cargo run --release -p net --example round_trips [-- sessions [trips [bytes]]]
//!     valgrind --tool=callgrind --toggle-collect='*round_trip_once*' target/release/examples/round_trips 64 10000
//!
//! Arguments: sessions (visited in turn; without it 1, 50 and 1,000 of them), round trips, bytes of a message. One round trip is
//! two data segments, of which the second acknowledges the first, and one bare acknowledgement; each goes through a host's
//! egress, the switch, and the other host's ingress, checksums in software. It prints how many segments that were, and
//! nanoseconds from the message to the acknowledgement of its answer, with the two readings of the clock beside them.

use net::{
    CloseReason, Filter, Handler, Host, HostConfig, Instant, MemoryPort, Network, NetworkConfig, Peer, SessionId,
};
use std::net::{Ipv4Addr, SocketAddrV4};

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const MESSAGE_MAX: usize = 1_400;

/// The last message that came.
struct Inbox {
    opened: usize,
    session: Option<SessionId>,
    bytes: usize,
}

impl Handler for Inbox {
    fn opened(&mut self, _: SessionId, _: Peer) {
        self.opened += 1;
    }

    fn data(&mut self, session: SessionId, bytes: &[u8]) -> usize {
        self.session = Some(session);
        self.bytes += bytes.len();
        bytes.len()
    }

    fn closed(&mut self, session: SessionId, why: CloseReason) {
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
        let inbox = Inbox { opened: 0, session: None, bytes: 0 };
        Node { host: Host::new(config, network.attach()), inbox }
    }
}

/// A message there and back, and the acknowledgement of the answer.
#[inline(never)]
fn round_trip_once(client: &mut Node, server: &mut Node, session: SessionId, message: &[u8], now: Instant) {
    client.host.send(session, message).expect("the session is open");
    client.host.poll_egress(now);
    server.host.poll_ingress(now, &mut server.inbox);
    let theirs = server.inbox.session.take().expect("the message came");
    server.host.send(theirs, message).expect("the session is open");
    server.host.poll_egress(now);
    client.host.poll_ingress(now, &mut client.inbox);
    client.host.poll_egress(now);
    server.host.poll_ingress(now, &mut server.inbox);
    server.host.poll_egress(now);
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>().expect("a number"));
    let sessions = arguments.next();
    let trips = arguments.next().unwrap_or(10_000);
    let length = arguments.next().unwrap_or(200).min(MESSAGE_MAX);
    match sessions {
        Some(sessions) => measure(sessions, trips, length),
        None => [1, 50, 1_000].into_iter().for_each(|sessions| measure(sessions, trips, length)),
    }
    let clock = std::time::Instant::now();
    for _ in 0..trips {
        std::hint::black_box(std::time::Instant::now());
    }
    println!("two readings of the clock: {} ns", 2 * clock.elapsed().as_nanos() / trips.max(1) as u128);
}

/// Prints what so many round trips took, the sessions visited in turn.
fn measure(sessions: usize, trips: usize, length: usize) {
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
        for node in [&mut client, &mut server] {
            node.host.poll_ingress(now, &mut node.inbox);
            node.host.poll_egress(now);
        }
    }
    let message = [0x5A; MESSAGE_MAX];
    let before = (client.host.counters(), server.host.counters());
    let mut nanos = Vec::with_capacity(trips);
    for trip in 0..trips {
        now = Instant::from_nanos(now.nanos() + 1_000);
        let clock = std::time::Instant::now();
        round_trip_once(&mut client, &mut server, ids[trip % sessions], &message[..length], now);
        nanos.push(clock.elapsed().as_nanos());
    }
    nanos.sort_unstable();
    let at = |part: f64| nanos[(nanos.len().saturating_sub(1) as f64 * part) as usize];
    let (client, server) = (client.host.counters(), server.host.counters());
    println!(
        "{trips} round trips of {length} bytes over {sessions} sessions: {} frames to the server, {} back; ns p50 {}, p90 {}, p99 {}",
        client.egress_frames - before.0.egress_frames,
        server.egress_frames - before.1.egress_frames,
        at(0.5),
        at(0.9),
        at(0.99),
    );
}
