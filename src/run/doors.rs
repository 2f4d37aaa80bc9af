//! The way into a process: a port with our own TCP on it, or the kernel's TCP; chosen by one word of the site file.
//!
//! A port with several queues gives a host for each, all at one address; [`ports::share`] says which frame comes to which. The
//! kernel's TCP is one, whatever was asked for.

use crate::site::Subnet;
use net::memory::Steering;
use net::{Host, HostConfig, Sockets, SocketsConfig, Transport};
use ports::{PortSettings, PortSpec};
use serde::Deserialize;
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// What a site file's `port` names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Door {
    /// `kernel`: the kernel's TCP, at our address.
    Kernel,
    /// A port as crate `ports` has it, with our own TCP.
    Port(PortSpec),
}

/// What is done over a transport, whichever it is.
pub trait Over {
    /// What comes of it.
    type Outcome;

    /// Does it.
    fn over<T: Transport + Send + 'static>(self, transport: T) -> Self::Outcome;
}

/// What is done over the transports of several queues: as many as were asked for, or one.
pub trait OverQueues {
    /// What comes of it.
    type Outcome;

    /// Does it.
    fn over<T: Transport + Send + 'static>(self, transports: Vec<T>) -> Self::Outcome;
}

/// How many queues a door is to have, and which of them members come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queues {
    /// At least one.
    pub count: u16,
    /// Of members' connections.
    pub steering: Steering,
}

/// What a member's connection has of ours: a window of 32 KiB, and 256 KiB of what it has not taken.
const RECEIVE_RING: usize = 32 * 1_024;
const SEND_RING: usize = 256 * 1_024;

/// The host that a process stands on which members connect to.
#[must_use]
pub fn host_config(at: Subnet, gateway: Option<Ipv4Addr>, sessions: usize, seed: u64) -> HostConfig {
    HostConfig {
        prefix_length: at.prefix_length,
        gateway,
        sessions,
        receive_ring: RECEIVE_RING,
        send_ring: SEND_RING,
        ..HostConfig::new(at.address, seed)
    }
}

/// Opens a door with one queue and does something over it.
///
/// # Errors
/// The port cannot be opened: one line that names it.
pub fn open<W: Over>(door: &Door, config: HostConfig, work: W) -> Result<W::Outcome, String> {
    struct Single<W>(W);
    impl<W: Over> OverQueues for Single<W> {
        type Outcome = W::Outcome;
        fn over<T: Transport + Send + 'static>(self, mut transports: Vec<T>) -> Self::Outcome {
            self.0.over(transports.pop().expect("a door that is open has a queue"))
        }
    }
    let one = Queues { count: 1, steering: Steering { port: 0, first: 0 } };
    open_queues(door, config, one, Single(work))
}

/// Opens a door and does something over its queues.
///
/// # Errors
/// The port cannot be opened: one line that names it.
pub fn open_queues<W: OverQueues>(
    door: &Door,
    config: HostConfig,
    queues: Queues,
    work: W,
) -> Result<W::Outcome, String> {
    match door {
        Door::Kernel => {
            let mut settings = SocketsConfig::new(config.address);
            settings.sessions = config.sessions;
            settings.receive_buffer = config.receive_ring;
            settings.send_buffer = config.send_ring;
            let sockets = Sockets::new(settings).map_err(|error| format!("port kernel: {error}"))?;
            Ok(work.over(vec![sockets]))
        }
        Door::Port(spec) => {
            let settings = PortSettings { queues: queues.count, ..PortSettings::default() };
            let opened = ports::open(spec, &settings).map_err(|error| format!("port {spec}: {error}"))?;
            let shared = ports::share(opened, queues.steering);
            Ok(work.over(shared.into_iter().map(|queue| Host::new(config, queue)).collect()))
        }
    }
}

impl FromStr for Door {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "kernel" => Ok(Door::Kernel),
            other => other.parse().map(Door::Port).map_err(|error| format!("port `{other}`: {error}; or `kernel`")),
        }
    }
}

impl TryFrom<String> for Door {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Door {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Door::Kernel => out.write_str("kernel"),
            Door::Port(spec) => spec.fmt(out),
        }
    }
}
