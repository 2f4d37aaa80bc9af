//! A member on the network: the client library over a host of its own, as anybody would run it.

use super::world::{NAMES_ADDRESS, NAMES_PORT, Seat, World, YESTERDAYS_LOTS, at};
use ftd::types::Str;
use member_api::{Action, Config, Credential, LinkState, Member, Nanoseconds, Position, RolledBack};
use net::{CloseReason, Handler, HostConfig, Instant, Peer, SessionId, Transport};
use std::net::SocketAddrV4;

/// Heartbeats a member asks for, seconds: three missed ones tell it that the primary is dead.
const HEARTBEAT_SECONDS: u8 = 1;
/// Connections a member has at once, and dying ones beside it.
const SESSIONS: usize = 8;

/// A member and its host.
pub struct MemberNode<T: Transport> {
    host: T,
    /// The client library.
    pub member: Member,
    session: Option<SessionId>,
    /// Something was asked of the member: poll it though nothing came.
    pub restless: bool,
}

impl<T: Transport> MemberNode<T> {
    /// A member of the drill's world. It knows the name service, and `fronts` as registered in advance.
    #[must_use]
    pub fn new(world: &World, seat: &Seat, fronts: Vec<SocketAddrV4>, is_flow: bool, seed: u64, host: T) -> Self {
        let text = |text: &str| Str::padded(text.as_bytes()).expect("ids of the drill fit");
        let user_text = Str::padded(seat.user_id.as_bytes()).expect("ids of the drill fit");
        let proof = Credential::Proof(seat.secret.clone().into_bytes());
        let mut config = Config::new(text(&seat.participant_id), user_text, proof, seat.series);
        config.name_servers = vec![at(NAMES_ADDRESS, NAMES_PORT)];
        config.fronts = fronts;
        config.ip_address = seat.address.to_string();
        config.heartbeat_seconds = HEARTBEAT_SECONDS;
        config.rolled_back = RolledBack::SendAgain;
        // Every other member sends again what the resumed stream has told it already: repeats for the exchange to recognise.
        config.repeat_told = !is_flow && seat.index.is_multiple_of(2);
        config.seed = seed;
        let mut member = Member::new(config);
        // Rows of a file leave one by one, in order, and only when the one before is answered.
        member.hold(is_flow);
        if !is_flow {
            let client = Str::padded(seat.accounts[0].client_id.as_bytes()).expect("ids of the drill fit");
            let lots = i64::from(YESTERDAYS_LOTS);
            for &place in &world.held {
                let instrument = world.instruments[usize::from(place)].instrument.as_bytes();
                let instrument = Str::padded(instrument).expect("ids of the drill fit");
                member.set_position(client, instrument, b'1', Position { long: lots, short: lots });
            }
        }
        MemberNode { host, member, session: None, restless: true }
    }

    /// When [`MemberNode::poll`] has something to do next, if no frame comes before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        if self.restless {
            return Some(Instant::ZERO);
        }
        let wakes = self.member.wake_at().map(|at| Instant::from_nanos(at.0));
        [wakes, self.host.next_deadline()].into_iter().flatten().min()
    }

    /// Does what has come and what is due.
    pub fn poll(&mut self, now: Instant) {
        self.restless = false;
        let time = Nanoseconds(now.nanos());
        let mut ear = Ear { member: &mut self.member, session: &mut self.session, time };
        self.host.poll_ingress(now, &mut ear);
        while let Some(action) = self.member.poll(time) {
            match action {
                Action::Connect(address) => match self.host.connect(address, now) {
                    Ok(session) => self.session = Some(session),
                    Err(_) => self.member.closed(time),
                },
                Action::Close => {
                    if let Some(session) = self.session.take() {
                        self.host.close(session);
                    }
                }
            }
        }
        if let Some(session) = self.session {
            let output = self.member.output();
            if !output.is_empty() {
                let sent = self.host.send(session, output).unwrap_or(0);
                self.member.sent(sent);
            }
        }
        self.host.poll_egress(now);
    }

    /// All three streams are logged in.
    #[must_use]
    pub fn is_working(&self) -> bool {
        self.member.state() == LinkState::Working
    }
}

struct Ear<'a> {
    member: &'a mut Member,
    session: &'a mut Option<SessionId>,
    time: Nanoseconds,
}

impl Handler for Ear<'_> {
    fn opened(&mut self, session: SessionId, _: Peer) {
        if *self.session == Some(session) {
            self.member.connected(self.time);
        }
    }

    fn data(&mut self, session: SessionId, bytes: &[u8]) -> usize {
        if *self.session == Some(session) { self.member.received(bytes, self.time) } else { bytes.len() }
    }

    fn closed(&mut self, session: SessionId, _: CloseReason) {
        if *self.session == Some(session) {
            *self.session = None;
            self.member.closed(self.time);
        }
    }
}

/// The host of a member in a drill.
#[must_use]
pub fn host_config(seat: &Seat, seed: u64) -> HostConfig {
    let mut host = HostConfig::new(seat.address, seed);
    host.prefix_length = 8;
    host.sessions = SESSIONS;
    host
}
