//! The data fields of the standard as structs of items, what they have in common, and how a package's view finds its own
//! among a message's.

use std::marker::PhantomData;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

pub use crate::generated::field::*;
use crate::malformed::Malformed;
use crate::message::{Chain, Fid, Fields, Message, Tid};

/// A data field of the standard: a fixed number of bytes, any of which are a value of it.
pub trait Field: FromBytes + IntoBytes + KnownLayout + Immutable + Unaligned + Copy + 'static {
    /// Its FID. Two pairs of fields share one (errata 8), never within one package.
    const FID: Fid;
    /// Its bytes, without FID and length.
    const SIZE: usize;
    /// Its name in the standard.
    const NAME: &'static str;
    /// All items at their initial values (JR/T 0016 §5.2.2).
    const BLANK: Self;
}

/// Data fields of one kind, as many as the message has. [`Repeated::iter`] yields them in their order.
#[derive(Clone, Copy, Debug)]
pub struct Repeated<'a, F> {
    fields: Fields<'a>,
    count: usize,
    kind: PhantomData<&'a F>,
}

impl<'a, F: Field> Repeated<'a, F> {
    /// How many there are.
    #[inline]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The fields, in the order of the message.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &'a F> + use<'a, F> {
        // Every one of this FID had its length checked in `admit`.
        self.fields.filter(|(fid, _)| *fid == F::FID).filter_map(|(_, items)| F::ref_from_bytes(items).ok())
    }

    #[inline]
    pub(crate) fn none(message: &Message<'a>) -> Self {
        Self { fields: message.fields(), count: 0, kind: PhantomData }
    }

    #[inline]
    pub(crate) fn admit(&mut self, items: &[u8]) -> Result<(), Malformed> {
        if items.len() != F::SIZE {
            return Err(Malformed::FieldLength);
        }
        self.count += 1;
        Ok(())
    }

    /// A field that must stand at least once. Of a long message only the whole is asked, not each part.
    #[inline]
    pub(crate) fn at_least_one(self, message: &Message<'_>) -> Result<Self, Malformed> {
        if self.count == 0 && message.chain() == Chain::Single { Err(Malformed::FieldMissing) } else { Ok(self) }
    }
}

/// Puts down a field that may stand once. JR/T 0016 §8: nobody may change a field, its length included.
#[inline]
pub(crate) fn once<'a, F: Field>(found: &mut Option<&'a F>, items: &'a [u8]) -> Result<(), Malformed> {
    let field = F::ref_from_bytes(items).map_err(|_| Malformed::FieldLength)?;
    if found.replace(field).is_some() { Err(Malformed::FieldRepeated) } else { Ok(()) }
}

/// A field that must stand once.
#[inline]
pub(crate) fn required<F>(found: Option<&F>) -> Result<&F, Malformed> {
    found.ok_or(Malformed::FieldMissing)
}

/// The package is the one expected.
#[inline]
pub(crate) fn is_package(message: &Message<'_>, tid: Tid) -> Result<(), Malformed> {
    if message.tid() == tid { Ok(()) } else { Err(Malformed::WrongPackage) }
}

/// The package is the one expected, and whole, as a package without repeated fields always is.
#[inline]
pub(crate) fn is_whole_package(message: &Message<'_>, tid: Tid) -> Result<(), Malformed> {
    is_package(message, tid)?;
    if message.chain() == Chain::Single { Ok(()) } else { Err(Malformed::ChainOfShortPackage) }
}
