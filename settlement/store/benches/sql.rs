//! The batch beside the same rules as set-based SQL in PostgreSQL, on the same machine and day.
//!
//!     cargo bench -p settlement-store --bench sql [-- SHARE [STORE]]
//!
//! SHARE: one so-manieth of the market day (10 by default). Both begin with all data in place (memory; tables with keys and statistics) and end
//! with all figures in place (memory; tables); loading is not timed. The server is this machine's own, with its memory and cores
//! (`tests/set_based`, SETTINGS). Figures are compared afterwards, code by code. STORE: also saves the day, in SQLite and in the server.

#[path = "../../benches/generated/mod.rs"]
mod generated;
#[path = "../tests/server/mod.rs"]
mod server;
#[path = "../tests/set_based/mod.rs"]
mod set_based;

use generated::{CODES, TRADES};
use settlement::batch::{Progress, settle};
use settlement::result::{DayResult, Head, MemberName, Names};
use std::time::Instant;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let share = words.iter().find_map(|word| word.parse::<u32>().ok()).unwrap_or(10).max(1);
    let Some(server) = server::start("settlement as SQL", &set_based::SETTINGS) else { return };
    let (codes, trades) = (CODES / share, TRADES / u64::from(share));
    let market = generated::market(codes);
    let shards = generated::shards(&market, codes, trades);
    let legs: usize = shards.iter().map(|shard| shard.legs.len()).sum();
    let mut times = Vec::new();
    let mut settled = None;
    let before = on_cores("self", OWN);
    for _ in 0..3 {
        let began = Instant::now();
        settled = Some(settle(&market, &shards, &Progress::default()).expect("it settles"));
        times.push(began.elapsed().as_secs_f64());
    }
    let ours_on_cores = (on_cores("self", OWN) - before) / 3.0;
    let settled = settled.expect("three times");
    let ours = times.iter().copied().fold(f64::INFINITY, f64::min);
    println!("{codes} codes, {} rows, {trades} trades; load average {}", settled.rows.len(), load());
    println!("batch on {} threads: {times:.2?} s, {:.1} M legs/s", rayon_threads(), legs as f64 / ours / 1e6);
    let mut client = postgres::Client::connect(&server.url(), postgres::NoTls).expect("it answers");
    let began = Instant::now();
    set_based::load(&mut client, &market, &generated::fee_rules(), &shards);
    println!("PostgreSQL loads its tables in {:.1} s (not counted)", began.elapsed().as_secs_f64());
    // The server's first process has collected the time of those that ended (parallel workers); ours still runs.
    let backend: i32 = client.query_one("SELECT pg_backend_pid()", &[]).expect("it answers").get(0);
    let spent = || on_cores(&backend.to_string(), OWN) + on_cores(&server.id().to_string(), COLLECTED);
    let before = spent();
    let steps = set_based::settle(&mut client);
    let theirs_on_cores = spent() - before;
    let theirs: f64 = steps.iter().map(|(_, seconds)| seconds).sum();
    println!("SQL: {theirs:.2} s, by step {steps:.2?}");
    let equal = set_based::compare(&mut client, &settled, false);
    println!(
        "{equal} figures are equal; the batch takes 1/{:.1} of SQL's time; load average {}",
        theirs / ours,
        load()
    );
    let shorter = theirs_on_cores / ours_on_cores;
    println!("on the cores, whatever else runs: {ours_on_cores:.2} s and {theirs_on_cores:.2} s, 1/{shorter:.1}");
    drop(client);
    if !words.iter().any(|word| word == "STORE") {
        return;
    }
    let names = |letter: char, count: usize| (0..count).map(|place| format!("{letter}{place:09}")).collect();
    let member = |place: usize| MemberName { id: format!("{place:04}"), short: format!("{place:04}") };
    let result = DayResult {
        head: Head { day: market.day, group: "SG01".into(), settlement_id: 1, ..Head::default() },
        names: Names {
            instruments: names('I', market.instruments.len()),
            products: names('P', market.products.len()),
            members: (0..market.members.len()).map(member).collect(),
            accounts: names('C', market.accounts.len()),
            ..Names::default()
        },
        trades: Vec::new(),
        market,
        settled,
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sqlite = folder.path().join("settlement.sqlite");
    for (name, url) in [("SQLite", sqlite.to_str().expect("a text").to_owned()), ("PostgreSQL", server.url())] {
        if name == "PostgreSQL" {
            // The tables of the rules above have some of the store's names.
            let mut client = postgres::Client::connect(&server.url(), postgres::NoTls).expect("it answers");
            client.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").expect("it is emptied");
        }
        let mut store = settlement_store::open(&url).expect("it opens");
        let began = Instant::now();
        store.save(&result).expect("it is saved");
        let saved = began.elapsed();
        let began = Instant::now();
        store.read(result.head.day, 1).expect("it is read");
        println!("{name}: saved in {saved:.1?}, read and checked in {:.1?}", began.elapsed());
    }
}

/// Fields of /proc/PID/stat behind the name: user and system time of the process itself, and of children that ended.
const OWN: usize = 11;
const COLLECTED: usize = 13;

/// Seconds on the cores, in the kernel's hundredths.
fn on_cores(process: &str, first: usize) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<f64> =
        text.rsplit(')').next().unwrap_or("").split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect();
    fields.iter().skip(first).take(2).sum::<f64>() / 100.0
}

fn rayon_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}
