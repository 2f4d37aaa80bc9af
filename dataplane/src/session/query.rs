//! Queries of a session: from the member's message to whoever answers, and the answer into the socket. STREAMS.md, "Queries".
//!
//! Of a session one question is under way at a time, so its answers come in the order it asked. An answer is sent after all that the
//! session was told before, message by message as its socket has room; once it has begun nothing else goes to that connection
//! until it is whole, since the parts of a chain may not be interrupted in their stream. Other sessions have their turn in between.

use crate::front::Place;
use crate::front::desk::Desk;
use crate::queries::{Answer, LoginTo, Messages, NotAsked, Question};
use crate::session::answer::{self, Target};
use crate::session::egress::Sent;
use crate::session::login::DialogNumber;
use crate::session::{Dialog, Ending, OWN_ANSWER_MAX, Refusal, Session};
use engine::types::UserIndex;
use ftd::{Malformed, Tid};
use net::{Instant, Transport};
use std::collections::VecDeque;
use std::time::Duration;

/// Questions of one session that are not answered in full, the one being sent included: what a client asks after its login, all at
/// once. One more is Error 115.
pub const QUERIES_UNANSWERED_MAX: usize = 32;
/// How long one answer may take to be read: the longest, of a day of a large member, is some 100 MB.
pub const QUERY_READ_MAX: Duration = Duration::from_secs(60);

/// What a session has asked.
#[derive(Default)]
pub(crate) struct Asking {
    /// Not asked on yet.
    waiting: VecDeque<Question>,
    /// With whoever answers.
    under_way: Option<Question>,
    /// Being sent.
    answer: Option<Sending>,
}

struct Sending {
    request: Vec<u8>,
    messages: Option<Messages>,
    /// Bytes sent of the part in front.
    sent: usize,
    /// Something of it was sent.
    has_begun: bool,
    since: Instant,
}

impl Asking {
    fn count(&self) -> usize {
        self.waiting.len() + usize::from(self.under_way.is_some()) + usize::from(self.answer.is_some())
    }

    /// An answer is being sent of which a part is out.
    #[inline]
    pub(crate) fn has_begun(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.has_begun)
    }

    /// An answer waits, or is being sent.
    #[inline]
    pub(crate) fn is_answered(&self) -> bool {
        self.answer.is_some()
    }

    /// The dialog is over: of what it asked, only what was begun is told to its end.
    pub(crate) fn end_dialog(&mut self) {
        self.waiting.clear();
        self.under_way = None;
        if !self.has_begun() {
            self.answer = None;
        }
    }
}

impl Desk {
    /// A user logged in to a stream, on one more connection.
    #[cold]
    pub(crate) fn note_login(&self, user: UserIndex, to: LoginTo) {
        if let Some(inquirer) = &self.inquirer {
            inquirer.presence.login(user, to, self.now.nanos());
        }
    }

    /// A login is over.
    #[cold]
    pub(crate) fn note_logout(&self, user: UserIndex, to: LoginTo) {
        if let Some(inquirer) = &self.inquirer {
            inquirer.presence.logout(user, to, self.now.nanos());
        }
    }

    /// All logins of a session are over.
    pub(crate) fn note_end(&self, session: &Session) {
        let logins = [
            (session.dialog.map(|dialog| dialog.user), LoginTo::Dialog),
            (session.private.map(|cursor| cursor.user), LoginTo::Private),
            (session.broadcast.map(|cursor| cursor.user), LoginTo::Broadcast),
        ];
        for (user, to) in logins {
            if let Some(user) = user {
                self.note_logout(user, to);
            }
        }
    }

    /// A query, with the field that it asks with.
    #[cold]
    pub(crate) fn ask(
        &mut self,
        session: &mut Session,
        dialog: Dialog,
        number: u32,
        tid: Tid,
        field: Result<&[u8], Malformed>,
    ) {
        let user = self.directory.user(dialog.user).expect("a login is a defined user's, and definitions stay");
        let within_rate = self.flows.request(dialog.user, user, self.now);
        let question = within_rate.and_then(|()| {
            let field = field.map_err(|_| Refusal::FieldMalformed)?;
            if self.inquirer.is_none() {
                return Err(Refusal::NotOffered);
            }
            if session.asking.count() >= QUERIES_UNANSWERED_MAX {
                return Err(Refusal::TooManyQueries);
            }
            Ok(Question::new(dialog.number, number, dialog.user, tid, field))
        });
        match question {
            Ok(question) => {
                self.counters.queries += 1;
                session.asking.waiting.push_back(question);
                self.ask_on(session);
            }
            Err(refusal) => self.refuse(session, refusal, Target { number, order: None }),
        }
    }

    /// Asks the session's next question, if none is under way and its answer before is sent.
    fn ask_on(&mut self, session: &mut Session) {
        let asking = &mut session.asking;
        if asking.under_way.is_some() || asking.answer.is_some() {
            return;
        }
        let Some(question) = asking.waiting.pop_front() else { return };
        // A refusal is an Error as an answer: those behind it are asked when it is sent.
        match self.inquirer.as_ref().map(|inquirer| inquirer.ask(question)) {
            Some(Ok(())) => asking.under_way = Some(question),
            Some(Err(NotAsked)) => self.take_refusal(session, question.request, Refusal::TooManyQueries),
            None => self.take_refusal(session, question.request, Refusal::NotOffered),
        }
    }

    /// Takes what was answered, for the dialogs that asked. Returns how many answers there were.
    #[inline]
    pub(crate) fn take_query_answers(&mut self, places: &mut [Place]) -> usize {
        let mut count = 0;
        while let Some(answer) = self.inquirer.as_ref().and_then(|inquirer| inquirer.answer()) {
            count += 1;
            self.take_query_answer(answer, places);
        }
        if self.inquirer.as_ref().is_some_and(|inquirer| inquirer.is_gone()) {
            self.forget_inquirer(places);
        }
        count
    }

    /// Whoever answered is gone: what it was asked is refused, and from now on queries are not offered.
    #[cold]
    fn forget_inquirer(&mut self, places: &mut [Place]) {
        self.inquirer = None;
        for place in places {
            if let Place::Member(session) = place
                && let Some(question) = session.asking.under_way.take().or_else(|| session.asking.waiting.pop_front())
            {
                self.take_refusal(session, question.request, Refusal::NotOffered);
            }
        }
    }

    #[cold]
    fn take_query_answer(&mut self, answer: Answer, places: &mut [Place]) {
        let Answer { dialog, request, reply } = answer;
        let Some(Place::Member(session)) = places.get_mut(DialogNumber(dialog).place()) else { return };
        let is_its = |asked: &Question| asked.dialog == dialog && asked.request == request;
        if session.leaving.is_some() || !session.asking.under_way.as_ref().is_some_and(is_its) {
            return; // who asked is gone
        }
        session.asking.under_way = None;
        match reply {
            Ok(messages) => {
                let (request, messages) = (Vec::new(), Some(messages));
                session.asking.answer = Some(Sending { request, messages, sent: 0, has_begun: false, since: self.now });
                self.list(session);
            }
            Err(refusal) => self.take_refusal(session, request, refusal),
        }
    }

    fn take_refusal(&mut self, session: &mut Session, number: u32, refusal: Refusal) {
        self.counters.refusals[refusal.index()] += 1;
        let mut bytes = vec![0; OWN_ANSWER_MAX];
        let length =
            answer::error(&mut bytes, refusal, Target { number, order: None }, self.directory.member_text(), self.now);
        bytes.truncate(length.expect("OWN_ANSWER_MAX is the longest answer of the session's own"));
        let (messages, since) = (None, self.now);
        session.asking.answer = Some(Sending { request: bytes, messages, sent: 0, has_begun: false, since });
        self.list(session);
    }

    /// Sends the next message of an answer, or the rest of one.
    pub(crate) fn send_query_answer<T: Transport>(&mut self, session: &mut Session, host: &mut T) -> Sent {
        let Some(sending) = &mut session.asking.answer else { return Sent::Nothing };
        let part = match &sending.messages {
            Some(messages) => messages.next_part(),
            None => (!sending.request.is_empty()).then_some(sending.request.as_slice()),
        };
        let Some(part) = part else {
            session.asking.answer = None;
            self.counters.query_answers += 1;
            self.ask_on(session);
            return Sent::Whole;
        };
        let rest = &part[sending.sent..];
        let Ok(count) = host.send(session.link, rest) else { return Sent::Over };
        self.counters.bytes_out += count as u64;
        self.counters.bytes_copied_out += count as u64;
        if count < rest.len() {
            sending.sent += count;
            sending.has_begun |= count > 0;
            if self.now >= sending.since + QUERY_READ_MAX {
                self.end(session, Ending::SlowReader);
            }
            return Sent::NoRoom;
        }
        (sending.sent, sending.has_begun) = (0, true);
        match &mut sending.messages {
            Some(messages) => messages.part_sent(),
            None => sending.request.clear(),
        }
        Sent::Whole
    }
}
