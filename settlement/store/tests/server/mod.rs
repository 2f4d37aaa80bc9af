//! A PostgreSQL server of its own in a temporary folder: made, started, stopped by its process id. It is reached through a socket in that
//! folder, and through nothing else. As root, it runs as `postgres` or `nobody`: it refuses to be root.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A server that runs as long as this lives.
pub struct Server {
    child: Child,
    folder: tempfile::TempDir,
}

/// Starts one with these settings; none where PostgreSQL's programs are not installed, which is said loudly. Where `BACKSTOP_POSTGRES` is
/// `needed`, as `make test` has it after installing them, that is a failure.
pub fn start(what: &str, settings: &[(&str, &str)]) -> Option<Server> {
    let Some(programs) = programs() else {
        let is_needed = std::env::var("BACKSTOP_POSTGRES").is_ok_and(|word| word == "needed");
        assert!(!is_needed, "{what}: PostgreSQL is needed here, and its programs (initdb, postgres) are not installed");
        println!("SKIPPED: {what} was NOT tested: PostgreSQL is not installed (postgresql, postgresql-server)");
        return None;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let owner = owner(folder.path());
    if let Some((user, group)) = owner {
        chown(folder.path(), Some(user), Some(group)).expect("root may");
    }
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let data = folder.path().join("data");
    let run = |program: &str| {
        let mut command = Command::new(programs.join(program));
        if let Some((user, group)) = owner {
            command.uid(user).gid(group);
        }
        command.current_dir(folder.path()).env("LC_ALL", "C").stdin(Stdio::null());
        command
    };
    let made = run("initdb")
        .args(["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "-D"])
        .arg(&data)
        .output()
        .expect("initdb starts");
    assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
    let mut command = run("postgres");
    command.arg("-D").arg(&data).arg("-k").arg(folder.path()).args([
        "-c",
        "listen_addresses=",
        "-c",
        "log_min_messages=log",
    ]);
    for (name, value) in settings {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("postgres starts");
    let mut said = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut all = String::new();
    loop {
        let mut line = String::new();
        if said.read_line(&mut line).expect("it can be read") == 0 {
            let _ = child.wait();
            panic!("postgres ended before it was ready:\n{all}");
        }
        all += &line;
        if line.contains("ready to accept connections") {
            break;
        }
    }
    // What it says later is read, so that it never waits for us.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    Some(Server { child, folder })
}

#[allow(dead_code)] // a bench asks what it spent
impl Server {
    /// Its first process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its address.
    pub fn url(&self) -> String {
        let folder = self.folder.path().to_str().expect("the folder's name is a text").replace('/', "%2F");
        format!("postgres://postgres@{folder}/postgres")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fast shutdown. The shell's own kill: no other program is needed.
        let id = self.child.id().to_string();
        let stopped = Command::new("sh").args(["-c", "kill -INT $0", &id]).status();
        if !stopped.is_ok_and(|status| status.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// Where initdb and postgres are: the greatest version of Debian's or RPM's places, or the path.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for (folder, before) in [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")] {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().into_string().unwrap_or_default();
            let version = name.strip_prefix(before).and_then(|version| version.parse().ok());
            found.extend(version.map(|version| (version, entry.path().join("bin"))));
        }
    }
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = found.into_iter().rev().map(|(_, place)| place).chain(std::env::split_paths(&path));
    places.into_iter().find(|place| place.join("initdb").is_file() && place.join("postgres").is_file())
}

/// Whom it runs as, if we are root: user and group.
fn owner(ours: &Path) -> Option<(u32, u32)> {
    if std::fs::metadata(ours).expect("it is there").uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("there are users");
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map(|id| id.parse().ok());
        Some((ids.next()??, ids.next()??))
    };
    Some(find("postgres").or_else(|| find("nobody")).expect("there is nobody"))
}
