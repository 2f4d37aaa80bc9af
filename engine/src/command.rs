//! Commands: what the exchange is asked to do, as they stand in the ring and in the log.
//!
//! A command is a 16-byte header and a body by its kind, little-endian, a multiple of 8 bytes, no padding that is not named.
//! Codes in bodies are the characters of JR/T 0016 appendix B; texts are left-aligned and filled with blanks.
//! What each does stands in RULES.md.

mod buffer;
mod codes;

pub use buffer::{Command, CommandBuffer};
pub use codes::*;

use crate::types::{
    AccountIndex, ClientNumber, Epoch, InstrumentIndex, Nanoseconds, ParticipantIndex, ProductIndex, RawPrice,
    Sequence, UserIndex, Volume,
};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes of the longest command, header included (a bulletin).
pub const MAX_COMMAND: usize = 640;

/// What stands before every body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct CommandHeader {
    /// [`CommandKind`].
    pub kind: u16,
    /// Bytes of the command, header included.
    pub length: u16,
    /// Who asked on the deciding system's front, to answer there; means nothing to a follower.
    pub session: u32,
    /// The dialog number of the request; means nothing to a follower.
    pub request: u32,
    /// The user that speaks; [`UserIndex::NONE`] for the exchange itself.
    pub user: UserIndex,
    /// Zero.
    pub reserved: u16,
}

/// A body that can be written and read in place.
pub trait Body: FromBytes + IntoBytes + Immutable + KnownLayout + Copy {
    /// The kind it belongs to.
    const KIND: CommandKind;
}

macro_rules! commands {
    ($( $(#[$doc:meta])* $number:literal $name:ident { $( $(#[$field_doc:meta])* $field:ident : $type:ty ),* $(,)? } )*) => {
        /// Kinds of commands; the numbers stand in the log.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum CommandKind { $( $(#[$doc])* $name = $number ),* }

        impl CommandKind {
            /// Every kind.
            pub const ALL: &[CommandKind] = &[$( CommandKind::$name ),*];

            /// From its number in the log.
            #[inline]
            #[must_use]
            pub fn from_code(code: u16) -> Option<Self> {
                match code { $( $number => Some(CommandKind::$name), )* _ => None }
            }

            /// Bytes of a command of this kind, header included.
            #[inline]
            #[must_use]
            pub fn size(self) -> usize {
                match self { $( CommandKind::$name => size_of::<CommandHeader>() + size_of::<$name>() ),* }
            }
        }

        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
            #[repr(C)]
            pub struct $name { $( $(#[$field_doc])* pub $field : $type ),* }

            impl Body for $name { const KIND: CommandKind = CommandKind::$name; }

            const _: () = assert!(size_of::<$name>() % 8 == 0 && size_of::<$name>() + 16 <= MAX_COMMAND);
        )*

        /// A command's body, read in place.
        #[derive(Clone, Copy, Debug)]
        pub enum BodyView<'a> { $( $(#[$doc])* $name(&'a $name) ),* }

        impl<'a> BodyView<'a> {
            fn read(kind: CommandKind, bytes: &'a [u8]) -> Option<Self> {
                match kind { $( CommandKind::$name => $name::ref_from_bytes(bytes).ok().map(BodyView::$name) ),* }
            }

            /// Its kind.
            #[must_use]
            pub fn kind(&self) -> CommandKind {
                match self { $( BodyView::$name(_) => CommandKind::$name ),* }
            }
        }
    };
}

commands! {
    /// Begins a day: what day it is and how large the tables are.
    0x0001 DayOpen {
        /// The trading day, yyyymmdd. 交易日
        trading_day: u32,
        /// The calendar day, yyyymmdd. 自然日
        action_day: u32,
        /// Orders that may rest at once.
        live_orders: u32,
        /// Local ids that may be marked in the day.
        local_ids: u32,
        /// Position rows: (account, instrument, hedge flag).
        position_rows: u32,
        /// Accounts.
        accounts: u32,
        /// Participants.
        participants: u16,
        /// Users.
        users: u16,
        /// Instruments.
        instruments: u16,
        /// [`DAY_CLOSE_TODAY_FIRST`].
        flags: u16,
        /// The epoch that begins the day.
        epoch: Epoch,
        /// The data centre of the core that begins it.
        data_center: u32,
        /// (Client number, instrument) that may enquire.
        enquiries: u32,
        /// Exercise instructions that may live at once.
        exec_orders: u32,
        /// Limits of client numbers and of participants.
        limits: u32,
        /// Products.
        products: u16,
        /// Zero.
        reserved: u16,
    }
    /// A participant 会员.
    0x0002 ParticipantDefine {
        /// Its place.
        index: ParticipantIndex,
        /// Number of its private stream, from 2.
        series: u16,
        /// FTDParticipantType.
        participant_type: u8,
        /// [`crate::types::Right`].
        right: u8,
        /// Who clears it: itself, or one that is defined already.
        clearing: ParticipantIndex,
        /// ParticipantId.
        id: [u8; 8],
    }
    /// A user (trader, seat) 交易员, 席位.
    0x0003 UserDefine {
        /// Its place.
        index: UserIndex,
        /// Whose trader.
        participant: ParticipantIndex,
        /// [`crate::types::Right`].
        right: u8,
        /// [`USER_ASCENDING_LOCAL_IDS`].
        flags: u8,
        /// Zero.
        reserved: [u8; 2],
        /// The IPv4 address it may connect from; 0.0.0.0 = any.
        address: [u8; 4],
        /// Requests a second; 0 = no limit.
        requests_per_second: u32,
        /// Requests unanswered at once; 0 = no limit.
        requests_in_flight: u32,
        /// Zero.
        reserved_2: u32,
        /// UserId (15) and a blank.
        id: [u8; 16],
        /// The seat's secret: the password, or the key of the login's proof.
        secret: [u8; 40],
    }
    /// An account: a participant's client 客户.
    0x0004 AccountDefine {
        /// Its place.
        index: AccountIndex,
        /// Whose client.
        participant: ParticipantIndex,
        /// [`crate::types::Right`].
        right: u8,
        /// FTDClientType.
        client_type: u8,
        /// One number for one ClientId over all members.
        client_number: ClientNumber,
        /// Zero.
        reserved: u32,
        /// ClientId.
        client_id: [u8; 8],
    }
    /// An instrument 合约.
    0x0005 InstrumentDefine {
        /// Its place.
        index: InstrumentIndex,
        /// [`crate::types::PriceRule`].
        price_rule: u8,
        /// [`crate::types::TieBreak`].
        tie_break: u8,
        /// The phase the day begins with, [`crate::types::Phase`].
        phase: u8,
        /// [`crate::types::Right`].
        right: u8,
        /// Its product.
        product: ProductIndex,
        /// One tick, in 1/10,000 yuan.
        tick: u32,
        /// Contract multiplier 合约乘数.
        multiplier: u32,
        /// Lowest price, ticks 跌停板.
        lower_limit: i32,
        /// Highest price, ticks 涨停板.
        upper_limit: i32,
        /// Previous settlement, rounded to ticks.
        previous_settlement: i32,
        /// Fewest lots of an order.
        minimum_volume: u32,
        /// Most lots of a limit order 每次最大下单数量.
        maximum_volume: u32,
        /// Most lots of an order without a price of its own.
        maximum_market_volume: u32,
        /// Lots a client number may open in a day; 0 = no limit.
        open_limit: u32,
        /// Lots a client may hold on one side, all members together; 0 = no limit 持仓限额.
        position_limit: u32,
        /// The first instrument of its limit group: itself, or the one that stands for an option month.
        limit_with: InstrumentIndex,
        /// FTDOptionType: '0' none, '1' call, '2' put.
        option_type: u8,
        /// Bits: [`INSTRUMENT_EXERCISE`], [`INSTRUMENT_PREMIUM`].
        flags: u8,
        /// Its last trading day 最后交易日, yyyymmdd; 0 = not said.
        last_trading_day: u32,
        /// Open interest the day begins with, counted once.
        previous_open_interest: u64,
        /// An option's strike, 1/10,000 yuan.
        strike: RawPrice,
        /// Margin of a long lot for the day, 1/10,000 yuan.
        margin_long: i64,
        /// Margin of a short lot for the day, 1/10,000 yuan.
        margin_short: i64,
        /// InstrumentId (30) and two blanks.
        id: [u8; 32],
    }
    /// Positions the day begins with.
    0x0006 PositionSet {
        /// Whose.
        account: AccountIndex,
        /// In what.
        instrument: InstrumentIndex,
        /// FTDHedgeFlag.
        hedge: u8,
        /// Zero.
        reserved: u8,
        /// Long, from yesterday.
        long_yesterday: u32,
        /// Long, of today.
        long_today: u32,
        /// Short, from yesterday.
        short_yesterday: u32,
        /// Short, of today.
        short_today: u32,
    }
    /// Changes a right.
    0x0007 RightSet {
        /// [`RightScope`].
        scope: u8,
        /// [`crate::types::Right`].
        right: u8,
        /// The instrument, for the scopes that have one; else zero.
        instrument: InstrumentIndex,
        /// The participant, user or account, for the scopes that have one; else zero.
        index: u32,
    }
    /// Changes the phase of an instrument or of all.
    0x0008 PhaseSet {
        /// Which; [`InstrumentIndex::ALL`].
        instrument: InstrumentIndex,
        /// [`crate::types::Phase`].
        phase: u8,
        /// FFEX enter reason: '1' automatic, '2' manual.
        reason: u8,
        /// Step of the day's schedule that this is, from 1; 0 = none. Whoever goes on with the day knows where it stands.
        step: u32,
        /// With instrument ALL: of which product; [`ProductIndex::ALL`].
        product: ProductIndex,
        /// 1 = of these only whose last trading day it is; 0 = all.
        last_day: u8,
        /// Zero.
        reserved: [u8; 5],
        /// Why, for a manual change; blank else.
        text: [u8; 80],
    }
    /// Matches the auction of an instrument or of all that are in it.
    0x0009 Uncross {
        /// Which; [`InstrumentIndex::ALL`].
        instrument: InstrumentIndex,
        /// As in PhaseSet.
        product: ProductIndex,
        /// As in PhaseSet.
        step: u32,
    }
    /// A member's order 报单录入.
    0x000A OrderInsert {
        /// OrderLocalId.
        local_id: [u8; 24],
        /// MessageReference, sent back as it came.
        message_reference: [u8; 6],
        /// FTDDirection.
        direction: u8,
        /// FTDOffsetFlag.
        offset: u8,
        /// FTDHedgeFlag.
        hedge: u8,
        /// FTDOrderType.
        order_type: u8,
        /// FTDMatchCondition.
        match_condition: u8,
        /// FTDMatchSession.
        match_session: u8,
        /// Which instrument; [`InstrumentIndex::UNKNOWN`].
        instrument: InstrumentIndex,
        /// [`ORDER_STOP_PRICE`], [`ORDER_AUTO_SUSPEND`].
        flags: u16,
        /// LimitPrice.
        price: RawPrice,
        /// Whose order; [`AccountIndex::NONE`] = unknown.
        account: AccountIndex,
        /// VolumeTotalOrginal.
        volume: Volume,
        /// MinimalVolume.
        minimal_volume: Volume,
        /// Zero.
        reserved: u32,
    }
    /// A member's cancel 报单操作.
    0x000B OrderCancel {
        /// OrderSysId of the target; blank = by local id.
        order_sys_id: [u8; 20],
        /// Which instrument was named; [`InstrumentIndex::NONE`], [`InstrumentIndex::UNKNOWN`].
        instrument: InstrumentIndex,
        /// OrderActionCode.
        action: u8,
        /// 1 = the request had an OrderActionTargetField, 0 = it had none.
        target_field: u8,
        /// OrderLocalId of the target.
        local_id: [u8; 24],
        /// ActionLocalId, sent back as it came.
        action_local_id: [u8; 24],
        /// MessageReference, sent back as it came.
        message_reference: [u8; 6],
        /// Zero.
        reserved: [u8; 2],
        /// Which account was named; [`AccountIndex::NONE`].
        account: AccountIndex,
        /// Zero.
        reserved_2: u32,
    }
    /// Cancels every order of a scope.
    0x000C MassCancel {
        /// [`MassScope`].
        scope: u8,
        /// 0 the exchange, 1 the member's disconnect.
        cause: u8,
        /// Zero.
        reserved: [u8; 2],
        /// The participant, user, account or instrument; zero for all.
        index: u32,
    }
    /// Time to publish market data 行情.
    0x000D MarketDataTick {
        /// Zero.
        reserved: u64,
    }
    /// A text for all, or for one participant 告示.
    0x000E Bulletin {
        /// Whom; [`ParticipantIndex::ALL`].
        participant: ParticipantIndex,
        /// NewsUrgency.
        urgency: u8,
        /// Zero.
        reserved: u8,
        /// NewsType.
        news_type: [u8; 3],
        /// Zero.
        reserved_2: u8,
        /// Abstract.
        summary: [u8; 80],
        /// Content (500) and four blanks.
        content: [u8; 504],
    }
    /// A member's readiness 就绪, 举手.
    0x000F ReadinessReport {
        /// FTDReadiness: '0' not ready, '1' ready, '2' raises a hand.
        readiness: u8,
        /// Zero.
        reserved: [u8; 3],
        /// Its words (500).
        content: [u8; 500],
    }
    /// A user's new secret.
    0x0010 PasswordUpdate {
        /// The seat's secret.
        secret: [u8; 40],
    }
    /// Blocks or frees a seat; its sessions are ended with ForceExit.
    0x0011 SeatBlock {
        /// Whose.
        user: UserIndex,
        /// 1 = blocked, 0 = free.
        blocked: u8,
        /// Zero.
        reserved: u8,
        /// ForceExitMsg (100).
        text: [u8; 100],
    }
    /// A takeover begins at a cut.
    0x0012 TakeoverBegin {
        /// The last frame taken from the core before us.
        cut_sequence: Sequence,
        /// The state's digest there.
        cut_digest: u64,
        /// When the command was given.
        commanded_at: Nanoseconds,
        /// The epoch of the core before us.
        old_epoch: Epoch,
        /// The epoch that is to begin.
        new_epoch: Epoch,
        /// [`BookPolicy`].
        book: u8,
        /// [`Reopening`].
        reopen: u8,
        /// The state the standby was in ([`u8`] of the standby's list) when the command was given.
        from_state: u8,
        /// Bits: 1 fence overridden, 2 from lagging, 4 from diverged.
        overrides: u8,
        /// Data centre of the core that takes over.
        data_center: u32,
    }
    /// A step of the takeover is done.
    0x0013 TakeoverStep {
        /// Number of the step.
        step: u16,
        /// 0 done, 1 overridden, 2 nothing to do.
        outcome: u16,
        /// Zero.
        reserved: u32,
        /// Machine time the step took; zero in a simulated run.
        elapsed: Nanoseconds,
    }
    /// A new epoch begins with this frame.
    0x0014 EpochOpen {
        /// Which.
        epoch: Epoch,
        /// Data centre of the core.
        data_center: u32,
        /// The epoch before.
        old_epoch: Epoch,
        /// Zero.
        reserved: u32,
        /// The last frame of the epoch before that counts.
        cut_sequence: Sequence,
    }
    /// Every live order is told anew to its member.
    0x0015 BookRestate {
        /// Zero.
        reserved: u64,
    }
    /// Ends the day.
    0x0016 DayClose {
        /// Zero.
        reserved: u32,
        /// As in PhaseSet.
        step: u32,
    }
    /// A product 品种.
    0x0017 ProductDefine {
        /// Its place.
        index: ProductIndex,
        /// '0' index futures, '1' treasury futures, '2' index options, '3' others.
        kind: u8,
        /// [`PRODUCT_LIMIT_BY_VIEW`].
        flags: u8,
        /// What may be done in it: bits of [`crate::types::Function`].
        functions: u32,
        /// Seconds between a client number's enquiries in an instrument.
        enquiry_interval: u32,
        /// An enquiry is refused while ask - bid is not above this, ticks; 0 = no rule.
        enquiry_spread: u32,
        /// Lots a client number may open in a day in the product; 0 = no limit.
        open_limit: u32,
        /// A quote counts towards the obligation if it is not wider, ticks.
        quote_spread: u32,
        /// … and if neither side has fewer lots.
        quote_volume: u32,
        /// Zero.
        reserved: u32,
        /// Its letters: IF, IO.
        id: [u8; 8],
        /// Products that are margined together 大边组.
        group: [u8; 8],
    }
    /// A market maker's right to quote 做市资格.
    0x0018 MarketMakerSet {
        /// Whose.
        account: AccountIndex,
        /// In what.
        product: ProductIndex,
        /// 1 = has it, 0 = has it no more.
        on: u8,
        /// Zero.
        reserved: u8,
    }
    /// A client number's limit in a limit group, in place of the instrument's.
    0x0019 ClientLimitSet {
        /// Whose.
        client: ClientNumber,
        /// The group's first instrument.
        instrument: InstrumentIndex,
        /// 0 = hedge flags '1' '2' '4'; 1 = '3' 套保额度.
        class: u8,
        /// Zero.
        reserved: u8,
        /// Lots long; 0 = no limit.
        long: u32,
        /// Lots short; 0 = no limit.
        short: u32,
    }
    /// A participant's limit in an instrument, over its accounts.
    0x001A MemberLimitSet {
        /// Whose.
        participant: ParticipantIndex,
        /// In what.
        instrument: InstrumentIndex,
        /// Lots on one side; 0 = no limit.
        volume: u32,
    }
    /// Money that a participant may use.
    0x001B CreditSet {
        /// Whose.
        participant: ParticipantIndex,
        /// 0 = funds of a clearing participant 结算资金, 1 = credit limit of a trading one 信用限额.
        kind: u8,
        /// Zero.
        reserved: [u8; 5],
        /// 1/10,000 yuan; -1 = not checked.
        amount: i64,
    }
    /// Functions are switched on or off.
    0x001C FunctionSet {
        /// Where; [`ProductIndex::ALL`].
        product: ProductIndex,
        /// 1 = on, 0 = off.
        on: u8,
        /// Zero.
        reserved: u8,
        /// Bits of [`crate::types::Function`].
        functions: u32,
        /// Why.
        text: [u8; 80],
    }
    /// A step of the day's calendar.
    0x001D ScheduleSet {
        /// Its number, above the last one's.
        step: u32,
        /// Milliseconds after 0:00 (China Standard Time) of the action day.
        time: u32,
        /// Where; [`ProductIndex::ALL`].
        product: ProductIndex,
        /// [`ScheduleAction`].
        action: u8,
        /// For [`ScheduleAction::Phase`]; else zero.
        phase: u8,
        /// For [`ScheduleAction::Phase`]: 1 = only instruments whose last trading day it is; else zero.
        last_day: u8,
        /// Zero.
        reserved: [u8; 3],
    }
    /// The window for exercise instructions opens or closes.
    0x001E ExecWindowSet {
        /// Where; [`ProductIndex::ALL`].
        product: ProductIndex,
        /// 1 = open, 0 = closed.
        open: u8,
        /// Zero.
        reserved: u8,
        /// As in PhaseSet.
        step: u32,
    }
    /// A market maker's quote 双边报价.
    0x001F QuoteInsert {
        /// QuoteLocalID.
        local_id: [u8; 24],
        /// MessageReference, sent back as it came.
        message_reference: [u8; 6],
        /// Which instrument; [`InstrumentIndex::UNKNOWN`].
        instrument: InstrumentIndex,
        /// Whose; [`AccountIndex::NONE`] = unknown.
        account: AccountIndex,
        /// FTDOffsetFlag of the bid, then of the ask.
        offset: [u8; 2],
        /// FTDHedgeFlag of the bid, then of the ask.
        hedge: [u8; 2],
        /// Prices of the bid, then of the ask.
        price: [RawPrice; 2],
        /// Lots of the bid, then of the ask.
        volume: [Volume; 2],
    }
    /// A quote is cancelled.
    0x0020 QuoteCancel {
        /// QuoteSysID of the target; blank = by local id.
        sys_id: [u8; 20],
        /// Which instrument was named; [`InstrumentIndex::NONE`], [`InstrumentIndex::UNKNOWN`].
        instrument: InstrumentIndex,
        /// OrderActionCode.
        action: u8,
        /// Zero.
        reserved: u8,
        /// QuoteLocalID of the target.
        local_id: [u8; 24],
        /// ActionLocalId, sent back as it came.
        action_local_id: [u8; 24],
        /// MessageReference, sent back as it came.
        message_reference: [u8; 6],
        /// Zero.
        reserved_2: [u8; 2],
        /// Which account was named; [`AccountIndex::NONE`].
        account: AccountIndex,
        /// Zero.
        reserved_3: u32,
    }
    /// An enquiry 询价.
    0x0021 EnquireQuote {
        /// QuoteLocalID.
        local_id: [u8; 24],
        /// MessageReference, sent back as it came.
        message_reference: [u8; 6],
        /// Which instrument; [`InstrumentIndex::UNKNOWN`].
        instrument: InstrumentIndex,
        /// Whose; [`AccountIndex::NONE`] = unknown.
        account: AccountIndex,
        /// FTDQuoteDirection.
        direction: u8,
        /// Zero.
        reserved: [u8; 3],
    }
    /// An instruction to exercise or to abandon 执行宣告.
    0x0022 ExecOrderInsert {
        /// ExecOrderLocalID.
        local_id: [u8; 24],
        /// MessageReference, sent back as it came.
        message_reference: [u8; 6],
        /// Which instrument; [`InstrumentIndex::UNKNOWN`].
        instrument: InstrumentIndex,
        /// Whose; [`AccountIndex::NONE`] = unknown.
        account: AccountIndex,
        /// Lots.
        volume: Volume,
        /// FTDExecAction: '1' exercise, '2' abandon.
        action: u8,
        /// FTDHedgeFlag.
        hedge: u8,
        /// Zero.
        reserved: [u8; 6],
    }
    /// An instruction is taken back.
    0x0023 ExecOrderCancel {
        /// ExecOrderSysID of the target; blank = by local id.
        sys_id: [u8; 20],
        /// ActionFlag.
        action: u8,
        /// Zero.
        reserved: [u8; 3],
        /// ExecOrderLocalID of the target.
        local_id: [u8; 24],
        /// ActionLocalId, sent back as it came.
        action_local_id: [u8; 24],
        /// MessageReference, sent back as it came.
        message_reference: [u8; 6],
        /// Zero.
        reserved_2: [u8; 2],
    }
}
