//! Answers in the dialog stream. STREAMS.md, "Dialog stream".

use super::broadcast::INSTRUMENT_VERSION;
use super::items::{clock, set_date, set_error_text, set_units, set_volume};
use super::{Failed, Renderer};
use crate::directory::Conflict;
use crate::streams::reading::AcceptedOrder;
use engine::command::{BodyView, CommandHeader, OrderCancel, ReadinessReport};
use engine::event::{Ended, EventView, Rejected, SystemId};
use engine::reject::Reject;
use engine::types::{Nanoseconds, UserIndex};
use ftd::field::{
    ErrorField, ErrorTargetOrderField, ErrorTargetSequenceField, OrderActionField, OrderActionTargetField,
    OrderInsertField, ReadinessField, RspUserPasswordUpdateField,
};
use ftd::types::{Char, Str};
use ftd::value::{action_flag, bool_flag};
use ftd::{MessageWriter, SequenceNumber, Series, Tid, tid};
use journal::FrameView;

/// A refusal as the member is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal<'a> {
    /// Its number: the engine's, or from 101 the session's.
    pub(crate) code: u16,
    /// What members read, in Chinese.
    pub(crate) chinese: &'a str,
    /// What members read, in English.
    pub(crate) english: &'a str,
    /// The number of the request that is refused.
    pub(crate) request: u32,
    /// Of an order and a cancel: OrderSysId and OrderLocalId.
    pub(crate) target: Option<(SystemId, [u8; 24])>,
}

/// Writes package Error to the beginning of `buffer`: the engine's refusals and the session's own. `None`: the buffer is too short.
#[must_use]
pub(crate) fn refusal(buffer: &mut [u8], time: Nanoseconds, refusal: &Refusal<'_>) -> Option<usize> {
    let mut message = MessageWriter::new(buffer, tid::ERROR, Series::DIALOG, SequenceNumber(refusal.request))?;
    let error: &mut ErrorField = message.push()?;
    error.error_code.set_decimal(refusal.code.into()).expect("five digits fit into ten");
    set_error_text(&mut error.error_text, refusal.chinese, refusal.english);
    error.time_stamp.set_at(clock(time));
    let target: &mut ErrorTargetSequenceField = message.push()?;
    target.sequence_series.set(Series::DIALOG.0);
    target.sequence_no.set_unsigned(refusal.request);
    if let Some((sys_id, local_id)) = refusal.target {
        let target: &mut ErrorTargetOrderField = message.push()?;
        target.order_sys_id = Str::from(sys_id);
        target.order_local_id = Str::from(local_id);
    }
    Some(message.finish())
}

impl Renderer<'_> {
    #[inline]
    pub(super) fn dialog(&self, part: &FrameView<'_>, buffer: &mut [u8]) -> Result<Option<usize>, Failed> {
        let command = part.command.as_ref().ok_or(Conflict::EventMisplaced)?;
        if command.header.user == UserIndex::NONE {
            return Ok(None);
        }
        let event = part.events.first().and_then(|event| event.view()).ok_or(Conflict::EventUnknown)?;
        let length = match (&command.body, event) {
            (_, EventView::Rejected(event)) => self.rejected(part, &command.body, event, buffer)?,
            (BodyView::OrderInsert(_), EventView::Accepted(_)) => self.inserted(part, command.header, buffer)?,
            (BodyView::OrderCancel(cancel), EventView::Ended(event)) => {
                self.cancelled(command.header, cancel, event, buffer)?
            }
            (BodyView::ReadinessReport(report), EventView::Applied(_)) => self.ready(command.header, report, buffer)?,
            (BodyView::PasswordUpdate(_), EventView::Applied(_)) => self.password(command.header, buffer)?,
            _ => return Err(Conflict::EventMisplaced.into()),
        };
        Ok(Some(length))
    }

    /// RspOrderInsert: the request's field with what the exchange adds.
    #[inline]
    fn inserted(&self, part: &FrameView<'_>, header: &CommandHeader, buffer: &mut [u8]) -> Result<usize, Failed> {
        let order = AcceptedOrder::in_part(part).ok_or(Conflict::EventMisplaced)?;
        let (day, parties, sent) = (self.day()?, self.parties(&order)?, order.order);
        let mut message = answer_to(header, tid::ORDER_INSERT, buffer)?;
        let field: &mut OrderInsertField = message.push().ok_or(Failed::NoRoom)?;
        set_date(&mut field.trade_date, day.trading_day)?;
        set_date(&mut field.action_date, day.action_day)?;
        field.order_sys_id = Str::from(order.accepted.sys_id);
        field.order_local_id = Str::from(sent.local_id);
        field.user_id = Str::from(parties.user.id);
        field.participant_id = Str::from(parties.participant.id);
        field.client_id = Str::from(parties.account.client_id);
        field.instrument_id = Str::from(parties.instrument.id);
        field.direction = Char::from(sent.direction);
        field.offset_flag = Char::from(sent.offset);
        field.hedge_flag = Char::from(sent.hedge);
        set_units(&mut field.limit_price, sent.price.0)?;
        set_volume(&mut field.volume_total_orginal, sent.volume);
        field.order_type = Char::from(sent.order_type);
        field.match_condition = Char::from(sent.match_condition);
        field.match_session = Char::from(sent.match_session);
        set_volume(&mut field.minimal_volume, sent.minimal_volume);
        field.auto_suspend.set(bool_flag::FALSE);
        field.insert_time.set_at(day.clock(part.header.time));
        field.message_reference = Str::from(sent.message_reference);
        Ok(message.finish())
    }

    /// RspOrderAction.
    #[inline]
    fn cancelled(
        &self,
        header: &CommandHeader,
        cancel: &OrderCancel,
        event: &Ended,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let order = AcceptedOrder::of(self.log, event.order)?;
        let parties = self.parties(&order)?;
        let user = self.directory.user(header.user).ok_or(Conflict::Undefined)?;
        let mut message = answer_to(header, tid::ORDER_ACTION, buffer)?;
        let field: &mut OrderActionField = message.push().ok_or(Failed::NoRoom)?;
        field.order_action_code.set(action_flag::DELETE);
        field.order_sys_id = Str::from(order.accepted.sys_id);
        field.action_local_id = Str::from(cancel.action_local_id);
        field.instrument_id = Str::from(parties.instrument.id);
        field.instrument_version.set(INSTRUMENT_VERSION);
        field.user_id = Str::from(user.id);
        field.message_reference = Str::from(cancel.message_reference);
        if cancel.target_field == 1 {
            let field: &mut OrderActionTargetField = message.push().ok_or(Failed::NoRoom)?;
            field.order_local_id = Str::from(order.order.local_id);
            field.participant_id = Str::from(parties.participant.id);
            field.client_id = Str::from(parties.account.client_id);
        }
        Ok(message.finish())
    }

    /// Error.
    fn rejected(
        &self,
        part: &FrameView<'_>,
        body: &BodyView<'_>,
        event: &Rejected,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let header = part.command.as_ref().ok_or(Conflict::EventMisplaced)?.header;
        let code = Reject::from_code(event.code).ok_or(Conflict::EventUnknown)?;
        let target = match body {
            BodyView::OrderInsert(order) => Some((event.first_sys_id, order.local_id)),
            BodyView::OrderCancel(cancel) => Some((cancel.order_sys_id, cancel.local_id)),
            _ => None,
        };
        let (chinese, english) = (code.chinese(), code.english());
        let told = Refusal { code: event.code, chinese, english, request: header.request, target };
        refusal(buffer, part.header.time, &told).ok_or(Failed::NoRoom)
    }

    /// RspReadiness: the request's field.
    fn ready(&self, header: &CommandHeader, report: &ReadinessReport, buffer: &mut [u8]) -> Result<usize, Failed> {
        let (user, participant) = self.speaker(header)?;
        let mut message = answer_to(header, tid::READINESS, buffer)?;
        let field: &mut ReadinessField = message.push().ok_or(Failed::NoRoom)?;
        field.participant_id = Str::from(participant);
        field.user_id = Str::from(user);
        field.readiness = Char::from(report.readiness);
        field.content = Str::from(report.content);
        Ok(message.finish())
    }

    /// RspUserPasswordUpdate. A password is never sent back (`errata.md`, Streams).
    fn password(&self, header: &CommandHeader, buffer: &mut [u8]) -> Result<usize, Failed> {
        let (user, participant) = self.speaker(header)?;
        let mut message = answer_to(header, tid::USER_PASSWORD_UPDATE, buffer)?;
        let field: &mut RspUserPasswordUpdateField = message.push().ok_or(Failed::NoRoom)?;
        field.participant_id = Str::from(participant);
        field.user_id = Str::from(user);
        Ok(message.finish())
    }

    /// UserId and ParticipantId of who asked.
    fn speaker(&self, header: &CommandHeader) -> Result<([u8; 15], [u8; 8]), Conflict> {
        let user = self.directory.user(header.user).ok_or(Conflict::Undefined)?;
        let participant = self.directory.participant(user.participant).ok_or(Conflict::Undefined)?;
        Ok((user.id, participant.id))
    }
}

#[inline]
fn answer_to<'b>(header: &CommandHeader, tid: Tid, buffer: &'b mut [u8]) -> Result<MessageWriter<'b>, Failed> {
    MessageWriter::new(buffer, tid, Series::DIALOG, SequenceNumber(header.request)).ok_or(Failed::NoRoom)
}
