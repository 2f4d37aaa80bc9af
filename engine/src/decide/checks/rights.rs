//! Trading rights: of all that concern an order the worst counts. JR/T 0016 §6.3.

use crate::reject::Reject;
use crate::state::{Account, Instrument, State, User};
use crate::types::{Offset, Right};

/// The worst right of participant, trader, account, instrument, and account in the instrument. The trader's is its participant's, too.
#[inline(always)]
pub(super) fn worst(state: &State, trader: &User, account: &Account, instrument: &Instrument) -> Right {
    let pair = state.pair_rights.get(account.definition.index, instrument.definition.index);
    // The codes are '0' '1' '2': nearly always all are '0', and then so is their union.
    let rights = [trader.worst_right, account.right, instrument.right, pair];
    if rights.iter().fold(0, |all, &right| all | right as u8) == Right::Full as u8 {
        return Right::Full;
    }
    rights.into_iter().max().unwrap_or(Right::Full)
}

/// 10: something may be done at all.
#[inline(always)]
pub(super) fn not_forbidden(right: Right) -> Result<(), Reject> {
    if right == Right::Forbidden { Err(Reject::RightForbidden) } else { Ok(()) }
}

/// 11: opening takes the full right.
#[inline(always)]
pub(super) fn may_open(right: Right, offset: Offset) -> Result<(), Reject> {
    if right == Right::CloseOnly && offset == Offset::Open { Err(Reject::RightCloseOnly) } else { Ok(()) }
}
