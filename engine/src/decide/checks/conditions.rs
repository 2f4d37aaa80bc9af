//! The combination of conditions: what of the standard's order is offered. JR/T 0016 appendix B.

use crate::command::{ORDER_AUTO_SUSPEND, ORDER_STOP_PRICE, OrderInsert};
use crate::reject::Reject;
use crate::types::{Direction, Function, MatchCondition, Offset};

/// An order's conditions, understood.
pub(super) struct Conditions {
    pub(super) direction: Direction,
    pub(super) offset: Offset,
    pub(super) condition: MatchCondition,
    pub(super) function: Function,
}

/// 5: no stop order (FTDOrderType '2' and '3'), no stop price, no suspension. Domain §2.2: they stand in the structures and are not offered.
#[inline(always)]
pub(super) fn has_no_stop(order: &OrderInsert) -> Result<(), Reject> {
    let stop = matches!(order.order_type, b'2' | b'3') || order.flags & (ORDER_STOP_PRICE | ORDER_AUTO_SUSPEND) != 0;
    if stop { Err(Reject::StopOrderNotOffered) } else { Ok(()) }
}

/// 6: kinds of orders that there are, good for the day or immediate.
#[inline(always)]
pub(super) fn are_offered(order: &OrderInsert) -> Result<Conditions, Reject> {
    let direction = Direction::from_code(order.direction).ok_or(Reject::OrderUnsupported)?;
    let offset = Offset::from_code(order.offset).ok_or(Reject::OrderUnsupported)?;
    let condition = MatchCondition::from_code(order.match_condition).ok_or(Reject::OrderUnsupported)?;
    let function = Function::of_order(order.order_type, condition).ok_or(Reject::OrderUnsupported)?;
    let session = matches!(order.match_session, b'3' | b'7') || order.match_session == b'2' && condition.immediate();
    let minimal =
        order.minimal_volume.0 <= 1 || condition == MatchCondition::FillAndKill && order.minimal_volume <= order.volume;
    if is_hedge(order.hedge) && session && minimal {
        Ok(Conditions { direction, offset, condition, function })
    } else {
        Err(Reject::OrderUnsupported)
    }
}

/// FTDHedgeFlag: speculation, arbitrage, hedge, market maker.
#[inline(always)]
pub(super) fn is_hedge(hedge: u8) -> bool {
    (b'1'..=b'4').contains(&hedge)
}
