//! An enquiry: not too often, and only where the market is wide. RULES.md, Enquiries.

use super::{Refusal, client, function, instrument, phase, rights, speaks};
use crate::command::EnquireQuote;
use crate::keyed::pair_name;
use crate::local_ids::IdSet;
use crate::reject::Reject;
use crate::state::{Instrument, Product, State};
use crate::types::{Direction, Function, Nanoseconds, UserIndex};

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

/// The checks in the order of RULES.md.
pub(in crate::decide) fn admit<'a>(
    state: &'a State,
    user: UserIndex,
    time: Nanoseconds,
    enquiry: &EnquireQuote,
) -> Result<(), Refusal<'a>> {
    let (trader, _) = speaks(state, IdSet::quotes(user), &enquiry.local_id)?;
    if !(b'0'..=b'2').contains(&enquiry.direction) {
        return Err(Reject::OrderUnsupported.into());
    }
    let account = client::is_known(state, trader, enquiry.account)?;
    let instrument = instrument::is_known(state, enquiry.instrument)?;
    function::is_on(instrument, Function::Enquiry)?;
    rights::not_forbidden(rights::worst(state, trader, account, instrument))?;
    phase::is_continuous(instrument)?;
    let product = state.product_of(instrument);
    let last = state.enquiries.get(pair_name(account.definition.client_number.0, enquiry.instrument.0));
    let interval = u64::from(product.definition.enquiry_interval) * SECOND;
    if last.is_some_and(|last| time.0 - last.0 < interval) {
        return Err(Reject::EnquiryTooSoon.into());
    }
    is_wide(state, instrument, product)?;
    let most = state.day.map_or(0, |day| day.enquiries as usize);
    if last.is_none() && state.enquiries.len() >= most { Err(Reject::EnquiriesExhausted.into()) } else { Ok(()) }
}

/// A best price is missing, or they are further apart than the product's rule says.
fn is_wide(state: &State, instrument: &Instrument, product: &Product) -> Result<(), Reject> {
    let book = state.book(instrument.definition.index);
    let (Some(bid), Some(ask)) = (book.best(Direction::Buy), book.best(Direction::Sell)) else { return Ok(()) };
    let spread = i64::from(ask.0) - i64::from(bid.0);
    let rule = product.definition.enquiry_spread;
    if rule == 0 || spread > i64::from(rule) { Ok(()) } else { Err(Reject::SpreadNarrowEnough) }
}
