//! Quotes, enquiries and exercise instructions: their messages in the private stream and the answers to who asked. STREAMS.md,
//! "Private stream" and "Dialog stream".

use super::items::{set_units, set_volume};
use super::{Failed, MessagePlace, Scribe};
use crate::directory::Conflict;
use crate::streams::logged::{LoggedInstruction, LoggedQuote};
use engine::command::{CommandHeader, EnquireQuote, ExecOrderCancel, ExecOrderInsert, QuoteCancel, QuoteInsert};
use engine::event::Enquired;
use engine::types::{AccountIndex, InstrumentIndex, OrderKey, Sequence, UserIndex};
use ftd::field::{
    EnquireQuoteField, ExecActionField, ExecOrderActionField, ExecOrderField, InputExecOrderField, InputQuoteField,
    QuoteActionField, QuoteField,
};
use ftd::types::{Char, Str};
use ftd::value::exec_result;
use ftd::write::message_size;
use ftd::{MessageWriter, SequenceNumber, Series, Tid, tid, write_sole};

/// ExecOrderField.SettlementId: there is one settlement a day.
const SETTLEMENT: i32 = 1;
/// Bid and ask in the arrays of a quote.
const BID: usize = 0;
const ASK: usize = 1;

/// The texts that name whose something is.
struct Names {
    user: Str<15>,
    participant: Str<8>,
    /// Who clears the participant.
    clearing: Str<8>,
}

/// The items that a quote, or an instruction, has as it was sent: its field in the private stream and the one in its answer are two types
/// with the same items.
macro_rules! as_sent {
    (quote: $scribe:ident, $field:ident, $sent:ident, $names:ident) => {
        as_sent!(all: $scribe, $field, $sent, $names);
        $field.quote_local_id = Str::from($sent.local_id);
        $field.bid_comb_offset_flag = Char::from($sent.offset[BID]);
        $field.bid_comb_hedge_flag = Char::from($sent.hedge[BID]);
        set_volume(&mut $field.bid_volume, $sent.volume[BID]);
        set_units(&mut $field.bid_price, $sent.price[BID].0)?;
        $field.ask_comb_offset_flag = Char::from($sent.offset[ASK]);
        $field.ask_comb_hedge_flag = Char::from($sent.hedge[ASK]);
        set_volume(&mut $field.ask_volume, $sent.volume[ASK]);
        set_units(&mut $field.ask_price, $sent.price[ASK].0)?;
    };
    (instruction: $scribe:ident, $field:ident, $sent:ident, $names:ident) => {
        as_sent!(all: $scribe, $field, $sent, $names);
        $field.exec_order_local_id = Str::from($sent.local_id);
        set_volume(&mut $field.volume, $sent.volume);
    };
    (all: $scribe:ident, $field:ident, $sent:ident, $names:ident) => {
        $field.participant_id = $names.participant;
        $field.client_id = $scribe.client($sent.account)?;
        $field.user_id = $names.user;
        $field.instrument_id = $scribe.instrument_id($sent.instrument)?;
        $field.message_reference = Str::from($sent.message_reference);
    };
}

impl Scribe<'_> {
    fn names(&self, user: UserIndex) -> Result<Names, Conflict> {
        let find = || {
            let user = self.directory.user(user)?;
            let participant = self.directory.participant(user.participant)?;
            let clearing = self.directory.participant(participant.clearing)?;
            let names = (Str::from(user.id), Str::from(participant.id), Str::from(clearing.id));
            Some(Names { user: names.0, participant: names.1, clearing: names.2 })
        };
        find().ok_or(Conflict::Undefined)
    }

    fn client(&self, account: AccountIndex) -> Result<Str<8>, Conflict> {
        self.directory.account(account).map(|account| Str::from(account.client_id)).ok_or(Conflict::Undefined)
    }

    fn instrument_id(&self, instrument: InstrumentIndex) -> Result<Str<30>, Conflict> {
        self.directory.instrument(instrument).map(|found| Str::from(found.id)).ok_or(Conflict::Undefined)
    }

    /// Quote: the one that the frame `sequence` accepted. `ended`: it ended in the message's own frame.
    pub(super) fn quote(
        &self,
        place: &MessagePlace<'_>,
        sequence: Sequence,
        ended: bool,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let quote = LoggedQuote::of(self.log, sequence)?;
        let (day, sent, names) = (self.day()?, quote.sent, self.names(quote.user)?);
        let field: &mut QuoteField = place.message(tid::QUOTE, buffer)?;
        (field.trade_date, field.action_date) = (day.trading_date, day.action_date);
        as_sent!(quote: self, field, sent, names);
        field.quote_sys_id = Str::from(quote.accepted.sys_id);
        field.insert_time = self.directory.hundredth(quote.header.time).date_time();
        if ended {
            field.cancel_time = self.directory.hundredth(place.part.header.time).time();
        }
        field.bid_order_sys_id = Str::from(quote.accepted.bid_sys_id);
        field.ask_order_sys_id = Str::from(quote.accepted.ask_sys_id);
        field.clearing_part_id = names.clearing;
        Ok(message_size::<QuoteField>())
    }

    /// RspQuoteInsert.
    pub(super) fn quote_inserted(
        &self,
        header: &CommandHeader,
        sequence: Sequence,
        sent: &QuoteInsert,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let quote = LoggedQuote::of(self.log, sequence)?;
        let names = self.names(header.user)?;
        let field: &mut InputQuoteField = answer(header, tid::QUOTE_INSERT, buffer)?;
        as_sent!(quote: self, field, sent, names);
        field.quote_sys_id = Str::from(quote.accepted.sys_id);
        Ok(message_size::<InputQuoteField>())
    }

    /// RspQuoteAction: what the request named stays as it was, blank where it named nothing.
    pub(super) fn quote_cancelled(
        &self,
        header: &CommandHeader,
        cancel: &QuoteCancel,
        quote: OrderKey,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let quote = LoggedQuote::of(self.log, quote.sequence())?;
        let field: &mut QuoteActionField = answer(header, tid::QUOTE_ACTION, buffer)?;
        field.order_action_code = Char::from(cancel.action);
        field.quote_sys_id = Str::from(quote.accepted.sys_id);
        field.quote_local_id = Str::from(quote.sent.local_id);
        field.action_local_id = Str::from(cancel.action_local_id);
        if cancel.instrument != InstrumentIndex::NONE {
            field.instrument_id = self.instrument_id(cancel.instrument)?;
        }
        field.participant_id = self.names(quote.user)?.participant;
        if cancel.account != AccountIndex::NONE {
            field.client_id = self.client(cancel.account)?;
        }
        field.user_id = self.names(header.user)?.user;
        field.message_reference = Str::from(cancel.message_reference);
        Ok(message_size::<QuoteActionField>())
    }

    /// RspEnquireQuote.
    pub(super) fn enquired(
        &self,
        header: &CommandHeader,
        enquiry: &EnquireQuote,
        event: &Enquired,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let names = self.names(header.user)?;
        let field: &mut EnquireQuoteField = answer(header, tid::ENQUIRE_QUOTE, buffer)?;
        field.quote_sys_id = Str::from(event.sys_id);
        field.participant_id = names.participant;
        field.client_id = self.client(enquiry.account)?;
        field.user_id = names.user;
        field.instrument_id = self.instrument_id(enquiry.instrument)?;
        field.quote_direction = Char::from(enquiry.direction);
        field.quote_local_id = Str::from(enquiry.local_id);
        field.message_reference = Str::from(enquiry.message_reference);
        Ok(message_size::<EnquireQuoteField>())
    }

    /// ExecOrder: the one that the frame `sequence` accepted. `ended`: it was taken back in the message's own frame.
    pub(super) fn instruction(
        &self,
        place: &MessagePlace<'_>,
        sequence: Sequence,
        ended: bool,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let instruction = LoggedInstruction::of(self.log, sequence)?;
        let (day, sent, names) = (self.day()?, instruction.sent, self.names(instruction.user)?);
        let number = SequenceNumber(place.number.0);
        let mut message = MessageWriter::new(buffer, tid::EXEC_ORDER, place.series, number).ok_or(Failed::NoRoom)?;
        let field: &mut ExecOrderField = message.push().ok_or(Failed::NoRoom)?;
        (field.trading_day, field.action_day) = (day.trading_date, day.action_date);
        field.settlement_id.set(SETTLEMENT);
        as_sent!(instruction: self, field, sent, names);
        field.exec_order_sys_id = Str::from(instruction.accepted.sys_id);
        let accepted_at = super::items::clock(instruction.header.time);
        field.insert_date.set(accepted_at.yyyymmdd()).map_err(|_| Conflict::Inexpressible)?;
        field.insert_time.set_at(accepted_at);
        if ended {
            field.cancel_time = self.directory.hundredth(place.part.header.time).time();
        }
        field.exec_result.set(if ended { exec_result::CANCELLED } else { exec_result::NOT_EXECUTED });
        field.clearing_part_id = names.clearing;
        push_action(&mut message, sent)?;
        Ok(message.finish())
    }

    /// RspExecOrderInsert.
    pub(super) fn instructed(
        &self,
        header: &CommandHeader,
        sent: &ExecOrderInsert,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let names = self.names(header.user)?;
        let number = SequenceNumber(header.request);
        let mut message =
            MessageWriter::new(buffer, tid::EXEC_ORDER_INSERT, Series::DIALOG, number).ok_or(Failed::NoRoom)?;
        let field: &mut InputExecOrderField = message.push().ok_or(Failed::NoRoom)?;
        as_sent!(instruction: self, field, sent, names);
        push_action(&mut message, sent)?;
        Ok(message.finish())
    }

    /// RspExecOrderAction.
    pub(super) fn instruction_ended(
        &self,
        header: &CommandHeader,
        cancel: &ExecOrderCancel,
        instruction: OrderKey,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let instruction = LoggedInstruction::of(self.log, instruction.sequence())?;
        let field: &mut ExecOrderActionField = answer(header, tid::EXEC_ORDER_ACTION, buffer)?;
        field.exec_order_sys_id = Str::from(instruction.accepted.sys_id);
        field.exec_order_local_id = Str::from(instruction.sent.local_id);
        field.action_flag = Char::from(cancel.action);
        field.participant_id = self.names(instruction.user)?.participant;
        field.client_id = self.client(instruction.sent.account)?;
        field.user_id = self.names(header.user)?.user;
        field.action_local_id = Str::from(cancel.action_local_id);
        field.message_reference = Str::from(cancel.message_reference);
        Ok(message_size::<ExecOrderActionField>())
    }
}

fn push_action(message: &mut MessageWriter<'_>, sent: &ExecOrderInsert) -> Result<(), Failed> {
    let field: &mut ExecActionField = message.push().ok_or(Failed::NoRoom)?;
    field.exec_action = Char::from(sent.action);
    Ok(())
}

/// Begins an answer of one field.
fn answer<'b, F: ftd::Field>(header: &CommandHeader, tid: Tid, buffer: &'b mut [u8]) -> Result<&'b mut F, Failed> {
    write_sole(buffer, tid, Series::DIALOG, SequenceNumber(header.request)).ok_or(Failed::NoRoom)
}
