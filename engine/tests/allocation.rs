//! The order path allocates nothing: 100,000 orders and cancels, with quotes, enquiries and instructions between them, under a counting allocator.

mod common;
#[path = "common/flow.rs"]
mod flow;

use effort::heap::{Counting, allocations};
use engine::command::{BodyView, CommandBuffer};
use engine::event::EventView;
use engine::{Ahead, Draft, IdStyle, State, step};
use flow::Flow;
use std::collections::BTreeMap;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn orders_quotes_enquiries_and_instructions_allocate_nothing() {
    let mut flow = Flow::new(0x5EED_0002, 200_000, false);
    // The day's first frames are run again on a state of its own, then everything that the flow drew.
    let mut state = State::new();
    let mut draft = Draft::new(IdStyle { prefix: b'B' });
    let mut ahead = Ahead::new();
    let first = flow.market.frames.clone();
    let mut stamp = engine::types::Stamp { sequence: engine::types::Sequence(0), ..flow.market.stamp };
    let mut run = |state: &mut State, buffer: &CommandBuffer| {
        stamp.sequence.0 += 1;
        let before = allocations();
        // Looked at before its turn, as the engine stage does; and nothing comes of that, not even an allocation.
        ahead.look(state, &buffer.command());
        step(state, stamp, &buffer.command(), &mut draft);
        let spent = allocations() - before;
        let traded = draft.events().iter().any(|event| matches!(event.view(), Some(EventView::Traded(_))));
        (spent, traded, draft.rejected().is_none())
    };
    for buffer in &first {
        run(&mut state, buffer);
    }
    let (mut orders, mut trades, mut done) = (0, 0, BTreeMap::new());
    while orders < 100_000 {
        let buffer = flow.command();
        flow.market.step_only(&buffer);
        let (spent, traded, accepted) = run(&mut state, &buffer);
        let body = buffer.command().body;
        let of_path = match body {
            BodyView::OrderInsert(_) | BodyView::OrderCancel(_) | BodyView::MarketDataTick(_) => {
                orders += 1;
                trades += u32::from(traded);
                true
            }
            BodyView::QuoteInsert(_)
            | BodyView::QuoteCancel(_)
            | BodyView::EnquireQuote(_)
            | BodyView::ExecOrderInsert(_)
            | BodyView::ExecOrderCancel(_) => true,
            _ => false,
        };
        if of_path {
            assert_eq!(spent, 0, "after {orders} orders: {body:?}");
            *done.entry(body.kind()).or_insert(0) += u32::from(accepted);
        }
    }
    assert_eq!(state.digests(), flow.market.state.digests());
    assert!(trades > 4_000, "{trades} of them trade");
    assert!(done.len() == 8 && done.values().all(|&times| times > 50), "of each kind some take effect: {done:?}");
}
