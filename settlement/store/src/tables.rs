//! The schema, and a settled day as its rows.
//!
//! Each table's key is day, settlement id and the columns up to `key`; `bigint` everywhere but for texts. Indexes (`place`, `member`, `account`,
//! `instrument` …) are places in the run's own tables of names. Columns that end in the same names mean the same: money in 1/10,000 yuan, fees
//! by kind as members' statements list them.
//!
//! | table | a row for each |
//! |---|---|
//! | `runs` | run: its log's end, when it was saved, SHA-256 of its content, how many rows and trades, its stage now |
//! | `stages` | step of a run's release |
//! | `products`, `instruments`, `members`, `accounts`, `users` | thing that has a name, with its terms; members and accounts with their figures |
//! | `bonds` | bond that may be delivered |
//! | `fee_rules`, `waivers` | fee of a product; waiver or reduction of fees, -1 and an empty `fee` where it names nothing |
//! | `settings` | setting, by name |
//! | `delivering`, `deliveries` | delivery under way as the day began, and as it ended; bond -1: not named yet |
//! | `one_sided` | instrument whose last five minutes were |
//! | `rows` | position row: what it began with, traded and came to |
//! | `funds` | clearing member |
//! | `trades` | side of a trade, in the order of the log |
//!
//! A run is made again from these terms and its log ([`settlement::market::Market`]). The last minutes of instruments' books (`Market::closes`) are
//! not kept: they are of the log, and what they come to is `one_sided`.
//!
//! A trading code without rows has no figures (`has_rows` 0). `amount` columns are Σ price x lots without the multiplier.

mod figures;
mod line;
mod terms;

pub(crate) use line::Fields;

use crate::StoreError;
use settlement::result::DayResult;

/// The schema's version: another one is not opened.
pub const SCHEMA: i64 = 2;

/// A column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// 64 bits with a sign.
    Int,
    /// UTF-8.
    Text,
}

/// A value on its way to or from a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Of [`Type::Int`].
    Int(i64),
    /// Of [`Type::Text`].
    Text(&'a str),
}

/// A table of a run's content.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Names of its columns beyond day and settlement id; those that begin with `text:` are texts.
    pub columns: &'static [&'static str],
    /// How many of them belong to the key.
    pub key: usize,
    /// A run's rows, in the order of the key.
    pub(crate) rows: fn(&DayResult, &mut Take<'_>) -> Result<(), StoreError>,
    /// Puts a row back.
    pub(crate) back: fn(&mut DayResult, &mut Fields<'_>) -> Result<(), StoreError>,
}

/// Who takes a table's rows.
pub(crate) type Take<'a> = dyn FnMut(&[Value<'_>]) -> Result<(), StoreError> + 'a;

impl Table {
    /// Columns beyond day and settlement id, with their types.
    pub fn columns(&self) -> impl Iterator<Item = (&'static str, Type)> {
        self.columns.iter().map(|column| match column.strip_prefix("text:") {
            Some(name) => (name, Type::Text),
            None => (*column, Type::Int),
        })
    }
}

macro_rules! figures {
    ($before:literal) => {
        [
            concat!($before, "profit"),
            concat!($before, "premium"),
            concat!($before, "margin"),
            concat!($before, "fee_transaction"),
            concat!($before, "fee_submission"),
            concat!($before, "fee_settlement"),
            concat!($before, "fee_delivery"),
            concat!($before, "fee_transfer"),
            concat!($before, "delivery_payment"),
        ]
    };
}

const FIGURES: [&str; 9] = figures!("");
const OWN: [&str; 9] = figures!("own_");
const BROKERAGE: [&str; 9] = figures!("brokerage_");

const DELIVERY: [&str; 12] = [
    "place",
    "instrument",
    "seller_account",
    "text:seller_hedge",
    "buyer_account",
    "text:buyer_hedge",
    "lots",
    "price",
    "bond",
    "text:how_far",
    "interest",
    "invoice",
];

/// One list after the other.
const fn joined<const N: usize>(lists: &[&[&'static str]]) -> [&'static str; N] {
    let (mut all, mut place, mut list) = ([""; N], 0, 0);
    while list < lists.len() {
        let mut item = 0;
        while item < lists[list].len() {
            all[place] = lists[list][item];
            (place, item) = (place + 1, item + 1);
        }
        list += 1;
    }
    assert!(place == N);
    all
}

/// A run's content: names first, so that what is read back finds its places.
pub const TABLES: [Table; 15] = [
    Table {
        name: "products",
        columns: &["place", "text:product", "margin_group", "large_side", "seller_factor", "seller_safety"],
        key: 1,
        rows: terms::products,
        back: terms::product_back,
    },
    Table {
        name: "instruments",
        columns: &[
            "place",
            "text:instrument",
            "product",
            "text:kind",
            "strike",
            "multiplier",
            "margin_long",
            "margin_short",
            "previous_settlement",
            "expires",
            "settlement",
            "underlying",
        ],
        key: 1,
        rows: terms::instruments,
        back: terms::instrument_back,
    },
    Table {
        name: "members",
        columns: &joined::<30>(&[
            &["place", "text:participant", "text:short_name", "clearing", "previous_reserve", "previous_margin"],
            &["deposited", "withdrawn", "minimum_reserve", "collateral", "haircut", "previous_collateral"],
            &OWN,
            &BROKERAGE,
        ]),
        key: 1,
        rows: terms::members,
        back: terms::member_back,
    },
    Table {
        name: "accounts",
        columns: &joined::<16>(&[
            &["place", "text:client", "member", "client_number", "own", "nets", "has_rows"],
            &FIGURES,
        ]),
        key: 1,
        rows: terms::accounts,
        back: terms::account_back,
    },
    Table { name: "users", columns: &["place", "text:user_id"], key: 1, rows: terms::users, back: terms::user_back },
    Table {
        name: "bonds",
        columns: &["place", "text:bond", "instrument", "factor", "coupon", "frequency", "last_coupon", "next_coupon"],
        key: 1,
        rows: terms::bonds,
        back: terms::bond_back,
    },
    Table {
        name: "fee_rules",
        columns: &["place", "product", "text:fee", "text:basis", "amount"],
        key: 1,
        rows: terms::fee_rules,
        back: terms::fee_rule_back,
    },
    Table {
        name: "waivers",
        columns: &[
            "place",
            "product",
            "text:fee",
            "member",
            "client_number",
            "valid_from",
            "valid_until",
            "beyond",
            "text:relief",
            "amount",
        ],
        key: 1,
        rows: terms::waivers,
        back: terms::waiver_back,
    },
    Table {
        name: "settings",
        columns: &["text:setting", "text:value"],
        key: 1,
        rows: terms::settings,
        back: terms::setting_back,
    },
    Table { name: "delivering", columns: &DELIVERY, key: 1, rows: figures::delivering, back: figures::delivering_back },
    Table { name: "deliveries", columns: &DELIVERY, key: 1, rows: figures::deliveries, back: figures::delivery_back },
    Table {
        name: "one_sided",
        columns: &["place", "instrument", "text:side"],
        key: 1,
        rows: figures::one_sided,
        back: figures::one_sided_back,
    },
    Table {
        name: "rows",
        columns: &joined::<38>(&[
            &["account", "instrument", "text:hedge", "long_yesterday", "long_today", "short_yesterday", "short_today"],
            &["previous_long", "previous_short", "bought_lots", "bought_amount", "sold_lots", "sold_amount"],
            &["premium_so_far", "bought_to_open", "sold_to_open", "trade_fees", "waived", "closed_today"],
            &["profit", "premium", "margin_long", "margin_short"],
            &["fee_transaction", "fee_submission", "fee_settlement", "fee_delivery", "fee_transfer"],
            &["long", "short", "delivered", "is_end", "netted", "moved_long", "moved_short", "moved"],
            &["exercised", "assigned"],
        ]),
        key: 3,
        rows: figures::rows,
        back: figures::row_back,
    },
    Table {
        name: "funds",
        columns: &joined::<15>(&[&["member"], &FIGURES, &["reserve", "balance", "collateral", "call", "withdrawable"]]),
        key: 1,
        rows: figures::funds,
        back: figures::funds_back,
    },
    Table {
        name: "trades",
        columns: &[
            "number",
            "text:trade_id",
            "text:order_sys_id",
            "user_place",
            "time",
            "account",
            "instrument",
            "text:hedge",
            "text:side",
            "text:effect",
            "price",
            "lots",
        ],
        key: 1,
        rows: figures::trades,
        back: figures::trade_back,
    },
];
