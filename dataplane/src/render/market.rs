//! Market data: full pictures, changes, prints, levels. STREAMS.md, "Broadcast stream".
//!
//! | message | of | from |
//! |---|---|---|
//! | MarketMatchData, full | Snapshot | the MarketData events before it, the definitions |
//! | MarketMatchData, changes | Ticked | the MarketData events before it |
//! | MarketMatchIncData | Ticked | what the streams have noted of trades (`streams/prints.rs`) |
//! | MarketOrderIncData | Ticked | the Depth events before it |
//!
//! Each is a chain as long as it takes, under one number.

use super::broadcast::INSTRUMENT_VERSION;
use super::items::{clock, set_price, set_turnover, set_units, set_volume_saturating};
use super::{Failed, MessagePlace, Scribe};
use crate::directory::{Conflict, Instrument};
use crate::streams::prints::{Matched, Print};
use crate::streams::reading::part_at;
use engine::command::BodyView;
use engine::event::{DEPTH_LEVELS, Depth, Event, EventView, MarketData};
use engine::types::{Phase, Price, Volume};
use ftd::field::{
    MarketMatchDataChgField, MarketMatchDataField, MarketMatchIncDataField, MarketOrderDataField, TurnoverField,
};
use ftd::message::{CONTENT_SIZE_MAX, FTDC_HEADER_SIZE};
use ftd::number::Float;
use ftd::types::Str;
use ftd::value::{direction, match_flag, volume_type};
use ftd::write::{ChainWriter, FIELD_HEADER_SIZE, HEADERS_SIZE};
use ftd::{SequenceNumber, Tid, tid};
use journal::FrameView;

/// MarketData.present: there is a last price (and so open, high and low).
const PRESENT_LAST: u32 = 1;
/// MarketData.present: there is a best bid.
const PRESENT_BID: u32 = 2;
/// MarketData.present: there is a best ask.
const PRESENT_ASK: u32 = 4;

const FULL_SIZE: usize = FIELD_HEADER_SIZE + size_of::<MarketMatchDataField>();
const CHANGE_SIZE: usize = FIELD_HEADER_SIZE + size_of::<MarketMatchDataChgField>();
const TURNOVER_SIZE: usize = FIELD_HEADER_SIZE + size_of::<TurnoverField>();
const LEVEL_SIZE: usize = FIELD_HEADER_SIZE + size_of::<MarketOrderDataField>();
const PRINT_SIZE: usize = FIELD_HEADER_SIZE + size_of::<MarketMatchIncDataField>();
const _: () = assert!(FULL_SIZE > CHANGE_SIZE);

/// Levels of an instrument that one message can tell: on both sides as many new as gone.
const LEVELS_MAX: usize = 2 * 2 * DEPTH_LEVELS;

/// Bytes of a chain of so many fields of a size, at most.
const fn chain_size(fields: usize, size: usize) -> usize {
    let fields_of_a_part = (CONTENT_SIZE_MAX - FTDC_HEADER_SIZE) / size;
    fields * size + (fields.div_ceil(fields_of_a_part) + 1) * HEADERS_SIZE
}

/// Bytes that are always enough for a message of the broadcast stream about so many instruments, all parts of the chain together;
/// of what traded since the last tick only at so few prices: [`Renderer::size_max`](super::Renderer::size_max) says what that takes.
#[must_use]
pub const fn market_data_size_max(instruments: usize) -> usize {
    let picture = chain_size(instruments, FULL_SIZE) + chain_size(instruments, TURNOVER_SIZE);
    let levels = chain_size(instruments * LEVELS_MAX, LEVEL_SIZE);
    if picture > levels { picture } else { levels }
}

/// Bytes that are always enough for a message of so many prints.
pub(super) const fn prints_size_max(prints: usize) -> usize {
    chain_size(prints, PRINT_SIZE)
}

impl Scribe<'_> {
    /// MarketMatchData: of a tick the changes of all its instruments, of other frames full pictures; then their turnovers.
    pub(super) fn market_data(&self, place: &MessagePlace<'_>, buffer: &mut [u8]) -> Result<usize, Failed> {
        let offset = self.log.offset_of(place.part.header.sequence).ok_or(Conflict::FrameMissing)?;
        let first = part_at(self.log, offset)?;
        let mut message = chain(place, tid::MARKET_MATCH_DATA, buffer)?;
        match first.command.ok_or(Conflict::FrameMissing)?.body {
            BodyView::MarketDataTick(_) => self.changes(place, &mut message)?,
            BodyView::PhaseSet(set) => self.pictures(place, set.phase, &mut message)?,
            BodyView::DayClose(_) => self.pictures(place, Phase::Closed as u8, &mut message)?,
            _ => return Err(Conflict::EventMisplaced.into()),
        }
        self.for_each(place, |event, instrument| {
            let field: &mut TurnoverField = message.push().ok_or(Failed::NoRoom)?;
            field.instrument_id = Str::from(instrument.id);
            Ok(set_turnover(&mut field.turnover, turnover(event))?)
        })?;
        Ok(message.finish())
    }

    fn changes(&self, place: &MessagePlace<'_>, message: &mut ChainWriter<'_>) -> Result<(), Failed> {
        self.for_each(place, |event, instrument| {
            let field: &mut MarketMatchDataChgField = message.push().ok_or(Failed::NoRoom)?;
            field.instrument_id = Str::from(instrument.id);
            field.instrument_version.set(INSTRUMENT_VERSION);
            let set =
                |item: &mut Float<12, 4>, price: Price, bit: u32| set_present(item, price, bit, event, instrument);
            set(&mut field.open_price, event.open, PRESENT_LAST)?;
            set(&mut field.high_price, event.high, PRESENT_LAST)?;
            set(&mut field.low_price, event.low, PRESENT_LAST)?;
            set(&mut field.last_price, event.last, PRESENT_LAST)?;
            set(&mut field.bid_price, event.bid, PRESENT_BID)?;
            set(&mut field.ask_price, event.ask, PRESENT_ASK)?;
            set_volume_saturating(&mut field.bid_lot, event.bid_volume.0.into());
            set_volume_saturating(&mut field.ask_lot, event.ask_volume.0.into());
            set_volume_saturating(&mut field.volume, event.volume);
            set_volume_saturating(&mut field.open_interest, event.open_interest);
            Ok(())
        })
    }

    /// Full pictures of instruments that came into a phase.
    fn pictures(&self, place: &MessagePlace<'_>, phase: u8, message: &mut ChainWriter<'_>) -> Result<(), Failed> {
        let mut count = 0;
        self.for_each(place, |_, _| {
            count += 1;
            Ok(())
        })?;
        let time = clock(place.part.header.time);
        self.for_each(place, |event, instrument| {
            let field: &mut MarketMatchDataField = message.push().ok_or(Failed::NoRoom)?;
            field.instrument_id = Str::from(instrument.id);
            field.instrument_version.set(INSTRUMENT_VERSION);
            let set =
                |item: &mut Float<12, 4>, price: Price, bit: u32| set_present(item, price, bit, event, instrument);
            set_price(&mut field.pre_settle, instrument.previous_settlement, instrument)?;
            set_volume_saturating(&mut field.pre_open_interest, instrument.previous_open_interest);
            set(&mut field.open_price, event.open, PRESENT_LAST)?;
            set(&mut field.high_price, event.high, PRESENT_LAST)?;
            set(&mut field.low_price, event.low, PRESENT_LAST)?;
            set(&mut field.life_high, event.high, PRESENT_LAST)?;
            set(&mut field.life_low, event.low, PRESENT_LAST)?;
            set(&mut field.last_price, event.last, PRESENT_LAST)?;
            if phase == Phase::Closed as u8 {
                set(&mut field.close_price, event.last, PRESENT_LAST)?;
            }
            set(&mut field.bid_price, event.bid, PRESENT_BID)?;
            set(&mut field.ask_price, event.ask, PRESENT_ASK)?;
            set_volume_saturating(&mut field.bid_lot, event.bid_volume.0.into());
            set_volume_saturating(&mut field.ask_lot, event.ask_volume.0.into());
            set_volume_saturating(&mut field.last_lot, event.last_volume.0.into());
            set_volume_saturating(&mut field.trade_lot, event.volume);
            set_volume_saturating(&mut field.total_volume, event.volume);
            set_volume_saturating(&mut field.open_interest, event.open_interest);
            let turnover = turnover(event);
            let yuan = (turnover / 10_000).clamp(i32::MIN.into(), i32::MAX.into());
            field.trade_turnover.set(i32::try_from(yuan).expect("clamped to 32 bits"));
            let lots = i128::from(event.volume) * i128::from(instrument.multiplier);
            let average = turnover.checked_div(lots).unwrap_or(0);
            let held = average.clamp(i64::MIN.into(), i64::MAX.into());
            set_units(&mut field.average_price, i64::try_from(held).expect("clamped to 64 bits"))?;
            set_price(&mut field.high_limit, instrument.upper_limit, instrument)?;
            set_price(&mut field.low_limit, instrument.lower_limit, instrument)?;
            field.update_time.set_at(time);
            field.market_match_data_status.set(phase);
            field.total_market_match_data.set_unsigned(count);
            field.broadcast_sequence_no.set_unsigned(place.number.0);
            Ok(())
        })
    }

    /// MarketMatchIncData: what traded since the last tick.
    pub(super) fn prints(
        &self,
        place: &MessagePlace<'_>,
        prints: &[Print],
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let mut message = chain(place, tid::MARKET_MATCH_INC_DATA, buffer)?;
        for print in prints {
            let instrument = self.directory.instrument(print.instrument).ok_or(Conflict::Undefined)?;
            let field: &mut MarketMatchIncDataField = message.push().ok_or(Failed::NoRoom)?;
            field.instrument_id = Str::from(instrument.id);
            field.instrument_version.set(INSTRUMENT_VERSION);
            field.volume_type.set(volume_type::INCREMENT);
            set_price(&mut field.price, print.price, instrument)?;
            set_volume_saturating(&mut field.volume, print.volume.0.into());
            field.match_flag.set(match print.matched() {
                Matched::Opened => match_flag::BOTH_OPEN,
                Matched::Closed => match_flag::BOTH_CLOSE,
                Matched::Mixed => match_flag::DIFFERENT,
            });
        }
        Ok(message.finish())
    }

    /// MarketOrderIncData: the levels that the tick's Depth events call changed or gone.
    pub(super) fn levels(&self, place: &MessagePlace<'_>, buffer: &mut [u8]) -> Result<usize, Failed> {
        let mut message = chain(place, tid::MARKET_ORDER_INC_DATA, buffer)?;
        let mut offset = self.log.offset_of(place.part.header.sequence).ok_or(Conflict::FrameMissing)?;
        loop {
            let part = part_at(self.log, offset)?;
            for event in part.events {
                if let Some(EventView::Depth(depth)) = event.view() {
                    self.levels_of(depth, place, &mut message)?;
                }
            }
            if part.header.is_last() {
                return Ok(message.finish());
            }
            offset += part.bytes.len() as u64;
        }
    }

    fn levels_of(&self, depth: &Depth, place: &MessagePlace<'_>, message: &mut ChainWriter<'_>) -> Result<(), Failed> {
        let instrument = self.directory.instrument(depth.instrument).ok_or(Conflict::Undefined)?;
        let is_bid = depth.side == 0;
        for (price, volume) in changed_levels(depth) {
            let field: &mut MarketOrderDataField = message.push().ok_or(Failed::NoRoom)?;
            field.instrument_id = Str::from(instrument.id);
            field.instrument_version.set(INSTRUMENT_VERSION);
            field.volume_type.set(volume_type::ABSOLUTE);
            field.direction.set(if is_bid { direction::BUY } else { direction::SELL });
            set_price(&mut field.price, price, instrument)?;
            set_volume_saturating(&mut field.volume, volume.0.into());
            field.broadcast_sequence_no.set_unsigned(place.number.0);
        }
        Ok(())
    }

    /// Walks over the market data of one message, from its first event through all parts of the frame.
    fn for_each(
        &self,
        place: &MessagePlace<'_>,
        mut each: impl FnMut(&MarketData, &Instrument) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        let mut each_of = |events: &[Event]| -> Result<(), Failed> {
            for event in events {
                match event.view() {
                    Some(EventView::MarketData(event)) if event.broadcast_number == place.number => {
                        let instrument = self.directory.instrument(event.instrument).ok_or(Conflict::Undefined)?;
                        each(event, instrument)?;
                    }
                    Some(
                        EventView::Depth(_)
                        | EventView::Ticked(_)
                        | EventView::Snapshot(_)
                        | EventView::MarketChanged(_),
                    ) => {}
                    _ => return Err(Conflict::EventMisplaced.into()),
                }
            }
            Ok(())
        };
        let mut part: FrameView<'_> = place.part.view()?;
        let mut offset = place.offset;
        each_of(&part.events[place.event_index..])?;
        while !part.header.is_last() {
            offset += part.bytes.len() as u64;
            part = part_at(self.log, offset)?;
            each_of(part.events)?;
        }
        Ok(())
    }
}

fn chain<'b>(place: &MessagePlace<'_>, tid: Tid, buffer: &'b mut [u8]) -> Result<ChainWriter<'b>, Failed> {
    ChainWriter::new(buffer, tid, place.series, SequenceNumber(place.number.0)).ok_or(Failed::NoRoom)
}

fn turnover(event: &MarketData) -> i128 {
    i128::from(event.turnover_high) << 64 | i128::from(event.turnover_low)
}

/// Writes a price that stands in an event, if it is there; else the item stays 0.
fn set_present(
    item: &mut Float<12, 4>,
    price: Price,
    bit: u32,
    event: &MarketData,
    instrument: &Instrument,
) -> Result<(), Conflict> {
    if event.present & bit == 0 { Ok(()) } else { set_price(item, price, instrument) }
}

/// The levels of a Depth that are new, changed or gone (with no lots), best price first.
fn changed_levels(depth: &Depth) -> impl Iterator<Item = (Price, Volume)> {
    let count = usize::from(depth.count).min(DEPTH_LEVELS);
    let gone_count = usize::from(depth.gone_count).min(DEPTH_LEVELS);
    let is_bid = depth.side == 0;
    let (mut at, mut gone_at) = (0, 0);
    std::iter::from_fn(move || {
        while at < count && depth.changed >> at & 1 == 0 {
            at += 1;
        }
        let level = (at < count).then(|| depth.price[at]);
        let gone = (gone_at < gone_count).then(|| depth.gone[gone_at]);
        let is_level = match (level, gone) {
            (None, None) => return None,
            (Some(level), Some(gone)) => (level > gone) == is_bid,
            (level, _) => level.is_some(),
        };
        if is_level {
            at += 1;
            Some((depth.price[at - 1], depth.volume[at - 1]))
        } else {
            gone_at += 1;
            Some((depth.gone[gone_at - 1], Volume(0)))
        }
    })
}
