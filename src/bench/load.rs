//! The load: orders at a constant rate whatever the service does (open loop), and what became of each.
//!
//! Order i is due at `begin + i / rate`. When the service falls behind, orders wait at the member that is to send them, and
//! the time they wait is theirs: latency is the answer's time minus the planned time, for every order (no coordinated
//! omission). An order that is not answered a second after the last one was due is dropped, and counted by cause.

use crate::bench::flow::{Flow, Mix, REQUEST_BYTES};
use crate::bench::market::{MEMBER_PORT, PASSWORD, participant_id, user_id};
use crate::bench::wire::{SEGMENT_BYTES, Wire};
use ftd::field::ReqUserLoginField;
use ftd::value::data_flow_flag;
use ftd::{MessageWriter, Next, SequenceNumber, Series, next_message, tid};
use hdrhistogram::Histogram;
use net::Instant;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddrV4};

/// How long after the last planned time an answer still counts.
pub const PATIENCE_NS: u64 = 1_000_000_000;
/// A minute: beyond it a latency is an outage.
pub const LONGEST_NS: u64 = 60_000_000_000;
/// Most members: their number is in their address, and they log in within a second.
pub const MEMBERS_MAX: u16 = 4_096;
/// In the place of a planned time: an order that is not recorded.
const WARM_UP: u64 = u64::MAX;
/// Seconds that the exchange waits for a word of ours: longer than any pause of a bench.
const TIME_OUT_SECONDS: i64 = 100;

/// The members and what they have under way.
pub struct Load<W: Wire> {
    wire: W,
    flow: Flow,
    members: Vec<Member>,
    rate: u64,
    /// Orders in all; the first of them warm up and are not in the histogram.
    orders: u64,
    warm_up: u64,
    begin_ns: u64,
    /// The next order to become due.
    next: u64,
    /// Members with orders that are due, each once.
    pressed: Vec<u16>,
    latency: Histogram<u64>,
    counts: Counts,
    logins: u32,
}

/// What became of the orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Due until the end: what was to be sent.
    pub planned: u64,
    /// Answered.
    pub answered: u64,
    /// Never left: the service had closed the window.
    pub not_taken: u64,
    /// Left and were not answered in time.
    pub not_answered: u64,
    /// On connections that broke.
    pub broken: u64,
    /// Answered with Error, by the session or the rules; counted as answered, too.
    pub refused: u64,
    /// Bytes of the service's that made no sense: a fault.
    pub malformed: u64,
}

impl Counts {
    /// Orders without an answer.
    #[must_use]
    pub fn drops(&self) -> u64 {
        self.not_taken + self.not_answered + self.broken
    }

    /// Adds another day's.
    pub fn add(&mut self, other: &Counts) {
        self.planned += other.planned;
        self.answered += other.answered;
        self.not_taken += other.not_taken;
        self.not_answered += other.not_answered;
        self.broken += other.broken;
        self.refused += other.refused;
        self.malformed += other.malformed;
    }
}

struct Member {
    /// Number of its last request.
    request: u32,
    /// Planned times of what is due and not sent.
    due: VecDeque<u64>,
    /// Planned times of what is sent and not answered; requests are answered in their order.
    under_way: VecDeque<u64>,
    /// The beginning of a message whose end has not come.
    rest: Vec<u8>,
    is_pressed: bool,
}

impl<W: Wire> Load<W> {
    /// Members who have not connected. `orders` at `rate` a second, of which the first `warm_up` are not recorded.
    pub fn new(wire: W, members: u16, mix: Mix, seed: u64, rate: u64, orders: u64, warm_up: u64) -> Load<W> {
        let member = || Member {
            request: 0,
            due: VecDeque::with_capacity(1_024),
            under_way: VecDeque::with_capacity(1_024),
            rest: Vec::with_capacity(2 * SEGMENT_BYTES),
            is_pressed: false,
        };
        Load {
            wire,
            flow: Flow::new(mix, members, seed),
            members: (0..members).map(|_| member()).collect(),
            rate,
            orders,
            warm_up,
            begin_ns: 0,
            next: 0,
            pressed: Vec::with_capacity(members.into()),
            latency: Histogram::new_with_bounds(1, LONGEST_NS, 3).expect("the bounds are in order"),
            counts: Counts::default(),
            logins: 0,
        }
    }

    /// Connects and logs in every member, on all streams, and puts the resting orders into the books; `round` lets the service
    /// work, and says what time it is.
    ///
    /// # Errors
    /// The service does not let them in.
    pub fn join(&mut self, core: Ipv4Addr, mix: &Mix, mut round: impl FnMut(&mut W) -> Instant) -> Result<(), String> {
        let remote = SocketAddrV4::new(core, MEMBER_PORT);
        let now = round(&mut self.wire);
        self.wire.connect(remote, now)?;
        let all = self.members.len();
        self.until("every member is connected", &mut round, |load| (0..all).all(|member| load.wire.is_open(member)))?;
        let mut buffer = [0; REQUEST_BYTES];
        for member in 0..all {
            for flag in [data_flow_flag::DIALOG, data_flow_flag::PRIVATE, data_flow_flag::BROADCAST] {
                let length = login(member as u16, flag, &mut buffer);
                while !self.wire.send(member, &buffer[..length]) {
                    self.step(&mut round);
                }
            }
            self.step(&mut round);
        }
        let logins = 3 * all as u32;
        self.until("every member is logged in", &mut round, |load| load.logins == logins)?;
        for order in 0..mix.resting() {
            let member = order as usize % all;
            self.members[member].request += 1;
            let number = self.members[member].request;
            let length = self.flow.write_resting(member, number, &mut buffer);
            while !self.wire.send(member, &buffer[..length]) {
                self.step(&mut round);
            }
            self.members[member].under_way.push_back(WARM_UP);
            if member + 1 == all {
                self.step(&mut round);
            }
        }
        self.until("the books are full", &mut round, |load| load.in_flight() == 0)?;
        if self.counts.refused > 0 {
            return Err(format!("{} of the {} resting orders were refused", self.counts.refused, mix.resting()));
        }
        self.flow.sent = [0; 3];
        self.counts = Counts::default();
        Ok(())
    }

    fn until(
        &mut self,
        what: &str,
        round: &mut impl FnMut(&mut W) -> Instant,
        mut done: impl FnMut(&mut Self) -> bool,
    ) -> Result<(), String> {
        let begin = std::time::Instant::now();
        while !done(self) {
            if begin.elapsed().as_secs() >= 20 || self.wire.lost() > 0 {
                let lost = self.wire.lost();
                return Err(format!("it did not come to pass that {what}; {lost} connections were lost"));
            }
            self.step(round);
        }
        Ok(())
    }

    fn step(&mut self, round: &mut impl FnMut(&mut W) -> Instant) {
        let now = round(&mut self.wire);
        self.hear(now, || 0);
        self.wire.flush(now, true);
    }

    /// The first order is due now.
    pub fn begin(&mut self, now_ns: u64) {
        self.begin_ns = now_ns;
    }

    /// When the next order is due; None: there are no more.
    #[inline]
    #[must_use]
    pub fn next_due_ns(&self) -> Option<u64> {
        (self.next < self.orders).then(|| self.planned_ns(self.next))
    }

    /// After this nothing counts any more.
    #[must_use]
    pub fn end_ns(&self) -> u64 {
        self.planned_ns(self.orders) + PATIENCE_NS
    }

    fn planned_ns(&self, order: u64) -> u64 {
        self.begin_ns + (u128::from(order) * 1_000_000_000 / u128::from(self.rate)) as u64
    }

    /// Orders that are due become requests, as far as the windows let them. Returns how many left.
    pub fn send(&mut self, now: Instant, now_ns: u64) -> u64 {
        let all = self.members.len() as u64;
        while self.next < self.orders {
            let planned = self.planned_ns(self.next);
            if planned > now_ns {
                break;
            }
            let index = (self.next % all) as u16;
            let member = &mut self.members[usize::from(index)];
            member.due.push_back(if self.next < self.warm_up { WARM_UP } else { planned });
            if !std::mem::replace(&mut member.is_pressed, true) {
                self.pressed.push(index);
            }
            self.next += 1;
            self.counts.planned += 1;
        }
        self.send_pressed(now)
    }

    /// Orders of every member that are due at once, and that nobody times.
    pub fn press(&mut self, orders_a_member: u32) {
        for index in 0..self.members.len() {
            let member = &mut self.members[index];
            member.due.extend(std::iter::repeat_n(WARM_UP, orders_a_member as usize));
            if !std::mem::replace(&mut member.is_pressed, true) {
                self.pressed.push(index as u16);
            }
        }
        self.counts.planned += u64::from(orders_a_member) * self.members.len() as u64;
    }

    /// What is due becomes requests, as far as the windows let it. Returns how many orders left.
    pub fn send_pressed(&mut self, now: Instant) -> u64 {
        let mut sent = 0;
        let mut pressed = std::mem::take(&mut self.pressed);
        pressed.retain(|&index| {
            sent += self.send_due(index.into());
            let member = &mut self.members[usize::from(index)];
            member.is_pressed = !member.due.is_empty();
            member.is_pressed
        });
        self.pressed = pressed;
        self.wire.flush(now, false);
        sent
    }

    /// What a member has to send, in as few segments as it fits into.
    fn send_due(&mut self, index: usize) -> u64 {
        let Load { wire, flow, members, .. } = self;
        let member = &mut members[index];
        let mut buffer = [0; SEGMENT_BYTES];
        let mut sent = 0;
        while !member.due.is_empty() {
            // The window is asked for before an order is written: what is written is sent.
            if !wire.has_room(index, REQUEST_BYTES) {
                break;
            }
            let (mut length, mut count) = (0, 0);
            while count < member.due.len() && buffer.len() - length >= REQUEST_BYTES {
                if count > 0 && !wire.has_room(index, length + REQUEST_BYTES) {
                    break;
                }
                member.request += 1;
                length += flow.write_next(index, member.request, &mut buffer[length..]);
                count += 1;
            }
            let is_sent = wire.send(index, &buffer[..length]);
            assert!(is_sent, "there was room for it");
            member.under_way.extend(member.due.drain(..count));
            sent += count as u64;
        }
        sent
    }

    /// Takes in what the service has said; `clock` says when it came.
    pub fn hear(&mut self, now: Instant, clock: impl Fn() -> u64) {
        let Load { wire, members, latency, counts, logins, .. } = self;
        wire.poll(now, |index, bytes| {
            let now_ns = clock();
            let member = &mut members[index];
            if member.rest.is_empty() {
                let used = member.take(bytes, now_ns, latency, counts, logins);
                member.rest.extend_from_slice(&bytes[used..]);
            } else {
                let mut rest = std::mem::take(&mut member.rest);
                rest.extend_from_slice(bytes);
                let used = member.take(&rest, now_ns, latency, counts, logins);
                rest.drain(..used);
                member.rest = rest;
            }
        });
    }

    /// Acknowledges everything: nothing will happen for a while.
    pub fn settle(&mut self, now: Instant) {
        self.wire.flush(now, true);
    }

    /// Orders that are sent and not answered.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.members.iter().map(|member| member.under_way.len() as u64).sum()
    }

    /// Every order was answered.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.next == self.orders && self.counts.answered == self.counts.planned
    }

    /// Answered or not, all that was due: nothing is under way.
    #[inline]
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.counts.answered == self.counts.planned
    }

    /// How many members there are.
    #[must_use]
    pub fn member_count(&self) -> u64 {
        self.members.len() as u64
    }

    /// Orders that were answered so far.
    #[must_use]
    pub fn progress(&self) -> u64 {
        self.counts.answered
    }

    /// The end: what has no answer has none. The warm-up is left out of all counts but the flow's.
    pub fn finish(mut self) -> (Histogram<u64>, Counts, [u64; 3]) {
        let measured = self.orders - self.warm_up;
        self.counts.planned = measured;
        self.counts.answered = self.latency.len();
        self.counts.not_taken = (self.orders - self.next).min(measured);
        for (index, member) in self.members.iter().enumerate() {
            let count = |times: &VecDeque<u64>| times.iter().filter(|time| **time != WARM_UP).count() as u64;
            let (due, under_way) = (count(&member.due), count(&member.under_way));
            if self.wire.is_open(index) {
                self.counts.not_taken += due;
                self.counts.not_answered += under_way;
            } else {
                self.counts.broken += due + under_way;
            }
        }
        (self.latency, self.counts, self.flow.sent)
    }
}

impl Member {
    /// Whole messages from the head of `bytes`; returns how many bytes those were.
    fn take(
        &mut self,
        bytes: &[u8],
        now_ns: u64,
        latency: &mut Histogram<u64>,
        counts: &mut Counts,
        logins: &mut u32,
    ) -> usize {
        let mut at = 0;
        loop {
            match next_message(&bytes[at..]) {
                Ok(Next::NeedMore) => return at,
                Ok(Next::Skip { length, .. } | Next::Heartbeat { length }) => at += length,
                Ok(Next::Message { length, message }) => {
                    at += length;
                    if message.series() != Series::DIALOG {
                        continue; // a private stream's, or the broadcast's
                    }
                    match message.tid() {
                        tid::USER_LOGIN => *logins += 1,
                        tid::ORDER_INSERT | tid::ORDER_ACTION | tid::ERROR => {
                            let Some(planned) = self.under_way.pop_front() else {
                                counts.malformed += 1;
                                continue;
                            };
                            counts.answered += 1;
                            counts.refused += u64::from(message.tid() == tid::ERROR);
                            if planned != WARM_UP {
                                latency.saturating_record(now_ns.saturating_sub(planned).max(1));
                            }
                        }
                        _ => {}
                    }
                }
                Err(_) => {
                    counts.malformed += 1;
                    return bytes.len();
                }
            }
        }
    }
}

fn login(member: u16, flag: u8, buffer: &mut [u8]) -> usize {
    let mut login = ReqUserLoginField::BLANK;
    login.data_flow_flag.set(flag);
    login.participant_id = participant_id(member).into();
    login.user_id = user_id(member).into();
    login.password.set(PASSWORD).expect("it fits");
    login.time_out.set(TIME_OUT_SECONDS).expect("it fits");
    let mut message = MessageWriter::new(buffer, tid::USER_LOGIN, Series::DIALOG, SequenceNumber(0))
        .expect("the buffer holds a login");
    message.push_copy(&login).expect("the buffer holds a login");
    message.finish()
}
