//! What a journal file holds: whole frames from offset 0, then zeros or a torn tail; or damage.
//!
//! FRAMES.md, "A journal": what is not a frame is a torn tail if no frame of a higher sequence stands behind it, and is
//! cut before the first part of the frame it belongs to; else it is damage, and the journal is refused as it is, with
//! the offset. Nothing is changed in a file that is refused.

use crate::complete::{CompleteFrame, CompleteNext, expected_epoch};
use crate::fault::{Fault, FrameError};
use crate::file::{Damage, JournalFile, OpenError, OpenFault};
use crate::frame::{FRAME_MAGIC, Next, read_frame};
use crate::log::{Durability, Log, LogLimits, LogReader};
use engine::command::BodyView;
use engine::types::{Sequence, Stamp};
use std::path::Path;

/// A journal that can be gone on with.
pub struct Recovered {
    /// The log, behind its last whole frame.
    pub log: Log,
    /// Bytes of the torn tail that was cut; zeros are no tail.
    pub cut_bytes: u64,
    /// Whole frames.
    pub frames: u64,
}

/// A journal that is only read.
pub struct Inspected {
    /// Its whole frames.
    pub reader: LogReader,
    /// Bytes of the torn tail, which is left where it is.
    pub tail_bytes: u64,
    /// Whole frames.
    pub frames: u64,
}

/// Opens a journal to go on writing it: cuts a torn tail, refuses everything else that is wrong. An empty or zero file
/// is a journal without frames. `trading_day`: the day it must be of, if it has frames.
///
/// # Errors
/// See [`OpenFault`]; the file is then as it was.
pub fn recover(
    path: &Path,
    trading_day: Option<u32>,
    limits: LogLimits,
    durability: Durability,
) -> Result<Recovered, OpenError> {
    let recover = || {
        let file = JournalFile::open(path)?;
        let map = file.map_to_read(file.length()?)?;
        let scan = scan(map.bytes_from(0).expect("a map begins at 0"), trading_day)?;
        drop(map);
        let end = usize::try_from(scan.end).expect("it was mapped");
        let log = Log::of_file(file, limits, durability, &scan.offsets, end)?;
        Ok(Recovered { log, cut_bytes: scan.tail_bytes, frames: scan.offsets.len() as u64 })
    };
    recover().map_err(|fault: OpenFault| fault.of(path))
}

/// Opens a journal to read its whole frames; changes nothing.
///
/// # Errors
/// See [`OpenFault`].
pub fn inspect(path: &Path, trading_day: Option<u32>) -> Result<Inspected, OpenError> {
    let inspect = || {
        let file = JournalFile::open_to_read(path)?;
        let map = file.map_to_read(file.length()?)?;
        let scan = scan(map.bytes_from(0).expect("a map begins at 0"), trading_day)?;
        drop(map);
        let end = usize::try_from(scan.end).expect("it was mapped");
        let reader = LogReader::of_file(file, end, &scan.offsets)?;
        Ok(Inspected { reader, tail_bytes: scan.tail_bytes, frames: scan.offsets.len() as u64 })
    };
    inspect().map_err(|fault: OpenFault| fault.of(path))
}

/// What the bytes of a journal hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Where the last whole frame ends.
    pub end: u64,
    /// Where each frame begins, from sequence 1 on.
    pub offsets: Vec<u64>,
    /// From `end` to the last byte that is not zero.
    pub tail_bytes: u64,
}

/// Finds the whole frames of a journal's bytes, which are aligned to 8.
///
/// # Errors
/// The bytes are no journal, damaged, or of another day than `trading_day`.
pub fn scan(bytes: &[u8], trading_day: Option<u32>) -> Result<Scan, OpenFault> {
    let mut found = Scan::default();
    let mut last = Stamp::default();
    let mut end = 0;
    let stop = loop {
        let begin = end as u64;
        match CompleteFrame::read(&bytes[end..], begin) {
            Ok(CompleteNext::Frame(frame)) => {
                if let Err(fault) = follows(&frame, last) {
                    break fault.at(begin);
                }
                if end == 0 {
                    check_day(&frame, trading_day)?;
                }
                last = frame.stamp();
                found.offsets.push(begin);
                end += frame.bytes().len();
            }
            Ok(CompleteNext::NeedMore { at_least, part }) => {
                let missing = (end + at_least - bytes.len()) as u64;
                break Fault::Torn { missing }.at(begin + part as u64);
            }
            Err(error) => break error,
        }
    };
    found.end = end as u64;
    found.tail_bytes = judge_tail(bytes, end, stop, last)?;
    Ok(found)
}

/// `frame` may follow a frame with the stamp `last` (all zero: nothing before it).
fn follows(frame: &CompleteFrame<'_>, last: Stamp) -> Result<(), Fault> {
    let (stamp, command) = (frame.stamp(), frame.command());
    let next = Sequence(last.sequence.0 + 1);
    if stamp.sequence != next {
        return Err(Fault::SequenceNotNext { found: stamp.sequence, expected: next });
    }
    if next == Sequence(1) && !matches!(command.body, BodyView::DayOpen(_)) {
        return Err(Fault::NotDayOpen);
    }
    let expected = expected_epoch(last.epoch, &command, frame.rejection().is_some());
    if stamp.epoch != expected {
        return Err(Fault::EpochUnexpected { found: stamp.epoch, expected });
    }
    if stamp.time < last.time {
        return Err(Fault::TimeBackwards { found: stamp.time, expected: last.time });
    }
    Ok(())
}

fn check_day(first: &CompleteFrame<'_>, expected: Option<u32>) -> Result<(), OpenFault> {
    match (first.command().body, expected) {
        (BodyView::DayOpen(day), Some(expected)) if day.trading_day != expected => {
            Err(OpenFault::OtherDay { found: day.trading_day, expected })
        }
        _ => Ok(()),
    }
}

/// Decides what stands behind the last whole frame, which ends at `end`: Ok(bytes of a torn tail), or why the journal
/// is refused. `stop` says where reading stopped and why, `last` is the last whole frame.
fn judge_tail(bytes: &[u8], end: usize, stop: FrameError, last: Stamp) -> Result<u64, OpenFault> {
    const FRAME: u64 = u32::from_le_bytes(FRAME_MAGIC) as u64;
    let (mut last_used, mut at) = (end, end);
    for bytes_of_word in bytes[end..].chunks(8) {
        let mut word = [0; 8];
        word[..bytes_of_word.len()].copy_from_slice(bytes_of_word);
        let word = u64::from_le_bytes(word);
        if word != 0 {
            last_used = at + 8 - (word.leading_zeros() / 8) as usize;
        }
        // One can stand at `stop` itself: whole, but not one that belongs there. Before it are parts of the torn frame.
        if word & 0xFFFF_FFFF == FRAME
            && at as u64 >= stop.at
            && let Ok(Next::Frame(view)) = read_frame(&bytes[at..], at as u64)
            && view.header.sequence > last.sequence
        {
            return Err(OpenFault::Damaged(Damage {
                at: stop.at,
                fault: stop.fault,
                after: last.sequence,
                valid_at: at as u64,
                valid_sequence: view.header.sequence,
            }));
        }
        at += 8;
    }
    let begins_as_one = bytes.iter().zip(FRAME_MAGIC).all(|(byte, magic)| *byte == magic);
    if end == 0 && last_used != 0 && !begins_as_one {
        return Err(OpenFault::NotAJournal(stop.fault));
    }
    Ok((last_used - end) as u64)
}
