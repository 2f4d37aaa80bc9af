//! Messages of one data field, as nearly all on the order path are: every byte of the headers is known beforehand, the number apart.
//!
//! ```text
//! 0      4    FTD header: 01 00, length of the content
//! 4      16   FTDC header: 02, TID, 'S', series, number, one data field, its length
//! 20     6    FID, length of the items
//! 26     …    the items
//! ```
//!
//! So reading one is a comparison of 26 bytes, and writing one is putting them there. What is no such message is not refused here:
//! [`crate::next_message`] says what it is.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::field::Field;
use crate::message::{
    CONTENT_SIZE_MAX, Chain, FTDC_HEADER_SIZE, FieldHeader, FtdHeader, FtdcHeader, SequenceNumber, Series, TYPE_FTDC,
    Tid, VERSION,
};
use crate::types::{Char, Int, Word};
use crate::write::FIELD_HEADER_SIZE;

/// What stands before the items.
#[derive(Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Headers {
    ftd: FtdHeader,
    ftdc: FtdcHeader,
    field: FieldHeader,
}

impl Headers {
    #[inline(always)]
    fn of<F: Field>(tid: Tid, series: Series, number: SequenceNumber) -> Self {
        const { assert!(FTDC_HEADER_SIZE + FIELD_HEADER_SIZE + F::SIZE <= CONTENT_SIZE_MAX && F::SIZE == size_of::<F>()) };
        // Asserted above to be far below 65,536.
        let body_size = (FIELD_HEADER_SIZE + F::SIZE) as u16;
        let int = |value: u32| Int::from(value.cast_signed());
        Headers {
            ftd: FtdHeader {
                kind: TYPE_FTDC,
                extended_size: 0,
                content_size: Word::from(FTDC_HEADER_SIZE as u16 + body_size),
            },
            ftdc: FtdcHeader {
                version: Char::from(VERSION),
                tid: int(tid.0),
                chain: Char::from(Chain::Single as u8),
                series: Word::from(series.0),
                number: int(number.0),
                field_count: Word::from(1),
                body_size: Word::from(body_size),
            },
            field: FieldHeader { fid: int(F::FID.0), size: Word::from(F::SIZE as u16) },
        }
    }
}

/// The message at the head of `bytes`, if it is of this package and series, whole, and has this one field: its number, and the field
/// where it stands. It is [`crate::write::message_size`] bytes long.
#[inline]
pub fn read_sole<F: Field>(bytes: &[u8], tid: Tid, series: Series) -> Option<(SequenceNumber, &F)> {
    let (headers, rest) = Headers::ref_from_prefix(bytes).ok()?;
    let (field, _) = F::ref_from_prefix(rest).ok()?;
    let number = SequenceNumber(headers.ftdc.number.unsigned());
    (headers.as_bytes() == Headers::of::<F>(tid, series, number).as_bytes()).then_some((number, field))
}

/// Writes a message of one field at the head of `buffer`, all items at their initial values, to be filled in place. It is
/// [`crate::write::message_size`] bytes long; `None` when the buffer is shorter.
#[inline]
pub fn write_sole<F: Field>(buffer: &mut [u8], tid: Tid, series: Series, number: SequenceNumber) -> Option<&mut F> {
    write_sole_copy(buffer, tid, series, number, &F::BLANK)
}

/// The same with a copy of a field, to be changed in place.
#[inline]
pub fn write_sole_copy<'b, F: Field>(
    buffer: &'b mut [u8],
    tid: Tid,
    series: Series,
    number: SequenceNumber,
    field: &F,
) -> Option<&'b mut F> {
    let (headers, rest) = Headers::mut_from_prefix(buffer).ok()?;
    let (place, _) = F::mut_from_prefix(rest).ok()?;
    *headers = Headers::of::<F>(tid, series, number);
    *place = *field;
    Some(place)
}
