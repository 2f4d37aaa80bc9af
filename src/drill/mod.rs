//! `backstop drill`: a day that fails over. The primary (the second exchange of `tests/reference`), Backstop following it, a name service and the
//! members stand on one network in memory; the primary dies, Backstop takes over, the day goes on to its close, and everything that
//! must hold is checked.
//!
//! | file | what |
//! |---|---|
//! | `options` | the flags, checked |
//! | [`world`] | who takes part |
//! | `day` | the nodes, the loop, the death |
//! | `death` | how and when, drawn from the seed |
//! | `members` | a member on its host |
//! | `seeded`, `traders` | made orders: the day's phases; what members do, right and wrong |
//! | [`full`] | a full day: its calendar, products, operator |
//! | `flow` | a file's orders |
//! | `checks` | what must hold |
//! | [`settled`] | the day settled by both ways, and the primary's beside |
//! | `report` | what is printed |

mod checks;
mod day;
mod death;
mod flow;
pub mod full;
pub mod members;
mod options;
mod report;
mod seeded;
pub mod settled;
mod traders;
pub mod world;

pub use full::FailIn;
pub use options::{BookChoice, DayChoice, Options, Plan, ReopenChoice};
pub use report::Report;

use crate::order_flow::first_difference;
use crate::{flow_log, replay};
use checks::Findings;
use day::Day;
use indicatif::ProgressBar;

/// Runs the drill and prints what came of it.
///
/// # Errors
/// Flags, files, memory: one line; nothing was run.
pub fn run(options: &Options) -> Result<bool, String> {
    let plan = options.plan()?;
    let orders = plan.flow.as_ref().map_or(u64::from(options.orders_total), |flow| flow.rows.len() as u64);
    let bar = if options.json { ProgressBar::hidden() } else { replay::progress(orders, "orders") };
    let report = drill(&plan, &bar)?.report;
    bar.finish_and_clear();
    if options.json {
        println!("{}", serde_json::to_string(&report).expect("a report is plain data"));
    } else {
        report.print();
    }
    Ok(report.ok)
}

/// A drill that was run.
pub struct Drilled {
    /// What came of it.
    pub report: Report,
    /// Backstop's journal of the day, byte for byte.
    pub journal: Vec<u8>,
}

/// Runs a drill.
///
/// # Errors
/// Memory or the journal's file: one line.
pub fn drill(plan: &Plan, bar: &ProgressBar) -> Result<Drilled, String> {
    let (mut day, mut director) = Day::new(plan)?;
    day.run(&mut director, bar);
    let machine = day.backstop.stop();
    let state = machine.as_ref().map(journal::Machine::state);
    let mut found = Findings::of(&mut day, state);
    let mut trades_equal = None;
    if let (Some(flow), Some(expected)) = (&plan.flow, &plan.expected) {
        let told = flow_log::trades_of(flow, day.backstop.log());
        let difference = first_difference(expected, &told.trades);
        trades_equal = Some(difference.is_none());
        if let Some(difference) = difference {
            found.failures.push(format!("trades: {difference}"));
        }
    }
    let settled = settled::settle_day(day.backstop.log());
    found.failures.extend(settled.alarms.iter().cloned());
    let digest = state.map(|state| state.digests().state);
    let report = Report::of(&mut day, found, trades_equal, digest, settled);
    let journal = day.backstop.log().bytes_from(0).unwrap_or(&[]).to_vec();
    Ok(Drilled { report, journal })
}
