//! Rows summed up: what a trading code, a member (its own account and its clients' apart), and a clearing member come to.
//!
//! The large side is taken where CFFEX takes it: over all positions of one trading code in one group of products. Members' margin is the sum of
//! their codes'. The exchange's money moves with clearing members alone.

use crate::amount::{Money, Overflow, Total};
use crate::market::{Kind, Market, Member, MemberIndex};
use crate::row::{RowFigures, RowKey};
use crate::rules::fee::Fees;
use crate::rules::funds::{self, FundsOfDay};
use crate::rules::margin::Sides;
use serde::{Deserialize, Serialize};

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
        })
    }
}

/// Sums one trading code's rows up. The order of rows does not matter.
#[derive(Clone, Debug)]
pub struct CodeSum {
    profit: Total,
    premium: Total,
    fees: Result<Fees, Overflow>,
    /// Margin of both sides by group of products; groups are few.
    groups: Vec<(u16, Sides)>,
    /// What no large side is taken of.
    alone: Total,
}

impl Default for CodeSum {
    fn default() -> Self {
        CodeSum {
            profit: Total::default(),
            premium: Total::default(),
            fees: Ok(Fees::default()),
            groups: Vec::new(),
            alone: Total::default(),
        }
    }
}

impl CodeSum {
    /// Nothing yet, with the room that it has kept.
    pub fn clear(&mut self) {
        self.groups.clear();
        (self.profit, self.premium, self.alone) = Default::default();
        self.fees = Ok(Fees::default());
    }

    /// With a row.
    pub fn add(&mut self, key: RowKey, row: &RowFigures, market: &Market) {
        self.profit = self.profit + row.profit;
        self.premium = self.premium + row.premium;
        self.fees = self.fees.and_then(|fees| fees.with(row.fees, Money::plus));
        let instrument = &market.instruments[usize::from(key.instrument.0)];
        let product = &market.products[usize::from(instrument.product.0)];
        if !product.large_side || matches!(instrument.kind, Kind::Option { .. }) {
            self.alone = self.alone + row.margin_long + row.margin_short;
            return;
        }
        match self.groups.iter_mut().find(|(group, _)| *group == product.group) {
            Some((_, sides)) => *sides = sides.and(row.margin_long, row.margin_short),
            None => self.groups.push((product.group, Sides::default().and(row.margin_long, row.margin_short))),
        }
    }

    /// What the code comes to.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn figures(&self) -> Result<Figures, Overflow> {
        let mut margin = self.alone;
        for (_, sides) in &self.groups {
            margin = margin + sides.larger()?;
        }
        Ok(Figures {
            profit: self.profit.money()?,
            premium: self.premium.money()?,
            margin: margin.money()?,
            fees: self.fees?,
        })
    }
}

/// What a member comes to: its own account and its clients'.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// Reserve and margin.
    pub balance: Money,
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
    each.map(|(member, figures)| if clears(member) { funds_of(member.1, figures).map(Some) } else { Ok(None) })
        .collect()
}

/// Of one clearing member, whose and whose cleared members' figures these are.
///
/// # Errors
/// [`Overflow`].
pub fn funds_of(member: &Member, figures: Figures) -> Result<Funds, Overflow> {
    let day = FundsOfDay {
        previous_reserve: member.previous_reserve,
        previous_margin: member.previous_margin,
        margin: figures.margin,
        profit: figures.profit,
        premium: figures.premium,
        deposited: member.deposited,
        withdrawn: member.withdrawn,
        fees: figures.fees.total()?,
    };
    let reserve = day.reserve()?;
    Ok(Funds {
        figures,
        reserve,
        balance: day.balance()?,
        call: funds::call(reserve, member.minimum_reserve)?,
        withdrawable: funds::withdrawable(reserve, member.minimum_reserve)?,
    })
}
