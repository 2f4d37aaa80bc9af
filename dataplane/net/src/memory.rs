//! An Ethernet segment in memory: a learning switch, its ports, and the buffers that go round between them.
//!
//! Any number of [`MemoryPort`]s (up to the configured limit) hang on one [`Network`]. A frame goes to the port where
//! its destination was last seen as a source, to every other port if it was never seen. Each port has a bounded queue;
//! a frame that finds it full is lost and counted, as in a switch. A port can be unplugged: from that moment no frame
//! of its own leaves and none reaches it, and what stood in its queue is gone; that is a power cut.
//!
//! A port may have several queues, as a NIC has: each is a [`MemoryPort`] with the same address, polled by a thread of its own, and
//! [`Steering`] says which frame comes to which.
//!
//! Buffers come from one pool of fixed size. Each port keeps a handful at hand and exchanges them with the pool in
//! batches, so that a packet costs neither an allocation nor a lock of its own. Ports may live on different threads:
//! the switch is behind one lock, taken once a burst, and not at all to see that nothing has come. The switch looks
//! addresses up only when a port's frames go elsewhere than its last one did.

use crate::port::{Burst, ETHERNET_FRAME_LIMIT, Mac, PacketBuffer, Port, PortCounters};
use crate::table::Table;
use crate::time::Instant;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// A port of a [`Network`], or one of its queues.
pub struct MemoryPort {
    network: Network,
    number: PortNumber,
    queue: usize,
    mac: Mac,
    /// Frames that wait for this port, to be read without the lock.
    waiting: Arc<AtomicUsize>,
    /// Buffers at hand, at most [`BUFFERS_AT_HAND_MAX`].
    at_hand: Vec<Buffer>,
    counters: PortCounters,
}

/// The handle of a network; clones are the same network.
#[derive(Clone)]
pub struct Network {
    switch: Arc<Mutex<Switch>>,
}

/// Sizes of a network.
#[derive(Clone, Copy, Debug)]
pub struct NetworkConfig {
    /// Ports that can be attached.
    pub ports: usize,
    /// Frames that can wait at one port.
    pub queue_frames: usize,
    /// Buffers in all: waiting, at hand and in use.
    pub buffers: usize,
    /// From a frame's sending to its arrival.
    pub latency: Duration,
}

/// Which queue of a port a frame comes to: connections to one TCP port go by their peer's IPv4 address to the queues from `first` on,
/// each peer always to the same; everything else, ARP and our own connections among it, goes to queue 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steering {
    /// The local TCP port.
    pub port: u16,
    /// The first queue of those that its connections are spread over.
    pub first: usize,
}

/// Which of a network's ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortNumber(pub u16);

/// What the switch did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworkCounters {
    /// Frames put into a queue.
    pub delivered: u64,
    /// Frames whose destination was not known, or is everybody.
    pub flooded: u64,
    /// Frames lost because the queue was full.
    pub overflows: u64,
    /// Frames from, to or waiting at an unplugged port.
    pub unplugged: u64,
    /// Buffers made so far; stands still once the network is warm.
    pub buffers: u64,
}

/// Bytes in a buffer: the largest frame and room for a VLAN tag, rounded to what DPDK's pools use.
const BUFFER_SIZE: usize = 2_048;
/// Buffers that a port keeps without giving any back: two bursts.
const BUFFERS_AT_HAND_MAX: usize = 128;
/// Buffers that go between a port and the pool at once.
const BUFFERS_EXCHANGED: usize = 32;
/// Addresses that the switch remembers for each port it has. One is enough; corrupted frames teach it false ones.
const ADDRESSES_PER_PORT: usize = 8;

/// Bytes of a frame's two addresses.
const ADDRESSES: usize = 12;

type Buffer = Box<[u8; BUFFER_SIZE]>;

/// A frame in a recycled buffer.
pub struct MemoryPacket {
    buffer: Buffer,
    length: usize,
}

impl AsRef<[u8]> for MemoryPacket {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl AsMut<[u8]> for MemoryPacket {
    #[inline]
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[..self.length]
    }
}

impl PacketBuffer for MemoryPacket {
    #[inline]
    fn truncate(&mut self, length: usize) {
        assert!(length <= self.length, "a frame cannot be truncated to more than it has");
        self.length = length;
    }
}

struct Switch {
    config: NetworkConfig,
    ports: Vec<Socket>,
    /// Where a source address was last seen.
    learned: Table,
    /// Changes with `learned`: what was looked up before may be wrong.
    generation: u64,
    pool: Vec<Buffer>,
    counters: NetworkCounters,
}

/// The switch's side of a port.
struct Socket {
    queues: Vec<Queue>,
    steering: Option<Steering>,
    plugged: bool,
    /// Addresses of the last frame that came from here, the port that it went to, and the generation then.
    last: Option<([u8; ADDRESSES], usize, u64)>,
}

struct Queue {
    waiting: VecDeque<(Instant, MemoryPacket)>,
    /// How many that are.
    count: Arc<AtomicUsize>,
    overflows: u64,
}

impl Default for NetworkConfig {
    /// 80 ports, 1,024 frames waiting at each, 32,768 buffers (64 MiB once all were used), no latency.
    fn default() -> NetworkConfig {
        NetworkConfig { ports: 80, queue_frames: 1_024, buffers: 32_768, latency: Duration::ZERO }
    }
}

impl Network {
    /// A network without ports.
    pub fn new(config: NetworkConfig) -> Network {
        assert!(config.ports > 0 && config.ports <= usize::from(u16::MAX), "a network has 1 to 65,535 ports");
        let switch = Switch {
            config,
            ports: Vec::with_capacity(config.ports),
            learned: Table::new(config.ports * ADDRESSES_PER_PORT, 0),
            generation: 0,
            pool: Vec::with_capacity(config.buffers),
            counters: NetworkCounters::default(),
        };
        Network { switch: Arc::new(Mutex::new(switch)) }
    }

    /// Makes every buffer there may be, as a NIC's memory pool is made at the start: from then on none is allocated.
    pub fn fill(&self) {
        let mut switch = self.lock();
        let switch = &mut *switch;
        let missing = switch.config.buffers - switch.counters.buffers as usize;
        switch.pool.extend((0..missing).map(|_| Box::new([0; BUFFER_SIZE])));
        switch.counters.buffers += missing as u64;
    }

    /// One more port, plugged in. Its address is 02:00:00:00 and its number, the first being 1.
    ///
    /// # Panics
    /// If the network has as many ports as it was made for.
    pub fn attach(&self) -> MemoryPort {
        self.attach_queues(1, None).pop().expect("one was asked for")
    }

    /// One more port with so many queues, all at its one address.
    ///
    /// # Panics
    /// As [`Network::attach`]; without a queue, or if the steering's first is not there.
    pub fn attach_queues(&self, queues: usize, steering: Option<Steering>) -> Vec<MemoryPort> {
        assert!(queues > 0 && steering.is_none_or(|steering| steering.first < queues), "frames come to some queue");
        let mut switch = self.lock();
        assert!(switch.ports.len() < switch.config.ports, "the network has all the ports it was made for");
        let frames = switch.config.queue_frames;
        let queue = |_| Queue { waiting: VecDeque::with_capacity(frames), count: Arc::default(), overflows: 0 };
        let queues: Vec<Queue> = (0..queues).map(queue).collect();
        let number = switch.ports.len() as u16 + 1;
        let [high, low] = number.to_be_bytes();
        let port = |(index, queue): (usize, &Queue)| MemoryPort {
            network: self.clone(),
            number: PortNumber(number - 1),
            queue: index,
            mac: Mac([2, 0, 0, 0, high, low]),
            waiting: Arc::clone(&queue.count),
            at_hand: Vec::with_capacity(BUFFERS_AT_HAND_MAX + 1),
            counters: PortCounters::default(),
        };
        let ports = queues.iter().enumerate().map(port).collect();
        switch.ports.push(Socket { queues, steering, plugged: true, last: None });
        ports
    }

    /// Pulls the cable of `port`: what waits there is lost, and nothing comes or goes until it is plugged in again.
    pub fn unplug(&self, port: PortNumber) {
        let mut switch = self.lock();
        let switch = &mut *switch;
        let socket = &mut switch.ports[usize::from(port.0)];
        socket.plugged = false;
        for queue in &mut socket.queues {
            for (_, packet) in queue.waiting.drain(..) {
                switch.pool.push(packet.buffer);
                switch.counters.unplugged += 1;
            }
            queue.count.store(0, Ordering::Release);
        }
    }

    /// Plugs the cable of `port` in again.
    pub fn plug(&self, port: PortNumber) {
        self.lock().ports[usize::from(port.0)].plugged = true;
    }

    /// What the switch did so far.
    pub fn counters(&self) -> NetworkCounters {
        self.lock().counters
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, Switch> {
        self.switch.lock().expect("nothing panics while it holds the switch")
    }
}

impl MemoryPort {
    /// Which port of the network this is.
    pub fn number(&self) -> PortNumber {
        self.number
    }

    /// The network it hangs on.
    pub fn network(&self) -> &Network {
        &self.network
    }
}

impl Port for MemoryPort {
    type Packet = MemoryPacket;

    #[inline]
    fn ingress_frame(&mut self, now: Instant, burst: &mut Burst<MemoryPacket>) -> usize {
        // A frame that comes at this very moment is seen the next time.
        if self.waiting.load(Ordering::Acquire) == 0 {
            return 0;
        }
        let mut switch = self.network.lock();
        let waiting = &mut switch.queue(self.number, self.queue).waiting;
        let mut count = 0;
        while !burst.is_full() && waiting.front().is_some_and(|(arrives, _)| *arrives <= now) {
            let (_, packet) = waiting.pop_front().expect("a frame stood in front");
            self.counters.ingress_bytes += packet.length as u64;
            assert!(burst.push(packet).is_ok(), "the burst had room");
            count += 1;
        }
        self.waiting.store(waiting.len(), Ordering::Release);
        self.counters.ingress_frames += count as u64;
        count
    }

    #[inline]
    fn egress_frame(&mut self, now: Instant, burst: &mut Burst<MemoryPacket>) -> usize {
        if burst.is_empty() {
            return 0;
        }
        let mut switch = self.network.lock();
        let mut count = 0;
        while let Some(packet) = burst.pop() {
            self.counters.egress_bytes += packet.length as u64;
            switch.forward(now, usize::from(self.number.0), packet);
            count += 1;
        }
        self.counters.egress_frames += count as u64;
        count
    }

    #[inline]
    fn allocate(&mut self, length: usize) -> Option<MemoryPacket> {
        if length > self.frame_limit() {
            return None;
        }
        if self.at_hand.is_empty() {
            let mut switch = self.network.lock();
            for _ in 0..BUFFERS_EXCHANGED {
                let Some(buffer) = switch.take_buffer() else { break };
                self.at_hand.push(buffer);
            }
        }
        match self.at_hand.pop() {
            Some(buffer) => Some(MemoryPacket { buffer, length }),
            None => {
                self.counters.allocation_failures += 1;
                None
            }
        }
    }

    #[inline]
    fn release(&mut self, packet: MemoryPacket) {
        self.at_hand.push(packet.buffer);
        if self.at_hand.len() > BUFFERS_AT_HAND_MAX {
            let mut switch = self.network.lock();
            let keep = self.at_hand.len() - BUFFERS_EXCHANGED;
            switch.pool.extend(self.at_hand.drain(keep..));
        }
    }

    fn mac(&self) -> Mac {
        self.mac
    }

    fn frame_limit(&self) -> usize {
        ETHERNET_FRAME_LIMIT
    }

    fn counters(&self) -> PortCounters {
        let overflows = self.network.lock().queue(self.number, self.queue).overflows;
        PortCounters { ingress_overflows: overflows, ..self.counters }
    }

    fn next_deadline(&self) -> Option<Instant> {
        if self.waiting.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.network.lock().queue(self.number, self.queue).waiting.front().map(|(arrives, _)| *arrives)
    }
}

impl Drop for MemoryPort {
    fn drop(&mut self) {
        // A poisoned switch means that the process is going down; its buffers go with it.
        if let Ok(mut switch) = self.network.switch.lock() {
            switch.pool.append(&mut self.at_hand);
        }
    }
}

impl Switch {
    /// Puts a frame that came from port `from` where it belongs.
    #[inline]
    fn forward(&mut self, now: Instant, from: usize, packet: MemoryPacket) {
        if !self.ports[from].plugged {
            self.counters.unplugged += 1;
            self.pool.push(packet.buffer);
            return;
        }
        let arrives = now + self.config.latency;
        let Some(addresses) = packet.as_ref().first_chunk::<ADDRESSES>() else {
            self.pool.push(packet.buffer);
            return;
        };
        if let Some((last, to, generation)) = &self.ports[from].last
            && last == addresses
            && *generation == self.generation
        {
            let to = *to;
            return self.deliver(arrives, to, packet);
        }
        self.find(arrives, from, packet);
    }

    /// Looks up where a frame belongs.
    fn find(&mut self, arrives: Instant, from: usize, packet: MemoryPacket) {
        let addresses = *packet.as_ref().first_chunk::<ADDRESSES>().expect("forward() has looked");
        let [destination, source] = [0, 6].map(|at| {
            let mut mac = [0; 6];
            mac.copy_from_slice(&addresses[at..at + 6]);
            Mac(mac)
        });
        if !source.is_group() && self.learned.get(source.bits()) != Some(from as u32) {
            self.generation += 1;
            if !self.learned.insert(source.bits(), from as u32) {
                // Full of addresses that corrupted frames carried: start over, and flood until everybody has spoken again.
                self.learned.clear();
                self.learned.insert(source.bits(), from as u32);
            }
        }
        match self.learned.get(destination.bits()).filter(|_| !destination.is_group()) {
            Some(to) if to as usize == from => self.pool.push(packet.buffer),
            Some(to) => {
                self.ports[from].last = (!source.is_group()).then_some((addresses, to as usize, self.generation));
                self.deliver(arrives, to as usize, packet);
            }
            None => {
                self.counters.flooded += 1;
                for to in (0..self.ports.len()).filter(|&to| to != from) {
                    // Out of buffers: the copy is lost, as any frame may be.
                    let Some(mut buffer) = self.take_buffer() else { break };
                    buffer[..packet.length].copy_from_slice(packet.as_ref());
                    self.deliver(arrives, to, MemoryPacket { buffer, length: packet.length });
                }
                self.pool.push(packet.buffer);
            }
        }
    }

    #[inline]
    fn deliver(&mut self, arrives: Instant, to: usize, packet: MemoryPacket) {
        let socket = &mut self.ports[to];
        let queue = socket.steering.map_or(0, |steering| steering.queue_of(packet.as_ref(), socket.queues.len()));
        let queue = &mut socket.queues[queue];
        if !socket.plugged {
            self.counters.unplugged += 1;
            self.pool.push(packet.buffer);
        } else if queue.waiting.len() == self.config.queue_frames {
            queue.overflows += 1;
            self.counters.overflows += 1;
            self.pool.push(packet.buffer);
        } else {
            queue.waiting.push_back((arrives, packet));
            queue.count.store(queue.waiting.len(), Ordering::Release);
            self.counters.delivered += 1;
        }
    }

    fn queue(&mut self, port: PortNumber, queue: usize) -> &mut Queue {
        &mut self.ports[usize::from(port.0)].queues[queue]
    }

    fn take_buffer(&mut self) -> Option<Buffer> {
        self.pool.pop().or_else(|| {
            if self.counters.buffers == self.config.buffers as u64 {
                return None;
            }
            self.counters.buffers += 1;
            Some(Box::new([0; BUFFER_SIZE]))
        })
    }
}

impl Steering {
    /// The queue, of so many, that a frame comes to.
    fn queue_of(self, frame: &[u8], queues: usize) -> usize {
        match tcp_peer(frame) {
            Some((peer, port)) if port == self.port => {
                // Neighbouring addresses are spread like any others.
                let hash = peer.wrapping_mul(0x9E37_79B9) >> 16;
                self.first + hash as usize % (queues - self.first)
            }
            _ => 0,
        }
    }
}

/// The IPv4 address that a TCP segment comes from, and the port that it goes to. None: it is none, or a fragment.
fn tcp_peer(frame: &[u8]) -> Option<(u32, u16)> {
    let packet = frame.get(14..)?;
    let header = 4 * usize::from(packet.first()? & 0x0F);
    let is_whole = u16::from_be_bytes([*packet.get(6)?, *packet.get(7)?]) & 0x3FFF == 0;
    if frame[12..14] != [0x08, 0x00] || packet[0] >> 4 != 4 || *packet.get(9)? != 6 || !is_whole {
        return None;
    }
    let port = packet.get(header + 2..header + 4)?.first_chunk()?;
    Some((u32::from_be_bytes(*packet.get(12..16)?.first_chunk()?), u16::from_be_bytes(*port)))
}
