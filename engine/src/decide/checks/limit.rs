//! The position limit (持仓限额): of a client over all its members and a limit group, pending opens counted. JR/T 0016 §5.4.1.

use super::demand::{Demand, Relief};
use crate::keyed::pair_name;
use crate::position::class_of;
use crate::reject::Reject;
use crate::state::{Account, Instrument, State};
use crate::types::Direction;

/// 18: an opening order stays within the limit; and within the numbers, whatever the limit.
#[inline(always)]
pub(super) fn is_kept(demand: &Demand<'_>, relief: &Relief) -> Result<(), Reject> {
    let (side, volume) = (demand.direction, u64::from(demand.volume));
    let reach = match demand.row {
        Some(row) => row.reach(side) - u64::from(relief.pending),
        None => 0,
    };
    if reach + volume > u64::from(u32::MAX) {
        return Err(Reject::PositionLimitExceeded);
    }
    let definition = &demand.instrument.definition;
    let alone = definition.limit_with == definition.index && demand.state.client_limits.len() == 0;
    let limit = if alone { definition.position_limit } else { of_class(demand, limit_of) };
    if limit == 0 {
        return Ok(());
    }
    let exposure = exposure(demand) - relief.exposure;
    if exposure + volume > u64::from(limit) { Err(Reject::PositionLimitExceeded) } else { Ok(()) }
}

/// The exposure of the order's client number on the order's side.
#[inline(always)]
fn exposure(demand: &Demand<'_>) -> u64 {
    match demand.row {
        Some(row) => demand.state.rows.exposure(row, demand.direction),
        None => of_class(demand, exposure_without_row),
    }
}

/// Calls what looks at a client in a limit group and a class, on the group's side.
#[inline(always)]
fn of_class<T>(demand: &Demand<'_>, look: impl FnOnce(&State, &Account, &Instrument, Direction, u8) -> T) -> T {
    look(demand.state, demand.account, demand.instrument, demand.direction, demand.hedge)
}

/// What the other members' rows of the client come to.
#[inline(never)]
fn exposure_without_row(
    state: &State,
    account: &Account,
    instrument: &Instrument,
    direction: Direction,
    hedge: u8,
) -> u64 {
    let (client, group) = (account.definition.client_number, instrument.definition.limit_with);
    state.rows.exposure_of(client, group, class_of(hedge))[group_side(instrument, direction)]
}

/// A side as the instrument's limit group sees it: 0 long, 1 short.
fn group_side(instrument: &Instrument, direction: Direction) -> usize {
    direction.side() ^ usize::from(instrument.swapped)
}

/// The client number's own limit if one is set, else that of the group's first instrument. RULES.md, Which limit.
#[inline(never)]
fn limit_of(state: &State, account: &Account, instrument: &Instrument, direction: Direction, hedge: u8) -> u32 {
    let group = instrument.definition.limit_with;
    let name = pair_name(account.definition.client_number.0, group.0) | u64::from(class_of(hedge)) << 48;
    match state.client_limits.get(name) {
        Some(limits) => limits[group_side(instrument, direction)],
        None => state.instrument(group).map_or(0, |first| first.definition.position_limit),
    }
}

/// 20: the participant's own limit in the instrument, over its accounts (会员持仓限额).
#[inline(always)]
pub(super) fn member_is_kept(demand: &Demand<'_>, relief: &Relief) -> Result<(), Reject> {
    // Most days set none: one load.
    if demand.state.rows.member_limit_count() == 0 {
        return Ok(());
    }
    let (volume, relief) = (u64::from(demand.volume), u64::from(relief.member));
    member_has(demand.state, demand.account, demand.instrument, demand.direction, volume, relief)
}

#[inline(never)]
fn member_has(
    state: &State,
    account: &Account,
    instrument: &Instrument,
    side: Direction,
    volume: u64,
    relief: u64,
) -> Result<(), Reject> {
    match state.rows.member_limit(account.definition.participant, instrument.definition.index) {
        Some(limit) if limit.volume != 0 && limit.lots[side.side()] - relief + volume > u64::from(limit.volume) => {
            Err(Reject::MemberLimitExceeded)
        }
        _ => Ok(()),
    }
}
