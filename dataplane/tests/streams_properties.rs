//! What holds for every stream of any day; and what the folds say when a log contradicts itself.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod streams_support;

use dataplane::directory::{Conflict, Directory};
use dataplane::streams::{FROM_NOW, Stream, StreamIndex, StreamLimits};
use engine::Digests;
use engine::command::{
    BookRestate, Bulletin, CommandBuffer, EpochOpen, MarketDataTick, MassCancel, MassScope, OrderInsert, SeatBlock,
    Uncross,
};
use engine::event::{Accepted, Event, Rejected, Traded};
use engine::types::{
    Epoch, InstrumentIndex, Nanoseconds, OrderKey, ParticipantIndex, Phase, ProductIndex, Sequence, Stamp,
    StreamNumber, UserIndex,
};
use ftd::Series;
use journal::{FrameToWrite, Log, LogLimits};
use proptest::prelude::*;
use streams_support::*;

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % limit
    }
}

/// A day of `steps` random commands over three instruments. What each new message is when it is new, is kept.
fn random_day(seed: u64, steps: u32) -> (Day, Vec<(Stream, u32, Vec<u8>)>) {
    let mut day = Day::open(3);
    let mut random = Random(seed | 1);
    let mut told: Vec<(Stream, u32, Vec<u8>)> = Vec::new();
    let mut counts = [0; 3];
    let mut epoch = 1;
    let mut last = None;
    for _ in 0..steps {
        day.time += random.below(3_000_000_000);
        let instrument = InstrumentIndex(random.below(3) as u16);
        let did = match random.below(100) {
            0..70 => {
                let user = random.below(3) as u16;
                let ticks = 15_000 + random.below(9) as i64;
                let (side, volume) = (b'0' + random.below(2) as u8, 1 + random.below(9) as u32);
                let condition = b"123333"[random.below(6) as usize];
                let order = OrderInsert { instrument, ..day.order(user, side, ticks, volume, condition) };
                Some(day.ask(user, &order))
            }
            70..80 => {
                let target = last.map_or(BLANK_ID, system_id);
                Some(day.ask(random.below(3) as u16, &cancel(target, random.below(2) as u8)))
            }
            80..84 => Some(day.own(&MarketDataTick { reserved: 0 })),
            84..86 => {
                let participant =
                    [ParticipantIndex(0), ParticipantIndex(1), ParticipantIndex::ALL][random.below(3) as usize];
                let (summary, content) = (padded(b"Summary"), padded(b"Words"));
                let bulletin = Bulletin {
                    participant,
                    urgency: b'0',
                    reserved: 0,
                    news_type: *b"x  ",
                    reserved_2: 0,
                    summary,
                    content,
                };
                Some(day.own(&bulletin))
            }
            86..88 => Some(day.own(&BookRestate { reserved: 0 })),
            88..89 => {
                Some(day.own(&MassCancel { scope: MassScope::Instrument as u8, cause: 0, reserved: [0; 2], index: 1 }))
            }
            89..97 => {
                let phase = [Phase::Continuous, Phase::AuctionOrdering, Phase::AuctionMatch, Phase::Suspended]
                    [random.below(4) as usize];
                Some(day.own(&phase_set(instrument, phase, 0)))
            }
            97..99 => Some(day.own(&Uncross { instrument: InstrumentIndex::ALL, product: ProductIndex::ALL, step: 0 })),
            _ => {
                epoch += 1;
                let cut_sequence = Sequence(last.map_or(1, |did: Did| did.sequence.0));
                let old_epoch = Epoch(epoch - 1);
                let open = EpochOpen { epoch: Epoch(epoch), data_center: epoch, old_epoch, reserved: 0, cut_sequence };
                Some(day.own(&open))
            }
        };
        last = did.or(last);
        for (stream, count) in day.streams_of_all().into_iter().zip(&mut counts) {
            while *count < day.count(stream) {
                *count += 1;
                told.push((stream, *count, day.message(stream, *count)));
            }
        }
    }
    (day, told)
}

/// Every number of every stream is a message that carries it and the stream's series; sent later, or by a fold that starts
/// anew, it is the same bytes as when it was new.
fn check_day(seed: u64, steps: u32) {
    let (day, told) = random_day(seed, steps);
    let mut directory = Directory::new();
    let mut streams = StreamIndex::new(StreamLimits { messages: 1 << 16 });
    let mut offset = 0;
    for frame in day.reader.frames_from(0) {
        frame.parts().for_each(|part| directory.apply(&part).unwrap());
        streams.apply(offset, &frame, &day.reader, &directory).unwrap();
        offset += frame.bytes().len() as u64;
    }
    let state = day.machine.state();
    assert_eq!(day.streams.count(Stream::Broadcast), state.broadcast_count());
    for (stream, participant) in [(FIRST, ParticipantIndex(0)), (SECOND, ParticipantIndex(1))] {
        assert_eq!(day.streams.count(stream), state.private_count(participant));
    }
    assert_eq!(told.len() as u32, day.streams_of_all().into_iter().map(|stream| day.count(stream)).sum::<u32>());
    let again = dataplane::render::Renderer::new(&day.reader, &directory, &streams);
    for (stream, number, bytes) in &told {
        let series = match stream {
            Stream::Broadcast => 1,
            Stream::Private(ParticipantIndex(0)) => 2,
            Stream::Private(_) => 5,
        };
        for message in messages(bytes) {
            assert_eq!((message.series(), message.number().0), (Series(series), *number));
        }
        assert_eq!(&day.message(*stream, *number), bytes, "{stream} {number} again");
        let mut buffer = vec![0; bytes.len()];
        assert_eq!(again.message(*stream, StreamNumber(*number), &mut buffer), Ok(bytes.len()));
        assert_eq!(&buffer, bytes, "{stream} {number} by a fold that starts anew");
    }
    // A resume point of the present epoch always goes on with the next number.
    for stream in day.streams_of_all() {
        let (count, present) = (day.count(stream), day.directory.day().unwrap().epoch);
        for received in 0..=count + 2 {
            let resume = day.streams.resume(stream, Some(present), received);
            assert_eq!((resume.cancel, resume.next.0), (None, received.min(count) + 1));
        }
        assert_eq!(day.streams.resume(stream, None, FROM_NOW).next.0, count + 1);
    }
}

#[test]
fn a_long_day_of_every_kind_of_message() {
    let (_, told) = random_day(42, 4_000);
    for tid in [0x1001, 0x1002, 0x1003, 0x2003, 0x2004, 0x2006] {
        let count = told.iter().filter(|(_, _, bytes)| messages(bytes)[0].tid() == ftd::Tid(tid)).count();
        assert!(count > 10, "{count} messages of {tid:04X}");
    }
    check_day(42, 4_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(effort::of(48) as u32))]

    #[test]
    fn every_number_renders_and_carries_its_number_and_series(seed: u64, steps in 1u32..400) {
        check_day(seed, steps);
    }
}

#[test]
fn a_sweep_and_a_mass_cancel_over_several_parts_are_told_to_the_last_message() {
    let mut day = Day::open(1);
    for _ in 0..1_800 {
        day.insert(2, b'1', 15_000, 1, b'3');
    }
    let sweep = day.insert(0, b'0', 15_000, 900, b'3');
    assert_eq!(day.frame(sweep).parts().count(), 2);
    assert_eq!((day.count(FIRST), day.count(SECOND)), (901, 1_800 + 900));
    let mass = day.own(&MassCancel { scope: MassScope::All as u8, cause: 0, reserved: [0; 2], index: 0 });
    assert_eq!(day.frame(mass).parts().count(), 2);
    assert_eq!(day.count(SECOND), 1_800 + 1_800);
    for (stream, first, last, tid) in
        [(FIRST, 2, 901, 0x1001), (SECOND, 1_801, 2_700, 0x1001), (SECOND, 2_701, 3_600, 0x1003)]
    {
        for number in first..=last {
            let bytes = day.message(stream, number);
            assert_eq!((messages(&bytes)[0].tid(), messages(&bytes)[0].number().0), (ftd::Tid(tid), number));
        }
    }
    // The last order of the second part: the 1,800th local id, which no trade has reached.
    let last = day.message(SECOND, 3_600);
    let local_id_at = 20 + 6 + 8 + 8 + 20;
    assert_eq!(&last[local_id_at..local_id_at + 24], b"000000001800            ");
}

#[test]
fn texts_are_found_as_members_write_them() {
    let mut day = Day::open(3);
    let directory = &day.directory;
    assert_eq!(directory.find_participant(b"0002    "), Some(ParticipantIndex(1)));
    assert_eq!(directory.find_participant(b"0002\0\0\0\0"), Some(ParticipantIndex(1)));
    assert_eq!(directory.find_participant(b"0003    "), None);
    assert_eq!(directory.find_user(&padded(b"trader2")), Some(UserIndex(2)));
    assert_eq!(directory.find_user(&padded(b"trader2\0\0")), Some(UserIndex(2)));
    assert_eq!(directory.find_user(&padded(b"trader")), None);
    assert_eq!(directory.find_instrument(&padded(b"IF2408")), Some(InstrumentIndex(2)));
    assert_eq!(directory.find_instrument(&padded(b"IF2409")), None);
    // A client belongs to a participant.
    let client = directory.find_account(ParticipantIndex(0), b"33      ").unwrap();
    assert_eq!(directory.account(client).unwrap().client_id, *b"33      ");
    assert_eq!(directory.find_account(ParticipantIndex(1), b"33      "), None);
    assert_eq!(directory.find_account(ParticipantIndex(0), b"22222222"), None);
    let user = directory.user(UserIndex(2)).unwrap();
    assert_eq!((user.requests_per_second, user.requests_in_flight, user.blocked), (9, 8, false));
    assert_eq!((user.address.octets(), user.largest_local_id), ([10, 0, 0, 2], None));
    assert!(format!("{user:?}").contains("secret: ***"), "no log shows a secret");
    day.own(&SeatBlock { user: UserIndex(2), blocked: 1, reserved: 0, text: [b' '; 100] });
    assert!(day.directory.user(UserIndex(2)).unwrap().blocked);
}

#[test]
fn the_largest_local_id_counts_accepted_and_marked_orders_and_no_others() {
    let mut day = Day::open(1);
    let largest = |day: &Day| day.directory.user(UserIndex(0)).unwrap().max_order_local_id();
    assert_eq!(largest(&day), [b' '; 24]);
    let send = |day: &mut Day, local_id: &[u8], volume: u32| {
        let order = OrderInsert { local_id: padded(local_id), ..day.order(0, b'0', 15_000, volume, b'3') };
        day.ask(0, &order);
        largest(day)
    };
    assert_eq!(send(&mut day, b"5", 1), padded::<24>(b"5"));
    assert_eq!(send(&mut day, b"4", 1), padded::<24>(b"5"));
    // Refused for its volume: marked. Compared as bytes.
    assert_eq!(send(&mut day, b"6", 1_001), padded::<24>(b"6"));
    assert_eq!(send(&mut day, b"10", 1), padded::<24>(b"6"));
    assert_eq!(send(&mut day, b"", 1), padded::<24>(b"6"));
    assert_eq!(Some(largest(&day)), day.machine.state().largest_local_id(UserIndex(0)));
}

/// Applies a made-up frame with these events behind `orders` orders of user 0; what the index says.
#[track_caller]
fn conflict_of(orders: u32, user: u16, events: &[Event]) -> Option<Conflict> {
    let mut day = Day::open(1);
    let mut log = Log::in_memory(LogLimits { bytes: 1 << 20, frames: 1_000 }).unwrap();
    for _ in 0..orders {
        day.insert(0, b'0', 15_000, 1, b'3');
    }
    for frame in day.reader.frames_from(0) {
        log.append_verbatim(&frame).unwrap();
    }
    let order = day.order(user, b'0', 15_000, 1, b'3');
    let command = CommandBuffer::new(1, 1, UserIndex(user), &order);
    let sequence = Sequence(day.reader.last_sequence().0 + 1);
    let stamp = Stamp { epoch: Epoch(1), sequence, time: Nanoseconds(day.time) };
    let digests = Digests { state: 1, local_ids: 1 };
    let frame = FrameToWrite { stamp, digests, data_center: 1, command: command.bytes(), events };
    let offset = log.append(&frame).unwrap();
    let reader = log.reader();
    let result = day.streams.apply(offset, &reader.frame_at(offset).unwrap(), &reader, &day.directory);
    result.err().map(|contradiction| {
        assert_eq!(contradiction.sequence, sequence);
        assert!(contradiction.to_string().contains(&format!("sequence {sequence}")), "{contradiction}");
        contradiction.conflict
    })
}

#[test]
fn a_gap_or_a_repeat_in_a_stream_is_a_contradiction() {
    let accepted = |number: u32| Event::from(Accepted { private_number: StreamNumber(number), ..Accepted::zero() });
    assert_eq!(conflict_of(3, 0, &[accepted(4)]), None);
    for number in [1, 3, 5, u32::MAX] {
        let expected = Conflict::Gap { stream: FIRST, found: StreamNumber(number), expected: StreamNumber(4) };
        assert_eq!(conflict_of(3, 0, &[accepted(number)]), Some(expected));
    }
    // Another participant's stream counts by itself.
    assert_eq!(conflict_of(3, 2, &[accepted(1)]), None);
    assert_eq!(conflict_of(3, 9, &[accepted(1)]), Some(Conflict::Undefined));
}

#[test]
fn a_trade_of_an_order_that_no_frame_accepted_is_a_contradiction() {
    let first_order = |day: &mut Day| OrderKey::new(day.insert(0, b'0', 15_000, 1, b'3').sequence, 0);
    let known = first_order(&mut Day::open(1));
    let traded = |buy: OrderKey| {
        let (buy_number, sell_number) = (StreamNumber(2), StreamNumber(3));
        Event::from(Traded { buy, sell: known, buy_number, sell_number, ..Traded::zero() })
    };
    assert_eq!(conflict_of(1, 0, &[traded(known)]), None);
    // A frame that accepted nothing, another of its orders, one that is not there.
    for wrong in [OrderKey::new(Sequence(1), 0), OrderKey(known.0 + 1), OrderKey::new(Sequence(999), 0), OrderKey(0)] {
        assert_eq!(conflict_of(1, 0, &[traded(wrong)]), Some(Conflict::OrderUnknown));
    }
    assert_eq!(conflict_of(1, 0, &[Rejected::zero().into()]), None);
}

#[test]
fn more_messages_than_there_is_room_for_are_a_contradiction_and_not_a_wrap() {
    let mut day = Day::open_with(1, 10, LogLimits { bytes: 1 << 20, frames: 1_000 });
    for _ in 0..10 {
        day.insert(0, b'0', 15_000, 1, b'3');
    }
    let order = day.order(0, b'0', 15_000, 1, b'3');
    let command = CommandBuffer::new(3, 77, UserIndex(0), &order);
    let executed = day.machine.execute(&command.command(), Nanoseconds(day.time)).unwrap();
    let frame = day.reader.frame_at(executed.offset).unwrap();
    let result = day.streams.apply(executed.offset, &frame, &day.reader, &day.directory);
    assert_eq!(result.unwrap_err().conflict, Conflict::MessagesExhausted);
    assert_eq!(day.count(FIRST), 10);
}
