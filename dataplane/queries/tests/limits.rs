//! Long answers, many questions, slow readers, dead sessions, any bytes: nothing is lost, nothing is held for ever, and orders go on.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod common;

use common::front_support::*;
use common::{ask, error_of, fields, hear, world};
use dataplane::queries::{QUERIES, join};
use dataplane::session::{Ending, QUERIES_UNANSWERED_MAX, Refusal};
use dataplane::stages::{Beside, LayoutMap};
use engine::command::CommandBuffer;
use engine::command::EpochOpen;
use engine::types::*;
use ftd::field::*;
use ftd::tid;
use ftd::value::data_flow_flag;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;

/// A member sends resting orders, as fast as they are taken.
fn rest(world: &mut World, member: usize, count: usize) {
    for at in 0..count {
        let client = &mut world.clients[member];
        let order = client.order_field(b'0', 10_000 + (at % 3_000) as i64, 1);
        let bytes = client.request(tid::ORDER_INSERT, &order);
        while !world.clients[member].try_send(&bytes) {
            world.run(1);
        }
        if at % 16 == 0 {
            world.run(1);
        }
    }
    let before = world.clients[member].next_request - 1;
    world.until("every order is answered", |world| {
        world.heard(member).messages.last().is_some_and(|_| {
            world.heard(member).messages.iter().rev().any(|message| message.series == 0 && message.number == before)
        })
    });
}

#[test]
fn an_answer_of_ten_thousand_orders_comes_whole_while_others_trade() {
    let mut world = world(Setup::default());
    let (large, other) = (world.join(0), world.join(1));
    rest(&mut world, large, 10_000);
    let number = world.clients[large].next_request;
    let bytes = world.clients[large].request(tid::QRY_ORDER, &ReqQryOrderField::BLANK);
    world.clients[large].send(&bytes);
    // The other one's orders are answered as if nobody asked: in the round after the next, while the answer is on its way.
    let mut rounds = Vec::new();
    let is_over = |world: &World| {
        let heard = world.heard(large).messages.last();
        heard.is_some_and(|last| last.number == number && last.message().chain() == ftd::Chain::Last)
    };
    while !is_over(&world) {
        let before = world.heard(other).count(tid::ORDER_INSERT);
        world.clients[other].order(b'1', 19_000, 1);
        let mut count = 0;
        while world.heard(other).count(tid::ORDER_INSERT) == before {
            world.step();
            count += 1;
            assert!(count < 20, "an order waits for somebody's query");
        }
        rounds.push(count);
    }
    assert!(rounds.len() > 5, "the answer took many rounds: {}", rounds.len());
    let most = rounds.iter().max().unwrap();
    println!("{} orders meanwhile, at most {most} rounds each", rounds.len());
    assert!(*most <= 4, "{rounds:?}");
    let answer = hear(&mut world, large, number);
    let orders: Vec<OrderStatusField> = fields(&answer);
    let ids: BTreeSet<[u8; 20]> = orders.iter().map(|order| *order.order_sys_id.bytes()).collect();
    assert_eq!((orders.len(), ids.len()), (10_000, 10_000));
    assert!(answer.len() > 700, "in {} parts", answer.len());
    assert_eq!(world.core.front_counters().query_answers, 1);
}

#[test]
fn an_answer_is_of_one_sequence_and_the_private_stream_waits_for_its_end() {
    let mut world = world(Setup::default());
    let (member, other) = (world.join(0), world.join(1));
    rest(&mut world, member, 400);
    let number = world.clients[member].next_request;
    let bytes = world.clients[member].request(tid::QRY_ORDER, &ReqQryOrderField::BLANK);
    world.clients[member].send(&bytes);
    // Trades against the orders that are being told.
    for _ in 0..40 {
        world.clients[other].order(b'1', 10_000, 3);
        world.step();
    }
    let answer = hear(&mut world, member, number);
    let orders: Vec<OrderStatusField> = fields(&answer);
    assert_eq!(orders.len(), 400);
    // Price and time: who trades first is told first, so that at any one sequence those that traded stand above the others.
    let prices: Vec<(i64, i32)> =
        orders.iter().map(|order| (order.limit_price.units().unwrap(), order.trade_volume.get())).collect();
    let least_traded = prices.iter().filter(|(_, traded)| *traded > 0).map(|(price, _)| *price).min();
    let most_left = prices.iter().filter(|(_, traded)| *traded == 0).map(|(price, _)| *price).max();
    assert!(least_traded.is_none_or(|least| Some(least) >= most_left), "{least_traded:?} {most_left:?}");
    // Between the parts nothing else came.
    let messages = &world.heard(member).messages;
    let first = messages.iter().position(|message| message.number == number && message.series == 0).unwrap();
    assert!(messages[first..first + answer.len()].iter().all(|message| message.number == number));
    world.run(20);
    let told = world.clients[member].heard.count(tid::TRADE_INSERT_SINGLE);
    assert_eq!(told, 120, "and everything else came then");
}

#[test]
fn more_questions_than_may_wait_are_refused_and_the_others_answered_in_order() {
    let mut world = world(Setup::default());
    let member = world.join(0);
    rest(&mut world, member, 200);
    let from = world.clients[member].next_request;
    let count = 2 * QUERIES_UNANSWERED_MAX as u32;
    let mut bytes = Vec::new();
    for _ in 0..count {
        bytes.extend(world.clients[member].request(tid::QRY_ORDER, &ReqQryOrderField::BLANK));
    }
    world.clients[member].send(&bytes);
    let mut refused = 0;
    for number in from..from + count {
        let answer = hear(&mut world, member, number);
        match answer[0].tid {
            tid::ERROR => {
                assert_eq!(error_of(&answer), 115);
                refused += 1;
            }
            _ => assert_eq!(fields::<OrderStatusField>(&answer).len(), 200),
        }
    }
    assert_eq!(refused, QUERIES_UNANSWERED_MAX as u32);
    let counters = world.core.front_counters();
    assert_eq!(counters.refused(Refusal::TooManyQueries), u64::from(refused));
    assert!(counters.refused_by_code().contains(&(115, u64::from(refused))));
    // Nothing is left behind.
    assert_eq!(
        fields::<OrderStatusField>(&ask(&mut world, member, tid::QRY_ORDER, &ReqQryOrderField::BLANK)).len(),
        200
    );
}

#[test]
fn flow_control_counts_queries() {
    let mut world = world(Setup { requests_per_second: 5, ..Setup::default() });
    let member = world.join(0);
    for _ in 0..5 {
        let answer = ask(&mut world, member, tid::QRY_PARTICIPANT, &ReqQryParticipantField::BLANK);
        assert_eq!(answer[0].tid, tid::QRY_PARTICIPANT);
    }
    assert_eq!(error_of(&ask(&mut world, member, tid::QRY_PARTICIPANT, &ReqQryParticipantField::BLANK)), 105);
    assert_eq!(world.refusal(member, |client| client.order(b'0', 15_000, 1)), 105);
    world.step_by(Duration::from_secs(1));
    let answer = ask(&mut world, member, tid::QRY_PARTICIPANT, &ReqQryParticipantField::BLANK);
    assert_eq!(answer[0].tid, tid::QRY_PARTICIPANT);
}

#[test]
fn a_session_that_dies_frees_its_answer_and_others_are_answered() {
    let mut world = world(Setup { send_ring: 16 * 1_024, ..Setup::default() });
    let (dying, other) = (world.join(0), world.join(1));
    rest(&mut world, dying, 2_000);
    for death in 0..4 {
        let client = if death == 0 { dying } else { world.join(0) };
        for _ in 0..8 {
            let bytes = world.clients[client].request(tid::QRY_ORDER, &ReqQryOrderField::BLANK);
            world.clients[client].send(&bytes);
        }
        // In the middle of a part, behind the first, before anything came.
        world.run([60, 12, 3, 1][death]);
        world.clients[client].cut();
        world.run(30);
        let answer = ask(&mut world, other, tid::QRY_USER, &ReqQryUserField::BLANK);
        assert_eq!(answer[0].tid, tid::QRY_USER);
    }
    assert_eq!(world.core.beside_panic(), None);
}

#[test]
fn a_logout_ends_the_dialogs_questions_and_the_next_dialog_asks_anew() {
    let mut world = world(Setup::default());
    let member = world.join(0);
    rest(&mut world, member, 300);
    for _ in 0..6 {
        let bytes = world.clients[member].request(tid::QRY_ORDER, &ReqQryOrderField::BLANK);
        world.clients[member].send(&bytes);
    }
    world.clients[member].logout(data_flow_flag::DIALOG);
    world.until("the logout is answered", |world| world.heard(member).count(tid::USER_LOGOUT) == 1);
    world.clients[member].heard.messages.clear();
    world.run(50);
    world.clients[member].heard.messages.clear();
    world.clients[member].login(data_flow_flag::DIALOG, None, None);
    world.until("the login is answered", |world| world.heard(member).count(tid::USER_LOGIN) == 1);
    let answer = ask(&mut world, member, tid::QRY_ORDER, &ReqQryOrderField::BLANK);
    assert_eq!(fields::<OrderStatusField>(&answer).len(), 300);
    let answers = world.heard(member).messages.iter().filter(|message| message.tid == tid::QRY_ORDER);
    assert!(answers.clone().all(|message| message.number == 1), "only what this dialog asked");
}

#[test]
fn who_does_not_read_its_answer_is_given_up() {
    let mut world = world(Setup { send_ring: 16 * 1_024, ..Setup::default() });
    let member = world.join(0);
    rest(&mut world, member, 1_000);
    world.clients[member].heard.is_deaf = true;
    let bytes = world.clients[member].request(tid::QRY_ORDER, &ReqQryOrderField::BLANK);
    world.clients[member].send(&bytes);
    for _ in 0..2_000 {
        world.step_by(Duration::from_millis(10));
        if world.core.front_counters().ended(Ending::SlowReader) > 0 {
            return;
        }
    }
    panic!("twenty seconds without reading");
}

#[test]
fn a_core_that_only_follows_answers_nobody_and_one_that_takes_over_answers_the_whole_day() {
    // The day is another core's until the epoch is ours.
    let setup = Setup { opened_by: DATA_CENTER + 1, ..Setup::default() };
    let mut machine = machine(&setup);
    common::business(&mut machine);
    let order = |local: u8| engine::command::OrderInsert {
        local_id: [local; 24],
        message_reference: *b"REF   ",
        direction: b'0',
        offset: b'0',
        hedge: b'1',
        order_type: b'0',
        match_condition: b'3',
        match_session: b'3',
        instrument: InstrumentIndex(0),
        flags: 0,
        price: RawPrice(15_000 * 2_000),
        account: AccountIndex(1),
        volume: Volume(2),
        minimal_volume: Volume(1),
        reserved: 0,
    };
    for local in [b'1', b'2'] {
        let command = CommandBuffer::new(0, 1, UserIndex(1), &order(local));
        let executed = machine.execute(&command.command(), Nanoseconds(START.nanos() + 1)).unwrap();
        assert_eq!(executed.rejected, None);
    }
    let mut world = World::following(setup, machine.reader().clone());
    common::stand_beside(&mut world);
    let member = world.add_client(1);
    world.connect(member);
    world.clients[member].login(data_flow_flag::DIALOG, None, None);
    world.until("the login is refused", |world| world.heard(member).count(tid::ERROR) == 1);
    assert_eq!(error_of(&world.heard(member).messages[..1]), 103);
    let answer = ask(&mut world, member, tid::QRY_ORDER, &ReqQryOrderField::BLANK);
    assert_eq!(error_of(&answer), 101, "without a login");

    let sequence = machine.state().last_sequence();
    let open = EpochOpen {
        epoch: Epoch(2),
        data_center: DATA_CENTER,
        old_epoch: Epoch(1),
        reserved: 0,
        cut_sequence: sequence,
    };
    let time = Nanoseconds(START.nanos() + 2);
    assert_eq!(machine.execute(&CommandBuffer::own(&open).command(), time).unwrap().rejected, None);
    world.core.start(machine, false);
    world.run(5);
    let member = world.join(1);
    let answer = ask(&mut world, member, tid::QRY_ORDER, &ReqQryOrderField::BLANK);
    let orders: Vec<OrderStatusField> = fields(&answer);
    assert_eq!(orders.iter().map(|order| order.order_local_id.bytes()[0]).collect::<Vec<_>>(), [b'1', b'2']);
}

#[test]
fn several_fronts_are_answered_by_one_stage() {
    let map = LayoutMap::on(4).expect("a layout of four threads").on_shared_cores();
    let mut world = world(Setup { map, ..Setup::default() });
    let members: Vec<usize> = (0..4).map(|participant| world.join(participant)).collect();
    for &member in &members {
        rest(&mut world, member, 50);
    }
    for &member in &members {
        let answer = ask(&mut world, member, tid::QRY_ORDER, &ReqQryOrderField::BLANK);
        assert_eq!(fields::<OrderStatusField>(&answer).len(), 50);
    }
}

/// Panics at its first poll with something to do.
struct Broken(dataplane::queries::Answerer);

impl Beside for Broken {
    fn poll(&mut self) -> usize {
        if self.0.question().is_some() {
            panic!("as the test asks");
        }
        0
    }

    fn is_asked(&mut self) -> bool {
        true
    }

    fn has_work(&self) -> bool {
        false
    }
}

#[test]
fn a_stage_that_panics_ends_the_queries_and_nothing_else() {
    let mut world = World::new(Setup::default());
    let (mut inquirers, answerer) = join(0, 1);
    world.core.front_mut().set_inquirer(inquirers.remove(0));
    world.core.stand_beside(Box::new(Broken(answerer)));
    let member = world.join(0);
    let from = world.clients[member].next_request;
    for _ in 0..3 {
        let bytes = world.clients[member].request(tid::QRY_ORDER, &ReqQryOrderField::BLANK);
        world.clients[member].send(&bytes);
    }
    for number in from..from + 3 {
        assert_eq!(error_of(&hear(&mut world, member, number)), 108);
    }
    assert_eq!(world.core.beside_panic().as_deref(), Some("as the test asks"));
    assert_eq!(error_of(&ask(&mut world, member, tid::QRY_ORDER, &ReqQryOrderField::BLANK)), 108);
    world.clients[member].order(b'0', 15_000, 1);
    world.until("orders go on", |world| world.heard(member).count(tid::ORDER_INSERT) == 1);
}

#[test]
fn a_core_without_a_stage_offers_no_queries() {
    let mut world = World::new(Setup::default());
    let member = world.join(0);
    for &tid in QUERIES {
        let number = world.clients[member].next_request;
        let bytes = world.clients[member].request(tid, &ReqQryMarketField::BLANK);
        world.clients[member].send(&bytes);
        let code = error_of(&hear(&mut world, member, number));
        assert!(code == 108 || code == 109, "{tid:?} {code}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Queries of any bytes, of any length: an answer or an Error to each, and the state is as before.
    #[test]
    fn queries_of_any_bytes_are_answered_or_refused(seed in any::<u64>()) {
        let mut random = seed | 1;
        let mut next = move || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random
        };
        let mut world = world(Setup::default());
        let member = world.join(0);
        rest(&mut world, member, 3);
        let digests = world.core.engine(|engine| engine.machine().state().digests()).unwrap();
        for _ in 0..60 {
            let tid = QUERIES[next() as usize % QUERIES.len()];
            let info = ftd::catalogue::packages_of(tid).find(|package| package.name.starts_with("Req")).unwrap();
            let field = info.fields[0];
            let size = if next() % 5 == 0 { (next() % 200) as usize } else { field.size };
            let fid = if next() % 9 == 0 { next() as u32 } else { field.fid.0 };
            // Mostly blanks and ids that are there, else anything.
            let mut items: Vec<u8> = vec![b' '; size];
            match next() % 3 {
                0 => items.fill_with(|| next() as u8),
                1 if size >= 8 => items[..8].copy_from_slice(&participant_id(0)),
                _ => {}
            }
            let client = &mut world.clients[member];
            let number = client.next_request;
            client.next_request += 1;
            let body = 6 + items.len();
            let mut bytes = vec![1, 0];
            bytes.extend(((16 + body) as u16).to_be_bytes());
            bytes.push(2);
            bytes.extend(tid.0.to_be_bytes());
            bytes.push(b'S');
            bytes.extend(0_u16.to_be_bytes());
            bytes.extend(number.to_be_bytes());
            bytes.extend(1_u16.to_be_bytes());
            bytes.extend((body as u16).to_be_bytes());
            bytes.extend(fid.to_be_bytes());
            bytes.extend((items.len() as u16).to_be_bytes());
            bytes.extend(items);
            client.send(&bytes);
            let answer = hear(&mut world, member, number);
            if answer[0].tid == tid::ERROR {
                let code = answer[0].error_code();
                prop_assert!([107, 109, 116].contains(&code), "{code}");
                prop_assert!(code != 109 || size != field.size || fid != field.fid.0 || tid == tid::QRY_TRADE);
            } else {
                prop_assert_eq!(answer[0].tid, tid);
                prop_assert!(!fields::<ErrorField>(&answer).iter().any(|_| true));
            }
        }
        prop_assert_eq!(world.core.beside_panic(), None);
        let after = world.core.engine(|engine| engine.machine().state().digests()).unwrap();
        prop_assert_eq!(digests, after);
    }
}
