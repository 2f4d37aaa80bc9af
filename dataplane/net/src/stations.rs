//! Whom a session's frames go to on the Ethernet segment: the station its last good frame came from, and, when nothing is
//! acknowledged, those before it.
//!
//! A router may change in the middle of a connection, and its peer's frames then come from another station; we answer
//! there. But no sum of IPv4 or TCP covers Ethernet's addresses: a frame can be good and its source wrong, and a network may
//! deliver that frame twice. So a station is forgotten only when another has brought something new twice in a row, and each
//! timeout goes to the next that is remembered.

use crate::port::Mac;

/// The stations of one session, the last heard first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stations {
    heard: [Mac; STATIONS_MAX],
    /// How many of them.
    count: u8,
    /// The one that frames go to; the first unless timeouts have moved on.
    cursor: u8,
}

/// Stations remembered: three wrong ones in a row, and the right one.
const STATIONS_MAX: usize = 4;

impl Stations {
    /// The first frame came from `station`, or ARP has named it.
    pub(crate) fn only(station: Mac) -> Stations {
        Stations { heard: [station; STATIONS_MAX], count: 1, cursor: 0 }
    }

    /// Where the next frame goes.
    #[inline]
    pub(crate) fn current(&self) -> Mac {
        self.heard[usize::from(self.cursor)]
    }

    /// A good frame has come from `source`. It is news if it brought bytes in order or acknowledged something: a frame that
    /// comes twice does that once.
    #[inline]
    pub(crate) fn hear(&mut self, source: Mac, is_news: bool) {
        if self.count != 1 || self.heard[0] != source {
            self.reorder(source, is_news);
        }
    }

    #[cold]
    fn reorder(&mut self, source: Mac, is_news: bool) {
        self.cursor = 0;
        let known = &self.heard[..usize::from(self.count)];
        let place = match known.iter().position(|station| *station == source) {
            Some(0) if is_news => {
                self.count = 1;
                return;
            }
            Some(place) => place,
            None => {
                self.count = (self.count + 1).min(STATIONS_MAX as u8);
                usize::from(self.count) - 1
            }
        };
        self.heard[..=place].rotate_right(1);
        self.heard[0] = source;
    }

    /// What was sent is not acknowledged in time: perhaps the station was the wrong one.
    pub(crate) fn time_out(&mut self) {
        self.cursor = (self.cursor + 1) % self.count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: Mac = Mac([2, 0, 0, 0, 0, 2]);

    fn wrong(number: u8) -> Mac {
        Mac([2, 0, 0, 0, 1, number])
    }

    /// Timeouts until frames go to the right station.
    fn timeouts(mut stations: Stations) -> Option<usize> {
        (0..10).find(|_| {
            let found = stations.current() == RIGHT;
            stations.time_out();
            found
        })
    }

    #[test]
    fn frames_follow_a_new_router_at_once() {
        let mut stations = Stations::only(wrong(0));
        stations.hear(RIGHT, false);
        assert_eq!(stations.current(), RIGHT);
    }

    #[test]
    fn a_wrong_source_that_comes_twice_costs_one_timeout() {
        let mut stations = Stations::only(RIGHT);
        stations.hear(wrong(0), true);
        stations.hear(wrong(0), false);
        assert_eq!(stations.current(), wrong(0));
        assert_eq!(timeouts(stations), Some(1));
    }

    #[test]
    fn three_wrong_sources_in_a_row_are_outlived_whatever_was_heard_before() {
        let mut stations = Stations::only(RIGHT);
        for round in 0..5 {
            for number in 0..3 {
                stations.hear(wrong(3 * round + number), true);
                stations.hear(wrong(3 * round + number), false);
                stations.time_out();
            }
            stations.hear(wrong(3 * round + 2), false);
            assert_eq!(timeouts(stations), Some(3), "round {round}");
            stations.hear(RIGHT, false);
            assert_eq!(timeouts(stations), Some(0), "round {round}");
        }
    }

    #[test]
    fn what_brings_something_new_twice_is_the_only_one() {
        let mut stations = Stations::only(wrong(0));
        stations.hear(RIGHT, true);
        stations.hear(RIGHT, true);
        assert_eq!(stations, Stations { count: 1, ..stations });
        stations.time_out();
        assert_eq!(stations.current(), RIGHT);
    }
}
