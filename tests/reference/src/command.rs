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

use crate::number::{Account, ClientNumber, Epoch, Instrument, Nanoseconds, Participant, Sequence, User};
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
    }
    /// A participant.
    0x0002 ParticipantDefine {
        index: Participant,
        series: u16,
        participant_type: u8,
        right: u8,
        zero: Zero<2>,
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
        zero: Zero<2>,
        tick: u32,
        multiplier: u32,
        lower_limit: i32,
        upper_limit: i32,
        previous_settlement: i32,
        minimum_volume: u32,
        maximum_volume: u32,
        position_limit: u32,
        previous_open_interest: u64,
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
    }
    /// Matches auctions.
    0x0009 Uncross {
        instrument: Instrument,
        zero: Zero<2>,
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
        zero: Zero<3>,
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
}

/// UserDefine flag: a local id must be greater than the trader's largest.
pub const ASCENDING_LOCAL_IDS: u8 = 1;
/// DayOpen flag: a close takes today's position first.
pub const CLOSE_TODAY_FIRST: u16 = 1;
/// OrderInsert flag: the member sent a stop price.
pub const STOP_PRICE: u16 = 1;
/// OrderInsert flag: the member asked for automatic suspension.
pub const AUTO_SUSPEND: u16 = 2;

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
            (1, 40),
            (2, 16),
            (3, 80),
            (4, 24),
            (5, 80),
            (6, 24),
            (7, 8),
            (8, 8),
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
