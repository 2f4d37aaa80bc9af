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

const FRAMES: u64 = 500_000;
/// Frames that are timed together: short enough that most of them meet no other process.
const CHUNK: usize = 1000;

fn main() {
    let limits = LogLimits { bytes: FRAMES as usize * 320, frames: FRAMES as usize };
    let folder = tempfile::tempdir().expect("a folder for the journal");
    let path = folder.path().join("record.journal");
    println!("ns a frame, median over chunks of {CHUNK} of {FRAMES}");
    for (name, events) in [("rests, 224 bytes", &traded()[..1]), ("trades, 304 bytes", &traded()[..])] {
        let mut log = Log::in_memory(limits).expect("memory for the log");
        println!("{name}: append to memory {:>6.1}", fill(&mut log, events));
        let mut log = Log::create(&path, limits, Durability::Async).expect("a journal");
        println!("{name}: append to a file {:>6.1}", fill(&mut log, events));
        println!("{name}: read             {:>6.1}", read_back(&log.reader()));
        println!("{name}: recovery's scan  {:>6.1}", scan_back(&log.reader()));
        drop(log);
        std::fs::remove_file(&path).expect("it was there");
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
    let mut clock = Chunks::new();
    for sequence in 1..=FRAMES {
        let first = [Event::from(Applied::zero())];
        let (command, events) = if sequence == 1 { (day.bytes(), &first[..]) } else { (order.bytes(), events) };
        let stamp = Stamp { epoch: Epoch(1), sequence: Sequence(sequence), time: Nanoseconds(sequence) };
        let digests = Digests { state: sequence, local_ids: sequence };
        let frame = FrameToWrite { stamp, digests, data_center: 1, command, events };
        log.append(black_box(&frame)).expect("there is room");
        clock.count();
    }
    clock.median()
}

fn read_back(reader: &LogReader) -> f64 {
    let mut clock = Chunks::new();
    for frame in reader.frames_from(0) {
        black_box(frame.stamp().sequence.0 + frame.events().count() as u64);
        clock.count();
    }
    clock.median()
}

fn scan_back(reader: &LogReader) -> f64 {
    let bytes = reader.bytes_from(0).expect("it has frames");
    let mut times = Vec::new();
    for _ in 0..5 {
        let begin = Instant::now();
        let found = scan(bytes, None).expect("it was just written");
        assert_eq!(found.offsets.len() as u64, FRAMES);
        times.push(begin.elapsed().as_nanos() as f64 / FRAMES as f64);
    }
    times.into_iter().fold(f64::MAX, f64::min)
}

/// Times of chunks.
struct Chunks {
    begin: Instant,
    count: usize,
    times: Vec<f64>,
}

impl Chunks {
    fn new() -> Self {
        Chunks { begin: Instant::now(), count: 0, times: Vec::new() }
    }

    fn count(&mut self) {
        self.count += 1;
        if self.count == CHUNK {
            let now = Instant::now();
            self.times.push((now - self.begin).as_nanos() as f64 / CHUNK as f64);
            (self.begin, self.count) = (now, 0);
        }
    }

    fn median(mut self) -> f64 {
        self.times.sort_by(f64::total_cmp);
        self.times[self.times.len() / 2]
    }
}
