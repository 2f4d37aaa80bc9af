//! The day's calendar: its steps stand in the log (ScheduleSet), and whoever is the exchange gives each when its time has come.
//!
//! It is a fold like [`crate::Fold`], of which it is a part, so that a successor knows where the day stands: a step is taken when a command
//! that carries its number was not refused. Time is passed in.
//!
//! **A step whose time comes while the market is suspended for a takeover** waits, and is given after the takeover's last step, in
//! the order of the calendar, each to its own product. A product thus goes back to its phase at the cut and from there through whatever it
//! missed; nothing is left out, so an auction that should have been matched is matched, and a day that should have ended ends.
//!
//! **A core that begins late** gives what it missed at once, in the same order; a day of the past with a calendar is thus closed as soon as it
//! begins. Steps count by their numbers: one that stands behind a later time in the list waits for nobody, so the list goes by time.
//!
//! **A step that is refused** (continuous trading over a crossed book) is given once by this core and then passed over: what to do is an
//! operator's decision, and the steps behind it go on at their times.

use engine::command::{
    BodyView, CommandBuffer, DayClose, ExecWindowSet, PhaseSet, ScheduleAction, ScheduleSet, Uncross,
};
use engine::types::{InstrumentIndex, Nanoseconds};

/// China Standard Time is so many seconds ahead of UTC.
const CHINA_SECONDS: i64 = 8 * 3_600;
const DAY_SECONDS: i64 = 86_400;
/// FFEX enter reason: automatic.
const AUTOMATIC: u8 = b'1';

/// The calendar, and how far the day is in it.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    /// 0:00 China Standard Time of the action day. None: no day, or one that is no date.
    midnight: Option<Nanoseconds>,
    steps: Vec<ScheduleSet>,
    taken: u32,
    refused: u32,
}

impl Calendar {
    /// The first step that is due at `now` and that is neither taken nor numbered up to `asked`, the last one that was asked for.
    #[must_use]
    pub fn due(&self, now: Nanoseconds, asked: u32) -> Option<&ScheduleSet> {
        let time = now.0.checked_sub(self.midnight?.0)? / 1_000_000;
        let behind = self.taken.max(asked);
        self.steps.iter().find(|step| step.step > behind && u64::from(step.time) <= time)
    }

    /// When the next step behind these two is due. None: none is left.
    #[must_use]
    pub fn next_at(&self, asked: u32) -> Option<Nanoseconds> {
        let behind = self.taken.max(asked);
        let times = self.steps.iter().filter(|step| step.step > behind).map(|step| step.time);
        self.at(times.min()?)
    }

    /// The moment of a time of the calendar, milliseconds after midnight.
    #[must_use]
    pub fn at(&self, time: u32) -> Option<Nanoseconds> {
        Some(Nanoseconds(self.midnight?.0 + u64::from(time) * 1_000_000))
    }

    /// Its steps, in the order of their numbers.
    #[must_use]
    pub fn steps(&self) -> &[ScheduleSet] {
        &self.steps
    }

    /// The greatest step that was taken; 0 = none.
    #[must_use]
    pub fn taken(&self) -> u32 {
        self.taken
    }

    /// The calendar that a day's opening commands define, with nothing taken: for a core that begins the day.
    #[must_use]
    pub fn of_commands(commands: &[CommandBuffer]) -> Self {
        let mut calendar = Calendar::default();
        for command in commands {
            match command.command().body {
                BodyView::DayOpen(day) => calendar.open(day.action_day),
                BodyView::ScheduleSet(step) => calendar.define(step),
                _ => {}
            }
        }
        calendar
    }

    /// The last step that was refused; 0 = none.
    #[must_use]
    pub fn refused(&self) -> u32 {
        self.refused
    }

    /// A day begins, `action_day` yyyymmdd.
    pub fn open(&mut self, action_day: u32) {
        *self = Calendar { midnight: midnight(action_day), ..Calendar::default() };
    }

    /// A step stands in the log.
    pub fn define(&mut self, step: &ScheduleSet) {
        self.steps.push(*step);
    }

    /// A command that carried this step was not refused; 0 = none.
    pub fn take(&mut self, step: u32) {
        self.taken = self.taken.max(step);
    }

    /// It was.
    pub fn refuse(&mut self, step: u32) {
        self.refused = if step == 0 { self.refused } else { step };
    }
}

/// The command of a step.
#[must_use]
pub fn command_of(step: &ScheduleSet) -> CommandBuffer {
    let (number, product, instrument) = (step.step, step.product, InstrumentIndex::ALL);
    match ScheduleAction::from_code(step.action) {
        Some(ScheduleAction::Uncross) => CommandBuffer::own(&Uncross { instrument, product, step: number }),
        Some(action @ (ScheduleAction::WindowOpen | ScheduleAction::WindowClose)) => {
            let open = u8::from(action == ScheduleAction::WindowOpen);
            CommandBuffer::own(&ExecWindowSet { product, open, reserved: 0, step: number })
        }
        Some(ScheduleAction::DayClose) => CommandBuffer::own(&DayClose { reserved: 0, step: number }),
        // A step of another kind is refused when it is defined.
        Some(ScheduleAction::Phase) | None => CommandBuffer::own(&PhaseSet {
            instrument,
            phase: step.phase,
            reason: AUTOMATIC,
            step: number,
            product,
            last_day: step.last_day,
            reserved: [0; 5],
            text: [b' '; 80],
        }),
    }
}

/// 0:00 China Standard Time of a day, yyyymmdd. None: no date since 1970.
fn midnight(day: u32) -> Option<Nanoseconds> {
    let (year, month, date) = (i64::from(day / 10_000), i64::from(day / 100 % 100), i64::from(day % 100));
    if !(1..=12).contains(&month) || !(1..=31).contains(&date) {
        return None;
    }
    // Years begin in March, so that the leap day is their last: 306 days of a year lie before January.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 306 + 5) / 10 + date - 1;
    let since_1970 = days - 719_468;
    let seconds = u64::try_from(since_1970 * DAY_SECONDS - CHINA_SECONDS).ok()?;
    Some(Nanoseconds(seconds * 1_000_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::types::{Phase, ProductIndex};

    fn step(step: u32, time: u32) -> ScheduleSet {
        let (action, phase) = (ScheduleAction::Phase as u8, Phase::Continuous as u8);
        ScheduleSet { step, time, product: ProductIndex(0), action, phase, last_day: 0, reserved: [0; 3] }
    }

    #[test]
    fn midnight_is_chinas() {
        for (day, seconds) in [(20_240_603, 1_717_344_000), (20_240_229, 1_709_136_000), (19_700_102, 57_600)] {
            assert_eq!(midnight(day), Some(Nanoseconds(seconds * 1_000_000_000)), "{day}");
        }
        for day in [0, 20_241_301, 20_240_100, 19_700_101] {
            assert_eq!(midnight(day), None, "{day}");
        }
    }

    #[test]
    fn a_step_is_due_once_at_its_time_and_in_the_calendars_order() {
        let mut calendar = Calendar::default();
        let at = |time: u64| Nanoseconds(1_717_344_000_000_000_000 + time * 1_000_000);
        assert_eq!(calendar.due(at(0), 0), None);
        calendar.open(20_240_603);
        calendar.define(&step(1, 1_000));
        calendar.define(&step(4, 1_000));
        calendar.define(&step(5, 2_000));
        let due = |calendar: &Calendar, time, asked| calendar.due(at(time), asked).map(|step| step.step);
        assert_eq!(due(&calendar, 999, 0), None);
        assert_eq!((due(&calendar, 1_000, 0), due(&calendar, 1_000, 1)), (Some(1), Some(4)));
        assert_eq!((due(&calendar, 1_999, 4), due(&calendar, 9_000, 4)), (None, Some(5)));
        assert_eq!(calendar.next_at(1), Some(at(1_000)));
        calendar.take(4);
        calendar.take(0);
        assert_eq!((due(&calendar, 9_000, 0), calendar.taken()), (Some(5), 4));
        assert_eq!((calendar.next_at(0), calendar.next_at(5)), (Some(at(2_000)), None));
    }
}
