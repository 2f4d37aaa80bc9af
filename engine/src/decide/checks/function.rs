//! Switches: what a product offers now. FunctionSet changes it at once, in the middle of the day.

use crate::reject::Reject;
use crate::state::Instrument;
use crate::types::Function;

/// 9: the product takes anything at all, and this.
#[inline(always)]
pub(super) fn is_on(instrument: &Instrument, function: Function) -> Result<(), Reject> {
    // The product's switches, which every instrument of it has beside its own numbers.
    if instrument.offers & function.bit() != 0 { Ok(()) } else { Err(Reject::FunctionOff) }
}
