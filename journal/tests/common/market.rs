//! A small exchange for the machine's tests: its base data, and a seeded day that trades, rejects, auctions and
//! cancels.
#![allow(dead_code, clippy::unwrap_used)]

use engine::IdStyle;
use engine::command::*;
use engine::types::*;
use journal::{Executed, Identity, Log, LogLimits, Machine};
use zerocopy::FromZeros;

pub const LIMITS: LogLimits = LogLimits { bytes: 16 << 20, frames: 20_000 };
pub const PRIMARY: Identity = Identity { ids: IdStyle { prefix: b'P' }, data_center: 1 };
pub const BACKSTOP: Identity = Identity { ids: IdStyle { prefix: b'B' }, data_center: 2 };
pub const MEMBERS: u16 = 4;
pub const INSTRUMENTS: u16 = 3;

/// A machine and the time that its commands come at.
pub struct Exchange {
    pub machine: Machine,
    pub now: u64,
    random: u64,
    local_ids: u64,
}

impl Exchange {
    pub fn new(identity: Identity) -> Self {
        Self::over(Machine::new(Log::in_memory(LIMITS).unwrap(), identity))
    }

    pub fn over(machine: Machine) -> Self {
        let local_ids = machine.state().last_sequence().0;
        Exchange { machine, now: super::MORNING, random: 0x9E37_79B9_7F4A_7C15, local_ids }
    }

    /// With its base data, all instruments in continuous trading.
    pub fn open(identity: Identity) -> Self {
        let mut exchange = Self::new(identity);
        exchange.open_day();
        exchange
    }

    pub fn open_day(&mut self) {
        for command in base_data() {
            assert_eq!(self.send(&command).rejected, None);
        }
        self.phase(Phase::Continuous);
    }

    pub fn send(&mut self, command: &CommandBuffer) -> Executed {
        self.now += 1000;
        self.machine.execute(&command.command(), Nanoseconds(self.now)).unwrap()
    }

    pub fn phase(&mut self, phase: Phase) -> Executed {
        self.send(&phase_set(phase))
    }

    pub fn order(&mut self, user: u16, instrument: u16, side: u8, price: i64, volume: u32) -> Executed {
        let order = self.next_order(user, instrument, side, price, volume);
        self.send(&order)
    }

    pub fn next_order(&mut self, user: u16, instrument: u16, side: u8, price: i64, volume: u32) -> CommandBuffer {
        self.local_ids += 1;
        insert(self.local_ids, user, instrument, side, price, volume)
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % below
    }

    /// A command of a busy day.
    pub fn next_command(&mut self) -> CommandBuffer {
        let (user, instrument) = (self.draw(MEMBERS.into()) as u16, self.draw(INSTRUMENTS.into()) as u16);
        match self.draw(200) {
            0 => phase_set(Phase::AuctionOrdering),
            1 => phase_set(Phase::AuctionMatch),
            2 => CommandBuffer::own(&Uncross { instrument: InstrumentIndex::ALL, product: ProductIndex::ALL, step: 0 }),
            3..=8 => phase_set(Phase::Continuous),
            9 | 10 => CommandBuffer::own(&MarketDataTick { reserved: 0 }),
            11 => CommandBuffer::own(&MassCancel { scope: 2, cause: 0, reserved: [0; 2], index: user.into() }),
            12 => CommandBuffer::own(&BookRestate { reserved: 0 }),
            13..=60 => cancel(1 + self.draw(self.local_ids.max(1)), user),
            61 => insert(self.local_ids, user, instrument, b'0', 100, 1), // a local id again
            drawn => {
                let side = b'0' + (drawn % 2) as u8;
                let price = 90 + self.draw(21) as i64;
                let mut order = insert_body(self.local_ids + 1, instrument, side, price, 1 + self.draw(9) as u32);
                self.local_ids += 1;
                order.match_condition = [b'3', b'3', b'3', b'2', b'1'][self.draw(5) as usize];
                order.offset = [b'0', b'0', b'0', b'1', b'4'][self.draw(5) as usize];
                order.account = AccountIndex(user.into());
                CommandBuffer::new(0, 0, UserIndex(user), &order)
            }
        }
    }

    pub fn trade_on(&mut self, commands: usize) {
        for _ in 0..commands {
            let command = self.next_command();
            self.send(&command);
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.machine.reader().bytes_from(0).unwrap().to_vec()
    }
}

pub fn base_data() -> Vec<CommandBuffer> {
    let mut day = DayOpen::new_zeroed();
    day.trading_day = super::DAY;
    day.action_day = super::DAY;
    (day.live_orders, day.local_ids, day.position_rows) = (4096, 16_384, 256);
    (day.accounts, day.participants, day.users, day.instruments) = (16, 8, 16, 8);
    (day.products, day.enquiries, day.exec_orders, day.limits) = (1, 16, 16, 16);
    (day.epoch, day.data_center) = (Epoch(1), 1);
    let mut commands = vec![CommandBuffer::own(&day)];
    for member in 0..MEMBERS {
        let digit = b'1' + member as u8;
        let mut participant = ParticipantDefine::new_zeroed();
        participant.index = ParticipantIndex(member);
        participant.series = 2 + member;
        (participant.participant_type, participant.right) = (b'2', b'0');
        participant.clearing = ParticipantIndex(member);
        participant.id = *b"000     ";
        participant.id[3] = digit;
        commands.push(CommandBuffer::own(&participant));
        let mut user = UserDefine::new_zeroed();
        (user.index, user.participant, user.right) = (UserIndex(member), ParticipantIndex(member), b'0');
        user.id = *b"trader          ";
        user.id[6] = digit;
        commands.push(CommandBuffer::own(&user));
        let mut account = AccountDefine::new_zeroed();
        (account.index, account.participant) = (AccountIndex(member.into()), ParticipantIndex(member));
        (account.right, account.client_type, account.client_number) = (b'0', b'0', ClientNumber(member.into()));
        account.client_id = *b"client  ";
        account.client_id[6] = digit;
        commands.push(CommandBuffer::own(&account));
    }
    let mut product = ProductDefine::new_zeroed();
    (product.kind, product.functions, product.id) = (b'0', Function::BITS, *b"IF      ");
    commands.push(CommandBuffer::own(&product));
    for index in 0..INSTRUMENTS {
        let mut instrument = InstrumentDefine::new_zeroed();
        instrument.index = InstrumentIndex(index);
        (instrument.price_rule, instrument.tie_break) = (u8::from(index == 1), index as u8);
        (instrument.phase, instrument.right) = (b'4', b'0');
        (instrument.tick, instrument.multiplier) = (2000, 300);
        (instrument.lower_limit, instrument.upper_limit, instrument.previous_settlement) = (50, 150, 100);
        (instrument.minimum_volume, instrument.maximum_volume, instrument.maximum_market_volume) = (1, 1000, 1000);
        (instrument.option_type, instrument.limit_with) = (b'0', InstrumentIndex(index));
        instrument.id = *b"IF2410                          ";
        instrument.id[5] = b'0' + index as u8;
        commands.push(CommandBuffer::own(&instrument));
    }
    commands
}

pub fn phase_set(phase: Phase) -> CommandBuffer {
    CommandBuffer::own(&PhaseSet {
        instrument: InstrumentIndex::ALL,
        phase: phase as u8,
        reason: b'2',
        step: 0,
        product: ProductIndex::ALL,
        last_day: 0,
        reserved: [0; 5],
        text: [b' '; 80],
    })
}

fn local_id(number: u64) -> [u8; 24] {
    let mut id = [b' '; 24];
    id[..16].copy_from_slice(format!("{number:016}").as_bytes());
    id
}

fn insert_body(number: u64, instrument: u16, side: u8, ticks: i64, volume: u32) -> OrderInsert {
    let mut order = OrderInsert::new_zeroed();
    order.local_id = local_id(number);
    order.message_reference = *b"      ";
    (order.direction, order.offset, order.hedge) = (side, b'0', b'1');
    (order.order_type, order.match_condition, order.match_session) = (b'0', b'3', b'3');
    order.instrument = InstrumentIndex(instrument);
    (order.price, order.volume) = (RawPrice(ticks * 2000), Volume(volume));
    order
}

pub fn insert(number: u64, user: u16, instrument: u16, side: u8, ticks: i64, volume: u32) -> CommandBuffer {
    let mut order = insert_body(number, instrument, side, ticks, volume);
    order.account = AccountIndex(user.into());
    CommandBuffer::new(0, 0, UserIndex(user), &order)
}

pub fn cancel(number: u64, user: u16) -> CommandBuffer {
    let mut cancel = OrderCancel::new_zeroed();
    cancel.order_sys_id = [b' '; 20];
    cancel.instrument = InstrumentIndex::NONE;
    (cancel.action, cancel.target_field) = (b'0', 1);
    cancel.local_id = local_id(number);
    cancel.action_local_id = [b' '; 24];
    cancel.account = AccountIndex::NONE;
    CommandBuffer::new(0, 0, UserIndex(user), &cancel)
}

pub fn epoch_open(epoch: u32) -> CommandBuffer {
    let mut open = EpochOpen::new_zeroed();
    (open.epoch, open.data_center, open.old_epoch) = (Epoch(epoch), 2, Epoch(epoch - 1));
    CommandBuffer::own(&open)
}
