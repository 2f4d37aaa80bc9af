//! Whether the fields of an event that are to be zero are.

use crate::event::{DEPTH_LEVELS, EventView};

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
        EventView::MarketData(_) => true,
        EventView::Published(event) => zero(&event.reserved) && zero(&event.reserved_2),
        EventView::Restated(event) => zero(&event.reserved) && zero(&event.reserved_2),
        EventView::QuoteAccepted(event) => zero(&event.reserved) && zero(&event.reserved_2),
        EventView::QuoteEnded(event) => zero(&event.reserved) && zero(&event.reserved_2),
        EventView::Enquired(event) => zero(&event.reserved) && zero(&event.reserved_2),
        EventView::ExecAccepted(event) => zero(&event.reserved) && zero(&event.reserved_2),
        EventView::ExecEnded(event) => zero(&event.reserved) && zero(&event.reserved_2),
        EventView::Depth(event) => {
            let beyond = usize::from(event.count).min(DEPTH_LEVELS);
            let empty = event.price[beyond..].iter().all(|price| price.0 == 0)
                && event.volume[beyond..].iter().all(|volume| volume.0 == 0);
            let gone = usize::from(event.gone_count).min(DEPTH_LEVELS);
            empty && event.gone[gone..].iter().all(|price| price.0 == 0) && zero(&event.reserved)
        }
        EventView::Ticked(event) => zero(&event.reserved) && zero(&event.reserved_2),
        EventView::MarketChanged(event) => event.reserved == 0 && zero(&event.reserved_2),
        EventView::InstrumentChanged(event) => zero(&event.reserved) && zero(&event.reserved_2),
        EventView::Snapshot(event) => zero(&event.reserved) && zero(&event.reserved_2),
    }
}
