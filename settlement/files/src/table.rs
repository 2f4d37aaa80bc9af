//! Tables: columns with widths and shapes, and rows of cells that are written in whatever form.
//!
//! Numbers as text, in every form that is text: lots without decimals; money and prices with four decimals, which is all that a settlement
//! knows, a `.` before them, no sign but `-` before what is below zero, no thousands. What the exchange does not know is `-`. Blanks around
//! a text are not part of it.

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name, as files carry it.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// Places of the columns that say which row it is.
    pub key: &'static [usize],
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its width in members' files, in bytes of GBK.
    pub width: u8,
    /// What stands in it.
    pub shape: Shape,
}

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Text.
    Text,
    /// A whole number.
    Count,
    /// Money or a price.
    Decimal,
    /// Money that drops decimals where the column is too narrow for all four.
    Short,
}

/// What stands in a row's column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Text.
    Text(&'a str),
    /// A whole number.
    Count(i64),
    /// Money or a price in 1/10,000.
    Decimal(i64),
    /// What the exchange does not know.
    Unknown,
}

/// A column, in short.
pub(crate) const fn column(name: &'static str, width: u8, shape: Shape) -> Column {
    Column { name, width, shape }
}

const PARTS: u64 = 10_000;

/// Appends a whole number.
pub(crate) fn push_count(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    push_digits(out, value.unsigned_abs());
}

/// Appends 1/10,000s with four decimals.
pub(crate) fn push_decimal(out: &mut Vec<u8>, parts: i64) {
    push_parts(out, parts < 0, parts.unsigned_abs());
}

fn push_parts(out: &mut Vec<u8>, is_below_zero: bool, size: u64) {
    if is_below_zero {
        out.push(b'-');
    }
    push_digits(out, size / PARTS);
    out.push(b'.');
    let rest = size % PARTS;
    out.extend([rest / 1_000, rest / 100 % 10, rest / 10 % 10, rest % 10].map(|digit| b'0' + digit as u8));
}

/// Appends 1/10,000s with as many of their four decimals as `width` bytes hold, rounded to the nearest, halves away from zero, and no `.`
/// where there are none. It may be too long all the same.
pub(crate) fn push_short(out: &mut Vec<u8>, parts: i64, width: usize) {
    let begin = out.len();
    push_decimal(out, parts);
    for decimals in (0..4u32).rev() {
        if out.len() - begin <= width {
            return;
        }
        out.truncate(begin);
        let unit = 10u64.pow(4 - decimals);
        let rounded = parts.unsigned_abs().saturating_add(unit / 2) / unit * unit;
        push_parts(out, parts < 0 && rounded > 0, rounded);
        out.truncate(out.len() - (4 - decimals) as usize - usize::from(decimals == 0));
    }
}

fn push_digits(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0u8; 20];
    let mut place = digits.len();
    loop {
        place -= 1;
        digits[place] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[place..]);
}

/// Appends a cell as text in UTF-8, as files without widths carry it.
pub(crate) fn push_cell(out: &mut Vec<u8>, cell: Cell<'_>) {
    match cell {
        Cell::Text(text) => out.extend_from_slice(text.trim_matches(' ').as_bytes()),
        Cell::Count(count) => push_count(out, count),
        Cell::Decimal(parts) => push_decimal(out, parts),
        Cell::Unknown => out.push(b'-'),
    }
}

/// A decimal number as 1/10,000s and how many decimals it was written with, at most four. `None`: it is none, or too large.
pub(crate) fn decimal(text: &str) -> Option<(i64, u32)> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1i128, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let (whole, broken) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 18 || broken.len() > 4 || !is_digits(whole) || !is_digits(broken) {
        return None;
    }
    let decimals = broken.len() as u32;
    let value: i128 = whole.parse::<i128>().ok()? * 10i128.pow(decimals)
        + if broken.is_empty() { 0 } else { broken.parse::<i128>().ok()? };
    i64::try_from(sign * value * 10i128.pow(4 - decimals)).ok().map(|parts| (parts, decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(push: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).expect("digits")
    }

    #[test]
    fn numbers_are_written_with_the_decimals_that_fit() {
        let all = [0, 1, -1, 12_345, -10_000, i64::MIN].map(|parts| text(|out| push_decimal(out, parts)));
        assert_eq!(all, ["0.0000", "0.0001", "-0.0001", "1.2345", "-1.0000", "-922337203685477.5808"]);
        let short = |parts, width| text(|out| push_short(out, parts, width));
        assert_eq!(short(123_456_789, 12), "12345.6789");
        assert_eq!(short(123_456_789, 9), "12345.679");
        assert_eq!(short(123_456_789, 7), "12345.7");
        assert_eq!(short(123_456_789, 6), "12346");
        assert_eq!(short(-9_999_999, 6), "-1000", "-999.9999");
        assert_eq!(short(123_456_789, 4), "12346", "too long all the same");
        assert_eq!(short(i64::MIN, 3), "-922337203685478");
        assert_eq!(short(-1, 2), "0");
    }

    #[test]
    fn numbers_are_read_as_they_were_written_and_nothing_else_is_one() {
        for parts in [0, 1, -1, 12_345, -10_000, i64::MAX, i64::MIN] {
            assert_eq!(decimal(&text(|out| push_decimal(out, parts))), Some((parts, 4)));
        }
        assert_eq!(
            [decimal("25.19"), decimal("-7"), decimal("+0.5")],
            [Some((251_900, 2)), Some((-70_000, 0)), Some((5_000, 1))]
        );
        for text in ["", "-", ".5", "1e3", "1.23456", "9999999999999999999", "--1", "1.-2", "買"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
