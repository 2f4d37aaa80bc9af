//! Packets in, packets out: ports, Ethernet, ARP, IPv4 and TCP in user space, without clocks, threads or system calls.
//! ([`Sockets`] alone calls the kernel: the same [`Transport`] for machines without a port, and to compare with.)
//!
//! Everybody who speaks TCP in this project stands on this crate: the exchange's fronts, the reference exchange that
//! plays the primary, members, the name service. It knows none of them, and nothing of messages.
//!
//! # Bytes
//!
//! ```text
//! Ethernet frame (14 + up to 1,500) > IPv4 packet (20, no options or fragments) > TCP segment (20 + options) > bytes
//! ```
//!
//! A frame is in a buffer that its holder owns and is never copied between the port and the handler. The headers are
//! laid out byte by byte in `wire`, a pcap file's in [`tracer`].
//!
//! # Who calls whom
//!
//! ```text
//!           poll_ingress(now, handler)                                  poll_egress(now)
//!                     |                                                       |
//!  Port::ingress_frame   a burst of frames                     timers, ready list: who has something to send
//!                     |                                                       |
//!  Host::ingress_segment Ethernet, ARP, IPv4, demux by 4-tuple  Host::egress_segment  the session's TCP fills frames
//!                     |                                                       |
//!            plain? -- yes --> Handler::data, in the frame;    Port::egress_frame    a burst of frames
//!                     |        what it leaves, into the ring
//!                     |
//!                     no: the rest of TCP, then Handler::data, from the ring
//! ```
//!
//! A [`Host`] has one address on one [`Port`]. Its user loops over `poll_ingress`, its own work with `send`, and
//! `poll_egress`; several answers of one burst to one session then share segments. Several [`MemoryPort`]s on one
//! [`Network`] are a whole market on one machine; [`FaultPort`] and [`PcapTracer`] go around any port, in any order.
//!
//! ```
//! use net::{CloseReason, Filter, Handler, Host, HostConfig, Instant, Network, NetworkConfig, Peer, SessionId};
//! use std::net::{Ipv4Addr, SocketAddrV4};
//!
//! #[derive(Default)]
//! struct Heard(Vec<u8>, Option<SessionId>);
//! impl Handler for Heard {
//!     fn opened(&mut self, session: SessionId, _: Peer) {
//!         self.1 = Some(session);
//!     }
//!     fn data(&mut self, _: SessionId, bytes: &[u8]) -> usize {
//!         self.0.extend(bytes);
//!         bytes.len()
//!     }
//!     fn closed(&mut self, _: SessionId, _: CloseReason) {}
//! }
//!
//! let network = Network::new(NetworkConfig::default());
//! let (front, member) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
//! let mut server = Host::new(HostConfig::new(front, 1), network.attach());
//! let mut client = Host::new(HostConfig::new(member, 2), network.attach());
//! server.listen(7_000, Filter::only([member]))?;
//! let session = client.connect(SocketAddrV4::new(front, 7_000), Instant::ZERO)?;
//! let (mut at_server, mut at_client) = (Heard::default(), Heard::default());
//! for millis in 0..5 {
//!     let now = Instant::from_millis(millis);
//!     client.poll_ingress(now, &mut at_client);
//!     if at_client.1.take().is_some() {
//!         client.send(session, b"an order")?;
//!     }
//!     client.poll_egress(now);
//!     server.poll_ingress(now, &mut at_server);
//!     server.poll_egress(now);
//! }
//! assert_eq!(at_server.0, b"an order");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Invariants
//!
//! - Time is an argument. The same seed, the same calls and the same frames give the same frames, on any machine.
//! - Between `ingress_frame` and `egress_frame` nothing allocates, locks or calls the kernel ([`Sockets`] does); the first
//!   session at a place allocates two rings, which the next one uses again. (The in-memory network takes its lock once a burst.)
//! - Whatever arrives, nothing panics: past `wire`'s checks of shape every number is looked at before it is used as one.
//! - A session's packet is the same work with one session or a thousand (only its memory is colder); an idle session is
//!   no work at all.
//! - A frame whose Ethernet source is wrong though its sums hold costs a session a timeout and no more (`stations`).
//! - Every id that the user was given gets exactly one `closed`. A dead id does nothing.
//! - A SYN from an address that the filter does not admit is dropped before any sum is computed, and never answered.
//! - What a handler does not consume is offered again, contiguous; the window closes and nothing is lost.
//! - Every queue, table and list has a limit and is made at the start.
//! - It knows no message, no market, no file and no thread.
//!
//! # What is not here
//!
//! IPv6, ICMP, UDP, VLAN tags, IPv4 options and fragments, gratuitous ARP, congestion control (private lines), TCP
//! timestamps, receive windows over 64 KiB, half-open connections: who finishes sending is leaving.

pub mod counters;
mod egress;
pub mod fault;
pub mod filter;
pub mod host;
mod ingress;
mod link;
pub mod memory;
mod neighbours;
pub mod port;
pub mod random;
pub mod session;
pub mod sockets;
mod stations;
mod table;
mod tcp;
pub mod time;
mod timers;
pub mod tracer;
pub mod transport;
mod wire;

pub use counters::{Counters, Drops};
pub use fault::{FaultPort, Faults};
pub use filter::Filter;
pub use host::{ConnectError, Host, HostConfig, ListenError, SendError};
pub use memory::{MemoryPort, Network, NetworkConfig, PortNumber};
pub use port::{Burst, Mac, PacketBuffer, Port};
pub use session::{CloseReason, Correspondent, Handler, Opener, Peer, SessionId};
pub use sockets::{Sockets, SocketsConfig};
pub use time::Instant;
pub use tracer::PcapTracer;
pub use transport::Transport;
