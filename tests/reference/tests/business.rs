//! The rules of the whole business, paragraph by paragraph: order kinds, quotes, enquiries, exercise, limits, money, switches, calendar,
//! and what a tick publishes.

mod common;

use common::{Day, day_open, insert, option, phase_set, product};
use reference::command::{
    self, ClientLimitSet, CreditSet, ExecWindowSet, FunctionSet, MarketMakerSet, MassCancel, MemberLimitSet,
    PositionSet, ScheduleSet, function,
};
use reference::wire::Zero;
use reference::*;

/// The day of `common` with options 2 (call) and 3 (put, limited with 2), everything in continuous trading, accounts 0 and 1 market
/// makers in both products, account 0 holding 5 long of yesterday in 2.
fn business() -> Day {
    let mut day = Day::open_with(Settings::default(), command::DayOpen { limits: 4, ..day_open() });
    let mut commands: Vec<Command> = vec![option(2, b'1', 2).into(), option(3, b'2', 2).into()];
    for (account, product) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        commands
            .push(MarketMakerSet { account: Account(account), product: Product(product), on: 1, zero: Zero }.into());
    }
    let position = PositionSet {
        account: Account(0),
        instrument: Instrument(2),
        hedge: b'1',
        zero: Zero,
        long_yesterday: 5,
        long_today: 0,
        short_yesterday: 0,
        short_today: 0,
    };
    commands.push(position.into());
    commands.push(phase_set(Instrument::ALL, b'0').into());
    for command in commands {
        assert_eq!(day.own(command.clone()).refused, None, "{command:?}");
    }
    day
}

fn check(name: &str, lines: &[(&str, &str)]) {
    check_on(&mut business(), name, lines);
}

fn check_on(day: &mut Day, name: &str, lines: &[(&str, &str)]) {
    for (input, expected) in lines {
        assert_eq!(day.line(input), *expected, "{name}: {input}");
    }
}

fn own(day: &mut Day, command: impl Into<Command>) -> Option<Reject> {
    day.own(command).refused
}

#[test]
fn orders_without_a_price_of_their_own() {
    check(
        "best, five levels, all; what remains ends or rests at the last price",
        &[
            ("0 sell 1@100", "accepted rests #1"),
            ("0 sell 1@101", "accepted rests #2"),
            ("0 sell 1@102", "accepted rests #3"),
            ("0 sell 1@103", "accepted rests #4"),
            ("0 sell 1@104", "accepted rests #5"),
            ("0 sell 1@105", "accepted rests #6"),
            ("0 sell 1@106", "accepted rests #7"),
            (
                "1 buy 3@0 best",
                "accepted #0; 1@100 left 2/0 y0/0 #1/8; ImmediateRemainder - released 2 y0 traded 1 @100 #2",
            ),
            ("1 buy 3@0 best-to-limit", "accepted #3; 1@101 left 2/0 y0/0 #4/9; rested 2@101"),
            (
                "1 buy 9@0 five",
                "accepted #0; 1@102 left 8/0 y0/0 #5/10; 1@103 left 7/0 y0/0 #6/11; 1@104 left 6/0 y0/0 #7/12; 1@105 left 5/0 y0/0 #8/13; 1@106 left 4/0 y0/0 #9/14; ImmediateRemainder - released 4 y0 traded 5 @106 #10",
            ),
            ("1 sell 1@0 best", "accepted #0; 1@101 left 1/0 y0/0 #11/12; AllTraded - released 0 y0 traded 1 @101 #13"),
            ("1 buy 1@0 market", "accepted #0; ImmediateRemainder - released 1 y0 traded 0 @0 #14"),
            ("1 sell 2@0 market-to-limit", "accepted #15; 1@101 left 0/1 y0/0 #16/17; rested 1@101"),
            ("1 sell 2@0 five-to-limit", "accepted #18; rested 2@101"),
            ("1 sell 11@0 market", "VolumeAboveMaximum"),
            ("1 sell 10@7 market", "accepted #0; ImmediateRemainder - released 10 y0 traded 0 @0 #19"),
        ],
    );
    check(
        "nothing on the other side: the reference price; not in an auction",
        &[
            ("1 buy 2@0 best-to-limit", "accepted #1; rested 2@100"),
            ("1 buy 2@0 market", "accepted #0; ImmediateRemainder - released 2 y0 traded 0 @0 #2"),
            ("phase 0 1", "i0 in 1 #7; i0 told; snapshot #8"),
            ("1 buy 2@0 best", "PhaseForbidsImmediate"),
            ("1 buy 2@0 best-to-limit", "PhaseForbidsImmediate"),
            ("1 buy 2@101", "accepted rests #3"),
        ],
    );
    check(
        "they trade at the resting price where limit orders trade at the middle",
        &[
            ("0 sell 1@104 i1", "accepted rests #1"),
            ("0 sell 1@105 i1", "accepted rests #2"),
            ("1 buy 1@0 best i1", "accepted #0; 1@104 left 0/0 y0/0 #1/3; AllTraded - released 0 y0 traded 1 @104 #2"),
            ("1 buy 1@109 i1", "accepted #3; 1@105 left 0/0 y0/0 #4/4"),
        ],
    );
    check(
        "a minimal volume is traded at once or nothing is",
        &[
            ("0 sell 2@100", "accepted rests #1"),
            ("1 buy 5@100 fak min3", "accepted #0; ImmediateRemainder - released 5 y0 traded 0 @0 #1"),
            (
                "1 buy 5@100 fak min2",
                "accepted #0; 2@100 left 3/0 y0/0 #2/2; ImmediateRemainder - released 3 y0 traded 2 @100 #3",
            ),
            ("1 buy 5@100 fak min6", "OrderUnsupported"),
            ("1 buy 5@100 min2", "OrderUnsupported"),
            ("0 sell 2@100", "accepted rests #3"),
            ("1 buy 4@0 best min3", "accepted #0; ImmediateRemainder - released 4 y0 traded 0 @0 #4"),
        ],
    );
}

#[test]
fn quotes() {
    check(
        "accepted, replaced, cancelled",
        &[
            ("0 quote 2@99 3@101", "quote #1; accepted rests #2; accepted rests #3"),
            (
                "0 quote 1@98 1@102",
                "Replaced 26 released 2 y0 traded 0 @0 #4; Replaced 26 released 3 y0 traded 0 @0 #5; quote 26 Replaced #6; quote #7; accepted rests #8; accepted rests #9",
            ),
            ("0 quote 1@102 1@102", "QuoteCrossed"),
            ("0 quote 1@111 1@112", "PriceAboveLimit"),
            ("0 quote 1@98 21@102", "VolumeAboveMaximum"),
            ("0 quote 1@98 1@102 h15", "OrderUnsupported"),
            ("0 quote-cancel 1", "QuoteNotFound"),
            ("1 quote-cancel 2", "QuoteNotFound"),
            ("0 cancel 2", "OrderNotFound"),
            (
                "0 quote-cancel 2",
                "Cancelled 27 released 1 y0 traded 0 @0 #10; Cancelled 27 released 1 y0 traded 0 @0 #11; quote 27 Cancelled #12",
            ),
            ("0 quote-cancel 2", "QuoteNotFound"),
        ],
    );
    check(
        "both sides trade as they come; the last trade ends the quote without a word",
        &[
            ("0 quote 2@99 2@103", "quote #1; accepted rests #2; accepted rests #3"),
            ("1 sell 1@99", "accepted #1; 1@99 left 1/0 y0/0 #4/2"),
            ("1 buy 2@103", "accepted #3; 2@103 left 0/0 y0/0 #4/5"),
            ("0 quote-cancel 1", "Cancelled 26 released 1 y0 traded 1 @99 #6; quote 26 Cancelled #7"),
            ("1 sell 3@97", "accepted rests #5"),
            ("0 quote 3@97 2@105", "quote #8; accepted #9; 3@97 left 0/0 y0/0 #10/6; accepted rests #11"),
            ("1 buy 2@105", "accepted #7; 2@105 left 0/0 y0/0 #8/12"),
            ("0 quote-cancel 5", "QuoteNotFound"),
        ],
    );
    check(
        "the side that closes sees what the old quote frees and what the new bid takes",
        &[
            ("0 quote 5@99 5@101 h11 o11", "quote #1; accepted rests y5 #2; accepted rests y5 #3"),
            (
                "0 quote 5@98 5@102 h11 o11",
                "Replaced 26 released 5 y5 traded 0 @0 #4; Replaced 26 released 5 y5 traded 0 @0 #5; quote 26 Replaced #6; quote #7; accepted rests y5 #8; accepted rests y5 #9",
            ),
            ("0 quote 5@98 6@102 h11 o11", "PositionInsufficient"),
            (
                "0 quote 15@98 1@102 h11 o01",
                "Replaced 27 released 5 y5 traded 0 @0 #10; Replaced 27 released 5 y5 traded 0 @0 #11; quote 27 Replaced #12; quote #13; accepted rests #14; accepted rests y1 #15",
            ),
            (
                "0 quote 20@98 1@102 h11 o01",
                "Replaced 29 released 15 y0 traded 0 @0 #16; Replaced 29 released 1 y1 traded 0 @0 #17; quote 29 Replaced #18; quote #19; accepted rests #20; accepted rests y1 #21",
            ),
        ],
    );
    let mut day = business();
    check_on(
        &mut day,
        "no maker, no phase",
        &[
            ("0 quote 1@98 1@102", "quote #1; accepted rests #2; accepted rests #3"),
            ("phase 0 1", "i0 in 1 #7; i0 told; snapshot #8"),
            ("0 quote 1@98 1@102", "PhaseForbidsInsert"),
        ],
    );
    let mass = MassCancel { scope: 3, cause: 1, zero: Zero, index: 0 };
    let outcome = day.own(mass);
    let words: Vec<String> = outcome.events.iter().map(|event| common::words_of(event, &outcome)).collect();
    let expected = [
        "Disconnected 26 released 1 y0 traded 0 @0 #4",
        "Disconnected 26 released 1 y0 traded 0 @0 #5",
        "quote 26 Disconnected #6",
    ];
    assert_eq!(words, expected);
    own(&mut day, MarketMakerSet { account: Account(0), product: Product(0), on: 0, zero: Zero });
    check_on(&mut day, "no maker", &[("0 quote 1@98 1@102", "NotMarketMaker")]);
}

#[test]
fn enquiries() {
    let mut day = business();
    check_on(
        &mut day,
        "interval, spread, room",
        &[
            ("0 enquire i0", "enquired #7"),
            ("0 enquire i0", "EnquiryTooSoon"),
            ("0 enquire i1", "enquired #8"),
            ("0 enquire i2", "EnquiriesExhausted"),
            ("1 sell 1@102", "accepted rests #1"),
            ("1 buy 1@99", "accepted rests #2"),
            ("1 buy 1@98", "accepted rests #3"),
        ],
    );
    day.time += 60_000_000_000;
    check_on(
        &mut day,
        "a minute later",
        &[
            ("0 enquire i0", "SpreadNarrowEnough"),
            ("1 cancel 6", "Cancelled 31 released 1 y0 traded 0 @0 #4"),
            ("0 enquire i0", "enquired #9"),
            ("0 enquire i0", "EnquiryTooSoon"),
        ],
    );
    own(
        &mut day,
        FunctionSet { product: Product(0), on: 0, zero: Zero, functions: 1 << function::ENQUIRIES, text: [b' '; 80] },
    );
    check_on(
        &mut day,
        "switched off",
        &[
            ("0 enquire i1", "FunctionOff"),
            ("phase 2 3", "i2 in 3 #10; i2 told; snapshot #11"),
            ("0 enquire i2", "PhaseForbidsInsert"),
        ],
    );
}

#[test]
fn exercise_and_abandonment() {
    let mut day = business();
    let window = |open| ExecWindowSet { product: Product(1), open, zero: Zero, step: 3 };
    check_on(&mut day, "closed", &[("0 exercise 1 i2", "ExerciseWindowClosed"), ("0 exercise 1 i0", "NotExercisable")]);
    assert_eq!(own(&mut day, window(2)), Some(Reject::DefinitionInvalid));
    assert_eq!(own(&mut day, window(1)), None);
    check_on(
        &mut day,
        "what is exercised is frozen, what is abandoned is not",
        &[
            ("0 exercise 0 i2", "VolumeBelowMinimum"),
            ("0 exercise 6 i2", "PositionInsufficient"),
            ("0 exercise 3 i2", "exec y3 #1"),
            ("0 sell 3@100 close i2", "PositionInsufficient"),
            ("0 abandon 4 i2", "exec y0 #2"),
            ("0 abandon 2 i2", "PositionInsufficient"),
            ("0 sell 2@100 close i2", "accepted rests y2 #3"),
            ("0 abandon 1 i2", "ExecOrdersExhausted"),
            ("1 exec-cancel 5", "OrderNotFound"),
            ("0 exec-cancel 5", "exec 32 ended #4"),
            ("0 exec-cancel 5", "OrderNotFound"),
            ("0 sell 3@100 close i2", "accepted rests y3 #5"),
        ],
    );
    assert_eq!(own(&mut day, window(0)), None);
    check_on(&mut day, "the window closes", &[("0 exec-cancel 7", "ExerciseWindowClosed")]);
    day.own(command::DayClose { zero: Zero, step: 9 });
    assert_eq!(day.exchange.state().instructions.len(), 1, "settlement takes it");
    assert_eq!(day.exchange.state().step, 9);
}

#[test]
fn limits_of_clients_and_members() {
    let mut day = business();
    let client = |client, instrument, class, long, short| ClientLimitSet {
        client: ClientNumber(client),
        instrument: Instrument(instrument),
        class,
        zero: Zero,
        long,
        short,
    };
    let unknown = [client(7, 2, 0, 1, 1), client(100, 9, 0, 1, 1)];
    let invalid = [client(100, 3, 0, 1, 1), client(100, 2, 2, 1, 1)];
    for limit in unknown {
        assert_eq!(own(&mut day, limit), Some(Reject::IndexUnknown));
    }
    for limit in invalid {
        assert_eq!(own(&mut day, limit), Some(Reject::DefinitionInvalid));
    }
    assert_eq!(own(&mut day, client(100, 2, 0, 8, 20)), None);
    check_on(
        &mut day,
        "a call's long and a put's short are one; hedging is another class; the same client elsewhere counts",
        &[
            ("0 buy 2@100 i2", "accepted rests #1"),
            ("0 sell 2@100 i3", "PositionLimitExceeded"),
            ("0 sell 1@100 i3", "accepted rests #2"),
            ("1 sell 1@100 i3 a2", "PositionLimitExceeded"),
            ("0 buy 15@100 i3", "accepted #3; 1@100 left 14/0 y0/0 #4/5; rested 14@100"),
            ("0 sell 6@105 i2", "PositionLimitExceeded"),
            ("0 buy 20@99 i2 h3", "accepted rests #6"),
            ("0 buy 11@99 i2 h3", "PositionLimitExceeded"),
        ],
    );
    assert_eq!(own(&mut day, client(100, 2, 0, 0, 1)), None, "no limit for what is bought");
    check_on(
        &mut day,
        "a limit below what is there",
        &[("0 buy 20@99 i2", "accepted rests #7"), ("0 sell 1@105 i2", "PositionLimitExceeded")],
    );

    let member = |volume| MemberLimitSet { participant: Participant(1), instrument: Instrument(0), volume };
    assert_eq!(own(&mut day, member(12)), None);
    check_on(
        &mut day,
        "over a member's accounts and hedge flags",
        &[
            ("1 buy 4@90", "accepted rests #1"),
            ("1 buy 3@90 a2 h3", "accepted rests #2"),
            ("1 buy 1@90 a2", "MemberLimitExceeded"),
            ("0 buy 1@90", "accepted rests #8"),
            ("1 cancel 11", "Cancelled 43 released 4 y0 traded 0 @0 #3"),
            ("1 buy 4@90 a2", "accepted rests #4"),
        ],
    );
    assert_eq!(own(&mut day, member(0)), None);
    check_on(&mut day, "none", &[("1 buy 9@90 a2", "accepted rests #5")]);
    assert_eq!(own(&mut day, client(101, 0, 0, 9, 9)), None);
    assert_eq!(own(&mut day, client(101, 1, 1, 9, 9)), None, "the fourth");
    assert_eq!(own(&mut day, client(101, 1, 0, 9, 9)), Some(Reject::DefinitionInvalid), "no room");
    assert_eq!(own(&mut day, client(101, 1, 1, 8, 8)), None, "it is there already");
}

#[test]
fn lots_opened_in_a_day() {
    let mut day = Day::open();
    let limited = command::ProductDefine { kind: b'1', open_limit: 7, ..product(2) };
    assert_eq!(own(&mut day, limited), None);
    for index in [2, 3] {
        let define = command::InstrumentDefine { product: Product(2), open_limit: 5, ..common::instrument(index) };
        assert_eq!(own(&mut day, define), None);
    }
    check_on(
        &mut day,
        "what is released untraded does not count, what traded does; hedging never",
        &[
            (
                "phase all 0",
                "i0 in 0 #1; i1 in 0 #2; i2 in 0 #3; i3 in 0 #4; i0 told; i1 told; i2 told; i3 told; snapshot #5; market 0 #6",
            ),
            ("0 buy 4@100 i2", "accepted rests #1"),
            ("0 sell 2@105 i2", "OpenLimitExceeded"),
            ("0 sell 1@105 i2", "accepted rests #2"),
            ("0 sell 3@105 i3", "OpenLimitExceeded"),
            ("1 sell 1@105 i3 a2", "accepted rests #1"),
            ("0 sell 9@105 i3 h3", "accepted rests #3"),
            ("1 sell 1@100 i2", "accepted #2; 1@100 left 3/0 y0/0 #4/3"),
            ("0 cancel 1", "Cancelled 22 released 3 y0 traded 1 @100 #5"),
            ("0 buy 3@99 i2", "accepted rests #6"),
            ("0 buy 4@99 i2", "OpenLimitExceeded"),
            ("0 buy 2@99 i2", "OpenLimitExceeded"),
            (
                "1 buy 4@105 i2 fak",
                "accepted #0; 1@105 left 3/0 y0/0 #4/7; ImmediateRemainder - released 3 y0 traded 1 @105 #5",
            ),
            ("1 buy 4@105 i2 fak", "OpenLimitExceeded"),
        ],
    );
}

#[test]
fn credit_and_funds() {
    let mut day = business();
    let set = |participant, kind, amount| CreditSet { participant: Participant(participant), kind, zero: Zero, amount };
    assert_eq!(own(&mut day, set(9, 0, 1)), Some(Reject::IndexUnknown));
    assert_eq!(own(&mut day, set(1, 2, 1)), Some(Reject::DefinitionInvalid));
    assert_eq!(own(&mut day, set(1, 1, -2)), Some(Reject::DefinitionInvalid));
    let money = |day: &Day, index| {
        let member = &day.exchange.state().members[&Participant(index)];
        (member.used, member.cleared)
    };
    // Both accounts hold 5 and 5 lots in two instruments: 1,000,000 for a long one, 1,500,000 for a short one.
    assert_eq!((money(&day, 0), money(&day, 1)), ((25_000_000, 50_000_000), (25_000_000, 0)));
    assert_eq!(own(&mut day, set(1, 1, 30_000_000)), None);
    check_on(
        &mut day,
        "credit",
        &[
            ("1 buy 6@100", "CreditExceeded"),
            ("1 sell 4@101", "CreditExceeded"),
            ("1 buy 5@100", "accepted rests #1"),
            ("1 sell 5@101 close", "accepted rests y5 #2"),
        ],
    );
    assert_eq!(money(&day, 1), (30_000_000, 0));
    assert_eq!(own(&mut day, set(0, 0, 60_000_000)), None);
    check_on(
        &mut day,
        "funds",
        &[
            ("0 buy 6@99", "FundsInsufficient"),
            ("0 buy 5@99", "accepted rests #1"),
            ("1 sell 1@101 close", "PositionInsufficient"),
        ],
    );
    assert_eq!(money(&day, 0), (30_000_000, 60_000_000));
    check_on(
        &mut day,
        "released",
        &[
            ("1 cancel 3", "Cancelled 32 released 5 y0 traded 0 @0 #3"),
            ("0 cancel 6", "Cancelled 36 released 5 y0 traded 0 @0 #2"),
        ],
    );
    assert_eq!((money(&day, 0), money(&day, 1)), ((25_000_000, 50_000_000), (25_000_000, 0)));

    // A premium: 100 ticks of 2,000 x 300 are 60,000,000 a lot; the seller's margin is 1,500,000.
    assert_eq!(own(&mut day, set(1, 1, -1)), None);
    assert_eq!(own(&mut day, set(0, 0, -1)), None);
    check_on(
        &mut day,
        "premium",
        &[("0 sell 2@99 i3", "accepted rests #3"), ("1 buy 1@101 i3", "accepted #4; 1@100 left 0/1 y0/0 #5/4")],
    );
    let lot = |price: i128| price * 2_000 * 300;
    assert_eq!(money(&day, 1).0, 25_000_000 + lot(100), "paid at the trade's price");
    assert_eq!(money(&day, 0).0, 25_000_000 + 2 * 1_500_000);
    check_on(&mut day, "best", &[("1 buy 3@0 best-to-limit i3", "accepted #6; 1@99 left 2/0 y0/0 #7/5; rested 2@99")]);
    assert_eq!(money(&day, 1).0, 25_000_000 + lot(100) + 3 * lot(99), "what rests needs its own price, not the limit");
    check_on(
        &mut day,
        "closing gives margin back, not the premium",
        &[
            ("1 cancel 10", "Cancelled 44 released 2 y0 traded 1 @99 #8"),
            ("0 buy 1@95 close i3", "accepted rests #6"),
            ("1 sell 1@95 close i3", "accepted #9; 1@95 left 0/0 y0/0 #7/10"),
        ],
    );
    assert_eq!(money(&day, 0).0, 25_000_000 + 1_500_000);
    assert_eq!(money(&day, 1).0, 25_000_000 + lot(100) + lot(99));
    let state = day.exchange.state();
    assert_eq!(state.members[&Participant(0)].cleared, money(&day, 0).0 + money(&day, 1).0);
}

#[test]
fn functions_are_switched_at_once() {
    let mut day = business();
    let switch =
        |product, on, functions| FunctionSet { product: Product(product), on, zero: Zero, functions, text: [b' '; 80] };
    assert_eq!(own(&mut day, switch(9, 1, 1)), Some(Reject::IndexUnknown));
    assert_eq!(own(&mut day, switch(0, 2, 1)), Some(Reject::DefinitionInvalid));
    assert_eq!(own(&mut day, switch(0, 1, 1 << 13)), Some(Reject::DefinitionInvalid));
    let kinds = [
        (function::LIMIT, b'0', b'3'),
        (function::FILL_AND_KILL, b'0', b'2'),
        (function::FILL_OR_KILL, b'0', b'1'),
        (function::MARKET, b'1', b'2'),
        (function::MARKET_TO_LIMIT, b'4', b'3'),
        (function::BEST, b'5', b'2'),
        (function::BEST_TO_LIMIT, b'9', b'3'),
        (function::FIVE_LEVEL, b'7', b'2'),
        (function::FIVE_LEVEL_TO_LIMIT, b'8', b'3'),
    ];
    for (local, (bit, order_type, match_condition)) in (0..).zip(kinds) {
        let order = |local| command::OrderInsert { order_type, match_condition, ..insert(local) };
        assert_eq!(own(&mut day, switch(0, 0, 1 << bit)), None);
        assert_eq!(day.by(0, order(100 + 3 * local)).refused, Some(Reject::FunctionOff), "bit {bit}");
        assert_eq!(own(&mut day, switch(0, 1, 1 << bit)), None);
        assert_eq!(own(&mut day, switch(0xFFFF, 0, 1 << function::EVERYTHING)), None);
        assert_eq!(day.by(0, order(101 + 3 * local)).refused, Some(Reject::FunctionOff), "everything");
        assert_eq!(own(&mut day, switch(0xFFFF, 1, 1 << function::EVERYTHING)), None);
        assert_eq!(day.by(0, order(102 + 3 * local)).refused, None, "bit {bit}");
    }
    assert_eq!(own(&mut day, switch(1, 0, function::ALL)), None);
    check_on(
        &mut day,
        "everything of one product",
        &[
            ("0 buy 1@100 i2", "FunctionOff"),
            ("0 quote 1@99 1@101 i2", "FunctionOff"),
            ("0 enquire i2", "FunctionOff"),
            ("0 exercise 1 i2", "FunctionOff"),
        ],
    );
}

#[test]
fn the_calendar_is_kept() {
    let mut day = business();
    let step = |step, time, product, action, phase| ScheduleSet {
        step,
        time,
        product: Product(product),
        action,
        phase,
        last_day: 0,
        zero: Zero,
    };
    let invalid = [
        step(0, 0, 0, 0, b'0'),
        step(1, 48 * 3_600_000, 0, 0, b'0'),
        step(1, 0, 0, 0, b'8'),
        step(1, 0, 0, 1, b'0'),
        step(1, 0, 0, 5, 0),
    ];
    for step in invalid {
        assert_eq!(own(&mut day, step), Some(Reject::DefinitionInvalid), "{step:?}");
    }
    assert_eq!(own(&mut day, step(1, 0, 9, 1, 0)), Some(Reject::IndexUnknown));
    assert_eq!(own(&mut day, step(2, 0, 0, 0, b'1')), None);
    assert_eq!(own(&mut day, step(2, 5, 0, 1, 0)), Some(Reject::DefinitionInvalid), "not above the last");
    for more in 3..=257 {
        assert_eq!(own(&mut day, step(more, 0, 0xFFFF, 4, 0)), None);
    }
    assert_eq!(own(&mut day, step(258, 0, 0, 1, 0)), Some(Reject::DefinitionInvalid), "256 are there");
    assert_eq!(day.exchange.state().step, 0);
    assert_eq!(
        own(&mut day, command::PhaseSet { step: 7, ..phase_set(Instrument(9), b'0') }),
        Some(Reject::IndexUnknown)
    );
    assert_eq!(day.exchange.state().step, 0, "a refused command carried none");
    assert_eq!(own(&mut day, command::PhaseSet { step: 7, ..phase_set(Instrument(0), b'4') }), None);
    assert_eq!(own(&mut day, command::Uncross { step: 5, ..common::uncross(Instrument::ALL) }), None);
    assert_eq!(day.exchange.state().step, 7);
}

#[test]
fn phases_of_a_product_and_the_closing_auction() {
    let mut day = business();
    let of = |product, phase| command::PhaseSet { product: Product(product), ..phase_set(Instrument::ALL, phase) };
    let words = |outcome: Outcome| {
        outcome.events.iter().map(|event| common::words_of(event, &outcome)).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(own(&mut day, of(9, b'2')), Some(Reject::IndexUnknown));
    check_on(
        &mut day,
        "before",
        &[
            ("0 sell 2@102 i2", "accepted rests #1"),
            (
                "tick",
                "i0 data0 last 0 0/0/0 bid 0x0 ask 0x0 volume 0 open interest 1000 turnover 0 #7; i1 data0 last 0 0/0/0 bid 0x0 ask 0x0 volume 0 open interest 1000 turnover 0 #7; i2 data4 last 0 0/0/0 bid 0x0 ask 2x102 volume 0 open interest 1000 turnover 0 #7; i2 asks 2x102; i3 data0 last 0 0/0/0 bid 0x0 ask 0x0 volume 0 open interest 1000 turnover 0 #7; ticked 7 0 8",
            ),
        ],
    );
    assert_eq!(words(day.own(of(1, b'2'))), "i2 in 2 #9; i3 in 2 #10; i2 told; i3 told; snapshot #11");
    check_on(
        &mut day,
        "what an auction would give",
        &[
            ("1 buy 3@104 i2", "accepted rests #1"),
            ("1 buy 1@0 best i2", "PhaseForbidsImmediate"),
            ("0 sell 1@99 i3", "accepted rests #2"),
            (
                "tick",
                "i2 data14 last 0 0/0/0 bid 2x104 ask 2x104 volume 0 open interest 1000 turnover 0 #12; i3 data4 last 0 0/0/0 bid 0x0 ask 1x99 volume 0 open interest 1000 turnover 0 #12; ticked 12 0 0",
            ),
            ("0 cancel 1", "Cancelled 27 released 2 y0 traded 0 @0 #3"),
            ("phase 0 6", "i0 in 6 #13; i0 told; snapshot #14"),
        ],
    );
    assert_eq!(words(day.own(of(1, b'6'))), "i2 in 6 #15; i3 in 6 #16; i2 told; i3 told; snapshot #17");
    let uncross = |product| command::Uncross { product: Product(product), ..common::uncross(Instrument::ALL) };
    assert_eq!(own(&mut day, uncross(9)), Some(Reject::IndexUnknown));
    assert_eq!(words(day.own(uncross(0))), "i0 priced 0@0 surplus 0");
    assert_eq!(words(day.own(uncross(1))), "i2 priced 0@0 surplus 0; i3 priced 0@0 surplus 0");
    assert_eq!(words(day.own(of(1, b'7'))), "i2 in 7 #18; i3 in 7 #19; i2 told; i3 told; snapshot #20");
}

#[test]
fn what_a_tick_publishes() {
    check(
        "levels, trades, and both",
        &[
            ("0 sell 1@100", "accepted rests #1"),
            ("0 sell 2@101", "accepted rests #2"),
            ("0 sell 3@102", "accepted rests #3"),
            ("0 sell 4@103", "accepted rests #4"),
            ("0 sell 5@104", "accepted rests #5"),
            ("0 sell 6@105", "accepted rests #6"),
            (
                "tick",
                "i0 data4 last 0 0/0/0 bid 0x0 ask 1x100 volume 0 open interest 1000 turnover 0 #7; i0 asks 1x100 2x101 3x102 4x103 5x104; i1 data0 last 0 0/0/0 bid 0x0 ask 0x0 volume 0 open interest 1000 turnover 0 #7; i2 data0 last 0 0/0/0 bid 0x0 ask 0x0 volume 0 open interest 1000 turnover 0 #7; i3 data0 last 0 0/0/0 bid 0x0 ask 0x0 volume 0 open interest 1000 turnover 0 #7; ticked 7 0 8",
            ),
            ("0 sell 1@106", "accepted rests #7"),
            ("tick", "i0 data4 last 0 0/0/0 bid 0x0 ask 1x100 volume 0 open interest 1000 turnover 0 #9; ticked 9 0 0"),
            ("1 buy 4@101", "accepted #1; 1@100 left 3/0 y0/0 #2/8; 2@101 left 1/0 y0/0 #3/9; rested 1@101"),
            (
                "tick",
                "i0 data7 last 101 100/101/100 bid 1x101 ask 3x102 volume 3 open interest 1003 turnover 181200000 #10; i0 bids 1x101; i0 asks 3x102 4x103 5x104 6x105 1x106; ticked 10 11 12",
            ),
            ("1 buy 1@102 fok", "accepted #0; 1@102 left 0/2 y0/0 #4/10; AllTraded - released 0 y0 traded 1 @102 #5"),
            ("0 sell 1@102", "accepted rests #11"),
            (
                "tick",
                "i0 data7 last 102 100/102/100 bid 1x101 ask 3x102 volume 4 open interest 1004 turnover 242400000 #13; ticked 13 14 0",
            ),
            ("tick", "applied"),
        ],
    );
}
