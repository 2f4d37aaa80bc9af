//! T3 in memory: an FTD order packet at the port to its answer packet at the port, everything fused on one thread, recording on.
//!
//! It is the market and the load of `backstop bench` ([`backstop::bench`]), with the dearest flow: every second order trades with
//! the one before. One order at a time (a rate at which each has been answered before the next is due), 250,000 a second,
//! and capacity: eight orders of every member at once, again and again.
//!
//! The clock is the service's own; see [`backstop::bench::clock`]. What the members' side takes is printed beside and is in no
//! figure, but it shares the caches.
//!
//!     cargo bench --bench t3 [-- times-smaller] [closed]
//!
//! `closed` ends behind the closed loop: instructions an order are the difference of two such runs under callgrind.

mod common;

use backstop::bench::flow::Mix;
use backstop::bench::report::{row, thousands};
use backstop::bench::runs::{MemoryMarket, Plan, RateRun, in_memory};
use backstop::bench::service::{STAGES, Shape};
use hw_profiles::Profile;
use indicatif::ProgressBar;

const MEMBERS: u16 = 64;
const ORDERS_A_BURST: u32 = 8;
const SEED: u64 = 1;
/// Orders a second of the closed loop: 500 us apart, so that each is alone, also under a profiler that is fifty times slower.
const ALONE: u64 = 2_000;
/// Orders a second of the open loop.
const OPEN: u64 = 250_000;
/// Only the closed loop.
const CLOSED: &str = "closed";

fn main() {
    // A number makes all of it so many times smaller: for a profiler that counts instructions.
    let smaller = u64::from(common::number(&[CLOSED]).unwrap_or(1));
    let closed_only = common::words().iter().any(|word| word == CLOSED);
    common::print_machine("T3 in memory, one thread, recording on", &SEED.to_string());
    let limits = Profile::load("dev").expect("a built-in profile").limits;
    let shape = Shape::fused_in_memory();
    let plan = Plan { members: MEMBERS, mix: Mix::TRADES, seed: SEED, limits: &limits, stall: None, shape: &shape };
    let bar = ProgressBar::hidden();
    let run = |rate: u64, orders: u64| {
        let run = in_memory(&plan, rate, orders as f64 / rate as f64, &bar).expect("dev has room for it");
        assert!(run.is_clean() && run.rejected == 0, "every order is accepted and answered: {:?}", run.counts);
        run
    };
    print(&format!("closed loop, {MEMBERS} members"), &run(ALONE, 300_000 / smaller));
    if closed_only {
        return;
    }
    print(&format!("open loop at {}/s", thousands(OPEN)), &run(OPEN, 500_000 / smaller));

    let orders = 800_000 / smaller;
    let mut market = MemoryMarket::open(&plan, SEED, OPEN, orders, 0).expect("dev has room for it");
    let (figures, busy_ns) = market.trade_in_bursts(ORDERS_A_BURST, orders);
    assert_eq!((figures.rejected, figures.fault), (0, None));
    println!(
        "capacity, bursts of {ORDERS_A_BURST} orders from each member: {busy_ns:.0} ns an order, {:.2} M orders/s; {}",
        1_000.0 / busy_ns,
        common::load_average()
    );
}

fn print(name: &str, run: &RateRun) {
    println!("{name}: {} orders; us: p50 p90 p95 p99 p99.9 p99.99 max", thousands(run.counts.answered));
    println!("  planned time to answer {}", row(&run.planned_ns));
    println!("  internal               {}", row(&run.internal_ns));
    let stages: Vec<String> =
        STAGES.iter().zip(run.stages).map(|(name, cycles)| format!("{name} {cycles:.0}")).collect();
    println!(
        "  cycles an order: {}; service {:.0} ns an order, members' side {:.0} ns beside it",
        stages.join(" "),
        run.service_ns_per_order,
        run.generator_ns_per_order
    );
}
