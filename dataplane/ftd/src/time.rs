//! Dates and times: digits left-aligned in strings, always China Standard Time (UTC+8, no summer time).
//!
//! | type | bytes | written as | read besides |
//! |---|---|---|---|
//! | FTDDate | 8 | `yyyymmdd` | |
//! | FTDTime | 8 | `hhmmsscc`, cc hundredths of a second | `hhmmss` and two blanks |
//! | FTDDateTime | 20 | `yyyymmddhhmmsscc` and four blanks | `yyyymmddhhmmss` and six blanks |
//! | FTDTimeStamp | 20 | `yyyymmddhhmmssmmm` and three blanks, mmm thousandths | |
//!
//! The forms written are those of the standard's XML (Appendix G: `hh24nnsscc`). Its Appendix B shows times without the
//! hundredths, so that form is read too. A [`ChinaTime`] is taken apart once and written into as many items as needed; a
//! [`ChinaDay`] keeps the calendar out of that.

use std::fmt;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::number::write_digits;
use crate::types::TooLong;

/// A moment taken apart into the digits of China Standard Time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChinaTime {
    /// Of its calendar day: the date comes as digits from there.
    date: Date,
    hhmmss: u32,
    nanosecond: u32,
}

impl ChinaTime {
    /// China is this far ahead of UTC.
    pub const OFFSET_SECONDS: u64 = 8 * 3_600;

    /// Takes apart nanoseconds since 1970-01-01T00:00:00Z (leap seconds not counted, as Unix does).
    #[inline]
    pub fn from_unix_ns(unix_ns: u64) -> Self {
        ChinaDay::of_unix_ns(unix_ns).at_unix_ns(unix_ns)
    }

    /// The calendar day, 20140829 for the 29th of August 2014.
    #[inline]
    pub fn yyyymmdd(self) -> u32 {
        self.date.get().expect("a calendar's date has eight digits")
    }

    /// The time of day, 154530 for half past three and some.
    #[inline]
    pub const fn hhmmss(self) -> u32 {
        self.hhmmss
    }

    /// Nanoseconds within the second.
    #[inline]
    pub const fn nanosecond(self) -> u32 {
        self.nanosecond
    }
}

/// A calendar day in China: takes its own moments apart without asking the calendar again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChinaDay {
    /// Its first second, by the clock in China: from 1970-01-01T00:00:00+08:00.
    begin: u64,
    date: Date,
}

const SECOND_NS: u64 = 1_000_000_000;
const DAY_SECONDS: u64 = 86_400;

impl ChinaDay {
    /// The day of a moment, nanoseconds since 1970-01-01T00:00:00Z.
    #[inline]
    pub fn of_unix_ns(unix_ns: u64) -> Self {
        Self::of_second(unix_ns / SECOND_NS + ChinaTime::OFFSET_SECONDS)
    }

    fn of_second(second: u64) -> Self {
        // At most 213,504 days, in the year 2554: the nanoseconds end there.
        let days = second / DAY_SECONDS;
        let mut date = Date::BLANK;
        write_digits(&mut date.0, u64::from(date_of_day(days as u32)));
        Self { begin: days * DAY_SECONDS, date }
    }

    /// Takes apart nanoseconds since 1970-01-01T00:00:00Z, of this day or any other.
    #[inline]
    pub fn at_unix_ns(self, unix_ns: u64) -> ChinaTime {
        let second = unix_ns / SECOND_NS + ChinaTime::OFFSET_SECONDS;
        let is_this_day = second.wrapping_sub(self.begin) < DAY_SECONDS;
        let day = if is_this_day { self } else { Self::of_second(second) };
        let second_of_day = (second - day.begin) as u32;
        let (minutes, second) = (second_of_day / 60, second_of_day % 60);
        let hhmmss = minutes / 60 * 10_000 + minutes % 60 * 100 + second;
        ChinaTime { date: day.date, hhmmss, nanosecond: (unix_ns % SECOND_NS) as u32 }
    }
}

/// A hundredth of a second in China, as items hold it: within it nothing has to be taken apart and made digits again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChinaHundredth {
    /// Its first nanosecond since 1970-01-01T00:00:00Z.
    begin: u64,
    date_time: DateTime,
}

const HUNDREDTH_NS: u64 = SECOND_NS / 100;

impl ChinaHundredth {
    /// The hundredth of a moment, nanoseconds since 1970-01-01T00:00:00Z, probably of this day.
    #[inline]
    pub fn of_unix_ns(unix_ns: u64, day: ChinaDay) -> Self {
        let mut date_time = DateTime::BLANK;
        date_time.set_at(day.at_unix_ns(unix_ns));
        Self { begin: unix_ns - unix_ns % HUNDREDTH_NS, date_time }
    }

    /// Whether a moment lies in it.
    #[inline]
    pub fn holds(&self, unix_ns: u64) -> bool {
        unix_ns.wrapping_sub(self.begin) < HUNDREDTH_NS
    }

    /// Date and time of day.
    #[inline]
    pub fn date_time(&self) -> DateTime {
        self.date_time
    }

    /// Time of day.
    #[inline]
    pub fn time(&self) -> Time {
        let (_, time) = self.date_time.0.split_at(8);
        Time(*time.first_chunk().expect("twelve bytes have eight in front"))
    }
}

/// The date of a day counted from 1970-01-01. Years are counted from a 1st of March, so that the leap day comes last.
#[inline]
fn date_of_day(days: u32) -> u32 {
    let days = days + 719_468; // from 0000-03-01
    let (era, day_of_era) = (days / 146_097, days % 146_097); // of 400 years
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u32::from(month <= 2);
    year * 10_000 + month * 100 + day
}

/// A date (FTDDate): `yyyymmdd`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct Date([u8; 8]);

/// A time of day (FTDTime): `hhmmsscc`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct Time([u8; 8]);

/// A date and time of day (FTDDateTime): `yyyymmddhhmmsscc`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct DateTime([u8; 20]);

/// A date and time to the millisecond (FTDTimeStamp): `yyyymmddhhmmssmmm`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct TimeStamp([u8; 20]);

impl Date {
    /// Writes a date given as the number `yyyymmdd`. Whether such a day exists is not asked.
    ///
    /// # Errors
    /// [`TooLong`] when it has more than eight digits; nothing is changed then.
    #[inline]
    pub fn set(&mut self, yyyymmdd: u32) -> Result<(), TooLong> {
        if yyyymmdd > 99_999_999 {
            return Err(TooLong);
        }
        write_digits(&mut self.0, u64::from(yyyymmdd));
        Ok(())
    }

    /// Writes the calendar day of a moment.
    #[inline]
    pub fn set_at(&mut self, moment: ChinaTime) {
        *self = moment.date;
    }

    /// The date as the number `yyyymmdd`; `None` when not set or not eight digits.
    #[inline]
    pub fn get(&self) -> Option<u32> {
        digits(&self.0).map(|value| value as u32)
    }
}

impl Time {
    /// Writes a time given as the number `hhmmsscc`. Whether such a time exists is not asked.
    ///
    /// # Errors
    /// [`TooLong`] when it has more than eight digits; nothing is changed then.
    #[inline]
    pub fn set(&mut self, hhmmsscc: u32) -> Result<(), TooLong> {
        if hhmmsscc > 99_999_999 {
            return Err(TooLong);
        }
        write_digits(&mut self.0, u64::from(hhmmsscc));
        Ok(())
    }

    /// Writes the time of day of a moment, cut to hundredths.
    #[inline]
    pub fn set_at(&mut self, moment: ChinaTime) {
        write_digits(&mut self.0, u64::from(moment.hhmmss) * 100 + u64::from(moment.nanosecond / 10_000_000));
    }

    /// The time as the number `hhmmsscc`; `None` when not set or not digits.
    #[inline]
    pub fn get(&self) -> Option<u32> {
        with_or_without_hundredths(&self.0).map(|value| value as u32)
    }
}

impl DateTime {
    /// Writes a moment, cut to hundredths.
    #[inline]
    pub fn set_at(&mut self, moment: ChinaTime) {
        self.0[..8].copy_from_slice(&moment.date.0);
        write_digits(&mut self.0[8..16], u64::from(moment.hhmmss) * 100 + u64::from(moment.nanosecond / 10_000_000));
        self.0[16..].fill(b' ');
    }

    /// The moment as the number `yyyymmddhhmmsscc`; `None` when not set or not digits.
    #[inline]
    pub fn get(&self) -> Option<u64> {
        let (digits, padding) = self.0.split_at(16);
        if padding.iter().all(|&byte| byte == b' ' || byte == 0) { with_or_without_hundredths(digits) } else { None }
    }
}

impl TimeStamp {
    /// Writes a moment, cut to milliseconds.
    #[inline]
    pub fn set_at(&mut self, moment: ChinaTime) {
        self.0[..8].copy_from_slice(&moment.date.0);
        write_digits(&mut self.0[8..17], u64::from(moment.hhmmss) * 1_000 + u64::from(moment.nanosecond / 1_000_000));
        self.0[17..].fill(b' ');
    }

    /// The moment as the number `yyyymmddhhmmssmmm`; `None` when not set or not 17 digits.
    #[inline]
    pub fn get(&self) -> Option<u64> {
        let (text, padding) = self.0.split_at(17);
        if padding.iter().all(|&byte| byte == b' ' || byte == 0) { digits(text) } else { None }
    }
}

/// What the four types share: initial value, raw bytes, printing.
macro_rules! digits_in_a_string {
    ($($name:ident $size:literal)*) => {$(
        impl $name {
            /// The initial value: blanks.
            pub const BLANK: Self = Self([b' '; $size]);

            /// Whether nothing is written here: blanks or NULs.
            #[inline]
            pub fn is_blank(&self) -> bool {
                self.0.iter().all(|&byte| byte == b' ' || byte == 0)
            }

            /// The bytes as on the wire.
            #[inline]
            pub const fn bytes(&self) -> &[u8; $size] {
                &self.0
            }
        }

        impl From<[u8; $size]> for $name {
            fn from(bytes: [u8; $size]) -> Self {
                Self(bytes)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0.trim_ascii_end().escape_ascii())
            }
        }
    )*};
}

digits_in_a_string! { Date 8 Time 8 DateTime 20 TimeStamp 20 }

/// At most 17 digits, all of `text`.
#[inline]
fn digits(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0u64, |value, &byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 { None } else { Some(value * 10 + u64::from(digit)) }
    })
}

#[inline]
fn with_or_without_hundredths(text: &[u8]) -> Option<u64> {
    match text {
        [whole @ .., b' ' | 0, b' ' | 0] => digits(whole).map(|value| value * 100),
        _ => digits(text),
    }
}
