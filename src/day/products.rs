//! What a product's contracts are like 品种参数: CFFEX's, as defaults for what `products.csv` leaves out. Reference data: every one is a
//! setting there. Where no public source says, it is an assumption, and marked so.

use crate::base_data::FUNCTIONS;
use engine::types::Function;

/// Terms that the contracts of a product share. Rates in 1/100,000,000, prices and ticks in 1/10,000 yuan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Letters of the product.
    pub product: &'static str,
    /// ProductDefine: '0' index futures, '1' treasury futures, '2' index options, '3' others.
    pub kind: char,
    /// Products that are margined together 大边组.
    pub group: &'static str,
    /// Functions that are on.
    pub functions: u32,
    /// One tick.
    pub tick: u32,
    /// Contract multiplier.
    pub multiplier: u32,
    /// Price limit, of the settlement price; of an option, of the index close.
    pub limit_rate: i64,
    /// The same on the last trading day.
    pub last_day_limit_rate: i64,
    /// The same on the listing day.
    pub listing_day_limit_rate: i64,
    /// Margin, of the settlement price; of an option, the factor of its formula 保证金调整系数.
    pub margin_rate: i64,
    /// Most lots of a limit order.
    pub maximum_volume: u32,
    /// Most lots of an order without a price of its own.
    pub maximum_market_volume: u32,
    /// Lots a client number may hold on a side.
    pub position_limit: u32,
    /// Lots a client number may open in a day in one instrument; 0 = no limit.
    pub instrument_open_limit: u32,
    /// Lots a client number may open in a day in the product; 0 = no limit.
    pub open_limit: u32,
    /// Seconds between a client number's enquiries in an instrument.
    pub enquiry_interval: u32,
    /// An option: premium is paid, limits count by view.
    pub is_option: bool,
}

const PERCENT: i64 = 1_000_000;
/// Limit orders only, quotes, enquiries, exercise (CFFEX: 股指期权只限价).
const OPTION_FUNCTIONS: u32 = Function::LimitDay.bit()
    | Function::LimitFillAndKill.bit()
    | Function::LimitFillOrKill.bit()
    | Function::Quote.bit()
    | Function::Enquiry.bit()
    | Function::Exercise.bit()
    | Function::Everything.bit();

const INDEX_FUTURE: Terms = Terms {
    product: "",
    kind: '0',
    group: "INDEX", // 跨品种单向大边: IF, IC, IM, IH together
    functions: FUNCTIONS & !Function::Exercise.bit(),
    tick: 2_000,
    multiplier: 300,
    limit_rate: 10 * PERCENT,
    last_day_limit_rate: 20 * PERCENT,
    listing_day_limit_rate: 10 * PERCENT,
    margin_rate: 12 * PERCENT, // IF, IH: assumption; IC: since 2019-04-22
    maximum_volume: 20,
    maximum_market_volume: 10,
    position_limit: 1_200,
    instrument_open_limit: 500, // since 2019-04-22
    open_limit: 0,
    enquiry_interval: 60,
    is_option: false,
};

const TREASURY_FUTURE: Terms = Terms {
    kind: '1',
    group: "BOND", // 跨品种单向大边: TS, TF, T, TL together
    tick: 50,
    multiplier: 10_000,
    maximum_volume: 50,
    maximum_market_volume: 30,
    position_limit: 2_000, // assumption
    instrument_open_limit: 0,
    ..INDEX_FUTURE
};

const INDEX_OPTION: Terms = Terms {
    kind: '2',
    group: "OPTION", // assumption: the group of their own
    functions: OPTION_FUNCTIONS,
    multiplier: 100,
    last_day_limit_rate: 10 * PERCENT,
    maximum_market_volume: 20,
    instrument_open_limit: 0,
    open_limit: 200, // notice of 2020-06-18 for IO
    is_option: true,
    ..INDEX_FUTURE
};

const fn bond(product: &'static str, rate: i64, margin: i64) -> Terms {
    Terms {
        product,
        limit_rate: rate,
        last_day_limit_rate: rate,
        listing_day_limit_rate: 2 * rate, // TS, TL; the others: assumption
        margin_rate: margin,
        ..TREASURY_FUTURE
    }
}

/// CFFEX's products.
pub const PRODUCTS: [Terms; 11] = [
    Terms { product: "IF", position_limit: 5_000, ..INDEX_FUTURE },
    Terms { product: "IH", ..INDEX_FUTURE },
    Terms { product: "IC", multiplier: 200, ..INDEX_FUTURE },
    Terms { product: "IM", multiplier: 200, margin_rate: 15 * PERCENT, ..INDEX_FUTURE },
    Terms { tick: 20, multiplier: 20_000, ..bond("TS", PERCENT / 2, PERCENT / 2) },
    bond("TF", 12 * PERCENT / 10, PERCENT),
    Terms { position_limit: 4_000, ..bond("T", 2 * PERCENT, 2 * PERCENT) },
    Terms { tick: 100, ..bond("TL", 35 * PERCENT / 10, 35 * PERCENT / 10) },
    Terms { product: "IO", position_limit: 5_000, ..INDEX_OPTION },
    Terms { product: "HO", ..INDEX_OPTION },
    Terms { product: "MO", ..INDEX_OPTION },
];

/// A product's terms by its letters.
#[must_use]
pub fn of(product: &str) -> Option<&'static Terms> {
    PRODUCTS.iter().find(|terms| terms.product == product)
}

/// The first day of TS's present tick: the notice is of August 2023, the day an assumption.
const TS_TICK_SINCE: u32 = 20_230_901;
/// TS's tick before: 0.005.
const TS_TICK_BEFORE: u32 = 50;

/// A product's tick on a day, 1/10,000 yuan.
#[must_use]
pub fn tick_on(terms: &Terms, day: u32) -> u32 {
    if terms.product == "TS" && day < TS_TICK_SINCE { TS_TICK_BEFORE } else { terms.tick }
}

/// The letters that an instrument's id begins with: IF of IF2410, IO of IO2410-C-2800.
#[must_use]
pub fn letters(instrument: &str) -> &str {
    let end = instrument.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(instrument.len());
    &instrument[..end]
}

/// Names of functions in files, in the order of their bits.
pub const FUNCTION_NAMES: [&str; 13] = [
    "limit",
    "limit-fak",
    "limit-fok",
    "market",
    "market-to-limit",
    "best",
    "best-to-limit",
    "five-level",
    "five-level-to-limit",
    "quote",
    "enquiry",
    "exercise",
    "everything",
];

/// `limit+limit-fak+quote` as bits. None: an unknown name.
#[must_use]
pub fn functions(text: &str) -> Option<u32> {
    text.split('+')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .try_fold(0, |bits, name| FUNCTION_NAMES.iter().position(|known| *known == name).map(|bit| bits | 1 << bit))
}

/// Bits as names.
#[must_use]
pub fn function_names(bits: u32) -> String {
    let on = FUNCTION_NAMES.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
    on.map(|(_, name)| *name).collect::<Vec<_>>().join("+")
}

/// What is not CFFEX's: nothing is known of its contracts.
pub const OTHER: Terms = Terms {
    group: "",
    kind: '3',
    functions: FUNCTIONS,
    tick: 0,
    multiplier: 0,
    limit_rate: 0,
    last_day_limit_rate: 0,
    listing_day_limit_rate: 0,
    margin_rate: 0,
    maximum_volume: 0,
    maximum_market_volume: 0,
    position_limit: 0,
    instrument_open_limit: 0,
    enquiry_interval: 0,
    ..INDEX_FUTURE
};
