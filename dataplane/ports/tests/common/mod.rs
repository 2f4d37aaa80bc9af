//! A network namespace with a kernel client in it, and an echo server of ours on a port.
#![allow(dead_code)] // each test takes what it needs

use net::{CloseReason, Filter, Handler, Host, HostConfig, Instant, Peer, Port, SessionId};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant as Clock};

/// Our end, and the kernel's.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 2);
pub const PORT: u16 = 7_000;

/// False, said loudly, if this machine does not let us make interfaces and namespaces.
pub fn can_make_networks(test: &str) -> bool {
    let probe = format!("bsprobe{}", std::process::id());
    let made = Command::new("ip").args(["netns", "add", &probe]).output();
    let holds = match made {
        Ok(output) if output.status.success() => {
            run("ip", &["netns", "del", &probe]);
            std::path::Path::new("/dev/net/tun").exists()
        }
        _ => false,
    };
    if !holds {
        eprintln!("SKIPPED {test}: needs root, `ip netns` (package iproute2) and /dev/net/tun");
    }
    holds
}

/// Runs a command that has to work.
pub fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// A network namespace that goes with its value.
pub struct Namespace(pub String);

impl Namespace {
    pub fn new(name: &str) -> Namespace {
        let name = format!("bs{}{name}", std::process::id());
        run("ip", &["netns", "add", &name]);
        let namespace = Namespace(name);
        namespace.run(&["ip", "link", "set", "lo", "up"]);
        namespace
    }

    /// Runs a command inside.
    pub fn run(&self, command: &[&str]) -> Output {
        run("ip", &[&["netns", "exec", &self.0], command].concat())
    }

    /// Starts a command inside.
    pub fn start(&self, command: &[&str]) -> Child {
        Command::new("ip")
            .args(["netns", "exec", &self.0])
            .args(command)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ip starts")
    }

    /// Gives an interface inside the client's address and brings it up.
    pub fn address(&self, interface: &str) {
        let address = format!("{CLIENT}/24");
        self.run(&["sysctl", "-qw", &format!("net.ipv6.conf.{interface}.disable_ipv6=1")]);
        self.run(&["ip", "addr", "add", &address, "dev", interface]);
        self.run(&["ip", "link", "set", interface, "up"]);
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).output();
    }
}

/// An echo server: what comes goes back, what does not fit waits at the peer.
pub struct Echo<P: Port> {
    pub host: Host<P>,
    pub inbox: Inbox,
    zero: Clock,
}

#[derive(Default)]
pub struct Inbox {
    waiting: Vec<(SessionId, Vec<u8>)>,
    pub opened: usize,
    pub closed: Vec<CloseReason>,
}

/// Bytes of one session that wait to be sent back, at most.
const WAITING_MAX: usize = 8_192;

impl Handler for Inbox {
    fn opened(&mut self, session: SessionId, _: Peer) {
        self.waiting.push((session, Vec::new()));
        self.opened += 1;
    }

    fn data(&mut self, session: SessionId, bytes: &[u8]) -> usize {
        let (_, waiting) = self.waiting.iter_mut().find(|(id, _)| *id == session).expect("data comes after opened");
        let taken = bytes.len().min(WAITING_MAX - waiting.len());
        waiting.extend_from_slice(&bytes[..taken]);
        taken
    }

    fn closed(&mut self, session: SessionId, why: CloseReason) {
        self.waiting.retain(|(id, _)| *id != session);
        self.closed.push(why);
    }
}

impl<P: Port> Echo<P> {
    pub fn new(port: P) -> Echo<P> {
        let mut host =
            Host::new(HostConfig { silence_timeout: Duration::from_secs(60), ..HostConfig::new(SERVER, 7) }, port);
        host.listen(PORT, Filter::everybody()).expect("a fresh host listens");
        Echo { host, inbox: Inbox::default(), zero: Clock::now() }
    }

    /// One round. Returns whether there was anything to do.
    pub fn poll(&mut self) -> bool {
        let now = Instant::from_nanos(self.zero.elapsed().as_nanos() as u64 + 1);
        let mut did = self.host.poll_ingress(now, &mut self.inbox);
        for (session, waiting) in &mut self.inbox.waiting {
            let sent = self.host.send(*session, waiting).unwrap_or(0);
            if sent > 0 {
                waiting.drain(..sent);
                self.host.offer_again(*session);
                did += 1;
            }
        }
        did += self.host.poll_egress(now);
        did > 0
    }

    /// Goes round until the child has ended; its output.
    pub fn serve(&mut self, child: Child) -> Output {
        serve_all(&mut [self], child)
    }
}

/// Polls servers round and round until the child has ended, and a little longer.
pub fn serve_all<P: Port>(servers: &mut [&mut Echo<P>], mut child: Child) -> Output {
    let until = Clock::now() + Duration::from_secs(90);
    let mut looked = Clock::now();
    loop {
        let mut did = false;
        for server in &mut *servers {
            did |= server.poll();
        }
        if !did {
            std::thread::yield_now();
        }
        if looked.elapsed() > Duration::from_millis(10) {
            looked = Clock::now();
            if child.try_wait().expect("the child is ours").is_some() {
                break;
            }
            if looked > until {
                let _ = child.kill();
                break;
            }
        }
    }
    child.wait_with_output().expect("the child has ended")
}

/// The kernel client that checks the echo, inside a namespace.
pub fn echo_client(namespace: &Namespace, connections: usize, bytes: usize, seed: u64) -> Child {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/echo_client.py");
    let numbers = [PORT.to_string(), connections.to_string(), bytes.to_string(), seed.to_string()];
    let mut command = vec!["python3", script.to_str().expect("a path of text"), "10.99.0.1"];
    command.extend(numbers.iter().map(String::as_str));
    namespace.start(&command)
}

/// The client found nothing wrong.
pub fn assert_exact(output: &Output, what: &str) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{what}: {}", out.trim());
    assert!(output.status.success(), "{what}: {out}{err}");
}
