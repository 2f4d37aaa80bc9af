//! The record stage on a thread of its own: makes durable what the engine wrote, and so releases it; and has the log's next pages
//! ready before the engine comes to them, which a full stream of orders would otherwise pay for with a page fault every 4 KiB.
//!
//! A frame's CRC is not its work: a frame is whole when it is there, so that whoever reads the log finds nothing half done in it.

use journal::LogSyncer;

/// Makes durable and releases.
pub struct RecordStage {
    syncer: LogSyncer,
    /// Under the policy `sync`.
    commits: bool,
    counters: RecordCounters,
    halt: Option<String>,
}

/// What the record stage did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordCounters {
    /// Group commits.
    pub commits: u64,
    /// Bytes made durable by them.
    pub bytes: u64,
    /// Bytes of the log whose pages were made ready.
    pub prepared_bytes: u64,
}

impl RecordStage {
    /// Over the right to sync a log; with `commits` it makes durable what is there, without it only pages are made ready.
    #[must_use]
    pub fn new(syncer: LogSyncer, commits: bool) -> Self {
        RecordStage { syncer, commits, counters: RecordCounters::default(), halt: None }
    }

    /// Commits what is there, as one group. Returns whether there was something.
    pub fn poll(&mut self) -> usize {
        if self.halt.is_some() {
            return 0;
        }
        let prepared = self.syncer.prepare_ahead();
        self.counters.prepared_bytes += prepared as u64;
        let waiting = self.syncer.waiting();
        if !self.commits || waiting == 0 {
            return usize::from(prepared > 0);
        }
        match self.syncer.sync() {
            Ok(_) => {
                self.counters.commits += 1;
                self.counters.bytes += waiting;
            }
            Err(error) => self.halt = Some(error.to_string()),
        }
        1
    }

    /// What it did.
    #[must_use]
    pub fn counters(&self) -> RecordCounters {
        self.counters
    }

    /// The device's words, if it failed.
    #[must_use]
    pub fn halt(&self) -> Option<&str> {
        self.halt.as_deref()
    }

    /// Ends the stage.
    #[must_use]
    pub fn into_syncer(self) -> LogSyncer {
        self.syncer
    }
}
