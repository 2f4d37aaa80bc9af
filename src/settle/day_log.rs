//! A whole day's log, read for the batch: what [`super::intake`] tells, kept.

use super::intake::{Contradiction, Fact, Intake};
use crate::day::settlement::DayTrade;
use journal::LogReader;
use settlement::market::InstrumentIndex;
use settlement::result::TradeLine;
use settlement::row::{Leg, RowKey};
use std::collections::BTreeMap;

/// Frames between two words about how far it is.
const FRAMES_A_WORD: u64 = 4_096;

/// What a day was.
#[derive(Clone, Default)]
pub struct DayLog {
    /// The fold after the last frame: names, terms, instructions, requests.
    pub intake: Intake,
    /// Positions the day began with: long and short lots.
    pub carried: BTreeMap<RowKey, (u32, u32)>,
    /// Trades' sides, in the order of the log, split by the day of the lots that they close.
    pub legs: Vec<Leg>,
    /// Trades' sides as members' files list them, in the order of the log, buyer first.
    pub lines: Vec<TradeLine>,
    /// Trades by instrument, each once: what settlement prices come from.
    pub trades: BTreeMap<InstrumentIndex, Vec<DayTrade>>,
}

impl DayLog {
    /// Reads a log; `seen` hears how many frames were read.
    ///
    /// # Errors
    /// [`Contradiction`].
    pub fn read(log: &LogReader, seen: &dyn Fn(u64)) -> Result<Self, Contradiction> {
        let mut day = DayLog::default();
        let mut frames = 0u64;
        for frame in log.frames_from(0) {
            day.take(&frame)?;
            frames += 1;
            if frames.is_multiple_of(FRAMES_A_WORD) {
                seen(frames);
            }
        }
        seen(frames);
        Ok(day)
    }

    /// Takes one more frame.
    ///
    /// # Errors
    /// [`Contradiction`].
    pub fn take(&mut self, frame: &journal::CompleteFrame<'_>) -> Result<(), Contradiction> {
        self.take_and(frame, &mut |_| {})
    }

    /// Takes one more frame, and tells what is in it.
    ///
    /// # Errors
    /// [`Contradiction`].
    pub fn take_and(
        &mut self,
        frame: &journal::CompleteFrame<'_>,
        tell: &mut impl FnMut(Fact),
    ) -> Result<(), Contradiction> {
        let DayLog { intake, carried, legs, lines, trades } = self;
        intake.take(frame, &mut |fact| {
            match fact {
                Fact::Carried(row, long, short) => drop(carried.insert(row, (long, short))),
                Fact::Line(line) => lines.push(line),
                Fact::Leg(leg) => legs.push(leg),
                Fact::Submitted(_) => {} // the fold counts them
                Fact::Traded(instrument, trade) => trades.entry(instrument).or_default().push(trade),
            }
            tell(fact);
        })
    }
}
