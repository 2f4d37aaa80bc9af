//! What can be wrong with a journal as a file: one line that names it, and the file as it was.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    DAY, LIMITS, accepted, append, applied, day_open, ended, frame_bytes, journal_of, mass_cancel, order, sum,
};
use engine::types::Sequence;
use journal::{Durability, Log, LogLimits, inspect, recover};
use std::path::{Path, PathBuf};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join("day.journal");
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn error(path: &Path) -> String {
    let before = std::fs::read(path).unwrap();
    let Err(error) = recover(path, Some(DAY), LIMITS, Durability::Async) else { panic!("it was recovered") };
    assert_eq!(std::fs::read(path).unwrap(), before, "a refused file is left as it was");
    let text = error.to_string();
    assert!(text.starts_with(&format!("journal {}: ", path.display())) && !text.contains('\n'), "{text}");
    let Err(inspected) = inspect(path, Some(DAY)) else { panic!("it was inspected") };
    assert_eq!(inspected.to_string(), text, "reading and writing refuse alike");
    text
}

#[test]
fn appended_garbage_is_cut_and_counted() {
    let good = journal_of(&[0, 1, 0]).concat();
    let torn = frame_bytes(5, &order(), &[accepted()]);
    let garbage: Vec<u8> = (0..5000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 | 1).collect();
    let mut zeros_between = vec![0; 3000];
    zeros_between.push(1);
    zeros_between.extend([0; 500]);
    let cases: [(&[u8], u64); 7] = [
        (b"", 0),
        (&[0; 4097], 0),
        (&garbage, 5000),
        (&torn[..223], 223 - 45), // the event's last 45 bytes are zeros
        (b"BKF1", 4),
        (&zeros_between, 3001),
        (&good, good.len() as u64 - 70), // the same frames again: nothing of a higher sequence
    ];
    for (place, (tail, cut)) in cases.iter().enumerate() {
        let folder = Folder::new();
        let path = folder.file(&[&good, *tail].concat());
        let inspected = inspect(&path, Some(DAY)).unwrap();
        assert_eq!(inspected.frames, 4);
        let tail_bytes = inspected.tail_bytes;
        drop(inspected);
        assert_eq!(std::fs::read(&path).unwrap().len(), good.len() + tail.len(), "inspecting changes nothing");
        let recovered = recover(&path, Some(DAY), LIMITS, Durability::Sync).unwrap();
        assert_eq!((recovered.frames, recovered.cut_bytes), (4, tail_bytes), "case {place}");
        assert!(recovered.cut_bytes.abs_diff(*cut) <= 80, "case {place}: {} of {cut}", recovered.cut_bytes);
        recovered.log.close().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), good, "case {place}");
    }
}

#[test]
fn frame_of_a_higher_sequence_behind_garbage_is_damage() {
    let good = journal_of(&[0, 1]).concat();
    let next = frame_bytes(5, &order(), &[accepted()]);
    let folder = Folder::new();
    let path = folder.file(&[&good, &[0; 64][..], &next].concat());
    assert!(
        error(&path).contains(&format!("damaged at offset {}, after sequence 3: it begins with [00", good.len())),
        "{}",
        error(&path)
    );
}

/// Frames that are whole but do not follow one another: (the last of three frames, words of the refusal).
#[test]
fn frames_that_do_not_follow_are_refused() {
    let changed = |offset: usize, value: u8| {
        let mut bytes = frame_bytes(3, &order(), &[accepted()]);
        bytes[offset] = value;
        sum(&mut bytes);
        bytes
    };
    let cases = [
        (frame_bytes(4, &order(), &[accepted()]), "sequence (at +16) is 4, expected 3"),
        (changed(12, 2), "epoch (at +12) is 2, expected 1"),
        (changed(12, 0), "epoch (at +12) is 0, expected 1"),
        (changed(30, 0), "time (at +24) is"),
    ];
    let begin = journal_of(&[0]).concat();
    for (frame, words) in cases {
        let folder = Folder::new();
        let path = folder.file(&[begin.clone(), frame].concat());
        let text = error(&path);
        assert!(text.contains(words) && text.contains(&format!("damaged at offset {}", begin.len())), "{text}");
    }
}

#[test]
fn what_is_not_a_journal_is_refused() {
    for bytes in [&b"order,side,price\n1,B,100\n"[..], &[0, 0, 0, 0, 1], b"BKF2", b"B\0\0\0\0\0\0\0x"] {
        let folder = Folder::new();
        let text = error(&folder.file(bytes));
        assert!(text.contains("not a journal: at offset 0 it begins with"), "{text}");
    }
    let folder = Folder::new();
    let text = error(&folder.file(&frame_bytes(1, &order(), &[accepted()])));
    assert!(text.contains("the first frame is not DayOpen, expected DayOpen with sequence 1"), "{text}");
    assert!(recover(&folder.0.path().join("none"), None, LIMITS, Durability::Async).is_err());
}

#[test]
fn empty_and_zero_files_are_journals_without_frames() {
    for bytes in [&[][..], &[0; 100_000], b"BKF", &frame_bytes(1, &day_open(), &[applied()])[..100]] {
        let folder = Folder::new();
        let path = folder.file(bytes);
        let mut recovered = recover(&path, Some(DAY), LIMITS, Durability::Async).unwrap();
        assert_eq!((recovered.frames, recovered.log.reader().last_sequence()), (0, Sequence(0)));
        assert_eq!(recovered.log.reader().trading_day(), None);
        append(&mut recovered.log, 1, &day_open(), &[applied()]);
        assert_eq!(recovered.log.reader().trading_day(), Some(DAY));
    }
}

#[test]
fn other_day_is_refused() {
    let folder = Folder::new();
    let path = folder.file(&journal_of(&[0]).concat());
    let Err(error) = recover(&path, Some(20_241_008), LIMITS, Durability::Async) else { panic!("it was recovered") };
    assert!(error.to_string().contains("holds the trading day 20240930, expected 20241008"), "{error}");
    assert!(recover(&path, None, LIMITS, Durability::Async).is_ok());
}

#[test]
fn journal_that_somebody_writes_is_refused() {
    let folder = Folder::new();
    let path = folder.file(&journal_of(&[0]).concat());
    let writer = recover(&path, None, LIMITS, Durability::Async).unwrap();
    for refused in [recover(&path, None, LIMITS, Durability::Async).err(), inspect(&path, None).err()] {
        assert!(refused.unwrap().to_string().contains("in use by another process"));
    }
    // A reader that lives on does not keep it.
    let reader = writer.log.reader();
    drop(writer);
    let first = inspect(&path, None).unwrap();
    let second = inspect(&path, None).unwrap();
    assert_eq!((first.frames, second.frames, reader.last_sequence()), (2, 2, Sequence(2)));
    assert!(recover(&path, None, LIMITS, Durability::Async).is_err());
    drop((first, second));
    assert!(recover(&path, None, LIMITS, Durability::Async).is_ok());
}

#[test]
fn journal_beyond_the_limits_is_refused_and_an_existing_one_is_not_created_over() {
    let folder = Folder::new();
    let bytes = journal_of(&[0, 0, 0]).concat();
    let path = folder.file(&bytes);
    for limits in [LogLimits { bytes: bytes.len() - 1, frames: 10 }, LogLimits { bytes: 1 << 20, frames: 3 }] {
        let Err(error) = recover(&path, None, limits, Durability::Async) else { panic!("it was recovered") };
        assert!(error.to_string().contains(&format!("holds {} bytes and 4 frames", bytes.len())), "{error}");
    }
    assert!(Log::create(&path, LIMITS, Durability::Async).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[test]
fn journal_is_the_frames_back_to_back_and_goes_on_where_it_stopped() {
    let folder = Folder::new();
    let path = folder.0.path().join("new.journal");
    for durability in [Durability::Async, Durability::Sync] {
        let mut expected = Vec::new();
        let mut log = Log::create(&path, LIMITS, durability).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), LIMITS.bytes as u64);
        let mut sequence = 0;
        for _ in 0..3 {
            for (command, events) in
                [(day_open(), vec![applied()]), (order(), vec![accepted()]), (mass_cancel(), ended(900))]
            {
                sequence += 1;
                let command = if sequence > 1 && sequence % 3 == 1 { order() } else { command };
                assert_eq!(append(&mut log, sequence, &command, &events), expected.len() as u64);
                expected.extend(frame_bytes(sequence, &command, &events));
            }
            assert_eq!(log.sync().unwrap(), expected.len() as u64);
            log.close().unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), expected);
            let recovered = recover(&path, Some(DAY), LIMITS, durability).unwrap();
            assert_eq!((recovered.frames, recovered.cut_bytes), (sequence, 0));
            assert_eq!(recovered.log.reader().released(), expected.len() as u64);
            log = recovered.log;
        }
        drop(log);
        std::fs::remove_file(&path).unwrap();
    }
}
