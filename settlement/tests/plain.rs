//! The batch beside a plain settlement: every lot by itself, at its own price, in one list.

mod common;

use common::{Day, Random, lots};
use settlement::account::Figures;
use settlement::batch::{Failed, Phase, Progress, Settled, ShardInput, Why, settle};
use settlement::delivery::{BondIndex, Delivery, DeliveryDay, Unpayable};
use settlement::market::{AccountIndex, InstrumentIndex, Kind, Market, MemberIndex};
use settlement::row::{Effect, Impossible, Leg, RowKey, Side};
use settlement::rules::closing::Close;
use settlement::rules::market::{LastMinutes, Moment, ONE_SIDED_FOR_MS, OneSided};
use settlement::{Money, Price};
use std::collections::BTreeMap;

fn fees_of(figures: &Figures) -> Money {
    figures.fees.total().expect("small days")
}

fn run(day: &Day, shards: u16) -> Settled {
    settle(&day.market, &day.shards(shards), &Progress::default()).unwrap_or_else(|failed| panic!("{failed}"))
}

const SEEDS: std::ops::Range<u64> = 1..301;

#[test]
fn the_batch_gives_every_account_and_member_what_the_plain_settlement_gives_it() {
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    let mut days: BTreeMap<DeliveryDay, u32> = BTreeMap::new();
    for seed in SEEDS {
        let day = Day::random(seed, 120);
        let settled = run(&day, 3);
        let expected = lots::settle(&day);
        let accounts: Vec<_> = expected.accounts.iter().map(|(account, figures)| (*account, *figures)).collect();
        assert_eq!(settled.accounts, accounts, "seed {seed}");
        assert_eq!(settled.deliveries, expected.deliveries, "seed {seed}");
        for (place, funds) in settled.funds.iter().enumerate() {
            let plain = expected.funds.get(&MemberIndex(place as u16));
            let ours = funds.map(|funds| {
                [funds.reserve, funds.balance, funds.collateral, funds.call, funds.withdrawable].map(|money| money.0)
            });
            assert_eq!(ours.as_ref(), plain, "seed {seed}, clearing member {place}");
        }
        for (_, figures) in &settled.accounts {
            let Figures { profit, premium, margin, fees, delivery } = *figures;
            let all = [
                ("profit", profit),
                ("premium", premium),
                ("margin", margin),
                ("transaction", fees.transaction),
                ("submission", fees.submission),
                ("settlement", fees.settlement),
                ("delivery fee", fees.delivery),
                ("transfer", fees.transfer),
                ("payment", delivery),
            ];
            all.into_iter()
                .for_each(|(kind, money)| *kinds.entry(kind).or_default() += u32::from(money != Money::ZERO));
        }
        for funds in settled.funds.iter().flatten() {
            for (kind, money) in
                [("collateral", funds.collateral), ("call", funds.call), ("withdrawable", funds.withdrawable)]
            {
                *kinds.entry(kind).or_default() += u32::from(money != Money::ZERO);
            }
        }
        let options = settled.rows.iter().filter(|row| row.at_end.exercised + row.at_end.assigned > 0);
        let is_option = |kind| matches!(kind, Kind::Option { .. });
        let exercised =
            options.filter(|row| is_option(day.market.instruments[usize::from(row.key.instrument.0)].kind)).count();
        *kinds.entry("exercised").or_default() += exercised as u32;
        *kinds.entry("netted").or_default() += settled.rows.iter().filter(|row| row.at_end.netted > 0).count() as u32;
        settled.deliveries.iter().for_each(|line| *days.entry(line.day).or_default() += 1);
        *kinds.entry("tiers that relieved").or_default() += u32::from(expected.relieved_by_tiers > 0);
    }
    println!("accounts, members and rows by figure that is not zero: {kinds:?}; deliveries: {days:?}");
    assert!(kinds.values().all(|&count| count > 80), "{kinds:?}");
    assert!(days.len() == 4 && days.values().all(|&count| count > 80), "{days:?}");
}

#[test]
fn the_number_of_shards_and_the_order_of_members_change_nothing_and_a_second_run_neither() {
    for seed in SEEDS.step_by(10) {
        let day = Day::random(seed, 200);
        let one = run(&day, 1);
        for shards in [1, 2, 3, 5, 16] {
            assert_eq!(run(&day, shards), one, "seed {seed}, {shards} shards");
        }
        let mut backwards = day.shards(5);
        backwards.reverse();
        for shard in &mut backwards {
            shard.carried.reverse();
            shard.submissions.reverse();
            shard.moved.reverse();
        }
        assert_eq!(settle(&day.market, &backwards, &Progress::default()), Ok(one), "seed {seed}, backwards");
    }
}

#[test]
fn what_one_gains_another_loses_and_no_lot_appears() {
    let (mut traded, mut exercised) = (0u64, 0u64);
    for seed in SEEDS {
        let day = Day::random(seed, 120);
        let settled = run(&day, 4);
        let sum = |of: fn(&Figures) -> Money| {
            settled.accounts.iter().map(|(_, figures)| i128::from(of(figures).0)).sum::<i128>()
        };
        let moved = [sum(|figures| figures.profit), sum(|figures| figures.premium), sum(|figures| figures.delivery)];
        assert_eq!(moved, [0, 0, 0], "seed {seed}");
        let mut lots: BTreeMap<u16, i64> = BTreeMap::new();
        for row in &settled.rows {
            let ends = &row.figures;
            *lots.entry(row.key.instrument.0).or_default() += i64::from(ends.long) - i64::from(ends.short);
            exercised += u64::from(ends.delivered);
        }
        // Exercised and assigned lots are the same number; what expires worthless goes on both sides.
        assert!(lots.values().all(|&lots| lots == 0), "seed {seed}: {lots:?}");
        // Members and their funds are the accounts', once each.
        let members: i128 = settled
            .members
            .iter()
            .map(|member| i128::from(fees_of(&member.own).0) + i128::from(fees_of(&member.brokerage).0))
            .sum();
        let funds: i128 = settled.funds.iter().flatten().map(|funds| i128::from(fees_of(&funds.figures).0)).sum();
        assert_eq!((members, funds), (sum(fees_of), sum(fees_of)), "seed {seed}");
        traded += day.legs.len() as u64;
    }
    println!("{traded} legs, {exercised} lots delivered");
    assert!(traded > 10_000 && exercised > 1_000);
}

#[test]
fn a_task_that_fails_is_named_and_nothing_is_half_done() {
    let mut day = Day::random(7, 50);
    let row = *day.carried.keys().next().expect("it has some");
    day.legs.push(Leg {
        row,
        side: Side::Sell,
        effect: Effect::Close(Close::Any),
        price: Price(10_000),
        lots: 1_000_000,
    });
    let shards = day.shards(3);
    let task = usize::from(day.market.accounts[row.account.0 as usize].member.0 % 3);
    let failed = settle(&day.market, &shards, &Progress::default()).expect_err("not held");
    assert_eq!(failed, Failed { phase: Phase::Trades, task, why: Why::Row(row, Impossible::NotHeld) });
    assert!(failed.to_string().contains("closes more lots than are held"), "{failed}");
    let mut unknown = Day::random(8, 50);
    unknown.market.products.clear();
    let failed = settle(&unknown.market, &unknown.shards(2), &Progress::default()).expect_err("no product");
    assert!(matches!(failed.why, Why::Row(_, Impossible::Unknown)), "{failed}");
}

/// A day with nothing in it but its market.
fn empty(seed: u64) -> Day {
    let market = Market { delivering: vec![], ..Day::random(seed, 0).market };
    Day {
        carried: BTreeMap::new(),
        legs: vec![],
        instructed: BTreeMap::new(),
        submissions: vec![],
        netting: BTreeMap::new(),
        declared: vec![],
        moved: vec![],
        market,
    }
}

#[test]
fn what_contradicts_itself_is_named_and_never_ends_the_process() {
    let row = |account, instrument| RowKey {
        account: AccountIndex(account),
        instrument: InstrumentIndex(instrument),
        hedge: b'1',
    };
    let failed =
        |day: &Day| settle(&day.market, &day.shards(2), &Progress::default()).expect_err("it contradicts itself");
    let mut day = empty(1);
    day.moved = vec![(row(1, 0), 1, 0), (row(2, 0), -1, 0)];
    assert_eq!(failed(&day).why, Why::Row(row(2, 0), Impossible::NotHeld), "nothing to give");
    day.moved = vec![(row(1, 0), 1, 0)];
    assert_eq!(failed(&day).why, Why::Transfers(InstrumentIndex(0)), "from nobody");

    let mut day = empty(2);
    day.market.instruments[2].expires = true;
    day.carried.insert(row(1, 2), (3, 0));
    assert_eq!(failed(&day).why, Why::NobodyToAssign(InstrumentIndex(2)), "three lots to take and none to deliver");

    let line = Delivery {
        instrument: InstrumentIndex(2),
        seller: row(1, 2),
        buyer: row(2, 2),
        lots: 1,
        price: Price(1_000_000),
        bond: Some(BondIndex(2)),
        day: DeliveryDay::Bonds,
        interest: 0,
        invoice: Money::ZERO,
    };
    let mut day = empty(3);
    day.market.delivering = vec![line];
    assert_eq!(failed(&day).why, Why::Delivery(InstrumentIndex(2), Unpayable::Bond), "another instrument's bond");
    day.market.delivering[0].bond = Some(BondIndex(0));
    assert!(settle(&day.market, &day.shards(2), &Progress::default()).is_ok());
    day.market.day = 20_241_231;
    assert_eq!(failed(&day).why, Why::Delivery(InstrumentIndex(2), Unpayable::Bond), "after the next coupon");
    day.market.day = 20_240_603;
    day.market.delivering[0].lots = u32::MAX;
    assert_eq!(failed(&day).why, Why::Delivery(InstrumentIndex(2), Unpayable::Overflow));
    day.market.delivering[0] = Delivery { buyer: row(99, 2), ..line };
    day.market.delivering[0].bond = None;
    assert_eq!(failed(&day).why, Why::Account(AccountIndex(99), Impossible::Unknown));

    let day = empty(4);
    let twice = ShardInput { carried: vec![(row(1, 0), 1, 0), (row(1, 0), 2, 0)], ..ShardInput::default() };
    let failed = settle(&day.market, &[twice], &Progress::default()).expect_err("twice");
    assert_eq!(failed.why, Why::Row(row(1, 0), Impossible::Twice));
}

#[test]
fn one_sided_markets_are_named_and_nothing_follows_from_them() {
    let minutes = |instrument, bid, ask| LastMinutes {
        instrument: InstrumentIndex(instrument),
        lower_limit: 90,
        upper_limit: 110,
        moments: vec![Moment { before_close: ONE_SIDED_FOR_MS, bid, ask, last: None }],
    };
    let mut day = Day::random(9, 60);
    let quiet = run(&day, 2);
    day.market.closes = vec![
        minutes(4, None, Some(90)),
        minutes(1, Some(110), None),
        minutes(2, Some(110), Some(111)),
        minutes(3, Some(109), None),
    ];
    let settled = run(&day, 2);
    assert_eq!(settled.one_sided, [(InstrumentIndex(1), OneSided::Up), (InstrumentIndex(4), OneSided::Down)]);
    assert_eq!(Settled { one_sided: vec![], ..settled }, quiet);
}

#[test]
fn days_with_places_that_are_nowhere_are_errors_or_days_and_never_a_panic() {
    let mut outcomes = [0; 2];
    for seed in 1..401 {
        let mut day = Day::random(seed, 30);
        let random = &mut Random::new(seed);
        let wild = |random: &mut Random| random.below(1 << 16) as u16;
        for _ in 0..1 + random.below(2) {
            match random.below(9) {
                0 => day.legs.iter_mut().take(1).for_each(|leg| leg.row.account.0 = u32::MAX),
                1 => day.legs.iter_mut().take(1).for_each(|leg| leg.row.instrument.0 = wild(random)),
                2 => day.legs.iter_mut().take(1).for_each(|leg| leg.lots = u32::MAX),
                3 => day.legs.iter_mut().take(1).for_each(|leg| leg.price.0 = i64::MAX),
                4 => day.market.delivering.iter_mut().for_each(|line| line.instrument.0 = wild(random)),
                5 => day.market.delivering.iter_mut().for_each(|line| line.bond = Some(BondIndex(wild(random)))),
                6 => day.market.members[0].clearing.0 = wild(random),
                7 => day.market.instruments[0].product.0 = wild(random),
                _ => day.market.accounts[0].member.0 = wild(random),
            }
        }
        // Places of shards are the test's own: what has none stays where it was.
        let shards = std::panic::catch_unwind(|| day.shards(2)).unwrap_or_else(|_| {
            let legs = day.legs.clone();
            vec![ShardInput { legs, ..ShardInput::default() }]
        });
        outcomes[usize::from(settle(&day.market, &shards, &Progress::default()).is_err())] += 1;
    }
    println!("settled {}, refused {}", outcomes[0], outcomes[1]);
    assert!(outcomes.iter().all(|&count| count > 40), "{outcomes:?}");
}
