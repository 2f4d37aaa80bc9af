//! Daily settlement prices from trades by rule ([`crate::day::settlement`]).
//!
//! ```json
//! [{ "id": "…", "kind": "daily settlement price",
//!    "inputs": { "sessions": [["09:30", "11:30"], ["13:00", "15:00"]], "tick": 0.2, "round_to": 0.2,
//!                "previous_settlement": 3500, "reference_move": -12.4, "limits": [3150, 3850], "at_limit": null,
//!                "trades": [["14:05:00.000", 3501.2, 3]] },
//!    "expected": { "settlement": 3501.2 } }]
//! ```
//!
//! Every trade is made in the engine, a sell order and a buy order that meets it, at its time; the rule reads the log. Only `trades` and
//! `sessions` must be there; `tick` is 0.2 and `round_to` the tick if they are not.

use super::exchange::{Exchange, instrument};
use super::{Case, scaled};
use crate::day::decimal::{self, PRICE_PLACES};
use crate::day::settlement::{self, SettledBy, SettlementContext, SettlementRule};
use crate::day::table::parse_time;
use engine::types::{Direction, InstrumentIndex, Phase, TieBreak};
use serde_json::{Value, json};

/// `kind` of such a case.
pub const KIND: &str = "daily settlement price";
const CONTRACT: InstrumentIndex = InstrumentIndex(0);
/// Most trades of a case.
const TRADES_MOST: usize = 1 << 20;

/// Runs one case.
///
/// # Errors
/// Why it cannot be run.
pub fn case(id: &str, case: &Value) -> Result<Case, String> {
    let inputs = &case["inputs"];
    let optional = |name: &str| match &inputs[name] {
        Value::Null => Ok(None),
        value => scaled(value).map(Some).ok_or_else(|| format!("inputs.{name} {value}: expected a number")),
    };
    let positive = |name: &str, value: i64| {
        u32::try_from(value).ok().filter(|value| *value > 0).ok_or_else(|| format!("inputs.{name}: expected above 0"))
    };
    let tick = positive("tick", optional("tick")?.unwrap_or(2_000))?;
    let unit = positive("round_to", optional("round_to")?.unwrap_or(i64::from(tick)))?;
    let rule = SettlementRule { sessions: sessions(&inputs["sessions"])?, unit };
    let mut trades = Vec::new();
    for trade in inputs["trades"].as_array().ok_or("inputs.trades: expected a list of [time, price, volume]")? {
        let fault = || format!("inputs.trades: {trade}: expected [\"hh:mm:ss\", price, volume]");
        let parts = trade.as_array().filter(|parts| parts.len() == 3).ok_or_else(fault)?;
        let time = parts[0].as_str().and_then(parse_time).ok_or_else(fault)?;
        let price = scaled(&parts[1]).ok_or_else(fault)?;
        let volume = parts[2].as_u64().and_then(|volume| u32::try_from(volume).ok()).ok_or_else(fault)?;
        trades.push((time, price, volume));
    }
    if trades.len() > TRADES_MOST {
        return Err(format!("inputs.trades: {}; expected at most {TRADES_MOST}", trades.len()));
    }
    let limits = match &inputs["limits"] {
        Value::Null => None,
        value => {
            let price = |place: usize| value.get(place).and_then(scaled);
            let pair = price(0).zip(price(1));
            Some(pair.ok_or_else(|| format!("inputs.limits {value}: expected [lowest, highest]"))?)
        }
    };
    let context = SettlementContext {
        previous: optional("previous_settlement")?,
        reference_move: optional("reference_move")?,
        limits,
        at_limit: optional("at_limit")?,
    };
    let expected = case["expected"].get("settlement").ok_or("expected.settlement: expected a number")?;
    let wanted = match expected {
        Value::Null => None,
        value => Some(scaled(value).ok_or_else(|| format!("expected.settlement {value}: expected a number"))?),
    };
    let made = made_in_the_engine(trades, tick)?;
    let settled = rule.settle(&made, &context);
    let number = |price: i64| {
        serde_json::from_str::<Value>(&decimal::show(price, PRICE_PLACES)).expect("a decimal is a JSON number")
    };
    let got = settled.map_or(Value::Null, |settled| number(settled.price));
    let mut ran = Case::of(id, json!({ "settlement": expected }), json!({ "settlement": got }));
    ran.ok = settled.map(|settled| settled.price) == wanted;
    ran.note = settled.map(|settled| match settled.by {
        SettledBy::LastHour => "last hour".to_owned(),
        SettledBy::AtLimit => "at the price limit".to_owned(),
        SettledBy::EarlierHour(back) => format!("{back} h before the last"),
        SettledBy::Reference => "the reference contract's move".to_owned(),
    });
    Ok(ran)
}

fn made_in_the_engine(mut trades: Vec<(u32, i64, u32)>, tick: u32) -> Result<Vec<settlement::DayTrade>, String> {
    trades.sort_by_key(|(time, ..)| *time);
    let ticks = |price: i64| {
        let on_tick = (price % i64::from(tick) == 0).then(|| price / i64::from(tick));
        let fault = || format!("price {}: expected one on the tick", decimal::show(price, PRICE_PLACES));
        on_tick.and_then(|ticks| i32::try_from(ticks).ok()).ok_or_else(fault)
    };
    let prices: Vec<i32> = trades.iter().map(|(_, price, _)| ticks(*price)).collect::<Result<_, _>>()?;
    let (Some(&low), Some(&high)) = (prices.iter().min(), prices.iter().max()) else { return Ok(Vec::new()) };
    let mut exchange = Exchange::open(trades.len() * 2, 1)?;
    exchange.own(&instrument(0, "CONTRACT", tick, (low, high), low, Phase::Continuous, TieBreak::Pressure)?)?;
    for (time, price, volume) in trades {
        for direction in [Direction::Sell, Direction::Buy] {
            if let Some(reject) = exchange.order(CONTRACT, direction, price, volume, time)? {
                return Err(format!("{volume} at {}: refused: {reject:?}", decimal::show(price, PRICE_PLACES)));
            }
        }
    }
    Ok(settlement::trades_of(exchange.reader()).remove(&CONTRACT).unwrap_or_default())
}

fn sessions(value: &Value) -> Result<Vec<(u32, u32)>, String> {
    let fault = || format!("inputs.sessions {value}: expected [[\"09:30\", \"11:30\"], …] in order");
    let mut sessions: Vec<(u32, u32)> = Vec::new();
    for session in value.as_array().ok_or_else(fault)? {
        let at = |place: usize| session.get(place).and_then(Value::as_str).and_then(parse_time);
        let (from, to) = at(0).zip(at(1)).filter(|(from, to)| from < to).ok_or_else(fault)?;
        if sessions.last().is_some_and(|(_, before)| *before > from) {
            return Err(fault());
        }
        sessions.push((from, to));
    }
    if sessions.is_empty() { Err(fault()) } else { Ok(sessions) }
}
