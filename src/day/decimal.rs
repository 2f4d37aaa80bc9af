//! Decimal numbers of files, exact: an integer and how many places stand behind its point. No float is between a file and the engine.

/// Places of a price or an amount: 1/10,000 yuan.
pub const PRICE_PLACES: u32 = 4;
/// Places of a rate: 0.000023 is 2,300.
pub const RATE_PLACES: u32 = 8;
/// A rate of one.
pub const ONE: i64 = 10i64.pow(RATE_PLACES);

/// Reads `-12.5` with so many places; more of them may only be zeros. None: not such a number, or too large.
#[must_use]
pub fn parse(text: &str, places: u32) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(part) {
        return None;
    }
    let kept = part.len().min(places as usize);
    if part.bytes().skip(kept).any(|byte| byte != b'0') {
        return None;
    }
    let missing = places - u32::try_from(kept).ok()?;
    let part: i64 = if kept == 0 { 0 } else { part[..kept].parse().ok()? };
    let scale = 10i64.checked_pow(places)?;
    let value = whole.parse::<i64>().ok()?.checked_mul(scale)?;
    let value = value.checked_add(part.checked_mul(10i64.checked_pow(missing)?)?)?;
    Some(if negative { -value } else { value })
}

/// Writes it as [`parse`] reads it, without zeros at the end.
#[must_use]
pub fn show(value: i64, places: u32) -> String {
    let scale = 10u64.pow(places);
    let sign = if value < 0 { "-" } else { "" };
    let (whole, part) = (value.unsigned_abs() / scale, value.unsigned_abs() % scale);
    let text = format!("{sign}{whole}.{part:0width$}", width = places as usize);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_number_of_so_many_places_is_none() {
        for (text, value) in [
            ("3973.4", Some(39_734_000)),
            ("-0.5", Some(-5_000)),
            ("7", Some(70_000)),
            ("1.23450", Some(12_345)),
            ("1.23456", None),
            ("", None),
            (".5", None),
            ("5.", None),
            ("1e5", None),
            ("+1", None),
            ("１", None),
            ("9223372036854775807", None),
            ("1.5.5", None),
        ] {
            assert_eq!(parse(text, PRICE_PLACES), value, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_reads_the_same(value in -1_000_000_000_000_000i64..1_000_000_000_000_000, places in 0u32..9) {
            prop_assert_eq!(parse(&show(value, places), places), Some(value));
        }

        #[test]
        fn any_text_reads_or_does_not(text in "\\PC*") {
            let _ = parse(&text, RATE_PLACES);
        }
    }
}
