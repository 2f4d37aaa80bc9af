//! The commands that a day's log starts with, built from texts and numbers: who may trade what, and how.

use engine::command::{AccountDefine, CommandBuffer, DayOpen, InstrumentDefine, ParticipantDefine, UserDefine};
use engine::types::{
    AccountIndex, ClientNumber, Epoch, InstrumentIndex, ParticipantIndex, Phase, PriceRule, Right, TieBreak, UserIndex,
};
use hw_profiles::Limits;
use std::net::Ipv4Addr;

/// The epoch that a day begins with.
pub const FIRST_EPOCH: Epoch = Epoch(1);

/// A text, blank-padded.
///
/// # Panics
/// If it does not fit: base data is the exchange's own.
#[must_use]
pub fn text<const N: usize>(text: &str) -> [u8; N] {
    let mut padded = [b' '; N];
    padded[..text.len()].copy_from_slice(text.as_bytes());
    padded
}

/// A day: what day it is, and the tables' sizes from the profile.
#[must_use]
pub fn day(trading_day: u32, data_center: u32, limits: &Limits) -> CommandBuffer {
    CommandBuffer::own(&DayOpen {
        trading_day,
        action_day: trading_day,
        live_orders: limits.live_orders,
        local_ids: limits.local_ids,
        position_rows: limits.position_rows,
        accounts: limits.accounts,
        participants: limits.participants,
        users: limits.users,
        instruments: limits.instruments,
        flags: 0,
        epoch: FIRST_EPOCH,
        data_center,
    })
}

/// A participant with its private stream.
#[must_use]
pub fn participant(index: u16, id: &str) -> CommandBuffer {
    CommandBuffer::own(&ParticipantDefine {
        index: ParticipantIndex(index),
        series: private_series(index),
        participant_type: b'1',
        right: Right::Full as u8,
        reserved: [0; 2],
        id: text(id),
    })
}

/// The series of a participant's private stream.
#[must_use]
pub fn private_series(participant: u16) -> u16 {
    participant + 2 // 0 is the dialog's, 1 the broadcast's
}

/// A user: its seat's address and secret.
#[must_use]
pub fn user(index: u16, participant: u16, id: &str, secret: &str, address: Ipv4Addr, flags: u8) -> CommandBuffer {
    CommandBuffer::own(&UserDefine {
        index: UserIndex(index),
        participant: ParticipantIndex(participant),
        right: Right::Full as u8,
        flags,
        reserved: [0; 2],
        address: address.octets(),
        requests_per_second: 0,
        requests_in_flight: 0,
        reserved_2: 0,
        id: text(id),
        secret: text(secret),
    })
}

/// An account.
#[must_use]
pub fn account(index: u32, participant: u16, client_number: u32, client_id: &str, right: Right) -> CommandBuffer {
    CommandBuffer::own(&AccountDefine {
        index: AccountIndex(index),
        participant: ParticipantIndex(participant),
        right: right as u8,
        client_type: b'1',
        client_number: ClientNumber(client_number),
        reserved: 0,
        client_id: text(client_id),
    })
}

/// An instrument, in words.
#[derive(Clone, Debug)]
pub struct InstrumentTerms {
    /// InstrumentId.
    pub id: String,
    /// Price of a continuous trade.
    pub price_rule: PriceRule,
    /// Among equally good auction prices.
    pub tie_break: TieBreak,
    /// The phase the day begins with.
    pub phase: Phase,
    /// One tick, in 1/10,000 yuan.
    pub tick: u32,
    /// Contract multiplier.
    pub multiplier: u32,
    /// Lowest price, ticks.
    pub lower_limit: i32,
    /// Highest price, ticks.
    pub upper_limit: i32,
    /// Previous settlement, ticks.
    pub previous_settlement: i32,
    /// Most lots of an order.
    pub maximum_volume: u32,
    /// Fewest lots of an order.
    pub minimum_volume: u32,
    /// Lots a client may hold on one side; 0 = no limit.
    pub position_limit: u32,
}

impl InstrumentTerms {
    /// The command that defines it.
    #[must_use]
    pub fn define(&self, index: u16) -> CommandBuffer {
        CommandBuffer::own(&InstrumentDefine {
            index: InstrumentIndex(index),
            price_rule: self.price_rule as u8,
            tie_break: self.tie_break as u8,
            phase: self.phase as u8,
            right: Right::Full as u8,
            reserved: 0,
            tick: self.tick,
            multiplier: self.multiplier,
            lower_limit: self.lower_limit,
            upper_limit: self.upper_limit,
            previous_settlement: self.previous_settlement,
            minimum_volume: self.minimum_volume,
            maximum_volume: self.maximum_volume,
            position_limit: self.position_limit,
            previous_open_interest: 0,
            id: text(&self.id),
        })
    }
}
