//! The first difference between two systems' events of one command: the audit of every followed frame. Texts do not count.

use crate::event::{Event, EventView};
use crate::reject::Reject;

/// Where two lists of events differ first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which event, from 0.
    pub index: usize,
    /// What differs, in words: ours, then theirs.
    pub what: String,
}

/// Compares what two systems made of one command. None: the same, but for text ids.
#[inline]
#[must_use]
pub fn first_difference(ours: &[Event], theirs: &[Event]) -> Option<Difference> {
    let same = |(ours, theirs): (&Event, &Event)| ours == theirs || ours.without_texts() == theirs.without_texts();
    if ours.len() == theirs.len() && ours.iter().zip(theirs).all(same) {
        return None;
    }
    let index = (0..ours.len().min(theirs.len())).find(|&at| !same((&ours[at], &theirs[at])));
    let index = index.unwrap_or(ours.len().min(theirs.len()));
    Some(Difference { index, what: describe(ours.get(index), theirs.get(index)) })
}

/// One line: the fields that differ if both are of one kind, else both whole.
fn describe(ours: Option<&Event>, theirs: Option<&Event>) -> String {
    let (ours, theirs) = (ours.map(fields), theirs.map(fields));
    match (ours, theirs) {
        (Some((kind, ours)), Some((other, theirs))) if kind == other => {
            let pairs = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs);
            let parts: Vec<String> =
                pairs.map(|((name, ours), (_, theirs))| format!("{name} {ours} / {theirs}")).collect();
            format!("{kind}: {}", parts.join(", "))
        }
        (ours, theirs) => {
            let line = |side: Option<(String, Vec<(String, String)>)>| match side {
                None => "nothing".to_owned(),
                Some((kind, fields)) => {
                    let shown: Vec<String> = fields.iter().map(|(name, value)| format!("{name} {value}")).collect();
                    format!("{kind} ({})", shown.join(", "))
                }
            };
            format!("{} / {}", line(ours), line(theirs))
        }
    }
}

/// Kind and fields of an event, in words; reserved fields and texts only if they are not zero.
fn fields(event: &Event) -> (String, Vec<(String, String)>) {
    macro_rules! list {
        ($kind:literal, $event:ident: $( $field:ident ),*) => {
            ($kind.to_owned(), vec![$( (stringify!($field).replace('_', " "), format!("{}", $event.$field)) ),*])
        };
    }
    match event.view() {
        Some(EventView::Rejected(event)) => {
            let (kind, mut fields) = list!("Rejected", event: code, marked, first_order);
            if let Some(reject) = Reject::from_code(event.code) {
                fields[0].1 = format!("{} {reject:?}", event.code);
            }
            (kind, fields)
        }
        Some(EventView::Accepted(event)) => list!("Accepted", event: rests, index, yesterday, private_number),
        Some(EventView::Traded(event)) => {
            list!("Traded", event: aggressor, index, buy, sell, price, volume, buy_remaining,
            sell_remaining, buy_yesterday, sell_yesterday, buy_number, sell_number)
        }
        Some(EventView::Rested(event)) => list!("Rested", event: order, remaining, price),
        Some(EventView::Ended(event)) => {
            list!("Ended", event: reason, order, released, yesterday, traded, last_price, private_number)
        }
        Some(EventView::PhaseChanged(event)) => {
            let (kind, mut fields) = list!("PhaseChanged", event: instrument, phase, broadcast_number);
            fields[1].1 = format!("'{}'", char::from(event.phase));
            (kind, fields)
        }
        Some(EventView::AuctionPriced(event)) => list!("AuctionPriced", event: instrument, price, volume, surplus),
        Some(EventView::Applied(_)) => ("Applied".to_owned(), vec![]),
        Some(EventView::MarketData(event)) => {
            list!("MarketData", event: instrument, present, last, open, high, low, bid, ask,
            bid_volume, ask_volume, volume, open_interest, turnover_low, turnover_high, broadcast_number, last_volume)
        }
        Some(EventView::Published(event)) => list!("Published", event: participant, number),
        Some(EventView::Restated(event)) => {
            list!("Restated", event: order, remaining, traded, last_price, private_number)
        }
        Some(EventView::QuoteAccepted(event)) => list!("QuoteAccepted", event: private_number),
        Some(EventView::QuoteEnded(event)) => list!("QuoteEnded", event: reason, quote, private_number),
        Some(EventView::Enquired(event)) => list!("Enquired", event: broadcast_number),
        Some(EventView::ExecAccepted(event)) => list!("ExecAccepted", event: yesterday, private_number),
        Some(EventView::ExecEnded(event)) => list!("ExecEnded", event: order, private_number),
        Some(EventView::Depth(event)) => {
            let (kind, mut fields) = list!("Depth", event: instrument, side, count, changed, gone_count);
            let levels = event.price.iter().zip(event.volume).map(|(price, volume)| format!("{volume} at {price}"));
            fields.push(("levels".to_owned(), levels.collect::<Vec<_>>().join(" ")));
            fields.push(("gone".to_owned(), event.gone.map(|price| price.to_string()).join(" ")));
            (kind, fields)
        }
        Some(EventView::Ticked(event)) => list!("Ticked", event: match_number, trade_number, depth_number),
        Some(EventView::Snapshot(event)) => list!("Snapshot", event: broadcast_number),
        Some(EventView::MarketChanged(event)) => {
            let (kind, mut fields) = list!("MarketChanged", event: phase, broadcast_number);
            fields[0].1 = format!("'{}'", char::from(event.phase));
            (kind, fields)
        }
        Some(EventView::InstrumentChanged(event)) => {
            let (kind, mut fields) = list!("InstrumentChanged", event: instrument, right, broadcast_number);
            fields[1].1 = format!("'{}'", char::from(event.right));
            (kind, fields)
        }
        None => ("an event of an unknown kind".to_owned(), vec![]),
    }
}
