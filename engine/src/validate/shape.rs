//! Whether the fields of an event that are to be zero are.

use crate::event::EventView;

/// Whether every reserved field is zero.
pub(super) fn reserved_is_zero(event: &EventView<'_>) -> bool {
    let zero = |bytes: &[u8]| bytes.iter().all(|&byte| byte == 0);
    match event {
        EventView::Rejected(event) => zero(&event.reserved) && zero(&event.reserved_2),
        EventView::Accepted(event) => event.reserved == 0 && zero(&event.reserved_2),
        EventView::Traded(event) => event.reserved == 0 && zero(&event.reserved_2),
        EventView::Rested(event) => zero(&event.reserved) && zero(&event.reserved_2),
        EventView::Ended(event) => zero(&event.reserved) && zero(&event.reserved_2),
        EventView::PhaseChanged(event) => zero(&event.reserved) && zero(&event.reserved_2),
        EventView::AuctionPriced(event) => zero(&event.reserved) && event.reserved_2 == 0 && zero(&event.reserved_3),
        EventView::Applied(event) => zero(&event.reserved),
        EventView::MarketData(event) => event.reserved == 0,
        EventView::Published(event) => zero(&event.reserved) && zero(&event.reserved_2),
        EventView::Restated(event) => zero(&event.reserved) && zero(&event.reserved_2),
    }
}
