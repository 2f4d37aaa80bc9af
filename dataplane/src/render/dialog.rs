//! Answers in the dialog stream. STREAMS.md, "Dialog stream".

use super::broadcast::INSTRUMENT_VERSION;
use super::items::clock;
use super::{Failed, Hand, Scribe};
use crate::directory::Conflict;
use crate::streams::logged::{LoggedOrder, OrderTerms};
use crate::streams::reading::AcceptedOrder;
use crate::texts::MemberText;
use engine::command::{BodyView, CommandHeader, OrderCancel, ReadinessReport};
use engine::event::{Ended, EventView, Rejected, SystemId};
use engine::reject::Reject;
use engine::types::{Nanoseconds, UserIndex};
use ftd::field::{
    ErrorField, ErrorTargetOrderField, ErrorTargetSequenceField, OrderActionField, OrderActionTargetField,
    OrderInsertField, ReadinessField, RspUserPasswordUpdateField,
};
use ftd::types::{Char, Str};
use ftd::value::action_flag;
use ftd::write::message_size;
use ftd::{Field, MessageWriter, SequenceNumber, Series, Tid, tid, write_sole, write_sole_copy};
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
    /// … and how that is written.
    pub(crate) text: MemberText,
    /// The number of the request that is refused.
    pub(crate) request: u32,
    /// Of what has a local id, and of cancels: the system's id and the local id.
    pub(crate) target: Option<(SystemId, [u8; 24])>,
}

/// Writes package Error to the beginning of `buffer`: the engine's refusals and the session's own. `None`: the buffer is too short.
#[must_use]
pub(crate) fn refusal(buffer: &mut [u8], time: Nanoseconds, refusal: &Refusal<'_>) -> Option<usize> {
    let mut message = MessageWriter::new(buffer, tid::ERROR, Series::DIALOG, SequenceNumber(refusal.request))?;
    let error: &mut ErrorField = message.push()?;
    error.error_code.set_decimal(refusal.code.into()).expect("five digits fit into ten");
    error.error_text = refusal.text.write(&[refusal.chinese, " ", refusal.english]);
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

impl Scribe<'_> {
    #[inline]
    pub(super) fn dialog(
        &self,
        part: &FrameView<'_>,
        hand: &mut Hand,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, Failed> {
        let command = part.command.as_ref().ok_or(Conflict::EventMisplaced)?;
        if command.header.user == UserIndex::NONE {
            return Ok(None);
        }
        let event = part.events.first().and_then(|event| event.view()).ok_or(Conflict::EventUnknown)?;
        let length = match (&command.body, event) {
            (_, EventView::Rejected(event)) => self.rejected(part, &command.body, event, buffer)?,
            (BodyView::OrderInsert(_), EventView::Accepted(_)) => {
                self.inserted(&AcceptedOrder::in_bytes(part.bytes).ok_or(Conflict::EventMisplaced)?, hand, buffer)?
            }
            (BodyView::OrderCancel(cancel), EventView::Ended(event)) => {
                self.cancelled(command.header, cancel, event, buffer)?
            }
            (BodyView::QuoteInsert(quote), _) => {
                self.quote_inserted(command.header, part.header.sequence, quote, buffer)?
            }
            (BodyView::QuoteCancel(cancel), _) => {
                // Behind its orders' ends.
                let mut events = part.events.iter().filter_map(|event| event.view());
                let ended = events.find_map(|event| match event {
                    EventView::QuoteEnded(event) => Some(event.quote),
                    _ => None,
                });
                self.quote_cancelled(command.header, cancel, ended.ok_or(Conflict::EventMisplaced)?, buffer)?
            }
            (BodyView::EnquireQuote(enquiry), EventView::Enquired(event)) => {
                self.enquired(command.header, enquiry, event, buffer)?
            }
            (BodyView::ExecOrderInsert(sent), EventView::ExecAccepted(_)) => {
                self.instructed(command.header, sent, buffer)?
            }
            (BodyView::ExecOrderCancel(cancel), EventView::ExecEnded(event)) => {
                self.instruction_ended(command.header, cancel, event.order, buffer)?
            }
            (BodyView::ReadinessReport(report), EventView::Applied(_)) => self.ready(command.header, report, buffer)?,
            (BodyView::PasswordUpdate(_), EventView::Applied(_)) => self.password(command.header, buffer)?,
            _ => return Err(Conflict::EventMisplaced.into()),
        };
        Ok(Some(length))
    }

    /// RspOrderInsert: the request's field with what the exchange adds.
    #[inline]
    pub(super) fn inserted(
        &self,
        order: &AcceptedOrder<'_>,
        hand: &mut Hand,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let field = self.take(order, hand)?;
        let number = SequenceNumber(order.command().request);
        write_sole_copy(buffer, tid::ORDER_INSERT, Series::DIALOG, number, field).ok_or(Failed::NoRoom)?;
        Ok(message_size::<OrderInsertField>())
    }

    #[inline]
    fn cancelled(
        &self,
        header: &CommandHeader,
        cancel: &OrderCancel,
        event: &Ended,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        match LoggedOrder::of(self.log, event.order)? {
            LoggedOrder::Sent(order) => self.cancelled_order(header, cancel, &order, buffer),
            LoggedOrder::Quoted(order) => self.cancelled_order(header, cancel, &order, buffer),
        }
    }

    /// RspOrderAction.
    #[inline]
    fn cancelled_order(
        &self,
        header: &CommandHeader,
        cancel: &OrderCancel,
        order: &impl OrderTerms,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let parties = self.parties(order)?;
        let user = self.directory.user(header.user).ok_or(Conflict::Undefined)?;
        let number = SequenceNumber(header.request);
        let mut message =
            MessageWriter::new(buffer, tid::ORDER_ACTION, Series::DIALOG, number).ok_or(Failed::NoRoom)?;
        let field: &mut OrderActionField = message.push().ok_or(Failed::NoRoom)?;
        field.order_action_code.set(action_flag::DELETE);
        field.order_sys_id = Str::from(order.sys_id());
        field.action_local_id = Str::from(cancel.action_local_id);
        field.instrument_id = Str::from(parties.instrument.id);
        field.instrument_version.set(INSTRUMENT_VERSION);
        field.user_id = Str::from(user.id);
        field.message_reference = Str::from(cancel.message_reference);
        if cancel.target_field == 1 {
            let field: &mut OrderActionTargetField = message.push().ok_or(Failed::NoRoom)?;
            field.order_local_id = Str::from(order.local_id());
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
            BodyView::QuoteInsert(quote) => Some((event.first_sys_id, quote.local_id)),
            BodyView::QuoteCancel(cancel) => Some((cancel.sys_id, cancel.local_id)),
            BodyView::EnquireQuote(enquiry) => Some((event.first_sys_id, enquiry.local_id)),
            BodyView::ExecOrderInsert(sent) => Some((event.first_sys_id, sent.local_id)),
            BodyView::ExecOrderCancel(cancel) => Some((cancel.sys_id, cancel.local_id)),
            _ => None,
        };
        let (chinese, english) = (code.chinese(), code.english());
        let text = self.directory.member_text();
        let told = Refusal { code: event.code, chinese, english, text, request: header.request, target };
        refusal(buffer, part.header.time, &told).ok_or(Failed::NoRoom)
    }

    /// RspReadiness: the request's field.
    fn ready(&self, header: &CommandHeader, report: &ReadinessReport, buffer: &mut [u8]) -> Result<usize, Failed> {
        let (user, participant) = self.speaker(header)?;
        let field: &mut ReadinessField = answer_to(header, tid::READINESS, buffer)?;
        field.participant_id = Str::from(participant);
        field.user_id = Str::from(user);
        field.readiness = Char::from(report.readiness);
        field.content = Str::from(report.content);
        Ok(message_size::<ReadinessField>())
    }

    /// RspUserPasswordUpdate. A password is never sent back (`errata.md`, Streams).
    fn password(&self, header: &CommandHeader, buffer: &mut [u8]) -> Result<usize, Failed> {
        let (user, participant) = self.speaker(header)?;
        let field: &mut RspUserPasswordUpdateField = answer_to(header, tid::USER_PASSWORD_UPDATE, buffer)?;
        field.participant_id = Str::from(participant);
        field.user_id = Str::from(user);
        Ok(message_size::<RspUserPasswordUpdateField>())
    }

    /// UserId and ParticipantId of who asked.
    fn speaker(&self, header: &CommandHeader) -> Result<([u8; 15], [u8; 8]), Conflict> {
        let user = self.directory.user(header.user).ok_or(Conflict::Undefined)?;
        let participant = self.directory.participant(user.participant).ok_or(Conflict::Undefined)?;
        Ok((user.id, participant.id))
    }
}

/// Begins an answer of one field, which is `message_size::<F>()` long.
#[inline]
fn answer_to<'b, F: Field>(header: &CommandHeader, tid: Tid, buffer: &'b mut [u8]) -> Result<&'b mut F, Failed> {
    write_sole(buffer, tid, Series::DIALOG, SequenceNumber(header.request)).ok_or(Failed::NoRoom)
}
