//! Orders, quotes and instructions where they stand in the log: what was sent, and what became of it.
//!
//! An order's key names the frame that accepted it. An OrderInsert's frame begins with it ([`AcceptedOrder`]); a QuoteInsert's accepts
//! two, the bid with index 0 and the ask with index 1, behind whatever it replaced and, for the ask, behind the bid's trades.

use crate::directory::Conflict;
use crate::streams::reading::{AcceptedOrder, part_at};
use engine::command::{BodyView, CommandHeader, ExecOrderInsert, LIMIT_ORDER, QuoteInsert};
use engine::event::{Accepted, EventView, ExecAccepted, QuoteAccepted, SystemId};
use engine::types::{AccountIndex, InstrumentIndex, OrderKey, Price, RawPrice, Sequence, UserIndex, Volume};
use ftd::value::{match_condition, match_session};
use journal::{FrameHeader, FrameView, LogReader};

/// An order of the log as members are told of it: one that was sent by itself, or a side of a quote.
#[derive(Clone, Copy)]
pub(crate) enum LoggedOrder<'a> {
    /// By itself.
    Sent(AcceptedOrder<'a>),
    /// A side of a quote.
    Quoted(QuotedOrder<'a>),
}

impl<'a> LoggedOrder<'a> {
    /// The order of a key.
    #[inline]
    pub(crate) fn of(log: &'a LogReader, key: OrderKey) -> Result<Self, Conflict> {
        match AcceptedOrder::of(log, key) {
            Ok(order) => Ok(LoggedOrder::Sent(order)),
            Err(_) => QuotedOrder::of(log, key).map(LoggedOrder::Quoted),
        }
    }

    /// Whose trader sent it.
    #[inline]
    pub(crate) fn user(&self) -> UserIndex {
        match self {
            LoggedOrder::Sent(order) => order.user(),
            LoggedOrder::Quoted(order) => order.user(),
        }
    }

    /// FTDOffsetFlag.
    #[inline]
    pub(crate) fn offset(&self) -> u8 {
        match self {
            LoggedOrder::Sent(order) => order.offset(),
            LoggedOrder::Quoted(order) => order.offset(),
        }
    }
}

/// What members are told of an order, wherever it stands.
pub(crate) trait OrderTerms {
    /// The frame that accepted it.
    fn header(&self) -> &FrameHeader;
    /// Its key.
    fn key(&self) -> OrderKey;
    /// Whose trader sent it.
    fn user(&self) -> UserIndex;
    /// OrderSysId.
    fn sys_id(&self) -> SystemId;
    /// OrderLocalId.
    fn local_id(&self) -> [u8; 24];
    /// MessageReference.
    fn message_reference(&self) -> [u8; 6];
    /// FTDDirection.
    fn direction(&self) -> u8;
    /// FTDOffsetFlag.
    fn offset(&self) -> u8;
    /// FTDHedgeFlag.
    fn hedge(&self) -> u8;
    /// FTDOrderType.
    fn order_type(&self) -> u8;
    /// FTDMatchCondition.
    fn match_condition(&self) -> u8;
    /// FTDMatchSession.
    fn match_session(&self) -> u8;
    /// Which instrument.
    fn instrument(&self) -> InstrumentIndex;
    /// Whose it is.
    fn account(&self) -> AccountIndex;
    /// LimitPrice as sent.
    fn price(&self) -> RawPrice;
    /// VolumeTotalOrginal.
    fn volume(&self) -> Volume;
    /// MinimalVolume.
    fn minimal_volume(&self) -> Volume;
}

/// The items that an OrderInsert carries itself.
macro_rules! as_sent {
    ($($item:ident: $type:ty),* $(,)?) => {
        $(
            #[inline]
            fn $item(&self) -> $type {
                self.order().$item
            }
        )*
    };
}

impl OrderTerms for AcceptedOrder<'_> {
    #[inline]
    fn header(&self) -> &FrameHeader {
        AcceptedOrder::header(self)
    }

    #[inline]
    fn key(&self) -> OrderKey {
        // Its frame accepts no other.
        OrderKey::new(AcceptedOrder::header(self).sequence, 0)
    }

    #[inline]
    fn user(&self) -> UserIndex {
        AcceptedOrder::user(self)
    }

    #[inline]
    fn sys_id(&self) -> SystemId {
        self.accepted().sys_id
    }

    as_sent! {
        local_id: [u8; 24], message_reference: [u8; 6], direction: u8, offset: u8, hedge: u8, order_type: u8,
        match_condition: u8, match_session: u8, instrument: InstrumentIndex, account: AccountIndex, price: RawPrice,
        volume: Volume, minimal_volume: Volume,
    }
}

/// A side of a quote that was accepted: its bid or its ask.
#[derive(Clone, Copy)]
pub(crate) struct QuotedOrder<'a> {
    header: &'a FrameHeader,
    user: UserIndex,
    quote: &'a QuoteInsert,
    accepted: &'a Accepted,
    /// 0 the bid, 1 the ask.
    side: usize,
}

impl<'a> QuotedOrder<'a> {
    /// The order of a key.
    #[cold]
    pub(crate) fn of(log: &'a LogReader, key: OrderKey) -> Result<Self, Conflict> {
        let (first, command) = frame_of(log, key.sequence())?;
        let BodyView::QuoteInsert(quote) = command.1 else { return Err(Conflict::OrderUnknown) };
        let is_its = |event: &EventView<'_>| matches!(event, EventView::Accepted(event) if event.index == key.index());
        let Some(EventView::Accepted(accepted)) = find_event(log, key.sequence(), is_its)? else {
            return Err(Conflict::OrderUnknown);
        };
        let side = usize::try_from(key.index()).ok().filter(|side| *side < 2).ok_or(Conflict::OrderUnknown)?;
        Ok(QuotedOrder { header: first.header, user: command.0.user, quote, accepted, side })
    }

    /// Whose trader sent it.
    pub(crate) fn user(&self) -> UserIndex {
        self.user
    }
}

impl OrderTerms for QuotedOrder<'_> {
    fn header(&self) -> &FrameHeader {
        self.header
    }

    fn key(&self) -> OrderKey {
        OrderKey::new(self.header.sequence, self.accepted.index)
    }

    fn user(&self) -> UserIndex {
        self.user
    }

    fn sys_id(&self) -> SystemId {
        self.accepted.sys_id
    }

    fn local_id(&self) -> [u8; 24] {
        self.quote.local_id
    }

    fn message_reference(&self) -> [u8; 6] {
        self.quote.message_reference
    }

    fn direction(&self) -> u8 {
        [ftd::value::direction::BUY, ftd::value::direction::SELL][self.side]
    }

    fn offset(&self) -> u8 {
        self.quote.offset[self.side]
    }

    fn hedge(&self) -> u8 {
        self.quote.hedge[self.side]
    }

    fn order_type(&self) -> u8 {
        LIMIT_ORDER
    }

    fn match_condition(&self) -> u8 {
        match_condition::GOOD_FOR_DAY
    }

    fn match_session(&self) -> u8 {
        match_session::OPENING_AUCTION_AND_CONTINUOUS
    }

    fn instrument(&self) -> InstrumentIndex {
        self.quote.instrument
    }

    fn account(&self) -> AccountIndex {
        self.quote.account
    }

    fn price(&self) -> RawPrice {
        self.quote.price[self.side]
    }

    fn volume(&self) -> Volume {
        self.quote.volume[self.side]
    }

    fn minimal_volume(&self) -> Volume {
        Volume(0)
    }
}

/// A quote that was accepted.
#[derive(Clone, Copy)]
pub(crate) struct LoggedQuote<'a> {
    /// The frame that accepted it.
    pub(crate) header: &'a FrameHeader,
    /// Whose trader sent it.
    pub(crate) user: UserIndex,
    /// As it was sent.
    pub(crate) sent: &'a QuoteInsert,
    /// What it became.
    pub(crate) accepted: &'a QuoteAccepted,
}

impl<'a> LoggedQuote<'a> {
    /// The quote that a frame accepted.
    pub(crate) fn of(log: &'a LogReader, sequence: Sequence) -> Result<Self, Conflict> {
        let (first, command) = frame_of(log, sequence)?;
        let BodyView::QuoteInsert(sent) = command.1 else { return Err(Conflict::OrderUnknown) };
        // Behind what it replaced: three events at most.
        let found = first.events.iter().filter_map(|event| event.view());
        let accepted =
            found.filter_map(|event| if let EventView::QuoteAccepted(event) = event { Some(event) } else { None });
        let accepted = accepted.take(1).next().ok_or(Conflict::OrderUnknown)?;
        Ok(LoggedQuote { header: first.header, user: command.0.user, sent, accepted })
    }
}

/// An exercise instruction that was accepted.
#[derive(Clone, Copy)]
pub(crate) struct LoggedInstruction<'a> {
    /// The frame that accepted it.
    pub(crate) header: &'a FrameHeader,
    /// Whose trader sent it.
    pub(crate) user: UserIndex,
    /// As it was sent.
    pub(crate) sent: &'a ExecOrderInsert,
    /// What it became.
    pub(crate) accepted: &'a ExecAccepted,
}

impl<'a> LoggedInstruction<'a> {
    /// The instruction that a frame accepted.
    pub(crate) fn of(log: &'a LogReader, sequence: Sequence) -> Result<Self, Conflict> {
        let (first, command) = frame_of(log, sequence)?;
        let event = first.events.first().and_then(|event| event.view());
        match (command.1, event) {
            (BodyView::ExecOrderInsert(sent), Some(EventView::ExecAccepted(accepted))) => {
                Ok(LoggedInstruction { header: first.header, user: command.0.user, sent, accepted })
            }
            _ => Err(Conflict::OrderUnknown),
        }
    }
}

/// Whose trader sent the order, the quote or the instruction of a key.
#[inline]
pub(crate) fn user_of(log: &LogReader, key: OrderKey) -> Result<UserIndex, Conflict> {
    match AcceptedOrder::of(log, key) {
        Ok(order) => Ok(order.user()),
        Err(_) => user_of_other(log, key),
    }
}

#[cold]
fn user_of_other(log: &LogReader, key: OrderKey) -> Result<UserIndex, Conflict> {
    if let Ok(order) = QuotedOrder::of(log, key) {
        return Ok(order.user());
    }
    LoggedInstruction::of(log, key.sequence())
        .ok()
        .filter(|_| key.index() == 0)
        .map(|found| found.user)
        .ok_or(Conflict::OrderUnknown)
}

/// Who gave the command of a frame.
#[cold]
pub(crate) fn asker_of(log: &LogReader, sequence: Sequence) -> Result<UserIndex, Conflict> {
    frame_of(log, sequence).map(|(_, (header, _))| header.user)
}

/// The price at which what remained of an order came to rest, in the frame that accepted it. None: nothing of it did.
#[cold]
pub(crate) fn rested_price(log: &LogReader, key: OrderKey) -> Result<Option<Price>, Conflict> {
    let is_its = |event: &EventView<'_>| matches!(event, EventView::Rested(event) if event.order == key);
    Ok(match find_event(log, key.sequence(), is_its)? {
        Some(EventView::Rested(event)) => Some(event.price),
        _ => None,
    })
}

/// The first part of a frame, and its command.
fn frame_of(log: &LogReader, sequence: Sequence) -> Result<(FrameView<'_>, (&CommandHeader, BodyView<'_>)), Conflict> {
    let first = part_at(log, log.offset_of(sequence).ok_or(Conflict::OrderUnknown)?)?;
    let command = first.command.as_ref().ok_or(Conflict::OrderUnknown)?;
    let command = (command.header, command.body);
    Ok((first, command))
}

/// The first event of a frame, in whichever of its parts, that is looked for.
fn find_event<'a>(
    log: &'a LogReader,
    sequence: Sequence,
    is_it: impl Fn(&EventView<'a>) -> bool,
) -> Result<Option<EventView<'a>>, Conflict> {
    let mut offset = log.offset_of(sequence).ok_or(Conflict::OrderUnknown)?;
    loop {
        let part = part_at(log, offset)?;
        let mut events = part.events.iter().filter_map(|event| event.view());
        match events.find(|event| is_it(event)) {
            Some(event) => return Ok(Some(event)),
            None if part.header.is_last() => return Ok(None),
            None => offset += part.bytes.len() as u64,
        }
    }
}
