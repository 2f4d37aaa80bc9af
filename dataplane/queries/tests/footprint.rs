//! The memory that a profile reckons for answering queries, against what the fold really asks for.
#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait; it is in this test only")]
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod common;

use common::front_support::{START, Setup};
use dataplane::queries::join;
use dataplane::stages::Beside;
use engine::command::{AccountDefine, CommandBuffer, OrderInsert};
use engine::types::*;
use hw_profiles::{QUERIED_ORDER, QUERIED_POSITION};
use queries::{QueryStage, Settings};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

static HELD: AtomicU64 = AtomicU64::new(0);

struct Counting;

// JUSTIFICATION: there is no safe way to see how much memory is held.
// SAFETY: every call goes to the system's allocator as it came; counting touches no memory of the caller's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size() as u64, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size() as u64, Ordering::Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        HELD.fetch_add(size as u64, Ordering::Relaxed);
        HELD.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Orders of the day: a power of two, so that what a list has set aside is what it holds.
const ORDERS: u32 = 1 << 15;
/// Clients, each with a position in one instrument.
const CLIENTS: u32 = 1 << 9;

// One test: the counter is the process's.
#[test]
fn a_days_orders_trades_and_positions_take_no_more_than_a_profile_reckons_and_not_much_less() {
    let setup = Setup { participants: 1, ..Setup::default() };
    let mut machine = machine_of(&setup);
    let (_inquirers, answerer) = join(0, 1);
    let mut stage = QueryStage::new(machine.reader().clone(), answerer, Settings::default());
    while stage.poll() > 0 {}
    for number in 0..ORDERS {
        // Each trades with the one before it, so that each client buys and sells, and a trade ends two orders.
        let order = OrderInsert {
            local_id: *format!("{number:024}").as_bytes().first_chunk().unwrap(),
            message_reference: *b"REF   ",
            direction: b'0' + (number % 2) as u8,
            offset: b'0',
            hedge: b'1',
            order_type: b'0',
            match_condition: b'3',
            match_session: b'3',
            instrument: InstrumentIndex(0),
            flags: 0,
            price: RawPrice(15_000 * 2_000),
            account: AccountIndex(number / 2 % CLIENTS),
            volume: Volume(1),
            minimal_volume: Volume(1),
            reserved: 0,
        };
        let command = CommandBuffer::new(0, number, UserIndex(0), &order);
        let executed = machine.execute(&command.command(), Nanoseconds(START.nanos() + 1)).unwrap();
        assert_eq!(executed.rejected, None, "{number}");
    }
    let before = HELD.load(Ordering::Relaxed);
    while stage.poll() > 0 {}
    let held = HELD.load(Ordering::Relaxed) - before;
    assert_eq!(stage.counters().mismatches, 0);
    let reckoned = u64::from(ORDERS) * QUERIED_ORDER + u64::from(CLIENTS) * QUERIED_POSITION;
    println!("{held} bytes held, {reckoned} reckoned");
    assert!(held <= reckoned, "{held} bytes held, {reckoned} reckoned");
    assert!(held >= reckoned / 2, "{held} bytes held, {reckoned} reckoned");
}

/// A machine with so many clients: the small market's own day has room for a hundred.
fn machine_of(setup: &Setup) -> journal::Machine {
    let mut commands = common::front_support::base_data(setup);
    let mut day = *match commands[0].command().body {
        engine::command::BodyView::DayOpen(day) => day,
        _ => unreachable!("it opens the day"),
    };
    (day.accounts, day.live_orders) = (CLIENTS, 1 << 12);
    commands[0] = CommandBuffer::own(&day);
    for index in 1..CLIENTS {
        commands.push(CommandBuffer::own(&AccountDefine {
            index: AccountIndex(index),
            participant: ParticipantIndex(0),
            right: b'0',
            client_type: b'0',
            client_number: ClientNumber(index),
            reserved: 0,
            client_id: *format!("C{index:07}").as_bytes().first_chunk().unwrap(),
        }));
    }
    let log = journal::Log::in_memory(setup.limits).unwrap();
    let mut machine = journal::Machine::new(log, common::front_support::identity(setup.opened_by));
    for command in &commands {
        let executed = machine.execute(&command.command(), Nanoseconds(START.nanos())).unwrap();
        assert_eq!(executed.rejected, None);
    }
    machine
}
