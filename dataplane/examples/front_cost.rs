//! What a front costs without TCP: an order's bytes handed to it, and its answers' bytes taken, by a transport that does nothing else.
//!
//! Every second order rests, the next one trades with it, from 64 members in turn, one order a round. The stages are functions of
//! their own, so that a profiler that counts instructions tells them apart:
//!
//! ```text
//! cargo build --release -p dataplane --example front_cost
//! valgrind --tool=callgrind --toggle-collect='front_cost::ingress' …/examples/front_cost 10000
//! ```
//!
//! `ingress`, `engine`, `publish` and `egress` can be asked for; what is collected, divided by the orders, is an order's. The base
//! data and logins go through functions of their own and are not in it.

#[path = "../tests/front_support/mod.rs"]
mod front_support;

use dataplane::front::{Front, FrontConfig};
use dataplane::session::LoginPolicy;
use dataplane::stages::{Commits, EngineStage};
use dataplane::streams::StreamLimits;
use front_support::{MEMBERS_PORT, START, Setup, machine, participant_id, user_id};
use ftd::field::{OrderInsertField, ReqUserLoginField};
use ftd::{Field, MessageWriter, SequenceNumber, Series, Tid, tid};
use journal::LogLimits;
use net::{
    ConnectError, Counters, Filter, Handler, Instant, ListenError, Opener, Peer, SendError, SessionId, Transport,
};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

const MEMBERS: u16 = 64;
/// Orders that are not counted: tables and caches become warm.
const WARM_UP: u32 = 1_000;
/// Bytes that a connection holds until the round's end.
const SENT_BYTES: usize = 64 * 1024;

/// Connections that carry everything at once and lose nothing.
struct Wire {
    filter: Filter,
    arrived: Vec<(u32, Vec<u8>)>,
    /// Sent in this round, by connection: the bytes, and how many they are.
    sent: Vec<(Vec<u8>, usize)>,
    bytes_sent: u64,
    sends: u64,
    to_open: u32,
}

impl Wire {
    fn new() -> Self {
        Wire {
            filter: Filter::everybody(),
            arrived: Vec::new(),
            sent: (0..MEMBERS).map(|_| (vec![0; SENT_BYTES], 0)).collect(),
            bytes_sent: 0,
            sends: 0,
            to_open: MEMBERS.into(),
        }
    }
}

impl Transport for Wire {
    fn sessions(&self) -> usize {
        MEMBERS.into()
    }

    fn listen(&mut self, _: u16, _: Filter) -> Result<(), ListenError> {
        Ok(())
    }

    fn filter_mut(&mut self, _: u16) -> Option<&mut Filter> {
        Some(&mut self.filter)
    }

    fn connect(&mut self, _: SocketAddrV4, _: Instant) -> Result<SessionId, ConnectError> {
        panic!("this front connects to nobody")
    }

    #[inline]
    fn poll_ingress(&mut self, _: Instant, handler: &mut impl Handler) -> usize {
        for index in 0..std::mem::take(&mut self.to_open) {
            let address = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 10), 40_000);
            handler.opened(SessionId::new(index, 0), Peer { address, local_port: MEMBERS_PORT, opener: Opener::Peer });
        }
        for (index, bytes) in &self.arrived {
            assert_eq!(handler.data(SessionId::new(*index, 0), bytes), bytes.len(), "there is room");
        }
        self.arrived.len()
    }

    #[inline]
    fn poll_egress(&mut self, _: Instant) -> usize {
        0
    }

    #[inline]
    fn send(&mut self, session: SessionId, bytes: &[u8]) -> Result<usize, SendError> {
        self.send_with(session, bytes.len(), |buffer| {
            buffer.copy_from_slice(bytes);
            bytes.len()
        })
    }

    #[inline]
    fn send_with(
        &mut self,
        session: SessionId,
        room: usize,
        write: impl FnOnce(&mut [u8]) -> usize,
    ) -> Result<usize, SendError> {
        let (bytes, length) = &mut self.sent[session.index()];
        let written = write(bytes.get_mut(*length..*length + room).ok_or(SendError::NoRoom)?);
        *length += written;
        self.sends += 1;
        Ok(written)
    }

    #[inline]
    fn send_room(&self, session: SessionId) -> usize {
        SENT_BYTES - self.sent[session.index()].1
    }

    fn is_open(&self, _: SessionId) -> bool {
        true
    }

    fn offer_again(&mut self, _: SessionId) {}

    fn close(&mut self, _: SessionId) {}

    fn abort(&mut self, _: SessionId) {}

    fn next_deadline(&self) -> Option<Instant> {
        None
    }

    fn counters(&self) -> Counters {
        Counters::default()
    }
}

#[inline(never)]
fn ingress(front: &mut Front<Wire>, now: Instant) {
    front.poll_ingress(now);
}

#[inline(never)]
fn engine(engine: &mut EngineStage) {
    engine.poll();
}

#[inline(never)]
fn publish(front: &mut Front<Wire>, now: Instant) {
    front.publish(now);
}

#[inline(never)]
fn egress(front: &mut Front<Wire>, now: Instant) {
    front.poll_egress(now);
}

fn message<F: Field>(tid: Tid, number: u32, field: &F) -> Vec<u8> {
    let mut bytes = vec![0; 512];
    let mut message =
        MessageWriter::new(&mut bytes, tid, Series::DIALOG, SequenceNumber(number)).expect("there is room");
    message.push_copy(field).expect("there is room");
    let length = message.finish();
    bytes.truncate(length);
    bytes
}

/// The `turn`-th order: a buy order that rests, then a sell order that trades with it, and so on.
fn order(turn: u32) -> Vec<u8> {
    let (member, request) = ((turn % u32::from(MEMBERS)) as u16, turn / u32::from(MEMBERS) + 1);
    let mut order = OrderInsertField::BLANK;
    order.order_local_id.set_zero_filled(request.into(), 12).expect("it fits");
    order.user_id = user_id(member).into();
    order.participant_id = participant_id(member).into();
    order.client_id.set(format!("{:08}", member + 1).as_bytes()).expect("it fits");
    order.instrument_id.set(b"IF2406").expect("it fits");
    order.direction.set(if turn.is_multiple_of(2) { b'0' } else { b'1' });
    order.offset_flag.set(b'0');
    order.hedge_flag.set(b'1');
    order.limit_price.set_units((14_990 + i64::from(turn / 2) * 7 % 21) * 2_000).expect("it fits");
    order.volume_total_orginal.set(1 + (turn / 2 % 9) as i32);
    order.order_type.set(b'0');
    order.match_condition.set(b'3');
    order.match_session.set(b'3');
    order.minimal_volume.set(1);
    order.auto_suspend.set(b'0');
    message(tid::ORDER_INSERT, request, &order)
}

fn main() {
    let orders: u32 = std::env::args().nth(1).map_or(10_000, |text| text.parse().expect("a number of orders"));
    let commands = orders + WARM_UP + 1_000;
    let setup = Setup {
        participants: MEMBERS,
        opened_by: 1,
        limits: LogLimits::for_commands(commands as usize),
        ..Setup::default()
    };
    let machine = machine(&setup);
    let config = FrontConfig {
        login_policy: LoginPolicy::ProofOrPassword,
        streams: StreamLimits::for_commands(commands),
        ..FrontConfig::new(MEMBERS_PORT, 1, [1; 32])
    };
    let (mut front, receiver) = Front::new(&config, Wire::new(), machine.reader().clone());
    let mut stage = EngineStage::new(machine, vec![receiver], Commits::Never);
    front.publish(START);
    for flag in *b"012" {
        front.host_mut().arrived = (0..MEMBERS)
            .map(|member| {
                let mut login = ReqUserLoginField::BLANK;
                login.data_flow_flag.set(flag);
                login.participant_id = participant_id(member).into();
                login.user_id = user_id(member).into();
                login.password.set(&front_support::secret(member)).expect("it fits");
                login.time_out.set(100).expect("it fits");
                (member.into(), message(tid::USER_LOGIN, 0, &login))
            })
            .collect();
        front.poll_ingress(START);
    }
    front.publish(START);
    front.host_mut().arrived = Vec::with_capacity(1);
    assert_eq!(front.counters().logins, u64::from(MEMBERS) * 3);
    let mut now = START;
    for turn in 0..WARM_UP + orders {
        let host = front.host_mut();
        host.arrived.clear();
        host.arrived.push((turn % u32::from(MEMBERS), order(turn)));
        for (_, length) in &mut host.sent {
            host.bytes_sent += *length as u64;
            *length = 0;
        }
        now = now + Duration::from_micros(1);
        if turn < WARM_UP {
            front.poll_ingress(now);
            stage.poll();
            front.publish(now);
            front.poll_egress(now);
        } else {
            ingress(&mut front, now);
            engine(&mut stage);
            publish(&mut front, now);
            egress(&mut front, now);
        }
    }
    let (counters, host) = (front.counters(), front.host());
    assert_eq!((front.halt(), stage.counters().rejected), (None, 0));
    assert_eq!(counters.answers, u64::from(WARM_UP + orders), "every order is answered");
    println!(
        "{orders} orders: {:.2} messages, {:.2} sends, {:.0} bytes out an order",
        (counters.answers + counters.private_messages) as f64 / f64::from(WARM_UP + orders),
        host.sends as f64 / f64::from(WARM_UP + orders),
        host.bytes_sent as f64 / f64::from(WARM_UP + orders),
    );
}
