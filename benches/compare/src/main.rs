//! Workload W1 (see `benches/w1.rs`) in one process, by turns: our engine with every check, aggregates, digests and events; our engine
//! with its journal; and the published crates `lobster` and `orderbook-rs`, which match and do nothing else.
//!
//! The comparison is not of equals, and not in our favour: theirs know no accounts, positions, limits, digests or log. Commands are the
//! same and in the same order. Theirs are keyed by the sequence that our engine gave the order. A modification is a cancel and an
//! insert everywhere; an immediate order of `lobster`, which has none with a limit, is a limit order and, if anything remains, a cancel.
//! Afterwards each book's best prices must be ours.
//!
//!     make bench-compare

#[path = "../../common/mod.rs"]
mod common;
#[path = "../../common/workload.rs"]
mod workload;

use engine::types::{Direction, InstrumentIndex};
use lobster::OrderEvent;
use orderbook_rs::{Id, TimeInForce};
use std::time::Instant;
use workload::{Alone, Exchange, FILES, Kind, Operation, Place, Recorded, SEED, Workload};

const RUNS: usize = 3;
const CHUNK: usize = 256;

fn main() {
    let operations = common::number(&[]).unwrap_or(400_000);
    common::print_machine("W1 against published crates", &format!("{SEED:#X}"));
    println!("{operations} operations a file; ns an operation, median of {RUNS} runs by turns");
    println!("books      D |  ours  ours and journal |  lobster  orderbook-rs");
    for file in FILES {
        let workload = Workload::make(file, operations);
        let mut best = Alone::new();
        workload.begin(&mut best);
        let first = best.state.last_sequence().0 - workload.before.len() as u64 + 1;
        workload.timed.iter().for_each(|operation| best.execute(&workload::buffer(operation).command()));
        let mut times = [const { Vec::new() }; 4];
        for _ in 0..RUNS {
            times[0].push(ours(&workload, Alone::new()));
            times[1].push(ours(&workload, Recorded::new(workload.log, Place::Memory)));
            times[2].push(theirs(&workload, first, &best, Lobsters::new(workload.books)));
            times[3].push(theirs(&workload, first, &best, Concurrent::new(workload.books)));
        }
        let [alone, recorded, lobster, concurrent] = times.map(|mut runs| {
            runs.sort_unstable();
            runs[RUNS / 2] as f64 / f64::from(operations)
        });
        println!(
            "{:>5} {:>6} | {alone:>5.0} {recorded:>17.0} | {lobster:>8.0} {concurrent:>13.0}",
            workload.books, workload.depth
        );
    }
    println!("afterwards: {}", common::load_average());
}

/// Nanoseconds of the timed part.
fn ours(workload: &Workload, mut exchange: impl Exchange) -> u64 {
    workload.begin(&mut exchange);
    let mut spent = 0;
    for chunk in workload.timed.chunks(CHUNK) {
        let buffers: Vec<_> = chunk.iter().map(workload::buffer).collect();
        let commands: Vec<_> = buffers.iter().map(|buffer| buffer.command()).collect();
        let begin = Instant::now();
        commands.iter().for_each(|command| exchange.execute(command));
        spent += begin.elapsed().as_nanos() as u64;
    }
    assert_eq!(exchange.digests(), workload.digests, "the same commands give the same state");
    spent
}

/// A matching engine of somebody else's.
trait Matcher {
    fn operation(&mut self, operation: &Operation, id: u64);
    /// Best bid and ask.
    fn best(&self, book: usize) -> [Option<u64>; 2];
}

/// Nanoseconds of the timed part; `first` is the sequence of the first order.
fn theirs(workload: &Workload, first: u64, best: &Alone, mut matcher: impl Matcher) -> u64 {
    let mut id = first;
    for operation in &workload.before {
        matcher.operation(operation, id);
        id += 1;
    }
    let begin = Instant::now();
    for operation in &workload.timed {
        matcher.operation(operation, id);
        id += 1;
    }
    let spent = begin.elapsed().as_nanos() as u64;
    for book in 0..workload.books {
        let ours = [Direction::Buy, Direction::Sell]
            .map(|side| best.state.best(InstrumentIndex(book), side).map(|(price, _)| price.0 as u64));
        assert_eq!(matcher.best(usize::from(book)), ours, "book {book} ends with the same best prices");
    }
    spent
}

struct Lobsters(Vec<lobster::OrderBook>);

impl Lobsters {
    fn new(books: u16) -> Self {
        Lobsters((0..books).map(|_| lobster::OrderBook::default()).collect())
    }
}

impl Matcher for Lobsters {
    #[inline]
    fn operation(&mut self, operation: &Operation, id: u64) {
        let book = &mut self.0[usize::from(operation.instrument)];
        if operation.kind == Kind::Cancel {
            book.execute(lobster::OrderType::Cancel { id: operation.target.into() });
            return;
        }
        let side = if operation.side == Direction::Buy { lobster::Side::Bid } else { lobster::Side::Ask };
        let (qty, price) = (operation.volume.into(), operation.price as u64);
        let event = book.execute(lobster::OrderType::Limit { id: id.into(), side, qty, price });
        if operation.kind == Kind::Immediate && !matches!(event, OrderEvent::Filled { .. }) {
            book.execute(lobster::OrderType::Cancel { id: id.into() });
        }
    }

    fn best(&self, book: usize) -> [Option<u64>; 2] {
        [self.0[book].max_bid(), self.0[book].min_ask()]
    }
}

struct Concurrent(Vec<orderbook_rs::OrderBook<()>>);

impl Concurrent {
    fn new(books: u16) -> Self {
        Concurrent((0..books).map(|book| orderbook_rs::OrderBook::new(&book.to_string())).collect())
    }
}

impl Matcher for Concurrent {
    #[inline]
    fn operation(&mut self, operation: &Operation, id: u64) {
        let book = &self.0[usize::from(operation.instrument)];
        if operation.kind == Kind::Cancel {
            let _ = std::hint::black_box(book.cancel_order(Id::from_u64(operation.target)));
            return;
        }
        let side =
            if operation.side == Direction::Buy { orderbook_rs::Side::Buy } else { orderbook_rs::Side::Sell };
        let stands = if operation.kind == Kind::Immediate { TimeInForce::Ioc } else { TimeInForce::Gtc };
        let (price, volume) = (operation.price as u128, operation.volume.into());
        let _ = std::hint::black_box(book.add_limit_order(Id::from_u64(id), price, volume, side, stands, None));
    }

    fn best(&self, book: usize) -> [Option<u64>; 2] {
        [self.0[book].best_bid(), self.0[book].best_ask()].map(|price| price.map(|price| price as u64))
    }
}
