//! Processes in network namespaces.

use super::PATIENCE;
use backstop::run::control::{Ask, Client};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Runs a command that has to succeed.
pub fn must(words: &[&str]) {
    let output = Command::new(words[0]).args(&words[1..]).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A namespace; it goes with the value.
pub struct Namespace(pub String);

impl Namespace {
    pub fn new(name: &str) -> Self {
        let name = format!("bs{}{name}", std::process::id());
        must(&["ip", "netns", "add", &name]);
        must(&["ip", "-n", &name, "link", "set", "lo", "up"]);
        Namespace(name)
    }

    pub fn ip(&self, words: &[&str]) {
        must(&[&["ip", "-n", &self.0], words].concat());
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).output();
    }
}

/// A TAP port that a process makes joins its namespace's bridge as soon as it is there. (Its address is made of its name: two of one
/// name cannot be on one network.)
pub fn bridge_tap(namespace: &Namespace, tap: &str) {
    let began = Instant::now();
    while !Command::new("ip")
        .args(["-n", &namespace.0, "link", "set", tap, "master", "br0", "up"])
        .output()
        .unwrap()
        .status
        .success()
    {
        assert!(began.elapsed() < PATIENCE, "no {tap} in {}", namespace.0);
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process in a namespace; it is killed with the value.
pub struct Process {
    pub child: Child,
    pub socket: PathBuf,
}

impl Process {
    pub fn start(namespace: &Namespace, folder: &Path, socket: &str, words: &[&str]) -> Self {
        let child = Command::new("ip")
            .args(["netns", "exec", &namespace.0, env!("CARGO_BIN_EXE_backstop")])
            .args(words)
            .args(["--site", "site.toml"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Process { child, socket: folder.join(socket) }
    }

    pub fn status(&self) -> Option<Value> {
        Client::connect(&self.socket).ok()?.ask(&Ask::Status).ok().map(|mut answer| answer["status"].take())
    }

    #[track_caller]
    pub fn until(&mut self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let status = self.status();
            if status.as_ref().is_some_and(&is_so) {
                return status.unwrap();
            }
            assert!(self.child.try_wait().unwrap().is_none(), "{what}: the process ended");
            assert!(began.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}; {status:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGKILL: nothing of it is asked.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
