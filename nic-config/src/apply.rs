//! Doing a plan and undoing it.

use crate::journal::Journal;
use crate::step::{Outcome, Step};
use crate::tree::Tree;
use serde::Serialize;
use std::path::Path;

/// A change and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The change.
    #[serde(flatten)]
    pub step: Step,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The running kernel's boot id; a made tree may have none.
fn boot_id(tree: &Tree) -> String {
    tree.read("proc/sys/kernel/random/boot_id").unwrap_or_else(|| "none".to_owned())
}

/// Does the steps in their order. Each stands in the journal, with what was there, before it is done. A step that is refused leaves
/// the rest to be done: they do not depend on each other.
///
/// # Errors
/// The journal cannot be written: nothing further is done.
pub fn apply(tree: &mut Tree, steps: &[Step], state: &Path) -> Result<Vec<Report>, String> {
    let boot = boot_id(tree);
    let mut journal = Journal::open(state, &boot)?;
    if journal.boot() != boot {
        // What the journal tells of was said to a kernel that no longer runs.
        journal.remove().map_err(|error| error.to_string())?;
        journal = Journal::open(state, &boot)?;
    }
    let mut reports = Vec::with_capacity(steps.len());
    for step in steps {
        let Some(step) = step.from_now(tree) else {
            reports.push(Report { step: step.clone(), outcome: Outcome::Gone });
            continue;
        };
        journal.begin(&step).map_err(|error| format!("{}: {error}", state.display()))?;
        let outcome = step.apply(tree);
        journal.end(&outcome).map_err(|error| format!("{}: {error}", state.display()))?;
        reports.push(Report { step, outcome });
    }
    Ok(reports)
}

/// What undoing found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reverted {
    /// The changes, the newest first, and what came of undoing each.
    pub reports: Vec<Report>,
    /// The machine was started anew since: its kernel knows of none of it.
    pub rebooted: bool,
    /// Everything is back, and the journal is gone.
    pub is_whole: bool,
}

/// Undoes everything the journal tells of, the newest first. What cannot be undone stays in the journal.
///
/// # Errors
/// The journal cannot be read or removed.
pub fn revert(tree: &mut Tree, state: &Path) -> Result<Reverted, String> {
    if !Journal::is_there(state) {
        return Ok(Reverted { reports: Vec::new(), rebooted: false, is_whole: true });
    }
    let boot = boot_id(tree);
    let journal = Journal::open(state, &boot)?;
    let rebooted = journal.boot() != boot;
    let mut reports = Vec::new();
    if !rebooted {
        let steps = journal.steps();
        for (at, (step, _)) in steps.iter().enumerate().rev() {
            // Of several changes of one thing, the oldest knows what was there.
            if steps[..at].iter().any(|(older, _)| older.place() == step.place()) {
                continue;
            }
            reports.push(Report { step: step.clone(), outcome: step.revert(tree) });
        }
    }
    // What is gone cannot be put back and needs not be.
    let is_whole = reports.iter().all(|report| report.outcome.is_good() || report.outcome == Outcome::Gone);
    if is_whole {
        journal.remove().map_err(|error| format!("{}: {error}", state.display()))?;
    }
    Ok(Reverted { reports, rebooted, is_whole })
}
