//! Two orders trade: reservations become positions or end them. RULES.md, Matching in continuous trading.

use super::orders::remove;
use super::{change_instrument, count_private, renew_order, use_money};
use crate::event::Traded;
use crate::hint::Hint;
use crate::orders::Slot;
use crate::state::State;
use crate::types::{InstrumentIndex, Money, Volume};

/// Two orders traded. Buy side first, then sell side: it matters where both are one position row.
#[inline(never)]
pub(super) fn traded(state: &mut State, traded: &Traded, hint: &Hint) {
    let (buy, bought) = state.orders.find_at(hint.order(), traded.buy).expect("validated: a live buy order");
    let (sell, sold) = state.orders.find_at(hint.sell(), traded.sell).expect("validated: a live sell order");
    let (instrument, opens) = (bought.instrument, [bought.opens(), sold.opens()]);
    assert!(sold.instrument == instrument, "both sides of a trade are of one instrument");
    state.traded = true;
    count_instrument(state, instrument, traded, opens);
    let buy_part = (traded.buy_yesterday, traded.buy_remaining, traded.buy_number);
    let sell_part = (traded.sell_yesterday, traded.sell_remaining, traded.sell_number);
    for (slot, (yesterday, remaining, number)) in [(buy, buy_part), (sell, sell_part)] {
        side(state, slot, traded, yesterday, remaining);
        count_private(state, state.participant_of(state.orders.get(slot).user), number);
        leave(state, slot, traded.volume);
    }
}

/// What the trade does to one order, its position row, exposure and money.
#[inline]
fn side(state: &mut State, slot: Slot, traded: &Traded, yesterday: Volume, remaining: Volume) {
    let (volume, yesterday) = (traded.volume.0, yesterday.0);
    let order = state.orders.get_mut(slot);
    order.remaining -= volume;
    order.yesterday -= yesterday;
    order.traded += volume;
    order.last_price = traded.price;
    assert!(order.remaining == remaining.0, "what remains of an order is what the trade says");
    assert!(order.yesterday <= order.remaining, "yesterday's part is a part of what remains");
    let (place, direction, opens) = (order.row, order.direction(), order.opens());
    let (limit, user, instrument) = (order.price, order.user, order.instrument);
    state.rows.touch(place).trade(direction, opens, volume, yesterday);
    if !opens {
        // What was pending and is now open counted for the exposure before, and does so now; what is closed does not.
        state.rows.shrink(place, direction.other(), volume);
    }
    let instrument = state.instrument(instrument).expect("orders are of defined instruments");
    if instrument.costs {
        let growth = instrument.settle(direction, opens, limit, traded.price, volume);
        use_money(state, state.participant_of(user), growth);
    }
}

/// The traded lots leave the book; the order too, if nothing of it remains.
#[inline]
fn leave(state: &mut State, slot: Slot, volume: Volume) {
    let order = state.orders.get(slot);
    let (instrument, remaining) = (order.instrument, order.remaining);
    if order.rests() {
        let book = state.books[usize::from(instrument.0)].as_mut().expect("every defined instrument has a book");
        book.reduce(order.direction(), order.price, volume.0);
        if remaining != 0 {
            return renew_order(state, slot);
        }
    }
    // FOK and FAK stay until their Ended. RULES.md, Accepting.
    if remaining == 0 && !order.immediate() {
        remove(state, instrument, slot, true);
    }
}

/// Last, open, high, low, volume, turnover, open interest.
#[inline]
fn count_instrument(state: &mut State, index: InstrumentIndex, traded: &Traded, opens: [bool; 2]) {
    let (price, volume) = (traded.price, traded.volume);
    change_instrument(state, index, |instrument| {
        let first = instrument.last.is_none();
        if first {
            instrument.open = price;
        }
        instrument.high = if first { price } else { instrument.high.max(price) };
        instrument.low = if first { price } else { instrument.low.min(price) };
        instrument.last = Some(price);
        instrument.last_volume = volume;
        instrument.touched = true;
        instrument.volume += u64::from(volume.0);
        let turnover = instrument.turnover.0.checked_add(instrument.turnover_of(price, volume));
        instrument.turnover = Money(turnover.expect("a day turns over less than 2^127"));
        let lots = u64::from(volume.0);
        match opens {
            [true, true] => instrument.open_interest += lots,
            // Never below 0: the positions set may have been more than the previous open interest said.
            [false, false] => instrument.open_interest = instrument.open_interest.saturating_sub(lots),
            _ => (),
        }
    });
}
