//! Between `ingress_frame` and `egress_frame` nothing is allocated: once warm, orders go through a core without one allocation.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod front_support;

use effort::heap::{Counting, allocations};
use front_support::*;
use ftd::tid;
use net::random::Random;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Sends random orders and cancels from every member, and returns how often the core allocated meanwhile.
fn rounds(world: &mut World, members: &[usize], random: &mut Random, rounds: u32) -> u64 {
    let mut spent = 0;
    for _ in 0..rounds {
        for member in members {
            let client = &mut world.clients[*member];
            client.heard.messages.retain(|message| message.tid == tid::ORDER_INSERT);
            let live = client.heard.messages.pop();
            client.heard.messages.clear();
            for _ in 0..3 {
                let side = if random.chance(500_000) { b'0' } else { b'1' };
                let mut order = client.order_field(side, 14_990 + random.below(20) as i64, 1 + random.below(9) as i32);
                if random.chance(100_000) {
                    order.match_condition.set(b'2');
                }
                let bytes = client.request(tid::ORDER_INSERT, &order);
                client.send(&bytes);
            }
            if let Some(live) = live {
                let sys_id = *live.field::<ftd::field::OrderInsertField>().order_sys_id.bytes();
                client.cancel(sys_id);
            }
        }
        world.now = world.now + TICK;
        for client in &mut world.clients {
            client.poll(world.now);
        }
        let before = allocations();
        world.core.poll(world.now);
        spent += allocations() - before;
    }
    spent
}

#[test]
fn once_warm_orders_and_cancels_go_through_without_an_allocation() {
    let clock = || 1;
    let mut world = World::new(Setup { clock: Some(clock), ..Setup::default() });
    let members: Vec<usize> = (0..4).map(|participant| world.join(participant)).collect();
    let mut random = Random::new(1);
    let warming = rounds(&mut world, &members, &mut random, 300);
    let commands = world.core.front().counters().commands;
    let allocations = rounds(&mut world, &members, &mut random, 1_000);
    let counters = world.core.front().counters();
    assert!(counters.commands - commands > 12_000, "{}", counters.commands - commands);
    assert!(counters.answers > 12_000 && counters.private_messages > 12_000);
    assert!(warming > 0, "the counter counts");
    assert_eq!(allocations, 0);
}
