//! Numbers, strings and times against plain oracles.

use ftd::number::{BadNumber, Float, Number};
use ftd::time::{Date, DateTime, Time, TimeStamp};
use ftd::types::{Char, Int, Secret, Str, Word};
use ftd::{ChinaDay, ChinaTime, TooLong};
use proptest::prelude::*;

type Price = Float<12, 4>;
type Value = Float<14, 2>;
type Percent = Float<4, 2>;
type Turnover = Float<18, 2>;

/// The grammar of `ftd::number`, read by string splitting into i128.
fn oracle(text: &[u8], decimals: u32) -> Result<i64, BadNumber> {
    if text.iter().all(|&byte| byte == b' ') || text.iter().all(|&byte| byte == 0) {
        return Ok(0);
    }
    let text = std::str::from_utf8(text).map_err(|_| BadNumber::NotANumber)?.trim_start_matches(' ');
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest.trim_start_matches(' ')),
        None => (1, text),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.chars().all(|character| character.is_ascii_digit()) {
        return Err(BadNumber::NotANumber);
    }
    // Counted in 10^-20, then brought to the scale asked for.
    let value: i128 = format!("{whole}{fraction:0<20}").parse().expect("at most 38 digits");
    let divisor = 10i128.pow(20 - decimals);
    if value % divisor != 0 {
        return Err(BadNumber::TooFine);
    }
    i64::try_from(sign * (value / divisor)).map_err(|_| BadNumber::TooLarge)
}

fn check<const A: usize, const B: usize>(bytes: [u8; A]) {
    let number = Float::<A, B>::from(bytes);
    assert_eq!(number.units(), oracle(&bytes, 4), "{number:?}");
    assert_eq!(number.scaled::<0>(), oracle(&bytes, 0), "{number:?} whole");
    assert_eq!(number.scaled::<2>(), oracle(&bytes, 2), "{number:?} in hundredths");
    assert_eq!(number.scaled::<9>(), oracle(&bytes, 9), "{number:?} in billionths");
    let whole = Number::<A>::from(bytes);
    assert_eq!(whole.get(), oracle(&bytes, 0), "{whole:?}");
}

/// Bytes that are nearly a number: blanks, sign, digits, a point somewhere, now and then something else.
fn nearly_a_number(size: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![20 => b'0'..=b'9', 2 => Just(b' '), 1 => Just(b'-'), 1 => Just(b'.'), 1 => any::<u8>()];
    let free = prop::collection::vec(byte, size);
    let shaped = (0..size, any::<bool>(), 0..size + 4, prop::collection::vec(b'0'..=b'9', size), 0..size * 2).prop_map(
        move |(blanks, negative, point, mut text, odd)| {
            text[..blanks].fill(b' ');
            if negative {
                text[if odd % 2 == 0 { 0 } else { blanks }] = b'-';
            }
            if point < size {
                text[point] = b'.';
            }
            if odd < size {
                text[odd] = [b'0', b' ', b'x', 0][odd % 4];
            }
            text
        },
    );
    prop_oneof![free, shaped]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(effort::of(20_000) as u32))]

    #[test]
    fn a_price_is_what_the_oracle_reads(bytes in nearly_a_number(12)) {
        check::<12, 4>(bytes.try_into().expect("twelve bytes"));
    }

    #[test]
    fn other_widths_are_what_the_oracle_reads(bytes in nearly_a_number(18)) {
        check::<18, 2>(bytes.clone().try_into().expect("eighteen bytes"));
        check::<14, 2>(bytes[..14].try_into().expect("fourteen bytes"));
        check::<4, 2>(bytes[..4].try_into().expect("four bytes"));
        check::<3, 1>(bytes[..3].try_into().expect("three bytes"));
    }

    #[test]
    fn what_is_written_is_read_back_or_refused(units in -20_000_000_000_000_000i64..20_000_000_000_000_000) {
        for shift in [1, 100, 10_000, 1_000_000, 100_000_000] {
            write_and_read::<12, 4>(units / shift);
            write_and_read::<14, 2>(units / shift);
            write_and_read::<14, 2>(units / shift / 100 * 100);
            write_and_read::<18, 2>(units / shift / 100 * 100);
            write_and_read::<4, 2>(units / 1_000_000_000 / 10 * 10);
        }
    }

    #[test]
    fn whole_numbers_are_written_and_read_back(value in -1_200i64..1_200) {
        let mut number = Number::<3>::BLANK;
        let fits = (-99..=999).contains(&value);
        prop_assert_eq!(number.set(value), if fits { Ok(()) } else { Err(BadNumber::TooLarge) });
        prop_assert_eq!(number.get(), Ok(if fits { value } else { 0 }));
    }
}

fn write_and_read<const A: usize, const B: usize>(units: i64) {
    let mut number = Float::<A, B>::BLANK;
    // The oracle: the text the standard library writes, if it has the room and says all of the value.
    let divisor = 10i64.pow(4 - B as u32);
    let (scaled, sign) = ((units / divisor).unsigned_abs(), if units < 0 { "-" } else { "" });
    let one = 10u64.pow(B as u32);
    let digits = A - B - 1 - sign.len();
    let text = format!("{sign}{:0digits$}.{:0B$}", scaled / one, scaled % one);
    let expected = if units % divisor != 0 {
        Err(BadNumber::TooFine)
    } else if text.len() > A {
        Err(BadNumber::TooLarge)
    } else {
        Ok(())
    };
    assert_eq!(number.set_units(units), expected, "{units} as {text}");
    if expected.is_ok() {
        assert_eq!(number.bytes().as_slice(), text.as_bytes());
        assert_eq!(number.units(), Ok(units));
    } else {
        assert_eq!(number, Float::<A, B>::BLANK, "a refused value changes nothing");
    }
}

#[test]
fn forms_of_a_price() {
    let read = |text: &[u8; 12]| Price::from(*text).units();
    assert_eq!(read(b"0003500.2000"), Ok(35_002_000));
    assert_eq!(read(b"      3500.2"), Ok(35_002_000));
    assert_eq!(read(b"        3500"), Ok(35_000_000));
    assert_eq!(read(b"000000003500"), Ok(35_000_000));
    assert_eq!(read(b"-000012.5000"), Ok(-125_000));
    assert_eq!(read(b"       -12.5"), Ok(-125_000));
    assert_eq!(read(b"-       12.5"), Ok(-125_000));
    assert_eq!(read(b"          .5"), Ok(5_000));
    assert_eq!(read(b"          5."), Ok(50_000));
    assert_eq!(read(b"  0.12345000"), Err(BadNumber::TooFine));
    assert_eq!(read(b"  0.12340000"), Ok(1_234));
    assert_eq!(read(b"999999999999"), Ok(9_999_999_999_990_000));
    assert_eq!(read(b"            "), Ok(0));
    assert_eq!(read(&[0; 12]), Ok(0));
    assert_eq!(read(b"0000000.0000"), Ok(0));
    assert_eq!(read(b"-000000.0000"), Ok(0));
    for bad in [
        b"3500.2      ",
        b"        3 00",
        b"       1.2.3",
        b"          --",
        b"           -",
        b"           .",
        b"       +12.5",
        b"      1e0004",
        b"0003500,2000",
        b"0003500.200\0",
        b"\0\0\0\0\0\0\0\0\0\0\0 ",
        b"0003500.20\xff0",
    ] {
        assert_eq!(read(bad), Err(BadNumber::NotANumber), "{}", bad.escape_ascii());
    }
    assert_eq!(Turnover::from(*b"999999999999999999").units(), Err(BadNumber::TooLarge));
    assert_eq!(Turnover::from(*b"999999999999999.99").units(), Err(BadNumber::TooLarge));
    assert_eq!(Turnover::from(*b"999999999999999.99").scaled::<2>(), Ok(99_999_999_999_999_999));
    assert_eq!(Turnover::from(*b"922337203685477.58").units(), Ok(9_223_372_036_854_775_800));
    assert_eq!(Turnover::from(*b"922337203685477.59").units(), Err(BadNumber::TooLarge));
}

#[test]
fn limits_of_what_can_be_written() {
    let mut price = Price::BLANK;
    assert_eq!(price.set_units(99_999_999_999), Ok(()));
    assert_eq!(price.bytes(), b"9999999.9999");
    assert_eq!(price.set_units(100_000_000_000), Err(BadNumber::TooLarge));
    assert_eq!(price.set_units(-9_999_999_999), Ok(()));
    assert_eq!(price.bytes(), b"-999999.9999");
    assert_eq!(price.set_units(-10_000_000_000), Err(BadNumber::TooLarge));
    assert_eq!(price.set_units(i64::MIN), Err(BadNumber::TooLarge));
    assert_eq!(price.set_units(i64::MAX), Err(BadNumber::TooLarge));
    assert_eq!(price.set_scaled::<0>(i64::MAX), Err(BadNumber::TooLarge));
    assert_eq!(price.set_scaled::<0>(3_500), Ok(()));
    assert_eq!(price.bytes(), b"0003500.0000");

    let mut percent = Percent::BLANK;
    assert_eq!(percent.set_units(-500), Err(BadNumber::TooLarge));
    assert_eq!(percent.set_units(99_900), Ok(()));
    assert_eq!(percent.bytes(), b"9.99");

    assert_eq!(Price::BLANK.bytes(), b"0000000.0000");
    assert_eq!(Value::BLANK.bytes(), b"00000000000.00");
    assert_eq!(Number::<3>::BLANK.bytes(), b"000");
    assert_eq!(Number::<1>::from(*b"-").get(), Err(BadNumber::NotANumber));
}

#[test]
fn strings_are_padded_with_blanks_and_trimmed() {
    let mut id = Str::<8>::BLANK;
    assert!(id.is_blank() && id.trimmed().is_empty());
    assert_eq!(id.set(b"0001"), Ok(()));
    assert_eq!((id.bytes(), id.trimmed()), (b"0001    ", b"0001".as_slice()));
    assert_eq!(id.set(b"123456789"), Err(TooLong));
    assert_eq!(id.bytes(), b"0001    ");
    assert_eq!(id.set(b"12345678"), Ok(()));
    assert_eq!(id.decimal(), Some(12_345_678));
    assert_eq!(id.set(b" a b"), Ok(()));
    assert_eq!((id.trimmed(), id.decimal()), (b" a b".as_slice(), None));
    assert_eq!(Str::from(*b"ab \0 \0\0\0").trimmed(), b"ab");
    assert!(Str::from([0; 8]).is_blank());

    assert_eq!(id.set_decimal(0), Ok(()));
    assert_eq!(id.bytes(), b"0       ");
    assert_eq!(id.set_decimal(99_999_999), Ok(()));
    assert_eq!(id.bytes(), b"99999999");
    assert_eq!(id.set_decimal(100_000_000), Err(TooLong));
    assert_eq!(id.set_zero_filled(42, 6), Ok(()));
    assert_eq!((id.bytes(), id.decimal()), (b"000042  ", Some(42)));
    assert_eq!(id.set_zero_filled(42, 1), Err(TooLong));
    assert_eq!(id.set_zero_filled(42, 9), Err(TooLong));
    let mut wide = Str::<24>::BLANK;
    assert_eq!(wide.set_zero_filled(u64::MAX, 24), Ok(()));
    assert_eq!((wide.bytes(), wide.decimal()), (b"000018446744073709551615", Some(u64::MAX)));
    assert_eq!(Str::from(*b"99999999999999999999").decimal(), None);
}

#[test]
fn binary_items_stand_high_byte_first_and_secrets_do_not_print() {
    use zerocopy::IntoBytes;
    let mut int = Int::BLANK;
    int.set(-2);
    assert_eq!((int.as_bytes(), int.unsigned()), ([0xFF, 0xFF, 0xFF, 0xFE].as_slice(), 0xFFFF_FFFE));
    int.set_unsigned(0x0102_0304);
    assert_eq!((int.as_bytes(), int.get()), ([1, 2, 3, 4].as_slice(), 0x0102_0304));
    let word = Word::from(0x0102);
    assert_eq!((word.as_bytes(), word.get()), ([1, 2].as_slice(), 0x0102));
    assert!(Char::BLANK.is_blank() && Char::from(b' ').is_blank() && !Char::from(b'0').is_blank());

    let mut password = Secret::<40>::BLANK;
    password.set(b"open sesame").expect("it fits");
    assert_eq!(format!("{password:?}"), "***");
    assert_eq!(password.trimmed(), b"open sesame");
}

#[test]
fn a_moment_is_written_in_china_standard_time() {
    // 2014-08-29 07:45:30.123456789 UTC, a quarter to four in the afternoon in China.
    let moment = ChinaTime::from_unix_ns(1_409_298_330_123_456_789);
    assert_eq!((moment.yyyymmdd(), moment.hhmmss(), moment.nanosecond()), (20_140_829, 154_530, 123_456_789));
    let (mut date, mut time, mut date_time, mut stamp) = (Date::BLANK, Time::BLANK, DateTime::BLANK, TimeStamp::BLANK);
    assert_eq!((date.get(), time.get(), date_time.get(), stamp.get()), (None, None, None, None));
    date.set_at(moment);
    time.set_at(moment);
    date_time.set_at(moment);
    stamp.set_at(moment);
    assert_eq!(date.bytes(), b"20140829");
    assert_eq!(time.bytes(), b"15453012");
    assert_eq!(date_time.bytes(), b"2014082915453012    ");
    assert_eq!(stamp.bytes(), b"20140829154530123   ");
    assert_eq!((date.get(), time.get()), (Some(20_140_829), Some(15_453_012)));
    assert_eq!((date_time.get(), stamp.get()), (Some(2_014_082_915_453_012), Some(20_140_829_154_530_123)));

    // The forms of Appendix B, without hundredths.
    assert_eq!(Time::from(*b"154530  ").get(), Some(15_453_000));
    assert_eq!(DateTime::from(*b"20030101154530      ").get(), Some(2_003_010_115_453_000));
    assert_eq!(Time::from(*b"15:45:30").get(), None);

    assert_eq!(date.set(20_240_229), Ok(()));
    assert_eq!(date.bytes(), b"20240229");
    assert_eq!(date.set(100_000_000), Err(TooLong));
    assert_eq!(time.set(9_000_000), Ok(()));
    assert_eq!(time.bytes(), b"09000000");
    assert_eq!(time.set(100_000_000), Err(TooLong));
}

#[test]
fn every_day_until_the_nanoseconds_end_has_its_date() {
    // Counted day by day from the 1st of January 1970, with nothing but the leap rule.
    let (mut year, mut month, mut day) = (1970, 1, 1);
    for days in 0.. {
        // A second before midnight in China, and the midnight that begins the day.
        let Some(midnight_ns) =
            (days * 86_400u64).checked_sub(8 * 3_600).map(|second| second.checked_mul(1_000_000_000))
        else {
            (year, month, day) = next_day(year, month, day);
            continue;
        };
        let Some(midnight_ns) = midnight_ns else { break };
        let moment = ChinaTime::from_unix_ns(midnight_ns);
        assert_eq!((moment.yyyymmdd(), moment.hhmmss()), (year * 10_000 + month * 100 + day, 0));
        assert_eq!(ChinaTime::from_unix_ns(midnight_ns - 1).hhmmss(), 235_959);
        (year, month, day) = next_day(year, month, day);
    }
    assert_eq!(year, 2554);
    assert_eq!(ChinaTime::from_unix_ns(0).hhmmss(), 80_000);
    assert_eq!(ChinaTime::from_unix_ns(u64::MAX).yyyymmdd(), 25_540_722);
}

#[test]
fn a_moment_is_the_same_whichever_day_takes_it_apart() {
    const DAY_NS: u64 = 86_400_000_000_000;
    // Midnights in China: 1970-01-02, 2024-02-29, 2024-12-31, and the last one that 64 bits hold.
    for midnight in
        [57_600_000_000_000, 1_709_136_000_000_000_000, 1_735_574_400_000_000_000, 18_446_716_800_000_000_000]
    {
        for moment in [midnight - DAY_NS / 2, midnight - 1, midnight, midnight + 1, midnight + DAY_NS / 4] {
            let expected = ChinaTime::from_unix_ns(moment);
            for day in [0, midnight - 1, midnight, moment, u64::MAX] {
                assert_eq!(ChinaDay::of_unix_ns(day).at_unix_ns(moment), expected, "{moment} by the day of {day}");
            }
        }
    }
    assert_eq!(ChinaTime::from_unix_ns(1_709_136_000_000_000_000).yyyymmdd(), 20_240_229);
    assert_eq!(ChinaTime::from_unix_ns(1_709_136_000_000_000_000 - 1).yyyymmdd(), 20_240_228);
    assert_eq!(ChinaTime::from_unix_ns(u64::MAX).hhmmss(), 73_433);
}

fn next_day(year: u32, month: u32, day: u32) -> (u32, u32, u32) {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
    match (month, day == days) {
        (_, false) => (year, month, day + 1),
        (12, true) => (year + 1, 1, 1),
        (_, true) => (year, month + 1, 1),
    }
}
