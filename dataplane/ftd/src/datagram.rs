//! Market data in datagrams, for those who do not take it over TCP: an extension of ours (`dataplane/STREAMS.md`, Multicast).
//!
//! A datagram is a header of 40 bytes and what it carries; integers are high byte first:
//!
//! ```text
//!  0  4  42 4B 4D 31 ("BKM1")            24  4  trading day yyyymmdd
//!  4  1  kind: '1' … '4', below          28  4  number
//!  5  1  zero                            32  2  count
//!  6  2  bytes behind the header         34  2  piece, from 0
//!  8  4  epoch                           36  2  pieces
//! 12  4  data centre                     38  2  zero
//! 16  4  the epoch before; 0 = none      40  …  what is carried
//! 20  4  messages of that one's broadcast stream that count
//! ```
//!
//! | kind | number | count | piece, pieces | carried |
//! |---|---|---|---|---|
//! | '1' messages | of the first | how many | 0, 0 | whole messages of the broadcast stream, back to back, as they are over TCP |
//! | '2' piece | of its message | 0 | which, of how many (2 or more) | [`PIECE_SIZE`] bytes of the message, of the last piece what is left |
//! | '3' heartbeat | of the last message there is | 0 | 0, 0 | nothing |
//! | '4' request | of the first that is missing | how many | 0, 0 | nothing; from a receiver to the sender, epochs and data centre as last heard |
//!
//! [`Datagram::parse`] checks everything that stands in the header against everything else; after it nothing here panics. What is carried is for
//! the receiver to check: it is as long as said, and no more is known of it.

use zerocopy::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of a header.
pub const HEADER_SIZE: usize = 40;
/// Bytes of a message that one datagram carries: with every header it fits into a frame of 1,500 bytes.
pub const PIECE_SIZE: usize = 1_400;
/// Bytes of the longest datagram.
pub const DATAGRAM_SIZE_MAX: usize = HEADER_SIZE + PIECE_SIZE;
/// Pieces of a message: some 22 MB, a full picture of 65,535 instruments.
pub const PIECES_MAX: u16 = 16_384;

const MAGIC: [u8; 4] = *b"BKM1";
const MESSAGES: u8 = b'1';
const PIECE: u8 = b'2';
const HEARTBEAT: u8 = b'3';
const REQUEST: u8 = b'4';

/// Whose datagram it is: the same in all of a core's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reign {
    /// The core's epoch.
    pub epoch: u32,
    /// Its data centre.
    pub data_center: u32,
    /// The epoch before; 0 = none of the day.
    pub epoch_before: u32,
    /// Messages of the broadcast stream that count of it and of those before.
    pub cut: u32,
    /// The trading day, yyyymmdd.
    pub trading_day: u32,
}

/// What a datagram carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried<'a> {
    /// Whole messages.
    Messages {
        /// Number of the first.
        first: u32,
        /// How many, at least one.
        count: u16,
        /// Their bytes.
        bytes: &'a [u8],
    },
    /// A piece of a message.
    Piece {
        /// The message's number.
        number: u32,
        /// Which, from 0.
        piece: u16,
        /// Of how many, 2 to [`PIECES_MAX`].
        pieces: u16,
        /// Its bytes: [`PIECE_SIZE`] but in the last.
        bytes: &'a [u8],
    },
    /// Nothing: the stream ends with this number.
    Heartbeat {
        /// The last message's number; 0 = none yet.
        last: u32,
    },
    /// Messages are asked for.
    Request {
        /// Number of the first.
        first: u32,
        /// How many, at least one.
        count: u16,
    },
}

/// A datagram, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// Whose.
    pub reign: Reign,
    /// What it carries.
    pub carried: Carried<'a>,
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Header {
    magic: [u8; 4],
    kind: u8,
    zero: u8,
    length: U16,
    epoch: U32,
    data_center: U32,
    epoch_before: U32,
    cut: U32,
    trading_day: U32,
    number: U32,
    count: U16,
    piece: U16,
    pieces: U16,
    zero_2: U16,
}

const _: () = assert!(size_of::<Header>() == HEADER_SIZE);

impl<'a> Datagram<'a> {
    /// Reads a datagram. `None`: it is none, whatever it is.
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (header, carried) = Header::ref_from_prefix(bytes).ok()?;
        let (number, count) = (header.number.get(), header.count.get());
        let (piece, pieces) = (header.piece.get(), header.pieces.get());
        let reign = Reign {
            epoch: header.epoch.get(),
            data_center: header.data_center.get(),
            epoch_before: header.epoch_before.get(),
            cut: header.cut.get(),
            trading_day: header.trading_day.get(),
        };
        let is_ours = header.magic == MAGIC
            && (header.zero, header.zero_2.get()) == (0, 0)
            && usize::from(header.length.get()) == carried.len()
            && carried.len() <= PIECE_SIZE;
        // Epochs count from 1, and go up. A request may come of who has heard of none yet.
        let is_reign = if header.kind == REQUEST && reign.epoch == 0 {
            (reign.epoch_before, reign.cut) == (0, 0)
        } else {
            reign.epoch > reign.epoch_before && (reign.epoch_before != 0 || reign.cut == 0)
        };
        let is_whole = (piece, pieces) == (0, 0);
        let ends = u32::from(count).checked_sub(1).and_then(|more| number.checked_add(more)).is_some();
        let carried = match header.kind {
            MESSAGES if is_whole && number != 0 && ends && !carried.is_empty() => {
                Carried::Messages { first: number, count, bytes: carried }
            }
            PIECE
                if count == 0
                    && number != 0
                    && (2..=PIECES_MAX).contains(&pieces)
                    && piece < pieces
                    && (carried.len() == PIECE_SIZE || (piece + 1 == pieces && !carried.is_empty())) =>
            {
                Carried::Piece { number, piece, pieces, bytes: carried }
            }
            HEARTBEAT if is_whole && count == 0 && carried.is_empty() => Carried::Heartbeat { last: number },
            REQUEST if is_whole && number != 0 && ends && carried.is_empty() => {
                Carried::Request { first: number, count }
            }
            _ => return None,
        };
        (is_ours && is_reign).then_some(Datagram { reign, carried })
    }

    /// Writes the datagram at the head of `buffer` and returns its length. `None`: the buffer is too short, or what is carried too long.
    #[must_use]
    pub fn write(&self, buffer: &mut [u8]) -> Option<usize> {
        let (kind, number, count, (piece, pieces), carried) = match self.carried {
            Carried::Messages { first, count, bytes } => (MESSAGES, first, count, (0, 0), bytes),
            Carried::Piece { number, piece, pieces, bytes } => (PIECE, number, 0, (piece, pieces), bytes),
            Carried::Heartbeat { last } => (HEARTBEAT, last, 0, (0, 0), &[][..]),
            Carried::Request { first, count } => (REQUEST, first, count, (0, 0), &[][..]),
        };
        if carried.len() > PIECE_SIZE {
            return None;
        }
        let header = Header {
            magic: MAGIC,
            kind,
            zero: 0,
            length: U16::new(carried.len() as u16),
            epoch: U32::new(self.reign.epoch),
            data_center: U32::new(self.reign.data_center),
            epoch_before: U32::new(self.reign.epoch_before),
            cut: U32::new(self.reign.cut),
            trading_day: U32::new(self.reign.trading_day),
            number: U32::new(number),
            count: U16::new(count),
            piece: U16::new(piece),
            pieces: U16::new(pieces),
            zero_2: U16::new(0),
        };
        let length = HEADER_SIZE + carried.len();
        let (head, body) = buffer.get_mut(..length)?.split_at_mut(HEADER_SIZE);
        head.copy_from_slice(header.as_bytes());
        body.copy_from_slice(carried);
        Some(length)
    }
}

/// Pieces that a message of so many bytes is cut into; 1: it goes whole.
#[must_use]
pub const fn pieces_of(length: usize) -> usize {
    length.div_ceil(PIECE_SIZE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REIGN: Reign = Reign { epoch: 3, data_center: 2, epoch_before: 1, cut: 77, trading_day: 20_240_612 };

    fn written(carried: Carried<'_>) -> Vec<u8> {
        let mut buffer = vec![0xA5; DATAGRAM_SIZE_MAX];
        let length = Datagram { reign: REIGN, carried }.write(&mut buffer).unwrap();
        buffer.truncate(length);
        buffer
    }

    fn examples(long: &[u8]) -> Vec<Carried<'_>> {
        vec![
            Carried::Messages { first: 9, count: 3, bytes: &long[..100] },
            Carried::Piece { number: 8, piece: 0, pieces: 2, bytes: &long[..PIECE_SIZE] },
            Carried::Piece { number: 8, piece: 1, pieces: 2, bytes: &long[..1] },
            Carried::Heartbeat { last: 0 },
            Carried::Request { first: u32::MAX, count: 1 },
        ]
    }

    #[test]
    fn byte_by_byte_as_the_page_has_it() {
        let bytes = written(Carried::Messages { first: 9, count: 3, bytes: b"abcd" });
        let mut expected = b"BKM1".to_vec();
        expected.extend([b'1', 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 77]);
        expected.extend(20_240_612u32.to_be_bytes());
        expected.extend([0, 0, 0, 9, 0, 3, 0, 0, 0, 0, 0, 0]);
        expected.extend(b"abcd");
        assert_eq!(bytes, expected);
    }

    #[test]
    fn what_is_written_is_read_and_what_is_cut_off_is_none() {
        let long = [7; PIECE_SIZE];
        for carried in examples(&long) {
            let bytes = written(carried);
            assert_eq!(Datagram::parse(&bytes), Some(Datagram { reign: REIGN, carried }));
            for length in 0..bytes.len() {
                assert_eq!(Datagram::parse(&bytes[..length]), None);
            }
            let more = [&bytes[..], &[0]].concat();
            assert_eq!(Datagram::parse(&more), None);
            assert_eq!(Datagram { reign: REIGN, carried }.write(&mut vec![0; bytes.len() - 1]), None);
        }
        assert_eq!(Datagram::parse(&[]), None);
    }

    /// Every value of every byte of a header: it is refused, or it is read as what writing gives the same bytes for.
    #[test]
    fn no_header_is_read_as_another_one() {
        let long = [7; PIECE_SIZE];
        for carried in examples(&long) {
            let bytes = written(carried);
            let mut read = 0;
            for at in 0..HEADER_SIZE {
                for value in 0..=255 {
                    let mut changed = bytes.clone();
                    changed[at] = value;
                    let Some(datagram) = Datagram::parse(&changed) else { continue };
                    let mut again = vec![0; DATAGRAM_SIZE_MAX];
                    let length = datagram.write(&mut again).unwrap();
                    assert_eq!(again[..length], changed);
                    read += 1;
                }
            }
            assert!(read > HEADER_SIZE && read < HEADER_SIZE * 256, "some are read, some are not: {read}");
        }
    }
}
