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

fn one<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len() as u64) as usize]
}

impl Flow {
    /// A day; one without limits of what may be held and opened is one in which more trades.
    pub fn new(seed: u64, local_ids: u32, limited: bool) -> Self {
        let mut random = Random(seed | 1);
        let flags = if random.one_in(2) { DAY_CLOSE_TODAY_FIRST } else { 0 };
        let limits = DayOpen { live_orders: 40, local_ids, position_rows: 14, flags, ..day() };
        let (option, premium) = (self::one(&mut random, b"012"), random.below(5) as u8 & 3);
        let margins = [0, 700, 300].map(|most| random.below(most + 1) as i64 * 100);
        let (open_limit, by_view) = ([0, 80][random.below(2) as usize], random.below(2) as u8);
        let (rule, limit) = (random.below(2) as u8, [0, 60][random.below(2) as usize]);
        let (open_limit, limit) = if limited { (open_limit, limit) } else { (0, 0) };
        let tie_break = random.below(4) as u8;
        let define = |define: &mut InstrumentDefine| {
            (define.lower_limit, define.upper_limit, define.previous_settlement) = (95, 105, 100);
            (define.price_rule, define.tie_break, define.position_limit) = (rule, tie_break, limit);
            (define.maximum_volume, define.previous_open_interest) = (20, 30);
            (define.option_type, define.flags, define.limit_with) = (option, premium, A);
            (define.margin_long, define.margin_short) = (margins[1], margins[2]);
            define.open_limit = open_limit;
        };
        let market = Market::with_products(limits, define, |product| {
            (product.flags, product.open_limit) = (by_view, 2 * open_limit);
            (product.enquiry_interval, product.enquiry_spread) = (0, 2);
        });
        let mut flow = Flow { market, random, ids: 0 };
        for account in [0, 1, 2] {
            flow.market.applied(&market_maker(account));
        }
        flow
    }

    fn quote(&mut self) -> CommandBuffer {
        let account = self.random.below(4) as u32;
        let bid = 94 + self.random.below(11) as i64;
        let ask = bid + self.random.below(8) as i64;
        let mut body = quote(account, bid, ask, 0);
        body.volume = [0, 0].map(|_| Volume(self.random.below(12) as u32 + 1));
        body.offset = [0, 0].map(|_| self.one(b"00000145"));
        body.hedge = [0, 0].map(|_| self.one(b"11143"));
        self.ids += 1;
        body.local_id = local_id(self.ids);
        CommandBuffer::new(0, 0, UserIndex(account as u16 / 2 * 2), &body)
    }

    fn quote_cancel(&mut self) -> CommandBuffer {
        let quotes: Vec<engine::Quote> = self.market.state.quotes().copied().collect();
        let mut body = quote_cancel();
        body.local_id = local_id(self.random.below(u64::from(self.ids) + 1) as u32);
        let mut user = UserIndex(self.random.below(4) as u16);
        if !quotes.is_empty() && !self.random.one_in(8) {
            let quote = quotes[self.random.below(quotes.len() as u64) as usize];
            let order = self.market.state.orders().into_iter().find(|order| order.quote == Some(quote.key));
            let order = order.expect("a quote lives while one of its orders does");
            (user, body.local_id) = (quote.user, order.local_id);
            if self.random.one_in(2) && order.direction == Direction::Buy {
                body.sys_id = order.sys_id;
            }
        }
        CommandBuffer::new(0, 0, user, &body)
    }

    fn enquiry(&mut self) -> CommandBuffer {
        let account = self.random.below(4) as u32;
        self.ids += 1;
        let body = EnquireQuote { local_id: local_id(self.ids), ..enquiry(account) };
        CommandBuffer::new(0, 0, UserIndex(account as u16 / 2 * 2), &body)
    }

    fn exercise(&mut self) -> CommandBuffer {
        let live: Vec<engine::ExecOrder> = self.market.state.exec_orders().copied().collect();
        if !live.is_empty() && self.random.one_in(2) {
            let order = live[self.random.below(live.len() as u64) as usize];
            let mut body = exec_cancel();
            body.sys_id[..].copy_from_slice(format!("B{:013}000000", order.key.sequence().0).as_bytes());
            return CommandBuffer::new(0, 0, order.user, &body);
        }
        let account = self.random.below(4) as u32;
        let (volume, action) = (self.random.below(8) as u32, self.one(b"1112"));
        self.ids += 1;
        let body = ExecOrderInsert { local_id: local_id(self.ids), ..exec_order(account, volume, action) };
        CommandBuffer::new(0, 0, UserIndex(account as u16 / 2 * 2), &body)
    }

    /// Limits, money, switches, the window.
    fn setting(&mut self) -> CommandBuffer {
        let product = self.one(&[ProductIndex::ALL, ProductIndex(0), ProductIndex(0), ProductIndex(2)]);
        // Mostly none or wide: what binds all day lets nothing else be tried.
        let small = if self.random.one_in(4) { self.random.below(60) as u32 } else { 0 };
        let participant = ParticipantIndex(self.random.below(2) as u16);
        match self.random.below(6) {
            0 | 1 => {
                CommandBuffer::own(&ExecWindowSet { product, open: self.one(&[1, 1, 1, 0]), reserved: 0, step: 0 })
            }
            2 => {
                // Mostly on again: what is off all day is not tried.
                let (functions, on) = (1 << self.random.below(13), self.one(&[0, 1, 1, 1]));
                let functions = if on == 1 { Function::BITS } else { functions };
                CommandBuffer::own(&FunctionSet { product, on, reserved: 0, functions, text: [b' '; 80] })
            }
            3 => {
                let (client, class) = (ClientNumber(self.random.below(4) as u32), self.random.below(2) as u8);
                CommandBuffer::own(&ClientLimitSet {
                    client,
                    instrument: self.one(&[A, A, B]),
                    class,
                    reserved: 0,
                    long: small,
                    short: 2 * small,
                })
            }
            4 => {
                let instrument = self.one(&[A, B]);
                CommandBuffer::own(&MemberLimitSet { participant, instrument, volume: 2 * small })
            }
            _ => {
                let amount = if small == 0 { -1 } else { i64::from(small) * 1_000_000 };
                let kind = self.random.below(2) as u8;
                CommandBuffer::own(&CreditSet { participant, kind, reserved: [0; 5], amount })
            }
        }
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.random.below(of.len() as u64) as usize]
    }

    /// The next command: mostly orders and cancels, sometimes everything else.
    pub fn command(&mut self) -> CommandBuffer {
        match self.random.below(100) {
            0..54 => self.insert(),
            54..66 => self.cancel(),
            66..76 => self.quote(),
            76..79 => self.quote_cancel(),
            79..81 => self.enquiry(),
            81..84 => self.exercise(),
            84..86 => self.setting(),
            86..90 => self.phase_or_uncross(),
            90..93 => CommandBuffer::own(&MarketDataTick { reserved: 0 }),
            93 => CommandBuffer::own(&BookRestate { reserved: 0 }),
            94 => {
                let (scope, index) = (self.random.below(6) as u8, self.random.below(5) as u32);
                let cause = self.one(&[0, 0, 1, 1, 2]);
                CommandBuffer::own(&MassCancel { scope, cause, reserved: [0; 2], index })
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
        order.order_type = self.one(b"00000000000001457892");
        if order.order_type != b'0' && !self.random.one_in(8) {
            order.match_condition = if b"489".contains(&order.order_type) { b'3' } else { b'2' };
        }
        if order.match_condition == b'2' && self.random.one_in(3) {
            order.minimal_volume = Volume(self.random.below(8) as u32);
        }
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
            return CommandBuffer::own(&Uncross {
                instrument,
                product: self.one(&[ProductIndex::ALL, ProductIndex(0), ProductIndex(2)]),
                step: 0,
            });
        }
        // An auction that is being matched is matched next; continuous trading is where most time is spent.
        let phase = self.one(b"00000000000000112666634528");
        CommandBuffer::own(&PhaseSet {
            product: self.one(&[ProductIndex::ALL, ProductIndex(0), ProductIndex(3)]),
            ..phase_set(instrument, phase)
        })
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
