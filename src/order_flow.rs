//! Order-flow files: real or made orders, one row an operation, as CSV.
//!
//! ```text
//! row,time,op,order,side,price,volume
//! 0,09:15:00.000,call,,,,               a call auction begins
//! 1,09:15:00.000,insert,1,sell,181888,100
//! 2,09:15:01.000,cancel,1,,,
//! 3,09:25:00.000,uncross,,,,            it is matched; continuous trading follows
//! ```
//!
//! Rows count from 0 without gaps. Times are hh:mm:ss.mmm and never go back. Orders have numbers of their own, never used twice. Prices
//! are ticks, volumes lots. A file is read whole and checked whole before the first order leaves; a fault names the file, the row and
//! what was expected.
//!
//! A trades file is what came of it: `row,buy_order,sell_order,price,volume`, in the order in which the trades were made.

use csv::{ReaderBuilder, StringRecord};
use engine::types::{Direction, InstrumentIndex, Nanoseconds};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// One row of an order-flow file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Time of day.
    pub time: Nanoseconds,
    /// What is done.
    pub operation: Operation,
}

/// What a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A call auction begins.
    Call,
    /// The call auction is matched; continuous trading follows.
    Uncross,
    /// A limit order, good for the day.
    Insert {
        /// Its number.
        order: OrderNumber,
        /// Its side.
        direction: Direction,
        /// Its price, ticks.
        price: i32,
        /// Its volume, lots.
        volume: u32,
    },
    /// Takes an order back.
    Cancel {
        /// Its number.
        order: OrderNumber,
    },
}

/// An order's number in its file.
pub type OrderNumber = u32;

/// A row of a trades file, or a trade that a run made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowTrade {
    /// The row that caused it.
    pub row: u32,
    /// The buy order.
    pub buy_order: OrderNumber,
    /// The sell order.
    pub sell_order: OrderNumber,
    /// Ticks.
    pub price: i32,
    /// Lots.
    pub volume: u32,
}

impl fmt::Display for FlowTrade {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{},{},{},{},{}", self.row, self.buy_order, self.sell_order, self.price, self.volume)
    }
}

/// Why a file was refused: file, line, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowError {
    file: PathBuf,
    line: Option<u64>,
    text: String,
}

impl fmt::Display for FlowError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(out, ", line {line}")?;
        }
        write!(out, ": {}", self.text)
    }
}

impl std::error::Error for FlowError {}

/// An order-flow file, read and checked.
#[derive(Clone, Debug)]
pub struct OrderFlow {
    /// Its rows; a row's place is its number.
    pub rows: Vec<Row>,
    /// Lowest price, ticks.
    pub lowest: i32,
    /// Highest price, ticks.
    pub highest: i32,
    /// Greatest volume of one order.
    pub largest_volume: u32,
}

/// Most rows a file may have: an order's row number must fit the local ids of a drill.
pub const MAX_ROWS: usize = 99_999_999;
/// Most ticks between the lowest and the highest price: the engine's band (RULES.md, Base data).
pub const MAX_BAND_TICKS: i32 = 65_535;
/// The one instrument that a file's orders are in.
pub const INSTRUMENT: InstrumentIndex = InstrumentIndex(0);

struct Table {
    file: PathBuf,
    reader: csv::Reader<std::fs::File>,
}

impl Table {
    fn open(path: &Path, header: &[&str]) -> Result<Self, FlowError> {
        let refuse = |text: String| FlowError { file: path.to_owned(), line: None, text };
        let file = std::fs::File::open(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
        let mut reader = ReaderBuilder::new().from_reader(file);
        let found = reader.headers().map_err(|error| refuse(format!("cannot be read: {error}")))?;
        if found != header {
            let found = found.iter().collect::<Vec<_>>().join(",");
            return Err(FlowError {
                file: path.to_owned(),
                line: Some(1),
                text: format!("expected the header {}, found {found}", header.join(",")),
            });
        }
        Ok(Table { file: path.to_owned(), reader })
    }

    fn fault(&self, record: &StringRecord, text: String) -> FlowError {
        FlowError { file: self.file.clone(), line: record.position().map(csv::Position::line), text }
    }

    fn next(&mut self) -> Option<Result<StringRecord, FlowError>> {
        let mut record = StringRecord::new();
        match self.reader.read_record(&mut record) {
            Ok(true) => Some(Ok(record)),
            Ok(false) => None,
            Err(error) => Some(Err(FlowError {
                line: error.position().map(csv::Position::line),
                file: self.file.clone(),
                text: match error.kind() {
                    csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                        format!("expected {expected_len} columns, found {len}")
                    }
                    csv::ErrorKind::Utf8 { .. } => "expected UTF-8 text".to_owned(),
                    _ => error.to_string(),
                },
            })),
        }
    }

    fn number<N: std::str::FromStr + PartialOrd + fmt::Display + Copy>(
        &self,
        record: &StringRecord,
        column: usize,
        name: &str,
        least: N,
        most: N,
    ) -> Result<N, FlowError> {
        let text = &record[column];
        match text.parse::<N>() {
            Ok(value) if value >= least && value <= most => Ok(value),
            _ => Err(self.fault(record, format!("{name} `{text}`: expected a number from {least} to {most}"))),
        }
    }

    fn empty(&self, record: &StringRecord, columns: std::ops::Range<usize>, operation: &str) -> Result<(), FlowError> {
        match columns.clone().find(|&column| !record[column].is_empty()) {
            None => Ok(()),
            Some(column) => {
                let text = format!("{operation} has `{}` in column {}: expected nothing", &record[column], column + 1);
                Err(self.fault(record, text))
            }
        }
    }
}

impl OrderFlow {
    /// Reads and checks an order-flow file.
    ///
    /// # Errors
    /// The first fault: file, line, what was expected.
    pub fn read(path: &Path) -> Result<Self, FlowError> {
        let mut table = Table::open(path, &["row", "time", "op", "order", "side", "price", "volume"])?;
        let mut flow = OrderFlow { rows: Vec::new(), lowest: i32::MAX, highest: i32::MIN, largest_volume: 0 };
        let mut orders: BTreeMap<OrderNumber, u32> = BTreeMap::new();
        let mut auction = false;
        let mut time = Nanoseconds(0);
        while let Some(record) = table.next() {
            let record = record?;
            let row = u32::try_from(flow.rows.len()).unwrap_or(u32::MAX);
            if flow.rows.len() > MAX_ROWS {
                return Err(table.fault(&record, format!("expected at most {MAX_ROWS} rows")));
            }
            table.number(&record, 0, "row", row, row)?;
            let now = parse_time(&record[1])
                .ok_or_else(|| table.fault(&record, format!("time `{}`: expected hh:mm:ss.mmm", &record[1])))?;
            if now < time {
                return Err(table.fault(&record, format!("time `{}` is before the row above", &record[1])));
            }
            time = now;
            let operation = match &record[2] {
                "call" if auction => return Err(table.fault(&record, "call: an auction is under way".to_owned())),
                "uncross" if !auction => {
                    return Err(table.fault(&record, "uncross: no auction is under way".to_owned()));
                }
                op @ ("call" | "uncross") => {
                    table.empty(&record, 3..7, op)?;
                    auction = op == "call";
                    if auction { Operation::Call } else { Operation::Uncross }
                }
                "insert" => {
                    let order = table.number(&record, 3, "order", 1, OrderNumber::MAX)?;
                    if let Some(first) = orders.insert(order, row) {
                        return Err(table.fault(&record, format!("order {order} was inserted before, in row {first}")));
                    }
                    let direction = match &record[4] {
                        "buy" => Direction::Buy,
                        "sell" => Direction::Sell,
                        side => return Err(table.fault(&record, format!("side `{side}`: expected buy or sell"))),
                    };
                    let price = table.number(&record, 5, "price", 1, (1 << 30) - 1)?;
                    let volume = table.number(&record, 6, "volume", 1, i32::MAX as u32)?;
                    flow.lowest = flow.lowest.min(price);
                    flow.highest = flow.highest.max(price);
                    flow.largest_volume = flow.largest_volume.max(volume);
                    if flow.highest - flow.lowest > MAX_BAND_TICKS {
                        let text = format!("price {price}: expected all prices within {MAX_BAND_TICKS} ticks");
                        return Err(table.fault(&record, text));
                    }
                    Operation::Insert { order, direction, price, volume }
                }
                "cancel" => {
                    let order = table.number(&record, 3, "order", 1, OrderNumber::MAX)?;
                    table.empty(&record, 4..7, "cancel")?;
                    if !orders.contains_key(&order) {
                        return Err(table.fault(&record, format!("order {order} was not inserted above")));
                    }
                    Operation::Cancel { order }
                }
                op => return Err(table.fault(&record, format!("op `{op}`: expected insert, cancel, call or uncross"))),
            };
            flow.rows.push(Row { time, operation });
        }
        if flow.lowest > flow.highest {
            return Err(FlowError {
                file: path.to_owned(),
                line: None,
                text: "expected at least one insert".to_owned(),
            });
        }
        Ok(flow)
    }

    /// Orders inserted by the file.
    #[must_use]
    pub fn order_count(&self) -> usize {
        self.rows.iter().filter(|row| matches!(row.operation, Operation::Insert { .. })).count()
    }
}

/// Reads a trades file.
///
/// # Errors
/// The first fault: file, line, what was expected.
pub fn read_trades(path: &Path) -> Result<Vec<FlowTrade>, FlowError> {
    let mut table = Table::open(path, &["row", "buy_order", "sell_order", "price", "volume"])?;
    let mut trades = Vec::new();
    while let Some(record) = table.next() {
        let record = record?;
        trades.push(FlowTrade {
            row: table.number(&record, 0, "row", 0, u32::MAX)?,
            buy_order: table.number(&record, 1, "buy_order", 1, OrderNumber::MAX)?,
            sell_order: table.number(&record, 2, "sell_order", 1, OrderNumber::MAX)?,
            price: table.number(&record, 3, "price", 1, i32::MAX)?,
            volume: table.number(&record, 4, "volume", 1, u32::MAX)?,
        });
    }
    Ok(trades)
}

/// The first difference between what was expected and what came, in words; None = the same.
#[must_use]
pub fn first_difference(expected: &[FlowTrade], found: &[FlowTrade]) -> Option<String> {
    let place = expected.iter().zip(found).position(|(expected, found)| expected != found);
    let place = place.or_else(|| (expected.len() != found.len()).then(|| expected.len().min(found.len())))?;
    let show = |trade: Option<&FlowTrade>| trade.map_or_else(|| "no trade".to_owned(), ToString::to_string);
    Some(format!(
        "trade {} of {}: expected {}, found {}",
        place + 1,
        expected.len(),
        show(expected.get(place)),
        show(found.get(place))
    ))
}

fn parse_time(text: &str) -> Option<Nanoseconds> {
    let bytes = text.as_bytes();
    if bytes.len() != 12 || bytes[2] != b':' || bytes[5] != b':' || bytes[8] != b'.' {
        return None;
    }
    let part = |range: std::ops::Range<usize>, most: u64| {
        let digits = &bytes[range];
        let all = digits.iter().all(u8::is_ascii_digit);
        let value = digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit.wrapping_sub(b'0')));
        (all && value <= most).then_some(value)
    };
    let seconds = part(0..2, 23)? * 3_600 + part(3..5, 59)? * 60 + part(6..8, 59)?;
    Some(Nanoseconds((seconds * 1_000 + part(9..12, 999)?) * 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const HEADER: &str = "row,time,op,order,side,price,volume\n";

    fn read(rows: &str) -> Result<OrderFlow, String> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        write!(file, "{HEADER}{rows}").expect("written");
        OrderFlow::read(file.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_whole_file_is_read() {
        let flow = read("0,09:15:00.000,call,,,,\n1,09:15:00.040,insert,7,buy,100,5\n2,09:15:00.040,cancel,7,,,\n3,09:25:00.000,uncross,,,,\n")
            .expect("a good file");
        assert_eq!(flow.rows.len(), 4);
        assert_eq!(flow.rows[1].time, Nanoseconds(33_300_040_000_000));
        assert_eq!((flow.lowest, flow.highest, flow.largest_volume, flow.order_count()), (100, 100, 5, 1));
    }

    #[test]
    fn every_fault_names_its_line_and_what_was_expected() {
        for (rows, line, expected) in [
            ("0,09:15:00.000,insert,1,buy,100\n", 2, "7 columns"),
            ("1,09:15:00.000,insert,1,buy,100,5\n", 2, "from 0 to 0"),
            ("0,9:15,insert,1,buy,100,5\n", 2, "hh:mm:ss.mmm"),
            ("0,09:75:00.000,insert,1,buy,100,5\n", 2, "hh:mm:ss.mmm"),
            ("0,09:15:00.000,insert,1,buy,100,5\n1,09:14:00.000,cancel,1,,,\n", 3, "before the row above"),
            ("0,09:15:00.000,amend,1,buy,100,5\n", 2, "insert, cancel, call or uncross"),
            ("0,09:15:00.000,insert,1,long,100,5\n", 2, "buy or sell"),
            ("0,09:15:00.000,insert,1,buy,0,5\n", 2, "price `0`"),
            ("0,09:15:00.000,insert,1,buy,100,-5\n", 2, "volume `-5`"),
            ("0,09:15:00.000,insert,1,buy,100,5\n1,09:15:00.000,insert,1,buy,100,5\n", 3, "in row 0"),
            ("0,09:15:00.000,cancel,1,,,\n", 2, "not inserted"),
            ("0,09:15:00.000,uncross,,,,\n", 2, "no auction"),
            ("0,09:15:00.000,call,,,,\n1,09:15:00.000,call,,,,\n", 3, "under way"),
            ("0,09:15:00.000,call,,,9,\n", 2, "expected nothing"),
            ("0,09:15:00.000,insert,1,buy,1,5\n1,09:15:00.000,insert,2,buy,70000,5\n", 3, "65535 ticks"),
        ] {
            let fault = read(rows).expect_err(rows);
            assert!(fault.contains(&format!("line {line}:")) && fault.contains(expected), "{rows} -> {fault}");
        }
        assert!(read("").expect_err("empty").contains("at least one insert"));
    }

    #[test]
    fn the_first_difference_is_named() {
        let trade = FlowTrade { row: 1, buy_order: 2, sell_order: 3, price: 4, volume: 5 };
        let other = FlowTrade { price: 5, ..trade };
        assert_eq!(first_difference(&[trade], &[trade]), None);
        let text = first_difference(&[trade, trade], &[trade, other]).expect("different");
        assert!(text.contains("trade 2 of 2") && text.contains("1,2,3,4,5") && text.contains("1,2,3,5,5"), "{text}");
        assert!(first_difference(&[trade], &[]).expect("missing").contains("no trade"));
        assert!(first_difference(&[], &[trade]).is_some());
    }
}
