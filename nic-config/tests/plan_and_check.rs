//! What is wanted of a machine, what is refused, and what each difference is called.

mod common;

use common::{DISK, Machine, NIC, SECOND_PORT, put, server, servers};
use hw_profiles::Profile;
use nic_config::{
    CPU_DMA_LATENCY, CoreSet, Item, Mend, Request, Step, Tree, Verdict, command_line, hold_cpu_dma_latency,
    machine_items, setting_items, steps, survey,
};
use std::fs;
use std::os::unix::fs::symlink;

fn find<'a>(items: &'a [Item], name: &str) -> &'a Item {
    items.iter().find(|item| item.name == name).unwrap_or_else(|| panic!("no item {name}"))
}

fn refusal(machine: &Machine, devices: &[&str], without_iommu: bool) -> String {
    let devices: Vec<String> = devices.iter().map(|device| (*device).to_owned()).collect();
    steps(&machine.items_with(&devices, without_iommu)).expect_err("must be refused")
}

#[test]
fn every_server_is_recognised_and_fits_its_profile_whole() {
    for server in servers() {
        let machine = server.make();
        let found = survey(machine.root());
        assert_eq!(found.detected.profile, server.profile);
        for item in machine_items(&machine.tree(), &found, &machine.profile) {
            // The binary that tests run in was built for one of the two architectures only.
            let is_other =
                item.name == "binary" && cfg!(target_arch = "x86_64") != (machine.profile.clock.source == "tsc");
            assert!(item.verdict == Verdict::Ok || is_other, "{}: {item:?}", server.profile);
            assert_eq!(is_other, item.verdict == Verdict::Wrong, "{}: {item:?}", server.profile);
        }
    }
}

#[test]
fn another_servers_profile_is_wrong_by_its_name() {
    let machine = server("kunpeng-920").make();
    let found = survey(machine.root());
    let profile = Profile::load("phytium-s2500").expect("built in");
    let items = machine_items(&machine.tree(), &found, &profile);
    let item = find(&items, "processor");
    assert_eq!((item.verdict, item.wanted.as_str()), (Verdict::Wrong, "phytium-s2500"));
    assert!(item.found.contains("0x48") && item.found.contains("0xd01"), "{item:?}");
    assert!(matches!(&item.mend, Mend::Hand { text } if text.en.contains("--profile kunpeng-920")), "{item:?}");
}

#[test]
fn cores_on_two_nodes_and_memory_that_is_too_small_are_wrong() {
    let machine = server("ice-lake-sp").make();
    let root = machine.root();
    let verdict = |name: &str| {
        let items = machine_items(&machine.tree(), &survey(root), &machine.profile);
        find(&items, name).verdict
    };
    assert_eq!((verdict("one_node"), verdict("node_memory")), (Verdict::Ok, Verdict::Ok));
    // Some boards number cores alternately over sockets.
    fs::remove_file(root.join("sys/devices/system/cpu/cpu3/node0")).expect("made tree");
    symlink("../../node", root.join("sys/devices/system/cpu/cpu3/node1")).expect("made tree");
    assert_eq!(verdict("one_node"), Verdict::Wrong);
    put(root, "sys/devices/system/node/node0/meminfo", "Node 0 MemTotal:  8388608 kB");
    assert_eq!(verdict("node_memory"), Verdict::Wrong);
    put(root, "sys/devices/system/cpu/cpu1/cache/index3/shared_cpu_list", "0-3");
    assert_eq!(verdict("shared_cache"), Verdict::Warn);
    put(root, "sys/devices/system/cpu/cpu0/cache/index0/coherency_line_size", "256");
    assert_eq!(verdict("cache_line"), Verdict::Wrong);
    put(root, "etc/os-release", "ID=arch\nPRETTY_NAME=Arch");
    assert_eq!(verdict("os"), Verdict::Warn);
    put(
        root,
        "proc/cpuinfo",
        "vendor_id : GenuineIntel\ncpu family : 6\nmodel : 106\nmodel name : x\nflags : tsc hypervisor",
    );
    assert_eq!(verdict("hypervisor"), Verdict::Warn);
}

#[test]
fn a_machine_without_the_cores_or_with_none_left_for_the_kernel_is_not_touched() {
    let machine = server("ice-lake-sp").make();
    for online in ["0-7,9-63", "1-8,33-40", "1-8", ""] {
        put(machine.root(), "sys/devices/system/cpu/online", online);
        assert_eq!(find(&machine.items(), "cores").verdict, Verdict::Wrong, "{online}");
        assert!(refusal(&machine, &[], false).contains("cores 1-8"), "{online}");
    }
    put(machine.root(), "sys/devices/system/cpu/online", "0-8");
    assert_eq!(find(&machine.items(), "cores").verdict, Verdict::Ok);
}

#[test]
fn a_plan_names_every_item_of_the_list() {
    let machine = server("hygon-7285").make();
    let items = machine.items();
    for name in [
        "cores",
        "device",
        "device_node",
        "huge_pages",
        "transparent_huge_pages",
        "numa_balancing",
        "interrupt",
        "interrupt_default",
        "irqbalance",
        "workqueues",
        "governor",
        "nmi_watchdog",
        "watchdog_cores",
        "clock_source",
        "isolated",
        "tickless",
        "rcu_callbacks",
        "cpu_dma_latency",
        "sibling",
    ] {
        let item = find(&items, name);
        let is_told = item.verdict == Verdict::Ok || item.mend != Mend::Nothing;
        assert!(is_told && !item.why.en.is_empty() && !item.why.zh.is_empty() && !item.title.zh.is_empty(), "{item:?}");
    }
    let line = command_line(&items).expect("nothing was isolated");
    assert_eq!(line, "isolcpus=managed_irq,domain,4-7 nohz_full=4-7 rcu_nocbs=4-7");
    let siblings: Vec<&str> =
        items.iter().filter(|item| item.name == "sibling").map(|item| item.subject.as_str()).collect();
    assert_eq!(siblings, ["core 68", "core 69", "core 70", "core 71"]);
    // Interrupts leave the siblings, too.
    let interrupt = items.iter().find(|item| item.name == "interrupt" && item.subject == "1").expect("an item");
    assert_eq!(interrupt.wanted, "0-3,8-67,72-127");
    assert!(!items.iter().any(|item| item.name == "interrupt" && item.subject == "24"), "it is elsewhere already");
}

#[test]
fn what_a_new_start_has_set_is_seen() {
    let machine = server("kunpeng-920").make();
    put(machine.root(), "sys/devices/system/cpu/isolated", "4-7");
    put(machine.root(), "sys/devices/system/cpu/nohz_full", "(null)");
    put(machine.root(), "proc/cmdline", "quiet isolcpus=managed_irq,domain,4-7 rcu_nocbs=4-7");
    let items = machine.items();
    assert_eq!(find(&items, "isolated").verdict, Verdict::Ok);
    assert_eq!(find(&items, "rcu_callbacks").verdict, Verdict::Ok);
    assert_eq!(find(&items, "tickless").verdict, Verdict::Warn);
    assert_eq!(command_line(&items).as_deref(), Some("nohz_full=4-7"));
}

#[test]
fn a_device_in_use_is_refused_with_what_it_is_used_for() {
    let machine = server("ice-lake-sp").make();
    let root = machine.root();
    for (path, text, words) in [
        ("sys/class/net/ens1f0/flags", "0x1003", "ens1f0 is up"),
        ("proc/net/route", "Iface Destination\nens1f0\t00000000\t0100A8C0", "ens1f0 has the default route"),
        ("proc/net/route", "Iface Destination\nens1f0\t0000A8C0\t00000000", "ens1f0 has a route"),
        ("proc/net/if_inet6", "fd000000000000000000000000000001 02 40 00 80 ens1f0", "ens1f0 has an IPv6 address"),
        ("sys/class/net/ens1f0/upper_vlan7", "", "vlan7 stands on ens1f0"),
    ] {
        let old = fs::read(root.join(path)).ok();
        put(root, path, text);
        let fault = refusal(&machine, &[NIC], false);
        assert!(fault.contains(words) && fault.contains(NIC) && fault.contains("in use"), "{fault}");
        match old {
            Some(old) => fs::write(root.join(path), old).expect("made tree"),
            None => fs::remove_file(root.join(path)).expect("made tree"),
        }
    }
    symlink("../bond0", root.join("sys/class/net/ens1f0/master")).expect("made tree");
    assert!(refusal(&machine, &[NIC], false).contains("ens1f0 belongs to bond0"));
    fs::remove_file(root.join("sys/class/net/ens1f0/master")).expect("made tree");
    assert!(steps(&machine.items()).is_ok(), "without any of it, it is given");
    // The second port is the machine's own way in.
    assert!(refusal(&machine, &[SECOND_PORT], false).contains("the default route"));
}

#[test]
fn what_is_no_nic_not_there_or_no_address_is_refused() {
    let machine = server("ice-lake-sp").make();
    assert!(refusal(&machine, &[DISK], false).contains("not a NIC"));
    assert!(refusal(&machine, &["0000:99:00.0"], false).contains("not there"));
    assert!(refusal(&machine, &["eth0"], false).contains("0000:17:00.0"));
    assert!(refusal(&machine, &["../../../../../etc"], false).contains("no PCI address"));
    assert!(refusal(&machine, &[NIC, DISK], false).contains(DISK), "one bad one refuses all");
}

#[test]
fn an_iommu_group_is_given_whole_or_not_at_all() {
    let machine = server("ice-lake-sp").make();
    let root = machine.root();
    // The second port shares the first one's group.
    put(root, &format!("sys/kernel/iommu_groups/31/devices/{SECOND_PORT}"), "");
    let fault = refusal(&machine, &[NIC], false);
    assert!(fault.contains("IOMMU group 31 also holds 0000:17:00.1 (ice)"), "{fault}");
    // Taken down and named too, both go.
    put(root, "sys/class/net/ens1f1/flags", "0x1002");
    put(root, "proc/net/route", "Iface Destination");
    let both = [NIC.to_owned(), SECOND_PORT.to_owned()];
    let binds = |steps: Vec<Step>| steps.iter().filter(|step| matches!(step, Step::Bind { .. })).count();
    assert_eq!(binds(steps(&machine.items_with(&both, false)).expect("both")), 2);
    // A bridge in the group stays where it is.
    put(root, "sys/bus/pci/devices/0000:16:00.0/class", "0x060400");
    put(root, "sys/kernel/iommu_groups/31/devices/0000:16:00.0", "");
    assert_eq!(binds(steps(&machine.items_with(&both, false)).expect("both")), 2);
}

#[test]
fn without_an_iommu_a_device_is_given_only_on_request() {
    let machine = server("phytium-ft2000plus").make();
    fs::remove_file(machine.root().join(format!("sys/bus/pci/devices/{NIC}/iommu_group"))).expect("made tree");
    put(machine.root(), "sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N");
    let fault = refusal(&machine, &[NIC], false);
    assert!(fault.contains("no IOMMU") && fault.contains("--without-iommu"), "{fault}");
    let before = machine.picture();
    let plan = steps(&machine.items_with(&[NIC.to_owned()], true)).expect("on request");
    assert!(matches!(&plan[0], Step::Write { path, .. } if path.ends_with("enable_unsafe_noiommu_mode")), "first");
    for report in nic_config::apply(&mut machine.tree(), &plan, &machine.state()).expect("applied") {
        assert!(report.outcome.is_good(), "{report:?}");
    }
    assert!(nic_config::revert(&mut machine.tree(), &machine.state()).expect("reverted").is_whole);
    assert_eq!(machine.picture(), before);
}

#[test]
fn a_bifurcated_nic_keeps_its_driver_even_while_it_is_used() {
    let machine = server("hygon-7390").make();
    put(machine.root(), "sys/class/net/ens1f0/flags", "0x1003");
    let items = machine.items();
    let device = find(&items, "device");
    assert_eq!((device.verdict, device.found.as_str()), (Verdict::Ok, "mlx5_core"));
    assert!(!machine.steps().iter().any(|step| matches!(step, Step::Bind { .. })));
}

#[test]
fn vfio_pci_must_be_loaded() {
    let machine = server("kunpeng-920").make();
    fs::remove_dir_all(machine.root().join("sys/bus/pci/drivers/vfio-pci")).expect("made tree");
    assert!(refusal(&machine, &[NIC], false).contains("modprobe vfio-pci"));
}

#[test]
fn a_nic_on_another_node_is_wrong_and_one_that_does_not_say_is_a_warning() {
    let machine = server("kunpeng-920").make();
    let path = format!("sys/bus/pci/devices/{NIC}/numa_node");
    for (node, verdict, found) in
        [("0", Verdict::Ok, "node 0"), ("2", Verdict::Wrong, "node 2"), ("-1", Verdict::Warn, "unknown")]
    {
        put(machine.root(), &path, node);
        let items = machine.items();
        let item = find(&items, "device_node");
        assert_eq!((item.verdict, item.found.as_str()), (verdict, found));
    }
}

#[test]
fn huge_pages_are_of_the_best_size_that_the_kernel_has() {
    for (profile, wanted) in [
        ("kunpeng-920", "4 of 524288 KiB"),
        ("phytium-ft2000plus", "1 of 1048576 KiB"),
        ("ice-lake-sp", "2 of 1048576 KiB"),
    ] {
        let machine = server(profile).make();
        let items = machine.items();
        assert_eq!(find(&items, "huge_pages").wanted, wanted, "{profile}");
    }
    let machine = server("ice-lake-sp").make();
    fs::remove_dir_all(machine.root().join("sys/devices/system/node/node0/hugepages/hugepages-1048576kB"))
        .expect("made tree");
    assert_eq!(find(&machine.items(), "huge_pages").wanted, "1024 of 2048 KiB");
    // More than asked for stays.
    put(machine.root(), "sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages", "9999");
    assert_eq!(find(&machine.items(), "huge_pages").verdict, Verdict::Ok);
    fs::remove_dir_all(machine.root().join("sys/devices/system/node/node0/hugepages")).expect("made tree");
    assert!(matches!(find(&machine.items(), "huge_pages").mend, Mend::Hand { .. }));
}

#[test]
fn a_clock_that_was_given_up_is_wrong_and_one_that_was_left_is_set() {
    let machine = server("ice-lake-sp").make();
    let folder = "sys/devices/system/clocksource/clocksource0";
    put(machine.root(), &format!("{folder}/current_clocksource"), "hpet");
    assert!(matches!(find(&machine.items(), "clock_source").mend, Mend::Apply { .. }));
    put(machine.root(), &format!("{folder}/available_clocksource"), "hpet acpi_pm");
    let items = machine.items();
    let clock = find(&items, "clock_source");
    assert_eq!(clock.verdict, Verdict::Wrong);
    assert!(matches!(&clock.mend, Mend::Hand { text } if text.en.contains("hpet acpi_pm")), "{clock:?}");
}

#[test]
fn irqbalance_is_seen_by_its_name() {
    let machine = server("ice-lake-sp").make();
    assert_eq!(find(&machine.items(), "irqbalance").verdict, Verdict::Ok);
    put(machine.root(), "proc/977/comm", "irqbalance");
    let items = machine.items();
    let item = find(&items, "irqbalance");
    assert_eq!(item.verdict, Verdict::Warn);
    assert!(
        matches!(&item.mend, Mend::Hand { text } if text.en.contains("IRQBALANCE_BANNED_CPULIST=1-8,33-40")),
        "{item:?}"
    );
}

#[test]
fn the_wish_for_quick_wake_up_is_four_zero_bytes_and_is_seen() {
    let machine = server("ice-lake-sp").make();
    assert!(hold_cpu_dma_latency(machine.root()).is_err(), "a machine without the file");
    let path = machine.root().join(CPU_DMA_LATENCY);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made tree");
    fs::write(&path, 2_000_000_000_i32.to_ne_bytes()).expect("made tree");
    assert_eq!(find(&machine.items(), "cpu_dma_latency").verdict, Verdict::Warn);
    let held = hold_cpu_dma_latency(machine.root()).expect("it is there");
    assert_eq!(fs::read(&path).expect("made tree"), [0; 4]);
    assert_eq!(find(&machine.items(), "cpu_dma_latency").verdict, Verdict::Ok);
    drop(held);
}

#[test]
fn dev_wants_nothing_set_on_any_machine() {
    let dev = Profile::load("dev").expect("built in");
    for server in servers() {
        let machine = server.make();
        let request = Request { profile: &dev, devices: &[], without_iommu: false };
        assert_eq!(request.data_cores(), CoreSet::default());
        assert_eq!(setting_items(&machine.tree(), &request), []);
    }
    let empty = tempfile::tempdir().expect("a folder");
    let request = Request { profile: &dev, devices: &[], without_iommu: false };
    assert_eq!(setting_items(&Tree::open(empty.path()), &request), []);
}

#[test]
fn an_empty_tree_is_wrong_but_answered_for_every_profile() {
    let empty = tempfile::tempdir().expect("a folder");
    for name in Profile::names().filter(|name| *name != "dev") {
        let profile = Profile::load(name).expect("built in");
        let devices = [NIC.to_owned()];
        let request = Request { profile: &profile, devices: &devices, without_iommu: false };
        let items = setting_items(&Tree::open(empty.path()), &request);
        assert_eq!(find(&items, "huge_pages").verdict, Verdict::Wrong, "{name}");
        assert!(find(&items, "device").found.contains("not there"), "{name}");
        assert!(steps(&items).expect_err("no cores").starts_with("cores "), "{name}");
        let found = survey(empty.path());
        let items = machine_items(&Tree::open(empty.path()), &found, &profile);
        assert_eq!(find(&items, "processor").verdict, Verdict::Wrong, "{name}");
    }
}
