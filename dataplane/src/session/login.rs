//! Login, challenge, logout: who speaks on a connection, and from which number on each stream goes on.

use crate::front::desk::Desk;
use crate::queries::LoginTo;
use crate::render::Renderer;
use crate::session::answer::{self, Target};
use crate::session::{Cursor, Dialog, Refusal, Session, TIMEOUT_SECONDS, TIMEOUT_SECONDS_MAX, proof};
use crate::streams::{FROM_NOW, Stream};
use engine::types::{Epoch, ParticipantIndex, UserIndex};
use ftd::package::{ReqLoginChallenge, ReqUserLogin, ReqUserLogout};
use ftd::value::data_flow_flag;
use ftd::{Message, Series};
use std::time::Duration;

/// How a seat shows that it is itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoginPolicy {
    /// By proof only: the secret is never sent.
    #[default]
    Proof,
    /// By proof, or with the standard's password.
    ProofOrPassword,
}

impl Desk {
    /// ReqUserLogin: for one stream.
    pub(crate) fn login(&mut self, session: &mut Session, message: &Message<'_>) {
        let target = Target { number: message.number().0, order: None };
        let result = match ReqUserLogin::parse(message) {
            Ok(request) => self.try_login(session, &request),
            Err(_) => Err(Refusal::FieldMalformed),
        };
        if let Err(refusal) = result {
            // A nonce serves one attempt at guessing.
            session.nonce = None;
            self.refuse(session, refusal, target);
        }
    }

    fn try_login(&mut self, session: &mut Session, request: &ReqUserLogin<'_>) -> Result<(), Refusal> {
        let login = request.req_user_login;
        let day = *self.directory.day().ok_or(Refusal::DayNotOpen)?;
        if !self.is_active() {
            return Err(Refusal::NotActive);
        }
        let flag = login.data_flow_flag.get();
        if !matches!(flag, data_flow_flag::DIALOG | data_flow_flag::PRIVATE | data_flow_flag::BROADCAST) {
            return Err(Refusal::FieldMalformed);
        }
        let timeout = match login.time_out.get().map_err(|_| Refusal::FieldMalformed)? {
            seconds @ 1..=TIMEOUT_SECONDS_MAX => seconds as u8,
            _ => TIMEOUT_SECONDS,
        };
        let (participant, user_index) = self.prove(session, request)?;
        let is_other_user =
            flag == data_flow_flag::DIALOG && session.dialog.is_some_and(|dialog| dialog.user != user_index);
        if session.participant.is_some_and(|present| present != participant) || is_other_user {
            return Err(Refusal::AnotherParticipant);
        }

        // Where the stream goes on. Nothing of the session has changed up to here.
        let stream = match flag {
            data_flow_flag::PRIVATE => Some(Stream::Private(participant)),
            data_flow_flag::BROADCAST => Some(Stream::Broadcast),
            _ => None,
        };
        let mut cancelled = None;
        if let Some(stream) = stream {
            let series = stream.series(&self.directory).expect("the participant is defined");
            let start = request.disseminationstart;
            if start.is_some_and(|start| start.sequence_series.get() != series) {
                return Err(Refusal::WrongSeries);
            }
            let epoch = request.stream_epoch.map(|field| Epoch(field.epoch.unsigned()));
            let is_first = match stream {
                Stream::Broadcast => session.broadcast.is_none(),
                Stream::Private(_) => session.private.is_none(),
            };
            if start.is_some() || is_first {
                let received = start.map_or(0, |start| start.sequence_no.unsigned());
                let resume = self.streams.resume(stream, epoch, received);
                if resume.epoch_ahead {
                    // The member has heard a core of a higher epoch: that one is active, and we are not.
                    return Err(Refusal::NotActive);
                }
                if self.is_behind(stream, epoch, received) {
                    // A front on another machine, to which the log has not come so far yet.
                    return Err(Refusal::NotActive);
                }
                cancelled = resume.cancel;
                let has_caught_up = received == FROM_NOW;
                let cursor = Cursor { user: user_index, next: resume.next.0, has_caught_up };
                self.listen(session, stream, cursor, is_first);
                if is_first {
                    self.note_login(user_index, stream.into());
                }
            }
        } else if session.dialog.is_none() {
            session.dialog = Some(self.new_dialog(session, user_index));
            self.note_login(user_index, LoginTo::Dialog);
        }
        session.participant = Some(participant);
        session.timeout = Duration::from_secs(timeout.into());
        self.wake_at(session.deadline());
        self.counters.logins += 1;

        let moment = self.moment();
        let largest_local_id = self.directory.user(user_index).and_then(|user| user.largest_local_id);
        let reign = (day.epoch.0, day.data_center);
        session.say(|buffer| answer::login(buffer, login, timeout, largest_local_id, reign, &moment));
        if let (Some(stream), Some(cancelled)) = (stream, cancelled) {
            // Before anything of that stream: own answers go first. `errata.md` 12
            self.in_doubt.note(&self.directory, stream, &cancelled);
            let renderer = Renderer::new(&self.reader, &self.directory, &self.streams);
            session.say(|buffer| renderer.flow_message_cancel(stream, &cancelled, buffer));
        }
        self.list(session);
        Ok(())
    }

    /// A remote front's log may lag what a member was told elsewhere in the same epoch.
    fn is_behind(&self, stream: Stream, epoch: Option<Epoch>, received: u32) -> bool {
        let present = self.directory.day().map(|day| day.epoch);
        self.settings.front > 0 && epoch == present && received != FROM_NOW && received > self.streams.count(stream).0
    }

    /// Who logs in, once that is proved.
    fn prove(
        &mut self,
        session: &Session,
        request: &ReqUserLogin<'_>,
    ) -> Result<(ParticipantIndex, UserIndex), Refusal> {
        let login = request.req_user_login;
        let index = self.directory.find_user(login.user_id.bytes()).ok_or(Refusal::WrongCredentials)?;
        let user = self.directory.user(index).expect("it was found");
        let is_its = self.directory.find_participant(login.participant_id.bytes()) == Some(user.participant);
        if !is_its || !(user.address.is_unspecified() || user.address == session.peer) {
            return Err(Refusal::WrongCredentials);
        }
        match (request.login_proof, self.settings.login_policy) {
            (Some(claimed), _) => {
                let nonce = session.nonce.filter(|nonce| nonce == claimed.nonce.bytes()).ok_or(Refusal::ProofWrong)?;
                if !proof::is_proof(user.secret.trimmed(), &nonce, login, claimed.proof.bytes()) {
                    return Err(Refusal::ProofWrong);
                }
            }
            (None, LoginPolicy::Proof) => return Err(Refusal::ProofWrong),
            (None, LoginPolicy::ProofOrPassword) => {
                if !proof::is_secret(user.secret.trimmed(), login.password.trimmed()) {
                    return Err(Refusal::WrongCredentials);
                }
            }
        }
        if user.blocked { Err(Refusal::SeatBlocked) } else { Ok((user.participant, index)) }
    }

    /// ReqLoginChallenge: a nonce, whoever asks; what it is worth shows the login.
    pub(crate) fn challenge(&mut self, session: &mut Session, message: &Message<'_>) {
        if ReqLoginChallenge::parse(message).is_err() {
            let target = Target { number: message.number().0, order: None };
            return self.refuse(session, Refusal::FieldMalformed, target);
        }
        let nonce = self.nonces.next_nonce();
        session.nonce = Some(nonce);
        session.say(|buffer| answer::challenge(buffer, &nonce));
        self.list(session);
    }

    /// ReqUserLogout: of one stream. The connection stays, for another login.
    pub(crate) fn logout(&mut self, session: &mut Session, message: &Message<'_>) {
        let target = Target { number: message.number().0, order: None };
        let Ok(request) = ReqUserLogout::parse(message) else {
            return self.refuse(session, Refusal::FieldMalformed, target);
        };
        let logout = request.req_user_logout;
        let user = self.directory.find_user(logout.user_id.bytes());
        let participant = self.directory.find_participant(logout.participant_id.bytes());
        if participant.is_none() || participant != session.participant {
            return self.refuse(session, Refusal::StreamNotLoggedIn, target);
        }
        let flag = logout.data_flow_flag.get();
        let present = match flag {
            data_flow_flag::DIALOG => session.dialog.map(|dialog| dialog.user),
            data_flow_flag::PRIVATE => session.private.map(|cursor| cursor.user),
            data_flow_flag::BROADCAST => session.broadcast.map(|cursor| cursor.user),
            _ => return self.refuse(session, Refusal::FieldMalformed, target),
        };
        if present.is_none() || present != user {
            return self.refuse(session, Refusal::StreamNotLoggedIn, target);
        }
        if let Some(user) = user.filter(|_| flag != data_flow_flag::DIALOG) {
            self.note_logout(user, LoginTo::of(flag));
        }
        match flag {
            data_flow_flag::DIALOG => {
                self.end_dialog(session);
            }
            data_flow_flag::PRIVATE => {
                self.stop_listening(session, Stream::Private(participant.expect("checked above")))
            }
            _ => self.stop_listening(session, Stream::Broadcast),
        }
        let moment = self.moment();
        session.say(|buffer| answer::logout(buffer, logout, &moment));
        self.list(session);
    }

    fn new_dialog(&mut self, session: &Session, user: UserIndex) -> Dialog {
        self.dialogs = self.dialogs.wrapping_add(1);
        let number = DialogNumber::new(self.settings.front, self.dialogs, session.link.index());
        Dialog { user, number: number.0, next_request: 1 }
    }
}

/// A dialog's number, as it stands in commands: an answer finds its front, its connection there, and only the dialog that asked takes it.
///
/// ```text
/// bits 31–28   which front of this core
/// bits 27–16   a running number, wraps
/// bits 15–0    the connection's place
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DialogNumber(pub(crate) u32);

impl DialogNumber {
    pub(crate) fn new(front: u8, running: u16, place: usize) -> Self {
        DialogNumber(u32::from(front) << 28 | u32::from(running & 0x0FFF) << 16 | place as u32 & 0xFFFF)
    }

    #[inline]
    pub(crate) fn front(self) -> u8 {
        (self.0 >> 28) as u8
    }

    #[inline]
    pub(crate) fn place(self) -> usize {
        (self.0 & 0xFFFF) as usize
    }

    /// The running number to go on from after an answer that nobody here waits for. One ahead of ours was given out by the process that
    /// this front was before a restart: what is still under way to it must not find a dialog of the same number.
    pub(crate) fn none_of_before(self, running: u16) -> u16 {
        let ahead = ((self.0 >> 16) as u16).wrapping_sub(running) & 0x0FFF;
        if ahead < 0x0800 { running.wrapping_add(ahead) } else { running }
    }
}

const _: () = assert!(net::host::SESSIONS_MAX <= 1 << 16, "a place fits into the lower half of a dialog's number");
const _: () = assert!(crate::stages::FRONTS_MAX <= 1 << 4, "a front's number fits into its highest four bits");
const _: () = assert!(Series::DIALOG.0 == 0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restarted_fronts_dialogs_go_on_behind_those_of_the_process_before() {
        let number = |running| DialogNumber::new(3, running, 7);
        assert_eq!(number(9).none_of_before(0), 9, "the log of before tells of it");
        assert_eq!(number(2).none_of_before(9), 9, "one of our own that is over");
        assert_eq!(number(9).none_of_before(9), 9);
        assert_eq!(number(0x0001).none_of_before(0x0FFE), 0x1001, "numbers wrap");
        assert_eq!(number(0x0FFE).none_of_before(0x1001), 0x1001);
    }
}
