//! Following a primary's feed: bytes in, frames adopted whole, a state that says how near we are.

use crate::audit::Audit;
use crate::fold::Fold;
use crate::state::{Happening, State};
use engine::Digests;
use engine::command::BodyView;
use engine::types::{Epoch, Nanoseconds, Sequence};
use journal::{
    Adopted, CompleteFrame, DigestMismatch, FeedBuffer, FeedItem, FeedRequest, FrameError, Heartbeat, Machine, Refused,
};
use std::fmt;

/// Owns the machine while it follows; a takeover takes it away.
pub struct Follower {
    machine: Option<Machine>,
    fold: Fold,
    buffer: FeedBuffer,
    settings: FollowSettings,
    state: State,
    audit: Audit,
    source: Source,
    /// Bytes of the present connection that were pushed into the buffer.
    pushed: u64,
    /// The present connection is of no more use.
    ended: bool,
    /// Bytes that came after the seal.
    refused_bytes: u64,
    last_byte: Nanoseconds,
}

/// What a follower has to know, and its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowSettings {
    /// Our data centre.
    pub data_center: u32,
    /// The only trading day to follow, yyyymmdd; 0 = whichever comes, then that one.
    pub trading_day: u32,
    /// Frames that the primary may be ahead before we are Lagging. At 100,000 frames a second, a tenth of a second.
    pub lag_frames: u64,
    /// How old an adopted frame may be, by our clock, before we are not level. For a busy feed, which has no heartbeats.
    pub lag_time: Nanoseconds,
    /// How long nothing may come before we are Lagging: three heartbeats.
    pub silence: Nanoseconds,
    /// The last epoch of our log is our own, and over: another core has taken over, and this log goes on from its feed (回切).
    pub retired: bool,
    /// Bytes a frame may take with all its parts. 64 MiB hold the events of 800,000 orders, cancelled at once.
    pub frame_limit: usize,
}

impl FollowSettings {
    /// The usual limits.
    #[must_use]
    pub fn new(data_center: u32) -> Self {
        FollowSettings {
            data_center,
            trading_day: 0,
            lag_frames: 10_000,
            lag_time: Nanoseconds(3_000_000_000),
            silence: Nanoseconds(3_000_000_000),
            retired: false,
            frame_limit: 64 << 20,
        }
    }
}

/// What is known of the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The highest epoch it has shown.
    pub epoch: Epoch,
    /// The last sequence that it said it recorded, or that came.
    pub last: Sequence,
    /// Its data centre; 0 = nothing came yet.
    pub data_center: u32,
}

/// What came of some bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fed {
    /// Frames adopted.
    pub adopted: u64,
    /// Frames that we had.
    pub repeats: u64,
}

/// Why a connection to a source is of no more use. The state is as before, but for [`FeedEnd::Diverged`].
#[derive(Clone, Debug, PartialEq)]
pub enum FeedEnd {
    /// The bytes are no feed.
    Malformed(FrameError),
    /// The source is a core that has been replaced.
    LowerEpoch {
        /// Its epoch.
        found: Epoch,
        /// The one we know.
        present: Epoch,
    },
    /// The source is in another trading day.
    OtherDay {
        /// Its day, yyyymmdd.
        found: u32,
        /// Ours.
        expected: u32,
    },
    /// The source does not send what was asked for: a frame is missing, or it has fewer than we.
    OutOfPlace {
        /// The sequence it named.
        found: Sequence,
        /// The next one, or our last.
        expected: Sequence,
    },
    /// The frame is refused for want of room in our log.
    NoRoom(Refused),
    /// The frame cannot have come of our state. We are sealed at the frame before it.
    Diverged(Refused),
    /// We follow no more: a takeover has sealed the feed, or we have diverged.
    Sealed,
}

/// What a follower leaves to a takeover.
pub struct Sealed {
    /// The machine at the cut.
    pub machine: Machine,
    /// The log at the cut.
    pub fold: Fold,
    /// What following found.
    pub audit: Audit,
    /// The state it was in.
    pub from: State,
    /// Bytes of a frame that did not come whole.
    pub torn_bytes: u64,
}

impl Follower {
    /// A follower over a machine: before its day, or recovered. One whose present epoch is our own data centre's follows nobody.
    #[must_use]
    pub fn new(machine: Machine, settings: FollowSettings) -> Self {
        let fold = Fold::of(machine.reader());
        let ours = fold.data_center() == settings.data_center && !settings.retired;
        let state = match fold.takeover() {
            _ if fold.last_sequence() == Sequence(0) => State::Empty,
            _ if !ours => State::Syncing,
            _ if fold.is_closed() => State::Closed,
            Some(takeover) if !takeover.finished() => {
                if takeover.done(6).is_some() {
                    State::Suspended
                } else {
                    State::Fencing
                }
            }
            _ => State::Continuous,
        };
        let source = Source { epoch: fold.epoch(), last: fold.last_sequence(), data_center: 0 };
        Follower {
            machine: Some(machine),
            fold,
            buffer: FeedBuffer::new(settings.frame_limit),
            settings,
            state,
            audit: Audit::default(),
            source,
            pushed: 0,
            ended: false,
            refused_bytes: 0,
            last_byte: Nanoseconds(0),
        }
    }

    /// A connection to a source stands: what is left of the one before is dropped. Returns the bytes to send.
    pub fn connected(&mut self, now: Nanoseconds) -> [u8; FeedRequest::SIZE] {
        self.disconnected();
        self.ended = false;
        self.last_byte = now;
        self.request()
    }

    /// Where we stand, as FRAMES.md, "The feed", has it.
    #[must_use]
    pub fn request(&self) -> [u8; FeedRequest::SIZE] {
        let digest = self.machine.as_ref().map_or(0, |machine| machine.state().digests().state);
        let (last, day) = (self.fold.last_sequence(), self.fold.trading_day());
        let day = if day == 0 { self.settings.trading_day } else { day };
        let digest = if last == Sequence(0) { 0 } else { digest };
        FeedRequest::new(self.fold.epoch(), last, digest, day).write()
    }

    /// The connection is gone: a frame that did not come whole is dropped.
    pub fn disconnected(&mut self) {
        self.audit.torn_bytes += self.torn_bytes();
        self.buffer.clear();
        self.pushed = 0;
    }

    /// Bytes of the feed, in any pieces. Frames that came whole are adopted when this returns.
    ///
    /// # Errors
    /// The connection is of no more use: see [`FeedEnd`]. Frames before the one that ends it are adopted.
    pub fn feed(&mut self, mut bytes: &[u8], now: Nanoseconds) -> Result<Fed, FeedEnd> {
        if self.machine.is_none() || self.ended || self.follows_nobody() {
            self.refused_bytes += bytes.len() as u64;
            return Err(FeedEnd::Sealed);
        }
        self.last_byte = now;
        let mut fed = Fed::default();
        loop {
            let count = self.buffer.push(bytes);
            self.pushed += count as u64;
            bytes = &bytes[count..];
            let taken = self.take_items(now, &mut fed);
            if let Err(end) = taken {
                self.ended = true;
                self.audit.feeds_ended += 1;
                self.refused_bytes += bytes.len() as u64;
                if let FeedEnd::Diverged(refused) = &end {
                    self.audit.impossible = Some(refused.clone());
                    self.happen(Happening::Impossible);
                }
                return Err(end);
            }
            if bytes.is_empty() {
                return Ok(fed);
            }
        }
    }

    /// Time passes without bytes.
    pub fn tick(&mut self, now: Nanoseconds) {
        if now.0.saturating_sub(self.last_byte.0) > self.settings.silence.0 {
            self.happen(Happening::Silent);
        }
    }

    /// The present state.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Ends the follower without a takeover: a core that was restarted in its own epoch, and whose log holds all that it told, goes on
    /// with its machine.
    #[must_use]
    pub fn into_machine(self) -> Option<Machine> {
        self.machine
    }

    /// As [`Follower::into_machine`]; what following found stays to be read. None: it was taken before.
    pub fn take_machine(&mut self) -> Option<Machine> {
        self.machine.take()
    }

    /// What following has found so far.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// What is known of the source.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// The log's fold so far.
    #[must_use]
    pub fn fold(&self) -> &Fold {
        &self.fold
    }

    /// The machine, while we have it: to read its state and log, to sync and touch ahead.
    pub fn machine(&mut self) -> Option<&mut Machine> {
        self.machine.as_mut()
    }

    /// Bytes that came when nothing was to be followed any more.
    #[must_use]
    pub fn refused_bytes(&self) -> u64 {
        self.refused_bytes
    }

    /// What an operator is shown before choosing to take over from here.
    #[must_use]
    pub fn evidence(&self, now: Nanoseconds) -> Evidence {
        Evidence {
            state: self.state,
            last: self.fold.last_sequence(),
            source: self.source,
            silent_for: Nanoseconds(now.0.saturating_sub(self.last_byte.0)),
            torn_bytes: self.torn_bytes(),
            audit: self.audit.clone(),
        }
    }

    /// Makes the cut: gives everything away; bytes that come from now on are refused. None: it was made before.
    pub(crate) fn seal(&mut self) -> Option<Sealed> {
        let machine = self.machine.take()?;
        let torn_bytes = self.torn_bytes();
        self.disconnected();
        let from = self.state;
        Some(Sealed { machine, fold: self.fold.clone(), audit: self.audit.clone(), from, torn_bytes })
    }

    /// Sees to it that a new epoch is higher than any that the source has shown.
    pub(crate) fn highest_epoch(&self) -> Epoch {
        self.fold.epoch().max(self.source.epoch)
    }

    pub(crate) fn data_center(&self) -> u32 {
        self.settings.data_center
    }

    pub(crate) fn has_machine(&self) -> bool {
        self.machine.is_some()
    }

    fn follows_nobody(&self) -> bool {
        self.state >= State::Diverged
    }

    fn torn_bytes(&self) -> u64 {
        self.pushed - self.buffer.offset()
    }

    fn happen(&mut self, happening: Happening) {
        if let Some(state) = self.state.after(happening) {
            self.state = state;
        }
    }

    /// Adopts what has come whole.
    fn take_items(&mut self, now: Nanoseconds, fed: &mut Fed) -> Result<(), FeedEnd> {
        let machine = self.machine.as_mut().expect("feed looked whether we still have it");
        let mut level = None;
        let result = loop {
            match self.buffer.next() {
                Err(error) => break Err(FeedEnd::Malformed(error)),
                Ok(None) => break Ok(()),
                Ok(Some(FeedItem::Heartbeat(heartbeat))) => {
                    self.audit.heartbeats += 1;
                    match take_heartbeat(machine, &heartbeat, &mut self.source, &mut self.audit) {
                        Ok(behind) => level = Some(behind <= self.settings.lag_frames),
                        Err(end) => break Err(end),
                    }
                    // Level means level: with the limit's worth of frames missing we neither rise to InStep nor fall from it.
                    if level == Some(true) && self.source.last != self.fold.last_sequence() {
                        level = None;
                    }
                }
                Ok(Some(FeedItem::Frame(frame))) => {
                    if let Err(end) = check_day(&frame, self.fold.trading_day(), self.settings.trading_day) {
                        break Err(end);
                    }
                    match machine.adopt(&frame) {
                        Ok(Adopted::Repeat) => {
                            self.audit.repeats += 1;
                            fed.repeats += 1;
                        }
                        Ok(Adopted::Next { difference, digest_mismatch, .. }) => {
                            self.fold.apply(&frame);
                            self.audit.adopted(difference, digest_mismatch);
                            fed.adopted += 1;
                            let stamp = frame.stamp();
                            self.source.last = self.source.last.max(stamp.sequence);
                            self.source.epoch = self.source.epoch.max(stamp.epoch);
                            self.source.data_center = frame.data_center();
                            let age = now.0.saturating_sub(stamp.time.0);
                            level = Some(age <= self.settings.lag_time.0 && self.source.last == stamp.sequence);
                        }
                        Err(refused) => break Err(feed_end(refused)),
                    }
                }
            }
        };
        if fed.adopted > 0 {
            self.happen(Happening::Adopted);
        }
        match level {
            Some(true) => self.happen(Happening::Level),
            Some(false) if self.is_far_behind(now) => self.happen(Happening::Behind),
            _ => {}
        }
        result
    }

    /// Beyond the limits, by number or by the age of the newest frame.
    fn is_far_behind(&self, now: Nanoseconds) -> bool {
        let frames = self.source.last.0 - self.fold.last_sequence().0.min(self.source.last.0);
        let age = now.0.saturating_sub(self.fold.time().0);
        frames > self.settings.lag_frames || age > self.settings.lag_time.0
    }
}

/// A heartbeat says how far the source is. Returns how many frames we are behind.
fn take_heartbeat(
    machine: &Machine,
    heartbeat: &Heartbeat,
    source: &mut Source,
    audit: &mut Audit,
) -> Result<u64, FeedEnd> {
    let (stamp, state) = (heartbeat.stamp, machine.state());
    if stamp.epoch < state.epoch() {
        return Err(FeedEnd::LowerEpoch { found: stamp.epoch, present: state.epoch() });
    }
    if stamp.sequence < state.last_sequence() {
        return Err(FeedEnd::OutOfPlace { found: stamp.sequence, expected: state.last_sequence() });
    }
    source.epoch = source.epoch.max(stamp.epoch);
    source.last = source.last.max(stamp.sequence);
    source.data_center = heartbeat.data_center;
    let digests: Digests = state.digests();
    if stamp.sequence == state.last_sequence() && heartbeat.digests != digests {
        // A frame that said the same was counted when it came. A heartbeat alone is the first to differ only if the source's state
        // changed without a frame.
        if audit.first_digest_mismatch.is_none() {
            let (sequence, theirs) = (stamp.sequence, heartbeat.digests);
            audit.digest_mismatches += 1;
            audit.first_digest_mismatch = Some(DigestMismatch { sequence, ours: digests, theirs });
        }
    }
    Ok(stamp.sequence.0 - state.last_sequence().0)
}

/// A day begins with DayOpen, which says which day it is.
fn check_day(frame: &CompleteFrame<'_>, present: u32, wanted: u32) -> Result<(), FeedEnd> {
    let BodyView::DayOpen(day) = frame.command().body else { return Ok(()) };
    let expected = if present == 0 { wanted } else { present };
    if expected != 0 && day.trading_day != expected {
        return Err(FeedEnd::OtherDay { found: day.trading_day, expected });
    }
    Ok(())
}

/// What a refused frame means for the feed.
fn feed_end(refused: Refused) -> FeedEnd {
    match refused {
        Refused::EpochLower { found, present } => FeedEnd::LowerEpoch { found, present },
        Refused::Gap { found, expected } => FeedEnd::OutOfPlace { found, expected },
        Refused::Log(_) => FeedEnd::NoRoom(refused),
        // What is left contradicts what we hold, or itself: the source is not the core whose log we have.
        Refused::EpochNotOpened { .. }
        | Refused::HistoryDiffers { .. }
        | Refused::TimeBackwards { .. }
        | Refused::NoDay
        | Refused::Impossible { .. } => FeedEnd::Diverged(refused),
    }
}

/// What an operator is shown before choosing to take over from Lagging or Diverged.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Where we are.
    pub state: State,
    /// The last frame we hold whole.
    pub last: Sequence,
    /// What the source told.
    pub source: Source,
    /// How long nothing came.
    pub silent_for: Nanoseconds,
    /// Bytes of a frame that has not come whole.
    pub torn_bytes: u64,
    /// What following found.
    pub audit: Audit,
}

impl fmt::Display for Evidence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "状态 {}: 我方 ours {}, 主系统 source {} (epoch {}), 静默 silent for {} ms, 残余 torn {} bytes",
            self.state,
            self.last,
            self.source.last,
            self.source.epoch,
            self.silent_for.0 / 1_000_000,
            self.torn_bytes
        )?;
        self.audit.fmt(out)
    }
}

impl fmt::Display for FeedEnd {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FeedEnd::Malformed(error) => write!(out, "数据流无法解析 the bytes are no feed: {error}"),
            FeedEnd::LowerEpoch { found, present } => {
                write!(out, "数据源已被取代 the source is of epoch {found}, expected {present} or higher")
            }
            FeedEnd::OtherDay { found, expected } => {
                write!(out, "交易日不符 the source is in trading day {found}, expected {expected}")
            }
            FeedEnd::OutOfPlace { found, expected } => {
                write!(out, "序号不符 the source is at sequence {found}, expected {expected}")
            }
            FeedEnd::NoRoom(refused) => write!(out, "日志已满 no room: {refused}"),
            FeedEnd::Diverged(refused) => write!(out, "背离 diverged: {refused}"),
            FeedEnd::Sealed => write!(out, "已封存 sealed: no feed is taken"),
        }
    }
}

impl std::error::Error for FeedEnd {}
