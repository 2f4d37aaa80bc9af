//! T3 in memory: an FTD order packet at the port to its answer packet at the port, everything fused on one thread, recording on.
//!
//! Closed loop: one order, its answer, the next. By stages: the same with a clock between them. Open loop: orders at constant
//! spacing, latency = the answer's time minus the planned time. Capacity: bursts of orders from every member.
//!
//! The clock of the open loop is the core's: it stands still while the members' side of the same thread sends and reads (they
//! have machines of their own), and runs by what each round of the core really took. Orders whose time came while a round ran
//! wait for the next one, and go in together, as on a wire. What the members' side costs is not counted, but it shares the caches.
//!
//!     cargo bench --bench t3 [-- times-smaller] [closed]
//!
//! `closed` ends behind the closed loop: instructions an order are the difference of two such runs under callgrind.

mod common;

use dataplane::front::{Front, FrontConfig};
use dataplane::ring::RING_BYTES;
use dataplane::session::LoginPolicy;
use dataplane::stages::EngineStage;
use dataplane::streams::StreamLimits;
use engine::IdStyle;
use engine::command::{AccountDefine, Body, CommandBuffer, DayOpen, InstrumentDefine, ParticipantDefine, UserDefine};
use engine::types::{
    AccountIndex, ClientNumber, Epoch, InstrumentIndex, Nanoseconds, ParticipantIndex, Phase, PriceRule, TieBreak,
    UserIndex,
};
use ftd::field::{OrderInsertField, ReqUserLoginField};
use ftd::{Field, MessageWriter, SequenceNumber, Series, Tid, tid};
use hdrhistogram::Histogram;
use journal::{Identity, Log, LogLimits, Machine};
use net::{CloseReason, Handler, Host, HostConfig, Instant, MemoryPort, Network, NetworkConfig, Peer, SessionId};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

const MEMBERS: u16 = 64;
const ORDERS_A_BURST: u32 = 8;
const DEPTH: u32 = 1_000;
const CORE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const PORT: u16 = 6_001;

/// A member: one connection, and how much came over it.
struct Member {
    host: Host<MemoryPort>,
    session: Option<SessionId>,
    heard: Heard,
    participant: u16,
    requests: u32,
}

#[derive(Default)]
struct Heard {
    is_open: bool,
    bytes: u64,
}

impl Handler for Heard {
    fn opened(&mut self, _: SessionId, _: Peer) {
        self.is_open = true;
    }

    fn data(&mut self, _: SessionId, bytes: &[u8]) -> usize {
        self.bytes += bytes.len() as u64;
        bytes.len()
    }

    fn closed(&mut self, id: SessionId, why: CloseReason) {
        panic!("{id:?} closed: {why:?}");
    }
}

/// How many orders of each kind.
#[derive(Clone, Copy)]
struct Sizes {
    warm_up: u32,
    alone: u32,
    by_stages: u32,
    open: u32,
    in_bursts: u32,
}

/// Orders a second of the open loop.
const OPEN_LOOP_RATE: u64 = 250_000;
/// Only closed loop.
const CLOSED: &str = "closed";

fn main() {
    // A number makes all of it so many times smaller: for a profiler that counts instructions.
    let smaller = common::number(&[CLOSED]).unwrap_or(1);
    let closed_only = common::words().iter().any(|word| word == CLOSED);
    let sizes = Sizes {
        warm_up: 50_000 / smaller,
        alone: 300_000 / smaller,
        by_stages: 100_000 / smaller,
        open: 500_000 / smaller,
        in_bursts: 1_000_000 / smaller,
    };
    common::print_machine("T3 in memory, one thread, recording on", "of the ports' and sessions' numbers 1");
    let Sizes { warm_up, alone, by_stages, open, in_bursts } = sizes;
    let commands = (alone + by_stages + open + in_bursts + 3 * warm_up) as usize + 100_000;
    let log = Log::in_memory(LogLimits::for_commands(commands)).expect("memory for the log");
    let mut machine = Machine::new(log, Identity { ids: IdStyle { prefix: b'B' }, data_center: 1 });
    let start = Instant::from_millis(1_718_155_800_000);
    base_data(&mut machine, start, commands as u32);
    machine.touch_state();
    let network = Network::new(NetworkConfig { ports: 80, ..NetworkConfig::default() });
    let config = FrontConfig {
        login_policy: LoginPolicy::ProofOrPassword,
        streams: StreamLimits::for_commands(commands as u32),
        ring_bytes: RING_BYTES,
        ..FrontConfig::new(PORT, 1, [1; 32])
    };
    let host = HostConfig { sessions: 128, ..HostConfig::new(CORE, 1) };
    let (front, receiver) = Front::new(&config, Host::new(host, network.attach()), machine.reader().clone());
    // As an appliance does before the day: no page fault on the way of an order.
    machine.log().touch_ahead(LogLimits::for_commands(commands).bytes);
    let mut core = Core { front, engine: EngineStage::new(machine, receiver, false), spent: [Duration::ZERO; 4] };

    let mut now = start;
    let mut members: Vec<Member> = (0..MEMBERS).map(|participant| Member::new(&network, participant)).collect();
    join(&mut core, &mut members, &mut now);

    // A book to trade in front of: a thousand orders a side that nothing reaches.
    for turn in 0..2 * DEPTH {
        let member = &mut members[turn as usize % usize::from(MEMBERS)];
        let away = 11 + i64::from(turn / 2 % 100);
        if turn % 2 == 0 {
            member.order(b'0', 14_990 - away, 5)
        } else {
            member.order(b'1', 15_010 + away, 5)
        }
        now = now + Duration::from_micros(1);
        member.host.poll_egress(now);
        core.poll(now);
        members.iter_mut().for_each(|member| member.poll(now));
    }
    let clock = std::time::Instant::now();
    let mut latency = Histogram::<u64>::new_with_bounds(1, 10_000_000_000, 3).expect("bounds in order");
    for order in 0..warm_up + alone {
        if order == warm_up {
            latency.reset();
        }
        let member = &mut members[order as usize % usize::from(MEMBERS)];
        member.trade(order);
        now = now + Duration::from_micros(1);
        member.host.poll_egress(now);
        let before = clock.elapsed();
        core.poll(now);
        latency.saturating_record((clock.elapsed() - before).as_nanos() as u64);
        for member in &mut members {
            member.poll(now);
        }
    }
    check(&core, 2 * DEPTH + warm_up + alone);
    print_latency(&format!("closed loop, {alone} orders of {MEMBERS} members"), &latency);
    if closed_only {
        return;
    }

    for order in 0..by_stages {
        let member = &mut members[order as usize % usize::from(MEMBERS)];
        member.trade(order);
        now = now + Duration::from_micros(1);
        member.host.poll_egress(now);
        core.poll_by_stages(now);
        for member in &mut members {
            member.poll(now);
        }
    }
    let [ingress, engine, publish, egress] = core.spent.map(|spent| spent.as_nanos() / u128::from(by_stages));
    println!(
        "closed loop by stages, mean ns with a clock between: ingress {ingress} engine {engine} publish {publish} egress {egress}"
    );

    let latency = open_loop(&mut core, &mut members, &mut now, warm_up, open);
    print_latency(&format!("open loop, {open} orders at {} K/s", OPEN_LOOP_RATE / 1_000), &latency);

    let mut busy = Duration::ZERO;
    let mut sent = 0;
    while sent < warm_up + in_bursts {
        if sent < warm_up {
            busy = Duration::ZERO;
        }
        for member in &mut members {
            for _ in 0..ORDERS_A_BURST {
                member.trade(sent);
                sent += 1;
            }
            member.host.poll_egress(now);
        }
        now = now + Duration::from_micros(100);
        busy += core.take_all(&members, now);
        for member in &mut members {
            member.poll(now);
        }
        // The members' acknowledgements; not counted.
        core.poll(now);
    }
    let counted = in_bursts.div_ceil(u32::from(MEMBERS) * ORDERS_A_BURST) * u32::from(MEMBERS) * ORDERS_A_BURST;
    let ns = busy.as_nanos() as f64 / f64::from(counted);
    println!(
        "capacity, bursts of {ORDERS_A_BURST} orders from each member: {ns:.0} ns an order, {:.2} M orders/s",
        1_000.0 / ns
    );
    let counters = *core.front.counters();
    println!(
        "answers {}, private messages {}, bytes out {} MB; afterwards: {}",
        counters.answers,
        counters.private_messages,
        counters.bytes_out / 1_000_000,
        common::load_average()
    );
    check(&core, 2 * DEPTH + warm_up + alone + by_stages + warm_up + open + sent);
    drop(members);
}

/// Orders at a constant rate; see the module for its clock. Those of the warm-up are not recorded.
fn open_loop(core: &mut Core, members: &mut [Member], now: &mut Instant, warm_up: u32, orders: u32) -> Histogram<u64> {
    let mut latency = Histogram::<u64>::new_with_bounds(1, 10_000_000_000, 3).expect("bounds in order");
    let begin = *now;
    let planned = |order: u32| Duration::from_nanos(u64::from(order) * 1_000_000_000 / OPEN_LOOP_RATE);
    let mut time = Duration::ZERO;
    let mut sent = 0;
    while sent < warm_up + orders {
        time = time.max(planned(sent));
        let first = sent;
        while sent < warm_up + orders && planned(sent) <= time {
            members[sent as usize % members.len()].trade(sent);
            sent += 1;
        }
        // Each sends all that it has in one packet, if it is more than one order.
        for order in first..sent.min(first + u32::from(MEMBERS)) {
            members[order as usize % members.len()].host.poll_egress(begin + time);
        }
        time += core.take_all(members, begin + time);
        for order in first.max(warm_up)..sent {
            latency.saturating_record((time - planned(order)).as_nanos() as u64);
        }
        for member in members.iter_mut() {
            member.poll(begin + time);
        }
    }
    *now = begin + time;
    latency
}

fn print_latency(name: &str, latency: &Histogram<u64>) {
    println!(
        "{name}, ns: min {} p50 {} p90 {} p99 {} p99.9 {} max {}",
        latency.min(),
        latency.value_at_quantile(0.50),
        latency.value_at_quantile(0.90),
        latency.value_at_quantile(0.99),
        latency.value_at_quantile(0.999),
        latency.max()
    );
}

/// The stages of a core on one thread, as [`dataplane::stages::Layout`] runs them, with a clock between them.
struct Core {
    front: Front<Host<MemoryPort>>,
    engine: EngineStage,
    spent: [Duration; 4],
}

impl Core {
    /// Polls until every frame that the members have sent is taken. Returns how long that took.
    fn take_all(&mut self, members: &[Member], now: Instant) -> Duration {
        let sent = frames_sent(members);
        let clock = std::time::Instant::now();
        while {
            self.poll(now);
            self.front.host_counters().ingress_frames < sent
        } {}
        clock.elapsed()
    }

    fn poll(&mut self, now: Instant) {
        self.front.poll_ingress(now);
        self.engine.poll();
        self.front.publish(now);
        self.front.poll_egress(now);
    }

    fn poll_by_stages(&mut self, now: Instant) {
        let clock = std::time::Instant::now();
        self.front.poll_ingress(now);
        let ingress = clock.elapsed();
        self.engine.poll();
        let engine = clock.elapsed();
        self.front.publish(now);
        let publish = clock.elapsed();
        self.front.poll_egress(now);
        let egress = clock.elapsed();
        for (spent, span) in self.spent.iter_mut().zip([ingress, engine - ingress, publish - engine, egress - publish])
        {
            *spent += span;
        }
    }
}

fn frames_sent(members: &[Member]) -> u64 {
    members.iter().map(|member| member.host.counters().egress_frames).sum()
}

/// Every order is answered, and none was refused.
fn check(core: &Core, orders: u32) {
    let counters = core.front.counters();
    let engine = core.engine.counters();
    assert_eq!(core.front.halt(), None);
    assert_eq!((counters.answers, engine.rejected), (u64::from(orders), 0), "every order is accepted and answered");
}

fn join(core: &mut Core, members: &mut [Member], now: &mut Instant) {
    let mut rounds = |core: &mut Core, members: &mut [Member], count: usize| {
        for _ in 0..count {
            *now = *now + Duration::from_millis(1);
            core.poll(*now);
            members.iter_mut().for_each(|member| member.poll(*now));
        }
    };
    rounds(core, members, 3);
    for member in members.iter_mut() {
        let session = member.host.connect(SocketAddrV4::new(CORE, PORT), Instant::ZERO).expect("there is room");
        member.session = Some(session);
    }
    rounds(core, members, 50);
    for member in members.iter_mut() {
        assert!(member.heard.is_open, "the connection opens");
        for flag in [b'0', b'1', b'2'] {
            let mut login = ReqUserLoginField::BLANK;
            login.data_flow_flag.set(flag);
            login.participant_id = participant_id(member.participant).into();
            login.user_id = user_id(member.participant).into();
            login.password.set(b"secret").expect("it fits");
            login.time_out.set(100).expect("it fits");
            member.send(tid::USER_LOGIN, 0, &login);
        }
    }
    rounds(core, members, 10);
    assert_eq!(core.front.counters().logins, u64::from(MEMBERS) * 3);
}

impl Member {
    fn new(network: &Network, participant: u16) -> Member {
        let address = Ipv4Addr::new(10, 0, 0, 10 + participant as u8);
        let host = Host::new(HostConfig::new(address, u64::from(participant)), network.attach());
        Member { host, session: None, heard: Heard::default(), participant, requests: 0 }
    }

    fn poll(&mut self, now: Instant) {
        self.host.poll_ingress(now, &mut self.heard);
        self.host.poll_egress(now);
    }

    fn send<F: Field>(&mut self, tid: Tid, number: u32, field: &F) {
        let session = self.session.expect("connected");
        let sent = self.host.send_with(session, 256, |buffer| {
            let mut message = MessageWriter::new(buffer, tid, Series::DIALOG, SequenceNumber(number)).expect("room");
            message.push_copy(field).expect("room");
            message.finish()
        });
        sent.expect("the socket has room");
    }

    /// A buy order that rests, then a sell order that trades with it, and so on.
    fn trade(&mut self, turn: u32) {
        let price = 14_990 + i64::from(turn / 2).wrapping_mul(7) % 21;
        self.order(if turn.is_multiple_of(2) { b'0' } else { b'1' }, price, 1 + (turn / 2 % 9) as i32);
    }

    fn order(&mut self, direction: u8, price: i64, volume: i32) {
        self.requests += 1;
        let mut order = OrderInsertField::BLANK;
        order.order_local_id.set_zero_filled(self.requests.into(), 12).expect("it fits");
        order.user_id = user_id(self.participant).into();
        order.participant_id = participant_id(self.participant).into();
        order.client_id = participant_id(self.participant).into();
        order.instrument_id.set(b"IF2406").expect("it fits");
        order.direction.set(direction);
        order.offset_flag.set(b'0');
        order.hedge_flag.set(b'1');
        order.limit_price.set_units(price * 2_000).expect("it fits");
        order.volume_total_orginal.set(volume);
        order.order_type.set(b'0');
        order.match_condition.set(b'3');
        order.match_session.set(b'3');
        order.minimal_volume.set(1);
        order.auto_suspend.set(b'0');
        self.send(tid::ORDER_INSERT, self.requests, &order);
    }
}

fn participant_id(participant: u16) -> [u8; 8] {
    padded(format!("{:04}", participant + 1).as_bytes())
}

fn user_id(participant: u16) -> [u8; 15] {
    padded(format!("{:04}01", participant + 1).as_bytes())
}

fn padded<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut padded = [b' '; N];
    padded[..text.len()].copy_from_slice(text);
    padded
}

fn base_data(machine: &mut Machine, start: Instant, commands: u32) {
    fn execute<B: Body>(machine: &mut Machine, start: Instant, body: &B) {
        let command = CommandBuffer::own(body);
        let executed = machine.execute(&command.command(), Nanoseconds(start.nanos())).expect("recorded");
        assert_eq!(executed.rejected, None);
    }
    let day = DayOpen {
        trading_day: 20_240_612,
        action_day: 20_240_612,
        live_orders: 100_000,
        local_ids: commands,
        position_rows: 1_000,
        accounts: MEMBERS.into(),
        participants: MEMBERS,
        users: MEMBERS,
        instruments: 1,
        flags: 0,
        epoch: Epoch(1),
        data_center: 1,
    };
    execute(machine, start, &day);
    for index in 0..MEMBERS {
        let participant = ParticipantIndex(index);
        let id = participant_id(index);
        let define = ParticipantDefine {
            index: participant,
            series: index + 2,
            participant_type: b'0',
            right: b'0',
            reserved: [0; 2],
            id,
        };
        execute(machine, start, &define);
        let user = UserDefine {
            index: UserIndex(index),
            participant,
            right: b'0',
            flags: 0,
            reserved: [0; 2],
            address: [0; 4],
            requests_per_second: 0,
            requests_in_flight: 0,
            reserved_2: 0,
            id: padded(&user_id(index)),
            secret: padded(b"secret"),
        };
        execute(machine, start, &user);
        let account = AccountDefine {
            index: AccountIndex(index.into()),
            participant,
            right: b'0',
            client_type: b'0',
            client_number: ClientNumber(index.into()),
            reserved: 0,
            client_id: id,
        };
        execute(machine, start, &account);
    }
    let instrument = InstrumentDefine {
        index: InstrumentIndex(0),
        price_rule: PriceRule::Resting as u8,
        tie_break: TieBreak::Pressure as u8,
        phase: Phase::Continuous as u8,
        right: b'0',
        reserved: 0,
        tick: 2_000,
        multiplier: 300,
        lower_limit: 10_000,
        upper_limit: 20_000,
        previous_settlement: 15_000,
        minimum_volume: 1,
        maximum_volume: 1_000,
        position_limit: 0,
        previous_open_interest: 0,
        id: padded(b"IF2406"),
    };
    execute(machine, start, &instrument);
}
