//! The state and the log that are equal, and the four ways to go on (design §1).
//!
//! | mode | method | what runs |
//! |---|---|---|
//! | active | [`Machine::execute`] | `admit`, `decide`, `evolve` what it decided, `record` |
//! | standby | [`Machine::adopt`] | our `decide` beside the primary's events; `evolve` and `record` the primary's |
//! | recovery | [`Machine::recover`] | `evolve` what the log holds |
//! | replay 反演 | [`Machine::replay`] | standby over another log |
//!
//! Between two calls the state is what the log's frames make of an empty one, always: a frame is looked at whole, room
//! for it is found, and only then is its first event applied. A panic while evolving therefore leaves the log whole,
//! and the machine must not be used any more.

use crate::complete::{CompleteFrame, expected_epoch};
use crate::frame::{FrameToWrite, frame_length};
use crate::log::{AppendRefused, Log, LogReader};
use crate::memory::ask_for_huge_pages;
use engine::command::{Command, CommandKind};
use engine::event::Event;
use engine::reject::Reject;
use engine::types::{Epoch, Nanoseconds, Sequence, Stamp};
use engine::{
    Ahead, Digests, Draft, IdStyle, Impossible, State, decide_guarded, evolve, evolve_decided, first_difference, seal,
    validate,
};
use std::fmt;

/// The state, and the log of how it became so.
pub struct Machine {
    state: State,
    log: Log,
    reader: LogReader,
    draft: Draft,
    ahead: Ahead,
    /// The events of a frame in parts, side by side.
    together: Vec<Event>,
    data_center: u32,
}

/// Who decides, when this machine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// How it writes OrderSysId and TradeId.
    pub ids: IdStyle,
    /// Where it stands; in the frames it writes.
    pub data_center: u32,
}

/// A command that was executed and recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// When and where in the log.
    pub stamp: Stamp,
    /// Where its frame begins in the log.
    pub offset: u64,
    /// The digests after it.
    pub digests: Digests,
    /// It was refused, and why.
    pub rejected: Option<Reject>,
    /// Deciding panicked: the command was refused and recorded; somebody should know. The panic's words.
    pub alarm: Option<String>,
}

/// Why a command was not executed. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotExecuted {
    /// A log begins with a DayOpen that is accepted; this command was refused, and there is no day to record that in.
    NoDay(Reject),
    /// There is no room for it in the log.
    Log(AppendRefused),
}

/// What became of a frame of the primary's that was not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adopted {
    /// It was the next one, and is now in our state and our log as it came.
    Next {
        /// Where it begins in our log.
        offset: u64,
        /// Where our judgement is another than the primary's.
        difference: Option<Box<AuditDifference>>,
        /// What the primary says of the state after it, if it is not so. The events are what members were told and
        /// stay.
        digest_mismatch: Option<DigestMismatch>,
    },
    /// We have it, byte for byte.
    Repeat,
}

/// Where we would have decided otherwise, at the first event that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditDifference {
    /// Which frame.
    pub sequence: Sequence,
    /// What was asked.
    pub kind: CommandKind,
    /// Which of its events, from 0.
    pub event: usize,
    /// Our event; none: we would have had no more.
    pub ours: Option<Event>,
    /// Theirs; none: they had no more.
    pub theirs: Option<Event>,
    /// In words.
    pub what: String,
}

/// A frame's digests are not those of the state after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestMismatch {
    /// Which frame.
    pub sequence: Sequence,
    /// Of the state.
    pub ours: Digests,
    /// In the frame.
    pub theirs: Digests,
}

/// Why a frame was refused. Nothing changed. The numbers are metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Refused {
    /// The frame is of a core that has been replaced.
    EpochLower {
        /// The frame's.
        found: Epoch,
        /// The state's.
        present: Epoch,
    } = 1,
    /// Its epoch is one that nobody has opened.
    EpochNotOpened {
        /// The frame's.
        found: Epoch,
        /// The one that its command would bring.
        expected: Epoch,
    } = 2,
    /// Frames are missing before it.
    Gap {
        /// The frame's.
        found: Sequence,
        /// The next one.
        expected: Sequence,
    } = 3,
    /// We have another frame under its sequence.
    HistoryDiffers {
        /// The frame's.
        sequence: Sequence,
    } = 4,
    /// Time runs back.
    TimeBackwards {
        /// The frame's.
        found: Nanoseconds,
        /// The state's.
        present: Nanoseconds,
    } = 5,
    /// The first frame is not a DayOpen that was accepted.
    NoDay = 6,
    /// Its events cannot have come of this state.
    Impossible {
        /// The frame's.
        sequence: Sequence,
        /// Why not.
        why: Impossible,
    } = 7,
    /// There is no room for it in the log.
    Log(AppendRefused) = 8,
}

impl Machine {
    /// A machine before its day, over an empty log.
    ///
    /// # Panics
    /// If the log has frames: see [`Machine::recover`].
    #[must_use]
    pub fn new(log: Log, identity: Identity) -> Self {
        assert_eq!(log.committed(), 0, "a new machine begins with an empty log");
        Self::over(log, identity)
    }

    fn over(log: Log, identity: Identity) -> Self {
        let reader = log.reader();
        let draft = Draft::new(identity.ids);
        Machine {
            state: State::new(),
            log,
            reader,
            draft,
            ahead: Ahead::new(),
            together: Vec::new(),
            data_center: identity.data_center,
        }
    }

    /// Active: executes a command at the time `now`. What came of it is in the log when this returns; whether it may be
    /// told is the log's to say ([`LogReader::released`]).
    ///
    /// # Errors
    /// There is no day yet, or no room in the log. Nothing changed.
    #[inline]
    pub fn execute(&mut self, command: &Command<'_>, now: Nanoseconds) -> Result<Executed, NotExecuted> {
        let mut stamp = admit(&self.state, command, now);
        let alarm = decide_guarded(&self.state, stamp, command, &mut self.draft).err().map(|fault| fault.message);
        let rejected = self.draft.rejected();
        if self.state.day().is_none()
            && let Some(reject) = rejected
        {
            return Err(NotExecuted::NoDay(reject));
        }
        if rejected.is_some() {
            // A refused EpochOpen opened nothing, whatever refused it.
            stamp.epoch = self.state.epoch();
        }
        let events = self.draft.events();
        let length = frame_length(command.bytes.len(), events.len());
        self.log.room_for(length).map_err(NotExecuted::Log)?;
        evolve_decided(&mut self.state, stamp, command, &self.draft);
        let digests = seal(&mut self.state, stamp);
        let frame = FrameToWrite { stamp, digests, data_center: self.data_center, command: command.bytes, events };
        let offset = record(&mut self.log, &frame, length);
        Ok(Executed { stamp, offset, digests, rejected, alarm })
    }

    /// Standby: takes the primary's frame as it is, if it can be, and says where we would have decided otherwise.
    ///
    /// # Errors
    /// See [`Refused`]; nothing changed.
    pub fn adopt(&mut self, frame: &CompleteFrame<'_>) -> Result<Adopted, Refused> {
        if self.is_repeat(frame)? {
            return Ok(Adopted::Repeat);
        }
        let (stamp, command) = (frame.stamp(), frame.command());
        let theirs = frame.events_together(&mut self.together);
        if self.state.day().is_none() && frame.rejection().is_some() {
            return Err(Refused::NoDay);
        }
        // Our own panic is a difference like any other: it becomes DecideFault in the draft.
        let _ = decide_guarded(&self.state, stamp, &command, &mut self.draft);
        let ours = self.draft.events();
        let mut difference = None;
        // Equal to the last text: what we decided ourselves can be applied. Else it has to be proved.
        if ours != theirs {
            validate(&self.state, stamp, &command, theirs)
                .map_err(|why| Refused::Impossible { sequence: stamp.sequence, why })?;
            difference = audit(stamp.sequence, &command, ours, theirs);
        }
        self.log.room_for(frame.bytes().len()).map_err(Refused::Log)?;
        let digests = evolve_all(&mut self.state, stamp, &command, theirs);
        let offset = record_verbatim(&mut self.log, frame);
        let digest_mismatch = compare_digests(frame, digests);
        Ok(Adopted::Next { offset, difference, digest_mismatch })
    }

    /// Whether we have the frame already; or why it is not the next one.
    fn is_repeat(&self, frame: &CompleteFrame<'_>) -> Result<bool, Refused> {
        let (stamp, present) = (frame.stamp(), self.state.epoch());
        if stamp.epoch < present {
            return Err(Refused::EpochLower { found: stamp.epoch, present });
        }
        let next = Sequence(self.state.last_sequence().0 + 1);
        if stamp.sequence < next {
            let ours = self.reader.frame_of(stamp.sequence).expect("the log holds every frame of the state");
            let same = ours.bytes() == frame.bytes();
            return if same { Ok(true) } else { Err(Refused::HistoryDiffers { sequence: stamp.sequence }) };
        }
        if stamp.sequence > next {
            return Err(Refused::Gap { found: stamp.sequence, expected: next });
        }
        let expected = expected_epoch(present, &frame.command(), frame.rejection().is_some());
        if stamp.epoch != expected {
            return Err(Refused::EpochNotOpened { found: stamp.epoch, expected });
        }
        if stamp.time < self.state.time() {
            return Err(Refused::TimeBackwards { found: stamp.time, present: self.state.time() });
        }
        Ok(false)
    }

    /// Recovery: the machine as it was after the log's last frame.
    ///
    /// # Errors
    /// An event of a kind that the engine does not know. Frames whose digests are not those of the state are in
    /// [`Recovery`]: a primary's may have claimed wrongly and been adopted; one of our own epochs is a reason not to go
    /// on.
    ///
    /// # Panics
    /// If frames are whole but cannot have come of one another: evolving has no judgement.
    pub fn recover(log: Log, identity: Identity) -> Result<Recovery, NotRecovered> {
        let mut machine = Self::over(log, identity);
        let (mut frames, mut mismatches, mut first_mismatch) = (0, 0, None);
        let reader = machine.log.reader();
        for frame in reader.frames_from(0) {
            let (stamp, command) = (frame.stamp(), frame.command());
            let events = frame.events_together(&mut machine.together);
            if let Some(event) = events.iter().position(|event| event.view().is_none()) {
                return Err(NotRecovered { sequence: stamp.sequence, event });
            }
            let digests = evolve_all(&mut machine.state, stamp, &command, events);
            frames += 1;
            if let Some(mismatch) = compare_digests(&frame, digests) {
                mismatches += 1;
                first_mismatch.get_or_insert(mismatch);
            }
        }
        Ok(Recovery { machine, frames, mismatches, first_mismatch })
    }

    /// Replay 反演: adopts another log's frames from the one behind ours on, until its present end or the first one that
    /// is refused.
    pub fn replay(&mut self, source: &LogReader) -> Replay {
        let mut report = Replay::default();
        let next = Sequence(self.state.last_sequence().0 + 1);
        let Some(offset) = source.offset_of(next) else { return report };
        for frame in source.frames_from(offset) {
            match self.adopt(&frame) {
                Ok(Adopted::Next { difference, digest_mismatch, .. }) => {
                    report.frames += 1;
                    report.differences += u64::from(difference.is_some());
                    report.digest_mismatches += u64::from(digest_mismatch.is_some());
                    report.first_difference = report.first_difference.or(difference);
                    report.first_digest_mismatch = report.first_digest_mismatch.or(digest_mismatch);
                }
                Ok(Adopted::Repeat) => unreachable!("frames_from starts behind our last sequence"),
                Err(refused) => {
                    report.refused = Some(refused);
                    break;
                }
            }
        }
        report
    }

    /// The state, to be read.
    #[inline]
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What was decided last, by us: after `execute` its events, after `adopt` what we would have decided.
    #[inline]
    #[must_use]
    pub fn decided(&self) -> &[Event] {
        self.draft.events()
    }

    /// The log, to be read on this thread; clone it for others.
    #[inline]
    #[must_use]
    pub fn reader(&self) -> &LogReader {
        &self.reader
    }

    /// The log, for its housekeeping: `sync`, `take_syncer`, `touch_ahead`. Frames come only from the machine: a frame
    /// appended past it would have a sequence that the state does not know, and the next one would be refused by an
    /// assertion.
    #[must_use]
    pub fn log(&mut self) -> &mut Log {
        &mut self.log
    }

    /// Whether looking ahead pays: see [`Ahead::pays`].
    #[inline]
    #[must_use]
    pub fn looks_ahead(&self) -> bool {
        Ahead::pays(&self.state)
    }

    /// Looks at a command some commands before its turn, so that what it will read is in the cache by then: see [`Ahead`].
    #[inline]
    pub fn look_ahead(&mut self, command: &Command<'_>) {
        self.ahead.look(&self.state, command);
    }

    /// Touches every page of the state's tables, huge ones where they are to be had: to be called when the day is open and before
    /// the first order.
    pub fn touch_state(&mut self) {
        self.state.regions().for_each(ask_for_huge_pages);
        self.state.touch_pages();
    }

    /// Ends the machine; what is left is its log.
    #[must_use]
    pub fn into_log(self) -> Log {
        self.log
    }
}

/// Gives a command its place: the present epoch, or the one that it opens; the next sequence; and a time that never
/// runs back, also if a core before us had a clock that was ahead.
#[inline]
#[must_use]
fn admit(state: &State, command: &Command<'_>, now: Nanoseconds) -> Stamp {
    Stamp {
        epoch: expected_epoch(state.epoch(), command, false),
        sequence: Sequence(state.last_sequence().0 + 1),
        time: now.max(state.time()),
    }
}

/// Applies all events of a frame and ends it.
#[inline]
fn evolve_all(state: &mut State, stamp: Stamp, command: &Command<'_>, events: &[Event]) -> Digests {
    for event in events {
        evolve(state, stamp, command, event);
    }
    seal(state, stamp)
}

/// Writes what was decided and evolved into the log; room was found before.
#[inline]
fn record(log: &mut Log, frame: &FrameToWrite<'_>, length: usize) -> u64 {
    log.append_in_room(frame, length)
}

/// Writes the primary's frame into the log, byte for byte; room was found before.
#[inline]
fn record_verbatim(log: &mut Log, frame: &CompleteFrame<'_>) -> u64 {
    log.append_verbatim(frame).expect("room was found before evolving")
}

fn audit(sequence: Sequence, command: &Command<'_>, ours: &[Event], theirs: &[Event]) -> Option<Box<AuditDifference>> {
    let difference = first_difference(ours, theirs)?;
    Some(Box::new(AuditDifference {
        sequence,
        kind: command.body.kind(),
        event: difference.index,
        ours: ours.get(difference.index).copied(),
        theirs: theirs.get(difference.index).copied(),
        what: difference.what,
    }))
}

fn compare_digests(frame: &CompleteFrame<'_>, ours: Digests) -> Option<DigestMismatch> {
    let theirs = frame.digests();
    (ours != theirs).then_some(DigestMismatch { sequence: frame.stamp().sequence, ours, theirs })
}

/// A machine that was recovered, and what was noticed.
pub struct Recovery {
    /// The machine.
    pub machine: Machine,
    /// Frames that were applied.
    pub frames: u64,
    /// Frames whose digests are not those of the state after them.
    pub mismatches: u64,
    /// The first of them.
    pub first_mismatch: Option<DigestMismatch>,
}

/// A log that this engine cannot apply: an event of a kind that it does not know. A later engine wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRecovered {
    /// Which frame.
    pub sequence: Sequence,
    /// Which of its events, from 0.
    pub event: usize,
}

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Frames that were adopted.
    pub frames: u64,
    /// Of them, those that we would have decided otherwise.
    pub differences: u64,
    /// The first of those.
    pub first_difference: Option<Box<AuditDifference>>,
    /// Frames whose digests are not those of the state after them.
    pub digest_mismatches: u64,
    /// The first of those.
    pub first_digest_mismatch: Option<DigestMismatch>,
    /// The frame behind the last adopted one was refused.
    pub refused: Option<Refused>,
}

impl fmt::Display for NotExecuted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotExecuted::NoDay(reject) => {
                write!(out, "no day is open and nothing can be recorded: {}", reject.english())
            }
            NotExecuted::Log(refused) => refused.fmt(out),
        }
    }
}

impl fmt::Display for NotRecovered {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "sequence {}: event {} is of an unknown kind, expected one of event.rs", self.sequence, self.event)
    }
}

impl fmt::Display for AuditDifference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "sequence {}, {:?}, event {}: {}", self.sequence, self.kind, self.event, self.what)
    }
}

impl fmt::Display for DigestMismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DigestMismatch { sequence, ours, theirs } = self;
        write!(
            out,
            "sequence {sequence}: the frame says digests {:016X} {:016X}, the state has {:016X} {:016X}",
            theirs.state, theirs.local_ids, ours.state, ours.local_ids
        )
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::EpochLower { found, present } => {
                write!(out, "epoch {found} is over, expected {present} or higher")
            }
            Refused::EpochNotOpened { found, expected } => {
                write!(out, "epoch {found} was not opened, expected {expected}")
            }
            Refused::Gap { found, expected } => write!(out, "sequence {found} came, expected {expected}"),
            Refused::HistoryDiffers { sequence } => {
                write!(out, "sequence {sequence} came again with other bytes, expected those that are recorded")
            }
            Refused::TimeBackwards { found, present } => write!(out, "time {found} came, expected at least {present}"),
            Refused::NoDay => write!(out, "the first frame is no accepted DayOpen, expected one"),
            Refused::Impossible { sequence, why } => write!(out, "sequence {sequence} is impossible: {why}"),
            Refused::Log(refused) => refused.fmt(out),
        }
    }
}

impl std::error::Error for NotExecuted {}
impl std::error::Error for NotRecovered {}
impl std::error::Error for Refused {}
