//! What the way back costs: a frame taken in by the folds, and each message of an order made from the log.
//!
//! `cargo run --release -p dataplane --example render` prints nanoseconds: the fastest of the rounds (what it
//! costs) and the median (what else the machine did meanwhile).

#[path = "../tests/streams_support/mod.rs"]
mod streams_support;

use dataplane::directory::Directory;
use dataplane::streams::{Stream, StreamIndex, StreamLimits};
use engine::types::StreamNumber;
use journal::LogLimits;
use std::hint::black_box;
use std::time::Instant;
use streams_support::*;

const ORDERS: u32 = 100_000;
const ROUNDS: usize = 25;
/// Frames before the first order: the day, participants, users, accounts, the instrument.
const BASE_DATA: [usize; 5] = [1, 2, 3, 3, 1];

/// Nanoseconds for each of `count` pieces of work; `prepare` is not counted.
fn measure<T>(name: &str, count: u32, mut prepare: impl FnMut() -> T, mut round: impl FnMut(T)) {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let prepared = prepare();
            let start = Instant::now();
            round(prepared);
            start.elapsed().as_nanos() as f64 / f64::from(count)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{name:<50} {:>7.1} ns, median {:>7.1} ns", times[0], times[ROUNDS / 2]);
}

fn main() {
    let mut day = Day::open_with(1, ORDERS * 8, LogLimits { bytes: 256 << 20, frames: 300_000 });
    // Sells rest, buys trade with them: half of the messages are confirmations, half trades.
    for pair in 0..ORDERS / 2 {
        day.time += 1_000;
        day.insert(2, b'1', 15_000 + i64::from(pair % 64), 1, b'3');
        day.insert(0, b'0', 15_000 + i64::from(pair % 64), 1, b'3');
    }
    let frames: Vec<_> = day.reader.frames_from(0).collect();
    let base_data = BASE_DATA.iter().sum::<usize>();
    // From the first order on; what DayOpen sets aside is set aside before.
    let fold = |directory: &mut Directory, streams: &mut StreamIndex, mut offset: u64, count: usize| {
        for frame in day.reader.frames_from(offset).take(count) {
            for part in frame.parts() {
                directory.apply(&part).expect("the log is sound");
                streams.apply_part(offset, &part, &day.reader, directory).expect("the log is sound");
                offset += part.bytes.len() as u64;
            }
        }
        offset
    };
    measure(
        "folds: a frame taken in (order, half trade)",
        ORDERS,
        || {
            let mut directory = Directory::new();
            let mut streams = StreamIndex::new(StreamLimits { messages: ORDERS * 8 });
            let offset = fold(&mut directory, &mut streams, 0, base_data);
            (directory, streams, offset)
        },
        |(mut directory, mut streams, offset)| {
            fold(&mut directory, &mut streams, offset, usize::MAX);
            black_box(streams.count(FIRST));
        },
    );
    let mut buffer = [0; 4_096];
    let renderer = day.renderer();
    // In each stream confirmations have odd numbers and trades even ones: a seller's order rests, then trades.
    for (name, parity) in [("OrderConfirmation, from a log of 100,000 orders", 1), ("TradeInsertSingle, the same", 2)] {
        measure(
            name,
            ORDERS / 2,
            || (),
            |()| {
                for at in 0..ORDERS / 2 {
                    let length =
                        renderer.message(SECOND, StreamNumber(2 * at + parity), &mut buffer).expect("it is there");
                    black_box(&buffer[..length]);
                }
            },
        );
    }
    measure(
        "OrderConfirmation, one and the same",
        ORDERS / 2,
        || (),
        |()| {
            for _ in 0..ORDERS / 2 {
                let length = renderer.message(black_box(SECOND), StreamNumber(1), &mut buffer).expect("it is there");
                black_box(&buffer[..length]);
            }
        },
    );
    let parts: Vec<_> = frames.iter().filter_map(|frame| frame.parts().next()).skip(base_data).collect();
    measure(
        "RspOrderInsert",
        parts.len() as u32,
        || (),
        |()| {
            for part in &parts {
                black_box(renderer.answer(part, &mut buffer).expect("it is an order"));
            }
        },
    );
    assert_eq!(day.count(Stream::Broadcast), 0);
}
