//! Backstop as one node: a front on a port, the standby that follows and takes over, the engine's stage, and what they say to the
//! primary's feed and the name service. Time is passed in; `poll` does what has come and what is due.
//!
//! ```text
//! following    feed link → Follower (owns the machine, writes the log) → Front reads the log, refuses logins
//! switch       Runbook takes the machine, seals, fences, opens the epoch, hands the machine to the engine's stage
//! active       Front → ring → EngineStage (owns the machine, writes the log) → Front
//! ```

use dataplane::front::{Front, FrontConfig, LinkEvent, LinkId};
use dataplane::names::write_fronts;
use dataplane::stages::{EngineHalt, Layout, Threads};
use engine::IdStyle;
use engine::command::CommandBuffer;
use engine::types::{Epoch, Nanoseconds};
use ftd::package::{Error, RspFronts};
use ftd::{Next, next_message, tid};
use journal::{Identity, Log, LogReader, Machine};
use net::{Instant, Transport};
use standby::{
    Answer, Board, FeedEnd, FollowSettings, Follower, NotSwitched, Options, Request, Runbook, RunbookSettings, State,
    Switched,
};
use std::net::SocketAddrV4;
use std::time::Duration;

/// First character of Backstop's OrderSysIds and TradeIds: no other core of the exchange uses it.
pub const ID_PREFIX: u8 = b'B';
/// Wait before a lost connection of ours is tried again.
const RECONNECT_AFTER: Duration = Duration::from_millis(100);
/// Longest publication of fronts: one FTD message.
const PUBLICATION_BYTES: usize = 4_200;

/// Who makes sure that the old core cannot speak any more: how that is known, or why it is not.
pub type FenceHook = Box<dyn FnMut() -> Result<String, String>>;

/// What an appliance is told once.
pub struct ApplianceConfig {
    /// Its front.
    pub front: FrontConfig,
    /// The primary's feed.
    pub primary_feed: SocketAddrV4,
    /// The name service's port for cores.
    pub names: SocketAddrV4,
    /// Its front as members shall know it.
    pub public_front: SocketAddrV4,
    /// How it follows.
    pub follow: FollowSettings,
    /// Who decides about the runbook's times.
    pub runbook: RunbookSettings,
    /// Threads of the order path once it is active.
    pub threads: Threads,
    /// What is told is on the disk (policy `sync`).
    pub group_commit: bool,
}

/// Backstop.
pub struct Appliance<T: Transport> {
    layout: Layout<T>,
    follower: Follower,
    runbook: Runbook,
    reader: LogReader,
    /// The runbook has seen the log up to here.
    observed: u64,
    feed: Connection,
    names: Connection,
    /// Fronts are to be published with this epoch.
    publishing: Option<Epoch>,
    /// A command of the runbook's that found the ring full.
    waiting: Option<Box<CommandBuffer>>,
    fence: FenceHook,
    config: ApplianceConfig,
    feed_end: Option<FeedEnd>,
    runbook_wakes: Option<Instant>,
}

/// A connection of ours that is made again when it is lost.
#[derive(Default)]
struct Connection {
    link: Option<LinkId>,
    again_at: Instant,
}

impl<T: Transport> Appliance<T> {
    /// An appliance that follows from the first poll on, over an empty log.
    #[must_use]
    pub fn new(config: ApplianceConfig, host: T, log: Log, fence: FenceHook) -> Self {
        let identity = Identity { ids: IdStyle { prefix: ID_PREFIX }, data_center: config.front.data_center };
        let machine = Machine::new(log, identity);
        let reader = machine.reader().clone();
        let (front, receiver) = Front::new(&config.front, host, reader.clone());
        Appliance {
            layout: Layout::new(front, receiver),
            follower: Follower::new(machine, config.follow),
            runbook: Runbook::new(config.runbook),
            reader,
            observed: 0,
            feed: Connection::default(),
            names: Connection::default(),
            publishing: None,
            waiting: None,
            fence,
            config,
            feed_end: None,
            runbook_wakes: None,
        }
    }

    /// Does what has come and what is due.
    pub fn poll(&mut self, now: Instant) {
        self.layout.poll(now);
        self.follow(now);
        self.take_over(now);
    }

    /// The one command.
    ///
    /// # Errors
    /// See [`NotSwitched`]: nothing happened.
    pub fn switch(&mut self, options: Options, now: Instant) -> Result<Switched, NotSwitched> {
        let switched = self.runbook.switch(&mut self.follower, options, nanoseconds(now))?;
        self.runbook_wakes = Some(now);
        if let Some(link) = self.feed.link.take() {
            self.layout.front_mut().close_link(link); // the feed is sealed
        }
        Ok(switched)
    }

    /// Puts a command of the exchange itself into the ring. False: the ring is full, or this core only follows.
    pub fn command(&mut self, command: &CommandBuffer) -> bool {
        self.layout.has_engine() && self.layout.front_mut().command(command).is_ok()
    }

    /// When [`Appliance::poll`] has something to do next, if no frame comes before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let feed = (self.feed.link.is_none() && self.follows()).then_some(self.feed.again_at);
        let names = (self.names.link.is_none() && self.publishing.is_some()).then_some(self.names.again_at);
        let of_front = self.layout.next_deadline();
        [of_front, self.runbook_wakes, feed, names].into_iter().flatten().min()
    }

    /// Its front.
    #[must_use]
    pub fn front(&self) -> &Front<T> {
        self.layout.front()
    }

    /// Its log.
    #[must_use]
    pub fn log(&self) -> &LogReader {
        &self.reader
    }

    /// Following: the audit, the state.
    #[must_use]
    pub fn follower(&self) -> &Follower {
        &self.follower
    }

    /// The takeover.
    #[must_use]
    pub fn runbook(&self) -> &Runbook {
        &self.runbook
    }

    /// Why the feed ended, if it did not end by itself.
    #[must_use]
    pub fn feed_end(&self) -> Option<&FeedEnd> {
        self.feed_end.as_ref()
    }

    /// Why the engine does not go on, if so.
    pub fn engine_halt(&mut self) -> Option<&EngineHalt> {
        self.layout.engine_halt()
    }

    /// Takes the machine back from the engine, when it has executed what is in the ring. None: this core only followed.
    pub fn stop(&mut self) -> Option<Machine> {
        self.layout.stop()
    }

    fn follows(&self) -> bool {
        let state = self.runbook.state(&self.follower);
        self.feed_end.is_none() && matches!(state, State::Empty | State::Syncing | State::InStep | State::Lagging)
    }

    /// The feed's side: connects, asks from where it stands, hands bytes to the follower.
    fn follow(&mut self, now: Instant) {
        if self.feed.link.is_none() && self.follows() && now >= self.feed.again_at {
            self.feed.open(self.layout.front_mut(), self.config.primary_feed, now);
        }
        if self.names.link.is_none() && self.publishing.is_some() && now >= self.names.again_at {
            self.names.open(self.layout.front_mut(), self.config.names, now);
        }
        while let Some(event) = self.layout.front_mut().link_event() {
            let (LinkEvent::Opened(link) | LinkEvent::Received(link) | LinkEvent::Closed(link, _)) = event;
            if self.feed.link == Some(link) {
                self.feed_event(event, link, now);
            } else if self.names.link == Some(link) {
                self.names_event(event, link, now);
            }
        }
        self.follower.tick(nanoseconds(now));
    }

    fn feed_event(&mut self, event: LinkEvent, link: LinkId, now: Instant) {
        let front = self.layout.front_mut();
        match event {
            LinkEvent::Opened(_) => {
                let request = self.follower.connected(nanoseconds(now));
                let sent = front.send_link(link, &request);
                assert_eq!(sent, Ok(request.len()), "a fresh connection has room for the request");
            }
            LinkEvent::Received(_) => {
                let mut end = None;
                front.link_bytes(link, |bytes| {
                    end = self.follower.feed(bytes, nanoseconds(now)).err();
                    bytes.len()
                });
                if let Some(end) = end {
                    front.close_link(link);
                    self.feed.lost(now);
                    self.follower.disconnected();
                    if matches!(end, FeedEnd::Diverged(_)) {
                        self.feed_end = Some(end);
                    }
                }
            }
            LinkEvent::Closed(..) => {
                self.feed.lost(now);
                self.follower.disconnected();
            }
        }
    }

    fn names_event(&mut self, event: LinkEvent, link: LinkId, now: Instant) {
        match event {
            LinkEvent::Opened(_) => {
                let Some(epoch) = self.publishing else { return };
                let mut buffer = [0; PUBLICATION_BYTES];
                let address = self.config.public_front;
                let data_center = self.config.front.data_center;
                let front = dataplane::names::Front { address, priority: 1, epoch, data_center };
                let length = write_fronts(&mut buffer, &[front]).expect("one front fits");
                let sent = self.layout.front_mut().send_link(link, &buffer[..length]);
                assert_eq!(sent, Ok(length), "a fresh connection has room for the publication");
            }
            LinkEvent::Received(_) => {
                let mut answer = None;
                self.layout.front_mut().link_bytes(link, |bytes| read_publication(bytes, &mut answer));
                if let Some(answer) = answer {
                    self.publishing = None;
                    self.layout.front_mut().close_link(link);
                    self.names.lost(now);
                    self.runbook.answer(answer, nanoseconds(now));
                    self.runbook_wakes = Some(now);
                }
            }
            LinkEvent::Closed(..) => self.names.lost(now),
        }
    }

    /// The runbook's side: it sees the log, and is done its requests.
    fn take_over(&mut self, now: Instant) {
        let released = self.reader.released();
        if self.layout.has_engine() && self.observed < released {
            for frame in self.reader.frames_from(self.observed) {
                if self.observed >= released {
                    break;
                }
                self.observed += frame.bytes().len() as u64;
                self.runbook.observed(&frame, nanoseconds(now));
            }
            self.runbook_wakes = self.runbook_wakes.map(|_| now);
        }
        if self.runbook_wakes.is_none_or(|at| now < at) {
            return;
        }
        if let Some(command) = self.waiting.take()
            && self.layout.front_mut().command(&command).is_err()
        {
            self.waiting = Some(command);
            return;
        }
        self.runbook_wakes = if self.runbook.is_finished() { None } else { Some(Instant::NEVER) };
        while let Some(request) = self.runbook.poll(nanoseconds(now)) {
            match request {
                Request::Fence => {
                    let answer = match (self.fence)() {
                        Ok(proof) => Answer::FenceProved(proof),
                        Err(why) => Answer::FenceNotProved(why),
                    };
                    self.runbook.answer(answer, nanoseconds(now));
                }
                Request::TakeMachine(machine) => {
                    self.observed = self.reader.released();
                    self.layout.start(*machine, self.config.threads, self.config.group_commit);
                }
                Request::Record(command) => {
                    if self.layout.front_mut().command(&command).is_err() {
                        self.waiting = Some(command);
                        self.runbook_wakes = Some(now);
                        return;
                    }
                }
                Request::PublishFronts { epoch } => self.publishing = Some(epoch),
                Request::Board => {
                    let counts = self.layout.front().board_counts();
                    let board = Board {
                        members: counts.participants,
                        logged_in: counts.logged_in,
                        ready: counts.ready,
                        hands: counts.hands,
                    };
                    self.runbook.answer(Answer::Board(board), nanoseconds(now));
                }
                Request::Wait(until) => {
                    self.runbook_wakes = Some(Instant::from_nanos(until.0));
                    return;
                }
            }
        }
    }
}

impl Connection {
    fn open<T: Transport>(&mut self, front: &mut Front<T>, remote: SocketAddrV4, now: Instant) {
        match front.connect_link(remote, now) {
            Ok(link) => self.link = Some(link),
            Err(_) => self.again_at = now + RECONNECT_AFTER,
        }
    }

    fn lost(&mut self, now: Instant) {
        self.link = None;
        self.again_at = now + RECONNECT_AFTER;
    }
}

/// Looks for the name service's answer to a publication; returns how many bytes are done with.
fn read_publication(bytes: &[u8], answer: &mut Option<Answer>) -> usize {
    let mut at = 0;
    while let Ok(next) = next_message(&bytes[at..]) {
        match next {
            Next::NeedMore => break,
            Next::Skip { length, .. } | Next::Heartbeat { length } => at += length,
            Next::Message { length, message } => {
                at += length;
                if message.tid() == tid::FRONTS && RspFronts::parse(&message).is_ok() {
                    *answer = Some(Answer::FrontsPublished);
                } else if message.tid() == tid::ERROR && Error::parse(&message).is_ok() {
                    *answer = Some(Answer::FrontsRefused { published: Epoch(0) });
                }
            }
        }
    }
    at
}

/// The engine's time of a moment: both count from the Unix epoch.
fn nanoseconds(now: Instant) -> Nanoseconds {
    Nanoseconds(now.nanos())
}
