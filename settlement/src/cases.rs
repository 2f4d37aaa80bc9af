//! Examples of outside: settlement figures that somebody else worked out, run through [`crate::rules`].
//!
//! A file is a JSON list of cases `{"id", "kind", "inputs", "expected", "source", "note"}`. What a case asks is told by its kind's words and by
//! the inputs it has; every figure it expects is compared, exactly, as a decimal. Inputs:
//!
//! | kind has | inputs | figures |
//! |---|---|---|
//! | `P&L`, `reserve`, `close` | `multiplier`; `buys`, `sells` as `[[price, lots], …]`; `settle`, `prev_settle`, `prev_long`, `prev_short`; `margin` (rate), `prev_reserve`, `prev_margin`, `deposit`, `withdraw`, `fees`; or `days`, a list of the same, each going on from the one before; or legs: objects with `open_buy`/`close_sell` or `open_sell`/`close_buy` and `qty`; or `sell`, `buy`, `qty` | `points`, `pnl`, `margin`, `reserve`, `equity` |
//! | `risk degree` | `long` or `short` (lots), `settle`, `margin`, `equity` | `margin`, `risk_pct` |
//! | `premium` | `call`, `put` (prices), `qty` | `call_premium`, `put_premium` |
//! | `futures option` | `settle`, `underlying_margin`, `otm` (a unit) | `margin`: half of what is out of the money is taken off, half of the underlying's margin is the least |
//! | `naked` | `qty`, `mult`, `premium`, `underlying`, `strike`, `pct`, `min_pct`, `right` | `margin` |
//! | `seller` | `settle`, `underlying`, `strike`, `right`, `factor`, `safety`, `qty` | `margin`, by the index options' terms |
//! | `invoice` | `settle`, `cf`, `accrued` | `invoice` of 100 yuan |
//! | `capacity` | `funds`, `usable`, `price`, `margin` | `lots` |

use crate::amount::{Money, Overflow, PARTS_OF_A_YUAN, PARTS_OF_ONE, Price, Rate, Rounding, divide};
use crate::rules::delivery::{self, ConversionFactor};
use crate::rules::funds::{self, FundsOfDay};
use crate::rules::margin::{self, OptionAtEnd, Right, SellerParts, SellerTerms};
use crate::rules::option;
use crate::rules::profit::{self, DayOf, Traded};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One example.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// What it is about.
    pub kind: String,
    /// What is given.
    pub inputs: Map<String, Value>,
    /// What comes of it.
    pub expected: Map<String, Value>,
}

/// A figure of a case, as decimals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name.
    pub name: String,
    /// What the case says.
    pub expected: String,
    /// What the rules say.
    pub got: String,
}

impl Figure {
    /// They are the same number.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.expected == self.got
    }
}

/// Why a case could not be worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseError {
    /// Its kind has no words of the list.
    KindUnknown(String),
    /// An input that the kind needs is not there, or is no number.
    Missing(&'static str),
    /// An input is there and is not what it should be.
    Malformed(String),
    /// It expects a figure that the kind does not have.
    FigureUnknown(String),
    /// The numbers are too large.
    Overflow,
}

impl std::fmt::Display for CaseError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CaseError::KindUnknown(kind) => write!(
                out,
                "kind `{kind}` is not known; known are those with P&L, reserve, close, risk degree, premium, futures option, naked, seller, invoice, capacity"
            ),
            CaseError::Missing(name) => write!(out, "input `{name}` is missing"),
            CaseError::Malformed(what) => write!(out, "input {what}"),
            CaseError::FigureUnknown(name) => {
                write!(out, "figure `{name}` is expected, and no rule of this kind gives it")
            }
            CaseError::Overflow => Overflow.fmt(out),
        }
    }
}

impl std::error::Error for CaseError {}

impl From<Overflow> for CaseError {
    fn from(_: Overflow) -> Self {
        CaseError::Overflow
    }
}

/// Cases of a file.
///
/// # Errors
/// The text is not JSON of this shape; the message names line and column.
pub fn read(text: &str) -> Result<Vec<Case>, serde_json::Error> {
    serde_json::from_str(text)
}

impl Case {
    /// Every figure that the case expects, beside what the rules give.
    ///
    /// # Errors
    /// [`CaseError`].
    pub fn work_out(&self) -> Result<Vec<Figure>, CaseError> {
        let figures = self.figures()?;
        let compare = |(name, expected): (&String, &Value)| {
            let got = figures.get(name.as_str()).ok_or_else(|| CaseError::FigureUnknown(name.clone()))?;
            let expected = decimal(expected).ok_or_else(|| CaseError::Malformed(format!("`{name}` is no number")))?;
            Ok(Figure { name: name.clone(), expected: normal(&expected), got: normal(got) })
        };
        self.expected.iter().map(compare).collect()
    }

    fn figures(&self) -> Result<Figures, CaseError> {
        let kind = self.kind.to_lowercase();
        let has = |words: &str| kind.contains(words);
        let inputs = Inputs(&self.inputs);
        match () {
            () if has("risk degree") => risk_degree(inputs),
            () if has("capacity") => capacity(inputs),
            () if has("invoice") => invoice(inputs),
            () if has("naked") => naked(inputs),
            () if has("seller") => seller(inputs),
            () if has("option") && has("margin") => futures_option(inputs),
            () if has("premium") => premium(inputs),
            () if has("p&l") || has("reserve") || has("close") => account(inputs),
            () => Err(CaseError::KindUnknown(self.kind.clone())),
        }
    }
}

/// Figures by name, as decimals.
type Figures = BTreeMap<&'static str, String>;

#[derive(Clone, Copy)]
struct Inputs<'a>(&'a Map<String, Value>);

impl<'a> Inputs<'a> {
    /// An input times 10^decimals. It must be exact. None: it is not there.
    fn find(self, name: &str, decimals: u32) -> Result<Option<i64>, CaseError> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        scaled(value, decimals).map(Some).ok_or_else(|| {
            CaseError::Malformed(format!("`{name}` is {value}: not a number of at most {decimals} decimals"))
        })
    }

    fn get(self, name: &'static str, decimals: u32) -> Result<i64, CaseError> {
        self.find(name, decimals)?.ok_or(CaseError::Missing(name))
    }

    fn price(self, name: &'static str) -> Result<Price, CaseError> {
        self.get(name, 4).map(Price)
    }

    fn money(self, name: &'static str) -> Result<Money, CaseError> {
        Ok(Money(self.find(name, 4)?.unwrap_or(0)))
    }

    fn rate(self, name: &'static str) -> Result<Rate, CaseError> {
        self.get(name, 8).map(Rate)
    }

    fn count(self, name: &'static str) -> Result<u32, CaseError> {
        let count = self.get(name, 0)?;
        u32::try_from(count).map_err(|_| CaseError::Malformed(format!("`{name}` is {count}: not a count")))
    }

    /// A count, or what it is where nothing is said.
    fn count_or(self, name: &'static str, default: u32) -> Result<u32, CaseError> {
        if self.0.contains_key(name) { self.count(name) } else { Ok(default) }
    }

    fn multiplier(self) -> Result<u32, CaseError> {
        if self.0.contains_key("mult") { self.count("mult") } else { self.count("multiplier") }
    }

    fn right(self) -> Result<Right, CaseError> {
        match self.0.get("right").map(|value| value.as_str().unwrap_or("")) {
            None | Some("call") => Ok(Right::Call),
            Some("put") => Ok(Right::Put),
            Some(other) => Err(CaseError::Malformed(format!("`right` is `{other}`: call or put"))),
        }
    }

    fn trades(self, name: &'static str) -> Result<Traded, CaseError> {
        let wrong = || CaseError::Malformed(format!("`{name}` is not a list of [price, lots]"));
        let Some(value) = self.0.get(name) else { return Ok(Traded::default()) };
        let trades = value.as_array().ok_or_else(wrong)?;
        trades.iter().try_fold(Traded::default(), |sum, trade| {
            let [price, lots] = trade.as_array().map(Vec::as_slice).ok_or_else(wrong)? else { return Err(wrong()) };
            let price = scaled(price, 4).ok_or_else(wrong)?;
            let lots = scaled(lots, 0).and_then(|lots| u32::try_from(lots).ok()).ok_or_else(wrong)?;
            Ok(sum.and(Price(price), lots))
        })
    }

    /// Round trips: objects that open and close.
    fn legs(self) -> impl Iterator<Item = Inputs<'a>> {
        self.0.values().flat_map(|value| match value {
            Value::Object(leg) => vec![Inputs(leg)],
            Value::Array(list) => list.iter().filter_map(Value::as_object).map(Inputs).collect(),
            _ => vec![],
        })
    }
}

/// An account over one day or several.
fn account(inputs: Inputs<'_>) -> Result<Figures, CaseError> {
    if !inputs.0.contains_key("days") && !inputs.0.contains_key("settle") {
        return round_trips(inputs);
    }
    let multiplier = inputs.multiplier()?;
    let days: Vec<Inputs<'_>> = match inputs.0.get("days") {
        None => vec![inputs],
        Some(days) => {
            let wrong = || CaseError::Malformed("`days` is not a list of days".into());
            let list = days.as_array().ok_or_else(wrong)?;
            list.iter().map(|day| day.as_object().map(Inputs).ok_or_else(wrong)).collect::<Result<_, _>>()?
        }
    };
    let rate = inputs.find("margin", 8)?.map(Rate);
    let (mut long, mut short) = (inputs.count_or("prev_long", 0)?, inputs.count_or("prev_short", 0)?);
    let mut previous = Price(inputs.find("prev_settle", 4)?.unwrap_or(0));
    let mut funds = FundsOfDay { previous_reserve: inputs.money("prev_reserve")?, ..FundsOfDay::default() };
    let margin_of = |price, lots, rate: Option<Rate>| match rate {
        Some(rate) => margin::futures(price, multiplier, rate, lots, Rounding::HalfUp),
        None => Ok(Money::ZERO),
    };
    let held = margin_of(previous, long.max(short), rate)?;
    funds.margin = if inputs.0.contains_key("prev_margin") { inputs.money("prev_margin")? } else { held };
    let (mut pnl, mut points) = (Money::ZERO, 0i128);
    for day in days {
        let settlement = day.price("settle")?;
        let [bought, sold] = [day.trades("buys")?, day.trades("sells")?];
        let of_day = DayOf { previous_long: long.into(), previous_short: short.into(), bought, sold };
        let profit = of_day.profit(settlement, previous, multiplier)?;
        points += i128::from(of_day.profit(settlement, previous, 1)?.0);
        pnl = pnl.plus(profit)?;
        let net = of_day.net();
        let lots = |net: i128| u32::try_from(net.max(0)).map_err(|_| CaseError::Overflow);
        (long, short) = (lots(net)?, lots(-net)?);
        let rate = day.find("margin", 8)?.map(Rate).or(rate);
        funds = FundsOfDay {
            previous_reserve: funds.previous_reserve,
            previous_margin: funds.margin,
            margin: margin_of(settlement, long.max(short), rate)?,
            profit,
            deposited: day.money("deposit")?,
            withdrawn: day.money("withdraw")?,
            fees: day.money("fees")?,
            ..FundsOfDay::default()
        };
        funds.previous_reserve = funds.reserve()?;
        previous = settlement;
    }
    let (reserve, margin) = (funds.previous_reserve, funds.margin);
    let equity = reserve.plus(margin)?;
    Ok(Figures::from([
        ("points", Money::of(points)?.to_string()),
        ("pnl", pnl.to_string()),
        ("margin", margin.to_string()),
        ("reserve", reserve.to_string()),
        ("equity", equity.to_string()),
    ]))
}

/// Lots that were opened and closed: nothing is held at the end.
fn round_trips(inputs: Inputs<'_>) -> Result<Figures, CaseError> {
    let multiplier = inputs.multiplier()?;
    let mut pnl = Money::ZERO;
    let mut trips = 0;
    for leg in std::iter::once(inputs).chain(inputs.legs()) {
        let has = |name: &str| leg.0.contains_key(name);
        let (opened, closed, was_long) = match () {
            () if has("open_buy") => (leg.price("open_buy")?, leg.price("close_sell")?, true),
            () if has("open_sell") => (leg.price("open_sell")?, leg.price("close_buy")?, false),
            () if has("sell") && has("buy") => (leg.price("buy")?, leg.price("sell")?, true),
            () => continue,
        };
        trips += 1;
        pnl = pnl.plus(profit::closed(opened, closed, was_long, leg.count("qty")?, multiplier)?)?;
    }
    if trips == 0 {
        return Err(CaseError::Missing("settle"));
    }
    Ok(Figures::from([("pnl", pnl.to_string())]))
}

fn risk_degree(inputs: Inputs<'_>) -> Result<Figures, CaseError> {
    let lots = inputs.count_or("long", 0)?.max(inputs.count_or("short", 0)?);
    let margin =
        margin::futures(inputs.price("settle")?, inputs.multiplier()?, inputs.rate("margin")?, lots, Rounding::HalfUp)?;
    let equity = Money(inputs.get("equity", 4)?);
    let degree =
        funds::risk_degree(margin, equity).ok_or_else(|| CaseError::Malformed("`equity` is not above zero".into()))?;
    // A percentage of two decimals: 1/10,000 of one.
    let percent = divide(degree.0.into(), i128::from(PARTS_OF_ONE / 10_000), Rounding::HalfUp);
    let percent = Money::of(percent * i128::from(PARTS_OF_A_YUAN / 100))?;
    Ok(Figures::from([("margin", margin.to_string()), ("risk_pct", percent.to_string())]))
}

fn premium(inputs: Inputs<'_>) -> Result<Figures, CaseError> {
    let (multiplier, lots) = (inputs.multiplier()?, inputs.count_or("qty", 1)?);
    let mut figures = Figures::new();
    for (input, figure) in [("call", "call_premium"), ("put", "put_premium"), ("price", "premium")] {
        if inputs.0.contains_key(input) {
            figures.insert(figure, option::premium(inputs.price(input)?, multiplier, lots)?.to_string());
        }
    }
    Ok(figures)
}

fn futures_option(inputs: Inputs<'_>) -> Result<Figures, CaseError> {
    let (multiplier, lots) = (inputs.multiplier()?, i64::from(inputs.count_or("qty", 1)?));
    let underlying = i128::from(inputs.get("underlying_margin", 4)?) * i128::from(lots);
    let out_of_the_money = Price(inputs.find("otm", 4)?.unwrap_or(0)).worth(multiplier, lots);
    let parts = SellerParts {
        premium: 2 * inputs.price("settle")?.worth(multiplier, lots),
        at_risk: 2 * underlying,
        out_of_the_money,
        least: underlying,
    };
    let margin = Money::of(divide(margin::seller(parts)?, 2, Rounding::HalfUp))?;
    Ok(Figures::from([("margin", margin.to_string())]))
}

fn naked(inputs: Inputs<'_>) -> Result<Figures, CaseError> {
    let (multiplier, lots, right) = (inputs.multiplier()?, i64::from(inputs.count_or("qty", 1)?), inputs.right()?);
    let [premium, underlying, strike] =
        [inputs.price("premium")?, inputs.price("underlying")?, inputs.price("strike")?];
    let one = i128::from(PARTS_OF_ONE);
    let by_rate = |price: Price, rate: Rate| price.worth(multiplier, lots) * i128::from(rate.0);
    let base = if right == Right::Call { underlying } else { strike };
    let parts = SellerParts {
        premium: premium.worth(multiplier, lots) * one,
        at_risk: by_rate(underlying, inputs.rate("pct")?),
        out_of_the_money: right.out_of_the_money(underlying, strike).worth(multiplier, lots) * one,
        least: by_rate(base, inputs.rate("min_pct")?),
    };
    let margin = Money::of(divide(margin::seller(parts)?, one, Rounding::HalfUp))?;
    Ok(Figures::from([("margin", margin.to_string())]))
}

fn seller(inputs: Inputs<'_>) -> Result<Figures, CaseError> {
    let option = OptionAtEnd {
        right: inputs.right()?,
        strike: inputs.price("strike")?,
        settlement: inputs.price("settle")?,
        underlying: inputs.price("underlying")?,
        multiplier: inputs.multiplier()?,
    };
    let terms = SellerTerms { factor: inputs.rate("factor")?, safety: inputs.rate("safety")? };
    let margin = terms.margin(&option, inputs.count_or("qty", 1)?, Rounding::HalfUp)?;
    Ok(Figures::from([("margin", margin.to_string())]))
}

fn invoice(inputs: Inputs<'_>) -> Result<Figures, CaseError> {
    let factor = u32::try_from(inputs.get("cf", 4)?).map_err(|_| CaseError::Malformed("`cf` is below zero".into()))?;
    let accrued = inputs.get("accrued", 7)?;
    let invoice = delivery::invoice(inputs.price("settle")?, ConversionFactor(factor), accrued, 1, Rounding::HalfUp)?;
    Ok(Figures::from([("invoice", invoice.to_string())]))
}

fn capacity(inputs: Inputs<'_>) -> Result<Figures, CaseError> {
    let lot = margin::futures(inputs.price("price")?, inputs.multiplier()?, inputs.rate("margin")?, 1, Rounding::Up)?;
    let usable = Money(inputs.get("funds", 4)?).share(inputs.rate("usable")?, Rounding::Down)?;
    Ok(Figures::from([("lots", funds::capacity(usable, lot).to_string())]))
}

/// A JSON number as it would be written by hand.
fn decimal(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// A decimal times 10^decimals, exactly. None: it is no decimal, has more of them, or is too large.
fn scaled(value: &Value, decimals: u32) -> Option<i64> {
    let text = decimal(value)?;
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
    let (whole, broken) = digits.split_once('.').unwrap_or((digits, ""));
    let broken = broken.trim_end_matches('0');
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(broken) || broken.len() > decimals as usize {
        return None;
    }
    let all: i64 = format!("{whole}{broken:0<width$}", width = decimals as usize).parse().ok()?;
    Some(sign * all)
}

/// A decimal without zeros that mean nothing.
fn normal(text: &str) -> String {
    let text = text.trim();
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    if short == "-0" || short.is_empty() { "0".into() } else { short.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(kind: &str, inputs: &str, expected: &str) -> Result<Vec<Figure>, CaseError> {
        let text =
            format!(r#"[{{"id":"x","kind":"{kind}","inputs":{inputs},"expected":{expected},"source":"","note":""}}]"#);
        read(&text).expect("a list of cases")[0].work_out()
    }

    #[test]
    fn several_days_go_on_from_one_another() {
        let inputs = r#"{"multiplier": 10, "margin": 0.1, "prev_reserve": 1000000, "days": [
            {"buys": [[100, 10]], "settle": 102}, {"sells": [[105, 4]], "settle": 104, "fees": 12.5}]}"#;
        // 200, then 6 lots x 2 x 10 + 4 x 3 x 10 = 240; 6 lots x 104 x 10 x 10 % = 624.
        let figures =
            one("reserve over two days", inputs, r#"{"pnl": 440, "margin": 624, "reserve": 999803.5, "points": 44}"#);
        let wrong: Vec<Figure> =
            figures.expect("it is a case").into_iter().filter(|figure| !figure.is_right()).collect();
        assert_eq!(wrong, []);
    }

    #[test]
    fn what_is_wrong_with_a_case_is_named() {
        assert_eq!(one("weather", "{}", "{}"), Err(CaseError::KindUnknown("weather".into())));
        assert_eq!(one("reserve", r#"{"settle": 1}"#, "{}"), Err(CaseError::Missing("multiplier")));
        let tenth = one("reserve", r#"{"multiplier": 1.5, "settle": 1}"#, "{}").expect_err("no multiplier");
        assert!(tenth.to_string().contains("`multiplier` is 1.5"), "{tenth}");
        assert_eq!(
            one("reserve", r#"{"multiplier": 1, "settle": 1}"#, r#"{"moon": 1}"#),
            Err(CaseError::FigureUnknown("moon".into()))
        );
        let huge =
            one("reserve", r#"{"multiplier": 4000000000, "settle": 900000000000000, "prev_long": 4000000000}"#, "{}");
        assert_eq!(huge, Err(CaseError::Overflow));
        assert!(!one("reserve", r#"{"multiplier": 1, "settle": 1}"#, r#"{"pnl": 1}"#).expect("a case")[0].is_right());
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        let number = |text: &str| serde_json::from_str::<Value>(text).expect("a number");
        assert_eq!(scaled(&number("97.525"), 4), Some(975_250));
        assert_eq!(scaled(&number("-0.1"), 4), Some(-1_000));
        assert_eq!(scaled(&number("97.52501"), 4), None);
        assert_eq!(scaled(&number("1e30"), 4), None);
        assert_eq!([normal("1.5000"), normal("-0.0000"), normal("100")], ["1.5", "0", "100"]);
    }
}
