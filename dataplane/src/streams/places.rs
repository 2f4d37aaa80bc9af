//! Where each message's event stands in the log: eight bytes a message.
//!
//! ```text
//! bit 63 … 11   offset of the frame's part in the log, in units of 8 bytes
//! bit 10 …  1   index of the event in the part
//! bit  0        0 the buyer's side of a trade, 1 the seller's
//! ```
//!
//! Streams grow at very different speeds, so each takes what it needs from one pool: its first 64 messages in one piece,
//! then pieces that double (64, 128, 256 …). A place is found with one logarithm; nothing moves when a stream grows, and
//! at most half of what a stream holds is unused. All of the pool is there, and touched, from the start.

use engine::types::{Direction, StreamNumber};

/// Where a message's event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where its frame's part begins in the log, bytes.
    pub offset: u64,
    /// Which of the part's events it is.
    pub event: u16,
    /// Of a trade: whose side.
    pub side: Direction,
}

/// Messages in a stream's first piece: most participants have at least so many a day.
const FIRST_PIECE: u32 = 64;
/// Pieces that a stream of 2^32 messages has.
const PIECES_MAX: usize = 27;
/// Events of a part (65,536 bytes, 80 each, behind 64 of header) are fewer than 2 to the 10.
const EVENT_BITS: u32 = 10;
const _: () = assert!((journal::MAX_PART - journal::HEADER_SIZE) / engine::event::EVENT_SIZE < 1 << EVENT_BITS);
/// No message; no part of a log begins there.
const EMPTY: u64 = u64::MAX;

/// The places of all streams' messages.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pool: Box<[u64]>,
    used: usize,
    streams: Box<[Pieces]>,
    room: u32,
}

/// One stream's messages.
#[derive(Clone, Debug)]
struct Pieces {
    count: u32,
    /// Messages that the pieces have room for.
    room: u32,
    /// Where in the pool the next message goes, as long as there is room.
    next: u32,
    /// Which message began the last piece, from 0.
    last_from: u32,
    /// Where in the pool each piece begins; beyond the last one zero.
    starts: [u32; PIECES_MAX],
}

/// What became of a message that was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// It stands there.
    Done,
    /// There is no such stream.
    NoStream,
    /// The stream's next number is this one.
    NotNext(StreamNumber),
    /// No room is left.
    NoRoom,
}

impl Places {
    /// Room for `messages` in all of `streams` together.
    pub(super) fn new(streams: usize, messages: u32) -> Self {
        // A stream of n > 64 messages has taken less than 2n; a shorter one 64.
        let pool = if streams == 0 { 0 } else { streams * FIRST_PIECE as usize + 2 * messages as usize };
        assert!(u32::try_from(pool).is_ok(), "the pool has places for at most 2^32 messages");
        let empty = Pieces { count: 0, room: 0, next: 0, last_from: 0, starts: [0; PIECES_MAX] };
        Places {
            pool: vec![EMPTY; pool].into_boxed_slice(),
            used: 0,
            streams: vec![empty; streams].into_boxed_slice(),
            room: messages,
        }
    }

    /// Messages of a stream.
    #[inline]
    pub(super) fn count(&self, stream: usize) -> Option<u32> {
        Some(self.streams.get(stream)?.count)
    }

    /// Streams there is room for.
    pub(super) fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Where the message of this number stands.
    #[inline]
    pub(super) fn get(&self, stream: usize, number: StreamNumber) -> Option<Place> {
        let pieces = self.streams.get(stream)?;
        let index = number.0.checked_sub(1).filter(|index| *index < pieces.count)?;
        let place = if index >= pieces.last_from {
            // What is asked for is nearly always among the latest.
            pieces.next - (pieces.count - index)
        } else {
            let (piece, at) = locate(index);
            pieces.starts[piece] + at
        };
        Some(unpack(self.pool[place as usize]))
    }

    /// Adds the next message of a stream, whose number it should have.
    #[inline]
    pub(super) fn push(&mut self, stream: usize, number: StreamNumber, place: Place) -> Pushed {
        let Some(pieces) = self.streams.get_mut(stream) else { return Pushed::NoStream };
        if number.0 != pieces.count + 1 {
            return Pushed::NotNext(StreamNumber(pieces.count + 1));
        }
        if self.room == 0 {
            return Pushed::NoRoom;
        }
        self.room -= 1;
        if pieces.count == pieces.room {
            self.used += pieces.begin_piece(self.used);
        }
        self.pool[pieces.next as usize] = pack(place);
        pieces.next += 1;
        pieces.count += 1;
        Pushed::Done
    }

    /// How many of a stream's messages stand before an offset in the log.
    pub(super) fn count_before(&self, stream: usize, offset: u64) -> u32 {
        let (mut low, mut high) = (0, self.streams[stream].count);
        while low < high {
            let middle = low + (high - low) / 2;
            let place = self.get(stream, StreamNumber(middle + 1)).expect("the middle is below the count");
            if place.offset < offset { low = middle + 1 } else { high = middle }
        }
        low
    }
}

impl Pieces {
    /// Begins the next piece, where the pool is used up to `used`. Returns how many places it takes.
    #[cold]
    fn begin_piece(&mut self, used: usize) -> usize {
        let (piece, _) = locate(self.count);
        self.next = u32::try_from(used).expect("the pool is not larger than 2^32 places");
        self.starts[piece] = self.next;
        self.last_from = self.count;
        // Each is as long as all before it, and the first two are alike.
        let size = self.count.max(FIRST_PIECE);
        self.room += size;
        size as usize
    }
}

/// Which piece holds the `index`-th message of a stream, and where in it.
#[inline]
fn locate(index: u32) -> (usize, u32) {
    if index < FIRST_PIECE {
        return (0, index);
    }
    let doublings = (index / FIRST_PIECE).ilog2();
    (doublings as usize + 1, index - (FIRST_PIECE << doublings))
}

#[inline]
fn pack(place: Place) -> u64 {
    assert!(place.offset.is_multiple_of(8) && u32::from(place.event) >> EVENT_BITS == 0, "a place of a log");
    (place.offset / 8) << (EVENT_BITS + 1) | u64::from(place.event) << 1 | place.side.side() as u64
}

#[inline]
fn unpack(packed: u64) -> Place {
    debug_assert_ne!(packed, EMPTY);
    Place {
        offset: (packed >> (EVENT_BITS + 1)) * 8,
        event: (packed >> 1) as u16 & ((1 << EVENT_BITS) - 1),
        side: if packed & 1 == 0 { Direction::Buy } else { Direction::Sell },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: u32, stream: usize) -> Place {
        let side = if number.is_multiple_of(2) { Direction::Buy } else { Direction::Sell };
        Place { offset: u64::from(number) * 1_048_576 + stream as u64 * 8, event: (number % 817) as u16, side }
    }

    #[test]
    fn streams_that_grow_unevenly_keep_every_place_until_the_room_is_used_up() {
        let messages = 5_000;
        let mut places = Places::new(40, messages);
        let mut counts = [0; 40];
        for step in 0..messages {
            // The first streams get most: 0 gets every second, 1 every fourth, and so on.
            let stream = (step + 1).trailing_zeros() as usize;
            counts[stream] += 1;
            let number = StreamNumber(counts[stream]);
            assert_eq!(places.push(stream, number, place(number.0, stream)), Pushed::Done);
        }
        assert_eq!(places.push(39, StreamNumber(counts[39] + 1), place(1, 39)), Pushed::NoRoom);
        assert_eq!(places.push(0, StreamNumber(counts[0]), place(1, 0)), Pushed::NotNext(StreamNumber(counts[0] + 1)));
        assert_eq!(places.push(40, StreamNumber(1), place(1, 40)), Pushed::NoStream);
        for (stream, &count) in counts.iter().enumerate() {
            assert_eq!(places.count(stream), Some(count));
            for number in 1..=count {
                assert_eq!(places.get(stream, StreamNumber(number)), Some(place(number, stream)));
            }
            assert_eq!(places.get(stream, StreamNumber(0)), None);
            assert_eq!(places.get(stream, StreamNumber(count + 1)), None);
        }
        assert_eq!(places.count(40), None);
    }

    #[test]
    fn the_pool_suffices_for_any_way_to_spread_the_messages() {
        // One stream takes everything; or each of 40 takes one more than a piece.
        let mut one = Places::new(40, 10_000);
        for number in 1..=10_000 {
            assert_eq!(one.push(7, StreamNumber(number), place(number, 7)), Pushed::Done);
        }
        let mut all = Places::new(40, 40 * 65);
        for number in 1..=65 {
            for stream in 0..40 {
                assert_eq!(all.push(stream, StreamNumber(number), place(number, stream)), Pushed::Done);
            }
        }
    }

    #[test]
    fn messages_before_an_offset_are_counted() {
        let mut places = Places::new(1, 1_000);
        for number in 1..=500 {
            assert_eq!(places.push(0, StreamNumber(number), place(number, 0)), Pushed::Done);
        }
        for number in 1..=500 {
            assert_eq!(places.count_before(0, place(number, 0).offset), number - 1);
            assert_eq!(places.count_before(0, place(number, 0).offset + 8), number);
        }
    }

    #[test]
    fn the_largest_place_fits() {
        let largest = Place { offset: ((1 << 53) - 2) * 8, event: 818, side: Direction::Sell };
        assert_eq!(unpack(pack(largest)), largest);
    }
}
