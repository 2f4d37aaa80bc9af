//! Digests as `journal/FRAMES.md` defines them: a wrapping sum of one term for each thing that is there.

use crate::number::{Account, ClientNumber, Instrument, Key, Participant, Product, User};
use std::collections::{BTreeMap, BTreeSet};

/// `mix(a, b)`: the halves of a 128-bit product, one on the other.
#[must_use]
pub fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x9E37_79B9_7F4A_7C15) * u128::from(b ^ 0xD1B5_4A32_D192_ED03);
    (product as u64) ^ ((product >> 64) as u64)
}

/// `term(kind, words)`.
#[must_use]
pub fn term(kind: u64, words: &[u64]) -> u64 {
    let mut hash = mix(kind, words.len() as u64);
    for pair in words.chunks(2) {
        hash = mix(hash ^ pair[0], pair.get(1).copied().unwrap_or(0));
    }
    hash
}

/// Something that has a term in the state digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// A live order.
    Order(Key),
    /// A position row: account, instrument, hedge flag.
    Row(Account, Instrument, u8),
    /// An instrument.
    Instrument(Instrument),
    /// A participant.
    Participant(Participant),
    /// A user.
    User(User),
    /// An account.
    Account(Account),
    /// The right of an account in an instrument.
    Right(Account, Instrument),
    /// The day.
    Day,
    /// A participant's used and cleared money.
    Money(Participant),
    /// A participant's funds and credit limit.
    Credit(Participant),
    /// A product.
    Product(Product),
    /// What a client opened today in an instrument.
    Opened(ClientNumber, Instrument),
    /// When a client last enquired in an instrument.
    Enquiry(ClientNumber, Instrument),
    /// A live quote.
    Quote(Key),
    /// A live exercise instruction.
    Instruction(Key),
    /// A market maker in a product.
    Maker(Account, Product),
    /// A client's limit in a group, for a class.
    ClientLimit(ClientNumber, Instrument, u8),
    /// A participant's limit in an instrument.
    MemberLimit(Participant, Instrument),
}

/// The sum, the terms it is made of, and what was touched since it was last brought up to date.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    sum: u64,
    terms: BTreeMap<Thing, u64>,
    touched: BTreeSet<Thing>,
}

impl Sum {
    /// Says that a thing may have changed.
    pub fn touch(&mut self, thing: Thing) {
        self.touched.insert(thing);
    }

    /// Brings the sum up to date with the terms of what was touched (None: it is not there) and returns it.
    pub fn update(&mut self, term_of: impl Fn(Thing) -> Option<u64>) -> u64 {
        for thing in std::mem::take(&mut self.touched) {
            let before = match term_of(thing) {
                Some(now) => {
                    self.sum = self.sum.wrapping_add(now);
                    self.terms.insert(thing, now)
                }
                None => self.terms.remove(&thing),
            };
            self.sum = self.sum.wrapping_sub(before.unwrap_or(0));
        }
        self.sum
    }

    /// The terms of everything that is there.
    pub fn terms(&self) -> impl Iterator<Item = (Thing, u64)> + '_ {
        self.terms.iter().map(|(&thing, &term)| (thing, term))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked out with a calculator from the definition, not with this code.
    #[test]
    fn the_definition_by_hand() {
        let a: u128 = 0x9E37_79B9_7F4A_7C15 ^ 8;
        let b: u128 = 0xD1B5_4A32_D192_ED03 ^ 1;
        let product = a * b;
        assert_eq!(mix(8, 1), (product % (1 << 64)) as u64 ^ (product / (1 << 64)) as u64);
        assert_eq!(term(8, &[7]), mix(mix(8, 1) ^ 7, 0));
        assert_eq!(term(8, &[7, 9, 5]), mix(mix(mix(8, 3) ^ 7, 9) ^ 5, 0));
        assert_eq!(mix(0x9E37_79B9_7F4A_7C15, 5), 0, "a factor of zero");
    }

    #[test]
    fn a_thing_that_goes_takes_its_term_with_it() {
        let mut sum = Sum::default();
        sum.touch(Thing::Day);
        sum.touch(Thing::Order(Key(5)));
        assert_eq!(sum.update(|thing| Some(if thing == Thing::Day { 3 } else { u64::MAX })), 2);
        sum.touch(Thing::Order(Key(5)));
        assert_eq!(sum.update(|_| None), 3);
    }
}
