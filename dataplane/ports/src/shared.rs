//! The queues of one port, as the stages of a core need them.
//!
//! ```text
//! TCP to the members' port     stays where the device put it; from a queue before `first` it goes on to one of the others
//! any other IPv4               to queue 0: followers, fronts on other machines, and the answers on connections of our own
//! an ARP reply                 to every queue: each host asks for itself, and the answer comes to whichever queue it comes to
//! anything else                stays
//! ```
//!
//! A device spreads by a hash, a TAP by what was sent last: neither knows which connections are members'. Members' frames are by
//! far the most, and stay in their buffers; what has to go on is copied into the other queue's inbox, which holds
//! [`INBOX_FRAMES`]. A frame that finds it full is lost, counted, and sent again by TCP.

use crate::spread;
use net::memory::Steering;
use net::port::{Checksums, ETHERNET_FRAME_LIMIT, PortCounters};
use net::{Burst, Instant, Mac, PacketBuffer, Port};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Frames that wait for a queue's thread: what a feed of 300,000 orders a second brings in a millisecond, twice.
pub const INBOX_FRAMES: usize = 256;
/// Entries of the table by which members' frames go on from a queue that serves none.
const SPREAD_ENTRIES: u16 = 128;

const ETHERNET_HEADER: usize = 14;
const TYPE_IPV4: [u8; 2] = [0x08, 0x00];
const TYPE_ARP: [u8; 2] = [0x08, 0x06];
const ARP_REPLY: [u8; 2] = [0, 2];
const PROTOCOL_TCP: u8 = 6;

/// One queue of a port that has several.
pub struct SharedQueue<P: Port> {
    port: P,
    index: usize,
    steering: Steering,
    inbox: Receiver<Handed>,
    /// Every queue's, our own among them.
    doors: Vec<Door>,
    counters: SharedCounters,
}

/// What went from queue to queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SharedCounters {
    /// Frames that this queue handed to another.
    pub handed_on: u64,
    /// Of them, those for which there was no room.
    pub lost: u64,
    /// Frames that this queue was handed.
    pub taken: u64,
}

/// The way into a queue's inbox.
#[derive(Clone)]
struct Door {
    sender: SyncSender<Handed>,
    /// Something was put in since the queue's thread looked last: it looks at one word in every poll.
    has_mail: Arc<AtomicBool>,
}

struct Handed {
    length: usize,
    bytes: [u8; ETHERNET_FRAME_LIMIT],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goes {
    Nowhere,
    To(usize),
    Everywhere,
}

/// Joins the queues of one port.
///
/// # Panics
/// Without a queue, or if the steering's first is not there.
pub fn share<P: Port>(queues: Vec<P>, steering: Steering) -> Vec<SharedQueue<P>> {
    assert!(steering.first < queues.len(), "members come to some queue");
    let inbox = |_| {
        let (sender, inbox) = sync_channel(INBOX_FRAMES);
        (Door { sender, has_mail: Arc::default() }, inbox)
    };
    let (doors, inboxes): (Vec<Door>, Vec<_>) = queues.iter().map(inbox).unzip();
    let queue = |(index, (port, inbox))| SharedQueue {
        port,
        index,
        steering,
        inbox,
        doors: doors.clone(),
        counters: SharedCounters::default(),
    };
    queues.into_iter().zip(inboxes).enumerate().map(queue).collect()
}

impl<P: Port> SharedQueue<P> {
    /// What went from queue to queue here.
    #[must_use]
    pub fn shared_counters(&self) -> SharedCounters {
        self.counters
    }

    fn take_mail(&mut self, burst: &mut Burst<P::Packet>) {
        let mail = &self.doors[self.index].has_mail;
        if !mail.load(Ordering::Acquire) {
            return;
        }
        mail.store(false, Ordering::Release);
        while !burst.is_full() {
            // The buffer first: what is taken out of the inbox cannot go back.
            let Some(mut packet) = self.port.allocate(ETHERNET_FRAME_LIMIT.min(self.port.frame_limit())) else { break };
            let Ok(handed) = self.inbox.try_recv() else {
                self.port.release(packet);
                return;
            };
            let length = handed.length.min(packet.as_ref().len());
            packet.as_mut()[..length].copy_from_slice(&handed.bytes[..length]);
            packet.truncate(length);
            self.counters.taken += 1;
            assert!(burst.push(packet).is_ok(), "the burst had room");
        }
        // Some may be left.
        mail.store(true, Ordering::Release);
    }

    fn goes(&self, frame: &[u8]) -> Goes {
        let Some(kind) = frame.get(12..14) else { return Goes::Nowhere };
        if kind == TYPE_ARP {
            let is_reply = frame.get(20..22).is_some_and(|operation| operation == ARP_REPLY);
            return if is_reply { Goes::Everywhere } else { Goes::Nowhere };
        }
        if kind != TYPE_IPV4 {
            return Goes::Nowhere;
        }
        let goes_to = |queue| if queue == self.index { Goes::Nowhere } else { Goes::To(queue) };
        let Some((source, destination)) = self.to_members(frame) else { return goes_to(0) };
        if self.index >= self.steering.first {
            return Goes::Nowhere;
        }
        let queues = (self.doors.len() - self.steering.first) as u16;
        let queue = spread::queue_of(source, destination, SPREAD_ENTRIES, queues);
        goes_to(self.steering.first + usize::from(queue))
    }

    /// Both addresses of an IPv4 packet, if it is TCP to the members' port.
    fn to_members(&self, frame: &[u8]) -> Option<(Ipv4Addr, Ipv4Addr)> {
        let packet = &frame[ETHERNET_HEADER..];
        let header = usize::from(*packet.first()? & 0x0F) * 4;
        let port = packet.get(header + 2..header + 4)?;
        let is_first = u16::from_be_bytes([packet[6], packet[7]]) & 0x1FFF == 0;
        let is_members = packet[9] == PROTOCOL_TCP && is_first && port == self.steering.port.to_be_bytes();
        let address = |at: usize| Ipv4Addr::new(packet[at], packet[at + 1], packet[at + 2], packet[at + 3]);
        (is_members && header >= 20).then(|| (address(12), address(16)))
    }

    fn hand_on(&mut self, frame: &[u8], queue: usize) {
        let mut bytes = [0; ETHERNET_FRAME_LIMIT];
        let length = frame.len().min(bytes.len());
        bytes[..length].copy_from_slice(&frame[..length]);
        let door = &self.doors[queue];
        self.counters.handed_on += 1;
        match door.sender.try_send(Handed { length, bytes }) {
            Ok(()) => door.has_mail.store(true, Ordering::Release),
            Err(_) => self.counters.lost += 1,
        }
    }

    /// Takes out of the burst what goes on, of the frames from `first` on.
    #[cold]
    fn sort(&mut self, burst: &mut Burst<P::Packet>, first: usize) {
        for place in 0..burst.count() {
            let packet = burst.pop().expect("it was counted");
            let goes = if place < first { Goes::Nowhere } else { self.goes(packet.as_ref()) };
            match goes {
                Goes::Nowhere => {}
                Goes::To(queue) => {
                    self.hand_on(packet.as_ref(), queue);
                    self.port.release(packet);
                    continue;
                }
                Goes::Everywhere => {
                    for queue in 0..self.doors.len() {
                        if queue != self.index {
                            self.hand_on(packet.as_ref(), queue);
                        }
                    }
                }
            }
            assert!(burst.push(packet).is_ok(), "it was taken out of it");
        }
    }
}

impl<P: Port> Port for SharedQueue<P> {
    type Packet = P::Packet;

    fn ingress_frame(&mut self, now: Instant, burst: &mut Burst<P::Packet>) -> usize {
        if self.doors.len() == 1 {
            return self.port.ingress_frame(now, burst);
        }
        let before = burst.count();
        self.take_mail(burst);
        let handed = burst.count();
        let arrived = self.port.ingress_frame(now, burst);
        if arrived > 0 && burst.iter().skip(handed).any(|packet| self.goes(packet.as_ref()) != Goes::Nowhere) {
            self.sort(burst, handed);
        }
        burst.count() - before
    }

    fn egress_frame(&mut self, now: Instant, burst: &mut Burst<P::Packet>) -> usize {
        self.port.egress_frame(now, burst)
    }

    fn allocate(&mut self, length: usize) -> Option<P::Packet> {
        self.port.allocate(length)
    }

    fn release(&mut self, packet: P::Packet) {
        self.port.release(packet);
    }

    fn mac(&self) -> Mac {
        self.port.mac()
    }

    fn frame_limit(&self) -> usize {
        self.port.frame_limit()
    }

    fn checksums(&self) -> Checksums {
        self.port.checksums()
    }

    fn counters(&self) -> PortCounters {
        self.port.counters()
    }

    fn next_deadline(&self) -> Option<Instant> {
        if self.doors[self.index].has_mail.load(Ordering::Acquire) {
            return Some(Instant::ZERO);
        }
        self.port.next_deadline()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use net::{MemoryPort, Network, NetworkConfig};

    const US: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

    fn tcp(from: Ipv4Addr, to_port: u16) -> Vec<u8> {
        let mut frame = vec![0; 60];
        frame[12..14].copy_from_slice(&TYPE_IPV4);
        frame[14] = 0x45;
        frame[23] = PROTOCOL_TCP;
        frame[26..30].copy_from_slice(&from.octets());
        frame[30..34].copy_from_slice(&US.octets());
        frame[36..38].copy_from_slice(&to_port.to_be_bytes());
        frame
    }

    fn arp(operation: u8) -> Vec<u8> {
        let mut frame = vec![0; 42];
        frame[12..14].copy_from_slice(&TYPE_ARP);
        frame[21] = operation;
        frame
    }

    struct Line {
        outside: MemoryPort,
        queues: Vec<SharedQueue<MemoryPort>>,
    }

    impl Line {
        /// The network steers port 7 to the queues from 1 on and everything else to queue 0, whatever we want.
        fn new(queues: usize, wanted: Steering) -> Line {
            let network = Network::new(NetworkConfig { ports: 2, ..NetworkConfig::default() });
            let ours = network.attach_queues(queues, Some(Steering { port: 7, first: 1.min(queues - 1) }));
            Line { outside: network.attach(), queues: share(ours, wanted) }
        }

        fn send(&mut self, mut frame: Vec<u8>) {
            frame[..6].copy_from_slice(&self.queues[0].mac().0);
            frame[6..12].copy_from_slice(&self.outside.mac().0);
            let mut burst = Burst::new(1);
            let mut packet = self.outside.allocate(frame.len()).expect("there are buffers");
            packet.as_mut().copy_from_slice(&frame);
            assert!(burst.push(packet).is_ok());
            assert_eq!(self.outside.egress_frame(Instant::ZERO, &mut burst), 1);
        }

        /// Frames that each queue has for its host, after more polls than there are bursts. (A burst that goes on whole is none.)
        fn arrived(&mut self) -> Vec<Vec<Vec<u8>>> {
            let mut arrived = vec![Vec::new(); self.queues.len()];
            for _ in 0..200 {
                for (queue, arrived) in self.queues.iter_mut().zip(&mut arrived) {
                    let mut burst = Burst::new(4);
                    let count = queue.ingress_frame(Instant::ZERO, &mut burst);
                    assert_eq!(count, burst.count());
                    while let Some(packet) = burst.pop() {
                        arrived.push(packet.as_ref()[12..].to_vec());
                        queue.release(packet);
                    }
                }
            }
            arrived
        }
    }

    #[test]
    fn what_is_not_a_members_comes_to_queue_0_and_arp_replies_to_all() {
        // The members' port is 9: what the network sends to queues 1 and 2 is for queue 0.
        let mut line = Line::new(3, Steering { port: 9, first: 0 });
        let foreign: Vec<Vec<u8>> = (1..=20).map(|from| tcp(Ipv4Addr::new(10, 0, 0, from), 7)).collect();
        foreign.iter().for_each(|frame| line.send(frame.clone()));
        let mut arrived = line.arrived();
        assert_eq!(arrived.iter().map(Vec::len).collect::<Vec<_>>(), [20, 0, 0]);
        let mut whole: Vec<Vec<u8>> = foreign.iter().map(|frame| frame[12..].to_vec()).collect();
        arrived[0].sort();
        whole.sort();
        assert_eq!(arrived[0], whole, "not a byte is another one");
        let handed: u64 = line.queues.iter().map(|queue| queue.shared_counters().handed_on).sum();
        assert_eq!((handed, line.queues[0].shared_counters().taken), (20, 20));

        line.send(arp(2));
        assert_eq!(line.arrived().iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
        line.send(arp(1));
        assert_eq!(line.arrived().iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 0], "a question is answered once");
    }

    #[test]
    fn members_of_a_queue_that_serves_none_go_on_each_always_to_the_same() {
        let mut line = Line::new(3, Steering { port: 9, first: 1 });
        for _ in 0..2 {
            (1..=20).for_each(|from| line.send(tcp(Ipv4Addr::new(10, 0, 0, from), 9)));
        }
        let arrived = line.arrived();
        assert_eq!(arrived[0].len(), 0);
        assert_eq!(arrived[1].len() + arrived[2].len(), 40);
        for queue in &arrived[1..] {
            assert!(!queue.is_empty(), "twenty members are spread over both");
            let twice = |frame: &Vec<u8>| queue.iter().filter(|other| *other == frame).count() == 2;
            assert!(queue.iter().all(twice), "both frames of a member come to one queue");
        }
    }

    #[test]
    fn a_full_inbox_loses_frames_and_counts_them_and_short_ones_harm_nobody() {
        let mut line = Line::new(2, Steering { port: 9, first: 0 });
        let more = INBOX_FRAMES as u64 + 10;
        (0..more).for_each(|_| line.send(tcp(Ipv4Addr::new(10, 0, 0, 2), 7)));
        let mut burst = Burst::new(1_024);
        assert_eq!(line.queues[1].ingress_frame(Instant::ZERO, &mut burst), 0);
        assert_eq!(line.queues[1].shared_counters().lost, 10);
        assert_eq!(line.arrived()[0].len(), INBOX_FRAMES);
        for length in 14..40 {
            let mut frame = tcp(Ipv4Addr::new(10, 0, 0, 2), 9);
            frame.truncate(length);
            line.send(frame);
            frame = arp(2);
            frame.truncate(length.min(frame.len()));
            line.send(frame);
        }
        assert!(line.arrived()[0].len() >= 52);
    }

    #[test]
    fn a_single_queue_is_left_as_it_is() {
        let mut line = Line::new(1, Steering { port: 9, first: 0 });
        line.send(tcp(Ipv4Addr::new(10, 0, 0, 2), 7));
        line.send(arp(2));
        assert_eq!(line.arrived()[0].len(), 2);
        assert_eq!(line.queues[0].shared_counters(), SharedCounters::default());
    }
}
