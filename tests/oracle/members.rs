//! What members send: orders, quotes, enquiries, instructions and their cancels, right and wrong.

use super::base::{ACCOUNTS, BAND, FIRST_OPTION, INSTRUMENTS, PARTICIPANTS, TICK, USERS, middle, text};
use super::{Generator, Of, Style, USED, Working};
use engine::command::*;
use engine::types::*;

impl Generator {
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

    /// An account that the user may act for, or now and then one that it may not.
    fn account(&mut self, user: u16) -> AccountIndex {
        let participant = u32::from(user % PARTICIPANTS);
        match self.below(200) {
            0 => AccountIndex::NONE,
            1 => AccountIndex((participant + 1) % u32::from(PARTICIPANTS)), // another member's client
            n => {
                let own = (ACCOUNTS - 1 - participant) / u32::from(PARTICIPANTS) + 1;
                AccountIndex(participant + (n as u32 % own) * u32::from(PARTICIPANTS))
            }
        }
    }

    fn volume(&mut self) -> Volume {
        Volume(match self.below(100) {
            0 => 0,
            1 => 21,
            n => 1 + (n % 9) as u32,
        })
    }

    /// Now and then a character that means nothing there, or something else.
    fn wrong(&mut self, right: u8) -> u8 {
        if self.once_in(400) { self.pick(b"02793xZ") } else { right }
    }

    /// Whose session sends it; now and then nobody's.
    fn sent<B: Body>(&mut self, user: u16, body: &B) -> CommandBuffer {
        let user = if self.once_in(2_000) { USERS } else { user };
        CommandBuffer::new(self.below(9) as u32, self.next_local_id as u32, UserIndex(user), body)
    }

    pub(super) fn insert(&mut self) -> CommandBuffer {
        let user = self.below(u64::from(USERS)) as u16;
        let (account, instrument) = (self.account(user), self.instrument());
        let buy = self.once_in(2);
        // Mostly around the middle, so that orders meet; sometimes anywhere, also beyond the band.
        let ticks = middle(instrument)
            + match self.below(50) {
                0 => self.below(2 * BAND as u64 + 7) as i32 - BAND - 3,
                n if self.style == Style::Churn => (n % 7) as i32 - 3,
                n => (n % 13) as i32 - 6,
            };
        let price = i64::from(ticks) * i64::from(TICK) + if self.once_in(200) { 700 } else { 0 };
        // Closes need something to close, which tight days have little of.
        let offset = if self.style == Style::Tight { self.pick(b"000011145") } else { self.pick(b"0000000001111145") };
        // An auction takes no immediate orders and none without a price: there, few try.
        let few = self.style == Style::Auction && !self.once_in(20);
        let mut match_condition = if few { b'3' } else { self.pick(b"3333333221") };
        let order_type = if few || !self.once_in(7) { b'0' } else { self.pick(b"145789") };
        if order_type != b'0' && !self.once_in(50) {
            match_condition = if b"489".contains(&order_type) { b'3' } else { b'2' };
        }
        let immediate = match_condition != b'3';
        let insert = OrderInsert {
            local_id: self.local_id(user),
            message_reference: *b"abcdef",
            direction: self.wrong(if buy { b'0' } else { b'1' }),
            offset: self.wrong(offset),
            hedge: self.pick(b"1111134421111113"),
            order_type: self.wrong(order_type),
            match_condition: self.wrong(match_condition),
            match_session: match self.below(30) {
                0 => b'1',
                1 => b'2',
                _ if immediate => self.pick(b"237"),
                _ => self.pick(b"37"),
            },
            instrument,
            flags: if self.once_in(500) { 1 + self.below(2) as u16 } else { 0 },
            price: RawPrice(price),
            account,
            volume: self.volume(),
            minimal_volume: Volume(match self.below(300) {
                0 => 25,
                n if match_condition == b'2' => (n % 6) as u32,
                n => (n % 2) as u32,
            }),
            reserved: 0,
        };
        self.sent(user, &insert)
    }

    /// Something that a cancel may name: mostly it is not cancelled again.
    fn target(&mut self, of: Of) -> Option<Working> {
        let count = self.working[of as usize].len();
        if count == 0 {
            return None;
        }
        let place = self.below(count as u64) as usize;
        let again = self.once_in(8);
        let working = &mut self.working[of as usize];
        Some(if again { working[place] } else { working.swap_remove(place) })
    }

    /// Who cancels: mostly who may.
    fn canceller(&mut self, working: Option<Working>) -> u16 {
        match (working, self.below(40)) {
            (Some(working), 2..) => working.user.0,
            _ => self.below(u64::from(USERS)) as u16,
        }
    }

    /// How a cancel names its target: SysId, local id.
    fn names(&mut self, working: Option<Working>, by_system_id: bool) -> ([u8; 20], [u8; 24]) {
        let used = match self.used.len() {
            0 => [b' '; 24],
            count => self.used[self.random.below(count as u64) as usize],
        };
        match working {
            Some(working) if by_system_id => (working.sys_id, used),
            Some(working) if !self.once_in(20) => ([b' '; 20], working.local_id),
            _ => ([b' '; 20], used),
        }
    }

    /// The instrument and account that a cancel names beside: the target's, none, or any.
    fn beside(&mut self, working: Option<Working>) -> (InstrumentIndex, AccountIndex) {
        let (instrument, account) = match working {
            Some(working) => (working.instrument, working.account),
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
        (instrument, account)
    }

    fn action(&mut self) -> u8 {
        if self.once_in(100) { b'1' } else { b'0' }
    }

    pub(super) fn cancel(&mut self) -> CommandBuffer {
        let working = self.target(Of::Orders);
        let user = self.canceller(working);
        let by_system_id = self.once_in(2) && working.is_some();
        let (order_sys_id, local_id) = self.names(working, by_system_id);
        let (instrument, account) = self.beside(working);
        let cancel = OrderCancel {
            order_sys_id,
            instrument,
            action: self.action(),
            target_field: u8::from(!by_system_id),
            local_id,
            action_local_id: text("action"),
            message_reference: *b"ABCDEF",
            reserved: [0; 2],
            account,
            reserved_2: 0,
        };
        self.sent(user, &cancel)
    }

    pub(super) fn quote(&mut self) -> CommandBuffer {
        let user = self.below(u64::from(USERS)) as u16;
        let (account, instrument) = (self.account(user), self.instrument());
        let bid = middle(instrument) - 4 + self.below(6) as i32;
        let ask = bid + if self.once_in(30) { 0 } else { 1 + self.below(6) as i32 };
        let far = if self.once_in(60) { 2 * BAND } else { 0 };
        let (off, at) = (if self.once_in(100) { 700 } else { 0 }, self.below(2) as usize);
        let mut price = [bid - far * (1 - at as i32), ask + far * at as i32]
            .map(|ticks| RawPrice(i64::from(ticks) * i64::from(TICK)));
        price[at].0 += off;
        let offset = [0, 1].map(|_| self.pick(b"0000000014"));
        let insert = QuoteInsert {
            local_id: self.local_id(user),
            message_reference: *b"quote ",
            instrument,
            account,
            offset: offset.map(|offset| self.wrong(offset)),
            hedge: [0, 1].map(|_| self.pick(b"1111114")),
            price,
            volume: [0, 1].map(|_| self.volume()),
        };
        self.sent(user, &insert)
    }

    pub(super) fn quote_cancel(&mut self) -> CommandBuffer {
        let working = self.target(Of::Quotes);
        let user = self.canceller(working);
        let by_system_id = self.once_in(2);
        let (sys_id, local_id) = self.names(working, by_system_id);
        let (instrument, account) = self.beside(working);
        let cancel = QuoteCancel {
            sys_id,
            instrument,
            action: self.action(),
            reserved: 0,
            local_id,
            action_local_id: text("quote action"),
            message_reference: *b"QUOTE ",
            reserved_2: [0; 2],
            account,
            reserved_3: 0,
        };
        self.sent(user, &cancel)
    }

    pub(super) fn enquiry(&mut self) -> CommandBuffer {
        let user = self.below(u64::from(USERS)) as u16;
        let enquiry = EnquireQuote {
            local_id: self.local_id(user),
            message_reference: *b"enquir",
            instrument: self.instrument(),
            account: self.account(user),
            direction: if self.once_in(40) { b'3' } else { self.pick(b"012") },
            reserved: [0; 3],
        };
        self.sent(user, &enquiry)
    }

    pub(super) fn instruction(&mut self) -> CommandBuffer {
        let user = self.below(u64::from(USERS)) as u16;
        // Mostly in an option, mostly of few lots.
        let option = InstrumentIndex(FIRST_OPTION + self.below(u64::from(INSTRUMENTS - FIRST_OPTION)) as u16);
        let instrument = if self.once_in(10) { self.instrument() } else { option };
        let insert = ExecOrderInsert {
            local_id: self.local_id(user),
            message_reference: *b"exec  ",
            instrument,
            account: self.account(user),
            volume: Volume(if self.once_in(30) { 0 } else { 1 + self.below(4) as u32 }),
            action: if self.once_in(60) { b'3' } else { self.pick(b"112") },
            hedge: if self.once_in(60) { b'5' } else { self.pick(b"1111134") },
            reserved: [0; 6],
        };
        self.sent(user, &insert)
    }

    pub(super) fn instruction_cancel(&mut self) -> CommandBuffer {
        let working = self.target(Of::Instructions);
        let user = self.canceller(working);
        let by_system_id = self.once_in(2);
        let (sys_id, local_id) = self.names(working, by_system_id);
        let cancel = ExecOrderCancel {
            sys_id,
            action: self.action(),
            reserved: [0; 3],
            local_id,
            action_local_id: text("exec action"),
            message_reference: *b"EXEC  ",
            reserved_2: [0; 2],
        };
        self.sent(user, &cancel)
    }
}
