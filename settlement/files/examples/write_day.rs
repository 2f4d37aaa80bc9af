//! Writes a generated market day's files and says how long each kind took and how large it is.
//!
//!     cargo run --release -p settlement-files --example write_day -- FOLDER [SHARE]
//!
//! SHARE: one so-manieth of codes, positions and trades (100 by default); the members are 300 always. The clock runs from the settled day in
//! memory to files that have their names; they may still be in the page cache.

#[path = "../../benches/generated/mod.rs"]
mod generated;

use settlement::batch::{Progress, settle};
use settlement::result::{DayResult, Head, MemberName, Names, Stage, TradeLine};
use settlement_files::{FileKind, compare, write};
use std::path::Path;
use std::time::Instant;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else {
        eprintln!("write_day FOLDER [SHARE]");
        std::process::exit(2);
    };
    let share = arguments.next().and_then(|text| text.parse::<u32>().ok()).unwrap_or(100).max(1);
    let result = day(share);
    println!(
        "{} members, {} codes, {} rows, {} trade lines",
        result.names.members.len(),
        result.names.accounts.len(),
        result.settled.rows.len(),
        result.trades.len()
    );
    let folder = Path::new(&folder);
    for kind in FileKind::ALL {
        let began = Instant::now();
        let written = write(&result, folder, &[kind], &|_, _| {}).unwrap_or_else(|error| panic!("{error}"));
        let took = began.elapsed();
        let sum = |of: fn(&settlement_files::Written) -> u64| written.iter().map(of).sum::<u64>();
        println!(
            "{kind}: {} files, {} records, {:.1} MiB in {took:.2?} on {} threads",
            written.len(),
            sum(|file| file.records),
            sum(|file| file.bytes) as f64 / f64::from(1 << 20),
            rayon::current_num_threads()
        );
    }
    let began = Instant::now();
    let found = compare(&folder.join("members"), &folder.join("members")).unwrap_or_else(|error| panic!("{error}"));
    println!("compare: {} rows, {} values in {:.2?}", found.counts.rows, found.counts.equal, began.elapsed());
    assert!(found.is_equal(), "a day equals itself");
}

fn day(share: u32) -> DayResult {
    let (codes, trades) = (generated::CODES / share, generated::TRADES / u64::from(share));
    let market = generated::market(codes);
    let shards = generated::shards(&market, codes, trades);
    let settled = settle(&market, &shards, &Progress::default()).unwrap_or_else(|failed| panic!("{failed}"));
    let names = Names {
        instruments: (0..market.instruments.len()).map(|place| format!("IO2406-C-{}", 3_000 + place)).collect(),
        products: (0..market.products.len()).map(|place| format!("P{place}")).collect(),
        members: (0..market.members.len())
            .map(|place| MemberName { id: format!("{:04}", place + 1), short: format!("会员{:04}", place + 1) })
            .collect(),
        accounts: (0..market.accounts.len()).map(|place| format!("{place:010}")).collect(),
        users: vec!["000101".into()],
        bonds: vec![String::from("019947"); market.deliverables.len()],
    };
    let id = |number: usize| {
        let mut bytes = [b' '; 20];
        bytes[..12].copy_from_slice(format!("{number:012}").as_bytes());
        bytes
    };
    // The generator gives sides by shards, not by trades: each line has an id of its own here.
    let legs = shards.into_iter().flat_map(|shard| shard.legs);
    let trades = legs.enumerate().map(|(place, leg)| TradeLine {
        trade_id: id(place + 1),
        order_sys_id: id(place + 1),
        user: 0,
        time: 1_717_378_200_000_000_000 + place as u64 * 1_000,
        leg,
    });
    let head = Head {
        day: market.day,
        group: "SG01".into(),
        settlement_id: 1,
        stage: Stage::Official,
        epoch: 1,
        last_sequence: 1,
        state_digest: 0,
    };
    DayResult { head, names, trades: trades.collect(), market, settled }
}
