//! The instrument.

use crate::command::OrderInsert;
use crate::reject::Reject;
use crate::state::{Instrument, State};

/// 7: the instrument is defined.
#[inline(always)]
pub(super) fn is_known<'a>(state: &'a State, order: &OrderInsert) -> Result<&'a Instrument, Reject> {
    state.instrument(order.instrument).ok_or(Reject::InstrumentUnknown)
}
