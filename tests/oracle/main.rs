//! Two exchanges, written apart from the same pages, are given the same million commands: every frame must be the same to the last
//! byte (outcomes, events, stream numbers, both digests), and every message that members are told too.

mod generator;

use dataplane::directory::Directory;
use dataplane::render::{MESSAGE_SIZE_MAX, Renderer, market_data_size_max};
use dataplane::streams::{Stream, StreamIndex, StreamLimits};
use engine::Digests;
use engine::IdStyle;
use engine::command::{BodyView, CommandBuffer, CommandKind, DayClose, DayOpen, MarketDataTick, PhaseSet};
use engine::event::{EndReason, EventKind, EventView};
use engine::reject::Reject;
use engine::types::{InstrumentIndex, Nanoseconds, ProductIndex, StreamNumber};
use generator::{Generator, Style};
use journal::{Identity, Log, LogLimits, Machine, NotExecuted};
use reference::{Exchange, Settings};
use std::collections::BTreeMap;

/// Operations a run, and days that they are spread over.
const OPERATIONS: u32 = 1_000_000;
const DAYS: u32 = 25;
/// Room for any message of a day, bytes.
const MESSAGE_ROOM: usize = 64 * 1024;

#[derive(Default, Debug)]
struct Reached {
    rejects: BTreeMap<u16, u64>,
    trades: u64,
    auctions_with_trades: u64,
    auctions_without: u64,
    self_trades: u64,
    filled_or_killed: u64,
    killed: u64,
    restated: u64,
    multi_part_frames: u64,
    /// … by their commands.
    multi_part: BTreeMap<CommandKind, u64>,
    messages: u64,
    answers: u64,
    /// Instruments that entered each phase, by its character.
    phases: BTreeMap<char, u64>,
    /// Kinds of orders that were accepted, and those that traded as they came: order type and match condition.
    kinds: BTreeMap<(char, char), u64>,
    kinds_traded: BTreeMap<(char, char), u64>,
    events: BTreeMap<EventKind, u64>,
    ends: BTreeMap<u8, u64>,
    quotes_that_traded: u64,
    quotes_replaced: u64,
    /// Messages and answers that were not the same, by what they are of; and one of each.
    differences: BTreeMap<String, (u64, String)>,
}

impl Reached {
    /// What another thread's days reached.
    fn add(&mut self, other: Reached) {
        fn sum<K: Ord>(all: &mut BTreeMap<K, u64>, other: BTreeMap<K, u64>) {
            other.into_iter().for_each(|(key, times)| *all.entry(key).or_default() += times);
        }
        sum(&mut self.rejects, other.rejects);
        sum(&mut self.multi_part, other.multi_part);
        sum(&mut self.phases, other.phases);
        sum(&mut self.kinds, other.kinds);
        sum(&mut self.kinds_traded, other.kinds_traded);
        sum(&mut self.events, other.events);
        sum(&mut self.ends, other.ends);
        for (what, (times, example)) in other.differences {
            self.differences.entry(what).or_insert((0, example)).0 += times;
        }
        self.trades += other.trades;
        self.auctions_with_trades += other.auctions_with_trades;
        self.auctions_without += other.auctions_without;
        self.self_trades += other.self_trades;
        self.filled_or_killed += other.filled_or_killed;
        self.killed += other.killed;
        self.restated += other.restated;
        self.multi_part_frames += other.multi_part_frames;
        self.messages += other.messages;
        self.answers += other.answers;
        self.quotes_that_traded += other.quotes_that_traded;
        self.quotes_replaced += other.quotes_replaced;
    }

    /// Two texts that members are told, ours and theirs, are to be the same.
    fn compare(&mut self, what: &str, ours: Option<&[u8]>, theirs: Option<&[u8]>, name: impl Fn() -> String) {
        if ours != theirs {
            let example = || format!("{}\n ours   {ours:02x?}\n theirs {theirs:02x?}", name());
            self.differences.entry(what.to_owned()).or_insert_with(|| (0, example())).0 += 1;
        }
    }
}

struct Pair {
    machine: Machine,
    reference: Exchange,
    directory: Directory,
    streams: StreamIndex,
    buffer: Vec<u8>,
    sequence: u64,
    epoch: u32,
    seed: u64,
}

impl Pair {
    fn new(operations: u32, seed: u64) -> Self {
        let commands = operations as usize + 64;
        let log = Log::in_memory(LogLimits { bytes: commands * 1_600 + (32 << 20), frames: commands }).expect("memory");
        let ids = IdStyle { prefix: b'P' };
        let machine = Machine::new(log, Identity { ids, data_center: generator::DATA_CENTER });
        let reference = Exchange::new(Settings { data_center: generator::DATA_CENTER, ..Settings::default() });
        let streams = StreamIndex::new(StreamLimits::for_commands(operations * 4));
        let buffer =
            vec![
                0;
                MESSAGE_SIZE_MAX.max(market_data_size_max(usize::from(generator::INSTRUMENTS) + 1)).max(MESSAGE_ROOM)
            ];
        Pair { machine, reference, directory: Directory::new(), streams, buffer, sequence: 0, epoch: 0, seed }
    }

    /// Both execute; everything that can be seen must be the same.
    fn execute(&mut self, command: &CommandBuffer, now: Nanoseconds, reached: &mut Reached) -> Option<[u8; 20]> {
        let (seed, sequence) = (self.seed, self.sequence + 1);
        let name = || format!("seed {seed}, sequence {sequence}, {:?}", command.command().body);
        let before = self.machine.state().digests();
        let time = Nanoseconds(now.0.max(self.machine.state().time().0));
        let executed = match self.machine.execute(&command.command(), now) {
            Ok(executed) => executed,
            Err(NotExecuted::NoDay(reject)) => {
                *reached.rejects.entry(reject as u16).or_default() += 1;
                return None;
            }
            Err(other) => panic!("{}: {other}", name()),
        };
        let epoch = executed.stamp.epoch.0;
        let outcome = self
            .reference
            .execute(
                reference::Epoch(epoch),
                reference::Sequence(self.sequence + 1),
                reference::Nanoseconds(time.0),
                command.bytes(),
            )
            .unwrap_or_else(|stopped| panic!("{}: the reference stopped: {stopped:?}", name()));
        let frame = self.machine.reader().frame_at(executed.offset).expect("it was recorded");
        let theirs: Vec<u8> = outcome.frame_parts.concat();
        if frame.bytes() != theirs {
            let ours: Vec<_> = frame.events().map(|event| format!("  {:?}", event.view())).collect();
            let their_events: Vec<_> = outcome.events.iter().map(|event| format!("  {event:?}")).collect();
            panic!(
                "{}: frames differ\nours {:?} {:?}\n{}\ntheirs {:?}\n{}",
                name(),
                frame.stamp(),
                frame.digests(),
                ours.join("\n"),
                outcome.stamp,
                their_events.join("\n"),
            );
        }
        self.sequence += 1;
        self.epoch = epoch;
        self.check_refusal(&frame, before, name);

        // The folds that members are served from.
        for part in frame.parts() {
            self.directory.apply(&part).unwrap_or_else(|fault| panic!("{}: {fault:?}", name()));
        }
        self.streams
            .apply(executed.offset, &frame, self.machine.reader(), &self.directory)
            .unwrap_or_else(|fault| panic!("{}: {fault:?}", name()));
        let renderer = Renderer::new(self.machine.reader(), &self.directory, &self.streams);
        for told in &outcome.told {
            let stream = match told.stream {
                reference::Stream::Private(participant) => {
                    Stream::Private(engine::types::ParticipantIndex(participant.0))
                }
                reference::Stream::Broadcast => Stream::Broadcast,
            };
            if stream == Stream::Broadcast {
                let instruments = usize::from(WIDE);
                let size = renderer.size_max(StreamNumber(told.number), instruments);
                self.buffer.resize(self.buffer.len().max(size), 0);
            }
            let length = renderer.message(stream, StreamNumber(told.number), &mut self.buffer);
            let ours = length.as_ref().ok().map(|&length| &self.buffer[..length]);
            let what = format!("message of {:?}, tid {}", command.command().body.kind(), tid_of(&told.bytes));
            let named =
                || format!("{}: message {:?} {}, {:?}", name(), told.stream, told.number, length.as_ref().err());
            reached.compare(&what, ours, Some(&told.bytes), named);
            reached.messages += 1;
        }
        let first = frame.parts().next().expect("a frame has a part");
        let answered = renderer.answer(&first, &mut self.buffer);
        let ours = answered.as_ref().ok().and_then(|length| length.map(|length| &self.buffer[..length]));
        let theirs = outcome.answers.first().map(|answer| &answer.bytes[..]);
        let what = format!("answer to {:?}, tid {:?}", command.command().body.kind(), theirs.map(tid_of));
        reached.compare(&what, ours, theirs, || format!("{}: answer, {:?}", name(), answered.as_ref().err()));
        reached.answers += u64::from(ours.is_some());

        count(&self.machine, command, executed.offset, reached)
    }

    /// A refusal changes nothing but its local-id mark. RULES.md, Every command.
    fn check_refusal(&self, frame: &journal::CompleteFrame<'_>, before: Digests, name: impl Fn() -> String) {
        let Some(EventView::Rejected(rejected)) = frame.events().next().and_then(|event| event.view()) else { return };
        let after = self.machine.state().digests();
        assert_eq!(after.state, before.state, "{}: the refusal changed the state", name());
        let marks = after.local_ids != before.local_ids;
        assert_eq!(marks, rejected.marked == 1, "{}: the refusal marks what it says", name());
    }

    /// The kept digests are those of the whole state, counted anew.
    fn check_digests(&self) {
        let state = self.machine.state();
        assert_eq!(state.digests(), state.recompute_digests(), "seed {}, sequence {}", self.seed, self.sequence);
    }
}

/// What a message is, by its header.
fn tid_of(bytes: &[u8]) -> String {
    match ftd::next_message(bytes) {
        Ok(ftd::Next::Message { message, .. }) => format!("{:?}", message.tid()),
        other => format!("{other:?}"),
    }
}

/// Counts what a command reached. The SysId of an order that rests now, of a quote or an instruction.
fn count(machine: &Machine, command: &CommandBuffer, offset: u64, reached: &mut Reached) -> Option<[u8; 20]> {
    let frame = machine.reader().frame_at(offset).expect("it was recorded");
    let command = command.command();
    if frame.parts().count() > 1 {
        reached.multi_part_frames += 1;
        *reached.multi_part.entry(command.body.kind()).or_default() += 1;
    }
    let (mut accepted, mut rests, mut sys_id) = (false, false, [b' '; 20]);
    let mut trades = 0;
    for event in frame.events() {
        let view = event.view().expect("ours");
        let kind = EventKind::ALL.iter().find(|kind| **kind as u16 == u16::from(event.bytes()[0]));
        *reached.events.entry(*kind.expect("a kind of the list")).or_default() += 1;
        match view {
            EventView::Rejected(event) => *reached.rejects.entry(event.code).or_default() += 1,
            EventView::Accepted(event) if matches!(command.body, BodyView::OrderInsert(_)) => {
                accepted = true;
                sys_id = event.sys_id;
                rests = event.rests == 1;
            }
            EventView::QuoteAccepted(event) => (sys_id, rests) = (event.sys_id, true),
            EventView::ExecAccepted(event) => (sys_id, rests) = (event.sys_id, true),
            EventView::Rested(_) => rests = true,
            EventView::Traded(event) => {
                trades += 1;
                reached.trades += 1;
                let account = |key: engine::types::OrderKey| {
                    let accepted = machine.reader().frame_of(key.sequence()).expect("accepted before");
                    match accepted.command().body {
                        BodyView::OrderInsert(insert) => insert.account,
                        BodyView::QuoteInsert(insert) => insert.account,
                        _ => panic!("only orders and quotes are accepted"),
                    }
                };
                reached.self_trades += u64::from(account(event.buy) == account(event.sell));
            }
            EventView::Ended(event) => *reached.ends.entry(event.reason).or_default() += 1,
            EventView::QuoteEnded(event) => {
                reached.quotes_replaced += u64::from(event.reason == EndReason::Replaced as u8);
            }
            EventView::PhaseChanged(event) => *reached.phases.entry(char::from(event.phase)).or_default() += 1,
            EventView::Restated(_) => reached.restated += 1,
            EventView::AuctionPriced(event) if event.volume > 0 => reached.auctions_with_trades += 1,
            EventView::AuctionPriced(_) => reached.auctions_without += 1,
            _ => {}
        }
    }
    match command.body {
        BodyView::OrderInsert(insert) if accepted => {
            let kind = (char::from(insert.order_type), char::from(insert.match_condition));
            *reached.kinds.entry(kind).or_default() += 1;
            if trades > 0 {
                *reached.kinds_traded.entry(kind).or_default() += 1;
            }
            if insert.match_condition == b'1' {
                if trades > 0 { reached.filled_or_killed += 1 } else { reached.killed += 1 }
            }
        }
        BodyView::QuoteInsert(_) => reached.quotes_that_traded += u64::from(trades > 0),
        _ => {}
    }
    rests.then_some(sys_id)
}

/// The style of a seed's day: three of five churn.
fn style_of(seed: u64) -> Style {
    match seed % 5 {
        3 => Style::Auction,
        4 => Style::Tight,
        _ => Style::Churn,
    }
}

/// Runs one day; the seed and the number of operations say everything about it.
fn run_day(seed: u64, operations: u32, reached: &mut Reached) {
    let style = style_of(seed);
    let mut generator = Generator::new(seed, style, operations);
    let mut pair = Pair::new(operations, seed);
    let mut now = 1_717_374_600_000_000_000;
    let early = generator.next();
    pair.execute(&early, Nanoseconds(now), reached);
    let open: DayOpen = generator::day(&mut generator.random, style, operations);
    pair.execute(&CommandBuffer::own(&open), Nanoseconds(now), reached);
    for command in generator::base_data(&mut generator.random, style) {
        pair.execute(&command, Nanoseconds(now), reached);
    }
    for operation in 0..operations {
        // Time stands still, goes on, and now and then a clock runs back.
        now = if generator.random.below(50) == 0 { now - 1_000 } else { now + generator.random.below(200_000) };
        generator.epoch = pair.epoch;
        let command = generator.next();
        if let Some(sys_id) = pair.execute(&command, Nanoseconds(now), reached) {
            generator.rests(&command, sys_id);
        }
        if operation % 10_000 == 0 {
            pair.check_digests();
        }
    }
    pair.execute(&CommandBuffer::own(&DayClose { reserved: 0, step: 9 }), Nanoseconds(now), reached);
    pair.check_digests();
    assert_eq!(pair.machine.state().live_orders(), 0, "seed {seed}: the day's end leaves no order");
}

/// Instruments of a wide day: their pictures do not fit into one part of a frame, nor their messages into one of a chain.
const WIDE: u16 = 900;

#[test]
fn a_phase_change_of_900_instruments_is_told_the_same_by_both() {
    let (mut generator, mut reached) = (Generator::new(7, Style::Churn, 3_000), Reached::default());
    let mut pair = Pair::new(20_000, 7);
    let mut now = 1_717_374_600_000_000_000;
    let (open, commands) = generator::wide_day(&mut generator.random, WIDE);
    let mut run = |pair: &mut Pair, command: &CommandBuffer| {
        now += 1_000;
        pair.execute(command, Nanoseconds(now), &mut reached)
    };
    run(&mut pair, &CommandBuffer::own(&open));
    for command in &commands {
        run(&mut pair, command);
    }
    let all = |phase| PhaseSet {
        instrument: InstrumentIndex::ALL,
        phase,
        reason: b'1',
        step: 0,
        product: ProductIndex::ALL,
        last_day: 0,
        reserved: [0; 5],
        text: [b' '; 80],
    };
    for phase in *b"01603" {
        run(&mut pair, &CommandBuffer::own(&all(phase)));
        for _ in 0..1_000 {
            let command = generator.next();
            if let Some(sys_id) = run(&mut pair, &command) {
                generator.rests(&command, sys_id);
            }
        }
        run(&mut pair, &CommandBuffer::own(&MarketDataTick { reserved: 0 }));
    }
    run(&mut pair, &CommandBuffer::own(&DayClose { reserved: 0, step: 9 }));
    pair.check_digests();
    assert!(reached.differences.is_empty(), "{:#?}", reached.differences);
    assert!(reached.trades > 100, "{} trades", reached.trades);
    for kind in [CommandKind::PhaseSet, CommandKind::MarketDataTick, CommandKind::DayClose] {
        assert!(reached.multi_part.contains_key(&kind), "no {kind:?} in several parts");
    }
}

#[test]
fn a_million_random_commands_give_the_same_frames_and_messages_on_both_exchanges() {
    let seed = std::env::var("BACKSTOP_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_240_603_u64);
    let days = effort::of(DAYS as usize) as u32;
    let operations = std::env::var("BACKSTOP_OPERATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(OPERATIONS);
    println!("BACKSTOP_SEED={seed} BACKSTOP_OPERATIONS={operations}, {days} of {DAYS} days");
    let next_day = std::sync::atomic::AtomicU32::new(0);
    // Days are independent: one thread a core.
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(days as usize);
    let parts: Vec<Reached> = std::thread::scope(|scope| {
        let run = || {
            let mut reached = Reached::default();
            loop {
                let day = next_day.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if day >= days {
                    return reached;
                }
                run_day(seed.wrapping_add(u64::from(day)), operations / DAYS, &mut reached);
            }
        };
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        handles.into_iter().map(|handle| handle.join().expect("no day failed")).collect()
    });
    let mut total = Reached::default();
    for part in parts {
        total.add(part);
    }
    let differences = std::mem::take(&mut total.differences);
    println!("{total:#?}");
    for (what, (times, example)) in &differences {
        println!("{times} times {what}: {example}");
    }
    let different: Vec<String> = differences.iter().map(|(what, (times, _))| format!("{times} x {what}")).collect();
    assert!(different.is_empty(), "what members are told differs: {different:#?}");
    if days < DAYS {
        println!("not all days: what they reach is not judged");
        return;
    }
    // A generator that does not reach it proves nothing about it. DecideFault is a panic's: engine/tests.
    for reject in Reject::ALL.iter().filter(|reject| **reject != Reject::DecideFault) {
        assert!(total.rejects.contains_key(&(*reject as u16)), "{reject:?} never occurred");
    }
    for (what, times) in [
        ("trades", total.trades),
        ("auctions with trades", total.auctions_with_trades),
        ("auctions without", total.auctions_without),
        ("trades of a client with itself", total.self_trades),
        ("FOK that filled", total.filled_or_killed),
        ("FOK that did not", total.killed),
        ("quotes that trade as they come", total.quotes_that_traded),
        ("quotes replaced", total.quotes_replaced),
        ("restated orders", total.restated),
        ("frames in several parts", total.multi_part_frames),
        ("messages", total.messages),
        ("answers", total.answers),
    ] {
        assert!(times > 0, "no {what}");
    }
    for kind in [CommandKind::Uncross, CommandKind::BookRestate, CommandKind::MassCancel, CommandKind::DayClose] {
        assert!(total.multi_part.contains_key(&kind), "no {kind:?} in several parts");
    }
    for phase in "01234567".chars() {
        assert!(total.phases.contains_key(&phase), "no instrument entered phase {phase}");
    }
    for kind in EventKind::ALL {
        assert!(total.events.contains_key(kind), "no {kind:?}");
    }
    for reason in 0..7 {
        assert!(total.ends.contains_key(&reason), "no order ended for reason {reason}");
    }
    // A fill-or-kill order and the eight others.
    let kinds = ["01", "02", "03", "12", "43", "52", "72", "83", "93"];
    for kind in kinds.map(|kind| (char::from(kind.as_bytes()[0]), char::from(kind.as_bytes()[1]))) {
        assert!(total.kinds.contains_key(&kind) && total.kinds_traded.contains_key(&kind), "{kind:?} did not trade");
    }
    let operations = u64::from(operations);
    assert!(total.trades * 10 >= operations, "{} trades of {operations} operations: too few", total.trades);
}
