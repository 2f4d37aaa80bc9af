//! What a settlement needs and the log does not hold, from the day's own folder ([`crate::base_files`]) and from tables beside it:
//!
//! | file | a row |
//! |---|---|
//! | `products.csv`, `margins.csv`, `fees.csv`, `contracts.csv`, `settlement_prices.csv` | as the day was opened from: margin rates, fees, last trading days, yesterday's settlement prices where they lie off the tick |
//! | `funds.csv` | `participant`, `short` (its short name), `previous_reserve,previous_margin,deposited,withdrawn,minimum_reserve`, `collateral,haircut,previous_collateral`: yuan 会员资金 |
//! | `waivers.csv` | `product,fee,participant,client,from,until,beyond,relief,value`: what is empty is everything; relief `free`, `off` (a share of the fee), `rate` or `lot` (another fee instead) 减免 |
//! | `closes.csv` | `kind,name,price`: what the exchange gives: `settlement` or `delivery` of an instrument, `close` (index) or `exercise` of an option product 收盘与交割价 |
//! | `bonds.csv` | `instrument,bond,factor,coupon,frequency,last_coupon,next_coupon`: what may be delivered 可交割国债 |
//! | `netting.csv`, `declarations.csv`, `transfers.csv`, `delivering.csv` | what is asked for at the day's end, and deliveries under way: [`super::requests`] |
//! | `codes.csv` | `participant,client,own,nets`: codes that are the member's own (自营), or net long and short at the day's end (自动对冲) |
//! | `settlement.toml` | settings: [`Choices`] |
//!
//! All may be left out. Without a rate of its product, a future's is what its margin a lot in the log is of its previous settlement price.
//! Names are the log's: what a row names must be there. Every fault is named with file, row and column, not the first alone.

use super::intake::Intake;
use super::requests::Requests;
use crate::day::decimal::{self, ONE, PRICE_PLACES, RATE_PLACES};
use crate::day::load;
use crate::day::sheet::{self, Contract};
use crate::day::table::{self, Faults, Row, may, must};
use settlement::delivery::Deliverable;
use settlement::market::InstrumentIndex;
use settlement::rules::closing::Matching;
use settlement::rules::delivery::ConversionFactor;
use settlement::rules::fee::{Basis, FeeKind, FeeRule, Relief, Waiver};
use settlement::{Money, Price, Rate, Rounding};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Tables without which figures are told that an exchange would not tell: what is reckoned then.
const WANTED: [(&str, &str); 3] = [
    ("funds.csv", "no member had or moved money 无资金"),
    ("fees.csv", "nothing is charged 不计手续费"),
    ("margins.csv", "margins are the log's share of the previous settlement price 保证金按日志比例"),
];

/// Tables that `folder` does not have and that a settlement should, each with what is reckoned without it.
#[must_use]
pub fn absent(folder: &Path) -> Vec<(&'static str, &'static str)> {
    WANTED.into_iter().filter(|(name, _)| !folder.join(name).exists()).collect()
}

/// Most money of a field, 1/10,000 yuan: 100 trillion yuan.
const MONEY_MOST: i64 = 1_000_000_000_000_000_000;
/// Most of a price, 1/10,000 yuan.
const PRICE_MOST: i64 = 1 << 50;
/// Fees' names in files.
const FEES: [(&str, FeeKind); 7] = [
    ("trade", FeeKind::Transaction),
    ("close-today", FeeKind::CloseToday),
    ("submission", FeeKind::Submission),
    ("settlement", FeeKind::Settlement),
    ("delivery", FeeKind::Delivery),
    ("exercise", FeeKind::Exercise),
    ("transfer", FeeKind::Transfer),
];

/// `settlement.toml`: what sources leave open, and how this exchange calls itself.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Choices {
    /// Settlement group 结算组, four characters.
    pub group: String,
    /// Which lots a plain close takes: `oldest-first` or `today-first`; none: as the engine froze them.
    pub matching: Option<MatchingName>,
    /// How a margin becomes an integer.
    pub margin_rounding: RoundingName,
    /// How a fee does.
    pub fee_rounding: RoundingName,
    /// Option sellers' minimum safety factor 最低保障系数, a decimal.
    pub safety_factor: String,
    /// Groups of products whose larger side does not pay for both.
    pub both_sides: Vec<String>,
    /// Combination discount 组合保证金优惠, a decimal; zero: none.
    pub combination: String,
    /// Collateral counts up to so many times a member's cash, a decimal.
    pub collateral_multiple: String,
    /// Tiers of fees count a client's lots under each hedge flag by itself.
    pub tiers_by_hedge_flag: bool,
    /// What an option settles at that closes.csv has no price of.
    pub option_price: OptionPriceName,
    /// What becomes of an option of which neither closes.csv nor the day's trades say a price.
    pub untraded_option: UntradedName,
}

impl Default for Choices {
    fn default() -> Self {
        Choices {
            group: "SG01".to_owned(),
            matching: None,
            margin_rounding: RoundingName::HalfUp,
            fee_rounding: RoundingName::HalfUp,
            safety_factor: "0.5".to_owned(),
            both_sides: Vec::new(),
            combination: "0".to_owned(),
            collateral_multiple: "4".to_owned(),
            tiers_by_hedge_flag: false,
            option_price: OptionPriceName::ClosingAuction,
            untraded_option: UntradedName::Previous,
        }
    }
}

/// Which trades an option's settlement price is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptionPriceName {
    /// The closing auction's price; where it did not trade, as [`OptionPriceName::LastHour`].
    ClosingAuction,
    /// By the rule of futures.
    LastHour,
}

/// An option that nobody traded and the exchange gives no theoretical price 理论价 of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UntradedName {
    /// It keeps the price of the day before, and is named to be looked at.
    Previous,
    /// If somebody holds it, nothing is settled before closes.csv gives its price.
    Refuse,
}

/// [`Matching`] in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchingName {
    /// First in, first out.
    OldestFirst,
    /// Today's first.
    TodayFirst,
}

impl From<MatchingName> for Matching {
    fn from(name: MatchingName) -> Self {
        match name {
            MatchingName::OldestFirst => Matching::OldestFirst,
            MatchingName::TodayFirst => Matching::TodayFirst,
        }
    }
}

/// [`Rounding`] in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoundingName {
    /// To the nearest, halves away from zero.
    HalfUp,
    /// To the nearest, halves to the even neighbour.
    HalfEven,
    /// Towards zero.
    Down,
    /// Away from zero.
    Up,
}

impl From<RoundingName> for Rounding {
    fn from(name: RoundingName) -> Self {
        match name {
            RoundingName::HalfUp => Rounding::HalfUp,
            RoundingName::HalfEven => Rounding::HalfEven,
            RoundingName::Down => Rounding::Down,
            RoundingName::Up => Rounding::Up,
        }
    }
}

/// A row of `funds.csv`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FundsRow {
    /// Short name; none: the id.
    pub short: Option<String>,
    /// Settlement reserve of the day before.
    pub previous_reserve: Money,
    /// Trading margin of the day before.
    pub previous_margin: Money,
    /// Paid in today.
    pub deposited: Money,
    /// Paid out today.
    pub withdrawn: Money,
    /// Least reserve.
    pub minimum_reserve: Money,
    /// What its collateral is worth today.
    pub collateral: Money,
    /// What is taken off that.
    pub haircut: Rate,
    /// What of it counted the day before.
    pub previous_collateral: Money,
}

/// A row of `bonds.csv`: its name, and how it is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BondRow {
    /// The bond.
    pub name: String,
    /// Into what, by which factor.
    pub deliverable: Deliverable,
}

/// A day's terms; places are the log's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Settings.
    pub choices: Choices,
    /// Option sellers' minimum safety factor.
    pub safety: Rate,
    /// Combination discount.
    pub combination: Rate,
    /// Most of collateral, in times of the cash.
    pub collateral_multiple: Rate,
    /// By product: its margin rate; of options the factor of the sellers' formula.
    pub product_rates: BTreeMap<u16, Rate>,
    /// By instrument: rates of long and short lots that are not the product's.
    pub rates: BTreeMap<u16, (Rate, Rate)>,
    /// By instrument: its last trading day.
    pub last_days: BTreeMap<u16, u32>,
    /// By instrument: yesterday's settlement price.
    pub previous: BTreeMap<u16, Price>,
    /// By instrument: settlement or delivery price as the exchange gives it.
    pub given: BTreeMap<u16, Price>,
    /// By product of options: the index's close.
    pub closes: BTreeMap<u16, Price>,
    /// By product of options: the index's close of the day before.
    pub previous_closes: BTreeMap<u16, Price>,
    /// By product of options: exercise settlement price.
    pub exercise: BTreeMap<u16, Price>,
    /// Fees.
    pub fees: Vec<FeeRule>,
    /// Waivers.
    pub waivers: Vec<Waiver>,
    /// By participant.
    pub funds: BTreeMap<u16, FundsRow>,
    /// Bonds that may be delivered.
    pub bonds: Vec<BondRow>,
    /// By account: it is the member's own; it nets.
    pub codes: BTreeMap<u32, (bool, bool)>,
    /// What is asked for at the day's end, and deliveries under way.
    pub requests: Requests,
}

/// What the log calls everything.
#[derive(Clone, Debug, Default)]
pub struct LogNames {
    /// ParticipantId to its place.
    pub participants: HashMap<String, u16>,
    /// Product letters.
    pub products: HashMap<String, u16>,
    /// InstrumentId.
    pub instruments: HashMap<String, u16>,
    /// ClientId to its client number.
    pub clients: HashMap<String, u32>,
    /// Trading codes.
    pub codes: HashMap<(u16, String), u32>,
}

/// A text of the log without the blanks at its end.
#[must_use]
pub fn trimmed(text: &[u8]) -> String {
    String::from_utf8_lossy(text).trim_end_matches([' ', '\0']).to_owned()
}

impl LogNames {
    /// Of a log.
    #[must_use]
    pub fn of(log: &Intake) -> Self {
        let mut names = LogNames::default();
        names.participants.extend(log.participants.iter().flatten().map(|of| (trimmed(&of.id), of.index.0)));
        names.products.extend(log.products.iter().flatten().map(|of| (trimmed(&of.id), of.index.0)));
        names.instruments.extend(log.instruments.iter().flatten().map(|of| (trimmed(&of.id), of.index.0)));
        for account in log.accounts.iter().flatten() {
            let client = trimmed(&account.client_id);
            names.clients.insert(client.clone(), account.client_number.0);
            names.codes.insert((account.participant.0, client), account.index.0);
        }
        names
    }
}

impl Terms {
    /// Terms of a day of which nothing is known but its log.
    #[must_use]
    pub fn of_log(log: &Intake) -> Self {
        let mut terms = Terms { safety: Rate(ONE / 2), collateral_multiple: Rate(4 * ONE), ..Terms::default() };
        for product in log.products.iter().flatten() {
            if let Some(built_in) = crate::day::products::of(&trimmed(&product.id)) {
                terms.product_rates.insert(product.index.0, Rate(built_in.margin_rate));
            }
        }
        terms
    }

    /// Reads a folder for a day's log.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(folder: &Path, log: &Intake, seen: &dyn Fn(u64)) -> Result<Self, Faults> {
        let day = log.trading_day();
        let loaded = load::load(folder, Some(day), seen)?;
        let mut names = LogNames::of(log);
        let mut requests = Requests::of_instruments(folder, log.instruments.len(), &mut names);
        let mut terms = Terms::of_log(log);
        let mut faults = Faults::default();
        for product in &loaded.files.products {
            if let Some(place) = names.products.get(&product.product)
                && product.terms.margin_rate > 0
            {
                terms.product_rates.insert(*place, Rate(product.terms.margin_rate));
            }
        }
        terms.choices(folder, &mut faults);
        terms.of_the_opening(folder, &names, &mut faults);
        terms.fees(folder, &names, day, &mut faults);
        terms.waivers(folder, &names, &mut faults);
        terms.funds(folder, &names, &mut faults);
        terms.closes(folder, &names, &mut faults);
        terms.previous_closes(folder, &names, &mut faults);
        terms.bonds(folder, &names, &mut faults);
        terms.codes(folder, &names, &mut faults);
        requests.read(folder, &names, &terms.bond_names(), &mut faults);
        terms.requests = requests;
        if faults.count == 0 { Ok(terms) } else { Err(faults) }
    }

    fn choices(&mut self, folder: &Path, faults: &mut Faults) {
        const FILE: &str = "settlement.toml";
        let text = match std::fs::read_to_string(folder.join(FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return faults.push(FILE, None, None, format!("cannot be read: {error}")),
        };
        match toml::from_str::<Choices>(&text) {
            Err(error) => {
                let row = error.span().map(|span| 1 + text[..span.start].matches('\n').count() as u64);
                faults.push(FILE, row, None, error.message().replace('\n', " "));
            }
            Ok(choices) => {
                for (name, text, most, value) in [
                    ("safety_factor", &choices.safety_factor, 1, &mut self.safety),
                    ("combination", &choices.combination, 1, &mut self.combination),
                    ("collateral_multiple", &choices.collateral_multiple, 100, &mut self.collateral_multiple),
                ] {
                    match decimal::parse(text, RATE_PLACES).filter(|value| (0..=most * ONE).contains(value)) {
                        Some(rate) => *value = Rate(rate),
                        None => {
                            let message = format!("`{}`: expected a decimal from 0 to {most}", text.escape_debug());
                            faults.push(FILE, None, Some(name), message);
                        }
                    }
                }
                if choices.group.len() != 4 || !choices.group.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    let message = format!("`{}`: expected four letters and digits", choices.group.escape_debug());
                    faults.push(FILE, None, Some("group"), message);
                }
                self.choices = choices;
            }
        }
    }

    /// What the day was opened from: rates, last days, yesterday's prices. Rows of contracts that the log does not have are passed over.
    fn of_the_opening(&mut self, folder: &Path, names: &LogNames, faults: &mut Faults) {
        let columns = &[must("instrument"), must("long"), must("short")];
        table::read(folder, "margins.csv", columns, faults, |row| {
            let rate = |row: &mut Row<'_>, column| Rate(row.decimal(column, None, RATE_PLACES, 0..=ONE));
            let rates = (rate(row, "long"), rate(row, "short"));
            if let Some(place) = names.instruments.get(row.field("instrument")) {
                self.rates.insert(*place, rates);
            }
        });
        let columns = &[must("instrument"), must("settlement")];
        table::read(folder, "settlement_prices.csv", columns, faults, |row| {
            let price = Price(row.decimal("settlement", None, PRICE_PLACES, 0..=PRICE_MOST));
            if let Some(place) = names.instruments.get(row.field("instrument")) {
                self.previous.insert(*place, price);
            }
        });
        let mut contracts: Vec<Contract> = Vec::new();
        sheet::read(folder, "contracts.csv", faults, &mut contracts);
        for contract in contracts.iter().filter(|contract| contract.last_trading_day != 0) {
            if let Some(place) = names.instruments.get(&contract.instrument) {
                self.last_days.insert(*place, contract.last_trading_day);
            }
        }
    }

    fn fees(&mut self, folder: &Path, names: &LogNames, day: u32, faults: &mut Faults) {
        let columns = &[must("product"), must("fee"), must("basis"), must("value"), may("valid_until")];
        // Of a product and kind the row that ends first and still holds; one without an end holds when no other does.
        let mut holding: BTreeMap<(u16, FeeKind), (u32, FeeRule)> = BTreeMap::new();
        table::read(folder, "fees.csv", columns, faults, |row| {
            let kind = row.choice("fee", None, &FEES);
            let is_rate = row.choice("basis", None, &[("rate", true), ("lot", false), ("message", false)]);
            let basis = basis(row, is_rate);
            let until = row.date("valid_until", Some(0));
            let until = if until == 0 { u32::MAX } else { until };
            // A product that the log does not have has no trades.
            let Some(&product) = names.products.get(row.field("product")) else { return };
            let rule = FeeRule { product, kind, basis };
            let held = holding.get(&(product, kind)).map_or(u32::MAX, |(held, _)| *held);
            if row.is_whole() && day <= until && (until < held || held == u32::MAX) {
                holding.insert((product, kind), (until, rule));
            }
        });
        self.fees = holding.into_values().map(|(_, rule)| rule).collect();
    }

    fn waivers(&mut self, folder: &Path, names: &LogNames, faults: &mut Faults) {
        let columns = &[
            may("product"),
            may("fee"),
            may("participant"),
            may("client"),
            may("from"),
            may("until"),
            may("beyond"),
            must("relief"),
            may("value"),
        ];
        table::read(folder, "waivers.csv", columns, faults, |row| {
            let is_there = |row: &Row<'_>, column| !row.field(column).is_empty();
            let product = is_there(row, "product").then(|| known(row, "product", &names.products)).flatten();
            let kind = is_there(row, "fee").then(|| row.choice("fee", None, &FEES));
            let participant =
                is_there(row, "participant").then(|| known(row, "participant", &names.participants)).flatten();
            let client = is_there(row, "client").then(|| known(row, "client", &names.clients)).flatten();
            let until = row.date("until", Some(0));
            let relief = match row.choice("relief", None, &[("free", 0), ("off", 1), ("rate", 2), ("lot", 3)]) {
                0 => Relief::Free,
                1 => Relief::Off(Rate(row.decimal("value", None, RATE_PLACES, 0..=ONE))),
                other => Relief::Instead(basis(row, other == 2)),
            };
            let waiver = Waiver {
                product,
                kind,
                participant,
                client,
                from: row.date("from", Some(0)),
                until: (until != 0).then_some(until),
                beyond: row.number("beyond", Some(0), 0..=u64::MAX),
                relief,
            };
            if row.is_whole() {
                self.waivers.push(waiver);
            }
        });
    }

    fn funds(&mut self, folder: &Path, names: &LogNames, faults: &mut Faults) {
        let columns = &[
            must("participant"),
            may("short"),
            may("previous_reserve"),
            may("previous_margin"),
            may("deposited"),
            may("withdrawn"),
            may("minimum_reserve"),
            may("collateral"),
            may("haircut"),
            may("previous_collateral"),
        ];
        table::read(folder, "funds.csv", columns, faults, |row| {
            let money = |row: &mut Row<'_>, column, least| {
                Money(row.decimal(column, Some(0), PRICE_PLACES, least..=MONEY_MOST))
            };
            let made = FundsRow {
                short: row.text_or_none("short", 60),
                previous_reserve: money(row, "previous_reserve", -MONEY_MOST),
                previous_margin: money(row, "previous_margin", 0),
                deposited: money(row, "deposited", 0),
                withdrawn: money(row, "withdrawn", 0),
                minimum_reserve: money(row, "minimum_reserve", 0),
                collateral: money(row, "collateral", 0),
                haircut: Rate(row.decimal("haircut", Some(0), RATE_PLACES, 0..=ONE)),
                previous_collateral: money(row, "previous_collateral", 0),
            };
            if let Some(place) = known(row, "participant", &names.participants)
                && self.funds.insert(place, made).is_some()
            {
                row.fault("participant", "stands there twice".to_owned());
            }
        });
    }

    /// `indices.csv`, which the day's opening checked; of products that the log does not have nothing is needed.
    fn previous_closes(&mut self, folder: &Path, names: &LogNames, faults: &mut Faults) {
        table::read(folder, "indices.csv", &[must("product"), must("close")], faults, |row| {
            let product = names.products.get(row.field("product")).copied();
            let close = row.decimal("close", None, PRICE_PLACES, 1..=PRICE_MOST);
            self.previous_closes.extend(product.map(|product| (product, Price(close))));
        });
    }

    fn closes(&mut self, folder: &Path, names: &LogNames, faults: &mut Faults) {
        table::read(folder, "closes.csv", &[must("kind"), must("name"), must("price")], faults, |row| {
            let kinds = [("settlement", 0), ("delivery", 0), ("close", 1), ("exercise", 2)];
            let kind = row.choice("kind", None, &kinds);
            let price = Price(row.decimal("price", None, PRICE_PLACES, 0..=PRICE_MOST));
            let (places, prices) = match kind {
                0 => (&names.instruments, &mut self.given),
                1 => (&names.products, &mut self.closes),
                _ => (&names.products, &mut self.exercise),
            };
            // Of a kind that is none, nobody knows whose name it is.
            if row.is_whole()
                && let Some(place) = known(row, "name", places)
                && prices.insert(place, price).is_some()
            {
                row.fault("name", "has a price already".to_owned());
            }
        });
    }

    fn bonds(&mut self, folder: &Path, names: &LogNames, faults: &mut Faults) {
        let columns = &[
            must("instrument"),
            must("bond"),
            must("factor"),
            must("coupon"),
            must("frequency"),
            must("last_coupon"),
            must("next_coupon"),
        ];
        table::read(folder, "bonds.csv", columns, faults, |row| {
            let instrument = known(row, "instrument", &names.instruments);
            let made = BondRow {
                name: row.text("bond", 30),
                deliverable: Deliverable {
                    instrument: InstrumentIndex(instrument.unwrap_or_default()),
                    factor: ConversionFactor(row.decimal("factor", None, PRICE_PLACES, 1..=100_000) as u32),
                    coupon: Rate(row.decimal("coupon", None, RATE_PLACES, 0..=ONE)),
                    frequency: row.number("frequency", None, 1..=2),
                    last_coupon: row.date("last_coupon", None),
                    next_coupon: row.date("next_coupon", None),
                },
            };
            if row.is_whole() && made.deliverable.next_coupon <= made.deliverable.last_coupon {
                row.fault("next_coupon", "expected a day after last_coupon".to_owned());
            }
            self.bonds.push(made);
        });
    }

    fn codes(&mut self, folder: &Path, names: &LogNames, faults: &mut Faults) {
        let columns = &[must("participant"), must("client"), may("own"), may("nets")];
        table::read(folder, "codes.csv", columns, faults, |row| {
            let flags = (row.flag("own", Some(false)), row.flag("nets", Some(false)));
            let Some(participant) = known(row, "participant", &names.participants) else { return };
            let client = row.text("client", 8);
            match names.codes.get(&(participant, client.clone())) {
                Some(account) => drop(self.codes.insert(*account, flags)),
                None if row.is_whole() => {
                    row.fault("client", format!("`{client}`: expected a client of that participant in the log"));
                }
                None => {}
            }
        });
    }
}

/// A fee's `value`: a part of the worth, or yuan a lot or message.
fn basis(row: &mut Row<'_>, is_rate: bool) -> Basis {
    if is_rate {
        Basis::OfWorth(Rate(row.decimal("value", None, RATE_PLACES, 0..=ONE)))
    } else {
        Basis::Each(Money(row.decimal("value", None, PRICE_PLACES, 0..=1_000_000 * ONE)))
    }
}

/// A place in the log by name.
pub(super) fn known<T: Copy>(row: &mut Row<'_>, column: &str, places: &HashMap<String, T>) -> Option<T> {
    let name = row.field(column).to_owned();
    let place = places.get(&name).copied();
    if place.is_none() {
        row.fault(column, format!("`{}`: expected one that the day's log defines", name.escape_debug()));
    }
    place
}
