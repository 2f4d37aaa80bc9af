//! Local-id marks: which (user, kind of id, local id) was used today, and what became of it. 40 bytes each, in the order of use.
//!
//! A mark stays for the day: a member that resends an order must hear that it was taken, and which order it is. It also keeps the texts
//! of live orders; OrderSysIds that do not spell their order's key stand in a list of their own. The index keeps ids that differ only in their last digit together, because members count.

use crate::digest::{mark_term, mix};
use crate::event::{BLANK_SYSTEM_ID, SystemId};
use crate::system_id::SpelledId;
use crate::tables::{Index, region, touch_spare};
use crate::types::{OrderKey, UserIndex};
use crate::warm::ask_for_address;

/// An OrderLocalId, all 24 bytes of it.
pub(crate) type LocalId = [u8; 24];

/// Whose local ids of which kind: each kind is a set of its own a user. RULES.md, Local-id marks. As the digest has it: user + kind x 2^16.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdSet(u32);

/// Kinds of local ids.
pub(crate) const ID_KINDS: usize = 3;

impl IdSet {
    /// Of orders.
    #[inline]
    pub(crate) fn orders(user: UserIndex) -> Self {
        IdSet(u32::from(user.0))
    }

    /// Of quotes and enquiries.
    pub(crate) fn quotes(user: UserIndex) -> Self {
        IdSet(u32::from(user.0) | 1 << 16)
    }

    /// Of exercise instructions.
    pub(crate) fn instructions(user: UserIndex) -> Self {
        IdSet(u32::from(user.0) | 2 << 16)
    }

    #[inline]
    pub(crate) fn user(self) -> UserIndex {
        UserIndex(self.0 as u16)
    }

    /// 0, 1 or 2.
    #[inline]
    pub(crate) fn kind(self) -> usize {
        (self.0 >> 16) as usize
    }

    #[inline]
    pub(crate) fn word(self) -> u64 {
        u64::from(self.0)
    }
}

/// What became of a local id.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Mark {
    pub(crate) local_id: LocalId,
    /// 0 = the order was rejected.
    pub(crate) key: OrderKey,
    /// [`IdSet`], and in the highest eight bits the first character of a SysId that spells the key; 0 = it does not.
    head: u32,
    /// Place of any other SysId; means nothing if there is such a character.
    text: u32,
}

const _: () = assert!(size_of::<Mark>() == 40);

impl Mark {
    const BLANK: Mark = Mark { local_id: [0; 24], key: OrderKey(0), head: 0, text: NO_TEXT };

    /// Its term in the digest of the marks.
    #[inline]
    pub(crate) fn term(&self) -> u64 {
        mark_term(self.set().word(), words(&self.local_id), self.key)
    }

    /// Whose it is.
    #[inline]
    fn set(&self) -> IdSet {
        IdSet(self.head & ((1 << PREFIX_BITS) - 1))
    }

    /// The first character of a SysId that spells the key.
    #[inline]
    pub(crate) fn prefix(&self) -> Option<u8> {
        Some((self.head >> PREFIX_BITS) as u8).filter(|&prefix| prefix != 0)
    }
}

/// Below the prefix in a mark's head.
const PREFIX_BITS: u32 = 24;

/// Place of the blank text.
const NO_TEXT: u32 = 0;

/// How far ahead of the last mark memory is asked for.
const MARKS_AHEAD: usize = 16;

/// All marks. Places count from 1.
#[derive(Clone)]
pub(crate) struct LocalIds {
    /// The sum of the marks' terms.
    digest: u64,
    marks: Vec<Mark>,
    /// OrderSysIds that do not spell their key; the first is blank.
    texts: Vec<SystemId>,
    limit: usize,
    index: Index,
}

impl LocalIds {
    /// Room for `limit` marks.
    pub(crate) fn new(limit: u32) -> Self {
        let limit = limit as usize;
        let (mut marks, mut texts) = (Vec::with_capacity(limit + 1), Vec::with_capacity(limit + 1));
        marks.push(Mark::BLANK);
        texts.push(BLANK_SYSTEM_ID);
        LocalIds { digest: 0, marks, texts, limit, index: Index::with_room(limit) }
    }

    /// The OrderSysId of a mark; blank if the order was rejected.
    pub(crate) fn sys_id(&self, mark: &Mark) -> SystemId {
        match mark.prefix() {
            Some(prefix) => SpelledId::of(prefix, mark.key).bytes(),
            None => self.texts[mark.text as usize],
        }
    }

    /// Whether one more may be marked.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.marks.len() <= self.limit
    }

    #[inline]
    pub(crate) fn get(&self, place: u32) -> &Mark {
        &self.marks[place as usize]
    }

    /// The mark of a local id, compared exactly.
    #[inline]
    pub(crate) fn find(&self, set: IdSet, local_id: &LocalId) -> Option<&Mark> {
        let is = |place: u32| {
            let mark = &self.marks[place as usize];
            mark.set() == set && mark.local_id == *local_id
        };
        self.index.find(hash(set, local_id), is).map(|place| &self.marks[place as usize])
    }

    /// The index entry that a search for a hash looks at first.
    #[inline]
    pub(crate) fn entry(&self, hash: u32) -> &u64 {
        self.index.entry(hash)
    }

    /// The digest of the marks.
    #[inline]
    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    /// Marks a local id that is not marked yet; `hash` is its [`hash`], `prefix` as [`Mark::prefix`]. Gives its place.
    #[inline(always)]
    pub(crate) fn mark(&mut self, set: IdSet, local_id: &LocalId, hash: u32, key: OrderKey, prefix: Option<u8>) -> u32 {
        assert!(self.has_room(), "decide and validate mark nothing without room");
        let place = self.marks.len() as u32;
        let head = set.0 | u32::from(prefix.unwrap_or(0)) << PREFIX_BITS;
        self.marks.push(Mark { local_id: *local_id, key, head, text: NO_TEXT });
        ask_for_address(self.marks.as_ptr().wrapping_add(self.marks.len() + MARKS_AHEAD));
        self.index.insert(hash, place);
        self.digest = self.digest.wrapping_add(mark_term(set.word(), words(local_id), key));
        place
    }

    /// Keeps a SysId that does not spell its key.
    #[cold]
    pub(crate) fn keep_text(&mut self, place: u32, text: &SystemId) {
        self.marks[place as usize].text = self.texts.len() as u32;
        self.texts.push(*text);
    }

    /// Every mark, in the order of use.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Mark> {
        self.marks[1..].iter()
    }

    pub(crate) fn touch_pages(&mut self) {
        touch_spare(&mut self.marks, Mark::BLANK);
        touch_spare(&mut self.texts, BLANK_SYSTEM_ID);
        self.index.touch_pages();
    }

    /// Where its tables lie: address and bytes.
    pub(crate) fn regions(&self) -> [(usize, usize); 3] {
        [region(&self.marks), region(&self.texts), self.index.region()]
    }
}

/// The id as three words whose order is the order of the bytes.
#[inline]
pub(crate) fn rank(local_id: &LocalId) -> [u64; 3] {
    words(local_id).map(u64::swap_bytes)
}

/// The id as three little-endian words.
#[inline]
pub(crate) fn words(local_id: &LocalId) -> [u64; 3] {
    let word = |at: usize| u64::from_le_bytes(local_id[at..at + 8].try_into().expect("8 bytes"));
    [word(0), word(8), word(16)]
}

const BLANKS: u64 = 0x2020_2020_2020_2020;
/// Spreads what few bits differ in.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Whether a text is nothing but blanks and NULs.
#[inline]
pub(crate) fn is_blank(text: &[u8]) -> bool {
    text.iter().all(|&byte| byte == b' ' || byte == 0)
}

/// The lowest four bits are those of the last character: ids that count on stand side by side.
#[inline]
pub(crate) fn hash(set: IdSet, local_id: &LocalId) -> u32 {
    let [a, b, c] = words(local_id);
    let (a, b, c, digit) = if c != BLANKS {
        let (c, digit) = without_digit(c);
        (a, b, c, digit)
    } else if b != BLANKS {
        let (b, digit) = without_digit(b);
        (a, b, c, digit)
    } else {
        let (a, digit) = without_digit(a);
        (a, b, c, digit)
    };
    let rest = mix(a ^ set.word().wrapping_mul(SPREAD), b) ^ c.wrapping_mul(SPREAD) >> 32;
    (rest as u32) << 4 | digit as u32
}

/// A word without the lowest four bits of its last character that is not a blank, and those four bits.
#[inline]
fn without_digit(word: u64) -> (u64, u64) {
    // It is the highest byte that differs from a blank.
    let shift = (63 - (word ^ BLANKS | 1).leading_zeros()) & !7;
    (word & !(15 << shift), word >> shift & 15)
}

#[cfg(test)]
mod tests {
    use super::{IdSet, LocalId, hash};
    use crate::types::UserIndex;

    fn id(text: &str) -> LocalId {
        let mut id = [b' '; 24];
        id[..text.len()].copy_from_slice(text.as_bytes());
        id
    }

    #[test]
    fn ids_that_count_on_stand_side_by_side() {
        for stem in ["0000000012", "A", "123456789012345678901230", "000000001", "00000001", "0000000000000001"] {
            let stem = &stem[..stem.len().min(23)];
            let home = hash(IdSet::orders(UserIndex(3)), &id(&format!("{stem}0")));
            for digit in 1..10 {
                assert_eq!(
                    hash(IdSet::orders(UserIndex(3)), &id(&format!("{stem}{digit}"))),
                    home + digit,
                    "{stem}{digit}"
                );
            }
            assert_ne!(hash(IdSet::orders(UserIndex(4)), &id(&format!("{stem}0"))), home);
        }
    }
}
