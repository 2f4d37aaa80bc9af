//! CRC-32C of a record, from offset 12 on: the header's word behind the CRC, then whole 64-bit words, since every record begins at a
//! multiple of 8 and is a multiple of 8 long.
//!
//! An order's frame is some 25 words. On x86-64 they go straight through the processor's instruction, one after the other: what comes
//! after the frame does not wait for the sum. A frame that is written is summed on the way: each word is loaded, summed and stored.
//! Long records, and other machines, take the crate's way, which sums three parts at a time.
#![cfg_attr(target_arch = "x86_64", allow(unsafe_code))]

use crate::frame::{FrameToWrite, HEADER_SIZE};
#[cfg(target_arch = "x86_64")]
use engine::command::{CommandHeader, OrderCancel, OrderInsert};
#[cfg(target_arch = "x86_64")]
use engine::event::EVENT_SIZE;
use engine::event::Event;
use zerocopy::IntoBytes;

/// Bytes of a word.
const WORD: usize = 8;
/// Words of a header.
pub(crate) const HEADER_WORDS: usize = HEADER_SIZE / WORD;
/// Bytes of an insert and of a cancel.
#[cfg(target_arch = "x86_64")]
const INSERT_SIZE: usize = size_of::<CommandHeader>() + size_of::<OrderInsert>();
#[cfg(target_arch = "x86_64")]
const CANCEL_SIZE: usize = size_of::<CommandHeader>() + size_of::<OrderCancel>();
/// The CRC covers the bytes from here to the length.
pub(crate) const CRC_FROM: usize = 12;
/// From so many bytes on three sums at a time are faster than one.
#[cfg(target_arch = "x86_64")]
const LONG_FROM: usize = 1024;

/// The sum of a record; `record` is all of it, a multiple of 8 bytes and more than [`CRC_FROM`].
#[inline]
pub(crate) fn of_record(record: &[u8]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    if record.len() < LONG_FROM && std::arch::is_x86_feature_detected!("sse4.2") {
        // JUSTIFICATION: the crate splits for alignment and length first, which costs more than an order's frame itself.
        // SAFETY: the function's one demand on the machine is SSE 4.2, and it is there: asked for just now.
        return unsafe { by_instruction(record) };
    }
    crc32c::crc32c(&record[CRC_FROM..])
}

/// Writes a frame that is one part, its sum included. `record` is as long as the frame is.
#[inline(always)]
pub(crate) fn write_whole(record: &mut [u8], frame: &FrameToWrite<'_>) {
    #[cfg(target_arch = "x86_64")]
    if record.len() < LONG_FROM && std::arch::is_x86_feature_detected!("sse4.2") {
        // JUSTIFICATION: copying first and summing then loads every word twice.
        // SAFETY: the function's one demand on the machine is SSE 4.2, and it is there: asked for just now.
        return unsafe { write_by_instruction(record, frame) };
    }
    write_record(record, frame.whole_header(record.len()), frame.command, frame.events);
}

/// Writes a record, its sum included: a header whose CRC is 0 yet, a command of whole words, and events. `record` is as long as they are.
#[cold]
pub(crate) fn write_record(record: &mut [u8], header: [u64; HEADER_WORDS], command: &[u8], events: &[Event]) {
    let (head, body) = record.split_at_mut(HEADER_WORDS * WORD);
    for (place, word) in head.as_chunks_mut::<WORD>().0.iter_mut().zip(header) {
        *place = word.to_le_bytes();
    }
    body[..command.len()].copy_from_slice(command);
    body[command.len()..].copy_from_slice(events.as_bytes());
    let sum = of_record(record);
    record[CRC_FROM - 4..CRC_FROM].copy_from_slice(&sum.to_le_bytes());
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
fn write_by_instruction(record: &mut [u8], frame: &FrameToWrite<'_>) {
    use std::arch::x86_64::{_mm_crc32_u32, _mm_crc32_u64};
    let header = frame.whole_header(record.len());
    let (head, body) = record.split_first_chunk_mut::<HEADER_SIZE>().expect("a record has a header");
    // Stored now, so that no register keeps it until the sum is known.
    *head = zerocopy::transmute!(header.map(u64::to_le));
    let (for_command, mut rest) = body.split_at_mut(frame.command.len());
    let mut sum = u64::from(_mm_crc32_u32(!0, (header[1] >> 32) as u32));
    for word in &header[2..] {
        sum = _mm_crc32_u64(sum, *word);
    }
    // The commands of the order path, unrolled.
    sum = match frame.command.len() {
        INSERT_SIZE => copy_whole::<INSERT_SIZE>(sum, frame.command, for_command),
        CANCEL_SIZE => copy_whole::<CANCEL_SIZE>(sum, frame.command, for_command),
        _ => copy_words(sum, frame.command, for_command),
    };
    for event in frame.events {
        let (place, later) = rest.split_first_chunk_mut::<EVENT_SIZE>().expect("a record has room for its events");
        sum = copy_whole::<EVENT_SIZE>(sum, event.bytes(), place);
        rest = later;
    }
    assert!(rest.is_empty(), "a record is as long as its parts");
    head[CRC_FROM - 4..CRC_FROM].copy_from_slice(&(!(sum as u32)).to_le_bytes());
}

/// Copies so many bytes, whole words, and goes on with the sum.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "sse4.2")]
fn copy_whole<const N: usize>(sum: u64, bytes: &[u8], place: &mut [u8]) -> u64 {
    let bytes: &[u8; N] = bytes.try_into().expect("as long as was asked for");
    let place: &mut [u8; N] = place.try_into().expect("as long as was asked for");
    *place = *bytes;
    sum_words(sum, bytes)
}

/// Copies whole words, and goes on with the sum.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
#[target_feature(enable = "sse4.2")]
fn copy_words(sum: u64, bytes: &[u8], place: &mut [u8]) -> u64 {
    place.copy_from_slice(bytes);
    sum_words(sum, bytes)
}

/// Goes on with the sum over whole words.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "sse4.2")]
fn sum_words(mut sum: u64, bytes: &[u8]) -> u64 {
    let (words, odd) = bytes.as_chunks::<WORD>();
    assert!(odd.is_empty(), "commands and events are whole words");
    for word in words {
        sum = std::arch::x86_64::_mm_crc32_u64(sum, u64::from_le_bytes(*word));
    }
    sum
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
fn by_instruction(record: &[u8]) -> u32 {
    use std::arch::x86_64::{_mm_crc32_u32, _mm_crc32_u64};
    let (words, rest) = record.as_chunks::<8>();
    assert!(rest.is_empty() && words.len() > 1, "a record is whole words, and longer than its CRC's place");
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let mut sum = u64::from(_mm_crc32_u32(!0, (word(&words[1]) >> 32) as u32));
    let (fours, rest) = words[2..].as_chunks::<4>();
    for four in fours {
        for bytes in four {
            sum = _mm_crc32_u64(sum, word(bytes));
        }
    }
    for bytes in rest {
        sum = _mm_crc32_u64(sum, word(bytes));
    }
    !(sum as u32)
}

#[cfg(test)]
mod tests {
    use super::{CRC_FROM, WORD, of_record, write_record, write_whole};
    use crate::frame::FrameToWrite;
    use engine::Digests;
    use engine::command::{CommandHeader, OrderCancel, OrderInsert};
    use engine::event::{Event, Rested};
    use engine::types::{Epoch, Nanoseconds, Sequence, Stamp};
    use zerocopy::IntoBytes;

    const INSERT_SIZE: usize = size_of::<CommandHeader>() + size_of::<OrderInsert>();
    const CANCEL_SIZE: usize = size_of::<CommandHeader>() + size_of::<OrderCancel>();

    #[test]
    fn records_of_every_length_have_the_sum_that_the_crate_gives() {
        let bytes: Vec<u8> = (0..4096u32).map(|at| (at.wrapping_mul(0x9E37_79B9) >> 24) as u8).collect();
        for length in (16..=4096).step_by(8) {
            assert_eq!(of_record(&bytes[..length]), crc32c::crc32c(&bytes[CRC_FROM..length]), "{length} bytes");
        }
    }

    #[test]
    fn a_frame_is_written_as_its_parts_one_behind_the_other_with_their_sum() {
        let command: Vec<u8> = (0..=255).collect();
        let event = |number: usize| Event::from(Rested { reserved: [number as u8; 6], ..Rested::zero() });
        for events in 1..30 {
            let events: Vec<Event> = (0..events).map(event).collect();
            for length in [8, 16, INSERT_SIZE, CANCEL_SIZE, 256] {
                let frame = FrameToWrite {
                    stamp: Stamp { epoch: Epoch(3), sequence: Sequence(0x0123_4567_89AB), time: Nanoseconds(77) },
                    digests: Digests { state: 0xFEDC_BA98_7654_3210, local_ids: 0x0F1E_2D3C_4B5A_6978 },
                    data_center: 9,
                    command: &command[..length],
                    events: &events,
                };
                let mut expected: Vec<u8> =
                    frame.whole_header(frame.length()).iter().flat_map(|word| word.to_le_bytes()).collect();
                expected.extend(frame.command);
                expected.extend(events.as_bytes());
                let sum = crc32c::crc32c(&expected[CRC_FROM..]);
                expected[CRC_FROM - 4..CRC_FROM].copy_from_slice(&sum.to_le_bytes());
                let mut words = vec![0u64; expected.len() / WORD];
                write_whole(words.as_mut_bytes(), &frame);
                assert_eq!(words.as_bytes(), expected, "{length} bytes, {} events", events.len());
                write_record(words.as_mut_bytes(), frame.whole_header(frame.length()), frame.command, &events);
                assert_eq!(words.as_bytes(), expected, "{length} bytes, {} events, copied first", events.len());
            }
        }
    }
}
