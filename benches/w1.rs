//! Workload W1, one thread: (a) every check, aggregates, digests and events; (b) the same with each frame written into a log in
//! memory (`journal::Machine::execute`). Matching alone is not to be had: there is no engine without the checks.
//!
//! xorshift64*, seed 0x9E3779B97F4A7C15. Per instrument: D resting orders a side, then N operations; instrument uniform; 45% add,
//! 40% cancel, 10% IOC, 5% modify. Add: side 50/50, price = mid -/+ (1 + Exp(L)) ticks, kept one tick behind the opposite best,
//! volume U[1,100]. Cancel: a uniformly random live order. IOC: side 50/50, limit = opposite best +/- 5 ticks, volume U[1,50].
//! Modify: a random live order is cancelled and entered again (two commands, one operation), half at its price, half at a new one.
//! Mid moves +/-1 with p = 0.02 an operation. Population held in 1.8D..2.2D by swapping add and cancel. Three files: 1 book D = 1k
//! L = 12; 1 book D = 10k L = 40; 200 books D = 1k L = 12.
//!
//! Orders open, for 2,000 aggregates (account, instrument), from 64 users who count their local ids upwards; cancels name the
//! OrderSysId. Commands are built 256 at a time outside of the clock, as the ring would hold them. (a) and (b) take turns, five
//! runs each, and must end with the same digests. The service time of single commands is measured in a sixth run of each, with
//! a reading of the clock in every figure.
//!
//!     cargo bench --bench w1 [-- operations]

mod common;

use engine::command::*;
use engine::event::EventView;
use engine::types::*;
use engine::{Ahead, COMMANDS_AHEAD, Digests, Draft, IdStyle, State, step};
use hdrhistogram::Histogram;
use journal::{Identity, Log, LogLimits, Machine};
use std::time::Instant;
use zerocopy::IntoBytes;

const SEED: u64 = 0x9E37_79B9_7F4A_7C15;
const TICKS: i32 = 8192;
const AGGREGATES: u32 = 2000;
const USERS: u16 = 64;
const PARTICIPANTS: u16 = 16;
const CHUNK: usize = 256;
const RUNS: usize = 5;
/// The three files: books, resting orders a side, scale of the prices' distances.
const FILES: [(u16, u32, f64); 3] = [(1, 1_000, 12.0), (1, 10_000, 40.0), (200, 1_000, 12.0)];

fn main() {
    let operations = common::number(&[]).unwrap_or(4_000_000);
    common::print_machine("W1", &format!("{SEED:#X}"));
    println!(
        "{operations} operations a file; ns an operation: median of {RUNS} runs, the sum of each chunk's median, of each chunk's \
         least; ns a command, p50 and p99 (reading the clock, {:.0} ns, included)",
        clock_ns()
    );
    println!(
        "                     |  every check, aggregates, digests, events |            ... and the journal in memory"
    );
    println!(
        "books      D  trades |  runs  chunks   least |     p50      p99 |  runs  chunks   least |     p50      p99"
    );
    for file in FILES {
        measure(&Workload::make(file, operations));
    }
    println!("afterwards: {}", common::load_average());
}

/// Runs a workload by turns without and with the journal, and prints its line of the table.
fn measure(workload: &Workload) {
    let mut alone = Times::new(workload);
    let mut recorded = Times::new(workload);
    for _ in 0..RUNS {
        alone.run(workload, Alone::new());
        recorded.run(workload, Recorded::new(workload));
    }
    let alone_service = service(workload, Alone::new());
    let recorded_service = service(workload, Recorded::new(workload));
    print!("{:>5} {:>6} {:>7} |", workload.books, workload.depth, workload.trades);
    for (times, service) in [(alone, alone_service), (recorded, recorded_service)] {
        let [runs, chunks, least] = times.ns_an_operation(workload.operations);
        let [p50, p99] = [0.5, 0.99].map(|quantile| service.value_at_quantile(quantile));
        print!(" {runs:>5.1}  {chunks:>6.1}  {least:>6.1} | {p50:>7}  {p99:>7} |");
    }
    println!();
}

/// What reading the clock costs, ns: it is part of every single measurement.
fn clock_ns() -> f64 {
    const READINGS: u32 = 100_000;
    let begin = Instant::now();
    for _ in 0..READINGS {
        std::hint::black_box(Instant::now());
    }
    begin.elapsed().as_nanos() as f64 / f64::from(READINGS)
}

/// A workload, ready to be run again and again.
struct Workload {
    books: u16,
    depth: u32,
    operations: u32,
    /// Inserts of the day, at most.
    inserts: u32,
    /// Commands that fill the books.
    before: Vec<Operation>,
    /// Commands that are timed.
    timed: Vec<Operation>,
    trades: u64,
    /// Room that the log needs.
    log: LogLimits,
    digests: Digests,
}

/// Executes a burst as the engine stage does: each command is looked at when [`COMMANDS_AHEAD`] others stand before it.
#[inline]
fn run_ahead(exchange: &mut impl Exchange, commands: &[Command<'_>]) {
    if !exchange.looks_ahead() {
        return commands.iter().for_each(|command| exchange.execute(command));
    }
    let (first, others) = commands.split_at(commands.len().min(COMMANDS_AHEAD));
    first.iter().for_each(|command| exchange.look_ahead(command));
    let mut others = others.iter();
    for command in commands {
        if let Some(later) = others.next() {
            exchange.look_ahead(later);
        }
        exchange.execute(command);
    }
}

/// Who takes the commands.
trait Exchange {
    /// Executes the next command.
    fn execute(&mut self, command: &Command<'_>);
    /// Whether looking ahead pays.
    fn looks_ahead(&self) -> bool;
    /// Looks at a command that comes soon.
    fn look_ahead(&mut self, command: &Command<'_>);
    /// Memory is touched before the clock runs.
    fn touch(&mut self);
    /// What was decided last is no refusal.
    fn is_applied(&self) -> bool;
    fn digests(&self) -> Digests;
}

/// (a): nothing is recorded.
struct Alone {
    state: State,
    draft: Draft,
    ahead: Ahead,
    stamp: Stamp,
}

/// (b): every frame goes into the log.
struct Recorded(Machine);

const IDS: IdStyle = IdStyle { prefix: b'B' };

impl Alone {
    fn new() -> Self {
        Alone { state: State::new(), draft: Draft::new(IDS), ahead: Ahead::new(), stamp: Stamp::default() }
    }
}

impl Exchange for Alone {
    #[inline]
    fn execute(&mut self, command: &Command<'_>) {
        self.stamp.sequence.0 += 1;
        let stepped = step(&mut self.state, self.stamp, command, &mut self.draft);
        assert!(stepped.fault.is_none());
    }

    fn looks_ahead(&self) -> bool {
        Ahead::pays(&self.state)
    }

    #[inline]
    fn look_ahead(&mut self, command: &Command<'_>) {
        self.ahead.look(&self.state, command);
    }

    fn touch(&mut self) {
        self.state.touch_pages();
    }

    fn is_applied(&self) -> bool {
        !matches!(self.draft.events()[0].view(), Some(EventView::Rejected(_)))
    }

    fn digests(&self) -> Digests {
        self.state.digests()
    }
}

impl Recorded {
    fn new(workload: &Workload) -> Self {
        let log = Log::in_memory(workload.log).expect("memory for the log");
        Recorded(Machine::new(log, Identity { ids: IDS, data_center: 0 }))
    }
}

impl Exchange for Recorded {
    #[inline]
    fn execute(&mut self, command: &Command<'_>) {
        let executed = self.0.execute(command, Nanoseconds(0)).expect("there is room in the log");
        assert!(executed.alarm.is_none());
    }

    fn looks_ahead(&self) -> bool {
        self.0.looks_ahead()
    }

    #[inline]
    fn look_ahead(&mut self, command: &Command<'_>) {
        self.0.look_ahead(command);
    }

    fn touch(&mut self) {
        self.0.touch_state();
        self.0.log().touch_ahead(usize::MAX);
    }

    fn is_applied(&self) -> bool {
        !matches!(self.0.decided()[0].view(), Some(EventView::Rejected(_)))
    }

    fn digests(&self) -> Digests {
        self.0.state().digests()
    }
}

/// Commands that wait, in memory that is kept: mapping and clearing pages would empty the caches before every chunk.
#[derive(Default)]
struct Batch {
    words: Vec<u64>,
    /// Words of each.
    lengths: Vec<usize>,
}

impl Batch {
    fn fill(&mut self, chunk: &[Operation]) {
        self.words.clear();
        self.lengths.clear();
        for operation in chunk {
            let command = buffer(operation);
            let words = command.bytes().chunks_exact(8).map(|word| *word.first_chunk().expect("8 bytes"));
            self.words.extend(words.map(u64::from_le_bytes));
            self.lengths.push(command.bytes().len() / 8);
        }
    }

    fn commands(&self) -> Vec<Command<'_>> {
        let mut rest = self.words.as_slice();
        let next = |&length: &usize| {
            let (command, others) = rest.split_at(length);
            rest = others;
            Command::read(command.as_bytes()).expect("it was written as a command")
        };
        self.lengths.iter().map(next).collect()
    }
}

/// Nanoseconds of the timed chunks, run by run.
struct Times {
    chunks: Vec<Vec<u64>>,
}

impl Times {
    fn new(workload: &Workload) -> Self {
        Times { chunks: vec![Vec::with_capacity(RUNS); workload.timed.len().div_ceil(CHUNK)] }
    }

    fn run(&mut self, workload: &Workload, mut exchange: impl Exchange) {
        workload.begin(&mut exchange);
        let mut batch = Batch::default();
        for (chunk, times) in workload.timed.chunks(CHUNK).zip(&mut self.chunks) {
            batch.fill(chunk);
            let commands = batch.commands();
            let begin = Instant::now();
            run_ahead(&mut exchange, &commands);
            times.push(begin.elapsed().as_nanos() as u64);
        }
        assert_eq!(exchange.digests(), workload.digests, "the same commands give the same state");
    }

    /// The median run; and, since a busy machine takes its time from single chunks, what the chunks' medians and minima add up to.
    fn ns_an_operation(mut self, operations: u32) -> [f64; 3] {
        let mut runs: Vec<u64> = (0..RUNS).map(|run| self.chunks.iter().map(|times| times[run]).sum()).collect();
        runs.sort_unstable();
        self.chunks.iter_mut().for_each(|times| times.sort_unstable());
        let sum = |at: usize| self.chunks.iter().map(|times| times[at]).sum::<u64>();
        [runs[RUNS / 2], sum(RUNS / 2), sum(0)].map(|total| total as f64 / f64::from(operations))
    }
}

/// Nanoseconds of single commands.
fn service(workload: &Workload, mut exchange: impl Exchange) -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(1, 10_000_000_000, 3).expect("bounds in order");
    workload.begin(&mut exchange);
    let mut batch = Batch::default();
    for chunk in workload.timed.chunks(CHUNK) {
        batch.fill(chunk);
        let commands = batch.commands();
        let mut times = [0; CHUNK];
        let mut begin = Instant::now();
        for (command, time) in commands.iter().zip(&mut times) {
            exchange.execute(command);
            let end = Instant::now();
            *time = (end - begin).as_nanos() as u64;
            begin = end;
        }
        for time in &times[..commands.len()] {
            histogram.saturating_record((*time).max(1));
        }
    }
    assert_eq!(exchange.digests(), workload.digests, "the same commands give the same state");
    histogram
}

impl Workload {
    fn make((books, depth, scale): (u16, u32, f64), operations: u32) -> Self {
        let inserts = u32::from(books) * depth * 2 + operations * 2 / 3 + 100_000;
        let mut exchange = Alone::new();
        open_day(&mut exchange, books, depth, inserts);
        let mut maker = Maker {
            exchange,
            random: Random(SEED),
            depth,
            scale,
            accounts: AGGREGATES / u32::from(books),
            mid: vec![TICKS / 2; usize::from(books)],
            live: vec![vec![]; usize::from(books)],
            place: vec![],
            next_id: vec![0; usize::from(USERS)],
            made: vec![],
            trades: 0,
            log_bytes: 0,
        };
        for book in 0..usize::from(books) {
            for order in 0..2 * depth {
                let side = if order % 2 == 0 { Direction::Buy } else { Direction::Sell };
                let price = maker.price(book, side);
                let volume = 1 + maker.random.below(100) as u32;
                maker.insert(book, Kind::Add, side, price, volume);
            }
        }
        let mut before = std::mem::take(&mut maker.made);
        before.shrink_to_fit();
        (0..operations).for_each(|_| maker.operation(u64::from(books)));
        let Maker { exchange, made: timed, trades, log_bytes, .. } = maker;
        let digests = exchange.digests();
        assert_eq!(digests, exchange.state.recompute_digests());
        // And the base data.
        let log = LogLimits {
            bytes: log_bytes + LogLimits::BYTES_TO_BEGIN,
            frames: before.len() + timed.len() + 2 * AGGREGATES as usize,
        };
        Workload { books, depth, operations, inserts, before, timed, trades, log, digests }
    }

    /// Opens the day and fills the books.
    fn begin(&self, exchange: &mut impl Exchange) {
        open_day(exchange, self.books, self.depth, self.inserts);
        self.before.iter().for_each(|operation| exchange.execute(&buffer(operation).command()));
    }
}

/// The day and its base data.
fn open_day(exchange: &mut impl Exchange, books: u16, depth: u32, inserts: u32) {
    let accounts = AGGREGATES / u32::from(books);
    own(
        exchange,
        &DayOpen {
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
        },
    );
    for index in 0..PARTICIPANTS {
        let mut id = [b' '; 8];
        id[..4].copy_from_slice(format!("{index:04}").as_bytes());
        let index = ParticipantIndex(index);
        own(
            exchange,
            &ParticipantDefine {
                index,
                series: index.0 + 2,
                participant_type: b'0',
                right: b'0',
                reserved: [0; 2],
                id,
            },
        );
    }
    for index in 0..USERS {
        let mut id = [b' '; 16];
        id[..4].copy_from_slice(format!("{index:04}").as_bytes());
        own(
            exchange,
            &UserDefine {
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
            },
        );
    }
    for index in 0..accounts {
        let mut client_id = [b' '; 8];
        client_id.copy_from_slice(format!("{index:08}").as_bytes());
        own(
            exchange,
            &AccountDefine {
                index: AccountIndex(index),
                participant: ParticipantIndex((index % u32::from(PARTICIPANTS)) as u16),
                right: b'0',
                client_type: b'0',
                client_number: ClientNumber(index),
                reserved: 0,
                client_id,
            },
        );
    }
    for index in 0..books {
        let mut id = [b' '; 32];
        id[..4].copy_from_slice(format!("{index:04}").as_bytes());
        own(
            exchange,
            &InstrumentDefine {
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
            },
        );
    }
    exchange.touch();
}

fn own<B: Body>(exchange: &mut impl Exchange, body: &B) {
    exchange.execute(&CommandBuffer::own(body).command());
    assert!(exchange.is_applied(), "the base data is in order");
}

fn write_digits(field: &mut [u8], mut number: u64) {
    for digit in field.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn buffer(operation: &Operation) -> CommandBuffer {
    let user = UserIndex(operation.user);
    if operation.kind == Kind::Cancel {
        let mut order_sys_id = *b"B0000000000000000000";
        write_digits(&mut order_sys_id[1..14], operation.target);
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
    write_digits(&mut local_id[..12], u64::from(operation.local_id));
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
    exchange: Alone,
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
    trades: u64,
    log_bytes: usize,
}

impl Maker {
    fn price(&mut self, book: usize, side: Direction) -> i32 {
        let distance = 1 + self.random.exponential(self.scale);
        let opposite = self.exchange.state.best(InstrumentIndex(book as u16), side.other()).map(|(price, _)| price.0);
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
        self.run(Operation { target: 0, local_id, price, volume, account, user, instrument: book as u16, kind, side });
    }

    fn cancel(&mut self, book: usize) -> (Direction, i32, u32) {
        let at = self.random.below(self.live[book].len() as u64) as usize;
        let target = self.live[book][at];
        let order = self.exchange.state.order(OrderKey::new(Sequence(target), 0)).expect("live");
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
        });
        (order.direction, order.price.0, order.remaining.0)
    }

    fn run(&mut self, operation: Operation) {
        let command = buffer(&operation);
        self.exchange.execute(&command.command());
        let sequence = self.exchange.stamp.sequence.0;
        let book = usize::from(operation.instrument);
        self.place.resize(sequence as usize + 1, 0);
        let events = self.exchange.draft.events();
        // FRAMES.md: 64 bytes of header, the command, 80 for each event.
        self.log_bytes += 64 + command.bytes().len() + 80 * events.len();
        let mut gone = vec![];
        for event in events {
            match event.view().expect("a known kind") {
                EventView::Accepted(_) if operation.kind == Kind::Add => {
                    self.place[sequence as usize] = self.live[book].len() as u32;
                    self.live[book].push(sequence);
                }
                EventView::Traded(traded) => {
                    self.trades += 1;
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
                self.cancel(book);
            }
            2 => {
                let opposite =
                    self.exchange.state.best(InstrumentIndex(book as u16), side.other()).map(|(price, _)| price.0);
                let price = match side {
                    Direction::Buy => (opposite.unwrap_or(TICKS) + 5).min(TICKS - 2),
                    Direction::Sell => (opposite.unwrap_or(0) - 5).max(1),
                };
                let volume = 1 + self.random.below(50) as u32;
                self.insert(book, Kind::Immediate, side, price, volume);
            }
            _ => {
                let (side, old, volume) = self.cancel(book);
                let price = if self.random.below(2) == 0 { old } else { self.price(book, side) };
                self.insert(book, Kind::Add, side, price, volume);
            }
        }
    }
}

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
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Add,
    Immediate,
    Cancel,
}
