//! Messages of the log in the members' bytes: what STREAMS.md says, message by message.
//!
//! A message is written from the log into the caller's bytes, field by field from the standard's blanks; there is no second
//! copy of any stream. What is sent for the first time and what is sent again after a login is the same function of the
//! same log, and so the same bytes. Nothing here allocates.
//!
//! | file | what |
//! |---|---|
//! | `private` | OrderConfirmation, TradeInsertSingle, ParticipantBulletin |
//! | `quotes` | Quote, ExecOrder, and the answers to quotes, enquiries and instructions |
//! | `broadcast` | InstrumentStatusChangeNotify, EnquireQuoteNotify |
//! | `instrument` | InstrumentChangeNotify, MarketStatusChangeNotify |
//! | `market` | MarketMatchData, MarketMatchIncData, MarketOrderIncData |
//! | `dialog` | RspOrderInsert, RspOrderAction, Error, RspReadiness, RspUserPasswordUpdate |
//! | `usual` | what nearly every frame tells: an order's answer, its confirmation and its trades, while the frame is in the cache |
//! | `items` | prices, volumes, times and texts as the standard writes them |

mod broadcast;
mod dialog;
mod instrument;
mod items;
mod market;
mod private;
mod quotes;
mod usual;

pub(crate) use dialog::{Refusal, refusal};
pub use instrument::{MARKET_ID, set_instrument};
pub use market::market_data_size_max;
pub(crate) use usual::USUAL_SIZE_MAX;

use crate::directory::{Account, Conflict, Contradiction, Day, Directory, Instrument, Participant, User};
use crate::streams::logged::OrderTerms;
use crate::streams::reading::Part;
use crate::streams::{Cancelled, Place, Stream, StreamIndex};
use engine::event::EventView;
use engine::types::{OrderKey, Sequence, StreamNumber, UserIndex};
use ftd::field::{BulletinField, FlowMessageCancelField, OrderInsertField, OrderStatusField};
use ftd::types::{Char, Str};
use ftd::value::bool_flag;
use ftd::write::message_size;
use ftd::{Field, SequenceNumber, Series, Tid, tid, write_sole};
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
    scribe: Scribe<'a>,
    streams: &'a StreamIndex,
}

/// Writes messages of which it is known where they stand.
#[derive(Clone, Copy)]
pub(crate) struct Scribe<'a> {
    log: &'a LogReader,
    directory: &'a Directory,
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
        Renderer { scribe: Scribe::new(log, directory), streams }
    }

    /// Writes the message `number` of `stream` to the beginning of `buffer`, all parts of it if it is a chain, and returns its
    /// length. [`MESSAGE_SIZE_MAX`] bytes are enough, of the broadcast stream [`Renderer::size_max`].
    ///
    /// # Errors
    /// [`NotRendered`].
    #[inline]
    pub fn message(&self, stream: Stream, number: StreamNumber, buffer: &mut [u8]) -> Result<usize, NotRendered> {
        self.message_at(self.place(stream, number)?, stream, number, &mut Hand::empty(), buffer)
    }

    /// Bytes that are always enough for the message `number` of the broadcast stream, of a day of so many instruments.
    #[must_use]
    pub fn size_max(&self, number: StreamNumber, instruments: usize) -> usize {
        let prints = market::prints_size_max(self.streams.prints(number).len());
        MESSAGE_SIZE_MAX.max(market_data_size_max(instruments)).max(prints)
    }

    /// Where a message's event stands.
    #[inline]
    pub(crate) fn place(&self, stream: Stream, number: StreamNumber) -> Result<Place, NotRendered> {
        self.streams.place(stream, number).ok_or(NotRendered::NoMessage)
    }

    /// [`Renderer::message`], of which it is known where its event stands.
    #[inline]
    pub(crate) fn message_at(
        &self,
        place: Place,
        stream: Stream,
        number: StreamNumber,
        hand: &mut Hand,
        buffer: &mut [u8],
    ) -> Result<usize, NotRendered> {
        let unread = |conflict| NotRendered::of(conflict, self.scribe.directory.last_sequence());
        let part = Part::at(self.scribe.log, place.offset).map_err(unread)?;
        let Place { offset, event: event_index, side } = place;
        let event_index = usize::from(event_index);
        let event = part.event(event_index).map_err(unread)?;
        let series = Series(stream.series(self.scribe.directory).ok_or_else(|| unread(Conflict::Undefined))?);
        let place = MessagePlace { part, offset, event_index, series, number };
        let rendered = match (stream, event) {
            (Stream::Private(_), EventView::Accepted(event)) => self.scribe.accepted(&place, event, hand, buffer),
            (Stream::Private(_), EventView::Traded(event)) => self.scribe.trade(&place, event, side, buffer),
            (Stream::Private(_), EventView::Ended(event)) => self.scribe.ended(&place, event, hand, buffer),
            (Stream::Private(_), EventView::Restated(event)) => self.scribe.restated(&place, event, hand, buffer),
            (Stream::Private(_), EventView::QuoteAccepted(_)) => {
                self.scribe.quote(&place, place.part.header.sequence, false, buffer)
            }
            (Stream::Private(_), EventView::QuoteEnded(event)) => {
                self.scribe.quote(&place, event.quote.sequence(), true, buffer)
            }
            (Stream::Private(_), EventView::ExecAccepted(_)) => {
                self.scribe.instruction(&place, place.part.header.sequence, false, buffer)
            }
            (Stream::Private(_), EventView::ExecEnded(event)) => {
                self.scribe.instruction(&place, event.order.sequence(), true, buffer)
            }
            (Stream::Private(_), EventView::Published(_)) => {
                self.scribe.bulletin(tid::PARTICIPANT_BULLETIN, &place, buffer)
            }
            (Stream::Broadcast, EventView::Published(_)) => self.scribe.bulletin(tid::MARKET_BULLETIN, &place, buffer),
            (Stream::Broadcast, EventView::PhaseChanged(event)) => self.scribe.phase(&place, event, buffer),
            (Stream::Broadcast, EventView::InstrumentChanged(event)) => {
                self.scribe.instrument_changed(&place, event, buffer)
            }
            (Stream::Broadcast, EventView::MarketChanged(event)) => self.scribe.market_changed(&place, event, buffer),
            (Stream::Broadcast, EventView::MarketData(_)) => self.scribe.market_data(&place, buffer),
            (Stream::Broadcast, EventView::Ticked(event)) if number == event.trade_number => {
                self.scribe.prints(&place, self.streams.prints(number), buffer)
            }
            (Stream::Broadcast, EventView::Ticked(_)) => self.scribe.levels(&place, buffer),
            (Stream::Broadcast, EventView::Enquired(event)) => self.scribe.enquiry_notice(&place, event, buffer),
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
        self.scribe.dialog(part, &mut Hand::empty(), buffer).map_err(|failed| failed.at(part.header.sequence))
    }

    /// [`Renderer::answer`], of the command whose frame begins at an offset of the log.
    #[inline]
    pub(crate) fn answer_at(
        &self,
        offset: u64,
        hand: &mut Hand,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, NotRendered> {
        let unread = |conflict| NotRendered::of(conflict, self.scribe.directory.last_sequence());
        let part = Part::at(self.scribe.log, offset).map_err(unread)?;
        match part.order().filter(|order| order.user() != UserIndex::NONE) {
            // Most commands by far, and nothing else of the frame is asked.
            Some(order) => {
                self.scribe.inserted(&order, hand, buffer).map(Some).map_err(|failed| failed.at(part.header.sequence))
            }
            None => self.answer(&part.view().map_err(unread)?, buffer),
        }
    }

    /// Writes FlowMessageCancel: what a member received of `stream` and does not count. It goes before everything else of the stream.
    /// `None`: the buffer is too short, or there is no such stream.
    #[must_use]
    pub fn flow_message_cancel(&self, stream: Stream, cancelled: &Cancelled, buffer: &mut [u8]) -> Option<usize> {
        let day = self.scribe.directory.day()?;
        // errata.md 12: series 0, number 0.
        let number = SequenceNumber::NONE;
        let field: &mut FlowMessageCancelField = write_sole(buffer, tid::FLOW_MESSAGE_CANCEL, Series::DIALOG, number)?;
        field.sequence_series.set(stream.series(self.scribe.directory)?);
        (field.trade_date, field.action_date) = (day.trading_date, day.action_date);
        field.data_center_id.set_unsigned(cancelled.data_center);
        field.start_sequence_no.set_unsigned(cancelled.from.0);
        field.end_sequence_no.set_unsigned(cancelled.to.0);
        Some(message_size::<FlowMessageCancelField>())
    }
}

impl<'a> Scribe<'a> {
    /// A scribe of what `directory` has taken in of `log`.
    #[inline]
    pub(crate) fn new(log: &'a LogReader, directory: &'a Directory) -> Self {
        Scribe { log, directory }
    }

    #[inline]
    fn day(&self) -> Result<&'a Day, Conflict> {
        self.directory.day().ok_or(Conflict::DayNotOpen)
    }

    /// An order as members are told of it, made anew if it is not the one at hand.
    #[inline]
    fn take<'h>(&self, order: &impl OrderTerms, hand: &'h mut Hand) -> Result<&'h OrderInsertField, Conflict> {
        if hand.order != order.key() {
            hand.order = OrderKey(0);
            self.fill(order, &self.parties(order)?, &mut hand.field)?;
            hand.order = order.key();
        }
        Ok(&hand.field)
    }

    /// Sets every item that is not the same for all orders.
    #[inline]
    fn fill(
        &self,
        order: &impl OrderTerms,
        parties: &Parties<'_>,
        field: &mut OrderInsertField,
    ) -> Result<(), Conflict> {
        let day = self.day()?;
        (field.trade_date, field.action_date) = (day.trading_date, day.action_date);
        field.order_sys_id = Str::from(order.sys_id());
        field.order_local_id = Str::from(order.local_id());
        field.user_id = Str::from(parties.user.id);
        field.participant_id = Str::from(parties.participant.id);
        field.client_id = Str::from(parties.account.client_id);
        field.instrument_id = Str::from(parties.instrument.id);
        field.direction = Char::from(order.direction());
        field.offset_flag = Char::from(order.offset());
        field.hedge_flag = Char::from(order.hedge());
        items::set_units(&mut field.limit_price, order.price().0)?;
        items::set_volume(&mut field.volume_total_orginal, order.volume());
        field.order_type = Char::from(order.order_type());
        field.match_condition = Char::from(order.match_condition());
        field.match_session = Char::from(order.match_session());
        items::set_volume(&mut field.minimal_volume, order.minimal_volume());
        field.insert_time = self.directory.hundredth(order.header().time).date_time();
        field.message_reference = Str::from(order.message_reference());
        Ok(())
    }

    /// Who and what an order names.
    #[inline]
    pub(crate) fn parties(&self, order: &impl OrderTerms) -> Result<Parties<'a>, Conflict> {
        let find = || {
            let user = self.directory.user(order.user())?;
            Some(Parties {
                user,
                participant: self.directory.participant(user.participant)?,
                account: self.directory.account(order.account())?,
                instrument: self.directory.instrument(order.instrument())?,
            })
        };
        find().ok_or(Conflict::Undefined)
    }
}

/// The order that was told last, as members are told of it: its answer and its confirmation follow one another, and say the same.
///
/// The field is what the log's frame and the base data make it, and neither ever changes.
pub(crate) struct Hand {
    /// Its key; 0 = none.
    order: OrderKey,
    field: OrderInsertField,
}

impl Hand {
    /// None yet.
    pub(crate) fn empty() -> Self {
        let mut field = OrderInsertField::BLANK;
        field.auto_suspend.set(bool_flag::FALSE);
        Hand { order: OrderKey(0), field }
    }
}

/// Which message is being made, and from where.
struct MessagePlace<'a> {
    part: Part<'a>,
    offset: u64,
    event_index: usize,
    series: Series,
    number: StreamNumber,
}

impl MessagePlace<'_> {
    /// Begins the message, which is `message_size::<F>()` long.
    #[inline]
    fn message<'b, F: Field>(&self, tid: Tid, buffer: &'b mut [u8]) -> Result<&'b mut F, Failed> {
        write_sole(buffer, tid, self.series, SequenceNumber(self.number.0)).ok_or(Failed::NoRoom)
    }
}

/// Who and what an order names, in the base data.
#[derive(Clone, Copy)]
pub(crate) struct Parties<'a> {
    pub(crate) user: &'a User,
    pub(crate) participant: &'a Participant,
    account: &'a Account,
    instrument: &'a Instrument,
}

/// [`NotRendered`] while the frame is known anyway.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failed {
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

impl Failed {
    /// Of messages that were given all the room that they can take.
    #[cold]
    pub(crate) fn contradiction(self, sequence: Sequence) -> Contradiction {
        match self {
            Failed::Conflict(conflict) => conflict.at(sequence),
            Failed::NoRoom => unreachable!("a message is longer than the longest of its kind"),
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
