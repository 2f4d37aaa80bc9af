//! The standard's rules one by one, against a peer whose every segment is written by hand. Each test cites what it holds.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, which the lint cannot see")]

mod common;

use common::frames::{ACK, FIN, PSH, RST, SYN, Station, Tcp};
use common::stage::Stage;
use common::*;
use net::{CloseReason, Instant, Mac, Network, NetworkConfig, Port};
use std::time::Duration;

const SACK_PERMITTED: [u8; 4] = [1, 1, 4, 2];
const SEGMENT_1000: [u8; 4] = [2, 4, 3, 232];

/// A SACK option with these stretches, as distances from `base`.
fn sack(base: u32, blocks: &[(u32, u32)]) -> Vec<u8> {
    let mut option = vec![1, 1, 5, 2 + 8 * blocks.len() as u8];
    for (start, end) in blocks {
        option.extend(base.wrapping_add(*start).to_be_bytes());
        option.extend(base.wrapping_add(*end).to_be_bytes());
    }
    option
}

#[test]
fn what_comes_too_early_is_named_latest_first_and_handed_on_when_the_gap_closes() {
    // RFC 2018 §4, RFC 5681 §4.2. The stream's numbers wrap in the middle.
    let mut stage = Stage::new(&SACK_PERMITTED, 8_000);
    let base = stage.sequence;
    let mut named = Vec::new();
    for ahead in [1_000, 3_000, 2_000, 5_000, 1_000] {
        stage.say(stage.segment(ACK | PSH, ahead, 1_000));
        let answers = stage.heard();
        assert_eq!((answers.len(), answers[0].acknowledgement), (1, base), "each is answered at once");
        named.push(answers[0].options.clone());
    }
    assert_eq!(named[0], sack(base, &[(1_000, 2_000)]));
    assert_eq!(named[1], sack(base, &[(3_000, 4_000), (1_000, 2_000)]));
    assert_eq!(named[2], sack(base, &[(1_000, 4_000)]));
    assert_eq!(named[3], sack(base, &[(5_000, 6_000), (1_000, 4_000)]));
    assert_eq!(named[4], sack(base, &[(1_000, 4_000), (5_000, 6_000)]));
    assert_eq!(stage.server.log.offers, 0);
    stage.say(stage.segment(ACK | PSH, 0, 1_000));
    stage.say(stage.segment(ACK | PSH, 4_000, 1_000));
    let acknowledged: Vec<u32> = stage.heard().iter().map(|answer| answer.acknowledgement.wrapping_sub(base)).collect();
    assert_eq!(acknowledged, [4_000, 6_000]);
    let id = stage.id.unwrap();
    assert_eq!(Vec::from(stage.server.log.pending[&id].clone()), bytes(9, 10_000)[..6_000]);
}

#[test]
fn three_repeated_acknowledgements_resend_what_is_missing_and_not_what_the_peer_names() {
    // RFC 5681 §3.2, RFC 2018 §5, RFC 6582 §3.2.
    let mut stage = Stage::new(&[&SEGMENT_1000[..], &SACK_PERMITTED].concat(), 20_000);
    assert_eq!(stage.send(6_000), [0, 1_000, 2_000, 3_000, 4_000, 5_000].map(|at| (at, 1_000)));
    // The first and the third are lost.
    let base = stage.acknowledgement;
    for blocks in [&[(1_000, 2_000)][..], &[(3_000, 4_000), (1_000, 2_000)]] {
        stage.say(Tcp { options: sack(base, blocks), ..stage.segment(ACK, 0, 0) });
        assert!(stage.heard().is_empty());
    }
    stage.say(Tcp { options: sack(base, &[(3_000, 5_000), (1_000, 2_000)]), ..stage.segment(ACK, 0, 0) });
    let again = stage.heard();
    assert_eq!(stage.places(&again), [(0, 1_000), (2_000, 1_000)]);
    stage.say(Tcp { options: sack(base, &[(3_000, 6_000), (1_000, 2_000)]), ..stage.segment(ACK, 0, 0) });
    assert!(stage.heard().is_empty(), "each is sent again once");
    stage.acknowledgement = base.wrapping_add(6_000);
    stage.say(stage.segment(ACK, 0, 0));
    assert_eq!(stage.server.host.send_queue(stage.id.unwrap()), 0);
}

#[test]
fn an_acknowledgement_that_ends_short_names_the_next_loss_without_sack() {
    // RFC 6582 §3.2 step 3.
    let mut stage = Stage::new(&SEGMENT_1000, 20_000);
    stage.send(5_000);
    for _ in 0..2 {
        stage.say(stage.segment(ACK, 0, 0));
        assert!(stage.heard().is_empty());
    }
    stage.say(stage.segment(ACK, 0, 0));
    let again = stage.heard();
    assert_eq!(stage.places(&again), [(0, 1_000)]);
    stage.acknowledgement = stage.acknowledgement.wrapping_add(3_000);
    stage.say(stage.segment(ACK, 0, 0));
    let again = stage.heard();
    assert_eq!(stage.places(&again), [(0, 1_000)]);
    stage.acknowledgement = stage.acknowledgement.wrapping_add(2_000);
    stage.say(stage.segment(ACK, 0, 0));
    assert!(stage.heard().is_empty());
    assert_eq!(stage.server.host.next_deadline().map(|at| at.since(stage.now) > Duration::ZERO), Some(true));
}

#[test]
fn a_silent_peer_is_sent_the_first_segment_at_doubling_times_up_to_a_second_and_then_more_at_once() {
    // RFC 6298 §5.
    let mut stage = Stage::new(&SEGMENT_1000, 20_000);
    stage.send(6_000);
    let mut times = Vec::new();
    for millis in 1..=5_000 {
        let again = stage.wait(1);
        if !again.is_empty() {
            assert_eq!(stage.places(&again), [(0, 1_000)]);
            times.push(millis);
        }
    }
    assert_eq!(times, [200, 600, 1_400, 2_400, 3_400, 4_400]);
    stage.acknowledgement = stage.acknowledgement.wrapping_add(1_000);
    stage.say(stage.segment(ACK, 0, 0));
    let again = stage.heard();
    assert_eq!(stage.places(&again), [(0, 1_000), (1_000, 1_000)]);
}

#[test]
fn only_the_exact_reset_ends_a_connection_and_others_are_asked_about() {
    // RFC 5961 §3.2, §4.2.
    let mut stage = Stage::new(&[], 8_000);
    stage.say(stage.segment(RST, 100, 0));
    let answers = stage.heard();
    assert_eq!((answers.len(), answers[0].flags, answers[0].acknowledgement), (1, ACK, stage.sequence));
    stage.now = stage.now + Duration::from_millis(100);
    stage.say(stage.segment(SYN, 100, 0));
    assert_eq!(stage.heard()[0].flags, ACK);
    stage.say(stage.segment(SYN, 100, 0));
    assert!(stage.heard().is_empty(), "not at every one");
    // Outside of the window, and an acknowledgement from long ago.
    stage.say(Tcp { sequence: stage.sequence.wrapping_sub(1), ..stage.segment(RST, 0, 0) });
    let old = Tcp { acknowledgement: stage.acknowledgement.wrapping_sub(100_000), ..stage.segment(ACK, 0, 100) };
    stage.say(old);
    assert_eq!((stage.server.log.offers, stage.server.log.closed.len()), (0, 0));
    assert_eq!(stage.server.host.counters().challenges, 2);
    stage.say(stage.segment(RST, 0, 0));
    stage.wait(0);
    assert_eq!(stage.server.log.closed[0].1, CloseReason::Reset);
}

#[test]
fn a_small_window_is_not_filled_with_crumbs_and_a_closed_one_is_probed_with_a_byte() {
    // RFC 9293 §3.8.6.1, §3.8.6.2.1.
    let mut stage = Stage::new(&SEGMENT_1000, 2_500);
    assert_eq!(stage.send(6_000), [(0, 1_000), (1_000, 1_000)]);
    stage.acknowledgement = stage.acknowledgement.wrapping_add(2_000);
    stage.window = 0;
    stage.say(stage.segment(ACK, 0, 0));
    assert!(stage.heard().is_empty());
    for millis in [200, 400, 800, 1_000] {
        assert!(stage.wait(millis - 1).is_empty());
        let probe = stage.wait(1);
        assert_eq!(stage.places(&probe), [(0, 1)], "after {millis}");
        stage.say(stage.segment(ACK, 0, 0));
    }
    // It takes the probe and opens: what follows goes on behind it.
    stage.acknowledgement = stage.acknowledgement.wrapping_add(1);
    stage.window = 1_100;
    stage.say(stage.segment(ACK, 0, 0));
    let more = stage.heard();
    assert_eq!(stage.places(&more), [(0, 1_000)]);
}

#[test]
fn the_peers_window_scale_counts_from_the_first_segment_behind_its_syn() {
    // RFC 7323 §2.2, §2.3.
    let mut stage = Stage::new(&[&SEGMENT_1000[..], &[1, 3, 3, 3]].concat(), 1_000);
    assert_eq!(stage.send(20_000).len(), 8);
}

#[test]
fn fin_follows_what_is_queued_is_sent_again_and_both_may_finish_at_once() {
    // RFC 9293 §3.6, figure 13.
    let mut stage = Stage::new(&SEGMENT_1000, 1_000);
    stage.send(1_500);
    stage.server.host.close(stage.id.unwrap());
    stage.acknowledgement = stage.acknowledgement.wrapping_add(1_000);
    stage.say(stage.segment(ACK, 0, 0));
    let last = stage.heard();
    assert_eq!((stage.places(&last), last[0].flags), (vec![(0, 500)], ACK | PSH | FIN));
    let again = stage.wait(200);
    assert_eq!((stage.places(&again), again[0].flags), (vec![(0, 500)], ACK | PSH | FIN));
    // The peer's FIN crosses ours.
    stage.say(stage.segment(ACK | FIN, 0, 0));
    let answer = stage.heard();
    assert_eq!(answer[0].acknowledgement, stage.sequence.wrapping_add(1));
    assert!(stage.server.log.closed.is_empty());
    stage.acknowledgement = stage.acknowledgement.wrapping_add(501);
    stage.sequence = stage.sequence.wrapping_add(1);
    stage.say(stage.segment(ACK, 0, 0));
    assert_eq!(stage.server.log.closed[0].1, CloseReason::Finished);
    assert_eq!(stage.server.host.session_count(), 1, "TIME-WAIT");
    stage.wait(2_000);
    assert_eq!(stage.server.host.session_count(), 0);
}

#[test]
fn a_fin_that_comes_too_early_ends_the_stream_when_the_gap_before_it_closes() {
    let mut stage = Stage::new(&[], 8_000);
    stage.say(stage.segment(ACK | FIN, 1_000, 1_000));
    stage.say(stage.segment(ACK, 2_000, 100));
    assert!(stage.server.log.closed.is_empty() && stage.server.log.offers == 0);
    stage.say(stage.segment(ACK, 0, 1_000));
    let closed = stage.server.log.closed.clone();
    assert_eq!(closed, [(stage.id.unwrap(), CloseReason::PeerFinished)]);
    assert_eq!(stage.server.log.longest_offer, 2_000, "and nothing from behind it");
}

#[test]
fn two_that_ask_at_once_become_one_connection() {
    // RFC 9293 §3.5, figure 7.
    let network = Network::new(NetworkConfig::default());
    let mut client = Client::new(network.attach(), 2, 4);
    let mut station = Station::new(network.attach());
    let (mac, theirs) = (client.host.port().mac(), station.port.mac());
    client.connect(Instant::ZERO, Vec::new());
    client.poll(Instant::ZERO);
    station.segments(Instant::ZERO, SERVER);
    client.poll(Instant::ZERO);
    let syn = station.segments(Instant::ZERO, SERVER).remove(0);
    let mut ours = Tcp {
        source: SERVER,
        destination: CLIENT,
        source_port: PORT,
        destination_port: syn.source_port,
        sequence: 500,
        acknowledgement: 0,
        flags: SYN,
        window: 9_000,
        options: Vec::new(),
        payload: Vec::new(),
    };
    station.send(Instant::ZERO, &ours.frame(mac, theirs));
    client.poll(Instant::ZERO);
    let answer = station.segments(Instant::ZERO, SERVER).remove(0);
    assert_eq!((answer.flags, answer.sequence, answer.acknowledgement), (SYN | ACK, syn.sequence, 501));
    ours = Tcp { flags: ACK, sequence: 501, acknowledgement: syn.sequence.wrapping_add(1), ..ours };
    station.send(Instant::ZERO, &ours.frame(mac, theirs));
    client.poll(Instant::ZERO);
    assert_eq!((client.flows.list[0].opened, client.flows.list[0].closed), (1, None));
}

#[test]
fn a_wrong_ethernet_source_that_comes_twice_is_left_after_one_timeout() {
    // No sum covers Ethernet's addresses: both frames are good, and answers go where they say they came from.
    let mut stage = Stage::new(&[], 8_000);
    let (mac, right, wrong) = (stage.server.host.port().mac(), stage.station.port.mac(), Mac([2, 0, 0, 0, 9, 9]));
    let frame = stage.segment(ACK | PSH, 0, 100).frame(mac, wrong);
    for _ in 0..2 {
        stage.station.send(stage.now, &frame);
        stage.server.host.poll_ingress(stage.now, &mut stage.server.log);
        stage.server.host.poll_egress(stage.now);
    }
    stage.station.receive(stage.now);
    assert_eq!(stage.server.host.send(stage.id.unwrap(), &[7; 10]), Ok(10));
    let mut due = stage.now;
    for expected in [wrong, right, wrong, right] {
        stage.now = due;
        stage.server.host.poll_ingress(stage.now, &mut stage.server.log);
        stage.server.host.poll_egress(stage.now);
        let frames = stage.station.receive(stage.now);
        let destinations: Vec<&[u8]> = frames.iter().map(|frame| &frame[..6]).collect();
        assert_eq!(destinations, [&expected.0]);
        due = stage.server.host.next_deadline().unwrap();
    }
    // What the peer says next settles it.
    stage.say(stage.segment(ACK | PSH, 100, 100));
    stage.say(stage.segment(ACK | PSH, 200, 100));
    assert!(stage.station.receive(stage.now).iter().all(|frame| frame[..6] == right.0));
    for _ in 0..3 {
        stage.now = stage.server.host.next_deadline().unwrap();
        stage.server.host.poll_egress(stage.now);
        let frames = stage.station.receive(stage.now);
        assert!(!frames.is_empty() && frames.iter().all(|frame| frame[..6] == right.0));
    }
}

#[test]
fn an_acknowledgement_of_bytes_that_were_never_sent_is_dropped_and_loses_nothing() {
    // RFC 5961 §5.2. The peer's window is 100 bytes; 900 of 1,000 bytes wait. It claims to have got 500.
    let mut stage = Stage::new(&[], 100);
    assert_eq!(stage.send(1_000), [(0, 100)]);
    stage.say(Tcp { acknowledgement: stage.acknowledgement.wrapping_add(500), ..stage.segment(ACK, 0, 0) });
    assert_eq!(stage.server.host.counters().drops.acknowledges_unsent, 1);
    assert_eq!(stage.server.host.send_queue(stage.id.unwrap()), 1_000);
}
