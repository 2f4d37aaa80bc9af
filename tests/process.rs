//! The market's processes, each on a thread of its own over one network in memory, with real time and real control sockets: a
//! primary that dies, `switch` as an operator gives it, members that come back, the day's end, and the next day on the primary.

#![allow(clippy::unwrap_used)]

mod market_support;

use backstop::base_files::BaseFiles;
use backstop::drill::members::host_config;
use backstop::drill::world::{Seat, World};
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
use market_support::crowd::Crowd;
use market_support::{DAY, MEMBERS, PATIENCE, small_profile, world, write_base};
use net::{CloseReason, Handler, Host, HostConfig, MemoryPort, Network, NetworkConfig, Peer, SessionId};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

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

/// The members, on a thread of their own.
fn crowd_on(world: World, network: &Network) -> Crowd {
    let network = network.clone();
    Crowd::start(world, move || {
        move |seat: &Seat| Host::<MemoryPort>::new(host_config(seat, u64::from(seat.index) + 7), network.attach())
    })
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
        let world = world();
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
            StandIn::begin(&site, &small_profile(), day, day_from.as_deref(), config, host, now).unwrap()
        };
        Process::start(begin, self.socket("primary.sock"))
    }

    fn backstop(&self, day: u32, seed: u8) -> Process {
        let (site, port) = (self.site.clone(), self.network.attach());
        let begin = move |now| {
            let host = Host::new(doors::host_config(site.backstop.address, None, SESSIONS, seed.into()), port);
            Core::begin(&site, &small_profile(), day, [seed; 32], vec![host], now).unwrap()
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
    let crowd = crowd_on(world, &market.network);
    primary.until("everybody is there", |status| status["logins"].as_u64() >= Some(u64::from(MEMBERS) * 3));
    crowd.until_told(300);

    // Not before its time: a core that follows takes no operator's commands, and tells who does.
    let fault = operator::operate(&backstop.socket, Operation::Close, false).unwrap_err();
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

    // What came of a command is told when it stands in the log: in effect, or refused with its code.
    let phase = |to: &str| {
        let words = serde_json::json!({ "phase": { "phase": to, "instrument": "IF2406", "product": null } });
        serde_json::from_value::<Operation>(words).unwrap()
    };
    assert!(operator::operate(&backstop.socket, phase("suspended"), false).unwrap());
    operator::operate(&backstop.socket, Operation::Close, false).unwrap();
    let fault = operator::operate(&backstop.socket, phase("suspended"), false).unwrap_err();
    assert!(fault.contains("refused: 45 ") && fault.contains("closed"), "{fault}");
    assert!(!operator::operate(&backstop.socket, phase("suspended"), true).unwrap());
    backstop.until("the day is closed", |status| status["is_closed"] == true);

    // The closed day is settled and corrected while the core still runs; one command releases it, and members are told to fetch it again.
    let of = |name: &str| market.socket(name).display().to_string();
    let (journal, base, out) = (of(&format!("journal/{DAY}.journal")), of("base"), of("settled"));
    let settle = |words: &[&str]| {
        let output = self::backstop(&[&["settle"], words, &["--out", &out, "--json"]].concat());
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        assert!(output.status.success(), "{words:?}: {value} {}", String::from_utf8_lossy(&output.stderr));
        value
    };
    let settles = !is_emulated("settlement beside a running core");
    if settles {
        settle(&["run", "--journal", &journal, "--base", &base]);
        settle(&["rerun", "--journal", &journal, "--base", &base, "--price", "IF2406=3900"]);
        let day = DAY.to_string();
        let released = settle(&["release", &day, "2", "--notify", &of("site.toml")]);
        assert_eq!(released["told"].as_array().map(Vec::len), Some(1), "{released}");
        crowd.until_bulletins(u64::from(MEMBERS));
        // … or some of them alone; who is nobody's participant is named.
        let some = settle(&["release", &day, "2", "--notify", &of("site.toml"), "--participant", "0001,0002"]);
        assert_eq!(some["told"].as_array().map(Vec::len), Some(2), "{some}");
        let site = of("site.toml");
        let wrong = self::backstop(&[
            "settle",
            "release",
            &day,
            "2",
            "--out",
            &out,
            "--notify",
            &site,
            "--participant",
            "9999",
        ]);
        let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
        assert!(!wrong.status.success() && said.contains("members were not told") && said.contains("9999"), "{said}");
    }
    drop(crowd);
    let words = backstop.end();
    assert!(words.contains("the day's end"), "{words}");
    drop(backstop);
    if settles {
        settle(&["carry", "--journal", &journal, "--base", &base, "--to", &of("next")]);
    }

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
    if settles {
        let settled = BaseFiles::load(&market.socket("next")).unwrap();
        assert_eq!(settled.positions, ended.positions, "what was settled is what the core had");
    }
    assert!(!ended.positions.is_empty() && ended.positions.iter().all(|row| row.long_today + row.short_today == 0));
    let network = Network::new(NetworkConfig { ports: 24, queue_frames: 4_096, ..NetworkConfig::default() });
    let next = Market { network, ..market };
    let mut primary = next.primary(DAY + 1, Some(end));
    let mut backstop = next.backstop(DAY + 1, 2);
    backstop.until("it follows the next day", |status| {
        status["state"]["number"] == 2 && status["trading_day"].as_u64() == Some(u64::from(DAY) + 1)
    });
    operator::operate(&primary.socket, Operation::Close, false).unwrap();
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
    let crowd = crowd_on(world.clone(), &market.network);
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
    let crowd = crowd_on(world, &market.network);
    again.until("it answers", |status| status["traffic"]["answers"].as_u64() > Some(50));
    crowd.until_told(100);
    drop(crowd);
    again.end();
}

/// A core that would go on by itself learns from the name service that another one is the exchange: it lets nobody in.
#[test]
fn a_core_that_comes_back_while_another_is_the_exchange_retires_and_lets_nobody_in() {
    let text = SITE.replace("control = \"backstop.sock\"", "control = \"backstop.sock\"\nstart = \"exchange\"");
    let (market, world) = Market::new(&text);
    let names = market.names();
    let mut backstop = market.backstop(DAY, 1);
    backstop.until("its fronts are published", |status| status["links"]["published"] == true);
    backstop.end();
    drop((backstop, names));
    let network = Network::new(NetworkConfig { ports: 24, queue_frames: 4_096, ..NetworkConfig::default() });
    let market = Market { network, ..market };
    let names = market.names();
    publish(&market.network, 9, Ipv4Addr::new(10, 0, 0, 2)); // at our address, so that members come and try
    names.until("it has another core's fronts", |status| status["fronts"][0]["epoch"] == 9);
    let again = market.backstop(DAY, 2);
    again.until("it retires", |status| status["state"]["number"] == 13 && status["is_exchange"] == false);
    assert_eq!(again.status().unwrap()["links"]["published_instead"], 9);
    // Members that come are refused, and what the exchange itself would do is not done.
    let frames = |status: &serde_json::Value| status["sequence"].as_u64();
    let before = frames(&again.status().unwrap());
    let crowd = crowd_on(world, &market.network);
    again.until("members are refused", |status| status["traffic"]["refusals"].as_u64() > Some(3));
    std::thread::sleep(Duration::from_millis(1_200)); // two ticks of market data
    let status = again.status().unwrap();
    assert_eq!((frames(&status), &status["traffic"]["logins"]), (before, &0.into()), "{status}");
    drop(crowd);
}

/// The operator's one command from outside.
fn backstop(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_backstop")).args(words).output().unwrap()
}

/// The same at a terminal: words that are waited for and what is typed then. The exit code and all that the terminal showed.
fn at_a_terminal(talk: &[&str], words: &[&str]) -> (Option<i32>, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/terminal.py");
    let output = Command::new("python3")
        .arg(script)
        .args(talk)
        .args(["--", env!("CARGO_BIN_EXE_backstop")])
        .args(words)
        .output()
        .expect("python3 starts");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), text)
}

/// A process of its own is started from here: not from under an emulator, which would start it natively or not at all.
fn is_emulated(what: &str) -> bool {
    if effort::share() > 1 {
        println!("SKIPPED {what}: the command cannot be started from an emulated test");
    }
    effort::share() > 1
}

/// The market's site with another fence, a shell's words.
fn with_fence(words: &str) -> String {
    SITE.replace(r#"["echo", "its", "power", "is", "off"]"#, &format!("[\"sh\", \"-c\", \"{words}\"]"))
}

#[test]
fn switch_on_a_terminal_shows_the_evidence_asks_and_takes_no_for_an_answer() {
    if is_emulated("switch on a terminal") {
        return;
    }
    let mark = tempfile::tempdir().unwrap();
    let mark = mark.path().join("seen");
    // The first time it cannot be proved, the second time it can.
    let path = mark.display();
    let (market, _) = Market::new(&with_fence(&format!(
        "if [ -e {path} ]; then echo its cable is out; else touch {path}; echo the switch does not answer >&2; exit 1; fi"
    )));
    let _names = market.names();
    let mut primary = market.primary(DAY, None);
    let backstop = market.backstop(DAY, 1);
    backstop.until("it follows", |status| status["state"]["number"] == 2);
    let socket = backstop.socket.to_str().unwrap();
    let switch = ["switch", "--control", socket, "--reopen", "continuous", "--readiness", "0"];

    for no in ["no", "", "^D", "yes"] {
        let (code, shown) = at_a_terminal(&["type `switch`:", no], &switch);
        assert_eq!(code, Some(2), "{no}: {shown}");
        for words in ["the evidence", "frames behind", "clean", "nothing happened"] {
            assert!(shown.contains(words), "{no}: no `{words}` in {shown}");
        }
    }
    let (code, shown) = at_a_terminal(&["type `switch`:", "^C"], &switch);
    assert!(code == Some(99) && shown.contains("the evidence"), "Ctrl-C ends it: {shown}");
    let status = backstop.status().unwrap();
    assert_eq!((status["takeover"].as_array().unwrap().len(), &status["state"]["number"]), (0, &2.into()), "{status}");
    // Without a terminal nothing is asked and nothing done.
    let output = self::backstop(&switch);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("expected --yes"), "{output:?}");

    primary.end();
    drop(primary);
    backstop.until("it does not know how far the primary is", |status| status["state"]["number"] == 3);
    let (code, shown) = at_a_terminal(&["type `lagging`:", "switch"], &switch);
    assert!(code == Some(2) && shown.contains("nothing happened"), "{shown}");
    let talk = ["type `lagging`:", "lagging", "press return to try again", ""];
    let (code, shown) = at_a_terminal(&talk, &switch);
    assert_eq!(code, Some(0), "{shown}");
    for words in
        ["the takeover begins: cut", "the switch does not answer", "its cable is out", "the takeover is done: epoch 2"]
    {
        assert!(shown.contains(words), "no `{words}` in {shown}");
    }
}

#[test]
fn a_second_switch_follows_the_first_and_one_on_an_exchange_is_refused_before_it_asks() {
    if is_emulated("a second switch") {
        return;
    }
    let go = tempfile::tempdir().unwrap();
    let go = go.path().join("go");
    let (market, _) = Market::new(&with_fence(&format!(
        "while [ ! -e {} ]; do sleep 0.02; done; echo its power is off",
        go.display()
    )));
    let _names = market.names();
    let mut primary = market.primary(DAY, None);
    let backstop = market.backstop(DAY, 1);
    backstop.until("it follows", |status| status["state"]["number"] == 2);
    primary.end();
    drop(primary);
    let socket = backstop.socket.to_str().unwrap().to_owned();
    let switch = move |more: &[&str]| {
        let words = ["switch", "--control", &socket, "--yes", "--from-lagging", "--readiness", "0"];
        self::backstop(&[&words, more].concat())
    };
    let text = |output: &Output| {
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(|| switch(&["--reopen", "continuous"]));
        backstop.until("it waits for the fence", |status| {
            status["takeover"].as_array().is_some_and(|steps| steps.len() == 4 && steps[3]["outcome"] == "running")
        });
        let other = scope.spawn(|| switch(&["--reopen", "auction", "--auction", "999"]));
        std::thread::sleep(Duration::from_millis(500));
        std::fs::write(&go, "").unwrap();
        (one.join().unwrap(), other.join().unwrap())
    });
    assert!(one.status.success() && text(&one).contains("the takeover begins"), "{}", text(&one));
    assert!(other.status.success(), "{}", text(&other));
    for words in
        ["a takeover is under way", "its book and reopening are kept", "the takeover goes on", "is done: epoch 2"]
    {
        assert!(text(&other).contains(words), "no `{words}` in {}", text(&other));
    }
    // One takeover, by the first one's options.
    let status = backstop.status().unwrap();
    assert_eq!((status["epoch"].as_u64(), status["state"]["number"].as_u64()), (Some(2), Some(11)), "{status}");
    assert_eq!(status["takeover"].as_array().unwrap().iter().filter(|step| step["number"] == 5).count(), 1, "{status}");

    let refused = self::backstop(&["switch", "--control", backstop.socket.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("active already") && said.lines().count() == 1, "{said}");
}

#[test]
fn watch_shows_the_lag_again_and_again_and_ends_when_it_is_told() {
    if is_emulated("status --watch") {
        return;
    }
    let (market, _) = Market::new(SITE);
    let mut primary = market.primary(DAY, None);
    let backstop = market.backstop(DAY, 1);
    backstop.until("it follows", |status| status["state"]["number"] == 2);
    let socket = backstop.socket.to_str().unwrap();
    let output = self::backstop(&["status", "--control", socket, "--watch", "--count", "3", "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.lines().count() == 3, "{text}");
    let looks: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(looks.windows(2).all(|pair| pair[0]["now_ns"].as_u64() < pair[1]["now_ns"].as_u64()), "{text}");
    assert_eq!(looks[2]["lag"]["frames"], 0, "{text}");

    primary.end();
    drop(primary);
    backstop.until("the feed is silent", |status| status["state"]["number"] == 3);
    // On a terminal it redraws until Ctrl-C, and that is no fault.
    let (code, shown) =
        at_a_terminal(&["frames behind", "", "silent for", "^C"], &["status", "--control", socket, "--watch"]);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("Lagging (3)") && shown.matches("\u{1b}[H").count() >= 2, "{shown}");
    // `… --watch | head -1`: it ends with its reader, without a word.
    let mut watch = Command::new(env!("CARGO_BIN_EXE_backstop"))
        .args(["status", "--control", socket, "--watch"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Read::read_exact(&mut watch.stdout.take().unwrap(), &mut [0]).unwrap();
    let output = watch.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(2), 0), "{output:?}");
    // The process it watches goes: it says so.
    let watch = Command::new(env!("CARGO_BIN_EXE_backstop"))
        .args(["status", "--control", socket, "--watch"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let mut backstop = backstop;
    backstop.end();
    drop(backstop);
    let output = watch.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("the process is"), "{said}");
}

/// Another core's words to the name service, from an address that may publish: these fronts, with this epoch.
fn publish(network: &Network, epoch: u32, front: Ipv4Addr) {
    #[derive(Default)]
    struct Ear {
        is_open: bool,
        heard: usize,
    }
    impl Handler for Ear {
        fn opened(&mut self, _: SessionId, _: Peer) {
            self.is_open = true;
        }
        fn data(&mut self, _: SessionId, bytes: &[u8]) -> usize {
            self.heard += bytes.len();
            bytes.len()
        }
        fn closed(&mut self, _: SessionId, _: CloseReason) {}
    }
    let mut config = HostConfig::new(Ipv4Addr::new(10, 0, 0, 1), 99);
    config.prefix_length = 8;
    let mut host = Host::<MemoryPort>::new(config, network.attach());
    let (clock, mut ear, began) = (WallClock::start(), Ear::default(), Instant::now());
    let session = host.connect(SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 3), 9_501), clock.now()).unwrap();
    let mut is_said = false;
    while ear.heard == 0 {
        assert!(began.elapsed() < PATIENCE, "the name service does not answer");
        host.poll_ingress(clock.now(), &mut ear);
        if ear.is_open && !is_said {
            let address = SocketAddrV4::new(front, 9_001);
            let front =
                dataplane::names::Front { address, priority: 1, epoch: engine::types::Epoch(epoch), data_center: 7 };
            let mut buffer = [0; 512];
            let length = dataplane::names::write_fronts(&mut buffer, &[front]).unwrap();
            assert_eq!(host.send(session, &buffer[..length]), Ok(length));
            is_said = true;
        }
        host.poll_egress(clock.now());
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_name_service_that_has_a_higher_epoch_is_shown_with_it_and_what_to_do_about_it() {
    let (market, _) = Market::new(SITE);
    let names = market.names();
    publish(&market.network, 9, Ipv4Addr::new(10, 0, 0, 77));
    names.until("it has another core's fronts", |status| status["fronts"][0]["epoch"] == 9);
    let mut primary = market.primary(DAY, None);
    let mut backstop = market.backstop(DAY, 1);
    backstop.until("it follows", |status| status["state"]["number"] == 2);
    primary.end();
    drop(primary);
    let flags = SwitchFlags { readiness: 0, ..flags() };
    let fault = operator::switch(&backstop.socket, &flags).unwrap_err();
    for words in ["has epoch 9, ours is 2", "this one retires", "restart the name service"] {
        assert!(fault.contains(words), "no `{words}` in {fault}");
    }
    names.until("it refused", |status| status["refused_epoch"].as_u64() >= Some(1));
    let status = backstop.status().unwrap();
    assert_eq!(
        (&status["state"]["number"], &status["links"]["published_instead"]),
        (&13.into(), &9.into()),
        "{status}"
    );
    let last = status["takeover"].as_array().unwrap().last().unwrap();
    assert!(last["detail"].as_str().unwrap().contains("epoch 9"), "{last}");
    let shown: backstop::run::status::Status = serde_json::from_value(status).unwrap();
    assert!(operator::picture(&shown).contains("REFUSED: it has epoch 9, ours is 2"), "{}", operator::picture(&shown));
    let fault = operator::switch(&backstop.socket, &flags).unwrap_err();
    assert!(fault.contains("another core has a higher epoch"), "{fault}");

    // The publication was a stale one: the name service and this process are started anew, and the takeover goes on where it stood.
    backstop.end();
    drop((backstop, names));
    let network = Network::new(NetworkConfig { ports: 24, queue_frames: 4_096, ..NetworkConfig::default() });
    let market = Market { network, ..market };
    let _names = market.names();
    let backstop = market.backstop(DAY, 2);
    assert_eq!(backstop.status().unwrap()["epoch"], 2, "the new epoch stands in the journal");
    assert!(operator::switch(&backstop.socket, &flags).unwrap());
    let status = backstop.status().unwrap();
    assert_eq!((&status["epoch"], &status["links"]["published"]), (&2.into(), &true.into()), "{status}");
}
