//! Money: the credit limit that a clearing participant sets (信用限额), and the funds it has at the exchange (结算资金).

use super::demand::{Demand, Relief};
use crate::money::MOST_MONEY;
use crate::reject::Reject;

/// 23: the participant's used money stays within its credit limit; 24: its clearing participant's within its funds. Closing needs nothing.
#[inline(always)]
pub(super) fn suffices(demand: &Demand<'_>, relief: &Relief) -> Result<(), Reject> {
    if !demand.instrument.costs { Ok(()) } else { is_there(*demand, *relief) }
}

#[inline(never)]
fn is_there(demand: Demand<'_>, relief: Relief) -> Result<(), Reject> {
    let need = demand.need();
    if need == 0 {
        return Ok(());
    }
    let (own, clearing) = demand.state.money_of(demand.account.definition.participant);
    let beyond = |used: i128, limit: i64| {
        let used = used.saturating_add(relief.money).saturating_add(need);
        !(-MOST_MONEY..=MOST_MONEY).contains(&used) || limit != -1 && used > i128::from(limit)
    };
    if beyond(own.used, own.credit) {
        return Err(Reject::CreditExceeded);
    }
    if beyond(clearing.cleared, clearing.funds) { Err(Reject::FundsInsufficient) } else { Ok(()) }
}
