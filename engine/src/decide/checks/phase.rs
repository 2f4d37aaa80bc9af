//! The instrument's phase.

use crate::reject::Reject;
use crate::state::Instrument;
use crate::types::{MatchCondition, Phase};

/// 10: continuous trading or an auction's order entry.
#[inline(always)]
pub(super) fn takes_orders(instrument: &Instrument) -> Result<(), Reject> {
    if instrument.phase.takes_orders() { Ok(()) } else { Err(Reject::PhaseForbidsInsert) }
}

/// 11: FOK and FAK need somebody to trade with at once.
#[inline(always)]
pub(super) fn takes_immediate(instrument: &Instrument, condition: MatchCondition) -> Result<(), Reject> {
    if condition.immediate() && instrument.phase != Phase::Continuous {
        Err(Reject::PhaseForbidsImmediate)
    } else {
        Ok(())
    }
}
