//! Where to connect next: a round goes through the name servers until one answers, then through the fronts.
//!
//! ```text
//! round:  name server, name server, … until one answers
//!         its fronts (highest epoch, then priority, as listed), then the fronts registered in advance
//!         all failed: wait, twice as long as before, at most the setting; another round
//! ```
//!
//! A wait lasts between half and all of its length, by a seeded generator, so that many members do not come back in one instant.

use crate::order::{Epoch, Nanoseconds};
use std::collections::VecDeque;
use std::net::SocketAddrV4;

/// Most fronts that are remembered of a name server's answer; a core has a few, two cores twice as many.
pub(crate) const FRONTS_MAX: usize = 256;

/// A front as a name server names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Front {
    pub address: SocketAddrV4,
    pub priority: i32,
    pub epoch: Epoch,
}

/// Whom to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    NameServer(SocketAddrV4),
    Front(SocketAddrV4),
}

/// The rounds.
#[derive(Debug)]
pub(crate) struct Targets {
    name_servers: Vec<SocketAddrV4>,
    registered: Vec<SocketAddrV4>,
    named: Vec<Front>,
    next_name_server: usize,
    /// Name servers still to be asked in this round.
    to_ask: usize,
    fronts: VecDeque<SocketAddrV4>,
    failed_rounds: u32,
    back_off_first: Nanoseconds,
    back_off_most: Nanoseconds,
    random: u64,
}

impl Targets {
    pub fn new(config: &crate::Config) -> Self {
        Targets {
            name_servers: config.name_servers.clone(),
            registered: config.fronts.clone(),
            named: Vec::new(),
            next_name_server: 0,
            to_ask: 0,
            fronts: VecDeque::new(),
            failed_rounds: 0,
            back_off_first: config.back_off_first,
            back_off_most: config.back_off_most,
            // Xorshift needs a state other than 0; neighbouring seeds shall differ at once.
            random: (config.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)) | 1,
        }
    }

    pub fn begin_round(&mut self) {
        self.to_ask = self.name_servers.len();
        self.fronts.clear();
        if self.to_ask == 0 {
            self.line_up(Epoch(0));
        }
    }

    /// The next to try in this round.
    pub fn next(&mut self) -> Option<Target> {
        if let Some(front) = self.fronts.pop_front() {
            return Some(Target::Front(front));
        }
        if self.to_ask > 0 {
            self.to_ask -= 1;
            let server = self.name_servers[self.next_name_server];
            return Some(Target::NameServer(server));
        }
        None
    }

    /// A name server answered. `present`: the highest epoch known; fronts of a lower one have been replaced.
    pub fn named(&mut self, mut fronts: Vec<Front>, present: Epoch) {
        fronts.truncate(FRONTS_MAX);
        fronts.sort_by_key(|front| (std::cmp::Reverse(front.epoch), front.priority));
        self.named = fronts;
        self.to_ask = 0;
        self.line_up(present);
    }

    /// A name server did not answer: the next one is asked; after the last, the fronts known from before are tried.
    pub fn name_server_failed(&mut self, present: Epoch) {
        self.next_name_server = (self.next_name_server + 1) % self.name_servers.len().max(1);
        if self.to_ask == 0 {
            self.line_up(present);
        }
    }

    fn line_up(&mut self, present: Epoch) {
        self.fronts.clear();
        let named = self.named.iter().filter(|front| front.epoch >= present).map(|front| front.address);
        for address in named.chain(self.registered.iter().copied()) {
            if !self.fronts.contains(&address) {
                self.fronts.push_back(address);
            }
        }
    }

    /// How long to wait before the next round, after one that failed.
    pub fn wait_after_round(&mut self) -> Nanoseconds {
        let doubled = self.back_off_first.0.saturating_mul(1 << self.failed_rounds.min(32));
        self.failed_rounds = self.failed_rounds.saturating_add(1);
        self.spread(Nanoseconds(doubled.min(self.back_off_most.0)))
    }

    /// How long to wait before the first round, after a connection that worked.
    pub fn wait_after_loss(&mut self) -> Nanoseconds {
        self.failed_rounds = 0;
        self.spread(self.back_off_first)
    }

    pub fn succeeded(&mut self) {
        self.failed_rounds = 0;
    }

    fn spread(&mut self, most: Nanoseconds) -> Nanoseconds {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        let random = self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32;
        Nanoseconds(most.0 / 2 + ((u128::from(most.0 / 2) * u128::from(random)) >> 32) as u64)
    }
}
