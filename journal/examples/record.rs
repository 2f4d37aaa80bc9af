//! What recording costs: `cargo run --release -p journal --example record`.
//!
//! Frames of an order that rests (224 bytes) and of one that trades once (304), appended to memory and to a file in the
//! page cache, both touched ahead; read back; and a journal scanned as recovery does.

use engine::Digests;
use engine::command::{CommandBuffer, DayOpen, OrderInsert};
use engine::event::{Accepted, Applied, Event, Traded};
use engine::types::{Epoch, Nanoseconds, Sequence, Stamp, UserIndex};
use journal::{Durability, FrameToWrite, Log, LogLimits, LogReader, scan};
use std::hint::black_box;
use std::time::Instant;
use zerocopy::FromZeros;

const FRAMES: u64 = 1_000_000;
const ROUNDS: usize = 5;

fn main() {
    let limits = LogLimits { bytes: FRAMES as usize * 320, frames: FRAMES as usize };
    let folder = tempfile::tempdir().expect("a folder for the journal");
    for (name, events) in [("rests, 224 bytes", &traded()[..1]), ("trades, 304 bytes", &traded()[..])] {
        let mut memory = Vec::new();
        let mut file = Vec::new();
        let mut read = Vec::new();
        let mut recovered = Vec::new();
        for round in 0..ROUNDS {
            let mut log = Log::in_memory(limits).expect("memory for the log");
            memory.push(fill(&mut log, events));
            read.push(read_back(&log.reader()));
            let path = folder.path().join(format!("{round}.journal"));
            let mut log = Log::create(&path, limits, Durability::Async).expect("a journal");
            file.push(fill(&mut log, events));
            recovered.push(scan_back(&log.reader()));
            drop(log);
            std::fs::remove_file(path).expect("it was there");
        }
        println!("{name}: ns a frame, median of {ROUNDS}");
        for (what, times) in [("append, memory", memory), ("append, file", file), ("read", read), ("scan", recovered)] {
            println!("  {what:<16}{:>7.1}", median(times));
        }
    }
}

fn traded() -> [Event; 2] {
    [Accepted { private_number: engine::types::StreamNumber(1), ..Accepted::zero() }.into(), Traded::zero().into()]
}

fn fill(log: &mut Log, events: &[Event]) -> f64 {
    let mut day = DayOpen::new_zeroed();
    day.epoch = Epoch(1);
    let day = CommandBuffer::own(&day);
    let order = CommandBuffer::new(1, 1, UserIndex(1), &OrderInsert::new_zeroed());
    log.touch_ahead(usize::MAX);
    let begin = Instant::now();
    for sequence in 1..=FRAMES {
        let first = [Event::from(Applied::zero())];
        let (command, events) = if sequence == 1 { (day.bytes(), &first[..]) } else { (order.bytes(), events) };
        let stamp = Stamp { epoch: Epoch(1), sequence: Sequence(sequence), time: Nanoseconds(sequence) };
        let digests = Digests { state: sequence, local_ids: sequence };
        let frame = FrameToWrite { stamp, digests, data_center: 1, command, events };
        log.append(black_box(&frame)).expect("there is room");
    }
    begin.elapsed().as_nanos() as f64 / FRAMES as f64
}

fn read_back(reader: &LogReader) -> f64 {
    let begin = Instant::now();
    let mut sum = 0;
    for frame in reader.frames_from(0) {
        sum += frame.stamp().sequence.0 + frame.events().count() as u64;
    }
    black_box(sum);
    begin.elapsed().as_nanos() as f64 / FRAMES as f64
}

fn scan_back(reader: &LogReader) -> f64 {
    let bytes = reader.bytes_from(0).expect("it has frames");
    let begin = Instant::now();
    let found = scan(bytes, None).expect("it was just written");
    assert_eq!(found.offsets.len() as u64, FRAMES);
    begin.elapsed().as_nanos() as f64 / FRAMES as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
