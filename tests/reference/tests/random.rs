//! Random days: what must always hold, and that every planted fault shows in the frame that it names.

mod common;

use common::{Day, flow};
use reference::state::{State, Total};
use reference::*;
use std::collections::BTreeMap;

fn run(day: &mut Day, commands: &[Vec<u8>], mut look: impl FnMut(&Day, &Outcome)) {
    for bytes in commands {
        let outcome = day.execute(bytes).expect("alive, and a command");
        look(day, &outcome);
    }
}

/// Frozen and pending are what working orders and instructions say, exposures, totals, opened and money what rows and orders say, longs
/// equal shorts, and quotes have the orders that name them.
fn holds_together(state: &State, premiums: &BTreeMap<Participant, i128>) {
    let mut reserved: BTreeMap<_, [[u64; 3]; 2]> = BTreeMap::new();
    let mut opening: BTreeMap<(ClientNumber, Instrument), u64> = BTreeMap::new();
    let mut used: BTreeMap<Participant, i128> = BTreeMap::new();
    for order in state.orders.values() {
        let sums = &mut reserved.entry(order.row()).or_default()[order.position_side()];
        if order.opens() {
            sums[2] += u64::from(order.remaining);
            let need = state.markets[&order.insert.instrument].need(order.side(), order.price, order.remaining);
            *used.entry(order.participant).or_default() += need;
        } else {
            sums[0] += u64::from(order.yesterday);
            sums[1] += u64::from(order.remaining - order.yesterday);
        }
        if order.counts_as_opened() {
            let client = state.clients[&order.insert.account].define.client_number;
            *opening.entry((client, order.insert.instrument)).or_default() += u64::from(order.remaining);
        }
        assert!(order.remaining > 0);
        if let Some(quote) = order.quote {
            assert!(state.quotes[&quote].orders.contains(&Some(order.key)));
        }
    }
    for instruction in state.instructions.values().filter(|instruction| instruction.exercises()) {
        let sums = &mut reserved.entry(instruction.row()).or_default()[0];
        sums[0] += u64::from(instruction.yesterday);
        sums[1] += u64::from(instruction.insert.volume - instruction.yesterday);
    }
    let mut exposures: BTreeMap<_, [u64; 2]> = BTreeMap::new();
    let mut totals: BTreeMap<Instrument, [u64; 2]> = BTreeMap::new();
    let mut members: BTreeMap<_, Total> = BTreeMap::new();
    for (key, row) in &state.rows {
        let sums = reserved.remove(key).unwrap_or_default();
        let participant = state.clients[&key.0].define.participant;
        for side in 0..2 {
            let holding = row[side];
            assert_eq!([holding.frozen_yesterday, holding.frozen_today, holding.pending], sums[side]);
            assert!(holding.frozen_yesterday <= holding.yesterday && holding.frozen_today <= holding.today);
            let held = holding.yesterday + holding.today;
            let (group, exposed_side) = state.exposure_of(*key, side);
            exposures.entry(group).or_default()[exposed_side] += held + holding.pending;
            totals.entry(key.1).or_default()[side] += held;
            let member = members.entry((participant, key.1)).or_default();
            member.held[side] += held;
            member.pending[side] += holding.pending;
            *used.entry(participant).or_default() += state.markets[&key.1].margin(side) * i128::from(held);
        }
    }
    assert!(reserved.is_empty(), "every order has its row");
    for (key, sides) in &state.exposures {
        assert_eq!(exposures.remove(key).unwrap_or_default(), *sides);
    }
    assert!(exposures.values().all(|sides| *sides == [0, 0]));
    assert!(totals.values().all(|[long, short]| long == short));
    for (key, total) in &state.totals {
        assert_eq!(members.remove(key).unwrap_or_default(), *total);
    }
    assert!(members.values().all(|total| *total == Total::default()));
    for (key, lots) in opening {
        assert!(state.opened[&key] >= lots, "what is pending was opened");
    }
    let mut cleared: BTreeMap<Participant, i128> = BTreeMap::new();
    for (&index, member) in &state.members {
        let premium = premiums.get(&index).copied().unwrap_or(0);
        assert_eq!(member.used, used.get(&index).copied().unwrap_or(0) + premium);
        *cleared.entry(member.define.clearing).or_default() += member.used;
    }
    for (index, member) in &state.members {
        assert_eq!(member.cleared, cleared.get(index).copied().unwrap_or(0));
    }
    for (key, quote) in &state.quotes {
        assert!(quote.orders.iter().flatten().all(|order| state.orders[order].quote == Some(*key)));
        assert!(quote.orders != [None, None]);
    }
    for market in state.markets.values() {
        assert!(market.phase != b'0' || !market.crossed());
    }
}

/// What the buyers of options paid, by what they were told.
fn add_premiums(premiums: &mut BTreeMap<Participant, i128>, outcome: &Outcome) {
    for told in &outcome.told {
        let (Stream::Private(participant), Ok(ftd::Next::Message { message, .. })) =
            (told.stream, ftd::next_message(&told.bytes))
        else {
            continue;
        };
        let Ok(notice) = ftd::package::TradeInsertSingle::parse(&message) else { continue };
        let trade = notice.trade_insert_single;
        let bought = trade.direction.get() == b'0' && trade.offset_flag.get() == b'0';
        if bought && trade.instrument_id.trimmed().starts_with(b"IO") {
            let price = i128::from(trade.price.units().expect("a price"));
            *premiums.entry(participant).or_default() += price * 300 * i128::from(trade.volume.get());
        }
    }
}

#[test]
fn positions_exposures_and_digests_hold_together() {
    for seed in 1..=4 {
        println!("seed {seed}");
        let mut day = Day::unopened(Settings::default());
        let mut premiums = BTreeMap::new();
        let mut refused: BTreeMap<Reject, u32> = BTreeMap::new();
        let (mut trades, mut auctions, mut instructions, mut quotes, mut count) = (0, 0, 0, 0, 0);
        run(&mut day, &flow::day(seed, 4_000), |day, outcome| {
            let state = day.exchange.state();
            add_premiums(&mut premiums, outcome);
            if let Some(code) = outcome.refused {
                *refused.entry(code).or_default() += 1;
            }
            count += 1;
            if count % 16 == 0 {
                holds_together(state, &premiums);
                assert_eq!(outcome.stamp.digest, state.recomputed_digest());
                assert_eq!(outcome.stamp.local_ids, state.digest_of_marks());
            }
            for event in &outcome.events {
                instructions += u32::from(matches!(event, Event::ExecAccepted { .. }));
                quotes += u32::from(matches!(event, Event::QuoteAccepted { .. }));
                trades += u32::from(matches!(event, Event::Traded(trade) if trade.aggressor < 2));
                auctions += u32::from(matches!(event, Event::Traded(trade) if trade.aggressor == 2));
            }
        });
        println!("{trades} trades, {auctions} in auctions, {instructions} instructions, {quotes} quotes");
        assert!(instructions > 5 && quotes > 30);
        assert!(trades > 400 && auctions > 10);
        println!("refused: {refused:?}");
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
    assert_eq!(&id(&ours), b"P0000000000019000000");
    assert_eq!(&id(&theirs), b"B0000000000021000000");
}
