//! The ports by themselves: the switch, the faults, the trace, and a card that takes frames reluctantly.

mod common;

use common::frames::{SYN, Station, Tcp};
use common::*;
use net::memory::MemoryPacket;
use net::port::PortCounters;
use net::{Burst, FaultPort, Faults, Instant, Mac, MemoryPort, Network, NetworkConfig, PacketBuffer, PcapTracer, Port};
use std::io::{Error, Write};
use std::time::Duration;

fn frame(destination: Mac, source: Mac, fill: u8) -> Vec<u8> {
    let mut frame = [destination.0, source.0].concat();
    frame.extend([0x12, 0x34]);
    frame.resize(60, fill);
    frame
}

#[test]
fn the_switch_floods_until_it_has_learned_and_then_delivers_to_one() {
    let network = Network::new(NetworkConfig::default());
    let mut stations: Vec<Station> = (0..4).map(|_| Station::new(network.attach())).collect();
    let macs: Vec<Mac> = stations.iter().map(|station| station.port.mac()).collect();
    let heard = |stations: &mut Vec<Station>| -> Vec<usize> {
        stations.iter_mut().map(|station| station.receive(Instant::ZERO).len()).collect()
    };
    stations[0].send(Instant::ZERO, &frame(macs[1], macs[0], 1));
    assert_eq!(heard(&mut stations), [0, 1, 1, 1]);
    stations[1].send(Instant::ZERO, &frame(macs[0], macs[1], 2));
    assert_eq!(heard(&mut stations), [1, 0, 0, 0]);
    stations[0].send(Instant::ZERO, &frame(macs[1], macs[0], 3));
    assert_eq!(heard(&mut stations), [0, 1, 0, 0]);
    stations[2].send(Instant::ZERO, &frame(Mac::BROADCAST, macs[2], 4));
    assert_eq!(heard(&mut stations), [1, 1, 0, 1]);
    // Somebody else's address, moved.
    stations[3].send(Instant::ZERO, &frame(macs[1], macs[0], 5));
    stations[1].send(Instant::ZERO, &frame(macs[0], macs[1], 6));
    assert_eq!(heard(&mut stations), [0, 1, 0, 1]);
    let counters = network.counters();
    assert_eq!((counters.flooded, counters.delivered, counters.overflows), (2, 10, 0));
}

#[test]
fn a_full_queue_loses_the_newest_and_counts_it() {
    let network = Network::new(NetworkConfig { queue_frames: 5, ..NetworkConfig::default() });
    let (mut from, mut to) = (Station::new(network.attach()), Station::new(network.attach()));
    for number in 0..8 {
        from.send(Instant::ZERO, &frame(to.port.mac(), from.port.mac(), number));
    }
    let received: Vec<u8> = to.receive(Instant::ZERO).iter().map(|frame| frame[20]).collect();
    assert_eq!(received, [0, 1, 2, 3, 4]);
    assert_eq!((network.counters().overflows, to.port.counters().ingress_overflows), (3, 3));
}

#[test]
fn frames_arrive_after_the_latency_and_not_before() {
    let latency = Duration::from_micros(30);
    let network = Network::new(NetworkConfig { latency, ..NetworkConfig::default() });
    let (mut from, mut to) = (Station::new(network.attach()), Station::new(network.attach()));
    from.send(Instant::from_micros(100), &frame(to.port.mac(), from.port.mac(), 1));
    assert_eq!(to.port.next_deadline(), Some(Instant::from_micros(130)));
    assert!(to.receive(Instant::from_nanos(129_999)).is_empty());
    assert_eq!(to.receive(Instant::from_micros(130)).len(), 1);
    assert_eq!(to.port.next_deadline(), None);
}

#[test]
fn an_empty_pool_gives_no_buffer_and_a_returned_buffer_is_used_again() {
    let network = Network::new(NetworkConfig { buffers: 40, ..NetworkConfig::default() });
    let mut port = network.attach();
    let mut packets: Vec<MemoryPacket> = (0..40).map(|_| port.allocate(100).unwrap()).collect();
    assert!(port.allocate(100).is_none());
    assert_eq!(port.counters().allocation_failures, 1);
    port.release(packets.pop().unwrap());
    assert_eq!(port.allocate(1_514).unwrap().as_ref().len(), 1_514);
    assert!(port.allocate(1_515).is_none());
    assert_eq!(network.counters().buffers, 40);
}

#[test]
fn a_one_way_flow_does_not_drain_the_senders_buffers() {
    let network = Network::new(NetworkConfig { buffers: 400, ..NetworkConfig::default() });
    let (mut from, mut to) = (Station::new(network.attach()), Station::new(network.attach()));
    for round in 0..2_000 {
        from.send(Instant::ZERO, &frame(to.port.mac(), from.port.mac(), 1));
        assert_eq!(to.receive(Instant::ZERO).len(), 1, "{round}");
    }
    let buffers = network.counters().buffers;
    assert!(buffers <= 400);
    // What a port had at hand goes back to the pool with it.
    drop((from, to));
    let mut port = network.attach();
    let packets: Vec<_> = std::iter::from_fn(|| port.allocate(60)).collect();
    assert_eq!(packets.len(), 400);
}

#[test]
fn damaged_source_addresses_do_not_fill_the_switch_for_good() {
    let network = Network::new(NetworkConfig { ports: 4, ..NetworkConfig::default() });
    let mut stations: Vec<Station> = (0..3).map(|_| Station::new(network.attach())).collect();
    let macs: Vec<Mac> = stations.iter().map(|station| station.port.mac()).collect();
    for number in 0..1_000u32 {
        let [a, b, c, d] = number.to_be_bytes();
        stations[0].send(Instant::ZERO, &frame(macs[1], Mac([6, 6, a, b, c, d]), 0));
        stations[1].send(Instant::ZERO, &frame(macs[0], macs[1], 0));
        stations[0].send(Instant::ZERO, &frame(macs[1], macs[0], 0));
        assert!(stations[1].receive(Instant::ZERO).len() >= 2);
        stations[0].receive(Instant::ZERO);
        stations[2].receive(Instant::ZERO);
    }
}

#[test]
fn faults_happen_in_their_proportions_and_repeat_with_the_seed() {
    let each = Faults {
        loss_ppm: 100_000,
        duplicate_ppm: 50_000,
        reorder_ppm: 30_000,
        corrupt_ppm: 20_000,
        delay_ppm: 40_000,
        delay: Duration::from_millis(2),
    };
    let run = |seed: u64| {
        let network = Network::new(NetworkConfig::default());
        let mut port = FaultPort::new(network.attach(), seed, Faults::default(), each);
        let mut to = Station::new(network.attach());
        let (mac, ours) = (to.port.mac(), port.mac());
        let mut burst = Burst::new(8);
        let mut received = Vec::new();
        for number in 0..20_000u32 {
            let mut packet = port.allocate(60).unwrap();
            packet.as_mut().copy_from_slice(&frame(mac, ours, 0));
            packet.as_mut()[20..24].copy_from_slice(&number.to_be_bytes());
            assert!(burst.push(packet).is_ok());
            let now = Instant::from_micros(u64::from(number) * 10);
            assert_eq!(port.egress_frame(now, &mut burst), 1);
            received.extend(to.receive(now));
        }
        while let Some(at) = port.next_deadline() {
            port.egress_frame(at, &mut burst);
            received.extend(to.receive(at));
        }
        (port.fault_counters(), received)
    };
    let (did, received) = run(7);
    let near = |count: u64, expected: u64| count.abs_diff(expected) < expected / 5;
    assert_eq!(did.frames, 20_000);
    assert!(near(did.lost, 2_000), "{did:?}");
    assert!(near(did.duplicated, 900) && near(did.reordered, 540) && near(did.delayed, 700), "{did:?}");
    assert!(near(did.corrupted, 360) && did.spared == 0, "{did:?}");
    // A damaged destination address goes astray on its way: it is flooded, and ours is the only other station.
    assert_eq!(received.len() as u64, 20_000 - did.lost + did.duplicated);
    let numbers: Vec<u32> = received.iter().map(|f| u32::from_be_bytes(f[20..24].try_into().unwrap())).collect();
    let overtaken = numbers.windows(2).filter(|pair| pair[1] < pair[0]).count() as u64;
    assert!(overtaken > 500 && overtaken < 1_600, "{overtaken}");
    assert!(run(7) == (did, received));
    assert!(run(8).0 != did);
}

#[test]
fn every_preset_has_a_name_and_nothing_else_does() {
    for name in net::fault::FAULT_PRESETS {
        assert!(Faults::preset(name).is_some(), "{name}");
    }
    assert_eq!(Faults::preset("none"), Some(Faults::default()));
    assert_eq!(Faults::preset("Heavy"), None);
}

#[test]
fn the_trace_is_a_nanosecond_pcap_file_byte_for_byte() {
    let network = Network::new(NetworkConfig::default());
    let mut port = PcapTracer::new(network.attach(), Vec::new());
    let mut to = Station::new(network.attach());
    let mut burst = Burst::new(4);
    let body = frame(to.port.mac(), port.mac(), 9);
    let mut packet = port.allocate(60).unwrap();
    packet.as_mut().copy_from_slice(&body);
    assert!(burst.push(packet).is_ok());
    port.egress_frame(Instant::from_nanos(3_000_000_258), &mut burst);
    let answer = frame(port.mac(), to.port.mac(), 8);
    to.send(Instant::from_nanos(4_000_000_000), &answer);
    assert_eq!(port.ingress_frame(Instant::from_nanos(4_000_000_000), &mut burst), 1);
    let mut expected = vec![0x4D, 0x3C, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 1, 0, 0, 0];
    expected.extend([3, 0, 0, 0, 2, 1, 0, 0, 60, 0, 0, 0, 60, 0, 0, 0]);
    expected.extend(&body);
    expected.extend([4, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0, 60, 0, 0, 0]);
    expected.extend(&answer);
    assert_eq!(port.writer(), &expected);
    assert_eq!(port.trace_counters().frames, 2);
}

/// A disk that is full after so many bytes.
struct FullDisk(usize);

impl Write for FullDisk {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(Error::other("full"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn a_trace_that_cannot_be_written_ends_and_the_traffic_goes_on() {
    let network = Network::new(NetworkConfig::default());
    let mut server = Echo::new(PcapTracer::new(network.attach(), FullDisk(5_000)), 1, 4);
    let mut client = Client::new(network.attach(), 2, 4);
    client.connect(Instant::ZERO, bytes(1, 20_000));
    run_to_completion(&mut server, &mut client, Instant::ZERO, Instant::from_millis(1_000));
    client.assert_exact();
    let traced = server.host.port().trace_counters();
    assert!(traced.has_failed && traced.frames > 0 && traced.untraced > 0);
}

/// A card that takes one frame every other time, and has a buffer three times out of four.
struct Reluctant {
    inner: MemoryPort,
    calls: u64,
    one: Burst<MemoryPacket>,
}

impl Port for Reluctant {
    type Packet = MemoryPacket;

    fn ingress_frame(&mut self, now: Instant, burst: &mut Burst<MemoryPacket>) -> usize {
        self.inner.ingress_frame(now, burst)
    }

    fn egress_frame(&mut self, now: Instant, burst: &mut Burst<MemoryPacket>) -> usize {
        self.calls += 1;
        if self.calls.is_multiple_of(2) || burst.is_empty() {
            return 0;
        }
        assert!(self.one.push(burst.pop().expect("it is not empty")).is_ok());
        self.inner.egress_frame(now, &mut self.one)
    }

    fn allocate(&mut self, length: usize) -> Option<MemoryPacket> {
        self.calls += 1;
        if self.calls.is_multiple_of(4) { None } else { self.inner.allocate(length) }
    }

    fn release(&mut self, packet: MemoryPacket) {
        self.inner.release(packet);
    }

    fn mac(&self) -> Mac {
        self.inner.mac()
    }

    fn counters(&self) -> PortCounters {
        self.inner.counters()
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.inner.next_deadline()
    }
}

#[test]
fn frames_that_the_port_does_not_take_wait_and_none_is_lost() {
    let network = Network::new(NetworkConfig::default());
    let port = Reluctant { inner: network.attach(), calls: 0, one: Burst::new(1) };
    let mut server = Echo::new(port, 1, 16);
    let mut client = Client::new(network.attach(), 2, 16);
    for flow in 0..8 {
        client.connect(Instant::ZERO, bytes(flow, 40_000));
    }
    let end = run_to_completion(&mut server, &mut client, Instant::ZERO, Instant::from_millis(5_000));
    client.assert_exact();
    // Only what the stack says at once, such as a second acknowledgement, may be lost; nothing had to be sent again.
    assert!(end < Instant::from_millis(200), "{end:?}");
    assert_eq!(network.counters().overflows, 0);
}

#[test]
fn a_card_that_does_checksums_is_believed_both_ways() {
    /// Fills what is sent itself, and has verified what arrives.
    struct Offloading(Reluctant);
    impl Port for Offloading {
        type Packet = MemoryPacket;
        fn ingress_frame(&mut self, now: Instant, burst: &mut Burst<MemoryPacket>) -> usize {
            self.0.inner.ingress_frame(now, burst)
        }
        fn egress_frame(&mut self, now: Instant, burst: &mut Burst<MemoryPacket>) -> usize {
            self.0.inner.egress_frame(now, burst)
        }
        fn allocate(&mut self, length: usize) -> Option<MemoryPacket> {
            self.0.inner.allocate(length)
        }
        fn mac(&self) -> Mac {
            self.0.inner.mac()
        }
        fn counters(&self) -> PortCounters {
            self.0.inner.counters()
        }
        fn checksums(&self) -> net::port::Checksums {
            net::port::Checksums { verifies_ingress: true, fills_egress: true }
        }
    }
    let network = Network::new(NetworkConfig::default());
    let inner = Reluctant { inner: network.attach(), calls: 0, one: Burst::new(1) };
    let mut server = Echo::new(Offloading(inner), 1, 4);
    let mut station = Station::new(network.attach());
    let mac = server.host.port().mac();
    let syn = Tcp {
        source: CLIENT,
        destination: SERVER,
        source_port: 5_000,
        destination_port: PORT,
        sequence: 1,
        acknowledgement: 0,
        flags: SYN,
        window: 1_000,
        options: Vec::new(),
        payload: Vec::new(),
    };
    let mut wrong = syn.frame(mac, station.port.mac());
    wrong[50..52].copy_from_slice(&[0xDE, 0xAD]);
    station.send(Instant::ZERO, &wrong);
    server.poll(Instant::ZERO);
    let answers = station.receive(Instant::ZERO);
    assert_eq!(answers.len(), 1);
    assert_eq!((&answers[0][24..26], &answers[0][50..52]), (&[0u8, 0][..], &[0u8, 0][..]), "the card fills them");
    assert_eq!(server.host.counters().drops.checksum, 0);
}

#[test]
fn a_burst_keeps_its_order_and_its_limit() {
    let mut burst = Burst::new(2);
    assert!(burst.is_empty() && burst.push(1).is_ok() && burst.push(2).is_ok());
    assert_eq!((burst.push(3), burst.is_full(), burst.room(), burst.count()), (Err(3), true, 0, 2));
    assert_eq!((burst.pop(), burst.pop(), burst.pop()), (Some(1), Some(2), None));
    let network = Network::new(NetworkConfig::default());
    let mut packet = network.attach().allocate(100).unwrap();
    packet.truncate(40);
    assert_eq!(packet.as_ref().len(), 40);
}
