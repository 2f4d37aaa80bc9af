//! Continuous matching: price, then time. RULES.md, Matching in continuous trading.

use super::draft::Writer;
use crate::book::Book;
use crate::orders::{Order, Slot};
use crate::state::{Instrument, State};
use crate::types::{Direction, OrderKey, ParticipantIndex, Price, PriceRule, Volume};

/// What matching needs to know of an order, and changes of it.
#[derive(Clone, Copy)]
pub(super) struct Party {
    pub(super) key: OrderKey,
    /// Where it stands.
    pub(super) slot: Slot,
    pub(super) participant: ParticipantIndex,
    pub(super) price: Price,
    pub(super) remaining: u32,
    /// Of `remaining`, what is frozen of yesterday's position.
    pub(super) yesterday: u32,
    pub(super) traded: u32,
    pub(super) last_price: Price,
}

impl Party {
    #[inline]
    pub(super) fn of(state: &State, slot: Slot) -> Self {
        let order = state.orders.get(slot);
        Self::of_order(order, slot, state.participant_of(order.user))
    }

    /// The same of an order whose participant is known.
    #[inline]
    pub(super) fn of_order(order: &Order, slot: Slot, participant: ParticipantIndex) -> Self {
        Party {
            key: order.key,
            slot,
            participant,
            price: order.price,
            remaining: order.remaining,
            yesterday: order.yesterday,
            traded: order.traded,
            last_price: order.last_price,
        }
    }

    /// The order trades. Gives how much of it closes yesterday's position: yesterday's frozen part first; with the day's flag
    /// CLOSE_TODAY_FIRST today's first. RULES.md, Matching in continuous trading.
    #[inline]
    pub(super) fn trade(&mut self, price: Price, volume: u32, close_today_first: bool) -> Volume {
        let yesterday = match close_today_first {
            true => volume - volume.min(self.remaining - self.yesterday),
            false => volume.min(self.yesterday),
        };
        self.remaining -= volume;
        self.yesterday -= yesterday;
        self.traded += volume;
        self.last_price = price;
        Volume(yesterday)
    }
}

/// Whether the whole volume can trade at once: the question of FOK.
pub(super) fn can_fill(book: &Book, direction: Direction, price: Price, volume: u32) -> bool {
    let mut available = 0u64;
    let mut at = book.best(direction.other());
    while let Some(opposite) = at.filter(|&opposite| direction.reaches(price, opposite)) {
        available += book.level(direction.other(), opposite).volume;
        if available >= u64::from(volume) {
            return true;
        }
        at = book.worse(direction.other(), opposite);
    }
    false
}

/// Whether anything can trade at once.
#[inline]
pub(super) fn can_trade(book: &Book, direction: Direction, price: Price) -> bool {
    book.best(direction.other()).is_some_and(|opposite| direction.reaches(price, opposite))
}

/// Whether anything can trade at once, if those two were not there.
pub(super) fn can_trade_beside(
    state: &State,
    book: &Book,
    direction: Direction,
    price: Price,
    beside: [Slot; 2],
) -> bool {
    let mut at = book.best(direction.other());
    while let Some(opposite) = at.filter(|&opposite| direction.reaches(price, opposite)) {
        let mut slot = book.level(direction.other(), opposite).head;
        while slot != Slot::NONE {
            if !beside.contains(&slot) {
                return true;
            }
            slot = state.orders.get(slot).next;
        }
        at = book.worse(direction.other(), opposite);
    }
    false
}

/// The worst price of the other side among its best `levels`, within a limit; the limit itself if there are not so many.
pub(super) fn bound(book: &Book, direction: Direction, levels: usize, limit: Price) -> Price {
    if levels == usize::MAX {
        return limit;
    }
    let prices = std::iter::successors(book.best(direction.other()), |&at| book.worse(direction.other(), at));
    prices.take(levels).last().unwrap_or(limit)
}

/// Where what remains of a to-limit order rests, once everything within `bound` has traded: the last price, not beyond the limits, and one tick short of
/// the other side. CFFEX: 转为以最新成交价为限价的限价指令 (domain §2.2).
pub(super) fn rest_price(
    instrument: &Instrument,
    book: &Book,
    direction: Direction,
    bound: Price,
    last: Price,
) -> Price {
    let definition = &instrument.definition;
    let price = Price(last.0.clamp(definition.lower_limit, definition.upper_limit));
    let mut next = book.best(direction.other());
    while let Some(reached) = next.filter(|&opposite| direction.reaches(bound, opposite)) {
        next = book.worse(direction.other(), reached);
    }
    match next.filter(|&opposite| direction.reaches(price, opposite)) {
        Some(opposite) if direction == Direction::Buy => Price(opposite.0 - 1),
        Some(opposite) => Price(opposite.0 + 1),
        None => price,
    }
}

/// By what an entering order trades.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    /// The worst price at which it may.
    pub(super) bound: Price,
    /// At the middle one of three prices; else at the resting order's.
    pub(super) middle: bool,
    /// The last price before it.
    pub(super) last: Price,
    /// Two orders that are as good as gone; NONE: there are none.
    pub(super) beside: [Slot; 2],
}

impl Terms {
    /// Of a limit order.
    #[inline]
    pub(super) fn of_limit(instrument: &Instrument, price: Price) -> Self {
        let middle = instrument.definition.price_rule == PriceRule::Middle as u8;
        Terms { bound: price, middle, last: instrument.reference_price(), beside: [Slot::NONE; 2] }
    }
}

/// Trades an entering order with the book until nothing more is within its bound. Gives the last price after it.
#[inline]
pub(super) fn sweep<const BESIDE: bool>(
    writer: &mut Writer<'_>,
    instrument: &Instrument,
    direction: Direction,
    entering: &mut Party,
    terms: Terms,
) -> Price {
    let state = writer.state;
    let index = instrument.definition.index;
    let book = state.book(index);
    let mut last = terms.last;
    let mut at = book.best(direction.other());
    'sweep: while let Some(opposite) = at.filter(|&opposite| direction.reaches(terms.bound, opposite)) {
        let mut slot = book.level(direction.other(), opposite).head;
        while slot != Slot::NONE {
            if BESIDE && terms.beside.contains(&slot) {
                slot = state.orders.get(slot).next;
                continue;
            }
            let mut resting = Party::of(state, slot);
            let volume = entering.remaining.min(resting.remaining);
            // CFFEX: 撮合成交价为买入价、卖出价和前一成交价三者居中
            last = if terms.middle { middle_of(entering.price, opposite, last) } else { opposite };
            match direction {
                Direction::Buy => writer.trade(0, entering, &mut resting, last, volume),
                Direction::Sell => writer.trade(1, &mut resting, entering, last, volume),
            }
            if entering.remaining == 0 {
                break 'sweep;
            }
            slot = state.orders.get(slot).next;
        }
        at = book.worse(direction.other(), opposite);
    }
    if entering.traded != 0 {
        writer.traded_last(index, last);
    }
    last
}

/// The middle one of three prices.
#[inline]
fn middle_of(a: Price, b: Price, c: Price) -> Price {
    a.max(b).min(a.min(b).max(c))
}

#[cfg(test)]
mod tests {
    use super::middle_of;
    use crate::types::Price;

    #[test]
    fn the_middle_of_three_is_the_second_when_sorted() {
        for (a, b, c) in (0..125).map(|n| (n / 25, n / 5 % 5, n % 5)) {
            let mut sorted = [a, b, c];
            sorted.sort_unstable();
            assert_eq!(middle_of(Price(a), Price(b), Price(c)), Price(sorted[1]));
        }
    }
}
