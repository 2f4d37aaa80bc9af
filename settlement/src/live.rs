//! A shard of accounts kept up to date while the day runs: rows take trades, prices move, and the accounts that this changed are worked out
//! anew when asked. The same rows and the same rules as the batch; no clock, no thread: the stream puts shards together.

use crate::account::{CodeSum, Figures, InDelivery, Submission, Submissions};
use crate::amount::Price;
use crate::market::{AccountIndex, InstrumentIndex, Market, MemberIndex};
use crate::row::{AtEnd, Impossible, Leg, Row, RowKey};
use crate::rules::fee::Tiers;
use std::collections::{BTreeMap, BTreeSet, HashMap};

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
    accounts: HashMap<AccountIndex, Account>,
    /// Accounts that have a row in an instrument: whom a price moves.
    holders: Vec<Vec<AccountIndex>>,
    dirty: BTreeSet<AccountIndex>,
    sum: CodeSum,
    tiers: Tiers,
}

#[derive(Default)]
struct Account {
    rows: BTreeMap<(InstrumentIndex, u8), (Row, AtEnd)>,
    submissions: Submissions,
    in_delivery: InDelivery,
    told: Figures,
}

impl Live {
    /// A shard without accounts, in a market as the day begins.
    #[must_use]
    pub fn new(market: Market) -> Self {
        let holders = vec![Vec::new(); market.instruments.len()];
        Live {
            market,
            accounts: HashMap::new(),
            holders,
            dirty: BTreeSet::new(),
            sum: CodeSum::default(),
            tiers: Tiers::default(),
        }
    }

    /// Takes what it is told, in the order of the log. What is impossible changes nothing.
    ///
    /// # Errors
    /// [`Impossible`], and the row it concerns if it is one.
    pub fn take(&mut self, update: &Update) -> Result<(), Impossible> {
        match *update {
            Update::Carried(key, long, short) => {
                self.row(key)?.0 = Row::carried(long, short);
            }
            Update::Leg(leg) => {
                let (mut row, _) = *self.row(leg.row)?;
                row.take(&leg, &self.market, &mut self.tiers)?;
                self.row(leg.row)?.0 = row;
            }
            Update::End(key, at_end) => self.row(key)?.1 = at_end,
            Update::Submitted(submission) => self.account(submission.account)?.submissions.add(&submission),
            Update::Delivering(account, in_delivery) => self.account(account)?.in_delivery = in_delivery,
            Update::Price(instrument, price, underlying) => {
                let place = usize::from(instrument.0);
                let definition = self.market.instruments.get_mut(place).ok_or(Impossible::Unknown)?;
                if (definition.settlement, definition.underlying) != (price, underlying) {
                    (definition.settlement, definition.underlying) = (price, underlying);
                    self.dirty.extend(&self.holders[place]);
                }
            }
        }
        Ok(())
    }

    /// Who clears an account that has rows.
    #[must_use]
    pub fn clearing(&self, account: AccountIndex) -> MemberIndex {
        let member = self.market.accounts[account.0 as usize].member;
        self.market.members[usize::from(member.0)].clearing
    }

    /// The account, made if it is not there; it is worked out anew.
    fn account(&mut self, index: AccountIndex) -> Result<&mut Account, Impossible> {
        self.market.accounts.get(index.0 as usize).ok_or(Impossible::Unknown)?;
        self.dirty.insert(index);
        Ok(self.accounts.entry(index).or_default())
    }

    /// The row, made if it is not there; its account is worked out anew.
    fn row(&mut self, key: RowKey) -> Result<&mut (Row, AtEnd), Impossible> {
        let holders = self.holders.get_mut(usize::from(key.instrument.0)).ok_or(Impossible::Unknown)?;
        if self.market.accounts.get(key.account.0 as usize).is_none() {
            return Err(Impossible::Unknown);
        }
        self.dirty.insert(key.account);
        let rows = &mut self.accounts.entry(key.account).or_default().rows;
        let is_held = rows.range((key.instrument, 0)..=(key.instrument, u8::MAX)).next().is_some();
        if !is_held {
            holders.push(key.account);
        }
        Ok(rows.entry((key.instrument, key.hedge)).or_default())
    }

    /// Works out the accounts that something changed for, and names those whose figures are others than before, in the order of accounts.
    ///
    /// Accounts that cannot be worked out are returned; their figures stay as they were told.
    pub fn changed(&mut self, mut tell: impl FnMut(AccountIndex, Figures)) -> Vec<(AccountIndex, Impossible)> {
        let mut failed = Vec::new();
        for index in std::mem::take(&mut self.dirty) {
            let Some(account) = self.accounts.get_mut(&index) else { continue };
            match work_out(index, account, &self.market, &mut self.sum) {
                Ok(figures) if figures != account.told => {
                    account.told = figures;
                    tell(index, figures);
                }
                Ok(_) => {}
                Err(why) => failed.push((index, why)),
            }
        }
        failed
    }
}

fn work_out(index: AccountIndex, account: &Account, market: &Market, sum: &mut CodeSum) -> Result<Figures, Impossible> {
    sum.clear();
    for (&(instrument, hedge), (row, at_end)) in &account.rows {
        let key = RowKey { account: index, instrument, hedge };
        sum.add(key, &row.figures(key, market, *at_end)?, market);
    }
    sum.add_beside(account.submissions.fee(index, market)?, account.in_delivery);
    Ok(sum.figures(market)?)
}
