//! Following a feed: what is adopted, what is named, what is refused.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use engine::command::CommandKind;
use engine::event::{Ended, EventView, Traded};
use engine::types::{Epoch, Nanoseconds, Price, Sequence, Stamp, StreamNumber, Volume};
use journal::{FeedRequest, Heartbeat, Refused};
use standby::*;

fn random(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed | 1;
    move |below| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % below.max(1)
    }
}

fn heartbeat(primary: &Exchange, ahead: u64) -> Vec<u8> {
    let state = primary.machine.state();
    let stamp = Stamp {
        epoch: state.epoch(),
        sequence: Sequence(state.last_sequence().0 + ahead),
        time: Nanoseconds(primary.now),
    };
    Heartbeat { stamp, digests: state.digests(), data_center: 1 }.write().to_vec()
}

#[test]
fn a_feed_in_any_pieces_gives_the_same_log_and_state() {
    let mut primary = Exchange::open(PRIMARY);
    primary.trade_on(2_000);
    let bytes = primary.bytes();
    for seed in 0..8 {
        let mut random = random(seed * 77 + 5);
        let mut follower = follower();
        let request = follower.connected(Nanoseconds(primary.now));
        assert_eq!(request, FeedRequest::new(Epoch(0), Sequence(0), 0, DAY).write());
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let most = [1, 7, 300, 100_000][random(4)];
            let count = (1 + random(most)).min(rest.len());
            follower.feed(&rest[..count], Nanoseconds(primary.now)).unwrap();
            rest = &rest[count..];
        }
        assert!(follower.audit().is_clean(), "{}", follower.audit());
        assert_eq!(follower.state(), State::InStep);
        let (ours, theirs) = (follower.machine().unwrap(), &primary.machine);
        assert_eq!(ours.state().digests(), theirs.state().digests());
        assert_eq!(ours.reader().bytes_from(0), theirs.reader().bytes_from(0));
        assert_eq!(follower.fold().phases()[..8], primary.phases()[..]);
    }
}

/// Feeds everything, the frame `sequence` changed, and returns the follower.
fn fed_with(primary: &Exchange, sequence: Sequence, frame: &[u8]) -> (Follower, Result<Fed, FeedEnd>) {
    let mut follower = follower();
    follower.connected(Nanoseconds(primary.now));
    let mut bytes = Vec::new();
    for (place, original) in frames(primary.machine.reader()).iter().enumerate() {
        bytes.extend_from_slice(if place as u64 + 1 == sequence.0 { frame } else { original });
    }
    let fed = follower.feed(&bytes, Nanoseconds(primary.now));
    (follower, fed)
}

/// A primary in which an immediate buy order of 5 trades with a resting sell order of 10, and one that trades fully on entry;
/// their sequences.
fn traded() -> (Exchange, Sequence, Sequence) {
    let mut primary = Exchange::open(PRIMARY);
    primary.order(0, 0, b'1', 100, 10);
    let immediate = primary.send(&insert(9_001, 1, 0, b'0', 100, 5, b'2')).stamp.sequence;
    let on_entry = primary.order(2, 0, b'0', 101, 2).stamp.sequence;
    (primary, immediate, on_entry)
}

#[test]
fn a_trade_with_another_price_is_adopted_and_named() {
    let (primary, _, sequence) = traded();
    let frame = altered(primary.machine.reader(), sequence, |events, _| {
        let Some(EventView::Traded(trade)) = events[1].view() else { panic!("{events:?}") };
        events[1] = Traded { price: Price(trade.price.0 + 1), ..*trade }.into();
    });
    let (follower, fed) = fed_with(&primary, sequence, &frame);
    fed.unwrap();
    let audit = follower.audit();
    assert_eq!((audit.differences, audit.findings[0].sequence, audit.findings[0].event), (1, sequence, 1));
    assert_eq!(audit.findings[0].kind, CommandKind::OrderInsert);
    let words = audit.findings[0].to_string();
    assert!(words.contains("2 lots at 100 ticks") && words.contains("2 lots at 101 ticks"), "{words}");
    // The primary's digest is of a state with the right price.
    assert_eq!(audit.first_digest_mismatch.unwrap().sequence, sequence);
    assert_eq!(follower.state(), State::InStep, "a different judgement is adopted, counted and named");
}

#[test]
fn a_trade_with_another_volume_is_adopted_and_named() {
    let (primary, sequence, _) = traded();
    let frame = altered(primary.machine.reader(), sequence, |events, _| {
        let Some(EventView::Traded(trade)) = events[1].view() else { panic!("{events:?}") };
        events[1] = Traded { volume: Volume(4), buy_remaining: Volume(1), sell_remaining: Volume(6), ..*trade }.into();
        let Some(EventView::Ended(ended)) = events[2].view() else { panic!("{events:?}") };
        events[2] = Ended { reason: 1, released: Volume(1), traded: Volume(4), ..*ended }.into();
    });
    let (follower, fed) = fed_with(&primary, sequence, &frame);
    // The rest of this feed is of a primary that filled it rightly: its next trade in that order contradicts the frame.
    let Err(FeedEnd::Diverged(Refused::Impossible { sequence: next, .. })) = fed else { panic!("{fed:?}") };
    assert_eq!(next, Sequence(sequence.0 + 1));
    let finding = &follower.audit().findings[0];
    assert_eq!((finding.sequence, finding.event), (sequence, 1));
    assert!(finding.to_string().contains("5 lots") && finding.to_string().contains("4 lots"), "{finding}");
}

#[test]
fn a_digest_that_is_not_of_the_state_is_named_and_the_frame_stays() {
    let (primary, sequence, _) = traded();
    for which in 0..2 {
        let frame = altered(primary.machine.reader(), sequence, |_, digests| match which {
            0 => digests.state ^= 1,
            _ => digests.local_ids ^= 1,
        });
        let (mut follower, fed) = fed_with(&primary, sequence, &frame);
        fed.unwrap();
        let audit = follower.audit().clone();
        assert_eq!((audit.differences, audit.digest_mismatches), (0, 1));
        assert_eq!(audit.first_digest_mismatch.unwrap().sequence, sequence);
        assert_eq!(follower.machine().unwrap().state().digests(), primary.machine.state().digests());
    }
}

#[test]
fn a_primary_with_a_wrong_position_shows_in_its_digests_from_the_first_frame_on() {
    let (primary, first, _) = traded();
    let reader = primary.machine.reader();
    let mut follower = follower();
    follower.connected(Nanoseconds(primary.now));
    // Its books hold one lot too many: the term of a row differs, in every frame from then on.
    for frame in reader.frames_from(0) {
        let sequence = frame.stamp().sequence;
        let wrong = |digests: &mut engine::Digests| digests.state = digests.state.wrapping_add(0x1234_5678);
        let bytes = altered(reader, sequence, |_, digests| {
            if sequence >= first {
                wrong(digests);
            }
        });
        follower.feed(&bytes, Nanoseconds(primary.now)).unwrap();
    }
    let audit = follower.audit();
    assert_eq!(audit.first_digest_mismatch.unwrap().sequence, first);
    assert_eq!(audit.digest_mismatches, primary.last().0 - first.0 + 1);
    assert!(audit.to_string().contains(&format!("sequence {first}")), "{audit}");
}

#[test]
fn a_stream_number_that_does_not_follow_diverges_at_its_frame_and_seals_at_the_one_before() {
    let (primary, sequence, _) = traded();
    let frame = altered(primary.machine.reader(), sequence, |events, _| {
        let Some(EventView::Traded(trade)) = events[1].view() else { panic!("{events:?}") };
        events[1] = Traded { buy_number: StreamNumber(trade.buy_number.0 + 1), ..*trade }.into();
    });
    let (mut follower, fed) = fed_with(&primary, sequence, &frame);
    let Err(FeedEnd::Diverged(Refused::Impossible { sequence: named, .. })) = fed else { panic!("{fed:?}") };
    assert_eq!(named, sequence);
    assert_eq!(follower.state(), State::Diverged);
    assert!(follower.audit().to_string().contains(&format!("sequence {sequence}")));
    let before = Sequence(sequence.0 - 1);
    let machine = follower.machine().unwrap();
    assert_eq!((machine.state().last_sequence(), machine.reader().last_sequence()), (before, before));
    let whole = machine.reader().frame_of(before).unwrap().digests();
    assert_eq!(machine.state().digests(), whole, "nothing of the frame was applied");
    // Nothing more is taken, over this connection or another.
    assert_eq!(follower.feed(&primary.bytes(), Nanoseconds(primary.now)), Err(FeedEnd::Sealed));
    follower.connected(Nanoseconds(primary.now));
    assert_eq!(follower.feed(&primary.bytes(), Nanoseconds(primary.now)), Err(FeedEnd::Sealed));
}

#[test]
fn a_source_of_a_lower_epoch_is_refused() {
    let mut primary = Exchange::open(PRIMARY);
    primary.trade_on(50);
    let old = heartbeat(&primary, 0);
    let old_order = primary.next_order(0, 0, b'0', 100, 1);
    // The same log goes on in a second epoch.
    let open = engine::command::EpochOpen {
        epoch: Epoch(2),
        data_center: 3,
        old_epoch: Epoch(1),
        reserved: 0,
        cut_sequence: primary.last(),
    };
    let log = primary.bytes();
    let mut stale = recovered(&log, primary.last());
    stale.execute(&old_order.command(), Nanoseconds(primary.now)).unwrap();
    primary.send(&engine::command::CommandBuffer::own(&open));
    let mut follower = following(&primary);
    let refused = FeedEnd::LowerEpoch { found: Epoch(1), present: Epoch(2) };
    assert_eq!(follower.feed(&old, Nanoseconds(primary.now)), Err(refused.clone()));
    follower.connected(Nanoseconds(primary.now));
    let bytes = frames(stale.reader()).pop().unwrap();
    assert_eq!(follower.feed(&bytes, Nanoseconds(primary.now)), Err(refused));
    assert_eq!(follower.machine().unwrap().reader().last_sequence(), primary.last());
    assert_eq!(follower.audit().feeds_ended, 2);
}

#[test]
fn another_trading_day_is_refused_before_anything_is_recorded() {
    let primary = Exchange::open(PRIMARY);
    let machine = journal::Machine::new(journal::Log::in_memory(LIMITS).unwrap(), BACKSTOP);
    let tomorrow = FollowSettings { trading_day: DAY + 1, ..settings() };
    let mut follower = Follower::new(machine, tomorrow);
    follower.connected(Nanoseconds(primary.now));
    let fed = follower.feed(&primary.bytes(), Nanoseconds(primary.now));
    assert_eq!(fed, Err(FeedEnd::OtherDay { found: DAY, expected: DAY + 1 }));
    assert_eq!((follower.state(), follower.fold().last_sequence()), (State::Empty, Sequence(0)));
}

#[test]
fn frames_that_come_again_are_left_alone() {
    let mut primary = Exchange::open(PRIMARY);
    primary.trade_on(100);
    let mut follower = following(&primary);
    let before = follower.machine().unwrap().reader().committed();
    let fed = follower.feed(&primary.bytes(), Nanoseconds(primary.now)).unwrap();
    assert_eq!(fed, Fed { adopted: 0, repeats: primary.last().0 });
    assert_eq!(follower.machine().unwrap().reader().committed(), before);
    assert!(follower.audit().is_clean());
}

#[test]
fn another_frame_under_a_sequence_that_we_hold_diverges() {
    let mut primary = Exchange::open(PRIMARY);
    primary.trade_on(10);
    let mut follower = following(&primary);
    let bytes = altered(primary.machine.reader(), primary.last(), |_, digests| digests.state ^= 1);
    let fed = follower.feed(&bytes, Nanoseconds(primary.now));
    assert_eq!(fed, Err(FeedEnd::Diverged(Refused::HistoryDiffers { sequence: primary.last() })));
    assert_eq!(follower.state(), State::Diverged);
}

#[test]
fn heartbeats_tell_how_far_we_are_and_silence_tells_too() {
    let mut primary = Exchange::open(PRIMARY);
    let mut follower = following(&primary);
    let at = Nanoseconds;
    follower.feed(&heartbeat(&primary, 10_000), at(primary.now)).unwrap();
    assert_eq!(follower.state(), State::InStep, "the limit itself is within it");
    follower.feed(&heartbeat(&primary, 10_001), at(primary.now)).unwrap();
    assert_eq!(follower.state(), State::Lagging);
    follower.feed(&heartbeat(&primary, 1), at(primary.now)).unwrap();
    assert_eq!(follower.state(), State::Lagging, "one is missing still");

    let mut follower = following(&primary);
    follower.tick(at(primary.now + 3 * SECOND));
    assert_eq!(follower.state(), State::InStep);
    follower.tick(at(primary.now + 3 * SECOND + 1));
    assert_eq!(follower.state(), State::Lagging);
    primary.trade_on(3);
    follower.feed(&heartbeat(&primary, 0), at(primary.now + 4 * SECOND)).unwrap();
    assert_eq!(follower.state(), State::Lagging, "three frames are missing");
    let request = follower.connected(at(primary.now));
    let digest = follower.machine().unwrap().state().digests().state;
    assert_eq!(request, FeedRequest::new(Epoch(1), Sequence(primary.last().0 - 3), digest, DAY).write());
    let reader = primary.machine.reader();
    let rest = reader.bytes_from(reader.offset_of(Sequence(primary.last().0 - 2)).unwrap()).unwrap();
    follower.feed(rest, at(primary.now + 5 * SECOND)).unwrap();
    assert_eq!(follower.state(), State::Lagging, "its newest frame is old; more may be on the way");
    follower.feed(&heartbeat(&primary, 0), at(primary.now + 6 * SECOND)).unwrap();
    assert_eq!(follower.state(), State::InStep);
    assert_eq!(follower.audit().heartbeats, 2);
}

#[test]
fn a_log_from_hours_ago_is_synced_before_it_is_in_step() {
    let mut primary = Exchange::open(PRIMARY);
    primary.trade_on(10);
    let mut follower = follower();
    assert_eq!(follower.state(), State::Empty);
    let later = Nanoseconds(primary.now + 3_600 * SECOND);
    follower.connected(later);
    follower.feed(&primary.bytes(), later).unwrap();
    assert_eq!(follower.state(), State::Syncing);
    follower.feed(&heartbeat(&primary, 0), later).unwrap();
    assert_eq!(follower.state(), State::InStep);
}

#[test]
fn a_frame_torn_by_the_end_of_a_connection_is_dropped_and_asked_for_again() {
    let mut primary = Exchange::open(PRIMARY);
    primary.trade_on(10);
    let bytes = primary.bytes();
    let last = primary.machine.reader().offset_of(primary.last()).unwrap() as usize;
    for cut in [last + 1, last + 64, bytes.len() - 1] {
        let mut follower = follower();
        follower.connected(Nanoseconds(primary.now));
        follower.feed(&bytes[..cut], Nanoseconds(primary.now)).unwrap();
        let request = follower.connected(Nanoseconds(primary.now));
        assert_eq!(request[8..16], (primary.last().0 - 1).to_le_bytes());
        assert_eq!(follower.audit().torn_bytes, (cut - last) as u64);
        follower.feed(&bytes[last..], Nanoseconds(primary.now)).unwrap();
        assert_eq!(follower.fold().last_sequence(), primary.last());
    }
}

#[test]
fn bytes_that_are_no_feed_and_frames_out_of_place_end_the_connection_only() {
    let mut primary = Exchange::open(PRIMARY);
    let mut follower = following(&primary);
    let now = Nanoseconds(primary.now);
    assert!(matches!(follower.feed(b"HTTP/1.1 400 Bad Request", now), Err(FeedEnd::Malformed(_))));
    assert_eq!(follower.feed(&primary.bytes(), now), Err(FeedEnd::Sealed), "of this connection nothing more");
    let before = primary.last();
    primary.trade_on(2);
    follower.connected(now);
    let second = frames(primary.machine.reader()).pop().unwrap();
    let gap = FeedEnd::OutOfPlace { found: primary.last(), expected: Sequence(before.0 + 1) };
    assert_eq!(follower.feed(&second, now), Err(gap));
    assert_eq!(follower.state(), State::InStep);
    follower.connected(now);
    follower.feed(&primary.bytes(), now).unwrap();
    assert_eq!(follower.fold().last_sequence(), primary.last());
}

#[test]
fn only_the_first_differences_are_kept_and_all_are_counted() {
    let mut primary = Exchange::open(PRIMARY);
    for _ in 0..40 {
        primary.order(0, 0, b'1', 100, 1);
        primary.order(1, 0, b'0', 100, 1);
    }
    let reader = primary.machine.reader();
    let mut follower = follower();
    follower.connected(Nanoseconds(primary.now));
    for frame in reader.frames_from(0) {
        let bytes = altered(reader, frame.stamp().sequence, |events, _| {
            for event in events {
                if let Some(EventView::Traded(trade)) = event.view() {
                    *event = Traded { price: Price(trade.price.0 - 1), ..*trade }.into();
                }
            }
        });
        follower.feed(&bytes, Nanoseconds(primary.now)).unwrap();
    }
    assert_eq!(follower.audit().differences, 40);
    assert_eq!(follower.audit().findings.len(), AUDIT_KEPT);
    assert!(follower.audit().to_string().contains("and 24 more"));
}

#[test]
fn states_are_numbered_and_every_way_leads_to_a_state_of_the_list() {
    for (number, &state) in State::ALL.iter().enumerate() {
        assert_eq!(usize::from(state.number()), number);
    }
    assert_eq!(State::Empty.after(Happening::Commanded), None, "nothing can be taken over from nothing");
    assert_eq!(State::Retired.after(Happening::Level), None);
    assert_eq!(State::Diverged.after(Happening::Level), None);
}
