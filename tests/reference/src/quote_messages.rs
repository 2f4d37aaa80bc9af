//! Quotes, enquiries and instructions as FTD bytes (`dataplane/STREAMS.md`).

use crate::command::{EnquireQuote, ExecOrderCancel, QuoteCancel};
use crate::event::SystemId;
use crate::messages::{Number, field, message, price};
use crate::number::{Account, Instrument, Participant, User};
use crate::state::{BUY, Instruction, Quote, SELL, State};
use ftd::field::{
    EnquireQuoteField, EnquireQuoteNotifyField, ExecActionField, ExecOrderActionField, ExecOrderField,
    InputExecOrderField, InputQuoteField, QuoteActionField, QuoteField,
};
use ftd::types::Str;
use ftd::{ChinaTime, tid};

/// FTDRequestByType: a member.
const BY_MEMBER: u8 = b'1';
/// FTDExecResult: not executed yet.
const NOT_EXECUTED: u8 = b'n';
/// FTDExecResult: taken back.
const TAKEN_BACK: u8 = b'c';

/// The number of an answer in its dialog.
fn answer(request: u32) -> Number {
    Number { series: 0, number: request }
}

impl State {
    fn clearing_id(&self, participant: Participant) -> Str<8> {
        self.participant_id(self.members[&participant].define.clearing)
    }

    /// Quote: accepted, or ended in the present frame.
    pub(crate) fn quote_notice(&self, number: Number, quote: &Quote, ended: bool) -> Vec<u8> {
        let day = self.opened_day();
        let insert = &quote.insert;
        message(tid::QUOTE, number, |writer| {
            let out: &mut QuoteField = field(writer);
            out.trade_date.set(day.trading_day).expect("a day is eight digits");
            out.action_date.set(day.action_day).expect("a day is eight digits");
            out.quote_sys_id = Str::from(quote.sys_id);
            out.participant_id = self.participant_id(quote.participant);
            out.client_id = self.client_id(insert.account);
            out.user_id = self.user_id(quote.user);
            out.instrument_id = self.instrument_id(insert.instrument);
            out.quote_local_id = Str::from(insert.local_id);
            out.bid_comb_offset_flag.set(insert.offset[BUY]);
            out.bid_comb_hedge_flag.set(insert.hedge[BUY]);
            out.bid_volume.set_unsigned(insert.volume[BUY]);
            price(&mut out.bid_price, insert.price[BUY]);
            out.ask_comb_offset_flag.set(insert.offset[SELL]);
            out.ask_comb_hedge_flag.set(insert.hedge[SELL]);
            out.ask_volume.set_unsigned(insert.volume[SELL]);
            price(&mut out.ask_price, insert.price[SELL]);
            out.message_reference = Str::from(insert.message_reference);
            out.insert_time.set_at(ChinaTime::from_unix_ns(quote.accepted_at.0));
            if ended {
                out.cancel_time.set_at(ChinaTime::from_unix_ns(self.time.0));
            }
            out.bid_order_sys_id = Str::from(quote.order_sys_ids[BUY]);
            out.ask_order_sys_id = Str::from(quote.order_sys_ids[SELL]);
            out.clearing_part_id = self.clearing_id(quote.participant);
        })
    }

    /// RspQuoteInsert.
    pub(crate) fn quote_answer(&self, request: u32, quote: &Quote) -> Vec<u8> {
        let insert = &quote.insert;
        message(tid::QUOTE_INSERT, answer(request), |writer| {
            let out: &mut InputQuoteField = field(writer);
            out.quote_sys_id = Str::from(quote.sys_id);
            out.participant_id = self.participant_id(quote.participant);
            out.client_id = self.client_id(insert.account);
            out.user_id = self.user_id(quote.user);
            out.instrument_id = self.instrument_id(insert.instrument);
            out.quote_local_id = Str::from(insert.local_id);
            out.bid_comb_offset_flag.set(insert.offset[BUY]);
            out.bid_comb_hedge_flag.set(insert.hedge[BUY]);
            out.bid_volume.set_unsigned(insert.volume[BUY]);
            price(&mut out.bid_price, insert.price[BUY]);
            out.ask_comb_offset_flag.set(insert.offset[SELL]);
            out.ask_comb_hedge_flag.set(insert.hedge[SELL]);
            out.ask_volume.set_unsigned(insert.volume[SELL]);
            price(&mut out.ask_price, insert.price[SELL]);
            out.message_reference = Str::from(insert.message_reference);
        })
    }

    /// RspQuoteAction, to who cancelled `quote`: what the request named stays as it was, blank where it named nothing.
    pub(crate) fn quote_cancel_answer(&self, request: u32, user: User, cancel: &QuoteCancel, quote: &Quote) -> Vec<u8> {
        message(tid::QUOTE_ACTION, answer(request), |writer| {
            let out: &mut QuoteActionField = field(writer);
            out.order_action_code.set(cancel.action);
            out.quote_sys_id = Str::from(quote.sys_id);
            out.quote_local_id = Str::from(quote.insert.local_id);
            out.action_local_id = Str::from(cancel.action_local_id);
            if cancel.instrument != Instrument::NONE {
                out.instrument_id = self.instrument_id(cancel.instrument);
            }
            out.participant_id = self.participant_id(quote.participant);
            if cancel.account != Account::NONE {
                out.client_id = self.client_id(cancel.account);
            }
            out.user_id = self.user_id(user);
            out.message_reference = Str::from(cancel.message_reference);
        })
    }

    /// RspEnquireQuote.
    pub(crate) fn enquiry_answer(&self, request: u32, user: User, enquiry: &EnquireQuote, sys_id: SystemId) -> Vec<u8> {
        message(tid::ENQUIRE_QUOTE, answer(request), |writer| {
            let out: &mut EnquireQuoteField = field(writer);
            out.quote_sys_id = Str::from(sys_id);
            out.participant_id = self.participant_id(self.traders[&user].define.participant);
            out.client_id = self.client_id(enquiry.account);
            out.user_id = self.user_id(user);
            out.instrument_id = self.instrument_id(enquiry.instrument);
            out.quote_direction.set(enquiry.direction);
            out.quote_local_id = Str::from(enquiry.local_id);
            out.message_reference = Str::from(enquiry.message_reference);
        })
    }

    /// EnquireQuoteNotify: everybody hears the question, nobody who asks.
    pub(crate) fn enquiry_notice(&self, number: u32, enquiry: &EnquireQuote, sys_id: SystemId) -> Vec<u8> {
        message(tid::ENQUIRE_QUOTE_NOTIFY, Number { series: 1, number }, |writer| {
            let out: &mut EnquireQuoteNotifyField = field(writer);
            out.quote_sys_id = Str::from(sys_id);
            out.instrument_id = self.instrument_id(enquiry.instrument);
            out.quote_direction.set(enquiry.direction);
            out.request_by.set(BY_MEMBER);
        })
    }

    /// ExecOrder: accepted, or ended in the present frame.
    pub(crate) fn instruction_notice(&self, number: Number, instruction: &Instruction, ended: bool) -> Vec<u8> {
        let day = self.opened_day();
        let insert = &instruction.insert;
        let accepted = ChinaTime::from_unix_ns(instruction.accepted_at.0);
        message(tid::EXEC_ORDER, number, |writer| {
            let out: &mut ExecOrderField = field(writer);
            out.trading_day.set(day.trading_day).expect("a day is eight digits");
            out.action_day.set(day.action_day).expect("a day is eight digits");
            out.settlement_id.set(1);
            out.instrument_id = self.instrument_id(insert.instrument);
            out.participant_id = self.participant_id(instruction.participant);
            out.client_id = self.client_id(insert.account);
            out.user_id = self.user_id(instruction.user);
            out.exec_order_local_id = Str::from(insert.local_id);
            out.volume.set_unsigned(insert.volume);
            out.message_reference = Str::from(insert.message_reference);
            out.exec_order_sys_id = Str::from(instruction.sys_id);
            out.insert_date.set(accepted.yyyymmdd()).expect("a day is eight digits");
            out.insert_time.set_at(accepted);
            if ended {
                out.cancel_time.set_at(ChinaTime::from_unix_ns(self.time.0));
            }
            out.exec_result.set(if ended { TAKEN_BACK } else { NOT_EXECUTED });
            out.clearing_part_id = self.clearing_id(instruction.participant);
            let out: &mut ExecActionField = field(writer);
            out.exec_action.set(insert.action);
        })
    }

    /// RspExecOrderInsert.
    pub(crate) fn instruction_answer(&self, request: u32, instruction: &Instruction) -> Vec<u8> {
        let insert = &instruction.insert;
        message(tid::EXEC_ORDER_INSERT, answer(request), |writer| {
            let out: &mut InputExecOrderField = field(writer);
            out.instrument_id = self.instrument_id(insert.instrument);
            out.participant_id = self.participant_id(instruction.participant);
            out.client_id = self.client_id(insert.account);
            out.user_id = self.user_id(instruction.user);
            out.exec_order_local_id = Str::from(insert.local_id);
            out.volume.set_unsigned(insert.volume);
            out.message_reference = Str::from(insert.message_reference);
            let out: &mut ExecActionField = field(writer);
            out.exec_action.set(insert.action);
        })
    }

    /// RspExecOrderAction, to who took `instruction` back.
    pub(crate) fn instruction_cancel_answer(
        &self,
        request: u32,
        user: User,
        cancel: &ExecOrderCancel,
        instruction: &Instruction,
    ) -> Vec<u8> {
        message(tid::EXEC_ORDER_ACTION, answer(request), |writer| {
            let out: &mut ExecOrderActionField = field(writer);
            out.exec_order_sys_id = Str::from(instruction.sys_id);
            out.exec_order_local_id = Str::from(instruction.insert.local_id);
            out.action_flag.set(cancel.action);
            out.participant_id = self.participant_id(instruction.participant);
            out.client_id = self.client_id(instruction.insert.account);
            out.user_id = self.user_id(user);
            out.action_local_id = Str::from(cancel.action_local_id);
            out.message_reference = Str::from(cancel.message_reference);
        })
    }
}
