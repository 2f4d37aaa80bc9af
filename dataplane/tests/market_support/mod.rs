//! A random day of a few instruments: orders, phases, auctions, ticks.
#![allow(dead_code, reason = "each test binary uses its part")]

use crate::streams_support::{Day, TICK, padded};
use engine::command::{
    Body, BookRestate, CommandBuffer, DayClose, EnquireQuote, EpochOpen, MarketDataTick, MarketMakerSet, MassCancel,
    PhaseSet, QuoteInsert, RightScope, RightSet, Uncross,
};
use engine::types::{
    AccountIndex, Direction, Epoch, InstrumentIndex, Phase, Price, ProductIndex, RawPrice, Sequence, UserIndex, Volume,
};
use journal::LogLimits;
use std::collections::BTreeMap;

/// Numbers from a seed.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

pub struct RandomDay {
    pub day: Day,
    pub random: Random,
    instruments: u16,
    ids: u64,
}

impl RandomDay {
    pub fn new(seed: u64, instruments: u16) -> Self {
        let mut day = Day::open_with(instruments, 1 << 20, LogLimits { bytes: 256 << 20, frames: 400_000 });
        for account in [0, 1].map(AccountIndex) {
            day.own(&MarketMakerSet { account, product: ProductIndex(0), on: 1, reserved: 0 });
        }
        RandomDay { day, random: Random(seed), instruments, ids: 0 }
    }

    /// Another core that has this one's log up to a frame and goes on in a new epoch.
    pub fn taken_over(&self, cut: Sequence, epoch: Epoch, seed: u64) -> Self {
        let mut day = Day::empty(self.instruments, 1 << 20, LogLimits { bytes: 256 << 20, frames: 400_000 });
        for frame in self.day.reader.frames_from(0) {
            let part = frame.parts().next().unwrap();
            if part.header.sequence > cut {
                break;
            }
            day.machine.execute(&frame.command(), part.header.time).unwrap();
            day.time = part.header.time.0;
        }
        day.follow();
        let old_epoch = day.directory.day().unwrap().epoch;
        day.own(&EpochOpen { epoch, data_center: 7, old_epoch, reserved: 0, cut_sequence: cut });
        RandomDay { day, random: Random(seed), instruments: self.instruments, ids: self.ids + 1_000_000 }
    }

    /// Something happens. True: a tick.
    pub fn step(&mut self) -> bool {
        self.day.time += self.random.below(3_000_000);
        match self.random.below(400) {
            0 => self.phase(),
            1 => {
                let cancel = MassCancel { scope: 4, cause: 0, reserved: [0; 2], index: u32::from(self.instrument().0) };
                self.own(&cancel);
            }
            2 => self.own(&BookRestate { reserved: 0 }),
            // Closing only, for a while: nothing is held, so only the message is of interest, and orders are refused until it ends.
            65 => self.right(),
            3..=22 => {
                self.tick();
                return true;
            }
            23..=60 => self.quote(),
            61..=64 => self.enquiry(),
            _ => self.order(),
        }
        false
    }

    pub fn tick(&mut self) {
        self.own(&MarketDataTick { reserved: 0 });
    }

    pub fn close(&mut self) {
        self.own(&DayClose { reserved: 0, step: 0 });
    }

    pub fn own<B: Body>(&mut self, body: &B) {
        self.day.own(body);
    }

    fn instrument(&mut self) -> InstrumentIndex {
        InstrumentIndex(self.random.below(self.instruments.into()) as u16)
    }

    /// Into a call auction and out of it again, or to any other phase and back.
    fn phase(&mut self) {
        let instrument = if self.random.one_in(3) { InstrumentIndex::ALL } else { self.instrument() };
        let set = |phase: u8| PhaseSet {
            instrument,
            phase,
            reason: b'1',
            step: 0,
            product: ProductIndex::ALL,
            last_day: 0,
            reserved: [0; 5],
            text: [b' '; 80],
        };
        let first = self.random.one(b"1235");
        self.own(&set(first));
        for _ in 0..self.random.below(60) {
            if self.random.one_in(12) { self.tick() } else { self.order() }
        }
        if b"12".contains(&first) {
            self.own(&set(Phase::AuctionMatch as u8));
            if self.random.one_in(2) {
                self.tick();
            }
            self.own(&Uncross { instrument, product: ProductIndex::ALL, step: 0 });
        }
        self.own(&set(Phase::Continuous as u8));
    }

    /// An instrument's right, taken away and given back.
    fn right(&mut self) {
        let instrument = self.instrument();
        for right in [self.random.one(b"12"), b'0'] {
            self.own(&RightSet { scope: RightScope::Instrument as u8, right, instrument, index: 0 });
            self.order();
        }
    }

    /// User 0 or 2 and its account.
    fn market_maker(&mut self) -> (UserIndex, AccountIndex, [u8; 24]) {
        self.ids += 1;
        let second = self.random.below(2) as u16;
        let local_id = padded(format!("Q{:012}", self.ids).as_bytes());
        (UserIndex(2 * second), AccountIndex(second.into()), local_id)
    }

    fn quote(&mut self) {
        let (user, account, local_id) = self.market_maker();
        let bid = 14_992 + self.random.below(12) as i64;
        let ask = bid + 1 + self.random.below(6) as i64;
        let quote = QuoteInsert {
            local_id,
            message_reference: [b' '; 6],
            instrument: self.instrument(),
            account,
            offset: [self.random.one(b"0001"), self.random.one(b"0001")],
            hedge: [b'1'; 2],
            price: [bid, ask].map(|ticks| RawPrice(ticks * TICK)),
            volume: [0, 0].map(|_| Volume(1 + self.random.below(6) as u32)),
        };
        self.day.execute(&CommandBuffer::new(3, 77, user, &quote));
    }

    fn enquiry(&mut self) {
        let (user, account, local_id) = self.market_maker();
        let instrument = self.instrument();
        let direction = self.random.one(b"012");
        let message_reference = [b' '; 6];
        let enquiry = EnquireQuote { local_id, message_reference, instrument, account, direction, reserved: [0; 3] };
        self.day.execute(&CommandBuffer::new(3, 77, user, &enquiry));
    }

    fn order(&mut self) {
        let user = self.random.one(&[0, 1, 2]);
        let direction = self.random.one(b"01");
        let middle = 15_000 + i64::from(direction == b'1') * 3;
        let ticks = middle - 8 + self.random.below(14) as i64;
        let volume = 1 + self.random.below(9) as u32;
        let mut order = self.day.order(user, direction, ticks, volume, self.random.one(b"3333333312"));
        self.ids += 1;
        order.local_id = padded(format!("R{:012}", self.ids).as_bytes());
        order.offset = self.random.one(b"000111");
        order.instrument = self.instrument();
        order.account = AccountIndex(u32::from(user == 2));
        self.day.execute(&CommandBuffer::new(3, 77, UserIndex(user), &order));
    }

    /// Five best levels of a side, as the engine has them.
    pub fn levels(&self, instrument: u16, direction: Direction) -> Vec<(Price, Volume)> {
        let mut levels: BTreeMap<i64, u64> = BTreeMap::new();
        for order in self.day.machine.state().orders() {
            if order.instrument.0 == instrument && order.direction == direction {
                let rank = i64::from(order.price.0) * if direction == Direction::Buy { -1 } else { 1 };
                *levels.entry(rank).or_default() += u64::from(order.remaining.0);
            }
        }
        let level =
            |(rank, lots): (i64, u64)| (Price(rank.unsigned_abs() as i32), Volume(u32::try_from(lots).unwrap()));
        levels.into_iter().take(5).map(level).collect()
    }
}
