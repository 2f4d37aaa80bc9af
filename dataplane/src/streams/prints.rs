//! What traded between two ticks, by instrument and price: what MarketMatchIncData tells (STREAMS.md, Broadcast stream).
//!
//! One list of the whole day, a tick's prints behind those of the tick before, each 16 bytes:
//!
//! ```text
//! broadcast number  4   the message that tells it; 2^32 - 1 = the next tick will say
//! price             4   ticks
//! lots              4   counted once, saturating
//! instrument        2
//! flags             1   1 every trade opened on both sides · 2 every trade closed on both
//! zero              1
//! ```
//!
//! A trade is added to the open print of its instrument and price, which a table of [`SLOTS`] places finds with one look; where
//! two prices want one place, the later trade begins another print of its own. The tick sorts what is open and puts such prints
//! together: so nothing is ever lost, nothing is cleared, and a trade costs the same whatever the table holds. A print is of at least one
//! trade, and a trade takes two of the day's messages: there is always room for one.

use engine::types::{InstrumentIndex, Price, StreamNumber, Volume};

/// Places of the table: 64 KiB. Prices at which all instruments trade within half a second are some hundred.
const SLOTS: usize = 16_384;
const _: () = assert!(SLOTS.is_power_of_two());
/// Not told yet.
const OPEN: u32 = u32::MAX;
/// Every trade of the print opened on both sides.
const ALL_OPENED: u8 = 1;
/// Every trade of the print closed on both sides.
const ALL_CLOSED: u8 = 2;

/// What traded in an instrument at a price between two ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Print {
    number: u32,
    pub(crate) price: Price,
    /// Counted once; saturates.
    pub(crate) volume: Volume,
    pub(crate) instrument: InstrumentIndex,
    flags: u8,
}

/// All prints of a day.
#[derive(Clone, Debug)]
pub(super) struct Prints {
    entries: Box<[Print]>,
    count: usize,
    /// From here on they are open.
    open_from: usize,
    /// By hash of instrument and price: where the open print is, if it is one.
    slots: Box<[u32]>,
}

/// FTDMatchFlag of a print, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matched {
    /// All of it opened on both sides.
    Opened,
    /// All of it closed on both.
    Closed,
    /// Neither.
    Mixed,
}

impl Print {
    /// How it traded.
    pub(crate) fn matched(&self) -> Matched {
        match self.flags {
            flags if flags & ALL_OPENED != 0 => Matched::Opened,
            flags if flags & ALL_CLOSED != 0 => Matched::Closed,
            _ => Matched::Mixed,
        }
    }

    #[inline]
    fn key(&self) -> (InstrumentIndex, Price) {
        (self.instrument, self.price)
    }

    #[inline]
    fn add(&mut self, volume: Volume, flags: u8) {
        self.volume = Volume(self.volume.0.saturating_add(volume.0));
        self.flags &= flags;
    }
}

impl Prints {
    /// Room for a day of so many messages, all of it touched; none if there are none.
    pub(super) fn new(messages: u32) -> Self {
        let blank =
            Print { number: OPEN, price: Price(0), volume: Volume(0), instrument: InstrumentIndex(0), flags: 0 };
        let slots = if messages == 0 { 0 } else { SLOTS };
        Prints {
            entries: vec![blank; messages as usize / 2].into_boxed_slice(),
            count: 0,
            open_from: 0,
            slots: vec![0; slots].into_boxed_slice(),
        }
    }

    /// A trade; `opened` and `closed` say whether both its sides did. Both its messages have their places already.
    #[inline]
    pub(super) fn note(
        &mut self,
        instrument: InstrumentIndex,
        price: Price,
        volume: Volume,
        opened: bool,
        closed: bool,
    ) {
        let flags = if opened { ALL_OPENED } else { 0 } | if closed { ALL_CLOSED } else { 0 };
        let word = u64::from(price.0 as u32) | u64::from(instrument.0) << 32;
        let slot = (word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - SLOTS.trailing_zeros())) as usize;
        let at = self.slots[slot] as usize;
        if (self.open_from..self.count).contains(&at) && self.entries[at].key() == (instrument, price) {
            return self.entries[at].add(volume, flags);
        }
        assert!(self.count < self.entries.len(), "a print's trade has taken two of the day's messages");
        self.entries[self.count] = Print { number: OPEN, price, volume, instrument, flags };
        self.slots[slot] = self.count as u32;
        self.count += 1;
    }

    /// A tick tells what is open under this number.
    pub(super) fn close(&mut self, number: StreamNumber) {
        let open = &mut self.entries[self.open_from..self.count];
        open.sort_unstable_by_key(Print::key);
        let mut kept = 0;
        for at in 0..open.len() {
            let print = open[at];
            if kept > 0 && open[kept - 1].key() == print.key() {
                open[kept - 1].add(print.volume, print.flags);
            } else {
                open[kept] = Print { number: number.0, ..print };
                kept += 1;
            }
        }
        self.count = self.open_from + kept;
        self.open_from = self.count;
    }

    /// What a message tells, in its order.
    pub(super) fn of(&self, number: StreamNumber) -> &[Print] {
        let told = &self.entries[..self.open_from];
        let from = told.partition_point(|print| print.number < number.0);
        let count = told[from..].partition_point(|print| print.number == number.0);
        &told[from..from + count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_tick_has_its_trades_once_in_order_whatever_shares_a_place_of_the_table() {
        let mut seed = 20_260_101_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let mut prints = Prints::new(2 * 400_000);
        let mut told = Vec::new();
        let mut doubles = 0;
        for tick in 1..=40u32 {
            let mut expected: BTreeMap<(u16, i32), (u64, bool, bool)> = BTreeMap::new();
            // Some ticks trade at more prices than the table has places.
            let (instruments, prices) = if tick % 8 == 0 { (60, 1_000) } else { (3, 20) };
            let trades = if tick == 5 { 0 } else { random(40_000) };
            for _ in 0..if tick % 8 == 0 { trades } else { trades / 20 } {
                let (instrument, price) = (random(instruments) as u16, random(prices) as i32 - 10);
                let (volume, opened) = (random(9) as u32 + 1, random(2) == 0);
                let closed = !opened && random(2) == 0;
                let one = expected.entry((instrument, price)).or_insert((0, true, true));
                *one = (one.0 + u64::from(volume), one.1 & opened, one.2 & closed);
                prints.note(InstrumentIndex(instrument), Price(price), Volume(volume), opened, closed);
            }
            doubles += prints.count - prints.open_from - expected.len();
            prints.close(StreamNumber(tick * 3));
            told.push((tick * 3, expected));
        }
        assert!(doubles > 0, "prices that share a place were tried");
        for (number, expected) in told {
            let found: Vec<_> = prints.of(StreamNumber(number)).to_vec();
            assert_eq!(found.len(), expected.len());
            for (print, ((instrument, price), (volume, opened, closed))) in found.iter().zip(expected) {
                assert_eq!((print.instrument.0, print.price.0), (instrument, price));
                assert_eq!(u64::from(print.volume.0), volume);
                let matched = if opened {
                    Matched::Opened
                } else if closed {
                    Matched::Closed
                } else {
                    Matched::Mixed
                };
                assert_eq!(print.matched(), matched);
            }
            assert!(prints.of(StreamNumber(number + 1)).is_empty());
        }
    }

    #[test]
    fn lots_saturate() {
        let mut prints = Prints::new(4);
        for _ in 0..2 {
            prints.note(InstrumentIndex(1), Price(2), Volume(u32::MAX - 1), true, false);
        }
        prints.close(StreamNumber(7));
        assert_eq!(prints.of(StreamNumber(7))[0].volume, Volume(u32::MAX));
    }
}
