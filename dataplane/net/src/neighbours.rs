//! ARP (RFC 826): who on the segment has an IPv4 address, and saying that we have ours.
//!
//! A question is broadcast and asked again every 200 ms, five times. Only an answer to a question of ours is believed,
//! and only if the Ethernet header names the same station as the ARP packet does. What is known is used for a minute;
//! sessions keep the address they were given, so this matters to new connections only. Gratuitous ARP is ignored.

use crate::port::Mac;
use crate::time::Instant;
use std::net::Ipv4Addr;
use std::time::Duration;

/// Neighbours that are remembered or asked for at once: a host connects to a handful of others through a router or two.
pub(crate) const NEIGHBOURS_MAX: usize = 64;
/// Questions until an address counts as unreachable.
const QUESTIONS_MAX: u32 = 5;
/// From one question to the next.
const QUESTION_INTERVAL: Duration = Duration::from_millis(200);
/// How long an answer is used.
const LIFETIME: Duration = Duration::from_secs(60);

/// The cache.
pub(crate) struct Neighbours {
    entries: [Option<Entry>; NEIGHBOURS_MAX],
}

#[derive(Clone, Copy)]
struct Entry {
    address: Ipv4Addr,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Asking { asked: u32 },
    Known { mac: Mac, until: Instant },
}

/// What is to be done about a question whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask (again), and come back at the moment given.
    Ask(Ipv4Addr, Instant),
    /// Nobody answered; the entry is gone.
    GiveUp(Ipv4Addr),
    /// There is no open question here.
    Nothing,
}

impl Neighbours {
    pub(crate) fn new() -> Neighbours {
        Neighbours { entries: [None; NEIGHBOURS_MAX] }
    }

    /// The station that has `address`, if it is known at `now`.
    pub(crate) fn find(&self, address: Ipv4Addr, now: Instant) -> Option<Mac> {
        let entry = self.entries.iter().flatten().find(|entry| entry.address == address)?;
        match entry.state {
            State::Known { mac, until } if now < until => Some(mac),
            _ => None,
        }
    }

    /// Opens a question for `address`; the place's [`Neighbours::step`] is due at once. `None` if the question is open
    /// already, `Some(None)` if every place holds an open question.
    pub(crate) fn ask(&mut self, address: Ipv4Addr) -> Option<Option<usize>> {
        let asking = Entry { address, state: State::Asking { asked: 0 } };
        if let Some(place) = self.entries.iter().position(|entry| entry.is_some_and(|e| e.address == address)) {
            if matches!(self.entries[place], Some(Entry { state: State::Asking { .. }, .. })) {
                return None;
            }
            self.entries[place] = Some(asking);
            return Some(Some(place));
        }
        // A free place, else the answer that is oldest.
        let place = (0..NEIGHBOURS_MAX)
            .filter_map(|place| match self.entries[place] {
                None => Some((Instant::ZERO, place)),
                Some(Entry { state: State::Known { until, .. }, .. }) => Some((until, place)),
                Some(_) => None,
            })
            .min();
        let place = place.map(|(_, place)| place);
        if let Some(place) = place {
            self.entries[place] = Some(asking);
        }
        Some(place)
    }

    /// The time of the question at `place` has come.
    pub(crate) fn step(&mut self, place: usize, now: Instant) -> Step {
        match &mut self.entries[place] {
            Some(Entry { address, state: State::Asking { asked } }) if *asked < QUESTIONS_MAX => {
                *asked += 1;
                Step::Ask(*address, now + QUESTION_INTERVAL)
            }
            Some(Entry { address, state: State::Asking { .. } }) => {
                let address = *address;
                self.entries[place] = None;
                Step::GiveUp(address)
            }
            _ => Step::Nothing,
        }
    }

    /// `mac` says that it has `address`. True if that answers an open question.
    pub(crate) fn answer(&mut self, address: Ipv4Addr, mac: Mac, now: Instant) -> bool {
        let open = self.entries.iter_mut().flatten().find(|e| e.address == address);
        match open {
            Some(entry @ Entry { state: State::Asking { .. }, .. }) => {
                entry.state = State::Known { mac, until: now + LIFETIME };
                true
            }
            _ => false,
        }
    }

    /// Drops what is known about `address`: a connection to it did not open, so it may be wrong.
    pub(crate) fn forget(&mut self, address: Ipv4Addr) {
        for entry in &mut self.entries {
            if matches!(entry, Some(Entry { address: known, state: State::Known { .. } }) if *known == address) {
                *entry = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 9);
    const MAC: Mac = Mac([2, 0, 0, 0, 0, 9]);

    #[test]
    fn an_unasked_answer_is_not_believed() {
        let mut neighbours = Neighbours::new();
        assert!(!neighbours.answer(PEER, MAC, Instant::ZERO));
        assert_eq!(neighbours.find(PEER, Instant::ZERO), None);
    }

    #[test]
    fn an_answer_is_used_for_a_minute_and_a_second_one_does_not_replace_it() {
        let mut neighbours = Neighbours::new();
        assert_eq!(neighbours.ask(PEER), Some(Some(0)));
        assert_eq!(neighbours.ask(PEER), None);
        assert!(neighbours.answer(PEER, MAC, Instant::ZERO));
        assert!(!neighbours.answer(PEER, Mac([2; 6]), Instant::ZERO));
        assert_eq!(neighbours.find(PEER, Instant::from_millis(59_999)), Some(MAC));
        assert_eq!(neighbours.find(PEER, Instant::from_millis(60_000)), None);
    }

    #[test]
    fn five_questions_without_an_answer_give_up() {
        let mut neighbours = Neighbours::new();
        let place = neighbours.ask(PEER).flatten().expect("a free place");
        let mut now = Instant::ZERO;
        for _ in 0..5 {
            let Step::Ask(address, next) = neighbours.step(place, now) else { panic!("a question was due") };
            assert_eq!(address, PEER);
            now = next;
        }
        assert_eq!(now, Instant::from_millis(1_000));
        assert_eq!(neighbours.step(place, now), Step::GiveUp(PEER));
        assert_eq!(neighbours.step(place, now), Step::Nothing);
    }

    #[test]
    fn a_full_cache_forgets_the_oldest_answer_but_no_open_question() {
        let mut neighbours = Neighbours::new();
        for last in 0..NEIGHBOURS_MAX as u8 {
            let address = Ipv4Addr::new(10, 0, 1, last);
            assert!(neighbours.ask(address).flatten().is_some());
            if last != 5 {
                assert!(neighbours.answer(address, MAC, Instant::from_millis(u64::from(200 - last))));
            }
        }
        assert!(neighbours.ask(PEER).flatten().is_some());
        assert_eq!(neighbours.find(Ipv4Addr::new(10, 0, 1, 63), Instant::ZERO), None);
        assert_eq!(neighbours.find(Ipv4Addr::new(10, 0, 1, 62), Instant::ZERO), Some(MAC));
        assert_eq!(neighbours.ask(Ipv4Addr::new(10, 0, 1, 5)), None);
    }
}
