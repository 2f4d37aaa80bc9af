//! The log as settlement's input: a fold over its frames, one by one, so that the batch (all of a closed day) and the stream (as they come) read
//! it by the same rules.
//!
//! | in the log | becomes |
//! |---|---|
//! | definitions | names, accounts, instruments' terms ([`Intake`]'s tables) |
//! | PositionSet | positions the day began with |
//! | Accepted of an order or a quote | whose it is, in what, open or close, for its trades |
//! | Traded | both sides, buyer first: a line for members' files, and legs that close yesterday's and today's lots as the engine decided; the price |
//! | ExecAccepted, ExecEnded | what the holder of an option said |
//! | accepted orders, quotes, cancels | requests that a submission fee counts |
//! | MarketData while an instrument trades continuously | what its book was in its last five minutes 单边市 |
//! | trades of an auction that a closing auction's order entry led to | the closing price 收盘集合竞价 |
//!
//! What is not adopted is not in the log: after a takeover the log holds the old core's frames up to the cut and the new core's from there, and what
//! was rolled back is settled by nobody. Refused commands are passed over. Nothing here is worked out: whether a trade was right is the
//! engine's to say; a log that contradicts itself (a trade of an order that was never accepted, a close of lots that are not there) is refused
//! with the frame's number, and the fold is to be dropped then.

use crate::day::settlement::{DayTrade, time_of_day};
use engine::command::{
    AccountDefine, BodyView, DayOpen, InstrumentDefine, ParticipantDefine, PositionSet, ProductDefine, UserDefine,
};
use engine::event::{EndReason, EventView, SystemId, Traded};
use engine::types::{Offset, OrderKey, Phase, UserIndex};
use journal::CompleteFrame;
use settlement::Price;
use settlement::account::Submission;
use settlement::market::{AccountIndex, InstrumentIndex, ProductIndex};
use settlement::result::TradeLine;
use settlement::row::{Effect, Leg, RowKey, Side};
use settlement::rules::closing::{Close, Held};
use settlement::rules::market::ONE_SIDED_FOR_MS;
use settlement::rules::option::Instructed;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt;

/// Something that a frame tells settlement, in the order in which it happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fact {
    /// A position the day begins with: long and short lots. A later one of the same row takes its place.
    Carried(RowKey, u32, u32),
    /// One side of a trade as members' files list it: its offset as the member sent it.
    Line(TradeLine),
    /// What a side does to its row: lots of one day. A close that takes yesterday's and today's lots is two.
    Leg(Leg),
    /// An instrument traded at a price: its last one.
    Traded(InstrumentIndex, DayTrade),
    /// One more request that a submission fee counts.
    Submitted(Submission),
}

/// What a log says of itself that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The frame.
    pub sequence: u64,
    /// What.
    pub what: What,
}

/// Kinds of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The first frame does not open a day.
    NoDay,
    /// An account, instrument, product, participant or user is named that is not defined.
    Undefined,
    /// A trade, or an end, of an order that was not accepted, or has traded fully.
    UnknownOrder,
    /// It closes lots that are not held.
    NotHeld,
    /// More lots than can be counted, or a price beyond what a price may be.
    TooMuch,
    /// A row's positions are set after it has traded: at what price they moved nobody says.
    SetAfterTrades,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.what {
            What::NoDay => "日志未以开市开头 the log does not begin with a day's opening",
            What::Undefined => "引用了未定义的对象 something is named that the log does not define",
            What::UnknownOrder => "成交引用了未知报单 a trade or an end of an order that is not there",
            What::NotHeld => "平仓量超过持仓 it closes more lots than are held",
            What::TooMuch => "数量或价格超限 more lots, or a higher price, than can be",
            What::SetAfterTrades => "成交后改持仓 positions of a row are set after it has traded",
        };
        write!(out, "sequence {}: {words}", self.sequence)
    }
}

impl std::error::Error for Contradiction {}

/// The fold: tables by the log's indexes, live orders, rows.
#[derive(Clone, Default)]
pub struct Intake {
    /// The day's opening.
    pub day: Option<DayOpen>,
    /// Participants.
    pub participants: Vec<Option<ParticipantDefine>>,
    /// Users.
    pub users: Vec<Option<UserDefine>>,
    /// Accounts.
    pub accounts: Vec<Option<AccountDefine>>,
    /// Products.
    pub products: Vec<Option<ProductDefine>>,
    /// Instruments.
    pub instruments: Vec<Option<InstrumentDefine>>,
    /// Requests that were accepted, by account, product and hedge flag: orders, quotes and cancels.
    pub submissions: BTreeMap<(AccountIndex, ProductIndex, u8), u32>,
    /// The day is closed.
    pub is_closed: bool,
    /// Epoch of the last frame; of a closed day, of the one that closed it: what comes behind (bulletins) is nothing to settlement.
    pub epoch: u32,
    /// Its sequence.
    pub last_sequence: u64,
    /// The state's digest after it.
    pub state_digest: u64,
    orders: HashMap<OrderKey, Working>,
    instructions: HashMap<OrderKey, (RowKey, u8, u32)>,
    instructed: BTreeMap<RowKey, Instructed>,
    rows: HashMap<RowKey, Positions>,
    /// By instrument: sessions of continuous trading, milliseconds after 0:00; the last one may be open.
    sessions: BTreeMap<InstrumentIndex, Vec<(u32, Option<u32>)>>,
    /// By instrument: best bid and ask as last published while somebody was there.
    book: BTreeMap<InstrumentIndex, [Option<i32>; 2]>,
    /// By instrument: its book while it traded, over the last five minutes.
    moments: BTreeMap<InstrumentIndex, VecDeque<BookMoment>>,
    /// Instruments that a closing auction's order entry was the last phase to take orders of.
    closing: BTreeSet<InstrumentIndex>,
    /// By instrument: when its closing auction traded, and at how many ticks.
    closing_price: BTreeMap<InstrumentIndex, (u32, i32)>,
    last_time: u32,
}

/// A book as it was published in continuous trading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookMoment {
    /// Milliseconds after 0:00.
    pub time: u32,
    /// Best bid, ticks.
    pub bid: Option<i32>,
    /// Best ask.
    pub ask: Option<i32>,
    /// The last price.
    pub last: Option<i32>,
}

/// A live order.
#[derive(Clone, Copy)]
struct Working {
    row: RowKey,
    offset: Offset,
    user: UserIndex,
    sys_id: SystemId,
}

/// A row's lots: long, short.
#[derive(Clone, Copy, Default)]
struct Positions {
    /// As the engine has them.
    engine: [Held; 2],
    /// As settlement has them: lots of "today" that were set, not traded, are carried.
    ours: [Held; 2],
    has_traded: bool,
}

impl Intake {
    /// Takes a frame, and tells what is in it.
    ///
    /// # Errors
    /// [`Contradiction`].
    pub fn take(&mut self, frame: &CompleteFrame<'_>, tell: &mut impl FnMut(Fact)) -> Result<(), Contradiction> {
        let stamp = frame.stamp();
        if !self.is_closed {
            self.epoch = stamp.epoch.0;
            self.last_sequence = stamp.sequence.0;
            self.state_digest = frame.digests().state;
        }
        self.last_time = time_of_day(stamp.time.0);
        let outcome = if frame.rejection().is_some() { Ok(()) } else { self.accepted(frame, tell) };
        outcome.map_err(|what| Contradiction { sequence: stamp.sequence.0, what })
    }

    fn accepted(&mut self, frame: &CompleteFrame<'_>, tell: &mut impl FnMut(Fact)) -> Result<(), What> {
        let command = frame.command();
        if self.day.is_none() && !matches!(command.body, BodyView::DayOpen(_)) {
            return Err(What::NoDay);
        }
        match command.body {
            BodyView::DayOpen(day) => self.day = Some(*day),
            BodyView::ParticipantDefine(define) => put(&mut self.participants, define.index.0.into(), define),
            BodyView::UserDefine(define) => put(&mut self.users, define.index.0.into(), define),
            BodyView::AccountDefine(define) => put(&mut self.accounts, define.index.0, define),
            BodyView::ProductDefine(define) => put(&mut self.products, define.index.0.into(), define),
            BodyView::InstrumentDefine(define) => {
                put(&mut self.instruments, define.index.0.into(), define);
                self.enters(InstrumentIndex(define.index.0), define.phase);
            }
            BodyView::PositionSet(set) => self.position_set(set, tell)?,
            BodyView::DayClose(_) => self.is_closed = true,
            _ => {}
        }
        self.count(frame, tell)?;
        for event in frame.events() {
            match event.view() {
                Some(EventView::Accepted(accepted)) => {
                    let order = order_of(&command.body, accepted.index, command.header.user, accepted.sys_id);
                    let order = order.ok_or(What::UnknownOrder)?;
                    let key = OrderKey::new(frame.stamp().sequence, accepted.index);
                    self.known(order.row)?;
                    if self.users.get(usize::from(order.user.0)).is_none_or(Option::is_none) {
                        return Err(What::Undefined);
                    }
                    self.orders.insert(key, order);
                }
                Some(EventView::Traded(traded)) => self.traded(frame, traded, tell)?,
                Some(EventView::PhaseChanged(changed)) => {
                    self.enters(InstrumentIndex(changed.instrument.0), changed.phase);
                }
                Some(EventView::MarketData(data)) => {
                    let there = |bit, price: engine::types::Price| (data.present & bit != 0).then_some(price.0);
                    let book = [there(HAS_BID, data.bid), there(HAS_ASK, data.ask)];
                    let index = InstrumentIndex(data.instrument.0);
                    if book != [None; 2] {
                        self.book.insert(index, book);
                    }
                    let [bid, ask] = book;
                    let last = there(HAS_LAST, data.last);
                    self.moment(index, BookMoment { time: self.last_time, bid, ask, last });
                }
                // An immediate order that traded fully is gone with its last trade.
                Some(EventView::Ended(ended)) => drop(self.orders.remove(&ended.order)),
                Some(EventView::ExecAccepted(_)) => {
                    let BodyView::ExecOrderInsert(insert) = command.body else { return Err(What::UnknownOrder) };
                    let row = key(insert.account.0, insert.instrument.0, insert.hedge);
                    self.known(row)?;
                    let instruction = (row, insert.action, insert.volume.0);
                    self.instructions.insert(OrderKey::new(frame.stamp().sequence, 0), instruction);
                    let said = self.instructed.entry(row).or_default();
                    let lots = if insert.action == EXERCISE { &mut said.exercise } else { &mut said.abandon };
                    *lots = lots.checked_add(insert.volume.0).ok_or(What::TooMuch)?;
                }
                Some(EventView::ExecEnded(ended)) => {
                    let (row, action, volume) = self.instructions.remove(&ended.order).ok_or(What::UnknownOrder)?;
                    let said = self.instructed.entry(row).or_default();
                    let lots = if action == EXERCISE { &mut said.exercise } else { &mut said.abandon };
                    *lots = lots.checked_sub(volume).ok_or(What::UnknownOrder)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What holders of options said, of every row that said something.
    pub fn instructed(&self) -> impl Iterator<Item = (RowKey, Instructed)> {
        self.instructed.iter().map(|(row, said)| (*row, *said)).filter(|(_, said)| *said != Instructed::default())
    }

    /// Every row's lots as the engine has them: long, short; yesterday's and today's.
    pub fn positions(&self) -> impl Iterator<Item = (RowKey, [Held; 2])> {
        self.rows.iter().map(|(row, positions)| (*row, positions.engine))
    }

    /// The trading day, yyyymmdd; 0 before it opens.
    #[must_use]
    pub fn trading_day(&self) -> u32 {
        self.day.as_ref().map_or(0, |day| day.trading_day)
    }

    /// An instrument's sessions of continuous trading, milliseconds after 0:00; one that goes on ends with the last frame.
    #[must_use]
    pub fn sessions(&self, instrument: InstrumentIndex) -> Vec<(u32, u32)> {
        let sessions = self.sessions.get(&instrument).map(Vec::as_slice).unwrap_or_default();
        sessions.iter().map(|(from, to)| (*from, to.unwrap_or(self.last_time).max(*from))).collect()
    }

    /// The limit, in ticks, that an instrument stood at when somebody was last in its book: only buyers at the upper one, only sellers at the lower one.
    #[must_use]
    pub fn stands_at(&self, instrument: InstrumentIndex) -> Option<i32> {
        let definition = self.instruments.get(usize::from(instrument.0))?.as_ref()?;
        match self.book.get(&instrument)? {
            [Some(bid), None] if *bid == definition.upper_limit => Some(*bid),
            [None, Some(ask)] if *ask == definition.lower_limit => Some(*ask),
            _ => None,
        }
    }

    /// The book of an instrument's last five minutes of continuous trading, oldest first: the last moment before them and each that is of
    /// another kind than the one before it (only buyers at the upper limit, only sellers at the lower one, neither), the latest where it is
    /// neither. What a market's side is told by is the same as by all of them.
    pub fn moments(&self, instrument: InstrumentIndex) -> impl Iterator<Item = BookMoment> {
        self.moments.get(&instrument).into_iter().flatten().copied()
    }

    /// What the closing auction of an instrument traded at: when, milliseconds after 0:00, and ticks.
    #[must_use]
    pub fn closing_price(&self, instrument: InstrumentIndex) -> Option<(u32, i32)> {
        self.closing_price.get(&instrument).copied()
    }

    fn moment(&mut self, index: InstrumentIndex, now: BookMoment) {
        let is_trading = matches!(self.sessions.get(&index).and_then(|sessions| sessions.last()), Some((_, None)));
        let definition = self.instruments.get(usize::from(index.0)).and_then(Option::as_ref);
        let Some(definition) = definition.filter(|_| is_trading) else { return };
        let (lower, upper) = (definition.lower_limit, definition.upper_limit);
        let stands = |moment: &BookMoment| {
            let at = |limit| moment.last.is_none_or(|last| last == limit);
            match (moment.bid, moment.ask) {
                (Some(bid), None) if bid == upper && at(upper) => 1,
                (None, Some(ask)) if ask == lower && at(lower) => 2,
                _ => 0,
            }
        };
        let moments = self.moments.entry(index).or_default();
        let kind = stands(&now);
        match moments.back_mut().map(|before| (stands(before), before)) {
            Some((0, before)) if kind == 0 => *before = now,
            Some((before, _)) if before == kind => {}
            _ => moments.push_back(now),
        }
        while moments.get(1).is_some_and(|second| second.time.saturating_add(ONE_SIDED_FOR_MS) <= now.time) {
            moments.pop_front();
        }
    }

    fn enters(&mut self, instrument: InstrumentIndex, phase: u8) {
        let (now, is_continuous) = (self.last_time, phase == Phase::Continuous as u8);
        if phase == Phase::ClosingAuction as u8 {
            self.closing.insert(instrument);
        } else if phase != Phase::AuctionMatch as u8 {
            self.closing.remove(&instrument);
        }
        let sessions = self.sessions.entry(instrument).or_default();
        match sessions.last_mut() {
            Some((_, to @ None)) if !is_continuous => *to = Some(now),
            Some((_, None)) => {}
            _ if is_continuous => sessions.push((now, None)),
            _ => {}
        }
    }

    fn known(&self, row: RowKey) -> Result<&InstrumentDefine, What> {
        let account = self.accounts.get(row.account.0 as usize).and_then(Option::as_ref).ok_or(What::Undefined)?;
        let participant = self.participants.get(usize::from(account.participant.0)).and_then(Option::as_ref);
        participant.ok_or(What::Undefined)?;
        let instrument = self.instruments.get(usize::from(row.instrument.0)).and_then(Option::as_ref);
        let instrument = instrument.ok_or(What::Undefined)?;
        let product = self.products.get(usize::from(instrument.product.0)).and_then(Option::as_ref);
        product.map(|_| instrument).ok_or(What::Undefined)
    }

    fn position_set(&mut self, set: &PositionSet, tell: &mut impl FnMut(Fact)) -> Result<(), What> {
        let row = key(set.account.0, set.instrument.0, set.hedge);
        self.known(row)?;
        let positions = self.rows.entry(row).or_default();
        if positions.has_traded {
            return Err(What::SetAfterTrades);
        }
        positions.engine = [
            Held { yesterday: set.long_yesterday, today: set.long_today },
            Held { yesterday: set.short_yesterday, today: set.short_today },
        ];
        for (ours, engine) in positions.ours.iter_mut().zip(positions.engine) {
            *ours = engine.next_day().ok_or(What::TooMuch)?;
        }
        tell(Fact::Carried(row, positions.ours[0].yesterday, positions.ours[1].yesterday));
        Ok(())
    }

    /// Requests that a submission fee counts: orders, quotes, and cancels that took one away.
    fn count(&mut self, frame: &CompleteFrame<'_>, tell: &mut impl FnMut(Fact)) -> Result<(), What> {
        let row = match frame.command().body {
            BodyView::OrderInsert(insert) => Some(key(insert.account.0, insert.instrument.0, insert.hedge)),
            BodyView::QuoteInsert(insert) => Some(key(insert.account.0, insert.instrument.0, insert.hedge[0])),
            BodyView::OrderCancel(_) | BodyView::QuoteCancel(_) => {
                let ended = frame.events().find_map(|event| match event.view() {
                    Some(EventView::Ended(ended)) if ended.reason == EndReason::Cancelled as u8 => Some(ended.order),
                    _ => None,
                });
                let order = ended.and_then(|order| self.orders.get(&order));
                order.map(|order| order.row)
            }
            _ => None,
        };
        if let Some(row) = row {
            let product = ProductIndex(self.known(row)?.product.0);
            let count = self.submissions.entry((row.account, product, row.hedge)).or_default();
            *count = count.checked_add(1).ok_or(What::TooMuch)?;
            tell(Fact::Submitted(Submission { account: row.account, product, hedge: row.hedge, count: 1 }));
        }
        Ok(())
    }

    fn traded(&mut self, frame: &CompleteFrame<'_>, traded: &Traded, tell: &mut impl FnMut(Fact)) -> Result<(), What> {
        let time = frame.stamp().time.0;
        let buy = (Side::Buy, traded.buy, traded.buy_remaining.0, traded.buy_yesterday.0);
        let sell = (Side::Sell, traded.sell, traded.sell_remaining.0, traded.sell_yesterday.0);
        for (side, order, remaining, yesterday) in [buy, sell] {
            let working = *self.orders.get(&order).ok_or(What::UnknownOrder)?;
            let definition = self.known(working.row)?;
            let price = i64::from(traded.price.0).checked_mul(definition.tick.into()).ok_or(What::TooMuch)?;
            if remaining == 0 {
                self.orders.remove(&order);
            }
            let close = match working.offset {
                Offset::Open => None,
                Offset::Close => Some(Close::Any),
                Offset::CloseToday => Some(Close::Today),
                Offset::CloseYesterday => Some(Close::Yesterday),
            };
            let effect = close.map_or(Effect::Open, Effect::Close);
            let leg = Leg { row: working.row, side, effect, price: Price(price), lots: traded.volume.0 };
            tell(Fact::Line(TradeLine {
                trade_id: traded.trade_id,
                order_sys_id: working.sys_id,
                user: working.user.0,
                time,
                leg,
            }));
            for leg in self.rows.entry(working.row).or_default().take(leg, yesterday)?.into_iter().flatten() {
                tell(Fact::Leg(leg));
            }
            if side == Side::Sell {
                let trade = DayTrade { time: time_of_day(time), price, volume: traded.volume.0 };
                if self.closing.contains(&working.row.instrument) {
                    self.closing_price.insert(working.row.instrument, (trade.time, traded.price.0));
                }
                tell(Fact::Traded(working.row.instrument, trade));
            }
        }
        Ok(())
    }
}

impl Positions {
    /// Moves a side's lots, and splits it as the engine did: yesterday's lots, today's lots.
    fn take(&mut self, leg: Leg, yesterday: u32) -> Result<[Option<Leg>; 2], What> {
        self.has_traded = true;
        let (own, other) = if leg.side == Side::Buy { (0, 1) } else { (1, 0) };
        if leg.effect == Effect::Open {
            for held in [&mut self.engine[own], &mut self.ours[own]] {
                held.today = held.today.checked_add(leg.lots).ok_or(What::TooMuch)?;
                held.next_day().ok_or(What::TooMuch)?;
            }
            return Ok([Some(leg), None]);
        }
        let today = leg.lots.checked_sub(yesterday).ok_or(What::NotHeld)?;
        self.engine[other] = self.engine[other].less(Held { yesterday, today }).ok_or(What::NotHeld)?;
        // Of lots that were set as today's: as many as today's traded ones do not cover.
        let carried = today.saturating_sub(self.ours[other].today);
        let (yesterday, today) = (yesterday + carried, today - carried);
        self.ours[other] = self.ours[other].less(Held { yesterday, today }).ok_or(What::NotHeld)?;
        let part = |close, lots| (lots > 0).then_some(Leg { effect: Effect::Close(close), lots, ..leg });
        Ok([part(Close::Yesterday, yesterday), part(Close::Today, today)])
    }
}

/// Bits of MarketData's `present`.
const HAS_LAST: u32 = 1;
const HAS_BID: u32 = 2;
const HAS_ASK: u32 = 4;
/// FTDExecAction: exercise.
const EXERCISE: u8 = b'1';

/// Whose order an accepted one is. None: the command is no order's.
fn order_of(body: &BodyView<'_>, index: u32, user: UserIndex, sys_id: SystemId) -> Option<Working> {
    let (row, offset) = match body {
        BodyView::OrderInsert(insert) if index == 0 => {
            (key(insert.account.0, insert.instrument.0, insert.hedge), insert.offset)
        }
        BodyView::QuoteInsert(insert) => {
            let side = usize::try_from(index).ok().filter(|side| *side < 2)?;
            (key(insert.account.0, insert.instrument.0, insert.hedge[side]), insert.offset[side])
        }
        _ => return None,
    };
    Some(Working { row, offset: Offset::from_code(offset)?, user, sys_id })
}

fn key(account: u32, instrument: u16, hedge: u8) -> RowKey {
    RowKey { account: AccountIndex(account), instrument: InstrumentIndex(instrument), hedge }
}

/// Most places of a table: accounts (RULES.md, DayOpen).
const PLACES_MOST: u32 = 1 << 24;

fn put<T: Copy>(table: &mut Vec<Option<T>>, place: u32, define: &T) {
    // The engine refuses what is beyond its tables; a log that was not made by one is not worth the memory.
    if place < PLACES_MOST {
        let place = place as usize;
        if table.len() <= place {
            table.resize(place + 1, None);
        }
        table[place] = Some(*define);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base_files::BaseFiles;
    use proptest::prelude::*;
    use settlement::rules::market::{Moment, one_sided};
    use std::sync::OnceLock;

    fn of(moment: BookMoment, close: u32) -> Moment {
        Moment { before_close: close - moment.time, bid: moment.bid, ask: moment.ask, last: moment.last }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(effort::of(256) as u32))]
        /// What is kept of a day's books names the same one-sided market as all of them do, at whatever time the day closes, and is few.
        #[test]
        fn the_books_that_are_kept_say_the_same_of_the_last_five_minutes_as_all_of_them(
            steps in prop::collection::vec((0u32..200_000, 0usize..6), 1..60),
            rest in 0u32..400_000,
        ) {
            static DEFINE: OnceLock<InstrumentDefine> = OnceLock::new();
            let define = *DEFINE.get_or_init(|| {
                let folder = tempfile::tempdir().expect("a folder");
                crate::day::template::write(folder.path()).expect("it is empty");
                let index = engine::types::InstrumentIndex(0);
                let files = BaseFiles::load(folder.path()).expect("the template loads");
                files.instruments[0].define_in(index, engine::types::ProductIndex(0), index)
            });
            let (lower, upper) = (define.lower_limit, define.upper_limit);
            let mut intake = Intake { instruments: vec![Some(define)], ..Intake::default() };
            let instrument = InstrumentIndex(0);
            intake.enters(instrument, Phase::Continuous as u8);
            let (mut time, mut all) = (0, Vec::new());
            for (pause, kind) in steps {
                time += pause;
                let book = |bid, ask, last| BookMoment { time, bid, ask, last };
                let moment = match kind {
                    0 | 1 => book(Some(upper), None, (kind == 1).then_some(upper)),
                    2 => book(None, Some(lower), Some(lower)),
                    3 => book(Some(upper), None, Some(upper - 1)),
                    4 => book(Some(upper), Some(upper), Some(upper)),
                    _ => book(None, None, None),
                };
                intake.moment(instrument, moment);
                all.push(moment);
            }
            let close = time + rest;
            let whole: Vec<Moment> = all.iter().map(|moment| of(*moment, close)).collect();
            let kept: Vec<Moment> = intake.moments(instrument).map(|moment| of(moment, close)).collect();
            prop_assert_eq!(one_sided(&kept, lower, upper), one_sided(&whole, lower, upper));
            prop_assert!(kept.iter().skip(1).all(|moment| moment.before_close < ONE_SIDED_FOR_MS + rest));
        }
    }
}
