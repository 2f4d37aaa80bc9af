//! A seeded day's director: phases by the share of orders sent, orders as the traders' minds have them, an operator who also errs.

use super::day::Day;
use super::death::{Death, share};
use super::traders::Traders;
use super::world::World;
use crate::base_data;
use engine::command::{CommandBuffer, DayClose, EpochOpen};
use engine::event::{Event, EventView};
use engine::reject::Reject;
use engine::types::{Epoch, InstrumentIndex, Phase, Sequence};
use journal::LogReader;
use member_api::LocalId;
use net::Instant;
use std::collections::BTreeSet;
use std::time::Duration;

/// The local id of the order that kills the primary.
pub const POISON: [u8; 24] = *b"POISON                  ";
/// Orders sent in one round, at most.
const ORDERS_A_ROUND: usize = 8;
/// Of a thousand orders, how many are sent during the takeover's auction.
const REOPENING_PER_MILLE: u32 = 10;
/// How long the day's end waits for members' open requests, virtual.
const SETTLING: Duration = Duration::from_secs(600);
/// How long an auction that the takeover goes back to waits for members, virtual.
const RECOVERY: Duration = Duration::from_secs(60);
/// From this share of the orders on refusals that have not been met are looked for.
const LATE: f64 = 0.3;

/// The director.
pub struct SeededDirector {
    traders: Traders,
    /// Orders of the day, as asked for; the schedule's measure.
    total: u32,
    /// Orders to send as it stands now: more, if refusals have not been met.
    total_now: u32,
    /// The next step of the schedule, as its place in `schedule`; known again from the log after a takeover.
    next_step: usize,
    resumed: bool,
    resumed_at: Option<Instant>,
    probed: [bool; 2],
    reopening_orders: u32,
    settling_since: Option<Instant>,
    poisoned: bool,
    closing_probed: bool,
    met: Met,
}

/// Refusals that stand in Backstop's log.
#[derive(Default)]
struct Met {
    codes: BTreeSet<u16>,
    /// The log was looked through up to here.
    offset: u64,
}

impl Met {
    /// Looks through what is new.
    fn look(&mut self, log: &LogReader) {
        for frame in log.frames_from(self.offset) {
            self.offset += frame.bytes().len() as u64;
            if let Some(EventView::Rejected(event)) = frame.events().next().and_then(Event::view) {
                self.codes.insert(event.code);
            }
        }
    }

    /// A refusal of these has not been met.
    fn is_missing(&self, codes: impl IntoIterator<Item = Reject>) -> bool {
        codes.into_iter().any(|reject| !self.codes.contains(&(reject as u16)))
    }
}

/// Refusals that members provoke: by a mistake, or by what the day's limits and phases make of ordinary orders.
fn of_members() -> impl Iterator<Item = Reject> {
    Reject::ALL.iter().copied().filter(|reject| (*reject as u16) <= Reject::StopOrderNotOffered as u16)
}

/// … by a mistake.
fn of_mistakes() -> impl Iterator<Item = Reject> {
    let ordinary = [
        Reject::LocalIdsExhausted,
        Reject::PhaseForbidsInsert,
        Reject::PhaseForbidsImmediate,
        Reject::PositionRowsExhausted,
        Reject::OrdersExhausted,
        Reject::PhaseForbidsCancel,
    ];
    of_members().filter(move |reject| !ordinary.contains(reject))
}

/// Steps of the schedule: from which share of the orders on. Their numbers in the log count from 1.
const SCHEDULE: [(f64, Step); 7] = [
    (0.0, Step::Phase(Phase::AuctionOrdering)),
    (share::NO_CANCEL, Step::Phase(Phase::AuctionMatch)),
    (share::UNCROSS, Step::Uncross),
    (share::UNCROSS, Step::Phase(Phase::Continuous)),
    (share::BREAK, Step::Phase(Phase::NoTrading)),
    (share::AFTERNOON, Step::Phase(Phase::Continuous)),
    (1.0, Step::Close),
];
/// Steps of the schedule after which the market trades continuously for the first time.
const TRADING: usize = 4;

#[derive(Clone, Copy, PartialEq)]
enum Step {
    Phase(Phase),
    Uncross,
    Close,
}

impl SeededDirector {
    /// A director for a world.
    #[must_use]
    pub fn new(world: &World, total: u32, seed: u64) -> Self {
        SeededDirector {
            traders: Traders::new(world, seed),
            total,
            total_now: total,
            next_step: 0,
            resumed: false,
            resumed_at: None,
            probed: [false; 2],
            reopening_orders: 0,
            settling_since: None,
            poisoned: false,
            closing_probed: false,
            met: Met::default(),
        }
    }

    /// Does what is due in this round.
    pub fn act(&mut self, day: &mut Day) {
        if !day.begin() {
            return;
        }
        if day.death.armed_at.is_none() {
            self.arm(day);
        }
        self.release(day);
        if day.is_between() {
            self.trade_while_reopening(day);
            return;
        }
        if day.primary.is_dead() && !self.resumed {
            // The schedule goes on where the log says that it stands.
            self.resumed = true;
            self.resumed_at = Some(day.now);
            self.next_step = day.backstop.front().directory().last_step() as usize;
        }
        if !self.recovered(day) {
            return;
        }
        // What the takeover rolls back cannot be counted on: members err until every refusal stands in the log.
        if self.done(day) >= LATE {
            self.met.look(day.backstop.log());
            self.traders.clumsy = self.met.is_missing(of_mistakes());
            let missing = day.primary.is_dead() && self.met.is_missing(of_members());
            if missing && day.orders_sent >= self.total && day.orders_sent < self.total * 2 {
                self.total_now = day.orders_sent + ORDERS_A_ROUND as u32;
            }
        }
        self.keep_the_schedule(day);
        self.err(day);
        let is_open = self.next_step < SCHEDULE.len();
        if is_open && day.orders_sent < self.total_now {
            self.traders.send(day, ORDERS_A_ROUND, self.total_now);
        }
    }

    /// An auction that the takeover goes back to waits for the orders that are sent again, before anything new is sent.
    fn recovered(&mut self, day: &Day) -> bool {
        let Some(resumed_at) = self.resumed_at else { return true };
        let first = day.backstop.front().directory().instrument(InstrumentIndex(0));
        let in_auction = first.is_some_and(|instrument| instrument.phase == Phase::AuctionOrdering);
        let settled = day.members.iter().all(|node| node.member.is_settled() && !node.member.is_held());
        if !in_auction || settled || day.now >= resumed_at + RECOVERY {
            self.resumed_at = None;
        }
        self.resumed_at.is_none()
    }

    fn done(&self, day: &Day) -> f64 {
        f64::from(day.orders_sent) / f64::from(self.total)
    }

    fn arm(&mut self, day: &mut Day) {
        match day.fate.death {
            Death::At(fraction) if self.done(day) >= fraction && day.orders_sent > 0 => day.arm(day.fate.bytes_later),
            Death::Poison(fraction) if self.done(day) >= fraction && !self.poisoned => {
                self.poisoned = true;
                let terms = &day.world.instruments[1];
                let order = super::traders::limit(&day.world, 0, 0, terms, true, terms.previous_settlement - 60, 1);
                day.members[0].member.insert_as(LocalId(POISON), order);
                day.members[0].restless = true;
                day.orders_sent += 1;
            }
            _ => {}
        }
    }

    /// Members let their orders leave again when the market takes orders.
    fn release(&mut self, day: &mut Day) {
        if !day.death.unplugged {
            return;
        }
        for node in &mut day.members {
            let opens = node.member.view().instruments().first().is_some_and(|instrument| {
                matches!(instrument.phase, p if p == Phase::Continuous as u8 || p == Phase::AuctionOrdering as u8)
            });
            if node.is_working() && node.member.epoch().0 > 1 && node.member.is_held() && opens {
                node.member.hold(false);
                node.restless = true;
            }
        }
    }

    fn trade_while_reopening(&mut self, day: &mut Day) {
        let in_auction = day.backstop.front().directory().instrument(InstrumentIndex(0));
        let in_auction = in_auction.is_some_and(|instrument| instrument.phase == Phase::AuctionOrdering);
        let most = self.total * REOPENING_PER_MILLE / 1_000;
        if in_auction && day.death.unplugged && self.reopening_orders < most && day.orders_sent < self.total {
            self.reopening_orders += self.traders.send(day, ORDERS_A_ROUND, self.total_now);
        }
    }

    fn keep_the_schedule(&mut self, day: &mut Day) {
        while let Some(&(from, step)) = SCHEDULE.get(self.next_step) {
            let number = self.next_step as u32 + 1;
            if day.primary.is_dead() && day.backstop.front().directory().last_step() + 1 < number {
                return; // the step before is on its way
            }
            // In a phase that takes no orders, members that came back from the takeover wait: time brings the next one.
            let first = day.backstop.front().directory().instrument(InstrumentIndex(0));
            let waits = day.primary.is_dead()
                && step != Step::Close
                && first.is_some_and(|instrument| !instrument.phase.takes_orders())
                && day.members.iter().any(|node| node.member.is_held());
            if (self.done(day) < from && !waits) || (step == Step::Close && !self.may_close(day)) {
                return;
            }
            let all = InstrumentIndex::ALL;
            let command = match step {
                Step::Phase(phase) => {
                    if phase == Phase::AuctionMatch {
                        // Continuous trading over a crossed book is refused.
                        for index in 0..day.world.instruments.len() as u16 {
                            let instrument = InstrumentIndex(index);
                            for phase in [Phase::Continuous, Phase::AuctionOrdering] {
                                let set = base_data::phase(instrument, phase, base_data::BY_HAND, 0);
                                day.operate(&CommandBuffer::own(&set));
                            }
                        }
                    }
                    CommandBuffer::own(&base_data::phase(all, phase, base_data::AUTOMATIC, number))
                }
                Step::Uncross => CommandBuffer::own(&base_data::uncross(all, number)),
                Step::Close => CommandBuffer::own(&DayClose { reserved: 0, step: number }),
            };
            let before = day.primary.records().log.len() as u64;
            if !day.operate(&command) {
                return;
            }
            self.next_step += 1;
            if step == Step::Uncross && day.fate.death == Death::InUncross && !day.primary.is_dead() {
                let after = day.primary.records().log.len() as u64;
                let inside = (after - before).saturating_sub(2).max(1);
                day.arm_at(before + 1 + day.fate.bytes_later * 37 % inside);
                return;
            }
            if step == Step::Close {
                self.settling_since = Some(day.now);
            }
        }
        self.end(day);
    }

    /// Nothing is on its way any more, and the primary has had its death.
    fn may_close(&mut self, day: &mut Day) -> bool {
        if !day.primary.is_dead() {
            day.arm(0);
            return false;
        }
        if self.total_now > day.orders_sent {
            self.settling_since = None;
            return false;
        }
        let settled = day.members.iter().all(|node| node.member.open_requests() == 0);
        let since = *self.settling_since.get_or_insert(day.now);
        settled || day.now >= since + SETTLING
    }

    /// After the close: one more mistake of the operator's, and everybody is told everything.
    fn end(&mut self, day: &mut Day) {
        if !self.closing_probed {
            let late = base_data::phase(InstrumentIndex(0), Phase::Continuous, base_data::BY_HAND, 0);
            self.closing_probed = day.operate(&CommandBuffer::own(&late));
            return;
        }
        day.close_when_told(self.settling_since.unwrap_or(day.now) + SETTLING);
    }

    /// What an operator gets wrong, early in the day and after the takeover, so that it stands in the log wherever the cut is.
    fn err(&mut self, day: &mut Day) {
        let occasions = [self.done(day) >= 0.1, day.primary.is_dead() && self.next_step > TRADING];
        for (probed, occasion) in self.probed.iter_mut().zip(occasions) {
            if *probed || !occasion {
                continue;
            }
            *probed = true;
            let beyond = InstrumentIndex(day.world.limits.instruments - 1);
            let wrong = [
                base_data::day(super::world::TRADING_DAY, super::world::PRIMARY_DATA_CENTER, &day.world.limits),
                base_data::participant(0, "0001"),
                CommandBuffer::own(&base_data::phase(beyond, Phase::Continuous, base_data::BY_HAND, 0)),
                CommandBuffer::own(&base_data::uncross(InstrumentIndex(0), 0)),
                CommandBuffer::own(&EpochOpen {
                    epoch: Epoch(1),
                    data_center: super::world::PRIMARY_DATA_CENTER,
                    old_epoch: Epoch(1),
                    reserved: 0,
                    cut_sequence: Sequence(1),
                }),
            ];
            for command in &wrong {
                day.operate(command);
            }
        }
    }
}
