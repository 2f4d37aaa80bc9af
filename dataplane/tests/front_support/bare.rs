//! A front without TCP, for what is counted in instructions: a transport that hands bytes over and takes bytes away and does nothing else,
//! members that are logged in over it, and orders as they send them, each second one resting, the next one trading with it.

use super::{MEMBERS_PORT, START, Setup, machine, message, participant_id, secret, user_id};
use dataplane::front::{Front, FrontConfig};
use dataplane::session::LoginPolicy;
use dataplane::stages::{Commits, EngineStage};
use dataplane::streams::StreamLimits;
use ftd::field::{OrderInsertField, ReqUserLoginField};
use ftd::tid;
use journal::LogLimits;
use net::{
    ConnectError, Counters, Filter, Handler, Instant, ListenError, Opener, Peer, SendError, SessionId, Transport,
};
use std::net::{Ipv4Addr, SocketAddrV4};

/// Bytes that a connection says it has room for: more than any round tells it.
const ROOM: usize = 64 * 1_024;

/// Connections that carry everything at once and lose nothing.
pub struct Wire {
    filter: Filter,
    /// What came since the last round, by connection.
    pub arrived: Vec<(u32, Vec<u8>)>,
    /// What is sent is written here, and forgotten.
    buffer: Vec<u8>,
    /// Bytes sent, by connection.
    pub bytes: Vec<u64>,
    pub sends: u64,
    to_open: u32,
}

impl Wire {
    fn new(connections: u32) -> Self {
        let bytes = vec![0; connections as usize];
        let (filter, arrived, buffer) = (Filter::everybody(), Vec::new(), vec![0; ROOM]);
        Wire { filter, arrived, buffer, bytes, sends: 0, to_open: connections }
    }
}

impl Transport for Wire {
    fn sessions(&self) -> usize {
        self.bytes.len()
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
        let written = write(self.buffer.get_mut(..room).ok_or(SendError::NoRoom)?);
        self.bytes[session.index()] += written as u64;
        self.sends += 1;
        Ok(written)
    }

    #[inline]
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

/// A front with so many connections of so many members, and its engine, with room for so many commands. `logins`: which connection logs
/// in as which member to which stream.
pub fn bare(
    members: u16,
    connections: u32,
    commands: u32,
    logins: impl Iterator<Item = (u32, u16, u8)>,
) -> (Front<Wire>, EngineStage) {
    let setup = Setup {
        participants: members,
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
    let (mut front, receiver) = Front::new(&config, Wire::new(connections), machine.reader().clone());
    let stage = EngineStage::new(machine, vec![receiver], Commits::Never);
    front.publish(START);
    front.host_mut().arrived = logins.map(|(place, member, flag)| (place, login(member, flag))).collect();
    let count = front.host().arrived.len();
    front.poll_ingress(START);
    front.publish(START);
    assert_eq!(front.counters().logins, count as u64, "everybody is logged in");
    front.host_mut().arrived.clear();
    (front, stage)
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

/// The `turn`-th order, of these members in turn: a buy order that rests, then a sell order that trades with it, and so on.
pub fn order(turn: u32, members: u32) -> Vec<u8> {
    let (member, request) = ((turn % members) as u16, turn / members + 1);
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
