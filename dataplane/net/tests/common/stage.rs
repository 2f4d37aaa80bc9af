//! A server of ours, and a peer whose every segment is written by hand.

use super::frames::{ACK, SYN, Station, Tcp};
use super::*;
use net::{Instant, MemoryPort, Network, NetworkConfig, SessionId};
use std::time::Duration;

/// A server of ours and a peer made by hand.
pub struct Stage {
    pub server: Echo<MemoryPort>,
    pub station: Station,
    pub now: Instant,
    /// The next number of the peer's, and of ours as it has acknowledged it.
    pub sequence: u32,
    pub acknowledgement: u32,
    pub window: u16,
    pub id: Option<SessionId>,
}

impl Stage {
    /// An open connection; the peer's SYN had these options, and its numbers wrap soon.
    pub fn new(options: &[u8], window: u16) -> Stage {
        let network = Network::new(NetworkConfig::default());
        let server = Echo::with(HostConfig::new(SERVER, 1), network.attach(), Filter::everybody());
        let station = Station::new(network.attach());
        let (sequence, acknowledgement, now) = (u32::MAX - 1_500, 0, Instant::ZERO);
        let mut stage = Stage { server, station, now, sequence, acknowledgement, window, id: None };
        stage.say(Tcp { options: options.to_vec(), ..stage.segment(SYN, 0, 0) });
        let answer = stage.heard().remove(0);
        assert_eq!((answer.flags, answer.acknowledgement), (SYN | ACK, stage.sequence.wrapping_add(1)));
        let offers_sack = answer.options.windows(2).any(|pair| pair == [4, 2]);
        assert_eq!(offers_sack, options.windows(2).any(|pair| pair == [4, 2]), "SACK is offered if it was");
        stage.sequence = stage.sequence.wrapping_add(1);
        stage.acknowledgement = answer.sequence.wrapping_add(1);
        stage.say(stage.segment(ACK, 0, 0));
        stage.id = Some(stage.server.log.opened[0].0);
        assert!(stage.heard().is_empty());
        stage
    }

    /// A segment `ahead` of the next, with `count` bytes of the stream.
    pub fn segment(&self, flags: u8, ahead: u32, count: usize) -> Tcp {
        Tcp {
            source: CLIENT,
            destination: SERVER,
            source_port: 5_000,
            destination_port: PORT,
            sequence: self.sequence.wrapping_add(ahead),
            acknowledgement: self.acknowledgement,
            flags,
            window: self.window,
            options: Vec::new(),
            payload: bytes(9, 10_000)[ahead as usize..][..count].to_vec(),
        }
    }

    pub fn say(&mut self, segment: Tcp) {
        let (mac, theirs) = (self.server.host.port().mac(), self.station.port.mac());
        self.station.send(self.now, &segment.frame(mac, theirs));
        self.server.host.poll_ingress(self.now, &mut self.server.log);
        self.server.host.poll_egress(self.now);
    }

    pub fn heard(&mut self) -> Vec<Tcp> {
        self.station.segments(self.now, CLIENT)
    }

    /// What we send when `millis` have gone by.
    pub fn wait(&mut self, millis: u64) -> Vec<Tcp> {
        self.now = self.now + Duration::from_millis(millis);
        self.server.host.poll_ingress(self.now, &mut self.server.log);
        self.server.host.poll_egress(self.now);
        self.heard()
    }

    /// We send `count` bytes; offsets and lengths of the segments.
    pub fn send(&mut self, count: usize) -> Vec<(u32, usize)> {
        assert_eq!(self.server.host.send(self.id.unwrap(), &vec![7; count]), Ok(count));
        let segments = self.wait(0);
        self.places(&segments)
    }

    pub fn places(&self, segments: &[Tcp]) -> Vec<(u32, usize)> {
        let place = |segment: &Tcp| (segment.sequence.wrapping_sub(self.acknowledgement), segment.payload.len());
        segments.iter().map(place).collect()
    }
}
