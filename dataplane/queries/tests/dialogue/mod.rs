//! What members' sessions must come to, said a second time and as simply as can be: STREAMS.md ("Dialog stream", "Login", "Queries") and
//! ERRORS.md ("In which order") as one function from what was sent, and what is known of the seats, to what is said back.
//!
//! It knows nothing of bytes, of sockets or of the rules' codes: of a request that a session lets pass it says that the log gets
//! one frame of it and that its answer comes from there.

use ftd::Tid;
use ftd::value::data_flow_flag::{BROADCAST, DIALOG, PRIVATE};
use std::net::Ipv4Addr;

pub mod messages;

/// Nanoseconds of a second of flow control.
const SECOND_NS: u64 = 1_000_000_000;
/// "FFFFFFFFh = from now."
pub const FROM_NOW: u32 = u32::MAX;
/// Questions that one connection may have unanswered. STREAMS.md, "Queries".
pub const UNANSWERED_QUERIES: usize = 32;

/// A message as it was sent.
#[derive(Clone, Debug)]
pub enum Sent {
    /// ReqLoginChallenge, under any number.
    Challenge { number: u32, whole: bool },
    /// ReqUserLogin.
    Login { number: u32, whole: bool, login: Login },
    /// ReqUserLogout.
    Logout { number: u32, whole: bool, flag: u8, participant: Option<usize>, seat: Option<usize> },
    /// Whatever else has a TID.
    Request { series: u16, number: u32, tid: Tid, ask: Ask },
    /// A heartbeat.
    Heartbeat,
    /// What is no FTD.
    Garbage,
}

/// What a login says. Names that are nobody's are none.
#[derive(Clone, Debug)]
pub struct Login {
    pub flag: u8,
    pub participant: Option<usize>,
    pub seat: Option<usize>,
    /// The password sent; blank if empty.
    pub password: Vec<u8>,
    /// The nonce that a proof names, and whether the proof is the seat's over it.
    pub proof: Option<([u8; 64], bool)>,
    /// None: no number.
    pub timeout: Option<u64>,
    /// Series and number of the resume point.
    pub start: Option<(u16, u32)>,
    pub epoch: Option<u32>,
}

/// What a request asks.
#[derive(Clone, Debug)]
pub enum Ask {
    /// For the engine. `whole`: its fields are there; `own`: it names the session's own participant and user; `items`: they are numbers
    /// and values of their lists.
    Engine { whole: bool, own: bool, items: bool },
    /// A new password in place of an old one.
    Password { own: bool, old: Vec<u8>, new: Vec<u8> },
    /// A query, and what comes of it once it is asked: 0 = an answer, else the code.
    Query { whole: bool, outcome: u16 },
    /// No request of a member's.
    NotOffered,
}

/// A user, as base data and the day have it.
#[derive(Clone, Debug)]
pub struct Seat {
    pub participant: usize,
    pub id: String,
    pub secret: Vec<u8>,
    pub address: Option<Ipv4Addr>,
    pub per_second: u32,
    pub in_flight: u32,
    pub cancels: bool,
    pub blocked: bool,
    /// When its present second began, and requests in it.
    window: Option<(u64, u32)>,
}

impl Seat {
    pub fn new(participant: usize, id: &str, secret: &[u8]) -> Seat {
        let (id, secret) = (id.to_owned(), secret.to_vec());
        let (per_second, in_flight) = (0, 0);
        Seat {
            participant,
            id,
            secret,
            address: None,
            per_second,
            in_flight,
            cancels: false,
            blocked: false,
            window: None,
        }
    }

    /// Counts a request of this second, if it is allowed.
    fn request(&mut self, now_ns: u64) -> bool {
        if self.per_second == 0 {
            return true;
        }
        match &mut self.window {
            Some((began, count)) if now_ns - *began < SECOND_NS => {
                let may = *count < self.per_second;
                *count += u32::from(may);
                may
            }
            window => {
                *window = Some((now_ns, 1));
                true
            }
        }
    }
}

/// An epoch of the log: who opened it, and how many messages each stream had when it ended.
#[derive(Clone, Debug)]
pub struct Reign {
    pub epoch: u32,
    pub data_center: u32,
    pub counts: Vec<u32>,
}

/// A connection.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pub is_open: bool,
    pub peer: Option<Ipv4Addr>,
    pub participant: Option<usize>,
    /// Whose dialog, and the request expected next.
    pub dialog: Option<(usize, u32)>,
    /// Who listens, and the message to be told next.
    pub private: Option<(usize, u32)>,
    pub broadcast: Option<(usize, u32)>,
    pub nonce: Option<[u8; 64]>,
    pub timeout: u64,
    pub heard_ns: u64,
}

/// What a connection is told in its dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Say {
    /// Error, under the request's number.
    Error(u32, u16),
    Challenge,
    /// RspUserLogin, with its TimeOut.
    Login(u64),
    /// FlowMessageCancel: series, data centre, first, last.
    Void(u16, u32, u32, u32),
    Logout,
}

/// What the log gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logged {
    /// A member's request: its seat, number and TID.
    Request(usize, u32, Tid),
    /// A cancel of a seat's orders since its dialog ended.
    Disconnect(usize),
}

/// Why a connection is ended by the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Gap,
    Malformed,
}

/// What comes of messages that arrived together.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What the session says itself, in order.
    pub says: Vec<Say>,
    /// What the log gets, in order.
    pub logged: Vec<Logged>,
    /// Requests whose answers come from the log, in order: the number, and which of the requests in `logged` it is.
    pub answers: Vec<(u32, usize)>,
    /// Queries whose answers come, in order: number, TID, 0 or code.
    pub queries: Vec<(u32, Tid, u16)>,
    pub end: Option<End>,
    /// Secrets that the log changes: which of the requests, seat, secret.
    pub secrets: Vec<(usize, usize, Vec<u8>)>,
    /// The nonce that was said last is good for a proof.
    pub nonce_stands: bool,
    /// Messages that are more than a heartbeat.
    pub messages: u64,
    /// Requests in `logged`.
    requests: usize,
    /// Requests on their way, by seat.
    in_flight: Vec<u32>,
}

/// Everything that a session's answers depend on.
#[derive(Clone, Debug)]
pub struct Model {
    pub seats: Vec<Seat>,
    pub reigns: Vec<Reign>,
    /// This core's data centre.
    pub own: u32,
    /// Passwords are taken in place of proofs.
    pub takes_passwords: bool,
    /// Messages of the streams: the broadcast stream, then the participants' own.
    pub counts: Vec<u32>,
}

impl Model {
    pub fn epoch(&self) -> u32 {
        self.reigns.last().expect("the day is open").epoch
    }

    pub fn is_active(&self) -> bool {
        self.reigns.last().expect("the day is open").data_center == self.own
    }

    /// Takes messages that arrive together on a line.
    pub fn hear(&mut self, line: &mut Line, sent: &[Sent], now_ns: u64) -> Outcome {
        let mut out = Outcome { in_flight: vec![0; self.seats.len()], ..Outcome::default() };
        line.heard_ns = now_ns;
        for message in sent {
            out.messages += u64::from(!matches!(message, Sent::Heartbeat | Sent::Garbage));
            match message {
                Sent::Heartbeat => {}
                Sent::Garbage => self.end(line, &mut out, End::Malformed),
                Sent::Challenge { number, whole: false } => out.says.push(Say::Error(*number, 109)),
                Sent::Challenge { .. } => {
                    line.nonce = None; // the drive reads the new one from the answer
                    out.nonce_stands = true;
                    out.says.push(Say::Challenge);
                }
                Sent::Login { number, whole, login } => {
                    let result = if *whole { self.login(line, login, &mut out) } else { Err(109) };
                    if let Err(code) = result {
                        (line.nonce, out.nonce_stands) = (None, false);
                        out.says.push(Say::Error(*number, code));
                    }
                }
                Sent::Logout { number, whole, flag, participant, seat } => {
                    let result = match whole {
                        true => self.logout(line, *flag, *participant, *seat, &mut out),
                        false => Err(109),
                    };
                    out.says.push(result.map_or_else(|code| Say::Error(*number, code), |()| Say::Logout));
                }
                Sent::Request { series, number, tid, ask } => {
                    let Some((seat, next)) = line.dialog else {
                        out.says.push(Say::Error(*number, 101));
                        continue;
                    };
                    if *series != 0 || *number != next {
                        self.end(line, &mut out, End::Gap);
                    } else {
                        line.dialog = Some((seat, next + 1));
                        if let Err(code) = self.request(seat, *number, *tid, ask, now_ns, &mut out) {
                            out.says.push(Say::Error(*number, code));
                        }
                    }
                }
            }
            if out.end.is_some() {
                break; // who leaves is not listened to any more
            }
        }
        out
    }

    fn login(&mut self, line: &mut Line, login: &Login, out: &mut Outcome) -> Result<(), u16> {
        if !self.is_active() {
            return Err(103);
        }
        if ![DIALOG, PRIVATE, BROADCAST].contains(&login.flag) {
            return Err(109);
        }
        let timeout = login.timeout.ok_or(109_u16)?;
        let seat = login.seat.ok_or(102_u16)?;
        let known = &self.seats[seat];
        if login.participant != Some(known.participant) || known.address.is_some_and(|at| Some(at) != line.peer) {
            return Err(102);
        }
        match &login.proof {
            Some((nonce, is_right)) if line.nonce == Some(*nonce) && *is_right => {}
            None if !self.takes_passwords => return Err(112),
            None if login.password != known.secret => return Err(102),
            None => {}
            Some(_) => return Err(112),
        }
        if known.blocked {
            return Err(104);
        }
        let is_anothers = line.participant.is_some_and(|present| present != known.participant);
        let is_other_user = login.flag == DIALOG && line.dialog.is_some_and(|(present, _)| present != seat);
        if is_anothers || is_other_user {
            return Err(114);
        }
        let mut void = None;
        if login.flag == DIALOG {
            line.dialog = line.dialog.or(Some((seat, 1)));
        } else {
            let (place, series) = match login.flag {
                BROADCAST => (0, 1),
                _ => (1 + known.participant, known.participant as u16 + 2),
            };
            let cursor = if login.flag == BROADCAST { &line.broadcast } else { &line.private };
            let is_first = cursor.is_none();
            if login.start.is_some_and(|(named, _)| named != series) {
                return Err(110);
            }
            if login.start.is_some() || is_first {
                let received = login.start.map_or(0, |(_, number)| number);
                let (next, cancelled) = self.resume(place, login.epoch, received)?;
                void = cancelled.map(|(center, first, last)| Say::Void(series, center, first, last));
                let cursor = if login.flag == BROADCAST { &mut line.broadcast } else { &mut line.private };
                *cursor = Some((seat, next));
            }
        }
        line.participant = Some(known.participant);
        line.timeout = if (1..=100).contains(&timeout) { timeout } else { 10 };
        out.says.push(Say::Login(line.timeout));
        out.says.extend(void);
        Ok(())
    }

    /// The message told next, and what is void before it: data centre, first, last.
    #[expect(clippy::type_complexity, reason = "named in the line above")]
    fn resume(&self, place: usize, named: Option<u32>, received: u32) -> Result<(u32, Option<(u32, u32, u32)>), u16> {
        let (first, present) = (&self.reigns[0], self.epoch());
        let epoch = named.filter(|epoch| *epoch != 0).unwrap_or(first.epoch);
        if epoch > present {
            return Err(103);
        }
        let count = self.counts[place];
        if received == FROM_NOW {
            return Ok((count + 1, None));
        }
        if epoch == present {
            return Ok((received.min(count) + 1, None));
        }
        // What counts of an epoch that was not here is what counts of the last one before it.
        let (mut counts, mut center) = (0, 0);
        for reign in self.reigns.iter().filter(|reign| reign.epoch <= epoch) {
            counts = reign.counts[place];
            center = if reign.epoch == epoch { reign.data_center } else { 0 };
        }
        let void = (received > counts).then_some((center, counts + 1, received));
        Ok((received.min(counts) + 1, void))
    }

    fn logout(
        &mut self,
        line: &mut Line,
        flag: u8,
        participant: Option<usize>,
        seat: Option<usize>,
        out: &mut Outcome,
    ) -> Result<(), u16> {
        if participant.is_none() || participant != line.participant {
            return Err(113);
        }
        let present = match flag {
            DIALOG => line.dialog,
            PRIVATE => line.private,
            BROADCAST => line.broadcast,
            _ => return Err(109),
        };
        if present.is_none() || present.map(|(seat, _)| seat) != seat {
            return Err(113);
        }
        match flag {
            DIALOG => self.end_dialog(line, out),
            PRIVATE => line.private = None,
            _ => line.broadcast = None,
        }
        Ok(())
    }

    fn request(
        &mut self,
        seat: usize,
        number: u32,
        tid: Tid,
        ask: &Ask,
        now_ns: u64,
        out: &mut Outcome,
    ) -> Result<(), u16> {
        let known = &mut self.seats[seat];
        if !known.request(now_ns) {
            return Err(105);
        }
        match ask {
            Ask::NotOffered => return Err(108),
            Ask::Query { whole: false, .. } | Ask::Engine { whole: false, .. } => return Err(109),
            Ask::Query { outcome, .. } => {
                if out.queries.len() >= UNANSWERED_QUERIES {
                    return Err(115);
                }
                out.queries.push((number, tid, *outcome));
                return Ok(());
            }
            Ask::Engine { own: false, .. } | Ask::Password { own: false, .. } => return Err(107),
            Ask::Engine { items: false, .. } => return Err(109),
            Ask::Engine { .. } => {}
            Ask::Password { new, .. } if new.is_empty() => return Err(109),
            Ask::Password { old, .. } if *old != known.secret => return Err(102),
            Ask::Password { .. } => {}
        }
        if known.in_flight != 0 && out.in_flight[seat] >= known.in_flight {
            return Err(106);
        }
        out.in_flight[seat] += 1;
        if let Ask::Password { new, .. } = ask {
            out.secrets.push((out.requests, seat, new.clone()));
        }
        out.logged.push(Logged::Request(seat, number, tid));
        out.answers.push((number, out.requests));
        out.requests += 1;
        Ok(())
    }

    /// The exchange ends a connection.
    fn end(&self, line: &mut Line, out: &mut Outcome, why: End) {
        self.end_dialog(line, out);
        out.end = Some(why);
        line.is_open = false;
    }

    /// What a dialog has asked is nobody's any more when it ends.
    pub fn end_dialog(&self, line: &mut Line, out: &mut Outcome) {
        let Some((seat, _)) = line.dialog.take() else { return };
        out.answers.clear();
        out.queries.clear();
        if self.seats[seat].cancels && self.is_active() {
            out.logged.push(Logged::Disconnect(seat));
        }
    }

    /// One of a line's streams is a seat's.
    pub fn is_of(line: &Line, seat: usize) -> bool {
        [line.dialog, line.private, line.broadcast].iter().flatten().any(|(present, _)| *present == seat)
    }
}
