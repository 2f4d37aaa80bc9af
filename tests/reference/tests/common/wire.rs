//! A primary on a network in memory, and clients that speak to it as little as they must.

use super::*;
use ftd::field::{
    DisseminationstartField, Field, OrderActionField, OrderActionTargetField, OrderInsertField, ReadinessField,
    ReqUserLoginField, ReqUserLogoutField, ReqUserPasswordUpdateField, StreamEpochField,
};
use ftd::types::Str;
use ftd::{MessageWriter, Next, SequenceNumber, Series, Tid, next_message, tid};
use net::{
    CloseReason, Filter, Handler, Host, HostConfig, Instant, MemoryPort, Network, NetworkConfig, Peer, SessionId,
};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

pub const PRIMARY: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
pub const NAMES: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

/// One message as a client got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    pub tid: Tid,
    pub series: u16,
    pub number: u32,
    pub bytes: Vec<u8>,
}

impl Got {
    /// A field of it.
    pub fn field<F: Field>(&self) -> Option<F> {
        let Ok(Next::Message { message, .. }) = next_message(&self.bytes) else { panic!("a message") };
        let (_, items) = message.fields().find(|(fid, _)| *fid == F::FID)?;
        F::read_from_bytes(items).ok()
    }

    /// The code of an Error.
    pub fn code(&self) -> u64 {
        assert_eq!(self.tid, tid::ERROR);
        self.field::<ftd::field::ErrorField>().expect("an ErrorField").error_code.decimal().expect("a number")
    }
}

/// One host with one connection.
pub struct Client {
    pub host: Host<MemoryPort>,
    pub session: Option<SessionId>,
    pub heard: Heard,
    pub request: u32,
    /// Bytes read as messages so far.
    read: usize,
}

#[derive(Default)]
pub struct Heard {
    pub open: bool,
    pub bytes: Vec<u8>,
    pub closed: Option<CloseReason>,
    pub deaf: bool,
    pub peers: Vec<SessionId>,
}

impl Handler for Heard {
    fn opened(&mut self, session: SessionId, _: Peer) {
        self.open = true;
        self.peers.push(session);
    }

    fn data(&mut self, _: SessionId, bytes: &[u8]) -> usize {
        if self.deaf {
            return 0;
        }
        self.bytes.extend_from_slice(bytes);
        bytes.len()
    }

    fn closed(&mut self, _: SessionId, why: CloseReason) {
        self.closed = Some(why);
    }
}

impl Client {
    /// Sends bytes.
    pub fn send(&mut self, bytes: &[u8]) {
        let session = self.session.expect("connected");
        assert_eq!(self.host.send(session, bytes), Ok(bytes.len()));
    }

    /// Sends a message.
    pub fn say(&mut self, tid: Tid, number: u32, fill: impl FnOnce(&mut MessageWriter<'_>)) {
        let mut buffer = [0; 4_100];
        let mut writer = MessageWriter::new(&mut buffer, tid, Series(0), SequenceNumber(number)).expect("room");
        fill(&mut writer);
        let length = writer.finish();
        self.send(&buffer[..length]);
    }

    /// Sends the next request of the dialog.
    pub fn ask(&mut self, tid: Tid, fill: impl FnOnce(&mut MessageWriter<'_>)) {
        self.request = self.request.wrapping_add(1);
        self.say(tid, self.request, fill);
    }

    /// Logs in to the dialog ('0'), or to a stream after a number received in an epoch.
    pub fn login(&mut self, user: u16, flow: u8, after: Option<(u16, u32)>, epoch: Option<u32>) {
        self.login_with(user, flow, after, epoch, |_| {});
    }

    pub fn login_with(
        &mut self,
        user: u16,
        flow: u8,
        after: Option<(u16, u32)>,
        epoch: Option<u32>,
        change: impl FnOnce(&mut ReqUserLoginField),
    ) {
        if flow == b'0' {
            self.request = 0;
        }
        self.say(tid::USER_LOGIN, 0, |writer| {
            change(fill_login(writer.push().expect("room"), user, flow));
            if let Some((series, number)) = after {
                let start: &mut DisseminationstartField = writer.push().expect("room");
                start.sequence_series.set(series);
                start.sequence_no.set_unsigned(number);
            }
            if let Some(epoch) = epoch {
                let field: &mut StreamEpochField = writer.push().expect("room");
                field.epoch.set_unsigned(epoch);
            }
        });
    }

    pub fn logout(&mut self, user: u16, flow: u8) {
        self.say(tid::USER_LOGOUT, 0, |writer| {
            let out: &mut ReqUserLogoutField = writer.push().expect("room");
            out.data_flow_flag.set(flow);
            out.participant_id.set(participant_id(user)).expect("short");
            out.user_id.set(format!("trader{user}").as_bytes()).expect("short");
        });
    }

    /// Sends an order of user 0 or 1 in instrument 0.
    pub fn order(&mut self, user: u16, local: u32, side: u8, volume: i32, ticks: i64) {
        self.order_with(user, local, |out| {
            out.direction.set(side);
            out.volume_total_orginal.set(volume);
            out.limit_price.set_units(ticks * TICK).expect("a price");
        });
    }

    pub fn order_with(&mut self, user: u16, local: u32, change: impl FnOnce(&mut OrderInsertField)) {
        self.ask(tid::ORDER_INSERT, |writer| {
            let out: &mut OrderInsertField = writer.push().expect("room");
            out.order_local_id.set_zero_filled(u64::from(local), 12).expect("short");
            out.user_id.set(format!("trader{user}").as_bytes()).expect("short");
            out.participant_id.set(participant_id(user)).expect("short");
            out.client_id.set(if user == 1 { b"00000101" } else { b"00000100" }).expect("short");
            out.instrument_id.set(b"IF2410").expect("short");
            out.direction.set(b'0');
            out.offset_flag.set(b'0');
            out.hedge_flag.set(b'1');
            out.limit_price.set_units(100 * TICK).expect("a price");
            out.volume_total_orginal.set(1);
            out.order_type.set(b'0');
            out.match_condition.set(b'3');
            out.match_session.set(b'3');
            out.message_reference.set(b"ref").expect("short");
            change(out);
        });
    }

    pub fn cancel(&mut self, user: u16, local: u32) {
        self.ask(tid::ORDER_ACTION, |writer| {
            let out: &mut OrderActionField = writer.push().expect("room");
            out.order_action_code.set(b'0');
            out.user_id.set(format!("trader{user}").as_bytes()).expect("short");
            let target: &mut OrderActionTargetField = writer.push().expect("room");
            target.order_local_id.set_zero_filled(u64::from(local), 12).expect("short");
        });
    }

    pub fn report(&mut self, user: u16, readiness: u8) {
        self.ask(tid::READINESS, |writer| {
            let out: &mut ReadinessField = writer.push().expect("room");
            out.participant_id.set(participant_id(user)).expect("short");
            out.user_id.set(format!("trader{user}").as_bytes()).expect("short");
            out.readiness.set(readiness);
            out.content.set("就绪".as_bytes()).expect("short");
        });
    }

    pub fn new_password(&mut self, user: u16, old: &[u8], new: &[u8]) {
        self.ask(tid::USER_PASSWORD_UPDATE, |writer| {
            let out: &mut ReqUserPasswordUpdateField = writer.push().expect("room");
            out.participant_id.set(participant_id(user)).expect("short");
            out.user_id.set(format!("trader{user}").as_bytes()).expect("short");
            out.old_password.set(old).expect("short");
            out.new_password.set(new).expect("short");
        });
    }

    /// The messages that have come since the last call.
    pub fn messages(&mut self) -> Vec<Got> {
        let mut got = Vec::new();
        loop {
            match next_message(&self.heard.bytes[self.read..]).expect("FTD") {
                Next::NeedMore => return got,
                Next::Skip { length, .. } | Next::Heartbeat { length } => self.read += length,
                Next::Message { length, message } => {
                    let bytes = self.heard.bytes[self.read..self.read + length].to_vec();
                    let (tid, series, number) = (message.tid(), message.series().0, message.number().0);
                    got.push(Got { tid, series, number, bytes });
                    self.read += length;
                }
            }
        }
    }
}

pub fn participant_id(user: u16) -> &'static [u8] {
    if user == 1 { b"0002" } else { b"0001" }
}

pub fn fill_login(out: &mut ReqUserLoginField, user: u16, flow: u8) -> &mut ReqUserLoginField {
    out.data_flow_flag.set(flow);
    out.participant_id.set(participant_id(user)).expect("short");
    out.user_id.set(format!("trader{user}").as_bytes()).expect("short");
    out.password.set(b"secret").expect("short");
    out.time_out.set(5).expect("short");
    out.ip_addr = Str::from(padded(b"10.0.0.9"));
    out
}

pub struct World {
    pub network: Network,
    pub primary: Primary<Host<MemoryPort>>,
    pub clients: Vec<Client>,
    pub now: Instant,
}

impl World {
    /// A primary with the base data of `common` and instrument 0 in continuous trading.
    pub fn open() -> World {
        World::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut PrimarySettings)) -> World {
        let network = Network::new(NetworkConfig { ports: 20, ..NetworkConfig::default() });
        let mut settings = PrimarySettings::new(HostConfig::new(PRIMARY, 1));
        settings.unix_at_zero = START;
        change(&mut settings);
        let host = Host::new(settings.host, network.attach());
        let primary = Primary::new(settings, host);
        let mut world = World { network, primary, clients: Vec::new(), now: Instant::from_millis(1) };
        for bytes in base_data(day_open()) {
            world.primary.command(world.now, &bytes).expect("base data");
        }
        world.operate(super::phase_set(Instrument(0), b'0'));
        world
    }

    pub fn operate(&mut self, command: impl Into<Command>) -> Outcome {
        self.primary.operate(self.now, command).expect("alive")
    }

    /// One more host at 10.0.0.`last`.
    pub fn add(&mut self, last: u8) -> usize {
        let host = Host::new(HostConfig::new(Ipv4Addr::new(10, 0, 0, last), 7), self.network.attach());
        self.clients.push(Client { host, session: None, heard: Heard::default(), request: 0, read: 0 });
        self.clients.len() - 1
    }

    /// One more host with an open connection to a port of the primary.
    pub fn connect(&mut self, last: u8, port: u16) -> usize {
        let client = self.add(last);
        self.reconnect(client, port);
        client
    }

    /// A new connection of a client, whatever became of the one before.
    pub fn reconnect(&mut self, client: usize, port: u16) {
        let now = self.now;
        let it = &mut self.clients[client];
        if let Some(session) = it.session {
            it.host.abort(session);
            self.run(5);
        }
        let it = &mut self.clients[client];
        (it.heard, it.read) = (Heard::default(), 0);
        it.session = Some(it.host.connect(SocketAddrV4::new(PRIMARY, port), now).expect("a connection begun"));
        self.run(20);
    }

    /// A member: its host, with a dialog and its streams from the start.
    pub fn member(&mut self, last: u8, user: u16) -> usize {
        let client = self.connect(last, 9_000);
        assert!(self.clients[client].heard.open);
        for flow in *b"012" {
            self.clients[client].login(user, flow, None, None);
        }
        self.run(20);
        let logins = self.clients[client].messages();
        assert_eq!(logins.iter().filter(|got| got.tid == tid::USER_LOGIN).count(), 3);
        client
    }

    /// Some milliseconds, step by step.
    pub fn run(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds {
            self.now = self.now + Duration::from_millis(1);
            self.primary.poll(self.now);
            for client in &mut self.clients {
                client.host.poll_ingress(self.now, &mut client.heard);
                client.host.poll_egress(self.now);
            }
        }
    }

    /// From one deadline to the next, up to a moment; how many steps that took.
    pub fn run_by_deadlines(&mut self, until: Instant) -> u32 {
        let mut steps = 0;
        while self.now < until {
            let clients = self.clients.iter().filter_map(|client| client.host.next_deadline());
            let next = self.primary.next_deadline().into_iter().chain(clients).min();
            self.now = next.map_or(until, |next| next.max(self.now).min(until));
            self.primary.poll(self.now);
            for client in &mut self.clients {
                client.host.poll_ingress(self.now, &mut client.heard);
                client.host.poll_egress(self.now);
            }
            steps += 1;
            assert!(steps < 10_000, "a deadline that is never met, at {:?}", self.now);
        }
        steps
    }

    pub fn at(&mut self, client: usize) -> &mut Client {
        &mut self.clients[client]
    }

    /// A name server: takes connections and says nothing by itself.
    pub fn name_server(&mut self, port: u16) -> usize {
        let client = self.add(NAMES.octets()[3]);
        self.clients[client].host.listen(port, Filter::everybody()).expect("a port");
        client
    }
}
