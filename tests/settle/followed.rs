//! `backstop settle follow` over a journal that somebody is writing.

use super::*;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

/// How long a process may take for anything, on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Followed {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Followed {
    pub fn start(folder: &Path, more: &[&str]) -> Self {
        let mut command = effort::command(env!("CARGO_BIN_EXE_backstop"));
        command.args(["settle", "follow", "--journal", "journal", "--base", "base", "--json", "--every", "20"]);
        command.args(more).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Followed { child, lines }
    }

    /// The next word of the process. (Timely says on stdout, too, when it waits for another process.)
    pub fn line(&mut self) -> Option<Value> {
        let line = self.lines.by_ref().map(Result::unwrap).find(|line| line.starts_with('{'))?;
        Some(serde_json::from_str(&line).unwrap())
    }

    /// Its last line, its exit code and what it said of errors.
    pub fn ends(mut self) -> (Option<Value>, Option<i32>, String) {
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            if began.elapsed() > PATIENCE {
                self.child.kill().unwrap();
                panic!("it does not end");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut last = None;
        while let Some(line) = self.line() {
            last = Some(line);
        }
        let output = self.child.wait_with_output().unwrap();
        (last, output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
    }
}

/// The template's folder, and the day's log; the latter's reader.
pub fn day(folder: &Path) -> (Machine, Vec<u8>) {
    backstop::day::template::write(&folder.join("base")).unwrap();
    let machine = traded::day(&folder.join("base"));
    let bytes = machine.reader().bytes_from(0).unwrap().to_vec();
    (machine, bytes)
}

/// Where the first frame of a kind begins.
pub fn first(log: &LogReader, is_it: impl Fn(&engine::command::BodyView<'_>) -> bool) -> usize {
    let mut at = 0;
    for frame in log.frames_from(0) {
        if is_it(&frame.command().body) {
            return at;
        }
        at += frame.bytes().len();
    }
    panic!("there is none");
}

pub fn hosts(folder: &Path, count: usize) {
    let free: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let text: String = free.iter().map(|port| format!("{}\n", port.local_addr().unwrap())).collect();
    std::fs::write(folder.join("hosts"), text).unwrap();
}

#[test]
fn figures_are_known_while_the_journal_grows_and_end_as_the_batch_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let (machine, bytes) = day(folder.path());
    let settled = settled(&folder.path().join("base"), machine.reader(), &Corrections::default(), 1).unwrap();
    // Space for the day; the opening is not whole, then an order is torn, then there is everything.
    let path = folder.path().join("journal");
    let mut room = bytes[..first(machine.reader(), |body| matches!(body, BodyView::UserDefine(_)))].to_vec();
    room.resize(bytes.len() + 4_096, 0);
    std::fs::write(&path, &room).unwrap();
    let journal = File::options().write(true).open(&path).unwrap();
    let mut follow = Followed::start(folder.path(), &[]);
    std::thread::sleep(Duration::from_millis(300));
    let order = first(machine.reader(), |body| matches!(body, BodyView::OrderInsert(_)));
    journal.write_all_at(&bytes[..order + 40], 0).unwrap();
    let opened = follow.line().unwrap();
    assert_eq!((opened["closed"].as_bool(), opened["last"].as_bool()), (Some(false), Some(false)), "{opened}");
    assert!(opened["sequence"].as_u64() < Some(machine.state().last_sequence().0), "{opened}");
    journal.write_all_at(&bytes, 0).unwrap();
    let (last, code, errors) = follow.ends();
    let last = last.unwrap();
    assert_eq!(code, Some(0), "{errors} {last}");
    assert_eq!(last["sequence"].as_u64(), Some(machine.state().last_sequence().0), "{last}");
    assert_eq!((last["closed"].as_bool(), last["last"].as_bool()), (Some(true), Some(true)), "{last}");
    let funds = settled.result.settled.funds[0].unwrap();
    assert_eq!(last["funds"][0]["reserve"], serde_json::to_value(funds.reserve).unwrap(), "{last}");
    assert_eq!(last["funds"][0]["figures"], serde_json::to_value(funds.figures).unwrap(), "{last}");
}

#[test]
fn three_processes_follow_a_day_and_one_that_is_lost_ends_all() {
    let folder = tempfile::tempdir().unwrap();
    let (machine, bytes) = day(folder.path());
    let settled = settled(&folder.path().join("base"), machine.reader(), &Corrections::default(), 1).unwrap();
    let close = first(machine.reader(), |body| matches!(body, BodyView::DayClose(_)));
    std::fs::write(folder.path().join("journal"), &bytes[..close]).unwrap();
    let start = || -> Vec<Followed> {
        hosts(folder.path(), 3);
        let each = ["0", "1", "2"];
        each.map(|number| Followed::start(folder.path(), &["--hosts", "hosts", "--process", number])).into()
    };
    let mut processes = start();
    processes[0].line().unwrap();
    processes[2].kill();
    for (number, process) in processes.into_iter().enumerate() {
        let (_, code, errors) = process.ends();
        if number < 2 {
            assert_eq!(code, Some(2), "process {number}: {errors}");
            assert!(errors.contains("another process is gone"), "{errors}");
        }
    }
    // Started again, and the day closes.
    std::fs::write(folder.path().join("journal"), &bytes).unwrap();
    let mut told = Vec::new();
    for (number, process) in start().into_iter().enumerate() {
        let (last, code, errors) = process.ends();
        assert_eq!(code, Some(0), "process {number}: {errors}");
        told.extend(last.unwrap()["funds"].as_array().unwrap().clone());
    }
    let funds = settled.result.settled.funds[0].unwrap();
    assert_eq!(told.len(), 1, "a clearing member is told by one process: {told:?}");
    assert_eq!(told[0]["reserve"], serde_json::to_value(funds.reserve).unwrap());
}

#[test]
fn a_journal_that_is_damaged_and_hosts_that_are_none_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (_, mut bytes) = day(folder.path());
    let hosts = |text: &str| std::fs::write(folder.path().join("hosts"), text).unwrap();
    std::fs::write(folder.path().join("journal"), &bytes).unwrap();
    hosts("127.0.0.1:1\nnowhere\n");
    let (_, code, errors) = Followed::start(folder.path(), &["--hosts", "hosts", "--process", "0"]).ends();
    assert!(code == Some(2) && errors.contains("line 2: `nowhere`"), "{errors}");
    hosts("127.0.0.1:1\n");
    let (_, code, errors) = Followed::start(folder.path(), &["--hosts", "hosts", "--process", "1"]).ends();
    assert!(code == Some(2) && errors.contains("--process 1"), "{errors}");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(folder.path().join("journal"), &bytes).unwrap();
    let (_, code, errors) = Followed::start(folder.path(), &[]).ends();
    assert!(code == Some(2) && errors.contains("offset "), "{errors}");
}
