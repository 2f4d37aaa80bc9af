//! What the machine is. Nothing here writes, and a file that is not there is an answer (`None`), not an error.

use crate::tree::Tree;
use hw_profiles::{Cpu, Detected};
use serde::Serialize;
use std::path::Path;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// What the processor says of itself. /proc/cpuinfo
    pub cpu: Cpu,
    /// Which built-in profile it asks for, and why.
    pub detected: Detected,
    /// The operating system. /etc/os-release
    pub os: Option<OperatingSystem>,
    /// Size of a memory page, KiB. /proc/self/smaps
    pub page_kib: Option<u32>,
    /// Line of the first-level cache, bytes. /sys/devices/system/cpu/cpu0/cache/index0/coherency_line_size
    pub cache_line_bytes: Option<u16>,
    /// Processors the kernel runs on, e.g. `0-63`. /sys/devices/system/cpu/online
    pub processors: Option<String>,
    /// Processors kept free of other work. /sys/devices/system/cpu/isolated
    pub isolated: Option<String>,
    /// What the kernel takes the time from. /sys/devices/system/clocksource/clocksource0/current_clocksource
    pub clock_source: Option<String>,
    /// NUMA nodes.
    pub nodes: Vec<Node>,
    /// Huge pages, by node and page size.
    pub huge_pages: Vec<HugePages>,
    /// Network interfaces that stand on a device.
    pub interfaces: Vec<Interface>,
}

/// An operating system, as it names itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OperatingSystem {
    /// `ID`.
    pub id: String,
    /// `VERSION_ID`.
    pub version: String,
    /// `PRETTY_NAME`.
    pub name: String,
}

/// A NUMA node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Node {
    /// Its number.
    pub node: u32,
    /// Its processors, e.g. `0-7`.
    pub processors: String,
    /// Its memory, bytes.
    pub memory_bytes: u64,
}

/// Huge pages of one size on one node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct HugePages {
    /// NUMA node.
    pub node: u32,
    /// Size of one, KiB. Read, never assumed: kernels with 64 KiB pages have others.
    pub size_kib: u64,
    /// How many there are.
    pub total: u64,
    /// How many are free.
    pub free: u64,
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// The PCI address of its device.
    pub device: Option<String>,
    /// The kernel driver that holds it.
    pub driver: Option<String>,
    /// Its NUMA node; None = the machine does not say (-1).
    pub node: Option<u32>,
    /// Whether it is up: an interface in use is not taken away.
    pub up: bool,
}

/// Reads the machine below `root` (`/` on a real one).
#[must_use]
pub fn survey(root: &Path) -> Survey {
    let tree = Tree::open(root);
    let line = |path: &str| tree.read(path).filter(|text| !text.is_empty());
    let cpu = Cpu::parse(&tree.read("proc/cpuinfo").unwrap_or_default());
    Survey {
        detected: hw_profiles::detect(&cpu),
        cpu,
        os: operating_system(&tree),
        page_kib: page_kib(&tree),
        cache_line_bytes: tree.number("sys/devices/system/cpu/cpu0/cache/index0/coherency_line_size"),
        processors: line("sys/devices/system/cpu/online"),
        isolated: line("sys/devices/system/cpu/isolated"),
        clock_source: line("sys/devices/system/clocksource/clocksource0/current_clocksource"),
        nodes: nodes(&tree),
        huge_pages: huge_pages(&tree),
        interfaces: interfaces(&tree),
    }
}

fn operating_system(tree: &Tree) -> Option<OperatingSystem> {
    let text = tree.read("etc/os-release")?;
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    Some(OperatingSystem { id: value("ID"), version: value("VERSION_ID"), name: value("PRETTY_NAME") })
}

/// The kernel says the page size beside every mapping of a process.
fn page_kib(tree: &Tree) -> Option<u32> {
    kib(&tree.read("proc/self/smaps")?, "KernelPageSize:").and_then(|kib| u32::try_from(kib).ok())
}

/// The number of a line like `MemTotal:  65536 kB`; in a node's meminfo `Node 0` stands before it.
fn kib(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip_while(|word| *word != key).skip(1);
        words.next()?.parse().ok()
    })
}

fn nodes(tree: &Tree) -> Vec<Node> {
    let folder = "sys/devices/system/node";
    let mut found = Vec::new();
    for name in tree.list(folder) {
        let Some(node) = name.strip_prefix("node").and_then(|rest| rest.parse().ok()) else { continue };
        let memory = tree.read(&format!("{folder}/{name}/meminfo")).and_then(|text| kib(&text, "MemTotal:"));
        let processors = tree.read(&format!("{folder}/{name}/cpulist")).unwrap_or_default();
        found.push(Node { node, processors, memory_bytes: memory.unwrap_or(0) << 10 });
    }
    if found.is_empty()
        && let Some(memory) = tree.read("proc/meminfo").and_then(|text| kib(&text, "MemTotal:"))
    {
        let processors = tree.read("sys/devices/system/cpu/online").unwrap_or_default();
        found.push(Node { node: 0, processors, memory_bytes: memory << 10 });
    }
    found.sort();
    found
}

fn huge_pages(tree: &Tree) -> Vec<HugePages> {
    let nodes = "sys/devices/system/node";
    let mut found = Vec::new();
    for name in tree.list(nodes) {
        let Some(node) = name.strip_prefix("node").and_then(|rest| rest.parse().ok()) else { continue };
        for size in tree.list(&format!("{nodes}/{name}/hugepages")) {
            let folder = format!("{nodes}/{name}/hugepages/{size}");
            let size = size.strip_prefix("hugepages-").and_then(|rest| rest.strip_suffix("kB"));
            let Some(size_kib) = size.and_then(|digits| digits.parse().ok()) else { continue };
            let total = tree.number(&format!("{folder}/nr_hugepages")).unwrap_or(0);
            let free = tree.number(&format!("{folder}/free_hugepages")).unwrap_or(0);
            found.push(HugePages { node, size_kib, total, free });
        }
    }
    found.sort();
    found
}

fn interfaces(tree: &Tree) -> Vec<Interface> {
    let class = "sys/class/net";
    let mut found = Vec::new();
    for name in tree.list(class) {
        let device = format!("{class}/{name}/device");
        if !tree.exists(&device) {
            continue; // a loopback, a bridge: nothing to bind
        }
        found.push(Interface {
            device: tree.link_name(&device).filter(|address| address.contains(':')),
            driver: tree.link_name(&format!("{device}/driver")),
            node: tree.number::<i64>(&format!("{device}/numa_node")).and_then(|node| u32::try_from(node).ok()),
            up: tree.read(&format!("{class}/{name}/operstate")).as_deref() == Some("up"),
            name,
        });
    }
    found.sort();
    found
}
