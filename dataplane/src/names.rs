//! The name service: which fronts members are to log in at. A small thing of its own that outlives both cores.
//!
//! Members ask at one port: ReqFronts, answered with RspFronts. Cores publish at the other: RspFronts with their fronts,
//! answered with RspFronts as now published, or with Error 120 if the epoch is lower than the published one. There is no
//! login; who may publish is a matter of addresses. Number and series are 0 throughout (STREAMS.md, "Name service").
//! Heartbeats go as on any front: one after ten seconds without anything sent; nothing received for thirty closes.
//! Malformed bytes, and messages of anything else, close the connection.
//!
//! It knows no log and no engine: what is published is all it has.

mod board;

pub use board::{FRONTS_MAX, Front, write_fronts};

use crate::render::{Refusal, refusal};
use crate::texts::MemberText;
use board::{Board, Publication};
use engine::types::Nanoseconds;
use ftd::message::MESSAGE_SIZE_MAX;
use ftd::{Next, next_message};
use net::{CloseReason, Filter, Handler, Instant, ListenError, Peer, SessionId, Transport};
use std::time::Duration;

/// Publishes fronts to members, for the core with the highest epoch.
pub struct NameService<T: Transport> {
    host: T,
    desk: Desk,
    /// When the connections are looked through for silent ones next.
    sweep_at: Instant,
}

/// Where the name service listens.
#[derive(Clone, Debug)]
pub struct NamePorts {
    /// Where members ask.
    pub members: u16,
    /// Where cores publish.
    pub cores: u16,
    /// Who may publish.
    pub publishers: Filter,
}

/// What the name service did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameCounters {
    /// Questions answered.
    pub answered: u64,
    /// Publications that stand, or stood.
    pub published: u64,
    /// Publications refused for their epoch.
    pub refused_epoch: u64,
    /// Connections closed for what came over them.
    pub closed_malformed: u64,
    /// Connections closed since nothing came over them.
    pub closed_silent: u64,
}

/// Error 120: the epoch is lower than the published one.
pub const EPOCH_LOWER: u16 = 120;
/// Bursts of frames taken in one poll; more wait for the next.
const BURSTS_A_POLL: usize = 8;
/// After so long without anything sent a heartbeat goes out: TimeOut before any login (STREAMS.md).
const HEARTBEAT_AFTER: Duration = Duration::from_secs(10);
/// After so long without anything received the connection is closed: three times TimeOut.
const SILENT_AFTER: Duration = Duration::from_secs(30);
/// Connections are looked through so often.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

impl<T: Transport> NameService<T> {
    /// A name service on a transport, with nothing published.
    ///
    /// # Errors
    /// The two ports are not two.
    pub fn new(mut host: T, ports: NamePorts) -> Result<Self, ListenError> {
        let sessions = host.sessions();
        host.listen(ports.members, Filter::everybody())?;
        host.listen(ports.cores, ports.publishers)?;
        let desk = Desk {
            board: Board::new(),
            callers: (0..sessions).map(|_| None).collect(),
            waiting: Vec::with_capacity(sessions),
            cores_port: ports.cores,
            counters: NameCounters::default(),
            now: Instant::ZERO,
        };
        Ok(NameService { host, desk, sweep_at: Instant::ZERO })
    }

    /// Takes what has arrived, answers, sends. Returns how many frames came and went.
    pub fn poll(&mut self, now: Instant) -> usize {
        self.desk.now = now;
        let mut moved = 0;
        for _ in 0..BURSTS_A_POLL {
            let frames = self.host.poll_ingress(now, &mut self.desk);
            self.answer();
            moved += frames;
            if frames == 0 {
                break;
            }
        }
        if now >= self.sweep_at {
            self.sweep(now);
            self.sweep_at = now + SWEEP_EVERY;
        }
        moved + self.host.poll_egress(now)
    }

    /// When [`NameService::poll`] has something to do next, if no frame comes before.
    pub fn next_deadline(&self) -> Option<Instant> {
        let sweep_at = self.desk.callers.iter().any(Option::is_some).then_some(self.sweep_at);
        [self.host.next_deadline(), sweep_at].into_iter().flatten().min()
    }

    /// What is published, in the order of priority.
    pub fn fronts(&self) -> &[Front] {
        self.desk.board.fronts()
    }

    /// What it did so far.
    pub fn counters(&self) -> NameCounters {
        self.desk.counters
    }

    /// The host below, to read its counters.
    pub fn host(&self) -> &T {
        &self.host
    }

    /// Gives the answers that there is room for; who is answered may ask again.
    fn answer(&mut self) {
        let Desk { board, callers, waiting, counters, now, .. } = &mut self.desk;
        waiting.retain(|&session| {
            // The place may have gone to another connection meanwhile.
            let Some(caller) = callers[session.index()].as_mut().filter(|caller| caller.session == session) else {
                return false;
            };
            let Some(owed) = caller.owes else { return false };
            if owed == Owed::Close {
                self.host.close(session);
                return false;
            }
            let sent =
                self.host.send_with(session, MESSAGE_SIZE_MAX, |buffer| write(owed, board.fronts(), *now, buffer));
            if sent.is_err() {
                // The reader is slow: the answer waits, and nothing more is read of it meanwhile.
                return self.host.is_open(session);
            }
            match owed {
                Owed::EpochLower => counters.refused_epoch += 1,
                Owed::Fronts | Owed::Close => counters.answered += 1,
            }
            (caller.owes, caller.sent_at) = (None, *now);
            self.host.offer_again(session);
            false
        });
    }

    fn sweep(&mut self, now: Instant) {
        for caller in self.desk.callers.iter_mut().flatten() {
            if now.since(caller.received_at) >= SILENT_AFTER {
                if caller.owes != Some(Owed::Close) {
                    caller.owes = Some(Owed::Close);
                    self.desk.counters.closed_silent += 1;
                    self.host.close(caller.session);
                }
            } else if now.since(caller.sent_at) >= HEARTBEAT_AFTER
                && self.host.send_room(caller.session) >= ftd::HEARTBEAT.len()
                && self.host.send(caller.session, &ftd::HEARTBEAT).is_ok()
            {
                caller.sent_at = now;
            }
        }
    }
}

fn write(owed: Owed, fronts: &[Front], now: Instant, buffer: &mut [u8]) -> usize {
    let written = match owed {
        Owed::EpochLower => {
            let (chinese, english) = ("纪元低于已公布的纪元", "epoch is lower than the published one");
            let text = MemberText::Utf8; // who publishes fronts is a core
            let told = Refusal { code: EPOCH_LOWER, chinese, english, text, request: 0, target: None };
            refusal(buffer, Nanoseconds(now.nanos()), &told)
        }
        Owed::Fronts | Owed::Close => write_fronts(buffer, fronts),
    };
    written.expect("the longest message fits into MESSAGE_SIZE_MAX")
}

/// What the host's frames are read by.
struct Desk {
    board: Board,
    /// By the session's place.
    callers: Vec<Option<Caller>>,
    /// Whom something is owed, each once.
    waiting: Vec<SessionId>,
    cores_port: u16,
    counters: NameCounters,
    now: Instant,
}

/// One connection.
struct Caller {
    session: SessionId,
    is_core: bool,
    owes: Option<Owed>,
    received_at: Instant,
    sent_at: Instant,
}

/// What a connection is to get.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owed {
    /// RspFronts.
    Fronts,
    /// Error 120.
    EpochLower,
    /// The end.
    Close,
}

impl Handler for Desk {
    fn opened(&mut self, session: SessionId, peer: Peer) {
        self.callers[session.index()] = Some(Caller {
            session,
            is_core: peer.local_port == self.cores_port,
            owes: None,
            received_at: self.now,
            sent_at: self.now,
        });
    }

    fn data(&mut self, session: SessionId, bytes: &[u8]) -> usize {
        let Some(caller) = &mut self.callers[session.index()] else { return bytes.len() };
        caller.received_at = self.now;
        let mut at = 0;
        // One question at a time: what comes behind it waits in the host until it is answered.
        while caller.owes.is_none() {
            let owes = match next_message(&bytes[at..]) {
                Ok(Next::NeedMore) => return at,
                Ok(Next::Skip { length, .. } | Next::Heartbeat { length }) => {
                    at += length;
                    continue;
                }
                Ok(Next::Message { length, message }) => {
                    at += length;
                    match board::read(&message) {
                        Some(offer) if offer.is_question() => Owed::Fronts,
                        Some(offer) if caller.is_core => match self.board.publish(&offer) {
                            Publication::Accepted => {
                                self.counters.published += 1;
                                Owed::Fronts
                            }
                            Publication::EpochLower => Owed::EpochLower,
                        },
                        _ => Owed::Close,
                    }
                }
                Err(_) => Owed::Close,
            };
            if owes == Owed::Close {
                self.counters.closed_malformed += 1;
            }
            caller.owes = Some(owes);
            self.waiting.push(session);
        }
        if caller.owes == Some(Owed::Close) { bytes.len() } else { at }
    }

    fn closed(&mut self, session: SessionId, _: CloseReason) {
        self.callers[session.index()] = None;
    }
}
