//! The instrument's phase.

use crate::reject::Reject;
use crate::state::Instrument;
use crate::types::{Function, Phase};

/// 12: continuous trading or an auction's order entry.
#[inline(always)]
pub(super) fn takes_orders(instrument: &Instrument) -> Result<(), Reject> {
    if instrument.phase.takes_orders() { Ok(()) } else { Err(Reject::PhaseForbidsInsert) }
}

/// 13: whatever is not a limit order good for the day needs somebody to trade with at once.
#[inline(always)]
pub(super) fn takes_kind(instrument: &Instrument, function: Function) -> Result<(), Reject> {
    if function != Function::LimitDay && instrument.phase != Phase::Continuous {
        Err(Reject::PhaseForbidsImmediate)
    } else {
        Ok(())
    }
}

/// Quotes and enquiries: continuous trading.
pub(super) fn is_continuous(instrument: &Instrument) -> Result<(), Reject> {
    if instrument.phase == Phase::Continuous { Ok(()) } else { Err(Reject::PhaseForbidsInsert) }
}
