//! Our TCP with another one, smoltcp, at the other end: either opens, either closes, over lines that lose, repeat, reorder,
//! damage and delay, with small windows and numbers that wrap; and with itself, 64 connections at once on the worst line.
//! Every byte arrives once and in order, and every connection ends.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, which the lint cannot see")]

mod common;

use common::frames::{SYN, Tcp};
use common::*;
use net::fault::FAULT_PRESETS;
use net::random::Random;
use net::{
    Burst, CloseReason, FaultPort, Faults, Filter, Handler, Host, HostConfig, Instant, MemoryPort, Network,
    NetworkConfig, PacketBuffer, PcapTracer, Peer, Port, SessionId,
};
use proptest::prelude::*;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{self, DeviceCapabilities, Medium};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::Instant as OtherInstant;
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpAddress, IpCidr, IpEndpoint};
use std::collections::VecDeque;
use std::time::Duration;

/// Another TCP with one connection.
struct Other<P: Port> {
    port: P,
    burst: Burst<P::Packet>,
    wire: Wire,
    interface: Interface,
    sockets: SocketSet<'static>,
    handle: SocketHandle,
    conversation: Conversation,
    now: Instant,
}

/// What one end has to say and has heard.
struct Conversation {
    to_send: Vec<u8>,
    sent: usize,
    received: Vec<u8>,
    /// Bytes that it will hear.
    expected: usize,
    /// Ends the connection when it has said and heard everything.
    closes: bool,
    has_closed: bool,
    /// How much it says and reads at once.
    random: Random,
}

/// Frames on their way in and out.
#[derive(Default)]
struct Wire {
    arrived: VecDeque<Vec<u8>>,
    leaving: VecDeque<Vec<u8>>,
}

impl phy::Device for Wire {
    type RxToken<'a> = Reception;
    type TxToken<'a> = Emission<'a>;

    fn receive(&mut self, _: OtherInstant) -> Option<(Reception, Emission<'_>)> {
        let frame = self.arrived.pop_front()?;
        Some((Reception(frame), Emission(&mut self.leaving)))
    }

    fn transmit(&mut self, _: OtherInstant) -> Option<Emission<'_>> {
        Some(Emission(&mut self.leaving))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = 1_514;
        capabilities
    }
}

struct Reception(Vec<u8>);

impl phy::RxToken for Reception {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

struct Emission<'a>(&'a mut VecDeque<Vec<u8>>);

impl phy::TxToken for Emission<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, f: F) -> R {
        let mut frame = vec![0; length];
        let result = f(&mut frame);
        self.0.push_back(frame);
        result
    }
}

impl Conversation {
    fn new(case: &Case, to_send: Vec<u8>, expected: usize, closes: bool, salt: u64) -> Conversation {
        let random = Random::new(case.seed ^ salt);
        Conversation { to_send, sent: 0, received: Vec::new(), expected, closes, has_closed: false, random }
    }

    /// The next bytes to say: some of what is left.
    fn next(&mut self) -> &[u8] {
        let left = self.to_send.len() - self.sent;
        let count = (1 + self.random.below(4_000) as usize).min(left);
        &self.to_send[self.sent..self.sent + count]
    }

    fn wants_to_close(&self) -> bool {
        self.closes && !self.has_closed && self.is_complete()
    }

    fn is_complete(&self) -> bool {
        self.sent == self.to_send.len() && self.received.len() >= self.expected
    }
}

impl<P: Port> Other<P> {
    fn new(port: P, case: &Case, conversation: Conversation) -> Other<P> {
        let mut config = Config::new(HardwareAddress::Ethernet(EthernetAddress(port.mac().0)));
        config.random_seed = case.seed;
        let mut wire = Wire::default();
        let mut interface = Interface::new(config, &mut wire, OtherInstant::ZERO);
        interface.update_ip_addrs(|addresses| addresses.push(IpCidr::new(IpAddress::Ipv4(SERVER), 24)).unwrap());
        let rings = (vec![0; case.their_receive_ring], vec![0; case.their_send_ring]);
        let mut socket = Socket::new(SocketBuffer::new(rings.0), SocketBuffer::new(rings.1));
        socket.set_ack_delay(None);
        let mut sockets = SocketSet::new(Vec::new());
        let handle = sockets.add(socket);
        let mut other =
            Other { port, burst: Burst::new(64), wire, interface, sockets, handle, conversation, now: Instant::ZERO };
        let socket = other.sockets.get_mut::<Socket<'_>>(handle);
        if case.we_open {
            socket.listen(PORT).unwrap();
        } else {
            let remote = IpEndpoint::new(IpAddress::Ipv4(CLIENT), PORT);
            socket.connect(other.interface.context(), remote, 50_123).unwrap();
        }
        other
    }

    fn state(&self) -> State {
        self.sockets.get::<Socket<'_>>(self.handle).state()
    }

    /// smoltcp 0.14.0 waits for the acknowledgement of its FIN without a timer, and does so for ever. It is led there when
    /// everything but the FIN is acknowledged and three more acknowledgements say the same (a line that repeats frames is
    /// enough): it stops its timer for a fast retransmission, and `Socket::seq_to_transmit` then has no bytes to send again
    /// and takes the FIN for sent.
    fn has_forgotten_its_fin(&mut self) -> bool {
        let socket = self.sockets.get::<Socket<'_>>(self.handle);
        let waits = matches!(socket.state(), State::FinWait1 | State::Closing | State::LastAck);
        waits && socket.send_queue() == 0 && self.interface.poll_at(other_time(self.now), &self.sockets).is_none()
    }

    fn talk(&mut self) {
        let socket = self.sockets.get_mut::<Socket<'_>>(self.handle);
        let conversation = &mut self.conversation;
        if socket.can_send() && conversation.sent < conversation.to_send.len() {
            let sent = socket.send_slice(conversation.next()).unwrap_or(0);
            conversation.sent += sent;
        }
        // Not always, so that its window closes now and then.
        if socket.can_recv() && conversation.random.chance(300_000) {
            let most = 1 + conversation.random.below(5_000) as usize;
            let mut bytes = vec![0; most];
            let count = socket.recv_slice(&mut bytes).unwrap_or(0);
            conversation.received.extend(&bytes[..count]);
        }
        let peer_has_finished = conversation.is_complete() && !socket.may_recv();
        if conversation.wants_to_close() || (peer_has_finished && !conversation.has_closed) {
            conversation.has_closed = true;
            socket.close();
        }
    }
}

fn other_time(now: Instant) -> OtherInstant {
    OtherInstant::from_micros((now.nanos() / 1_000) as i64)
}

impl<P: Port> Node for Other<P> {
    fn poll(&mut self, now: Instant) -> usize {
        self.now = now;
        let count = self.port.ingress_frame(now, &mut self.burst);
        while let Some(packet) = self.burst.pop() {
            self.wire.arrived.push_back(packet.as_ref().to_vec());
            self.port.release(packet);
        }
        self.interface.poll(other_time(now), &mut self.wire, &mut self.sockets);
        self.talk();
        self.interface.poll(other_time(now), &mut self.wire, &mut self.sockets);
        let mut sent = 0;
        while let Some(frame) = self.wire.leaving.pop_front() {
            let mut packet = self.port.allocate(frame.len()).expect("the network has buffers");
            packet.truncate(frame.len());
            packet.as_mut().copy_from_slice(&frame);
            assert!(self.burst.push(packet).is_ok());
            sent += self.port.egress_frame(now, &mut self.burst);
        }
        count + sent + self.port.egress_frame(now, &mut self.burst)
    }

    fn next_deadline(&self) -> Option<Instant> {
        // It is asked often enough; what it has not read it reads then.
        let soon = self.now + Duration::from_micros(200);
        Some(self.port.next_deadline().map_or(soon, |at| at.min(soon)))
    }
}

/// Our end.
struct Ours<P: Port> {
    host: Host<P>,
    log: OurLog,
}

struct OurLog {
    conversation: Conversation,
    id: Option<SessionId>,
    closed: Option<CloseReason>,
}

impl Handler for OurLog {
    fn opened(&mut self, session: SessionId, _: Peer) {
        assert!(self.id.is_none_or(|id| id == session), "opened twice");
        self.id = Some(session);
    }

    fn data(&mut self, _: SessionId, bytes: &[u8]) -> usize {
        let taken = match self.conversation.random.below(8) {
            0 => 0,
            1 => bytes.len() / 2,
            _ => bytes.len(),
        };
        self.conversation.received.extend(&bytes[..taken]);
        taken
    }

    fn closed(&mut self, _: SessionId, why: CloseReason) {
        assert!(self.closed.replace(why).is_none(), "closed twice");
    }
}

impl<P: Port> Node for Ours<P> {
    fn poll(&mut self, now: Instant) -> usize {
        let came = self.host.poll_ingress(now, &mut self.log);
        if let Some(id) = self.log.id.filter(|_| self.log.closed.is_none()) {
            let conversation = &mut self.log.conversation;
            if conversation.sent < conversation.to_send.len() {
                let sent = self.host.send(id, conversation.next()).unwrap_or(0);
                conversation.sent += sent;
            }
            if self.host.receive_queue(id) > 0 {
                self.host.offer_again(id);
            }
            if conversation.wants_to_close() && self.host.is_open(id) {
                conversation.has_closed = true;
                self.host.close(id);
            }
        }
        came + self.host.poll_egress(now)
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.host.next_deadline()
    }
}

#[derive(Clone, Debug)]
struct Case {
    seed: u64,
    we_open: bool,
    we_close: bool,
    ours: usize,
    theirs: usize,
    their_receive_ring: usize,
    their_send_ring: usize,
    our_receive_ring: usize,
    our_send_ring: usize,
    faults: Faults,
}

/// How a case ended.
#[derive(Debug)]
struct Outcome {
    took: Duration,
    /// Times that all questions for the other's address were lost with their answers.
    unreachable: u32,
    /// Every byte had arrived, but the other end had forgotten to send its FIN again.
    is_fin_forgotten: bool,
}

/// Runs a case from `start` to its end.
fn run_case(case: &Case, start: Instant) -> Outcome {
    let network = Network::new(NetworkConfig { latency: Duration::from_micros(30), ..NetworkConfig::default() });
    let port = |salt: u64| FaultPort::new(network.attach(), case.seed ^ salt, Faults::default(), case.faults);
    let patience = Duration::from_secs(300);
    let config = HostConfig {
        receive_ring: case.our_receive_ring,
        send_ring: case.our_send_ring,
        open_timeout: patience,
        silence_timeout: patience,
        close_timeout: patience,
        ..HostConfig::new(CLIENT, case.seed)
    };
    let (say, hear) = (bytes(case.seed, case.ours), bytes(case.seed ^ 1, case.theirs));
    let conversation = Conversation::new(case, say.clone(), hear.len(), case.we_close, 2);
    let log = OurLog { conversation, id: None, closed: None };
    let mut ours = Ours { host: Host::new(config, port(3)), log };
    let mut other = Other::new(port(4), case, Conversation::new(case, hear.clone(), say.len(), !case.we_close, 5));
    if case.we_open {
        ours.host.connect(SERVICE, start).unwrap();
    } else {
        ours.host.listen(PORT, Filter::everybody()).unwrap();
    }
    let until = start + Duration::from_secs(3_000);
    let (mut unreachable, mut is_fin_forgotten) = (0, false);
    let end = run(&mut (&mut ours, &mut other), start, until, |(ours, other), now| {
        let round = round(&mut [*ours, *other], now);
        // A line that loses a fifth now and then loses all five questions for an address, or their answers.
        if ours.log.closed == Some(CloseReason::Unreachable) && ours.log.id.is_none() && ours.host.session_count() == 0
        {
            unreachable += 1;
            ours.log.closed = None;
            ours.host.connect(SERVICE, now).unwrap();
        }
        if other.has_forgotten_its_fin() && ours.log.conversation.is_complete() {
            is_fin_forgotten = true;
            return Round::Done;
        }
        // TIME-WAIT is on the side that closed first.
        let is_over = ours.log.closed.is_some()
            && ours.host.session_count() == 0
            && matches!(other.state(), State::Closed | State::TimeWait);
        if is_over { Round::Done } else { round }
    });
    assert!(ours.log.conversation.received == hear, "what they said came differently: {case:?}");
    assert!(other.conversation.received == say, "what we said came differently: {case:?}");
    if !is_fin_forgotten {
        let expected = if case.we_close { CloseReason::Finished } else { CloseReason::PeerFinished };
        assert_eq!(ours.log.closed, Some(expected), "{case:?}");
    }
    Outcome { took: end.since(start), unreachable, is_fin_forgotten }
}

fn case() -> impl Strategy<Value = Case> {
    let sizes = (0..60_000usize, 0..60_000usize, 600..30_000usize, 600..30_000usize);
    let own = (8_192..40_000usize, 600..70_000usize);
    (any::<u64>(), any::<bool>(), any::<bool>(), sizes, own, 0..FAULT_PRESETS.len()).prop_map(
        |(seed, we_open, we_close, sizes, own, preset)| Case {
            seed,
            we_open,
            we_close,
            ours: sizes.0,
            theirs: sizes.1,
            their_receive_ring: sizes.2,
            their_send_ring: sizes.3,
            our_receive_ring: own.0,
            our_send_ring: own.1,
            faults: Faults::preset(FAULT_PRESETS[preset]).expect("a preset"),
        },
    )
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn with_another_tcp_every_byte_arrives_whoever_opens_and_closes_and_whatever_the_line_does(case in case()) {
        run_case(&case, Instant::ZERO);
    }
}

#[test]
fn on_a_good_line_every_way_to_open_and_close_takes_no_timeout() {
    for (we_open, we_close) in [(true, true), (true, false), (false, true), (false, false)] {
        let case = Case {
            seed: 7,
            we_open,
            we_close,
            ours: 100_000,
            theirs: 100_000,
            their_receive_ring: 20_000,
            their_send_ring: 20_000,
            our_receive_ring: 16_384,
            our_send_ring: 65_536,
            faults: Faults::default(),
        };
        // Less than one retransmission and a TIME-WAIT.
        let took = run_case(&case, Instant::ZERO).took;
        assert!(took < Duration::from_millis(2_190), "{we_open} {we_close}: {took:?}");
    }
}

#[test]
fn a_damaged_ethernet_source_that_comes_twice_does_not_take_the_connection_with_it() {
    let case = Case {
        seed: 14_748_538_563_477_249_279,
        we_open: true,
        we_close: false,
        ours: 27_169,
        theirs: 1_598,
        their_receive_ring: 600,
        their_send_ring: 600,
        our_receive_ring: 8_192,
        our_send_ring: 704,
        faults: Faults::preset("lossy").unwrap(),
    };
    assert!(!run_case(&case, Instant::ZERO).is_fin_forgotten);
}

#[test]
fn an_address_that_nobody_answered_for_can_be_connected_to_again() {
    let case = Case {
        seed: 583_912_426_573_047_104,
        we_open: true,
        we_close: false,
        ours: 59_416,
        theirs: 51_024,
        their_receive_ring: 13_619,
        their_send_ring: 13_533,
        our_receive_ring: 10_947,
        our_send_ring: 42_315,
        faults: Faults::preset("lossy").unwrap(),
    };
    assert_eq!(run_case(&case, Instant::ZERO).unreachable, 1);
}

#[test]
fn the_other_tcp_forgets_its_fin_in_a_case_that_is_known() {
    // When this fails with a newer smoltcp, `has_forgotten_its_fin` and what stands on it can go.
    let case = Case {
        seed: 14_263_908_797_976_925_689,
        we_open: true,
        we_close: false,
        ours: 3_194,
        theirs: 23_733,
        their_receive_ring: 28_457,
        their_send_ring: 25_847,
        our_receive_ring: 31_584,
        our_send_ring: 1_386,
        faults: Faults::preset("lossy").unwrap(),
    };
    assert!(run_case(&case, Instant::ZERO).is_fin_forgotten);
}

/// The first sequence number of our SYN in a run that starts at zero.
fn first_number(config: HostConfig) -> u32 {
    let network = Network::new(NetworkConfig::default());
    let mut listener = frames::Station::new(network.attach());
    let mut host: Host<PcapTracer<MemoryPort, Vec<u8>>> =
        Host::new(config, PcapTracer::new(network.attach(), Vec::new()));
    host.connect(SERVICE, Instant::ZERO).unwrap();
    let mut log = Flows::default();
    for _ in 0..3 {
        host.poll_egress(Instant::ZERO);
        let segments: Vec<Tcp> = listener.segments(Instant::ZERO, SERVER);
        if let Some(syn) = segments.iter().find(|segment| segment.flags == SYN) {
            return syn.sequence;
        }
        host.poll_ingress(Instant::ZERO, &mut log);
    }
    panic!("no SYN was sent");
}

#[test]
fn numbers_that_wrap_in_the_middle_are_numbers_like_any_other() {
    for (preset, before_wrap) in [("none", 1u32), ("heavy", 20_000), ("lossy", 5_000), ("lossy", 1)] {
        let case = Case {
            seed: 99,
            we_open: true,
            we_close: preset == "none",
            ours: 60_000,
            theirs: 60_000,
            their_receive_ring: 9_000,
            their_send_ring: 9_000,
            our_receive_ring: 9_000,
            our_send_ring: 20_000,
            faults: Faults::preset(preset).unwrap(),
        };
        let first = first_number(HostConfig::new(CLIENT, case.seed));
        // Numbers move on by one in four microseconds.
        let wait = first.wrapping_neg().wrapping_sub(before_wrap);
        let start = Instant::from_micros(u64::from(wait) * 4);
        run_case(&case, start);
    }
}

#[test]
fn sixty_four_connections_that_lose_a_fifth_are_done_in_bounded_time() {
    for seed in 0..3 {
        let network = Network::new(NetworkConfig { latency: Duration::from_micros(50), ..NetworkConfig::default() });
        let loss = Faults { loss_ppm: 200_000, ..Faults::default() };
        let port = |salt: u64| FaultPort::new(network.attach(), seed ^ salt, Faults::default(), Faults::default());
        let patience = Duration::from_secs(60);
        let patient = |address| HostConfig {
            open_timeout: patience,
            silence_timeout: patience,
            ..HostConfig::new(address, seed)
        };
        let mut server = Echo::with(patient(SERVER), port(100), Filter::everybody());
        let mut client = Client::with(patient(CLIENT), port(200));
        for flow in 0..64 {
            client.connect(Instant::ZERO, bytes(flow, 20_000));
        }
        // The question for the address is answered; five of those lost would be an address that nobody has.
        let now = idle(&mut [&mut client, &mut server], Instant::ZERO, Instant::from_micros(101));
        server.host.port_mut().set_faults(Faults::default(), loss);
        client.host.port_mut().set_faults(Faults::default(), loss);
        let end = run_to_completion(&mut server, &mut client, now, Instant::from_millis(60_000));
        client.assert_exact();
        println!(
            "seed {seed}: 64 times 20,000 bytes there and back in {:?} of the line's time",
            end.since(Instant::ZERO)
        );
        assert!(end < Instant::from_millis(30_000), "{end:?}");
    }
}
