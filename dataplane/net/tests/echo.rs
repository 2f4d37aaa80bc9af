//! Bytes come back as they went, over many sessions, over ring wraps, under every fault, and the same every time.

mod common;

use common::*;
use net::fault::FAULT_PRESETS;
use net::{FaultPort, Faults, Filter, HostConfig, Instant, MemoryPort, Network, NetworkConfig, PcapTracer};
use std::time::Duration;

#[test]
fn sixty_four_sessions_get_back_exactly_what_they_sent() {
    let network = Network::new(NetworkConfig::default());
    let mut server = Echo::new(network.attach(), 1, 64);
    let mut client = Client::new(network.attach(), 2, 64);
    for flow in 0..64 {
        client.connect(Instant::ZERO, bytes(flow, 20_000 + flow as usize));
    }
    run_to_completion(&mut server, &mut client, Instant::ZERO, Instant::from_millis(10_000));
    client.assert_exact();
    let (served, sent) = (server.host.counters(), client.host.counters());
    assert_eq!((served.accepted, sent.connected), (64, 64));
    // Nothing was lost on this network, so nearly everything was handed on in place.
    assert_eq!(served.peeked_bytes + served.ringed_bytes, (0..64).map(|flow| 20_000 + flow).sum::<u64>());
    // A session's first segment completes its handshake, which is not the plain way: it goes through the ring.
    assert!(served.ringed_bytes <= 64 * 1_460, "{}", served.ringed_bytes);
    assert_eq!(network.counters().overflows, 0);
}

#[test]
fn under_every_fault_preset_both_directions_stay_byte_exact() {
    for preset in FAULT_PRESETS {
        let faults = Faults::preset(preset).unwrap();
        for seed in 0..4 {
            let network =
                Network::new(NetworkConfig { latency: Duration::from_micros(20), ..NetworkConfig::default() });
            let port = |number: u64| FaultPort::new(network.attach(), seed * 10 + number, Faults::default(), faults);
            // Six losses in a row are nothing special on the worst of these lines, and take 12.6 s.
            let patience = Duration::from_secs(120);
            let patient = |address, seed| HostConfig {
                open_timeout: patience,
                silence_timeout: patience,
                ..HostConfig::new(address, seed)
            };
            let mut server = Echo::with(patient(SERVER, seed), port(1), Filter::everybody());
            let mut client = Client::with(patient(CLIENT, seed + 100), port(2));
            for flow in 0..8 {
                client.connect(Instant::ZERO, bytes(seed * 100 + flow, 30_000));
            }
            let end = run_to_completion(&mut server, &mut client, Instant::ZERO, Instant::from_millis(600_000));
            client.assert_exact();
            let served = server.host.counters();
            let did = server.host.port().fault_counters();
            println!("{preset} {seed}: {end:?} {did:?} peeked {} ringed {}", served.peeked_bytes, served.ringed_bytes);
            if preset == "lossy" {
                assert!(
                    did.lost > 0 && did.duplicated > 0 && did.reordered > 0 && did.corrupted > 0 && did.delayed > 0
                );
                assert!(served.ringed_bytes > 0 && served.peeked_bytes > 0);
                assert!(served.drops.checksum > 0);
            }
        }
    }
}

#[test]
fn ports_stack_in_any_order() {
    let network = Network::new(NetworkConfig::default());
    let faults = Faults::preset("heavy").unwrap();
    let outside: FaultPort<PcapTracer<MemoryPort, Vec<u8>>> =
        FaultPort::new(PcapTracer::new(network.attach(), Vec::new()), 5, Faults::default(), faults);
    let inside: PcapTracer<FaultPort<MemoryPort>, Vec<u8>> =
        PcapTracer::new(FaultPort::new(network.attach(), 6, faults, Faults::default()), Vec::new());
    let mut server = Echo::new(outside, 1, 4);
    let mut client = Client::new(inside, 2, 4);
    client.connect(Instant::ZERO, bytes(1, 100_000));
    run_to_completion(&mut server, &mut client, Instant::ZERO, Instant::from_millis(600_000));
    client.assert_exact();
    for (tracer, has_lost) in [
        (server.host.port().inner().writer(), server.host.port().fault_counters().lost),
        (client.host.port().writer(), client.host.port().inner().fault_counters().lost),
    ] {
        assert!(has_lost > 0);
        assert_eq!(tracer[0..4], [0x4D, 0x3C, 0xB2, 0xA1]);
        assert!(pcap_frames(tracer) > 100);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_the_wire_and_another_seed_does_not() {
    let trace = |seed: u64| {
        let network = Network::new(NetworkConfig { latency: Duration::from_micros(50), ..NetworkConfig::default() });
        let faults = Faults::preset("heavy").unwrap();
        let traced = PcapTracer::new(network.attach(), Vec::new());
        let mut server = Echo::new(FaultPort::new(traced, seed, faults, faults), seed, 8);
        let mut client = Client::new(network.attach(), seed + 1, 8);
        for flow in 0..8 {
            client.connect(Instant::ZERO, bytes(flow, 20_000));
        }
        run_to_completion(&mut server, &mut client, Instant::ZERO, Instant::from_millis(600_000));
        server.host.port().inner().writer().clone()
    };
    let first = trace(11);
    assert!(first == trace(11), "two runs with one seed differ");
    assert!(first != trace(12), "the seed changes nothing");
}

#[test]
fn messages_that_straddle_the_rings_wrap_are_offered_in_one_piece() {
    let network = Network::new(NetworkConfig::default());
    let ring = 9_001;
    let config = HostConfig { receive_ring: ring, send_ring: 5_003, ..HostConfig::new(SERVER, 1) };
    let mut server = Echo::with(config, network.attach(), Filter::everybody());
    let mut client = Client::new(network.attach(), 2, 4);
    client.connect(Instant::ZERO, bytes(9, 300_000));
    // Takes 997 bytes of each offer, so the ring never empties in step with the segments and wraps at odd places.
    server.log.appetite = Some(997);
    let end = Instant::from_millis(600_000);
    run(&mut (&mut server, &mut client), Instant::ZERO, end, |(server, client), now| {
        let round = round(&mut [*server, *client], now);
        let id = server.log.pending.keys().next().copied();
        let waits = id.is_some_and(|id| server.host.receive_queue(id) > 0);
        if let Some(id) = id.filter(|_| waits) {
            server.host.offer_again(id);
        }
        if client.is_complete() {
            Round::Done
        } else if waits {
            Round::Busy
        } else {
            round
        }
    });
    client.assert_exact();
    assert!(server.host.counters().straddled_bytes > 0, "no offer straddled the wrap");
    assert!(server.log.longest_offer > 4_000 && server.log.longest_offer <= ring);
}

#[test]
fn sends_that_straddle_the_rings_wrap_arrive_whole() {
    let network = Network::new(NetworkConfig::default());
    let mut server = Echo::new(network.attach(), 1, 4);
    let config = HostConfig { send_ring: 1_777, ..HostConfig::new(CLIENT, 2) };
    let mut client = Client::with(config, network.attach());
    let index = client.connect(Instant::ZERO, Vec::new());
    let mut now = idle(&mut [&mut server, &mut client], Instant::ZERO, Instant::from_millis(10));
    let id = client.flows.list[index].id;
    let mut refused = 0;
    for message in 0..500u64 {
        let body = bytes(message, 300);
        loop {
            match client.host.send_with(id, 300, |room| {
                assert_eq!(room.len(), 300);
                room.copy_from_slice(&body);
                300
            }) {
                Ok(sent) => break assert_eq!(sent, 300),
                Err(error) => {
                    assert_eq!(error, net::SendError::NoRoom);
                    refused += 1;
                    now = idle(&mut [&mut server, &mut client], now, now + Duration::from_micros(100));
                }
            }
        }
        client.flows.list[index].to_send.extend(body);
        client.flows.list[index].sent += 300;
    }
    run_to_completion(&mut server, &mut client, now, Instant::from_millis(60_000));
    client.assert_exact();
    assert!(refused > 10);
}

#[test]
fn several_answers_of_one_burst_share_a_segment() {
    let network = Network::new(NetworkConfig::default());
    let mut server = Echo::new(network.attach(), 1, 4);
    let mut client = Client::new(network.attach(), 2, 4);
    let index = client.connect(Instant::ZERO, Vec::new());
    let now = idle(&mut [&mut server, &mut client], Instant::ZERO, Instant::from_millis(10));
    let id = client.flows.list[index].id;
    let frames = server.host.counters().egress_frames;
    // Ten messages of 100 bytes, each in its own frame.
    for message in 0..10 {
        assert_eq!(client.host.send(id, &[message; 100]), Ok(100));
        client.host.poll_egress(now);
    }
    server.poll(now);
    assert_eq!(server.log.offers, 10);
    assert_eq!(server.host.counters().egress_frames, frames + 1);
    client.poll(now);
    assert_eq!(client.flows.list[index].received.len(), 1_000);
}

/// Counts the frames of a pcap file, checking the lengths.
fn pcap_frames(file: &[u8]) -> usize {
    let (mut at, mut frames) = (24, 0);
    while at < file.len() {
        let length = u32::from_le_bytes(file[at + 8..at + 12].try_into().expect("four bytes")) as usize;
        assert_eq!(file[at + 8..at + 12], file[at + 12..at + 16]);
        at += 16 + length;
        frames += 1;
    }
    assert_eq!(at, file.len());
    frames
}
