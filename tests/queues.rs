//! `backstop run` on a port with several queues, as a process: a TAP in a network namespace, members at the kernel's TCP on the other
//! side of its bridge, spread over its fronts by the kernel. It follows a primary, takes over, and every front serves.
//!
//! It needs root, `ip` and /dev/net/tun, and says loudly when it has them not.

#![allow(clippy::unwrap_used)]

mod market_support;

use backstop::drill::world::{Seat, World};
use market_support::crowd::Crowd;
use market_support::spaces::{Namespace, Process, bridge_tap, must};
use market_support::{DAY, MEMBERS, small_source, world, write_base};
use net::{Sockets, SocketsConfig};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;

/// Members come again from other ports until every front has had some: eight of them miss one of two queues once in 128 times.
const ATTEMPTS: u32 = 6;

const SITE: &str = r#"
profile = "queues.toml"
trading_day = 20240603
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
control = "primary.sock"

[backstop]
port = "tap:tapq"
address = "10.0.0.2/8"
members = 9001
feed = 9100
data_center = 2
journal = "journal"
control = "backstop.sock"
fence = ["echo", "its", "power", "is", "off"]
"#;

/// `dev` with a small day and these stages on threads.
fn profile(threads: &[&[&str]]) -> String {
    let mut profile = small_source();
    let threads: Vec<toml::Value> = threads
        .iter()
        .enumerate()
        .map(|(core, stages)| {
            let stages = stages.iter().map(|stage| toml::Value::String((*stage).to_owned())).collect();
            let entries = [("core", toml::Value::Integer(core as i64)), ("stages", toml::Value::Array(stages))];
            toml::Value::Table(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        })
        .collect();
    profile["layout"].as_table_mut().unwrap().insert("thread".to_owned(), toml::Value::Array(threads));
    toml::to_string(&profile).unwrap()
}

/// A namespace with a bridge that has everybody's addresses but Backstop's.
fn hub(world: &World) -> Namespace {
    let space = Namespace::new("q");
    space.ip(&["link", "add", "br0", "type", "bridge"]);
    space.ip(&["link", "set", "br0", "up"]);
    let members = world.seats.iter().map(|seat| seat.address.to_string());
    for address in members.chain(["10.0.0.1".to_owned(), "10.0.0.3".to_owned()]) {
        space.ip(&["addr", "add", &format!("{address}/8"), "dev", "br0"]);
    }
    space
}

/// The members, on a thread that goes into the namespace.
fn crowd_in(space: &Namespace, world: &World) -> Crowd {
    let space = format!("/run/netns/{}", space.0);
    Crowd::start(world.clone(), move || {
        let space = std::fs::File::open(space).unwrap();
        move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
        |seat: &Seat| Sockets::new(SocketsConfig::new(seat.address)).unwrap()
    })
}

/// Root, and the means to make a network.
fn can_run() -> Result<(), &'static str> {
    if effort::share() > 1 {
        return Err("it runs in real time, and an emulated processor is too slow");
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    if !status.lines().any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(1) == Some("0")) {
        return Err("it needs root");
    }
    if !Path::new("/dev/net/tun").exists() {
        return Err("there is no /dev/net/tun");
    }
    let probe = format!("bsq{}probe", std::process::id());
    match Command::new("ip").args(["netns", "add", &probe]).output() {
        Ok(output) if output.status.success() => {
            must(&["ip", "netns", "del", &probe]);
            Ok(())
        }
        _ => Err("`ip netns add` does not work here"),
    }
}

fn numbers(status: &Value, field: &str) -> Vec<u64> {
    status["fronts"].as_array().unwrap().iter().map(|front| front[field].as_u64().unwrap()).collect()
}

/// A takeover on a layout; `serving` are the fronts that members come to.
fn takes_over(threads: &[&[&str]], serving: std::ops::Range<usize>) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let world = world();
    std::fs::write(folder.join("queues.toml"), profile(threads)).unwrap();
    std::fs::write(folder.join("site.toml"), SITE).unwrap();
    write_base(&world, &folder.join("base"));
    let space = hub(&world);
    let mut names = Process::start(&space, folder, "names.sock", &["names"]);
    names.until("it answers", |_| true);
    let mut primary = Process::start(&space, folder, "primary.sock", &["primary"]);
    let mut core = Process::start(&space, folder, "backstop.sock", &["run"]);
    bridge_tap(&space, "tapq");
    core.until("it follows", |status| status["state"]["number"] == 2);
    let mut crowd = crowd_in(&space, &world);
    primary.until("everybody is there", |status| status["logins"].as_u64() >= Some(u64::from(MEMBERS) * 3));
    crowd.until_told(100);
    drop(primary); // SIGKILL
    let switch = Command::new(env!("CARGO_BIN_EXE_backstop"))
        .args(["switch", "--site", "site.toml", "--yes", "--from-lagging", "--readiness", "1000"])
        .args(["--readiness-timeout", "30", "--cancel-only", "1", "--auction", "1"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        switch.status.success(),
        "{}{}",
        String::from_utf8_lossy(&switch.stdout),
        String::from_utf8_lossy(&switch.stderr)
    );
    assert_eq!(crowd.back.load(Ordering::Relaxed), u64::from(MEMBERS), "everybody is back and ready");
    crowd.until_told(200);
    for _ in 0..ATTEMPTS {
        let logins = numbers(&core.status().unwrap(), "logins");
        if serving.clone().all(|front| logins[front] > 0) {
            break;
        }
        crowd.finish();
        crowd = crowd_in(&space, &world);
        crowd.until_told(200);
    }
    let all = serving.end;
    let status = core.until("every front has answered", |status| {
        numbers(status, "answers")[serving.clone()].iter().all(|answers| *answers > 0)
    });
    let logins = numbers(&status, "logins");
    assert_eq!(logins.len(), all, "a front a queue");
    assert!(
        logins[..serving.start].iter().all(|count| *count == 0),
        "nobody logs in where nobody is served: {logins:?}"
    );
    let lines = status["threads"].as_array().unwrap();
    assert_eq!(lines.len(), threads.len() + 1, "the layout's, and the queries beside them: {lines:?}");
    assert!(lines.iter().all(|line| !line["allowed"].as_str().unwrap().is_empty()), "read back from the kernel");
    assert_eq!(status["board"]["logged_in"].as_u64(), Some(MEMBERS.into()), "one board over all fronts");
    assert_eq!(status["halt"], Value::Null);
    crowd.finish();
    let stop = Command::new(env!("CARGO_BIN_EXE_backstop"))
        .args(["stop", "--site", "site.toml"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(stop.status.success(), "{}", String::from_utf8_lossy(&stop.stderr));
    let journal = folder.join("journal").join(format!("{DAY}.journal"));
    assert!(journal::inspect(&journal, Some(DAY)).unwrap().frames > 300);
}

#[test]
fn a_core_with_several_queues_takes_over_and_every_front_serves_members() {
    if let Err(why) = can_run() {
        println!("SKIPPED: several queues of a real port were NOT tested: {why}");
        return;
    }
    takes_over(&[&["front"], &["front"], &["engine", "record"]], 0..2);
    // Where publish stands alone its queue serves followers and links; members that the kernel puts there go on to the others.
    takes_over(&[&["publish"], &["front"], &["front", "engine"], &["record"]], 1..3);
}
