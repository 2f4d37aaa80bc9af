//! Messages from the exchange: framing, logins, dialog answers, the two streams, roll-back.

use crate::config::Credential;
use crate::deals::{DealKind, DealState};
use crate::login::{Flow, fill_login, fill_proof};
use crate::member::{LinkState, Member, Refusal, Voided};
use crate::order::{Epoch, LocalId, Nanoseconds, StreamNumber, SystemId};
use crate::requests::{CancelState, What};
use crate::targets::{FRONTS_MAX, Front};
use crate::view::{OrderState, Told};
use ftd::field::{DisseminationstartField, LoginProofField, ReqUserLoginField, ReqUserLogoutField, StreamEpochField};
use ftd::types::Str;
use ftd::{Message, Next, SequenceNumber, next_message, package, tid};

/// Series of the broadcast stream (errata.md, Streams).
const BROADCAST_SERIES: u16 = 1;

// Codes of engine/src/reject.rs and dataplane/STREAMS.md that a member acts upon.
const LOCAL_ID_REPEATED: u16 = 2;
const NOT_LOGGED_IN: u16 = 101;
const TOO_MANY_A_SECOND: u16 = 105;
const TOO_MANY_UNANSWERED: u16 = 106;

/// Why the rest of a connection cannot be used.
enum Trouble {
    /// Bytes that are no message, or an item that cannot be read.
    Malformed,
    /// A stream's number does not follow.
    Gap,
    /// The other side said no, or has been replaced, or has nothing more to say.
    Leave,
}

impl From<ftd::Malformed> for Trouble {
    fn from(_: ftd::Malformed) -> Self {
        Trouble::Malformed
    }
}

/// How a number stands to its stream.
enum Place {
    Next,
    Repeat,
}

impl Member {
    /// Reads whole messages at the head of `bytes` and returns how many bytes they are.
    pub(crate) fn read(&mut self, bytes: &[u8], now: Nanoseconds) -> usize {
        let mut at = 0;
        while !self.closing {
            let result = match next_message(&bytes[at..]) {
                Ok(Next::NeedMore) => break,
                Ok(Next::Skip { length, .. } | Next::Heartbeat { length }) => {
                    at += length;
                    continue;
                }
                Ok(Next::Message { length, message }) => {
                    at += length;
                    self.take(&message, now)
                }
                Err(malformed) => Err(malformed.into()),
            };
            if let Err(trouble) = result {
                self.closing = true;
                match trouble {
                    Trouble::Malformed => self.counters.malformed += 1,
                    Trouble::Gap => self.counters.gaps += 1,
                    Trouble::Leave => {}
                }
            }
        }
        if self.closing { bytes.len() } else { at }
    }

    fn take(&mut self, message: &Message<'_>, now: Nanoseconds) -> Result<(), Trouble> {
        if self.link == LinkState::Asked {
            return self.take_fronts(message);
        }
        match message.series().0 {
            0 => self.take_dialog(message, now),
            BROADCAST_SERIES => self.take_broadcast(message),
            series if series == self.config.private_series => self.take_private(message),
            // Not our stream: nothing that this connection can be trusted with.
            _ => Err(Trouble::Malformed),
        }
    }

    /// A name server's answer. Its last part ends the connection.
    fn take_fronts(&mut self, message: &Message<'_>) -> Result<(), Trouble> {
        if message.tid() != tid::FRONTS {
            return Err(Trouble::Leave);
        }
        let part = self.front_parts.accept(message)?;
        for field in package::RspFronts::parse(message)?.front.iter() {
            let text = field.front_address.trimmed();
            let text = text.strip_prefix(b"tcp://").unwrap_or(text);
            let address =
                std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(Trouble::Malformed)?;
            if self.fronts.len() < FRONTS_MAX {
                let (priority, epoch) = (field.front_priority.get(), Epoch(field.epoch.unsigned()));
                self.fronts.push(Front { address, priority, epoch });
            }
        }
        if part.last {
            self.targets.named(std::mem::take(&mut self.fronts), self.epoch);
            self.target = None;
            return Err(Trouble::Leave);
        }
        Ok(())
    }

    fn take_dialog(&mut self, message: &Message<'_>, now: Nanoseconds) -> Result<(), Trouble> {
        let number = StreamNumber(message.number().0);
        match message.tid() {
            tid::ORDER_INSERT => {
                let answer = package::RspOrderInsert::parse(message)?;
                if let Some(request) = self.requests.arrive(number) {
                    self.accepted(request, SystemId(*answer.order_insert.order_sys_id.bytes()));
                }
            }
            tid::ORDER_ACTION => {
                package::RspOrderAction::parse(message)?;
                if let Some(request) = self.requests.arrive(number) {
                    self.cancel_accepted(request);
                }
            }
            tid::QUOTE_INSERT => {
                let answer = package::RspQuoteInsert::parse(message)?;
                if let Some(request) = self.requests.arrive(number) {
                    self.accepted(request, SystemId(*answer.input_quote.quote_sys_id.bytes()));
                }
            }
            tid::ENQUIRE_QUOTE => {
                let answer = package::RspEnquireQuote::parse(message)?;
                if let Some(request) = self.requests.arrive(number) {
                    self.accepted(request, SystemId(*answer.enquire_quote.quote_sys_id.bytes()));
                }
            }
            tid::EXEC_ORDER_INSERT => {
                package::RspExecOrderInsert::parse(message)?;
                if let Some(request) = self.requests.arrive(number) {
                    // Its number comes with the private stream.
                    self.accepted(request, SystemId::BLANK);
                }
            }
            tid::QUOTE_ACTION => {
                package::RspQuoteAction::parse(message)?;
                if let Some(request) = self.requests.arrive(number) {
                    self.cancel_accepted(request);
                }
            }
            tid::EXEC_ORDER_ACTION => {
                package::RspExecOrderAction::parse(message)?;
                if let Some(request) = self.requests.arrive(number) {
                    self.cancel_accepted(request);
                }
            }
            tid::READINESS => {
                if let Some(request) = self.requests.arrive(number) {
                    self.requests.settle(request);
                }
            }
            tid::ERROR => return self.take_error(message, now),
            tid::LOGIN_CHALLENGE => {
                let challenge = package::RspLoginChallenge::parse(message)?.login_challenge;
                let flow = self.login_flow().ok_or(Trouble::Malformed)?;
                let proof = (challenge.digest_method.get(), challenge.nonce);
                return self.write_login(flow, Some(proof), now).ok_or(Trouble::Leave);
            }
            tid::USER_LOGIN => return self.logged_in(&package::RspUserLogin::parse(message)?, now),
            tid::FLOW_MESSAGE_CANCEL => {
                let field = package::FlowMessageCancel::parse(message)?.flow_message_cancel;
                self.void(Voided {
                    series: field.sequence_series.get(),
                    from: StreamNumber(field.start_sequence_no.unsigned()),
                    to: StreamNumber(field.end_sequence_no.unsigned()),
                    data_center: field.data_center_id.unsigned(),
                });
            }
            tid::FORCE_EXIT => {
                let field = package::ForceExit::parse(message)?.force_exit;
                self.refusal = Some(Refusal { code: 0, text: text_of(field.force_exit_msg.trimmed()) });
                return Err(Trouble::Leave);
            }
            tid::USER_LOGOUT => {
                let flow = package::RspUserLogout::parse(message)?.rsp_user_logout.data_flow_flag.get();
                if self.link == LinkState::LoggingOut && flow == Flow::Broadcast.flag() {
                    return Err(Trouble::Leave);
                }
            }
            // An answer to something we do not ask.
            _ => {}
        }
        Ok(())
    }

    /// A refusal: of a login (number 0), or of a request.
    fn take_error(&mut self, message: &Message<'_>, now: Nanoseconds) -> Result<(), Trouble> {
        let error = package::Error::parse(message)?;
        let code =
            error.error.error_code.decimal().and_then(|code| u16::try_from(code).ok()).ok_or(Trouble::Malformed)?;
        let number = error.error_target_sequence.map_or(message.number().0, |target| target.sequence_no.unsigned());
        if number == 0 || self.link < LinkState::Working {
            self.counters.refused_logins += 1;
            self.refusal = Some(Refusal { code, text: text_of(error.error.error_text.trimmed()) });
            return Err(Trouble::Leave);
        }
        let Some(request) = self.requests.arrive(StreamNumber(number)) else { return Ok(()) };
        let first = error.error_target_order.map_or(SystemId::BLANK, |target| SystemId(*target.order_sys_id.bytes()));
        match code {
            TOO_MANY_A_SECOND | TOO_MANY_UNANSWERED => {
                // The session's refusal, not the exchange's: the request never came to be.
                self.counters.paced += 1;
                self.pace_until = now.plus(self.config.pace_wait);
                self.send_again(request);
            }
            // The session has forgotten our login; a new connection mends it, and everything open is sent again.
            NOT_LOGGED_IN => return Err(Trouble::Leave),
            LOCAL_ID_REPEATED if !first.is_blank() => {
                if matches!(self.requests.all[request as usize].what, What::Insert { .. } | What::Deal { .. }) {
                    self.counters.repeats_recognised += 1;
                }
                self.accepted(request, first);
            }
            _ => self.refuse(request, code),
        }
        Ok(())
    }

    /// The dialog says that an order was accepted, now or before.
    fn accepted(&mut self, request: u32, sys_id: SystemId) {
        match self.requests.all[request as usize].what {
            What::Insert { order } => {
                let order = &mut self.view.orders[order as usize];
                if order.told == 0 {
                    order.state = OrderState::Accepted;
                    order.sys_id = sys_id;
                } else {
                    self.requests.settle(request);
                }
            }
            What::Deal { deal } => {
                let deal = &mut self.view.deals[deal as usize];
                let is_enquiry = deal.sent.kind() == DealKind::Enquiry;
                if deal.told == 0 {
                    (deal.state, deal.sys_id) = (DealState::Accepted, sys_id);
                }
                if deal.told > 0 || is_enquiry {
                    self.requests.settle(request);
                }
            }
            _ => self.requests.settle(request),
        }
    }

    fn cancel_accepted(&mut self, request: u32) {
        let What::Cancel { cancel } = self.requests.all[request as usize].what else { return };
        let cancel = &mut self.requests.cancels[cancel as usize];
        let ended = cancel.order.is_none_or(|order| self.view.orders[order as usize].state.is_final())
            && cancel.deal.is_none_or(|deal| self.view.deals[deal as usize].state == DealState::Ended);
        cancel.state = if ended { CancelState::Done } else { CancelState::Accepted };
        if ended {
            self.requests.settle(request);
        }
    }

    fn take_private(&mut self, message: &Message<'_>) -> Result<(), Trouble> {
        let number = StreamNumber(message.number().0);
        if let Place::Repeat = place(self.view.private.last, number)? {
            self.counters.messages_repeated += 1;
            return Ok(());
        }
        let (told, time) = match message.tid() {
            tid::ORDER_CONFIRMATION => {
                let field = package::OrderConfirmation::parse(message)?.order_status;
                (Some(self.view.confirmed(number, field).ok_or(Trouble::Malformed)?), field.update_time.get())
            }
            tid::TRADE_INSERT_SINGLE => {
                let field = package::TradeInsertSingle::parse(message)?.trade_insert_single;
                (self.view.traded(number, field).ok_or(Trouble::Malformed)?, field.match_time.get())
            }
            tid::PARTICIPANT_BULLETIN => {
                let field = package::ParticipantBulletin::parse(message)?.bulletin;
                self.view.bulletin(number, field, true);
                (None, field.send_time.get())
            }
            tid::QUOTE => {
                let field = package::Quote::parse(message)?.quote;
                let deal = self.view.quoted(number, field).ok_or(Trouble::Malformed)?;
                self.confirm_deal(deal);
                // Of which of its two times it is, the message does not say in one item.
                (None, None)
            }
            tid::EXEC_ORDER => {
                let package::ExecOrder { exec_order, exec_action } = package::ExecOrder::parse(message)?;
                let deal = self.view.instructed(number, exec_order, exec_action).ok_or(Trouble::Malformed)?;
                self.confirm_deal(deal);
                (None, None)
            }
            // Whatever else is told to us counts by its number.
            _ => (None, None),
        };
        let stream = &mut self.view.private;
        (stream.last, stream.epoch, stream.data_center) = (number, self.epoch, self.data_center);
        self.counters.private_messages += 1;
        self.counters.resumed_messages += u64::from(time.is_some_and(|time| time < self.private_login_time));
        if let Some(told) = told {
            self.confirm_requests(told);
        }
        Ok(())
    }

    /// The private stream told of a deal: what waited for that is settled.
    fn confirm_deal(&mut self, deal: Option<u32>) {
        let Some(deal) = deal else { return };
        let deal = &self.view.deals[deal as usize];
        let (ended, newest, request, own) =
            (deal.state == DealState::Ended, deal.cancel, deal.request, deal.user_id == self.config.user_id);
        if own {
            self.note_local_id(deal.local_id);
        }
        if let Some(request) = request {
            self.requests.settle(request);
        }
        if ended {
            self.settle_cancels(newest);
        }
    }

    /// The private stream told of an order: what waited for that is settled.
    fn confirm_requests(&mut self, told: Told) {
        let order = &self.view.orders[told.order as usize];
        if order.told == 1
            && let Some(request) = order.request
        {
            self.requests.settle(request);
        }
        if order.state.is_final() {
            self.settle_cancels(order.cancel);
        }
    }

    /// What the cancels of something were for has come.
    fn settle_cancels(&mut self, newest: Option<u32>) {
        let mut next = newest;
        while let Some(cancel) = next {
            let cancel = &mut self.requests.cancels[cancel as usize];
            next = cancel.earlier;
            if cancel.state == CancelState::Accepted {
                cancel.state = CancelState::Done;
                let request = cancel.request;
                self.requests.settle(request);
            }
        }
    }

    fn take_broadcast(&mut self, message: &Message<'_>) -> Result<(), Trouble> {
        let number = StreamNumber(message.number().0);
        if let Place::Repeat = place(self.view.broadcast.last, number)? {
            self.counters.messages_repeated += 1;
            return Ok(());
        }
        let part = self.broadcast_parts.accept(message)?;
        // One that has lost the stream's beginning waits for its recovery.
        if let Some(market) = self.market.as_mut().filter(|market| number.0 <= market.last().0.saturating_add(1)) {
            market.part(message).map_err(|_| Trouble::Malformed)?;
        }
        match message.tid() {
            tid::INSTRUMENT_STATUS_CHANGE_NOTIFY => {
                let field = package::InstrumentStatusChangeNotify::parse(message)?.instrument_status;
                self.view.phase(number, &field.instrument_id, field.instrument_status.get());
            }
            tid::INSTRUMENT_CHANGE_NOTIFY => {
                let field = package::InstrumentChangeNotify::parse(message)?.instrument;
                self.view.right(number, &field.instrument_id, field.trade_rights.get());
            }
            tid::MARKET_STATUS_CHANGE_NOTIFY => {
                let field = package::MarketStatusChangeNotify::parse(message)?.market_status;
                self.view.status(number, field.market_status_id.get());
            }
            tid::MARKET_MATCH_DATA => {
                let data = package::MarketMatchData::parse(message)?;
                for field in data.market_match_data_chg.iter() {
                    self.view.market(number, field).ok_or(Trouble::Malformed)?;
                }
                for field in data.turnover.iter() {
                    let turnover = field.turnover.scaled::<2>().map_err(|_| Trouble::Malformed)?;
                    self.view.turnover(number, &field.instrument_id, turnover);
                }
            }
            tid::MARKET_BULLETIN => {
                let field = package::MarketBulletin::parse(message)?.bulletin;
                self.view.bulletin(number, field, false);
            }
            // Whatever else is broadcast counts by its number.
            _ => {}
        }
        if part.last {
            let stream = &mut self.view.broadcast;
            (stream.last, stream.epoch, stream.data_center) = (number, self.epoch, self.data_center);
            self.counters.broadcast_messages += 1;
        }
        Ok(())
    }

    /// FlowMessageCancel 数据流回退: the stream's messages from `from` on did not happen. Told before anything else of the stream.
    fn void(&mut self, voided: Voided) {
        self.voided.push(voided);
        // The standard numbers from 1; 0 would say the same as 1.
        let from = StreamNumber(voided.from.0.max(1));
        if voided.series == BROADCAST_SERIES {
            self.counters.rolled_back_messages += u64::from((self.view.broadcast.last.0 + 1).saturating_sub(from.0));
            self.broadcast_parts = ftd::ChainReader::default();
            self.view.roll_back_broadcast(from);
            if let Some(market) = &mut self.market {
                // False: it is empty now, and says so by its last number.
                let _ = market.roll_back(from);
            }
            return;
        }
        if voided.series != self.config.private_series || from > self.view.private.last {
            return;
        }
        self.counters.rolled_back_messages += u64::from(self.view.private.last.0 + 1 - from.0);
        let undone = self.view.roll_back_private(from);
        for order in undone.orders {
            let order = &self.view.orders[order as usize];
            let (request, newest_cancel) = (order.request, order.cancel);
            let Some(request) = request else { continue };
            self.counters.rolled_back_orders += 1;
            self.roll_back(request);
            self.roll_back_cancels(newest_cancel);
        }
        for order in undone.uncancelled {
            self.roll_back_cancels(self.view.orders[order as usize].cancel);
        }
        for deal in undone.deals {
            let deal = &self.view.deals[deal as usize];
            let (request, newest_cancel) = (deal.request, deal.cancel);
            let Some(request) = request else { continue };
            self.counters.rolled_back_deals += 1;
            self.roll_back(request);
            self.roll_back_cancels(newest_cancel);
        }
        for deal in undone.unended {
            self.roll_back_cancels(self.view.deals[deal as usize].cancel);
        }
    }

    /// The cancels of an order that had succeeded have not, after all.
    fn roll_back_cancels(&mut self, newest: Option<u32>) {
        let mut next = newest;
        while let Some(cancel) = next {
            let cancel = &self.requests.cancels[cancel as usize];
            next = cancel.earlier;
            if cancel.state == CancelState::Done {
                self.roll_back(cancel.request);
            }
        }
    }

    /// The stream whose login is under way.
    fn login_flow(&self) -> Option<Flow> {
        match self.link {
            LinkState::LoginDialog => Some(Flow::Dialog),
            LinkState::LoginPrivate => Some(Flow::Private),
            LinkState::LoginBroadcast => Some(Flow::Broadcast),
            _ => None,
        }
    }

    /// Begins the login to a stream: at once, or by asking for a challenge.
    pub(crate) fn begin_login(&mut self, flow: Flow, now: Nanoseconds) {
        self.link = match flow {
            Flow::Dialog => LinkState::LoginDialog,
            Flow::Private => LinkState::LoginPrivate,
            Flow::Broadcast => LinkState::LoginBroadcast,
        };
        self.deadline = now.plus(self.config.answer_timeout);
        if matches!(self.config.credential, Credential::Password(_)) {
            self.write_login(flow, None, now).expect("a login fits its room, and a password needs no challenge");
            return;
        }
        let config = &self.config;
        let asked = self.wire.message(now, tid::LOGIN_CHALLENGE, SequenceNumber(0), |message| {
            fill_login(config, flow, false, message.push::<ReqUserLoginField>()?);
            Some(())
        });
        asked.expect("a question for a challenge fits its room");
    }

    /// ReqUserLogin. None: the challenge cannot be answered.
    fn write_login(&mut self, flow: Flow, challenge: Option<(u8, Str<64>)>, now: Nanoseconds) -> Option<()> {
        let (config, view) = (&self.config, &self.view);
        let resume = match flow {
            Flow::Dialog => None,
            Flow::Private => {
                Some((config.private_series, view.private.last, view.private.epoch, view.private.data_center))
            }
            Flow::Broadcast => {
                Some((BROADCAST_SERIES, view.broadcast.last, view.broadcast.epoch, view.broadcast.data_center))
            }
        };
        self.wire.message(now, tid::USER_LOGIN, SequenceNumber(0), |message| {
            fill_login(config, flow, challenge.is_none(), message.push::<ReqUserLoginField>()?);
            if let Some((series, last, _, _)) = resume {
                // errata.md 10: the last number received.
                let start = message.push::<DisseminationstartField>()?;
                start.sequence_series.set(series);
                start.sequence_no.set_unsigned(last.0);
            }
            if let Some((method, nonce)) = challenge {
                fill_proof(config, flow, method, &nonce, message.push::<LoginProofField>()?)?;
            }
            if let Some((_, last, epoch, data_center)) = resume
                && last.0 > 0
            {
                // errata.md 11: the epoch of the last message received.
                let known = message.push::<StreamEpochField>()?;
                known.epoch.set_unsigned(epoch.0);
                known.data_center_id.set_unsigned(data_center);
            }
            Some(())
        })
    }

    fn logged_in(&mut self, answer: &package::RspUserLogin<'_>, now: Nanoseconds) -> Result<(), Trouble> {
        let flow = self.login_flow().ok_or(Trouble::Malformed)?;
        let field = answer.rsp_user_login;
        if field.data_flow_flag.get() != flow.flag() {
            return Err(Trouble::Malformed);
        }
        if let Some(present) = answer.stream_epoch {
            let epoch = Epoch(present.epoch.unsigned());
            if epoch < self.epoch {
                // A core that has been replaced and does not know it.
                self.counters.stale_epochs += 1;
                return Err(Trouble::Leave);
            }
            (self.epoch, self.data_center) = (epoch, present.data_center_id.unsigned());
        }
        match flow {
            Flow::Dialog => {
                let seconds = field.time_span.get().ok().and_then(|seconds| u64::try_from(seconds).ok());
                let seconds =
                    seconds.filter(|&seconds| seconds > 0).unwrap_or(u64::from(self.config.heartbeat_seconds));
                self.heartbeat = Nanoseconds::seconds(seconds.max(1));
                self.max_order_local_id = LocalId(*field.max_order_local_id.bytes());
                self.note_local_id(self.max_order_local_id);
                self.begin_login(Flow::Private, now);
            }
            Flow::Private => {
                // The time of day without the day: hhmmsscc.
                self.private_login_time = (field.exchange_date_time.get().unwrap_or(0) % 100_000_000) as u32;
                self.begin_login(Flow::Broadcast, now);
            }
            Flow::Broadcast => {
                self.link = LinkState::Working;
                self.counters.reconnects += u64::from(self.counters.logins > 0);
                self.counters.logins += 1;
                self.targets.succeeded();
            }
        }
        Ok(())
    }

    pub(crate) fn log_out(&mut self, now: Nanoseconds) {
        self.link = LinkState::LoggingOut;
        self.deadline = now.plus(self.config.answer_timeout);
        for flow in [Flow::Dialog, Flow::Private, Flow::Broadcast] {
            let config = &self.config;
            let written = self.wire.message(now, tid::USER_LOGOUT, SequenceNumber(0), |message| {
                let field = message.push::<ReqUserLogoutField>()?;
                field.data_flow_flag.set(flow.flag());
                field.participant_id = config.participant_id;
                field.user_id = config.user_id;
                Some(())
            });
            written.expect("a logout fits its room");
        }
    }
}

/// Numbers follow one another (JR/T 0016 §5.2.1.3). One that was received before is told again; one beyond the next is a gap.
fn place(last: StreamNumber, number: StreamNumber) -> Result<Place, Trouble> {
    match number.0 {
        number if number <= last.0 => Ok(Place::Repeat),
        number if number == last.0 + 1 => Ok(Place::Next),
        _ => Err(Trouble::Gap),
    }
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
