//! What the tests of processes share: base data in files, and members that trade.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use backstop::base_files::{BaseFiles, PhaseName};
use backstop::drill::members::MemberNode;
use backstop::drill::world::World;
use engine::IdStyle;
use engine::types::Nanoseconds;
use ftd::types::Str;
use hw_profiles::{Limits, Profile};
use journal::{Identity, Log, LogLimits, Machine};
use member_api::{NewOrder, Price, Readiness};
use net::{Instant, Transport};
use std::path::Path;
use std::time::Duration;

pub mod crowd;
pub mod spaces;

pub const MEMBERS: u16 = 8;
pub const DAY: u32 = 20_240_603;
/// Whatever is waited for takes less, on a machine that has much else to do.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// From one order to the next, of all members together.
const PACE: Duration = Duration::from_millis(4);

/// A small day: a journal of 2 GiB is more than a test's disk need have.
fn small(limits: &mut Limits) {
    limits.frames = 100_000;
    limits.log_bytes = 64 << 20;
    limits.live_orders = 20_000;
    limits.local_ids = 50_000;
}

/// The profile `dev` with a small day.
pub fn small_profile() -> Profile {
    let mut profile = Profile::load("dev").unwrap();
    small(&mut profile.limits);
    profile
}

/// The same as a profile's file.
pub fn small_source() -> toml::Table {
    let mut profile: toml::Table = Profile::source("dev").unwrap().parse().unwrap();
    let (table, limits) = (profile["limits"].as_table_mut().unwrap(), small_profile().limits);
    for (name, value) in [
        ("frames", u64::from(limits.frames)),
        ("log_bytes", limits.log_bytes),
        ("live_orders", u64::from(limits.live_orders)),
        ("local_ids", u64::from(limits.local_ids)),
    ] {
        table.insert(name.to_owned(), toml::Value::Integer(value as i64));
    }
    profile
}

/// The drill's world, small.
pub fn world() -> World {
    World::seeded(MEMBERS, 4_000, &small_profile().limits)
}

/// The drill's world as base data in files, trading from the beginning.
pub fn write_base(world: &World, folder: &Path) {
    let limits = LogLimits { bytes: 4 << 20, frames: 4_096 };
    let log = Log::in_memory(limits).unwrap();
    let mut machine = Machine::new(log, Identity { ids: IdStyle { prefix: b'X' }, data_center: 1 });
    for command in &world.base_data {
        assert_eq!(machine.execute(&command.command(), Nanoseconds(1)).unwrap().rejected, None);
    }
    let mut base = BaseFiles::at_the_end(machine.state(), machine.reader()).unwrap();
    base.end = None;
    for instrument in &mut base.instruments {
        instrument.phase = PhaseName::Continuous;
        instrument.position_limit = 0; // members trade as long as the test lasts
    }
    base.save(folder).unwrap();
    let read = BaseFiles::load(folder).unwrap();
    assert_eq!(read, base, "what is written is read back");
}

/// Members, polled by one thread: one of them sends an order every few milliseconds; who comes to a new core says that it is ready.
pub struct Traders<T: Transport> {
    pub nodes: Vec<MemberNode<T>>,
    world: World,
    /// Epoch in which each reported last.
    reported: Vec<u32>,
    next_order: Instant,
    round: usize,
    pub orders: u64,
}

impl<T: Transport> Traders<T> {
    pub fn new(world: World, mut host: impl FnMut(&backstop::drill::world::Seat) -> T) -> Self {
        let node = |seat: &backstop::drill::world::Seat| {
            MemberNode::new(&world, seat, Vec::new(), false, 7 + u64::from(seat.index), host(seat))
        };
        let nodes: Vec<MemberNode<T>> = world.seats.iter().map(node).collect();
        let reported = vec![0; nodes.len()];
        Traders { nodes, world, reported, next_order: Instant::ZERO, round: 0, orders: 0 }
    }

    pub fn poll(&mut self, now: Instant, may_trade: bool) {
        for (index, node) in self.nodes.iter_mut().enumerate() {
            node.poll(now);
            let epoch = node.member.epoch().0;
            if node.is_working() && self.reported[index] < epoch {
                self.reported[index] = epoch;
                node.member.report(Readiness::Ready, "就绪 ready");
                node.restless = true;
            }
        }
        if may_trade && now >= self.next_order {
            self.next_order = now + PACE;
            self.round += 1;
            self.trade();
        }
    }

    fn trade(&mut self) {
        let round = self.round;
        let index = round % self.nodes.len();
        let (node, seat) = (&mut self.nodes[index], &self.world.seats[index]);
        let terms = &self.world.instruments[1 + round % 6];
        let ticks = i64::from(terms.previous_settlement) + (round as i64 * 7 % 11) - 5;
        let client = Str::padded(seat.accounts[0].client_id.as_bytes()).unwrap();
        let instrument = Str::padded(terms.instrument.as_bytes()).unwrap();
        let side = if round.is_multiple_of(2) { b'0' } else { b'1' };
        if node.is_working() && node.member.open_requests() < 4 {
            let price = Price(ticks * i64::from(terms.tick));
            node.member.insert(NewOrder::limit(client, instrument, side, price, 2));
            node.restless = true;
            self.orders += 1;
        }
    }

    /// Messages that their private streams have told, all together.
    pub fn told(&self) -> u64 {
        self.nodes.iter().map(|node| u64::from(node.member.view().last_numbers().0.0)).sum()
    }

    /// Bulletins to all that they have, all together, whose words ask to fetch settlement data again.
    pub fn bulletins(&self) -> u64 {
        let of = |node: &MemberNode<T>| {
            let bulletins = node.member.view().broadcast_bulletins().iter();
            bulletins.filter(|of| of.content.contains("please fetch them again; settlement id 2")).count() as u64
        };
        self.nodes.iter().map(of).sum()
    }

    /// How many have been back at a core of this epoch.
    pub fn back(&self, epoch: u32) -> u64 {
        self.reported.iter().filter(|reported| **reported >= epoch).count() as u64
    }

    /// Nobody waits for an answer.
    pub fn is_quiet(&self) -> bool {
        self.nodes.iter().all(|node| node.member.open_requests() == 0)
    }
}
