//! One rate, run: days of the market, one after the other, until all its orders were due.
//!
//! ```text
//! one thread        members and service take turns; the members' time is taken out of the clock
//! several           by the machine's clock. The members are on a core of their own, if there is one left; else they take turns with
//!                   the layout's first thread, and what they take from it is in the figures
//! ```

use crate::bench::clock::{core_nanoseconds, follow_the_machine, jump, nanoseconds, outside};
use crate::bench::flow::Mix;
use crate::bench::load::{Counts, LONGEST_NS, Load};
use crate::bench::machine::leave_cores;
use crate::bench::market::MEMBER_PORT;
use crate::bench::service::{Figures, STAGES, Service, Shape, Stall, moment};
use crate::bench::wire::LightTcp;
use dataplane::front::FrontMarks;
use dataplane::stages::{Placement, online_cores};
use hdrhistogram::Histogram;
use hw_profiles::Limits;
use indicatif::ProgressBar;
use journal::LogLimits;
use net::memory::Steering;
use net::{Host, HostConfig, MemoryPort, Network, NetworkConfig, Port};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// Members, each with one session and one seat.
    pub members: u16,
    /// What they send.
    pub mix: Mix,
    /// Of the mix.
    pub seed: u64,
    /// How large the tables are.
    pub limits: &'a Limits,
    /// A service that stands still once a rate.
    pub stall: Option<Stall>,
    /// What the service is.
    pub shape: &'a Shape,
}

/// What came of a rate.
#[derive(Clone, Debug)]
pub struct RateRun {
    /// Orders a second.
    pub rate: u64,
    /// What became of them.
    pub counts: Counts,
    /// From the burst that held an order's last byte to the burst that held its first answer.
    pub internal_ns: Histogram<u64>,
    /// From the planned time to the answer.
    pub planned_ns: Histogram<u64>,
    /// Cycles an order of each stage ([`STAGES`]).
    pub stages: [f64; STAGES.len()],
    /// Bytes copied on the way, in and out, an order.
    pub bytes_copied_per_order: f64,
    /// Members' side, ns an order, where it takes turns with a thread of the service's; of one thread it is in none of the figures.
    pub generator_ns_per_order: f64,
    /// Service, ns an order: what it worked, idle polls left out.
    pub service_ns_per_order: f64,
    /// Sent: rests, trades, cancels.
    pub sent: [u64; 3],
    /// Days that the orders were spread over.
    pub days: u32,
    /// How much of the fixed buffers was in use at most, on the last day.
    pub marks: FrontMarks,
    /// Orders that the rules rejected.
    pub rejected: u64,
    /// Where the service's threads were on the last day; empty with one.
    pub threads: Vec<Placement>,
    /// Why the service stopped, if so.
    pub fault: Option<String>,
}

/// Address of the service in memory.
pub const CORE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// Orders of a day that warm up: caches, tables, windows.
const WARM_UP: u64 = 20_000;
/// Frames that wait at a port in memory: a full command ring's answers and their notices.
const QUEUE_FRAMES: usize = 16_384;
const BUFFERS: usize = 65_536;
/// Longest time without a sign of life: acknowledgements that are owed are sent before.
const IDLE_NS: u64 = 1_000_000;
/// Rounds between two looks at the progress bar, and at whether the service still goes on.
const ROUNDS_A_LOOK: u32 = 4_096;
/// Most orders of a day, whatever the profile has room for: a day's log is set aside in memory.
const ORDERS_A_DAY_MAX: u64 = 8_000_000;

impl RateRun {
    /// Nothing was run yet.
    pub(crate) fn new(rate: u64) -> RateRun {
        let histogram = || Histogram::new_with_bounds(1, LONGEST_NS, 3).expect("the bounds are in order");
        RateRun {
            rate,
            counts: Counts::default(),
            internal_ns: histogram(),
            planned_ns: histogram(),
            stages: [0.0; STAGES.len()],
            bytes_copied_per_order: 0.0,
            generator_ns_per_order: 0.0,
            service_ns_per_order: 0.0,
            sent: [0; 3],
            days: 0,
            marks: FrontMarks::default(),
            rejected: 0,
            threads: Vec::new(),
            fault: None,
        }
    }

    /// Every order was answered, and none was refused.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.counts.drops() == 0 && self.counts.refused == 0 && self.counts.malformed == 0 && self.fault.is_none()
    }

    /// Adds a day: its figures an order count by its answers.
    pub(crate) fn add(&mut self, figures: Figures, day: Day) {
        let (before, orders) = (self.counts.answered as f64, day.counts.answered as f64);
        let mean = |old: f64, new: f64| (old * before + new * orders) / (before + orders).max(1.0);
        for (stage, new) in self.stages.iter_mut().zip(figures.stages) {
            *stage = mean(*stage, new);
        }
        self.bytes_copied_per_order = mean(self.bytes_copied_per_order, figures.bytes_copied as f64 / orders.max(1.0));
        self.generator_ns_per_order = mean(self.generator_ns_per_order, day.generator_ns as f64 / orders.max(1.0));
        self.service_ns_per_order = mean(self.service_ns_per_order, figures.service_ns);
        self.internal_ns.add(figures.internal_ns).expect("the bounds are the same");
        self.planned_ns.add(day.planned_ns).expect("the bounds are the same");
        self.counts.add(&day.counts);
        for (all, sent) in self.sent.iter_mut().zip(day.sent) {
            *all += sent;
        }
        self.days += 1;
        self.marks = figures.marks;
        self.rejected += figures.rejected;
        self.threads = figures.threads;
        self.fault = self.fault.take().or(figures.fault);
    }
}

/// What a day brought.
pub(crate) struct Day {
    pub(crate) planned_ns: Histogram<u64>,
    pub(crate) counts: Counts,
    pub(crate) sent: [u64; 3],
    pub(crate) generator_ns: u64,
}

/// Orders that a day has room for, and how many of them warm up.
fn day_of(plan: &Plan<'_>) -> Result<(u64, u64), String> {
    let limits = plan.limits;
    let log = limits.log_bytes.saturating_sub(LogLimits::BYTES_TO_BEGIN as u64) / LogLimits::BYTES_PER_COMMAND as u64;
    let room = u64::from(limits.local_ids).min(limits.frames.into()).min(log).min(ORDERS_A_DAY_MAX);
    let taken = u64::from(plan.mix.resting()) + 8 * u64::from(plan.members) + u64::from(plan.mix.books) + 64;
    let room = room.saturating_sub(taken);
    if room < 2_000 || u64::from(plan.mix.resting()) * 2 > limits.live_orders.into() {
        return Err(format!(
            "the profile has no room for the mix: {} orders rest, local_ids = {}, live_orders = {}, frames = {}",
            plan.mix.resting(),
            limits.local_ids,
            limits.live_orders,
            limits.frames
        ));
    }
    Ok((room, WARM_UP.min(room / 10)))
}

/// Splits so many orders into days: how many are measured in each, and how many warm up.
pub(crate) fn days(plan: &Plan<'_>, orders: u64) -> Result<Vec<(u64, u64)>, String> {
    let (room, warm_up) = day_of(plan)?;
    let count = orders.div_ceil(room - warm_up).max(1);
    Ok((0..count).map(|day| (orders * (day + 1) / count - orders * day / count, warm_up)).collect())
}

/// Runs a rate in memory, on the threads of the plan's shape; see [`crate::bench::clock`] for what its time is on one.
///
/// # Errors
/// The profile has no room for the mix, or the market does not open.
pub fn in_memory(plan: &Plan<'_>, rate: u64, seconds: f64, bar: &ProgressBar) -> Result<RateRun, String> {
    let mut run = RateRun::new(rate);
    let orders = ((rate as f64 * seconds) as u64).max(1);
    for (day, (measured, warm_up)) in days(plan, orders)?.into_iter().enumerate() {
        let seed = plan.seed + day as u64;
        let (figures, day) = if plan.shape.is_fused() {
            MemoryMarket::open(plan, seed, rate, measured, warm_up)?.trade(bar)
        } else {
            ThreadsMarket::open(plan, seed, rate, measured, warm_up)?.trade(plan, bar)?
        };
        run.add(figures, day);
        if run.fault.is_some() {
            break;
        }
    }
    Ok(run)
}

/// A service and its members on one thread.
pub struct MemoryMarket {
    /// The service.
    pub service: Service<Host<MemoryPort>>,
    load: Option<Load<LightTcp>>,
    warm_up: u64,
    zero_ns: u64,
}

impl MemoryMarket {
    /// A market that is open, with every member logged in and the books full.
    ///
    /// # Errors
    /// The profile has no room for it.
    pub fn open(plan: &Plan<'_>, seed: u64, rate: u64, measured: u64, warm_up: u64) -> Result<MemoryMarket, String> {
        let zero_ns = core_nanoseconds();
        let (mut service, mut load) = open(plan, seed, rate, measured, warm_up, zero_ns)?;
        load.join(CORE, &plan.mix, |_| {
            let now = moment(zero_ns);
            service.poll(now);
            now
        })?;
        // The stall comes in the middle of what is measured.
        if let Some(stall) = plan.stall {
            let answers = service.answers() + warm_up + measured / 2;
            service.set_stall(Stall { after_answers: answers, ..stall });
        }
        Ok(MemoryMarket { service, load: Some(load), warm_up, zero_ns })
    }

    /// Trades until every order was due and answered, or time is up.
    pub(crate) fn trade(&mut self, bar: &ProgressBar) -> (Figures, Day) {
        let mut load = self.load.take().expect("a market trades once");
        let (service, zero_ns) = (&mut self.service, self.zero_ns);
        let (mut generator, mut working) = (0, 0);
        let mut is_measuring = false;
        let mut shown = 0;
        load.begin(core_nanoseconds());
        for round in 0u32.. {
            let begin_ns = core_nanoseconds();
            let begin = moment(zero_ns);
            let (_, spent) = outside(|| load.send(begin, begin_ns));
            generator += spent;
            let polled_at = dataplane::clock::cycles();
            service.poll(begin);
            working += dataplane::clock::cycles().wrapping_sub(polled_at);
            let left_ns = core_nanoseconds();
            let (_, spent) = outside(|| load.hear(begin, || left_ns));
            generator += spent;
            if !is_measuring && load.progress() >= self.warm_up {
                is_measuring = true;
                service.begin_measuring();
                (generator, working) = (0, 0);
            }
            if load.is_quiet() {
                if load.is_done() {
                    break;
                }
                let due_ns = load.next_due_ns().unwrap_or_else(|| load.end_ns());
                if due_ns > left_ns + IDLE_NS {
                    outside(|| load.settle(moment(zero_ns)));
                }
                jump(due_ns);
            }
            if left_ns > load.end_ns() {
                break;
            }
            if round % ROUNDS_A_LOOK == 0 {
                outside(|| {
                    bar.inc(load.progress() - shown);
                    shown = load.progress();
                });
                if service.halt().is_some() {
                    break;
                }
            }
        }
        bar.inc(load.progress() - shown);
        let (planned_ns, counts, sent) = load.finish();
        let mut figures = service.figures();
        figures.service_ns = nanoseconds(working) as f64 / counts.answered.max(1) as f64;
        (figures, Day { planned_ns, counts, sent, generator_ns: nanoseconds(generator) })
    }
}

impl MemoryMarket {
    /// So many orders of every member at once, again and again until about `orders` are answered. Returns what the service
    /// worked, ns an order. A tenth of them warms up.
    pub fn trade_in_bursts(&mut self, orders_a_burst: u32, orders: u64) -> (Figures, f64) {
        let mut load = self.load.take().expect("a market trades once");
        let (service, zero_ns) = (&mut self.service, self.zero_ns);
        let (mut working, mut answered, mut warm_up) = (0, 0, orders / 10);
        load.begin(core_nanoseconds());
        let burst = u64::from(orders_a_burst) * load.member_count();
        let mut total = 0;
        while total + burst <= orders {
            total += burst;
            outside(|| load.press(orders_a_burst));
            while !load.is_quiet() {
                let now = moment(zero_ns);
                outside(|| load.send_pressed(now));
                let polled_at = dataplane::clock::cycles();
                service.poll(now);
                working += dataplane::clock::cycles().wrapping_sub(polled_at);
                outside(|| load.hear(now, || 0));
                if service.halt().is_some() {
                    return (service.figures(), f64::NAN);
                }
            }
            if warm_up > 0 && total >= warm_up {
                (working, answered, warm_up) = (0, total, 0);
            }
        }
        (service.figures(), nanoseconds(working) as f64 / (total - answered).max(1) as f64)
    }
}

/// A service on a network in memory, and members on it who have not connected.
fn open(
    plan: &Plan<'_>,
    seed: u64,
    rate: u64,
    measured: u64,
    warm_up: u64,
    zero_ns: u64,
) -> Result<(Service<Host<MemoryPort>>, Load<LightTcp>), String> {
    let config = NetworkConfig { ports: 2, queue_frames: QUEUE_FRAMES, buffers: BUFFERS, latency: Duration::ZERO };
    let network = Network::new(config);
    let steering = Steering { port: MEMBER_PORT, first: plan.shape.map.first_member_front() };
    let ports = network.attach_queues(plan.shape.map.fronts(), Some(steering));
    let mac = ports[0].mac();
    let sessions = usize::from(plan.members) + 4;
    let host = |port| Host::new(HostConfig { sessions, ..HostConfig::new(CORE, seed) }, port);
    let hosts = ports.into_iter().map(host).collect();
    let orders = measured + warm_up;
    let service = Service::open(hosts, plan.shape, plan.members, &plan.mix, orders as u32, plan.limits, zero_ns)?;
    let wire = LightTcp::new(network.attach(), mac, plan.members);
    Ok((service, Load::new(wire, plan.members, plan.mix, seed, rate, orders, warm_up)))
}

/// A service on several threads, and members beside it or taking turns with its first.
struct ThreadsMarket {
    service: Service<Host<MemoryPort>>,
    load: Load<LightTcp>,
    warm_up: u64,
    zero_ns: u64,
}

/// A core is left for the members when every thread of the layout has one.
#[must_use]
pub fn members_have_a_core(shape: &Shape) -> bool {
    !shape.is_fused() && online_cores().is_some_and(|cores| cores.len() > shape.map.threads().len())
}

impl ThreadsMarket {
    fn open(plan: &Plan<'_>, seed: u64, rate: u64, measured: u64, warm_up: u64) -> Result<ThreadsMarket, String> {
        follow_the_machine();
        let zero_ns = core_nanoseconds();
        let (service, load) = open(plan, seed, rate, measured, warm_up, zero_ns)?;
        Ok(ThreadsMarket { service, load, warm_up, zero_ns })
    }

    fn trade(self, plan: &Plan<'_>, bar: &ProgressBar) -> Result<(Figures, Day), String> {
        let ThreadsMarket { mut service, mut load, warm_up, zero_ns } = self;
        let mut turns = Turns { warm_up, zero_ns, generator_ns: 0, shown: 0 };
        if !members_have_a_core(plan.shape) {
            load.join(CORE, &plan.mix, |_| {
                service.poll(moment(zero_ns));
                moment(zero_ns)
            })?;
            turns.trade(&mut load, bar, |begins| {
                if begins {
                    service.begin_measuring();
                }
                service.poll(moment(zero_ns));
                true
            });
        } else {
            let cores: Vec<usize> = plan.shape.map.threads().iter().filter_map(|thread| thread.core).collect();
            let (measures, ends) = (AtomicBool::new(false), AtomicBool::new(false));
            let joined = std::thread::scope(|scope| {
                let members = scope.spawn(|| {
                    leave_cores(&cores);
                    let joined = load.join(CORE, &plan.mix, |_| moment(zero_ns));
                    if joined.is_ok() {
                        turns.trade(&mut load, bar, |begins| {
                            measures.fetch_or(begins, Ordering::Release);
                            !ends.load(Ordering::Relaxed)
                        });
                    }
                    ends.store(true, Ordering::Release);
                    joined
                });
                let mut is_measuring = false;
                for round in 0u32.. {
                    service.poll(moment(zero_ns));
                    if !is_measuring && measures.load(Ordering::Relaxed) {
                        is_measuring = true;
                        service.begin_measuring();
                    }
                    let looks = round % ROUNDS_A_LOOK == 0;
                    if ends.load(Ordering::Relaxed) || (looks && service.halt().is_some()) {
                        break;
                    }
                }
                ends.store(true, Ordering::Release);
                members.join().map_err(|_| "the members' thread panicked".to_owned())?
            });
            joined?;
        }
        let (planned_ns, counts, sent) = load.finish();
        Ok((service.figures(), Day { planned_ns, counts, sent, generator_ns: turns.generator_ns }))
    }
}

/// The members' rounds by the machine's clock.
struct Turns {
    warm_up: u64,
    zero_ns: u64,
    generator_ns: u64,
    shown: u64,
}

impl Turns {
    /// Trades until every order was due and answered, or time is up. `between` is called in every round, once with true when the
    /// measurement begins; false ends it.
    fn trade(&mut self, load: &mut Load<LightTcp>, bar: &ProgressBar, mut between: impl FnMut(bool) -> bool) {
        let mut is_measuring = false;
        load.begin(core_nanoseconds());
        for round in 0u32.. {
            let begin_ns = core_nanoseconds();
            load.send(moment(self.zero_ns), begin_ns);
            let sent_ns = core_nanoseconds();
            let begins = !is_measuring && load.progress() >= self.warm_up;
            is_measuring |= begins;
            if !between(begins) {
                break;
            }
            let back_ns = core_nanoseconds();
            load.hear(moment(self.zero_ns), core_nanoseconds);
            if load.is_quiet() {
                if load.is_done() {
                    break;
                }
                load.settle(moment(self.zero_ns));
            }
            let end_ns = core_nanoseconds();
            self.generator_ns += (sent_ns - begin_ns) + (end_ns - back_ns);
            if begins {
                self.generator_ns = 0;
            }
            if end_ns > load.end_ns() {
                break;
            }
            if round % ROUNDS_A_LOOK == 0 {
                bar.inc(load.progress() - self.shown);
                self.shown = load.progress();
            }
        }
        bar.inc(load.progress() - self.shown);
    }
}
