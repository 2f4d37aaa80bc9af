//! What members are given: trades, settlement of positions, funds, delivery, clients' items. One set of tables for members' files (DBF), and over
//! the whole market for CSV and Parquet.
//!
//! Names, columns and widths are those that members' programs read (settlement files of CFFEX as found in the wild). What is in them:
//!
//! | table | a row is | columns |
//! |---|---|---|
//! | Trade | one side of a trade, in the order of the log | Tamt = price x multiplier x lots; Ttime hh:mm:ss of the market (UTC + 8); Direction 买 卖; Offsetflag 开仓, or 平仓 for every close; ids without the blanks around them |
//! | SettlementDetail | a trading code in an instrument, hedge flags together | clearPrice settlement price; bopenAmt boffAmt buyAmt lots bought to open, to close, in all; sopenAmt soffAmt sellAmt sold; buySum sellSum what they came to (of options: premium); bTotalAmt sTotalAmt long and short lots that are left; margin of both sides before the larger side is taken; actual daily profit and loss; transfee fees of all kinds |
//! | Capital | an item of a clearing member's funds | itemDesc itemValue, see below; members whom another clears have a file without rows |
//! | Delivery | a trading code's futures that leave in cash, or enter a delivery of bonds, today; hedge flags together | clearPrice settlement or delivery price; buyTot soldTot what is taken and given: price x multiplier x lots; transfee delivery fee; accAttr 自营 经纪; partAbbr the short name, or the id where it has more than ten bytes |
//! | ClientCapitalDetail | an item of a trading code that is not zero | accountID the member's account; moneyType typeMemo as listed below; amount has as many of four decimals as fit in twelve bytes, the last one rounded (halves away from zero): the exact one stands in CSV and Parquet's table `Account` |
//!
//! Items of Capital, in this order: the listed ones of the members' files as they are (当日盈亏 has the premium and the payments for bonds in it, so that balance = previous
//! balance + paid in + 当日盈亏 - paid out - fees, line by line), then seven that came with options, bonds, calls and collateral. Rows that the exchange does not
//! know at settlement (declared transfers, others) are `-`. 应收手续费 is what is charged: all fees. 下一交易日开仓准备金 is the reserve. Changes
//! are today's less the day before's.

use crate::day::{Code, Day, id, time_of_day};
use crate::error::{FileError, Why};
use crate::table::{Cell, Column, Shape, Table, column};
use settlement::account::{Figures, Funds};
use settlement::batch::SettledRow;
use settlement::market::{Kind, Member, MemberIndex};
use settlement::row::{Effect, Side};
use settlement::rules::closing::Held;
use settlement::rules::fee::Fees;
use settlement::{Money, Overflow};
use std::path::Path;

/// A row taker; what it says ends the table.
pub(crate) type Take<'t> = dyn FnMut(&[Cell<'_>]) -> Result<(), FileError> + 't;

use Shape::{Count, Decimal, Short, Text};

/// One side of a trade.
pub const TRADE: Table = Table {
    name: "Trade",
    columns: &[
        column("partID", 12, Text),
        column("clientID", 12, Text),
        column("instrID", 30, Text),
        column("Tradeid", 12, Text),
        column("Tvolume", 20, Count),
        column("Tprice", 20, Decimal),
        column("Tamt", 20, Decimal),
        column("Ttime", 8, Text),
        column("Direction", 10, Text),
        column("Offsetflag", 10, Text),
        column("Orderid", 12, Text),
        column("Userid", 15, Text),
    ],
    key: &[0, 1, 2, 3, 8],
};

/// A trading code in an instrument.
pub const SETTLEMENT_DETAIL: Table = Table {
    name: "SettlementDetail",
    columns: &[
        column("partID", 12, Text),
        column("clientID", 12, Text),
        column("instrID", 30, Text),
        column("clearPrice", 20, Decimal),
        column("bopenAmt", 20, Count),
        column("boffAmt", 20, Count),
        column("buyAmt", 20, Count),
        column("sopenAmt", 20, Count),
        column("soffAmt", 20, Count),
        column("sellAmt", 20, Count),
        column("buySum", 20, Decimal),
        column("sellSum", 20, Decimal),
        column("bTotalAmt", 20, Count),
        column("sTotalAmt", 20, Count),
        column("margin", 20, Decimal),
        column("actual", 20, Decimal),
        column("transfee", 20, Decimal),
    ],
    key: &[0, 1, 2],
};

/// An item of a member's funds.
pub const CAPITAL: Table = Table {
    name: "Capital",
    columns: &[column("accountID", 20, Text), column("itemDesc", 50, Text), column("itemValue", 20, Decimal)],
    key: &[0, 1],
};

/// A delivery.
pub const DELIVERY: Table = Table {
    name: "Delivery",
    columns: &[
        column("instrID", 30, Text),
        column("partID", 10, Text),
        column("partAbbr", 10, Text),
        column("accountID", 12, Text),
        column("accAttr", 12, Text),
        column("clearPrice", 20, Decimal),
        column("buyTot", 20, Decimal),
        column("soldTot", 20, Decimal),
        column("transfee", 20, Decimal),
    ],
    key: &[0, 1, 3],
};

/// An item of a client.
pub const CLIENT_CAPITAL_DETAIL: Table = Table {
    name: "ClientCapitalDetail",
    columns: &[
        column("accountID", 30, Text),
        column("partID", 10, Text),
        column("clientID", 10, Text),
        column("amount", 12, Short),
        column("moneyType", 12, Text),
        column("typeMemo", 20, Text),
    ],
    key: &[0, 1, 2, 4],
};

/// The members' tables, in the order of their files.
pub const TABLES: [&Table; 5] = [&TRADE, &SETTLEMENT_DETAIL, &CAPITAL, &DELIVERY, &CLIENT_CAPITAL_DETAIL];

/// Gives a member's rows of one of [`TABLES`], in order. `file` is what errors name.
pub(crate) fn rows(
    table: &Table,
    day: &Day<'_>,
    member: MemberIndex,
    file: &Path,
    take: &mut Take<'_>,
) -> Result<(), FileError> {
    let overflow = |row: u64, column: &str| FileError::of(file, Why::Overflow).at(row, column);
    match table.name {
        "Trade" => trades(day, member, file, take),
        "SettlementDetail" => details(day, member, &overflow, take),
        "Capital" => capital(day, member, &overflow, take),
        "Delivery" => deliveries(day, member, &overflow, take),
        _ => clients(day, member, take),
    }
}

/// What says where a sum did not fit.
type At<'f> = dyn Fn(u64, &str) -> FileError + 'f;

fn trades(day: &Day<'_>, member: MemberIndex, file: &Path, take: &mut Take<'_>) -> Result<(), FileError> {
    let result = day.result;
    for (place, trade) in day.trades(member).enumerate() {
        let at = |why, column| FileError::of(file, why).at(place as u64 + 1, column);
        let known = |bytes, column| {
            id(bytes).ok_or_else(|| at(Why::Character(String::from_utf8_lossy(bytes).into_owned()), column))
        };
        let time = time_of_day(trade.time);
        take(&[
            Cell::Text(result.member(member)),
            Cell::Text(result.client(trade.leg.row.account)),
            Cell::Text(day.instrument(trade.leg.row.instrument)),
            Cell::Text(&within(known(&trade.trade_id, "Tradeid")?)),
            Cell::Count(trade.leg.lots.into()),
            Cell::Decimal(trade.leg.price.0),
            Cell::Decimal(day.worth(&trade).map_err(|_| at(Why::Overflow, "Tamt"))?.0),
            Cell::Text(std::str::from_utf8(&time).expect("digits and colons")),
            Cell::Text(if trade.leg.side == Side::Buy { "买" } else { "卖" }),
            Cell::Text(if trade.leg.effect == Effect::Open { "开仓" } else { "平仓" }),
            Cell::Text(&within(known(&trade.order_sys_id, "Orderid")?)),
            Cell::Text(&result.names.users[usize::from(trade.user)]),
        ])?;
    }
    Ok(())
}

/// Rows of a code by instrument, hedge flags together.
pub(crate) fn by_instrument<'a>(code: &Code<'a>) -> impl Iterator<Item = &'a [SettledRow]> + use<'a> {
    code.rows.chunk_by(|one, other| one.key.instrument == other.key.instrument)
}

fn details(day: &Day<'_>, member: MemberIndex, at: &At<'_>, take: &mut Take<'_>) -> Result<(), FileError> {
    let mut place = 0;
    for code in day.codes(member) {
        for rows in by_instrument(&code) {
            place += 1;
            let key = rows[0].key;
            let lots = |of: &dyn Fn(&SettledRow) -> u64| {
                Cell::Count(
                    rows.iter().map(|row| i64::try_from(of(row)).unwrap_or(i64::MAX)).fold(0, i64::saturating_add),
                )
            };
            let money = |column: &str, of: &dyn Fn(&SettledRow) -> Result<Money, Overflow>| {
                sum(rows.iter().map(of)).map(|money| Cell::Decimal(money.0)).map_err(|_| at(place, column))
            };
            take(&[
                Cell::Text(day.result.member(member)),
                Cell::Text(day.result.client(code.account)),
                Cell::Text(day.instrument(key.instrument)),
                Cell::Decimal(day.result.terms(key).settlement.0),
                lots(&|row| row.row.bought_to_open),
                lots(&|row| row.row.day.bought.lots - row.row.bought_to_open),
                lots(&|row| row.row.day.bought.lots),
                lots(&|row| row.row.sold_to_open),
                lots(&|row| row.row.day.sold.lots - row.row.sold_to_open),
                lots(&|row| row.row.day.sold.lots),
                money("buySum", &|row| day.result.turnover(row).map(|(bought, _)| bought))?,
                money("sellSum", &|row| day.result.turnover(row).map(|(_, sold)| sold))?,
                lots(&|row| row.figures.long.into()),
                lots(&|row| row.figures.short.into()),
                money("margin", &|row| row.figures.margin_long.plus(row.figures.margin_short))?,
                money("actual", &|row| Ok(row.figures.profit))?,
                money("transfee", &|row| row.figures.fees.total())?,
            ])?;
        }
    }
    Ok(())
}

/// A sum of money.
pub(crate) fn sum(amounts: impl IntoIterator<Item = Result<Money, Overflow>>) -> Result<Money, Overflow> {
    amounts.into_iter().try_fold(Money::ZERO, |sum, money| sum.plus(money?))
}

/// An item of a clearing member's funds: its text, and its value; `None`: not known.
pub type CapitalItem = (&'static str, Option<Money>);

/// The items of a clearing member's funds, in the order of its file.
///
/// # Errors
/// [`Overflow`].
pub fn capital_items(member: &Member, funds: &Funds) -> Result<Vec<CapitalItem>, Overflow> {
    let Figures { profit, premium, margin, fees, delivery } = funds.figures;
    let previous = member.previous_reserve.plus(member.previous_margin)?.minus(member.previous_collateral)?;
    let known = |money| Some(money);
    Ok(vec![
        ("上一交易日实有货币资金余额", known(previous)),
        ("加：当日收入资金", known(member.deposited)),
        ("当日盈亏", known(profit.plus(premium)?.plus(delivery)?)),
        ("减：当日付出资金", known(member.withdrawn)),
        ("手续费", known(fees.total()?)),
        ("其中：交易手续费", known(fees.transaction)),
        ("结算手续费", known(fees.settlement)),
        ("交割手续费", known(fees.delivery)),
        ("移仓手续费", known(fees.transfer)),
        ("当日实有货币资金余额", known(funds.balance)),
        ("其中：交易保证金", known(margin)),
        ("结算准备金", known(funds.reserve)),
        ("减：交易保证金", known(margin)),
        ("当日结算准备金余额", known(funds.reserve)),
        ("加：申报划入金额", None),
        ("减：申报划出金额", None),
        ("下一交易日开仓准备金", known(funds.reserve)),
        ("其它", None),
        ("应收手续费", known(fees.total()?)),
        ("实有货币资金变动", known(funds.balance.minus(previous)?)),
        ("其中：交易保证金变动", known(margin.minus(member.previous_margin)?)),
        ("结算准备金变动", known(funds.reserve.minus(member.previous_reserve)?)),
        ("其中：权利金收支", known(premium)),
        ("其中：交割货款", known(delivery)),
        ("其中：申报费", known(fees.submission)),
        ("最低结算准备金", known(member.minimum_reserve)),
        ("追加保证金", known(funds.call)),
        ("可出金额", known(funds.withdrawable)),
        ("有价证券充抵金额", known(funds.collateral)),
    ])
}

fn capital(day: &Day<'_>, member: MemberIndex, at: &At<'_>, take: &mut Take<'_>) -> Result<(), FileError> {
    let place = usize::from(member.0);
    let Some(funds) = &day.result.settled.funds[place] else { return Ok(()) };
    let items = capital_items(&day.result.market.members[place], funds).map_err(|_| at(1, "itemValue"))?;
    for (text, value) in items {
        let value = value.map_or(Cell::Unknown, |money| Cell::Decimal(money.0));
        take(&[Cell::Text(day.result.member(member)), Cell::Text(text), value])?;
    }
    Ok(())
}

/// Futures that leave by delivery today, in cash or into a delivery of bonds: long and short lots of a row.
pub(crate) fn delivered(day: &Day<'_>, row: &SettledRow) -> Option<(u32, u32)> {
    if row.figures.delivered == 0 {
        return None;
    }
    match day.result.terms(row.key).kind {
        Kind::Option { .. } => None,
        Kind::BondFuture => Some((row.at_end.exercised, row.at_end.assigned)),
        Kind::CashFuture => {
            let left = |held: Held, moved: i32| {
                let lots = i128::from(held.lots()) - i128::from(row.at_end.netted) + i128::from(moved);
                u32::try_from(lots.max(0)).unwrap_or(u32::MAX)
            };
            Some((left(row.row.long, row.at_end.moved_long), left(row.row.short, row.at_end.moved_short)))
        }
    }
}

/// The widest short name that Delivery takes, in bytes.
const SHORT_NAME: usize = 10;

fn deliveries(day: &Day<'_>, member: MemberIndex, at: &At<'_>, take: &mut Take<'_>) -> Result<(), FileError> {
    let name = &day.result.names.members[usize::from(member.0)];
    let mut bytes = Vec::new();
    let fits = crate::dbf::push_gbk(&mut bytes, &name.short).is_ok() && bytes.len() <= SHORT_NAME;
    let short = if fits { &name.short } else { &name.id };
    let mut place = 0;
    for code in day.codes(member) {
        for rows in by_instrument(&code) {
            let lots = rows.iter().filter_map(|row| delivered(day, row));
            let (long, short_lots) =
                lots.fold((0i64, 0i64), |sum, lots| (sum.0 + i64::from(lots.0), sum.1 + i64::from(lots.1)));
            if long + short_lots == 0 {
                continue;
            }
            place += 1;
            let terms = day.result.terms(rows[0].key);
            let worth = |lots, column: &str| {
                let money = Money::of(terms.settlement.worth(terms.multiplier, lots));
                money.map(|money| Cell::Decimal(money.0)).map_err(|_| at(place, column))
            };
            let fee = sum(rows.iter().map(|row| Ok(row.figures.fees.delivery))).map_err(|_| at(place, "transfee"))?;
            let is_own = day.result.market.accounts[code.account.0 as usize].own;
            take(&[
                Cell::Text(day.instrument(rows[0].key.instrument)),
                Cell::Text(&name.id),
                Cell::Text(short),
                Cell::Text(day.result.client(code.account)),
                Cell::Text(if is_own { "自营" } else { "经纪" }),
                Cell::Decimal(terms.settlement.0),
                worth(long, "buyTot")?,
                worth(short_lots, "soldTot")?,
                Cell::Decimal(fee.0),
            ])?;
        }
    }
    Ok(())
}

/// What a trading code's money is for: code and text. The sources have codes of the regulator's set in which A001, A003 and A017 are fees; which is
/// which, and the others, are our choice.
pub const MONEY_TYPES: [(&str, &str); 9] = [
    ("P001", "当日盈亏"),
    ("P002", "权利金收支"),
    ("M001", "交易保证金"),
    ("D001", "交割货款"),
    ("A001", "交易手续费"),
    ("A003", "交割手续费"),
    ("A017", "申报费"),
    ("F001", "结算手续费"),
    ("F002", "移仓手续费"),
];

/// The amounts of [`MONEY_TYPES`].
#[must_use]
pub fn amounts(figures: &Figures) -> [Money; 9] {
    let Figures { profit, premium, margin, fees, delivery } = *figures;
    let Fees { transaction, submission, settlement, delivery: of_delivery, transfer } = fees;
    [profit, premium, margin, delivery, transaction, of_delivery, submission, settlement, transfer]
}

fn clients(day: &Day<'_>, member: MemberIndex, take: &mut Take<'_>) -> Result<(), FileError> {
    let id = Cell::Text(day.result.member(member));
    for code in day.codes(member) {
        for ((kind, memo), amount) in MONEY_TYPES.iter().zip(amounts(code.figures)) {
            if amount != Money::ZERO {
                let client = Cell::Text(day.result.client(code.account));
                take(&[id, id, client, Cell::Decimal(amount.0), Cell::Text(kind), Cell::Text(memo)])?;
            }
        }
    }
    Ok(())
}

/// A table's column list, for help texts: `name(width)` each.
#[must_use]
pub fn describe(columns: &[Column]) -> String {
    columns.iter().map(|column| format!("{}({})", column.name, column.width)).collect::<Vec<_>>().join(" ")
}

/// Bytes of `Tradeid` and `Orderid`.
const ID_WIDTH: usize = 12;
/// Bits of an index within its frame.
const INDEX_BITS: u32 = 24;

/// An id of ours (a prefix, 13 digits of the sequence, 6 of the index) within the members' twelve bytes: the prefix, and sequence and index
/// together (`sequence << 24 | index`) in eleven digits of base 36. It says the same, up to sequence 2^32. Any other id stays as it is.
fn within(id: &str) -> String {
    let short = || {
        let (prefix, digits) = id.split_at_checked(1).filter(|_| id.len() == 20)?;
        let (sequence, index) = digits.split_at_checked(13)?;
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (sequence, index): (u64, u64) =
            if is_number(digits) { (sequence.parse().ok()?, index.parse().ok()?) } else { return None };
        let mut rest = (sequence < 1 << 32).then_some(sequence << INDEX_BITS | index)?;
        let mut short = [b'0'; ID_WIDTH - 1];
        for place in short.iter_mut().rev() {
            *place = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(rest % 36) as usize];
            rest /= 36;
        }
        Some(format!("{prefix}{}", String::from_utf8_lossy(&short)))
    };
    short().unwrap_or_else(|| id.to_owned())
}
