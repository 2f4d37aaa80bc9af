//! A market day through the batch: 300 members, 1,000,000 trading codes, 5,000,000 positions, 20,000,000 trades, 828 instruments.
//!
//!     cargo bench -p settlement --bench market_day [-- SHARE]
//!
//! SHARE: one so-manieth of codes, positions and trades (1 by default). Input stands in memory before the clock starts and figures stand there
//! when it stops; nothing is stored. The greatest memory of the process is the kernel's word (VmHWM), and so is the time that its threads had on
//! cores: on a machine that others use as well it says more than the clock on the wall.

mod generated;

use generated::{CODES, INSTRUMENTS, MEMBERS, TRADES, core_seconds};
use settlement::batch::{Progress, settle};
use std::time::Instant;

fn main() {
    let share = std::env::args().skip(1).find_map(|argument| argument.parse::<u32>().ok()).unwrap_or(1).max(1);
    let (codes, trades) = (CODES / share, TRADES / u64::from(share));
    let began = Instant::now();
    let market = generated::market(codes);
    let shards = generated::shards(&market, codes, trades);
    let made = began.elapsed();
    let rows: usize = shards.iter().map(|shard| shard.carried.len()).sum();
    let legs: usize = shards.iter().map(|shard| shard.legs.len()).sum();
    println!(
        "{MEMBERS} members, {codes} codes, {rows} positions, {} trades, {INSTRUMENTS} instruments; made in {made:.1?}",
        legs / 2
    );
    let (began, on_cores) = (Instant::now(), core_seconds());
    let settled = settle(&market, &shards, &Progress::default()).unwrap_or_else(|failed| panic!("{failed}"));
    let (took, on_cores) = (began.elapsed(), core_seconds() - on_cores);
    let profit: i128 = settled.accounts.iter().map(|(_, figures)| i128::from(figures.profit.0)).sum();
    let fees: i128 =
        settled.accounts.iter().map(|(_, figures)| i128::from(figures.fees.total().expect("it fits").0)).sum();
    assert_eq!(profit, 0, "what one gains another loses");
    println!(
        "rules on {} threads: {took:.2?}, {:.1} M legs/s; {on_cores:.2} s on cores, {:.1} M legs a second of a core; {} rows, {} accounts; fees {} yuan; most memory {} MiB",
        rayon::current_num_threads(),
        legs as f64 / took.as_secs_f64() / 1e6,
        legs as f64 / on_cores.max(0.01) / 1e6,
        settled.rows.len(),
        settled.accounts.len(),
        fees / 10_000,
        most_memory() / 1024,
    );
}

/// Greatest resident memory so far, KiB; 0 where the kernel does not say.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
