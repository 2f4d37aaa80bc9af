//! What a port is told when it is opened, and why it is not.

use crate::spec::PortSpec;
use net::Mac;
use std::fmt;
use std::io;

/// Sizes and manners of a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortSettings {
    /// Queues, each polled by one thread: 1 to [`QUEUES_MAX`].
    pub queues: u16,
    /// The address that our frames carry; none: the device's own, or one made of the name.
    pub mac: Option<Mac>,
    /// Buffers of each queue: what is in flight both ways, waits to be sent, and is held by the layer above.
    pub buffers: usize,
}

/// Most queues of a port: as many as the largest profile has network stages, and what a TAP interface can be asked for.
pub const QUEUES_MAX: u16 = 16;
/// Fewest buffers of a queue: the bursts of both directions.
pub const BUFFERS_MIN: usize = 128;
/// Most buffers of a queue: 2^18 of 2 KiB are 512 MiB, more than any profile's huge pages for one queue.
pub const BUFFERS_MAX: usize = 1 << 18;

impl Default for PortSettings {
    /// One queue with the device's own address and 4,096 buffers.
    fn default() -> PortSettings {
        PortSettings { queues: 1, mac: None, buffers: 4_096 }
    }
}

impl PortSettings {
    /// Looks whether every size is within its limits.
    pub(crate) fn check(&self) -> Result<(), PortError> {
        if !(1..=QUEUES_MAX).contains(&self.queues) {
            return Err(PortError::Setting { field: "queues", expected: "1 to 16" });
        }
        if !(BUFFERS_MIN..=BUFFERS_MAX).contains(&self.buffers) {
            return Err(PortError::Setting { field: "buffers", expected: "128 to 262,144" });
        }
        if self.mac.is_some_and(Mac::is_group) {
            return Err(PortError::Setting { field: "mac", expected: "the address of one station" });
        }
        Ok(())
    }
}

/// Why a port was not opened. The text is one line that says what would help.
#[derive(Debug)]
pub enum PortError {
    /// It is a device of DPDK's, and this build has none.
    NeedsDpdk(PortSpec),
    /// A setting is out of its range.
    Setting {
        /// The field of [`PortSettings`].
        field: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// The device has fewer queues than asked for.
    Queues {
        /// The port.
        port: PortSpec,
        /// How many it has.
        most: u16,
    },
    /// A NIC without huge pages to read into.
    NeedsHugePages(PortSpec),
    /// A NIC asked for after the EAL was started without any.
    NicsFirst(PortSpec),
    /// The EAL did not start; a process has no second try.
    Eal {
        /// What it was told.
        arguments: String,
        /// Its answer.
        error: io::Error,
    },
    /// The kernel or DPDK refused.
    Kernel {
        /// The port.
        port: PortSpec,
        /// What it was asked for.
        asked: &'static str,
        /// Its answer.
        error: io::Error,
    },
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PortError::NeedsDpdk(port) => {
                write!(
                    f,
                    "{port} is a port of DPDK's, and this build has none: build with --features dpdk, or use tap:NAME"
                )
            }
            PortError::Setting { field, expected } => write!(f, "port setting {field}: expected {expected}"),
            PortError::Queues { port, most } => write!(f, "{port}: has {most} queues: ask for at most as many"),
            PortError::NeedsHugePages(port) => {
                write!(f, "{port}: a NIC needs free huge pages, and none are set aside: see backstop nic plan")
            }
            PortError::NicsFirst(port) => {
                write!(f, "{port}: open NICs before other ports of DPDK's: it was started without PCI")
            }
            PortError::Eal { arguments, error } => write!(f, "DPDK does not start ({arguments}): {error}"),
            PortError::Kernel { port, asked, error } => {
                write!(f, "{port}: refuses to {asked}: {error}")?;
                if error.kind() == io::ErrorKind::PermissionDenied {
                    f.write_str(" (needs root, or CAP_NET_ADMIN)")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for PortError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            PortError::Kernel { error, .. } | PortError::Eal { error, .. } => Some(error),
            _ => None,
        }
    }
}
