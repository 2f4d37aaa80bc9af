//! Commands: what the exchange is asked to do, as they stand in the ring and in the log.
//!
//! A command is a 16-byte header and a body by its kind, little-endian, a multiple of 8 bytes, no padding that is not named.
//! Codes in bodies are the characters of JR/T 0016 appendix B; texts are left-aligned and filled with blanks.
//! What each does stands in RULES.md.

use crate::types::{
    AccountIndex, ClientNumber, Epoch, InstrumentIndex, Nanoseconds, ParticipantIndex, RawPrice, Sequence, UserIndex,
    Volume,
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
        /// Zero.
        reserved: [u8; 2],
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
        /// Zero.
        reserved: u16,
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
        /// Most lots of an order 每次最大下单数量.
        maximum_volume: u32,
        /// Lots a client may hold on one side, all members together; 0 = no limit 持仓限额.
        position_limit: u32,
        /// Open interest the day begins with, counted once.
        previous_open_interest: u64,
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
    }
    /// Matches the auction of an instrument or of all that are in it.
    0x0009 Uncross {
        /// Which; [`InstrumentIndex::ALL`].
        instrument: InstrumentIndex,
        /// Zero.
        reserved: u16,
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
        /// Zero.
        reserved: [u8; 3],
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
}

/// UserDefine flag: a local id must be greater than the trader's largest.
pub const USER_ASCENDING_LOCAL_IDS: u8 = 1;
/// DayOpen flag: '1' close takes today's position first.
pub const DAY_CLOSE_TODAY_FIRST: u16 = 1;
/// OrderInsert flag: the member sent a stop price.
pub const ORDER_STOP_PRICE: u16 = 1;
/// OrderInsert flag: the member asked for automatic suspension.
pub const ORDER_AUTO_SUSPEND: u16 = 2;

/// Scope of RightSet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RightScope {
    /// A participant.
    Participant = 1,
    /// A user.
    User = 2,
    /// An account.
    Account = 3,
    /// An instrument.
    Instrument = 4,
    /// An account in one instrument.
    AccountInstrument = 5,
}

impl RightScope {
    /// From its number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => RightScope::Participant,
            2 => RightScope::User,
            3 => RightScope::Account,
            4 => RightScope::Instrument,
            5 => RightScope::AccountInstrument,
            _ => return None,
        })
    }
}

/// Scope of MassCancel. An unknown scope is 42 DefinitionInvalid, an unknown index 43 IndexUnknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MassScope {
    /// Every order.
    All = 0,
    /// A participant's.
    Participant = 1,
    /// A user's.
    User = 2,
    /// An account's.
    Account = 3,
    /// An instrument's.
    Instrument = 4,
}

impl MassScope {
    /// From its number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => MassScope::All,
            1 => MassScope::Participant,
            2 => MassScope::User,
            3 => MassScope::Account,
            4 => MassScope::Instrument,
            _ => return None,
        })
    }
}

/// What becomes of the book at a takeover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BookPolicy {
    /// Every order stays, with its place; each is told anew.
    Keep = 0,
    /// Every order is cancelled; each is told.
    Cancel = 1,
}

/// How the market reopens after a takeover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reopening {
    /// In the phase where it stopped.
    Continuous = 0,
    /// Cancel-only, then a call auction, then continuous.
    Auction = 1,
}

/// A command read in place.
#[derive(Clone, Copy, Debug)]
pub struct Command<'a> {
    /// Its header.
    pub header: &'a CommandHeader,
    /// Its body.
    pub body: BodyView<'a>,
    /// All its bytes.
    pub bytes: &'a [u8],
}

impl<'a> Command<'a> {
    /// Reads a command; `bytes` is aligned to 8 and exactly its length. None: unknown kind or wrong length.
    #[inline]
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = CommandHeader::ref_from_prefix(bytes).ok()?;
        let kind = CommandKind::from_code(header.kind)?;
        if usize::from(header.length) != bytes.len() || header.reserved != 0 {
            return None;
        }
        Some(Command { header, body: BodyView::read(kind, rest)?, bytes })
    }
}

/// Room for one command, aligned, to build it in.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub struct CommandBuffer {
    bytes: [u8; MAX_COMMAND],
    length: usize,
}

impl CommandBuffer {
    /// Writes a command.
    #[inline]
    #[must_use]
    pub fn new<B: Body>(session: u32, request: u32, user: UserIndex, body: &B) -> Self {
        let length = B::KIND.size();
        let header = CommandHeader {
            kind: B::KIND as u16,
            length: u16::try_from(length).expect("a command is at most MAX_COMMAND bytes"),
            session,
            request,
            user,
            reserved: 0,
        };
        let mut buffer = CommandBuffer { bytes: [0; MAX_COMMAND], length };
        buffer.bytes[..size_of::<CommandHeader>()].copy_from_slice(header.as_bytes());
        buffer.bytes[size_of::<CommandHeader>()..length].copy_from_slice(body.as_bytes());
        buffer
    }

    /// A command of the exchange itself.
    #[must_use]
    pub fn own<B: Body>(body: &B) -> Self {
        Self::new(0, 0, UserIndex::NONE, body)
    }

    /// Copies a command's bytes. None: they are no command.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Option<Self> {
        let mut buffer = CommandBuffer { bytes: [0; MAX_COMMAND], length: bytes.len() };
        buffer.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Command::read(&buffer.bytes[..buffer.length])?;
        Some(buffer)
    }

    /// The command's bytes.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// The command.
    #[inline]
    #[must_use]
    pub fn command(&self) -> Command<'_> {
        Command::read(self.bytes()).expect("a buffer is built from a whole command")
    }
}
