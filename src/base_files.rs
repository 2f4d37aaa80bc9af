//! Base data as files: what a day begins with, in a folder of CSV tables that people and other systems can write; and the same folder
//! written from a day's end, so that the next day opens from it, on whichever core (回切).
//!
//! | file | a row |
//! |---|---|
//! | `participants.csv` | `participant,type,right` and may have `clearing`: who clears it, itself by default 结算会员 |
//! | `users.csv` | `user,participant,secret,address,right,ascending,requests_per_second,requests_in_flight`, `cancel_on_disconnect` |
//! | `accounts.csv` | `participant,client,type,right`: a client at a member 交易编码; one `client` is one client number over all members |
//! | `products.csv` | `product`, and whatever differs from what is built in for it ([`crate::day::products`]) 品种 |
//! | `instruments.csv` | `instrument,price_rule,tie_break,phase,right,tick,multiplier,lower_limit,upper_limit,previous_settlement,minimum_volume,maximum_volume,position_limit,open_interest`, `product,maximum_market_volume,open_limit,limit_with,option_type,strike,exercise,premium,margin_long,margin_short,last_trading_day` |
//! | `contracts.csv` | the exchange's contract sheet ([`crate::day::sheet`]): more instruments, their terms from their product 合约表 |
//! | `settlement_prices.csv` | `instrument,settlement`: yesterday's, yuan, for the contracts of the sheet |
//! | `indices.csv` | `product,close`: the index close of the day before, for options 指数收盘 |
//! | `margins.csv` | `instrument,long,short`: margin rates that are not the product's 保证金率 |
//! | `fees.csv` | `product,fee,basis,value`, `valid_until`: for settlement; checked here and carried on 手续费 |
//! | `trading_days.csv` | `day`: when there is trading 交易日历 |
//! | `calendar.csv` | `product,time,action,phase`: the day's steps; product `*` is every one; the action `last-day-phase` concerns contracts on their last trading day alone 交易节 |
//! | `positions.csv` | `participant,client,instrument,hedge,long_yesterday,long_today,short_yesterday,short_today` |
//! | `rights.csv` | `participant,client,instrument,right`: one client in one instrument |
//! | `market_makers.csv` | `participant,client,product` 做市商 |
//! | `client_limits.csv` | `client,instrument,class,long,short`: of a client number over all members; class `general` or `hedge` 客户限仓 |
//! | `member_limits.csv` | `participant,instrument,volume` 会员限仓 |
//! | `credit.csv` | `participant,kind,amount`: `funds` of a clearing member or `credit` of one it clears, yuan 资金与信用限额 |
//! | `expired_positions.csv` | only of a day's end, and read by nobody: positions in contracts whose last trading day it was |
//! | `day.toml` | only of a day's end: which day ended, at which sequence |
//!
//! Participants, users, accounts and instruments (or contracts) must be there, the rest may. In `instruments.csv` prices are ticks and a tick is in
//! 1/10,000 yuan, as the log has them; everywhere else prices are yuan (points). Rights are `full`, `close-only`, `forbidden`. A row's place
//! is its index in the log, so that the order of rows is part of the day; contracts come after instruments. Secrets stand in
//! `users.csv`: what is written here is readable by its owner only. Without `products.csv` all instruments are of one product, `ALL`.
//!
//! A day's end has no orders: closing ends them. Today's positions become yesterday's. Contracts whose last trading
//! day it was are left out, with their limits and rights; `day.toml` names them. Settlement prices, the next day's price limits and new contracts are
//! the clearing house's to fill in: they are written as the day had them.

use crate::base_data;
use crate::day::products::Terms;
use engine::command::{CommandBuffer, InstrumentDefine};
use engine::types::{InstrumentIndex, Phase, PriceRule, ProductIndex, RawPrice, Right, TieBreak};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// Base data as in the files, row by row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseFiles {
    /// Participants; a row's place is its index.
    pub participants: Vec<ParticipantRow>,
    /// Users.
    pub users: Vec<UserRow>,
    /// Accounts.
    pub accounts: Vec<AccountRow>,
    /// Products; none: all instruments are of one.
    pub products: Vec<ProductRow>,
    /// Instruments.
    pub instruments: Vec<InstrumentRow>,
    /// Positions.
    pub positions: Vec<PositionRow>,
    /// A day's end: positions in contracts that have expired. They are the settlement's, and no file that is read has them.
    pub expired_positions: Vec<PositionRow>,
    /// Rights of one client in one instrument.
    pub rights: Vec<RightRow>,
    /// Who may quote in what.
    pub market_makers: Vec<MarketMakerRow>,
    /// Limits of client numbers.
    pub client_limits: Vec<ClientLimitRow>,
    /// Limits of participants.
    pub member_limits: Vec<MemberLimitRow>,
    /// Money that participants may use.
    pub credit: Vec<CreditRow>,
    /// The day's steps, in the order of their times.
    pub calendar: Vec<StepRow>,
    /// Of which day's end this is, if of one.
    pub end: Option<DayEnd>,
}

/// A row of `participants.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipantRow {
    /// ParticipantId, at most 8 bytes.
    pub participant: String,
    /// FTDParticipantType.
    pub r#type: char,
    /// What it may do.
    pub right: RightName,
    /// Who clears it; None: itself.
    pub clearing: Option<String>,
}

/// A row of `users.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// UserId, at most 15 bytes.
    pub user: String,
    /// Whose.
    pub participant: String,
    /// The password, or the key of the login's proof, at most 40 bytes.
    pub secret: String,
    /// Where it connects from; 0.0.0.0 = anywhere.
    pub address: Ipv4Addr,
    /// What it may do.
    pub right: RightName,
    /// Its local ids must ascend.
    pub ascending: bool,
    /// Requests a second; 0 = no limit.
    pub requests_per_second: u32,
    /// Requests unanswered at once; 0 = no limit.
    pub requests_in_flight: u32,
    /// Its orders are cancelled when its session ends.
    pub cancel_on_disconnect: bool,
}

/// A row of `accounts.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Through whom it trades.
    pub participant: String,
    /// ClientId, at most 8 bytes.
    pub client: String,
    /// FTDClientType.
    pub r#type: char,
    /// What it may do.
    pub right: RightName,
}

/// A row of `products.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductRow {
    /// Its letters, at most 8 bytes.
    pub product: String,
    /// Products that are margined together, at most 8 bytes.
    pub group: String,
    /// A put's long counts as short for position limits.
    pub limit_by_view: bool,
    /// An enquiry is refused while the spread is not above this, ticks; 0 = no rule.
    pub enquiry_spread: u32,
    /// A quote counts towards the obligation if it is not wider, ticks; 0 = no obligation.
    pub quote_spread: u32,
    /// … and if neither side has fewer lots.
    pub quote_volume: u32,
    /// Price of a continuous trade of its contracts.
    pub price_rule: PriceRuleName,
    /// Among equally good auction prices of its contracts.
    pub tie_break: TieBreakName,
    /// What its contracts share; a tick of 0: not said.
    pub terms: Terms,
}

/// A row of `instruments.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentRow {
    /// InstrumentId, at most 30 bytes.
    pub instrument: String,
    /// Price of a continuous trade.
    pub price_rule: PriceRuleName,
    /// Among equally good auction prices.
    pub tie_break: TieBreakName,
    /// The phase the day begins with.
    pub phase: PhaseName,
    /// What may be done in it.
    pub right: RightName,
    /// One tick, in 1/10,000 yuan.
    pub tick: u32,
    /// Contract multiplier.
    pub multiplier: u32,
    /// Lowest price, ticks.
    pub lower_limit: i32,
    /// Highest price, ticks.
    pub upper_limit: i32,
    /// Previous settlement, ticks.
    pub previous_settlement: i32,
    /// Fewest lots of an order.
    pub minimum_volume: u32,
    /// Most lots of an order.
    pub maximum_volume: u32,
    /// Lots a client may hold on one side; 0 = no limit.
    pub position_limit: u32,
    /// Lots open when the day begins, counted once.
    pub open_interest: u64,
    /// The rest, which most do without.
    pub more: MoreTerms,
}

/// What a row of `instruments.csv` may leave out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MoreTerms {
    /// Letters of its product; empty: those its id begins with.
    pub product: String,
    /// Most lots of an order without a price of its own; None: as of one with a price.
    pub maximum_market_volume: Option<u32>,
    /// Lots a client number may open in a day; 0 = no limit.
    pub open_limit: u32,
    /// The first instrument of its limit group; None: itself.
    pub limit_with: Option<String>,
    /// Call or put.
    pub option_type: OptionName,
    /// An option's strike, 1/10,000 yuan.
    pub strike: i64,
    /// Exercise instructions are taken today.
    pub exercise: bool,
    /// A buyer pays price x multiplier.
    pub premium: bool,
    /// Margin of a long lot, 1/10,000 yuan.
    pub margin_long: i64,
    /// Margin of a short lot, 1/10,000 yuan.
    pub margin_short: i64,
    /// Last trading day 最后交易日, yyyymmdd; 0 = not said.
    pub last_trading_day: u32,
}

/// A row of `positions.csv`, lots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PositionRow {
    /// Through whom.
    pub participant: String,
    /// Whose.
    pub client: String,
    /// In what.
    pub instrument: String,
    /// FTDHedgeFlag.
    pub hedge: char,
    /// Long, from yesterday.
    pub long_yesterday: u32,
    /// Long, of today.
    pub long_today: u32,
    /// Short, from yesterday.
    pub short_yesterday: u32,
    /// Short, of today.
    pub short_today: u32,
}

/// A row of `rights.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RightRow {
    /// Through whom.
    pub participant: String,
    /// Whose.
    pub client: String,
    /// In what.
    pub instrument: String,
    /// What it may do there.
    pub right: RightName,
}

/// A row of `market_makers.csv`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MarketMakerRow {
    /// Through whom.
    pub participant: String,
    /// Who.
    pub client: String,
    /// In what.
    pub product: String,
}

/// A row of `client_limits.csv`, lots; 0 = no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientLimitRow {
    /// Whose, over all members.
    pub client: String,
    /// The first instrument of the limit group.
    pub instrument: String,
    /// Of the hedge flag '3' 套保; else of the others.
    pub hedge: bool,
    /// Long.
    pub long: u32,
    /// Short.
    pub short: u32,
}

/// A row of `member_limits.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberLimitRow {
    /// Whose.
    pub participant: String,
    /// In what.
    pub instrument: String,
    /// Lots on one side; 0 = no limit.
    pub volume: u32,
}

/// A row of `credit.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditRow {
    /// Whose.
    pub participant: String,
    /// A credit limit 信用限额; else funds 结算资金.
    pub is_credit: bool,
    /// 1/10,000 yuan.
    pub amount: i64,
}

/// A row of `calendar.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRow {
    /// Letters of the product; None: every one.
    pub product: Option<String>,
    /// Milliseconds after 0:00 in China.
    pub time: u32,
    /// What is done.
    pub action: ActionName,
    /// The phase that begins, of the action `phase`.
    pub phase: Option<PhaseName>,
    /// Only instruments whose last trading day it is.
    pub last_day: bool,
}

/// `day.toml`: of which day's end the folder is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayEnd {
    /// The day that ended, yyyymmdd.
    pub trading_day: u32,
    /// Its last epoch.
    pub epoch: u32,
    /// Its last frame.
    pub last_sequence: u64,
    /// The state's digest there, hexadecimal.
    pub state_digest: String,
    /// Contracts whose last trading day it was: they are not in the next day's files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expired: Vec<String>,
}

macro_rules! names {
    ($(#[$doc:meta])* $name:ident for $type:ident { $($variant:ident $text:literal),* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $(#[doc = concat!("As [`", stringify!($type), "::", stringify!($variant), "`].")] #[serde(rename = $text)] $variant),* }

        impl $name {
            /// Every one with its name.
            pub const CHOICES: &[(&str, $name)] = &[$(($text, $name::$variant)),*];

            /// Its name in files.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.serialize(out) // its word, as in the files
            }
        }

        impl From<$name> for $type {
            fn from(name: $name) -> $type {
                match name { $($name::$variant => $type::$variant),* }
            }
        }

        impl From<$type> for $name {
            fn from(value: $type) -> $name {
                match value { $($type::$variant => $name::$variant),* }
            }
        }
    };
}

use engine::command::ScheduleAction;

names! {
    /// `full`, `close-only`, `forbidden`.
    RightName for Right { Full "full", CloseOnly "close-only", Forbidden "forbidden" }
}
names! {
    /// `resting`, `middle`.
    PriceRuleName for PriceRule { Resting "resting", Middle "middle" }
}
names! {
    /// `pressure`, `reference`, `highest`, `lowest`, `pressure-reference`.
    TieBreakName for TieBreak {
        Pressure "pressure", Reference "reference", Highest "highest", Lowest "lowest",
        PressureReference "pressure-reference"
    }
}
names! {
    /// `continuous`, `auction-ordering`, `closing-auction`, `suspended`, `no-trading`, `cancel-only`, `auction-match`, `closed`.
    PhaseName for Phase {
        Continuous "continuous", AuctionOrdering "auction-ordering", ClosingAuction "closing-auction",
        Suspended "suspended", NoTrading "no-trading", CancelOnly "cancel-only", AuctionMatch "auction-match",
        Closed "closed"
    }
}
names! {
    /// `phase`, `uncross`, `window-open`, `window-close`, `day-close`.
    ActionName for ScheduleAction {
        Phase "phase", Uncross "uncross", WindowOpen "window-open", WindowClose "window-close", DayClose "day-close"
    }
}

/// `none`, `call`, `put`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OptionName {
    /// No option.
    #[default]
    None,
    /// A call 看涨.
    Call,
    /// A put 看跌.
    Put,
}

impl OptionName {
    /// Every one with its name.
    pub const CHOICES: &[(&str, OptionName)] =
        &[("none", OptionName::None), ("call", OptionName::Call), ("put", OptionName::Put)];

    /// FTDOptionType.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            OptionName::None => b'0',
            OptionName::Call => b'1',
            OptionName::Put => b'2',
        }
    }

    /// From FTDOptionType.
    #[must_use]
    pub fn from_code(code: u8) -> Self {
        match code {
            b'1' => OptionName::Call,
            b'2' => OptionName::Put,
            _ => OptionName::None,
        }
    }
}

impl InstrumentRow {
    /// The command that defines it, in the one product of a day without products.
    ///
    /// # Panics
    /// If its id does not fit: who reads it from a file looks first.
    #[must_use]
    pub fn define(&self, index: u16) -> CommandBuffer {
        CommandBuffer::own(&self.define_in(InstrumentIndex(index), base_data::ONE_PRODUCT, InstrumentIndex(index)))
    }

    /// The definition, in a product and a limit group.
    ///
    /// # Panics
    /// As [`InstrumentRow::define`].
    #[must_use]
    pub fn define_in(
        &self,
        index: InstrumentIndex,
        product: ProductIndex,
        limit_with: InstrumentIndex,
    ) -> InstrumentDefine {
        use engine::command::{INSTRUMENT_EXERCISE, INSTRUMENT_PREMIUM};
        let more = &self.more;
        let exercise = if more.exercise { INSTRUMENT_EXERCISE } else { 0 };
        let premium = if more.premium { INSTRUMENT_PREMIUM } else { 0 };
        InstrumentDefine {
            index,
            price_rule: PriceRule::from(self.price_rule) as u8,
            tie_break: TieBreak::from(self.tie_break) as u8,
            phase: Phase::from(self.phase) as u8,
            right: Right::from(self.right) as u8,
            product,
            tick: self.tick,
            multiplier: self.multiplier,
            lower_limit: self.lower_limit,
            upper_limit: self.upper_limit,
            previous_settlement: self.previous_settlement,
            minimum_volume: self.minimum_volume,
            maximum_volume: self.maximum_volume,
            maximum_market_volume: more.maximum_market_volume.unwrap_or(self.maximum_volume),
            open_limit: more.open_limit,
            position_limit: self.position_limit,
            limit_with,
            option_type: more.option_type.code(),
            flags: exercise | premium,
            last_trading_day: more.last_trading_day,
            previous_open_interest: self.open_interest,
            strike: RawPrice(more.strike),
            margin_long: more.margin_long,
            margin_short: more.margin_short,
            id: base_data::text(&self.instrument),
        }
    }
}
