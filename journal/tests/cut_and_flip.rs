//! A journal that was cut anywhere gives back its whole frames; one in which any bit is another applies nothing that
//! was not written.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Aligned, DAY, LIMITS, journal_of, small_frames};
use journal::{Durability, LogLimits, OpenFault, inspect, recover, scan};
use std::fs::File;

/// Where each frame ends, from 0 on.
fn boundaries(frames: &[Vec<u8>]) -> Vec<usize> {
    let mut ends = vec![0];
    for frame in frames {
        ends.push(ends[ends.len() - 1] + frame.len());
    }
    ends
}

/// The whole frames of the first `length` bytes: their number.
fn whole(ends: &[usize], length: usize) -> usize {
    ends.partition_point(|end| *end <= length) - 1
}

#[test]
fn file_cut_at_every_byte_gives_its_whole_frames() {
    let frames = small_frames();
    let (bytes, ends) = (frames.concat(), boundaries(&frames));
    // 65,537 files: in memory where there is such a place, so that the test does not wait for the disk.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let path = folder.path().join("cut.journal");
    let limits = LogLimits { bytes: 68_000, frames: 400 };
    for cut in (0..=65_536).step_by(effort::stride()) {
        // A new file each time: ext4 writes one that was cut to nothing to the disk at once.
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let recovered = recover(&path, Some(DAY), limits, Durability::Async).unwrap();
        let whole = whole(&ends, cut);
        assert_eq!(recovered.frames, whole as u64, "cut at {cut}");
        assert_eq!(recovered.log.committed(), ends[whole] as u64, "cut at {cut}");
        // Its bytes before the cut are zeros at times; those are no tail.
        assert!(recovered.cut_bytes <= (cut - ends[whole]) as u64, "cut at {cut}");
        let reader = recovered.log.reader();
        assert_eq!(reader.bytes_from(0).unwrap(), &bytes[..ends[whole]], "cut at {cut}");
        // The last byte that stays is there, and the tail is gone from the file too.
        if cut % 509 == 0 {
            recovered.log.close().unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), &bytes[..ends[whole]], "cut at {cut}");
            let again = inspect(&path, Some(DAY)).unwrap();
            assert_eq!((again.frames, again.tail_bytes), (whole as u64, 0));
        }
    }
}

#[test]
fn frame_in_parts_cut_anywhere_is_there_whole_or_not_at_all() {
    // A frame of three parts between small ones: at every byte near the beginning of a part, else at every 7th.
    let frames = journal_of(&[0, 2, 1800, 0, 1, 0]);
    let (bytes, ends) = (Aligned::of(&frames.concat()), boundaries(&frames));
    assert!(frames[3].len() > 2 * 65_536);
    let parts: Vec<usize> = ends.iter().copied().chain([1, 2].map(|part| ends[3] + part * 65_500)).collect();
    let near = |cut: usize| parts.iter().any(|begin| begin.abs_diff(cut) < 200);
    for cut in (0..=bytes.bytes().len()).step_by(effort::stride()).filter(|cut| cut % 7 == 0 || near(*cut)) {
        let found = scan(&bytes.bytes()[..cut], Some(DAY)).unwrap();
        let whole = whole(&ends, cut);
        assert_eq!((found.end, found.offsets.len()), (ends[whole] as u64, whole), "cut at {cut}");
        assert!(found.offsets.iter().zip(&ends).all(|(offset, end)| *offset == *end as u64));
    }
}

/// Flips bits one after the other. Each is refused with an offset, or cut off with all that follows it.
fn flip(frames: &[Vec<u8>], bits: impl Iterator<Item = usize>) -> [usize; 2] {
    let (mut bytes, ends) = (Aligned::of(&frames.concat()), boundaries(frames));
    let [mut refused, mut cut] = [0; 2];
    for bit in bits {
        let at = bit / 8;
        bytes.bytes_mut()[at] ^= 1 << (bit % 8);
        // The last frame that is whole before the bit, and where the one with the bit ends.
        let before = whole(&ends, at);
        match scan(bytes.bytes(), Some(DAY)) {
            Ok(found) => {
                assert_eq!(found.end, ends[before] as u64, "bit {bit}: what stands before the bit is all that is left");
                assert_eq!(before + 2, ends.len(), "bit {bit}: only the last frame may be cut");
                cut += 1;
            }
            Err(OpenFault::Damaged(damage)) => {
                let of = ends[before]..ends[before + 1];
                assert!(of.contains(&(damage.at as usize)), "bit {bit}: {damage}");
                assert_eq!(damage.after.0, before as u64, "bit {bit}: {damage}");
                assert!(damage.valid_at > damage.at, "bit {bit}: {damage}");
                refused += 1;
            }
            Err(other) => panic!("bit {bit}: {other:?}"),
        }
        bytes.bytes_mut()[at] ^= 1 << (bit % 8);
    }
    [refused, cut]
}

#[test]
fn every_bit_flipped_is_refused_or_cut_off() {
    let frames = small_frames();
    let length: usize = frames.iter().map(Vec::len).sum();
    let last = length * 8 - frames[frames.len() - 1].len() * 8;
    let bits = || (0..length * 8).step_by(effort::stride());
    let before = bits().filter(|bit| *bit < last).count();
    assert_eq!(flip(&frames, bits()), [before, bits().count() - before]);
}

#[test]
fn bits_flipped_in_a_frame_in_parts_refuse_or_cut_all_of_it() {
    // In the middle: every bit of every header and every 61st of the rest.
    let frames = journal_of(&[0, 1800, 0]);
    let length: usize = frames.iter().map(Vec::len).sum();
    let [refused, cut] = flip(&frames, (0..length * 8).step_by(61 * effort::stride()));
    assert!(refused > effort::of(10_000) && cut > 10 / effort::stride());
    // At the end: damage in its first parts is followed by a later part, and is refused; in its last it is a torn tail.
    let frames = journal_of(&[0, 1800]);
    let ends = boundaries(&frames);
    let [refused, cut] = flip(&frames, (0..ends[3] * 8).step_by(61 * effort::stride()));
    assert!(refused > effort::of(10_000) && cut > 100 / effort::stride());
}

#[test]
fn flipped_bit_in_a_file_is_refused_and_the_file_is_left_as_it_was() {
    let frames = small_frames();
    let (bytes, ends) = (frames.concat(), boundaries(&frames));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flipped.journal");
    for at in (0..ends[ends.len() - 2]).step_by(997) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&path, &bytes).unwrap();
        let before = File::open(&path).unwrap().metadata().unwrap().modified().unwrap();
        let Err(error) = recover(&path, Some(DAY), LIMITS, Durability::Async) else { panic!("byte {at} was applied") };
        let text = error.to_string();
        let frame = ends[whole(&ends, at)];
        assert!(text.contains(&format!("damaged at offset {frame}, after sequence")), "{text}");
        assert!(text.contains("flipped.journal") && text.contains("so it is not a torn tail"), "{text}");
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        assert_eq!(File::open(&path).unwrap().metadata().unwrap().modified().unwrap(), before);
    }
}
