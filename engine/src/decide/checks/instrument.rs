//! The instrument.

use crate::reject::Reject;
use crate::state::{Instrument, State};
use crate::types::InstrumentIndex;

/// 8: the instrument is defined.
#[inline(always)]
pub(super) fn is_known(state: &State, instrument: InstrumentIndex) -> Result<&Instrument, Reject> {
    state.instrument(instrument).ok_or(Reject::InstrumentUnknown)
}
