//! Workload T2 (exchange-core's table): commands come at a constant rate on one core, the engine is on the other, behind the command
//! ring; and the same ring with nobody but an echo behind it, beside it in the same run.
//!
//! One instrument, 1,000 users, 2,000 accounts, about 1,000 live orders; 9% GTC, 3% IOC, 6% cancel, 82% move of one tick towards the
//! last trade (a cancel and an insert: the market has no move); volume 1 + U6 x U6 x U6. Every check, aggregates, digests, events and a
//! log in memory. Open loop: latency is the moment at which the frame of an operation's last command was seen in the log, minus the
//! moment at which the operation was to be sent, whatever came in between. Rates double from 125,000 operations a second until the
//! median passes 10 ms.
//!
//!     cargo bench --bench t2 [-- operations]

mod common;
#[path = "common/workload.rs"]
mod workload;

use dataplane::ring::{RingReceiver, ring};
use engine::command::*;
use engine::event::EventView;
use engine::types::*;
use hdrhistogram::Histogram;
use journal::LogLimits;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use workload::{Exchange, Market, Operation, Place, Random, Recorded, SEED};

/// The first rate, operations a second.
const FIRST_RATE: u64 = 125_000;
/// A rate whose median is beyond this is the last.
const MEDIAN_LIMIT_NS: u64 = 10_000_000;
/// No rate is higher: 128 million a second.
const RATES: u32 = 11;
/// Live orders that the workload comes back to, and how far it may go from there.
const LIVE: u32 = 1_000;
const LIVE_RANGE: u32 = 100;
const MARKET: Market =
    Market { books: 1, live_orders: 4_096, aggregates: 2_000, users: 1_000, participants: 50, maximum_volume: 1_000 };
/// Two threads, with fewer cores than threads wait by turns.
const SPINS_BEFORE_YIELD: u32 = 1_000;

fn main() {
    let operations = common::number(&[]).unwrap_or(3_000_000);
    common::print_machine("T2, two threads", &format!("{SEED:#X}"));
    let script = Script::make(operations);
    println!(
        "{operations} operations, {} commands, {} trades; latency in us from the planned moment",
        script.commands.len(),
        script.trades
    );
    println!("     rate | what          |      p50      p90      p95      p99    p99.9   p99.99      max | reached");
    let mut rate = FIRST_RATE;
    for _ in 0..RATES {
        let empty = script.run(rate, Echo);
        print_row(rate, "an empty ring", &empty);
        let engine = script.run(rate, Engine::new(&script));
        print_row(rate, "the engine", &engine);
        if engine.0.value_at_quantile(0.5) > MEDIAN_LIMIT_NS {
            break;
        }
        rate *= 2;
    }
    println!("afterwards: {}", common::load_average());
}

fn print_row(rate: u64, what: &str, (latency, reached): &(Histogram<u64>, f64)) {
    print!("{rate:>9} | {what:<13} |");
    for quantile in [0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0] {
        print!(" {:>8.2}", latency.value_at_quantile(quantile) as f64 / 1_000.0);
    }
    println!(" | {reached:>9.0}/s");
}

/// The commands in the order in which they are sent.
struct Script {
    before: Vec<Operation>,
    commands: Vec<Operation>,
    /// How many commands there are up to the end of each operation.
    ends: Vec<u32>,
    inserts: u32,
    trades: u64,
}

/// What stands behind the ring.
trait Behind: Send {
    /// Takes one command.
    fn take(&mut self, command: &Command<'_>);
}

/// Nothing.
struct Echo;

impl Behind for Echo {
    #[inline]
    fn take(&mut self, command: &Command<'_>) {
        std::hint::black_box(command.bytes.len());
    }
}

/// The engine, with its log.
struct Engine(Recorded);

impl Engine {
    fn new(script: &Script) -> Self {
        let commands = script.before.len() + script.commands.len() + 10_000;
        let mut exchange = Recorded::new(LogLimits::for_commands(commands), Place::Memory);
        workload::open_day(&mut exchange, &MARKET, script.inserts);
        script.before.iter().for_each(|operation| exchange.execute(&workload::buffer(operation).command()));
        Engine(exchange)
    }
}

impl Behind for Engine {
    #[inline]
    fn take(&mut self, command: &Command<'_>) {
        self.0.execute(command);
    }
}

impl Script {
    /// Makes the workload by running it: what rests is the engine's to say.
    fn make(operations: u32) -> Self {
        let inserts = operations + 100_000;
        let mut maker = Maker {
            exchange: workload::Alone::new(),
            random: Random(SEED),
            live: vec![],
            next_id: vec![0; usize::from(MARKET.users)],
            made: vec![],
            last: workload::TICKS / 2,
            trades: 0,
        };
        workload::open_day(&mut maker.exchange, &MARKET, inserts);
        while maker.exchange.state.live_orders() < LIVE {
            maker.insert(b'3');
        }
        let before = std::mem::take(&mut maker.made);
        let mut ends = Vec::with_capacity(operations as usize);
        for _ in 0..operations {
            maker.operation();
            ends.push(maker.made.len() as u32);
        }
        Script { before, commands: maker.made, ends, inserts, trades: maker.trades }
    }

    /// Sends everything at a rate. Gives the latencies, and how many operations were answered a second.
    fn run(&self, rate: u64, mut behind: impl Behind) -> (Histogram<u64>, f64) {
        let (mut sender, receiver) = ring(dataplane::ring::RING_BYTES);
        let (taken, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        let mut latency = Histogram::new_with_bounds(1, 100_000_000_000, 3).expect("bounds in order");
        let begin = std::thread::scope(|scope| {
            let (taken, stop) = (&taken, &stop);
            scope.spawn(move || serve(receiver, &mut behind, taken, stop));
            let begin = Instant::now() + Duration::from_millis(5);
            let planned = |operation: usize| operation as u64 * 1_000_000_000 / rate;
            let (mut sent, mut ended, mut answered) = (0usize, 0usize, 0usize);
            while answered < self.ends.len() {
                let now = Instant::now().saturating_duration_since(begin).as_nanos() as u64;
                // Whole operations whose moment has come, as far as the ring has room.
                while ended < self.ends.len() && planned(ended) <= now {
                    let operation = &self.commands[sent];
                    let command = workload::buffer(operation);
                    let Some(mut slot) = sender.reserve(command.bytes().len()) else { break };
                    slot.copy_from_slice(command.bytes());
                    slot.commit(Nanoseconds(0));
                    sent += 1;
                    ended += usize::from(self.ends[ended] as usize == sent);
                }
                sender.publish();
                let seen = taken.load(Ordering::Acquire);
                if self.ends.get(answered).is_some_and(|&end| u64::from(end) <= seen) {
                    let now = Instant::now().saturating_duration_since(begin).as_nanos() as u64;
                    while self.ends.get(answered).is_some_and(|&end| u64::from(end) <= seen) {
                        latency.saturating_record(now.saturating_sub(planned(answered)).max(1));
                        answered += 1;
                    }
                }
            }
            stop.store(true, Ordering::Release);
            begin
        });
        (latency, self.ends.len() as f64 / begin.elapsed().as_secs_f64())
    }
}

/// The other thread: takes commands until it is told to stop, and says how many it took.
fn serve(mut receiver: RingReceiver, behind: &mut impl Behind, taken: &AtomicU64, stop: &AtomicBool) {
    let (mut count, mut idle) = (0, 0);
    while !stop.load(Ordering::Acquire) {
        let Some(record) = receiver.next_record() else {
            receiver.release();
            idle += 1;
            if idle % SPINS_BEFORE_YIELD == 0 {
                std::thread::yield_now();
            }
            std::hint::spin_loop();
            continue;
        };
        behind.take(&Command::read(record.bytes).expect("only commands are sent"));
        count += 1;
        taken.store(count, Ordering::Release);
        receiver.release();
    }
}

struct Maker {
    exchange: workload::Alone,
    random: Random,
    /// Keys of the live orders, and of some that are gone.
    live: Vec<OrderKey>,
    next_id: Vec<u32>,
    made: Vec<Operation>,
    last: i32,
    trades: u64,
}

impl Maker {
    fn operation(&mut self) {
        let draw = self.random.unit();
        let live = self.exchange.state.live_orders();
        let (few, many) = (live < LIVE - LIVE_RANGE, live > LIVE + LIVE_RANGE);
        if few || draw < 0.09 && !many {
            self.insert(b'3');
        } else if draw < 0.12 {
            self.insert(b'2');
        } else if many || draw < 0.18 {
            let target = self.target();
            self.cancel(target);
        } else {
            let target = self.target();
            let order = self.cancel(target);
            let price = order.price.0 + (self.last - order.price.0).signum();
            self.run_insert(b'3', order.direction, price, order.remaining.0, order.account.0, order.user.0);
        }
    }

    fn insert(&mut self, condition: u8) {
        let account = self.random.below(u64::from(MARKET.aggregates)) as u32;
        let trader = self.random.below(u64::from(MARKET.users / MARKET.participants)) as u16;
        let user = (account % u32::from(MARKET.participants)) as u16 + MARKET.participants * trader;
        let side = if self.random.below(2) == 0 { Direction::Buy } else { Direction::Sell };
        let away = match (condition, side) {
            (b'3', Direction::Buy) => -1 - self.random.below(50) as i32,
            (b'3', Direction::Sell) => 1 + self.random.below(50) as i32,
            (_, Direction::Buy) => 5,
            (_, Direction::Sell) => -5,
        };
        let volume = (0..3).fold(1, |product, _| product * self.random.below(6) as u32) + 1;
        self.run_insert(condition, side, self.last + away, volume, account, user);
    }

    fn run_insert(&mut self, condition: u8, side: Direction, price: i32, volume: u32, account: u32, user: u16) {
        self.next_id[usize::from(user)] += 1;
        let local_id = self.next_id[usize::from(user)];
        let kind = if condition == b'3' { workload::Kind::Add } else { workload::Kind::Immediate };
        let price = price.clamp(1, workload::TICKS - 2);
        self.run(Operation { target: 0, local_id, price, volume, account, user, instrument: 0, kind, side });
    }

    /// A random live order, which is then forgotten, as are those that have ended meanwhile.
    fn target(&mut self) -> OrderKey {
        loop {
            let at = self.random.below(self.live.len() as u64) as usize;
            let key = self.live.swap_remove(at);
            if self.exchange.state.order(key).is_some() {
                return key;
            }
        }
    }

    fn cancel(&mut self, key: OrderKey) -> engine::LiveOrder {
        let order = self.exchange.state.order(key).expect("a target is live");
        self.run(Operation {
            target: key.sequence().0,
            local_id: 0,
            price: 0,
            volume: 0,
            account: order.account.0,
            user: order.user.0,
            instrument: 0,
            kind: workload::Kind::Cancel,
            side: order.direction,
        });
        order
    }

    fn run(&mut self, operation: Operation) {
        self.exchange.execute(&workload::buffer(&operation).command());
        let sequence = self.exchange.state.last_sequence();
        for event in self.exchange.draft.events() {
            match event.view().expect("a known kind") {
                EventView::Accepted(_) if operation.kind == workload::Kind::Add => {
                    self.live.push(OrderKey::new(sequence, 0));
                }
                EventView::Traded(traded) => {
                    self.trades += 1;
                    self.last = traded.price.0;
                }
                EventView::Rejected(rejected) => panic!("rejected {}", rejected.code),
                _ => (),
            }
        }
        self.made.push(operation);
    }
}
