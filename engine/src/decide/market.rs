//! What is published to all. RULES.md, Market data and publishing.

use super::auction;
use super::draft::Writer;
use super::mass::applied_if_nothing;
use crate::book::Book;
use crate::command::{Bulletin, RightScope, RightSet};
use crate::event::{self, Applied, DEPTH_LEVELS, InstrumentChanged, MarketData, Published, Ticked};
use crate::reject::Reject;
use crate::state::{Depth, Instrument};
use crate::types::{Direction, InstrumentIndex, ParticipantIndex, Phase, Price, StreamNumber, Volume};

/// `present` of MarketData: there is a last price.
const HAS_LAST: u32 = 1;
/// `present` of MarketData: there is a bid.
const HAS_BID: u32 = 2;
/// `present` of MarketData: there is an ask.
const HAS_ASK: u32 = 4;

/// `present` of MarketData: bid and ask are what an auction would give.
const INDICATIVE: u32 = 8;

/// Publishes every instrument that was touched since the last tick, under one number; what traded under the next; levels that changed under one more.
pub(super) fn tick(writer: &mut Writer<'_>) {
    let state = writer.state;
    let mut number: Option<StreamNumber> = None;
    let mut deep = false;
    for instrument in state.instruments().filter(|instrument| instrument.touched) {
        let broadcast_number = *number.get_or_insert_with(|| writer.broadcast_number());
        let book = state.book(instrument.definition.index);
        let call = in_auction(instrument.phase);
        data(writer, instrument, Some(book), call, broadcast_number);
        if !call {
            deep |= depth(writer, instrument, book, Direction::Buy);
            deep |= depth(writer, instrument, book, Direction::Sell);
        }
    }
    let Some(match_number) = number else { return applied_if_nothing(writer) };
    let mut next = |there: bool| if there { writer.broadcast_number() } else { StreamNumber(0) };
    let (trade_number, depth_number) = (next(state.traded), next(deep));
    writer.push(Ticked { match_number, trade_number, depth_number, ..Ticked::zero() });
}

/// An instrument as a tick would tell it once this frame has brought it into a phase; `orders`: those of its book are still there.
pub(super) fn picture(
    writer: &mut Writer<'_>,
    index: InstrumentIndex,
    phase: Phase,
    orders: bool,
    broadcast_number: StreamNumber,
) {
    let state = writer.state;
    let instrument = state.instrument(index).expect("phases are of defined instruments");
    data(writer, instrument, orders.then(|| state.book(index)), in_auction(phase), broadcast_number);
}

/// An auction is being called or matched.
fn in_auction(phase: Phase) -> bool {
    phase.is_call() || phase == Phase::AuctionMatch
}

/// An instrument as it stands, with its book or without orders.
fn data(
    writer: &mut Writer<'_>,
    instrument: &Instrument,
    book: Option<&Book>,
    call: bool,
    broadcast_number: StreamNumber,
) {
    let [mut bid, mut ask] =
        [Direction::Buy, Direction::Sell].map(|side| book.map_or((Price(0), Volume(0)), |book| best(book, side)));
    let mut indicates = 0;
    if call && let Some((price, volume)) = book.and_then(|book| auction::indicative(instrument, book)) {
        bid = (price, saturated(volume));
        (ask, indicates) = (bid, INDICATIVE);
    }
    let flag = |there: bool, bit: u32| if there { bit } else { 0 };
    writer.push(MarketData {
        instrument: instrument.definition.index,
        present: flag(instrument.last.is_some(), HAS_LAST)
            | flag(bid.1.0 != 0, HAS_BID)
            | flag(ask.1.0 != 0, HAS_ASK)
            | indicates,
        last: instrument.last.unwrap_or_default(),
        open: instrument.open,
        high: instrument.high,
        low: instrument.low,
        bid: bid.0,
        ask: ask.0,
        bid_volume: bid.1,
        ask_volume: ask.1,
        volume: instrument.volume,
        open_interest: instrument.open_interest,
        turnover_low: instrument.turnover.0 as u64,
        turnover_high: (instrument.turnover.0 >> 64) as i64,
        broadcast_number,
        last_volume: instrument.last_volume,
        ..MarketData::zero()
    });
}

/// A side's best levels, if they are not those last published. Says whether they were told.
fn depth(writer: &mut Writer<'_>, instrument: &Instrument, book: &Book, side: Direction) -> bool {
    let mut now = Depth::default();
    let prices = std::iter::successors(book.best(side), |&at| book.worse(side, at));
    for (at, price) in prices.take(DEPTH_LEVELS).enumerate() {
        (now.price[at], now.volume[at]) = (price, saturated(book.level(side, price).volume));
        now.count += 1;
    }
    let index = instrument.definition.index;
    let before = writer.state.published_depth(index, side).copied().unwrap_or_default();
    if before == now {
        return false;
    }
    let Change { changed, gone_count, gone } = Change::between(&before, &now);
    let Depth { count, price, volume } = now;
    writer.push(event::Depth {
        instrument: index,
        side: side.side() as u8,
        count,
        changed,
        gone_count,
        price,
        volume,
        gone,
        ..event::Depth::zero()
    });
    true
}

/// What the levels of a side are against those last published.
struct Change {
    changed: u8,
    gone_count: u8,
    gone: [Price; DEPTH_LEVELS],
}

impl Change {
    fn between(before: &Depth, now: &Depth) -> Self {
        let mut change = Change { changed: 0, gone_count: 0, gone: [Price(0); DEPTH_LEVELS] };
        for (at, level) in now.levels().enumerate() {
            change.changed |= u8::from(!before.levels().any(|old| old == level)) << at;
        }
        for (price, _) in before.levels() {
            if !now.levels().any(|level| level.0 == price) {
                change.gone[usize::from(change.gone_count)] = price;
                change.gone_count += 1;
            }
        }
        change
    }
}

fn saturated(volume: u64) -> Volume {
    Volume(u32::try_from(volume).unwrap_or(u32::MAX))
}

/// Best price and volume of a side; zeros if it is empty. The volume saturates.
fn best(book: &Book, side: Direction) -> (Price, Volume) {
    let Some(price) = book.best(side) else { return (Price(0), Volume(0)) };
    (price, saturated(book.level(side, price).volume))
}

/// Publishes a text in the broadcast stream or in one participant's private stream.
pub(super) fn bulletin(writer: &mut Writer<'_>, bulletin: &Bulletin) {
    let participant = bulletin.participant;
    let number = if participant == ParticipantIndex::ALL {
        writer.broadcast_number()
    } else if writer.state.participant(participant).is_some() {
        writer.private_number(participant)
    } else {
        return writer.reject(Reject::IndexUnknown);
    };
    writer.push(Published { participant, number, ..Published::zero() });
}

/// A right was set: an instrument's that is another one now is told to all.
pub(super) fn right(writer: &mut Writer<'_>, set: &RightSet) {
    let instrument = writer.state.instrument(set.instrument);
    let of_instrument = set.scope == RightScope::Instrument as u8;
    if of_instrument && instrument.is_some_and(|instrument| instrument.right as u8 != set.right) {
        let broadcast_number = writer.broadcast_number();
        let RightSet { instrument, right, .. } = *set;
        return writer.push(InstrumentChanged { instrument, right, broadcast_number, ..InstrumentChanged::zero() });
    }
    writer.push(Applied::zero());
}
