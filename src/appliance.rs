//! Backstop as one node: a front on a port, the standby that follows and takes over, the engine's stage, and what they say to the
//! primary's feed and the name service. Time is passed in; `poll` does what has come and what is due.
//!
//! ```text
//! following    feed link → Follower (owns the machine, writes the log) → Front reads the log, refuses logins
//! switch       Runbook takes the machine, seals, fences, opens the epoch, hands the machine to the engine's stage
//! active       Front → ring → EngineStage (owns the machine, writes the log) → Front
//! ```

use dataplane::front::{Front, FrontConfig, LinkEvent, LinkId};
use dataplane::names::{FRONTS_MAX, write_fronts};
use dataplane::stages::{Halt, Layout, LayoutMap, Time};
use engine::IdStyle;
use engine::command::{CommandBuffer, MarketDataTick};
use engine::types::{Epoch, Nanoseconds};
use ftd::package::{Error, RspFronts};
use ftd::{Next, next_message, tid};
use journal::{Identity, Log, LogReader, Machine};
use net::{Instant, Transport};
use standby::{
    Answer, Board, FeedEnd, FollowSettings, Follower, NotSwitched, Options, Request, Runbook, RunbookSettings, State,
    Switched, command_of,
};
use std::net::SocketAddrV4;
use std::time::Duration;

/// First character of Backstop's OrderSysIds and TradeIds: no other core of the exchange uses it.
pub const ID_PREFIX: u8 = b'B';
/// Wait before a lost connection of ours is tried again.
const RECONNECT_AFTER: Duration = Duration::from_millis(100);
/// Longest publication of fronts: one FTD message.
const PUBLICATION_BYTES: usize = 4_200;

/// Who makes sure that the old core cannot speak any more: how that is known, or why it is not; None: not known yet, it is asked
/// again in the next poll.
pub type FenceHook = Box<dyn FnMut() -> Option<Result<String, String>> + Send>;

/// What an appliance is told once.
pub struct ApplianceConfig {
    /// Its front.
    pub front: FrontConfig,
    /// The primary's feed.
    pub primary_feed: SocketAddrV4,
    /// The name service's port for cores.
    pub names: SocketAddrV4,
    /// Its fronts as members shall know them, and their priority (less is better).
    pub public_fronts: Vec<(SocketAddrV4, i32)>,
    /// How it follows.
    pub follow: FollowSettings,
    /// Who decides about the runbook's times.
    pub runbook: RunbookSettings,
    /// Which thread runs which stage; a transport is needed for each of its fronts.
    pub map: LayoutMap,
    /// Where its threads have their time from.
    pub time: Time,
    /// What is told is on the disk (policy `sync`).
    pub group_commit: bool,
    /// What is answered of the market beside base data. None: queries are not offered.
    pub queries: Option<queries::Settings>,
    /// How often market data are published while it is the exchange.
    pub market_data_every: Duration,
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
    /// The name service has them.
    is_published: bool,
    /// The name service refused, and was asked what it has.
    names_refused: bool,
    /// The epoch that it has instead of ours, when it said so.
    published_instead: Option<Epoch>,
    /// A command of the runbook's that found the ring full.
    waiting: Option<Box<CommandBuffer>>,
    fence: FenceHook,
    /// The fence was asked for, and is not known yet.
    is_fencing: bool,
    config: ApplianceConfig,
    feed_end: Option<FeedEnd>,
    runbook_wakes: Option<Instant>,
    /// The last step of the calendar that was given.
    step_given: u32,
    next_tick: Instant,
}

/// A connection of ours that is made again when it is lost.
#[derive(Default)]
struct Connection {
    link: Option<LinkId>,
    is_open: bool,
    again_at: Instant,
}

impl<T: Transport + Send + 'static> Appliance<T> {
    /// An appliance that follows from the first poll on, over an empty log.
    ///
    /// # Panics
    /// If there are not as many hosts as the map has fronts; the first is the caller's thread's.
    #[must_use]
    pub fn new(config: ApplianceConfig, hosts: Vec<T>, log: Log, fence: FenceHook) -> Self {
        let identity = Identity { ids: IdStyle { prefix: ID_PREFIX }, data_center: config.front.data_center };
        Self::over(config, hosts, Machine::new(log, identity), fence)
    }

    /// An appliance that goes on from a log: follows from where it ends, or, if its epoch is our own, waits to be told
    /// ([`Appliance::go_on`], [`Appliance::switch`]). Everything that the log tells is taken in when this returns.
    #[must_use]
    pub fn recovered(config: ApplianceConfig, hosts: Vec<T>, machine: Machine, fence: FenceHook) -> Self {
        let mut appliance = Self::over(config, hosts, machine, fence);
        while !appliance.layout.front().is_idle() && appliance.layout.front().halt().is_none() {
            appliance.layout.front_mut().publish(Instant::ZERO);
        }
        appliance
    }

    fn over(config: ApplianceConfig, hosts: Vec<T>, machine: Machine, fence: FenceHook) -> Self {
        let reader = machine.reader().clone();
        let configs = config.front.several(hosts.len());
        let fronts = configs.iter().zip(hosts).map(|(front, host)| Front::new(front, host, reader.clone()));
        let mut fronts: Vec<_> = fronts.collect();
        let queries = config.queries.clone().map(|settings| {
            let (inquirers, answerer) = dataplane::queries::join(config.front.number, fronts.len());
            for ((front, _), inquirer) in fronts.iter_mut().zip(inquirers) {
                front.set_inquirer(inquirer);
            }
            queries::QueryStage::new(reader.clone(), answerer, settings)
        });
        let mut layout = Layout::new(config.map.clone(), fronts, config.time.clone());
        if let Some(stage) = queries {
            layout.stand_beside(Box::new(stage));
        }
        Appliance {
            layout,
            follower: Follower::new(machine, config.follow),
            runbook: Runbook::from_log(&reader, config.runbook),
            observed: reader.committed(),
            reader,
            feed: Connection::default(),
            names: Connection::default(),
            publishing: None,
            is_published: false,
            names_refused: false,
            published_instead: None,
            waiting: None,
            fence,
            is_fencing: false,
            config,
            feed_end: None,
            runbook_wakes: None,
            step_given: 0,
            next_tick: Instant::ZERO,
        }
    }

    /// Does what has come and what is due. Returns whether a stage did something.
    pub fn poll(&mut self, now: Instant) -> bool {
        let did = self.layout.poll(now);
        self.follow(now);
        self.take_over(now);
        self.run_the_day(now);
        did
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

    /// Goes on as the exchange in the log's own epoch, without a takeover: a day that we opened ourselves, or one that we had taken
    /// over before this process began, if the log holds all that was told. False: the epoch is not ours, or its takeover is not
    /// done.
    pub fn go_on(&mut self) -> bool {
        let fold = self.follower.fold();
        let ours = fold.data_center() == self.config.front.data_center && fold.epoch() > Epoch(0);
        let is_done = fold.takeover().is_none_or(|takeover| takeover.finished());
        if !ours || !is_done {
            return false;
        }
        let epoch = fold.epoch();
        let Some(machine) = self.follower.take_machine() else { return false };
        self.layout.start(machine, self.config.group_commit);
        self.publishing = Some(epoch);
        true
    }

    /// An operator decides to go on without what the takeover waits for: the fence, the name service, the members.
    pub fn override_step(&mut self, reason: String, now: Instant) {
        self.is_fencing = false;
        self.runbook.answer(Answer::Override(reason), nanoseconds(now));
        self.runbook_wakes = Some(now);
    }

    /// The primary's feed is connected.
    #[must_use]
    pub fn is_feed_open(&self) -> bool {
        self.feed.is_open
    }

    /// The name service has our fronts.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.is_published
    }

    /// The epoch for which the name service refused ours.
    #[must_use]
    pub fn published_instead(&self) -> Option<Epoch> {
        self.published_instead
    }

    /// Commands are executed here.
    #[must_use]
    pub fn has_engine(&self) -> bool {
        self.layout.has_engine()
    }

    /// The follower, to look at its machine.
    pub fn follower_mut(&mut self) -> &mut Follower {
        &mut self.follower
    }

    /// Puts a command of the exchange itself into the ring. False: the ring is full, or this core is not the exchange.
    pub fn command(&mut self, command: &CommandBuffer) -> bool {
        let is_exchange = self.layout.has_engine() && self.runbook.state(&self.follower) != State::Retired;
        is_exchange && self.layout.front_mut().command(command).is_ok()
    }

    /// When [`Appliance::poll`] has something to do next, if no frame comes before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let feed = (self.feed.link.is_none() && self.follows()).then_some(self.feed.again_at);
        let names = (self.names.link.is_none() && self.publishing.is_some()).then_some(self.names.again_at);
        let of_front = self.layout.next_deadline();
        let fence = self.is_fencing.then_some(Instant::ZERO);
        let tick = self.runs_the_day().then_some(self.next_tick);
        let calendar = self.runbook.fold().calendar();
        let step = self.keeps_the_calendar().then(|| calendar.next_at(self.step_given)).flatten();
        let step = step.map(|at| Instant::from_nanos(at.0));
        [of_front, self.runbook_wakes, feed, names, fence, tick, step].into_iter().flatten().min()
    }

    /// Its first front, on the caller's thread.
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

    /// Why a stage does not go on, if so.
    pub fn halt(&mut self) -> Option<Halt> {
        self.layout.halt()
    }

    /// The stages: what they did and where their threads are, and what all fronts know together.
    pub fn layout(&mut self) -> &mut Layout<T> {
        &mut self.layout
    }

    /// Takes the machine back from the engine, when it has executed what is in the ring. None: this core only followed.
    pub fn stop(&mut self) -> Option<Machine> {
        self.layout.stop()
    }

    /// This core is the exchange.
    fn is_exchange(&self) -> bool {
        let is_ours = self.layout.front().is_active() && self.runbook.state(&self.follower) != State::Retired;
        is_ours && self.layout.has_engine()
    }

    /// … of a day in which something still trades.
    fn runs_the_day(&self) -> bool {
        self.is_exchange() && !self.runbook.fold().is_closed()
    }

    /// … of a day that is not over, though every product may have closed, and no takeover is under way: what becomes due meanwhile is
    /// given after it (`standby::Calendar`).
    fn keeps_the_calendar(&self) -> bool {
        let fold = self.runbook.fold();
        self.is_exchange() && !fold.is_over() && fold.takeover().is_none_or(standby::fold::Takeover::finished)
    }

    /// Gives what the clock asks for: market data, and the steps of the day's calendar. What finds the ring full is given in the
    /// next poll.
    fn run_the_day(&mut self, now: Instant) {
        if self.runs_the_day()
            && now >= self.next_tick
            && self.command(&CommandBuffer::own(&MarketDataTick { reserved: 0 }))
        {
            self.next_tick = now + self.config.market_data_every;
        }
        if !self.keeps_the_calendar() {
            return;
        }
        while let Some(step) = self.runbook.fold().calendar().due(nanoseconds(now), self.step_given).copied() {
            if !self.command(&command_of(&step)) {
                return;
            }
            self.step_given = step.step;
        }
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
                self.feed.is_open = true;
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
                self.names_refused = false;
                let mut buffer = [0; PUBLICATION_BYTES];
                let data_center = self.config.front.data_center;
                let front = |&(address, priority)| dataplane::names::Front { address, priority, epoch, data_center };
                let fronts: Vec<_> = self.config.public_fronts.iter().take(FRONTS_MAX).map(front).collect();
                let length = write_fronts(&mut buffer, &fronts).expect("as many fronts as a message holds");
                let sent = self.layout.front_mut().send_link(link, &buffer[..length]);
                assert_eq!(sent, Ok(length), "a fresh connection has room for the publication");
            }
            LinkEvent::Received(_) => {
                let mut told = Vec::new();
                self.layout.front_mut().link_bytes(link, |bytes| read_publication(bytes, &mut told));
                for told in told {
                    let answer = match (told, self.names_refused) {
                        (NamesTold::Refused, _) => {
                            // Which epoch is published, the fronts say: a publication of none asks for them.
                            self.names_refused = true;
                            let mut buffer = [0; PUBLICATION_BYTES];
                            let length = write_fronts(&mut buffer, &[]).expect("no front fits");
                            // A connection that is over by now is made again, and refused again.
                            let _ = self.layout.front_mut().send_link(link, &buffer[..length]);
                            continue;
                        }
                        (NamesTold::Fronts(published), true) => Answer::FrontsRefused { published },
                        (NamesTold::Fronts(_), false) => Answer::FrontsPublished,
                    };
                    let ours = self.publishing.take();
                    self.is_published = answer == Answer::FrontsPublished;
                    self.published_instead = match answer {
                        Answer::FrontsRefused { published } => Some(published),
                        _ => None,
                    };
                    self.layout.front_mut().close_link(link);
                    self.names.lost(now);
                    self.runbook.answer(answer, nanoseconds(now));
                    self.runbook_wakes = Some(now);
                    if self.published_instead > ours {
                        self.retire();
                    }
                    break;
                }
            }
            LinkEvent::Closed(..) => self.names.lost(now),
        }
    }

    /// Another core is the exchange: whoever is logged in here is sent away, nobody is let in, and nothing is executed any more.
    fn retire(&mut self) {
        self.runbook.higher_epoch();
        self.layout.fronts(|front| front.set_open(false));
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
        if self.is_fencing {
            self.look_at_the_fence(now);
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
                    self.is_fencing = true;
                    self.look_at_the_fence(now);
                    if self.is_fencing {
                        return;
                    }
                }
                Request::TakeMachine(machine) => {
                    self.observed = self.reader.released();
                    self.layout.start(*machine, self.config.group_commit);
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
                    let counts = self.layout.board_counts();
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

impl<T: Transport> Appliance<T> {
    fn look_at_the_fence(&mut self, now: Instant) {
        let answer = match (self.fence)() {
            Some(Ok(proof)) => Answer::FenceProved(proof),
            Some(Err(why)) => Answer::FenceNotProved(why),
            None => return,
        };
        self.is_fencing = false;
        self.runbook.answer(answer, nanoseconds(now));
        self.runbook_wakes = Some(now);
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
        self.is_open = false;
        self.again_at = now + RECONNECT_AFTER;
    }
}

/// What the name service says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NamesTold {
    /// What is published now, with this epoch; 0 = nothing.
    Fronts(Epoch),
    /// Error: the epoch is lower than the published one.
    Refused,
}

/// Looks for the name service's answers; returns how many bytes are done with.
fn read_publication(bytes: &[u8], told: &mut Vec<NamesTold>) -> usize {
    let mut at = 0;
    while let Ok(next) = next_message(&bytes[at..]) {
        match next {
            Next::NeedMore => break,
            Next::Skip { length, .. } | Next::Heartbeat { length } => at += length,
            Next::Message { length, message } => {
                at += length;
                if message.tid() == tid::FRONTS
                    && let Ok(answer) = RspFronts::parse(&message)
                {
                    let epochs = answer.front.iter().map(|front| front.epoch.unsigned());
                    told.push(NamesTold::Fronts(Epoch(epochs.max().unwrap_or(0))));
                } else if message.tid() == tid::ERROR && Error::parse(&message).is_ok() {
                    told.push(NamesTold::Refused);
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

#[cfg(test)]
mod tests {
    use super::*;
    use dataplane::names::Front;

    #[test]
    fn a_refusal_and_the_published_epoch_are_read_one_after_the_other() {
        let front = |epoch| Front {
            address: "10.0.0.1:6001".parse().expect("an address"),
            priority: 1,
            epoch: Epoch(epoch),
            data_center: 2,
        };
        let mut bytes = vec![0; PUBLICATION_BYTES];
        let mut error = ftd::MessageWriter::new(&mut bytes, tid::ERROR, ftd::Series::DIALOG, ftd::SequenceNumber(0))
            .expect("there is room");
        error.push::<ftd::field::ErrorField>().expect("there is room");
        let refusal = error.finish();
        let fronts = write_fronts(&mut bytes[refusal..], &[front(7), front(7)]).expect("there is room");
        let mut told = Vec::new();
        assert_eq!(read_publication(&bytes[..refusal + fronts - 1], &mut told), refusal);
        assert_eq!(told, [NamesTold::Refused]);
        assert_eq!(read_publication(&bytes[refusal..refusal + fronts], &mut told), fronts);
        assert_eq!(told, [NamesTold::Refused, NamesTold::Fronts(Epoch(7))]);
    }
}
