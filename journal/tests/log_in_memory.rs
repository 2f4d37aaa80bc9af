//! One writer, many readers: whole frames only, nobody waits, a full log takes nothing.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    LIMITS, accepted, append, applied, day_open, digests, ended, frame_bytes, mass_cancel, order, stamp, try_append,
};
use engine::types::{Epoch, Sequence};
use journal::{AppendRefused, CannotServe, Durability, FeedRequest, Log, LogLimits};
use std::thread;

fn filled(count: u64) -> Log {
    let mut log = Log::in_memory(LIMITS).unwrap();
    append(&mut log, 1, &day_open(), &[applied()]);
    for sequence in 2..=count {
        append(&mut log, sequence, &order(), &[accepted()]);
    }
    log
}

#[test]
fn full_log_refuses_before_anything_is_written() {
    let first = frame_bytes(1, &day_open(), &[applied()]).len();
    let mut log = Log::in_memory(LogLimits { bytes: first + 224 + 8, frames: 5 }).unwrap();
    append(&mut log, 1, &day_open(), &[applied()]);
    let before = log.reader().bytes_from(0).unwrap().to_vec();
    let refused = try_append(&mut log, 2, &mass_cancel(), &ended(900)).unwrap_err();
    assert_eq!(refused, AppendRefused::BytesExhausted { needed: 64 + 64 + 24 + 900 * 80, left: 232 });
    assert_eq!(log.reader().bytes_from(0).unwrap(), before);
    assert_eq!((log.reader().last_sequence(), log.reader().offset_of(Sequence(2))), (Sequence(1), None));
    // What still fits is taken, to the last byte that a frame can fill.
    append(&mut log, 2, &order(), &[accepted()]);
    assert!(matches!(
        try_append(&mut log, 3, &order(), &[accepted()]),
        Err(AppendRefused::BytesExhausted { left: 8, .. })
    ));

    let mut log = Log::in_memory(LogLimits { bytes: 4096, frames: 1 }).unwrap();
    append(&mut log, 1, &day_open(), &[applied()]);
    assert_eq!(try_append(&mut log, 2, &order(), &[accepted()]), Err(AppendRefused::FramesExhausted { limit: 1 }));
    assert_eq!(log.reader().last_sequence(), Sequence(1));
}

#[test]
#[should_panic(expected = "sequences have no gaps")]
fn gap_in_the_sequence_is_not_appended() {
    let mut log = filled(3);
    let _ = try_append(&mut log, 5, &order(), &[accepted()]);
}

#[test]
fn frames_are_found_by_offset_and_by_sequence() {
    let mut log = filled(10);
    append(&mut log, 11, &mass_cancel(), &ended(2000));
    append(&mut log, 12, &order(), &[accepted()]);
    let reader = log.reader();
    let mut offset = 0;
    for (place, frame) in reader.frames_from(0).enumerate() {
        let sequence = Sequence(place as u64 + 1);
        assert_eq!((frame.stamp(), frame.digests()), (stamp(sequence.0), digests(sequence.0)));
        assert_eq!(reader.offset_of(sequence), Some(offset));
        assert_eq!(reader.frame_of(sequence).unwrap().bytes(), frame.bytes());
        offset += frame.bytes().len() as u64;
    }
    assert_eq!((offset, reader.last_sequence()), (reader.committed(), Sequence(12)));
    assert_eq!(reader.frame_of(Sequence(11)).unwrap().events().count(), 2000);
    for missing in [0, 13, 4096, 4097, u64::MAX] {
        assert_eq!(reader.offset_of(Sequence(missing)), None);
    }
    // No frame begins there: behind the end, in the middle of one, at a later part.
    for offset in [offset, offset + 1, u64::MAX, 4, 8, reader.offset_of(Sequence(11)).unwrap() + 65_536 - 8] {
        assert!(reader.frame_at(offset).is_none(), "{offset}");
    }
    // A cursor that came to the end goes on when there is more.
    let mut frames = reader.frames_from(offset);
    assert!(frames.next().is_none());
    append(&mut log, 13, &order(), &[accepted()]);
    assert_eq!(frames.next().unwrap().stamp(), stamp(13));
    assert_eq!(frames.offset(), log.committed());
}

#[test]
fn touching_ahead_changes_nothing_that_is_there_and_is_done_once() {
    let mut log = Log::in_memory(LogLimits { bytes: 1 << 20, frames: 4096 }).unwrap();
    assert_eq!(log.touch_ahead(64 << 10), 16);
    assert_eq!(log.touch_ahead(64 << 10), 0);
    append(&mut log, 1, &day_open(), &[applied()]);
    let mut before = log.reader().bytes_from(0).unwrap().to_vec();
    for sequence in 2..2000 {
        log.touch_ahead(8192);
        append(&mut log, sequence, &order(), &[accepted()]);
        before.extend(frame_bytes(sequence, &order(), &[accepted()]));
        if sequence % 100 == 0 {
            assert_eq!(log.reader().bytes_from(0).unwrap(), before);
        }
    }
    assert!(log.touch_ahead(usize::MAX) > 0);
    assert_eq!(log.touch_ahead(usize::MAX), 0);
    assert_eq!(log.reader().bytes_from(0).unwrap(), before);
}

#[test]
fn readers_on_other_threads_see_whole_frames_only() {
    const FRAMES: u64 = 60_000;
    let mut log = Log::in_memory(LogLimits { bytes: 64 << 20, frames: FRAMES as usize }).unwrap();
    let readers: Vec<_> = (0..2).map(|_| log.reader()).collect();
    let threads: Vec<_> = readers
        .into_iter()
        .map(|reader| {
            thread::spawn(move || {
                let (mut next, mut offset) = (1_u64, 0);
                while next <= FRAMES {
                    let mut frames = reader.frames_from(offset);
                    for frame in frames.by_ref() {
                        // The CRC was not looked at by the log: here it is, of every part.
                        assert!(journal::CompleteFrame::read(frame.bytes(), 0).is_ok(), "sequence {next}");
                        assert_eq!((frame.stamp(), frame.digests()), (stamp(next), digests(next)));
                        assert_eq!(reader.offset_of(Sequence(next)), Some(offset));
                        assert_eq!(frame.events().count(), events_of(next));
                        offset += frame.bytes().len() as u64;
                        next += 1;
                    }
                    assert_eq!(frames.offset(), offset);
                    assert!(reader.last_sequence().0 >= next - 1 || reader.committed() >= offset);
                    thread::yield_now();
                }
                offset
            })
        })
        .collect();
    append(&mut log, 1, &day_open(), &[applied()]);
    for sequence in 2..=FRAMES {
        match events_of(sequence) {
            1 => append(&mut log, sequence, &order(), &[accepted()]),
            many => append(&mut log, sequence, &mass_cancel(), &ended(many)),
        };
    }
    for thread in threads {
        assert_eq!(thread.join().unwrap(), log.committed());
    }
}

/// Now and then a frame in parts.
fn events_of(sequence: u64) -> usize {
    match sequence % 997 {
        0 => 1500,
        n if n % 5 == 0 => 1 + (n % 4) as usize,
        _ => 1,
    }
}

#[test]
fn members_are_told_of_what_is_durable_and_another_thread_may_make_it_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sync.journal");
    let mut log = Log::create(&path, LIMITS, Durability::Sync).unwrap();
    let reader = log.reader();
    append(&mut log, 1, &day_open(), &[applied()]);
    assert_eq!((reader.committed() > 0, reader.released()), (true, 0));
    assert_eq!(log.sync().unwrap(), reader.committed());
    assert_eq!(reader.released(), reader.committed());

    let mut syncer = log.take_syncer().unwrap();
    assert!(log.take_syncer().is_none());
    let writer = thread::spawn(move || {
        for sequence in 2..=2000 {
            append(&mut log, sequence, &order(), &[accepted()]);
        }
        log
    });
    while reader.last_sequence() < Sequence(2000) || reader.released() < reader.committed() {
        let before = reader.released();
        let durable = syncer.sync().unwrap();
        assert!(before <= durable && durable <= reader.committed());
        assert_eq!(reader.released(), durable);
    }
    let mut log = writer.join().unwrap();
    append(&mut log, 2001, &order(), &[accepted()]);
    assert_eq!(log.sync().unwrap(), reader.released(), "with the syncer given away the log only reads");
    assert!(reader.released() < reader.committed());
    // Without a promise to the device, recorded is enough.
    let mut log = filled(3);
    assert_eq!(log.reader().released(), log.committed());
    assert_eq!(log.sync().unwrap(), log.committed());
}

#[test]
fn follower_is_served_from_the_next_frame_or_not_at_all() {
    let log = filled(10);
    let reader = log.reader();
    let ask = |epoch, sequence, digest, day| {
        FeedRequest::new(Epoch(epoch), Sequence(sequence), digest, day).start(&reader, Epoch(2))
    };
    let start = ask(0, 0, 0, 0).unwrap();
    assert_eq!((start.offset, start.digest_differs), (0, false));
    let start = ask(2, 4, digests(4).state, common::DAY).unwrap();
    assert_eq!((start.offset, start.digest_differs), (reader.offset_of(Sequence(5)).unwrap(), false));
    let start = ask(1, 10, 5, common::DAY).unwrap();
    assert_eq!((start.offset, start.digest_differs), (reader.committed(), true));
    assert_eq!(ask(3, 4, 0, common::DAY), Err(CannotServe::EpochHigher { found: Epoch(3), ours: Epoch(2) }));
    assert_eq!(ask(1, 4, 0, 20_241_008), Err(CannotServe::OtherDay { found: 20_241_008, ours: common::DAY }));
    assert_eq!(
        ask(1, 11, 0, common::DAY),
        Err(CannotServe::SequenceMissing { found: Sequence(11), last: Sequence(10) })
    );
}

#[test]
fn log_and_machine_can_be_given_to_a_thread() {
    fn send<T: Send>() {}
    fn share<T: Send + Sync + Clone>() {}
    send::<Log>();
    send::<journal::Machine>();
    send::<journal::LogSyncer>();
    share::<journal::LogReader>();
}
