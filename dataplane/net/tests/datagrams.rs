//! Datagrams over our own host and over the kernel's sockets: they arrive as they were sent, at who asked for them, and nothing else does.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, which the lint cannot see")]

mod common;

use common::frames::Station;
use net::random::Random;
use net::{
    CloseReason, Correspondent, Handler, Host, HostConfig, Instant, ListenError, Mac, MemoryPort, Network,
    NetworkConfig, Peer, Port, SendError, SessionId, Sockets, SocketsConfig, Transport,
};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::time::{Duration, Instant as Clock};

const OURS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const THEIRS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const GROUP: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(239, 200, 2, 3), 7_100);

#[derive(Default)]
struct Log(Vec<(Correspondent, Vec<u8>)>);

impl Handler for Log {
    fn opened(&mut self, _: SessionId, _: Peer) {}

    fn data(&mut self, _: SessionId, bytes: &[u8]) -> usize {
        bytes.len()
    }

    fn closed(&mut self, _: SessionId, _: CloseReason) {}

    fn datagram(&mut self, from: Correspondent, bytes: &[u8]) {
        self.0.push((from, bytes.to_vec()));
    }
}

fn host(network: &Network, address: Ipv4Addr) -> Host<MemoryPort> {
    Host::new(HostConfig::new(address, 1), network.attach())
}

fn now(milliseconds: u64) -> Instant {
    Instant::from_nanos(milliseconds * 1_000_000)
}

#[test]
fn a_datagram_arrives_and_its_answer_comes_back_the_way_it_came() {
    let network = Network::new(NetworkConfig::default());
    let (mut ours, mut theirs) = (host(&network, OURS), host(&network, THEIRS));
    assert_eq!(ours.open_datagrams(0, 1), Err(ListenError::NoPort));
    ours.open_datagrams(7_000, 1).unwrap();
    assert_eq!(ours.open_datagrams(7_001, 1), Err(ListenError::Taken));
    let to = Correspondent { address: SocketAddrV4::new(OURS, 7_000), station: ours.port().mac() };
    assert_eq!(theirs.send_datagram(to, b"early"), Err(SendError::NotOpen));
    theirs.open_datagrams(7_200, 1).unwrap();
    let long: Vec<u8> = (0..1_472).map(|at| at as u8).collect();
    for bytes in [&b""[..], b"a", b"some words", &long] {
        theirs.send_datagram(to, bytes).unwrap();
    }
    assert_eq!(theirs.send_datagram(to, &[0; 1_473]), Err(SendError::NotOpen), "longer than a packet");
    // To another port of ours nobody listens.
    let elsewhere = Correspondent { address: SocketAddrV4::new(OURS, 7_001), ..to };
    theirs.send_datagram(elsewhere, b"astray").unwrap();
    theirs.poll_egress(now(1));
    let mut log = Log::default();
    while ours.poll_ingress(now(2), &mut log) > 0 {}
    let from = Correspondent { address: SocketAddrV4::new(THEIRS, 7_200), station: theirs.port().mac() };
    let expected: Vec<_> = [&b""[..], b"a", b"some words", &long].map(|bytes| (from, bytes.to_vec())).into();
    assert_eq!(log.0, expected);
    assert_eq!((ours.counters().datagrams, ours.counters().drops.no_listener), (4, 1));
    ours.send_datagram(from, b"answer").unwrap();
    ours.poll_egress(now(3));
    let mut log = Log::default();
    while theirs.poll_ingress(now(4), &mut log) > 0 {}
    assert_eq!(log.0, [(to, b"answer".to_vec())]);
}

#[test]
fn to_a_group_it_goes_to_the_groups_station_with_its_time_to_live() {
    let network = Network::new(NetworkConfig::default());
    let mut ours = host(&network, OURS);
    let mut port = network.attach();
    ours.open_datagrams(7_000, 5).unwrap();
    ours.send_datagram(Correspondent::group(GROUP), b"to all").unwrap();
    ours.poll_egress(now(1));
    let frames = taken(&mut port, now(2));
    let [frame] = &frames[..] else { panic!("one frame: {frames:?}") };
    assert_eq!(frame[..6], [0x01, 0x00, 0x5E, 72, 2, 3]);
    assert_eq!(frame[6..14], [&ours.port().mac().0[..], &[8, 0]].concat());
    assert_eq!((frame[22], frame[23]), (5, 17), "time to live, UDP");
    assert_eq!(frame[26..38], [10, 0, 0, 1, 239, 200, 2, 3, 0x1B, 0x58, 0x1B, 0xBC]);
    assert_eq!(&frame[42..], b"to all");
    // A host that has joined nothing takes none.
    let mut log = Log::default();
    let mut theirs = host(&network, THEIRS);
    theirs.open_datagrams(7_100, 1).unwrap();
    ours.send_datagram(Correspondent::group(GROUP), b"to all").unwrap();
    ours.poll_egress(now(3));
    theirs.poll_ingress(now(4), &mut log);
    assert!(log.0.is_empty());
}

fn taken(port: &mut MemoryPort, now: Instant) -> Vec<Vec<u8>> {
    let mut burst = net::Burst::new(32);
    port.ingress_frame(now, &mut burst);
    let mut frames = Vec::new();
    while let Some(packet) = burst.pop() {
        frames.push(packet.as_ref().to_vec());
        port.release(packet);
    }
    frames
}

#[test]
fn a_frame_with_any_byte_changed_never_brings_other_bytes() {
    let network = Network::new(NetworkConfig::default());
    let (mut ours, mut theirs) = (host(&network, OURS), host(&network, THEIRS));
    let mut station = Station::new(network.attach());
    ours.open_datagrams(7_000, 1).unwrap();
    theirs.open_datagrams(7_200, 1).unwrap();
    // A frame as it stands on the wire: written for the group, so that the tap sees it, then addressed to us.
    let words: Vec<u8> = (0..64).collect();
    theirs
        .send_datagram(Correspondent { address: SocketAddrV4::new(OURS, 7_000), station: Mac::BROADCAST }, &words)
        .unwrap();
    theirs.poll_egress(now(1));
    let mut frame = taken(&mut station.port, now(2)).remove(0);
    frame[..6].copy_from_slice(&ours.port().mac().0);
    let mut random = Random::new(7);
    let mut log = Log::default();
    let tries = effort::of(20_000) as u64;
    for number in 0..tries {
        let mut changed = frame.clone();
        // Of the packet; Ethernet has a sum of its own on the wire.
        let at = 14 + random.below(changed.len() as u64 - 14) as usize;
        changed[at] ^= 1 + random.below(255) as u8;
        if number % 5 == 0 {
            changed.truncate(random.below(changed.len() as u64) as usize);
        }
        station.send(now(3 + number), &changed);
        ours.poll_ingress(now(3 + number), &mut log);
    }
    assert!(log.0.is_empty(), "{:?}", log.0.first());
    station.send(now(4 + tries), &frame);
    ours.poll_ingress(now(4 + tries), &mut log);
    assert_eq!(log.0.len(), 1);
    assert_eq!(log.0[0].1, words);
    let drops = ours.counters().drops;
    assert!(drops.checksum > tries / 2 && drops.malformed > tries / 10, "{drops:?}");
}

#[test]
fn the_kernels_sockets_take_and_send_datagrams_also_to_a_group() {
    let [.., high, low] = std::process::id().to_be_bytes();
    let address = Ipv4Addr::new(127, high.max(1), low, 201);
    let mut sockets = Sockets::new(SocketsConfig::new(address)).unwrap();
    let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let client_address = match client.local_addr().unwrap() {
        std::net::SocketAddr::V4(address) => address,
        std::net::SocketAddr::V6(_) => panic!("an IPv4 socket"),
    };
    let to = Correspondent { address: client_address, station: Mac([0; 6]) };
    assert_eq!(sockets.send_datagram(to, b"early"), Err(SendError::NotOpen));
    sockets.open_datagrams(17_700, 1).unwrap();
    assert_eq!(sockets.open_datagrams(17_701, 1), Err(ListenError::Taken));
    client.send_to(b"question", (address, 17_700)).unwrap();
    let mut log = Log::default();
    let began = Clock::now();
    while log.0.is_empty() {
        assert!(began.elapsed() < Duration::from_secs(10), "the question has not come");
        sockets.poll_ingress(now(began.elapsed().as_millis() as u64), &mut log);
    }
    assert_eq!(log.0, [(to, b"question".to_vec())]);
    sockets.send_datagram(log.0[0].0, b"answer").unwrap();
    let mut buffer = [0; 100];
    let (length, from) = client.recv_from(&mut buffer).unwrap();
    assert_eq!((&buffer[..length], from), (&b"answer"[..], (address, 17_700).into()));

    // A receiver that has joined the group on the loopback.
    let member = UdpSocket::bind((*GROUP.ip(), GROUP.port())).unwrap();
    member.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    member.join_multicast_v4(GROUP.ip(), &address).unwrap();
    sockets.send_datagram(Correspondent::group(GROUP), b"to all").unwrap();
    let (length, from) = member.recv_from(&mut buffer).unwrap();
    assert_eq!((&buffer[..length], from), (&b"to all"[..], (address, 17_700).into()));
}
