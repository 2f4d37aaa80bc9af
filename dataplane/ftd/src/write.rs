//! Writing, straight into the bytes that are sent.
//!
//! The layout is [`crate::message`]'s. A writer takes a buffer, leaves room for the two headers (4 + 16 bytes), puts data
//! fields behind them one by one, each a copy of its blank (JR/T 0016 §5.2.2: unused items hold their initial values)
//! that the caller then fills in place, and at the end goes back to write lengths and counts into the headers:
//!
//! ```text
//! 01 00 LL LL | 02 TT TT TT TT 'S' SS SS NN NN NN NN CC CC BB BB | FF FF FF FF ll ll items | ...
//! ```
//!
//! [`MessageWriter`] writes one message of at most 4,096 bytes. [`ChainWriter`] writes any number of data fields as a
//! chain of messages under one number. Neither allocates. What does not fit is refused as a whole, never cut.

use zerocopy::IntoBytes;

use crate::field::Field;
use crate::message::{
    CONTENT_SIZE_MAX, Chain, FTD_HEADER_SIZE, FTDC_HEADER_SIZE, FieldHeader, FtdHeader, FtdcHeader, SequenceNumber,
    Series, TAG_KEEP_ALIVE, TYPE_FTDC, TYPE_NONE, Tid, VERSION,
};
use crate::types::{Char, Int, Word};

/// Both headers of a message.
pub const HEADERS_SIZE: usize = FTD_HEADER_SIZE + FTDC_HEADER_SIZE;

/// FID and length before each data field.
pub const FIELD_HEADER_SIZE: usize = size_of::<FieldHeader>();

/// A heartbeat: type none, an extended header of two bytes with KeepAlive, no content (JR/T 0016 §5.3.1.3).
pub const HEARTBEAT: [u8; 6] = [TYPE_NONE, 2, 0, 0, TAG_KEEP_ALIVE, 0];

/// Writes a heartbeat and returns its length; `None` when the buffer is too small.
#[inline]
pub fn write_heartbeat(buffer: &mut [u8]) -> Option<usize> {
    buffer.get_mut(..HEARTBEAT.len())?.copy_from_slice(&HEARTBEAT);
    Some(HEARTBEAT.len())
}

/// Size of a message of one data field `F`: what its buffer needs at least.
pub const fn message_size<F: Field>() -> usize {
    HEADERS_SIZE + FIELD_HEADER_SIZE + F::SIZE
}

/// Writes one message at the head of a buffer. Without [`MessageWriter::finish`] the buffer holds nothing of use.
#[derive(Debug)]
#[must_use = "finish writes the headers"]
pub struct MessageWriter<'a> {
    buffer: &'a mut [u8],
    heading: Heading,
    length: usize,
    field_count: u16,
}

#[derive(Clone, Copy, Debug)]
struct Heading {
    tid: Tid,
    series: Series,
    number: SequenceNumber,
}

impl<'a> MessageWriter<'a> {
    /// Begins a message without data fields; `None` when the buffer does not even hold the headers.
    #[inline]
    pub fn new(buffer: &'a mut [u8], tid: Tid, series: Series, number: SequenceNumber) -> Option<Self> {
        if buffer.len() < HEADERS_SIZE {
            return None;
        }
        Some(Self { buffer, heading: Heading { tid, series, number }, length: HEADERS_SIZE, field_count: 0 })
    }

    /// Adds a data field with all items at their initial values, to be filled in place; `None` when it does not fit in the
    /// buffer or in the 4,096 bytes of a message. The message is unchanged then and can still be finished.
    #[inline]
    pub fn push<F: Field>(&mut self) -> Option<&mut F> {
        self.push_copy(&F::BLANK)
    }

    /// Adds a copy of a data field, to be changed in place. `None` as in [`MessageWriter::push`].
    #[inline]
    pub fn push_copy<F: Field>(&mut self, field: &F) -> Option<&mut F> {
        const { assert!(F::SIZE == size_of::<F>() && HEADERS_SIZE + F::SIZE <= CONTENT_SIZE_MAX) };
        let end = self.length + FIELD_HEADER_SIZE + F::SIZE;
        if end > FTD_HEADER_SIZE + CONTENT_SIZE_MAX {
            return None;
        }
        let room = self.buffer.get_mut(self.length..end)?;
        let (header, items) = room.split_at_mut(FIELD_HEADER_SIZE);
        // A field is far shorter than 4,096 bytes, as asserted above.
        header.copy_from_slice(FieldHeader { fid: fid_bytes::<F>(), size: Word::from(F::SIZE as u16) }.as_bytes());
        items.copy_from_slice(field.as_bytes());
        self.length = end;
        self.field_count += 1;
        F::mut_from_bytes(items).ok()
    }

    /// Adds data fields that stand one behind the other already, each with its FID and length, for who gathers them. `None` when they
    /// do not fit; the message is unchanged then.
    #[inline]
    pub fn push_raw(&mut self, fields: &[u8], count: u16) -> Option<()> {
        let end = self.length + fields.len();
        if end > FTD_HEADER_SIZE + CONTENT_SIZE_MAX {
            return None;
        }
        self.buffer.get_mut(self.length..end)?.copy_from_slice(fields);
        (self.length, self.field_count) = (end, self.field_count.checked_add(count)?);
        Some(())
    }

    /// Writes the headers of a whole message and returns its length in bytes.
    #[inline]
    pub fn finish(self) -> usize {
        self.finish_as(Chain::Single)
    }

    /// Writes the headers of a message that is a part of a long one, for who sends the parts one by one.
    #[inline]
    pub fn finish_as(self, chain: Chain) -> usize {
        write_headers(self.buffer, self.heading, chain, self.length, self.field_count);
        self.length
    }
}

/// Writes a message of any length at the head of a buffer, in as many parts as it takes.
#[derive(Debug)]
#[must_use = "finish writes the headers"]
pub struct ChainWriter<'a> {
    buffer: &'a mut [u8],
    heading: Heading,
    /// Where the part being written begins.
    part_start: usize,
    length: usize,
    field_count: u16,
}

impl<'a> ChainWriter<'a> {
    /// Begins a message without data fields; `None` when the buffer does not even hold the headers.
    #[inline]
    pub fn new(buffer: &'a mut [u8], tid: Tid, series: Series, number: SequenceNumber) -> Option<Self> {
        if buffer.len() < HEADERS_SIZE {
            return None;
        }
        let heading = Heading { tid, series, number };
        Some(Self { buffer, heading, part_start: 0, length: HEADERS_SIZE, field_count: 0 })
    }

    /// Adds a data field with all items at their initial values, to be filled in place, in a new part where the present one
    /// is full; `None` when the buffer is full. The message is unchanged then and can still be finished.
    #[inline]
    pub fn push<F: Field>(&mut self) -> Option<&mut F> {
        self.push_copy(&F::BLANK)
    }

    /// Adds a copy of a data field, to be changed in place. As [`ChainWriter::push`].
    pub fn push_copy<F: Field>(&mut self, field: &F) -> Option<&mut F> {
        const { assert!(F::SIZE == size_of::<F>() && HEADERS_SIZE + F::SIZE <= CONTENT_SIZE_MAX) };
        let field_size = FIELD_HEADER_SIZE + F::SIZE;
        let part_is_full = self.length - self.part_start + field_size > FTD_HEADER_SIZE + CONTENT_SIZE_MAX;
        let start = if part_is_full { self.length + HEADERS_SIZE } else { self.length };
        let end = start + field_size;
        if end > self.buffer.len() {
            return None;
        }
        if part_is_full {
            let chain = if self.part_start == 0 { Chain::First } else { Chain::Continued };
            self.close_part(chain);
            self.part_start = self.length;
            self.field_count = 0;
        }
        self.length = end;
        self.field_count += 1;
        let (header, items) = self.buffer[start..end].split_at_mut(FIELD_HEADER_SIZE);
        header.copy_from_slice(FieldHeader { fid: fid_bytes::<F>(), size: Word::from(F::SIZE as u16) }.as_bytes());
        items.copy_from_slice(field.as_bytes());
        F::mut_from_bytes(items).ok()
    }

    /// Writes the headers of the last part and returns the length in bytes of all parts together.
    #[inline]
    pub fn finish(mut self) -> usize {
        let chain = if self.part_start == 0 { Chain::Single } else { Chain::Last };
        self.close_part(chain);
        self.length
    }

    fn close_part(&mut self, chain: Chain) {
        let part = &mut self.buffer[self.part_start..];
        write_headers(part, self.heading, chain, self.length - self.part_start, self.field_count);
    }
}

#[inline]
fn fid_bytes<F: Field>() -> Int {
    let mut fid = Int::BLANK;
    fid.set_unsigned(F::FID.0);
    fid
}

/// Writes both headers over the first bytes of a part whose data fields stand already.
#[inline]
fn write_headers(part: &mut [u8], heading: Heading, chain: Chain, length: usize, field_count: u16) {
    let content_size = length - FTD_HEADER_SIZE;
    assert!((FTDC_HEADER_SIZE..=CONTENT_SIZE_MAX).contains(&content_size), "every push keeps within the limit");
    let ftd = FtdHeader { kind: TYPE_FTDC, extended_size: 0, content_size: Word::from(content_size as u16) };
    let (mut tid, mut number) = (Int::BLANK, Int::BLANK);
    tid.set_unsigned(heading.tid.0);
    number.set_unsigned(heading.number.0);
    let ftdc = FtdcHeader {
        version: Char::from(VERSION),
        tid,
        chain: Char::from(chain as u8),
        series: Word::from(heading.series.0),
        number,
        field_count: Word::from(field_count),
        body_size: Word::from((content_size - FTDC_HEADER_SIZE) as u16),
    };
    part[..FTD_HEADER_SIZE].copy_from_slice(ftd.as_bytes());
    part[FTD_HEADER_SIZE..HEADERS_SIZE].copy_from_slice(ftdc.as_bytes());
}
