//! Quotes, enquiries and exercise instructions of members: from their packages to commands. What is looked at here, and in which
//! order, is what the session looks at in an order: whose it is, then its numbers, then the seat's flow.

use crate::front::desk::Desk;
use crate::session::Refusal;
use crate::session::ingress::{Asked, Refused, volume};
use engine::command::{EnquireQuote, ExecOrderCancel, ExecOrderInsert, QuoteCancel, QuoteInsert};
use engine::types::{AccountIndex, InstrumentIndex, ParticipantIndex, RawPrice, UserIndex, Volume};
use ftd::Message;
use ftd::package::{ReqEnquireQuote, ReqExecOrderAction, ReqExecOrderInsert, ReqQuoteAction, ReqQuoteInsert};
use ftd::types::{Int, Str};
use ftd::value::{exec_action, hedge_flag};

/// What a request says about who speaks, and what it is about.
struct About<'a> {
    participant: &'a Str<8>,
    user: &'a Str<15>,
    /// The system's id and the local one.
    target: (&'a Str<20>, &'a Str<24>),
}

impl<'a> About<'a> {
    fn refused(&self, refusal: Refusal) -> Refused<'a> {
        Refused { refusal, order: Some(self.target) }
    }

    fn volume(&self, item: Int) -> Result<Volume, Refused<'a>> {
        volume(item).ok_or(self.refused(Refusal::FieldMalformed))
    }

    fn price(&self, item: &ftd::number::Float<12, 4>) -> Result<RawPrice, Refused<'a>> {
        item.units().map(RawPrice).map_err(|_| self.refused(Refusal::FieldMalformed))
    }
}

impl Desk {
    /// ReqQuoteInsert.
    pub(super) fn quote_insert<'a>(
        &mut self,
        asked: Asked,
        message: &Message<'a>,
        within_rate: Result<(), Refusal>,
    ) -> Result<(), Refused<'a>> {
        let quote = ReqQuoteInsert::parse(message)?.input_quote;
        let target = (&quote.quote_sys_id, &quote.quote_local_id);
        let about = About { participant: &quote.participant_id, user: &quote.user_id, target };
        let participant = self.speaker(asked, &about, within_rate)?;
        let body = QuoteInsert {
            local_id: *quote.quote_local_id.bytes(),
            message_reference: *quote.message_reference.bytes(),
            instrument: self.instrument_named(&quote.instrument_id),
            account: self.account_named(participant, &quote.client_id),
            offset: [quote.bid_comb_offset_flag.get(), quote.ask_comb_offset_flag.get()],
            hedge: [quote.bid_comb_hedge_flag.get(), quote.ask_comb_hedge_flag.get()],
            price: [about.price(&quote.bid_price)?, about.price(&quote.ask_price)?],
            volume: [about.volume(quote.bid_volume)?, about.volume(quote.ask_volume)?],
        };
        self.go(asked.dialog.user, &about)?;
        self.write(asked, body);
        Ok(())
    }

    /// ReqQuoteAction.
    pub(super) fn quote_cancel<'a>(
        &mut self,
        asked: Asked,
        message: &Message<'a>,
        within_rate: Result<(), Refusal>,
    ) -> Result<(), Refused<'a>> {
        let action = ReqQuoteAction::parse(message)?.quote_action;
        let target = (&action.quote_sys_id, &action.quote_local_id);
        let about = About { participant: &action.participant_id, user: &action.user_id, target };
        let participant = self.speaker(asked, &about, within_rate)?;
        let instrument = match action.instrument_id.is_blank() {
            true => InstrumentIndex::NONE,
            false => self.instrument_named(&action.instrument_id),
        };
        let body = QuoteCancel {
            sys_id: *action.quote_sys_id.bytes(),
            instrument,
            action: action.order_action_code.get(),
            reserved: 0,
            local_id: *action.quote_local_id.bytes(),
            action_local_id: *action.action_local_id.bytes(),
            message_reference: *action.message_reference.bytes(),
            reserved_2: [0; 2],
            account: self.target_account(participant, Some(&action.client_id)),
            reserved_3: 0,
        };
        self.go(asked.dialog.user, &about)?;
        self.write(asked, body);
        Ok(())
    }

    /// ReqEnquireQuote.
    pub(super) fn enquire_quote<'a>(
        &mut self,
        asked: Asked,
        message: &Message<'a>,
        within_rate: Result<(), Refusal>,
    ) -> Result<(), Refused<'a>> {
        let enquiry = ReqEnquireQuote::parse(message)?.enquire_quote;
        let target = (&enquiry.quote_sys_id, &enquiry.quote_local_id);
        let about = About { participant: &enquiry.participant_id, user: &enquiry.user_id, target };
        let participant = self.speaker(asked, &about, within_rate)?;
        let body = EnquireQuote {
            local_id: *enquiry.quote_local_id.bytes(),
            message_reference: *enquiry.message_reference.bytes(),
            instrument: self.instrument_named(&enquiry.instrument_id),
            account: self.account_named(participant, &enquiry.client_id),
            direction: enquiry.quote_direction.get(),
            reserved: [0; 3],
        };
        self.go(asked.dialog.user, &about)?;
        self.write(asked, body);
        Ok(())
    }

    /// ReqExecOrderInsert. Without an ExecActionField it is an exercise; the standard's field has no hedge flag: a speculator's.
    pub(super) fn exec_order_insert<'a>(
        &mut self,
        asked: Asked,
        message: &Message<'a>,
        within_rate: Result<(), Refusal>,
    ) -> Result<(), Refused<'a>> {
        let ReqExecOrderInsert { input_exec_order: order, exec_action: action } = ReqExecOrderInsert::parse(message)?;
        let target = (&Str::<20>::BLANK, &order.exec_order_local_id);
        let about = About { participant: &order.participant_id, user: &order.user_id, target };
        let participant = self.speaker(asked, &about, within_rate)?;
        let body = ExecOrderInsert {
            local_id: *order.exec_order_local_id.bytes(),
            message_reference: *order.message_reference.bytes(),
            instrument: self.instrument_named(&order.instrument_id),
            account: self.account_named(participant, &order.client_id),
            volume: about.volume(order.volume)?,
            action: action.map_or(exec_action::EXERCISE, |field| field.exec_action.get()),
            hedge: hedge_flag::SPECULATION,
            reserved: [0; 6],
        };
        self.go(asked.dialog.user, &about)?;
        self.write(asked, body);
        Ok(())
    }

    /// ReqExecOrderAction.
    pub(super) fn exec_order_cancel<'a>(
        &mut self,
        asked: Asked,
        message: &Message<'a>,
        within_rate: Result<(), Refusal>,
    ) -> Result<(), Refused<'a>> {
        let action = ReqExecOrderAction::parse(message)?.exec_order_action;
        let target = (&action.exec_order_sys_id, &action.exec_order_local_id);
        let about = About { participant: &action.participant_id, user: &action.user_id, target };
        self.speaker(asked, &about, within_rate)?;
        let body = ExecOrderCancel {
            sys_id: *action.exec_order_sys_id.bytes(),
            action: action.action_flag.get(),
            reserved: [0; 3],
            local_id: *action.exec_order_local_id.bytes(),
            action_local_id: *action.action_local_id.bytes(),
            message_reference: *action.message_reference.bytes(),
            reserved_2: [0; 2],
        };
        self.go(asked.dialog.user, &about)?;
        self.write(asked, body);
        Ok(())
    }

    /// The participant of who speaks, if the request is its own and it may speak now.
    fn speaker<'a>(
        &self,
        asked: Asked,
        about: &About<'a>,
        within_rate: Result<(), Refusal>,
    ) -> Result<ParticipantIndex, Refused<'a>> {
        within_rate.map_err(|refusal| about.refused(refusal))?;
        let user = self.directory.user(asked.dialog.user).expect("a login is a defined user's, and definitions stay");
        let is_own = self.directory.is_participant(user.participant, about.participant.bytes())
            && self.directory.is_user(asked.dialog.user, about.user.bytes());
        if is_own { Ok(user.participant) } else { Err(about.refused(Refusal::NotYours)) }
    }

    /// One more request of the user's goes to the engine.
    fn go<'a>(&self, user: UserIndex, about: &About<'a>) -> Result<(), Refused<'a>> {
        let definition = self.directory.user(user).expect("a login is a defined user's, and definitions stay");
        self.flows.go(user, definition).map_err(|refusal| about.refused(refusal))
    }

    fn instrument_named(&self, id: &Str<30>) -> InstrumentIndex {
        self.directory.find_instrument(id.bytes()).unwrap_or(InstrumentIndex::UNKNOWN)
    }

    fn account_named(&self, participant: ParticipantIndex, id: &Str<8>) -> AccountIndex {
        self.directory.find_account(participant, id.bytes()).unwrap_or(AccountIndex::NONE)
    }
}
