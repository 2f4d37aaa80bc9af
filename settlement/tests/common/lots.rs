//! A plain settlement: every lot by itself, at its own price, in one list; no shards, no sums kept, no shortcuts. What the batch and the
//! stream come to must be this.

use super::Day;
use settlement::account::Figures;
use settlement::delivery::{Delivery, DeliveryDay};
use settlement::market::{AccountIndex, InstrumentIndex, Kind, Market, MemberIndex};
use settlement::row::{Effect, RowKey, Side};
use settlement::rules::closing::{Close, Matching};
use settlement::rules::fee::{Charge, FeeKind, TierOf};
use settlement::rules::margin::Right;
use settlement::{Money, Price, Rounding};
use std::collections::BTreeMap;

/// A lot that is held: at what, and since when.
#[derive(Clone, Copy)]
struct Lot {
    at: i64,
    today: bool,
}

#[derive(Default)]
struct Row {
    sides: [Vec<Lot>; 2],
    realised: i128,
    premium: i128,
    fees: i128,
    transfer_fees: i128,
    /// Lots that ended: exercised, assigned, delivered.
    ended: [u32; 2],
}

impl Row {
    /// Lots that go at a price.
    fn give_up(&mut self, side: usize, lots: u32, price: i64) {
        for _ in 0..lots {
            let lot = self.sides[side].pop().expect("it is held");
            self.realised += i128::from(price - lot.at) * if side == 0 { 1 } else { -1 };
        }
    }
}

/// What a day comes to.
pub struct Plain {
    pub accounts: BTreeMap<AccountIndex, Figures>,
    /// Reserve, balance, collateral, call, withdrawable.
    pub funds: BTreeMap<MemberIndex, [i64; 5]>,
    pub deliveries: Vec<Delivery>,
    /// Charges of trades that cost another sum as there were lots before them.
    pub relieved_by_tiers: u32,
}

pub fn settle(day: &Day) -> Plain {
    let market = &day.market;
    let mut relieved_by_tiers = 0;
    let mut rows = trade(day, &mut relieved_by_tiers);
    let mut deliveries = advance(market);
    for (key, row) in &mut rows {
        net(day, *key, row);
    }
    for &(key, long, short) in &day.moved {
        let at = market.instruments[usize::from(key.instrument.0)].settlement.0;
        let row = rows.entry(key).or_default();
        for (side, lots) in [(0, long), (1, short)] {
            match lots {
                0.. => row.sides[side].extend((0..lots).map(|_| Lot { at, today: true })),
                _ => row.give_up(side, lots.unsigned_abs(), at),
            }
        }
    }
    let mut moved: BTreeMap<RowKey, u32> = BTreeMap::new();
    day.moved
        .iter()
        .for_each(|(key, long, short)| *moved.entry(*key).or_default() += long.unsigned_abs() + short.unsigned_abs());
    for (key, lots) in moved.into_iter().filter(|(_, lots)| *lots > 0) {
        let price = market.instruments[usize::from(key.instrument.0)].settlement;
        rows.get_mut(&key).expect("it was made").transfer_fees = fee(market, key, FeeKind::Transfer, lots, 0, price);
    }
    expire(day, &mut rows);
    deliveries.extend(enter(day, &mut rows));
    let mut plain = Plain { accounts: figures(day, &rows), funds: BTreeMap::new(), deliveries, relieved_by_tiers };
    submissions(day, &mut plain.accounts);
    for line in &plain.deliveries {
        let instrument = &market.instruments[usize::from(line.instrument.0)];
        for (row, rate, sign) in [(line.seller, instrument.margin_short, 1), (line.buyer, instrument.margin_long, -1)] {
            let sum = plain.accounts.entry(row.account).or_default();
            match line.day {
                DeliveryDay::Entered | DeliveryDay::Bonds => {
                    let worth = i128::from(line.price.0) * i128::from(instrument.multiplier) * i128::from(line.lots);
                    add(&mut sum.margin, rounded(worth * i128::from(rate.0), 100_000_000, market.settings.margin));
                }
                DeliveryDay::Payment => add(&mut sum.delivery, i128::from(line.invoice.0 * sign)),
                DeliveryDay::Receipt => {}
            }
        }
    }
    plain.funds = funds(market, &plain.accounts);
    plain
}

fn add(money: &mut Money, more: i128) {
    money.0 += i64::try_from(more).expect("small days");
}

fn trade(day: &Day, relieved: &mut u32) -> BTreeMap<RowKey, Row> {
    let market = &day.market;
    let mut rows: BTreeMap<RowKey, Row> = BTreeMap::new();
    for (key, &(long, short)) in &day.carried {
        let at = market.instruments[usize::from(key.instrument.0)].previous_settlement.0;
        let row = rows.entry(*key).or_default();
        for (side, lots) in [(0, long), (1, short)] {
            row.sides[side].extend((0..lots).map(|_| Lot { at, today: false }));
        }
    }
    for (place, leg) in day.legs.iter().enumerate() {
        let row = rows.entry(leg.row).or_default();
        let instrument = market.instruments[usize::from(leg.row.instrument.0)];
        let worth = i128::from(leg.price.0) * i128::from(instrument.multiplier);
        let own = usize::from(leg.side == Side::Sell);
        row.premium += worth * i128::from(leg.lots) * if own == 0 { -1 } else { 1 };
        let mut closed_today = 0;
        for _ in 0..leg.lots {
            match leg.effect {
                Effect::Open => row.sides[own].push(Lot { at: leg.price.0, today: true }),
                Effect::Close(close) => {
                    let today_first = match close {
                        Close::Today => true,
                        Close::Yesterday => false,
                        Close::Any => market.settings.matching == Matching::TodayFirst,
                    };
                    let other = &mut row.sides[1 - own];
                    let wanted = other.iter().position(|lot| lot.today == today_first);
                    let lot = other.remove(wanted.unwrap_or(0));
                    closed_today += u32::from(lot.today);
                    row.realised += i128::from(leg.price.0 - lot.at) * if own == 1 { 1 } else { -1 };
                }
            }
        }
        // What the client, or the code, traded in the product before: looked for from the day's beginning.
        let is_of_it = |other: RowKey| {
            other.account == leg.row.account
                && (market.settings.tiers == TierOf::Client || other.hedge == leg.row.hedge)
                && market.instruments[usize::from(other.instrument.0)].product == instrument.product
        };
        let mut before: u64 =
            day.legs[..place].iter().filter(|other| is_of_it(other.row)).map(|other| u64::from(other.lots)).sum();
        for (kind, lots) in [(FeeKind::CloseToday, closed_today), (FeeKind::Transaction, leg.lots - closed_today)] {
            if lots > 0 {
                let paid = fee(market, leg.row, kind, lots, before, leg.price);
                *relieved += u32::from(paid != fee(market, leg.row, kind, lots, 0, leg.price));
                row.fees += paid;
                before += u64::from(lots);
            }
        }
    }
    rows
}

/// Lots against lots, at the settlement price, without a fee.
fn net(day: &Day, key: RowKey, row: &mut Row) {
    let instrument = &day.market.instruments[usize::from(key.instrument.0)];
    let all =
        day.market.accounts[key.account.0 as usize].nets || (instrument.expires && instrument.kind == Kind::BondFuture);
    let mut asked = if all { u32::MAX } else { day.netting.get(&key).copied().unwrap_or(0) };
    while asked > 0 && row.sides.iter().all(|side| !side.is_empty()) {
        row.give_up(0, 1, instrument.settlement.0);
        row.give_up(1, 1, instrument.settlement.0);
        asked -= 1;
    }
}

fn figures(day: &Day, rows: &BTreeMap<RowKey, Row>) -> BTreeMap<AccountIndex, Figures> {
    let market = &day.market;
    let mut accounts: BTreeMap<AccountIndex, Figures> = BTreeMap::new();
    let mut sides: BTreeMap<(AccountIndex, u16, bool), [i128; 2]> = BTreeMap::new();
    for (key, row) in rows {
        let instrument = &market.instruments[usize::from(key.instrument.0)];
        let product = market.products[usize::from(instrument.product.0)];
        let [mut long, mut short] = [0, 1].map(|side| row.sides[side].len() as i128);
        let sum = accounts.entry(key.account).or_default();
        add(&mut sum.fees.transaction, row.fees);
        add(&mut sum.fees.transfer, row.transfer_fees);
        let ended = row.ended[0] + row.ended[1];
        let at_end = |kind, lots| fee(market, *key, kind, lots, 0, instrument.settlement);
        let is_option = matches!(instrument.kind, Kind::Option { .. });
        if ended > 0 {
            let kind = if is_option { FeeKind::Exercise } else { FeeKind::Delivery };
            add(&mut sum.fees.delivery, at_end(kind, ended));
        }
        if !is_option {
            let marked: i128 = [(0, 1), (1, -1)]
                .into_iter()
                .flat_map(|(side, sign)| {
                    row.sides[side].iter().map(move |lot| i128::from(instrument.settlement.0 - lot.at) * sign)
                })
                .sum();
            add(&mut sum.profit, (row.realised + marked) * i128::from(instrument.multiplier));
            if instrument.kind == Kind::CashFuture && instrument.expires {
                if long + short > 0 {
                    add(&mut sum.fees.delivery, at_end(FeeKind::Delivery, (long + short) as u32));
                }
                (long, short) = (0, 0);
            }
        }
        if let Kind::Option { right, strike } = instrument.kind {
            add(&mut sum.premium, row.premium);
            let gain =
                i128::from(right.in_the_money(instrument.underlying, strike).0) * i128::from(instrument.multiplier);
            add(&mut sum.profit, gain * (i128::from(row.ended[0]) - i128::from(row.ended[1])));
            if instrument.expires {
                (long, short) = (0, 0);
            }
            add(&mut sum.margin, seller_margin(day, key, right, strike.0, short));
        }
        if long + short > 0 {
            add(&mut sum.fees.settlement, at_end(FeeKind::Settlement, (long + short) as u32));
        }
        if is_option {
            continue;
        }
        let margin = |rate: i64, lots: i128| {
            let worth = i128::from(instrument.settlement.0) * i128::from(instrument.multiplier) * lots;
            rounded(worth * i128::from(rate), 100_000_000, market.settings.margin)
        };
        let both = [margin(instrument.margin_long.0, long), margin(instrument.margin_short.0, short)];
        let sides = sides.entry((key.account, product.group, product.large_side)).or_default();
        *sides = [sides[0] + both[0], sides[1] + both[1]];
    }
    for ((account, _, large_side), [long, short]) in sides {
        let off = if large_side { 100_000_000 } else { i128::from(market.settings.combination.0) };
        let margin = long + short - long.min(short) * off / 100_000_000;
        add(&mut accounts.get_mut(&account).expect("it has rows").margin, margin);
    }
    accounts
}

fn seller_margin(day: &Day, key: &RowKey, right: Right, strike: i64, short: i128) -> i128 {
    let instrument = &day.market.instruments[usize::from(key.instrument.0)];
    let close = instrument.underlying.0;
    let out = i128::from(match right {
        Right::Call => (strike - close).max(0),
        Right::Put => (close - strike).max(0),
    });
    let base = if right == Right::Call { close } else { strike };
    // Times one million: 12 % and half of it.
    let risk = i128::from(close) * 120_000 - out * 1_000_000;
    let least = i128::from(base) * 60_000;
    let lot = i128::from(instrument.settlement.0) * 1_000_000 + risk.max(least);
    rounded(lot * i128::from(instrument.multiplier) * short, 1_000_000, day.market.settings.margin)
}

/// Options on their last day: what each row exercises and is assigned; what is left expires.
fn expire(day: &Day, rows: &mut BTreeMap<RowKey, Row>) {
    for (place, instrument) in day.market.instruments.iter().enumerate() {
        let Kind::Option { right, strike } = instrument.kind else { continue };
        if !instrument.expires {
            continue;
        }
        let mut exercised = 0;
        for (key, row) in rows.iter_mut().filter(|(key, _)| usize::from(key.instrument.0) == place) {
            let said = day.instructed.get(key).copied().unwrap_or_default();
            let gain = match right {
                Right::Call => instrument.underlying.0 - strike.0,
                Right::Put => strike.0 - instrument.underlying.0,
            };
            let (mut named, mut abandoned, mut lots) = (said.exercise, said.abandon, 0);
            for _ in &row.sides[0] {
                if named > 0 {
                    (named, lots) = (named - 1, lots + 1);
                } else if abandoned > 0 {
                    abandoned -= 1;
                } else if gain > 0 && gain >= said.least_gain.0 {
                    lots += 1;
                }
            }
            exercised += u64::from(lots);
            row.ended[0] = lots;
        }
        let shorts = held(rows, InstrumentIndex(place as u16), 1);
        for (key, lots) in share_out(exercised, &shorts) {
            rows.get_mut(&key).expect("it has the row").ended[1] = lots;
        }
    }
}

fn held(rows: &BTreeMap<RowKey, Row>, instrument: InstrumentIndex, side: usize) -> Vec<(RowKey, u64)> {
    let of_it = rows.iter().filter(|(key, _)| key.instrument == instrument);
    of_it.map(|(key, row)| (*key, row.sides[side].len() as u64)).collect()
}

/// In proportion; the rest to the largest remainders, one each.
fn share_out(lots: u64, among: &[(RowKey, u64)]) -> Vec<(RowKey, u32)> {
    let all: u64 = among.iter().map(|(_, lots)| lots).sum();
    let whole = |share: u64| (share * lots).checked_div(all).unwrap_or(0);
    let mut left = lots - among.iter().map(|(_, share)| whole(*share)).sum::<u64>();
    let mut by_remainder: Vec<_> =
        among.iter().map(|(key, share)| ((share * lots).checked_rem(all).unwrap_or(0), *key, whole(*share))).collect();
    by_remainder.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    for (_, _, given) in &mut by_remainder {
        (*given, left) = (*given + left.min(1), left.saturating_sub(1));
    }
    by_remainder.into_iter().map(|(_, key, given)| (key, given as u32)).collect()
}

/// Bond futures: who delivers to whom, a lot at a time.
fn enter(day: &Day, rows: &mut BTreeMap<RowKey, Row>) -> Vec<Delivery> {
    let mut deliveries: Vec<Delivery> = Vec::new();
    for (place, instrument) in (0..).map(InstrumentIndex).zip(&day.market.instruments) {
        if instrument.kind != Kind::BondFuture {
            continue;
        }
        let said = |key: &RowKey, side| day.declared.iter().find(|said| said.row == *key && said.side == side);
        let [longs, shorts] = [0, 1].map(|side| held(rows, place, side));
        let mut gives: BTreeMap<RowKey, u32> = BTreeMap::new();
        for (key, lots) in &shorts {
            let declared = said(key, Side::Sell).map_or(0, |said| u64::from(said.lots).min(*lots));
            gives.insert(*key, if instrument.expires { *lots } else { declared } as u32);
        }
        let sold: u64 = gives.values().map(|&lots| u64::from(lots)).sum();
        let wants = |key: &RowKey, lots: u64| match said(key, Side::Buy) {
            _ if instrument.expires => lots,
            Some(said) => lots.min(said.lots.into()),
            None => 0,
        };
        let willing: Vec<_> = longs.iter().map(|(key, lots)| (*key, wants(key, *lots))).collect();
        let others: Vec<_> = longs.iter().map(|(key, lots)| (*key, lots - wants(key, *lots))).collect();
        let by_will = sold.min(willing.iter().map(|(_, lots)| lots).sum());
        let mut takes: BTreeMap<RowKey, u32> = BTreeMap::new();
        for (key, lots) in share_out(by_will, &willing).into_iter().chain(share_out(sold - by_will, &others)) {
            *takes.entry(key).or_default() += lots;
        }
        let [givers, takers] = [&gives, &takes].map(|lots| {
            let mut largest: Vec<(RowKey, u32)> = lots.iter().map(|(key, lots)| (*key, *lots)).collect();
            largest.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(&other.0)));
            largest.into_iter().flat_map(|(key, lots)| (0..lots).map(move |_| key)).collect::<Vec<RowKey>>()
        });
        assert_eq!(givers.len(), takers.len());
        let first = deliveries.len();
        for (seller, buyer) in givers.into_iter().zip(takers) {
            match deliveries[first..].last_mut() {
                Some(line) if (line.seller, line.buyer) == (seller, buyer) => line.lots += 1,
                _ => deliveries.push(Delivery {
                    instrument: place,
                    seller,
                    buyer,
                    lots: 1,
                    price: instrument.settlement,
                    bond: said(&seller, Side::Sell).and_then(|said| said.bond),
                    day: DeliveryDay::Entered,
                    interest: 0,
                    invoice: Money::ZERO,
                }),
            }
        }
        for (side, lots) in [(0, takes), (1, gives)] {
            for (key, lots) in lots {
                let row = rows.get_mut(&key).expect("it has the row");
                row.give_up(side, lots, instrument.settlement.0);
                row.ended[side] = lots;
            }
        }
    }
    deliveries
}

/// Deliveries of the days before.
fn advance(market: &Market) -> Vec<Delivery> {
    let mut lines = Vec::new();
    for line in &market.delivering {
        let mut line = *line;
        line.day = match (line.day, line.bond) {
            (DeliveryDay::Entered, _) | (DeliveryDay::Bonds, None) => DeliveryDay::Bonds,
            (DeliveryDay::Bonds, Some(bond)) => {
                let bond = market.deliverables[usize::from(bond.0)];
                // From 15 March to 3 June are 80 days, to 15 September 184: half a coupon of 100 yuan in 1/10,000,000 yuan.
                let interest = (i128::from(bond.coupon.0) * 10 * 80 * 2 + 2 * 184) / (2 * 2 * 184);
                line.interest = i64::try_from(interest).expect("small");
                let hundred = i128::from(line.price.0) * i128::from(bond.factor.0) + interest * 10;
                let hundreds =
                    i128::from(market.instruments[usize::from(line.instrument.0)].multiplier) * i128::from(line.lots);
                add(&mut line.invoice, rounded(hundred * hundreds, 10_000, market.settings.invoice));
                DeliveryDay::Payment
            }
            (DeliveryDay::Payment, _) => DeliveryDay::Receipt,
            (DeliveryDay::Receipt, _) => continue,
        };
        lines.push(line);
    }
    lines
}

fn submissions(day: &Day, accounts: &mut BTreeMap<AccountIndex, Figures>) {
    let mut counts: BTreeMap<(AccountIndex, u16, u8), u32> = BTreeMap::new();
    for submission in &day.submissions {
        let hedge = if day.market.settings.tiers == TierOf::Client { 0 } else { submission.hedge };
        *counts.entry((submission.account, submission.product.0, hedge)).or_default() += submission.count;
    }
    for ((account, product, _), count) in counts {
        let instrument = day.market.instruments.iter().position(|instrument| instrument.product.0 == product);
        let key =
            RowKey { account, instrument: InstrumentIndex(instrument.expect("each has one") as u16), hedge: b'1' };
        let fee = fee(&day.market, key, FeeKind::Submission, count, 0, Price(0));
        add(&mut accounts.entry(account).or_default().fees.submission, fee);
    }
}

fn funds(market: &Market, accounts: &BTreeMap<AccountIndex, Figures>) -> BTreeMap<MemberIndex, [i64; 5]> {
    let mut funds = BTreeMap::new();
    for (place, member) in (0..).map(MemberIndex).zip(&market.members) {
        if member.clearing != place {
            continue;
        }
        let cleared = accounts.iter().filter(|(account, _)| {
            market.members[usize::from(market.accounts[account.0 as usize].member.0)].clearing == place
        });
        let (mut moved, mut margin) = (0, 0);
        for (_, figures) in cleared {
            let fees = figures.fees.total().expect("small days");
            moved += figures.profit.0 + figures.premium.0 + figures.delivery.0 - fees.0;
            margin += figures.margin.0;
        }
        let began = member.previous_reserve.0 + member.previous_margin.0 - member.previous_collateral.0;
        let cash = began + moved + member.deposited.0 - member.withdrawn.0;
        let haircut =
            rounded(i128::from(member.collateral.0) * i128::from(member.haircut.0), 100_000_000, Rounding::Up);
        let times = market.settings.collateral_multiple.0 / 100_000_000;
        let collateral = (member.collateral.0 - haircut as i64).min(cash.max(0) * times).min(margin).max(0);
        let reserve = cash + collateral - margin;
        let call = (member.minimum_reserve.0 - reserve).max(0);
        let stays = if collateral == 0 { margin } else { (margin - collateral).max((margin + times) / (1 + times)) };
        let withdrawable = (cash - stays - member.minimum_reserve.0).max(0);
        funds.insert(place, [reserve, cash, collateral, call, withdrawable]);
    }
    funds
}

fn fee(market: &Market, key: RowKey, kind: FeeKind, count: u32, before: u64, price: Price) -> i128 {
    let account = market.accounts[key.account.0 as usize];
    let instrument = market.instruments[usize::from(key.instrument.0)];
    let charge = Charge {
        product: instrument.product.0,
        kind,
        participant: account.member.0,
        client: account.client,
        day: market.day,
        count,
        before,
        price,
        multiplier: instrument.multiplier,
    };
    market.fees.charge(&charge).expect("small days").paid.0.into()
}

/// Of numbers that are not below zero.
fn rounded(number: i128, by: i128, rounding: Rounding) -> i128 {
    match rounding {
        Rounding::HalfUp => (number + by / 2) / by,
        Rounding::Up => (number + by - 1) / by,
        _ => number / by,
    }
}
