//! Reading the log where a message's event stands. Everything here was checked when the frame was recorded: what cannot be
//! found is a contradiction, not a fault of bytes.

use crate::directory::Conflict;
use engine::command::{BodyView, Command, CommandHeader, CommandKind, OrderInsert};
use engine::event::{Accepted, EVENT_SIZE, Event, EventKind, EventView};
use engine::types::{InstrumentIndex, OrderKey, UserIndex};
use journal::{CompleteFrame, FRAME_MAGIC, FrameHeader, FrameView, HEADER_SIZE, LAST_PART, LogReader};
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// The part of a frame that begins at an offset of the log.
#[inline]
pub(crate) fn part_at(log: &LogReader, offset: u64) -> Result<FrameView<'_>, Conflict> {
    log.bytes_from(offset).and_then(view).ok_or(Conflict::FrameMissing)
}

/// The part that stands at the beginning of some bytes of the log.
#[inline]
fn view(bytes: &[u8]) -> Option<FrameView<'_>> {
    let (header, _) = FrameHeader::ref_from_prefix(bytes).ok()?;
    if header.magic != FRAME_MAGIC {
        return None;
    }
    let bytes = bytes.get(..header.length as usize)?;
    let (command, events) = bytes.get(HEADER_SIZE..)?.split_at_checked(header.command_bytes.into())?;
    let command = if header.part == 0 { Some(Command::read(command)?) } else { None };
    let events = <[Event]>::ref_from_bytes(events).ok()?;
    Some(FrameView { header, command, events, bytes })
}

/// A part of a frame of which only one event is asked: nothing else of it is looked into.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) header: &'a FrameHeader,
    bytes: &'a [u8],
}

impl<'a> Part<'a> {
    /// The part that begins at an offset of the log.
    #[inline]
    pub(crate) fn at(log: &'a LogReader, offset: u64) -> Result<Self, Conflict> {
        let part = || {
            let bytes = log.bytes_from(offset)?;
            let (header, _) = FrameHeader::ref_from_prefix(bytes).ok()?;
            let bytes = bytes.get(..header.length as usize)?;
            (header.magic == FRAME_MAGIC).then_some(Part { header, bytes })
        };
        part().ok_or(Conflict::FrameMissing)
    }

    /// One of its events.
    #[inline]
    pub(crate) fn event(&self, index: usize) -> Result<EventView<'a>, Conflict> {
        let start = HEADER_SIZE + usize::from(self.header.command_bytes) + index * EVENT_SIZE;
        let bytes = self.bytes.get(start..start + EVENT_SIZE).ok_or(Conflict::FrameMissing)?;
        Event::ref_from_bytes(bytes).ok().and_then(Event::view).ok_or(Conflict::EventUnknown)
    }

    /// The order that it accepts.
    #[inline]
    pub(crate) fn order(&self) -> Option<AcceptedOrder<'a>> {
        AcceptedOrder::in_bytes(self.bytes)
    }

    /// All of it.
    pub(crate) fn view(&self) -> Result<FrameView<'a>, Conflict> {
        view(self.bytes).ok_or(Conflict::FrameMissing)
    }
}

/// The beginning of a frame that accepts an order, as it stands in the log: an OrderInsert accepts one order, and that is its first
/// event (RULES.md).
#[derive(FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct OrderFrame {
    header: FrameHeader,
    command: CommandHeader,
    order: OrderInsert,
    accepted: Accepted,
}

/// What stands in the log of an order that was accepted.
#[derive(Clone, Copy)]
pub(crate) struct AcceptedOrder<'a>(&'a OrderFrame);

impl<'a> AcceptedOrder<'a> {
    /// The order of a key.
    #[inline]
    pub(crate) fn of(log: &'a LogReader, key: OrderKey) -> Result<Self, Conflict> {
        let order = || Self::in_bytes(log.bytes_from(log.offset_of(key.sequence())?)?);
        order().filter(|order| order.accepted().index == key.index()).ok_or(Conflict::OrderUnknown)
    }

    /// The order that the part accepts that stands in these bytes.
    #[inline]
    pub(crate) fn in_bytes(bytes: &'a [u8]) -> Option<Self> {
        let (frame, _) = OrderFrame::ref_from_prefix(bytes).ok()?;
        let is_order = frame.header.magic == FRAME_MAGIC
            && frame.header.part == 0
            && frame.command.kind == CommandKind::OrderInsert as u16
            && frame.accepted.kind == EventKind::Accepted as u16;
        is_order.then_some(AcceptedOrder(frame))
    }

    /// The frame that accepted it.
    #[inline]
    pub(crate) fn header(&self) -> &'a FrameHeader {
        &self.0.header
    }

    /// The command's header.
    #[inline]
    pub(crate) fn command(&self) -> &'a CommandHeader {
        &self.0.command
    }

    /// Whose trader sent it.
    #[inline]
    pub(crate) fn user(&self) -> UserIndex {
        self.0.command.user
    }

    /// As it was sent.
    #[inline]
    pub(crate) fn order(&self) -> &'a OrderInsert {
        &self.0.order
    }

    /// What it became.
    #[inline]
    pub(crate) fn accepted(&self) -> &'a Accepted {
        &self.0.accepted
    }
}

/// What an order trades, and whether it opens.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) instrument: InstrumentIndex,
    /// FTDOffsetFlag.
    pub(crate) offset: u8,
}

/// The terms of the order of a key, one of its own or one of a quote's two.
#[inline]
pub(crate) fn terms_of(log: &LogReader, key: OrderKey) -> Result<Terms, Conflict> {
    let offset = log.offset_of(key.sequence()).ok_or(Conflict::OrderUnknown)?;
    let part = Part::at(log, offset)?;
    match part.order() {
        Some(order) => Ok(Terms { instrument: order.order().instrument, offset: order.order().offset }),
        None => terms_in(part.view()?.command.as_ref().ok_or(Conflict::OrderUnknown)?, key),
    }
}

/// The terms of an order that this command brought.
pub(crate) fn terms_in(command: &Command<'_>, key: OrderKey) -> Result<Terms, Conflict> {
    match (command.body, key.index()) {
        (BodyView::OrderInsert(order), 0) => Ok(Terms { instrument: order.instrument, offset: order.offset }),
        (BodyView::QuoteInsert(quote), 0) => Ok(Terms { instrument: quote.instrument, offset: quote.offset[0] }),
        (BodyView::QuoteInsert(quote), 1) => Ok(Terms { instrument: quote.instrument, offset: quote.offset[1] }),
        _ => Err(Conflict::OrderUnknown),
    }
}

/// A frame as nearly all are: one part, which accepts an order, trades it perhaps, and lets it rest.
#[derive(Clone, Copy)]
pub(crate) struct UsualFrame<'a> {
    pub(crate) order: AcceptedOrder<'a>,
    /// Behind the order's acceptance.
    pub(crate) events: &'a [Event],
}

impl<'a> UsualFrame<'a> {
    /// The usual frame that begins at an offset of the log. None: another one begins there, or none.
    #[inline]
    pub(crate) fn at(log: &'a LogReader, offset: u64) -> Option<Self> {
        let (frame, rest) = OrderFrame::ref_from_prefix(log.bytes_from(offset)?).ok()?;
        let OrderFrame { header, command, accepted, .. } = frame;
        let is_usual = header.magic == FRAME_MAGIC
            && (header.part, header.flags) == (0, LAST_PART)
            && command.kind == CommandKind::OrderInsert as u16
            && accepted.kind == EventKind::Accepted as u16;
        let bytes = (header.length as usize).checked_sub(size_of::<OrderFrame>())?;
        // How many there are is known: no division by their size.
        let others = usize::from(header.events).checked_sub(1)?;
        let events = <[Event]>::ref_from_bytes_with_elems(rest.get(..bytes)?, others).ok()?;
        let is_told = |event: &Event| matches!(event.view(), Some(EventView::Traded(_) | EventView::Rested(_)));
        (is_usual && events.iter().all(is_told)).then_some(UsualFrame { order: AcceptedOrder(frame), events })
    }

    /// Its bytes in the log.
    #[inline]
    pub(crate) fn length(&self) -> u64 {
        self.order.header().length.into()
    }
}

/// The parts of a frame with their offsets, for a frame that begins at `offset`.
pub(crate) fn parts_from<'a>(offset: u64, frame: &CompleteFrame<'a>) -> impl Iterator<Item = (u64, FrameView<'a>)> {
    frame.parts().scan(offset, |next, part| {
        let at = *next;
        *next += part.bytes.len() as u64;
        Some((at, part))
    })
}
