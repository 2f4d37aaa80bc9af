//! What members were told by a core before us and that does not count, as their logins showed it (存疑区间).
//!
//! A core that dies may have told members more than it passed on. Nobody knows what, but where each member says it stopped
//! shows how far: every FlowMessageCancel is noted here, by stream and epoch.

use crate::directory::Directory;
use crate::streams::{Cancelled, Stream};
use engine::types::{Epoch, StreamNumber};

/// Ranges that are noted: each participant's private stream and the broadcast stream, after as many takeovers as a day has seen.
const RANGES_MAX: usize = 65_536;

/// Messages of a stream that a member had received and that were cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InDoubt {
    /// The stream.
    pub stream: Stream,
    /// Its series.
    pub series: u16,
    /// The epoch that the messages belonged to.
    pub epoch: Epoch,
    /// The first.
    pub from: StreamNumber,
    /// The last that any member had received.
    pub to: StreamNumber,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct InDoubtReport {
    ranges: Vec<InDoubt>,
}

impl InDoubtReport {
    /// Notes a cancelled range; the same again changes nothing, a longer one extends it.
    pub(crate) fn note(&mut self, directory: &Directory, stream: Stream, cancelled: &Cancelled) {
        let is_it = |range: &&mut InDoubt| {
            range.stream == stream && range.epoch == cancelled.epoch && range.from == cancelled.from
        };
        if let Some(range) = self.ranges.iter_mut().find(is_it) {
            range.to = range.to.max(cancelled.to);
        } else if self.ranges.len() < RANGES_MAX {
            let series = stream.series(directory).unwrap_or(0);
            let Cancelled { epoch, from, to, .. } = *cancelled;
            self.ranges.push(InDoubt { stream, series, epoch, from, to });
        }
    }

    /// In the order in which they were first told.
    pub(crate) fn ranges(&self) -> &[InDoubt] {
        &self.ranges
    }
}
