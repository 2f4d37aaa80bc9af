//! Who gets a connection, who does not, and that a place is used again without confusion.

mod common;

use common::frames::{ACK, RST, SYN, Station, Tcp};
use common::*;
use net::{
    CloseReason, ConnectError, Filter, HostConfig, Instant, ListenError, Mac, Network, NetworkConfig, Opener, Port,
    SendError,
};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

const STRANGER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 66);

fn network() -> Network {
    Network::new(NetworkConfig::default())
}

fn syn(source: Ipv4Addr, source_port: u16, sequence: u32) -> Tcp {
    Tcp {
        source,
        destination: SERVER,
        source_port,
        destination_port: PORT,
        sequence,
        acknowledgement: 0,
        flags: SYN,
        window: 8_192,
        options: vec![2, 4, 5, 0xB4],
        payload: Vec::new(),
    }
}

#[test]
fn a_syn_from_elsewhere_is_dropped_counted_and_costs_nothing() {
    let network = network();
    let config = HostConfig::new(SERVER, 1);
    let mut server = Echo::with(config, network.attach(), Filter::only([CLIENT]));
    let mut stranger = Station::new(network.attach());
    let mac = server.host.port().mac();
    for port in 1..=1_000 {
        stranger.send(Instant::ZERO, &syn(STRANGER, port, 7).frame(mac, stranger.port.mac()));
        server.poll(Instant::ZERO);
    }
    let counters = server.host.counters();
    assert_eq!(counters.drops.foreign, 1_000);
    assert_eq!((counters.stack_runs, counters.egress_frames, counters.resets_to_strangers), (0, 0, 0));
    assert_eq!(server.host.session_count(), 0);
    assert!(stranger.receive(Instant::ZERO).is_empty());
    assert_eq!(server.host.next_deadline(), None);
}

#[test]
fn the_filter_can_change_while_the_host_runs() {
    let network = network();
    let mut server = Echo::with(HostConfig::new(SERVER, 1), network.attach(), Filter::only([]));
    let mut client = Client::new(network.attach(), 2, 8);
    let first = client.connect(Instant::ZERO, Vec::new());
    let now = idle(&mut [&mut server, &mut client], Instant::ZERO, Instant::from_millis(6_000));
    assert_eq!(client.flows.list[first].closed, Some(CloseReason::TimedOut));
    assert!(server.host.counters().drops.foreign > 3);
    assert!(server.host.filter_mut(PORT).unwrap().admit(CLIENT));
    let second = client.connect(now, bytes(1, 500));
    let now = idle(&mut [&mut server, &mut client], now, now + Duration::from_secs(1));
    assert!(client.flows.list[second].is_complete());
    server.host.filter_mut(PORT).unwrap().refuse(CLIENT);
    let third = client.connect(now, Vec::new());
    idle(&mut [&mut server, &mut client], now, now + Duration::from_secs(6));
    assert_eq!(client.flows.list[third].closed, Some(CloseReason::TimedOut));
    // Who is in stays in.
    assert_eq!(client.flows.list[second].closed, None);
    assert!(server.host.filter_mut(PORT + 1).is_none());
}

#[test]
fn a_syn_that_finds_every_place_taken_is_dropped_counted_and_served_when_one_is_free() {
    let network = network();
    let mut server = Echo::new(network.attach(), 1, 4);
    let mut client = Client::new(network.attach(), 2, 8);
    for flow in 0..5 {
        client.connect(Instant::ZERO, bytes(flow, 100));
    }
    let now = idle(&mut [&mut server, &mut client], Instant::ZERO, Instant::from_millis(500));
    let is_complete = |client: &Client<_>| client.flows.list.iter().filter(|flow| flow.is_complete()).count();
    assert_eq!(is_complete(&client), 4);
    assert!(server.host.counters().drops.full >= 1);
    let id = client.flows.list[0].id;
    client.host.close(id);
    run_until(&mut server, &mut client, now, |client| is_complete(client) == 5);
    assert_eq!(client.flows.list[0].closed, Some(CloseReason::Finished));
}

#[test]
fn a_half_open_connection_is_forgotten_after_its_time() {
    let network = network();
    let mut server = Echo::new(network.attach(), 1, 4);
    let mut station = Station::new(network.attach());
    let mac = server.host.port().mac();
    station.send(Instant::ZERO, &syn(CLIENT, 5_000, 7).frame(mac, station.port.mac()));
    server.poll(Instant::ZERO);
    assert_eq!(server.host.session_count(), 1);
    let answers = station.segments(Instant::ZERO, CLIENT);
    assert_eq!((answers[0].flags, answers[0].acknowledgement), (SYN | ACK, 8));
    idle(&mut [&mut server], Instant::ZERO, Instant::from_millis(4_999));
    assert_eq!(server.host.session_count(), 1);
    idle(&mut [&mut server], Instant::from_millis(4_999), Instant::from_millis(5_001));
    assert_eq!(server.host.session_count(), 0);
    assert!(server.log.opened.is_empty() && server.log.closed.is_empty());
    assert_eq!(server.host.next_deadline(), None);
}

#[test]
fn a_reset_frees_a_half_open_place_at_once() {
    let network = network();
    let mut server = Echo::new(network.attach(), 1, 4);
    let mut station = Station::new(network.attach());
    let mac = server.host.port().mac();
    station.send(Instant::ZERO, &syn(CLIENT, 5_000, 7).frame(mac, station.port.mac()));
    server.poll(Instant::ZERO);
    let reset = Tcp { flags: RST, sequence: 8, options: Vec::new(), ..syn(CLIENT, 5_000, 0) };
    station.send(Instant::ZERO, &reset.frame(mac, station.port.mac()));
    server.poll(Instant::ZERO);
    assert_eq!(server.host.session_count(), 0);
}

#[test]
fn a_port_where_nobody_listens_refuses() {
    let network = network();
    let mut server = Echo::new(network.attach(), 1, 4);
    let mut client = Client::new(network.attach(), 2, 4);
    server.host.stop_listening(PORT);
    let flow = client.connect(Instant::ZERO, Vec::new());
    idle(&mut [&mut server, &mut client], Instant::ZERO, Instant::from_millis(10));
    assert_eq!(client.flows.list[flow].closed, Some(CloseReason::Refused));
    assert_eq!(client.flows.list[flow].opened, 0);
    assert_eq!((server.host.counters().drops.no_listener, server.host.counters().resets_to_strangers), (1, 1));
    assert_eq!((server.host.session_count(), client.host.session_count()), (0, 0));
}

#[test]
fn an_address_that_nobody_answers_for_is_unreachable_after_five_questions() {
    let network = network();
    let mut client = Client::new(network.attach(), 2, 4);
    let mut listener = Station::new(network.attach());
    let flow = client.connect(Instant::ZERO, Vec::new());
    idle(&mut [&mut client], Instant::ZERO, Instant::from_millis(2_000));
    assert_eq!(client.flows.list[flow].closed, Some(CloseReason::Unreachable));
    assert_eq!(client.host.session_count(), 0);
    let questions = listener.receive(Instant::from_millis(2_000));
    assert_eq!(questions.len(), 5);
    assert!(questions.iter().all(|frame| frame[0..6] == Mac::BROADCAST.0 && frame[12..14] == [8, 6]));
}

#[test]
fn off_the_segment_a_host_goes_through_its_gateway_or_not_at_all() {
    let network = network();
    let far = SocketAddrV4::new(Ipv4Addr::new(192, 168, 7, 7), 80);
    let mut client = Client::new(network.attach(), 2, 4);
    assert_eq!(client.host.connect(far, Instant::ZERO), Err(ConnectError::Unaddressable));
    let config = HostConfig { gateway: Some(SERVER), ..HostConfig::new(CLIENT, 3) };
    let mut client = Client::with(config, network.attach());
    let mut router = Station::new(network.attach());
    assert!(client.host.connect(far, Instant::ZERO).is_ok());
    client.poll(Instant::ZERO);
    assert!(router.segments(Instant::ZERO, SERVER).is_empty());
    client.poll(Instant::ZERO);
    let syns = router.segments(Instant::ZERO, SERVER);
    assert_eq!((syns[0].flags, syns[0].destination, syns[0].destination_port), (SYN, *far.ip(), 80));
}

#[test]
fn addresses_that_are_not_one_other_host_are_not_connected_to() {
    let mut client = Client::new(network().attach(), 2, 1);
    for address in [Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST, Ipv4Addr::new(224, 0, 0, 1), CLIENT] {
        let connected = client.host.connect(SocketAddrV4::new(address, 80), Instant::ZERO);
        assert_eq!(connected, Err(ConnectError::Unaddressable), "{address}");
    }
    assert_eq!(client.host.connect(SocketAddrV4::new(SERVER, 0), Instant::ZERO), Err(ConnectError::Unaddressable));
    assert!(client.host.connect(SERVICE, Instant::ZERO).is_ok());
    assert_eq!(client.host.connect(SERVICE, Instant::ZERO), Err(ConnectError::Full));
}

#[test]
fn listening_has_a_limit_and_each_port_is_taken_once() {
    let mut server = Echo::new(network().attach(), 1, 1);
    assert_eq!(server.host.listen(PORT, Filter::everybody()), Err(ListenError::Taken));
    assert_eq!(server.host.listen(0, Filter::everybody()), Err(ListenError::NoPort));
    for port in 1..net::host::LISTENERS_MAX as u16 {
        assert_eq!(server.host.listen(port, Filter::everybody()), Ok(()));
    }
    assert_eq!(server.host.listen(9_999, Filter::everybody()), Err(ListenError::Full));
}

#[test]
fn places_are_used_again_and_an_old_id_does_nothing() {
    let network = network();
    let mut server = Echo::new(network.attach(), 1, 3);
    let mut client = Client::new(network.attach(), 2, 3);
    let mut now = Instant::ZERO;
    let mut old = Vec::new();
    for generation in 0..40 {
        let flow = client.connect(now, bytes(generation, 3_000));
        let id = client.flows.list[flow].id;
        now = run_until(&mut server, &mut client, now, |client| client.flows.list[flow].is_complete());
        assert_eq!(client.flows.list[flow].received, client.flows.list[flow].to_send);
        let theirs = *server.log.opened.last().unwrap();
        assert_eq!(theirs.1.opener, Opener::Peer);
        old.push((id, theirs.0));
        // Every way to end, from either side.
        match generation % 4 {
            0 => client.host.close(id),
            1 => server.host.close(theirs.0),
            2 => client.host.abort(id),
            _ => server.host.abort(theirs.0),
        }
        now = run_until(&mut server, &mut client, now, |client| client.flows.list[flow].closed.is_some());
        now = idle(&mut [&mut server, &mut client], now, now + Duration::from_millis(100));
        let expected = match generation % 4 {
            0 => (CloseReason::Finished, CloseReason::PeerFinished),
            1 => (CloseReason::PeerFinished, CloseReason::Finished),
            2 => (CloseReason::Aborted, CloseReason::Reset),
            _ => (CloseReason::Reset, CloseReason::Aborted),
        };
        assert_eq!(client.flows.list[flow].closed, Some(expected.0), "{generation}");
        assert_eq!(server.log.closed.last().unwrap(), &(theirs.0, expected.1), "{generation}");
        for (ours, theirs) in &old {
            assert_eq!(client.host.send(*ours, b"late"), Err(SendError::Stale));
            assert_eq!(server.host.send(*theirs, b"late"), Err(SendError::Stale));
            assert_eq!(client.host.peer(*ours), None);
            client.host.close(*ours);
            client.host.abort(*ours);
            client.host.offer_again(*ours);
        }
        // TIME-WAIT of whoever closed first.
        now = idle(&mut [&mut server, &mut client], now, now + Duration::from_secs(3));
        assert_eq!((server.host.session_count(), client.host.session_count()), (0, 0), "{generation}");
    }
    let ids: std::collections::BTreeSet<_> = old.iter().map(|(ours, _)| *ours).collect();
    assert_eq!(ids.len(), 40);
}

#[test]
fn a_peer_that_comes_back_on_the_same_ports_during_time_wait_is_let_in() {
    let network = network();
    let mut server = Echo::new(network.attach(), 1, 4);
    let mut station = Station::new(network.attach());
    let (mac, theirs) = (server.host.port().mac(), station.port.mac());
    for sequence in [1_000, 900_000_000] {
        station.send(Instant::ZERO, &syn(CLIENT, 5_000, sequence).frame(mac, theirs));
        server.poll(Instant::ZERO);
        let answer = station.segments(Instant::ZERO, CLIENT).pop().unwrap();
        assert_eq!((answer.flags, answer.acknowledgement), (SYN | ACK, sequence + 1));
        let ours = answer.sequence + 1;
        let ack = |flags, sequence, acknowledgement| Tcp {
            flags,
            sequence,
            acknowledgement,
            options: Vec::new(),
            ..syn(CLIENT, 5_000, 0)
        };
        station.send(Instant::ZERO, &ack(ACK, sequence + 1, ours).frame(mac, theirs));
        server.poll(Instant::ZERO);
        let id = server.log.opened.last().unwrap().0;
        server.host.close(id);
        server.poll(Instant::ZERO);
        // Our FIN is acknowledged, and theirs comes: TIME-WAIT is on our side.
        station.send(Instant::ZERO, &ack(ACK | frames::FIN, sequence + 1, ours + 1).frame(mac, theirs));
        server.poll(Instant::ZERO);
        assert_eq!(server.log.closed.last().unwrap(), &(id, CloseReason::Finished));
        assert_eq!(server.host.session_count(), 1);
        station.receive(Instant::ZERO);
    }
    assert_eq!(server.log.opened.len(), 2);
}

#[test]
fn a_client_that_comes_back_from_a_crash_on_the_same_ports_resets_the_old_connection_and_gets_a_new_one() {
    let network = network();
    let mut server = Echo::new(network.attach(), 1, 4);
    let mut client = Client::new(network.attach(), 2, 4);
    client.connect(Instant::ZERO, bytes(1, 5_000));
    let now = run_until(&mut server, &mut client, Instant::ZERO, |client| client.is_complete());
    let old = server.log.opened[0];
    network.unplug(client.host.port().number());
    // The same address and seed, so the same port, and nothing remembered.
    let mut client = Client::new(network.attach(), 2, 4);
    let flow = client.connect(now, bytes(2, 5_000));
    let end = run_until(&mut server, &mut client, now, |client| client.is_complete());
    client.assert_exact();
    assert_eq!(server.log.opened[1].1, old.1, "the ports are not the same");
    assert_eq!(server.log.closed, [(old.0, CloseReason::Reset)]);
    assert!(end.since(now) < Duration::from_millis(450), "{:?}", end.since(now));
    assert_eq!(client.flows.list[flow].opened, 1);
}

#[test]
fn a_host_can_live_on_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    let server = Echo::new(network().attach(), 1, 4);
    is_send(&server.host);
}

#[test]
fn a_segment_of_no_connection_is_answered_with_a_reset_but_not_for_a_stranger() {
    let network = network();
    let mut server = Echo::with(HostConfig::new(SERVER, 1), network.attach(), Filter::only([CLIENT]));
    let mut station = Station::new(network.attach());
    let (mac, theirs) = (server.host.port().mac(), station.port.mac());
    let stray = |source, flags| Tcp {
        flags,
        acknowledgement: 77,
        options: Vec::new(),
        payload: vec![1, 2, 3],
        ..syn(source, 5_000, 50)
    };
    station.send(Instant::ZERO, &stray(STRANGER, ACK).frame(mac, theirs));
    station.send(Instant::ZERO, &stray(CLIENT, RST).frame(mac, theirs));
    server.poll(Instant::ZERO);
    assert!(station.segments(Instant::ZERO, CLIENT).is_empty());
    station.send(Instant::ZERO, &stray(CLIENT, ACK).frame(mac, theirs));
    server.poll(Instant::ZERO);
    let answers = station.segments(Instant::ZERO, CLIENT);
    assert_eq!((answers.len(), answers[0].flags, answers[0].sequence), (1, RST, 77));
    let counters = server.host.counters();
    assert_eq!((counters.drops.foreign, counters.drops.stray, counters.resets_to_strangers), (1, 2, 1));
}

/// Runs until `done`, at most a minute of virtual time.
fn run_until<A: Port, B: Port>(
    server: &mut Echo<A>,
    client: &mut Client<B>,
    from: Instant,
    done: impl Fn(&Client<B>) -> bool,
) -> Instant {
    run(&mut (server, client), from, from + Duration::from_secs(60), |(server, client), now| {
        let round = round(&mut [*server, *client], now);
        if done(client) { Round::Done } else { round }
    })
}
