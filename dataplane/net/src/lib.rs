//! Being built.
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
mod stack;
mod table;
pub mod time;
pub mod tracer;
mod timers;
mod wire;

pub use counters::{Counters, Drops};
pub use fault::{FaultPort, Faults};
pub use filter::Filter;
pub use host::{ConnectError, Host, HostConfig, ListenError, SendError};
pub use memory::{MemoryPort, Network, NetworkConfig};
pub use port::{Burst, Mac, PacketBuffer, Port};
pub use session::{CloseReason, Handler, Opener, Peer, SessionId};
pub use time::Instant;
pub use tracer::PcapTracer;
