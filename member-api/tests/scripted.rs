//! A member against a scripted exchange: every byte of the exchange's is built here, with `ftd`.
#![allow(clippy::unwrap_used)]

use ftd::field::*;
use ftd::value::{direction, order_status};
use ftd::{ChainWriter, MessageWriter, Next, SequenceNumber, Series, Tid, next_message, package, tid};
use member_api::*;
use std::net::{Ipv4Addr, SocketAddrV4};

const SERIES: u16 = 7;
const SECRET: &[u8] = b"geheim";

fn at(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), port)
}

fn ms(count: u64) -> Nanoseconds {
    Nanoseconds::milliseconds(count)
}

fn config() -> Config {
    let participant = ParticipantId::padded(b"0001").unwrap();
    let user = UserId::padded(b"000101").unwrap();
    let mut config = Config::new(participant, user, Credential::Password(SECRET.to_vec()), SERIES);
    config.fronts = vec![at(1)];
    config
}

fn client() -> ClientId {
    ClientId::padded(b"00000001").unwrap()
}

fn instrument() -> InstrumentId {
    InstrumentId::padded(b"IF2406").unwrap()
}

fn buy(price: i64, volume: u32) -> NewOrder {
    NewOrder::limit(client(), instrument(), direction::BUY, Price(price), volume)
}

/// What the member asked, taken apart.
#[derive(Debug, PartialEq, Clone)]
enum Asked {
    Fronts,
    Challenge(u8),
    Login { flow: u8, password: bool, resume: Option<u32>, epoch: Option<u32>, proof: Option<Vec<u8>> },
    Insert { number: u32, local_id: LocalId },
    Cancel { number: u32, action: LocalId, sys_id: Vec<u8>, target: Option<LocalId> },
    Readiness { number: u32, readiness: u8, words: String },
    Logout(u8),
    Heartbeat,
}

/// A member, and the far end of its connection.
struct Bench {
    member: Member,
    now: Nanoseconds,
    private: u32,
}

impl Bench {
    fn new(config: Config) -> Self {
        Bench { member: Member::new(config), now: ms(1_000), private: 0 }
    }

    fn wait(&mut self, count: u64) {
        self.now = Nanoseconds(self.now.0 + count * 1_000_000);
    }

    fn poll(&mut self) -> Option<Action> {
        self.member.poll(self.now)
    }

    /// Waits until the member does something.
    fn next_action(&mut self) -> Action {
        for _ in 0..10 {
            if let Some(action) = self.poll() {
                return action;
            }
            self.now = self.now.max(self.member.wake_at().expect("it is not stopped"));
        }
        panic!("the member does nothing: {:?}", self.member.state());
    }

    fn asked(&mut self) -> Vec<Asked> {
        let output = self.member.output().to_vec();
        self.member.sent(output.len());
        let mut asked = Vec::new();
        let mut rest = &output[..];
        while !rest.is_empty() {
            match next_message(rest).expect("what a member writes is well-formed") {
                Next::Heartbeat { length } => {
                    asked.push(Asked::Heartbeat);
                    rest = &rest[length..];
                }
                Next::Message { length, message } => {
                    rest = &rest[length..];
                    asked.push(take_apart(&message));
                }
                other => panic!("{other:?}"),
            }
        }
        asked
    }

    fn tell(&mut self, bytes: &[u8]) {
        // In two pieces, so that every test crosses a torn message.
        let half = bytes.len() / 2;
        assert_eq!(self.member.received(&bytes[..half], self.now), half);
        assert_eq!(self.member.received(&bytes[half..], self.now), bytes.len() - half);
    }

    /// Connects and answers the three logins; returns what the private and the broadcast login asked for.
    fn log_in(&mut self, epoch: u32) -> (Asked, Asked) {
        let Action::Connect(_) = self.next_action() else { panic!("it connects") };
        self.member.connected(self.now);
        assert!(matches!(self.asked()[..], [Asked::Login { flow: b'0', password: true, resume: None, .. }]));
        self.tell(&login_answer(b'0', epoch));
        let private = self.asked().remove(0);
        self.tell(&login_answer(b'1', epoch));
        let broadcast = self.asked().remove(0);
        self.tell(&login_answer(b'2', epoch));
        assert_eq!(self.member.state(), LinkState::Working);
        assert_eq!(self.poll(), None);
        (private, broadcast)
    }

    fn lose(&mut self) {
        self.member.closed(self.now);
        assert_eq!(self.member.state(), LinkState::Resting);
    }

    fn confirm(&mut self, order: &NewOrder, local_id: LocalId, status: u8, remaining: u32, traded: u32) {
        self.private += 1;
        let bytes = confirmation(self.private, order, local_id, status, remaining, traded);
        self.tell(&bytes);
    }

    fn trade(&mut self, order: &NewOrder, local_id: LocalId, trade_id: u64, volume: u32) {
        self.private += 1;
        let bytes = trade(self.private, order, local_id, trade_id, volume);
        self.tell(&bytes);
    }

    fn order(&self, local_id: LocalId) -> &Order {
        self.member.view().order(&UserId::padded(b"000101").unwrap(), local_id).expect("the order is known")
    }
}

fn take_apart(message: &ftd::Message<'_>) -> Asked {
    let number = message.number().0;
    match message.tid() {
        tid::FRONTS => Asked::Fronts,
        tid::LOGIN_CHALLENGE => {
            Asked::Challenge(package::ReqLoginChallenge::parse(message).unwrap().req_user_login.data_flow_flag.get())
        }
        tid::USER_LOGIN => {
            let login = package::ReqUserLogin::parse(message).unwrap();
            assert_eq!(login.req_user_login.user_id.trimmed(), b"000101");
            Asked::Login {
                flow: login.req_user_login.data_flow_flag.get(),
                password: login.req_user_login.password.trimmed() == SECRET,
                resume: login.disseminationstart.map(|start| start.sequence_no.unsigned()),
                epoch: login.stream_epoch.map(|epoch| epoch.epoch.unsigned()),
                proof: login.login_proof.map(|proof| proof.proof.trimmed().to_vec()),
            }
        }
        tid::ORDER_INSERT => {
            let order = package::ReqOrderInsert::parse(message).unwrap().order_insert;
            Asked::Insert { number, local_id: LocalId(*order.order_local_id.bytes()) }
        }
        tid::ORDER_ACTION => {
            let cancel = package::ReqOrderAction::parse(message).unwrap();
            Asked::Cancel {
                number,
                action: LocalId(*cancel.order_action.action_local_id.bytes()),
                sys_id: cancel.order_action.order_sys_id.trimmed().to_vec(),
                target: cancel.order_action_target.map(|target| LocalId(*target.order_local_id.bytes())),
            }
        }
        tid::READINESS => {
            let report = package::ReqReadiness::parse(message).unwrap().readiness;
            let words = String::from_utf8(report.content.trimmed().to_vec()).unwrap();
            Asked::Readiness { number, readiness: report.readiness.get(), words }
        }
        tid::USER_LOGOUT => {
            Asked::Logout(package::ReqUserLogout::parse(message).unwrap().req_user_logout.data_flow_flag.get())
        }
        other => panic!("{other:?}"),
    }
}

fn message(tid: Tid, series: u16, number: u32, fill: impl FnOnce(&mut MessageWriter<'_>)) -> Vec<u8> {
    let mut buffer = vec![0; 4_200];
    let mut writer = MessageWriter::new(&mut buffer, tid, Series(series), SequenceNumber(number)).unwrap();
    fill(&mut writer);
    let length = writer.finish();
    buffer.truncate(length);
    buffer
}

fn login_answer(flow: u8, epoch: u32) -> Vec<u8> {
    message(tid::USER_LOGIN, 0, 0, |message| {
        let field: &mut RspUserLoginField = message.push().unwrap();
        field.data_flow_flag.set(flow);
        field.time_span.set(10).unwrap();
        field.max_order_local_id.set(b"000000000000").unwrap();
        field.exchange_date_time = (*b"2024060309300000    ").into();
        let field: &mut StreamEpochField = message.push().unwrap();
        field.epoch.set_unsigned(epoch);
        field.data_center_id.set_unsigned(epoch);
    })
}

fn error(number: u32, code: u16, first: Option<u64>) -> Vec<u8> {
    message(tid::ERROR, 0, number, |message| {
        let field: &mut ErrorField = message.push().unwrap();
        field.error_code.set_decimal(u64::from(code)).unwrap();
        let field: &mut ErrorTargetSequenceField = message.push().unwrap();
        field.sequence_no.set_unsigned(number);
        let field: &mut ErrorTargetOrderField = message.push().unwrap();
        if let Some(first) = first {
            field.order_sys_id.set_zero_filled(first, 20).unwrap();
        }
    })
}

fn accepted(number: u32, sys_id: u64) -> Vec<u8> {
    message(tid::ORDER_INSERT, 0, number, |message| {
        message.push::<OrderInsertField>().unwrap().order_sys_id.set_zero_filled(sys_id, 20).unwrap();
    })
}

fn cancelled(number: u32) -> Vec<u8> {
    message(tid::ORDER_ACTION, 0, number, |message| {
        message.push::<OrderActionField>().unwrap();
    })
}

fn confirmation(number: u32, order: &NewOrder, local_id: LocalId, status: u8, remaining: u32, traded: u32) -> Vec<u8> {
    message(tid::ORDER_CONFIRMATION, SERIES, number, |message| {
        let field: &mut OrderStatusField = message.push().unwrap();
        field.order_sys_id.set_zero_filled(local_id.number().unwrap_or(9) + 100, 20).unwrap();
        field.order_local_id = local_id.0.into();
        field.user_id.set(b"000101").unwrap();
        field.participant_id.set(b"0001").unwrap();
        field.client_id = order.client_id;
        field.instrument_id = order.instrument_id;
        field.direction.set(order.direction);
        field.offset_flag.set(order.offset);
        field.hedge_flag.set(order.hedge);
        field.limit_price.set_units(order.price.0).unwrap();
        field.volume_total_orginal.set_unsigned(order.volume);
        field.volume_total.set_unsigned(remaining);
        field.trade_volume.set_unsigned(traded);
        field.order_status.set(status);
        field.update_time.set(9_29_59_99).unwrap();
    })
}

fn trade(number: u32, order: &NewOrder, local_id: LocalId, trade_id: u64, volume: u32) -> Vec<u8> {
    message(tid::TRADE_INSERT_SINGLE, SERIES, number, |message| {
        let field: &mut TradeInsertSingleField = message.push().unwrap();
        field.trade_id.set_zero_filled(trade_id, 20).unwrap();
        field.order_sys_id.set_zero_filled(local_id.number().unwrap_or(9) + 100, 20).unwrap();
        field.order_local_id = local_id.0.into();
        field.user_id.set(b"000101").unwrap();
        field.client_id = order.client_id;
        field.instrument_id = order.instrument_id;
        field.direction.set(order.direction);
        field.offset_flag.set(order.offset);
        field.hedge_flag.set(order.hedge);
        field.price.set_units(order.price.0).unwrap();
        field.volume.set_unsigned(volume);
        field.match_time.set(9_30_00_01).unwrap();
    })
}

fn void(series: u16, from: u32, to: u32) -> Vec<u8> {
    message(tid::FLOW_MESSAGE_CANCEL, 0, 0, |message| {
        let field: &mut FlowMessageCancelField = message.push().unwrap();
        field.sequence_series.set(series);
        field.data_center_id.set(1);
        field.start_sequence_no.set_unsigned(from);
        field.end_sequence_no.set_unsigned(to);
    })
}

fn phase(number: u32, phase: u8) -> Vec<u8> {
    message(tid::INSTRUMENT_STATUS_CHANGE_NOTIFY, 1, number, |message| {
        let field: &mut InstrumentStatusField = message.push().unwrap();
        field.instrument_id = instrument();
        field.instrument_status.set(phase);
    })
}

/// An instrument's phase, the market's status and the instrument's right, as three messages from `number` on.
fn changes(number: u32, status: u8, right: u8) -> Vec<u8> {
    let market = message(tid::MARKET_STATUS_CHANGE_NOTIFY, 1, number + 1, |message| {
        message.push::<MarketStatusField>().unwrap().market_status_id.set(status);
    });
    let terms = message(tid::INSTRUMENT_CHANGE_NOTIFY, 1, number + 2, |message| {
        let field: &mut InstrumentField = message.push().unwrap();
        (field.instrument_id, field.trade_rights) = (instrument(), right.into());
    });
    [phase(number, status), market, terms].concat()
}

fn market(number: u32, instruments: usize, last: i64) -> Vec<u8> {
    let mut buffer = vec![0; 64 * 1024];
    let mut chain = ChainWriter::new(&mut buffer, tid::MARKET_MATCH_DATA, Series(1), SequenceNumber(number)).unwrap();
    for place in 0..instruments {
        let field: &mut MarketMatchDataChgField = chain.push().unwrap();
        field.instrument_id.set(format!("IF{place:04}").as_bytes()).unwrap();
        field.last_price.set_units(last).unwrap();
        field.bid_lot.set(5);
    }
    for place in 0..instruments {
        let field: &mut TurnoverField = chain.push().unwrap();
        field.instrument_id.set(format!("IF{place:04}").as_bytes()).unwrap();
        field.turnover.set_scaled::<2>(12_345).unwrap();
    }
    let length = chain.finish();
    buffer.truncate(length);
    buffer
}

fn fronts(fronts: &[(u16, i32, u32)]) -> Vec<u8> {
    message(tid::FRONTS, 0, 0, |message| {
        for &(port, priority, epoch) in fronts {
            let field: &mut FrontField = message.push().unwrap();
            field.front_address.set(at(port).to_string().as_bytes()).unwrap();
            field.front_priority.set(priority);
            field.epoch.set_unsigned(epoch);
        }
    })
}

#[test]
fn logs_in_to_three_streams_and_an_order_lives_and_trades() {
    let mut bench = Bench::new(config());
    let (private, broadcast) = bench.log_in(1);
    assert!(matches!(private, Asked::Login { flow: b'1', resume: Some(0), epoch: None, .. }));
    assert!(matches!(broadcast, Asked::Login { flow: b'2', resume: Some(0), epoch: None, .. }));

    let order = buy(35_000_000, 3);
    let id = bench.member.insert(order);
    assert_eq!(bench.order(id).state, OrderState::Waiting);
    assert_eq!(bench.poll(), None);
    assert_eq!(bench.asked(), [Asked::Insert { number: 1, local_id: id }]);
    assert_eq!(bench.order(id).state, OrderState::Sent);
    bench.tell(&accepted(1, 101));
    assert_eq!(bench.order(id).state, OrderState::Accepted);
    assert_eq!(bench.member.open_requests(), 1, "the dialog alone does not settle it");
    bench.confirm(&order, id, order_status::NO_TRADE_QUEUEING, 3, 0);
    assert_eq!((bench.order(id).state, bench.order(id).remaining), (OrderState::Working, 3));
    assert!(bench.member.is_settled());
    bench.trade(&order, id, 1, 1);
    assert_eq!((bench.order(id).state, bench.order(id).traded), (OrderState::Working, 1));
    bench.trade(&order, id, 2, 2);
    assert_eq!((bench.order(id).state, bench.order(id).remaining), (OrderState::AllTraded, 0));
    assert_eq!(bench.member.view().position(&client(), &instrument(), b'1'), Position { long: 3, short: 0 });
    assert_eq!(bench.member.view().trades().len(), 2);
    assert_eq!(bench.member.view().last_numbers().0, StreamNumber(3));
}

#[test]
fn a_cancel_names_the_sys_id_where_known_and_is_done_when_the_private_stream_says_so() {
    let mut bench = Bench::new(config());
    bench.log_in(1);
    let order = buy(35_000_000, 3);
    let (first, second) = (bench.member.insert(order), bench.member.insert(order));
    bench.poll();
    bench.asked();
    bench.tell(&accepted(1, 101));
    bench.confirm(&order, first, order_status::NO_TRADE_QUEUEING, 3, 0);
    let cancels = [first, second].map(|id| bench.member.cancel(id).unwrap());
    bench.poll();
    let asked = bench.asked();
    assert!(matches!(&asked[0], Asked::Cancel { number: 3, sys_id, target: None, .. } if sys_id.ends_with(b"101")));
    assert!(
        matches!(&asked[1], Asked::Cancel { number: 4, sys_id, target: Some(target), .. } if sys_id.is_empty() && *target == second)
    );
    bench.tell(&error(2, 10, None));
    assert_eq!((bench.order(second).state, bench.order(second).reject), (OrderState::Rejected, 10));
    bench.tell(&error(4, 24, None));
    assert_eq!(bench.member.cancel_state(cancels[1]), Some((CancelState::Rejected, 24)));
    bench.tell(&cancelled(3));
    assert_eq!(bench.member.cancel_state(cancels[0]), Some((CancelState::Accepted, 0)));
    bench.confirm(&order, first, order_status::CANCELLED, 3, 0);
    assert_eq!(bench.member.cancel_state(cancels[0]), Some((CancelState::Done, 0)));
    assert_eq!(bench.order(first).state, OrderState::Cancelled);
    assert!(bench.member.is_settled());
}

#[test]
fn a_cut_connection_resumes_and_sends_what_is_not_confirmed_again_in_order() {
    let mut bench = Bench::new(config());
    bench.log_in(1);
    let order = buy(35_000_000, 1);
    let ids: Vec<LocalId> = (0..4).map(|_| bench.member.insert(order)).collect();
    bench.poll();
    bench.asked();
    // The first is confirmed; the second only answered in the dialog; the third and fourth not at all.
    bench.tell(&accepted(1, 101));
    bench.confirm(&order, ids[0], order_status::NO_TRADE_QUEUEING, 1, 0);
    bench.tell(&accepted(2, 102));
    bench.tell(&phase(1, b'0'));
    bench.lose();
    assert_eq!(bench.order(ids[1]).state, OrderState::Waiting);

    let (private, broadcast) = bench.log_in(1);
    assert!(matches!(private, Asked::Login { resume: Some(1), epoch: Some(1), .. }));
    assert!(matches!(broadcast, Asked::Login { resume: Some(1), epoch: Some(1), .. }));
    let again = bench.asked();
    let numbers: Vec<Asked> =
        (1..4).map(|place| Asked::Insert { number: place, local_id: ids[place as usize] }).collect();
    assert_eq!(again, numbers, "dialog numbers begin at 1 again, local ids stay");
    bench.tell(&error(1, 2, Some(102)));
    assert_eq!(bench.order(ids[1]).state, OrderState::Accepted);
    bench.tell(&confirmation(1, &order, ids[0], order_status::NO_TRADE_QUEUEING, 1, 0));
    bench.confirm(&order, ids[1], order_status::NO_TRADE_QUEUEING, 1, 0);
    bench.tell(&error(2, 2, None));
    assert_eq!(
        (bench.order(ids[2]).state, bench.order(ids[2]).reject),
        (OrderState::Rejected, 2),
        "the first was refused"
    );
    let counters = bench.member.counters();
    assert_eq!((counters.sent_again, counters.repeats_recognised, counters.messages_repeated), (3, 1, 1));
    assert_eq!((counters.reconnects, counters.resumed_messages), (1, 2), "both were told before the login's time");
}

#[test]
fn an_order_that_the_resumed_stream_tells_of_is_sent_again_only_if_so_set() {
    for repeat_told in [false, true] {
        let mut bench = Bench::new(Config { repeat_told, ..config() });
        bench.log_in(1);
        let order = buy(35_000_000, 1);
        let id = bench.member.insert(order);
        bench.poll();
        bench.asked();
        bench.lose();
        assert!(matches!(bench.next_action(), Action::Connect(_)));
        bench.member.connected(bench.now);
        bench.tell(&login_answer(b'0', 1));
        bench.tell(&login_answer(b'1', 1));
        bench.confirm(&order, id, order_status::NO_TRADE_QUEUEING, 1, 0);
        bench.tell(&login_answer(b'2', 1));
        bench.asked();
        bench.poll();
        let expected = if repeat_told { vec![Asked::Insert { number: 1, local_id: id }] } else { vec![] };
        assert_eq!(bench.asked(), expected);
        bench.tell(&error(1, 2, Some(101)));
        assert_eq!(bench.order(id).state, OrderState::Working);
        assert!(bench.member.is_settled());
        assert_eq!(bench.member.counters().repeats_recognised, u64::from(repeat_told));
    }
}

#[test]
fn a_cancel_sent_again_to_another_core_does_not_name_what_only_the_dead_ones_dialog_said() {
    let mut bench = Bench::new(config());
    bench.log_in(1);
    let id = bench.member.insert(buy(35_000_000, 1));
    bench.poll();
    bench.asked();
    bench.tell(&accepted(1, 102));
    bench.member.cancel(id).unwrap();
    bench.poll();
    assert!(matches!(&bench.asked()[..], [Asked::Cancel { target: None, .. }]));
    bench.lose();
    bench.log_in(2);
    let again = bench.asked();
    assert_eq!(again[0], Asked::Insert { number: 1, local_id: id });
    assert!(
        matches!(&again[1], Asked::Cancel { sys_id, target: Some(target), .. } if sys_id.is_empty() && *target == id)
    );
}

#[test]
fn a_gap_in_the_private_numbers_closes_and_resumes_from_the_last_good_one() {
    let mut bench = Bench::new(config());
    bench.log_in(1);
    let order = buy(35_000_000, 1);
    let id = bench.member.insert(order);
    bench.confirm(&order, id, order_status::NO_TRADE_QUEUEING, 1, 0);
    bench.tell(&confirmation(3, &order, id, order_status::CANCELLED, 1, 0));
    assert_eq!(bench.poll(), Some(Action::Close));
    assert_eq!(bench.member.counters().gaps, 1);
    assert_eq!(bench.order(id).state, OrderState::Working, "what came after the gap is not believed");
    let (private, _) = bench.log_in(1);
    assert!(matches!(private, Asked::Login { resume: Some(1), .. }));
}

#[test]
fn a_roll_back_rebuilds_the_view_and_names_the_orders_that_never_were() {
    let mut bench = Bench::new(config());
    let opening = Position { long: 10, short: 4 };
    bench.member.set_position(client(), instrument(), b'1', opening);
    bench.log_in(1);
    let order = buy(35_000_000, 5);
    let kept = bench.member.insert(order);
    let void_order = bench.member.insert(order);
    bench.poll();
    bench.asked();
    bench.confirm(&order, kept, order_status::NO_TRADE_QUEUEING, 5, 0);
    bench.trade(&order, kept, 1, 2);
    bench.tell(&changes(1, b'1', b'1'));
    // The cut is here. The dead core told more than its log says:
    bench.confirm(&order, void_order, order_status::NO_TRADE_QUEUEING, 5, 0);
    bench.trade(&order, void_order, 2, 5);
    bench.trade(&order, kept, 3, 1);
    let cancel = bench.member.cancel(kept).unwrap();
    bench.poll();
    bench.asked();
    bench.tell(&cancelled(3));
    bench.confirm(&order, kept, order_status::CANCELLED, 2, 3);
    bench.tell(&changes(4, b'0', b'2'));
    let told = |view: &View| (view.instruments()[0].phase, view.market_status(), view.instruments()[0].right);
    assert_eq!(told(bench.member.view()), (b'0', b'0', b'2'));
    assert_eq!(bench.member.view().position(&client(), &instrument(), b'1').long, 18);
    bench.lose();

    assert!(matches!(bench.next_action(), Action::Connect(_)));
    bench.member.connected(bench.now);
    bench.tell(&login_answer(b'0', 2));
    bench.asked();
    bench.tell(&[login_answer(b'1', 2), void(SERIES, 3, 6)].concat());
    assert_eq!(bench.member.view().position(&client(), &instrument(), b'1'), Position { long: 12, short: 4 });
    assert_eq!(
        (bench.order(kept).state, bench.order(kept).remaining, bench.order(kept).traded),
        (OrderState::Working, 3, 2)
    );
    assert_eq!(bench.order(void_order).state, OrderState::RolledBack);
    assert_eq!(bench.member.rolled_back().collect::<Vec<_>>(), [void_order]);
    assert_eq!(bench.member.rolled_back_cancels().collect::<Vec<_>>(), [cancel]);
    let asked = bench.asked();
    assert!(matches!(asked[..], [Asked::Login { flow: b'2', resume: Some(6), epoch: Some(1), .. }]));
    bench.tell(&[login_answer(b'2', 2), void(1, 4, 6)].concat());
    assert_eq!(told(bench.member.view()), (b'1', b'1', b'1'));
    assert_eq!(bench.member.view().last_numbers(), (StreamNumber(2), StreamNumber(3)));
    assert_eq!(bench.poll(), None);
    assert_eq!(bench.asked(), [], "nothing is sent again before the application says so");
    assert_eq!(bench.member.counters().rolled_back_messages, 7);
    assert_eq!(bench.member.counters().rolled_back_orders, 1);

    assert_eq!(bench.member.send_rolled_back(), 2);
    bench.poll();
    let asked = bench.asked();
    assert_eq!(asked[0], Asked::Insert { number: 1, local_id: void_order });
    assert!(matches!(&asked[1], Asked::Cancel { number: 2, action, .. } if *action == cancel));
    // The stream goes on from the number after the cut, with other messages than the dead core told.
    bench.tell(&confirmation(3, &order, void_order, order_status::NO_TRADE_QUEUEING, 5, 0));
    assert_eq!(bench.order(void_order).state, OrderState::Working);
    assert_eq!(bench.member.counters().gaps, 0);
}

#[test]
fn a_roll_back_sends_again_by_itself_if_so_set_and_in_the_order_first_sent() {
    let mut config = config();
    config.rolled_back = RolledBack::SendAgain;
    let mut bench = Bench::new(config);
    bench.log_in(1);
    let order = buy(35_000_000, 5);
    let ids: Vec<LocalId> = (0..3).map(|_| bench.member.insert(order)).collect();
    bench.poll();
    bench.asked();
    bench.confirm(&order, ids[0], order_status::NO_TRADE_QUEUEING, 5, 0);
    bench.confirm(&order, ids[1], order_status::NO_TRADE_QUEUEING, 5, 0);
    bench.lose();
    assert!(matches!(bench.next_action(), Action::Connect(_)));
    bench.member.connected(bench.now);
    bench.tell(&login_answer(b'0', 2));
    bench.tell(&[login_answer(b'1', 2), void(SERIES, 2, 2)].concat());
    bench.tell(&login_answer(b'2', 2));
    bench.asked();
    bench.poll();
    let asked = bench.asked();
    let expected = [Asked::Insert { number: 1, local_id: ids[1] }, Asked::Insert { number: 2, local_id: ids[2] }];
    assert_eq!(asked, expected);
}

#[test]
fn a_roll_back_told_twice_does_nothing_the_second_time() {
    let mut bench = Bench::new(config());
    bench.log_in(1);
    let order = buy(35_000_000, 5);
    let id = bench.member.insert(order);
    bench.confirm(&order, id, order_status::NO_TRADE_QUEUEING, 5, 0);
    bench.lose();
    for _ in 0..2 {
        assert!(matches!(bench.next_action(), Action::Connect(_)));
        bench.member.connected(bench.now);
        bench.tell(&login_answer(b'0', 2));
        bench.tell(&[login_answer(b'1', 2), void(SERIES, 1, 1)].concat());
        bench.lose();
    }
    assert_eq!(bench.member.counters().rolled_back_messages, 1);
    assert_eq!(bench.member.rolled_back().count(), 1);
}

#[test]
fn the_name_service_leads_to_the_highest_epoch_and_a_refusal_leads_on() {
    let mut settings = config();
    settings.name_servers = vec![at(90), at(91)];
    settings.fronts = vec![at(3)];
    let mut bench = Bench::new(settings);
    assert_eq!(bench.next_action(), Action::Connect(at(90)));
    bench.lose(); // nobody there
    assert_eq!(bench.next_action(), Action::Connect(at(91)));
    bench.member.connected(bench.now);
    assert_eq!(bench.asked(), [Asked::Fronts]);
    bench.tell(&fronts(&[(1, 1, 1), (2, 2, 2), (4, 1, 2)]));
    assert_eq!(bench.poll(), Some(Action::Close));
    assert_eq!(bench.next_action(), Action::Connect(at(4)), "highest epoch, then priority");
    bench.member.connected(bench.now);
    bench.asked();
    bench.tell(&error(0, 103, None));
    assert_eq!(bench.poll(), Some(Action::Close));
    assert_eq!(bench.member.refusal().map(|refusal| refusal.code), Some(103));
    assert_eq!(bench.next_action(), Action::Connect(at(2)));
    bench.lose();
    assert_eq!(bench.next_action(), Action::Connect(at(1)));
    bench.lose();
    assert_eq!(bench.next_action(), Action::Connect(at(3)), "registered in advance, tried last");
    bench.lose();
    let before = bench.now;
    assert_eq!(bench.next_action(), Action::Connect(at(91)), "the name server that answered is asked first");
    assert!(bench.now.0 - before.0 >= ms(50).0, "after a wait");
    // Waits between rounds are bounded.
    for _ in 0..200 {
        bench.lose();
        let before = bench.now;
        bench.next_action();
        assert!(bench.now.0 - before.0 <= Nanoseconds::seconds(5).0);
    }
}

#[test]
fn a_core_of_a_lower_epoch_is_left_at_once() {
    let mut bench = Bench::new(config());
    bench.log_in(2);
    bench.lose();
    assert!(matches!(bench.next_action(), Action::Connect(_)));
    bench.member.connected(bench.now);
    bench.tell(&login_answer(b'0', 1));
    assert_eq!(bench.poll(), Some(Action::Close));
    assert_eq!(bench.member.counters().stale_epochs, 1);
    assert_eq!(bench.member.epoch(), Epoch(2));
}

#[test]
fn requests_wait_beyond_the_in_flight_limit_and_after_the_seats_refusal() {
    let mut settings = config();
    settings.in_flight = 2;
    let mut bench = Bench::new(settings);
    bench.log_in(1);
    let ids: Vec<LocalId> = (0..4).map(|_| bench.member.insert(buy(1, 1))).collect();
    bench.poll();
    assert_eq!(bench.asked().len(), 2);
    bench.tell(&accepted(1, 1));
    bench.poll();
    assert_eq!(bench.asked(), [Asked::Insert { number: 3, local_id: ids[2] }]);
    bench.tell(&error(2, 105, None));
    bench.poll();
    assert_eq!(bench.asked(), [], "it pauses");
    bench.wait(200);
    bench.poll();
    assert_eq!(bench.asked(), [Asked::Insert { number: 4, local_id: ids[1] }], "the refused one goes first");
}

#[test]
fn heartbeats_go_out_and_silence_closes() {
    let mut bench = Bench::new(config());
    bench.log_in(1);
    bench.wait(9_999);
    assert_eq!((bench.poll(), bench.asked()), (None, vec![]));
    bench.wait(1);
    assert_eq!((bench.poll(), bench.asked()), (None, vec![Asked::Heartbeat]));
    bench.tell(&ftd::HEARTBEAT);
    bench.wait(29_999);
    assert_eq!(bench.poll(), None);
    bench.wait(1);
    assert_eq!(bench.poll(), Some(Action::Close));
    assert_eq!(bench.member.counters().connections_lost, 1);
}

#[test]
fn a_login_that_is_not_answered_is_given_up_after_the_time_set() {
    let mut bench = Bench::new(config());
    assert!(matches!(bench.next_action(), Action::Connect(_)));
    bench.member.connected(bench.now);
    bench.wait(2_999);
    assert_eq!(bench.poll(), None);
    bench.wait(1);
    assert_eq!(bench.poll(), Some(Action::Close));
}

#[test]
fn a_seat_with_a_secret_proves_it_without_sending_it() {
    let mut settings = config();
    settings.credential = Credential::Proof(b"key".to_vec());
    let mut bench = Bench::new(settings);
    assert!(matches!(bench.next_action(), Action::Connect(_)));
    bench.member.connected(bench.now);
    assert_eq!(bench.asked(), [Asked::Challenge(b'0')]);
    bench.tell(&message(tid::LOGIN_CHALLENGE, 0, 0, |message| {
        let field: &mut LoginChallengeField = message.push().unwrap();
        field.digest_method.set(b'1');
        field.nonce = [b'a'; 64].into();
    }));
    let Asked::Login { password, proof, flow: b'0', .. } = bench.asked().remove(0) else { panic!("a login") };
    assert!(!password);
    // printf '%s0001    000101         0' "$(printf 'a%.0s' $(seq 64))" | openssl dgst -sha256 -hmac key
    let expected = include_str!("proof.txt").trim();
    assert_eq!(String::from_utf8(proof.unwrap()).unwrap(), expected);
}

#[test]
fn market_data_comes_in_chains_and_half_a_chain_is_forgotten() {
    let mut bench = Bench::new(Config { keeps_books: true, ..config() });
    bench.log_in(1);
    bench.tell(&market(1, 60, 1_000));
    assert_eq!(bench.member.view().instruments().len(), 60);
    assert_eq!(bench.member.view().last_numbers().1, StreamNumber(1));
    let known = &bench.member.view().instruments()[59];
    assert_eq!((known.market.last, known.market.bid_lots, known.market.turnover), (Price(1_000), 5, 12_345));
    let whole = market(2, 60, 2_000);
    bench.tell(&whole[..5_000]);
    assert_eq!(bench.member.view().instruments()[0].market.last, Price(2_000));
    bench.lose();
    assert_eq!(bench.member.view().instruments()[0].market.last, Price(1_000));
    let (_, broadcast) = bench.log_in(1);
    assert!(matches!(broadcast, Asked::Login { resume: Some(1), .. }));
    bench.tell(&whole);
    assert_eq!(bench.member.view().last_numbers().1, StreamNumber(2));
    // The books took each message once, when it was whole.
    let books = bench.member.market().unwrap();
    assert_eq!((books.last(), books.instruments().count()), (StreamNumber(2), 60));
    assert!(books.instruments().all(|(_, one)| one.market.last == Price(2_000) && one.market.turnover == 12_345));
}

#[test]
fn readiness_is_reported_and_only_the_newest_counts_after_a_reconnect() {
    let mut bench = Bench::new(config());
    bench.member.report(Readiness::NotReady, "");
    bench.member.report(Readiness::RaisedHand, "持仓不符");
    bench.log_in(1);
    let hand = Asked::Readiness { number: 1, readiness: b'2', words: "持仓不符".into() };
    assert_eq!(bench.asked(), [hand]);
    bench.member.report(Readiness::Ready, "");
    bench.poll();
    bench.lose();
    bench.log_in(1);
    assert_eq!(bench.asked(), [Asked::Readiness { number: 1, readiness: b'1', words: String::new() }]);
}

#[test]
fn a_local_id_used_twice_is_sent_and_the_view_keeps_the_first() {
    let mut bench = Bench::new(config());
    bench.log_in(1);
    let id = bench.member.insert(buy(1, 1));
    bench.member.insert_as(id, buy(2, 2));
    bench.poll();
    assert_eq!(bench.asked().len(), 2);
    bench.tell(&accepted(1, 5));
    bench.tell(&error(2, 2, Some(5)));
    assert_eq!(bench.order(id).sent.price, Price(1));
    assert_eq!(bench.order(id).state, OrderState::Accepted);
    assert_eq!(bench.member.counters().repeats_recognised, 0, "it was not a relogin's");
}

#[test]
fn a_trade_told_twice_under_two_numbers_counts_once_and_is_reported() {
    let mut bench = Bench::new(config());
    bench.log_in(1);
    let order = buy(1, 3);
    let id = bench.member.insert(order);
    bench.confirm(&order, id, order_status::NO_TRADE_QUEUEING, 3, 0);
    bench.trade(&order, id, 1, 1);
    bench.trade(&order, id, 1, 1);
    assert_eq!(bench.member.view().trades().len(), 1);
    assert_eq!(bench.member.counters().trades_repeated, 1);
    assert_eq!(bench.order(id).traded, 1);
}

#[test]
fn another_seats_orders_of_the_participant_are_known_from_the_private_stream() {
    let mut bench = Bench::new(config());
    bench.log_in(1);
    let order = buy(1, 3);
    let id = LocalId::text(b"elsewhere").unwrap();
    bench.trade(&order, id, 1, 1);
    bench.confirm(&order, id, order_status::PART_TRADED_NOT_QUEUEING, 2, 1);
    let known = bench.order(id);
    assert_eq!((known.state, known.sent.volume, known.remaining), (OrderState::Unfilled, 3, 2));
}

#[test]
fn a_stopped_member_logs_out_and_stays_out() {
    let mut bench = Bench::new(config());
    bench.log_in(1);
    bench.member.stop(bench.now);
    assert_eq!(bench.asked(), [b'0', b'1', b'2'].map(Asked::Logout));
    bench.tell(&message(tid::USER_LOGOUT, 0, 0, |message| {
        message.push::<RspUserLogoutField>().unwrap().data_flow_flag.set(b'2');
    }));
    assert_eq!(bench.poll(), Some(Action::Close));
    assert_eq!(bench.member.state(), LinkState::Stopped);
    assert_eq!((bench.poll(), bench.member.wake_at()), (None, None));
}

#[test]
fn any_bytes_close_the_connection_or_mean_nothing_but_never_panic() {
    let mut random = 0x1234_5678_9ABC_DEF1u64;
    let mut next = move || {
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        random.wrapping_mul(0x2545_F491_4F6C_DD1D)
    };
    let order = buy(1, 3);
    let id = LocalId::numbered(1);
    let samples = [
        login_answer(b'0', 1),
        confirmation(1, &order, id, b'3', 3, 0),
        trade(1, &order, id, 1, 3),
        market(1, 3, 5),
        phase(1, b'0'),
        void(SERIES, 0, u32::MAX),
        void(1, 0, 5),
        error(1, 2, Some(1)),
        accepted(1, 1),
        cancelled(1),
        fronts(&[(1, 1, 1)]),
    ];
    for round in 0..3_000 {
        let mut bench = Bench::new(config());
        if round % 4 > 0 {
            bench.log_in(1);
            bench.member.insert(order);
            bench.poll();
        } else {
            bench.next_action();
            bench.member.connected(bench.now);
        }
        for _ in 0..6 {
            let mut bytes = samples[next() as usize % samples.len()].clone();
            for _ in 0..next() % 4 {
                let place = next() as usize % bytes.len();
                bytes[place] = next() as u8;
            }
            bench.member.received(&bytes, bench.now);
            bench.poll();
        }
    }
}

#[test]
fn a_long_day_costs_the_same_an_order_at_its_end_as_at_its_beginning() {
    let mut bench = Bench::new(config());
    bench.log_in(1);
    let order = buy(35_000_000, 1);
    let orders = 50_000u32;
    for number in 1..=orders {
        let id = bench.member.insert(order);
        bench.poll();
        let length = bench.member.output().len();
        bench.member.sent(length);
        bench.member.received(&accepted(number, 1), bench.now);
        bench.private += 1;
        let told = confirmation(bench.private, &order, id, order_status::NO_TRADE_QUEUEING, 1, 0);
        bench.member.received(&told, bench.now);
    }
    assert!(bench.member.is_settled());
    assert_eq!(bench.member.view().orders().len(), orders as usize);
}

#[test]
fn held_orders_stay_and_leave_one_by_one_while_a_report_goes_out() {
    let mut bench = Bench::new(config());
    bench.log_in(1);
    bench.member.hold(true);
    let first = bench.member.insert(buy(100, 1));
    let second = bench.member.insert(buy(101, 1));
    bench.member.report(Readiness::Ready, "");
    bench.poll();
    assert!(matches!(bench.asked()[..], [Asked::Readiness { .. }]));
    bench.member.release_next();
    bench.poll();
    assert!(matches!(bench.asked()[..], [Asked::Insert { local_id, .. }] if local_id == first));
    bench.wait(1);
    bench.poll();
    assert!(bench.asked().is_empty());
    bench.member.hold(false);
    bench.poll();
    assert!(matches!(bench.asked()[..], [Asked::Insert { local_id, .. }] if local_id == second));
}
