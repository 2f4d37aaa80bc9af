//! Workload W1: matching with every check, aggregates, digests and events; no journal, no network. Prints ns an operation, median of five.
//!
//! xorshift64*, seed 0x9E3779B97F4A7C15. Per instrument: D resting orders a side, then N operations; instrument uniform; 45% add,
//! 40% cancel, 10% IOC, 5% modify. Add: side 50/50, price = mid -/+ (1 + Exp(L)) ticks, kept one tick behind the opposite best,
//! volume U[1,100]. Cancel: a uniformly random live order. IOC: side 50/50, limit = opposite best +/- 5 ticks, volume U[1,50].
//! Modify: a random live order is cancelled and entered again (two commands, one operation), half at its price, half at a new one. Mid moves +/-1 with
//! p = 0.02 an operation. Population held in 1.8D..2.2D by swapping add and cancel. Three files: 1 book D = 1k L = 12; 1 book D = 10k L = 40;
//! 200 books D = 1k L = 12.
//!
//! Orders open, for 2,000 aggregates (account, instrument), from 64 users who count their local ids upwards; cancels name the OrderSysId.
//! Commands are built 256 at a time outside of the clock, as the ring would hold them.
//!
//!     cargo run --release -p engine --example w1 -- [operations [file [commands read ahead]]]
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a bench needs a clock; the engine has none")]

use engine::command::*;
use engine::event::EventView;
use engine::types::*;
use engine::{Draft, IdStyle, State, step};
use std::time::Instant;

const TICKS: i32 = 8192;
const AGGREGATES: u32 = 2000;
const USERS: u16 = 64;
const PARTICIPANTS: u16 = 16;
const CHUNK: usize = 256;
const RUNS: usize = 5;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: u64) -> u64 {
        ((self.next() >> 32) * end) >> 32
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn exponential(&mut self, scale: f64) -> i32 {
        (-(1.0 - self.unit()).ln() * scale) as i32
    }
}

/// One command of the workload, small: four million of them are kept.
#[derive(Clone, Copy)]
struct Operation {
    /// Cancel: the frame that accepted the target.
    target: u64,
    local_id: u32,
    price: i32,
    volume: u32,
    account: u32,
    user: u16,
    instrument: u16,
    kind: Kind,
    side: Direction,
    /// It ends an operation: a modify's first command does not.
    whole: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Add,
    Immediate,
    Cancel,
}

struct Bench {
    state: State,
    draft: Draft,
    stamp: Stamp,
}

impl Bench {
    fn new(books: u16, depth: u32, inserts: u32) -> Self {
        let mut bench =
            Bench { state: State::new(), draft: Draft::new(IdStyle { prefix: b'B' }), stamp: Stamp::default() };
        let accounts = AGGREGATES / u32::from(books);
        bench.own(&DayOpen {
            trading_day: 20_240_930,
            action_day: 20_240_930,
            live_orders: u32::from(books) * depth * 3 + 64,
            local_ids: inserts,
            position_rows: AGGREGATES,
            accounts,
            participants: PARTICIPANTS,
            users: USERS,
            instruments: books,
            flags: 0,
            epoch: Epoch(0),
            data_center: 0,
        });
        for index in 0..PARTICIPANTS {
            let mut id = [b' '; 8];
            id[..4].copy_from_slice(format!("{index:04}").as_bytes());
            let index = ParticipantIndex(index);
            bench.own(&ParticipantDefine {
                index,
                series: index.0 + 2,
                participant_type: b'0',
                right: b'0',
                reserved: [0; 2],
                id,
            });
        }
        for index in 0..USERS {
            let mut id = [b' '; 16];
            id[..4].copy_from_slice(format!("{index:04}").as_bytes());
            bench.own(&UserDefine {
                index: UserIndex(index),
                participant: ParticipantIndex(index % PARTICIPANTS),
                right: b'0',
                flags: 0,
                reserved: [0; 2],
                address: [0; 4],
                requests_per_second: 0,
                requests_in_flight: 0,
                reserved_2: 0,
                id,
                secret: [0; 40],
            });
        }
        for index in 0..accounts {
            let mut client_id = [b' '; 8];
            client_id.copy_from_slice(format!("{index:08}").as_bytes());
            bench.own(&AccountDefine {
                index: AccountIndex(index),
                participant: ParticipantIndex((index % u32::from(PARTICIPANTS)) as u16),
                right: b'0',
                client_type: b'0',
                client_number: ClientNumber(index),
                reserved: 0,
                client_id,
            });
        }
        for index in 0..books {
            let mut id = [b' '; 32];
            id[..4].copy_from_slice(format!("{index:04}").as_bytes());
            bench.own(&InstrumentDefine {
                index: InstrumentIndex(index),
                price_rule: PriceRule::Resting as u8,
                tie_break: 0,
                phase: b'0',
                right: b'0',
                reserved: 0,
                tick: 2000,
                multiplier: 300,
                lower_limit: 0,
                upper_limit: TICKS - 1,
                previous_settlement: 4096,
                minimum_volume: 1,
                maximum_volume: 100,
                position_limit: 1 << 30,
                previous_open_interest: 0,
                id,
            });
        }
        bench.state.touch_pages();
        bench
    }

    fn own<B: Body>(&mut self, body: &B) {
        self.run(&CommandBuffer::own(body));
        let applied = matches!(self.draft.events()[0].view(), Some(EventView::Applied(_)));
        assert!(applied, "{:?}", self.draft.events()[0].view());
    }

    fn run(&mut self, buffer: &CommandBuffer) {
        self.stamp.sequence.0 += 1;
        let stepped = step(&mut self.state, self.stamp, &buffer.command(), &mut self.draft);
        assert!(stepped.fault.is_none());
    }
}

fn digits(field: &mut [u8], mut number: u64) {
    for digit in field.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn buffer(operation: &Operation) -> CommandBuffer {
    let user = UserIndex(operation.user);
    if operation.kind == Kind::Cancel {
        let mut order_sys_id;
        order_sys_id = *b"B0000000000000000000";
        digits(&mut order_sys_id[1..14], operation.target);
        let body = OrderCancel {
            order_sys_id,
            instrument: InstrumentIndex(operation.instrument),
            action: b'0',
            target_field: 1,
            local_id: [b' '; 24],
            action_local_id: [b' '; 24],
            message_reference: [b' '; 6],
            reserved: [0; 2],
            account: AccountIndex(operation.account),
            reserved_2: 0,
        };
        return CommandBuffer::new(0, 0, user, &body);
    }
    let mut local_id = [b' '; 24];
    digits(&mut local_id[..12], u64::from(operation.local_id));
    let body = OrderInsert {
        local_id,
        message_reference: [b' '; 6],
        direction: operation.side as u8,
        offset: b'0',
        hedge: b'1',
        order_type: b'0',
        match_condition: if operation.kind == Kind::Add { b'3' } else { b'2' },
        match_session: b'3',
        instrument: InstrumentIndex(operation.instrument),
        flags: 0,
        price: RawPrice(i64::from(operation.price) * 2000),
        account: AccountIndex(operation.account),
        volume: Volume(operation.volume),
        minimal_volume: Volume(0),
        reserved: 0,
    };
    CommandBuffer::new(0, 0, user, &body)
}

/// Makes the workload by running it: what rests and what the best prices are is the engine's to say.
struct Maker {
    bench: Bench,
    random: Random,
    depth: u32,
    scale: f64,
    accounts: u32,
    mid: Vec<i32>,
    /// Sequences of the live orders of each book.
    live: Vec<Vec<u64>>,
    /// Of each frame: where it stands in `live`.
    place: Vec<u32>,
    next_id: Vec<u32>,
    made: Vec<Operation>,
}

impl Maker {
    fn price(&mut self, book: usize, side: Direction) -> i32 {
        let distance = 1 + self.random.exponential(self.scale);
        let opposite = self.bench.state.best(InstrumentIndex(book as u16), side.other()).map(|(price, _)| price.0);
        match side {
            Direction::Buy => (self.mid[book] - distance).max(2).min(opposite.unwrap_or(TICKS) - 1).max(2),
            Direction::Sell => (self.mid[book] + distance).min(TICKS - 3).max(opposite.unwrap_or(0) + 1),
        }
    }

    fn insert(&mut self, book: usize, kind: Kind, side: Direction, price: i32, volume: u32) {
        let account = self.random.below(u64::from(self.accounts)) as u32;
        let user = (account % u32::from(PARTICIPANTS)) as u16
            + PARTICIPANTS * self.random.below(u64::from(USERS / PARTICIPANTS)) as u16;
        self.next_id[usize::from(user)] += 1;
        let local_id = self.next_id[usize::from(user)];
        self.run(Operation {
            target: 0,
            local_id,
            price,
            volume,
            account,
            user,
            instrument: book as u16,
            kind,
            side,
            whole: true,
        });
    }

    fn cancel(&mut self, book: usize, whole: bool) -> (Direction, i32, u32) {
        let at = self.random.below(self.live[book].len() as u64) as usize;
        let target = self.live[book][at];
        let order = self.bench.state.order(OrderKey::new(Sequence(target), 0)).expect("live");
        self.run(Operation {
            target,
            local_id: 0,
            price: 0,
            volume: 0,
            account: order.account.0,
            user: order.user.0,
            instrument: book as u16,
            kind: Kind::Cancel,
            side: order.direction,
            whole,
        });
        (order.direction, order.price.0, order.remaining.0)
    }

    fn run(&mut self, operation: Operation) {
        self.bench.run(&buffer(&operation));
        let sequence = self.bench.stamp.sequence.0;
        let book = usize::from(operation.instrument);
        self.place.resize(sequence as usize + 1, 0);
        let mut gone = vec![];
        for event in self.bench.draft.events() {
            match event.view().expect("a known kind") {
                EventView::Accepted(_) if operation.kind == Kind::Add => {
                    self.place[sequence as usize] = self.live[book].len() as u32;
                    self.live[book].push(sequence);
                }
                EventView::Traded(traded) => {
                    gone.extend((traded.buy_remaining.0 == 0).then_some(traded.buy.sequence().0));
                    gone.extend((traded.sell_remaining.0 == 0).then_some(traded.sell.sequence().0));
                }
                EventView::Ended(ended) => gone.push(ended.order.sequence().0),
                EventView::Rejected(rejected) => panic!("rejected {}", rejected.code),
                _ => (),
            }
        }
        for sequence in gone.into_iter().filter(|&gone| operation.kind == Kind::Add || gone != sequence) {
            let at = self.place[sequence as usize] as usize;
            self.live[book].swap_remove(at);
            if let Some(&moved) = self.live[book].get(at) {
                self.place[moved as usize] = at as u32;
            }
        }
        self.made.push(operation);
    }

    fn operation(&mut self, books: u64) {
        let book = self.random.below(books) as usize;
        if self.random.unit() < 0.02 {
            self.mid[book] = (self.mid[book] + if self.random.below(2) == 0 { 1 } else { -1 }).clamp(1500, 6600);
        }
        let draw = self.random.unit();
        let population = self.live[book].len() as u32 * 10;
        let mut kind = if draw < 0.45 {
            0
        } else if draw < 0.85 {
            1
        } else if draw < 0.95 {
            2
        } else {
            3
        };
        if kind == 0 && population >= self.depth * 22 {
            kind = 1;
        } else if kind == 1 && population <= self.depth * 18 {
            kind = 0;
        }
        let side = if self.random.below(2) == 0 { Direction::Buy } else { Direction::Sell };
        match kind {
            0 => {
                let price = self.price(book, side);
                let volume = 1 + self.random.below(100) as u32;
                self.insert(book, Kind::Add, side, price, volume);
            }
            1 => {
                self.cancel(book, true);
            }
            2 => {
                let opposite =
                    self.bench.state.best(InstrumentIndex(book as u16), side.other()).map(|(price, _)| price.0);
                let price = match side {
                    Direction::Buy => (opposite.unwrap_or(TICKS) + 5).min(TICKS - 2),
                    Direction::Sell => (opposite.unwrap_or(0) - 5).max(1),
                };
                let volume = 1 + self.random.below(50) as u32;
                self.insert(book, Kind::Immediate, side, price, volume);
            }
            _ => {
                let (side, old, volume) = self.cancel(book, false);
                let price = if self.random.below(2) == 0 { old } else { self.price(book, side) };
                self.insert(book, Kind::Add, side, price, volume);
            }
        }
    }
}

fn main() {
    let operations = std::env::args().nth(1).map_or(4_000_000, |text| text.parse().expect("a number of operations"));
    let ahead: usize = std::env::args().nth(3).map_or(0, |text| text.parse().expect("a number of commands"));
    let only: Option<usize> = std::env::args().nth(2).map(|text| text.parse().expect("0, 1 or 2"));
    let files = [(1u16, 1000u32, 12.0), (1, 10_000, 40.0), (200, 1000, 12.0)];
    for (file, (books, depth, scale)) in files.into_iter().enumerate() {
        if only.is_some_and(|only| only != file) {
            continue;
        }
        let inserts = u32::from(books) * depth * 2 + operations * 2 / 3 + 100_000;
        let mut maker = Maker {
            bench: Bench::new(books, depth, inserts),
            random: Random(0x9E37_79B9_7F4A_7C15),
            depth,
            scale,
            accounts: AGGREGATES / u32::from(books),
            mid: vec![TICKS / 2; usize::from(books)],
            live: vec![vec![]; usize::from(books)],
            place: vec![],
            next_id: vec![0; usize::from(USERS)],
            made: vec![],
        };
        for book in 0..usize::from(books) {
            for order in 0..2 * depth {
                let side = if order % 2 == 0 { Direction::Buy } else { Direction::Sell };
                let price = maker.price(book, side);
                let volume = 1 + maker.random.below(100) as u32;
                maker.insert(book, Kind::Add, side, price, volume);
            }
        }
        let first = maker.made.len();
        (0..operations).for_each(|_| maker.operation(u64::from(books)));
        let (before, timed) = maker.made.split_at(first);
        let digests = maker.bench.state.digests();
        assert_eq!(digests, maker.bench.state.recompute_digests());
        drop(maker.bench);

        let mut results = vec![];
        let mut chunks: Vec<[u64; RUNS]> = vec![[0; RUNS]; timed.len().div_ceil(CHUNK)];
        let mut events = 0;
        let (mut arena, mut commands): (Vec<u64>, Vec<usize>) = (vec![], vec![]);
        for run in 0..RUNS {
            let mut bench = Bench::new(books, depth, inserts);
            before.iter().for_each(|operation| bench.run(&buffer(operation)));
            let (mut nanoseconds, mut whole) = (0u64, 0usize);
            events = 0;
            for (chunk, spent) in timed.chunks(CHUNK).zip(&mut chunks) {
                // Built in memory that is kept: mapping and clearing pages would empty the caches before every chunk.
                arena.clear();
                commands.clear();
                for operation in chunk {
                    let buffer = buffer(operation);
                    let words = buffer
                        .bytes()
                        .chunks_exact(8)
                        .map(|word| u64::from_le_bytes(word.try_into().expect("8 bytes")));
                    arena.extend(words);
                    commands.push(buffer.bytes().len() / 8);
                }
                let mut rest = arena.as_slice();
                let views: Vec<Command<'_>> = commands
                    .iter()
                    .map(|&length| {
                        let (command, others) = rest.split_at(length);
                        rest = others;
                        Command::read(zerocopy::IntoBytes::as_bytes(command)).expect("a command")
                    })
                    .collect();
                let commands = &views;
                let begin = Instant::now();
                for (at, command) in commands.iter().enumerate() {
                    if ahead != 0 && at % ahead == 0 {
                        for next in commands[at..].iter().take(ahead) {
                            std::hint::black_box(bench.state.warm(next));
                        }
                    }
                    bench.stamp.sequence.0 += 1;
                    step(&mut bench.state, bench.stamp, command, &mut bench.draft);
                    events += bench.draft.events().len();
                }
                spent[run] = begin.elapsed().as_nanos() as u64;
                nanoseconds += spent[run];
                whole += chunk.iter().filter(|operation| operation.whole).count();
            }
            assert_eq!(bench.state.digests(), digests, "the same commands give the same state");
            results.push(nanoseconds as f64 / whole as f64);
        }
        results.sort_by(f64::total_cmp);
        // What a busy machine takes away it takes from single chunks: the median of each chunk over the runs is what the code costs.
        let middle = |mut spent: [u64; RUNS]| {
            spent.sort_unstable();
            spent[RUNS / 2]
        };
        let least =
            chunks.iter().map(|spent| spent.iter().min().expect("runs")).sum::<u64>() as f64 / f64::from(operations);
        let undisturbed = chunks.iter().map(|&spent| middle(spent)).sum::<u64>() as f64 / f64::from(operations);
        println!(
            "{books:3} books D={depth:5}: {undisturbed:6.1} ns/op by medians of chunks, {least:.1} by their minima; whole runs {:.1} {:.1} {:.1}; {} commands, {events} events, state {:016x}",
            results[0],
            results[RUNS / 2],
            results[RUNS - 1],
            timed.len(),
            digests.state
        );
    }
}
