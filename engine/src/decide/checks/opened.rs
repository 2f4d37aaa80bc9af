//! The day's limit of opened lots (日内开仓限额): of a client number over all its members, in the instrument and in the product.
//! CFFEX: hedging and market making are excepted.

use super::demand::{Demand, Relief};
use crate::position::counts_opened;
use crate::reject::Reject;
use crate::state::{Account, Instrument, State};

/// 19: an opening order stays within both.
#[inline(always)]
pub(super) fn is_kept(demand: &Demand<'_>, relief: &Relief) -> Result<(), Reject> {
    if !demand.instrument.open_limited || !counts_opened(demand.hedge) {
        return Ok(());
    }
    within(demand.state, demand.account, demand.instrument, i128::from(relief.opened) + i128::from(demand.volume))
}

/// `growth`: lots more than were opened before.
#[inline(never)]
fn within(state: &State, account: &Account, instrument: &Instrument, growth: i128) -> Result<(), Reject> {
    let (definition, rows, client) = (&instrument.definition, &state.rows, account.definition.client_number);
    let exceeds = |opened: u64, limit: u32| limit != 0 && i128::from(opened) + growth > i128::from(limit);
    let in_product = state.product_of(instrument).definition.open_limit;
    if exceeds(rows.opened_of(client, definition.index), definition.open_limit)
        || exceeds(rows.opened_in_product(client, definition.product), in_product)
    {
        return Err(Reject::OpenLimitExceeded);
    }
    Ok(())
}
