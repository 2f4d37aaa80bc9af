//! Treasury delivery 国债期货交割, over its days: who delivers what to whom, and what is paid for it.
//!
//! | day | CFFEX's name | what |
//! |---|---|---|
//! | 1 | 意向申报日; last trading day 最后交易日 | sellers that declare, and buyers, are paired; on the last day everybody who still holds is |
//! | 2 | 交券日 | the seller hands over the bond that it has named |
//! | 3 | 配对缴款日 | the buyer pays the invoice, the seller receives it, both sides' margin is free |
//! | 4 | 收券日 | the buyer has the bonds |
//!
//! Price is the settlement price of the first day (of the last trading day: the delivery price). Buyers that declare come first; what they do not
//! take falls on the other long positions in proportion, by lots ([`option::assign`]; CFFEX takes those held longest, which the log does not
//! tell: an assumption). Pairs: largest seller with largest buyer, among equals the lower row, so that there are fewer pairs than parties
//! (最少配对数 approximately). A delivery without a bond stays at its second day, with its margin, and nothing is paid: it is named, the exchange decides.
//! Invoice 交割货款 = lots x face / 100 x (price x conversion factor + accrued interest on the day of payment), rounded once, by setting.
//! Source: CFFEX delivery rules for treasury futures; the days' order and the fee at entry are settled there, rounding is not.

use crate::account::InDelivery;
use crate::amount::{Money, Overflow, Price, Rate};
use crate::market::{AccountIndex, InstrumentIndex, Market};
use crate::row::{AtEnd, RowKey, Side};
use crate::rules::delivery::{Bond, ConversionFactor, invoice};
use crate::rules::{margin, option};
use std::collections::BTreeMap;

/// A place among the deliverable bonds of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct BondIndex(pub u16);

/// A bond that may be delivered into an instrument 可交割国债.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deliverable {
    /// Into which.
    pub instrument: InstrumentIndex,
    /// Conversion factor there.
    pub factor: ConversionFactor,
    /// Coupon a year.
    pub coupon: Rate,
    /// Coupons a year: 1 or 2.
    pub frequency: u32,
    /// The last coupon before delivery, yyyymmdd.
    pub last_coupon: u32,
    /// The next one, yyyymmdd.
    pub next_coupon: u32,
}

/// How far a delivery is, after the day's settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryDay {
    /// 1: it was paired today.
    Entered,
    /// 2: the bond is handed over; without a bond that is named: waited for.
    Bonds,
    /// 3: paid today.
    Payment,
    /// 4: the buyer has the bonds.
    Receipt,
}

/// A delivery under way: a seller, a buyer, lots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Delivery {
    /// Of which instrument.
    pub instrument: InstrumentIndex,
    /// Who delivers.
    pub seller: RowKey,
    /// Who pays.
    pub buyer: RowKey,
    /// Lots.
    pub lots: u32,
    /// At which settlement price.
    pub price: Price,
    /// Which bond; none: not named yet.
    pub bond: Option<BondIndex>,
    /// How far.
    pub day: DeliveryDay,
    /// Accrued interest of 100 yuan in 1/10,000,000 yuan, from the day of payment on.
    pub interest: i64,
    /// What is paid for all lots, from the day of payment on.
    pub invoice: Money,
}

/// What a holder said about delivery: a buyer that would take, or a seller that gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Whose position.
    pub row: RowKey,
    /// Buy: takes; sell: delivers.
    pub side: Side,
    /// Lots; what is beyond the position is cut off.
    pub lots: u32,
    /// Of a seller: which bond.
    pub bond: Option<BondIndex>,
}

/// A row of an instrument that ends, or is delivered from, today: what is left after netting and transfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub row: RowKey,
    pub at_end: AtEnd,
    pub long: u32,
    pub short: u32,
    /// Of an option: long lots exercised; of a bond future: declared to be taken.
    pub asks: u32,
    /// Short lots declared to be delivered.
    pub gives: u32,
    pub bond: Option<BondIndex>,
}

/// How an instrument's rows end, in the order of keys, and the deliveries that this makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    pub rows: Vec<(RowKey, AtEnd)>,
    pub deliveries: Vec<Delivery>,
}

/// Assigns an option's exercised lots to its sellers. `None`: there are not so many.
pub(crate) fn exercise(holders: &[Holder]) -> Option<Ended> {
    let exercised: u64 = holders.iter().map(|holder| u64::from(holder.asks)).sum();
    let shorts: Vec<u32> = holders.iter().map(|holder| holder.short).collect();
    let assigned = option::assign(exercised, &shorts)?;
    let taken: Vec<u32> = holders.iter().map(|holder| holder.asks).collect();
    Some(Ended { rows: ends(holders, &taken, &assigned), deliveries: Vec::new() })
}

/// Pairs sellers and buyers of a bond future. `None`: long and short positions differ, or fewer lots are held than are delivered.
pub(crate) fn enter(index: InstrumentIndex, market: &Market, holders: &[Holder]) -> Option<Ended> {
    let instrument = &market.instruments[usize::from(index.0)];
    let gives: Vec<u32> =
        holders.iter().map(|holder| if instrument.expires { holder.short } else { holder.gives }).collect();
    let sold: u64 = gives.iter().copied().map(u64::from).sum();
    let asks: Vec<u32> =
        holders.iter().map(|holder| if instrument.expires { holder.long } else { holder.asks }).collect();
    let asked: u64 = asks.iter().copied().map(u64::from).sum();
    if instrument.expires && asked != sold {
        return None;
    }
    let willing = option::assign(sold.min(asked), &asks)?;
    let others: Vec<u32> = holders.iter().zip(&asks).map(|(holder, asks)| holder.long - asks).collect();
    let unwilling = option::assign(sold - sold.min(asked), &others)?;
    let takes: Vec<u32> = willing.iter().zip(&unwilling).map(|(one, other)| one + other).collect();
    let mut sellers = largest_first(holders, &gives);
    let mut deliveries = Vec::new();
    for (buyer, mut lots) in largest_first(holders, &takes) {
        while lots > 0 {
            let (seller, left) = sellers.first_mut()?;
            let paired = lots.min(*left);
            (lots, *left) = (lots - paired, *left - paired);
            deliveries.push(Delivery {
                instrument: index,
                seller: seller.row,
                buyer: buyer.row,
                lots: paired,
                price: instrument.settlement,
                bond: seller.bond,
                day: DeliveryDay::Entered,
                interest: 0,
                invoice: Money::ZERO,
            });
            if *left == 0 {
                sellers.remove(0);
            }
        }
    }
    Some(Ended { rows: ends(holders, &takes, &gives), deliveries })
}

fn ends(holders: &[Holder], long: &[u32], short: &[u32]) -> Vec<(RowKey, AtEnd)> {
    let each = holders.iter().zip(long).zip(short);
    each.map(|((holder, &exercised), &assigned)| (holder.row, AtEnd { exercised, assigned, ..holder.at_end })).collect()
}

fn largest_first(holders: &[Holder], lots: &[u32]) -> Vec<(Holder, u32)> {
    let mut parties: Vec<(Holder, u32)> =
        holders.iter().copied().zip(lots.iter().copied()).filter(|(_, lots)| *lots > 0).collect();
    parties.sort_by_key(|&(holder, lots)| (std::cmp::Reverse(lots), holder.row));
    parties
}

impl Delivery {
    /// As the next day leaves it; `None`: it is over. A bond that is not the instrument's, or whose coupons do not enclose the day, is an error.
    ///
    /// # Errors
    /// [`Unpayable`].
    pub fn next_day(self, market: &Market) -> Result<Option<Self>, Unpayable> {
        let day = match self.day {
            DeliveryDay::Entered => DeliveryDay::Bonds,
            DeliveryDay::Bonds if self.bond.is_none() => DeliveryDay::Bonds,
            DeliveryDay::Bonds => return self.paid(market).map(Some),
            DeliveryDay::Payment => DeliveryDay::Receipt,
            DeliveryDay::Receipt => return Ok(None),
        };
        Ok(Some(Delivery { day, ..self }))
    }

    fn paid(self, market: &Market) -> Result<Self, Unpayable> {
        let bond = self.bond.and_then(|bond| market.deliverables.get(usize::from(bond.0)));
        let bond = bond.filter(|bond| bond.instrument == self.instrument).ok_or(Unpayable::Bond)?;
        let &Deliverable { coupon, frequency, last_coupon, next_coupon, factor, .. } = bond;
        let terms = Bond { coupon, frequency, months_to_coupon: 1, coupons_left: 1 };
        let days = |until| days_between(last_coupon, until).ok_or(Unpayable::Bond);
        let interest = terms.accrued_interest(days(market.day)?, days(next_coupon)?).ok_or(Unpayable::Bond)?;
        let multiplier = market.instruments.get(usize::from(self.instrument.0)).ok_or(Unpayable::Bond)?.multiplier;
        let hundreds = multiplier.checked_mul(self.lots).ok_or(Unpayable::Overflow)?;
        let invoice = invoice(self.price, factor, interest, hundreds, market.settings.invoice)?;
        Ok(Delivery { day: DeliveryDay::Payment, interest, invoice, ..self })
    }
}

/// Why a delivery cannot be paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpayable {
    /// The bond is not deliverable into the instrument, or the day is not between its coupons.
    Bond,
    /// Too much money.
    Overflow,
}

impl From<Overflow> for Unpayable {
    fn from(_: Overflow) -> Self {
        Unpayable::Overflow
    }
}

/// What deliveries hold and pay, by account.
///
/// # Errors
/// [`Overflow`].
pub fn by_account(deliveries: &[Delivery], market: &Market) -> Result<BTreeMap<AccountIndex, InDelivery>, Overflow> {
    let mut accounts: BTreeMap<AccountIndex, InDelivery> = BTreeMap::new();
    for line in deliveries {
        let instrument = market.instruments.get(usize::from(line.instrument.0)).ok_or(Overflow)?;
        let holds = line.day < DeliveryDay::Payment;
        let pays = if line.day == DeliveryDay::Payment { line.invoice } else { Money::ZERO };
        for (row, rate, payment) in
            [(line.seller, instrument.margin_short, pays), (line.buyer, instrument.margin_long, -pays)]
        {
            let of_account = accounts.entry(row.account).or_default();
            if holds {
                let margin =
                    margin::futures(line.price, instrument.multiplier, rate, line.lots, market.settings.margin)?;
                of_account.margin = of_account.margin.plus(margin)?;
            }
            of_account.payment = of_account.payment.plus(payment)?;
        }
    }
    Ok(accounts)
}

/// Days from one date to another, yyyymmdd, by the Gregorian calendar. `None`: no dates, or the second is before the first.
#[must_use]
pub fn days_between(from: u32, to: u32) -> Option<u32> {
    day_number(to)?.checked_sub(day_number(from)?)
}

/// Days since 1 March of year 0.
fn day_number(date: u32) -> Option<u32> {
    let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let most = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=9_999).contains(&year) || !(1..=12).contains(&month) || !(1..=most).contains(&day) {
        return None;
    }
    // Years begin in March, so that the leap day is the last of one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    Some(year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_months_and_leap_years_and_what_is_no_date_is_none() {
        let days = |from, to| days_between(from, to);
        assert_eq!(days(20_240_228, 20_240_301), Some(2));
        assert_eq!(days(20_230_228, 20_230_301), Some(1));
        assert_eq!(days(20_231_231, 20_250_101), Some(367));
        assert_eq!(days(20_000_101, 21_000_101), Some(36_525));
        assert_eq!(days(20_240_301, 20_240_301), Some(0));
        assert_eq!(days(20_240_302, 20_240_301), None);
        for wrong in [20_230_229, 20_241_301, 20_240_400, 20_240_431, 0, u32::MAX] {
            assert_eq!(days(20_200_101, wrong), None, "{wrong}");
        }
    }
}
