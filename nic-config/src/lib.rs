//! What the machine is, read from /sys and /proc and from nowhere else, so that every answer can be tested on a made tree.
//!
//! So far it reads ([`survey`]); planning, applying and reverting come with the ports that need them.
//! Nothing here writes. A file that is not there is an answer (`None`), not an error: kernels differ.

#![forbid(unsafe_code)]

use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// Processors the kernel runs on, e.g. `0-63`. /sys/devices/system/cpu/online
    pub processors: Option<String>,
    /// Processors kept free of other work. /sys/devices/system/cpu/isolated
    pub isolated: Option<String>,
    /// What the kernel takes the time from. /sys/devices/system/clocksource/clocksource0/current_clocksource
    pub clock_source: Option<String>,
    /// Huge pages, by node and page size.
    pub huge_pages: Vec<HugePages>,
    /// Network interfaces that stand on a device.
    pub interfaces: Vec<Interface>,
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
    let system = root.join("sys/devices/system");
    Survey {
        processors: line(&system.join("cpu/online")),
        isolated: line(&system.join("cpu/isolated")),
        clock_source: line(&system.join("clocksource/clocksource0/current_clocksource")),
        huge_pages: huge_pages(&system.join("node")),
        interfaces: interfaces(&root.join("sys/class/net")),
    }
}

fn line(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn number<N: std::str::FromStr>(path: &Path) -> Option<N> {
    line(path)?.parse().ok()
}

fn entries(path: &Path) -> Vec<(String, PathBuf)> {
    let mut found: Vec<(String, PathBuf)> = fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .collect();
    found.sort();
    found
}

fn huge_pages(nodes: &Path) -> Vec<HugePages> {
    let mut found = Vec::new();
    for (name, path) in entries(nodes) {
        let Some(node) = name.strip_prefix("node").and_then(|rest| rest.parse().ok()) else { continue };
        for (size, path) in entries(&path.join("hugepages")) {
            let size = size.strip_prefix("hugepages-").and_then(|rest| rest.strip_suffix("kB"));
            let Some(size_kib) = size.and_then(|digits| digits.parse().ok()) else { continue };
            let total = number(&path.join("nr_hugepages")).unwrap_or(0);
            let free = number(&path.join("free_hugepages")).unwrap_or(0);
            found.push(HugePages { node, size_kib, total, free });
        }
    }
    found.sort();
    found
}

fn interfaces(class: &Path) -> Vec<Interface> {
    let mut found = Vec::new();
    for (name, path) in entries(class) {
        let device = path.join("device");
        if !device.exists() {
            continue; // a loopback, a bridge: nothing to bind
        }
        let driver = fs::read_link(device.join("driver")).ok();
        found.push(Interface {
            driver: driver.and_then(|link| Some(link.file_name()?.to_str()?.to_owned())),
            node: number::<i64>(&device.join("numa_node")).and_then(|node| u32::try_from(node).ok()),
            up: line(&path.join("operstate")).as_deref() == Some("up"),
            name,
        });
    }
    found
}
