//! What the members of a bench send: orders that rest, orders that trade, cancels, in stated shares, over a number of books.
//!
//! An aggressive order takes one that was put at the touch for it, by another member, with the same volume: what trades is
//! known beforehand, and the books neither grow nor run dry. Other orders rest away from the touch, until their member cancels
//! them; when a book leaves 90 to 110% of its depth, the next of them and the next cancel change places.

use crate::bench::market::{client_id, instrument_id, participant_id, user_id};
use ftd::field::{OrderActionField, OrderActionTargetField, OrderInsertField};
use ftd::value::{action_flag, bool_flag, direction, hedge_flag, instrument_version, match_condition, match_session};
use ftd::value::{offset_flag, order_type};
use ftd::{MessageWriter, SequenceNumber, Series, tid};
use serde::Deserialize;
use std::collections::VecDeque;

/// Shares of what is sent, and the books. The shares are in percent and make 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mix {
    /// Orders that rest: at the touch for an aggressive one, or away from it.
    pub insert: u32,
    /// Orders that trade at once.
    pub aggressive: u32,
    /// Cancels of resting orders.
    pub cancel: u32,
    /// Instruments.
    pub books: u16,
    /// Orders that rest away from the touch, a book and side.
    pub depth: u32,
}

/// Most bytes of one request.
pub const REQUEST_BYTES: usize = 320;
/// Books of a mix, at most: instruments of four digits.
const BOOKS_MAX: u16 = 9_999;
/// Prices in ticks. Resting orders of both sides stand outside of the band in which the touch moves.
const BAND_LOW: i64 = 14_990;
const BAND_HIGH: i64 = 15_010;
/// Levels away from the band over which a book's orders are spread.
const LEVELS: u64 = 100;
/// One tick in 1/10,000 yuan.
pub const TICK: i64 = 2_000;

impl Mix {
    /// Half rests, a third trades, the rest is cancelled; one book of a thousand orders a side.
    pub const DEFAULT: Mix = Mix { insert: 50, aggressive: 30, cancel: 20, books: 1, depth: 1_000 };
    /// Every second order trades with the one before: the most expensive one, since both sides are told.
    pub const TRADES: Mix = Mix { insert: 50, aggressive: 50, cancel: 0, books: 1, depth: 1_000 };

    /// Reads a mix file.
    ///
    /// # Errors
    /// One line that names the file and the field.
    pub fn load(path: &str) -> Result<Mix, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("--mix {path}: cannot be read: {error}"))?;
        let mix: Mix = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
            format!("--mix {path}, line {line}: {}", error.message().replace('\n', " "))
        })?;
        mix.check().map_err(|fault| format!("--mix {path}: {fault}"))?;
        Ok(mix)
    }

    fn check(&self) -> Result<(), String> {
        let Mix { insert, aggressive, cancel, books, depth } = *self;
        let sum = u64::from(insert) + u64::from(aggressive) + u64::from(cancel);
        if sum != 100 {
            return Err(format!("insert + aggressive + cancel = {sum}: expected 100"));
        }
        if aggressive > insert {
            return Err(format!(
                "aggressive = {aggressive}: expected at most insert, {insert}: each takes one that rests"
            ));
        }
        if !(1..=BOOKS_MAX).contains(&books) {
            return Err(format!("books = {books}: expected 1 to {BOOKS_MAX}"));
        }
        if !(1..=100_000).contains(&depth) {
            return Err(format!("depth = {depth}: expected 1 to 100000"));
        }
        Ok(())
    }

    /// Orders that rest before the first one is timed.
    #[must_use]
    pub fn resting(&self) -> u32 {
        u32::from(self.books) * self.depth * 2
    }
}

/// A stream of pseudo-random numbers: the same for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next() >> 11) * u128::from(limit)) >> 53) as u64
    }
}

/// Decides what comes next and writes it.
pub struct Flow {
    mix: Mix,
    random: Random,
    seats: Vec<Seat>,
    instruments: Vec<[u8; 30]>,
    /// Put at the touch and not taken yet.
    touch: VecDeque<Touch>,
    /// Resting away from the touch, of all books.
    resting: u32,
    pairs: u64,
    order: OrderInsertField,
    /// What was sent, in the order of [`Mix`]'s shares.
    pub sent: [u64; 3],
}

struct Seat {
    user: [u8; 15],
    participant: [u8; 8],
    client: [u8; 8],
    /// Number of its last order.
    local_id: u64,
    /// Its orders away from the touch: local id and book, the oldest first.
    resting: VecDeque<(u64, u16)>,
}

struct Touch {
    book: u16,
    is_buy: bool,
    volume: i32,
}

impl Flow {
    /// The flow of so many members, each with one seat.
    #[must_use]
    pub fn new(mix: Mix, members: u16, seed: u64) -> Flow {
        let seat = |member: u16| Seat {
            user: user_id(member),
            participant: participant_id(member),
            client: client_id(member),
            local_id: 0,
            resting: VecDeque::with_capacity(mix.resting() as usize / usize::from(members) * 2 + 16),
        };
        let mut order = OrderInsertField::BLANK;
        order.offset_flag.set(offset_flag::OPEN);
        order.hedge_flag.set(hedge_flag::SPECULATION);
        order.order_type.set(order_type::LIMIT);
        order.match_condition.set(match_condition::GOOD_FOR_DAY);
        order.match_session.set(match_session::ALL);
        order.minimal_volume.set_unsigned(1);
        order.auto_suspend.set(bool_flag::FALSE);
        Flow {
            mix,
            random: Random(seed | 1),
            seats: (0..members).map(seat).collect(),
            instruments: (0..mix.books).map(instrument_id).collect(),
            touch: VecDeque::with_capacity(1_024),
            resting: 0,
            pairs: 0,
            order,
            sent: [0; 3],
        }
    }

    /// Writes an order of the book that stands before the first one is timed; returns its bytes.
    pub fn write_resting(&mut self, member: usize, number: u32, buffer: &mut [u8]) -> usize {
        let book = (self.resting / 2 % u32::from(self.mix.books)) as u16;
        let is_buy = self.resting.is_multiple_of(2);
        self.rest(member, number, book, is_buy, buffer)
    }

    /// Writes what the member sends next, as its `number`-th request; returns the bytes.
    pub fn write_next(&mut self, member: usize, number: u32, buffer: &mut [u8]) -> usize {
        let Mix { insert, aggressive, books, .. } = self.mix;
        let draw = self.random.below(100) as u32;
        let book = self.random.below(books.into()) as u16;
        let target = self.mix.resting();
        if draw < aggressive {
            // Nothing stands at the touch: what the next aggressive order takes comes first.
            match self.touch.pop_front() {
                Some(touch) => return self.take(member, number, &touch, buffer),
                None => return self.put_at_touch(member, number, book, buffer),
            }
        }
        // As many at the touch as are taken.
        if draw < 2 * aggressive && (self.touch.len() as u32) < 8 {
            return self.put_at_touch(member, number, book, buffer);
        }
        let is_short = u64::from(self.resting) * 10 < u64::from(target) * 9;
        let is_long = u64::from(self.resting) * 10 > u64::from(target) * 11;
        let cancels = if draw < insert + aggressive { is_long } else { !is_short };
        if cancels && !self.seats[member].resting.is_empty() {
            return self.cancel(member, number, buffer);
        }
        let is_buy = self.random.next() & 1 == 0;
        self.rest(member, number, book, is_buy, buffer)
    }

    fn put_at_touch(&mut self, member: usize, number: u32, book: u16, buffer: &mut [u8]) -> usize {
        self.pairs += 1;
        let is_buy = self.pairs.is_multiple_of(2);
        let volume = 1 + (self.pairs % 9) as i32;
        let price = BAND_LOW + (self.pairs as i64).wrapping_mul(7) % (BAND_HIGH - BAND_LOW + 1);
        self.touch.push_back(Touch { book, is_buy, volume });
        self.sent[0] += 1;
        self.insert(member, number, book, is_buy, price, volume, buffer)
    }

    fn take(&mut self, member: usize, number: u32, touch: &Touch, buffer: &mut [u8]) -> usize {
        let price = if touch.is_buy { BAND_LOW } else { BAND_HIGH };
        self.sent[1] += 1;
        self.insert(member, number, touch.book, !touch.is_buy, price, touch.volume, buffer)
    }

    fn rest(&mut self, member: usize, number: u32, book: u16, is_buy: bool, buffer: &mut [u8]) -> usize {
        let away = 1 + self.random.below(LEVELS) as i64;
        let price = if is_buy { BAND_LOW - away } else { BAND_HIGH + away };
        self.resting += 1;
        self.sent[0] += 1;
        let length = self.insert(member, number, book, is_buy, price, 5, buffer);
        let seat = &mut self.seats[member];
        seat.resting.push_back((seat.local_id, book));
        length
    }

    #[expect(clippy::too_many_arguments, reason = "an order's items")]
    fn insert(
        &mut self,
        member: usize,
        number: u32,
        book: u16,
        is_buy: bool,
        price: i64,
        volume: i32,
        buffer: &mut [u8],
    ) -> usize {
        let seat = &mut self.seats[member];
        seat.local_id += 1;
        let order = &mut self.order;
        order.order_local_id.set_zero_filled(seat.local_id, LOCAL_ID_DIGITS).expect("fewer than 10^12 orders");
        order.user_id = seat.user.into();
        order.participant_id = seat.participant.into();
        order.client_id = seat.client.into();
        order.instrument_id = self.instruments[usize::from(book)].into();
        order.direction.set(if is_buy { direction::BUY } else { direction::SELL });
        order.limit_price.set_units(price * TICK).expect("a price of the band fits");
        order.volume_total_orginal.set(volume);
        let mut message = MessageWriter::new(buffer, tid::ORDER_INSERT, Series::DIALOG, SequenceNumber(number))
            .expect("the buffer holds a request");
        message.push_copy(order).expect("the buffer holds a request");
        message.finish()
    }

    fn cancel(&mut self, member: usize, number: u32, buffer: &mut [u8]) -> usize {
        let seat = &mut self.seats[member];
        let (local_id, book) = seat.resting.pop_front().expect("it was looked at before");
        self.resting -= 1;
        self.sent[2] += 1;
        let mut action = OrderActionField::BLANK;
        action.order_action_code.set(action_flag::DELETE);
        action.action_local_id.set_zero_filled(number.into(), LOCAL_ID_DIGITS).expect("fewer than 10^12 requests");
        action.instrument_id = self.instruments[usize::from(book)].into();
        action.instrument_version.set(instrument_version::DEFAULT);
        action.user_id = seat.user.into();
        let mut target = OrderActionTargetField::BLANK;
        target.order_local_id.set_zero_filled(local_id, LOCAL_ID_DIGITS).expect("fewer than 10^12 orders");
        target.participant_id = seat.participant.into();
        target.client_id = seat.client.into();
        let mut message = MessageWriter::new(buffer, tid::ORDER_ACTION, Series::DIALOG, SequenceNumber(number))
            .expect("the buffer holds a request");
        message.push_copy(&action).expect("the buffer holds a request");
        message.push_copy(&target).expect("the buffer holds a request");
        message.finish()
    }
}

const LOCAL_ID_DIGITS: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_come_out_as_stated_and_the_books_keep_their_depth() {
        for mix in [
            Mix::DEFAULT,
            Mix::TRADES,
            Mix { insert: 45, aggressive: 10, cancel: 45, books: 20, depth: 50 },
            Mix { insert: 100, aggressive: 0, cancel: 0, books: 1, depth: 100 },
        ] {
            mix.check().expect("it is one");
            let mut flow = Flow::new(mix, 8, 7);
            let mut buffer = [0; REQUEST_BYTES];
            for order in 0..mix.resting() {
                flow.write_resting(order as usize % 8, order + 1, &mut buffer);
            }
            flow.sent = [0; 3];
            for order in 0..100_000 {
                let length = flow.write_next(order as usize % 8, order + 1, &mut buffer);
                assert!(length > 100 && length <= REQUEST_BYTES);
                let depth = f64::from(flow.resting) / f64::from(mix.resting());
                assert!((0.85..1.15).contains(&depth), "{mix:?}: {depth}");
                assert!(flow.touch.len() <= 9, "{mix:?}");
            }
            let aggressive = flow.sent[1] as f64 / 1_000.0;
            // A mix without cancels gives up to three in a hundred of its shares for those that hold the books' depth.
            assert!((aggressive - f64::from(mix.aggressive)).abs() < 3.0, "{mix:?}: {:?}", flow.sent);
        }
    }

    #[test]
    fn a_mix_that_cannot_be_is_refused_by_its_field() {
        let fault = |mix: Mix| mix.check().expect_err("it cannot be");
        assert!(fault(Mix { insert: 51, ..Mix::DEFAULT }).contains("= 101: expected 100"));
        assert!(fault(Mix { insert: 30, aggressive: 50, ..Mix::DEFAULT }).contains("aggressive = 50"));
        assert!(fault(Mix { books: 0, ..Mix::DEFAULT }).contains("books = 0"));
        assert!(fault(Mix { depth: 0, ..Mix::DEFAULT }).contains("depth = 0"));
    }
}
