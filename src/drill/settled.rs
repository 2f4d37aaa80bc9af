//! The day's end in money: the log is settled by the batch and by the stream, which must agree to the ten-thousandth, and by the primary's own
//! settlement (`reference::settlement`: every lot by itself, from the log's bytes), which is compared account by account and item by item.
//!
//! What no log holds is made: the index of the options closes between their strikes, fees are like CFFEX's.

use crate::settle::day_log::DayLog;
use crate::settle::follow::end_of_day;
use crate::settle::intake::{Fact, Intake};
use crate::settle::market::{Built, PriceBy, build};
use crate::settle::run::shards;
use crate::settle::terms::Terms;
use journal::LogReader;
use reference::settlement::{self as primarys, Fee, Given};
use settlement::agree::{Told, Whose, agree};
use settlement::batch::{Progress, Settled, settle};
use settlement::live::Update;
use settlement::market::Kind;
use settlement::rules::fee::{Basis, FeeKind, FeeRule};
use settlement::stream::Stream;
use settlement::{Money, Price, Rate};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Mutex;

/// The index's close, and what options are exercised at: between the strikes of the full day.
const INDEX: Price = Price(35_500_000);
/// Margin rate of a product that has none: 10 %.
const RATE: Rate = Rate(10_000_000);
/// Frames of a round of the stream.
const ROUND: u64 = 512;
/// Shards of the batch.
const SHARDS: usize = 3;

/// What the day's end came to.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct SettledDay {
    /// Trading codes with figures.
    pub accounts: u64,
    /// Figures of batch and stream held side by side.
    pub figures: u64,
    /// Figures of ours and the primary's held side by side.
    pub of_primary: u64,
    /// Settlement prices that were made from trades.
    pub prices_by_trades: u64,
    /// Fees of the day, 1/10,000 yuan.
    pub fees: i64,
    /// What differs, or went wrong: alarms.
    pub alarms: Vec<String>,
}

/// Settles a day's log.
#[must_use]
pub fn settle_day(log: &LogReader) -> SettledDay {
    let mut found = SettledDay::default();
    if let Err(fault) = found.settle(log) {
        found.alarms.push(format!("结算 settlement: {fault}"));
    }
    found
}

impl SettledDay {
    fn settle(&mut self, log: &LogReader) -> Result<(), String> {
        let day = DayLog::read(log, &|_| {}).map_err(|fault| fault.to_string())?;
        let terms = terms(&day.intake);
        let built = build(&day, &terms).map_err(|faults| faults.to_string())?;
        let shards = shards(&day, &built, SHARDS);
        let settled = settle(&built.market, &shards, &Progress::default()).map_err(|failed| failed.to_string())?;
        let told = stream(log, &built, &settled)?;
        self.accounts = settled.accounts.len() as u64;
        self.figures = told.accounts.len() as u64 * 6 + told.funds.len() as u64 * 4;
        self.prices_by_trades = built.prices.iter().filter(|price| price.by == PriceBy::LastHour).count() as u64;
        self.alarms.extend(told.alarms.iter().map(|alarm| format!("流 stream: {alarm:?}")));
        for difference in agree(&settled, &told) {
            let whose = match difference.account {
                Whose::Account(account) => format!("code {}", built.names.accounts[account.0 as usize]),
                Whose::Own(member) | Whose::Brokerage(member) | Whose::Funds(member) => {
                    format!("member {}", built.names.members[usize::from(member.0)].id)
                }
            };
            self.alarms.push(format!(
                "结算不一致 batch and stream differ: {whose}, {}: batch {} stream {}",
                difference.item, difference.batch.0, difference.stream.0
            ));
        }
        let bytes = log.bytes_from(0).unwrap_or(&[]);
        let primary = primarys::settle(bytes, &given(&built, &terms)).ok_or("the primary's own settlement failed")?;
        let ours: BTreeMap<u32, primarys::Account> = settled
            .accounts
            .iter()
            .map(|(account, of)| {
                let fees = of.fees.total().map_or(i128::MAX, |fees| fees.0.into());
                let [profit, premium, margin] = [of.profit, of.premium, of.margin].map(|money| i128::from(money.0));
                (account.0, primarys::Account { profit, premium, margin, fees })
            })
            .collect();
        self.fees = ours.values().map(|of| of.fees).sum::<i128>().try_into().unwrap_or(i64::MAX);
        let mut accounts: Vec<u32> = ours.keys().chain(primary.keys()).copied().collect();
        accounts.sort_unstable();
        accounts.dedup();
        for account in accounts {
            let of = |of: &BTreeMap<u32, primarys::Account>| {
                let of = of.get(&account).copied().unwrap_or_default();
                [("profit", of.profit), ("premium", of.premium), ("margin", of.margin), ("fees", of.fees)]
            };
            for ((item, ours), (_, theirs)) in of(&ours).into_iter().zip(of(&primary)) {
                self.of_primary += 1;
                if ours != theirs {
                    let name = &built.names.accounts[account as usize];
                    self.alarms.push(format!(
                        "与主系统结算不一致 the primary's differs: code {name}, {item}: ours {ours}, theirs {theirs}"
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Fees, rates and closes of the drill's day.
fn terms(log: &Intake) -> Terms {
    let mut terms = Terms::of_log(log);
    for product in log.products.iter().flatten() {
        let place = product.index.0;
        terms.product_rates.entry(place).or_insert(RATE);
        terms.closes.insert(place, INDEX);
        terms.exercise.insert(place, INDEX);
        let rules = match product.kind {
            b'0' => vec![
                (FeeKind::Transaction, Basis::OfWorth(Rate(2_300))),
                (FeeKind::CloseToday, Basis::OfWorth(Rate(23_000))),
            ],
            b'2' => vec![
                (FeeKind::Transaction, Basis::Each(Money(150_000))),
                (FeeKind::Exercise, Basis::Each(Money(20_000))),
            ],
            _ => vec![(FeeKind::Transaction, Basis::Each(Money(30_000)))],
        };
        terms.fees.extend(rules.into_iter().map(|(kind, basis)| FeeRule { product: place, kind, basis }));
    }
    terms
}

/// The log once more, frame by frame, through the dataflow; at its end the prices of the day's end and what ended.
fn stream(log: &LogReader, built: &Built, settled: &Settled) -> Result<Told, String> {
    let mut morning = built.market.clone();
    for instrument in &mut morning.instruments {
        instrument.settlement = instrument.previous_settlement;
    }
    let (mut ends, market) = (Vec::new(), &built.market);
    end_of_day(market, settled, |update| ends.push(update))?;
    let prices: Vec<_> =
        market.instruments.iter().map(|instrument| (instrument.settlement, instrument.underlying)).collect();
    let log = Mutex::new(log.clone());
    let (told, outcome) = timely::execute_directly(move |worker| {
        let told = Rc::new(RefCell::new(Told::default()));
        let hears = Rc::clone(&told);
        let log = log.into_inner().expect("nobody else has it");
        let mut stream = Stream::build(worker, morning, move |_, changed| hears.borrow_mut().take(changed));
        let mut intake = Intake::default();
        let mut frames = 0u64;
        let mut outcome = Ok(());
        for frame in log.frames_from(0) {
            let taken = intake.take(&frame, &mut |fact| match fact {
                Fact::Carried(row, long, short) => stream.give(Update::Carried(row, long, short)),
                Fact::Leg(leg) => stream.give(Update::Leg(leg)),
                Fact::Traded(instrument, trade) => {
                    let underlying = prices[usize::from(instrument.0)].1;
                    stream.give(Update::Price(instrument, Price(trade.price), underlying));
                }
                Fact::Submitted(submission) => stream.give(Update::Submitted(submission)),
                Fact::Line(_) => {}
            });
            outcome = outcome.and(taken);
            frames += 1;
            if frames.is_multiple_of(ROUND) {
                stream.end_round();
                while !stream.is_done() {
                    worker.step();
                }
            }
        }
        ends.into_iter().for_each(|update| stream.give(update));
        stream.end_round();
        while !stream.is_done() {
            worker.step();
        }
        (told.take(), outcome)
    });
    outcome.map_err(|fault| fault.to_string())?;
    Ok(told)
}

/// What the primary's settlement is given.
fn given(built: &Built, terms: &Terms) -> BTreeMap<u16, Given> {
    let fee = |product: u16, kind: FeeKind| {
        let rule = terms.fees.iter().find(|rule| (rule.product, rule.kind) == (product, kind));
        rule.map(|rule| match rule.basis {
            Basis::OfWorth(rate) => Fee::Part(rate.0),
            Basis::Each(money) => Fee::Lot(money.0),
        })
    };
    let each = (0u16..).zip(&built.market.instruments).map(|(place, of)| {
        let product = of.product.0;
        let seller = built.market.products[usize::from(product)].seller;
        let is_option = matches!(of.kind, Kind::Option { .. });
        let given = Given {
            settlement: of.settlement.0,
            underlying: of.underlying.0,
            expires: of.expires,
            rates: (of.margin_long.0, of.margin_short.0),
            seller: (seller.factor.0, seller.safety.0),
            fees: (fee(product, FeeKind::Transaction), fee(product, FeeKind::CloseToday)),
            exercise: fee(product, FeeKind::Exercise).filter(|_| is_option),
        };
        (place, given)
    });
    each.collect()
}
