//! The daily settlement price 当日结算价, from trades by rule.
//!
//! The average price of the last hour's trades, weighed by volume. "Hour" is an hour of trading time: breaks are not counted, and a
//! session that is shorter counts whole. Without a trade in it, the hour before, and so on to the day's beginning. Where nothing was
//! traded all day: the contract's previous settlement price moved by what the reference contract's settlement moved, kept within the
//! price limits. Where the last hour has no trade and the contract stands at a price limit: that limit.
//!
//! Rounding: half away from zero, to the rule's unit. CFFEX's published settlement prices of 2020 to 2022 all lie on the tick, though the
//! rule's text says one decimal: the unit is a setting, the tick by default.
//!
//! A pure function over trades; where they come from ([`trades_of`], a fold over a log) is another matter.

use engine::event::EventView;
use engine::types::{InstrumentIndex, OrderKey, Price};
use journal::LogReader;
use std::collections::HashMap;

/// Milliseconds of an hour.
const HOUR: u32 = 3_600_000;
/// Most hours that a day can be gone back.
const HOURS_MOST: u32 = 48;

/// One trade of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayTrade {
    /// Milliseconds after 0:00 of the day (China Standard Time).
    pub time: u32,
    /// Price in 1/10,000 yuan.
    pub price: i64,
    /// Lots.
    pub volume: u32,
}

/// How a settlement price is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementRule {
    /// The day's sessions, each from and to (exclusive; the last one's trades at its end count), in milliseconds, in order.
    pub sessions: Vec<(u32, u32)>,
    /// What a price is rounded to, 1/10,000 yuan.
    pub unit: u32,
}

/// What else is known of the contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettlementContext {
    /// Its previous settlement price, 1/10,000 yuan.
    pub previous: Option<i64>,
    /// By how much the reference contract's settlement price moved, 1/10,000 yuan.
    pub reference_move: Option<i64>,
    /// Lowest and highest price, 1/10,000 yuan.
    pub limits: Option<(i64, i64)>,
    /// It stood at a limit when the day ended, and at which.
    pub at_limit: Option<i64>,
}

/// A settlement price and where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// 1/10,000 yuan.
    pub price: i64,
    /// By which part of the rule.
    pub by: SettledBy,
}

/// The parts of the rule, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettledBy {
    /// The last hour's trades.
    LastHour,
    /// No trade in it, and the contract stood at a limit.
    AtLimit,
    /// An hour so many before the last.
    EarlierHour(u32),
    /// The reference contract's move.
    Reference,
}

impl SettlementRule {
    /// The settlement price of a day's trades, in any order. None: nothing was traded, and nothing else is known.
    #[must_use]
    pub fn settle(&self, trades: &[DayTrade], context: &SettlementContext) -> Option<Settled> {
        let mut end = self.trading_time();
        for back in 0..HOURS_MOST {
            if end == 0 {
                break;
            }
            let begin = end.saturating_sub(HOUR);
            let of_hour = trades.iter().filter(|trade| {
                let at = self.place(trade.time);
                // The hour's first instant belongs to it, its last to the next one, but for the day's very end.
                begin <= at && (at < end || back == 0)
            });
            if let Some(price) = self.average(of_hour) {
                let by = if back == 0 { SettledBy::LastHour } else { SettledBy::EarlierHour(back) };
                return Some(Settled { price, by });
            }
            if back == 0
                && let Some(price) = context.at_limit
            {
                return Some(Settled { price, by: SettledBy::AtLimit });
            }
            end = begin;
        }
        let moved = context.previous?.checked_add(context.reference_move?)?;
        let price = self.rounded(i128::from(moved), 1)?;
        let price = context.limits.map_or(price, |(lower, upper)| price.max(lower).min(upper));
        Some(Settled { price, by: SettledBy::Reference })
    }

    /// Trading time of the day, milliseconds.
    fn trading_time(&self) -> u32 {
        self.sessions.iter().map(|(from, to)| to.saturating_sub(*from)).sum()
    }

    /// How much trading time there was before a time of the day.
    fn place(&self, time: u32) -> u32 {
        self.sessions.iter().map(|(from, to)| time.clamp(*from, (*to).max(*from)) - from).sum()
    }

    fn average<'a>(&self, trades: impl Iterator<Item = &'a DayTrade>) -> Option<i64> {
        let (mut turnover, mut volume) = (0i128, 0i128);
        for trade in trades {
            turnover += i128::from(trade.price) * i128::from(trade.volume);
            volume += i128::from(trade.volume);
        }
        if volume == 0 { None } else { self.rounded(turnover, volume) }
    }

    /// `sum / count`, half away from zero, in whole units.
    fn rounded(&self, sum: i128, count: i128) -> Option<i64> {
        let unit = i128::from(self.unit.max(1));
        let whole = (2 * sum.abs() + count * unit) / (2 * count * unit);
        i64::try_from(whole * unit * sum.signum()).ok()
    }
}

/// The trades of a log by instrument. Times are those of the frames.
#[must_use]
pub fn trades_of(log: &LogReader) -> HashMap<InstrumentIndex, Vec<DayTrade>> {
    let mut instruments: HashMap<u64, InstrumentIndex> = HashMap::new();
    let mut ticks: HashMap<InstrumentIndex, u32> = HashMap::new();
    let mut trades: HashMap<InstrumentIndex, Vec<DayTrade>> = HashMap::new();
    for frame in log.frames_from(0) {
        match frame.command().body {
            engine::command::BodyView::InstrumentDefine(define) => {
                ticks.insert(define.index, define.tick);
            }
            engine::command::BodyView::OrderInsert(insert) => {
                instruments.insert(frame.stamp().sequence.0, insert.instrument);
            }
            engine::command::BodyView::QuoteInsert(insert) => {
                instruments.insert(frame.stamp().sequence.0, insert.instrument);
            }
            _ => {}
        }
        let of = |key: OrderKey| instruments.get(&key.sequence().0).copied();
        for event in frame.events() {
            if let Some(EventView::Traded(trade)) = event.view()
                && let Some(instrument) = of(trade.buy)
            {
                let tick = ticks.get(&instrument).copied().unwrap_or(1);
                let Price(price) = trade.price;
                trades.entry(instrument).or_default().push(DayTrade {
                    time: time_of_day(frame.stamp().time.0),
                    price: i64::from(price) * i64::from(tick),
                    volume: trade.volume.0,
                });
            }
        }
    }
    trades
}

/// Milliseconds after 0:00 in China (UTC + 8 h) of a time in nanoseconds since the Unix epoch.
#[must_use]
pub fn time_of_day(nanoseconds: u64) -> u32 {
    u32::try_from((nanoseconds / 1_000_000 + u64::from(8 * HOUR)) % u64::from(24 * HOUR))
        .expect("a day has fewer than 2^32 ms")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn at(hour: u32, minute: u32) -> u32 {
        hour * HOUR + minute * 60_000
    }

    fn rule() -> SettlementRule {
        SettlementRule { sessions: vec![(at(9, 30), at(11, 30)), (at(13, 0), at(15, 0))], unit: 2_000 }
    }

    fn trade(time: u32, price: i64, volume: u32) -> DayTrade {
        DayTrade { time, price: price * 1_000, volume }
    }

    #[test]
    fn the_last_hour_is_weighed_by_volume_and_rounded_to_the_unit() {
        let trades = [trade(at(13, 59), 1, 1_000), trade(at(14, 0), 35_000, 1), trade(at(15, 0), 35_010, 2)];
        // (3500.0 + 2 x 3501.0) / 3 = 3500.666…: 3500.6.
        let expected = Settled { price: 35_006_000, by: SettledBy::LastHour };
        assert_eq!(rule().settle(&trades, &SettlementContext::default()), Some(expected));
        // Half a unit goes up.
        let half = [trade(at(14, 0), 35_001, 1)];
        assert_eq!(rule().settle(&half, &SettlementContext::default()).map(|settled| settled.price), Some(35_002_000));
    }

    #[test]
    fn hours_are_of_trading_time_and_are_gone_back_one_by_one() {
        let context = SettlementContext::default();
        let by = |trades: &[DayTrade]| rule().settle(trades, &context).map(|settled| settled.by);
        assert_eq!(by(&[trade(at(13, 59), 10, 1)]), Some(SettledBy::EarlierHour(1)));
        assert_eq!(by(&[trade(at(11, 29), 10, 1), trade(at(9, 45), 20, 9)]), Some(SettledBy::EarlierHour(2)));
        assert_eq!(by(&[trade(at(9, 30), 10, 1)]), Some(SettledBy::EarlierHour(3)));
        // The opening auction's trades stand before the first session: they are of its first hour.
        assert_eq!(by(&[trade(at(9, 29), 10, 1)]), Some(SettledBy::EarlierHour(3)));
        assert_eq!(by(&[]), None);
        // A last trading day of two hours: its own last hour, then what is left.
        let short = SettlementRule { sessions: vec![(at(9, 30), at(10, 0))], unit: 50 };
        let settled = short.settle(&[trade(at(9, 31), 10, 1)], &context);
        assert_eq!(settled.map(|settled| settled.by), Some(SettledBy::LastHour));
    }

    #[test]
    fn without_trades_a_limit_or_the_reference_contract_says() {
        let limits = Some((30_000_000, 40_000_000));
        let at_limit = SettlementContext { at_limit: Some(40_000_000), limits, ..Default::default() };
        let morning = [trade(at(10, 0), 35_000, 5)];
        assert_eq!(rule().settle(&morning, &at_limit), Some(Settled { price: 40_000_000, by: SettledBy::AtLimit }));
        let moved = |by| {
            let previous = Some(39_000_000);
            rule().settle(&[], &SettlementContext { previous, reference_move: Some(by), limits, at_limit: None })
        };
        assert_eq!(moved(-501_000), Some(Settled { price: 38_500_000, by: SettledBy::Reference }));
        assert_eq!(moved(5_000_000), Some(Settled { price: 40_000_000, by: SettledBy::Reference }));
    }

    proptest! {
        #[test]
        fn a_settlement_lies_between_the_prices_of_its_trades(
            list in prop::collection::vec((0u32..24 * HOUR, 1i64..100_000, 1u32..1_000), 1..40),
        ) {
            let trades: Vec<DayTrade> = list.iter().map(|&(time, ticks, volume)| DayTrade { time, price: ticks * 2_000, volume }).collect();
            let settled = rule().settle(&trades, &SettlementContext::default());
            let settled = settled.expect("every time has a place in the day");
            let prices = trades.iter().map(|trade| trade.price);
            prop_assert!(prices.clone().min().expect("some") <= settled.price && settled.price <= prices.max().expect("some"));
        }
    }
}
