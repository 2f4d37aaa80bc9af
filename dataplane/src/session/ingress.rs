//! From a member's bytes to a command in the ring.
//!
//! `ingress_message` finds the messages in the bytes, where they lie; `ingress_command` looks whether the member may say
//! this now, turns names into indices and writes the command once, into the ring. What comes of it, the engine decides.
//!
//! Nothing is read that could not be dealt with: where an answer, the ring or the dialog has no room, the bytes stay with TCP,
//! whose window closes. So nothing is lost and nobody is refused for our being slow.

use crate::front::desk::Desk;
use crate::queries;
use crate::session::answer::{self, Target};
use crate::session::{Dialog, Ending, Refusal, Session, proof};
use engine::command::{
    Body, CommandHeader, ORDER_AUTO_SUSPEND, ORDER_STOP_PRICE, OrderCancel, OrderInsert, PasswordUpdate,
    ReadinessReport,
};
use engine::types::{AccountIndex, InstrumentIndex, Nanoseconds, ParticipantIndex, RawPrice, UserIndex, Volume};
use ftd::field::OrderInsertField;
use ftd::number::Float;
use ftd::package::{ReqOrderAction, ReqOrderInsert, ReqReadiness, ReqUserPasswordUpdate};
use ftd::types::{Int, Str};
use ftd::value::{bool_flag, readiness};
use ftd::write::message_size;
use ftd::{Malformed, Message, Next, SequenceNumber, Series, next_message, read_sole, tid};
use std::mem::offset_of;
use zerocopy::{FromBytes, IntoBytes};

/// A message of the dialog stream.
enum Request<'a> {
    /// An order in its usual form.
    Order(&'a OrderInsertField),
    /// Anything else.
    Other(&'a Message<'a>),
}

/// Who asks, and under which number.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) dialog: Dialog,
    number: u32,
}

/// A request that is refused, and what it was about.
pub(super) struct Refused<'a> {
    pub(super) refusal: Refusal,
    pub(super) order: Option<(&'a Str<20>, &'a Str<24>)>,
}

impl Desk {
    /// Takes the messages at the head of `bytes` and returns how many bytes it is done with. The rest comes again.
    #[inline]
    pub(crate) fn ingress_message(&mut self, session: &mut Session, bytes: &[u8]) -> usize {
        session.last_received = self.now;
        let mut taken = 0;
        while session.leaving.is_none() {
            let rest = &bytes[taken..];
            // Most messages by far, known by one comparison.
            let order = read_sole::<OrderInsertField>(rest, tid::ORDER_INSERT, Series::DIALOG);
            let (length, message) = match order {
                Some(_) => (message_size::<OrderInsertField>(), None),
                None => match next_message(rest) {
                    Ok(Next::NeedMore) => return taken,
                    Ok(Next::Skip { length, .. }) => {
                        self.counters.skipped += 1;
                        taken += length;
                        continue;
                    }
                    Ok(Next::Heartbeat { length }) => {
                        taken += length;
                        continue;
                    }
                    Ok(Next::Message { length, message }) => (length, Some(message)),
                    Err(_) => {
                        self.end(session, Ending::Malformed);
                        break;
                    }
                },
            };
            let must_wait = session.dialog.is_some_and(|dialog| self.flows.waits_for_cancel(dialog.user));
            if must_wait || !session.has_room_for_a_request() || !self.has_room_for_a_command() {
                self.hold_back(session);
                return taken;
            }
            self.counters.messages_in += 1;
            match (order, message) {
                (Some((number, order)), _) => self.request(session, number, Request::Order(order)),
                (None, Some(message)) => self.other(session, &message),
                (None, None) => unreachable!("it is an order or a message"),
            }
            taken += length;
            self.counters.bytes_in += length as u64;
        }
        // Who leaves is not listened to any more.
        bytes.len()
    }

    /// A message that is no order in its usual form.
    fn other(&mut self, session: &mut Session, message: &Message<'_>) {
        match message.tid() {
            tid::USER_LOGIN => self.login(session, message),
            tid::LOGIN_CHALLENGE => self.challenge(session, message),
            tid::USER_LOGOUT => self.logout(session, message),
            _ if message.series() == Series::DIALOG || session.dialog.is_none() => {
                self.request(session, message.number(), Request::Other(message));
            }
            _ => self.end(session, Ending::DialogGap),
        }
    }

    /// A message of the dialog stream.
    #[inline]
    fn request(&mut self, session: &mut Session, number: SequenceNumber, request: Request<'_>) {
        let number = number.0;
        let Some(dialog) = &mut session.dialog else {
            return self.refuse(session, Refusal::NotLoggedIn, Target { number, order: None });
        };
        // JR/T 0016 §5.2.1.3: a number that is not the next one closes the connection.
        if number != dialog.next_request {
            return self.end(session, Ending::DialogGap);
        }
        dialog.next_request += 1;
        let (dialog, request) = (*dialog, &request);
        if let Request::Other(message) = request
            && let Some(field) = queries::read(message)
        {
            return self.ask(session, dialog, number, message.tid(), field);
        }
        match self.ingress_command(dialog, &mut session.named, number, request) {
            Ok(()) => session.in_engine += 1,
            Err(Refused { refusal, order }) => self.refuse(session, refusal, Target { number, order }),
        }
    }

    /// Whether the user may ask this now; if so, the command stands in the ring.
    #[inline]
    fn ingress_command<'a>(
        &mut self,
        dialog: Dialog,
        named: &mut Named,
        number: u32,
        request: &Request<'a>,
    ) -> Result<(), Refused<'a>> {
        let user = self.directory.user(dialog.user).expect("a login is a defined user's, and definitions stay");
        let within_rate = self.flows.request(dialog.user, user, self.now);
        let asked = Asked { dialog, number };
        match request {
            Request::Order(order) => self.order(asked, named, order, within_rate)?,
            Request::Other(message) => {
                let result = self.other_command(asked, named, message, within_rate);
                // Too many come before whatever else is wrong: ERRORS.md, "In which order".
                result
                    .map_err(|refused| Refused { refusal: within_rate.err().unwrap_or(refused.refusal), ..refused })?;
            }
        }
        Ok(())
    }

    /// An order.
    #[inline]
    fn order<'a>(
        &mut self,
        asked: Asked,
        named: &mut Named,
        order: &'a OrderInsertField,
        within_rate: Result<(), Refusal>,
    ) -> Result<(), Refused<'a>> {
        let about = |refusal| Refused { refusal, order: Some((&order.order_sys_id, &order.order_local_id)) };
        within_rate.map_err(about)?;
        let user = self.directory.user(asked.dialog.user).expect("a login is a defined user's, and definitions stay");
        let (account, instrument) = match named.find(asked.dialog.user, ids_of(order)) {
            Some(same) => same,
            None => self.look_up(asked.dialog.user, user.participant, order, named).map_err(about)?,
        };
        let price = order.limit_price.units().map_err(|_| about(Refusal::FieldMalformed))?;
        let stop_price = match order.stop_price == Float::BLANK {
            true => 0,
            false => order.stop_price.units().map_err(|_| about(Refusal::FieldMalformed))?,
        };
        let volume = volume(order.volume_total_orginal).ok_or(about(Refusal::FieldMalformed))?;
        let minimal_volume = self::volume(order.minimal_volume).ok_or(about(Refusal::FieldMalformed))?;
        self.flows.go(asked.dialog.user, user).map_err(about)?;
        let suspends = order.auto_suspend.get() == bool_flag::TRUE;
        self.write(
            asked,
            OrderInsert {
                local_id: *order.order_local_id.bytes(),
                message_reference: *order.message_reference.bytes(),
                direction: order.direction.get(),
                offset: order.offset_flag.get(),
                hedge: order.hedge_flag.get(),
                order_type: order.order_type.get(),
                match_condition: order.match_condition.get(),
                match_session: order.match_session.get(),
                instrument,
                flags: if stop_price != 0 { ORDER_STOP_PRICE } else { 0 }
                    | if suspends { ORDER_AUTO_SUSPEND } else { 0 },
                price: RawPrice(price),
                account,
                volume,
                minimal_volume,
                reserved: 0,
            },
        );
        Ok(())
    }

    /// Whose an order is and what it names, which is kept for the next one if all of it is there.
    #[inline(never)]
    fn look_up(
        &self,
        user: UserIndex,
        participant: ParticipantIndex,
        order: &OrderInsertField,
        named: &mut Named,
    ) -> Result<(AccountIndex, InstrumentIndex), Refusal> {
        let is_own = self.directory.is_participant(participant, order.participant_id.bytes())
            && self.directory.is_user(user, order.user_id.bytes());
        if !is_own {
            return Err(Refusal::NotYours);
        }
        let account = self.directory.find_account(participant, order.client_id.bytes());
        let instrument = self.directory.find_instrument(order.instrument_id.bytes());
        if let (Some(account), Some(instrument)) = (account, instrument) {
            *named = Named { user, ids: *ids_of(order), account, instrument };
        }
        Ok((account.unwrap_or(AccountIndex::NONE), instrument.unwrap_or(InstrumentIndex::UNKNOWN)))
    }

    /// What is no order, or an order in a form that nobody writes.
    fn other_command<'a>(
        &mut self,
        asked: Asked,
        named: &mut Named,
        message: &Message<'a>,
        within_rate: Result<(), Refusal>,
    ) -> Result<(), Refused<'a>> {
        let dialog = asked.dialog;
        let user = self.directory.user(dialog.user).expect("a login is a defined user's, and definitions stay");
        match message.tid() {
            tid::ORDER_INSERT => {
                self.order(asked, named, ReqOrderInsert::parse(message)?.order_insert, within_rate)?;
            }
            tid::ORDER_ACTION => {
                let ReqOrderAction { order_action: action, order_action_target: target } =
                    ReqOrderAction::parse(message)?;
                let local_id = target.map_or(&Str::<24>::BLANK, |target| &target.order_local_id);
                let about = |refusal| Refused { refusal, order: Some((&action.order_sys_id, local_id)) };
                within_rate.map_err(about)?;
                let participant =
                    |id: &Str<8>| id.is_blank() || self.directory.is_participant(user.participant, id.bytes());
                if !self.directory.is_user(dialog.user, action.user_id.bytes())
                    || !target.is_none_or(|target| participant(&target.participant_id))
                {
                    return Err(about(Refusal::NotYours));
                }
                self.flows.go(dialog.user, user).map_err(about)?;
                let instrument = match action.instrument_id.is_blank() {
                    true => InstrumentIndex::NONE,
                    false => {
                        self.directory.find_instrument(action.instrument_id.bytes()).unwrap_or(InstrumentIndex::UNKNOWN)
                    }
                };
                let account = self.target_account(user.participant, target.map(|target| &target.client_id));
                let body = OrderCancel {
                    order_sys_id: *action.order_sys_id.bytes(),
                    instrument,
                    action: action.order_action_code.get(),
                    target_field: target.is_some().into(),
                    local_id: *local_id.bytes(),
                    action_local_id: *action.action_local_id.bytes(),
                    message_reference: *action.message_reference.bytes(),
                    reserved: [0; 2],
                    account,
                    reserved_2: 0,
                };
                self.write(asked, body);
            }
            tid::QUOTE_INSERT => self.quote_insert(asked, message, within_rate)?,
            tid::QUOTE_ACTION => self.quote_cancel(asked, message, within_rate)?,
            tid::ENQUIRE_QUOTE => self.enquire_quote(asked, message, within_rate)?,
            tid::EXEC_ORDER_INSERT => self.exec_order_insert(asked, message, within_rate)?,
            tid::EXEC_ORDER_ACTION => self.exec_order_cancel(asked, message, within_rate)?,
            tid::READINESS => {
                let report = ReqReadiness::parse(message)?.readiness;
                within_rate?;
                self.must_be(dialog, user.participant, &report.participant_id, &report.user_id)?;
                if !matches!(report.readiness.get(), readiness::NOT_READY | readiness::READY | readiness::RAISED_HAND) {
                    return Err(Refusal::FieldMalformed.into());
                }
                self.flows.go(dialog.user, user)?;
                let (readiness, content) = (report.readiness.get(), *report.content.bytes());
                self.write(asked, ReadinessReport { readiness, reserved: [0; 3], content });
            }
            tid::USER_PASSWORD_UPDATE => {
                let update = ReqUserPasswordUpdate::parse(message)?.req_user_password_update;
                within_rate?;
                self.must_be(dialog, user.participant, &update.participant_id, &update.user_id)?;
                if update.new_password.is_blank() {
                    return Err(Refusal::FieldMalformed.into());
                }
                if !proof::is_secret(user.secret.trimmed(), update.old_password.trimmed()) {
                    return Err(Refusal::WrongCredentials.into());
                }
                self.flows.go(dialog.user, user)?;
                let mut secret = [b' '; 40];
                let new = update.new_password.trimmed();
                secret[..new.len()].copy_from_slice(new);
                self.write(asked, PasswordUpdate { secret });
            }
            _ => {
                within_rate?;
                return Err(Refusal::NotOffered.into());
            }
        }
        Ok(())
    }

    /// The account that a cancel names. Without a name any; with an unknown one, one that no order has.
    pub(super) fn target_account(&self, participant: ParticipantIndex, client_id: Option<&Str<8>>) -> AccountIndex {
        match client_id.filter(|id| !id.is_blank()) {
            None => AccountIndex::NONE,
            Some(id) => self.directory.find_account(participant, id.bytes()).unwrap_or(ACCOUNT_UNKNOWN),
        }
    }

    fn must_be(
        &self,
        dialog: Dialog,
        own: ParticipantIndex,
        participant: &Str<8>,
        user: &Str<15>,
    ) -> Result<(), Refused<'static>> {
        let is_own = self.directory.is_participant(own, participant.bytes());
        if is_own && self.directory.is_user(dialog.user, user.bytes()) { Ok(()) } else { Err(Refusal::NotYours.into()) }
    }

    /// Writes a command where it stays until the engine has read it.
    #[inline(always)]
    pub(super) fn write<B: Body>(&mut self, asked: Asked, body: B) {
        let header = CommandHeader {
            kind: B::KIND as u16,
            length: B::KIND.size() as u16, // at most MAX_COMMAND
            session: asked.dialog.number,
            request: asked.number,
            user: asked.dialog.user,
            reserved: 0,
        };
        let mut slot = self.sender.reserve(B::KIND.size()).expect("has_room_for_a_command was asked before");
        let (head, rest) = slot.split_at_mut(size_of::<CommandHeader>());
        *CommandHeader::mut_from_bytes(head).expect("a slot is aligned, and its head as long as a header") = header;
        *B::mut_from_bytes(rest).expect("a command's size is its header's and its body's") = body;
        slot.commit(Nanoseconds(self.now.nanos()));
        self.pace.went(&header, self.machine_now);
        self.counters.commands += 1;
        self.counters.command_bytes += B::KIND.size() as u64;
    }

    /// Answers a request with Error.
    pub(crate) fn refuse(&mut self, session: &mut Session, refusal: Refusal, target: Target<'_>) {
        self.counters.refusals[refusal.index()] += 1;
        let (now, text) = (self.now, self.directory.member_text());
        session.say(|buffer| answer::error(buffer, refusal, target, text, now));
        self.list(session);
    }
}

/// What a connection's orders named last: the next one mostly names the same, and definitions stay.
pub(crate) struct Named {
    /// Whose dialog it was.
    user: UserIndex,
    /// UserId, ParticipantId, ClientId, InstrumentId, as they stood in the order: all of them were right.
    ids: [u8; IDS_SIZE],
    account: AccountIndex,
    instrument: InstrumentIndex,
}

/// Where an order's four ids stand, one behind the other.
const IDS: usize = offset_of!(OrderInsertField, user_id);
const IDS_SIZE: usize = 15 + 8 + 8 + 30;
const _: () = assert!(offset_of!(OrderInsertField, direction) == IDS + IDS_SIZE);

#[inline]
fn ids_of(order: &OrderInsertField) -> &[u8; IDS_SIZE] {
    order.as_bytes()[IDS..].first_chunk().expect("the direction stands behind them")
}

impl Named {
    /// Nothing was named.
    pub(crate) fn nothing() -> Self {
        let (account, instrument) = (AccountIndex::NONE, InstrumentIndex::UNKNOWN);
        Named { user: UserIndex::NONE, ids: [0; IDS_SIZE], account, instrument }
    }

    /// The account and the instrument of an order with these ids of a dialog of `user`'s, if it is as the last one.
    #[inline]
    fn find(&self, user: UserIndex, ids: &[u8; IDS_SIZE]) -> Option<(AccountIndex, InstrumentIndex)> {
        (self.user == user && self.ids == *ids).then_some((self.account, self.instrument))
    }
}

/// An account that a cancel named and that is not defined: no order is its own, so that the target is not found.
pub(crate) const ACCOUNT_UNKNOWN: AccountIndex = AccountIndex(u32::MAX - 1);

pub(super) fn volume(item: Int) -> Option<Volume> {
    u32::try_from(item.get()).ok().map(Volume)
}

impl From<Refusal> for Refused<'_> {
    fn from(refusal: Refusal) -> Self {
        Refused { refusal, order: None }
    }
}

impl From<Malformed> for Refused<'_> {
    fn from(_: Malformed) -> Self {
        Refusal::FieldMalformed.into()
    }
}
