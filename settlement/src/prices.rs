//! What lots of an instrument come to at its prices: worked out once for everybody who holds it, whenever its prices change.
//!
//! All that depends on prices while the day runs is linear in lots before it is rounded: a row's profit is (what is fixed + settlement x net lots) x
//! multiplier, its margin so much a lot. A row is then a few multiplications, and a market of millions of rows follows its prices.

use crate::amount::{Money, Overflow, PerLot, Price, Rounding};
use crate::market::{Instrument, Kind, Market};
use crate::rules::margin::{self, OptionAtEnd};
use crate::rules::profit;

/// An instrument at its prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtPrices {
    margin_long: PerLot,
    margin_short: PerLot,
    rounding: Rounding,
    settlement: Price,
    multiplier: u32,
    /// It has daily profit; options have premium.
    is_future: bool,
    pub(crate) group: Option<Group>,
}

/// Whose larger side pays, or whose smaller side is discounted: products of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub number: u16,
    pub large_side: bool,
}

impl AtPrices {
    /// None: its product is not defined.
    #[must_use]
    pub fn of(instrument: &Instrument, market: &Market) -> Option<Self> {
        let product = market.products.get(usize::from(instrument.product.0))?;
        let &Instrument { settlement, underlying, multiplier, .. } = instrument;
        let (margin_long, margin_short) = match instrument.kind {
            Kind::Option { right, strike } => {
                let option = OptionAtEnd { right, strike, settlement, underlying, multiplier };
                (PerLot::NONE, product.seller.per_lot(&option))
            }
            Kind::CashFuture | Kind::BondFuture => {
                let margin = |rate| margin::futures_per_lot(settlement, multiplier, rate);
                (margin(instrument.margin_long), margin(instrument.margin_short))
            }
        };
        let is_future = !matches!(instrument.kind, Kind::Option { .. });
        let has_sides = is_future && (product.large_side || market.settings.combination.0 != 0);
        let group = has_sides.then_some(Group { number: product.group, large_side: product.large_side });
        let rounding = market.settings.margin;
        Some(AtPrices { margin_long, margin_short, rounding, settlement, multiplier, is_future, group })
    }

    /// Every instrument of a market, by place.
    #[must_use]
    pub fn all(market: &Market) -> Vec<Option<Self>> {
        market.instruments.iter().map(|instrument| Self::of(instrument, market)).collect()
    }

    /// Daily profit and loss of a row, of which so much is fixed and so many lots are held, long less short ([`profit::DayOf::fixed`]).
    ///
    /// # Errors
    /// [`Overflow`].
    #[inline]
    pub fn profit(&self, fixed: i128, net: i64) -> Result<Money, Overflow> {
        if self.is_future { profit::at(fixed, net, self.settlement, self.multiplier) } else { Ok(Money::ZERO) }
    }

    /// Margin of both sides of a row.
    ///
    /// # Errors
    /// [`Overflow`].
    #[inline]
    pub fn margins(&self, long: u32, short: u32) -> Result<(Money, Money), Overflow> {
        Ok((self.margin_long.times(long, self.rounding)?, self.margin_short.times(short, self.rounding)?))
    }
}
