//! Executing, reading and adopting members' orders and cancels allocate nothing, as long as the primary decides what we
//! would: a day's commands under a counting allocator, its first half to warm up. (A frame that differs, if only in its
//! texts, is validated, and a mass command makes lists of orders; these may.)
#![allow(clippy::unwrap_used)]
#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait; it is in this test only")]

mod common;

use common::market::{Exchange, LIMITS, PRIMARY};
use engine::command::{CommandBuffer, CommandKind};
use engine::types::Nanoseconds;
use journal::{FeedBuffer, FeedItem, Log, Machine};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

struct Counting;

// JUSTIFICATION: there is no safe way to see allocations.
// SAFETY: every call goes to the system's allocator as it came; counting touches no memory of the caller's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn executing_reading_and_adopting_allocate_nothing() {
    let mut primary = Exchange::open(PRIMARY);
    let mut commands: Vec<CommandBuffer> = Vec::with_capacity(8000);
    let mut scratch = Exchange::open(PRIMARY);
    for _ in 0..8000 {
        let command = scratch.next_command();
        scratch.send(&command);
        commands.push(command);
    }
    let mut follower = Machine::new(Log::in_memory(LIMITS).unwrap(), PRIMARY);
    let mut feed = FeedBuffer::new(1 << 20);
    let reader = primary.machine.reader().clone();
    let mut sent = 0;
    let mut run = |commands: &[CommandBuffer]| {
        let (mut count, mut read) = (0, 0);
        for command in commands {
            let before = ALLOCATIONS.load(Ordering::Relaxed);
            primary.now += 1000;
            primary.machine.execute(&command.command(), Nanoseconds(primary.now)).unwrap();
            let bytes = reader.bytes_from(sent).unwrap();
            assert_eq!(feed.push(bytes), bytes.len());
            sent += bytes.len() as u64;
            while let Some(item) = feed.next().unwrap() {
                let FeedItem::Frame(frame) = item else { panic!("nobody beats") };
                read += frame.events().count();
                follower.adopt(&frame).unwrap();
            }
            if matches!(command.command().body.kind(), CommandKind::OrderInsert | CommandKind::OrderCancel) {
                count += ALLOCATIONS.load(Ordering::Relaxed) - before;
            }
        }
        assert!(read >= commands.len());
        count
    };
    run(&commands[..4000]);
    assert_eq!(run(&commands[4000..]), 0);
    assert_eq!(follower.state().digests(), primary.machine.state().digests());
    assert!(ALLOCATIONS.load(Ordering::Relaxed) > 0, "the allocator counts");
}
