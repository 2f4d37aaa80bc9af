//! What members are told of quotes, enquiries, instructions and the market, field by field.

mod common;

use common::wire::World;
use common::{Day, TICK, day_open, option, phase_set};
use ftd::field::{
    EnquireQuoteField, EnquireQuoteNotifyField, ErrorTargetOrderField, ExecActionField, ExecOrderActionField,
    ExecOrderField, Field, InputExecOrderField, InputQuoteField, InstrumentField, MarketMatchDataField,
    MarketMatchIncDataField, MarketOrderDataField, MarketStatusField, OrderStatusField, QuoteActionField, QuoteField,
    TurnoverField,
};
use ftd::{Next, Tid, next_message, tid};
use reference::command::{self, ExecWindowSet, MarketMakerSet};
use reference::wire::Zero;
use reference::*;

/// The fields of one kind in a message, over all parts of its chain.
fn fields<F: Field>(mut bytes: &[u8]) -> Vec<F> {
    let mut found = Vec::new();
    while let Ok(Next::Message { length, message }) = next_message(bytes) {
        let of_kind = message.fields().filter(|(fid, _)| *fid == F::FID);
        found.extend(of_kind.map(|(_, items)| F::read_from_bytes(items).expect("a field of its length")));
        bytes = &bytes[length..];
    }
    found
}

fn one<F: Field>(bytes: &[u8]) -> F {
    let mut found = fields(bytes);
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn tid_of(bytes: &[u8]) -> Tid {
    let Ok(Next::Message { message, .. }) = next_message(bytes) else { panic!("a message") };
    message.tid()
}

fn open() -> Day {
    let mut day = Day::open_with(Settings::default(), day_open());
    day.own(MarketMakerSet { account: Account(0), product: Product(0), on: 1, zero: Zero });
    day.phase(Instrument(0), b'0');
    day
}

#[test]
fn a_quote_its_orders_and_its_end() {
    let mut day = open();
    let outcome = day.by(0, common::quote(1));
    let tids: Vec<Tid> = outcome.told.iter().map(|told| tid_of(&told.bytes)).collect();
    assert_eq!(tids, [tid::QUOTE, tid::ORDER_CONFIRMATION, tid::ORDER_CONFIRMATION]);
    assert_eq!(outcome.answers.len(), 1, "the orders have no answer of their own");
    assert_eq!(tid_of(&outcome.answers[0].bytes), tid::QUOTE_INSERT);
    let answer: InputQuoteField = one(&outcome.answers[0].bytes);
    let quote: QuoteField = one(&outcome.told[0].bytes);
    assert_eq!(answer.quote_sys_id, quote.quote_sys_id);
    assert_eq!(quote.quote_local_id.trimmed(), b"000000000001");
    assert_eq!((quote.bid_price.units(), quote.ask_price.units()), (Ok(99 * TICK), Ok(101 * TICK)));
    assert_eq!((quote.bid_comb_hedge_flag.get(), quote.ask_comb_offset_flag.get()), (b'4', b'0'));
    assert_eq!((quote.insert_time.is_blank(), quote.cancel_time.is_blank()), (false, true));
    assert_eq!(quote.clearing_part_id.trimmed(), b"0001");
    for (told, (sys_id, direction, price)) in
        outcome.told[1..].iter().zip([(quote.bid_order_sys_id, b'0', 99), (quote.ask_order_sys_id, b'1', 101)])
    {
        let order: OrderStatusField = one(&told.bytes);
        assert_eq!((order.order_sys_id, order.direction.get()), (sys_id, direction));
        assert_eq!(order.order_local_id, quote.quote_local_id);
        assert_eq!((order.limit_price.units(), order.order_type.get()), (Ok(price * TICK), b'0'));
        assert_eq!((order.match_condition.get(), order.match_session.get()), (b'3', b'3'));
    }

    let replaced = day.by(2, command::QuoteInsert { volume: [1, 1], ..common::quote(1) });
    let gone: OrderStatusField = one(&replaced.told[0].bytes);
    assert_eq!((gone.order_status.get(), gone.active_user_id.trimmed()), (b'5', &b"trader2"[..]));
    let ended: QuoteField = one(&replaced.told[2].bytes);
    assert_eq!((ended.quote_sys_id, ended.user_id.trimmed()), (quote.quote_sys_id, &b"trader0"[..]));
    assert!(!ended.cancel_time.is_blank());

    let cancelled = day.by(2, command::QuoteCancel { instrument: Instrument(0), ..common::quote_cancel(1) });
    assert_eq!(cancelled.answers.len(), 1);
    let answer: QuoteActionField = one(&cancelled.answers[0].bytes);
    assert_eq!((answer.order_action_code.get(), answer.action_local_id.trimmed()), (b'0', &b"c1"[..]));
    assert_eq!((answer.instrument_id.trimmed(), answer.client_id.is_blank()), (&b"IF2410"[..], true));
    let again = day.by(2, common::quote_cancel(1));
    assert_eq!(again.refused, Some(Reject::QuoteNotFound));
    let target: ErrorTargetOrderField = one(&again.answers[0].bytes);
    assert_eq!((target.order_sys_id.is_blank(), target.order_local_id.trimmed()), (true, &b"000000000001"[..]));
    let repeated = day.by(0, common::quote(1));
    let target: ErrorTargetOrderField = one(&repeated.answers[0].bytes);
    assert_eq!(target.order_sys_id, quote.quote_sys_id, "the first one's");
}

#[test]
fn an_enquiry_is_heard_by_all_without_a_name() {
    let mut day = open();
    let outcome = day.by(1, command::EnquireQuote { account: Account(1), direction: b'1', ..common::enquiry(4) });
    let answer: EnquireQuoteField = one(&outcome.answers[0].bytes);
    assert_eq!((answer.user_id.trimmed(), answer.client_id.trimmed()), (&b"trader1"[..], &b"00000101"[..]));
    assert_eq!((outcome.told[0].stream, outcome.told[0].number), (Stream::Broadcast, 4));
    let notice: EnquireQuoteNotifyField = one(&outcome.told[0].bytes);
    assert_eq!(notice.quote_sys_id, answer.quote_sys_id);
    assert_eq!((notice.quote_direction.get(), notice.request_by.get()), (b'1', b'1'));
}

#[test]
fn an_instruction_and_its_end() {
    let mut day = Day::open();
    day.own(option(2, b'1', 2));
    let held = command::PositionSet {
        account: Account(0),
        instrument: Instrument(2),
        hedge: b'1',
        zero: Zero,
        long_yesterday: 3,
        long_today: 0,
        short_yesterday: 0,
        short_today: 0,
    };
    day.own(held);
    day.own(ExecWindowSet { product: Product::ALL, open: 1, zero: Zero, step: 0 });
    let outcome = day.by(0, command::ExecOrderInsert { action: b'2', volume: 3, ..common::exec(1) });
    let answer: InputExecOrderField = one(&outcome.answers[0].bytes);
    assert_eq!((answer.volume.get(), answer.instrument_id.trimmed()), (3, &b"IO2412"[..]));
    let action: ExecActionField = one(&outcome.answers[0].bytes);
    assert_eq!(action.exec_action.get(), b'2');
    let told: ExecOrderField = one(&outcome.told[0].bytes);
    assert_eq!((told.exec_result.get(), told.settlement_id.get(), told.insert_date.get()), (b'n', 1, Some(20_240_930)));
    assert!(told.cancel_time.is_blank());
    let action: ExecActionField = one(&outcome.told[0].bytes);
    assert_eq!(action.exec_action.get(), b'2');
    let ended = day.by(0, common::exec_cancel(1));
    let answer: ExecOrderActionField = one(&ended.answers[0].bytes);
    assert_eq!((answer.exec_order_sys_id, answer.client_id.trimmed()), (told.exec_order_sys_id, &b"00000100"[..]));
    let told: ExecOrderField = one(&ended.told[0].bytes);
    assert_eq!((told.exec_result.get(), told.cancel_time.is_blank()), (b'c', false));
}

#[test]
fn a_picture_at_a_phase_change() {
    let mut day = open();
    for line in ["0 sell 3@102", "1 buy 1@102", "1 buy 2@99", "1 sell 1@99 close"] {
        day.line(line);
    }
    let outcome = day.own(phase_set(Instrument::ALL, b'7'));
    let [.., told, status] = &outcome.told[..] else { panic!("a picture, and the market's status") };
    assert_eq!((outcome.told.len(), told.number, status.number), (4, 6, 7));
    let status: MarketStatusField = one(&status.bytes);
    assert_eq!((status.market_id.trimmed(), status.market_status_id.get()), (&b"1"[..], b'7'));
    assert_eq!(status.broadcast_sequence_no.unsigned(), 7);
    let [first, second] = fields::<MarketMatchDataField>(&told.bytes)[..] else { panic!("two") };
    assert_eq!((first.pre_settle.units(), first.pre_open_interest.get()), (Ok(100 * TICK), 1_000));
    let prices = [first.open_price, first.high_price, first.low_price, first.last_price, first.close_price];
    assert_eq!(prices.map(|price| price.units()), [102, 102, 99, 99, 99].map(|price| Ok(price * TICK)));
    assert_eq!((first.bid_price.units(), first.bid_lot.get()), (Ok(99 * TICK), 1));
    assert_eq!((first.ask_price.units(), first.ask_lot.get()), (Ok(102 * TICK), 2));
    assert_eq!((first.last_lot.get(), first.trade_lot.get(), first.total_volume.get()), (1, 2, 2));
    // 201 ticks of 0.2 yuan, 300 a point.
    assert_eq!((first.trade_turnover.get(), first.open_interest.get()), (12_060, 1_001));
    assert_eq!(first.average_price.units(), Ok(201_000), "100.5 ticks");
    assert_eq!((first.high_limit.units(), first.low_limit.units()), (Ok(110 * TICK), Ok(90 * TICK)));
    assert_eq!((first.market_match_data_status.get(), first.total_market_match_data.get()), (b'7', 2));
    assert_eq!((first.broadcast_sequence_no.get(), second.broadcast_sequence_no.get()), (6, 6));
    assert_eq!((second.last_price.units(), second.average_price.units(), second.last_lot.get()), (Ok(0), Ok(0), 0));
    let turnovers = fields::<TurnoverField>(&told.bytes);
    assert_eq!(turnovers.iter().map(|field| field.turnover.units()).collect::<Vec<_>>(), [Ok(120_600_000), Ok(0)]);
}

#[test]
fn an_instruments_terms_when_its_right_changes() {
    let mut day = open();
    let set = |right: u8| command::RightSet { scope: 4, right, instrument: Instrument(1), index: 0 };
    let outcome = day.own(set(b'1'));
    let told: InstrumentField = one(&outcome.told[0].bytes);
    assert_eq!((outcome.told[0].stream, outcome.told[0].number), (Stream::Broadcast, 4));
    assert_eq!((told.market_id.trimmed(), told.currency.trimmed()), (&b"1"[..], &b"CNY"[..]));
    assert_eq!((told.trade_rights.get(), told.unit.get(), told.tick.units()), (b'1', 300, Ok(TICK)));
    assert!(day.own(set(b'1')).told.is_empty(), "it is so already");
}

#[test]
fn levels_and_prints_of_a_tick() {
    let mut day = open();
    let levels = |outcome: &Outcome| {
        let told = outcome.told.iter().find(|told| tid_of(&told.bytes) == tid::MARKET_ORDER_INC_DATA);
        let fields = fields::<MarketOrderDataField>(&told.expect("levels").bytes);
        let number = told.map(|told| told.number);
        assert!(fields.iter().all(|field| Some(field.broadcast_sequence_no.unsigned()) == number));
        let one = |field: &MarketOrderDataField| {
            (field.direction.get(), field.price.units().expect("a price") / TICK, field.volume.get())
        };
        fields.iter().map(one).collect::<Vec<_>>()
    };
    for line in
        ["0 sell 3@102", "0 sell 1@103", "0 sell 1@104", "0 sell 1@105", "0 sell 1@106", "0 sell 1@107", "1 buy 2@99"]
    {
        day.line(line);
    }
    let tick = command::MarketDataTick { zero: Zero };
    let first = day.own(tick);
    assert_eq!(
        levels(&first),
        [(b'0', 99, 2), (b'1', 102, 3), (b'1', 103, 1), (b'1', 104, 1), (b'1', 105, 1), (b'1', 106, 1)]
    );
    for line in ["1 buy 4@103", "1 sell 1@99 close", "0 buy 1@104 close", "0 sell 1@98 close", "0 sell 1@101"] {
        day.line(line);
    }
    let second = day.own(tick);
    assert_eq!(second.told.iter().map(|told| told.number).collect::<Vec<_>>(), [6, 7, 8]);
    // What is gone has no lots, what is new or has others is told, best first.
    assert_eq!(
        levels(&second),
        [(b'0', 99, 0), (b'1', 101, 1), (b'1', 102, 0), (b'1', 103, 0), (b'1', 104, 0), (b'1', 107, 1)]
    );
    let prints = fields::<MarketMatchIncDataField>(&second.told[1].bytes);
    let prints: Vec<_> = prints
        .iter()
        .map(|field| (field.price.units().expect("a price") / TICK, field.volume.get(), field.match_flag.get()))
        .collect();
    assert_eq!(prints, [(99, 2, b'2'), (102, 3, b'0'), (103, 1, b'0'), (104, 1, b'2')]);
}

#[test]
fn a_user_that_goes_takes_its_orders_with_it_if_that_is_its_setting() {
    let mut world = World::open();
    let flagged = command::UserDefine { flags: command::CANCEL_ON_DISCONNECT, ..common::user(5, 0) };
    world.operate(flagged);
    let (stays, goes) = (world.member(10, 0), world.member(11, 5));
    world.at(stays).order(0, 1, b'0', 1, 95);
    world.at(goes).order(5, 1, b'0', 1, 96);
    world.run(10);
    assert_eq!(world.primary.exchange().state().orders.len(), 2);
    world.reconnect(goes, 9_000);
    world.reconnect(stays, 9_000);
    world.run(10);
    let users: Vec<User> = world.primary.exchange().state().orders.values().map(|order| order.user).collect();
    assert_eq!(users, [User(0)]);
}
