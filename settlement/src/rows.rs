//! Rows of many accounts in one table, an account's side by side: 32 bytes each, so that a price that moves millions of them reads little else.
//!
//! An account has a span of places, the first of them in use, in the order of instruments and hedge flags. A span that is full moves to a larger
//! one, and what it leaves is taken by the next account that needs as many.

use crate::market::{AccountIndex, InstrumentIndex};
use crate::row::{Position, RowKey};
use crate::rules::closing::Held;
use std::collections::BTreeMap;

/// A row while the day runs: what its figures come of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// What of its profit no price changes, without the multiplier.
    pub fixed: i64,
    pub long: Held,
    pub short: Held,
    pub instrument: InstrumentIndex,
    pub hedge: u8,
    /// How its day ended is known; it is kept elsewhere.
    pub has_ended: bool,
}

/// The places of an account's rows.
#[derive(Clone, Copy, Default)]
pub(crate) struct Span {
    begins: u32,
    used: u32,
    room: u32,
}

#[derive(Default)]
pub(crate) struct Rows {
    lines: Vec<Line>,
    /// Where spans begin that accounts have left, by their room.
    left: BTreeMap<u32, Vec<u32>>,
}

impl Line {
    pub fn key(&self, account: AccountIndex) -> RowKey {
        RowKey { account, instrument: self.instrument, hedge: self.hedge }
    }

    pub fn position(&self) -> Position {
        Position { long: self.long, short: self.short, fixed: self.fixed.into() }
    }
}

impl Rows {
    /// An account's rows.
    #[inline]
    pub fn of(&self, span: Span) -> &[Line] {
        &self.lines[span.begins as usize..][..span.used as usize]
    }

    /// An account's rows, to be changed.
    #[inline]
    pub fn of_mut(&mut self, span: Span) -> &mut [Line] {
        &mut self.lines[span.begins as usize..][..span.used as usize]
    }

    /// The place of a row among its account's, or the one that it would have.
    #[inline]
    pub fn find(&self, span: Span, key: RowKey) -> Result<usize, usize> {
        self.of(span).binary_search_by_key(&(key.instrument, key.hedge), |line| (line.instrument, line.hedge))
    }

    /// Makes a row at the place that it would have.
    pub fn insert(&mut self, span: &mut Span, place: usize, key: RowKey) {
        if span.used == span.room {
            self.widen(span);
        }
        span.used += 1;
        let lines = self.of_mut(*span);
        lines.copy_within(place..lines.len() - 1, place + 1);
        lines[place] = Line { instrument: key.instrument, hedge: key.hedge, ..Line::default() };
    }

    fn widen(&mut self, span: &mut Span) {
        let room = span.room + (span.room / 2).max(2);
        let begins = self.left.get_mut(&room).and_then(Vec::pop).unwrap_or_else(|| {
            let begins = self.lines.len();
            self.lines.resize(begins + room as usize, Line::default());
            u32::try_from(begins).expect("a shard has fewer than 2^32 rows: they take 128 GiB")
        });
        let from = span.begins as usize;
        self.lines.copy_within(from..from + span.used as usize, begins as usize);
        if span.room > 0 {
            self.left.entry(span.room).or_default().push(span.begins);
        }
        *span = Span { begins, used: span.used, room };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_accounts_that_grow_in_turns_stay_in_order_and_apart() {
        let mut rows = Rows::default();
        let mut spans = [Span::default(); 7];
        // 37 and 1,000 have no common factor: every instrument comes, in no order.
        for turn in 0..1_000u32 {
            for (account, span) in (0..).map(AccountIndex).zip(&mut spans).take(1 + turn as usize % 7) {
                let instrument = InstrumentIndex((turn * 37 % 1_000) as u16);
                let place = rows.find(*span, RowKey { account, instrument, hedge: b'1' }).expect_err("each comes once");
                rows.insert(span, place, RowKey { account, instrument, hedge: b'1' });
                let line = &mut rows.of_mut(*span)[place];
                assert_eq!(*line, Line { instrument, hedge: b'1', ..Line::default() }, "another's was left");
                line.fixed = i64::from(account.0 + turn);
            }
        }
        for (account, span) in (0..).map(AccountIndex).zip(spans) {
            let turns = (0..1_000u32).filter(|turn| turn % 7 >= account.0);
            let mut expected: Vec<_> =
                turns.map(|turn| ((turn * 37 % 1_000) as u16, i64::from(account.0 + turn))).collect();
            expected.sort_unstable();
            assert_eq!(rows.of(span).iter().map(|line| (line.instrument.0, line.fixed)).collect::<Vec<_>>(), expected);
            for (place, line) in rows.of(span).iter().enumerate() {
                assert_eq!(rows.find(span, line.key(account)), Ok(place));
            }
        }
        assert!(rows.lines.len() < 3 * 4 * 1_000, "what is left is taken again: {}", rows.lines.len());
    }
}
