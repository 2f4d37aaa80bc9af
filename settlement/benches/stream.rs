//! The stream over a generated market day: how many trades a second it takes, and how old figures are at 500,000 trades/s.
//!
//!     cargo bench -p settlement --bench stream [-- SHARE [WORKERS]]
//!
//! SHARE: one so-manieth of codes and positions (1 by default: 1,000,000 codes); WORKERS: threads (2 by default). Every trade moves its
//! instrument's price, once a round, and with it everybody who holds it.
//! First as fast as it goes, in rounds of 100,000 trades: a round ends when everybody's figures are those after it. Then at 500,000 trades/s:
//! each round takes what has come since the one before, and a trade's age is the time from its arrival to the end of its round. Seconds that the
//! process's threads were on cores are the kernel's word: on a machine that others use as well they say more than the clock on the wall.

mod generated;

use generated::{CODES, INSTRUMENTS, TRADES, core_seconds};
use settlement::live::Update;
use settlement::row::Leg;
use settlement::stream::{Changed, Stream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use timely::worker::Worker;

const RATE: u64 = 500_000;
const ROUND: usize = 100_000;
const SECONDS: u64 = 8;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|word| word.parse::<u32>().ok());
    let share = numbers.next().unwrap_or(1).max(1);
    let workers = numbers.next().unwrap_or(2).max(1) as usize;
    let codes = CODES / share;
    let market = generated::market(codes);
    let wanted = (RATE * (SECONDS + 4)).min(TRADES);
    let shards = Arc::new(generated::shards(&market, codes, wanted));
    println!("{codes} codes, {} positions, {INSTRUMENTS} instruments, {workers} workers", 5 * codes);
    let guards = timely::execute(timely::Config::process(workers), move |worker| {
        let mut alarms = 0u64;
        let tell = move |_, changed| {
            if let Changed::Alarm(alarm) = changed {
                alarms += 1;
                assert!(alarms < 1, "{alarm:?}");
            }
        };
        let mut stream = Stream::build(worker, market.clone(), tell);
        if worker.index() == 0 {
            let mut day = Day { stream: &mut stream, worker, prices: vec![None; usize::from(INSTRUMENTS)] };
            for shard in shards.iter() {
                shard.carried.iter().for_each(|&(key, long, short)| day.stream.give(Update::Carried(key, long, short)));
            }
            let began = Instant::now();
            day.end_round();
            println!("positions of the day before: {:.2?}", began.elapsed());
            let longest = shards.iter().map(|shard| shard.legs.len()).max().unwrap_or(0);
            let mut legs = (0..longest).flat_map(|place| shards.iter().filter_map(move |shard| shard.legs.get(place)));
            as_fast_as_it_goes(&mut day, &mut legs);
            in_time(&mut day, &mut legs);
        }
        stream.end();
        while !stream.is_done() {
            worker.step_or_park(Some(Duration::from_millis(1)));
        }
    });
    for outcome in guards.expect("workers start").join() {
        outcome.expect("no panic");
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("VmHWM: unknown");
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("{}; load average {}", most.replace('\t', " "), load.split(' ').next().unwrap_or("unknown"));
}

struct Day<'a> {
    stream: &'a mut Stream,
    worker: &'a mut Worker,
    /// Last prices of a round.
    prices: Vec<Option<Update>>,
}

impl Day<'_> {
    fn give(&mut self, leg: &Leg) {
        self.stream.give(Update::Leg(*leg));
        let underlying = settlement::Price(40_005_000);
        self.prices[usize::from(leg.row.instrument.0)] = Some(Update::Price(leg.row.instrument, leg.price, underlying));
    }

    fn end_round(&mut self) {
        for price in &mut self.prices {
            if let Some(price) = price.take() {
                self.stream.give(price);
            }
        }
        self.stream.end_round();
        while !self.stream.is_done() {
            self.worker.step();
        }
    }
}

fn as_fast_as_it_goes<'a>(day: &mut Day<'_>, legs: &mut impl Iterator<Item = &'a Leg>) {
    let (rounds, began, on_cores) = (RATE as usize * 2 / ROUND, Instant::now(), core_seconds());
    let mut longest = Duration::ZERO;
    for _ in 0..rounds {
        let round = Instant::now();
        legs.by_ref().take(2 * ROUND).for_each(|leg| day.give(leg));
        day.end_round();
        longest = longest.max(round.elapsed());
    }
    let took = began.elapsed();
    let rate = (rounds * ROUND) as f64 / took.as_secs_f64();
    let on_cores = (core_seconds() - on_cores) * 1e6 / (rounds * ROUND) as f64;
    println!(
        "as fast as it goes: {rate:.0} trades/s; a round {:.0?}, at most {longest:.0?}; {on_cores:.2} us of a core a trade",
        took / rounds as u32
    );
}

fn in_time<'a>(day: &mut Day<'_>, legs: &mut impl Iterator<Item = &'a Leg>) {
    let (began, on_cores, mut given) = (Instant::now(), core_seconds(), 0u64);
    let mut rounds = 0;
    let mut ages: Vec<u32> = Vec::new();
    let arrival = |trade: u64| Duration::from_nanos(trade * (1_000_000_000 / RATE));
    while given < RATE * SECONDS {
        let due = (began.elapsed().as_nanos() as u64 * RATE / 1_000_000_000).min(RATE * SECONDS);
        if due == given {
            continue;
        }
        legs.by_ref().take(2 * (due - given) as usize).for_each(|leg| day.give(leg));
        day.end_round();
        let now = began.elapsed();
        ages.extend((given..due).map(|trade| now.saturating_sub(arrival(trade)).as_micros() as u32));
        (given, rounds) = (due, rounds + 1);
    }
    let kept_up = given as f64 / began.elapsed().as_secs_f64();
    let on_cores = (core_seconds() - on_cores) / began.elapsed().as_secs_f64();
    ages.sort_unstable();
    let at = |per_mille: usize| f64::from(ages[(ages.len() - 1) * per_mille / 1_000]) / 1_000.0;
    println!(
        "at {RATE} trades/s: took {kept_up:.0}/s; age of figures p50 {:.0} ms, p99 {:.0} ms, most {:.0} ms; {rounds} rounds; {on_cores:.2} s on cores a second",
        at(500),
        at(990),
        at(1_000)
    );
}
