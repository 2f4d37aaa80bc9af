//! Backstop against members of another make: Python, kernel TCP, another network namespace; over TAP, and with the feature `dpdk`
//! over net_af_packet and net_af_xdp. Plain; cut off in the middle of a message and resumed; and over a bad line.
//!
//! The members (`tests/python/member.py`) know ftd.xml and STREAMS.md and nothing else. What they report is what they found: orders
//! without an outcome, gaps, anything told twice, outcomes that do not add up, bytes that differ at a second reading.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, which the lint cannot see")]

#[path = "../dataplane/ports/tests/common/mod.rs"]
mod common;

use backstop::run::clock::WallClock;
use backstop::run::core::Core;
use backstop::run::doors::host_config;
use backstop::run::node::Node;
use backstop::site::Site;
use common::*;
use net::port::{Checksums, PortCounters};
use net::{Burst, FaultPort, Faults, Host, Instant, Mac, Port};
use ports::{AnyPacket, AnyPort, PortSettings, PortSpec};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Output};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant as Clock};

const DAY: u32 = 20_240_603;
/// One port at a time: they share the machine's cores and interface names.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn python_members_miss_nothing_over_tap() {
    if can_make_networks("python_members_miss_nothing_over_tap") {
        members_trade_over("tap");
    }
}

#[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
#[test]
fn python_members_miss_nothing_over_af_packet() {
    let name = "python_members_miss_nothing_over_af_packet";
    if can_make_networks(name) && has_packet_sockets(name) {
        members_trade_over("af_packet");
    }
}

#[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
#[test]
fn python_members_miss_nothing_over_af_xdp() {
    let name = "python_members_miss_nothing_over_af_xdp";
    if can_make_networks(name) && has_xdp_sockets(name) {
        members_trade_over("af_xdp");
    }
}

#[cfg(not(any(feature = "dpdk", feature = "dpdk-static")))]
#[test]
fn over_af_packet_and_af_xdp_only_with_dpdk() {
    eprintln!(
        "SKIPPED python members over af_packet and af_xdp: this build has no DPDK (--features dpdk, as make test has it)"
    );
}

/// The faults come from the kernel where it has them, and from our own injector, on the real port, everywhere: which of the two did
/// is never silently the other.
#[test]
fn netem_damages_the_line_where_the_kernel_has_it_and_is_missed_aloud_where_not() {
    if !can_make_networks("netem_damages_the_line_where_the_kernel_has_it_and_is_missed_aloud_where_not") {
        return;
    }
    let line = Line::without_port();
    let damages = line.damage("bridge");
    println!("tc netem on this kernel: {damages}; the kernel's configuration says {:?}", kernel_has_netem());
    if let Some(has) = kernel_has_netem() {
        assert_eq!(damages, has);
    }
    let injected = [BAD_LINE.loss_ppm, BAD_LINE.duplicate_ppm, BAD_LINE.reorder_ppm];
    assert_eq!(injected, [10_000, 10_000, 50_000], "the same faults as netem's: {NETEM:?}");
    assert_eq!(BAD_LINE.delay, Duration::from_millis(20));
}

fn members_trade_over(kind: &str) {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = tempfile::tempdir().expect("a folder for the day");
    let line = if kind == "tap" { Line::without_port() } else { Line::veth() };
    let spec: PortSpec = format!("{kind}:{}", line.interface).parse().expect("a port's word");
    let port = ports::open(&spec, &PortSettings::default()).unwrap_or_else(|error| panic!("{error}")).remove(0);
    let near = if kind == "tap" { line.interface.as_str() } else { "near" };
    if kind == "tap" {
        line.take_tap();
    }
    let mut exchange = Exchange::open(folder.path(), &spec, port);

    let plain = exchange.serve(vec![member(&line, 1, "a", 100, &[]), member(&line, 2, "a", 100, &[])]);
    let both: u64 = plain.iter().map(|report| number(report, "trades")).sum();
    assert!(both > 50, "two members that trade around one price trade with each other");
    let cut = exchange.serve(vec![
        member(&line, 1, "b", 120, &["--cut", "reset", "--cut-after", "40", "--cut-after", "70", "--cut-after", "100"]),
        member(
            &line,
            2,
            "b",
            120,
            &["--cut", "shutdown", "--cut-after", "30", "--cut-after", "31", "--cut-after", "110"],
        ),
    ]);
    assert!(cut.iter().all(|report| number(report, "cuts") == 3 && number(report, "logins") >= 4));
    assert!(cut.iter().map(|report| number(report, "sent_again")).sum::<u64>() > 0, "some orders were lost with a cut");

    exchange.faults(BAD_LINE);
    let patient = ["--cut-after", "20", "--quiet", "1", "--patience", "80"];
    exchange.serve(vec![member(&line, 1, "c", 40, &patient), member(&line, 2, "c", 40, &patient)]);
    exchange.faults(Faults::default());
    if line.damage(near) {
        exchange.serve(vec![member(&line, 1, "d", 40, &patient), member(&line, 2, "d", 40, &patient)]);
    }
    println!("{kind}: {:?}", exchange.core.appliance().front().host_counters());
}

/// A member in the client's namespace.
fn member(line: &Line, participant: u16, prefix: &str, orders: u32, more: &[&str]) -> Child {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/python/member.py");
    let front = format!("{SERVER}:{PORT}");
    let (id, user) = (format!("{participant:04}"), format!("{participant:04}a"));
    let (secret, client) = (format!("secret {participant}"), format!("{participant:08}"));
    let (series, orders, seed) = ((participant + 1).to_string(), orders.to_string(), participant.to_string());
    let script = script.to_str().expect("a path of text");
    let command =
        [
            &[
                "python3",
                script,
                "--json",
                "--front",
                &front,
                "--participant",
                &id,
                "--user",
                &user,
                "--secret",
                &secret,
            ][..],
            &["--client", &client, "--series", &series, "--instrument", "IF2406", "--price", "3000", "--tick", "0.2"],
            &["--orders", &orders, "--local-id-prefix", prefix, "--seed", &seed, "--patience", "40", "--quiet", "0.5"],
            more,
        ]
        .concat();
    line.client.start(&command)
}

fn number(report: &Value, name: &str) -> u64 {
    report[name].as_u64().unwrap_or_else(|| panic!("no {name} in {report}"))
}

/// Backstop as `backstop run` has it, with a fault injector on its port.
struct Exchange {
    core: Core<Host<Injected>>,
    port: Arc<Mutex<FaultPort<AnyPort>>>,
    clock: WallClock,
}

impl Exchange {
    fn open(folder: &Path, spec: &PortSpec, port: AnyPort) -> Exchange {
        write_base_data(&folder.join("base"));
        let file = folder.join("site.toml");
        fs::write(&file, site(spec)).expect("a site file");
        let site = Site::load(&file).unwrap_or_else(|error| panic!("{error}"));
        let profile = site.profile().unwrap_or_else(|error| panic!("{error}"));
        let port = Arc::new(Mutex::new(FaultPort::new(port, 1, Faults::default(), Faults::default())));
        let clock = WallClock::start();
        let config = host_config(site.backstop.address, None, profile.limits.sessions.into(), 7);
        let host = Host::new(config, Injected(port.clone()));
        let core = Core::begin(&site, &profile, DAY, [7; 32], vec![host], clock.now())
            .unwrap_or_else(|error| panic!("{error}"));
        println!("{}", core.beginning);
        Exchange { core, port, clock }
    }

    /// What happens to frames from now on, both ways.
    fn faults(&self, faults: Faults) {
        self.port.lock().unwrap().set_faults(faults, faults);
    }

    /// Goes round until the members' day is over. Their reports; every one of them found nothing wrong.
    fn serve(&mut self, mut members: Vec<Child>) -> Vec<Value> {
        let until = Clock::now() + Duration::from_secs(100);
        let mut looked = Clock::now();
        loop {
            if !self.core.poll(self.clock.now()) {
                std::thread::yield_now();
            }
            if looked.elapsed() > Duration::from_millis(10) {
                looked = Clock::now();
                let running = members.iter_mut().any(|member| member.try_wait().expect("the child is ours").is_none());
                if !running || looked > until {
                    break;
                }
            }
        }
        let end = |mut member: Child| {
            let _ = member.kill(); // only if it is still there
            member.wait_with_output().expect("the child has ended")
        };
        members.into_iter().map(end).map(report).collect()
    }
}

fn report(output: Output) -> Value {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{}", out.trim());
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("no report: {out}{err}"));
    assert!(output.status.success(), "{report:#}{err}");
    assert_eq!(number(&report, "missing") + number(&report, "duplicates") + number(&report, "contradictions"), 0);
    assert_eq!(number(&report, "acknowledged") + number(&report, "refused"), number(&report, "sent"), "{report:#}");
    assert_eq!(number(&report, "refused"), 0, "{report:#}");
    report
}

fn site(port: &PortSpec) -> String {
    format!(
        r#"
profile = "dev"
trading_day = {DAY}
base_data = "base"
[names]
port = "kernel"
address = "10.99.0.5/24"
members = 9500
cores = 9501
[primary]
port = "kernel"
address = "10.99.0.6/24"
members = 9001
feed = 9100
data_center = 1
record = "primary"
[backstop]
port = "{port}"
address = "{SERVER}/24"
members = {PORT}
feed = 9100
fronts = 9200
data_center = 2
start = "exchange"
journal = "journal"
control = "control.sock"
fence = ["/bin/true"]
"#
    )
}

/// Two participants with a client each, one future: 0.2 yuan a tick, wide limits.
fn write_base_data(folder: &Path) {
    fs::create_dir(folder).expect("a folder for base data");
    let tables = [
        ("participants.csv", "participant,type,right\n0001,1,full\n0002,1,full\n"),
        (
            "users.csv",
            "user,participant,secret,address,right,ascending,requests_per_second,requests_in_flight\n\
             0001a,0001,secret 1,10.99.0.2,full,false,0,0\n0002a,0002,secret 2,10.99.0.2,full,false,0,0\n",
        ),
        ("accounts.csv", "participant,client,type,right\n0001,00000001,1,full\n0002,00000002,1,full\n"),
        (
            "instruments.csv",
            "instrument,price_rule,tie_break,phase,right,tick,multiplier,lower_limit,upper_limit,previous_settlement,\
             minimum_volume,maximum_volume,position_limit,open_interest\n\
             IF2406,middle,reference,continuous,full,2000,300,10000,20000,15000,1,1000,0,0\n",
        ),
    ];
    for (name, rows) in tables {
        fs::write(folder.join(name), rows).expect("a table of base data");
    }
}

/// The port, which the test keeps a hand on.
struct Injected(Arc<Mutex<FaultPort<AnyPort>>>);

impl Port for Injected {
    type Packet = AnyPacket;

    fn ingress_frame(&mut self, now: Instant, burst: &mut Burst<AnyPacket>) -> usize {
        self.0.lock().unwrap().ingress_frame(now, burst)
    }

    fn egress_frame(&mut self, now: Instant, burst: &mut Burst<AnyPacket>) -> usize {
        self.0.lock().unwrap().egress_frame(now, burst)
    }

    fn allocate(&mut self, length: usize) -> Option<AnyPacket> {
        self.0.lock().unwrap().allocate(length)
    }

    fn release(&mut self, packet: AnyPacket) {
        self.0.lock().unwrap().release(packet);
    }

    fn mac(&self) -> Mac {
        self.0.lock().unwrap().mac()
    }

    fn checksums(&self) -> Checksums {
        self.0.lock().unwrap().checksums()
    }

    fn counters(&self) -> PortCounters {
        self.0.lock().unwrap().counters()
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.0.lock().unwrap().next_deadline()
    }
}
