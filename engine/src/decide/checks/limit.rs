//! The position limit (持仓限额): of a client over all its members and a limit group, pending opens counted. JR/T 0016 §5.4.1.

use super::demand::{Demand, Relief};
use crate::keyed::pair_name;
use crate::position::class_of;
use crate::reject::Reject;
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
    let limit = if alone { definition.position_limit } else { limit_of(*demand) };
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
        None => exposure_without_row(*demand),
    }
}

/// What the other members' rows of the client come to.
#[inline(never)]
fn exposure_without_row(demand: Demand<'_>) -> u64 {
    let (client, group) = (demand.account.definition.client_number, demand.instrument.definition.limit_with);
    let lots = demand.state.rows.exposure_of(client, group, class_of(demand.hedge));
    lots[group_side(&demand)]
}

/// The order's side as its limit group sees it: 0 long, 1 short.
fn group_side(demand: &Demand<'_>) -> usize {
    demand.direction.side() ^ usize::from(demand.instrument.swapped)
}

/// The client number's own limit if one is set, else that of the group's first instrument. RULES.md, Which limit.
#[inline(never)]
fn limit_of(demand: Demand<'_>) -> u32 {
    let (state, group) = (demand.state, demand.instrument.definition.limit_with);
    let class = u64::from(class_of(demand.hedge));
    let name = pair_name(demand.account.definition.client_number.0, group.0) | class << 48;
    match state.client_limits.get(name) {
        Some(limits) => limits[group_side(&demand)],
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
    let participant = demand.account.definition.participant;
    let limit = demand.state.rows.member_limit(participant, demand.instrument.definition.index);
    let side: Direction = demand.direction;
    let exceeds = limit.is_some_and(|limit| {
        let lots = limit.lots[side.side()] - u64::from(relief.member);
        limit.volume != 0 && lots + u64::from(demand.volume) > u64::from(limit.volume)
    });
    if exceeds { Err(Reject::MemberLimitExceeded) } else { Ok(()) }
}
