//! Framing: where a message begins and ends in a stream of bytes, and what it says of itself.
//!
//! A message is three pieces behind one another (JR/T 0016 §5.1, figure 6). All binary integers are high byte first.
//!
//! ```text
//! FTD header, 4 bytes (§5.1.1)
//!   0      type: 0 none, 1 FTDC, 2 compressed; others may be discarded (note to table 1)
//!   1      length of the extended header, 0..=127
//!   2..4   length of the content, 0..=4096
//! extended header (§5.1.2): tags
//!   0      tag; 4 = KeepAlive. Unknown tags are skipped
//!   1      length of the data
//!   2..    data
//! content: one FTDC message (§5.2)
//!   0      version, 2
//!   1..5   TID, the package
//!   5      chain: S single, F first, C continued, L last
//!   6..8   sequence series
//!   8..12  sequence number
//!   12..14 number of data fields
//!   14..16 length of the data fields
//!   16..   data fields: FID (4), length (2), items
//! ```
//!
//! A heartbeat is a message without content whose extended header holds KeepAlive (§5.3.1.3):
//!
//! ```text
//! 00 02 00 00   04 00
//! ```
//!
//! Promises: [`next_message`] takes any bytes whatever and never panics, copies or allocates; what it calls a
//! [`Message`] has whole data fields, as many as its header says, so that walking them cannot fail.
//!
//! Two kinds of trouble are told apart. What the standard says to discard is [`Next::Skip`]: the stream goes on behind
//! it. Everything else is [`Malformed`], and the stream cannot be trusted any further.

use std::fmt;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::malformed::Malformed;
use crate::types::{Char, Int, Word};

/// Longest extended header (JR/T 0016 §5.1.2).
pub const EXTENDED_HEADER_SIZE_MAX: usize = 127;

/// Longest content, that is, FTDC header and data fields together (JR/T 0016 §5.1, §5.2).
pub const CONTENT_SIZE_MAX: usize = 4_096;

/// Size of the FTD header.
pub const FTD_HEADER_SIZE: usize = size_of::<FtdHeader>();

/// Size of the FTDC header.
pub const FTDC_HEADER_SIZE: usize = size_of::<FtdcHeader>();

/// Longest message: FTD header, extended header, content. A receive buffer of this size always holds a whole one.
pub const MESSAGE_SIZE_MAX: usize = FTD_HEADER_SIZE + EXTENDED_HEADER_SIZE_MAX + CONTENT_SIZE_MAX;

/// The FTDC version that is spoken (JR/T 0016 §5.2.1).
pub const VERSION: u8 = 2;

pub(crate) const TYPE_NONE: u8 = 0;
pub(crate) const TYPE_FTDC: u8 = 1;
const TYPE_COMPRESSED: u8 = 2;

pub(crate) const TAG_KEEP_ALIVE: u8 = 4;

/// What stands at the head of `bytes`, a piece of a stream that begins at a message's first byte. To go on, drop
/// `length` bytes and ask again.
///
/// # Errors
/// [`Malformed`] when these bytes cannot begin a message, as soon as that is certain, be the message whole or not.
#[inline]
pub fn next_message(bytes: &[u8]) -> Result<Next<'_>, Malformed> {
    let Ok((header, rest)) = FtdHeader::ref_from_prefix(bytes) else { return Ok(Next::NeedMore) };
    // JR/T 0016 §8: both limits hold for every extension too, message types we do not know included.
    let (extended_size, content_size) = (header.extended_size as usize, header.content_size.get() as usize);
    if extended_size > EXTENDED_HEADER_SIZE_MAX {
        return Err(Malformed::ExtendedHeaderTooLong);
    }
    if content_size > CONTENT_SIZE_MAX {
        return Err(Malformed::ContentTooLong);
    }
    let Some((extended, rest)) = rest.split_at_checked(extended_size) else { return Ok(Next::NeedMore) };
    let Some(content) = rest.get(..content_size) else { return Ok(Next::NeedMore) };
    let length = FTD_HEADER_SIZE + extended_size + content_size;
    // Not even the tags of a type that is discarded are looked at.
    let discarded = match header.kind {
        TYPE_NONE | TYPE_FTDC => None,
        TYPE_COMPRESSED => Some(SkipReason::Compressed),
        _ => Some(SkipReason::UnknownType),
    };
    if let Some(reason) = discarded {
        return Ok(Next::Skip { length, reason });
    }
    let keep_alive = holds_keep_alive(extended)?;
    if content.is_empty() {
        // JR/T 0016 §5.1.1: no content, hence a message of link management.
        return Ok(if keep_alive {
            Next::Heartbeat { length }
        } else {
            Next::Skip { length, reason: SkipReason::Empty }
        });
    }
    if header.kind == TYPE_NONE {
        return Ok(Next::Skip { length, reason: SkipReason::NoMeaning });
    }
    Ok(match Message::check(content)? {
        Some(message) => Next::Message { length, message },
        None => Next::Skip { length, reason: SkipReason::LengthsDisagree },
    })
}

/// What stands at the head of a stream. `length` is in bytes, from the first byte of the FTD header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<'a> {
    /// Not a whole message yet. [`MESSAGE_SIZE_MAX`] bytes are always enough.
    NeedMore,
    /// To be discarded; no error.
    Skip {
        /// Bytes to drop.
        length: usize,
        /// Why.
        reason: SkipReason,
    },
    /// The other side is alive and has nothing to say.
    Heartbeat {
        /// Bytes to drop.
        length: usize,
    },
    /// A message.
    Message {
        /// Bytes to drop when it has been dealt with.
        length: usize,
        /// The message, a view over the bytes given.
        message: Message<'a>,
    },
}

/// Why a message is discarded without being an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SkipReason {
    /// A type beyond table 1 (its note: may be discarded).
    UnknownType = 1,
    /// Compressed content. It is for long answers, and no answer comes to us; a client does not ask for it.
    Compressed = 2,
    /// Type none with a content: no meaning by definition (table 1).
    NoMeaning = 3,
    /// Link management without KeepAlive: time stamp, state of the session, or nothing at all.
    Empty = 4,
    /// FTD and FTDC header give different lengths: to be discarded (§5.2.1).
    LengthsDisagree = 5,
}

/// One FTDC message, its data fields checked to be whole. The bytes are those received.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    header: &'a FtdcHeader,
    body: &'a [u8],
}

impl<'a> Message<'a> {
    /// The package: which one, is told by the stream and this (two packages of different streams share a TID).
    #[inline]
    pub fn tid(&self) -> Tid {
        Tid(self.header.tid.unsigned())
    }

    /// Which part of a long message this is.
    #[inline]
    pub fn chain(&self) -> Chain {
        match self.header.chain.get() {
            b'F' => Chain::First,
            b'C' => Chain::Continued,
            b'L' => Chain::Last,
            _ => Chain::Single, // checked to be 'S'
        }
    }

    /// The sequence series, naming a stream.
    #[inline]
    pub fn series(&self) -> Series {
        Series(self.header.series.get())
    }

    /// The sequence number within the series. Parts of a chain share it.
    #[inline]
    pub fn number(&self) -> SequenceNumber {
        SequenceNumber(self.header.number.unsigned())
    }

    /// How many data fields there are.
    #[inline]
    pub fn field_count(&self) -> usize {
        usize::from(self.header.field_count.get())
    }

    /// The data fields in their order: FID, and the bytes of the items.
    #[inline]
    pub fn fields(&self) -> Fields<'a> {
        Fields { rest: self.body }
    }

    /// `None` when the lengths of the two headers disagree.
    #[inline]
    fn check(content: &'a [u8]) -> Result<Option<Self>, Malformed> {
        let (header, body) = FtdcHeader::ref_from_prefix(content).map_err(|_| Malformed::HeaderCutShort)?;
        if usize::from(header.body_size.get()) != body.len() {
            return Ok(None);
        }
        if header.version.get() != VERSION {
            return Err(Malformed::Version);
        }
        if !matches!(header.chain.get(), b'S' | b'F' | b'C' | b'L') {
            return Err(Malformed::ChainLetter);
        }
        let (mut rest, mut count) = (body, 0);
        while !rest.is_empty() {
            (_, _, rest) = split_field(rest).ok_or(Malformed::FieldCutShort)?;
            count += 1;
        }
        if count != usize::from(header.field_count.get()) {
            return Err(Malformed::FieldCount);
        }
        Ok(Some(Self { header, body }))
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The items are left out: a password may be among them.
        f.debug_struct("Message")
            .field("tid", &self.tid())
            .field("chain", &self.chain())
            .field("series", &self.series())
            .field("number", &self.number())
            .field("fids", &fmt::from_fn(|f| f.debug_list().entries(self.fields().map(|(fid, _)| fid)).finish()))
            .finish()
    }
}

/// The data fields of a message, see [`Message::fields`].
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Fid, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // Never cut short: the message was checked as a whole.
        let (fid, items, rest) = split_field(self.rest)?;
        self.rest = rest;
        Some((fid, items))
    }
}

/// Part of a long message (JR/T 0016 §5.2.1.2, table 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Chain {
    /// The message is whole.
    Single = b'S',
    /// First part.
    First = b'F',
    /// A part in the middle.
    Continued = b'C',
    /// Last part.
    Last = b'L',
}

/// Which package a message is (FTDC header, TransactionId). The known ones: [`crate::tid`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tid(pub u32);

/// Which data field (FieldId). The known ones stand at each field as `FID`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fid(pub u32);

/// A sequence series, naming a stream (JR/T 0016 §5.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Series(pub u16);

impl Series {
    /// The dialog, and the messages that belong to no stream.
    pub const DIALOG: Self = Self(0);
    /// The broadcast, as this exchange numbers it (errata, Streams).
    pub const BROADCAST: Self = Self(1);
    /// The first of the participants' private streams, as this exchange numbers them (errata, Streams).
    pub const PRIVATE_MIN: Self = Self(2);
}

/// A message's number within its series (JR/T 0016 §5.2.1.3). Numbering begins at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SequenceNumber(pub u32);

impl SequenceNumber {
    /// Of messages outside the numbering: login, logout and their answers.
    pub const NONE: Self = Self(0);
    /// As a login's resume point: nothing of what was sent before now (errata 10).
    pub const FROM_NOW: Self = Self(u32::MAX);
}

impl fmt::Debug for Tid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tid({:#06X})", self.0)
    }
}

impl fmt::Debug for Fid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fid({:#06X})", self.0)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct FtdHeader {
    pub(crate) kind: u8,
    pub(crate) extended_size: u8,
    pub(crate) content_size: Word,
}

#[derive(Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct FtdcHeader {
    pub(crate) version: Char,
    pub(crate) tid: Int,
    pub(crate) chain: Char,
    pub(crate) series: Word,
    pub(crate) number: Int,
    pub(crate) field_count: Word,
    pub(crate) body_size: Word,
}

#[derive(Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct FieldHeader {
    pub(crate) fid: Int,
    pub(crate) size: Word,
}

/// The first data field's FID and items, and what stands behind it; `None` at the end, or where the field is cut short.
#[inline(always)]
fn split_field(body: &[u8]) -> Option<(Fid, &[u8], &[u8])> {
    let (header, rest) = FieldHeader::ref_from_prefix(body).ok()?;
    let (items, rest) = rest.split_at_checked(usize::from(header.size.get()))?;
    Some((Fid(header.fid.unsigned()), items, rest))
}

/// Walks the tags of an extended header.
#[inline]
fn holds_keep_alive(mut tags: &[u8]) -> Result<bool, Malformed> {
    let mut found = false;
    while let [tag, size, rest @ ..] = tags {
        tags = rest.get(usize::from(*size)..).ok_or(Malformed::TagCutShort)?;
        found |= *tag == TAG_KEEP_ALIVE;
    }
    if tags.is_empty() { Ok(found) } else { Err(Malformed::TagCutShort) }
}
