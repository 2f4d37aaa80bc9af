//! The stream beside the batch: the same day, told in rounds of any size, over one worker or several, comes to the same figures.

mod common;

use common::told::{before, updates};
use common::{Day, Random};
use settlement::account::{Figures, Funds, MemberFigures};
use settlement::agree::{Difference, Told, Whose, agree};
use settlement::batch::{Progress, settle};
use settlement::live::Update;
use settlement::market::{AccountIndex, Market};
use settlement::row::{Effect, Impossible, Leg, Side};
use settlement::rules::closing::Close;
use settlement::stream::{Alarm, Changed, Stream};
use settlement::{Money, Price};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Default)]
struct Heard {
    accounts: BTreeMap<AccountIndex, Figures>,
    members: BTreeMap<u16, MemberFigures>,
    funds: BTreeMap<u16, Funds>,
    alarms: Vec<Alarm>,
    changes: usize,
    told: Told,
}

impl Heard {
    fn take(&mut self, changed: Changed) {
        self.changes += 1;
        self.told.take(changed.clone());
        match changed {
            Changed::Account(account, figures) => {
                let before = self.accounts.insert(account, figures);
                assert_ne!(before, Some(figures), "{account:?} is told what it was told before");
            }
            Changed::Member(member, figures) => drop(self.members.insert(member.0, figures)),
            Changed::Funds(member, funds) => drop(self.funds.insert(member.0, funds)),
            Changed::Alarm(alarm) => self.alarms.push(alarm),
        }
    }
}

/// Runs updates over so many workers, in rounds of at most so many; the first worker is told everything.
fn run(market: Market, updates: Vec<Update>, workers: usize, round: usize) -> Heard {
    let heard = Arc::new(Mutex::new(Heard::default()));
    let hears = Arc::clone(&heard);
    let guards = timely::execute(timely::Config::process(workers), move |worker| {
        let hears = Arc::clone(&hears);
        let tell = move |_, changed| hears.lock().expect("no panic").take(changed);
        let mut stream = Stream::build(worker, market.clone(), tell);
        let reads_the_log = worker.index() == 0;
        for round in updates.chunks(round) {
            if reads_the_log {
                round.iter().for_each(|update| stream.give(*update));
            }
            stream.end_round();
            while !stream.is_done() {
                worker.step_or_park(Some(Duration::from_millis(1)));
            }
        }
    });
    for outcome in guards.expect("workers start").join() {
        outcome.expect("no panic");
    }
    Arc::into_inner(heard).expect("workers are gone").into_inner().expect("no panic")
}

#[test]
fn the_stream_and_the_batch_agree_on_every_account_member_and_clearing_member() {
    let mut changes = 0;
    for seed in 1..25 {
        let day = Day::random(seed, 120);
        let settled = settle(&day.market, &day.shards(2), &Progress::default()).expect("it settles");
        let updates = updates(&day, &settled, &mut Random::new(seed));
        let workers = 1 + (seed % 3) as usize;
        let round = [3, 20, 50, 10_000][(seed / 3 % 4) as usize];
        let heard = run(before(&day.market), updates, workers, round);
        assert_eq!(heard.alarms, [], "seed {seed}");
        assert_eq!(agree(&settled, &heard.told), [], "seed {seed}");
        // An account that never was anything but zero is told nothing.
        let told: Vec<_> =
            settled.accounts.iter().filter(|(_, figures)| *figures != Figures::default()).copied().collect();
        let heard_accounts: Vec<_> =
            heard.accounts.into_iter().filter(|(_, figures)| *figures != Figures::default()).collect();
        assert_eq!(heard_accounts, told, "seed {seed}, {workers} workers, rounds of {round}");
        for (member, figures) in settled.members.iter().enumerate() {
            assert_eq!(
                heard.members.get(&(member as u16)).copied().unwrap_or_default(),
                *figures,
                "seed {seed}, member {member}"
            );
        }
        for (member, funds) in settled.funds.iter().enumerate().filter_map(|(member, funds)| Some((member, (*funds)?)))
        {
            if let Some(heard) = heard.funds.get(&(member as u16)) {
                assert_eq!(*heard, funds, "seed {seed}, clearing member {member}");
            } else {
                assert_eq!(
                    funds.figures,
                    Figures::default(),
                    "seed {seed}: nothing was told of clearing member {member}"
                );
            }
        }
        changes += heard.changes;
    }
    println!("{changes} changes told");
    assert!(changes > 10_000);
}

#[test]
fn what_contradicts_the_positions_is_an_alarm_and_changes_nothing_else() {
    let day = Day::random(5, 60);
    let settled = settle(&day.market, &day.shards(2), &Progress::default()).expect("it settles");
    let mut told = updates(&day, &settled, &mut Random::new(5));
    let row = *day.carried.keys().next().expect("it has some");
    let wrong =
        Leg { row, side: Side::Buy, effect: Effect::Close(Close::Today), price: Price(10_000), lots: 2_000_000_000 };
    let clean = run(before(&day.market), told.clone(), 2, 20);
    told.insert(told.len() / 2, Update::Leg(wrong));
    let heard = run(before(&day.market), told, 2, 20);
    assert_eq!(heard.alarms, [Alarm::Update(Update::Leg(wrong), Impossible::NotHeld)]);
    assert_eq!((heard.accounts, heard.members, heard.funds), (clean.accounts, clean.members, clean.funds));
}

#[test]
fn a_figure_on_which_batch_and_stream_differ_is_named_with_whose_it_is_and_both() {
    let day = Day::random(6, 120);
    let settled = settle(&day.market, &day.shards(2), &Progress::default()).expect("it settles");
    let heard = run(before(&day.market), updates(&day, &settled, &mut Random::new(6)), 2, 50);
    let clean = heard.told;
    let (&account, _) = clean.accounts.first_key_value().expect("some were told");
    let (&member, funds) = clean.funds.first_key_value().expect("some were told");
    let mut wrong = clean.clone();
    wrong.accounts.get_mut(&account).expect("it is told").fees.submission.0 += 1;
    wrong.funds.get_mut(&member).expect("it is told").call.0 += 10_000;
    let batch = settled.accounts.iter().find(|(index, _)| *index == account).expect("it is settled").1.fees.submission;
    let differences = agree(&settled, &wrong);
    let expected = [
        (Whose::Account(account), "申报费 submission fee", batch, Money(batch.0 + 1)),
        (Whose::Funds(member), "追加保证金 call", funds.call, Money(funds.call.0 + 10_000)),
    ];
    let expected = expected.map(|(account, item, batch, stream)| Difference { account, item, batch, stream });
    assert_eq!(differences, expected);
    assert!(differences[1].to_string().contains("追加保证金 call"), "{}", differences[1]);
    // What the stream never told of is a difference too, once for each figure that is not zero.
    let mut silent = clean;
    let figures = silent.accounts.remove(&account).expect("it is told");
    let missing = agree(&settled, &silent);
    assert!(!missing.is_empty() && missing.iter().all(|one| one.account == Whose::Account(account)), "{missing:?}");
    assert!(missing.iter().any(|one| one.batch == figures.margin || one.batch == figures.profit));
}
