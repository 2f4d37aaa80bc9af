//! Ports on real interfaces: what a site file names in one word, opened behind `net::Port`.
//!
//! ```text
//! tap:NAME             a TAP interface of the kernel, no DPDK; any kernel client reaches it
//! af_packet:IFACE      DPDK on a kernel interface, frames copied once by the kernel
//! af_xdp:IFACE         DPDK on a kernel interface, through an XDP socket
//! dpdk_tap:NAME        DPDK's own TAP
//! pci:0000:17:00.0     DPDK on a NIC: the port that an exchange trades on
//! pcap:IN,OUT          frames from one file, frames to another
//! ring, null           a loop in memory; nothing, as fast as it goes
//! ```
//!
//! A port has one queue or several; each is a [`net::Port`] of its own, polled by one thread. Sessions of one peer arrive
//! at one queue as long as the port has as many queues; how, for each driver, is in [`nic`], and [`spread`] computes it. What is not a
//! member's comes to queue 0, whatever the device thinks: [`share`].

mod any;
#[cfg(any(feature = "dpdk", feature = "dpdk-static"))]
pub mod dpdk;
pub mod nic;
mod settings;
mod shared;
mod spec;
pub mod spread;
mod sys;
pub mod tap;

pub use any::{AnyPacket, AnyPort, open};
pub use settings::{BUFFERS_MAX, BUFFERS_MIN, PortError, PortSettings, QUEUES_MAX};
pub use shared::{INBOX_FRAMES, SharedCounters, SharedQueue, share};
pub use spec::{PciAddress, PortSpec, SpecError};
pub use tap::TapPort;
