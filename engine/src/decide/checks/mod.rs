//! The checks (领域服务校验模型): small services, one domain each, from cheap to dear. Adding one is adding a file
//! and a line in [`admit`]. Quotes, enquiries and instructions take theirs from the same files.

mod capacity;
mod client;
mod closing;
mod conditions;
mod credit;
mod demand;
mod enquiry;
mod exercise;
mod function;
mod instrument;
mod limit;
mod local_id;
mod opened;
mod phase;
mod price;
mod quote;
mod rights;
mod volume;

use super::plain_rejected;
use crate::command::OrderInsert;
use crate::event::Rejected;
use crate::local_ids::{IdSet, LocalId, Mark};
use crate::position::whose;
use crate::reject::Reject;
use crate::state::{Instrument, State, User};
use crate::types::{Direction, Function, MatchCondition, Offset, ParticipantIndex, Price, UserIndex, Volume};
use demand::{Demand, Relief};
pub(super) use enquiry::admit as admit_enquiry;
pub(super) use exercise::{AdmittedExercise, admit as admit_exercise};
pub(super) use quote::{AdmittedQuote, QuoteSide, admit as admit_quote};

/// An order that passed every check.
pub(super) struct Admitted<'a> {
    pub(super) instrument: &'a Instrument,
    pub(super) participant: ParticipantIndex,
    pub(super) direction: Direction,
    pub(super) offset: Offset,
    pub(super) condition: MatchCondition,
    pub(super) function: Function,
    /// In ticks, within the day's limits.
    pub(super) price: Price,
    /// Its position row's name: see `position::whose`.
    pub(super) whose: u64,
    /// The row, if there is one already.
    pub(super) row: Option<u32>,
    /// Its local id is greater than all of the trader's before.
    pub(super) ascends: bool,
    /// Of the volume it freezes, how much is yesterday's position.
    pub(super) yesterday: u32,
}

/// The table of RULES.md, line by line: the first check that fails names the reject.
#[inline(always)]
pub(super) fn admit<'a>(state: &'a State, user: UserIndex, order: &OrderInsert) -> Result<Admitted<'a>, Refusal<'a>> {
    let (trader, ascends) = speaks(state, IdSet::orders(user), &order.local_id)?; //                   1-4
    conditions::has_no_stop(order)?; //                                                                5
    let conditions = conditions::are_offered(order)?; //                                               6
    let account = client::is_known(state, trader, order.account)?; //                                  7
    let instrument = instrument::is_known(state, order.instrument)?; //                                8
    function::is_on(instrument, conditions.function)?; //                                       9
    let right = rights::worst(state, trader, account, instrument);
    rights::not_forbidden(right)?; //                                                                  10
    rights::may_open(right, conditions.offset)?; //                                                    11
    phase::takes_orders(instrument)?; //                                                               12
    phase::takes_kind(instrument, conditions.function)?; //                                            13
    let priced = conditions.function.is_priced();
    let price = if priced {
        let ticks = price::is_on_tick(instrument, order.price)?; //                                    14
        price::is_within_limits(instrument, ticks)? //                                                 15
    } else {
        instrument.furthest(conditions.direction)
    };
    volume::is_within_limits(instrument, order.volume, priced)?; //                                    16
    let whose = whose(order.account, order.instrument, order.hedge);
    let place = state.rows.find(whose);
    let demand = Demand {
        state,
        account,
        instrument,
        row: place.map(|place| state.rows.get(place)),
        direction: conditions.direction,
        offset: conditions.offset,
        hedge: order.hedge,
        price,
        volume: order.volume.0,
    };
    let yesterday = aggregate(&demand, &Relief::NONE)?; //                                             17-24
    Ok(Admitted {
        instrument,
        participant: trader.definition.participant,
        direction: conditions.direction,
        offset: conditions.offset,
        condition: conditions.condition,
        function: conditions.function,
        price,
        whose,
        row: place,
        ascends,
        yesterday,
    })
}

/// 1-4: the trader, and its local id. Gives the trader, and whether the id is greater than all of the trader's before.
#[inline(always)]
fn speaks<'a>(state: &'a State, ids: IdSet, local_id: &LocalId) -> Result<(&'a User, bool), Refusal<'a>> {
    let trader = state.user(ids.user()).ok_or(Reject::IndexUnknown)?;
    local_id::is_there(local_id)?; //                                                                  1
    let ascends = local_id::is_new(state, ids, trader, local_id)?; //                                  2
    local_id::has_room(state)?; //                                                                     3
    local_id::ascends(trader, ascends)?; //                                                            4
    Ok((trader, ascends))
}

/// 17-24: what looks at the aggregate, and at what is shared. Gives how much of yesterday's position a closing order freezes.
#[inline(always)]
fn aggregate(demand: &Demand<'_>, relief: &Relief) -> Result<u32, Reject> {
    let yesterday = closing::has_position(demand, relief)?; //                                         17
    if demand.opens() {
        limit::is_kept(demand, relief)?; //                                                            18
        opened::is_kept(demand, relief)?; //                                                           19
        limit::member_is_kept(demand, relief)?; //                                                     20
        capacity::has_row(demand, relief)?; //                                                         21
    }
    capacity::has_order(demand, relief)?; //                                                           22
    if demand.opens() {
        credit::suffices(demand, relief)?; //                                                          23, 24
    }
    Ok(yesterday)
}

/// 14-24 of a limit order good for the day: half of a quote. Gives its price, too.
fn side<'a>(
    demand: Demand<'a>,
    price: crate::types::RawPrice,
    relief: impl FnOnce(&Demand<'a>) -> Relief,
) -> Result<(Demand<'a>, u32), Reject> {
    let ticks = price::is_on_tick(demand.instrument, price)?; //                                       14
    let price = price::is_within_limits(demand.instrument, ticks)?; //                                 15
    volume::is_within_limits(demand.instrument, Volume(demand.volume), true)?; //                      16
    let demand = Demand { price, ..demand };
    let yesterday = aggregate(&demand, &relief(&demand))?; //                                          17-24
    Ok((demand, yesterday))
}

/// Why an order was refused.
pub(super) struct Refusal<'a> {
    code: Reject,
    /// LocalIdRepeated: what became of the first one.
    first: Option<&'a Mark>,
}

impl From<Reject> for Refusal<'_> {
    #[inline]
    fn from(code: Reject) -> Self {
        Refusal { code, first: None }
    }
}

impl Refusal<'_> {
    /// The event that tells it.
    pub(super) fn event(&self, state: &State) -> Rejected {
        let rejected = Rejected { marked: u8::from(self.code.marks_local_id()), ..plain_rejected(self.code) };
        match self.first {
            Some(mark) => {
                let first_sys_id = state.local_ids.sys_id(mark);
                Rejected { first_order: mark.key, first_sys_id, ..rejected }
            }
            None => rejected,
        }
    }
}
