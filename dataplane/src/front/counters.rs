//! What a front did, for metrics, reports, and tests that count.

use crate::session::{Ending, Refusal};

/// What a front did since it was made. Drops below the sessions are in the host's counters ([`net::Counters`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrontCounters {
    /// Members' connections that opened.
    pub connections: u64,
    /// Logins that succeeded, one a stream.
    pub logins: u64,
    /// Messages of members, heartbeats apart.
    pub messages_in: u64,
    /// Messages that the standard says to discard.
    pub skipped: u64,
    /// Commands put into the ring for members.
    pub commands: u64,
    /// Commands put into the ring for the exchange itself.
    pub own_commands: u64,
    /// Requests refused by the session, in the order of [`Refusal::ALL`].
    pub refusals: [u64; Refusal::COUNT],
    /// Times that bytes were left with TCP because an answer, the ring or the dialog had no room.
    pub held_back: u64,
    /// Connections that the exchange ended, in the order of [`Ending::ALL`].
    pub endings: [u64; Ending::ALL.len()],
    /// Connections that the member ended, or that broke.
    pub lost_connections: u64,
    /// Frames taken in from the log.
    pub frames: u64,
    /// Answers sent to requests.
    pub answers: u64,
    /// Answers that came when the dialog that asked was over.
    pub answers_unasked: u64,
    /// Messages sent from private streams.
    pub private_messages: u64,
    /// Messages sent from the broadcast stream, counted once for each session.
    pub broadcast_messages: u64,
    /// Messages of the broadcast stream that were rendered; the rest was sent from what was rendered before.
    pub broadcast_rendered: u64,
    /// Bytes sent to members.
    pub bytes_out: u64,
    /// Heartbeats sent to members.
    pub heartbeats: u64,
    /// Followers that were served the feed.
    pub followers: u64,
    /// Followers that were not: another day, a higher epoch, a sequence that is not there, no request.
    pub followers_refused: u64,
    /// Followers whose state differed from the log where they went on.
    pub followers_differed: u64,
    /// Bytes sent to followers.
    pub feed_bytes: u64,
}

impl FrontCounters {
    /// Requests refused for this reason.
    #[must_use]
    pub fn refused(&self, refusal: Refusal) -> u64 {
        self.refusals[refusal.index()]
    }

    /// Connections ended for this reason.
    #[must_use]
    pub fn ended(&self, ending: Ending) -> u64 {
        self.endings[ending as usize]
    }
}
