//! The combination of conditions: what of the standard's order is offered. JR/T 0016 appendix B.

use crate::command::{ORDER_AUTO_SUSPEND, ORDER_STOP_PRICE, OrderInsert};
use crate::reject::Reject;
use crate::types::{Direction, MatchCondition, Offset};

/// FTDOrderType: a limit order.
const LIMIT_ORDER: u8 = b'0';

/// An order's conditions, understood.
pub(super) struct Conditions {
    pub(super) direction: Direction,
    pub(super) offset: Offset,
    pub(super) condition: MatchCondition,
}

/// 5: limit orders, good for the day or immediate.
#[inline(always)]
pub(super) fn are_offered(order: &OrderInsert) -> Result<Conditions, Reject> {
    let direction = Direction::from_code(order.direction);
    let offset = Offset::from_code(order.offset);
    let condition = MatchCondition::from_code(order.match_condition);
    let (Some(direction), Some(offset), Some(condition)) = (direction, offset, condition) else {
        return Err(Reject::OrderUnsupported);
    };
    let session = matches!(order.match_session, b'3' | b'7') || order.match_session == b'2' && condition.immediate();
    let offered = (b'1'..=b'4').contains(&order.hedge)
        && order.order_type == LIMIT_ORDER
        && session
        && order.minimal_volume.0 <= 1
        && order.flags & (ORDER_STOP_PRICE | ORDER_AUTO_SUSPEND) == 0;
    if offered { Ok(Conditions { direction, offset, condition }) } else { Err(Reject::OrderUnsupported) }
}
