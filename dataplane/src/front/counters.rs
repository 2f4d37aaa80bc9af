//! What a front did, for metrics, reports, and tests that count.

use crate::session::{Ending, Refusal};
use engine::reject::Reject;

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
    /// Cancels given for users whose dialog had ended.
    pub disconnect_cancels: u64,
    /// Requests refused by the session, in the order of [`Refusal::ALL`].
    pub refusals: [u64; Refusal::COUNT],
    /// Requests of this front's members that the rules rejected.
    pub rejects: RejectCounts,
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
    /// Queries that were asked on; those refused at once are in `refusals`.
    pub queries: u64,
    /// Queries that were answered in full, refusals included.
    pub query_answers: u64,
    /// Answers that came when the dialog that asked was over.
    pub answers_unasked: u64,
    /// Messages sent from private streams.
    pub private_messages: u64,
    /// Messages sent from the broadcast stream, counted once for each session.
    pub broadcast_messages: u64,
    /// Messages of the broadcast stream that were rendered; the rest was sent from what was rendered before.
    pub broadcast_rendered: u64,
    /// Bytes of members' messages that were dealt with, where the packet or TCP's ring had them.
    pub bytes_in: u64,
    /// Bytes of commands put into the ring for members, each written once, there.
    pub command_bytes: u64,
    /// Bytes sent to members.
    pub bytes_out: u64,
    /// Of them, those copied from where they had been rendered before: the broadcast stream (rendered once for everybody) and what
    /// the session says itself. The rest was rendered straight into what is sent.
    pub bytes_copied_out: u64,
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
    /// Connections of fronts on other machines that were ended, in the order of [`Broken`](crate::uplink::Broken).
    pub uplinks_ended: [u64; 5],
}

/// Rejects by code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectCounts([u64; Refusal::FIRST as usize]);

impl Default for RejectCounts {
    fn default() -> Self {
        RejectCounts([0; Refusal::FIRST as usize])
    }
}

impl RejectCounts {
    /// One more of a code. The session's own codes are not among them.
    #[inline]
    pub(crate) fn count(&mut self, code: u16) {
        if let Some(count) = self.0.get_mut(usize::from(code)) {
            *count += 1;
        }
    }

    /// How many of a code there were.
    #[must_use]
    pub fn of(&self, reject: Reject) -> u64 {
        self.0[reject as usize]
    }
}

/// How much of what was set aside was ever in use. Nothing lives for a burst: what a burst needs stands in the packet, the ring, the log
/// or the socket. So these are the marks of the fixed buffers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrontMarks {
    /// Most bytes of commands that one burst of ingress put into the ring.
    pub burst_command_bytes: u64,
    /// Most answers that waited for one session.
    pub answers_waiting: usize,
    /// Most sessions that were served in one round.
    pub sessions_served: usize,
    /// Most parts of frames that were taken in in one round.
    pub parts_taken: usize,
    /// Bytes of the arena of broadcast messages.
    pub arena_bytes: usize,
    /// Most bytes of it that were in use.
    pub arena_used: usize,
    /// How often it began anew from its beginning.
    pub arena_resets: u64,
}

impl FrontCounters {
    /// Bytes that were written more than once on their way through the front, in and out. What TCP held and resent is the host's.
    #[must_use]
    pub fn bytes_copied(&self) -> u64 {
        self.bytes_copied_out
    }

    /// Adds what another front did.
    pub fn add(&mut self, other: &FrontCounters) {
        let FrontCounters { refusals, endings, .. } = other;
        for (sum, count) in self.refusals.iter_mut().zip(refusals).chain(self.endings.iter_mut().zip(endings)) {
            *sum += count;
        }
        for (sum, count) in self.rejects.0.iter_mut().zip(&other.rejects.0) {
            *sum += count;
        }
        self.connections += other.connections;
        self.logins += other.logins;
        self.messages_in += other.messages_in;
        self.skipped += other.skipped;
        self.commands += other.commands;
        self.own_commands += other.own_commands;
        self.disconnect_cancels += other.disconnect_cancels;
        self.held_back += other.held_back;
        self.lost_connections += other.lost_connections;
        self.frames += other.frames;
        self.answers += other.answers;
        self.queries += other.queries;
        self.query_answers += other.query_answers;
        self.answers_unasked += other.answers_unasked;
        self.private_messages += other.private_messages;
        self.broadcast_messages += other.broadcast_messages;
        self.broadcast_rendered += other.broadcast_rendered;
        self.bytes_in += other.bytes_in;
        self.command_bytes += other.command_bytes;
        self.bytes_out += other.bytes_out;
        self.bytes_copied_out += other.bytes_copied_out;
        self.heartbeats += other.heartbeats;
        self.followers += other.followers;
        self.followers_refused += other.followers_refused;
        self.followers_differed += other.followers_differed;
        self.feed_bytes += other.feed_bytes;
    }

    /// Every code that a request was refused with, the rules' and the session's own, and how often.
    #[must_use]
    pub fn refused_by_code(&self) -> Vec<(u16, u64)> {
        let rejects = Reject::ALL.iter().map(|&reject| (reject as u16, self.rejects.of(reject)));
        let refusals = Refusal::ALL.iter().map(|&refusal| (refusal.number(), self.refused(refusal)));
        rejects.chain(refusals).filter(|(_, count)| *count > 0).collect()
    }

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
