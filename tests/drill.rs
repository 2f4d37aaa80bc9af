//! Days that fail over, run as the drill runs them: the same seed gives the same day; every way to reopen, to treat the book, to lose
//! frames ends well; a published morning comes out trade for trade wherever the primary dies; and the journal that a drill leaves
//! says the same as the drill.
#![allow(clippy::unwrap_used)]

use backstop::base_files::PhaseName;
use backstop::drill::{BookChoice, DayChoice, Drilled, FailIn, Options, ReopenChoice, drill, full};
use engine::IdStyle;
use indicatif::ProgressBar;
use journal::{Durability, Identity, Log, LogLimits, Machine};
use net::random::Random;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Trades of the published morning.
const MORNING_TRADES: u64 = 11_537;
/// Most time of a small day on a network that loses a fifth; on a quiet machine it takes a quarter of a second.
const LOSSY_MOST: Duration = Duration::from_secs(60);
/// Places where the primary dies in it.
const MORNING_DEATHS: usize = 50;

/// The flags as the command line has them by default, but for a small day.
fn options(seed: u64) -> Options {
    Options {
        seed,
        members: 4,
        orders_total: 3_000,
        orders: None,
        trades: None,
        fail_at: None,
        day: DayChoice::Short,
        fail_in: None,
        reopen: ReopenChoice::Auction,
        book: BookChoice::Keep,
        cores: Some(1),
        faults: "none".to_owned(),
        profile: "dev".to_owned(),
        journal: None,
        json: true,
    }
}

fn run(options: &Options) -> Drilled {
    let plan = options.plan().unwrap_or_else(|fault| panic!("{options:?}: {fault}"));
    drill(&plan, &ProgressBar::hidden()).unwrap_or_else(|fault| panic!("{options:?}: {fault}"))
}

fn run_well(options: &Options) -> Drilled {
    let drilled = run(options);
    let report = &drilled.report;
    assert!(report.ok && report.failures.is_empty(), "{options:?}: {:#?}", report.failures);
    assert!(report.digest_equal, "{options:?}");
    assert_eq!((report.lost_acked, report.duplicate_trades), (0, 0), "{options:?}");
    assert_eq!(report.members_back, u64::from(options.members), "{options:?}");
    drilled
}

/// A report without what the machine measured.
fn timeless(drilled: &Drilled) -> Value {
    let mut value = serde_json::to_value(&drilled.report).unwrap();
    let fields = value.as_object_mut().unwrap();
    for machine_time in ["takeover_ms", "latency_ns"] {
        assert!(fields.remove(machine_time).is_some(), "{machine_time}");
    }
    value
}

/// Runs every job, as many at once as there are cores; jobs are short, so a failed one ends the test soon.
fn in_parallel<J: Sync>(jobs: &[J], work: impl Fn(&J) + Sync) {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(jobs.len()) {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(job);
                }
            });
        }
    });
}

#[test]
fn on_one_core_the_same_seed_gives_the_same_journal_byte_for_byte() {
    let began = Instant::now();
    let first = run_well(&options(5));
    let again = run_well(&options(5));
    assert!(
        first.journal == again.journal,
        "journals of {} and {} bytes differ",
        first.journal.len(),
        again.journal.len()
    );
    assert_eq!(timeless(&first), timeless(&again));
    let other = run_well(&options(6));
    assert!(first.journal != other.journal, "another seed gives another day");

    // Faults of the network are drawn from the seed too.
    let faulty = |seed| Options { faults: "light".to_owned(), ..options(seed) };
    let (first, again) = (run_well(&faulty(7)), run_well(&faulty(7)));
    assert!(first.journal == again.journal, "journals under faults differ");
    assert_eq!(timeless(&first), timeless(&again));
    println!("{:.1?}", began.elapsed());
}

#[test]
fn every_reopening_book_and_network_ends_well_on_one_core_and_on_two() {
    let began = Instant::now();
    let mut jobs = Vec::new();
    for cores in [1, 2] {
        for faults in ["none", "light"] {
            for reopen in [ReopenChoice::Continuous, ReopenChoice::Auction] {
                for book in [BookChoice::Keep, BookChoice::Cancel] {
                    for members in [4, 16] {
                        let (seed, faults, cores) = (100 + jobs.len() as u64, faults.to_owned(), Some(cores));
                        jobs.push(Options { reopen, book, members, faults, cores, ..options(seed) });
                    }
                }
            }
        }
    }
    let jobs: Vec<Options> = jobs.into_iter().step_by(effort::stride()).collect();
    let deaths = Mutex::new(BTreeSet::new());
    in_parallel(&jobs, |options| {
        let begins = Instant::now();
        let report = run_well(options).report;
        let death = report.death.split('(').next().unwrap().to_owned();
        println!(
            "seed {}: {:?} cores, {} faults, {:?}, {:?}, {} members: {death}, cut {} of {}, {:.1?}",
            options.seed,
            options.cores.unwrap(),
            options.faults,
            options.reopen,
            options.book,
            options.members,
            report.cut,
            report.frames,
            begins.elapsed()
        );
        deaths.lock().unwrap().insert(death);
    });
    let deaths = deaths.into_inner().unwrap();
    println!("{} days, {:.1?}", jobs.len(), began.elapsed());
    for death in ["FeedByte", "Poison"] {
        assert!(effort::share() > 1 || deaths.contains(death), "no primary died of {death}: {deaths:?}");
    }
}

/// Futures and options by their own calendars: the primary dies in each phase there is, and Backstop goes on with the day where it stands,
/// gives what fell into the takeover, and closes it.
#[test]
fn a_full_day_goes_on_by_its_calendar_whichever_phase_the_primary_dies_in() {
    let began = Instant::now();
    let mut jobs = Vec::new();
    for place in FailIn::ALL {
        for (reopen, book) in
            [(ReopenChoice::Auction, BookChoice::Keep), (ReopenChoice::Continuous, BookChoice::Cancel)]
        {
            for faults in ["none", "light"] {
                let (seed, faults) = (400 + jobs.len() as u64, faults.to_owned());
                jobs.push(Options { fail_in: Some(place), reopen, book, faults, ..full_day(seed) });
            }
        }
    }
    in_parallel(&jobs, |options| {
        let report = run_well(options).report;
        let place = options.fail_in.unwrap();
        println!(
            "seed {}: {place:?}, {} faults, cut {} of {}",
            options.seed, options.faults, report.cut, report.frames
        );
        // Faults of the network may keep the feed's last frames back, and with them a phase.
        if options.faults == "none" {
            let phases: Vec<PhaseName> = full::PRODUCTS.map(|product| report.failed_in[product]).to_vec();
            assert_eq!(phases, place.phases().map(PhaseName::from), "{options:?}");
        }
    });
    println!("{} days, {:.1?}", jobs.len(), began.elapsed());
}

#[test]
fn seeds_of_a_full_day_reach_every_phase_by_themselves() {
    let seeds: Vec<u64> = (500..528).collect();
    let phases = Mutex::new(BTreeSet::new());
    in_parallel(&seeds, |&seed| {
        let report = run_well(&full_day(seed)).report;
        let at_the_cut = full::PRODUCTS.map(|product| report.failed_in[product].to_string());
        phases.lock().unwrap().insert(at_the_cut);
    });
    let phases = phases.into_inner().unwrap();
    for place in FailIn::ALL {
        let wanted = place.phases().map(|phase| PhaseName::from(phase).to_string());
        assert!(phases.contains(&wanted), "no seed failed over in {place:?}: {phases:?}");
    }
}

fn full_day(seed: u64) -> Options {
    Options { day: DayChoice::Full, orders_total: 2_000, ..options(seed) }
}

#[test]
fn days_end_well_on_four_threads_and_on_eight() {
    let began = Instant::now();
    for (cores, faults, members, seed) in [(4, "none", 16, 301), (4, "light", 8, 302), (8, "none", 16, 303)] {
        run_well(&Options { cores: Some(cores), members, faults: faults.to_owned(), ..options(seed) });
        println!("{cores} threads, {faults} faults, seed {seed}: {:.1?}", began.elapsed());
    }
}

/// A fifth of all frames is lost, and sixty-four members come back over that: nobody is left waiting for a time-out that has grown.
#[test]
fn sixty_four_members_come_back_over_a_network_that_loses_a_fifth_in_bounded_time() {
    let seeds: Vec<u64> = (1_020..1_028).step_by(effort::stride()).collect();
    in_parallel(&seeds, |&seed| {
        let began = Instant::now();
        let lossy = Options { members: 64, orders_total: 2_000, faults: "lossy".to_owned(), ..options(seed) };
        let report = run_well(&lossy).report;
        let took = began.elapsed();
        println!("seed {seed}: {} frames, {took:.1?}", report.frames);
        assert!(took < LOSSY_MOST * effort::share() as u32, "seed {seed} took {took:.1?}");
    });
}

/// The published morning, where it is: it may not be redistributed.
fn morning() -> Option<Options> {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let [orders, trades] = ["orders", "trades"].map(|what| data.join(format!("equity-morning-{what}.csv")));
    if !orders.exists() || !trades.exists() {
        println!("skipped: {} is not there", orders.display());
        return None;
    }
    Some(Options {
        orders: Some(orders),
        trades: Some(trades),
        reopen: ReopenChoice::Continuous,
        book: BookChoice::Keep,
        ..options(0)
    })
}

#[test]
fn the_published_morning_comes_out_trade_for_trade_wherever_the_primary_dies() {
    let Some(morning) = morning() else { return };
    let began = Instant::now();
    let mut random = Random::new(20_240_603);
    let mut jobs: Vec<Options> = (0..effort::of(MORNING_DEATHS))
        .map(|place| Options {
            seed: 1 + place as u64,
            members: [4, 8, 16, 1, 32][place % 5],
            fail_at: Some(random.below(1_000_000) as f64 / 1e6),
            ..morning.clone()
        })
        .collect();
    // One on two cores: when the engine's thread gets its turn changes no trade.
    jobs.push(Options { seed: 99, members: 8, fail_at: Some(0.5), cores: Some(2), ..morning.clone() });
    let cuts = Mutex::new(BTreeSet::new());
    in_parallel(&jobs, |options| {
        let report = run_well(options).report;
        assert_eq!((report.trades_equal, report.trades), (Some(true), MORNING_TRADES), "{options:?}");
        cuts.lock().unwrap().insert(report.cut);
    });
    let cuts = cuts.into_inner().unwrap();
    println!("{} mornings, {} different cuts, {:.1?}", jobs.len(), cuts.len(), began.elapsed());
    assert!(cuts.len() > effort::of(MORNING_DEATHS) * 9 / 10, "the primary did not die in many places: {cuts:?}");
}

#[test]
fn the_journal_of_a_drill_recovers_to_its_digest_and_replays_without_a_difference() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { journal: Some(folder.path().to_owned()), ..options(8) };
    let drilled = run_well(&options);
    let report = &drilled.report;

    let path = folder.path().join("backstop.journal");
    let limits = LogLimits { bytes: drilled.journal.len() + (1 << 20), frames: report.frames as usize + 1 };
    let recovered = journal::recover(&path, Some(20_240_603), limits, Durability::Async).unwrap();
    assert_eq!((recovered.frames, recovered.cut_bytes), (report.frames, 0));
    let ours = Identity { ids: IdStyle { prefix: b'B' }, data_center: 2 };
    let recovery = Machine::recover(recovered.log, ours).unwrap();
    assert_eq!((recovery.frames, recovery.mismatches), (report.frames, 0), "{:?}", recovery.first_mismatch);
    let digest = |machine: &Machine| format!("{:016x}", machine.state().digests().state);
    assert_eq!(digest(&recovery.machine), report.digest);
    assert!(recovery.machine.reader().bytes_from(0).unwrap() == drilled.journal, "the file is not the drill's journal");

    // Judged anew, frame by frame: the primary's and, behind the cut, our own.
    let mut machine = Machine::new(Log::in_memory(limits).unwrap(), ours);
    let replay = machine.replay(recovery.machine.reader());
    assert_eq!(replay.frames, report.frames);
    assert_eq!((replay.differences, replay.digest_mismatches), (0, 0), "{replay:?}");
    assert_eq!(replay.refused, None);
    assert_eq!(digest(&machine), report.digest);

    // Another day's core does not go on with it; and no second drill writes over it.
    drop(recovery);
    let other_day = journal::recover(&path, Some(20_240_604), limits, Durability::Async).err().unwrap().to_string();
    assert!(other_day.contains("backstop.journal") && other_day.contains("20240604"), "{other_day}");
    let before = std::fs::read(&path).unwrap();
    let again = drill(&options.plan().unwrap(), &ProgressBar::hidden()).err().unwrap();
    assert!(again.contains("backstop.journal"), "{again}");
    assert!(std::fs::read(&path).unwrap() == before, "a journal that was there is untouched");
}

#[test]
fn a_drill_ends_with_the_day_settled_three_ways() {
    let mut prices = 0;
    for (seed, day) in [(31, DayChoice::Short), (32, DayChoice::Full), (33, DayChoice::Full)] {
        let drilled = run_well(&Options { day, ..options(seed) });
        let settled = &drilled.report.settled;
        assert!(settled.alarms.is_empty(), "{:#?}", settled.alarms);
        assert!(settled.accounts >= 8 && settled.figures > 50 && settled.of_primary > 30, "{settled:?}");
        assert!(settled.fees > 0, "{settled:?}");
        prices += settled.prices_by_trades;
    }
    assert!(prices > 8, "{prices} settlement prices were made of trades");
}
