//! The commands that a day's log starts with, built from texts and numbers: who may trade. What is traded, and
//! how, are rows of [`crate::base_files`].

use engine::command::{AccountDefine, CommandBuffer, DayOpen, ParticipantDefine, UserDefine};
use engine::types::{AccountIndex, ClientNumber, Epoch, ParticipantIndex, Right, UserIndex};
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
