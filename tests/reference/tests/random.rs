//! Random days: what must always hold, and that every planted fault shows in the frame that it names.

mod common;

use common::{Day, flow};
use reference::state::State;
use reference::*;
use std::collections::BTreeMap;

fn run(day: &mut Day, commands: &[Vec<u8>], mut look: impl FnMut(&Day, &Outcome)) {
    for bytes in commands {
        let outcome = day.execute(bytes).expect("alive, and a command");
        look(day, &outcome);
    }
}

/// Frozen and pending are what the working orders say, exposures what positions and pending say, longs equal shorts.
fn holds_together(state: &State) {
    let mut reserved: BTreeMap<_, [[u64; 3]; 2]> = BTreeMap::new();
    for order in state.orders.values() {
        let sums = &mut reserved.entry(order.row()).or_default()[order.position_side()];
        if order.opens() {
            sums[2] += u64::from(order.remaining);
        } else {
            sums[0] += u64::from(order.yesterday);
            sums[1] += u64::from(order.remaining - order.yesterday);
        }
        assert!(order.remaining > 0);
    }
    let mut exposures: BTreeMap<_, [u64; 2]> = BTreeMap::new();
    let mut totals: BTreeMap<Instrument, [u64; 2]> = BTreeMap::new();
    for (key, row) in &state.rows {
        let sums = reserved.remove(key).unwrap_or_default();
        for side in 0..2 {
            let holding = row[side];
            assert_eq!([holding.frozen_yesterday, holding.frozen_today, holding.pending], sums[side]);
            assert!(holding.frozen_yesterday <= holding.yesterday && holding.frozen_today <= holding.today);
            let client = state.clients[&key.0].define.client_number;
            exposures.entry((client, key.1)).or_default()[side] += holding.yesterday + holding.today + holding.pending;
            totals.entry(key.1).or_default()[side] += holding.yesterday + holding.today;
        }
    }
    assert!(reserved.is_empty(), "every order has its row");
    for (key, sides) in &state.exposures {
        assert_eq!(exposures.remove(key).unwrap_or_default(), *sides);
    }
    assert!(exposures.values().all(|sides| *sides == [0, 0]));
    assert!(totals.values().all(|[long, short]| long == short));
    for market in state.markets.values() {
        assert!(market.phase != b'0' || !market.crossed());
    }
}

#[test]
fn positions_exposures_and_digests_hold_together() {
    for seed in 1..=4 {
        println!("seed {seed}");
        let mut day = Day::unopened(Settings::default());
        let (mut trades, mut auctions, mut count) = (0, 0, 0);
        run(&mut day, &flow::day(seed, 4_000), |day, outcome| {
            let state = day.exchange.state();
            count += 1;
            if count % 16 == 0 {
                holds_together(state);
                assert_eq!(outcome.stamp.digest, state.recomputed_digest());
                assert_eq!(outcome.stamp.local_ids, state.digest_of_marks());
            }
            for event in &outcome.events {
                trades += u32::from(matches!(event, Event::Traded(trade) if trade.aggressor < 2));
                auctions += u32::from(matches!(event, Event::Traded(trade) if trade.aggressor == 2));
            }
        });
        println!("{trades} trades, {auctions} in auctions");
        assert!(trades > 500 && auctions > 10);
    }
}

#[test]
fn messages_are_numbered_without_gaps_and_read_back() {
    let mut day = Day::unopened(Settings::default());
    let mut last: BTreeMap<Stream, u32> = BTreeMap::new();
    run(&mut day, &flow::day(9, 3_000), |_, outcome| {
        for told in &outcome.told {
            let number = last.entry(told.stream).or_default();
            *number += 1;
            assert_eq!(told.number, *number);
            match ftd::next_message(&told.bytes) {
                Ok(ftd::Next::Message { length, message }) => {
                    assert_eq!((length, message.number().0), (told.bytes.len(), *number));
                }
                other => panic!("{other:?}"),
            }
        }
    });
    let state = day.exchange.state();
    assert_eq!(last[&Stream::Broadcast], state.broadcast);
    for (&index, member) in &state.members {
        assert_eq!(last[&Stream::Private(index)], member.private);
    }
}

#[test]
fn a_planted_fault_shows_first_in_the_frame_that_it_names() {
    let commands = flow::day(5, 6_000);
    for &fault in Fault::ALL {
        let mut right = Day::unopened(Settings::default());
        let mut wrong = Day::unopened(Settings::default());
        wrong.exchange.faults.plant(fault, Sequence(300));
        let differs = commands.iter().find_map(|bytes| {
            let right = right.execute(bytes).expect("alive").frame_parts;
            let wrong = wrong.execute(bytes).expect("alive").frame_parts;
            (right != wrong).then(|| frame::read(&wrong[0]).expect("a frame").stamp.sequence)
        });
        println!("{fault:?} at {differs:?}");
        assert!(differs.is_some_and(|sequence| sequence >= Sequence(300)), "{fault:?}");
        assert_eq!(wrong.exchange.faults.took_effect(fault), differs, "{fault:?}");
    }
}

#[test]
fn other_prefixes_from_an_epoch_on() {
    let settings = Settings { later_prefixes: vec![(Epoch(2), b'B')], ..Settings::default() };
    let mut day = Day::open_with(settings, common::day_open());
    day.line("phase 0 0");
    let ours = day.by(0, common::insert(1));
    let open = command::EpochOpen {
        epoch: Epoch(2),
        data_center: 9,
        old_epoch: Epoch(1),
        zero: wire::Zero,
        cut_sequence: ours.stamp.sequence,
    };
    day.epoch = 2;
    assert_eq!(day.own(open).stamp.data_center, 9);
    let theirs = day.by(0, common::insert(2));
    let id = |outcome: &Outcome| match &outcome.events[0] {
        Event::Accepted { sys_id, .. } => *sys_id,
        other => panic!("{other:?}"),
    };
    assert_eq!(&id(&ours), b"P0000000000017000000");
    assert_eq!(&id(&theirs), b"B0000000000019000000");
}
