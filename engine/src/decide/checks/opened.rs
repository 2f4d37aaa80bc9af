//! The day's limit of opened lots (日内开仓限额): of a client number over all its members, in the instrument and in the product.
//! CFFEX: hedging and market making are excepted.

use super::demand::{Demand, Relief};
use crate::position::counts_opened;
use crate::reject::Reject;

/// 19: an opening order stays within both.
#[inline(always)]
pub(super) fn is_kept(demand: &Demand<'_>, relief: &Relief) -> Result<(), Reject> {
    if !demand.instrument.open_limited || !counts_opened(demand.hedge) {
        return Ok(());
    }
    within(*demand, *relief)
}

#[inline(never)]
fn within(demand: Demand<'_>, relief: Relief) -> Result<(), Reject> {
    let product_limit = demand.state.product_of(demand.instrument).definition.open_limit;
    let definition = &demand.instrument.definition;
    let (rows, client) = (&demand.state.rows, demand.account.definition.client_number);
    let exceeds = |opened: u64, limit: u32| {
        let opened = i128::from(opened) + i128::from(relief.opened) + i128::from(demand.volume);
        limit != 0 && opened > i128::from(limit)
    };
    let in_instrument = exceeds(rows.opened_of(client, definition.index), definition.open_limit);
    if in_instrument || exceeds(rows.opened_in_product(client, definition.product), product_limit) {
        return Err(Reject::OpenLimitExceeded);
    }
    Ok(())
}
