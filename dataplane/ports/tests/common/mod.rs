//! A network namespace with a kernel client in it, and an echo server of ours on a port.
#![allow(dead_code)] // each test takes what it needs

use net::{CloseReason, FaultPort, Faults, Filter, Handler, Host, HostConfig, Instant, Peer, Port, SessionId};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant as Clock};

/// Our end, and the kernel's.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 2);
pub const PORT: u16 = 7_000;

/// False, said loudly, if this machine does not let us make interfaces and namespaces.
pub fn can_make_networks(test: &str) -> bool {
    // A name of its own for each caller: tests of one file run side by side.
    static PROBES: AtomicU32 = AtomicU32::new(0);
    let probe = format!("bsprobe{}n{}", std::process::id(), PROBES.fetch_add(1, Ordering::Relaxed));
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

/// False, said loudly, under an emulator (`tests/arm/suite`), which does not know the options of packet and XDP sockets.
pub fn has_packet_sockets(test: &str) -> bool {
    let holds = std::env::var_os("BACKSTOP_RUNNER").is_none();
    if !holds {
        eprintln!("SKIPPED {test}: qemu-user does not know PACKET_RX_RING, nor sockets of family 44");
    }
    holds
}

/// False, said loudly, if this kernel has no XDP sockets (AF_XDP is family 44).
pub fn has_xdp_sockets(test: &str) -> bool {
    if !has_packet_sockets(test) {
        return false;
    }
    let probe = "import socket; socket.socket(44, socket.SOCK_RAW, 0)";
    let holds = Command::new("python3").args(["-c", probe]).output().is_ok_and(|output| output.status.success());
    if !holds {
        eprintln!("SKIPPED {test}: this kernel has no XDP sockets (CONFIG_XDP_SOCKETS), or does not let us have one");
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
        Namespace(name)
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
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).output();
    }
}

/// A line between a port of ours and a kernel client:
///
/// ```text
/// ours [veth or TAP] --- near | bridge | far --- member, 10.99.0.2
///                       namespace "line"        namespace "client"
/// ```
///
/// The bridge is a hop of its own, so that `tc netem` damages both directions: ports that bypass the kernel's queues too.
pub struct Line {
    pub client: Namespace,
    line: Namespace,
    /// The port's interface, in our own namespace (veth) or in the line's (TAP).
    pub interface: String,
}

/// What the issue asks for, in each direction.
pub const NETEM: &[&str] = &["delay", "20ms", "loss", "1%", "reorder", "5%", "50%", "duplicate", "1%"];

impl Line {
    /// A line to one end of a veth pair in our own namespace.
    pub fn veth() -> Line {
        let line = Line::without_port();
        let ours = line.interface.clone();
        run("ip", &["link", "add", &ours, "type", "veth", "peer", "name", "near", "netns", &line.line.0]);
        run("sysctl", &["-qw", &format!("net.ipv6.conf.{ours}.disable_ipv6=1")]);
        run("ethtool", &["-K", &ours, "tx", "off", "tso", "off", "gso", "off", "gro", "off"]);
        run("ip", &["link", "set", &ours, "up"]);
        line.attach("near");
        line
    }

    /// A line to which the port's TAP is still to be brought with [`Line::take_tap`].
    pub fn without_port() -> Line {
        static LINES: AtomicU32 = AtomicU32::new(0);
        let number = LINES.fetch_add(1, Ordering::Relaxed);
        let (client, line) = (Namespace::new(&format!("c{number}")), Namespace::new(&format!("l{number}")));
        let interface = format!("bs{}n{number}", std::process::id());
        line.run(&["ip", "link", "add", "bridge", "type", "bridge"]);
        line.run(&["sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"]);
        line.run(&["ip", "link", "set", "bridge", "up"]);
        line.run(&["ip", "link", "add", "far", "type", "veth", "peer", "name", "member", "netns", &client.0]);
        client.run(&["sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"]);
        client.run(&["ip", "link", "set", "lo", "up"]);
        client.run(&["ip", "addr", "add", &format!("{CLIENT}/24"), "dev", "member"]);
        client.run(&["ip", "link", "set", "member", "up"]);
        client.run(&["ethtool", "-K", "member", "tx", "off", "tso", "off", "gso", "off", "gro", "off"]);
        let line = Line { client, line, interface };
        line.attach("far");
        line
    }

    /// Moves the port's TAP, which is there, to the line.
    pub fn take_tap(&self) {
        run("ip", &["link", "set", &self.interface, "netns", &self.line.0]);
        self.attach(&self.interface);
    }

    fn attach(&self, interface: &str) {
        self.line.run(&["ethtool", "-K", interface, "tx", "off", "tso", "off", "gso", "off", "gro", "off"]);
        self.line.run(&["ip", "link", "set", interface, "master", "bridge", "up"]);
    }

    /// From now on the kernel loses, reorders, doubles and delays on the line, both ways. False, said loudly, if it cannot.
    #[must_use]
    pub fn damage(&self, near: &str) -> bool {
        for interface in [near, "far"] {
            let add = ["tc", "qdisc", "add", "dev", interface, "root", "netem", "limit", "10000"];
            let command = [&["netns", "exec", &self.line.0][..], &add, NETEM].concat();
            let output = Command::new("ip").args(&command).output().expect("ip starts");
            if !output.status.success() {
                let why = String::from_utf8_lossy(&output.stderr);
                let why = why.lines().next().unwrap_or_default().to_owned();
                eprintln!(
                    "SKIPPED tc netem: this kernel has none ({why}); the same faults come from our own FaultPort instead"
                );
                return false;
            }
            let shown = self.line.run(&["tc", "qdisc", "show", "dev", interface]);
            let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
            for word in ["netem", "delay", "loss", "reorder", "duplicate"] {
                assert!(shown.contains(word), "{interface} has no {word}: {shown}");
            }
        }
        true
    }
}

/// What the kernel says of itself, if it does: whether `tc netem` is in it.
pub fn kernel_has_netem() -> Option<bool> {
    let config = Command::new("zcat").arg("/proc/config.gz").output().ok().filter(|output| output.status.success())?;
    let config = String::from_utf8_lossy(&config.stdout).into_owned();
    match config.contains("CONFIG_NET_SCH_NETEM=y") {
        true => Some(true),
        false => config.contains("CONFIG_NET_SCH_NETEM is not set").then_some(false), // a module may be there, or not
    }
}

/// What `NETEM` says, by our own fault injector, in each direction.
pub const BAD_LINE: Faults = Faults {
    loss_ppm: 10_000,
    duplicate_ppm: 10_000,
    reorder_ppm: 50_000,
    corrupt_ppm: 0,
    delay_ppm: 1_000_000,
    delay: Duration::from_millis(20),
};

/// The kernel's TCP against an echo of ours: one connection, a long one, many; then a few over a bad line.
pub fn echo_over<P: Port>(line: &Line, near: &str, port: P, what: &str) {
    let mut echo = Echo::new(FaultPort::new(port, 1, Faults::default(), Faults::default()));
    for (connections, bytes) in [(1, 100), (1, 1_000_000), (32, 50_000)] {
        let client = echo_client(&line.client, connections, bytes, 1);
        assert_exact(&echo.serve(client), &format!("{what}, {connections} connections of {bytes} bytes"));
    }
    echo.host.port_mut().set_faults(BAD_LINE, BAD_LINE);
    let client = echo_client(&line.client, 8, 50_000, 2);
    let output = echo.serve(client);
    println!(
        "{what}: {:?} {:?} {:?}",
        echo.host.port().fault_counters(),
        echo.host.port().counters(),
        echo.host.counters()
    );
    assert_exact(&output, &format!("{what}, 8 connections of 50000 bytes over a bad line"));
    let did = echo.host.port().fault_counters();
    assert!(did.lost > 0 && did.duplicated > 0 && did.reordered > 0 && did.delayed > 0, "{did:?}");
    echo.host.port_mut().set_faults(Faults::default(), Faults::default());
    let mut opened = 1 + 1 + 32 + 8;
    if line.damage(near) {
        let client = echo_client(&line.client, 8, 50_000, 3);
        assert_exact(&echo.serve(client), &format!("{what}, 8 connections of 50000 bytes, netem {}", NETEM.join(" ")));
        opened += 8;
    }
    let counters = echo.host.counters();
    println!("{what}: {did:?} {counters:?}");
    assert_eq!(counters.accepted, opened);
    assert_eq!(echo.inbox.opened, echo.inbox.closed.len(), "every connection was closed");
}

/// Several queues, a host on each with the same address: a connection whose frames came to two of them would be reset. 24
/// connections stay whole, and every queue has some.
pub fn echo_over_queues<P: Port>(line: &Line, ports: Vec<P>, what: &str) {
    let mut echoes: Vec<Echo<P>> = ports.into_iter().map(Echo::new).collect();
    let client = echo_client(&line.client, 24, 20_000, 4);
    let mut servers: Vec<&mut Echo<P>> = echoes.iter_mut().collect();
    assert_exact(&serve_all(&mut servers, client), &format!("{what}, 24 connections"));
    let accepted: Vec<u64> = echoes.iter().map(|echo| echo.host.counters().accepted).collect();
    println!("{what}: {accepted:?} connections a queue");
    assert_eq!(accepted.iter().sum::<u64>(), 24);
    assert!(accepted.iter().all(|&count| count > 0), "{accepted:?}");
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
