//! Instructions to exercise and to abandon. RULES.md, Exercise and abandonment.

use super::cancel::ACTION_DELETE;
use super::checks::{self, AdmittedExercise};
use super::draft::Writer;
use crate::command::{ExecOrderCancel, ExecOrderInsert};
use crate::event::{ExecAccepted, ExecEnded, SystemId};
use crate::exercise::ExecOrder;
use crate::local_ids::{IdSet, is_blank};
use crate::reject::Reject;
use crate::state::State;
use crate::system_id::key_in;
use crate::types::{UserIndex, Volume};

/// Decides an instruction.
#[inline(never)]
pub(super) fn insert(writer: &mut Writer<'_>, user: UserIndex, insert: &ExecOrderInsert) {
    match checks::admit_exercise(writer.state, user, insert) {
        Ok(AdmittedExercise { participant, yesterday }) => {
            let (private_number, sys_id) = (writer.private_number(participant), writer.spell(0));
            let yesterday = Volume(yesterday);
            writer.push(ExecAccepted { yesterday, private_number, sys_id, ..ExecAccepted::zero() });
        }
        Err(refusal) => writer.refuse(&refusal.event(writer.state)),
    }
}

/// Decides the cancel of an instruction.
#[inline(never)]
pub(super) fn cancel(writer: &mut Writer<'_>, user: UserIndex, cancel: &ExecOrderCancel) {
    match check_cancel(writer.state, user, cancel) {
        Ok(order) => {
            let private_number = writer.private_number(writer.state.participant_of(order.user));
            writer.push(ExecEnded { order: order.key, private_number, ..ExecEnded::zero() });
        }
        Err(reject) => writer.reject(reject),
    }
}

fn check_cancel<'a>(state: &'a State, user: UserIndex, cancel: &ExecOrderCancel) -> Result<&'a ExecOrder, Reject> {
    let participant = state.user(user).ok_or(Reject::IndexUnknown)?.definition.participant;
    if cancel.action != ACTION_DELETE {
        return Err(Reject::ActionUnsupported);
    }
    let order = target(state, user, cancel).ok_or(Reject::OrderNotFound)?;
    if state.participant_of(order.user) != participant {
        return Err(Reject::OrderNotYours);
    }
    let instrument = state.instrument(order.instrument).expect("instructions are of defined instruments");
    if state.product_of(instrument).window_open { Ok(order) } else { Err(Reject::ExerciseWindowClosed) }
}

/// The live instruction that is meant: by ExecOrderSysID if that is not blank, else by the user's own local id.
fn target<'a>(state: &'a State, user: UserIndex, cancel: &ExecOrderCancel) -> Option<&'a ExecOrder> {
    if is_blank(&cancel.sys_id) {
        let mark = state.local_ids.find(IdSet::instructions(user), &cancel.local_id)?;
        return state.execs.find(mark.key);
    }
    find_text(state, &cancel.sys_id)
}

/// The live instruction with that ExecOrderSysID.
pub(crate) fn find_text<'a>(state: &'a State, text: &SystemId) -> Option<&'a ExecOrder> {
    let spells = |order: &&ExecOrder| state.local_ids.get(order.mark).prefix() == Some(text[0]);
    let spelled = key_in(text).and_then(|key| state.execs.find(key)).filter(spells);
    spelled.or_else(|| state.execs.find_text(text, &state.local_ids))
}
