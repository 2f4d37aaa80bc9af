//! Between an order-flow file and the log: a row as commands, and the log's trades as rows.
//!
//! An order's local id is its number in the file, so that a trade in the log names the file's orders; the schedule step of a phase or
//! an uncross says its row and its place in the row.

use crate::base_data;
use crate::order_flow::{FlowTrade, INSTRUMENT, Operation, OrderFlow, OrderNumber, Row};
use engine::command::{BodyView, CommandBuffer, OrderCancel, OrderInsert};
use engine::event::EventView;
use engine::types::{AccountIndex, InstrumentIndex, Phase, RawPrice, UserIndex, Volume};
use journal::LogReader;
use std::collections::BTreeMap;

/// Most commands that a row becomes: an uncross is a phase, the uncross, a phase.
pub const COMMANDS_A_ROW: usize = 3;

/// The local id of a file's order.
#[must_use]
pub fn local_id(order: OrderNumber) -> [u8; 24] {
    crate::base_data::text(&format!("{order:012}"))
}

/// The order that a local id names.
#[must_use]
pub fn order_number(local_id: &[u8; 24]) -> Option<OrderNumber> {
    std::str::from_utf8(local_id).ok()?.trim_end().parse().ok()
}

/// What the exchange does for a row: the member's order or cancel, or the exchange's own phases.
#[must_use]
pub fn row_commands(number: u32, row: &Row) -> Vec<CommandBuffer> {
    match row.operation {
        Operation::Call | Operation::Uncross => schedule(number, row.operation),
        Operation::Insert { order, direction, price, volume } => {
            let insert = OrderInsert {
                local_id: local_id(order),
                message_reference: [b' '; 6],
                direction: direction as u8,
                offset: b'0',
                hedge: b'1',
                order_type: b'0',
                match_condition: b'3',
                match_session: b'7',
                instrument: INSTRUMENT,
                flags: 0,
                price: RawPrice(i64::from(price)),
                account: AccountIndex(0),
                volume: Volume(volume),
                minimal_volume: Volume(0),
                reserved: 0,
            };
            vec![CommandBuffer::new(0, 0, UserIndex(0), &insert)]
        }
        Operation::Cancel { order } => {
            let cancel = OrderCancel {
                order_sys_id: [b' '; 20],
                instrument: INSTRUMENT,
                action: b'0',
                target_field: 1,
                local_id: local_id(order),
                action_local_id: [b' '; 24],
                message_reference: [b' '; 6],
                reserved: [0; 2],
                account: AccountIndex::NONE,
                reserved_2: 0,
            };
            vec![CommandBuffer::new(0, 0, UserIndex(0), &cancel)]
        }
    }
}

/// The exchange's own commands of a call or uncross row.
#[must_use]
pub fn schedule(number: u32, operation: Operation) -> Vec<CommandBuffer> {
    let step = |place| number * COMMANDS_A_ROW as u32 + place + 1;
    let phase = |place, phase: Phase| {
        CommandBuffer::own(&base_data::phase(InstrumentIndex::ALL, phase, base_data::AUTOMATIC, step(place)))
    };
    match operation {
        Operation::Call => vec![phase(0, Phase::AuctionOrdering)],
        Operation::Uncross => {
            let uncross = base_data::uncross(InstrumentIndex::ALL, step(1));
            vec![phase(0, Phase::AuctionMatch), CommandBuffer::own(&uncross), phase(2, Phase::Continuous)]
        }
        Operation::Insert { .. } | Operation::Cancel { .. } => Vec::new(),
    }
}

/// What a log says of a file's day.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Its trades, in order.
    pub trades: Vec<FlowTrade>,
    /// Commands that were refused.
    pub rejects: u64,
}

/// Reads the trades of a file's orders from a log.
#[must_use]
pub fn trades_of(flow: &OrderFlow, log: &LogReader) -> Told {
    let mut rows: BTreeMap<OrderNumber, u32> = BTreeMap::new();
    for (number, row) in (0..).zip(&flow.rows) {
        if let Operation::Insert { order, .. } = row.operation {
            rows.insert(order, number);
        }
    }
    let mut orders = BTreeMap::new();
    let mut told = Told::default();
    for frame in log.frames_from(0) {
        let mut row = 0;
        let sequence = frame.stamp().sequence;
        match frame.command().body {
            BodyView::OrderInsert(insert) => {
                if let Some(order) = order_number(&insert.local_id) {
                    orders.insert(sequence, order);
                    row = rows.get(&order).copied().unwrap_or(0);
                }
            }
            BodyView::Uncross(uncross) => row = uncross.step.saturating_sub(1) / COMMANDS_A_ROW as u32,
            _ => {}
        }
        for event in frame.events() {
            match event.view() {
                Some(EventView::Traded(trade)) => {
                    let order = |sequence| orders.get(&sequence).copied().unwrap_or(0);
                    told.trades.push(FlowTrade {
                        row,
                        buy_order: order(trade.buy.sequence()),
                        sell_order: order(trade.sell.sequence()),
                        price: trade.price.0,
                        volume: trade.volume.0,
                    });
                }
                Some(EventView::Rejected(_)) => told.rejects += 1,
                _ => {}
            }
        }
    }
    told
}
