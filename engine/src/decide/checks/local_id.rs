//! Local ids: each is used once a day by its trader, rejected or not. JR/T 0016 §4.4: a member that heard no answer
//! sends its order again under the same id.

use super::Refusal;
use crate::command::USER_ASCENDING_LOCAL_IDS;
use crate::local_ids::{IdSet, LocalId, is_blank, rank};
use crate::reject::Reject;
use crate::state::{State, User};

/// 1: the id is not blank.
#[inline(always)]
pub(super) fn is_there(local_id: &LocalId) -> Result<(), Reject> {
    // Nearly every id begins with a character.
    let first = local_id[0];
    if first != b' ' && first != 0 || !is_blank(local_id) { Ok(()) } else { Err(Reject::LocalIdMissing) }
}

/// 2: the trader has not used it today. Gives whether it is greater than all before.
#[inline(always)]
pub(super) fn is_new<'a>(state: &'a State, ids: IdSet, trader: &User, local_id: &LocalId) -> Result<bool, Refusal<'a>> {
    // What is greater than every id so far is none of them; members count upwards.
    if rank(local_id) > trader.largest_local_id[ids.kind()] {
        return Ok(true);
    }
    match state.local_ids.find(ids, local_id) {
        None => Ok(false),
        first => Err(Refusal { code: Reject::LocalIdRepeated, first }),
    }
}

/// 3: it can be marked.
#[inline(always)]
pub(super) fn has_room(state: &State) -> Result<(), Reject> {
    if state.local_ids.has_room() { Ok(()) } else { Err(Reject::LocalIdsExhausted) }
}

/// 4: it is greater than all before, if that is asked of the trader.
#[inline(always)]
pub(super) fn ascends(trader: &User, ascends: bool) -> Result<(), Reject> {
    let asked = trader.definition.flags & USER_ASCENDING_LOCAL_IDS != 0;
    if asked && !ascends { Err(Reject::LocalIdNotAscending) } else { Ok(()) }
}
