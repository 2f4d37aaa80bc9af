//! Events as they stand in the log: 80 bytes each, little-endian, what is not named zero.

use crate::number::{Instrument, Key, Participant, Ticks};
use crate::wire::Wire;

/// Bytes of an event.
pub const EVENT: usize = 80;

/// An OrderSysId or TradeId.
pub type SystemId = [u8; 20];

/// No id.
pub const BLANK: SystemId = [b' '; 20];

/// Why an order ended; the number in the event.
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

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the items are those of RULES.md")]
pub enum Event {
    Rejected {
        code: u16,
        marked: bool,
        first_order: Key,
        first_sys_id: SystemId,
    },
    Accepted {
        rests: bool,
        index: u32,
        yesterday: u32,
        private_number: u32,
        sys_id: SystemId,
    },
    Traded(Trade),
    Rested {
        order: Key,
        remaining: u32,
        price: Ticks,
    },
    Ended {
        reason: EndReason,
        order: Key,
        released: u32,
        yesterday: u32,
        traded: u32,
        last_price: Ticks,
        private_number: u32,
    },
    PhaseChanged {
        instrument: Instrument,
        phase: u8,
        broadcast_number: u32,
    },
    AuctionPriced {
        instrument: Instrument,
        price: Ticks,
        volume: u64,
        surplus: i64,
    },
    Applied,
    MarketData(MarketData),
    Published {
        participant: Participant,
        number: u32,
    },
    Restated {
        order: Key,
        remaining: u32,
        traded: u32,
        last_price: Ticks,
        private_number: u32,
    },
    QuoteAccepted {
        private_number: u32,
        sys_id: SystemId,
        bid_sys_id: SystemId,
        ask_sys_id: SystemId,
    },
    QuoteEnded {
        reason: EndReason,
        quote: Key,
        private_number: u32,
    },
    Enquired {
        broadcast_number: u32,
        sys_id: SystemId,
    },
    ExecAccepted {
        yesterday: u32,
        private_number: u32,
        sys_id: SystemId,
    },
    ExecEnded {
        order: Key,
        private_number: u32,
    },
    Depth(Depth),
    MarketChanged {
        phase: u8,
        broadcast_number: u32,
    },
    InstrumentChanged {
        instrument: Instrument,
        right: u8,
        broadcast_number: u32,
    },
    Ticked {
        match_number: u32,
        trade_number: u32,
        depth_number: u32,
    },
    Snapshot {
        broadcast_number: u32,
    },
}

/// Price levels of a side that are published.
pub const DEPTH_LEVELS: usize = 5;

/// The best levels of a side.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the items are those of RULES.md")]
pub struct Depth {
    pub instrument: Instrument,
    /// 0 bid, 1 ask.
    pub side: u8,
    /// Prices and lots, best first; at most [`DEPTH_LEVELS`].
    pub levels: Vec<(Ticks, u32)>,
    /// Of each level: it is new or has other lots than when last published.
    pub changed: Vec<bool>,
    /// Prices that were among the last published and are no more, best first.
    pub gone: Vec<Ticks>,
}

/// Two orders traded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the items are those of RULES.md")]
pub struct Trade {
    /// The side that came last: 0 buy, 1 sell; 2 in an auction.
    pub aggressor: u8,
    pub index: u32,
    pub buy: Key,
    pub sell: Key,
    pub price: Ticks,
    pub volume: u32,
    pub buy_remaining: u32,
    pub sell_remaining: u32,
    pub buy_yesterday: u32,
    pub sell_yesterday: u32,
    pub buy_number: u32,
    pub sell_number: u32,
    pub trade_id: SystemId,
}

/// An instrument's market data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the items are those of RULES.md")]
pub struct MarketData {
    pub instrument: Instrument,
    /// Bits: 1 last, open, high and low, 2 bid, 4 ask, 8 both are what an auction would give.
    pub present: u32,
    pub last: Ticks,
    pub open: Ticks,
    pub high: Ticks,
    pub low: Ticks,
    pub bid: Ticks,
    pub ask: Ticks,
    pub bid_volume: u32,
    pub ask_volume: u32,
    pub volume: u64,
    pub open_interest: u64,
    pub turnover: i128,
    pub broadcast_number: u32,
    /// Lots of the last trade; 0 = none.
    pub last_volume: u32,
}

impl Event {
    /// Its 80 bytes.
    #[must_use]
    pub fn bytes(&self) -> [u8; EVENT] {
        let mut out = Vec::with_capacity(EVENT);
        match self {
            Event::Rejected { code, marked, first_order, first_sys_id } => {
                1u16.put(&mut out);
                code.put(&mut out);
                u8::from(*marked).put(&mut out);
                [0u8; 3].put(&mut out);
                first_order.put(&mut out);
                first_sys_id.put(&mut out);
            }
            Event::Accepted { rests, index, yesterday, private_number, sys_id } => {
                2u16.put(&mut out);
                u8::from(*rests).put(&mut out);
                0u8.put(&mut out);
                index.put(&mut out);
                yesterday.put(&mut out);
                private_number.put(&mut out);
                sys_id.put(&mut out);
            }
            Event::Traded(trade) => {
                3u16.put(&mut out);
                trade.aggressor.put(&mut out);
                0u8.put(&mut out);
                trade.index.put(&mut out);
                trade.buy.put(&mut out);
                trade.sell.put(&mut out);
                trade.price.put(&mut out);
                for number in [
                    trade.volume,
                    trade.buy_remaining,
                    trade.sell_remaining,
                    trade.buy_yesterday,
                    trade.sell_yesterday,
                    trade.buy_number,
                    trade.sell_number,
                ] {
                    number.put(&mut out);
                }
                trade.trade_id.put(&mut out);
            }
            Event::Rested { order, remaining, price } => {
                4u16.put(&mut out);
                [0u8; 6].put(&mut out);
                order.put(&mut out);
                remaining.put(&mut out);
                price.put(&mut out);
            }
            Event::Ended { reason, order, released, yesterday, traded, last_price, private_number } => {
                5u16.put(&mut out);
                (*reason as u8).put(&mut out);
                [0u8; 5].put(&mut out);
                order.put(&mut out);
                released.put(&mut out);
                yesterday.put(&mut out);
                traded.put(&mut out);
                last_price.put(&mut out);
                private_number.put(&mut out);
            }
            Event::PhaseChanged { instrument, phase, broadcast_number } => {
                6u16.put(&mut out);
                instrument.put(&mut out);
                phase.put(&mut out);
                [0u8; 3].put(&mut out);
                broadcast_number.put(&mut out);
            }
            Event::AuctionPriced { instrument, price, volume, surplus } => {
                7u16.put(&mut out);
                instrument.put(&mut out);
                [0u8; 4].put(&mut out);
                price.put(&mut out);
                0u32.put(&mut out);
                volume.put(&mut out);
                surplus.put(&mut out);
            }
            Event::Applied => 8u16.put(&mut out),
            Event::MarketData(data) => {
                9u16.put(&mut out);
                data.instrument.put(&mut out);
                data.present.put(&mut out);
                for price in [data.last, data.open, data.high, data.low, data.bid, data.ask] {
                    price.put(&mut out);
                }
                data.bid_volume.put(&mut out);
                data.ask_volume.put(&mut out);
                data.volume.put(&mut out);
                data.open_interest.put(&mut out);
                (data.turnover as u64).put(&mut out);
                ((data.turnover >> 64) as i64).put(&mut out);
                data.broadcast_number.put(&mut out);
                data.last_volume.put(&mut out);
            }
            Event::Published { participant, number } => {
                10u16.put(&mut out);
                participant.put(&mut out);
                [0u8; 4].put(&mut out);
                number.put(&mut out);
            }
            Event::Restated { order, remaining, traded, last_price, private_number } => {
                11u16.put(&mut out);
                [0u8; 6].put(&mut out);
                order.put(&mut out);
                remaining.put(&mut out);
                traded.put(&mut out);
                last_price.put(&mut out);
                private_number.put(&mut out);
            }
            Event::QuoteAccepted { private_number, sys_id, bid_sys_id, ask_sys_id } => {
                12u16.put(&mut out);
                [0u8; 2].put(&mut out);
                private_number.put(&mut out);
                sys_id.put(&mut out);
                bid_sys_id.put(&mut out);
                ask_sys_id.put(&mut out);
            }
            Event::QuoteEnded { reason, quote, private_number } => {
                13u16.put(&mut out);
                (*reason as u8).put(&mut out);
                [0u8; 5].put(&mut out);
                quote.put(&mut out);
                private_number.put(&mut out);
            }
            Event::Enquired { broadcast_number, sys_id } => {
                14u16.put(&mut out);
                [0u8; 2].put(&mut out);
                broadcast_number.put(&mut out);
                sys_id.put(&mut out);
            }
            Event::ExecAccepted { yesterday, private_number, sys_id } => {
                15u16.put(&mut out);
                [0u8; 2].put(&mut out);
                yesterday.put(&mut out);
                private_number.put(&mut out);
                sys_id.put(&mut out);
            }
            Event::ExecEnded { order, private_number } => {
                16u16.put(&mut out);
                [0u8; 6].put(&mut out);
                order.put(&mut out);
                private_number.put(&mut out);
            }
            Event::Depth(depth) => {
                17u16.put(&mut out);
                depth.instrument.put(&mut out);
                depth.side.put(&mut out);
                u8::try_from(depth.levels.len()).expect("five at most").put(&mut out);
                let bits = (0..).zip(&depth.changed).map(|(at, &changed)| u8::from(changed) << at);
                bits.sum::<u8>().put(&mut out);
                u8::try_from(depth.gone.len()).expect("five at most").put(&mut out);
                let level = |at: usize| depth.levels.get(at).copied().unwrap_or_default();
                (0..DEPTH_LEVELS).for_each(|at| level(at).0.put(&mut out));
                (0..DEPTH_LEVELS).for_each(|at| level(at).1.put(&mut out));
                depth.gone.iter().for_each(|price| price.put(&mut out));
            }
            Event::Ticked { match_number, trade_number, depth_number } => {
                18u16.put(&mut out);
                [0u8; 2].put(&mut out);
                match_number.put(&mut out);
                trade_number.put(&mut out);
                depth_number.put(&mut out);
            }
            Event::Snapshot { broadcast_number } => {
                19u16.put(&mut out);
                [0u8; 2].put(&mut out);
                broadcast_number.put(&mut out);
            }
            Event::MarketChanged { phase, broadcast_number } => {
                20u16.put(&mut out);
                phase.put(&mut out);
                0u8.put(&mut out);
                broadcast_number.put(&mut out);
            }
            Event::InstrumentChanged { instrument, right, broadcast_number } => {
                21u16.put(&mut out);
                instrument.put(&mut out);
                right.put(&mut out);
                [0u8; 3].put(&mut out);
                broadcast_number.put(&mut out);
            }
        }
        out.resize(EVENT, 0);
        out.try_into().expect("no event has more than 80 bytes")
    }
}
