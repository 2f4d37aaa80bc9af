//! The draft: the events of one command, and the counters that they take from. A decision that depends on its own earlier
//! events (the last price within a sweep, the numbers of private streams) finds them here; evolve must arrive at the same.

use super::matching::Party;
use super::plain_rejected;
use crate::event::{EndReason, Ended, Event, SystemId, Traded};
use crate::orders::yesterday_of;
use crate::reject::Reject;
use crate::state::State;
use crate::types::{
    InstrumentIndex, OrderKey, ParticipantIndex, Price, Sequence, Stamp, StreamNumber, TradeKey, Volume,
};

/// How OrderSysId and TradeId are written: the prefix, 13 digits of the sequence, 6 digits of the index in its frame.
/// The prefix tells whose ids they are: two systems that decide one after the other never write the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdStyle {
    /// The first character.
    pub prefix: u8,
}

/// Events that a draft has room for from the start; only an auction or a mass event makes more.
const EVENT_ROOM: usize = 4096;

/// Room for the events of one command. Made once and used again.
pub struct Draft {
    events: Vec<Event>,
    ids: IdText,
    orders: u32,
    trades: u32,
    /// Private messages of this frame, by participant.
    issued: Vec<u32>,
    issued_to: Vec<ParticipantIndex>,
    broadcast: StreamNumber,
    /// Instruments that traded in this frame, with the price at which they did so last.
    lasts: Vec<(InstrumentIndex, Price)>,
}

impl Draft {
    /// Room, empty.
    #[must_use]
    pub fn new(ids: IdStyle) -> Self {
        Draft {
            events: Vec::with_capacity(EVENT_ROOM),
            ids: IdText::new(ids),
            orders: 0,
            trades: 0,
            issued: vec![],
            issued_to: vec![],
            broadcast: StreamNumber(0),
            lasts: Vec::with_capacity(1),
        }
    }

    /// What was decided, in order.
    #[inline]
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Asserts that evolving the events arrived at the counters from which they were decided.
    ///
    /// # Panics
    /// If not: then decide and evolve disagree about a rule, and nothing further may be recorded.
    #[inline]
    pub fn assert_arrived(&self, state: &State) {
        assert!(state.broadcast_count() == self.broadcast, "decide and evolve disagree about the broadcast stream");
        for &participant in &self.issued_to {
            let issued = self.issued[usize::from(participant.0)];
            assert!(issued == state.private_count(participant).0, "decide and evolve disagree about a private stream");
        }
        for &(instrument, last) in &self.lasts {
            assert!(state.last_price(instrument) == Some(last), "decide and evolve disagree about a last price");
        }
    }
}

/// Writes the events of one command.
pub(super) struct Writer<'a> {
    pub(super) state: &'a State,
    pub(super) sequence: Sequence,
    draft: &'a mut Draft,
}

impl<'a> Writer<'a> {
    /// Begins a command's events; what the draft held is forgotten.
    #[inline]
    pub(super) fn begin(state: &'a State, stamp: Stamp, draft: &'a mut Draft) -> Self {
        draft.events.clear();
        draft.lasts.clear();
        for participant in draft.issued_to.drain(..) {
            draft.issued[usize::from(participant.0)] = 0;
        }
        let participants = state.day.map_or(0, |day| usize::from(day.participants));
        if draft.issued.len() < participants {
            draft.issued.resize(participants, 0);
            draft.issued_to.reserve(participants);
        }
        draft.orders = 0;
        draft.trades = 0;
        draft.broadcast = state.broadcast;
        Writer { state, sequence: stamp.sequence, draft }
    }

    #[inline]
    pub(super) fn push(&mut self, event: impl Into<Event>) {
        self.draft.events.push(event.into());
    }

    /// Whether nothing was written yet.
    pub(super) fn is_empty(&self) -> bool {
        self.draft.events.is_empty()
    }

    /// The command is refused; marks nothing.
    #[cold]
    pub(super) fn reject(&mut self, reject: Reject) {
        self.push(plain_rejected(reject));
    }

    /// What holds of every decision.
    #[inline]
    pub(super) fn finish(&self) {
        assert!(!self.is_empty(), "every command has an event");
    }

    /// The next number in a participant's private stream.
    #[inline]
    pub(super) fn private_number(&mut self, participant: ParticipantIndex) -> StreamNumber {
        let issued = &mut self.draft.issued[usize::from(participant.0)];
        if *issued == 0 {
            self.draft.issued_to.push(participant);
            *issued = self.state.private_count(participant).0;
        }
        *issued = issued.checked_add(1).expect("a day has fewer than 2^32 private messages");
        StreamNumber(*issued)
    }

    /// The next number in the broadcast stream.
    pub(super) fn broadcast_number(&mut self) -> StreamNumber {
        self.draft.broadcast.0 =
            self.draft.broadcast.0.checked_add(1).expect("a day has fewer than 2^32 broadcast messages");
        self.draft.broadcast
    }

    /// Index, key and OrderSysId of this frame's next order.
    #[inline]
    pub(super) fn next_order(&mut self) -> (u32, OrderKey, SystemId) {
        let index = self.draft.orders;
        self.draft.orders += 1;
        (index, OrderKey::new(self.sequence, index), self.draft.ids.write(self.sequence, index))
    }

    /// Two parties trade.
    #[inline]
    pub(super) fn trade(&mut self, aggressor: u8, buy: &mut Party, sell: &mut Party, price: Price, volume: u32) {
        let index = self.draft.trades;
        assert!(index >> crate::types::KEY_INDEX_BITS == 0, "a frame has fewer than 2^24 trades");
        self.draft.trades += 1;
        let trade_id = self.draft.ids.write(self.sequence, index);
        let [buy_yesterday, sell_yesterday] = [&mut *buy, &mut *sell].map(|party| {
            let yesterday = yesterday_of(volume, party.remaining, party.yesterday, self.state.close_today_first);
            party.remaining -= volume;
            party.yesterday -= yesterday;
            party.traded += volume;
            party.last_price = price;
            Volume(yesterday)
        });
        // Buyer's private number first, then seller's. RULES.md, Matching in continuous trading.
        let buy_number = self.private_number(buy.participant);
        let sell_number = self.private_number(sell.participant);
        self.push(Traded {
            aggressor,
            index,
            buy: buy.key,
            sell: sell.key,
            price,
            volume: Volume(volume),
            buy_remaining: Volume(buy.remaining),
            sell_remaining: Volume(sell.remaining),
            buy_yesterday,
            sell_yesterday,
            buy_number,
            sell_number,
            trade_id,
            ..Traded::zero()
        });
        debug_assert!(TradeKey::new(self.sequence, index).0 != 0);
    }

    /// Remembers at what price an instrument traded last in this frame.
    #[inline]
    pub(super) fn traded_last(&mut self, instrument: InstrumentIndex, price: Price) {
        self.draft.lasts.push((instrument, price));
    }

    /// An order ends with what it has left.
    #[inline]
    pub(super) fn end(&mut self, party: &Party, reason: EndReason) {
        let private_number = self.private_number(party.participant);
        self.push(Ended {
            reason: reason as u8,
            order: party.key,
            released: Volume(party.remaining),
            yesterday: Volume(party.yesterday),
            traded: Volume(party.traded),
            last_price: party.last_price,
            private_number,
            ..Ended::zero()
        });
    }
}

/// Writes ids of an [`IdStyle`]. Frames come one after the other, so that the digits of the sequence are mostly counted on.
struct IdText {
    text: SystemId,
    sequence: Sequence,
}

/// Where the digits of the sequence end.
const SEQUENCE_END: usize = 14;
/// Digits of the index; beyond that many its first character is a letter.
const INDEX_DIGITS: u32 = 6;

impl IdText {
    fn new(style: IdStyle) -> Self {
        let mut text = [b'0'; 20];
        text[0] = style.prefix;
        IdText { text, sequence: Sequence(0) }
    }

    #[inline]
    fn write(&mut self, sequence: Sequence, index: u32) -> SystemId {
        if sequence != self.sequence {
            self.set(sequence);
        }
        if index == 0 {
            return self.text;
        }
        self.with_index(index)
    }

    #[inline]
    fn set(&mut self, sequence: Sequence) {
        let next = sequence.0 == self.sequence.0 + 1;
        self.sequence = sequence;
        if !next {
            return write_digits(&mut self.text[1..SEQUENCE_END], sequence.0);
        }
        for digit in self.text[1..SEQUENCE_END].iter_mut().rev() {
            if *digit != b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
    }

    fn with_index(&self, index: u32) -> SystemId {
        let mut text = self.text;
        let field = &mut text[SEQUENCE_END..];
        match index.checked_sub(10u32.pow(INDEX_DIGITS)) {
            None => write_digits(field, u64::from(index)),
            // An auction of more than a million trades: a letter and five digits, then more letters. 2^24 are 160 letters, so
            // the second character counts on from the digits too.
            Some(beyond) => {
                let (high, low) = (beyond / 10_000, beyond % 10_000);
                field[0] = b'A' + (high / 62) as u8;
                field[1] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(high % 62) as usize];
                write_digits(&mut field[2..], u64::from(low));
            }
        }
        text
    }
}

fn write_digits(field: &mut [u8], mut number: u64) {
    for digit in field.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    assert!(number == 0, "the id has room for every sequence of a day");
}

#[cfg(test)]
mod tests {
    use super::{IdStyle, IdText, Sequence};
    use crate::orders::key_in_text;
    use crate::types::OrderKey;

    #[test]
    fn ids_are_prefix_sequence_and_index_however_the_frames_come() {
        let mut ids = IdText::new(IdStyle { prefix: b'B' });
        for sequence in [1, 2, 3, 9, 10, 11, 99, 100, 98, 98, 999_999, 1_000_000, 123_456_789_012] {
            for index in [0, 1, 9, 10, 999_999] {
                let text = ids.write(Sequence(sequence), index);
                assert_eq!(std::str::from_utf8(&text), Ok(format!("B{sequence:013}{index:06}").as_str()));
                assert_eq!(key_in_text(&text), Some(OrderKey::new(Sequence(sequence), index)));
            }
        }
    }

    #[test]
    fn the_ids_of_a_frame_differ_beyond_six_digits_too() {
        let mut ids = IdText::new(IdStyle { prefix: b'B' });
        let mut seen = std::collections::BTreeSet::new();
        for index in (0..1 << 24).step_by(997).chain(999_990..1_000_010) {
            let text = ids.write(Sequence(7), index);
            assert!(text.iter().all(u8::is_ascii_alphanumeric), "{text:?}");
            seen.insert((text, index));
        }
        let texts: std::collections::BTreeSet<_> = seen.iter().map(|(text, _)| text).collect();
        let indices: std::collections::BTreeSet<_> = seen.iter().map(|(_, index)| index).collect();
        assert_eq!(texts.len(), indices.len());
    }
}
