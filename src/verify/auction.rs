//! Call auctions: bids and asks as pairs of price and volume, a rule set by name, and the price, volume and surplus that came of it.
//!
//! ```json
//! [{ "id": "…", "rule_set": "CME IOP", "reference_price": null, "tick": 0.2,
//!    "bids": [[51, 10], ["MKT", 20]], "asks": [[50, 30]],
//!    "expected": { "price": 50, "volume": 30, "surplus_buy_minus_sell": 0 } }]
//! ```
//!
//! Every rule set takes the greatest volume, then the least surplus; they differ in what they do about equally good prices: our
//! tie-breaks (RULES.md, Uncross). Possible prices are ticks. `tick` may be left out: then it is 0.2 where CFFEX's rule is used, else the
//! greatest step that all prices of the case lie on. "MKT" stands for an order without a price: it comes first of its side, at the price
//! limit. `price` null means that nothing trades. Where the rule needs a reference price and the case has none, the case cannot be run.

use super::exchange::{Exchange, instrument};
use super::{Case, Settings, scaled};
use crate::base_data;
use crate::day::decimal::{self, PRICE_PLACES};
use engine::event::EventView;
use engine::types::{Direction, InstrumentIndex, Phase, TieBreak};
use serde_json::{Value, json};

/// CFFEX's index futures, in 1/10,000.
const CFFEX_TICK: i64 = 2_000;
/// Most ticks between the lowest and the highest price: the engine's band (RULES.md, Base data).
const BAND_TICKS: i64 = 65_535;
/// Most orders a case may have.
const ORDERS_MOST: usize = 1 << 20;
/// Its one instrument.
const AUCTION: InstrumentIndex = InstrumentIndex(0);

/// Rule sets by words that their names hold, first match first, and what they do about equally good prices.
const RULE_SETS: &[(&str, TieBreak)] = &[
    ("cffex contest", TieBreak::Highest),
    // Market pressure, then the settlement price: "Rules to Determine the Indicative Opening Price", rules 3 to 5.
    ("cme", TieBreak::PressureReference),
    // Volume, surplus, market pressure, reference price.
    ("jse", TieBreak::PressureReference),
    ("mit", TieBreak::PressureReference),
    ("millennium", TieBreak::PressureReference),
    ("marketgrid", TieBreak::PressureReference),
    // Nearest the previous day's closing price.
    ("nse", TieBreak::Reference),
    ("cffex", TieBreak::Reference),
    ("jr/t 0016", TieBreak::Reference),
    // All surplus buys: the highest; sells: the lowest; balanced: the middle.
    ("szse", TieBreak::Pressure),
    ("sse", TieBreak::Pressure),
    ("equity", TieBreak::Pressure),
];

const TIE_BREAKS: &[(&str, TieBreak)] = &[
    ("pressure", TieBreak::Pressure),
    ("reference", TieBreak::Reference),
    ("highest", TieBreak::Highest),
    ("lowest", TieBreak::Lowest),
    ("pressure-reference", TieBreak::PressureReference),
];

/// A tie-break by the name that base data have for it.
#[must_use]
pub fn tie_break_of_name(name: &str) -> Option<TieBreak> {
    TIE_BREAKS.iter().find(|(known, _)| *known == name.trim()).map(|(_, tie_break)| *tie_break)
}

/// Their names, for words about them.
#[must_use]
pub fn tie_break_names() -> String {
    TIE_BREAKS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// Orders of one side: price in 1/10,000 (None: an order without one) and volume.
type Side = Vec<(Option<i64>, u32)>;

struct Auction {
    bids: Side,
    asks: Side,
    tie_break: TieBreak,
    tick: i64,
    reference: Option<i64>,
}

/// What an auction found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    price: i32,
    volume: u64,
    surplus: i64,
}

/// Runs one case.
///
/// # Errors
/// Why it cannot be run.
pub fn case(id: &str, case: &Value, settings: &Settings) -> Result<Case, String> {
    let auction = Auction::read(case, settings)?;
    let found = auction.run()?;
    let shown = |ticks: i32| {
        let text = decimal::show(i64::from(ticks) * auction.tick, PRICE_PLACES);
        serde_json::from_str::<Value>(&text).expect("a decimal is a JSON number")
    };
    let expected = &case["expected"];
    if !expected.is_object() {
        return Err("expected: an object with price, volume, surplus_buy_minus_sell".to_owned());
    }
    // Only what the evidence says is compared, in its own words.
    let (mut want, mut got) = (serde_json::Map::new(), serde_json::Map::new());
    let mut ok = true;
    if let Some(price) = expected.get("price") {
        let matched = (found.volume > 0).then_some(i64::from(found.price) * auction.tick);
        let wanted = match price {
            Value::Null => None,
            price => Some(scaled(price).ok_or_else(|| format!("expected.price {price}: expected a number"))?),
        };
        ok &= wanted == matched;
        want.insert("price".to_owned(), price.clone());
        got.insert("price".to_owned(), if found.volume > 0 { shown(found.price) } else { Value::Null });
    }
    for (name, value) in [("volume", i128::from(found.volume)), ("surplus_buy_minus_sell", i128::from(found.surplus))] {
        match expected.get(name) {
            None | Some(Value::Null) => {}
            Some(wanted) => {
                ok &= scaled(wanted).map(i128::from) == Some(value * 10_000);
                want.insert(name.to_owned(), wanted.clone());
                got.insert(name.to_owned(), json!(i64::try_from(value).unwrap_or(i64::MAX)));
            }
        }
    }
    if want.is_empty() {
        return Err("expected: nothing to compare; price, volume or surplus_buy_minus_sell".to_owned());
    }
    let note =
        Some(format!("tie-break {}, tick {}", name_of(auction.tie_break), decimal::show(auction.tick, PRICE_PLACES)));
    Ok(Case { id: id.to_owned(), expected: want.into(), got: got.into(), ok, note, ran: true })
}

fn name_of(tie_break: TieBreak) -> &'static str {
    TIE_BREAKS.iter().find(|(_, known)| *known == tie_break).map_or("", |(name, _)| name)
}

impl Auction {
    fn read(case: &Value, settings: &Settings) -> Result<Self, String> {
        let rule_set = case["rule_set"].as_str().ok_or("rule_set: expected a name")?;
        let name = rule_set.trim().to_lowercase();
        let own = settings.rule_sets.get(&name).copied();
        let known = own.or_else(|| tie_break_of_name(&name)).or_else(|| {
            let words = |text: &str| format!(" {} ", text.replace(['/', '-', '(', ')', ','], " "));
            RULE_SETS.iter().find(|(word, _)| words(&name).contains(&words(word))).map(|(_, rule)| *rule)
        });
        let tie_break = known.ok_or_else(|| {
            let sets: Vec<&str> = RULE_SETS.iter().map(|(word, _)| *word).collect();
            format!(
                "rule_set \"{rule_set}\" is not known: expected one of {}; {}; or --rule-set \"{rule_set}=TIE-BREAK\"",
                sets.join(", "),
                tie_break_names()
            )
        })?;
        let (bids, asks) = (side(case, "bids")?, side(case, "asks")?);
        let reference = match &case["reference_price"] {
            Value::Null => None,
            price => Some(scaled(price).ok_or_else(|| format!("reference_price {price}: expected a number"))?),
        };
        let tick = match case.get("tick") {
            None | Some(Value::Null) => {
                let prices = bids.iter().chain(&asks).filter_map(|(price, _)| *price).chain(reference);
                let step = prices.fold(0, |step, price| gcd(step, price.unsigned_abs()));
                let step = i64::try_from(step).map_err(|_| "prices are too large".to_owned())?;
                let is_cffex = name.contains("cffex") && step % CFFEX_TICK == 0;
                if is_cffex { CFFEX_TICK } else { step.max(1) }
            }
            Some(tick) => scaled(tick)
                .filter(|tick| *tick > 0)
                .ok_or_else(|| format!("tick {tick}: expected a number above 0"))?,
        };
        Ok(Auction { bids, asks, tie_break, tick, reference })
    }

    /// Twice where the reference might matter and is not known: both must find the same.
    fn run(&self) -> Result<Found, String> {
        let prices = self.bids.iter().chain(&self.asks).filter_map(|(price, _)| *price).chain(self.reference);
        let mut ticks = Vec::new();
        for price in prices {
            if price % self.tick != 0 {
                let (price, tick) = (decimal::show(price, PRICE_PLACES), decimal::show(self.tick, PRICE_PLACES));
                return Err(format!("price {price} is not on the tick {tick}"));
            }
            ticks.push(price / self.tick);
        }
        let (Some(&lowest), Some(&highest)) = (ticks.iter().min(), ticks.iter().max()) else {
            return Ok(Found { price: 0, volume: 0, surplus: 0 });
        };
        if highest - lowest > BAND_TICKS {
            let (tick, most) = (decimal::show(self.tick, PRICE_PLACES), BAND_TICKS);
            return Err(format!("prices are {} ticks of {tick} apart: expected at most {most}", highest - lowest));
        }
        let narrow = |ticks: i64| i32::try_from(ticks).map_err(|_| format!("{ticks} ticks: expected fewer than 2^30"));
        let band = (narrow(lowest)?, narrow(highest)?);
        match self.reference {
            Some(reference) => self.run_with(band, narrow(reference / self.tick)?),
            None => {
                let (low, high) = (self.run_with(band, band.0)?, self.run_with(band, band.1)?);
                if low == high { Ok(low) } else { Err("reference_price: needed here, and there is none".to_owned()) }
            }
        }
    }

    fn run_with(&self, band: (i32, i32), reference: i32) -> Result<Found, String> {
        let tick = u32::try_from(self.tick).map_err(|_| "tick: expected fewer than 429,496".to_owned())?;
        let mut exchange = Exchange::open(self.bids.len() + self.asks.len(), 1)?;
        exchange.own(&instrument(0, "AUCTION", tick, band, reference, Phase::AuctionOrdering, self.tie_break)?)?;
        for (direction, side, limit) in [(Direction::Buy, &self.bids, band.1), (Direction::Sell, &self.asks, band.0)] {
            let without = side.iter().filter(|(price, _)| price.is_none());
            for (price, volume) in without.chain(side.iter().filter(|(price, _)| price.is_some())) {
                let price = price.unwrap_or(i64::from(limit) * self.tick);
                if let Some(reject) = exchange.order(AUCTION, direction, price, *volume, 0)? {
                    return Err(format!(
                        "{direction:?} {volume} at {}: refused: {reject:?}",
                        decimal::show(price, PRICE_PLACES)
                    ));
                }
            }
        }
        exchange.own(&base_data::phase(AUCTION, Phase::AuctionMatch, base_data::AUTOMATIC, 0))?;
        let mut found = None;
        let mut traded = 0u64;
        for event in exchange.own(&base_data::uncross(AUCTION, 0))? {
            match event.view() {
                Some(EventView::AuctionPriced(priced)) => {
                    found = Some(Found { price: priced.price.0, volume: priced.volume, surplus: priced.surplus });
                }
                Some(EventView::Traded(trade)) => {
                    traded += u64::from(trade.volume.0);
                    if found.is_none_or(|found| found.price != trade.price.0) {
                        return Err("the engine traded at another price than the auction's".to_owned());
                    }
                }
                _ => {}
            }
        }
        let found = found.ok_or("the engine priced no auction")?;
        if traded == found.volume { Ok(found) } else { Err(format!("the engine traded {traded} of {}", found.volume)) }
    }
}

fn side(case: &Value, name: &str) -> Result<Side, String> {
    let orders = case[name].as_array().ok_or_else(|| format!("{name}: expected a list of [price, volume]"))?;
    if orders.len() > ORDERS_MOST {
        return Err(format!("{name}: {} orders; expected at most {ORDERS_MOST}", orders.len()));
    }
    let order = |order: &Value| {
        let fault = || format!("{name}: {order}: expected [price, volume], or [\"MKT\", volume]");
        let pair = order.as_array().filter(|pair| pair.len() >= 2).ok_or_else(fault)?;
        let price = match &pair[0] {
            Value::String(word) if ["MKT", "MARKET", "ATO"].contains(&word.to_uppercase().as_str()) => None,
            price => Some(scaled(price).ok_or_else(fault)?),
        };
        let volume = scaled(&pair[1]).filter(|volume| volume % 10_000 == 0).map(|volume| volume / 10_000);
        let volume = volume.and_then(|volume| u32::try_from(volume).ok()).filter(|volume| *volume > 0);
        Ok((price, volume.ok_or_else(fault)?))
    };
    orders.iter().map(order).collect()
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
