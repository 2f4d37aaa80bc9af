//! A connection and what is under way on it.

use crate::exchange::Stream;
use crate::number::{Participant, User};
use crate::proof::Nonce;
use net::{Instant, Peer, SessionId};
use std::collections::VecDeque;
use std::time::Duration;

/// Bytes waiting beyond which a connection is given no more of its streams, and no request of its is read.
pub const WAITING_MOST: usize = 32 * 1_024;
/// Interval of heartbeats before any login, and where a login asks for none.
pub const TIME_OUT: u64 = 10;
/// Longest interval that a login may ask for, seconds.
pub const TIME_OUT_MOST: i64 = 100;
/// So many intervals without a byte end a connection.
pub const SILENT_INTERVALS: u32 = 3;

/// What a connection is for.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// A member speaks FTD with us.
    Member(Login),
    /// A follower reads our log.
    Follower {
        /// How far it was given the log; None before its request.
        position: Option<u64>,
    },
    /// We publish our fronts at a name server: the index of that server.
    NameServer(usize),
}

/// Who is logged in to what.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// Whose connection it is.
    pub participant: Option<Participant>,
    /// The dialog.
    pub dialog: Option<Dialog>,
    /// The private stream.
    pub private: Option<Reading>,
    /// The broadcast stream.
    pub broadcast: Option<Reading>,
    /// The nonce that a proof has to use.
    pub nonce: Option<Nonce>,
}

/// A dialog.
#[derive(Clone, Copy, Debug)]
pub struct Dialog {
    /// Who speaks.
    pub user: User,
    /// Names the dialog in commands: no other dialog of the day has it.
    pub number: u32,
    /// The number that the next request must have.
    pub next: u32,
}

/// A stream being read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Who logged in to it.
    pub user: User,
    /// Which stream.
    pub stream: Stream,
    /// The number of the last message given.
    pub last: u32,
}

/// A connection.
#[derive(Debug)]
pub struct Link {
    /// Its name at the host.
    pub session: SessionId,
    /// Its number: no other connection of the day has it.
    pub number: u64,
    /// The other end.
    pub peer: Peer,
    /// What it is for.
    pub purpose: Purpose,
    /// Bytes received and not read yet.
    pub inbox: Vec<u8>,
    /// Bytes to be sent.
    pub outbox: Vec<u8>,
    /// Bytes handed to TCP so far.
    pub sent: u64,
    /// Where messages of streams end, counted as `sent`.
    pub marks: VecDeque<(u64, Stream, u32)>,
    /// The heartbeats' interval.
    pub interval: Duration,
    /// When it last sent.
    pub last_sent: Instant,
    /// When it last received.
    pub last_received: Instant,
    /// It is to be closed when everything is sent.
    pub closing: bool,
}

impl Link {
    /// A connection that has just opened.
    pub fn new(session: SessionId, number: u64, peer: Peer, purpose: Purpose, now: Instant) -> Link {
        Link {
            session,
            number,
            peer,
            purpose,
            inbox: Vec::new(),
            outbox: Vec::new(),
            sent: 0,
            marks: VecDeque::new(),
            interval: Duration::from_secs(TIME_OUT),
            last_sent: now,
            last_received: now,
            closing: false,
        }
    }

    /// Puts bytes behind what is to be sent.
    pub fn say(&mut self, bytes: &[u8]) {
        if !self.closing {
            self.outbox.extend_from_slice(bytes);
        }
    }

    /// Puts a stream's message behind what is to be sent.
    pub fn say_message(&mut self, stream: Stream, number: u32, bytes: &[u8]) {
        self.say(bytes);
        self.marks.push_back((self.sent + self.outbox.len() as u64, stream, number));
    }

    /// TCP took `count` bytes; the streams' messages that are whole now.
    pub fn took(&mut self, count: usize, now: Instant) -> Vec<(Stream, u32)> {
        self.outbox.drain(..count);
        self.sent += count as u64;
        if count > 0 {
            self.last_sent = now;
        }
        let whole = self.marks.partition_point(|&(end, ..)| end <= self.sent);
        self.marks.drain(..whole).map(|(_, stream, number)| (stream, number)).collect()
    }

    /// When it has to send a heartbeat, if it sends nothing before.
    pub fn heartbeat_at(&self) -> Instant {
        self.last_sent + self.interval
    }

    /// When it is given up, if it receives nothing before.
    pub fn silent_at(&self) -> Instant {
        self.last_received + self.interval * SILENT_INTERVALS
    }

    /// The member's login, if it is a member's.
    pub fn login(&self) -> Option<&Login> {
        match &self.purpose {
            Purpose::Member(login) => Some(login),
            _ => None,
        }
    }

    /// The member's login, to be changed.
    pub fn login_mut(&mut self) -> Option<&mut Login> {
        match &mut self.purpose {
            Purpose::Member(login) => Some(login),
            _ => None,
        }
    }
}

impl Login {
    /// Whether a user is logged in to any stream.
    #[must_use]
    pub fn has(&self, user: User) -> bool {
        let users =
            [self.dialog.map(|dialog| dialog.user), self.private.map(|it| it.user), self.broadcast.map(|it| it.user)];
        users.contains(&Some(user))
    }
}
