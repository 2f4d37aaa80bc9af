//! The draft: the events of one command, and the counters that they take from. A decision that depends on its own earlier
//! events (the last price within a sweep, the numbers of private streams) finds them here; evolve must arrive at the same.

use super::matching::Party;
use super::plain_rejected;
use crate::event::{Accepted, EndReason, Ended, Event, Traded};
use crate::reject::Reject;
use crate::state::State;
use crate::system_id::Speller;
use crate::types::{
    InstrumentIndex, KEY_INDEX_BITS, OrderKey, ParticipantIndex, Price, Sequence, StreamNumber, Volume,
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
    ids: IdStyle,
    speller: Speller,
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
            ids,
            speller: Speller::new(),
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
        // What is left of an order and the numbers of private streams stand in the events: evolve asserts them one by one.
        assert!(state.broadcast_count() == self.broadcast, "decide and evolve disagree about the broadcast stream");
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
    pub(super) fn begin(state: &'a State, sequence: Sequence, draft: &'a mut Draft) -> Self {
        draft.events.clear();
        draft.lasts.clear();
        for participant in &draft.issued_to {
            draft.issued[usize::from(participant.0)] = 0;
        }
        draft.issued_to.clear();
        let participants = state.day.map_or(0, |day| usize::from(day.participants));
        if draft.issued.len() < participants {
            draft.issued.resize(participants, 0);
            draft.issued_to.reserve(participants);
        }
        draft.orders = 0;
        draft.trades = 0;
        draft.broadcast = state.broadcast;
        Writer { state, sequence, draft }
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

    /// An order is accepted. Gives its key.
    #[inline]
    pub(super) fn accept(&mut self, rests: bool, yesterday: u32, private_number: StreamNumber) -> OrderKey {
        let index = self.draft.orders;
        self.draft.orders += 1;
        let sys_id = self.draft.speller.spell(self.draft.ids.prefix, self.sequence, index);
        let event = Accepted::begin(&mut self.draft.events);
        event.rests = u8::from(rests);
        event.index = index;
        event.yesterday = Volume(yesterday);
        event.private_number = private_number;
        sys_id.write(&mut event.sys_id);
        OrderKey::new(self.sequence, index)
    }

    /// Two parties trade.
    #[inline]
    pub(super) fn trade(&mut self, aggressor: u8, buy: &mut Party, sell: &mut Party, price: Price, volume: u32) {
        let index = self.draft.trades;
        assert!(index >> KEY_INDEX_BITS == 0, "a frame has fewer than 2^24 trades");
        self.draft.trades += 1;
        let today_first = self.state.close_today_first;
        let (buy_yesterday, sell_yesterday) =
            (buy.trade(price, volume, today_first), sell.trade(price, volume, today_first));
        // Buyer's private number first, then seller's. RULES.md, Matching in continuous trading.
        let buy_number = self.private_number(buy.participant);
        let sell_number = self.private_number(sell.participant);
        let trade_id = self.draft.speller.spell(self.draft.ids.prefix, self.sequence, index);
        let event = Traded::begin(&mut self.draft.events);
        event.aggressor = aggressor;
        event.index = index;
        event.buy = buy.key;
        event.sell = sell.key;
        event.price = price;
        event.volume = Volume(volume);
        event.buy_remaining = Volume(buy.remaining);
        event.sell_remaining = Volume(sell.remaining);
        event.buy_yesterday = buy_yesterday;
        event.sell_yesterday = sell_yesterday;
        event.buy_number = buy_number;
        event.sell_number = sell_number;
        trade_id.write(&mut event.trade_id);
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
        let event = Ended::begin(&mut self.draft.events);
        event.reason = reason as u8;
        event.order = party.key;
        event.released = Volume(party.remaining);
        event.yesterday = Volume(party.yesterday);
        event.traded = Volume(party.traded);
        event.last_price = party.last_price;
        event.private_number = private_number;
    }
}
