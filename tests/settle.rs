//! A day settled from its log.
#![allow(clippy::unwrap_used)]

use backstop::base_data;
use backstop::drill::world::{DAY_BEGINS_NS, World};
use backstop::drill::{BookChoice, DayChoice, Options, ReopenChoice, drill};
use backstop::settle::day_log::DayLog;
use backstop::settle::intake::{Contradiction, Intake, What};
use engine::IdStyle;
use engine::command::{BookPolicy, CommandBuffer, EpochOpen, OrderInsert, Reopening, TakeoverBegin};
use engine::event::EventView;
use engine::types::{AccountIndex, Epoch, InstrumentIndex, Nanoseconds, Phase, RawPrice, Sequence, UserIndex, Volume};
use hw_profiles::Profile;
use indicatif::ProgressBar;
use journal::{Identity, Log, LogLimits, LogReader, Machine};
use proptest::prelude::*;
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
