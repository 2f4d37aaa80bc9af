//! What the exchange itself sets: the day, base data, positions, rights, seats, epochs. RULES.md, Base data and the rest.
//!
//! Each command has one check and, if that says yes, one event, Applied. What is checked here is also what the state can hold at
//! all, so `validate` asks the same of somebody else's frames.

use crate::book::MAXIMUM_SPAN;
use crate::command::{
    AccountDefine, BodyView, Command, DayOpen, EpochOpen, InstrumentDefine, ParticipantDefine, PositionSet, RightScope,
    RightSet, UserDefine,
};
use crate::position::whose;
use crate::reject::Reject;
use crate::state::State;
use crate::types::{AccountIndex, InstrumentIndex, ParticipantIndex, Phase, PriceRule, Right, TieBreak, UserIndex};

/// Orders that a day may let rest: a gigabyte of them.
pub(crate) const MOST_LIVE_ORDERS: u32 = 1 << 24;
/// Local ids that a day may let mark: four gigabytes of them.
pub(crate) const MOST_LOCAL_IDS: u32 = 1 << 26;
/// Position rows that a day may have: a gigabyte of them.
pub(crate) const MOST_POSITION_ROWS: u32 = 1 << 24;
/// Accounts that a day may have.
pub(crate) const MOST_ACCOUNTS: u32 = 1 << 24;
/// Prices lie strictly within this, in ticks.
const MOST_TICKS: i32 = 1 << 30;
/// Open interest that a day may begin with: it stays within 64 bits whatever trades.
const MOST_OPEN_INTEREST: u64 = 1 << 62;
/// Private streams below this are the standard's own.
const FIRST_SERIES: u16 = 2;

/// Whether a command of the exchange can take effect.
///
/// # Errors
/// The reject that it gets.
pub(crate) fn check(state: &State, command: &Command<'_>) -> Result<(), Reject> {
    let user = command.header.user;
    match command.body {
        BodyView::DayOpen(day) => day_open(state, day),
        BodyView::ParticipantDefine(new) => participant(state, new),
        BodyView::UserDefine(new) => trader(state, new),
        BodyView::AccountDefine(new) => account(state, new),
        BodyView::InstrumentDefine(new) => instrument(state, new),
        BodyView::PositionSet(set) => position(state, set),
        BodyView::RightSet(set) => right(state, set),
        BodyView::PasswordUpdate(_) => known_user(state, user),
        BodyView::SeatBlock(block) => known_user(state, block.user),
        BodyView::EpochOpen(open) => epoch(state, open),
        _ => Ok(()),
    }
}

fn valid(holds: bool) -> Result<(), Reject> {
    if holds { Ok(()) } else { Err(Reject::DefinitionInvalid) }
}

fn day_open(state: &State, day: &DayOpen) -> Result<(), Reject> {
    if state.day.is_some() {
        return Err(Reject::DayAlreadyOpen);
    }
    valid(
        day.live_orders <= MOST_LIVE_ORDERS
            && day.local_ids <= MOST_LOCAL_IDS
            && day.position_rows <= MOST_POSITION_ROWS
            && day.accounts <= MOST_ACCOUNTS,
    )
}

fn participant(state: &State, new: &ParticipantDefine) -> Result<(), Reject> {
    let taken = |other: &ParticipantDefine| other.series == new.series || other.id == new.id;
    valid(
        state.participants.is_free(usize::from(new.index.0))
            && new.series >= FIRST_SERIES
            && Right::from_code(new.right).is_some()
            && !state.participants().any(|other| taken(&other.definition)),
    )
}

fn trader(state: &State, new: &UserDefine) -> Result<(), Reject> {
    valid(
        state.users.is_free(usize::from(new.index.0))
            && state.participant(new.participant).is_some()
            && Right::from_code(new.right).is_some()
            && !state.users().any(|other| other.definition.id == new.id),
    )
}

fn account(state: &State, new: &AccountDefine) -> Result<(), Reject> {
    valid(
        state.accounts.is_free(new.index.0 as usize)
            && state.participant(new.participant).is_some()
            && Right::from_code(new.right).is_some()
            && !state.clients.contradicts(&state.accounts, new),
    )
}

fn instrument(state: &State, new: &InstrumentDefine) -> Result<(), Reject> {
    let span = i64::from(new.upper_limit) - i64::from(new.lower_limit);
    valid(
        new.index < InstrumentIndex::UNKNOWN
            && state.instruments.is_free(usize::from(new.index.0))
            && new.tick != 0
            && new.multiplier != 0
            && new.minimum_volume != 0
            && new.maximum_volume != 0
            && new.minimum_volume <= new.maximum_volume
            && (0..MAXIMUM_SPAN as i64).contains(&span)
            && new.lower_limit > -MOST_TICKS
            && new.upper_limit < MOST_TICKS
            && (-MOST_TICKS..=MOST_TICKS).contains(&new.previous_settlement)
            && new.previous_open_interest <= MOST_OPEN_INTEREST
            && PriceRule::from_code(new.price_rule).is_some()
            && TieBreak::from_code(new.tie_break).is_some()
            && Phase::from_code(new.phase).is_some()
            && Right::from_code(new.right).is_some()
            && !state.instruments().any(|other| other.definition.id == new.id),
    )
}

fn position(state: &State, set: &PositionSet) -> Result<(), Reject> {
    if state.account(set.account).is_none() || state.instrument(set.instrument).is_none() {
        return Err(Reject::IndexUnknown);
    }
    valid((b'1'..=b'4').contains(&set.hedge))?;
    // A side's positions together are a number of lots too.
    valid(set.long_yesterday.checked_add(set.long_today).is_some())?;
    valid(set.short_yesterday.checked_add(set.short_today).is_some())?;
    match state.rows.find(whose(set.account, set.instrument, set.hedge)) {
        None if !state.rows.has_room() => Err(Reject::PositionRowsExhausted),
        None => Ok(()),
        Some(row) => valid(!state.rows.get(row).has_working_orders()),
    }
}

fn right(state: &State, set: &RightSet) -> Result<(), Reject> {
    let scope = RightScope::from_code(set.scope).ok_or(Reject::DefinitionInvalid)?;
    valid(Right::from_code(set.right).is_some())?;
    let small = u16::try_from(set.index).ok();
    let known_account = state.account(AccountIndex(set.index)).is_some();
    let known_instrument = state.instrument(set.instrument).is_some();
    let known = match scope {
        RightScope::Participant => small.is_some_and(|index| state.participant(ParticipantIndex(index)).is_some()),
        RightScope::User => small.is_some_and(|index| state.user(UserIndex(index)).is_some()),
        RightScope::Account => known_account,
        RightScope::Instrument => known_instrument,
        RightScope::AccountInstrument => known_account && known_instrument,
    };
    if known { Ok(()) } else { Err(Reject::IndexUnknown) }
}

fn known_user(state: &State, user: UserIndex) -> Result<(), Reject> {
    state.user(user).map(|_| ()).ok_or(Reject::IndexUnknown)
}

fn epoch(state: &State, open: &EpochOpen) -> Result<(), Reject> {
    if open.epoch > state.epoch { Ok(()) } else { Err(Reject::EpochNotHigher) }
}
