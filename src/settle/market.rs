//! The market of a day as settlement has it: what the log defines, by the terms that it does not hold, at the prices of the day's end.
//!
//! A settlement price is, in this order: given (a correction, then `closes.csv`); of an instrument on its last day that and nothing else; made
//! from the day's trades by rule ([`crate::day::settlement`]); the previous one moved by what the product's nearest traded contract
//! moved; the previous one (of an option that was not traded: to be looked at). Which it was is told for every instrument.
//!
//! A treasury future's delivery price is made from all trades of its last day; of a cash future's last day the price given is the only one.
//!
//! An option settles at its closing auction's price, else at the exchange's own or theoretical one 理论价 (domain: from practice, no source says how
//! that is worked out): by setting its closing auction comes before the last hour, and what nobody traded keeps the previous price, named, or
//! is refused until `closes.csv` has it.
//!
//! One-sided markets: by each instrument's books in the five minutes before its last session of continuous trading ended.
//!
//! Trading time is what the log says: from an instrument's entry into continuous trading to its leaving it.

use super::day_log::DayLog;
use super::intake::BookMoment;
use super::terms::{OptionPriceName, Terms, UntradedName, trimmed};
use crate::day::decimal::{ONE, PRICE_PLACES, show};
use crate::day::settlement::{DayTrade, SettledBy, SettlementContext, SettlementRule};
use crate::day::table::Faults;
use engine::command::{DAY_CLOSE_TODAY_FIRST, INSTRUMENT_EXERCISE, InstrumentDefine, ProductDefine};
use settlement::amount::divide;
use settlement::delivery::Declared;
use settlement::market::{
    Account, Instrument, InstrumentIndex, Kind, Market, Member, MemberIndex, Product, ProductIndex, Settings,
};
use settlement::result::{MemberName, Names};
use settlement::row::RowKey;
use settlement::rules;
use settlement::rules::closing::Matching;
use settlement::rules::fee::{FeeTable, TierOf};
use settlement::rules::margin::{Right, SellerTerms};
use settlement::rules::market::LastMinutes;
use settlement::{Price, Rate, Rounding};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

/// An instrument's settlement price and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PriceOf {
    /// InstrumentId.
    pub instrument: String,
    /// In 1/10,000 yuan.
    pub price: i64,
    /// From what.
    pub by: PriceBy,
}

/// Where a settlement price came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceBy {
    /// The exchange gave it, or a correction did.
    Given,
    /// The last hour's trades.
    LastHour,
    /// It stood at a limit.
    AtLimit,
    /// An hour before the last one.
    EarlierHour,
    /// The nearest traded contract's move.
    Reference,
    /// All trades of the day, of a treasury future on its last one: its delivery price.
    WholeDay,
    /// The closing auction's trades, of an option.
    ClosingAuction,
    /// The previous one: nothing is known of the day.
    Previous,
    /// The previous one, of an option: its theoretical price is the exchange's to give, and it should be looked at.
    PreviousOfOption,
}

impl PriceBy {
    /// In words, Chinese and English.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            PriceBy::Given => "给定 given",
            PriceBy::LastHour => "最后一小时 the last hour",
            PriceBy::AtLimit => "停板价 at the limit",
            PriceBy::EarlierHour => "前一小时 an earlier hour",
            PriceBy::Reference => "基准合约 the reference contract",
            PriceBy::WholeDay => "全天成交 the whole last day",
            PriceBy::ClosingAuction => "收盘集合竞价 the closing auction",
            PriceBy::Previous => "昨结算价 the previous one",
            PriceBy::PreviousOfOption => "昨结算价待核 the previous one of an option: to be looked at",
        }
    }
}

/// A thousandth of a yuan, in 1/10,000.
const DELIVERY_UNIT: i128 = 10;
/// ProductDefine's kind of treasury futures.
const TREASURY: u8 = b'1';

/// A market, its names, and its prices.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// The market.
    pub market: Market,
    /// Its names.
    pub names: Names,
    /// Settlement prices, in the order of instruments.
    pub prices: Vec<PriceOf>,
    /// Netting that was asked for, lots of each side at most.
    pub netting: Vec<(RowKey, u32)>,
    /// Who would deliver bonds, or take them.
    pub declared: Vec<Declared>,
    /// What is given and received, lots long and short.
    pub moved: Vec<(RowKey, i32, i32)>,
}

/// The market of a day.
///
/// # Errors
/// What is missing or contradicts itself: the exchange must give an index close, a delivery price.
pub fn build(day: &DayLog, terms: &Terms) -> Result<Built, Faults> {
    built_at(day, terms, Moment::End)
}

/// The market of a day that goes on: everything at the prices of the day before, which trades then move; options by the index's close of the
/// day before, or by `closes.csv`, since the index is not in the log, and where neither says as if it stood at their strike.
///
/// # Errors
/// The tables contradict themselves.
pub fn morning(day: &DayLog, terms: &Terms) -> Result<Built, Faults> {
    built_at(day, terms, Moment::Morning)
}

/// As of when a market is built.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// Nothing of the day's end is known.
    Morning,
    /// What the exchange has to give must be there.
    End,
}

fn built_at(day: &DayLog, terms: &Terms, moment: Moment) -> Result<Built, Faults> {
    let log = &day.intake;
    let mut faults = Faults::default();
    let mut built = Built::default();
    built.market.day = log.trading_day();
    built.market.settings = Settings {
        matching: terms.choices.matching.map_or_else(
            || {
                let flags = log.day.as_ref().map_or(0, |day| day.flags);
                if flags & DAY_CLOSE_TODAY_FIRST != 0 { Matching::TodayFirst } else { Matching::OldestFirst }
            },
            Into::into,
        ),
        margin: terms.choices.margin_rounding.into(),
        tiers: if terms.choices.tiers_by_hedge_flag { TierOf::Code } else { TierOf::Client },
        combination: terms.combination,
        collateral_multiple: terms.collateral_multiple,
        ..Settings::default()
    };
    built.products(day, terms);
    built.members(day, terms);
    built.market.deliverables = terms.bonds.iter().map(|bond| bond.deliverable).collect();
    built.names.bonds = terms.bonds.iter().map(|bond| bond.name.clone()).collect();
    let held: HashSet<InstrumentIndex> =
        day.carried.keys().map(|row| row.instrument).chain(day.legs.iter().map(|leg| leg.row.instrument)).collect();
    let prices = prices(day, terms);
    for (place, definition) in log.instruments.iter().enumerate() {
        let index = InstrumentIndex(place as u16);
        let product = definition.as_ref().and_then(|of| log.products.get(usize::from(of.product.0)));
        let product = product.and_then(Option::as_ref);
        let is_needed = moment == Moment::End && held.contains(&index);
        let mut made = instrument(definition.as_ref().zip(product), &prices, terms, is_needed, log.trading_day());
        if moment == Moment::Morning
            && let Ok((instrument, _)) = &mut made
        {
            as_it_opens(instrument, terms);
        }
        match made {
            Ok((instrument, price)) => {
                built.names.instruments.push(price.instrument.clone());
                built.market.instruments.push(instrument);
                if definition.is_some() {
                    built.prices.push(price);
                }
            }
            Err(message) => faults.push("closes.csv", None, Some("price"), message),
        }
    }
    built.at_the_end(day, terms, moment, &mut faults);
    let fees = FeeTable::new(terms.fees.clone(), terms.waivers.clone(), terms.choices.fee_rounding.into());
    match fees {
        Some(fees) => built.market.fees = fees,
        None => faults.push("fees.csv", None, Some("fee"), "a product has two rules of one kind".to_owned()),
    }
    if faults.count == 0 { Ok(built) } else { Err(faults) }
}

impl Built {
    /// Books before the close, what was asked for, deliveries under way.
    fn at_the_end(&mut self, day: &DayLog, terms: &Terms, moment: Moment, faults: &mut Faults) {
        for (place, definition) in day.intake.instruments.iter().enumerate() {
            let instrument = InstrumentIndex(place as u16);
            let close = day.intake.sessions(instrument).last().map(|(_, close)| *close);
            let Some((definition, close)) = definition.as_ref().zip(close) else { continue };
            let moments = day.intake.moments(instrument).filter(|moment| moment.time <= close);
            let before = |moment: BookMoment| {
                let BookMoment { time, bid, ask, last } = moment;
                rules::market::Moment { before_close: close - time, bid, ask, last }
            };
            let moments: Vec<_> = moments.map(before).collect();
            if moment == Moment::End && !moments.is_empty() {
                let (lower_limit, upper_limit) = (definition.lower_limit, definition.upper_limit);
                self.market.closes.push(LastMinutes { instrument, lower_limit, upper_limit, moments });
            }
        }
        let requests = &terms.requests;
        for (place, over) in (requests.first..).zip(&requests.over) {
            let mut instrument = nothing().0;
            // At which it is delivered: nothing is worked out by it, but tables of instruments show it.
            let line = requests.delivering.iter().find(|line| line.instrument == InstrumentIndex(place));
            instrument.settlement = line.map_or(Price(0), |line| line.price);
            instrument.previous_settlement = instrument.settlement;
            (instrument.product, instrument.kind) = (ProductIndex(over.product), Kind::BondFuture);
            (instrument.multiplier, instrument.margin_long, instrument.margin_short) =
                (over.multiplier, over.margin_long, over.margin_short);
            self.market.instruments.push(instrument);
            self.names.instruments.push(over.id.clone());
        }
        self.market.delivering = requests.delivering.clone();
        (self.netting, self.declared) = (requests.netting.clone(), requests.declared.clone());
        if moment == Moment::End {
            self.moved = requests.moved(day, &self.market, faults);
        }
    }

    fn products(&mut self, day: &DayLog, terms: &Terms) {
        let mut groups: BTreeMap<String, u16> = BTreeMap::new();
        for (place, definition) in day.intake.products.iter().enumerate() {
            let (id, group) =
                definition.as_ref().map_or_else(Default::default, |of| (trimmed(&of.id), trimmed(&of.group)));
            let next = groups.len() as u16;
            let number = *groups.entry(group.clone()).or_insert(next);
            let factor = terms.product_rates.get(&(place as u16)).copied().unwrap_or_default();
            self.market.products.push(Product {
                group: number,
                large_side: !terms.choices.both_sides.contains(&group),
                seller: SellerTerms { factor, safety: terms.safety },
            });
            self.names.products.push(id);
        }
    }

    fn members(&mut self, day: &DayLog, terms: &Terms) {
        let log = &day.intake;
        for (place, definition) in log.participants.iter().enumerate() {
            let funds = terms.funds.get(&(place as u16)).cloned().unwrap_or_default();
            self.market.members.push(Member {
                clearing: MemberIndex(definition.as_ref().map_or(place as u16, |of| of.clearing.0)),
                previous_reserve: funds.previous_reserve,
                previous_margin: funds.previous_margin,
                deposited: funds.deposited,
                withdrawn: funds.withdrawn,
                minimum_reserve: funds.minimum_reserve,
                collateral: funds.collateral,
                haircut: funds.haircut,
                previous_collateral: funds.previous_collateral,
            });
            let id = definition.as_ref().map(|of| trimmed(&of.id)).unwrap_or_default();
            self.names.members.push(MemberName { short: funds.short.unwrap_or_else(|| id.clone()), id });
        }
        for (place, definition) in log.accounts.iter().enumerate() {
            let (own, nets) = terms.codes.get(&(place as u32)).copied().unwrap_or_default();
            let (member, client, name) = definition
                .as_ref()
                .map_or_else(Default::default, |of| (of.participant.0, of.client_number.0, trimmed(&of.client_id)));
            self.market.accounts.push(Account { member: MemberIndex(member), client, own, nets });
            self.names.accounts.push(name);
        }
        let user = |of: &Option<engine::command::UserDefine>| of.as_ref().map(|of| trimmed(&of.id)).unwrap_or_default();
        self.names.users = log.users.iter().map(user).collect();
    }
}

/// Prices by instrument; of those on their last day only what is given.
fn prices(day: &DayLog, terms: &Terms) -> BTreeMap<u16, (Price, PriceBy)> {
    let mut prices = BTreeMap::new();
    let defined = || day.intake.instruments.iter().flatten();
    for definition in defined() {
        let place = definition.index.0;
        if let Some(given) = terms.given.get(&place) {
            prices.insert(place, (*given, PriceBy::Given));
        } else if let Some(settled) = by_last_day(day, definition, terms) {
            prices.insert(place, settled);
        } else if let Some(settled) = by_auction(day, definition, terms) {
            prices.insert(place, settled);
        } else if let Some(settled) = by_rule(day, definition, terms, None) {
            prices.insert(place, settled);
        }
    }
    // The nearest traded contract of each product of futures: what its untraded ones move by.
    let mut moves: BTreeMap<u16, (String, i64)> = BTreeMap::new();
    for definition in defined().filter(|of| of.option_type == b'0') {
        if let Some((price, _)) = prices.get(&definition.index.0) {
            let moved = (trimmed(&definition.id), price.0 - previous(definition, terms).0);
            let nearest = moves.entry(definition.product.0).or_insert_with(|| moved.clone());
            if moved < *nearest {
                *nearest = moved;
            }
        }
    }
    for definition in defined() {
        let place = definition.index.0;
        if let Entry::Vacant(missing) = prices.entry(place) {
            let moved = moves.get(&definition.product.0).filter(|_| definition.option_type == b'0');
            let settled = moved.and_then(|(_, moved)| by_rule(day, definition, terms, Some(*moved)));
            let by = if definition.option_type == b'0' { PriceBy::Previous } else { PriceBy::PreviousOfOption };
            missing.insert(settled.unwrap_or((previous(definition, terms), by)));
        }
    }
    prices
}

/// The delivery price 交割结算价 of a treasury future on its last trading day: all its trades of the day, weighed by volume, to three decimals of a
/// yuan, halves up (CFFEX's notices of deliveries; where it did not trade they are silent, and the daily rule goes on).
fn by_last_day(day: &DayLog, definition: &InstrumentDefine, terms: &Terms) -> Option<(Price, PriceBy)> {
    let product = day.intake.products.get(usize::from(definition.product.0))?.as_ref()?;
    let is_bond = product.kind == TREASURY && definition.option_type == b'0';
    if !is_bond || !expires(definition, terms, day.intake.trading_day()) {
        return None;
    }
    let trades = day.trades.get(&InstrumentIndex(definition.index.0))?;
    let volume: i128 = trades.iter().map(|trade| i128::from(trade.volume)).sum();
    let amount: i128 = trades.iter().map(|trade| i128::from(trade.price) * i128::from(trade.volume)).sum();
    let units = (volume > 0).then(|| divide(amount, volume * DELIVERY_UNIT, Rounding::HalfUp))?;
    Some((Price(i64::try_from(units * DELIVERY_UNIT).ok()?), PriceBy::WholeDay))
}

fn expires(definition: &InstrumentDefine, terms: &Terms, day: u32) -> bool {
    definition.last_trading_day == day
        || terms.last_days.get(&definition.index.0) == Some(&day)
        || definition.flags & INSTRUMENT_EXERCISE != 0
}

/// An option that traded in its closing auction, where that is the rule; what was cancelled since did not trade.
fn by_auction(day: &DayLog, definition: &InstrumentDefine, terms: &Terms) -> Option<(Price, PriceBy)> {
    if definition.option_type == b'0' || terms.choices.option_price != OptionPriceName::ClosingAuction {
        return None;
    }
    let index = InstrumentIndex(definition.index.0);
    let (time, ticks) = day.intake.closing_price(index)?;
    let price = i64::from(ticks) * i64::from(definition.tick);
    let is_it = |trade: &DayTrade| (trade.time, trade.price) == (time, price);
    day.trades.get(&index)?.iter().any(is_it).then_some((Price(price), PriceBy::ClosingAuction))
}

fn by_rule(
    day: &DayLog,
    definition: &InstrumentDefine,
    terms: &Terms,
    reference_move: Option<i64>,
) -> Option<(Price, PriceBy)> {
    let index = InstrumentIndex(definition.index.0);
    let tick = i64::from(definition.tick);
    let trades = day.trades.get(&index).map(Vec::as_slice).unwrap_or_default();
    let mut sessions = day.intake.sessions(index);
    // A day that was never in continuous trading: what its auctions traded counts whole.
    if sessions.iter().all(|(from, to)| from == to)
        && let (Some(first), Some(last)) =
            (trades.iter().map(|trade| trade.time).min(), trades.iter().map(|trade| trade.time).max())
    {
        sessions = vec![(first, last.saturating_add(1))];
    }
    let context = SettlementContext {
        previous: Some(previous(definition, terms).0),
        reference_move,
        limits: Some((i64::from(definition.lower_limit) * tick, i64::from(definition.upper_limit) * tick)),
        at_limit: day.intake.stands_at(index).map(|ticks| i64::from(ticks) * tick),
    };
    let settled = SettlementRule { sessions, unit: definition.tick }.settle(trades, &context)?;
    let by = match settled.by {
        SettledBy::LastHour => PriceBy::LastHour,
        SettledBy::AtLimit => PriceBy::AtLimit,
        SettledBy::EarlierHour(_) => PriceBy::EarlierHour,
        SettledBy::Reference => PriceBy::Reference,
    };
    Some((Price(settled.price), by))
}

/// Yesterday's settlement price: exact where the folder has it, else the log's, which is on the tick.
fn previous(definition: &InstrumentDefine, terms: &Terms) -> Price {
    let in_log = Price(i64::from(definition.previous_settlement) * i64::from(definition.tick));
    terms.previous.get(&definition.index.0).copied().unwrap_or(in_log)
}

fn instrument(
    definition: Option<(&InstrumentDefine, &ProductDefine)>,
    prices: &BTreeMap<u16, (Price, PriceBy)>,
    terms: &Terms,
    is_held: bool,
    day: u32,
) -> Result<(Instrument, PriceOf), String> {
    let Some((definition, of_product)) = definition else { return Ok(nothing()) };
    let (place, product) = (definition.index.0, definition.product.0);
    let id = trimmed(&definition.id);
    let right = match definition.option_type {
        b'1' => Some(Right::Call),
        b'2' => Some(Right::Put),
        _ => None,
    };
    let is_bond = of_product.kind == TREASURY;
    let kind = match right {
        Some(right) => Kind::Option { right, strike: Price(definition.strike.0) },
        None if is_bond => Kind::BondFuture,
        None => Kind::CashFuture,
    };
    let expires = expires(definition, terms, day);
    let (settlement, by) = prices[&place];
    let needs = |kind: &str, name: &str, what: &str| format!("{id}: expected a row `{kind},{name},…`: {what}");
    if is_held && expires && kind == Kind::CashFuture && by != PriceBy::Given {
        return Err(needs("delivery", &id, "交割结算价 its delivery price; today is its last day"));
    }
    if is_held && by == PriceBy::PreviousOfOption && terms.choices.untraded_option == UntradedName::Refuse {
        return Err(needs(
            "settlement",
            &id,
            "理论价 its theoretical price: nobody traded it (settlement.toml, untraded_option)",
        ));
    }
    let product_name = trimmed(&of_product.id);
    let underlying = match right {
        None => Price(0),
        Some(_) => {
            let (prices, kind, what) = if expires {
                (&terms.exercise, "exercise", "行权结算价 the price it is exercised at today")
            } else {
                (&terms.closes, "close", "指数收盘价 its index's close, for the sellers' margin")
            };
            match prices.get(&product) {
                Some(price) => *price,
                None if is_held => return Err(needs(kind, &product_name, what)),
                None => Price(0),
            }
        }
    };
    let previous = previous(definition, terms);
    // What a margin a lot in the log is of the previous settlement price, half up.
    let worth = i128::from(previous.0) * i128::from(definition.multiplier);
    let of_log = |margin: i64| {
        let parts = i128::from(margin) * i128::from(ONE);
        let rate = if worth > 0 { divide(parts, worth, Rounding::HalfUp) } else { 0 };
        Rate(i64::try_from(rate).unwrap_or(i64::MAX))
    };
    let rates = terms.rates.get(&place).copied();
    let of_product = terms.product_rates.get(&product).map(|rate| (*rate, *rate));
    let (margin_long, margin_short) =
        rates.or(of_product).unwrap_or_else(|| (of_log(definition.margin_long), of_log(definition.margin_short)));
    let made = Instrument {
        product: ProductIndex(product),
        kind,
        multiplier: definition.multiplier,
        margin_long,
        margin_short,
        previous_settlement: previous,
        expires,
        settlement,
        underlying,
    };
    Ok((made, PriceOf { instrument: id, price: settlement.0, by }))
}

fn as_it_opens(instrument: &mut Instrument, terms: &Terms) {
    instrument.settlement = instrument.previous_settlement;
    if let Kind::Option { strike, .. } = instrument.kind {
        let product = instrument.product.0;
        let close = terms.closes.get(&product).or_else(|| terms.previous_closes.get(&product));
        instrument.underlying = close.copied().unwrap_or(strike);
    }
}

/// A place of the log that nothing stands at.
fn nothing() -> (Instrument, PriceOf) {
    let instrument = Instrument {
        product: ProductIndex(0),
        kind: Kind::CashFuture,
        multiplier: 0,
        margin_long: Rate(0),
        margin_short: Rate(0),
        previous_settlement: Price(0),
        expires: false,
        settlement: Price(0),
        underlying: Price(0),
    };
    (instrument, PriceOf { instrument: String::new(), price: 0, by: PriceBy::Previous })
}

impl PriceOf {
    /// In yuan.
    #[must_use]
    pub fn shown(&self) -> String {
        show(self.price, PRICE_PLACES)
    }
}
