//! Random days for the engine and the reference: a narrow band, and a few people who do everything, right and wrong. Days have
//! styles ([`Style`]), since no one day reaches everything: a full table refuses what a busy day trades.

use engine::command::*;
use engine::types::*;
use net::random::Random;
use std::collections::{BTreeMap, VecDeque};

/// What a generated day is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Continuous trading near the middle, cancels that mostly meet; phases and rights go back soon after they are changed.
    Churn,
    /// Long auctions: thousands of orders rest, so that an uncross, a restatement, a mass cancel and the day's end take several parts.
    Auction,
    /// Small tables and small position limits; whatever is changed stays so until it is changed again.
    Tight,
}

/// Participants, users, accounts, instruments of a generated day.
pub const PARTICIPANTS: u16 = 3;
pub const USERS: u16 = 5;
pub const ACCOUNTS: u32 = 7;
pub const INSTRUMENTS: u16 = 5;

/// The data centre that opens every day.
pub const DATA_CENTER: u32 = 7;

/// The band of every instrument, ticks; and the previous settlement.
const LOWER: i32 = 1_000;
const UPPER: i32 = 1_060;
const SETTLEMENT: i32 = 1_030;

/// Working orders that cancels choose from.
const WORKING: usize = 96;
/// Local ids that repeats choose from.
const USED: usize = 512;
/// Operations after which a phase or a right goes back, in styles where it does.
const SOON: u32 = 30;
/// Auctions of an auction's day: the last one is under way when the day ends, half full.
const AUCTIONS_TWICE: u32 = 21;

/// An order that rested once, and perhaps still does.
#[derive(Clone, Copy)]
struct Working {
    user: UserIndex,
    insert: OrderInsert,
    sys_id: [u8; 20],
}

pub struct Generator {
    pub random: Random,
    style: Style,
    /// Operations of the day, and how many were made.
    operations: u32,
    made: u32,
    /// Local ids that were used.
    used: Vec<[u8; 24]>,
    working: Vec<Working>,
    next_local_id: u64,
    /// What comes next, whatever is drawn.
    script: VecDeque<CommandBuffer>,
    /// What comes when so many operations were made; the second number keeps the order in which it was put there.
    later: BTreeMap<(u32, u64), CommandBuffer>,
    put: u64,
    auctions: u32,
    pub epoch: u32,
}

pub fn text<const N: usize>(text: &str) -> [u8; N] {
    let mut padded = [b' '; N];
    padded[..text.len()].copy_from_slice(text.as_bytes());
    padded
}

/// Limits by the day's style: some days have room for everything, some run into every limit.
pub fn day(random: &mut Random, style: Style, operations: u32) -> DayOpen {
    let tight = style == Style::Tight;
    DayOpen {
        trading_day: 20_240_603,
        action_day: 20_240_603,
        live_orders: if tight { 20 + random.below(40) as u32 } else { 4_096 },
        local_ids: if tight { operations * 3 / 5 } else { operations + 16 },
        position_rows: if tight { 20 } else { 4_096 },
        accounts: ACCOUNTS + 1,
        participants: PARTICIPANTS + 1,
        users: USERS + 1,
        instruments: INSTRUMENTS + 1,
        flags: if random.below(2) == 0 { DAY_CLOSE_TODAY_FIRST } else { 0 },
        epoch: Epoch(1),
        data_center: DATA_CENTER,
        enquiries: 16,
        exec_orders: 16,
        limits: 16,
        products: 1,
        reserved: 0,
    }
}

fn phase_set(instrument: InstrumentIndex, phase: u8, reason: u8, step: u32) -> PhaseSet {
    PhaseSet { instrument, phase, reason, step, product: ProductIndex::ALL, reserved: [0; 6], text: [b' '; 80] }
}

/// The base data that follows DayOpen.
pub fn base_data(random: &mut Random, style: Style) -> Vec<CommandBuffer> {
    let mut commands = Vec::new();
    // Positions only grow where clients open more often than they close: a busy day needs room.
    let room = if style == Style::Tight { 1 } else { 1_000 };
    for index in 0..PARTICIPANTS {
        commands.push(CommandBuffer::own(&ParticipantDefine {
            index: ParticipantIndex(index),
            series: index + 2,
            participant_type: b'1',
            right: b'0',
            clearing: ParticipantIndex(index),
            id: text(&format!("{:04}", index + 1)),
        }));
    }
    for index in 0..USERS {
        commands.push(CommandBuffer::own(&UserDefine {
            index: UserIndex(index),
            participant: ParticipantIndex(index % PARTICIPANTS),
            right: b'0',
            flags: if index == 4 { USER_ASCENDING_LOCAL_IDS } else { 0 },
            reserved: [0; 2],
            address: [0; 4],
            requests_per_second: 0,
            requests_in_flight: 0,
            reserved_2: 0,
            id: text(&format!("U{index}")),
            secret: text("secret"),
        }));
    }
    for index in 0..ACCOUNTS {
        // The last two accounts are one client at two members.
        let number = index.min(ACCOUNTS - 2);
        commands.push(CommandBuffer::own(&AccountDefine {
            index: AccountIndex(index),
            participant: ParticipantIndex((index % u32::from(PARTICIPANTS)) as u16),
            right: b'0',
            client_type: b'1',
            client_number: ClientNumber(number),
            reserved: 0,
            client_id: text(&format!("C{number:04}")),
        }));
    }
    commands.push(CommandBuffer::own(&ProductDefine {
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
        id: text("IF"),
        group: text("IF"),
    }));
    for index in 0..INSTRUMENTS {
        commands.push(CommandBuffer::own(&InstrumentDefine {
            index: InstrumentIndex(index),
            price_rule: (index % 2) as u8,
            tie_break: (index % 5) as u8,
            phase: if style == Style::Churn || (style == Style::Tight && index < 3) { b'0' } else { b'1' },
            right: b'0',
            product: ProductIndex(0),
            tick: 2_000,
            multiplier: 300,
            lower_limit: LOWER,
            upper_limit: UPPER,
            previous_settlement: SETTLEMENT - 5 + random.below(11) as i32,
            minimum_volume: 1,
            maximum_volume: 20,
            maximum_market_volume: 10,
            open_limit: 0,
            limit_with: InstrumentIndex(index),
            option_type: b'0',
            flags: 0,
            reserved: 0,
            strike: RawPrice(0),
            margin_long: 0,
            margin_short: 0,
            position_limit: room * [0, 25, 80, 0, 200][usize::from(index)],
            previous_open_interest: u64::from(index) * 10,
            id: text(&format!("IF24{index:02}")),
        }));
    }
    commands
}

impl Generator {
    /// A day of so many operations; everything about it follows from the arguments.
    pub fn new(seed: u64, style: Style, operations: u32) -> Self {
        Generator {
            random: Random::new(seed),
            style,
            operations,
            made: 0,
            used: Vec::new(),
            working: Vec::new(),
            next_local_id: 0,
            script: VecDeque::new(),
            later: BTreeMap::new(),
            put: 0,
            auctions: 0,
            epoch: 1,
        }
    }

    /// The next command.
    pub fn next(&mut self) -> CommandBuffer {
        if let Some(command) = self.script.pop_front() {
            return command;
        }
        if let Some(first) = self.later.first_entry()
            && first.key().0 <= self.made
        {
            return first.remove();
        }
        self.made += 1;
        if self.style == Style::Auction && self.made > (2 * self.auctions + 2) * self.operations / AUCTIONS_TWICE {
            self.auctions += 1;
            self.match_auction();
        }
        // In a thousand: orders, cancels; the rest is the exchange's own.
        let (orders, cancels) = match self.style {
            Style::Churn => (690, 295),
            Style::Auction => (880, 115),
            Style::Tight => (680, 280),
        };
        match self.below(1_000) {
            n if n < orders => self.insert(),
            n if n < orders + cancels => self.cancel(),
            _ => self.own_and_back(),
        }
    }

    /// Remembers an order that rests: cancels will name it.
    pub fn rests(&mut self, command: &CommandBuffer, sys_id: [u8; 20]) {
        let command = command.command();
        let BodyView::OrderInsert(&insert) = command.body else { return };
        let working = Working { user: command.header.user, insert, sys_id };
        if self.working.len() < WORKING {
            self.working.push(working);
        } else {
            let place = self.below(WORKING as u64) as usize;
            self.working[place] = working;
        }
    }

    fn put(&mut self, operations_later: u32, command: CommandBuffer) {
        self.put += 1;
        self.later.insert((self.made + operations_later, self.put), command);
    }

    /// A long auction is matched; trading goes on for a while; then everything is told anew, or cancelled, and the next auction begins.
    fn match_auction(&mut self) {
        let phase = |phase| CommandBuffer::own(&phase_set(InstrumentIndex::ALL, phase, b'1', 1));
        if self.auctions % 3 == 2 {
            self.script.push_back(CommandBuffer::own(&BookRestate { reserved: 0 }));
        }
        if self.auctions % 5 == 4 {
            self.script.push_back(CommandBuffer::own(&MassCancel { scope: 0, cause: 0, reserved: [0; 2], index: 0 }));
        }
        let uncross = Uncross { instrument: InstrumentIndex::ALL, product: ProductIndex::ALL, step: 2 };
        self.script.extend([phase(b'6'), CommandBuffer::own(&uncross), phase(b'0')]);
        self.put(self.operations / AUCTIONS_TWICE / 2, phase(b'1'));
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random.below(limit)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// Once in `n` times.
    fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn local_id(&mut self, user: u16) -> [u8; 24] {
        if self.once_in(40) && !self.used.is_empty() {
            let place = self.below(self.used.len() as u64) as usize;
            return self.used[place];
        }
        if self.once_in(300) {
            return if self.once_in(2) { [b' '; 24] } else { [0; 24] };
        }
        self.next_local_id += 1;
        // The trader that must ascend mostly does.
        let descends = user == 4 && self.once_in(20);
        let id =
            text(&if descends { format!("!{}", self.next_local_id) } else { format!("{:012}", self.next_local_id) });
        if self.used.len() < USED {
            self.used.push(id);
        } else {
            let place = self.below(USED as u64) as usize;
            self.used[place] = id;
        }
        id
    }

    fn instrument(&mut self) -> InstrumentIndex {
        match self.below(400) {
            0 => InstrumentIndex::UNKNOWN,
            1 => InstrumentIndex(INSTRUMENTS),
            n => InstrumentIndex((n % u64::from(INSTRUMENTS)) as u16),
        }
    }

    fn insert(&mut self) -> CommandBuffer {
        let user = self.below(u64::from(USERS)) as u16;
        let participant = u32::from(user % PARTICIPANTS);
        let account = match self.below(200) {
            0 => AccountIndex::NONE,
            1 => AccountIndex((participant + 1) % u32::from(PARTICIPANTS)), // another member's client
            n => {
                let own = (ACCOUNTS - 1 - participant) / u32::from(PARTICIPANTS) + 1;
                AccountIndex(participant + (n as u32 % own) * u32::from(PARTICIPANTS))
            }
        };
        let buy = self.once_in(2);
        // Mostly around the middle, so that orders meet; sometimes anywhere, also beyond the band.
        let ticks = match self.below(50) {
            0 => LOWER - 3 + self.below((UPPER - LOWER) as u64 + 7) as i32,
            n if self.style == Style::Churn => SETTLEMENT - 3 + (n % 7) as i32,
            n => SETTLEMENT - 6 + (n % 13) as i32,
        };
        let price = i64::from(ticks) * 2_000 + if self.once_in(200) { 700 } else { 0 };
        let volume = match self.below(100) {
            0 => 0,
            1 => 21,
            n => 1 + (n % 9) as u32,
        };
        let wrong = |this: &mut Self, right: u8| if this.once_in(400) { this.pick(b"0279xZ") } else { right };
        // Closes need something to close, which tight days have little of.
        let offset = if self.style == Style::Tight { self.pick(b"000011145") } else { self.pick(b"0000000001111145") };
        // An auction takes no immediate orders: there, few try.
        let few = self.style == Style::Auction && !self.once_in(20);
        let match_condition = if few { b'3' } else { self.pick(b"3333333221") };
        let user = if self.once_in(2_000) { USERS } else { user };
        let insert = OrderInsert {
            local_id: self.local_id(user),
            message_reference: *b"abcdef",
            direction: wrong(self, if buy { b'0' } else { b'1' }),
            offset: wrong(self, offset),
            hedge: self.pick(b"1111134421111113"),
            order_type: wrong(self, b'0'),
            match_condition: wrong(self, match_condition),
            match_session: if self.once_in(30) { self.pick(b"21") } else { self.pick(b"37") },
            instrument: self.instrument(),
            flags: if self.once_in(500) { 1 + self.below(2) as u16 } else { 0 },
            price: RawPrice(price),
            account,
            volume: Volume(volume),
            minimal_volume: Volume(if self.once_in(300) { 2 } else { self.below(2) as u32 }),
            reserved: 0,
        };
        CommandBuffer::new(self.below(9) as u32, self.next_local_id as u32, UserIndex(user), &insert)
    }

    fn cancel(&mut self) -> CommandBuffer {
        let working = match self.working.len() {
            0 => None,
            count => {
                let place = self.random.below(count as u64) as usize;
                // Now and then it is cancelled once more, later.
                let again = self.once_in(8);
                Some(if again { self.working[place] } else { self.working.swap_remove(place) })
            }
        };
        let user = match (working, self.below(40)) {
            (Some(working), 2..) => working.user,
            (_, n) if n == 0 && self.once_in(40) => UserIndex(USERS),
            _ => UserIndex(self.below(u64::from(USERS)) as u16),
        };
        let by_system_id = self.once_in(2) && working.is_some();
        let used = match self.used.len() {
            0 => [b' '; 24],
            count => self.used[self.random.below(count as u64) as usize],
        };
        let (order_sys_id, local_id) = match working {
            Some(working) if by_system_id => (working.sys_id, used),
            Some(working) if !self.once_in(20) => ([b' '; 20], working.insert.local_id),
            _ => ([b' '; 20], used),
        };
        let (instrument, account) = match working {
            Some(working) => (working.insert.instrument, working.insert.account),
            None => (InstrumentIndex::NONE, AccountIndex::NONE),
        };
        let instrument = match self.below(30) {
            0 => self.instrument(),
            1..=10 => InstrumentIndex::NONE,
            _ => instrument,
        };
        let account = match self.below(50) {
            0 => AccountIndex(self.below(8) as u32),
            1..=20 => AccountIndex::NONE,
            _ => account,
        };
        let cancel = OrderCancel {
            order_sys_id,
            instrument,
            action: if self.once_in(100) { b'1' } else { b'0' },
            target_field: u8::from(!by_system_id),
            local_id,
            action_local_id: text("action"),
            message_reference: *b"ABCDEF",
            reserved: [0; 2],
            account,
            reserved_2: 0,
        };
        CommandBuffer::new(1, 2, user, &cancel)
    }

    /// The exchange's own doings; but in tight days what they forbid is allowed again soon.
    fn own_and_back(&mut self) -> CommandBuffer {
        let command = self.own();
        if self.style == Style::Tight {
            return command;
        }
        match command.command().body {
            // From an auction the way to continuous trading leads through the matching, from a crossed book too.
            BodyView::PhaseSet(set) if set.phase != b'0' && self.style == Style::Churn => {
                let phase = |phase| CommandBuffer::own(&PhaseSet { phase, ..*set });
                let uncross = Uncross { instrument: set.instrument, product: ProductIndex::ALL, step: 3 };
                for back in [phase(b'6'), CommandBuffer::own(&uncross), phase(b'0')] {
                    self.put(SOON, back);
                }
            }
            BodyView::PhaseSet(set) if set.phase != b'1' => {
                self.put(SOON, CommandBuffer::own(&PhaseSet { phase: b'1', ..*set }));
            }
            BodyView::RightSet(set) if set.right != b'0' => {
                self.put(SOON, CommandBuffer::own(&RightSet { right: b'0', ..*set }));
            }
            _ => {}
        }
        command
    }

    /// The exchange's own doings, and what an operator may get wrong.
    fn own(&mut self) -> CommandBuffer {
        let any_instrument = match self.below(8) {
            0 => InstrumentIndex::ALL,
            1 => InstrumentIndex(INSTRUMENTS),
            n => InstrumentIndex((n % u64::from(INSTRUMENTS)) as u16),
        };
        let any_index = self.below(9) as u32;
        let right = if self.once_in(20) { b'9' } else { self.pick(b"000001002") };
        match self.below(200) {
            0..=39 => {
                // Closing an instrument is for the day's end: nothing comes back from there.
                let ends = self.once_in(60) && (self.style == Style::Tight || self.made > self.operations / 10 * 9);
                let phase = if ends { self.pick(b"79") } else { self.pick(b"0000001113456666") };
                let set = phase_set(any_instrument, phase, b'2', any_index);
                CommandBuffer::own(&set)
            }
            40..=89 => {
                CommandBuffer::own(&Uncross { instrument: any_instrument, product: ProductIndex::ALL, step: any_index })
            }
            90..=109 => CommandBuffer::own(&MarketDataTick { reserved: 0 }),
            110..=113 => CommandBuffer::own(&MassCancel {
                scope: self.below(6) as u8,
                cause: 0,
                reserved: [0; 2],
                index: any_index,
            }),
            114..=133 => CommandBuffer::own(&RightSet {
                scope: self.below(7) as u8,
                right,
                instrument: any_instrument,
                index: any_index,
            }),
            134..=153 => CommandBuffer::own(&PositionSet {
                account: AccountIndex(any_index),
                instrument: any_instrument,
                hedge: self.pick(b"11345"),
                reserved: 0,
                long_yesterday: self.below(30) as u32,
                long_today: self.below(30) as u32,
                short_yesterday: self.below(30) as u32,
                short_today: self.below(30) as u32,
            }),
            154..=158 => {
                let participant =
                    if self.once_in(2) { ParticipantIndex::ALL } else { ParticipantIndex(any_index as u16) };
                CommandBuffer::own(&Bulletin {
                    participant,
                    urgency: b'1',
                    reserved: 0,
                    news_type: text("001"),
                    reserved_2: 0,
                    summary: text("通知 notice"),
                    content: text("内容 content"),
                })
            }
            159..=162 => {
                let report = ReadinessReport { readiness: b'1', reserved: [0; 3], content: text("就绪 ready") };
                CommandBuffer::new(3, 4, UserIndex(self.below(u64::from(USERS)) as u16), &report)
            }
            163..=165 => {
                let user = UserIndex(self.below(u64::from(USERS) + 1) as u16);
                CommandBuffer::new(3, 4, user, &PasswordUpdate { secret: text("another") })
            }
            166..=168 => CommandBuffer::own(&SeatBlock {
                user: UserIndex(any_index as u16),
                blocked: self.below(2) as u8,
                reserved: 0,
                text: text("blocked"),
            }),
            169..=170 => CommandBuffer::own(&BookRestate { reserved: 0 }),
            171 => CommandBuffer::own(&day(&mut self.random, self.style, 1)),
            172..=176 => {
                let mut again = base_data(&mut self.random, self.style);
                let place = self.below(again.len() as u64) as usize;
                again.swap_remove(place)
            }
            177..=179 => {
                let higher = self.once_in(2);
                let epoch = if higher { self.epoch + 1 } else { self.epoch };
                self.epoch = epoch;
                CommandBuffer::own(&EpochOpen {
                    epoch: Epoch(epoch),
                    data_center: DATA_CENTER,
                    old_epoch: Epoch(1),
                    reserved: 0,
                    cut_sequence: Sequence(1),
                })
            }
            180..=182 => CommandBuffer::own(&TakeoverStep {
                step: any_index as u16,
                outcome: 0,
                reserved: 0,
                elapsed: Nanoseconds(0),
            }),
            // The most usual need: an auction is matched and trading goes on.
            183..=190 => CommandBuffer::own(&phase_set(any_instrument, b'6', b'1', 0)),
            _ => CommandBuffer::own(&phase_set(any_instrument, b'0', b'1', 0)),
        }
    }
}
