//! The batch beside a plain settlement: every lot by itself, at its own price, in one list.

mod common;

use common::Day;
use settlement::account::Figures;
use settlement::batch::{Failed, Phase, Progress, Settled, Why, settle};
use settlement::market::{AccountIndex, Kind, Market};
use settlement::row::{Effect, Impossible, Leg, RowKey, Side};
use settlement::rules::closing::{Close, Matching};
use settlement::rules::fee::{Charge, FeeKind};
use settlement::rules::margin::Right;
use settlement::{Money, Price, Rounding};
use std::collections::BTreeMap;

/// A lot that is held: at what, and since when.
#[derive(Clone, Copy)]
struct Lot {
    at: i64,
    today: bool,
}

#[derive(Default)]
struct PlainRow {
    sides: [Vec<Lot>; 2],
    realised: i128,
    premium: i128,
    fees: i128,
}

fn plain(day: &Day) -> BTreeMap<AccountIndex, Figures> {
    let market = &day.market;
    let mut rows: BTreeMap<RowKey, PlainRow> = BTreeMap::new();
    for (key, &(long, short)) in &day.carried {
        let at = market.instruments[usize::from(key.instrument.0)].previous_settlement.0;
        let row = rows.entry(*key).or_default();
        for (side, lots) in [(0, long), (1, short)] {
            row.sides[side].extend((0..lots).map(|_| Lot { at, today: false }));
        }
    }
    for leg in &day.legs {
        let row = rows.entry(leg.row).or_default();
        let worth =
            i128::from(leg.price.0) * i128::from(market.instruments[usize::from(leg.row.instrument.0)].multiplier);
        let own = usize::from(leg.side == Side::Sell);
        row.premium += worth * i128::from(leg.lots) * if own == 0 { -1 } else { 1 };
        let mut closed_today = 0;
        for _ in 0..leg.lots {
            match leg.effect {
                Effect::Open => row.sides[own].push(Lot { at: leg.price.0, today: true }),
                Effect::Close(close) => {
                    let today_first = match close {
                        Close::Today => true,
                        Close::Yesterday => false,
                        Close::Any => market.settings.matching == Matching::TodayFirst,
                    };
                    let other = &mut row.sides[1 - own];
                    let wanted = other.iter().position(|lot| lot.today == today_first);
                    let lot = other.remove(wanted.unwrap_or(0));
                    closed_today += u32::from(lot.today);
                    row.realised += i128::from(leg.price.0 - lot.at) * if own == 1 { 1 } else { -1 };
                }
            }
        }
        for (kind, lots) in [(FeeKind::CloseToday, closed_today), (FeeKind::Transaction, leg.lots - closed_today)] {
            if lots > 0 {
                row.fees += fee(market, leg.row, kind, lots, leg.price);
            }
        }
    }
    let ended = expire(day, &mut rows);
    let mut accounts: BTreeMap<AccountIndex, Figures> = BTreeMap::new();
    let mut sides: BTreeMap<(AccountIndex, u16), [i128; 2]> = BTreeMap::new();
    for (key, row) in &rows {
        let instrument = &market.instruments[usize::from(key.instrument.0)];
        let product = market.products[usize::from(instrument.product.0)];
        let nets = market.accounts[key.account.0 as usize].nets;
        let [mut long, mut short] = [0, 1].map(|side| row.sides[side].len() as i128);
        if nets {
            let both = long.min(short);
            (long, short) = (long - both, short - both);
        }
        let sum = accounts.entry(key.account).or_default();
        let add = |money: &mut Money, more: i128| money.0 += i64::try_from(more).expect("small days");
        add(&mut sum.fees.transaction, row.fees);
        let cash_ends = instrument.kind == Kind::CashFuture && instrument.expires;
        if let Kind::Option { right, strike } = instrument.kind {
            add(&mut sum.premium, row.premium);
            if instrument.expires {
                let (exercised, assigned) = ended[key];
                let unit =
                    i128::from(right.in_the_money(instrument.underlying, strike).0) * i128::from(instrument.multiplier);
                add(&mut sum.profit, unit * (i128::from(exercised) - i128::from(assigned)));
                add(
                    &mut sum.fees.delivery,
                    fee(market, *key, FeeKind::Exercise, exercised + assigned, instrument.settlement),
                );
            } else {
                let out = i128::from(match right {
                    Right::Call => (strike.0 - instrument.underlying.0).max(0),
                    Right::Put => (instrument.underlying.0 - strike.0).max(0),
                });
                let base = if right == Right::Call { instrument.underlying } else { strike };
                // Times one million: 12 % and half of it.
                let risk = i128::from(instrument.underlying.0) * 120_000 - out * 1_000_000;
                let least = i128::from(base.0) * 60_000;
                let lot = i128::from(instrument.settlement.0) * 1_000_000 + risk.max(least);
                let all = lot * i128::from(instrument.multiplier) * short;
                add(&mut sum.margin, rounded(all, 1_000_000, market.settings.margin));
            }
            continue;
        }
        let marked: i128 = [(0, 1), (1, -1)]
            .into_iter()
            .flat_map(|(side, sign)| {
                row.sides[side].iter().map(move |lot| i128::from(instrument.settlement.0 - lot.at) * sign)
            })
            .sum();
        add(&mut sum.profit, (row.realised + marked) * i128::from(instrument.multiplier));
        if cash_ends {
            add(
                &mut sum.fees.delivery,
                fee(market, *key, FeeKind::Delivery, (long + short) as u32, instrument.settlement),
            );
            continue;
        }
        let margin = |rate: i64, lots: i128| {
            let worth = i128::from(instrument.settlement.0) * i128::from(instrument.multiplier) * lots;
            rounded(worth * i128::from(rate), 100_000_000, market.settings.margin)
        };
        let both = [margin(instrument.margin_long.0, long), margin(instrument.margin_short.0, short)];
        if product.large_side {
            let sides = sides.entry((key.account, product.group)).or_default();
            sides[0] += both[0];
            sides[1] += both[1];
        } else {
            add(&mut sum.margin, both[0] + both[1]);
        }
    }
    for ((account, _), [long, short]) in sides {
        accounts.get_mut(&account).expect("it has rows").margin.0 +=
            i64::try_from(long.max(short)).expect("small days");
    }
    accounts
}

/// Options on their last day: what each row exercises and is assigned.
fn expire(day: &Day, rows: &mut BTreeMap<RowKey, PlainRow>) -> BTreeMap<RowKey, (u32, u32)> {
    let mut ended: BTreeMap<RowKey, (u32, u32)> = BTreeMap::new();
    for (place, instrument) in day.market.instruments.iter().enumerate() {
        let Kind::Option { right, strike } = instrument.kind else { continue };
        if !instrument.expires {
            continue;
        }
        let of_it = || rows.iter().filter(|(key, _)| usize::from(key.instrument.0) == place);
        let mut exercised = 0u64;
        for (key, row) in of_it() {
            let said = day.instructed.get(key).copied().unwrap_or_default();
            let gain = match right {
                Right::Call => instrument.underlying.0 - strike.0,
                Right::Put => strike.0 - instrument.underlying.0,
            };
            let (mut named, mut abandoned, mut lots) = (said.exercise, said.abandon, 0);
            for _ in &row.sides[0] {
                if named > 0 {
                    (named, lots) = (named - 1, lots + 1);
                } else if abandoned > 0 {
                    abandoned -= 1;
                } else if gain > 0 && gain >= said.least_gain.0 {
                    lots += 1;
                }
            }
            exercised += u64::from(lots);
            ended.insert(*key, (lots, 0));
        }
        // In proportion; the rest to the largest remainders, one each.
        let shorts: Vec<(RowKey, u64)> = of_it().map(|(key, row)| (*key, row.sides[1].len() as u64)).collect();
        let all: u64 = shorts.iter().map(|(_, lots)| lots).sum();
        let mut left = exercised;
        let mut remainders = vec![];
        for (key, lots) in &shorts {
            let whole = (lots * exercised).checked_div(all).unwrap_or(0);
            left -= whole;
            ended.get_mut(key).expect("it has the row").1 = whole as u32;
            remainders.push(((lots * exercised).checked_rem(all).unwrap_or(0), *key));
        }
        remainders.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
        for (_, key) in remainders.into_iter().take(left as usize) {
            ended.get_mut(&key).expect("it has the row").1 += 1;
        }
    }
    ended
}

fn fee(market: &Market, key: RowKey, kind: FeeKind, count: u32, price: Price) -> i128 {
    let account = market.accounts[key.account.0 as usize];
    let instrument = market.instruments[usize::from(key.instrument.0)];
    let charge = Charge {
        product: instrument.product.0,
        kind,
        participant: account.member.0,
        client: account.client,
        day: market.day,
        count,
        before: 0,
        price,
        multiplier: instrument.multiplier,
    };
    market.fees.charge(&charge).expect("small days").paid.0.into()
}

fn fees_of(figures: &Figures) -> Money {
    figures.fees.total().expect("small days")
}

/// Of numbers that are not below zero.
fn rounded(number: i128, by: i128, rounding: Rounding) -> i128 {
    match rounding {
        Rounding::HalfUp => (number + by / 2) / by,
        Rounding::Up => (number + by - 1) / by,
        _ => number / by,
    }
}

fn run(day: &Day, shards: u16) -> Settled {
    settle(&day.market, &day.shards(shards), &Progress::default()).unwrap_or_else(|failed| panic!("{failed}"))
}

const SEEDS: std::ops::Range<u64> = 1..301;

#[test]
fn the_batch_gives_every_account_what_the_plain_settlement_gives_it() {
    let mut kinds = [0; 4];
    for seed in SEEDS {
        let day = Day::random(seed, 120);
        let settled = run(&day, 3);
        let expected: Vec<(AccountIndex, Figures)> = plain(&day).into_iter().collect();
        assert_eq!(settled.accounts, expected, "seed {seed}");
        for (_, figures) in &settled.accounts {
            let all = [figures.profit, figures.premium, figures.margin, fees_of(figures)];
            kinds.iter_mut().zip(all).for_each(|(count, money)| *count += u32::from(money != Money::ZERO));
        }
    }
    println!("accounts with profit, premium, margin, fees: {kinds:?}");
    assert!(kinds.iter().all(|&count| count > 1_000), "{kinds:?}");
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
        backwards.iter_mut().for_each(|shard| shard.carried.reverse());
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
        assert_eq!((sum(|figures| figures.profit), sum(|figures| figures.premium)), (0, 0), "seed {seed}");
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
    assert!(matches!(failed.why, Why::Panicked(_)), "{failed}");
}
