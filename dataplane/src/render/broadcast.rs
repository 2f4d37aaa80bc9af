//! Messages of the broadcast stream. STREAMS.md, "Broadcast stream".

use super::items::{set_price, set_turnover, set_volume_saturating};
use super::{Failed, MessagePlace, Scribe};
use crate::directory::{Conflict, Instrument};
use crate::streams::reading::part_at;
use engine::event::{Event, EventView, MarketData, PhaseChanged};
use engine::types::Price;
use ftd::field::{InstrumentStatusField, MarketMatchDataChgField, TurnoverField};
use ftd::message::{CONTENT_SIZE_MAX, FTDC_HEADER_SIZE};
use ftd::number::Float;
use ftd::types::{Char, Str};
use ftd::write::{ChainWriter, FIELD_HEADER_SIZE, HEADERS_SIZE, message_size};
use ftd::{SequenceNumber, tid};
use journal::FrameView;

/// The only version there is. JR/T 0016 appendix B, FTDInstrumentVersion.
pub(super) const INSTRUMENT_VERSION: u8 = b'0';

/// MarketData.present: there is a last price (and so open, high and low).
const PRESENT_LAST: u32 = 1;
/// MarketData.present: there is a best bid.
const PRESENT_BID: u32 = 2;
/// MarketData.present: there is a best ask.
const PRESENT_ASK: u32 = 4;

const CHANGE_SIZE: usize = FIELD_HEADER_SIZE + size_of::<MarketMatchDataChgField>();
const TURNOVER_SIZE: usize = FIELD_HEADER_SIZE + size_of::<TurnoverField>();

/// Bytes that are always enough for the market data of so many instruments, all parts of the chain together.
#[must_use]
pub const fn market_data_size_max(instruments: usize) -> usize {
    let part_size = CONTENT_SIZE_MAX - FTDC_HEADER_SIZE;
    // Changes fill parts; the turnovers begin in the last of those.
    let parts = instruments.div_ceil(part_size / CHANGE_SIZE) + instruments.div_ceil(part_size / TURNOVER_SIZE);
    instruments * (CHANGE_SIZE + TURNOVER_SIZE) + parts * HEADERS_SIZE
}

impl Scribe<'_> {
    /// InstrumentStatusChangeNotify.
    pub(super) fn phase(
        &self,
        place: &MessagePlace<'_>,
        event: &PhaseChanged,
        buffer: &mut [u8],
    ) -> Result<usize, Failed> {
        let instrument = self.directory.instrument(event.instrument).ok_or(Conflict::Undefined)?;
        let field: &mut InstrumentStatusField = place.message(tid::INSTRUMENT_STATUS_CHANGE_NOTIFY, buffer)?;
        field.instrument_id = Str::from(instrument.id);
        field.instrument_status = Char::from(event.phase);
        Ok(message_size::<InstrumentStatusField>())
    }

    /// MarketMatchData: the changes of all instruments of a tick, then their turnovers.
    pub(super) fn market_data(&self, place: &MessagePlace<'_>, buffer: &mut [u8]) -> Result<usize, Failed> {
        let number = SequenceNumber(place.number.0);
        let mut message =
            ChainWriter::new(buffer, tid::MARKET_MATCH_DATA, place.series, number).ok_or(Failed::NoRoom)?;
        self.for_each(place, |event, instrument| {
            let field: &mut MarketMatchDataChgField = message.push().ok_or(Failed::NoRoom)?;
            field.instrument_id = Str::from(instrument.id);
            field.instrument_version.set(INSTRUMENT_VERSION);
            let set = |item: &mut Float<12, 4>, price: Price, bit: u32| {
                if event.present & bit == 0 { Ok(()) } else { set_price(item, price, instrument) }
            };
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
        })?;
        self.for_each(place, |event, instrument| {
            let field: &mut TurnoverField = message.push().ok_or(Failed::NoRoom)?;
            field.instrument_id = Str::from(instrument.id);
            let turnover = i128::from(event.turnover_high) << 64 | i128::from(event.turnover_low);
            Ok(set_turnover(&mut field.turnover, turnover)?)
        })?;
        Ok(message.finish())
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
