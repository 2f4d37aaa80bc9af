//! The numbers of the market. Numbers that mean different things are different types; all are integers.
//!
//! Types that stand in commands and events are `repr(transparent)` over little-endian machine integers and can be read in
//! place from bytes.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

// Frames are little-endian (journal/FRAMES.md) and read in place.
const _: () = assert!(cfg!(target_endian = "little"), "Backstop reads its little-endian frames in place");

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, FromBytes, IntoBytes, Immutable, KnownLayout,
        )]
        #[repr(transparent)]
        pub struct $name(pub $inner);

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(out)
            }
        }
    };
}

number!(
    /// A price in ticks of its instrument.
    Price(i32)
);
number!(
    /// A price as members write it: 1/10,000 yuan, not yet known to be on a tick.
    RawPrice(i64)
);
number!(
    /// A volume in lots.
    Volume(u32)
);
number!(
    /// Money in 1/10,000 yuan.
    Money(i128)
);
number!(
    /// Place of a frame in the log, from 1, without gaps.
    Sequence(u64)
);
number!(
    /// Which core's reign a frame belongs to: the primary's first, one higher after each takeover.
    Epoch(u32)
);
number!(
    /// Time: nanoseconds since the Unix epoch.
    Nanoseconds(u64)
);
number!(
    /// Number of a message in a private or the broadcast stream, from 1; 0 = no message.
    StreamNumber(u32)
);
number!(
    /// A participant (member) by its place in the base data.
    ParticipantIndex(u16)
);
number!(
    /// A user (trader, seat) by its place in the base data.
    UserIndex(u16)
);
number!(
    /// An account (a participant's client) by its place in the base data.
    AccountIndex(u32)
);
number!(
    /// A client over all members: accounts with one ClientId have one client number.
    ClientNumber(u32)
);
number!(
    /// An instrument by its place in the base data.
    InstrumentIndex(u16)
);
number!(
    /// A product by its place in the base data.
    ProductIndex(u16)
);
number!(
    /// An order, by the frame that accepted it: `sequence << 24 | index`. Its order is time priority. 0 = none.
    OrderKey(u64)
);
number!(
    /// A trade, by the frame that made it: `sequence << 24 | index`.
    TradeKey(u64)
);

/// Bits of a key that hold the index within its frame.
pub const KEY_INDEX_BITS: u32 = 24;

impl OrderKey {
    /// The key of the `index`-th order that the frame `sequence` accepted.
    #[inline]
    #[must_use]
    pub fn new(sequence: Sequence, index: u32) -> Self {
        debug_assert!(index >> KEY_INDEX_BITS == 0);
        OrderKey(sequence.0 << KEY_INDEX_BITS | u64::from(index))
    }

    /// The frame that accepted the order.
    #[inline]
    #[must_use]
    pub fn sequence(self) -> Sequence {
        Sequence(self.0 >> KEY_INDEX_BITS)
    }

    /// Which of that frame's orders it is, from 0.
    #[inline]
    #[must_use]
    pub fn index(self) -> u32 {
        (self.0 & ((1 << KEY_INDEX_BITS) - 1)) as u32
    }
}

impl TradeKey {
    /// The key of the `index`-th trade of the frame `sequence`.
    #[inline]
    #[must_use]
    pub fn new(sequence: Sequence, index: u32) -> Self {
        debug_assert!(index >> KEY_INDEX_BITS == 0);
        TradeKey(sequence.0 << KEY_INDEX_BITS | u64::from(index))
    }
}

impl ParticipantIndex {
    /// Every participant: a bulletin to all goes out on the broadcast stream.
    pub const ALL: ParticipantIndex = ParticipantIndex(u16::MAX);
}

impl ProductIndex {
    /// Every product.
    pub const ALL: ProductIndex = ProductIndex(u16::MAX);
}

impl UserIndex {
    /// No user: the exchange's own command.
    pub const NONE: UserIndex = UserIndex(u16::MAX);
}

impl AccountIndex {
    /// No account was named, or one that the base data does not have.
    pub const NONE: AccountIndex = AccountIndex(u32::MAX);
}

impl InstrumentIndex {
    /// Every instrument (phases, uncross), or none named (cancel).
    pub const ALL: InstrumentIndex = InstrumentIndex(u16::MAX);
    /// No instrument was named.
    pub const NONE: InstrumentIndex = InstrumentIndex(u16::MAX);
    /// One was named that the base data does not have.
    pub const UNKNOWN: InstrumentIndex = InstrumentIndex(u16::MAX - 1);
}

/// When and where in the log a command is decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// The core's reign.
    pub epoch: Epoch,
    /// The frame's place in the log.
    pub sequence: Sequence,
    /// The frame's time.
    pub time: Nanoseconds,
}

/// A side of the market. JR/T 0016 appendix B, FTDDirection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Direction {
    /// '0'
    Buy = b'0',
    /// '1'
    Sell = b'1',
}

impl Direction {
    /// From the standard's character.
    #[inline]
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            b'0' => Some(Direction::Buy),
            b'1' => Some(Direction::Sell),
            _ => None,
        }
    }

    /// The other side.
    #[inline]
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Direction::Buy => Direction::Sell,
            Direction::Sell => Direction::Buy,
        }
    }

    /// Whether an order of this side and limit may trade at the other side's `price`.
    #[inline]
    #[must_use]
    pub fn reaches(self, limit: Price, price: Price) -> bool {
        match self {
            Direction::Buy => price <= limit,
            Direction::Sell => price >= limit,
        }
    }

    /// 0 for buy, 1 for sell.
    #[inline]
    #[must_use]
    pub fn side(self) -> usize {
        usize::from(self as u8 - b'0')
    }
}

/// Whether an order opens or closes. JR/T 0016 appendix B, FTDOffsetFlag, with 4 and 5 of `errata.md`'s extensions;
/// forced closes (2, 3) are not a member's to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Offset {
    /// '0'
    Open = b'0',
    /// '1'
    Close = b'1',
    /// '4'
    CloseToday = b'4',
    /// '5'
    CloseYesterday = b'5',
}

impl Offset {
    /// From the standard's character.
    #[inline]
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            b'0' => Some(Offset::Open),
            b'1' => Some(Offset::Close),
            b'4' => Some(Offset::CloseToday),
            b'5' => Some(Offset::CloseYesterday),
            _ => None,
        }
    }
}

/// How long an order stands. JR/T 0016 appendix B, FTDMatchCondition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MatchCondition {
    /// '1' fill or kill 即时全部成交
    FillOrKill = b'1',
    /// '2' fill and kill 即时部分成交
    FillAndKill = b'2',
    /// '3' good for the day 当日有效
    Day = b'3',
}

impl MatchCondition {
    /// From the standard's character.
    #[inline]
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            b'1' => Some(MatchCondition::FillOrKill),
            b'2' => Some(MatchCondition::FillAndKill),
            b'3' => Some(MatchCondition::Day),
            _ => None,
        }
    }

    /// FOK and FAK: never rests.
    #[inline]
    #[must_use]
    pub fn immediate(self) -> bool {
        self != MatchCondition::Day
    }
}

/// Phase of an instrument. JR/T 0016 appendix B, FTDInstrumentStatus, with 5, 6, 7 of `errata.md`'s extensions.
/// The closing auction ('2') is for options only (CFFEX, TradingOverview): which product has one is its calendar's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Phase {
    /// '0' orders match as they come.
    Continuous = b'0',
    /// '1' orders are entered and cancelled, nothing matches yet.
    AuctionOrdering = b'1',
    /// '2' the same, for the closing auction.
    ClosingAuction = b'2',
    /// '3' nothing moves; by decision of the exchange.
    Suspended = b'3',
    /// '4' before the day, and in the break.
    NoTrading = b'4',
    /// '5' orders may only be cancelled.
    CancelOnly = b'5',
    /// '6' the auction is being matched: no entry, no cancel.
    AuctionMatch = b'6',
    /// '7' the day is over.
    Closed = b'7',
}

impl Phase {
    /// From the standard's character.
    #[inline]
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            b'0' => Some(Phase::Continuous),
            b'1' => Some(Phase::AuctionOrdering),
            b'2' => Some(Phase::ClosingAuction),
            b'3' => Some(Phase::Suspended),
            b'4' => Some(Phase::NoTrading),
            b'5' => Some(Phase::CancelOnly),
            b'6' => Some(Phase::AuctionMatch),
            b'7' => Some(Phase::Closed),
            _ => None,
        }
    }

    /// The phase that stands for a market's: of its instruments' phases the one in which most can be done; '4' of a market without any.
    /// JR/T 0016 appendix B, FTDMarketStatus, has the same characters.
    #[must_use]
    pub fn of_market(phases: impl Iterator<Item = Phase>) -> Phase {
        const MOST_FIRST: [Phase; 8] = [
            Phase::Continuous,
            Phase::AuctionOrdering,
            Phase::ClosingAuction,
            Phase::AuctionMatch,
            Phase::CancelOnly,
            Phase::Suspended,
            Phase::NoTrading,
            Phase::Closed,
        ];
        phases.min_by_key(|phase| MOST_FIRST.iter().position(|other| other == phase)).unwrap_or(Phase::NoTrading)
    }

    /// New orders are taken.
    #[inline]
    #[must_use]
    pub fn takes_orders(self) -> bool {
        self == Phase::Continuous || self.is_call()
    }

    /// An auction's order entry.
    #[inline]
    #[must_use]
    pub fn is_call(self) -> bool {
        matches!(self, Phase::AuctionOrdering | Phase::ClosingAuction)
    }

    /// Working orders may be cancelled by their member.
    #[inline]
    #[must_use]
    pub fn takes_cancels(self) -> bool {
        self.takes_orders() || self == Phase::CancelOnly
    }
}

/// What one may do. JR/T 0016 §6.3 and appendix B, FTDTradeRight. Of several the worst (greatest) counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Right {
    /// '0'
    Full = b'0',
    /// '1'
    CloseOnly = b'1',
    /// '2'
    Forbidden = b'2',
}

impl Right {
    /// From the standard's character.
    #[inline]
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            b'0' => Some(Right::Full),
            b'1' => Some(Right::CloseOnly),
            b'2' => Some(Right::Forbidden),
            _ => None,
        }
    }
}

/// Price of a continuous trade; a setting of the instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PriceRule {
    /// The resting order's price.
    Resting = 0,
    /// The middle of bid, ask and last. CFFEX: 撮合成交价为买入价、卖出价和前一成交价三者居中.
    Middle = 1,
}

impl PriceRule {
    /// From its number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(PriceRule::Resting),
            1 => Some(PriceRule::Middle),
            _ => None,
        }
    }
}

/// Which of the auction's equally good prices; a setting of the instrument. See RULES.md, Uncross.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TieBreak {
    /// Where the surplus presses; the middle if it does not.
    Pressure = 0,
    /// Nearest to the last price (previous settlement if none).
    Reference = 1,
    /// The highest.
    Highest = 2,
    /// The lowest.
    Lowest = 3,
    /// Where the surplus presses; if it does not, nearest to the last price (previous settlement if none).
    PressureReference = 4,
}

impl TieBreak {
    /// From its number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(TieBreak::Pressure),
            1 => Some(TieBreak::Reference),
            2 => Some(TieBreak::Highest),
            3 => Some(TieBreak::Lowest),
            4 => Some(TieBreak::PressureReference),
            _ => None,
        }
    }
}

/// What may be switched on and off in a product: kinds of orders, and other things a member may ask for. RULES.md, Words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Function {
    /// A limit order, good for the day.
    LimitDay = 0,
    /// A limit order that trades what it can at once.
    LimitFillAndKill = 1,
    /// A limit order that trades wholly at once or not at all.
    LimitFillOrKill = 2,
    /// Market, the rest is cancelled 市价.
    Market = 3,
    /// Market, the rest becomes a limit order 市价转限价.
    MarketToLimit = 4,
    /// Best price, the rest is cancelled 最优价.
    Best = 5,
    /// Best price, the rest becomes a limit order.
    BestToLimit = 6,
    /// Five levels, the rest is cancelled 五档市价.
    FiveLevel = 7,
    /// Five levels, the rest becomes a limit order.
    FiveLevelToLimit = 8,
    /// Quotes.
    Quote = 9,
    /// Enquiries.
    Enquiry = 10,
    /// Exercise and abandonment.
    Exercise = 11,
    /// Whatever enters.
    Everything = 12,
}

impl Function {
    /// Every bit there is.
    pub const BITS: u32 = (1 << 13) - 1;

    /// Its bit.
    #[inline]
    #[must_use]
    pub const fn bit(self) -> u32 {
        1 << self as u8
    }

    /// The kind of an order, from FTDOrderType and its match condition. None: that combination is not offered.
    #[inline(always)]
    #[must_use]
    pub fn of_order(order_type: u8, condition: MatchCondition) -> Option<Self> {
        match (order_type, condition) {
            (b'0', MatchCondition::Day) => Some(Function::LimitDay),
            (b'0', MatchCondition::FillAndKill) => Some(Function::LimitFillAndKill),
            (b'0', MatchCondition::FillOrKill) => Some(Function::LimitFillOrKill),
            _ => Self::of_market_order(order_type, condition),
        }
    }

    /// The same of what has no limit of its own.
    #[inline(never)]
    fn of_market_order(order_type: u8, condition: MatchCondition) -> Option<Self> {
        match (order_type, condition) {
            (b'1', MatchCondition::FillAndKill) => Some(Function::Market),
            (b'4', MatchCondition::Day) => Some(Function::MarketToLimit),
            (b'5', MatchCondition::FillAndKill) => Some(Function::Best),
            (b'9', MatchCondition::Day) => Some(Function::BestToLimit),
            (b'7', MatchCondition::FillAndKill) => Some(Function::FiveLevel),
            (b'8', MatchCondition::Day) => Some(Function::FiveLevelToLimit),
            _ => None,
        }
    }

    /// An order of this kind has a price of its own.
    #[inline]
    #[must_use]
    pub fn is_priced(self) -> bool {
        self as u8 <= Function::LimitFillOrKill as u8
    }

    /// With how many price levels of the other side an order of this kind may trade.
    #[must_use]
    pub fn levels(self) -> usize {
        match self {
            Function::Best | Function::BestToLimit => 1,
            Function::FiveLevel | Function::FiveLevelToLimit => 5,
            _ => usize::MAX,
        }
    }
}
