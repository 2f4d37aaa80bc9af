//! Seeded random commands over the day of `common`, without looking at what came of them.

use super::*;
use reference::command::{BookRestate, MassCancel};

pub struct Flow {
    random: u64,
    locals: [u32; 3],
}

impl Flow {
    pub fn new(seed: u64) -> Flow {
        Flow { random: seed.wrapping_mul(2).wrapping_add(0x9E37_79B9_7F4A_7C15), locals: [0; 3] }
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        // xorshift64*
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }

    /// Mostly orders and cancels in continuous trading; now and then a whole auction.
    pub fn next(&mut self) -> Vec<Vec<u8>> {
        let instrument = Instrument(self.below(2) as u16);
        let phase = |phase| own(phase_set(instrument, phase));
        match self.below(400) {
            0 => {
                let mut commands = vec![phase(b'1')];
                for _ in 0..self.below(30) {
                    commands.push(self.order(instrument));
                }
                commands.push(phase(b'6'));
                commands.push(own(uncross(instrument)));
                commands.push(phase(b'0'));
                commands
            }
            1..=4 => vec![own(MarketDataTick { zero: Zero })],
            5 => vec![own(MassCancel { scope: 2, cause: 0, zero: Zero, index: self.below(3) as u32 })],
            6 => vec![own(BookRestate { zero: Zero })],
            7..130 => {
                let user = self.below(3) as u16;
                let back = self.below(10) as u32;
                let target = cancel(self.locals[usize::from(user)].saturating_sub(back));
                vec![by(user, target)]
            }
            _ => vec![self.order(instrument)],
        }
    }

    fn order(&mut self, instrument: Instrument) -> Vec<u8> {
        let user = self.below(3) as u16;
        self.locals[usize::from(user)] += u32::from(self.below(50) != 0);
        let order = OrderInsert {
            account: Account(if user == 1 { 1 + self.below(2) as u32 } else { 0 }),
            direction: b'0' + self.below(2) as u8,
            offset: b"0001145"[self.below(7) as usize],
            match_condition: b"33333312"[self.below(8) as usize],
            instrument,
            price: (95 + self.below(11) as i64) * TICK,
            volume: 1 + self.below(5) as u32,
            ..insert(self.locals[usize::from(user)])
        };
        by(user, order)
    }
}

pub fn own(command: impl Into<Command>) -> Vec<u8> {
    command::write(Header::OWN, &command.into())
}

pub fn by(user: u16, command: impl Into<Command>) -> Vec<u8> {
    command::write(Header { session: 40 + u32::from(user), request: 5, user: User(user) }, &command.into())
}

/// A day of random flow without a position limit: `commands` of it, base data and the opening of both markets first.
pub fn day(seed: u64, commands: usize) -> Vec<Vec<u8>> {
    let open = DayOpen { local_ids: 10_000_000, position_rows: 100, ..day_open() };
    let mut all = base_data(open);
    for index in [2, 3] {
        all.push(own(InstrumentDefine { position_limit: 0, ..instrument(index) }));
    }
    all.push(own(phase_set(Instrument::ALL, b'0')));
    let mut flow = Flow::new(seed);
    while all.len() < commands {
        all.extend(flow.next());
    }
    all
}
