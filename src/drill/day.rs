//! The day: every node on one network, one loop, virtual time.
//!
//! Nodes are polled when a frame or a deadline is due for them; when nothing is, time jumps to the next deadline. Everything follows
//! from the plan: on one core the same seed gives the same journal, byte for byte. Machine time is measured, and enters nothing.

use super::death::{Death, Fate};
use super::flow::FlowDirector;
use super::full::FullDirector;
use super::members::{MemberNode, host_config};
use super::options::{DayChoice, Plan};
use super::seeded::SeededDirector;
use super::world::{
    BACKSTOP_ADDRESS, BACKSTOP_DATA_CENTER, DAY_BEGINS_NS, FEED_PORT, MEMBER_PORT, NAMES_ADDRESS, NAMES_CORE_PORT,
    NAMES_PORT, PRIMARY_ADDRESS, PRIMARY_DATA_CENTER, TRADING_DAY, World, at,
};
use crate::appliance::{Appliance, ApplianceConfig};
use crate::machine_clock;
use crate::run::MARKET_DATA_EVERY;
use dataplane::front::FrontConfig;
use dataplane::names::{NamePorts, NameService};
use dataplane::stages::Time;
use dataplane::streams::Stream;
use engine::command::{CommandBuffer, MarketDataTick};
use engine::types::{Nanoseconds, ParticipantIndex};
use hw_profiles::DurabilityPolicy;
use indicatif::ProgressBar;
use journal::{Durability, Log, LogLimits};
use member_api::{Readiness, StreamNumber};
use net::fault::FaultPort;
use net::memory::{PortNumber, Steering};
use net::{Faults, Filter, Host, HostConfig, Instant, MemoryPort, Network, NetworkConfig};
use reference::primary::{FeedByte, FeedLag, Primary, PrimarySettings};
use standby::{Calendar, FollowSettings, RunbookSettings, command_of};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What every node stands on.
pub type DrillPort = FaultPort<MemoryPort>;
/// What everybody in a drill speaks TCP with.
pub type DrillHost = Host<DrillPort>;

/// Virtual time of one round in which something happened: a network's hop.
const ROUND: Duration = Duration::from_micros(200);
/// After its death the primary's wires are cut: until then what it had sent still arrives.
const LAST_FRAMES: Duration = Duration::from_millis(5);
/// From the death to the operator's command.
const DECISION: Duration = Duration::from_millis(500);
/// The member that raises a hand when it comes back, and for how long.
const HAND_RAISER: usize = 1;
const HAND_RAISED: Duration = Duration::from_millis(300);
/// If the byte it is to die at is not reached by then, the primary dies all the same.
const DEATH_PATIENCE: Duration = Duration::from_secs(2);
/// Longest day, virtual: whatever hangs is a failure, not a hang.
const LONGEST: Duration = Duration::from_secs(4 * 3_600);
/// A machine's patience with the engine's thread, in rounds without progress.
const IDLE_ROUNDS_MAX: u64 = 200_000_000;

/// Who sends orders.
pub enum Director {
    /// Made orders.
    Seeded(SeededDirector),
    /// A full day.
    Full(FullDirector),
    /// A file's orders.
    Flow(FlowDirector),
}

/// What happened around the death.
#[derive(Clone, Debug, Default)]
pub struct DeathRecord {
    /// When it died.
    pub at: Option<Instant>,
    /// It is to die from now on.
    pub armed_at: Option<Instant>,
    /// The wires are cut.
    pub unplugged: bool,
    /// What was on its way to some members was lost.
    pub lost_tail: bool,
    /// The command was given: virtual, and by the machine's clock.
    pub switched: Option<(Instant, u64)>,
    /// The first order accepted afterwards, by the machine's clock.
    pub first_accepted_ns: Option<u64>,
    /// For each member, its last private and broadcast numbers when the wires were cut.
    pub last_numbers: Vec<(StreamNumber, StreamNumber)>,
    /// Orders sent until then.
    pub orders_sent: u32,
}

/// The whole drill while it runs.
pub struct Day {
    /// What was asked for.
    pub plan: Plan,
    /// Who takes part.
    pub world: World,
    /// The primary.
    pub primary: Primary<DrillHost>,
    /// Backstop.
    pub backstop: Appliance<DrillHost>,
    /// The name service.
    pub names: NameService<DrillHost>,
    /// The members.
    pub members: Vec<MemberNode<DrillHost>>,
    /// The present moment.
    pub now: Instant,
    /// How it dies.
    pub fate: Fate,
    /// That it died.
    pub death: DeathRecord,
    /// Orders that members were told to send, each once.
    pub orders_sent: u32,
    /// The day has begun.
    begun: bool,
    /// The day is closed and everybody knows.
    pub closed: bool,
    /// Why the day cannot end, if so.
    pub stuck: Option<String>,
    network: Network,
    primary_port: PortNumber,
    member_ports: Vec<PortNumber>,
    is_fenced: Arc<AtomicBool>,
    /// The primary's: Backstop keeps its own.
    calendar: Calendar,
    step_given: u32,
    next_tick: Instant,
    /// Epoch in which each member last reported its readiness.
    reported: Vec<u32>,
    /// The member that raised a hand says that it is ready then.
    hand_down_at: Option<Instant>,
    log_seen: u64,
}

impl Day {
    /// Sets everything up; nobody has connected yet.
    ///
    /// # Errors
    /// The journal's file or memory: one line.
    pub fn new(plan: &Plan) -> Result<(Day, Director), String> {
        let options = &plan.options;
        let limits = &plan.profile.limits;
        let world = match &plan.flow {
            Some(flow) => World::of_flow(options.members, flow, limits),
            None if options.day == DayChoice::Full => World::full(options.members, options.orders_total, limits),
            None => World::seeded(options.members, options.orders_total, limits),
        };
        let seed = options.seed;
        let has_auction = match &plan.flow {
            Some(flow) => flow.rows.iter().any(|row| row.operation == crate::order_flow::Operation::Uncross),
            None => true,
        };
        let fate = match options.day {
            DayChoice::Full => Fate::draw_full(seed, options.fail_at, options.fail_in),
            DayChoice::Short => Fate::draw(seed, options.fail_at, has_auction, plan.flow.is_some()),
        };
        let start = Instant::from_nanos(DAY_BEGINS_NS);

        let nodes = usize::from(options.members) + 3;
        let network = Network::new(NetworkConfig { ports: nodes, queue_frames: 8_192, ..NetworkConfig::default() });
        let faults = Faults::preset(&options.faults).expect("the options were checked");
        let none = Faults::preset("none").expect("none is a preset");
        let mut node = 0;
        // One direction only: two flipped bits can cancel each other in a checksum.
        let mut faulty = |port: MemoryPort| {
            node += 1;
            FaultPort::new(port, seed.wrapping_mul(31) + node, none, faults)
        };
        let host = |address: Ipv4Addr, sessions: usize| {
            let mut config = HostConfig::new(address, seed ^ u64::from(u32::from(address)));
            config.prefix_length = 8;
            config.sessions = sessions;
            config.receive_ring = 32 * 1_024;
            config.send_ring = 256 * 1_024;
            config
        };
        let sessions = usize::from(limits.sessions);

        let primary_port = faulty(network.attach());
        let primary_number = primary_port.inner().number();
        let mut settings = PrimarySettings::new(host(PRIMARY_ADDRESS, sessions));
        settings.exchange.data_center = PRIMARY_DATA_CENTER;
        settings.exchange.poison = matches!(fate.death, Death::Poison(_)).then_some(super::seeded::POISON);
        settings.member_port = MEMBER_PORT;
        settings.feed_port = FEED_PORT;
        settings.name_servers = vec![at(NAMES_ADDRESS, NAMES_CORE_PORT)];
        settings.fronts = vec![(at(PRIMARY_ADDRESS, MEMBER_PORT), 1)];
        settings.proof_only = true;
        let host_of_primary = Host::new(settings.host, primary_port);
        let primary = Primary::new(settings, host_of_primary);

        let bytes =
            usize::try_from(limits.log_bytes).map_err(|_| "the profile's log does not fit this machine".to_owned())?;
        let commands =
            plan.flow.as_ref().map_or(options.orders_total as usize * 2, |flow| flow.rows.len() * 2) + 65_536;
        let log_limits = LogLimits { bytes: bytes.min(commands * 1_024 + (64 << 20)), frames: commands };
        let durability = match plan.profile.durability.policy {
            DurabilityPolicy::Sync => Durability::Sync,
            DurabilityPolicy::Async => Durability::Async,
        };
        let log = match &options.journal {
            Some(folder) => Log::create(&folder.join("backstop.journal"), log_limits, durability)
                .map_err(|error| error.to_string())?,
            None => Log::in_memory(log_limits).map_err(|error| format!("memory for the journal: {error}"))?,
        };
        let mut nonce_seed = [0; 32];
        nonce_seed[..8].copy_from_slice(&seed.to_le_bytes());
        let mut front = FrontConfig::new(MEMBER_PORT, BACKSTOP_DATA_CENTER, nonce_seed);
        front.feed = Some((FEED_PORT, Filter::everybody()));
        front.streams = dataplane::streams::StreamLimits::for_commands(u32::try_from(commands).unwrap_or(u32::MAX));
        front.clock = Some(machine_clock);
        let mut follow = FollowSettings::new(BACKSTOP_DATA_CENTER);
        follow.trading_day = TRADING_DAY;
        let config = ApplianceConfig {
            front,
            primary_feed: at(PRIMARY_ADDRESS, FEED_PORT),
            names: at(NAMES_ADDRESS, NAMES_CORE_PORT),
            public_fronts: vec![(at(BACKSTOP_ADDRESS, MEMBER_PORT), 1)],
            follow,
            runbook: RunbookSettings { simulated: true, ..RunbookSettings::new(BACKSTOP_DATA_CENTER) },
            map: plan.map.clone(),
            time: Time::OfPoll,
            market_data_every: MARKET_DATA_EVERY,
            group_commit: options.journal.is_some() && durability == Durability::Sync,
            queries: Some(queries::Settings::default()),
        };
        let is_fenced = Arc::new(AtomicBool::new(false));
        let fenced = Arc::clone(&is_fenced);
        let fence = Box::new(move || {
            Some(match fenced.load(Ordering::Relaxed) {
                true => Ok("主核心已断电 its wires are cut".to_owned()),
                false => Err("它还连着 it is still connected".to_owned()),
            })
        });
        // One port, a queue for each front.
        let steering = Steering { port: MEMBER_PORT, first: plan.map.first_member_front() };
        let queues = network.attach_queues(plan.map.fronts(), Some(steering));
        let queues = queues.into_iter().map(|queue| Host::new(host(BACKSTOP_ADDRESS, sessions), faulty(queue)));
        let backstop = Appliance::new(config, queues.collect(), log, fence);

        let ports = NamePorts { members: NAMES_PORT, cores: NAMES_CORE_PORT, publishers: Filter::everybody() };
        let names = NameService::new(Host::new(host(NAMES_ADDRESS, sessions), faulty(network.attach())), ports)
            .map_err(|error| error.to_string())?;
        // Every fourth member has Backstop's front registered in advance: it will try, and be refused with the reason.
        let registered =
            |index: u16| if index.is_multiple_of(4) { vec![at(BACKSTOP_ADDRESS, MEMBER_PORT)] } else { Vec::new() };
        let mut members = Vec::new();
        let mut member_ports = Vec::new();
        for seat in &world.seats {
            let (port, seed) = (faulty(network.attach()), seed ^ u64::from(seat.index));
            member_ports.push(port.inner().number());
            let host = Host::new(host_config(seat, seed), port);
            members.push(MemberNode::new(&world, seat, registered(seat.index), plan.flow.is_some(), seed, host));
        }
        let director = match &plan.flow {
            Some(flow) => Director::Flow(FlowDirector::new(flow.clone())),
            None if options.day == DayChoice::Full => {
                Director::Full(FullDirector::new(&world, options.orders_total, seed))
            }
            None => Director::Seeded(SeededDirector::new(&world, options.orders_total, seed)),
        };
        let count = members.len();
        let mut day = Day {
            plan: plan.clone(),
            calendar: Calendar::of_commands(&world.base_data),
            step_given: 0,
            world,
            primary,
            backstop,
            names,
            members,
            now: start,
            fate,
            death: DeathRecord::default(),
            orders_sent: 0,
            begun: false,
            closed: false,
            stuck: None,
            network,
            primary_port: primary_number,
            member_ports,
            is_fenced,
            next_tick: start + MARKET_DATA_EVERY,
            reported: vec![0; count],
            hand_down_at: None,
            log_seen: 0,
        };
        for command in day.world.base_data.clone() {
            day.primary.command(start, command.bytes()).map_err(|stopped| format!("base data: {stopped:?}"))?;
        }
        Ok((day, director))
    }

    /// Runs the day to its end, or until it is stuck.
    pub fn run(&mut self, director: &mut Director, bar: &ProgressBar) {
        let end = self.now + LONGEST;
        let mut idle_rounds = 0;
        while !self.closed && self.stuck.is_none() {
            self.operate_the_day();
            self.keep_the_calendar();
            self.let_the_primary_die();
            self.come_back();
            match director {
                Director::Seeded(director) => director.act(self),
                Director::Full(director) => director.act(self),
                Director::Flow(director) => director.act(self),
            }
            bar.set_position(u64::from(self.orders_sent));
            let busy = self.poll_nodes();
            // What is in the ring is to be executed before time goes on.
            let waits_for_engine = !self.backstop.front().is_idle();
            idle_rounds = if busy || !waits_for_engine { 0 } else { idle_rounds + 1 };
            if busy {
                self.now = self.now + ROUND;
            } else if !waits_for_engine {
                self.now = self.next_moment();
            } else {
                std::hint::spin_loop();
            }
            self.look_for_trouble(end, idle_rounds);
        }
    }

    /// Executes a command of the exchange itself on the core that is active. False: there is none, or it has no room now.
    pub fn operate(&mut self, command: &CommandBuffer) -> bool {
        if !self.primary.is_dead() {
            return self.primary.command(self.now, command.bytes()).is_ok();
        }
        self.backstop.front().is_active() && self.backstop.command(command)
    }

    /// Everybody is there, and Backstop holds the base data: the day may begin. From here on the feed lags as it was drawn.
    pub fn begin(&mut self) -> bool {
        if !self.begun {
            let base_data = self.world.base_data.len() as u64;
            let everybody_was_there = self.members.iter().all(|node| node.member.counters().logins > 0);
            self.begun = everybody_was_there && self.backstop.log().last_sequence().0 >= base_data;
            if self.begun {
                self.primary.set_feed_lag(FeedLag { frames: self.fate.lag_frames, bytes: 0 });
            }
        }
        self.begun
    }

    /// The takeover is under way, or not yet commanded.
    #[must_use]
    pub fn is_between(&self) -> bool {
        self.primary.is_dead() && !self.backstop.runbook().is_finished()
    }

    /// Every member has been logged in to all streams of the core that took over, and so knows what does not count. On a faulty
    /// network it need not be so at this moment.
    #[must_use]
    pub fn everybody_came_back(&self) -> bool {
        self.reported.iter().all(|&epoch| epoch > 1)
    }

    /// The member of this place came back after the takeover.
    #[must_use]
    pub fn came_back(&self, index: usize) -> bool {
        self.reported[index] > 1
    }

    /// The primary may die from here on, at a byte of its feed still to come.
    pub fn arm(&mut self, bytes_later: u64) {
        if self.death.armed_at.is_none() && !self.primary.is_dead() {
            self.death.armed_at = Some(self.now);
            let fed = self.primary.records().fed_bytes;
            self.primary.die_at(FeedByte(fed + 1 + bytes_later));
        }
    }

    /// The primary may die from here on, at this byte of its feed.
    pub fn arm_at(&mut self, byte: u64) {
        self.death.armed_at = Some(self.now);
        self.primary.set_feed_lag(FeedLag::default());
        self.primary.die_at(FeedByte(byte));
    }

    /// Ends the day once every member has been told everything, or at `latest`.
    pub fn close_when_told(&mut self, latest: Instant) {
        let streams = self.backstop.front().streams();
        let told = self.members.iter().zip(&self.world.seats).all(|(node, seat)| {
            let (private, broadcast) = node.member.view().last_numbers();
            let stream = Stream::Private(ParticipantIndex(seat.index));
            private.0 == streams.count(stream).0 && broadcast.0 == streams.count(Stream::Broadcast).0
        });
        let recorded = self.backstop.front().is_idle();
        let is_over = self.backstop.runbook().fold().is_closed();
        self.closed = (told && recorded && is_over) || self.now >= latest;
    }

    fn operate_the_day(&mut self) {
        if self.now >= self.next_tick {
            self.next_tick = self.now + MARKET_DATA_EVERY;
            if !self.primary.is_dead() {
                self.operate(&CommandBuffer::own(&MarketDataTick { reserved: 0 }));
            }
        }
    }

    /// The primary gives the calendar's steps while it lives.
    fn keep_the_calendar(&mut self) {
        while !self.primary.is_dead()
            && let Some(step) = self.calendar.due(Nanoseconds(self.now.nanos()), self.step_given).copied()
            && self.operate(&command_of(&step))
        {
            self.step_given = step.step;
        }
    }

    fn let_the_primary_die(&mut self) {
        if let Some(armed) = self.death.armed_at
            && !self.primary.is_dead()
            && self.now >= armed + DEATH_PATIENCE
        {
            self.primary.die();
        }
        if !self.primary.is_dead() {
            return;
        }
        let died = *self.death.at.get_or_insert(self.now);
        if !self.death.unplugged && self.now >= died + LAST_FRAMES {
            self.death.unplugged = true;
            self.death.orders_sent = self.orders_sent;
            self.network.unplug(self.primary_port);
            self.is_fenced.store(true, Ordering::Relaxed);
            for node in &mut self.members {
                self.death.last_numbers.push(node.member.view().last_numbers());
                // A market that is being taken over takes no orders: what is unanswered waits.
                node.member.hold(true);
            }
        }
        if self.death.unplugged && self.death.switched.is_none() && self.now >= died + DECISION {
            self.switch();
        }
        if self.death.first_accepted_ns.is_none() && self.death.switched.is_some() {
            self.look_for_the_first_order();
        }
    }

    fn switch(&mut self) {
        let second = |count: u64| Nanoseconds(count * 1_000_000_000);
        let mut options = standby::Options::new(self.plan.options.book.into(), self.plan.options.reopen.into());
        options.readiness = standby::PerMille(1_000);
        options.readiness_timeout = second(60);
        options.cancel_only_for = second(1);
        options.auction_for = second(2);
        // Half a second of silence is not yet a lag; a feed that was never level is.
        options.from_lagging = true;
        self.death.switched = Some((self.now, machine_clock()));
        self.log_seen = self.backstop.log().committed();
        if let Err(refused) = self.backstop.switch(options, self.now) {
            self.stuck = Some(format!("switch: {refused}"));
        }
    }

    fn look_for_the_first_order(&mut self) {
        let log = self.backstop.log();
        for frame in log.frames_from(self.log_seen) {
            self.log_seen += frame.bytes().len() as u64;
            let accepts =
                |event: &engine::event::Event| matches!(event.view(), Some(engine::event::EventView::Accepted(_)));
            if frame.events().any(accepts) {
                self.death.first_accepted_ns = Some(machine_clock());
                return;
            }
        }
    }

    /// A member that is back says so; one of them raises a hand first.
    fn come_back(&mut self) {
        if !self.death.unplugged {
            return;
        }
        for (index, node) in self.members.iter_mut().enumerate() {
            let epoch = node.member.epoch().0;
            if node.is_working() && self.reported[index] < epoch && epoch > 1 {
                self.reported[index] = epoch;
                if index == HAND_RAISER {
                    node.member.report(Readiness::RaisedHand, "请核对我方最后一笔委托 please check our last order");
                    self.hand_down_at = Some(self.now + HAND_RAISED);
                } else {
                    node.member.report(Readiness::Ready, "就绪 ready");
                }
                node.restless = true;
            }
            if index == HAND_RAISER && self.hand_down_at.is_some_and(|at| self.now >= at) {
                self.hand_down_at = None;
                node.member.report(Readiness::Ready, "已核对，就绪 checked, ready");
                node.restless = true;
            }
        }
    }

    fn poll_nodes(&mut self) -> bool {
        let now = self.now;
        let due = |deadline: Option<Instant>| deadline.is_some_and(|at| at <= now);
        let mut busy = false;
        if !self.death.unplugged && due(self.primary.next_deadline()) {
            self.primary.poll(now);
            busy = true;
            if self.primary.is_dead() && self.fate.loses_tail && !self.death.lost_tail {
                self.death.lost_tail = true;
                for &port in self.member_ports.iter().step_by(3) {
                    self.network.unplug(port); // frames that wait there are gone
                    self.network.plug(port);
                }
            }
        }
        let waits_for_engine = !self.backstop.front().is_idle();
        let is_due = due(self.backstop.next_deadline());
        // What has come to the other threads' queues, only they know.
        if self.plan.map.threads().len() > 1 {
            busy |= self.backstop.poll(now) || is_due;
        } else if waits_for_engine || is_due {
            let before = self.backstop.log().released();
            self.backstop.poll(now);
            busy |= !waits_for_engine || self.backstop.log().released() > before;
        }
        if due(self.names.next_deadline()) {
            self.names.poll(now);
            busy = true;
        }
        for node in &mut self.members {
            if due(node.next_deadline()) {
                node.poll(now);
                busy = true;
            }
        }
        busy
    }

    /// The next moment at which anybody has something to do.
    fn next_moment(&self) -> Instant {
        let primary = if self.death.unplugged { None } else { self.primary.next_deadline() };
        let members = self.members.iter().filter_map(MemberNode::next_deadline).min();
        let decision = self.death.at.filter(|_| self.death.switched.is_none()).map(|_| self.now + LAST_FRAMES);
        let step = self.calendar.next_at(self.step_given).filter(|_| !self.primary.is_dead());
        let step = step.map(|at| Instant::from_nanos(at.0));
        let nodes = [
            primary,
            step,
            self.backstop.next_deadline(),
            self.names.next_deadline(),
            members,
            decision,
            self.hand_down_at,
        ];
        let next = nodes.into_iter().flatten().chain([self.next_tick]).min().expect("the next tick is there");
        next.max(self.now + Duration::from_nanos(1))
    }

    fn look_for_trouble(&mut self, end: Instant, idle_rounds: u64) {
        if self.now >= end {
            self.stuck = Some("the day has no end: four hours of virtual time are over".to_owned());
        } else if idle_rounds > IDLE_ROUNDS_MAX {
            self.stuck = Some("the engine's thread does not go on".to_owned());
        } else if let Some(halt) = self.backstop.halt() {
            self.stuck = Some(format!("Backstop halted: {halt}"));
        } else if let Some(end) = self.backstop.feed_end() {
            self.stuck = Some(format!("the feed ended: {end}"));
        }
    }
}
