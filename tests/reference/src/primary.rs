//! The primary of a drill: an [`Exchange`] with members, followers and name servers around it, on one port.
//!
//! ```text
//! loop {
//!     primary.poll(now);                 everything that has come, is due, or has to be sent
//!     primary.command(now, bytes);       what the operator orders: base data, phases, ticks
//! }
//! ```
//!
//! One thread; time is passed in; the same seed, times and packets give the same packets. Everything that members send is
//! executed at once and answered at once, so that nothing is ever in flight, and Error 106 never occurs.
//!
//! It can be made to die: at a byte of its feed ([`Primary::die_at`]), by a member's order ([`Settings::poison`]), or when it is
//! told to ([`Primary::die`]). Then what it has handed to TCP leaves once more, and from there on it does nothing at all: it does
//! not even retransmit. The drill pulls its cable.
//!
//! What it tells members need not reach the feed: [`Primary::set_feed_lag`] holds the newest frames or bytes back, and members
//! are served before followers in every poll.

use crate::command::{self, Command, Header};
use crate::exchange::{Exchange, Outcome, Settings, Stopped};
use crate::link::{Link, Login, Purpose, WAITING_MOST};
use crate::messages::{Number, field, message};
use crate::number::{Epoch, Nanoseconds, Sequence, User};
use crate::records::{Death, Records};
use crate::streams::Streams;
use ftd::field::ForceExitField;
use ftd::tid;
use ftd::types::Str;
use net::{CloseReason, Filter, Handler, HostConfig, Instant, Opener, Peer, SessionId, Transport};
use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// Bursts taken from the port in one poll.
const BURSTS: usize = 64;
/// Polls of the host in which what was handed to TCP leaves before the primary lies dead.
const LAST_BREATHS: usize = 64;

/// How a primary is set up.
#[derive(Clone, Debug)]
pub struct PrimarySettings {
    /// The exchange in it.
    pub exchange: Settings,
    /// The host that it is built for: its address and its seed.
    pub host: HostConfig,
    /// Where members connect.
    pub member_port: u16,
    /// Where followers connect.
    pub feed_port: u16,
    /// Who may follow; none: everybody.
    pub followers: Vec<Ipv4Addr>,
    /// Nanoseconds of the Unix epoch at the zero of the time passed in.
    pub unix_at_zero: u64,
    /// The publishing ports of name servers.
    pub name_servers: Vec<SocketAddrV4>,
    /// Its fronts as members shall know them, and their priority (less is better).
    pub fronts: Vec<(SocketAddrV4, u32)>,
    /// A password is not enough for a login.
    pub proof_only: bool,
    /// Of nonces.
    pub seed: u64,
}

impl PrimarySettings {
    /// Members at port 9000, followers at port 9100, no name server.
    #[must_use]
    pub fn new(host: HostConfig) -> Self {
        PrimarySettings {
            exchange: Settings::default(),
            host,
            member_port: 9_000,
            feed_port: 9_100,
            followers: Vec::new(),
            unix_at_zero: 0,
            name_servers: Vec::new(),
            fronts: vec![(SocketAddrV4::new(host.address, 9_000), 1)],
            proof_only: false,
            seed: host.seed,
        }
    }
}

/// A byte of the feed: an offset in the log, counted from the day's first frame. Heartbeats do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedByte(pub u64);

/// How far the feed stays behind what members are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedLag {
    /// So many of the newest frames are held back.
    pub frames: usize,
    /// And so many bytes before them.
    pub bytes: u64,
}

/// The primary.
pub struct Primary<T: Transport> {
    pub(crate) settings: PrimarySettings,
    pub(crate) host: T,
    pub(crate) exchange: Exchange,
    pub(crate) streams: Streams,
    pub(crate) records: Records,
    pub(crate) links: BTreeMap<SessionId, Link>,
    pub(crate) connections: u64,
    pub(crate) dialogs: u32,
    pub(crate) nonces: u64,
    /// When each user asked within the last second.
    pub(crate) pace: BTreeMap<User, VecDeque<Instant>>,
    pub(crate) publications: Vec<crate::publication::Publication>,
    pub(crate) lag: FeedLag,
    pub(crate) die_at: Option<FeedByte>,
    /// The feed ends here for now.
    pub(crate) feed_until: FeedByte,
    /// A command was executed since the last poll: somebody has to be told.
    pub(crate) restless: bool,
    pub(crate) now: Instant,
}

/// What the host says, kept until it has said everything.
enum Heard {
    Opened(SessionId, Peer),
    Data(SessionId, Vec<u8>),
    Closed(SessionId, CloseReason),
}

struct Ear<'a> {
    heard: Vec<Heard>,
    links: &'a BTreeMap<SessionId, Link>,
}

impl Handler for Ear<'_> {
    fn opened(&mut self, session: SessionId, peer: Peer) {
        self.heard.push(Heard::Opened(session, peer));
    }

    fn data(&mut self, session: SessionId, bytes: &[u8]) -> usize {
        // Who does not read what we say is not listened to.
        if self.links.get(&session).is_some_and(|link| link.outbox.len() > WAITING_MOST) {
            return 0;
        }
        self.heard.push(Heard::Data(session, bytes.to_vec()));
        bytes.len()
    }

    fn closed(&mut self, session: SessionId, why: CloseReason) {
        self.heard.push(Heard::Closed(session, why));
    }
}

impl<T: Transport> Primary<T> {
    /// A primary before its day, listening.
    ///
    /// # Panics
    /// If member and feed port are the same or zero.
    #[must_use]
    pub fn new(settings: PrimarySettings, mut host: T) -> Self {
        let followers = match settings.followers.is_empty() {
            true => Filter::everybody(),
            false => Filter::only(settings.followers.iter().copied()),
        };
        // Seats are bound to addresses; until UserDefine names some, nobody is let in.
        host.listen(settings.member_port, Filter::only([])).expect("the members' port is a port");
        host.listen(settings.feed_port, followers).expect("the feed's port is another port");
        let publications =
            settings.name_servers.iter().map(|&server| crate::publication::Publication::new(server)).collect();
        Primary {
            host,
            exchange: Exchange::new(settings.exchange.clone()),
            streams: Streams::default(),
            records: Records::default(),
            links: BTreeMap::new(),
            connections: 0,
            dialogs: 0,
            nonces: 0,
            pace: BTreeMap::new(),
            publications,
            lag: FeedLag::default(),
            die_at: None,
            feed_until: FeedByte(u64::MAX),
            restless: false,
            now: Instant::ZERO,
            settings,
        }
    }

    /// Does everything that has come, is due, or has to be sent. Dead, it does nothing.
    pub fn poll(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if self.is_dead() {
            return;
        }
        for _ in 0..BURSTS {
            let mut ear = Ear { heard: Vec::new(), links: &self.links };
            let frames = self.host.poll_ingress(self.now, &mut ear);
            for heard in ear.heard {
                self.hear(heard);
                if self.is_dead() {
                    return;
                }
            }
            if frames == 0 {
                break;
            }
        }
        self.publish_fronts();
        self.keep_time();
        self.serve_members();
        self.serve_followers();
        if !self.is_dead() {
            self.host.poll_egress(self.now);
            self.restless = false;
        }
    }

    /// Executes the operator's command, or any other, at this moment.
    ///
    /// # Errors
    /// [`Stopped`]: dead, or not a command.
    pub fn command(&mut self, now: Instant, bytes: &[u8]) -> Result<Outcome, Stopped> {
        self.now = self.now.max(now);
        if self.is_dead() {
            return Err(Stopped::Died);
        }
        let (_, command) = command::read(bytes).ok_or(Stopped::NotACommand)?;
        let state = self.exchange.state();
        let epoch = match &command {
            Command::DayOpen(open) if state.day.is_none() => open.epoch,
            Command::EpochOpen(open) => open.epoch.max(state.epoch),
            _ => state.epoch,
        };
        let sequence = Sequence(state.sequence.0 + 1);
        let time = Nanoseconds(self.unix_now().0.max(state.time.0));
        match self.exchange.execute(epoch, sequence, time, bytes) {
            Ok(mut outcome) => {
                if outcome.frame_parts.is_empty() {
                    return Ok(outcome);
                }
                self.restless = true;
                self.records.executed(&outcome);
                self.note_command(&command, &outcome);
                for answer in &outcome.answers {
                    self.answer(answer.session, &answer.bytes);
                }
                if let Some((user, text)) = outcome.force_exit {
                    self.force_exit(user, &text);
                }
                self.streams.keep(sequence, std::mem::take(&mut outcome.told));
                Ok(outcome)
            }
            Err(stopped) => {
                if stopped == Stopped::Died {
                    self.end(Death::Poison);
                }
                Err(stopped)
            }
        }
    }

    /// Executes a command of the exchange itself at this moment. As [`Primary::command`].
    ///
    /// # Errors
    /// [`Stopped`]: dead.
    pub fn operate(&mut self, now: Instant, command: impl Into<Command>) -> Result<Outcome, Stopped> {
        self.command(now, &command::write(Header::OWN, &command.into()))
    }

    /// Holds the newest frames back from the feed, from now on.
    pub fn set_feed_lag(&mut self, lag: FeedLag) {
        self.lag = lag;
        self.restless = true;
    }

    /// The feed may go this far and no further, until the next call: what lies behind is not recorded yet.
    pub fn feed_until(&mut self, byte: FeedByte) {
        self.feed_until = byte;
        self.restless = true;
    }

    /// Dies when this byte of the feed is the first that was not handed to TCP.
    pub fn die_at(&mut self, byte: FeedByte) {
        self.die_at = Some(byte);
        self.restless = true;
    }

    /// Dies now.
    pub fn die(&mut self) {
        if !self.is_dead() {
            self.end(Death::Told);
        }
    }

    /// Whether it has died.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.records.death.is_some()
    }

    /// What it did.
    #[must_use]
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// What it told, stream by stream.
    #[must_use]
    pub fn streams(&self) -> &Streams {
        &self.streams
    }

    /// The exchange in it.
    #[must_use]
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// The exchange in it, to plant faults.
    pub fn exchange_mut(&mut self) -> &mut Exchange {
        &mut self.exchange
    }

    /// The host below, with its counters and its port.
    #[must_use]
    pub fn host(&self) -> &T {
        &self.host
    }

    /// How many connections of members have a stream logged in.
    #[must_use]
    pub fn members_logged_in(&self) -> usize {
        self.links.values().filter_map(Link::login).filter(|login| login.participant.is_some()).count()
    }

    /// When [`Primary::poll`] has something to do next, if no frame comes before. It may be early, never late.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        if self.is_dead() {
            return None;
        }
        if self.restless {
            return Some(self.now);
        }
        let members = self.links.values().filter(|link| link.login().is_some() && !link.closing);
        let heartbeats = members.clone().filter(|link| link.outbox.is_empty()).map(Link::heartbeat_at);
        let feeds = self.links.values().filter_map(|link| self.feed_heartbeat_at(link));
        let publications = self.publications.iter().filter_map(|publication| publication.due_at());
        let own = heartbeats.chain(members.map(Link::silent_at)).chain(feeds).chain(publications);
        // What was due at the last poll was done then, or waits for something else.
        own.filter(|&at| at > self.now).chain(self.host.next_deadline()).min()
    }

    /// This moment as a frame's time.
    pub(crate) fn unix_now(&self) -> Nanoseconds {
        Nanoseconds(self.settings.unix_at_zero + self.now.nanos())
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Opened(session, peer) if peer.opener == Opener::Peer => {
                self.connections += 1;
                let purpose = match peer.local_port == self.settings.feed_port {
                    true => Purpose::Follower { position: None },
                    false => Purpose::Member(Login::default()),
                };
                let link = Link::new(session, self.connections, peer, purpose, self.now);
                self.links.insert(session, link);
            }
            Heard::Opened(session, peer) => self.reached_name_server(session, peer),
            Heard::Data(session, bytes) => {
                let Some(link) = self.links.get_mut(&session) else { return };
                link.last_received = self.now;
                if link.closing {
                    return;
                }
                link.inbox.extend_from_slice(&bytes);
                match link.purpose {
                    Purpose::Member(_) => self.read_member(session),
                    Purpose::Follower { .. } => self.read_follower(session),
                    Purpose::NameServer(_) => self.read_name_server(session),
                }
            }
            Heard::Closed(session, why) => {
                *self.records.closed.entry(why).or_default() += 1;
                let link = self.links.remove(&session);
                if let Some(dialog) = link.as_ref().and_then(Link::login).and_then(|login| login.dialog) {
                    self.dialog_ended(dialog.user);
                }
                self.lost_name_server(session);
            }
        }
    }

    /// A user's dialog has ended: its orders are cancelled if that is its setting.
    pub(crate) fn dialog_ended(&mut self, user: User) {
        let flags = self.exchange.state().traders[&user].define.flags;
        if flags & command::CANCEL_ON_DISCONNECT == 0 {
            return;
        }
        let cancel = command::MassCancel { scope: 2, cause: 1, zero: crate::wire::Zero, index: u32::from(user.0) };
        let executed = self.operate(self.now, cancel);
        assert!(matches!(executed, Ok(_) | Err(Stopped::Died)), "a command of our own making");
    }

    /// What follows from a command beside what it told.
    fn note_command(&mut self, command: &Command, outcome: &Outcome) {
        if outcome.refused.is_some() {
            return;
        }
        match command {
            Command::DayOpen(open) => self.streams.reign(open.epoch, open.data_center, None),
            Command::EpochOpen(open) => self.streams.reign(open.epoch, open.data_center, Some(open.cut_sequence)),
            Command::UserDefine(define) => {
                let address = Ipv4Addr::from(define.address);
                let filter = self.host.filter_mut(self.settings.member_port).expect("it listens there from the start");
                if address.is_unspecified() {
                    *filter = Filter::everybody();
                } else {
                    filter.admit(address);
                }
            }
            _ => {}
        }
    }

    /// Puts an answer into the dialog that asked, if it is still there.
    fn answer(&mut self, dialog: u32, bytes: &[u8]) {
        let asked =
            |link: &&mut Link| link.login().and_then(|login| login.dialog).is_some_and(|it| it.number == dialog);
        if let Some(link) = self.links.values_mut().find(asked) {
            link.say(bytes);
        }
    }

    /// Ends the connections of a blocked seat.
    fn force_exit(&mut self, user: User, text: &[u8; 100]) {
        let bytes = message(tid::FORCE_EXIT, Number { series: 0, number: 0 }, |writer| {
            let out: &mut ForceExitField = field(writer);
            out.force_exit_code.set(b'0');
            out.force_exit_msg = Str::from(*text);
        });
        for link in self.links.values_mut().filter(|link| link.login().is_some_and(|login| login.has(user))) {
            link.say(&bytes);
            link.closing = true;
        }
    }

    /// Heartbeats that are due, and connections that have been silent too long.
    fn keep_time(&mut self) {
        for link in self.links.values_mut().filter(|link| link.login().is_some() && !link.closing) {
            if self.now >= link.silent_at() {
                self.records.closed_for_silence += 1;
                link.closing = true;
            } else if self.now >= link.heartbeat_at() && link.outbox.is_empty() {
                link.say(&ftd::HEARTBEAT);
            }
        }
    }

    /// Gives every member what its streams have, and hands to TCP what TCP takes. Name servers likewise.
    fn serve_members(&mut self) {
        for link in self.links.values_mut() {
            if matches!(link.purpose, Purpose::Follower { .. }) {
                continue;
            }
            let clogged = link.outbox.len() > WAITING_MOST;
            loop {
                read_on(&self.streams, link);
                let count = self.host.send(link.session, &link.outbox).unwrap_or(0);
                for (stream, number) in link.took(count, self.now) {
                    self.records.handed(link.number, stream, number);
                }
                // TCP takes no more, or there is no more.
                if count == 0 || !link.outbox.is_empty() {
                    break;
                }
            }
            if clogged && link.outbox.len() <= WAITING_MOST {
                self.host.offer_again(link.session);
            }
            if link.closing && link.outbox.is_empty() {
                self.host.close(link.session);
            }
        }
    }

    /// What was handed to TCP leaves; then it lies dead.
    pub(crate) fn end(&mut self, death: Death) {
        for _ in 0..LAST_BREATHS {
            if self.host.poll_egress(self.now) == 0 {
                break;
            }
        }
        self.records.death = Some(death);
    }
}

/// Puts what a member's streams have behind what is to be sent, until enough waits.
fn read_on(streams: &Streams, link: &mut Link) {
    let Some(login) = link.login() else { return };
    let (mut private, mut broadcast) = (login.private, login.broadcast);
    // In turns, so that neither stream waits for the other.
    let mut more = true;
    while more {
        more = false;
        for reading in [&mut private, &mut broadcast].into_iter().flatten() {
            if link.closing || link.outbox.len() > WAITING_MOST {
                break;
            }
            if let Some((number, kept)) = streams.after(reading.stream, reading.last) {
                link.say_message(reading.stream, number, &kept.bytes);
                reading.last = number;
                more = true;
            }
        }
    }
    let login = link.login_mut().expect("a member's, as above");
    (login.private, login.broadcast) = (private, broadcast);
}

/// The highest epoch that a frame of this state may carry.
pub(crate) fn present_epoch(exchange: &Exchange) -> Epoch {
    exchange.state().epoch
}

/// How long a name server may take, and how long to wait before asking it again.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);
