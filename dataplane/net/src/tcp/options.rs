//! TCP options: a kind, for all but the first two a length that counts both, and that many bytes less two.
//!
//! ```text
//! 0  end of the list                      RFC 9293 §3.2
//! 1  nothing                              RFC 9293 §3.2
//! 2  length 4: largest segment      2     RFC 9293 §3.7.1     on SYNs
//! 3  length 3: window shift         1     RFC 7323 §2.2       on SYNs
//! 4  length 2: SACK is permitted          RFC 2018 §2         on SYNs
//! 5  length 2 + 8n: n blocks        8n    RFC 2018 §3         first number, number behind the last
//! ```

use super::number::SequenceNumber;
use super::ranges::Range;

/// What a SYN says about its sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SynOptions {
    /// Longest payload that it takes.
    pub(crate) segment_max: Option<u16>,
    /// Its windows are to be multiplied by two to this power.
    pub(crate) window_shift: Option<u8>,
    /// It understands SACK.
    pub(crate) is_sack_permitted: bool,
}

/// Bytes of a SYN's options.
pub(crate) const SYN_OPTIONS: usize = 12;
/// Blocks of one SACK option: what fits into 40 bytes of options.
pub(crate) const SACK_BLOCKS_MAX: usize = 4;
/// The greatest shift (RFC 7323 §2.3).
const WINDOW_SHIFT_MAX: u8 = 14;

const END: u8 = 0;
const NOTHING: u8 = 1;
const SEGMENT_MAX: u8 = 2;
const WINDOW_SHIFT: u8 = 3;
const SACK_PERMITTED: u8 = 4;
const SACK: u8 = 5;

impl SynOptions {
    /// Reads a SYN's options; `None` if a length cannot be.
    pub(crate) fn read(bytes: &[u8]) -> Option<SynOptions> {
        let mut options = SynOptions::default();
        let mut is_whole = true;
        for option in (Options { rest: bytes }) {
            match option {
                Some((SEGMENT_MAX, &[high, low])) => options.segment_max = Some(u16::from_be_bytes([high, low])),
                Some((WINDOW_SHIFT, &[shift])) => options.window_shift = Some(shift.min(WINDOW_SHIFT_MAX)),
                Some((SACK_PERMITTED, &[])) => options.is_sack_permitted = true,
                Some((SEGMENT_MAX | WINDOW_SHIFT | SACK_PERMITTED, _)) | None => is_whole = false,
                Some(_) => {}
            }
        }
        is_whole.then_some(options)
    }

    /// Writes them, padded to [`SYN_OPTIONS`] bytes.
    pub(crate) fn write(&self) -> [u8; SYN_OPTIONS] {
        let mut bytes = [NOTHING; SYN_OPTIONS];
        if let Some(segment_max) = self.segment_max {
            let [high, low] = segment_max.to_be_bytes();
            bytes[..4].copy_from_slice(&[SEGMENT_MAX, 4, high, low]);
        }
        if let Some(shift) = self.window_shift {
            bytes[5..8].copy_from_slice(&[WINDOW_SHIFT, 3, shift]);
        }
        if self.is_sack_permitted {
            bytes[10..12].copy_from_slice(&[SACK_PERMITTED, 2]);
        }
        bytes
    }
}

/// The blocks of the SACK options in `bytes`; nothing from where a length cannot be.
pub(crate) fn sack_blocks(bytes: &[u8]) -> impl Iterator<Item = Range> {
    let options = Options { rest: bytes }.flatten().filter(|(kind, _)| *kind == SACK);
    options.flat_map(|(_, body)| body.chunks_exact(8)).map(|block| {
        let number =
            |at: usize| SequenceNumber(u32::from_be_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]));
        Range { start: number(0), end: number(4) }
    })
}

/// Writes a SACK option with `blocks` (at most [`SACK_BLOCKS_MAX`]) behind two bytes of nothing; returns the bytes written.
pub(crate) fn write_sack(bytes: &mut [u8; 4 + 8 * SACK_BLOCKS_MAX], blocks: &[Range]) -> usize {
    if blocks.is_empty() {
        return 0;
    }
    let blocks = &blocks[..blocks.len().min(SACK_BLOCKS_MAX)];
    bytes[..4].copy_from_slice(&[NOTHING, NOTHING, SACK, 2 + 8 * blocks.len() as u8]);
    for (block, place) in blocks.iter().zip(bytes[4..].chunks_exact_mut(8)) {
        place[..4].copy_from_slice(&block.start.0.to_be_bytes());
        place[4..].copy_from_slice(&block.end.0.to_be_bytes());
    }
    4 + 8 * blocks.len()
}

/// Kind and body of each option; `None`, and then nothing more, where a length cannot be.
struct Options<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Options<'a> {
    type Item = Option<(u8, &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (&kind, after) = self.rest.split_first()?;
            match kind {
                END => return None,
                NOTHING => self.rest = after,
                _ => {
                    let length = after.first().map_or(0, |&length| usize::from(length));
                    let Some(body) = self.rest.get(2..length) else {
                        self.rest = &[];
                        return Some(None);
                    };
                    self.rest = &self.rest[length..];
                    return Some(Some((kind, body)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for segment_max in [None, Some(536), Some(1_460)] {
            for window_shift in [None, Some(0), Some(7)] {
                for is_sack_permitted in [false, true] {
                    let options = SynOptions { segment_max, window_shift, is_sack_permitted };
                    assert_eq!(SynOptions::read(&options.write()), Some(options));
                }
            }
        }
        let blocks: Vec<Range> =
            (0..4).map(|at| Range { start: SequenceNumber(at * 10), end: SequenceNumber(at * 10 + 3) }).collect();
        for count in 0..=4 {
            let mut bytes = [0; 36];
            let length = write_sack(&mut bytes, &blocks[..count]);
            assert_eq!(sack_blocks(&bytes[..length]).collect::<Vec<_>>(), blocks[..count]);
            assert_eq!(length % 4, 0);
        }
    }

    #[test]
    fn lengths_that_cannot_be_are_refused_and_unknown_options_passed_over() {
        for bad in [&[2, 3, 1][..], &[2, 4, 1], &[2], &[3, 0], &[4, 1], &[4, 3, 0], &[9, 5, 0], &[1, 1, 3, 2]] {
            assert_eq!(SynOptions::read(bad), None, "{bad:?}");
            assert_eq!(sack_blocks(bad).count(), 0);
        }
        // A timestamp, and bytes behind the end.
        let known = [8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 2, 4, 5, 0xB4, 0, 2];
        assert_eq!(SynOptions::read(&known).and_then(|options| options.segment_max), Some(1_460));
        assert_eq!(SynOptions::read(&[3, 3, 200]).and_then(|options| options.window_shift), Some(14));
    }
}
