//! The way into a process: a port with our own TCP on it, or the kernel's TCP; chosen by one word of the site file.

use net::{Host, HostConfig, Sockets, SocketsConfig, Transport};
use ports::{PortSettings, PortSpec};
use serde::Deserialize;
use std::fmt;
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

/// Opens a door and does something over it. A port has one queue here.
///
/// # Errors
/// The port cannot be opened: one line that names it.
pub fn open<W: Over>(door: &Door, config: HostConfig, work: W) -> Result<W::Outcome, String> {
    match door {
        Door::Kernel => {
            let mut settings = SocketsConfig::new(config.address);
            settings.sessions = config.sessions;
            settings.receive_buffer = config.receive_ring;
            settings.send_buffer = config.send_ring;
            let sockets = Sockets::new(settings).map_err(|error| format!("port kernel: {error}"))?;
            Ok(work.over(sockets))
        }
        Door::Port(spec) => {
            let mut queues =
                ports::open(spec, &PortSettings::default()).map_err(|error| format!("port {spec}: {error}"))?;
            let port = queues.pop().expect("a port that is open has a queue");
            Ok(work.over(Host::new(config, port)))
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
