//! Runs that are repeated, resumed, or corrected come to what a whole run comes to, and work out only what they must.

mod common;

use common::{Day, Random};
use settlement::Price;
use settlement::batch::{Did, Phase, Run, Settled, ShardInput, Why, settle_with};
use settlement::checkpoint::Checkpoints;
use settlement::correction::{
    CancelledLeg, CorrectedPrice, Corrections, Touched, Uncorrectable, settle_again, sides_of,
};
use settlement::market::{AccountIndex, InstrumentIndex, Kind, Market};
use settlement::result::TradeLine;
use settlement::row::{Leg, RowKey};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

const SHARDS: u16 = 3;

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("backstop-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Folder(path)
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = std::fs::read_dir(&self.0)
            .expect("it is there")
            .map(|entry| entry.expect("it is readable").path())
            .collect();
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn kept(market: &Market, shards: &[ShardInput], folder: &Path) -> (Settled, Did) {
    let checkpoints = Checkpoints::open(folder).expect("a folder");
    let run = Run { checkpoints: Some(&checkpoints), ..Run::default() };
    settle_with(market, shards, &run).unwrap_or_else(|failed| panic!("{failed}"))
}

fn plain(market: &Market, shards: &[ShardInput]) -> Settled {
    settle_with(market, shards, &Run::default()).unwrap_or_else(|failed| panic!("{failed}")).0
}

#[test]
fn a_repeated_run_takes_up_every_task_and_another_input_only_those_that_it_does_not_reach() {
    let folder = Folder::new("repeat");
    let day = Day::random(11, 200);
    let (mut market, mut shards) = (day.market.clone(), day.shards(SHARDS));
    let (first, did) = kept(&market, &shards, &folder.0);
    assert_eq!((did.taken_up, first == plain(&market, &shards)), (0, true));
    let (all, by_shard) = (did.worked_out, u64::from(SHARDS));
    let (second, did) = kept(&market, &shards, &folder.0);
    assert_eq!((did.taken_up, did.worked_out, second == first), (2 * by_shard, all - 2 * by_shard, true));

    market.instruments[0].settlement.0 += 2_000;
    let (repriced, did) = kept(&market, &shards, &folder.0);
    assert_eq!(
        (did.taken_up, repriced == plain(&market, &shards)),
        (by_shard, true),
        "trades know no price of the day"
    );
    assert_ne!(repriced, first);

    // A price a tick off in one leg of one shard: one shard's trades, one shard's figures.
    let leg = shards[1]
        .legs
        .iter_mut()
        .find(|leg| !matches!(market.instruments[usize::from(leg.row.instrument.0)].kind, Kind::Option { .. }));
    leg.expect("it trades").price.0 += 2_000;
    let (changed, did) = kept(&market, &shards, &folder.0);
    assert_eq!((did.taken_up, changed == plain(&market, &shards)), (2 * by_shard - 2, true));
    assert_eq!(folder.files().len(), 2 * usize::from(SHARDS), "what no run uses is removed");
    assert_eq!((did.damaged, did.unsaved, did.retried), (0, 0, 0));
}

#[test]
fn checkpoints_that_are_torn_changed_or_anothers_are_worked_out_anew_and_counted() {
    let folder = Folder::new("damage");
    let day = Day::random(12, 150);
    let shards = day.shards(SHARDS);
    let (whole, _) = kept(&day.market, &shards, &folder.0);
    let random = &mut Random::new(12);
    let mut damaged = 0;
    for round in 0..60 {
        let files = folder.files();
        let file = &files[random.below(files.len() as u64) as usize];
        let mut bytes = std::fs::read(file).expect("it is there");
        let place = random.below(bytes.len() as u64) as usize;
        match round % 3 {
            0 => bytes[place] ^= 1 << random.below(8),
            1 => bytes.truncate(place),
            // Another task's bytes under this one's name.
            _ => {
                bytes = std::fs::read(
                    &files[(files.iter().position(|other| other == file).expect("it is one") + 1) % files.len()],
                )
                .expect("it is there")
            }
        }
        std::fs::write(file, bytes).expect("it can be written");
        let (again, did) = kept(&day.market, &shards, &folder.0);
        assert_eq!((again == whole, did.damaged), (true, 1), "round {round}, {}", file.display());
        damaged += did.damaged;
    }
    assert_eq!(damaged, 60);
    let (_, did) = kept(&day.market, &shards, &folder.0);
    assert_eq!((did.damaged, did.taken_up), (0, 2 * u64::from(SHARDS)), "they were mended");
}

#[test]
fn a_task_that_panics_once_is_tried_again_and_one_that_panics_twice_stops_the_run_which_can_be_resumed() {
    let folder = Folder::new("panic");
    let day = Day::random(13, 150);
    let shards = day.shards(SHARDS);
    let whole = plain(&day.market, &shards);
    for phase in [Phase::Trades, Phase::Figures, Phase::Funds] {
        let task = usize::from(phase != Phase::Funds);
        let trips = |until: u32| {
            move |at: Phase, place: usize, attempt: u32| {
                assert!((at, place) != (phase, task) || attempt > until, "planted");
            }
        };
        let once = trips(1);
        let (settled, did) = settle_with(&day.market, &shards, &Run { before_task: Some(&once), ..Run::default() })
            .expect("once is forgiven");
        assert_eq!((settled == whole, did.retried), (true, 1), "{phase:?}");

        let _ = std::fs::remove_dir_all(&folder.0);
        let checkpoints = Checkpoints::open(&folder.0).expect("a folder");
        let attempts = AtomicU32::new(0);
        let always = |at: Phase, place: usize, attempt: u32| {
            attempts.fetch_add(u32::from((at, place) == (phase, task)), Ordering::Relaxed);
            trips(u32::MAX)(at, place, attempt);
        };
        let run = Run { before_task: Some(&always), checkpoints: Some(&checkpoints), ..Run::default() };
        let failed = settle_with(&day.market, &shards, &run).expect_err("it always panics");
        assert_eq!((failed.phase, failed.task, &failed.why), (phase, task, &Why::Panicked("planted".into())));
        assert_eq!(attempts.into_inner(), 2);
        let (resumed, did) = kept(&day.market, &shards, &folder.0);
        let left = match phase {
            Phase::Trades => u64::from(SHARDS) - 1,
            Phase::Figures => 2 * u64::from(SHARDS) - 1,
            _ => 2 * u64::from(SHARDS),
        };
        assert_eq!((resumed == whole, did.taken_up), (true, left), "{phase:?}");
    }
}

/// The legs of a random day come two by two: a trade each.
fn sides(day: &Day, trade: usize) -> [CancelledLeg; 2] {
    [2 * trade, 2 * trade + 1].map(|place| {
        let row = day.legs[place].row;
        let nth = day.legs[..place].iter().filter(|leg| leg.row == row).count() as u32;
        CancelledLeg { row, nth }
    })
}

#[test]
fn corrections_come_to_what_a_whole_run_comes_to_and_touch_only_what_they_must() {
    let (mut settled_again, mut refused, mut spared, mut exact) = (0, 0, 0u64, [0; 2]);
    for seed in 1..301 {
        let day = Day::random(seed, 120);
        let random = &mut Random::new(seed + 1_000);
        let (mut market, mut shards) = (day.market.clone(), day.shards(SHARDS));
        let before = plain(&market, &shards);
        let mut corrections = Corrections::default();
        if seed % 3 != 0 {
            let instrument = InstrumentIndex(random.below(market.instruments.len() as u64) as u16);
            let is = market.instruments[usize::from(instrument.0)];
            corrections.prices.push(CorrectedPrice {
                instrument,
                settlement: Price(is.settlement.0 + 2_000),
                underlying: Price(is.underlying.0 + random.below(100) as i64 * 20_000),
            });
        }
        if seed % 3 != 1 {
            corrections.cancelled.extend(sides(&day, random.below(day.legs.len() as u64 / 2) as usize));
        }
        let touched = corrections.apply(&mut market, &mut shards).expect("they are there");
        assert_eq!(
            shards.iter().map(|shard| shard.legs.len()).sum::<usize>(),
            day.legs.len() - corrections.cancelled.len()
        );
        let rows = corrections.cancelled.iter().map(|leg| leg.row);
        assert_eq!(Touched::between(&day.market, &market, rows), Some(touched.clone()), "seed {seed}");
        let whole = settle_with(&market, &shards, &Run::default());
        let again = settle_again(&market, &shards, before.clone(), &touched);
        let (whole, (again, did)) = match (whole, again) {
            (Ok((whole, _)), Ok(again)) => (whole, again),
            // What was cancelled had been closed since. Of several rows that cannot be either may be named.
            (Err(whole), Err(again)) => {
                let why = |why: &Why| if let Why::Row(_, why) = why { Some(*why) } else { None };
                assert_eq!((whole.phase, why(&whole.why)), (again.phase, why(&again.why)), "seed {seed}");
                refused += 1;
                continue;
            }
            (whole, again) => panic!("seed {seed}: {whole:?}, {again:?}"),
        };
        assert_eq!(again, whole, "seed {seed}");
        let differs = |row: &&settlement::batch::SettledRow| {
            before.rows.binary_search_by_key(&row.key, |row| row.key).is_ok_and(|place| before.rows[place] != **row)
        };
        assert!(did.figured >= whole.rows.iter().filter(differs).count() as u64, "seed {seed}");
        spared += whole.rows.len() as u64 - did.figured;
        let ends = |index: InstrumentIndex| {
            let instrument = &market.instruments[usize::from(index.0)];
            instrument.expires || instrument.kind == Kind::BondFuture
        };
        let has_tiers =
            |key: &RowKey| market.fees.has_tiers(market.instruments[usize::from(key.instrument.0)].product.0);
        if let ([price], []) = (&corrections.prices[..], &corrections.cancelled[..])
            && !ends(price.instrument)
        {
            let holders = whole.rows.iter().filter(|row| row.key.instrument == price.instrument);
            let codes: BTreeSet<AccountIndex> = holders.clone().map(|row| row.key.account).collect();
            assert_eq!(
                (did.traded, did.figured, did.ended, did.accounts),
                (0, holders.count() as u64, 0, codes.len() as u64),
                "seed {seed}"
            );
            exact[0] += 1;
        }
        if let ([], [buyer, seller]) = (&corrections.prices[..], &corrections.cancelled[..])
            && !ends(buyer.row.instrument)
            && !has_tiers(&buyer.row)
        {
            let left =
                [buyer.row, seller.row].into_iter().filter(|key| whole.rows.iter().any(|row| row.key == *key)).count()
                    as u64;
            let codes = BTreeSet::from([buyer.row.account, seller.row.account]).len() as u64;
            assert_eq!((did.traded, did.figured, did.ended, did.accounts), (left, left, 0, codes), "seed {seed}");
            exact[1] += 1;
        }
        settled_again += 1;
    }
    println!("{settled_again} corrected, {refused} refused, {spared} rows spared, exactly counted: {exact:?}");
    assert!(settled_again > 200 && refused > 10 && spared > 10_000 && exact.iter().all(|&count| count > 15));
}

#[test]
fn what_is_not_there_cannot_be_corrected_and_nothing_changes() {
    let day = Day::random(14, 60);
    let (mut market, mut shards) = (day.market.clone(), day.shards(SHARDS));
    let [leg, other] = sides(&day, 3);
    let missing = CancelledLeg { nth: 1_000, ..leg };
    let price =
        |place| CorrectedPrice { instrument: InstrumentIndex(place), settlement: Price(1), underlying: Price(1) };
    for (corrections, why) in [
        (
            Corrections { prices: vec![price(0), price(99)], ..Corrections::default() },
            Uncorrectable::Instrument(InstrumentIndex(99)),
        ),
        (Corrections { prices: vec![price(0)], cancelled: vec![leg, missing] }, Uncorrectable::Leg(missing)),
        (Corrections { prices: vec![], cancelled: vec![leg, other, leg] }, Uncorrectable::Twice(leg)),
    ] {
        assert_eq!(corrections.apply(&mut market, &mut shards), Err(why), "{why}");
        let legs = |shards: &[ShardInput]| shards.iter().flat_map(|shard| shard.legs.clone()).collect::<Vec<Leg>>();
        assert_eq!((&market, legs(&shards)), (&day.market, legs(&day.shards(SHARDS))));
    }
}

#[test]
fn markets_that_differ_in_more_than_prices_need_a_whole_run() {
    let day = Day::random(16, 10);
    let change = |change: fn(&mut Market)| {
        let mut market = day.market.clone();
        change(&mut market);
        Touched::between(&day.market, &market, []).is_some()
    };
    assert!(change(|_| {}) && change(|market| market.instruments[3].underlying.0 += 1));
    assert!(!change(|market| market.instruments[3].multiplier += 1));
    assert!(!change(|market| market.members[0].deposited.0 += 1));
    assert!(!change(|market| market.instruments.truncate(9)));
    assert!(!change(|market| market.settings.combination.0 += 1));
}

#[test]
fn a_trade_is_found_by_its_id() {
    let day = Day::random(15, 60);
    let id = |trade: usize| *format!("{trade:<20}").as_bytes().first_chunk().expect("twenty");
    let lines: Vec<TradeLine> = (0..)
        .zip(&day.legs)
        .map(|(place, leg)| TradeLine {
            trade_id: id(place / 2),
            order_sys_id: [b' '; 20],
            user: 0,
            time: 0,
            leg: *leg,
        })
        .collect();
    for trade in 0..lines.len() / 2 {
        assert_eq!(sides_of(&lines, &id(trade)), sides(&day, trade));
    }
    assert_eq!(sides_of(&lines, &id(lines.len())), []);
}
