//! A row of each answer: a field filled from the fold. STREAMS.md, "Queries", says what stands in it.

mod market;
mod members;
mod positions;
mod trading;

pub(crate) use members::Money;
pub(crate) use positions::Summing;

use crate::Settings;
use crate::fold::Fold;
use dataplane::queries::Presence;
use engine::command::InstrumentDefine;
use engine::types::{InstrumentIndex, Nanoseconds, Price};
use ftd::ChinaTime;
use ftd::number::Float;
use ftd::time::{Date, DateTime, Time};
use ftd::types::{Int, Str};

/// What answers are made of.
pub(crate) struct View<'a> {
    pub(crate) fold: &'a Fold,
    pub(crate) settings: &'a Settings,
    pub(crate) presence: &'a Presence,
}

/// Furthest from 0 that a price item holds, 1/10,000 yuan: the sign takes the place of a digit.
const PRICE_MAX: i64 = 99_999_999_999;
const PRICE_MIN: i64 = -9_999_999_999;
/// Furthest from 0 that an amount holds, 1/100 yuan.
const VALUE_MAX: i128 = 9_999_999_999_999;
const VALUE_MIN: i128 = -999_999_999_999;
/// Furthest from 0 that TurnoverField holds, 1/100 yuan.
const TURNOVER_MAX: i128 = 99_999_999_999_999_999;
const TURNOVER_MIN: i128 = -9_999_999_999_999_999;

impl View<'_> {
    /// The trading day and the action day.
    fn dates(&self) -> (Date, Date) {
        let date = |yyyymmdd: u32| {
            let mut date = Date::BLANK;
            // DayOpen's days are dates of eight digits; of others nothing is told.
            let _ = date.set(yyyymmdd);
            date
        };
        self.fold.state.day().map_or((Date::BLANK, Date::BLANK), |day| (date(day.trading_day), date(day.action_day)))
    }

    fn instrument_of(&self, index: InstrumentIndex) -> &InstrumentDefine {
        &self.fold.state.instrument(index).expect("what was traded is defined").definition
    }
}

/// The first bytes of an id that is longer in the log than on the wire.
fn head<const N: usize>(id: &[u8]) -> Str<N> {
    Str::from(*id.first_chunk::<N>().expect("ids of the log are no shorter than on the wire"))
}

fn set_units(item: &mut Float<12, 4>, units: i64) {
    item.set_units(units.clamp(PRICE_MIN, PRICE_MAX)).expect("clamped to the width");
}

fn set_price(item: &mut Float<12, 4>, price: Price, instrument: &InstrumentDefine) {
    // At most 2^31 ticks of at most 2^32: within 64 bits.
    set_units(item, i64::from(price.0) * i64::from(instrument.tick));
}

/// Writes money given in 1/10,000 yuan, cut off to 1/100.
fn set_value(item: &mut Float<14, 2>, money: i128) {
    let cents = (money / 100).clamp(VALUE_MIN, VALUE_MAX) as i64;
    item.set_scaled::<2>(cents).expect("clamped to the width");
}

fn set_turnover(item: &mut Float<18, 2>, money: i128) {
    let cents = (money / 100).clamp(TURNOVER_MIN, TURNOVER_MAX) as i64;
    item.set_scaled::<2>(cents).expect("clamped to the width");
}

/// Writes a sum of lots; greater ones than a signed item holds are told as its greatest.
fn set_lots(item: &mut Int, lots: u64) {
    item.set_unsigned(lots.min(i32::MAX as u64) as u32);
}

fn set_time(item: &mut Time, time: Nanoseconds) {
    item.set_at(ChinaTime::from_unix_ns(time.0));
}

fn set_date_time(item: &mut DateTime, time_ns: u64) {
    if time_ns != 0 {
        item.set_at(ChinaTime::from_unix_ns(time_ns));
    }
}
