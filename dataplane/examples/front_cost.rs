//! What a front costs without TCP: an order's bytes handed to it, and its answers' bytes taken, by a transport that does nothing else.
//!
//! Every second order rests, the next one trades with it, from 64 members in turn, one order a round. The stages are functions of
//! their own, so that a profiler that counts instructions tells them apart:
//!
//! ```text
//! cargo build --release -p dataplane --example front_cost
//! valgrind --tool=callgrind --toggle-collect='front_cost::ingress' …/examples/front_cost 10000
//! ```
//!
//! `ingress`, `engine`, `publish` and `egress` can be asked for; what is collected, divided by the orders, is an order's. The base
//! data and logins go through functions of their own and are not in it.

#[path = "../tests/front_support/mod.rs"]
mod front_support;

use dataplane::front::Front;
use dataplane::stages::EngineStage;
use front_support::START;
use front_support::bare::{Wire, bare, order};
use net::Instant;
use std::time::Duration;

const MEMBERS: u32 = 64;
/// Orders that are not counted: tables and caches become warm.
const WARM_UP: u32 = 1_000;

#[inline(never)]
fn ingress(front: &mut Front<Wire>, now: Instant) {
    front.poll_ingress(now);
}

#[inline(never)]
fn engine(engine: &mut EngineStage) {
    engine.poll();
}

#[inline(never)]
fn publish(front: &mut Front<Wire>, now: Instant) {
    front.publish(now);
}

#[inline(never)]
fn egress(front: &mut Front<Wire>, now: Instant) {
    front.poll_egress(now);
}

fn main() {
    let orders: u32 = std::env::args().nth(1).map_or(10_000, |text| text.parse().expect("a number of orders"));
    let commands = orders + WARM_UP + 1_000;
    let logins = (0..MEMBERS).flat_map(|place| (*b"012").map(|flag| (place, place as u16, flag)));
    let (mut front, mut stage) = bare(MEMBERS as u16, MEMBERS, commands, logins);
    let mut now = START;
    for turn in 0..WARM_UP + orders {
        let arrived = &mut front.host_mut().arrived;
        arrived.clear();
        arrived.push((turn % MEMBERS, order(turn, MEMBERS)));
        now = now + Duration::from_micros(1);
        if turn < WARM_UP {
            front.poll_ingress(now);
            stage.poll();
            front.publish(now);
            front.poll_egress(now);
        } else {
            ingress(&mut front, now);
            engine(&mut stage);
            publish(&mut front, now);
            egress(&mut front, now);
        }
    }
    let (counters, host) = (front.counters(), front.host());
    assert_eq!((front.halt(), stage.counters().rejected), (None, 0));
    assert_eq!(counters.answers, u64::from(WARM_UP + orders), "every order is answered");
    println!(
        "{orders} orders: {:.2} messages, {:.2} sends, {:.0} bytes out an order",
        (counters.answers + counters.private_messages) as f64 / f64::from(WARM_UP + orders),
        host.sends as f64 / f64::from(WARM_UP + orders),
        host.bytes.iter().sum::<u64>() as f64 / f64::from(WARM_UP + orders),
    );
}
