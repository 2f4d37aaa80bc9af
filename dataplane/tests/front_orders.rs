//! What a member is answered and told, in which order, on a quiet network.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod front_support;

use engine::command::{MarketDataTick, OrderInsert, SeatBlock};
use engine::types::{InstrumentIndex, ParticipantIndex, Phase, UserIndex};
use front_support::*;
use ftd::field::*;
use ftd::tid;
use ftd::value::data_flow_flag;

const BUY: u8 = b'0';
const SELL: u8 = b'1';

#[test]
fn a_resting_order_is_answered_then_confirmed_then_traded() {
    let mut world = World::new(Setup::default());
    let (buyer, seller) = (world.join(0), world.join(1));
    let told = world.answers(buyer, 2, |client| client.order(BUY, 15_000, 5));
    assert_eq!(
        told.iter().map(|message| message.tid).collect::<Vec<_>>(),
        [tid::ORDER_INSERT, tid::ORDER_CONFIRMATION]
    );
    assert_eq!((told[0].series, told[0].number), (0, 1));
    assert_eq!((told[1].series, told[1].number), (series(0), 1));
    let answer = told[0].field::<OrderInsertField>();
    assert_eq!(answer.order_local_id.trimmed(), b"000000000001");
    assert_eq!(answer.message_reference.trimmed(), b"REF");
    let sys_id = *answer.order_sys_id.bytes();
    assert_eq!(*told[1].field::<OrderStatusField>().order_sys_id.bytes(), sys_id);

    let before = world.heard(buyer).messages.len();
    // An order that trades on entry: its answer, its confirmation, its trade; the resting side hears only the trade.
    let told = world.answers(seller, 3, |client| client.order(SELL, 14_990, 2));
    let tids: Vec<_> = told.iter().map(|message| message.tid).collect();
    assert_eq!(tids, [tid::ORDER_INSERT, tid::ORDER_CONFIRMATION, tid::TRADE_INSERT_SINGLE]);
    let trade = told[2].field::<TradeInsertSingleField>();
    assert_eq!((trade.volume.get(), trade.price.units()), (2, Ok(15_000 * 2_000)));
    let told = &world.heard(buyer).messages[before..];
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].tid, told[0].series, told[0].number), (tid::TRADE_INSERT_SINGLE, series(0), 2));
    assert_eq!(*told[0].field::<TradeInsertSingleField>().order_sys_id.bytes(), sys_id);

    // What is left of it is cancelled.
    let told = world.answers(buyer, 2, |client| client.cancel(sys_id));
    assert_eq!(
        told.iter().map(|message| message.tid).collect::<Vec<_>>(),
        [tid::ORDER_ACTION, tid::ORDER_CONFIRMATION]
    );
    let status = told[1].field::<OrderStatusField>();
    assert_eq!((status.volume_total.get(), status.trade_volume.get(), status.order_status.get()), (3, 2, b'5'));
    assert_eq!(world.core.front().counters().answers, 3);
}

#[test]
fn what_is_told_at_once_is_byte_for_byte_what_a_resuming_member_gets() {
    let mut world = World::new(Setup::default());
    let members: Vec<usize> = (0..3).map(|participant| world.join(participant)).collect();
    let mut random = net::random::Random::new(3);
    // Orders that rest, that trade once or through the book, with others' and with their own; several of a member's in a round.
    for _ in 0..600 {
        let member = members[random.below(3) as usize];
        let direction = [BUY, SELL][random.below(2) as usize];
        let (ticks, volume) = (14_990 + random.below(20) as i64, 1 + random.below(9) as i32);
        world.clients[member].order(direction, ticks, volume);
        if random.below(3) == 0 {
            world.run(1);
        }
    }
    world.run(20);
    for (&member, participant) in members.iter().zip(0..) {
        let told = |world: &World, from: usize| -> Vec<Received> {
            let heard = world.heard(member).of_series(series(participant));
            heard.into_iter().skip(from).cloned().collect()
        };
        let first = told(&world, 0);
        assert!(first.len() > 200, "{}", first.len());
        world.clients[member].login(data_flow_flag::PRIVATE, Some(0), Some(1));
        world.until("it has heard everything again", |world| told(world, first.len()).len() >= first.len());
        assert_eq!(told(&world, first.len()), first);
    }
    assert_eq!(world.core.front().counters().answers, 600);
}

#[test]
fn an_immediate_order_hears_its_trades_before_its_confirmation() {
    let mut world = World::new(Setup::default());
    let (buyer, seller) = (world.join(0), world.join(1));
    world.answers(buyer, 2, |client| client.order(BUY, 15_000, 5));
    let told = world.answers(seller, 3, |client| {
        let mut order = client.order_field(SELL, 15_000, 7);
        order.match_condition.set(b'2');
        let bytes = client.request(tid::ORDER_INSERT, &order);
        client.send(&bytes);
    });
    let tids: Vec<_> = told.iter().map(|message| message.tid).collect();
    assert_eq!(tids, [tid::ORDER_INSERT, tid::TRADE_INSERT_SINGLE, tid::ORDER_CONFIRMATION]);
    assert_eq!(told[2].field::<OrderStatusField>().order_status.get(), b'2');
}

#[test]
fn an_order_sent_again_is_answered_as_a_repeat_and_changes_nothing() {
    let mut world = World::new(Setup::default());
    let member = world.join(0);
    let order = world.clients[member].order_field(BUY, 15_000, 5);
    let send = |client: &mut Client| {
        let bytes = client.request(tid::ORDER_INSERT, &order);
        client.send(&bytes);
    };
    let told = world.answers(member, 2, send);
    let sys_id = *told[0].field::<OrderInsertField>().order_sys_id.bytes();
    let told = world.answers(member, 1, send);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].error_code(), 2);
    assert_eq!(told[0].field::<ErrorTargetSequenceField>().sequence_no.unsigned(), 2);
    assert_eq!(*told[0].field::<ErrorTargetOrderField>().order_sys_id.bytes(), sys_id);
    // Also on another connection, whose login tells the largest local id.
    world.clients[member].cut();
    world.connect(member);
    let told = world.answers(member, 1, |client| client.login(data_flow_flag::DIALOG, None, None));
    assert_eq!(told[0].field::<RspUserLoginField>().max_order_local_id.trimmed(), b"000000000001");
    assert_eq!(world.refusal(member, send), 2);
    assert_eq!(world.core.engine(|engine| engine.machine().state().live_orders()), Some(1));
}

#[test]
fn broadcast_is_rendered_once_and_everybody_hears_the_same_bytes() {
    let mut world = World::new(Setup::default());
    let members: Vec<usize> = (0..4).map(|participant| world.join(participant)).collect();
    world.answers(members[0], 2, |client| client.order(BUY, 15_000, 5));
    world.command(&MarketDataTick { reserved: 0 });
    world.command(&bulletin(ParticipantIndex::ALL, "暂停交易 suspended"));
    world.command(&bulletin(ParticipantIndex(2), "only you"));
    world.command(&phase_set(InstrumentIndex::ALL, Phase::Suspended, 0));
    world.run(5);
    let first: Vec<_> = world.heard(0).of_series(1).into_iter().cloned().collect();
    assert_eq!(
        first.len(),
        7,
        "a tick and the book's levels, a bulletin, two phases and their picture, the market's status"
    );
    assert_eq!(first.iter().map(|message| message.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    for member in &members {
        let heard: Vec<_> = world.heard(*member).of_series(1).into_iter().cloned().collect();
        assert_eq!(heard, first);
        assert_eq!(world.heard(*member).count(tid::PARTICIPANT_BULLETIN), usize::from(*member == 2));
    }
    let counters = world.core.front().counters();
    assert_eq!((counters.broadcast_rendered, counters.broadcast_messages), (7, 28));
}

#[test]
fn a_blocked_seat_is_told_and_its_connection_ends() {
    let mut world = World::new(Setup::default());
    let (blocked, other) = (world.join(0), world.join(1));
    world.command(&SeatBlock { user: UserIndex(0), blocked: 1, reserved: 0, text: [b'x'; 100] });
    world.until("the connection ends", |world| world.heard(blocked).closed.is_some());
    assert_eq!(world.heard(blocked).messages.last().unwrap().tid, tid::FORCE_EXIT);
    assert_eq!(world.heard(other).closed, None);
    world.connect(blocked);
    assert_eq!(world.refusal(blocked, |client| client.login(data_flow_flag::DIALOG, None, None)), 104);
    world.command(&SeatBlock { user: UserIndex(0), blocked: 0, reserved: 0, text: [b' '; 100] });
    let told = world.answers(blocked, 1, |client| client.login(data_flow_flag::DIALOG, None, None));
    assert_eq!(told[0].tid, tid::USER_LOGIN);
}

#[test]
fn readiness_stands_on_the_board() {
    use dataplane::front::Readiness;
    let mut world = World::new(Setup::default());
    let (ready, raised) = (world.join(0), world.join(1));
    let told = world.answers(ready, 1, |client| client.readiness(b'1', b"all back"));
    assert_eq!(told[0].tid, tid::READINESS);
    assert_eq!(told[0].field::<ReadinessField>().content.trimmed(), b"all back");
    world.answers(raised, 1, |client| client.readiness(b'2', "有一笔不明".as_bytes()));
    assert_eq!(world.refusal(raised, |client| client.readiness(b'7', b"")), 109);
    let board = world.core.front().board();
    assert_eq!(board.len(), 4);
    assert_eq!((board[0].readiness, board[0].text.as_str()), (Readiness::Ready, "all back"));
    assert_eq!((board[1].readiness, board[1].text.as_str()), (Readiness::HandRaised, "有一笔不明"));
    assert!(board[0].has_dialog && board[0].is_caught_up && !board[2].has_dialog);
    let counts = world.core.front().board_counts();
    assert_eq!((counts.participants, counts.logged_in, counts.caught_up, counts.ready, counts.hands), (4, 2, 2, 1, 1));
}

#[test]
fn a_password_is_changed_by_who_knows_the_old_one() {
    let mut world = World::new(Setup::default());
    let member = world.join(0);
    let update = |old: &[u8], new: &[u8]| {
        let mut update = ReqUserPasswordUpdateField::BLANK;
        update.participant_id = participant_id(0).into();
        update.user_id = user_id(0).into();
        update.old_password.set(old).unwrap();
        update.new_password.set(new).unwrap();
        move |client: &mut Client| {
            let bytes = client.request(tid::USER_PASSWORD_UPDATE, &update);
            client.send(&bytes);
        }
    };
    assert_eq!(world.refusal(member, update(b"wrong", b"other")), 102);
    assert_eq!(world.refusal(member, update(b"secret0", b"")), 109);
    let told = world.answers(member, 1, update(b"secret0", b"other"));
    assert_eq!(told[0].tid, tid::USER_PASSWORD_UPDATE);
    assert!(told[0].field::<RspUserPasswordUpdateField>().new_password.is_blank(), "a password is never sent back");
    let again = world.add_client(0);
    world.connect(again);
    assert_eq!(world.refusal(again, |client| client.login(data_flow_flag::DIALOG, None, None)), 102);
    let told = world.answers(again, 1, |client| {
        let mut login = client.login_field(data_flow_flag::DIALOG);
        login.password.set(b"other").unwrap();
        client.login_as(&login, None, None, None);
    });
    assert_eq!(told[0].tid, tid::USER_LOGIN);
}

/// Every byte that members heard was rendered straight into what is sent, but for the broadcast stream (rendered once for all) and what
/// the session says itself; and every byte that they sent was dealt with where it lay, and became one command, written once.
#[test]
fn answers_and_private_messages_are_rendered_once_and_commands_written_once() {
    let mut world = World::new(Setup::default());
    let members: Vec<usize> = (0..3).map(|participant| world.join(participant)).collect();
    let (mut sent, mut orders) = (0, 0);
    let before = *world.core.front().counters();
    let heard_before: Vec<usize> = members.iter().map(|&member| world.heard(member).messages.len()).collect();
    for round in 0..50 {
        for &member in &members {
            let client = &mut world.clients[member];
            let mut order = client.order_field(if round % 2 == 0 { b'0' } else { b'1' }, 15_000 + member as i64, 2);
            if round % 10 == 3 {
                order.user_id.set(b"another").unwrap();
            }
            let bytes = client.request(tid::ORDER_INSERT, &order);
            sent += bytes.len() as u64;
            orders += u64::from(round % 10 != 3);
            client.send(&bytes);
        }
        world.command(&MarketDataTick { reserved: 0 });
        world.run(5);
    }
    let counters = *world.core.front().counters();
    let (mut straight, mut copied) = (0, 0);
    for (&member, &before) in members.iter().zip(&heard_before) {
        for message in &world.heard(member).messages[before..] {
            let is_sessions_own = message.tid == tid::ERROR && message.error_code() > 100;
            let from_copy = is_sessions_own || message.series == 1;
            *(if from_copy { &mut copied } else { &mut straight }) += message.bytes.len() as u64;
        }
    }
    let copied_out = counters.bytes_copied_out - before.bytes_copied_out;
    let bytes_out = counters.bytes_out - before.bytes_out;
    assert!(straight > 0 && copied > 0);
    assert_eq!((bytes_out - copied_out, copied_out), (straight, copied));
    assert_eq!(counters.bytes_copied() - before.bytes_copied(), copied);
    assert_eq!(counters.bytes_in - before.bytes_in, sent);
    let command = 16 + size_of::<OrderInsert>() as u64;
    assert_eq!(counters.command_bytes - before.command_bytes, orders * command);
    let marks = world.core.front().marks();
    assert!((command..=3 * command).contains(&marks.burst_command_bytes), "{marks:?}");
    assert!((1..=3).contains(&marks.answers_waiting) && (1..=3).contains(&marks.sessions_served), "{marks:?}");
    assert!(marks.parts_taken > 0 && marks.arena_used > 0 && marks.arena_used <= marks.arena_bytes, "{marks:?}");
}
