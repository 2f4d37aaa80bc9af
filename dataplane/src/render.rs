//! Messages of the log in the members' bytes: what STREAMS.md says, message by message.
//!
//! A message is written from the log into the caller's bytes, field by field from the standard's blanks; there is no second
//! copy of any stream. What is sent for the first time and what is sent again after a login is the same function of the
//! same log, and so the same bytes. Nothing here allocates.
//!
//! | file | what |
//! |---|---|
//! | `private` | OrderConfirmation, TradeInsertSingle, ParticipantBulletin |
//! | `broadcast` | InstrumentStatusChangeNotify, MarketMatchData, MarketBulletin |
//! | `dialog` | RspOrderInsert, RspOrderAction, Error, RspReadiness, RspUserPasswordUpdate |
//! | `items` | prices, volumes, times and texts as the standard writes them |

mod broadcast;
mod dialog;
mod items;
mod private;

pub use broadcast::market_data_size_max;
pub(crate) use dialog::{Refusal, refusal};

use crate::directory::{Account, Conflict, Contradiction, Day, Directory, Instrument, Participant, User};
use crate::streams::reading::{AcceptedOrder, event_at};
use crate::streams::{Cancelled, Place, Stream, StreamIndex};
use engine::event::EventView;
use engine::types::{Sequence, StreamNumber};
use ftd::field::{BulletinField, FlowMessageCancelField, OrderStatusField};
use ftd::write::message_size;
use ftd::{MessageWriter, SequenceNumber, Series, tid};
use journal::{FrameView, LogReader};
use std::fmt;

/// Bytes of the longest message of a private stream, and of every message of the broadcast stream but market data.
pub const MESSAGE_SIZE_MAX: usize = if message_size::<BulletinField>() > message_size::<OrderStatusField>() {
    message_size::<BulletinField>()
} else {
    message_size::<OrderStatusField>()
};

/// Makes messages from a log and what was noted about it. Cheap to make: three references.
#[derive(Clone, Copy)]
pub struct Renderer<'a> {
    log: &'a LogReader,
    directory: &'a Directory,
    streams: &'a StreamIndex,
}

/// Why a message was not written. What stands in the buffer then is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRendered {
    /// The buffer is too short: again, with more room.
    NoRoom,
    /// The stream has no message of this number yet.
    NoMessage,
    /// The log contradicts itself: halt.
    Contradiction(Contradiction),
}

impl<'a> Renderer<'a> {
    /// A renderer of what `directory` and `streams` have taken in of `log`, both the same frames.
    #[inline]
    #[must_use]
    pub fn new(log: &'a LogReader, directory: &'a Directory, streams: &'a StreamIndex) -> Self {
        Renderer { log, directory, streams }
    }

    /// Writes the message `number` of `stream` to the beginning of `buffer`, all parts of it if it is a chain, and returns its
    /// length. [`MESSAGE_SIZE_MAX`] bytes are enough, for market data [`market_data_size_max`].
    ///
    /// # Errors
    /// [`NotRendered`].
    #[inline]
    pub fn message(&self, stream: Stream, number: StreamNumber, buffer: &mut [u8]) -> Result<usize, NotRendered> {
        let place = self.streams.place(stream, number).ok_or(NotRendered::NoMessage)?;
        let sequence = self.directory.last_sequence();
        let (part, event) = event_at(self.log, place).map_err(|conflict| NotRendered::of(conflict, sequence))?;
        let series = stream.series(self.directory).ok_or_else(|| NotRendered::of(Conflict::Undefined, sequence))?;
        let Place { offset, event: event_index, side } = place;
        let place = MessagePlace { part, offset, event_index: event_index.into(), series: Series(series), number };
        let rendered = match (stream, event) {
            (Stream::Private(_), EventView::Accepted(event)) => self.accepted(&place, event, buffer),
            (Stream::Private(_), EventView::Traded(event)) => self.trade(&place, event, side, buffer),
            (Stream::Private(_), EventView::Ended(event)) => self.ended(&place, event, buffer),
            (Stream::Private(_), EventView::Restated(event)) => self.restated(&place, event, buffer),
            (Stream::Private(_), EventView::Published(_)) => self.bulletin(tid::PARTICIPANT_BULLETIN, &place, buffer),
            (Stream::Broadcast, EventView::Published(_)) => self.bulletin(tid::MARKET_BULLETIN, &place, buffer),
            (Stream::Broadcast, EventView::PhaseChanged(event)) => self.phase(&place, event, buffer),
            (Stream::Broadcast, EventView::MarketData(_)) => self.market_data(&place, buffer),
            _ => Err(Failed::Conflict(Conflict::EventMisplaced)),
        };
        rendered.map_err(|failed| failed.at(part.header.sequence))
    }

    /// Writes what the session that sent a command is answered: `part` is the first part of the command's frame. The session and
    /// the number of its request stand in the command's header. `None`: it is answered nothing, the exchange itself asked.
    ///
    /// # Errors
    /// [`NotRendered`].
    #[inline]
    pub fn answer(&self, part: &FrameView<'_>, buffer: &mut [u8]) -> Result<Option<usize>, NotRendered> {
        self.dialog(part, buffer).map_err(|failed| failed.at(part.header.sequence))
    }

    /// Writes FlowMessageCancel: what a member received of `stream` and does not count. It goes before everything else of the stream.
    /// `None`: the buffer is too short, or there is no such stream.
    #[must_use]
    pub fn flow_message_cancel(&self, stream: Stream, cancelled: &Cancelled, buffer: &mut [u8]) -> Option<usize> {
        let day = self.directory.day()?;
        // errata.md 12: series 0, number 0.
        let mut message = MessageWriter::new(buffer, tid::FLOW_MESSAGE_CANCEL, Series::DIALOG, SequenceNumber(0))?;
        let field: &mut FlowMessageCancelField = message.push()?;
        field.sequence_series.set(stream.series(self.directory)?);
        items::set_date(&mut field.trade_date, day.trading_day).ok()?;
        items::set_date(&mut field.action_date, day.action_day).ok()?;
        field.data_center_id.set_unsigned(cancelled.data_center);
        field.start_sequence_no.set_unsigned(cancelled.from.0);
        field.end_sequence_no.set_unsigned(cancelled.to.0);
        Some(message.finish())
    }

    fn day(&self) -> Result<&'a Day, Conflict> {
        self.directory.day().ok_or(Conflict::DayNotOpen)
    }

    /// Who and what an order names.
    #[inline]
    fn parties(&self, order: &AcceptedOrder<'_>) -> Result<Parties<'a>, Conflict> {
        let find = || {
            let user = self.directory.user(order.user)?;
            Some(Parties {
                user,
                participant: self.directory.participant(user.participant)?,
                account: self.directory.account(order.order.account)?,
                instrument: self.directory.instrument(order.order.instrument)?,
            })
        };
        find().ok_or(Conflict::Undefined)
    }
}

/// Which message is being made, and from where.
struct MessagePlace<'a> {
    part: FrameView<'a>,
    offset: u64,
    event_index: usize,
    series: Series,
    number: StreamNumber,
}

impl MessagePlace<'_> {
    #[inline]
    fn message<'b>(&self, tid: ftd::Tid, buffer: &'b mut [u8]) -> Result<MessageWriter<'b>, Failed> {
        MessageWriter::new(buffer, tid, self.series, SequenceNumber(self.number.0)).ok_or(Failed::NoRoom)
    }
}

/// Who and what an order names, in the base data.
#[derive(Clone, Copy)]
struct Parties<'a> {
    user: &'a User,
    participant: &'a Participant,
    account: &'a Account,
    instrument: &'a Instrument,
}

/// [`NotRendered`] while the frame is known anyway.
#[derive(Clone, Copy, Debug)]
enum Failed {
    NoRoom,
    Conflict(Conflict),
}

impl Failed {
    fn at(self, sequence: Sequence) -> NotRendered {
        match self {
            Failed::NoRoom => NotRendered::NoRoom,
            Failed::Conflict(conflict) => NotRendered::of(conflict, sequence),
        }
    }
}

impl From<Conflict> for Failed {
    fn from(conflict: Conflict) -> Self {
        Failed::Conflict(conflict)
    }
}

impl NotRendered {
    fn of(conflict: Conflict, sequence: Sequence) -> Self {
        NotRendered::Contradiction(conflict.at(sequence))
    }
}

impl fmt::Display for NotRendered {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotRendered::NoRoom => out.write_str("the buffer is too short for the message"),
            NotRendered::NoMessage => out.write_str("the stream has no message of this number yet"),
            NotRendered::Contradiction(contradiction) => contradiction.fmt(out),
        }
    }
}

impl std::error::Error for NotRendered {}
