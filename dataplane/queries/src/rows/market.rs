//! Instruments, the market, and market data as last published: everybody's.
//!
//! Market data are those of the broadcast message that published them last, whatever has happened since: a member that goes on from
//! BroadcastSequenceNo is told everything else, once (JR/T 0016 §5.3.3.2.2).

use super::{View, head, set_lots, set_price, set_time, set_turnover, set_units};
use crate::ask::is;
use crate::paper::Paper;
use dataplane::render::{MARKET_ID, set_instrument};
use engine::Instrument;
use engine::event::MarketData;
use engine::types::{Direction, InstrumentIndex, Phase, Price};
use ftd::field::{
    ExchangeRateField, InstrumentField, InstrumentStatusField, MarketField, MarketMatchDataField, MarketOrderDataField,
    MarketStatusField, QryExchangeRateField, ReqQryInstrumentField, ReqQryInstrumentStatusField, ReqQryMarketField,
    ReqQryMarketMatchDataField, ReqQryMarketOrderDataField, ReqQryMarketStatusField, TurnoverField,
};
use ftd::number::Float;
use ftd::types::Str;
use ftd::value::{direction, instrument_version, trade_type, volume_type};

/// CurrencyId of the only currency. ISO 4217.
const CURRENCY: &[u8] = b"CNY";
/// 1/10,000 yuan in a yuan.
const ONE_YUAN: i64 = 10_000;
/// Series of the broadcast stream.
const BROADCAST: u16 = 1;
/// MarketData.present: there is a last price (and so open, high and low).
const PRESENT_LAST: u32 = 1;
/// MarketData.present: there is a best bid.
const PRESENT_BID: u32 = 2;
/// MarketData.present: there is a best ask.
const PRESENT_ASK: u32 = 4;

impl View<'_> {
    pub(crate) fn market(&self, asked: &ReqQryMarketField, paper: &mut Paper) {
        if !is(&asked.market_id, &MARKET_ID) {
            return;
        }
        let mut field = MarketField::BLANK;
        field.market_id = Str::from(MARKET_ID);
        field.market_name = self.settings.text.write(&[&self.settings.market_name]);
        field.broadcast_sequence_series.set(BROADCAST);
        field.trade_type.set(trade_type::DEFAULT);
        paper.push(&field);
    }

    pub(crate) fn market_status(&self, asked: &ReqQryMarketStatusField, paper: &mut Paper) {
        if !is(&asked.market_id, &MARKET_ID) {
            return;
        }
        let state = &self.fold.state;
        let mut field = MarketStatusField::BLANK;
        field.market_id = Str::from(MARKET_ID);
        let phases = state.instruments().map(|instrument| instrument.phase);
        field.market_status_id.set(Phase::of_market(phases) as u8);
        field.broadcast_sequence_no.set_unsigned(state.broadcast_count().0);
        paper.push(&field);
    }

    /// One currency, which is worth itself: whatever is asked, of the day.
    pub(crate) fn exchange_rate(&self, asked: &QryExchangeRateField, paper: &mut Paper) {
        let (trade_date, _) = self.dates();
        if !is(&asked.currency_id, CURRENCY) || !(asked.trade_date.is_blank() || asked.trade_date == trade_date) {
            return;
        }
        let mut field = ExchangeRateField::BLANK;
        field.trade_date = trade_date;
        field.currency_id.set(CURRENCY).expect("three letters");
        field.rate_unit.set_unsigned(1);
        set_units(&mut field.rate_price, ONE_YUAN);
        paper.push(&field);
    }

    pub(crate) fn instrument(&self, asked: &ReqQryInstrumentField, row: usize, paper: &mut Paper) {
        let state = &self.fold.state;
        let Some(instrument) = state.instrument(InstrumentIndex(row as u16)) else { return };
        let definition = &instrument.definition;
        if !is(&asked.market_id, &MARKET_ID) || !is(&asked.instrument_id, &definition.id) {
            return;
        }
        let product = state.product(definition.product).map_or([b' '; 8], |product| product.definition.id);
        let mut field = InstrumentField::BLANK;
        set_instrument(&mut field, definition, &product, instrument.right as u8)
            .expect("every item holds what a log has");
        paper.push(&field);
    }

    pub(crate) fn instrument_status(&self, asked: &ReqQryInstrumentStatusField, row: usize, paper: &mut Paper) {
        let Some(instrument) = self.fold.state.instrument(InstrumentIndex(row as u16)) else { return };
        let id = &instrument.definition.id;
        if !is(&asked.market_id, &MARKET_ID) || !is(&asked.instrument_id, id) {
            return;
        }
        let mut field = InstrumentStatusField::BLANK;
        field.instrument_id = head(id);
        field.instrument_status.set(instrument.phase as u8);
        paper.push(&field);
    }

    /// A side of an instrument: its levels, best first.
    pub(crate) fn depth(
        &self,
        asked: &ReqQryMarketOrderDataField,
        index: InstrumentIndex,
        side: Direction,
        paper: &mut Paper,
    ) {
        let state = &self.fold.state;
        let Some(instrument) = state.instrument(index) else { return };
        let code = if side == Direction::Buy { direction::BUY } else { direction::SELL };
        let is_side = matches!(asked.direction.get(), 0 | b' ') || asked.direction.get() == code;
        if !is_side || !is(&asked.instrument_id, &instrument.definition.id) {
            return;
        }
        let Some(depth) = state.published_depth(index, side) else { return };
        let levels = depth.price.into_iter().zip(depth.volume).take(depth.count.into());
        for (price, volume) in levels {
            let mut field = MarketOrderDataField::BLANK;
            field.instrument_id = head(&instrument.definition.id);
            field.instrument_version.set(instrument_version::DEFAULT);
            field.volume_type.set(volume_type::ABSOLUTE);
            field.direction.set(code);
            set_price(&mut field.price, price, &instrument.definition);
            set_lots(&mut field.volume, volume.0.into());
            field.broadcast_sequence_no.set_unsigned(state.broadcast_count().0);
            paper.push(&field);
        }
    }

    /// Of `count` instruments, `total` of them asked for: first every instrument's field, then every instrument's turnover.
    pub(crate) fn match_data(
        &self,
        asked: &ReqQryMarketMatchDataField,
        row: usize,
        (count, total): (usize, usize),
        paper: &mut Paper,
    ) {
        let index = InstrumentIndex((row % count) as u16);
        let Some(instrument) = self.fold.state.instrument(index) else { return };
        if !is(&asked.instrument_id, &instrument.definition.id) {
            return;
        }
        let published = self.fold.day.published.get(usize::from(index.0)).copied().unwrap_or_default();
        let data = published.data.unwrap_or_else(MarketData::zero);
        let turnover = i128::from(data.turnover_high) << 64 | i128::from(data.turnover_low);
        if row >= count {
            let mut field = TurnoverField::BLANK;
            field.instrument_id = head(&instrument.definition.id);
            set_turnover(&mut field.turnover, turnover);
            return paper.push(&field);
        }
        let mut field = MarketMatchDataField::BLANK;
        fill(&mut field, instrument, &data, turnover);
        if published.data.is_some() {
            set_time(&mut field.update_time, published.time);
        }
        field.total_market_match_data.set_unsigned(total as u32);
        field.broadcast_sequence_no.set_unsigned(self.fold.state.broadcast_count().0);
        paper.push(&field);
    }
}

fn fill(field: &mut MarketMatchDataField, instrument: &Instrument, data: &MarketData, turnover: i128) {
    let definition = &instrument.definition;
    field.instrument_id = head(&definition.id);
    field.instrument_version.set(instrument_version::DEFAULT);
    set_price(&mut field.pre_settle, Price(definition.previous_settlement), definition);
    set_lots(&mut field.pre_open_interest, definition.previous_open_interest);
    let set = |item: &mut Float<12, 4>, price: Price, bit: u32| {
        if data.present & bit != 0 {
            set_price(item, price, definition);
        }
    };
    set(&mut field.open_price, data.open, PRESENT_LAST);
    set(&mut field.high_price, data.high, PRESENT_LAST);
    set(&mut field.low_price, data.low, PRESENT_LAST);
    set(&mut field.last_price, data.last, PRESENT_LAST);
    set(&mut field.life_high, data.high, PRESENT_LAST);
    set(&mut field.life_low, data.low, PRESENT_LAST);
    set(&mut field.bid_price, data.bid, PRESENT_BID);
    set(&mut field.ask_price, data.ask, PRESENT_ASK);
    if instrument.phase == engine::types::Phase::Closed {
        set(&mut field.close_price, data.last, PRESENT_LAST);
    }
    set_lots(&mut field.bid_lot, data.bid_volume.0.into());
    set_lots(&mut field.ask_lot, data.ask_volume.0.into());
    set_lots(&mut field.last_lot, data.last_volume.0.into());
    set_lots(&mut field.trade_lot, data.volume);
    set_lots(&mut field.total_volume, data.volume);
    // Before anything was published, what the day began with is in force.
    let is_published = data.broadcast_number.0 != 0;
    let open_interest = if is_published { data.open_interest } else { definition.previous_open_interest };
    set_lots(&mut field.open_interest, open_interest);
    let yuan = (turnover / 10_000).clamp(i128::from(i32::MIN), i128::from(i32::MAX));
    field.trade_turnover.set(yuan as i32);
    if data.volume > 0 {
        let lots = i128::from(data.volume) * i128::from(definition.multiplier);
        set_units(&mut field.average_price, i64::try_from(turnover / lots).unwrap_or(i64::MAX));
    }
    set_price(&mut field.high_limit, Price(definition.upper_limit), definition);
    set_price(&mut field.low_limit, Price(definition.lower_limit), definition);
    field.market_match_data_status.set(instrument.phase as u8);
}
