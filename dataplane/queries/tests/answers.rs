//! Every query over a front: what is answered is what the member was told message by message, and what the engine's state says.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod common;

use common::front_support::*;
use common::{FUTURE, OPTION, ask, error_of, fields, world};
use engine::command::{BodyView, MarketDataTick};
use engine::types::*;
use ftd::Field;
use ftd::field::*;
use ftd::tid;
use ftd::value::{data_flow_flag, order_status};
use std::collections::BTreeMap;
use zerocopy::IntoBytes;

/// A generator of numbers that every run gives again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Some hundred orders, cancels, quotes and instructions of three members, in four instruments.
fn trade(world: &mut World, members: &[usize], seed: u64, operations: usize) {
    let mut random = Random(seed);
    for _ in 0..operations {
        let member = members[random.below(members.len() as u64) as usize];
        let instrument = [INSTRUMENT, b"IF2409", FUTURE, OPTION][random.below(4) as usize];
        match random.below(10) {
            0 => {
                let own =
                    world.heard(member).messages.iter().rev().find(|message| message.tid == tid::ORDER_CONFIRMATION);
                if let Some(sys_id) = own.map(|message| *message.field::<OrderStatusField>().order_sys_id.bytes()) {
                    world.clients[member].cancel(sys_id);
                }
            }
            1 => {
                let client = &mut world.clients[member];
                let mut quote = InputQuoteField::BLANK;
                let order = client.order_field(b'0', 15_000, 1);
                (quote.participant_id, quote.client_id) = (order.participant_id, order.client_id);
                (quote.user_id, quote.quote_local_id) = (order.user_id, order.order_local_id);
                quote.instrument_id.set(instrument).unwrap();
                quote.bid_comb_offset_flag.set(b'0');
                quote.ask_comb_offset_flag.set(b'0');
                quote.bid_comb_hedge_flag.set(b'4');
                quote.ask_comb_hedge_flag.set(b'4');
                quote.bid_volume.set(2);
                quote.ask_volume.set(3);
                quote.bid_price.set_units((14_990 + random.below(8) as i64) * 2_000).unwrap();
                quote.ask_price.set_units((15_003 + random.below(8) as i64) * 2_000).unwrap();
                let bytes = client.request(tid::QUOTE_INSERT, &quote);
                client.send(&bytes);
            }
            2 if instrument == OPTION => {
                let client = &mut world.clients[member];
                let order = client.order_field(b'0', 15_000, 1);
                let mut exec = InputExecOrderField::BLANK;
                exec.instrument_id.set(OPTION).unwrap();
                (exec.participant_id, exec.client_id) = (order.participant_id, order.client_id);
                (exec.user_id, exec.exec_order_local_id) = (order.user_id, order.order_local_id);
                exec.volume.set(1);
                let bytes = client.request(tid::EXEC_ORDER_INSERT, &exec);
                client.send(&bytes);
            }
            kind => {
                let client = &mut world.clients[member];
                let side = if random.below(2) == 0 { b'0' } else { b'1' };
                let mut order = client.order_field(side, 14_995 + random.below(11) as i64, 1 + random.below(5) as i32);
                order.instrument_id.set(instrument).unwrap();
                order.offset_flag.set([b'0', b'0', b'1', b'4', b'5'][random.below(5) as usize]);
                order.hedge_flag.set([b'1', b'1', b'3'][random.below(3) as usize]);
                if kind == 3 {
                    order.match_condition.set(b'2');
                }
                let bytes = client.request(tid::ORDER_INSERT, &order);
                client.send(&bytes);
            }
        }
        world.run(1);
        if random.below(40) == 0 {
            world.command(&MarketDataTick { reserved: 0 });
        }
    }
    world.run(20);
}

/// What a member was told of its orders, message by message.
fn told_orders(world: &World, member: usize) -> BTreeMap<[u8; 20], OrderStatusField> {
    let mut orders: BTreeMap<[u8; 20], OrderStatusField> = BTreeMap::new();
    for message in &world.heard(member).messages {
        if message.tid == tid::ORDER_CONFIRMATION {
            let told = message.field::<OrderStatusField>();
            orders.insert(*told.order_sys_id.bytes(), *told);
        } else if message.tid == tid::TRADE_INSERT_SINGLE {
            let trade = message.field::<TradeInsertSingleField>();
            // An immediate order is confirmed after its trades.
            let Some(order) = orders.get_mut(trade.order_sys_id.bytes()) else { continue };
            let traded = order.trade_volume.get() + trade.volume.get();
            order.trade_volume.set(traded);
            order.volume_total.set(order.volume_total.get() - trade.volume.get());
            order.trade_price = trade.price;
            order.update_time = trade.match_time;
            let is_done = order.volume_total.get() == 0;
            order.order_status.set(if is_done { order_status::ALL_TRADED } else { order_status::PART_TRADED_QUEUEING });
        }
    }
    orders
}

/// The fields that a member was told of a kind.
fn told<F: Field>(world: &World, member: usize, tid: ftd::Tid) -> Vec<F> {
    let heard = world.heard(member).messages.iter();
    heard.filter(|message| message.tid == tid && message.series != 0).map(|message| *message.field::<F>()).collect()
}

fn traded_world() -> (World, Vec<usize>) {
    let mut world = world(Setup { participants: 4, ..Setup::default() });
    let members: Vec<usize> = (0..3).map(|participant| world.join(participant)).collect();
    trade(&mut world, &members, 5, 600);
    (world, members)
}

#[test]
fn orders_trades_quotes_and_instructions_are_answered_as_they_were_told() {
    let (mut world, members) = traded_world();
    let mut counts = [0; 4];
    for member in members {
        let mut expected = told_orders(&world, member);
        let answer = ask(&mut world, member, tid::QRY_ORDER, &ReqQryOrderField::BLANK);
        let orders: Vec<OrderStatusField> = fields(&answer);
        for order in &orders {
            let told = expected.remove(order.order_sys_id.bytes()).expect("an order that was told");
            assert_eq!(order, &told);
        }
        assert!(expected.is_empty(), "not answered: {expected:?}");

        let expected: Vec<TradeInsertSingleField> = told(&world, member, tid::TRADE_INSERT_SINGLE);
        let answer = ask(&mut world, member, tid::QRY_TRADE, &ReqQryTradeField::BLANK);
        let trades: Vec<TradeInsertSingleField> = fields(&answer);
        assert_eq!(trades.len(), expected.len());
        assert!(expected.iter().all(|trade| trades.contains(trade)), "each trade as it was told");

        let mut quotes = BTreeMap::new();
        for quote in told::<QuoteField>(&world, member, tid::QUOTE) {
            quotes.insert(*quote.quote_sys_id.bytes(), quote);
        }
        let answer = ask(&mut world, member, tid::QRY_QUOTE, &QryQuoteField::BLANK);
        match quotes.is_empty() {
            true => assert_eq!(error_of(&answer), 116),
            false => {
                let answered: Vec<QuoteField> = fields(&answer);
                assert_eq!(answered.len(), quotes.len());
                for quote in &answered {
                    assert_eq!(Some(quote), quotes.get(quote.quote_sys_id.bytes()));
                }
            }
        }
        let execs: Vec<ExecOrderField> = told(&world, member, tid::EXEC_ORDER);
        let answer = ask(&mut world, member, tid::QRY_EXEC_ORDER, &QryExecOrderField::BLANK);
        match execs.is_empty() {
            true => assert_eq!(error_of(&answer), 116),
            false => assert_eq!(fields::<ExecOrderField>(&answer), execs),
        }
        for (count, more) in counts.iter_mut().zip([orders.len(), trades.len(), quotes.len(), execs.len()]) {
            *count += more;
        }
    }
    println!("orders, trades, quotes, instructions: {counts:?}");
    assert!(counts[0] > 200 && counts[1] > 80 && counts[2] > 5 && counts[3] > 0, "the day had all of them: {counts:?}");
}

#[test]
fn filters_find_what_they_name_and_nothing_else() {
    let (mut world, members) = traded_world();
    let member = members[0];
    let all: Vec<OrderStatusField> = fields(&ask(&mut world, member, tid::QRY_ORDER, &ReqQryOrderField::BLANK));
    let mut asked = ReqQryOrderField::BLANK;
    asked.order_sys_id = all[3].order_sys_id;
    assert_eq!(fields::<OrderStatusField>(&ask(&mut world, member, tid::QRY_ORDER, &asked)), [all[3]]);
    let mut asked = ReqQryOrderField::BLANK;
    asked.instrument_id.set(FUTURE).unwrap();
    asked.participant_id = participant_id(0).into();
    asked.user_id = user_id(0).into();
    let of_future: Vec<OrderStatusField> =
        all.iter().filter(|order| order.instrument_id.trimmed() == FUTURE).copied().collect();
    assert_eq!(fields::<OrderStatusField>(&ask(&mut world, member, tid::QRY_ORDER, &asked)), of_future);
    asked.client_id.set(b"00000002").unwrap(); // another member's
    assert_eq!(error_of(&ask(&mut world, member, tid::QRY_ORDER, &asked)), 116);

    let trades: Vec<TradeInsertSingleField> =
        fields(&ask(&mut world, member, tid::QRY_TRADE, &ReqQryTradeField::BLANK));
    let (from, to) = (trades[2].match_time, trades[trades.len() - 3].match_time);
    let mut asked = ReqQryTradeField::BLANK;
    (asked.start_time, asked.through_time) = (from, to);
    let between: Vec<TradeInsertSingleField> =
        trades.iter().filter(|trade| (from.get()..=to.get()).contains(&trade.match_time.get())).copied().collect();
    assert!(between.len() < trades.len());
    assert_eq!(fields::<TradeInsertSingleField>(&ask(&mut world, member, tid::QRY_TRADE, &asked)), between);
    asked.start_time = (*b"noon    ").into();
    assert_eq!(error_of(&ask(&mut world, member, tid::QRY_TRADE, &asked)), 109);
}

#[test]
fn positions_and_money_are_those_of_the_engines_state() {
    let (mut world, members) = traded_world();
    let state = world.core.engine(|engine| engine.machine().state().clone()).unwrap();
    for (participant, &member) in members.iter().enumerate() {
        let answer = ask(&mut world, member, tid::QRY_POSITION, &ReqQryPositionField::BLANK);
        let positions: Vec<PositionField> = fields(&answer);
        let lots = |item: &ftd::types::Int| u64::try_from(item.get()).unwrap();
        let mut by_instrument: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
        for position in &positions {
            let (index, _) = [INSTRUMENT, b"IF2409", FUTURE, OPTION]
                .iter()
                .enumerate()
                .find(|(_, id)| position.instrument_id.trimmed() == **id)
                .expect("an instrument of the day");
            let at = |hedge: u8| state.position(AccountIndex(participant as u32), InstrumentIndex(index as u16), hedge);
            // Speculation is '1', '2' and '4'; hedge '3'.
            let spec = [at(b'1'), at(b'2'), at(b'4')];
            let sum = |of: fn(&engine::Position) -> u32| spec.iter().map(|one| u64::from(of(one))).sum::<u64>();
            let hedge = at(b'3');
            let yesterday = |began: &ftd::types::Int, closed: &ftd::types::Int| lots(began) - lots(closed);
            assert_eq!(
                yesterday(&position.yd_buy_spec_position, &position.yd_sell_offs_s_position),
                sum(|one| one.long_yesterday)
            );
            assert_eq!(
                yesterday(&position.buy_spec_position, &position.sell_offs_s_position),
                sum(|one| one.long_today)
            );
            assert_eq!(
                yesterday(&position.yd_sell_spec_position, &position.yd_buy_offs_s_position),
                sum(|one| one.short_yesterday)
            );
            assert_eq!(
                yesterday(&position.sell_spec_position, &position.buy_offs_s_position),
                sum(|one| one.short_today)
            );
            assert_eq!(
                yesterday(&position.yd_buy_hedge_position, &position.yd_sell_offs_h_position),
                u64::from(hedge.long_yesterday)
            );
            assert_eq!(
                yesterday(&position.sell_hedge_position, &position.buy_offs_h_position),
                u64::from(hedge.short_today)
            );
            assert_eq!(lots(&position.long_open_froz_s_position), sum(|one| one.pending_buy));
            assert_eq!(lots(&position.short_open_froz_h_position), u64::from(hedge.pending_sell));
            assert_eq!(lots(&position.long_offs_froz_s_position), sum(|one| one.long_frozen_today));
            assert_eq!(lots(&position.yd_short_offs_froz_s_position), sum(|one| one.short_frozen_yesterday));
            *by_instrument.entry(position.instrument_id.trimmed().to_vec()).or_default() +=
                lots(&position.buy_spec_volume) + lots(&position.sell_hedge_volume);
        }
        assert!(positions.len() >= 3, "the member traded in several instruments");

        let answer = ask(&mut world, member, tid::QRY_P_POSITION, &ReqQryPPositionField::BLANK);
        let sums: Vec<PPositionField> = fields(&answer);
        assert_eq!(sums.len(), by_instrument.len());
        for sum in &sums {
            let traded = lots(&sum.buy_spec_volume) + lots(&sum.sell_hedge_volume);
            assert_eq!(by_instrument[sum.instrument_id.trimmed()], traded);
        }

        let answer = ask(&mut world, member, tid::QRY_DEPOSIT, &ReqQryDepositField::BLANK);
        let [deposit] = fields::<DepositField>(&answer)[..] else { panic!("one participant: {answer:?}") };
        let cents = |item: &ftd::number::Float<14, 2>| i128::from(item.scaled::<2>().unwrap());
        let used = cents(&deposit.init_margin)
            + cents(&deposit.buy_spec_open_used_margin)
            + cents(&deposit.buy_hedge_open_used_margin)
            + cents(&deposit.sell_spec_open_used_margin)
            + cents(&deposit.sell_hedge_open_used_margin)
            + cents(&deposit.buy_spec_open_froz_margin)
            + cents(&deposit.buy_hedge_open_froz_margin)
            + cents(&deposit.sell_spec_open_froz_margin)
            + cents(&deposit.sell_hedge_open_froz_margin)
            + cents(&deposit.buy_open_used_premium)
            + cents(&deposit.buy_open_froz_premium)
            - cents(&deposit.buy_spec_offset_margin)
            - cents(&deposit.buy_hedge_offset_margin)
            - cents(&deposit.sell_spec_offset_margin)
            - cents(&deposit.sell_hedge_offset_margin);
        let purse = state.purse(ParticipantIndex(participant as u16)).unwrap();
        assert!(purse.used > 0);
        assert_eq!(used, purse.used / 100);
        let left = if participant == 0 { (i128::from(common::CREDIT) - purse.used) / 100 } else { 0 };
        assert_eq!(cents(&deposit.balance_value), left);
    }
}

#[test]
fn the_market_its_instruments_and_their_data_are_answered_as_published() {
    let (mut world, members) = traded_world();
    world.command(&MarketDataTick { reserved: 0 });
    world.run(5);
    let member = members[2];
    let broadcast = world.core.engine(|engine| engine.machine().state().broadcast_count()).unwrap();
    let published: Vec<_> = [0_u16, 1, 2, 3]
        .map(|index| {
            let state = world.core.engine(|engine| engine.machine().state().clone()).unwrap();
            let index = InstrumentIndex(index);
            (
                *state.instrument(index).unwrap(),
                [Direction::Buy, Direction::Sell].map(|side| *state.published_depth(index, side).unwrap()),
            )
        })
        .to_vec();
    // Something happens that is not published yet.
    world.clients[member].order(b'0', 14_000, 7);
    world.run(5);

    let answer = ask(&mut world, member, tid::QRY_MARKET_MATCH_DATA, &ReqQryMarketMatchDataField::BLANK);
    let data: Vec<MarketMatchDataField> = fields(&answer);
    let turnover: Vec<TurnoverField> = fields(&answer);
    assert_eq!((data.len(), turnover.len()), (4, 4));
    for ((field, turnover), (instrument, _)) in data.iter().zip(&turnover).zip(&published) {
        assert_eq!(field.broadcast_sequence_no.unsigned(), broadcast.0);
        assert_eq!(field.total_market_match_data.get(), 4);
        assert_eq!(field.instrument_id.bytes()[..], instrument.definition.id[..30]);
        assert_eq!(field.trade_lot.get() as u64, instrument.volume);
        assert_eq!(field.open_interest.get() as u64, instrument.open_interest);
        assert_eq!(field.last_price.units().unwrap(), i64::from(instrument.last.unwrap().0) * 2_000);
        assert_eq!(field.high_price.units().unwrap(), i64::from(instrument.high.0) * 2_000);
        assert_eq!(i128::from(turnover.turnover.scaled::<2>().unwrap()), instrument.turnover.0 / 100);
        assert_eq!(field.low_limit.units().unwrap(), 20_000_000);
        assert_eq!(field.pre_settle.units().unwrap(), 30_000_000);
        let average =
            instrument.turnover.0 / (i128::from(instrument.volume) * i128::from(instrument.definition.multiplier));
        assert_eq!(i128::from(field.average_price.units().unwrap()), average);
    }
    // All of a Chg field that the full one has too, as it was last told.
    let mut changes: BTreeMap<Vec<u8>, MarketMatchDataChgField> = BTreeMap::new();
    for message in world.heard(member).messages.iter().filter(|message| message.tid == tid::MARKET_MATCH_DATA) {
        for change in fields::<MarketMatchDataChgField>(std::slice::from_ref(message)) {
            changes.insert(change.instrument_id.trimmed().to_vec(), change);
        }
    }
    for field in &data {
        let change = &changes[field.instrument_id.trimmed()];
        assert_eq!((field.bid_price, field.bid_lot), (change.bid_price, change.bid_lot));
        assert_eq!((field.ask_price, field.ask_lot), (change.ask_price, change.ask_lot));
        assert_eq!((field.open_price, field.low_price), (change.open_price, change.low_price));
        assert_eq!(field.total_volume, change.volume);
    }

    let answer = ask(&mut world, member, tid::QRY_MARKET_ORDER_DATA, &ReqQryMarketOrderDataField::BLANK);
    let levels: Vec<MarketOrderDataField> = fields(&answer);
    let mut expected = Vec::new();
    for (instrument, sides) in &published {
        for (depth, code) in sides.iter().zip([b'0', b'1']) {
            for (price, volume) in depth.price.iter().zip(depth.volume).take(depth.count.into()) {
                let id = String::from_utf8(instrument.definition.id.trim_ascii_end().to_vec()).unwrap();
                expected.push((id, code, i64::from(price.0) * 2_000, volume.0));
            }
        }
    }
    let answered: Vec<_> = levels
        .iter()
        .map(|level| {
            assert_eq!(level.broadcast_sequence_no.unsigned(), broadcast.0);
            let id = String::from_utf8(level.instrument_id.trimmed().to_vec()).unwrap();
            (id, level.direction.get(), level.price.units().unwrap(), level.volume.unsigned())
        })
        .collect();
    assert_eq!(answered, expected);
    let mut asked = ReqQryMarketOrderDataField::BLANK;
    asked.instrument_id.set(FUTURE).unwrap();
    asked.direction.set(b'1');
    let some: Vec<MarketOrderDataField> = fields(&ask(&mut world, member, tid::QRY_MARKET_ORDER_DATA, &asked));
    assert_eq!(some.len(), expected.iter().filter(|level| level.0 == "IM2406" && level.1 == b'1').count());

    let answer = ask(&mut world, member, tid::QRY_INSTRUMENT, &ReqQryInstrumentField::BLANK);
    let instruments: Vec<InstrumentField> = fields(&answer);
    assert_eq!(instruments.len(), 4);
    assert_eq!(instruments[3].strike_price.units().unwrap(), 30_000_000);
    assert_eq!((instruments[3].unit.get(), instruments[0].unit.get()), (200, 300));
    let mut asked = ReqQryInstrumentField::BLANK;
    asked.market_id.set(b"1").unwrap();
    asked.instrument_id.set(OPTION).unwrap();
    assert_eq!(fields::<InstrumentField>(&ask(&mut world, member, tid::QRY_INSTRUMENT, &asked)), instruments[3..]);
    asked.market_id.set(b"2").unwrap();
    assert_eq!(error_of(&ask(&mut world, member, tid::QRY_INSTRUMENT, &asked)), 116);

    let status = ReqQryInstrumentStatusField::BLANK;
    let answer = ask(&mut world, member, tid::QRY_INSTRUMENT_STATUS, &status);
    let phases: Vec<u8> = fields::<InstrumentStatusField>(&answer).iter().map(|f| f.instrument_status.get()).collect();
    assert_eq!(phases, [b'0'; 4]);
    let answer = ask(&mut world, member, tid::QRY_MARKET_STATUS, &ReqQryMarketStatusField::BLANK);
    let [status] = fields::<MarketStatusField>(&answer)[..] else { panic!("one market") };
    assert_eq!((status.market_status_id.get(), status.broadcast_sequence_no.unsigned()), (b'0', broadcast.0));
    let answer = ask(&mut world, member, tid::QRY_MARKET, &ReqQryMarketField::BLANK);
    assert_eq!(fields::<MarketField>(&answer)[0].broadcast_sequence_series.get(), 1);
}

#[test]
fn people_are_answered_and_who_of_them_is_online() {
    let mut world = world(Setup::default());
    let member = world.join(0);
    let answer = ask(&mut world, member, tid::QRY_PARTICIPANT, &ReqQryParticipantField::BLANK);
    let [participant] = fields::<ParticipantField>(&answer)[..] else { panic!("itself only: {answer:?}") };
    assert_eq!(*participant.participant_id.bytes(), participant_id(0));
    let answer = ask(&mut world, member, tid::QRY_CLIENT, &ReqQryClientField::BLANK);
    let [client] = fields::<ClientField>(&answer)[..] else { panic!("its own only: {answer:?}") };
    assert_eq!((client.client_id.trimmed(), client.trade_rights.get()), (&b"00000001"[..], b'0'));
    let answer = ask(&mut world, member, tid::QRY_USER, &ReqQryUserField::BLANK);
    let [user] = fields::<UserField>(&answer)[..] else { panic!("its own only: {answer:?}") };
    assert_eq!((*user.user_id.bytes(), user.is_login.get()), (user_id(0), b'1'));
    let online = |world: &mut World| {
        let answer = ask(world, member, tid::QRY_USER_LOGIN, &ReqQryUserLoginField::BLANK);
        let [online] = fields::<UserLoginField>(&answer)[..] else { panic!("its own only: {answer:?}") };
        online
    };
    let before = online(&mut world);
    assert_eq!((before.dialog_stream_status.get(), before.broadcast_stream_status.get()), (b'1', b'1'));
    assert!(!before.broadcast_login_time.is_blank() && before.broadcast_log_out_time.is_blank());
    world.clients[member].logout(data_flow_flag::BROADCAST);
    world.run(5);
    let after = online(&mut world);
    assert_eq!((after.dialog_stream_status.get(), after.broadcast_stream_status.get()), (b'1', b'0'));
    assert_eq!(after.broadcast_login_time, before.broadcast_login_time);
    assert!(!after.broadcast_log_out_time.is_blank());
    // A second connection that breaks leaves the first one's login.
    let other = world.join(0);
    world.clients[other].cut();
    world.run(20);
    assert_eq!(online(&mut world).private_stream_status.get(), b'1');
    // There is no currency but the yuan, which is worth itself.
    let mut asked = QryExchangeRateField::BLANK;
    let answer = ask(&mut world, member, tid::QRY_EXCHANGE_RATE, &asked);
    let [rate] = fields::<ExchangeRateField>(&answer)[..] else { panic!("one currency") };
    assert_eq!((rate.currency_id.trimmed(), rate.rate_unit.get()), (&b"CNY"[..], 1));
    assert_eq!(rate.rate_price.units(), Ok(10_000));
    (asked.trade_date, asked.currency_id) = (rate.trade_date, rate.currency_id);
    let answer = ask(&mut world, member, tid::QRY_EXCHANGE_RATE, &asked);
    assert_eq!(fields::<ExchangeRateField>(&answer), [rate]);
    asked.currency_id.set(b"USD").unwrap();
    assert_eq!(error_of(&ask(&mut world, member, tid::QRY_EXCHANGE_RATE, &asked)), 116);
    asked.currency_id = rate.currency_id;
    asked.trade_date.set(20_200_102).unwrap();
    assert_eq!(error_of(&ask(&mut world, member, tid::QRY_EXCHANGE_RATE, &asked)), 116);
}

#[test]
fn what_is_anothers_is_refused() {
    let (mut world, members) = traded_world();
    let member = members[1];
    macro_rules! refused {
        ($($tid:ident $field:ident)*) => {$({
            let mut asked = $field::BLANK;
            asked.participant_id = participant_id(0).into();
            assert_eq!(error_of(&ask(&mut world, member, tid::$tid, &asked)), 107, stringify!($tid));
            asked.participant_id = participant_id(1).into();
            let answer = ask(&mut world, member, tid::$tid, &asked);
            assert!(answer[0].tid != tid::ERROR || answer[0].error_code() == 116, stringify!($tid));
            asked.participant_id.set(b"none").unwrap();
            assert_eq!(error_of(&ask(&mut world, member, tid::$tid, &asked)), 107, stringify!($tid));
        })*};
    }
    refused! {
        QRY_CLIENT ReqQryClientField QRY_DEPOSIT ReqQryDepositField QRY_ORDER ReqQryOrderField
        QRY_PARTICIPANT ReqQryParticipantField QRY_POSITION ReqQryPositionField QRY_P_POSITION ReqQryPPositionField
        QRY_TRADE ReqQryTradeField QRY_USER ReqQryUserField QRY_USER_LOGIN ReqQryUserLoginField
        QRY_EXEC_ORDER QryExecOrderField
    }
    // Without ParticipantId, and the ids of what is another's: nothing is found.
    let theirs = told_orders(&world, members[0]);
    let mut asked = ReqQryOrderField::BLANK;
    asked.order_sys_id = (*theirs.keys().next().unwrap()).into();
    assert_eq!(error_of(&ask(&mut world, member, tid::QRY_ORDER, &asked)), 116);
    let mut asked = ReqQryUserField::BLANK;
    asked.user_id = user_id(0).into();
    assert_eq!(error_of(&ask(&mut world, member, tid::QRY_USER, &asked)), 116);
}

#[test]
fn a_query_changes_nothing_and_enters_no_log() {
    let (mut world, members) = traded_world();
    let before = (world.reader.committed(), world.core.engine(|engine| engine.machine().state().digests()).unwrap());
    let bytes_before = world.log().as_bytes().len();
    for &member in &members {
        for _ in 0..3 {
            ask(&mut world, member, tid::QRY_ORDER, &ReqQryOrderField::BLANK);
            ask(&mut world, member, tid::QRY_DEPOSIT, &ReqQryDepositField::BLANK);
        }
    }
    let after = (world.reader.committed(), world.core.engine(|engine| engine.machine().state().digests()).unwrap());
    assert_eq!((before, bytes_before), (after, world.log().len()));
    let last = world.reader.frames_from(0).last().unwrap();
    assert!(!matches!(last.command().body, BodyView::DayClose(_)));
}

/// What somebody who asked and then went on with the broadcast stream knows of an instrument.
#[derive(Default, Debug, PartialEq)]
struct Known {
    lots: i32,
    turnover_lots: i32,
    levels: BTreeMap<(u8, i64), u32>,
}

#[test]
fn who_asks_and_then_goes_on_from_the_number_told_knows_all_of_it_once() {
    let (mut world, members) = traded_world();
    world.command(&MarketDataTick { reserved: 0 });
    // Something is not published yet when it is asked.
    trade(&mut world, &members, 77, 30);
    let late = world.add_client(3);
    world.connect(late);
    world.clients[late].login(data_flow_flag::DIALOG, None, None);
    world.until("the login is answered", |world| world.heard(late).count(tid::USER_LOGIN) == 1);
    let mut known: BTreeMap<Vec<u8>, Known> = BTreeMap::new();
    let answer = ask(&mut world, late, tid::QRY_MARKET_MATCH_DATA, &ReqQryMarketMatchDataField::BLANK);
    let matched: Vec<MarketMatchDataField> = fields(&answer);
    for field in &matched {
        let lots = field.trade_lot.get();
        let one = Known { lots, turnover_lots: lots, levels: BTreeMap::new() };
        known.insert(field.instrument_id.trimmed().to_vec(), one);
    }
    let answer = ask(&mut world, late, tid::QRY_MARKET_ORDER_DATA, &ReqQryMarketOrderDataField::BLANK);
    let levels: Vec<MarketOrderDataField> = fields(&answer);
    let number = levels[0].broadcast_sequence_no.unsigned();
    assert_eq!(number, matched[0].broadcast_sequence_no.unsigned());
    let take = |known: &mut BTreeMap<Vec<u8>, Known>, level: &MarketOrderDataField| {
        let levels = &mut known.get_mut(level.instrument_id.trimmed()).unwrap().levels;
        let place = (level.direction.get(), level.price.units().unwrap());
        match level.volume.unsigned() {
            0 => levels.remove(&place),
            lots => levels.insert(place, lots),
        };
    };
    levels.iter().for_each(|level| take(&mut known, level));
    trade(&mut world, &members, 78, 200);
    world.command(&MarketDataTick { reserved: 0 });
    world.clients[late].login(data_flow_flag::BROADCAST, Some(number), Some(1));
    world.run(50);
    for message in world.heard(late).of_series(1) {
        assert!(message.number > number, "nothing is told twice");
        let message = std::slice::from_ref(message);
        match message[0].tid {
            tid::MARKET_MATCH_DATA => {
                for change in fields::<MarketMatchDataChgField>(message) {
                    known.get_mut(change.instrument_id.trimmed()).unwrap().lots = change.volume.get();
                }
            }
            tid::MARKET_MATCH_INC_DATA => {
                for traded in fields::<MarketMatchIncDataField>(message) {
                    known.get_mut(traded.instrument_id.trimmed()).unwrap().turnover_lots += traded.volume.get();
                }
            }
            tid::MARKET_ORDER_INC_DATA => {
                fields::<MarketOrderDataField>(message).iter().for_each(|level| take(&mut known, level));
            }
            _ => {}
        }
    }
    let state = world.core.engine(|engine| engine.machine().state().clone()).unwrap();
    for instrument in state.instruments() {
        let mut expected =
            Known { lots: instrument.volume as i32, turnover_lots: instrument.volume as i32, ..Known::default() };
        for (side, code) in [(Direction::Buy, b'0'), (Direction::Sell, b'1')] {
            let depth = state.published_depth(instrument.definition.index, side).unwrap();
            for (price, lots) in depth.price.iter().zip(depth.volume).take(depth.count.into()) {
                expected.levels.insert((code, i64::from(price.0) * 2_000), lots.0);
            }
        }
        assert_eq!(known[instrument.definition.id.trim_ascii_end()], expected);
    }
}
