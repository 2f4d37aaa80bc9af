//! What a bench is run against: a day's base data, and the service on one thread over any transport.

use crate::base_data::{self, InstrumentTerms};
use crate::bench::clock::core_nanoseconds;
use crate::bench::flow::{Mix, TICK};
use dataplane::clock::cycles;
use dataplane::front::{Front, FrontConfig, FrontMarks};
use dataplane::ring::RING_BYTES;
use dataplane::session::LoginPolicy;
use dataplane::stages::{Commits, EngineStage};
use dataplane::streams::StreamLimits;
use engine::IdStyle;
use engine::command::CommandBuffer;
use engine::types::{Nanoseconds, Phase, PriceRule, Right, TieBreak};
use hdrhistogram::Histogram;
use hw_profiles::Limits;
use journal::{Identity, Log, LogLimits, Machine};
use net::{Instant, Transport};
use std::net::Ipv4Addr;

/// Port of the members.
pub const MEMBER_PORT: u16 = 6_001;
/// What every seat's password is. A bench's market lives for seconds and is nobody's.
pub const PASSWORD: &[u8] = b"secret";
/// The day's first moment: 2024-06-12 09:30 in Shanghai.
pub const DAY_BEGINS: Instant = Instant::from_millis(1_718_155_800_000);
const TRADING_DAY: u32 = 20_240_612;
const DATA_CENTER: u32 = 1;

/// ParticipantId of a member.
#[must_use]
pub fn participant_id(member: u16) -> [u8; 8] {
    base_data::text(&format!("{:05}", u32::from(member) + 1))
}

/// UserId of a member's seat.
#[must_use]
pub fn user_id(member: u16) -> [u8; 15] {
    base_data::text(&format!("{:05}01", u32::from(member) + 1))
}

/// ClientId that a member trades for.
#[must_use]
pub fn client_id(member: u16) -> [u8; 8] {
    base_data::text(&format!("C{:05}", u32::from(member) + 1))
}

/// InstrumentId of a book.
#[must_use]
pub fn instrument_id(book: u16) -> [u8; 30] {
    base_data::text(&format!("IF{book:04}"))
}

/// Names of stages in the order in which [`Service`] counts their cycles.
pub const STAGES: [&str; 4] = ["ingress", "engine", "publish", "egress"];

/// Front and engine on the thread that polls: what an appliance on one core is.
pub struct Service<T: Transport> {
    front: Front<T>,
    engine: EngineStage,
    /// Internal latency until the measurement began.
    before: Histogram<u64>,
    rounds: u32,
    /// Cycles an order of each stage, of the rounds that were measured by stages.
    stages: [Histogram<u64>; 4],
    /// Bytes copied until the measurement began.
    copied_before: u64,
    stall: Option<Stall>,
}

/// What a service did while it was measured.
pub struct Figures {
    /// From the burst that held an order's last byte to the burst that held its first answer.
    pub internal_ns: Histogram<u64>,
    /// Cycles an order of each stage: medians over the orders of the rounds that were measured by stages, so that what interrupts
    /// the thread is not taken for work.
    pub stages: [f64; 4],
    /// Bytes that were copied on the way, in and out.
    pub bytes_copied: u64,
    /// What the service worked, ns an order.
    pub service_ns: f64,
    /// How much of the fixed buffers was ever in use.
    pub marks: FrontMarks,
    /// Orders that the rules rejected, since it began.
    pub rejected: u64,
    /// Why it stopped, if so.
    pub fault: Option<String>,
}

fn cycles_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 1 << 40, 3).expect("the bounds are in order")
}

/// Bytes that TCP had to hold or to put together, and those that the front wrote twice: the rest is read in the packet, and
/// rendered into what is sent.
fn copied<T: Transport>(front: &Front<T>) -> u64 {
    let host = front.host_counters();
    host.ringed_bytes + host.straddled_bytes + front.counters().bytes_copied()
}

/// A service that stands still once, to show that the bench sees it.
#[derive(Clone, Copy, Debug)]
pub struct Stall {
    /// Answers before it.
    pub after_answers: u64,
    /// How long, in nanoseconds.
    pub nanoseconds: u64,
}

/// One round in so many is measured stage by stage: reading the clock costs as much as a small stage.
const ROUNDS_A_STAGED_ONE: u32 = 8;

impl<T: Transport> Service<T> {
    /// A market of so many members that is open for trading, with room for so many requests.
    ///
    /// # Errors
    /// No memory for the log.
    pub fn open(transport: T, members: u16, mix: &Mix, requests: u32, limits: &Limits) -> Result<Self, String> {
        let commands = requests + mix.resting() + 4 * u32::from(members) + u32::from(mix.books) + 16;
        let room = LogLimits::for_commands(commands as usize);
        let log =
            Log::in_memory(room).map_err(|error| format!("no memory for a log of {} bytes: {error}", room.bytes))?;
        let mut machine = Machine::new(log, Identity { ids: IdStyle { prefix: b'B' }, data_center: DATA_CENTER });
        for command in base_data(members, mix, limits) {
            let executed = machine
                .execute(&command.command(), Nanoseconds(DAY_BEGINS.nanos()))
                .map_err(|error| format!("the profile has no room for the market: {error:?}"))?;
            if let Some(reject) = executed.rejected {
                return Err(format!("the profile has no room for the market: {reject:?}"));
            }
        }
        machine.touch_state();
        let config = FrontConfig {
            login_policy: LoginPolicy::ProofOrPassword,
            streams: StreamLimits::for_commands(commands),
            ring_bytes: RING_BYTES,
            clock: Some(core_nanoseconds),
            ..FrontConfig::new(MEMBER_PORT, DATA_CENTER, [1; 32])
        };
        let (front, receiver) = Front::new(&config, transport, machine.reader().clone());
        // As an appliance does before the day: no page fault on the way of an order.
        machine.log().touch_ahead(room.bytes);
        let before = front.latency_ns().clone();
        let engine = EngineStage::new(machine, vec![receiver], Commits::Never);
        Ok(Service {
            front,
            engine,
            before,
            rounds: 0,
            stages: std::array::from_fn(|_| cycles_histogram()),
            copied_before: 0,
            stall: None,
        })
    }

    /// One round of every stage.
    #[inline]
    pub fn poll(&mut self, now: Instant) {
        self.rounds = self.rounds.wrapping_add(1);
        if let Some(stall) = self.stall.filter(|stall| self.front.counters().answers >= stall.after_answers) {
            self.stall = None;
            let until = core_nanoseconds() + stall.nanoseconds;
            while core_nanoseconds() < until {
                std::hint::spin_loop();
            }
        }
        if self.rounds.is_multiple_of(ROUNDS_A_STAGED_ONE) {
            return self.poll_by_stages(now);
        }
        self.front.poll_ingress(now);
        self.engine.poll();
        self.front.publish(now);
        self.front.poll_egress(now);
    }

    /// One round with a clock between the stages.
    fn poll_by_stages(&mut self, now: Instant) {
        let answers = self.front.counters().answers;
        let mut times = [cycles(); 5];
        self.front.poll_ingress(now);
        times[1] = cycles();
        self.engine.poll();
        times[2] = cycles();
        self.front.publish(now);
        times[3] = cycles();
        self.front.poll_egress(now);
        times[4] = cycles();
        // Rounds without an answer are waiting, not work; what they cost is in the latency.
        let answered = self.front.counters().answers - answers;
        for (stage, pair) in self.stages.iter_mut().zip(times.windows(2)) {
            let Some(cycles) = pair[1].wrapping_sub(pair[0]).checked_div(answered) else { return };
            stage.saturating_record_n(cycles.max(1), answered);
        }
    }

    /// From here on it counts.
    pub fn begin_measuring(&mut self) {
        self.before = self.front.latency_ns().clone();
        self.stages.iter_mut().for_each(Histogram::reset);
        self.copied_before = copied(&self.front);
    }

    /// Stands still once.
    pub fn set_stall(&mut self, stall: Stall) {
        self.stall = Some(stall);
    }

    /// What it did since the measurement began.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let mut internal_ns = self.front.latency_ns().clone();
        internal_ns.subtract(&self.before).expect("a histogram only grows");
        Figures {
            internal_ns,
            stages: std::array::from_fn(|stage| self.stages[stage].value_at_quantile(0.5) as f64),
            bytes_copied: copied(&self.front) - self.copied_before,
            service_ns: 0.0,
            marks: self.front.marks(),
            rejected: self.engine.counters().rejected,
            fault: self.halt(),
        }
    }

    /// Why it does not go on, if so: the engine first, then the front.
    #[must_use]
    pub fn halt(&self) -> Option<String> {
        let engine = self.engine.halt().map(ToString::to_string);
        engine.or_else(|| self.front.halt().map(|why| format!("the log contradicts itself: {why:?}")))
    }

    /// The front.
    #[must_use]
    pub fn front(&self) -> &Front<T> {
        &self.front
    }
}

fn base_data(members: u16, mix: &Mix, limits: &Limits) -> Vec<CommandBuffer> {
    let mut commands = vec![base_data::day(TRADING_DAY, DATA_CENTER, limits)];
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii_end()).into_owned();
    for member in 0..members {
        commands.push(base_data::participant(member, &words(&participant_id(member))));
        // An address that is not specified: every machine may be that seat's.
        let (user, secret) = (words(&user_id(member)), words(PASSWORD));
        commands.push(base_data::user(member, member, &user, &secret, Ipv4Addr::UNSPECIFIED, 0));
        let index = u32::from(member);
        commands.push(base_data::account(index, member, index, &words(&client_id(member)), Right::Full));
    }
    for book in 0..mix.books {
        let terms = InstrumentTerms {
            id: words(&instrument_id(book)),
            price_rule: PriceRule::Resting,
            tie_break: TieBreak::Pressure,
            phase: Phase::Continuous,
            tick: TICK as u32,
            multiplier: 300,
            lower_limit: 10_000,
            upper_limit: 20_000,
            previous_settlement: 15_000,
            maximum_volume: 1_000,
            minimum_volume: 1,
            position_limit: 0,
        };
        commands.push(terms.define(book));
    }
    commands
}
