//! The basic types of JR/T 0016 §5.2.2 (table 6) as bytes: characters, binary integers, strings.
//!
//! | type | bytes | initial value |
//! |---|---|---|
//! | FTDCharType | 1, here an ASCII character of an enumeration | binary 0: not set |
//! | FTDIntType | 4, high byte first | 0 |
//! | FTDWordType | 2, high byte first | 0 |
//! | FTDStringType\<n> | n, left-aligned, blanks behind | blanks |
//! | FTDNumberType\<n>, FTDFloatType\<a,b> | ASCII digits: [`crate::number`] | zeros |
//!
//! Every type here has alignment 1 and the size of its bytes, and any bytes are a value of it. So a field is a view over
//! the bytes received, and reading an item cannot fail where it cannot be wrong.

use std::fmt;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Text of `N` bytes, left-aligned, blanks behind (FTDStringType\<N>). The bytes are the sender's: ASCII for codes,
/// and for texts whatever encoding the two sides agreed on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct Str<const N: usize>([u8; N]);

impl<const N: usize> Str<N> {
    /// The initial value: blanks.
    pub const BLANK: Self = Self([b' '; N]);

    /// The text without what pads it: trailing blanks, and trailing NULs, which members written in C leave there.
    #[inline]
    pub fn trimmed(&self) -> &[u8] {
        let mut text = self.0.as_slice();
        // Most items are wider than what stands in them: eight blanks at a step.
        while let Some((head, b"        ")) = text.split_last_chunk::<8>() {
            text = head;
        }
        while let [head @ .., b' ' | 0] = text {
            text = head;
        }
        text
    }

    /// Writes `text`, blanks behind.
    ///
    /// # Errors
    /// [`TooLong`] when it has more than `N` bytes; nothing is changed then.
    #[inline]
    pub fn set(&mut self, text: &[u8]) -> Result<(), TooLong> {
        let (head, tail) = self.0.split_at_mut_checked(text.len()).ok_or(TooLong)?;
        head.copy_from_slice(text);
        tail.fill(b' ');
        Ok(())
    }

    /// A value of its own holding `text`, blanks behind.
    ///
    /// # Errors
    /// [`TooLong`] when it has more than `N` bytes.
    #[inline]
    pub fn padded(text: &[u8]) -> Result<Self, TooLong> {
        let mut padded = Self::BLANK;
        padded.set(text)?;
        Ok(padded)
    }

    /// Writes `value` in decimal digits without leading zeros, blanks behind.
    ///
    /// # Errors
    /// [`TooLong`] when the digits do not fit; nothing is changed then.
    #[inline]
    pub fn set_decimal(&mut self, value: u64) -> Result<(), TooLong> {
        let width = value.checked_ilog10().map_or(1, |power| power as usize + 1);
        self.set_zero_filled(value, width)
    }

    /// Writes `value` in exactly `width` decimal digits, zeros in front and blanks behind, so that two of them compare
    /// as strings in the order of their values.
    ///
    /// # Errors
    /// [`TooLong`] when `width` is beyond `N` or the value beyond `width` digits; nothing is changed then.
    #[inline]
    pub fn set_zero_filled(&mut self, value: u64, width: usize) -> Result<(), TooLong> {
        if value.checked_ilog10().is_some_and(|power| power as usize >= width) {
            return Err(TooLong);
        }
        let (head, tail) = self.0.split_at_mut_checked(width).ok_or(TooLong)?;
        crate::number::write_digits(head, value);
        tail.fill(b' ');
        Ok(())
    }

    /// The value of a text that is decimal digits and nothing else; `None` for any other, for a blank one, and beyond
    /// 64 bits.
    #[inline]
    pub fn decimal(&self) -> Option<u64> {
        crate::number::whole_number(self.trimmed())
    }

    /// Whether nothing is written here: blanks or NULs.
    #[inline]
    pub fn is_blank(&self) -> bool {
        self.0.iter().all(|&byte| byte == b' ' || byte == 0)
    }

    /// All `N` bytes, padding included, as on the wire.
    #[inline]
    pub const fn bytes(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> From<[u8; N]> for Str<N> {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

impl<const N: usize> fmt::Debug for Str<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.trimmed().escape_ascii())
    }
}

/// One character of an enumeration (FTDCharType): the constants stand in [`crate::value`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct Char(u8);

impl Char {
    /// The initial value: binary 0, no value of any enumeration.
    pub const BLANK: Self = Self(0);

    /// The character, or 0 when not set.
    #[inline]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Writes a character.
    #[inline]
    pub fn set(&mut self, character: u8) {
        self.0 = character;
    }

    /// Whether it was left at its initial value, binary 0. A blank counts too: members write it.
    #[inline]
    pub const fn is_blank(self) -> bool {
        matches!(self.0, 0 | b' ')
    }
}

impl From<u8> for Char {
    fn from(character: u8) -> Self {
        Self(character)
    }
}

impl fmt::Debug for Char {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.escape_ascii())
    }
}

/// A binary integer of four bytes, high byte first (FTDIntType). The standard does not say whether it is signed: volumes
/// are read as [`Int::get`] (an increment may be negative), sequence numbers and epochs as [`Int::unsigned`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct Int([u8; 4]);

impl Int {
    /// The initial value: 0.
    pub const BLANK: Self = Self([0; 4]);

    /// The value, signed.
    #[inline]
    pub const fn get(self) -> i32 {
        i32::from_be_bytes(self.0)
    }

    /// Writes a signed value.
    #[inline]
    pub fn set(&mut self, value: i32) {
        self.0 = value.to_be_bytes();
    }

    /// The value, unsigned.
    #[inline]
    pub const fn unsigned(self) -> u32 {
        u32::from_be_bytes(self.0)
    }

    /// Writes an unsigned value.
    #[inline]
    pub fn set_unsigned(&mut self, value: u32) {
        self.0 = value.to_be_bytes();
    }
}

impl From<i32> for Int {
    fn from(value: i32) -> Self {
        Self(value.to_be_bytes())
    }
}

impl fmt::Debug for Int {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.get())
    }
}

/// A binary unsigned integer of two bytes, high byte first (FTDWordType).
#[derive(Clone, Copy, PartialEq, Eq, Hash, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct Word([u8; 2]);

impl Word {
    /// The initial value: 0.
    pub const BLANK: Self = Self([0; 2]);

    /// The value.
    #[inline]
    pub const fn get(self) -> u16 {
        u16::from_be_bytes(self.0)
    }

    /// Writes a value.
    #[inline]
    pub fn set(&mut self, value: u16) {
        self.0 = value.to_be_bytes();
    }
}

impl From<u16> for Word {
    fn from(value: u16) -> Self {
        Self(value.to_be_bytes())
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.get())
    }
}

/// A string that no log shall show: a password. The same bytes as [`Str`], but it prints as `***`.
#[derive(Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct Secret<const N: usize>(Str<N>);

impl<const N: usize> Secret<N> {
    /// The initial value: blanks.
    pub const BLANK: Self = Self(Str::BLANK);

    /// The secret without what pads it, as [`Str::trimmed`].
    #[inline]
    pub fn trimmed(&self) -> &[u8] {
        self.0.trimmed()
    }

    /// Writes a secret, blanks behind.
    ///
    /// # Errors
    /// [`TooLong`] when it has more than `N` bytes; nothing is changed then.
    #[inline]
    pub fn set(&mut self, secret: &[u8]) -> Result<(), TooLong> {
        self.0.set(secret)
    }

    /// Whether nothing is written here: blanks or NULs.
    #[inline]
    pub fn is_blank(&self) -> bool {
        self.0.is_blank()
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_blank() { "\"\"" } else { "***" })
    }
}

/// A text has more bytes than its item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text longer than its item (字符串超长)")
    }
}

impl std::error::Error for TooLong {}
