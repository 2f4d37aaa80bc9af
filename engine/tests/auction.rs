//! Call auctions: published examples, the tie-breaks, who trades with whom, and random books against a search over every price.

mod common;

use common::*;
use engine::event::EventView;
use engine::types::*;
use std::path::Path;

/// One price of a random or published book.
type Side = Vec<(i32, u32)>;

/// Runs an auction of these orders; price, volume, surplus and the trades in words.
fn run(bids: &Side, asks: &Side, tie_break: TieBreak, settlement: i32, band: (i32, i32)) -> (i32, u64, i64, String) {
    let mut market = Market::with(day(), |define| {
        define.tick = 1;
        (define.lower_limit, define.upper_limit) = band;
        define.previous_settlement = settlement;
        define.maximum_volume = 1 << 30;
        define.tie_break = tie_break as u8;
        define.phase = Phase::AuctionOrdering as u8;
    });
    let raw = |mut order: Order, price: i32| {
        order.body.price = RawPrice(i64::from(price));
        order
    };
    for &(price, volume) in bids {
        market.rest(&raw(buy(0, volume), price));
    }
    for &(price, volume) in asks {
        market.rest(&raw(sell(0, volume).account(2), price));
    }
    market.phase(A, Phase::AuctionMatch);
    let events = market.uncross(A);
    let Some(EventView::AuctionPriced(priced)) = events[0].view() else { panic!("{}", text(&events)) };
    let traded: u64 = trades(&events).iter().map(|trade| u64::from(trade.volume.0)).sum();
    assert_eq!(traded, priced.volume, "the executable volume is done");
    assert_eq!(refused(&market.phase(A, Phase::Continuous)), None, "an uncrossed book does not cross");
    (priced.price.0, priced.volume, priced.surplus, text(&events[1..]))
}

#[test]
fn published_examples_come_out() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/auction-examples.json");
    let Ok(file) = std::fs::read_to_string(&path) else {
        println!("skipped: the published examples are not here ({})", path.display());
        return;
    };
    let examples: serde_json::Value = serde_json::from_str(&file).expect("JSON");
    let examples = examples.as_array().expect("a list");
    assert!(examples.len() > 10);
    for example in examples {
        let rows = |side: &str| example[side].as_array().expect("a list").clone();
        let prices = || rows("bids").into_iter().chain(rows("asks")).filter_map(|row| row[0].as_f64());
        // Fifths where the prices are not whole: 0.2 is the tick of index futures.
        let scale = if prices().all(|price| price.fract() == 0.0) { 1.0 } else { 5.0 };
        let ticks = |price: f64| (price * scale).round() as i32;
        let band = (prices().map(ticks).min().expect("prices") - 10, prices().map(ticks).max().expect("prices") + 10);
        // An order without a price sells at any: at the lowest.
        let side = |name: &str| -> Side {
            let row = |row: &serde_json::Value| {
                (row[0].as_f64().map_or(band.0, ticks), row[1].as_u64().expect("a volume") as u32)
            };
            rows(name).iter().map(row).collect()
        };
        let expected = &example["expected"];
        let price = expected["price"].as_f64().map_or(0, ticks);
        let volume = expected["volume"].as_u64().expect("a volume");
        let surplus = expected["surplus_buy_minus_sell"].as_i64().unwrap_or(0);
        let rule_set = example["rule_set"].as_str().expect("a name");
        let (bids, asks) = (side("bids"), side("asks"));
        let own = if rule_set.starts_with("CFFEX") { TieBreak::Highest } else { TieBreak::Pressure };
        let found = |tie_break| {
            let (price, volume, surplus, _) = run(&bids, &asks, tie_break, band.0, band);
            (price, volume, surplus)
        };
        assert_eq!(found(own), (price, volume, surplus), "{} under {own:?}", example["id"]);
        // Where the price is the only one, every tie-break finds it.
        if found(TieBreak::Lowest) == found(TieBreak::Highest) {
            assert_eq!(found(TieBreak::Pressure), (price, volume, surplus), "{}", example["id"]);
            assert_eq!(found(TieBreak::Reference), (price, volume, surplus), "{}", example["id"]);
        }
    }
    println!("{} examples", examples.len());
}

#[test]
fn each_tie_break_takes_its_price_of_the_interval() {
    use TieBreak::{Highest, Lowest, Pressure, PressureReference, Reference};
    // (bids, asks, tie-break, previous settlement, price, volume, surplus)
    let check = |bids: &[(i32, u32)], asks: &[(i32, u32)], tie_break, settlement, expected: (i32, u64, i64)| {
        let (price, volume, surplus, _) = run(&bids.to_vec(), &asks.to_vec(), tie_break, settlement, (-100, 200));
        assert_eq!((price, volume, surplus), expected, "{bids:?} {asks:?} {tie_break:?} {settlement}");
    };
    // Balanced: all of 90..=95 is equally good.
    let balanced = |tie_break, settlement, price| check(&[(95, 5)], &[(90, 5)], tie_break, settlement, (price, 5, 0));
    balanced(Pressure, 0, 92);
    balanced(Highest, 0, 95);
    balanced(Lowest, 0, 90);
    balanced(Reference, 0, 90);
    balanced(Reference, 93, 93);
    balanced(Reference, 150, 95);
    balanced(PressureReference, 93, 93);
    balanced(PressureReference, 150, 95);
    check(&[(95, 7)], &[(90, 5)], PressureReference, 0, (95, 5, 2));
    check(&[(95, 5)], &[(90, 7)], PressureReference, 150, (90, 5, -2));
    // The middle is rounded down, also below zero.
    check(&[(-90, 5)], &[(-95, 5)], Pressure, 0, (-93, 5, 0));
    check(&[(1, 5)], &[(-2, 5)], Pressure, 0, (-1, 5, 0));
    // Buyers press up, sellers down.
    check(&[(95, 7)], &[(90, 5)], Pressure, 0, (95, 5, 2));
    check(&[(95, 5)], &[(90, 7)], Pressure, 0, (90, 5, -2));
    check(&[(95, 7)], &[(90, 5)], Lowest, 0, (90, 5, 2));
    // Least surplus narrows the interval before the tie-break.
    check(&[(95, 5), (92, 1)], &[(90, 5)], Pressure, 0, (94, 5, 0));
    check(&[(95, 5), (92, 1)], &[(90, 5)], Lowest, 0, (93, 5, 0));
    // Both signs among the equally good: neither side presses, the middle is taken.
    check(&[(95, 5), (92, 2)], &[(90, 5), (93, 2)], Pressure, 0, (92, 5, 2));
    check(&[(95, 5), (92, 2)], &[(90, 5), (94, 2)], Pressure, 0, (93, 5, 0));
    // Nothing crosses, or one side is empty.
    check(&[(89, 5)], &[(90, 5)], Pressure, 0, (0, 0, 0));
    check(&[(95, 5)], &[], Highest, 0, (0, 0, 0));
    check(&[], &[], Lowest, 0, (0, 0, 0));
    // One price only.
    check(&[(90, 5)], &[(90, 9)], Highest, 0, (90, 5, -4));
}

#[test]
fn the_reference_is_the_last_price_once_there_is_one() {
    let mut market = Market::with(day(), |define| define.tie_break = TieBreak::Reference as u8);
    market.open_positions(0, 2, 1);
    market.insert(&sell(97, 1).account(2));
    market.insert(&buy(97, 1));
    market.phase(A, Phase::AuctionOrdering);
    market.rest(&buy(110, 2));
    market.rest(&sell(95, 2).account(2));
    market.phase(A, Phase::AuctionMatch);
    assert_eq!(
        text(&market.uncross(A)),
        "0 auction 2 at 97 surplus 0; traded 2 at 97 by auction (left 0 #6, left 0 #6)"
    );
    assert_eq!(market.state.instrument(A).expect("defined").open, Price(100), "the first trade made the open price");
}

#[test]
fn queues_trade_by_price_then_time_and_the_rest_keeps_its_place() {
    let mut market = Market::new();
    market.phase(InstrumentIndex::ALL, Phase::AuctionOrdering);
    for order in [
        buy(100, 5),
        buy(102, 3).account(1),
        buy(100, 4).account(1),
        sell(100, 2).account(2),
        sell(99, 4).account(3),
        sell(100, 4).account(3),
        sell(105, 9).account(2),
    ] {
        market.rest(&order);
    }
    market.rest(&buy(120, 1).instrument(B));
    assert_eq!(text(&market.uncross(A)), "rejected NotInAuctionMatch");
    market.phase(InstrumentIndex::ALL, Phase::AuctionMatch);
    assert_eq!(text(&market.insert(&buy(100, 1))), "rejected PhaseForbidsInsert marked");
    assert_eq!(
        text(&market.uncross(InstrumentIndex::ALL)),
        "0 auction 10 at 100 surplus 2; \
         traded 3 at 100 by auction (left 0 #5, left 1 #5); \
         traded 1 at 100 by auction (left 4 #6, left 0 #6); \
         traded 2 at 100 by auction (left 2 #7, left 0 #7); \
         traded 2 at 100 by auction (left 0 #8, left 2 #8); \
         traded 2 at 100 by auction (left 2 #9, left 0 #9); \
         1 auction 0 at 0 surplus 0"
    );
    let instrument = market.state.instrument(A).expect("defined");
    assert_eq!(
        (instrument.open, instrument.last, instrument.volume, instrument.open_interest),
        (Price(100), Some(Price(100)), 10, 10)
    );
    // A second matching of the same auction finds nothing more.
    assert_eq!(text(&market.uncross(A)), "0 auction 0 at 0 surplus 0");
    market.phase(InstrumentIndex::ALL, Phase::Continuous);
    assert_eq!(text(&market.uncross(InstrumentIndex::ALL)), "applied");
    market.rest(&buy(100, 9));
    assert_eq!(
        text(&market.insert(&sell(100, 3).account(2))),
        "accepted #10; traded 2 at 100 by sell (left 0 #11, left 1 #11); traded 1 at 100 by sell (left 8 #12, left 0 #12)"
    );
}

#[test]
fn closing_orders_trade_in_auctions_too() {
    let mut market = Market::new();
    market.open_positions(0, 2, 6);
    market.phase(A, Phase::AuctionOrdering);
    market.rest(&sell(100, 6).offset(Offset::Close));
    market.rest(&buy(100, 4).account(2).offset(Offset::CloseToday));
    market.phase(A, Phase::AuctionMatch);
    market.uncross(A);
    let instrument = market.state.instrument(A).expect("defined");
    assert_eq!(instrument.open_interest, 2);
    let position = market.state.position(AccountIndex(0), A, b'1');
    assert_eq!((position.long_today, position.long_frozen_today), (2, 2));
    assert_eq!(market.state.position(AccountIndex(2), A, b'1').short_today, 2);
}

/// The rule as RULES.md says it, over every tick of the band.
fn search(bids: &Side, asks: &Side, tie_break: TieBreak, reference: i32, band: (i32, i32)) -> (i32, u64, i64) {
    let at = |price: i32| {
        let buys: u64 = bids.iter().filter(|bid| bid.0 >= price).map(|bid| u64::from(bid.1)).sum();
        let sells: u64 = asks.iter().filter(|ask| ask.0 <= price).map(|ask| u64::from(ask.1)).sum();
        (buys.min(sells), buys as i64 - sells as i64)
    };
    let all = || (band.0..=band.1).map(|price| (price, at(price)));
    let volume = all().map(|(_, (volume, _))| volume).max().expect("a band");
    if volume == 0 {
        return (0, 0, 0);
    }
    let most = || all().filter(|(_, (executable, _))| *executable == volume);
    let least = most().map(|(_, (_, surplus))| surplus.abs()).min().expect("some");
    let good: Vec<(i32, i64)> =
        most().map(|(price, (_, surplus))| (price, surplus)).filter(|(_, surplus)| surplus.abs() == least).collect();
    let (low, high) = (good[0].0, good[good.len() - 1].0);
    assert_eq!(good.len() as i32, high - low + 1, "an interval");
    let price = match tie_break {
        TieBreak::Pressure | TieBreak::PressureReference if good.iter().all(|(_, surplus)| *surplus > 0) => high,
        TieBreak::Pressure | TieBreak::PressureReference if good.iter().all(|(_, surplus)| *surplus < 0) => low,
        TieBreak::Pressure => (low + high).div_euclid(2),
        TieBreak::Reference | TieBreak::PressureReference => {
            good.iter().map(|(price, _)| *price).min_by_key(|price| (price - reference).abs()).expect("some")
        }
        TieBreak::Highest => high,
        TieBreak::Lowest => low,
    };
    let surplus = at(price).1;
    (price, volume, surplus)
}

#[test]
fn random_auctions_agree_with_a_search_over_every_price() {
    let mut random = Random(0x5EED_0001);
    let mut crossed = 0;
    for round in 0..400 {
        let band = (-20, 44);
        let mut side = |towards: i32| -> Side {
            (0..random.below(7)).map(|_| (towards + random.below(20) as i32, 1 + random.below(6) as u32)).collect()
        };
        let (bids, asks) = (side(4), side(0));
        for tie_break in (0..).map_while(TieBreak::from_code) {
            let reference = round % 64 - 20;
            let (price, volume, surplus, _) = run(&bids, &asks, tie_break, reference, band);
            let expected = search(&bids, &asks, tie_break, reference, band);
            assert_eq!((price, volume, surplus), expected, "{bids:?} {asks:?} {tie_break:?} reference {reference}");
            crossed += u32::from(volume != 0);
        }
    }
    assert!(crossed > 800, "most of the random books cross: {crossed}");
}
