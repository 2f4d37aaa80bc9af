//! A shard of accounts kept up to date while the day runs: rows take trades, prices move, and the accounts that this changed are worked out
//! anew when asked. The same rows and the same rules as the batch; no clock, no thread: the stream puts shards together.
//!
//! A price moves everybody who holds the instrument, and that is where the time goes: a row keeps its figures and at which price they were
//! worked out, so that an account is summed up anew, but only the rows that something happened to are worked out. A member's accounts are in
//! one shard, which adds what an account's figures changed by to its member's: nothing of an account has to travel.

use crate::account::{CodeSum, Figures, InDelivery, MemberFigures, Submission, Submissions};
use crate::amount::Price;
use crate::market::{AccountIndex, InstrumentIndex, Market, MemberIndex};
use crate::row::{AtEnd, Impossible, Leg, Row, RowFigures, RowKey};
use crate::rules::fee::Tiers;
use std::collections::BTreeSet;

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

/// A shard's accounts.
pub struct Live {
    market: Market,
    /// Where an account stands among `accounts`, by its index; [`NOWHERE`]: it is not here.
    places: Vec<u32>,
    accounts: Vec<Account>,
    /// Accounts that have a row in an instrument, by their places: whom a price moves.
    holders: Vec<Vec<u32>>,
    /// How often an instrument's prices changed.
    moves: Vec<u32>,
    /// Whom something changed for, each once.
    dirty: Vec<AccountIndex>,
    /// Members by index, of whom accounts are here.
    members: Vec<MemberFigures>,
    sum: CodeSum,
    tiers: Tiers,
}

const NOWHERE: u32 = u32::MAX;

struct Account {
    index: AccountIndex,
    is_dirty: bool,
    /// In the order of instruments and hedge flags; few.
    rows: Vec<Holding>,
    /// What has no row; most accounts have none of it.
    beside: Option<Box<(Submissions, InDelivery)>>,
    told: Figures,
}

/// A row, and what it came to.
struct Holding {
    instrument: InstrumentIndex,
    hedge: u8,
    row: Row,
    at_end: AtEnd,
    /// At the instrument's prices after so many moves; none: the row has changed since.
    worked_out: Option<u32>,
    figures: RowFigures,
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
    /// A shard without accounts, in a market as the day begins.
    #[must_use]
    pub fn new(market: Market) -> Self {
        let instruments = market.instruments.len();
        Live {
            places: vec![NOWHERE; market.accounts.len()],
            accounts: Vec::new(),
            holders: vec![Vec::new(); instruments],
            moves: vec![0; instruments],
            dirty: Vec::new(),
            members: vec![MemberFigures::default(); market.members.len()],
            sum: CodeSum::default(),
            tiers: Tiers::default(),
            market,
        }
    }

    /// Takes what it is told, in the order of the log. What is impossible changes nothing.
    ///
    /// # Errors
    /// [`Impossible`], and the row it concerns if it is one.
    pub fn take(&mut self, update: &Update) -> Result<(), Impossible> {
        match *update {
            Update::Carried(key, long, short) => self.row(key)?.row = Row::carried(long, short),
            Update::Leg(leg) => {
                // A row takes all of a leg or nothing.
                let mut row = self.row(leg.row)?.row;
                row.take(&leg, &self.market, &mut self.tiers)?;
                self.row(leg.row)?.row = row;
            }
            Update::End(key, at_end) => self.row(key)?.at_end = at_end,
            Update::Submitted(submission) => self.beside(submission.account)?.0.add(&submission),
            Update::Delivering(account, in_delivery) => self.beside(account)?.1 = in_delivery,
            Update::Price(instrument, price, underlying) => {
                let place = usize::from(instrument.0);
                let definition = self.market.instruments.get_mut(place).ok_or(Impossible::Unknown)?;
                if (definition.settlement, definition.underlying) != (price, underlying) {
                    (definition.settlement, definition.underlying) = (price, underlying);
                    // Figures worked out 2^32 moves ago would be taken for today's; at 10,000 moves a second that is five days.
                    self.moves[place] = self.moves[place].wrapping_add(1);
                    for &holder in &self.holders[place] {
                        self.accounts[holder as usize].mark(&mut self.dirty);
                    }
                }
            }
        }
        Ok(())
    }

    /// The row, made if it is not there; its account is worked out anew.
    fn row(&mut self, key: RowKey) -> Result<&mut Holding, Impossible> {
        self.holders.get(usize::from(key.instrument.0)).ok_or(Impossible::Unknown)?;
        let place = self.account(key.account)?;
        let rows = &mut self.accounts[place].rows;
        let found = rows.binary_search_by_key(&(key.instrument, key.hedge), |held| (held.instrument, held.hedge));
        let found = found.unwrap_or_else(|free| {
            let neighbours = [free.checked_sub(1), Some(free)].into_iter().flatten();
            let is_held = neighbours.filter_map(|near| rows.get(near)).any(|held| held.instrument == key.instrument);
            if !is_held {
                self.holders[usize::from(key.instrument.0)].push(place as u32);
            }
            let (row, at_end, figures) = Default::default();
            let RowKey { instrument, hedge, .. } = key;
            rows.insert(free, Holding { instrument, hedge, row, at_end, worked_out: None, figures });
            free
        });
        rows[found].worked_out = None;
        Ok(&mut rows[found])
    }

    /// What an account has beside its rows; it is worked out anew.
    fn beside(&mut self, index: AccountIndex) -> Result<&mut (Submissions, InDelivery), Impossible> {
        let place = self.account(index)?;
        Ok(self.accounts[place].beside.get_or_insert_default())
    }

    /// Where the account stands, made if it is not there; it is worked out anew.
    fn account(&mut self, index: AccountIndex) -> Result<usize, Impossible> {
        let place = self.places.get_mut(index.0 as usize).ok_or(Impossible::Unknown)?;
        if *place == NOWHERE {
            // There are fewer of them than indexes of accounts, which have 32 bits; the last one is none (RULES.md: at most 2^24).
            *place = u32::try_from(self.accounts.len()).map_err(|_| Impossible::Unknown)?;
            self.accounts.push(Account {
                index,
                is_dirty: false,
                rows: Vec::new(),
                beside: None,
                told: Figures::default(),
            });
        }
        let place = *place as usize;
        self.accounts[place].mark(&mut self.dirty);
        Ok(place)
    }

    /// Works out the accounts that something changed for, and tells those whose figures are others than before, in the order of accounts; then
    /// their members, in the order of members.
    pub fn changed(&mut self, mut tell: impl FnMut(Moved)) {
        let mut moved = BTreeSet::new();
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.sort_unstable();
        for index in dirty.drain(..) {
            let account = &mut self.accounts[self.places[index.0 as usize] as usize];
            account.is_dirty = false;
            let figures = match account.work_out(&self.market, &self.moves, &mut self.sum) {
                Ok(figures) if figures == account.told => continue,
                Ok(figures) => figures,
                Err(why) => {
                    tell(Moved::Impossible(index, why));
                    continue;
                }
            };
            let of = &self.market.accounts[index.0 as usize];
            let member = &mut self.members[usize::from(of.member.0)];
            let side = if of.own { &mut member.own } else { &mut member.brokerage };
            match side.less(account.told).and_then(|rest| rest.and(figures)) {
                Ok(sum) => {
                    (*side, account.told) = (sum, figures);
                    tell(Moved::Account(index, figures));
                    moved.insert(of.member);
                }
                Err(_) => tell(Moved::TooMuch(of.member)),
            }
        }
        self.dirty = dirty;
        for member in moved {
            tell(Moved::Member(member, self.members[usize::from(member.0)]));
        }
    }
}

impl Account {
    fn mark(&mut self, dirty: &mut Vec<AccountIndex>) {
        if !self.is_dirty {
            self.is_dirty = true;
            dirty.push(self.index);
        }
    }

    fn work_out(&mut self, market: &Market, moves: &[u32], sum: &mut CodeSum) -> Result<Figures, Impossible> {
        sum.clear();
        for held in &mut self.rows {
            let key = RowKey { account: self.index, instrument: held.instrument, hedge: held.hedge };
            let now = Some(moves[usize::from(held.instrument.0)]);
            if held.worked_out != now {
                held.figures = held.row.figures(key, market, held.at_end)?;
                held.worked_out = now;
            }
            sum.add(key, &held.figures, market);
        }
        if let Some((submissions, in_delivery)) = self.beside.as_deref() {
            sum.add_beside(submissions.fee(self.index, market)?, *in_delivery);
        }
        Ok(sum.figures(market)?)
    }
}
