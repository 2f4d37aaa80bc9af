//! Which lots a close takes 平仓: yesterday's or today's.
//!
//! Close-today and close-yesterday say it themselves. A plain close takes the oldest first (先开先平, the default: CFFEX clears first in, first
//! out) or today's first (平今优先), by setting; the engine freezes in the same order (RULES.md, Accepting).

/// Lots of one side of a position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Held since before today.
    pub yesterday: u32,
    /// Opened today.
    pub today: u32,
}

/// Which day's lots a plain close takes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matching {
    /// First in, first out 先开先平.
    #[default]
    OldestFirst,
    /// Today's first 平今优先.
    TodayFirst,
}

/// What a close asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Close {
    /// By the setting.
    Any,
    /// 平今.
    Today,
    /// 平昨.
    Yesterday,
}

impl Held {
    /// The lots that a close takes; `None`: they are not there, and nothing changes.
    #[must_use]
    pub fn taken_by(self, close: Close, lots: u32, matching: Matching) -> Option<Held> {
        let taken = match (close, matching) {
            (Close::Today, _) => Held { yesterday: 0, today: lots },
            (Close::Yesterday, _) => Held { yesterday: lots, today: 0 },
            (Close::Any, Matching::OldestFirst) => {
                let yesterday = lots.min(self.yesterday);
                Held { yesterday, today: lots - yesterday }
            }
            (Close::Any, Matching::TodayFirst) => {
                let today = lots.min(self.today);
                Held { yesterday: lots - today, today }
            }
        };
        self.less(taken).map(|_| taken)
    }

    /// What is left without those lots; `None`: they are not there.
    #[must_use]
    pub fn less(self, taken: Held) -> Option<Held> {
        let yesterday = self.yesterday.checked_sub(taken.yesterday)?;
        Some(Held { yesterday, today: self.today.checked_sub(taken.today)? })
    }

    /// All lots.
    #[must_use]
    pub fn lots(self) -> u64 {
        u64::from(self.yesterday) + u64::from(self.today)
    }

    /// As the next day begins: today's have become yesterday's. `None`: more than 2^32 - 1 lots.
    #[must_use]
    pub fn next_day(self) -> Option<Held> {
        Some(Held { yesterday: self.yesterday.checked_add(self.today)?, today: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELD: Held = Held { yesterday: 5, today: 3 };

    #[test]
    fn closes_take_the_lots_that_they_name_or_that_the_setting_names() {
        let taken =
            |close, lots, matching| HELD.taken_by(close, lots, matching).map(|held| (held.yesterday, held.today));
        use Close::{Any, Today, Yesterday};
        use Matching::{OldestFirst, TodayFirst};
        assert_eq!(taken(Any, 6, OldestFirst), Some((5, 1)));
        assert_eq!(taken(Any, 6, TodayFirst), Some((3, 3)));
        assert_eq!(taken(Any, 2, TodayFirst), Some((0, 2)));
        assert_eq!(taken(Today, 3, OldestFirst), Some((0, 3)));
        assert_eq!(taken(Today, 4, OldestFirst), None);
        assert_eq!(taken(Yesterday, 5, TodayFirst), Some((5, 0)));
        assert_eq!(taken(Yesterday, 6, TodayFirst), None);
        assert_eq!(taken(Any, 9, OldestFirst), None);
        assert_eq!(HELD.next_day(), Some(Held { yesterday: 8, today: 0 }));
        assert_eq!(Held { yesterday: u32::MAX, today: 1 }.next_day(), None);
    }
}
