//! Settlement as a dataflow, up to date while the day runs: positions, profit at the last price, margin, fees, funds and calls of everybody.
//!
//! ```text
//! the log ── updates, to their member's shard; prices, to every shard ──► accounts, members ── by clearing member ──► funds
//! ```
//!
//! Timely's workers are the shards; they may be threads of one process or processes on several machines, the program is the same. A round is
//! what was read of the log since the one before; when nothing of it is under way any more (the probe), everybody's figures are those
//! after it. Sums are integers, so that neither the number of workers nor the order of their messages changes a figure.

use crate::account::{self, Figures, Funds, MemberFigures};
use crate::amount::Price;
use crate::live::{Live, Moved, Update};
use crate::market::{AccountIndex, InstrumentIndex, Market, Member, MemberIndex, Settings};
use crate::row::Impossible;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
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

/// A member's figures on their way to its clearing member.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Told {
    clearing: MemberIndex,
    member: MemberIndex,
    figures: MemberFigures,
}

/// A worker's ends of the dataflow.
pub struct Stream {
    parcels: InputHandleVec<u64, Parcel>,
    probe: ProbeHandle<u64>,
    /// By account: the shard that has it.
    shard_of: Vec<u16>,
    /// What each shard is told next.
    next: Vec<Vec<Update>>,
    /// By instrument: the round's last price, and the underlying's; and which have one.
    prices: Vec<Option<(Price, Price)>>,
    moved: Vec<InstrumentIndex>,
}

/// Updates on their way to a shard, many at a time: what a message costs is paid once for all of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Parcel {
    shard: u64,
    updates: Vec<Update>,
}

/// Updates in a parcel: some 200 KB.
const PARCEL: usize = 4_096;

impl Stream {
    /// Builds the dataflow on a worker. `tell` hears, on this worker, what its shard's accounts and its clearing members come to, with the round.
    pub fn build(worker: &mut Worker, market: Market, tell: impl FnMut(u64, Changed) + 'static) -> Self {
        let shards = worker.peers() as u64;
        let tell = Rc::new(RefCell::new(tell));
        let mut parcels = InputHandleVec::new();
        let probe = ProbeHandle::new();
        // Of an account that is not defined any shard may say so. There are fewer workers than members, or some have nothing to do.
        let shard = move |member: MemberIndex| (u64::from(member.0) % shards) as u16;
        let shard_of = market.accounts.iter().map(|account| shard(account.member)).collect();
        let (ours, instruments) = (worker.index(), market.instruments.len());
        let of_members = (market.members.clone(), market.settings);
        let clearing_of: Vec<MemberIndex> = market.members.iter().map(|member| member.clearing).collect();
        let also = Rc::clone(&tell);
        worker.dataflow::<u64, _, _>(|scope| {
            let by_shard = Exchange::new(|parcel: &Parcel| parcel.shard);
            let by_member = Exchange::new(|told: &Told| u64::from(told.clearing.0));
            scope
                .input_from(&mut parcels)
                .unary_frontier(by_shard, "accounts", |_, _| {
                    let mut live = Live::new(market, |member| usize::from(shard(member)) == ours);
                    let mut rounds: BTreeMap<u64, (_, Vec<Vec<Update>>)> = BTreeMap::new();
                    move |(input, frontier), output| {
                        input.for_each_time(|time, data| {
                            let round = rounds
                                .entry(*time.time())
                                .or_insert_with(|| (time.retain(output.output_index()), Vec::new()));
                            round.1.extend(data.flat_map(|parcels| parcels.drain(..)).map(|parcel| parcel.updates));
                        });
                        while let Some(first) = rounds.first_entry().filter(|first| !frontier.less_equal(first.key())) {
                            let (number, (capability, parcels)) = first.remove_entry();
                            let mut tell = tell.borrow_mut();
                            live.take_all(&parcels, |update, why| {
                                tell(number, Changed::Alarm(Alarm::Update(*update, why)));
                            });
                            drop(parcels);
                            let mut session = output.session(&capability);
                            live.changed(|moved| match moved {
                                Moved::Account(account, figures) => tell(number, Changed::Account(account, figures)),
                                Moved::Impossible(account, why) => {
                                    tell(number, Changed::Alarm(Alarm::Account(account, why)));
                                }
                                Moved::TooMuch(member) => tell(number, Changed::Alarm(Alarm::Member(member))),
                                Moved::Member(member, figures) => {
                                    let clearing = clearing_of[usize::from(member.0)];
                                    session.give(Told { clearing, member, figures });
                                    tell(number, Changed::Member(member, figures));
                                }
                            });
                        }
                    }
                })
                .container::<Vec<Told>>()
                .unary_frontier(by_member, "members", |_, _| {
                    let mut members = Members::new(of_members.0, of_members.1);
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
        let next = (0..shards).map(|_| Vec::new()).collect();
        Stream { parcels, probe, shard_of, next, prices: vec![None; instruments], moved: Vec::new() }
    }

    /// Gives an update to whom it concerns. Of one row, and of one price, all updates come from one worker, in the order of the log. A price goes to
    /// every shard when the round ends, the last one of the round: nothing but figures hangs on it, and they are worked out then.
    pub fn give(&mut self, update: Update) {
        if let Some(account) = update.account() {
            let shard = self.shard_of.get(account.0 as usize).copied().unwrap_or_default();
            return self.tell(usize::from(shard), update);
        }
        let Update::Price(instrument, price, underlying) = update else { return };
        match self.prices.get_mut(usize::from(instrument.0)) {
            Some(last) => {
                if last.replace((price, underlying)).is_none() {
                    self.moved.push(instrument);
                }
            }
            None => (0..self.next.len()).for_each(|shard| self.tell(shard, update)),
        }
    }

    fn tell(&mut self, shard: usize, update: Update) {
        let next = &mut self.next[shard];
        next.push(update);
        if next.len() == PARCEL {
            let updates = std::mem::replace(next, Vec::with_capacity(PARCEL));
            self.parcels.send(Parcel { shard: shard as u64, updates });
        }
    }

    /// Sends what was given and has not been sent.
    fn send(&mut self) {
        for instrument in std::mem::take(&mut self.moved) {
            if let Some((price, underlying)) = self.prices[usize::from(instrument.0)].take() {
                (0..self.next.len()).for_each(|shard| self.tell(shard, Update::Price(instrument, price, underlying)));
            }
        }
        for (shard, updates) in (0..).zip(&mut self.next).filter(|(_, updates)| !updates.is_empty()) {
            self.parcels.send(Parcel { shard, updates: std::mem::take(updates) });
        }
    }

    /// Ends the round; the next one begins.
    pub fn end_round(&mut self) {
        self.send();
        let next = self.parcels.time() + 1;
        self.parcels.advance_to(next);
        self.parcels.flush();
    }

    /// Ends all rounds: this worker gives nothing more. Workers that do not read the log say so at once.
    pub fn end(&mut self) {
        self.send();
        self.parcels.advance_to(u64::MAX - 1);
        self.parcels.flush();
    }

    /// Whether everything of the rounds that have ended is worked out, on all workers.
    #[must_use]
    pub fn is_done(&self) -> bool {
        !self.probe.less_than(self.parcels.time())
    }
}

/// Members whose clearing member is this worker's.
struct Members {
    terms: Vec<Member>,
    settings: Settings,
    told: Vec<MemberFigures>,
    /// Whom a clearing member clears.
    cleared: Vec<Vec<MemberIndex>>,
}

impl Members {
    fn new(terms: Vec<Member>, settings: Settings) -> Self {
        let mut cleared = vec![Vec::new(); terms.len()];
        for (member, of) in (0..).map(MemberIndex).zip(&terms) {
            cleared[usize::from(of.clearing.0)].push(member);
        }
        Members { told: vec![MemberFigures::default(); terms.len()], cleared, terms, settings }
    }

    fn take(&mut self, told: &[Told], mut tell: impl FnMut(Changed)) {
        let mut clearing = BTreeSet::new();
        for told in told {
            self.told[usize::from(told.member.0)] = told.figures;
            clearing.insert(told.clearing);
        }
        for index in clearing {
            let place = usize::from(index.0);
            let figures = self.cleared[place].iter().map(|member| self.told[usize::from(member.0)]);
            let sum = figures
                .into_iter()
                .try_fold(Figures::default(), |sum, figures| sum.and(figures.own)?.and(figures.brokerage));
            match sum.and_then(|sum| account::funds_of(&self.terms[place], sum, &self.settings)) {
                Ok(funds) => tell(Changed::Funds(index, funds)),
                Err(_) => tell(Changed::Alarm(Alarm::Member(index))),
            }
        }
    }
}
