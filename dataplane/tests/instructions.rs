//! What an operation costs, counted in instructions, which no noise of the machine can move.
//!
//! The program runs itself once an operation under `valgrind --tool=callgrind`, which counts only what stands within [`measured`], and
//! compares with `tests/instructions.toml`: more than 3 % away, in either direction, is a failure. Slower is a fault; faster is good news
//! that belongs into the file. `UPDATE=1 cargo test --release -p dataplane --test instructions` writes the file anew.
//!
//! Without valgrind, in an unoptimised build, or on another machine than x86-64 nothing is counted, and that is said loudly.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod streams_support;

use dataplane::render::MESSAGE_SIZE_MAX;
use dataplane::ring::ring;
use engine::command::{Body, CommandBuffer, MassCancel, MassScope};
use engine::types::{Nanoseconds, StreamNumber, UserIndex};
use ftd::field::OrderInsertField;
use ftd::package::ReqOrderInsert;
use ftd::{MessageWriter, Next, SequenceNumber, Series, next_message, tid};
use journal::{CompleteFrame, CompleteNext, FrameToWrite, write_frame};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};
use streams_support::*;

/// Times that an operation is counted; the figures are the mean.
const TIMES: u64 = 1_000;
/// How far a figure may lie from the file's, in thousandths.
const TOLERANCE_PER_MILLE: u64 = 30;
/// Names the operation to a run under valgrind.
const OPERATION: &str = "BACKSTOP_COUNT_OPERATION";

/// The operations: name, what it is, and what runs it.
const OPERATIONS: [(&str, &str, fn()); 11] = [
    ("insert", "Machine::execute of an order that rests", insert),
    ("cancel", "Machine::execute of a cancel by OrderSysId", cancel),
    ("trade", "Machine::execute of an immediate order that trades fully with one that rests", trade),
    ("disconnect", "Machine::execute of a MassCancel of a user without orders while 12,000 rest", disconnect),
    ("frame_write", "write_frame of an insert with one event, its CRC included", frame_write),
    ("frame_read", "CompleteFrame::read of the same, its CRC checked", frame_read),
    ("ring_hop", "one insert through the ring within a thread", ring_hop),
    ("parse", "FTD bytes to the numbers of an order", parse),
    ("publish", "Directory and StreamIndex take in an insert's frame", publish),
    ("render_private", "OrderConfirmation from the log", render_private),
    ("render_answer", "RspOrderInsert from the log", render_answer),
];

/// Everything within is counted.
#[inline(never)]
fn measured<R>(work: impl FnOnce() -> R) -> R {
    black_box(work())
}

fn main() -> ExitCode {
    if let Ok(name) = std::env::var(OPERATION) {
        return match OPERATIONS.iter().find(|(operation, ..)| *operation == name) {
            Some((.., run)) => {
                run();
                ExitCode::SUCCESS
            }
            None if name == "planted" => {
                planted();
                ExitCode::SUCCESS
            }
            None => ExitCode::FAILURE,
        };
    }
    if let Some(why) = not_here() {
        println!("SKIPPED: instructions were not counted: {why}");
        return ExitCode::SUCCESS;
    }
    every_operation_takes_the_instructions_of_the_file()
}

/// Why nothing can be counted here.
fn not_here() -> Option<&'static str> {
    if cfg!(debug_assertions) {
        return Some("this build is not optimised, `cargo test --release` is");
    }
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) || cfg!(target_feature = "avx2") {
        return Some("the figures are of x86-64 Linux without flags for a newer processor");
    }
    let found = Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success());
    if found { None } else { Some("valgrind is not installed") }
}

fn every_operation_takes_the_instructions_of_the_file() -> ExitCode {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/instructions.toml");
    let counted: Vec<(&str, &str, u64)> = OPERATIONS.iter().map(|&(name, what, _)| (name, what, count(name))).collect();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, text_of(&counted)).unwrap();
        println!("wrote tests/instructions.toml");
        return ExitCode::SUCCESS;
    }
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let expected = read(&text);
    let mut faults: Vec<String> =
        counted.iter().filter_map(|&(name, _, found)| judge(name, expected.get(name).copied(), found).err()).collect();
    if expected.len() != counted.len() {
        faults.push("tests/instructions.toml names other operations than there are".to_owned());
    }
    // The gate can fail: a ring hop that does a tenth of its work twice is caught.
    let planted = count("planted");
    if judge("ring_hop", expected.get("ring_hop").copied(), planted).is_ok() {
        faults.push(format!("a planted slowness of the ring hop was not noticed: {planted} instructions"));
    }
    for fault in &faults {
        println!("{fault}");
    }
    println!("{} operations counted, {} faults", counted.len(), faults.len());
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether a figure is the file's.
fn judge(name: &str, expected: Option<u64>, found: u64) -> Result<(), String> {
    let Some(expected) = expected else {
        return Err(format!("{name}: {found} instructions, and tests/instructions.toml does not name it"));
    };
    if found.abs_diff(expected) * 1_000 <= expected * TOLERANCE_PER_MILLE {
        return Ok(());
    }
    let verdict = if found > expected { "slower" } else { "faster: write it down" };
    Err(format!("{name}: {found} instructions, expected {expected} +-3 % ({verdict}; UPDATE=1 writes the file)"))
}

/// Instructions of one operation, counted by a run of this program under valgrind.
fn count(operation: &str) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*measured*"])
        .arg(std::env::current_exe().unwrap())
        .env(OPERATION, operation)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{operation} under valgrind: {text}");
    let total = text.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, total)| total.trim());
    let total: u64 = total.and_then(|total| total.parse().ok()).unwrap_or_else(|| panic!("{operation}: {text}"));
    assert!(total > TIMES, "{operation}: something was counted");
    total / TIMES
}

fn text_of(counted: &[(&str, &str, u64)]) -> String {
    let mut text =
        "# Instructions of one operation, mean of 1,000, as callgrind counts them in the release build on x86-64.\n\
                    # dataplane/tests/instructions.rs holds them to 3 %; UPDATE=1 writes this file anew.\n"
            .to_owned();
    for (name, what, instructions) in counted {
        writeln!(text, "{name} = {instructions} # {what}").unwrap();
    }
    text
}

fn read(text: &str) -> BTreeMap<&str, u64> {
    let entries = text.lines().filter_map(|line| line.split('#').next()?.split_once('='));
    entries.map(|(name, number)| (name.trim(), number.trim().parse().expect("a number of instructions"))).collect()
}

fn command<B: Body>(user: u16, body: &B) -> CommandBuffer {
    CommandBuffer::new(3, 77, UserIndex(user), body)
}

/// A day with some orders on both sides, before anything is counted.
fn day() -> Day {
    let mut day = Day::open(1);
    for step in 0..400 {
        day.insert(0, b'0', 17_499 - step % 100, 5, b'3');
        day.insert(2, b'1', 17_600 + step % 100, 5, b'3');
    }
    day
}

/// Buys that rest.
fn buys(day: &mut Day) -> Vec<CommandBuffer> {
    (0..TIMES).map(|step| command(0, &day.order(0, b'0', 17_400 + (step % 100) as i64, 5, b'3'))).collect()
}

/// Executes and counts commands that all make so many events.
fn execute(day: &mut Day, commands: &[CommandBuffer], events: usize) {
    for buffer in commands {
        let command = buffer.command();
        let time = Nanoseconds(day.time);
        let executed = measured(|| day.machine.execute(&command, time));
        assert!(executed.unwrap().rejected.is_none() && day.machine.decided().len() == events);
    }
}

fn insert() {
    let mut day = day();
    let buys = buys(&mut day);
    execute(&mut day, &buys, 1);
}

fn cancel() {
    let mut day = day();
    let cancels: Vec<CommandBuffer> = (0..TIMES)
        .map(|step| {
            let did = day.insert(0, b'0', 17_400 + (step % 100) as i64, 5, b'3');
            command(0, &streams_support::cancel(system_id(did), 1))
        })
        .collect();
    execute(&mut day, &cancels, 1);
}

fn trade() {
    let mut day = day();
    let takers: Vec<CommandBuffer> = (0..TIMES)
        .map(|step| {
            day.insert(2, b'1', 17_500 + (step % 100) as i64, 5, b'3');
            command(0, &day.order(0, b'0', 17_599, 5, b'2'))
        })
        .collect();
    // Accepted, Traded, Ended.
    execute(&mut day, &takers, 3);
}

fn disconnect() {
    let mut day = day();
    for step in 0..11_200 {
        day.insert(0, b'0', 17_400 + step % 100, 5, b'3');
    }
    let mass = MassCancel { scope: MassScope::User as u8, cause: 1, reserved: [0; 2], index: 1 };
    let masses: Vec<CommandBuffer> = (0..TIMES).map(|_| CommandBuffer::own(&mass)).collect();
    // Applied.
    execute(&mut day, &masses, 1);
}

fn frame_write() {
    let mut day = day();
    let did = day.insert(0, b'0', 17_499, 5, b'3');
    let (reader, mut buffer) = (day.reader.clone(), [0u64; 64]);
    let frame = reader.frame_at(did.offset).unwrap();
    let part = frame.parts().next().unwrap();
    let again = FrameToWrite {
        stamp: frame.stamp(),
        digests: frame.digests(),
        data_center: frame.data_center(),
        command: frame.command().bytes,
        events: part.events,
    };
    let bytes = zerocopy::IntoBytes::as_mut_bytes(&mut buffer);
    for _ in 0..TIMES {
        let length = measured(|| write_frame(black_box(&mut *bytes), black_box(&again)));
        assert_eq!(length, frame.bytes().len());
    }
    assert_eq!(&bytes[..frame.bytes().len()], frame.bytes());
}

fn frame_read() {
    let mut day = day();
    let did = day.insert(0, b'0', 17_499, 5, b'3');
    let frame = day.frame(did);
    for _ in 0..TIMES {
        let read = measured(|| CompleteFrame::read(black_box(frame.bytes()), 0));
        assert!(matches!(read, Ok(CompleteNext::Frame(_))));
    }
}

fn ring_hop() {
    hop(|_| 1);
}

/// Every tenth hop is done twice.
fn planted() {
    hop(|step| if step % 10 == 0 { 2 } else { 1 });
}

fn hop(hops: impl Fn(u64) -> u32) {
    let (mut sender, mut receiver) = ring(64 * 1024);
    let order = command(0, &Day::open(1).order(0, b'0', 17_499, 5, b'3'));
    let bytes = order.bytes();
    for step in 0..TIMES {
        for _ in 0..hops(step) {
            let same = measured(|| {
                let mut slot = sender.reserve(bytes.len()).unwrap();
                slot.copy_from_slice(bytes);
                slot.commit(Nanoseconds(7));
                sender.publish();
                let record = receiver.next_record().unwrap();
                let same = record.time == Nanoseconds(7) && record.bytes.len() == bytes.len();
                receiver.release();
                same
            });
            assert!(same);
        }
    }
}

fn parse() {
    let mut order = OrderInsertField::BLANK;
    order.order_local_id.set_zero_filled(7, 12).unwrap();
    order.limit_price.set_units(17_501 * 2_000).unwrap();
    order.volume_total_orginal.set(5);
    let mut buffer = [0; 2_048];
    let mut message = MessageWriter::new(&mut buffer, tid::ORDER_INSERT, Series::DIALOG, SequenceNumber(1)).unwrap();
    message.push_copy(&order).unwrap();
    let length = message.finish();
    for _ in 0..TIMES {
        let numbers = measured(|| {
            let Ok(Next::Message { message, .. }) = next_message(black_box(&buffer[..length])) else { return None };
            let order = ReqOrderInsert::parse(&message).ok()?.order_insert;
            Some((order.limit_price.units().ok()?, order.volume_total_orginal.get()))
        });
        assert_eq!(numbers, Some((17_501 * 2_000, 5)));
    }
}

fn publish() {
    let mut day = day();
    for buffer in buys(&mut day) {
        day.machine.execute(&buffer.command(), Nanoseconds(day.time)).unwrap();
        measured(|| day.follow());
    }
}

fn render_private() {
    let mut day = day();
    let from = day.count(FIRST);
    for _ in 0..TIMES {
        day.insert(0, b'0', 17_450, 5, b'3');
    }
    let mut buffer = [0; MESSAGE_SIZE_MAX];
    for number in 1..=TIMES as u32 {
        let renderer = day.renderer();
        let length = measured(|| renderer.message(FIRST, StreamNumber(from + number), &mut buffer));
        assert!(length.unwrap() > 100);
    }
}

fn render_answer() {
    let mut day = day();
    let mut buffer = [0; MESSAGE_SIZE_MAX];
    for _ in 0..TIMES {
        let did = day.insert(0, b'0', 17_450, 5, b'3');
        let frame = day.frame(did);
        let part = frame.parts().next().unwrap();
        let renderer = day.renderer();
        let length = measured(|| renderer.answer(&part, &mut buffer));
        assert!(length.unwrap().is_some());
    }
}
