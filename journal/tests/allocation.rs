//! Executing, reading and adopting members' orders and cancels allocate nothing, as long as the primary decides what we
//! would: a day's commands under a counting allocator, its first half to warm up. (A frame that differs, if only in its
//! texts, is validated, and a mass command makes lists of orders; these may.)
#![allow(clippy::unwrap_used)]

mod common;

use common::market::{Exchange, LIMITS, PRIMARY};
use effort::heap::{Counting, allocations};
use engine::command::{CommandBuffer, CommandKind};
use engine::types::Nanoseconds;
use journal::{FeedBuffer, FeedItem, Log, Machine};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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
            let before = allocations();
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
                count += allocations() - before;
            }
        }
        assert!(read >= commands.len());
        count
    };
    run(&commands[..4000]);
    assert_eq!(run(&commands[4000..]), 0);
    assert_eq!(follower.state().digests(), primary.machine.state().digests());
    assert!(allocations() > 0, "the allocator counts");
}
