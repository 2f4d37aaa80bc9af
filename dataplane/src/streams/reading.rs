//! Reading the log where a message's event stands. Everything here was checked when the frame was recorded: what cannot be
//! found is a contradiction, not a fault of bytes.

use super::places::Place;
use crate::directory::Conflict;
use engine::command::{BodyView, Command, OrderInsert};
use engine::event::{Accepted, Event, EventView};
use engine::types::{OrderKey, UserIndex};
use journal::{CompleteFrame, FRAME_MAGIC, FrameHeader, FrameView, HEADER_SIZE, LogReader};
use zerocopy::FromBytes;

/// The part of a frame that begins at an offset of the log.
#[inline]
pub(crate) fn part_at(log: &LogReader, offset: u64) -> Result<FrameView<'_>, Conflict> {
    read_part(log, offset).ok_or(Conflict::FrameMissing)
}

#[inline]
fn read_part(log: &LogReader, offset: u64) -> Option<FrameView<'_>> {
    let bytes = log.bytes_from(offset)?;
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

/// The part where a message's event stands, and the event.
#[inline]
pub(crate) fn event_at(log: &LogReader, place: Place) -> Result<(FrameView<'_>, EventView<'_>), Conflict> {
    let part = part_at(log, place.offset)?;
    let event = part.events.get(usize::from(place.event)).ok_or(Conflict::FrameMissing)?;
    Ok((part, event.view().ok_or(Conflict::EventUnknown)?))
}

/// What stands in the log of an order that was accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AcceptedOrder<'a> {
    /// The frame that accepted it.
    pub header: &'a FrameHeader,
    /// Whose trader sent it.
    pub user: UserIndex,
    /// As it was sent.
    pub order: &'a OrderInsert,
    /// What it became.
    pub accepted: &'a Accepted,
}

impl<'a> AcceptedOrder<'a> {
    /// The order of a key.
    #[inline]
    pub fn of(log: &'a LogReader, key: OrderKey) -> Result<Self, Conflict> {
        let offset = log.offset_of(key.sequence()).ok_or(Conflict::OrderUnknown)?;
        let order = Self::in_part(&part_at(log, offset)?).ok_or(Conflict::OrderUnknown)?;
        if order.accepted.index == key.index() { Ok(order) } else { Err(Conflict::OrderUnknown) }
    }

    /// The order that a frame's first part accepts. An OrderInsert accepts one order, and that is its first event.
    #[inline]
    pub fn in_part(part: &FrameView<'a>) -> Option<Self> {
        let command = part.command.as_ref()?;
        let BodyView::OrderInsert(order) = command.body else { return None };
        let Some(EventView::Accepted(accepted)) = part.events.first()?.view() else { return None };
        Some(AcceptedOrder { header: part.header, user: command.header.user, order, accepted })
    }
}

/// The user of an order: the one thing of it that counting messages needs.
#[inline]
pub(crate) fn user_of(log: &LogReader, key: OrderKey) -> Result<UserIndex, Conflict> {
    AcceptedOrder::of(log, key).map(|order| order.user)
}

/// The parts of a frame with their offsets, for a frame that begins at `offset`.
pub(crate) fn parts_from<'a>(offset: u64, frame: &CompleteFrame<'a>) -> impl Iterator<Item = (u64, FrameView<'a>)> {
    frame.parts().scan(offset, |next, part| {
        let at = *next;
        *next += part.bytes.len() as u64;
        Some((at, part))
    })
}
