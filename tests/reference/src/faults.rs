//! Planted differences: each makes one rule wrong once, from a given frame on, at its first opportunity. A test plants one
//! and asks whether the audit names the frame where it took effect.

use crate::number::Sequence;

/// A rule made wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// An auction takes another of its equally good prices.
    TieBreak,
    /// A trade in continuous matching fills one lot less than it should, and the matching stops there.
    PartialFill,
    /// A private stream skips a number.
    StreamNumber,
    /// A trade that closes yesterday's position takes it from today's, in events and in the own books.
    ClosesToday,
    /// A trade that opens counts one lot too many in the own books: only the digest shows it.
    CountsOneTooMany,
    /// A continuous trade takes the second in the queue instead of the first.
    Priority,
    /// An order that should be accepted is refused.
    Refusal,
    /// A frame carries a wrong state digest.
    Digest,
}

impl Fault {
    /// Every fault.
    pub const ALL: &[Fault] = &[
        Fault::TieBreak,
        Fault::PartialFill,
        Fault::StreamNumber,
        Fault::ClosesToday,
        Fault::CountsOneTooMany,
        Fault::Priority,
        Fault::Refusal,
        Fault::Digest,
    ];
}

/// The faults of an exchange; none unless planted.
#[derive(Clone, Debug, Default)]
pub struct Faults(Vec<Planted>);

#[derive(Clone, Debug)]
struct Planted {
    fault: Fault,
    from: Sequence,
    took_effect: Option<Sequence>,
}

impl Faults {
    /// Plants a fault that is to take effect in the first frame from `from` on where it can.
    pub fn plant(&mut self, fault: Fault, from: Sequence) {
        self.0.push(Planted { fault, from, took_effect: None });
    }

    /// Asked at an opportunity: whether it is to take effect now. It does so once.
    pub(crate) fn strikes(&mut self, fault: Fault, now: Sequence) -> bool {
        let due =
            |planted: &&mut Planted| planted.fault == fault && planted.from <= now && planted.took_effect.is_none();
        match self.0.iter_mut().find(due) {
            Some(planted) => {
                planted.took_effect = Some(now);
                true
            }
            None => false,
        }
    }

    /// The frame where a fault first took effect.
    #[must_use]
    pub fn took_effect(&self, fault: Fault) -> Option<Sequence> {
        self.0.iter().filter(|planted| planted.fault == fault).filter_map(|planted| planted.took_effect).min()
    }
}
