//! OrderSysId and TradeId: 20 characters of the deciding system's choice.
//!
//! Ours are a prefix, 13 digits of the sequence, and 6 characters of the index in its frame: digits, and beyond 999,999 a letter first. An id that spells its
//! order's key like this needs no memory and no index of its own: the key says where the order is. Ids are written and read in the
//! same three pieces (8, 8 and 4 bytes), because a load over two fresh stores waits until all older stores are done.

use crate::event::SystemId;
use crate::types::{KEY_INDEX_BITS, OrderKey, Sequence};

/// An id's bytes in three little-endian pieces.
#[derive(Clone, Copy)]
pub(crate) struct SpelledId(u64, u64, u32);

/// Indices below this are six digits.
const DIGITS_END: u32 = 1_000_000;
const ZEROS: u64 = 0x3030_3030_3030_3030;

impl SpelledId {
    /// Of an order.
    #[inline]
    pub(crate) fn of(prefix: u8, key: OrderKey) -> Self {
        Self::new(prefix, key.sequence(), key.index())
    }

    /// Of the `index`-th order or trade of a frame.
    #[inline]
    pub(crate) fn new(prefix: u8, sequence: Sequence, index: u32) -> Self {
        if index >= DIGITS_END {
            return Self::beyond(prefix, sequence, index);
        }
        let (high, low) = (sequence.0 / 1_000_000, sequence.0 % 1_000_000);
        // Two digits are enough for a hundred million frames, and the last two characters are the highest bytes.
        let high = if high < 100 { ZEROS + ((high / 10) << 48) + ((high % 10) << 56) } else { write_digits(high) };
        let first = high & !0xFF | u64::from(prefix);
        if index == 0 {
            // Nearly every order, and the first trade of every frame.
            return SpelledId(first, write_digits(low * 100), ZEROS as u32);
        }
        let second = write_digits(low * 100 + u64::from(index / 10_000));
        // The last four characters of eight digits are the upper half of the word.
        let third = (write_digits(u64::from(index % 10_000)) >> 32) as u32;
        SpelledId(first, second, third)
    }

    /// Of an auction of more than a million trades: two letters or digits and four digits, the first a letter. 2^24 take 26 letters.
    #[cold]
    fn beyond(prefix: u8, sequence: Sequence, index: u32) -> Self {
        let (high, low) = ((index - DIGITS_END) / 10_000, (index - DIGITS_END) % 10_000);
        let mut text = Self::new(prefix, sequence, low).bytes();
        text[14] = b'A' + (high / 62) as u8;
        text[15] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(high % 62) as usize];
        Self::read(&text)
    }

    #[inline]
    pub(crate) fn read(text: &SystemId) -> Self {
        let (first, rest) = text.split_first_chunk::<8>().expect("20 bytes");
        let (second, third) = rest.split_first_chunk::<8>().expect("12 bytes");
        let third = [third[0], third[1], third[2], third[3]];
        SpelledId(u64::from_le_bytes(*first), u64::from_le_bytes(*second), u32::from_le_bytes(third))
    }

    #[inline]
    pub(crate) fn write(self, text: &mut SystemId) {
        text[..8].copy_from_slice(&self.0.to_le_bytes());
        text[8..16].copy_from_slice(&self.1.to_le_bytes());
        text[16..].copy_from_slice(&self.2.to_le_bytes());
    }

    /// Whether a text is this one.
    #[inline]
    fn is(self, text: &SystemId) -> bool {
        let other = Self::read(text);
        (self.0 ^ other.0) | (self.1 ^ other.1) | u64::from(self.2 ^ other.2) == 0
    }

    /// The text.
    pub(crate) fn bytes(self) -> SystemId {
        let mut text = [0; 20];
        self.write(&mut text);
        text
    }
}

/// Spells the ids of one frame after the other: of a hundred sequences in a row only two digits differ.
#[derive(Clone, Copy)]
pub(crate) struct Speller {
    /// The sequence whose last two digits are zeros.
    hundred: u64,
    /// Its id of index 0, with NULs for the prefix and those two digits.
    first: u64,
    second: u64,
}

/// Where the last two digits of the sequence stand: the thirteenth and fourteenth character.
const LAST_DIGITS: u32 = 4 * u8::BITS;
/// Two digits for each number below 100, the first one in the lower byte.
const PAIRS: [u16; 100] = {
    let mut pairs = [0; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = 0x3030 + (number / 10) as u16 + ((number % 10) as u16) * 256;
        number += 1;
    }
    pairs
};

impl Speller {
    /// Ready to spell the first frames.
    pub(crate) fn new() -> Self {
        let mut speller = Speller { hundred: 0, first: 0, second: 0 };
        speller.go_to(Sequence(0));
        speller
    }

    /// Writes the id of the `index`-th order or trade of a frame. Its pieces go where they stay: an id in between would be written as
    /// two and read as one.
    #[inline(always)]
    pub(crate) fn spell(&mut self, text: &mut SystemId, prefix: u8, sequence: Sequence, index: u32) {
        match self.spelled(prefix, sequence, index) {
            Some((first, second, third)) => SpelledId(first, second, third).write(text),
            None => SpelledId::new(prefix, sequence, index).write(text),
        }
    }

    /// The pieces of an id whose index has at most four digits.
    #[inline(always)]
    fn spelled(&mut self, prefix: u8, sequence: Sequence, index: u32) -> Option<(u64, u64, u32)> {
        if sequence.0.wrapping_sub(self.hundred) >= 100 {
            self.go_to(sequence);
        }
        let pair = PAIRS[(sequence.0 - self.hundred) as usize];
        let (first, second) = (self.first | u64::from(prefix), self.second | u64::from(pair) << LAST_DIGITS);
        let third = match index {
            // Nearly every order, and the first trade of every frame.
            0 => ZEROS as u32,
            1..10_000 => {
                let [high, low] = [index / 100, index % 100].map(|pair| u32::from(PAIRS[pair as usize]));
                high | low << 16
            }
            _ => return None,
        };
        Some((first, second, third))
    }

    #[cold]
    fn go_to(&mut self, sequence: Sequence) {
        self.hundred = sequence.0 / 100 * 100;
        let SpelledId(first, second, _) = SpelledId::new(0, Sequence(self.hundred), 0);
        self.first = first;
        self.second = second & !(0xFFFF << LAST_DIGITS);
    }

    /// The first character of the OrderSysId of the order with that key, if the rest of it spells the key.
    #[inline]
    pub(crate) fn prefix_if_spelled(&mut self, text: &SystemId, key: OrderKey) -> Option<u8> {
        // A NUL would mean: no prefix.
        let (prefix, sequence, index) = (text[0], key.sequence(), key.index());
        if prefix == 0 || index >= DIGITS_END {
            return None;
        }
        let is = match self.spelled(prefix, sequence, index) {
            Some((first, second, third)) => SpelledId(first, second, third).is(text),
            None => SpelledId::new(prefix, sequence, index).is(text),
        };
        is.then_some(prefix)
    }
}

/// The key that a text spells, if it is written with digits as we write ours.
#[inline]
pub(crate) fn key_in(text: &SystemId) -> Option<OrderKey> {
    let SpelledId(first, second, third) = SpelledId::read(text);
    let high = read_digits(first & !0xFF | u64::from(b'0'))?;
    let middle = read_digits(second)?;
    let low = if third == ZEROS as u32 { 0 } else { read_digits(ZEROS >> 32 | u64::from(third) << 32)? };
    let sequence = high * 1_000_000 + middle / 100;
    let index = middle % 100 * 10_000 + low;
    (sequence >> (u64::BITS - KEY_INDEX_BITS) == 0).then(|| OrderKey::new(Sequence(sequence), index as u32))
}

/// Eight ASCII digits at once; the first character is the lowest byte.
#[inline]
fn read_digits(word: u64) -> Option<u64> {
    let values = word ^ ZEROS;
    // A digit's value is below 10: adding 6 carries into its upper half otherwise.
    if (values | values.wrapping_add(0x0606_0606_0606_0606)) & 0xF0F0_F0F0_F0F0_F0F0 != 0 {
        return None;
    }
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    Some(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xFFFF_FFFF)
}

/// A number below 10^8 as eight ASCII digits.
#[inline]
fn write_digits(number: u64) -> u64 {
    assert!(number < 100_000_000, "the id has room for every sequence of a day");
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    // Dividing both halves by 100, then all four quarters by 10, by multiplying: exact below 10,000 and below 100.
    let hundreds = (fours.wrapping_mul(10_486) >> 20) & 0x0000_007F_0000_007F;
    let pairs = hundreds | fours.wrapping_sub(hundreds.wrapping_mul(100)) << 16;
    let tens = (pairs.wrapping_mul(103) >> 10) & 0x000F_000F_000F_000F;
    (tens | pairs.wrapping_sub(tens.wrapping_mul(10)) << 8) | ZEROS
}

#[cfg(test)]
mod tests {
    use super::{SpelledId, Speller, key_in, read_digits, write_digits};
    use crate::types::{OrderKey, Sequence};
    use std::collections::BTreeSet;

    #[test]
    fn only_an_id_of_our_own_style_spells_a_key() {
        let check = |text: &[u8; 20], expected: Option<OrderKey>| assert_eq!(key_in(text), expected);
        check(b"B0000000000001000000", Some(OrderKey(1 << 24)));
        check(b"P0000012345678000042", Some(OrderKey(12_345_678 << 24 | 42)));
        check(b"P1099511627775999999", Some(OrderKey(((1 << 40) - 1) << 24 | 999_999)));
        check(b"P1099511627776000000", None);
        check(b"P9999999999999999999", None);
        check(b"P0000012345678A00042", None);
        check(b"P000001234567800004 ", None);
        check(b"P00000123:5678000042", None);
        check(b"                    ", None);
    }

    #[test]
    fn digits_are_written_and_read_like_a_formatter_writes_them() {
        for number in (0..100_000_000).step_by(9_973).chain([9, 10, 99, 100, 9_999, 10_000, 99_999_999]) {
            let text = format!("{number:08}");
            assert_eq!(write_digits(number).to_le_bytes(), text.as_bytes());
            assert_eq!(read_digits(write_digits(number)), Some(number));
        }
        for place in 0..8 {
            for wrong in (0..=255u8).filter(|byte| !byte.is_ascii_digit()) {
                let mut text = *b"12345678";
                text[place] = wrong;
                assert_eq!(read_digits(u64::from_le_bytes(text)), None, "{wrong} at {place}");
            }
        }
    }

    #[test]
    fn ids_are_prefix_sequence_and_index() {
        for sequence in [1, 9, 10, 999_999, 1_000_000, 123_456_789_012, (1 << 40) - 1] {
            for index in [0, 1, 9, 10, 9_999, 10_000, 999_999] {
                let text = SpelledId::new(b'B', Sequence(sequence), index).bytes();
                assert_eq!(std::str::from_utf8(&text), Ok(format!("B{sequence:013}{index:06}").as_str()));
                assert_eq!(key_in(&text), Some(OrderKey::new(Sequence(sequence), index)));
            }
        }
    }

    #[test]
    fn a_speller_writes_what_is_written_from_nothing_wherever_it_goes() {
        let mut speller = Speller::new();
        let sequences =
            (0..2_500u64).chain(999_990..1_000_020).chain([7, 8, (1 << 40) - 1, 0, 99_999_999, 100_000_000]);
        for sequence in sequences.map(Sequence) {
            for index in [0, 1, 9_999, 10_000, 999_999, 1_000_000] {
                let (mut ours, anew) = ([0; 20], SpelledId::new(b'B', sequence, index));
                speller.spell(&mut ours, b'B', sequence, index);
                assert_eq!(ours, anew.bytes(), "{sequence} {index}");
            }
        }
    }

    #[test]
    fn the_ids_of_a_frame_differ_beyond_six_digits_too() {
        let indices: BTreeSet<u32> =
            (0..1 << 24).step_by(997).chain(999_990..1_000_010).chain([(1 << 24) - 1]).collect();
        let texts: BTreeSet<_> =
            indices.iter().map(|&index| SpelledId::new(b'B', Sequence(7), index).bytes()).collect();
        assert_eq!(texts.len(), indices.len());
        assert!(texts.iter().flatten().all(u8::is_ascii_alphanumeric));
    }
}
