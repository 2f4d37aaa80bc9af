//! The usual frame, told while it is in the cache: an order that was accepted, and its trades, to members who have been told
//! everything before.
//!
//! What is sent is what [`crate::session::egress`] would send: a session's answer, then what its private stream has of the frame, in
//! the order of the log. Whoever waits for something else, or whose socket has no room, is listed and served there as ever; and a
//! frame whose own member cannot be told here is left alone, before anything of it was noted.

use crate::directory::{Conflict, Contradiction};
use crate::front::Place;
use crate::front::desk::Desk;
use crate::render::{Failed, Scribe, USUAL_SIZE_MAX};
use crate::session::login::DialogNumber;
use crate::session::{Cursor, Session};
use crate::streams::logged::LoggedOrder;
use crate::streams::reading::UsualFrame;
use crate::streams::{Place as StreamPlace, Stream};
use engine::event::{EventView, Traded};
use engine::types::{Direction, ParticipantIndex, StreamNumber};
use journal::{FrameHeader, Heartbeat, LogReader};
use net::{SessionId, Transport};

/// Events behind an order's acceptance; a frame with more of them is told as well in the other way.
const EVENTS_MAX: usize = 3;
/// The answer, the confirmation, and both sides of each trade.
const ROOM: usize = (2 + 2 * EVENTS_MAX) * USUAL_SIZE_MAX;

/// A side of a trade, and whose it is.
#[derive(Clone, Copy)]
struct Side<'a> {
    event: &'a Traded,
    order: LoggedOrder<'a>,
    participant: ParticipantIndex,
    number: StreamNumber,
}

impl Side<'_> {
    /// Its TradeInsertSingle.
    #[inline]
    fn write(&self, scribe: &Scribe<'_>, header: &FrameHeader, buffer: &mut [u8]) -> Result<usize, Failed> {
        match &self.order {
            LoggedOrder::Sent(order) => scribe.trade_of(header.time, self.event, order, self.number, buffer),
            LoggedOrder::Quoted(order) => scribe.trade_of(header.time, self.event, order, self.number, buffer),
        }
    }
}

/// Both sides of each trade of a usual frame. They are filled in where they stay: together they are some hundred words.
type Sides<'a> = [Option<Side<'a>>; 2 * EVENTS_MAX];

/// Where a usual frame's messages are numbered.
struct Noted {
    confirmation: Option<StreamNumber>,
    /// The last message of the private stream of the order's own participant.
    last: u32,
}

impl Desk {
    /// Takes in the frame at an offset of the log, if it is a usual one whose member can be told at once, and tells everybody whom it
    /// concerns. Returns its bytes; `None`: nothing was done, it is to be taken in as any other.
    ///
    /// # Errors
    /// The log contradicts itself.
    #[inline]
    pub(crate) fn publish_usual<T: Transport>(
        &mut self,
        log: &LogReader,
        offset: u64,
        places: &mut [Place],
        host: &mut T,
    ) -> Result<Option<u64>, Contradiction> {
        let Some(frame) = UsualFrame::at(log, offset).filter(|frame| frame.events.len() <= EVENTS_MAX) else {
            return Ok(None);
        };
        let (header, command) = (frame.order.header(), frame.order.command());
        let dialog = DialogNumber(command.session);
        let is_ours = offset >= self.live_from
            && header.data_center == self.settings.data_center
            && dialog.front() == self.settings.front;
        let Some(Place::Member(session)) = places.get_mut(dialog.place()).filter(|_| is_ours) else { return Ok(None) };
        let is_asking = session.dialog.is_some_and(|own| own.number == command.session && own.user == command.user);
        let told = if is_asking { self.told_so_far(session) } else { None };
        let Some((participant, cursor)) = told else { return Ok(None) };
        let at = |conflict: Conflict| conflict.at(header.sequence);
        self.directory.apply_order(header, command.user, frame.order.order()).map_err(at)?;
        let mut sides: Sides<'_> = [None; 2 * EVENTS_MAX];
        let Noted { confirmation, last } = self.note(log, offset, &frame, participant, &mut sides).map_err(at)?;
        self.counters.frames += 1;
        self.last =
            Heartbeat { stamp: header.stamp(), digests: header.digests(), data_center: self.settings.data_center };
        self.flows.came_back(command.user);
        self.pace.came(command);
        session.in_engine = session.in_engine.saturating_sub(1);
        self.marks.answers_waiting = self.marks.answers_waiting.max(1);
        let scribe = Scribe::new(log, &self.directory);
        let write = |buffer: &mut [u8]| {
            let parties = scribe.parties(&frame.order)?;
            let mut length = scribe.answer_and_confirmation(&frame, &parties, confirmation, buffer)?;
            for side in sides.iter().flatten().filter(|side| side.participant == participant) {
                length += side.write(&scribe, header, &mut buffer[length..])?;
            }
            Ok(length)
        };
        match send(host, session.link, ROOM, write).map_err(|failed| failed.contradiction(header.sequence))? {
            Some(length) => {
                session.last_sent = self.now;
                session.private = Some(Cursor { next: last + 1, ..cursor });
                self.counters.bytes_out += length as u64;
                self.counters.answers += 1;
                self.counters.private_messages += u64::from(last + 1 - cursor.next);
                self.told[usize::from(participant.0)] = last;
            }
            None => {
                session.answers.push_back(offset);
                self.list(session);
            }
        }
        for side in sides.iter().flatten().filter(|side| side.participant != participant) {
            self.tell_side(log, header, side, places, host)?;
        }
        Ok(Some(frame.length()))
    }

    /// The participant of a session that is alone in hearing its private stream and has been told everything before, and how far.
    #[inline]
    fn told_so_far(&self, session: &Session) -> Option<(ParticipantIndex, Cursor)> {
        let (participant, cursor) = (session.participant?, session.private?);
        let is_at_once = session.is_told
            && !session.is_listed
            && self.private_listeners[usize::from(participant.0)].len() == 1
            && cursor.next == self.streams.count(Stream::Private(participant)).0 + 1;
        is_at_once.then_some((participant, cursor))
    }

    /// Notes where the frame's messages stand.
    #[inline]
    fn note<'a>(
        &mut self,
        log: &'a LogReader,
        offset: u64,
        frame: &UsualFrame<'a>,
        participant: ParticipantIndex,
        sides: &mut Sides<'a>,
    ) -> Result<Noted, Conflict> {
        let Desk { streams, directory, .. } = self;
        let number = frame.order.accepted().private_number;
        let confirmation = (number.0 != 0).then_some(number);
        if let Some(number) = confirmation {
            let place = StreamPlace { offset, event: 0, side: Direction::Buy };
            streams.tell(Stream::Private(participant), number, place)?;
        }
        for ((event, index), both) in frame.events.iter().zip(1u16..).zip(sides.chunks_exact_mut(2)) {
            let Some(EventView::Traded(event)) = event.view() else { continue };
            let mut offsets = [0; 2];
            for ((side, place), offset_flag) in
                [Direction::Buy, Direction::Sell].into_iter().zip(both).zip(&mut offsets)
            {
                let (key, number) = match side {
                    Direction::Buy => (event.buy, event.buy_number),
                    Direction::Sell => (event.sell, event.sell_number),
                };
                let order = match key.sequence() == frame.order.header().sequence {
                    true => LoggedOrder::Sent(frame.order),
                    false => LoggedOrder::of(log, key)?,
                };
                let participant = directory.user(order.user()).ok_or(Conflict::Undefined)?.participant;
                streams.tell(Stream::Private(participant), number, StreamPlace { offset, event: index, side })?;
                *place = Some(Side { event, order, participant, number });
                *offset_flag = order.offset();
            }
            streams.note_trade(frame.order.order().instrument, event, offsets[0], offsets[1]);
        }
        Ok(Noted { confirmation, last: streams.count(Stream::Private(participant)).0 })
    }

    /// Tells the other side of a trade, or sees to it that it will be told.
    #[inline]
    fn tell_side<T: Transport>(
        &mut self,
        log: &LogReader,
        header: &FrameHeader,
        side: &Side<'_>,
        places: &mut [Place],
        host: &mut T,
    ) -> Result<(), Contradiction> {
        let index = usize::from(side.participant.0);
        let session = match self.private_listeners[index][..] {
            [] => return Ok(()),
            [place] => places.get_mut(place as usize),
            _ => None,
        };
        if let Some(Place::Member(session)) = session
            && session.is_told
            && !session.is_listed
            && let Some(cursor) = session.private.filter(|cursor| cursor.next == side.number.0)
        {
            let scribe = Scribe::new(log, &self.directory);
            let write = |buffer: &mut [u8]| side.write(&scribe, header, buffer);
            let sent = send(host, session.link, USUAL_SIZE_MAX, write);
            if let Some(length) = sent.map_err(|failed| failed.contradiction(header.sequence))? {
                session.last_sent = self.now;
                session.private = Some(Cursor { next: cursor.next + 1, ..cursor });
                self.counters.bytes_out += length as u64;
                self.counters.private_messages += 1;
                self.told[index] = side.number.0;
                return Ok(());
            }
        }
        self.streams.note_grown(side.participant);
        Ok(())
    }
}

/// Has `write` put messages into a session's socket. None: there is no room, or no session any more.
#[inline]
fn send<T: Transport>(
    host: &mut T,
    link: SessionId,
    room: usize,
    write: impl FnOnce(&mut [u8]) -> Result<usize, Failed>,
) -> Result<Option<usize>, Failed> {
    let mut failed = None;
    let sent = host.send_with(link, room, |buffer| {
        write(buffer).unwrap_or_else(|why| {
            failed = Some(why);
            0
        })
    });
    failed.map_or(Ok(sent.ok()), Err)
}
