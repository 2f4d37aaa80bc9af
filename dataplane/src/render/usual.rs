//! The messages of a usual frame, from one look at it: an OrderInsert that was accepted, and its trades. The bytes are those that
//! [`super::private`] and [`super::dialog`] make from the same place, as resuming members get them.

use super::private::OrderState;
use super::{Failed, Parties, Scribe};
use crate::streams::reading::UsualFrame;
use engine::types::StreamNumber;
use ftd::field::{OrderInsertField, OrderStatusField, TradeInsertSingleField};
use ftd::value::bool_flag;
use ftd::write::message_size;
use ftd::{SequenceNumber, Series, tid, write_sole};

/// Bytes of the longest message of a usual frame.
pub(crate) const USUAL_SIZE_MAX: usize = message_size::<OrderStatusField>();
const _: () = assert!(message_size::<OrderInsertField>() <= USUAL_SIZE_MAX);
const _: () = assert!(message_size::<TradeInsertSingleField>() <= USUAL_SIZE_MAX);

impl Scribe<'_> {
    /// RspOrderInsert, and behind it OrderConfirmation, if the order is told under a number. Returns the bytes of both.
    #[inline]
    pub(crate) fn answer_and_confirmation(
        &self,
        frame: &UsualFrame<'_>,
        parties: &Parties<'_>,
        number: Option<StreamNumber>,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        const ANSWER: usize = message_size::<OrderInsertField>();
        let order = &frame.order;
        let (head, rest) = buffer.split_first_chunk_mut::<ANSWER>().ok_or(Failed::NoRoom)?;
        let request = SequenceNumber(order.command().request);
        let answer: &mut OrderInsertField =
            write_sole(head, tid::ORDER_INSERT, Series::DIALOG, request).ok_or(Failed::NoRoom)?;
        answer.auto_suspend.set(bool_flag::FALSE);
        self.fill(order, parties, answer)?;
        let Some(number) = number else { return Ok(ANSWER) };
        let series = Series(parties.participant.series);
        let field =
            write_sole(rest, tid::ORDER_CONFIRMATION, series, SequenceNumber(number.0)).ok_or(Failed::NoRoom)?;
        self.confirm(answer, field, order, &OrderState::accepted(order), order.header().time)?;
        Ok(ANSWER + message_size::<OrderStatusField>())
    }
}
