//! Money: the credit limit that a clearing participant sets (信用限额), and the funds it has at the exchange (结算资金).

use super::demand::{Demand, Relief};
use crate::money::MOST_MONEY;
use crate::reject::Reject;
use crate::state::{Account, State};

/// 23: the participant's used money stays within its credit limit; 24: its clearing participant's within its funds. Closing needs nothing.
#[inline(always)]
pub(super) fn suffices(demand: &Demand<'_>, relief: &Relief) -> Result<(), Reject> {
    if !demand.instrument.costs {
        return Ok(());
    }
    is_there(demand.state, demand.account, demand.need(), relief.money)
}

#[inline(never)]
fn is_there(state: &State, account: &Account, need: i128, relief: i128) -> Result<(), Reject> {
    if need == 0 {
        return Ok(());
    }
    let (own, clearing) = state.money_of(account.definition.participant);
    let beyond = |used: i128, limit: i64| {
        let used = used.saturating_add(relief).saturating_add(need);
        !(-MOST_MONEY..=MOST_MONEY).contains(&used) || limit != -1 && used > i128::from(limit)
    };
    if beyond(own.used, own.credit) {
        return Err(Reject::CreditExceeded);
    }
    if beyond(clearing.cleared, clearing.funds) { Err(Reject::FundsInsufficient) } else { Ok(()) }
}
