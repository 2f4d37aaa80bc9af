//! From the log to a member's socket: answers and the private stream, then the broadcast stream, each from where it stands.
//!
//! `egress_message` renders the next message straight into the socket's ring: answers and the private stream together, in the order
//! of the log. It is called as long as something waits and the socket has room; what does not fit is asked for in the next round. A
//! broadcast message is rendered once and sent to everybody who waits for it, and may go out in pieces (market data of a whole
//! exchange is longer than a socket's ring); between its pieces nothing else goes to that connection.

use crate::front::desk::Desk;
use crate::render::{Hand, MESSAGE_SIZE_MAX, NotRendered, Renderer};
use crate::session::{
    Cursor, Ending, SILENT_TIMEOUTS, SLOW_READER_LAG, SLOW_READER_MESSAGES, SLOW_READER_STALL, Session,
};
use crate::streams::{Stream, StreamIndex};
use engine::types::StreamNumber;
use ftd::field::{OrderInsertField, ReadinessField};
use ftd::write::message_size;
use net::{Instant, SendError, Transport};
use std::collections::VecDeque;

// Every answer of the dialog fits where a stream's message fits.
const _: () = assert!(message_size::<ReadinessField>() <= MESSAGE_SIZE_MAX);
const _: () = assert!(message_size::<OrderInsertField>() <= MESSAGE_SIZE_MAX);

/// Bytes of a piece that is put into a socket at once: some thirty messages, and no more than any socket takes in place.
const PIECE_MAX: usize = 8 * 1024;
const _: () = assert!(PIECE_MAX >= MESSAGE_SIZE_MAX);

/// How a session stands after it was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    /// Everything is told.
    Done,
    /// The socket is full.
    Waits,
    /// The connection is over, or about to be: there is nothing to serve any more.
    Over,
}

/// What became of one message.
pub(crate) enum Sent {
    /// It is in the socket.
    Whole,
    /// There is none.
    Nothing,
    /// The socket has no room.
    NoRoom,
    /// The connection is over.
    Over,
}

impl Desk {
    /// Sends a session what waits for it, as long as its socket has room.
    ///
    /// # Errors
    /// The log contradicts itself.
    pub(crate) fn serve<T: Transport>(&mut self, session: &mut Session, host: &mut T) -> Result<Served, NotRendered> {
        let bytes_before = self.counters.bytes_out;
        let served = loop {
            match self.send_next(session, host)? {
                Sent::Whole => {}
                Sent::Nothing => break Served::Done,
                Sent::NoRoom => break Served::Waits,
                Sent::Over => return Ok(Served::Over),
            }
        };
        let has_progressed = self.counters.bytes_out != bytes_before;
        if has_progressed {
            session.last_sent = self.now;
        }
        match served {
            Served::Waits if has_progressed || session.stalled_since.is_none() => {
                session.stalled_since = Some(self.now);
                self.wake_at(session.deadline());
            }
            Served::Waits => {}
            _ => session.stalled_since = None,
        }
        session.is_told = served == Served::Done && session.leaving.is_none();
        self.measure_lag(session, served);
        Ok(served)
    }

    /// What a session is told next, in the order of importance.
    #[inline]
    fn send_next<T: Transport>(&mut self, session: &mut Session, host: &mut T) -> Result<Sent, NotRendered> {
        if let Some((number, sent)) = session.begun {
            return self.send_broadcast(session, host, number, sent);
        }
        if session.asking.has_begun() {
            return Ok(self.send_query_answer(session, host));
        }
        if !session.own_answers.is_empty() {
            return Ok(self.send_own_answers(session, host));
        }
        if session.leaving.is_some() {
            return Ok(Sent::Nothing);
        }
        match self.send_from_log(session, host)? {
            Sent::Nothing => {}
            sent => return Ok(sent),
        }
        if session.asking.is_answered() {
            return Ok(self.send_query_answer(session, host));
        }
        if let Some(cursor) = session.broadcast
            && cursor.next <= self.streams.count(Stream::Broadcast).0
        {
            session.broadcast = Some(Cursor { next: cursor.next + 1, ..cursor });
            session.begun = Some((cursor.next, 0));
            return self.send_broadcast(session, host, cursor.next, 0);
        }
        Ok(Sent::Nothing)
    }

    /// Answers and the private stream, as many messages in one piece as there are and have room. [`Sent::Nothing`]: none is left.
    #[inline]
    fn send_from_log<T: Transport>(&mut self, session: &mut Session, host: &mut T) -> Result<Sent, NotRendered> {
        let Desk { reader, directory, streams, counters, hand, .. } = self;
        let renderer = Renderer::new(reader, directory, streams);
        let mut told = Told::of(session, streams);
        loop {
            let (first, answers_before) = (told.next, session.answers.len());
            let waiting = answers_before + told.waiting();
            if waiting == 0 {
                return Ok(Sent::Nothing);
            }
            let room = host.send_room(session.link).min(PIECE_MAX).min(waiting * MESSAGE_SIZE_MAX);
            let answers = &mut session.answers;
            let mut failed = None;
            let sent = host.send_with(session.link, room.max(MESSAGE_SIZE_MAX), |buffer| {
                let mut length = 0;
                while let Some(rest) = buffer.get_mut(length..).filter(|rest| rest.len() >= MESSAGE_SIZE_MAX) {
                    match egress_message(&renderer, answers, &mut told, hand, rest) {
                        Ok(0) => break,
                        Ok(written) => length += written,
                        Err(error) => {
                            failed = Some(error);
                            break;
                        }
                    }
                }
                length
            });
            if let Some(error) = failed {
                return Err(error);
            }
            match sent {
                Ok(length) => counters.bytes_out += length as u64,
                Err(SendError::NoRoom) => return Ok(Sent::NoRoom),
                Err(SendError::Stale | SendError::NotOpen) => return Ok(Sent::Over),
            }
            counters.answers += (answers_before - session.answers.len()) as u64;
            counters.private_messages += u64::from(told.next - first);
            if let Some(cursor) = &mut session.private {
                cursor.next = told.next;
            }
        }
    }

    fn send_own_answers<T: Transport>(&mut self, session: &mut Session, host: &mut T) -> Sent {
        match host.send(session.link, &session.own_answers) {
            Err(_) => Sent::Over,
            Ok(count) => {
                session.own_answers.drain(..count);
                self.counters.bytes_out += count as u64;
                self.counters.bytes_copied_out += count as u64;
                if session.own_answers.is_empty() { Sent::Whole } else { Sent::NoRoom }
            }
        }
    }

    /// The rest of a broadcast message, of which `sent` bytes have gone out.
    fn send_broadcast<T: Transport>(
        &mut self,
        session: &mut Session,
        host: &mut T,
        number: u32,
        sent: usize,
    ) -> Result<Sent, NotRendered> {
        let renderer = Renderer::new(&self.reader, &self.directory, &self.streams);
        let is_new = self.rendered.message(number, &renderer, self.directory.instruments_limit())?;
        self.counters.broadcast_rendered += u64::from(is_new);
        let rest = &self.rendered.get(number).expect("it was rendered just now")[sent..];
        match host.send(session.link, rest) {
            Err(_) => Ok(Sent::Over),
            Ok(count) => {
                self.counters.bytes_out += count as u64;
                self.counters.bytes_copied_out += count as u64;
                if count == rest.len() {
                    session.begun = None;
                    self.counters.broadcast_messages += 1;
                    return Ok(Sent::Whole);
                }
                session.begun = Some((number, sent + count));
                Ok(Sent::NoRoom)
            }
        }
    }

    /// Who had caught up and is far behind now, and stays so, does not read.
    #[inline]
    fn measure_lag(&mut self, session: &mut Session, served: Served) {
        if served == Served::Done && session.leaving.is_none() {
            // Nothing waits: each stream is told to its end.
            for cursor in [&mut session.private, &mut session.broadcast].into_iter().flatten() {
                cursor.has_caught_up = true;
            }
            session.behind_since = None;
        } else {
            self.measure_waiting(session);
        }
    }

    #[cold]
    fn measure_waiting(&mut self, session: &mut Session) {
        let private = session.participant.map_or(0, |participant| self.streams.count(Stream::Private(participant)).0);
        let broadcast = self.streams.count(Stream::Broadcast).0;
        let mut is_behind = false;
        for (cursor, count) in [(&mut session.private, private), (&mut session.broadcast, broadcast)] {
            let Some(cursor) = cursor else { continue };
            let lag = (count + 1).saturating_sub(cursor.next);
            cursor.has_caught_up |= lag == 0;
            is_behind |= cursor.has_caught_up && lag > SLOW_READER_MESSAGES;
        }
        if !is_behind {
            session.behind_since = None;
        } else if session.behind_since.is_none() {
            session.behind_since = Some(self.now);
            self.wake_at(session.deadline());
        }
    }

    /// What is due at a session by time alone: heartbeat, silence, slow reading.
    pub(crate) fn keep_time<T: Transport>(&mut self, session: &mut Session, host: &mut T) {
        let now = self.now;
        let is_over = |since: Option<Instant>, limit| since.is_some_and(|since| now.since(since) >= limit);
        if is_over(session.stalled_since, SLOW_READER_STALL) || is_over(session.behind_since, SLOW_READER_LAG) {
            // Also one that leaves for another reason, and does not read its last words.
            session.leaving = None;
            return self.end(session, Ending::SlowReader);
        }
        if session.leaving.is_some() {
            return;
        }
        if now >= session.last_received + session.timeout * SILENT_TIMEOUTS {
            return self.end(session, Ending::Silent);
        }
        if now >= session.last_sent + session.timeout && session.begun.is_none() {
            // JR/T 0016 §5.3.1.3. Without room for it something else is under way, and the stall decides.
            let has_room = session.own_answers.is_empty() && host.send_room(session.link) >= ftd::HEARTBEAT.len();
            if has_room && host.send(session.link, &ftd::HEARTBEAT).is_ok() {
                self.counters.heartbeats += 1;
            }
            session.last_sent = now;
        }
    }
}

/// How far a session is told its private stream.
struct Told {
    stream: Stream,
    /// The message to be told next.
    next: u32,
    /// The last message there is; one before `next` if there is nothing to tell.
    last: u32,
}

impl Told {
    #[inline]
    fn of(session: &Session, streams: &StreamIndex) -> Self {
        match (session.private, session.participant) {
            (Some(cursor), Some(participant)) => {
                let stream = Stream::Private(participant);
                Told { stream, next: cursor.next, last: streams.count(stream).0 }
            }
            _ => Told { stream: Stream::Broadcast, next: 1, last: 0 },
        }
    }

    #[inline]
    fn waiting(&self) -> usize {
        (self.last + 1).saturating_sub(self.next) as usize
    }
}

/// Renders what comes next in the log of all that waits for a session: an answer, or a message of its private stream; an answer
/// precedes what its own frame told. Returns its bytes; none: there is nothing more.
#[inline]
fn egress_message(
    renderer: &Renderer<'_>,
    answers: &mut VecDeque<u64>,
    told: &mut Told,
    hand: &mut Hand,
    buffer: &mut [u8],
) -> Result<usize, NotRendered> {
    let number = StreamNumber(told.next);
    let place = if told.waiting() == 0 { None } else { Some(renderer.place(told.stream, number)?) };
    match (answers.front(), place) {
        (Some(&offset), place) if place.is_none_or(|place| offset <= place.offset) => {
            let length = renderer.answer_at(offset, hand, buffer)?;
            answers.pop_front();
            Ok(length.expect("an answer waits for who asked, and who asked is a user"))
        }
        (_, Some(place)) => {
            let length = renderer.message_at(place, told.stream, number, hand, buffer)?;
            told.next += 1;
            Ok(length)
        }
        (_, None) => Ok(0),
    }
}
