//! A server that echoes, a client that sends and compares, and virtual time that jumps to the next thing that happens.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, which the lint cannot see")]

pub mod frames;
pub mod stage;

use net::{CloseReason, Filter, Handler, Host, HostConfig, Instant, Peer, Port, SessionId};
use proptest::test_runner::{Config, RngSeed};
use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddrV4};

pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
pub const PORT: u16 = 7_000;
pub const SERVICE: SocketAddrV4 = SocketAddrV4::new(SERVER, PORT);

/// Anything that is polled.
pub trait Node {
    /// One round; returns how many frames came and went.
    fn poll(&mut self, now: Instant) -> usize;
    fn next_deadline(&self) -> Option<Instant>;
}

/// Polls all nodes until `done`, letting time jump when nothing moves. Returns the time at the end.
///
/// Panics at `until`: whatever was waited for did not happen.
pub fn run<W>(
    world: &mut W,
    from: Instant,
    until: Instant,
    mut round: impl FnMut(&mut W, Instant) -> Round,
) -> Instant {
    let mut now = from;
    loop {
        match round(world, now) {
            Round::Done => return now,
            Round::Busy => now = Instant::from_nanos(now.nanos() + 1_000),
            Round::Idle(Some(at)) => now = Instant::from_nanos(at.nanos().max(now.nanos() + 1_000)),
            Round::Idle(None) => panic!("nothing will ever happen again, at {now:?}"),
        }
        assert!(now < until, "what was waited for has not happened at {now:?}");
    }
}

pub enum Round {
    Done,
    Busy,
    Idle(Option<Instant>),
}

/// Polls each node once.
pub fn round(nodes: &mut [&mut dyn Node], now: Instant) -> Round {
    let moved: usize = nodes.iter_mut().map(|node| node.poll(now)).sum();
    if moved > 0 { Round::Busy } else { Round::Idle(nodes.iter().filter_map(|node| node.next_deadline()).min()) }
}

/// Polls for a stretch of virtual time.
pub fn idle(nodes: &mut [&mut dyn Node], from: Instant, until: Instant) -> Instant {
    let mut now = from;
    while now < until {
        now = match round(nodes, now) {
            Round::Idle(Some(at)) => at.max(Instant::from_nanos(now.nanos() + 1_000)).min(until),
            Round::Idle(None) => until,
            _ => Instant::from_nanos(now.nanos() + 1_000),
        };
    }
    now
}

/// Sends back what it gets.
pub struct Echo<P: Port> {
    pub host: Host<P>,
    pub log: EchoLog,
}

#[derive(Default)]
pub struct EchoLog {
    pub pending: BTreeMap<SessionId, VecDeque<u8>>,
    pub opened: Vec<(SessionId, Peer)>,
    pub closed: Vec<(SessionId, CloseReason)>,
    /// Bytes taken of each offer at most; none: everything.
    pub appetite: Option<usize>,
    pub offers: u64,
    pub longest_offer: usize,
}

impl Handler for EchoLog {
    fn opened(&mut self, session: SessionId, peer: Peer) {
        self.opened.push((session, peer));
        assert!(self.pending.insert(session, VecDeque::new()).is_none(), "{session:?} opened twice");
    }

    fn data(&mut self, session: SessionId, bytes: &[u8]) -> usize {
        self.offers += 1;
        self.longest_offer = self.longest_offer.max(bytes.len());
        let taken = self.appetite.unwrap_or(bytes.len()).min(bytes.len());
        self.pending.get_mut(&session).expect("data comes between opened and closed").extend(&bytes[..taken]);
        taken
    }

    fn closed(&mut self, session: SessionId, why: CloseReason) {
        assert!(self.pending.remove(&session).is_some(), "{session:?} closed twice, or never opened");
        self.closed.push((session, why));
    }
}

impl<P: Port> Echo<P> {
    pub fn new(port: P, seed: u64, sessions: usize) -> Echo<P> {
        Echo::with(HostConfig { sessions, ..HostConfig::new(SERVER, seed) }, port, Filter::everybody())
    }

    pub fn with(config: HostConfig, port: P, filter: Filter) -> Echo<P> {
        let mut host = Host::new(config, port);
        host.listen(PORT, filter).unwrap();
        Echo { host, log: EchoLog::default() }
    }
}

impl<P: Port> Node for Echo<P> {
    fn poll(&mut self, now: Instant) -> usize {
        let came = self.host.poll_ingress(now, &mut self.log);
        for (session, bytes) in &mut self.log.pending {
            while !bytes.is_empty() {
                let (front, _) = bytes.as_slices();
                let sent = self.host.send(*session, front).unwrap_or(0);
                bytes.drain(..sent);
                if sent == 0 {
                    break;
                }
            }
        }
        came + self.host.poll_egress(now)
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.host.next_deadline()
    }
}

/// Sends bytes on each of its flows and keeps what comes back.
pub struct Client<P: Port> {
    pub host: Host<P>,
    pub flows: Flows,
    /// Bytes that are on their way at most, for each flow.
    pub in_flight: usize,
    /// Bytes sent at once at most.
    pub chunk: usize,
}

#[derive(Default)]
pub struct Flows {
    pub list: Vec<Flow>,
    by_id: BTreeMap<SessionId, usize>,
}

pub struct Flow {
    pub id: SessionId,
    pub to_send: Vec<u8>,
    pub sent: usize,
    pub received: Vec<u8>,
    pub opened: u32,
    pub closed: Option<CloseReason>,
}

impl Flow {
    pub fn is_complete(&self) -> bool {
        self.received.len() == self.to_send.len()
    }
}

impl Handler for Flows {
    fn opened(&mut self, session: SessionId, _: Peer) {
        self.list[self.by_id[&session]].opened += 1;
    }

    fn data(&mut self, session: SessionId, bytes: &[u8]) -> usize {
        let flow = &mut self.list[self.by_id[&session]];
        assert!(flow.closed.is_none(), "data after the end");
        flow.received.extend_from_slice(bytes);
        bytes.len()
    }

    fn closed(&mut self, session: SessionId, why: CloseReason) {
        let flow = &mut self.list[self.by_id[&session]];
        assert!(flow.closed.replace(why).is_none(), "closed twice");
    }
}

impl<P: Port> Client<P> {
    pub fn new(port: P, seed: u64, sessions: usize) -> Client<P> {
        Client::with(HostConfig { sessions, ..HostConfig::new(CLIENT, seed) }, port)
    }

    pub fn with(config: HostConfig, port: P) -> Client<P> {
        Client { host: Host::new(config, port), flows: Flows::default(), in_flight: usize::MAX, chunk: usize::MAX }
    }

    pub fn connect(&mut self, now: Instant, to_send: Vec<u8>) -> usize {
        let id = self.host.connect(SERVICE, now).unwrap();
        let flow = Flow { id, to_send, sent: 0, received: Vec::new(), opened: 0, closed: None };
        self.flows.list.push(flow);
        let index = self.flows.list.len() - 1;
        assert!(self.flows.by_id.insert(id, index).is_none(), "an id was given twice");
        index
    }

    pub fn is_complete(&self) -> bool {
        self.flows.list.iter().all(Flow::is_complete)
    }

    pub fn assert_exact(&self) {
        for (index, flow) in self.flows.list.iter().enumerate() {
            assert!(flow.received == flow.to_send, "flow {index} came back different");
            assert_eq!((flow.opened, flow.closed), (1, None), "flow {index}");
        }
    }
}

impl<P: Port> Node for Client<P> {
    fn poll(&mut self, now: Instant) -> usize {
        let came = self.host.poll_ingress(now, &mut self.flows);
        for flow in &mut self.flows.list {
            let allowed = self.in_flight.saturating_sub(flow.sent - flow.received.len().min(flow.sent));
            let end = flow.to_send.len().min(flow.sent.saturating_add(allowed.min(self.chunk)));
            if flow.opened > 0 && flow.closed.is_none() && flow.sent < end {
                flow.sent += self.host.send(flow.id, &flow.to_send[flow.sent..end]).unwrap_or(0);
            }
        }
        came + self.host.poll_egress(now)
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.host.next_deadline()
    }
}

/// Runs until every flow has everything back; returns when.
pub fn run_to_completion<A: Port, B: Port>(
    server: &mut Echo<A>,
    client: &mut Client<B>,
    from: Instant,
    until: Instant,
) -> Instant {
    run(&mut (server, client), from, until, |(server, client), now| {
        let round = round(&mut [*server, *client], now);
        let ended = client.flows.list.iter().find_map(|flow| flow.closed);
        assert!(ended.is_none(), "a connection ended before its time, at {now:?}: {ended:?}");
        if client.is_complete() { Round::Done } else { round }
    })
}

/// Bytes that repeat with the seed.
pub fn bytes(seed: u64, count: usize) -> Vec<u8> {
    let mut random = net::random::Random::new(seed);
    (0..count).map(|_| random.below(256) as u8).collect()
}

/// So many cases for a property, the same every time: only a change can make it fail. `PROPTEST_RNG_SEED` and
/// `PROPTEST_CASES` try others.
pub fn cases(count: usize) -> Config {
    let default = Config::default();
    let rng_seed = match default.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        chosen => chosen,
    };
    let is_chosen = std::env::var_os("PROPTEST_CASES").is_some();
    let cases = if is_chosen { default.cases } else { effort::of(count) as u32 };
    Config { cases, rng_seed, failure_persistence: None, ..default }
}
