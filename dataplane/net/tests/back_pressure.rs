//! A handler that has no room closes the window; nothing is lost, and everything comes when there is room again.

mod common;

use common::frames::{ACK, PSH, SYN, Station, Tcp};
use common::*;
use net::{CloseReason, Filter, HostConfig, Instant, Network, NetworkConfig, Port};
use std::time::Duration;

#[test]
fn a_handler_that_consumes_nothing_closes_the_window_and_later_gets_everything() {
    let network = Network::new(NetworkConfig { latency: Duration::from_micros(10), ..NetworkConfig::default() });
    let config = HostConfig { receive_ring: 10_000, ..HostConfig::new(SERVER, 1) };
    let mut server = Echo::with(config, network.attach(), Filter::everybody());
    let mut client = Client::new(network.attach(), 2, 4);
    client.connect(Instant::ZERO, bytes(1, 150_000));
    server.log.appetite = Some(0);
    // Less than the silence timeout, and long enough for several window probes.
    let now = idle(&mut [&mut server, &mut client], Instant::ZERO, Instant::from_millis(9_000));
    let id = server.log.opened[0].0;
    assert_eq!(server.host.receive_queue(id), 10_000);
    assert_eq!(client.flows.list[0].received.len(), 0);
    assert_eq!(client.host.send_queue(client.flows.list[0].id), 64 * 1_024);
    // What had no room was not sent again and again: a window probe now and then is all.
    let frames = server.host.counters().ingress_frames;
    assert!(frames < 40, "{frames} frames for a ring of 10,000 bytes");
    let offers = server.log.offers;
    server.log.appetite = None;
    let now = idle(&mut [&mut server, &mut client], now, now + Duration::from_millis(100));
    assert_eq!(server.log.offers, offers, "an offer came again without new bytes, and unasked");
    server.host.offer_again(id);
    run_to_completion(&mut server, &mut client, now, now + Duration::from_secs(30));
    client.assert_exact();
}

#[test]
fn a_message_in_two_segments_is_offered_again_from_its_first_byte() {
    let network = Network::new(NetworkConfig::default());
    let mut server = Echo::new(network.attach(), 1, 4);
    let mut client = Client::new(network.attach(), 2, 4);
    let flow = client.connect(Instant::ZERO, Vec::new());
    let now = idle(&mut [&mut server, &mut client], Instant::ZERO, Instant::from_millis(1));
    let id = client.flows.list[flow].id;
    // The handler leaves what is not a whole message of 100 bytes.
    server.log.appetite = Some(0);
    client.host.send(id, &[1; 60]).unwrap();
    client.host.poll_egress(now);
    server.poll(now);
    assert_eq!((server.log.offers, server.log.longest_offer), (1, 60));
    client.host.send(id, &[2; 40]).unwrap();
    client.host.poll_egress(now);
    server.log.appetite = None;
    server.poll(now);
    assert_eq!((server.log.offers, server.log.longest_offer), (2, 100));
    client.poll(now);
    assert_eq!(client.flows.list[flow].received, [vec![1; 60], vec![2; 40]].concat());
    let counters = server.host.counters();
    assert_eq!((counters.peeked_bytes, counters.ringed_bytes, counters.ringed_offers), (60, 40, 1));
    // The next message is handed on in place again.
    client.host.send(id, &[3; 100]).unwrap();
    client.host.poll_egress(now);
    server.poll(now);
    assert_eq!(server.host.counters().peeked_bytes, 160);
}

#[test]
fn a_peer_that_finishes_while_the_handler_has_no_room_is_heard_out_first() {
    let network = Network::new(NetworkConfig::default());
    let mut server = Echo::new(network.attach(), 1, 4);
    let mut client = Client::new(network.attach(), 2, 4);
    client.connect(Instant::ZERO, bytes(4, 5_000));
    server.log.appetite = Some(0);
    let now = idle(&mut [&mut server, &mut client], Instant::ZERO, Instant::from_millis(10));
    client.host.close(client.flows.list[0].id);
    let now = idle(&mut [&mut server, &mut client], now, now + Duration::from_millis(10));
    let id = server.log.opened[0].0;
    assert!(server.log.closed.is_empty() && server.host.is_open(id));
    server.log.appetite = Some(3_000);
    server.host.offer_again(id);
    let now = idle(&mut [&mut server, &mut client], now, now + Duration::from_millis(10));
    assert_eq!(server.log.pending[&id].len() + server.host.send_queue(id), 0);
    assert!(server.log.closed.is_empty());
    server.host.offer_again(id);
    idle(&mut [&mut server, &mut client], now, now + Duration::from_millis(10));
    assert_eq!(server.log.closed, [(id, CloseReason::PeerFinished)]);
    assert_eq!(server.host.receive_queue(id), 0);
}

#[test]
fn a_reader_that_never_reads_is_disconnected_after_the_silence_timeout() {
    let network = Network::new(NetworkConfig::default());
    let config = HostConfig { silence_timeout: Duration::from_secs(3), ..HostConfig::new(SERVER, 1) };
    let mut server = Echo::with(config, network.attach(), Filter::everybody());
    let mut station = Station::new(network.attach());
    let (mac, theirs) = (server.host.port().mac(), station.port.mac());
    let segment = |flags, sequence, acknowledgement, window, payload: &[u8]| Tcp {
        source: CLIENT,
        destination: SERVER,
        source_port: 5_000,
        destination_port: PORT,
        sequence,
        acknowledgement,
        flags,
        window,
        options: Vec::new(),
        payload: payload.to_vec(),
    };
    station.send(Instant::ZERO, &segment(SYN, 100, 0, 2_000, &[]).frame(mac, theirs));
    server.poll(Instant::ZERO);
    let ours = station.segments(Instant::ZERO, CLIENT)[0].sequence + 1;
    // It takes the three whole segments that go into 2,000 bytes, acknowledges them with a closed window, and again each time
    // it is probed.
    station.send(Instant::ZERO, &segment(ACK | PSH, 101, ours, 2_000, &bytes(1, 1_400)).frame(mac, theirs));
    server.poll(Instant::ZERO);
    station.send(Instant::ZERO, &segment(ACK | PSH, 1_501, ours, 2_000, &bytes(2, 1_400)).frame(mac, theirs));
    let mut now = Instant::ZERO;
    let taken = ours + 3 * 536;
    while server.log.closed.is_empty() {
        server.poll(now);
        for received in station.segments(now, CLIENT) {
            if !received.payload.is_empty() {
                station.send(now, &segment(ACK, 2_901, taken, 0, &[]).frame(mac, theirs));
            }
        }
        now = now + Duration::from_millis(10);
        assert!(now < Instant::from_millis(4_000), "still connected");
    }
    assert!(now >= Instant::from_millis(3_000));
    assert_eq!(server.log.closed[0].1, CloseReason::TimedOut);
    assert_eq!(server.host.counters().timeouts, 1);
}
