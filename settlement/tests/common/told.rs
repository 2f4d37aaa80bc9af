//! A day as the log tells it to the stream.

use super::{Day, Random};
use settlement::batch::Settled;
use settlement::live::Update;
use settlement::market::{InstrumentIndex, Market};
use settlement::{Price, delivery};

/// The market as the day begins: at the prices of the day before.
pub fn before(market: &Market) -> Market {
    let mut market = market.clone();
    for instrument in &mut market.instruments {
        instrument.settlement = instrument.previous_settlement;
        instrument.underlying = Price(30_000_000);
    }
    market
}

/// Everything that the log tells of a day, with prices that move, and the settlement at its end.
pub fn updates(day: &Day, settled: &Settled, random: &mut Random) -> Vec<Update> {
    let carried = day.carried.iter().map(|(key, &(long, short))| Update::Carried(*key, long, short));
    let mut updates: Vec<Update> = carried.collect();
    updates.extend(day.submissions.iter().map(|submission| Update::Submitted(*submission)));
    for leg in &day.legs {
        updates.push(Update::Leg(*leg));
        if random.below(3) == 0 {
            updates.push(Update::Price(
                leg.row.instrument,
                leg.price,
                Price(30_000_000 + random.below(50) as i64 * 10_000),
            ));
        }
    }
    let prices = (0..).map(InstrumentIndex).zip(&day.market.instruments);
    updates
        .extend(prices.map(|(index, instrument)| Update::Price(index, instrument.settlement, instrument.underlying)));
    updates.extend(settled.rows.iter().map(|row| Update::End(row.key, row.at_end)));
    let in_delivery = delivery::by_account(&settled.deliveries, &day.market).expect("it settled");
    updates.extend(in_delivery.into_iter().map(|(account, under_way)| Update::Delivering(account, under_way)));
    updates
}
