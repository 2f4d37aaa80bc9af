//! Devices: finding them, asking what they can, starting them.

#![allow(unsafe_code)]
// JUSTIFICATION: calls into the C shim.

use crate::ffi::{self, Info, RteRing, StartRequest, answer};
use crate::mbuf::Pool;
use crate::queue::Queue;
use std::ffi::CString;
use std::io;
use std::net::Ipv4Addr;
use std::ptr::NonNull;
use std::sync::Arc;

/// A device that is there and not started. It is closed when it is dropped, or when the last of its queues is.
pub struct Device {
    number: u16,
    /// The rings that it is made of, if it is.
    rings: Vec<Arc<Ring>>,
}

/// What a device can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Name of its driver, such as "net_af_packet".
    pub driver: String,
    /// Its own address.
    pub mac: [u8; 6],
    /// Longest IPv4 packet in bytes.
    pub mtu: u16,
    /// Queues each way, at most.
    pub queues_max: u16,
    /// Entries of the table by which it spreads frames; 0: it does not.
    pub spread_entries: u16,
    /// NUMA node; -1: not known.
    pub numa_node: i32,
    /// It can verify the sums of IPv4 and TCP in what arrives.
    pub verifies_ingress: bool,
    /// It can fill them in what is sent.
    pub fills_egress: bool,
}

/// How frames are spread over several queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// By the two addresses: all connections of a peer at one queue.
    Addresses,
    /// By addresses and ports: a connection at one queue, the peer's next one perhaps at another.
    Connection,
}

/// How to start a device.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// Descriptors of each receiving queue; the driver takes the nearest number it can.
    pub rx_descriptors: u16,
    /// Descriptors of each sending queue.
    pub tx_descriptors: u16,
    /// Takes frames to other addresses too.
    pub promiscuous: bool,
    /// Lets it verify sums.
    pub verify_ingress: bool,
    /// Lets it fill sums.
    pub fill_egress: bool,
    /// How it spreads.
    pub spread: Spread,
    /// The key it spreads by; a device takes as many bytes as its own key has.
    pub spread_key: &'a [u8],
}

/// What went through a device since it was started, all queues together; the shim's `struct bs_stats`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceStats {
    /// Frames received.
    pub rx_frames: u64,
    /// Frames sent.
    pub tx_frames: u64,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Frames that found the receiving queue full.
    pub missed: u64,
    /// Damaged frames received.
    pub rx_errors: u64,
    /// Frames that could not be sent.
    pub tx_errors: u64,
    /// Times that no buffer was left to receive into.
    pub no_buffer: u64,
}

const _: () = assert!(size_of::<DeviceStats>() == 64 && std::mem::offset_of!(DeviceStats, no_buffer) == 56);

impl Device {
    /// Makes or finds the device that `arguments` describe ("net_tap0,iface=x" or a PCI address) and is then called `name`.
    ///
    /// # Errors
    /// What the driver answered.
    pub fn probe(name: &str, arguments: &str) -> io::Result<Device> {
        let invalid = |_| io::Error::from(io::ErrorKind::InvalidInput);
        let (name, arguments) = (CString::new(name).map_err(invalid)?, CString::new(arguments).map_err(invalid)?);
        // SAFETY: both texts end in NUL and are copied by DPDK.
        let number = unsafe {
            answer(ffi::bs_probe(arguments.as_ptr()))?;
            answer(ffi::bs_port_by_name(name.as_ptr()))?
        };
        Ok(Device { number: number as u16, rings: Vec::new() })
    }

    /// What it can do.
    ///
    /// # Errors
    /// What the driver answered.
    pub fn info(&self) -> io::Result<DeviceInfo> {
        let mut info = Info::default();
        // SAFETY: the device is there until `self` is dropped; the shim fills a structure of this layout (asserted).
        answer(unsafe { ffi::bs_port_info(self.number, &raw mut info) })?;
        let end = info.driver.iter().position(|&byte| byte == 0).unwrap_or(info.driver.len());
        Ok(DeviceInfo {
            driver: String::from_utf8_lossy(&info.driver[..end]).into_owned(),
            mac: info.mac,
            mtu: info.mtu,
            queues_max: info.max_rx_queues.min(info.max_tx_queues),
            spread_entries: if info.rss == 0 { 0 } else { info.reta_size },
            numa_node: info.numa_node,
            verifies_ingress: info.sums & 1 != 0,
            fills_egress: info.sums & 2 != 0,
        })
    }

    /// Starts it with one queue a pool.
    ///
    /// # Errors
    /// What the driver answered; the device is closed then.
    pub fn start(self, how: &Start<'_>, pools: &[Pool]) -> io::Result<Vec<Queue>> {
        let raw: Vec<_> = pools.iter().map(Pool::raw).collect();
        let request = StartRequest {
            queues: pools.len() as u16,
            rx_descriptors: how.rx_descriptors,
            tx_descriptors: how.tx_descriptors,
            promiscuous: u16::from(how.promiscuous),
            sums: u32::from(how.verify_ingress) | u32::from(how.fill_egress) << 1,
            rss_key_size: how.spread_key.len() as u16,
            by_connection: u16::from(how.spread == Spread::Connection),
            rss_key: how.spread_key.as_ptr(),
            pools: raw.as_ptr(),
        };
        // SAFETY: the request's layout is asserted on both sides; key and pools live through the call, and the pools
        // through the queues' lives, which hold them.
        answer(unsafe { ffi::bs_port_start(self.number, &raw const request) })?;
        let device = Arc::new(self);
        let queue =
            |(number, pool): (usize, &Pool)| Queue::new(device.clone(), number as u16, pool.clone(), how.fill_egress);
        Ok(pools.iter().enumerate().map(queue).collect())
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    pub(crate) fn steer(&self, source: Ipv4Addr, queue: u16) -> io::Result<()> {
        // SAFETY: the device is there and started; the rule is copied by the driver.
        answer(unsafe { ffi::bs_port_steer(self.number, u32::from(source).to_be(), queue) }).map(drop)
    }

    pub(crate) fn stats(&self) -> io::Result<DeviceStats> {
        let mut stats = DeviceStats::default();
        // SAFETY: the device is there; the shim fills a structure of this layout (asserted).
        answer(unsafe { ffi::bs_port_stats(self.number, &raw mut stats) })?;
        Ok(stats)
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // SAFETY: no queue refers to the device any more (each holds it); its number is not used after this. A device that
        // refuses to be closed stays, which hurts nobody.
        unsafe { ffi::bs_port_close(self.number) };
        self.rings.clear();
    }
}

/// A ring of buffers between two devices, or of one with itself.
struct Ring {
    raw: NonNull<RteRing>,
}

// SAFETY: a ring is used by its devices' queues, each on one thread: one producer and one consumer, as it was made for.
unsafe impl Send for Ring {}
// SAFETY: as above.
unsafe impl Sync for Ring {}

impl Ring {
    fn new(name: &str, count: u32) -> io::Result<Arc<Ring>> {
        let name = CString::new(name).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        // SAFETY: the name ends in NUL and is copied.
        match NonNull::new(unsafe { ffi::bs_ring_create(name.as_ptr(), count, -1) }) {
            Some(raw) => Ok(Arc::new(Ring { raw })),
            // SAFETY: reads this thread's error number.
            None => Err(io::Error::from_raw_os_error(unsafe { ffi::bs_errno() })),
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: both of its devices are closed (they held it), so nobody else puts or takes.
        unsafe {
            ffi::bs_ring_drain(self.raw.as_ptr());
            ffi::bs_ring_free(self.raw.as_ptr());
        }
    }
}

/// Two devices joined back to back by two rings of `count` (a power of two) frames each: what one sends the other receives,
/// in the same buffer. With `is_loop` there is one device, joined with itself. Names begin with `name`.
///
/// # Errors
/// What DPDK answered.
pub fn ring_pair(name: &str, count: u32, is_loop: bool) -> io::Result<Vec<Device>> {
    let there = Ring::new(&format!("{name}_there"), count)?;
    let back = if is_loop { there.clone() } else { Ring::new(&format!("{name}_back"), count)? };
    let ends = [(&there, &back), (&back, &there)];
    let mut devices = Vec::new();
    for (end, (from, to)) in ends.into_iter().take(if is_loop { 1 } else { 2 }).enumerate() {
        let text = CString::new(format!("{name}_{end}")).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        // SAFETY: the name is copied; both rings live as long as the device, which holds them.
        let number = unsafe { answer(ffi::bs_port_from_rings(text.as_ptr(), from.raw.as_ptr(), to.raw.as_ptr(), 0)) }?;
        devices.push(Device { number: number as u16, rings: vec![from.clone(), to.clone()] });
    }
    Ok(devices)
}
