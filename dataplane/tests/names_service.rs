//! The name service over a network in memory: who asks is told, the highest epoch wins, and what is malformed is closed.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use dataplane::names::{EPOCH_LOWER, FRONTS_MAX, Front, NameCounters, NamePorts, NameService, write_fronts};
use engine::types::Epoch;
use ftd::field::FrontField;
use ftd::package::{Error, RspFronts};
use ftd::{MessageWriter, Next, SequenceNumber, Series, next_message, tid};
use net::{
    CloseReason, FaultPort, Faults, Filter, Handler, Host, HostConfig, Instant, MemoryPort, Network, NetworkConfig,
    Peer, Port, SessionId,
};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

const SERVICE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const CALLER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const STRANGER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 3);
const MEMBERS: u16 = 7_001;
const CORES: u16 = 7_002;
/// 2024-06-12 09:30:00 in China.
const START: Instant = Instant::from_millis(1_718_155_800_000);
const PATIENCE: Duration = Duration::from_secs(300);

/// One who asks or publishes, and keeps what comes back.
struct Caller<P: Port> {
    host: Host<P>,
    heard: Heard,
}

#[derive(Default)]
struct Heard {
    opened: usize,
    received: Vec<u8>,
    closed: Vec<CloseReason>,
    deaf: bool,
}

impl Handler for Heard {
    fn opened(&mut self, _: SessionId, _: Peer) {
        self.opened += 1;
    }

    fn data(&mut self, _: SessionId, bytes: &[u8]) -> usize {
        if self.deaf {
            return 0;
        }
        self.received.extend_from_slice(bytes);
        bytes.len()
    }

    fn closed(&mut self, _: SessionId, why: CloseReason) {
        self.closed.push(why);
    }
}

struct World<P: Port> {
    service: NameService<Host<P>>,
    caller: Caller<P>,
    now: Instant,
}

fn config(address: Ipv4Addr, seed: u64) -> HostConfig {
    HostConfig { open_timeout: PATIENCE, silence_timeout: PATIENCE, ..HostConfig::new(address, seed) }
}

impl World<MemoryPort> {
    fn new(address: Ipv4Addr) -> Self {
        let network = Network::new(NetworkConfig::default());
        World::over(network.attach(), network.attach(), address)
    }
}

impl<P: Port> World<P> {
    fn over(service: P, caller: P, address: Ipv4Addr) -> Self {
        let ports = NamePorts { members: MEMBERS, cores: CORES, publishers: Filter::only([CALLER]) };
        let service = NameService::new(Host::new(config(SERVICE, 1), service), ports).unwrap();
        World {
            service,
            caller: Caller { host: Host::new(config(address, 2), caller), heard: Heard::default() },
            now: START,
        }
    }

    /// Polls both once; if nothing moves time jumps to the next thing that happens, at most to `limit`.
    fn round(&mut self, limit: Instant) {
        let came = self.caller.host.poll_ingress(self.now, &mut self.caller.heard);
        let moved = came + self.service.poll(self.now) + self.caller.host.poll_egress(self.now);
        let next = Instant::from_nanos(self.now.nanos() + 1_000);
        let deadlines = [self.service.next_deadline(), self.caller.host.next_deadline()];
        self.now = match deadlines.into_iter().flatten().min() {
            Some(at) if moved == 0 => at.max(next).min(limit.max(next)),
            None if moved == 0 => limit.max(next),
            _ => next,
        };
    }

    #[track_caller]
    fn until(&mut self, done: impl Fn(&Self) -> bool) {
        let limit = self.now + PATIENCE;
        while !done(self) {
            self.round(limit);
            assert!(self.now < limit, "what was waited for has not happened");
        }
    }

    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            self.round(until);
        }
    }

    fn connect(&mut self, port: u16) -> SessionId {
        let opened = self.caller.heard.opened;
        let session = self.caller.host.connect(SocketAddrV4::new(SERVICE, port), self.now).unwrap();
        self.until(|world| world.caller.heard.opened > opened);
        session
    }

    fn send(&mut self, session: SessionId, bytes: &[u8]) {
        assert_eq!(self.caller.host.send(session, bytes), Ok(bytes.len()));
    }

    /// Sends, waits for one message, and takes it.
    #[track_caller]
    fn ask(&mut self, session: SessionId, bytes: &[u8]) -> Vec<u8> {
        self.try_ask(session, bytes).expect("the connection stays")
    }

    /// The same, on a line where the connection may end before.
    #[track_caller]
    fn try_ask(&mut self, session: SessionId, bytes: &[u8]) -> Option<Vec<u8>> {
        let closed = self.caller.heard.closed.len();
        self.send(session, bytes);
        self.until(|world| world.caller.heard.message().is_some() || world.caller.heard.closed.len() > closed);
        let message = self.caller.heard.message()?;
        self.caller.heard.received.drain(..message.end);
        Some(message.bytes)
    }
}

struct Found {
    bytes: Vec<u8>,
    /// Where it ends in what was received.
    end: usize,
}

impl Heard {
    /// The next message received, heartbeats apart.
    fn message(&self) -> Option<Found> {
        let mut at = 0;
        loop {
            match next_message(&self.received[at..]).unwrap() {
                Next::Message { length, .. } => {
                    return Some(Found { bytes: self.received[at..at + length].to_vec(), end: at + length });
                }
                Next::Heartbeat { length } => at += length,
                Next::NeedMore => return None,
                other => panic!("{other:?}"),
            }
        }
    }
}

fn front(last: u8, priority: i32, epoch: u32, data_center: u32) -> Front {
    let address = SocketAddrV4::new(Ipv4Addr::new(10, 1, 0, last), 9_000);
    Front { address, priority, epoch: Epoch(epoch), data_center }
}

fn message(fronts: &[Front]) -> Vec<u8> {
    let mut buffer = [0; 8_192];
    let length = write_fronts(&mut buffer, fronts).unwrap();
    buffer[..length].to_vec()
}

/// The fronts of an RspFronts without ErrorField, number and series 0.
#[track_caller]
fn fronts(bytes: &[u8]) -> Vec<Front> {
    let Ok(Next::Message { length, message }) = next_message(bytes) else { panic!("no message") };
    assert_eq!((length, message.tid()), (bytes.len(), tid::FRONTS));
    assert_eq!((message.series(), message.number()), (Series(0), SequenceNumber(0)));
    let package = RspFronts::parse(&message).unwrap();
    assert!(package.error.is_none());
    package.front.iter().map(|field| Front::read(field).unwrap()).collect()
}

#[track_caller]
fn assert_epoch_lower(bytes: &[u8]) {
    let Ok(Next::Message { message, .. }) = next_message(bytes) else { panic!("no message") };
    let error = Error::parse(&message).unwrap();
    assert_eq!(error.error.error_code.decimal(), Some(EPOCH_LOWER.into()));
    assert_eq!((message.series(), message.number()), (Series(0), SequenceNumber(0)));
    let text = str::from_utf8(error.error.error_text.trimmed()).unwrap();
    assert_eq!(text, "纪元低于已公布的纪元 epoch is lower than the published one");
}

#[test]
fn before_anything_is_published_the_answer_has_no_front() {
    let mut world = World::new(STRANGER);
    let session = world.connect(MEMBERS);
    let answer = world.ask(session, &message(&[]));
    assert_eq!(fronts(&answer), []);
    // Twice on one connection, and both in one packet.
    let twice = [message(&[]), message(&[])].concat();
    let first = world.ask(session, &twice);
    let second = world.ask(session, &[]);
    assert_eq!((fronts(&first), fronts(&second)), (vec![], vec![]));
    assert_eq!(world.service.counters(), NameCounters { answered: 3, ..NameCounters::default() });
}

#[test]
fn a_publication_is_told_to_members_in_the_order_of_priority() {
    let mut world = World::new(CALLER);
    let core = world.connect(CORES);
    let published = world.ask(core, &message(&[front(3, 20, 1, 7), front(2, -1, 1, 7), front(4, 20, 1, 7)]));
    let expected = vec![front(2, -1, 1, 7), front(3, 20, 1, 7), front(4, 20, 1, 7)];
    assert_eq!(fronts(&published), expected);
    let member = world.connect(MEMBERS);
    let answer = world.ask(member, &message(&[]));
    assert_eq!(fronts(&answer), expected);
    assert_eq!(world.service.fronts(), expected);
    // As on the wire, by hand.
    let field = &answer[20..20 + 58];
    assert_eq!(field[..6], [0, 0, 0xF0, 0x06, 0, 52]);
    assert_eq!(&field[6..46], b"10.1.0.2:9000                           ");
    assert_eq!(field[46..], [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 1, 0, 0, 0, 7]);
}

#[test]
fn the_highest_epoch_wins_and_a_lower_one_is_refused_with_120() {
    let mut world = World::new(CALLER);
    let (primary, backstop) = (world.connect(CORES), world.connect(CORES));
    world.ask(primary, &message(&[front(1, 1, 1, 1)]));
    let answer = world.ask(backstop, &message(&[front(9, 1, 2, 2)]));
    assert_eq!(fronts(&answer), [front(9, 1, 2, 2)]);
    // The old core is not dead after all.
    assert_epoch_lower(&world.ask(primary, &message(&[front(1, 0, 1, 1)])));
    assert_eq!(world.service.fronts(), [front(9, 1, 2, 2)]);
    // The same epoch anew: another set of fronts of the same core. And the connection that was refused still asks.
    world.ask(backstop, &message(&[front(8, 2, 2, 2), front(9, 1, 2, 2)]));
    let answer = world.ask(primary, &message(&[]));
    assert_eq!(fronts(&answer), [front(9, 1, 2, 2), front(8, 2, 2, 2)]);
    let counters = NameCounters { answered: 4, published: 3, refused_epoch: 1, ..NameCounters::default() };
    assert_eq!(world.service.counters(), counters);
}

#[test]
fn as_many_fronts_as_a_message_holds_can_be_published() {
    let mut world = World::new(CALLER);
    let core = world.connect(CORES);
    let all: Vec<Front> = (0..FRONTS_MAX).map(|number| front(number as u8, number as i32, 3, 1)).collect();
    let answer = world.ask(core, &message(&all));
    assert_eq!(fronts(&answer), all);
    assert_eq!(write_fronts(&mut [0; 8_192], &[all.as_slice(), &all[..1]].concat()), None);
}

#[test]
fn a_stranger_cannot_publish() {
    let mut world = World::new(STRANGER);
    // Its SYN to the cores' port is dropped.
    world.caller.host.connect(SocketAddrV4::new(SERVICE, CORES), world.now).unwrap();
    world.wait(Duration::from_secs(3));
    assert_eq!(world.caller.heard.opened, 0);
    assert!(world.service.host().counters().drops.foreign > 0);
    // A publication at the members' port closes.
    let member = world.connect(MEMBERS);
    world.send(member, &message(&[front(6, 1, 99, 6)]));
    world.until(|world| !world.caller.heard.closed.is_empty());
    assert_eq!(world.service.fronts(), []);
    assert_eq!(world.service.counters().closed_malformed, 1);
}

#[track_caller]
fn assert_closes(port: u16, bytes: &[u8]) {
    let mut world = World::new(CALLER);
    let other = world.connect(port);
    let session = world.connect(port);
    world.send(session, bytes);
    world.until(|world| !world.caller.heard.closed.is_empty());
    assert_eq!(world.caller.heard.received, []);
    assert_eq!(world.service.fronts(), []);
    assert_eq!(world.service.counters(), NameCounters { closed_malformed: 1, ..NameCounters::default() });
    // Nobody else is hurt.
    let answer = world.ask(other, &message(&[]));
    assert_eq!(fronts(&answer), []);
}

#[test]
fn what_is_malformed_closes_the_connection_and_publishes_nothing() {
    assert_closes(MEMBERS, &[1, 200, 0, 0]);
    assert_closes(CORES, &[1, 0, 0xFF, 0xFF]);
    // Another package.
    let mut buffer = [0; 100];
    let length = MessageWriter::new(&mut buffer, tid::USER_LOGIN, Series(0), SequenceNumber(0)).unwrap().finish();
    assert_closes(MEMBERS, &buffer[..length]);
    // A number: there is no stream here.
    let length = MessageWriter::new(&mut buffer, tid::FRONTS, Series(0), SequenceNumber(1)).unwrap().finish();
    assert_closes(MEMBERS, &buffer[..length]);
    // Fronts of two epochs.
    assert_closes(CORES, &message(&[front(1, 1, 1, 1), front(2, 1, 2, 1)]));
    // An address that is none.
    for address in [&b"tcp://10.0.0.1:80"[..], b"10.0.0.1", b"", b"\xFF\xFE", b"10.0.0.256:80", b"10.0.0.1:80 x"] {
        let mut message = MessageWriter::new(&mut buffer, tid::FRONTS, Series(0), SequenceNumber(0)).unwrap();
        message.push::<FrontField>().unwrap().front_address.set(address).unwrap();
        let length = message.finish();
        assert_closes(CORES, &buffer[..length]);
    }
}

#[test]
fn a_question_in_single_bytes_is_answered_once() {
    let mut world = World::new(STRANGER);
    let session = world.connect(MEMBERS);
    for byte in message(&[]) {
        assert_eq!(world.service.counters().answered, 0);
        world.send(session, &[byte]);
        world.wait(Duration::from_micros(50));
    }
    world.until(|world| !world.caller.heard.received.is_empty());
    assert_eq!(world.service.counters().answered, 1);
}

#[test]
fn heartbeats_keep_a_connection_and_silence_closes_it() {
    let mut world = World::new(STRANGER);
    let session = world.connect(MEMBERS);
    for _ in 0..10 {
        world.wait(Duration::from_secs(20));
        world.send(session, &ftd::HEARTBEAT);
    }
    assert!(world.caller.heard.closed.is_empty());
    // One in ten seconds or a little more, from a service that looks once a second.
    let heartbeats = world.caller.heard.received.len() / ftd::HEARTBEAT.len();
    assert!((18..=20).contains(&heartbeats), "{heartbeats} heartbeats in 200 s");
    world.wait(Duration::from_secs(29));
    assert!(world.caller.heard.closed.is_empty());
    world.wait(Duration::from_secs(5));
    assert_eq!(world.caller.heard.closed, [CloseReason::PeerFinished]);
    assert_eq!(world.service.counters().closed_silent, 1);
}

#[test]
fn a_caller_that_asks_and_never_reads_waits_alone() {
    let mut world = World::new(CALLER);
    let all: Vec<Front> = (0..FRONTS_MAX).map(|number| front(number as u8, number as i32, 3, 1)).collect();
    let core = world.connect(CORES);
    world.ask(core, &message(&all));
    let greedy = world.connect(MEMBERS);
    world.caller.heard.deaf = true;
    let question = message(&[]);
    let questions = question.repeat(4_000);
    let mut sent = 0;
    for _ in 0..2_000 {
        sent += world.caller.host.send(greedy, &questions[sent..]).unwrap();
        world.wait(Duration::from_micros(20));
    }
    // Rings are full everywhere, and the service has stopped reading: 64 KiB there and 16 KiB here hold 20 answers.
    let answered = world.service.counters().answered;
    assert!((10..40).contains(&answered), "{answered} answers");
    // When it reads again, everything comes, once each.
    world.caller.heard.deaf = false;
    world.caller.host.offer_again(greedy);
    let asked = (sent / question.len()) as u64;
    world.until(|world| world.service.counters().answered == 1 + asked);
    world.until(|world| world.caller.heard.received.len() as u64 == asked * message(&all).len() as u64);
}

#[test]
fn under_loss_reordering_and_damage_the_answers_are_the_same() {
    for seed in 0..4 {
        let network = Network::new(NetworkConfig { latency: Duration::from_micros(20), ..NetworkConfig::default() });
        let faults = Faults::preset("lossy").unwrap();
        let port = |number: u64| FaultPort::new(network.attach(), seed * 10 + number, Faults::default(), faults);
        let mut world = World::over(port(1), port(2), CALLER);
        // A connection for each question, and another one if it ends: on such a line half a minute of silence is not rare.
        let mut ask = |port: u16, bytes: &[u8]| {
            loop {
                world.caller.heard.received.clear();
                let session = world.connect(port);
                let answer = world.try_ask(session, bytes);
                world.caller.host.abort(session);
                // Its end is told, and belongs to nobody else.
                world.wait(Duration::from_millis(1));
                if let Some(answer) = answer {
                    return answer;
                }
            }
        };
        for epoch in 1..20 {
            let set = [front(1, 2, epoch, 1), front(epoch as u8, 1, epoch, 1)];
            let published = ask(CORES, &message(&set));
            let answer = ask(MEMBERS, &message(&[]));
            assert_eq!((fronts(&published), fronts(&answer)), (vec![set[1], set[0]], vec![set[1], set[0]]));
        }
        assert_epoch_lower(&ask(CORES, &message(&[front(1, 1, 18, 1)])));
    }
}
