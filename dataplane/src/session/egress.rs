//! From the log to a member's socket: answers, then the private stream, then the broadcast stream, each from where it stands.
//!
//! `egress_message` renders the next message straight into the socket's ring. It is called as long as something waits and the
//! socket has room; what does not fit is asked for again in the next round, rendered from the log anew. A broadcast message is
//! rendered once and sent to everybody who waits for it, and may go out in pieces (market data of a whole exchange is longer
//! than a socket's ring); between its pieces nothing else goes to that connection.

use crate::front::desk::Desk;
use crate::render::{MESSAGE_SIZE_MAX, NotRendered, Renderer};
use crate::session::{
    Cursor, Ending, SILENT_TIMEOUTS, SLOW_READER_LAG, SLOW_READER_MESSAGES, SLOW_READER_STALL, Session,
};
use crate::streams::Stream;
use crate::streams::reading::part_at;
use engine::types::StreamNumber;
use ftd::field::{OrderInsertField, ReadinessField};
use ftd::write::message_size;
use net::{Instant, SendError, Transport};

// Every answer of the dialog fits where a stream's message fits.
const _: () = assert!(message_size::<ReadinessField>() <= MESSAGE_SIZE_MAX);
const _: () = assert!(message_size::<OrderInsertField>() <= MESSAGE_SIZE_MAX);

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
enum Sent {
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
            match self.egress_message(session, host)? {
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
        self.measure_lag(session);
        Ok(served)
    }

    /// The next message of a session, in the order of importance.
    #[inline]
    fn egress_message<T: Transport>(&mut self, session: &mut Session, host: &mut T) -> Result<Sent, NotRendered> {
        if let Some((number, sent)) = session.begun {
            return self.send_broadcast(session, host, number, sent);
        }
        if !session.own_answers.is_empty() {
            return Ok(self.send_own_answers(session, host));
        }
        if session.leaving.is_some() {
            return Ok(Sent::Nothing);
        }
        if let Some(&offset) = session.answers.front() {
            let part = part_at(&self.reader, offset)
                .map_err(|conflict| NotRendered::Contradiction(conflict.at(self.last.stamp.sequence)))?;
            let renderer = self.renderer();
            let sent = send_rendered(session, host, |buffer| {
                renderer.answer(&part, buffer).map(|length| length.unwrap_or(0))
            })?;
            if let Ok(length) = sent {
                session.answers.pop_front();
                self.counters.answers += 1;
                self.counters.bytes_out += length as u64;
            }
            return Ok(Sent::of(sent));
        }
        if let (Some(cursor), Some(participant)) = (session.private, session.participant) {
            let stream = Stream::Private(participant);
            if cursor.next <= self.streams.count(stream).0 {
                let renderer = self.renderer();
                let number = StreamNumber(cursor.next);
                let sent = send_rendered(session, host, |buffer| renderer.message(stream, number, buffer))?;
                if let Ok(length) = sent {
                    session.private = Some(Cursor { next: cursor.next + 1, ..cursor });
                    self.counters.private_messages += 1;
                    self.counters.bytes_out += length as u64;
                }
                return Ok(Sent::of(sent));
            }
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

    fn send_own_answers<T: Transport>(&mut self, session: &mut Session, host: &mut T) -> Sent {
        match host.send(session.link, &session.own_answers) {
            Err(_) => Sent::Over,
            Ok(count) => {
                session.own_answers.drain(..count);
                self.counters.bytes_out += count as u64;
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
        if self.rendered.get(number).is_none() {
            let renderer = Renderer::new(&self.reader, &self.directory, &self.streams);
            self.rendered.put(number, |buffer| renderer.message(Stream::Broadcast, StreamNumber(number), buffer))?;
            self.counters.broadcast_rendered += 1;
        }
        let rest = &self.rendered.get(number).expect("it was rendered just now")[sent..];
        match host.send(session.link, rest) {
            Err(_) => Ok(Sent::Over),
            Ok(count) => {
                self.counters.bytes_out += count as u64;
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
    fn measure_lag(&mut self, session: &mut Session) {
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

/// Renders a message into the socket's ring.
#[inline]
fn send_rendered<T: Transport>(
    session: &Session,
    host: &mut T,
    render: impl FnOnce(&mut [u8]) -> Result<usize, NotRendered>,
) -> Result<Result<usize, SendError>, NotRendered> {
    let mut failed = None;
    let sent = host.send_with(session.link, MESSAGE_SIZE_MAX, |buffer| match render(buffer) {
        Ok(length) => length,
        Err(error) => {
            failed = Some(error);
            0
        }
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(sent),
    }
}

impl Sent {
    fn of(sent: Result<usize, SendError>) -> Self {
        match sent {
            Ok(_) => Sent::Whole,
            Err(SendError::NoRoom) => Sent::NoRoom,
            Err(SendError::Stale | SendError::NotOpen) => Sent::Over,
        }
    }
}
