//! Workload W1, one thread. First matching alone (`engine::MatchingAlone`: the engine's books and its table of live orders). Then (a) every
//! check, aggregates, digests and events; (b) the same with each frame written into a log in memory (`journal::Machine::execute`);
//! (c) into a file in the page cache.
//!
//! xorshift64*, seed 0x9E3779B97F4A7C15. Per instrument: D resting orders a side, then N operations; instrument uniform; 45% add,
//! 40% cancel, 10% IOC, 5% modify. Add: side 50/50, price = mid -/+ (1 + Exp(L)) ticks, kept one tick behind the opposite best,
//! volume U[1,100]. Cancel: a uniformly random live order. IOC: side 50/50, limit = opposite best +/- 5 ticks, volume U[1,50].
//! Modify: a random live order is cancelled and entered again (two commands, one operation), half at its price, half at a new one.
//! Mid moves +/-1 with p = 0.02 an operation. Population held in 1.8D..2.2D by swapping add and cancel. Three files: 1 book D = 1k
//! L = 12; 1 book D = 10k L = 40; 200 books D = 1k L = 12.
//!
//! Orders open, for 2,000 aggregates (account, instrument), from 64 users who count their local ids upwards; cancels name the
//! OrderSysId. Commands are built 256 at a time outside of the clock, as the ring would hold them, and looked at ahead as the
//! engine stage does. (a), (b) and (c) take turns, five runs each, and must end with the same digests. The service time of single commands is measured in a sixth run of each, with
//! a reading of the clock in every figure.
//!
//!     cargo bench --bench w1 [-- operations]

mod common;
#[path = "common/workload.rs"]
mod workload;

use engine::COMMANDS_AHEAD;
use engine::command::Command;
use hdrhistogram::Histogram;
use std::time::Instant;
use workload::*;
use zerocopy::IntoBytes;

const CHUNK: usize = 256;
const RUNS: usize = 5;

fn main() {
    let operations = common::number(&[]).unwrap_or(4_000_000);
    common::print_machine("W1", &format!("{SEED:#X}"));
    println!(
        "{operations} operations a file; ns an operation: median of {RUNS} runs, the sum of each chunk's median, of each chunk's \
         least; ns a command, p50 and p99 (reading the clock, {:.0} ns, included)",
        clock_ns()
    );
    println!("books      D  trades | matching alone: runs  chunks   least");
    let workloads = FILES.map(|file| Workload::make(file, operations));
    workloads.iter().for_each(measure_matching);
    println!(
        "                     | every check, aggregates, digests, events | ... and the journal in memory           | ... in the page cache"
    );
    println!("books      D  trades |{}", "  runs  chunks   least |    p50     p99 |".repeat(3));
    workloads.iter().for_each(measure);
    println!("afterwards: {}", common::load_average());
}

/// Runs a workload through matching alone, and prints its line of the table.
fn measure_matching(workload: &Workload) {
    let mut times = Times::new(workload);
    for _ in 0..RUNS {
        let mut matching = Matching::begin(workload);
        for (chunk, times) in workload.timed.chunks(CHUNK).zip(&mut times.chunks) {
            let begin = Instant::now();
            matching.run(chunk);
            times.push(begin.elapsed().as_nanos() as u64);
        }
        matching.assert_arrived(workload);
    }
    let [runs, chunks, least] = times.ns_an_operation(workload.operations);
    println!("{} |                {runs:>5.1}  {chunks:>6.1}  {least:>6.1}", head(workload));
}

/// What a line begins with.
fn head(workload: &Workload) -> String {
    format!("{:>5} {:>6} {:>7}", workload.books, workload.depth, workload.trades)
}

/// Runs a workload by turns without and with the journal, and prints its line of the table.
fn measure(workload: &Workload) {
    let recorded = |place| Recorded::new(workload.log, place);
    let [mut alone, mut memory, mut cached] = [(); 3].map(|()| Times::new(workload));
    for _ in 0..RUNS {
        alone.run(workload, Alone::new());
        memory.run(workload, recorded(Place::Memory));
        cached.run(workload, recorded(Place::PageCache));
    }
    let services = [
        service(workload, Alone::new()),
        service(workload, recorded(Place::Memory)),
        service(workload, recorded(Place::PageCache)),
    ];
    print!("{} |", head(workload));
    for (times, service) in [alone, memory, cached].into_iter().zip(services) {
        let [runs, chunks, least] = times.ns_an_operation(workload.operations);
        let [p50, p99] = [0.5, 0.99].map(|quantile| service.value_at_quantile(quantile));
        print!(" {runs:>5.1}  {chunks:>6.1}  {least:>6.1} | {p50:>6}  {p99:>6} |");
    }
    println!();
}

/// What reading the clock costs, ns: it is part of every single measurement.
fn clock_ns() -> f64 {
    const READINGS: u32 = 100_000;
    let begin = Instant::now();
    for _ in 0..READINGS {
        std::hint::black_box(Instant::now());
    }
    begin.elapsed().as_nanos() as f64 / f64::from(READINGS)
}

/// Executes a burst as the engine stage does: each command is looked at when [`COMMANDS_AHEAD`] others stand before it. `after` is
/// called when a command is done, with its place.
#[inline]
fn run_ahead(exchange: &mut impl Exchange, commands: &[Command<'_>], mut after: impl FnMut(usize)) {
    let looks = exchange.looks_ahead();
    if looks {
        commands.iter().take(COMMANDS_AHEAD).for_each(|command| exchange.look_ahead(command));
    }
    for (place, command) in commands.iter().enumerate() {
        if looks && let Some(later) = commands.get(place + COMMANDS_AHEAD) {
            exchange.look_ahead(later);
        }
        exchange.execute(command);
        after(place);
    }
}

/// Commands that wait, in memory that is kept: mapping and clearing pages would empty the caches before every chunk.
#[derive(Default)]
struct Batch {
    words: Vec<u64>,
    /// Words of each.
    lengths: Vec<usize>,
}

impl Batch {
    fn fill(&mut self, chunk: &[Operation]) {
        self.words.clear();
        self.lengths.clear();
        for operation in chunk {
            let command = buffer(operation);
            let words = command.bytes().chunks_exact(8).map(|word| *word.first_chunk().expect("8 bytes"));
            self.words.extend(words.map(u64::from_le_bytes));
            self.lengths.push(command.bytes().len() / 8);
        }
    }

    fn commands(&self) -> Vec<Command<'_>> {
        let mut rest = self.words.as_slice();
        let next = |&length: &usize| {
            let (command, others) = rest.split_at(length);
            rest = others;
            Command::read(command.as_bytes()).expect("it was written as a command")
        };
        self.lengths.iter().map(next).collect()
    }
}

/// Nanoseconds of the timed chunks, run by run.
struct Times {
    chunks: Vec<Vec<u64>>,
}

impl Times {
    fn new(workload: &Workload) -> Self {
        Times { chunks: vec![Vec::with_capacity(RUNS); workload.timed.len().div_ceil(CHUNK)] }
    }

    fn run(&mut self, workload: &Workload, mut exchange: impl Exchange) {
        workload.begin(&mut exchange);
        let mut batch = Batch::default();
        for (chunk, times) in workload.timed.chunks(CHUNK).zip(&mut self.chunks) {
            batch.fill(chunk);
            let commands = batch.commands();
            let begin = Instant::now();
            run_ahead(&mut exchange, &commands, |_| ());
            times.push(begin.elapsed().as_nanos() as u64);
        }
        assert_eq!(exchange.digests(), workload.digests, "the same commands give the same state");
    }

    /// The median run; and, since a busy machine takes its time from single chunks, what the chunks' medians and minima add up to.
    fn ns_an_operation(mut self, operations: u32) -> [f64; 3] {
        let mut runs: Vec<u64> = (0..RUNS).map(|run| self.chunks.iter().map(|times| times[run]).sum()).collect();
        runs.sort_unstable();
        self.chunks.iter_mut().for_each(|times| times.sort_unstable());
        let sum = |at: usize| self.chunks.iter().map(|times| times[at]).sum::<u64>();
        [runs[RUNS / 2], sum(RUNS / 2), sum(0)].map(|total| total as f64 / f64::from(operations))
    }
}

/// Nanoseconds of single commands.
fn service(workload: &Workload, mut exchange: impl Exchange) -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(1, 10_000_000_000, 3).expect("bounds in order");
    workload.begin(&mut exchange);
    let mut batch = Batch::default();
    for chunk in workload.timed.chunks(CHUNK) {
        batch.fill(chunk);
        let commands = batch.commands();
        let mut times = [0; CHUNK];
        let mut begin = Instant::now();
        run_ahead(&mut exchange, &commands, |place| {
            let end = Instant::now();
            times[place] = (end - begin).as_nanos() as u64;
            begin = end;
        });
        for time in &times[..commands.len()] {
            histogram.saturating_record((*time).max(1));
        }
    }
    assert_eq!(exchange.digests(), workload.digests, "the same commands give the same state");
    histogram
}
