//! A small exchange to try rules on: two participants, four accounts, two instruments, a core that steps.
#![allow(dead_code, reason = "every test file takes what it needs")]

use engine::command::*;
use engine::event::{Event, EventView, Rejected, Traded};
use engine::reject::Reject;
use engine::types::*;
use engine::{Ahead, Draft, IdStyle, State, Stepped, step};

pub const A: InstrumentIndex = InstrumentIndex(0);
pub const B: InstrumentIndex = InstrumentIndex(1);
/// One tick of the instruments, in 1/10,000 yuan.
pub const TICK: u32 = 2000;
pub const MULTIPLIER: u32 = 300;

/// A core that decides, evolves and seals, and says what came of each command.
pub struct Market {
    pub state: State,
    pub draft: Draft,
    pub stamp: Stamp,
    pub ahead: Ahead,
    /// Every command so far.
    pub frames: Vec<CommandBuffer>,
    ids: u32,
}

impl Market {
    /// Nothing was decided yet.
    pub fn empty() -> Self {
        let stamp = Stamp { epoch: Epoch(1), sequence: Sequence(0), time: Nanoseconds(1_000) };
        let draft = Draft::new(IdStyle { prefix: b'B' });
        Market { state: State::new(), draft, stamp, ahead: Ahead::new(), frames: vec![], ids: 0 }
    }

    /// The day is open with these limits.
    pub fn opened(day: DayOpen) -> Self {
        let mut market = Market::empty();
        market.applied(&day);
        market
    }

    /// Everything is defined; both instruments trade.
    pub fn new() -> Self {
        Self::with(day(), |_| ())
    }

    /// As `new`, with another day and instruments changed before they are defined.
    pub fn with(day: DayOpen, change: impl Fn(&mut InstrumentDefine)) -> Self {
        Self::with_products(day, change, |_| ())
    }

    /// … and products.
    pub fn with_products(
        day: DayOpen,
        change: impl Fn(&mut InstrumentDefine),
        change_product: impl Fn(&mut ProductDefine),
    ) -> Self {
        let mut market = Market::opened(day);
        for index in 0..2 {
            market.applied(&participant(index));
        }
        // Users 0, 1 of the first participant, 2, 3 of the second. Accounts likewise; clients 0, 1, 0, 2.
        for index in 0..4 {
            market.applied(&user(index, index / 2));
            market.applied(&account(u32::from(index), index / 2, [0, 1, 0, 2][usize::from(index)]));
        }
        for index in 0..2 {
            let mut define = product(index);
            change_product(&mut define);
            market.applied(&define);
        }
        for index in 0..2 {
            let mut define = instrument(index);
            change(&mut define);
            market.applied(&define);
        }
        market
    }

    /// One frame; its events.
    pub fn run<T: Body>(&mut self, user: UserIndex, body: &T) -> Vec<Event> {
        let buffer = CommandBuffer::new(1, 2, user, body);
        self.run_command(&buffer)
    }

    /// One frame without the checks around it.
    pub fn step_only(&mut self, buffer: &CommandBuffer) {
        self.stamp.sequence.0 += 1;
        step(&mut self.state, self.stamp, &buffer.command(), &mut self.draft);
    }

    /// One frame, with what must hold of every frame; its events.
    pub fn run_command(&mut self, buffer: &CommandBuffer) -> Vec<Event> {
        self.frames.push(*buffer);
        self.stamp.sequence.0 += 1;
        self.stamp.time.0 += 1;
        if let BodyView::EpochOpen(open) = buffer.command().body {
            self.stamp.epoch = self.stamp.epoch.max(open.epoch);
        }
        let before = (self.state.digests(), self.state.recompute_digests());
        assert_eq!(before.0, before.1, "kept and recomputed digests");
        // Any command may be looked at ahead, in any state.
        self.ahead.look(&self.state, &buffer.command());
        // decide changes nothing: what follows is then evolve's.
        engine::decide(&self.state, self.stamp, &buffer.command(), &mut self.draft);
        let decided = self.draft.events().to_vec();
        if self.state.day().is_none() && refused(&decided).is_some() {
            // No frame: the log begins with DayOpen.
            step(&mut self.state, self.stamp, &buffer.command(), &mut self.draft);
            self.frames.pop();
            self.stamp.sequence.0 -= 1;
            assert_eq!((self.state.last_sequence(), self.draft.events()), (Sequence(0), decided.as_slice()));
            return decided;
        }
        assert_eq!(before, (self.state.digests(), self.state.recompute_digests()), "decide changes nothing");
        engine::validate(&self.state, self.stamp, &buffer.command(), &decided).expect("our own frames are possible");
        let stepped: Stepped = step(&mut self.state, self.stamp, &buffer.command(), &mut self.draft);
        assert_eq!(stepped.fault, None);
        assert_eq!(self.draft.events(), decided);
        assert_eq!(stepped.digests, self.state.recompute_digests(), "kept and recomputed digests");
        decided
    }

    /// A command of the exchange; its events.
    pub fn own<T: Body>(&mut self, body: &T) -> Vec<Event> {
        self.run(UserIndex::NONE, body)
    }

    /// A command of the exchange that must take effect without events of its own.
    pub fn applied<T: Body>(&mut self, body: &T) {
        let events = self.own(body);
        assert!(matches!(events[0].view(), Some(EventView::Applied(_))), "{}", text(&events));
    }

    /// An order with the next local id of its own.
    pub fn insert(&mut self, order: &Order) -> Vec<Event> {
        self.ids += 1;
        let mut body = order.body();
        body.local_id = local_id(self.ids);
        self.run(order.user, &body)
    }

    /// What a user asks for, with the next local id of its own.
    pub fn ask<T: Body>(&mut self, user: u16, mut body: T, id: impl Fn(&mut T) -> &mut [u8; 24]) -> Vec<Event> {
        self.ids += 1;
        *id(&mut body) = local_id(self.ids);
        self.run(UserIndex(user), &body)
    }

    /// A quote by the first user of its account.
    pub fn quote(&mut self, quote: QuoteInsert) -> Vec<Event> {
        self.ask(quote.account.0 as u16 / 2 * 2, quote, |quote| &mut quote.local_id)
    }

    /// An order that must be accepted; its key.
    pub fn rest(&mut self, order: &Order) -> OrderKey {
        let events = self.insert(order);
        let Some(EventView::Accepted(accepted)) = events[0].view() else { panic!("{}", text(&events)) };
        OrderKey::new(self.stamp.sequence, accepted.index)
    }

    /// Trades a long position into account `long` and a short one into account `short`.
    pub fn open_positions(&mut self, long: u32, short: u32, volume: u32) {
        self.rest(&sell(100, volume).account(short));
        self.insert(&buy(100, volume).account(long));
    }

    pub fn phase(&mut self, instrument: InstrumentIndex, phase: Phase) -> Vec<Event> {
        self.own(&phase_set(instrument, phase as u8))
    }

    pub fn uncross(&mut self, instrument: InstrumentIndex) -> Vec<Event> {
        self.own(&Uncross { instrument, product: ProductIndex::ALL, step: 0 })
    }

    pub fn cancel(&mut self, user: u16, change: impl Fn(&mut OrderCancel)) -> Vec<Event> {
        let mut body = OrderCancel {
            order_sys_id: [b' '; 20],
            instrument: InstrumentIndex::NONE,
            action: b'0',
            target_field: 1,
            local_id: [b' '; 24],
            action_local_id: [b' '; 24],
            message_reference: [b' '; 6],
            reserved: [0; 2],
            account: AccountIndex::NONE,
            reserved_2: 0,
        };
        change(&mut body);
        self.run(UserIndex(user), &body)
    }
}

pub fn phase_set(instrument: InstrumentIndex, phase: u8) -> PhaseSet {
    let (product, text) = (ProductIndex::ALL, [b' '; 80]);
    PhaseSet { instrument, phase, reason: b'1', step: 0, product, last_day: 0, reserved: [0; 5], text }
}

/// An account's quote in the first instrument: bid and ask in ticks, lots on each side.
pub fn quote(account: u32, bid: i64, ask: i64, volume: u32) -> QuoteInsert {
    QuoteInsert {
        local_id: [b' '; 24],
        message_reference: [b' '; 6],
        instrument: A,
        account: AccountIndex(account),
        offset: [b'0'; 2],
        hedge: [b'1'; 2],
        price: [bid, ask].map(|ticks| RawPrice(ticks * i64::from(TICK))),
        volume: [Volume(volume); 2],
    }
}

pub fn quote_cancel() -> QuoteCancel {
    QuoteCancel {
        sys_id: [b' '; 20],
        instrument: InstrumentIndex::NONE,
        action: b'0',
        reserved: 0,
        local_id: [b' '; 24],
        action_local_id: [b' '; 24],
        message_reference: [b' '; 6],
        reserved_2: [0; 2],
        account: AccountIndex::NONE,
        reserved_3: 0,
    }
}

pub fn enquiry(account: u32) -> EnquireQuote {
    EnquireQuote {
        local_id: [b' '; 24],
        message_reference: [b' '; 6],
        instrument: A,
        account: AccountIndex(account),
        direction: b'2',
        reserved: [0; 3],
    }
}

pub fn exec_order(account: u32, volume: u32, action: u8) -> ExecOrderInsert {
    ExecOrderInsert {
        local_id: [b' '; 24],
        message_reference: [b' '; 6],
        instrument: A,
        account: AccountIndex(account),
        volume: Volume(volume),
        action,
        hedge: b'1',
        reserved: [0; 6],
    }
}

pub fn exec_cancel() -> ExecOrderCancel {
    ExecOrderCancel {
        sys_id: [b' '; 20],
        action: b'0',
        reserved: [0; 3],
        local_id: [b' '; 24],
        action_local_id: [b' '; 24],
        message_reference: [b' '; 6],
        reserved_2: [0; 2],
    }
}

pub fn market_maker(account: u32) -> MarketMakerSet {
    MarketMakerSet { account: AccountIndex(account), product: ProductIndex(0), on: 1, reserved: 0 }
}

pub fn local_id(number: u32) -> [u8; 24] {
    let mut id = [b' '; 24];
    id[..12].copy_from_slice(format!("{number:012}").as_bytes());
    id
}

pub fn day() -> DayOpen {
    DayOpen {
        trading_day: 20_240_930,
        action_day: 20_240_930,
        live_orders: 1000,
        local_ids: 10_000,
        position_rows: 100,
        accounts: 10,
        participants: 4,
        users: 8,
        instruments: 4,
        flags: 0,
        epoch: Epoch(1),
        data_center: 1,
        enquiries: 4,
        exec_orders: 4,
        limits: 4,
        products: 2,
        reserved: 0,
    }
}

/// Takes everything; no limits, no rules.
pub fn product(index: u16) -> ProductDefine {
    let mut id = *b"P0      ";
    id[1] += index as u8;
    ProductDefine {
        index: ProductIndex(index),
        kind: b'0',
        flags: 0,
        functions: Function::BITS,
        enquiry_interval: 60,
        enquiry_spread: 0,
        open_limit: 0,
        quote_spread: 0,
        quote_volume: 0,
        reserved: 0,
        id,
        group: id,
    }
}

pub fn participant(index: u16) -> ParticipantDefine {
    let mut id = *b"P000    ";
    id[3] = b'0' + index as u8;
    let index_of = ParticipantIndex(index);
    ParticipantDefine {
        index: index_of,
        series: 2 + index,
        participant_type: b'1',
        right: b'0',
        clearing: index_of,
        id,
    }
}

pub fn user(index: u16, participant: u16) -> UserDefine {
    let mut id = *b"U000            ";
    id[3] = b'0' + index as u8;
    UserDefine {
        index: UserIndex(index),
        participant: ParticipantIndex(participant),
        right: b'0',
        flags: 0,
        reserved: [0; 2],
        address: [0; 4],
        requests_per_second: 0,
        requests_in_flight: 0,
        reserved_2: 0,
        id,
        secret: [0; 40],
    }
}

pub fn account(index: u32, participant: u16, client: u32) -> AccountDefine {
    let mut client_id = *b"C000    ";
    client_id[3] = b'0' + client as u8;
    AccountDefine {
        index: AccountIndex(index),
        participant: ParticipantIndex(participant),
        right: b'0',
        client_type: b'1',
        client_number: ClientNumber(client),
        reserved: 0,
        client_id,
    }
}

/// Ticks 10 to 200, previous settlement 100, volumes 1 to 100, no limit, continuous, resting price.
pub fn instrument(index: u16) -> InstrumentDefine {
    let mut id = [b' '; 32];
    id[..6].copy_from_slice(b"IF2410");
    id[5] += index as u8;
    InstrumentDefine {
        index: InstrumentIndex(index),
        price_rule: PriceRule::Resting as u8,
        tie_break: TieBreak::Pressure as u8,
        phase: Phase::Continuous as u8,
        right: b'0',
        product: ProductIndex(0),
        tick: TICK,
        multiplier: MULTIPLIER,
        lower_limit: 10,
        upper_limit: 200,
        previous_settlement: 100,
        minimum_volume: 1,
        maximum_volume: 100,
        maximum_market_volume: 50,
        open_limit: 0,
        position_limit: 0,
        limit_with: InstrumentIndex(index),
        option_type: b'0',
        flags: 0,
        last_trading_day: 0,
        previous_open_interest: 0,
        strike: RawPrice(0),
        margin_long: 0,
        margin_short: 0,
        id,
    }
}

/// An order to be sent.
#[derive(Clone, Copy)]
pub struct Order {
    pub user: UserIndex,
    pub body: OrderInsert,
}

pub fn buy(ticks: i64, volume: u32) -> Order {
    order(b'0', ticks, volume)
}

pub fn sell(ticks: i64, volume: u32) -> Order {
    order(b'1', ticks, volume)
}

fn order(direction: u8, ticks: i64, volume: u32) -> Order {
    let body = OrderInsert {
        local_id: [b' '; 24],
        message_reference: [b' '; 6],
        direction,
        offset: b'0',
        hedge: b'1',
        order_type: b'0',
        match_condition: b'3',
        match_session: b'3',
        instrument: A,
        flags: 0,
        price: RawPrice(ticks * i64::from(TICK)),
        account: AccountIndex(0),
        volume: Volume(volume),
        minimal_volume: Volume(0),
        reserved: 0,
    };
    Order { user: UserIndex(0), body }
}

impl Order {
    pub fn body(&self) -> OrderInsert {
        self.body
    }

    /// The account, and its first user.
    pub fn account(mut self, account: u32) -> Self {
        self.body.account = AccountIndex(account);
        self.user = UserIndex(account as u16 / 2 * 2);
        self
    }

    pub fn user(mut self, user: u16) -> Self {
        self.user = UserIndex(user);
        self
    }

    pub fn instrument(mut self, instrument: InstrumentIndex) -> Self {
        self.body.instrument = instrument;
        self
    }

    pub fn offset(mut self, offset: Offset) -> Self {
        self.body.offset = offset as u8;
        self
    }

    pub fn condition(mut self, condition: MatchCondition) -> Self {
        self.body.match_condition = condition as u8;
        self
    }

    pub fn change(mut self, change: impl Fn(&mut OrderInsert)) -> Self {
        change(&mut self.body);
        self
    }
}

const REASONS: [&str; 7] =
    ["AllTraded", "ImmediateRemainder", "Cancelled", "MassCancelled", "DayEnd", "Replaced", "Disconnected"];

/// Events in short words, one after the other.
pub fn text(events: &[Event]) -> String {
    events.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn one(event: &Event) -> String {
    match event.view().expect("a known kind") {
        EventView::Rejected(event) => {
            let code = Reject::from_code(event.code).expect("a known code");
            format!("rejected {code:?}{}", if event.marked == 1 { " marked" } else { "" })
        }
        EventView::Accepted(event) => format!(
            "accepted{}{}{}",
            if event.rests == 1 { " rests" } else { "" },
            if event.yesterday.0 != 0 { format!(" yesterday {}", event.yesterday) } else { String::new() },
            if event.private_number.0 != 0 { format!(" #{}", event.private_number) } else { String::new() },
        ),
        EventView::Traded(event) => {
            let side = |yesterday: Volume, remaining: Volume, number: StreamNumber| {
                let yesterday = if yesterday.0 == 0 { String::new() } else { format!(" yesterday {yesterday}") };
                format!("left {remaining}{yesterday} #{number}")
            };
            format!(
                "traded {} at {} by {} ({}, {})",
                event.volume,
                event.price,
                ["buy", "sell", "auction"][usize::from(event.aggressor)],
                side(event.buy_yesterday, event.buy_remaining, event.buy_number),
                side(event.sell_yesterday, event.sell_remaining, event.sell_number),
            )
        }
        EventView::Rested(event) => format!("rests {}", event.remaining),
        EventView::Ended(event) => format!(
            "ended {} left {}{} traded {} last {} #{}",
            REASONS[usize::from(event.reason)],
            event.released,
            if event.yesterday.0 != 0 { format!(" yesterday {}", event.yesterday) } else { String::new() },
            event.traded,
            event.last_price,
            event.private_number
        ),
        EventView::PhaseChanged(event) => {
            format!("{} enters {} #{}", event.instrument, char::from(event.phase), event.broadcast_number)
        }
        EventView::AuctionPriced(event) => {
            format!("{} auction {} at {} surplus {}", event.instrument, event.volume, event.price, event.surplus)
        }
        EventView::Applied(_) => "applied".to_owned(),
        EventView::MarketData(event) => format!("data {} #{}", event.instrument, event.broadcast_number),
        EventView::Published(event) => format!("published to {} #{}", event.participant, event.number),
        EventView::Restated(event) => {
            format!(
                "restated left {} traded {} last {} #{}",
                event.remaining, event.traded, event.last_price, event.private_number
            )
        }
        EventView::QuoteAccepted(event) => format!("quote accepted #{}", event.private_number),
        EventView::QuoteEnded(event) => {
            format!("quote ended {} #{}", REASONS[usize::from(event.reason)], event.private_number)
        }
        EventView::Enquired(event) => format!("enquired #{}", event.broadcast_number),
        EventView::ExecAccepted(event) => {
            format!("exec accepted yesterday {} #{}", event.yesterday, event.private_number)
        }
        EventView::ExecEnded(event) => format!("exec ended #{}", event.private_number),
        EventView::Depth(event) => {
            let levels = event.price.iter().zip(&event.volume).take(usize::from(event.count));
            let levels: Vec<String> = levels.map(|(price, volume)| format!("{volume} at {price}")).collect();
            format!("{} {} {}", event.instrument, ["bids", "asks"][usize::from(event.side)], levels.join(", "))
        }
        EventView::Ticked(event) => {
            format!("ticked {} {} {}", event.match_number, event.trade_number, event.depth_number)
        }
        EventView::Snapshot(event) => format!("snapshot #{}", event.broadcast_number),
        EventView::MarketChanged(event) => {
            format!("market {} #{}", char::from(event.phase), event.broadcast_number)
        }
        EventView::InstrumentChanged(event) => {
            format!("{} right {} #{}", event.instrument, char::from(event.right), event.broadcast_number)
        }
    }
}

/// The one event of a refused command.
pub fn refused(events: &[Event]) -> Option<Rejected> {
    match events[0].view() {
        Some(EventView::Rejected(rejected)) => Some(*rejected),
        _ => None,
    }
}

pub fn trades(events: &[Event]) -> Vec<Traded> {
    let traded = |event: &Event| match event.view() {
        Some(EventView::Traded(traded)) => Some(*traded),
        _ => None,
    };
    events.iter().filter_map(traded).collect()
}

/// xorshift64*, as in the workloads.
pub struct Random(pub u64);

impl Random {
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

    pub fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}
