//! The commands: `run`, `primary`, `names` are processes; `status`, `switch`, `operate`, `stop` speak to one; `day-end` reads a journal.

use super::clock::WallClock;
use super::control::{Control, Operation};
use super::core::Core;
use super::doors::{self, Over, OverQueues, Queues};
use super::front::FrontNode;
use super::names::{self, Names};
use super::node::{self, Node, stop_flag};
use super::operator::{self, SwitchFlags};
use super::stand_in::StandIn;
use crate::site::{FrontSite, Site, Subnet};
use dataplane::stages::{LayoutMap, Waiter};
use hw_profiles::Profile;
use net::memory::Steering;
use net::{HostConfig, Instant, Transport};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

/// `run` and `names`.
#[derive(Debug, clap::Args)]
pub struct ProcessOptions {
    /// The site's file
    #[arg(long, value_name = "FILE")]
    site: PathBuf,
    /// The trading day, yyyymmdd, instead of the site's
    #[arg(long, value_name = "DAY")]
    day: Option<u32>,
}

/// `front`.
#[derive(Debug, clap::Args)]
pub struct FrontOptions {
    #[command(flatten)]
    process: ProcessOptions,
    /// Its name in the site's file
    #[arg(long)]
    name: String,
}

/// `primary`.
#[derive(Debug, clap::Args)]
pub struct PrimaryOptions {
    #[command(flatten)]
    process: ProcessOptions,
    /// Opens the day from this folder, a day's end as Backstop writes it 回切
    #[arg(long, value_name = "DIR")]
    day_from: Option<PathBuf>,
}

/// Which process is spoken to.
#[derive(Debug, clap::Args)]
pub struct Whom {
    /// The site's file: its Backstop is asked
    #[arg(long, value_name = "FILE", conflicts_with = "control")]
    site: Option<PathBuf>,
    /// The process's control socket
    #[arg(long, value_name = "SOCKET")]
    control: Option<PathBuf>,
}

/// `status`.
#[derive(Debug, clap::Args)]
pub struct StatusOptions {
    #[command(flatten)]
    whom: Whom,
    /// Looks again every half second, until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// … or so many times
    #[arg(long, value_name = "N", requires = "watch", value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,
    /// One JSON object a look
    #[arg(long)]
    json: bool,
}

/// `switch`.
#[derive(Debug, clap::Args)]
pub struct SwitchCommand {
    #[command(flatten)]
    whom: Whom,
    #[command(flatten)]
    flags: SwitchFlags,
}

/// `operate`.
#[derive(Debug, clap::Args)]
pub struct OperateOptions {
    #[command(flatten)]
    whom: Whom,
    /// What came of it as one JSON object: sequence, and of a refusal code and text
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Operation,
}

/// `stop`.
#[derive(Debug, clap::Args)]
pub struct StopOptions {
    #[command(flatten)]
    whom: Whom,
}

/// `day-end`: as the core has it. `backstop settle carry` writes the same folder with what was settled in it.
#[derive(Debug, clap::Args)]
pub struct DayEndOptions {
    /// A day's journal; nobody may be writing it
    #[arg(long, value_name = "FILE")]
    journal: PathBuf,
    /// The folder to write
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The day's own base data: fees, margin rates and trading days go on from there
    #[arg(long, value_name = "DIR")]
    base: Option<PathBuf>,
}

/// The site, its profile, its day.
struct Place {
    site: Site,
    profile: Profile,
    day: u32,
    seed: [u8; 32],
}

impl Place {
    fn of(options: &ProcessOptions) -> Result<Self, String> {
        let site = Site::load(&options.site)?;
        let (profile, day) = (site.profile()?, site.day(options.day)?);
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| format!("the system's randomness: {error}"))?;
        Ok(Place { site, profile, day, seed })
    }

    /// The host of a process at this place; its seed is another one than the nonces'.
    fn host(&self, at: Subnet, gateway: Option<Ipv4Addr>, sessions: u16) -> HostConfig {
        let seed = u64::from_le_bytes(self.seed[24..].try_into().expect("eight bytes of 32"));
        doors::host_config(at, gateway, sessions.into(), seed)
    }
}

/// `backstop run`.
///
/// # Errors
/// It could not begin, or not end in order.
pub fn run(options: &ProcessOptions) -> Result<bool, String> {
    struct Run(Place);
    impl OverQueues for Run {
        type Outcome = Result<(), String>;
        fn over<T: Transport + Send + 'static>(self, transports: Vec<T>) -> Self::Outcome {
            let Place { site, profile, day, seed } = self.0;
            let begin = |now| Core::begin(&site, &profile, day, seed, transports, now);
            turn("run", &profile, Some(&site.path(&site.backstop.control)), begin, |node| &node.beginning)
        }
    }
    let place = Place::of(options)?;
    let own = &place.site.backstop;
    let host = place.host(own.address, own.gateway, place.profile.limits.sessions);
    // One queue a front.
    let map = LayoutMap::of_profile(&place.profile.layout).map_err(|fault| fault.to_string())?;
    let steering = Steering { port: own.members, first: map.first_member_front() };
    let queues = Queues { count: map.fronts() as u16, steering };
    let door = own.port.clone();
    doors::open_queues(&door, host, queues, Run(place))??;
    Ok(true)
}

/// `backstop front`.
///
/// # Errors
/// As [`run`].
pub fn front(options: &FrontOptions) -> Result<bool, String> {
    struct Run(Place, FrontSite);
    impl Over for Run {
        type Outcome = Result<(), String>;
        fn over<T: Transport>(self, transport: T) -> Self::Outcome {
            let Run(Place { site, profile, day, seed }, own) = self;
            let begin = |_| FrontNode::begin(&site, &own, &profile, day, seed, transport);
            turn("front", &profile, Some(&site.path(&own.control)), begin, |node| &node.beginning)
        }
    }
    let place = Place::of(&options.process)?;
    let own = place.site.front(&options.name)?.clone();
    let host = place.host(own.address, own.gateway, place.profile.limits.sessions);
    doors::open(&own.port.clone(), host, Run(place, own))??;
    Ok(true)
}

/// `backstop primary`.
///
/// # Errors
/// As [`run`].
pub fn primary(options: &PrimaryOptions) -> Result<bool, String> {
    struct Run(Place, Option<PathBuf>, net::HostConfig);
    impl Over for Run {
        type Outcome = Result<(), String>;
        fn over<T: Transport + Send + 'static>(self, transport: T) -> Self::Outcome {
            let Run(Place { site, profile, day, .. }, day_from, host) = self;
            let begin = |now| StandIn::begin(&site, &profile, day, day_from.as_deref(), host, transport, now);
            let control = site.primary.control.as_ref().map(|path| site.path(path));
            turn("primary", &profile, control.as_deref(), begin, |node| &node.beginning)
        }
    }
    let place = Place::of(&options.process)?;
    let own = &place.site.primary;
    let host = place.host(own.address, own.gateway, place.profile.limits.sessions);
    let door = own.port.clone().ok_or("site: [primary] has no port to open: it is another's")?;
    doors::open(&door, host, Run(place, options.day_from.clone(), host))??;
    Ok(true)
}

/// `backstop names`.
///
/// # Errors
/// As [`run`].
pub fn names(options: &ProcessOptions) -> Result<bool, String> {
    struct Run(Place);
    impl Over for Run {
        type Outcome = Result<(), String>;
        fn over<T: Transport + Send + 'static>(self, transport: T) -> Self::Outcome {
            let Place { site, profile, .. } = self.0;
            let control = site.names.control.as_ref().map(|path| site.path(path));
            turn("names", &profile, control.as_deref(), |_| Names::begin(&site, transport), |node| &node.beginning)
        }
    }
    let place = Place::of(options)?;
    // Questions are short: they have the host's own small rings.
    let at = &place.site.names;
    let small = HostConfig::new(at.address.address, 0);
    let host = HostConfig {
        receive_ring: small.receive_ring,
        send_ring: small.send_ring,
        ..place.host(at.address, at.gateway, names::SESSIONS)
    };
    let door = place.site.names.port.clone();
    doors::open(&door, host, Run(place))??;
    Ok(true)
}

/// Begins a node and turns it to its end, with a line on stderr for each.
fn turn<N: Node>(
    name: &str,
    profile: &Profile,
    control: Option<&Path>,
    begin: impl FnOnce(Instant) -> Result<N, String>,
    beginning: impl Fn(&N) -> &String,
) -> Result<(), String> {
    let stop = stop_flag()?;
    // Before anything is changed: a second process of the same name ends here.
    let mut control = control.map(Control::listen).transpose()?;
    let clock = WallClock::start();
    // Held to the end: processors that stages poll on must not sleep deeply.
    let awake = profile.layout.pin.then(|| nic_config::hold_cpu_dma_latency(Path::new("/")));
    if let Some(Err(error)) = &awake {
        crate::say(&format!("backstop {name}: /{}: {error}: processors may sleep", nic_config::CPU_DMA_LATENCY));
    }
    let mut node = begin(clock.now())?;
    crate::say(&format!("backstop {name}: {}", beginning(&node)));
    let ended = node::turn(&mut node, control.as_mut(), clock, Waiter::napping(profile.layout.waiting), &stop)?;
    crate::say(&format!("backstop {name}: {ended}"));
    Ok(())
}

impl Whom {
    fn socket(&self) -> Result<PathBuf, String> {
        match (&self.control, &self.site) {
            (Some(socket), _) => Ok(socket.clone()),
            (None, Some(site)) => {
                let site = Site::load(site)?;
                Ok(site.path(&site.backstop.control))
            }
            (None, None) => Err("expected --site FILE or --control SOCKET".to_owned()),
        }
    }
}

/// `backstop status`.
///
/// # Errors
/// Nobody answers.
pub fn status(options: &StatusOptions) -> Result<bool, String> {
    let looks = if options.watch { options.count } else { Some(1) };
    operator::status(&options.whom.socket()?, looks, options.json)
}

/// `backstop switch`.
///
/// # Errors
/// It was refused, or a step waits for a decision that the flags do not have.
pub fn switch(options: &SwitchCommand) -> Result<bool, String> {
    operator::switch(&options.whom.socket()?, &options.flags)
}

/// `backstop operate`.
///
/// # Errors
/// It was refused.
pub fn operate(options: &OperateOptions) -> Result<bool, String> {
    operator::operate(&options.whom.socket()?, options.command.clone(), options.json)
}

/// `backstop stop`.
///
/// # Errors
/// Nobody answers, or the end failed.
pub fn stop(options: &StopOptions) -> Result<bool, String> {
    operator::stop(&options.whom.socket()?)
}

/// `backstop day-end`: the end of a day whose process did not write it.
///
/// # Errors
/// The journal, or that its day is not closed.
pub fn day_end(options: &DayEndOptions) -> Result<bool, String> {
    let (files, replay, _) = crate::day::end::of_journal(&options.journal)?;
    files.save(&options.to)?;
    if let Some(base) = &options.base {
        crate::day::end::carry_on(base, &options.to)?;
    }
    println!(
        "{} frames, {} decided otherwise, {} digests differ; the day's end is in {}{}",
        replay.frames,
        replay.differences,
        replay.digest_mismatches,
        options.to.display(),
        files.expired_words()
    );
    Ok(replay.digest_mismatches == 0)
}
