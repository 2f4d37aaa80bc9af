//! The primary's settlement of a day, plainly: lot by lot, from the log's bytes; no averages, no shortcuts.
//!
//! A lot knows what it was opened at: yesterday's lots at the previous settlement price. Closed, it gains the difference to the closing price; held,
//! that to the settlement price. Of yesterday's and today's lots a close takes as many as its trade says, the oldest first (RULES.md,
//! Matching in continuous trading). Rates are in 1/100,000,000, prices and money in 1/10,000 yuan; a charge and a row's side of margin are rounded
//! half up, once each.

use crate::command::{self, Command};
use crate::event::EVENT;
use crate::frame;
use crate::number::{Key, Ticks};
use crate::wire::{Reader, Wire};
use std::collections::{BTreeMap, VecDeque};

const ONE: i128 = 100_000_000;

/// What a fee is.
#[derive(Clone, Copy, Debug)]
pub enum Fee {
    /// A part of the worth.
    Part(i64),
    /// So much a lot.
    Lot(i64),
}

/// What is given for an instrument.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given {
    /// Settlement price.
    pub settlement: i64,
    /// The underlying's close, or the exercise settlement price.
    pub underlying: i64,
    /// Its last day.
    pub expires: bool,
    /// Margin rates, long and short.
    pub rates: (i64, i64),
    /// Option sellers' factor, and its least part.
    pub seller: (i64, i64),
    /// Of a trade, and of one that closes today's lots.
    pub fees: (Option<Fee>, Option<Fee>),
    /// Of exercise, a lot.
    pub exercise: Option<Fee>,
}

/// What an account comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Profit less loss.
    pub profit: i128,
    /// Premium received less paid.
    pub premium: i128,
    /// Margin.
    pub margin: i128,
    /// Fees.
    pub fees: i128,
}

type Row = (u32, u16, u8);

#[derive(Clone, Copy)]
struct Order {
    row: Row,
    opens: bool,
}

#[derive(Clone, Copy, Default)]
struct Said {
    exercise: u32,
    abandon: u32,
}

/// Lots of a side, oldest first: yesterday's, today's; each with what it was opened at. Lots of one trade stand together.
#[derive(Default)]
struct Side {
    yesterday: VecDeque<(i64, u32)>,
    today: VecDeque<(i64, u32)>,
}

impl Side {
    fn lots(&self) -> u32 {
        self.yesterday.iter().chain(&self.today).map(|(_, lots)| lots).sum()
    }
}

/// Takes the oldest lots away: what they were opened at, lot by lot together. `None`: there are not so many.
fn take(held: &mut VecDeque<(i64, u32)>, mut lots: u32) -> Option<i128> {
    let mut opened = 0;
    while lots > 0 {
        let (price, there) = held.front_mut()?;
        let taken = lots.min(*there);
        opened += i128::from(*price) * i128::from(taken);
        (*there, lots) = (*there - taken, lots - taken);
        if *there == 0 {
            held.pop_front();
        }
    }
    Some(opened)
}

#[derive(Default)]
struct Day {
    instruments: BTreeMap<u16, command::InstrumentDefine>,
    groups: BTreeMap<u16, [u8; 8]>,
    orders: BTreeMap<u64, Order>,
    rows: BTreeMap<Row, [Side; 2]>,
    said: BTreeMap<Row, Said>,
    instructions: BTreeMap<u64, (Row, u8, u32)>,
    accounts: BTreeMap<u32, Account>,
}

/// Settles a log. `None`: it contradicts itself, or something is not given.
#[must_use]
pub fn settle(mut log: &[u8], given: &BTreeMap<u16, Given>) -> Option<BTreeMap<u32, Account>> {
    let mut day = Day::default();
    let mut command = None;
    while let Some(part) = frame::read(log) {
        log = &log[part.bytes.len()..];
        if part.heartbeat {
            continue;
        }
        if part.part == 0 {
            command = Some(command::read(part.command)?.1);
        }
        for event in part.events.as_chunks::<EVENT>().0 {
            day.event(part.stamp.sequence.0, command.as_ref()?, event, given)?;
        }
    }
    day.end(given)
}

fn number<T: Wire>(event: &[u8; EVENT], at: usize) -> Option<T> {
    T::take(&mut Reader(&event[at..]))
}

fn half_up(number: i128, by: i128) -> i128 {
    (2 * number + by).div_euclid(2 * by)
}

impl Day {
    fn event(
        &mut self,
        sequence: u64,
        command: &Command,
        event: &[u8; EVENT],
        given: &BTreeMap<u16, Given>,
    ) -> Option<()> {
        let key = |index: u32| sequence << 24 | u64::from(index);
        match (number::<u16>(event, 0)?, command) {
            (1, _) => {}
            (2, Command::OrderInsert(order)) => {
                let row = (order.account.0, order.instrument.0, order.hedge);
                self.orders.insert(key(0), Order { row, opens: order.offset == b'0' });
            }
            (2, Command::QuoteInsert(quote)) => {
                let index: u32 = number(event, 4)?;
                let side = usize::try_from(index).ok().filter(|side| *side < 2)?;
                let row = (quote.account.0, quote.instrument.0, quote.hedge[side]);
                self.orders.insert(key(index), Order { row, opens: quote.offset[side] == b'0' });
            }
            (3, _) => {
                let (price, lots) = (number::<Ticks>(event, 24)?.0, number::<u32>(event, 28)?);
                for (side, at, yesterday) in [(0, 8, 40), (1, 16, 44)] {
                    let order = *self.orders.get(&number::<Key>(event, at)?.0)?;
                    self.trade(order, side, price, lots, number(event, yesterday)?, given)?;
                }
            }
            (15, Command::ExecOrderInsert(said)) => {
                let row = (said.account.0, said.instrument.0, said.hedge);
                self.instructions.insert(key(0), (row, said.action, said.volume));
            }
            (16, _) => drop(self.instructions.remove(&number::<Key>(event, 8)?.0)?),
            (8, Command::InstrumentDefine(define)) => drop(self.instruments.insert(define.index.0, *define)),
            (8, Command::ProductDefine(define)) => drop(self.groups.insert(define.index.0, define.group)),
            (8, Command::PositionSet(set)) => {
                let define = self.instruments.get(&set.instrument.0)?;
                let opened = i64::from(define.previous_settlement) * i64::from(define.tick);
                let lots = |yesterday: u32, today: u32| {
                    let mut side = Side::default();
                    side.yesterday.push_back((opened, yesterday + today));
                    side
                };
                let row = [lots(set.long_yesterday, set.long_today), lots(set.short_yesterday, set.short_today)];
                self.rows.insert((set.account.0, set.instrument.0, set.hedge), row);
            }
            _ => {}
        }
        Some(())
    }

    /// One side of a trade: 0 buys, 1 sells.
    fn trade(
        &mut self,
        order: Order,
        side: usize,
        ticks: i32,
        lots: u32,
        yesterday: u32,
        given: &BTreeMap<u16, Given>,
    ) -> Option<()> {
        let define = self.instruments.get(&order.row.1)?;
        let given = given.get(&order.row.1)?;
        let price = i64::from(ticks) * i64::from(define.tick);
        let multiplier = i128::from(define.multiplier);
        let sides = self.rows.entry(order.row).or_default();
        let account = self.accounts.entry(order.row.0).or_default();
        let is_option = define.option_type != b'0';
        let worth = i128::from(price) * i128::from(lots);
        if is_option {
            account.premium += if side == 0 { -worth } else { worth } * multiplier;
        }
        let mut of_today = 0;
        if order.opens {
            sides[side].today.push_back((price, lots));
        } else {
            of_today = lots.checked_sub(yesterday)?;
            let held = &mut sides[1 - side];
            let opened = take(&mut held.yesterday, yesterday)? + take(&mut held.today, of_today)?;
            if !is_option {
                account.profit += if side == 1 { worth - opened } else { opened - worth } * multiplier;
            }
        }
        account.fees += charge(given.fees.1.or(given.fees.0), price, multiplier, of_today);
        account.fees += charge(given.fees.0, price, multiplier, lots - of_today);
        Some(())
    }

    /// What is held when the day is over.
    fn end(mut self, given: &BTreeMap<u16, Given>) -> Option<BTreeMap<u32, Account>> {
        for (row, action, lots) in self.instructions.values() {
            let said = self.said.entry(*row).or_default();
            if *action == b'1' { said.exercise += lots } else { said.abandon += lots }
        }
        let mut groups: BTreeMap<(u32, [u8; 8]), [i128; 2]> = BTreeMap::new();
        for (row, sides) in &self.rows {
            let (define, given) = (self.instruments.get(&row.1)?, given.get(&row.1)?);
            let account = self.accounts.entry(row.0).or_default();
            let multiplier = i128::from(define.multiplier);
            let lots = |side: &Side| i128::from(side.lots());
            if define.option_type != b'0' {
                if !given.expires {
                    account.margin += seller(define, given, lots(&sides[1]));
                }
                continue;
            }
            for (side, lots) in sides.iter().enumerate() {
                for (opened, lots) in lots.yesterday.iter().chain(&lots.today) {
                    let gain = i128::from(given.settlement - opened) * i128::from(*lots) * multiplier;
                    account.profit += if side == 0 { gain } else { -gain };
                }
            }
            let group = groups.entry((row.0, *self.groups.get(&define.product.0)?)).or_default();
            for (side, rate) in [(0, given.rates.0), (1, given.rates.1)] {
                let worth = i128::from(given.settlement) * multiplier * lots(&sides[side]);
                group[side] += half_up(worth * i128::from(rate), ONE);
            }
        }
        for ((account, _), sides) in groups {
            self.accounts.entry(account).or_default().margin += sides[0].max(sides[1]);
        }
        let expiring: Vec<u16> =
            self.instruments.keys().copied().filter(|id| given.get(id).is_some_and(|of| of.expires)).collect();
        for instrument in expiring {
            self.exercise(instrument, given.get(&instrument)?)?;
        }
        Some(self.accounts)
    }

    /// What is in the money, or was asked for, is exercised; sellers are assigned in proportion, the largest remainders first.
    fn exercise(&mut self, instrument: u16, given: &Given) -> Option<()> {
        let define = *self.instruments.get(&instrument)?;
        if define.option_type == b'0' {
            return Some(());
        }
        let gain = if define.option_type == b'1' {
            given.underlying - define.strike
        } else {
            define.strike - given.underlying
        };
        let gain = i128::from(gain.max(0));
        let lots = Side::lots;
        let multiplier = i128::from(define.multiplier);
        let (mut exercised, mut shorts, mut all) = (0u64, Vec::new(), 0u64);
        for (row, sides) in self.rows.iter().filter(|(row, _)| row.1 == instrument) {
            let said = self.said.get(row).copied().unwrap_or_default();
            let held = lots(&sides[0]);
            let by_name = said.exercise.min(held);
            let rest = held - by_name - said.abandon.min(held - by_name);
            let of_row = by_name + if gain > 0 { rest } else { 0 };
            let account = self.accounts.entry(row.0).or_default();
            account.profit += gain * multiplier * i128::from(of_row);
            account.fees += charge(given.exercise, given.settlement, multiplier, of_row);
            exercised += u64::from(of_row);
            shorts.push((*row, lots(&sides[1]), 0u32));
            all += u64::from(lots(&sides[1]));
        }
        if exercised > all {
            return None; // more than was sold
        }
        let mut rest = exercised;
        for (_, short, assigned) in &mut shorts {
            *assigned = (u64::from(*short) * exercised).checked_div(all.max(1))? as u32;
            rest -= u64::from(*assigned);
        }
        let mut order: Vec<usize> = (0..shorts.len()).collect();
        order.sort_by_key(|place| {
            let remainder = (u64::from(shorts[*place].1) * exercised) % all.max(1);
            (std::cmp::Reverse(remainder), shorts[*place].0)
        });
        order.iter().take(rest as usize).for_each(|place| shorts[*place].2 += 1);
        for (row, _, assigned) in shorts {
            let account = self.accounts.entry(row.0).or_default();
            account.profit -= gain * multiplier * i128::from(assigned);
            account.fees += charge(given.exercise, given.settlement, multiplier, assigned);
        }
        Some(())
    }
}

/// Margin of options sold: price, and the greater of factor x index less what it is out of the money, and the least part of it.
fn seller(define: &command::InstrumentDefine, given: &Given, lots: i128) -> i128 {
    let (index, strike) = (i128::from(given.underlying), i128::from(define.strike));
    let (factor, least) = (i128::from(given.seller.0), i128::from(given.seller.1));
    let is_call = define.option_type == b'1';
    let out = if is_call { strike - index } else { index - strike }.max(0);
    let base = if is_call { index } else { strike };
    // In 1/10^16 of 1/10,000 yuan.
    let full = (index * factor - out * ONE) * ONE;
    let least = base * factor * least;
    half_up(
        (i128::from(given.settlement) * ONE * ONE + full.max(least)) * i128::from(define.multiplier) * lots,
        ONE * ONE,
    )
}

fn charge(fee: Option<Fee>, price: i64, multiplier: i128, lots: u32) -> i128 {
    match fee {
        None => 0,
        Some(Fee::Lot(each)) => i128::from(each) * i128::from(lots),
        Some(Fee::Part(rate)) => half_up(i128::from(price) * multiplier * i128::from(lots) * i128::from(rate), ONE),
    }
}
