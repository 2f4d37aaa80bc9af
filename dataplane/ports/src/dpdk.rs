//! Ports of DPDK: kernel interfaces through its drivers, NICs by PCI address, files and rings.
//!
//! A frame stays in the buffer that the device wrote it into: the slice that a handler sees is the mbuf's own memory, and an
//! answer is written into the mbuf that is sent. Buffers have one owner; dropping or releasing one frees it.
//!
//! The EAL starts once a process, with the first port:
//!
//! ```text
//! --no-pci               unless the first port is a NIC, which is then the only device it may touch (-a ADDRESS)
//! --in-memory            where huge pages are free: needs no hugetlbfs, and any number of processes side by side
//! --no-huge -m N …       where none are: for tests. NICs are refused then
//! --lcores=0@(…)         the CPUs that this process may use: the EAL pins nothing, stages do
//! --no-telemetry         nobody listens
//! ```
//!
//! A kernel interface that a port stands on has no address of the kernel's, or both would answer. At the kernel's end of a
//! veth pair `ethtool -K IFACE tx off tso off gso off gro off`: else frames come without sums and longer than a frame.

use crate::nic::{self, Steering};
use crate::settings::{PortError, PortSettings};
use crate::spec::PortSpec;
use crate::spread::SPREAD_KEY;
use crate::tap::mac_of;
use dpdk_sys::{BURST, Device, DeviceInfo, DeviceStats, Mbuf, Pool, Queue, Spread, Start, Sums, ring_pair};
use net::port::{Checksums, ETHERNET_FRAME_LIMIT, PortCounters};
use net::{Burst, Instant, Mac, PacketBuffer, Port};
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// One queue of a device of DPDK's.
pub struct DpdkPort {
    queue: Queue,
    mac: Mac,
    checksums: Checksums,
    counters: PortCounters,
    bad_sums: u64,
    report: PortReport,
}

/// What a port can do, for operators and reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortReport {
    /// Name of the driver.
    pub driver: String,
    /// Queues in use.
    pub queues: u16,
    /// Queues that the device has.
    pub queues_max: u16,
    /// How frames find their queue.
    pub steering: Steering,
    /// Which sums the device takes off us.
    pub checksums: Checksums,
    /// NUMA node of the device; -1: not known.
    pub numa_node: i32,
    /// Version of DPDK.
    pub dpdk: String,
}

/// A frame in DPDK's memory.
pub struct DpdkPacket(Mbuf);

/// Descriptors of a queue: half of the smallest rings that NICs ship with set up, and 17 µs of 64-byte frames at 10 Gbit/s each way.
const DESCRIPTORS: u16 = 256;
/// Frames that a ring between two ports holds.
const RING_FRAMES: u32 = 1_024;
/// MiB that the EAL is given where there are no huge pages: a pool of 2^15 buffers and its own tables.
const NO_HUGE_MIB: u32 = 256;

/// What the EAL was started for: whether it may touch NICs.
static EAL: Mutex<Option<bool>> = Mutex::new(None);
/// Devices and pools made so far: part of their names, which must differ.
static MADE: AtomicU32 = AtomicU32::new(0);

/// Opens a port of DPDK's, one [`DpdkPort`] for each queue.
///
/// # Errors
/// See [`PortError`]; nothing stays open then.
pub fn open(spec: &PortSpec, settings: &PortSettings) -> Result<Vec<DpdkPort>, PortError> {
    settings.check()?;
    start_eal(spec)?;
    let refused = |asked| move |error| PortError::Kernel { port: spec.clone(), asked, error };
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let queues = settings.queues;
    let (name, arguments) = match spec {
        PortSpec::Tap(_) => return Err(PortError::Setting { field: "port", expected: "a port of DPDK's" }),
        PortSpec::AfPacket(interface) => {
            let name = format!("net_af_packet{number}");
            let arguments = format!("{name},iface={interface},qpairs={queues},qdisc_bypass=1");
            (name, arguments)
        }
        PortSpec::AfXdp(interface) => {
            let name = format!("net_af_xdp{number}");
            let arguments = format!("{name},iface={interface},start_queue=0,queue_count={queues},busy_budget=0");
            (name, arguments)
        }
        PortSpec::DpdkTap(interface) => {
            let name = format!("net_tap{number}");
            let arguments = format!("{name},iface={interface}");
            (name, arguments)
        }
        PortSpec::Pcap { input, output } => {
            let name = format!("net_pcap{number}");
            let arguments = format!("{name},rx_pcap={},tx_pcap={}", input.display(), output.display());
            (name, arguments)
        }
        PortSpec::Null => {
            let name = format!("net_null{number}");
            (name.clone(), name)
        }
        PortSpec::Pci(address) => (address.to_string(), address.to_string()),
        PortSpec::Ring => {
            let device = ring_pair(&format!("bs_ring{number}"), RING_FRAMES, true)
                .map_err(refused("make a ring"))?
                .pop()
                .expect("a loop is one device");
            return start(spec, device, settings, &format!("bs_pool{number}"));
        }
    };
    let device = Device::probe(&name, &arguments).map_err(refused("open the device"))?;
    start(spec, device, settings, &format!("bs_pool{number}"))
}

/// Two ports back to back in memory: what one sends arrives at the other, in the same buffer.
///
/// # Errors
/// See [`PortError`].
pub fn open_pair(settings: &PortSettings) -> Result<(DpdkPort, DpdkPort), PortError> {
    settings.check()?;
    if settings.queues != 1 {
        return Err(PortError::Setting { field: "queues", expected: "1 for a pair of rings" });
    }
    start_eal(&PortSpec::Ring)?;
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let refused = |error| PortError::Kernel { port: PortSpec::Ring, asked: "make a ring", error };
    let devices = ring_pair(&format!("bs_ring{number}"), RING_FRAMES, false).map_err(refused)?;
    let mut ports = Vec::with_capacity(2);
    for (end, device) in devices.into_iter().enumerate() {
        ports.append(&mut start(&PortSpec::Ring, device, settings, &format!("bs_pool{number}_{end}"))?);
    }
    match (ports.pop(), ports.pop()) {
        (Some(second), Some(first)) => Ok((first, second)),
        _ => unreachable!("a pair of rings gave two ports of one queue"),
    }
}

/// Sets a device up and starts it.
fn start(spec: &PortSpec, device: Device, settings: &PortSettings, pool: &str) -> Result<Vec<DpdkPort>, PortError> {
    let refused = |asked| move |error| PortError::Kernel { port: spec.clone(), asked, error };
    let info = device.info().map_err(refused("tell what the device can"))?;
    let queues = settings.queues;
    if queues > info.queues_max {
        return Err(PortError::Queues { port: spec.clone(), most: info.queues_max });
    }
    let node = if info.numa_node < 0 { 0 } else { info.numa_node };
    let mut pools = Vec::with_capacity(usize::from(queues));
    for queue in 0..queues {
        // The driver keeps a ring full of buffers for itself.
        let count = settings.buffers as u32 + 2 * u32::from(DESCRIPTORS) + 2 * BURST as u32;
        pools.push(Pool::new(&format!("{pool}_{queue}"), count, node).map_err(refused("give memory for buffers"))?);
    }
    let driver = nic::driver(&info.driver);
    let spread = match driver.map(|driver| driver.steering) {
        Some(Steering::Connection) => Spread::Connection,
        _ => Spread::Addresses,
    };
    let how = Start {
        rx_descriptors: DESCRIPTORS,
        tx_descriptors: DESCRIPTORS,
        promiscuous: settings.mac.is_some_and(|mac| mac.0 != info.mac),
        verify_ingress: info.verifies_ingress,
        fill_egress: info.fills_egress,
        spread,
        spread_key: &SPREAD_KEY,
    };
    let queues = device.start(&how, &pools).map_err(refused("start the device"))?;
    let mac = settings.mac.unwrap_or_else(|| own_mac(spec, &info, pool));
    let report = PortReport {
        queues: settings.queues,
        queues_max: info.queues_max,
        steering: driver.map_or(Steering::Unknown, |driver| driver.steering),
        checksums: Checksums { verifies_ingress: info.verifies_ingress, fills_egress: info.fills_egress },
        numa_node: info.numa_node,
        dpdk: dpdk_sys::version(),
        driver: info.driver,
    };
    let port = |queue| DpdkPort {
        queue,
        mac,
        checksums: report.checksums,
        counters: PortCounters::default(),
        bad_sums: 0,
        report: report.clone(),
    };
    Ok(queues.into_iter().map(port).collect())
}

/// The device's address; one of local administration for a device without (a ring), and for a TAP, whose own is the address
/// of the kernel's end.
fn own_mac(spec: &PortSpec, info: &DeviceInfo, pool: &str) -> Mac {
    match spec {
        PortSpec::DpdkTap(name) => mac_of(name),
        _ if info.mac != [0; 6] && !Mac(info.mac).is_group() => Mac(info.mac),
        _ => mac_of(pool),
    }
}

/// Starts the EAL, if this is the first port.
fn start_eal(spec: &PortSpec) -> Result<(), PortError> {
    let mut state = EAL.lock().expect("nothing panics while it is held");
    let has_huge_pages = free_huge_pages() > 0;
    let pci = if let PortSpec::Pci(address) = spec { Some(address) } else { None };
    if pci.is_some() && !has_huge_pages {
        return Err(PortError::NeedsHugePages(spec.clone()));
    }
    match *state {
        Some(may_touch_nics) if pci.is_some() && !may_touch_nics => return Err(PortError::NicsFirst(spec.clone())),
        Some(_) => return Ok(()),
        None => {}
    }
    let mut arguments = vec!["--no-telemetry".to_owned(), "--log-level=warning".to_owned()];
    match pci {
        Some(address) => arguments.extend(["-a".to_owned(), address.to_string()]),
        None => arguments.push("--no-pci".to_owned()),
    }
    if has_huge_pages {
        arguments.push("--in-memory".to_owned());
    } else {
        let prefix = format!("backstop{}", std::process::id());
        let memory = NO_HUGE_MIB.to_string();
        arguments.extend(["--no-huge", "--no-shconf", "-m", &memory, "--file-prefix", &prefix].map(str::to_owned));
    }
    arguments.push(format!("--lcores=0@({})", allowed_cpus()));
    let refused = |error| PortError::Eal { arguments: arguments.join(" "), error };
    dpdk_sys::initialize(&arguments).map_err(refused)?;
    *state = Some(pci.is_some());
    Ok(())
}

/// Huge pages of any size that nobody uses.
fn free_huge_pages() -> u64 {
    let Ok(sizes) = fs::read_dir("/sys/kernel/mm/hugepages") else { return 0 };
    let free =
        |entry: fs::DirEntry| fs::read_to_string(entry.path().join("free_hugepages")).ok()?.trim().parse::<u64>().ok();
    sizes.flatten().filter_map(free).sum::<u64>()
}

/// The CPUs that this process may use, as the kernel lists them ("0-3,8").
fn allowed_cpus() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    list.map_or_else(|| "0".to_owned(), |list| list.trim().to_owned())
}

impl DpdkPort {
    /// What the port can do.
    #[must_use]
    pub fn report(&self) -> &PortReport {
        &self.report
    }

    /// Frames that the device found wrongly summed.
    #[must_use]
    pub fn bad_sums(&self) -> u64 {
        self.bad_sums
    }

    /// What the device counted, all queues together.
    ///
    /// # Errors
    /// What the driver answered.
    pub fn device_stats(&self) -> io::Result<DeviceStats> {
        self.queue.device_stats()
    }

    /// Sends frames from `source` to this queue, whatever spreading would say: a member's sessions at the core of its seat.
    ///
    /// # Errors
    /// What the driver answered; of the virtual ones only net_tap has rules, and only on kernels with its classifiers.
    pub fn steer_here(&self, source: Ipv4Addr) -> io::Result<()> {
        self.queue.steer_here(source)
    }

    /// Buffers of this queue that nobody holds, and all of them.
    #[must_use]
    pub fn buffers(&self) -> (u32, u32) {
        (self.queue.pool().available(), self.queue.pool().count())
    }

    /// [`Port::ingress_frame`] into a burst of whatever `wrap` makes of our packets.
    #[inline]
    pub(crate) fn ingress_into<W>(&mut self, burst: &mut Burst<W>, wrap: impl Fn(DpdkPacket) -> W) -> usize {
        let (counters, bad_sums, checksums) = (&mut self.counters, &mut self.bad_sums, self.checksums);
        let before = counters.ingress_frames;
        loop {
            let room = burst.room().min(BURST);
            let arrived = self.queue.receive(room, |mbuf| {
                let is_right = !checksums.verifies_ingress
                    || match mbuf.sums() {
                        Sums::Good => true,
                        Sums::Bad => false,
                        Sums::Unknown => nic::sums_hold(mbuf.data()),
                    };
                if !is_right || mbuf.data().len() > ETHERNET_FRAME_LIMIT {
                    *bad_sums += u64::from(!is_right);
                    return;
                }
                counters.ingress_frames += 1;
                counters.ingress_bytes += mbuf.data().len() as u64;
                let fits = burst.push(wrap(DpdkPacket(mbuf))).is_ok();
                assert!(fits, "no more was asked for than the burst had room");
            });
            if arrived < room || burst.is_full() {
                break;
            }
        }
        (counters.ingress_frames - before) as usize
    }

    /// [`Port::egress_frame`] from a burst of whatever `unwrap` takes our packets out of. What the device has no room for
    /// waits in the queue, at most a burst of it.
    #[inline]
    pub(crate) fn egress_from<W>(&mut self, burst: &mut Burst<W>, unwrap: impl Fn(W) -> DpdkPacket) -> usize {
        let mut count = 0;
        loop {
            while self.queue.room() > 0
                && let Some(packet) = burst.pop()
            {
                let DpdkPacket(mbuf) = unwrap(packet);
                self.counters.egress_frames += 1;
                self.counters.egress_bytes += mbuf.data().len() as u64;
                let queued = self.queue.queue(mbuf).is_ok();
                assert!(queued, "the queue had room");
                count += 1;
            }
            if self.queue.send() == 0 || burst.is_empty() {
                break;
            }
        }
        count
    }
}

impl Port for DpdkPort {
    type Packet = DpdkPacket;

    #[inline]
    fn ingress_frame(&mut self, _: Instant, burst: &mut Burst<DpdkPacket>) -> usize {
        self.ingress_into(burst, |packet| packet)
    }

    #[inline]
    fn egress_frame(&mut self, _: Instant, burst: &mut Burst<DpdkPacket>) -> usize {
        self.egress_from(burst, |packet| packet)
    }

    #[inline]
    fn allocate(&mut self, length: usize) -> Option<DpdkPacket> {
        if length > ETHERNET_FRAME_LIMIT {
            return None;
        }
        let mbuf = self.queue.allocate(length);
        self.counters.allocation_failures += u64::from(mbuf.is_none());
        mbuf.map(DpdkPacket)
    }

    #[inline]
    fn release(&mut self, packet: DpdkPacket) {
        self.queue.release(packet.0);
    }

    fn mac(&self) -> Mac {
        self.mac
    }

    fn checksums(&self) -> Checksums {
        self.checksums
    }

    fn counters(&self) -> PortCounters {
        let missed = self.queue.device_stats().map_or(0, |stats| stats.missed);
        PortCounters { ingress_overflows: missed, ..self.counters }
    }
}

impl AsRef<[u8]> for DpdkPacket {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.0.data()
    }
}

impl AsMut<[u8]> for DpdkPacket {
    #[inline]
    fn as_mut(&mut self) -> &mut [u8] {
        self.0.data_mut()
    }
}

impl PacketBuffer for DpdkPacket {
    #[inline]
    fn truncate(&mut self, length: usize) {
        assert!(length <= self.0.data().len(), "a frame cannot be truncated to more than it has");
        self.0.set_length(length);
    }
}
