//! Every refusal, by the check that gives it; and the order of the checks: of two reasons the first of RULES.md is heard.

mod common;

use common::*;
use engine::command::*;
use engine::event::{BLANK_SYSTEM_ID, Event};
use engine::reject::Reject;
use engine::types::*;
use std::collections::BTreeSet;

/// A refused order: it marks its local id unless its reason says otherwise.
fn check(events: &[Event], expected: Reject) -> Reject {
    assert_eq!(
        refused(events).map_or(0, |rejected| rejected.marked),
        u8::from(expected.marks_local_id()),
        "{expected:?}"
    );
    code(events, expected)
}

/// Any other refused command: it marks nothing.
fn plain(events: &[Event], expected: Reject) -> Reject {
    assert_eq!(refused(events).map_or(0, |rejected| rejected.marked), 0, "{expected:?}");
    code(events, expected)
}

fn code(events: &[Event], expected: Reject) -> Reject {
    let rejected = refused(events).unwrap_or_else(|| panic!("expected {expected:?}, came {}", text(events)));
    assert_eq!(events.len(), 1, "a rejected command makes exactly one event");
    assert_eq!(Reject::from_code(rejected.code), Some(expected));
    expected
}

/// Orders that differ from a good one in one thing each, and what they hear.
fn order_rejects() -> Vec<Reject> {
    let mut market = Market::with(day(), |define| define.minimum_volume = 2);
    let (fok, fak) = (MatchCondition::FillOrKill, MatchCondition::FillAndKill);
    let good = buy(100, 5);
    let bad: Vec<(Order, Reject)> = vec![
        (good.change(|order| order.direction = b'2'), Reject::OrderUnsupported),
        (good.change(|order| order.offset = b'2'), Reject::OrderUnsupported),
        (good.change(|order| order.hedge = b'0'), Reject::OrderUnsupported),
        (good.change(|order| order.hedge = b'5'), Reject::OrderUnsupported),
        (good.change(|order| order.order_type = b'1'), Reject::OrderUnsupported),
        (good.change(|order| order.match_condition = b'4'), Reject::OrderUnsupported),
        (good.change(|order| order.match_session = b'1'), Reject::OrderUnsupported),
        (good.change(|order| order.match_session = b'2'), Reject::OrderUnsupported),
        (good.change(|order| order.minimal_volume = Volume(2)), Reject::OrderUnsupported),
        (good.change(|order| order.flags = ORDER_STOP_PRICE), Reject::StopOrderNotOffered),
        (good.change(|order| order.flags = ORDER_AUTO_SUSPEND), Reject::StopOrderNotOffered),
        (good.change(|order| order.account = AccountIndex::NONE), Reject::ClientUnknown),
        (good.change(|order| order.account = AccountIndex(9)), Reject::ClientUnknown),
        (good.change(|order| order.account = AccountIndex(2)), Reject::ClientUnknown),
        (good.instrument(InstrumentIndex::UNKNOWN), Reject::InstrumentUnknown),
        (good.instrument(InstrumentIndex(2)), Reject::InstrumentUnknown),
        (good.change(|order| order.price.0 += 1), Reject::PriceOffTick),
        (good.change(|order| order.price.0 = -1), Reject::PriceOffTick),
        (good.change(|order| order.price.0 = i64::MAX), Reject::PriceOffTick),
        (buy(9, 5), Reject::PriceBelowLimit),
        (buy(-100, 5), Reject::PriceBelowLimit),
        (buy(201, 5), Reject::PriceAboveLimit),
        (good.change(|order| order.price.0 = i64::MAX / 2000 * 2000), Reject::PriceAboveLimit),
        (buy(100, 0), Reject::VolumeBelowMinimum),
        (buy(100, 1), Reject::VolumeBelowMinimum),
        (buy(100, 101), Reject::VolumeAboveMaximum),
        (good.offset(Offset::Close), Reject::PositionInsufficient),
        (good.offset(Offset::CloseToday), Reject::TodayPositionInsufficient),
        (good.offset(Offset::CloseYesterday), Reject::YesterdayPositionInsufficient),
    ];
    let mut seen: Vec<Reject> = bad.iter().map(|(order, expected)| check(&market.insert(order), *expected)).collect();
    for good in
        [good.condition(fok), good.condition(fak), good.condition(fak).change(|order| order.match_session = b'2'), good]
    {
        assert_eq!(refused(&market.insert(&good)), None, "the good order is good");
        assert_eq!(refused(&market.insert(&good.change(|order| order.match_session = b'7'))), None);
        assert_eq!(refused(&market.insert(&good.change(|order| order.minimal_volume = Volume(1)))), None);
    }
    market.phase(A, Phase::AuctionOrdering);
    seen.push(check(&market.insert(&good.condition(fok)), Reject::PhaseForbidsImmediate));
    seen.push(check(&market.insert(&good.condition(fak)), Reject::PhaseForbidsImmediate));
    for phase in [Phase::Suspended, Phase::NoTrading, Phase::CancelOnly, Phase::AuctionMatch, Phase::Closed] {
        market.phase(A, phase);
        seen.push(check(&market.insert(&good), Reject::PhaseForbidsInsert));
        seen.push(check(&market.insert(&good.condition(fok)), Reject::PhaseForbidsInsert));
    }
    seen
}

fn local_id_rejects() -> Vec<Reject> {
    let mut market = Market::new();
    let mut seen = vec![];
    for blank in [[b' '; 24], [0; 24]] {
        seen.push(check(
            &market.run(UserIndex(0), &OrderInsert { local_id: blank, ..buy(100, 5).body() }),
            Reject::LocalIdMissing,
        ));
    }
    let first = OrderInsert { local_id: *b"A-1                     ", ..buy(100, 5).body() };
    assert_eq!(refused(&market.run(UserIndex(0), &first)), None);
    let key = OrderKey::new(market.stamp.sequence, 0);
    // The repeat is recognised whatever the order's phase and rights have become, also if it says something else.
    market.phase(InstrumentIndex::ALL, Phase::Suspended);
    for again in [first, OrderInsert { volume: Volume(0), account: AccountIndex::NONE, ..first }] {
        let events = market.run(UserIndex(0), &again);
        seen.push(check(&events, Reject::LocalIdRepeated));
        let rejected = refused(&events).expect("checked");
        assert_eq!(rejected.first_order, key);
        assert_eq!(rejected.first_sys_id, market.state.order(key).expect("live").sys_id);
    }
    // Another user of the same participant may use the same id.
    market.phase(InstrumentIndex::ALL, Phase::Continuous);
    assert_eq!(refused(&market.run(UserIndex(1), &first)), None);
    // A rejected order used its id too: key 0, a blank id.
    let second = OrderInsert { local_id: *b"B                       ", volume: Volume(0), ..first };
    check(&market.run(UserIndex(0), &second), Reject::VolumeBelowMinimum);
    let events = market.run(UserIndex(0), &OrderInsert { volume: Volume(1), ..second });
    check(&events, Reject::LocalIdRepeated);
    let rejected = refused(&events).expect("checked");
    assert_eq!((rejected.first_order, rejected.first_sys_id), (OrderKey(0), BLANK_SYSTEM_ID));
    // Blanks and NULs are different bytes: another id.
    assert_eq!(
        refused(&market.run(UserIndex(0), &OrderInsert { local_id: *b"A-1\0                    ", ..first })),
        None
    );
    assert_eq!(market.state.largest_local_id(UserIndex(0)), Some(second.local_id));
    assert_eq!(market.state.largest_local_id(UserIndex(2)), None);

    // A user whose ids must ascend. Not greater but new is another refusal than used; and it is marked.
    market.applied(&UserDefine { flags: USER_ASCENDING_LOCAL_IDS, ..user(4, 0) });
    let with = |number| OrderInsert { local_id: local_id(number), ..first };
    assert_eq!(refused(&market.run(UserIndex(4), &with(10))), None);
    seen.push(check(&market.run(UserIndex(4), &with(9)), Reject::LocalIdNotAscending));
    seen.push(check(&market.run(UserIndex(4), &with(9)), Reject::LocalIdRepeated));
    seen.push(check(&market.run(UserIndex(4), &with(10)), Reject::LocalIdRepeated));
    check(&market.run(UserIndex(4), &OrderInsert { volume: Volume(0), ..with(11) }), Reject::VolumeBelowMinimum);
    seen.push(check(&market.run(UserIndex(4), &with(11)), Reject::LocalIdRepeated));
    assert_eq!(refused(&market.run(UserIndex(4), &with(12))), None);

    let mut market = Market::with(DayOpen { local_ids: 2, ..day() }, |_| ());
    market.rest(&buy(100, 5));
    check(&market.insert(&buy(100, 0)), Reject::VolumeBelowMinimum);
    let marks = market.state.digests().local_ids;
    seen.push(check(&market.insert(&buy(100, 5)), Reject::LocalIdsExhausted));
    // A repeat is recognised even then, and blank ids are missing rather than too many.
    check(
        &market.run(UserIndex(0), &OrderInsert { local_id: local_id(1), ..buy(100, 5).body() }),
        Reject::LocalIdRepeated,
    );
    check(&market.run(UserIndex(0), &buy(100, 5).body()), Reject::LocalIdMissing);
    assert_eq!(market.state.digests().local_ids, marks, "none of these marks anything");
    seen
}

fn right_rejects() -> Vec<Reject> {
    let mut seen = vec![];
    let scopes = [
        (RightScope::Participant, 0),
        (RightScope::User, 0),
        (RightScope::Account, 0),
        (RightScope::Instrument, 0),
        (RightScope::AccountInstrument, 0),
    ];
    for (scope, index) in scopes {
        let mut market = Market::new();
        market.open_positions(0, 1, 20);
        let set = |right: Right| RightSet { scope: scope as u8, right: right as u8, instrument: A, index };
        let digest = market.state.digests().state;
        market.own(&set(Right::CloseOnly));
        seen.push(check(&market.insert(&buy(100, 5)), Reject::RightCloseOnly));
        assert_eq!(refused(&market.insert(&sell(150, 5).offset(Offset::Close))), None, "closing is allowed");
        market.own(&set(Right::Forbidden));
        seen.push(check(&market.insert(&buy(100, 5)), Reject::RightForbidden));
        seen.push(check(&market.insert(&sell(150, 5).offset(Offset::Close)), Reject::RightForbidden));
        // A forbidden member may still cancel: a cancel asks for no right.
        let order = market.state.orders()[0];
        let cancelled = market.cancel(0, |cancel| cancel.order_sys_id = order.sys_id);
        assert_eq!(refused(&cancelled), None);
        market.own(&set(Right::Full));
        assert_ne!(market.state.digests().state, digest, "numbers of private messages have gone on");
        assert_eq!(refused(&market.insert(&buy(100, 5))), None);
        // The worst counts.
        market.own(&set(Right::CloseOnly));
        market.applied(&RightSet { scope: RightScope::Account as u8, right: b'2', instrument: A, index: 0 });
        seen.push(check(&market.insert(&buy(100, 5)), Reject::RightForbidden));
    }
    // In another instrument, and of another account, the right is as it was.
    let mut market = Market::new();
    market.applied(&RightSet { scope: 5, right: b'2', instrument: A, index: 0 });
    assert_eq!(refused(&market.insert(&buy(100, 5).instrument(B))), None);
    assert_eq!(refused(&market.insert(&buy(100, 5).account(1))), None);
    seen
}

fn capacity_rejects() -> Vec<Reject> {
    let mut seen = vec![];
    let mut market = Market::with(DayOpen { position_rows: 2, ..day() }, |_| ());
    market.rest(&buy(100, 5));
    market.rest(&buy(100, 5).instrument(B));
    market.rest(&buy(99, 5));
    seen.push(check(&market.insert(&buy(100, 5).account(1)), Reject::PositionRowsExhausted));
    seen.push(check(&market.insert(&buy(100, 5).change(|order| order.hedge = b'3')), Reject::PositionRowsExhausted));
    let set = PositionSet {
        account: AccountIndex(1),
        instrument: A,
        hedge: b'1',
        reserved: 0,
        long_yesterday: 1,
        long_today: 0,
        short_yesterday: 0,
        short_today: 0,
    };
    seen.push(plain(&market.own(&set), Reject::PositionRowsExhausted));

    let mut market = Market::with(DayOpen { live_orders: 2, ..day() }, |_| ());
    market.rest(&buy(100, 5));
    market.rest(&buy(100, 5));
    seen.push(check(&market.insert(&buy(100, 5)), Reject::OrdersExhausted));
    // Also an order that would trade at once: it might rest.
    seen.push(check(&market.insert(&sell(100, 5).account(1)), Reject::OrdersExhausted));
    market.own(&MassCancel { scope: 0, cause: 0, reserved: [0; 2], index: 0 });
    market.rest(&buy(100, 5));

    // The limit binds a client over all its members, pending opens counted, a side for itself.
    let mut market = Market::with(day(), |define| define.position_limit = 20);
    market.rest(&buy(90, 10));
    market.rest(&buy(90, 7).account(2));
    market.rest(&buy(90, 20).account(1));
    seen.push(check(&market.insert(&buy(90, 4)), Reject::PositionLimitExceeded));
    seen.push(check(&market.insert(&buy(90, 4).account(2)), Reject::PositionLimitExceeded));
    seen.push(check(
        &market.insert(&buy(90, 4).account(2).change(|order| order.hedge = b'4')),
        Reject::PositionLimitExceeded,
    ));
    // Hedges are a class of their own.
    market.rest(&buy(90, 20).account(2).change(|order| order.hedge = b'3'));
    market.rest(&buy(90, 3).account(2));
    market.rest(&sell(190, 20));
    market.rest(&buy(90, 20).instrument(B));
    assert_eq!(market.state.exposure(ClientNumber(0), A, b'1'), (20, 20));
    // No limit, but positions stay numbers.
    let mut market = Market::with(day(), |define| define.maximum_volume = u32::MAX);
    market.rest(&buy(90, u32::MAX - 1));
    seen.push(check(&market.insert(&buy(90, 2)), Reject::PositionLimitExceeded));
    market.rest(&buy(90, 1));
    seen
}

fn cancel_rejects() -> Vec<Reject> {
    let mut market = Market::new();
    let key = market.rest(&buy(100, 5));
    let order = market.state.order(key).expect("live");
    let mut seen = vec![];
    seen.push(plain(&market.cancel(0, |cancel| cancel.action = b'1'), Reject::ActionUnsupported));
    seen.push(plain(
        &market.cancel(0, |cancel| cancel.instrument = InstrumentIndex::UNKNOWN),
        Reject::InstrumentUnknown,
    ));
    seen.push(plain(&market.cancel(0, |cancel| cancel.instrument = InstrumentIndex(2)), Reject::InstrumentUnknown));
    seen.push(plain(&market.cancel(0, |_| ()), Reject::OrderNotFound));
    seen.push(plain(&market.cancel(0, |cancel| cancel.local_id = local_id(77)), Reject::OrderNotFound));
    // By local id only one's own orders are found; by OrderSysId also others', which are not ours.
    seen.push(plain(&market.cancel(1, |cancel| cancel.local_id = order.local_id), Reject::OrderNotFound));
    seen.push(plain(&market.cancel(2, |cancel| cancel.order_sys_id = order.sys_id), Reject::OrderNotYours));
    seen.push(plain(
        &market.cancel(0, |cancel| (cancel.order_sys_id, cancel.instrument) = (order.sys_id, B)),
        Reject::OrderNotFound,
    ));
    let wrong_account =
        |cancel: &mut OrderCancel| (cancel.order_sys_id, cancel.account) = (order.sys_id, AccountIndex(1));
    seen.push(plain(&market.cancel(0, wrong_account), Reject::OrderNotFound));
    // OrderSysId goes first: a local id beside it is not looked at.
    let mut unknown = order.sys_id;
    unknown[19] = b'7';
    seen.push(plain(
        &market.cancel(0, |cancel| (cancel.order_sys_id, cancel.local_id) = (unknown, order.local_id)),
        Reject::OrderNotFound,
    ));
    for phase in [Phase::Suspended, Phase::NoTrading, Phase::AuctionMatch] {
        market.phase(A, phase);
        seen.push(plain(&market.cancel(0, |cancel| cancel.order_sys_id = order.sys_id), Reject::PhaseForbidsCancel));
    }
    for phase in [Phase::Continuous, Phase::AuctionOrdering, Phase::CancelOnly] {
        market.phase(A, Phase::Continuous);
        let key = market.rest(&buy(100, 5));
        market.phase(A, phase);
        let order = market.state.order(key).expect("live");
        let by_text = phase == Phase::Continuous;
        // Another user of the participant may cancel by OrderSysId.
        let events = market.cancel(u16::from(by_text), |cancel| {
            cancel.order_sys_id = if by_text { order.sys_id } else { [0; 20] };
            cancel.local_id = order.local_id;
            (cancel.instrument, cancel.account) = (A, AccountIndex(0));
        });
        assert!(text(&events).starts_with("ended Cancelled left 5 traded 0"), "{}", text(&events));
        seen.push(plain(&market.cancel(0, |cancel| cancel.local_id = order.local_id), Reject::OrderNotFound));
    }
    seen
}

fn exchange_rejects() -> Vec<Reject> {
    let mut seen = vec![];
    let mut market = Market::empty();
    seen.push(plain(&market.own(&participant(0)), Reject::DayNotOpen));
    seen.push(plain(&market.run(UserIndex(0), &buy(100, 5).body()), Reject::DayNotOpen));
    seen.push(plain(&market.own(&DayOpen { live_orders: (1 << 24) + 1, ..day() }), Reject::DefinitionInvalid));
    seen.push(plain(&market.own(&DayOpen { local_ids: (1 << 26) + 1, ..day() }), Reject::DefinitionInvalid));
    market.applied(&day());
    seen.push(plain(&market.own(&day()), Reject::DayAlreadyOpen));

    let mut market = Market::new();
    let invalid = Reject::DefinitionInvalid;
    for wrong in [
        ParticipantDefine { index: ParticipantIndex(1), ..participant(3) },
        ParticipantDefine { index: ParticipantIndex(4), ..participant(3) },
        ParticipantDefine { series: 1, ..participant(3) },
        ParticipantDefine { series: 2, ..participant(3) },
        ParticipantDefine { right: b'3', ..participant(3) },
        ParticipantDefine { id: participant(0).id, ..participant(3) },
    ] {
        seen.push(plain(&market.own(&wrong), invalid));
    }
    for wrong in [
        UserDefine { index: UserIndex(0), ..user(5, 0) },
        UserDefine { index: UserIndex(8), ..user(5, 0) },
        user(5, 3),
        UserDefine { right: 0, ..user(5, 0) },
        UserDefine { id: user(0, 0).id, ..user(5, 0) },
    ] {
        seen.push(plain(&market.own(&wrong), invalid));
    }
    for wrong in [
        account(0, 1, 7),
        account(10, 1, 7),
        account(5, 3, 7),
        AccountDefine { right: b'9', ..account(5, 1, 7) },
        account(5, 0, 0),
        AccountDefine { client_number: ClientNumber(8), ..account(5, 1, 1) },
        AccountDefine { client_id: account(5, 1, 6).client_id, ..account(5, 1, 1) },
    ] {
        seen.push(plain(&market.own(&wrong), invalid));
    }
    let good = instrument(3);
    for wrong in [
        InstrumentDefine { index: A, ..good },
        InstrumentDefine { index: InstrumentIndex(4), ..good },
        InstrumentDefine { index: InstrumentIndex::UNKNOWN, ..good },
        InstrumentDefine { tick: 0, ..good },
        InstrumentDefine { multiplier: 0, ..good },
        InstrumentDefine { minimum_volume: 0, ..good },
        InstrumentDefine { maximum_volume: 0, ..good },
        InstrumentDefine { minimum_volume: 101, ..good },
        InstrumentDefine { lower_limit: 201, ..good },
        InstrumentDefine { upper_limit: 65_536 + 10, ..good },
        InstrumentDefine { lower_limit: -(1 << 30), upper_limit: -(1 << 30) + 5, ..good },
        InstrumentDefine { lower_limit: (1 << 30) - 5, upper_limit: 1 << 30, ..good },
        InstrumentDefine { lower_limit: i32::MIN, upper_limit: i32::MAX, ..good },
        InstrumentDefine { previous_settlement: (1 << 30) + 1, ..good },
        InstrumentDefine { previous_settlement: -(1 << 30) - 1, ..good },
        InstrumentDefine { previous_open_interest: (1 << 62) + 1, ..good },
        InstrumentDefine { price_rule: 2, ..good },
        InstrumentDefine { tie_break: 5, ..good },
        InstrumentDefine { phase: b'9', ..good },
        InstrumentDefine { maximum_market_volume: 0, ..good },
        InstrumentDefine { option_type: b'3', ..good },
        InstrumentDefine { flags: 4, ..good },
        InstrumentDefine { limit_with: InstrumentIndex(2), ..good },
        InstrumentDefine { margin_long: -1, ..good },
        InstrumentDefine { margin_short: -1, ..good },
        InstrumentDefine { right: b'x', ..good },
        InstrumentDefine { id: instrument(0).id, ..good },
    ] {
        seen.push(plain(&market.own(&wrong), invalid));
    }
    market.applied(&InstrumentDefine { upper_limit: 65_535 + 10, ..good });
    market.applied(&account(5, 1, 1));

    let set = PositionSet {
        account: AccountIndex(0),
        instrument: A,
        hedge: b'1',
        reserved: 0,
        long_yesterday: 3,
        long_today: 4,
        short_yesterday: 5,
        short_today: 6,
    };
    market.applied(&set);
    assert_eq!(market.state.exposure(ClientNumber(0), A, b'1'), (7, 11));
    market.applied(&PositionSet { long_yesterday: 1, ..set });
    assert_eq!(market.state.exposure(ClientNumber(0), A, b'1'), (5, 11));
    let unknown = Reject::IndexUnknown;
    seen.push(plain(&market.own(&PositionSet { account: AccountIndex(9), hedge: 0, ..set }), unknown));
    seen.push(plain(&market.own(&PositionSet { instrument: InstrumentIndex(2), ..set }), unknown));
    seen.push(plain(&market.own(&PositionSet { hedge: b'5', ..set }), invalid));
    seen.push(plain(&market.own(&PositionSet { long_today: u32::MAX, ..set }), invalid));
    seen.push(plain(&market.own(&PositionSet { short_yesterday: u32::MAX, ..set }), invalid));
    market.rest(&buy(50, 1));
    seen.push(plain(&market.own(&set), invalid));
    market.own(&MassCancel { scope: 0, cause: 0, reserved: [0; 2], index: 0 });
    market.rest(&sell(150, 1).offset(Offset::Close));
    seen.push(plain(&market.own(&set), invalid));

    let right = RightSet { scope: 1, right: b'0', instrument: A, index: 0 };
    seen.push(plain(&market.own(&RightSet { scope: 0, index: 99, ..right }), invalid));
    seen.push(plain(&market.own(&RightSet { right: b'3', index: 99, ..right }), invalid));
    for (scope, index, instrument) in [
        (1, 2, A),
        (1, 1 << 16, A),
        (2, 4, A),
        (3, 9, A),
        (4, 0, InstrumentIndex(2)),
        (5, 9, A),
        (5, 0, InstrumentIndex(2)),
    ] {
        seen.push(plain(&market.own(&RightSet { scope, index, instrument, ..right }), unknown));
    }
    market.applied(&RightSet { instrument: InstrumentIndex(99), ..right });

    seen.push(plain(&market.own(&MassCancel { scope: 5, cause: 0, reserved: [0; 2], index: 0 }), invalid));
    for (scope, index) in [(1, 2), (2, 4), (3, 9), (4, 2), (1, 1 << 16)] {
        seen.push(plain(&market.own(&MassCancel { scope, cause: 0, reserved: [0; 2], index }), unknown));
    }
    let block = SeatBlock { user: UserIndex(4), blocked: 1, reserved: 0, text: [b' '; 100] };
    seen.push(plain(&market.own(&block), unknown));
    market.applied(&SeatBlock { user: UserIndex(3), ..block });
    assert!(market.state.user(UserIndex(3)).expect("defined").blocked);
    seen.push(plain(&market.run(UserIndex(4), &PasswordUpdate { secret: [1; 40] }), unknown));
    assert_eq!(refused(&market.run(UserIndex(2), &PasswordUpdate { secret: [1; 40] })), None);
    assert_eq!(market.state.user(UserIndex(2)).expect("defined").definition.secret, [1; 40]);
    seen.push(plain(&market.run(UserIndex(4), &buy(100, 5).body()), unknown));
    seen.push(plain(&market.cancel(4, |cancel| cancel.action = b'9'), unknown));
    seen.push(plain(&market.own(&bulletin(ParticipantIndex(2))), unknown));

    seen.push(plain(&market.own(&phase_set(InstrumentIndex(2), b'9')), invalid));
    seen.push(plain(&market.phase(InstrumentIndex(2), Phase::Continuous), unknown));
    seen.push(plain(&market.uncross(InstrumentIndex(2)), unknown));
    seen.push(plain(&market.uncross(A), Reject::NotInAuctionMatch));
    market.phase(A, Phase::AuctionOrdering);
    market.rest(&buy(120, 1));
    market.rest(&sell(120, 1));
    seen.push(plain(&market.phase(A, Phase::Continuous), Reject::BookCrossed));
    seen.push(plain(&market.phase(InstrumentIndex::ALL, Phase::Continuous), Reject::BookCrossed));
    assert_eq!(refused(&market.phase(B, Phase::Continuous)), None, "the other book does not cross");
    market.phase(A, Phase::Closed);
    seen.push(plain(&market.phase(A, Phase::Continuous), Reject::InstrumentClosed));
    seen.push(plain(&market.phase(A, Phase::Closed), Reject::InstrumentClosed));

    let open =
        EpochOpen { epoch: Epoch(1), data_center: 2, old_epoch: Epoch(0), reserved: 0, cut_sequence: Sequence(1) };
    seen.push(plain(&market.own(&open), Reject::EpochNotHigher));
    market.applied(&EpochOpen { epoch: Epoch(5), ..open });
    assert_eq!(market.state.epoch(), Epoch(5));
    market.stamp.epoch = Epoch(5);
    seen.push(plain(&market.own(&EpochOpen { epoch: Epoch(4), ..open }), Reject::EpochNotHigher));
    seen
}

fn bulletin(participant: ParticipantIndex) -> Bulletin {
    Bulletin {
        participant,
        urgency: b'1',
        reserved: 0,
        news_type: [b'0'; 3],
        reserved_2: 0,
        summary: [b' '; 80],
        content: [b' '; 504],
    }
}

fn switch(on: u8, functions: u32) -> FunctionSet {
    FunctionSet { product: ProductIndex(0), on, reserved: 0, functions, text: [b' '; 80] }
}

/// Limits of opened lots, of members, of money: each binds at its number, and not one lot before.
fn limit_rejects() -> Vec<Reject> {
    let mut seen = vec![];
    let mut market = Market::with_products(
        DayOpen { limits: 2, ..day() },
        |define| (define.margin_long, define.margin_short, define.open_limit) = (1_000, 2_000, 10),
        |product| product.open_limit = 15,
    );
    market.rest(&buy(90, 10));
    seen.push(check(&market.insert(&sell(110, 1)), Reject::OpenLimitExceeded));
    seen.push(check(&market.insert(&sell(110, 1).account(2)), Reject::OpenLimitExceeded));
    assert_eq!(refused(&market.insert(&sell(110, 5).change(|order| order.hedge = b'3'))), None);
    market.rest(&sell(110, 5).instrument(B));
    seen.push(check(&market.insert(&sell(110, 1).instrument(B)), Reject::OpenLimitExceeded));
    market.own(&MassCancel { scope: 0, cause: 0, reserved: [0; 2], index: 0 });
    assert_eq!(market.state.opened(ClientNumber(0), A), 0);
    let purse = *market.state.purse(ParticipantIndex(0)).expect("defined");
    assert_eq!((purse.used, purse.cleared), (0, 0));

    let limit = MemberLimitSet { participant: ParticipantIndex(0), instrument: A, volume: 6 };
    market.rest(&buy(90, 4));
    market.applied(&limit);
    seen.push(check(&market.insert(&buy(90, 3).account(1)), Reject::MemberLimitExceeded));
    market.rest(&buy(90, 2).account(1));
    assert_eq!(market.state.member_total(ParticipantIndex(0), A), Some([6, 0]));
    market.applied(&MemberLimitSet { volume: 0, ..limit });

    let set = CreditSet { participant: ParticipantIndex(0), kind: 1, reserved: [0; 5], amount: 9_999 };
    assert_eq!(market.state.purse(ParticipantIndex(0)).expect("defined").used, 6_000);
    market.applied(&set);
    seen.push(check(&market.insert(&sell(110, 2)), Reject::CreditExceeded));
    market.applied(&CreditSet { amount: 10_000, ..set });
    market.applied(&CreditSet { amount: 9_999, kind: 0, ..set });
    seen.push(check(&market.insert(&sell(110, 2)), Reject::FundsInsufficient));
    market.applied(&CreditSet { amount: -1, kind: 0, ..set });
    market.rest(&sell(110, 2));
    seen.push(check(&market.own(&CreditSet { amount: -2, ..set }), Reject::DefinitionInvalid));
    let client = ClientLimitSet { client: ClientNumber(1), instrument: A, class: 0, reserved: 0, long: 3, short: 0 };
    market.applied(&client);
    seen.push(check(&market.insert(&buy(90, 2).account(1)), Reject::PositionLimitExceeded));
    seen.push(check(&market.own(&ClientLimitSet { class: 1, ..client }), Reject::DefinitionInvalid));
    seen.push(check(&market.own(&ClientLimitSet { client: ClientNumber(7), ..client }), Reject::IndexUnknown));
    seen
}

/// Quotes and enquiries.
fn quote_rejects() -> Vec<Reject> {
    let mut seen = vec![];
    let mut market = Market::with_products(
        DayOpen { enquiries: 1, ..day() },
        |define| define.position_limit = 10,
        |product| (product.enquiry_spread, product.enquiry_interval) = (5, 60),
    );
    let good = quote(0, 99, 101, 6);
    seen.push(check(&market.quote(good), Reject::NotMarketMaker));
    market.applied(&market_maker(0));
    seen.push(check(&market.quote(quote(0, 101, 101, 6)), Reject::QuoteCrossed));
    seen.push(check(&market.quote(quote(0, 99, 201, 6)), Reject::PriceAboveLimit));
    seen.push(check(&market.quote(quote(0, 99, 101, 11)), Reject::PositionLimitExceeded));
    market.applied(&switch(0, Function::Quote.bit()));
    seen.push(check(&market.quote(good), Reject::FunctionOff));
    market.applied(&switch(1, Function::Quote.bit()));
    assert_eq!(text(&market.quote(good)), "quote accepted #1; accepted rests #2; accepted rests #3");
    // What the old quote reserves is free for the new one: together they would be beyond the limit.
    assert_eq!(
        text(&market.quote(quote(0, 98, 102, 9))),
        "ended Replaced left 6 traded 0 last 0 #4; ended Replaced left 6 traded 0 last 0 #5; quote ended Replaced #6; \
         quote accepted #7; accepted rests #8; accepted rests #9"
    );
    let ask =
        |market: &mut Market, account| market.ask(account as u16 / 2 * 2, enquiry(account), |body| &mut body.local_id);
    seen.push(check(&ask(&mut market, 1), Reject::SpreadNarrowEnough));
    let sys_id = market.state.orders()[0].sys_id;
    let cancel = QuoteCancel { sys_id, ..quote_cancel() };
    seen.push(plain(&market.run(UserIndex(0), &QuoteCancel { sys_id: [b'9'; 20], ..cancel }), Reject::QuoteNotFound));
    seen.push(plain(&market.run(UserIndex(2), &cancel), Reject::OrderNotYours));
    assert_eq!(trades(&market.insert(&sell(98, 9).account(3))).len(), 1);
    assert_eq!(
        text(&market.run(UserIndex(0), &cancel)),
        "ended Cancelled left 9 traded 0 last 0 #11; quote ended Cancelled #12"
    );
    seen.push(plain(&market.run(UserIndex(0), &cancel), Reject::QuoteNotFound));
    assert_eq!(text(&ask(&mut market, 1)), "enquired #1");
    seen.push(check(&ask(&mut market, 1), Reject::EnquiryTooSoon));
    seen.push(check(&ask(&mut market, 0), Reject::EnquiriesExhausted));
    market.stamp.time.0 += 60_000_000_000;
    assert_eq!(text(&ask(&mut market, 1)), "enquired #2");
    seen
}

/// Exercise and abandonment.
fn exercise_rejects() -> Vec<Reject> {
    let mut seen = vec![];
    let mut market = Market::with(DayOpen { exec_orders: 2, ..day() }, |define| {
        (define.option_type, define.flags) = (b'1', if define.index == A { 3 } else { 2 });
    });
    let window = |open| ExecWindowSet { product: ProductIndex::ALL, open, reserved: 0, step: 4 };
    let ask = |market: &mut Market, body: ExecOrderInsert| market.ask(0, body, |body| &mut body.local_id);
    market.open_positions(0, 2, 9);
    let premium = 900 * i128::from(TICK) * i128::from(MULTIPLIER);
    assert_eq!(market.state.purse(ParticipantIndex(0)).expect("defined").used, premium);
    let good = exec_order(0, 5, b'1');
    seen.push(check(&ask(&mut market, ExecOrderInsert { instrument: B, ..good }), Reject::NotExercisable));
    seen.push(check(&ask(&mut market, good), Reject::ExerciseWindowClosed));
    market.applied(&window(1));
    assert_eq!(market.state.step_taken(), 4);
    seen.push(check(&ask(&mut market, exec_order(0, 0, b'1')), Reject::VolumeBelowMinimum));
    seen.push(check(&ask(&mut market, exec_order(0, 10, b'1')), Reject::PositionInsufficient));
    assert_eq!(text(&ask(&mut market, good)), "exec accepted yesterday 0 #3");
    let key = OrderKey::new(market.stamp.sequence, 0);
    seen.push(check(&ask(&mut market, good), Reject::PositionInsufficient));
    seen.push(check(&ask(&mut market, exec_order(0, 10, b'2')), Reject::PositionInsufficient));
    assert_eq!(text(&ask(&mut market, exec_order(0, 9, b'2'))), "exec accepted yesterday 0 #4");
    seen.push(check(&ask(&mut market, exec_order(0, 1, b'1')), Reject::ExecOrdersExhausted));
    let order = market.state.exec_orders().find(|order| order.key == key).expect("live");
    assert_eq!((order.volume, order.action), (5, b'1'));
    let cancel = ExecOrderCancel { local_id: [b'x'; 24], ..exec_cancel() };
    seen.push(plain(&market.run(UserIndex(0), &cancel), Reject::OrderNotFound));
    let mut sys_id = [b' '; 20];
    sys_id.copy_from_slice(format!("B{:013}000000", key.sequence().0).as_bytes());
    let cancel = ExecOrderCancel { sys_id, ..cancel };
    market.applied(&window(0));
    seen.push(plain(&market.run(UserIndex(0), &cancel), Reject::ExerciseWindowClosed));
    market.applied(&window(1));
    assert_eq!(text(&market.run(UserIndex(0), &cancel)), "exec ended #5");
    assert_eq!(market.state.position(AccountIndex(0), A, b'1').long_frozen_today, 0);
    seen
}

/// A decide that panics is a refusal too; `tests/faults.rs` plants one.
#[test]
fn every_reject_is_reached_and_each_for_its_reason() {
    let groups = [
        order_rejects(),
        local_id_rejects(),
        right_rejects(),
        capacity_rejects(),
        cancel_rejects(),
        exchange_rejects(),
        limit_rejects(),
        quote_rejects(),
        exercise_rejects(),
    ];
    let seen: BTreeSet<Reject> = groups.into_iter().flatten().collect();
    let missing: Vec<&Reject> = Reject::ALL.iter().filter(|reject| !seen.contains(reject)).collect();
    assert_eq!(missing, [&Reject::DecideFault]);
}

/// An order that is wrong in everything hears the first; mended there, the next. The table of RULES.md from top to bottom.
#[test]
fn of_many_reasons_the_first_of_the_table_is_heard() {
    let limits = DayOpen { local_ids: 40, live_orders: 1, position_rows: 1, ..day() };
    let mut market = Market::with(limits, |define| (define.position_limit, define.minimum_volume) = (10, 2));
    market.applied(&UserDefine { flags: USER_ASCENDING_LOCAL_IDS, ..user(4, 0) });
    market.applied(&RightSet { scope: RightScope::Account as u8, right: b'2', instrument: A, index: 1 });
    market.run(
        UserIndex(4),
        &OrderInsert { local_id: local_id(500), account: AccountIndex(0), volume: Volume(2), ..buy(100, 2).body() },
    );
    market.phase(A, Phase::Suspended);
    let mut order = OrderInsert {
        local_id: [b' '; 24],
        order_type: b'9',
        account: AccountIndex(99),
        instrument: InstrumentIndex(99),
        price: RawPrice(1),
        volume: Volume(1),
        match_condition: b'1',
        ..buy(0, 1).body()
    };
    let mut number = 500;
    let mut hear = |market: &mut Market, order: &mut OrderInsert, expected: Reject| {
        if expected != Reject::LocalIdMissing
            && expected != Reject::LocalIdRepeated
            && expected != Reject::LocalIdNotAscending
        {
            number += 1;
            order.local_id = local_id(number);
        }
        check(&market.run(UserIndex(4), order), expected);
    };
    hear(&mut market, &mut order, Reject::LocalIdMissing);
    order.local_id = local_id(500);
    hear(&mut market, &mut order, Reject::LocalIdRepeated);
    order.local_id = local_id(499);
    hear(&mut market, &mut order, Reject::LocalIdNotAscending);
    order.flags = ORDER_STOP_PRICE;
    hear(&mut market, &mut order, Reject::StopOrderNotOffered);
    order.flags = 0;
    hear(&mut market, &mut order, Reject::OrderUnsupported);
    order.order_type = b'0';
    hear(&mut market, &mut order, Reject::ClientUnknown);
    order.account = AccountIndex(1);
    hear(&mut market, &mut order, Reject::InstrumentUnknown);
    order.instrument = A;
    market.applied(&switch(0, Function::LimitFillOrKill.bit()));
    hear(&mut market, &mut order, Reject::FunctionOff);
    market.applied(&switch(1, Function::BITS));
    hear(&mut market, &mut order, Reject::RightForbidden);
    market.applied(&RightSet { scope: RightScope::Account as u8, right: b'1', instrument: A, index: 1 });
    hear(&mut market, &mut order, Reject::RightCloseOnly);
    market.applied(&RightSet { scope: RightScope::Account as u8, right: b'0', instrument: A, index: 1 });
    hear(&mut market, &mut order, Reject::PhaseForbidsInsert);
    market.phase(A, Phase::AuctionOrdering);
    hear(&mut market, &mut order, Reject::PhaseForbidsImmediate);
    order.match_condition = b'3';
    hear(&mut market, &mut order, Reject::PriceOffTick);
    order.price = RawPrice(0);
    hear(&mut market, &mut order, Reject::PriceBelowLimit);
    order.price = RawPrice(300 * i64::from(TICK));
    hear(&mut market, &mut order, Reject::PriceAboveLimit);
    order.price = RawPrice(100 * i64::from(TICK));
    hear(&mut market, &mut order, Reject::VolumeBelowMinimum);
    order.volume = Volume(1000);
    hear(&mut market, &mut order, Reject::VolumeAboveMaximum);
    order.volume = Volume(20);
    order.offset = b'1';
    hear(&mut market, &mut order, Reject::PositionInsufficient);
    order.offset = b'0';
    hear(&mut market, &mut order, Reject::PositionLimitExceeded);
    order.volume = Volume(5);
    hear(&mut market, &mut order, Reject::PositionRowsExhausted);
    order.account = AccountIndex(0);
    hear(&mut market, &mut order, Reject::OrdersExhausted);
    market.own(&MassCancel { scope: 0, cause: 0, reserved: [0; 2], index: 0 });
    order.local_id = local_id(900);
    assert_eq!(refused(&market.run(UserIndex(4), &order)), None);
}
