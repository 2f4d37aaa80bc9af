//! Whatever comes from the wire: nothing panics, no stack fails, no byte is invented, and honest peers are served.

mod common;

use common::frames::{ACK, FIN, PSH, RST, SYN, Station, Tcp};
use common::stage::Stage;
use common::*;
use net::random::Random;
use net::{CloseReason, Filter, Handler, Host, HostConfig, Instant, Network, NetworkConfig, Peer, Port, SessionId};
use proptest::prelude::*;
use std::time::Duration;

#[test]
fn wrong_checksums_are_dropped_and_counted_wherever_the_bit_flips() {
    let mut stage = Stage::new(&[], 1_000);
    let (mac, theirs) = (stage.server.host.port().mac(), stage.station.port.mac());
    let good = stage.segment(ACK | PSH, 0, 100).frame(mac, theirs);
    for bit in 14 * 8..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        stage.station.send(stage.now, &bad);
        stage.wait(0);
    }
    let counters = stage.server.host.counters();
    let drops = counters.drops;
    let named =
        drops.malformed + drops.options + drops.fragment + drops.not_ours + drops.other_protocol + drops.checksum;
    // A flipped address or port makes the segment nobody's; its sum is looked at before it is answered.
    assert_eq!(named, (good.len() as u64 - 14) * 8);
    assert!(drops.checksum > 1_000 && drops.fragment == 14 && drops.other_protocol == 8, "{drops:?}");
    assert_eq!((stage.server.log.offers, counters.resets_to_strangers), (0, 0));
    stage.station.send(stage.now, &good);
    stage.wait(0);
    assert_eq!((stage.server.log.offers, stage.server.log.longest_offer), (1, 100));
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn frames_of_random_bytes_do_nothing(
        frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 1..40),
        disguise in 0..5u8,
    ) {
        let network = Network::new(NetworkConfig::default());
        let mut server = Echo::new(network.attach(), 1, 4);
        let mut station = Station::new(network.attach());
        let mac = server.host.port().mac();
        for frame in &frames {
            let mut frame = frame.clone();
            // More and more of the header is right, so that the deeper layers see nonsense too.
            let right = [&mac.0[..], &[2, 0, 0, 0, 0, 9], &[8, 0], &[0x45, 0, 0, 60, 0, 0, 0x40, 0, 64, 6]].concat();
            let length = [0, 6, 14, 24, 0][usize::from(disguise)].min(frame.len());
            frame[..length].copy_from_slice(&right[..length]);
            if disguise == 4 && frame.len() >= 24 {
                frame[..14].copy_from_slice(&[&mac.0[..], &[2, 0, 0, 0, 0, 9], &[8, 6]].concat());
                let operation = 1 + frame[21] % 2;
                frame[14..22].copy_from_slice(&[0, 1, 8, 0, 6, 4, 0, operation]);
            }
            station.send(Instant::ZERO, &frame);
            server.poll(Instant::ZERO);
        }
        prop_assert!(server.log.opened.is_empty());
    }
}

/// Checks that every byte that arrives is the one that stands at its place in the stream.
#[derive(Default)]
struct Judge {
    /// Bytes consumed of the session that is open.
    position: u64,
    open: Option<SessionId>,
    opened: u64,
    bytes: u64,
    reasons: std::collections::BTreeMap<CloseReason, u64>,
    greed: u64,
}

impl Handler for Judge {
    fn opened(&mut self, session: SessionId, _: Peer) {
        assert!(self.open.replace(session).is_none());
        self.position = 0;
        self.opened += 1;
    }

    fn data(&mut self, session: SessionId, bytes: &[u8]) -> usize {
        assert_eq!(self.open, Some(session));
        for (offset, byte) in bytes.iter().enumerate() {
            assert_eq!(*byte, stream_byte(self.position + offset as u64), "at {}", self.position + offset as u64);
        }
        // Sometimes all, sometimes some, sometimes nothing.
        self.greed = self.greed.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        let taken = match self.greed >> 61 {
            0 => 0,
            1 | 2 => bytes.len() / 2,
            _ => bytes.len(),
        };
        self.position += taken as u64;
        self.bytes += taken as u64;
        taken
    }

    fn closed(&mut self, session: SessionId, why: CloseReason) {
        assert_eq!(self.open.take(), Some(session));
        *self.reasons.entry(why).or_default() += 1;
    }
}

fn stream_byte(position: u64) -> u8 {
    (net::random::mix(position / 8) >> (position % 8 * 8)) as u8
}

#[test]
fn a_peer_that_says_anything_with_right_checksums_breaks_nothing_and_invents_no_byte() {
    let mut opened = 0;
    let mut delivered = 0;
    let mut reasons = std::collections::BTreeSet::new();
    for seed in 0..effort::of(24) as u64 {
        let network = Network::new(NetworkConfig::default());
        let short = Duration::from_millis(20);
        let config =
            HostConfig { sessions: 3, open_timeout: short, close_timeout: short, ..HostConfig::new(SERVER, seed) };
        let mut host = Host::new(config, network.attach());
        host.listen(PORT, Filter::everybody()).unwrap();
        let mut station = Station::new(network.attach());
        let (mac, theirs) = (host.port().mac(), station.port.mac());
        let mut judge = Judge { greed: seed, ..Judge::default() };
        let mut random = Random::new(seed);
        let mut now = Instant::ZERO;
        // What an honest peer would know: its first number, how far we acknowledged it, our numbers as it saw them.
        let (mut first, mut next, mut ours) = (random.next_bits() as u32, 0u32, 0u32);
        let mut port = 5_000u16;
        for step in 0..6_000u64 {
            now = now + Duration::from_micros(random.below(3_000));
            if judge.open.is_none() && random.chance(30_000) {
                port = port.wrapping_add(1).max(1_025);
                first = random.next_bits() as u32;
                next = first.wrapping_add(1);
            }
            let near = |random: &mut Random, value: u32, spread: u64| match random.below(10) {
                0..6 => value,
                6..9 => value.wrapping_add(random.below(spread) as u32).wrapping_sub(spread as u32 / 3),
                _ => random.next_bits() as u32,
            };
            let sequence = if judge.open.is_none() { first } else { near(&mut random, next, 4_000) };
            let flags = match random.below(100) {
                _ if judge.open.is_none() && random.chance(500_000) => SYN,
                0..80 => ACK | if random.chance(500_000) { PSH } else { 0 },
                80..84 => ACK | FIN,
                84..86 => RST,
                86..88 => RST | ACK,
                88..92 => SYN,
                92..94 => SYN | ACK,
                _ => random.below(64) as u8,
            };
            let sequence = if flags & SYN == 0 && judge.open.is_none() { next } else { sequence };
            let count = [0, 1, 7, 100, 536, 1_400][random.below(6) as usize];
            let offset = u64::from(sequence.wrapping_sub(first).wrapping_sub(1));
            // A segment that reaches back before the stream's first byte has no true payload to carry.
            let count = if offset > u64::from(u32::MAX / 2) || flags & SYN != 0 { 0 } else { count };
            let options = match random.below(12) {
                0 => vec![2, 4, random.below(256) as u8, random.below(256) as u8],
                1 => vec![3, 3, random.below(256) as u8, 1],
                2 => vec![4, 2, 1, 1],
                3 => (0..random.below(11) * 4).map(|_| random.below(256) as u8).collect(),
                _ => Vec::new(),
            };
            let segment = Tcp {
                source: CLIENT,
                destination: SERVER,
                source_port: port,
                destination_port: PORT,
                sequence,
                acknowledgement: near(&mut random, ours, 3_000),
                flags,
                window: [0, 1, 500, 8_192, 65_535][random.below(5) as usize],
                options,
                payload: (0..count).map(|index| stream_byte(offset + index)).collect(),
            };
            station.send(now, &segment.frame(mac, theirs));
            host.poll_ingress(now, &mut judge);
            if let Some(id) = judge.open {
                if random.chance(300_000) {
                    let _ = host.send(id, &bytes(step, random.below(3_000) as usize));
                }
                if random.chance(300_000) {
                    host.offer_again(id);
                }
                match random.below(600) {
                    0 => host.close(id),
                    1 => host.abort(id),
                    _ => {}
                }
            }
            host.poll_egress(now);
            for answer in station.segments(now, CLIENT) {
                if answer.destination_port == port && answer.flags & RST == 0 {
                    ours = answer.sequence.wrapping_add(answer.payload.len() as u32);
                    ours = ours.wrapping_add(u32::from(answer.flags & (SYN | FIN) != 0));
                    if answer.flags & ACK != 0 {
                        next = answer.acknowledgement;
                    }
                    if answer.flags & SYN != 0 {
                        // The stream begins behind the SYN that was taken, which may be a nonsensical one.
                        first = next.wrapping_sub(1);
                    }
                }
            }
        }
        let counters = host.counters();
        opened += judge.opened;
        delivered += judge.bytes;
        reasons.extend(judge.reasons.keys().copied());
        assert!(counters.peeked_payloads > 0 && counters.ringed_offers > 0);
        // Honest peers still find a place.
        let mut server = Echo { host, log: EchoLog::default() };
        if let Some(id) = judge.open {
            server.host.abort(id);
            server.host.poll_ingress(now, &mut judge);
        }
        idle(&mut [&mut server], now, now + Duration::from_secs(30));
        let mut client = Client::with(HostConfig::new(std::net::Ipv4Addr::new(10, 0, 0, 3), 5), network.attach());
        client.connect(now + Duration::from_secs(30), bytes(1, 10_000));
        let start = now + Duration::from_secs(30);
        run_to_completion(&mut server, &mut client, start, start + Duration::from_secs(10));
        client.assert_exact();
    }
    println!("{opened} connections, {delivered} bytes, ended by {reasons:?}");
    assert!(
        opened > effort::of(500) as u64
            && delivered > effort::of(100_000) as u64
            && (effort::share() > 1 || reasons.len() >= 4)
    );
}
