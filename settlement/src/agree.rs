//! Batch and stream beside one another 双路核对: the two come to the same figures by different ways, so that a figure on which they differ is wrong in
//! one of them: an alarm, with whose it is, which one, and both.

use crate::account::{Figures, Funds, MemberFigures};
use crate::amount::Money;
use crate::batch::Settled;
use crate::market::{AccountIndex, MemberIndex};
use crate::stream::{Alarm, Changed};
use std::collections::BTreeMap;
use std::fmt;

/// What a stream has told so far: the last word of everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Trading codes.
    pub accounts: BTreeMap<AccountIndex, Figures>,
    /// Members.
    pub members: BTreeMap<MemberIndex, MemberFigures>,
    /// Clearing members.
    pub funds: BTreeMap<MemberIndex, Funds>,
    /// What it could not work out.
    pub alarms: Vec<Alarm>,
}

impl Told {
    /// Hears what changed. Workers tell of different accounts and members, in any order.
    pub fn take(&mut self, changed: Changed) {
        match changed {
            Changed::Account(account, figures) => drop(self.accounts.insert(account, figures)),
            Changed::Member(member, figures) => drop(self.members.insert(member, figures)),
            Changed::Funds(member, funds) => drop(self.funds.insert(member, funds)),
            Changed::Alarm(alarm) => self.alarms.push(alarm),
        }
    }
}

/// Whose figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// A trading code's.
    Account(AccountIndex),
    /// A member's own account's.
    Own(MemberIndex),
    /// Its clients'.
    Brokerage(MemberIndex),
    /// A clearing member's.
    Funds(MemberIndex),
}

/// A figure on which batch and stream differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// Whose.
    pub account: Whose,
    /// Which figure.
    pub item: &'static str,
    /// What the batch says.
    pub batch: Money,
    /// What the stream says.
    pub stream: Money,
}

/// Where batch and stream differ: accounts, members, clearing members, each in their order. Whom a stream has told nothing of is at zero.
#[must_use]
pub fn agree(batch: &Settled, stream: &Told) -> Vec<Difference> {
    let mut differences = Vec::new();
    let of_batch: BTreeMap<AccountIndex, Figures> = batch.accounts.iter().copied().collect();
    let mut accounts: Vec<AccountIndex> = of_batch.keys().chain(stream.accounts.keys()).copied().collect();
    accounts.sort_unstable();
    accounts.dedup();
    for account in accounts {
        let [one, other] = [&of_batch, &stream.accounts].map(|told| told.get(&account).copied().unwrap_or_default());
        compare(&mut differences, Whose::Account(account), items(&one), items(&other));
    }
    for (index, figures) in (0..).map(MemberIndex).zip(&batch.members) {
        let told = stream.members.get(&index).copied().unwrap_or_default();
        compare(&mut differences, Whose::Own(index), items(&figures.own), items(&told.own));
        compare(&mut differences, Whose::Brokerage(index), items(&figures.brokerage), items(&told.brokerage));
    }
    for (index, funds) in (0..).map(MemberIndex).zip(&batch.funds) {
        let Some(funds) = funds else { continue };
        match stream.funds.get(&index) {
            Some(told) => compare(&mut differences, Whose::Funds(index), items_of_funds(funds), items_of_funds(told)),
            // A stream tells funds when something moves them; nothing did, or it should have told.
            None => compare(&mut differences, Whose::Funds(index), items(&funds.figures), items(&Figures::default())),
        }
    }
    differences
}

fn compare<const N: usize>(
    differences: &mut Vec<Difference>,
    account: Whose,
    batch: [(&'static str, Money); N],
    stream: [(&'static str, Money); N],
) {
    let both = batch.into_iter().zip(stream).filter(|(one, other)| one != other);
    differences.extend(both.map(|((item, batch), (_, stream))| Difference { account, item, batch, stream }));
}

fn items(figures: &Figures) -> [(&'static str, Money); 9] {
    let Figures { profit, premium, margin, fees, delivery } = *figures;
    [
        ("当日盈亏 profit", profit),
        ("权利金 premium", premium),
        ("保证金 margin", margin),
        ("交易手续费 transaction fee", fees.transaction),
        ("申报费 submission fee", fees.submission),
        ("结算手续费 settlement fee", fees.settlement),
        ("交割手续费 delivery fee", fees.delivery),
        ("移仓手续费 transfer fee", fees.transfer),
        ("交割货款 delivery payment", delivery),
    ]
}

fn items_of_funds(funds: &Funds) -> [(&'static str, Money); 14] {
    let beside = [
        ("结算准备金 reserve", funds.reserve),
        ("实有货币资金 balance", funds.balance),
        ("充抵金额 collateral", funds.collateral),
        ("追加保证金 call", funds.call),
        ("可出金 withdrawable", funds.withdrawable),
    ];
    let mut all = [("", Money::ZERO); 14];
    all.iter_mut().zip(items(&funds.figures).into_iter().chain(beside)).for_each(|(place, item)| *place = item);
    all
}

impl fmt::Display for Difference {
    /// For those who have no names at hand: places of accounts and members.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.account {
            Whose::Account(account) => write!(out, "编码 account {}", account.0)?,
            Whose::Own(member) => write!(out, "会员自营 member {} own", member.0)?,
            Whose::Brokerage(member) => write!(out, "会员经纪 member {} brokerage", member.0)?,
            Whose::Funds(member) => write!(out, "结算会员 clearing member {}", member.0)?,
        }
        write!(out, ": {}: 批 batch {}, 流 stream {}", self.item, self.batch, self.stream)
    }
}
