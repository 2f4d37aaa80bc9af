//! Tables over the whole market, in CSV and Parquet: the members' tables one member behind the other, and beside them every figure of the
//! settled day as it is, by position, trading code, member, clearing member, instrument and delivery. Columns are named as the figures are.

use crate::day::Day;
use crate::error::{FileError, Why};
use crate::members::{self, Take};
use crate::table::{Cell, Shape, Table, column};
use settlement::account::Figures;
use settlement::market::{InstrumentIndex, Kind};
use settlement::rules::fee::Fees;
use settlement::rules::margin::Right;
use settlement::rules::market::OneSided;
use settlement::{Money, Price};
use std::path::Path;

use Shape::{Count, Decimal, Text};

macro_rules! table {
    ($name:ident $title:literal $doc:literal $key:expr; $($column:ident $shape:ident),* $(,)?) => {
        #[doc = $doc]
        pub const $name: Table = Table { name: $title, columns: &[$(column(stringify!($column), 0, $shape)),*], key: $key };
    };
}

table! { POSITION "Position" "A position row: what it began with, traded, and came to." &[0, 1, 2, 3];
    member Text, client Text, instrument Text, hedge Text,
    carried_long Count, carried_short Count, long_yesterday Count, long_today Count, short_yesterday Count, short_today Count,
    bought Count, bought_to_open Count, sold Count, sold_to_open Count, closed_today Count, bought_amount Decimal, sold_amount Decimal,
    netted Count, moved_long Count, moved_short Count, exercised Count, assigned Count, delivered Count, long Count, short Count,
    profit Decimal, premium Decimal, margin_long Decimal, margin_short Decimal,
    fee_transaction Decimal, fee_submission Decimal, fee_settlement Decimal, fee_delivery Decimal, fee_transfer Decimal,
}

table! { ACCOUNT "Account" "A trading code's figures." &[0, 1];
    member Text, client Text, kind Text, profit Decimal, premium Decimal, margin Decimal, delivery Decimal,
    fee_transaction Decimal, fee_submission Decimal, fee_settlement Decimal, fee_delivery Decimal, fee_transfer Decimal,
}

table! { MEMBER "Member" "A member's figures: its own (自营), and its clients' (经纪)." &[0, 1];
    member Text, kind Text, clearing Text, profit Decimal, premium Decimal, margin Decimal, delivery Decimal,
    fee_transaction Decimal, fee_submission Decimal, fee_settlement Decimal, fee_delivery Decimal, fee_transfer Decimal,
}

table! { FUNDS "Funds" "A clearing member's funds." &[0];
    member Text, previous_reserve Decimal, previous_margin Decimal, previous_collateral Decimal, deposited Decimal, withdrawn Decimal,
    profit Decimal, premium Decimal, margin Decimal, delivery Decimal,
    fee_transaction Decimal, fee_submission Decimal, fee_settlement Decimal, fee_delivery Decimal, fee_transfer Decimal,
    reserve Decimal, balance Decimal, collateral Decimal, minimum_reserve Decimal, call Decimal, withdrawable Decimal,
}

table! { INSTRUMENT "Instrument" "An instrument's terms and prices of the day." &[0];
    instrument Text, product Text, kind Text, right Text, strike Decimal, multiplier Count, previous_settlement Decimal,
    settlement Decimal, underlying Decimal, expires Text, one_sided Text,
}

table! { BOND_DELIVERY "BondDelivery" "A delivery of bonds under way." &[0, 1, 2, 3, 4, 5];
    instrument Text, seller Text, seller_client Text, buyer Text, buyer_client Text, bond Text, stage Text, lots Count, price Decimal, invoice Decimal,
}

/// Every table over the whole market.
pub const TABLES: [&Table; 11] = [
    &members::TRADE,
    &members::SETTLEMENT_DETAIL,
    &members::CAPITAL,
    &members::DELIVERY,
    &members::CLIENT_CAPITAL_DETAIL,
    &POSITION,
    &ACCOUNT,
    &MEMBER,
    &FUNDS,
    &INSTRUMENT,
    &BOND_DELIVERY,
];

/// Gives the rows of one of [`TABLES`]. `file` is what errors name.
pub(crate) fn rows(table: &Table, day: &Day<'_>, file: &Path, take: &mut Take<'_>) -> Result<(), FileError> {
    match table.name {
        "Position" => positions(day, file, take),
        "Account" => accounts(day, take),
        "Member" => of_members(day, take),
        "Funds" => funds(day, take),
        "Instrument" => instruments(day, take),
        "BondDelivery" => bonds(day, take),
        _ => day.members().try_for_each(|member| members::rows(table, day, member, file, take)),
    }
}

fn money(money: Money) -> Cell<'static> {
    Cell::Decimal(money.0)
}

fn of_fees(fees: &Fees) -> [Cell<'static>; 5] {
    let Fees { transaction, submission, settlement, delivery, transfer } = *fees;
    [transaction, submission, settlement, delivery, transfer].map(money)
}

fn of_figures(figures: &Figures) -> Vec<Cell<'static>> {
    let Figures { profit, premium, margin, delivery, fees } = figures;
    [*profit, *premium, *margin, *delivery].map(money).into_iter().chain(of_fees(fees)).collect()
}

fn kind(is_own: bool) -> Cell<'static> {
    Cell::Text(if is_own { "自营" } else { "经纪" })
}

fn positions(day: &Day<'_>, file: &Path, take: &mut Take<'_>) -> Result<(), FileError> {
    let result = day.result;
    let count = |lots: u64| Cell::Count(i64::try_from(lots).unwrap_or(i64::MAX));
    let mut place = 0;
    for member in day.members() {
        for row in day.codes(member).flat_map(|code| code.rows) {
            place += 1;
            let (of, figures, at_end) = (&row.row, &row.figures, &row.at_end);
            let turnover = result.turnover(row);
            let (bought, sold) = turnover.map_err(|_| FileError::of(file, Why::Overflow).at(place, "bought_amount"))?;
            let hedge = [row.key.hedge];
            let head = [
                Cell::Text(result.member(member)),
                Cell::Text(result.client(row.key.account)),
                Cell::Text(day.instrument(row.key.instrument)),
                Cell::Text(std::str::from_utf8(&hedge).unwrap_or("-")),
                count(of.day.previous_long),
                count(of.day.previous_short),
                count(of.long.yesterday.into()),
                count(of.long.today.into()),
                count(of.short.yesterday.into()),
                count(of.short.today.into()),
                count(of.day.bought.lots),
                count(of.bought_to_open),
                count(of.day.sold.lots),
                count(of.sold_to_open),
                count(of.closed_today),
                money(bought),
                money(sold),
                count(at_end.netted.into()),
                Cell::Count(at_end.moved_long.into()),
                Cell::Count(at_end.moved_short.into()),
                count(at_end.exercised.into()),
                count(at_end.assigned.into()),
                count(figures.delivered.into()),
                count(figures.long.into()),
                count(figures.short.into()),
                money(figures.profit),
                money(figures.premium),
                money(figures.margin_long),
                money(figures.margin_short),
            ];
            let cells: Vec<Cell<'_>> = head.into_iter().chain(of_fees(&figures.fees)).collect();
            take(&cells)?;
        }
    }
    Ok(())
}

fn accounts(day: &Day<'_>, take: &mut Take<'_>) -> Result<(), FileError> {
    for member in day.members() {
        for code in day.codes(member) {
            let own = day.result.market.accounts[code.account.0 as usize].own;
            let mut cells =
                vec![Cell::Text(day.result.member(member)), Cell::Text(day.result.client(code.account)), kind(own)];
            cells.extend(of_figures(code.figures));
            take(&cells)?;
        }
    }
    Ok(())
}

fn of_members(day: &Day<'_>, take: &mut Take<'_>) -> Result<(), FileError> {
    for member in day.members() {
        let place = usize::from(member.0);
        let figures = &day.result.settled.members[place];
        let clearing = day.result.member(day.result.market.members[place].clearing);
        for (is_own, figures) in [(true, &figures.own), (false, &figures.brokerage)] {
            let mut cells = vec![Cell::Text(day.result.member(member)), kind(is_own), Cell::Text(clearing)];
            cells.extend(of_figures(figures));
            take(&cells)?;
        }
    }
    Ok(())
}

fn funds(day: &Day<'_>, take: &mut Take<'_>) -> Result<(), FileError> {
    for member in day.members() {
        let place = usize::from(member.0);
        let Some(funds) = &day.result.settled.funds[place] else { continue };
        let given = &day.result.market.members[place];
        let mut cells = vec![Cell::Text(day.result.member(member))];
        let before = [
            given.previous_reserve,
            given.previous_margin,
            given.previous_collateral,
            given.deposited,
            given.withdrawn,
        ];
        cells.extend(before.map(money));
        cells.extend(of_figures(&funds.figures));
        let after =
            [funds.reserve, funds.balance, funds.collateral, given.minimum_reserve, funds.call, funds.withdrawable];
        cells.extend(after.map(money));
        take(&cells)?;
    }
    Ok(())
}

fn instruments(day: &Day<'_>, take: &mut Take<'_>) -> Result<(), FileError> {
    let result = day.result;
    let price = |price: Price| Cell::Decimal(price.0);
    for (place, terms) in result.market.instruments.iter().enumerate() {
        let index = InstrumentIndex(place as u16);
        let (kind, right, strike) = match terms.kind {
            Kind::CashFuture => ("cash future", "-", Cell::Unknown),
            Kind::BondFuture => ("bond future", "-", Cell::Unknown),
            Kind::Option { right: Right::Call, strike } => ("option", "call", price(strike)),
            Kind::Option { right: Right::Put, strike } => ("option", "put", price(strike)),
        };
        let one_sided = result.settled.one_sided.iter().find(|(other, _)| *other == index);
        take(&[
            Cell::Text(day.instrument(index)),
            Cell::Text(result.product(terms.product)),
            Cell::Text(kind),
            Cell::Text(right),
            strike,
            Cell::Count(terms.multiplier.into()),
            price(terms.previous_settlement),
            price(terms.settlement),
            price(terms.underlying),
            Cell::Text(if terms.expires { "yes" } else { "no" }),
            Cell::Text(match one_sided {
                None => "no",
                Some((_, OneSided::Up)) => "up",
                Some((_, OneSided::Down)) => "down",
            }),
        ])?;
    }
    Ok(())
}

fn bonds(day: &Day<'_>, take: &mut Take<'_>) -> Result<(), FileError> {
    let result = day.result;
    for line in &result.settled.deliveries {
        let bond = line.bond.and_then(|bond| result.names.bonds.get(usize::from(bond.0)));
        let of = |account| [result.member(result.member_of(account)), result.client(account)].map(Cell::Text);
        let ([seller, seller_client], [buyer, buyer_client]) = (of(line.seller.account), of(line.buyer.account));
        take(&[
            Cell::Text(day.instrument(line.instrument)),
            seller,
            seller_client,
            buyer,
            buyer_client,
            bond.map_or(Cell::Unknown, |name| Cell::Text(name)),
            Cell::Text(match line.day {
                settlement::delivery::DeliveryDay::Entered => "entered",
                settlement::delivery::DeliveryDay::Bonds => "bonds",
                settlement::delivery::DeliveryDay::Payment => "payment",
                settlement::delivery::DeliveryDay::Receipt => "receipt",
            }),
            Cell::Count(line.lots.into()),
            Cell::Decimal(line.price.0),
            money(line.invoice),
        ])?;
    }
    Ok(())
}
