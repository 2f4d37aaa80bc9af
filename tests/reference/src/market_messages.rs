//! Market data as FTD bytes (`dataplane/STREAMS.md`, Broadcast stream): full pictures, changes, prints, levels.

use crate::event::MarketData;
use crate::messages::{MESSAGE, VERSION, price};
use crate::number::{Instrument, Ticks};
use crate::state::{Print, State, phase};
use ftd::field::{
    MarketMatchDataChgField, MarketMatchDataField, MarketMatchIncDataField, MarketOrderDataField, TurnoverField,
};
use ftd::{ChainWriter, ChinaTime, SequenceNumber, Series, Tid, tid};

/// Bytes that one field takes in a chain, headers of parts included, generously.
const CHAIN_SHARE: usize = 640;
/// FTDVolumeType: what is told is to be added to what was told before.
const INCREMENT: u8 = b'0';
/// FTDVolumeType: what is told is what is there.
const ABSOLUTE: u8 = b'1';

/// A level of a book that is new, has other lots than before, or (no lots) is there no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) instrument: Instrument,
    pub(crate) side: usize,
    pub(crate) price: Ticks,
    pub(crate) volume: u32,
}

/// The nearest that a binary item of four bytes holds.
fn saturated(value: u64) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// A message of the broadcast stream, in as many parts as it takes, of at most `fields` fields that `fill` puts.
fn broadcast(tid: Tid, number: u32, fields: usize, fill: impl FnOnce(&mut ChainWriter<'_>)) -> Vec<u8> {
    let mut bytes = vec![0; MESSAGE + CHAIN_SHARE * fields];
    let mut writer =
        ChainWriter::new(&mut bytes, tid, Series(1), SequenceNumber(number)).expect("there is room for the headers");
    fill(&mut writer);
    let length = writer.finish();
    bytes.truncate(length);
    bytes.shrink_to_fit();
    bytes
}

impl State {
    /// MarketMatchData of a tick: prices and volumes of each instrument, then the turnover of each.
    pub(crate) fn market_data(&self, number: u32, data: &[MarketData]) -> Vec<u8> {
        broadcast(tid::MARKET_MATCH_DATA, number, 2 * data.len(), |writer| {
            for one in data {
                let market = &self.markets[&one.instrument];
                let out: &mut MarketMatchDataChgField = writer.push().expect("the buffer was made for all");
                out.instrument_id = self.instrument_id(one.instrument);
                out.instrument_version.set(VERSION);
                price(&mut out.open_price, market.units(one.open));
                price(&mut out.high_price, market.units(one.high));
                price(&mut out.low_price, market.units(one.low));
                price(&mut out.last_price, market.units(one.last));
                price(&mut out.bid_price, market.units(one.bid));
                price(&mut out.ask_price, market.units(one.ask));
                out.bid_lot.set(saturated(u64::from(one.bid_volume)));
                out.ask_lot.set(saturated(u64::from(one.ask_volume)));
                out.volume.set(saturated(one.volume));
                out.open_interest.set(saturated(one.open_interest));
            }
            self.turnovers(writer, data);
        })
    }

    /// MarketMatchData of a frame that changed phases: a full picture of each instrument.
    pub(crate) fn snapshot(&self, number: u32, data: &[MarketData]) -> Vec<u8> {
        broadcast(tid::MARKET_MATCH_DATA, number, 2 * data.len(), |writer| {
            for one in data {
                let market = &self.markets[&one.instrument];
                let define = &market.define;
                let out: &mut MarketMatchDataField = writer.push().expect("the buffer was made for all");
                out.instrument_id = self.instrument_id(one.instrument);
                out.instrument_version.set(VERSION);
                price(&mut out.pre_settle, market.units(Ticks(define.previous_settlement)));
                out.pre_open_interest.set(saturated(define.previous_open_interest));
                price(&mut out.open_price, market.units(one.open));
                price(&mut out.bid_price, market.units(one.bid));
                out.bid_lot.set(saturated(u64::from(one.bid_volume)));
                price(&mut out.ask_price, market.units(one.ask));
                out.ask_lot.set(saturated(u64::from(one.ask_volume)));
                price(&mut out.last_price, market.units(one.last));
                out.last_lot.set(saturated(u64::from(market.last_lots)));
                out.trade_lot.set(saturated(one.volume));
                let yuan = (one.turnover / 10_000).clamp(i128::from(i32::MIN), i128::from(i32::MAX));
                out.trade_turnover.set(i32::try_from(yuan).expect("clamped to 32 bits"));
                out.open_interest.set(saturated(one.open_interest));
                price(&mut out.high_price, market.units(one.high));
                price(&mut out.low_price, market.units(one.low));
                if market.phase == phase::CLOSED {
                    price(&mut out.close_price, market.units(one.last));
                }
                let lots = i128::from(one.volume) * i128::from(define.multiplier);
                let average = if lots == 0 { 0 } else { one.turnover / lots };
                price(&mut out.average_price, i64::try_from(average).expect("an average lies among the prices"));
                price(&mut out.life_high, market.units(one.high));
                price(&mut out.life_low, market.units(one.low));
                price(&mut out.high_limit, market.units(Ticks(define.upper_limit)));
                price(&mut out.low_limit, market.units(Ticks(define.lower_limit)));
                out.total_volume.set(saturated(one.volume));
                out.update_time.set_at(ChinaTime::from_unix_ns(self.time.0));
                out.market_match_data_status.set(market.phase);
                out.total_market_match_data.set(saturated(data.len() as u64));
                out.broadcast_sequence_no.set_unsigned(number);
            }
            self.turnovers(writer, data);
        })
    }

    fn turnovers(&self, writer: &mut ChainWriter<'_>, data: &[MarketData]) {
        for one in data {
            let out: &mut TurnoverField = writer.push().expect("the buffer was made for all");
            out.instrument_id = self.instrument_id(one.instrument);
            // 18 bytes with two decimals: 15 digits before the point, 14 behind a minus.
            let cents = (one.turnover / 100).clamp(-9_999_999_999_999_999, 99_999_999_999_999_999);
            let cents = i64::try_from(cents).expect("clamped to 17 digits");
            out.turnover.set_scaled::<2>(cents).expect("clamped to the width");
        }
    }

    /// MarketMatchIncData: what traded since the last tick, by instrument and price.
    pub(crate) fn trade_prints(&self, number: u32, prints: &[(Instrument, Ticks, Print)]) -> Vec<u8> {
        broadcast(tid::MARKET_MATCH_INC_DATA, number, prints.len(), |writer| {
            for &(instrument, at, print) in prints {
                let out: &mut MarketMatchIncDataField = writer.push().expect("the buffer was made for all");
                out.instrument_id = self.instrument_id(instrument);
                out.instrument_version.set(VERSION);
                out.volume_type.set(INCREMENT);
                price(&mut out.price, self.markets[&instrument].units(at));
                out.volume.set(saturated(print.volume));
                out.match_flag.set(match (print.all_opened, print.all_closed) {
                    (true, _) => b'0',
                    (_, true) => b'1',
                    _ => b'2',
                });
            }
        })
    }

    /// MarketOrderIncData: levels that changed, absolute.
    pub(crate) fn depth_changes(&self, number: u32, changes: &[Change]) -> Vec<u8> {
        broadcast(tid::MARKET_ORDER_INC_DATA, number, changes.len(), |writer| {
            for change in changes {
                let out: &mut MarketOrderDataField = writer.push().expect("the buffer was made for all");
                out.instrument_id = self.instrument_id(change.instrument);
                out.instrument_version.set(VERSION);
                out.volume_type.set(ABSOLUTE);
                out.direction.set(if change.side == 0 { b'0' } else { b'1' });
                price(&mut out.price, self.markets[&change.instrument].units(change.price));
                out.volume.set(saturated(u64::from(change.volume)));
                out.broadcast_sequence_no.set_unsigned(number);
            }
        })
    }
}
