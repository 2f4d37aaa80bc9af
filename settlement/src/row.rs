//! A position row: what one trading code has in one instrument under one hedge flag, and what became of it today.
//!
//! It takes trades one by one, in the order of the log, and can be asked for its figures at any moment: the stream asks after each trade,
//! the batch once at the end, and both come through here.

use crate::amount::{Money, Overflow, Price, Total};
use crate::market::{Account, AccountIndex, Instrument, InstrumentIndex, Kind, Market};
use crate::prices::AtPrices;
use crate::rules::closing::{Close, Held};
use crate::rules::fee::{Charge, FeeKind, Fees, Tiers};
use crate::rules::option;
use crate::rules::profit::DayOf;
use std::fmt;

/// Which row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct RowKey {
    /// Whose.
    pub account: AccountIndex,
    /// In what.
    pub instrument: InstrumentIndex,
    /// FTDHedgeFlag.
    pub hedge: u8,
}

/// Buy or sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Side {
    /// 买.
    Buy,
    /// 卖.
    Sell,
}

/// What a trade does to the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Effect {
    /// 开仓.
    Open,
    /// 平仓, 平今, 平昨.
    Close(Close),
}

/// One side of a trade 成交单边.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Leg {
    /// Whose position, in what.
    pub row: RowKey,
    /// Buy or sell.
    pub side: Side,
    /// Open or close.
    pub effect: Effect,
    /// Price.
    pub price: Price,
    /// Lots.
    pub lots: u32,
}

/// Why a leg cannot be: the log and the positions it began with contradict one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impossible {
    /// The account, or the instrument, is not defined.
    Unknown,
    /// It closes more than is held.
    NotHeld,
    /// A position of 2^32 lots and more.
    TooManyLots,
    /// Too much money.
    Overflow,
    /// The day begins with it twice.
    Twice,
}

impl From<Overflow> for Impossible {
    fn from(_: Overflow) -> Self {
        Impossible::Overflow
    }
}

impl fmt::Display for Impossible {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Impossible::Unknown => out.write_str("编码或合约未定义 the account or the instrument is not defined"),
            Impossible::NotHeld => out.write_str("平仓量超过持仓 it closes more lots than are held"),
            Impossible::TooManyLots => out.write_str("持仓量超限 a position of 2^32 lots and more"),
            Impossible::Overflow => Overflow.fmt(out),
            Impossible::Twice => out.write_str("持仓重复 the day begins with it twice"),
        }
    }
}

impl std::error::Error for Impossible {}

/// A position and its day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Long lots.
    pub long: Held,
    /// Short lots.
    pub short: Held,
    /// The day in lots and prices.
    pub day: DayOf,
    /// Premium received less paid.
    pub premium: Total,
    /// Lots bought to open 买开.
    pub bought_to_open: u64,
    /// Lots sold to open 卖开.
    pub sold_to_open: u64,
    /// Fees of trades, to be paid.
    pub trade_fees: Total,
    /// What waivers took off.
    pub waived: Total,
    /// Lots that closed today's.
    pub closed_today: u64,
}

/// What a row comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowFigures {
    /// Daily profit and loss of a future; of an option on its last day what exercise brings.
    pub profit: Money,
    /// Premium received less paid.
    pub premium: Money,
    /// Margin of the long side.
    pub margin_long: Money,
    /// Margin of the short side.
    pub margin_short: Money,
    /// Fees to be paid.
    pub fees: Fees,
    /// Long lots the next day begins with.
    pub long: u32,
    /// Short lots the next day begins with.
    pub short: u32,
    /// Lots delivered, exercised or assigned.
    pub delivered: u32,
}

impl Row {
    /// A row as the day begins.
    #[must_use]
    pub fn carried(long: u32, short: u32) -> Self {
        Row {
            long: Held { yesterday: long, today: 0 },
            short: Held { yesterday: short, today: 0 },
            day: DayOf { previous_long: long.into(), previous_short: short.into(), ..DayOf::default() },
            ..Row::default()
        }
    }

    /// Takes a leg. `tiers`: what the client traded before, and now this. What is impossible leaves both as they were.
    ///
    /// # Errors
    /// [`Impossible`].
    pub fn take(&mut self, leg: &Leg, market: &Market, tiers: &mut Tiers) -> Result<(), Impossible> {
        let taken = Taken::of(leg, (self.long, self.short), market, tiers)?;
        let lots = u64::from(leg.lots);
        let opened = if leg.effect == Effect::Open { lots } else { 0 };
        match leg.side {
            Side::Buy => {
                self.day.bought = self.day.bought.and(leg.price, leg.lots);
                self.bought_to_open += opened;
            }
            Side::Sell => {
                self.day.sold = self.day.sold.and(leg.price, leg.lots);
                self.sold_to_open += opened;
            }
        }
        (self.long, self.short) = (taken.long, taken.short);
        self.premium = self.premium + taken.premium;
        self.trade_fees.0 += taken.paid.0;
        self.waived.0 += taken.full.0 - taken.paid.0;
        self.closed_today += u64::from(taken.closed_today);
        Ok(())
    }

    /// Lots left, long and short, after what is netted and transferred at the day's end.
    ///
    /// # Errors
    /// [`Impossible::NotHeld`]; [`Impossible::TooManyLots`].
    pub fn left(&self, at_end: &AtEnd) -> Result<(u32, u32), Impossible> {
        left(self.long, self.short, at_end)
    }

    /// What the row comes to at the prices that the market has now.
    ///
    /// # Errors
    /// [`Impossible`].
    pub fn figures(&self, key: RowKey, market: &Market, at_end: AtEnd) -> Result<RowFigures, Impossible> {
        let instrument = market.instruments.get(usize::from(key.instrument.0)).ok_or(Impossible::Unknown)?;
        self.figures_at(key, market, &AtPrices::of(instrument, market).ok_or(Impossible::Unknown)?, at_end)
    }

    /// What the row comes to; `prices`: its instrument's.
    ///
    /// # Errors
    /// [`Impossible`].
    pub fn figures_at(
        &self,
        key: RowKey,
        market: &Market,
        prices: &AtPrices,
        at_end: AtEnd,
    ) -> Result<RowFigures, Impossible> {
        let instrument = market.instruments.get(usize::from(key.instrument.0)).ok_or(Impossible::Unknown)?;
        let fixed = self.day.fixed(instrument.previous_settlement);
        let mut figures =
            Position { long: self.long, short: self.short, fixed }.figures(key, market, prices, at_end)?;
        figures.premium = self.premium.money()?;
        figures.fees = figures.fees.and(FeeKind::Transaction, self.trade_fees.money()?)?;
        Ok(figures)
    }
}

/// What of a row its figures come of, but for premium and fees of its trades, which no price changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Long lots.
    pub long: Held,
    /// Short lots.
    pub short: Held,
    /// What of its profit no price changes ([`DayOf::fixed`]).
    pub fixed: i128,
}

impl Position {
    /// What it comes to, without premium and fees of trades; `prices`: its instrument's.
    ///
    /// # Errors
    /// [`Impossible`].
    pub fn figures(
        &self,
        key: RowKey,
        market: &Market,
        prices: &AtPrices,
        at_end: AtEnd,
    ) -> Result<RowFigures, Impossible> {
        let account = market.accounts.get(key.account.0 as usize).ok_or(Impossible::Unknown)?;
        let instrument = market.instruments.get(usize::from(key.instrument.0)).ok_or(Impossible::Unknown)?;
        let (long, short) = left(self.long, self.short, &at_end)?;
        // Fewer than 2^33 lots on each side.
        let net = self.long.lots() as i64 - self.short.lots() as i64;
        let profit = prices.profit(self.fixed, net)?;
        let mut figures = RowFigures { profit, long, short, ..RowFigures::default() };
        if at_end.is_end {
            figures.end(market, account, instrument, &at_end)?;
        }
        (figures.margin_long, figures.margin_short) = prices.margins(figures.long, figures.short)?;
        Ok(figures)
    }
}

fn left(long: Held, short: Held, at_end: &AtEnd) -> Result<(u32, u32), Impossible> {
    let left = |held: Held, moved: i32| {
        let lots = u32::try_from(held.lots()).map_err(|_| Impossible::TooManyLots)?;
        let lots = lots.checked_sub(at_end.netted).ok_or(Impossible::NotHeld)?;
        lots.checked_add_signed(moved).ok_or(if moved < 0 { Impossible::NotHeld } else { Impossible::TooManyLots })
    };
    Ok((left(long, at_end.moved_long)?, left(short, at_end.moved_short)?))
}

/// What a leg makes of a position, and what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Long lots.
    pub long: Held,
    /// Short lots.
    pub short: Held,
    /// Lots of it that closed today's.
    pub closed_today: u32,
    /// Premium received less paid.
    pub premium: Money,
    /// Fees by the rules alone.
    pub full: Total,
    /// Fees to be paid.
    pub paid: Total,
}

impl Taken {
    /// Of a leg that meets so many lots, long and short. `tiers`: what the client traded before, and now this. What is impossible leaves them as
    /// they were.
    ///
    /// # Errors
    /// [`Impossible`].
    pub fn of(leg: &Leg, (long, short): (Held, Held), market: &Market, tiers: &mut Tiers) -> Result<Self, Impossible> {
        let account = market.accounts.get(leg.row.account.0 as usize).ok_or(Impossible::Unknown)?;
        let instrument = market.instruments.get(usize::from(leg.row.instrument.0)).ok_or(Impossible::Unknown)?;
        let is_buy = leg.side == Side::Buy;
        let (own, other) = if is_buy { (long, short) } else { (short, long) };
        let (own, other, closed_today) = moved(own, other, leg, market)?;
        let premium = match instrument.kind {
            Kind::Option { .. } => option::premium(leg.price, instrument.multiplier, leg.lots)?,
            _ => Money::ZERO,
        };
        let (of, product, scope) = ((leg.row.account.0, leg.row.hedge), instrument.product.0, market.settings.tiers);
        let has_tiers = market.fees.has_tiers(product);
        let before = if has_tiers { tiers.before(of, product, &market.fees, scope) } else { 0 };
        let (mut full, mut paid) = (Total::default(), Total::default());
        for (kind, lots, before) in [
            (FeeKind::CloseToday, closed_today, before),
            (FeeKind::Transaction, leg.lots - closed_today, before + u64::from(closed_today)),
        ] {
            if lots > 0 {
                let charge = Charge { before, ..charge(market, account, instrument, kind, lots, leg.price) };
                let charged = market.fees.charge(&charge)?;
                (full, paid) = (full + charged.full, paid + charged.paid);
            }
        }
        // Nothing fails from here on.
        if has_tiers {
            tiers.count(of, product, leg.lots, &market.fees, scope);
        }
        let (long, short) = if is_buy { (own, other) } else { (other, own) };
        let premium = if is_buy { -premium } else { premium };
        Ok(Taken { long, short, closed_today, premium, full, paid })
    }
}

/// Both sides after a leg, the one that it opens first; and how many of today's lots it closed.
fn moved(own: Held, other: Held, leg: &Leg, market: &Market) -> Result<(Held, Held, u32), Impossible> {
    match leg.effect {
        Effect::Open => {
            let today = own.today.checked_add(leg.lots).ok_or(Impossible::TooManyLots)?;
            let own = Held { today, ..own };
            own.next_day().ok_or(Impossible::TooManyLots)?;
            Ok((own, other, 0))
        }
        Effect::Close(close) => {
            let taken = other.taken_by(close, leg.lots, market.settings.matching).ok_or(Impossible::NotHeld)?;
            Ok((own, other.less(taken).ok_or(Impossible::NotHeld)?, taken.today))
        }
    }
}

/// What is known at the day's end only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AtEnd {
    /// The day has ended: netting, transfers, delivery, exercise take place, in this order.
    pub is_end: bool,
    /// Lots of each side that are closed against one another 自动对冲; free of fee.
    pub netted: u32,
    /// Long lots received less given 移仓, at the day's settlement price.
    pub moved_long: i32,
    /// Short lots received less given.
    pub moved_short: i32,
    /// Lots received or given, of both sides: what the fee is for.
    pub moved: u32,
    /// Long lots exercised; of a bond future: that go into delivery.
    pub exercised: u32,
    /// Short lots assigned; of a bond future: that go into delivery.
    pub assigned: u32,
}

impl RowFigures {
    /// What ends today: cash delivery, exercise, entry into a delivery of bonds; fees of these, of transfers, of what is held.
    fn end(
        &mut self,
        market: &Market,
        account: &Account,
        instrument: &Instrument,
        at_end: &AtEnd,
    ) -> Result<(), Impossible> {
        let sum = |one: u32, other: u32| one.checked_add(other).ok_or(Impossible::TooManyLots);
        let mut fee = |kind, lots| {
            let charged =
                market.fees.charge(&charge(market, account, instrument, kind, lots, instrument.settlement))?;
            self.fees = self.fees.and(kind, charged.paid)?;
            Ok::<(), Impossible>(())
        };
        if at_end.moved > 0 {
            fee(FeeKind::Transfer, at_end.moved)?;
        }
        let (ending_long, ending_short) = match instrument.kind {
            Kind::CashFuture if instrument.expires => (self.long, self.short),
            Kind::BondFuture => (at_end.exercised, at_end.assigned),
            Kind::Option { right, strike } if instrument.expires => {
                let gain = |lots| option::exercise(right, strike, instrument.underlying, instrument.multiplier, lots);
                self.profit = gain(at_end.exercised)?.minus(gain(at_end.assigned)?)?;
                (self.long, self.short)
            }
            _ => (0, 0),
        };
        let is_option = matches!(instrument.kind, Kind::Option { .. });
        let kind = if is_option { FeeKind::Exercise } else { FeeKind::Delivery };
        // What expires worthless is not delivered.
        self.delivered =
            if is_option { sum(at_end.exercised, at_end.assigned)? } else { sum(ending_long, ending_short)? };
        if self.delivered > 0 {
            fee(kind, self.delivered)?;
        }
        self.long = self.long.checked_sub(ending_long).ok_or(Impossible::NotHeld)?;
        self.short = self.short.checked_sub(ending_short).ok_or(Impossible::NotHeld)?;
        let held = sum(self.long, self.short)?;
        if held > 0 {
            let charge = charge(market, account, instrument, FeeKind::Settlement, held, instrument.settlement);
            self.fees = self.fees.and(FeeKind::Settlement, market.fees.charge(&charge)?.paid)?;
        }
        Ok(())
    }
}

fn charge(
    market: &Market,
    account: &Account,
    instrument: &Instrument,
    kind: FeeKind,
    count: u32,
    price: Price,
) -> Charge {
    Charge {
        product: instrument.product.0,
        kind,
        participant: account.member.0,
        client: account.client,
        day: market.day,
        count,
        before: 0,
        price,
        multiplier: instrument.multiplier,
    }
}
