//! Seeded random commands over the day of `common`, without looking at what came of them.

use super::*;
use reference::command::{BookRestate, CreditSet, ExecWindowSet, MarketMakerSet, MassCancel};

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
        let instrument = Instrument([0, 0, 0, 1, 1, 1, 4, 5][self.below(8) as usize]);
        let phase = |phase| own(phase_set(instrument, phase));
        match self.below(400) {
            0..2 => {
                let mut commands = vec![phase(b"12"[self.below(2) as usize])];
                for _ in 0..self.below(30) {
                    commands.push(self.order(instrument));
                }
                commands.push(phase(b'6'));
                commands.push(own(uncross(instrument)));
                commands.push(phase(b'0'));
                commands
            }
            2..=4 => vec![own(MarketDataTick { zero: Zero })],
            5 => vec![own(MassCancel { scope: 2, cause: 0, zero: Zero, index: self.below(3) as u32 })],
            6 => vec![own(BookRestate { zero: Zero })],
            7 => vec![own(MassCancel { scope: 4, cause: 1, zero: Zero, index: self.below(2) as u32 })],
            8..24 => vec![self.quote(instrument)],
            24..30 => {
                let user = self.below(3) as u16;
                vec![by(user, quote_cancel(self.locals[usize::from(user)].saturating_sub(self.below(9) as u32)))]
            }
            30..34 => {
                let user = self.below(3) as u16;
                self.locals[usize::from(user)] += 1;
                let account = Account(u32::from(user) % 2);
                vec![by(user, EnquireQuote { account, instrument, ..enquiry(self.locals[usize::from(user)]) })]
            }
            34 => {
                let credit = 3_000_000_000 + self.below(6_000_000_000) as i64;
                let (participant, kind) = (Participant(self.below(2) as u16), self.below(2) as u8);
                let amount = if self.below(4) > 0 { -1 } else { credit };
                vec![own(CreditSet { participant, kind, zero: Zero, amount })]
            }
            35..40 => {
                let user = self.below(2) as u16;
                self.locals[usize::from(user)] += 1;
                let instruction = ExecOrderInsert {
                    account: Account(u32::from(user)),
                    instrument: Instrument(4 + self.below(2) as u16),
                    volume: 1 + self.below(2) as u32,
                    action: b'1' + self.below(2) as u8,
                    ..exec(self.locals[usize::from(user)])
                };
                vec![by(user, instruction)]
            }
            40..44 => {
                let user = self.below(2) as u16;
                vec![by(user, exec_cancel(self.locals[usize::from(user)].saturating_sub(self.below(40) as u32)))]
            }
            44..130 => {
                let user = self.below(3) as u16;
                let back = self.below(10) as u32;
                let target = cancel(self.locals[usize::from(user)].saturating_sub(back));
                vec![by(user, target)]
            }
            _ => vec![self.order(instrument)],
        }
    }

    fn quote(&mut self, instrument: Instrument) -> Vec<u8> {
        let user = self.below(3) as u16;
        self.locals[usize::from(user)] += 1;
        let bid = 95 + self.below(8) as i64;
        let quote = QuoteInsert {
            account: Account(u32::from(user) % 2),
            instrument,
            offset: [b'0', b"001"[self.below(3) as usize]],
            hedge: [b"14"[self.below(2) as usize], b'1'],
            price: [bid * TICK, (bid + self.below(5) as i64) * TICK],
            volume: [1 + self.below(4) as u32, 1 + self.below(4) as u32],
            ..quote(self.locals[usize::from(user)])
        };
        by(user, quote)
    }

    fn order(&mut self, instrument: Instrument) -> Vec<u8> {
        let user = self.below(3) as u16;
        self.locals[usize::from(user)] += u32::from(self.below(50) != 0);
        const KINDS: &[(u8, u8)] = &[
            (b'0', b'3'),
            (b'0', b'3'),
            (b'0', b'3'),
            (b'0', b'3'),
            (b'0', b'3'),
            (b'0', b'3'),
            (b'0', b'2'),
            (b'0', b'1'),
            (b'1', b'2'),
            (b'4', b'3'),
            (b'5', b'2'),
            (b'7', b'2'),
            (b'8', b'3'),
            (b'9', b'3'),
        ];
        let kind = KINDS[self.below(KINDS.len() as u64) as usize];
        let order = OrderInsert {
            account: Account(if user == 1 { 1 + self.below(2) as u32 } else { 0 }),
            direction: b'0' + self.below(2) as u8,
            offset: b"0001145"[self.below(7) as usize],
            order_type: kind.0,
            match_condition: kind.1,
            minimal_volume: if kind.1 == b'2' { self.below(3) as u32 } else { 0 },
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
    let open = DayOpen { local_ids: 10_000_000, position_rows: 100, enquiries: 20, exec_orders: 20, ..day_open() };
    let mut all = base_data(open);
    for index in [2, 3] {
        all.push(own(InstrumentDefine { position_limit: 0, ..instrument(index) }));
    }
    all.push(own(InstrumentDefine { position_limit: 200, ..option(4, b'1', 4) }));
    all.push(own(InstrumentDefine { position_limit: 200, open_limit: 150, ..option(5, b'2', 4) }));
    all.push(own(ExecWindowSet { product: Product(1), open: 1, zero: Zero, step: 0 }));
    for account in 0..2 {
        for product in 0..2 {
            all.push(own(MarketMakerSet { account: Account(account), product: Product(product), on: 1, zero: Zero }));
        }
    }
    all.push(own(phase_set(Instrument::ALL, b'0')));
    let mut flow = Flow::new(seed);
    while all.len() < commands {
        all.extend(flow.next());
    }
    all
}
