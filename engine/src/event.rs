//! Events: what came of a command, as they stand in the log. All are 80 bytes, little-endian, and begin with their kind.
//!
//! An event says what happened, so that `evolve` needs no judgement. Texts (OrderSysId, TradeId) are attributes of the
//! deciding system's choice; they are not compared with another system's and not in the digest.

use crate::types::{InstrumentIndex, OrderKey, ParticipantIndex, Price, StreamNumber, Volume};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes of an event.
pub const EVENT_SIZE: usize = 80;

/// An OrderSysId or TradeId: JR/T 0016 appendix B, FTDSysOrderId, FTDTradeId.
pub type SystemId = [u8; 20];

/// No id.
pub const BLANK_SYSTEM_ID: SystemId = [b' '; 20];

/// Any event, not yet looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C, align(8))]
pub struct Event {
    bytes: [u8; EVENT_SIZE],
}

macro_rules! events {
    ($( $(#[$doc:meta])* $number:literal $name:ident { $( $(#[$field_doc:meta])* $field:ident : $type:ty ),* $(,)? } )*) => {
        /// Kinds of events; the numbers stand in the log.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum EventKind { $( $(#[$doc])* $name = $number ),* }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[EventKind] = &[$( EventKind::$name ),*];
        }

        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
            #[repr(C, align(8))]
            pub struct $name {
                /// [`EventKind`], its number.
                pub kind: u16,
                $( $(#[$field_doc])* pub $field : $type ),*
            }

            impl $name {
                /// An event of this kind, everything else zero.
                #[inline]
                #[must_use]
                pub fn zero() -> Self {
                    $name { kind: $number, ..<Self as zerocopy::FromZeros>::new_zeroed() }
                }
            }

            impl $name {
                /// An event of this kind, everything else zero, made in a place: to be filled in where it will stay.
                #[inline]
                pub fn begin(place: &mut Event) -> &mut Self {
                    *place = Event::ZERO;
                    let event: &mut $name = zerocopy::transmute_mut!(place);
                    event.kind = $number;
                    event
                }
            }

            impl From<$name> for Event {
                #[inline]
                fn from(event: $name) -> Event {
                    zerocopy::transmute!(event)
                }
            }

            const _: () = assert!(size_of::<$name>() == EVENT_SIZE);
        )*

        /// An event, read in place.
        #[derive(Clone, Copy, Debug)]
        pub enum EventView<'a> { $( $(#[$doc])* $name(&'a $name) ),* }

        impl Event {
            /// Looks into the event. None: a kind that is not of the list.
            #[inline]
            #[must_use]
            pub fn view(&self) -> Option<EventView<'_>> {
                match u16::from_le_bytes([self.bytes[0], self.bytes[1]]) {
                    $( $number => Some(EventView::$name(zerocopy::transmute_ref!(self))), )*
                    _ => None,
                }
            }
        }
    };
}

events! {
    /// The command was refused.
    1 Rejected {
        /// [`crate::reject::Reject`].
        code: u16,
        /// 1 = the local id is marked by this.
        marked: u8,
        /// Zero.
        reserved: [u8; 3],
        /// LocalIdRepeated: the first one's key (0 if that was rejected); else 0.
        first_order: OrderKey,
        /// LocalIdRepeated: the first one's OrderSysId; else blank.
        first_sys_id: SystemId,
        /// Zero.
        reserved_2: [u8; 44],
    }
    /// An order was accepted; its key is the frame's sequence and `index`.
    2 Accepted {
        /// 1 = it rests at once, with its whole volume.
        rests: u8,
        /// Zero.
        reserved: u8,
        /// Which of the frame's orders, from 0.
        index: u32,
        /// Of the volume it freezes, how much is yesterday's position.
        yesterday: Volume,
        /// Number of its confirmation; 0 for FOK and FAK.
        private_number: StreamNumber,
        /// OrderSysId.
        sys_id: SystemId,
        /// Zero.
        reserved_2: [u8; 44],
    }
    /// Two orders traded.
    3 Traded {
        /// The side that came last: 0 buy, 1 sell; 2 in an auction.
        aggressor: u8,
        /// Zero.
        reserved: u8,
        /// Which of the frame's trades, from 0.
        index: u32,
        /// The buy order.
        buy: OrderKey,
        /// The sell order.
        sell: OrderKey,
        /// At what price.
        price: Price,
        /// How much.
        volume: Volume,
        /// What remains of the buy order.
        buy_remaining: Volume,
        /// What remains of the sell order.
        sell_remaining: Volume,
        /// If the buy order closes: how much of `volume` closes yesterday's position.
        buy_yesterday: Volume,
        /// If the sell order closes: how much of `volume` closes yesterday's position.
        sell_yesterday: Volume,
        /// Number in the buyer's private stream.
        buy_number: StreamNumber,
        /// Number in the seller's private stream.
        sell_number: StreamNumber,
        /// TradeId.
        trade_id: SystemId,
        /// Zero.
        reserved_2: [u8; 4],
    }
    /// What remains of an order that traded on entry now rests.
    4 Rested {
        /// Zero.
        reserved: [u8; 6],
        /// Which.
        order: OrderKey,
        /// How much.
        remaining: Volume,
        /// At what price.
        price: Price,
        /// Zero.
        reserved_2: [u8; 56],
    }
    /// An order ended other than by its last trade; or an immediate order is done.
    5 Ended {
        /// [`EndReason`].
        reason: u8,
        /// Zero.
        reserved: [u8; 5],
        /// Which.
        order: OrderKey,
        /// What it had left, now released.
        released: Volume,
        /// Of it, how much was frozen of yesterday's position.
        yesterday: Volume,
        /// What it had traded.
        traded: Volume,
        /// The price of its last trade; 0 if none.
        last_price: Price,
        /// Number in its participant's private stream.
        private_number: StreamNumber,
        /// Zero.
        reserved_2: [u8; 44],
    }
    /// An instrument entered a phase.
    6 PhaseChanged {
        /// Which instrument.
        instrument: InstrumentIndex,
        /// [`crate::types::Phase`].
        phase: u8,
        /// Zero.
        reserved: [u8; 3],
        /// Number in the broadcast stream.
        broadcast_number: StreamNumber,
        /// Zero.
        reserved_2: [u8; 68],
    }
    /// An auction found its price. The trades follow.
    7 AuctionPriced {
        /// Which instrument.
        instrument: InstrumentIndex,
        /// Zero.
        reserved: [u8; 4],
        /// The price; 0 with volume 0: no trade was possible.
        price: Price,
        /// Zero.
        reserved_2: u32,
        /// What trades, lots.
        volume: u64,
        /// Buy minus sell volume at the price, lots.
        surplus: i64,
        /// Zero.
        reserved_3: [u8; 48],
    }
    /// The command took effect; everything is in the command.
    8 Applied {
        /// Zero.
        reserved: [u8; 78],
    }
    /// An instrument's market data, as published.
    9 MarketData {
        /// Which instrument.
        instrument: InstrumentIndex,
        /// Bits: 1 there is a last price today, 2 a bid, 4 an ask, 8 both are what an auction would give. Open, high and low are there when last is.
        present: u32,
        /// Last.
        last: Price,
        /// Open.
        open: Price,
        /// High.
        high: Price,
        /// Low.
        low: Price,
        /// Best bid.
        bid: Price,
        /// Best ask.
        ask: Price,
        /// Lots at the best bid; saturates.
        bid_volume: Volume,
        /// Lots at the best ask; saturates.
        ask_volume: Volume,
        /// Lots traded today, counted once.
        volume: u64,
        /// Open interest, counted once.
        open_interest: u64,
        /// Turnover in 1/10,000 yuan, low half.
        turnover_low: u64,
        /// Turnover, high half.
        turnover_high: i64,
        /// Number in the broadcast stream.
        broadcast_number: StreamNumber,
        /// Lots of the last trade today; 0 = none.
        last_volume: Volume,
    }
    /// A bulletin was published.
    10 Published {
        /// To whom; ALL: the broadcast stream.
        participant: ParticipantIndex,
        /// Zero.
        reserved: [u8; 4],
        /// Number in that stream.
        number: StreamNumber,
        /// Zero.
        reserved_2: [u8; 68],
    }
    /// A live order is told anew.
    11 Restated {
        /// Zero.
        reserved: [u8; 6],
        /// Which.
        order: OrderKey,
        /// What remains.
        remaining: Volume,
        /// What it had traded.
        traded: Volume,
        /// The price of its last trade; 0 if none.
        last_price: Price,
        /// Number in its participant's private stream.
        private_number: StreamNumber,
        /// Zero.
        reserved_2: [u8; 48],
    }
    /// A quote was accepted; its key is its bid's, the frame's sequence and index 0.
    12 QuoteAccepted {
        /// Zero.
        reserved: [u8; 2],
        /// Number in its participant's private stream.
        private_number: StreamNumber,
        /// QuoteSysID.
        sys_id: SystemId,
        /// OrderSysId of the bid.
        bid_sys_id: SystemId,
        /// OrderSysId of the ask.
        ask_sys_id: SystemId,
        /// Zero.
        reserved_2: [u8; 12],
    }
    /// A quote ended other than by a trade.
    13 QuoteEnded {
        /// [`EndReason`].
        reason: u8,
        /// Zero.
        reserved: [u8; 5],
        /// Its bid's key.
        quote: OrderKey,
        /// Number in its participant's private stream.
        private_number: StreamNumber,
        /// Zero.
        reserved_2: [u8; 60],
    }
    /// An enquiry was accepted.
    14 Enquired {
        /// Zero.
        reserved: [u8; 2],
        /// Number in the broadcast stream.
        broadcast_number: StreamNumber,
        /// QuoteSysID.
        sys_id: SystemId,
        /// Zero.
        reserved_2: [u8; 52],
    }
    /// An exercise instruction was accepted; its key is the frame's sequence and index 0.
    15 ExecAccepted {
        /// Zero.
        reserved: [u8; 2],
        /// Of what it freezes, how much is yesterday's position.
        yesterday: Volume,
        /// Number in its participant's private stream.
        private_number: StreamNumber,
        /// ExecOrderSysID.
        sys_id: SystemId,
        /// Zero.
        reserved_2: [u8; 48],
    }
    /// An exercise instruction was taken back.
    16 ExecEnded {
        /// Zero.
        reserved: [u8; 6],
        /// Which.
        order: OrderKey,
        /// Number in its participant's private stream.
        private_number: StreamNumber,
        /// Zero.
        reserved_2: [u8; 60],
    }
    /// The best levels of a side, as published, and what they are against the last published ones.
    17 Depth {
        /// Which instrument.
        instrument: InstrumentIndex,
        /// 0 bid, 1 ask.
        side: u8,
        /// How many levels there are, at most [`DEPTH_LEVELS`].
        count: u8,
        /// Bit i: level i is new or has other lots than when last published.
        changed: u8,
        /// How many of the last published levels are among these no more, at most [`DEPTH_LEVELS`].
        gone_count: u8,
        /// Their prices, best first; zero beyond `count`.
        price: [Price; DEPTH_LEVELS],
        /// Lots at them; saturates.
        volume: [Volume; DEPTH_LEVELS],
        /// Prices of the levels that are among these no more, best first; zero beyond `gone_count`.
        gone: [Price; DEPTH_LEVELS],
        /// Zero.
        reserved: [u8; 12],
    }
    /// What a tick published.
    18 Ticked {
        /// Zero.
        reserved: [u8; 2],
        /// Broadcast number of MarketMatchData.
        match_number: StreamNumber,
        /// Broadcast number of MarketMatchIncData; 0 = nothing traded.
        trade_number: StreamNumber,
        /// Broadcast number of MarketOrderIncData; 0 = no level changed.
        depth_number: StreamNumber,
        /// Zero.
        reserved_2: [u8; 64],
    }
    /// A full picture of the instruments whose phase this frame changed is told: the MarketData before it, under this number.
    19 Snapshot {
        /// Zero.
        reserved: [u8; 2],
        /// Number in the broadcast stream.
        broadcast_number: StreamNumber,
        /// Zero.
        reserved_2: [u8; 72],
    }
    /// The market's status is another one, by the phases that this frame changed.
    20 MarketChanged {
        /// [`crate::types::Phase`] that now stands for the market's: [`crate::types::Phase::of_market`].
        phase: u8,
        /// Zero.
        reserved: u8,
        /// Number in the broadcast stream.
        broadcast_number: StreamNumber,
        /// Zero.
        reserved_2: [u8; 72],
    }
    /// What an instrument allows is another thing: its right.
    21 InstrumentChanged {
        /// Which instrument.
        instrument: InstrumentIndex,
        /// [`crate::types::Right`], its new one.
        right: u8,
        /// Zero.
        reserved: [u8; 3],
        /// Number in the broadcast stream.
        broadcast_number: StreamNumber,
        /// Zero.
        reserved_2: [u8; 68],
    }
}

/// Price levels of a side that are published.
pub const DEPTH_LEVELS: usize = 5;

/// Why an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum EndReason {
    /// An immediate order that traded fully.
    AllTraded = 0,
    /// What an immediate order could not trade.
    ImmediateRemainder = 1,
    /// By its member.
    Cancelled = 2,
    /// By the exchange.
    MassCancelled = 3,
    /// The day ended.
    DayEnd = 4,
    /// A new quote took its place.
    Replaced = 5,
    /// Its member's session ended.
    Disconnected = 6,
}

impl EndReason {
    /// From its number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => EndReason::AllTraded,
            1 => EndReason::ImmediateRemainder,
            2 => EndReason::Cancelled,
            3 => EndReason::MassCancelled,
            4 => EndReason::DayEnd,
            5 => EndReason::Replaced,
            6 => EndReason::Disconnected,
            _ => return None,
        })
    }
}

impl Event {
    /// Nothing but zeros: no event yet.
    pub(crate) const ZERO: Event = Event { bytes: [0; EVENT_SIZE] };

    /// The event's bytes.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8; EVENT_SIZE] {
        &self.bytes
    }

    /// The event with its text ids blanked: what two systems' events are compared by.
    #[inline]
    #[must_use]
    pub fn without_texts(&self) -> Event {
        match self.view() {
            Some(EventView::Rejected(event)) => Rejected { first_sys_id: [0; 20], ..*event }.into(),
            Some(EventView::Accepted(event)) => Accepted { sys_id: [0; 20], ..*event }.into(),
            Some(EventView::Traded(event)) => Traded { trade_id: [0; 20], ..*event }.into(),
            Some(EventView::QuoteAccepted(event)) => {
                QuoteAccepted { sys_id: [0; 20], bid_sys_id: [0; 20], ask_sys_id: [0; 20], ..*event }.into()
            }
            Some(EventView::Enquired(event)) => Enquired { sys_id: [0; 20], ..*event }.into(),
            Some(EventView::ExecAccepted(event)) => ExecAccepted { sys_id: [0; 20], ..*event }.into(),
            _ => *self,
        }
    }
}
