//! What went wrong elsewhere leaves the state as it was: a panic while deciding, and frames that cannot be.

mod common;

use common::*;
use engine::command::*;
use engine::event::{
    Accepted, Applied, Depth, Ended, Enquired, Event, EventView, ExecAccepted, ExecEnded, InstrumentChanged,
    MarketChanged, MarketData, PhaseChanged, QuoteAccepted, QuoteEnded, Rejected, Restated, Rested, Snapshot, Ticked,
    Traded,
};
use engine::reject::Reject;
use engine::types::*;
use engine::{ImpossibleKind, decide, decide_guarded_by, validate};
use std::collections::BTreeSet;

#[test]
fn a_panic_while_deciding_is_one_refusal_and_leaves_the_state() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let mut market = Market::new();
    market.rest(&buy(100, 5));
    let buffer = CommandBuffer::new(
        0,
        0,
        UserIndex(0),
        &OrderInsert { local_id: local_id(99), ..sell(100, 5).account(2).body() },
    );
    market.stamp.sequence.0 += 1;
    let before = market.state.digests();
    let planted = |state: &engine::State, stamp: Stamp, command: &Command<'_>, draft: &mut engine::Draft| {
        // Half of the work is done when it breaks.
        decide(state, stamp, command, draft);
        panic!("a planted fault {}", draft.events().len());
    };
    let fault = decide_guarded_by(planted, &market.state, market.stamp, &buffer.command(), &mut market.draft)
        .expect_err("it panics");
    std::panic::set_hook(hook);
    assert_eq!(fault.message, "a planted fault 1");
    let events = market.draft.events().to_vec();
    assert_eq!(text(&events), "rejected DecideFault");
    validate(&market.state, market.stamp, &buffer.command(), &events).expect("a refusal is possible");
    engine::evolve(&mut market.state, market.stamp, &buffer.command(), &events[0]);
    market.draft.assert_arrived(&market.state);
    assert_eq!(engine::seal(&mut market.state, market.stamp), before);
    assert_eq!(market.state.recompute_digests(), before);
    // The command is not marked: sent again it is decided.
    let again = OrderInsert { local_id: local_id(99), ..sell(100, 5).account(2).body() };
    assert!(text(&market.run(UserIndex(2), &again)).starts_with("accepted"));
    assert_eq!(Reject::from_code(60), Some(Reject::DecideFault));
}

/// A market with an order of each kind, and the command and events of a frame to spoil.
struct Case {
    market: Market,
    buffer: CommandBuffer,
    events: Vec<Event>,
}

impl Case {
    fn new<B: Body>(mut market: Market, user: u16, body: &B) -> Self {
        market.stamp.sequence.0 += 1;
        let buffer = CommandBuffer::new(0, 0, UserIndex(user), body);
        decide(&market.state, market.stamp, &buffer.command(), &mut market.draft);
        let events = market.draft.events().to_vec();
        validate(&market.state, market.stamp, &buffer.command(), &events).expect("our own frame is possible");
        Case { market, buffer, events }
    }

    /// The events as they are but for a change; what is wrong with them.
    fn spoilt(&self, change: impl Fn(&mut Vec<Event>)) -> Option<ImpossibleKind> {
        let mut events = self.events.clone();
        change(&mut events);
        validate(&self.market.state, self.market.stamp, &self.buffer.command(), &events)
            .err()
            .map(|impossible| impossible.kind)
    }
}

fn change<T: Copy + Into<Event>>(events: &mut [Event], at: usize, read: impl Fn(&Event) -> T, with: impl Fn(&mut T)) {
    let mut event = read(&events[at]);
    with(&mut event);
    events[at] = event.into();
}

macro_rules! reader {
    ($name:ident, $kind:ident) => {
        fn $name(event: &Event) -> $kind {
            match event.view() {
                Some(EventView::$kind(event)) => *event,
                _ => panic!("another kind"),
            }
        }
    };
}
reader!(accepted, Accepted);
reader!(traded, Traded);
reader!(ended, Ended);
reader!(rested, Rested);
reader!(restated, Restated);
reader!(market_data, MarketData);
reader!(phase_changed, PhaseChanged);
reader!(rejected, Rejected);
reader!(depth, Depth);
reader!(ticked, Ticked);
reader!(snapshot, Snapshot);
reader!(market_changed, MarketChanged);
reader!(instrument_changed, InstrumentChanged);
reader!(quote_accepted, QuoteAccepted);
reader!(quote_ended, QuoteEnded);
reader!(enquired, Enquired);
reader!(exec_accepted, ExecAccepted);
reader!(exec_ended, ExecEnded);

fn insert(order: Order, id: u32) -> OrderInsert {
    OrderInsert { local_id: local_id(id), ..order.body() }
}

#[test]
fn every_impossible_frame_is_refused_for_its_reason() {
    use ImpossibleKind::*;
    let mut seen = BTreeSet::new();
    let mut check = |found: Option<ImpossibleKind>, expected: ImpossibleKind| {
        assert_eq!(found, Some(expected));
        seen.insert(expected);
    };
    let market = || {
        let mut market = Market::new();
        market.rest(&sell(101, 3).account(2));
        market.rest(&sell(102, 3).account(3));
        market
    };
    // Trades 3 and 2, and rests nothing.
    let case = Case::new(market(), 0, &insert(buy(102, 5), 900));
    assert!(text(&case.events).starts_with("accepted #1; traded 3 at 101"), "{}", text(&case.events));
    check(case.spoilt(Vec::clear), NoEvents);
    check(case.spoilt(|events| events.truncate(events.len() - 1)), OrderLeftOver);
    check(case.spoilt(|events| *events = events[1..].to_vec()), DoesNotFit);
    check(case.spoilt(|events| events.swap(1, 2)), WrongIndex);
    check(case.spoilt(|events| events.push(events[2])), DoesNotFit);
    check(case.spoilt(|events| events.push(Applied::zero().into())), DoesNotFit);
    let unknown = Applied { kind: 99, ..Applied::zero() };
    check(case.spoilt(|events| events[1] = unknown.into()), UnknownKind);
    check(case.spoilt(|events| change(events, 0, accepted, |event| event.reserved_2[3] = 1)), ReservedNotZero);
    check(case.spoilt(|events| change(events, 0, accepted, |event| event.index = 1)), WrongIndex);
    check(case.spoilt(|events| change(events, 0, accepted, |event| event.rests = 2)), UnknownCode);
    check(case.spoilt(|events| change(events, 0, accepted, |event| event.rests = 1)), DoesNotFit);
    check(case.spoilt(|events| change(events, 0, accepted, |event| event.private_number.0 += 1)), WrongStreamNumber);
    check(case.spoilt(|events| change(events, 0, accepted, |event| event.yesterday.0 = 1)), WrongVolume);
    check(case.spoilt(|events| change(events, 0, accepted, |event| event.sys_id = [b' '; 20])), SystemIdUnusable);
    let resting = case.market.state.orders()[0].sys_id;
    check(case.spoilt(|events| change(events, 0, accepted, |event| event.sys_id = resting)), SystemIdUnusable);
    check(case.spoilt(|events| change(events, 1, traded, |event| event.index = 7)), WrongIndex);
    check(case.spoilt(|events| change(events, 1, traded, |event| event.sell.0 += 1)), UnknownOrder);
    check(case.spoilt(|events| change(events, 1, traded, |event| event.sell = event.buy)), WrongSide);
    check(case.spoilt(|events| change(events, 1, traded, |event| event.aggressor = 1)), DoesNotFit);
    check(case.spoilt(|events| change(events, 1, traded, |event| event.volume.0 = 4)), WrongVolume);
    check(case.spoilt(|events| change(events, 1, traded, |event| event.volume.0 = 0)), WrongVolume);
    check(case.spoilt(|events| change(events, 1, traded, |event| event.sell_remaining.0 = 1)), WrongVolume);
    check(case.spoilt(|events| change(events, 1, traded, |event| event.sell_yesterday.0 = 1)), WrongVolume);
    check(case.spoilt(|events| change(events, 1, traded, |event| event.sell_number.0 = 0)), WrongStreamNumber);
    check(case.spoilt(|events| events[2] = events[1]), WrongIndex);
    // Judged otherwise, but possible: another price, another priority, a partial fill that rests.
    assert_eq!(case.spoilt(|events| change(events, 1, traded, |event| event.price.0 = 77)), None);
    let part = |events: &mut Vec<Event>| {
        events.truncate(2);
        let order = traded(&events[1]).buy;
        events.push(Rested { order, remaining: Volume(2), price: Price(102), ..Rested::zero() }.into());
    };
    assert_eq!(case.spoilt(part), None);
    let wrong_rest = |events: &mut Vec<Event>| {
        part(events);
        change(events, 2, rested, |event| event.remaining.0 = 3);
    };
    check(case.spoilt(wrong_rest), WrongVolume);
    let refuse = |events: &mut Vec<Event>| *events = vec![Rejected { code: 5, marked: 1, ..Rejected::zero() }.into()];
    assert_eq!(case.spoilt(refuse), None);
    check(case.spoilt(|events| *events = vec![Rejected { code: 999, ..Rejected::zero() }.into()]), UnknownCode);
    check(
        case.spoilt(|events| *events = vec![Rejected { code: 5, marked: 2, ..Rejected::zero() }.into()]),
        UnknownCode,
    );

    type Change = fn(&mut Stamp);
    let stamps: [(Change, ImpossibleKind); 5] = [
        (|stamp| stamp.sequence.0 += 1, SequenceOutOfOrder),
        (|stamp| stamp.sequence.0 -= 1, SequenceOutOfOrder),
        (|stamp| stamp.time.0 = 1, TimeOutOfOrder),
        (|stamp| stamp.epoch.0 += 1, EpochOutOfOrder),
        (|stamp| stamp.epoch.0 -= 1, EpochOutOfOrder),
    ];
    for (change, expected) in stamps {
        let mut stamp = case.market.stamp;
        change(&mut stamp);
        let impossible =
            validate(&case.market.state, stamp, &case.buffer.command(), &case.events).expect_err("out of order");
        assert_eq!(impossible.event, None);
        check(Some(impossible.kind), expected);
    }

    // The command is wrong though the events look well.
    let accepted_events = case.events.clone();
    let mut with = |body: OrderInsert, user: u16, expected: ImpossibleKind| {
        let buffer = CommandBuffer::new(0, 0, UserIndex(user), &body);
        let impossible = validate(&case.market.state, case.market.stamp, &buffer.command(), &accepted_events)
            .expect_err("impossible");
        assert_eq!(impossible.kind, expected);
        seen.insert(expected);
    };
    let good = insert(buy(102, 5), 900);
    with(OrderInsert { local_id: local_id(1), ..good }, 2, LocalIdTaken);
    with(OrderInsert { direction: b'7', ..good }, 0, UnknownCode);
    with(OrderInsert { offset: b'7', ..good }, 0, UnknownCode);
    with(OrderInsert { hedge: b'7', ..good }, 0, UnknownCode);
    with(OrderInsert { match_condition: b'7', ..good }, 0, UnknownCode);
    with(OrderInsert { price: RawPrice(1), ..good }, 0, PriceUnusable);
    with(OrderInsert { price: RawPrice(i64::MIN), ..good }, 0, PriceUnusable);
    with(OrderInsert { price: RawPrice(9 * i64::from(TICK)), ..good }, 0, PriceUnusable);
    with(OrderInsert { volume: Volume(0), ..good }, 0, WrongVolume);
    with(OrderInsert { volume: Volume(4), ..good }, 0, WrongVolume);
    with(OrderInsert { offset: b'1', ..good }, 0, PositionInsufficient);
    with(OrderInsert { account: AccountIndex(9), ..good }, 0, UnknownIndex);
    with(OrderInsert { instrument: InstrumentIndex(9), ..good }, 0, UnknownIndex);
    with(good, 7, UnknownIndex);

    let mut check = |found: Option<ImpossibleKind>, expected: ImpossibleKind| {
        assert_eq!(found, Some(expected));
        seen.insert(expected);
    };
    // Tables that are full.
    for limits in
        [DayOpen { live_orders: 1, ..day() }, DayOpen { local_ids: 1, ..day() }, DayOpen { position_rows: 1, ..day() }]
    {
        let mut market = Market::with(limits, |_| ());
        market.rest(&buy(99, 1));
        let case = Case::new(market, 0, &insert(buy(99, 1).account(1), 900));
        let accept = |events: &mut Vec<Event>| {
            let event = Accepted {
                rests: 1,
                private_number: StreamNumber(2),
                sys_id: *b"X0000000000000000001",
                ..Accepted::zero()
            };
            *events = vec![event.into()];
        };
        check(case.spoilt(accept), CapacityExceeded);
    }
    let mut market = Market::with(day(), |define| define.maximum_volume = u32::MAX);
    market.rest(&buy(99, u32::MAX));
    let case = Case::new(market, 0, &insert(buy(99, 1), 900));
    let accept = |events: &mut Vec<Event>| {
        let event = Accepted {
            rests: 1,
            private_number: StreamNumber(2),
            sys_id: *b"X0000000000000000001",
            ..Accepted::zero()
        };
        *events = vec![event.into()];
    };
    check(case.spoilt(accept), Overflow);
    let huge = |define: &mut InstrumentDefine| {
        (define.tick, define.multiplier, define.maximum_volume) = (u32::MAX, u32::MAX, u32::MAX)
    };
    let mut market = Market::with(day(), huge);
    let wide = |order: Order| order.change(|order| order.price = RawPrice(100 * i64::from(u32::MAX)));
    market.rest(&wide(sell(0, u32::MAX).account(2)));
    market.rest(&wide(buy(0, u32::MAX).account(1)));
    market.rest(&wide(sell(0, u32::MAX).account(3)));
    let case = Case::new(market, 0, &insert(wide(buy(0, u32::MAX)), 900));
    check(case.spoilt(|events| change(events, 1, traded, |event| event.price.0 = i32::MIN)), Overflow);

    let case = Case::new(market_with_orders(), 0, &MassCancel { scope: 0, cause: 0, reserved: [0; 2], index: 0 });
    check(case.spoilt(|events| events[1] = events[0]), UnknownOrder);
    check(case.spoilt(|events| change(events, 0, ended, |event| event.reason = 4)), DoesNotFit);
    check(case.spoilt(|events| change(events, 0, ended, |event| event.reason = 9)), DoesNotFit);
    check(case.spoilt(|events| change(events, 0, ended, |event| event.released.0 -= 1)), WrongVolume);
    check(case.spoilt(|events| change(events, 0, ended, |event| event.traded.0 += 1)), WrongVolume);
    check(case.spoilt(|events| change(events, 0, ended, |event| event.last_price.0 += 1)), WrongVolume);
    assert_eq!(case.spoilt(|events| events.truncate(events.len() - 1)), None, "fewer orders are ended than we would");

    let case = Case::new(market_with_orders(), 0, &BookRestate { reserved: 0 });
    check(case.spoilt(|events| change(events, 1, restated, |event| event.remaining.0 = 9)), WrongVolume);
    check(case.spoilt(|events| change(events, 1, restated, |event| event.private_number.0 = 9)), WrongStreamNumber);
    check(case.spoilt(|events| change(events, 1, restated, |event| event.order.0 = 9)), UnknownOrder);

    let case = Case::new(market_with_orders(), 0, &MarketDataTick { reserved: 0 });
    check(
        case.spoilt(|events| change(events, 0, market_data, |event| event.broadcast_number.0 += 1)),
        WrongStreamNumber,
    );
    check(case.spoilt(|events| change(events, 0, market_data, |event| event.instrument.0 = 3)), UnknownIndex);
    assert_eq!(case.spoilt(|events| change(events, 0, market_data, |event| event.bid.0 = 9)), None, "told otherwise");
    assert!(matches!(case.events[1].view(), Some(EventView::Depth(_))), "{}", text(&case.events));
    check(case.spoilt(|events| change(events, 1, depth, |event| event.side = 2)), UnknownCode);
    check(case.spoilt(|events| change(events, 1, depth, |event| event.count = 6)), UnknownCode);
    check(case.spoilt(|events| change(events, 1, depth, |event| event.gone_count = 6)), UnknownCode);
    check(case.spoilt(|events| change(events, 1, depth, |event| event.changed |= 1 << event.count)), UnknownCode);
    check(case.spoilt(|events| change(events, 1, depth, |event| event.price[4].0 = 1)), ReservedNotZero);
    check(case.spoilt(|events| change(events, 1, depth, |event| event.volume[4].0 = 1)), ReservedNotZero);
    check(case.spoilt(|events| change(events, 1, depth, |event| event.gone[0].0 = 1)), ReservedNotZero);
    check(case.spoilt(|events| change(events, 1, depth, |event| event.reserved[11] = 1)), ReservedNotZero);
    check(case.spoilt(|events| change(events, 1, depth, |event| event.instrument.0 = 3)), UnknownIndex);
    let last = case.events.len() - 1;
    check(case.spoilt(|events| events.truncate(last)), DoesNotFit);
    check(case.spoilt(|events| events.swap(0, last)), DoesNotFit);
    check(case.spoilt(|events| change(events, last, ticked, |event| event.match_number.0 += 1)), WrongStreamNumber);
    check(case.spoilt(|events| change(events, last, ticked, |event| event.trade_number.0 = 3)), WrongStreamNumber);
    check(case.spoilt(|events| change(events, last, ticked, |event| event.depth_number.0 += 1)), WrongStreamNumber);
    check(case.spoilt(|events| change(events, last, ticked, |event| event.reserved_2[0] = 1)), ReservedNotZero);
    assert_eq!(case.spoilt(|events| change(events, last, ticked, |event| event.depth_number.0 = 0)), None);

    let case = Case::new(Market::new(), 0, &phase_set(InstrumentIndex::ALL, b'3'));
    check(
        case.spoilt(|events| change(events, 1, phase_changed, |event| event.broadcast_number.0 = 1)),
        WrongStreamNumber,
    );
    check(case.spoilt(|events| change(events, 1, phase_changed, |event| event.phase = b'4')), DoesNotFit);
    check(case.spoilt(|events| change(events, 1, phase_changed, |event| event.instrument.0 = 3)), UnknownIndex);
    // The picture: both instruments as they are now, in their order, under the number of Snapshot; behind it the market's status ends the frame.
    assert_eq!(text(&case.events), "0 enters 3 #1; 1 enters 3 #2; data 0 #3; data 1 #3; snapshot #3; market 3 #4");
    check(case.spoilt(|events| events.swap(2, 3)), DoesNotFit);
    check(case.spoilt(|events| events.swap(1, 2)), WrongStreamNumber);
    check(case.spoilt(|events| events.insert(3, events[3])), DoesNotFit);
    for missing in [2, 3, 4] {
        let without = |events: &mut Vec<Event>| {
            events.remove(missing);
        };
        check(case.spoilt(without), DoesNotFit);
    }
    check(case.spoilt(|events| drop(events.drain(2..4))), DoesNotFit);
    check(case.spoilt(|events| events.push(events[4])), DoesNotFit);
    check(case.spoilt(|events| change(events, 2, market_data, |event| event.instrument = B)), DoesNotFit);
    check(
        case.spoilt(|events| change(events, 3, market_data, |event| event.broadcast_number.0 = 4)),
        WrongStreamNumber,
    );
    check(case.spoilt(|events| change(events, 4, snapshot, |event| event.broadcast_number.0 = 4)), WrongStreamNumber);
    check(case.spoilt(|events| change(events, 4, snapshot, |event| event.reserved_2[71] = 1)), ReservedNotZero);
    assert_eq!(case.spoilt(|events| change(events, 2, market_data, |event| event.last_volume.0 = 9)), None);
    check(case.spoilt(|events| change(events, 5, market_changed, |event| event.phase = b'8')), UnknownCode);
    check(
        case.spoilt(|events| change(events, 5, market_changed, |event| event.broadcast_number.0 = 3)),
        WrongStreamNumber,
    );
    check(case.spoilt(|events| change(events, 5, market_changed, |event| event.reserved = 1)), ReservedNotZero);
    check(case.spoilt(|events| events.swap(4, 5)), DoesNotFit);
    check(case.spoilt(|events| events.push(events[5])), DoesNotFit);
    check(case.spoilt(|events| events.push(events[2])), DoesNotFit);
    check(case.spoilt(|events| drop(events.drain(2..5))), DoesNotFit);
    assert_eq!(
        case.spoilt(|events| change(events, 5, market_changed, |event| event.phase = b'0')),
        None,
        "told otherwise"
    );
    assert_eq!(case.spoilt(|events| events.truncate(5)), None, "a primary that does not tell the market's status");
    assert_eq!(case.spoilt(|events| events.truncate(2)), None, "a primary that tells no picture");

    let right = RightSet { scope: RightScope::Instrument as u8, right: b'1', instrument: A, index: 0 };
    let case = Case::new(Market::new(), 0, &right);
    check(case.spoilt(|events| change(events, 0, instrument_changed, |event| event.right = b'2')), DoesNotFit);
    check(case.spoilt(|events| change(events, 0, instrument_changed, |event| event.instrument = B)), DoesNotFit);
    check(case.spoilt(|events| change(events, 0, instrument_changed, |event| event.reserved[2] = 1)), ReservedNotZero);
    check(
        case.spoilt(|events| change(events, 0, instrument_changed, |event| event.broadcast_number.0 = 2)),
        WrongStreamNumber,
    );
    check(case.spoilt(|events| events.push(events[0])), DoesNotFit);
    assert_eq!(case.spoilt(|events| events[0] = Applied::zero().into()), None, "a primary that does not tell it");
    for (wrong, kind) in [
        (RightSet { scope: RightScope::Account as u8, ..right }, DoesNotFit),
        (RightSet { right: b'3', ..right }, DefinitionImpossible),
        (RightSet { instrument: InstrumentIndex(9), ..right }, DefinitionImpossible),
    ] {
        let told = InstrumentChanged {
            instrument: wrong.instrument,
            right: wrong.right,
            broadcast_number: StreamNumber(1),
            ..InstrumentChanged::zero()
        };
        let case = Case { buffer: CommandBuffer::own(&wrong), ..Case::new(Market::new(), 0, &right) };
        check(case.spoilt(|events| events[0] = told.into()), kind);
    }

    let case = Case::new(Market::new(), 0, &account(0, 0, 0));
    assert_eq!(rejected(&case.events[0]).code, Reject::DefinitionInvalid as u16);
    check(case.spoilt(|events| events[0] = Applied::zero().into()), DefinitionImpossible);

    let case = Case::new(
        market_with_orders(),
        0,
        &Bulletin {
            participant: ParticipantIndex(0),
            urgency: b'1',
            reserved: 0,
            news_type: [b'0'; 3],
            reserved_2: 0,
            summary: [b' '; 80],
            content: [b' '; 504],
        },
    );
    check(case.spoilt(|events| events[0] = Applied::zero().into()), DoesNotFit);

    let missing: Vec<&ImpossibleKind> = ImpossibleKind::ALL.iter().filter(|kind| !seen.contains(kind)).collect();
    assert!(missing.is_empty(), "not reached: {missing:?}");
}

/// A market maker's market: its quote stands, another's order will meet the next quote's bid.
fn market_with_quote() -> Market {
    let mut market = Market::new();
    market.applied(&market_maker(0));
    market.quote(quote(0, 97, 103, 4));
    market.rest(&sell(99, 2).account(2));
    market
}

#[test]
fn impossible_frames_of_quotes_are_refused_for_their_reason() {
    use ImpossibleKind::*;
    let body = QuoteInsert { local_id: local_id(900), ..quote(0, 99, 101, 5) };
    let case = Case::new(market_with_quote(), 0, &body);
    let told = text(&case.events);
    let head = "ended Replaced left 4 traded 0 last 0 #4; ended Replaced left 4 traded 0 last 0 #5; quote ended Replaced #6; \
                quote accepted #7; accepted #8; traded 2 at 99 by buy";
    assert!(told.starts_with(head) && told.ends_with("rests 3; accepted rests #10"), "{told}");
    let check = |change: &dyn Fn(&mut Vec<Event>), expected: ImpossibleKind| {
        assert_eq!(case.spoilt(change), Some(expected));
    };
    // The old quote: both orders, then itself, and only for this reason.
    check(&|events| events.truncate(1), DoesNotFit);
    check(&|events| drop(events.drain(1..2)), DoesNotFit);
    check(&|events| drop(events.drain(2..3)), DoesNotFit);
    check(&|events| drop(events.drain(..3)), DoesNotFit);
    check(&|events| events.swap(2, 3), DoesNotFit);
    check(&|events| change(events, 0, ended, |event| event.reason = 2), DoesNotFit);
    check(&|events| change(events, 1, ended, |event| event.released.0 = 3), WrongVolume);
    check(&|events| change(events, 2, quote_ended, |event| event.reason = 2), DoesNotFit);
    check(&|events| change(events, 2, quote_ended, |event| event.quote.0 += 1), DoesNotFit);
    check(&|events| change(events, 2, quote_ended, |event| event.private_number.0 += 1), WrongStreamNumber);
    check(&|events| change(events, 2, quote_ended, |event| event.reserved_2[0] = 1), ReservedNotZero);
    // The new one: its ids, and both of its orders, one after the other.
    check(&|events| change(events, 3, quote_accepted, |event| event.sys_id = [b' '; 20]), SystemIdUnusable);
    check(&|events| change(events, 3, quote_accepted, |event| event.ask_sys_id = event.bid_sys_id), SystemIdUnusable);
    check(&|events| change(events, 3, quote_accepted, |event| event.bid_sys_id[19] = b'9'), SystemIdUnusable);
    check(&|events| change(events, 3, quote_accepted, |event| event.private_number.0 = 1), WrongStreamNumber);
    check(&|events| change(events, 3, quote_accepted, |event| event.reserved_2[11] = 1), ReservedNotZero);
    check(&|events| change(events, 4, accepted, |event| event.index = 1), WrongIndex);
    check(&|events| change(events, 4, accepted, |event| event.yesterday.0 = 1), WrongVolume);
    check(&|events| change(events, 4, accepted, |event| event.rests = 1), DoesNotFit);
    check(&|events| change(events, 5, traded, |event| event.buy_remaining.0 = 2), WrongVolume);
    check(&|events| change(events, 6, rested, |event| event.remaining.0 = 2), WrongVolume);
    check(&|events| change(events, 6, rested, |event| event.price.0 = 98), PriceUnusable);
    check(&|events| events.truncate(7), OrderLeftOver);
    check(&|events| events.truncate(4), OrderLeftOver);
    check(&|events| events.push(events[7]), DoesNotFit);
    check(&|events| events.push(events[3]), DoesNotFit);
    check(&|events| drop(events.drain(6..7)), DoesNotFit);
    check(&|events| *events = vec![Applied::zero().into()], DoesNotFit);
    // Judged otherwise: the bid rests although it could trade.
    let rests = |events: &mut Vec<Event>| {
        change(events, 4, accepted, |event| event.rests = 1);
        events.drain(5..7);
        change(events, 5, accepted, |event| event.private_number.0 -= 1);
    };
    assert_eq!(case.spoilt(rests), None);

    let case = Case::new(market_with_quote(), 0, &QuoteCancel { local_id: local_id(1), ..quote_cancel() });
    assert!(text(&case.events).ends_with("quote ended Cancelled #6"), "{}", text(&case.events));
    assert_eq!(case.spoilt(|events| events.truncate(2)), Some(DoesNotFit));
    assert_eq!(case.spoilt(|events| change(events, 0, ended, |event| event.reason = 5)), Some(DoesNotFit));
    assert_eq!(case.spoilt(|events| events.truncate(1)), None, "half of a quote may end");
}

#[test]
fn impossible_frames_of_enquiries_and_instructions_are_refused_for_their_reason() {
    use ImpossibleKind::*;
    let case = Case::new(Market::new(), 0, &EnquireQuote { local_id: local_id(900), ..enquiry(0) });
    assert_eq!(text(&case.events), "enquired #1");
    let check = |change: &dyn Fn(&mut Vec<Event>), expected: ImpossibleKind| {
        assert_eq!(case.spoilt(change), Some(expected));
    };
    check(&|events| events.push(events[0]), DoesNotFit);
    check(&|events| change(events, 0, enquired, |event| event.broadcast_number.0 = 2), WrongStreamNumber);
    check(&|events| change(events, 0, enquired, |event| event.sys_id = [b' '; 20]), SystemIdUnusable);
    check(&|events| change(events, 0, enquired, |event| event.reserved_2[0] = 1), ReservedNotZero);
    check(&|events| *events = vec![Applied::zero().into()], DoesNotFit);

    let option = |define: &mut InstrumentDefine| (define.option_type, define.flags) = (b'1', INSTRUMENT_EXERCISE);
    let with_position = || {
        let mut market = Market::with(day(), option);
        market.applied(&ExecWindowSet { product: ProductIndex::ALL, open: 1, reserved: 0, step: 0 });
        market.open_positions(0, 2, 6);
        market
    };
    let body = ExecOrderInsert { local_id: local_id(900), ..exec_order(0, 5, b'1') };
    let case = Case::new(with_position(), 0, &body);
    assert!(text(&case.events).starts_with("exec accepted yesterday 0 #"), "{}", text(&case.events));
    let check = |change: &dyn Fn(&mut Vec<Event>), expected: ImpossibleKind| {
        assert_eq!(case.spoilt(change), Some(expected));
    };
    check(&|events| events.push(events[0]), DoesNotFit);
    check(&|events| change(events, 0, exec_accepted, |event| event.yesterday.0 = 1), PositionInsufficient);
    check(&|events| change(events, 0, exec_accepted, |event| event.yesterday.0 = 6), WrongVolume);
    check(&|events| change(events, 0, exec_accepted, |event| event.private_number.0 += 1), WrongStreamNumber);
    check(&|events| change(events, 0, exec_accepted, |event| event.sys_id = [0; 20]), SystemIdUnusable);
    check(&|events| change(events, 0, exec_accepted, |event| event.reserved_2[0] = 1), ReservedNotZero);

    let mut market = with_position();
    market.run(UserIndex(0), &ExecOrderInsert { local_id: local_id(800), ..exec_order(0, 5, b'1') });
    let sequence = market.stamp.sequence.0;
    let body = ExecOrderCancel { local_id: local_id(800), ..exec_cancel() };
    let case = Case::new(market, 0, &body);
    assert!(text(&case.events).starts_with("exec ended #"), "{}", text(&case.events));
    assert_eq!(exec_ended(&case.events[0]).order.sequence().0, sequence);
    let check = |change: &dyn Fn(&mut Vec<Event>), expected: ImpossibleKind| {
        assert_eq!(case.spoilt(change), Some(expected));
    };
    check(&|events| events.push(events[0]), DoesNotFit);
    check(&|events| change(events, 0, exec_ended, |event| event.order.0 += 1), UnknownOrder);
    check(&|events| change(events, 0, exec_ended, |event| event.private_number.0 += 1), WrongStreamNumber);
    check(&|events| change(events, 0, exec_ended, |event| event.reserved_2[59] = 1), ReservedNotZero);
}

fn market_with_orders() -> Market {
    let mut market = Market::new();
    market.rest(&sell(101, 3).account(2));
    market.rest(&buy(99, 3));
    market.rest(&buy(101, 1));
    market
}

#[test]
fn before_the_day_opens_only_its_opening_is_possible() {
    let mut market = Market::empty();
    market.stamp.sequence = Sequence(1);
    let buffer = CommandBuffer::own(&participant(0));
    let applied: [Event; 1] = [Applied::zero().into()];
    let validated = validate(&market.state, market.stamp, &buffer.command(), &applied);
    assert_eq!(validated.map_err(|impossible| impossible.kind), Err(ImpossibleKind::DoesNotFit));
    let refused = [Rejected { code: Reject::DayNotOpen as u16, ..Rejected::zero() }.into()];
    let validated = validate(&market.state, market.stamp, &buffer.command(), &refused);
    assert_eq!(validated.map_err(|impossible| impossible.kind), Err(ImpossibleKind::DoesNotFit));
    let buffer = CommandBuffer::own(&day());
    assert_eq!(validate(&market.state, market.stamp, &buffer.command(), &applied), Ok(()));
    let other_epoch = Stamp { epoch: Epoch(2), ..market.stamp };
    let validated = validate(&market.state, other_epoch, &buffer.command(), &applied);
    assert_eq!(validated.map_err(|impossible| impossible.kind), Err(ImpossibleKind::EpochOutOfOrder));
}

#[test]
fn the_first_difference_is_named_and_texts_are_none() {
    let case = Case::new(market_with_orders(), 0, &insert(buy(101, 5), 900));
    let ours = &case.events;
    let difference = |change: &dyn Fn(&mut Vec<Event>)| {
        let mut theirs = ours.clone();
        change(&mut theirs);
        engine::first_difference(ours, &theirs).map(|difference| (difference.index, difference.what))
    };
    assert_eq!(difference(&|_| ()), None);
    assert_eq!(
        difference(&|events| change(events, 0, accepted, |event| event.sys_id = *b"another one's text  ")),
        None
    );
    assert_eq!(difference(&|events| change(events, 1, traded, |event| event.trade_id = [7; 20])), None);
    let price = difference(&|events| change(events, 1, traded, |event| event.price.0 = 100));
    assert_eq!(price, Some((1, "Traded: price 101 / 100".to_owned())));
    let shorter = difference(&|events| events.truncate(events.len() - 1));
    assert_eq!(shorter.map(|(index, what)| (index, what.ends_with("/ nothing"))), Some((2, true)));
    let other = difference(&|events| *events = vec![Rejected { code: 12, marked: 1, ..Rejected::zero() }.into()]);
    let (index, what) = other.expect("a difference");
    assert_eq!(index, 0);
    assert!(what.contains("Accepted") && what.contains("12 PriceOffTick"), "{what}");
}
