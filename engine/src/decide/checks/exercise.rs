//! An instruction to exercise or to abandon: on the option's last day, while the window is open. RULES.md, Exercise and abandonment.

use super::{Refusal, client, conditions, function, instrument, rights, speaks};
use crate::command::ExecOrderInsert;
use crate::exercise::{ABANDON, EXERCISE};
use crate::local_ids::IdSet;
use crate::position::whose;
use crate::reject::Reject;
use crate::state::State;
use crate::types::{Direction, Function, ParticipantIndex, UserIndex};

/// An instruction that passed every check.
pub(in crate::decide) struct AdmittedExercise {
    pub(in crate::decide) participant: ParticipantIndex,
    /// Of what it freezes, how much is yesterday's position.
    pub(in crate::decide) yesterday: u32,
}

/// The checks in the order of RULES.md.
pub(in crate::decide) fn admit<'a>(
    state: &'a State,
    user: UserIndex,
    order: &ExecOrderInsert,
) -> Result<AdmittedExercise, Refusal<'a>> {
    let (trader, _) = speaks(state, IdSet::instructions(user), &order.local_id)?;
    if !matches!(order.action, EXERCISE | ABANDON) || !conditions::is_hedge(order.hedge) {
        return Err(Reject::OrderUnsupported.into());
    }
    let account = client::is_known(state, trader, order.account)?;
    let instrument = instrument::is_known(state, order.instrument)?;
    function::is_on(instrument, Function::Exercise)?;
    rights::not_forbidden(rights::worst(state, trader, account, instrument))?;
    if !instrument.is_exercisable() {
        return Err(Reject::NotExercisable.into());
    }
    if !state.product_of(instrument).window_open {
        return Err(Reject::ExerciseWindowClosed.into());
    }
    if order.volume.0 == 0 {
        return Err(Reject::VolumeBelowMinimum.into());
    }
    let yesterday = has_position(state, order)?;
    if !state.execs.has_room() {
        return Err(Reject::ExecOrdersExhausted.into());
    }
    Ok(AdmittedExercise { participant: trader.definition.participant, yesterday })
}

/// Enough of the long position is there. Gives how much of yesterday's an exercise freezes.
fn has_position(state: &State, order: &ExecOrderInsert) -> Result<u32, Reject> {
    let place = state.rows.find(whose(order.account, order.instrument, order.hedge));
    let place = place.ok_or(Reject::PositionInsufficient)?;
    let (row, volume) = (state.rows.get(place), order.volume.0);
    if order.action == ABANDON {
        let wanted = state.execs.abandoned(place) + u64::from(volume);
        return if row.held(Direction::Buy) >= wanted { Ok(0) } else { Err(Reject::PositionInsufficient) };
    }
    let (yesterday, today) = (row.free_yesterday(Direction::Buy), row.free_today(Direction::Buy));
    if u64::from(yesterday) + u64::from(today) < u64::from(volume) {
        return Err(Reject::PositionInsufficient);
    }
    Ok(if state.close_today_first { volume - volume.min(today) } else { volume.min(yesterday) })
}
