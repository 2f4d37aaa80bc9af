//! A shard: the rows of some members. All rows of a member's accounts are in one shard, so that a shard's task waits for no other of its phase.
//!
//! Trades are taken account by account, each account's in the order of the log: places of legs are sorted by account first (counting, without
//! comparing), so that an account's few rows stay in the nearest cache while it is worked on.

use crate::account::{CodeSum, Figures, InDelivery, MemberFigures, Submission, Submissions};
use crate::batch::{SettledRow, Why};
use crate::delivery::{Declared, Holder};
use crate::market::{Account, AccountIndex, Instrument, InstrumentIndex, Kind, Market};
use crate::prices::AtPrices;
use crate::row::{AtEnd, Impossible, Leg, Row, RowKey, Side};
use crate::rules::fee::Tiers;
use crate::rules::market::netted;
use crate::rules::option::{self, Instructed};
use std::collections::{BTreeMap, HashMap};

/// What the day of a shard's members was.
#[derive(Clone, Debug, Default)]
pub struct ShardInput {
    /// Positions the day began with: long and short lots.
    pub carried: Vec<(RowKey, u32, u32)>,
    /// Its trades' sides, in the order of the log.
    pub legs: Vec<Leg>,
    /// What holders of options on their last day said.
    pub instructed: Vec<(RowKey, Instructed)>,
    /// Orders, quotes and cancels; one client and product may stand there more than once.
    pub submissions: Vec<Submission>,
    /// Market makers' netting 自动对冲 asked for: at most so many lots of each side.
    pub netting: Vec<(RowKey, u32)>,
    /// Who would deliver bonds, or take them; the last word of a row and side counts.
    pub declared: Vec<Declared>,
    /// Positions transferred 移仓 at the day's settlement price: lots long and short, below zero where they are given away.
    pub moved: Vec<(RowKey, i32, i32)>,
}

/// What was asked for at the day's end, row by row.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    instructed: HashMap<RowKey, Instructed>,
    netting: HashMap<RowKey, u32>,
    /// By row, takes and gives.
    declared: HashMap<RowKey, [Option<Declared>; 2]>,
    /// Net long, net short, gross.
    moved: HashMap<RowKey, (i32, i32, u32)>,
}

impl Asked {
    pub fn of(shards: &[ShardInput]) -> Result<Self, Why> {
        let mut asked = Asked {
            instructed: shards.iter().flat_map(|shard| &shard.instructed).copied().collect(),
            netting: shards.iter().flat_map(|shard| &shard.netting).copied().collect(),
            ..Asked::default()
        };
        for declared in shards.iter().flat_map(|shard| &shard.declared) {
            let sides = asked.declared.entry(declared.row).or_default();
            sides[usize::from(declared.side == Side::Sell)] = Some(*declared);
        }
        for &(key, long, short) in shards.iter().flat_map(|shard| &shard.moved) {
            let moved = asked.moved.entry(key).or_default();
            let gross =
                moved.2.checked_add(long.unsigned_abs()).and_then(|lots| lots.checked_add(short.unsigned_abs()));
            let next = (moved.0.checked_add(long), moved.1.checked_add(short), gross);
            let (Some(long), Some(short), Some(gross)) = next else {
                return Err(Why::Row(key, Impossible::TooManyLots));
            };
            *moved = (long, short, gross);
        }
        Ok(asked)
    }

    /// Netting and transfers of a row.
    pub fn at_end(&self, key: RowKey, row: &Row, market: &Market) -> Result<AtEnd, Impossible> {
        let (account, instrument) = terms(key, market)?;
        let mut at_end = AtEnd { is_end: true, ..AtEnd::default() };
        // Bond futures of one client are closed against one another on their last day.
        let nets_all = account.nets || (instrument.expires && instrument.kind == Kind::BondFuture);
        let most = if nets_all { Some(u32::MAX) } else { self.netting.get(&key).copied() };
        if let Some(most) = most {
            let (long, short) = row.left(&at_end)?;
            at_end.netted = netted(long, short, most);
        }
        if let Some(&(long, short, gross)) = self.moved.get(&key) {
            (at_end.moved_long, at_end.moved_short, at_end.moved) = (long, short, gross);
            row.left(&at_end)?;
        }
        Ok(at_end)
    }

    /// A row of an instrument that ends today, or that is delivered from.
    pub fn holder(&self, key: RowKey, row: &Row, at_end: AtEnd, market: &Market) -> Result<Holder, Impossible> {
        let (_, instrument) = terms(key, market)?;
        let (long, short) = row.left(&at_end)?;
        let mut holder = Holder { row: key, at_end, long, short, asks: 0, gives: 0, bond: None };
        if let Kind::Option { right, strike } = instrument.kind {
            let said = self.instructed.get(&key).copied().unwrap_or_default();
            holder.asks = option::exercised(long, said, right, strike, instrument.underlying);
        } else if let Some([takes, gives]) = self.declared.get(&key) {
            holder.asks = takes.map_or(0, |declared| declared.lots.min(long));
            holder.gives = gives.map_or(0, |declared| declared.lots.min(short));
            holder.bond = gives.and_then(|declared| declared.bond);
        }
        Ok(holder)
    }
}

fn terms(key: RowKey, market: &Market) -> Result<(&Account, &Instrument), Impossible> {
    let account = market.accounts.get(key.account.0 as usize).ok_or(Impossible::Unknown)?;
    let instrument = market.instruments.get(usize::from(key.instrument.0)).ok_or(Impossible::Unknown)?;
    Ok((account, instrument))
}

/// Instruments whose rows end together, by place: options and bond futures on their last day, bond futures that somebody declares to deliver.
pub(crate) fn ending(market: &Market, shards: &[ShardInput]) -> Vec<bool> {
    let mut ending: Vec<bool> = market
        .instruments
        .iter()
        .map(|instrument| instrument.expires && !matches!(instrument.kind, Kind::CashFuture))
        .collect();
    for declared in shards.iter().flat_map(|shard| &shard.declared).filter(|declared| declared.side == Side::Sell) {
        let place = usize::from(declared.row.instrument.0);
        if market.instruments.get(place).is_some_and(|instrument| instrument.kind == Kind::BondFuture) {
            ending[place] = true;
        }
    }
    ending
}

/// A shard's rows after its trades.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// In the order of keys.
    pub rows: Vec<(RowKey, Row)>,
    /// What is netted and moved, of rows where something is; in the order of keys.
    pub ends: Vec<(RowKey, AtEnd)>,
    /// Rows of instruments that end together.
    pub holders: Vec<Holder>,
    pub submissions: BTreeMap<AccountIndex, Submissions>,
}

impl Book {
    /// Adds to rows that have taken their trades what their day's end brings.
    pub fn ended(rows: Vec<(RowKey, Row)>, market: &Market, shard: &ShardInput, ending: &[bool]) -> Result<Self, Why> {
        let mut book = Book { rows, ..Book::default() };
        let asked = Asked::of(std::slice::from_ref(shard))?;
        for (key, row) in &book.rows {
            let at_end = asked.at_end(*key, row, market).map_err(|why| Why::Row(*key, why))?;
            if ending[usize::from(key.instrument.0)] {
                book.holders.push(asked.holder(*key, row, at_end, market).map_err(|why| Why::Row(*key, why))?);
            } else if at_end != PLAIN_END {
                book.ends.push((*key, at_end));
            }
        }
        book.submissions = submissions(shard, market)?;
        Ok(book)
    }

    /// What the shard comes to. `ended`: how rows of instruments that end together ended.
    pub fn figures(
        &self,
        market: &Market,
        ending: &[bool],
        ended: &HashMap<RowKey, AtEnd>,
        in_delivery: &BTreeMap<AccountIndex, InDelivery>,
        prices: &[Option<AtPrices>],
    ) -> Result<ShardFigures, Why> {
        let mut made = ShardFigures::default();
        made.rows.reserve_exact(self.rows.len());
        let mut ends = self.ends.iter().peekable();
        let mut submitted = self.submissions.iter().peekable();
        let mut sum = CodeSum::default();
        for rows in self.rows.chunk_by(|(one, _), (other, _)| one.account == other.account) {
            let account = rows[0].0.account;
            while let Some((before, submissions)) = submitted.next_if(|(other, _)| **other < account) {
                sum.clear();
                made.account(*before, &mut sum, Some(submissions), in_delivery, market)?;
            }
            sum.clear();
            for (key, row) in rows {
                let at_end = if ending[usize::from(key.instrument.0)] {
                    ended.get(key).copied().unwrap_or(PLAIN_END)
                } else {
                    ends.next_if(|(other, _)| other == key).map_or(PLAIN_END, |(_, at_end)| *at_end)
                };
                let prices = prices.get(usize::from(key.instrument.0)).and_then(Option::as_ref);
                let prices = prices.ok_or(Why::Row(*key, Impossible::Unknown))?;
                let figures = row.figures_at(*key, market, prices, at_end).map_err(|why| Why::Row(*key, why))?;
                sum.add(prices, &figures);
                made.rows.push(SettledRow { key: *key, row: *row, at_end, figures });
            }
            let submissions = submitted.next_if(|(other, _)| **other == account).map(|(_, submissions)| submissions);
            made.account(account, &mut sum, submissions, in_delivery, market)?;
        }
        for (account, submissions) in submitted {
            sum.clear();
            made.account(*account, &mut sum, Some(submissions), in_delivery, market)?;
        }
        Ok(made)
    }
}

/// How a row ends that nothing was asked for.
pub(crate) const PLAIN_END: AtEnd =
    AtEnd { is_end: true, netted: 0, moved_long: 0, moved_short: 0, moved: 0, exercised: 0, assigned: 0 };

pub(crate) fn submissions(shard: &ShardInput, market: &Market) -> Result<BTreeMap<AccountIndex, Submissions>, Why> {
    let mut submissions: BTreeMap<AccountIndex, Submissions> = BTreeMap::new();
    for submission in &shard.submissions {
        if market.accounts.get(submission.account.0 as usize).is_none() {
            return Err(Why::Account(submission.account, Impossible::Unknown));
        }
        submissions.entry(submission.account).or_default().add(submission);
    }
    Ok(submissions)
}

/// What a shard comes to.
#[derive(Debug, Default)]
pub(crate) struct ShardFigures {
    pub rows: Vec<SettledRow>,
    pub accounts: Vec<(AccountIndex, Figures)>,
    pub members: BTreeMap<u16, MemberFigures>,
}

impl ShardFigures {
    fn account(
        &mut self,
        index: AccountIndex,
        sum: &mut CodeSum,
        submissions: Option<&Submissions>,
        in_delivery: &BTreeMap<AccountIndex, InDelivery>,
        market: &Market,
    ) -> Result<(), Why> {
        let figures = sum_up(index, sum, submissions, in_delivery, market)?;
        self.accounts.push((index, figures));
        let code = &market.accounts[index.0 as usize];
        let member = self.members.entry(code.member.0).or_default();
        let side = if code.own { &mut member.own } else { &mut member.brokerage };
        *side = side.and(figures).map_err(|_| Why::Overflow)?;
        Ok(())
    }
}

/// An account's figures, its rows being in the sum.
pub(crate) fn sum_up(
    index: AccountIndex,
    sum: &mut CodeSum,
    submissions: Option<&Submissions>,
    in_delivery: &BTreeMap<AccountIndex, InDelivery>,
    market: &Market,
) -> Result<Figures, Why> {
    let fee = submissions.map(|submissions| submissions.fee(index, market)).transpose();
    let fee = fee.map_err(|_| Why::Account(index, Impossible::Overflow))?.unwrap_or_default();
    sum.add_beside(fee, in_delivery.get(&index).copied().unwrap_or_default());
    sum.figures(market).map_err(|_| Why::Account(index, Impossible::Overflow))
}

/// Rows of a shard after its trades, in the order of keys.
pub(crate) fn trade(market: &Market, shard: &ShardInput) -> Result<Vec<(RowKey, Row)>, Why> {
    let by_account = ByAccount::of(market, shard)?;
    let mut carried: Vec<&(RowKey, u32, u32)> = shard.carried.iter().collect();
    carried.sort_unstable_by_key(|(key, ..)| *key);
    let mut moved: Vec<RowKey> = shard.moved.iter().map(|(key, ..)| *key).collect();
    moved.sort_unstable();
    let (mut carried, mut moved) = (carried.into_iter().peekable(), moved.into_iter().peekable());
    let mut rows: Vec<(RowKey, Row)> = Vec::with_capacity(shard.carried.len());
    let mut of_account = RowsOfAccount::default();
    let mut tiers = Tiers::default();
    for (account, legs) in by_account.each() {
        of_account.clear();
        let is_its = |key: &RowKey| key.account.0 == account;
        while let Some(&(key, long, short)) = carried.next_if(|(key, ..)| is_its(key)) {
            if of_account.rows.last().is_some_and(|(before, _)| *before == key) {
                return Err(Why::Row(key, Impossible::Twice));
            }
            of_account.push(key, Row::carried(long, short));
        }
        for leg in legs {
            let row = of_account.row(leg.row);
            row.take(leg, market, &mut tiers).map_err(|why| Why::Row(leg.row, why))?;
        }
        while let Some(key) = moved.next_if(is_its) {
            of_account.row(key);
        }
        of_account.rows.sort_unstable_by_key(|(key, _)| *key);
        rows.append(&mut of_account.rows);
    }
    Ok(rows)
}

/// A shard's legs account by account, each account's in the order of the log. They are copied: once more through memory in a row costs less than
/// waiting for each of them where the log has put it.
struct ByAccount {
    /// Accounts that have rows, in their order.
    accounts: Vec<u32>,
    /// Where an account's places begin; one more than there are accounts, and one that is spent while they are sorted.
    begins: Vec<u32>,
    legs: Vec<Leg>,
}

impl ByAccount {
    fn of(market: &Market, shard: &ShardInput) -> Result<Self, Why> {
        let known = |key: RowKey| {
            let is_known = (key.account.0 as usize) < market.accounts.len()
                && usize::from(key.instrument.0) < market.instruments.len();
            if is_known { Ok(key.account.0) } else { Err(Why::Row(key, Impossible::Unknown)) }
        };
        // A bit for each account of the market: a shard's are anywhere among them.
        let mut bits = vec![0u64; market.accounts.len().div_ceil(64)];
        let keys = shard.carried.iter().map(|(key, ..)| *key).chain(shard.moved.iter().map(|(key, ..)| *key));
        for key in keys.chain(shard.legs.iter().map(|leg| leg.row)) {
            let account = known(key)?;
            bits[account as usize / 64] |= 1 << (account % 64);
        }
        let mut accounts = Vec::new();
        let mut before = Vec::with_capacity(bits.len());
        for (word, &bits) in (0u32..).zip(&bits) {
            before.push(accounts.len() as u32);
            let mut left = bits;
            while left != 0 {
                accounts.push(word * 64 + left.trailing_zeros());
                left &= left - 1;
            }
        }
        let number = |leg: &Leg| {
            let (word, bit) = (leg.row.account.0 as usize / 64, leg.row.account.0 % 64);
            (before[word] + (bits[word] & ((1 << bit) - 1)).count_ones()) as usize
        };
        assert!(u32::try_from(shard.legs.len()).is_ok(), "a shard has fewer than 2^32 legs: they take 128 GiB");
        let mut begins = vec![0u32; accounts.len() + 2];
        for leg in &shard.legs {
            begins[number(leg) + 2] += 1;
        }
        for place in 2..begins.len() {
            begins[place] += begins[place - 1];
        }
        // The next free place of account n stands at n + 1, so that at the end it is where n + 1 begins.
        let mut legs = shard.legs.clone();
        for leg in &shard.legs {
            let next = &mut begins[number(leg) + 1];
            legs[*next as usize] = *leg;
            *next += 1;
        }
        Ok(ByAccount { accounts, begins, legs })
    }

    /// Accounts and their legs.
    fn each(&self) -> impl Iterator<Item = (u32, &[Leg])> {
        let bounds = self.begins.windows(2).map(|two| two[0] as usize..two[1] as usize);
        self.accounts.iter().zip(bounds).map(|(account, bounds)| (*account, &self.legs[bounds]))
    }
}

/// An account's rows while it is worked on: searched one by one while they are few.
#[derive(Default)]
struct RowsOfAccount {
    rows: Vec<(RowKey, Row)>,
    /// Places, once there are many rows.
    places: HashMap<(InstrumentIndex, u8), u32>,
}

/// Rows up to which looking at each is quicker than a hash.
const FEW_ROWS: usize = 16;

impl RowsOfAccount {
    fn clear(&mut self) {
        self.rows.clear();
        self.places.clear();
    }

    fn push(&mut self, key: RowKey, row: Row) {
        self.rows.push((key, row));
        if self.rows.len() == FEW_ROWS + 1 {
            let keys = (0..).zip(&self.rows);
            self.places = keys.map(|(place, (key, _))| ((key.instrument, key.hedge), place)).collect();
        } else if self.rows.len() > FEW_ROWS {
            self.places.insert((key.instrument, key.hedge), (self.rows.len() - 1) as u32);
        }
    }

    fn row(&mut self, key: RowKey) -> &mut Row {
        let found = if self.rows.len() > FEW_ROWS {
            self.places.get(&(key.instrument, key.hedge)).map(|&place| place as usize)
        } else {
            self.rows.iter().position(|(other, _)| *other == key)
        };
        let place = found.unwrap_or_else(|| {
            self.push(key, Row::default());
            self.rows.len() - 1
        });
        &mut self.rows[place].1
    }
}
