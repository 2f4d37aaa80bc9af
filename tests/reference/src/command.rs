//! Commands: 16 bytes of header, then a body by the kind, little-endian, item after item.
//!
//! | offset | bytes | header |
//! |---|---|---|
//! | 0 | 2 | kind, the number beside each body below |
//! | 2 | 2 | bytes of the command, these included |
//! | 4 | 4 | session that asked, on the front that took it |
//! | 8 | 4 | the request's number in that session's dialog |
//! | 12 | 2 | user that speaks; FFFFh the exchange itself |
//! | 14 | 2 | zero |
//!
//! The bodies are written down here from the bytes of the log, not from the structures of the system under test.

use crate::event::SystemId;
use crate::number::{Account, ClientNumber, Epoch, Instrument, Nanoseconds, Participant, Product, Sequence, User};
use crate::wire::{Reader, Wire, Zero};

/// Bytes of the header.
pub const HEADER: usize = 16;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The session to answer.
    pub session: u32,
    /// The request's number there.
    pub request: u32,
    /// The user that speaks.
    pub user: User,
}

impl Header {
    /// The exchange itself.
    pub const OWN: Header = Header { session: 0, request: 0, user: User::NONE };
}

macro_rules! bodies {
    ($($(#[$doc:meta])* $kind:literal $name:ident { $($field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            #[allow(missing_docs, reason = "the items are those of RULES.md and STREAMS.md")]
            pub struct $name { $(pub $field: $type,)* }

            impl From<$name> for Command {
                fn from(body: $name) -> Command {
                    Command::$name(body)
                }
            }
        )*

        /// A command's body.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(clippy::large_enum_variant, reason = "plain and slow: one at a time, on the stack")]
        pub enum Command { $($(#[$doc])* $name($name),)* }

        impl Command {
            fn kind(&self) -> u16 {
                match self { $(Command::$name(_) => $kind,)* }
            }

            fn put_body(&self, into: &mut Vec<u8>) {
                match self { $(Command::$name(body) => { $(body.$field.put(into);)* })* }
            }

            fn take_body(kind: u16, from: &mut Reader<'_>) -> Option<Command> {
                match kind {
                    $($kind => Some(Command::$name($name { $($field: Wire::take(from)?,)* })),)*
                    _ => None,
                }
            }
        }
    };
}

bodies! {
    /// Begins a day.
    0x0001 DayOpen {
        trading_day: u32,
        action_day: u32,
        live_orders: u32,
        local_ids: u32,
        position_rows: u32,
        accounts: u32,
        participants: u16,
        users: u16,
        instruments: u16,
        flags: u16,
        epoch: Epoch,
        data_center: u32,
        enquiries: u32,
        exec_orders: u32,
        limits: u32,
        products: u16,
        zero: Zero<2>,
    }
    /// A participant.
    0x0002 ParticipantDefine {
        index: Participant,
        series: u16,
        participant_type: u8,
        right: u8,
        clearing: Participant,
        id: [u8; 8],
    }
    /// A user: a participant's trader.
    0x0003 UserDefine {
        index: User,
        participant: Participant,
        right: u8,
        flags: u8,
        zero: Zero<2>,
        address: [u8; 4],
        requests_per_second: u32,
        requests_in_flight: u32,
        zero_2: Zero<4>,
        id: [u8; 16],
        secret: [u8; 40],
    }
    /// An account: a participant's client.
    0x0004 AccountDefine {
        index: Account,
        participant: Participant,
        right: u8,
        client_type: u8,
        client_number: ClientNumber,
        zero: Zero<4>,
        client_id: [u8; 8],
    }
    /// An instrument.
    0x0005 InstrumentDefine {
        index: Instrument,
        price_rule: u8,
        tie_break: u8,
        phase: u8,
        right: u8,
        product: Product,
        tick: u32,
        multiplier: u32,
        lower_limit: i32,
        upper_limit: i32,
        previous_settlement: i32,
        minimum_volume: u32,
        maximum_volume: u32,
        maximum_market_volume: u32,
        open_limit: u32,
        position_limit: u32,
        limit_with: Instrument,
        option_type: u8,
        flags: u8,
        last_trading_day: u32,
        previous_open_interest: u64,
        strike: i64,
        margin_long: i64,
        margin_short: i64,
        id: [u8; 32],
    }
    /// Positions the day begins with.
    0x0006 PositionSet {
        account: Account,
        instrument: Instrument,
        hedge: u8,
        zero: Zero<1>,
        long_yesterday: u32,
        long_today: u32,
        short_yesterday: u32,
        short_today: u32,
    }
    /// Changes a right.
    0x0007 RightSet {
        scope: u8,
        right: u8,
        instrument: Instrument,
        index: u32,
    }
    /// Changes phases.
    0x0008 PhaseSet {
        instrument: Instrument,
        phase: u8,
        reason: u8,
        step: u32,
        product: Product,
        last_day: u8,
        zero: Zero<5>,
        text: [u8; 80],
    }
    /// Matches auctions.
    0x0009 Uncross {
        instrument: Instrument,
        product: Product,
        step: u32,
    }
    /// A member's order.
    0x000A OrderInsert {
        local_id: [u8; 24],
        message_reference: [u8; 6],
        direction: u8,
        offset: u8,
        hedge: u8,
        order_type: u8,
        match_condition: u8,
        match_session: u8,
        instrument: Instrument,
        flags: u16,
        price: i64,
        account: Account,
        volume: u32,
        minimal_volume: u32,
        zero: Zero<4>,
    }
    /// A member's cancel.
    0x000B OrderCancel {
        order_sys_id: [u8; 20],
        instrument: Instrument,
        action: u8,
        target_field: u8,
        local_id: [u8; 24],
        action_local_id: [u8; 24],
        message_reference: [u8; 6],
        zero: Zero<2>,
        account: Account,
        zero_2: Zero<4>,
    }
    /// Cancels every order of a scope.
    0x000C MassCancel {
        scope: u8,
        cause: u8,
        zero: Zero<2>,
        index: u32,
    }
    /// Publishes market data.
    0x000D MarketDataTick {
        zero: Zero<8>,
    }
    /// A text for all or for one.
    0x000E Bulletin {
        participant: Participant,
        urgency: u8,
        zero: Zero<1>,
        news_type: [u8; 3],
        zero_2: Zero<1>,
        summary: [u8; 80],
        content: [u8; 504],
    }
    /// A member's readiness.
    0x000F ReadinessReport {
        readiness: u8,
        zero: Zero<3>,
        content: [u8; 500],
    }
    /// A user's new secret.
    0x0010 PasswordUpdate {
        secret: [u8; 40],
    }
    /// Blocks or frees a seat.
    0x0011 SeatBlock {
        user: User,
        blocked: u8,
        zero: Zero<1>,
        text: [u8; 100],
    }
    /// A takeover begins.
    0x0012 TakeoverBegin {
        cut_sequence: Sequence,
        cut_digest: u64,
        commanded_at: Nanoseconds,
        old_epoch: Epoch,
        new_epoch: Epoch,
        book: u8,
        reopen: u8,
        from_state: u8,
        overrides: u8,
        data_center: u32,
    }
    /// A step of a takeover is done.
    0x0013 TakeoverStep {
        step: u16,
        outcome: u16,
        zero: Zero<4>,
        elapsed: Nanoseconds,
    }
    /// A new epoch begins.
    0x0014 EpochOpen {
        epoch: Epoch,
        data_center: u32,
        old_epoch: Epoch,
        zero: Zero<4>,
        cut_sequence: Sequence,
    }
    /// Tells every live order anew.
    0x0015 BookRestate {
        zero: Zero<8>,
    }
    /// Ends the day.
    0x0016 DayClose {
        zero: Zero<4>,
        step: u32,
    }
    /// A product.
    0x0017 ProductDefine {
        index: Product,
        kind: u8,
        flags: u8,
        functions: u32,
        enquiry_interval: u32,
        enquiry_spread: u32,
        open_limit: u32,
        quote_spread: u32,
        quote_volume: u32,
        zero: Zero<4>,
        id: [u8; 8],
        group: [u8; 8],
    }
    /// A market maker's right to quote.
    0x0018 MarketMakerSet {
        account: Account,
        product: Product,
        on: u8,
        zero: Zero<1>,
    }
    /// A client number's limit in a limit group.
    0x0019 ClientLimitSet {
        client: ClientNumber,
        instrument: Instrument,
        class: u8,
        zero: Zero<1>,
        long: u32,
        short: u32,
    }
    /// A participant's limit in an instrument.
    0x001A MemberLimitSet {
        participant: Participant,
        instrument: Instrument,
        volume: u32,
    }
    /// Money that a participant may use.
    0x001B CreditSet {
        participant: Participant,
        kind: u8,
        zero: Zero<5>,
        amount: i64,
    }
    /// Functions are switched on or off.
    0x001C FunctionSet {
        product: Product,
        on: u8,
        zero: Zero<1>,
        functions: u32,
        text: [u8; 80],
    }
    /// A step of the day's calendar.
    0x001D ScheduleSet {
        step: u32,
        time: u32,
        product: Product,
        action: u8,
        phase: u8,
        last_day: u8,
        zero: Zero<3>,
    }
    /// The window for exercise instructions.
    0x001E ExecWindowSet {
        product: Product,
        open: u8,
        zero: Zero<1>,
        step: u32,
    }
    /// A market maker's quote: of each pair the bid, then the ask.
    0x001F QuoteInsert {
        local_id: [u8; 24],
        message_reference: [u8; 6],
        instrument: Instrument,
        account: Account,
        offset: [u8; 2],
        hedge: [u8; 2],
        price: [i64; 2],
        volume: [u32; 2],
    }
    /// A quote is cancelled.
    0x0020 QuoteCancel {
        sys_id: [u8; 20],
        instrument: Instrument,
        action: u8,
        zero: Zero<1>,
        local_id: [u8; 24],
        action_local_id: [u8; 24],
        message_reference: [u8; 6],
        zero_2: Zero<2>,
        account: Account,
        zero_3: Zero<4>,
    }
    /// An enquiry for quotes.
    0x0021 EnquireQuote {
        local_id: [u8; 24],
        message_reference: [u8; 6],
        instrument: Instrument,
        account: Account,
        direction: u8,
        zero: Zero<3>,
    }
    /// An instruction to exercise or to abandon.
    0x0022 ExecOrderInsert {
        local_id: [u8; 24],
        message_reference: [u8; 6],
        instrument: Instrument,
        account: Account,
        volume: u32,
        action: u8,
        hedge: u8,
        zero: Zero<6>,
    }
    /// An instruction is taken back.
    0x0023 ExecOrderCancel {
        sys_id: [u8; 20],
        action: u8,
        zero: Zero<3>,
        local_id: [u8; 24],
        action_local_id: [u8; 24],
        message_reference: [u8; 6],
        zero_2: Zero<2>,
    }
}

/// UserDefine flag: a local id must be greater than the trader's largest.
pub const ASCENDING_LOCAL_IDS: u8 = 1;
/// UserDefine flag: the user's orders are cancelled when its dialog ends.
pub const CANCEL_ON_DISCONNECT: u8 = 2;
/// ProductDefine flag: a put's long counts as short for position limits, and its short as long.
pub const LIMIT_BY_VIEW: u8 = 1;
/// InstrumentDefine flag: exercise instructions are taken today.
pub const EXERCISE: u8 = 1;
/// InstrumentDefine flag: a buyer pays price x multiplier.
pub const PREMIUM: u8 = 2;
/// DayOpen flag: a close takes today's position first.
pub const CLOSE_TODAY_FIRST: u16 = 1;
/// OrderInsert flag: the member sent a stop price.
pub const STOP_PRICE: u16 = 1;
/// OrderInsert flag: the member asked for automatic suspension.
pub const AUTO_SUSPEND: u16 = 2;

/// What a product's functions are made of: bit numbers.
pub mod function {
    /// Limit orders that stand for the day; FAK and FOK of limit orders are the next two.
    pub const LIMIT: u32 = 0;
    /// Limit orders, fill and kill.
    pub const FILL_AND_KILL: u32 = 1;
    /// Limit orders, fill or kill.
    pub const FILL_OR_KILL: u32 = 2;
    /// Order type '1'.
    pub const MARKET: u32 = 3;
    /// Order type '4'.
    pub const MARKET_TO_LIMIT: u32 = 4;
    /// Order type '5'.
    pub const BEST: u32 = 5;
    /// Order type '9'.
    pub const BEST_TO_LIMIT: u32 = 6;
    /// Order type '7'.
    pub const FIVE_LEVEL: u32 = 7;
    /// Order type '8'.
    pub const FIVE_LEVEL_TO_LIMIT: u32 = 8;
    /// Quotes.
    pub const QUOTES: u32 = 9;
    /// Enquiries.
    pub const ENQUIRIES: u32 = 10;
    /// Exercise instructions.
    pub const EXERCISE: u32 = 11;
    /// Whatever enters.
    pub const EVERYTHING: u32 = 12;
    /// Every bit.
    pub const ALL: u32 = (1 << 13) - 1;
}

impl Command {
    /// What an Error about this is to name (`dataplane/STREAMS.md`, Dialog stream): the system id and the local id; of
    /// inserts the local id alone.
    #[must_use]
    pub fn target(&self) -> Option<(Option<SystemId>, [u8; 24])> {
        match self {
            Command::OrderInsert(insert) => Some((None, insert.local_id)),
            Command::QuoteInsert(insert) => Some((None, insert.local_id)),
            Command::EnquireQuote(enquiry) => Some((None, enquiry.local_id)),
            Command::ExecOrderInsert(insert) => Some((None, insert.local_id)),
            Command::OrderCancel(cancel) => Some((Some(cancel.order_sys_id), cancel.local_id)),
            Command::QuoteCancel(cancel) => Some((Some(cancel.sys_id), cancel.local_id)),
            Command::ExecOrderCancel(cancel) => Some((Some(cancel.sys_id), cancel.local_id)),
            _ => None,
        }
    }

    /// The step of the day's calendar that this is; 0: none.
    #[must_use]
    pub fn step(&self) -> u32 {
        match self {
            Command::PhaseSet(set) => set.step,
            Command::Uncross(uncross) => uncross.step,
            Command::ExecWindowSet(set) => set.step,
            Command::DayClose(close) => close.step,
            _ => 0,
        }
    }
}

/// Reads a whole command. None: not a command (unknown kind, wrong length, something that must be zero is not).
#[must_use]
pub fn read(bytes: &[u8]) -> Option<(Header, Command)> {
    let mut from = Reader(bytes);
    let kind = u16::take(&mut from)?;
    let length = u16::take(&mut from)?;
    let header =
        Header { session: Wire::take(&mut from)?, request: Wire::take(&mut from)?, user: Wire::take(&mut from)? };
    Zero::<2>::take(&mut from)?;
    let command = Command::take_body(kind, &mut from)?;
    (usize::from(length) == bytes.len() && from.0.is_empty()).then_some((header, command))
}

/// Writes a whole command.
#[must_use]
pub fn write(header: Header, command: &Command) -> Vec<u8> {
    let mut bytes = Vec::new();
    command.kind().put(&mut bytes);
    0u16.put(&mut bytes);
    header.session.put(&mut bytes);
    header.request.put(&mut bytes);
    header.user.put(&mut bytes);
    0u16.put(&mut bytes);
    command.put_body(&mut bytes);
    let length = u16::try_from(bytes.len()).expect("the longest command, a bulletin, has 608 bytes");
    bytes[2..4].copy_from_slice(&length.to_le_bytes());
    bytes
}

/// `text` left-aligned in `N` bytes, blanks behind; what does not fit is cut off.
#[must_use]
pub fn padded<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut bytes = [b' '; N];
    let length = text.len().min(N);
    bytes[..length].copy_from_slice(&text[..length]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_back_from_its_bytes() {
        let sizes = [
            (1, 56),
            (2, 16),
            (3, 80),
            (4, 24),
            (5, 120),
            (6, 24),
            (7, 8),
            (8, 96),
            (9, 8),
            (10, 64),
            (11, 88),
            (12, 8),
            (13, 8),
            (14, 592),
            (15, 504),
            (16, 40),
            (17, 104),
            (18, 40),
            (19, 16),
            (20, 24),
            (21, 8),
            (22, 8),
            (23, 48),
            (24, 8),
            (25, 16),
            (26, 8),
            (27, 16),
            (28, 88),
            (29, 16),
            (30, 8),
            (31, 64),
            (32, 88),
            (33, 40),
            (34, 48),
            (35, 80),
        ];
        for (kind, size) in sizes {
            let mut bytes = vec![0; HEADER + size];
            bytes[..2].copy_from_slice(&(kind as u16).to_le_bytes());
            bytes[2..4].copy_from_slice(&((HEADER + size) as u16).to_le_bytes());
            let (header, command) = read(&bytes).expect("a command of zeros");
            assert_eq!(write(header, &command), bytes, "kind {kind}");
            bytes.push(0);
            assert_eq!(read(&bytes), None, "kind {kind} with a byte too many");
        }
        assert_eq!(read(&[0; 24]), None, "kind 0");
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn bytes_that_must_be_zero_are_refused_otherwise() {
        let mut bytes = write(Header::OWN, &Command::DayClose(DayClose { zero: Zero, step: 1 }));
        assert!(read(&bytes).is_some());
        bytes[14] = 1;
        assert_eq!(read(&bytes), None, "the header's");
        bytes[14] = 0;
        bytes[16] = 1;
        assert_eq!(read(&bytes), None, "the body's");
    }
}
