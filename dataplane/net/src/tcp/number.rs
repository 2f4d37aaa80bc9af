//! Sequence numbers: a circle of 2^32, on which "before" means "less than half a turn behind" (RFC 9293 §3.4).

use std::ops::Add;

/// The number of a byte in one direction of a connection. SYN and FIN count as a byte each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SequenceNumber(pub(crate) u32);

impl SequenceNumber {
    /// How far `other` lies ahead; negative if behind.
    #[inline]
    pub(crate) fn until(self, other: SequenceNumber) -> i32 {
        other.0.wrapping_sub(self.0) as i32
    }

    #[inline]
    pub(crate) fn is_before(self, other: SequenceNumber) -> bool {
        self.until(other) > 0
    }

    /// The later of two.
    #[inline]
    pub(crate) fn max(self, other: SequenceNumber) -> SequenceNumber {
        if self.is_before(other) { other } else { self }
    }

    /// The earlier of two.
    #[inline]
    pub(crate) fn min(self, other: SequenceNumber) -> SequenceNumber {
        if self.is_before(other) { self } else { other }
    }
}

impl Add<usize> for SequenceNumber {
    type Output = SequenceNumber;

    /// `count` bytes later; counts are rings and segments, far below 2^32.
    #[inline]
    fn add(self, count: usize) -> SequenceNumber {
        SequenceNumber(self.0.wrapping_add(count as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::SequenceNumber;

    #[test]
    fn before_and_after_hold_across_the_wrap() {
        for first in [0, 1, 7, 1 << 31, u32::MAX - 3, u32::MAX] {
            let first = SequenceNumber(first);
            let later = first + 10;
            assert!(first.is_before(later) && !later.is_before(first) && !first.is_before(first));
            assert_eq!((first.until(later), later.until(first)), (10, -10));
            assert_eq!((first.max(later), first.min(later)), (later, first));
        }
    }
}
