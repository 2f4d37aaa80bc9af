//! DPDK, as far as ports need it: the EAL, pools, devices, bursts, and buffers with one owner.
//!
//! Written for 22.11 (Debian 12); builds against later releases as long as the layouts asserted in `shim.c` hold (23.11 and
//! later: not tested). The unsafe half is `ffi` and the C shim; what this crate offers is safe to call from any thread:
//!
//! - an `Mbuf` is owned: whoever drops it frees it, and nobody else can see its bytes;
//! - a `Queue` belongs to one thread at a time, and keeps its device and pool alive;
//! - a device is stopped and closed when its last queue goes; a pool is freed when all of its buffers are back, else it stays.
//!
//! A frame is in one contiguous buffer: scattered receiving is never switched on.

#[cfg(any(feature = "shared", feature = "static"))]
mod device;
#[cfg(any(feature = "shared", feature = "static"))]
mod eal;
#[cfg(any(feature = "shared", feature = "static"))]
mod ffi;
#[cfg(any(feature = "shared", feature = "static"))]
mod mbuf;
#[cfg(any(feature = "shared", feature = "static"))]
mod queue;

#[cfg(any(feature = "shared", feature = "static"))]
pub use device::{Device, DeviceInfo, DeviceStats, Spread, Start, ring_pair};
#[cfg(any(feature = "shared", feature = "static"))]
pub use eal::{initialize, version};
#[cfg(any(feature = "shared", feature = "static"))]
pub use mbuf::{Mbuf, Pool, Sums};
#[cfg(any(feature = "shared", feature = "static"))]
pub use queue::{BURST, Queue};
