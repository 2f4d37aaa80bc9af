//! The market's processes, each on a thread of its own over one network in memory, with real time and real control sockets: a
//! primary that dies, `switch` as an operator gives it, members that come back, the day's end, and the next day on the primary.

#![allow(clippy::unwrap_used)]

mod market_support;

use backstop::base_files::BaseFiles;
use backstop::drill::members::host_config;
use backstop::drill::world::World;
use backstop::drill::{BookChoice, ReopenChoice};
use backstop::run::clock::WallClock;
use backstop::run::control::{Ask, Client, Control, Operation};
use backstop::run::core::Core;
use backstop::run::doors;
use backstop::run::names::Names;
use backstop::run::node::{Node, turn};
use backstop::run::operator::{self, SwitchFlags};
use backstop::run::stand_in::StandIn;
use backstop::site::Site;
use dataplane::stages::{Waiter, Waiting};
use hw_profiles::Profile;
use market_support::{DAY, MEMBERS, Traders, small, write_base};
use net::{Host, MemoryPort, Network, NetworkConfig};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Whatever is waited for takes less, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Connections of each process.
const SESSIONS: usize = 64;

const SITE: &str = r#"
profile = "dev"
trading_day = 20240603
base_data = "base"

[names]
port = "kernel"
address = "10.0.0.3/8"
members = 9500
cores = 9501

[primary]
port = "kernel"
address = "10.0.0.1/8"
members = 9001
feed = 9100
data_center = 1
record = "primary"
control = "primary.sock"

[backstop]
port = "kernel"
address = "10.0.0.2/8"
members = 9001
feed = 9100
data_center = 2
journal = "journal"
control = "backstop.sock"
fence = ["echo", "its", "power", "is", "off"]
"#;

fn profile() -> Profile {
    let mut profile = Profile::load("dev").unwrap();
    small(&mut profile.limits);
    profile
}

struct Process {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<String, String>>>,
    socket: PathBuf,
}

impl Process {
    fn start<N: Node>(begin: impl FnOnce(net::Instant) -> N + Send + 'static, socket: PathBuf) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let path = socket.clone();
        let thread = std::thread::spawn(move || {
            let clock = WallClock::start();
            let mut control = Control::listen(&path)?;
            let mut node = begin(clock.now());
            turn(&mut node, Some(&mut control), clock, Waiter::napping(Waiting::SpinThenYield), &flag)
        });
        let process = Process { stop, thread: Some(thread), socket };
        process.until("it answers", |_| true);
        process
    }

    fn status(&self) -> Option<serde_json::Value> {
        Client::connect(&self.socket).ok()?.ask(&Ask::Status).ok().map(|mut answer| answer["status"].take())
    }

    fn until(&self, what: &str, is_so: impl Fn(&serde_json::Value) -> bool) {
        let began = Instant::now();
        loop {
            let status = self.status();
            if status.as_ref().is_some_and(&is_so) {
                return;
            }
            let thread = self.thread.as_ref().is_some_and(|thread| !thread.is_finished());
            assert!(thread, "{what}: the process ended");
            assert!(began.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}; {status:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn end(&mut self) -> String {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().expect("no panic").expect("an orderly end")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The members on a thread of their own.
struct Crowd {
    stop: Arc<AtomicBool>,
    told: Arc<AtomicU64>,
    back: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Crowd {
    fn start(world: World, network: Network) -> Self {
        let (stop, told, back) =
            (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (flag, count, came_back) = (Arc::clone(&stop), Arc::clone(&told), Arc::clone(&back));
        let thread = std::thread::spawn(move || {
            let clock = WallClock::start();
            let mut traders = Traders::new(world, |seat| {
                Host::<MemoryPort>::new(host_config(seat, u64::from(seat.index) + 7), network.attach())
            });
            while !flag.load(Ordering::Relaxed) {
                traders.poll(clock.now(), true);
                came_back.store(traders.back(2), Ordering::Relaxed);
                count.store(traders.told(), Ordering::Relaxed);
                std::thread::sleep(Duration::from_micros(200));
            }
        });
        Crowd { stop, told, back, thread: Some(thread) }
    }

    fn until_told(&self, more: u64) {
        let (began, wanted) = (Instant::now(), self.told.load(Ordering::Relaxed) + more);
        while self.told.load(Ordering::Relaxed) < wanted {
            assert!(began.elapsed() < PATIENCE, "members are told nothing");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn flags() -> SwitchFlags {
    SwitchFlags {
        book: BookChoice::Keep,
        reopen: ReopenChoice::Continuous,
        yes: true,
        override_fence: None,
        from_lagging: true,
        from_diverged: false,
        from_self: false,
        readiness: 1_000,
        readiness_timeout: 30,
        cancel_only: 1,
        auction: 1,
        json: false,
    }
}

struct Market {
    site: Site,
    network: Network,
    folder: tempfile::TempDir,
}

impl Market {
    fn new(text: &str) -> (Self, World) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("site.toml");
        std::fs::write(&path, text).unwrap();
        let site = Site::load(&path).unwrap();
        let world = World::seeded(MEMBERS, 4_000, &profile().limits);
        write_base(&world, &folder.path().join("base"));
        let network = Network::new(NetworkConfig { ports: 24, queue_frames: 4_096, ..NetworkConfig::default() });
        (Market { site, network, folder }, world)
    }

    fn socket(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn primary(&self, day: u32, day_from: Option<PathBuf>) -> Process {
        let (site, port) = (self.site.clone(), self.network.attach());
        let begin = move |now| {
            let config = doors::host_config(site.primary.address, None, SESSIONS, u64::from(day));
            let host = Host::new(config, port);
            StandIn::begin(&site, &profile(), day, day_from.as_deref(), config, host, now).unwrap()
        };
        Process::start(begin, self.socket("primary.sock"))
    }

    fn backstop(&self, day: u32, seed: u8) -> Process {
        let (site, port) = (self.site.clone(), self.network.attach());
        let begin = move |now| {
            let host = Host::new(doors::host_config(site.backstop.address, None, SESSIONS, seed.into()), port);
            Core::begin(&site, &profile(), day, [seed; 32], vec![host], now).unwrap()
        };
        Process::start(begin, self.socket("backstop.sock"))
    }

    fn names(&self) -> Process {
        let (site, port) = (self.site.clone(), self.network.attach());
        let host = Host::new(doors::host_config(site.names.address, None, SESSIONS, 5), port);
        let begin = move |_| Names::begin(&site, host).unwrap();
        Process::start(begin, self.socket("names.sock"))
    }
}

/// Of two logs, the bytes that both begin with.
fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

#[test]
fn the_primary_dies_backstop_takes_over_by_command_and_the_next_day_opens_on_the_primary() {
    let (market, world) = Market::new(SITE);
    let mut names = market.names();
    let mut primary = market.primary(DAY, None);
    let mut backstop = market.backstop(DAY, 1);
    backstop.until("it follows", |status| status["state"]["number"] == 2);
    let crowd = Crowd::start(world, market.network.clone());
    primary.until("everybody is there", |status| status["logins"].as_u64() >= Some(u64::from(MEMBERS) * 3));
    crowd.until_told(300);

    // Not before its time: a core that follows takes no operator's commands, and tells who does.
    let fault = operator::operate(&backstop.socket, Operation::Close).unwrap_err();
    assert!(fault.contains("not the exchange"), "{fault}");

    primary.end();
    drop(primary);
    assert!(operator::switch(&backstop.socket, &flags()).unwrap());
    let fault = operator::switch(&backstop.socket, &flags()).unwrap_err();
    assert!(fault.contains("active already"), "{fault}");
    assert_eq!(crowd.back.load(Ordering::Relaxed), u64::from(MEMBERS), "everybody is back and ready");
    crowd.until_told(300);
    let status = backstop.status().unwrap();
    assert_eq!((status["epoch"].as_u64(), status["state"]["number"].as_u64()), (Some(2), Some(11)), "{status}");
    let fence = &status["takeover"].as_array().unwrap()[3];
    assert_eq!(fence["detail"], "its power is off", "the hook's words are the proof");

    operator::operate(&backstop.socket, Operation::Close).unwrap();
    backstop.until("the day is closed", |status| status["is_closed"] == true);
    drop(crowd);
    let words = backstop.end();
    assert!(words.contains("the day's end"), "{words}");
    drop(backstop);

    // What the primary executed and what Backstop recorded agree up to the cut.
    let record = std::fs::read(market.socket("primary").join(format!("{DAY}.record"))).unwrap();
    let journal = std::fs::read(market.socket("journal").join(format!("{DAY}.journal"))).unwrap();
    let reader = journal::inspect(&market.socket("journal").join(format!("{DAY}.journal")), Some(DAY)).unwrap().reader;
    let takeover = standby::Fold::of(&reader).takeover().unwrap().clone();
    let cut = reader.offset_of(engine::types::Sequence(takeover.open.cut_sequence.0 + 1)).unwrap() as usize;
    assert!(common(&record, &journal) >= cut, "they differ before the cut at byte {cut}");

    // And back again: the next day opens on the primary, with the positions that Backstop's day ended with.
    names.end();
    let end = market.socket("journal").join(format!("{DAY}.end"));
    let ended = BaseFiles::load(&end).unwrap();
    assert!(!ended.positions.is_empty() && ended.positions.iter().all(|row| row.long_today + row.short_today == 0));
    let network = Network::new(NetworkConfig { ports: 24, queue_frames: 4_096, ..NetworkConfig::default() });
    let next = Market { network, ..market };
    let mut primary = next.primary(DAY + 1, Some(end));
    let mut backstop = next.backstop(DAY + 1, 2);
    backstop.until("it follows the next day", |status| {
        status["state"]["number"] == 2 && status["trading_day"].as_u64() == Some(u64::from(DAY) + 1)
    });
    operator::operate(&primary.socket, Operation::Close).unwrap();
    backstop.until("it is told of the close", |status| {
        status["sequence"].as_u64() == primary.status().and_then(|primary| primary["sequence"].as_u64())
    });
    primary.end();
    backstop.end();
    let followed = BaseFiles::load(&next.socket("journal").join(format!("{}.end", DAY + 1))).unwrap();
    assert_eq!(followed.positions, ended.positions, "the primary's day had the positions that ours ended with");
    assert_eq!(followed.users, ended.users);
}

#[test]
fn a_core_that_was_the_exchange_goes_on_by_itself_after_a_crash_of_its_process() {
    let text = SITE.replace("control = \"backstop.sock\"", "control = \"backstop.sock\"\nstart = \"exchange\"");
    let (market, world) = Market::new(&text);
    let names = market.names();
    let mut backstop = market.backstop(DAY, 1);
    let crowd = Crowd::start(world.clone(), market.network.clone());
    backstop
        .until("it trades", |status| status["is_exchange"] == true && status["traffic"]["answers"].as_u64() > Some(50));
    backstop.end();
    drop(backstop);
    drop(names);
    drop(crowd);
    // Another network: the restarted port has another address, and nobody tells neighbours of it.
    let network = Network::new(NetworkConfig { ports: 24, queue_frames: 4_096, ..NetworkConfig::default() });
    let market = Market { network, ..market };
    let _names = market.names();
    let mut again = market.backstop(DAY, 2);
    again.until("it is the exchange", |status| status["is_exchange"] == true && status["epoch"] == 1);
    let crowd = Crowd::start(world, market.network.clone());
    again.until("it answers", |status| status["traffic"]["answers"].as_u64() > Some(50));
    crowd.until_told(100);
    drop(crowd);
    again.end();
}
