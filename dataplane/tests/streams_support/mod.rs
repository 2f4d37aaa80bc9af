//! A small day whose log is made by the engine itself, and the folds that follow it.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use dataplane::directory::Directory;
use dataplane::render::{MESSAGE_SIZE_MAX, NotRendered, Renderer, market_data_size_max};
use dataplane::streams::{Stream, StreamIndex, StreamLimits};
use engine::IdStyle;
use engine::command::{
    AccountDefine, Body, CommandBuffer, DayOpen, InstrumentDefine, OrderCancel, OrderInsert, ParticipantDefine,
    PhaseSet, ProductDefine, UserDefine,
};
use engine::event::BLANK_SYSTEM_ID;
use engine::types::{
    AccountIndex, ClientNumber, Epoch, Function, InstrumentIndex, Nanoseconds, ParticipantIndex, Phase, PriceRule,
    ProductIndex, RawPrice, Sequence, StreamNumber, TieBreak, UserIndex, Volume,
};
use ftd::{Message, Next, next_message};
use journal::{CompleteFrame, Identity, Log, LogLimits, LogReader, Machine};

/// 2024-06-11 21:05:07.890123456 in China: a night session, whose trading day is the next one.
pub const START: u64 = 1_718_111_107_890_123_456;
pub const TRADING_DAY: u32 = 20_240_612;
pub const ACTION_DAY: u32 = 20_240_611;
/// 0.2 yuan.
pub const TICK: i64 = 2_000;

/// Participants 0 and 1 with users 0, 1 (of participant 0) and 2 (of participant 1), an account each, and instruments.
pub struct Day {
    pub machine: Machine,
    pub reader: LogReader,
    pub directory: Directory,
    pub streams: StreamIndex,
    pub time: u64,
    offset: u64,
    instruments: u16,
    local_ids: u64,
}

/// A frame that a command made.
#[derive(Clone, Copy, Debug)]
pub struct Did {
    pub offset: u64,
    pub sequence: Sequence,
}

pub fn padded<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut bytes = [b' '; N];
    bytes[..text.len()].copy_from_slice(text);
    bytes
}

impl Day {
    pub fn open(instruments: u16) -> Self {
        Self::open_with(instruments, 1 << 16, LogLimits { bytes: 64 << 20, frames: 200_000 })
    }

    /// Before the day.
    pub fn empty(instruments: u16, messages: u32, limits: LogLimits) -> Self {
        let log = Log::in_memory(limits).unwrap();
        let machine = Machine::new(log, Identity { ids: IdStyle { prefix: b'B' }, data_center: 7 });
        Day {
            reader: machine.reader().clone(),
            machine,
            directory: Directory::new(),
            streams: StreamIndex::new(StreamLimits { messages }),
            time: START,
            offset: 0,
            instruments,
            local_ids: 0,
        }
    }

    pub fn open_with(instruments: u16, messages: u32, limits: LogLimits) -> Self {
        let mut day = Self::empty(instruments, messages, limits);
        day.own(&DayOpen {
            trading_day: TRADING_DAY,
            action_day: ACTION_DAY,
            live_orders: 50_000,
            local_ids: 200_000,
            position_rows: 4_096,
            accounts: 4,
            participants: 3,
            users: 4,
            instruments,
            flags: 0,
            epoch: Epoch(1),
            data_center: 7,
            enquiries: 64,
            exec_orders: 64,
            limits: 64,
            products: 2,
            reserved: 0,
        });
        for (index, series) in [(0, 2), (1, 5)] {
            day.own(&ParticipantDefine {
                index: ParticipantIndex(index),
                series,
                participant_type: b'0',
                right: b'0',
                clearing: ParticipantIndex(index),
                id: padded(format!("{:04}", index + 1).as_bytes()),
            });
        }
        for (index, participant) in [(0, 0), (1, 0), (2, 1)] {
            day.own(&UserDefine {
                index: UserIndex(index),
                participant: ParticipantIndex(participant),
                right: b'0',
                flags: 0,
                reserved: [0; 2],
                address: [10, 0, 0, index as u8],
                requests_per_second: 9,
                requests_in_flight: 8,
                reserved_2: 0,
                id: padded(format!("trader{index}").as_bytes()),
                secret: padded(b"secret"),
            });
        }
        for (index, participant, client) in [(0, 0, "11111111"), (1, 1, "22222222"), (2, 0, "33")] {
            day.own(&AccountDefine {
                index: AccountIndex(index),
                participant: ParticipantIndex(participant),
                right: b'0',
                client_type: b'0',
                client_number: ClientNumber(index),
                reserved: 0,
                client_id: padded(client.as_bytes()),
            });
        }
        day.own(&ProductDefine {
            index: ProductIndex(0),
            kind: b'0',
            flags: 0,
            functions: Function::BITS,
            enquiry_interval: 60,
            enquiry_spread: 0,
            open_limit: 0,
            quote_spread: 0,
            quote_volume: 0,
            reserved: 0,
            id: padded(b"IF"),
            group: padded(b"IF"),
        });
        for index in 0..instruments {
            day.own(&InstrumentDefine {
                index: InstrumentIndex(index),
                price_rule: PriceRule::Resting as u8,
                tie_break: TieBreak::Pressure as u8,
                phase: Phase::Continuous as u8,
                right: b'0',
                product: ProductIndex(0),
                tick: TICK as u32,
                multiplier: 300,
                lower_limit: 10_000,
                upper_limit: 20_000,
                previous_settlement: 17_500,
                minimum_volume: 1,
                maximum_volume: 1_000,
                maximum_market_volume: 500,
                open_limit: 0,
                position_limit: 0,
                limit_with: InstrumentIndex(index),
                option_type: b'0',
                flags: 0,
                last_trading_day: if index == 1 { TRADING_DAY } else { 0 },
                previous_open_interest: 1_000,
                strike: RawPrice(0),
                margin_long: 0,
                margin_short: 0,
                id: padded(format!("IF{}", 2_406 + index).as_bytes()),
            });
        }
        day
    }

    /// The exchange's own command.
    pub fn own<B: Body>(&mut self, body: &B) -> Did {
        self.execute(&CommandBuffer::own(body))
    }

    /// A member's command, request number 77.
    pub fn ask<B: Body>(&mut self, user: u16, body: &B) -> Did {
        self.execute(&CommandBuffer::new(3, 77, UserIndex(user), body))
    }

    pub fn execute(&mut self, command: &CommandBuffer) -> Did {
        let executed = self.machine.execute(&command.command(), Nanoseconds(self.time)).unwrap();
        self.follow();
        Did { offset: executed.offset, sequence: executed.stamp.sequence }
    }

    /// The folds take in what is new.
    pub fn follow(&mut self) {
        for frame in self.reader.frames_from(self.offset) {
            for part in frame.parts() {
                self.directory.apply(&part).unwrap();
            }
            self.streams.apply(self.offset, &frame, &self.reader, &self.directory).unwrap();
            self.offset += frame.bytes().len() as u64;
        }
    }

    /// An order of `user` for its first account. Its local id is new.
    pub fn order(&mut self, user: u16, direction: u8, ticks: i64, volume: u32, condition: u8) -> OrderInsert {
        self.local_ids += 1;
        OrderInsert {
            local_id: padded(format!("{:012}", self.local_ids).as_bytes()),
            message_reference: *b"ref-42",
            direction,
            offset: b'0',
            hedge: b'1',
            order_type: b'0',
            match_condition: condition,
            match_session: b'3',
            instrument: InstrumentIndex(0),
            flags: 0,
            price: RawPrice(ticks * TICK),
            account: AccountIndex(u32::from(user == 2)),
            volume: Volume(volume),
            minimal_volume: Volume(0),
            reserved: 0,
        }
    }

    /// Sends such an order.
    pub fn insert(&mut self, user: u16, direction: u8, ticks: i64, volume: u32, condition: u8) -> Did {
        let order = self.order(user, direction, ticks, volume, condition);
        self.ask(user, &order)
    }

    pub fn renderer(&self) -> Renderer<'_> {
        Renderer::new(&self.reader, &self.directory, &self.streams)
    }

    pub fn frame(&self, did: Did) -> CompleteFrame<'_> {
        self.reader.frame_at(did.offset).unwrap()
    }

    pub fn message(&self, stream: Stream, number: u32) -> Vec<u8> {
        self.try_message(stream, number).unwrap()
    }

    pub fn try_message(&self, stream: Stream, number: u32) -> Result<Vec<u8>, NotRendered> {
        // What was there before must not show.
        let mut buffer = vec![0xA5; MESSAGE_SIZE_MAX.max(market_data_size_max(self.instruments.into()))];
        let length = self.renderer().message(stream, StreamNumber(number), &mut buffer)?;
        buffer.truncate(length);
        Ok(buffer)
    }

    pub fn answer(&self, did: Did) -> Option<Vec<u8>> {
        let mut buffer = vec![0xA5; MESSAGE_SIZE_MAX];
        let part = self.frame(did).parts().next().unwrap();
        let length = self.renderer().answer(&part, &mut buffer).unwrap()?;
        buffer.truncate(length);
        Some(buffer)
    }

    pub fn count(&self, stream: Stream) -> u32 {
        self.streams.count(stream).0
    }

    pub fn streams_of_all(&self) -> [Stream; 3] {
        [Stream::Broadcast, FIRST, SECOND]
    }
}

pub const FIRST: Stream = Stream::Private(ParticipantIndex(0));
pub const SECOND: Stream = Stream::Private(ParticipantIndex(1));

/// A cancel by OrderSysId.
pub fn cancel(sys_id: [u8; 20], target_field: u8) -> OrderCancel {
    OrderCancel {
        order_sys_id: sys_id,
        instrument: InstrumentIndex::NONE,
        action: b'0',
        target_field,
        local_id: [b' '; 24],
        action_local_id: padded(b"action-1"),
        message_reference: *b"xyz   ",
        reserved: [0; 2],
        account: AccountIndex::NONE,
        reserved_2: 0,
    }
}

/// The id that the engine gives the first order, or trade, of a frame.
pub fn system_id(did: Did) -> [u8; 20] {
    padded(format!("B{:013}{:06}", did.sequence.0, 0).as_bytes())
}

pub const BLANK_ID: [u8; 20] = BLANK_SYSTEM_ID;

/// The messages in some bytes.
pub fn messages(bytes: &[u8]) -> Vec<Message<'_>> {
    let mut messages = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let Ok(Next::Message { length, message }) = next_message(&bytes[at..]) else { panic!("no message at {at}") };
        messages.push(message);
        at += length;
    }
    messages
}

/// A whole message of one FTDC message, byte by byte.
pub fn whole(tid: u32, series: u16, number: u32, fields: &[Vec<u8>]) -> Vec<u8> {
    part(b'S', tid, series, number, fields)
}

/// An FTDC message of a chain, byte by byte.
pub fn part(chain: u8, tid: u32, series: u16, number: u32, fields: &[Vec<u8>]) -> Vec<u8> {
    let body = fields.concat();
    let content = body.len() + 16;
    let mut bytes = vec![1, 0, (content >> 8) as u8, content as u8, 2];
    bytes.extend(tid.to_be_bytes());
    bytes.push(chain);
    bytes.extend(series.to_be_bytes());
    bytes.extend(number.to_be_bytes());
    bytes.extend((fields.len() as u16).to_be_bytes());
    bytes.extend((body.len() as u16).to_be_bytes());
    bytes.extend(body);
    bytes
}

/// A data field, byte by byte.
pub fn field(fid: u32, items: &[&[u8]]) -> Vec<u8> {
    let items = items.concat();
    [&fid.to_be_bytes()[..], &(items.len() as u16).to_be_bytes(), &items].concat()
}

/// A string item.
pub fn text(text: &str, width: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    assert!(bytes.len() <= width, "{text} in {width}");
    bytes.resize(width, b' ');
    bytes
}

pub fn int(value: u32) -> [u8; 4] {
    value.to_be_bytes()
}

/// Compares message by message with a readable difference.
#[track_caller]
pub fn assert_bytes(found: &[u8], expected: &[u8]) {
    if found != expected {
        let at = found.iter().zip(expected).position(|(found, expected)| found != expected);
        let at = at.unwrap_or(found.len().min(expected.len()));
        let from = at.saturating_sub(16);
        panic!(
            "they differ at byte {at} of {} and {}:\n   found {}\nexpected {}",
            found.len(),
            expected.len(),
            found[from..(at + 48).min(found.len())].escape_ascii(),
            expected[from..(at + 48).min(expected.len())].escape_ascii()
        );
    }
}

/// A change of phase, by hand.
pub fn phase_set(instrument: InstrumentIndex, phase: Phase, step: u32) -> PhaseSet {
    PhaseSet {
        instrument,
        phase: phase as u8,
        reason: b'2',
        step,
        product: ProductIndex::ALL,
        last_day: 0,
        reserved: [0; 5],
        text: [b' '; 80],
    }
}
