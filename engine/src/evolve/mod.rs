//! The only code that changes state. It does what events say and judges nothing: an active core's own events, a primary's, and a
//! journal's run through here alike. What cannot be is an assertion: a panic here halts, because a state that contradicts its log may not go on.

mod definitions;
mod orders;
mod trades;

use crate::command::{BodyView, Command};
use crate::decide::{Draft, Fault, decide_guarded};
use crate::digest;
use crate::event::{Event, EventView, MarketData, PhaseChanged, Published, Rejected, Restated};
use crate::hint::Hint;
use crate::local_ids::{self, LocalId, rank};
use crate::orders::Slot;
use crate::state::{Digests, Instrument, State};
use crate::types::{
    Epoch, InstrumentIndex, Nanoseconds, OrderKey, ParticipantIndex, Phase, Sequence, Stamp, StreamNumber, UserIndex,
};

/// Applies one event of a frame. Events of a frame are applied in their order; then the frame is [`seal`]ed.
///
/// # Panics
/// If the event contradicts the state. Events that [`crate::validate`] let pass do not.
#[inline]
pub fn evolve(state: &mut State, stamp: Stamp, command: &Command<'_>, event: &Event) {
    evolve_at(state, stamp.sequence, command, event, Hint::NONE);
}

/// Applies all events that a draft holds; then the frame is [`seal`]ed. The same as [`evolve`] for each, but what deciding found is not
/// searched for again.
///
/// # Panics
/// As [`evolve`]; and if the draft is of another frame, or its decisions and what evolved of them differ.
#[inline(always)]
pub fn evolve_decided(state: &mut State, stamp: Stamp, command: &Command<'_>, draft: &Draft) {
    for (event, hint) in draft.hinted(stamp.sequence) {
        evolve_at(state, stamp.sequence, command, event, hint);
    }
    draft.assert_arrived(state);
}

/// Of the stamp an event needs the sequence only, and that travels in a register.
#[inline(always)]
fn evolve_at(state: &mut State, sequence: Sequence, command: &Command<'_>, event: &Event, hint: Hint) {
    match event.view().expect("validated: events are of a known kind") {
        EventView::Accepted(accepted) => orders::accepted(state, sequence, command, accepted, hint),
        EventView::Traded(traded) => trades::traded(state, traded, hint),
        EventView::Rested(rested) => orders::rested(state, rested),
        EventView::Ended(ended) => orders::ended(state, ended, hint),
        EventView::Rejected(rejected) => self::rejected(state, command, rejected),
        EventView::Restated(restated) => self::restated(state, restated),
        EventView::PhaseChanged(changed) => phase_changed(state, changed),
        EventView::MarketData(data) => market_data(state, data),
        EventView::Published(published) => self::published(state, published),
        EventView::Applied(_) => definitions::applied(state, command),
        // Says what the trades after it do.
        EventView::AuctionPriced(_) => (),
    }
}

/// Ends a frame: renews the digest terms of the position rows that its events touched, and stamps the state. Costs what was touched.
///
/// # Panics
/// If the frame is not the next one, or its time or epoch goes back, or an order is left between entering and resting.
#[inline(always)]
pub fn seal(state: &mut State, stamp: Stamp) -> Digests {
    seal_at(state, stamp.epoch, stamp.sequence, stamp.time);
    state.digests()
}

#[inline(always)]
fn seal_at(state: &mut State, epoch: Epoch, sequence: Sequence, time: Nanoseconds) {
    assert!(sequence.0 == state.sequence.0 + 1, "frames come without gaps");
    assert!(time >= state.time, "time never runs back");
    assert!(state.day.is_none() || epoch == state.epoch, "a frame is of the present epoch");
    assert!(state.orders.nothing_enters(), "an order that entered has traded fully, ended or rests");
    state.sequence = sequence;
    state.time = time;
    let growth = state.rows.renew(digest::row_term);
    grow(state, growth);
}

/// What a [`step`] gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stepped {
    /// The digests after the frame.
    pub digests: Digests,
    /// A panic while deciding, caught: the command was refused, and somebody must hear of it.
    pub fault: Option<Fault>,
}

/// One frame of an active core: decides, evolves what was decided, seals. The draft holds the events. What is refused before the day is
/// open makes no frame (RULES.md, Every command): then nothing is sealed, and the sequence is still to be used.
///
/// # Panics
/// As [`evolve`] and [`seal`]; and if decide and evolve disagree.
#[inline]
pub fn step(state: &mut State, stamp: Stamp, command: &Command<'_>, draft: &mut Draft) -> Stepped {
    let fault = decide_guarded(state, stamp, command, draft).err();
    evolve_decided(state, stamp, command, draft);
    if state.day.is_none() {
        return Stepped { digests: state.digests(), fault };
    }
    Stepped { digests: seal(state, stamp), fault }
}

/// A private message was numbered.
#[inline]
fn count_private(state: &mut State, participant: ParticipantIndex, number: StreamNumber) {
    let growth = state.participants.change(usize::from(participant.0), |participant| {
        assert!(number.0 == participant.private_count.0 + 1, "private streams have no gaps");
        participant.private_count = number;
    });
    grow(state, growth);
}

/// The digest's sum grows (wrapping).
#[inline]
fn grow(state: &mut State, growth: u64) {
    state.digest = state.digest.wrapping_add(growth);
}

/// Renews a resting order's term in the digest.
#[inline]
fn renew_order(state: &mut State, slot: Slot) {
    let State { orders, rows, .. } = state;
    let growth = orders.renew(slot, |order| digest::order_term(order, rows.get(order.row)));
    grow(state, growth);
}

/// Changes an instrument.
#[inline]
fn change_instrument(state: &mut State, index: InstrumentIndex, change: impl FnOnce(&mut Instrument)) {
    let growth = state.instruments.change(usize::from(index.0), change);
    grow(state, growth);
}

/// The broadcast stream has come to a number.
fn count_broadcast(state: &mut State, number: StreamNumber) {
    state.broadcast = number;
    let day = state.day.as_ref().expect("nothing is published before DayOpen");
    let new = digest::day_term(day.trading_day, number.0);
    let old = std::mem::replace(&mut state.day_term, new);
    grow(state, new.wrapping_sub(old));
}

/// Something happened in an instrument that the next market data will tell.
#[inline(always)]
fn touch_instrument(state: &mut State, index: InstrumentIndex) {
    if !state.instrument(index).expect("orders and phases are of defined instruments").touched {
        change_instrument(state, index, |instrument| instrument.touched = true);
    }
}

/// Marks a local id, and keeps the greatest.
#[inline(always)]
fn mark(state: &mut State, user: UserIndex, local_id: &LocalId, hash: u32, key: OrderKey, prefix: Option<u8>) -> u32 {
    let trader = state.users.uncounted(usize::from(user.0));
    let rank = rank(local_id);
    if rank > trader.largest_local_id {
        trader.largest_local_id = rank;
    }
    state.local_ids.mark(user, local_id, hash, key, prefix)
}

#[inline(never)]
fn rejected(state: &mut State, command: &Command<'_>, rejected: &Rejected) {
    if rejected.marked != 0 {
        let BodyView::OrderInsert(order) = command.body else { panic!("only an order has a local id to mark") };
        let user = command.header.user;
        mark(state, user, &order.local_id, local_ids::hash(user, &order.local_id), OrderKey(0), None);
    }
}

#[inline(never)]
fn restated(state: &mut State, restated: &Restated) {
    let slot = state.orders.find_resting(restated.order).expect("only live orders are restated");
    let participant = state.participant_of(state.orders.get(slot).user);
    count_private(state, participant, restated.private_number);
}

#[inline(never)]
fn phase_changed(state: &mut State, changed: &PhaseChanged) {
    assert!(changed.broadcast_number.0 == state.broadcast.0 + 1, "the broadcast stream has no gaps");
    change_instrument(state, changed.instrument, |instrument| {
        instrument.phase = Phase::from_code(changed.phase).expect("validated: phases are of the list");
        instrument.touched = true;
    });
    count_broadcast(state, changed.broadcast_number);
}

#[inline(never)]
fn market_data(state: &mut State, data: &MarketData) {
    // All of a tick carry one number: the first brings the stream there.
    assert!(data.broadcast_number.0 - state.broadcast.0 <= 1, "the broadcast stream has no gaps");
    change_instrument(state, data.instrument, |instrument| instrument.touched = false);
    count_broadcast(state, data.broadcast_number);
}

#[inline(never)]
fn published(state: &mut State, published: &Published) {
    if published.participant != ParticipantIndex::ALL {
        return count_private(state, published.participant, published.number);
    }
    assert!(published.number.0 == state.broadcast.0 + 1, "the broadcast stream has no gaps");
    count_broadcast(state, published.number);
}
