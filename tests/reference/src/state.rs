//! What this exchange knows: ordered maps of plain structures. Their digest stands in `terms`.

use crate::command::{
    AccountDefine, CLOSE_TODAY_FIRST, ClientLimitSet, DayOpen, ExecOrderInsert, InstrumentDefine, LIMIT_BY_VIEW,
    OrderInsert, PREMIUM, ParticipantDefine, ProductDefine, QuoteInsert, ScheduleSet, UserDefine, function,
};
use crate::digest::Sum;
use crate::event::{BLANK, SystemId};
use crate::number::{
    Account, ClientNumber, Epoch, Instrument, Key, Nanoseconds, Participant, Product, Sequence, Ticks, User,
};
use std::collections::{BTreeMap, BTreeSet};

/// Buying, and the long side of a position.
pub const BUY: usize = 0;
/// Selling, and the short side of a position.
pub const SELL: usize = 1;

/// Phases: characters of FTDInstrumentStatus.
pub mod phase {
    /// Orders match as they come.
    pub const CONTINUOUS: u8 = b'0';
    /// Orders are entered and cancelled.
    pub const AUCTION_ORDERING: u8 = b'1';
    /// The same, for the closing auction.
    pub const CLOSING_AUCTION: u8 = b'2';
    /// Orders may only be cancelled.
    pub const CANCEL_ONLY: u8 = b'5';
    /// The auction is matched.
    pub const AUCTION_MATCH: u8 = b'6';
    /// The day is over.
    pub const CLOSED: u8 = b'7';
    /// Every phase.
    pub const ALL: &[u8] = b"01234567";

    /// An auction's order entry.
    #[must_use]
    pub fn is_call(phase: u8) -> bool {
        matches!(phase, AUCTION_ORDERING | CLOSING_AUCTION)
    }

    /// New orders are taken.
    #[must_use]
    pub fn takes_orders(phase: u8) -> bool {
        phase == CONTINUOUS || is_call(phase)
    }

    /// Members may cancel.
    #[must_use]
    pub fn takes_cancels(phase: u8) -> bool {
        takes_orders(phase) || phase == CANCEL_ONLY
    }
}

/// Rights: characters of FTDTradeRight, the worse the greater.
pub mod right {
    /// Everything.
    pub const FULL: u8 = b'0';
    /// Only closing.
    pub const CLOSE_ONLY: u8 = b'1';
    /// Nothing.
    pub const FORBIDDEN: u8 = b'2';
    /// Every right.
    pub const ALL: &[u8] = b"012";
}

/// A working order, or one that is just being matched.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its key: who came first.
    pub key: Key,
    /// Its OrderSysId.
    pub sys_id: SystemId,
    /// The user that sent it.
    pub user: User,
    /// The user's participant.
    pub participant: Participant,
    /// As it was sent; of a quote's order, what STREAMS.md says that it is told as.
    pub insert: OrderInsert,
    /// The quote that it is of.
    pub quote: Option<Key>,
    /// When it was accepted.
    pub accepted_at: Nanoseconds,
    /// Its price; of a type without one the limit it may trade at, until it rests.
    pub price: Ticks,
    /// The price as members are told it: as sent, or the price at which a type without one rests, 1/10,000 yuan.
    pub limit_price: i64,
    /// What it has left.
    pub remaining: u32,
    /// Of what it has left, how much is frozen of yesterday's position.
    pub yesterday: u32,
    /// What it has traded.
    pub traded: u32,
    /// The price of its last trade; 0 if none.
    pub last_price: Ticks,
}

impl Order {
    /// [`BUY`] or [`SELL`].
    #[must_use]
    pub fn side(&self) -> usize {
        usize::from(self.insert.direction - b'0')
    }

    /// Whether it opens.
    #[must_use]
    pub fn opens(&self) -> bool {
        self.insert.offset == b'0'
    }

    /// The side of the position it opens or closes.
    #[must_use]
    pub fn position_side(&self) -> usize {
        if self.opens() { self.side() } else { 1 - self.side() }
    }

    /// FOK or FAK.
    #[must_use]
    pub fn immediate(&self) -> bool {
        self.insert.match_condition != b'3'
    }

    /// It came with a price of its own.
    #[must_use]
    pub fn priced(&self) -> bool {
        self.insert.order_type == b'0'
    }

    /// Whether it counts towards what a client opened today.
    #[must_use]
    pub fn counts_as_opened(&self) -> bool {
        self.opens() && matches!(self.insert.hedge, b'1' | b'2')
    }

    /// Its position row.
    #[must_use]
    pub fn row(&self) -> RowKey {
        (self.insert.account, self.insert.instrument, self.insert.hedge)
    }

    /// Where it stands in the queue of its side: best price first, then the smaller key.
    #[must_use]
    pub fn place(&self) -> (i64, Key) {
        (rank(self.side(), self.price), self.key)
    }
}

/// A price as a rank within its side: the smaller the better.
#[must_use]
pub fn rank(side: usize, price: Ticks) -> i64 {
    if side == BUY { -i64::from(price.0) } else { i64::from(price.0) }
}

/// (account, instrument, hedge flag).
pub type RowKey = (Account, Instrument, u8);

/// One side of a position row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// From yesterday.
    pub yesterday: u64,
    /// Of today.
    pub today: u64,
    /// Of yesterday's, frozen by working closes.
    pub frozen_yesterday: u64,
    /// Of today's, frozen by working closes.
    pub frozen_today: u64,
    /// Working opens.
    pub pending: u64,
}

/// A position row: long, short.
pub type Row = [Holding; 2];

/// What traded at one price since the last tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    /// Lots, counted once.
    pub volume: u64,
    /// All of it opened on both sides.
    pub all_opened: bool,
    /// All of it closed on both sides.
    pub all_closed: bool,
}

/// An instrument's state.
#[derive(Clone, Debug)]
pub struct Market {
    /// Its definition.
    pub define: InstrumentDefine,
    /// Its phase.
    pub phase: u8,
    /// Its right.
    pub right: u8,
    /// Today's last price.
    pub last: Option<Ticks>,
    /// Today's first price.
    pub open: Ticks,
    /// Today's highest.
    pub high: Ticks,
    /// Today's lowest.
    pub low: Ticks,
    /// Lots traded today, counted once.
    pub volume: u64,
    /// In 1/10,000 yuan.
    pub turnover: i128,
    /// Counted once.
    pub open_interest: u64,
    /// Something happened since the last tick.
    pub touched: bool,
    /// Lots of the last trade.
    pub last_lots: u32,
    /// What traded since the last tick, by price.
    pub prints: BTreeMap<Ticks, Print>,
    /// The levels of both sides as last published.
    pub published: [Vec<(Ticks, u32)>; 2],
    /// The queues of both sides: (rank, key).
    pub queues: [BTreeSet<(i64, Key)>; 2],
}

impl State {
    /// The market's status: of its instruments' phases the one in which most can be done.
    pub(crate) fn market_status(&self) -> u8 {
        let is_some = |status: &u8| self.markets.values().any(|market| market.phase == *status);
        b"01265347".iter().copied().find(is_some).unwrap_or(b'4')
    }
}

impl Market {
    /// The best price of a side.
    #[must_use]
    pub fn best(&self, side: usize) -> Option<Ticks> {
        self.queues[side].first().map(|&(rank, _)| price_of(side, rank))
    }

    /// The last price; before the day's first trade the previous settlement price.
    #[must_use]
    pub fn reference(&self) -> Ticks {
        self.last.unwrap_or(Ticks(self.define.previous_settlement))
    }

    /// A price in 1/10,000 yuan.
    #[must_use]
    pub fn units(&self, price: Ticks) -> i64 {
        i64::from(price.0) * i64::from(self.define.tick)
    }

    /// A buyer pays the premium, and a long position has no margin.
    #[must_use]
    pub fn has_premium(&self) -> bool {
        self.define.flags & PREMIUM != 0
    }

    /// The margin of a lot held on a side, 1/10,000 yuan.
    #[must_use]
    pub fn margin(&self, side: usize) -> i128 {
        match side {
            BUY if self.has_premium() => 0,
            BUY => i128::from(self.define.margin_long),
            _ => i128::from(self.define.margin_short),
        }
    }

    /// Price x multiplier x volume, 1/10,000 yuan.
    #[must_use]
    pub fn value(&self, price: Ticks, volume: u32) -> i128 {
        i128::from(price.0) * i128::from(self.define.tick) * i128::from(self.define.multiplier) * i128::from(volume)
    }

    /// What opening a volume on a side at a price needs (RULES.md, Money).
    #[must_use]
    pub fn need(&self, side: usize, price: Ticks, volume: u32) -> i128 {
        if side == BUY && self.has_premium() {
            self.value(price, volume)
        } else {
            self.margin(side) * i128::from(volume)
        }
    }

    /// The price of the `count`-th best level of a side, or of its last one. None: there is no order.
    #[must_use]
    pub fn level(&self, side: usize, count: usize) -> Option<Ticks> {
        let mut ranks: Vec<i64> = self.queues[side].iter().map(|&(rank, _)| rank).collect();
        ranks.dedup();
        ranks.get(count - 1).or(ranks.last()).map(|&rank| price_of(side, rank))
    }

    /// Whether the best bid meets the best ask.
    #[must_use]
    pub fn crossed(&self) -> bool {
        matches!((self.best(BUY), self.best(SELL)), (Some(bid), Some(ask)) if bid >= ask)
    }
}

/// The price of a rank.
#[must_use]
pub fn price_of(side: usize, rank: i64) -> Ticks {
    let price = if side == BUY { -rank } else { rank };
    Ticks(i32::try_from(price).expect("ranks are made of prices"))
}

/// A product's state.
#[derive(Clone, Debug)]
pub struct Family {
    /// Its definition.
    pub define: ProductDefine,
    /// What may be done in it now: bits of [`function`].
    pub functions: u32,
    /// Exercise instructions are taken.
    pub window: bool,
}

impl Family {
    /// Whether something may be done in it.
    #[must_use]
    pub fn offers(&self, bit: u32) -> bool {
        let both = 1 << bit | 1 << function::EVERYTHING;
        self.functions & both == both
    }
}

/// A participant's state.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its definition.
    pub define: ParticipantDefine,
    /// Its right.
    pub right: u8,
    /// Messages of its private stream so far.
    pub private: u32,
    /// Its own use of money.
    pub used: i128,
    /// The use of all whom it clears.
    pub cleared: i128,
    /// What it may clear; -1: not checked.
    pub funds: i64,
    /// What it may use; -1: not checked.
    pub credit: i64,
}

/// What the accounts of a participant, or of a client number, are in an instrument or a limit group: long, short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Positions.
    pub held: [u64; 2],
    /// Working opens.
    pub pending: [u64; 2],
}

/// A live quote.
#[derive(Clone, Debug)]
pub struct Quote {
    /// Its key: its bid's.
    pub key: Key,
    /// Its QuoteSysID.
    pub sys_id: SystemId,
    /// The user that sent it.
    pub user: User,
    /// The user's participant.
    pub participant: Participant,
    /// As it was sent.
    pub insert: QuoteInsert,
    /// When it was accepted.
    pub accepted_at: Nanoseconds,
    /// OrderSysIds of bid and ask.
    pub order_sys_ids: [SystemId; 2],
    /// Bid and ask, while they live.
    pub orders: [Option<Key>; 2],
}

/// A live exercise instruction.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// Its key.
    pub key: Key,
    /// Its ExecOrderSysID.
    pub sys_id: SystemId,
    /// The user that sent it.
    pub user: User,
    /// The user's participant.
    pub participant: Participant,
    /// As it was sent.
    pub insert: ExecOrderInsert,
    /// When it was accepted.
    pub accepted_at: Nanoseconds,
    /// Of what it freezes, how much is yesterday's position.
    pub yesterday: u32,
}

impl Instruction {
    /// It is to exercise, not to abandon.
    #[must_use]
    pub fn exercises(&self) -> bool {
        self.insert.action == b'1'
    }

    /// Its position row.
    #[must_use]
    pub fn row(&self) -> RowKey {
        (self.insert.account, self.insert.instrument, self.insert.hedge)
    }
}

/// A user's state.
#[derive(Clone, Debug)]
pub struct Trader {
    /// Its definition.
    pub define: UserDefine,
    /// Its right.
    pub right: u8,
    /// Whether its seat is blocked.
    pub blocked: bool,
    /// Its secret now.
    pub secret: [u8; 40],
}

/// An account's state.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its definition.
    pub define: AccountDefine,
    /// Its right.
    pub right: u8,
}

/// What became of a local id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The order; 0 if it was refused.
    pub key: Key,
    /// Its OrderSysId; blank if it was refused.
    pub sys_id: SystemId,
}

impl Mark {
    /// A refused order's.
    pub const REFUSED: Mark = Mark { key: Key(0), sys_id: BLANK };
}

/// Whose ids a local id is among.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum IdKind {
    /// Orders.
    Order = 0,
    /// Quotes and enquiries.
    Quote = 1,
    /// Exercise instructions.
    Exec = 2,
}

/// (client number, a limit group's first instrument, class): whose positions are limited together.
pub type GroupKey = (ClientNumber, Instrument, u8);

/// The class of a hedge flag in position limits.
#[must_use]
pub fn limit_class(hedge: u8) -> u8 {
    u8::from(hedge == b'3')
}

/// The state.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "each is a map of what its type describes")]
pub struct State {
    pub day: Option<DayOpen>,
    pub epoch: Epoch,
    pub data_center: u32,
    pub sequence: Sequence,
    pub time: Nanoseconds,
    /// Messages of the broadcast stream so far.
    pub broadcast: u32,
    pub members: BTreeMap<Participant, Member>,
    pub traders: BTreeMap<User, Trader>,
    pub clients: BTreeMap<Account, Client>,
    /// Accounts by participant and ClientId without what pads it.
    pub client_ids: BTreeMap<(Participant, Vec<u8>), Account>,
    pub markets: BTreeMap<Instrument, Market>,
    /// Rights of accounts in instruments that are not full.
    pub rights: BTreeMap<(Account, Instrument), u8>,
    pub rows: BTreeMap<RowKey, Row>,
    pub products: BTreeMap<Product, Family>,
    /// Long and short of a client over all members: positions and working opens.
    pub exposures: BTreeMap<GroupKey, [u64; 2]>,
    /// Long and short of a participant's accounts.
    pub totals: BTreeMap<(Participant, Instrument), Total>,
    /// Lots that a client opened today.
    pub opened: BTreeMap<(ClientNumber, Instrument), u64>,
    pub opened_in_products: BTreeMap<(ClientNumber, Product), u64>,
    pub client_limits: BTreeMap<GroupKey, ClientLimitSet>,
    pub member_limits: BTreeMap<(Participant, Instrument), u32>,
    /// Who may quote in what.
    pub makers: BTreeSet<(Account, Product)>,
    /// When a client enquired last.
    pub enquiries: BTreeMap<(ClientNumber, Instrument), Nanoseconds>,
    pub schedule: Vec<ScheduleSet>,
    /// The greatest step of the calendar that a command carried.
    pub step: u32,
    pub orders: BTreeMap<Key, Order>,
    pub sys_ids: BTreeMap<SystemId, Key>,
    pub quotes: BTreeMap<Key, Quote>,
    pub quote_ids: BTreeMap<SystemId, Key>,
    /// An account's live quote in an instrument.
    pub quoting: BTreeMap<(Account, Instrument), Key>,
    pub instructions: BTreeMap<Key, Instruction>,
    pub instruction_ids: BTreeMap<SystemId, Key>,
    pub marks: BTreeMap<(User, IdKind, [u8; 24]), Mark>,
    /// The state digest's terms.
    pub sum: Sum,
    /// The local-id digest.
    pub local_ids: u64,
}

impl State {
    /// A close takes today's position first.
    #[must_use]
    pub fn close_today_first(&self) -> bool {
        self.day.is_some_and(|day| day.flags & CLOSE_TODAY_FIRST != 0)
    }

    /// A user's largest marked local id of a kind, compared as bytes. None: it has marked none.
    #[must_use]
    pub fn largest_local_id(&self, user: User, kind: IdKind) -> Option<[u8; 24]> {
        let all = (user, kind, [0; 24])..=(user, kind, [255; 24]);
        self.marks.range(all).next_back().map(|((_, _, id), _)| *id)
    }

    /// The client over all members of an account.
    #[must_use]
    pub fn client_of(&self, account: Account) -> ClientNumber {
        self.clients[&account].define.client_number
    }

    /// The product of an instrument.
    #[must_use]
    pub fn family(&self, instrument: Instrument) -> &Family {
        &self.products[&self.markets[&instrument].define.product]
    }

    /// Whose exposure a row is part of, and on which side there its `side` counts.
    #[must_use]
    pub fn exposure_of(&self, row: RowKey, side: usize) -> (GroupKey, usize) {
        let (account, instrument, hedge) = row;
        let define = &self.markets[&instrument].define;
        let by_view = self.family(instrument).define.flags & LIMIT_BY_VIEW != 0;
        let side = if by_view && define.option_type == b'2' { 1 - side } else { side };
        ((self.client_of(account), define.limit_with, limit_class(hedge)), side)
    }

    /// The exposure that a row's `side` is part of.
    pub fn exposure_mut(&mut self, row: RowKey, side: usize) -> &mut u64 {
        let (group, side) = self.exposure_of(row, side);
        &mut self.exposures.entry(group).or_default()[side]
    }
}
