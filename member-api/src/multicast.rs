//! Market data over UDP multicast: datagrams in, messages in order out, requests for what is missing (`dataplane/STREAMS.md`, Multicast; bytes
//! in [`ftd::datagram`]).
//!
//! [`Multicast`] has no socket: its host joins the group, hands in what arrives, and sends what [`Multicast::request`] gives to the sender's address.
//! Datagrams may be lost, doubled, or come in any order. Messages ahead of a gap wait, up to a limit; the rest is asked for again. A datagram
//! of a lower epoch is dropped; the first of a higher one brings the cut: what the dead core told behind it is taken back.
//! UDP proves nobody: whoever can send to the group can say anything, so the group is for a line that only the exchange sends on.

use crate::market::{MarketFeed, NotTaken};
use crate::order::{Nanoseconds, StreamNumber};
use ftd::datagram::{Carried, Datagram, HEADER_SIZE, PIECE_SIZE, PIECES_MAX, Reign};
use ftd::{ChainReader, Next, next_message};
use std::collections::BTreeMap;

/// Messages ahead of a gap that wait. What is further ahead is asked for when it is next.
const WAITING_MESSAGES: u32 = 1_024;
/// Bytes of them: three of the longest.
const WAITING_BYTES: usize = 3 * PIECES_MAX as usize * PIECE_SIZE;
/// Messages asked for at once; the exchange answers no more (`STREAMS.md`).
const ASKED_AT_ONCE: u32 = 64;
/// Time until the same is asked for again.
const ASK_AGAIN: Nanoseconds = Nanoseconds::milliseconds(20);

/// The receiver's side of the multicast.
#[derive(Debug)]
pub struct Multicast {
    feed: MarketFeed,
    reign: Reign,
    /// The last message there is, as far as heard.
    head: u32,
    waiting: BTreeMap<u32, Waiting>,
    waiting_bytes: usize,
    /// From which message on was asked last, and when.
    asked: Option<(u32, Nanoseconds)>,
    counters: MulticastCounters,
}

/// What a receiver did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MulticastCounters {
    /// Datagrams handed in.
    pub datagrams: u64,
    /// … that are none of ours, or carry what cannot be read.
    pub malformed: u64,
    /// … of a lower epoch, or another trading day.
    pub stale: u64,
    /// … that brought nothing new.
    pub repeated: u64,
    /// … too far ahead to be kept.
    pub ahead: u64,
    /// Messages taken.
    pub messages: u64,
    /// Requests made.
    pub requests: u64,
    /// Messages that a takeover made void.
    pub rolled_back: u64,
    /// Times that everything was forgotten, to begin anew.
    pub restarts: u64,
}

/// A message that is not taken yet.
#[derive(Debug)]
enum Waiting {
    Whole(Vec<u8>),
    Pieces { bytes: Vec<u8>, has: Vec<bool>, missing: u16 },
}

impl Waiting {
    fn size(&self) -> usize {
        match self {
            Waiting::Whole(bytes) | Waiting::Pieces { bytes, .. } => bytes.len(),
        }
    }
}

impl Multicast {
    /// A receiver that goes on behind the last message of `feed`, of a trading day (yyyymmdd). The feed's messages are of `epoch`; 0 if there are none.
    #[must_use]
    pub fn new(feed: MarketFeed, trading_day: u32, epoch: u32) -> Self {
        Multicast {
            head: feed.last().0,
            feed,
            reign: Reign { epoch, trading_day, ..Reign::default() },
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            asked: None,
            counters: MulticastCounters::default(),
        }
    }

    /// The market as told so far.
    #[must_use]
    pub fn feed(&self) -> &MarketFeed {
        &self.feed
    }

    /// The market as told so far, to recover it by queries: what waits stays.
    pub fn feed_mut(&mut self) -> &mut MarketFeed {
        &mut self.feed
    }

    /// No gap is open: everything that the exchange is known to have told is taken.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.feed.last().0 >= self.head
    }

    /// The last message that there is known to be.
    #[must_use]
    pub fn head(&self) -> StreamNumber {
        StreamNumber(self.head)
    }

    /// The epoch heard last; 0 = none.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.reign.epoch
    }

    /// What it did so far.
    #[must_use]
    pub fn counters(&self) -> MulticastCounters {
        self.counters
    }

    /// Takes a datagram, whatever it is.
    pub fn datagram(&mut self, bytes: &[u8]) {
        self.counters.datagrams += 1;
        let Some(Datagram { reign, carried }) = Datagram::parse(bytes) else {
            self.counters.malformed += 1;
            return;
        };
        if reign.trading_day != self.reign.trading_day || reign.epoch < self.reign.epoch {
            self.counters.stale += 1;
            return;
        }
        if let Carried::Messages { first, count, bytes } = carried
            && !has_messages(first, count, bytes)
        {
            self.counters.malformed += 1;
            return;
        }
        if matches!(carried, Carried::Request { .. }) {
            // Another receiver's, astray.
            self.counters.malformed += 1;
            return;
        }
        if reign.epoch > self.reign.epoch {
            self.follow(reign);
        }
        match carried {
            Carried::Messages { first, count, bytes } => self.messages(first, count, bytes),
            Carried::Piece { number, piece, pieces, bytes } => self.piece(number, piece, pieces, bytes),
            Carried::Heartbeat { last } => self.head = self.head.max(last),
            Carried::Request { .. } => {}
        }
        self.take();
    }

    /// The request that is due, if a gap is open: it goes to the sender's address and port.
    #[must_use]
    pub fn request(&mut self, now: Nanoseconds) -> Option<[u8; HEADER_SIZE]> {
        let first = self.feed.last().0.checked_add(1).filter(|first| *first <= self.head)?;
        if let Some((asked, at)) = self.asked
            && asked == first
            && now.since(at) < ASK_AGAIN
        {
            return None;
        }
        // Up to the first that is there whole.
        let whole = self.waiting.iter().find(|(_, waiting)| matches!(waiting, Waiting::Whole(_)));
        let end = whole.map_or(self.head, |(number, _)| number - 1);
        let count = (end - first + 1).min(ASKED_AT_ONCE) as u16;
        self.asked = Some((first, now));
        self.counters.requests += 1;
        let mut bytes = [0; HEADER_SIZE];
        Datagram { reign: self.reign, carried: Carried::Request { first, count } }.write(&mut bytes)?;
        Some(bytes)
    }

    /// Another core is the exchange.
    fn follow(&mut self, reign: Reign) {
        let last = self.feed.last().0;
        if self.reign.epoch != 0 {
            // Of an epoch that was skipped we do not know what counts of ours.
            let keep = if reign.epoch_before == self.reign.epoch { reign.cut } else { 0 };
            self.counters.rolled_back += u64::from(last.saturating_sub(keep));
            if !self.feed.roll_back(StreamNumber(keep.saturating_add(1))) {
                self.counters.restarts += 1;
            }
            self.drop_waiting(|number| number > keep);
            self.head = keep.max(self.feed.last().0);
        }
        self.reign = reign;
        self.asked = None;
    }

    fn messages(&mut self, first: u32, count: u16, bytes: &[u8]) {
        self.head = self.head.max(first + u32::from(count - 1));
        let mut at = 0;
        let mut is_news = false;
        for number in first..=first + u32::from(count - 1) {
            let length = message_length(&bytes[at..], number).expect("they were walked over before");
            is_news |= self.keep(number, length, || Waiting::Whole(bytes[at..at + length].to_vec()));
            at += length;
        }
        self.counters.repeated += u64::from(!is_news);
    }

    fn piece(&mut self, number: u32, piece: u16, pieces: u16, bytes: &[u8]) {
        self.head = self.head.max(number);
        let size = usize::from(pieces) * PIECE_SIZE;
        let fits = match self.waiting.get(&number) {
            Some(Waiting::Pieces { has, .. }) => has.len() == usize::from(pieces),
            Some(Waiting::Whole(_)) => false,
            None => self.keep(number, size, || Waiting::Pieces {
                bytes: vec![0; size],
                has: vec![false; pieces.into()],
                missing: pieces,
            }),
        };
        let Some(Waiting::Pieces { bytes: whole, has, missing }) = self.waiting.get_mut(&number).filter(|_| fits)
        else {
            self.counters.repeated += 1;
            return;
        };
        if std::mem::replace(&mut has[usize::from(piece)], true) {
            self.counters.repeated += 1;
            return;
        }
        let start = usize::from(piece) * PIECE_SIZE;
        whole[start..start + bytes.len()].copy_from_slice(bytes);
        if piece + 1 == pieces {
            whole.truncate(start + bytes.len());
            self.waiting_bytes -= PIECE_SIZE - bytes.len();
        }
        *missing -= 1;
        if *missing == 0 {
            let whole = std::mem::take(whole);
            self.waiting.insert(number, Waiting::Whole(whole));
        }
    }

    /// Keeps a message until its turn comes. False: it is there, or taken, or too far ahead.
    fn keep(&mut self, number: u32, size: usize, make: impl FnOnce() -> Waiting) -> bool {
        let last = self.feed.last().0;
        if number <= last {
            return false;
        }
        let is_next = number == last + 1;
        if number - last > WAITING_MESSAGES || (!is_next && self.waiting_bytes + size > WAITING_BYTES) {
            self.counters.ahead += 1;
            return false;
        }
        match self.waiting.get(&number) {
            Some(Waiting::Whole(_)) => return false,
            Some(waiting) => self.waiting_bytes -= waiting.size(),
            None => {}
        }
        self.waiting.insert(number, make());
        self.waiting_bytes += size;
        true
    }

    /// Hands on what is next and whole.
    fn take(&mut self) {
        while let Some((&number, Waiting::Whole(_))) = self.waiting.first_key_value() {
            let last = self.feed.last().0;
            if number > last.saturating_add(1) {
                return;
            }
            let Some((_, waiting)) = self.waiting.pop_first() else { return };
            self.waiting_bytes -= waiting.size();
            let Waiting::Whole(bytes) = waiting else { return };
            if number <= last {
                continue;
            }
            match self.feed.whole(StreamNumber(number), &bytes) {
                Ok(()) => self.counters.messages += 1,
                // Asked for again.
                Err(NotTaken::Malformed | NotTaken::Gap | NotTaken::Contradiction) => {
                    self.counters.malformed += 1;
                    return;
                }
            }
        }
    }

    fn drop_waiting(&mut self, mut is_void: impl FnMut(u32) -> bool) {
        self.waiting.retain(|number, _| !is_void(*number));
        self.waiting_bytes = self.waiting.values().map(Waiting::size).sum();
    }
}

/// Bytes of the whole message at the head of `bytes`, all its parts, if it has this number.
fn message_length(bytes: &[u8], number: u32) -> Option<usize> {
    let mut parts = ChainReader::new();
    let mut at = 0;
    loop {
        let Ok(Next::Message { length, message }) = next_message(&bytes[at..]) else { return None };
        if message.number().0 != number {
            return None;
        }
        at += length;
        if parts.accept(&message).ok()?.last {
            return Some(at);
        }
    }
}

/// The bytes are as many whole messages as said, with their numbers.
fn has_messages(first: u32, count: u16, bytes: &[u8]) -> bool {
    let mut at = 0;
    for number in first..=first + u32::from(count - 1) {
        let Some(length) = message_length(&bytes[at..], number) else { return false };
        at += length;
    }
    at == bytes.len()
}
