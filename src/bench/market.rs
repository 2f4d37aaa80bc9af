//! What a bench's day is: its base data, and the names that members know.

use crate::base_data;
use crate::base_files::{InstrumentRow, MoreTerms, RightName};
use crate::bench::flow::{Mix, TICK};
use engine::command::CommandBuffer;
use engine::types::{Phase, PriceRule, Right, TieBreak};
use hw_profiles::Limits;
use net::Instant;
use std::net::Ipv4Addr;

/// Port of the members.
pub const MEMBER_PORT: u16 = 6_001;
/// What every seat's password is. A bench's market lives for seconds and is nobody's.
pub const PASSWORD: &[u8] = b"secret";
/// The day's first moment: 2024-06-12 09:30 in Shanghai.
pub const DAY_BEGINS: Instant = Instant::from_millis(1_718_155_800_000);
const TRADING_DAY: u32 = 20_240_612;
pub(crate) const DATA_CENTER: u32 = 1;

/// ParticipantId of a member.
#[must_use]
pub fn participant_id(member: u16) -> [u8; 8] {
    base_data::text(&format!("{:05}", u32::from(member) + 1))
}

/// UserId of a member's seat.
#[must_use]
pub fn user_id(member: u16) -> [u8; 15] {
    base_data::text(&format!("{:05}01", u32::from(member) + 1))
}

/// ClientId that a member trades for.
#[must_use]
pub fn client_id(member: u16) -> [u8; 8] {
    base_data::text(&format!("C{:05}", u32::from(member) + 1))
}

/// InstrumentId of a book.
#[must_use]
pub fn instrument_id(book: u16) -> [u8; 30] {
    base_data::text(&format!("IF{book:04}"))
}

/// The base data of a day with so many members, each with a seat and an account, and with the mix's books.
pub(crate) fn base_data(members: u16, mix: &Mix, limits: &Limits) -> Vec<CommandBuffer> {
    let mut commands = vec![base_data::day(TRADING_DAY, DATA_CENTER, limits)];
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii_end()).into_owned();
    for member in 0..members {
        commands.push(base_data::participant(member, &words(&participant_id(member))));
        // An address that is not specified: every machine may be that seat's.
        let (user, secret) = (words(&user_id(member)), words(PASSWORD));
        commands.push(base_data::user(member, member, &user, &secret, Ipv4Addr::UNSPECIFIED, 0));
        let index = u32::from(member);
        commands.push(base_data::account(index, member, index, &words(&client_id(member)), Right::Full));
    }
    commands.push(base_data::one_product());
    for book in 0..mix.books {
        let terms = InstrumentRow {
            instrument: words(&instrument_id(book)),
            price_rule: PriceRule::Resting.into(),
            tie_break: TieBreak::Pressure.into(),
            phase: Phase::Continuous.into(),
            right: RightName::Full,
            tick: TICK as u32,
            multiplier: 300,
            lower_limit: 10_000,
            upper_limit: 20_000,
            previous_settlement: 15_000,
            maximum_volume: 1_000,
            minimum_volume: 1,
            position_limit: 0,
            open_interest: 0,
            more: MoreTerms::default(),
        };
        commands.push(terms.define(book));
    }
    commands
}
