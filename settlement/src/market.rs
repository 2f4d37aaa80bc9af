//! What is settled and by which terms: instruments, products, members, prices of a day. All of it is given; nothing here changes
//! while a day is settled, so that every task reads the same.

use crate::amount::{Money, PARTS_OF_ONE, Price, Rate, Rounding};
use crate::delivery::{Deliverable, Delivery};
use crate::rules::closing::Matching;
use crate::rules::fee::{FeeTable, TierOf};
use crate::rules::margin::{Right, SellerTerms};
use crate::rules::market::LastMinutes;

/// A place among the instruments of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct InstrumentIndex(pub u16);

/// A place among the products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct ProductIndex(pub u16);

/// A place among the trading codes 交易编码: a client at a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct AccountIndex(pub u32);

/// A place among the members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
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
    /// It nets all its long and short positions at the day's end without a fee 自动对冲; row by row it may be asked for as well.
    pub nets: bool,
}

/// A member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// What its collateral 有价证券 is worth today, before the haircut.
    pub collateral: Money,
    /// What is taken off that.
    pub haircut: Rate,
    /// What of its collateral counted for margin the day before 上日充抵金额.
    pub previous_collateral: Money,
}

/// What sources leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Which lots a plain close takes.
    pub matching: Matching,
    /// How a margin becomes an integer: once a position row and side, and once a delivery and side.
    pub margin: Rounding,
    /// How a delivery's payment becomes an integer: once for all its lots.
    pub invoice: Rounding,
    /// Over what the tiers of fees are counted.
    pub tiers: TierOf,
    /// Combination discount 组合保证金优惠: what is taken off the smaller side of an account's futures in a group without a large side,
    /// rounded down; zero, as it is without being asked for, is none.
    pub combination: Rate,
    /// Collateral counts up to so many times the member's cash 配比乘数.
    pub collateral_multiple: Rate,
}

impl Default for Settings {
    /// First in first out, halves up, tiers by client, no combinations, collateral up to four times the cash (CFFEX clearing rules).
    fn default() -> Self {
        Settings {
            matching: Matching::default(),
            margin: Rounding::default(),
            invoice: Rounding::default(),
            tiers: TierOf::default(),
            combination: Rate(0),
            collateral_multiple: Rate(4 * PARTS_OF_ONE),
        }
    }
}

/// A day's market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Market {
    /// The trading day, yyyymmdd.
    pub day: u32,
    /// Products.
    pub products: Vec<Product>,
    /// Instruments; those of deliveries under way are among them.
    pub instruments: Vec<Instrument>,
    /// Members.
    pub members: Vec<Member>,
    /// Trading codes.
    pub accounts: Vec<Account>,
    /// Fees.
    pub fees: FeeTable,
    /// Settings.
    pub settings: Settings,
    /// Bonds that may be delivered; a bond's place is its number.
    pub deliverables: Vec<Deliverable>,
    /// Deliveries under way, as the day before left them ([`crate::batch::Settled::deliveries`]), with the bonds that sellers have named since.
    pub delivering: Vec<Delivery>,
    /// The last minutes of instruments whose books are known.
    pub closes: Vec<LastMinutes>,
}
