//! One, two, four, eight threads: the same market comes of every layout, a member finds its own answers on whatever front it is,
//! and a stage that panics halts them all.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod front_support;

use dataplane::stages::{HaltReason, LayoutMap, Step};
use engine::command::CommandHeader;
use engine::event::Event;
use front_support::*;
use ftd::tid;
use ftd::value::data_flow_flag;
use journal::{Durability, Log, LogLimits, Machine};
use proptest::prelude::*;
use std::cell::Cell;
use zerocopy::IntoBytes;

const BUY: u8 = b'0';
const SELL: u8 = b'1';
const LAYOUTS: [usize; 4] = [1, 2, 4, 8];

fn setup(threads: usize) -> Setup {
    Setup { map: LayoutMap::on(threads).unwrap(), participants: 8, ..Setup::default() }
}

/// One step of a test's day.
#[derive(Clone, Copy, Debug)]
enum Act {
    Order {
        member: usize,
        side: u8,
        ticks: i64,
        volume: i32,
        immediate: bool,
    },
    CancelLast {
        member: usize,
    },
    Report {
        member: usize,
    },
    /// The member's connection breaks, and it comes back where it stood.
    Cut {
        member: usize,
    },
    Step,
}

fn act() -> impl Strategy<Value = Act> {
    let member = 0..MEMBERS;
    let side = prop_oneof![Just(BUY), Just(SELL)];
    prop_oneof![
        10 => (member.clone(), side, 14_990..15_010i64, 1..9i32, any::<bool>())
            .prop_map(|(member, side, ticks, volume, immediate)| Act::Order { member, side, ticks, volume, immediate }),
        3 => member.clone().prop_map(|member| Act::CancelLast { member }),
        1 => member.clone().prop_map(|member| Act::Report { member }),
        1 => member.prop_map(|member| Act::Cut { member }),
        8 => Just(Act::Step),
    ]
}

const MEMBERS: usize = 5;

/// What a day left behind.
struct Day {
    log: Vec<u8>,
    /// Each frame's command, but for its front's number, and its events.
    frames: Vec<(Vec<u8>, Vec<Event>)>,
    /// What each member heard on its private stream, by number, over all its connections.
    private: Vec<Vec<(u32, Vec<u8>)>>,
}

/// A day on a layout, checked: the log replays, every member was told what the log has for it, and every request was answered.
fn run(threads: usize, members: usize, acts: &[Act]) -> Day {
    let mut world = World::new(setup(threads));
    let members: Vec<usize> = (0..members).map(|member| world.join(member as u16)).collect();
    let mut private: Vec<Vec<(u32, Vec<u8>)>> = vec![Vec::new(); members.len()];
    let mut expected = vec![0usize; members.len()];
    let mut answered = vec![0usize; members.len()];
    for act in acts {
        match *act {
            Act::Order { member, side, ticks, volume, immediate } => {
                let Some(&client) = members.get(member) else { continue };
                let client = &mut world.clients[client];
                let mut order = client.order_field(side, ticks, volume);
                if immediate {
                    order.match_condition.set(b'1');
                }
                let bytes = client.request(tid::ORDER_INSERT, &order);
                client.send(&bytes);
                expected[member] += 1;
            }
            Act::CancelLast { member } => {
                let Some(&client) = members.get(member) else { continue };
                let client = &mut world.clients[client];
                let last = client.heard.messages.iter().rfind(|message| message.tid == tid::ORDER_INSERT);
                let Some(last) = last else { continue };
                let sys_id = *last.field::<ftd::field::OrderInsertField>().order_sys_id.bytes();
                client.cancel(sys_id);
                expected[member] += 1;
            }
            Act::Report { member } => {
                let Some(&client) = members.get(member) else { continue };
                world.clients[client].readiness(b'1', b"ready");
                expected[member] += 1;
            }
            Act::Cut { member } => {
                let Some(&client) = members.get(member) else { continue };
                world.run(4);
                let heard = &world.clients[client].heard;
                collect(heard, member, &mut private[member]);
                answered[member] += answers(heard);
                let received = private[member].last().map_or(0, |(number, _)| *number);
                world.clients[client].cut();
                world.run(2);
                world.connect(client);
                let client = &mut world.clients[client];
                client.login(data_flow_flag::DIALOG, None, None);
                client.login(data_flow_flag::PRIVATE, Some(received), None);
                world.run(3);
            }
            Act::Step => world.step(),
        }
    }
    world.run(10);
    for (member, &client) in members.iter().enumerate() {
        let heard = &world.clients[client].heard;
        collect(heard, member, &mut private[member]);
        answered[member] += answers(heard);
        assert_eq!(answered[member], expected[member], "member {member} on {threads} threads: one answer a request");
        let numbers: Vec<u32> = private[member].iter().map(|(number, _)| *number).collect();
        let count = world.core.front().streams().count(stream(member)).0;
        assert_eq!(numbers, (1..=count).collect::<Vec<u32>>(), "member {member}: nothing missing, nothing twice");
    }
    let log = world.log().to_vec();
    let machine = world.core.stop().unwrap();
    // Judged anew, frame by frame, and to the same state.
    let fresh = Log::in_memory(world.setup.limits).unwrap();
    let mut judge = Machine::new(fresh, identity(DATA_CENTER));
    let replay = judge.replay(machine.reader());
    assert_eq!((replay.differences, replay.digest_mismatches, replay.refused), (0, 0, None));
    assert_eq!(judge.state().digests(), machine.state().digests());
    assert!(judge.reader().bytes_from(0) == machine.reader().bytes_from(0), "the same frames, byte for byte");
    assert_eq!(world.core.halt(), None);
    let frames = machine.reader().frames_from(0).map(|frame| {
        let command = frame.command();
        let header = CommandHeader { session: command.header.session & 0x0FFF_FFFF, ..*command.header };
        let bytes = [header.as_bytes(), &command.bytes[size_of::<CommandHeader>()..]].concat();
        (bytes, frame.events().copied().collect())
    });
    Day { log, frames: frames.collect(), private }
}

fn stream(member: usize) -> dataplane::streams::Stream {
    dataplane::streams::Stream::Private(engine::types::ParticipantIndex(member as u16))
}

fn collect(heard: &Heard, member: usize, into: &mut Vec<(u32, Vec<u8>)>) {
    into.extend(heard.of_series(series(member as u16)).iter().map(|message| (message.number, message.bytes.clone())));
}

/// Answers to requests: messages of the dialog that carry a request's number.
fn answers(heard: &Heard) -> usize {
    heard.messages.iter().filter(|message| message.series == 0 && message.number != 0).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    /// Whatever the members do and whichever thread comes when: nobody misses an answer or a message, and the log is one
    /// that replays. With one member the order is fixed, and then the bytes are.
    #[test]
    fn the_same_outcomes_come_of_every_layout(acts in prop::collection::vec(act(), 1..120)) {
        let one: Vec<Day> = LAYOUTS.iter().map(|&threads| run(threads, 1, &acts)).collect();
        for (day, threads) in one.iter().zip(LAYOUTS) {
            prop_assert!(day.private == one[0].private, "{} threads: another private stream", threads);
            prop_assert!(day.frames == one[0].frames, "{} threads: another log", threads);
        }
        // Where the only front is the first one, the bytes are the same as they stand.
        prop_assert!(one[1].log == one[0].log, "2 threads");
        for threads in LAYOUTS {
            run(threads, MEMBERS, &acts);
        }
    }
}

/// The first seats of two different fronts of four.
fn seats_of_two_fronts() -> (usize, usize) {
    let front = |member: usize| front_of(4, member);
    let other = (1..8).find(|&member| front(member) != front(0)).expect("eight members land on both fronts");
    (0, other)
}

/// The front that the member in this place comes to, as its own logins show.
fn front_of(threads: usize, member: usize) -> usize {
    let mut world = World::new(setup(threads));
    for participant in 0..=member {
        world.join(participant as u16);
    }
    let before = logins(&mut world);
    let client = world.clients.last_mut().unwrap();
    client.login(data_flow_flag::DIALOG, None, None);
    world.run(3);
    let after = logins(&mut world);
    let grown: Vec<usize> = (0..after.len()).filter(|&front| after[front] > before[front]).collect();
    assert_eq!(grown.len(), 1, "a member's connection is one front's: {before:?} {after:?}");
    grown[0]
}

fn logins(world: &mut World) -> Vec<u64> {
    world.core.fronts(|front| front.counters().logins)
}

#[test]
fn members_are_spread_over_the_fronts_and_each_stays_on_its_own() {
    let mut fronts: Vec<usize> = (0..8).map(|member| front_of(4, member)).collect();
    assert_eq!(fronts, (0..8).map(|member| front_of(4, member)).collect::<Vec<usize>>());
    fronts.sort_unstable();
    fronts.dedup();
    assert_eq!(fronts, [0, 1], "two fronts, both used");
    // Of eight threads the first front is for followers and our own links: nobody lands there.
    let fronts: Vec<usize> = (0..8).map(|member| front_of(8, member)).collect();
    assert!(fronts.iter().all(|front| (1..6).contains(front)), "{fronts:?}");
}

#[test]
fn a_seat_on_two_fronts_has_one_flow_control_and_hears_each_answer_where_it_asked() {
    let (first, second) = seats_of_two_fronts();
    for threads in [1, 4] {
        // No engine yet, so that requests stay on their way.
        let limited = Setup { requests_in_flight: 3, ..setup(threads) };
        let mut world = World::new(limited);
        // The same seat from two machines, whose addresses land on two fronts.
        while world.clients.len() <= first.max(second) {
            world.add_client(0);
        }
        for client in [first, second] {
            world.connect(client);
            for flag in [data_flow_flag::DIALOG, data_flow_flag::PRIVATE] {
                world.clients[client].login(flag, None, None);
            }
            world.run(3);
        }
        if threads == 4 {
            let logins = logins(&mut world);
            assert!(logins.iter().all(|&count| count == 2), "one connection on each front: {logins:?}");
        }
        let machine = world.core.stop().unwrap();
        world.clients[second].next_local = 100;
        for client in [first, second, first, second, second] {
            world.clients[client].order(BUY, 14_990, 1);
            world.run(2);
        }
        // Three of five are on their way; the seat may have no more, wherever it is.
        let errors = |world: &World, client: usize| world.heard(client).count(tid::ERROR);
        assert_eq!((errors(&world, first), errors(&world, second)), (0, 2), "{threads} threads");
        world.core.start(machine, false);
        world.run(5);
        let accepted = |world: &World, client: usize| world.heard(client).count(tid::ORDER_INSERT);
        assert_eq!((accepted(&world, first), accepted(&world, second)), (2, 1), "{threads} threads");
        // Both hear the private stream, each whole; and what came back may be asked again.
        for client in [first, second] {
            assert_eq!(world.heard(client).count(tid::ORDER_CONFIRMATION), 3, "{threads} threads");
        }
        for client in [first, second] {
            let answers = world.answers(client, 2, |client| client.order(BUY, 14_980, 1));
            assert!(answers.iter().all(|answer| answer.tid != tid::ERROR), "{answers:?}");
        }
        assert_eq!(world.core.front_counters().answers_unasked, 0);
        // Blocked once, thrown out everywhere.
        world.command(&engine::command::SeatBlock {
            user: engine::types::UserIndex(0),
            blocked: 1,
            reserved: 0,
            text: [b' '; 100],
        });
        world.run(5);
        for client in [first, second] {
            assert_eq!(world.heard(client).count(tid::FORCE_EXIT), 1, "{threads} threads");
        }
    }
}

#[test]
fn a_full_ring_of_one_front_closes_its_members_windows_and_nothing_is_lost_on_any() {
    let (first, second) = seats_of_two_fronts();
    let mut world = World::new(Setup { ring_bytes: 0, ..setup(4) });
    let members: Vec<usize> = (0..=first.max(second)).map(|member| world.join(member as u16)).collect();
    let machine = world.core.stop().unwrap();
    // Without an engine the rings fill, and what does not fit waits with TCP.
    let mut sent = vec![0; members.len()];
    for order in 0..400 {
        for &member in &[first, second] {
            let client = &mut world.clients[members[member]];
            let order = client.order_field(BUY, 14_990, 1);
            let bytes = client.request(tid::ORDER_INSERT, &order);
            if client.try_send(&bytes) {
                sent[member] += 1;
            } else {
                client.next_request -= 1;
                client.next_local -= 1;
            }
        }
        if order % 20 == 0 {
            world.step();
        }
    }
    let held = world.core.fronts(|front| front.counters().held_back);
    assert!(held.iter().all(|&count| count > 0), "both fronts met their full ring: {held:?}");
    world.core.start(machine, false);
    world.until("every order that was sent is answered", |world| {
        [first, second].iter().all(|&member| world.heard(members[member]).count(tid::ORDER_INSERT) == sent[member])
    });
    let executed = world.core.engine(|engine| engine.counters().executed);
    assert_eq!(executed, Some(sent.iter().sum::<usize>() as u64));
}

#[test]
fn under_sync_the_record_thread_releases_in_order_and_the_engine_commits_nothing() {
    let directory = tempfile::tempdir().unwrap();
    for threads in [2, 4, 8] {
        let path = directory.path().join(threads.to_string());
        let limits = LogLimits { bytes: 8 << 20, frames: 10_000 };
        let setup = setup(threads);
        let mut machine = Machine::new(Log::create(&path, limits, Durability::Sync).unwrap(), identity(DATA_CENTER));
        for command in base_data(&setup) {
            machine.execute(&command.command(), engine::types::Nanoseconds(START.nanos())).unwrap();
        }
        machine.log().sync().unwrap();
        let mut world = World::following(setup, machine.reader().clone());
        world.core.start(machine, true);
        world.run(3);
        let members: Vec<usize> = (0..MEMBERS).map(|member| world.join(member as u16)).collect();
        for turn in 0..20 {
            for &member in &members {
                let side = if turn % 2 == 0 { BUY } else { SELL };
                world.clients[member].order(side, 14_000, 1);
            }
            world.step();
            // After a poll everything has settled: what was told is durable, and so is what was recorded.
            assert_eq!(world.reader.released(), world.reader.committed());
        }
        world.run(5);
        for &member in &members {
            assert_eq!(world.heard(member).count(tid::ORDER_INSERT), 20, "{threads} threads");
        }
        let of_engine = world.core.engine(|engine| engine.counters().commits).unwrap();
        match world.core.record() {
            None => assert!(threads == 2 && of_engine > 0),
            Some(record) => {
                assert!(threads > 2 && of_engine == 0 && record.commits > 0, "{record:?}");
                assert!(record.prepared_bytes > 0, "pages were made ready ahead: {record:?}");
            }
        }
        // Back from its thread the log syncs by itself again.
        let mut machine = world.core.stop().unwrap();
        let released = world.reader.released();
        machine.execute(&base_data(&world.setup)[0].command(), engine::types::Nanoseconds(START.nanos())).unwrap();
        assert_eq!(world.reader.released(), released);
        assert_eq!(machine.log().sync().unwrap(), world.reader.committed());
    }
}

thread_local! {
    /// The next reading of the clock on this thread panics.
    static DOOMED: Cell<bool> = const { Cell::new(false) };
}

/// A clock with a fault planted in it.
fn doomed_clock() -> u64 {
    assert!(!DOOMED.replace(false), "planted");
    1
}

/// The core's rounds go on, and so do the members'; for so many milliseconds.
fn go_on(world: &mut World, milliseconds: u64) {
    for _ in 0..milliseconds {
        world.now = world.now + TICK;
        for client in &mut world.clients {
            client.poll(world.now);
        }
        world.core.poll(world.now);
    }
}

/// Nobody hears anything more, on any front, and the log stands still.
fn assert_silent(world: &mut World, members: &[usize]) {
    let committed = world.reader.committed();
    let heard: Vec<usize> = members.iter().map(|&member| world.heard(member).messages.len()).collect();
    for &member in members {
        world.clients[member].order(BUY, 14_000, 1);
    }
    go_on(world, 50);
    assert_eq!(world.reader.committed(), committed);
    for (&member, heard) in members.iter().zip(heard) {
        assert_eq!(world.heard(member).messages.len(), heard, "member {member}");
    }
}

#[test]
fn a_panic_in_any_front_is_named_and_nothing_is_released_after_it() {
    for threads in LAYOUTS {
        for doomed in 0..LayoutMap::on(threads).unwrap().fronts() as u8 {
            let mut world = World::new(Setup { clock: Some(doomed_clock), ..setup(threads) });
            let members: Vec<usize> = (0..4).map(|member| world.join(member as u16)).collect();
            for &member in &members {
                world.clients[member].order(BUY, 14_000, 1);
            }
            world.run(5);
            world.core.fronts(move |front| DOOMED.set(front.number() == doomed));
            go_on(&mut world, 5);
            let halt = world.core.halt().expect("a stage panicked");
            assert_eq!((halt.step, &halt.why), (Step::Ingress, &HaltReason::Panicked("planted".to_owned())), "{halt}");
            let name = if threads == 8 && doomed == 0 { "publish".to_owned() } else { format!("front{doomed}") };
            assert!(halt.thread.starts_with(&name), "{halt}");
            assert_silent(&mut world, &members);
            // The engine did not panic: its machine comes back, as it was.
            let machine = world.core.stop().unwrap();
            assert_eq!(machine.state().live_orders(), 4);
        }
    }
}

#[test]
fn a_panic_of_the_engine_is_named_and_nothing_is_released_after_it() {
    for threads in LAYOUTS {
        let mut world = World::new(setup(threads));
        let members: Vec<usize> = (0..4).map(|member| world.join(member as u16)).collect();
        world.clients[members[0]].order(BUY, 14_000, 1);
        world.run(5);
        // A frame in the log that the machine knows nothing of: its next one stops at an assertion.
        let mut machine = world.core.stop().unwrap();
        let mut other = Machine::new(Log::in_memory(world.setup.limits).unwrap(), identity(DATA_CENTER));
        other.replay(machine.reader());
        let tick = engine::command::CommandBuffer::own(&engine::command::MarketDataTick { reserved: 0 });
        let offset = other.execute(&tick.command(), engine::types::Nanoseconds(world.now.nanos())).unwrap().offset;
        machine.log().append_verbatim(&other.reader().frame_at(offset).unwrap()).unwrap();
        world.core.start(machine, false);
        go_on(&mut world, 5);
        world.clients[members[1]].order(BUY, 14_000, 1);
        go_on(&mut world, 5);
        let halt = world.core.halt().expect("the engine panicked");
        assert_eq!(halt.step, Step::Engine, "{halt}");
        assert!(halt.thread.contains("engine") && matches!(halt.why, HaltReason::Panicked(_)), "{halt}");
        assert_eq!(world.heard(members[1]).count(tid::ORDER_INSERT), 0);
        assert_silent(&mut world, &members);
        assert!(world.core.stop().is_none(), "its machine may be in any state");
    }
}

#[test]
fn threads_say_where_they_are_and_what_they_did() {
    let mut world = World::new(setup(4));
    world.core.pin();
    world.core.measure(true);
    let member = world.join(0);
    world.answers(member, 2, |client| client.order(BUY, 14_000, 1));
    let placements = world.core.placements();
    let names: Vec<&str> = placements.iter().map(|placement| placement.thread.as_str()).collect();
    assert_eq!(names, ["front0", "front1", "engine", "record"]);
    assert!(placements.iter().all(|placement| placement.core_wanted.is_none() && !placement.allowed.is_empty()));
    let work = world.core.work();
    let of = |thread: usize, step: Step| work[thread].1[step as usize];
    assert!(of(2, Step::Engine).items > 0 && of(2, Step::Engine).busy_cycles > 0, "{work:?}");
    assert!(of(0, Step::Publish).items == of(1, Step::Publish).items, "every front folds the whole log");
    assert_eq!(of(2, Step::Ingress), Default::default());
    assert!(of(3, Step::Record).idle_polls > 0 && of(3, Step::Record).idle_cycles > 0);
}

#[test]
fn on_every_profile_what_stands_beside_has_a_core_that_no_stage_polls_on_or_none_is_pinned() {
    for name in hw_profiles::Profile::names() {
        let layout = hw_profiles::Profile::load(name).unwrap().layout;
        let map = LayoutMap::of_profile(&layout).unwrap();
        assert_eq!(map.beside(), layout.beside.map(usize::from), "{name}");
        assert_eq!(map.beside().is_some(), layout.pin, "{name}");
        let few = map.clone().with_fronts(1);
        assert_eq!(few.beside(), map.beside(), "{name}: also with fewer fronts");
        assert!(few.threads().iter().all(|thread| thread.core.is_none() || thread.core != few.beside()), "{name}");
        assert_eq!(map.on_shared_cores().beside(), None, "{name}: on cores that are not ours, wherever there is room");
    }
}
