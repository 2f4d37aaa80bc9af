//! What a newcomer and an administrator run: `deploy/try`, `make install`, the systemd units.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

const BACKSTOP: &str = env!("CARGO_BIN_EXE_backstop");
const PATIENCE: Duration = Duration::from_secs(60);

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A try that ends with its value.
struct Try {
    script: Child,
    folder: PathBuf,
}

impl Try {
    /// One `backstop` command in the try's folder.
    fn backstop(&self, words: &[&str]) -> Output {
        Command::new(BACKSTOP).args(words).current_dir(&self.folder).output().unwrap()
    }

    fn status(&self, process: &str) -> Value {
        let output = self.backstop(&["status", "--control", &format!("{process}.sock"), "--json"]);
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    fn signal(&self, signal: &str, pid: &str) {
        assert!(Command::new("kill").args([signal, pid]).status().unwrap().success(), "kill {signal} {pid}");
    }
}

impl Drop for Try {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.script.id().to_string()]).output();
        let began = Instant::now();
        while self.script.try_wait().is_ok_and(|ended| ended.is_none()) && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

/// A script that says nothing more is killed, so that reading its words ends; not any more when what is returned is dropped.
fn watch(script: u32) -> Sender<()> {
    let (alive, is_alive): (Sender<()>, Receiver<()>) = channel();
    std::thread::spawn(move || {
        if is_alive.recv_timeout(5 * PATIENCE) == Err(RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-KILL", &script.to_string()]).output();
        }
    });
    alive
}

/// Word for word what `deploy/try` tells a newcomer to type, from the first look to the next day.
#[test]
fn a_newcomer_tries_the_market_of_processes_in_two_terminals_without_root() {
    if effort::share() > 1 || !has("python3") {
        println!("SKIPPED deploy/try: needs python3, and a processor that is not emulated");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("try");
    let id = std::process::id();
    // Who starts the tests in the background of a shell has them ignore Ctrl-C, and what they start too.
    let mut script = Command::new("env")
        .args([OsStr::new("--default-signal=INT"), top().join("deploy/try").as_os_str(), folder.as_os_str()])
        .env("BACKSTOP", BACKSTOP)
        .env("NETWORK", format!("127.{}.{}", 100 + id / 250 % 100, 1 + id % 250))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(script.stdout.take().unwrap());
    let _watch = watch(script.id());
    let tried = Try { script, folder };
    let mut told = String::new();
    while !told.contains("Ctrl-C here") {
        assert_ne!(out.read_line(&mut told).unwrap(), 0, "{told}");
    }
    for words in [
        "backstop status --site",
        "kill -9 $(cat primary.pid)",
        "backstop switch --site",
        "operate",
        "settle run",
        "--day-from",
    ] {
        assert!(told.contains(words), "no `{words}` in {told}");
    }
    until("it follows, and members trade", || {
        let status = tried.status("backstop");
        status["state"]["number"] == 2 && status["sequence"].as_u64() > Some(100)
    });
    let picture = tried.backstop(&["status", "--site", "site.toml", "--watch", "--count", "2"]);
    let text = words(&picture);
    assert!(picture.status.success() && text.matches("frames behind").count() == 2 && text.contains("clean"), "{text}");

    let day = ["--journal", "journal/20240603.journal", "--base", "base"];
    let followed = tried.backstop(&[&["settle", "follow", "--once", "--json"], &day[..]].concat());
    assert!(followed.status.success() && words(&followed).contains("\"funds\""), "{}", words(&followed));

    let pid = fs::read_to_string(tried.folder.join("primary.pid")).unwrap();
    tried.signal("-9", pid.trim());
    let switch = ["switch", "--site", "site.toml", "--cancel-only", "1", "--auction", "1"];
    let asked = tried.backstop(&switch);
    assert_eq!(asked.status.code(), Some(2), "no terminal, no --yes: {}", words(&asked));
    let switched = tried.backstop(&[&switch[..], &["--yes", "--from-lagging"]].concat());
    let text = words(&switched);
    assert!(switched.status.success() && text.contains("the primary, is gone"), "{text}");
    until("both members trade again", || {
        let status = tried.status("backstop");
        status["epoch"] == 2 && status["board"]["logged_in"] == 2 && status["state"]["number"] == 11
    });
    let closed = tried.backstop(&["operate", "--site", "site.toml", "close"]);
    assert!(closed.status.success(), "{}", words(&closed));
    // The members' day ends with it, and they say what they found.
    let mut end = String::new();
    while end.matches("\"ok\"").count() < 2 {
        assert_ne!(out.read_line(&mut end).unwrap(), 0, "{end}");
    }
    let settled = tried.backstop(&[&["settle", "run", "--out", "settled", "--json"], &day[..]].concat());
    let run: Value = serde_json::from_slice(&settled.stdout).unwrap();
    assert!(settled.status.success(), "{}", words(&settled));
    assert_eq!((&run["new"], &run["summary"]["accounts"]), (&Value::from(true), &Value::from(2)), "{run}");
    assert_eq!(run["absent"], serde_json::json!(["funds.csv", "fees.csv", "margins.csv"]));
    assert!(tried.folder.join("settled/20240603/1/members/0001/0001_SG01_20240603_1_Statement.html").exists());
    let stopped = tried.backstop(&["stop", "--site", "site.toml"]);
    assert!(words(&stopped).contains("the day's end is in"), "{}", words(&stopped));
    let mut next = Command::new(BACKSTOP)
        .args(["primary", "--site", "site.toml", "--day", "20240604", "--day-from", "journal/20240603.end"])
        .current_dir(&tried.folder)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the next day is open", || tried.status("primary")["trading_day"] == 20_240_604);
    assert!(words(&tried.backstop(&["stop", "--control", "primary.sock"])).contains("stopped at"));
    assert!(next.wait().unwrap().success());

    tried.signal("-INT", &tried.script.id().to_string()); // Ctrl-C
    out.read_to_string(&mut end).unwrap();
    let mut tried = tried;
    let ended = tried.script.wait().unwrap();
    assert!(ended.success(), "{end}");
    assert_eq!(end.matches("\"ok\": true").count(), 2, "{end}");
    assert_eq!(end.matches("\"takeovers\": 1").count(), 2, "{end}");
    for process in ["names", "primary", "backstop", "north"] {
        let pid = fs::read_to_string(tried.folder.join(format!("{process}.pid"))).unwrap();
        assert!(!Path::new(&format!("/proc/{}", pid.trim())).exists(), "{process} still runs");
    }

    // A folder that is somebody else's is left alone.
    let theirs = tempfile::tempdir().unwrap();
    fs::write(theirs.path().join("journal"), "precious").unwrap();
    let refused = Command::new(top().join("deploy/try")).arg(theirs.path()).env("BACKSTOP", BACKSTOP).output().unwrap();
    assert_eq!(
        (refused.status.code(), fs::read_dir(theirs.path()).unwrap().count()),
        (Some(2), 1),
        "{}",
        words(&refused)
    );
}

/// `make install` into a folder, of this very binary.
fn install(root: &Path, profile: &str, path: &str) -> Output {
    Command::new("make")
        .args(["install", &format!("PROFILE={profile}"), &format!("BACKSTOP={BACKSTOP}")])
        .arg(format!("DESTDIR={}", root.display()))
        .env("PATH", path)
        .current_dir(top())
        .output()
        .unwrap()
}

#[test]
fn make_install_puts_every_file_into_place_with_its_mode_and_starts_nothing() {
    if effort::share() > 1 || !has("make") {
        println!(
            "SKIPPED make install: needs make, and a processor that is not emulated: it asks the binary for the profile"
        );
        return;
    }
    let (root, traps) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // Whoever would start, stop or set something is caught.
    for program in ["systemctl", "sysctl", "service", "modprobe", "cargo"] {
        let trap = traps.path().join(program);
        fs::write(&trap, format!("#!/bin/sh\necho {program} >>{}/caught\n", traps.path().display())).unwrap();
        fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", traps.path().display(), std::env::var("PATH").unwrap());
    let output = install(root.path(), "kunpeng-920", &path);
    assert!(output.status.success(), "{}", words(&output));
    assert!(!traps.path().join("caught").exists(), "{}", words(&output));
    let expected = [
        ("etc/backstop/profile.toml", 0o644),
        ("etc/backstop/site.toml.example", 0o644),
        ("etc/sysctl.d/90-backstop.conf", 0o644),
        ("etc/systemd/system/backstop-front@.service", 0o644),
        ("etc/systemd/system/backstop-names.service", 0o644),
        ("etc/systemd/system/backstop.service", 0o644),
        ("usr/local/bin/backstop", 0o755),
        ("usr/local/share/doc/backstop/README.md", 0o644),
        ("usr/local/share/doc/backstop/SPECIFICATION.md", 0o644),
    ];
    let mut found = Vec::new();
    list(root.path(), root.path(), &mut found);
    found.sort();
    assert_eq!(found, expected.map(|(name, mode)| (name.to_owned(), mode)), "files and their modes");
    let text = |name: &str| fs::read_to_string(root.path().join(name)).unwrap();
    for (name, _) in &expected[..6] {
        assert!(!text(name).contains('@') || name.contains("front@"), "{name}: a placeholder is left");
    }
    // The example is a site, and its profile is the one that was installed.
    let example = text("etc/backstop/site.toml.example");
    assert!(example.contains("profile = \"/etc/backstop/profile.toml\""), "{example}");
    backstop::site::Site::parse(&example).unwrap_or_else(|fault| panic!("site.toml.example{fault}"));
    let profile = root.path().join("etc/backstop/profile.toml");
    assert_eq!(hw_profiles::Profile::load(profile.to_str().unwrap()).unwrap().name, "kunpeng-920");
    // Again over itself; and a profile that is none changes nothing.
    assert!(install(root.path(), "dev", &path).status.success());
    let output = install(root.path(), "cray", &path);
    assert!(!output.status.success() && words(&output).contains("cray"), "{}", words(&output));
    assert_eq!(hw_profiles::Profile::load(profile.to_str().unwrap()).unwrap().name, "dev");
}

/// Files below a folder, with their modes.
fn list(root: &Path, folder: &Path, found: &mut Vec<(String, u32)>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            list(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.push((name, entry.metadata().unwrap().permissions().mode() & 0o7777));
        }
    }
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    if !has("systemd-analyze") {
        println!("SKIPPED the units: there is no systemd-analyze (package systemd)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut units = Vec::new();
    for entry in fs::read_dir(top().join("deploy")).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == "service") {
            // systemd looks whether the program is there.
            let text = fs::read_to_string(&path).unwrap().replace("/usr/local/bin/backstop", BACKSTOP);
            let unit = folder.path().join(path.file_name().unwrap());
            fs::write(&unit, text).unwrap();
            units.push(unit);
        }
    }
    assert_eq!(units.len(), 3, "{units:?}");
    let verify =
        |units: &[PathBuf]| Command::new("systemd-analyze").args(["verify", "--man=no"]).args(units).output().unwrap();
    // It exits with 0 whatever keys it does not know: what it says counts, of our units.
    let complaints = |output: &Output| {
        let of_ours = |line: &&str| line.contains("backstop");
        words(output).lines().filter(of_ours).map(str::to_owned).collect::<Vec<_>>()
    };
    let output = verify(&units);
    assert!(output.status.success() && complaints(&output).is_empty(), "{}", words(&output));
    // And it does complain.
    let planted = folder.path().join("backstop-planted.service");
    let text = fs::read_to_string(&units[0]).unwrap().replace("Restart=", "Restrat=");
    fs::write(&planted, text).unwrap();
    assert!(!complaints(&verify(&[planted])).is_empty(), "a wrong key is found");
}
