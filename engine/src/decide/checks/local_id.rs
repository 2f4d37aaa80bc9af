//! Local ids: each is used once a day by its trader, rejected or not. JR/T 0016 §4.4: a member that heard no answer
//! sends its order again under the same id.

use super::Refusal;
use crate::command::{OrderInsert, USER_ASCENDING_LOCAL_IDS};
use crate::local_ids::{is_blank, rank};
use crate::reject::Reject;
use crate::state::{State, User};
use crate::types::UserIndex;

/// 1: the id is not blank.
#[inline(always)]
pub(super) fn is_there(order: &OrderInsert) -> Result<(), Reject> {
    // Nearly every id begins with a character.
    let first = order.local_id[0];
    if first != b' ' && first != 0 || !is_blank(&order.local_id) { Ok(()) } else { Err(Reject::LocalIdMissing) }
}

/// 2: the trader has not used it today.
#[inline(always)]
pub(super) fn is_new<'a>(
    state: &'a State,
    user: UserIndex,
    trader: &User,
    order: &OrderInsert,
) -> Result<(), Refusal<'a>> {
    // What is greater than every id so far is none of them; members count upwards.
    if rank(&order.local_id) > trader.largest_local_id {
        return Ok(());
    }
    match state.local_ids.find(user, &order.local_id) {
        None => Ok(()),
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
pub(super) fn ascends(trader: &User, order: &OrderInsert) -> Result<(), Reject> {
    let asked = trader.definition.flags & USER_ASCENDING_LOCAL_IDS != 0;
    if asked && rank(&order.local_id) <= trader.largest_local_id { Err(Reject::LocalIdNotAscending) } else { Ok(()) }
}
