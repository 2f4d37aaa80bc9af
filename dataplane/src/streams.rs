//! The streams of a day as places in the log: there is no second copy of any message.
//!
//! A participant's private stream and the broadcast stream are functions of the log (STREAMS.md). This fold notes for each
//! message where its event stands; [`crate::render`] makes the message from there, when it is sent for the first time and
//! when it is sent again. It checks that every number is the next one of its stream, and counts what each epoch had told
//! when it was cut, so that a login knows what a member has to forget.

pub(crate) mod logged;
mod places;
pub(crate) mod prints;
pub(crate) mod reading;
mod reigns;

pub use places::Place;
pub use reigns::{Cancelled, EPOCHS_MAX, FROM_NOW, Resume};

use crate::directory::{Conflict, Contradiction, Directory};
use engine::command::{BodyView, EpochOpen};
use engine::event::{EventView, MarketData, Traded};
use engine::types::{Direction, Epoch, InstrumentIndex, OrderKey, ParticipantIndex, Sequence, StreamNumber, UserIndex};
use ftd::value::offset_flag;
use journal::{CompleteFrame, FrameView, LogReader};
use places::{Places, Pushed};
use prints::{Print, Prints};
use reigns::Reigns;
use std::fmt;

/// Where every message of the day stands, as of the last frame applied.
#[derive(Clone, Debug)]
pub struct StreamIndex {
    limits: StreamLimits,
    places: Places,
    prints: Prints,
    reigns: Reigns,
    /// The frame that made the last broadcast message, if that is market data: its other events carry the same number.
    last_tick: Sequence,
    /// Whose private streams have grown since somebody asked, in the order of the messages; one may stand there twice.
    grown: Vec<ParticipantIndex>,
    /// By more than [`GROWN_MAX`] messages: `grown` has only the first.
    has_grown_much: bool,
}

/// Messages after which it is cheaper to look at every stream.
const GROWN_MAX: usize = 64;

/// A stream that is numbered by the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// The same for everybody; series 1.
    Broadcast,
    /// One participant's; the series its base data gives it.
    Private(ParticipantIndex),
}

/// How much room the streams have; all of it is set aside at DayOpen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// Messages of all streams of a day together. Each takes 16 bytes, and 8 for what traded between two ticks.
    pub messages: u32,
}

impl StreamLimits {
    /// Room for a day of so many commands: an order that rests and trades once makes a confirmation and, shared with the
    /// other side, two trades; a cancel one. The rest is for restated books.
    #[must_use]
    pub fn for_commands(commands: u32) -> Self {
        StreamLimits { messages: commands.saturating_mul(3).clamp(1 << 16, 1 << 30) }
    }
}

impl Default for StreamLimits {
    /// A million orders.
    fn default() -> Self {
        Self::for_commands(1_000_000)
    }
}

impl StreamIndex {
    /// Before the day: no stream has a message.
    #[must_use]
    pub fn new(limits: StreamLimits) -> Self {
        StreamIndex {
            limits,
            places: Places::new(0, 0),
            prints: Prints::new(0),
            reigns: Reigns::none(),
            last_tick: Sequence(0),
            grown: Vec::with_capacity(GROWN_MAX),
            has_grown_much: false,
        }
    }

    /// Takes in the next frame, which begins at `offset` of `log`; `directory` has taken it in already. Only DayOpen allocates.
    ///
    /// # Errors
    /// The log contradicts itself, or there is no room. What was taken in of the frame until then stays; the caller halts.
    pub fn apply(
        &mut self,
        offset: u64,
        frame: &CompleteFrame<'_>,
        log: &LogReader,
        directory: &Directory,
    ) -> Result<(), Contradiction> {
        for (offset, part) in reading::parts_from(offset, frame) {
            self.apply_part(offset, &part, log, directory)?;
        }
        Ok(())
    }

    /// Takes in the next part of a frame: [`StreamIndex::apply`] for who walks over the parts anyway.
    ///
    /// # Errors
    /// As [`StreamIndex::apply`].
    #[inline]
    pub fn apply_part(
        &mut self,
        offset: u64,
        part: &FrameView<'_>,
        log: &LogReader,
        directory: &Directory,
    ) -> Result<(), Contradiction> {
        let mut fold = Fold { index: self, offset, part, log, directory };
        fold.apply().map_err(|conflict| conflict.at(part.header.sequence))
    }

    /// Messages that a stream has; 0 also for a stream that there is not.
    #[inline]
    #[must_use]
    pub fn count(&self, stream: Stream) -> StreamNumber {
        StreamNumber(self.places.count(StreamSlot::of(stream).0).unwrap_or(0))
    }

    /// Notes where the next message of a stream stands, which is to have this number.
    #[inline]
    pub(crate) fn tell(&mut self, stream: Stream, number: StreamNumber, place: Place) -> Result<(), Conflict> {
        match self.places.push(StreamSlot::of(stream).0, number, place) {
            Pushed::Done => Ok(()),
            Pushed::NotNext(expected) => Err(Conflict::Gap { stream, found: number, expected }),
            Pushed::NoStream => Err(Conflict::Undefined),
            Pushed::NoRoom => Err(Conflict::MessagesExhausted),
        }
    }

    /// Notes a trade for the next tick; both its messages have been told. The sides' offset flags as in their orders.
    #[inline]
    pub(crate) fn note_trade(&mut self, instrument: InstrumentIndex, trade: &Traded, buy_offset: u8, sell_offset: u8) {
        let (buy_opens, sell_opens) = (buy_offset == offset_flag::OPEN, sell_offset == offset_flag::OPEN);
        self.prints.note(instrument, trade.price, trade.volume, buy_opens & sell_opens, !(buy_opens | sell_opens));
    }

    /// What traded between two ticks, as the message of this number tells it.
    pub(crate) fn prints(&self, number: StreamNumber) -> &[Print] {
        self.prints.of(number)
    }

    /// A private stream has grown, and who hears it is still to be told.
    #[inline]
    pub(crate) fn note_grown(&mut self, participant: ParticipantIndex) {
        if self.grown.len() < GROWN_MAX {
            self.grown.push(participant);
        } else {
            self.has_grown_much = true;
        }
    }

    /// Where the message of this number stands. None: there is no such message.
    #[inline]
    #[must_use]
    pub fn place(&self, stream: Stream, number: StreamNumber) -> Option<Place> {
        self.places.get(StreamSlot::of(stream).0, number)
    }

    /// Calls `each` for the participants whose private streams have grown since the last call, in the order of the messages, some
    /// perhaps twice. False: they are too many to be named, and nothing was called.
    #[inline]
    pub(crate) fn take_grown(&mut self, mut each: impl FnMut(&Self, ParticipantIndex)) -> bool {
        let are_named = !std::mem::take(&mut self.has_grown_much);
        if are_named {
            self.grown.iter().for_each(|&participant| each(self, participant));
        }
        self.grown.clear();
        are_named
    }

    /// Messages that a stream had when an epoch was cut. None: that epoch is the present one, or none of the day.
    #[must_use]
    pub fn count_at_cut(&self, stream: Stream, epoch: Epoch) -> Option<StreamNumber> {
        self.reigns.count_at_cut(StreamSlot::of(stream), epoch).map(StreamNumber)
    }

    /// The epoch before the present one, and the messages that a stream had at its cut; zeros in the day's first.
    #[must_use]
    pub fn cut_before_present(&self, stream: Stream) -> (Epoch, StreamNumber) {
        let (epoch, count) = self.reigns.cut_before_present(StreamSlot::of(stream));
        (epoch, StreamNumber(count))
    }

    /// How many of a stream's messages stand before an offset in the log.
    pub(crate) fn count_before(&self, stream: Stream, offset: u64) -> StreamNumber {
        StreamNumber(self.places.count_before(StreamSlot::of(stream).0, offset))
    }

    /// Where a member goes on that received number `received` of `stream` last (0 = nothing, [`FROM_NOW`]), in the epoch that it
    /// names. STREAMS.md, Resume.
    #[must_use]
    pub fn resume(&self, stream: Stream, epoch_named: Option<Epoch>, received: u32) -> Resume {
        let slot = StreamSlot::of(stream);
        match self.places.count(slot.0) {
            Some(count) => self.reigns.resume(slot, count, epoch_named, received),
            None => Resume { cancel: None, next: StreamNumber(1), epoch_ahead: false },
        }
    }
}

/// A stream's place in the tables: the broadcast stream first, then the participants'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct StreamSlot(usize);

impl StreamSlot {
    #[inline]
    fn of(stream: Stream) -> Self {
        match stream {
            Stream::Broadcast => StreamSlot(0),
            Stream::Private(participant) => StreamSlot(1 + usize::from(participant.0)),
        }
    }
}

impl Stream {
    /// Its sequence series. None: the participant is not defined.
    #[must_use]
    pub fn series(self, directory: &Directory) -> Option<u16> {
        match self {
            Stream::Broadcast => Some(BROADCAST_SERIES),
            Stream::Private(participant) => Some(directory.participant(participant)?.series),
        }
    }
}

/// Series of the broadcast stream (`errata.md`, Streams).
pub const BROADCAST_SERIES: u16 = 1;

impl fmt::Display for Stream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stream::Broadcast => out.write_str("the broadcast stream"),
            Stream::Private(participant) => write!(out, "the private stream of participant {participant}"),
        }
    }
}

/// One part being taken in.
struct Fold<'i, 'p, 'a> {
    index: &'i mut StreamIndex,
    offset: u64,
    part: &'p FrameView<'a>,
    log: &'p LogReader,
    directory: &'p Directory,
}

impl Fold<'_, '_, '_> {
    #[inline]
    fn apply(&mut self) -> Result<(), Conflict> {
        let mut events = self.part.events.iter().zip(0u16..);
        events.try_for_each(|(event, at)| match event.view().ok_or(Conflict::EventUnknown)? {
            EventView::Accepted(event) => {
                if event.private_number.0 == 0 {
                    return Ok(()); // FOK and FAK are told when they end.
                }
                self.tell_asker(event.private_number, at)
            }
            EventView::Traded(event) => {
                self.tell(self.stream_of_order(event.buy)?, event.buy_number, at, Direction::Buy)?;
                self.tell(self.stream_of_order(event.sell)?, event.sell_number, at, Direction::Sell)?;
                let (buy, sell) = (self.terms_of(event.buy)?, self.terms_of(event.sell)?);
                self.index.note_trade(buy.instrument, event, buy.offset, sell.offset);
                Ok(())
            }
            EventView::Ended(event) => {
                self.tell(self.stream_of_order(event.order)?, event.private_number, at, Direction::Buy)
            }
            EventView::Restated(event) => {
                self.tell(self.stream_of_order(event.order)?, event.private_number, at, Direction::Buy)
            }
            EventView::PhaseChanged(event) => self.tell(Stream::Broadcast, event.broadcast_number, at, Direction::Buy),
            EventView::MarketChanged(event) => self.tell(Stream::Broadcast, event.broadcast_number, at, Direction::Buy),
            EventView::InstrumentChanged(event) => {
                self.tell(Stream::Broadcast, event.broadcast_number, at, Direction::Buy)
            }
            EventView::Published(event) => {
                let to_all = event.participant == ParticipantIndex::ALL;
                let stream = if to_all { Stream::Broadcast } else { Stream::Private(event.participant) };
                self.tell(stream, event.number, at, Direction::Buy)
            }
            EventView::MarketData(event) => self.tell_market_data(event, at),
            EventView::Applied(_) => self.apply_command(),
            EventView::QuoteAccepted(event) => self.tell_asker(event.private_number, at),
            EventView::ExecAccepted(event) => self.tell_asker(event.private_number, at),
            EventView::QuoteEnded(event) => {
                self.tell(self.stream_of_order(event.quote)?, event.private_number, at, Direction::Buy)
            }
            EventView::ExecEnded(event) => {
                self.tell(self.stream_of_order(event.order)?, event.private_number, at, Direction::Buy)
            }
            EventView::Enquired(event) => self.tell(Stream::Broadcast, event.broadcast_number, at, Direction::Buy),
            EventView::Ticked(event) => {
                if event.trade_number.0 != 0 {
                    self.index.prints.close(event.trade_number);
                }
                let numbers = [event.trade_number, event.depth_number];
                let mut told = numbers.into_iter().filter(|number| number.0 != 0);
                told.try_for_each(|number| self.tell(Stream::Broadcast, number, at, Direction::Buy))
            }
            // A picture's message begins at the first of its MarketData.
            EventView::Rejected(_)
            | EventView::Rested(_)
            | EventView::AuctionPriced(_)
            | EventView::Depth(_)
            | EventView::Snapshot(_) => Ok(()),
        })
    }

    /// A message of the private stream of who gave the command.
    #[inline]
    fn tell_asker(&mut self, number: StreamNumber, at: u16) -> Result<(), Conflict> {
        let user = match &self.part.command {
            Some(command) => command.header.user,
            // A quote's ask, behind a bid that traded for a whole part.
            None => logged::asker_of(self.log, self.part.header.sequence)?,
        };
        self.tell(self.stream_of_user(user)?, number, at, Direction::Buy)
    }

    /// All market data of a frame is one message.
    fn tell_market_data(&mut self, event: &MarketData, at: u16) -> Result<(), Conflict> {
        let sequence = self.part.header.sequence;
        if self.index.last_tick == sequence && event.broadcast_number == self.index.count(Stream::Broadcast) {
            return Ok(());
        }
        self.tell(Stream::Broadcast, event.broadcast_number, at, Direction::Buy)?;
        self.index.last_tick = sequence;
        Ok(())
    }

    /// Commands that change what the streams are, not what is in them.
    fn apply_command(&mut self) -> Result<(), Conflict> {
        let command = self.part.command.as_ref().ok_or(Conflict::EventMisplaced)?;
        match command.body {
            BodyView::DayOpen(day) => {
                if self.index.places.streams() != 0 {
                    return Err(Conflict::DayTwice);
                }
                let streams = 1 + usize::from(day.participants);
                self.index.places = Places::new(streams, self.index.limits.messages);
                self.index.prints = Prints::new(self.index.limits.messages);
                self.index.reigns = Reigns::new(streams, day.epoch, day.data_center);
                Ok(())
            }
            BodyView::EpochOpen(open) => self.cut(open),
            _ => Ok(()),
        }
    }

    /// What the core before us had told at the cut counts; what stands in the log behind it, this core has added.
    fn cut(&mut self, open: &EpochOpen) -> Result<(), Conflict> {
        let StreamIndex { places, reigns, .. } = &mut *self.index;
        let behind = self.log.offset_of(Sequence(open.cut_sequence.0.saturating_add(1))).unwrap_or(self.offset);
        let opened = reigns.open(open.epoch, open.data_center, |stream| places.count_before(stream.0, behind));
        if opened { Ok(()) } else { Err(Conflict::EpochsExhausted) }
    }

    #[inline]
    fn tell(&mut self, stream: Stream, number: StreamNumber, event: u16, side: Direction) -> Result<(), Conflict> {
        self.index.tell(stream, number, Place { offset: self.offset, event, side })?;
        if let Stream::Private(participant) = stream {
            self.index.note_grown(participant);
        }
        Ok(())
    }

    #[inline]
    fn stream_of_user(&self, user: UserIndex) -> Result<Stream, Conflict> {
        self.directory.user(user).map(|user| Stream::Private(user.participant)).ok_or(Conflict::Undefined)
    }

    /// What and how an order trades.
    #[inline]
    fn terms_of(&self, key: OrderKey) -> Result<reading::Terms, Conflict> {
        let command = self.part.command.as_ref().filter(|_| key.sequence() == self.part.header.sequence);
        match command {
            Some(command) => reading::terms_in(command, key),
            None => reading::terms_of(self.log, key),
        }
    }

    #[inline]
    fn stream_of_order(&self, key: OrderKey) -> Result<Stream, Conflict> {
        // Most trades and ends are told in the frame of the order that made them.
        let command = self.part.command.as_ref().filter(|_| key.sequence() == self.part.header.sequence);
        match command {
            Some(command) => self.stream_of_user(command.header.user),
            None => self.stream_of_user(logged::user_of(self.log, key)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_told_something_is_named_in_order_and_once_asked_forgotten_until_they_are_too_many() {
        let mut streams = StreamIndex::new(StreamLimits::default());
        let taken = |streams: &mut StreamIndex| {
            let mut named = Vec::new();
            let are_named = streams.take_grown(|_, participant| named.push(participant.0));
            (are_named, named)
        };
        assert_eq!(taken(&mut streams), (true, vec![]));
        [3, 1, 3].into_iter().for_each(|participant| streams.note_grown(ParticipantIndex(participant)));
        assert_eq!(taken(&mut streams), (true, vec![3, 1, 3]));
        assert_eq!(taken(&mut streams), (true, vec![]));
        for messages in [GROWN_MAX, GROWN_MAX + 1, 10 * GROWN_MAX] {
            (0..messages).for_each(|message| streams.note_grown(ParticipantIndex(message as u16)));
            let (are_named, named) = taken(&mut streams);
            assert_eq!((are_named, named.len()), if messages <= GROWN_MAX { (true, messages) } else { (false, 0) });
        }
        assert_eq!(taken(&mut streams), (true, vec![]));
    }
}
