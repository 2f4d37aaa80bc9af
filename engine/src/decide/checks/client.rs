//! The client: known, and the trader's participant's.

use crate::reject::Reject;
use crate::state::{Account, State, User};
use crate::types::AccountIndex;

/// 7: the account is defined, and of the trader's participant.
#[inline(always)]
pub(super) fn is_known<'a>(state: &'a State, trader: &User, account: AccountIndex) -> Result<&'a Account, Reject> {
    let account = state.account(account).ok_or(Reject::ClientUnknown)?;
    if account.definition.participant == trader.definition.participant {
        Ok(account)
    } else {
        Err(Reject::ClientUnknown)
    }
}
