//! When things happen, and how much work they are: counted, not timed.

mod common;

use common::*;
use net::{CloseReason, Counters, FaultPort, Faults, Host, HostConfig, Instant, Network, NetworkConfig};
use std::time::Duration;

#[test]
fn a_lost_segment_is_sent_again_after_200_ms() {
    let network = Network::new(NetworkConfig::default());
    let mut server = Echo::new(network.attach(), 1, 4);
    let port = FaultPort::new(network.attach(), 1, Faults::default(), Faults::default());
    let mut client = Client::new(port, 2, 4);
    let flow = client.connect(Instant::ZERO, bytes(1, 100));
    let now = run_to_completion(&mut server, &mut client, Instant::ZERO, Instant::from_millis(10));
    let everything = Faults { loss_ppm: 1_000_000, ..Faults::default() };
    client.host.port_mut().set_faults(Faults::default(), everything);
    client.flows.list[flow].to_send.extend(bytes(2, 100));
    client.poll(now);
    assert_eq!(client.host.port().fault_counters().lost, 1);
    client.host.port_mut().set_faults(Faults::default(), Faults::default());
    let end = run_to_completion(&mut server, &mut client, now, now + Duration::from_secs(1));
    client.assert_exact();
    let waited = end.since(now);
    assert!(waited >= Duration::from_millis(200) && waited < Duration::from_millis(205), "{waited:?}");
}

#[test]
fn a_segment_lost_among_others_is_sent_again_at_once() {
    let network = Network::new(NetworkConfig { latency: Duration::from_micros(50), ..NetworkConfig::default() });
    let mut server = Echo::new(network.attach(), 1, 4);
    let port = FaultPort::new(network.attach(), 1, Faults::default(), Faults::default());
    let mut client = Client::new(port, 2, 4);
    let flow = client.connect(Instant::ZERO, bytes(1, 100));
    let mut now = run_to_completion(&mut server, &mut client, Instant::ZERO, Instant::from_millis(10));
    let everything = Faults { loss_ppm: 1_000_000, ..Faults::default() };
    let id = client.flows.list[flow].id;
    for segment in 0..6 {
        // The first is lost, the others say so by their acknowledgements.
        let faults = if segment == 0 { everything } else { Faults::default() };
        client.host.port_mut().set_faults(Faults::default(), faults);
        let body = bytes(3 + segment, 1_460);
        client.host.send(id, &body).unwrap();
        client.flows.list[flow].to_send.extend(body);
        client.flows.list[flow].sent += 1_460;
        now = Instant::from_nanos(now.nanos() + 1_000);
        client.host.poll_egress(now);
    }
    let end = run_to_completion(&mut server, &mut client, now, now + Duration::from_secs(1));
    client.assert_exact();
    assert!(end.since(now) < Duration::from_millis(1), "{:?}", end.since(now));
    // The lost one was handed on in place when it came, the five behind it from the ring.
    assert_eq!(server.host.counters().ringed_bytes, 100 + 5 * 1_460);
}

#[test]
fn a_thousand_idle_sessions_do_not_make_a_busy_one_dearer() {
    let work = |idle_sessions: usize| -> (Counters, Counters) {
        let network = Network::new(NetworkConfig::default());
        let mut server = Echo::new(network.attach(), 1, 1_001);
        let mut client = Client::new(network.attach(), 2, 1_001);
        for _ in 0..=idle_sessions {
            client.connect(Instant::ZERO, Vec::new());
        }
        let now = idle(&mut [&mut server, &mut client], Instant::ZERO, Instant::from_millis(5_000));
        assert_eq!(server.log.opened.len(), idle_sessions + 1);
        let before = (server.host.counters(), client.host.counters());
        let busy = client.flows.list[0].id;
        let mut at = now;
        for message in 0..1_000u32 {
            at = Instant::from_nanos(at.nanos() + 10_000);
            client.host.send(busy, &message.to_le_bytes()).unwrap();
            client.host.poll_egress(at);
            server.host.poll_ingress(at, &mut server.log);
            let (id, bytes) = server.log.pending.iter_mut().find(|(_, bytes)| !bytes.is_empty()).unwrap();
            server.host.send(*id, bytes.make_contiguous()).unwrap();
            bytes.clear();
            server.host.poll_egress(at);
            client.host.poll_ingress(at, &mut client.flows);
        }
        assert_eq!(client.flows.list[0].received.len(), 4_000);
        (since(server.host.counters(), before.0), since(client.host.counters(), before.1))
    };
    let (alone, among_a_thousand) = (work(0), work(1_000));
    println!("{alone:?}");
    assert_eq!(alone, among_a_thousand);
    // One run over what came and one for the answer, on each side.
    assert!(alone.0.stack_runs <= 2_010 && alone.1.stack_runs <= 2_010);
    assert!(alone.0.timers <= 2 && alone.1.timers <= 2);
}

/// The difference of the numbers that stand for work.
fn since(now: Counters, before: Counters) -> Counters {
    Counters {
        stack_runs: now.stack_runs - before.stack_runs,
        timers: now.timers - before.timers,
        ingress_frames: now.ingress_frames - before.ingress_frames,
        egress_frames: now.egress_frames - before.egress_frames,
        peeked_payloads: now.peeked_payloads - before.peeked_payloads,
        ..Counters::default()
    }
}

#[test]
fn a_host_with_nothing_to_do_says_so() {
    let network = Network::new(NetworkConfig::default());
    let mut server = Echo::new(network.attach(), 1, 4);
    let mut client = Client::new(network.attach(), 2, 4);
    client.connect(Instant::ZERO, bytes(1, 50_000));
    let now = run_to_completion(&mut server, &mut client, Instant::ZERO, Instant::from_millis(100));
    // Timers that were set and overtaken run out; then there is nothing.
    idle(&mut [&mut server, &mut client], now, now + Duration::from_secs(20));
    assert_eq!((server.host.next_deadline(), client.host.next_deadline()), (None, None));
    client.assert_exact();
}

#[test]
fn time_that_runs_back_is_taken_as_standing_still() {
    let network = Network::new(NetworkConfig::default());
    let mut server = Echo::new(network.attach(), 1, 4);
    let mut client = Client::new(network.attach(), 2, 4);
    let start = Instant::from_millis(1_000_000);
    client.connect(start, bytes(1, 10_000));
    server.poll(start);
    client.poll(start);
    for millis in (0..1_000_000u64).rev().step_by(1_000) {
        let now = Instant::from_millis(millis);
        client.poll(now);
        server.poll(now);
        if client.is_complete() {
            break;
        }
    }
    client.assert_exact();
}

#[test]
fn a_power_cut_is_noticed_by_whoever_waits_and_only_then() {
    let network = Network::new(NetworkConfig::default());
    let mut server = Echo::new(network.attach(), 1, 4);
    let mut client = Client::new(network.attach(), 2, 4);
    let waiting = client.connect(Instant::ZERO, bytes(1, 200_000));
    let silent = client.connect(Instant::ZERO, Vec::new());
    let mut now = Instant::ZERO;
    while client.flows.list[waiting].received.len() < 50_000 {
        now = Instant::from_nanos(now.nanos() + 1_000);
        client.poll(now);
        server.poll(now);
    }
    let cut = now;
    network.unplug(server.host.port().number());
    idle(&mut [&mut server, &mut client], now, cut + Duration::from_millis(9_990));
    assert_eq!(client.flows.list[waiting].closed, None);
    idle(&mut [&mut client], cut + Duration::from_millis(9_990), cut + Duration::from_millis(10_010));
    assert_eq!(client.flows.list[waiting].closed, Some(CloseReason::TimedOut));
    assert_eq!(client.flows.list[silent].closed, None);
    let frames = client.host.counters().ingress_frames;
    // A new host in the old one's place knows nothing of the silent connection, and says so when it speaks.
    network.plug(server.host.port().number());
    drop(server);
    let mut server = Echo::new(network.attach(), 9, 4);
    let now = idle(&mut [&mut server, &mut client], cut + Duration::from_secs(11), cut + Duration::from_secs(80));
    assert!(client.host.counters().ingress_frames - frames <= 1);
    client.flows.list[silent].to_send.push(1);
    // The old station's address is still what the session sends to; the switch knows no such station any more.
    idle(&mut [&mut server, &mut client], now, now + Duration::from_secs(12));
    assert_eq!(client.flows.list[silent].closed, Some(CloseReason::TimedOut));
    let again = client.connect(now + Duration::from_secs(12), bytes(3, 1_000));
    idle(&mut [&mut server, &mut client], now + Duration::from_secs(12), now + Duration::from_secs(13));
    assert!(client.flows.list[again].is_complete());
}

#[test]
fn what_a_power_cut_swallowed_is_counted_and_what_waited_is_gone() {
    let network = Network::new(NetworkConfig::default());
    let mut server = Echo::new(network.attach(), 1, 4);
    let mut client = Client::new(network.attach(), 2, 4);
    let flow = client.connect(Instant::ZERO, bytes(1, 100));
    let now = run_to_completion(&mut server, &mut client, Instant::ZERO, Instant::from_millis(10));
    server.poll(now);
    client.flows.list[flow].to_send.extend(bytes(2, 5_000));
    client.poll(now);
    let before = network.counters().unplugged;
    network.unplug(server.host.port().number());
    assert_eq!(network.counters().unplugged - before, 4, "5,000 bytes were four frames in the queue");
    network.plug(server.host.port().number());
    // The power is back before anybody gave up: the bytes are sent again.
    run_to_completion(&mut server, &mut client, now, now + Duration::from_secs(2));
    client.assert_exact();
}

#[test]
fn sizes_outside_their_limits_are_refused_at_the_start() {
    let network = Network::new(NetworkConfig::default());
    let good = HostConfig::new(SERVER, 1);
    for bad in [
        HostConfig { sessions: 0, ..good },
        HostConfig { sessions: 65_536, ..good },
        HostConfig { receive_ring: 8_191, ..good },
        HostConfig { receive_ring: 65_536, ..good },
        HostConfig { send_ring: 0, ..good },
        HostConfig { mtu: 575, ..good },
        HostConfig { mtu: 1_501, ..good },
        HostConfig { prefix_length: 33, ..good },
    ] {
        let port = network.attach();
        assert!(std::panic::catch_unwind(|| Host::new(bad, port)).is_err(), "{bad:?}");
    }
}
