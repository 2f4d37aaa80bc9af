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
        commands.push(
            MarketMakerSet { account: Account(account), product: Product(product), on: 1, zero: Zero }.into(),
        );
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
        let got = day.line(input);
        if std::env::var("SHOW").is_ok() { println!("            ({input:?}, {got:?}),"); } else {
        assert_eq!(got, *expected, "{name}: {input}"); }
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
            ("0 sell 1@100", ""),
            ("0 sell 1@101", ""),
            ("0 sell 1@102", ""),
            ("0 sell 1@103", ""),
            ("0 sell 1@104", ""),
            ("0 sell 1@105", ""),
            ("0 sell 1@106", ""),
            ("1 buy 3@0 best", ""),
            ("1 buy 3@0 best-to-limit", ""),
            ("1 buy 9@0 five", ""),
            ("1 sell 1@0 best", ""),
            ("1 buy 1@0 market", ""),
            ("1 sell 2@0 market-to-limit", ""),
            ("1 sell 2@0 five-to-limit", ""),
            ("1 sell 11@0 market", ""),
            ("1 sell 10@7 market", ""),
        ],
    );
    check(
        "nothing on the other side: the reference price; not in an auction",
        &[
            ("1 buy 2@0 best-to-limit", ""),
            ("1 buy 2@0 market", ""),
            ("phase 0 1", ""),
            ("1 buy 2@0 best", ""),
            ("1 buy 2@0 best-to-limit", ""),
            ("1 buy 2@101", ""),
        ],
    );
    check(
        "they trade at the resting price where limit orders trade at the middle",
        &[
            ("0 sell 1@104 i1", ""),
            ("0 sell 1@105 i1", ""),
            ("1 buy 1@0 best i1", ""),
            ("1 buy 1@109 i1", ""),
        ],
    );
    check(
        "a minimal volume is traded at once or nothing is",
        &[
            ("0 sell 2@100", ""),
            ("1 buy 5@100 fak min3", ""),
            ("1 buy 5@100 fak min2", ""),
            ("1 buy 5@100 fak min6", ""),
            ("1 buy 5@100 min2", ""),
            ("0 sell 2@100", ""),
            ("1 buy 4@0 best min3", ""),
        ],
    );
}

#[test]
fn quotes() {
    check(
        "accepted, replaced, cancelled",
        &[
            ("0 quote 2@99 3@101", ""),
            ("0 quote 1@98 1@102", ""),
            ("0 quote 1@102 1@102", ""),
            ("0 quote 1@111 1@112", ""),
            ("0 quote 1@98 21@102", ""),
            ("0 quote 1@98 1@102 h15", ""),
            ("0 quote-cancel 1", ""),
            ("1 quote-cancel 2", ""),
            ("0 cancel 2", ""),
            ("0 quote-cancel 2", ""),
            ("0 quote-cancel 2", ""),
        ],
    );
    check(
        "both sides trade as they come; the last trade ends the quote without a word",
        &[
            ("0 quote 2@99 2@103", ""),
            ("1 sell 1@99", ""),
            ("1 buy 2@103", ""),
            ("0 quote-cancel 1", ""),
            ("1 sell 3@97", ""),
            ("0 quote 3@97 2@105", ""),
            ("1 buy 2@105", ""),
            ("0 quote-cancel 5", ""),
        ],
    );
    check(
        "the side that closes sees what the old quote frees and what the new bid takes",
        &[
            ("0 quote 5@99 5@101 h11 o11", ""),
            ("0 quote 5@98 5@102 h11 o11", ""),
            ("0 quote 5@98 6@102 h11 o11", ""),
            ("0 quote 15@98 1@102 h11 o01", ""),
            ("0 quote 20@98 1@102 h11 o01", ""),
        ],
    );
    let mut day = business();
    check_on(&mut day, "no maker, no phase", &[("0 quote 1@98 1@102", ""), ("phase 0 1", ""), ("0 quote 1@98 1@102", "")]);
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
    check_on(&mut day, "no maker", &[("0 quote 1@98 1@102", "")]);
}

#[test]
fn enquiries() {
    let mut day = business();
    check_on(
        &mut day,
        "interval, spread, room",
        &[
            ("0 enquire i0", ""),
            ("0 enquire i0", ""),
            ("0 enquire i1", ""),
            ("0 enquire i2", ""),
            ("1 sell 1@102", ""),
            ("1 buy 1@99", ""),
            ("1 buy 1@98", ""),
        ],
    );
    day.time += 60_000_000_000;
    check_on(&mut day, "a minute later", &[("0 enquire i0", ""), ("1 cancel 6", ""), ("0 enquire i0", ""), ("0 enquire i0", "")]);
    own(&mut day, FunctionSet { product: Product(0), on: 0, zero: Zero, functions: 1 << function::ENQUIRIES, text: [b' '; 80] });
    check_on(&mut day, "switched off", &[("0 enquire i1", ""), ("phase 2 3", ""), ("0 enquire i2", "")]);
}

#[test]
fn exercise_and_abandonment() {
    let mut day = business();
    let window = |open| ExecWindowSet { product: Product(1), open, zero: Zero, step: 3 };
    check_on(&mut day, "closed", &[("0 exercise 1 i2", ""), ("0 exercise 1 i0", "")]);
    assert_eq!(own(&mut day, window(2)), Some(Reject::DefinitionInvalid));
    assert_eq!(own(&mut day, window(1)), None);
    check_on(
        &mut day,
        "what is exercised is frozen, what is abandoned is not",
        &[
            ("0 exercise 0 i2", ""),
            ("0 exercise 6 i2", ""),
            ("0 exercise 3 i2", ""),
            ("0 sell 3@100 close i2", ""),
            ("0 abandon 4 i2", ""),
            ("0 abandon 2 i2", ""),
            ("0 sell 2@100 close i2", ""),
            ("0 abandon 1 i2", ""),
            ("1 exec-cancel 5", ""),
            ("0 exec-cancel 5", ""),
            ("0 exec-cancel 5", ""),
            ("0 sell 3@100 close i2", ""),
        ],
    );
    assert_eq!(own(&mut day, window(0)), None);
    check_on(&mut day, "the window closes", &[("0 exec-cancel 7", "")]);
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
            ("0 buy 2@100 i2", ""),
            ("0 sell 2@100 i3", ""),
            ("0 sell 1@100 i3", ""),
            ("1 sell 1@100 i3 a2", ""),
            ("0 buy 15@100 i3", ""),
            ("0 sell 6@105 i2", ""),
            ("0 buy 20@99 i2 h3", ""),
            ("0 buy 11@99 i2 h3", ""),
        ],
    );
    assert_eq!(own(&mut day, client(100, 2, 0, 0, 1)), None, "no limit for what is bought");
    check_on(&mut day, "a limit below what is there", &[("0 buy 20@99 i2", ""), ("0 sell 1@105 i2", "")]);

    let member = |volume| MemberLimitSet { participant: Participant(1), instrument: Instrument(0), volume };
    assert_eq!(own(&mut day, member(12)), None);
    check_on(
        &mut day,
        "over a member's accounts and hedge flags",
        &[
            ("1 buy 4@90", ""),
            ("1 buy 3@90 a2 h3", ""),
            ("1 buy 1@90 a2", ""),
            ("0 buy 1@90", ""),
            ("1 cancel 11", ""),
            ("1 buy 4@90 a2", ""),
        ],
    );
    assert_eq!(own(&mut day, member(0)), None);
    check_on(&mut day, "none", &[("1 buy 9@90 a2", "")]);
    assert_eq!(own(&mut day, client(101, 0, 0, 9, 9)), None);
    assert_eq!(own(&mut day, client(101, 1, 1, 9, 9)), None, "the fourth");
    assert_eq!(own(&mut day, client(101, 1, 0, 9, 9)), Some(Reject::DefinitionInvalid), "no room");
    assert_eq!(own(&mut day, client(101, 1, 1, 8, 8)), None, "it is there already");
}

#[test]
fn lots_opened_in_a_day() {
    let mut day = Day::open();
    let limited = command::ProductDefine { open_limit: 7, ..product(2) };
    assert_eq!(own(&mut day, limited), None);
    for index in [2, 3] {
        let define = command::InstrumentDefine { product: Product(2), open_limit: 5, ..common::instrument(index) };
        assert_eq!(own(&mut day, define), None);
    }
    check_on(
        &mut day,
        "what is released untraded does not count, what traded does; hedging never",
        &[
            ("phase all 0", ""),
            ("0 buy 4@100 i2", ""),
            ("0 sell 2@105 i2", ""),
            ("0 sell 1@105 i2", ""),
            ("0 sell 3@105 i3", ""),
            ("1 sell 1@105 i3 a2", ""),
            ("0 sell 9@105 i3 h3", ""),
            ("1 sell 1@100 i2", ""),
            ("0 cancel 1", ""),
            ("0 buy 3@99 i2", ""),
            ("0 buy 4@99 i2", ""),
            ("0 buy 2@99 i2", ""),
            ("1 buy 4@105 i2 fak", ""),
            ("1 buy 4@105 i2 fak", ""),
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
    check_on(&mut day, "credit", &[("1 buy 6@100", ""), ("1 sell 4@101", ""), ("1 buy 5@100", ""), ("1 sell 5@101 close", "")]);
    assert_eq!(money(&day, 1), (30_000_000, 0));
    assert_eq!(own(&mut day, set(0, 0, 60_000_000)), None);
    check_on(&mut day, "funds", &[("0 buy 6@99", ""), ("0 buy 5@99", ""), ("1 sell 1@101 close", "")]);
    assert_eq!(money(&day, 0), (30_000_000, 60_000_000));
    check_on(&mut day, "released", &[("1 cancel 3", ""), ("0 cancel 6", "")]);
    assert_eq!((money(&day, 0), money(&day, 1)), ((25_000_000, 50_000_000), (25_000_000, 0)));

    // A premium: 100 ticks of 2,000 x 300 are 60,000,000 a lot; the seller's margin is 1,500,000.
    assert_eq!(own(&mut day, set(1, 1, -1)), None);
    assert_eq!(own(&mut day, set(0, 0, -1)), None);
    check_on(&mut day, "premium", &[("0 sell 2@99 i3", ""), ("1 buy 1@100 i3", "")]);
    assert_eq!(money(&day, 1).0, 25_000_000 + 99 * 2_000 * 300, "paid at the trade's price");
    assert_eq!(money(&day, 0).0, 25_000_000 + 2 * 1_500_000);
    check_on(&mut day, "best", &[("1 buy 3@0 best-to-limit i3", "")]);
    assert_eq!(money(&day, 1).0, 25_000_000 + 4 * 99 * 2_000 * 300, "what rests needs its own price, not the limit");
    check_on(&mut day, "closing gives margin back, not the premium", &[("0 buy 1@95 close i3", ""), ("1 sell 1@95 close i3", "")]);
    assert_eq!(money(&day, 0).0, 25_000_000 + 1_500_000);
    assert_eq!(money(&day, 1).0, 25_000_000 + 4 * 99 * 2_000 * 300);
}

#[test]
fn functions_are_switched_at_once() {
    let mut day = business();
    let switch = |product, on, functions| FunctionSet { product: Product(product), on, zero: Zero, functions, text: [b' '; 80] };
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
    check_on(&mut day, "everything of one product", &[("0 buy 1@100 i2", ""), ("0 quote 1@99 1@101 i2", ""), ("0 enquire i2", ""), ("0 exercise 1 i2", "")]);
}

#[test]
fn the_calendar_is_kept() {
    let mut day = business();
    let step = |step, time, product, action, phase| ScheduleSet { step, time, product: Product(product), action, phase, zero: Zero };
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
    assert_eq!(own(&mut day, command::PhaseSet { step: 7, ..phase_set(Instrument(9), b'0') }), Some(Reject::IndexUnknown));
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
    check_on(&mut day, "before", &[("0 sell 2@102 i2", ""), ("tick", "")]);
    assert_eq!(words(day.own(of(1, b'2'))), "i2 in 2 #8; i3 in 2 #9; snapshot #10");
    check_on(
        &mut day,
        "what an auction would give",
        &[
            ("1 buy 3@104 i2", ""),
            ("1 buy 1@0 best i2", ""),
            ("0 sell 1@99 i3", ""),
            ("tick", ""),
            ("0 cancel 1", ""),
            ("phase 0 6", ""),
        ],
    );
    assert_eq!(words(day.own(of(1, b'6'))), "i2 in 6 #15; i3 in 6 #16; snapshot #17");
    let uncross = |product| command::Uncross { product: Product(product), ..common::uncross(Instrument::ALL) };
    assert_eq!(own(&mut day, uncross(9)), Some(Reject::IndexUnknown));
    assert_eq!(words(day.own(uncross(0))), "i0 priced 0@0 surplus 0");
    assert_eq!(words(day.own(uncross(1))), "i2 priced 0@0 surplus 0; i3 priced 0@0 surplus 0");
    assert_eq!(words(day.own(of(1, b'7'))), "i2 in 7 #18; i3 in 7 #19; snapshot #20");
}

#[test]
fn what_a_tick_publishes() {
    check(
        "levels, trades, and both",
        &[
            ("0 sell 1@100", ""),
            ("0 sell 2@101", ""),
            ("0 sell 3@102", ""),
            ("0 sell 4@103", ""),
            ("0 sell 5@104", ""),
            ("0 sell 6@105", ""),
            ("tick", ""),
            ("0 sell 1@106", ""),
            ("tick", ""),
            ("1 buy 4@101", ""),
            ("tick", ""),
            ("1 buy 1@102 fok", ""),
            ("0 sell 1@102", ""),
            ("tick", ""),
            ("tick", ""),
        ],
    );
}
