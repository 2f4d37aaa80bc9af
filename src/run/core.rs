//! Backstop as a process: the appliance, the day's journal, the operator's commands.

use super::clock::WallClock;
use super::control::{Ask, Decided, Refused, Reply, SwitchOptions, Ticket};
use super::node::Node;
use super::operate::{self, LiveNames};
use super::status::Status;
use super::{fence, journals};
use crate::appliance::{Appliance, ApplianceConfig};
use crate::base_files::BaseFiles;
use crate::day::end::carry_on;
use crate::machine_clock;
use crate::site::{Site, Start};
use dataplane::front::FrontConfig;
use dataplane::stages::{LayoutMap, Time};
use engine::types::{Nanoseconds, Sequence, UserIndex};
use hw_profiles::{DurabilityPolicy, Profile};
use net::{Filter, Instant, Transport};
use serde_json::json;
use standby::{FollowSettings, NotSwitched, PerMille, RunbookSettings, Switched};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How often a stage that does not go on is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Frames that are looked at for one command's outcome between two rounds: some ten microseconds.
const FRAMES_PER_LOOK: usize = 1_024;

/// Backstop, running.
pub struct Core<T: Transport> {
    appliance: Appliance<T>,
    next_look: Instant,
    began: Instant,
    now: Instant,
    /// What the last round saw, to tell a busy one from an idle one.
    seen: (u64, u64),
    halt: Option<String>,
    /// The last number that an operator's command went into the log with.
    operated: u32,
    /// Where the day's end is written.
    end_folder: PathBuf,
    /// The day's own base data: what of them the log does not hold goes on to its end.
    base_folder: Option<PathBuf>,
    /// What was done at the start, in one line.
    pub beginning: String,
}

/// The stages on threads: the profile's layout as far as the hosts and the machine go, and in words what it lacks.
fn map(profile: &Profile, hosts: usize) -> Result<(LayoutMap, Vec<String>), String> {
    let mut map = LayoutMap::of_profile(&profile.layout).map_err(|fault| fault.to_string())?;
    let mut notes = Vec::new();
    if hosts < map.fronts() {
        notes.push(format!("the layout has {} fronts, the port has {hosts}", map.fronts()));
        map = map.with_fronts(hosts);
    }
    let (map, why) = map.on_this_machine();
    notes.extend(why);
    // Cores that are not our own are left to others when there is nothing to do.
    let is_pinned = map.threads().iter().all(|thread| thread.core.is_some());
    Ok((if is_pinned { map } else { map.napping() }, notes))
}

impl<T: Transport + Send + 'static> Core<T> {
    /// Opens the day's journal and begins as the site says: follows, goes on as the exchange, or opens its own day. As many fronts as
    /// the profile's layout has, or as there are hosts, if these are fewer. The calling thread is pinned as the layout says, and polls.
    ///
    /// # Errors
    /// One line.
    pub fn begin(
        site: &Site,
        profile: &Profile,
        day: u32,
        seed: [u8; 32],
        hosts: Vec<T>,
        now: Instant,
    ) -> Result<Self, String> {
        let own = &site.backstop;
        let folder = site.path(&own.journal);
        let opened = journals::open(&folder, day, profile, journals::identity(own.data_center))?;
        let mut machine = opened.machine;
        let opens_the_day = opened.frames == 0 && own.start == Start::Exchange;
        if opens_the_day {
            let folder = site.base_data.as_ref().ok_or("site: start = \"exchange\" needs base_data")?;
            let base = BaseFiles::load_for(&site.path(folder), day)?;
            base.open(day, own.data_center, &profile.limits, &mut |command, what| {
                let executed = machine.execute(&command.command(), Nanoseconds(now.nanos()));
                match executed.map_err(|why| format!("base data, {}: {why}", what()))?.rejected {
                    None => Ok(()),
                    Some(reject) => Err(format!("base data, {}: {} {}", what(), reject.chinese(), reject.english())),
                }
            })?;
            machine.log().sync().map_err(|error| format!("{}: {error}", opened.path.display()))?;
        }
        let mut front = FrontConfig::new(own.members, own.data_center, seed);
        let followers = site.front.iter().map(|front| front.address.address).chain([site.primary.address.address]);
        front.feed = Some((own.feed, Filter::only(followers)));
        let fronts = site.front.iter().map(|front| front.address.address);
        front.uplinks = own.fronts.map(|port| (port, Filter::only(fronts)));
        front.streams = dataplane::streams::StreamLimits::for_commands(profile.limits.frames);
        front.clock = Some(machine_clock);
        front.multicast = site.multicast();
        front.text = own.text.into();
        let (map, notes) = map(profile, hosts.len())?;
        let clock = WallClock::start();
        let mut follow = FollowSettings::new(own.data_center);
        follow.trading_day = day;
        let config = ApplianceConfig {
            front,
            primary_feed: site.primary.address.at(site.primary.feed),
            names: site.names.address.at(site.names.cores),
            public_fronts: site.public_fronts(),
            follow,
            runbook: RunbookSettings::new(own.data_center),
            map,
            time: Time::Machine(Arc::new(move || clock.now())),
            group_commit: profile.durability.policy == DurabilityPolicy::Sync,
            queries: Some(queries::Settings { text: own.text.into(), ..queries::Settings::default() }),
            market_data_every: site.market_data_every(),
        };
        let mut appliance = Appliance::recovered(config, hosts, machine, fence::hook(own.fence.clone()));
        appliance.layout().pin();
        let journal = opened.path.display();
        let beginning = if opens_the_day {
            appliance.go_on();
            format!("{day}: the day is opened from the base data; journal {journal}")
        } else if opened.frames == 0 {
            format!("{day}: follows the primary from the first frame on; journal {journal}")
        } else {
            let (frames, cut) = (opened.frames, opened.cut_bytes);
            let what = match () {
                () if opened.is_whole && appliance.go_on() => "goes on as the exchange",
                () if appliance.follower().state() <= standby::State::Diverged => "follows on",
                () => "waits for `backstop switch`: a takeover is not done, or the journal may hold less than was told",
            };
            format!("{day}: {frames} frames recovered, {cut} torn bytes cut, {what}; journal {journal}")
        };
        let beginning = [beginning].into_iter().chain(notes).collect::<Vec<_>>().join("; ");
        let end_folder = folder.join(format!("{day}.end"));
        Ok(Core {
            appliance,
            next_look: now + LOOK_EVERY,
            began: now,
            now,
            seen: (0, 0),
            halt: None,
            operated: 0,
            end_folder,
            base_folder: site.base_data.as_ref().map(|folder| site.path(folder)),
            beginning,
        })
    }

    /// The appliance, to look at.
    #[must_use]
    pub fn appliance(&self) -> &Appliance<T> {
        &self.appliance
    }

    fn status(&mut self, now: Instant) -> Status {
        let mut status = Status::of(&mut self.appliance, now, self.halt.clone());
        status.uptime_ns = u64::try_from(now.since(self.began).as_nanos()).unwrap_or(u64::MAX);
        status
    }

    fn switch(&mut self, options: &SwitchOptions, now: Instant) -> Reply {
        let millis = |count: u64| Nanoseconds(count.saturating_mul(1_000_000));
        let mut wanted = standby::Options::new(options.book.into(), options.reopen.into());
        wanted.override_fence.clone_from(&options.override_fence);
        wanted.from_lagging = options.from_lagging;
        wanted.from_diverged = options.from_diverged;
        wanted.from_self = options.from_self;
        wanted.readiness = PerMille(options.readiness_per_mille.min(1_000));
        wanted.readiness_timeout = millis(options.readiness_timeout_ms);
        wanted.cancel_only_for = millis(options.cancel_only_ms);
        wanted.auction_for = millis(options.auction_ms);
        match self.appliance.switch(wanted, now) {
            Ok(Switched::Begins { cut, epoch }) => Ok(json!({ "begins": { "cut": cut.0, "epoch": epoch.0 } })),
            Ok(Switched::Continues { step, .. }) => Ok(
                json!({ "continues": { "step": step.number(), "chinese": step.chinese(), "english": step.english() } }),
            ),
            Err(NotSwitched::NoMachine) if self.appliance.has_engine() => Err(NotSwitched::AlreadyActive.to_string()),
            Err(refused) => Err(refused.to_string()),
        }
    }

    /// Looks on in the log, a piece at a time, for what came of an operator's command: nothing is told before it is recorded.
    fn outcome(&self, ticket: Ticket) -> serde_json::Value {
        let log = self.appliance.log();
        let mut after = ticket.after;
        let begins = after.checked_add(1).and_then(|next| log.offset_of(Sequence(next)));
        let mut frames = begins.map(|offset| log.frames_from(offset));
        for _ in 0..FRAMES_PER_LOOK {
            let Some(frames) = &mut frames else { break };
            let Some(frame) = frames.next().filter(|_| frames.offset() <= log.released()) else { break };
            let header = frame.command().header;
            after = frame.stamp().sequence.0;
            if (header.user, header.session, header.request) == (UserIndex::NONE, 0, ticket.request) {
                let refused = frame.rejection().map(|reject| Refused {
                    code: reject as u16,
                    text: format!("{} {}", reject.chinese(), reject.english()),
                });
                return json!({ "outcome": Decided { sequence: after, refused } });
            }
        }
        json!({ "ticket": Ticket { after, ..ticket } })
    }

    fn look_for_trouble(&mut self) {
        if self.halt.is_some() {
            return;
        }
        if let Some(halt) = self.appliance.halt().map(|halt| halt.to_string()) {
            crate::say(&format!("backstop: {halt}"));
            self.halt = Some(halt);
        }
    }
}

impl<T: Transport + Send + 'static> Node for Core<T> {
    fn poll(&mut self, now: Instant) -> bool {
        self.now = now;
        self.appliance.poll(now);
        if now >= self.next_look {
            self.next_look = now + LOOK_EVERY;
            self.look_for_trouble();
        }
        let counters = self.appliance.front().host_counters();
        let seen = (counters.ingress_frames + counters.egress_frames, self.appliance.log().committed());
        std::mem::replace(&mut self.seen, seen) != seen
    }

    fn answer(&mut self, ask: Ask, now: Instant) -> Reply {
        match ask {
            Ask::Status => Ok(json!({ "status": self.status(now) })),
            Ask::Switch { options } => self.switch(&options, now),
            Ask::Override { reason } => {
                self.appliance.override_step(reason, now);
                Ok(json!({}))
            }
            Ask::Operate { command } => {
                if !self.appliance.front().is_active() {
                    return Err("本系统未在运行 this core is not the exchange: it follows".to_owned());
                }
                let names =
                    LiveNames { directory: self.appliance.front().directory(), fold: self.appliance.runbook().fold() };
                let request = self.operated % u32::MAX + 1;
                let command = operate::ticketed(&operate::command(&command, &names)?, request);
                let after = self.appliance.log().last_sequence().0;
                if !self.appliance.command(&command) {
                    return Err("the ring is full: try again".to_owned());
                }
                self.operated = request;
                Ok(json!({ "ticket": Ticket { request, after } }))
            }
            Ask::Outcome { ticket } => Ok(self.outcome(ticket)),
            Ask::Stop => Err("the loop ends".to_owned()),
        }
    }

    fn end(&mut self) -> Result<String, String> {
        let machine = match self.appliance.stop() {
            Some(machine) => machine,
            None => match self.appliance.follower_mut().take_machine() {
                Some(machine) => machine,
                None => return Err("the engine is gone; the journal is as it was written last".to_owned()),
            },
        };
        let reader = machine.reader().clone();
        let mut words = format!("stopped at sequence {}", reader.last_sequence());
        if standby::Fold::of(&reader).is_closed() {
            let files = BaseFiles::at_the_end(machine.state(), &reader)?;
            files.save(&self.end_folder)?;
            if let Some(folder) = &self.base_folder {
                carry_on(folder, &self.end_folder)?;
            }
            words.push_str(&format!("; the day's end is in {}{}", self.end_folder.display(), files.expired_words()));
        }
        machine.into_log().close().map_err(|error| format!("journal: {error}"))?;
        Ok(words)
    }
}
