//! Random days for the engine and the reference: a narrow band, and a few people who do everything, right and wrong. Days have
//! styles ([`Style`]), since no one day reaches everything: a full table refuses what a busy day trades.

use engine::command::*;
use engine::types::*;
use net::random::Random;
use std::collections::{BTreeMap, VecDeque};

#[path = "base.rs"]
mod base;
#[path = "members.rs"]
mod members;
#[path = "own.rs"]
mod own;

pub use base::{DATA_CENTER, base_data, day};
#[allow(unused_imports, reason = "the oracle's, planted faults need neither")]
pub use base::{INSTRUMENTS, wide_day};

/// What a generated day is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Continuous trading near the middle, cancels that mostly meet; phases and rights go back soon after they are changed.
    Churn,
    /// Long auctions: thousands of orders rest, so that an uncross, a restatement, a mass cancel and the day's end take several parts.
    Auction,
    /// Small tables and small position limits; whatever is changed stays so until it is changed again.
    Tight,
}

/// Working orders that cancels choose from.
const WORKING: usize = 96;
/// Local ids that repeats choose from.
const USED: usize = 512;
/// Operations after which a phase or a right goes back, in styles where it does.
const SOON: u32 = 30;
/// Auctions of an auction's day: the last one is under way when the day ends, half full.
const AUCTIONS_TWICE: u32 = 21;

/// An order that rested once, a quote or an instruction that was accepted once, and perhaps still lives.
#[derive(Clone, Copy)]
struct Working {
    user: UserIndex,
    local_id: [u8; 24],
    instrument: InstrumentIndex,
    account: AccountIndex,
    sys_id: [u8; 20],
}

/// What a member refers to later.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Orders = 0,
    Quotes = 1,
    Instructions = 2,
}

pub struct Generator {
    pub random: Random,
    style: Style,
    /// Operations of the day, and how many were made.
    operations: u32,
    made: u32,
    /// Local ids that were used.
    used: Vec<[u8; 24]>,
    /// Orders, quotes, instructions.
    working: [Vec<Working>; 3],
    next_local_id: u64,
    /// What comes next, whatever is drawn.
    script: VecDeque<CommandBuffer>,
    /// What comes when so many operations were made; the second number keeps the order in which it was put there.
    later: BTreeMap<(u32, u64), CommandBuffer>,
    put: u64,
    auctions: u32,
    pub epoch: u32,
}

impl Generator {
    /// A day of so many operations; everything about it follows from the arguments.
    pub fn new(seed: u64, style: Style, operations: u32) -> Self {
        Generator {
            random: Random::new(seed),
            style,
            operations,
            made: 0,
            used: Vec::new(),
            working: [const { Vec::new() }; 3],
            next_local_id: 0,
            script: VecDeque::new(),
            later: BTreeMap::new(),
            put: 0,
            auctions: 0,
            epoch: 1,
        }
    }

    /// The next command.
    pub fn next(&mut self) -> CommandBuffer {
        if let Some(command) = self.script.pop_front() {
            return command;
        }
        if let Some(first) = self.later.first_entry()
            && first.key().0 <= self.made
        {
            return first.remove();
        }
        self.made += 1;
        if self.style == Style::Auction && self.made > (2 * self.auctions + 2) * self.operations / AUCTIONS_TWICE {
            self.auctions += 1;
            self.match_auction();
        }
        // In a thousand: orders, cancels, quotes, their cancels, enquiries, instructions, their cancels; the rest is the exchange's own.
        let weights = match self.style {
            Style::Churn => [605, 255, 60, 20, 15, 15, 8],
            Style::Auction => [850, 105, 8, 4, 3, 4, 2],
            Style::Tight => [560, 230, 60, 25, 25, 35, 15],
        };
        let mut drawn = self.below(1_000);
        for (kind, weight) in (0..).zip(weights) {
            if drawn < weight {
                return match kind {
                    0 => self.insert(),
                    1 => self.cancel(),
                    2 => self.quote(),
                    3 => self.quote_cancel(),
                    4 => self.enquiry(),
                    5 => self.instruction(),
                    _ => self.instruction_cancel(),
                };
            }
            drawn -= weight;
        }
        self.own_and_back()
    }

    /// Remembers an order that rests, a quote or an instruction that was accepted: cancels will name it.
    pub fn rests(&mut self, command: &CommandBuffer, sys_id: [u8; 20]) {
        let command = command.command();
        let (of, local_id, instrument, account) = match command.body {
            BodyView::OrderInsert(body) => (Of::Orders, body.local_id, body.instrument, body.account),
            BodyView::QuoteInsert(body) => (Of::Quotes, body.local_id, body.instrument, body.account),
            BodyView::ExecOrderInsert(body) => (Of::Instructions, body.local_id, body.instrument, body.account),
            _ => return,
        };
        let working = Working { user: command.header.user, local_id, instrument, account, sys_id };
        if self.working[of as usize].len() < WORKING {
            self.working[of as usize].push(working);
        } else {
            let place = self.below(WORKING as u64) as usize;
            self.working[of as usize][place] = working;
        }
    }

    fn put(&mut self, operations_later: u32, command: CommandBuffer) {
        self.put += 1;
        self.later.insert((self.made + operations_later, self.put), command);
    }

    /// A long auction is matched; trading goes on for a while; then everything is told anew, or cancelled, and the next auction begins.
    fn match_auction(&mut self) {
        let phase = |phase| CommandBuffer::own(&base::phase_set(InstrumentIndex::ALL, phase, b'1', 1));
        if self.auctions % 3 == 2 {
            self.script.push_back(CommandBuffer::own(&BookRestate { reserved: 0 }));
        }
        if self.auctions % 5 == 4 {
            self.script.push_back(CommandBuffer::own(&MassCancel { scope: 0, cause: 0, reserved: [0; 2], index: 0 }));
        }
        let uncross = Uncross { instrument: InstrumentIndex::ALL, product: ProductIndex::ALL, step: 2 };
        self.script.extend([phase(b'6'), CommandBuffer::own(&uncross), phase(b'0')]);
        self.put(self.operations / AUCTIONS_TWICE / 2, phase(b'1'));
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random.below(limit)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// Once in `n` times.
    fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}
