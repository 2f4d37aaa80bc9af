//! By which terms a day was settled: what has a name, fees, settings; members and trading codes with their figures.

use super::Take;
use super::line::{Fields, Line};
use crate::StoreError;
use settlement::account::{Figures, MemberFigures};
use settlement::delivery::Deliverable;
use settlement::market::{Account, AccountIndex, Instrument, InstrumentIndex, Kind, Member, MemberIndex};
use settlement::market::{Product, ProductIndex, Settings};
use settlement::result::{DayResult, MemberName};
use settlement::rules::closing::Matching;
use settlement::rules::delivery::ConversionFactor;
use settlement::rules::fee::{Basis, FeeKind, FeeRule, FeeTable, Relief, TierOf, Waiver};
use settlement::rules::margin::{Right, SellerTerms};
use settlement::{Money, Rate, Rounding};

pub(super) fn products(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
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

pub(super) fn product_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    fields.place(result.market.products.len())?;
    result.names.products.push(fields.text("product")?.into());
    let (group, large_side) = (fields.int("margin_group")?, fields.flag("large_side")?);
    let seller = SellerTerms { factor: fields.rate("seller_factor")?, safety: fields.rate("seller_safety")? };
    result.market.products.push(Product { group, large_side, seller });
    Ok(())
}

pub(super) fn instruments(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
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

pub(super) fn instrument_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
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

pub(super) fn members(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
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

pub(super) fn member_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
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

pub(super) fn accounts(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
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

pub(super) fn account_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
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

pub(super) fn users(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    for (place, user) in result.names.users.iter().enumerate() {
        let mut line = Line::of("users");
        line.int("place", place)?;
        line.text("user_id", user)?;
        take(&line.values)?;
    }
    Ok(())
}

pub(super) fn user_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    fields.place(result.names.users.len())?;
    result.names.users.push(fields.text("user_id")?.into());
    Ok(())
}

pub(super) fn bonds(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
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

pub(super) fn bond_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
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

pub(super) fn fee_rules(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    for (place, rule) in result.market.fees.rules().iter().enumerate() {
        let mut line = Line::of("fee_rules");
        line.int("place", place)?;
        line.small(rule.product);
        line.text("fee", fee_name(rule.kind))?;
        let (basis, amount) = basis_of(rule.basis);
        line.text("basis", basis)?;
        line.small(amount);
        take(&line.values)?;
    }
    Ok(())
}

pub(super) fn fee_rule_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    let fees = &result.market.fees;
    fields.place(fees.rules().len())?;
    let (product, kind) = (fields.int("product")?, fields.text("fee")?);
    let kind = fee_of(kind).ok_or(fields.damaged("fee"))?;
    let (basis, amount) = (fields.text("basis")?, fields.int("amount")?);
    let basis = basis_named(basis, amount).ok_or(fields.damaged("basis"))?;
    let rules = [fees.rules(), &[FeeRule { product, kind, basis }]].concat();
    result.market.fees = FeeTable::new(rules, Vec::new(), fees.rounding()).ok_or(fields.damaged("fee"))?;
    Ok(())
}

pub(super) fn waivers(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    for (place, waiver) in result.market.fees.waivers().iter().enumerate() {
        let mut line = Line::of("waivers");
        line.int("place", place)?;
        line.small(waiver.product.map_or(NOBODY, i64::from));
        line.text("fee", waiver.kind.map_or("", fee_name))?;
        line.small(waiver.participant.map_or(NOBODY, i64::from));
        line.small(waiver.client.map_or(NOBODY, i64::from));
        line.small(waiver.from);
        line.small(waiver.until.map_or(NOBODY, i64::from));
        line.int("beyond", waiver.beyond)?;
        let (relief, amount) = match waiver.relief {
            Relief::Free => ("free", 0),
            Relief::Off(rate) => ("off", rate.0),
            Relief::Instead(basis) => basis_of(basis),
        };
        line.text("relief", relief)?;
        line.small(amount);
        take(&line.values)?;
    }
    Ok(())
}

pub(super) fn waiver_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    let fees = &result.market.fees;
    fields.place(fees.waivers().len())?;
    let product = fields.named("product")?;
    let kind = match fields.text("fee")? {
        "" => None,
        kind => Some(fee_of(kind).ok_or(fields.damaged("fee"))?),
    };
    let (participant, client) = (fields.named("member")?, fields.named("client_number")?);
    let (from, until, beyond) = (fields.int("valid_from")?, fields.named("valid_until")?, fields.int("beyond")?);
    let relief = match (fields.text("relief")?, fields.int("amount")?) {
        ("free", 0) => Relief::Free,
        ("off", rate) => Relief::Off(Rate(rate)),
        (basis, amount) => Relief::Instead(basis_named(basis, amount).ok_or(fields.damaged("relief"))?),
    };
    let waiver = Waiver { product, kind, participant, client, from, until, beyond, relief };
    let waivers = [fees.waivers(), &[waiver]].concat();
    result.market.fees =
        FeeTable::new(fees.rules().to_vec(), waivers, fees.rounding()).ok_or(fields.damaged("place"))?;
    Ok(())
}

/// Where a waiver names nobody, or no day.
const NOBODY: i64 = -1;

fn fee_name(kind: FeeKind) -> &'static str {
    match kind {
        FeeKind::Transaction => "transaction",
        FeeKind::CloseToday => "close-today",
        FeeKind::Submission => "submission",
        FeeKind::Settlement => "settlement",
        FeeKind::Delivery => "delivery",
        FeeKind::Exercise => "exercise",
        FeeKind::Transfer => "transfer",
    }
}

fn fee_of(name: &str) -> Option<FeeKind> {
    FeeKind::ALL.into_iter().find(|kind| fee_name(*kind) == name)
}

fn basis_of(basis: Basis) -> (&'static str, i64) {
    match basis {
        Basis::Each(money) => ("each", money.0),
        Basis::OfWorth(rate) => ("of-worth", rate.0),
    }
}

fn basis_named(name: &str, amount: i64) -> Option<Basis> {
    match name {
        "each" => Some(Basis::Each(Money(amount))),
        "of-worth" => Some(Basis::OfWorth(Rate(amount))),
        _ => None,
    }
}

/// Settings by name, in the order of names: a row each.
const SETTINGS: [&str; 7] =
    ["collateral_multiple", "combination", "fee_rounding", "invoice_rounding", "margin_rounding", "matching", "tiers"];

pub(super) fn settings(result: &DayResult, take: &mut Take<'_>) -> Result<(), StoreError> {
    let Settings { matching, margin, invoice, tiers, combination, collateral_multiple } = result.market.settings;
    let values = [
        collateral_multiple.0.to_string(),
        combination.0.to_string(),
        rounding_name(result.market.fees.rounding()).into(),
        rounding_name(invoice).into(),
        rounding_name(margin).into(),
        matching_name(matching).into(),
        tiers_name(tiers).into(),
    ];
    for (name, value) in SETTINGS.into_iter().zip(&values) {
        let mut line = Line::of("settings");
        line.text("setting", name)?;
        line.text("value", value)?;
        take(&line.values)?;
    }
    Ok(())
}

pub(super) fn setting_back(result: &mut DayResult, fields: &mut Fields<'_>) -> Result<(), StoreError> {
    let (name, value) = (fields.text("setting")?, fields.text("value")?);
    let (settings, fees) = (&mut result.market.settings, &mut result.market.fees);
    let rate = value.parse().ok().map(Rate);
    let is_set = match name {
        "collateral_multiple" => put(&mut settings.collateral_multiple, rate),
        "combination" => put(&mut settings.combination, rate),
        "fee_rounding" => {
            let table = |rounding| FeeTable::new(fees.rules().to_vec(), fees.waivers().to_vec(), rounding);
            let table = rounding_of(value).and_then(table);
            put(fees, table)
        }
        "invoice_rounding" => put(&mut settings.invoice, rounding_of(value)),
        "margin_rounding" => put(&mut settings.margin, rounding_of(value)),
        "matching" => put(
            &mut settings.matching,
            [Matching::OldestFirst, Matching::TodayFirst].into_iter().find(|one| matching_name(*one) == value),
        ),
        "tiers" => {
            put(&mut settings.tiers, [TierOf::Client, TierOf::Code].into_iter().find(|one| tiers_name(*one) == value))
        }
        _ => None,
    };
    is_set.ok_or(fields.damaged("value"))
}

fn put<T>(place: &mut T, value: Option<T>) -> Option<()> {
    *place = value?;
    Some(())
}

fn matching_name(matching: Matching) -> &'static str {
    match matching {
        Matching::OldestFirst => "oldest-first",
        Matching::TodayFirst => "today-first",
    }
}

fn tiers_name(tiers: TierOf) -> &'static str {
    match tiers {
        TierOf::Client => "client",
        TierOf::Code => "code",
    }
}

fn rounding_name(rounding: Rounding) -> &'static str {
    match rounding {
        Rounding::HalfUp => "half-up",
        Rounding::Down => "down",
        Rounding::Up => "up",
        Rounding::HalfEven => "half-even",
    }
}

fn rounding_of(name: &str) -> Option<Rounding> {
    [Rounding::HalfUp, Rounding::Down, Rounding::Up, Rounding::HalfEven]
        .into_iter()
        .find(|rounding| rounding_name(*rounding) == name)
}
