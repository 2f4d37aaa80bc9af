//! Corrections of a settled day: another settlement price, a trade that is cancelled. A file `kind,name,value` stands in each run's folder and
//! holds all that are in force; the next run begins with them.
//!
//! ```text
//! kind,name,value
//! price,IF2410,3987.2
//! cancel-trade,B00000001234,
//! ```
//!
//! A cancelled trade's lots are taken out of both rows; what was closed of them later in the day closes other lots of the row, yesterday's and
//! today's as there are. Where there are none, the correction is refused with what it contradicts.

use super::day_log::DayLog;
use super::terms::{LogNames, Terms, trimmed};
use crate::day::decimal::{self, PRICE_PLACES, show};
use crate::day::table::{self, Faults, may, must};
use settlement::Price;
use settlement::row::{Effect, Leg, RowKey, Side};
use settlement::rules::closing::{Close, Held};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// The file in a run's folder.
pub const FILE: &str = "corrections.csv";
/// Most of a price, 1/10,000 yuan.
const PRICE_MOST: i64 = 1 << 50;

/// Corrections in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Corrections {
    /// Settlement prices by InstrumentId, 1/10,000 yuan.
    pub prices: BTreeMap<String, i64>,
    /// TradeIds of cancelled trades.
    pub cancelled: BTreeSet<String>,
}

impl Corrections {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.prices.is_empty() && self.cancelled.is_empty()
    }

    /// With those of a command line: `IF2410=3987.2`, TradeIds.
    ///
    /// # Errors
    /// The flag and what was expected.
    pub fn add_flags(&mut self, prices: &[String], cancelled: &[String]) -> Result<(), String> {
        for text in prices {
            let known = text.split_once('=').and_then(|(name, price)| {
                let price = decimal::parse(price, PRICE_PLACES).filter(|price| (0..=PRICE_MOST).contains(price))?;
                Some((name.trim().to_owned(), price))
            });
            let (name, price) =
                known.ok_or_else(|| format!("--price {text}: expected INSTRUMENT=PRICE, like IF2410=3987.2"))?;
            self.prices.insert(name, price);
        }
        self.cancelled.extend(cancelled.iter().map(|id| id.trim().to_owned()));
        Ok(())
    }

    /// Adds a file's.
    ///
    /// # Errors
    /// Everything that is wrong with it. A file that is not there is a fault.
    pub fn add_file(&mut self, path: &Path) -> Result<(), Faults> {
        let mut faults = Faults::default();
        let folder = path.parent().unwrap_or(Path::new("."));
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let columns = &[must("kind"), must("name"), may("value")];
        let is_there = table::read(folder, &file, columns, &mut faults, |row| {
            let is_price = row.choice("kind", None, &[("price", true), ("cancel-trade", false)]);
            let name = row.text("name", 30);
            if is_price {
                let price = row.decimal("value", None, PRICE_PLACES, 0..=PRICE_MOST);
                self.prices.insert(name, price);
            } else {
                self.cancelled.insert(name);
            }
        });
        if !is_there {
            faults.push(&file, None, None, "missing".to_owned());
        }
        if faults.count == 0 { Ok(()) } else { Err(faults) }
    }

    /// Rows of trades that these cancel and `before` did not.
    #[must_use]
    pub fn newly_touched(&self, before: &Corrections, day: &DayLog) -> BTreeSet<RowKey> {
        if self.cancelled == before.cancelled {
            return BTreeSet::new();
        }
        let is_new = |id: &[u8]| {
            let id = trimmed(id);
            self.cancelled.contains(&id) && !before.cancelled.contains(&id)
        };
        day.lines.iter().filter(|line| is_new(&line.trade_id)).map(|line| line.leg.row).collect()
    }

    /// As a file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = "kind,name,value\n".to_owned();
        self.prices.iter().for_each(|(name, price)| {
            text.push_str(&format!("price,{name},{}\n", show(*price, PRICE_PLACES)));
        });
        self.cancelled.iter().for_each(|id| text.push_str(&format!("cancel-trade,{id},\n")));
        text
    }

    /// Puts them in force: prices among the terms, cancelled trades out of the day.
    ///
    /// # Errors
    /// What names nothing of the day, or cannot be.
    pub fn apply(&self, day: &mut DayLog, terms: &mut Terms) -> Result<(), Faults> {
        let mut faults = Faults::default();
        let mut fault = |column: &str, message: String| faults.push(FILE, None, Some(column), message);
        let names = LogNames::of(&day.intake);
        for (name, price) in &self.prices {
            match names.instruments.get(name) {
                Some(place) => drop(terms.given.insert(*place, Price(*price))),
                None => fault("name", format!("`{}`: expected an instrument of the day", name.escape_debug())),
            }
        }
        let mut found: BTreeSet<&str> = BTreeSet::new();
        let mut is_cancelled = Vec::with_capacity(day.lines.len());
        for line in &day.lines {
            let id = trimmed(&line.trade_id);
            let cancelled = self.cancelled.get(&id);
            found.extend(cancelled.map(String::as_str));
            is_cancelled.push(cancelled.is_some());
        }
        for id in self.cancelled.iter().filter(|id| !found.contains(id.as_str())) {
            fault("name", format!("`{}`: expected the TradeId of a trade of the day", id.escape_debug()));
        }
        if found.is_empty() {
            return if faults.count == 0 { Ok(()) } else { Err(faults) };
        }
        day.take_out(&is_cancelled).unwrap_or_else(|row| {
            let client = day.intake.accounts.get(row.account.0 as usize).and_then(Option::as_ref);
            let client = client.map(|account| trimmed(&account.client_id)).unwrap_or_default();
            let message =
                format!("{client}: what the cancelled trade opened was closed later, and it holds no other lots");
            fault("name", message);
        });
        if faults.count == 0 { Ok(()) } else { Err(faults) }
    }
}

impl DayLog {
    /// Takes trades' lines out, with all that they did.
    fn take_out(&mut self, is_cancelled: &[bool]) -> Result<(), RowKey> {
        let touched: BTreeSet<RowKey> = self
            .lines
            .iter()
            .zip(is_cancelled)
            .filter(|(_, cancelled)| **cancelled)
            .map(|(line, _)| line.leg.row)
            .collect();
        let gone = self.lines.iter().zip(is_cancelled).filter(|(_, cancelled)| **cancelled);
        for (line, _) in gone.filter(|(line, _)| line.leg.side == Side::Buy) {
            let trades = self.trades.entry(line.leg.row.instrument).or_default();
            let time = crate::day::settlement::time_of_day(line.time);
            let same = |trade: &crate::day::settlement::DayTrade| {
                (trade.time, trade.price, trade.volume) == (time, line.leg.price.0, line.leg.lots)
            };
            if let Some(place) = trades.iter().position(same) {
                trades.remove(place);
            }
        }
        // Legs follow their lines: of a line its lots' worth of them.
        let mut legs = Vec::with_capacity(self.legs.len());
        let mut rest = self.legs.iter();
        let mut held: HashMap<RowKey, [Held; 2]> = HashMap::new();
        for row in &touched {
            let (long, short) = self.carried.get(row).copied().unwrap_or_default();
            let lots = [long, short].map(|lots| Held { yesterday: lots, today: 0 });
            held.insert(*row, lots);
        }
        for (line, cancelled) in self.lines.iter().zip(is_cancelled) {
            let mut lots = 0;
            while lots < line.leg.lots {
                let Some(leg) = rest.next() else { break };
                lots += leg.lots;
                match held.get_mut(&leg.row) {
                    _ if *cancelled => {}
                    None => legs.push(*leg),
                    Some(held) => legs.extend(again(held, leg).ok_or(leg.row)?.into_iter().flatten()),
                }
            }
        }
        self.legs = legs;
        let mut keep = is_cancelled.iter().map(|cancelled| !cancelled);
        self.lines.retain(|_| keep.next().unwrap_or(true));
        Ok(())
    }
}

/// A leg on a row that a cancelled trade is missing from: it closes the lots it closed, or of the other day where those are not there.
fn again(held: &mut [Held; 2], leg: &Leg) -> Option<[Option<Leg>; 2]> {
    let (own, other) = if leg.side == Side::Buy { (0, 1) } else { (1, 0) };
    let Effect::Close(close) = leg.effect else {
        held[own].today = held[own].today.checked_add(leg.lots)?;
        return Some([Some(*leg), None]);
    };
    let there = held[other];
    let yesterday = match close {
        Close::Today => leg.lots - leg.lots.min(there.today),
        Close::Yesterday | Close::Any => leg.lots.min(there.yesterday),
    };
    let today = leg.lots - yesterday;
    held[other] = there.less(Held { yesterday, today })?;
    let part = |close, lots| (lots > 0).then_some(Leg { effect: Effect::Close(close), lots, ..*leg });
    Some([part(Close::Yesterday, yesterday), part(Close::Today, today)])
}
