//! A port that loses, repeats, reorders, damages and delays frames, in proportions and by a seed.
//!
//! Each frame that goes through is rolled for in this order: lost; damaged in one bit; repeated; held back. A frame
//! held back for reordering passes on when one to three others have gone by, or after a millisecond; a delayed one
//! after the time set. Each direction has its own proportions: put them on one direction only if a frame should meet
//! each fault at most once (two flipped bits can cancel in a checksum).
//!
//! It stands on any port, and any port stands on it.

use crate::port::{Burst, Checksums, Mac, Port, PortCounters};
use crate::random::Random;
use crate::time::Instant;
use std::time::Duration;

/// A port `P` with faults.
pub struct FaultPort<P: Port> {
    inner: P,
    random: Random,
    ingress: Lane<P::Packet>,
    egress: Lane<P::Packet>,
    counters: FaultCounters,
}

/// How often what goes wrong, in parts per million of frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The frame is gone.
    pub loss_ppm: u32,
    /// It arrives twice.
    pub duplicate_ppm: u32,
    /// Up to three frames overtake it.
    pub reorder_ppm: u32,
    /// One bit is the other way round.
    pub corrupt_ppm: u32,
    /// It comes later by `delay`.
    pub delay_ppm: u32,
    /// How much later.
    pub delay: Duration,
}

/// What a [`FaultPort`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultCounters {
    /// Frames rolled for.
    pub frames: u64,
    /// Frames lost.
    pub lost: u64,
    /// Frames repeated.
    pub duplicated: u64,
    /// Frames held back to be overtaken.
    pub reordered: u64,
    /// Frames with a bit flipped.
    pub corrupted: u64,
    /// Frames delayed.
    pub delayed: u64,
    /// Frames that should have been repeated or held back, but there was no buffer or no room: they passed unharmed.
    pub spared: u64,
}

/// The names that [`Faults::preset`] knows.
pub const FAULT_PRESETS: [&str; 4] = ["none", "light", "heavy", "lossy"];

/// Frames held back at once, in each direction.
const HELD_MAX: usize = 256;
/// Frames between the two sides of a lane: two bursts, since a frame can become two.
const STAGED_MAX: usize = 128;
/// How long a frame waits to be overtaken.
const REORDER_PATIENCE: Duration = Duration::from_millis(1);
/// Most frames that overtake one.
const OVERTAKERS_MAX: u64 = 3;

/// One direction.
struct Lane<T> {
    faults: Faults,
    held: Vec<Held<T>>,
    staged: Burst<T>,
}

struct Held<T> {
    packet: T,
    until: Instant,
    /// Passes on when so many frames have gone by.
    overtakers: u64,
}

impl Faults {
    /// The faults named `none`, `light` (one in a thousand of each), `heavy` (one in fifty) or `lossy` (a fifth lost, a
    /// tenth repeated, reordered or delayed, a twentieth damaged).
    pub fn preset(name: &str) -> Option<Faults> {
        let each = |ppm: u32, delay: Duration| Faults {
            loss_ppm: ppm,
            duplicate_ppm: ppm,
            reorder_ppm: ppm,
            corrupt_ppm: ppm,
            delay_ppm: ppm,
            delay,
        };
        match name {
            "none" => Some(Faults::default()),
            "light" => Some(each(1_000, Duration::from_millis(1))),
            "heavy" => Some(each(20_000, Duration::from_millis(3))),
            "lossy" => {
                Some(Faults { loss_ppm: 200_000, corrupt_ppm: 50_000, ..each(100_000, Duration::from_millis(10)) })
            }
            _ => None,
        }
    }
}

impl<P: Port> FaultPort<P> {
    /// Puts faults in front of `inner`. The seed is this port's own.
    pub fn new(inner: P, seed: u64, ingress: Faults, egress: Faults) -> FaultPort<P> {
        FaultPort {
            inner,
            random: Random::new(seed),
            ingress: Lane::new(ingress),
            egress: Lane::new(egress),
            counters: FaultCounters::default(),
        }
    }

    /// What it did so far.
    pub fn fault_counters(&self) -> FaultCounters {
        self.counters
    }

    /// Other proportions from now on.
    pub fn set_faults(&mut self, ingress: Faults, egress: Faults) {
        self.ingress.faults = ingress;
        self.egress.faults = egress;
    }

    /// The port below.
    pub fn inner(&self) -> &P {
        &self.inner
    }

    /// The port below, to set something on it.
    pub fn inner_mut(&mut self) -> &mut P {
        &mut self.inner
    }
}

/// Moves held frames whose time has come to `to`, while there is room.
fn let_go<T>(now: Instant, held: &mut Vec<Held<T>>, to: &mut Burst<T>) {
    let mut place = 0;
    while place < held.len() && !to.is_full() {
        if held[place].until <= now || held[place].overtakers == 0 {
            let held = held.remove(place);
            assert!(to.push(held.packet).is_ok(), "there was room");
        } else {
            place += 1;
        }
    }
}

impl<T> Lane<T> {
    fn new(faults: Faults) -> Lane<T> {
        Lane { faults, held: Vec::with_capacity(HELD_MAX), staged: Burst::new(STAGED_MAX) }
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.held.iter().map(|held| if held.overtakers == 0 { Instant::ZERO } else { held.until }).min()
    }
}

/// Rolls for one frame and moves what becomes of it (none, one, two frames) to `to`, which has room for two.
fn roll<P: Port>(
    now: Instant,
    faults: Faults,
    (inner, random, counters): (&mut P, &mut Random, &mut FaultCounters),
    held: &mut Vec<Held<P::Packet>>,
    mut packet: P::Packet,
    to: &mut Burst<P::Packet>,
) {
    counters.frames += 1;
    if random.chance(faults.loss_ppm) {
        counters.lost += 1;
        inner.release(packet);
        return;
    }
    if random.chance(faults.corrupt_ppm) && !packet.as_ref().is_empty() {
        counters.corrupted += 1;
        let bit = random.below(packet.as_ref().len() as u64 * 8);
        packet.as_mut()[(bit / 8) as usize] ^= 1 << (bit % 8);
    }
    if random.chance(faults.duplicate_ppm) {
        match inner.allocate(packet.as_ref().len()) {
            Some(mut copy) => {
                counters.duplicated += 1;
                copy.as_mut().copy_from_slice(packet.as_ref());
                pass(held, copy, to);
            }
            None => counters.spared += 1,
        }
    }
    let reorders = random.chance(faults.reorder_ppm);
    let delays = random.chance(faults.delay_ppm);
    if (reorders || delays) && held.len() == HELD_MAX {
        counters.spared += 1;
        pass(held, packet, to);
    } else if reorders {
        counters.reordered += 1;
        let overtakers = 1 + random.below(OVERTAKERS_MAX);
        held.push(Held { packet, until: now + REORDER_PATIENCE, overtakers });
    } else if delays {
        counters.delayed += 1;
        held.push(Held { packet, until: now + faults.delay, overtakers: u64::MAX });
    } else {
        pass(held, packet, to);
    }
}

/// A frame goes by those that are held back.
fn pass<T>(held: &mut [Held<T>], packet: T, to: &mut Burst<T>) {
    assert!(to.push(packet).is_ok(), "the caller has seen to the room");
    for held in held {
        if held.overtakers < u64::MAX {
            held.overtakers = held.overtakers.saturating_sub(1);
        }
    }
}

impl<P: Port> Port for FaultPort<P> {
    type Packet = P::Packet;

    fn ingress_frame(&mut self, now: Instant, burst: &mut Burst<P::Packet>) -> usize {
        let before = burst.count();
        let lane = &mut self.ingress;
        let_go(now, &mut lane.held, burst);
        self.inner.ingress_frame(now, &mut lane.staged);
        while burst.room() >= 2 {
            let Some(packet) = lane.staged.pop() else { break };
            let tools = (&mut self.inner, &mut self.random, &mut self.counters);
            roll(now, lane.faults, tools, &mut lane.held, packet, burst);
        }
        let_go(now, &mut lane.held, burst);
        burst.count() - before
    }

    fn egress_frame(&mut self, now: Instant, burst: &mut Burst<P::Packet>) -> usize {
        let before = burst.count();
        let lane = &mut self.egress;
        let_go(now, &mut lane.held, &mut lane.staged);
        while lane.staged.room() >= 2 {
            let Some(packet) = burst.pop() else { break };
            let tools = (&mut self.inner, &mut self.random, &mut self.counters);
            roll(now, lane.faults, tools, &mut lane.held, packet, &mut lane.staged);
        }
        let_go(now, &mut lane.held, &mut lane.staged);
        self.inner.egress_frame(now, &mut lane.staged);
        before - burst.count()
    }

    fn allocate(&mut self, length: usize) -> Option<P::Packet> {
        self.inner.allocate(length)
    }

    fn release(&mut self, packet: P::Packet) {
        self.inner.release(packet);
    }

    fn mac(&self) -> Mac {
        self.inner.mac()
    }

    fn frame_limit(&self) -> usize {
        self.inner.frame_limit()
    }

    fn checksums(&self) -> Checksums {
        self.inner.checksums()
    }

    fn counters(&self) -> PortCounters {
        self.inner.counters()
    }

    fn next_deadline(&self) -> Option<Instant> {
        let is_staged = !self.ingress.staged.is_empty() || !self.egress.staged.is_empty();
        let staged = is_staged.then_some(Instant::ZERO);
        let held = [self.ingress.next_deadline(), self.egress.next_deadline()];
        held.into_iter().chain([self.inner.next_deadline(), staged]).flatten().min()
    }
}
