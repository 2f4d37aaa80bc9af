//! Quotes, enquiries and exercise instructions over a front: what is answered, what is told, what is told again.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod front_support;

use engine::command::*;
use engine::types::*;
use front_support::*;
use ftd::field::*;
use ftd::value::data_flow_flag::{DIALOG, PRIVATE};
use ftd::{MessageWriter, SequenceNumber, Series, tid};
use zerocopy::IntoBytes;

const BUY: u8 = b'0';
const SELL: u8 = b'1';
/// An option that may be exercised today.
const OPTION: &[u8] = b"IO2406-C-3000";

fn text<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut padded = [b' '; N];
    padded[..text.len()].copy_from_slice(text);
    padded
}

/// Members 0 (a market maker of futures, with options in hand), 1 and 2, joined to their dialogs and private streams.
fn world() -> World {
    let mut world = World::new(Setup { participants: 3, ..Setup::default() });
    world.command(&MarketMakerSet { account: AccountIndex(0), product: ProductIndex(0), on: 1, reserved: 0 });
    world.command(&ProductDefine {
        index: ProductIndex(1),
        kind: b'2',
        flags: 0,
        functions: Function::BITS,
        enquiry_interval: 60,
        enquiry_spread: 0,
        open_limit: 0,
        quote_spread: 0,
        quote_volume: 0,
        reserved: 0,
        id: text(b"IO"),
        group: text(b"IO"),
    });
    world.command(&InstrumentDefine {
        index: InstrumentIndex(2),
        price_rule: PriceRule::Resting as u8,
        tie_break: TieBreak::Pressure as u8,
        phase: Phase::Continuous as u8,
        right: b'0',
        product: ProductIndex(1),
        tick: 2_000,
        multiplier: 100,
        lower_limit: 1,
        upper_limit: 20_000,
        previous_settlement: 500,
        minimum_volume: 1,
        maximum_volume: 100,
        maximum_market_volume: 100,
        open_limit: 0,
        position_limit: 0,
        limit_with: InstrumentIndex(2),
        option_type: b'1',
        flags: INSTRUMENT_EXERCISE,
        last_trading_day: 0,
        previous_open_interest: 0,
        strike: RawPrice(30_000_000),
        margin_long: 0,
        margin_short: 0,
        id: text(OPTION),
    });
    world.command(&PositionSet {
        account: AccountIndex(0),
        instrument: InstrumentIndex(2),
        hedge: b'1',
        reserved: 0,
        long_yesterday: 5,
        long_today: 0,
        short_yesterday: 0,
        short_today: 0,
    });
    world.command(&ExecWindowSet { product: ProductIndex(1), open: 1, reserved: 0, step: 0 });
    for participant in 0..3 {
        let client = world.add_client(participant);
        world.connect(client);
        for flag in [DIALOG, PRIVATE] {
            world.clients[client].login(flag, None, None);
        }
        world.until("two logins are answered", |world| world.clients[client].heard.count(tid::USER_LOGIN) == 2);
    }
    world
}

/// A quote to open, of 2 lots at `bid` and 3 at `ask` ticks.
fn quote(client: &mut Client, local_id: &[u8], bid: i64, ask: i64) -> InputQuoteField {
    let mut quote = InputQuoteField::BLANK;
    let order = client.order_field(BUY, 15_000, 1);
    (quote.participant_id, quote.client_id, quote.user_id) = (order.participant_id, order.client_id, order.user_id);
    quote.instrument_id.set(INSTRUMENT).unwrap();
    quote.quote_local_id.set(local_id).unwrap();
    quote.bid_comb_offset_flag.set(b'0');
    quote.bid_comb_hedge_flag.set(b'4');
    quote.bid_volume.set(2);
    quote.bid_price.set_units(bid * 2_000).unwrap();
    quote.ask_comb_offset_flag.set(b'0');
    quote.ask_comb_hedge_flag.set(b'4');
    quote.ask_volume.set(3);
    quote.ask_price.set_units(ask * 2_000).unwrap();
    quote.message_reference.set(b"Q-REF").unwrap();
    quote
}

fn quote_action(client: &Client, sys_id: &[u8], local_id: &[u8]) -> QuoteActionField {
    let mut action = QuoteActionField::BLANK;
    action.order_action_code.set(b'0');
    action.quote_sys_id.set(sys_id).unwrap();
    action.quote_local_id.set(local_id).unwrap();
    action.action_local_id.set(b"ACT").unwrap();
    action.participant_id = participant_id(client.participant).into();
    action.user_id = user_id(client.participant).into();
    action.message_reference.set(b"QA").unwrap();
    action
}

fn instruction(client: &Client, local_id: &[u8], volume: i32) -> InputExecOrderField {
    let mut order = InputExecOrderField::BLANK;
    order.instrument_id.set(OPTION).unwrap();
    order.participant_id = participant_id(client.participant).into();
    order.client_id = text::<8>(format!("{:08}", client.participant + 1).as_bytes()).into();
    order.user_id = user_id(client.participant).into();
    order.exec_order_local_id.set(local_id).unwrap();
    order.volume.set(volume);
    order.message_reference.set(b"EX").unwrap();
    order
}

fn tids(told: &[Received]) -> Vec<ftd::Tid> {
    told.iter().map(|message| message.tid).collect()
}

/// Sends a request of one field and returns what is heard, which is `count` messages.
fn ask<F: ftd::Field>(world: &mut World, client: usize, tid: ftd::Tid, field: &F, count: usize) -> Vec<Received> {
    let told = world.answers(client, count, |client| {
        let bytes = client.request(tid, field);
        client.send(&bytes);
    });
    assert_eq!(told.len(), count, "{told:?}");
    told
}

/// Private messages of a member from the first on, asked for again.
fn told_again(world: &mut World, client: usize) -> (Vec<Received>, Vec<Received>) {
    let private = |world: &World, from: usize| -> Vec<Received> {
        let heard = world.heard(client).of_series(series(world.clients[client].participant));
        heard.into_iter().skip(from).cloned().collect()
    };
    let first = private(world, 0);
    world.clients[client].login(PRIVATE, Some(0), Some(1));
    world.until("it has heard everything again", |world| private(world, first.len()).len() >= first.len());
    (first.clone(), private(world, first.len()))
}

#[test]
fn a_quote_is_answered_told_traded_replaced_and_cancelled_and_told_the_same_again() {
    let mut world = world();
    let field = quote(&mut world.clients[0], b"Q1", 14_990, 15_010);
    let told = ask(&mut world, 0, tid::QUOTE_INSERT, &field, 4);
    assert_eq!(tids(&told), [tid::QUOTE_INSERT, tid::QUOTE, tid::ORDER_CONFIRMATION, tid::ORDER_CONFIRMATION]);
    let answer = told[0].field::<InputQuoteField>();
    let first = *answer.quote_sys_id.bytes();
    assert!(!answer.quote_sys_id.is_blank());
    // The request's field, with the system's id.
    assert_eq!(InputQuoteField { quote_sys_id: field.quote_sys_id, ..*answer }.as_bytes(), field.as_bytes());
    let status = told[1].field::<QuoteField>();
    assert_eq!((*status.quote_sys_id.bytes(), *status.bid_order_sys_id.bytes()), (first, first));
    assert_eq!(status.clearing_part_id.bytes(), &participant_id(0));
    assert!(status.cancel_time.is_blank() && status.trade_time.is_blank());
    let (bid, ask_) = (told[2].field::<OrderStatusField>(), told[3].field::<OrderStatusField>());
    assert_eq!((bid.direction.get(), bid.volume_total.get(), bid.limit_price.units()), (BUY, 2, Ok(14_990 * 2_000)));
    assert_eq!(
        (ask_.direction.get(), ask_.volume_total.get(), ask_.limit_price.units()),
        (SELL, 3, Ok(15_010 * 2_000))
    );
    for order in [bid, ask_] {
        assert_eq!(order.order_local_id.trimmed(), b"Q1");
        assert_eq!(
            (order.order_type.get(), order.match_condition.get(), order.match_session.get()),
            (b'0', b'3', b'3')
        );
        assert_eq!((order.hedge_flag.get(), order.message_reference.trimmed()), (b'4', &b"Q-REF"[..]));
    }
    let ask_sys_id = *ask_.order_sys_id.bytes();
    assert_eq!(status.ask_order_sys_id.bytes(), &ask_sys_id);

    // Somebody trades with the ask: the maker is told of its own order.
    let heard = world.heard(0).messages.len();
    world.answers(1, 3, |client| client.order(BUY, 15_010, 1));
    let trade = world.heard(0).messages[heard..].to_vec();
    assert_eq!(tids(&trade), [tid::TRADE_INSERT_SINGLE]);
    let trade = trade[0].field::<TradeInsertSingleField>();
    assert_eq!((*trade.order_sys_id.bytes(), trade.direction.get(), trade.hedge_flag.get()), (ask_sys_id, SELL, b'4'));
    assert_eq!((trade.order_local_id.trimmed(), trade.volume.get()), (&b"Q1"[..], 1));

    // Another quote takes its place: both orders end, the quote ends, the new one is told. Its bid trades with an order that rests.
    world.answers(2, 2, |client| client.order(SELL, 15_005, 1));
    let field = quote(&mut world.clients[0], b"Q2", 15_005, 15_020);
    let told = ask(&mut world, 0, tid::QUOTE_INSERT, &field, 8);
    assert_eq!(
        tids(&told),
        [
            tid::QUOTE_INSERT,
            tid::ORDER_CONFIRMATION,
            tid::ORDER_CONFIRMATION,
            tid::QUOTE,
            tid::QUOTE,
            tid::ORDER_CONFIRMATION,
            tid::TRADE_INSERT_SINGLE,
            tid::ORDER_CONFIRMATION
        ]
    );
    let ended = told[2].field::<OrderStatusField>();
    assert_eq!((ended.order_status.get(), ended.volume_total.get(), ended.trade_volume.get()), (b'5', 2, 1));
    assert_eq!(ended.active_user_id.bytes(), &user_id(0), "the user of the new quote");
    let replaced = told[3].field::<QuoteField>();
    assert!(replaced.quote_sys_id.bytes() == &first && !replaced.cancel_time.is_blank());
    let second = *told[4].field::<QuoteField>().quote_sys_id.bytes();
    assert_eq!(told[0].field::<InputQuoteField>().quote_sys_id.bytes(), &second);

    // Refused: another's, a quote that crosses itself, a local id sent again, one that makes no markets.
    let code = |told: &[Received]| told[0].error_code();
    let action = quote_action(&world.clients[1], second.trim_ascii_end(), b"");
    assert_eq!(code(&ask(&mut world, 1, tid::QUOTE_ACTION, &action, 1)), 25);
    let crossed = quote(&mut world.clients[0], b"Q3", 15_030, 15_020);
    let told = ask(&mut world, 0, tid::QUOTE_INSERT, &crossed, 1);
    assert_eq!((code(&told), told[0].field::<ErrorTargetOrderField>().order_local_id.trimmed()), (31, &b"Q3"[..]));
    let told = ask(&mut world, 0, tid::QUOTE_INSERT, &field, 1);
    assert_eq!((code(&told), *told[0].field::<ErrorTargetOrderField>().order_sys_id.bytes()), (2, second));
    let stranger = quote(&mut world.clients[1], b"Q1", 14_990, 15_010);
    assert_eq!(code(&ask(&mut world, 1, tid::QUOTE_INSERT, &stranger, 1)), 30);
    // By the session itself: somebody else's name, a volume and a price that are none.
    let mut wrong = field;
    wrong.participant_id = participant_id(1).into();
    let told = ask(&mut world, 0, tid::QUOTE_INSERT, &wrong, 1);
    assert_eq!((code(&told), told[0].field::<ErrorTargetOrderField>().order_local_id.trimmed()), (107, &b"Q2"[..]));
    let mut wrong = field;
    wrong.ask_volume.set(-1);
    assert_eq!(code(&ask(&mut world, 0, tid::QUOTE_INSERT, &wrong, 1)), 109);
    let mut wrong = field;
    wrong.bid_price = (*b"not a number").into();
    assert_eq!(code(&ask(&mut world, 0, tid::QUOTE_INSERT, &wrong, 1)), 109);

    // Cancelled under its local id, with instrument and client named.
    let mut action = quote_action(&world.clients[0], b"", b"Q2");
    action.instrument_id.set(INSTRUMENT).unwrap();
    action.client_id = field.client_id;
    let told = ask(&mut world, 0, tid::QUOTE_ACTION, &action, 4);
    assert_eq!(tids(&told), [tid::QUOTE_ACTION, tid::ORDER_CONFIRMATION, tid::ORDER_CONFIRMATION, tid::QUOTE]);
    let answer = told[0].field::<QuoteActionField>();
    assert_eq!(*answer.quote_sys_id.bytes(), second);
    assert_eq!(QuoteActionField { quote_sys_id: action.quote_sys_id, ..*answer }.as_bytes(), action.as_bytes());
    assert_eq!(told[3].field::<QuoteField>().quote_sys_id.bytes(), &second);
    assert_eq!(code(&ask(&mut world, 0, tid::QUOTE_ACTION, &action, 1)), 32);

    for member in 0..3 {
        let (first, again) = told_again(&mut world, member);
        assert!(!first.is_empty() && first == again, "member {member}");
    }
    assert_eq!(world.core.engine(|engine| engine.machine().state().live_orders()), Some(0));
}

#[test]
fn one_order_of_a_quote_is_cancelled_by_its_id_and_the_quote_ends_with_its_last() {
    let mut world = world();
    let field = quote(&mut world.clients[0], b"Q1", 14_990, 15_010);
    let told = ask(&mut world, 0, tid::QUOTE_INSERT, &field, 4);
    let ids = [2, 3].map(|at| *told[at].field::<OrderStatusField>().order_sys_id.bytes());
    let told = world.answers(0, 2, |client| client.cancel(ids[1]));
    assert_eq!(tids(&told), [tid::ORDER_ACTION, tid::ORDER_CONFIRMATION]);
    let told = world.answers(0, 3, |client| client.cancel(ids[0]));
    assert_eq!(tids(&told), [tid::ORDER_ACTION, tid::ORDER_CONFIRMATION, tid::QUOTE]);
    assert_eq!(told[0].field::<OrderActionField>().order_sys_id.bytes(), &ids[0]);
    let (first, again) = told_again(&mut world, 0);
    assert_eq!(first, again);
}

#[test]
fn an_enquiry_is_answered_with_its_id_and_not_too_often() {
    let mut world = world();
    let enquiry = |local_id: &[u8]| {
        let mut enquiry = EnquireQuoteField::BLANK;
        enquiry.participant_id = participant_id(1).into();
        enquiry.client_id = text::<8>(b"00000002").into();
        enquiry.user_id = user_id(1).into();
        enquiry.instrument_id.set(INSTRUMENT).unwrap();
        enquiry.quote_direction.set(b'2');
        enquiry.quote_local_id.set(local_id).unwrap();
        enquiry.message_reference.set(b"ENQ").unwrap();
        enquiry
    };
    let told = ask(&mut world, 1, tid::ENQUIRE_QUOTE, &enquiry(b"E1"), 1);
    let answer = told[0].field::<EnquireQuoteField>();
    assert!(told[0].tid == tid::ENQUIRE_QUOTE && !answer.quote_sys_id.is_blank());
    let asked = enquiry(b"E1");
    assert_eq!(EnquireQuoteField { quote_sys_id: asked.quote_sys_id, ..*answer }.as_bytes(), asked.as_bytes());
    let told = ask(&mut world, 1, tid::ENQUIRE_QUOTE, &enquiry(b"E2"), 1);
    assert_eq!(
        (told[0].error_code(), told[0].field::<ErrorTargetOrderField>().order_local_id.trimmed()),
        (33, &b"E2"[..])
    );
    let mut wrong = enquiry(b"E3");
    wrong.user_id = user_id(0).into();
    assert_eq!(ask(&mut world, 1, tid::ENQUIRE_QUOTE, &wrong, 1)[0].error_code(), 107);
    let mut wrong = enquiry(b"E3");
    wrong.quote_direction.set(b'x');
    assert_eq!(ask(&mut world, 1, tid::ENQUIRE_QUOTE, &wrong, 1)[0].error_code(), 5);
}

#[test]
fn an_instruction_is_answered_told_taken_back_and_told_the_same_again() {
    let mut world = world();
    let field = instruction(&world.clients[0], b"X1", 3);
    // Without a word about it, it is an exercise.
    let told = ask(&mut world, 0, tid::EXEC_ORDER_INSERT, &field, 2);
    assert_eq!(tids(&told), [tid::EXEC_ORDER_INSERT, tid::EXEC_ORDER]);
    assert_eq!(told[0].field::<InputExecOrderField>().as_bytes(), field.as_bytes());
    assert_eq!(told[0].field::<ExecActionField>().exec_action.get(), b'1');
    let status = told[1].field::<ExecOrderField>();
    let sys_id = *status.exec_order_sys_id.bytes();
    assert_eq!((status.volume.get(), status.exec_result.get(), status.settlement_id.get()), (3, b'n', 1));
    assert!(status.cancel_time.is_blank() && status.settlement_group_id.is_blank());
    assert_eq!(told[1].field::<ExecActionField>().exec_action.get(), b'1');

    // Two lots are left: an abandonment of three is refused, one of two is not.
    let mut abandon = instruction(&world.clients[0], b"X2", 6);
    let send = |world: &mut World, field: &InputExecOrderField, action: u8, count: usize| {
        world.answers(0, count, |client| {
            let mut buffer = [0; 512];
            let number = SequenceNumber(client.next_request);
            client.next_request += 1;
            let mut message = MessageWriter::new(&mut buffer, tid::EXEC_ORDER_INSERT, Series::DIALOG, number).unwrap();
            message.push_copy(field).unwrap();
            let word: &mut ExecActionField = message.push().unwrap();
            word.exec_action.set(action);
            let length = message.finish();
            client.send(&buffer[..length]);
        })
    };
    let told = send(&mut world, &abandon, b'2', 1);
    assert_eq!(
        (told[0].error_code(), told[0].field::<ErrorTargetOrderField>().order_local_id.trimmed()),
        (17, &b"X2"[..])
    );
    abandon = instruction(&world.clients[0], b"X3", 2);
    let told = send(&mut world, &abandon, b'2', 2);
    assert_eq!(told[1].field::<ExecActionField>().exec_action.get(), b'2');
    let neither = instruction(&world.clients[0], b"X4", 1);
    assert_eq!(send(&mut world, &neither, b'7', 1)[0].error_code(), 5);
    let none = instruction(&world.clients[1], b"X1", 1);
    assert_eq!(ask(&mut world, 1, tid::EXEC_ORDER_INSERT, &none, 1)[0].error_code(), 17);
    let mut wrong = instruction(&world.clients[0], b"X5", -1);
    assert_eq!(ask(&mut world, 0, tid::EXEC_ORDER_INSERT, &wrong, 1)[0].error_code(), 109);
    wrong.user_id = user_id(2).into();
    assert_eq!(ask(&mut world, 0, tid::EXEC_ORDER_INSERT, &wrong, 1)[0].error_code(), 107);

    // Taken back: by its id, by another, again.
    let action = |client: &Client, sys_id: &[u8], local_id: &[u8]| {
        let mut action = ExecOrderActionField::BLANK;
        action.exec_order_sys_id.set(sys_id).unwrap();
        action.exec_order_local_id.set(local_id).unwrap();
        action.action_flag.set(b'0');
        action.participant_id = participant_id(client.participant).into();
        action.user_id = user_id(client.participant).into();
        action.action_local_id.set(b"XA").unwrap();
        action
    };
    let another = action(&world.clients[1], sys_id.trim_ascii_end(), b"");
    assert_eq!(ask(&mut world, 1, tid::EXEC_ORDER_ACTION, &another, 1)[0].error_code(), 25);
    let own = action(&world.clients[0], b"", b"X1");
    let told = ask(&mut world, 0, tid::EXEC_ORDER_ACTION, &own, 2);
    assert_eq!(tids(&told), [tid::EXEC_ORDER_ACTION, tid::EXEC_ORDER]);
    let answer = told[0].field::<ExecOrderActionField>();
    assert_eq!((*answer.exec_order_sys_id.bytes(), answer.client_id.trimmed()), (sys_id, &b"00000001"[..]));
    let ended = told[1].field::<ExecOrderField>();
    assert_eq!((ended.exec_result.get(), *ended.exec_order_sys_id.bytes()), (b'c', sys_id));
    assert!(!ended.cancel_time.is_blank());
    assert_eq!(ask(&mut world, 0, tid::EXEC_ORDER_ACTION, &own, 1)[0].error_code(), 24);
    let (first, again) = told_again(&mut world, 0);
    assert_eq!(first, again);
}

#[test]
fn an_order_that_becomes_a_limit_order_is_told_with_the_price_at_which_it_rests() {
    let mut world = world();
    world.answers(1, 2, |client| client.order(SELL, 15_000, 1));
    let told = world.answers(0, 3, |client| {
        let mut order = client.order_field(BUY, 0, 3);
        order.order_type.set(b'9');
        // Whatever it says, also what the item of the answer could not hold: it is told back as the nearest.
        order.limit_price = (*b"999999999999").into();
        let bytes = client.request(tid::ORDER_INSERT, &order);
        client.send(&bytes);
    });
    assert_eq!(tids(&told), [tid::ORDER_INSERT, tid::ORDER_CONFIRMATION, tid::TRADE_INSERT_SINGLE]);
    let answer = told[0].field::<OrderInsertField>();
    assert_eq!(answer.limit_price.bytes(), b"9999999.9999");
    let sys_id = *answer.order_sys_id.bytes();
    let told = world.answers(0, 2, |client| client.cancel(sys_id));
    let ended = told[1].field::<OrderStatusField>();
    assert_eq!(
        (ended.limit_price.units(), ended.order_type.get(), ended.volume_total.get()),
        (Ok(15_000 * 2_000), b'9', 2)
    );
    let (first, again) = told_again(&mut world, 0);
    assert_eq!(first, again);
}
