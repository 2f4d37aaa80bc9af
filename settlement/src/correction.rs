//! Corrections 更正: another settlement price, a trade that is cancelled 错单取消. What they touch is settled again, and nothing else; the result is what a
//! whole run over corrected inputs gives.
//!
//! | correction | settled again |
//! |---|---|
//! | a price | figures of the rows that hold the instrument |
//! | a cancelled trade | both rows, from the lots they began with; where the product has tiers of fees, the client's other rows in it |
//! | either, of an instrument that ends | its exercise or its pairing, and the rows for which that comes out otherwise |
//!
//! then the trading codes of these rows, from the rows' figures as they stand; members by the difference; funds, which are few, all.

use crate::account::{self, CodeSum, Figures, Submissions};
use crate::amount::Price;
use crate::batch::{Failed, Phase, Settled, SettledRow, Why, advance, end, guarded};
use crate::checkpoint::Digest;
use crate::delivery::{self, DeliveryDay};
use crate::market::{AccountIndex, Instrument, InstrumentIndex, Market};
use crate::prices::AtPrices;
use crate::result::TradeLine;
use crate::row::{Row, RowFigures, RowKey};
use crate::shard::{self, Asked, ShardInput};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// An instrument's prices as they should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CorrectedPrice {
    /// Which.
    pub instrument: InstrumentIndex,
    /// Its settlement price.
    pub settlement: Price,
    /// Of an option: the underlying's close, or the exercise settlement price.
    pub underlying: Price,
}

/// A side of a trade that is cancelled: which row's, and the how-manieth of its legs, from 0. Both sides of a trade are cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct CancelledLeg {
    /// Whose, in what.
    pub row: RowKey,
    /// After so many others of that row.
    pub nth: u32,
}

/// What is corrected.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Corrections {
    /// Prices.
    pub prices: Vec<CorrectedPrice>,
    /// Both sides of every cancelled trade.
    pub cancelled: Vec<CancelledLeg>,
}

/// What corrections changed in a run's inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    instruments: BTreeSet<InstrumentIndex>,
    rows: BTreeSet<RowKey>,
}

/// Why something cannot be corrected; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uncorrectable {
    /// There is no such instrument.
    Instrument(InstrumentIndex),
    /// The row has no such leg.
    Leg(CancelledLeg),
    /// It is cancelled twice.
    Twice(CancelledLeg),
}

/// What was settled again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Recomputed {
    /// Rows that took their trades again.
    pub traded: u64,
    /// Rows whose figures were worked out again, these among them.
    pub figured: u64,
    /// Instruments whose exercise or pairing was done again.
    pub ended: u64,
    /// Trading codes that were summed up again.
    pub accounts: u64,
}

/// Both sides of a trade, by its id; fewer if there is no such trade.
#[must_use]
pub fn sides_of(trades: &[TradeLine], trade_id: &[u8; 20]) -> Vec<CancelledLeg> {
    let mut seen: BTreeMap<RowKey, u32> = BTreeMap::new();
    let its_rows: BTreeSet<RowKey> =
        trades.iter().filter(|line| line.trade_id == *trade_id).map(|line| line.leg.row).collect();
    let mut sides = Vec::new();
    for line in trades.iter().filter(|line| its_rows.contains(&line.leg.row)) {
        let nth = seen.entry(line.leg.row).or_default();
        if line.trade_id == *trade_id {
            sides.push(CancelledLeg { row: line.leg.row, nth: *nth });
        }
        *nth += 1;
    }
    sides
}

impl Touched {
    /// Of inputs that somebody else corrected: instruments that differ between the two markets, and the rows that lost trades. `None`: the
    /// markets differ in something else, and only a whole run will do.
    #[must_use]
    pub fn between(before: &Market, after: &Market, rows: impl IntoIterator<Item = RowKey>) -> Option<Self> {
        let priced = |one: &Instrument, other: &Instrument| {
            let (settlement, underlying) = (one.settlement, one.underlying);
            Instrument { settlement, underlying, ..*other } == *one
        };
        let both = || before.instruments.iter().zip(&after.instruments);
        // Every field has its say: a new one does not compile until it has.
        let Market {
            day,
            products,
            instruments: _,
            members,
            accounts,
            fees,
            settings,
            deliverables,
            delivering,
            closes,
        } = before;
        let alike = (day, products, members, accounts)
            == (&after.day, &after.products, &after.members, &after.accounts)
            && (fees, settings, closes) == (&after.fees, &after.settings, &after.closes)
            && (deliverables, delivering) == (&after.deliverables, &after.delivering)
            && before.instruments.len() == after.instruments.len()
            && both().all(|(one, other)| priced(one, other));
        let differ = (0..).map(InstrumentIndex).zip(both()).filter(|(_, (one, other))| one != other);
        alike.then(|| Touched {
            instruments: differ.map(|(index, _)| index).collect(),
            rows: rows.into_iter().collect(),
        })
    }
}

/// SHA-256, in hexadecimal digits, of all that a run was made from but its instruments and its log: two markets that have the same differ for
/// [`Touched::between`] in their instruments alone. `beside`: what else the run read. Who keeps it with a run needs no market of that run to
/// correct it.
#[must_use]
pub fn key_beside_instruments(market: &Market, beside: &impl fmt::Debug) -> String {
    let Market { day, products, instruments: _, members, accounts, fees, settings, deliverables, delivering, closes } =
        market;
    let small = (day, products, members, settings, deliverables, delivering, closes);
    let fees = (fees.rules(), fees.waivers(), fees.rounding());
    let key = Digest::new("beside 1").shown(&small).shown(&fees).records(accounts).shown(beside).key();
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Corrections {
    /// Corrects a run's inputs.
    ///
    /// # Errors
    /// [`Uncorrectable`], and the inputs are as they were.
    pub fn apply(&self, market: &mut Market, shards: &mut [ShardInput]) -> Result<Touched, Uncorrectable> {
        let mut touched = Touched::default();
        for price in &self.prices {
            if usize::from(price.instrument.0) >= market.instruments.len() {
                return Err(Uncorrectable::Instrument(price.instrument));
            }
        }
        let mut wanted: BTreeMap<RowKey, BTreeSet<u32>> = BTreeMap::new();
        for leg in &self.cancelled {
            if !wanted.entry(leg.row).or_default().insert(leg.nth) {
                return Err(Uncorrectable::Twice(*leg));
            }
        }
        let mut places: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); shards.len()];
        let mut found: BTreeSet<CancelledLeg> = BTreeSet::new();
        let mut seen: BTreeMap<RowKey, u32> = BTreeMap::new();
        for (shard, places) in shards.iter().zip(&mut places).filter(|_| !wanted.is_empty()) {
            for (place, leg) in shard.legs.iter().enumerate() {
                let Some(wanted) = wanted.get(&leg.row) else { continue };
                let nth = seen.entry(leg.row).or_default();
                if wanted.contains(nth) {
                    places.insert(place);
                    found.insert(CancelledLeg { row: leg.row, nth: *nth });
                }
                *nth += 1;
            }
        }
        if let Some(missing) = self.cancelled.iter().find(|leg| !found.contains(leg)) {
            return Err(Uncorrectable::Leg(*missing));
        }
        for (shard, places) in shards.iter_mut().zip(places).filter(|(_, places)| !places.is_empty()) {
            let mut place = 0..;
            shard.legs.retain(|_| !places.contains(&place.next().unwrap_or_default()));
        }
        touched.rows = wanted.into_keys().collect();
        for price in &self.prices {
            let instrument = &mut market.instruments[usize::from(price.instrument.0)];
            (instrument.settlement, instrument.underlying) = (price.settlement, price.underlying);
            touched.instruments.insert(price.instrument);
        }
        Ok(touched)
    }
}

/// Settles again what corrections touched. `settled`: of the inputs before; `market` and `shards`: as [`Corrections::apply`] left them.
///
/// # Errors
/// [`Failed`], as a whole run over these inputs would; of several rows that cannot be another may be named.
pub fn settle_again(
    market: &Market,
    shards: &[ShardInput],
    settled: Settled,
    touched: &Touched,
) -> Result<(Settled, Recomputed), Failed> {
    let of = |phase| move |why| Failed { phase, task: 0, why };
    let asked = guarded(|| Asked::of(shards)).map_err(of(Phase::Trades))?;
    let mut again = Again { market, shards, settled, asked, did: Recomputed::default(), accounts: BTreeSet::new() };
    let mut rows = guarded(|| again.trade(touched)).map_err(of(Phase::Trades))?;
    guarded(|| again.end(touched, &mut rows)).map_err(of(Phase::Exercise))?;
    guarded(|| again.figure(touched, &rows)).map_err(of(Phase::Figures))?;
    guarded(|| again.sum_up()).map_err(of(Phase::Funds))?;
    Ok((again.settled, again.did))
}

struct Again<'a> {
    market: &'a Market,
    shards: &'a [ShardInput],
    settled: Settled,
    asked: Asked,
    did: Recomputed,
    /// Trading codes to be summed up again.
    accounts: BTreeSet<AccountIndex>,
}

impl Again<'_> {
    /// Takes the trades of touched rows again, and nets and moves their lots; which rows must be worked out.
    fn trade(&mut self, touched: &Touched) -> Result<BTreeSet<RowKey>, Why> {
        let mut keys = touched.rows.clone();
        let product = |key: &RowKey| self.market.instruments.get(usize::from(key.instrument.0)).map(|one| one.product);
        let tiered = |key: &&RowKey| product(key).is_some_and(|product| self.market.fees.has_tiers(product.0));
        let with_tiers: BTreeSet<_> =
            touched.rows.iter().filter(tiered).map(|key| (key.account, product(key))).collect();
        let of_tiers = |row: &&SettledRow| with_tiers.contains(&(row.key.account, product(&row.key)));
        if !with_tiers.is_empty() {
            keys.extend(self.settled.rows.iter().filter(of_tiers).map(|row| row.key));
        }
        if keys.is_empty() {
            return Ok(keys);
        }
        self.accounts.extend(keys.iter().map(|key| key.account));
        let mut traded: Vec<(RowKey, Row)> = Vec::new();
        for shard in self.shards {
            let part = ShardInput {
                carried: shard.carried.iter().filter(|(key, ..)| keys.contains(key)).copied().collect(),
                legs: shard.legs.iter().filter(|leg| keys.contains(&leg.row)).copied().collect(),
                moved: shard.moved.iter().filter(|(key, ..)| keys.contains(key)).copied().collect(),
                ..ShardInput::default()
            };
            traded.extend(shard::trade(self.market, &part)?);
        }
        self.did.traded = traded.len() as u64;
        let rows = &mut self.settled.rows;
        rows.retain(|row| !keys.contains(&row.key));
        for (key, row) in traded {
            let at_end = self.asked.at_end(key, &row, self.market).map_err(|why| Why::Row(key, why))?;
            rows.push(SettledRow { key, row, at_end, figures: RowFigures::default() });
        }
        rows.sort_by_key(|row| row.key);
        Ok(keys)
    }

    /// Instruments that end; adds rows that end otherwise than before.
    fn end(&mut self, touched: &Touched, rows: &mut BTreeSet<RowKey>) -> Result<(), Why> {
        let (market, ending) = (self.market, shard::ending(self.market, self.shards));
        let touched = touched.instruments.iter().copied().chain(rows.iter().map(|key| key.instrument));
        let instruments: BTreeSet<InstrumentIndex> =
            touched.filter(|index| ending.get(usize::from(index.0)).copied().unwrap_or(false)).collect();
        let mut holders: BTreeMap<InstrumentIndex, Vec<_>> =
            instruments.iter().map(|index| (*index, Vec::new())).collect();
        for row in &self.settled.rows {
            let Some(holders) = holders.get_mut(&row.key.instrument) else { continue };
            let failed = |why| Why::Row(row.key, why);
            let at_end = self.asked.at_end(row.key, &row.row, market).map_err(failed)?;
            holders.push(self.asked.holder(row.key, &row.row, at_end, market).map_err(failed)?);
        }
        self.did.ended = instruments.len() as u64;
        let before = delivery::by_account(&self.settled.deliveries, market).map_err(|_| Why::Overflow)?;
        let mut ended = Vec::new();
        for (index, holders) in holders {
            let of_instrument = end(index, market, holders)?;
            for (key, at_end) in of_instrument.rows {
                let place = self.settled.rows.binary_search_by_key(&key, |row| row.key).expect("it is a holder");
                let row = &mut self.settled.rows[place];
                if row.at_end != at_end {
                    row.at_end = at_end;
                    rows.insert(key);
                }
            }
            ended.extend(of_instrument.deliveries);
        }
        let is_over =
            |line: &delivery::Delivery| line.day == DeliveryDay::Entered && !instruments.contains(&line.instrument);
        let mut entered: Vec<_> = self.settled.deliveries.iter().filter(|line| is_over(line)).copied().collect();
        entered.extend(ended);
        entered.sort_by_key(|line| line.instrument);
        self.settled.deliveries = advance(market, self.shards)?;
        self.settled.deliveries.extend(entered);
        let after = delivery::by_account(&self.settled.deliveries, market).map_err(|_| Why::Overflow)?;
        let differs = |account: &&AccountIndex| before.get(account) != after.get(account);
        self.accounts.extend(before.keys().chain(after.keys()).filter(differs));
        Ok(())
    }

    /// Figures of the rows, and of every row that holds a touched instrument.
    fn figure(&mut self, touched: &Touched, rows: &BTreeSet<RowKey>) -> Result<(), Why> {
        for row in &mut self.settled.rows {
            if touched.instruments.contains(&row.key.instrument) || rows.contains(&row.key) {
                row.figures =
                    row.row.figures(row.key, self.market, row.at_end).map_err(|why| Why::Row(row.key, why))?;
                self.did.figured += 1;
                self.accounts.insert(row.key.account);
            }
        }
        Ok(())
    }

    /// Trading codes, their members, funds.
    fn sum_up(&mut self) -> Result<(), Why> {
        let market = self.market;
        let in_delivery = delivery::by_account(&self.settled.deliveries, market).map_err(|_| Why::Overflow)?;
        let mut submissions: BTreeMap<AccountIndex, Submissions> = BTreeMap::new();
        for submission in self.shards.iter().flat_map(|shard| &shard.submissions) {
            if self.accounts.contains(&submission.account) {
                submissions.entry(submission.account).or_default().add(submission);
            }
        }
        let prices = AtPrices::all(market);
        let mut sum = CodeSum::default();
        let mut gone = BTreeSet::new();
        for &index in &self.accounts {
            sum.clear();
            let first = self.settled.rows.partition_point(|row| row.key.account < index);
            let rows = self.settled.rows[first..].iter().take_while(|row| row.key.account == index);
            let mut is_there = submissions.contains_key(&index) || in_delivery.contains_key(&index);
            for row in rows {
                let prices =
                    prices[usize::from(row.key.instrument.0)].as_ref().expect("its figures were worked out by it");
                sum.add(prices, &row.figures);
                is_there = true;
            }
            let figures = shard::sum_up(index, &mut sum, submissions.get(&index), &in_delivery, market)?;
            let accounts = &mut self.settled.accounts;
            let before = match accounts.binary_search_by_key(&index, |(other, _)| *other) {
                Ok(place) => std::mem::replace(&mut accounts[place].1, figures),
                Err(place) => {
                    accounts.insert(place, (index, figures));
                    Figures::default()
                }
            };
            if !is_there {
                gone.insert(index);
            }
            let code = &market.accounts[index.0 as usize];
            let member = &mut self.settled.members[usize::from(code.member.0)];
            let side = if code.own { &mut member.own } else { &mut member.brokerage };
            *side = side.less(before).and_then(|rest| rest.and(figures)).map_err(|_| Why::Overflow)?;
            self.did.accounts += 1;
        }
        self.settled.accounts.retain(|(index, _)| !gone.contains(index));
        self.settled.funds = account::funds(market, &self.settled.members).map_err(|_| Why::Overflow)?;
        Ok(())
    }
}

impl fmt::Display for Uncorrectable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let leg = |leg: &CancelledLeg| {
            let RowKey { account, instrument, hedge } = leg.row;
            format!("account {}, instrument {}, hedge {}, leg {}", account.0, instrument.0, char::from(hedge), leg.nth)
        };
        match self {
            Uncorrectable::Instrument(index) => write!(out, "合约未定义 instrument {} is not defined", index.0),
            Uncorrectable::Leg(missing) => write!(out, "成交不存在 there is no such trade: {}", leg(missing)),
            Uncorrectable::Twice(twice) => write!(out, "成交重复取消 the trade is cancelled twice: {}", leg(twice)),
        }
    }
}

impl std::error::Error for Uncorrectable {}
