//! What an order costs while 0, 1, 100 or 1,000 connections hear the broadcast stream, counted in instructions: from its bytes in the transport to
//! its answers there, through front, engine and log. The number of subscribers does not touch it. Beside it what a tick costs, which renders its
//! messages once and hands each subscriber the same bytes.
//!
//! The program runs itself under `valgrind --tool=callgrind` as `instructions.rs` does; without valgrind nothing is counted, and that is said.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod front_support;

use dataplane::front::{Front, FrontConfig};
use dataplane::session::LoginPolicy;
use dataplane::stages::{Commits, EngineStage};
use dataplane::streams::StreamLimits;
use engine::command::{CommandBuffer, MarketDataTick};
use front_support::{MEMBERS_PORT, START, Setup, machine, participant_id, secret, user_id};
use ftd::field::{OrderInsertField, ReqUserLoginField};
use ftd::{Field, MessageWriter, SequenceNumber, Series, Tid, tid};
use journal::LogLimits;
use net::{
    ConnectError, Counters, Filter, Handler, Instant, ListenError, Opener, Peer, SendError, SessionId, Transport,
};
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::process::{Command, ExitCode};
use std::time::Duration;

const MEMBERS: u32 = 16;
/// Orders before any is counted.
const WARM_UP: u32 = 600;
const ORDERS: u32 = 1_000;
/// A tick comes after so many orders.
const TICK_AFTER: u32 = 50;
const TICKS: u32 = ORDERS / TICK_AFTER;
const SUBSCRIBERS: [u32; 4] = [0, 1, 100, 1_000];
/// How much more an order may take beside the most subscribers, in thousandths.
const TOLERANCE_PER_MILLE: u64 = 10;
/// Names what is counted, and beside how many subscribers, to a run under valgrind.
const COUNTED: &str = "BACKSTOP_COUNT_SUBSCRIBERS";
/// Bytes that a connection takes in a round: a tick's messages.
const ROOM: usize = 8 * 1_024;

/// Connections that take everything at once.
struct Wire {
    connections: u32,
    filter: Filter,
    arrived: Vec<(u32, Vec<u8>)>,
    buffer: Vec<u8>,
    bytes: Vec<u64>,
    to_open: u32,
}

impl Transport for Wire {
    fn sessions(&self) -> usize {
        self.connections as usize
    }

    fn listen(&mut self, _: u16, _: Filter) -> Result<(), ListenError> {
        Ok(())
    }

    fn filter_mut(&mut self, _: u16) -> Option<&mut Filter> {
        Some(&mut self.filter)
    }

    fn connect(&mut self, _: SocketAddrV4, _: Instant) -> Result<SessionId, ConnectError> {
        Err(ConnectError::Full)
    }

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

    fn poll_egress(&mut self, _: Instant) -> usize {
        0
    }

    fn send(&mut self, session: SessionId, bytes: &[u8]) -> Result<usize, SendError> {
        self.send_with(session, bytes.len(), |buffer| {
            buffer.copy_from_slice(bytes);
            bytes.len()
        })
    }

    fn send_with(
        &mut self,
        session: SessionId,
        room: usize,
        write: impl FnOnce(&mut [u8]) -> usize,
    ) -> Result<usize, SendError> {
        let written = write(self.buffer.get_mut(..room).ok_or(SendError::NoRoom)?);
        self.bytes[session.index()] += written as u64;
        Ok(written)
    }

    fn send_room(&self, _: SessionId) -> usize {
        ROOM
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

/// Everything within is counted.
#[inline(never)]
fn measured<R>(work: impl FnOnce() -> R) -> R {
    black_box(work())
}

fn message<F: Field>(tid: Tid, number: u32, field: &F) -> Vec<u8> {
    let mut bytes = vec![0; 512];
    let mut message = MessageWriter::new(&mut bytes, tid, Series::DIALOG, SequenceNumber(number)).unwrap();
    message.push_copy(field).unwrap();
    let length = message.finish();
    bytes.truncate(length);
    bytes
}

fn login(member: u16, flag: u8) -> Vec<u8> {
    let mut login = ReqUserLoginField::BLANK;
    login.data_flow_flag.set(flag);
    login.participant_id = participant_id(member).into();
    login.user_id = user_id(member).into();
    login.password.set(&secret(member)).unwrap();
    login.time_out.set(100).unwrap();
    message(tid::USER_LOGIN, 0, &login)
}

/// The `turn`-th order: a buy order that rests, then a sell order that trades with it, and so on.
fn order(turn: u32) -> Vec<u8> {
    let (member, request) = ((turn % MEMBERS) as u16, turn / MEMBERS + 1);
    let mut order = OrderInsertField::BLANK;
    order.order_local_id.set_zero_filled(request.into(), 12).unwrap();
    order.user_id = user_id(member).into();
    order.participant_id = participant_id(member).into();
    order.client_id.set(format!("{:08}", member + 1).as_bytes()).unwrap();
    order.instrument_id.set(b"IF2406").unwrap();
    order.direction.set(if turn.is_multiple_of(2) { b'0' } else { b'1' });
    order.offset_flag.set(b'0');
    order.hedge_flag.set(b'1');
    order.limit_price.set_units((14_990 + i64::from(turn / 2) * 7 % 21) * 2_000).unwrap();
    order.volume_total_orginal.set(1 + (turn / 2 % 9) as i32);
    order.order_type.set(b'0');
    order.match_condition.set(b'3');
    order.match_session.set(b'3');
    order.minimal_volume.set(1);
    order.auto_suspend.set(b'0');
    message(tid::ORDER_INSERT, request, &order)
}

/// The day: orders, and ticks between them; one of both is counted.
fn run(subscribers: u32, counts_ticks: bool) {
    let commands = 2 * (ORDERS + WARM_UP) + 1_000;
    let setup = Setup {
        participants: MEMBERS as u16,
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
    let connections = MEMBERS + subscribers;
    let wire = Wire {
        connections,
        filter: Filter::everybody(),
        arrived: Vec::new(),
        buffer: vec![0; 64 * 1_024],
        bytes: vec![0; connections as usize],
        to_open: connections,
    };
    let (mut front, receiver) = Front::new(&config, wire, machine.reader().clone());
    let mut stage = EngineStage::new(machine, vec![receiver], Commits::Never);
    front.publish(START);
    let members =
        (0..MEMBERS).flat_map(|member| [(member, login(member as u16, b'0')), (member, login(member as u16, b'1'))]);
    let hear = (MEMBERS..connections).map(|place| (place, login((place % MEMBERS) as u16, b'2')));
    front.host_mut().arrived = members.chain(hear).collect();
    front.poll_ingress(START);
    front.publish(START);
    assert_eq!(front.counters().logins, u64::from(2 * MEMBERS + subscribers));
    let mut now = START;
    for turn in 0..WARM_UP + ORDERS {
        let is_counted = turn >= WARM_UP;
        front.host_mut().arrived = vec![(turn % MEMBERS, order(turn))];
        now = now + Duration::from_micros(1);
        let one_order = |front: &mut Front<Wire>, stage: &mut EngineStage| {
            front.poll_ingress(now);
            stage.poll();
            front.publish(now);
            front.poll_egress(now);
        };
        if is_counted && !counts_ticks {
            measured(|| one_order(&mut front, &mut stage));
        } else {
            one_order(&mut front, &mut stage);
        }
        if turn % TICK_AFTER == TICK_AFTER - 1 {
            front.host_mut().arrived.clear();
            front.command(&CommandBuffer::own(&MarketDataTick { reserved: 0 })).unwrap();
            let one_tick = |front: &mut Front<Wire>, stage: &mut EngineStage| {
                front.poll_ingress(now);
                stage.poll();
                front.publish(now);
                front.poll_egress(now);
            };
            if is_counted && counts_ticks {
                measured(|| one_tick(&mut front, &mut stage));
            } else {
                one_tick(&mut front, &mut stage);
            }
        }
    }
    assert!(front.halt().is_none() && stage.counters().rejected == 0);
    let (counters, host) = (front.counters(), front.host());
    assert_eq!(counters.answers, u64::from(WARM_UP + ORDERS), "every order is answered");
    let heard: Vec<u64> = host.bytes[MEMBERS as usize..].to_vec();
    assert!(heard.iter().all(|bytes| *bytes == heard[0] && *bytes > 10_000), "everybody heard the same, and all of it");
    let told = front.streams().count(dataplane::streams::Stream::Broadcast).0;
    assert_eq!(counters.broadcast_messages, u64::from(told) * u64::from(subscribers));
    assert_eq!(
        counters.broadcast_rendered,
        if subscribers == 0 { 0 } else { u64::from(told) },
        "each is rendered once"
    );
}

/// Instructions of one order, or of one tick, beside so many subscribers.
fn count(subscribers: u32, counts_ticks: bool) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*measured*"])
        .arg(std::env::current_exe().unwrap())
        .env(COUNTED, format!("{subscribers} {counts_ticks}"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{subscribers} subscribers under valgrind: {text}");
    let total = text.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, total)| total.trim());
    let total: u64 = total.and_then(|total| total.parse().ok()).unwrap_or_else(|| panic!("{text}"));
    total / u64::from(if counts_ticks { TICKS } else { ORDERS })
}

fn main() -> ExitCode {
    if let Ok(asked) = std::env::var(COUNTED) {
        let (subscribers, counts_ticks) = asked.split_once(' ').unwrap();
        run(subscribers.parse().unwrap(), counts_ticks == "true");
        return ExitCode::SUCCESS;
    }
    // The checks within hold without valgrind too.
    for subscribers in SUBSCRIBERS {
        run(subscribers, false);
    }
    let found = Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found || !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        println!("SKIPPED: instructions were not counted: valgrind is not installed, or this is not x86-64 Linux");
        return ExitCode::SUCCESS;
    }
    an_order_costs_the_same_beside_any_number_of_subscribers()
}

fn an_order_costs_the_same_beside_any_number_of_subscribers() -> ExitCode {
    println!("subscribers  instructions an order  a tick");
    let counted = SUBSCRIBERS.map(|subscribers| {
        let (of_order, of_tick) = (count(subscribers, false), count(subscribers, true));
        println!("{subscribers:>11}  {of_order:>21}  {of_tick:>6}");
        (of_order, of_tick)
    });
    let alone = counted[0].0;
    let rises = counted.iter().any(|(of_order, _)| of_order * 1_000 > alone * (1_000 + TOLERANCE_PER_MILLE));
    // The count can tell: a tick's work does grow with who hears it.
    let tells = counted[3].1 > counted[0].1 + 900 * 50;
    if rises || !tells {
        println!("an order costs more beside more subscribers, or the count cannot tell");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
