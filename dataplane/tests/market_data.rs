//! Market data as members are told it: byte for byte what the second, independent exchange says of the same commands, also when it is
//! rendered again at the end of the day.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod market_support;
mod streams_support;

use dataplane::streams::Stream;
use engine::types::StreamNumber;
use ftd::tid;
use market_support::RandomDay;
use reference::{Exchange, Settings};
use std::collections::BTreeMap;
use streams_support::messages;

/// A second exchange that is given the commands of a day's log, and what it tells everybody.
fn told_by_the_reference(day: &streams_support::Day) -> Vec<Vec<u8>> {
    let mut exchange = Exchange::new(Settings { data_center: 7, prefix: b'B', ..Settings::default() });
    let mut told = Vec::new();
    for frame in day.reader.frames_from(0) {
        let part = frame.parts().next().unwrap();
        let command = &part.bytes[64..64 + usize::from(part.header.command_bytes)];
        let stamp = frame.stamp();
        let outcome = exchange
            .execute(
                reference::Epoch(stamp.epoch.0),
                reference::Sequence(stamp.sequence.0),
                reference::Nanoseconds(part.header.time.0),
                command,
            )
            .unwrap();
        for message in outcome.told {
            if message.stream == reference::Stream::Broadcast {
                told.push(message.bytes);
                assert_eq!(told.len(), message.number as usize);
            }
        }
    }
    told
}

#[test]
fn every_broadcast_message_is_the_references_when_told_and_when_told_again() {
    for seed in 1..=effort::of(6) as u64 {
        let mut random = RandomDay::new(seed, 5);
        let mut told: Vec<Vec<u8>> = Vec::new();
        for _ in 0..6_000 {
            random.step();
            while (told.len() as u32) < random.day.count(Stream::Broadcast) {
                told.push(random.day.message(Stream::Broadcast, told.len() as u32 + 1));
            }
        }
        random.close();
        random.tick();
        while (told.len() as u32) < random.day.count(Stream::Broadcast) {
            told.push(random.day.message(Stream::Broadcast, told.len() as u32 + 1));
        }
        let theirs = told_by_the_reference(&random.day);
        assert_eq!(told.len(), theirs.len(), "seed {seed}");
        let mut kinds: BTreeMap<u32, u32> = BTreeMap::new();
        for (index, (ours, theirs)) in told.iter().zip(&theirs).enumerate() {
            let number = index as u32 + 1;
            assert!(
                ours == theirs,
                "seed {seed}, message {number}:\n{}\n{}",
                ours.escape_ascii(),
                theirs.escape_ascii()
            );
            assert!(ours == &random.day.message(Stream::Broadcast, number), "seed {seed}, message {number} again");
            *kinds.entry(messages(ours)[0].tid().0).or_default() += 1;
            let size_max = random.day.renderer().size_max(StreamNumber(number), 5);
            assert!(ours.len() <= size_max, "seed {seed}, message {number}");
        }
        for tid in [
            tid::INSTRUMENT_STATUS_CHANGE_NOTIFY,
            tid::INSTRUMENT_CHANGE_NOTIFY,
            tid::MARKET_STATUS_CHANGE_NOTIFY,
            tid::MARKET_MATCH_DATA,
            tid::MARKET_MATCH_INC_DATA,
            tid::MARKET_ORDER_INC_DATA,
            tid::ENQUIRE_QUOTE_NOTIFY,
        ] {
            assert!(kinds.get(&tid.0).is_some_and(|&count| count > 3), "seed {seed}: {kinds:?}");
        }
    }
}
