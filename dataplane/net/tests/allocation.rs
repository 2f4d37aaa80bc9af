//! After the first few messages nothing is allocated from the heap, on either side, packet pool and switch included.

mod common;

use common::{CLIENT, PORT, SERVER, SERVICE};
use effort::heap::{Counting, allocations};
use net::{
    CloseReason, Filter, Handler, Host, HostConfig, Instant, MemoryPort, Network, NetworkConfig, Peer, SessionId,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Keeps one message, in a place that was there before.
struct Inbox {
    session: Option<SessionId>,
    message: [u8; 100],
    count: usize,
}

impl Handler for Inbox {
    fn opened(&mut self, session: SessionId, _: Peer) {
        self.session = Some(session);
    }

    fn data(&mut self, _: SessionId, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(100 - self.count);
        self.message[self.count..self.count + taken].copy_from_slice(&bytes[..taken]);
        self.count += taken;
        taken
    }

    fn closed(&mut self, session: SessionId, why: CloseReason) {
        panic!("{session:?} closed: {why:?}");
    }
}

struct Node {
    host: Host<MemoryPort>,
    inbox: Inbox,
}

impl Node {
    fn new(host: Host<MemoryPort>) -> Node {
        Node { host, inbox: Inbox { session: None, message: [0; 100], count: 0 } }
    }
}

#[test]
fn ten_thousand_round_trips_allocate_nothing() {
    let network = Network::new(NetworkConfig::default());
    let mut server = Node::new(Host::new(HostConfig::new(SERVER, 1), network.attach()));
    let mut client = Node::new(Host::new(HostConfig::new(CLIENT, 2), network.attach()));
    server.host.listen(PORT, Filter::everybody()).unwrap();
    let id = client.host.connect(SERVICE, Instant::ZERO).unwrap();
    let mut now = Instant::ZERO;
    while client.inbox.session.is_none() || server.inbox.session.is_none() {
        now = Instant::from_nanos(now.nanos() + 1_000);
        for node in [&mut client, &mut server] {
            node.host.poll_ingress(now, &mut node.inbox);
            node.host.poll_egress(now);
        }
    }
    let theirs = server.inbox.session.unwrap();
    let mut round_trips = |count: u32| {
        let before = allocations();
        for trip in 0..count {
            // Far enough apart for timers to come due now and then.
            now = Instant::from_nanos(now.nanos() + 50_000);
            let message = [trip as u8; 100];
            assert_eq!(client.host.send(id, &message), Ok(100));
            client.host.poll_egress(now);
            server.host.poll_ingress(now, &mut server.inbox);
            assert_eq!(std::mem::take(&mut server.inbox.count), 100);
            let answer = server.inbox.message;
            let sent = server.host.send_with(theirs, 100, |room| {
                room.copy_from_slice(&answer);
                100
            });
            assert_eq!(sent, Ok(100));
            server.host.poll_egress(now);
            client.host.poll_ingress(now, &mut client.inbox);
            assert_eq!(std::mem::take(&mut client.inbox.count), 100);
            assert_eq!(client.inbox.message, message);
        }
        allocations() - before
    };
    let warming = round_trips(100);
    let buffers = network.counters().buffers;
    assert_eq!(round_trips(10_000), 0, "after {warming} allocations while warming up");
    assert_eq!(network.counters().buffers, buffers);
    assert!(server.host.counters().timers > 1);
}
