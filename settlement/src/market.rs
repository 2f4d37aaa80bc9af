//! What is settled and by which terms: instruments, products, members, prices of a day. All of it is given; nothing here changes
//! while a day is settled, so that every task reads the same.

use crate::amount::{Money, Price, Rate, Rounding};
use crate::rules::closing::Matching;
use crate::rules::fee::FeeTable;
use crate::rules::margin::{Right, SellerTerms};

/// A place among the instruments of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct InstrumentIndex(pub u16);

/// A place among the products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductIndex(pub u16);

/// A place among the trading codes 交易编码: a client at a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct AccountIndex(pub u32);

/// A place among the members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct MemberIndex(pub u16);

/// A product 品种.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// Products with one number are margined together.
    pub group: u16,
    /// The larger side of the group pays for both 单向大边.
    pub large_side: bool,
    /// What option sellers pay by; of no meaning for futures.
    pub seller: SellerTerms,
}

/// What an instrument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A future that is delivered in cash on its last day.
    CashFuture,
    /// A future that is delivered in bonds.
    BondFuture,
    /// An option, European, settled in cash.
    Option {
        /// Call or put.
        right: Right,
        /// Strike.
        strike: Price,
    },
}

/// An instrument 合约, as of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Of which product.
    pub product: ProductIndex,
    /// What it is.
    pub kind: Kind,
    /// Multiplier.
    pub multiplier: u32,
    /// Margin rate of a long lot; of no meaning for options.
    pub margin_long: Rate,
    /// Margin rate of a short lot; of no meaning for options.
    pub margin_short: Rate,
    /// Settlement price of the day before.
    pub previous_settlement: Price,
    /// It is its last trading day.
    pub expires: bool,
    /// Settlement price of the day (of an expiring future the delivery price); while the day runs the last price.
    pub settlement: Price,
    /// Of an option: the underlying's close; on its last day the exercise settlement price.
    pub underlying: Price,
}

/// A trading code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub member: MemberIndex,
    /// The client number, over all members.
    pub client: u32,
    /// The member's own (自营), not a client's (经纪).
    pub own: bool,
    /// It nets its long and short positions at the day's end without a fee 自动对冲.
    pub nets: bool,
}

/// A member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who clears it: itself, or another.
    pub clearing: MemberIndex,
    /// Settlement reserve of the day before.
    pub previous_reserve: Money,
    /// Trading margin of the day before.
    pub previous_margin: Money,
    /// Paid in today.
    pub deposited: Money,
    /// Paid out today.
    pub withdrawn: Money,
    /// The least reserve 最低结算准备金.
    pub minimum_reserve: Money,
}

/// What sources leave open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Which lots a plain close takes.
    pub matching: Matching,
    /// How a margin becomes an integer: once a position row and side.
    pub margin: Rounding,
}

/// A day's market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Market {
    /// The trading day, yyyymmdd.
    pub day: u32,
    /// Products.
    pub products: Vec<Product>,
    /// Instruments.
    pub instruments: Vec<Instrument>,
    /// Members.
    pub members: Vec<Member>,
    /// Trading codes.
    pub accounts: Vec<Account>,
    /// Fees.
    pub fees: FeeTable,
    /// Settings.
    pub settings: Settings,
}
