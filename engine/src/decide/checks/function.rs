//! Switches: what a product offers now. FunctionSet changes it at once, in the middle of the day.

use crate::reject::Reject;
use crate::state::{Instrument, State};
use crate::types::Function;

/// 9: the product takes anything at all, and this.
#[inline(always)]
pub(super) fn is_on(state: &State, instrument: &Instrument, function: Function) -> Result<(), Reject> {
    let asked = Function::Everything.bit() | function.bit();
    if state.product_of(instrument).functions & asked == asked { Ok(()) } else { Err(Reject::FunctionOff) }
}
