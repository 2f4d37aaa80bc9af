//! The draft: the events of one command, and the counters that they take from. A decision that depends on its own earlier
//! events (the last price within a sweep, the numbers of private streams) finds them here; evolve must arrive at the same.

use super::matching::Party;
use super::plain_rejected;
use crate::event::{Accepted, BLANK_SYSTEM_ID, EndReason, Ended, Event, QuoteEnded, Rejected, SystemId, Traded};
use crate::hint::{Hint, Understood};
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
    places: Places,
    /// For which frame they were decided.
    sequence: Sequence,
    /// The member's order that was accepted, if one was.
    understood: Option<Understood>,
    rejected: Option<Reject>,
    ids: IdStyle,
    speller: Speller,
    orders: u32,
    trades: u32,
    /// Decisions so far.
    turn: u64,
    issued: Vec<Issued>,
    broadcast: StreamNumber,
    /// Instruments that traded in this frame, with the price at which they did so last.
    lasts: Vec<(InstrumentIndex, Price)>,
}

/// Private messages of a participant as far as a decision has come.
#[derive(Clone, Copy, Default)]
struct Issued {
    /// Which decision; in any other the number means nothing.
    turn: u64,
    number: u32,
}

impl Draft {
    /// Room, empty.
    ///
    /// # Panics
    /// If the ids' prefix is a NUL: in the state that means none.
    #[must_use]
    pub fn new(ids: IdStyle) -> Self {
        assert!(ids.prefix != 0, "an id begins with a character");
        Draft {
            places: Places { events: vec![Event::ZERO; EVENT_ROOM], hints: vec![Hint::NONE; EVENT_ROOM], count: 0 },
            sequence: Sequence(0),
            understood: None,
            rejected: None,
            ids,
            speller: Speller::new(),
            orders: 0,
            trades: 0,
            turn: 0,
            issued: vec![],
            broadcast: StreamNumber(0),
            lasts: Vec::with_capacity(1),
        }
    }

    /// What was decided, in order.
    #[inline]
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.places.events[..self.places.count]
    }

    /// The same, each with what its decision found; for the frame of `sequence`.
    #[inline]
    pub(crate) fn hinted(&self, sequence: Sequence) -> impl Iterator<Item = (&Event, &Hint)> {
        assert!(self.sequence == sequence, "the draft is of this frame");
        self.events().iter().zip(&self.places.hints)
    }

    /// The member's order that was accepted, if the command was one.
    #[inline]
    pub(crate) fn understood(&self) -> Option<&Understood> {
        self.understood.as_ref()
    }

    /// Why the command was refused; None: it was not.
    #[inline]
    #[must_use]
    pub fn rejected(&self) -> Option<Reject> {
        self.rejected
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

/// Where events are written, each with its hint. The places are there before: an event is filled in where it stays.
struct Places {
    events: Vec<Event>,
    hints: Vec<Hint>,
    /// How many of them this decision has used.
    count: usize,
}

impl Places {
    /// The place of the next event, which still holds an earlier decision's, and of its hint.
    #[inline(always)]
    fn next(&mut self) -> (&mut Event, &mut Hint) {
        let at = self.count;
        if at < self.events.len() && at < self.hints.len() {
            self.count = at + 1;
            return (&mut self.events[at], &mut self.hints[at]);
        }
        self.next_after_growing()
    }

    #[cold]
    fn next_after_growing(&mut self) -> (&mut Event, &mut Hint) {
        let at = self.count;
        self.events.resize(2 * at, Event::ZERO);
        self.hints.resize(2 * at, Hint::NONE);
        self.count = at + 1;
        (&mut self.events[at], &mut self.hints[at])
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
        draft.places.count = 0;
        draft.lasts.clear();
        draft.understood = None;
        draft.rejected = None;
        draft.sequence = sequence;
        draft.turn += 1;
        draft.orders = 0;
        draft.trades = 0;
        draft.broadcast = state.broadcast;
        Writer { state, sequence, draft }
    }

    /// Room for every participant of the day: at its base data, once, before there are orders.
    #[cold]
    pub(super) fn make_room(&mut self) {
        let participants = self.state.day.map_or(0, |day| usize::from(day.participants));
        if self.draft.issued.len() < participants {
            self.draft.issued.resize(participants, Issued::default());
        }
    }

    #[inline]
    pub(super) fn push(&mut self, event: impl Into<Event>) {
        let (place, hint) = self.draft.places.next();
        *place = event.into();
        *hint = Hint::NONE;
    }

    /// Whether nothing was written yet.
    pub(super) fn is_empty(&self) -> bool {
        self.draft.places.count == 0
    }

    /// The command is refused; marks nothing.
    #[cold]
    pub(super) fn reject(&mut self, reject: Reject) {
        self.refuse(&plain_rejected(reject));
    }

    /// The command is refused.
    #[cold]
    pub(super) fn refuse(&mut self, rejected: &Rejected) {
        self.draft.rejected = Reject::from_code(rejected.code);
        self.push(*rejected);
    }

    /// What holds of every decision.
    #[inline]
    pub(super) fn finish(&self) {
        assert!(!self.is_empty(), "every command has an event");
    }

    /// The next number in a participant's private stream.
    #[inline]
    pub(super) fn private_number(&mut self, participant: ParticipantIndex) -> StreamNumber {
        let place = usize::from(participant.0);
        if self.draft.issued.len() <= place {
            self.make_room();
            assert!(place < self.draft.issued.len(), "private messages are of defined participants");
        }
        let Draft { turn, issued, .. } = self.draft;
        let issued = &mut issued[place];
        if issued.turn != *turn {
            *issued = Issued { turn: *turn, number: self.state.private_count(participant).0 };
        }
        issued.number = issued.number.checked_add(1).expect("a day has fewer than 2^32 private messages");
        StreamNumber(issued.number)
    }

    /// The next number in a participant's private stream, of a decision that tells it nothing else: no other number is taken after it.
    #[inline(always)]
    pub(super) fn only_private_number(&self, participant: ParticipantIndex) -> StreamNumber {
        let number = self.state.private_count(participant).0.checked_add(1);
        StreamNumber(number.expect("a day has fewer than 2^32 private messages"))
    }

    /// The next number in the broadcast stream.
    pub(super) fn broadcast_number(&mut self) -> StreamNumber {
        self.draft.broadcast.0 =
            self.draft.broadcast.0.checked_add(1).expect("a day has fewer than 2^32 broadcast messages");
        self.draft.broadcast
    }

    /// A member's order is accepted. Gives its key.
    #[inline(always)]
    pub(super) fn accept(
        &mut self,
        rests: bool,
        yesterday: u32,
        private_number: StreamNumber,
        understood: Understood,
    ) -> OrderKey {
        self.draft.understood = Some(understood);
        self.accepted(rests, yesterday, private_number, None)
    }

    /// One of a quote's orders is accepted. Gives its key.
    pub(super) fn accept_side(
        &mut self,
        rests: bool,
        yesterday: u32,
        private_number: StreamNumber,
        row: Option<u32>,
        price: Price,
    ) -> OrderKey {
        self.accepted(rests, yesterday, private_number, Some(Hint::of_side(row, price)))
    }

    #[inline(always)]
    fn accepted(&mut self, rests: bool, yesterday: u32, private_number: StreamNumber, found: Option<Hint>) -> OrderKey {
        let Draft { places, speller, ids, orders, .. } = &mut *self.draft;
        let index = *orders;
        *orders += 1;
        let (place, hint) = places.next();
        let event = Accepted::begin(place);
        event.rests = u8::from(rests);
        event.index = index;
        event.yesterday = Volume(yesterday);
        event.private_number = private_number;
        speller.spell(&mut event.sys_id, ids.prefix, self.sequence, index);
        // What was understood of a member's order tells more than a hint.
        if let Some(found) = found {
            *hint = found;
        }
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
        let Draft { places, speller, ids, .. } = &mut *self.draft;
        let (place, hint) = places.next();
        let event = Traded::begin(place);
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
        speller.spell(&mut event.trade_id, ids.prefix, self.sequence, index);
        *hint = Hint::of_trade(buy.slot, sell.slot);
    }

    /// Remembers at what price an instrument traded last in this frame.
    #[inline]
    pub(super) fn traded_last(&mut self, instrument: InstrumentIndex, price: Price) {
        match self.draft.lasts.last_mut() {
            // Both halves of a quote trade in one instrument.
            Some((other, last)) if *other == instrument => *last = price,
            _ => self.draft.lasts.push((instrument, price)),
        }
    }

    /// The text id of the `index`-th order of this frame, and of whatever else a frame makes one of.
    pub(super) fn spell(&mut self, index: u32) -> SystemId {
        let mut text = BLANK_SYSTEM_ID;
        self.draft.speller.spell(&mut text, self.draft.ids.prefix, self.sequence, index);
        text
    }

    /// A quote ends, other than by a trade.
    pub(super) fn end_quote(&mut self, quote: OrderKey, participant: ParticipantIndex, reason: EndReason) {
        let private_number = self.private_number(participant);
        self.push(QuoteEnded { reason: reason as u8, quote, private_number, ..QuoteEnded::zero() });
    }

    /// An order ends with what it has left.
    #[inline]
    pub(super) fn end(&mut self, party: &Party, reason: EndReason) {
        let private_number = self.private_number(party.participant);
        self.end_as(party, reason, private_number);
    }

    /// The same if nothing else comes of the command.
    #[inline(always)]
    pub(super) fn end_alone(&mut self, party: &Party, reason: EndReason) {
        let private_number = self.only_private_number(party.participant);
        self.end_as(party, reason, private_number);
    }

    #[inline(always)]
    fn end_as(&mut self, party: &Party, reason: EndReason, private_number: StreamNumber) {
        let (place, hint) = self.draft.places.next();
        let event = Ended::begin(place);
        event.reason = reason as u8;
        event.order = party.key;
        event.released = Volume(party.remaining);
        event.yesterday = Volume(party.yesterday);
        event.traded = Volume(party.traded);
        event.last_price = party.last_price;
        event.private_number = private_number;
        *hint = Hint::of_end(party.slot);
    }
}
