//! Machines made of files: /sys, /proc and /dev as each server of the profiles shows them before anybody has prepared it, and a
//! kernel that fails on request.

#![allow(dead_code, reason = "each test file takes what it needs")]

use hw_profiles::Profile;
use nic_config::{CoreSet, Kernel, MadeKernel, Request, Step, Tree, setting_items, steps};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tempfile::TempDir;

/// A server, as its files tell.
pub struct Server {
    /// Its profile.
    pub profile: &'static str,
    cpuinfo: &'static str,
    nodes: u16,
    cores_per_node: u16,
    cluster: u16,
    smt: bool,
    page_kib: u32,
    huge_kib: &'static [u32],
    clock: &'static str,
    /// The NIC on node 0: kernel driver, vendor, device.
    nic: (&'static str, &'static str, &'static str),
    os: &'static str,
    has_nmi_watchdog: bool,
}

/// Address of every server's NIC, of its second port, and of a disk beside.
pub const NIC: &str = "0000:17:00.0";
pub const SECOND_PORT: &str = "0000:17:00.1";
pub const DISK: &str = "0000:01:00.0";

const ARM_KUNPENG: &str = "processor\t: 0\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid \
    asimdrdm jscvt fcma dcpop\nCPU implementer\t: 0x48\nCPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: 0xd01\nCPU revision\t: 0\n";
const ARM_S2500: &str = "processor\t: 0\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid\nCPU implementer\t: 0x70\n\
    CPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: 0x663\nCPU revision\t: 3\n";
const ARM_FT2000: &str = "processor\t: 0\nmodel name\t: Phytium,FT-2000+/64\nFeatures\t: fp asimd evtstrm crc32 cpuid\n\
    CPU implementer\t: 0x70\nCPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: 0x662\nCPU revision\t: 2\n";
const X86_7285: &str = "vendor_id\t: HygonGenuine\ncpu family\t: 24\nmodel\t\t: 1\nmodel name\t: Hygon C86 7285 32-core Processor\n\
    flags\t\t: fpu tsc constant_tsc nonstop_tsc avx2\n";
const X86_7390: &str = "vendor_id\t: HygonGenuine\ncpu family\t: 24\nmodel\t\t: 2\nmodel name\t: Hygon C86 7390 32-core Processor\n\
    flags\t\t: fpu tsc constant_tsc nonstop_tsc avx2\n";
const X86_KH40000: &str = "vendor_id\t:   Shanghai  \ncpu family\t: 7\nmodel\t\t: 91\nmodel name\t: ZHAOXIN KaiSheng KH-40000/32@2.2GHz\n\
    flags\t\t: fpu tsc constant_tsc nonstop_tsc\n";
const X86_ICX: &str = "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 106\nmodel name\t: Intel(R) Xeon(R) Gold 6346 CPU @ 3.10GHz\n\
    flags\t\t: fpu tsc constant_tsc nonstop_tsc avx512f\n";
const X86_SPR: &str = "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\nmodel name\t: Intel(R) Xeon(R) Gold 6444Y\n\
    flags\t\t: fpu tsc constant_tsc nonstop_tsc avx512f\n";

/// Kernels with 4 KiB pages have these huge ones, with 64 KiB pages those.
const WITH_4: &[u32] = &[2_048, 1_048_576];
const WITH_64: &[u32] = &[2_048, 524_288, 16_777_216];

const OPENEULER: &str =
    "NAME=\"openEuler\"\nID=\"openEuler\"\nVERSION_ID=\"22.03\"\nPRETTY_NAME=\"openEuler 22.03 (LTS-SP3)\"\n";
const KYLIN: &str =
    "NAME=\"Kylin Linux Advanced Server\"\nID=\"kylin\"\nVERSION_ID=\"V10\"\nPRETTY_NAME=\"Kylin V10 (Lance)\"\n";
const DEBIAN: &str = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n";

/// All servers of the profiles; most with fewer nodes than they have, since every byte is compared thousands of times.
pub fn servers() -> Vec<Server> {
    let arm = |profile, cpuinfo, nodes, cores_per_node, cluster, page_kib, nic, os| Server {
        profile,
        cpuinfo,
        nodes,
        cores_per_node,
        cluster,
        smt: false,
        page_kib,
        huge_kib: if page_kib == 64 { WITH_64 } else { WITH_4 },
        clock: "arch_sys_counter",
        nic,
        os,
        has_nmi_watchdog: false,
    };
    let x86 = |profile, cpuinfo, nodes, cores_per_node, cluster, smt, nic, os| Server {
        profile,
        cpuinfo,
        nodes,
        cores_per_node,
        cluster,
        smt,
        page_kib: 4,
        huge_kib: WITH_4,
        clock: "tsc",
        nic,
        os,
        has_nmi_watchdog: true,
    };
    vec![
        arm("kunpeng-920", ARM_KUNPENG, 2, 24, 4, 64, ("hns3", "0x19e5", "0xa222"), OPENEULER),
        arm("phytium-s2500", ARM_S2500, 2, 8, 8, 64, ("txgbe", "0x8088", "0x1001"), KYLIN),
        arm("phytium-ft2000plus", ARM_FT2000, 2, 8, 4, 4, ("ngbe", "0x8088", "0x0101"), KYLIN),
        x86("hygon-7285", X86_7285, 8, 8, 4, true, ("i40e", "0x8086", "0x1572"), KYLIN),
        x86("hygon-7390", X86_7390, 2, 8, 4, true, ("mlx5_core", "0x15b3", "0x1017"), OPENEULER),
        x86("zhaoxin-kh40000", X86_KH40000, 2, 16, 4, false, ("txgbe", "0x8088", "0x1001"), KYLIN),
        x86("ice-lake-sp", X86_ICX, 2, 16, 16, true, ("ice", "0x8086", "0x159b"), DEBIAN),
        x86("sapphire-rapids", X86_SPR, 2, 16, 16, true, ("sfc", "0x1924", "0x0b03"), DEBIAN),
    ]
}

/// One of them.
pub fn server(profile: &str) -> Server {
    servers().into_iter().find(|server| server.profile == profile).expect("there is one")
}

/// A made machine on disk, and a folder for its journal beside.
pub struct Machine {
    folder: TempDir,
    state: TempDir,
    /// Its profile.
    pub profile: Profile,
}

/// Writes a file of a made machine.
pub fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("made tree");
    fs::write(path, format!("{text}\n")).expect("made tree");
}

fn link(root: &Path, path: &str, target: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a link has a folder")).expect("made tree");
    symlink(target, path).expect("made tree");
}

/// A folder in memory, if the machine has one: a journal that waits for a disk at every step makes thousands of them slow.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder")
}

impl Server {
    /// Makes it.
    pub fn make(&self) -> Machine {
        let folder = folder();
        let root = folder.path();
        let cores = self.nodes * self.cores_per_node;
        let all = if self.smt { cores * 2 } else { cores };
        put(root, "proc/cpuinfo", self.cpuinfo);
        put(root, "etc/os-release", self.os);
        put(
            root,
            "proc/self/smaps",
            &format!("00400000-00410000 r-xp 00000000 00:00 0\nKernelPageSize:  {} kB", self.page_kib),
        );
        put(root, "proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda2 ro quiet");
        put(root, "proc/sys/kernel/random/boot_id", "0d5a6b6e-6f0c-4c43-9b38-3a1f5d1f0c11");
        put(root, "proc/sys/kernel/numa_balancing", "1");
        put(root, "proc/sys/kernel/watchdog_cpumask", &format!("0-{}", all - 1));
        if self.has_nmi_watchdog {
            put(root, "proc/sys/kernel/nmi_watchdog", "1");
        }
        put(root, "sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never");
        let mut clocks = vec![self.clock, "jiffies"];
        clocks.dedup();
        put(root, "sys/devices/system/clocksource/clocksource0/available_clocksource", &clocks.join(" "));
        put(root, "sys/devices/system/clocksource/clocksource0/current_clocksource", self.clock);
        self.cores(root, cores, all);
        self.nodes(root);
        self.interrupts(root, all);
        self.devices(root);
        let profile = Profile::load(self.profile).expect("built in");
        Machine { folder, state: self::folder(), profile }
    }

    fn cores(&self, root: &Path, cores: u16, all: u16) {
        let cpu = "sys/devices/system/cpu";
        put(root, &format!("{cpu}/online"), &format!("0-{}", all - 1));
        put(root, &format!("{cpu}/isolated"), "");
        for core in 0..all {
            let place = core % cores;
            let cpu = format!("{cpu}/cpu{core}");
            if core > 0 {
                put(root, &format!("{cpu}/online"), "1");
            }
            link(root, &format!("{cpu}/node{}", place / self.cores_per_node), "../../node");
            let list = |first: u16, count: u16| {
                let places = first..first + count;
                let twins = places.clone().map(|place| place + cores);
                places.chain(twins.filter(|_| self.smt)).collect::<CoreSet>().to_string()
            };
            put(root, &format!("{cpu}/topology/thread_siblings_list"), &list(place, 1));
            put(root, &format!("{cpu}/cache/index0/coherency_line_size"), "64");
            put(
                root,
                &format!("{cpu}/cache/index3/shared_cpu_list"),
                &list(place / self.cluster * self.cluster, self.cluster),
            );
            put(root, &format!("{cpu}/cpufreq/scaling_governor"), if core % 2 == 0 { "ondemand" } else { "powersave" });
        }
    }

    fn nodes(&self, root: &Path) {
        let cores = self.nodes * self.cores_per_node;
        for node in 0..self.nodes {
            let folder = format!("sys/devices/system/node/node{node}");
            let first = node * self.cores_per_node;
            let places = first..first + self.cores_per_node;
            let twins = places.clone().map(|place| place + cores);
            let list: CoreSet = places.chain(twins.filter(|_| self.smt)).collect();
            put(root, &format!("{folder}/cpulist"), &list.to_string());
            put(
                root,
                &format!("{folder}/meminfo"),
                &format!("Node {node} MemTotal:       134217728 kB\nNode {node} MemFree: 1 kB"),
            );
            for kib in self.huge_kib {
                put(root, &format!("{folder}/hugepages/hugepages-{kib}kB/nr_hugepages"), "0");
                put(root, &format!("{folder}/hugepages/hugepages-{kib}kB/free_hugepages"), "0");
            }
        }
    }

    fn interrupts(&self, root: &Path, all: u16) {
        let everything: CoreSet = (0..all).collect();
        let groups = usize::from(all).div_ceil(32);
        let mask = everything.to_mask(&vec!["00000000"; groups].join(","));
        put(root, "proc/irq/default_smp_affinity", &mask);
        put(root, "sys/devices/virtual/workqueue/cpumask", &mask);
        for (number, list) in
            [(1, everything.to_string()), (24, "0".to_owned()), (40, "4-5".to_owned()), (41, "6".to_owned())]
        {
            put(root, &format!("proc/irq/{number}/smp_affinity_list"), &list);
            put(root, &format!("proc/irq/{number}/effective_affinity_list"), list.split('-').next().expect("a first"));
        }
        // The NIC's own: they go with it.
        put(root, "proc/irq/90/smp_affinity_list", "5");
        put(root, "proc/812/comm", "sshd");
    }

    fn devices(&self, root: &Path) {
        let (driver, vendor, id) = self.nic;
        let devices = [
            (NIC, driver, vendor, id, "0x020000", "31"),
            (SECOND_PORT, driver, vendor, id, "0x020000", "32"),
            (DISK, "nvme", "0x144d", "0xa824", "0x010802", "7"),
        ];
        for (address, driver, vendor, id, class, group) in devices {
            let folder = format!("sys/bus/pci/devices/{address}");
            put(root, &format!("{folder}/vendor"), vendor);
            put(root, &format!("{folder}/device"), id);
            put(root, &format!("{folder}/class"), class);
            put(root, &format!("{folder}/numa_node"), "0");
            put(root, &format!("{folder}/driver_override"), "(null)");
            put(root, &format!("{folder}/irq"), "0");
            link(root, &format!("{folder}/driver"), &format!("../../../../bus/pci/drivers/{driver}"));
            link(root, &format!("{folder}/iommu_group"), &format!("../../../../kernel/iommu_groups/{group}"));
            put(root, &format!("sys/kernel/iommu_groups/{group}/devices/{address}"), "");
            for file in ["bind", "unbind"] {
                put(root, &format!("sys/bus/pci/drivers/{driver}/{file}"), "");
                put(root, &format!("sys/bus/pci/drivers/vfio-pci/{file}"), "");
            }
        }
        put(root, "sys/bus/pci/drivers_probe", "");
        put(root, &format!("sys/bus/pci/devices/{NIC}/msi_irqs/90"), "msix");
        for (name, address, flags, state) in
            [("ens1f0", NIC, "0x1002", "down"), ("ens1f1", SECOND_PORT, "0x1003", "up")]
        {
            put(root, &format!("sys/class/net/{name}/flags"), flags);
            put(root, &format!("sys/class/net/{name}/operstate"), state);
            link(root, &format!("sys/class/net/{name}/device"), &format!("../../../bus/pci/devices/{address}"));
            put(root, &format!("sys/bus/pci/devices/{address}/net/{name}/ifindex"), "2");
        }
        put(
            root,
            "proc/net/route",
            "Iface\tDestination\tGateway\tFlags\nens1f1\t00000000\t0100A8C0\t0003\nens1f1\t0000A8C0\t00000000\t0001",
        );
        put(root, "proc/net/if_inet6", "fe800000000000000000000000000001 02 40 20 80 ens1f1");
    }
}

impl Machine {
    /// Where it is.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Where its journal goes.
    pub fn state(&self) -> PathBuf {
        self.state.path().join("backstop")
    }

    /// The machine with a kernel that makes no mistake.
    pub fn tree(&self) -> Tree {
        Tree::open(self.root())
    }

    /// The machine with a kernel that fails; and how many writes it has seen.
    pub fn failing(&self, fault: Fault) -> (Tree, Rc<Cell<usize>>) {
        let writes = Rc::new(Cell::new(0));
        (Tree::with_kernel(self.root(), Box::new(Failing { fault, writes: Rc::clone(&writes) })), writes)
    }

    /// What its profile wants of it, with the NIC given away.
    pub fn items(&self) -> Vec<nic_config::Item> {
        self.items_with(&[NIC.to_owned()], false)
    }

    /// What its profile wants of it, with these devices given away.
    pub fn items_with(&self, devices: &[String], without_iommu: bool) -> Vec<nic_config::Item> {
        setting_items(&self.tree(), &Request { profile: &self.profile, devices, without_iommu })
    }

    /// What would be done.
    pub fn steps(&self) -> Vec<Step> {
        steps(&self.items()).unwrap_or_else(|fault| panic!("{fault}"))
    }

    /// Every file's bytes and every link's target.
    pub fn picture(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut picture = BTreeMap::new();
        let mut folders = vec![self.root().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("made tree") {
                let path = entry.expect("made tree").path();
                let kind = fs::symlink_metadata(&path).expect("made tree");
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_symlink() {
                    let target = fs::read_link(&path).expect("made tree");
                    picture.insert(path, [b"link ", target.as_os_str().as_encoded_bytes()].concat());
                } else {
                    let bytes = fs::read(&path).expect("made tree");
                    picture.insert(path, bytes);
                }
            }
        }
        picture
    }
}

/// Which write goes wrong, and how.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The number of the write, from 0; or every write to a path that ends so.
    pub at: At,
    /// How.
    pub how: How,
}

/// Which write.
#[derive(Clone, Debug)]
pub enum At {
    /// The number of the write, from 0.
    Write(usize),
    /// Every write to a path that ends so.
    Path(String),
    /// None.
    Never,
}

/// How a write goes wrong.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// The kernel says an error number.
    Refuse(i32),
    /// The kernel takes less of a number than was asked for.
    Fewer(u64),
    /// The kernel says yes and does nothing.
    Ignore,
    /// The tool dies before the kernel sees the write.
    DieBefore,
    /// The tool dies when the kernel has done it.
    DieAfter,
}

struct Failing {
    fault: Fault,
    writes: Rc<Cell<usize>>,
}

impl Kernel for Failing {
    fn write(&mut self, root: &Path, path: &str, text: &str) -> io::Result<()> {
        let number = self.writes.get();
        self.writes.set(number + 1);
        let hits = match &self.fault.at {
            At::Write(at) => *at == number,
            At::Path(ending) => path.ends_with(ending.as_str()),
            At::Never => false,
        };
        if !hits {
            return MadeKernel.write(root, path, text);
        }
        match self.fault.how {
            How::Refuse(error) => Err(io::Error::from_raw_os_error(error)),
            How::Fewer(most) => {
                let asked: u64 = text.trim().parse().expect("a number is written there");
                MadeKernel.write(root, path, &asked.min(most).to_string())
            }
            How::Ignore => Ok(()),
            // Unwinds without a word, like a process that is killed.
            How::DieBefore => std::panic::resume_unwind(Box::new("killed")),
            How::DieAfter => {
                MadeKernel.write(root, path, text).expect("the write itself is right");
                std::panic::resume_unwind(Box::new("killed"))
            }
        }
    }
}
