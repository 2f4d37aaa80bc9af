//! Lines that fail, readers that do not read, rings that are full, bytes that mean nothing: nothing is lost, nobody waits.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod front_support;

use dataplane::session::{Ending, SLOW_READER_STALL};
use engine::command::{CommandKind, EpochOpen, MarketDataTick, TakeoverStep};
use engine::types::{Epoch, Nanoseconds, ParticipantIndex, Sequence};
use front_support::*;
use ftd::field::*;
use ftd::tid;
use ftd::value::data_flow_flag::{BROADCAST, DIALOG, PRIVATE};
use journal::Machine;
use net::Faults;
use net::random::Random;
use std::collections::BTreeSet;
use std::time::Duration;

const BUY: u8 = b'0';
const SELL: u8 = b'1';

/// Numbers 1, 2, 3 … and nothing else.
fn assert_gapless(numbers: &[u32], what: &str) {
    let expected: Vec<u32> = (1..=numbers.len() as u32).collect();
    assert_eq!(numbers, expected, "{what}");
}

/// A member that keeps what it heard over all its connections, and goes on where it stopped.
struct Steady {
    client: usize,
    participant: u16,
    private: Vec<Received>,
    broadcast: Vec<Received>,
    cuts: usize,
}

impl Steady {
    /// Moves what was heard into the member's own memory.
    fn hear(&mut self, world: &mut World) {
        for message in world.clients[self.client].heard.messages.drain(..) {
            match message.series {
                0 => {}
                1 => self.broadcast.push(message),
                _ => self.private.push(message),
            }
        }
    }

    /// Loses the connection and comes back.
    fn come_back(&mut self, world: &mut World) {
        self.hear(world);
        self.cuts += 1;
        if world.clients[self.client].session.is_some() {
            world.clients[self.client].cut();
        }
        world.until("a connection opens", |world| {
            let heard = &world.clients[self.client].heard;
            if heard.is_open && heard.closed.is_none() && world.clients[self.client].session.is_some() {
                return true;
            }
            if world.clients[self.client].session.is_none() || heard.closed.is_some() {
                world.connect_to(self.client, MEMBERS_PORT);
            }
            false
        });
        let client = &mut world.clients[self.client];
        client.login(DIALOG, None, None);
        client.login(PRIVATE, Some(self.private.len() as u32), Some(1));
        client.login(BROADCAST, Some(self.broadcast.len() as u32), Some(1));
    }
}

fn resume_under(faults: Faults, seed: u64) {
    let mut world = World::new(Setup { participants: 3, seed, ..Setup::default() });
    let mut random = Random::new(seed);
    let mut members: Vec<Steady> = (0..3)
        .map(|participant| Steady {
            client: world.join(participant),
            participant,
            private: Vec::new(),
            broadcast: Vec::new(),
            cuts: 0,
        })
        .collect();
    world.set_faults(faults);
    for round in 0..800u32 {
        for member in &mut members {
            let client = &mut world.clients[member.client];
            let is_fine = client.heard.is_open && client.heard.closed.is_none();
            if is_fine && client.heard.count(tid::USER_LOGIN) > 0 && random.chance(600_000) {
                let side = if random.chance(500_000) { BUY } else { SELL };
                let order = client.order_field(side, 14_990 + random.below(20) as i64, 1 + random.below(9) as i32);
                let bytes = client.request(tid::ORDER_INSERT, &order);
                if !client.try_send(&bytes) {
                    client.next_request -= 1;
                }
            }
            if client.heard.closed.is_some() || random.chance(4_000) {
                member.come_back(&mut world);
            }
        }
        if round % 50 == 0 {
            world.command(&MarketDataTick { reserved: 0 });
        }
        world.step_by(Duration::from_millis(2));
    }
    world.set_faults(Faults::default());
    world.until("everybody has heard everything", |world| {
        for member in &mut members {
            // A connection may end only now of what was lost before.
            if world.heard(member.client).closed.is_some() {
                member.come_back(world);
            }
        }
        members.iter_mut().all(|member| {
            member.hear(world);
            let streams = world.core.front().streams();
            let private = dataplane::streams::Stream::Private(ParticipantIndex(member.participant));
            member.private.len() >= streams.count(private).0 as usize
                && member.broadcast.len() >= streams.count(dataplane::streams::Stream::Broadcast).0 as usize
        })
    });
    for member in &members {
        assert!(member.private.len() > 50, "{}", member.private.len());
        let private: Vec<u32> = member.private.iter().map(|message| message.number).collect();
        assert_gapless(&private, "private");
        let broadcast: Vec<u32> = member.broadcast.iter().map(|message| message.number).collect();
        assert_gapless(&broadcast, "broadcast");
    }
    assert!(members.iter().map(|member| member.cuts).sum::<usize>() > 0, "seed {seed}: no connection was ever cut");
    // Every member heard the same market.
    assert!(members.iter().all(|member| member.broadcast == members[0].broadcast));
}

#[test]
fn a_cut_connection_goes_on_and_nothing_is_missing() {
    resume_under(Faults::default(), 1);
}

#[test]
fn a_cut_connection_goes_on_under_loss_reorder_duplicates_and_flipped_bits() {
    resume_under(Faults::preset("heavy").unwrap(), 2);
    resume_under(Faults::preset("lossy").unwrap(), 3);
}

#[test]
fn what_the_core_before_us_told_beyond_the_cut_is_cancelled_before_anything_else() {
    // The primary (data centre 1) is followed; then this core opens epoch 2.
    let setup = Setup { opened_by: 1, ..Setup::default() };
    let mut primary = machine(&setup);
    for text in ["one", "two", "three"] {
        let command = engine::command::CommandBuffer::own(&bulletin(ParticipantIndex(0), text));
        primary.execute(&command.command(), Nanoseconds(START.nanos())).unwrap();
    }
    let cut = primary.state().last_sequence();
    let log = journal::Log::in_memory(setup.limits).unwrap();
    let mut ours = Machine::new(log, identity(DATA_CENTER));
    let report = ours.replay(primary.reader());
    assert_eq!((report.refused, report.differences, report.digest_mismatches), (None, 0, 0));
    let reader = ours.reader().clone();
    let mut world = World::following(setup, reader);
    world.run(3);
    let early = world.add_client(0);
    world.connect(early);
    assert_eq!(world.refusal(early, |client| client.login(DIALOG, None, None)), 103);
    world.core.start(ours, false);
    let open = EpochOpen {
        epoch: Epoch(2),
        data_center: DATA_CENTER,
        old_epoch: Epoch(1),
        reserved: 0,
        cut_sequence: Sequence(cut.0),
    };
    world.command(&open);
    world.command(&bulletin(ParticipantIndex(0), "four"));
    assert!(world.core.front().is_active());

    // It received five of epoch 1: four and five do not count. On every repeat the same.
    for _ in 0..2 {
        let told = world.answers(early, 3, |client| client.login(PRIVATE, Some(5), Some(1)));
        let tids: Vec<_> = told.iter().map(|message| (message.tid, message.number)).collect();
        assert_eq!(tids, [(tid::USER_LOGIN, 0), (tid::FLOW_MESSAGE_CANCEL, 0), (tid::PARTICIPANT_BULLETIN, 4)]);
        let cancel = told[1].field::<FlowMessageCancelField>();
        assert_eq!((cancel.sequence_series.get(), told[1].series), (series(0), 0));
        assert_eq!((cancel.start_sequence_no.unsigned(), cancel.end_sequence_no.unsigned()), (4, 5));
        assert_eq!(cancel.data_center_id.unsigned(), 1);
        assert_eq!(told[0].field::<StreamEpochField>().epoch.unsigned(), 2);
    }
    // Who stopped at three has nothing to forget; nor who heard four from us.
    let told = world.answers(early, 2, |client| client.login(PRIVATE, Some(3), Some(1)));
    assert_eq!(told.iter().map(|message| message.number).collect::<Vec<_>>(), [0, 4]);
    let told = world.answers(early, 1, |client| client.login(PRIVATE, Some(4), Some(2)));
    assert_eq!(told.len(), 1);
    // Who has heard a later epoch knows better than we.
    assert_eq!(world.refusal(early, |client| client.login(BROADCAST, Some(0), Some(3))), 103);
    let in_doubt = world.core.front().in_doubt();
    assert_eq!(in_doubt.len(), 1);
    assert_eq!(
        (in_doubt[0].series, in_doubt[0].epoch, in_doubt[0].from.0, in_doubt[0].to.0),
        (series(0), Epoch(1), 4, 5)
    );

    // Another core opens epoch 3: this one stops speaking.
    let open = EpochOpen { epoch: Epoch(3), data_center: 9, old_epoch: Epoch(2), ..open };
    world.command(&open);
    world.until("the connection ends", |world| world.heard(early).closed.is_some());
    assert!(!world.core.front().is_active());
}

#[test]
fn a_reader_that_does_not_read_is_disconnected_and_nobody_else_waits() {
    let mut world = World::new(Setup { participants: 2, send_ring: 8 * 1_024, ..Setup::default() });
    let (deaf, other) = (world.join(0), world.join(1));
    world.clients[deaf].heard.is_deaf = true;
    let before = world.now;
    let mut told = 0;
    while world.heard(deaf).closed.is_none() && told < 20_000 {
        world
            .core
            .front_mut()
            .command(&engine::command::CommandBuffer::own(&bulletin(ParticipantIndex::ALL, "news")))
            .unwrap();
        told += 1;
        world.step_by(Duration::from_millis(5));
        // Everybody else hears it in the same round or the next.
        assert!(told - world.heard(other).count(tid::MARKET_BULLETIN) <= 3);
    }
    let counters = world.core.front().counters();
    assert_eq!(counters.ended(Ending::SlowReader), 1);
    let lasted = world.now.since(before);
    assert!(lasted >= SLOW_READER_STALL && lasted < SLOW_READER_STALL * 2, "{lasted:?}");
    // It comes back and hears everything, in order.
    world.clients[deaf].heard.is_deaf = false;
    world.clients[deaf].session = None;
    world.connect(deaf);
    world.clients[deaf].login(BROADCAST, None, None);
    world.until("it has caught up", |world| world.heard(deaf).of_series(1).len() >= told);
    let numbers: Vec<u32> = world.heard(deaf).of_series(1).iter().map(|message| message.number).collect();
    assert_gapless(&numbers, "after a slow start");
    assert_eq!(world.core.front().counters().ended(Ending::SlowReader), 1);
}

#[test]
fn a_full_ring_makes_members_wait_and_loses_nothing() {
    // The smallest ring, and far more orders in one burst than it holds.
    let mut world = World::new(Setup { ring_bytes: 0, participants: 2, ..Setup::default() });
    let members = [world.join(0), world.join(1)];
    for _ in 0..40 {
        for member in members {
            let client = &mut world.clients[member];
            let order = client.order_field(BUY, 14_000, 1);
            let bytes = client.request(tid::ORDER_INSERT, &order);
            assert!(client.try_send(&bytes));
        }
    }
    world.until("every order is answered", |world| {
        members.iter().all(|member| world.heard(*member).count(tid::ORDER_INSERT) == 40)
    });
    let counters = world.core.front().counters();
    assert!(counters.held_back > 0, "the ring was never full");
    for member in members {
        assert_eq!(world.heard(member).count(tid::ORDER_CONFIRMATION), 40);
        let requests: Vec<u32> = world
            .heard(member)
            .messages
            .iter()
            .filter(|message| message.tid == tid::ORDER_INSERT)
            .map(|message| message.number)
            .collect();
        assert_gapless(&requests, "answers");
    }
}

#[test]
fn an_engine_that_stops_leaves_the_requests_with_tcp_until_it_goes_on() {
    let mut world = World::new(Setup { ring_bytes: 0, participants: 1, ..Setup::default() });
    let member = world.join(0);
    let machine = world.core.stop().expect("it was there");
    let log_before = world.log().len();
    for _ in 0..200 {
        let client = &mut world.clients[member];
        let order = client.order_field(BUY, 14_000, 1);
        let bytes = client.request(tid::ORDER_INSERT, &order);
        assert!(client.try_send(&bytes));
    }
    world.run(300);
    assert_eq!(world.heard(member).count(tid::ORDER_INSERT), 0);
    assert_eq!(world.log().len(), log_before);
    world.core.start(machine, false);
    world.until("every order is answered", |world| world.heard(member).count(tid::ORDER_INSERT) == 200);
    assert_eq!(world.core.engine(|engine| engine.counters().executed), Some(200));
}

#[test]
fn garbage_never_becomes_anything_but_valid_commands() {
    let mut reached = BTreeSet::new();
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let mut world = World::new(Setup { participants: 2, ..Setup::default() });
        let member = world.join(0);
        let mut mutated = 0;
        for _ in 0..60 {
            if world.heard(member).closed.is_some() || !world.heard(member).is_open {
                world.clients[member].session = None;
                world.connect(member);
                world.clients[member].login(DIALOG, None, None);
                world.run(3);
            }
            let client = &mut world.clients[member];
            let mut bytes = any_request(client, &mut random);
            match random.below(4) {
                0 => {}
                1 => {
                    let at = random.below(bytes.len() as u64) as usize;
                    bytes[at] = random.next_bits() as u8;
                    mutated += 1;
                }
                2 => {
                    bytes.truncate(random.below(bytes.len() as u64) as usize);
                    mutated += 1;
                }
                _ => {
                    bytes = (0..random.below(300)).map(|_| random.next_bits() as u8).collect();
                    mutated += 1;
                }
            }
            client.send(&bytes);
            world.run(2);
        }
        assert!(mutated > 0);
        // Everything in the log is a request of that member's own, through its own session, or the base data.
        let base = base_data(&world.setup).len();
        for (index, frame) in world.reader.frames_from(0).enumerate() {
            let command = frame.command();
            if index >= base {
                assert!(REQUESTS.contains(&command.body.kind()), "seed {seed}");
                reached.insert(command.body.kind());
                assert_eq!(command.header.user.0, 0, "seed {seed}");
            }
        }
        let mut again = Machine::new(journal::Log::in_memory(world.setup.limits).unwrap(), identity(9));
        let report = again.replay(&world.reader);
        assert_eq!((report.refused, report.digest_mismatches), (None, 0), "seed {seed}");
    }
    assert_eq!(reached.len(), REQUESTS.len(), "{reached:?}");
}

/// What requests of members become.
const REQUESTS: [CommandKind; 6] = [
    CommandKind::OrderInsert,
    CommandKind::QuoteInsert,
    CommandKind::QuoteCancel,
    CommandKind::EnquireQuote,
    CommandKind::ExecOrderInsert,
    CommandKind::ExecOrderCancel,
];

/// A request of the member's that is well formed, of whichever kind.
fn any_request(client: &mut Client, random: &mut Random) -> Vec<u8> {
    let order = client.order_field(BUY, 15_000, 1);
    let (participant_id, client_id, user_id) = (order.participant_id, order.client_id, order.user_id);
    let (instrument_id, local_id, volume) = (order.instrument_id, order.order_local_id, order.volume_total_orginal);
    match random.below(6) {
        0 => client.request(tid::ORDER_INSERT, &order),
        1 => {
            let mut quote =
                InputQuoteField { participant_id, client_id, user_id, instrument_id, ..InputQuoteField::BLANK };
            quote.quote_local_id = local_id;
            (quote.bid_price, quote.bid_volume, quote.ask_volume) = (order.limit_price, volume, volume);
            quote.ask_price.set_units(15_010 * 2_000).unwrap();
            client.request(tid::QUOTE_INSERT, &quote)
        }
        2 => {
            let mut action = QuoteActionField { participant_id, user_id, ..QuoteActionField::BLANK };
            action.quote_local_id = local_id;
            client.request(tid::QUOTE_ACTION, &action)
        }
        3 => {
            let enquiry =
                EnquireQuoteField { participant_id, client_id, user_id, instrument_id, ..EnquireQuoteField::BLANK };
            client.request(tid::ENQUIRE_QUOTE, &EnquireQuoteField { quote_local_id: local_id, ..enquiry })
        }
        4 => {
            let sent =
                InputExecOrderField { participant_id, client_id, user_id, instrument_id, ..InputExecOrderField::BLANK };
            client
                .request(tid::EXEC_ORDER_INSERT, &InputExecOrderField { exec_order_local_id: local_id, volume, ..sent })
        }
        _ => {
            let action = ExecOrderActionField { participant_id, user_id, ..ExecOrderActionField::BLANK };
            client.request(tid::EXEC_ORDER_ACTION, &ExecOrderActionField { exec_order_local_id: local_id, ..action })
        }
    }
}

/// Orders at random from all members, each request when the one before is answered; the log's bytes.
fn session(setup: Setup, faults: Faults) -> (Vec<u8>, Vec<Vec<Received>>) {
    let participants = setup.participants;
    let mut world = World::new(setup);
    let members: Vec<usize> = (0..participants).map(|participant| world.join(participant)).collect();
    world.set_faults(faults);
    let mut random = Random::new(99);
    for _ in 0..150 {
        for member in &members {
            let client = &mut world.clients[*member];
            let side = if random.chance(500_000) { BUY } else { SELL };
            let mut order = client.order_field(side, 14_995 + random.below(10) as i64, 1 + random.below(5) as i32);
            if random.chance(200_000) {
                order.match_condition.set(b'2');
            }
            let bytes = client.request(tid::ORDER_INSERT, &order);
            client.send(&bytes);
            let number = client.next_request - 1;
            world.until("the answer comes", |world| {
                world
                    .heard(*member)
                    .messages
                    .iter()
                    .rev()
                    .any(|message| message.series == 0 && message.number == number)
            });
        }
    }
    world.run(50);
    world.command(&TakeoverStep { step: 1, outcome: 0, reserved: 0, elapsed: Nanoseconds(0) });
    let heard = members.iter().map(|member| world.heard(*member).messages.clone()).collect();
    (world.log().to_vec(), heard)
}

#[test]
fn the_same_seed_gives_the_same_log_byte_for_byte() {
    let faults = Faults::preset("light").unwrap();
    let (log, heard) = session(Setup::default(), faults);
    let (log_again, heard_again) = session(Setup::default(), faults);
    assert!(log.len() > 100_000);
    assert_eq!(log, log_again);
    assert_eq!(heard, heard_again);
}

#[test]
fn a_full_log_halts_the_engine_and_says_so_on_one_thread_and_on_more() {
    use dataplane::stages::{HaltReason, LayoutMap};
    use journal::{AppendRefused, LogLimits};
    for threads in [1, 2, 4] {
        let map = LayoutMap::on(threads).unwrap();
        let frames = base_data(&Setup::default()).len() + 5;
        let limits = LogLimits { frames, ..Setup::default().limits };
        let mut world = World::new(Setup { limits, map, ..Setup::default() });
        let member = world.join(0);
        for _ in 0..5 {
            world.answers(member, 2, |client| client.order(BUY, 14_000, 1));
        }
        assert_eq!(world.core.halt(), None);
        world.clients[member].order(BUY, 14_000, 1);
        let now = world.now;
        let mut rounds = 0u64;
        while world.core.halt().is_none() {
            rounds += 1;
            let now = net::Instant::from_nanos(now.nanos() + rounds * 1_000);
            world.clients[member].poll(now);
            world.core.poll(now);
            std::thread::yield_now();
            assert!(rounds < 1_000_000, "the engine never halted");
        }
        let expected = HaltReason::Log(AppendRefused::FramesExhausted { limit: frames });
        assert_eq!(world.core.halt().map(|halt| halt.why), Some(expected));
        assert_eq!(world.heard(member).count(tid::ORDER_INSERT), 5);
        let machine = world.core.stop().expect("it did not panic");
        assert_eq!(machine.state().live_orders(), 5);
    }
}

#[test]
fn a_reader_that_reads_a_little_now_and_then_is_disconnected_when_it_stays_far_behind() {
    use dataplane::session::{SLOW_READER_LAG, SLOW_READER_MESSAGES};
    let mut world = World::new(Setup { participants: 2, ..Setup::default() });
    let (slow, other) = (world.join(0), world.join(1));
    world.clients[slow].heard.is_deaf = true;
    let news = engine::command::CommandBuffer::own(&bulletin(ParticipantIndex::ALL, "news"));
    let mut told = 0;
    while told < SLOW_READER_MESSAGES + 2_000 {
        while told < SLOW_READER_MESSAGES + 2_000 && world.core.front_mut().command(&news).is_ok() {
            told += 1;
        }
        world.step();
    }
    world.until("the other has heard everything", |world| {
        world.heard(other).count(tid::MARKET_BULLETIN) == told as usize
    });
    let began = world.now;
    // Each time it takes something, so that it never stalls; and never enough.
    while world.heard(slow).closed.is_none() && world.now.since(began) < SLOW_READER_LAG * 2 {
        let client = &mut world.clients[slow];
        client.heard.is_deaf = false;
        client.host.offer_again(client.session.expect("connected"));
        client.poll(world.now);
        client.heard.is_deaf = true;
        client.heard.messages.clear();
        for _ in 0..20 {
            world.step_by(Duration::from_millis(50));
        }
    }
    assert_eq!(world.core.front().counters().ended(Ending::SlowReader), 1);
    let lasted = world.now.since(began);
    assert!(lasted > SLOW_READER_LAG * 9 / 10 && lasted < SLOW_READER_LAG * 3 / 2, "{lasted:?}");
    assert_eq!(world.heard(other).closed, None);
}
