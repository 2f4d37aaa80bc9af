//! The checks of an order (领域服务校验模型): small services, one domain each, from cheap to dear. Adding one is adding a file
//! and a line in [`admit`].

mod capacity;
mod client;
mod closing;
mod conditions;
mod instrument;
mod limit;
mod local_id;
mod phase;
mod price;
mod rights;
mod volume;

use super::plain_rejected;
use crate::command::OrderInsert;
use crate::event::Rejected;
use crate::local_ids::Mark;
use crate::position::whose;
use crate::reject::Reject;
use crate::state::{Instrument, State};
use crate::types::{Direction, MatchCondition, ParticipantIndex, Price, UserIndex};

/// An order that passed every check.
pub(super) struct Admitted<'a> {
    pub(super) instrument: &'a Instrument,
    pub(super) participant: ParticipantIndex,
    pub(super) direction: Direction,
    pub(super) condition: MatchCondition,
    /// In ticks, within the day's limits.
    pub(super) price: Price,
    /// Its position row, if there is one already.
    pub(super) row: Option<u32>,
    /// Of the volume it freezes, how much is yesterday's position.
    pub(super) yesterday: u32,
}

/// The table of RULES.md, line by line: the first check that fails names the reject.
#[inline(always)]
pub(super) fn admit<'a>(state: &'a State, user: UserIndex, order: &OrderInsert) -> Result<Admitted<'a>, Refusal<'a>> {
    let trader = state.user(user).ok_or(Reject::IndexUnknown)?;
    local_id::is_there(order)?; //                                                                     1
    local_id::is_new(state, user, trader, order)?; //                                                  2
    local_id::has_room(state)?; //                                                                     3
    local_id::ascends(trader, order)?; //                                                              4
    let conditions = conditions::are_offered(order)?; //                                               5
    let account = client::is_known(state, trader, order)?; //                                          6
    let instrument = instrument::is_known(state, order)?; //                                           7
    let right = rights::worst(state, trader, account, instrument);
    rights::not_forbidden(right)?; //                                                                  8
    rights::may_open(right, conditions.offset)?; //                                                    9
    phase::takes_orders(instrument)?; //                                                               10
    phase::takes_immediate(instrument, conditions.condition)?; //                                      11
    let ticks = price::is_on_tick(instrument, order)?; //                                              12
    let price = price::is_within_limits(instrument, ticks)?; //                                        13
    volume::is_within_limits(instrument, order)?; //                                                   14
    let place = state.rows.find(whose(order.account, order.instrument, order.hedge));
    let row = place.map(|place| state.rows.get(place));
    let yesterday = closing::has_position(state, row, &conditions, order.volume)?; //                  15
    limit::is_kept(state, row, account, instrument, &conditions, order.volume)?; //                    16
    capacity::has_row(state, row)?; //                                                                 17
    capacity::has_order(state)?; //                                                                    18
    Ok(Admitted {
        instrument,
        participant: trader.definition.participant,
        direction: conditions.direction,
        condition: conditions.condition,
        price,
        row: place,
        yesterday,
    })
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
