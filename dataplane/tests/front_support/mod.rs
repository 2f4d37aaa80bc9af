//! A small market on a network in memory: a core (front and engine), and members' connections that say exactly what a test wants.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use dataplane::front::{Front, FrontConfig};
use dataplane::session::LoginPolicy;
use dataplane::session::proof;
use dataplane::stages::{Layout, LayoutMap, Time};
use dataplane::streams::StreamLimits;
use dataplane::texts::MemberText;
use engine::IdStyle;
use engine::command::*;
use engine::types::*;
use ftd::field::*;
use ftd::value::{data_flow_flag, digest_method};
use ftd::{Field, Message, MessageWriter, Next, SequenceNumber, Series, Tid, next_message, tid};
use journal::{Identity, Log, LogLimits, LogReader, Machine};
use net::memory::Steering;
use net::{
    CloseReason, FaultPort, Faults, Handler, Host, HostConfig, Instant, MemoryPort, Network, NetworkConfig, Peer,
    SessionId,
};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

pub mod bare;

pub const CORE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
pub const MEMBERS_PORT: u16 = 6_001;
pub const FEED_PORT: u16 = 6_002;
pub const DATA_CENTER: u32 = 2;
pub const INSTRUMENT: &[u8] = b"IF2406";
/// 2024-06-12 09:30:00 in China.
pub const START: Instant = Instant::from_millis(1_718_155_800_000);
pub const TICK: Duration = Duration::from_millis(1);

pub type TestPort = FaultPort<MemoryPort>;

/// What a world is made with.
#[derive(Clone)]
pub struct Setup {
    pub participants: u16,
    pub map: LayoutMap,
    pub policy: LoginPolicy,
    pub ring_bytes: usize,
    pub requests_per_second: u32,
    pub requests_in_flight: u32,
    /// The data centre that opened the day.
    pub opened_by: u32,
    pub bound: bool,
    pub limits: LogLimits,
    pub local_ids: u32,
    pub streams: StreamLimits,
    pub clock: Option<fn() -> u64>,
    pub seed: u64,
    pub send_ring: usize,
    /// Of every user.
    pub user_flags: u8,
    pub text: MemberText,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            participants: 4,
            map: LayoutMap::fused(),
            policy: LoginPolicy::ProofOrPassword,
            ring_bytes: dataplane::ring::RING_BYTES,
            requests_per_second: 0,
            requests_in_flight: 0,
            opened_by: DATA_CENTER,
            bound: false,
            limits: LogLimits { bytes: 64 << 20, frames: 200_000 },
            local_ids: 150_000,
            streams: StreamLimits::default(),
            clock: None,
            seed: 7,
            send_ring: 64 * 1_024,
            user_flags: 0,
            text: MemberText::default(),
        }
    }
}

/// A core and the members' machines, on one network.
pub struct World {
    pub network: Network,
    pub core: Layout<Host<TestPort>>,
    pub reader: LogReader,
    pub clients: Vec<Client>,
    pub now: Instant,
    pub setup: Setup,
}

/// A member's machine with one connection at a time.
pub struct Client {
    pub host: Host<TestPort>,
    pub heard: Heard,
    pub session: Option<SessionId>,
    pub participant: u16,
    pub next_request: u32,
    pub next_local: u64,
}

/// What came over a client's present connection.
#[derive(Default)]
pub struct Heard {
    /// The present connection; of those before nothing is heard any more.
    pub session: Option<SessionId>,
    pub is_open: bool,
    pub closed: Option<CloseReason>,
    pub bytes: Vec<u8>,
    pub messages: Vec<Received>,
    pub heartbeats: usize,
    /// Reads nothing.
    pub is_deaf: bool,
}

/// A message as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    pub tid: Tid,
    pub series: u16,
    pub number: u32,
    pub bytes: Vec<u8>,
}

impl Received {
    pub fn message(&self) -> Message<'_> {
        match next_message(&self.bytes) {
            Ok(Next::Message { message, .. }) => message,
            other => panic!("it was a message: {other:?}"),
        }
    }

    pub fn field<F: Field>(&self) -> &F {
        self.try_field().unwrap_or_else(|| panic!("{:?} has a {}", self.tid, F::NAME))
    }

    pub fn try_field<F: Field>(&self) -> Option<&F> {
        self.message().fields().find(|(fid, _)| *fid == F::FID).map(|(_, items)| F::ref_from_bytes(items).unwrap())
    }

    pub fn error_code(&self) -> u16 {
        assert_eq!(self.tid, tid::ERROR, "{self:?}");
        self.field::<ErrorField>().error_code.decimal().unwrap() as u16
    }
}

impl Handler for Heard {
    fn opened(&mut self, id: SessionId, _: Peer) {
        self.is_open |= self.session == Some(id);
    }

    fn data(&mut self, id: SessionId, bytes: &[u8]) -> usize {
        if self.session != Some(id) {
            return bytes.len();
        }
        if self.is_deaf {
            return 0;
        }
        self.bytes.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            match next_message(&self.bytes[at..]).expect("the core speaks FTD") {
                Next::NeedMore => break,
                Next::Skip { length, .. } => at += length,
                Next::Heartbeat { length } => {
                    self.heartbeats += 1;
                    at += length;
                }
                Next::Message { length, message } => {
                    self.messages.push(Received {
                        tid: message.tid(),
                        series: message.series().0,
                        number: message.number().0,
                        bytes: self.bytes[at..at + length].to_vec(),
                    });
                    at += length;
                }
            }
        }
        self.bytes.drain(..at);
        bytes.len()
    }

    fn closed(&mut self, id: SessionId, why: CloseReason) {
        if self.session == Some(id) {
            self.closed = Some(why);
        }
    }
}

pub fn client_address(index: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, 10 + index as u8)
}

pub fn participant_id(participant: u16) -> [u8; 8] {
    let mut id = [b' '; 8];
    id[..4].copy_from_slice(format!("{:04}", participant + 1).as_bytes());
    id
}

pub fn user_id(participant: u16) -> [u8; 15] {
    let mut id = [b' '; 15];
    id[..6].copy_from_slice(format!("{:04}01", participant + 1).as_bytes());
    id
}

pub fn secret(participant: u16) -> Vec<u8> {
    format!("secret{participant}").into_bytes()
}

pub fn series(participant: u16) -> u16 {
    participant + 2
}

fn padded<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut padded = [b' '; N];
    padded[..text.len()].copy_from_slice(text);
    padded
}

/// The base data of the small market, as commands.
pub fn base_data(setup: &Setup) -> Vec<CommandBuffer> {
    let mut commands = vec![CommandBuffer::own(&DayOpen {
        trading_day: 20_240_612,
        action_day: 20_240_612,
        live_orders: 50_000,
        local_ids: setup.local_ids,
        position_rows: 1_000,
        accounts: 100,
        participants: 100,
        users: 100,
        instruments: 8,
        flags: 0,
        epoch: Epoch(1),
        data_center: setup.opened_by,
        enquiries: 64,
        exec_orders: 64,
        limits: 64,
        products: 2,
        reserved: 0,
    })];
    for index in 0..setup.participants {
        commands.push(CommandBuffer::own(&ParticipantDefine {
            index: ParticipantIndex(index),
            series: series(index),
            participant_type: b'0',
            right: b'0',
            clearing: ParticipantIndex(index),
            id: participant_id(index),
        }));
        let mut id = [b' '; 16];
        id[..15].copy_from_slice(&user_id(index));
        let address = if setup.bound { client_address(index.into()).octets() } else { [0; 4] };
        commands.push(CommandBuffer::own(&UserDefine {
            index: UserIndex(index),
            participant: ParticipantIndex(index),
            right: b'0',
            flags: setup.user_flags,
            reserved: [0; 2],
            address,
            requests_per_second: setup.requests_per_second,
            requests_in_flight: setup.requests_in_flight,
            reserved_2: 0,
            id,
            secret: padded(&secret(index)),
        }));
        commands.push(CommandBuffer::own(&AccountDefine {
            index: AccountIndex(index.into()),
            participant: ParticipantIndex(index),
            right: b'0',
            client_type: b'0',
            client_number: ClientNumber(index.into()),
            reserved: 0,
            client_id: padded(format!("{:08}", index + 1).as_bytes()),
        }));
    }
    commands.push(CommandBuffer::own(&ProductDefine {
        index: ProductIndex(0),
        kind: b'0',
        flags: 0,
        functions: Function::BITS,
        enquiry_interval: 60,
        enquiry_spread: 0,
        open_limit: 0,
        quote_spread: 0,
        quote_volume: 0,
        reserved: 0,
        id: padded(b"IF"),
        group: padded(b"IF"),
    }));
    for (index, id) in [INSTRUMENT, b"IF2409"].into_iter().enumerate() {
        commands.push(CommandBuffer::own(&InstrumentDefine {
            index: InstrumentIndex(index as u16),
            price_rule: PriceRule::Resting as u8,
            tie_break: TieBreak::Pressure as u8,
            phase: Phase::Continuous as u8,
            right: b'0',
            product: ProductIndex(0),
            tick: 2_000,
            multiplier: 300,
            lower_limit: 10_000,
            upper_limit: 20_000,
            previous_settlement: 15_000,
            minimum_volume: 1,
            maximum_volume: 1_000,
            maximum_market_volume: 500,
            open_limit: 0,
            position_limit: 0,
            limit_with: InstrumentIndex(index as u16),
            option_type: b'0',
            flags: 0,
            last_trading_day: 0,
            previous_open_interest: 0,
            strike: RawPrice(0),
            margin_long: 0,
            margin_short: 0,
            id: padded(id),
        }));
    }
    commands
}

pub fn identity(data_center: u32) -> Identity {
    Identity { ids: IdStyle { prefix: b'B' }, data_center }
}

/// A machine with the base data done.
pub fn machine(setup: &Setup) -> Machine {
    let log = Log::in_memory(setup.limits).expect("memory");
    let mut machine = Machine::new(log, identity(setup.opened_by));
    for command in base_data(setup) {
        let executed = machine.execute(&command.command(), Nanoseconds(START.nanos())).expect("recorded");
        assert_eq!(executed.rejected, None);
    }
    machine
}

pub fn front_config(setup: &Setup) -> FrontConfig {
    FrontConfig {
        login_policy: setup.policy,
        ring_bytes: setup.ring_bytes,
        feed: Some((FEED_PORT, net::Filter::everybody())),
        clock: setup.clock,
        streams: setup.streams,
        text: setup.text,
        ..FrontConfig::new(MEMBERS_PORT, DATA_CENTER, [9; 32])
    }
}

impl World {
    pub fn new(setup: Setup) -> World {
        let machine = machine(&setup);
        let reader = machine.reader().clone();
        let mut world = World::following(setup, reader);
        world.core.start(machine, false);
        world.run(3);
        world
    }

    /// A core whose log somebody else writes.
    pub fn following(setup: Setup, reader: LogReader) -> World {
        let network = Network::new(NetworkConfig::default());
        let steering = Steering { port: MEMBERS_PORT, first: setup.map.first_member_front() };
        let queues = network.attach_queues(setup.map.fronts(), Some(steering));
        let configs = front_config(&setup).several(queues.len());
        let fronts = configs.iter().zip(queues).map(|(config, queue)| {
            let port = FaultPort::new(queue, setup.seed, Faults::default(), Faults::default());
            let mut host = HostConfig::new(CORE, setup.seed);
            host.sessions = 128;
            host.send_ring = setup.send_ring;
            Front::new(config, Host::new(host, port), reader.clone())
        });
        let core = Layout::new(setup.map.clone(), fronts.collect(), Time::OfPoll);
        World { network, core, reader, clients: Vec::new(), now: START, setup }
    }

    /// A machine for a member, at the address of `clients.len()`.
    pub fn add_client(&mut self, participant: u16) -> usize {
        let index = self.clients.len();
        let port = FaultPort::new(self.network.attach(), 100 + index as u64, Faults::default(), Faults::default());
        let host = Host::new(HostConfig::new(client_address(index), 1_000 + index as u64), port);
        self.clients.push(Client {
            host,
            heard: Heard::default(),
            session: None,
            participant,
            next_request: 1,
            next_local: 1,
        });
        index
    }

    pub fn set_faults(&mut self, faults: Faults) {
        self.core.fronts(move |front| front.host_mut().port_mut().set_faults(faults, faults));
        for client in &mut self.clients {
            client.host.port_mut().set_faults(faults, faults);
        }
    }

    /// One round of everybody, a tick later.
    pub fn step(&mut self) {
        self.step_by(TICK);
    }

    pub fn step_by(&mut self, span: Duration) {
        self.now = self.now + span;
        for client in &mut self.clients {
            client.poll(self.now);
        }
        self.core.poll(self.now);
        assert_eq!(self.core.front().halt(), None);
    }

    pub fn run(&mut self, rounds: usize) {
        for _ in 0..rounds {
            self.step();
        }
    }

    /// Runs until something is so; panics if it does not become so in a virtual minute.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut World) -> bool) {
        for _ in 0..60_000 {
            if is_so(self) {
                return;
            }
            self.step();
        }
        panic!("it never happened: {what}");
    }

    pub fn connect(&mut self, client: usize) {
        self.connect_to(client, MEMBERS_PORT);
        self.until("the connection opens", |world| world.clients[client].heard.is_open);
    }

    pub fn connect_to(&mut self, client: usize, port: u16) {
        let now = self.now;
        let client = &mut self.clients[client];
        client.next_request = 1;
        client.session = Some(client.host.connect(SocketAddrV4::new(CORE, port), now).expect("there is room"));
        client.heard = Heard { session: client.session, is_deaf: client.heard.is_deaf, ..Heard::default() };
    }

    /// Connects and logs in to all three streams from their beginning.
    pub fn join(&mut self, participant: u16) -> usize {
        let client = self.add_client(participant);
        self.connect(client);
        for flag in [data_flow_flag::DIALOG, data_flow_flag::PRIVATE, data_flow_flag::BROADCAST] {
            self.clients[client].login(flag, None, None);
        }
        self.until("three logins are answered", |world| world.clients[client].heard.count(tid::USER_LOGIN) == 3);
        client
    }

    /// A command of the exchange's own, executed.
    pub fn command<B: Body>(&mut self, body: &B) {
        self.core.front_mut().command(&CommandBuffer::own(body)).expect("the ring has room");
        self.run(2);
    }

    /// The log's bytes.
    pub fn log(&self) -> &[u8] {
        self.reader.bytes_from(0).expect("the log begins")
    }

    pub fn heard(&self, client: usize) -> &Heard {
        &self.clients[client].heard
    }

    /// Sends, and runs until `count` more messages have come.
    #[track_caller]
    pub fn answers(&mut self, client: usize, count: usize, send: impl FnOnce(&mut Client)) -> Vec<Received> {
        let before = self.clients[client].heard.messages.len();
        send(&mut self.clients[client]);
        self.until("the answers come", |world| world.clients[client].heard.messages.len() >= before + count);
        self.run(5);
        self.clients[client].heard.messages[before..].to_vec()
    }

    /// The error that a request is answered with.
    #[track_caller]
    pub fn refusal(&mut self, client: usize, send: impl FnOnce(&mut Client)) -> u16 {
        let answers = self.answers(client, 1, send);
        assert_eq!(answers.len(), 1, "{answers:?}");
        answers[0].error_code()
    }
}

impl Heard {
    pub fn count(&self, tid: Tid) -> usize {
        self.messages.iter().filter(|message| message.tid == tid).count()
    }

    pub fn of_series(&self, series: u16) -> Vec<&Received> {
        self.messages.iter().filter(|message| message.series == series && message.number != 0).collect()
    }
}

impl Client {
    pub fn poll(&mut self, now: Instant) {
        self.host.poll_ingress(now, &mut self.heard);
        self.host.poll_egress(now);
    }

    pub fn send(&mut self, bytes: &[u8]) {
        let session = self.session.expect("connected");
        let sent = self.host.send(session, bytes).expect("open");
        assert_eq!(sent, bytes.len(), "the test sends no more than fits");
    }

    /// Sends what fits.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        let session = self.session.expect("connected");
        if self.host.send_room(session) < bytes.len() {
            return false;
        }
        self.send(bytes);
        true
    }

    pub fn cut(&mut self) {
        self.host.abort(self.session.take().expect("connected"));
    }

    pub fn login_field(&self, flag: u8) -> ReqUserLoginField {
        let mut login = ReqUserLoginField::BLANK;
        login.data_flow_flag.set(flag);
        login.participant_id = participant_id(self.participant).into();
        login.user_id = user_id(self.participant).into();
        login.password.set(&secret(self.participant)).unwrap();
        login.time_out.set(10).unwrap();
        login
    }

    /// Logs in with the password.
    pub fn login(&mut self, flag: u8, received: Option<u32>, epoch: Option<u32>) {
        let login = self.login_field(flag);
        self.login_as(&login, received, epoch, None);
    }

    pub fn login_as(
        &mut self,
        login: &ReqUserLoginField,
        received: Option<u32>,
        epoch: Option<u32>,
        proof: Option<LoginProofField>,
    ) {
        let start = received.map(|number| {
            let mut start = DisseminationstartField::BLANK;
            let is_private = login.data_flow_flag.get() == data_flow_flag::PRIVATE;
            start.sequence_series.set(if is_private { series(self.participant) } else { 1 });
            start.sequence_no.set_unsigned(number);
            start
        });
        self.login_from(login, start, epoch, proof);
    }

    pub fn login_from(
        &mut self,
        login: &ReqUserLoginField,
        start: Option<DisseminationstartField>,
        epoch: Option<u32>,
        proof: Option<LoginProofField>,
    ) {
        if login.data_flow_flag.get() == data_flow_flag::DIALOG {
            self.next_request = 1;
        }
        let mut buffer = [0; 1_024];
        let mut message = MessageWriter::new(&mut buffer, tid::USER_LOGIN, Series::DIALOG, SequenceNumber(0)).unwrap();
        message.push_copy(login).unwrap();
        if let Some(start) = start {
            message.push_copy(&start).unwrap();
        }
        if let Some(proof) = proof {
            message.push_copy(&proof).unwrap();
        }
        if let Some(epoch) = epoch {
            let field: &mut StreamEpochField = message.push().unwrap();
            field.epoch.set_unsigned(epoch);
        }
        let length = message.finish();
        self.send(&buffer[..length]);
    }

    pub fn challenge(&mut self) {
        let login = self.login_field(data_flow_flag::DIALOG);
        let bytes = message(tid::LOGIN_CHALLENGE, 0, &login);
        self.send(&bytes);
    }

    pub fn proof(&self, login: &ReqUserLoginField, nonce: &[u8; 64]) -> LoginProofField {
        let mut field = LoginProofField::BLANK;
        field.digest_method.set(digest_method::HMAC_SHA_256);
        field.nonce = (*nonce).into();
        field.proof = proof::proof(&secret(self.participant), nonce, login).into();
        field
    }

    pub fn logout(&mut self, flag: u8) {
        let mut logout = ReqUserLogoutField::BLANK;
        logout.data_flow_flag.set(flag);
        logout.participant_id = participant_id(self.participant).into();
        logout.user_id = user_id(self.participant).into();
        let bytes = message(tid::USER_LOGOUT, 0, &logout);
        self.send(&bytes);
    }

    /// A GFD limit order to open.
    pub fn order_field(&mut self, direction: u8, ticks: i64, volume: i32) -> OrderInsertField {
        let mut order = OrderInsertField::BLANK;
        order.order_local_id.set_zero_filled(self.next_local, 12).unwrap();
        self.next_local += 1;
        order.user_id = user_id(self.participant).into();
        order.participant_id = participant_id(self.participant).into();
        order.client_id = padded(format!("{:08}", self.participant + 1).as_bytes()).into();
        order.instrument_id.set(INSTRUMENT).unwrap();
        order.direction.set(direction);
        order.offset_flag.set(b'0');
        order.hedge_flag.set(b'1');
        order.limit_price.set_units(ticks * 2_000).unwrap();
        order.volume_total_orginal.set(volume);
        order.order_type.set(b'0');
        order.match_condition.set(b'3');
        order.match_session.set(b'3');
        order.minimal_volume.set(1);
        order.auto_suspend.set(b'0');
        order.message_reference.set(b"REF").unwrap();
        order
    }

    pub fn request<F: Field>(&mut self, tid: Tid, field: &F) -> Vec<u8> {
        let number = self.next_request;
        self.next_request += 1;
        message(tid, number, field)
    }

    pub fn order(&mut self, direction: u8, ticks: i64, volume: i32) {
        let order = self.order_field(direction, ticks, volume);
        let bytes = self.request(tid::ORDER_INSERT, &order);
        self.send(&bytes);
    }

    pub fn cancel(&mut self, sys_id: [u8; 20]) {
        let mut action = OrderActionField::BLANK;
        action.order_action_code.set(b'0');
        action.order_sys_id = sys_id.into();
        action.action_local_id.set(b"A1").unwrap();
        action.user_id = user_id(self.participant).into();
        let bytes = self.request(tid::ORDER_ACTION, &action);
        self.send(&bytes);
    }

    pub fn readiness(&mut self, readiness: u8, text: &[u8]) {
        let mut field = ReadinessField::BLANK;
        field.participant_id = participant_id(self.participant).into();
        field.user_id = user_id(self.participant).into();
        field.readiness.set(readiness);
        field.content.set(text).unwrap();
        let bytes = self.request(tid::READINESS, &field);
        self.send(&bytes);
    }
}

/// A message of the dialog with one field.
pub fn message<F: Field>(tid: Tid, number: u32, field: &F) -> Vec<u8> {
    let mut buffer = [0; 2_048];
    let mut message = MessageWriter::new(&mut buffer, tid, Series::DIALOG, SequenceNumber(number)).unwrap();
    message.push_copy(field).unwrap();
    let length = message.finish();
    buffer[..length].to_vec()
}

pub fn bulletin(participant: ParticipantIndex, text: &str) -> Bulletin {
    Bulletin {
        participant,
        urgency: b' ',
        reserved: 0,
        news_type: *b"   ",
        reserved_2: 0,
        summary: padded(text.as_bytes()),
        content: padded(text.as_bytes()),
    }
}

/// A change of phase, by hand.
pub fn phase_set(instrument: InstrumentIndex, phase: Phase, step: u32) -> PhaseSet {
    PhaseSet {
        instrument,
        phase: phase as u8,
        reason: b'2',
        step,
        product: ProductIndex::ALL,
        last_day: 0,
        reserved: [0; 5],
        text: [b' '; 80],
    }
}
