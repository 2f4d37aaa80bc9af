//! Workload W1 as commands, and who takes them: matching alone, our engine without its journal, our engine with it.
#![allow(dead_code, reason = "each bench uses its part")]

use engine::command::*;
use engine::event::EventView;
use engine::types::*;
use engine::{Ahead, COMMANDS_AHEAD, Digests, Draft, IdStyle, MatchingAlone, MatchingOrder, State, step};
use journal::{Durability, Identity, Log, LogLimits, Machine, ask_for_huge_pages};

/// The generator's first state.
pub const SEED: u64 = 0x9E37_79B9_7F4A_7C15;
/// Prices of the ladder.
pub const TICKS: i32 = 8192;
const AGGREGATES: u32 = 2000;
const USERS: u16 = 64;
const PARTICIPANTS: u16 = 16;
/// The three files: books, resting orders a side, scale of the prices' distances.
pub const FILES: [(u16, u32, f64); 3] = [(1, 1_000, 12.0), (1, 10_000, 40.0), (200, 1_000, 12.0)];

/// A workload, ready to be run again and again.
pub struct Workload {
    pub books: u16,
    pub depth: u32,
    pub operations: u32,
    /// Inserts of the day, at most.
    inserts: u32,
    /// Sequence of the first of them.
    pub first_sequence: u64,
    /// Commands that fill the books.
    pub before: Vec<Operation>,
    /// Commands that are timed.
    pub timed: Vec<Operation>,
    pub trades: u64,
    /// Orders that rest at the end.
    pub live_orders: u32,
    /// Room that the log needs.
    pub log: LogLimits,
    pub digests: Digests,
}

/// Who takes the commands.
pub trait Exchange {
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
pub struct Alone {
    pub state: State,
    pub draft: Draft,
    ahead: Ahead,
    stamp: Stamp,
}

/// (b), (c): every frame goes into the log.
pub struct Recorded {
    pub machine: Machine,
    /// Where its file is, if it has one; gone with it.
    _folder: Option<tempfile::TempDir>,
}

/// Where the log is.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    /// In memory; huge pages.
    Memory,
    /// A file in the page cache.
    PageCache,
}

pub const IDS: IdStyle = IdStyle { prefix: b'B' };

impl Alone {
    pub fn new() -> Self {
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
        self.state.regions().for_each(ask_for_huge_pages);
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
    pub fn new(limits: LogLimits, place: Place) -> Self {
        let folder = (place == Place::PageCache).then(|| tempfile::tempdir().expect("room for a journal"));
        let log = match &folder {
            Some(folder) => {
                Log::create(&folder.path().join("journal"), limits, Durability::Async).expect("room for a journal")
            }
            None => Log::in_memory(limits).expect("memory for the log"),
        };
        Recorded { machine: Machine::new(log, Identity { ids: IDS, data_center: 0 }), _folder: folder }
    }
}

impl Exchange for Recorded {
    #[inline]
    fn execute(&mut self, command: &Command<'_>) {
        let executed = self.machine.execute(command, Nanoseconds(0)).expect("there is room in the log");
        assert!(executed.alarm.is_none());
    }

    fn looks_ahead(&self) -> bool {
        self.machine.looks_ahead()
    }

    #[inline]
    fn look_ahead(&mut self, command: &Command<'_>) {
        self.machine.look_ahead(command);
    }

    fn touch(&mut self) {
        self.machine.touch_state();
        self.machine.log().touch_ahead(usize::MAX);
    }

    fn is_applied(&self) -> bool {
        !matches!(self.machine.decided()[0].view(), Some(EventView::Rejected(_)))
    }

    fn digests(&self) -> Digests {
        self.machine.state().digests()
    }
}

/// Matching alone: the engine's books and its table of live orders.
pub struct Matching {
    engine: MatchingAlone,
    /// Of the next command.
    sequence: u64,
    trades: u64,
}

impl Matching {
    /// The books, filled.
    pub fn begin(workload: &Workload) -> Self {
        let live_orders = Market::of_w1(workload.books, workload.depth).live_orders;
        let mut engine = MatchingAlone::new(workload.books, Price(0), Price(TICKS - 1), live_orders);
        engine.regions().for_each(ask_for_huge_pages);
        engine.touch_pages();
        let mut matching = Matching { engine, sequence: workload.first_sequence, trades: 0 };
        matching.run(&workload.before);
        matching
    }

    /// Executes a burst as [`Exchange`]s do: each command is looked at when [`COMMANDS_AHEAD`] others stand before it.
    #[inline]
    pub fn run(&mut self, operations: &[Operation]) {
        if !self.engine.looks_ahead() {
            return operations.iter().for_each(|operation| self.execute(operation));
        }
        operations.iter().take(COMMANDS_AHEAD).for_each(|operation| self.look(operation));
        for (place, operation) in operations.iter().enumerate() {
            if let Some(later) = operations.get(place + COMMANDS_AHEAD) {
                self.look(later);
            }
            self.execute(operation);
        }
    }

    #[inline]
    fn look(&mut self, operation: &Operation) {
        match operation.kind {
            Kind::Cancel => self.engine.look_at_cancel(key(operation.target)),
            Kind::Add | Kind::Immediate => {
                self.engine.look_at_insert(&order(operation, self.sequence + COMMANDS_AHEAD as u64));
            }
        }
    }

    #[inline]
    fn execute(&mut self, operation: &Operation) {
        match operation.kind {
            Kind::Cancel => assert!(self.engine.cancel(key(operation.target)), "what is cancelled is live"),
            Kind::Add | Kind::Immediate => {
                self.engine.insert(&order(operation, self.sequence), |_, _, _| self.trades += 1);
            }
        }
        self.sequence += 1;
    }

    /// Asserts that it came to what the whole engine came to.
    pub fn assert_arrived(&self, workload: &Workload) {
        assert_eq!((self.trades, self.engine.live_orders()), (workload.trades, workload.live_orders));
    }
}

/// The key of the order that a frame accepted.
fn key(sequence: u64) -> OrderKey {
    OrderKey::new(Sequence(sequence), 0)
}

fn order(operation: &Operation, sequence: u64) -> MatchingOrder {
    MatchingOrder {
        key: key(sequence),
        instrument: InstrumentIndex(operation.instrument),
        side: operation.side,
        price: Price(operation.price),
        volume: operation.volume,
        rests: operation.kind == Kind::Add,
    }
}

impl Workload {
    pub fn make((books, depth, scale): (u16, u32, f64), operations: u32) -> Self {
        let inserts = u32::from(books) * depth * 2 + operations * 2 / 3 + 100_000;
        let mut exchange = Alone::new();
        open_day(&mut exchange, &Market::of_w1(books, depth), inserts);
        let first_sequence = exchange.stamp.sequence.0 + 1;
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
        let (digests, live_orders) = (exchange.digests(), exchange.state.live_orders());
        assert_eq!(digests, exchange.state.recompute_digests());
        // And the base data.
        let log = LogLimits {
            bytes: log_bytes + LogLimits::BYTES_TO_BEGIN,
            frames: before.len() + timed.len() + 2 * AGGREGATES as usize,
        };
        Workload { books, depth, operations, inserts, first_sequence, before, timed, trades, live_orders, log, digests }
    }

    /// Opens the day and fills the books.
    pub fn begin(&self, exchange: &mut impl Exchange) {
        open_day(exchange, &Market::of_w1(self.books, self.depth), self.inserts);
        self.before.iter().for_each(|operation| exchange.execute(&buffer(operation).command()));
    }
}

/// How large a market is.
pub struct Market {
    pub books: u16,
    /// Orders that may rest at once.
    pub live_orders: u32,
    /// (account, instrument) pairs.
    pub aggregates: u32,
    pub users: u16,
    pub participants: u16,
    /// Most lots of an order.
    pub maximum_volume: u32,
}

impl Market {
    /// That of W1.
    fn of_w1(books: u16, depth: u32) -> Self {
        let live_orders = u32::from(books) * depth * 3 + 64;
        Market {
            books,
            live_orders,
            aggregates: AGGREGATES,
            users: USERS,
            participants: PARTICIPANTS,
            maximum_volume: 100,
        }
    }
}

/// The day and its base data.
pub fn open_day(exchange: &mut impl Exchange, market: &Market, inserts: u32) {
    let accounts = market.aggregates / u32::from(market.books);
    own(
        exchange,
        &DayOpen {
            trading_day: 20_240_930,
            action_day: 20_240_930,
            live_orders: market.live_orders,
            local_ids: inserts,
            position_rows: market.aggregates,
            accounts,
            participants: market.participants,
            users: market.users,
            instruments: market.books,
            flags: 0,
            epoch: Epoch(0),
            data_center: 0,
            enquiries: 1,
            exec_orders: 1,
            limits: 1,
            products: 1,
            reserved: 0,
        },
    );
    for index in 0..market.participants {
        let mut id = [b' '; 8];
        id[..4].copy_from_slice(format!("{index:04}").as_bytes());
        let index = ParticipantIndex(index);
        own(
            exchange,
            &ParticipantDefine { index, series: index.0 + 2, participant_type: b'0', right: b'0', clearing: index, id },
        );
    }
    for index in 0..market.users {
        let mut id = [b' '; 16];
        id[..4].copy_from_slice(format!("{index:04}").as_bytes());
        own(
            exchange,
            &UserDefine {
                index: UserIndex(index),
                participant: ParticipantIndex(index % market.participants),
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
                participant: ParticipantIndex((index % u32::from(market.participants)) as u16),
                right: b'0',
                client_type: b'0',
                client_number: ClientNumber(index),
                reserved: 0,
                client_id,
            },
        );
    }
    own(
        exchange,
        &ProductDefine {
            index: ProductIndex(0),
            kind: b'0',
            flags: 0,
            functions: Function::BITS,
            enquiry_interval: 0,
            enquiry_spread: 0,
            open_limit: 0,
            quote_spread: 0,
            quote_volume: 0,
            reserved: 0,
            id: *b"ALL     ",
            group: *b"ALL     ",
        },
    );
    for index in 0..market.books {
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
                product: ProductIndex(0),
                tick: 2000,
                multiplier: 300,
                lower_limit: 0,
                upper_limit: TICKS - 1,
                previous_settlement: 4096,
                minimum_volume: 1,
                maximum_volume: market.maximum_volume,
                maximum_market_volume: market.maximum_volume,
                open_limit: 0,
                limit_with: InstrumentIndex(index),
                option_type: b'0',
                flags: 0,
                last_trading_day: 0,
                strike: RawPrice(0),
                margin_long: 0,
                margin_short: 0,
                position_limit: 1 << 30,
                previous_open_interest: 0,
                id,
            },
        );
    }
    exchange.touch();
}

pub fn own<B: Body>(exchange: &mut impl Exchange, body: &B) {
    exchange.execute(&CommandBuffer::own(body).command());
    assert!(exchange.is_applied(), "the base data is in order");
}

pub fn write_digits(field: &mut [u8], mut number: u64) {
    for digit in field.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

pub fn buffer(operation: &Operation) -> CommandBuffer {
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
pub struct Maker {
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

/// xorshift64*.
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Uniform below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        ((self.next() >> 32) * end) >> 32
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn exponential(&mut self, scale: f64) -> i32 {
        (-(1.0 - self.unit()).ln() * scale) as i32
    }
}

/// One command of the workload, small: four million of them are kept.
#[derive(Clone, Copy)]
pub struct Operation {
    /// Cancel: the frame that accepted the target.
    pub target: u64,
    pub local_id: u32,
    pub price: i32,
    pub volume: u32,
    pub account: u32,
    pub user: u16,
    pub instrument: u16,
    pub kind: Kind,
    pub side: Direction,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Add,
    Immediate,
    Cancel,
}
