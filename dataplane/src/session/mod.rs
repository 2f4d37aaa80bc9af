//! FTD sessions: one connection of one participant, carrying up to three streams.
//!
//! What travels is JR/T 0016-2014 as `errata.md` mends it; what is answered is written in `STREAMS.md`. Bytes first:
//!
//! ```text
//! in    a stream of FTD messages. Login, logout, challenge: series 0, number 0, at any time.
//!       Requests: series 0, numbered 1, 2, 3 … from the dialog login on; a gap or a repeat ends the connection silently.
//! out   per connection, each message whole, in this order where several wait:
//!       what the session says itself (login, errors, FlowMessageCancel, ForceExit),
//!       answers to requests and the private stream from the session's cursor on, in the order of the log,
//!       the broadcast stream from the session's cursor on.
//! ```
//!
//! A session holds no copy of any stream: it has the number of the next message of each, and answers are places in the log.
//! Sending live and resuming are the same: as long as the socket has room the next message is rendered into it. So a
//! reader that does not read costs nothing but its own connection, and that only until one of the limits below.
//!
//! What a session keeps dies with the connection. What outlives it is in the log: marks of local ids, secrets, blocked seats.

pub(crate) mod answer;
pub(crate) mod egress;
pub(crate) mod flow;
pub(crate) mod ingress;
pub(crate) mod login;
pub mod proof;
pub(crate) mod query;
pub mod refusal;
mod requests;

pub use login::LoginPolicy;
pub use query::{QUERIES_UNANSWERED_MAX, QUERY_READ_MAX};
pub use refusal::Refusal;

use engine::types::{ParticipantIndex, UserIndex};
use ingress::Named;
use net::{Instant, SessionId};
use proof::Nonce;
use query::Asking;
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::time::Duration;

/// Bytes that a session's own answers may wait with. While they take more than this less the longest answer, nothing more is
/// read from the member.
pub const OWN_ANSWERS_BYTES: usize = 2_048;
/// The longest that one message of a member makes the session say: RspUserLogin and FlowMessageCancel, 187 + 56 bytes.
pub const OWN_ANSWER_MAX: usize = 256;
/// Requests of one connection that are unanswered, in the engine or in front of a full socket. Beyond that nothing more is
/// read from the member. An answer is at most 700 bytes: ten sockets full.
pub const REQUESTS_UNANSWERED_MAX: usize = 1_024;
/// Messages of one stream that a reader may be behind, once it had caught up, for longer than [`SLOW_READER_LAG`]: at a million
/// orders a second over 64 members, a quarter of a second.
pub const SLOW_READER_MESSAGES: u32 = 16_384;
/// How long it may be. A mass cancel may tell one member a hundred thousand messages at once: 40 MB, half a second of a
/// gigabit line.
pub const SLOW_READER_LAG: Duration = Duration::from_secs(10);
/// How long a reader may take nothing at all while something waits for it.
pub const SLOW_READER_STALL: Duration = Duration::from_secs(5);
/// TimeOut before any login, and instead of one that is out of range, in seconds. STREAMS.md, "Login".
pub const TIMEOUT_SECONDS: u8 = 10;
/// The greatest TimeOut, in seconds.
pub const TIMEOUT_SECONDS_MAX: i64 = 100;
/// TimeOuts without a byte from the member after which the connection is given up. JR/T 0016 §5.3.1.3
pub const SILENT_TIMEOUTS: u32 = 3;

/// Why the exchange ended a member's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Ending {
    /// A request's number was not the next one. JR/T 0016 §5.2.1.3
    DialogGap = 0,
    /// The bytes are not FTD.
    Malformed = 1,
    /// Nothing was heard for three times TimeOut.
    Silent = 2,
    /// It did not read what was told.
    SlowReader = 3,
    /// Its seat was blocked: ForceExit was told.
    ForcedOut = 4,
    /// This core does not speak to members any more.
    NotActive = 5,
}

impl Ending {
    /// Every reason, in the order of numbers.
    pub const ALL: [Ending; 6] = [
        Ending::DialogGap,
        Ending::Malformed,
        Ending::Silent,
        Ending::SlowReader,
        Ending::ForcedOut,
        Ending::NotActive,
    ];
}

/// One member's connection.
pub(crate) struct Session {
    /// The connection below.
    pub(crate) link: SessionId,
    /// Where it comes from.
    pub(crate) peer: Ipv4Addr,
    /// Whose it is; set by the first login.
    pub(crate) participant: Option<ParticipantIndex>,
    /// The streams that are logged in.
    pub(crate) dialog: Option<Dialog>,
    pub(crate) private: Option<Cursor>,
    pub(crate) broadcast: Option<Cursor>,
    /// The nonce that was sent last, unless a login with it failed.
    pub(crate) nonce: Option<Nonce>,
    /// Heartbeat interval.
    pub(crate) timeout: Duration,
    pub(crate) last_received: Instant,
    pub(crate) last_sent: Instant,
    /// The session's own answers that wait for room.
    pub(crate) own_answers: Vec<u8>,
    /// Answers that wait for room: where their frames begin in the log.
    pub(crate) answers: VecDeque<u64>,
    /// Requests that went to the engine and did not come back.
    pub(crate) in_engine: usize,
    /// A broadcast message of which a part is sent already: its number, and the bytes that are. Nothing may come between.
    pub(crate) begun: Option<(u32, usize)>,
    /// Something waits and the socket takes nothing: since when.
    pub(crate) stalled_since: Option<Instant>,
    /// It is far behind in a stream where it had caught up: since when.
    pub(crate) behind_since: Option<Instant>,
    /// What its orders named last.
    pub(crate) named: Named,
    /// What it asked of whoever answers queries.
    pub(crate) asking: Asking,
    /// When it was served last, everything was told. Since then whatever it is to be told has listed it.
    pub(crate) is_told: bool,
    /// Stands in the list of sessions to be served.
    pub(crate) is_listed: bool,
    /// Bytes were left unread; they are to be offered again.
    pub(crate) is_held_back: bool,
    /// It is to be ended when its own answers are sent, for this reason. Nothing more is read.
    pub(crate) leaving: Option<Ending>,
}

/// A dialog stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialog {
    /// Whose.
    pub(crate) user: UserIndex,
    /// Stands in commands, so that an answer finds its way back, and only to the dialog that asked.
    pub(crate) number: u32,
    /// The request expected next.
    pub(crate) next_request: u32,
}

/// How far a private or broadcast stream is told on a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    /// Who logged in.
    pub(crate) user: UserIndex,
    /// The message to be told next.
    pub(crate) next: u32,
    /// It was at the stream's end once since its login.
    pub(crate) has_caught_up: bool,
}

impl Session {
    pub(crate) fn new(link: SessionId, peer: Ipv4Addr, now: Instant) -> Self {
        Session {
            link,
            peer,
            participant: None,
            dialog: None,
            private: None,
            broadcast: None,
            nonce: None,
            timeout: Duration::from_secs(TIMEOUT_SECONDS.into()),
            last_received: now,
            last_sent: now,
            own_answers: Vec::with_capacity(OWN_ANSWERS_BYTES),
            answers: VecDeque::with_capacity(REQUESTS_UNANSWERED_MAX),
            in_engine: 0,
            begun: None,
            stalled_since: None,
            behind_since: None,
            named: Named::nothing(),
            asking: Asking::default(),
            is_told: false,
            is_listed: false,
            is_held_back: false,
            leaving: None,
        }
    }

    /// Whether whatever the next message makes us say has room.
    #[inline]
    pub(crate) fn has_room_for_a_request(&self) -> bool {
        self.own_answers.len() + OWN_ANSWER_MAX <= OWN_ANSWERS_BYTES
            && self.answers.len() + self.in_engine < REQUESTS_UNANSWERED_MAX
    }

    /// The session says something itself. `write` gets [`OWN_ANSWER_MAX`] bytes and returns how many it wrote.
    pub(crate) fn say(&mut self, write: impl FnOnce(&mut [u8]) -> Option<usize>) {
        let at = self.own_answers.len();
        self.own_answers.resize(at + OWN_ANSWER_MAX, 0);
        let written =
            write(&mut self.own_answers[at..]).expect("OWN_ANSWER_MAX is the longest answer of the session's own");
        self.own_answers.truncate(at + written);
    }

    /// Somebody who may have blocked it: any of its streams is this user's.
    pub(crate) fn is_users(&self, user: UserIndex) -> bool {
        self.dialog.is_some_and(|dialog| dialog.user == user)
            || [self.private, self.broadcast].iter().flatten().any(|cursor| cursor.user == user)
    }

    /// When the session needs to be looked at next, if nothing happens before.
    pub(crate) fn deadline(&self) -> Instant {
        if self.leaving.is_some() {
            return self.stalled_since.map_or(Instant::NEVER, |since| since + SLOW_READER_STALL);
        }
        let silent = self.last_received + self.timeout * SILENT_TIMEOUTS;
        let heartbeat = self.last_sent + self.timeout;
        let stalled = self.stalled_since.map_or(Instant::NEVER, |since| since + SLOW_READER_STALL);
        let behind = self.behind_since.map_or(Instant::NEVER, |since| since + SLOW_READER_LAG);
        // With a message half told a heartbeat has to wait, and the stall decides.
        let heartbeat = if self.begun.is_some() { Instant::NEVER } else { heartbeat };
        silent.min(heartbeat).min(stalled).min(behind)
    }
}
