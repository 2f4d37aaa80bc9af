//! The stream over three processes with one host file: their figures together are the batch's; one that is killed ends the run on all of them, and
//! a run that is started again comes to the same.

mod common;

use common::told::{before, updates};
use common::{Day, Random};
use settlement::account::Figures;
use settlement::batch::{Progress, settle};
use settlement::hosts::{Hosts, when_one_is_lost};
use settlement::stream::{Changed, Stream};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Names the process's number to a child, `for ever` behind it for a run that does not end.
const PROCESS: &str = "BACKSTOP_SETTLE_PROCESS";
const SEED: u64 = 11;
const ENDED_BY_ANOTHER: i32 = 3;
/// How long a child may take for anything: seconds, on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn three_processes_come_to_the_figures_of_the_batch_and_again_after_one_was_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    // One is killed: the others end, each with the reason, and nobody settles a part of the market.
    let mut children = start(folder.path(), "for ever");
    let said = BufReader::new(children[0].stdout.take().expect("it is piped"));
    let (tell, hear) = channel();
    std::thread::spawn(move || {
        let under_way = said.lines().map_while(Result::ok).filter(|line| line.contains("UNDER WAY"));
        under_way.for_each(|_| tell.send(()).unwrap_or_default());
    });
    hear.recv_timeout(PATIENCE).expect("it is under way in time");
    children[2].kill().expect("it is ours");
    for (number, child) in children.into_iter().enumerate() {
        let (code, errors) = ended(child);
        if number < 2 {
            assert_eq!(code, Some(ENDED_BY_ANOTHER), "process {number}: {errors}");
            assert!(errors.contains("another process is gone"), "{errors}");
        }
    }
    // Started again.
    for (number, child) in start(folder.path(), "").into_iter().enumerate() {
        let (code, errors) = ended(child);
        assert_eq!(code, Some(0), "process {number}: {errors}");
    }
    let day = Day::random(SEED, 150);
    let settled = settle(&day.market, &day.shards(2), &Progress::default()).expect("it settles");
    let mut told = BTreeMap::new();
    for number in 0..3 {
        let text = std::fs::read_to_string(folder.path().join(format!("told.{number}"))).expect("it told something");
        let ours: BTreeMap<&str, &str> = text.lines().map(|line| line.split_once('\t').expect("two words")).collect();
        assert!(!ours.is_empty(), "process {number} has a share of the market");
        for (what, figures) in ours {
            assert_eq!(told.insert(what.to_owned(), figures.to_owned()), None, "{what} is told by one process");
        }
    }
    let nothing = Figures::default();
    let mut compared = 0;
    for (account, figures) in settled.accounts.iter().filter(|(_, figures)| *figures != nothing) {
        assert_eq!(told.remove(&format!("account {}", account.0)), Some(format!("{figures:?}")));
        compared += 1;
    }
    for (member, funds) in settled.funds.iter().enumerate() {
        let Some(funds) = funds.filter(|funds| funds.figures != nothing) else { continue };
        assert_eq!(told.remove(&format!("funds {member}")), Some(format!("{funds:?}")));
        compared += 1;
    }
    assert!(compared > 15, "{compared}");
    // What is left came back to nothing.
    assert!(told.values().all(|figures| figures.contains(&format!("{nothing:?}"))), "{told:?}");
}

/// Three of this program, with a host file of free ports.
fn start(folder: &Path, how: &str) -> Vec<Child> {
    let free: Vec<TcpListener> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
    let hosts: String = free.iter().map(|port| format!("{}\n", port.local_addr().expect("it is bound"))).collect();
    std::fs::write(folder.join("hosts"), format!("# settlement\n{hosts}")).expect("it is written");
    drop(free);
    let program = std::env::current_exe().expect("it runs");
    let each = (0..3).map(|number| {
        let mut command = effort::command(&program);
        command.args(["--exact", "one_process_of_them", "--nocapture"]).env(PROCESS, format!("{number} {how}"));
        let output = if number == 0 && !how.is_empty() { Stdio::piped() } else { Stdio::null() };
        command.current_dir(folder).stdout(output).stderr(Stdio::piped()).spawn().expect("it starts")
    });
    each.collect()
}

/// Waits for a child: its exit code, and what it said.
fn ended(child: Child) -> (Option<i32>, String) {
    let (tell, hear) = channel();
    std::thread::spawn(move || tell.send(child.wait_with_output()));
    let output = hear.recv_timeout(PATIENCE).expect("it ends in time").expect("it can be waited for");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn one_process_of_them() {
    let Ok(words) = std::env::var(PROCESS) else { return };
    let (number, how) = words.split_once(' ').expect("a number, and how");
    let number: usize = number.parse().expect("a number");
    let for_ever = !how.is_empty();
    when_one_is_lost(|why| {
        eprintln!("another process is gone ({why}): the run is over");
        std::process::exit(ENDED_BY_ANOTHER);
    });
    let day = Day::random(SEED, 150);
    let told = if number == 0 {
        let settled = settle(&day.market, &day.shards(2), &Progress::default()).expect("it settles");
        updates(&day, &settled, &mut Random::new(SEED))
    } else {
        Vec::new()
    };
    let hosts = Hosts::read(&std::fs::read_to_string("hosts").expect("it is there")).expect("it is right");
    let heard = Arc::new(Mutex::new(BTreeMap::new()));
    let hears = Arc::clone(&heard);
    let market = before(&day.market);
    let config = hosts.config(number, 1).expect("there are three");
    let guards = timely::execute(config, move |worker| {
        let hears = Arc::clone(&hears);
        let tell = move |_, changed| {
            let (what, figures) = match changed {
                Changed::Account(account, figures) => (format!("account {}", account.0), format!("{figures:?}")),
                Changed::Funds(member, funds) => (format!("funds {}", member.0), format!("{funds:?}")),
                Changed::Member(..) => return,
                Changed::Alarm(alarm) => panic!("{alarm:?}"),
            };
            hears.lock().expect("no panic").insert(what, figures);
        };
        let mut stream = Stream::build(worker, market.clone(), tell);
        for round in told.chunks(25) {
            round.iter().for_each(|update| stream.give(*update));
            stream.end_round();
            while !stream.is_done() {
                worker.step_or_park(Some(Duration::from_millis(1)));
            }
        }
        if number == 0 && for_ever {
            println!("UNDER WAY");
        } else {
            stream.end();
        }
        // Bounded by PATIENCE of who started it.
        while for_ever || !stream.is_done() {
            worker.step_or_park(Some(Duration::from_millis(1)));
        }
    });
    for outcome in guards.expect("workers start").join() {
        outcome.expect("no panic");
    }
    let lines: String =
        heard.lock().expect("no panic").iter().map(|(what, figures)| format!("{what}\t{figures}\n")).collect();
    std::fs::write(format!("told.{number}"), lines).expect("it is written");
}
