//! A published morning, trade for trade. Its files may not be redistributed: where they are not, this test says so.

mod common;

use common::{Day, day_open, insert};
use reference::command::{self, DayOpen, InstrumentDefine, OrderInsert, padded};
use reference::*;
use std::collections::BTreeMap;

#[test]
fn the_published_morning_trade_for_trade() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).ok();
    let (Some(orders), Some(trades)) = (read("equity-morning-orders.csv"), read("equity-morning-trades.csv")) else {
        println!("skipped: there is no {folder}");
        return;
    };
    let mut day = Day::unopened(Settings::default());
    day.own(DayOpen { live_orders: 50_000, local_ids: 50_000, ..day_open() });
    day.own(common::participant(0));
    day.own(common::user(0, 0));
    day.own(common::account(0, 0, 100));
    day.own(common::product(0));
    let outcome = day.own(InstrumentDefine {
        tick: 1,
        multiplier: 1,
        lower_limit: 161_550,
        upper_limit: 197_450,
        previous_settlement: 179_500,
        maximum_volume: 1_000_000,
        position_limit: 0,
        ..common::instrument(0)
    });
    assert_eq!(outcome.refused, None);

    let mut number_of: BTreeMap<Key, String> = BTreeMap::new();
    let mut got = vec!["row,buy_order,sell_order,price,volume".to_owned()];
    for line in orders.lines().skip(1) {
        let [row, _, op, order, side, price, volume] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("seven columns in {line}")
        };
        let outcome = match op {
            "call" => day.phase(Instrument(0), b'1'),
            "uncross" => {
                day.phase(Instrument(0), b'6');
                let outcome = day.own(common::uncross(Instrument(0)));
                day.phase(Instrument(0), b'0');
                outcome
            }
            "insert" => {
                let outcome = day.by(
                    0,
                    OrderInsert {
                        local_id: padded(order.as_bytes()),
                        direction: if side == "buy" { b'0' } else { b'1' },
                        price: price.parse().expect("a price"),
                        volume: volume.parse().expect("a volume"),
                        ..insert(0)
                    },
                );
                number_of.insert(Key::new(outcome.stamp.sequence, 0), order.to_owned());
                outcome
            }
            "cancel" => day.by(0, command::OrderCancel { local_id: padded(order.as_bytes()), ..common::cancel(0) }),
            _ => panic!("{line}"),
        };
        assert_eq!(outcome.refused, None, "{line}");
        for event in &outcome.events {
            if let Event::Traded(trade) = event {
                let (buy, sell) = (&number_of[&trade.buy], &number_of[&trade.sell]);
                got.push(format!("{row},{buy},{sell},{},{}", trade.price, trade.volume));
            }
        }
    }
    let expected: Vec<&str> = trades.lines().collect();
    for (got, expected) in got.iter().zip(&expected) {
        assert_eq!(got, expected);
    }
    assert_eq!(got.len(), expected.len());
    println!("{} trades", got.len() - 1);
    assert_eq!(day.exchange.state().recomputed_digest(), day.exchange.state().clone().digest());
}
