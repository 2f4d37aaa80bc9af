//! What every store promises, whichever database it is.

use crate::common;
use settlement::amount::Total;
use settlement::market::Market;
use settlement::result::{DayResult, Stage};
use settlement_store::{Saved, Store, StoreError};

/// What a store keeps of a day: all but the last minutes of books, of which it keeps what they came to.
pub fn kept(result: &DayResult) -> DayResult {
    let market = Market { closes: Vec::new(), ..result.market.clone() };
    DayResult { market, ..result.clone() }
}

/// All of it, in an empty store that can be opened again and again.
pub fn all(open: &mut dyn FnMut() -> Box<dyn Store>) {
    let mut store = open();
    assert_eq!(store.days().expect("it answers"), [] as [u32; 0]);
    let first = common::settled(1, 200);
    let day = first.head.day;
    assert!(matches!(store.read(day, 1), Err(StoreError::NoRun { .. })));
    assert!(matches!(store.release(day, 1, Stage::Official, ""), Err(StoreError::NoRun { .. })));
    assert_eq!(store.next_id(day).expect("it answers"), 1);

    // Saved, and read with another connection.
    assert_eq!(store.save(&first).expect("it is saved"), Saved::New);
    let mut other = open();
    assert_eq!(other.read(day, 1).expect("it is read"), kept(&first));
    let runs = other.runs(day).expect("it answers");
    assert_eq!(runs.len(), 1);
    assert_eq!((&runs[0].head, runs[0].trades), (&first.head, first.trades.len() as u64));
    assert_eq!(runs[0].rows, first.settled.rows.len() as u64);
    let funds = other.funds(day, 1).expect("it answers");
    let ours = first.names.members.iter().zip(&first.settled.funds);
    let ours: Vec<_> = ours.filter_map(|(name, funds)| Some((name.id.clone(), (*funds)?))).collect();
    assert_eq!(funds, ours);

    // Once more: nothing; with other content: refused, and nothing changed.
    assert_eq!(store.save(&first).expect("it is there"), Saved::Already);
    assert_eq!(store.runs(day).expect("it answers"), runs);
    let mut changed = first.clone();
    changed.settled.rows[0].figures.profit.0 += 1;
    assert!(matches!(store.save(&changed), Err(StoreError::Other { .. })));

    // What does not fit stops in the middle of the rows, and nothing of the run is there.
    let mut beyond = changed.clone();
    beyond.head.settlement_id = 2;
    let last = beyond.settled.rows.len() - 1;
    beyond.settled.rows[last].row.premium = Total(i128::from(i64::MAX) + 1);
    let refused = store.save(&beyond);
    assert!(matches!(refused, Err(StoreError::Refused { table: "rows", what: "premium_so_far" })), "{refused:?}");
    let mut torn = changed.clone();
    torn.head.settlement_id = 2;
    torn.names.accounts.pop();
    assert!(matches!(store.save(&torn), Err(StoreError::Refused { .. })));
    assert_eq!(other.runs(day).expect("it answers"), runs);
    assert!(matches!(other.read(day, 2), Err(StoreError::NoRun { .. })));

    // The next run beside it, released; the first is superseded.
    assert_eq!(store.next_id(day).expect("it answers"), 2);
    changed.head.settlement_id = 2;
    changed.market.instruments[0].settlement.0 += 2_000;
    assert_eq!(store.save(&changed).expect("it is saved"), Saved::New);
    let run = store.release(day, 2, Stage::Official, "会员核对无误 members agree").expect("it is released");
    assert_eq!(run.head.stage, Stage::Official);
    assert_eq!(store.release(day, 2, Stage::Official, "once more").expect("it is already"), run);
    assert!(matches!(store.release(day, 1, Stage::Official, ""), Err(StoreError::Superseded { by: 2, .. })));
    let runs = open().runs(day).expect("it answers");
    assert_eq!(runs.iter().map(|run| run.head.stage).collect::<Vec<_>>(), [Stage::Check, Stage::Official]);
    assert_eq!(
        runs[1].stages.iter().map(|step| &step.reason[..]).collect::<Vec<_>>(),
        ["", "会员核对无误 members agree"]
    );
    let read = store.read(day, 2).expect("it is read");
    changed.head.stage = Stage::Official;
    assert_eq!(read, kept(&changed));
    changed.head.stage = Stage::Check;
    assert_eq!(store.save(&changed).expect("it is there"), Saved::Already, "a release is no part of the content");

    // Other days, any of them, with all that a day may have.
    let (mut deliveries, mut one_sided) = (0, 0);
    for seed in 2..12 {
        let mut result = common::settled(seed, 60);
        result.head.day = 20_240_603 + seed as u32;
        result.market.day = result.head.day;
        deliveries += result.settled.deliveries.len();
        one_sided += result.settled.one_sided.len();
        assert_eq!(store.save(&result).expect("it is saved"), Saved::New);
        assert_eq!(store.read(result.head.day, 1).expect("it is read"), kept(&result), "seed {seed}");
    }
    assert!(deliveries > 0 && one_sided > 0, "{deliveries} {one_sided}");
    assert_eq!(store.days().expect("it answers").len(), 11);
    let history = store.instrument_history(&first.names.instruments[0]).expect("it answers");
    assert_eq!(history.len(), 12);
    assert_eq!(history[1].settlement.0 - history[0].settlement.0, 2_000);
    assert_eq!((history[1].settlement_id, history[1].stage), (2, Stage::Official));
}
