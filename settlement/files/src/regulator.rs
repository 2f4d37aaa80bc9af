//! The regulator's upload set: a text file of each kind and member, `<member><kind><yyyymmdd>.txt`, in GBK; fields are separated by `@`, lines end
//! with CR LF, there is no head line. A kind of which a member has nothing is an empty file.
//!
//! The public sources name the kinds, not their columns. Programs in the wild read some by place: trade id, instrument, side, lots, price, amount,
//! time, offset, profit, fee, client, order and user of `trddata` (2 to 9, 11, 13, 14, 17, 18), instrument, side, lots, margin, profit, settlement price
//! and client of `holddata` (2, 3, 5, 6, 7, 11, 12), reserve, previous balance, balance and profit of `cusfund` (3, 6, 8, 10), the amount of `fundchg`
//! (2), item and amount of `otherfund` (3, 4), price, amount and fee of `delivdetails` (6, 8, 9), the settlement price of `liquiddetails` (9). Those stand
//! there; the others are our choice. What a regulator asks for otherwise is a change here alone.
//!
//! | kind | columns, from 0 |
//! |---|---|
//! | customer | date unit client kind |
//! | cuscode | date unit client code kind |
//! | cusaccount | date account kind currency |
//! | cusfund | date account currency reserve premium fees previous collateral balance margin profit minimum call withdrawable delivery |
//! | fundchg | date account amount currency |
//! | trddata | date account trade instrument side lots price amount time offset hedge profit settlement fee client previous multiplier order user |
//! | holddata | date account instrument side hedge lots margin profit previous carried product settlement client |
//! | otherfund | date account currency item amount |
//! | liquiddetails | date account instrument trade side lots price closes previous settlement hedge client |
//! | holddetails | date account instrument side hedge yesterday today previous settlement multiplier client |
//! | delivdetails | date account instrument side lots hedge price stage amount fee client bond |
//! | opttrddata | date account trade instrument side lots price amount time offset hedge right strike product client previous multiplier order user |
//! | optholddata | date account instrument side hedge lots margin value previous carried product settlement client right strike |
//! | optexerdata | date account instrument side lots hedge price strike amount fee client right |
//!
//! date is yyyy-mm-dd; unit and account the member's id; client the client number over all members; kind 自营 or 经纪; side B or S; offset O (opens)
//! or L (closes); closes T (today's lots), Y (yesterday's) or A (by setting); right C or P; hedge the log's flag. profit of a trade is what it gains at the
//! day's settlement price, profit of a position what the carried lots gained since the day before: together they are the daily profit and loss
//! of futures. Fees are charged by row and day, not by trade: `fee` of a trade is `-`. holddetails are lots as trading left them, before netting,
//! transfers and delivery. `otherfund` has the items of `members::MONEY_TYPES` that are not zero, fees as paid, below zero. stage is cash, or
//! how far a delivery of bonds is (entered, bonds, payment, receipt); a row's fee stands once, on its first line; amount is the worth of the lots,
//! from payment on the invoice. A member whom another clears has no funds.

use crate::day::{Day, id, time_of_day};
use crate::dbf::push_gbk;
use crate::error::{FileError, Why};
use crate::members::{self, MONEY_TYPES, Take};
use crate::table::{Cell, push_cell};
use settlement::batch::SettledRow;
use settlement::delivery::DeliveryDay;
use settlement::market::{Instrument, Kind, MemberIndex};
use settlement::result::TradeLine;
use settlement::row::{Effect, RowKey, Side};
use settlement::rules::closing::Close;
use settlement::rules::margin::Right;
use settlement::rules::option;
use settlement::{Money, Overflow, Price};
use std::collections::BTreeSet;
use std::path::Path;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its name.
    pub kind: &'static str,
    /// Its columns.
    pub columns: &'static [&'static str],
}

macro_rules! uploads {
    ($($kind:ident: $($column:ident)*;)*) => {
        /// Every kind, with its columns.
        pub const UPLOADS: &[Upload] = &[$(Upload { kind: stringify!($kind), columns: &[$(stringify!($column)),*] }),*];
    };
}

uploads! {
    customer: date unit client kind;
    cuscode: date unit client code kind;
    cusaccount: date account kind currency;
    cusfund: date account currency reserve premium fees previous collateral balance margin profit minimum call withdrawable delivery;
    fundchg: date account amount currency;
    trddata: date account trade instrument side lots price amount time offset hedge profit settlement fee client previous multiplier order user;
    holddata: date account instrument side hedge lots margin profit previous carried product settlement client;
    otherfund: date account currency item amount;
    liquiddetails: date account instrument trade side lots price closes previous settlement hedge client;
    holddetails: date account instrument side hedge yesterday today previous settlement multiplier client;
    delivdetails: date account instrument side lots hedge price stage amount fee client bond;
    opttrddata: date account trade instrument side lots price amount time offset hedge right strike product client previous multiplier order user;
    optholddata: date account instrument side hedge lots margin value previous carried product settlement client right strike;
    optexerdata: date account instrument side lots hedge price strike amount fee client right;
}

/// A member's file of a kind: its bytes, and how many lines it has. `file` is what errors name.
pub(crate) fn file(
    upload: &Upload,
    day: &Day<'_>,
    member: MemberIndex,
    file: &Path,
) -> Result<(Vec<u8>, u64), FileError> {
    let (mut bytes, mut lines) = (Vec::new(), 0u64);
    let member = Member { day, index: member, date: date(day.result.head.day), file };
    member.rows(upload.kind, &mut |cells| {
        assert_eq!(cells.len(), upload.columns.len(), "a cell for each column of {}", upload.kind);
        lines += 1;
        for (place, (cell, column)) in cells.iter().zip(upload.columns).enumerate() {
            if place > 0 {
                bytes.push(b'@');
            }
            match cell {
                Cell::Text(text) if text.contains('@') => Err(Why::Character((*text).into())),
                Cell::Text(text) => push_gbk(&mut bytes, text),
                cell => {
                    push_cell(&mut bytes, *cell);
                    Ok(())
                }
            }
            .map_err(|why| FileError::of(file, why).at(lines, column))?;
        }
        bytes.extend_from_slice(b"\r\n");
        Ok(())
    })?;
    Ok((bytes, lines))
}

fn date(day: u32) -> String {
    format!("{:04}-{:02}-{:02}", day / 10_000, day / 100 % 100, day % 100)
}

/// Whose file it is, and what its lines need.
struct Member<'d, 'a> {
    day: &'d Day<'a>,
    index: MemberIndex,
    date: String,
    file: &'d Path,
}

/// One side of a position.
struct Held {
    side: &'static str,
    is_long: bool,
    lots: u32,
    margin: Money,
    carried: u64,
    yesterday: u32,
    today: u32,
}

impl<'a> Member<'_, 'a> {
    fn rows(&self, kind: &str, take: &mut Take<'_>) -> Result<(), FileError> {
        match kind {
            "customer" | "cuscode" => self.codes(kind == "customer", take),
            "cusaccount" | "cusfund" | "fundchg" | "otherfund" => self.funds(kind, take),
            "trddata" => self.trades(false, take),
            "opttrddata" => self.trades(true, take),
            "liquiddetails" => self.closed(take),
            "holddata" => self.held(false, take),
            "optholddata" => self.held(true, take),
            "holddetails" => self.details(take),
            "delivdetails" => self.delivered(take),
            _ => self.exercised(take),
        }
    }

    fn id(&self) -> &'a str {
        self.day.result.member(self.index)
    }

    fn fault(&self, why: Why) -> FileError {
        FileError::of(self.file, why)
    }

    fn overflow(&self) -> impl Fn(Overflow) -> FileError {
        let file = self.file;
        move |_| FileError::of(file, Why::Overflow)
    }

    fn text<'b>(&self, bytes: &'b [u8]) -> Result<Cell<'b>, FileError> {
        let text = id(bytes).ok_or_else(|| self.fault(Why::Character(String::from_utf8_lossy(bytes).into_owned())))?;
        Ok(Cell::Text(text))
    }

    fn codes(&self, is_by_client: bool, take: &mut Take<'_>) -> Result<(), FileError> {
        let result = self.day.result;
        let mut seen = BTreeSet::new();
        for (account, code) in result.market.accounts.iter().zip(&result.names.accounts) {
            if account.member != self.index || (is_by_client && !seen.insert((account.client, account.own))) {
                continue;
            }
            let kind = Cell::Text(if account.own { "自营" } else { "经纪" });
            let [date, unit] = [Cell::Text(&self.date), Cell::Text(self.id())];
            let client = Cell::Count(account.client.into());
            if is_by_client {
                take(&[date, unit, client, kind])?;
            } else {
                take(&[date, unit, client, Cell::Text(code), kind])?;
            }
        }
        Ok(())
    }

    fn funds(&self, kind: &str, take: &mut Take<'_>) -> Result<(), FileError> {
        let result = self.day.result;
        let Some(funds) = &result.settled.funds[usize::from(self.index.0)] else { return Ok(()) };
        let member = &result.market.members[usize::from(self.index.0)];
        let [date, account, currency] = [&self.date, self.id(), "CNY"].map(Cell::Text);
        let money = |money: Money| Cell::Decimal(money.0);
        let overflow = self.overflow();
        match kind {
            "cusaccount" => take(&[date, account, Cell::Text("结算 settlement"), currency]),
            "cusfund" => {
                let previous = member
                    .previous_reserve
                    .plus(member.previous_margin)
                    .and_then(|sum| sum.minus(member.previous_collateral))
                    .map_err(&overflow)?;
                let fees = funds.figures.fees.total().map_err(&overflow)?;
                take(&[
                    date,
                    account,
                    currency,
                    money(funds.reserve),
                    money(funds.figures.premium),
                    money(fees),
                    money(previous),
                    money(funds.collateral),
                    money(funds.balance),
                    money(funds.figures.margin),
                    money(funds.figures.profit),
                    money(member.minimum_reserve),
                    money(funds.call),
                    money(funds.withdrawable),
                    money(funds.figures.delivery),
                ])
            }
            "fundchg" => {
                for amount in [member.deposited, -member.withdrawn] {
                    if amount != Money::ZERO {
                        take(&[date, account, money(amount), currency])?;
                    }
                }
                Ok(())
            }
            _ => {
                for ((item, text), amount) in MONEY_TYPES.iter().zip(members::amounts(&funds.figures)) {
                    // Fees are what was paid.
                    let amount = if text.ends_with('费') { -amount } else { amount };
                    if amount != Money::ZERO {
                        take(&[date, account, currency, Cell::Text(item), money(amount)])?;
                    }
                }
                Ok(())
            }
        }
    }

    fn trades(&self, is_option: bool, take: &mut Take<'_>) -> Result<(), FileError> {
        let result = self.day.result;
        for trade in self.day.trades(self.index) {
            let terms = result.terms(trade.leg.row);
            if matches!(terms.kind, Kind::Option { .. }) != is_option {
                continue;
            }
            let amount = self.day.worth(&trade).map_err(self.overflow())?;
            let time = time_of_day(trade.time);
            let hedge = [trade.leg.row.hedge];
            let (right, strike) = right_and_strike(terms);
            let profit = if is_option { Money::ZERO } else { self.gain(&trade, terms)? };
            let behind = if is_option {
                [Cell::Text(right), Cell::Decimal(strike.0), Cell::Text(result.product(terms.product))]
            } else {
                [Cell::Decimal(profit.0), Cell::Decimal(terms.settlement.0), Cell::Unknown]
            };
            take(&[
                Cell::Text(&self.date),
                Cell::Text(self.id()),
                self.text(&trade.trade_id)?,
                Cell::Text(self.day.instrument(trade.leg.row.instrument)),
                Cell::Text(if trade.leg.side == Side::Buy { "B" } else { "S" }),
                Cell::Count(trade.leg.lots.into()),
                Cell::Decimal(trade.leg.price.0),
                Cell::Decimal(amount.0),
                Cell::Text(std::str::from_utf8(&time).expect("digits and colons")),
                Cell::Text(if trade.leg.effect == Effect::Open { "O" } else { "L" }),
                self.text(&hedge)?,
                behind[0],
                behind[1],
                behind[2],
                Cell::Text(result.client(trade.leg.row.account)),
                Cell::Decimal(terms.previous_settlement.0),
                Cell::Count(terms.multiplier.into()),
                self.text(&trade.order_sys_id)?,
                Cell::Text(&result.names.users[usize::from(trade.user)]),
            ])?;
        }
        Ok(())
    }

    /// What a trade gains at the day's settlement price.
    fn gain(&self, trade: &TradeLine, terms: &Instrument) -> Result<Money, FileError> {
        let points = i128::from(terms.settlement.0) - i128::from(trade.leg.price.0);
        let points = if trade.leg.side == Side::Buy { points } else { -points };
        Money::of(points * i128::from(terms.multiplier) * i128::from(trade.leg.lots)).map_err(self.overflow())
    }

    fn closed(&self, take: &mut Take<'_>) -> Result<(), FileError> {
        let result = self.day.result;
        for line in self.day.lines(self.index) {
            let terms = result.terms(line.leg.row);
            let Effect::Close(close) = line.leg.effect else { continue };
            if matches!(terms.kind, Kind::Option { .. }) {
                continue;
            }
            let hedge = [line.leg.row.hedge];
            take(&[
                Cell::Text(&self.date),
                Cell::Text(self.id()),
                Cell::Text(self.day.instrument(line.leg.row.instrument)),
                self.text(&line.trade_id)?,
                Cell::Text(if line.leg.side == Side::Buy { "B" } else { "S" }),
                Cell::Count(line.leg.lots.into()),
                Cell::Decimal(line.leg.price.0),
                Cell::Text(match close {
                    Close::Today => "T",
                    Close::Yesterday => "Y",
                    Close::Any => "A",
                }),
                Cell::Decimal(terms.previous_settlement.0),
                Cell::Decimal(terms.settlement.0),
                self.text(&hedge)?,
                Cell::Text(result.client(line.leg.row.account)),
            ])?;
        }
        Ok(())
    }

    /// Each side of each row of futures, or of options, that was or is held.
    fn sides(
        &self,
        is_option: bool,
        mut each: impl FnMut(&SettledRow, &Instrument, Held) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        for row in self.day.codes(self.index).flat_map(|code| code.rows) {
            let terms = self.day.result.terms(row.key);
            if matches!(terms.kind, Kind::Option { .. }) != is_option {
                continue;
            }
            let (own, figures) = (&row.row, &row.figures);
            let long = Held {
                side: "B",
                is_long: true,
                lots: figures.long,
                margin: figures.margin_long,
                carried: own.day.previous_long,
                yesterday: own.long.yesterday,
                today: own.long.today,
            };
            let short = Held {
                side: "S",
                is_long: false,
                lots: figures.short,
                margin: figures.margin_short,
                carried: own.day.previous_short,
                yesterday: own.short.yesterday,
                today: own.short.today,
            };
            for held in [long, short] {
                if u64::from(held.lots) + held.carried + u64::from(held.yesterday) + u64::from(held.today) > 0 {
                    each(row, terms, held)?;
                }
            }
        }
        Ok(())
    }

    fn held(&self, is_option: bool, take: &mut Take<'_>) -> Result<(), FileError> {
        let result = self.day.result;
        self.sides(is_option, |row, terms, held| {
            let amount = if is_option {
                Money::of(terms.settlement.worth(terms.multiplier, held.lots.into())).map_err(self.overflow())?
            } else {
                let points = i128::from(terms.settlement.0) - i128::from(terms.previous_settlement.0);
                let points = if held.is_long { points } else { -points };
                Money::of(points * i128::from(terms.multiplier) * i128::from(held.carried)).map_err(self.overflow())?
            };
            let hedge = [row.key.hedge];
            let (right, strike) = right_and_strike(terms);
            let cells = [
                Cell::Text(&self.date),
                Cell::Text(self.id()),
                Cell::Text(self.day.instrument(row.key.instrument)),
                Cell::Text(held.side),
                self.text(&hedge)?,
                Cell::Count(held.lots.into()),
                Cell::Decimal(held.margin.0),
                Cell::Decimal(amount.0),
                Cell::Decimal(terms.previous_settlement.0),
                Cell::Count(i64::try_from(held.carried).unwrap_or(i64::MAX)),
                Cell::Text(result.product(terms.product)),
                Cell::Decimal(terms.settlement.0),
                Cell::Text(result.client(row.key.account)),
                Cell::Text(right),
                Cell::Decimal(strike.0),
            ];
            take(if is_option { &cells } else { &cells[..13] })
        })
    }

    fn details(&self, take: &mut Take<'_>) -> Result<(), FileError> {
        self.sides(false, |row, terms, held| {
            if held.yesterday == 0 && held.today == 0 {
                return Ok(());
            }
            let hedge = [row.key.hedge];
            take(&[
                Cell::Text(&self.date),
                Cell::Text(self.id()),
                Cell::Text(self.day.instrument(row.key.instrument)),
                Cell::Text(held.side),
                self.text(&hedge)?,
                Cell::Count(held.yesterday.into()),
                Cell::Count(held.today.into()),
                Cell::Decimal(terms.previous_settlement.0),
                Cell::Decimal(terms.settlement.0),
                Cell::Count(terms.multiplier.into()),
                Cell::Text(self.day.result.client(row.key.account)),
            ])
        })
    }

    fn delivered(&self, take: &mut Take<'_>) -> Result<(), FileError> {
        let result = self.day.result;
        let mut line = |key: RowKey,
                        side: &str,
                        lots: u32,
                        price: Price,
                        stage: &str,
                        amount: Money,
                        fee: Money,
                        bond: Cell<'_>| {
            let hedge = [key.hedge];
            take(&[
                Cell::Text(&self.date),
                Cell::Text(self.id()),
                Cell::Text(self.day.instrument(key.instrument)),
                Cell::Text(side),
                Cell::Count(lots.into()),
                self.text(&hedge)?,
                Cell::Decimal(price.0),
                Cell::Text(stage),
                Cell::Decimal(amount.0),
                Cell::Decimal(fee.0),
                Cell::Text(result.client(key.account)),
                bond,
            ])
        };
        for row in self.day.codes(self.index).flat_map(|code| code.rows) {
            let Some((long, short)) = members::delivered(self.day, row) else { continue };
            let terms = result.terms(row.key);
            let stage = if terms.kind == Kind::CashFuture { "cash" } else { "entered" };
            let mut fee = row.figures.fees.delivery;
            for (side, lots) in [("B", long), ("S", short)] {
                if lots > 0 {
                    let amount =
                        Money::of(terms.settlement.worth(terms.multiplier, lots.into())).map_err(self.overflow())?;
                    line(row.key, side, lots, terms.settlement, stage, amount, fee, Cell::Unknown)?;
                    fee = Money::ZERO;
                }
            }
        }
        for delivery in &result.settled.deliveries {
            let stage = match delivery.day {
                // It stands among the rows.
                DeliveryDay::Entered => continue,
                DeliveryDay::Bonds => "bonds",
                DeliveryDay::Payment => "payment",
                DeliveryDay::Receipt => "receipt",
            };
            let bond = delivery.bond.and_then(|bond| result.names.bonds.get(usize::from(bond.0)));
            let bond = bond.map_or(Cell::Unknown, |name| Cell::Text(name));
            for (side, key) in [("B", delivery.buyer), ("S", delivery.seller)] {
                if result.member_of(key.account) == self.index {
                    let terms = result.terms(key);
                    let amount = if delivery.day == DeliveryDay::Bonds {
                        Money::of(delivery.price.worth(terms.multiplier, delivery.lots.into()))
                            .map_err(self.overflow())?
                    } else {
                        delivery.invoice
                    };
                    line(key, side, delivery.lots, delivery.price, stage, amount, Money::ZERO, bond)?;
                }
            }
        }
        Ok(())
    }

    fn exercised(&self, take: &mut Take<'_>) -> Result<(), FileError> {
        let result = self.day.result;
        for row in self.day.codes(self.index).flat_map(|code| code.rows) {
            let terms = result.terms(row.key);
            let Kind::Option { right, strike } = terms.kind else { continue };
            let mut fee = row.figures.fees.delivery;
            let hedge = [row.key.hedge];
            for (side, lots) in [("B", row.at_end.exercised), ("S", row.at_end.assigned)] {
                if lots == 0 {
                    continue;
                }
                let gain = option::exercise(right, strike, terms.underlying, terms.multiplier, lots)
                    .map_err(self.overflow())?;
                take(&[
                    Cell::Text(&self.date),
                    Cell::Text(self.id()),
                    Cell::Text(self.day.instrument(row.key.instrument)),
                    Cell::Text(side),
                    Cell::Count(lots.into()),
                    self.text(&hedge)?,
                    Cell::Decimal(terms.underlying.0),
                    Cell::Decimal(strike.0),
                    Cell::Decimal(if side == "B" { gain.0 } else { (-gain).0 }),
                    Cell::Decimal(fee.0),
                    Cell::Text(result.client(row.key.account)),
                    Cell::Text(right_and_strike(terms).0),
                ])?;
                fee = Money::ZERO;
            }
        }
        Ok(())
    }
}

/// C or P, and the strike; of a future nothing.
fn right_and_strike(terms: &Instrument) -> (&'static str, Price) {
    match terms.kind {
        Kind::Option { right: Right::Call, strike } => ("C", strike),
        Kind::Option { right: Right::Put, strike } => ("P", strike),
        _ => ("", Price(0)),
    }
}
