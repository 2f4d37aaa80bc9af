//! Frames of quotes, enquiries and exercise instructions.

use super::overlay::Standing;
use super::{Check, Checker, Entry, ImpossibleKind, fits, known_code};
use crate::command::{EnquireQuote, ExecOrderInsert, QuoteInsert};
use crate::decide::{exercise, quote};
use crate::event::{
    Accepted, EndReason, Enquired, EventView, ExecAccepted, ExecEnded, QuoteAccepted, QuoteEnded, SystemId,
};
use crate::exercise::{ABANDON, EXERCISE};
use crate::keyed::pair_name;
use crate::local_ids::is_blank;
use crate::position::whose;
use crate::quotes::quote_of;
use crate::types::{Direction, Offset, OrderKey, ParticipantIndex, Price};

/// A live quote in the middle of a frame.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    orders: [OrderKey; 2],
    participant: ParticipantIndex,
    /// It is still in the state.
    lives: bool,
}

/// How far a quote that enters has come.
#[derive(Clone, Copy, Default)]
pub(super) struct QuoteProgress {
    /// OrderSysIds of bid and ask, once it was accepted.
    texts: Option<[SystemId; 2]>,
    /// Orders accepted.
    orders: u32,
    /// The quote before it is making room.
    replaces: bool,
}

impl QuoteProgress {
    /// It was accepted, and one of its orders was not.
    pub(super) fn is_unfinished(&self) -> bool {
        self.texts.is_some() && self.orders != 2
    }

    /// The quote before it went, and it did not come.
    pub(super) fn is_missing(&self) -> bool {
        self.replaces && self.texts.is_none()
    }
}

impl Checker<'_> {
    /// An event of a frame that brings a quote.
    pub(super) fn of_quote(&mut self, insert: &QuoteInsert, event: &EventView<'_>) -> Check {
        match event {
            EventView::Ended(ended) => {
                let replaced = self.state.quotes.held(insert.account, insert.instrument);
                let its = replaced.is_some_and(|quote| quote.orders.contains(&ended.order));
                fits(its && self.quote.texts.is_none() && ended.reason == EndReason::Replaced as u8)?;
                self.quote.replaces = true;
                self.ended(ended)
            }
            EventView::QuoteAccepted(accepted) => self.quote_accepted(insert, accepted),
            EventView::Accepted(accepted) => self.side_accepted(insert, accepted),
            EventView::Traded(traded) => self.traded_on_entry(traded),
            EventView::Rested(rested) => self.rested(rested),
            _ => Err(ImpossibleKind::DoesNotFit),
        }
    }

    fn quote_accepted(&mut self, insert: &QuoteInsert, accepted: &QuoteAccepted) -> Check {
        fits(self.quote.texts.is_none())?;
        let state = self.state;
        let trader = state.user(self.command.header.user).ok_or(ImpossibleKind::UnknownIndex)?;
        state.account(insert.account).ok_or(ImpossibleKind::UnknownIndex)?;
        state.instrument(insert.instrument).ok_or(ImpossibleKind::UnknownIndex)?;
        // An account has one live quote in an instrument.
        if let Some(replaced) = state.quotes.held(insert.account, insert.instrument) {
            fits(!self.pair(replaced.key)?.lives)?;
        }
        self.markable()?;
        let [bid, ask] = [accepted.bid_sys_id, accepted.ask_sys_id];
        self.system_id(&bid)?;
        self.system_id(&ask)?;
        if bid == ask || is_blank(&accepted.sys_id) || quote::find_text(state, &accepted.sys_id).is_some() {
            return Err(ImpossibleKind::SystemIdUnusable);
        }
        let (key, participant) = (OrderKey::new(self.stamp.sequence, 0), trader.definition.participant);
        self.quotes.insert(key.0, Pair { orders: [key, OrderKey(key.0 + 1)], participant, lives: true });
        self.quote.texts = Some([bid, ask]);
        self.count_private(participant, accepted.private_number)
    }

    /// Bid, then ask.
    fn side_accepted(&mut self, insert: &QuoteInsert, accepted: &Accepted) -> Check {
        let Some(texts) = self.quote.texts else { return Err(ImpossibleKind::DoesNotFit) };
        fits(!matches!(self.entry, Entry::Entering(_)) && self.quote.orders < 2)?;
        if accepted.index != self.quote.orders {
            return Err(ImpossibleKind::WrongIndex);
        }
        let at = accepted.index as usize;
        let direction = [Direction::Buy, Direction::Sell][at];
        let offset = Offset::from_code(insert.offset[at]).ok_or(ImpossibleKind::UnknownCode)?;
        known_code((b'1'..=b'4').contains(&insert.hedge[at]) && accepted.rests <= 1)?;
        if accepted.sys_id != texts[at] {
            return Err(ImpossibleKind::SystemIdUnusable);
        }
        let participant = self.state.participant_of(self.command.header.user);
        let price = self.price(insert.instrument, insert.price[at])?;
        let (volume, opens) = (insert.volume[at], offset == Offset::Open);
        let whose = whose(insert.account, insert.instrument, insert.hedge[at]);
        self.reservable(whose, direction, opens, volume, accepted.yesterday)?;
        if opens {
            let instrument = self.state.instrument(insert.instrument).ok_or(ImpossibleKind::UnknownIndex)?;
            self.moves(participant, instrument.need(direction, price, volume.0))?;
        }
        self.count_private(participant, accepted.private_number)?;
        self.quote.orders += 1;
        let key = OrderKey::new(self.stamp.sequence, accepted.index);
        self.orders.insert(
            key.0,
            Standing {
                instrument: insert.instrument,
                participant,
                direction,
                opens,
                price,
                quoted: true,
                whose,
                immediate: false,
                remaining: volume.0,
                yesterday: accepted.yesterday.0,
                traded: 0,
                last_price: Price(0),
            },
        );
        if accepted.rests != 0 {
            self.entry = Entry::Done;
            return self.room_to_rest();
        }
        self.entry = Entry::Entering(key);
        Ok(())
    }

    /// A quote as it stands after the frame's earlier events.
    fn pair(&mut self, key: OrderKey) -> Result<&mut Pair, ImpossibleKind> {
        let state = self.state;
        let load = || {
            let quote = state.quotes.find(key)?;
            Some(Pair { orders: quote.orders, participant: state.participant_of(quote.user), lives: true })
        };
        self.quotes.get_or(key.0, load).ok_or(ImpossibleKind::UnknownOrder)
    }

    /// One of a quote's orders is gone, by a trade or for a reason: with the last one the quote goes, or its own end must come next.
    pub(super) fn lose(&mut self, order: OrderKey, reason: Option<u8>) -> Check {
        let key = quote_of(order);
        let pair = self.pair(key)?;
        let side = pair.orders.iter().position(|&other| other == order).ok_or(ImpossibleKind::UnknownOrder)?;
        pair.orders[side] = OrderKey(0);
        if pair.orders == [OrderKey(0); 2] {
            match reason {
                None => pair.lives = false,
                Some(reason) => self.due = Some((key, reason)),
            }
        }
        Ok(())
    }

    /// The end of the quote whose last order ended just before.
    pub(super) fn quote_ended(&mut self, ended: &QuoteEnded) -> Check {
        let pair = self.pair(ended.quote)?;
        pair.lives = false;
        let participant = pair.participant;
        self.count_private(participant, ended.private_number)
    }

    pub(super) fn enquired(&mut self, enquiry: &EnquireQuote, enquired: &Enquired) -> Check {
        let state = self.state;
        let account = state.account(enquiry.account).ok_or(ImpossibleKind::UnknownIndex)?;
        state.instrument(enquiry.instrument).ok_or(ImpossibleKind::UnknownIndex)?;
        self.markable()?;
        if is_blank(&enquired.sys_id) {
            return Err(ImpossibleKind::SystemIdUnusable);
        }
        let name = pair_name(account.definition.client_number.0, enquiry.instrument.0);
        let most = state.day.map_or(0, |day| day.enquiries as usize);
        if state.enquiries.get(name).is_none() && state.enquiries.len() >= most {
            return Err(ImpossibleKind::CapacityExceeded);
        }
        self.count_broadcast(enquired.broadcast_number)
    }

    pub(super) fn exec_accepted(&mut self, insert: &ExecOrderInsert, accepted: &ExecAccepted) -> Check {
        let state = self.state;
        known_code(matches!(insert.action, EXERCISE | ABANDON) && (b'1'..=b'4').contains(&insert.hedge))?;
        state.account(insert.account).ok_or(ImpossibleKind::UnknownIndex)?;
        state.instrument(insert.instrument).ok_or(ImpossibleKind::UnknownIndex)?;
        self.markable()?;
        let place = state.rows.find(whose(insert.account, insert.instrument, insert.hedge));
        let row = state.rows.get(place.ok_or(ImpossibleKind::PositionInsufficient)?);
        let (volume, yesterday) = (insert.volume.0, accepted.yesterday.0);
        if volume == 0 || yesterday > volume || insert.action == ABANDON && yesterday != 0 {
            return Err(ImpossibleKind::WrongVolume);
        }
        if insert.action == EXERCISE && !row.can_freeze(Direction::Buy, yesterday, volume - yesterday) {
            return Err(ImpossibleKind::PositionInsufficient);
        }
        if !state.execs.has_room() {
            return Err(ImpossibleKind::CapacityExceeded);
        }
        if is_blank(&accepted.sys_id) || exercise::find_text(state, &accepted.sys_id).is_some() {
            return Err(ImpossibleKind::SystemIdUnusable);
        }
        self.count_private(state.participant_of(self.command.header.user), accepted.private_number)
    }

    pub(super) fn exec_ended(&mut self, ended: &ExecEnded) -> Check {
        let state = self.state;
        let user = state.execs.find(ended.order).ok_or(ImpossibleKind::UnknownOrder)?.user;
        self.count_private(state.participant_of(user), ended.private_number)
    }
}
