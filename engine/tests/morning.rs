//! A published morning of one liquid share, order by order: every trade the exchange published must come out, in its order.

mod common;

use common::*;
use engine::command::*;
use engine::event::EventView;
use engine::types::*;
use engine::{Draft, IdStyle, State, step};
use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn the_published_morning_comes_out_trade_for_trade() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let orders = folder.join("equity-morning-orders.csv");
    let trades = folder.join("equity-morning-trades.csv");
    if !orders.exists() || !trades.exists() {
        println!("skipped: the share's order flow is not here ({})", orders.display());
        return;
    }
    let read = |path: &Path| {
        csv::Reader::from_path(path)
            .expect("readable")
            .into_records()
            .map(|row| row.expect("a row"))
            .collect::<Vec<_>>()
    };
    let (orders, published) = (read(&orders), read(&trades));

    let number = |text: &str| text.parse::<i64>().expect("a number");
    let prices: Vec<i64> = orders.iter().filter(|row| &row[2] == "insert").map(|row| number(&row[5])).collect();
    let (lower, upper) = (*prices.iter().min().expect("orders"), *prices.iter().max().expect("orders"));
    let mut market = Market::with(DayOpen { live_orders: 40_000, local_ids: 40_000, ..day() }, |define| {
        define.tick = 1;
        define.lower_limit = lower as i32;
        define.upper_limit = upper as i32;
        define.previous_settlement = lower as i32;
        define.maximum_volume = u32::MAX;
        define.phase = Phase::NoTrading as u8;
    });
    let mut mine: BTreeMap<OrderKey, i64> = BTreeMap::new();
    let mut keys: BTreeMap<i64, OrderKey> = BTreeMap::new();
    let mut found: Vec<[i64; 5]> = vec![];
    let (mut state, mut draft) =
        (std::mem::replace(&mut market.state, State::new()), Draft::new(IdStyle { prefix: b'R' }));
    let mut stamp = market.stamp;
    for row in &orders {
        let commands: Vec<CommandBuffer> = match &row[2] {
            "call" => vec![phase_set(Phase::AuctionOrdering)],
            "uncross" => {
                let uncross = CommandBuffer::own(&Uncross { instrument: A, product: ProductIndex::ALL, step: 0 });
                vec![phase_set(Phase::AuctionMatch), uncross, phase_set(Phase::Continuous)]
            }
            "insert" => {
                let order = if &row[4] == "buy" { buy(0, 0) } else { sell(0, 0) };
                let (price, volume) = (RawPrice(number(&row[5])), Volume(number(&row[6]) as u32));
                let body = OrderInsert { local_id: local_id(number(&row[3]) as u32), price, volume, ..order.body() };
                vec![CommandBuffer::new(0, 0, UserIndex(0), &body)]
            }
            "cancel" => {
                let sys_id = state.order(keys[&number(&row[3])]).expect("the file cancels live orders").sys_id;
                let body = OrderCancel {
                    order_sys_id: sys_id,
                    instrument: A,
                    action: b'0',
                    target_field: 1,
                    local_id: [b' '; 24],
                    action_local_id: [b' '; 24],
                    message_reference: [b' '; 6],
                    reserved: [0; 2],
                    account: AccountIndex::NONE,
                    reserved_2: 0,
                };
                vec![CommandBuffer::new(0, 0, UserIndex(0), &body)]
            }
            other => panic!("an unknown op {other}"),
        };
        for command in &commands {
            stamp.sequence.0 += 1;
            let stepped = step(&mut state, stamp, &command.command(), &mut draft);
            assert_eq!(stepped.fault, None);
            for event in draft.events() {
                match event.view().expect("a known kind") {
                    EventView::Accepted(accepted) => {
                        let key = OrderKey::new(stamp.sequence, accepted.index);
                        mine.insert(key, number(&row[3]));
                        keys.insert(number(&row[3]), key);
                    }
                    EventView::Traded(traded) => {
                        let order = |key| mine[&key];
                        let trade = [
                            number(&row[0]),
                            order(traded.buy),
                            order(traded.sell),
                            traded.price.0.into(),
                            traded.volume.0.into(),
                        ];
                        found.push(trade);
                    }
                    EventView::Rejected(rejected) => panic!("row {}: code {}", &row[0], rejected.code),
                    _ => (),
                }
            }
        }
        if number(&row[0]) % 5000 == 0 {
            assert_eq!(state.digests(), state.recompute_digests());
        }
    }
    for (at, (found, row)) in found.iter().zip(&published).enumerate() {
        let expected: Vec<i64> = row.iter().map(number).collect();
        assert_eq!(found.as_slice(), expected, "trade {at}");
    }
    assert_eq!(found.len(), published.len());
    assert_eq!(state.digests(), state.recompute_digests());
    println!("{} of {} trades", found.len(), published.len());
}

fn phase_set(phase: Phase) -> CommandBuffer {
    CommandBuffer::own(&common::phase_set(A, phase as u8))
}
