//! The commands that a day's log starts with, built from texts and numbers: who may trade. What is traded, and
//! how, are rows of [`crate::base_files`].

use engine::command::{
    AccountDefine, CommandBuffer, DayOpen, ParticipantDefine, PhaseSet, ProductDefine, Uncross, UserDefine,
};
use engine::types::{
    AccountIndex, ClientNumber, Epoch, Function, InstrumentIndex, ParticipantIndex, Phase, ProductIndex, Right,
    UserIndex,
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
        enquiries: limits.enquiries,
        exec_orders: limits.exec_orders,
        limits: limits.limits,
        products: limits.products,
        reserved: 0,
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
        clearing: ParticipantIndex(index),
        id: text(id),
    })
}

/// The series of a participant's private stream.
#[must_use]
pub fn private_series(participant: u16) -> u16 {
    participant + 2 // 0 is the dialog's, 1 the broadcast's
}

/// What may be done in a product unless base data say otherwise: everything but market orders 市价.
pub const FUNCTIONS: u32 = Function::BITS & !(Function::Market.bit() | Function::MarketToLimit.bit());

/// The product of instruments whose base data name none.
pub const ONE_PRODUCT: ProductIndex = ProductIndex(0);

/// [`ONE_PRODUCT`], without limits of its own.
#[must_use]
pub fn one_product() -> CommandBuffer {
    CommandBuffer::own(&ProductDefine {
        index: ONE_PRODUCT,
        kind: b'0',
        flags: 0,
        functions: FUNCTIONS,
        enquiry_interval: 0,
        enquiry_spread: 0,
        open_limit: 0,
        quote_spread: 0,
        quote_volume: 0,
        reserved: 0,
        id: text("ALL"),
        group: text("ALL"),
    })
}

/// FFEX enter reason of a step of the calendar.
pub const AUTOMATIC: u8 = b'1';
/// FFEX enter reason of a person's decision.
pub const BY_HAND: u8 = b'2';

/// A phase of an instrument, or of all.
#[must_use]
pub fn phase(instrument: InstrumentIndex, phase: Phase, reason: u8, step: u32) -> PhaseSet {
    let (product, text) = (ProductIndex::ALL, [b' '; 80]);
    PhaseSet { instrument, phase: phase as u8, reason, step, product, last_day: 0, reserved: [0; 5], text }
}

/// An instrument's auction is matched, or all that wait for it.
#[must_use]
pub fn uncross(instrument: InstrumentIndex, step: u32) -> Uncross {
    Uncross { instrument, product: ProductIndex::ALL, step }
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
