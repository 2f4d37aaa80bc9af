//! Settled random days, named, with their trades.

#[path = "../../../tests/common/mod.rs"]
pub mod random;

use random::Day;
use settlement::batch::{Progress, settle};
use settlement::market::InstrumentIndex;
use settlement::result::{DayResult, Head, MemberName, Names, Stage, TradeLine};
use settlement::rules::market::OneSided;

/// A settled day of so many random trades, as its first run.
pub fn settled(seed: u64, trades: usize) -> DayResult {
    let day = Day::random(seed, trades);
    let mut settled = settle(&day.market, &day.shards(3), &Progress::default()).expect("it settles");
    // Random days know no books before the close.
    settled.one_sided = vec![(InstrumentIndex(4), OneSided::Up), (InstrumentIndex(1), OneSided::Down)];
    let id = |letter: char, place: usize| {
        let mut id = [b' '; 20];
        let text = format!("{letter}{:>11}", place / 2);
        id[..text.len()].copy_from_slice(text.as_bytes());
        id
    };
    let trades = day.legs.iter().enumerate().map(|(place, leg)| TradeLine {
        trade_id: id('T', place),
        order_sys_id: id('O', place),
        user: (place % 3) as u16,
        time: 1_717_378_200_000_000_000 + place as u64,
        leg: *leg,
    });
    let names = |what: &str, count: usize| (0..count).map(|place| format!("{what}{place}")).collect::<Vec<_>>();
    DayResult {
        head: Head {
            day: day.market.day,
            group: "SG01".into(),
            settlement_id: 1,
            stage: Stage::Check,
            epoch: 2,
            last_sequence: 1_000 + seed,
            state_digest: u64::MAX - seed,
        },
        names: Names {
            instruments: names("IF240", day.market.instruments.len()),
            products: names("P", day.market.products.len()),
            members: (0..day.market.members.len())
                .map(|place| MemberName { id: format!("{place:04}"), short: format!("会员 {place}") })
                .collect(),
            accounts: names("0000", day.market.accounts.len()),
            users: names("user", 3),
            bonds: names("0190", day.market.deliverables.len()),
        },
        trades: trades.collect(),
        market: day.market,
        settled,
    }
}
