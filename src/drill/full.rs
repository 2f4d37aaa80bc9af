//! A full day: index futures, treasury futures and index options, each by its own calendar, run by whichever core is the exchange.
//!
//! The calendar is CFFEX's day with a minute for an hour, times from `BEGINS`:
//!
//! | from, s | index futures IF | treasury futures T | index options IO |
//! |---|---|---|---|
//! | 0 | opening auction | opening auction | opening auction |
//! | 20 | no cancel, match at 26 | | no cancel, match at 26 |
//! | 22 | | no cancel, match at 28 | |
//! | 26, 28 | continuous | continuous | continuous |
//! | 80, 82 | break | break | break |
//! | 90, 92 | continuous | continuous | continuous; from 100 exercise instructions |
//! | 140 | | | closing auction |
//! | 152 | | | no cancel, match at 158 |
//! | 158 | closed | | closed |
//! | 175 | | the day's close | |
//!
//! The primary gives the steps by its clock until it dies; Backstop goes on behind the last one that counts. Orders are spread over the
//! time in which anything trades. An operator intervenes at fixed times: functions off and on, a mass cancel, a bulletin to one
//! participant, a right, on whichever core is the exchange then.

use super::day::Day;
use super::death::Death;
use super::traders::Traders;
use super::world::{DAY_BEGINS_NS, World};
use crate::base_data;
use crate::base_files::{InstrumentRow, MoreTerms, RightName};
use engine::command::{
    BodyView, Bulletin, CommandBuffer, FunctionSet, INSTRUMENT_EXERCISE, INSTRUMENT_PREMIUM, InstrumentDefine,
    MarketMakerSet, MassCancel, MassScope, PRODUCT_LIMIT_BY_VIEW, ProductDefine, RightScope, RightSet, ScheduleAction,
    ScheduleSet,
};
use engine::types::{
    AccountIndex, Function, InstrumentIndex, ParticipantIndex, Phase, PriceRule, ProductIndex, RawPrice, Right,
    TieBreak,
};
use net::Instant;
use net::random::Random;
use std::time::Duration;

/// 08:31 China Standard Time, milliseconds after midnight: a minute after the nodes began, so that everybody has logged in.
const BEGINS: u32 = 30_660_000;
/// The moment of [`BEGINS`], nanoseconds since the Unix epoch.
const BEGINS_NS: u64 = DAY_BEGINS_NS + 60_000_000_000;
/// The calendar's last step, milliseconds from [`BEGINS`].
const LENGTH: u32 = 175_000;
/// Orders are sent between these two times, but not in the break of all.
const ORDERS: (u32, u32) = (1_000, 172_000);
const BREAK: (u32, u32) = (80_000, 92_000);
/// Orders sent in one round, at most.
const ORDERS_A_ROUND: usize = 8;
/// How long the day's end waits for members to be told everything, virtual.
const SETTLING: Duration = Duration::from_secs(600);

/// The products' letters, in the order of their indices.
pub const PRODUCTS: [&str; 3] = ["IF", "T", "IO"];
const IF: ProductIndex = ProductIndex(0);
const T: ProductIndex = ProductIndex(1);
const IO: ProductIndex = ProductIndex(2);

/// Where in a full day the primary dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailIn {
    /// Order entry of the opening auction
    OpeningAuction,
    /// The opening auction's match, no cancels
    OpeningMatch,
    /// Continuous trading of all products
    Continuous,
    /// The break of all products
    Break,
    /// The options' closing auction, futures trade
    ClosingAuction,
    /// Its match, no cancels
    ClosingMatch,
    /// Treasury futures trade alone
    LastProduct,
}

impl FailIn {
    /// Every one.
    pub const ALL: [FailIn; 7] = [
        FailIn::OpeningAuction,
        FailIn::OpeningMatch,
        FailIn::Continuous,
        FailIn::Break,
        FailIn::ClosingAuction,
        FailIn::ClosingMatch,
        FailIn::LastProduct,
    ];

    /// Between which times of the calendar it dies then, milliseconds from its beginning: it may take two seconds to.
    fn window(self) -> (u32, u32) {
        match self {
            FailIn::OpeningAuction => (2_000, 16_000),
            FailIn::OpeningMatch => (22_200, 23_800),
            FailIn::Continuous => (30_000, 77_000),
            FailIn::Break => (82_200, 87_500),
            FailIn::ClosingAuction => (140_500, 149_000),
            FailIn::ClosingMatch => (152_200, 155_500),
            FailIn::LastProduct => (158_500, 170_000),
        }
    }

    /// What the products' phases must be at the cut then, in the order of [`PRODUCTS`].
    #[must_use]
    pub fn phases(self) -> [Phase; 3] {
        match self {
            FailIn::OpeningAuction => [Phase::AuctionOrdering; 3],
            FailIn::OpeningMatch => [Phase::AuctionMatch; 3],
            FailIn::Continuous => [Phase::Continuous; 3],
            FailIn::Break => [Phase::NoTrading; 3],
            FailIn::ClosingAuction => [Phase::Continuous, Phase::Continuous, Phase::ClosingAuction],
            FailIn::ClosingMatch => [Phase::Continuous, Phase::Continuous, Phase::AuctionMatch],
            FailIn::LastProduct => [Phase::Closed, Phase::Continuous, Phase::Closed],
        }
    }

    /// A share of the calendar's length inside of it.
    #[must_use]
    pub fn draw(self, random: &mut Random) -> f64 {
        let (from, to) = self.window();
        f64::from(from + random.below(u64::from(to - from)) as u32) / f64::from(LENGTH)
    }
}

/// The calendar's steps: time, product, what.
fn steps() -> Vec<(u32, ProductIndex, ScheduleAction, Option<Phase>)> {
    let phase = |time, product, phase| (time, product, ScheduleAction::Phase, Some(phase));
    let act = |time, product, action| (time, product, action, None);
    let all = ProductIndex::ALL;
    vec![
        phase(0, all, Phase::AuctionOrdering),
        phase(20_000, IF, Phase::AuctionMatch),
        phase(20_000, IO, Phase::AuctionMatch),
        phase(22_000, T, Phase::AuctionMatch),
        act(26_000, IF, ScheduleAction::Uncross),
        phase(26_000, IF, Phase::Continuous),
        act(26_000, IO, ScheduleAction::Uncross),
        phase(26_000, IO, Phase::Continuous),
        act(28_000, T, ScheduleAction::Uncross),
        phase(28_000, T, Phase::Continuous),
        phase(80_000, IF, Phase::NoTrading),
        phase(80_000, IO, Phase::NoTrading),
        phase(82_000, T, Phase::NoTrading),
        phase(90_000, IF, Phase::Continuous),
        phase(90_000, IO, Phase::Continuous),
        phase(92_000, T, Phase::Continuous),
        act(100_000, IO, ScheduleAction::WindowOpen),
        phase(140_000, IO, Phase::ClosingAuction),
        phase(152_000, IO, Phase::AuctionMatch),
        act(158_000, IO, ScheduleAction::Uncross),
        act(158_000, IO, ScheduleAction::WindowClose),
        phase(158_000, IO, Phase::Closed),
        phase(158_000, IF, Phase::Closed),
        act(LENGTH, all, ScheduleAction::DayClose),
    ]
}

/// The commands of the calendar.
#[must_use]
pub fn calendar() -> Vec<CommandBuffer> {
    let numbered = (1..).zip(steps());
    let define = |(step, (time, product, action, phase)): (u32, (u32, ProductIndex, ScheduleAction, Option<Phase>))| {
        CommandBuffer::own(&ScheduleSet {
            step,
            time: BEGINS + time,
            product,
            action: action as u8,
            phase: phase.map_or(0, |phase| phase as u8),
            last_day: 0,
            reserved: [0; 3],
        })
    };
    numbered.map(define).collect()
}

/// The products: market orders are options' alone.
#[must_use]
pub fn products() -> Vec<CommandBuffer> {
    let kinds = [(b'0', 0, base_data::FUNCTIONS), (b'1', 0, base_data::FUNCTIONS)];
    let kinds = kinds.into_iter().chain([(b'2', PRODUCT_LIMIT_BY_VIEW, Function::BITS)]);
    let define = |(place, (kind, flags, functions)): (usize, (u8, u8, u32))| {
        CommandBuffer::own(&ProductDefine {
            index: ProductIndex(place as u16),
            kind,
            flags,
            functions,
            enquiry_interval: 1,
            enquiry_spread: 0,
            open_limit: 0,
            quote_spread: 40,
            quote_volume: 1,
            reserved: 0,
            id: base_data::text(PRODUCTS[place]),
            group: base_data::text(if kind == b'1' { "T" } else { "INDEX" }),
        })
    };
    kinds.enumerate().map(define).collect()
}

/// Of each instrument its terms, its product, and of an option its type and strike.
const INSTRUMENTS: [(&str, ProductIndex, u8, i64); 8] = [
    ("IF2406", IF, b'0', 0),
    ("IF2409", IF, b'0', 0),
    ("IF2412", IF, b'0', 0),
    ("T2409", T, b'0', 0),
    ("T2412", T, b'0', 0),
    ("IO2406-C-3500", IO, b'1', 35_000_000),
    ("IO2406-P-3500", IO, b'2', 35_000_000),
    ("IO2409-C-3600", IO, b'1', 36_000_000),
];
/// The option month that is exercised today, by its first instrument.
pub const EXERCISED: u16 = 5;

/// The instruments' terms. Prices and limits are made.
#[must_use]
pub fn instruments() -> Vec<InstrumentRow> {
    let tie_breaks = [TieBreak::Pressure, TieBreak::Reference, TieBreak::Highest];
    let row = |(place, (name, product, ..)): (usize, (&str, ProductIndex, u8, i64))| {
        let previous_settlement = 18_000 + 250 * place as i32;
        let treasury = product == T;
        InstrumentRow {
            instrument: name.to_owned(),
            price_rule: if product == IF { PriceRule::Middle } else { PriceRule::Resting }.into(),
            tie_break: tie_breaks[usize::from(product.0)].into(),
            phase: Phase::NoTrading.into(),
            right: RightName::Full,
            tick: if treasury { 50 } else { 2_000 },
            multiplier: if treasury { 10_000 } else { 300 },
            lower_limit: previous_settlement - 400,
            upper_limit: previous_settlement + 400,
            previous_settlement,
            maximum_volume: 20,
            minimum_volume: 1,
            position_limit: if place == 0 { 24 } else { 600 },
            open_interest: 0,
            more: MoreTerms::default(),
        }
    };
    INSTRUMENTS.into_iter().enumerate().map(row).collect()
}

/// Which product an instrument is of.
#[must_use]
pub fn product_of(instrument: usize) -> usize {
    usize::from(INSTRUMENTS[instrument].1.0)
}

/// The command that defines an instrument, from its terms.
#[must_use]
pub fn define(terms: &InstrumentRow, index: u16) -> CommandBuffer {
    let (_, product, option_type, strike) = INSTRUMENTS[usize::from(index)];
    let plain = terms.define(index);
    let BodyView::InstrumentDefine(plain) = plain.command().body else { unreachable!("a row defines an instrument") };
    let month = if index == EXERCISED + 1 { EXERCISED } else { index };
    let exercised = if month == EXERCISED { INSTRUMENT_EXERCISE } else { 0 };
    CommandBuffer::own(&InstrumentDefine {
        product,
        option_type,
        strike: RawPrice(strike),
        limit_with: InstrumentIndex(month),
        flags: if product == IO { INSTRUMENT_PREMIUM | exercised } else { 0 },
        margin_long: 1_000_000,
        margin_short: 1_200_000,
        maximum_market_volume: 10,
        ..*plain
    })
}

/// The command that makes an account a market maker in the options.
#[must_use]
pub fn market_maker(account: AccountIndex) -> CommandBuffer {
    CommandBuffer::own(&MarketMakerSet { account, product: IO, on: 1, reserved: 0 })
}

/// What the operator does: time from the calendar's beginning, and the command.
fn interventions() -> Vec<(u32, CommandBuffer)> {
    let functions = |on, functions| {
        let text = base_data::text("演练 drill");
        CommandBuffer::own(&FunctionSet { product: IO, on, reserved: 0, functions, text })
    };
    let right = |right: Right| {
        let (scope, right) = (RightScope::Participant as u8, right as u8);
        CommandBuffer::own(&RightSet { scope, right, instrument: InstrumentIndex(0), index: 3 })
    };
    let bulletin = Bulletin {
        participant: ParticipantIndex(2),
        urgency: b' ',
        reserved: 0,
        news_type: *b"   ",
        reserved_2: 0,
        summary: base_data::text("请核对 please check"),
        content: base_data::text("只发给贵会员 for you alone"),
    };
    let mass = MassCancel { scope: MassScope::User as u8, cause: 0, reserved: [0; 2], index: 2 };
    let kinds = Function::Market.bit() | Function::FiveLevel.bit();
    vec![
        (35_000, functions(0, kinds)),
        (45_000, functions(1, kinds)),
        (50_000, CommandBuffer::own(&bulletin)),
        (60_000, CommandBuffer::own(&mass)),
        (100_500, right(Right::CloseOnly)),
        (110_000, right(Right::Full)),
        (120_000, functions(0, Function::Everything.bit())),
        (125_000, functions(1, Function::Everything.bit())),
    ]
}

/// The director.
pub struct FullDirector {
    traders: Traders,
    total: u32,
    interventions: Vec<(u32, CommandBuffer)>,
    next_intervention: usize,
    settling_since: Option<Instant>,
}

impl FullDirector {
    /// A director for a world.
    #[must_use]
    pub fn new(world: &World, total: u32, seed: u64) -> Self {
        let traders = Traders::new(world, seed).of_all_kinds();
        FullDirector { traders, total, interventions: interventions(), next_intervention: 0, settling_since: None }
    }

    /// Does what is due in this round.
    pub fn act(&mut self, day: &mut Day) {
        if !day.begin() {
            return;
        }
        let now = (day.now.nanos().saturating_sub(BEGINS_NS) / 1_000_000) as u32;
        if let Death::At(share) = day.fate.death
            && now >= (share * f64::from(LENGTH)) as u32
        {
            day.arm(day.fate.bytes_later);
        }
        release(day);
        if day.is_between() {
            return;
        }
        if day.primary.is_dead() && day.backstop.runbook().fold().is_closed() {
            let since = *self.settling_since.get_or_insert(day.now);
            day.close_when_told(since + SETTLING);
            return;
        }
        // What was to be done during the takeover is done after it, as the calendar's steps are.
        while let Some((time, command)) = self.interventions.get(self.next_intervention)
            && now >= *time
            && day.operate(command)
        {
            self.next_intervention += 1;
        }
        let due = (share_of_orders(now) * f64::from(self.total)) as u32;
        self.traders.send(day, ORDERS_A_ROUND, due);
    }
}

/// Which share of the day's orders is sent by a time.
fn share_of_orders(now: u32) -> f64 {
    let open = |until: u32| {
        let until = until.clamp(ORDERS.0, ORDERS.1);
        until - ORDERS.0 - (until.clamp(BREAK.0, BREAK.1) - BREAK.0)
    };
    f64::from(open(now)) / f64::from(open(ORDERS.1))
}

/// Members let their orders leave again when any instrument takes them; or when the day is over, and they are to be refused.
fn release(day: &mut Day) {
    if !day.death.unplugged {
        return;
    }
    for node in &mut day.members {
        let view = node.member.view().instruments();
        let phases = || view.iter().filter_map(|instrument| Phase::from_code(instrument.phase));
        let opens =
            phases().any(Phase::takes_orders) || (!view.is_empty() && phases().all(|phase| phase == Phase::Closed));
        if node.is_working() && node.member.epoch().0 > 1 && node.member.is_held() && opens {
            node.member.hold(false);
            node.restless = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_spread_over_the_time_in_which_anything_trades() {
        assert_eq!((share_of_orders(0), share_of_orders(BREAK.0)), (0.0, share_of_orders(BREAK.1)));
        assert!(share_of_orders(LENGTH) == 1.0 && share_of_orders(BREAK.1 + 1_000) > share_of_orders(BREAK.0));
    }

    #[test]
    fn every_phase_of_the_day_may_be_the_one_that_the_primary_dies_in() {
        // The phases that the calendar has between the two ends of each window, product by product.
        for place in FailIn::ALL {
            let (from, to) = place.window();
            for time in [from, to] {
                let mut phases = [Phase::NoTrading; 3];
                for (at, product, _, phase) in steps() {
                    if let Some(phase) = phase.filter(|_| at <= time) {
                        let concerned =
                            |index: &usize| product == ProductIndex::ALL || usize::from(product.0) == *index;
                        (0..3).filter(concerned).for_each(|index| phases[index] = phase);
                    }
                }
                assert_eq!(phases, place.phases(), "{place:?} at {time}");
            }
        }
    }
}
