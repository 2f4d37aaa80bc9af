//! Quotes, enquiries and exercise instructions of a member, against a scripted exchange.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use ftd::field::*;
use ftd::value::{direction, exec_result, order_status, quote_direction};
use ftd::{Field, Message, MessageWriter, Next, SequenceNumber, Series, Tid, next_message, tid};
use member_api::*;
use std::net::{Ipv4Addr, SocketAddrV4};

const SERIES: u16 = 7;

/// A member, logged in, and the far end of its connection.
struct Bench {
    member: Member,
    now: Nanoseconds,
    private: u32,
}

fn user() -> UserId {
    UserId::padded(b"000101").unwrap()
}

fn quote() -> NewQuote {
    NewQuote {
        client_id: ClientId::padded(b"00000001").unwrap(),
        instrument_id: InstrumentId::padded(b"IF2406").unwrap(),
        bid: QuoteSide::open(Price(34_990_000), 2),
        ask: QuoteSide::open(Price(35_010_000), 3),
        message_reference: *b"QUOTE ",
    }
}

fn exercise(volume: u32) -> NewInstruction {
    let NewQuote { client_id, instrument_id, .. } = quote();
    NewInstruction { client_id, instrument_id, volume, action: b'1', message_reference: *b"EXEC  " }
}

fn id(number: u64) -> SystemId {
    let mut text = ftd::types::Str::<20>::BLANK;
    text.set_zero_filled(number, 20).unwrap();
    SystemId(*text.bytes())
}

fn message(tid: Tid, series: u16, number: u32, fill: impl FnOnce(&mut MessageWriter<'_>)) -> Vec<u8> {
    let mut buffer = vec![0; 4_200];
    let mut writer = MessageWriter::new(&mut buffer, tid, Series(series), SequenceNumber(number)).unwrap();
    fill(&mut writer);
    let length = writer.finish();
    buffer.truncate(length);
    buffer
}

fn error(number: u32, code: u16, first: SystemId) -> Vec<u8> {
    message(tid::ERROR, 0, number, |message| {
        let field: &mut ErrorField = message.push().unwrap();
        field.error_code.set_decimal(u64::from(code)).unwrap();
        let field: &mut ErrorTargetSequenceField = message.push().unwrap();
        field.sequence_no.set_unsigned(number);
        let field: &mut ErrorTargetOrderField = message.push().unwrap();
        field.order_sys_id = first.0.into();
    })
}

impl Bench {
    fn new(rolled_back: RolledBack) -> Self {
        let participant = ParticipantId::padded(b"0001").unwrap();
        let mut config = Config::new(participant, user(), Credential::Password(b"geheim".to_vec()), SERIES);
        config.fronts = vec![SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 1)];
        config.rolled_back = rolled_back;
        let mut bench = Bench { member: Member::new(config), now: Nanoseconds::milliseconds(1_000), private: 0 };
        bench.log_in(1, None);
        bench
    }

    /// Connects and answers the three logins; `void`: what is told right behind the private one.
    fn log_in(&mut self, epoch: u32, void: Option<(u32, u32)>) {
        for _ in 0..10 {
            if let Some(Action::Connect(_)) = self.member.poll(self.now) {
                break;
            }
            self.now = self.now.max(self.member.wake_at().unwrap());
        }
        self.member.connected(self.now);
        for flow in [b'0', b'1', b'2'] {
            self.tell(&message(tid::USER_LOGIN, 0, 0, |message| {
                let field: &mut RspUserLoginField = message.push().unwrap();
                field.data_flow_flag.set(flow);
                field.time_span.set(10).unwrap();
                field.exchange_date_time = (*b"2024060309300000    ").into();
                let field: &mut StreamEpochField = message.push().unwrap();
                field.epoch.set_unsigned(epoch);
                field.data_center_id.set_unsigned(epoch);
            }));
            if let Some((from, to)) = void.filter(|_| flow == b'1') {
                self.private = from - 1;
                self.tell(&message(tid::FLOW_MESSAGE_CANCEL, 0, 0, |message| {
                    let field: &mut FlowMessageCancelField = message.push().unwrap();
                    field.sequence_series.set(SERIES);
                    field.start_sequence_no.set_unsigned(from);
                    field.end_sequence_no.set_unsigned(to);
                }));
            }
        }
        assert_eq!(self.member.state(), LinkState::Working);
        self.asked();
    }

    fn lose(&mut self) {
        self.member.closed(self.now);
    }

    fn tell(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        for piece in [first, rest] {
            assert_eq!(self.member.received(piece, self.now), piece.len());
        }
    }

    /// What the member has asked since, logins apart: bytes of each message.
    fn asked(&mut self) -> Vec<Vec<u8>> {
        assert_eq!(self.member.poll(self.now), None);
        let output = self.member.output().to_vec();
        self.member.sent(output.len());
        let mut asked = Vec::new();
        let mut rest = &output[..];
        while !rest.is_empty() {
            match next_message(rest).expect("what a member writes is well-formed") {
                Next::Heartbeat { length } | Next::Skip { length, .. } => rest = &rest[length..],
                Next::Message { length, message } => {
                    if message.tid() != tid::USER_LOGIN {
                        asked.push(rest[..length].to_vec());
                    }
                    rest = &rest[length..];
                }
                Next::NeedMore => panic!("half a message"),
            }
        }
        asked
    }

    /// The only thing that the member has asked since.
    fn asked_one(&mut self) -> Vec<u8> {
        let mut asked = self.asked();
        assert_eq!(asked.len(), 1);
        asked.remove(0)
    }

    fn private(&mut self, tid: Tid, fill: impl FnOnce(&mut MessageWriter<'_>)) {
        self.private += 1;
        let bytes = message(tid, SERIES, self.private, fill);
        self.tell(&bytes);
    }

    /// Quote: it stands, or has ended.
    fn told_quote(&mut self, local_id: LocalId, first: u64, ended: bool) {
        let quote = quote();
        self.private(tid::QUOTE, |message| {
            let field: &mut QuoteField = message.push().unwrap();
            field.quote_sys_id = id(first).0.into();
            (field.user_id, field.quote_local_id) = (user(), local_id.0.into());
            (field.client_id, field.instrument_id) = (quote.client_id, quote.instrument_id);
            field.bid_comb_offset_flag.set(quote.bid.offset);
            field.bid_comb_hedge_flag.set(quote.bid.hedge);
            field.bid_price.set_units(quote.bid.price.0).unwrap();
            field.bid_volume.set_unsigned(quote.bid.volume);
            field.ask_comb_offset_flag.set(quote.ask.offset);
            field.ask_comb_hedge_flag.set(quote.ask.hedge);
            field.ask_price.set_units(quote.ask.price.0).unwrap();
            field.ask_volume.set_unsigned(quote.ask.volume);
            (field.bid_order_sys_id, field.ask_order_sys_id) = (id(first).0.into(), id(first + 1).0.into());
            if ended {
                field.cancel_time.set(9_30_00_00).unwrap();
            }
        });
    }

    /// OrderConfirmation of an order with this number and local id.
    fn told_order(&mut self, local_id: LocalId, sys_id: u64, status: u8, remaining: u32) {
        self.private(tid::ORDER_CONFIRMATION, |message| {
            let field: &mut OrderStatusField = message.push().unwrap();
            field.order_sys_id = id(sys_id).0.into();
            (field.order_local_id, field.user_id) = (local_id.0.into(), user());
            field.volume_total.set_unsigned(remaining);
            field.order_status.set(status);
        });
    }

    fn told_instruction(&mut self, local_id: LocalId, sys_id: u64, result: u8) {
        self.private(tid::EXEC_ORDER, |message| {
            let field: &mut ExecOrderField = message.push().unwrap();
            field.exec_order_sys_id = id(sys_id).0.into();
            (field.user_id, field.exec_order_local_id) = (user(), local_id.0.into());
            field.exec_result.set(result);
            message.push::<ExecActionField>().unwrap().exec_action.set(b'1');
        });
    }

    fn deal(&self, kind: DealKind, local_id: LocalId) -> &Deal {
        self.member.view().deal(kind, &user(), local_id).expect("it is known")
    }
}

fn parsed(bytes: &[u8]) -> Message<'_> {
    match next_message(bytes) {
        Ok(Next::Message { message, .. }) => message,
        other => panic!("{other:?}"),
    }
}

fn field<F: Field>(bytes: &[u8]) -> &F {
    let (_, items) = parsed(bytes).fields().find(|(fid, _)| *fid == F::FID).expect("the field is there");
    F::ref_from_bytes(items).unwrap()
}

#[test]
fn a_quote_stands_trades_and_is_cancelled_beside_an_order_of_the_same_local_id() {
    let mut bench = Bench::new(RolledBack::Expose);
    let local_id = bench.member.quote(quote());
    let asked = bench.asked_one();
    assert_eq!((parsed(&asked).tid(), parsed(&asked).number().0), (tid::QUOTE_INSERT, 1));
    let sent: &InputQuoteField = field(&asked);
    assert_eq!((sent.quote_local_id.bytes(), sent.user_id), (&local_id.0, user()));
    assert_eq!((sent.bid_price.units(), sent.ask_volume.unsigned()), (Ok(34_990_000), 3));
    assert_eq!(bench.deal(DealKind::Quote, local_id).state, DealState::Sent);

    bench.tell(&message(tid::QUOTE_INSERT, 0, 1, |message| {
        message.push::<InputQuoteField>().unwrap().quote_sys_id = id(50).0.into();
    }));
    assert_eq!(bench.deal(DealKind::Quote, local_id).state, DealState::Accepted);
    assert_eq!(bench.member.open_requests(), 1, "the dialog alone settles nothing");
    bench.told_quote(local_id, 50, false);
    bench.told_order(local_id, 50, order_status::NO_TRADE_QUEUEING, 2);
    bench.told_order(local_id, 51, order_status::NO_TRADE_QUEUEING, 3);
    assert!(bench.member.is_settled());
    let deal = bench.deal(DealKind::Quote, local_id);
    assert_eq!((deal.state, deal.order_sys_ids), (DealState::Standing, [id(50), id(51)]));

    // An order under the same local id is another one.
    bench.member.insert_as(local_id, NewOrder::limit(quote().client_id, quote().instrument_id, b'0', Price(1), 9));
    bench.asked_one();
    bench.told_order(local_id, 60, order_status::NO_TRADE_QUEUEING, 9);
    let view = bench.member.view();
    assert_eq!(view.orders().len(), 3);
    assert_eq!(view.order(&user(), local_id).unwrap().sys_id, id(60));
    let ask = view.quoted_order(id(51)).unwrap();
    assert_eq!((ask.sent.direction, ask.sent.volume, ask.remaining), (direction::SELL, 3, 3));

    // Its ask trades, and the position with it.
    let NewQuote { client_id, instrument_id, .. } = quote();
    bench.private(tid::TRADE_INSERT_SINGLE, |message| {
        let field: &mut TradeInsertSingleField = message.push().unwrap();
        (field.trade_id, field.order_sys_id) = (id(70).0.into(), id(51).0.into());
        (field.user_id, field.order_local_id) = (user(), local_id.0.into());
        (field.client_id, field.instrument_id) = (client_id, instrument_id);
        field.direction.set(direction::SELL);
        field.offset_flag.set(b'0');
        field.hedge_flag.set(b'4');
        field.price.set_units(35_010_000).unwrap();
        field.volume.set_unsigned(1);
    });
    let view = bench.member.view();
    assert_eq!((view.quoted_order(id(51)).unwrap().traded, view.order(&user(), local_id).unwrap().traded), (1, 0));
    assert_eq!(view.position(&client_id, &instrument_id, b'4').short, 1);

    // Cancelled by its number; settled when the private stream says that it ended.
    let action = bench.member.end(DealKind::Quote, local_id).unwrap();
    let asked = bench.asked_one();
    let sent: &QuoteActionField = field(&asked);
    assert_eq!((parsed(&asked).tid(), sent.quote_sys_id.bytes()), (tid::QUOTE_ACTION, &id(50).0));
    assert_eq!(sent.action_local_id.bytes(), &action.0);
    let number = parsed(&asked).number().0;
    bench.tell(&message(tid::QUOTE_ACTION, 0, number, |message| {
        message.push::<QuoteActionField>().unwrap();
    }));
    assert_eq!(bench.member.cancel_state(action), Some((CancelState::Accepted, 0)));
    bench.told_order(local_id, 50, order_status::CANCELLED, 2);
    bench.told_order(local_id, 51, order_status::CANCELLED, 2);
    bench.told_quote(local_id, 50, true);
    assert_eq!(bench.member.cancel_state(action), Some((CancelState::Done, 0)));
    assert_eq!(bench.deal(DealKind::Quote, local_id).state, DealState::Ended);
    assert!(bench.member.is_settled());
    assert_eq!(bench.member.counters().deals_contradicted, 0);

    // What the exchange may not say: it stands again, it ends again, something ends that never stood.
    bench.told_quote(local_id, 50, false);
    bench.told_quote(local_id, 50, true);
    bench.told_quote(LocalId::numbered(999), 90, true);
    assert_eq!(bench.member.counters().deals_contradicted, 3);
    assert_eq!(bench.deal(DealKind::Quote, local_id).state, DealState::Ended);
}

#[test]
fn what_was_not_confirmed_is_sent_again_under_the_same_local_id_and_recognised() {
    let mut bench = Bench::new(RolledBack::Expose);
    let quoted = bench.member.quote(quote());
    let instructed = bench.member.instruct(exercise(4));
    let first = bench.asked();
    assert_eq!(first.len(), 2);
    bench.tell(&message(tid::QUOTE_INSERT, 0, 1, |message| {
        message.push::<InputQuoteField>().unwrap().quote_sys_id = id(50).0.into();
    }));
    bench.lose();
    assert_eq!(bench.deal(DealKind::Quote, quoted).state, DealState::Waiting);
    bench.log_in_quietly();
    let again = bench.asked();
    let ids = |asked: &[Vec<u8>]| {
        (
            *field::<InputQuoteField>(&asked[0]).quote_local_id.bytes(),
            *field::<InputExecOrderField>(&asked[1]).exec_order_local_id.bytes(),
        )
    };
    assert_eq!((again.len(), ids(&again)), (2, ids(&first)));
    assert_eq!(field::<ExecActionField>(&again[1]).exec_action.get(), b'1');
    // The quote had come to be; the instruction is refused now.
    bench.tell(&error(1, 2, id(50)));
    bench.tell(&error(2, 39, SystemId::BLANK));
    assert_eq!(bench.member.counters().repeats_recognised, 1);
    let refused = bench.deal(DealKind::Instruction, instructed);
    assert_eq!((refused.state, refused.reject), (DealState::Rejected, 39));
    bench.told_quote(quoted, 50, false);
    assert!(bench.member.is_settled());
    // A message that cannot be read ends the connection, and changes nothing.
    bench.told_instruction(instructed, 80, b'?');
    assert_eq!(bench.member.counters().malformed, 1);
    assert_eq!(bench.deal(DealKind::Instruction, instructed).state, DealState::Rejected);
}

impl Bench {
    /// [`Bench::log_in`] without looking at what is asked behind it.
    fn log_in_quietly(&mut self) {
        self.member.hold(true);
        self.log_in(1, None);
        self.member.hold(false);
    }
}

#[test]
fn an_instruction_stands_and_is_taken_back() {
    let mut bench = Bench::new(RolledBack::Expose);
    let local_id = bench.member.instruct(exercise(4));
    let asked = bench.asked_one();
    assert_eq!(
        (parsed(&asked).tid(), field::<InputExecOrderField>(&asked).volume.unsigned()),
        (tid::EXEC_ORDER_INSERT, 4)
    );
    bench.tell(&message(tid::EXEC_ORDER_INSERT, 0, 1, |message| {
        message.push::<InputExecOrderField>().unwrap();
    }));
    // Its number is not known yet: it is named by its local id.
    let action = bench.member.end(DealKind::Instruction, local_id).unwrap();
    let asked = bench.asked_one();
    let sent: &ExecOrderActionField = field(&asked);
    assert!(sent.exec_order_sys_id.is_blank() && sent.exec_order_local_id.bytes() == &local_id.0);
    bench.told_instruction(local_id, 80, exec_result::NOT_EXECUTED);
    assert_eq!(bench.deal(DealKind::Instruction, local_id).state, DealState::Standing);
    bench.tell(&message(tid::EXEC_ORDER_ACTION, 0, 2, |message| {
        message.push::<ExecOrderActionField>().unwrap();
    }));
    bench.told_instruction(local_id, 80, exec_result::CANCELLED);
    assert_eq!(bench.member.cancel_state(action), Some((CancelState::Done, 0)));
    let deal = bench.deal(DealKind::Instruction, local_id);
    assert_eq!((deal.state, deal.sys_id), (DealState::Ended, id(80)));
    assert!(bench.member.is_settled());
}

#[test]
fn an_enquiry_is_settled_by_its_answer_and_cannot_be_taken_back() {
    let mut bench = Bench::new(RolledBack::Expose);
    let NewQuote { client_id, instrument_id, message_reference, .. } = quote();
    let enquiry = NewEnquiry { client_id, instrument_id, direction: quote_direction::BOTH, message_reference };
    let (asked_first, asked_second) = (bench.member.enquire(enquiry), bench.member.enquire(enquiry));
    let asked = bench.asked();
    assert_eq!(field::<EnquireQuoteField>(&asked[1]).quote_local_id.bytes(), &asked_second.0);
    bench.tell(&message(tid::ENQUIRE_QUOTE, 0, 1, |message| {
        message.push::<EnquireQuoteField>().unwrap().quote_sys_id = id(5).0.into();
    }));
    bench.tell(&error(2, 33, SystemId::BLANK));
    let first = bench.deal(DealKind::Enquiry, asked_first);
    assert_eq!((first.state, first.sys_id), (DealState::Accepted, id(5)));
    let second = bench.deal(DealKind::Enquiry, asked_second);
    assert_eq!((second.state, second.reject), (DealState::Rejected, 33));
    assert!(bench.member.is_settled());
    assert_eq!(bench.member.end(DealKind::Enquiry, asked_first), None);
}

#[test]
fn deals_that_only_void_messages_knew_are_exposed_or_sent_again() {
    for (rolled_back, sent_again) in [(RolledBack::Expose, 0), (RolledBack::SendAgain, 2)] {
        let mut bench = Bench::new(rolled_back);
        let kept = bench.member.quote(quote());
        let lost = bench.member.quote(quote());
        let instructed = bench.member.instruct(exercise(1));
        assert_eq!(bench.asked().len(), 3);
        bench.told_quote(kept, 50, false);
        // Void from here: the first one's end, the second, the instruction.
        bench.told_quote(kept, 50, true);
        bench.told_quote(lost, 52, false);
        bench.told_instruction(instructed, 80, exec_result::NOT_EXECUTED);
        assert!(bench.member.is_settled());
        bench.lose();
        bench.member.hold(true);
        bench.log_in(2, Some((2, 4)));
        bench.member.hold(false);
        assert_eq!(bench.deal(DealKind::Quote, kept).state, DealState::Standing, "it has not ended after all");
        assert_eq!(bench.member.counters().rolled_back_deals, 2);
        let exposed: Vec<_> = bench.member.rolled_back_deals().collect();
        let asked = bench.asked();
        assert_eq!(asked.len(), sent_again);
        if sent_again == 0 {
            assert_eq!(exposed, [(DealKind::Quote, lost), (DealKind::Instruction, instructed)]);
            assert_eq!(bench.deal(DealKind::Quote, lost).state, DealState::RolledBack);
            assert_eq!(bench.member.send_rolled_back(), 2);
            assert_eq!(bench.asked().len(), 2);
        } else {
            assert_eq!(field::<InputQuoteField>(&asked[0]).quote_local_id.bytes(), &lost.0);
            bench.told_quote(lost, 60, false);
            assert_eq!(bench.deal(DealKind::Quote, lost).state, DealState::Standing);
            assert_eq!(bench.member.counters().deals_contradicted, 0);
        }
    }
}
