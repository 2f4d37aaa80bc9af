//! The memory that a profile reckons with, against what the engine really asks for.

use effort::heap::{Counting, held};
use engine::command::{
    AccountDefine, CommandBuffer, DayOpen, InstrumentDefine, ParticipantDefine, ProductDefine, UserDefine,
};
use engine::types::{
    AccountIndex, ClientNumber, Epoch, Function, InstrumentIndex, Nanoseconds, ParticipantIndex, Phase, PriceRule,
    ProductIndex, RawPrice, Right, Sequence, Stamp, TieBreak, UserIndex,
};
use engine::{Draft, IdStyle, State, step};
use hw_profiles::{LEVELS_PER_BOOK, Limits, Profile};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A state whose memory is watched.
struct Watched {
    state: State,
    draft: Draft,
    sequence: u64,
    empty: u64,
}

impl Watched {
    fn new() -> Watched {
        let draft = Draft::new(IdStyle { prefix: b'B' });
        let empty = held();
        Watched { state: State::new(), draft, sequence: 0, empty }
    }

    fn run(&mut self, command: &CommandBuffer) {
        self.sequence += 1;
        let stamp = Stamp { epoch: Epoch(1), sequence: Sequence(self.sequence), time: Nanoseconds(self.sequence) };
        step(&mut self.state, stamp, &command.command(), &mut self.draft);
    }

    /// Bytes held beyond those of an empty state.
    fn held(&self) -> u64 {
        held() - self.empty
    }
}

fn day(limits: &Limits) -> CommandBuffer {
    CommandBuffer::own(&DayOpen {
        trading_day: 20_261_123,
        action_day: 20_261_123,
        live_orders: limits.live_orders,
        local_ids: limits.local_ids,
        position_rows: limits.position_rows,
        accounts: limits.accounts,
        participants: limits.participants,
        users: limits.users,
        instruments: limits.instruments,
        flags: 0,
        epoch: Epoch(1),
        data_center: 1,
        enquiries: limits.enquiries,
        exec_orders: limits.exec_orders,
        limits: limits.limits,
        products: limits.products,
        reserved: 0,
    })
}

fn text<const N: usize>(text: &str) -> [u8; N] {
    let mut padded = [b' '; N];
    padded[..text.len()].copy_from_slice(text.as_bytes());
    padded
}

// One test: the counter is the process's.
#[test]
fn the_engine_takes_no_more_than_a_profile_reckons_and_not_much_less() {
    for name in Profile::names() {
        // Tables that nobody has touched are addresses, not memory: also the largest profile's fit a small machine.
        let limits = Profile::load(name).expect("built in").limits;
        let reckoned = limits.footprint();
        let mut watched = Watched::new();
        watched.run(&day(&limits));
        let held = watched.held();
        let tables = reckoned.orders + reckoned.local_ids + reckoned.positions;
        let most = tables + reckoned.definitions + reckoned.others;
        assert!(held <= most, "{name}: {held} bytes held, {most} reckoned");
        assert!(held >= tables / 10 * 7, "{name}: {held} bytes held, {tables} reckoned for the three large tables");
    }

    // Every definition of the smallest profile, and a book as wide as is reckoned for each instrument.
    let limits = Profile::load("dev").expect("built in").limits;
    let reckoned = limits.footprint();
    let mut watched = Watched::new();
    watched.run(&day(&limits));
    for index in 0..limits.participants {
        watched.run(&CommandBuffer::own(&ParticipantDefine {
            index: ParticipantIndex(index),
            series: index + 2,
            participant_type: b'1',
            right: Right::Full as u8,
            clearing: ParticipantIndex(index),
            id: text(&format!("P{index:04}")),
        }));
    }
    for index in 0..limits.users {
        watched.run(&CommandBuffer::own(&UserDefine {
            index: UserIndex(index),
            participant: ParticipantIndex(index % limits.participants),
            right: Right::Full as u8,
            flags: 0,
            reserved: [0; 2],
            address: [10, 0, 0, 1],
            requests_per_second: 0,
            requests_in_flight: 0,
            reserved_2: 0,
            id: text(&format!("U{index:04}")),
            secret: text("secret"),
        }));
    }
    for index in 0..limits.accounts {
        watched.run(&CommandBuffer::own(&AccountDefine {
            index: AccountIndex(index),
            participant: ParticipantIndex(u16::try_from(index).expect("few") % limits.participants),
            right: Right::Full as u8,
            client_type: b'1',
            client_number: ClientNumber(index),
            reserved: 0,
            client_id: text(&format!("C{index:07}")),
        }));
    }
    for index in 0..limits.products {
        watched.run(&CommandBuffer::own(&ProductDefine {
            index: ProductIndex(index),
            kind: b'0',
            flags: 0,
            functions: Function::BITS,
            enquiry_interval: 0,
            enquiry_spread: 0,
            open_limit: 0,
            quote_spread: 0,
            quote_volume: 0,
            reserved: 0,
            id: text(&format!("P{index:04}")),
            group: text("P"),
        }));
    }
    let without_books = watched.held();
    let lists = reckoned.orders + reckoned.local_ids + reckoned.positions + reckoned.definitions + reckoned.others;
    assert!(without_books <= lists, "{without_books} bytes held, {lists} reckoned");
    for index in 0..limits.instruments {
        watched.run(&CommandBuffer::own(&InstrumentDefine {
            index: InstrumentIndex(index),
            price_rule: PriceRule::Resting as u8,
            tie_break: TieBreak::Pressure as u8,
            phase: Phase::NoTrading as u8,
            right: Right::Full as u8,
            product: ProductIndex(0),
            tick: 2_000,
            multiplier: 300,
            lower_limit: 1,
            upper_limit: i32::try_from(LEVELS_PER_BOOK).expect("few"),
            previous_settlement: 2_000,
            minimum_volume: 1,
            maximum_volume: 20,
            maximum_market_volume: 20,
            open_limit: 0,
            limit_with: InstrumentIndex(index),
            option_type: b'0',
            flags: 0,
            last_trading_day: 0,
            strike: RawPrice(0),
            margin_long: 0,
            margin_short: 0,
            position_limit: 0,
            previous_open_interest: 0,
            id: text(&format!("IF{index:04}")),
        }));
    }
    let held = watched.held();
    let books = held - without_books;
    assert!(held <= lists + reckoned.books, "{held} bytes held, {} reckoned", lists + reckoned.books);
    assert!(
        books <= reckoned.books && books >= reckoned.books / 2,
        "{books} of books held, {} reckoned",
        reckoned.books
    );
}
