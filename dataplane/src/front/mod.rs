//! The front: members' connections on one side, ring and log on the other; and beside them the feed and our own links.
//!
//! ```text
//! poll_ingress   port → TCP → FTD → session → ring          ingress_frame … ingress_command
//! publish        log → base data, streams, answers → sockets          publish, egress_message
//! poll_egress    sockets → TCP → port          egress_segment, egress_frame
//! ```
//!
//! A front follows its log all day, also while this core only follows the primary and the standby writes the log: then
//! every login is refused, and when the log's epoch becomes one of this core's own, the front knows every name and every
//! message there was. It speaks to members exactly while that is so.
//!
//! If the log contradicts itself (a gap in a stream) the front halts: nothing is released any more.

mod board;
pub(crate) mod broadcast;
pub(crate) mod counters;
pub(crate) mod desk;
pub(crate) mod disconnect;
mod in_doubt;
mod links;
pub(crate) mod pace;
mod usual;

pub use board::{BoardCounts, BoardLine, Readiness};
pub use counters::{FrontCounters, FrontMarks, RejectCounts};
pub use in_doubt::InDoubt;
pub use links::{LINK_BYTES, LINKS_MAX, LinkEvent, LinkId};

use crate::directory::{Contradiction, Directory};
use crate::feed::Follower;
use crate::multicast::{MulticastConfig, MulticastCounters, Multicaster};
use crate::queries::Inquirer;
use crate::render::NotRendered;
use crate::ring::{RING_BYTES, RingReceiver, ring};
use crate::session::egress::Served;
pub use crate::session::flow::SharedSeats;
use crate::session::login::LoginPolicy;
use crate::session::{Ending, Session};
use crate::streams::reading::part_at;
use crate::streams::{Stream, StreamIndex, StreamLimits};
use crate::texts::MemberText;
use crate::uplink::{Broken, Present, SILENT_AFTER, Uplink, WELCOME_MAGIC, Welcome};
use desk::Desk;
use engine::command::CommandBuffer;
use engine::types::{Nanoseconds, ParticipantIndex};
use hdrhistogram::Histogram;
use journal::LogReader;
use links::Links;
use net::{CloseReason, Correspondent, Filter, Handler, Instant, Opener, Peer, SendError, SessionId, Transport};
use std::net::SocketAddrV4;

/// Members' sessions, the feed's followers, our own links: everything that goes through one port.
pub struct Front<T: Transport> {
    host: T,
    reader: LogReader,
    /// The log is taken in up to here.
    offset: u64,
    desk: Desk,
    /// By the host's place.
    places: Vec<Place>,
    /// Places of followers.
    followers: Vec<u32>,
    /// Places of fronts on other machines.
    uplinks: Vec<u32>,
    links: Links,
    /// Being served; empty between polls.
    serving: Vec<u32>,
    /// Places of sessions whose socket is full: they are served in every round, and nobody is woken for them.
    waiting: Vec<u32>,
    multicaster: Option<Multicaster>,
    member_port: u16,
    feed_port: Option<u16>,
    uplink_port: Option<u16>,
    halt: Option<Contradiction>,
}

/// What a front is told once.
#[derive(Clone, Debug)]
pub struct FrontConfig {
    /// Port for members. Their addresses come from the base data.
    pub member_port: u16,
    /// Port for followers, and who may follow.
    pub feed: Option<(u16, Filter)>,
    /// This core's data centre.
    pub data_center: u32,
    /// How seats show that they are themselves.
    pub login_policy: LoginPolicy,
    /// Of the nonces; outside of drills from the system's randomness.
    pub nonce_seed: [u8; 32],
    /// Room for the day's messages.
    pub streams: StreamLimits,
    /// Bytes of the command ring.
    pub ring_bytes: usize,
    /// The machine's clock in nanoseconds, to measure with; nothing of it enters the log.
    pub clock: Option<fn() -> u64>,
    /// Which of a core's fronts this is, from 0: stands in its dialogs' numbers.
    pub number: u8,
    /// Port for fronts on other machines, and who may connect there.
    pub uplinks: Option<(u16, Filter)>,
    /// What the seats have sent, if several fronts serve them.
    pub seats: Option<SharedSeats>,
    /// Market data by multicast; only a core's first front sends it.
    pub multicast: Option<MulticastConfig>,
    /// How members' texts are written.
    pub text: MemberText,
}

impl FrontConfig {
    /// For a core of a data centre: members at `member_port`, no followers, proof only, nothing measured.
    #[must_use]
    pub fn new(member_port: u16, data_center: u32, nonce_seed: [u8; 32]) -> Self {
        FrontConfig {
            member_port,
            feed: None,
            data_center,
            login_policy: LoginPolicy::Proof,
            nonce_seed,
            streams: StreamLimits::default(),
            ring_bytes: RING_BYTES,
            clock: None,
            number: 0,
            uplinks: None,
            seats: None,
            multicast: None,
            text: MemberText::default(),
        }
    }

    /// The same for several fronts of one core, each on a queue of its own: each with its number and its own nonces, all with one
    /// account of what the seats have sent.
    ///
    /// # Panics
    /// With none, or more than [`FRONTS_MAX`](crate::stages::FRONTS_MAX).
    #[must_use]
    pub fn several(&self, count: usize) -> Vec<FrontConfig> {
        assert!((1..=crate::stages::FRONTS_MAX).contains(&count), "a core has 1 to 16 fronts");
        let seats = (count > 1).then(SharedSeats::default);
        let of_number = |number: u8| {
            let mut config = FrontConfig { number: self.number + number, seats: seats.clone(), ..self.clone() };
            config.multicast = self.multicast.filter(|_| config.number == 0);
            config.nonce_seed[31] ^= number; // a nonce that two fronts give out could be used twice
            config
        };
        (0..count as u8).map(of_number).collect()
    }
}

/// Whose connection has a place of the host's.
pub(crate) enum Place {
    /// Nobody's, or one that we have ended already.
    Nobody,
    /// A member's.
    Member(Box<Session>),
    /// A follower's.
    Follower(Follower),
    /// A front's on another machine.
    Uplink(Uplink),
    /// Our own.
    Link,
}

/// The ring has no room: try again when the engine has gone on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingFull;

/// Why a link was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// There are [`LINKS_MAX`].
    TooMany,
    /// The host says no.
    Connect(net::ConnectError),
}

/// Frames taken in in one round: as many as a full ring of orders makes, so that ingress gets its turn.
const FRAMES_PER_ROUND: usize = 2_048;

impl<T: Transport> Front<T> {
    /// A front on a transport, over a log; and where the engine takes the commands from.
    ///
    /// # Panics
    /// If the two ports are the same, or one is 0.
    pub fn new(config: &FrontConfig, mut host: T, reader: LogReader) -> (Self, RingReceiver) {
        let (sender, receiver) = ring(config.ring_bytes);
        host.listen(config.member_port, Filter::only([])).expect("the members' port can be listened at");
        if let Some((port, filter)) = &config.feed {
            host.listen(*port, filter.clone()).expect("the feed's port is another one");
        }
        if let Some((port, filter)) = &config.uplinks {
            host.listen(*port, filter.clone()).expect("the fronts' port is another one");
        }
        if let Some(multicast) = &config.multicast {
            let opened = host.open_datagrams(multicast.port, multicast.time_to_live);
            opened.expect("the multicast's port can be had");
        }
        let sessions = host.sessions();
        let front = Front {
            desk: Desk::new(config, sessions, reader.clone(), sender),
            host,
            reader,
            offset: 0,
            places: (0..sessions).map(|_| Place::Nobody).collect(),
            followers: Vec::new(),
            uplinks: Vec::new(),
            links: Links::default(),
            serving: Vec::with_capacity(sessions),
            waiting: Vec::with_capacity(sessions),
            multicaster: config.multicast.map(Multicaster::new),
            member_port: config.member_port,
            feed_port: config.feed.as_ref().map(|feed| feed.0),
            uplink_port: config.uplinks.as_ref().map(|uplinks| uplinks.0),
            halt: None,
        };
        (front, receiver)
    }

    /// From now on queries are asked there. Without it they are not offered.
    pub fn set_inquirer(&mut self, inquirer: Inquirer) {
        self.desk.inquirer = Some(inquirer);
    }

    /// Takes in what arrived: members' bytes become commands in the ring. Returns how many frames (or reads) that were.
    pub fn poll_ingress(&mut self, now: Instant) -> usize {
        if self.halt.is_some() {
            return 0;
        }
        self.desk.now = self.desk.now.max(now);
        self.desk.machine_now = self.desk.pace.burst();
        if !self.desk.held_back.is_empty() && self.desk.has_room_for_a_command() {
            let Front { desk, places, host, .. } = self;
            desk.held_back.retain(|&place| {
                let Place::Member(session) = &mut places[place as usize] else { return false };
                // Without room for its answers it would only be held back again.
                session.is_held_back = !session.has_room_for_a_request();
                if !session.is_held_back {
                    host.offer_again(session.link);
                }
                session.is_held_back
            });
        }
        for link in self.links.held_back_with_room() {
            self.host.offer_again(link);
        }
        if !self.uplinks.is_empty() {
            self.offer_to_uplinks();
        }
        let mut arrivals = Arrivals {
            desk: &mut self.desk,
            places: &mut self.places,
            followers: &mut self.followers,
            uplinks: &mut self.uplinks,
            links: &mut self.links,
            multicaster: self.multicaster.as_mut(),
            member_port: self.member_port,
            feed_port: self.feed_port,
            uplink_port: self.uplink_port,
        };
        if !arrivals.desk.owed.is_empty() {
            arrivals.desk.give_owed();
        }
        let written = arrivals.desk.counters.command_bytes;
        let count = self.host.poll_ingress(now, &mut arrivals);
        let Desk { sender, counters, marks, .. } = &mut self.desk;
        sender.publish();
        marks.burst_command_bytes = marks.burst_command_bytes.max(counters.command_bytes - written);
        count
    }

    /// Takes in what was recorded and may be told, and puts what follows from it into the sockets: answers, streams, the feed.
    /// Returns how many frames were taken in.
    pub fn publish(&mut self, now: Instant) -> usize {
        if self.halt.is_some() {
            return 0;
        }
        self.desk.now = self.desk.now.max(now);
        let before = self.desk.counters.frames;
        self.desk.take_query_answers(&mut self.places);
        if let Err(contradiction) = self.take_in().and_then(|()| self.serve()).and_then(|()| self.cast()) {
            self.halt = Some(contradiction);
        }
        (self.desk.counters.frames - before) as usize
    }

    /// Sends what is in the sockets, and does what is due by time. Returns how many frames (or writes) that were.
    pub fn poll_egress(&mut self, now: Instant) -> usize {
        if self.halt.is_some() {
            return 0;
        }
        self.desk.now = self.desk.now.max(now);
        if self.desk.now >= self.desk.wake {
            self.keep_time();
        }
        let count = self.host.poll_egress(now);
        self.desk.pace.sent();
        count
    }

    /// Puts a command of the exchange itself (operator, schedule) into the ring, at the time of the last poll.
    ///
    /// # Errors
    /// The ring is full.
    pub fn command(&mut self, command: &CommandBuffer) -> Result<(), RingFull> {
        let bytes = command.bytes();
        let mut slot = self.desk.sender.reserve(bytes.len()).ok_or(RingFull)?;
        slot.copy_from_slice(bytes);
        slot.commit(Nanoseconds(self.desk.now.nanos()));
        self.desk.sender.publish();
        self.desk.counters.own_commands += 1;
        Ok(())
    }

    /// When something is to be done next, if neither a frame nor a command comes before: at once if something waits.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        if self.halt.is_some() {
            return None;
        }
        let can_go_on = |place: &u32| match &self.places[*place as usize] {
            Place::Member(session) => session.has_room_for_a_request(),
            _ => false,
        };
        let waits =
            !self.desk.listed.is_empty() || !self.desk.owed.is_empty() || self.desk.held_back.iter().any(can_go_on);
        let is_answered = self.desk.inquirer.as_ref().is_some_and(Inquirer::is_answered);
        if waits || is_answered || self.offset < self.reader.released() {
            return Some(self.desk.now);
        }
        let feed = self.followers.iter().filter_map(|&place| match &self.places[place as usize] {
            Place::Follower(follower) => Some(follower.deadline()),
            _ => None,
        });
        let wake = feed.fold(self.desk.wake, Instant::min);
        let count = self.desk.streams.count(Stream::Broadcast).0;
        let wake = self.multicaster.as_ref().map_or(wake, |caster| wake.min(caster.deadline(count)));
        self.host.next_deadline().map_or(Some(wake), |at| Some(at.min(wake))).filter(|at| *at != Instant::NEVER)
    }

    /// The engine has taken every command, and everything that may be told is in the sockets or waits for room there.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.desk.sender.is_drained() && self.offset >= self.reader.released()
    }

    /// Why nothing is released any more, if so.
    #[must_use]
    pub fn halt(&self) -> Option<&Contradiction> {
        self.halt.as_ref()
    }

    /// This core speaks to members: it opened the log's present epoch.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.desk.is_active()
    }

    /// The base data, as far as the log is taken in.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.desk.directory
    }

    /// The streams, as far as the log is taken in.
    #[must_use]
    pub fn streams(&self) -> &StreamIndex {
        &self.desk.streams
    }

    /// Which of the core's fronts this is.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.desk.settings.front
    }

    /// What the front did.
    #[must_use]
    pub fn counters(&self) -> &FrontCounters {
        &self.desk.counters
    }

    /// How much of what was set aside was ever in use.
    #[must_use]
    pub fn marks(&self) -> FrontMarks {
        let (arena_bytes, arena_used, arena_resets) = self.desk.rendered.marks();
        FrontMarks { arena_bytes, arena_used, arena_resets, ..self.desk.marks }
    }

    /// What the multicast did; none if there is none.
    #[must_use]
    pub fn multicast_counters(&self) -> Option<MulticastCounters> {
        self.multicaster.as_ref().map(|multicaster| multicaster.counters)
    }

    /// What the host below did.
    #[must_use]
    pub fn host_counters(&self) -> net::Counters {
        self.host.counters()
    }

    /// Internal latency in nanoseconds; empty without a clock.
    #[must_use]
    pub fn latency_ns(&self) -> &Histogram<u64> {
        self.desk.pace.histogram()
    }

    /// Messages that members had received from a core before us and that do not count.
    #[must_use]
    pub fn in_doubt(&self) -> &[InDoubt] {
        self.desk.in_doubt.ranges()
    }

    /// The transport below.
    #[must_use]
    pub fn host(&self) -> &T {
        &self.host
    }

    /// The transport below, to set something on it.
    pub fn host_mut(&mut self) -> &mut T {
        &mut self.host
    }

    /// The readiness board, a line for each participant.
    #[must_use]
    pub fn board(&self) -> Vec<BoardLine> {
        let mut lines: Vec<BoardLine> = self
            .desk
            .directory
            .participants()
            .map(|(participant, definition)| BoardLine {
                participant,
                id: definition.id,
                has_dialog: false,
                is_caught_up: false,
                readiness: self.desk.board.readiness(participant),
                text: self.desk.board.text(participant),
            })
            .collect();
        for (participant, has_dialog, is_caught_up) in self.logged_in() {
            if let Some(line) = lines.iter_mut().find(|line| line.participant == participant) {
                line.has_dialog |= has_dialog;
                line.is_caught_up |= is_caught_up;
            }
        }
        for uplink in self.remote() {
            for line in &mut lines {
                let (has_dialog, is_caught_up) = uplink.presence_of(line.participant);
                line.has_dialog |= has_dialog;
                line.is_caught_up |= is_caught_up;
            }
        }
        lines
    }

    /// The readiness board in figures. Participants without a user are not expected.
    #[must_use]
    pub fn board_counts(&self) -> BoardCounts {
        self.count_board(&self.board())
    }

    /// A board's lines in figures.
    #[must_use]
    pub fn count_board(&self, lines: &[BoardLine]) -> BoardCounts {
        let mut expected = vec![false; self.desk.directory.participants_limit()];
        for (_, user) in self.desk.directory.users() {
            expected[usize::from(user.participant.0)] = true;
        }
        let mut counts = BoardCounts::default();
        for line in lines {
            if !expected[usize::from(line.participant.0)] {
                continue;
            }
            counts.participants += 1;
            counts.logged_in += u32::from(line.has_dialog);
            counts.caught_up += u32::from(line.is_caught_up);
            counts.ready += u32::from(line.has_dialog && line.readiness == Readiness::Ready);
            counts.hands += u32::from(line.readiness == Readiness::HandRaised);
        }
        counts
    }

    fn logged_in(&self) -> impl Iterator<Item = (ParticipantIndex, bool, bool)> {
        self.places.iter().filter_map(|place| match place {
            Place::Member(session) => {
                let participant = session.participant?;
                let count = self.desk.streams.count(Stream::Private(participant)).0;
                let is_caught_up = session.private.is_some_and(|cursor| cursor.next > count);
                Some((participant, session.dialog.is_some(), is_caught_up))
            }
            _ => None,
        })
    }

    /// Fronts on other machines that are connected.
    #[must_use]
    pub fn uplinks(&self) -> usize {
        self.remote().count()
    }

    fn remote(&self) -> impl Iterator<Item = &Uplink> {
        self.uplinks.iter().filter_map(|&place| match &self.places[place as usize] {
            Place::Uplink(uplink) if uplink.is_open() => Some(uplink),
            _ => None,
        })
    }

    /// Opens to members, or ends their sessions and lets nobody in: for a front that has lost its core.
    pub fn set_open(&mut self, is_open: bool) {
        if std::mem::replace(&mut self.desk.is_open, is_open) && !is_open {
            self.desk.shut(&mut self.places);
        }
    }

    /// The log's epoch is this core's own, whether or not members are let in.
    #[must_use]
    pub fn has_epoch_of_ours(&self) -> bool {
        self.desk.has_epoch_of_ours()
    }

    /// Everything that may be told is taken in.
    #[must_use]
    pub fn is_idle_of_log(&self) -> bool {
        self.offset >= self.reader.released()
    }

    /// Bytes that [`Front::send_link`] would take now.
    #[must_use]
    pub fn link_room(&self, link: LinkId) -> usize {
        self.host.send_room(link.0)
    }

    /// Who is logged in here, as `uplink.rs` has it.
    pub(crate) fn presence(&self, words: &mut Vec<u64>) {
        let half = self.desk.directory.participants_limit().div_ceil(64);
        words.clear();
        words.resize(2 * half, 0);
        for (participant, has_dialog, is_caught_up) in self.logged_in() {
            let (word, bit) = (usize::from(participant.0) / 64, participant.0 % 64);
            words[word] |= u64::from(has_dialog) << bit;
            words[half + word] |= u64::from(is_caught_up) << bit;
        }
    }

    /// Begins a connection of ours. What becomes of it, [`Front::link_event`] tells.
    ///
    /// # Errors
    /// There are too many, or the host cannot.
    pub fn connect_link(&mut self, remote: SocketAddrV4, now: Instant) -> Result<LinkId, LinkError> {
        let id = self.host.connect(remote, now).map_err(LinkError::Connect)?;
        if !self.links.add(LinkId(id)) {
            self.host.abort(id);
            return Err(LinkError::TooMany);
        }
        self.places[id.index()] = Place::Link;
        Ok(LinkId(id))
    }

    /// Sends what fits of `bytes` on a link; returns how many did.
    ///
    /// # Errors
    /// The link is not open.
    pub fn send_link(&mut self, link: LinkId, bytes: &[u8]) -> Result<usize, SendError> {
        self.host.send(link.0, bytes)
    }

    /// Ends a link, after what was sent; nothing more is heard of it.
    pub fn close_link(&mut self, link: LinkId) {
        self.links.remove(link);
        self.host.close(link.0);
    }

    /// What happened on the links, in order.
    pub fn link_event(&mut self) -> Option<LinkEvent> {
        self.links.next_event()
    }

    /// Hands over what a link has received; `take` says how many bytes it is done with, the rest stays.
    pub fn link_bytes(&mut self, link: LinkId, take: impl FnOnce(&[u8]) -> usize) {
        self.links.take(link, take);
    }

    /// Takes in what the log has, up to a round's worth.
    fn take_in(&mut self) -> Result<(), Contradiction> {
        let released = self.reader.released();
        let (mut frames, mut parts) = (0, 0);
        while self.offset < released && frames < FRAMES_PER_ROUND {
            let Front { desk, places, host, reader, .. } = self;
            if let Some(length) = desk.publish_usual(reader, self.offset, places, host)? {
                self.offset += length;
                frames += 1;
                parts += 1;
                continue;
            }
            let part = part_at(&self.reader, self.offset)
                .map_err(|conflict| conflict.at(self.desk.directory.last_sequence()))?;
            self.desk.publish(self.offset, &part, &mut self.places)?;
            self.offset += part.bytes.len() as u64;
            frames += usize::from(part.header.is_last());
            parts += 1;
        }
        self.desk.marks.parts_taken = self.desk.marks.parts_taken.max(parts);
        self.desk.list_told(&mut self.places);
        if std::mem::take(&mut self.desk.has_new_addresses) {
            self.admit_seats();
        }
        Ok(())
    }

    /// A SYN from an address that no seat has costs nothing.
    fn admit_seats(&mut self) {
        let addresses: Vec<_> = self.desk.directory.users().map(|(_, user)| user.address).collect();
        let filter = match addresses.iter().any(|address| address.is_unspecified()) {
            true => Filter::everybody(),
            false => Filter::only(addresses),
        };
        if let Some(multicaster) = &mut self.multicaster {
            multicaster.seats = Some(filter.clone());
        }
        *self.host.filter_mut(self.member_port).expect("the members' port is listened at") = filter;
    }

    /// Sends to everybody who was told something.
    fn serve(&mut self) -> Result<(), Contradiction> {
        std::mem::swap(&mut self.desk.listed, &mut self.serving);
        self.serving.append(&mut self.waiting);
        self.desk.marks.sessions_served = self.desk.marks.sessions_served.max(self.serving.len());
        for index in 0..self.serving.len() {
            self.serve_member(self.serving[index])?;
        }
        self.serving.clear();
        for index in (0..self.followers.len()).rev() {
            self.serve_follower(index);
        }
        for index in (0..self.uplinks.len()).rev() {
            self.serve_uplink(index);
        }
        Ok(())
    }

    /// Sends what there is to send by multicast.
    #[inline]
    fn cast(&mut self) -> Result<(), Contradiction> {
        let Front { multicaster: Some(multicaster), desk, host, .. } = self else { return Ok(()) };
        let now = desk.now;
        match multicaster.cast(&mut desk.multicast_source(), host, now) {
            Ok(()) => Ok(()),
            Err(NotRendered::Contradiction(contradiction)) => Err(contradiction),
            // The room was measured, and the number is below the stream's end.
            Err(error) => unreachable!("{error}"),
        }
    }

    fn serve_member(&mut self, place: u32) -> Result<(), Contradiction> {
        let entry = &mut self.places[place as usize];
        let Place::Member(session) = entry else { return Ok(()) };
        session.is_listed = false;
        let served = match self.desk.serve(session, &mut self.host) {
            Ok(served) => served,
            Err(NotRendered::Contradiction(contradiction)) => return Err(contradiction),
            // The room was measured, and the number is below the stream's end.
            Err(error) => unreachable!("{error}"),
        };
        match (session.leaving, served) {
            (Some(Ending::SlowReader | Ending::Silent), _) => self.host.abort(session.link),
            (Some(_), Served::Done) => self.host.close(session.link),
            // Its own answers first; if they never go, the stall ends it.
            (_, Served::Waits) => {
                session.is_listed = true;
                self.waiting.push(place);
                return Ok(());
            }
            (None, Served::Done) => return Ok(()),
            (_, Served::Over) => {}
        }
        self.desk.forget(session);
        *entry = Place::Nobody;
        Ok(())
    }

    fn serve_follower(&mut self, index: usize) {
        let place = self.followers[index] as usize;
        let Place::Follower(follower) = &mut self.places[place] else { return };
        let Desk { reader, last, now, counters, .. } = &mut self.desk;
        if !follower.serve(&mut self.host, reader, last, *now, counters) {
            self.host.close(follower.link);
            self.places[place] = Place::Nobody;
            self.followers.swap_remove(index);
        }
    }

    /// Commands of fronts on other machines that found the ring full are offered again when it has room.
    fn offer_to_uplinks(&mut self) {
        if !self.desk.has_room_for_a_command() {
            return;
        }
        for &place in &self.uplinks {
            if let Place::Uplink(uplink) = &mut self.places[place as usize]
                && std::mem::take(&mut uplink.is_held_back)
            {
                self.host.offer_again(uplink.link);
            }
        }
    }

    /// The welcome that is owed; the end of a connection that is broken.
    fn serve_uplink(&mut self, index: usize) {
        let place = self.uplinks[index] as usize;
        let Place::Uplink(uplink) = &mut self.places[place] else { return };
        if uplink.owes_welcome {
            let epoch = self.desk.directory.day().map_or(engine::types::Epoch(0), |day| day.epoch);
            let last = self.reader.last_sequence();
            let welcome = Welcome { magic: WELCOME_MAGIC, epoch, last };
            let sent = self.host.send(uplink.link, zerocopy::IntoBytes::as_bytes(&welcome));
            uplink.owes_welcome = false;
            if sent != Ok(size_of::<Welcome>()) {
                uplink.broken = Some(Broken::Silent);
            }
        }
        if let Some(broken) = uplink.broken {
            let asked = uplink.take_asked();
            asked.users().for_each(|user| self.desk.cancel_orders_of(user));
            self.desk.counters.uplinks_ended[broken as usize] += 1;
            self.host.abort(uplink.link);
            self.places[place] = Place::Nobody;
            self.uplinks.swap_remove(index);
        }
    }

    /// Looks at every session for what is due, and finds out when something will be.
    fn keep_time(&mut self) {
        self.desk.wake = Instant::NEVER;
        for place in &mut self.places {
            match place {
                Place::Member(session) => {
                    self.desk.keep_time(session, &mut self.host);
                    self.desk.wake_at(session.deadline());
                }
                Place::Uplink(uplink) => {
                    if self.desk.now >= uplink.last_received + SILENT_AFTER {
                        uplink.broken.get_or_insert(Broken::Silent);
                    } else {
                        self.desk.wake_at(uplink.last_received + SILENT_AFTER);
                    }
                }
                _ => {}
            }
        }
    }
}

/// A front's side of the host's ingress.
struct Arrivals<'a> {
    desk: &'a mut Desk,
    places: &'a mut [Place],
    followers: &'a mut Vec<u32>,
    uplinks: &'a mut Vec<u32>,
    links: &'a mut Links,
    multicaster: Option<&'a mut Multicaster>,
    member_port: u16,
    feed_port: Option<u16>,
    uplink_port: Option<u16>,
}

impl Handler for Arrivals<'_> {
    fn opened(&mut self, id: SessionId, peer: Peer) {
        let now = self.desk.now;
        let place = &mut self.places[id.index()];
        if peer.opener == Opener::Ourselves {
            self.links.opened(id);
        } else if peer.local_port == self.member_port {
            let session = Box::new(Session::new(id, *peer.address.ip(), now));
            self.desk.wake_at(session.deadline());
            self.desk.counters.connections += 1;
            *place = Place::Member(session);
        } else if Some(peer.local_port) == self.uplink_port {
            *place = Place::Uplink(Uplink::new(id, now));
            self.uplinks.push(id.index() as u32);
            self.desk.wake_at(now + SILENT_AFTER);
        } else {
            assert!(Some(peer.local_port) == self.feed_port, "the host listens at three ports");
            *place = Place::Follower(Follower::new(id, now));
            self.followers.push(id.index() as u32);
        }
    }

    #[inline]
    fn data(&mut self, id: SessionId, bytes: &[u8]) -> usize {
        match &mut self.places[id.index()] {
            Place::Member(session) => self.desk.ingress_message(session, bytes),
            Place::Follower(follower) => {
                let epoch = self.desk.directory.day().map_or(engine::types::Epoch(0), |day| day.epoch);
                follower.take(bytes, &self.desk.reader, epoch, &mut self.desk.counters)
            }
            Place::Uplink(uplink) => {
                let Desk { sender, directory, settings, now, is_open, .. } = &mut *self.desk;
                let day = directory.day();
                let epoch = day.map_or(engine::types::Epoch(0), |day| day.epoch);
                let is_active = *is_open && day.is_some_and(|day| day.data_center == settings.data_center);
                let present = Present { is_active, epoch, data_center: settings.data_center, now: *now };
                uplink.take(bytes, sender, &present)
            }
            Place::Link => self.links.data(id, bytes),
            Place::Nobody => bytes.len(),
        }
    }

    fn datagram(&mut self, from: Correspondent, bytes: &[u8]) {
        if let Some(multicaster) = &mut self.multicaster {
            multicaster.take(from, bytes, &self.desk.multicast_source());
        }
    }

    fn closed(&mut self, id: SessionId, why: CloseReason) {
        let place = &mut self.places[id.index()];
        match place {
            Place::Member(session) => {
                self.desk.forget(session);
                self.desk.counters.lost_connections += 1;
            }
            Place::Follower(_) => self.followers.retain(|follower| *follower as usize != id.index()),
            Place::Uplink(uplink) => {
                uplink.take_asked().users().for_each(|user| self.desk.cancel_orders_of(user));
                self.uplinks.retain(|uplink| *uplink as usize != id.index());
            }
            Place::Link => self.links.closed(id, why),
            Place::Nobody => return,
        }
        *place = Place::Nobody;
    }
}
