//! Where a bench runs: in memory, or on an interface against members behind the kernel's TCP; and the same service over the
//! kernel's sockets beside it.
//!
//! ```text
//! this name space                    a name space of the bench's own
//! service ── port on OURS ═══ veth ═══ THEIRS ── kernel TCP ── members, a thread that spins
//! ```
//!
//! TAP is its own pair: OURS is the port's end, THEIRS the interface. Everything is made by `ip`, named after this process, and
//! taken away at the end. The addresses are those set aside for benchmarks (RFC 2544).

use crate::bench::clock::core_nanoseconds;
use crate::bench::load::{Load, PATIENCE_NS};
use crate::bench::machine::leave_cores;
use crate::bench::market::DAY_BEGINS;
use crate::bench::market::MEMBER_PORT;
use crate::bench::report::{quantiles_json, span};
use crate::bench::runs::{self, Day, Plan, RateRun};
use crate::bench::service::{Figures, Service, Shape, moment};
use crate::bench::wire::KernelTcp;
use indicatif::ProgressBar;
use net::memory::Steering;
use net::{Host, HostConfig, Sockets, SocketsConfig, Transport};
use ports::{PortSettings, PortSpec};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::{Value, json};
use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

/// What to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum With {
    /// The kernel's TCP on the same interface.
    Kernel,
}

/// Where it runs.
pub enum Place {
    /// Everything on this thread.
    Memory,
    /// On an interface.
    Wire(Wire),
}

/// An interface and its two ends.
pub struct Wire {
    segment: Segment,
    /// None: the kernel's sockets.
    port: Option<PortSpec>,
    compare: bool,
}

/// A rate over our port and over the kernel's sockets.
pub struct Compared {
    ours: RateRun,
    kernel: RateRun,
}

/// The service's address and the members'. RFC 2544, appendix C.2.2.
const SERVICE: Ipv4Addr = Ipv4Addr::new(198, 18, 37, 1);
const MEMBERS: Ipv4Addr = Ipv4Addr::new(198, 18, 37, 2);
/// How long a service may take to be there: tables and log are touched first.
const START: Duration = Duration::from_secs(60);

/// A service's thread: it begins, is there, or will not be.
const BEGINS: u8 = 0;
const IS_THERE: u8 = 1;
const FAILED: u8 = 2;

impl Place {
    /// Makes the place.
    ///
    /// # Errors
    /// The flag, the rights or the command that is missing, in one line.
    pub fn prepare(port: &str, compare: Option<With>) -> Result<Place, String> {
        if port == "memory" {
            return match compare {
                None => Ok(Place::Memory),
                Some(_) => Err("--compare kernel: expected a --port on an interface, as --port af_packet".to_owned()),
            };
        }
        let ours = format!("bsb{}", std::process::id());
        let spec = match port {
            "kernel" => None,
            "tap" | "af_packet" | "af_xdp" | "dpdk_tap" => Some(format!("{port}:{ours}")),
            named => Some(named.to_owned()),
        };
        let spec = spec.map(|spec| spec.parse::<PortSpec>()).transpose();
        let spec = spec.map_err(|error| format!("--port {port}: {error}; or memory, kernel"))?;
        let ours = match &spec {
            Some(PortSpec::Tap(name) | PortSpec::AfPacket(name) | PortSpec::AfXdp(name) | PortSpec::DpdkTap(name)) => {
                name.clone()
            }
            None => ours,
            Some(other) => {
                return Err(format!("--port {other}: expected memory, kernel, tap, af_packet, af_xdp or dpdk_tap"));
            }
        };
        let is_tap = matches!(spec, Some(PortSpec::Tap(_) | PortSpec::DpdkTap(_)));
        if is_tap && compare.is_some() {
            return Err("--compare kernel: a TAP interface has no second end: expected --port af_packet".to_owned());
        }
        let segment = Segment::new(ours, is_tap).map_err(|fault| format!("--port {port}: {fault}"))?;
        Ok(Place::Wire(Wire { segment, port: spec, compare: compare.is_some() }))
    }

    /// Runs a rate.
    ///
    /// # Errors
    /// The market does not open.
    pub fn run(&mut self, plan: &Plan<'_>, rate: u64, seconds: f64, bar: &ProgressBar) -> Result<RateRun, String> {
        match self {
            Place::Memory => runs::in_memory(plan, rate, seconds, bar),
            Place::Wire(wire) => match &wire.port {
                None => wire.segment.over_kernel(plan, rate, seconds, bar),
                Some(port) => wire.segment.over_port(port, plan, rate, seconds, bar),
            },
        }
    }

    /// Runs it again over the kernel's sockets, if that was asked for.
    ///
    /// # Errors
    /// The market does not open.
    pub fn compare(
        &mut self,
        plan: &Plan<'_>,
        rate: u64,
        seconds: f64,
        bar: &ProgressBar,
        ours: &RateRun,
    ) -> Result<Option<Compared>, String> {
        let Place::Wire(Wire { segment, compare: true, .. }) = self else { return Ok(None) };
        let kernel = segment.over_kernel(plan, rate, seconds, bar)?;
        Ok(Some(Compared { ours: ours.clone(), kernel }))
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Place::Memory => "内存端口 memory port".to_owned(),
            Place::Wire(Wire { port: None, .. }) => "内核套接字 kernel sockets, members on another thread".to_owned(),
            Place::Wire(Wire { port: Some(port), .. }) => format!("端口 port {port}, members on another thread"),
        }
    }
}

impl Compared {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        let part = |name: &str, quantile: f64| {
            let [ours, kernel] = [&self.ours, &self.kernel].map(|run| run.planned_ns.value_at_quantile(quantile));
            let ratio = ours as f64 / kernel.max(1) as f64;
            format!("{name} {} / {} = {ratio:.2}", span(ours), span(kernel))
        };
        let [ours, kernel] = [&self.ours, &self.kernel].map(|run| run.counts.drops());
        format!(
            "对比 compare   {}/s, planned, this port / kernel sockets: {}, {}, {}; drops {ours} / {kernel}",
            crate::bench::report::thousands(self.ours.rate),
            part("p50", 0.5),
            part("p99", 0.99),
            part("p99.9", 0.999)
        )
    }

    /// For scripts.
    #[must_use]
    pub fn json(&self) -> Value {
        let side = |run: &RateRun| {
            json!({
                "sent": run.counts.planned,
                "answered": run.counts.answered,
                "drops": run.counts.drops(),
                "planned_ns": quantiles_json(&run.planned_ns),
                "latency_ns": quantiles_json(&run.internal_ns),
            })
        };
        let [ours, kernel] = [&self.ours, &self.kernel].map(|run| run.planned_ns.value_at_quantile(0.5) as f64);
        json!({
            "rate": self.ours.rate,
            "ours": side(&self.ours),
            "kernel": side(&self.kernel),
            "p50_ratio": (ours / kernel.max(1.0) * 1e3).round() / 1e3,
        })
    }
}

/// Two ends, and the name space of one.
struct Segment {
    space: String,
    ours: String,
    theirs: String,
    is_tap: bool,
}

impl Segment {
    fn new(ours: String, is_tap: bool) -> Result<Segment, String> {
        let space = format!("bsb{}", std::process::id());
        let theirs = if is_tap { ours.clone() } else { format!("bsm{}", std::process::id()) };
        // From here on it is taken away again, also half made.
        let segment = Segment { space, ours, theirs, is_tap };
        ip(&["netns", "add", &segment.space])?;
        segment.in_space(&["link", "set", "lo", "up"])?;
        if !is_tap {
            let Segment { space, ours, theirs, .. } = &segment;
            ip(&["link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", space])?;
            ip(&["link", "set", ours, "up"])?;
            segment.raise_theirs()?;
        }
        Ok(segment)
    }

    fn in_space(&self, arguments: &[&str]) -> Result<(), String> {
        ip(&[&["-n", &self.space], arguments].concat())
    }

    /// The members' end gets its address; its frames are whole and carry their sums, as on a wire.
    fn raise_theirs(&self) -> Result<(), String> {
        let address = format!("{MEMBERS}/24");
        self.in_space(&["addr", "replace", &address, "dev", &self.theirs])?;
        self.in_space(&["link", "set", &self.theirs, "up"])?;
        let features = ["tx", "off", "tso", "off", "gso", "off", "gro", "off"];
        let arguments = [&["netns", "exec", &self.space, "ethtool", "-K", &self.theirs], &features[..]].concat();
        ip(&arguments).map_err(|fault| format!("{fault} (is the package ethtool there?)"))
    }

    fn over_port(
        &self,
        port: &PortSpec,
        plan: &Plan<'_>,
        rate: u64,
        seconds: f64,
        bar: &ProgressBar,
    ) -> Result<RateRun, String> {
        let map = &plan.shape.map;
        self.run(plan, rate, seconds, bar, || {
            let settings = PortSettings { queues: map.fronts() as u16, ..PortSettings::default() };
            let opened = ports::open(port, &settings).map_err(|error| error.to_string())?;
            if self.is_tap {
                ip(&["link", "set", &self.ours, "netns", &self.space])?;
                self.raise_theirs()?;
            }
            let sessions = usize::from(plan.members) + 4;
            let queues = ports::share(opened, Steering { port: MEMBER_PORT, first: map.first_member_front() });
            let host = |queue| Host::new(HostConfig { sessions, ..HostConfig::new(SERVICE, plan.seed) }, queue);
            Ok(queues.into_iter().map(host).collect())
        })
    }

    /// The same service, over the kernel's sockets on our end.
    fn over_kernel(&self, plan: &Plan<'_>, rate: u64, seconds: f64, bar: &ProgressBar) -> Result<RateRun, String> {
        let address = format!("{SERVICE}/24");
        ip(&["addr", "add", &address, "dev", &self.ours])?;
        let sessions = usize::from(plan.members) + 4;
        let config = SocketsConfig { sessions, ..SocketsConfig::new(SERVICE) };
        // The kernel's TCP is one: whatever the layout has behind it, members come through one front.
        let shape = Shape { map: plan.shape.map.clone().with_fronts(1), ..plan.shape.clone() };
        let plan = &Plan { shape: &shape, ..*plan };
        let open = || Sockets::new(config).map(|sockets| vec![sockets]).map_err(|error| error.to_string());
        let run = self.run(plan, rate, seconds, bar, open);
        ip(&["addr", "del", &address, "dev", &self.ours])?;
        self.in_space(&["neigh", "flush", "all"])?;
        run
    }

    /// The service on one thread, the members on another, by the machine's own clock.
    fn run<T: Transport + Send + 'static>(
        &self,
        plan: &Plan<'_>,
        rate: u64,
        seconds: f64,
        bar: &ProgressBar,
        open: impl FnOnce() -> Result<Vec<T>, String> + Send,
    ) -> Result<RateRun, String> {
        let orders = ((rate as f64 * seconds) as u64).max(1);
        let days = runs::days(plan, orders)?;
        let &[(measured, warm_up)] = &days[..] else {
            return Err(format!(
                "--port: {orders} orders a rate are more than the profile's day holds: fewer --seconds, or --port memory"
            ));
        };
        let signs =
            Signs { state: AtomicU8::new(BEGINS), measures: AtomicBool::new(false), ends: AtomicBool::new(false) };
        std::thread::scope(|scope| {
            let service = scope.spawn(|| {
                let served = serve(plan, measured + warm_up, open, &signs);
                if served.is_err() {
                    signs.state.store(FAILED, Ordering::Release);
                }
                served
            });
            let members = scope.spawn(|| {
                let traded = self.trade(plan, rate, measured, warm_up, &signs, bar);
                signs.ends.store(true, Ordering::Release);
                traded
            });
            let members = members.join().map_err(|_| "the members' thread panicked".to_owned())?;
            let figures = service.join().map_err(|_| "the service's thread panicked".to_owned())??;
            let mut run = RateRun::new(rate);
            run.add(figures, members?);
            Ok(run)
        })
    }

    /// The members: by kernel TCP, from their name space.
    fn trade(
        &self,
        plan: &Plan<'_>,
        rate: u64,
        measured: u64,
        warm_up: u64,
        signs: &Signs,
        bar: &ProgressBar,
    ) -> Result<Day, String> {
        let begin = std::time::Instant::now();
        while signs.state.load(Ordering::Acquire) == BEGINS {
            if begin.elapsed() > START {
                return Err("the service did not come up".to_owned());
            }
            std::thread::yield_now();
        }
        if signs.state.load(Ordering::Acquire) == FAILED {
            return Err(String::new()); // the service says why
        }
        let map = &plan.shape.map;
        leave_cores(&map.threads().iter().filter_map(|thread| thread.core).collect::<Vec<_>>());
        let space = File::open(format!("/run/netns/{}", self.space)).map_err(|error| format!("name space: {error}"))?;
        move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network))
            .map_err(|error| format!("name space: {error}"))?;
        let wire = KernelTcp::new(MEMBERS, plan.members)?;
        let mut load = Load::new(wire, plan.members, plan.mix, plan.seed, rate, measured + warm_up, warm_up);
        let now = || DAY_BEGINS + Duration::from_nanos(core_nanoseconds());
        load.join(SERVICE, &plan.mix, |_| now())?;
        load.begin(core_nanoseconds());
        let (mut is_measuring, mut shown) = (false, 0);
        for round in 0u64.. {
            let now_ns = core_nanoseconds();
            load.send(now(), now_ns);
            load.hear(now(), core_nanoseconds);
            if !is_measuring && load.progress() >= warm_up {
                is_measuring = true;
                signs.measures.store(true, Ordering::Release);
            }
            if load.is_done() || now_ns > load.end_ns() + PATIENCE_NS || signs.state.load(Ordering::Acquire) == FAILED {
                break;
            }
            if round.is_multiple_of(0x1_0000) {
                bar.inc(load.progress() - shown);
                shown = load.progress();
            }
        }
        bar.inc(load.progress() - shown);
        let (planned_ns, counts, sent) = load.finish();
        Ok(Day { planned_ns, counts, sent, generator_ns: 0 })
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        // Half made, or gone already: there is nobody left to tell.
        let _ = ip(&["netns", "del", &self.space]);
        if !self.is_tap {
            let _ = ip(&["link", "del", &self.ours]);
        }
    }
}

/// What two threads tell each other.
struct Signs {
    state: AtomicU8,
    measures: AtomicBool,
    ends: AtomicBool,
}

/// The service's thread.
fn serve<T: Transport + Send + 'static>(
    plan: &Plan<'_>,
    orders: u64,
    open: impl FnOnce() -> Result<Vec<T>, String>,
    signs: &Signs,
) -> Result<Figures, String> {
    let zero_ns = core_nanoseconds();
    let orders = orders as u32;
    let mut service = Service::open(open()?, plan.shape, plan.members, &plan.mix, orders, plan.limits, zero_ns)?;
    signs.state.store(IS_THERE, Ordering::Release);
    let mut is_measuring = false;
    while !signs.ends.load(Ordering::Acquire) {
        service.poll(moment(zero_ns));
        if !is_measuring && signs.measures.load(Ordering::Relaxed) {
            is_measuring = true;
            service.begin_measuring();
        }
    }
    Ok(service.figures())
}

/// Runs `ip`.
fn ip(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(arguments).output();
    let output = output.map_err(|error| format!("ip (package iproute2): {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(format!("`ip {}`: {} (it takes root)", arguments.join(" "), words.trim().replace('\n', " ")))
}
