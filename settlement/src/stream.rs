//! Settlement as a dataflow, up to date while the day runs: positions, profit at the last price, margin, fees, funds and calls of everybody.
//!
//! ```text
//! the log ── updates, to their member's shard; prices, to every shard ──► accounts ── by clearing member ──► members, funds
//! ```
//!
//! Timely's workers are the shards; they may be threads of one process or processes on several machines, the program is the same. A round is
//! what was read of the log since the one before; when nothing of it is under way any more (the probe), everybody's figures are those
//! after it. Sums are integers, so that neither the number of workers nor the order of their messages changes a figure.

use crate::account::{self, Figures, Funds, MemberFigures};
use crate::live::{Live, Update};
use crate::market::{AccountIndex, Market, MemberIndex};
use crate::row::Impossible;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::{Input as _, Operator as _, Probe as _};
use timely::dataflow::{InputHandleVec, ProbeHandle};
use timely::worker::Worker;

/// What has other figures now, after a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// A trading code.
    Account(AccountIndex, Figures),
    /// A member: its own account, and its clients'.
    Member(MemberIndex, MemberFigures),
    /// A clearing member's money.
    Funds(MemberIndex, Funds),
    /// Something could not be worked out: an alarm. The figures stay as they were.
    Alarm(Alarm),
}

/// What could not be worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// What the shard was told contradicts what it holds.
    Update(Update, Impossible),
    /// An account's figures.
    Account(AccountIndex, Impossible),
    /// A member's figures: too much money.
    Member(MemberIndex),
}

/// An account's figures on their way to its clearing member.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Told {
    clearing: MemberIndex,
    account: AccountIndex,
    figures: Figures,
}

/// A worker's ends of the dataflow.
pub struct Stream {
    updates: InputHandleVec<u64, (u64, Update)>,
    probe: ProbeHandle<u64>,
    market: Market,
    shards: u64,
}

impl Stream {
    /// Builds the dataflow on a worker. `tell` hears, on this worker, what its shard's accounts and its clearing members come to, with the round.
    pub fn build(worker: &mut Worker, market: Market, tell: impl FnMut(u64, Changed) + 'static) -> Self {
        let shards = worker.peers() as u64;
        let tell = Rc::new(RefCell::new(tell));
        let mut updates = InputHandleVec::new();
        let probe = ProbeHandle::new();
        let (of_accounts, of_members) = (market.clone(), market.clone());
        let also = Rc::clone(&tell);
        worker.dataflow::<u64, _, _>(|scope| {
            let by_shard = Exchange::new(|update: &(u64, Update)| update.0);
            let by_member = Exchange::new(|told: &Told| u64::from(told.clearing.0));
            scope
                .input_from(&mut updates)
                .unary_frontier(by_shard, "accounts", |_, _| {
                    let mut live = Live::new(of_accounts);
                    let mut rounds = BTreeMap::new();
                    move |(input, frontier), output| {
                        input.for_each_time(|time, data| {
                            let round = rounds
                                .entry(*time.time())
                                .or_insert_with(|| (time.retain(output.output_index()), Vec::new()));
                            round.1.extend(data.flat_map(|updates| updates.drain(..)).map(|(_, update)| update));
                        });
                        while let Some(first) = rounds.first_entry().filter(|first| !frontier.less_equal(first.key())) {
                            let (number, (capability, updates)) = first.remove_entry();
                            let mut tell = tell.borrow_mut();
                            for update in updates {
                                if let Err(why) = live.take(&update) {
                                    tell(number, Changed::Alarm(Alarm::Update(update, why)));
                                }
                            }
                            let mut session = output.session(&capability);
                            let mut changed = Vec::new();
                            for (account, why) in live.changed(|account, figures| changed.push((account, figures))) {
                                tell(number, Changed::Alarm(Alarm::Account(account, why)));
                            }
                            for (account, figures) in changed {
                                session.give(Told { clearing: live.clearing(account), account, figures });
                                tell(number, Changed::Account(account, figures));
                            }
                        }
                    }
                })
                .container::<Vec<Told>>()
                .unary_frontier(by_member, "members", |_, _| {
                    let mut members = Members::new(of_members);
                    let mut rounds: BTreeMap<u64, (_, Vec<Told>)> = BTreeMap::new();
                    move |(input, frontier), output| {
                        input.for_each_time(|time, data| {
                            let round = rounds
                                .entry(*time.time())
                                .or_insert_with(|| (time.retain(output.output_index()), Vec::new()));
                            round.1.extend(data.flat_map(|told| told.drain(..)));
                        });
                        while let Some(first) = rounds.first_entry().filter(|first| !frontier.less_equal(first.key())) {
                            let (number, (capability, told)) = first.remove_entry();
                            let mut tell = also.borrow_mut();
                            members.take(&told, |changed| tell(number, changed));
                            output.session(&capability).give(());
                        }
                    }
                })
                .container::<Vec<()>>()
                .probe_with(&probe);
        });
        Stream { updates, probe, market, shards }
    }

    /// Gives an update to whom it concerns. Of one row all updates come from one worker, in the order of the log.
    pub fn give(&mut self, update: Update) {
        let account = match update {
            Update::Carried(row, ..) | Update::End(row, _) => row.account,
            Update::Leg(leg) => leg.row.account,
            Update::Submitted(submission) => submission.account,
            Update::Delivering(account, _) => account,
            Update::Price(..) => return (0..self.shards).for_each(|shard| self.updates.send((shard, update))),
        };
        // Of an account that is not defined any shard may say so.
        let member = self.market.accounts.get(account.0 as usize).map_or(0, |account| account.member.0);
        self.updates.send((u64::from(member) % self.shards, update));
    }

    /// Ends the round; the next one begins.
    pub fn end_round(&mut self) {
        let next = self.updates.time() + 1;
        self.updates.advance_to(next);
        self.updates.flush();
    }

    /// Whether everything of the rounds that have ended is worked out, on all workers.
    #[must_use]
    pub fn is_done(&self) -> bool {
        !self.probe.less_than(self.updates.time())
    }
}

/// Members whose clearing member is this worker's.
struct Members {
    market: Market,
    told: HashMap<AccountIndex, Figures>,
    members: BTreeMap<MemberIndex, MemberFigures>,
}

impl Members {
    fn new(market: Market) -> Self {
        Members { market, told: HashMap::new(), members: BTreeMap::new() }
    }

    fn take(&mut self, told: &[Told], mut tell: impl FnMut(Changed)) {
        let (mut changed, mut clearing) = (BTreeSet::new(), BTreeSet::new());
        for &Told { account: index, figures, .. } in told {
            let account = self.market.accounts[index.0 as usize];
            let before = self.told.insert(index, figures).unwrap_or_default();
            let member = self.members.entry(account.member).or_default();
            let side = if account.own { &mut member.own } else { &mut member.brokerage };
            match side.less(before).and_then(|rest| rest.and(figures)) {
                Ok(sum) => *side = sum,
                Err(_) => {
                    self.told.insert(index, before);
                    tell(Changed::Alarm(Alarm::Member(account.member)));
                }
            }
            changed.insert(account.member);
        }
        for index in changed {
            tell(Changed::Member(index, self.members[&index]));
            clearing.insert(self.market.members[usize::from(index.0)].clearing);
        }
        for index in clearing {
            let cleared =
                self.members.iter().filter(|(member, _)| self.market.members[usize::from(member.0)].clearing == index);
            let sum = cleared
                .map(|(_, figures)| figures)
                .try_fold(Figures::default(), |sum, figures| sum.and(figures.own)?.and(figures.brokerage));
            match sum.and_then(|sum| {
                account::funds_of(&self.market.members[usize::from(index.0)], sum, &self.market.settings)
            }) {
                Ok(funds) => tell(Changed::Funds(index, funds)),
                Err(_) => tell(Changed::Alarm(Alarm::Member(index))),
            }
        }
    }
}
