//! Members' requests become commands: names become places in the base data.

use crate::command::{
    AUTO_SUSPEND, Command, EnquireQuote, ExecOrderCancel, ExecOrderInsert, OrderCancel, OrderInsert, PasswordUpdate,
    QuoteCancel, QuoteInsert, ReadinessReport, STOP_PRICE,
};
use crate::event::{BLANK, SystemId};
use crate::number::{Account, Instrument, Participant, User};
use crate::proof::unpadded;
use crate::refusals::Refusal;
use crate::state::State;
use crate::wire::Zero;
use ftd::package::{
    ReqEnquireQuote, ReqExecOrderAction, ReqExecOrderInsert, ReqOrderAction, ReqOrderInsert, ReqQuoteAction,
    ReqQuoteInsert, ReqReadiness, ReqUserPasswordUpdate,
};
use ftd::types::{Int, Str};
use ftd::{Malformed, Message, tid};

/// A client that a cancel names and the participant does not have: no order is its.
const NOBODY: Account = Account(u32::MAX - 1);

/// A request without an ExecActionField is an exercise.
const TO_EXERCISE: u8 = b'1';
/// InputExecOrderField has no hedge flag.
const SPECULATION: u8 = b'1';

/// A request refused by the session, and the order or cancel that it is about.
#[derive(Clone, Copy, Debug)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// OrderSysId and OrderLocalId as the request named them.
    pub target: Option<(SystemId, [u8; 24])>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Refused { refusal, target: None }
    }
}

impl From<Malformed> for Refused {
    fn from(_: Malformed) -> Self {
        Refusal::FieldMalformed.into()
    }
}

/// What `user` asks for.
///
/// # Errors
/// [`Refused`]: the session answers, and nothing is executed.
pub fn command(state: &State, user: User, message: &Message<'_>) -> Result<Command, Refused> {
    match message.tid() {
        tid::ORDER_INSERT => order_insert(state, user, message),
        tid::ORDER_ACTION => order_cancel(state, user, message),
        tid::QUOTE_INSERT => quote_insert(state, user, message),
        tid::QUOTE_ACTION => quote_cancel(state, user, message),
        tid::ENQUIRE_QUOTE => enquire_quote(state, user, message),
        tid::EXEC_ORDER_INSERT => exec_order_insert(state, user, message),
        tid::EXEC_ORDER_ACTION => exec_order_cancel(state, user, message),
        tid::READINESS => {
            let report = ReqReadiness::parse(message)?.readiness;
            must_be(state, user, &report.participant_id, &report.user_id)?;
            let readiness = report.readiness.get();
            if !(b'0'..=b'2').contains(&readiness) {
                return Err(Refusal::FieldMalformed.into());
            }
            Ok(ReadinessReport { readiness, zero: Zero, content: *report.content.bytes() }.into())
        }
        tid::USER_PASSWORD_UPDATE => {
            let update = ReqUserPasswordUpdate::parse(message)?.req_user_password_update;
            must_be(state, user, &update.participant_id, &update.user_id)?;
            if update.old_password.trimmed() != unpadded(&state.traders[&user].secret) {
                return Err(Refusal::WrongCredentials.into());
            }
            if update.new_password.is_blank() {
                return Err(Refusal::FieldMalformed.into());
            }
            Ok(PasswordUpdate { secret: crate::command::padded(update.new_password.trimmed()) }.into())
        }
        _ => Err(Refusal::NotOffered.into()),
    }
}

fn order_insert(state: &State, user: User, message: &Message<'_>) -> Result<Command, Refused> {
    let order = ReqOrderInsert::parse(message)?.order_insert;
    let target = Some((*order.order_sys_id.bytes(), *order.order_local_id.bytes()));
    let about = |refusal| Refused { refusal, target };
    must_be(state, user, &order.participant_id, &order.user_id).map_err(about)?;
    let malformed = about(Refusal::FieldMalformed);
    let price = order.limit_price.units().map_err(|_| malformed)?;
    let stop_price = order.stop_price.units().map_err(|_| malformed)?;
    let participant = state.traders[&user].define.participant;
    let mut flags = 0;
    if stop_price != 0 {
        flags |= STOP_PRICE;
    }
    if order.auto_suspend.get() == b'1' {
        flags |= AUTO_SUSPEND;
    }
    let command = OrderInsert {
        local_id: *order.order_local_id.bytes(),
        message_reference: *order.message_reference.bytes(),
        direction: order.direction.get(),
        offset: order.offset_flag.get(),
        hedge: order.hedge_flag.get(),
        order_type: order.order_type.get(),
        match_condition: order.match_condition.get(),
        match_session: order.match_session.get(),
        instrument: state.find_instrument(order.instrument_id.bytes()).unwrap_or(Instrument::UNKNOWN),
        flags,
        price,
        account: state.find_account(participant, order.client_id.bytes()).unwrap_or(Account::NONE),
        volume: lots(order.volume_total_orginal).ok_or(malformed)?,
        minimal_volume: lots(order.minimal_volume).ok_or(malformed)?,
        zero: Zero,
    };
    Ok(command.into())
}

fn order_cancel(state: &State, user: User, message: &Message<'_>) -> Result<Command, Refused> {
    let ReqOrderAction { order_action: action, order_action_target: target } = ReqOrderAction::parse(message)?;
    let local_id = target.map_or([b' '; 24], |target| *target.order_local_id.bytes());
    let about = |refusal| Refused { refusal, target: Some((*action.order_sys_id.bytes(), local_id)) };
    let participant = state.traders[&user].define.participant;
    let named = target.map(|target| &target.participant_id).filter(|id| !id.is_blank());
    let its = named.is_none_or(|id| state.find_participant(id.bytes()) == Some(participant));
    if !its || state.find_user(action.user_id.bytes()) != Some(user) {
        return Err(about(Refusal::NotYours));
    }
    let instrument = match action.instrument_id.is_blank() {
        true => Instrument::NONE,
        false => state.find_instrument(action.instrument_id.bytes()).unwrap_or(Instrument::UNKNOWN),
    };
    let client = target.map(|target| &target.client_id).filter(|id| !id.is_blank());
    let command = OrderCancel {
        order_sys_id: *action.order_sys_id.bytes(),
        instrument,
        action: action.order_action_code.get(),
        target_field: u8::from(target.is_some()),
        local_id,
        action_local_id: *action.action_local_id.bytes(),
        message_reference: *action.message_reference.bytes(),
        zero: Zero,
        account: client.map_or(Account::NONE, |id| state.find_account(participant, id.bytes()).unwrap_or(NOBODY)),
        zero_2: Zero,
    };
    Ok(command.into())
}

fn quote_insert(state: &State, user: User, message: &Message<'_>) -> Result<Command, Refused> {
    let quote = ReqQuoteInsert::parse(message)?.input_quote;
    let target = Some((*quote.quote_sys_id.bytes(), *quote.quote_local_id.bytes()));
    let about = |refusal| Refused { refusal, target };
    must_be(state, user, &quote.participant_id, &quote.user_id).map_err(about)?;
    let malformed = about(Refusal::FieldMalformed);
    let command = QuoteInsert {
        local_id: *quote.quote_local_id.bytes(),
        message_reference: *quote.message_reference.bytes(),
        instrument: named_instrument(state, &quote.instrument_id),
        account: named_account(state, user, &quote.client_id),
        offset: [quote.bid_comb_offset_flag.get(), quote.ask_comb_offset_flag.get()],
        hedge: [quote.bid_comb_hedge_flag.get(), quote.ask_comb_hedge_flag.get()],
        price: [quote.bid_price.units().map_err(|_| malformed)?, quote.ask_price.units().map_err(|_| malformed)?],
        volume: [lots(quote.bid_volume).ok_or(malformed)?, lots(quote.ask_volume).ok_or(malformed)?],
    };
    Ok(command.into())
}

fn quote_cancel(state: &State, user: User, message: &Message<'_>) -> Result<Command, Refused> {
    let action = ReqQuoteAction::parse(message)?.quote_action;
    let target = Some((*action.quote_sys_id.bytes(), *action.quote_local_id.bytes()));
    let about = |refusal| Refused { refusal, target };
    must_be(state, user, &action.participant_id, &action.user_id).map_err(about)?;
    let participant = state.traders[&user].define.participant;
    let client = Some(&action.client_id).filter(|id| !id.is_blank());
    let command = QuoteCancel {
        sys_id: *action.quote_sys_id.bytes(),
        instrument: match action.instrument_id.is_blank() {
            true => Instrument::NONE,
            false => named_instrument(state, &action.instrument_id),
        },
        action: action.order_action_code.get(),
        zero: Zero,
        local_id: *action.quote_local_id.bytes(),
        action_local_id: *action.action_local_id.bytes(),
        message_reference: *action.message_reference.bytes(),
        zero_2: Zero,
        account: client.map_or(Account::NONE, |id| state.find_account(participant, id.bytes()).unwrap_or(NOBODY)),
        zero_3: Zero,
    };
    Ok(command.into())
}

fn enquire_quote(state: &State, user: User, message: &Message<'_>) -> Result<Command, Refused> {
    let enquiry = ReqEnquireQuote::parse(message)?.enquire_quote;
    let target = Some((*enquiry.quote_sys_id.bytes(), *enquiry.quote_local_id.bytes()));
    must_be(state, user, &enquiry.participant_id, &enquiry.user_id).map_err(|refusal| Refused { refusal, target })?;
    let command = EnquireQuote {
        local_id: *enquiry.quote_local_id.bytes(),
        message_reference: *enquiry.message_reference.bytes(),
        instrument: named_instrument(state, &enquiry.instrument_id),
        account: named_account(state, user, &enquiry.client_id),
        direction: enquiry.quote_direction.get(),
        zero: Zero,
    };
    Ok(command.into())
}

fn exec_order_insert(state: &State, user: User, message: &Message<'_>) -> Result<Command, Refused> {
    let ReqExecOrderInsert { input_exec_order: order, exec_action } = ReqExecOrderInsert::parse(message)?;
    let about = |refusal| Refused { refusal, target: Some((BLANK, *order.exec_order_local_id.bytes())) };
    must_be(state, user, &order.participant_id, &order.user_id).map_err(about)?;
    let command = ExecOrderInsert {
        local_id: *order.exec_order_local_id.bytes(),
        message_reference: *order.message_reference.bytes(),
        instrument: named_instrument(state, &order.instrument_id),
        account: named_account(state, user, &order.client_id),
        volume: lots(order.volume).ok_or(about(Refusal::FieldMalformed))?,
        action: exec_action.map_or(TO_EXERCISE, |field| field.exec_action.get()),
        hedge: SPECULATION,
        zero: Zero,
    };
    Ok(command.into())
}

fn exec_order_cancel(state: &State, user: User, message: &Message<'_>) -> Result<Command, Refused> {
    let action = ReqExecOrderAction::parse(message)?.exec_order_action;
    let target = Some((*action.exec_order_sys_id.bytes(), *action.exec_order_local_id.bytes()));
    must_be(state, user, &action.participant_id, &action.user_id).map_err(|refusal| Refused { refusal, target })?;
    let command = ExecOrderCancel {
        sys_id: *action.exec_order_sys_id.bytes(),
        action: action.action_flag.get(),
        zero: Zero,
        local_id: *action.exec_order_local_id.bytes(),
        action_local_id: *action.action_local_id.bytes(),
        message_reference: *action.message_reference.bytes(),
        zero_2: Zero,
    };
    Ok(command.into())
}

/// The instrument that a request names.
fn named_instrument(state: &State, id: &Str<30>) -> Instrument {
    state.find_instrument(id.bytes()).unwrap_or(Instrument::UNKNOWN)
}

/// The client that a request names.
fn named_account(state: &State, user: User, id: &Str<8>) -> Account {
    state.find_account(state.traders[&user].define.participant, id.bytes()).unwrap_or(Account::NONE)
}

/// A request is the session's own user's.
fn must_be(state: &State, user: User, participant_id: &Str<8>, user_id: &Str<15>) -> Result<(), Refusal> {
    let participant = state.traders[&user].define.participant;
    let own = state.find_user(user_id.bytes()) == Some(user)
        && state.find_participant(participant_id.bytes()) == Some(participant);
    if own { Ok(()) } else { Err(Refusal::NotYours) }
}

/// A volume is not negative.
fn lots(item: Int) -> Option<u32> {
    u32::try_from(item.get()).ok()
}

/// Names of the base data. What pads them does not count.
impl State {
    /// The participant of that ParticipantId.
    #[must_use]
    pub fn find_participant(&self, id: &[u8]) -> Option<Participant> {
        self.members.iter().find(|(_, member)| unpadded(&member.define.id) == unpadded(id)).map(|(&index, _)| index)
    }

    /// The user of that UserId.
    #[must_use]
    pub fn find_user(&self, id: &[u8]) -> Option<User> {
        self.traders.iter().find(|(_, trader)| unpadded(&trader.define.id) == unpadded(id)).map(|(&index, _)| index)
    }

    /// The instrument of that InstrumentId.
    #[must_use]
    pub fn find_instrument(&self, id: &[u8]) -> Option<Instrument> {
        self.markets.iter().find(|(_, market)| unpadded(&market.define.id) == unpadded(id)).map(|(&index, _)| index)
    }

    /// The participant's client of that ClientId.
    #[must_use]
    pub fn find_account(&self, of: Participant, id: &[u8]) -> Option<Account> {
        self.client_ids.get(&(of, unpadded(id).to_vec())).copied()
    }
}
