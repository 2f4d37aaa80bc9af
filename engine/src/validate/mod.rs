//! Whether somebody else's frame can be applied at all: asked of the whole frame before its first event is applied, so that
//! nothing is ever half applied.
//!
//! The promise: after `Ok`, [`crate::evolve`] of these events and [`crate::seal`] do not panic, and every invariant of the state holds. What is
//! refused is what cannot be: an order that is not there, more than remains, a number out of its stream. What is only judged
//! otherwise than we would (another price, another priority, a partial fill, a reject) is possible; [`crate::first_difference`] names it.

mod impossible;
mod overlay;
mod quotes;
mod shape;

use crate::command::{BodyView, Command, LIMIT_ORDER, OrderInsert, RightScope};
use crate::decide::definitions;
use crate::event::{
    Accepted, AuctionPriced, DEPTH_LEVELS, Depth, EndReason, Ended, Event, EventView, MarketData, PhaseChanged,
    Published, Rejected, Restated, Rested, SystemId, Ticked, Traded,
};
use crate::evolve::local_id_of;
use crate::local_ids::is_blank;
use crate::position::{Row, whose};
use crate::reject::Reject;
use crate::state::State;
use crate::types::{
    Direction, InstrumentIndex, KEY_INDEX_BITS, MatchCondition, Offset, OrderKey, ParticipantIndex, Phase, Price,
    ProductIndex, RawPrice, Stamp, StreamNumber, Volume,
};
pub use impossible::{Impossible, ImpossibleKind};
use overlay::{Overlay, Standing};
use quotes::{Pair, QuoteProgress};
use shape::reserved_is_zero;

type Check = Result<(), ImpossibleKind>;

/// Checks a whole frame of somebody else's against the state before any of it is applied.
///
/// # Errors
/// The first thing that cannot be. The state is untouched in either case.
pub fn validate(state: &State, stamp: Stamp, command: &Command<'_>, events: &[Event]) -> Result<(), Impossible> {
    let of_frame = |kind| Impossible { kind, event: None };
    let Some(first) = events.first() else { return Err(of_frame(ImpossibleKind::NoEvents)) };
    let refused = matches!(first.view(), Some(EventView::Rejected(_)));
    check_stamp(state, stamp, command, refused).map_err(of_frame)?;
    let mut checker = Checker::new(state, stamp, command);
    for (index, event) in (0u32..).zip(events) {
        let last = index as usize + 1 == events.len();
        checker.event(event, index == 0, last).map_err(|kind| Impossible { kind, event: Some(index) })?;
    }
    checker.end().map_err(of_frame)
}

/// Sequence, time and epoch. Only EpochOpen (and DayOpen, which begins) may raise the epoch, and only to what it says.
fn check_stamp(state: &State, stamp: Stamp, command: &Command<'_>, refused: bool) -> Check {
    let keys_end = stamp.sequence.0 >> (u64::BITS - KEY_INDEX_BITS) != 0;
    if stamp.sequence.0 != state.sequence.0 + 1 || keys_end {
        return Err(ImpossibleKind::SequenceOutOfOrder);
    }
    if stamp.time < state.time {
        return Err(ImpossibleKind::TimeOutOfOrder);
    }
    let expected = match command.body {
        BodyView::DayOpen(day) if !refused => day.epoch,
        BodyView::EpochOpen(open) if !refused => open.epoch,
        // Before DayOpen there is no present epoch.
        _ if state.day.is_none() => stamp.epoch,
        _ => state.epoch,
    };
    if stamp.epoch == expected { Ok(()) } else { Err(ImpossibleKind::EpochOutOfOrder) }
}

/// How far an order of this frame has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    /// No order was accepted.
    None,
    /// It was accepted and is being matched.
    Entering(OrderKey),
    /// It traded fully, ended or rests.
    Done,
}

/// The state as the frame's earlier events will have left it, as far as later ones depend on it.
struct Checker<'a> {
    state: &'a State,
    stamp: Stamp,
    command: &'a Command<'a>,
    orders: Overlay<Standing>,
    private: Overlay<u32>,
    broadcast: u32,
    trades: u32,
    /// By how much the live orders grow.
    live: i64,
    entry: Entry,
    /// Quotes as they will be.
    quotes: Overlay<Pair>,
    /// The quote whose last order has just ended: the next event says that it ends, for this reason.
    due: Option<(OrderKey, u8)>,
    quote: QuoteProgress,
    /// Position rows as they will be, in a frame that accepts a quote: the ask sees what became of the bid.
    rows: Overlay<Row>,
    new_rows: usize,
    /// All the money that the frame moves, whichever way.
    money: u128,
    ticking: bool,
    auction: Option<InstrumentIndex>,
    /// All that the frame turns over, whichever way.
    turnover: u128,
    /// Instruments whose phase the frame has changed.
    phases: Vec<InstrumentIndex>,
    /// Of how many of them it has told what they are now.
    pictured: usize,
    /// The full picture of them is complete.
    is_pictured: bool,
}

impl<'a> Checker<'a> {
    fn new(state: &'a State, stamp: Stamp, command: &'a Command<'a>) -> Self {
        Checker {
            state,
            stamp,
            command,
            orders: Overlay::new(),
            private: Overlay::new(),
            broadcast: state.broadcast.0,
            trades: 0,
            live: 0,
            entry: Entry::None,
            quotes: Overlay::new(),
            due: None,
            quote: QuoteProgress::default(),
            rows: Overlay::new(),
            new_rows: 0,
            money: 0,
            ticking: false,
            auction: None,
            turnover: 0,
            phases: vec![],
            pictured: 0,
            is_pictured: false,
        }
    }

    /// One event, in its place.
    fn event(&mut self, event: &Event, first: bool, last: bool) -> Check {
        let view = event.view().ok_or(ImpossibleKind::UnknownKind)?;
        if !reserved_is_zero(&view) {
            return Err(ImpossibleKind::ReservedNotZero);
        }
        let alone = first && last;
        // The log begins with a DayOpen that took effect.
        let opens_day = matches!((self.command.body, view), (BodyView::DayOpen(_), EventView::Applied(_)));
        fits(self.state.day.is_some() || opens_day)?;
        if let EventView::Rejected(rejected) = view {
            fits(alone)?;
            return self.rejected(rejected);
        }
        if let Some((quote, reason)) = self.due.take() {
            let EventView::QuoteEnded(ended) = view else { return Err(ImpossibleKind::DoesNotFit) };
            fits(ended.quote == quote && ended.reason == reason)?;
            return self.quote_ended(ended);
        }
        match (self.command.body, view) {
            (BodyView::QuoteInsert(insert), view) => self.of_quote(insert, &view),
            (BodyView::QuoteCancel(_), EventView::Ended(ended)) => {
                fits(ended.reason == EndReason::Cancelled as u8)?;
                self.ended(ended)
            }
            (BodyView::EnquireQuote(enquiry), EventView::Enquired(enquired)) => {
                fits(alone)?;
                self.enquired(enquiry, enquired)
            }
            (BodyView::ExecOrderInsert(insert), EventView::ExecAccepted(accepted)) => {
                fits(alone)?;
                self.exec_accepted(insert, accepted)
            }
            (BodyView::ExecOrderCancel(_), EventView::ExecEnded(ended)) => {
                fits(alone)?;
                self.exec_ended(ended)
            }
            (BodyView::OrderInsert(order), EventView::Accepted(accepted)) => {
                fits(first)?;
                self.accepted(order, accepted)
            }
            (BodyView::OrderInsert(_), EventView::Traded(traded)) => self.traded_on_entry(traded),
            (BodyView::OrderInsert(_), EventView::Rested(rested)) => {
                fits(last)?;
                self.rested(rested)
            }
            (BodyView::OrderInsert(_), EventView::Ended(ended)) => {
                fits(last && self.entry == Entry::Entering(ended.order))?;
                let all_traded = ended.reason == EndReason::AllTraded as u8;
                fits(all_traded || ended.reason == EndReason::ImmediateRemainder as u8)?;
                fits(all_traded == (ended.released.0 == 0))?;
                self.ended(ended)?;
                self.entry = Entry::Done;
                Ok(())
            }
            (BodyView::OrderCancel(_), EventView::Ended(ended)) => {
                fits(first && ended.reason == EndReason::Cancelled as u8)?;
                self.ended(ended)
            }
            (BodyView::MassCancel(mass), EventView::Ended(ended)) => {
                let reason = if mass.cause == 1 { EndReason::Disconnected } else { EndReason::MassCancelled };
                fits(ended.reason == reason as u8)?;
                self.ended(ended)
            }
            (BodyView::DayClose(_), EventView::Ended(ended)) => {
                fits(self.phases.is_empty() && ended.reason == EndReason::DayEnd as u8)?;
                self.ended(ended)
            }
            (BodyView::DayClose(_), EventView::PhaseChanged(changed)) => {
                fits(changed.phase == Phase::Closed as u8)?;
                self.phase_changed(changed)
            }
            (BodyView::PhaseSet(set), EventView::PhaseChanged(changed)) => {
                fits(changed.phase == set.phase)?;
                fits(names(self.state, set.instrument, set.product, changed.instrument))?;
                let its = self.state.instrument(changed.instrument);
                fits(set.last_day == 0 || its.is_some_and(|its| self.state.ends_today(its)))?;
                self.phase_changed(changed)
            }
            (BodyView::PhaseSet(_) | BodyView::DayClose(_), EventView::MarketData(data)) => self.pictured(data),
            (BodyView::PhaseSet(_) | BodyView::DayClose(_), EventView::Snapshot(snapshot)) => {
                fits(!self.is_pictured && self.pictured != 0 && self.pictured == self.phases.len())?;
                self.is_pictured = true;
                self.count_broadcast(snapshot.broadcast_number)
            }
            (BodyView::PhaseSet(_) | BodyView::DayClose(_), EventView::MarketChanged(changed)) => {
                fits(last && self.is_pictured)?;
                Phase::from_code(changed.phase).ok_or(ImpossibleKind::UnknownCode)?;
                self.count_broadcast(changed.broadcast_number)
            }
            (BodyView::RightSet(set), EventView::InstrumentChanged(changed)) => {
                fits(alone && set.scope == RightScope::Instrument as u8)?;
                fits((changed.instrument, changed.right) == (set.instrument, set.right))?;
                definitions::check(self.state, self.command).map_err(|_| ImpossibleKind::DefinitionImpossible)?;
                self.count_broadcast(changed.broadcast_number)
            }
            (BodyView::Uncross(uncross), EventView::AuctionPriced(priced)) => {
                fits(names(self.state, uncross.instrument, uncross.product, priced.instrument))?;
                self.auction_priced(priced)
            }
            (BodyView::Uncross(_), EventView::Traded(traded)) => self.traded_in_auction(traded),
            (BodyView::BookRestate(_), EventView::Restated(restated)) => self.restated(restated),
            (BodyView::MarketDataTick(_), EventView::MarketData(data)) => self.market_data(data),
            (BodyView::MarketDataTick(_), EventView::Depth(depth)) => self.depth(depth),
            (BodyView::MarketDataTick(_), EventView::Ticked(ticked)) => {
                fits(last)?;
                self.ticked(ticked)
            }
            (BodyView::Bulletin(bulletin), EventView::Published(published)) => {
                fits(alone && published.participant == bulletin.participant)?;
                self.published(published)
            }
            (_, EventView::Applied(_)) => {
                fits(alone)?;
                self.applied()
            }
            _ => Err(ImpossibleKind::DoesNotFit),
        }
    }

    /// What must hold when all events are seen.
    fn end(&self) -> Check {
        fits(
            self.due.is_none() && !self.ticking && (self.pictured == 0 || self.is_pictured) && !self.quote.is_missing(),
        )?;
        let left_over = matches!(self.entry, Entry::Entering(_)) || self.quote.is_unfinished();
        if left_over { Err(ImpossibleKind::OrderLeftOver) } else { Ok(()) }
    }

    fn rejected(&mut self, rejected: &Rejected) -> Check {
        Reject::from_code(rejected.code).ok_or(ImpossibleKind::UnknownCode)?;
        match rejected.marked {
            0 => Ok(()),
            1 => self.markable(),
            _ => Err(ImpossibleKind::UnknownCode),
        }
    }

    /// Whether the command's local id can be marked.
    fn markable(&self) -> Check {
        let (ids, local_id) = local_id_of(self.command).ok_or(ImpossibleKind::DoesNotFit)?;
        self.state.user(ids.user()).ok_or(ImpossibleKind::UnknownIndex)?;
        if self.state.local_ids.find(ids, local_id).is_some() {
            return Err(ImpossibleKind::LocalIdTaken);
        }
        if self.state.local_ids.has_room() { Ok(()) } else { Err(ImpossibleKind::CapacityExceeded) }
    }

    /// What Applied says is in the command: it must be something that the state can hold.
    fn applied(&self) -> Check {
        let own_events = matches!(
            self.command.body,
            BodyView::OrderInsert(_)
                | BodyView::OrderCancel(_)
                | BodyView::QuoteInsert(_)
                | BodyView::QuoteCancel(_)
                | BodyView::EnquireQuote(_)
                | BodyView::ExecOrderInsert(_)
                | BodyView::ExecOrderCancel(_)
                | BodyView::Bulletin(_)
        );
        fits(!own_events)?;
        definitions::check(self.state, self.command).map_err(|_| ImpossibleKind::DefinitionImpossible)
    }

    fn accepted(&mut self, order: &OrderInsert, accepted: &Accepted) -> Check {
        let (state, user) = (self.state, self.command.header.user);
        let direction = Direction::from_code(order.direction).ok_or(ImpossibleKind::UnknownCode)?;
        let offset = Offset::from_code(order.offset).ok_or(ImpossibleKind::UnknownCode)?;
        let condition = MatchCondition::from_code(order.match_condition).ok_or(ImpossibleKind::UnknownCode)?;
        known_code((b'1'..=b'4').contains(&order.hedge) && accepted.rests <= 1)?;
        let trader = state.user(user).ok_or(ImpossibleKind::UnknownIndex)?;
        state.account(order.account).ok_or(ImpossibleKind::UnknownIndex)?;
        let instrument = state.instrument(order.instrument).ok_or(ImpossibleKind::UnknownIndex)?;
        self.markable()?;
        if accepted.index != 0 {
            return Err(ImpossibleKind::WrongIndex);
        }
        let price = match order.order_type == LIMIT_ORDER {
            true => self.price(order.instrument, order.price)?,
            false => instrument.furthest(direction),
        };
        let opens = offset == Offset::Open;
        let whose = whose(order.account, order.instrument, order.hedge);
        self.reservable(whose, direction, opens, order.volume, accepted.yesterday)?;
        self.system_id(&accepted.sys_id)?;
        if opens {
            self.moves(trader.definition.participant, instrument.need(direction, price, order.volume.0))?;
        }
        let participant = trader.definition.participant;
        if condition.immediate() {
            fits(accepted.rests == 0)?;
            expect_number(accepted.private_number, StreamNumber(0))?;
        } else {
            self.count_private(participant, accepted.private_number)?;
        }
        if accepted.rests != 0 {
            self.entry = Entry::Done;
            return self.room_to_rest();
        }
        let key = OrderKey::new(self.stamp.sequence, accepted.index);
        self.entry = Entry::Entering(key);
        self.orders.insert(
            key.0,
            Standing {
                instrument: order.instrument,
                participant,
                direction,
                opens,
                price,
                quoted: false,
                whose,
                immediate: condition.immediate(),
                remaining: order.volume.0,
                yesterday: accepted.yesterday.0,
                traded: 0,
                last_price: Price(0),
            },
        );
        Ok(())
    }

    /// A limit in ticks.
    fn price(&self, instrument: InstrumentIndex, price: RawPrice) -> Result<Price, ImpossibleKind> {
        let of = self.state.instrument(instrument).ok_or(ImpossibleKind::UnknownIndex)?;
        let (ticks, rest) = of.ticks(price);
        let ticks = i32::try_from(ticks).ok().filter(|_| rest == 0);
        let price = ticks.map(Price).filter(|&price| self.state.book(instrument).spans(price));
        price.ok_or(ImpossibleKind::PriceUnusable)
    }

    /// An OrderSysId is there, and no live order's.
    fn system_id(&self, text: &SystemId) -> Check {
        let taken = self.state.orders.find_text(text, self.state.texts()).is_some();
        if taken || is_blank(text) { Err(ImpossibleKind::SystemIdUnusable) } else { Ok(()) }
    }

    /// Money that a participant uses more (less, if negative): it and what is cleared stay within 128 bits, in whatever order a frame moves it.
    fn moves(&mut self, participant: ParticipantIndex, amount: i128) -> Check {
        if amount == 0 {
            return Ok(());
        }
        self.money = self.money.checked_add(amount.unsigned_abs()).ok_or(ImpossibleKind::Overflow)?;
        let (own, clearing) = self.state.money_of(participant);
        let within = |money: i128| {
            let most = self.money.checked_add(money.unsigned_abs());
            most.is_some_and(|most| most <= i128::MAX as u128)
        };
        if within(own.used) && within(clearing.cleared) { Ok(()) } else { Err(ImpossibleKind::Overflow) }
    }

    /// Whether what an accepted order needs can be reserved.
    fn reservable(
        &mut self,
        whose: u64,
        direction: Direction,
        opens: bool,
        volume: Volume,
        yesterday: Volume,
    ) -> Check {
        if volume.0 == 0 || yesterday > volume || opens && yesterday.0 != 0 {
            return Err(ImpossibleKind::WrongVolume);
        }
        let state = self.state;
        let in_quote = matches!(self.command.body, BodyView::QuoteInsert(_));
        let loaded = || state.rows.find(whose).map(|row| *state.rows.get(row));
        let row = if in_quote { self.rows.get_or(whose, loaded).copied() } else { loaded() };
        if opens {
            if row.map_or(0, |row| row.reach(direction)) + u64::from(volume.0) > u64::from(u32::MAX) {
                return Err(ImpossibleKind::Overflow);
            }
            if row.is_none() && !state.rows.has_room_beside(self.new_rows) {
                return Err(ImpossibleKind::CapacityExceeded);
            }
        } else {
            let today = volume.0 - yesterday.0;
            let free = row.is_some_and(|row| row.can_freeze(direction.other(), yesterday.0, today));
            if !free {
                return Err(ImpossibleKind::PositionInsufficient);
            }
        }
        if in_quote {
            if row.is_none() {
                self.new_rows += 1;
                self.rows.insert(whose, Row::default());
            }
            self.in_row(whose, |row| row.reserve(direction, opens, volume.0, yesterday.0));
        }
        Ok(())
    }

    /// Changes a row as it will be, in a frame where somebody will look at it again.
    fn in_row(&mut self, whose: u64, change: impl FnOnce(&mut Row)) {
        if !matches!(self.command.body, BodyView::QuoteInsert(_)) {
            return;
        }
        let state = self.state;
        if let Some(row) = self.rows.get_or(whose, || state.rows.find(whose).map(|row| *state.rows.get(row))) {
            change(row);
        }
    }

    fn room_to_rest(&mut self) -> Check {
        if !self.state.orders.has_room_beside(self.live) {
            return Err(ImpossibleKind::CapacityExceeded);
        }
        self.live += 1;
        Ok(())
    }

    fn rested(&mut self, rested: &Rested) -> Check {
        let key = rested.order;
        fits(self.entry == Entry::Entering(key))?;
        let to_limit = matches!(self.command.body, BodyView::OrderInsert(order) if order.order_type != LIMIT_ORDER);
        let order = self.standing(key)?;
        fits(!order.immediate)?;
        if rested.remaining.0 != order.remaining {
            return Err(ImpossibleKind::WrongVolume);
        }
        let before = std::mem::replace(&mut order.price, rested.price);
        let order = *order;
        if before != rested.price {
            if !to_limit || !self.state.book(order.instrument).spans(rested.price) {
                return Err(ImpossibleKind::PriceUnusable);
            }
            self.settles(&order, before, rested.price, order.remaining)?;
        }
        self.entry = Entry::Done;
        self.room_to_rest()
    }

    /// What an opening order needed at one price becomes what is needed or paid at another.
    fn settles(&mut self, order: &Standing, before: Price, after: Price, volume: u32) -> Check {
        let instrument = self.state.instrument(order.instrument).ok_or(ImpossibleKind::UnknownIndex)?;
        let amount = match order.opens {
            true => {
                let [before, after] = [before, after].map(|price| instrument.need(order.direction, price, volume));
                after.checked_sub(before).ok_or(ImpossibleKind::Overflow)?
            }
            false => instrument.settle(order.direction, false, before, after, volume),
        };
        self.moves(order.participant, amount)
    }

    /// An order as it stands after the frame's earlier events.
    fn standing(&mut self, key: OrderKey) -> Result<&mut Standing, ImpossibleKind> {
        let state = self.state;
        let load = || state.orders.find_resting(key).map(|slot| Standing::of(state, state.orders.get(slot)));
        self.orders
            .get_or(key.0, load)
            .filter(|order| order.remaining != 0 || order.immediate)
            .ok_or(ImpossibleKind::UnknownOrder)
    }

    fn traded_on_entry(&mut self, traded: &Traded) -> Check {
        let aggressor = match traded.aggressor {
            0 => traded.buy,
            1 => traded.sell,
            _ => return Err(ImpossibleKind::DoesNotFit),
        };
        fits(self.entry == Entry::Entering(aggressor))?;
        self.traded(traded)?;
        let order = self.orders.get_or(aggressor.0, || None).ok_or(ImpossibleKind::UnknownOrder)?;
        if order.remaining == 0 && !order.immediate {
            self.entry = Entry::Done;
        }
        Ok(())
    }

    fn traded_in_auction(&mut self, traded: &Traded) -> Check {
        fits(traded.aggressor == 2)?;
        self.traded(traded)?;
        let traded_in = self.orders.get_or(traded.buy.0, || None).map(|order| order.instrument);
        fits(self.auction.is_some() && traded_in == self.auction)
    }

    fn traded(&mut self, traded: &Traded) -> Check {
        if traded.index != self.trades || traded.index >> KEY_INDEX_BITS != 0 {
            return Err(ImpossibleKind::WrongIndex);
        }
        self.trades += 1;
        let (buy, sell) = (*self.standing(traded.buy)?, *self.standing(traded.sell)?);
        let sides = buy.direction == Direction::Buy && sell.direction == Direction::Sell;
        if !sides || buy.instrument != sell.instrument {
            return Err(ImpossibleKind::WrongSide);
        }
        let (buy_part, sell_part) =
            ((traded.buy_remaining, traded.buy_yesterday), (traded.sell_remaining, traded.sell_yesterday));
        for (key, (remaining, yesterday)) in [(traded.buy, buy_part), (traded.sell, sell_part)] {
            let order = self.standing(key)?;
            order.trade(traded.price, traded.volume.0, remaining.0, yesterday.0)?;
            let order = *order;
            self.settles(&order, order.price, traded.price, traded.volume.0)?;
            self.in_row(order.whose, |row| row.trade(order.direction, order.opens, traded.volume.0, yesterday.0));
            if remaining.0 == 0 {
                self.live -= i64::from(self.entry != Entry::Entering(key));
                if order.quoted {
                    self.lose(key, None)?;
                }
            }
        }
        let instrument = self.state.instrument(buy.instrument).ok_or(ImpossibleKind::UnknownIndex)?;
        let turnover = instrument.turnover_of(traded.price, traded.volume);
        self.turnover = self.turnover.checked_add(turnover.unsigned_abs()).ok_or(ImpossibleKind::Overflow)?;
        let most = self.turnover.checked_add(instrument.turnover.0.unsigned_abs());
        if most.is_none_or(|most| most > i128::MAX as u128) {
            return Err(ImpossibleKind::Overflow);
        }
        self.count_private(buy.participant, traded.buy_number)?;
        self.count_private(sell.participant, traded.sell_number)
    }

    fn ended(&mut self, ended: &Ended) -> Check {
        let order = self.standing(ended.order)?;
        let told = (ended.released.0, ended.yesterday.0, ended.traded.0, ended.last_price);
        if told != (order.remaining, order.yesterday, order.traded, order.last_price) {
            return Err(ImpossibleKind::WrongVolume);
        }
        let before = *order;
        // It is not there any more for what comes after.
        (order.remaining, order.immediate) = (0, false);
        let instrument = self.state.instrument(before.instrument).ok_or(ImpossibleKind::UnknownIndex)?;
        if before.opens {
            self.moves(before.participant, -instrument.need(before.direction, before.price, before.remaining))?;
        }
        self.in_row(before.whose, |row| {
            row.release(before.direction, before.opens, before.remaining, before.yesterday);
        });
        self.live -= i64::from(self.entry != Entry::Entering(ended.order));
        self.count_private(before.participant, ended.private_number)?;
        if before.quoted { self.lose(ended.order, Some(ended.reason)) } else { Ok(()) }
    }

    fn restated(&mut self, restated: &Restated) -> Check {
        let order = *self.standing(restated.order)?;
        let told = (restated.remaining.0, restated.traded.0, restated.last_price);
        if told != (order.remaining, order.traded, order.last_price) {
            return Err(ImpossibleKind::WrongVolume);
        }
        self.count_private(order.participant, restated.private_number)
    }

    fn auction_priced(&mut self, priced: &AuctionPriced) -> Check {
        self.state.instrument(priced.instrument).ok_or(ImpossibleKind::UnknownIndex)?;
        self.auction = Some(priced.instrument);
        Ok(())
    }

    fn phase_changed(&mut self, changed: &PhaseChanged) -> Check {
        fits(self.pictured == 0)?;
        Phase::from_code(changed.phase).ok_or(ImpossibleKind::UnknownCode)?;
        self.state.instrument(changed.instrument).ok_or(ImpossibleKind::UnknownIndex)?;
        self.phases.push(changed.instrument);
        self.count_broadcast(changed.broadcast_number)
    }

    /// What an instrument is in its new phase: one for each, in their order, under the number that Snapshot will have.
    fn pictured(&mut self, data: &MarketData) -> Check {
        fits(!self.is_pictured && self.phases.get(self.pictured) == Some(&data.instrument))?;
        self.pictured += 1;
        let number = self.broadcast.checked_add(1).ok_or(ImpossibleKind::Overflow)?;
        expect_number(data.broadcast_number, StreamNumber(number))
    }

    fn market_data(&mut self, data: &MarketData) -> Check {
        self.state.instrument(data.instrument).ok_or(ImpossibleKind::UnknownIndex)?;
        // All of a tick carry one number.
        self.ticking = true;
        self.broadcast = self.state.broadcast.0;
        self.count_broadcast(data.broadcast_number)
    }

    fn depth(&self, depth: &Depth) -> Check {
        self.state.instrument(depth.instrument).ok_or(ImpossibleKind::UnknownIndex)?;
        let (count, gone) = (usize::from(depth.count), usize::from(depth.gone_count));
        known_code(depth.side <= 1 && count <= DEPTH_LEVELS && gone <= DEPTH_LEVELS)?;
        known_code(depth.changed >> count == 0)
    }

    fn ticked(&mut self, ticked: &Ticked) -> Check {
        fits(std::mem::take(&mut self.ticking))?;
        expect_number(ticked.match_number, StreamNumber(self.broadcast))?;
        for number in [ticked.trade_number, ticked.depth_number] {
            if number != StreamNumber(0) {
                self.count_broadcast(number)?;
            }
        }
        Ok(())
    }

    fn published(&mut self, published: &Published) -> Check {
        if published.participant == ParticipantIndex::ALL {
            return self.count_broadcast(published.number);
        }
        self.count_private(published.participant, published.number)
    }

    fn count_broadcast(&mut self, number: StreamNumber) -> Check {
        self.broadcast = self.broadcast.checked_add(1).ok_or(ImpossibleKind::Overflow)?;
        expect_number(number, StreamNumber(self.broadcast))
    }

    fn count_private(&mut self, participant: ParticipantIndex, number: StreamNumber) -> Check {
        let state = self.state;
        let load = || state.participant(participant).map(|participant| participant.private_count.0);
        let count = self.private.get_or(u64::from(participant.0), load).ok_or(ImpossibleKind::UnknownIndex)?;
        *count = count.checked_add(1).ok_or(ImpossibleKind::Overflow)?;
        expect_number(number, StreamNumber(*count))
    }
}

fn fits(holds: bool) -> Check {
    if holds { Ok(()) } else { Err(ImpossibleKind::DoesNotFit) }
}

fn known_code(holds: bool) -> Check {
    if holds { Ok(()) } else { Err(ImpossibleKind::UnknownCode) }
}

fn expect_number(number: StreamNumber, expected: StreamNumber) -> Check {
    if number == expected { Ok(()) } else { Err(ImpossibleKind::WrongStreamNumber) }
}

/// Whether a command about an instrument, a product's or ALL is about this one.
fn names(state: &State, instrument: InstrumentIndex, product: ProductIndex, of_event: InstrumentIndex) -> bool {
    if instrument != InstrumentIndex::ALL {
        return instrument == of_event;
    }
    let its = state.instrument(of_event).map(|of| of.definition.product);
    product == ProductIndex::ALL || its == Some(product)
}
