//! The feed server: the log's bytes to whoever follows. FRAMES.md, "The feed".
//!
//! ```text
//! follower   32 bytes: magic, highest epoch it knows, last sequence it holds, digest after it, trading day
//! source     the log's bytes from the next frame on, for ever; a heartbeat of 64 bytes after a second without any
//! ```
//!
//! A follower is an offset in the log, so that any number of them costs nothing but their bytes, and none waits for
//! another. Only what may be told to members goes out (recording is before releasing). A core that itself follows feeds
//! its followers just the same.

use crate::front::counters::FrontCounters;
use engine::types::Epoch;
use journal::{FeedRequest, Heartbeat, LogReader};
use net::{Instant, SessionId, Transport};
use std::time::Duration;

/// After so long without a byte a heartbeat is sent.
pub const FEED_HEARTBEAT: Duration = Duration::from_secs(1);
/// Bytes of the log that are put into a follower's socket at once: no more than a send ring takes.
const FEED_PIECE: usize = 64 * 1024;

/// One who follows.
pub(crate) struct Follower {
    pub(crate) link: SessionId,
    stage: Stage,
    last_sent: Instant,
    /// It was sent everything there is, and waits for more.
    is_level: bool,
}

/// How far a follower is.
enum Stage {
    /// Its request is not there yet, or only in part.
    Asking,
    /// It is sent the log from this offset on.
    Following(u64),
    /// It cannot be served; the connection is to be closed.
    Refused,
}

impl Follower {
    pub(crate) fn new(link: SessionId, now: Instant) -> Self {
        Follower { link, stage: Stage::Asking, last_sent: now, is_level: false }
    }

    /// Takes bytes that a follower sent; returns how many it is done with.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        reader: &LogReader,
        epoch: Epoch,
        counters: &mut FrontCounters,
    ) -> usize {
        if !matches!(self.stage, Stage::Asking) {
            // A follower has nothing more to say.
            return bytes.len();
        }
        let start = match FeedRequest::read(bytes) {
            Ok(None) => return 0,
            Ok(Some(request)) => request.start(reader, epoch).ok(),
            Err(_) => None,
        };
        match start {
            Some(start) => {
                counters.followers += 1;
                counters.followers_differed += u64::from(start.digest_differs);
                self.stage = Stage::Following(start.offset);
            }
            None => {
                counters.followers_refused += 1;
                self.stage = Stage::Refused;
            }
        }
        bytes.len()
    }

    /// Sends what is there. False: the connection is to be closed.
    pub(crate) fn serve<T: Transport>(
        &mut self,
        host: &mut T,
        reader: &LogReader,
        last: &Heartbeat,
        now: Instant,
        counters: &mut FrontCounters,
    ) -> bool {
        let offset = match &mut self.stage {
            Stage::Asking => return true,
            Stage::Refused => return false,
            Stage::Following(offset) => offset,
        };
        self.is_level = false;
        let released = reader.released();
        while *offset < released {
            let bytes = reader.bytes_from(*offset).expect("what is released is there");
            let count = bytes.len().min((released - *offset) as usize).min(FEED_PIECE);
            let Ok(sent) = host.send(self.link, &bytes[..count]) else { return true };
            *offset += sent as u64;
            counters.feed_bytes += sent as u64;
            if sent > 0 {
                self.last_sent = now;
            }
            if sent < count {
                return true;
            }
        }
        // A heartbeat stands between frames, whole or not at all; and it speaks of a frame that was sent.
        self.is_level = last.stamp.sequence == reader.last_sequence() && *offset == reader.committed();
        if self.is_level && now >= self.last_sent + FEED_HEARTBEAT {
            // Without room for it something else is under way, and that is a sign of life too.
            if host.send_room(self.link) >= journal::HEADER_SIZE {
                let _ = host.send(self.link, &last.write());
            }
            self.last_sent = now;
        }
        true
    }

    /// When a heartbeat is due.
    pub(crate) fn deadline(&self) -> Instant {
        if self.is_level { self.last_sent + FEED_HEARTBEAT } else { Instant::NEVER }
    }
}
