//! A shard of accounts kept up to date while the day runs: rows take trades, prices move, and the accounts that this changed are worked out
//! anew when asked. The same rows and the same rules as the batch; no clock, no thread: the stream puts shards together.
//!
//! A price moves everybody who holds the instrument, and that is where the time goes. A row is kept as what its figures come of and nothing else
//! (`rows.rs`), premium and fees of trades only summed up: while the day runs an account is then a few multiplications for each of its
//! rows. Rows whose day has ended are worked out as the batch does it ([`crate::row::Position::figures`]). A member's accounts are in one shard, which adds what
//! an account's figures changed by to its member's: nothing of an account has to travel.

use crate::account::{CodeSum, Figures, InDelivery, MemberFigures, Submission, Submissions};
use crate::amount::{Price, Total};
use crate::market::{Account as Code, AccountIndex, InstrumentIndex, Market, MemberIndex};
use crate::prices::AtPrices;
use crate::row::{AtEnd, Impossible, Leg, Row, RowKey, Side, Taken};
use crate::rows::{Line, Rows, Span};
use crate::rules::closing::Held;
use crate::rules::fee::Tiers;
use std::collections::HashMap;

/// What a shard is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Update {
    /// A position the day begins with: long and short lots.
    Carried(RowKey, u32, u32),
    /// One side of a trade.
    Leg(Leg),
    /// An instrument has another price: last while the day runs, settlement at its end; and the underlying's, for options.
    Price(InstrumentIndex, Price, Price),
    /// The day has ended for a row: netting, delivery, exercise take place.
    End(RowKey, AtEnd),
    /// More orders, quotes, cancels of a client in a product.
    Submitted(Submission),
    /// What an account now has under way in deliveries, in place of what it had.
    Delivering(AccountIndex, InDelivery),
}

impl Update {
    /// Whom it concerns; none: everybody.
    #[must_use]
    pub fn account(&self) -> Option<AccountIndex> {
        match self {
            Update::Carried(row, ..) | Update::End(row, _) => Some(row.account),
            Update::Leg(leg) => Some(leg.row.account),
            Update::Submitted(submission) => Some(submission.account),
            Update::Delivering(account, _) => Some(*account),
            Update::Price(..) => None,
        }
    }
}

/// A shard's accounts.
pub struct Live {
    market: Market,
    /// Every instrument at its prices, by place; none: its product is not defined.
    prices: Vec<Option<AtPrices>>,
    /// Where an account stands among `accounts`, by its index; [`NOWHERE`]: it is not here.
    places: Vec<u32>,
    /// In the order of their indexes.
    accounts: Vec<Account>,
    /// What accounts were told to come to, by place.
    told: Vec<Figures>,
    rows: Rows,
    /// How rows end of which that is known: none while the day runs.
    ends: HashMap<RowKey, AtEnd>,
    /// Accounts that have a row in an instrument, by their places: whom a price moves.
    holders: Vec<Vec<u32>>,
    /// A bit for each account, by its place: something changed for it.
    changed: Vec<u64>,
    /// Members by index, of whom accounts are here.
    members: Vec<MemberFigures>,
    sum: CodeSum,
    tiers: Tiers,
}

const NOWHERE: u32 = u32::MAX;

/// Accounts in a block: they and their rows, some 64 KB, stay in the nearest cache but one.
const BLOCK: usize = 256;

/// What legs change of an account, a cache line; what it was told to come to stands apart.
struct Account {
    index: AccountIndex,
    /// Its rows, in the order of instruments and hedge flags; few.
    span: Span,
    /// Of its rows together: premium received less paid, and fees of trades.
    premium: Total,
    fees: Total,
    /// What has no row; most accounts have none of it.
    beside: Option<Box<(Submissions, InDelivery)>>,
}

/// What changed for an account, or a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// An account has other figures.
    Account(AccountIndex, Figures),
    /// An account could not be worked out; it keeps its figures.
    Impossible(AccountIndex, Impossible),
    /// With an account's figures its member would have too much money; both keep theirs.
    TooMuch(MemberIndex),
    /// A member has other figures, its accounts' together.
    Member(MemberIndex, MemberFigures),
}

impl Live {
    /// A shard of members' accounts, without rows, in a market as the day begins.
    #[must_use]
    pub fn new(market: Market, has: impl Fn(MemberIndex) -> bool) -> Self {
        let mut places = vec![NOWHERE; market.accounts.len()];
        let mut accounts = Vec::new();
        let ours = (0..).zip(&market.accounts).filter(|(_, account): &(u32, &Code)| has(account.member));
        // RULES.md: at most 2^24 accounts.
        for (place, (index, _)) in (0..NOWHERE).zip(ours) {
            places[index as usize] = place;
            accounts.push(Account::new(AccountIndex(index)));
        }
        Live {
            prices: AtPrices::all(&market),
            places,
            changed: vec![0; accounts.len().div_ceil(64)],
            told: vec![Figures::default(); accounts.len()],
            accounts,
            rows: Rows::default(),
            ends: HashMap::new(),
            holders: vec![Vec::new(); market.instruments.len()],
            members: vec![MemberFigures::default(); market.members.len()],
            sum: CodeSum::default(),
            tiers: Tiers::default(),
            market,
        }
    }

    /// Takes a round of what it is told, in the order of the log for each account; accounts come one after another as they stand in memory, where a
    /// leg would wait for its rows several times as long as it takes to work on them. `failed` hears what is impossible.
    pub fn take_all(&mut self, parcels: &[Vec<Update>], mut failed: impl FnMut(&Update, Impossible)) {
        let order = self.in_order(parcels);
        for (parcel, number) in order {
            let update = &parcels[parcel as usize][number as usize];
            if let Err(why) = self.take(update) {
                failed(update, why);
            }
        }
    }

    /// Numbers of updates, block by block of accounts, those of a block in their order; prices and what is unknown stand with the first block.
    fn in_order(&self, parcels: &[Vec<Update>]) -> Vec<(u32, u32)> {
        let block = |update: &Update| {
            let place = update.account().and_then(|account| self.places.get(account.0 as usize)).copied();
            place.filter(|place| *place != NOWHERE).map_or(0, |place| place as usize / BLOCK)
        };
        let mut begins = vec![0usize; self.accounts.len() / BLOCK + 2];
        parcels.iter().flatten().for_each(|update| begins[block(update) + 1] += 1);
        for block in 1..begins.len() {
            begins[block] += begins[block - 1];
        }
        let mut order = vec![(0, 0); parcels.iter().map(Vec::len).sum()];
        for (parcel, updates) in (0..).zip(parcels) {
            for (number, update) in (0..).zip(updates) {
                let next = &mut begins[block(update)];
                order[*next] = (parcel, number);
                *next += 1;
            }
        }
        order
    }

    /// Takes what it is told, in the order of the log. What is impossible changes nothing.
    ///
    /// # Errors
    /// [`Impossible`], and the row it concerns if it is one.
    pub fn take(&mut self, update: &Update) -> Result<(), Impossible> {
        match *update {
            Update::Carried(key, long, short) => self.carried(key, long, short),
            Update::Leg(leg) => self.leg(&leg),
            Update::End(key, at_end) => {
                let (place, row) = self.row(key)?;
                self.rows.of_mut(self.accounts[place].span)[row].has_ended = true;
                self.ends.insert(key, at_end);
                Ok(())
            }
            Update::Submitted(submission) => {
                self.beside(submission.account)?.0.add(&submission);
                Ok(())
            }
            Update::Delivering(account, in_delivery) => {
                self.beside(account)?.1 = in_delivery;
                Ok(())
            }
            Update::Price(instrument, price, underlying) => self.price(instrument, price, underlying),
        }
    }

    fn price(&mut self, index: InstrumentIndex, price: Price, underlying: Price) -> Result<(), Impossible> {
        let place = usize::from(index.0);
        let instrument = self.market.instruments.get_mut(place).ok_or(Impossible::Unknown)?;
        if (instrument.settlement, instrument.underlying) != (price, underlying) {
            (instrument.settlement, instrument.underlying) = (price, underlying);
            self.prices[place] = AtPrices::of(&self.market.instruments[place], &self.market);
            for &holder in &self.holders[place] {
                self.changed[holder as usize / 64] |= 1 << (holder % 64);
            }
        }
        Ok(())
    }

    fn carried(&mut self, key: RowKey, long: u32, short: u32) -> Result<(), Impossible> {
        let (place, row) = self.row(key)?;
        let line = &mut self.rows.of_mut(self.accounts[place].span)[row];
        let is_new = Line { instrument: key.instrument, hedge: key.hedge, ..Line::default() };
        if *line != is_new {
            return Err(Impossible::Twice);
        }
        let previous = self.market.instruments[usize::from(key.instrument.0)].previous_settlement;
        let day = Row::carried(long, short).day;
        line.fixed = i64::try_from(day.fixed(previous)).map_err(|_| Impossible::Overflow)?;
        (line.long.yesterday, line.short.yesterday) = (long, short);
        Ok(())
    }

    /// Takes all of a leg, or nothing.
    fn leg(&mut self, leg: &Leg) -> Result<(), Impossible> {
        let (place, row) = self.row(leg.row)?;
        let account = &mut self.accounts[place];
        let line = &mut self.rows.of_mut(account.span)[row];
        let amount = i128::from(leg.price.0) * i128::from(leg.lots);
        let fixed = i128::from(line.fixed) + if leg.side == Side::Buy { -amount } else { amount };
        let fixed = i64::try_from(fixed).map_err(|_| Impossible::Overflow)?;
        let taken = Taken::of(leg, (line.long, line.short), &self.market, &mut self.tiers)?;
        account.premium = account.premium + taken.premium;
        account.fees.0 += taken.paid.0;
        (line.fixed, line.long, line.short) = (fixed, taken.long, taken.short);
        Ok(())
    }

    /// Where the row's account stands, and the row among its rows, made if it is not there; the account is worked out anew.
    fn row(&mut self, key: RowKey) -> Result<(usize, usize), Impossible> {
        self.market.instruments.get(usize::from(key.instrument.0)).ok_or(Impossible::Unknown)?;
        let place = self.account(key.account)?;
        let span = &mut self.accounts[place].span;
        let row = self.rows.find(*span, key).unwrap_or_else(|free| {
            if !self.rows.of(*span).iter().any(|line| line.instrument == key.instrument) {
                self.holders[usize::from(key.instrument.0)].push(place as u32);
            }
            self.rows.insert(span, free, key);
            free
        });
        Ok((place, row))
    }

    /// What an account has beside its rows; it is worked out anew.
    fn beside(&mut self, index: AccountIndex) -> Result<&mut (Submissions, InDelivery), Impossible> {
        let place = self.account(index)?;
        Ok(self.accounts[place].beside.get_or_insert_default())
    }

    /// Where the account stands; it is worked out anew.
    fn account(&mut self, index: AccountIndex) -> Result<usize, Impossible> {
        let place = *self.places.get(index.0 as usize).filter(|place| **place != NOWHERE).ok_or(Impossible::Unknown)?;
        self.changed[place as usize / 64] |= 1 << (place % 64);
        Ok(place as usize)
    }

    /// Works out the accounts that something changed for, and tells those whose figures are others than before, in the order of accounts; then
    /// their members, in the order of members.
    pub fn changed(&mut self, mut tell: impl FnMut(Moved)) {
        let mut moved = vec![false; self.members.len()];
        for word in 0..self.changed.len() {
            let mut bits = std::mem::take(&mut self.changed[word]);
            while bits != 0 {
                let place = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                if let Some(change) = self.work_out(place) {
                    if let Moved::Account(index, _) = change {
                        moved[usize::from(self.market.accounts[index.0 as usize].member.0)] = true;
                    }
                    tell(change);
                }
            }
        }
        for (member, figures) in (0..).map(MemberIndex).zip(&self.members) {
            if moved[usize::from(member.0)] {
                tell(Moved::Member(member, *figures));
            }
        }
    }

    /// Works an account out, and adds what changed to its member's figures; none: it comes to what it came to before.
    fn work_out(&mut self, place: usize) -> Option<Moved> {
        let (account, told) = (&self.accounts[place], &mut self.told[place]);
        let figures = match account.figures(&self.rows, &self.prices, &self.ends, &self.market, &mut self.sum) {
            Ok(figures) if figures == *told => return None,
            Ok(figures) => figures,
            Err(why) => return Some(Moved::Impossible(account.index, why)),
        };
        let of = &self.market.accounts[account.index.0 as usize];
        let member = &mut self.members[usize::from(of.member.0)];
        let side = if of.own { &mut member.own } else { &mut member.brokerage };
        let Ok(sum) = side.less(*told).and_then(|rest| rest.and(figures)) else {
            return Some(Moved::TooMuch(of.member));
        };
        (*side, *told) = (sum, figures);
        Some(Moved::Account(account.index, figures))
    }
}

impl Account {
    fn new(index: AccountIndex) -> Self {
        let (span, premium, fees) = Default::default();
        Account { index, span, premium, fees, beside: None }
    }

    fn figures(
        &self,
        rows: &Rows,
        prices: &[Option<AtPrices>],
        ends: &HashMap<RowKey, AtEnd>,
        market: &Market,
        sum: &mut CodeSum,
    ) -> Result<Figures, Impossible> {
        sum.clear();
        sum.add_trades(self.premium, self.fees);
        for line in rows.of(self.span) {
            let prices = prices[usize::from(line.instrument.0)].as_ref().ok_or(Impossible::Unknown)?;
            if line.has_ended {
                let (key, position) = (line.key(self.index), line.position());
                let at_end = ends.get(&key).copied().unwrap_or_default();
                sum.add(prices, &position.figures(key, market, prices, at_end)?);
                continue;
            }
            let lots = |held: Held| u32::try_from(held.lots()).map_err(|_| Impossible::TooManyLots);
            let (long, short) = (lots(line.long)?, lots(line.short)?);
            let profit = prices.profit(line.fixed.into(), i64::from(long) - i64::from(short))?;
            sum.add_position(prices, profit, prices.margins(long, short)?);
        }
        if let Some((submissions, in_delivery)) = self.beside.as_deref() {
            sum.add_beside(submissions.fee(self.index, market)?, *in_delivery);
        }
        Ok(sum.figures(market)?)
    }
}
