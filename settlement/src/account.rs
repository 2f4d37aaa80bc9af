//! Rows summed up: what a trading code, a member (its own account and its clients' apart), and a clearing member come to.
//!
//! The large side is taken where CFFEX takes it: over all positions of one trading code in one group of products. Members' margin is the sum of
//! their codes'. The exchange's money moves with clearing members alone.

use crate::amount::{Money, Overflow, Price, Total};
use crate::market::{AccountIndex, Market, Member, MemberIndex, ProductIndex, Settings};
use crate::prices::{AtPrices, Group};
use crate::row::RowFigures;
use crate::rules::fee::{Charge, FeeKind, Fees, TierOf};
use crate::rules::funds::{self, FundsOfDay};
use crate::rules::margin::Sides;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an account comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Daily profit and loss, exercise among it.
    pub profit: Money,
    /// Premium received less paid.
    pub premium: Money,
    /// Margin.
    pub margin: Money,
    /// Fees to be paid.
    pub fees: Fees,
    /// Payments for bonds delivered: received less paid 交割货款.
    pub delivery: Money,
}

impl Figures {
    /// Together with another's.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn and(self, other: Figures) -> Result<Figures, Overflow> {
        Ok(Figures {
            profit: self.profit.plus(other.profit)?,
            premium: self.premium.plus(other.premium)?,
            margin: self.margin.plus(other.margin)?,
            fees: self.fees.with(other.fees, Money::plus)?,
            delivery: self.delivery.plus(other.delivery)?,
        })
    }
}

impl Figures {
    /// Without another's.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn less(self, other: Figures) -> Result<Figures, Overflow> {
        Ok(Figures {
            profit: self.profit.minus(other.profit)?,
            premium: self.premium.minus(other.premium)?,
            margin: self.margin.minus(other.margin)?,
            fees: self.fees.with(other.fees, Money::minus)?,
            delivery: self.delivery.minus(other.delivery)?,
        })
    }
}

/// What an account has under way in deliveries of bonds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InDelivery {
    /// Margin of what is neither paid nor handed over.
    pub margin: Money,
    /// Today's payments: received less paid.
    pub payment: Money,
}

/// Orders, quotes and cancels of a client in a product: to be added to those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Submission {
    /// Whose.
    pub account: AccountIndex,
    /// In which product.
    pub product: ProductIndex,
    /// FTDHedgeFlag.
    pub hedge: u8,
    /// How many.
    pub count: u32,
}

/// A day's submissions of an account, by product and hedge flag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submissions(BTreeMap<(ProductIndex, u8), u64>);

impl Submissions {
    /// With more of them.
    pub fn add(&mut self, more: &Submission) {
        *self.0.entry((more.product, more.hedge)).or_default() += u64::from(more.count);
    }

    /// What they cost: once for the whole day of a client, or of a code, in a product.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn fee(&self, index: AccountIndex, market: &Market) -> Result<Money, Overflow> {
        let account = &market.accounts[index.0 as usize];
        let charge = |product: ProductIndex, count: u64| {
            let count = u32::try_from(count).map_err(|_| Overflow)?;
            let charge = Charge {
                product: product.0,
                kind: FeeKind::Submission,
                participant: account.member.0,
                client: account.client,
                day: market.day,
                count,
                before: 0,
                price: Price(0),
                multiplier: 0,
            };
            market.fees.charge(&charge).map(|charged| charged.paid)
        };
        let (mut sum, mut codes) = (Money::ZERO, self.0.iter().peekable());
        while let Some((&(product, _), &(mut count))) = codes.next() {
            let is_one = |&(&(other, _), _): &(&(ProductIndex, u8), &u64)| other == product;
            while market.settings.tiers == TierOf::Client
                && let Some((_, more)) = codes.next_if(is_one)
            {
                count += more;
            }
            sum = sum.plus(charge(product, count)?)?;
        }
        Ok(sum)
    }
}

/// Sums one trading code's rows up. The order of rows does not matter.
#[derive(Clone, Debug)]
pub struct CodeSum {
    profit: Total,
    premium: Total,
    /// Of trades; then those of the others.
    transaction: Total,
    fees: Result<Fees, Overflow>,
    /// Margin of both sides by group of products; groups are few.
    groups: Vec<(Group, Sides)>,
    /// What no large side is taken of.
    alone: Total,
    delivery: Total,
}

impl Default for CodeSum {
    fn default() -> Self {
        CodeSum {
            profit: Total::default(),
            premium: Total::default(),
            transaction: Total::default(),
            fees: Ok(Fees::default()),
            groups: Vec::new(),
            alone: Total::default(),
            delivery: Total::default(),
        }
    }
}

impl CodeSum {
    /// Nothing yet, with the room that it has kept.
    pub fn clear(&mut self) {
        self.groups.clear();
        (self.profit, self.premium, self.transaction, self.alone, self.delivery) = Default::default();
        self.fees = Ok(Fees::default());
    }

    /// With a row; `prices`: its instrument's.
    pub fn add(&mut self, prices: &AtPrices, row: &RowFigures) {
        self.add_trades(Total::default() + row.premium, Total::default() + row.fees.transaction);
        let others = Fees { transaction: Money::ZERO, ..row.fees };
        if others != Fees::default() {
            self.fees = self.fees.and_then(|fees| fees.with(others, Money::plus));
        }
        self.add_position(prices, row.profit, (row.margin_long, row.margin_short));
    }

    /// With premium received less paid, and fees, of trades.
    #[inline]
    pub fn add_trades(&mut self, premium: Total, fees: Total) {
        (self.premium.0, self.transaction.0) = (self.premium.0 + premium.0, self.transaction.0 + fees.0);
    }

    /// With a row's profit, and its margin, long and short.
    #[inline]
    pub fn add_position(&mut self, prices: &AtPrices, profit: Money, (long, short): (Money, Money)) {
        self.profit = self.profit + profit;
        let Some(group) = prices.group else {
            self.alone = self.alone + long + short;
            return;
        };
        match self.groups.iter_mut().find(|(other, _)| *other == group) {
            Some((_, sides)) => *sides = sides.and(long, short),
            None => self.groups.push((group, Sides::default().and(long, short))),
        }
    }

    /// With what is not of a row: submissions' fees, and deliveries under way.
    pub fn add_beside(&mut self, submissions: Money, under_way: InDelivery) {
        self.alone = self.alone + under_way.margin;
        self.delivery = self.delivery + under_way.payment;
        self.fees = self.fees.and_then(|fees| fees.and(FeeKind::Submission, submissions));
    }

    /// What the code comes to.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn figures(&self, market: &Market) -> Result<Figures, Overflow> {
        let mut margin = self.alone;
        for (group, sides) in &self.groups {
            let pays = if group.large_side { sides.larger()? } else { sides.combined(market.settings.combination)? };
            margin = margin + pays;
        }
        Ok(Figures {
            profit: self.profit.money()?,
            premium: self.premium.money()?,
            margin: margin.money()?,
            fees: self.fees?.and(FeeKind::Transaction, self.transaction.money()?)?,
            delivery: self.delivery.money()?,
        })
    }
}

/// What a member comes to: its own account and its clients'.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberFigures {
    /// Its own 自营.
    pub own: Figures,
    /// Its clients' 经纪.
    pub brokerage: Figures,
}

/// What a clearing member owes and owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Funds {
    /// Today's figures of all whom it clears.
    pub figures: Figures,
    /// Settlement reserve 结算准备金.
    pub reserve: Money,
    /// The member's money: reserve and margin, without collateral.
    pub balance: Money,
    /// Collateral that counts for margin 有价证券充抵金额.
    pub collateral: Money,
    /// To be paid in before the next day opens 追加.
    pub call: Money,
    /// What may be paid out.
    pub withdrawable: Money,
}

/// Funds of every member that clears; none for those whom another clears.
///
/// # Errors
/// [`Overflow`].
pub fn funds(market: &Market, members: &[MemberFigures]) -> Result<Vec<Option<Funds>>, Overflow> {
    let mut cleared = vec![Figures::default(); members.len()];
    for (member, figures) in market.members.iter().zip(members) {
        let sum = &mut cleared[usize::from(member.clearing.0)];
        *sum = sum.and(figures.own)?.and(figures.brokerage)?;
    }
    let clears = |(place, member): (usize, &Member)| member.clearing == MemberIndex(place as u16);
    let each = market.members.iter().enumerate().zip(cleared);
    each.map(
        |(member, figures)| {
            if clears(member) { funds_of(member.1, figures, &market.settings).map(Some) } else { Ok(None) }
        },
    )
    .collect()
}

/// Of one clearing member, whose and whose cleared members' figures these are.
///
/// # Errors
/// [`Overflow`].
pub fn funds_of(member: &Member, figures: Figures, settings: &Settings) -> Result<Funds, Overflow> {
    let mut day = FundsOfDay {
        previous_reserve: member.previous_reserve,
        previous_margin: member.previous_margin,
        margin: figures.margin,
        profit: figures.profit,
        premium: figures.premium,
        deposited: member.deposited,
        withdrawn: member.withdrawn,
        fees: figures.fees.total()?,
        delivery: figures.delivery,
        collateral: Money::ZERO,
        previous_collateral: member.previous_collateral,
    };
    let (cash, multiple) = (day.balance()?, settings.collateral_multiple);
    day.collateral = funds::collateral(member.collateral, member.haircut, cash, multiple, figures.margin)?;
    let reserve = day.reserve()?;
    // Cash that stays is looked at only where collateral stands in for some: without it the two are the same.
    let left = cash.minus(funds::cash_for(figures.margin, day.collateral, multiple)?)?;
    let free = if day.collateral == Money::ZERO { reserve } else { left };
    Ok(Funds {
        figures,
        reserve,
        balance: cash,
        collateral: day.collateral,
        call: funds::call(reserve, member.minimum_reserve)?,
        withdrawable: funds::withdrawable(free, member.minimum_reserve)?,
    })
}
