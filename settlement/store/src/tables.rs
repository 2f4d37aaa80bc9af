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
//! | `delivering`, `deliveries` | delivery under way as the day began, and as it ended; bond -1: not named yet |
//! | `one_sided` | instrument whose last five minutes were |
//! | `rows` | position row: what it began with, traded and came to |
//! | `funds` | clearing member |
//! | `trades` | side of a trade, in the order of the log |
//!
//! A trading code without rows has no figures (`has_rows` 0). `amount` columns are Σ price x lots without the multiplier.

use crate::StoreError;
use settlement::account::{Figures, Funds, MemberFigures};
use settlement::amount::Total;
use settlement::batch::SettledRow;
use settlement::delivery::{BondIndex, Deliverable, Delivery, DeliveryDay};
use settlement::market::{Account, AccountIndex, Instrument, InstrumentIndex, Kind, Member, MemberIndex};
use settlement::market::{Product, ProductIndex};
use settlement::result::{DayResult, MemberName, TradeLine};
use settlement::row::{AtEnd, Effect, Leg, Row, RowFigures, RowKey, Side};
use settlement::rules::closing::{Close, Held};
use settlement::rules::delivery::ConversionFactor;
use settlement::rules::fee::Fees;
use settlement::rules::margin::{Right, SellerTerms};
use settlement::rules::market::OneSided;
use settlement::rules::profit::{DayOf, Traded};
use settlement::{Money, Price, Rate};

/// The schema's version: another one is not opened.
pub const SCHEMA: i64 = 1;

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
pub const TABLES: [Table; 12] = [
    Table {
        name: "products",
        columns: &["place", "text:product", "margin_group", "large_side", "seller_factor", "seller_safety"],
        key: 1,
        rows: products,
        back: product_back,
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
        rows: instruments,
        back: instrument_back,
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
        rows: members,
        back: member_back,
    },
    Table {
        name: "accounts",
        columns: &joined::<16>(&[
            &["place", "text:client", "member", "client_number", "own", "nets", "has_rows"],
            &FIGURES,
        ]),
        key: 1,
        rows: accounts,
        back: account_back,
    },
    Table { name: "users", columns: &["place", "text:user_id"], key: 1, rows: users, back: user_back },
    Table {
        name: "bonds",
        columns: &["place", "text:bond", "instrument", "factor", "coupon", "frequency", "last_coupon", "next_coupon"],
        key: 1,
        rows: bonds,
        back: bond_back,
    },
    Table { name: "delivering", columns: &DELIVERY, key: 1, rows: delivering, back: delivering_back },
    Table { name: "deliveries", columns: &DELIVERY, key: 1, rows: deliveries, back: delivery_back },
    Table {
        name: "one_sided",
        columns: &["place", "instrument", "text:side"],
        key: 1,
        rows: one_sided,
        back: one_sided_back,
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
        rows,
        back: row_back,
    },
    Table {
        name: "funds",
        columns: &joined::<15>(&[&["member"], &FIGURES, &["reserve", "balance", "collateral", "call", "withdrawable"]]),
        key: 1,
        rows: funds,
        back: funds_back,
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
        rows: trades,
        back: trade_back,
    },
];

/// A row's values as they are put down.
struct Line<'a> {
    table: &'static str,
    values: Vec<Value<'a>>,
}

impl<'a> Line<'a> {
    fn of(table: &'static str) -> Self {
        Line { table, values: Vec::with_capacity(40) }
    }

    fn int(&mut self, what: &'static str, value: impl TryInto<i64>) -> Result<(), StoreError> {
        let value = value.try_into().map_err(|_| StoreError::Refused { table: self.table, what })?;
        self.values.push(Value::Int(value));
        Ok(())
    }

    fn small<T: Into<i64>>(&mut self, value: T) {
        self.values.push(Value::Int(value.into()));
    }

    /// Zero bytes are of no text in PostgreSQL.
    fn text(&mut self, what: &'static str, value: &'a str) -> Result<(), StoreError> {
        if value.contains('\0') {
            return Err(StoreError::Refused { table: self.table, what });
        }
        self.values.push(Value::Text(value));
        Ok(())
    }

    fn bytes(&mut self, what: &'static str, value: &'a [u8]) -> Result<(), StoreError> {
        let refused = StoreError::Refused { table: self.table, what };
        self.text(what, std::str::from_utf8(value).map_err(|_| refused)?)
    }

    fn money(&mut self, all: &[Money]) {
        self.values.extend(all.iter().map(|money| Value::Int(money.0)));
    }

    fn figures(&mut self, figures: &Figures) {
        self.money(&[figures.profit, figures.premium, figures.margin]);
        self.fees(&figures.fees);
        self.money(&[figures.delivery]);
    }

    fn fees(&mut self, fees: &Fees) {
        self.money(&[fees.transaction, fees.submission, fees.settlement, fees.delivery, fees.transfer]);
    }
}

/// A row's values as they are read.
pub(crate) struct Fields<'a> {
    pub(crate) table: &'static str,
    pub(crate) values: std::slice::Iter<'a, Value<'a>>,
}

impl<'a> Fields<'a> {
    fn damaged(&self, what: &'static str) -> StoreError {
        StoreError::Damaged { table: self.table, what }
    }

    pub(crate) fn int<T: TryFrom<i64>>(&mut self, what: &'static str) -> Result<T, StoreError> {
        match self.values.next() {
            Some(Value::Int(value)) => T::try_from(*value).map_err(|_| self.damaged(what)),
            _ => Err(self.damaged(what)),
        }
    }

    pub(crate) fn text(&mut self, what: &'static str) -> Result<&'a str, StoreError> {
        match self.values.next() {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(self.damaged(what)),
        }
    }

    fn flag(&mut self, what: &'static str) -> Result<bool, StoreError> {
        match self.int::<u8>(what)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.damaged(what)),
        }
    }

    fn money(&mut self, what: &'static str) -> Result<Money, StoreError> {
        self.int(what).map(Money)
    }

    fn price(&mut self, what: &'static str) -> Result<Price, StoreError> {
        self.int(what).map(Price)
    }

    fn rate(&mut self, what: &'static str) -> Result<Rate, StoreError> {
        self.int(what).map(Rate)
    }

    fn total(&mut self, what: &'static str) -> Result<Total, StoreError> {
        self.int::<i64>(what).map(|parts| Total(parts.into()))
    }

    fn traded(&mut self, what: &'static str) -> Result<Traded, StoreError> {
        Ok(Traded { lots: self.int(what)?, amount: self.int::<i64>(what)?.into() })
    }

    /// The next place of a list: what is missing before it would move all names.
    fn place(&mut self, next: usize) -> Result<(), StoreError> {
        let place: usize = self.int("place")?;
        if place == next { Ok(()) } else { Err(self.damaged("place")) }
    }

    pub(crate) fn figures(&mut self) -> Result<Figures, StoreError> {
        Ok(Figures {
            profit: self.money("profit")?,
            premium: self.money("premium")?,
            margin: self.money("margin")?,
            fees: self.fees()?,
            delivery: self.money("delivery_payment")?,
        })
    }

    fn fees(&mut self) -> Result<Fees, StoreError> {
        Ok(Fees {
            transaction: self.money("fee_transaction")?,
            submission: self.money("fee_submission")?,
            settlement: self.money("fee_settlement")?,
            delivery: self.money("fee_delivery")?,
            transfer: self.money("fee_transfer")?,
        })
    }

    pub(crate) fn funds(&mut self) -> Result<Funds, StoreError> {
        Ok(Funds {
            figures: self.figures()?,
            reserve: self.money("reserve")?,
            balance: self.money("balance")?,
            collateral: self.money("collateral")?,
            call: self.money("call")?,
            withdrawable: self.money("withdrawable")?,
        })
    }

    fn held(&mut self, what: &'static str) -> Result<Held, StoreError> {
        Ok(Held { yesterday: self.int(what)?, today: self.int(what)? })
    }

    fn key(&mut self) -> Result<RowKey, StoreError> {
        let (account, instrument) = (AccountIndex(self.int("account")?), InstrumentIndex(self.int("instrument")?));
        Ok(RowKey { account, instrument, hedge: self.hedge()? })
    }

    fn hedge(&mut self) -> Result<u8, StoreError> {
        let &[hedge] = self.text("hedge")?.as_bytes() else { return Err(self.damaged("hedge")) };
        Ok(hedge)
    }

    fn padded<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], StoreError> {
        let text = self.text(what)?.as_bytes();
        let mut padded = [b' '; N];
        padded.get_mut(..text.len()).ok_or(self.damaged(what))?.copy_from_slice(text);
        Ok(padded)
    }
}

fn products(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    for (place, (name, product)) in result.names.products.iter().zip(&result.market.products).enumerate() {
        let mut line = Line::of("products");
        line.int("place", place)?;
        line.text("product", name)?;
        line.small(product.group);
        line.small(product.large_side);
        line.small(product.seller.factor.0);
        line.small(product.seller.safety.0);
        take(&line.values)?;
    }
    Ok(())
}

fn product_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    fields.place(result.market.products.len())?;
    result.names.products.push(fields.text("product")?.into());
    let (group, large_side) = (fields.int("margin_group")?, fields.flag("large_side")?);
    let seller = SellerTerms { factor: fields.rate("seller_factor")?, safety: fields.rate("seller_safety")? };
    result.market.products.push(Product { group, large_side, seller });
    Ok(())
}

fn instruments(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    for (place, (name, instrument)) in result.names.instruments.iter().zip(&result.market.instruments).enumerate() {
        let mut line = Line::of("instruments");
        line.int("place", place)?;
        line.text("instrument", name)?;
        line.small(instrument.product.0);
        let (kind, strike) = match instrument.kind {
            Kind::CashFuture => ("cash-future", 0),
            Kind::BondFuture => ("bond-future", 0),
            Kind::Option { right: Right::Call, strike } => ("call", strike.0),
            Kind::Option { right: Right::Put, strike } => ("put", strike.0),
        };
        line.text("kind", kind)?;
        line.small(strike);
        line.small(instrument.multiplier);
        line.small(instrument.margin_long.0);
        line.small(instrument.margin_short.0);
        line.small(instrument.previous_settlement.0);
        line.small(instrument.expires);
        line.small(instrument.settlement.0);
        line.small(instrument.underlying.0);
        take(&line.values)?;
    }
    Ok(())
}

fn instrument_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    fields.place(result.market.instruments.len())?;
    result.names.instruments.push(fields.text("instrument")?.into());
    let product = ProductIndex(fields.int("product")?);
    let (kind, strike) = (fields.text("kind")?, fields.price("strike")?);
    let kind = match kind {
        "cash-future" => Kind::CashFuture,
        "bond-future" => Kind::BondFuture,
        "call" => Kind::Option { right: Right::Call, strike },
        "put" => Kind::Option { right: Right::Put, strike },
        _ => return Err(fields.damaged("kind")),
    };
    result.market.instruments.push(Instrument {
        product,
        kind,
        multiplier: fields.int("multiplier")?,
        margin_long: fields.rate("margin_long")?,
        margin_short: fields.rate("margin_short")?,
        previous_settlement: fields.price("previous_settlement")?,
        expires: fields.flag("expires")?,
        settlement: fields.price("settlement")?,
        underlying: fields.price("underlying")?,
    });
    Ok(())
}

fn members(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    let figures = result.settled.members.iter().zip(&result.market.members);
    for (place, (name, (figures, member))) in result.names.members.iter().zip(figures).enumerate() {
        let mut line = Line::of("members");
        line.int("place", place)?;
        line.text("participant", &name.id)?;
        line.text("short_name", &name.short)?;
        line.small(member.clearing.0);
        line.money(&[member.previous_reserve, member.previous_margin, member.deposited, member.withdrawn]);
        line.money(&[member.minimum_reserve, member.collateral]);
        line.small(member.haircut.0);
        line.money(&[member.previous_collateral]);
        line.figures(&figures.own);
        line.figures(&figures.brokerage);
        take(&line.values)?;
    }
    Ok(())
}

fn member_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    fields.place(result.market.members.len())?;
    let (id, short) = (fields.text("participant")?.into(), fields.text("short_name")?.into());
    result.names.members.push(MemberName { id, short });
    result.market.members.push(Member {
        clearing: MemberIndex(fields.int("clearing")?),
        previous_reserve: fields.money("previous_reserve")?,
        previous_margin: fields.money("previous_margin")?,
        deposited: fields.money("deposited")?,
        withdrawn: fields.money("withdrawn")?,
        minimum_reserve: fields.money("minimum_reserve")?,
        collateral: fields.money("collateral")?,
        haircut: fields.rate("haircut")?,
        previous_collateral: fields.money("previous_collateral")?,
    });
    let figures = MemberFigures { own: fields.figures()?, brokerage: fields.figures()? };
    result.settled.members.push(figures);
    result.settled.funds.push(None);
    Ok(())
}

fn accounts(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    let mut figures = result.settled.accounts.iter().peekable();
    for (place, (client, account)) in result.names.accounts.iter().zip(&result.market.accounts).enumerate() {
        let own = figures.next_if(|(index, _)| index.0 as usize == place);
        let mut line = Line::of("accounts");
        line.int("place", place)?;
        line.text("client", client)?;
        line.small(account.member.0);
        line.small(account.client);
        line.small(account.own);
        line.small(account.nets);
        line.small(own.is_some());
        line.figures(&own.map_or_else(Figures::default, |(_, figures)| *figures));
        take(&line.values)?;
    }
    // Figures of what has no name, or out of order.
    if figures.next().is_some() { Err(StoreError::Refused { table: "accounts", what: "place" }) } else { Ok(()) }
}

fn account_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    let place = result.market.accounts.len();
    fields.place(place)?;
    result.names.accounts.push(fields.text("client")?.into());
    result.market.accounts.push(Account {
        member: MemberIndex(fields.int("member")?),
        client: fields.int("client_number")?,
        own: fields.flag("own")?,
        nets: fields.flag("nets")?,
    });
    let has_rows = fields.flag("has_rows")?;
    let figures = fields.figures()?;
    if has_rows {
        result.settled.accounts.push((AccountIndex(place as u32), figures));
    }
    Ok(())
}

fn users(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    for (place, user) in result.names.users.iter().enumerate() {
        let mut line = Line::of("users");
        line.int("place", place)?;
        line.text("user_id", user)?;
        take(&line.values)?;
    }
    Ok(())
}

fn user_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    fields.place(result.names.users.len())?;
    result.names.users.push(fields.text("user_id")?.into());
    Ok(())
}

fn bonds(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    for (place, (name, bond)) in result.names.bonds.iter().zip(&result.market.deliverables).enumerate() {
        let mut line = Line::of("bonds");
        line.int("place", place)?;
        line.text("bond", name)?;
        line.small(bond.instrument.0);
        line.small(bond.factor.0);
        line.small(bond.coupon.0);
        line.small(bond.frequency);
        line.small(bond.last_coupon);
        line.small(bond.next_coupon);
        take(&line.values)?;
    }
    Ok(())
}

fn bond_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    fields.place(result.market.deliverables.len())?;
    result.names.bonds.push(fields.text("bond")?.into());
    result.market.deliverables.push(Deliverable {
        instrument: InstrumentIndex(fields.int("instrument")?),
        factor: ConversionFactor(fields.int("factor")?),
        coupon: fields.rate("coupon")?,
        frequency: fields.int("frequency")?,
        last_coupon: fields.int("last_coupon")?,
        next_coupon: fields.int("next_coupon")?,
    });
    Ok(())
}

fn delivering(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    each_delivery("delivering", &result.market.delivering, take)
}

fn delivering_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    fields.place(result.market.delivering.len())?;
    result.market.delivering.push(delivery(fields)?);
    Ok(())
}

fn deliveries(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    each_delivery("deliveries", &result.settled.deliveries, take)
}

fn delivery_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    fields.place(result.settled.deliveries.len())?;
    result.settled.deliveries.push(delivery(fields)?);
    Ok(())
}

/// A bond that is not named yet is -1.
fn each_delivery(table: &'static str, all: &[Delivery], take: &mut Take<'_>) -> Result<(), StoreError> {
    for (place, delivery) in all.iter().enumerate() {
        let Delivery { instrument, seller, buyer, lots, price, bond, day, interest, invoice } = delivery;
        if seller.instrument != *instrument || buyer.instrument != *instrument {
            return Err(StoreError::Refused { table, what: "instrument" });
        }
        let mut line = Line::of(table);
        line.int("place", place)?;
        line.small(instrument.0);
        line.small(seller.account.0);
        line.bytes("seller_hedge", std::slice::from_ref(&seller.hedge))?;
        line.small(buyer.account.0);
        line.bytes("buyer_hedge", std::slice::from_ref(&buyer.hedge))?;
        line.small(*lots);
        line.small(price.0);
        line.small(bond.map_or(-1, |bond| i64::from(bond.0)));
        let how_far = match day {
            DeliveryDay::Entered => "entered",
            DeliveryDay::Bonds => "bonds",
            DeliveryDay::Payment => "payment",
            DeliveryDay::Receipt => "receipt",
        };
        line.text("how_far", how_far)?;
        line.small(*interest);
        line.money(&[*invoice]);
        take(&line.values)?;
    }
    Ok(())
}

fn delivery(fields: &mut Fields<'_>) -> Result<Delivery, StoreError> {
    let instrument = InstrumentIndex(fields.int("instrument")?);
    let mut key = || {
        let account = AccountIndex(fields.int("account")?);
        Ok(RowKey { account, instrument, hedge: fields.hedge()? })
    };
    let (seller, buyer) = (key()?, key()?);
    let (lots, price) = (fields.int("lots")?, fields.price("price")?);
    let bond = match fields.int::<i32>("bond")? {
        -1 => None,
        bond => Some(BondIndex(u16::try_from(bond).map_err(|_| fields.damaged("bond"))?)),
    };
    let day = match fields.text("how_far")? {
        "entered" => DeliveryDay::Entered,
        "bonds" => DeliveryDay::Bonds,
        "payment" => DeliveryDay::Payment,
        "receipt" => DeliveryDay::Receipt,
        _ => return Err(fields.damaged("how_far")),
    };
    let (interest, invoice) = (fields.int("interest")?, fields.money("invoice")?);
    Ok(Delivery { instrument, seller, buyer, lots, price, bond, day, interest, invoice })
}

fn one_sided(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    for (place, (instrument, which)) in result.settled.one_sided.iter().enumerate() {
        let mut line = Line::of("one_sided");
        line.int("place", place)?;
        line.small(instrument.0);
        line.text("side", if *which == OneSided::Up { "up" } else { "down" })?;
        take(&line.values)?;
    }
    Ok(())
}

fn one_sided_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    fields.place(result.settled.one_sided.len())?;
    let instrument = InstrumentIndex(fields.int("instrument")?);
    let which = match fields.text("side")? {
        "up" => OneSided::Up,
        "down" => OneSided::Down,
        _ => return Err(fields.damaged("side")),
    };
    result.settled.one_sided.push((instrument, which));
    Ok(())
}

fn rows(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    for SettledRow { key, row, at_end, figures } in &result.settled.rows {
        let mut line = Line::of("rows");
        line.small(key.account.0);
        line.small(key.instrument.0);
        line.bytes("hedge", std::slice::from_ref(&key.hedge))?;
        for lots in [row.long.yesterday, row.long.today, row.short.yesterday, row.short.today] {
            line.small(lots);
        }
        line.int("previous_long", row.day.previous_long)?;
        line.int("previous_short", row.day.previous_short)?;
        line.int("bought_lots", row.day.bought.lots)?;
        line.int("bought_amount", row.day.bought.amount)?;
        line.int("sold_lots", row.day.sold.lots)?;
        line.int("sold_amount", row.day.sold.amount)?;
        line.int("premium_so_far", row.premium.0)?;
        line.int("bought_to_open", row.bought_to_open)?;
        line.int("sold_to_open", row.sold_to_open)?;
        line.int("trade_fees", row.trade_fees.0)?;
        line.int("waived", row.waived.0)?;
        line.int("closed_today", row.closed_today)?;
        line.money(&[figures.profit, figures.premium, figures.margin_long, figures.margin_short]);
        line.fees(&figures.fees);
        for lots in [figures.long, figures.short, figures.delivered] {
            line.small(lots);
        }
        line.small(at_end.is_end);
        line.small(at_end.netted);
        line.small(at_end.moved_long);
        line.small(at_end.moved_short);
        line.small(at_end.moved);
        line.small(at_end.exercised);
        line.small(at_end.assigned);
        take(&line.values)?;
    }
    Ok(())
}

fn row_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    let key = fields.key()?;
    let (long, short) = (fields.held("long")?, fields.held("short")?);
    let day = DayOf {
        previous_long: fields.int("previous_long")?,
        previous_short: fields.int("previous_short")?,
        bought: fields.traded("bought")?,
        sold: fields.traded("sold")?,
    };
    let row = Row {
        long,
        short,
        day,
        premium: fields.total("premium_so_far")?,
        bought_to_open: fields.int("bought_to_open")?,
        sold_to_open: fields.int("sold_to_open")?,
        trade_fees: fields.total("trade_fees")?,
        waived: fields.total("waived")?,
        closed_today: fields.int("closed_today")?,
    };
    let figures = RowFigures {
        profit: fields.money("profit")?,
        premium: fields.money("premium")?,
        margin_long: fields.money("margin_long")?,
        margin_short: fields.money("margin_short")?,
        fees: fields.fees()?,
        long: fields.int("long")?,
        short: fields.int("short")?,
        delivered: fields.int("delivered")?,
    };
    let at_end = AtEnd {
        is_end: fields.flag("is_end")?,
        netted: fields.int("netted")?,
        moved_long: fields.int("moved_long")?,
        moved_short: fields.int("moved_short")?,
        moved: fields.int("moved")?,
        exercised: fields.int("exercised")?,
        assigned: fields.int("assigned")?,
    };
    result.settled.rows.push(SettledRow { key, row, at_end, figures });
    Ok(())
}

fn funds(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    for (member, funds) in result.settled.funds.iter().enumerate() {
        let Some(funds) = funds else { continue };
        let mut line = Line::of("funds");
        line.int("member", member)?;
        line.figures(&funds.figures);
        line.money(&[funds.reserve, funds.balance, funds.collateral, funds.call, funds.withdrawable]);
        take(&line.values)?;
    }
    Ok(())
}

fn funds_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    let member: usize = fields.int("member")?;
    let funds = fields.funds()?;
    *result.settled.funds.get_mut(member).ok_or(fields.damaged("member"))? = Some(funds);
    Ok(())
}

fn trades(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    for (number, TradeLine { trade_id, order_sys_id, user, time, leg }) in result.trades.iter().enumerate() {
        let mut line = Line::of("trades");
        line.int("number", number)?;
        line.bytes("trade_id", trade_id.trim_ascii_end())?;
        line.bytes("order_sys_id", order_sys_id.trim_ascii_end())?;
        line.small(*user);
        line.int("time", *time)?;
        line.small(leg.row.account.0);
        line.small(leg.row.instrument.0);
        line.bytes("hedge", std::slice::from_ref(&leg.row.hedge))?;
        line.text("side", if leg.side == Side::Buy { "buy" } else { "sell" })?;
        let effect = match leg.effect {
            Effect::Open => "open",
            Effect::Close(Close::Any) => "close",
            Effect::Close(Close::Today) => "close-today",
            Effect::Close(Close::Yesterday) => "close-yesterday",
        };
        line.text("effect", effect)?;
        line.small(leg.price.0);
        line.small(leg.lots);
        take(&line.values)?;
    }
    Ok(())
}

fn trade_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    fields.place(result.trades.len())?;
    let (trade_id, order_sys_id) = (fields.padded("trade_id")?, fields.padded("order_sys_id")?);
    let (user, time, row) = (fields.int("user_place")?, fields.int("time")?, fields.key()?);
    let side = match fields.text("side")? {
        "buy" => Side::Buy,
        "sell" => Side::Sell,
        _ => return Err(fields.damaged("side")),
    };
    let effect = match fields.text("effect")? {
        "open" => Effect::Open,
        "close" => Effect::Close(Close::Any),
        "close-today" => Effect::Close(Close::Today),
        "close-yesterday" => Effect::Close(Close::Yesterday),
        _ => return Err(fields.damaged("effect")),
    };
    let leg = Leg { row, side, effect, price: fields.price("price")?, lots: fields.int("lots")? };
    result.trades.push(TradeLine { trade_id, order_sys_id, user, time, leg });
    Ok(())
}
