//! What following found: how many frames were judged, and where our judgement or our state is another than the primary's.

use crate::words;
use engine::command::CommandKind;
use engine::event::Event;
use engine::types::Sequence;
use journal::{AuditDifference, DigestMismatch, Refused};
use std::fmt;

/// Differences that are kept in full; further ones are counted. The first says where to look; a fault tends to repeat itself.
pub const AUDIT_KEPT: usize = 16;

/// The report. Plain numbers and texts; `Display` is what an operator reads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audit {
    /// Frames adopted, each judged by our rules too.
    pub frames: u64,
    /// Of them, those that we would have decided otherwise.
    pub differences: u64,
    /// The first [`AUDIT_KEPT`] of those.
    pub findings: Vec<Finding>,
    /// Frames whose digests are not those of our state after them.
    pub digest_mismatches: u64,
    /// The first of those.
    pub first_digest_mismatch: Option<DigestMismatch>,
    /// The frame that could not be adopted.
    pub impossible: Option<Refused>,
    /// Frames that came again, byte for byte.
    pub repeats: u64,
    /// Heartbeats.
    pub heartbeats: u64,
    /// Feeds that were ended for what they sent.
    pub feeds_ended: u64,
    /// Bytes of frames that were torn off by the end of a connection, or by the seal.
    pub torn_bytes: u64,
}

/// A frame that we would have decided otherwise, at the first event that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Which frame.
    pub sequence: Sequence,
    /// What was asked.
    pub kind: CommandKind,
    /// Which of its events, from 0.
    pub event: usize,
    /// Our event; none: we would have had no more.
    pub ours: Option<Event>,
    /// The primary's; none: it had no more.
    pub theirs: Option<Event>,
    /// What differs, as the engine names it.
    pub what: String,
}

impl Audit {
    pub(crate) fn adopted(&mut self, difference: Option<Box<AuditDifference>>, mismatch: Option<DigestMismatch>) {
        self.frames += 1;
        if let Some(difference) = difference {
            self.differences += 1;
            if self.findings.len() < AUDIT_KEPT {
                let AuditDifference { sequence, kind, event, ours, theirs, what } = *difference;
                self.findings.push(Finding { sequence, kind, event, ours, theirs, what });
            }
        }
        if let Some(mismatch) = mismatch {
            self.digest_mismatches += 1;
            self.first_digest_mismatch.get_or_insert(mismatch);
        }
    }

    /// Nothing was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.differences == 0 && self.digest_mismatches == 0 && self.impossible.is_none()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "序号 sequence {}, {}, 事件 event {}: {}; 我方 ours: {}; 主系统 theirs: {}",
            self.sequence,
            words::command(self.kind),
            self.event,
            self.what,
            words::event(self.ours.as_ref()),
            words::event(self.theirs.as_ref())
        )
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "审计 audit: {} frames, {} decided otherwise, {} digests differ, {} repeats, {} torn bytes",
            self.frames, self.differences, self.digest_mismatches, self.repeats, self.torn_bytes
        )?;
        for finding in &self.findings {
            writeln!(out, "  {finding}")?;
        }
        if self.differences > self.findings.len() as u64 {
            writeln!(out, "  … and {} more", self.differences - self.findings.len() as u64)?;
        }
        if let Some(mismatch) = &self.first_digest_mismatch {
            writeln!(out, "  摘要不符 first digest that differs: {mismatch}")?;
        }
        if let Some(refused) = &self.impossible {
            writeln!(out, "  不可能的帧 impossible: {refused}")?;
        }
        Ok(())
    }
}
