//! What is published: phases, market data, levels, texts. Every message moves its stream on by one.

use super::{change_instrument, count_broadcast, count_private, take_step};
use crate::command::{BodyView, Command};
use crate::event::{Depth, InstrumentChanged, MarketData, PhaseChanged, Published, Snapshot, Ticked};
use crate::state::{self, State};
use crate::types::{ParticipantIndex, Phase, Right, StreamNumber};

/// The broadcast stream goes on by one message.
pub(super) fn next_broadcast(state: &mut State, number: StreamNumber) {
    assert!(number.0 == state.broadcast.0 + 1, "the broadcast stream has no gaps");
    count_broadcast(state, number);
}

#[inline(never)]
pub(super) fn phase_changed(state: &mut State, command: &Command<'_>, changed: &PhaseChanged) {
    change_instrument(state, changed.instrument, |instrument| {
        instrument.phase = Phase::from_code(changed.phase).expect("validated: phases are of the list");
        instrument.touched = true;
    });
    next_broadcast(state, changed.broadcast_number);
    take_step(state, command);
}

#[inline(never)]
pub(super) fn instrument_changed(state: &mut State, changed: &InstrumentChanged) {
    change_instrument(state, changed.instrument, |instrument| {
        instrument.right = Right::from_code(changed.right).expect("validated: rights are of the list");
    });
    next_broadcast(state, changed.broadcast_number);
}

#[inline(never)]
pub(super) fn snapshot(state: &mut State, snapshot: &Snapshot) {
    next_broadcast(state, snapshot.broadcast_number);
}

#[inline(never)]
pub(super) fn data(state: &mut State, command: &Command<'_>, data: &MarketData) {
    if !matches!(command.body, BodyView::MarketDataTick(_)) {
        // A part of the picture whose Snapshot counts; the next tick tells the instrument all the same.
        return assert!(data.broadcast_number.0 == state.broadcast.0 + 1, "the broadcast stream has no gaps");
    }
    // All of a tick carry one number: the first brings the stream there.
    assert!(data.broadcast_number.0 - state.broadcast.0 <= 1, "the broadcast stream has no gaps");
    change_instrument(state, data.instrument, |instrument| instrument.touched = false);
    count_broadcast(state, data.broadcast_number);
}

#[inline(never)]
pub(super) fn depth(state: &mut State, depth: &Depth) {
    let published = state::Depth { count: depth.count, price: depth.price, volume: depth.volume };
    state.depths[usize::from(depth.instrument.0)][usize::from(depth.side)] = published;
}

#[inline(never)]
pub(super) fn ticked(state: &mut State, ticked: &Ticked) {
    assert!(ticked.match_number == state.broadcast, "a tick ends with the numbers of its own messages");
    for number in [ticked.trade_number, ticked.depth_number] {
        if number != StreamNumber(0) {
            next_broadcast(state, number);
        }
    }
    state.traded = false;
}

#[inline(never)]
pub(super) fn published(state: &mut State, published: &Published) {
    if published.participant != ParticipantIndex::ALL {
        return count_private(state, published.participant, published.number);
    }
    next_broadcast(state, published.number);
}
