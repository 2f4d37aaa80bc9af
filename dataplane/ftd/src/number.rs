//! Numbers in ASCII, parsed in place into integers (JR/T 0016 §5.2.2, table 6).
//!
//! An FTDFloatType\<a,b> is `a` bytes with `b` decimals, right-aligned, zeros in front, `-` first when negative. The
//! price 3500.2 in an FTDFloatType\<12,4> is the 12 bytes
//!
//! ```text
//! 30 30 30 33 35 30 30 2e 32 30 30 30     0003500.2000
//! ```
//!
//! and its initial value is `0000000.0000`. That form is written, and has a fast way of being read. Besides it any
//! number of decimals within the width is read, and blanks instead of leading zeros, on either side of the `-`:
//!
//! ```text
//! number = *blank ["-"] *blank (digits ["." [digits]] / "." digits)     filling the width to its end
//! ```
//!
//! An item of blanks only, or of NULs only, was left at an initial value and is 0. Anything else is a [`BadNumber`].
//! No floating point takes part.

use std::fmt;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Decimals of a unit: prices and money are counted in 1/10,000 yuan.
pub const UNIT_DECIMALS: u32 = 4;

/// Widest ASCII number: 18 digits times one stay within 64 bits. The standard's widest item has 18 bytes.
pub const WIDTH_MAX: usize = 18;

/// Finest scale that can be asked for.
pub const DECIMALS_MAX: u32 = 9;

const POW10: [i64; 10] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// A decimal number of `A` bytes, `B` of them decimals (FTDFloatType\<A,B>).
#[derive(Clone, Copy, PartialEq, Eq, Hash, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct Float<const A: usize, const B: usize>([u8; A]);

impl<const A: usize, const B: usize> Float<A, B> {
    /// Where the decimal point stands in the canonical form. At least one digit stands before it.
    const POINT: usize = {
        assert!(B >= 1 && B <= DECIMALS_MAX as usize && A >= B + 2 && A <= WIDTH_MAX);
        A - B - 1
    };

    /// The initial value: zeros, in the canonical form.
    pub const BLANK: Self = {
        let mut bytes = [b'0'; A];
        bytes[Self::POINT] = b'.';
        Self(bytes)
    };

    /// The value in units of 1/10,000 (a price or an amount: of a yuan).
    ///
    /// # Errors
    /// [`BadNumber`] when the bytes are no number, or not a whole number of units.
    #[inline]
    pub fn units(&self) -> Result<i64, BadNumber> {
        self.scaled::<UNIT_DECIMALS>()
    }

    /// The value times 10 to the `D`.
    ///
    /// # Errors
    /// [`BadNumber`] when the bytes are no number, when it has non-zero digits beyond `D` decimals, beyond 64 bits.
    #[inline]
    pub fn scaled<const D: u32>(&self) -> Result<i64, BadNumber> {
        const { assert!(D <= DECIMALS_MAX) };
        match self.canonical() {
            Some(value) => rescale(value, B as u32, D),
            None => general(&self.0, D),
        }
    }

    /// Writes a value given in units of 1/10,000, in the canonical form.
    ///
    /// # Errors
    /// [`BadNumber::TooLarge`] when it does not fit, [`BadNumber::TooFine`] when the item has fewer decimals than it
    /// needs. Nothing is changed then.
    #[inline]
    pub fn set_units(&mut self, units: i64) -> Result<(), BadNumber> {
        self.set_scaled::<UNIT_DECIMALS>(units)
    }

    /// Writes a value given times 10 to the `D`, in the canonical form.
    ///
    /// # Errors
    /// As [`Float::set_units`].
    #[inline]
    pub fn set_scaled<const D: u32>(&mut self, value: i64) -> Result<(), BadNumber> {
        const { assert!(D <= DECIMALS_MAX) };
        let value = rescale(value, D, B as u32)?;
        let magnitude = value.unsigned_abs();
        let fraction_limit = POW10[B] as u64;
        let (whole, fraction) = (magnitude / fraction_limit, magnitude % fraction_limit);
        let negative = value < 0;
        // A '-' takes the place of one digit, and one digit stays before the point.
        if whole >= digits_limit(Self::POINT - usize::from(negative)) || (negative && Self::POINT == 1) {
            return Err(BadNumber::TooLarge);
        }
        write_digits(&mut self.0[..Self::POINT], whole);
        self.0[Self::POINT] = b'.';
        write_digits(&mut self.0[Self::POINT + 1..], fraction);
        if negative {
            self.0[0] = b'-';
        }
        Ok(())
    }

    /// The bytes as on the wire.
    #[inline]
    pub const fn bytes(&self) -> &[u8; A] {
        &self.0
    }

    /// The value times 10 to the `B` when the item is in the canonical form.
    #[inline(always)]
    fn canonical(&self) -> Option<i64> {
        let negative = self.0[0] == b'-';
        let (whole, whole_ok) = self.whole_digits(negative);
        let (fraction, fraction_ok) = eight_digits(last_eight(&self.0, B));
        if !(whole_ok & fraction_ok & (self.0[Self::POINT] == b'.')) {
            return None;
        }
        // At most 17 digits, since the width is at most 18 with the point: within 64 bits.
        let magnitude = (whole * POW10[B] as u64 + fraction) as i64;
        Some(if negative { -magnitude } else { magnitude })
    }

    /// The digits before the point, the first being a '-' or not.
    #[inline(always)]
    fn whole_digits(&self, negative: bool) -> (u64, bool) {
        let sign = u64::from(b'-' ^ b'0') * u64::from(negative);
        if Self::POINT <= 8 {
            let shift = 8 * (8 - Self::POINT) as u32;
            return eight_digits(first_eight(&self.0, Self::POINT) ^ (sign << shift));
        }
        let shift = 8 * (16 - Self::POINT) as u32;
        let (high, high_ok) = eight_digits(first_eight(&self.0, Self::POINT - 8) ^ (sign << shift));
        let (low, low_ok) = eight_digits(last_eight(&self.0[..Self::POINT], 8));
        (high * 100_000_000 + low, high_ok & low_ok)
    }
}

impl<const A: usize, const B: usize> From<[u8; A]> for Float<A, B> {
    fn from(bytes: [u8; A]) -> Self {
        Self(bytes)
    }
}

impl<const A: usize, const B: usize> fmt::Debug for Float<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// A whole number of `N` bytes (FTDNumberType\<N>).
#[derive(Clone, Copy, PartialEq, Eq, Hash, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct Number<const N: usize>([u8; N]);

impl<const N: usize> Number<N> {
    /// The initial value: zeros.
    pub const BLANK: Self = Self([b'0'; N]);

    /// The value.
    ///
    /// # Errors
    /// [`BadNumber`] when the bytes are no whole number.
    #[inline]
    pub fn get(&self) -> Result<i64, BadNumber> {
        const { assert!(N >= 1 && N <= WIDTH_MAX) };
        general(&self.0, 0)
    }

    /// Writes a value, zeros in front, `-` first when negative.
    ///
    /// # Errors
    /// [`BadNumber::TooLarge`] when it does not fit; nothing is changed then.
    #[inline]
    pub fn set(&mut self, value: i64) -> Result<(), BadNumber> {
        const { assert!(N >= 1 && N <= WIDTH_MAX) };
        let negative = value < 0;
        if value.unsigned_abs() >= digits_limit(N - usize::from(negative)) {
            return Err(BadNumber::TooLarge);
        }
        write_digits(&mut self.0, value.unsigned_abs());
        if negative {
            self.0[0] = b'-';
        }
        Ok(())
    }

    /// The bytes as on the wire.
    #[inline]
    pub const fn bytes(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> From<[u8; N]> for Number<N> {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

impl<const N: usize> fmt::Debug for Number<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// Why an ASCII number cannot be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BadNumber {
    /// The bytes are no number.
    NotANumber = 1,
    /// Digits other than zero stand beyond the decimals asked for, or given.
    TooFine = 2,
    /// Beyond the width of the item, or beyond 64 bits.
    TooLarge = 3,
}

impl fmt::Display for BadNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "not a number (不是数字)",
            Self::TooFine => "more decimals than the item allows (小数位过多)",
            Self::TooLarge => "number out of range (数值超出范围)",
        })
    }
}

impl std::error::Error for BadNumber {}

/// Carries `value`, counted with `from` decimals, over to `to` decimals.
#[inline(always)]
fn rescale(value: i64, from: u32, to: u32) -> Result<i64, BadNumber> {
    assert!(from <= DECIMALS_MAX && to <= DECIMALS_MAX);
    if to >= from {
        return value.checked_mul(POW10[(to - from) as usize]).ok_or(BadNumber::TooLarge);
    }
    let divisor = POW10[(from - to) as usize];
    if value % divisor == 0 { Ok(value / divisor) } else { Err(BadNumber::TooFine) }
}

/// Reads any form the standard's senders use; the canonical form does not come here on the order path.
#[cold]
fn general(text: &[u8], decimals: u32) -> Result<i64, BadNumber> {
    if text.iter().all(|&byte| byte == b' ') || text.iter().all(|&byte| byte == 0) {
        return Ok(0);
    }
    let mut rest = skip_blanks(text);
    let negative = rest.first() == Some(&b'-');
    if negative {
        rest = skip_blanks(&rest[1..]);
    }
    // At most 18 digits: the sum stays within 64 bits until it is scaled.
    let mut magnitude = 0i64;
    let mut digits_count = 0;
    let mut decimals_read = None::<u32>;
    let mut too_fine = false;
    for &byte in rest {
        match (byte, decimals_read) {
            (b'0'..=b'9', None) => magnitude = magnitude * 10 + i64::from(byte - b'0'),
            (b'0'..=b'9', Some(read)) if read < decimals => {
                magnitude = magnitude * 10 + i64::from(byte - b'0');
                decimals_read = Some(read + 1);
            }
            (b'0'..=b'9', Some(_)) => too_fine |= byte != b'0',
            (b'.', None) => {
                decimals_read = Some(0);
                continue;
            }
            _ => return Err(BadNumber::NotANumber),
        }
        digits_count += 1;
    }
    if digits_count == 0 {
        return Err(BadNumber::NotANumber);
    }
    if too_fine {
        return Err(BadNumber::TooFine);
    }
    let magnitude = rescale(magnitude, decimals_read.unwrap_or(0), decimals)?;
    Ok(if negative { -magnitude } else { magnitude })
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|&&byte| byte == b' ').count();
    &text[blanks..]
}

/// First value with more than `width` digits.
#[inline(always)]
const fn digits_limit(width: usize) -> u64 {
    10u64.pow(width as u32)
}

/// The first `count` bytes of a text, at most eight, moved to the end of eight with ASCII zeros before them.
#[inline(always)]
fn first_eight(text: &[u8], count: usize) -> u64 {
    let Some(chunk) = text.first_chunk::<8>() else { return short_eight(&text[..count]) };
    let missing = 8 * (8 - count) as u32; // in bits; the first byte is the lowest
    (u64::from_le_bytes(*chunk) << missing) | (ASCII_ZEROS & !(u64::MAX << missing))
}

/// The last `count` bytes of a text, at most eight, with ASCII zeros before them.
#[inline(always)]
fn last_eight(text: &[u8], count: usize) -> u64 {
    let Some(chunk) = text.last_chunk::<8>() else { return short_eight(&text[text.len() - count..]) };
    let keep = u64::MAX << (8 * (8 - count) as u32);
    (u64::from_le_bytes(*chunk) & keep) | (ASCII_ZEROS & !keep)
}

/// The same for a text that is shorter than eight bytes as a whole.
#[inline(always)]
fn short_eight(text: &[u8]) -> u64 {
    text.iter().fold(ASCII_ZEROS, |chunk, &byte| (chunk >> 8) | (u64::from(byte) << 56))
}

/// `00000000`.
const ASCII_ZEROS: u64 = 0x3030_3030_3030_3030;

/// Decimal digits and nothing else, at least one; `None` for anything else, and beyond 64 bits.
#[inline]
pub(crate) fn whole_number(mut text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut value = 0u64;
    while let Some((chunk, rest)) = text.split_first_chunk::<8>() {
        let (digits, ok) = eight_digits(u64::from_le_bytes(*chunk));
        if !ok {
            return None;
        }
        value = value.checked_mul(100_000_000)?.checked_add(digits)?;
        text = rest;
    }
    text.iter().try_fold(value, |value, &byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 { None } else { value.checked_mul(10)?.checked_add(u64::from(digit)) }
    })
}

/// Eight ASCII digits in one word: neighbours are joined to pairs, pairs to fours, fours to eight.
#[inline(always)]
fn eight_digits(chunk: u64) -> (u64, bool) {
    // A digit has the high half 3, and still has it with 6 added.
    let high_halves = 0xF0F0_F0F0_F0F0_F0F0;
    let plus_six = chunk.wrapping_add(0x0606_0606_0606_0606);
    let ok = (chunk & high_halves) | ((plus_six & high_halves) >> 4) == 0x3333_3333_3333_3333;
    let pairs = (chunk & 0x0F0F_0F0F_0F0F_0F0F).wrapping_mul((10 << 8) | 1) >> 8;
    let fours = (pairs & 0x00FF_00FF_00FF_00FF).wrapping_mul((100 << 16) | 1) >> 16;
    let eight = (fours & 0x0000_FFFF_0000_FFFF).wrapping_mul((10_000 << 32) | 1) >> 32;
    (eight, ok)
}

/// Writes the lowest digits of `value` over the whole of `text`, zeros in front.
#[inline(always)]
pub(crate) fn write_digits(text: &mut [u8], mut value: u64) {
    let (fewer, eights) = text.split_at_mut(text.len() % 8);
    for eight in eights.rchunks_exact_mut(8) {
        eight.copy_from_slice(&eight_ascii((value % EIGHT_DIGITS) as u32));
        value /= EIGHT_DIGITS;
    }
    if !fewer.is_empty() {
        let digits = eight_ascii((value % EIGHT_DIGITS) as u32);
        fewer.copy_from_slice(&digits[digits.len() - fewer.len()..]);
    }
}

const EIGHT_DIGITS: u64 = 100_000_000;

/// Eight digits of a value below 100,000,000, in one word: eight are parted to fours, fours to pairs, pairs to digits, each time
/// with one multiplication for all of them. The way back is [`eight_digits`].
#[inline(always)]
fn eight_ascii(value: u32) -> [u8; 8] {
    let fours = u64::from(value / 10_000) | u64::from(value % 10_000) << 32;
    // Below 10,000 this is a division by 100; below 100 the other one by 10.
    let hundreds = (fours.wrapping_mul(10_486) >> 20) & 0x0000_007F_0000_007F;
    let pairs = hundreds | fours.wrapping_sub(hundreds.wrapping_mul(100)) << 16;
    let tens = (pairs.wrapping_mul(103) >> 10) & 0x000F_000F_000F_000F;
    let digits = tens | pairs.wrapping_sub(tens.wrapping_mul(10)) << 8;
    (digits | ASCII_ZEROS).to_le_bytes()
}
