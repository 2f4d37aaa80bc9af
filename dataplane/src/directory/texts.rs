//! Texts to indices: open addressing over what the base data defines.
//!
//! A slot is eight bytes: the upper half of the text's hash, and the index plus one; zero is an empty slot. The table knows
//! no texts: who asks compares them where they stand. Texts are hashed as they stand in a packet, blanks included, a word
//! at a time, so that looking one up copies nothing. The hash has no seed: only the exchange's own base data is ever put
//! in, so nobody outside can choose what collides, and the same log gives the same table everywhere.

/// A table from texts to indices, sized once.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    /// A power of two of slots, at least twice as many as indices.
    slots: Box<[u64]>,
    count: usize,
    limit: usize,
}

impl Texts {
    /// An empty table for at most `limit` texts.
    pub(super) fn new(limit: usize) -> Self {
        // Half full at most: probes stay short, and an empty slot always ends a search.
        let slots = limit.max(1).next_power_of_two() * 2;
        Texts { slots: vec![0; slots].into_boxed_slice(), count: 0, limit }
    }

    /// The index whose text has this hash and satisfies `same`.
    #[inline]
    pub(super) fn find(&self, hash: u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.first_slot(hash);
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return None;
            }
            let index = slot as u32 - 1;
            if slot >> 32 == hash >> 32 && same(index) {
                return Some(index);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Adds an index under its text's hash; the caller has looked that the text is new. False: the table is full.
    #[must_use]
    pub(super) fn insert(&mut self, hash: u64, index: u32) -> bool {
        if self.count == self.limit {
            return false;
        }
        let mut at = self.first_slot(hash);
        while self.slots[at] != 0 {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = hash >> 32 << 32 | u64::from(index + 1);
        self.count += 1;
        true
    }

    #[inline]
    fn first_slot(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }
}

/// Hash of a text of at least eight bytes, and of a number that belongs to it. The last word overlaps the one before
/// where the length is no multiple of eight.
#[inline]
pub(super) fn hash<const N: usize>(text: &[u8; N], number: u32) -> u64 {
    const { assert!(N >= 8) };
    let mut hash = mix(u64::from(number), N as u64);
    let mut at = 0;
    while at + 8 <= N {
        hash = mix(hash, word(text, at));
        at += 8;
    }
    if !N.is_multiple_of(8) {
        hash = mix(hash, word(text, N - 8));
    }
    hash
}

/// A text as members written in C send it, with NULs behind, in the form of the standard, with blanks behind.
/// None: it is in that form already.
#[cold]
pub(super) fn blank_padded<const N: usize>(text: &[u8; N]) -> Option<[u8; N]> {
    let length = text.iter().rposition(|&byte| byte != b' ' && byte != 0).map_or(0, |last| last + 1);
    if !text[length..].contains(&0) {
        return None;
    }
    let mut padded = [b' '; N];
    padded[..length].copy_from_slice(&text[..length]);
    Some(padded)
}

#[inline]
fn word(text: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(text[at..at + 8].try_into().expect("eight bytes make a word"))
}

/// The 128-bit product of both, each made uneven, folded.
#[inline]
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x9E37_79B9_7F4A_7C15) * u128::from(b ^ 0xD1B5_4A32_D192_ED03);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_finds_each_text_and_nothing_else() {
        let texts: Vec<[u8; 15]> = (0..1_000u32)
            .map(|number| {
                let mut text = [b' '; 15];
                text[..9].copy_from_slice(format!("u{number:08}").as_bytes());
                text
            })
            .collect();
        let mut table = Texts::new(texts.len());
        for (index, text) in texts.iter().enumerate() {
            assert!(table.find(hash(text, 0), |found| texts[found as usize] == *text).is_none());
            assert!(table.insert(hash(text, 0), index as u32));
        }
        assert!(!table.insert(hash(b"one more of them", 0), 0));
        for (index, text) in texts.iter().enumerate() {
            assert_eq!(table.find(hash(text, 0), |found| texts[found as usize] == *text), Some(index as u32));
            assert_eq!(table.find(hash(text, 1), |found| texts[found as usize] == *text), None);
        }
    }

    #[test]
    fn every_byte_of_a_text_counts() {
        let text = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123";
        for at in 0..text.len() {
            let mut other = text;
            other[at] ^= 1;
            assert_ne!(hash(&text, 0), hash(&other, 0), "byte {at}");
        }
    }

    #[test]
    fn nuls_behind_become_blanks_and_nuls_within_stay() {
        assert_eq!(blank_padded(b"0001\0\0\0\0"), Some(*b"0001    "));
        assert_eq!(blank_padded(b"0001\x00   "), Some(*b"0001    "));
        assert_eq!(blank_padded(b"0001    "), None);
        assert_eq!(blank_padded(b"00\x0001  "), None);
    }
}
