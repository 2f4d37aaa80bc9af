//! A day settled: log and terms, corrected, through the batch; what it came to, in a few figures; and what differs from a run before.

use super::corrections::Corrections;
use super::day_log::DayLog;
use super::market::{Built, PriceBy, PriceOf, build};
use super::terms::Terms;
use crate::day::table::Faults;
use rayon::ThreadPoolBuilder;
use settlement::account::{Figures, Submission};
use settlement::amount::{Money, Overflow};
use settlement::batch::{Did, Run as Batch, ShardInput, settle_with};
use settlement::correction::{Recomputed, Touched, key_beside_instruments, settle_again};
use settlement::market::{Market, MemberIndex};
use settlement::result::{DayResult, Head, Stage};
use std::collections::BTreeMap;

/// Shards: enough that no thread waits long for the last one and that a shard's accounts stay in a cache; whatever the threads the same, so that a
/// run takes up the checkpoints of one with more. A generated day (50,000 codes, 1,000,000 trades, two threads) took 0.46 s on cores in 8
/// shards, 0.44 in 16, 0.38 in 32, 0.32 in 64, 0.33 in 128, 0.29 in 300, which is a member each: beyond 64 there is little but files.
const SHARDS: usize = 64;

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
    for (row, lots) in &built.netting {
        shards[of(row.account)].netting.push((*row, *lots));
    }
    for declared in &built.declared {
        shards[of(declared.row.account)].declared.push(*declared);
    }
    for moved in &built.moved {
        shards[of(moved.0.account)].moved.push(*moved);
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
    /// A correction: what of the run before was settled again. None: it was settled whole.
    pub again: Option<Recomputed>,
    /// SHA-256 of what it was made from beside its instruments: [`key_beside_instruments`].
    pub inputs: String,
}

/// The run that a correction goes on from.
#[derive(Clone, Debug)]
pub struct Before {
    /// What it was. Its figures are taken out of it where only a part is settled again.
    pub result: DayResult,
    /// [`Run::inputs`] of it.
    pub inputs: String,
    /// What was corrected in it.
    pub corrections: Corrections,
}

/// Settles a day. `threads` 0: one a core; `how`: where its progress is read, and where its checkpoints are; `before`: of a correction, the run that
/// it corrects. If that was made from the same but for corrections (log, tables, settings), only what they touch is settled again.
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
    before: Option<&mut Before>,
) -> Result<Run, NotSettled> {
    let rows = before.as_ref().map(|before| corrections.newly_touched(&before.corrections, day));
    corrections.apply(day, terms).map_err(NotSettled::Faults)?;
    let built = build(day, terms).map_err(NotSettled::Faults)?;
    let inputs = inputs(day, &built);
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| NotSettled::Fault(format!("threads: {error}")))?;
    let shards = shards(day, &built, SHARDS);
    let touched = before.and_then(|before| {
        let market = Market { instruments: before.result.market.instruments.clone(), ..built.market.clone() };
        let touched = Touched::between(&market, &built.market, rows.unwrap_or_default());
        touched.filter(|_| before.inputs == inputs).map(|touched| (std::mem::take(&mut before.result.settled), touched))
    });
    let settled = match touched {
        Some((settled, touched)) => settle_again(&built.market, &shards, settled, &touched)
            .map(|(settled, again)| (settled, Did::default(), Some(again))),
        None => pool.install(|| settle_with(&built.market, &shards, how)).map(|(settled, did)| (settled, did, None)),
    };
    let (settled, did, again) = settled.map_err(|failed| {
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
    let Built { market, names, prices, .. } = built;
    let result = DayResult { head, names, market, settled, trades: std::mem::take(&mut day.lines) };
    Ok(Run { result, prices, did, again, inputs })
}

/// Log, tables and program of a run, in one digest.
fn inputs(day: &DayLog, built: &Built) -> String {
    let log = (day.intake.epoch, day.intake.last_sequence, day.intake.state_digest);
    let asked = (&built.netting, &built.declared, &built.moved);
    key_beside_instruments(&built.market, &(env!("CARGO_PKG_VERSION"), log, asked))
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
    /// Options of which nobody gave a price, neither the exchange nor a trade: they keep the previous one.
    pub to_look_at: Vec<String>,
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
        let to_look_at = prices.iter().filter(|price| price.by == PriceBy::PreviousOfOption);
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
            to_look_at: to_look_at.map(|price| price.instrument.clone()).collect(),
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

/// Figures that two runs are compared by, by kind, name and item.
pub type Items = BTreeMap<(u8, String, &'static str), i64>;

/// What differs between two runs of a day: settlement prices, trading codes' figures, clearing members' money.
#[must_use]
pub fn changes(one: &Items, other: &Items) -> Vec<Change> {
    let mut changes = Vec::new();
    for (key, value) in one {
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
#[must_use]
pub fn items(result: &DayResult) -> Items {
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
