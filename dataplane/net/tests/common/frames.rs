//! Frames built and read by hand, for peers that do not behave.

use net::{Burst, Instant, Mac, MemoryPort, PacketBuffer, Port};
use std::net::Ipv4Addr;

pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const RST: u8 = 4;
pub const PSH: u8 = 8;
pub const ACK: u8 = 16;

/// A TCP segment's fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tcp {
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
    pub source_port: u16,
    pub destination_port: u16,
    pub sequence: u32,
    pub acknowledgement: u32,
    pub flags: u8,
    pub window: u16,
    pub options: Vec<u8>,
    pub payload: Vec<u8>,
}

/// The one's complement sum of 16-bit words, the slow way.
fn sum(bytes: &[u8], mut total: u32) -> u32 {
    for pair in bytes.chunks(2) {
        total += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
        total = (total & 0xFFFF) + (total >> 16);
    }
    total
}

impl Tcp {
    pub fn frame(&self, destination: Mac, source: Mac) -> Vec<u8> {
        assert_eq!(self.options.len() % 4, 0);
        let length = 20 + self.options.len() + self.payload.len();
        let mut frame = Vec::new();
        frame.extend(destination.0);
        frame.extend(source.0);
        frame.extend([8, 0]);
        let mut ip = vec![0x45, 0];
        ip.extend((20 + length as u16).to_be_bytes());
        ip.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        ip.extend(self.source.octets());
        ip.extend(self.destination.octets());
        let ip_sum = !(sum(&ip, 0) as u16);
        ip[10..12].copy_from_slice(&ip_sum.to_be_bytes());
        let mut tcp = Vec::new();
        tcp.extend(self.source_port.to_be_bytes());
        tcp.extend(self.destination_port.to_be_bytes());
        tcp.extend(self.sequence.to_be_bytes());
        tcp.extend(self.acknowledgement.to_be_bytes());
        tcp.extend([((20 + self.options.len()) as u8 / 4) << 4, self.flags]);
        tcp.extend(self.window.to_be_bytes());
        tcp.extend([0; 4]);
        tcp.extend(&self.options);
        tcp.extend(&self.payload);
        let mut pseudo = Vec::new();
        pseudo.extend(self.source.octets());
        pseudo.extend(self.destination.octets());
        pseudo.extend([0, 6]);
        pseudo.extend((length as u16).to_be_bytes());
        let tcp_sum = !(sum(&tcp, sum(&pseudo, 0)) as u16);
        tcp[16..18].copy_from_slice(&tcp_sum.to_be_bytes());
        frame.extend(ip);
        frame.extend(tcp);
        frame
    }

    pub fn read(frame: &[u8]) -> Option<Tcp> {
        if frame.len() < 54 || frame[12..14] != [8, 0] || frame[23] != 6 {
            return None;
        }
        let two = |at: usize| u16::from_be_bytes(frame[at..at + 2].try_into().unwrap());
        let four = |at: usize| u32::from_be_bytes(frame[at..at + 4].try_into().unwrap());
        let header = usize::from(frame[46] >> 4) * 4;
        Some(Tcp {
            source: Ipv4Addr::from(four(26)),
            destination: Ipv4Addr::from(four(30)),
            source_port: two(34),
            destination_port: two(36),
            sequence: four(38),
            acknowledgement: four(42),
            flags: frame[47],
            window: two(48),
            options: frame[54..34 + header].to_vec(),
            payload: frame[34 + header..14 + usize::from(two(16))].to_vec(),
        })
    }
}

/// A station on the network that sends what it is told.
pub struct Station {
    pub port: MemoryPort,
    burst: Burst<net::memory::MemoryPacket>,
}

impl Station {
    pub fn new(port: MemoryPort) -> Station {
        Station { port, burst: Burst::new(64) }
    }

    pub fn send(&mut self, now: Instant, frame: &[u8]) {
        let mut packet = self.port.allocate(frame.len().max(60)).unwrap();
        packet.as_mut().fill(0);
        packet.as_mut()[..frame.len()].copy_from_slice(frame);
        // Ethernet pads to 60 bytes; shorter nonsense is sent as it is.
        if frame.len() < 14 {
            packet.truncate(frame.len());
        }
        assert!(self.burst.push(packet).is_ok());
        assert_eq!(self.port.egress_frame(now, &mut self.burst), 1);
    }

    /// Every frame that has come.
    pub fn receive(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        while self.port.ingress_frame(now, &mut self.burst) > 0 {
            while let Some(packet) = self.burst.pop() {
                frames.push(packet.as_ref().to_vec());
                self.port.release(packet);
            }
        }
        frames
    }

    /// Every TCP segment that has come, and answers to ARP questions for `address`.
    pub fn segments(&mut self, now: Instant, address: Ipv4Addr) -> Vec<Tcp> {
        let mac = self.port.mac();
        let mut segments = Vec::new();
        for frame in self.receive(now) {
            if frame[12..14] == [8, 6] && frame[20..22] == [0, 1] && frame[38..42] == address.octets() {
                let mut answer = frame[6..12].to_vec();
                answer.extend(mac.0);
                answer.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 2]);
                answer.extend(mac.0);
                answer.extend(address.octets());
                answer.extend(&frame[22..32]);
                self.send(now, &answer);
            }
            segments.extend(Tcp::read(&frame));
        }
        segments
    }
}
