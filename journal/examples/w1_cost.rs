//! Workload W1 (`benches/w1.rs`) to be counted: one book, its commands built before, so that a profiler that counts instructions sees
//! the exchange alone.
//!
//! ```text
//! cargo build --release -p journal --example w1_cost
//! valgrind --tool=callgrind --toggle-collect='w1_cost::measured' …/examples/w1_cost journal 1000 20000
//! ```
//!
//! The words: `matching`, `checks` (every check, nothing recorded) or `journal` (each frame into a log in memory); resting orders a side;
//! operations. What is collected, divided by the operations, is an operation's.

#[path = "../../benches/common/workload.rs"]
mod workload;

use engine::command::{Command, CommandBuffer};
use std::hint::black_box;
use workload::{Alone, Exchange, Matching, Place, Recorded, Workload, buffer};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, depth, operations] = words.as_slice() else { panic!("matching, checks or journal; depth; operations") };
    let (depth, operations) = (depth.parse().expect("a depth"), operations.parse().expect("operations"));
    let workload = Workload::make((1, depth, if depth < 5_000 { 12.0 } else { 40.0 }), operations);
    match what.as_str() {
        "matching" => {
            let mut matching = Matching::begin(&workload);
            measured(|| matching.run(&workload.timed));
            matching.assert_arrived(&workload);
        }
        "checks" => run(&workload, Alone::new()),
        "journal" => run(&workload, Recorded::new(workload.log, Place::Memory)),
        _ => panic!("{what}: expected matching, checks or journal"),
    }
}

fn run(workload: &Workload, mut exchange: impl Exchange) {
    workload.begin(&mut exchange);
    let buffers: Vec<CommandBuffer> = workload.timed.iter().map(buffer).collect();
    let commands: Vec<Command<'_>> = buffers.iter().map(CommandBuffer::command).collect();
    measured(|| commands.iter().for_each(|command| exchange.execute(command)));
    assert_eq!(exchange.digests(), workload.digests, "the same commands give the same state");
}

/// Everything within is counted.
#[inline(never)]
fn measured<R>(work: impl FnOnce() -> R) -> R {
    black_box(work())
}
