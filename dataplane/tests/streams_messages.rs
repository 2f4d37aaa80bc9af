//! Messages against what STREAMS.md says, written out by hand item by item.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod streams_support;

use dataplane::render::{NotRendered, market_data_size_max};
use dataplane::streams::{Cancelled, Stream};
use engine::command::{
    BookRestate, Bulletin, DayClose, EpochOpen, MarketDataTick, MassCancel, MassScope, OrderInsert, PasswordUpdate,
    ReadinessReport,
};
use engine::types::{AccountIndex, Epoch, InstrumentIndex, ParticipantIndex, Phase, RawPrice, Sequence, StreamNumber};
use streams_support::*;

const SECOND_NS: u64 = 1_000_000_000;

/// OrderStatusField of an order of `user` (participant 0001, client 11111111) in IF2406, for 3,500.2 yuan and open.
struct Confirmation<'a> {
    sys_id: [u8; 20],
    order: OrderInsert,
    user: &'a str,
    insert_time: &'a str,
    remaining: u32,
    status: &'a str,
    update_time: &'a str,
    active_user: &'a str,
    trade_price: &'a str,
    traded: u32,
}

impl Confirmation<'_> {
    fn message(&self, number: u32) -> Vec<u8> {
        let order = &self.order;
        let status = field(
            0x000E,
            &[
                b"20240612",
                b"20240611",
                &self.sys_id,
                &order.local_id,
                &text(self.user, 15),
                b"0001    ",
                b"11111111",
                &text("IF2406", 30),
                &[order.direction],
                b"0",
                b"1",
                b"0000000.0000",
                b"0003500.2000",
                &int(order.volume.0),
                b"0",
                &int(self.remaining),
                &[order.match_condition],
                b"3",
                b"        ",
                &int(0),
                b"0",
                self.status.as_bytes(),
                &text(self.insert_time, 20),
                b"        ",
                b"        ",
                self.update_time.as_bytes(),
                &text(self.active_user, 15),
                b"0000000.0000",
                &text("", 24),
                self.trade_price.as_bytes(),
                &int(self.traded),
                b"ref-42",
            ],
        );
        whole(0x1003, 2, number, &[status])
    }
}

/// 3,500.2 yuan.
const TICKS: i64 = 17_501;
const NO_PRICE: &str = "0000000.0000";
const PRICE: &str = "0003500.2000";

#[test]
fn an_order_that_rests_is_answered_and_confirmed() {
    let mut day = Day::open(1);
    let order = day.order(1, b'0', TICKS, 3, b'3');
    let did = day.ask(1, &order);
    let insert = field(
        0x000C,
        &[
            b"20240612",
            b"20240611",
            &system_id(did),
            b"000000000001            ",
            &text("trader1", 15),
            b"0001    ",
            b"11111111",
            &text("IF2406", 30),
            b"0",
            b"0",
            b"1",
            b"0000000.0000",
            b"0003500.2000",
            &int(3),
            b"0",
            b"3",
            b"3",
            b"        ",
            &int(0),
            b"0",
            b"2024061121050789    ",
            b"ref-42",
        ],
    );
    assert_bytes(&day.answer(did).unwrap(), &whole(0x0003, 0, 77, &[insert]));
    let confirmation = Confirmation {
        sys_id: system_id(did),
        order,
        user: "trader1",
        insert_time: "2024061121050789",
        remaining: 3,
        status: "3",
        update_time: "21050789",
        active_user: "trader1",
        trade_price: NO_PRICE,
        traded: 0,
    };
    assert_bytes(&day.message(FIRST, 1), &confirmation.message(1));
    assert_eq!((day.count(FIRST), day.count(SECOND), day.count(Stream::Broadcast)), (1, 0, 0));
    assert_eq!(day.try_message(FIRST, 2), Err(NotRendered::NoMessage));
    assert_eq!(day.try_message(FIRST, 0), Err(NotRendered::NoMessage));
    assert_eq!(day.try_message(SECOND, 1), Err(NotRendered::NoMessage));
    // The exchange's own commands are answered nothing.
    let own = day.own(&BookRestate { reserved: 0 });
    assert_eq!(day.answer(own), None);
}

#[test]
fn both_sides_of_a_trade_are_told_it_with_their_own_order() {
    let mut day = Day::open(1);
    let resting = day.insert(2, b'1', TICKS, 5, b'3');
    day.time += 3_600 * SECOND_NS;
    let order = day.order(0, b'0', TICKS + 10, 2, b'3');
    let incoming = day.ask(0, &order);
    let trade = |sys_id: [u8; 20], user: &str, direction: &[u8], participant: &str, client: &str, local_id: &str| {
        field(
            0x002A,
            &[
                &text("IF2406", 30),
                b"0",
                b"0",
                b"        ",
                b"        ",
                &system_id(incoming),
                b"20240611",
                b"22050789",
                b"20240612",
                b"0003500.2000",
                &int(2),
                &sys_id,
                &text(user, 15),
                direction,
                b"0",
                b"1",
                &text(participant, 8),
                &text(client, 8),
                &text(local_id, 24),
            ],
        )
    };
    let buyer = trade(system_id(incoming), "trader0", b"0", "0001", "11111111", "000000000002");
    let seller = trade(system_id(resting), "trader2", b"1", "0002", "22222222", "000000000001");
    assert_eq!((day.count(FIRST), day.count(SECOND)), (2, 2));
    assert_bytes(&day.message(FIRST, 2), &whole(0x1001, 2, 2, &[buyer]));
    assert_bytes(&day.message(SECOND, 2), &whole(0x1001, 5, 2, &[seller]));
}

#[test]
fn who_trades_with_itself_is_told_the_buyers_side_first() {
    let mut day = Day::open(1);
    day.insert(0, b'1', TICKS, 5, b'3');
    day.insert(1, b'0', TICKS, 5, b'3');
    assert_eq!(day.count(FIRST), 4);
    let direction_at = 20 + 6 + 30 + 1 + 1 + 8 + 8 + 20 + 8 + 8 + 8 + 12 + 4 + 20 + 15;
    assert_eq!(day.message(FIRST, 3)[direction_at], b'0');
    assert_eq!(day.message(FIRST, 4)[direction_at], b'1');
}

/// An order of three lots of user 0 at the price, with condition `condition`, after two lots of the other side rest there.
fn immediate(condition: u8, resting: u32) -> (Day, Did, OrderInsert) {
    let mut day = Day::open(1);
    if resting > 0 {
        day.insert(2, b'1', TICKS, resting, b'3');
    }
    let order = day.order(0, b'0', TICKS, 3, condition);
    let did = day.ask(0, &order);
    (day, did, order)
}

#[test]
fn immediate_orders_are_confirmed_once_at_their_end_after_their_trades() {
    for (condition, resting, messages, remaining, traded, status, price) in [
        (b'2', 0, 1, 3, 0, "4", NO_PRICE),
        (b'2', 2, 2, 1, 2, "2", PRICE),
        (b'2', 9, 2, 0, 3, "0", PRICE),
        (b'1', 2, 1, 3, 0, "4", NO_PRICE),
        (b'1', 3, 2, 0, 3, "0", PRICE),
    ] {
        let (day, did, order) = immediate(condition, resting);
        assert_eq!(day.count(FIRST), messages, "{condition} {resting}");
        let confirmation = Confirmation {
            sys_id: system_id(did),
            order,
            user: "trader0",
            insert_time: "2024061121050789",
            remaining,
            status,
            update_time: "21050789",
            active_user: "trader0",
            trade_price: price,
            traded,
        };
        assert_bytes(&day.message(FIRST, messages), &confirmation.message(messages));
    }
}

/// Five lots of user 0 rest, two of them have traded.
fn half_traded() -> (Day, Did, OrderInsert) {
    let mut day = Day::open(2);
    let order = day.order(0, b'0', TICKS, 5, b'3');
    let did = day.ask(0, &order);
    day.insert(2, b'1', TICKS - 7, 2, b'3');
    assert_eq!(day.count(FIRST), 2);
    day.time += 61 * SECOND_NS;
    (day, did, order)
}

fn half_traded_confirmation<'a>(
    did: Did,
    order: OrderInsert,
    status: &'a str,
    active_user: &'a str,
) -> Confirmation<'a> {
    Confirmation {
        sys_id: system_id(did),
        order,
        user: "trader0",
        insert_time: "2024061121050789",
        remaining: 3,
        status,
        update_time: "21060889",
        active_user,
        trade_price: PRICE,
        traded: 2,
    }
}

#[test]
fn a_cancel_is_answered_and_told_with_the_user_who_cancelled() {
    let (mut day, did, order) = half_traded();
    let cancelled = day.ask(1, &cancel(system_id(did), 0));
    let action = field(
        0x000B,
        &[b"0", &system_id(did), &text("action-1", 24), &text("IF2406", 30), b"0", &text("trader1", 15), b"xyz   "],
    );
    assert_bytes(&day.answer(cancelled).unwrap(), &whole(0x0004, 0, 77, &[action]));
    assert_bytes(&day.message(FIRST, 3), &half_traded_confirmation(did, order, "5", "trader1").message(3));
}

#[test]
fn a_cancel_by_local_id_is_answered_with_the_target() {
    let (mut day, did, order) = half_traded();
    let mut request = cancel(BLANK_ID, 1);
    request.local_id = order.local_id;
    let cancelled = day.ask(0, &request);
    let action = field(
        0x000B,
        &[b"0", &system_id(did), &text("action-1", 24), &text("IF2406", 30), b"0", &text("trader0", 15), b"xyz   "],
    );
    let target = field(0xF002, &[b"000000000001            ", b"0001    ", b"11111111"]);
    assert_bytes(&day.answer(cancelled).unwrap(), &whole(0x0004, 0, 77, &[action, target]));
}

#[test]
fn what_the_exchange_ends_is_told_without_a_user() {
    let (mut day, did, order) = half_traded();
    day.own(&MassCancel { scope: MassScope::All as u8, cause: 0, reserved: [0; 2], index: 0 });
    assert_bytes(&day.message(FIRST, 3), &half_traded_confirmation(did, order, "5", "").message(3));
    let (mut day, did, order) = half_traded();
    day.own(&DayClose { reserved: 0, step: 9 });
    assert_bytes(&day.message(FIRST, 3), &half_traded_confirmation(did, order, "5", "").message(3));
    assert_eq!(day.directory.last_step(), 9);
    assert_eq!(day.directory.instrument(InstrumentIndex(0)).unwrap().phase, Phase::Closed);
}

#[test]
fn a_restated_order_is_told_as_it_stands() {
    let (mut day, did, order) = half_traded();
    let fresh = day.order(0, b'0', TICKS, 4, b'3');
    let fresh_did = day.ask(0, &fresh);
    day.own(&BookRestate { reserved: 0 });
    assert_eq!(day.count(FIRST), 5);
    assert_bytes(&day.message(FIRST, 4), &half_traded_confirmation(did, order, "1", "trader0").message(4));
    let untouched = Confirmation {
        insert_time: "2024061121060889",
        remaining: 4,
        trade_price: NO_PRICE,
        traded: 0,
        ..half_traded_confirmation(fresh_did, fresh, "3", "trader0")
    };
    assert_bytes(&day.message(FIRST, 5), &untouched.message(5));
}

fn error(code: &str, words: &str, target: Option<([u8; 20], &[u8; 24])>) -> Vec<u8> {
    let mut fields = vec![
        field(0x0005, &[&text(code, 10), &text(words, 100), b"20240611210507890   "]),
        field(0x002E, &[&[0, 0], &int(77)]),
    ];
    if let Some((sys_id, local_id)) = target {
        fields.push(field(0x002D, &[&sys_id, local_id]));
    }
    whole(0x0001, 0, 77, &fields)
}

#[test]
fn refusals_name_the_request_and_the_order() {
    let mut day = Day::open(1);
    let mut order = day.order(0, b'0', TICKS, 3, b'3');
    order.price = RawPrice(TICK * TICKS + 1);
    let did = day.ask(0, &order);
    let words = "价格不是最小变动价位的整数倍 price is not on a tick";
    assert_bytes(&day.answer(did).unwrap(), &error("12", words, Some((BLANK_ID, &order.local_id))));
    // A repeat hears the first one's id.
    let order = day.order(0, b'0', TICKS, 3, b'3');
    let first = day.ask(0, &order);
    let again = day.ask(0, &order);
    let words = "委托编号重复 local id was used before";
    assert_bytes(&day.answer(again).unwrap(), &error("2", words, Some((system_id(first), &order.local_id))));
    // Unknown client.
    let mut order = day.order(0, b'0', TICKS, 3, b'3');
    order.account = AccountIndex::NONE;
    let did = day.ask(0, &order);
    let words = "客户不存在 client is unknown at this participant";
    assert_bytes(&day.answer(did).unwrap(), &error("6", words, Some((BLANK_ID, &order.local_id))));
    // A cancel names its target as it was named.
    let mut request = cancel(padded(b"nothing like it"), 1);
    request.local_id = padded(b"local");
    let did = day.ask(0, &request);
    let words = "报单不存在或已结束 order is unknown or has ended";
    let target = Some((padded(b"nothing like it"), &request.local_id));
    assert_bytes(&day.answer(did).unwrap(), &error("24", words, target));
}

#[test]
fn readiness_and_password_are_answered() {
    let mut day = Day::open(1);
    let mut content = [b' '; 500];
    content[..9].copy_from_slice("还缺".as_bytes().iter().chain(b" 2x").copied().collect::<Vec<_>>().as_slice());
    let did = day.ask(2, &ReadinessReport { readiness: b'2', reserved: [0; 3], content });
    let readiness = field(0xF005, &[b"0002    ", &text("trader2", 15), b"2", &text("还缺 2x", 500)]);
    assert_bytes(&day.answer(did).unwrap(), &whole(0xF001, 0, 77, &[readiness]));
    let did = day.ask(2, &PasswordUpdate { secret: padded(b"better") });
    let password = field(0x0029, &[b"0002    ", &text("trader2", 15), &text("", 40)]);
    assert_bytes(&day.answer(did).unwrap(), &whole(0x0018, 0, 77, &[password]));
    assert_eq!(day.directory.user(engine::types::UserIndex(2)).unwrap().secret.trimmed(), b"better");
}

fn bulletin(participant: ParticipantIndex) -> Bulletin {
    Bulletin {
        participant,
        urgency: b'1',
        reserved: 0,
        news_type: *b"T1 ",
        reserved_2: 0,
        summary: padded("暂停".as_bytes()),
        content: padded(b"The market is suspended."),
    }
}

#[test]
fn bulletins_go_to_one_or_to_all() {
    let mut day = Day::open(1);
    day.own(&bulletin(ParticipantIndex(1)));
    day.own(&bulletin(ParticipantIndex::ALL));
    let news = field(
        0x0001,
        &[
            b"T1 ",
            b"1",
            b"21050789",
            &text("暂停", 80),
            &text("", 20),
            &text("", 10),
            &text("The market is suspended.", 500),
            &text("", 200),
        ],
    );
    assert_bytes(&day.message(SECOND, 1), &whole(0x1002, 5, 1, std::slice::from_ref(&news)));
    assert_bytes(&day.message(Stream::Broadcast, 1), &whole(0x2003, 1, 1, &[news]));
    assert_eq!(day.count(FIRST), 0);
}

#[test]
fn phases_are_told_one_message_each() {
    let mut day = Day::open(2);
    let set = phase_set(InstrumentIndex::ALL, Phase::NoTrading, 4);
    day.own(&set);
    for (number, id) in [(1, "IF2406"), (2, "IF2407")] {
        let status = field(0x0008, &[&text(id, 30), b"4"]);
        assert_bytes(&day.message(Stream::Broadcast, number), &whole(0x2006, 1, number, &[status]));
    }
    assert_eq!(day.directory.last_step(), 4);
    assert_eq!(day.directory.instrument(InstrumentIndex(1)).unwrap().phase, Phase::NoTrading);
}

#[test]
fn market_data_has_prices_where_there_are_any_and_exact_turnover() {
    let mut day = Day::open(2);
    day.insert(0, b'0', TICKS, 5, b'3');
    day.insert(2, b'1', TICKS, 2, b'3');
    day.insert(2, b'1', TICKS + 5, 7, b'3');
    let mut other = day.order(0, b'0', 10_000, 9, b'3');
    other.instrument = InstrumentIndex(1);
    day.ask(0, &other);
    day.own(&MarketDataTick { reserved: 0 });
    let change = |id: &str, prices: [&str; 6], lots: [u32; 4]| {
        let prices = prices.concat();
        let lots = lots.map(u32::to_be_bytes).concat();
        field(0x0012, &[&text(id, 30), b"0", prices.as_bytes(), &lots])
    };
    // Open, high, low, last, bid, ask; bid lot, ask lot, volume, open interest.
    let first = change("IF2406", [PRICE, PRICE, PRICE, PRICE, PRICE, "0003501.2000"], [3, 7, 2, 1_002]);
    let second = change("IF2407", [NO_PRICE, NO_PRICE, NO_PRICE, NO_PRICE, "0002000.0000", NO_PRICE], [9, 0, 0, 1_000]);
    // 3,500.2 x 300 x 2.
    let turnovers = [
        field(0xF004, &[&text("IF2406", 30), b"000000002100120.00"]),
        field(0xF004, &[&text("IF2407", 30), b"000000000000000.00"]),
    ];
    let [first_turnover, second_turnover] = turnovers;
    let expected = whole(0x2004, 1, 1, &[first, second, first_turnover, second_turnover]);
    assert_bytes(&day.message(Stream::Broadcast, 1), &expected);
}

#[test]
fn market_data_of_many_instruments_is_a_chain_over_all_parts_of_the_frame() {
    // 819 events and more do not fit into one part of a frame.
    let instruments = 900;
    let mut day = Day::open(instruments);
    for instrument in 0..instruments {
        let mut order = day.order(0, b'0', 10_000 + i64::from(instrument), 1, b'3');
        order.instrument = InstrumentIndex(instrument);
        day.ask(0, &order);
    }
    let tick = day.own(&MarketDataTick { reserved: 0 });
    assert!(day.frame(tick).parts().count() > 1);
    // Behind it the new levels.
    assert_eq!(day.count(Stream::Broadcast), 2);
    let bytes = day.message(Stream::Broadcast, 1);
    assert!(bytes.len() <= market_data_size_max(instruments.into()));
    // By hand: changes of 125 bytes, 32 in a part of 4,080; then turnovers of 54, 75 in a part.
    let changes = (0..instruments).map(|instrument| {
        let bid =
            format!("{:07}.{:04}", (10_000 + u32::from(instrument)) / 5, (10_000 + u32::from(instrument)) % 5 * 2_000);
        let prices = [NO_PRICE, NO_PRICE, NO_PRICE, NO_PRICE, &bid, NO_PRICE].concat();
        let id = text(&format!("IF{}", 2_406 + instrument), 30);
        field(0x0012, &[&id, b"0", prices.as_bytes(), &int(1), &int(0), &int(0), &int(1_000)])
    });
    let turnovers = (0..instruments).map(|instrument| {
        let id = text(&format!("IF{}", 2_406 + instrument), 30);
        field(0xF004, &[&id, b"000000000000000.00"])
    });
    let mut parts: Vec<Vec<Vec<u8>>> = vec![vec![]];
    for field in changes.chain(turnovers) {
        let last = parts.last().unwrap();
        if last.iter().map(Vec::len).sum::<usize>() + field.len() > 4_080 {
            parts.push(vec![]);
        }
        parts.last_mut().unwrap().push(field);
    }
    let letters = (0..parts.len()).map(|at| {
        if at == 0 {
            b'F'
        } else if at + 1 == parts.len() {
            b'L'
        } else {
            b'C'
        }
    });
    let expected: Vec<u8> =
        parts.iter().zip(letters).flat_map(|(fields, chain)| part(chain, 0x2004, 1, 1, fields)).collect();
    assert_bytes(&bytes, &expected);
    // With one byte less there is no room.
    let mut short = vec![0; bytes.len() - 1];
    let result = day.renderer().message(Stream::Broadcast, StreamNumber(1), &mut short);
    assert_eq!(result, Err(NotRendered::NoRoom));
    // The next message is the next number.
    day.own(&bulletin(ParticipantIndex::ALL));
    assert_eq!(day.count(Stream::Broadcast), 3);
}

#[test]
fn a_member_beyond_the_cut_is_told_what_to_forget() {
    let mut day = Day::open(1);
    for _ in 0..3 {
        day.insert(0, b'0', TICKS, 1, b'3');
    }
    let cut = day.insert(0, b'0', TICKS, 1, b'3');
    // Between the cut and the new epoch this core has told a bulletin and restated the book.
    day.own(&bulletin(ParticipantIndex::ALL));
    day.own(&BookRestate { reserved: 0 });
    day.own(&EpochOpen {
        epoch: Epoch(2),
        data_center: 8,
        old_epoch: Epoch(1),
        reserved: 0,
        cut_sequence: Sequence(cut.sequence.0),
    });
    assert_eq!((day.count(FIRST), day.count(Stream::Broadcast)), (8, 1));
    assert_eq!(day.streams.count_at_cut(FIRST, Epoch(1)), Some(StreamNumber(4)));
    assert_eq!(day.streams.count_at_cut(Stream::Broadcast, Epoch(1)), Some(StreamNumber(0)));
    assert_eq!(day.streams.count_at_cut(FIRST, Epoch(2)), None);
    let present = day.directory.day().unwrap();
    assert_eq!((present.first_epoch, present.epoch, present.data_center), (Epoch(1), Epoch(2), 8));
    let resume = day.streams.resume(FIRST, Some(Epoch(1)), 6);
    let cancelled = Cancelled { epoch: Epoch(1), data_center: 7, from: StreamNumber(5), to: StreamNumber(6) };
    assert_eq!((resume.cancel, resume.next), (Some(cancelled), StreamNumber(5)));
    let mut buffer = [0; 100];
    let length = day.renderer().flow_message_cancel(FIRST, &cancelled, &mut buffer).unwrap();
    let cancel = field(0x0038, &[&[0, 2], b"20240612", b"20240611", &int(7), &int(5), &int(6)]);
    assert_bytes(&buffer[..length], &whole(0x5007, 0, 0, &[cancel]));
    // Who names the present epoch goes on where it stopped.
    assert_eq!(day.streams.resume(FIRST, Some(Epoch(2)), 6).next, StreamNumber(7));
}
