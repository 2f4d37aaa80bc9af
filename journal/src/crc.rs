//! CRC-32C of a record, from offset 12 on: the header's word behind the CRC, then whole 64-bit words, since every record begins at a
//! multiple of 8 and is a multiple of 8 long.
//!
//! An order's frame is some 25 words. On x86-64 they go straight through the processor's instruction, one after the other: what comes
//! after the frame does not wait for the sum. Long records, and other machines, take the crate's way, which sums three parts at a time.
#![cfg_attr(target_arch = "x86_64", allow(unsafe_code))]

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
    use super::{CRC_FROM, of_record};

    #[test]
    fn records_of_every_length_have_the_sum_that_the_crate_gives() {
        let bytes: Vec<u8> = (0..4096u32).map(|at| (at.wrapping_mul(0x9E37_79B9) >> 24) as u8).collect();
        for length in (16..=4096).step_by(8) {
            assert_eq!(of_record(&bytes[..length]), crc32c::crc32c(&bytes[CRC_FROM..length]), "{length} bytes");
        }
    }
}
