//! The only code that changes state. It does what events say and judges nothing: an active core's own events, a primary's, and a
//! journal's run through here alike. What cannot be is an assertion: a panic here halts, because a state that contradicts its log may not go on.

mod definitions;
mod market;
mod orders;
mod quotes;
mod trades;

use crate::command::{BodyView, Command};
use crate::decide::{Draft, Fault, decide_guarded};
use crate::digest;
use crate::event::{Event, EventView, Rejected, Restated, SystemId};
use crate::hint::{Hint, Understood};
use crate::local_ids::{self, IdSet, LocalId, rank};
use crate::orders::Slot;
use crate::state::{Digests, Instrument, State};
use crate::types::{Epoch, InstrumentIndex, Nanoseconds, OrderKey, ParticipantIndex, Sequence, Stamp, StreamNumber};

/// Applies one event of a frame. Events of a frame are applied in their order; then the frame is [`seal`]ed.
///
/// # Panics
/// If the event contradicts the state. Events that [`crate::validate`] let pass do not.
#[inline]
pub fn evolve(state: &mut State, stamp: Stamp, command: &Command<'_>, event: &Event) {
    evolve_at(state, stamp, command, event, &Hint::NONE, None);
}

/// Applies all events that a draft holds; then the frame is [`seal`]ed. The same as [`evolve`] for each, but what deciding found is not
/// searched for again.
///
/// # Panics
/// As [`evolve`]; and if the draft is of another frame, or its decisions and what evolved of them differ.
#[inline(always)]
pub fn evolve_decided(state: &mut State, stamp: Stamp, command: &Command<'_>, draft: &Draft) {
    for (event, hint) in draft.hinted(stamp.sequence) {
        evolve_at(state, stamp, command, event, hint, draft.understood());
    }
    draft.assert_arrived(state);
}

#[inline(always)]
fn evolve_at(
    state: &mut State,
    stamp: Stamp,
    command: &Command<'_>,
    event: &Event,
    hint: &Hint,
    understood: Option<&Understood>,
) {
    match event.view().expect("validated: events are of a known kind") {
        EventView::Accepted(accepted) => match understood {
            Some(order) => orders::accepted_as_understood(state, stamp.sequence, command, accepted, order),
            None => orders::accepted(state, stamp.sequence, command, accepted, hint),
        },
        EventView::Traded(traded) => trades::traded(state, traded, hint),
        EventView::Rested(rested) => orders::rested(state, rested),
        EventView::Ended(ended) => orders::ended(state, command, ended, hint),
        EventView::Rejected(rejected) => self::rejected(state, command, rejected),
        EventView::Restated(restated) => self::restated(state, restated),
        EventView::PhaseChanged(changed) => market::phase_changed(state, command, changed),
        EventView::MarketData(data) => market::data(state, command, data),
        EventView::Depth(depth) => market::depth(state, depth),
        EventView::Ticked(ticked) => market::ticked(state, ticked),
        EventView::Snapshot(snapshot) => market::snapshot(state, snapshot),
        EventView::MarketChanged(changed) => market::next_broadcast(state, changed.broadcast_number),
        EventView::InstrumentChanged(changed) => market::instrument_changed(state, changed),
        EventView::Published(published) => market::published(state, published),
        EventView::QuoteAccepted(accepted) => quotes::accepted(state, stamp.sequence, command, accepted),
        EventView::QuoteEnded(ended) => quotes::ended(state, ended),
        EventView::Enquired(enquired) => quotes::enquired(state, stamp.sequence, stamp.time, command, enquired),
        EventView::ExecAccepted(accepted) => quotes::exec_accepted(state, stamp.sequence, command, accepted),
        EventView::ExecEnded(ended) => quotes::exec_ended(state, ended),
        EventView::Applied(_) => definitions::applied(state, command),
        // Says what the trades after it do.
        EventView::AuctionPriced(_) => take_step(state, command),
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
    let growth = state.rows.renew(digest::row_term, digest::opened_term);
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

/// Marks a local id, and keeps the greatest. Gives the mark's place. The order that is decided here has a way of its own.
#[inline(never)]
fn mark(state: &mut State, ids: IdSet, local_id: &LocalId, key: OrderKey, prefix: Option<u8>) -> u32 {
    let trader = state.users.uncounted(usize::from(ids.user().0));
    let (rank, largest) = (rank(local_id), &mut trader.largest_local_id[ids.kind()]);
    if rank > *largest {
        *largest = rank;
    }
    state.local_ids.mark(ids, local_id, local_ids::hash(ids, local_id), key, prefix)
}

/// Marks the local id of what is no order, with the SysId it got. Gives the mark's place.
fn mark_text(state: &mut State, ids: IdSet, local_id: &LocalId, key: OrderKey, text: &SystemId) -> u32 {
    let prefix = state.speller.prefix_if_spelled(text, key);
    let place = mark(state, ids, local_id, key, prefix);
    if prefix.is_none() {
        state.local_ids.keep_text(place, text);
    }
    place
}

/// A participant uses more money (less, if negative), and whoever clears it has more to clear.
#[inline(never)]
fn use_money(state: &mut State, participant: ParticipantIndex, amount: i128) {
    if amount == 0 {
        return;
    }
    let clearing = state.money_of(participant).0.clearing;
    let growth = state.purses.change(usize::from(participant.0), |purse| purse.used += amount);
    grow(state, growth);
    let growth = state.purses.change(usize::from(clearing.0), |purse| purse.cleared += amount);
    grow(state, growth);
}

/// A step of the day's calendar was taken, if the command is one.
#[inline(never)]
fn take_step(state: &mut State, command: &Command<'_>) {
    let step = match command.body {
        BodyView::PhaseSet(set) => set.step,
        BodyView::Uncross(uncross) => uncross.step,
        BodyView::DayClose(close) => close.step,
        BodyView::ExecWindowSet(set) => set.step,
        _ => 0,
    };
    state.step = state.step.max(step);
}

#[inline(never)]
fn rejected(state: &mut State, command: &Command<'_>, rejected: &Rejected) {
    if rejected.marked != 0 {
        let (ids, local_id) = local_id_of(command).expect("validated: only what has a local id marks one");
        mark(state, ids, local_id, OrderKey(0), None);
    }
}

/// The local id that a command brings, and whose of which kind it is.
pub(crate) fn local_id_of<'a>(command: &Command<'a>) -> Option<(IdSet, &'a LocalId)> {
    let user = command.header.user;
    Some(match command.body {
        BodyView::OrderInsert(insert) => (IdSet::orders(user), &insert.local_id),
        BodyView::QuoteInsert(insert) => (IdSet::quotes(user), &insert.local_id),
        BodyView::EnquireQuote(enquiry) => (IdSet::quotes(user), &enquiry.local_id),
        BodyView::ExecOrderInsert(insert) => (IdSet::instructions(user), &insert.local_id),
        _ => return None,
    })
}

#[inline(never)]
fn restated(state: &mut State, restated: &Restated) {
    let slot = state.orders.find_resting(restated.order).expect("only live orders are restated");
    let participant = state.participant_of(state.orders.get(slot).user);
    count_private(state, participant, restated.private_number);
}
