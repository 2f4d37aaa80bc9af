//! What orders do to each other, in words: scripts of orders, and the events that RULES.md has for them.

mod common;

use common::*;
use engine::Position;
use engine::command::*;
use engine::event::EventView;
use engine::reject::Reject;
use engine::types::*;

use MatchCondition::{Day, FillAndKill, FillOrKill};

/// Sends the orders one after the other; each must bring the events in words.
fn check(market: &mut Market, script: &[(Order, &str)]) {
    for (at, (order, expected)) in script.iter().enumerate() {
        assert_eq!(text(&market.insert(order)), *expected, "order {at}");
    }
}

#[test]
fn an_order_that_meets_nothing_rests_at_once() {
    check(
        &mut Market::new(),
        &[
            (buy(100, 5), "accepted rests #1"),
            (sell(101, 5).account(2), "accepted rests #1"),
            (sell(102, 5), "accepted rests #2"),
            (buy(100, 5).condition(Day), "accepted rests #3"),
        ],
    );
}

#[test]
fn better_prices_trade_first_then_older_orders() {
    check(
        &mut Market::new(),
        &[
            (sell(103, 1).account(2), "accepted rests #1"),
            (sell(102, 2).account(2), "accepted rests #2"),
            (sell(101, 3).account(2), "accepted rests #3"),
            (sell(101, 4).account(3), "accepted rests #4"),
            (
                buy(102, 8),
                "accepted #1; traded 3 at 101 by buy (left 5 #2, left 0 #5); traded 4 at 101 by buy (left 1 #3, left 0 #6); \
                 traded 1 at 102 by buy (left 0 #4, left 1 #7)",
            ),
            (
                buy(103, 4),
                "accepted #5; traded 1 at 102 by buy (left 3 #6, left 0 #8); traded 1 at 103 by buy (left 2 #7, left 0 #9); rests 2",
            ),
            (sell(103, 1).account(2), "accepted #10; traded 1 at 103 by sell (left 1 #8, left 0 #11)"),
        ],
    );
}

#[test]
fn a_fak_trades_what_it_can_and_ends() {
    check(
        &mut Market::new(),
        &[
            (buy(100, 5).condition(FillAndKill), "accepted; ended ImmediateRemainder left 5 traded 0 last 0 #1"),
            (sell(100, 3).account(2), "accepted rests #1"),
            (
                buy(100, 5).condition(FillAndKill),
                "accepted; traded 3 at 100 by buy (left 2 #2, left 0 #2); ended ImmediateRemainder left 2 traded 3 last 100 #3",
            ),
            (sell(100, 3).account(2), "accepted rests #3"),
            (
                buy(100, 3).condition(FillAndKill),
                "accepted; traded 3 at 100 by buy (left 0 #4, left 0 #4); ended AllTraded left 0 traded 3 last 100 #5",
            ),
        ],
    );
}

#[test]
fn a_fok_trades_wholly_or_not_at_all() {
    check(
        &mut Market::new(),
        &[
            (sell(100, 3).account(2), "accepted rests #1"),
            (sell(101, 3).account(2), "accepted rests #2"),
            (sell(103, 3).account(2), "accepted rests #3"),
            (buy(102, 7).condition(FillOrKill), "accepted; ended ImmediateRemainder left 7 traded 0 last 0 #1"),
            (
                buy(102, 6).condition(FillOrKill),
                "accepted; traded 3 at 100 by buy (left 3 #2, left 0 #4); traded 3 at 101 by buy (left 0 #3, left 0 #5); \
                 ended AllTraded left 0 traded 6 last 101 #4",
            ),
        ],
    );
}

#[test]
fn the_middle_rule_takes_the_middle_of_bid_ask_and_last() {
    let mut market = Market::with(day(), |define| define.price_rule = PriceRule::Middle as u8);
    check(
        &mut market,
        &[
            // Before the first trade the previous settlement, 100, is the last price.
            (sell(90, 1).account(2), "accepted rests #1"),
            (buy(95, 1), "accepted #1; traded 1 at 95 by buy (left 0 #2, left 0 #2)"),
            (sell(110, 1).account(2), "accepted rests #3"),
            (buy(120, 1), "accepted #3; traded 1 at 110 by buy (left 0 #4, left 0 #4)"),
            // Within a sweep the last price is the trade before: at 99 the last is 110, so the bid; at 101 and bid 105 the same.
            (sell(99, 1).account(2), "accepted rests #5"),
            (sell(101, 1).account(2), "accepted rests #6"),
            (
                buy(105, 2),
                "accepted #5; traded 1 at 105 by buy (left 1 #6, left 0 #7); traded 1 at 105 by buy (left 0 #7, left 0 #8)",
            ),
            (buy(108, 1), "accepted rests #8"),
            (buy(104, 1), "accepted rests #9"),
            (
                sell(100, 2).account(2),
                "accepted #9; traded 1 at 105 by sell (left 0 #10, left 1 #10); traded 1 at 104 by sell (left 0 #11, left 0 #11)",
            ),
        ],
    );
    assert_eq!(market.state.last_price(A), Some(Price(104)));
}

#[test]
fn prices_volume_turnover_and_open_interest_follow_the_trades() {
    let mut market = Market::with(day(), |define| define.previous_open_interest = 10);
    let look = |market: &Market| {
        let instrument = market.state.instrument(A).expect("defined");
        let prices = (instrument.last.map(|price| price.0), instrument.open.0, instrument.high.0, instrument.low.0);
        (prices, instrument.volume, instrument.turnover.0, instrument.open_interest)
    };
    assert_eq!(look(&market), ((None, 0, 0, 0), 0, 0, 10));
    market.open_positions(0, 2, 5);
    let one = i128::from(TICK) * i128::from(MULTIPLIER);
    assert_eq!(look(&market), ((Some(100), 100, 100, 100), 5, 500 * one, 15));
    market.rest(&sell(110, 2).offset(Offset::CloseToday));
    market.rest(&buy(110, 2).account(1));
    assert_eq!(look(&market), ((Some(110), 100, 110, 100), 7, 720 * one, 15), "one opens, one closes");
    market.rest(&sell(90, 2).account(1).offset(Offset::Close));
    market.rest(&buy(90, 2).account(2).offset(Offset::Close));
    assert_eq!(look(&market), ((Some(90), 100, 110, 90), 9, 900 * one, 13), "both close");
    assert_eq!(market.state.last_price(B), None);

    // Positions that the previous open interest did not count: it never falls below zero.
    let mut market = Market::new();
    for account in [0, 2] {
        let account = AccountIndex(account);
        let set = PositionSet {
            account,
            instrument: A,
            hedge: b'1',
            reserved: 0,
            long_yesterday: 5,
            long_today: 0,
            short_yesterday: 5,
            short_today: 0,
        };
        market.applied(&set);
    }
    market.rest(&sell(100, 5).offset(Offset::Close));
    market.rest(&buy(100, 5).account(2).offset(Offset::Close));
    assert_eq!(look(&market).3, 0);
    market.open_positions(0, 2, 3);
    assert_eq!(look(&market).3, 3);
}

/// Long 4 of yesterday and 3 of today, closed in ways; what is frozen, and what a trade takes.
fn closing(close_today_first: bool) -> Market {
    let flags = if close_today_first { DAY_CLOSE_TODAY_FIRST } else { 0 };
    let mut market = Market::with(DayOpen { flags, ..day() }, |_| ());
    market.applied(&PositionSet {
        account: AccountIndex(0),
        instrument: A,
        hedge: b'1',
        reserved: 0,
        long_yesterday: 4,
        long_today: 3,
        short_yesterday: 0,
        short_today: 0,
    });
    market
}

fn long(market: &Market) -> (u32, u32, u32, u32) {
    let Position { long_yesterday, long_today, long_frozen_yesterday, long_frozen_today, .. } =
        market.state.position(AccountIndex(0), A, b'1');
    (long_yesterday, long_today, long_frozen_yesterday, long_frozen_today)
}

#[test]
fn closing_orders_freeze_what_they_may_close() {
    let mut market = closing(false);
    let close = |volume, offset| sell(110, volume).offset(offset);
    check(&mut market, &[(close(5, Offset::Close), "accepted rests yesterday 4 #1")]);
    assert_eq!(long(&market), (4, 3, 4, 1));
    check(&mut market, &[(close(1, Offset::CloseYesterday), "rejected YesterdayPositionInsufficient marked")]);
    check(&mut market, &[(close(3, Offset::CloseToday), "rejected TodayPositionInsufficient marked")]);
    check(&mut market, &[(close(3, Offset::Close), "rejected PositionInsufficient marked")]);
    check(&mut market, &[(close(1, Offset::CloseToday), "accepted rests #2")]);
    // A trade takes yesterday's frozen part first; a cancel gives back what is left.
    check(
        &mut market,
        &[(buy(110, 2).account(2), "accepted #1; traded 2 at 110 by buy (left 0 #2, left 3 yesterday 2 #3)")],
    );
    assert_eq!(long(&market), (2, 3, 2, 2));
    let local_id = market.state.orders()[0].local_id;
    let cancelled = market.cancel(0, |cancel| cancel.local_id = local_id);
    assert_eq!(text(&cancelled), "ended Cancelled left 3 yesterday 2 traded 2 last 110 #4");
    assert_eq!(long(&market), (2, 3, 0, 1));

    let mut market = closing(true);
    check(&mut market, &[(close(5, Offset::Close), "accepted rests yesterday 2 #1")]);
    assert_eq!(long(&market), (4, 3, 2, 3));
    check(
        &mut market,
        &[(buy(110, 4).account(2), "accepted #1; traded 4 at 110 by buy (left 0 #2, left 1 yesterday 1 #2)")],
    );
    assert_eq!(long(&market), (3, 0, 1, 0));

    let mut market = closing(false);
    check(&mut market, &[(close(3, Offset::CloseYesterday), "accepted rests yesterday 3 #1")]);
    check(&mut market, &[(close(3, Offset::CloseToday), "accepted rests #2")]);
    assert_eq!(long(&market), (4, 3, 3, 3));
    // Immediate orders freeze and release within their frame.
    check(
        &mut market,
        &[(
            close(1, Offset::Close).condition(FillAndKill),
            "accepted yesterday 1; ended ImmediateRemainder left 1 yesterday 1 traded 0 last 0 #3",
        )],
    );
    assert_eq!(long(&market), (4, 3, 3, 3));
    // The same client under another flag, or another account, has nothing to close.
    check(
        &mut market,
        &[(close(1, Offset::Close).change(|order| order.hedge = b'3'), "rejected PositionInsufficient marked")],
    );
    check(&mut market, &[(close(1, Offset::Close).account(1), "rejected PositionInsufficient marked")]);
    check(&mut market, &[(buy(90, 1).offset(Offset::Close), "rejected PositionInsufficient marked")]);
}

#[test]
fn a_client_may_trade_with_itself() {
    let mut market = Market::new();
    let script = [
        (sell(100, 5), "accepted rests #1"),
        (buy(100, 7), "accepted #2; traded 5 at 100 by buy (left 2 #3, left 0 #4); rests 2"),
    ];
    check(&mut market, &script);
    let position = market.state.position(AccountIndex(0), A, b'1');
    assert_eq!((position.long_today, position.short_today, position.pending_buy, position.pending_sell), (5, 5, 2, 0));
    // Buy side first: closing the short and the long side of one row against each other.
    market.rest(&sell(99, 5).offset(Offset::CloseToday).condition(Day));
    assert_eq!(market.state.exposure(ClientNumber(0), A, b'1'), (5, 5));
}

#[test]
fn opening_pends_then_holds_and_the_exposure_stays() {
    let mut market = Market::new();
    let exposure = |market: &Market| market.state.exposure(ClientNumber(0), A, b'1');
    market.rest(&buy(100, 5));
    assert_eq!(exposure(&market), (5, 0));
    market.rest(&sell(100, 3).account(3));
    assert_eq!(exposure(&market), (5, 0));
    assert_eq!(
        market.state.position(AccountIndex(0), A, b'1'),
        Position { long_today: 3, pending_buy: 2, ..Position::default() }
    );
    market.rest(&buy(99, 4).account(2));
    assert_eq!(exposure(&market), (9, 0), "another member's account of the same client");
    market.own(&MassCancel { scope: 0, cause: 0, reserved: [0; 2], index: 0 });
    assert_eq!(exposure(&market), (3, 0));
    market.rest(&sell(100, 3).offset(Offset::Close));
    assert_eq!(exposure(&market), (3, 0));
    market.rest(&buy(100, 3).account(3));
    assert_eq!(exposure(&market), (0, 0));
}

#[test]
fn mass_events_go_in_the_order_of_keys_whatever_the_phase() {
    let mut market = Market::new();
    let keys: Vec<OrderKey> =
        [buy(99, 1), sell(101, 2).instrument(B), buy(98, 3).account(2), sell(105, 4).user(1), buy(97, 5).account(1)]
            .iter()
            .map(|order| market.rest(order))
            .collect();
    // An order that is made to trade once tells its last price.
    market.rest(&sell(98, 1).account(3).condition(FillAndKill));
    market.rest(&sell(98, 2).account(3).condition(FillAndKill));
    assert_eq!(market.state.orders().iter().map(|order| order.key).collect::<Vec<_>>(), keys[1..]);
    let restated = market.own(&BookRestate { reserved: 0 });
    assert_eq!(
        text(&restated),
        "restated left 2 traded 0 last 0 #6; restated left 1 traded 2 last 98 #7; restated left 4 traded 0 last 0 #7; restated left 5 traded 0 last 0 #8"
    );
    market.phase(InstrumentIndex::ALL, Phase::AuctionMatch);
    let scoped = |scope: MassScope, index: u32| MassCancel { scope: scope as u8, cause: 0, reserved: [0; 2], index };
    assert_eq!(text(&market.own(&scoped(MassScope::Account, 1))), "ended MassCancelled left 5 traded 0 last 0 #9");
    assert_eq!(text(&market.own(&scoped(MassScope::User, 1))), "ended MassCancelled left 4 traded 0 last 0 #10");
    assert_eq!(text(&market.own(&scoped(MassScope::Participant, 1))), "ended MassCancelled left 1 traded 2 last 98 #8");
    assert_eq!(text(&market.own(&scoped(MassScope::Instrument, 0))), "applied");
    assert_eq!(text(&market.own(&scoped(MassScope::Instrument, 1))), "ended MassCancelled left 2 traded 0 last 0 #11");
    assert_eq!(text(&market.own(&scoped(MassScope::All, 0))), "applied");
    assert_eq!(text(&market.own(&BookRestate { reserved: 0 })), "applied");
    assert_eq!(market.state.live_orders(), 0);
}

#[test]
fn the_day_closes_orders_first_then_instruments() {
    let mut market = Market::new();
    market.rest(&buy(99, 1));
    market.rest(&sell(101, 2).instrument(B).account(2));
    market.phase(A, Phase::Closed);
    let close = DayClose { reserved: 0, step: 9 };
    assert_eq!(
        text(&market.own(&close)),
        "ended DayEnd left 1 traded 0 last 0 #2; ended DayEnd left 2 traded 0 last 0 #2; 1 enters 7 #3; data 1 #4; snapshot #4; \
         market 7 #5"
    );
    assert_eq!(text(&market.own(&close)), "applied");
    assert_eq!(market.state.phase(B), Some(Phase::Closed));
}

#[test]
fn phases_change_in_the_order_of_indices_and_only_where_they_differ() {
    let mut market = Market::new();
    assert_eq!(text(&market.phase(B, Phase::Continuous)), "applied");
    assert_eq!(text(&market.phase(B, Phase::Suspended)), "1 enters 3 #1; data 1 #2; snapshot #2");
    assert_eq!(
        text(&market.phase(InstrumentIndex::ALL, Phase::Suspended)),
        "0 enters 3 #3; data 0 #4; snapshot #4; market 3 #5"
    );
    assert_eq!(
        text(&market.phase(InstrumentIndex::ALL, Phase::Continuous)),
        "0 enters 0 #6; 1 enters 0 #7; data 0 #8; data 1 #8; snapshot #8; market 0 #9"
    );
    assert_eq!(text(&market.phase(InstrumentIndex::ALL, Phase::Continuous)), "applied");
    market.phase(A, Phase::Closed);
    assert_eq!(
        text(&market.phase(InstrumentIndex::ALL, Phase::NoTrading)),
        "1 enters 4 #12; data 1 #13; snapshot #13; market 4 #14"
    );
}

/// The market's status is the phase in which most can be done that any of its instruments is in, whatever the others are.
#[test]
fn the_markets_status_is_told_when_it_becomes_another_and_not_else() {
    let mut market = Market::new();
    let mut told = vec![];
    let mut tell = |instrument, phase: Phase| {
        let events = market.phase(instrument, phase);
        told.push(events.iter().find_map(|event| match event.view() {
            Some(EventView::MarketChanged(changed)) => Some(char::from(changed.phase)),
            _ => None,
        }));
    };
    tell(A, Phase::NoTrading); // B still trades
    tell(B, Phase::Suspended);
    for phase in
        [Phase::CancelOnly, Phase::AuctionMatch, Phase::ClosingAuction, Phase::AuctionOrdering, Phase::Continuous]
    {
        tell(A, phase);
    }
    tell(B, Phase::AuctionOrdering); // A trades
    tell(A, Phase::Closed);
    tell(B, Phase::NoTrading);
    tell(B, Phase::Closed);
    let expected =
        [None, Some('3'), Some('5'), Some('6'), Some('2'), Some('1'), Some('0'), None, Some('1'), Some('4'), Some('7')];
    assert_eq!(told, expected);
}

/// A step for contracts on their last trading day concerns these of its product and no other; what is closed stays so.
#[test]
fn a_phase_for_the_last_trading_day_concerns_the_contracts_that_expire() {
    let mut market = Market::new();
    let today = market.state.day().expect("open").trading_day;
    for (index, last_trading_day) in [(2, today), (3, today + 1)] {
        let mut define = InstrumentDefine { last_trading_day, ..instrument(index) };
        define.id[5] = b'A' + index as u8;
        market.applied(&define);
    }
    let all = phase_set(InstrumentIndex::ALL, b'7');
    let events = text(&market.own(&PhaseSet { last_day: 1, ..all }));
    assert_eq!(events, "2 enters 7 #1; data 2 #2; snapshot #2");
    assert_eq!(text(&market.own(&PhaseSet { last_day: 1, ..all })), "applied");
    assert_eq!(text(&market.own(&PhaseSet { last_day: 1, ..phase_set(A, b'4') })), "applied");
    let wrong = refused(&market.own(&PhaseSet { last_day: 2, ..all }));
    assert_eq!(wrong.map(|it| it.code), Some(Reject::DefinitionInvalid as u16));
    assert!(!text(&market.phase(InstrumentIndex::ALL, Phase::NoTrading)).contains("2 enters"), "it is over");
    let step = ScheduleSet {
        step: 1,
        time: 41_400_000,
        product: ProductIndex(0),
        action: 0,
        phase: b'7',
        last_day: 1,
        reserved: [0; 3],
    };
    for wrong in
        [ScheduleSet { last_day: 2, ..step }, ScheduleSet { action: ScheduleAction::Uncross as u8, phase: 0, ..step }]
    {
        assert_eq!(refused(&market.own(&wrong)).map(|it| it.code), Some(Reject::DefinitionInvalid as u16));
    }
    market.applied(&step);
}

#[test]
fn an_instruments_right_is_told_when_it_becomes_another_and_not_else() {
    let mut market = Market::new();
    let set = |scope: u8, right: u8| RightSet { scope, right, instrument: A, index: 0 };
    assert_eq!(text(&market.own(&set(4, b'0'))), "applied");
    assert_eq!(text(&market.own(&set(4, b'1'))), "0 right 1 #1");
    assert_eq!(text(&market.own(&set(4, b'1'))), "applied");
    assert_eq!(text(&market.own(&set(4, b'2'))), "0 right 2 #2");
    for scope in [1, 2, 3, 5] {
        assert_eq!(text(&market.own(&set(scope, b'1'))), "applied");
    }
    assert_eq!(market.state.instrument(A).expect("defined").right, Right::Forbidden);
}

#[test]
fn market_data_tells_what_was_touched_since_the_last_tick_under_one_number() {
    use engine::event::EventView;
    let mut market = Market::new();
    let tick = MarketDataTick { reserved: 0 };
    assert_eq!(text(&market.own(&tick)), "applied");
    market.rest(&buy(99, 7));
    market.rest(&buy(99, 8).account(1));
    market.rest(&sell(101, 2).instrument(B).account(2));
    let events = market.own(&tick);
    assert_eq!(text(&events), "data 0 #1; 0 bids 15 at 99; data 1 #1; 1 asks 2 at 101; ticked 1 0 2");
    let Some(EventView::MarketData(data)) = events[0].view() else { panic!("market data") };
    assert_eq!(
        (data.present, data.bid, data.bid_volume, data.ask, data.ask_volume),
        (2, Price(99), Volume(15), Price(0), Volume(0))
    );
    assert_eq!(text(&market.own(&tick)), "applied");
    // Rejected orders touch nothing; a cancel, a trade and a phase do.
    market.insert(&buy(1, 7));
    assert_eq!(text(&market.own(&tick)), "applied");
    market.insert(&sell(99, 10).account(2));
    let events = market.own(&tick);
    let Some(EventView::MarketData(data)) = events[0].view() else { panic!("market data") };
    assert_eq!(
        (data.present, data.last, data.open, data.high, data.low),
        (3, Price(99), Price(99), Price(99), Price(99))
    );
    assert_eq!(
        (data.volume, data.open_interest, data.bid_volume, data.broadcast_number),
        (10, 10, Volume(5), StreamNumber(3))
    );
    assert_eq!(
        i128::from(data.turnover_high) << 64 | i128::from(data.turnover_low),
        990 * i128::from(TICK) * i128::from(MULTIPLIER)
    );
    market.own(&MassCancel { scope: 4, cause: 0, reserved: [0; 2], index: 1 });
    assert_eq!(text(&market.own(&tick)), "data 1 #6; 1 asks ; ticked 6 0 7");
    market.phase(A, Phase::Suspended);
    assert_eq!(text(&market.own(&tick)), "data 0 #10; ticked 10 0 0");
    assert_eq!(market.state.broadcast_count(), StreamNumber(10));
}

#[test]
fn a_bid_volume_beyond_32_bits_saturates() {
    use engine::event::EventView;
    let mut market = Market::with(day(), |define| define.maximum_volume = u32::MAX);
    market.rest(&buy(99, u32::MAX));
    market.rest(&buy(99, 9).account(2));
    let events = market.own(&MarketDataTick { reserved: 0 });
    let Some(EventView::MarketData(data)) = events[0].view() else { panic!("market data") };
    assert_eq!(data.bid_volume, Volume(u32::MAX));
    assert_eq!(market.state.best(A, Direction::Buy), Some((Price(99), u64::from(u32::MAX) + 9)));
}

#[test]
fn bulletins_are_numbered_in_the_stream_they_go_to() {
    let mut market = Market::new();
    let bulletin = |participant| Bulletin {
        participant,
        urgency: b'1',
        reserved: 0,
        news_type: [b'0'; 3],
        reserved_2: 0,
        summary: [b' '; 80],
        content: [b' '; 504],
    };
    assert_eq!(text(&market.own(&bulletin(ParticipantIndex::ALL))), "published to 65535 #1");
    assert_eq!(text(&market.own(&bulletin(ParticipantIndex(1)))), "published to 1 #1");
    assert_eq!(text(&market.own(&bulletin(ParticipantIndex(1)))), "published to 1 #2");
    assert_eq!(text(&market.insert(&buy(99, 1).account(2))), "accepted rests #3");
    assert_eq!(text(&market.phase(A, Phase::Suspended)), "0 enters 3 #2; data 0 #3; snapshot #3");
}

#[test]
fn takeovers_and_readiness_are_recorded_and_change_nothing_but_the_epoch() {
    let mut market = Market::new();
    let before = market.state.digests();
    market.run(UserIndex(0), &ReadinessReport { readiness: b'1', reserved: [0; 3], content: [b' '; 500] });
    market.applied(&TakeoverBegin {
        cut_sequence: Sequence(7),
        cut_digest: 1,
        commanded_at: Nanoseconds(1),
        old_epoch: Epoch(1),
        new_epoch: Epoch(2),
        book: 0,
        reopen: 0,
        from_state: 2,
        overrides: 0,
        data_center: 2,
    });
    market.applied(&EpochOpen {
        epoch: Epoch(2),
        data_center: 2,
        old_epoch: Epoch(1),
        reserved: 0,
        cut_sequence: Sequence(7),
    });
    market.applied(&TakeoverStep { step: 1, outcome: 0, reserved: 0, elapsed: Nanoseconds(5) });
    assert_eq!(market.state.digests(), before);
    assert_eq!((market.state.epoch(), market.state.last_sequence()), (Epoch(2), market.stamp.sequence));
    assert_eq!(market.state.time(), market.stamp.time);
}

#[test]
fn both_sides_may_stand_at_one_price_while_an_auction_takes_orders() {
    let mut market = Market::new();
    market.phase(A, Phase::AuctionOrdering);
    check(
        &mut market,
        &[
            (buy(100, 5), "accepted rests #1"),
            (sell(100, 5).account(2), "accepted rests #1"),
            (sell(90, 5).account(2), "accepted rests #2"),
        ],
    );
    assert_eq!(market.state.best(A, Direction::Buy), Some((Price(100), 5)));
    assert_eq!(market.state.best(A, Direction::Sell), Some((Price(90), 5)));
}

#[test]
fn order_ids_of_another_system_are_found_too() {
    // A followed primary's texts need not be written as ours.
    let mut market = Market::new();
    let buffer = CommandBuffer::new(0, 0, UserIndex(0), &OrderInsert { local_id: local_id(5), ..buy(100, 5).body() });
    market.stamp.sequence.0 += 1;
    let sys_id = *b"PRIMARY-77          ";
    let accepted = engine::event::Accepted {
        rests: 1,
        private_number: StreamNumber(1),
        sys_id,
        ..engine::event::Accepted::zero()
    };
    engine::validate(&market.state, market.stamp, &buffer.command(), &[accepted.into()]).expect("possible");
    engine::evolve(&mut market.state, market.stamp, &buffer.command(), &accepted.into());
    engine::seal(&mut market.state, market.stamp);
    assert_eq!(
        text(&market.cancel(0, |cancel| cancel.order_sys_id = *b"PRIMARY-78          ")),
        "rejected OrderNotFound"
    );
    let cancelled = market.cancel(0, |cancel| cancel.order_sys_id = sys_id);
    assert_eq!(text(&cancelled), "ended Cancelled left 5 traded 0 last 0 #2");
    assert_eq!(text(&market.cancel(0, |cancel| cancel.order_sys_id = sys_id)), "rejected OrderNotFound");
    // An id that spells a live order's key, but has another's prefix, is not that order's.
    let key = market.rest(&buy(100, 5));
    let mut other = market.state.order(key).expect("live").sys_id;
    other[0] = b'X';
    assert_eq!(text(&market.cancel(0, |cancel| cancel.order_sys_id = other)), "rejected OrderNotFound");
}

/// An order without a price of its own.
fn kind(order: Order, order_type: u8) -> Order {
    order.change(|order| {
        order.order_type = order_type;
        order.match_condition = if b"489".contains(&order_type) { b'3' } else { b'2' };
        order.price = RawPrice(7);
    })
}

/// Seven asks from 101 to 107, one lot each; the middle rule, which kinds without a price do not follow.
fn asks() -> Market {
    let mut market = Market::with(day(), |define| define.price_rule = PriceRule::Middle as u8);
    for price in 101..108 {
        market.rest(&sell(price, 1).account(2));
    }
    market
}

#[test]
fn kinds_without_a_price_trade_with_the_levels_they_may_at_resting_prices() {
    for (order_type, prices) in [(b'5', 101..102), (b'7', 101..106), (b'1', 101..108)] {
        let events = asks().insert(&kind(buy(0, 9), order_type));
        let traded: Vec<i32> = trades(&events).iter().map(|trade| trade.price.0).collect();
        assert_eq!(traded, prices.clone().collect::<Vec<i32>>(), "type {}", char::from(order_type));
        assert!(text(&events).contains("ended ImmediateRemainder"), "{}", text(&events));
    }
}

#[test]
fn what_remains_of_a_to_limit_order_rests_at_the_last_price() {
    for (order_type, price) in [(b'9', 101), (b'8', 105), (b'4', 107)] {
        let mut market = asks();
        let key = market.rest(&kind(buy(0, 9), order_type));
        let order = market.state.order(key).expect("it rests");
        assert_eq!((order.price, order.remaining.0), (Price(price), 9 - (price as u32 - 100)));
    }
    // Nothing to trade with: the previous settlement price.
    let mut market = Market::new();
    assert_eq!(text(&market.insert(&kind(sell(0, 2), b'9'))), "accepted #1; rests 2");
    assert_eq!(market.state.best(A, Direction::Sell), Some((Price(100), 2)));
}

#[test]
fn a_fak_that_cannot_trade_its_minimal_volume_trades_nothing() {
    let fak = |minimal| {
        let fak = buy(103, 9).condition(MatchCondition::FillAndKill);
        fak.change(move |order| order.minimal_volume = Volume(minimal))
    };
    assert_eq!(text(&asks().insert(&fak(4))), "accepted; ended ImmediateRemainder left 9 traded 0 last 0 #1");
    assert_eq!(trades(&asks().insert(&fak(3))).len(), 3);
}

#[test]
fn an_auction_is_told_with_the_price_it_would_find() {
    use engine::event::EventView;
    let mut market = Market::new();
    market.phase(A, Phase::ClosingAuction);
    market.rest(&buy(105, 4));
    market.rest(&sell(101, 3).account(2));
    let events = market.own(&MarketDataTick { reserved: 0 });
    assert_eq!(text(&events), "data 0 #3; ticked 3 0 0");
    let Some(EventView::MarketData(data)) = events[0].view() else { panic!("market data") };
    assert_eq!((data.present, data.bid, data.ask), (14, data.ask, Price(105)));
    assert_eq!((data.bid_volume, data.ask_volume), (Volume(3), Volume(3)));
}

#[test]
fn a_quotes_ask_closes_what_its_bid_opened_where_today_is_closed_first() {
    for (flags, yesterday) in [(DAY_CLOSE_TODAY_FIRST, 2), (0, 4)] {
        let mut market = Market::with(DayOpen { flags, ..day() }, |_| ());
        market.applied(&market_maker(0));
        market.applied(&PositionSet {
            account: AccountIndex(0),
            instrument: A,
            hedge: b'1',
            reserved: 0,
            long_yesterday: 4,
            long_today: 2,
            short_yesterday: 0,
            short_today: 0,
        });
        market.rest(&sell(99, 2).account(2));
        let quoted =
            market.quote(QuoteInsert { offset: *b"01", volume: [Volume(3), Volume(6)], ..quote(0, 99, 101, 3) });
        let told = text(&quoted);
        let ask = format!("rests 1; accepted rests yesterday {yesterday} #");
        assert!(told.contains("traded 2 at 99 by buy") && told.contains(&ask), "{told}");
    }
}

/// What a side's Depth says: levels with a star where they changed, then what is gone.
fn depth_of(events: &[engine::event::Event], side: u8) -> String {
    use engine::event::EventView;
    let mut said = String::new();
    for event in events {
        if let Some(EventView::Depth(depth)) = event.view() {
            if depth.side != side {
                continue;
            }
            for level in 0..usize::from(depth.count) {
                let star = if depth.changed & 1 << level == 0 { "" } else { "*" };
                said += &format!("{}@{}{star} ", depth.volume[level], depth.price[level]);
            }
            let gone = &depth.gone[..usize::from(depth.gone_count)];
            said += &format!("gone {}", gone.iter().map(|price| price.to_string()).collect::<Vec<_>>().join(" "));
        }
    }
    said
}

#[test]
fn a_depth_says_which_levels_changed_and_which_are_gone() {
    let mut market = Market::new();
    let tick = MarketDataTick { reserved: 0 };
    for price in [99, 98, 97, 96, 95] {
        market.rest(&buy(price, 2));
    }
    assert_eq!(depth_of(&market.own(&tick), 0), "2@99* 2@98* 2@97* 2@96* 2@95* gone ");
    // A better price pushes the fifth out, more lots change one; the others stay as they were told.
    market.rest(&buy(100, 1));
    market.rest(&buy(97, 3).account(1));
    assert_eq!(depth_of(&market.own(&tick), 0), "1@100* 2@99 2@98 5@97* 2@96 gone 95");
    // The best three trade away: what is sixth comes back, and is new.
    market.insert(&sell(98, 5).account(2));
    let events = market.own(&tick);
    assert_eq!(depth_of(&events, 0), "5@97 2@96 2@95* gone 100 99 98");
    assert_eq!(depth_of(&events, 1), "");
    market.own(&MassCancel { scope: 4, cause: 0, reserved: [0; 2], index: 0 });
    assert_eq!(depth_of(&market.own(&tick), 0), "gone 97 96 95");
    market.rest(&sell(104, 1));
    assert_eq!(depth_of(&market.own(&tick), 1), "1@104* gone ");
}

#[test]
fn a_phase_change_tells_what_the_instruments_are_in_it() {
    use engine::event::{EventView, MarketData};
    let pictures = |events: &[engine::event::Event]| -> Vec<MarketData> {
        let picture = |event: &engine::event::Event| match event.view() {
            Some(EventView::MarketData(data)) => Some(*data),
            _ => None,
        };
        events.iter().filter_map(picture).collect()
    };
    let mut market = Market::new();
    market.rest(&buy(99, 7));
    market.rest(&sell(101, 3).account(2));
    market.insert(&buy(101, 2));
    let data = pictures(&market.phase(A, Phase::Suspended))[0];
    assert_eq!((data.present, data.last, data.last_volume, data.volume), (7, Price(101), Volume(2), 2));
    assert_eq!((data.bid, data.bid_volume, data.ask, data.ask_volume), (Price(99), Volume(7), Price(101), Volume(1)));
    // A tick tells it again, with the same content.
    let again = pictures(&market.own(&MarketDataTick { reserved: 0 }))[0];
    assert_eq!(MarketData { broadcast_number: data.broadcast_number, ..again }, data);
    // In an auction it is what the auction would find, as soon as the phase begins.
    market.phase(A, Phase::ClosingAuction);
    market.rest(&buy(102, 9).account(1));
    let data = pictures(&market.phase(A, Phase::AuctionMatch))[0];
    assert_eq!((data.present, data.bid, data.ask, data.bid_volume), (15, data.ask, Price(102), Volume(1)));
    // The day's end takes the orders first: the books that it tells are empty.
    let closed = market.own(&DayClose { reserved: 0, step: 0 });
    let data = pictures(&closed);
    assert_eq!(data.len(), 2);
    assert_eq!(
        (data[0].present, data[0].bid, data[0].ask_volume, data[0].last_volume),
        (1, Price(0), Volume(0), Volume(2))
    );
    assert_eq!((data[1].present, data[1].last_volume), (0, Volume(0)));
}

#[test]
fn the_calendar_says_what_is_due_and_goes_on_where_it_stopped() {
    let mut market = Market::new();
    let step = ScheduleSet {
        step: 1,
        time: 34_200_000,
        product: ProductIndex(0),
        action: ScheduleAction::Phase as u8,
        phase: b'5',
        last_day: 0,
        reserved: [0; 3],
    };
    market.applied(&step);
    market.applied(&ScheduleSet {
        step: 3,
        time: 34_260_000,
        phase: 0,
        action: ScheduleAction::DayClose as u8,
        ..step
    });
    assert!(refused(&market.own(&step)).is_some(), "steps ascend");
    assert_eq!(market.state.due_steps(34_199_999).count(), 0);
    assert_eq!(market.state.due_steps(34_260_000).map(|step| step.step).collect::<Vec<_>>(), [1, 3]);
    market.own(&PhaseSet { step: 1, product: ProductIndex(0), ..phase_set(InstrumentIndex::ALL, b'5') });
    assert_eq!(market.state.due_steps(34_260_000).map(|step| step.step).collect::<Vec<_>>(), [3]);
}
