//! A day settled from its log.
#![allow(clippy::unwrap_used)]

mod followed;
mod traded;

use backstop::base_data;
use backstop::drill::world::{DAY_BEGINS_NS, World};
use backstop::drill::{BookChoice, DayChoice, Options, ReopenChoice, drill};
use backstop::settle::corrections::Corrections;
use backstop::settle::day_log::DayLog;
use backstop::settle::intake::{Contradiction, Intake, What};
use backstop::settle::market::PriceBy;
use backstop::settle::run::{NotSettled, changes, items, settle_day};
use backstop::settle::terms::Terms;
use engine::IdStyle;
use engine::command::{BodyView, BookPolicy, CommandBuffer, EpochOpen, OrderInsert, Reopening, TakeoverBegin};
use engine::event::EventView;
use engine::types::{AccountIndex, Epoch, InstrumentIndex, Nanoseconds, Phase, RawPrice, Sequence, UserIndex, Volume};
use hw_profiles::Profile;
use indicatif::ProgressBar;
use journal::{Identity, Log, LogLimits, LogReader, Machine};
use proptest::prelude::*;
use settlement::batch::Run as Batch;
use settlement::rules::closing::Held;
use std::collections::{BTreeMap, HashSet};
use std::sync::OnceLock;

fn options(seed: u64, day: DayChoice) -> Options {
    Options {
        seed,
        members: 6,
        orders_total: 4_000,
        orders: None,
        trades: None,
        fail_at: None,
        day,
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

fn drilled(options: &Options) -> Vec<u8> {
    let drilled = drill(&options.plan().unwrap(), &ProgressBar::hidden()).unwrap();
    assert!(drilled.report.ok, "{options:?}: {:#?}", drilled.report.failures);
    drilled.journal
}

fn reader(journal: &[u8]) -> (tempfile::TempDir, LogReader) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    std::fs::write(&path, journal).unwrap();
    let reader = journal::inspect(&path, None).unwrap().reader;
    (folder, reader)
}

fn machine(data_center: u32) -> Machine {
    let log = Log::in_memory(LogLimits { bytes: 64 << 20, frames: 100_000 }).unwrap();
    Machine::new(log, Identity { ids: IdStyle { prefix: b'A' + data_center as u8 }, data_center })
}

#[test]
fn the_logs_fold_ends_with_the_engines_positions_after_days_of_two_epochs() {
    let (mut trades, mut closes_of_today, mut closes_of_yesterday, mut said) = (0, 0, 0, 0);
    for (seed, choice) in [(11, DayChoice::Full), (12, DayChoice::Full), (13, DayChoice::Short)] {
        let (_folder, log) = reader(&drilled(&options(seed, choice)));
        let mut engine = machine(9);
        assert!(engine.replay(&log).refused.is_none());
        let day = DayLog::read(&log, &|_| {}).unwrap();
        let state = engine.state();
        let held: BTreeMap<_, _> = state
            .positions()
            .map(|(account, instrument, hedge, held)| {
                let long = Held { yesterday: held.long_yesterday, today: held.long_today };
                let short = Held { yesterday: held.short_yesterday, today: held.short_today };
                ((account.0, instrument.0, hedge), [long, short])
            })
            .filter(|(_, held)| *held != [Held::default(); 2])
            .collect();
        let ours: BTreeMap<_, _> = day
            .intake
            .positions()
            .map(|(row, held)| ((row.account.0, row.instrument.0, row.hedge), held))
            .filter(|(_, held)| *held != [Held::default(); 2])
            .collect();
        assert_eq!(ours, held, "seed {seed}");
        let mut instructions = BTreeMap::new();
        for order in state.exec_orders() {
            let said: &mut [u32; 2] =
                instructions.entry((order.account.0, order.instrument.0, order.hedge)).or_default();
            said[usize::from(order.action == b'2')] += order.volume;
        }
        let ours: BTreeMap<_, _> = day
            .intake
            .instructed()
            .map(|(row, said)| ((row.account.0, row.instrument.0, row.hedge), [said.exercise, said.abandon]))
            .collect();
        assert_eq!(ours, instructions, "seed {seed}");
        let volume: u64 = state.instruments().map(|instrument| instrument.volume).sum();
        assert_eq!(day.lines.iter().map(|line| u64::from(line.leg.lots)).sum::<u64>(), 2 * volume);
        assert_eq!(day.legs.iter().map(|leg| u64::from(leg.lots)).sum::<u64>(), 2 * volume);
        assert_eq!(day.intake.state_digest, state.digests().state);
        assert!(day.intake.is_closed && day.intake.epoch == 2);
        use settlement::row::Effect;
        use settlement::rules::closing::Close;
        let of = |effect| day.legs.iter().filter(|leg| leg.effect == effect).count();
        closes_of_today += of(Effect::Close(Close::Today));
        closes_of_yesterday += of(Effect::Close(Close::Yesterday));
        said += instructions.len();
        trades += day.lines.len() / 2;
    }
    assert!(trades > 300 && closes_of_today > 20 && closes_of_yesterday > 5 && said > 0, "{trades} trades only");
}

fn order(user: u16, account: u32, number: u32, direction: u8, lots: u32) -> CommandBuffer {
    let insert = OrderInsert {
        local_id: base_data::text(&format!("{number:012}")),
        message_reference: [b' '; 6],
        direction,
        offset: b'0',
        hedge: b'1',
        order_type: b'0',
        match_condition: b'3',
        match_session: b'7',
        instrument: InstrumentIndex(1),
        flags: 0,
        price: RawPrice(18_250 * 2_000),
        account: AccountIndex(account),
        volume: Volume(lots),
        minimal_volume: Volume(0),
        reserved: 0,
    };
    CommandBuffer::new(0, 0, UserIndex(user), &insert)
}

fn execute(machine: &mut Machine, command: &CommandBuffer) {
    let executed = machine.execute(&command.command(), Nanoseconds(DAY_BEGINS_NS)).unwrap();
    assert!(executed.rejected.is_none(), "{:?}", executed.rejected);
}

/// The ids of the trades in a log.
fn trade_ids(log: &LogReader) -> HashSet<[u8; 20]> {
    let events = log.frames_from(0).flat_map(|frame| frame.events().copied().collect::<Vec<_>>());
    let ids = events.filter_map(|event| match event.view() {
        Some(EventView::Traded(traded)) => Some(traded.trade_id),
        _ => None,
    });
    ids.collect()
}

/// A primary that made two trades, of which the follower had only the first when it took over; and then one of its own.
fn two_epochs() -> (Machine, Machine) {
    let world = World::seeded(4, 400, &Profile::load("dev").unwrap().limits);
    let (mut primary, mut backstop) = (machine(1), machine(2));
    for command in &world.base_data {
        execute(&mut primary, command);
    }
    execute(
        &mut primary,
        &CommandBuffer::own(&base_data::phase(InstrumentIndex(1), Phase::Continuous, base_data::BY_HAND, 0)),
    );
    execute(&mut primary, &order(1, 3, 1, b'0', 5));
    execute(&mut primary, &order(0, 0, 1, b'1', 2));
    for frame in primary.reader().clone().frames_from(0) {
        backstop.adopt(&frame).unwrap();
    }
    // Never told to the follower.
    execute(&mut primary, &order(0, 0, 2, b'1', 1));
    let cut = backstop.state().last_sequence();
    let open = EpochOpen { epoch: Epoch(2), data_center: 2, old_epoch: Epoch(1), reserved: 0, cut_sequence: cut };
    execute(&mut backstop, &CommandBuffer::own(&open));
    let begin = TakeoverBegin {
        cut_sequence: cut,
        cut_digest: backstop.state().digests().state,
        commanded_at: Nanoseconds(DAY_BEGINS_NS),
        old_epoch: Epoch(1),
        new_epoch: Epoch(2),
        book: BookPolicy::Keep as u8,
        reopen: Reopening::Continuous as u8,
        from_state: 0,
        overrides: 0,
        data_center: 2,
    };
    execute(&mut backstop, &CommandBuffer::own(&begin));
    execute(&mut backstop, &order(2, 6, 1, b'1', 1));
    (primary, backstop)
}

#[test]
fn a_trade_that_a_takeover_rolled_back_is_settled_by_nobody() {
    let (primary, backstop) = two_epochs();
    let (made, kept) = (trade_ids(primary.reader()), trade_ids(backstop.reader()));
    assert_eq!((made.len(), kept.len(), made.intersection(&kept).count()), (2, 2, 1));
    let day = DayLog::read(backstop.reader(), &|_| {}).unwrap();
    assert_eq!(day.lines.iter().map(|line| line.trade_id).collect::<HashSet<_>>(), kept);
    assert_eq!((day.lines.len(), day.legs.len(), day.intake.epoch), (4, 4, 2));
    // Account 0 sold one lot in the rolled back trade: its member's row has the first trade's two alone.
    let short = |account| {
        let row = |held: (settlement::row::RowKey, [Held; 2])| {
            (held.0.account.0 == account && held.0.instrument.0 == 1).then_some(held.1[1].lots())
        };
        day.intake.positions().filter_map(row).sum::<u64>()
    };
    assert_eq!([short(0), short(3), short(6)], [2, 0, 1]);
}

#[test]
fn a_log_that_contradicts_itself_is_refused_with_its_frame() {
    let (_, backstop) = two_epochs();
    let log = backstop.reader();
    let mut late = Intake::default();
    let second = log.frame_of(Sequence(2)).unwrap();
    assert_eq!(late.take(&second, &mut |_| {}), Err(Contradiction { sequence: 2, what: What::NoDay }));
    // Without the frame that accepted the buyer's order its trades are of nobody.
    let mut gap = Intake::default();
    let bought = 1 + log
        .frames_from(0)
        .position(|frame| matches!(frame.command().body, engine::command::BodyView::OrderInsert(_)))
        .unwrap() as u64;
    let mut taken = log.frames_from(0).filter(|frame| frame.stamp().sequence.0 != bought);
    let refused = taken.find_map(|frame| gap.take(&frame, &mut |_| {}).err());
    assert_eq!(refused, Some(Contradiction { sequence: bought + 1, what: What::UnknownOrder }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(effort::of(64) as u32))]
    /// Frames of any content that a frame may have: the fold takes them or says what is wrong, and never panics.
    #[test]
    fn any_bytes_in_a_logs_frames_are_taken_or_refused(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        static FRAMES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
        let frames = FRAMES.get_or_init(|| two_epochs().1.reader().frames_from(0).map(|frame| frame.bytes().to_vec()).collect());
        let mut intake = Intake::default();
        for frame in frames {
            let mut bytes = frame.clone();
            for (place, value) in &places {
                let at = 64 + place.index(bytes.len() - 64);
                bytes[at] = *value;
            }
            let crc = crc32c::crc32c(&bytes[12..]);
            bytes[8..12].copy_from_slice(&crc.to_le_bytes());
            let Ok(journal::CompleteNext::Frame(frame)) = journal::CompleteFrame::read(&bytes, 0) else { continue };
            let _ = intake.take(&frame, &mut |_| {});
        }
    }
}

fn settled(
    folder: &std::path::Path,
    log: &LogReader,
    corrections: &Corrections,
    threads: usize,
) -> Result<backstop::settle::run::Run, NotSettled> {
    let mut day = DayLog::read(log, &|_| {}).unwrap();
    let mut terms = Terms::read(folder, &day.intake, &|_| {}).map_err(NotSettled::Faults)?;
    settle_day(&mut day, &mut terms, corrections, 1, threads, &Batch::default(), None)
}

#[test]
fn a_small_day_comes_out_as_worked_out_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    backstop::day::template::write(folder.path()).unwrap();
    let machine = traded::day(folder.path());
    let run = settled(folder.path(), machine.reader(), &Corrections::default(), 2).unwrap();
    let price =
        |id: &str| run.prices.iter().find(|price| price.instrument == id).map(|price| (price.price, price.by)).unwrap();
    // (2 x 3790.0 + 3792.0) / 3 = 3790.67: 3790.6 on the tick of 0.2. T was not traded, the put neither.
    assert_eq!(price("IF2412"), (37_906_000, PriceBy::LastHour));
    assert_eq!(price("IO2412-C-3700"), (2_010_000, PriceBy::LastHour));
    assert_eq!(price("T2412"), (1_056_150, PriceBy::Previous));
    assert_eq!(price("IO2412-P-3700"), (1_900_000, PriceBy::PreviousOfOption));
    let figures: BTreeMap<u32, _> = run.result.settled.accounts.iter().map(|(account, of)| (account.0, *of)).collect();
    let yuan = |yuan: f64| settlement::Money((yuan * 10_000.0).round() as i64);
    // Account 0: three of yesterday at 3788.8, bought 1 at 3780 and 2 at 3790, sold 1 at 3792: in all
    // (3790.6 - 3788.8) x 3 + (3790.6 - 3780) + (3790.6 - 3790) x 2 + (3792 - 3790.6) = 18.6 points x 300.
    assert_eq!(figures[&0].profit, yuan(18.6 * 300.0));
    assert_eq!(figures[&1].profit, yuan((3780.0 - 3790.6 + (3790.0 - 3790.6) * 2.0 + 3790.6 - 3792.0) * 300.0));
    assert_eq!(figures[&2].profit, yuan(-1.8 * 3.0 * 300.0));
    assert_eq!((figures[&0].premium, figures[&2].premium), (yuan(-80_400.0), yuan(80_400.0)));
    // Five lots long; two short; three short and four calls sold: 201 x 100 + max(3710.25 x 12 % - 0, half of that) x 100 a lot.
    assert_eq!(figures[&0].margin, yuan(3790.6 * 300.0 * 0.12 * 5.0));
    assert_eq!(figures[&1].margin, yuan(3790.6 * 300.0 * 0.12 * 2.0));
    assert_eq!(figures[&2].margin, yuan(3790.6 * 300.0 * 0.12 * 3.0 + (201.0 * 100.0 + 3710.25 * 0.12 * 100.0) * 4.0));
    // Trades at 0.23 in 10,000; what closes today's lots at 2.3; a yuan an order in IF, none in IO.
    let worth = 300.0 * 0.000_023;
    assert_eq!(figures[&0].fees.transaction, yuan(3780.0 * worth + 3790.0 * 2.0 * worth + 3792.0 * worth + 4.0 * 15.0));
    assert_eq!(figures[&1].fees.transaction, yuan(3780.0 * worth + 3790.0 * 2.0 * worth + 3792.0 * worth * 10.0));
    assert_eq!(
        [0, 1, 2].map(|account| figures[&account].fees.submission),
        [3, 3, 0].map(|count| yuan(f64::from(count)))
    );
    // 0001 clears 0002: one clearing member, with what the folder says it had.
    let funds = run.result.settled.funds[0].unwrap();
    assert!(run.result.settled.funds[1].is_none());
    let sum = |of: fn(&settlement::account::Figures) -> i64| figures.values().map(of).sum::<i64>();
    let (margin, fees) = (sum(|of| of.margin.0), sum(|of| of.fees.total().unwrap().0));
    assert_eq!((sum(|of| of.profit.0), sum(|of| of.premium.0)), (0, 0));
    assert_eq!(funds.reserve.0, 5_000_000_000_000 + 4_091_904_000 - margin - fees);
    let again = settled(folder.path(), machine.reader(), &Corrections::default(), 1).unwrap();
    assert!(again.result == run.result, "threads change nothing");
}

#[test]
fn corrections_give_what_a_day_with_them_would_have_given() {
    let folder = tempfile::tempdir().unwrap();
    backstop::day::template::write(folder.path()).unwrap();
    let machine = traded::day(folder.path());
    let first = settled(folder.path(), machine.reader(), &Corrections::default(), 2).unwrap();
    let mut corrections = Corrections::default();
    corrections.add_flags(&["IF2412=3800".to_owned()], &[]).unwrap();
    let dearer = settled(folder.path(), machine.reader(), &corrections, 2).unwrap();
    let profit = |run: &backstop::settle::run::Run, account: usize| run.result.settled.accounts[account].1.profit.0;
    // Five long lots at a settlement price 9.4 points higher.
    assert_eq!(profit(&dearer, 0) - profit(&first, 0), 94_000 * 300 * 5);
    let changed = changes(&items(&first.result), &items(&dearer.result));
    assert!(changed.iter().any(|change| change.of == "IF2412" && change.now == Some(38_000_000)), "{changed:?}");
    assert!(changed.iter().all(|change| !change.of.starts_with("T2412")), "{changed:?}");

    // The morning's trade never was: its lot is closed later, so that the buyer's close takes another one of today.
    let id = |place: usize| String::from_utf8(first.result.trades[place].trade_id.to_vec()).unwrap().trim().to_owned();
    let mut corrections = Corrections::default();
    corrections.add_flags(&[], &[id(0)]).unwrap();
    let without = settled(folder.path(), machine.reader(), &corrections, 2).unwrap();
    assert_eq!(without.result.trades.len(), first.result.trades.len() - 2);
    assert_eq!(profit(&first, 0) - profit(&without, 0), 106_000 * 300);
    let row = |run: &backstop::settle::run::Run| run.result.settled.rows[0].figures.long;
    assert_eq!((row(&first), row(&without)), (5, 4));
    // Without the trades that it was opened by, the close of account 1 closes nothing.
    corrections.add_flags(&[], &[id(2)]).unwrap();
    let refused = settled(folder.path(), machine.reader(), &corrections, 2).unwrap_err();
    assert!(
        matches!(&refused, NotSettled::Faults(faults) if faults.list[0].message.contains("00000001")),
        "{refused:?}"
    );
    let mut unknown = Corrections::default();
    unknown.add_flags(&["XX=1".to_owned()], &["nobody".to_owned()]).unwrap();
    let refused = settled(folder.path(), machine.reader(), &unknown, 2).unwrap_err();
    assert!(matches!(&refused, NotSettled::Faults(faults) if faults.count == 2), "{refused:?}");
}

#[test]
fn every_fault_of_the_settlements_tables_is_named_with_file_row_and_column() {
    let folder = tempfile::tempdir().unwrap();
    backstop::day::template::write(folder.path()).unwrap();
    let machine = traded::day(folder.path());
    let put = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).unwrap();
    put("funds.csv", "participant,previous_reserve\n0009,1\n0001,1.23456\n0001,1\n0001,2\n");
    put("closes.csv", "kind,name,price\nclose,XX,1\nmiddle,IO,1\n");
    put("waivers.csv", "relief,value\nfree,\noff,1.5\n");
    put(
        "bonds.csv",
        "instrument,bond,factor,coupon,frequency,last_coupon,next_coupon\nT2412,B,0.9,0.03,3,20240825,20240225\n",
    );
    put("codes.csv", "participant,client,own\n0001,99999999,true\n");
    put("settlement.toml", "group = \"SG\"\nsafety_factor = \"2\"\n");
    let refused = settled(folder.path(), machine.reader(), &Corrections::default(), 1).unwrap_err();
    let NotSettled::Faults(faults) = refused else { panic!("{refused:?}") };
    let named: Vec<_> = faults
        .list
        .iter()
        .map(|fault| (fault.file.as_str(), fault.row, fault.column.as_deref().unwrap_or("")))
        .collect();
    let expected = [
        ("settlement.toml", None, "safety_factor"),
        ("settlement.toml", None, "group"),
        ("waivers.csv", Some(3), "value"),
        ("funds.csv", Some(2), "participant"),
        ("funds.csv", Some(3), "previous_reserve"),
        ("funds.csv", Some(4), "participant"),
        ("funds.csv", Some(5), "participant"),
        ("closes.csv", Some(2), "name"),
        ("closes.csv", Some(3), "kind"),
        ("bonds.csv", Some(2), "frequency"),
        ("codes.csv", Some(2), "client"),
    ];
    assert_eq!(named, expected, "{:#?}", faults.list);
    // Without the index's close there is no margin of sold options.
    for file in ["funds.csv", "closes.csv", "waivers.csv", "bonds.csv", "codes.csv", "settlement.toml"] {
        std::fs::remove_file(folder.path().join(file)).unwrap();
    }
    let refused = settled(folder.path(), machine.reader(), &Corrections::default(), 1).unwrap_err();
    assert!(
        matches!(&refused, NotSettled::Faults(faults) if faults.list[0].message.contains("close,IO")),
        "{refused:?}"
    );
}

/// `backstop settle …`: its exit code and its one JSON object, or what it said.
fn command(arguments: &[&str]) -> (i32, serde_json::Value) {
    let output = effort::command(env!("CARGO_BIN_EXE_backstop")).arg("settle").args(arguments).output().unwrap();
    let code = output.status.code().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let value = serde_json::from_str(&text).unwrap_or_else(|_| serde_json::json!({ "out": text, "said": said }));
    (code, value)
}

/// Every file below a folder, but the store's, with its bytes.
fn files(folder: &std::path::Path) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.insert(entry.path(), std::fs::read(entry.path()).unwrap());
        }
    }
    found
}

#[test]
fn a_day_is_settled_corrected_released_and_compared_by_commands() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (base, journal, out) = (path("base"), path("journal"), path("out"));
    backstop::day::template::write(&folder.path().join("base")).unwrap();
    let machine = traded::day(&folder.path().join("base"));
    std::fs::write(&journal, machine.reader().bytes_from(0).unwrap()).unwrap();
    let run = ["run", "--journal", &journal, "--base", &base, "--out", &out, "--json"];

    let (code, first) = command(&run);
    assert_eq!(code, 0, "{first}");
    assert_eq!((&first["new"], &first["summary"]["head"]["settlement_id"]), (&true.into(), &1.into()));
    assert_eq!(first["summary"]["head"]["stage"], "check");
    let one = folder.path().join("out/20240930/1");
    let before = files(&one);
    assert!(before.len() > 10 && before.keys().any(|file| file.extension().is_some_and(|kind| kind == "dbf")));

    // Once more: nothing changes, byte for byte; everything comes from checkpoints.
    let (code, again) = command(&run);
    assert_eq!((code, &again["new"]), (0, &false.into()), "{again}");
    assert_eq!(again["summary"], first["summary"]);
    assert!(again["tasks"]["from_checkpoints"].as_u64() > Some(0), "{}", again["tasks"]);
    assert!(files(&one) == before, "files changed");
    let same = path("out/20240930/1");
    let (code, compared) = command(&["compare", &same, &same, "--json"]);
    assert_eq!((code, &compared["ok"]), (0, &true.into()), "{compared}");

    // Corrected: the next id, what changed, and only that.
    let rerun = ["rerun", "--journal", &journal, "--base", &base, "--out", &out, "--json"];
    assert_eq!(command(&rerun).0, 2, "nothing is corrected");
    let (code, second) = command(&[&rerun[..], &["--price", "IF2412=3800"]].concat());
    assert_eq!((code, &second["summary"]["head"]["settlement_id"]), (0, &2.into()), "{second}");
    let changed = second["changed"].as_array().unwrap();
    assert!(changed.iter().any(|change| change["of"] == "IF2412" && change["now"] == 38_000_000), "{changed:?}");
    let two = path("out/20240930/2");
    let (code, compared) = command(&["compare", &two, &same, "--json"]);
    assert_eq!((code, &compared["ok"]), (1, &false.into()));
    // A correction stays in force with the next one.
    let id =
        String::from_utf8_lossy(&DayLog::read(machine.reader(), &|_| {}).unwrap().lines[0].trade_id).trim().to_owned();
    let (code, third) = command(&[&rerun[..], &["--cancel-trade", &id]].concat());
    assert_eq!((code, &third["summary"]["head"]["settlement_id"]), (0, &3.into()), "{third}");
    assert!(third["prices"].as_array().unwrap().iter().any(|price| price["price"] == 38_000_000));
    let (code, refused) = command(&[&rerun[..], &["--price", "XX2412=1"]].concat());
    assert_eq!((code, &refused["fault_count"]), (1, &1.into()), "{refused}");

    let (code, released) = command(&["release", "20240930", "3", "--out", &out, "--reason", "checked", "--json"]);
    assert_eq!(code, 0, "{released}");
    assert!(released["notice"].as_str().unwrap().contains("fetch them again"), "{released}");
    let (code, status) = command(&["status", "--out", &out, "--json"]);
    assert_eq!((code, status["runs"].as_array().unwrap().len()), (0, 3), "{status}");
    let stages: Vec<_> = status["runs"].as_array().unwrap().iter().map(|run| run["head"]["stage"].clone()).collect();
    assert_eq!(stages, ["check", "check", "official"]);
    assert_eq!(command(&["release", "20240930", "9", "--out", &out]).0, 2);

    // Faults of the folder are an outcome, with exit code 1; a journal that is none is not.
    std::fs::write(folder.path().join("base/closes.csv"), "kind,name,price\nclose,XX,1\n").unwrap();
    let (code, faults) = command(&run);
    assert_eq!((code, faults["faults"][0]["row"].as_u64()), (1, Some(2)), "{faults}");
    let (code, text) = command(&run[..7]);
    assert!(code == 1 && text["out"].as_str().unwrap().contains("closes.csv, row 2, column name"), "{text}");
    std::fs::write(&journal, b"no journal").unwrap();
    assert_eq!(command(&run).0, 2);
}

#[test]
fn a_day_that_is_not_closed_is_not_settled_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (base, journal, out) = (path("base"), path("journal"), path("out"));
    backstop::day::template::write(&folder.path().join("base")).unwrap();
    let profile = Profile::load("dev").unwrap();
    let open = backstop::day::command::open;
    let log = std::path::PathBuf::from(&journal);
    open(&folder.path().join("base"), 20_240_930, 1, &profile, Some(&log), (&|_| {}, &|_| {})).unwrap();
    let run = ["run", "--journal", &journal, "--base", &base, "--out", &out, "--json"];
    let (code, refused) = command(&run);
    assert!(code == 2 && refused["said"].as_str().unwrap().contains("not closed"), "{refused}");
    let (code, settled) = command(&[&run[..], &["--open-day"]].concat());
    assert_eq!((code, settled["summary"]["rows"].as_u64()), (0, Some(2)), "{settled}");
}
