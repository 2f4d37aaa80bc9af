//! A whole market of processes, for real: network namespaces, our own TCP on ports of the machine, the kernel's TCP at the other end.
//!
//! ```text
//!   hub: bridge, members (kernel TCP, one process) ── members in Python (kernel TCP)
//!                                                  ── primary (kernel TCP) · names (kernel TCP)
//!                                                  ── Backstop (DPDK's af_packet on a veth pair, or tap) · front (tap)
//! ```
//!
//! SIGKILL to the primary in full flow; `backstop switch`; members come back by themselves and finish their day, also when their front
//! is killed; the journals agree up to the cut; the next day opens on the primary from Backstop's day's end. It needs root, `ip`,
//! `ethtool` and /dev/net/tun, for the DPDK port the feature `dpdk`, and says loudly when it has them not.

#![allow(clippy::unwrap_used)]

mod market_support;

use backstop::base_files::BaseFiles;
use backstop::drill::world::Seat;
use backstop::run::clock::WallClock;
use engine::command::BodyView;
use market_support::spaces::{Namespace, Process, bridge_tap, must};
use market_support::{DAY, MEMBERS, PATIENCE, Traders, small_source, world, write_base};
use net::{Sockets, SocketsConfig};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Members of the members' process; the others are in Python, each in a namespace of its own.
const IN_RUST: usize = 6;
/// Where the members' process finds the site.
const MEMBERS_OF: &str = "BACKSTOP_TEST_MEMBERS";

/// One market at a time: they share the machine's cores.
static TURN: Mutex<()> = Mutex::new(());

/// What Backstop's own TCP stands on in its namespace.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Under {
    /// A TAP on a bridge with the cable.
    Tap,
    /// DPDK's af_packet on the cable itself.
    #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
    AfPacket,
}

impl Under {
    /// The port's word in the site file.
    fn port(self) -> &'static str {
        match self {
            Under::Tap => "tap:tapb",
            #[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
            Under::AfPacket => "af_packet:eth0",
        }
    }

    /// Brings the process's port to the network, once it is there.
    fn attach(self, namespace: &Namespace) {
        if self == Under::Tap {
            bridge_tap(namespace, "tapb");
        }
    }
}

fn site(backstop: &str) -> String {
    format!(
        r#"
profile = "small.toml"
trading_day = {DAY}
base_data = "base"

[names]
port = "kernel"
address = "10.0.0.3/8"
members = 9500
cores = 9501
control = "names.sock"

[primary]
port = "kernel"
address = "10.0.0.1/8"
members = 9001
feed = 9100
data_center = 1
record = "primary"
control = "primary.sock"

[backstop]
port = "{backstop}"
address = "10.0.0.2/8"
members = 9001
feed = 9100
fronts = 9200
data_center = 2
journal = "journal"
control = "backstop.sock"
fence = ["./fence"]

[[front]]
name = "north"
number = 1
port = "tap:tapf"
address = "10.0.0.4/8"
members = 9001
control = "front.sock"
"#
    )
}

/// The site's file, a small profile beside it, and base data.
fn write_site(folder: &Path, site: &str) {
    std::fs::write(folder.join("small.toml"), toml::to_string(&small_source()).unwrap()).unwrap();
    std::fs::write(folder.join("site.toml"), site).unwrap();
    write_base(&world(), &folder.join("base"));
}

impl Namespace {
    /// A cable from here to the hub's bridge: `eth0` on this side.
    fn plug(&self, hub: &Namespace, port: &str) {
        hub.ip(&["link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", &self.0]);
        hub.ip(&["link", "set", port, "master", "br0", "up"]);
        // A cable without a NIC's help: what our own TCP reads off it has its sums, and is no longer than a frame.
        for (side, interface) in [(&self.0, "eth0"), (&hub.0, port)] {
            must(&[
                "ip", "netns", "exec", side, "ethtool", "-K", interface, "tx", "off", "tso", "off", "gso", "off",
                "gro", "off",
            ]);
        }
        must(&["ip", "netns", "exec", &self.0, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"]);
        self.ip(&["link", "set", "eth0", "up"]);
    }
}

impl Namespace {
    /// A bridge that the cable ends at, for a TAP to join.
    fn bridge_the_cable(&self) {
        self.ip(&["link", "add", "br0", "type", "bridge"]);
        self.ip(&["link", "set", "br0", "up"]);
        self.ip(&["link", "set", "eth0", "master", "br0"]);
    }
}

/// One `backstop` command from outside, with what it printed. It has to exit with 0.
#[track_caller]
fn backstop(folder: &Path, words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_backstop")).args(words).current_dir(folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{words:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The members' process: its last words so far, one JSON object.
struct Members {
    child: Child,
    last: Arc<Mutex<Value>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Members {
    fn start(hub: &Namespace, folder: &Path) -> Self {
        let mut child = Command::new("ip")
            .args(["netns", "exec", &hub.0])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "members_over_kernel_tcp", "--nocapture"])
            .env(MEMBERS_OF, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let last = Arc::new(Mutex::new(Value::Null));
        let (seen, out) = (Arc::clone(&last), child.stdout.take().unwrap());
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Ok(value) = serde_json::from_str(&line) {
                    *seen.lock().unwrap() = value;
                }
            }
        });
        Members { child, last, reader: Some(reader) }
    }

    fn number(&self, field: &str) -> u64 {
        self.last.lock().unwrap()[field].as_u64().unwrap_or(0)
    }

    #[track_caller]
    fn until(&self, field: &str, least: u64) {
        let began = Instant::now();
        while self.number(field) < least {
            assert!(began.elapsed() < PATIENCE, "{field} is not {least}: {}", self.last.lock().unwrap());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn until_told(&self, more: u64) {
        self.until("told", self.number("told") + more);
    }

    /// They send nothing more, wait for what is open, and say what they hold.
    fn finish(mut self) -> Value {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success(), "the members' process failed");
        self.reader.take().unwrap().join().unwrap(); // its last words are read
        self.last.lock().unwrap().clone()
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A member in Python, written from ftd.xml and STREAMS.md alone, at the kernel's TCP.
struct Python {
    child: Child,
    _namespace: Namespace,
}

impl Python {
    fn start(hub: &Namespace, seat: &Seat, way: &[&str]) -> Self {
        let namespace = Namespace::new(&seat.participant_id);
        namespace.plug(hub, &format!("port{}", seat.participant_id));
        namespace.ip(&["addr", "add", &format!("{}/8", seat.address), "dev", "eth0"]);
        let (series, client) = (seat.series.to_string(), seat.accounts[0].client_id.as_str());
        let child = Command::new("ip")
            .args(["netns", "exec", &namespace.0, "python3", "-B"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/member.py"))
            .args(["--participant", &seat.participant_id])
            .args(["--user", &seat.user_id, "--secret", &seat.secret, "--client", client, "--series", &series])
            .args(["--instrument", "IH2406", "--price", "3650", "--tick", "0.2", "--orders", "500"])
            .args(["--ready", "--timeout", "1", "--patience", "50", "--json"])
            .args(way)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Python { child, _namespace: namespace }
    }

    /// Waits for its day's end; what it says of it. Nothing may be missing, twice or contradictory.
    fn finish(mut self) -> Value {
        let mut text = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "the Python member: {text}");
        serde_json::from_str(&text).unwrap()
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Not a test of its own: the members' process of the market's test, which runs this file's program again in the hub.
#[test]
fn members_over_kernel_tcp() {
    if std::env::var_os(MEMBERS_OF).is_none() {
        return;
    }
    let clock = WallClock::start();
    let mut world = world();
    world.seats.truncate(IN_RUST);
    let seats = world.seats.clone();
    let mut traders = Traders::new(world, |seat| Sockets::new(SocketsConfig::new(seat.address)).unwrap());
    let is_over = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&is_over);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        flag.store(true, Ordering::Relaxed);
    });
    let mut next_words = clock.now();
    let mut quiet_since = None;
    loop {
        let (now, is_over) = (clock.now(), is_over.load(Ordering::Relaxed));
        traders.poll(now, !is_over);
        if now >= next_words {
            next_words = now + Duration::from_millis(50);
            println!(
                "{}",
                json!({ "told": traders.told(), "back": traders.back(2), "orders": traders.orders,
                        "working": traders.nodes.iter().filter(|node| node.is_working()).count() })
            );
        }
        if is_over && traders.is_quiet() {
            let since = *quiet_since.get_or_insert(now);
            if now >= since + Duration::from_millis(500) {
                break;
            }
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    let mut held = Vec::new();
    for (node, seat) in traders.nodes.iter().zip(&seats) {
        for (client, instrument, hedge, position) in node.member.view().positions() {
            if position.long != 0 || position.short != 0 {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
                let (client, instrument) = (text(client.bytes()), text(instrument.bytes()));
                held.push(json!([
                    seat.participant_id,
                    client,
                    instrument,
                    char::from(hedge).to_string(),
                    position.long,
                    position.short
                ]));
            }
        }
    }
    println!("{}", json!({ "orders": traders.orders, "told": traders.told(), "held": held }));
}

/// Root, and the means to make a network.
fn can_run() -> Result<(), &'static str> {
    let is_root = std::fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(1) == Some("0"));
    if !is_root {
        return Err("it needs root");
    }
    if !Path::new("/dev/net/tun").exists() {
        return Err("there is no /dev/net/tun");
    }
    let probe = format!("bs{}probe", std::process::id());
    match Command::new("ip").args(["netns", "add", &probe]).output() {
        Ok(output) if output.status.success() => {
            must(&["ip", "netns", "del", &probe]);
            Ok(())
        }
        _ => Err("`ip netns add` does not work here"),
    }
}

/// Said loudly.
fn is_skipped(what: &str) -> bool {
    let why = match can_run() {
        _ if effort::share() > 1 => "it runs in real time, and an emulated processor is too slow",
        Err(why) => why,
        Ok(()) => return false,
    };
    println!("SKIPPED: {what} was NOT tested: {why}");
    true
}

#[test]
fn a_market_of_processes_survives_the_death_of_its_primary_and_goes_back_the_next_day() {
    a_market_with_backstop_on(Under::Tap);
}

#[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
#[test]
fn a_market_with_backstop_on_a_dpdk_port_survives_and_goes_back_too() {
    a_market_with_backstop_on(Under::AfPacket);
}

#[cfg(not(any(feature = "dpdk", feature = "dpdk-static")))]
#[test]
fn a_market_with_backstop_on_a_dpdk_port_only_with_dpdk() {
    eprintln!(
        "SKIPPED the market with Backstop on af_packet: this build has no DPDK (--features dpdk, as make test has it)"
    );
}

fn a_market_with_backstop_on(under: Under) {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if is_skipped("the market of processes") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_site(folder, &site(under.port()));

    let [hub, p, n, b, f] = ["hub", "p", "n", "b", "f"].map(Namespace::new);
    hub.ip(&["link", "add", "br0", "type", "bridge"]);
    hub.ip(&["link", "set", "br0", "up"]);
    let seats = world().seats;
    for seat in &seats[..IN_RUST] {
        hub.ip(&["addr", "add", &format!("{}/8", seat.address), "dev", "br0"]);
    }
    for (node, port) in [(&p, "port1"), (&n, "port2"), (&b, "port3"), (&f, "port4")] {
        node.plug(&hub, port);
    }
    p.ip(&["addr", "add", "10.0.0.1/8", "dev", "eth0"]);
    n.ip(&["addr", "add", "10.0.0.3/8", "dev", "eth0"]);
    if under == Under::Tap {
        b.bridge_the_cable();
    }
    f.bridge_the_cable();
    let fence = format!("#!/bin/sh\nip -n {} link set eth0 down && echo \"the primary's cable is pulled\"\n", p.0);
    std::fs::write(folder.join("fence"), fence).unwrap();
    must(&["chmod", "755", folder.join("fence").to_str().unwrap()]);

    let mut names = Process::start(&n, folder, "names.sock", &["names"]);
    names.until("it answers", |_| true);
    let mut primary = Process::start(&p, folder, "primary.sock", &["primary"]);
    let mut core = Process::start(&b, folder, "backstop.sock", &["run"]);
    under.attach(&b);
    let mut front = Process::start(&f, folder, "front.sock", &["front", "--name", "north"]);
    bridge_tap(&f, "tapf");
    core.until("it follows", |status| status["state"]["number"] == 2);
    front.until("it has the base data", |status| status["sequence"].as_u64() > Some(10));
    let members = Members::start(&hub, folder);
    let way = ["--front", "10.0.0.1:9001", "--names", "10.0.0.3:9500", "--rate", "50", "--takeovers", "1"];
    let in_python: Vec<Python> = seats[IN_RUST..].iter().map(|seat| Python::start(&hub, seat, &way)).collect();
    primary.until("everybody is there", |status| status["logins"].as_u64() >= Some(u64::from(MEMBERS) * 3));
    members.until_told(500);

    // SIGKILL in full flow.
    primary.kill();
    let switched = backstop(
        folder,
        &[
            "switch",
            "--site",
            "site.toml",
            "--yes",
            "--from-lagging",
            "--reopen",
            "auction",
            "--readiness",
            "1000",
            "--readiness-timeout",
            "30",
            "--cancel-only",
            "1",
            "--auction",
            "1",
        ],
    );
    for words in [
        "证据 the evidence",
        " 2  封存 seal: 完成 done",
        "cable is pulled",
        "14  恢复交易 resume: 完成 done",
        "the takeover is done: epoch 2",
    ] {
        assert!(switched.contains(words), "expected `{words}` in\n{switched}");
    }
    members.until("back", IN_RUST as u64);
    members.until_told(500);
    front.until("members came through it", |status| {
        status["logins"].as_u64() > Some(0) && status["commands"].as_u64() > Some(0)
    });

    for python in in_python {
        let report = python.finish();
        assert_eq!((report["ok"].as_bool(), report["takeovers"].as_u64()), (Some(true), Some(1)), "{report}");
    }

    // The front dies too: its members go on at the core's own.
    front.kill();
    members.until_told(500);
    let held = members.finish();
    backstop(folder, &["operate", "--site", "site.toml", "close"]);
    core.until("the day is closed", |status| status["is_closed"] == true);
    let words = backstop(folder, &["stop", "--site", "site.toml"]);
    assert!(words.contains("the day's end"), "{words}");
    core.child.wait().unwrap();

    // The primary's record and our journal agree up to the cut.
    let record = std::fs::read(folder.join(format!("primary/{DAY}.record"))).unwrap();
    let path = folder.join(format!("journal/{DAY}.journal"));
    let journal = std::fs::read(&path).unwrap();
    let reader = journal::inspect(&path, Some(DAY)).unwrap().reader;
    let cut = standby::Fold::of(&reader).takeover().unwrap().open.cut_sequence;
    let end_of_cut = reader.offset_of(engine::types::Sequence(cut.0 + 1)).unwrap() as usize;
    let common = record.iter().zip(&journal).take_while(|(one, other)| one == other).count();
    assert!(common >= end_of_cut, "they differ at byte {common}, before the cut at byte {end_of_cut}");

    // What members hold, by their own books, is what the day ended with.
    let end = BaseFiles::load(&folder.join(format!("journal/{DAY}.end"))).unwrap();
    let in_rust = |participant: &str| seats[..IN_RUST].iter().any(|seat| seat.participant_id == participant);
    let mut ended: Vec<Value> = end
        .positions
        .iter()
        .filter(|row| in_rust(&row.participant))
        .map(|row| {
            json!([
                row.participant,
                row.client,
                row.instrument,
                row.hedge.to_string(),
                row.long_yesterday,
                row.short_yesterday
            ])
        })
        .collect();
    let mut held = held["held"].as_array().unwrap().clone();
    for list in [&mut ended, &mut held] {
        list.sort_by_key(ToString::to_string);
    }
    assert_eq!(held, ended, "members' own positions and the day's end");

    // And back again: the next day opens on the primary.
    p.ip(&["link", "set", "eth0", "up"]);
    let next = (DAY + 1).to_string();
    let from = format!("journal/{DAY}.end");
    let mut primary = Process::start(&p, folder, "primary.sock", &["primary", "--day", &next, "--day-from", &from]);
    let mut core = Process::start(&b, folder, "backstop.sock", &["run", "--day", &next]);
    under.attach(&b);
    core.until("it follows the next day", |status| {
        status["state"]["number"] == 2 && status["trading_day"].as_u64() == Some(u64::from(DAY) + 1)
    });
    backstop(folder, &["operate", "--control", "primary.sock", "close"]);
    let last = primary.status().unwrap()["sequence"].as_u64();
    core.until("it is told of the close", |status| status["sequence"].as_u64() >= last);
    backstop(folder, &["stop", "--site", "site.toml"]);
    backstop(folder, &["stop", "--control", "primary.sock"]);
    core.child.wait().unwrap();
    primary.child.wait().unwrap();
    let followed = BaseFiles::load(&folder.join(format!("journal/{next}.end"))).unwrap();
    assert_eq!(followed.positions, end.positions, "the primary's day began with what ours ended with");
}

#[test]
fn a_front_that_is_killed_and_started_again_loses_no_answer_and_tells_none_twice() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if is_skipped("a front's restart") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_site(folder, &site("tap:tapb").replace("data_center = 2\n", "data_center = 2\nstart = \"exchange\"\n"));
    let [hub, b, f] = ["hub", "b", "f"].map(Namespace::new);
    hub.ip(&["link", "add", "br0", "type", "bridge"]);
    hub.ip(&["link", "set", "br0", "up"]);
    for (node, port) in [(&b, "port3"), (&f, "port4")] {
        node.plug(&hub, port);
        node.bridge_the_cable();
    }
    let mut core = Process::start(&b, folder, "backstop.sock", &["run"]);
    bridge_tap(&b, "tapb");
    core.until("it is the exchange", |status| status["is_exchange"] == true);
    let start_front = || {
        let mut front = Process::start(&f, folder, "front.sock", &["front", "--name", "north"]);
        bridge_tap(&f, "tapf");
        front.until("it is open", |status| status["is_open"] == true);
        front
    };
    let mut front = start_front();
    // They know this front and no other, and have as many requests on their way as they may.
    let way = ["--front", "10.0.0.4:9001", "--rate", "100", "--window", "32"];
    let members: Vec<Python> = world().seats[IN_RUST..].iter().map(|seat| Python::start(&hub, seat, &way)).collect();
    for death in 1..=2u64 {
        front.until("it is in full flow", |status| status["answers"].as_u64() > Some(150));
        front.kill();
        front = start_front();
        front.until("they are back", |status| status["logins"].as_u64() >= Some(2 * 3));
        println!("death {death}: {}", front.status().unwrap());
    }
    for member in members {
        let report = member.finish();
        println!("{report}");
        assert_eq!((report["ok"].as_bool(), report["takeovers"].as_u64()), (Some(true), Some(0)), "{report}");
        assert!(report["lost"].as_u64() >= Some(2) && report["logins"].as_u64() >= Some(3), "{report}");
    }
    let status = front.status().unwrap();
    assert_eq!(status["halt"], Value::Null, "{status}");
    backstop(folder, &["stop", "--site", "site.toml"]);
    core.child.wait().unwrap();
    // A dialog's number is used by one process of the front: a late answer to the one before finds nobody.
    let reader = journal::inspect(&folder.join(format!("journal/{DAY}.journal")), Some(DAY)).unwrap().reader;
    let orders = reader.frames_from(0).filter(|frame| matches!(frame.command().body, BodyView::OrderInsert(_)));
    let dialogs: BTreeSet<u32> = orders.map(|frame| frame.command().header.session).collect();
    assert!(dialogs.len() >= 3 * usize::from(MEMBERS - IN_RUST as u16), "two members, three processes: {dialogs:08X?}");
}
