//! Flags and codes of the commands.

/// ProductDefine flag: a put's long counts as short for position limits, and its short as long.
pub const PRODUCT_LIMIT_BY_VIEW: u8 = 1;
/// InstrumentDefine flag: exercise instructions are taken today.
pub const INSTRUMENT_EXERCISE: u8 = 1;
/// InstrumentDefine flag: a buyer pays price x multiplier.
pub const INSTRUMENT_PREMIUM: u8 = 2;
/// UserDefine flag: the front cancels the user's orders when its dialog session ends.
pub const USER_CANCEL_ON_DISCONNECT: u8 = 2;
/// UserDefine flag: a local id must be greater than the trader's largest.
pub const USER_ASCENDING_LOCAL_IDS: u8 = 1;
/// DayOpen flag: '1' close takes today's position first.
pub const DAY_CLOSE_TODAY_FIRST: u16 = 1;
/// FTDOrderType: a limit order.
pub const LIMIT_ORDER: u8 = b'0';
/// OrderInsert flag: the member sent a stop price.
pub const ORDER_STOP_PRICE: u16 = 1;
/// OrderInsert flag: the member asked for automatic suspension.
pub const ORDER_AUTO_SUSPEND: u16 = 2;

/// What a step of the calendar does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ScheduleAction {
    /// PhaseSet.
    Phase = 0,
    /// Uncross.
    Uncross = 1,
    /// ExecWindowSet, open.
    WindowOpen = 2,
    /// ExecWindowSet, closed.
    WindowClose = 3,
    /// DayClose.
    DayClose = 4,
}

impl ScheduleAction {
    /// From its number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => ScheduleAction::Phase,
            1 => ScheduleAction::Uncross,
            2 => ScheduleAction::WindowOpen,
            3 => ScheduleAction::WindowClose,
            4 => ScheduleAction::DayClose,
            _ => return None,
        })
    }
}

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
