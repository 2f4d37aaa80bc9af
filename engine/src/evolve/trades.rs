//! Two orders trade: reservations become positions or end them. RULES.md, Matching in continuous trading.

use super::count_private;
use super::orders::remove;
use crate::event::Traded;
use crate::orders::Slot;
use crate::state::State;
use crate::types::{InstrumentIndex, Money, Price, StreamNumber, Volume};

/// Two orders traded. Buy side first, then sell side: it matters where both are one position row.
#[inline]
pub(super) fn traded(state: &mut State, traded: &Traded) {
    let buy = state.orders.find(traded.buy).expect("validated: a live buy order");
    let sell = state.orders.find(traded.sell).expect("validated: a live sell order");
    let (buy_opens, sell_opens) = (state.orders.get(buy).opens(), state.orders.get(sell).opens());
    let instrument = state.orders.get(buy).instrument;
    assert!(state.orders.get(sell).instrument == instrument, "both sides of a trade are of one instrument");
    count_instrument(state, instrument, traded.price, traded.volume, i64::from(buy_opens) + i64::from(sell_opens) - 1);
    side(
        state,
        buy,
        traded,
        Part { yesterday: traded.buy_yesterday, remaining: traded.buy_remaining, number: traded.buy_number },
    );
    side(
        state,
        sell,
        traded,
        Part { yesterday: traded.sell_yesterday, remaining: traded.sell_remaining, number: traded.sell_number },
    );
}

/// What a trade says of one side.
struct Part {
    yesterday: Volume,
    remaining: Volume,
    number: StreamNumber,
}

#[inline]
fn side(state: &mut State, slot: Slot, traded: &Traded, part: Part) {
    let (volume, yesterday) = (traded.volume.0, part.yesterday.0);
    let order = state.orders.get_mut(slot);
    order.remaining -= volume;
    order.yesterday -= yesterday;
    order.traded += volume;
    order.last_price = traded.price;
    assert!(order.remaining == part.remaining.0, "what remains of an order is what the trade says");
    assert!(order.yesterday <= order.remaining, "yesterday's part is a part of what remains");
    let order = *order;
    let direction = order.direction();
    let (row, exposure) = state.rows.touch(order.row);
    if order.opens() {
        let side = direction.side();
        // What was pending and is now open counted for the exposure before, and does so now.
        row.pending[side] -= volume;
        row.today[side] += volume;
    } else {
        let side = direction.other().side();
        let today = volume - yesterday;
        row.frozen_yesterday[side] -= yesterday;
        row.yesterday[side] -= yesterday;
        row.frozen_today[side] -= today;
        row.today[side] -= today;
        exposure.lots[side] -= u64::from(volume);
    }
    count_private(state, state.participant_of(order.user), part.number);
    if order.rests() {
        let book = state.books[usize::from(order.instrument.0)].as_mut().expect("every defined instrument has a book");
        book.reduce(direction, order.price, volume);
        if order.remaining != 0 {
            return state.orders.touch(slot);
        }
    }
    // FOK and FAK stay until their Ended. RULES.md, Accepting.
    if order.remaining == 0 && !order.immediate() {
        remove(state, slot, &order);
    }
}

/// Last, open, high, low, volume, turnover, open interest.
#[inline]
fn count_instrument(state: &mut State, index: InstrumentIndex, price: Price, volume: Volume, interest: i64) {
    let instrument = state.instruments.touch(usize::from(index.0));
    let first = instrument.last.is_none();
    if first {
        instrument.open = price;
    }
    instrument.high = if first { price } else { instrument.high.max(price) };
    instrument.low = if first { price } else { instrument.low.min(price) };
    instrument.last = Some(price);
    instrument.touched = true;
    instrument.volume += u64::from(volume.0);
    let turnover =
        instrument.turnover_of(price, volume).and_then(|turnover| turnover.checked_add(instrument.turnover.0));
    instrument.turnover = Money(turnover.expect("a day turns over less than 2^127"));
    instrument.open_interest += interest * i64::from(volume.0);
}
