//! What an order costs while 0, 1, 100 or 1,000 connections hear the broadcast stream, counted in instructions: from its bytes in the transport to
//! its answers there, through front, engine and log. The number of subscribers does not touch it. Beside it what a tick costs, which renders its
//! messages once and hands each subscriber the same bytes.
//!
//! The program runs itself under `valgrind --tool=callgrind` as `instructions.rs` does; without valgrind nothing is counted, and that is said.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod front_support;

use dataplane::front::Front;
use dataplane::stages::EngineStage;
use engine::command::{CommandBuffer, MarketDataTick};
use front_support::START;
use front_support::bare::{Wire, bare, order};
use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::time::Duration;

const MEMBERS: u32 = 16;
/// Orders before any is counted.
const WARM_UP: u32 = 600;
const ORDERS: u32 = 1_000;
/// A tick comes after so many orders.
const TICK_AFTER: u32 = 50;
const TICKS: u32 = ORDERS / TICK_AFTER;
const SUBSCRIBERS: [u32; 4] = [0, 1, 100, 1_000];
/// How much more an order may take beside the most subscribers, in thousandths.
const TOLERANCE_PER_MILLE: u64 = 10;
/// Names what is counted, and beside how many subscribers, to a run under valgrind.
const COUNTED: &str = "BACKSTOP_COUNT_SUBSCRIBERS";

/// Everything within is counted.
#[inline(never)]
fn measured<R>(work: impl FnOnce() -> R) -> R {
    black_box(work())
}

/// The day: orders, and ticks between them; one of both is counted.
fn run(subscribers: u32, counts_ticks: bool) {
    let commands = 2 * (ORDERS + WARM_UP) + 1_000;
    let connections = MEMBERS + subscribers;
    let members = (0..MEMBERS).flat_map(|place| [(place, place as u16, b'0'), (place, place as u16, b'1')]);
    let hear = (MEMBERS..connections).map(|place| (place, (place % MEMBERS) as u16, b'2'));
    let (mut front, mut stage) = bare(MEMBERS as u16, connections, commands, members.chain(hear));
    let mut now = START;
    for turn in 0..WARM_UP + ORDERS {
        let is_counted = turn >= WARM_UP;
        front.host_mut().arrived = vec![(turn % MEMBERS, order(turn, MEMBERS))];
        now = now + Duration::from_micros(1);
        let one_order = |front: &mut Front<Wire>, stage: &mut EngineStage| {
            front.poll_ingress(now);
            stage.poll();
            front.publish(now);
            front.poll_egress(now);
        };
        if is_counted && !counts_ticks {
            measured(|| one_order(&mut front, &mut stage));
        } else {
            one_order(&mut front, &mut stage);
        }
        if turn % TICK_AFTER == TICK_AFTER - 1 {
            front.host_mut().arrived.clear();
            front.command(&CommandBuffer::own(&MarketDataTick { reserved: 0 })).unwrap();
            let one_tick = |front: &mut Front<Wire>, stage: &mut EngineStage| {
                front.poll_ingress(now);
                stage.poll();
                front.publish(now);
                front.poll_egress(now);
            };
            if is_counted && counts_ticks {
                measured(|| one_tick(&mut front, &mut stage));
            } else {
                one_tick(&mut front, &mut stage);
            }
        }
    }
    assert!(front.halt().is_none() && stage.counters().rejected == 0);
    let (counters, host) = (front.counters(), front.host());
    assert_eq!(counters.answers, u64::from(WARM_UP + ORDERS), "every order is answered");
    let heard: Vec<u64> = host.bytes[MEMBERS as usize..].to_vec();
    assert!(heard.iter().all(|bytes| *bytes == heard[0] && *bytes > 10_000), "everybody heard the same, and all of it");
    let told = front.streams().count(dataplane::streams::Stream::Broadcast).0;
    assert_eq!(counters.broadcast_messages, u64::from(told) * u64::from(subscribers));
    assert_eq!(
        counters.broadcast_rendered,
        if subscribers == 0 { 0 } else { u64::from(told) },
        "each is rendered once"
    );
}

/// Instructions of one order, or of one tick, beside so many subscribers.
fn count(subscribers: u32, counts_ticks: bool) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*measured*"])
        .arg(std::env::current_exe().unwrap())
        .env(COUNTED, format!("{subscribers} {counts_ticks}"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{subscribers} subscribers under valgrind: {text}");
    let total = text.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, total)| total.trim());
    let total: u64 = total.and_then(|total| total.parse().ok()).unwrap_or_else(|| panic!("{text}"));
    total / u64::from(if counts_ticks { TICKS } else { ORDERS })
}

fn main() -> ExitCode {
    if let Ok(asked) = std::env::var(COUNTED) {
        let (subscribers, counts_ticks) = asked.split_once(' ').unwrap();
        run(subscribers.parse().unwrap(), counts_ticks == "true");
        return ExitCode::SUCCESS;
    }
    // The checks within hold without valgrind too.
    for subscribers in SUBSCRIBERS {
        run(subscribers, false);
    }
    let found = Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found || !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        println!("SKIPPED: instructions were not counted: valgrind is not installed, or this is not x86-64 Linux");
        return ExitCode::SUCCESS;
    }
    an_order_costs_the_same_beside_any_number_of_subscribers()
}

fn an_order_costs_the_same_beside_any_number_of_subscribers() -> ExitCode {
    println!("subscribers  instructions an order  a tick");
    let counted = SUBSCRIBERS.map(|subscribers| {
        let (of_order, of_tick) = (count(subscribers, false), count(subscribers, true));
        println!("{subscribers:>11}  {of_order:>21}  {of_tick:>6}");
        (of_order, of_tick)
    });
    let alone = counted[0].0;
    let rises = counted.iter().any(|(of_order, _)| of_order * 1_000 > alone * (1_000 + TOLERANCE_PER_MILLE));
    // The count can tell: a tick's work does grow with who hears it.
    let tells = counted[3].1 > counted[0].1 + 900 * 50;
    if rises || !tells {
        println!("an order costs more beside more subscribers, or the count cannot tell");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
