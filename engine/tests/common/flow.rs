//! Random commands of every kind, so drawn that most of what may happen does.

use crate::common::*;
use engine::command::*;
use engine::types::*;

/// A small exchange under random commands: two instruments in a narrow band, four accounts, tables that fill up.
pub struct Flow {
    pub market: Market,
    pub random: Random,
    ids: u32,
}

impl Flow {
    pub fn new(seed: u64, local_ids: u32) -> Self {
        let mut random = Random(seed | 1);
        let flags = if random.one_in(2) { DAY_CLOSE_TODAY_FIRST } else { 0 };
        let limits = DayOpen { live_orders: 40, local_ids, position_rows: 14, flags, ..day() };
        let (rule, limit) = (random.below(2) as u8, [0, 60][random.below(2) as usize]);
        let tie_break = random.below(4) as u8;
        let market = Market::with(limits, |define| {
            (define.lower_limit, define.upper_limit, define.previous_settlement) = (95, 105, 100);
            (define.price_rule, define.tie_break, define.position_limit) = (rule, tie_break, limit);
            (define.maximum_volume, define.previous_open_interest) = (20, 30);
        });
        Flow { market, random, ids: 0 }
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.random.below(of.len() as u64) as usize]
    }

    /// The next command: mostly orders and cancels, sometimes everything else.
    pub fn command(&mut self) -> CommandBuffer {
        match self.random.below(100) {
            0..72 => self.insert(),
            72..86 => self.cancel(),
            86..90 => self.phase_or_uncross(),
            90..93 => CommandBuffer::own(&MarketDataTick { reserved: 0 }),
            93 => CommandBuffer::own(&BookRestate { reserved: 0 }),
            94 => {
                let (scope, index) = (self.random.below(6) as u8, self.random.below(5) as u32);
                CommandBuffer::own(&MassCancel { scope, reserved: [0; 3], index })
            }
            95 => self.position(),
            96..98 => self.right(),
            98 => self.bulletin(),
            _ => {
                let user = self.random.below(5) as u16;
                let blocked = self.random.below(2) as u8;
                CommandBuffer::own(&SeatBlock { user: UserIndex(user), blocked, reserved: 0, text: [b' '; 100] })
            }
        }
    }

    fn insert(&mut self) -> CommandBuffer {
        let user = self.random.below(4) as u16;
        let mut order = if self.random.one_in(2) { buy(0, 0) } else { sell(0, 0) }.body();
        order.price.0 = (94 + self.random.below(13) as i64) * i64::from(TICK) + i64::from(self.random.one_in(60));
        order.volume.0 = 1 + self.random.below(21) as u32;
        let account = if self.random.one_in(50) { 9 } else { u32::from(user) / 2 * 2 + self.random.below(2) as u32 };
        order.account = AccountIndex(account);
        order.instrument = InstrumentIndex(self.random.below(2) as u16 + u16::from(self.random.one_in(60)));
        order.offset = self.one(b"0001145");
        order.hedge = self.one(b"1111113");
        order.match_condition = self.one(b"33333312");
        self.ids += 1;
        let back = if self.random.one_in(25) { self.random.below(u64::from(self.ids)) as u32 } else { 0 };
        order.local_id = if self.random.one_in(100) { [b' '; 24] } else { local_id(self.ids - back) };
        CommandBuffer::new(0, 0, UserIndex(user), &order)
    }

    fn cancel(&mut self) -> CommandBuffer {
        let orders = self.market.state.orders();
        let mut body = OrderCancel {
            order_sys_id: [b' '; 20],
            instrument: InstrumentIndex::NONE,
            action: self.one(b"00000000001"),
            target_field: 1,
            local_id: local_id(self.random.below(u64::from(self.ids) + 1) as u32),
            action_local_id: [b' '; 24],
            message_reference: [b' '; 6],
            reserved: [0; 2],
            account: AccountIndex::NONE,
            reserved_2: 0,
        };
        let mut user = UserIndex(self.random.below(4) as u16);
        if !orders.is_empty() && !self.random.one_in(8) {
            let order = orders[self.random.below(orders.len() as u64) as usize];
            if !self.random.one_in(8) {
                user = order.user;
            }
            (body.local_id, body.account) = (order.local_id, order.account);
            if self.random.one_in(2) {
                body.order_sys_id = order.sys_id;
            }
            if self.random.one_in(4) {
                body.instrument = A;
            }
        }
        CommandBuffer::new(0, 0, user, &body)
    }

    fn phase_or_uncross(&mut self) -> CommandBuffer {
        let instrument = self.one(&[A, B, InstrumentIndex::ALL, A, B, InstrumentIndex(2)]);
        if self.random.one_in(4) {
            return CommandBuffer::own(&Uncross { instrument, reserved: 0, step: 0 });
        }
        // An auction that is being matched is matched next; continuous trading is where most time is spent.
        let phase = self.one(b"0000000000000011166663452");
        CommandBuffer::own(&PhaseSet { instrument, phase, reason: b'1', step: 0 })
    }

    fn position(&mut self) -> CommandBuffer {
        let mut lots = || self.random.below(30) as u32;
        let (long_yesterday, long_today, short_yesterday, short_today) = (lots(), lots(), lots(), lots());
        let account = AccountIndex(self.random.below(5) as u32);
        let instrument = InstrumentIndex(self.random.below(2) as u16);
        let hedge = self.one(b"113");
        CommandBuffer::own(&PositionSet {
            account,
            instrument,
            hedge,
            reserved: 0,
            long_yesterday,
            long_today,
            short_yesterday,
            short_today,
        })
    }

    fn right(&mut self) -> CommandBuffer {
        let right = self.one(b"0000000000000000000000000000000000000000000012");
        let set = RightSet {
            scope: self.random.below(6) as u8,
            right,
            instrument: self.one(&[A, B]),
            index: self.random.below(4) as u32,
        };
        CommandBuffer::own(&set)
    }

    fn bulletin(&mut self) -> CommandBuffer {
        let participant =
            self.one(&[ParticipantIndex(0), ParticipantIndex(1), ParticipantIndex(2), ParticipantIndex::ALL]);
        CommandBuffer::own(&Bulletin {
            participant,
            urgency: b'1',
            reserved: 0,
            news_type: [b'0'; 3],
            reserved_2: 0,
            summary: [b' '; 80],
            content: [b' '; 504],
        })
    }
}
