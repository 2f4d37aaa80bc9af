//! Tests that reach into the stack: it is made to fail, and must cost one session and nothing else.

use crate::stack::{SegmentSink, Stack, StackFault, StackSettings};
use crate::{
    CloseReason, Filter, Handler, Host, HostConfig, Instant, MemoryPort, Network, NetworkConfig, Peer, SessionId,
};
use std::net::{Ipv4Addr, SocketAddrV4};

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

#[derive(Default)]
struct Log {
    opened: Vec<SessionId>,
    received: Vec<(SessionId, Vec<u8>)>,
    closed: Vec<(SessionId, CloseReason)>,
}

impl Handler for Log {
    fn opened(&mut self, session: SessionId, _: Peer) {
        self.opened.push(session);
    }

    fn data(&mut self, session: SessionId, bytes: &[u8]) -> usize {
        self.received.push((session, bytes.to_vec()));
        bytes.len()
    }

    fn closed(&mut self, session: SessionId, why: CloseReason) {
        self.closed.push((session, why));
    }
}

/// A server and a client with two sessions, and what each heard.
fn two_sessions() -> (Host<MemoryPort>, Log, Host<MemoryPort>, Log, [SessionId; 2]) {
    let network = Network::new(NetworkConfig::default());
    let (mut server, mut served) = (Host::new(HostConfig::new(SERVER, 1), network.attach()), Log::default());
    let (mut client, mut heard) = (Host::new(HostConfig::new(CLIENT, 2), network.attach()), Log::default());
    server.listen(7_000, Filter::everybody()).unwrap();
    let service = SocketAddrV4::new(SERVER, 7_000);
    let ids = [client.connect(service, Instant::ZERO).unwrap(), client.connect(service, Instant::ZERO).unwrap()];
    exchange(&mut server, &mut served, &mut client, &mut heard);
    assert_eq!((served.opened.len(), heard.opened.len()), (2, 2));
    (server, served, client, heard, ids)
}

fn exchange(server: &mut Host<MemoryPort>, served: &mut Log, client: &mut Host<MemoryPort>, heard: &mut Log) {
    for _ in 0..8 {
        client.poll_egress(Instant::ZERO);
        server.poll_ingress(Instant::ZERO, served);
        server.poll_egress(Instant::ZERO);
        client.poll_ingress(Instant::ZERO, heard);
    }
}

#[test]
fn a_shadow_that_disagrees_with_the_stack_drops_its_session_and_no_other() {
    // Behind, ahead, and the same number of turns of the circle away.
    for ahead in [1, 10, u32::MAX, 1 << 31] {
        let (mut server, mut served, mut client, mut heard, ids) = two_sessions();
        let broken = served.opened[0];
        server.slots[broken.index()].stack.as_mut().unwrap().falsify_shadow(ahead);
        for id in ids {
            client.send(id, b"twelve bytes").unwrap();
        }
        exchange(&mut server, &mut served, &mut client, &mut heard);
        assert_eq!(served.closed, [(broken, CloseReason::Fault)], "{ahead}");
        assert_eq!(server.counters().stack_faults, 1);
        assert!(served.received.contains(&(served.opened[1], b"twelve bytes".to_vec())));
        // The peer learns of it with its next segment.
        client.send(ids[0], b"more").unwrap();
        client.send(ids[1], b"more").unwrap();
        exchange(&mut server, &mut served, &mut client, &mut heard);
        assert_eq!(heard.closed, [(ids[0], CloseReason::Reset)]);
        assert!(served.received.contains(&(served.opened[1], b"more".to_vec())));
        assert_eq!((server.session_count(), client.session_count()), (1, 1));
    }
}

/// Panics in the middle of the stack's work.
struct Trap;

impl SegmentSink for Trap {
    fn reserve(&mut self) -> bool {
        true
    }

    fn send<R>(&mut self, _: usize, _: impl FnOnce(&mut [u8]) -> R) -> R {
        panic!("on purpose");
    }
}

#[test]
fn a_panic_inside_the_stack_is_caught() {
    let settings = StackSettings { receive_ring: 8_192, send_ring: 8_192, mtu: 1_500, fills_checksums: true };
    let (local, remote) = (SocketAddrV4::new(CLIENT, 50_000), SocketAddrV4::new(SERVER, 7_000));
    let mut stack = Stack::active(settings, local, remote, 1, Instant::ZERO).unwrap();
    assert_eq!(stack.egress(Instant::ZERO, &mut Trap), Err(StackFault::Panicked));
}

#[test]
fn only_one_file_knows_smoltcp() {
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut knowing = Vec::new();
    for entry in std::fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        if code.clone().any(|line| line.contains(concat!("smol", "tcp::"))) {
            knowing.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    assert_eq!(knowing, ["stack.rs"]);
}
