//! Requests: what waits to be sent, what is on its way, and what the private stream has not confirmed yet.
//!
//! A request is **open** until nothing can undo its outcome but a roll-back:
//!
//! ```text
//! insert     refused in the dialog, or the private stream told of the order
//! cancel     refused in the dialog, or accepted there and the private stream told that the order ended
//! quote, instruction, and their cancels   likewise
//! enquiry    answered in the dialog
//! readiness  answered in the dialog
//! ```
//!
//! When a connection is lost every open request waits again, in the order of the calls, which is the order first sent.

use crate::order::{LocalId, NewCancel, NewOrder, StreamNumber};
use std::collections::{BTreeSet, VecDeque};

/// Every request of the day, and which of them are where.
#[derive(Debug)]
pub(crate) struct Requests {
    pub all: Vec<Request>,
    pub cancels: Vec<Cancel>,
    /// Not settled, in the order of the calls.
    open: BTreeSet<u32>,
    /// To be sent, in this order.
    waiting: VecDeque<u32>,
    /// On their way: the answer to dialog number `flight_first + i` is the `i`-th's.
    flight: VecDeque<Option<u32>>,
    flight_first: StreamNumber,
    /// Of `flight`, those not answered.
    pub unanswered: usize,
    /// Rolled back, and not sent again yet.
    pub rolled_back: BTreeSet<u32>,
    /// The newest readiness report.
    readiness: Option<u32>,
}

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    pub what: What,
    /// It left at least once.
    pub was_sent: bool,
}

/// What is asked.
#[derive(Debug)]
pub(crate) enum What {
    /// The order of the view at this place.
    Insert { order: u32 },
    /// A further order under a local id that is used already.
    Repeat { local_id: LocalId, sent: Box<NewOrder> },
    /// The cancel at this place.
    Cancel { cancel: u32 },
    /// The quote, the enquiry or the instruction of the view at this place.
    Deal { deal: u32 },
    /// Readiness, with words.
    Readiness { readiness: Readiness, words: Box<str> },
}

/// A cancel of ours.
#[derive(Clone, Debug)]
pub(crate) struct Cancel {
    pub action_local_id: LocalId,
    pub sent: NewCancel,
    /// The order of the view that it is for, if it is one of ours.
    pub order: Option<u32>,
    /// The deal of the view that it is for.
    pub deal: Option<u32>,
    /// It names its order by our local id, also where the exchange's number is known.
    pub by_local_id: bool,
    /// The cancel of the same order or deal before this one.
    pub earlier: Option<u32>,
    pub request: u32,
    pub state: CancelState,
    pub reject: u16,
}

/// Where a cancel stands. The numbers are for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum CancelState {
    /// To be sent, or to be sent again.
    Waiting = 0,
    /// Sent; nothing heard.
    Sent = 1,
    /// Accepted, as the dialog said; the private stream has not told of the order's end yet.
    Accepted = 2,
    /// The order has ended.
    Done = 3,
    /// Refused.
    Rejected = 4,
    /// A takeover made its success void.
    RolledBack = 5,
}

/// What a member reports of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Readiness {
    /// 未就绪
    NotReady = ftd::value::readiness::NOT_READY,
    /// 就绪
    Ready = ftd::value::readiness::READY,
    /// 举手
    RaisedHand = ftd::value::readiness::RAISED_HAND,
}

impl Requests {
    pub fn new() -> Self {
        Requests {
            all: Vec::new(),
            cancels: Vec::new(),
            open: BTreeSet::new(),
            waiting: VecDeque::new(),
            flight: VecDeque::new(),
            flight_first: StreamNumber(1),
            unanswered: 0,
            rolled_back: BTreeSet::new(),
            readiness: None,
        }
    }

    /// Puts a request at the end of what waits.
    pub fn add(&mut self, what: What) -> u32 {
        let index = u32::try_from(self.all.len()).expect("a member's day has fewer than 2^32 requests");
        if matches!(what, What::Readiness { .. })
            && let Some(earlier) = self.readiness.replace(index)
            && !self.all[earlier as usize].was_sent
        {
            // Only the newest report counts.
            self.settle(earlier);
            self.waiting.retain(|&waiting| waiting != earlier);
        }
        self.all.push(Request { what, was_sent: false });
        self.open.insert(index);
        self.waiting.push_back(index);
        index
    }

    pub fn add_cancel(&mut self, cancel: Cancel) -> u32 {
        let index = u32::try_from(self.cancels.len()).expect("a member's day has fewer than 2^32 cancels");
        let request = self.add(What::Cancel { cancel: index });
        self.cancels.push(Cancel { request, ..cancel });
        index
    }

    /// The next request to leave; of those that are not orders or cancels, if these are held.
    pub fn next_waiting(&mut self, held: bool) -> Option<u32> {
        if !held {
            return self.waiting.pop_front();
        }
        let report = |&request: &u32| matches!(self.all[request as usize].what, What::Readiness { .. });
        let place = self.waiting.iter().position(report)?;
        self.waiting.remove(place)
    }

    /// Open requests that have left or wait, in the order of the calls.
    pub fn open(&self) -> Vec<u32> {
        self.open.iter().copied().collect()
    }

    pub fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    pub fn open_count(&self) -> usize {
        self.open.len()
    }

    /// Puts a request on its way and gives its dialog number. JR/T 0016 §5.2.1.3: from 1, without gaps.
    pub fn depart(&mut self, request: u32) -> StreamNumber {
        let number = self.flight_first.0 + u32::try_from(self.flight.len()).expect("fewer than the in-flight limit");
        self.flight.push_back(Some(request));
        self.unanswered += 1;
        self.all[request as usize].was_sent = true;
        StreamNumber(number)
    }

    /// The request that was put on its way last did not leave after all.
    pub fn take_back(&mut self, request: u32) {
        let last = self.flight.pop_back();
        assert_eq!(last, Some(Some(request)), "only the last one can be taken back");
        self.unanswered -= 1;
    }

    /// The request that the answer with this dialog number is for, once.
    pub fn arrive(&mut self, number: StreamNumber) -> Option<u32> {
        let place = number.0.checked_sub(self.flight_first.0)?;
        let request = self.flight.get_mut(place as usize)?.take()?;
        self.unanswered -= 1;
        while self.flight.front() == Some(&None) {
            self.flight.pop_front();
            self.flight_first.0 += 1;
        }
        Some(request)
    }

    pub fn settle(&mut self, request: u32) {
        self.open.remove(&request);
        if self.readiness == Some(request) {
            self.readiness = None;
        }
    }

    /// A request that counts as never sent waits again.
    pub fn open_again(&mut self, request: u32) {
        self.open.insert(request);
        self.rolled_back.remove(&request);
    }

    /// A new connection: its dialog numbers begin at 1, and everything open waits.
    pub fn begin_anew(&mut self) {
        self.flight.clear();
        self.flight_first = StreamNumber(1);
        self.unanswered = 0;
        let newest = self.readiness;
        let stale: Vec<u32> = self
            .open
            .iter()
            .copied()
            .filter(|&request| {
                matches!(self.all[request as usize].what, What::Readiness { .. }) && Some(request) != newest
            })
            .collect();
        for request in stale {
            self.open.remove(&request);
        }
        self.waiting.clear();
        self.waiting.extend(self.open.iter().copied());
    }

    /// Something waits to be sent.
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Puts an opened request among those that wait, at its place in the order of the calls.
    pub fn wait(&mut self, request: u32) {
        let place = self.waiting.partition_point(|&waiting| waiting < request);
        self.waiting.insert(place, request);
    }
}
