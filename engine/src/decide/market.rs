//! What is published to all. RULES.md, Market data and publishing.

use super::draft::Writer;
use super::mass::applied_if_nothing;
use crate::book::Book;
use crate::command::Bulletin;
use crate::event::{MarketData, Published};
use crate::reject::Reject;
use crate::types::{Direction, ParticipantIndex, Price, StreamNumber, Volume};

/// `present` of MarketData: there is a last price.
const HAS_LAST: u32 = 1;
/// `present` of MarketData: there is a bid.
const HAS_BID: u32 = 2;
/// `present` of MarketData: there is an ask.
const HAS_ASK: u32 = 4;

/// Publishes every instrument that was touched since the last tick, under one number.
pub(super) fn tick(writer: &mut Writer<'_>) {
    let state = writer.state;
    let mut number: Option<StreamNumber> = None;
    for instrument in state.instruments().filter(|instrument| instrument.touched) {
        let broadcast_number = *number.get_or_insert_with(|| writer.broadcast_number());
        let book = state.book(instrument.definition.index);
        let (bid, bid_volume) = best(book, Direction::Buy);
        let (ask, ask_volume) = best(book, Direction::Sell);
        let flag = |there: bool, bit: u32| if there { bit } else { 0 };
        writer.push(MarketData {
            instrument: instrument.definition.index,
            present: flag(instrument.last.is_some(), HAS_LAST)
                | flag(bid_volume.0 != 0, HAS_BID)
                | flag(ask_volume.0 != 0, HAS_ASK),
            last: instrument.last.unwrap_or_default(),
            open: instrument.open,
            high: instrument.high,
            low: instrument.low,
            bid,
            ask,
            bid_volume,
            ask_volume,
            volume: instrument.volume,
            open_interest: instrument.open_interest,
            turnover_low: instrument.turnover.0 as u64,
            turnover_high: (instrument.turnover.0 >> 64) as i64,
            broadcast_number,
            ..MarketData::zero()
        });
    }
    applied_if_nothing(writer);
}

/// Best price and volume of a side; zeros if it is empty. The volume saturates.
fn best(book: &Book, side: Direction) -> (Price, Volume) {
    let Some(price) = book.best(side) else { return (Price(0), Volume(0)) };
    (price, Volume(u32::try_from(book.level(side, price).volume).unwrap_or(u32::MAX)))
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
