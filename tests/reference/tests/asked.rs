//! Members' requests for quotes, enquiries and exercise, over the network: names become places, answers come back.

mod common;

use common::wire::{Client, Got, World, participant_id};
use common::{TICK, option};
use ftd::field::{
    EnquireQuoteField, ErrorTargetOrderField, ExecActionField, ExecOrderActionField, InputExecOrderField,
    InputQuoteField, QuoteActionField,
};
use ftd::{MessageWriter, Tid, tid};
use reference::command::{self, ExecWindowSet, MarketMakerSet, PositionSet};
use reference::wire::Zero;
use reference::*;

/// A code, and what has to be changed in a right request to be answered with it.
type Wrong<'a, F> = (u64, &'a dyn Fn(&mut F));

fn world() -> World {
    let mut world = World::open();
    world.operate(MarketMakerSet { account: Account(0), product: Product(0), on: 1, zero: Zero });
    world.operate(option(2, b'1', 2));
    world.operate(PositionSet {
        account: Account(0),
        instrument: Instrument(2),
        hedge: b'1',
        zero: Zero,
        long_yesterday: 3,
        long_today: 0,
        short_yesterday: 0,
        short_today: 0,
    });
    world.operate(ExecWindowSet { product: Product(1), open: 1, zero: Zero, step: 0 });
    world
}

fn quote(writer: &mut MessageWriter<'_>, user: u16, change: impl FnOnce(&mut InputQuoteField)) {
    let out: &mut InputQuoteField = writer.push().expect("room");
    out.participant_id.set(participant_id(user)).expect("short");
    out.user_id.set(format!("trader{user}").as_bytes()).expect("short");
    out.client_id.set(b"00000100").expect("short");
    out.instrument_id.set(b"IF2410").expect("short");
    out.quote_local_id.set(b"q1").expect("short");
    out.bid_comb_offset_flag.set(b'0');
    out.bid_comb_hedge_flag.set(b'4');
    out.bid_volume.set(2);
    out.bid_price.set_units(99 * TICK).expect("a price");
    out.ask_comb_offset_flag.set(b'0');
    out.ask_comb_hedge_flag.set(b'4');
    out.ask_volume.set(3);
    out.ask_price.set_units(101 * TICK).expect("a price");
    change(out);
}

fn quote_action(writer: &mut MessageWriter<'_>, change: impl FnOnce(&mut QuoteActionField)) {
    let out: &mut QuoteActionField = writer.push().expect("room");
    out.order_action_code.set(b'0');
    out.participant_id.set(b"0001").expect("short");
    out.user_id.set(b"trader0").expect("short");
    out.quote_local_id.set(b"q1").expect("short");
    out.action_local_id.set(b"a1").expect("short");
    change(out);
}

fn instruction(client: &mut Client, local: &[u8], action: Option<u8>) {
    client.ask(tid::EXEC_ORDER_INSERT, |writer| {
        let out: &mut InputExecOrderField = writer.push().expect("room");
        out.instrument_id.set(b"IO2412").expect("short");
        out.participant_id.set(b"0001").expect("short");
        out.client_id.set(b"00000100").expect("short");
        out.user_id.set(b"trader0").expect("short");
        out.exec_order_local_id.set(local).expect("short");
        out.volume.set(1);
        if let Some(action) = action {
            let out: &mut ExecActionField = writer.push().expect("room");
            out.exec_action.set(action);
        }
    });
}

fn tids(got: &[Got]) -> Vec<Tid> {
    got.iter().map(|got| got.tid).collect()
}

#[test]
fn a_quote_is_asked_for_and_cancelled() {
    let mut world = world();
    let client = world.member(10, 0);
    world.at(client).messages();
    world.at(client).ask(tid::QUOTE_INSERT, |writer| quote(writer, 0, |_| {}));
    world.run(10);
    let got = world.at(client).messages();
    assert_eq!(
        tids(&got),
        [tid::QUOTE_INSERT, tid::QUOTE, tid::ORDER_CONFIRMATION, tid::ORDER_CONFIRMATION],
        "the answer precedes what the same frame puts into the private stream"
    );
    let answer: InputQuoteField = got[0].field().expect("a quote");
    assert_eq!((answer.bid_volume.get(), answer.ask_price.units()), (2, Ok(101 * TICK)));

    let wrong: [Wrong<'_, QuoteActionField>; 5] = [
        (107, &|out| out.user_id.set(b"trader1").expect("short")),
        (23, &|out| out.order_action_code.set(b'1')),
        (7, &|out| out.instrument_id.set(b"XX").expect("short")),
        (32, &|out| out.client_id.set(b"00000999").expect("short")),
        (32, &|out| out.quote_sys_id.set(b"XX").expect("short")),
    ];
    for (code, change) in wrong {
        world.at(client).ask(tid::QUOTE_ACTION, |writer| quote_action(writer, change));
        world.run(10);
        let got = world.at(client).messages();
        assert_eq!(got[0].code(), code);
        let target: ErrorTargetOrderField = got[0].field().expect("a target");
        assert_eq!(target.order_local_id.trimmed(), b"q1");
    }
    world.at(client).ask(tid::QUOTE_ACTION, |writer| {
        quote_action(writer, |out| {
            out.quote_sys_id = answer.quote_sys_id;
            out.client_id.set(b"00000100").expect("short");
            out.instrument_id.set(b"IF2410").expect("short");
        });
    });
    world.run(10);
    let got = world.at(client).messages();
    assert_eq!(tids(&got), [tid::QUOTE_ACTION, tid::ORDER_CONFIRMATION, tid::ORDER_CONFIRMATION, tid::QUOTE]);
    let action: QuoteActionField = got[0].field().expect("an action");
    assert_eq!((action.client_id.trimmed(), action.instrument_id.trimmed()), (&b"00000100"[..], &b"IF2410"[..]));
}

#[test]
fn what_is_wrong_with_a_quote_is_said() {
    let mut world = world();
    let client = world.member(10, 0);
    world.at(client).messages();
    let wrong: [Wrong<'_, InputQuoteField>; 6] = [
        (107, &|out| out.participant_id.set(b"0002").expect("short")),
        (109, &|out| out.bid_price = [b'x'; 12].into()),
        (109, &|out| out.ask_volume.set(-1)),
        (6, &|out| out.client_id.set(b"00000101").expect("short")),
        (2, &|out| out.instrument_id.set(b"XX").expect("short")),
        (1, &|out| out.quote_local_id.set(b"").expect("short")),
    ];
    for (code, change) in wrong {
        world.at(client).ask(tid::QUOTE_INSERT, |writer| quote(writer, 0, change));
        world.run(10);
        assert_eq!(world.at(client).messages()[0].code(), code);
    }
}

#[test]
fn an_enquiry_is_answered_and_heard() {
    let mut world = world();
    let (asks, hears) = (world.member(10, 0), world.member(11, 1));
    world.at(hears).messages();
    let enquiry = |writer: &mut MessageWriter<'_>, user: &[u8]| {
        let out: &mut EnquireQuoteField = writer.push().expect("room");
        out.participant_id.set(b"0001").expect("short");
        out.client_id.set(b"00000100").expect("short");
        out.user_id.set(user).expect("short");
        out.instrument_id.set(b"IF2410").expect("short");
        out.quote_direction.set(b'2');
        out.quote_local_id.set(b"e1").expect("short");
    };
    world.at(asks).messages();
    world.at(asks).ask(tid::ENQUIRE_QUOTE, |writer| enquiry(writer, b"trader1"));
    world.at(asks).ask(tid::ENQUIRE_QUOTE, |writer| enquiry(writer, b"trader0"));
    world.run(10);
    let got = world.at(asks).messages();
    assert_eq!(got[0].code(), 107);
    assert_eq!(tids(&got[1..]), [tid::ENQUIRE_QUOTE, tid::ENQUIRE_QUOTE_NOTIFY]);
    assert_eq!(tids(&world.at(hears).messages()), [tid::ENQUIRE_QUOTE_NOTIFY]);
}

#[test]
fn instructions_are_given_and_taken_back() {
    let mut world = world();
    let client = world.member(10, 0);
    world.at(client).messages();
    instruction(world.at(client), b"x1", None);
    world.run(10);
    assert_eq!(tids(&world.at(client).messages()), [tid::EXEC_ORDER_INSERT, tid::EXEC_ORDER]);
    instruction(world.at(client), b"x2", Some(b'2'));
    instruction(world.at(client), b"x3", Some(b'3'));
    world.run(10);
    let got = world.at(client).messages();
    let actions: Vec<u8> =
        world.primary.exchange().state().instructions.values().map(|one| one.insert.action).collect();
    assert_eq!(actions, [b'1', b'2'], "without a word it is an exercise");
    assert!(got.iter().any(|got| got.tid == tid::ERROR && got.code() == 5));

    for (code, local) in [(Some(24), &b"x9"[..]), (None, b"x1")] {
        world.at(client).ask(tid::EXEC_ORDER_ACTION, |writer| {
            let out: &mut ExecOrderActionField = writer.push().expect("room");
            out.exec_order_local_id.set(local).expect("short");
            out.action_flag.set(b'0');
            out.participant_id.set(b"0001").expect("short");
            out.user_id.set(b"trader0").expect("short");
            out.action_local_id.set(b"a1").expect("short");
        });
        world.run(10);
        let got = world.at(client).messages();
        match code {
            Some(code) => assert_eq!(got[0].code(), code),
            None => assert_eq!(tids(&got), [tid::EXEC_ORDER_ACTION, tid::EXEC_ORDER]),
        }
    }
    let mark = world.primary.exchange().state().largest_local_id(User(0), state::IdKind::Exec);
    assert_eq!(mark, Some(command::padded(b"x3")));
}
