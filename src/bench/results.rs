//! The page of a profile's results, hw-profiles/results/NAME.md: written by `--record`, read by people.

use crate::bench::report::{Report, Verdict};
use std::process::Command;

/// The page. It carries the machine, the commit, the seed and how noisy it was.
#[must_use]
pub fn page(report: &Report<'_>, command: &str) -> String {
    let (verdict, why) = report.verdict();
    let commit = commit().unwrap_or_else(|| "unknown".to_owned());
    let note = match verdict {
        Verdict::NotJudged => "",
        _ if report.seconds < 600.0 => " (shorter than the promise's ten minutes a rate)",
        _ => "",
    };
    format!(
        "# {}: {}\n\n{why}{note}.\n\nCommit {commit}. To fill this page again, on the machine: `{command}`\n\n```text\n{}```\n",
        report.profile.name,
        verdict.words(),
        report.page()
    )
}

/// The commit of the folder that the bench is run in.
fn commit() -> Option<String> {
    let output = Command::new("git").args(["describe", "--always", "--dirty"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
