//! Ports of DPDK's without an interface: rings, files, nothing. No root needed. One test: one EAL a process.
#![cfg(any(feature = "dpdk", feature = "dpdk-static"))]
#![allow(clippy::unwrap_used)] // helpers of a test

use net::{Burst, CloseReason, Filter, Handler, Host, HostConfig, Instant, PacketBuffer, Peer, Port, SessionId};
use ports::dpdk::{DpdkPort, open, open_pair};
use ports::{PortError, PortSettings, PortSpec};
use std::net::{Ipv4Addr, SocketAddrV4};

const NOW: Instant = Instant::from_nanos(1);

#[test]
fn frames_go_through_rings_files_and_nothing_without_a_copy_and_every_buffer_comes_back() {
    let settings = PortSettings { buffers: 1_024, ..PortSettings::default() };
    a_sent_frame_arrives_in_the_same_buffer(&settings);
    two_hosts_talk_over_a_pair_of_rings(&settings);
    files_are_read_and_written(&settings);
    nothing_gives_frames_without_end(&settings);
    what_cannot_be_opened_is_refused_by_name(&settings);
}

fn one(spec: &str, settings: &PortSettings) -> DpdkPort {
    let spec: PortSpec = spec.parse().unwrap();
    open(&spec, settings).unwrap_or_else(|error| panic!("{error}")).remove(0)
}

fn a_sent_frame_arrives_in_the_same_buffer(settings: &PortSettings) {
    let mut port = one("ring", settings);
    println!("{:?}", port.report());
    let mut burst = Burst::new(64);
    let mut sent = Vec::new();
    for length in [60, 61, 1_514] {
        let mut frame = port.allocate(length).expect("buffers are free");
        assert_eq!(frame.as_ref().len(), length);
        frame.as_mut().fill(length as u8);
        sent.push(frame.as_ref().as_ptr());
        assert!(burst.push(frame).is_ok());
    }
    assert_eq!(port.egress_frame(NOW, &mut burst), 3);
    assert_eq!(port.ingress_frame(NOW, &mut burst), 3);
    for (at, length) in [60, 61, 1_514].into_iter().enumerate() {
        let mut frame = burst.pop().unwrap();
        assert_eq!(frame.as_ref().as_ptr(), sent[at], "the same memory, not a copy");
        assert_eq!(frame.as_ref(), vec![length as u8; length]);
        frame.truncate(20);
        assert_eq!(frame.as_ref().len(), 20);
        port.release(frame);
    }
    assert!(port.allocate(1_515).is_none(), "longer than a frame may be");

    // Every buffer is taken, none is made; a dropped one is free again.
    let (_, all) = port.buffers();
    let mut held: Vec<_> = std::iter::from_fn(|| port.allocate(60)).collect();
    assert!(held.len() + 64 > all as usize, "{} of {all} were given", held.len());
    assert_eq!(port.counters().allocation_failures, 1);
    held.clear();
    assert!(port.allocate(60).is_some());

    // A ring that nobody empties takes no more than it holds; the rest waits, in order.
    let mut burst = Burst::new(512);
    let mut taken = 0;
    let mut number = 0_u16;
    for _ in 0..16 {
        while !burst.is_full()
            && let Some(mut frame) = port.allocate(60)
        {
            frame.as_mut()[..2].copy_from_slice(&number.to_be_bytes());
            number += 1;
            assert!(burst.push(frame).is_ok());
        }
        taken += port.egress_frame(NOW, &mut burst);
    }
    assert!(taken >= 1_023 && !burst.is_empty(), "{taken} were taken, {} wait", burst.count());
    let mut seen = 0_u16;
    while seen < taken as u16 {
        let mut arrived = Burst::new(64);
        assert!(port.ingress_frame(NOW, &mut arrived) > 0);
        while let Some(frame) = arrived.pop() {
            assert_eq!(frame.as_ref()[..2], seen.to_be_bytes(), "in order");
            seen += 1;
            port.release(frame);
        }
        port.egress_frame(NOW, &mut Burst::new(1)); // what was held back goes now
    }
}

#[derive(Default)]
struct Heard {
    bytes: Vec<u8>,
    sessions: Vec<SessionId>,
}

impl Handler for Heard {
    fn opened(&mut self, session: SessionId, _: Peer) {
        self.sessions.push(session);
    }

    fn data(&mut self, _: SessionId, bytes: &[u8]) -> usize {
        self.bytes.extend(bytes);
        bytes.len()
    }

    fn closed(&mut self, _: SessionId, _: CloseReason) {}
}

fn two_hosts_talk_over_a_pair_of_rings(settings: &PortSettings) {
    let (ours, theirs) = open_pair(settings).unwrap_or_else(|error| panic!("{error}"));
    let (front, member) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
    let mut server = Host::new(HostConfig::new(front, 1), ours);
    let mut client = Host::new(HostConfig::new(member, 2), theirs);
    server.listen(7_000, Filter::only([member])).unwrap();
    let session = client.connect(SocketAddrV4::new(front, 7_000), NOW).unwrap();
    let (mut at_server, mut at_client) = (Heard::default(), Heard::default());
    let message: Vec<u8> = (0..200_000_u32).map(|n| (n * 7) as u8).collect();
    let mut sent = 0;
    for micros in 1..100_000 {
        let now = Instant::from_micros(micros);
        if !at_client.sessions.is_empty() && sent < message.len() {
            sent += client.send(session, &message[sent..]).unwrap();
        }
        client.poll_egress(now);
        server.poll_ingress(now, &mut at_server);
        server.poll_egress(now);
        client.poll_ingress(now, &mut at_client);
        if at_server.bytes.len() == message.len() {
            break;
        }
    }
    assert!(at_server.bytes == message, "{} of {} bytes came", at_server.bytes.len(), message.len());
    assert_eq!(server.counters().drops.checksum, 0);
}

/// A pcap file with frames of these lengths, each filled with its place.
fn write_pcap(path: &std::path::Path, lengths: &[usize]) {
    let mut bytes = Vec::new();
    for word in [0xA1B2_C3D4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
        bytes.extend(word.to_ne_bytes());
    }
    for (place, &length) in lengths.iter().enumerate() {
        for word in [place as u32, 0, length as u32, length as u32] {
            bytes.extend(word.to_ne_bytes());
        }
        bytes.extend(vec![place as u8; length]);
    }
    std::fs::write(path, bytes).unwrap();
}

fn files_are_read_and_written(settings: &PortSettings) {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.pcap"), folder.path().join("out.pcap"));
    let lengths: Vec<usize> = (0..200).map(|n| 60 + n * 7).collect();
    write_pcap(&input, &lengths);
    {
        let mut port = one(&format!("pcap:{},{}", input.display(), output.display()), settings);
        let mut place = 0;
        for _ in 0..1_000 {
            let mut burst = Burst::new(48);
            port.ingress_frame(NOW, &mut burst);
            let mut back = Burst::new(48);
            while let Some(frame) = burst.pop() {
                assert_eq!(frame.as_ref(), vec![place as u8; lengths[place]]);
                place += 1;
                assert!(back.push(frame).is_ok());
            }
            port.egress_frame(NOW, &mut back);
            if place == lengths.len() {
                break;
            }
        }
        assert_eq!(place, lengths.len());
        assert_eq!(port.counters().egress_frames, lengths.len() as u64);
    } // closed here: the file is whole
    let written = std::fs::read(&output).unwrap();
    assert_eq!(written.len(), 24 + lengths.iter().map(|length| 16 + length).sum::<usize>());
}

fn nothing_gives_frames_without_end(settings: &PortSettings) {
    let mut port = one("null", settings);
    let mut burst = Burst::new(256);
    let mut frames = 0;
    for _ in 0..1_000 {
        frames += port.ingress_frame(NOW, &mut burst);
        assert_eq!(port.egress_frame(NOW, &mut burst), 256);
    }
    assert_eq!(frames, 256_000);
    assert_eq!(port.counters().ingress_frames, port.counters().egress_frames);
    // Its driver keeps some; ours are all accounted for: none was lost on the way round.
    let (free, all) = port.buffers();
    assert!(free + 1_024 > all, "{free} of {all} are free");
}

fn what_cannot_be_opened_is_refused_by_name(settings: &PortSettings) {
    let refused = |word: &str, settings: &PortSettings| {
        let spec: PortSpec = word.parse().unwrap();
        match open(&spec, settings) {
            Ok(_) => panic!("{word} was opened"),
            Err(error) => error,
        }
    };
    let error = refused("af_packet:bs_no_such", settings);
    assert!(matches!(&error, PortError::Kernel { asked: "open the device", .. }), "{error}");
    assert!(error.to_string().starts_with("af_packet:bs_no_such"), "{error}");
    // Here the EAL was started without NICs, or there are no huge pages.
    let error = refused("pci:0000:ff:1f.7", settings);
    assert!(matches!(error, PortError::NeedsHugePages(_) | PortError::NicsFirst(_)), "{error}");
    let error = refused("ring", &PortSettings { queues: 2, ..settings.clone() });
    assert!(matches!(error, PortError::Queues { most: 1, .. }), "{error}");
}
