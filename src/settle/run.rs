//! A day settled: log and terms, corrected, through the batch; what it came to, in a few figures; and what differs from a run before.

use super::corrections::Corrections;
use super::day_log::DayLog;
use super::market::{Built, PriceOf, build};
use super::terms::Terms;
use crate::day::table::Faults;
use rayon::ThreadPoolBuilder;
use settlement::account::{Figures, Submission};
use settlement::amount::{Money, Overflow};
use settlement::batch::{Did, Run as Batch, ShardInput, settle_with};
use settlement::market::MemberIndex;
use settlement::result::{DayResult, Head, Stage};
use std::collections::BTreeMap;

/// Shards a thread: enough that no thread waits long for the last one.
const SHARDS_A_THREAD: usize = 4;

/// Why a day was not settled.
#[derive(Debug)]
pub enum NotSettled {
    /// The folder, the corrections: everything that is wrong with them.
    Faults(Faults),
    /// Anything else: one line.
    Fault(String),
}

impl From<String> for NotSettled {
    fn from(fault: String) -> Self {
        NotSettled::Fault(fault)
    }
}

/// A day's input: shards of members, all rows of a member in one.
#[must_use]
pub fn shards(day: &DayLog, built: &Built, count: usize) -> Vec<ShardInput> {
    let count = count.clamp(1, built.market.members.len().max(1));
    let mut shards = vec![ShardInput::default(); count];
    let of = |account: settlement::market::AccountIndex| {
        usize::from(built.market.accounts[account.0 as usize].member.0) % count
    };
    for (row, (long, short)) in &day.carried {
        shards[of(row.account)].carried.push((*row, *long, *short));
    }
    for leg in &day.legs {
        shards[of(leg.row.account)].legs.push(*leg);
    }
    for (row, said) in day.intake.instructed() {
        shards[of(row.account)].instructed.push((row, said));
    }
    for (&(account, product, hedge), &count) in &day.intake.submissions {
        shards[of(account)].submissions.push(Submission { account, product, hedge, count });
    }
    shards
}

/// A settled day and the prices it was settled at.
#[derive(Clone, Debug)]
pub struct Run {
    /// The day.
    pub result: DayResult,
    /// Its settlement prices, and where each came from.
    pub prices: Vec<PriceOf>,
    /// What of it was worked out, and what was taken from checkpoints.
    pub did: Did,
}

/// Settles a day. `threads` 0: one a core; `how`: where its progress is read, and where its checkpoints are.
///
/// # Errors
/// [`NotSettled`].
pub fn settle_day(
    day: &mut DayLog,
    terms: &mut Terms,
    corrections: &Corrections,
    settlement_id: u32,
    threads: usize,
    how: &Batch<'_>,
) -> Result<Run, NotSettled> {
    corrections.apply(day, terms).map_err(NotSettled::Faults)?;
    let built = build(day, terms).map_err(NotSettled::Faults)?;
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| NotSettled::Fault(format!("threads: {error}")))?;
    let shards = shards(day, &built, pool.current_num_threads() * SHARDS_A_THREAD);
    let (settled, did) = pool.install(|| settle_with(&built.market, &shards, how)).map_err(|failed| {
        let row = match &failed.why {
            settlement::batch::Why::Row(key, _) => {
                let (account, instrument) = (key.account.0 as usize, usize::from(key.instrument.0));
                let client = built.names.accounts.get(account).map_or("?", String::as_str);
                let instrument = built.names.instruments.get(instrument).map_or("?", String::as_str);
                format!(" ({client} in {instrument})")
            }
            _ => String::new(),
        };
        NotSettled::Fault(format!("{failed}{row}"))
    })?;
    let head = Head {
        day: day.intake.trading_day(),
        group: terms.choices.group.clone(),
        settlement_id,
        stage: Stage::Check,
        epoch: day.intake.epoch,
        last_sequence: day.intake.last_sequence,
        state_digest: day.intake.state_digest,
    };
    let Built { market, names, prices } = built;
    Ok(Run { result: DayResult { head, names, market, settled, trades: std::mem::take(&mut day.lines) }, prices, did })
}

/// A settled day in a few figures.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Which run.
    pub head: Head,
    /// Trades, each once.
    pub trades: usize,
    /// Position rows.
    pub rows: usize,
    /// Trading codes with rows.
    pub accounts: usize,
    /// Over all members, 1/10,000 yuan: profit less loss. Zero, but for what the settlement prices of the day before left.
    pub profit: Money,
    /// Margin.
    pub margin: Money,
    /// Fees.
    pub fees: Money,
    /// Deliveries of bonds under way.
    pub deliveries: usize,
    /// Instruments whose last five minutes were one-sided.
    pub one_sided: Vec<String>,
    /// Clearing members.
    pub members: Vec<MemberSummary>,
    /// How many settlement prices came from what.
    pub prices: BTreeMap<&'static str, usize>,
}

/// A clearing member's money.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MemberSummary {
    /// ParticipantId.
    pub member: String,
    /// Its and its cleared members' figures.
    pub figures: Figures,
    /// Settlement reserve.
    pub reserve: Money,
    /// To be paid in before the next day opens.
    pub call: Money,
}

impl Summary {
    /// Of a run.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn of(result: &DayResult, prices: &[PriceOf]) -> Result<Self, Overflow> {
        let (mut profit, mut margin, mut fees) = (Money::ZERO, Money::ZERO, Money::ZERO);
        for figures in result.settled.members.iter().flat_map(|member| [member.own, member.brokerage]) {
            profit = profit.plus(figures.profit)?;
            margin = margin.plus(figures.margin)?;
            fees = fees.plus(figures.fees.total()?)?;
        }
        let members = (0u16..).zip(&result.settled.funds).filter_map(|(place, funds)| {
            let member = result.member(MemberIndex(place)).to_owned();
            funds.map(|of| MemberSummary { member, figures: of.figures, reserve: of.reserve, call: of.call })
        });
        let mut by = BTreeMap::new();
        prices.iter().for_each(|price| *by.entry(price.by.words()).or_default() += 1);
        let one_sided = result.settled.one_sided.iter();
        Ok(Summary {
            head: result.head.clone(),
            trades: result.trades.len() / 2,
            rows: result.settled.rows.len(),
            accounts: result.settled.accounts.len(),
            profit,
            margin,
            fees,
            deliveries: result.settled.deliveries.len(),
            one_sided: one_sided.map(|(instrument, _)| result.instrument(*instrument).to_owned()).collect(),
            members: members.collect(),
            prices: by,
        })
    }
}

/// Something that another run has otherwise.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// A clearing member, a trading code (member/client), or an instrument.
    pub of: String,
    /// Which figure.
    pub item: &'static str,
    /// What it was, 1/10,000 yuan; none: it was not there.
    pub before: Option<i64>,
    /// What it is.
    pub now: Option<i64>,
}

/// What differs between two runs of a day: settlement prices, trading codes' figures, clearing members' money.
#[must_use]
pub fn changes(before: &DayResult, now: &DayResult) -> Vec<Change> {
    let mut changes = Vec::new();
    let (one, other) = (items(before), items(now));
    for (key, value) in &one {
        let now = other.get(key).copied();
        if now != Some(*value) {
            changes.push(Change { of: key.1.clone(), item: key.2, before: Some(*value), now });
        }
    }
    let new = other.iter().filter(|(key, _)| !one.contains_key(*key));
    changes.extend(new.map(|(key, value)| Change { of: key.1.clone(), item: key.2, before: None, now: Some(*value) }));
    changes
}

/// Every figure that is compared, by kind, name and item.
fn items(result: &DayResult) -> BTreeMap<(u8, String, &'static str), i64> {
    let mut items = BTreeMap::new();
    for (instrument, name) in result.market.instruments.iter().zip(&result.names.instruments) {
        items.insert((0, name.clone(), "结算价 settlement"), instrument.settlement.0);
    }
    let figures = |items: &mut BTreeMap<_, _>, kind: u8, name: &str, of: &Figures| {
        let fees = of.fees.total().map_or(i64::MAX, |fees| fees.0);
        let four = [
            ("盈亏 profit", of.profit.0),
            ("权利金 premium", of.premium.0),
            ("保证金 margin", of.margin.0),
            ("手续费 fees", fees),
            ("交割货款 delivery", of.delivery.0),
        ];
        items.extend(four.map(|(item, value)| ((kind, name.to_owned(), item), value)));
    };
    for (account, of) in &result.settled.accounts {
        let name = format!("{}/{}", result.member(result.member_of(*account)), result.client(*account));
        figures(&mut items, 2, &name, of);
    }
    for (place, funds) in (0u16..).zip(&result.settled.funds) {
        let Some(funds) = funds else { continue };
        let name = result.member(MemberIndex(place)).to_owned();
        figures(&mut items, 1, &name, &funds.figures);
        items.insert((1, name.clone(), "结算准备金 reserve"), funds.reserve.0);
        items.insert((1, name, "追加 call"), funds.call.0);
    }
    items
}
