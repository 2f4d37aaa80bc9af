//! The rules, paragraph by paragraph.

mod common;

use common::{Day, TICK, account, cancel, check, day_open, insert, instrument, participant, user};
use reference::command::{
    self, BookRestate, Bulletin, DayClose, EpochOpen, MassCancel, OrderInsert, PasswordUpdate, PositionSet,
    ReadinessReport, RightSet, SeatBlock, TakeoverStep, padded,
};
use reference::wire::Zero;
use reference::*;

// Base data takes frames 1 to 17; so the first line of a test is frame 18.

#[test]
fn price_then_time_at_the_resting_price() {
    check(
        "two prices, two at one of them",
        &[
            ("phase all 0", "i0 in 0 #1; i1 in 0 #2; i0 told; i1 told; snapshot #3; market 0 #4"),
            ("0 sell 2@101", "accepted rests #1"),
            ("0 sell 2@100", "accepted rests #2"),
            ("0 sell 2@100", "accepted rests #3"),
            (
                "1 buy 5@101",
                "accepted #1; 2@100 left 3/0 y0/0 #2/4; 2@100 left 1/0 y0/0 #3/5; 1@101 left 0/1 y0/0 #4/6",
            ),
            ("1 buy 3@102", "accepted #5; 1@101 left 2/0 y0/0 #6/7; rested 2@102"),
            ("0 sell 1@99", "accepted #8; 1@102 left 1/0 y0/0 #7/9"),
            (
                "tick",
                "i0 data3 last 102 100/102/100 bid 1x102 ask 0x0 volume 7 open interest 1007 turnover 422400000 #5; i0 bids 1x102; i1 data0 last 0 0/0/0 bid 0x0 ask 0x0 volume 0 open interest 1000 turnover 0 #5; ticked 5 6 7",
            ),
            ("tick", "applied"),
        ],
    );
}

#[test]
fn the_middle_of_bid_ask_and_last() {
    check(
        "the previous settlement is the first last price",
        &[
            ("phase 1 0", "i1 in 0 #1; i1 told; snapshot #2; market 0 #3"),
            ("0 sell 1@98 i1", "accepted rests #1"),
            // 98, 103, last 100
            ("1 buy 1@103 i1", "accepted #1; 1@100 left 0/0 y0/0 #2/2"),
            ("0 sell 1@101 i1", "accepted rests #3"),
            ("0 sell 1@104 i1", "accepted rests #4"),
            // 101, 106, last 100: 101; then 104, 106, last 101: 104
            ("1 buy 2@106 i1", "accepted #3; 1@101 left 1/0 y0/0 #4/5; 1@104 left 0/0 y0/0 #5/6"),
            ("1 buy 1@95 i1", "accepted rests #6"),
            // 94, 95, last 104: 95
            ("0 sell 1@94 i1", "accepted #7; 1@95 left 0/0 y0/0 #7/8"),
        ],
    );
}

#[test]
fn immediate_orders() {
    check(
        "FAK and FOK",
        &[
            ("phase 0 0", "i0 in 0 #1; i0 told; snapshot #2; market 0 #3"),
            ("0 sell 2@100", "accepted rests #1"),
            ("0 sell 2@101", "accepted rests #2"),
            ("1 buy 4@100 fok", "accepted #0; ImmediateRemainder - released 4 y0 traded 0 @0 #1"),
            (
                "1 buy 3@101 fok",
                "accepted #0; 2@100 left 1/0 y0/0 #2/3; 1@101 left 0/1 y0/0 #3/4; AllTraded - released 0 y0 traded 3 @101 #4",
            ),
            (
                "1 buy 3@101 fak",
                "accepted #0; 1@101 left 2/0 y0/0 #5/5; ImmediateRemainder - released 2 y0 traded 1 @101 #6",
            ),
            ("1 buy 3@101 fak", "accepted #0; ImmediateRemainder - released 3 y0 traded 0 @0 #7"),
            ("0 sell 3@101 close fak", "accepted y3 #0; ImmediateRemainder - released 3 y3 traded 0 @0 #6"),
        ],
    );
}

#[test]
fn closes_freeze_and_release_yesterday_first() {
    check(
        "5 long of yesterday, 2 of today",
        &[
            ("phase 0 0", "i0 in 0 #1; i0 told; snapshot #2; market 0 #3"),
            ("1 sell 2@100", "accepted rests #1"),
            ("0 buy 2@100", "accepted #1; 2@100 left 0/0 y0/0 #2/2"),
            ("0 sell 4@105 close", "accepted rests y4 #3"),
            ("0 sell 2@104 close", "accepted rests y1 #4"),
            ("0 sell 2@104 close", "PositionInsufficient"),
            ("0 sell 1@104 yday", "YesterdayPositionInsufficient"),
            ("0 sell 2@104 today", "TodayPositionInsufficient"),
            ("0 sell 1@104 today", "accepted rests #5"),
            ("1 buy 2@104", "accepted #3; 2@104 left 0/0 y0/1 #4/6"),
            ("0 cancel 3", "Cancelled 21 released 4 y4 traded 0 @0 #7"),
            ("0 sell 5@105 close", "PositionInsufficient"),
            ("0 sell 4@105 close", "accepted rests y4 #8"),
        ],
    );
    let mut day =
        Day::open_with(Settings::default(), command::DayOpen { flags: command::CLOSE_TODAY_FIRST, ..day_open() });
    for (line, expected) in [
        ("phase 0 0", "i0 in 0 #1; i0 told; snapshot #2; market 0 #3"),
        ("1 sell 2@100", "accepted rests #1"),
        ("0 buy 2@100", "accepted #1; 2@100 left 0/0 y0/0 #2/2"),
        ("0 sell 4@105 close", "accepted rests y2 #3"),
        ("1 buy 3@105", "accepted #3; 3@105 left 0/1 y0/1 #4/4"),
    ] {
        assert_eq!(day.line(line), expected, "today first: {line}");
    }
}

#[test]
fn a_client_may_trade_with_itself() {
    check(
        "both sides in one row",
        &[
            ("phase 0 0", "i0 in 0 #1; i0 told; snapshot #2; market 0 #3"),
            ("0 sell 3@100 close", "accepted rests y3 #1"),
            ("0 buy 3@100", "accepted #2; 3@100 left 0/0 y0/3 #3/4"),
            ("0 sell 5@100 close", "accepted rests y2 #5"),
        ],
    );
}

#[test]
fn auctions() {
    check(
        "surplus on the buy side: the highest price; heads trade by price, then time",
        &[
            ("phase 0 1", "i0 in 1 #1; i0 told; snapshot #2; market 1 #3"),
            ("0 buy 3@105", "accepted rests #1"),
            ("0 buy 4@103", "accepted rests #2"),
            ("1 sell 2@100", "accepted rests #1"),
            ("1 sell 3@101", "accepted rests #2"),
            ("0 buy 1@105 fak", "PhaseForbidsImmediate"),
            ("uncross 0", "NotInAuctionMatch"),
            ("phase 0 0", "BookCrossed"),
            ("phase 0 6", "i0 in 6 #4; i0 told; snapshot #5; market 6 #6"),
            ("0 cancel 2", "PhaseForbidsCancel"),
            ("0 buy 1@105", "PhaseForbidsInsert"),
            (
                "uncross all",
                "i0 priced 5@103 surplus 2; 2@103 left 1/0 y0/0 #3/3; 1@103 left 0/2 y0/0 #4/4; 2@103 left 2/0 y0/0 #5/5",
            ),
            ("uncross all", "i0 priced 0@0 surplus 0"),
            ("phase 0 0", "i0 in 0 #7; i0 told; snapshot #8; market 0 #9"),
            ("uncross all", "applied"),
        ],
    );
    check(
        "the reference price, cut to the interval",
        &[
            ("phase 1 1", "i1 in 1 #1; i1 told; snapshot #2; market 1 #3"),
            ("0 buy 3@106 i1", "accepted rests #1"),
            ("1 sell 3@103 i1", "accepted rests #1"),
            ("phase 1 6", "i1 in 6 #4; i1 told; snapshot #5; market 6 #6"),
            ("uncross 1", "i1 priced 3@103 surplus 0; 3@103 left 0/0 y0/0 #2/2"),
        ],
    );
    check(
        "balanced: the middle, rounded down; sell surplus: the lowest",
        &[
            ("phase 0 1", "i0 in 1 #1; i0 told; snapshot #2; market 1 #3"),
            ("0 buy 3@106", "accepted rests #1"),
            ("1 sell 3@103", "accepted rests #1"),
            ("phase 0 6", "i0 in 6 #4; i0 told; snapshot #5; market 6 #6"),
            ("uncross 0", "i0 priced 3@104 surplus 0; 3@104 left 0/0 y0/0 #2/2"),
            ("phase 0 1", "i0 in 1 #7; i0 told; snapshot #8; market 1 #9"),
            ("0 buy 3@106", "accepted rests #3"),
            ("1 sell 4@103", "accepted rests #3"),
            ("phase 0 6", "i0 in 6 #10; i0 told; snapshot #11; market 6 #12"),
            ("uncross 0", "i0 priced 3@103 surplus -1; 3@103 left 0/1 y0/0 #4/4"),
        ],
    );
    check(
        "equal surpluses of both signs: the middle of all",
        &[
            ("phase 0 1", "i0 in 1 #1; i0 told; snapshot #2; market 1 #3"),
            ("0 buy 4@105", "accepted rests #1"),
            ("0 buy 2@101", "accepted rests #2"),
            ("1 sell 4@98", "accepted rests #1"),
            ("1 sell 2@103", "accepted rests #2"),
            ("phase 0 6", "i0 in 6 #4; i0 told; snapshot #5; market 6 #6"),
            // up to 101: 6 against 4; 102: 4 against 4, the least; from 103 on 4 against 6.
            ("uncross 0", "i0 priced 4@102 surplus 0; 4@102 left 0/0 y0/0 #3/3"),
        ],
    );
}

#[test]
fn every_refusal_of_an_order() {
    let refused = |day: &mut Day, user: u16, order: OrderInsert| day.by(user, order).refused;
    let mut day = Day::open_with(
        Settings::default(),
        command::DayOpen { position_rows: 5, live_orders: 2, local_ids: 50, ..day_open() },
    );
    let own = |day: &mut Day, command: Command| assert_eq!(day.own(command).refused, None);
    day.phase(Instrument(0), b'0');
    let good = |local| insert(local);

    assert_eq!(refused(&mut day, 9, good(1)), Some(Reject::IndexUnknown));
    assert_eq!(refused(&mut day, 0, OrderInsert { local_id: [0; 24], ..good(1) }), Some(Reject::LocalIdMissing));
    let unsupported = [
        OrderInsert { direction: b'2', ..good(1) },
        OrderInsert { offset: b'3', ..good(2) },
        OrderInsert { hedge: b'5', ..good(3) },
        OrderInsert { order_type: b'1', ..good(4) },
        OrderInsert { order_type: b'6', ..good(51) },
        OrderInsert { order_type: b'9', match_condition: b'2', ..good(52) },
        OrderInsert { match_condition: b'2', minimal_volume: 2, ..good(53) },
        OrderInsert { match_condition: b'4', ..good(5) },
        OrderInsert { match_session: b'2', ..good(6) },
        OrderInsert { minimal_volume: 2, ..good(7) },
    ];
    for order in unsupported {
        assert_eq!(refused(&mut day, 0, order), Some(Reject::OrderUnsupported));
    }
    let stops = [
        OrderInsert { order_type: b'2', ..good(54) },
        OrderInsert { order_type: b'3', direction: b'2', ..good(55) },
        OrderInsert { flags: command::STOP_PRICE, ..good(8) },
        OrderInsert { flags: command::AUTO_SUSPEND, ..good(9) },
    ];
    for order in stops {
        assert_eq!(refused(&mut day, 0, order), Some(Reject::StopOrderNotOffered));
    }
    let first = day.by(0, good(1));
    assert_eq!(first.refused, Some(Reject::LocalIdRepeated));
    let blank = reference::event::BLANK;
    let event = Event::Rejected { code: 2, marked: false, first_order: Key(0), first_sys_id: blank };
    assert_eq!(first.events, [event], "the first one was refused");

    assert_eq!(refused(&mut day, 0, OrderInsert { account: Account(9), ..good(10) }), Some(Reject::ClientUnknown));
    assert_eq!(refused(&mut day, 0, OrderInsert { account: Account(1), ..good(11) }), Some(Reject::ClientUnknown));
    let unknown = OrderInsert { instrument: Instrument::UNKNOWN, ..good(12) };
    assert_eq!(refused(&mut day, 0, unknown), Some(Reject::InstrumentUnknown));
    assert_eq!(
        refused(&mut day, 0, OrderInsert { instrument: Instrument(1), ..good(13) }),
        Some(Reject::PhaseForbidsInsert)
    );
    assert_eq!(refused(&mut day, 0, OrderInsert { price: 100 * TICK + 1, ..good(14) }), Some(Reject::PriceOffTick));
    assert_eq!(refused(&mut day, 0, OrderInsert { price: 89 * TICK, ..good(15) }), Some(Reject::PriceBelowLimit));
    assert_eq!(
        refused(&mut day, 0, OrderInsert { price: i64::MAX / TICK * TICK, ..good(16) }),
        Some(Reject::PriceAboveLimit)
    );
    assert_eq!(refused(&mut day, 0, OrderInsert { volume: 0, ..good(17) }), Some(Reject::VolumeBelowMinimum));
    assert_eq!(refused(&mut day, 0, OrderInsert { volume: 21, ..good(18) }), Some(Reject::VolumeAboveMaximum));

    // Account 2 is the same client at the other participant: 5 + 20 + 6 > 30.
    assert_eq!(refused(&mut day, 1, OrderInsert { account: Account(2), volume: 20, ..good(1) }), None);
    assert_eq!(refused(&mut day, 0, OrderInsert { volume: 6, ..good(19) }), Some(Reject::PositionLimitExceeded));
    assert_eq!(refused(&mut day, 0, OrderInsert { hedge: b'3', ..good(20) }), Some(Reject::PositionRowsExhausted));
    assert_eq!(refused(&mut day, 0, OrderInsert { volume: 4, ..good(21) }), None);
    assert_eq!(refused(&mut day, 1, OrderInsert { account: Account(1), ..good(2) }), Some(Reject::OrdersExhausted));

    // The worst of five rights.
    let rights = [(1, 0, 0), (2, 0, 0), (3, 0, 0), (4, 0, 0), (5, 0, 0)];
    let mut local = 21;
    for (scope, instrument, index) in rights {
        for (right, code) in [(b'1', Reject::RightCloseOnly), (b'2', Reject::RightForbidden)] {
            let set = RightSet { scope, right, instrument: Instrument(instrument), index };
            own(&mut day, set.into());
            local += 1;
            assert_eq!(refused(&mut day, 0, good(local)), Some(code), "scope {scope}");
            own(&mut day, RightSet { right: b'0', ..set }.into());
        }
    }
    assert_eq!(refused(&mut day, 2, good(5)), Some(Reject::OrdersExhausted));
    assert_eq!(refused(&mut day, 2, good(4)), Some(Reject::LocalIdNotAscending));
    assert_eq!(refused(&mut day, 2, good(4)), Some(Reject::LocalIdRepeated), "that was marked");
    let marks = day.exchange.state().marks.len() as u32;
    for more in marks..50 {
        assert_eq!(refused(&mut day, 0, good(1_000 + more)), Some(Reject::OrdersExhausted));
    }
    assert_eq!(refused(&mut day, 0, good(2_000)), Some(Reject::LocalIdsExhausted));
    assert_eq!(day.exchange.state().marks.len(), 50);
    assert_eq!(day.exchange.state().digest_of_marks(), day.exchange.state().local_ids);
}

#[test]
fn every_refusal_of_a_cancel() {
    let mut day = Day::open();
    day.line("phase 0 0");
    day.line("0 buy 2@100");
    let sys_id = *b"P0000000000019000000";
    let refused = |day: &mut Day, user: u16, cancel| day.by(user, cancel).refused;
    assert_eq!(refused(&mut day, 9, cancel(1)), Some(Reject::IndexUnknown));
    assert_eq!(
        refused(&mut day, 0, command::OrderCancel { action: b'1', ..cancel(1) }),
        Some(Reject::ActionUnsupported)
    );
    let unknown = command::OrderCancel { instrument: Instrument::UNKNOWN, ..cancel(1) };
    assert_eq!(refused(&mut day, 0, unknown), Some(Reject::InstrumentUnknown));
    assert_eq!(refused(&mut day, 0, cancel(9)), Some(Reject::OrderNotFound));
    assert_eq!(refused(&mut day, 2, cancel(1)), Some(Reject::OrderNotFound), "another user's local id");
    let other = command::OrderCancel { instrument: Instrument(1), ..cancel(1) };
    assert_eq!(refused(&mut day, 0, other), Some(Reject::OrderNotFound));
    let other = command::OrderCancel { account: Account(1), ..cancel(1) };
    assert_eq!(refused(&mut day, 0, other), Some(Reject::OrderNotFound));
    let by_sys_id = command::OrderCancel { order_sys_id: sys_id, ..cancel(77) };
    assert_eq!(refused(&mut day, 1, by_sys_id), Some(Reject::OrderNotYours));
    day.line("phase 0 4");
    assert_eq!(refused(&mut day, 0, cancel(1)), Some(Reject::PhaseForbidsCancel));
    day.line("phase 0 5");
    assert_eq!(refused(&mut day, 2, by_sys_id), None, "another trader of the same participant");
    assert_eq!(refused(&mut day, 0, by_sys_id), Some(Reject::OrderNotFound), "it has ended");
}

#[test]
fn refusals_before_and_beside_trading() {
    let mut day = Day::unopened(Settings::default());
    assert_eq!(day.own(participant(0)).refused, Some(Reject::DayNotOpen));
    let too_many = command::DayOpen { local_ids: (1 << 26) + 1, ..day_open() };
    assert_eq!(day.own(too_many).refused, Some(Reject::DefinitionInvalid));
    assert!(day.own(participant(0)).frame_parts.is_empty(), "the log begins with DayOpen");
    let open = day.own(day_open());
    assert_eq!((open.refused, open.stamp.sequence), (None, Sequence(1)));
    assert_eq!(day.own(day_open()).refused, Some(Reject::DayAlreadyOpen));
    let mut day = Day::open();
    let invalid: Vec<Command> = vec![
        participant(0).into(),
        participant(10).into(),
        command::ParticipantDefine { series: 3, ..participant(5) }.into(),
        command::ParticipantDefine { series: 1, ..participant(5) }.into(),
        command::ParticipantDefine { right: b'3', ..participant(5) }.into(),
        command::ParticipantDefine { id: participant(1).id, ..participant(5) }.into(),
        user(0, 0).into(),
        user(5, 9).into(),
        command::UserDefine { id: user(0, 0).id, ..user(5, 0) }.into(),
        account(0, 0, 100).into(),
        account(5, 9, 105).into(),
        account(5, 0, 100).into(),
        command::AccountDefine { client_id: padded(b"x"), ..account(5, 1, 101) }.into(),
        command::AccountDefine { client_number: ClientNumber(9), ..account(5, 0, 101) }.into(),
        instrument(0).into(),
        command::InstrumentDefine { tick: 0, ..instrument(5) }.into(),
        command::InstrumentDefine { previous_open_interest: (1 << 62) + 1, ..instrument(5) }.into(),
        command::InstrumentDefine { minimum_volume: 21, ..instrument(5) }.into(),
        command::InstrumentDefine { upper_limit: 90 + 65_536, ..instrument(5) }.into(),
        command::InstrumentDefine { lower_limit: 111, ..instrument(5) }.into(),
        command::InstrumentDefine { phase: b'8', ..instrument(5) }.into(),
        command::InstrumentDefine { tie_break: 5, ..instrument(5) }.into(),
        command::InstrumentDefine { id: instrument(0).id, ..instrument(5) }.into(),
        command::InstrumentDefine { maximum_market_volume: 0, ..instrument(5) }.into(),
        command::InstrumentDefine { option_type: b'3', ..instrument(5) }.into(),
        command::InstrumentDefine { flags: 4, ..instrument(5) }.into(),
        command::InstrumentDefine { limit_with: Instrument(6), ..instrument(5) }.into(),
        command::InstrumentDefine { limit_with: Instrument(0), product: Product(1), ..instrument(5) }.into(),
        command::InstrumentDefine { margin_long: -1, ..instrument(5) }.into(),
        command::InstrumentDefine { margin_short: -1, ..instrument(5) }.into(),
        command::ParticipantDefine { clearing: Participant(9), ..participant(5) }.into(),
        common::product(0).into(),
        command::ProductDefine { kind: b'0', ..common::product(4) }.into(),
        command::ProductDefine { kind: b'4', ..common::product(3) }.into(),
        command::ProductDefine { kind: b'0', flags: 2, ..common::product(3) }.into(),
        command::ProductDefine { kind: b'0', functions: 1 << 13, ..common::product(3) }.into(),
        command::ProductDefine { kind: b'0', id: common::product(0).id, ..common::product(3) }.into(),
        MassCancel { scope: 5, cause: 2, zero: Zero, index: 0 }.into(),
        MassCancel { scope: 4, cause: 2, zero: Zero, index: 9 }.into(),
        command::MarketMakerSet { account: Account(0), product: Product(0), on: 2, zero: Zero }.into(),
        RightSet { scope: 6, right: b'0', instrument: Instrument(0), index: 0 }.into(),
        MassCancel { scope: 5, cause: 0, zero: Zero, index: 0 }.into(),
        common::phase_set(Instrument(9), b'8').into(),
    ];
    for command in invalid {
        assert_eq!(day.own(command.clone()).refused, Some(Reject::DefinitionInvalid), "{command:?}");
    }
    let position = PositionSet {
        account: Account(0),
        instrument: Instrument(0),
        hedge: b'1',
        zero: Zero,
        long_yesterday: 9,
        long_today: 9,
        short_yesterday: 9,
        short_today: 9,
    };
    let unknown: Vec<Command> = vec![
        PositionSet { account: Account(9), ..position }.into(),
        command::InstrumentDefine { product: Product(3), tick: 0, ..instrument(5) }.into(),
        command::MarketMakerSet { account: Account(9), product: Product(0), on: 2, zero: Zero }.into(),
        command::MarketMakerSet { account: Account(0), product: Product(9), on: 1, zero: Zero }.into(),
        command::MemberLimitSet { participant: Participant(9), instrument: Instrument(0), volume: 1 }.into(),
        command::MemberLimitSet { participant: Participant(0), instrument: Instrument(9), volume: 1 }.into(),
        command::ExecWindowSet { product: Product(9), open: 2, zero: Zero, step: 0 }.into(),
        RightSet { scope: 1, right: b'0', instrument: Instrument(0), index: 65_536 }.into(),
        RightSet { scope: 5, right: b'0', instrument: Instrument(9), index: 0 }.into(),
        MassCancel { scope: 4, cause: 0, zero: Zero, index: 9 }.into(),
        common::phase_set(Instrument(9), b'3').into(),
        common::uncross(Instrument(9)).into(),
        SeatBlock { user: User(9), blocked: 1, zero: Zero, text: [b' '; 100] }.into(),
        PasswordUpdate { secret: [b'x'; 40] }.into(),
        bulletin(Participant(9)).into(),
    ];
    for command in unknown {
        assert_eq!(day.own(command.clone()).refused, Some(Reject::IndexUnknown), "{command:?}");
    }
    day.line("phase 0 0");
    let too_many = PositionSet { long_yesterday: u32::MAX, ..position };
    assert_eq!(day.own(too_many).refused, Some(Reject::DefinitionInvalid));
    assert_eq!(day.own(position).refused, None);
    assert_eq!(day.line("0 sell 18@110 close"), "accepted rests y9 #1");
    assert_eq!(day.own(position).refused, Some(Reject::DefinitionInvalid), "a working order");
    let open =
        EpochOpen { epoch: Epoch(1), data_center: 8, old_epoch: Epoch(1), zero: Zero, cut_sequence: Sequence(3) };
    assert_eq!(day.own(open).refused, Some(Reject::EpochNotHigher));
    assert_eq!(day.own(EpochOpen { epoch: Epoch(2), ..open }).refused, None);
    day.epoch = 2;
    day.line("phase 0 7");
    assert_eq!(day.line("phase 0 7"), "InstrumentClosed");
    assert_eq!(day.line("phase all 7"), "i1 in 7 #7; i1 told; snapshot #8; market 7 #9");
    let step = TakeoverStep { step: 1, outcome: 0, zero: Zero, elapsed: Nanoseconds(5) };
    assert_eq!(day.own(step).events, [Event::Applied]);
}

fn bulletin(participant: Participant) -> Bulletin {
    Bulletin {
        participant,
        urgency: b'1',
        zero: Zero,
        news_type: *b"001",
        zero_2: Zero,
        summary: padded(b"summary"),
        content: padded("内容".as_bytes()),
    }
}

#[test]
fn ends_and_restatements_come_in_the_order_of_keys() {
    let mut day = Day::open();
    for line in ["phase all 0", "0 buy 2@99", "1 buy 2@98 i1", "0 sell 2@105 close", "0 buy 1@97 i1", "1 sell 1@99"] {
        day.line(line);
    }
    let events =
        |outcome: Outcome| outcome.events.iter().map(|event| common::words_of(event, &outcome)).collect::<Vec<_>>();
    assert_eq!(
        events(day.own(BookRestate { zero: Zero })),
        [
            "restated 19 1 traded 1 #5",
            "restated 20 2 traded 0 #4",
            "restated 21 2 traded 0 #6",
            "restated 22 1 traded 0 #7"
        ]
    );
    assert_eq!(
        events(day.own(MassCancel { scope: 4, cause: 0, zero: Zero, index: 1 })),
        ["MassCancelled 20 released 2 y0 traded 0 @0 #5", "MassCancelled 22 released 1 y0 traded 0 @0 #8"]
    );
    assert_eq!(events(day.own(MassCancel { scope: 4, cause: 0, zero: Zero, index: 1 })), ["applied"]);
    day.line("phase 1 7");
    assert_eq!(
        events(day.own(DayClose { zero: Zero, step: 9 })),
        [
            "DayEnd 19 released 1 y0 traded 1 @99 #9",
            "DayEnd 21 released 2 y2 traded 0 @0 #10",
            "i0 in 7 #7",
            "i0 told",
            "snapshot #8",
            "market 7 #9"
        ]
    );
    assert_eq!(events(day.own(DayClose { zero: Zero, step: 9 })), ["applied"]);
    assert_eq!(day.exchange.state().orders.len(), 0);
    assert!(day.exchange.state().exposures.values().all(|sides| sides.iter().all(|&lots| lots <= 6)));
}

#[test]
fn bulletins_readiness_passwords_and_blocked_seats() {
    let mut day = Day::open();
    let all = day.own(bulletin(Participant::ALL));
    assert_eq!(all.events, [Event::Published { participant: Participant::ALL, number: 1 }]);
    assert_eq!(all.told[0].stream, Stream::Broadcast);
    let one = day.own(bulletin(Participant(1)));
    assert_eq!(one.events, [Event::Published { participant: Participant(1), number: 1 }]);
    assert_eq!(one.told[0].stream, Stream::Private(Participant(1)));
    let report = day.by(0, ReadinessReport { readiness: b'1', zero: Zero, content: padded(b"ready") });
    assert_eq!((report.answers[0].session, report.answers[0].request, report.told.len()), (40, 5, 0));
    let update = day.by(0, PasswordUpdate { secret: padded(b"new") });
    assert_eq!(update.answers.len(), 1);
    assert_eq!(day.exchange.state().traders[&User(0)].secret, padded::<40>(b"new"));
    let block = day.own(SeatBlock { user: User(0), blocked: 1, zero: Zero, text: padded(b"out") });
    assert_eq!(block.force_exit, Some((User(0), padded(b"out"))));
    assert_eq!(day.own(SeatBlock { user: User(0), blocked: 0, zero: Zero, text: [b' '; 100] }).force_exit, None);
}

#[test]
fn the_poison_kills_for_good() {
    let settings = Settings { poison: Some(insert(666).local_id), ..Settings::default() };
    let mut day = Day::open_with(settings, day_open());
    day.line("phase 0 0");
    day.line("0 buy 1@100");
    let header = Header { session: 1, request: 1, user: User(1) };
    let poison = command::write(header, &insert(666).into());
    assert_eq!(day.execute(&poison), Err(Stopped::Died));
    assert_eq!(day.execute(&command::write(header, &insert(1).into())), Err(Stopped::Died));
    assert!(day.exchange.is_dead());
    assert_eq!(day.exchange.state().orders.len(), 1, "nothing was changed");
}

#[test]
fn frames_that_do_not_follow_are_refused() {
    let mut day = Day::open();
    let tick = command::write(Header::OWN, &command::MarketDataTick { zero: Zero }.into());
    let mut at =
        |epoch, sequence, time| day.exchange.execute(Epoch(epoch), Sequence(sequence), Nanoseconds(time), &tick).err();
    let now = day.time;
    assert_eq!(at(1, 19, now), Some(Stopped::OutOfOrder), "a gap");
    assert_eq!(at(1, 18, now - 1), Some(Stopped::OutOfOrder), "time runs back");
    assert_eq!(at(2, 18, now), Some(Stopped::OutOfOrder), "a higher epoch without EpochOpen");
    assert_eq!(at(0, 18, now), Some(Stopped::OutOfOrder), "a lower epoch");
    assert_eq!(at(1, 18, now), None);
}
