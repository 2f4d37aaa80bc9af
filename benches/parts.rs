//! The parts of an order's way, each alone and warm: what a microscope sees, not what a day costs (that is W1, T2, T3). The same parts
//! are counted in instructions by `dataplane/tests/instructions.rs`.
//!
//!     cargo bench --bench parts

#![allow(clippy::unwrap_used, reason = "a bench that panics has failed")]

mod common;
#[path = "../dataplane/tests/streams_support/mod.rs"]
mod streams_support;

use dataplane::render::MESSAGE_SIZE_MAX;
use dataplane::ring::ring;
use divan::{Bencher, black_box};
use engine::command::{Command, CommandBuffer};
use engine::types::{Nanoseconds, StreamNumber, UserIndex};
use ftd::field::OrderInsertField;
use ftd::package::ReqOrderInsert;
use ftd::{MessageWriter, Next, SequenceNumber, Series, next_message, tid};
use journal::{CompleteFrame, FrameToWrite, LogLimits, write_frame};
use std::cell::RefCell;
use streams_support::{Day, Did, FIRST, system_id};
use zerocopy::IntoBytes;

fn main() {
    common::print_machine("parts", "none: no part is random");
    divan::main();
}

/// A day with some orders on both sides, and room for so many more.
fn day() -> Day {
    let mut day = Day::open_with(1, 1 << 16, LogLimits { bytes: 2 << 30, frames: 4_000_000 });
    for step in 0..400 {
        day.insert(0, b'0', 17_499 - step % 100, 5, b'3');
        day.insert(2, b'1', 17_600 + step % 100, 5, b'3');
    }
    day.machine.touch_state();
    day
}

fn order(day: &mut Day) -> CommandBuffer {
    CommandBuffer::new(3, 77, UserIndex(0), &day.order(0, b'0', 17_450, 5, b'3'))
}

/// Every check lets it pass, the order rests, its frame is in the log.
#[divan::bench(sample_count = 100, sample_size = 100)]
fn insert(bencher: Bencher<'_, '_>) {
    let day = RefCell::new(day());
    bencher.with_inputs(|| order(&mut day.borrow_mut())).bench_local_refs(|insert| {
        let day = &mut *day.borrow_mut();
        day.machine.execute(&insert.command(), Nanoseconds(day.time)).unwrap().offset
    });
}

/// A cancel by OrderSysId, its frame in the log.
#[divan::bench(sample_count = 100, sample_size = 100)]
fn cancel(bencher: Bencher<'_, '_>) {
    let day = RefCell::new(day());
    let input = || {
        let day = &mut *day.borrow_mut();
        let insert = order(day);
        let executed = day.machine.execute(&insert.command(), Nanoseconds(day.time)).unwrap();
        let did = Did { offset: executed.offset, sequence: executed.stamp.sequence };
        CommandBuffer::new(3, 78, UserIndex(0), &streams_support::cancel(system_id(did), 1))
    };
    bencher.with_inputs(input).bench_local_refs(|cancel| {
        let day = &mut *day.borrow_mut();
        day.machine.execute(&cancel.command(), Nanoseconds(day.time)).unwrap().offset
    });
}

/// The checks alone, and the events they lead to; nothing is changed.
#[divan::bench]
fn decide(bencher: Bencher<'_, '_>) {
    let mut day = day();
    let insert = order(&mut day);
    let (state, mut draft) = (day.machine.state(), engine::Draft::new(engine::IdStyle { prefix: b'B' }));
    let stamp = engine::types::Stamp {
        epoch: state.epoch(),
        sequence: engine::types::Sequence(state.last_sequence().0 + 1),
        time: state.time(),
    };
    bencher.bench_local(|| {
        engine::decide(state, stamp, black_box(&insert.command()), &mut draft);
        draft.events().len()
    });
}

/// Both digests made anew from 800 orders: what keeping them up as the state evolves saves.
#[divan::bench]
fn digests_anew(bencher: Bencher<'_, '_>) {
    let day = day();
    bencher.bench_local(|| day.machine.state().recompute_digests());
}

/// A frame of one event, its CRC included.
#[divan::bench]
fn frame_write(bencher: Bencher<'_, '_>) {
    let mut day = day();
    let did = day.insert(0, b'0', 17_499, 5, b'3');
    let (frame, mut buffer) = (day.frame(did), [0u64; 64]);
    let part = frame.parts().next().unwrap();
    let again = FrameToWrite {
        stamp: frame.stamp(),
        digests: frame.digests(),
        data_center: frame.data_center(),
        command: frame.command().bytes,
        events: part.events,
    };
    bencher.bench_local(|| write_frame(black_box(buffer.as_mut_bytes()), black_box(&again)));
}

/// The same, read and its CRC checked.
#[divan::bench]
fn frame_read(bencher: Bencher<'_, '_>) {
    let mut day = day();
    let did = day.insert(0, b'0', 17_499, 5, b'3');
    let frame = day.frame(did);
    bencher.bench_local(|| CompleteFrame::read(black_box(frame.bytes()), 0).is_ok());
}

/// One insert through the ring, both ends on this thread.
#[divan::bench]
fn ring_hop(bencher: Bencher<'_, '_>) {
    let (mut sender, mut receiver) = ring(64 * 1024);
    let insert = order(&mut Day::open(1));
    let bytes = insert.bytes();
    bencher.bench_local(|| {
        let mut slot = sender.reserve(bytes.len()).unwrap();
        slot.copy_from_slice(bytes);
        slot.commit(Nanoseconds(7));
        sender.publish();
        let length = Command::read(receiver.next_record().unwrap().bytes).unwrap().bytes.len();
        receiver.release();
        length
    });
}

/// FTD bytes to the numbers of an order.
#[divan::bench]
fn parse(bencher: Bencher<'_, '_>) {
    let mut order = OrderInsertField::BLANK;
    order.limit_price.set_units(17_501 * 2_000).unwrap();
    order.volume_total_orginal.set(5);
    let mut buffer = [0; 2_048];
    let mut message = MessageWriter::new(&mut buffer, tid::ORDER_INSERT, Series::DIALOG, SequenceNumber(1)).unwrap();
    message.push_copy(&order).unwrap();
    let length = message.finish();
    bencher.bench_local(|| {
        let Ok(Next::Message { message, .. }) = next_message(black_box(&buffer[..length])) else { return None };
        let order = ReqOrderInsert::parse(&message).ok()?.order_insert;
        Some((order.limit_price.units().ok()?, order.volume_total_orginal.get()))
    });
}

/// OrderConfirmation from the log.
#[divan::bench]
fn render(bencher: Bencher<'_, '_>) {
    let day = day();
    let (renderer, mut buffer) = (day.renderer(), [0; MESSAGE_SIZE_MAX]);
    bencher.bench_local(|| renderer.message(FIRST, black_box(StreamNumber(1)), &mut buffer).is_ok());
}
