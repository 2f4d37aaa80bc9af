//! What the tests share: a primary whose frames a follower is fed, and a host that does what a runbook asks.
#![allow(dead_code, clippy::unwrap_used)]

use engine::IdStyle;
use engine::command::*;
use engine::event::Event;
use engine::types::*;
use journal::{Executed, FrameToWrite, Identity, Log, LogLimits, LogReader, Machine, write_frame};
use standby::*;
use zerocopy::FromZeros;

pub const DAY: u32 = 20_240_930;
pub const MORNING: u64 = 1_727_658_000_000_000_000;
pub const LIMITS: LogLimits = LogLimits { bytes: 8 << 20, frames: 20_000 };
pub const PRIMARY: Identity = Identity { ids: IdStyle { prefix: b'P' }, data_center: 1 };
pub const BACKSTOP: Identity = Identity { ids: IdStyle { prefix: b'B' }, data_center: 2 };
pub const MEMBERS: u16 = 4;
pub const SECOND: u64 = 1_000_000_000;

/// One instrument for each phase there is, and two in continuous trading.
pub const PHASES: [Phase; 8] = [
    Phase::Continuous,
    Phase::Continuous,
    Phase::AuctionOrdering,
    Phase::AuctionMatch,
    Phase::NoTrading,
    Phase::Suspended,
    Phase::CancelOnly,
    Phase::Closed,
];

/// A machine that decides, and the time that its commands come at.
pub struct Exchange {
    pub machine: Machine,
    pub now: u64,
    random: u64,
    local_ids: u64,
}

impl Exchange {
    /// With its base data, instruments in [`PHASES`]; those that can be in a phase with orders have some.
    pub fn open(identity: Identity) -> Self {
        let machine = Machine::new(Log::in_memory(LIMITS).unwrap(), identity);
        let mut exchange = Exchange { machine, now: MORNING, random: 0x9E37_79B9_7F4A_7C15, local_ids: 0 };
        for command in base_data(DAY) {
            assert_eq!(exchange.send(&command).rejected, None);
        }
        exchange.phase(InstrumentIndex::ALL, Phase::AuctionOrdering);
        for instrument in 2..7 {
            // Crossed, as books are before an auction.
            exchange.order(0, instrument, b'0', 101, 5);
            exchange.order(1, instrument, b'1', 99, 3);
        }
        for (index, &phase) in PHASES.iter().enumerate() {
            exchange.phase(InstrumentIndex(index as u16), phase);
        }
        exchange
    }

    pub fn send(&mut self, command: &CommandBuffer) -> Executed {
        self.now += 1_000;
        self.machine.execute(&command.command(), Nanoseconds(self.now)).unwrap()
    }

    pub fn phase(&mut self, instrument: InstrumentIndex, phase: Phase) -> Executed {
        self.send(&CommandBuffer::own(&PhaseSet {
            instrument,
            phase: phase as u8,
            reason: b'1',
            step: 7,
            product: ProductIndex::ALL,
            last_day: 0,
            reserved: [0; 5],
            text: [b' '; 80],
        }))
    }

    pub fn order(&mut self, user: u16, instrument: u16, side: u8, ticks: i64, volume: u32) -> Executed {
        let order = self.next_order(user, instrument, side, ticks, volume);
        self.send(&order)
    }

    pub fn next_order(&mut self, user: u16, instrument: u16, side: u8, ticks: i64, volume: u32) -> CommandBuffer {
        self.local_ids += 1;
        insert(self.local_ids, user, instrument, side, ticks, volume, b'3')
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % below
    }

    /// Orders, cancels and ticks in the instruments that trade.
    pub fn trade_on(&mut self, commands: usize) {
        for _ in 0..commands {
            let command = match self.draw(20) {
                0 => CommandBuffer::own(&MarketDataTick { reserved: 0 }),
                1..=4 => cancel(1 + self.draw(self.local_ids), self.draw(MEMBERS.into()) as u16),
                drawn => {
                    self.local_ids += 1;
                    let (user, instrument) = (self.draw(MEMBERS.into()) as u16, self.draw(3) as u16);
                    let condition = [b'3', b'3', b'2', b'1'][self.draw(4) as usize];
                    let side = b'0' + (drawn % 2) as u8;
                    let ticks = 95 + self.draw(11) as i64;
                    insert(self.local_ids, user, instrument, side, ticks, 1 + self.draw(9) as u32, condition)
                }
            };
            self.send(&command);
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.machine.reader().bytes_from(0).unwrap().to_vec()
    }

    pub fn last(&self) -> Sequence {
        self.machine.reader().last_sequence()
    }

    pub fn phases(&self) -> Vec<Option<Phase>> {
        phases(&self.machine)
    }
}

pub fn phases(machine: &Machine) -> Vec<Option<Phase>> {
    (0..PHASES.len() as u16).map(|index| machine.state().phase(InstrumentIndex(index))).collect()
}

pub fn base_data(trading_day: u32) -> Vec<CommandBuffer> {
    let mut day = DayOpen::new_zeroed();
    (day.trading_day, day.action_day) = (trading_day, trading_day);
    (day.live_orders, day.local_ids, day.position_rows) = (8192, 16_384, 256);
    (day.accounts, day.participants, day.users, day.instruments) = (16, 8, 16, 10);
    (day.products, day.enquiries, day.exec_orders, day.limits) = (1, 16, 16, 16);
    (day.epoch, day.data_center) = (Epoch(1), 1);
    let mut commands = vec![CommandBuffer::own(&day)];
    for member in 0..MEMBERS {
        let digit = b'1' + member as u8;
        let mut participant = ParticipantDefine::new_zeroed();
        (participant.index, participant.series) = (ParticipantIndex(member), 2 + member);
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
    for index in 0..PHASES.len() as u16 {
        let mut instrument = InstrumentDefine::new_zeroed();
        instrument.index = InstrumentIndex(index);
        (instrument.price_rule, instrument.tie_break) = (u8::from(index == 1), 0);
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

fn local_id(number: u64) -> [u8; 24] {
    let mut id = [b' '; 24];
    id[..16].copy_from_slice(format!("{number:016}").as_bytes());
    id
}

pub fn insert(
    number: u64,
    user: u16,
    instrument: u16,
    side: u8,
    ticks: i64,
    volume: u32,
    condition: u8,
) -> CommandBuffer {
    let mut order = OrderInsert::new_zeroed();
    order.local_id = local_id(number);
    order.message_reference = *b"      ";
    (order.direction, order.offset, order.hedge) = (side, b'0', b'1');
    (order.order_type, order.match_condition, order.match_session) = (b'0', condition, b'3');
    order.instrument = InstrumentIndex(instrument);
    (order.price, order.volume) = (RawPrice(ticks * 2000), Volume(volume));
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

/// The frames of a log, one by one.
pub fn frames(reader: &LogReader) -> Vec<Vec<u8>> {
    reader.frames_from(0).map(|frame| frame.bytes().to_vec()).collect()
}

/// A frame with its events and digests changed, its CRC right.
pub fn altered(
    reader: &LogReader,
    sequence: Sequence,
    change: impl FnOnce(&mut Vec<Event>, &mut engine::Digests),
) -> Vec<u8> {
    let frame = reader.frame_of(sequence).unwrap();
    let mut events: Vec<Event> = frame.events().copied().collect();
    let mut digests = frame.digests();
    change(&mut events, &mut digests);
    let command = frame.command();
    let frame = FrameToWrite {
        stamp: frame.stamp(),
        digests,
        data_center: frame.data_center(),
        command: command.bytes,
        events: &events,
    };
    let mut bytes = vec![0; frame.length()];
    write_frame(&mut bytes, &frame);
    bytes
}

pub fn follower() -> Follower {
    Follower::new(Machine::new(Log::in_memory(LIMITS).unwrap(), BACKSTOP), settings())
}

pub fn settings() -> FollowSettings {
    FollowSettings { trading_day: DAY, ..FollowSettings::new(BACKSTOP.data_center) }
}

/// A follower that has everything of `primary`.
pub fn following(primary: &Exchange) -> Follower {
    let mut follower = follower();
    follower.connected(Nanoseconds(primary.now));
    follower.feed(&primary.bytes(), Nanoseconds(primary.now)).unwrap();
    assert_eq!(follower.state(), State::InStep, "{}", follower.audit());
    assert!(follower.audit().is_clean(), "{}", follower.audit());
    follower
}

/// The machine as it would be recovered from a journal that ends with the frame `last`.
pub fn recovered(bytes: &[u8], last: Sequence) -> Machine {
    // Through a reader of the same bytes, so that only whole frames are taken.
    let mut source = Follower::new(
        Machine::new(Log::in_memory(LIMITS).unwrap(), BACKSTOP),
        FollowSettings { trading_day: 0, ..FollowSettings::new(99) },
    );
    source.connected(Nanoseconds(0));
    source.feed(bytes, Nanoseconds(0)).unwrap();
    let machine = source.into_machine().unwrap();
    let mut log = Log::in_memory(LIMITS).unwrap();
    for frame in machine.reader().frames_from(0).take_while(|frame| frame.stamp().sequence <= last) {
        log.append_verbatim(&frame).unwrap();
    }
    let recovery = Machine::recover(log, BACKSTOP).unwrap();
    assert_eq!(recovery.mismatches, 0);
    recovery.machine
}

/// A host: it owns a follower and does what a runbook asks.
pub struct Host {
    pub follower: Follower,
    pub runbook: Runbook,
    pub machine: Option<Box<Machine>>,
    pub now: u64,
    /// What the fence says: true = proved.
    pub fence: bool,
    pub published: Vec<Epoch>,
    pub board: Board,
    /// The names of the requests, in order.
    pub asked: Vec<String>,
}

impl Host {
    pub fn new(follower: Follower, now: u64) -> Self {
        let settings = RunbookSettings { simulated: true, ..RunbookSettings::new(BACKSTOP.data_center) };
        Host {
            follower,
            runbook: Runbook::new(settings),
            machine: None,
            now,
            fence: true,
            published: Vec::new(),
            board: Board { members: 4, logged_in: 4, ready: 4, hands: 0 },
            asked: Vec::new(),
        }
    }

    pub fn switch(&mut self, options: Options) -> Result<Switched, NotSwitched> {
        self.runbook.switch(&mut self.follower, options, Nanoseconds(self.now))
    }

    /// Does the next thing. False: there is nothing to do.
    pub fn step(&mut self) -> bool {
        self.now += 1_000;
        let now = Nanoseconds(self.now);
        let Some(request) = self.runbook.poll(now) else { return false };
        match request {
            Request::Fence => {
                self.asked.push("fence".into());
                let answer = match self.fence {
                    true => Answer::FenceProved("ports are down".into()),
                    false => Answer::FenceNotProved("no answer from its switch".into()),
                };
                self.runbook.answer(answer, now);
            }
            Request::TakeMachine(machine) => {
                self.asked.push("machine".into());
                self.machine = Some(machine);
            }
            Request::Record(command) => {
                self.asked.push(format!("record {:?}", command.command().body.kind()));
                self.execute(&command);
            }
            Request::PublishFronts { epoch } => {
                self.asked.push("fronts".into());
                self.published.push(epoch);
                self.runbook.answer(Answer::FrontsPublished, now);
            }
            Request::Board => {
                self.asked.push("board".into());
                self.runbook.answer(Answer::Board(self.board), now);
            }
            Request::Wait(until) => {
                self.asked.push("wait".into());
                assert!(until.0 > self.now);
                self.now = until.0;
            }
        }
        true
    }

    /// A command through the ring; its frame is shown to the runbook.
    pub fn execute(&mut self, command: &CommandBuffer) -> Executed {
        let machine = self.machine.as_mut().expect("the machine was handed over");
        let executed = machine.execute(&command.command(), Nanoseconds(self.now)).unwrap();
        let frame = machine.reader().frame_at(executed.offset).unwrap();
        self.runbook.observed(&frame, Nanoseconds(self.now));
        executed
    }

    pub fn run(&mut self) {
        for _ in 0..10_000 {
            if !self.step() {
                return;
            }
        }
        panic!("the runbook does not come to an end: {:?}", self.asked);
    }

    pub fn finish(&mut self) {
        self.run();
        assert!(self.runbook.is_finished(), "{}", self.told());
    }

    pub fn state(&self) -> State {
        self.runbook.state(&self.follower)
    }

    pub fn told(&self) -> String {
        self.runbook.timeline().iter().map(|report| format!("{report}\n")).collect()
    }
}

/// A log from the frame `from` on without what differs between two runs of one takeover: times, and what the first `switch` knew.
pub fn picture(machine: &Machine, from: Sequence) -> Vec<(Sequence, Epoch, Vec<u8>, Vec<Event>)> {
    let reader = machine.reader();
    let Some(offset) = reader.offset_of(from) else { return Vec::new() };
    reader
        .frames_from(offset)
        .map(|frame| {
            let command = frame.command();
            let header = command.header;
            let anew = |body: CommandBuffer| body.bytes()[16..].to_vec();
            let body = match command.body {
                BodyView::TakeoverBegin(begin) => anew(CommandBuffer::own(&TakeoverBegin {
                    commanded_at: Nanoseconds(0),
                    from_state: 0,
                    overrides: 0,
                    ..*begin
                })),
                BodyView::TakeoverStep(step) if step.step == 1 => {
                    anew(CommandBuffer::own(&TakeoverStep { outcome: 0, ..*step }))
                }
                BodyView::Bulletin(bulletin) => anew(CommandBuffer::own(&Bulletin { content: [0; 504], ..*bulletin })),
                _ => command.bytes[16..].to_vec(),
            };
            let head = [header.kind.to_le_bytes().to_vec(), header.request.to_le_bytes().to_vec(), body].concat();
            (frame.stamp().sequence, frame.stamp().epoch, head, frame.events().copied().collect())
        })
        .collect()
}
