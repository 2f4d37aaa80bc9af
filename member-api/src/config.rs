//! What a member is told before its day: who it is, whom it asks, how patient it is.

use crate::order::{Nanoseconds, ParticipantId, UserId};
use std::net::SocketAddrV4;

/// Settings of a [`crate::Member`].
#[derive(Clone, Debug)]
pub struct Config {
    /// ParticipantId.
    pub participant_id: ParticipantId,
    /// UserId: the seat.
    pub user_id: UserId,
    /// How a login proves that it is us.
    pub credential: Credential,
    /// Series of the participant's private stream, from 2; given by the exchange.
    pub private_series: u16,
    /// Name servers, asked in turn.
    pub name_servers: Vec<SocketAddrV4>,
    /// Fronts registered in advance: tried after those that a name server names.
    pub fronts: Vec<SocketAddrV4>,
    /// IpAddr of the login; at most 20 bytes, longer ones are cut.
    pub ip_address: String,
    /// ServerAppName of the login; at most 20 bytes, longer ones are cut.
    pub application: String,
    /// Heartbeat interval asked for, seconds, 1 to 100.
    pub heartbeat_seconds: u8,
    /// Requests unanswered at once; the seat's limit is the exchange's (106 beyond it).
    pub in_flight: usize,
    /// How long to wait for a connection, or for the answer to a login or to ReqFronts.
    pub answer_timeout: Nanoseconds,
    /// Wait after the first round of fronts that all failed; doubles with each round.
    pub back_off_first: Nanoseconds,
    /// Longest wait between rounds.
    pub back_off_most: Nanoseconds,
    /// Wait after 105 (too many requests a second) before requests go on.
    pub pace_wait: Nanoseconds,
    /// What becomes of orders that a takeover rolled back.
    pub rolled_back: RolledBack,
    /// After a relogin also orders that the resumed private stream has told of meanwhile are sent again. Needless; for drills, in which
    /// the exchange shall have repeats to recognise.
    pub repeat_told: bool,
    /// Books of all instruments are kept: [`crate::Member::market`].
    pub keeps_books: bool,
    /// Spreads the waits of many members: between half and all of each wait, by a generator seeded with this.
    pub seed: u64,
}

impl Config {
    /// Settings with the usual patience and no address yet.
    #[must_use]
    pub fn new(participant_id: ParticipantId, user_id: UserId, credential: Credential, private_series: u16) -> Self {
        Config {
            participant_id,
            user_id,
            credential,
            private_series,
            name_servers: Vec::new(),
            fronts: Vec::new(),
            ip_address: String::new(),
            application: "backstop member-api".into(),
            heartbeat_seconds: 10,
            in_flight: 64,
            answer_timeout: Nanoseconds::seconds(3),
            back_off_first: Nanoseconds::milliseconds(100),
            back_off_most: Nanoseconds::seconds(5),
            pace_wait: Nanoseconds::milliseconds(200),
            rolled_back: RolledBack::Expose,
            repeat_told: false,
            keeps_books: false,
            seed: 1,
        }
    }
}

/// How a login proves that it is us.
#[derive(Clone)]
pub enum Credential {
    /// The standard's password: sent with every login.
    Password(Vec<u8>),
    /// The seat's secret, never sent: a challenge is asked for, and answered with HMAC-SHA-256 (`errata.md`, extensions). The key
    /// is the secret without blanks behind it.
    Proof(Vec<u8>),
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Credential::Password(_) => "Password(***)",
            Credential::Proof(_) => "Proof(***)",
        })
    }
}

/// What becomes of orders and cancels that a takeover rolled back: for the exchange they were never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolledBack {
    /// They are named by [`crate::Member::rolled_back`]; nothing is sent before the application says so.
    Expose,
    /// They are sent again after the relogin, in the order first sent, under their local ids.
    SendAgain,
}
