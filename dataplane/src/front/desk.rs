//! What all sessions share: the folds over the log, the ring's sender, the seats' flow, the lists of who waits for what.

use crate::directory::{Contradiction, Directory};
use crate::front::board::Board;
use crate::front::broadcast::Rendered;
use crate::front::counters::{FrontCounters, FrontMarks};
use crate::front::disconnect::Owed;
use crate::front::in_doubt::InDoubtReport;
use crate::front::pace::Pace;
use crate::front::{FrontConfig, Place};
use crate::multicast::Source;
use crate::queries::Inquirer;
use crate::render::{Hand, MESSAGE_SIZE_MAX, market_data_size_max};
use crate::ring::RingSender;
use crate::session::answer::Moment;
use crate::session::flow::SeatFlows;
use crate::session::login::{DialogNumber, LoginPolicy};
use crate::session::proof::NonceSource;
use crate::session::{Cursor, Ending, Session, answer};
use crate::streams::{Stream, StreamIndex};
use engine::command::{BodyView, Command, CommandHeader, SeatBlock};
use engine::event::{Event, EventView};
use engine::types::{ParticipantIndex, UserIndex};
use journal::{FrameView, Heartbeat, LogReader};
use net::Instant;

/// What all sessions share.
pub(crate) struct Desk {
    pub(crate) settings: DeskSettings,
    pub(crate) reader: LogReader,
    pub(crate) sender: RingSender,
    pub(crate) directory: Directory,
    pub(crate) streams: StreamIndex,
    pub(crate) nonces: NonceSource,
    pub(crate) flows: SeatFlows,
    /// Users whose orders are to be cancelled, for whom the ring had no room.
    pub(crate) owed: Owed,
    pub(crate) board: Board,
    pub(crate) in_doubt: InDoubtReport,
    pub(crate) counters: FrontCounters,
    pub(crate) marks: FrontMarks,
    pub(crate) pace: Pace,
    /// Queries go there; none: they are not offered.
    pub(crate) inquirer: Option<Inquirer>,
    /// Broadcast messages that were rendered lately.
    pub(crate) rendered: Rendered,
    /// The order that members were told last.
    pub(crate) hand: Hand,
    /// The last frame taken in, as a follower is told of it.
    pub(crate) last: Heartbeat,
    pub(crate) now: Instant,
    /// The machine's clock when the present burst came in; 0 without a clock.
    pub(crate) machine_now: u64,
    /// Dialog logins so far; wraps.
    pub(crate) dialogs: u16,
    /// No session has anything due by time alone before this.
    pub(crate) wake: Instant,
    /// Places of sessions to be served, each once.
    pub(crate) listed: Vec<u32>,
    /// Places of sessions whose bytes were left with TCP, each once.
    pub(crate) held_back: Vec<u32>,
    /// Places of sessions that hear a participant's private stream, by participant.
    pub(super) private_listeners: Vec<Vec<u32>>,
    /// Participants with such sessions.
    listening: Vec<ParticipantIndex>,
    /// Messages of each private stream when its listeners were listed last, by participant.
    pub(super) told: Vec<u32>,
    /// Places of sessions that hear the broadcast stream.
    broadcast_listeners: Vec<u32>,
    /// Messages of the broadcast stream when its listeners were listed last.
    broadcast_told: u32,
    /// Frames from here on were recorded while this front was there: only those are answered.
    pub(super) live_from: u64,
    /// The base data's addresses changed.
    pub(crate) has_new_addresses: bool,
    /// Members are let in, if the epoch is ours.
    pub(crate) is_open: bool,
}

/// What a desk is told once.
pub(crate) struct DeskSettings {
    pub(crate) data_center: u32,
    pub(crate) login_policy: LoginPolicy,
    /// Which of the core's fronts this is.
    pub(crate) front: u8,
}

impl Desk {
    /// A desk for so many sessions at once: its lists have room for all of them.
    pub(crate) fn new(config: &FrontConfig, sessions: usize, reader: LogReader, sender: RingSender) -> Self {
        Desk {
            settings: DeskSettings {
                data_center: config.data_center,
                login_policy: config.login_policy,
                front: config.number,
            },
            live_from: reader.committed(),
            reader,
            sender,
            directory: Directory::new().telling(config.text),
            streams: StreamIndex::new(config.streams),
            nonces: NonceSource::new(config.nonce_seed),
            flows: SeatFlows::new(config.seats.clone()),
            owed: Owed::default(),
            board: Board::default(),
            in_doubt: InDoubtReport::default(),
            counters: FrontCounters::default(),
            marks: FrontMarks::default(),
            pace: Pace::new(config.clock),
            inquirer: None,
            rendered: Rendered::new(MESSAGE_SIZE_MAX),
            hand: Hand::empty(),
            last: Heartbeat {
                stamp: engine::types::Stamp::default(),
                digests: engine::Digests { state: 0, local_ids: 0 },
                data_center: config.data_center,
            },
            now: Instant::ZERO,
            machine_now: 0,
            dialogs: 0,
            wake: Instant::NEVER,
            listed: Vec::with_capacity(sessions),
            held_back: Vec::with_capacity(sessions),
            private_listeners: Vec::new(),
            listening: Vec::new(),
            told: Vec::new(),
            broadcast_listeners: Vec::with_capacity(sessions),
            broadcast_told: 0,
            has_new_addresses: false,
            is_open: true,
        }
    }

    /// Takes in the next part of a frame of the log: base data, streams, answers.
    ///
    /// # Errors
    /// The log contradicts itself: halt.
    #[inline]
    pub(crate) fn publish(
        &mut self,
        offset: u64,
        part: &FrameView<'_>,
        places: &mut [Place],
    ) -> Result<(), Contradiction> {
        self.directory.apply(part)?;
        self.streams.apply_part(offset, part, &self.reader, &self.directory)?;
        if part.header.is_last() {
            self.counters.frames += 1;
            self.last = Heartbeat {
                stamp: part.header.stamp(),
                digests: part.header.digests(),
                data_center: self.settings.data_center,
            };
        }
        let Some(command) = &part.command else { return Ok(()) };
        let is_frequent =
            matches!(command.body, BodyView::OrderInsert(_) | BodyView::OrderCancel(_) | BodyView::QuoteInsert(_));
        if !is_frequent {
            self.apply_other(command, part.events, places);
        }
        let is_ours = offset >= self.live_from && part.header.data_center == self.settings.data_center;
        if command.header.user != UserIndex::NONE && is_ours {
            if let Some(EventView::Rejected(rejected)) = part.events.first().and_then(Event::view)
                && DialogNumber(command.header.session).front() == self.settings.front
            {
                self.counters.rejects.count(rejected.code);
            }
            self.take_answer(offset, command.header, places);
        }
        Ok(())
    }

    /// Lists who was told something by the frames that were taken in; once after a number of frames.
    #[inline]
    pub(crate) fn list_told(&mut self, places: &mut [Place]) {
        let Desk { streams, told, private_listeners, listed, .. } = self;
        let are_named = streams.take_grown(|streams, participant| {
            touch(streams, told, private_listeners, listed, participant, places);
        });
        if !are_named {
            for &participant in &self.listening {
                touch(streams, told, private_listeners, listed, participant, places);
            }
        }
        let count = self.streams.count(Stream::Broadcast).0;
        if count != self.broadcast_told {
            self.broadcast_told = count;
            for &place in &self.broadcast_listeners {
                list_place(&mut self.listed, place, places);
            }
        }
    }

    /// A request of ours came out of the log: its answer waits for the dialog that asked.
    #[inline]
    fn take_answer(&mut self, offset: u64, header: &CommandHeader, places: &mut [Place]) {
        let number = DialogNumber(header.session);
        if number.front() != self.settings.front {
            return; // another front's
        }
        self.flows.came_back(header.user);
        self.pace.came(header);
        match places.get_mut(number.place()) {
            Some(Place::Member(session)) if session.dialog.is_some_and(|dialog| dialog.number == header.session) => {
                session.in_engine = session.in_engine.saturating_sub(1);
                session.answers.push_back(offset);
                self.marks.answers_waiting = self.marks.answers_waiting.max(session.answers.len());
                self.list(session);
            }
            _ => {
                self.counters.answers_unasked += 1;
                self.dialogs = number.none_of_before(self.dialogs);
            }
        }
    }

    /// Commands that are no orders, and are not many.
    #[cold]
    fn apply_other(&mut self, command: &Command<'_>, events: &[Event], places: &mut [Place]) {
        if let BodyView::MassCancel(cancel) = command.body {
            return self.take_disconnect(command.header, cancel);
        }
        if matches!(events.first().and_then(Event::view), Some(EventView::Rejected(_))) {
            return;
        }
        match command.body {
            BodyView::DayOpen(day) => {
                let participants = usize::from(day.participants);
                self.flows.size(day.users);
                self.owed.size(day.users);
                self.board.size(participants);
                self.private_listeners = vec![Vec::new(); participants];
                self.told = vec![0; participants];
                self.listening = Vec::with_capacity(participants);
                let longest = market_data_size_max(day.instruments.into()).max(MESSAGE_SIZE_MAX);
                self.rendered = Rendered::new(longest);
            }
            BodyView::UserDefine(_) => self.has_new_addresses = true,
            BodyView::EpochOpen(_) => {
                self.board.clear();
                if !self.is_active() {
                    self.forget_owed();
                    self.end_all(places, Ending::NotActive);
                }
            }
            BodyView::ReadinessReport(report) => {
                if let Some(user) = self.directory.user(command.header.user) {
                    self.board.report(user.participant, report);
                }
            }
            BodyView::SeatBlock(block) if block.blocked != 0 => self.force_out(block, places),
            _ => {}
        }
    }

    fn force_out(&mut self, block: &SeatBlock, places: &mut [Place]) {
        let text = self.directory.member_text();
        for place in places {
            if let Place::Member(session) = place
                && session.leaving.is_none()
                && session.is_users(block.user)
            {
                session.say(|buffer| answer::force_exit(buffer, &block.text, text));
                self.end(session, Ending::ForcedOut);
            }
        }
    }

    fn end_all(&mut self, places: &mut [Place], why: Ending) {
        for place in places {
            if let Place::Member(session) = place {
                self.end(session, why);
            }
        }
    }

    /// This core speaks to members: it opened the log's present epoch.
    pub(crate) fn is_active(&self) -> bool {
        self.is_open && self.has_epoch_of_ours()
    }

    /// The log's present epoch is this core's own.
    pub(crate) fn has_epoch_of_ours(&self) -> bool {
        self.directory.day().is_some_and(|day| day.data_center == self.settings.data_center)
    }

    /// Ends every session; what was on its way through the engine for them is nobody's any more.
    pub(crate) fn shut(&mut self, places: &mut [Place]) {
        self.forget_owed();
        self.end_all(places, Ending::NotActive);
        self.flows.clear();
    }

    /// What the multicast is made from.
    #[inline]
    pub(crate) fn multicast_source(&mut self) -> Source<'_> {
        Source {
            is_active: self.is_active(),
            reader: &self.reader,
            directory: &self.directory,
            streams: &self.streams,
            rendered: &mut self.rendered,
            live_from: self.live_from,
        }
    }

    pub(crate) fn moment(&self) -> Moment {
        let (trading_day, action_day) = self.directory.day().map_or((0, 0), |day| (day.trading_day, day.action_day));
        Moment::at(self.now, trading_day, action_day)
    }

    /// Room for whatever command the next message becomes.
    #[inline]
    pub(crate) fn has_room_for_a_command(&mut self) -> bool {
        (self.owed.is_empty() || self.give_owed()) && self.sender.has_room()
    }

    /// The session is to be served.
    #[inline]
    pub(crate) fn list(&mut self, session: &mut Session) {
        if !session.is_listed {
            session.is_listed = true;
            self.listed.push(session.link.index() as u32);
        }
    }

    /// The session's bytes are to be offered again.
    pub(crate) fn hold_back(&mut self, session: &mut Session) {
        self.counters.held_back += 1;
        if !session.is_held_back {
            session.is_held_back = true;
            self.held_back.push(session.link.index() as u32);
        }
    }

    /// The session is to be ended, when its own answers are sent. Its dialog is over now.
    pub(crate) fn end(&mut self, session: &mut Session, why: Ending) {
        if session.leaving.is_none() {
            session.leaving = Some(why);
            self.end_dialog(session);
            self.counters.endings[why as usize] += 1;
            self.list(session);
        }
    }

    /// Something is due at `at`.
    pub(crate) fn wake_at(&mut self, at: Instant) {
        self.wake = self.wake.min(at);
    }

    /// From now on a session hears a stream, from its cursor on.
    pub(crate) fn listen(&mut self, session: &mut Session, stream: Stream, cursor: Cursor, is_first: bool) {
        let place = session.link.index() as u32;
        match stream {
            Stream::Private(participant) => {
                session.private = Some(cursor);
                let listeners = &mut self.private_listeners[usize::from(participant.0)];
                if is_first {
                    if listeners.is_empty() {
                        self.listening.push(participant);
                    }
                    listeners.push(place);
                }
            }
            Stream::Broadcast => {
                session.broadcast = Some(cursor);
                if is_first {
                    self.broadcast_listeners.push(place);
                }
            }
        }
    }

    /// The session hears a stream no more.
    pub(crate) fn stop_listening(&mut self, session: &mut Session, stream: Stream) {
        let place = session.link.index() as u32;
        match stream {
            Stream::Private(participant) => {
                session.private = None;
                let listeners = &mut self.private_listeners[usize::from(participant.0)];
                listeners.retain(|listener| *listener != place);
                if listeners.is_empty() {
                    self.listening.retain(|listening| *listening != participant);
                }
            }
            Stream::Broadcast => {
                session.broadcast = None;
                self.broadcast_listeners.retain(|listener| *listener != place);
            }
        }
    }

    /// A session is over: it leaves every list that outlives a round.
    pub(crate) fn forget(&mut self, session: &mut Session) {
        self.end_dialog(session);
        self.note_end(session);
        if let (Some(participant), Some(_)) = (session.participant, session.private) {
            self.stop_listening(session, Stream::Private(participant));
        }
        if session.broadcast.is_some() {
            self.stop_listening(session, Stream::Broadcast);
        }
    }
}

/// Lists the listeners of a private stream that has grown.
#[inline]
fn touch(
    streams: &StreamIndex,
    told: &mut [u32],
    listeners: &[Vec<u32>],
    listed: &mut Vec<u32>,
    participant: ParticipantIndex,
    places: &mut [Place],
) {
    let count = streams.count(Stream::Private(participant)).0;
    let index = usize::from(participant.0);
    if let Some(told) = told.get_mut(index)
        && *told != count
    {
        *told = count;
        for &place in &listeners[index] {
            list_place(listed, place, places);
        }
    }
}

#[inline]
fn list_place(listed: &mut Vec<u32>, place: u32, places: &mut [Place]) {
    if let Some(Place::Member(session)) = places.get_mut(place as usize)
        && !session.is_listed
    {
        session.is_listed = true;
        listed.push(place);
    }
}
