//! A million orders, port to port, with an allocator that aborts the process as soon as a data core allocates, grows or frees anything.
//!
//! Data cores are every thread but this one, and this one while it polls the core. What is in it: 16 members at once, orders that rest,
//! trade, trade in part, are done at once (FAK), are refused by the engine and by the session; cancels; quotes that take the place of
//! the ones before; market data; members that log in again with an earlier resume point and are told hundreds of messages again. What
//! is not: connections that open (a session and its rings are made then), mass cancels, also those for a dialog that ended (the engine
//! sorts what they concern), and the start.
//!
//! It has no harness, whose own thread would allocate when it likes.

#![allow(unsafe_code)]

mod front_support;

use dataplane::stages::LayoutMap;
use dataplane::streams::StreamLimits;
use engine::command::{CommandBuffer, MarketDataTick, MarketMakerSet};
use engine::types::{AccountIndex, ProductIndex};
use front_support::{Setup, TICK, World};
use ftd::field::{InputQuoteField, OrderInsertField};
use ftd::{tid, value::data_flow_flag};
use journal::LogLimits;
use net::random::Random;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

/// Members at once.
const MEMBERS: u16 = 16;
/// Requests that a member sends in a round.
const REQUESTS_A_ROUND: u32 = 8;
/// What a member sends in a round takes less.
const SEND_ROOM: usize = 4 * 1024;
/// Rounds until tables, lists and rings have their size.
const WARM_UP_ROUNDS: u32 = 300;
/// The argument with which this program allocates where it must not.
const PLANTED: &str = "planted";
const WORDS: &str = "a data core went to the heap after the start";

struct Forbidding;

/// The start is over.
static IS_ARMED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// This thread is a member's at the moment.
    static IS_MEMBER: Cell<bool> = const { Cell::new(false) };
}

impl Forbidding {
    fn look(&self) {
        if IS_ARMED.load(Ordering::Relaxed) && !IS_MEMBER.with(Cell::get) {
            // What is allocated to say it is no fault any more.
            IS_ARMED.store(false, Ordering::SeqCst);
            eprintln!("{WORDS}\n{}", std::backtrace::Backtrace::force_capture());
            std::process::abort();
        }
    }
}

// JUSTIFICATION: only an allocator sees every allocation, and implementing one is unsafe.
// SAFETY: every call goes to the system's allocator unchanged, or the process ends; the flags are a plain cell and an atomic.
unsafe impl GlobalAlloc for Forbidding {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.look();
        // SAFETY: the caller's promises about `layout` are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.look();
        // SAFETY: `pointer` came from `alloc` above, that is from the system's allocator, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.look();
        // SAFETY: as in `dealloc`, and the caller's promises about `size` are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Forbidding = Forbidding;

/// What the core does, on this thread.
fn as_data_core<T>(work: impl FnOnce() -> T) -> T {
    IS_MEMBER.with(|is_member| is_member.set(false));
    let done = work();
    IS_MEMBER.with(|is_member| is_member.set(true));
    done
}

fn main() {
    IS_MEMBER.with(|is_member| is_member.set(true));
    if std::env::args().any(|argument| argument == PLANTED) {
        return an_order_that_allocates();
    }
    a_data_core_that_allocates_is_found();
    a_million_orders_go_through_without_touching_the_heap(1, effort::of(1_000_000) as u64);
    a_million_orders_go_through_without_touching_the_heap(2, effort::of(100_000) as u64);
}

fn an_order_that_allocates() {
    IS_ARMED.store(true, Ordering::SeqCst);
    std::hint::black_box(Vec::<u64>::with_capacity(1));
    as_data_core(|| drop(std::hint::black_box(Vec::<u64>::with_capacity(1))));
    println!("nobody noticed");
}

/// The alarm works: it is silent about a member, and ends the process of a core.
fn a_data_core_that_allocates_is_found() {
    let program = std::env::current_exe().expect("this program has a name");
    let output = effort::command(program).arg(PLANTED).output().expect("it can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.starts_with(WORDS) && output.stdout.is_empty(), "{output:?}");
    println!("test a_data_core_that_allocates_is_found ... ok");
}

fn a_million_orders_go_through_without_touching_the_heap(threads: usize, orders: u64) {
    let warm_up = WARM_UP_ROUNDS * u32::from(MEMBERS) * REQUESTS_A_ROUND;
    let commands = (orders as usize + warm_up as usize) * 3 / 2;
    let setup = Setup {
        participants: MEMBERS,
        map: LayoutMap::on(threads).expect("a shape"),
        limits: LogLimits::for_commands(commands),
        local_ids: orders as u32 + 100_000,
        streams: StreamLimits::for_commands(commands as u32),
        clock: Some(|| 1),
        ..Setup::default()
    };
    let mut world = World::new(setup);
    world.network.fill();
    let members: Vec<usize> = (0..MEMBERS).map(|participant| world.join(participant)).collect();
    for account in 0..MEMBERS.into() {
        let maker = MarketMakerSet { account: AccountIndex(account), product: ProductIndex(0), on: 1, reserved: 0 };
        world.command(&maker);
    }
    let mut random = Random::new(1);
    let mut rounds = 0;
    let before = loop {
        let counters = *world.core.front().counters();
        if rounds == WARM_UP_ROUNDS {
            IS_ARMED.store(true, Ordering::SeqCst);
            break counters;
        }
        round(&mut world, &members, &mut random, rounds);
        rounds += 1;
    };
    while world.core.front().counters().commands - before.commands < orders {
        round(&mut world, &members, &mut random, rounds);
        rounds += 1;
    }
    IS_ARMED.store(false, Ordering::SeqCst);
    let counters = world.core.front().counters();
    let logins = counters.logins - before.logins;
    let refused: u64 = counters.refusals.iter().sum::<u64>() - before.refusals.iter().sum::<u64>();
    let private = counters.private_messages - before.private_messages;
    let answers = counters.answers - before.answers;
    let broadcast = counters.broadcast_messages - before.broadcast_messages;
    assert_eq!(world.core.front().halt(), None);
    println!(
        "{threads} threads: {answers} answers, {private} private and {broadcast} broadcast messages, {logins} resumes, {refused} \
         refusals by the session, {rounds} rounds"
    );
    assert!(answers >= orders - 1_000 && private > orders);
    // A twentieth of the orders meets a twentieth of the rest.
    let share = effort::share() as u64;
    assert!(logins * share > 10 && refused > orders / 100 && broadcast * share > 100);
    println!("test a_million_orders_go_through_without_touching_the_heap ... ok");
}

/// Every member sends, the core works, everybody reads.
fn round(world: &mut World, members: &[usize], random: &mut Random, number: u32) {
    for &member in members {
        let private_told = world
            .core
            .front()
            .streams()
            .count(dataplane::streams::Stream::Private(engine::types::ParticipantIndex(member as u16)));
        let client = &mut world.clients[member];
        let live = client.heard.messages.iter().rfind(|message| message.tid == tid::ORDER_INSERT);
        let live = live.map(|message| *message.field::<OrderInsertField>().order_sys_id.bytes());
        client.heard.messages.clear();
        let room = client.host.send_room(client.session.expect("connected"));
        if room < SEND_ROOM {
            // What it sent before waits for the core, or to be sent again: a burst overflowed a port's queue.
            continue;
        }
        for _ in 1..REQUESTS_A_ROUND {
            let side = if random.chance(500_000) { b'0' } else { b'1' };
            // All at one price: what rests is the imbalance of the sides so far, and no order waits for ever behind better ones.
            let mut order = client.order_field(side, 15_000, 1 + random.below(9) as i32);
            match random.below(100) {
                0..10 => order.match_condition.set(b'2'),
                10..13 => order.limit_price.set_units(1).expect("it fits"),
                13..16 => order.user_id.set(b"another").expect("it fits"),
                16..20 => {
                    let bytes = quote(client, &order);
                    client.send(&bytes);
                    continue;
                }
                _ => {}
            }
            let bytes = client.request(tid::ORDER_INSERT, &order);
            client.send(&bytes);
        }
        if let Some(sys_id) = live {
            client.cancel(sys_id);
        }
        if number.is_multiple_of(50) && member == number as usize / 50 % members.len() {
            client.login(data_flow_flag::PRIVATE, Some(private_told.0.saturating_sub(300)), Some(1));
        }
    }
    if number.is_multiple_of(8) {
        let tick = CommandBuffer::own(&MarketDataTick { reserved: 0 });
        as_data_core(|| world.core.front_mut().command(&tick)).expect("the ring has room");
    }
    world.now = world.now + TICK;
    for &member in members {
        world.clients[member].poll(world.now);
    }
    as_data_core(|| {
        world.core.poll(world.now);
        while !world.core.front().is_idle() {
            world.core.front_mut().publish(world.now);
            std::thread::yield_now();
        }
        world.core.front_mut().poll_egress(world.now);
    });
}

/// A quote beside the price of all orders, in place of the one before.
fn quote(client: &mut front_support::Client, order: &OrderInsertField) -> Vec<u8> {
    let mut quote = InputQuoteField::BLANK;
    (quote.participant_id, quote.client_id, quote.user_id) = (order.participant_id, order.client_id, order.user_id);
    (quote.instrument_id, quote.quote_local_id) = (order.instrument_id, order.order_local_id);
    (quote.bid_comb_offset_flag, quote.bid_comb_hedge_flag) = (order.offset_flag, order.hedge_flag);
    (quote.ask_comb_offset_flag, quote.ask_comb_hedge_flag) = (order.offset_flag, order.hedge_flag);
    (quote.bid_volume, quote.ask_volume) = (order.volume_total_orginal, order.volume_total_orginal);
    quote.bid_price.set_units(14_999 * 2_000).expect("it fits");
    quote.ask_price.set_units(15_001 * 2_000).expect("it fits");
    client.request(tid::QUOTE_INSERT, &quote)
}
