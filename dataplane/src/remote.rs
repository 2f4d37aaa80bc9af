//! A front on another machine (前置外置): members' sessions there, the engine here.
//!
//! ```text
//! core ── feed ──► log of our own ──► Front ──► members          adopted byte for byte; nothing is decided here
//! core ◄─ uplink ── ring ◄── Front ◄── members                   uplink.rs: the same commands that the core's own fronts write
//! ```
//!
//! It speaks to members while both connections stand and its log has caught up with what the core had when it said welcome. When
//! either is lost, its members' sessions are ended, and what had not left for the core is dropped: members ask again, at
//! another front or here, under the same local ids, and resume their streams where they stopped. The log stays; a front that
//! comes back goes on with it.

use crate::front::{Front, FrontConfig, LinkEvent, LinkId};
use crate::queries::Inquirer;
use crate::ring::RingReceiver;
use crate::stages::{Beside, Standing};
use crate::uplink::{ALIVE_EVERY, Hello, RECORD_MAX, SILENT_AFTER, WELCOME_MAGIC, Welcome, Writer};
use engine::types::{Epoch, Sequence, Stamp};
use journal::{AppendRefused, CompleteFrame, FeedBuffer, FeedItem, FeedRequest, Log, LogReader, expected_epoch};
use net::{Instant, Transport};
use std::fmt;
use std::net::SocketAddrV4;
use std::time::Duration;
use zerocopy::FromBytes;

/// What a remote front is told once.
#[derive(Clone, Debug)]
pub struct RemoteConfig {
    /// The members' side. Its number is not one of the core's own fronts', and its data centre is the core's.
    pub front: FrontConfig,
    /// The core's feed.
    pub feed: SocketAddrV4,
    /// The core's port for fronts.
    pub uplink: SocketAddrV4,
    /// The only trading day to follow, yyyymmdd; 0 = whichever comes.
    pub trading_day: u32,
    /// Bytes a frame of the feed may take with all its parts.
    pub frame_limit: usize,
}

/// A front without an engine.
pub struct RemoteFront<T: Transport> {
    config: RemoteConfig,
    front: Front<T>,
    receiver: RingReceiver,
    log: Log,
    reader: LogReader,
    buffer: FeedBuffer,
    last: Stamp,
    feed: Line,
    up: Line,
    writer: Writer,
    /// Said by the core on the present uplink.
    welcome: Option<Welcome>,
    is_open: bool,
    presence: Vec<u64>,
    now_present: Vec<u64>,
    presence_due: Instant,
    halt: Option<RemoteHalt>,
    counters: RemoteCounters,
    beside: Option<Standing>,
}

/// What it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemoteCounters {
    /// Frames adopted.
    pub adopted: u64,
    /// Commands sent up.
    pub sent: u64,
    /// Commands dropped since the uplink was lost.
    pub dropped: u64,
    /// Times that it opened to members.
    pub opened: u64,
    /// Times that it ended all its sessions.
    pub shut: u64,
}

/// Why it does not go on; a restart begins with an empty log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteHalt {
    /// Our log is full.
    Log(AppendRefused),
    /// The core's log is another than the one we have.
    HistoryDiffers(Sequence),
}

/// A connection of ours, made again when it is lost.
#[derive(Default)]
struct Line {
    link: Option<LinkId>,
    is_open: bool,
    last_heard: Instant,
    /// When we said last that we live.
    told_at: Instant,
    again_at: Instant,
}

/// Wait before a lost connection is tried again.
const RECONNECT_AFTER: Duration = Duration::from_millis(100);

impl<T: Transport> RemoteFront<T> {
    /// A front over an empty log of its own.
    ///
    /// # Panics
    /// If the log is not empty.
    #[must_use]
    pub fn new(config: RemoteConfig, host: T, log: Log) -> Self {
        assert_eq!(log.committed(), 0, "a front's log begins empty: the feed brings all of it");
        let reader = log.reader();
        let (mut front, receiver) = Front::new(&config.front, host, reader.clone());
        front.set_open(false);
        RemoteFront {
            front,
            receiver,
            log,
            reader,
            buffer: FeedBuffer::new(config.frame_limit),
            config,
            last: Stamp::default(),
            feed: Line::default(),
            up: Line::default(),
            writer: Writer::new(),
            welcome: None,
            is_open: false,
            presence: Vec::new(),
            now_present: Vec::new(),
            presence_due: Instant::ZERO,
            halt: None,
            counters: RemoteCounters::default(),
            beside: None,
        }
    }

    /// Has queries answered by a stage over this front's own log, which is polled a piece at a time.
    pub fn answer_queries(&mut self, inquirer: Inquirer, stage: Box<dyn Beside>) {
        self.front.set_inquirer(inquirer);
        self.beside = Some(Standing::here(stage));
    }

    /// Does what has come and what is due.
    pub fn poll(&mut self, now: Instant) {
        self.front.poll_ingress(now);
        self.connect(now);
        while let Some(event) = self.front.link_event() {
            self.hear(event, now);
        }
        self.look_whether_it_speaks(now);
        self.carry(now);
        if let Some(beside) = &mut self.beside {
            beside.poll(false);
        }
        self.front.publish(now);
        self.front.poll_egress(now);
    }

    /// When [`RemoteFront::poll`] has something to do next, if no frame comes before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let line = |line: &Line| match line.is_open {
            true => line.last_heard + SILENT_AFTER,
            false => line.again_at,
        };
        let presence = self.up.is_open.then_some(self.presence_due);
        let beside = self.beside.as_ref().filter(|beside| beside.has_work()).map(|_| Instant::ZERO);
        let own = [Some(line(&self.feed)), presence, self.front.next_deadline(), beside];
        own.into_iter().flatten().min().filter(|_| self.halt.is_none())
    }

    /// Members may log in.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// The members' side.
    #[must_use]
    pub fn front(&self) -> &Front<T> {
        &self.front
    }

    /// Its log.
    #[must_use]
    pub fn log(&self) -> &LogReader {
        &self.reader
    }

    /// The feed and the uplink are connected.
    #[must_use]
    pub fn is_linked(&self) -> (bool, bool) {
        (self.feed.is_open, self.up.is_open)
    }

    /// What it did.
    #[must_use]
    pub fn counters(&self) -> &RemoteCounters {
        &self.counters
    }

    /// Why it does not go on, if so.
    #[must_use]
    pub fn halt(&self) -> Option<RemoteHalt> {
        self.halt
    }

    fn connect(&mut self, now: Instant) {
        if self.halt.is_some() {
            return;
        }
        if self.feed.link.is_none() && now >= self.feed.again_at {
            self.feed.begin(&mut self.front, self.config.feed, now);
        }
        // The hello names the epoch: there has to be one, and it has to be this core's.
        let may_ask = self.feed.is_open && self.front.has_epoch_of_ours();
        if self.up.link.is_none() && may_ask && now >= self.up.again_at {
            self.up.begin(&mut self.front, self.config.uplink, now);
        }
    }

    fn hear(&mut self, event: LinkEvent, now: Instant) {
        let (LinkEvent::Opened(link) | LinkEvent::Received(link) | LinkEvent::Closed(link, _)) = event;
        if self.feed.link == Some(link) {
            self.feed.last_heard = now;
            match event {
                LinkEvent::Opened(_) => self.ask_for_the_log(link),
                LinkEvent::Received(_) => self.take_feed(link, now),
                LinkEvent::Closed(..) => self.lose(now),
            }
        } else if self.up.link == Some(link) {
            self.up.last_heard = now;
            match event {
                LinkEvent::Opened(_) => {
                    self.up.is_open = true;
                    let (front, epoch) = (u32::from(self.config.front.number), self.last.epoch);
                    let hello = Hello { front, epoch, data_center: self.config.front.data_center, reserved: 0 };
                    let record = self.writer.hello(&hello);
                    let sent = self.front.send_link(link, record);
                    assert_eq!(sent, Ok(record.len()), "a fresh connection has room for the hello");
                    self.presence_due = now;
                }
                LinkEvent::Received(_) => self.take_welcome(link),
                LinkEvent::Closed(..) => self.lose_uplink(now),
            }
        }
    }

    /// Where we stand, as journal/FRAMES.md, "The feed", has it.
    fn ask_for_the_log(&mut self, link: LinkId) {
        self.feed.is_open = true;
        self.buffer.clear();
        let digest = self.reader.frame_of(self.last.sequence).map_or(0, |frame| frame.digests().state);
        let day = self.reader.trading_day().unwrap_or(self.config.trading_day);
        let request = FeedRequest::new(self.last.epoch, self.last.sequence, digest, day).write();
        let sent = self.front.send_link(link, &request);
        assert_eq!(sent, Ok(request.len()), "a fresh connection has room for the request");
    }

    fn take_feed(&mut self, link: LinkId, now: Instant) {
        let RemoteFront { front, buffer, log, reader, last, counters, .. } = self;
        let mut result = Ok(());
        front.link_bytes(link, |bytes| {
            let mut at = 0;
            while result.is_ok() && at < bytes.len() {
                at += buffer.push(&bytes[at..]);
                result = adopt(buffer, log, reader, last, counters);
            }
            bytes.len()
        });
        match result {
            Ok(()) => {}
            Err(Adopting::Over) => self.lose(now),
            Err(Adopting::Halt(halt)) => {
                self.halt = Some(halt);
                self.lose(now);
            }
        }
    }

    fn take_welcome(&mut self, link: LinkId) {
        let welcome = &mut self.welcome;
        self.front.link_bytes(link, |bytes| {
            let Ok((said, _)) = Welcome::read_from_prefix(bytes) else { return 0 };
            *welcome = (said.magic == WELCOME_MAGIC).then_some(said);
            bytes.len()
        });
    }

    /// Opens to members when all is there; gives up a connection that says nothing.
    fn look_whether_it_speaks(&mut self, now: Instant) {
        if self.feed.is_open && now >= self.feed.last_heard + SILENT_AFTER {
            self.lose(now);
        }
        if self.up.is_open && !self.front.has_epoch_of_ours() {
            self.lose_uplink(now);
        }
        let is_level = self.welcome.is_some_and(|welcome| {
            welcome.epoch == self.last.epoch && self.last.sequence >= welcome.last && self.front.is_idle_of_log()
        });
        if !self.is_open && is_level && self.feed.is_open && self.up.is_open {
            self.is_open = true;
            self.counters.opened += 1;
            self.front.set_open(true);
        }
    }

    /// The feed is lost, and with it the uplink: who hears nothing must not speak.
    fn lose(&mut self, now: Instant) {
        self.feed.lose(&mut self.front, now);
        self.buffer.clear();
        self.lose_uplink(now);
    }

    fn lose_uplink(&mut self, now: Instant) {
        self.up.lose(&mut self.front, now);
        self.welcome = None;
        if self.is_open {
            self.is_open = false;
            self.counters.shut += 1;
            self.front.set_open(false);
        }
        while self.receiver.next_record().is_some() {
            self.counters.dropped += 1;
        }
        self.receiver.release();
    }

    /// Commands from the ring to the uplink, as long as there is room for the longest; and who is logged in here.
    fn carry(&mut self, now: Instant) {
        let Some(link) = self.up.link.filter(|_| self.up.is_open) else { return };
        while self.front.link_room(link) >= RECORD_MAX {
            let Some(command) = self.receiver.next_record() else { break };
            let record = self.writer.command(command.bytes);
            if self.front.send_link(link, record) != Ok(record.len()) {
                return self.lose_uplink(now); // it has just closed
            }
            self.counters.sent += 1;
        }
        self.receiver.release();
        if now >= self.presence_due && self.front.link_room(link) >= RECORD_MAX {
            self.presence_due = now + ALIVE_EVERY / 10;
            self.front.presence(&mut self.now_present);
            if self.now_present == self.presence && now < self.up.told_at + ALIVE_EVERY {
                return;
            }
            std::mem::swap(&mut self.presence, &mut self.now_present);
            self.up.told_at = now;
            let record = self.writer.presence(&self.presence);
            if self.front.send_link(link, record) != Ok(record.len()) {
                self.lose_uplink(now);
            }
        }
    }
}

/// What adopting came to.
enum Adopting {
    /// The connection is of no more use.
    Over,
    Halt(RemoteHalt),
}

/// Appends the frames that came whole, byte for byte.
fn adopt(
    buffer: &mut FeedBuffer,
    log: &mut Log,
    reader: &LogReader,
    last: &mut Stamp,
    counters: &mut RemoteCounters,
) -> Result<(), Adopting> {
    loop {
        match buffer.next() {
            Err(_) => return Err(Adopting::Over),
            Ok(None) => return Ok(()),
            Ok(Some(FeedItem::Heartbeat(_))) => {}
            Ok(Some(FeedItem::Frame(frame))) => {
                let stamp = frame.stamp();
                if stamp.sequence <= last.sequence {
                    let ours = reader.frame_of(stamp.sequence);
                    if ours.is_none_or(|ours| ours.bytes() != frame.bytes()) {
                        return Err(Adopting::Halt(RemoteHalt::HistoryDiffers(stamp.sequence)));
                    }
                    continue;
                }
                if !follows(&frame, *last) {
                    return Err(Adopting::Over);
                }
                log.append_verbatim(&frame).map_err(|refused| Adopting::Halt(RemoteHalt::Log(refused)))?;
                *last = stamp;
                counters.adopted += 1;
            }
        }
    }
}

/// The frame is the next one of the log whose last stamp this is.
fn follows(frame: &CompleteFrame<'_>, last: Stamp) -> bool {
    let stamp = frame.stamp();
    let epoch: Epoch = expected_epoch(last.epoch, &frame.command(), frame.rejection().is_some());
    stamp.sequence.0 == last.sequence.0 + 1 && stamp.epoch == epoch && stamp.time >= last.time
}

impl Line {
    fn begin<T: Transport>(&mut self, front: &mut Front<T>, remote: SocketAddrV4, now: Instant) {
        self.last_heard = now;
        match front.connect_link(remote, now) {
            Ok(link) => self.link = Some(link),
            Err(_) => self.again_at = now + RECONNECT_AFTER,
        }
    }

    fn lose<T: Transport>(&mut self, front: &mut Front<T>, now: Instant) {
        if let Some(link) = self.link.take() {
            front.close_link(link);
        }
        self.is_open = false;
        self.again_at = now + RECONNECT_AFTER;
    }
}

impl fmt::Display for RemoteHalt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RemoteHalt::Log(refused) => refused.fmt(out),
            RemoteHalt::HistoryDiffers(sequence) => {
                write!(out, "the core's log is another than ours from sequence {sequence} on; start with an empty one")
            }
        }
    }
}
