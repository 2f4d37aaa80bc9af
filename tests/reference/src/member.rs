//! Members' sessions: logins, resume, requests (`dataplane/STREAMS.md`).

use crate::command::{self, Header};
use crate::event::{BLANK, SystemId};
use crate::exchange::{Stopped, Stream};
use crate::link::{Dialog, Login, Reading, TIME_OUT, TIME_OUT_MOST};
use crate::messages::{Number, error, field, message};
use crate::number::{Epoch, Participant, User};
use crate::primary::Primary;
use crate::proof::{METHOD, nonce, proves, unpadded};
use crate::refusals::Refusal;
use crate::requests;
use crate::state::IdKind;
use crate::streams::Void;
use ftd::field::{
    FlowMessageCancelField, LoginChallengeField, RspUserLoginField, RspUserLogoutField, StreamEpochField,
};
use ftd::package::{ReqLoginChallenge, ReqUserLogin, ReqUserLogout};
use ftd::types::Str;
use ftd::{ChinaTime, Message, Next, next_message, tid};
use net::{Instant, SessionId, Transport};
use std::time::Duration;

/// An order or cancel that an Error is about.
type Target = Option<(SystemId, [u8; 24])>;

impl<T: Transport> Primary<T> {
    /// Reads what a member sent, message by message.
    pub(crate) fn read_member(&mut self, session: SessionId) {
        let link = self.links.get_mut(&session).expect("the caller found it");
        let inbox = std::mem::take(&mut link.inbox);
        let mut at = 0;
        loop {
            if self.is_dead() || self.links.get(&session).is_none_or(|link| link.closing) {
                return;
            }
            match next_message(&inbox[at..]) {
                Ok(Next::NeedMore) => break,
                Ok(Next::Skip { length, .. } | Next::Heartbeat { length }) => at += length,
                Ok(Next::Message { length, message }) => {
                    at += length;
                    match message.tid() {
                        tid::USER_LOGIN => self.login(session, &message),
                        tid::USER_LOGOUT => self.logout(session, &message),
                        tid::LOGIN_CHALLENGE => self.challenge(session, &message),
                        _ => self.request(session, &message),
                    }
                }
                Err(_) => {
                    self.records.closed_for_bytes += 1;
                    return self.close(session);
                }
            }
        }
        if let Some(link) = self.links.get_mut(&session) {
            link.inbox = inbox[at..].to_vec();
        }
    }

    /// A request in the dialog.
    fn request(&mut self, session: SessionId, message: &Message<'_>) {
        let request = message.number().0;
        let login = self.links.get_mut(&session).and_then(|link| link.login_mut()).expect("a member's connection");
        let Some(dialog) = &mut login.dialog else {
            return self.refuse(session, request, Refusal::NotLoggedIn, None);
        };
        // JR/T 0016 §5.2.1.3: a number that is not the next one closes the connection, without a message.
        if message.series().0 != 0 || request != dialog.next {
            self.records.closed_for_gap += 1;
            return self.close(session);
        }
        dialog.next += 1;
        let Dialog { user, number, .. } = *dialog;
        let asked = requests::command(self.exchange.state(), user, message);
        if !self.may_ask(user) {
            let target = asked.map_or_else(|refused| refused.target, |command| target_of(&command));
            return self.refuse(session, request, Refusal::TooManyPerSecond, target);
        }
        match asked {
            Ok(asked) => {
                let bytes = command::write(Header { session: number, request, user }, &asked);
                let executed = self.command(self.now, &bytes);
                assert!(matches!(executed, Ok(_) | Err(Stopped::Died)), "a command of our own making");
            }
            Err(refused) => self.refuse(session, request, refused.refusal, refused.target),
        }
    }

    /// Whether a user may ask once more within this second; if so, it has.
    fn may_ask(&mut self, user: User) -> bool {
        let most = self.exchange.state().traders[&user].define.requests_per_second;
        let now = self.now;
        let asked = self.pace.entry(user).or_default();
        while asked.front().is_some_and(|&at: &Instant| now.since(at) >= Duration::from_secs(1)) {
            asked.pop_front();
        }
        if most != 0 && asked.len() >= most as usize {
            return false;
        }
        asked.push_back(now);
        true
    }

    fn refuse(&mut self, session: SessionId, request: u32, refusal: Refusal, target: Target) {
        *self.records.refusals.entry(refusal as u16).or_default() += 1;
        let bytes = error(request, refusal as u16, refusal.text(), self.unix_now(), target);
        self.say(session, &bytes);
    }

    /// Closes a connection once what was said before is sent; nothing more is said or read.
    fn close(&mut self, session: SessionId) {
        if let Some(link) = self.links.get_mut(&session) {
            link.closing = true;
        }
    }

    fn say(&mut self, session: SessionId, bytes: &[u8]) {
        if let Some(link) = self.links.get_mut(&session) {
            link.say(bytes);
        }
    }

    /// ReqUserLogin, for one stream.
    fn login(&mut self, session: SessionId, message: &Message<'_>) {
        if let Err(refusal) = self.try_login(session, message) {
            self.refuse(session, message.number().0, refusal, None);
        }
    }

    fn try_login(&mut self, session: SessionId, message: &Message<'_>) -> Result<(), Refusal> {
        let state = self.exchange.state();
        let day = state.day.ok_or(Refusal::DayNotOpen)?;
        let request = ReqUserLogin::parse(message).map_err(|_| Refusal::FieldMalformed)?;
        let login = request.req_user_login;
        let time_out = match login.time_out.get().map_err(|_| Refusal::FieldMalformed)? {
            asked @ 1..=TIME_OUT_MOST => asked,
            _ => i64::try_from(TIME_OUT).expect("ten"),
        };
        let (participant, user) = self.identify(session, &request)?;
        let link = &self.links[&session];
        let before = link.login().expect("a member's connection");
        if before.participant.is_some_and(|other| other != participant) {
            return Err(Refusal::AnotherParticipant);
        }

        let (stream, reading) = match login.data_flow_flag.get() {
            b'0' => (None, None),
            b'1' => (Some(Stream::Private(participant)), before.private),
            b'2' => (Some(Stream::Broadcast), before.broadcast),
            _ => return Err(Refusal::FieldMalformed),
        };
        let mut void = None;
        let mut now_reading = None;
        if let Some(stream) = stream {
            let start = request.disseminationstart;
            if start.is_some_and(|start| start.sequence_series.get() != self.series(stream)) {
                return Err(Refusal::WrongSeries);
            }
            now_reading = reading;
            // A second login without a resume point changes nothing but the answer.
            if start.is_some() || reading.is_none() {
                let received = start.map_or(0, |start| start.sequence_no.unsigned());
                let epoch = request.stream_epoch.map(|field| Epoch(field.epoch.unsigned()));
                let resumed = self.streams.resume(stream, epoch, received);
                // It has heard a later reign than ours: that core is active, and we are not.
                let (last, forget) = resumed.map_err(|_| Refusal::NotActive)?;
                now_reading = Some(Reading { user, stream, last });
                void = forget;
            }
        }

        let answer = self.login_answer(login, user, time_out, day.trading_day, day.action_day);
        let cancel = void.map(|void| self.flow_message_cancel(stream.expect("only streams are cancelled"), &void));
        let dialogs = &mut self.dialogs;
        let link = self.links.get_mut(&session).expect("found above");
        link.interval = Duration::from_secs(u64::try_from(time_out).expect("1 to 100"));
        let logged_in = link.login_mut().expect("a member's connection");
        logged_in.participant = Some(participant);
        match stream {
            None => {
                logged_in.dialog.get_or_insert_with(|| {
                    *dialogs += 1;
                    Dialog { user, number: *dialogs, next: 1 }
                });
            }
            Some(Stream::Private(_)) => logged_in.private = now_reading,
            Some(Stream::Broadcast) => logged_in.broadcast = now_reading,
        }
        link.say(&answer);
        if let Some(cancel) = cancel {
            link.say(&cancel);
            self.records.voided += 1;
        }
        self.records.logins += 1;
        Ok(())
    }

    /// Who logs in, if it proves it.
    fn identify(&self, session: SessionId, request: &ReqUserLogin<'_>) -> Result<(Participant, User), Refusal> {
        let state = self.exchange.state();
        let link = &self.links[&session];
        let login = request.req_user_login;
        let user = state.find_user(login.user_id.bytes()).ok_or(Refusal::WrongCredentials)?;
        let trader = &state.traders[&user];
        let participant = trader.define.participant;
        let seat = std::net::Ipv4Addr::from(trader.define.address);
        let from_its_seat = seat.is_unspecified() || seat == *link.peer.address.ip();
        if state.find_participant(login.participant_id.bytes()) != Some(participant) || !from_its_seat {
            return Err(Refusal::WrongCredentials);
        }
        match request.login_proof {
            Some(proof) => {
                let nonce = link.login().and_then(|login| login.nonce.as_ref());
                if !proves(&trader.secret, nonce, login, proof) {
                    return Err(Refusal::ProofWrong);
                }
            }
            None if self.settings.proof_only => return Err(Refusal::ProofWrong),
            None if login.password.trimmed() != unpadded(&trader.secret) => return Err(Refusal::WrongCredentials),
            None => {}
        }
        if trader.blocked { Err(Refusal::SeatBlocked) } else { Ok((participant, user)) }
    }

    fn series(&self, stream: Stream) -> u16 {
        match stream {
            Stream::Private(participant) => self.exchange.state().members[&participant].define.series,
            Stream::Broadcast => 1,
        }
    }

    fn login_answer(
        &self,
        login: &ftd::field::ReqUserLoginField,
        user: User,
        time_out: i64,
        trading_day: u32,
        action_day: u32,
    ) -> Vec<u8> {
        let state = self.exchange.state();
        message(tid::USER_LOGIN, Number { series: 0, number: 0 }, |writer| {
            let out: &mut RspUserLoginField = field(writer);
            out.data_flow_flag = login.data_flow_flag;
            out.participant_id = login.participant_id;
            out.user_id = login.user_id;
            out.exchange_date_time.set_at(ChinaTime::from_unix_ns(self.unix_now().0));
            out.time_span.set(time_out).expect("1 to 100");
            out.ip_addr = login.ip_addr;
            let largest = state.largest_local_id(user, IdKind::Order);
            out.max_order_local_id = largest.map_or(Str::BLANK, Str::from);
            out.trade_date.set(trading_day).expect("a day is eight digits");
            out.action_date.set(action_day).expect("a day is eight digits");
            let out: &mut StreamEpochField = field(writer);
            out.epoch.set_unsigned(state.epoch.0);
            out.data_center_id.set_unsigned(state.data_center);
        })
    }

    fn flow_message_cancel(&self, stream: Stream, void: &Void) -> Vec<u8> {
        let day = self.exchange.state().day.expect("logins are refused before the day is open");
        message(tid::FLOW_MESSAGE_CANCEL, Number { series: 0, number: 0 }, |writer| {
            let out: &mut FlowMessageCancelField = field(writer);
            out.sequence_series.set(self.series(stream));
            out.trade_date.set(day.trading_day).expect("a day is eight digits");
            out.action_date.set(day.action_day).expect("a day is eight digits");
            out.data_center_id.set_unsigned(void.data_center);
            out.start_sequence_no.set_unsigned(void.from);
            out.end_sequence_no.set_unsigned(void.to);
        })
    }

    /// ReqUserLogout, of one stream; the connection stays.
    fn logout(&mut self, session: SessionId, request: &Message<'_>) {
        let Ok(package) = ReqUserLogout::parse(request) else {
            return self.refuse(session, request.number().0, Refusal::FieldMalformed, None);
        };
        let logout = package.req_user_logout;
        let flag = logout.data_flow_flag.get();
        if !matches!(flag, b'0' | b'1' | b'2') {
            return self.refuse(session, request.number().0, Refusal::FieldMalformed, None);
        }
        let state = self.exchange.state();
        let participant = state.find_participant(logout.participant_id.bytes());
        let user = state.find_user(logout.user_id.bytes());
        let login = self.links.get_mut(&session).and_then(|link| link.login_mut()).expect("a member's connection");
        let present = match flag {
            b'0' => login.dialog.map(|dialog| dialog.user),
            b'1' => login.private.map(|reading| reading.user),
            _ => login.broadcast.map(|reading| reading.user),
        };
        if present.is_none() || present != user || participant != login.participant {
            return self.refuse(session, request.number().0, Refusal::StreamNotLoggedIn, None);
        }
        match flag {
            b'0' => login.dialog = None,
            b'1' => login.private = None,
            _ => login.broadcast = None,
        }
        let now = ChinaTime::from_unix_ns(self.unix_now().0);
        let bytes = message(tid::USER_LOGOUT, Number { series: 0, number: 0 }, |writer| {
            let out: &mut RspUserLogoutField = field(writer);
            out.data_flow_flag = logout.data_flow_flag;
            out.participant_id = logout.participant_id;
            out.user_id = logout.user_id;
            out.exchange_date_time.set_at(now);
        });
        self.say(session, &bytes);
        if let Some(user) = present.filter(|_| flag == b'0') {
            self.dialog_ended(user);
        }
    }

    /// ReqLoginChallenge: a nonce for whoever asks.
    fn challenge(&mut self, session: SessionId, request: &Message<'_>) {
        if ReqLoginChallenge::parse(request).is_err() {
            return self.refuse(session, request.number().0, Refusal::FieldMalformed, None);
        }
        self.nonces += 1;
        let nonce = nonce(self.settings.seed, self.nonces);
        let link = self.links.get_mut(&session).expect("the caller found it");
        let login: &mut Login = link.login_mut().expect("a member's connection");
        login.nonce = Some(nonce);
        let bytes = message(tid::LOGIN_CHALLENGE, Number { series: 0, number: 0 }, |writer| {
            let out: &mut LoginChallengeField = field(writer);
            out.digest_method.set(METHOD);
            out.nonce = Str::from(nonce);
        });
        self.say(session, &bytes);
    }
}

/// What an Error about a request that was not looked at is to name.
fn target_of(command: &command::Command) -> Target {
    command.target().map(|(sys_id, local_id)| (sys_id.unwrap_or(BLANK), local_id))
}
