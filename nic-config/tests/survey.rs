//! The survey on made trees of /sys.

use nic_config::{HugePages, Interface, survey};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("made tree");
    fs::write(path, text).expect("made tree");
}

#[test]
fn a_kunpeng_with_64_kib_pages_is_read_as_it_is() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    put(root, "sys/devices/system/cpu/online", "0-95\n");
    put(root, "sys/devices/system/cpu/isolated", "1-23\n");
    put(root, "sys/devices/system/clocksource/clocksource0/current_clocksource", "arch_sys_counter\n");
    put(root, "sys/devices/system/node/node1/hugepages/hugepages-524288kB/nr_hugepages", "8\n");
    put(root, "sys/devices/system/node/node1/hugepages/hugepages-524288kB/free_hugepages", "6\n");
    put(root, "sys/class/net/enp125s0f0/operstate", "up\n");
    put(root, "sys/class/net/enp125s0f0/device/numa_node", "1\n");
    put(root, "sys/class/net/enp125s0f1/operstate", "down\n");
    put(root, "sys/class/net/enp125s0f1/device/numa_node", "-1\n");
    put(root, "sys/class/net/lo/operstate", "unknown\n");
    symlink("../../../bus/pci/drivers/hns3", root.join("sys/class/net/enp125s0f0/device/driver")).expect("made tree");

    let found = survey(root);
    assert_eq!(found.processors.as_deref(), Some("0-95"));
    assert_eq!(found.isolated.as_deref(), Some("1-23"));
    assert_eq!(found.clock_source.as_deref(), Some("arch_sys_counter"));
    assert_eq!(found.huge_pages, [HugePages { node: 1, size_kib: 524_288, total: 8, free: 6 }]);
    let driver = Some("hns3".to_owned());
    let first = Interface { name: "enp125s0f0".to_owned(), device: None, driver, node: Some(1), up: true };
    let second = Interface { name: "enp125s0f1".to_owned(), device: None, driver: None, node: None, up: false };
    assert_eq!(found.interfaces, [first, second]);
}

#[test]
fn an_empty_tree_is_an_empty_answer() {
    let root = tempfile::tempdir().expect("a folder");
    let found = survey(root.path());
    assert!(found.processors.is_none() && found.huge_pages.is_empty() && found.interfaces.is_empty());
}
