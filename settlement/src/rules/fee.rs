//! Fees 手续费: what is charged, by which rule, and what is waived or reduced 减免.
//!
//! A rule is looked up by product and kind. A waiver names as much as it wants of product, kind, participant and client, holds from a day to a
//! day, and may begin only with the so-manieth lot or request (tiers 阶梯). Of the waivers that fit the one that names most counts
//! (client before participant before kind before product); of two that name as much, the one that leaves less to pay.
//! CFFEX's notices have these shapes: treasury futures' close-today free, delivery fee halved until 2023-12-31 (TL), options' submission fee
//! exempted until further notice (HO).
//!
//! A tier of trades counts the lots that a client (a trading code at a member, by setting each hedge flag by itself) traded in the product
//! before, today, whatever they did; a tier of submissions its orders, quotes and cancels of the day in the product.
//!
//! Rounding: sources are silent; a setting, [`Rounding::HalfUp`] by default, once for each charge. A charge is
//!
//! | fee | charged once for | on | source |
//! |---|---|---|---|
//! | transaction, close-today | a side of a trade, its lots that close today's apart | price of the trade | CFFEX fee notices |
//! | submission | a day of a client (or code) in a product | count of orders, quotes, cancels | CFFEX notice on IM: a yuan each, cancels too |
//! | settlement | a position row that is held over the day's end | settlement price, both sides | named in members' statements; basis assumed |
//! | delivery | a row that is delivered in cash, or enters a delivery of bonds | delivery price, both sides | CFFEX notices on IM, TL |
//! | exercise | a row | lots exercised and assigned | CFFEX notice on HO |
//! | transfer | a row | settlement price, lots received and given | named in members' statements; basis assumed |
//!
//! Netting 自动对冲 is free (CFFEX notices on IO, HO, MO).

use crate::amount::{Money, Overflow, PARTS_OF_ONE, Price, Rate, Rounding, divide};
use std::collections::HashMap;

/// What a fee is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeeKind {
    /// A trade 交易手续费.
    Transaction,
    /// A trade that closes what was opened today 平今仓手续费; without a rule of its own: as any trade.
    CloseToday,
    /// An order, quote or cancel 申报费.
    Submission,
    /// Settlement of a position 结算手续费.
    Settlement,
    /// Delivery 交割手续费.
    Delivery,
    /// Exercise and assignment 行权(履约)手续费.
    Exercise,
    /// Transfer of a position 移仓手续费.
    Transfer,
}

impl FeeKind {
    const COUNT: usize = 7;

    /// Every kind, in its order.
    pub const ALL: [FeeKind; FeeKind::COUNT] = [
        FeeKind::Transaction,
        FeeKind::CloseToday,
        FeeKind::Submission,
        FeeKind::Settlement,
        FeeKind::Delivery,
        FeeKind::Exercise,
        FeeKind::Transfer,
    ];
}

/// Fees by what they are for, as members' statements list them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fees {
    /// Of trades 交易手续费, closing today's among them.
    pub transaction: Money,
    /// Of orders, quotes and cancels 申报费.
    pub submission: Money,
    /// Of positions settled 结算手续费.
    pub settlement: Money,
    /// Of delivery, exercise and assignment 交割手续费.
    pub delivery: Money,
    /// Of positions transferred 移仓手续费.
    pub transfer: Money,
}

impl Fees {
    /// With one more of a kind.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn and(mut self, kind: FeeKind, paid: Money) -> Result<Self, Overflow> {
        let of_kind = match kind {
            FeeKind::Transaction | FeeKind::CloseToday => &mut self.transaction,
            FeeKind::Submission => &mut self.submission,
            FeeKind::Settlement => &mut self.settlement,
            FeeKind::Delivery | FeeKind::Exercise => &mut self.delivery,
            FeeKind::Transfer => &mut self.transfer,
        };
        *of_kind = of_kind.plus(paid)?;
        Ok(self)
    }

    /// Each kind with another's of that kind.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn with(self, other: Fees, both: fn(Money, Money) -> Result<Money, Overflow>) -> Result<Self, Overflow> {
        Ok(Fees {
            transaction: both(self.transaction, other.transaction)?,
            submission: both(self.submission, other.submission)?,
            settlement: both(self.settlement, other.settlement)?,
            delivery: both(self.delivery, other.delivery)?,
            transfer: both(self.transfer, other.transfer)?,
        })
    }

    /// All of them.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn total(&self) -> Result<Money, Overflow> {
        let Fees { transaction, submission, settlement, delivery, transfer } = *self;
        transaction.plus(submission)?.plus(settlement)?.plus(delivery)?.plus(transfer)
    }
}

/// What a fee is reckoned by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// So much a lot (for [`FeeKind::Submission`]: a request).
    Each(Money),
    /// A part of what it is worth.
    OfWorth(Rate),
}

/// The fee of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeRule {
    /// Which product.
    pub product: u16,
    /// For what.
    pub kind: FeeKind,
    /// How much.
    pub basis: Basis,
}

/// Whom and what a charge concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Which product.
    pub product: u16,
    /// For what.
    pub kind: FeeKind,
    /// Whose member.
    pub participant: u16,
    /// Whose client: its client number.
    pub client: u32,
    /// The trading day, yyyymmdd.
    pub day: u32,
    /// Lots or requests.
    pub count: u32,
    /// How many lots it traded in the product before, today; of a submission: requests.
    pub before: u64,
    /// Price of what is charged; of no meaning for fees by the lot.
    pub price: Price,
    /// Multiplier.
    pub multiplier: u32,
}

/// What a waiver leaves to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relief {
    /// Nothing.
    Free,
    /// A share of the fee is taken off.
    Off(Rate),
    /// Another fee in place of it.
    Instead(Basis),
}

/// A waiver or reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Which product; none: every one.
    pub product: Option<u16>,
    /// Which kind; none: every one.
    pub kind: Option<FeeKind>,
    /// Whose member; none: everybody's.
    pub participant: Option<u16>,
    /// Whose client; none: everybody.
    pub client: Option<u32>,
    /// The first trading day it holds on, yyyymmdd.
    pub from: u32,
    /// The last one 有效期至; none: until further notice.
    pub until: Option<u32>,
    /// Lots or requests of the day that pay the whole fee first.
    pub beyond: u64,
    /// What it leaves.
    pub relief: Relief,
}

impl Waiver {
    fn fits(&self, charge: &Charge) -> bool {
        fn names<T: PartialEq>(named: Option<T>, value: T) -> bool {
            named.is_none_or(|named| named == value)
        }
        names(self.product, charge.product)
            && names(self.kind, charge.kind)
            && names(self.participant, charge.participant)
            && names(self.client, charge.client)
            && self.from <= charge.day
            && self.until.is_none_or(|until| charge.day <= until)
    }

    /// How much it names: the client counts most.
    fn weight(&self) -> u8 {
        u8::from(self.client.is_some()) << 3
            | u8::from(self.participant.is_some()) << 2
            | u8::from(self.kind.is_some()) << 1
            | u8::from(self.product.is_some())
    }
}

/// Over what a day's lots or requests are counted for tiers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TierOf {
    /// A client at a member, all hedge flags together.
    #[default]
    Client,
    /// Each hedge flag of a client by itself.
    Code,
}

/// Lots that clients traded so far today, of products that have tiers; nothing is kept of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tiers(HashMap<(u32, u8, u16), u64>);

impl Tiers {
    /// Lots before; `of`: whose, under which hedge flag.
    #[must_use]
    pub fn before(&self, of: (u32, u8), product: u16, fees: &FeeTable, scope: TierOf) -> u64 {
        if !fees.has_tiers(product) {
            return 0;
        }
        self.0.get(&Self::key(of, product, scope)).copied().unwrap_or(0)
    }

    /// Counts more of them.
    pub fn count(&mut self, of: (u32, u8), product: u16, lots: u32, fees: &FeeTable, scope: TierOf) {
        if fees.has_tiers(product) {
            *self.0.entry(Self::key(of, product, scope)).or_default() += u64::from(lots);
        }
    }

    fn key((account, hedge): (u32, u8), product: u16, scope: TierOf) -> (u32, u8, u16) {
        (account, if scope == TierOf::Code { hedge } else { 0 }, product)
    }
}

/// The fees of an exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeeTable {
    /// By product and kind.
    rules: Vec<FeeRule>,
    waivers: Vec<Waiver>,
    rounding: Rounding,
    /// By product: each kind's rule, the waivers that may fit, whether trades have tiers. What was asked of every leg was looked up once.
    products: Vec<OfProduct>,
}

/// A product's part of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct OfProduct {
    rules: [Option<Basis>; FeeKind::COUNT],
    /// Places of waivers, by kind.
    waivers: [Vec<u32>; FeeKind::COUNT],
    has_tiers: bool,
}

/// What a charge came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charged {
    /// By the rule alone.
    pub full: Money,
    /// To be paid.
    pub paid: Money,
}

impl FeeTable {
    /// A table of rules and waivers. `None`: a product has two rules of one kind.
    #[must_use]
    pub fn new(mut rules: Vec<FeeRule>, waivers: Vec<Waiver>, rounding: Rounding) -> Option<Self> {
        rules.sort_by_key(|rule| (rule.product, rule.kind));
        if rules.windows(2).any(|two| (two[0].product, two[0].kind) == (two[1].product, two[1].kind)) {
            return None;
        }
        let count = rules.last().map_or(0, |rule| usize::from(rule.product) + 1);
        let mut products = vec![OfProduct::default(); count];
        for rule in &rules {
            products[usize::from(rule.product)].rules[rule.kind as usize] = Some(rule.basis);
        }
        for (product, of_product) in (0u16..).zip(&mut products) {
            let as_any_trade = of_product.rules[FeeKind::Transaction as usize];
            let close_today = &mut of_product.rules[FeeKind::CloseToday as usize];
            *close_today = close_today.or(as_any_trade);
            for (place, waiver) in
                (0..).zip(&waivers).filter(|(_, waiver)| waiver.product.is_none_or(|of| of == product))
            {
                for kind in FeeKind::ALL.into_iter().filter(|kind| waiver.kind.is_none_or(|of| of == *kind)) {
                    of_product.waivers[kind as usize].push(place);
                    let is_trade = matches!(kind, FeeKind::Transaction | FeeKind::CloseToday);
                    of_product.has_tiers |= is_trade && waiver.beyond > 0;
                }
            }
        }
        Some(FeeTable { rules, waivers, rounding, products })
    }

    /// Every rule, by product and kind.
    #[must_use]
    pub fn rules(&self) -> &[FeeRule] {
        &self.rules
    }

    /// Every waiver, as given.
    #[must_use]
    pub fn waivers(&self) -> &[Waiver] {
        &self.waivers
    }

    /// How a charge becomes an integer.
    #[must_use]
    pub fn rounding(&self) -> Rounding {
        self.rounding
    }

    /// Whether a waiver of a product's trades begins only with the so-manieth lot.
    #[must_use]
    pub fn has_tiers(&self, product: u16) -> bool {
        self.products.get(usize::from(product)).is_some_and(|of_product| of_product.has_tiers)
    }

    /// What is charged. A product without a rule of the kind is charged nothing.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn charge(&self, charge: &Charge) -> Result<Charged, Overflow> {
        let Some(of_product) = self.products.get(usize::from(charge.product)) else { return Ok(Charged::default()) };
        let Some(basis) = of_product.rules[charge.kind as usize] else { return Ok(Charged::default()) };
        let full = self.fee(basis, charge, charge.count)?;
        let of_kind = &of_product.waivers[charge.kind as usize];
        if of_kind.is_empty() {
            return Ok(Charged { full, paid: full });
        }
        let fitting = of_kind.iter().map(|&place| &self.waivers[place as usize]).filter(|waiver| waiver.fits(charge));
        let Some(weight) = fitting.clone().map(Waiver::weight).max() else { return Ok(Charged { full, paid: full }) };
        let mut paid = full;
        for waiver in fitting.filter(|waiver| waiver.weight() == weight) {
            paid = paid.min(self.left(waiver, basis, charge)?);
        }
        Ok(Charged { full, paid })
    }

    /// What a waiver leaves of a charge: the part below its tier pays all.
    fn left(&self, waiver: &Waiver, basis: Basis, charge: &Charge) -> Result<Money, Overflow> {
        let whole = waiver.beyond.saturating_sub(charge.before).min(u64::from(charge.count)) as u32;
        let relieved = charge.count - whole;
        let rest = match waiver.relief {
            Relief::Free => Money::ZERO,
            Relief::Off(rate) => {
                let fee = self.fee(basis, charge, relieved)?;
                fee.minus(fee.share(rate, self.rounding)?)?
            }
            Relief::Instead(other) => self.fee(other, charge, relieved)?,
        };
        self.fee(basis, charge, whole)?.plus(rest)
    }

    fn fee(&self, basis: Basis, charge: &Charge, count: u32) -> Result<Money, Overflow> {
        match basis {
            Basis::Each(money) => Money::of(i128::from(money.0) * i128::from(count)),
            Basis::OfWorth(rate) => {
                let worth = charge.price.worth(charge.multiplier, i64::from(count));
                let parts = worth.checked_mul(i128::from(rate.0)).ok_or(Overflow)?;
                Money::of(divide(parts, i128::from(PARTS_OF_ONE), self.rounding))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YUAN: i64 = 10_000;
    const IF: u16 = 0;
    const TL: u16 = 1;

    fn charge(product: u16, kind: FeeKind, count: u32) -> Charge {
        Charge {
            product,
            kind,
            participant: 7,
            client: 42,
            day: 20_231_229,
            count,
            before: 0,
            price: Price(3_650 * YUAN),
            multiplier: 300,
        }
    }

    const NOTHING_NAMED: Waiver = Waiver {
        product: None,
        kind: None,
        participant: None,
        client: None,
        from: 0,
        until: None,
        beyond: 0,
        relief: Relief::Free,
    };

    fn table(waivers: Vec<Waiver>) -> FeeTable {
        let rules = vec![
            FeeRule { product: IF, kind: FeeKind::Transaction, basis: Basis::OfWorth(Rate(2_300)) },
            FeeRule { product: IF, kind: FeeKind::CloseToday, basis: Basis::OfWorth(Rate(23_000)) },
            FeeRule { product: IF, kind: FeeKind::Submission, basis: Basis::Each(Money(YUAN)) },
            FeeRule { product: TL, kind: FeeKind::Transaction, basis: Basis::Each(Money(3 * YUAN)) },
            FeeRule { product: TL, kind: FeeKind::Delivery, basis: Basis::Each(Money(5 * YUAN)) },
        ];
        FeeTable::new(rules, waivers, Rounding::HalfUp).expect("each once")
    }

    fn paid(table: &FeeTable, charge: &Charge) -> i64 {
        table.charge(charge).expect("it fits").paid.0
    }

    #[test]
    fn fees_are_reckoned_by_worth_or_by_the_lot() {
        let table = table(vec![]);
        // 3,650 x 300 x 0.23 in 10,000 = 25.185 yuan a lot.
        assert_eq!(paid(&table, &charge(IF, FeeKind::Transaction, 2)), 503_700);
        assert_eq!(paid(&table, &charge(IF, FeeKind::CloseToday, 1)), 2_518_500);
        assert_eq!(paid(&table, &charge(TL, FeeKind::CloseToday, 2)), 6 * YUAN, "as any trade");
        assert_eq!(paid(&table, &charge(TL, FeeKind::Exercise, 2)), 0);
    }

    #[test]
    fn the_treasury_notices() {
        let free = Waiver { product: Some(TL), kind: Some(FeeKind::CloseToday), ..NOTHING_NAMED };
        let halved = Waiver {
            product: Some(TL),
            kind: Some(FeeKind::Delivery),
            until: Some(20_231_231),
            relief: Relief::Off(Rate(PARTS_OF_ONE / 2)),
            ..NOTHING_NAMED
        };
        let table = table(vec![free, halved]);
        assert_eq!(paid(&table, &charge(TL, FeeKind::CloseToday, 2)), 0);
        assert_eq!(paid(&table, &charge(TL, FeeKind::Transaction, 2)), 6 * YUAN);
        assert_eq!(paid(&table, &charge(TL, FeeKind::Delivery, 2)), 5 * YUAN);
        assert_eq!(paid(&table, &Charge { day: 20_240_102, ..charge(TL, FeeKind::Delivery, 2) }), 10 * YUAN);
    }

    #[test]
    fn the_waiver_that_names_most_counts_and_of_two_the_cheaper() {
        let everybody = Waiver { product: Some(TL), relief: Relief::Off(Rate(PARTS_OF_ONE / 10)), ..NOTHING_NAMED };
        let member =
            Waiver { participant: Some(7), relief: Relief::Instead(Basis::Each(Money(2 * YUAN))), ..NOTHING_NAMED };
        let cheaper =
            Waiver { participant: Some(7), relief: Relief::Instead(Basis::Each(Money(YUAN))), ..NOTHING_NAMED };
        let client =
            Waiver { client: Some(42), relief: Relief::Instead(Basis::Each(Money(4 * YUAN))), ..NOTHING_NAMED };
        let fee = |waivers: &[Waiver]| paid(&table(waivers.to_vec()), &charge(TL, FeeKind::Transaction, 1));
        assert_eq!(fee(&[everybody]), 27_000);
        assert_eq!(fee(&[everybody, member]), 2 * YUAN);
        assert_eq!(fee(&[everybody, member, cheaper]), YUAN);
        assert_eq!(fee(&[cheaper, client]), 3 * YUAN, "a waiver never makes a fee dearer");
        assert_eq!(fee(&[Waiver { participant: Some(8), ..NOTHING_NAMED }]), 3 * YUAN);
    }

    #[test]
    fn a_tier_begins_within_a_charge() {
        let beyond_100 = Waiver { kind: Some(FeeKind::Submission), beyond: 100, ..NOTHING_NAMED };
        let table = table(vec![beyond_100]);
        let submission = |before, count| paid(&table, &Charge { before, ..charge(IF, FeeKind::Submission, count) });
        assert_eq!([submission(0, 100), submission(95, 10), submission(100, 10)], [100 * YUAN, 5 * YUAN, 0]);
    }

    #[test]
    fn two_rules_for_one_thing_are_no_table() {
        let rule = FeeRule { product: IF, kind: FeeKind::Transaction, basis: Basis::Each(Money(1)) };
        assert!(FeeTable::new(vec![rule, rule], vec![], Rounding::HalfUp).is_none());
    }
}
