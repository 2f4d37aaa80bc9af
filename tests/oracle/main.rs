//! Two exchanges, written apart from the same pages, are given the same million commands: every frame must be the same to the last
//! byte (outcomes, events, stream numbers, both digests), and every message that members are told too.

mod generator;

use dataplane::directory::Directory;
use dataplane::render::{MESSAGE_SIZE_MAX, Renderer, market_data_size_max};
use dataplane::streams::{Stream, StreamIndex, StreamLimits};
use engine::IdStyle;
use engine::command::{BodyView, CommandBuffer, CommandKind, DayClose, DayOpen};
use engine::event::EventView;
use engine::reject::Reject;
use engine::types::{Nanoseconds, StreamNumber};
use generator::{Generator, Style};
use journal::{Identity, Log, LogLimits, Machine, NotExecuted};
use reference::{Exchange, Settings};
use std::collections::BTreeMap;

/// Operations a run, and days that they are spread over.
const OPERATIONS: u32 = 1_000_000;
const DAYS: u32 = 25;

#[derive(Default, Debug)]
struct Reached {
    rejects: BTreeMap<u16, u64>,
    trades: u64,
    auctions_with_trades: u64,
    auctions_without: u64,
    self_trades: u64,
    filled_or_killed: u64,
    killed: u64,
    mass_ended: u64,
    restated: u64,
    multi_part_frames: u64,
    /// … by their commands.
    multi_part: BTreeMap<CommandKind, u64>,
    messages: u64,
    answers: u64,
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
        let buffer = vec![0; MESSAGE_SIZE_MAX.max(market_data_size_max(usize::from(generator::INSTRUMENTS) + 1))];
        Pair { machine, reference, directory: Directory::new(), streams, buffer, sequence: 0, epoch: 0, seed }
    }

    /// Both execute; everything that can be seen must be the same.
    fn execute(&mut self, command: &CommandBuffer, now: Nanoseconds, reached: &mut Reached) -> Option<[u8; 20]> {
        let (seed, sequence) = (self.seed, self.sequence + 1);
        let name = || format!("seed {seed}, sequence {sequence}, {:?}", command.command().body);
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
                let instruments = usize::from(generator::INSTRUMENTS) + 1;
                let size = renderer.size_max(StreamNumber(told.number), instruments);
                self.buffer.resize(self.buffer.len().max(size), 0);
            }
            let length = renderer
                .message(stream, StreamNumber(told.number), &mut self.buffer)
                .unwrap_or_else(|fault| panic!("{}: message {:?} {}: {fault:?}", name(), told.stream, told.number));
            assert_eq!(self.buffer[..length], told.bytes, "{}: message {:?} {}", name(), told.stream, told.number);
            reached.messages += 1;
        }
        let first = frame.parts().next().expect("a frame has a part");
        let answered =
            renderer.answer(&first, &mut self.buffer).unwrap_or_else(|fault| panic!("{}: {fault:?}", name()));
        let ours = answered.map(|length| &self.buffer[..length]);
        let theirs = outcome.answers.first().map(|answer| &answer.bytes[..]);
        assert_eq!(ours, theirs, "{}: answer", name());
        reached.answers += u64::from(answered.is_some());

        count(&self.machine, command, executed.offset, reached)
    }

    /// The kept digests are those of the whole state, counted anew.
    fn check_digests(&self) {
        let state = self.machine.state();
        assert_eq!(state.digests(), state.recompute_digests(), "seed {}, sequence {}", self.seed, self.sequence);
    }
}

/// Counts what a command reached. The OrderSysId of an order that rests now.
fn count(machine: &Machine, command: &CommandBuffer, offset: u64, reached: &mut Reached) -> Option<[u8; 20]> {
    let frame = machine.reader().frame_at(offset).expect("it was recorded");
    if frame.parts().count() > 1 {
        reached.multi_part_frames += 1;
        *reached.multi_part.entry(command.command().body.kind()).or_default() += 1;
    }
    let (mut accepted, mut rests, mut sys_id) = (false, false, [b' '; 20]);
    let mut trades = 0;
    for event in frame.events() {
        match event.view().expect("ours") {
            EventView::Rejected(event) => *reached.rejects.entry(event.code).or_default() += 1,
            EventView::Accepted(event) => {
                accepted = true;
                sys_id = event.sys_id;
                rests = event.rests == 1;
            }
            EventView::Rested(_) => rests = true,
            EventView::Traded(event) => {
                trades += 1;
                reached.trades += 1;
                let account = |key: engine::types::OrderKey| {
                    let accepted = machine.reader().frame_of(key.sequence()).expect("accepted before");
                    match accepted.command().body {
                        BodyView::OrderInsert(insert) => insert.account,
                        _ => panic!("only orders are accepted"),
                    }
                };
                reached.self_trades += u64::from(account(event.buy) == account(event.sell));
            }
            EventView::Ended(event) => match event.reason {
                3 | 4 => reached.mass_ended += 1,
                _ => {}
            },
            EventView::Restated(_) => reached.restated += 1,
            EventView::AuctionPriced(event) if event.volume > 0 => reached.auctions_with_trades += 1,
            EventView::AuctionPriced(_) => reached.auctions_without += 1,
            _ => {}
        }
    }
    if let BodyView::OrderInsert(insert) = command.command().body
        && insert.match_condition == b'1'
        && accepted
    {
        if trades > 0 { reached.filled_or_killed += 1 } else { reached.killed += 1 }
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
        for (code, times) in part.rejects {
            *total.rejects.entry(code).or_default() += times;
        }
        total.trades += part.trades;
        total.auctions_with_trades += part.auctions_with_trades;
        total.auctions_without += part.auctions_without;
        total.self_trades += part.self_trades;
        total.filled_or_killed += part.filled_or_killed;
        total.killed += part.killed;
        total.mass_ended += part.mass_ended;
        total.restated += part.restated;
        total.multi_part_frames += part.multi_part_frames;
        for (kind, times) in part.multi_part {
            *total.multi_part.entry(kind).or_default() += times;
        }
        total.messages += part.messages;
        total.answers += part.answers;
    }
    println!("{total:#?}");
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
        ("orders ended by the exchange", total.mass_ended),
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
    let operations = u64::from(operations);
    assert!(total.trades * 10 >= operations, "{} trades of {operations} operations: too few", total.trades);
}
