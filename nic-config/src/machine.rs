//! What a machine is against what a profile was written for. None of it can be set; all of it can be told.

use crate::cores::CoreSet;
use crate::item::{Item, Mend, Verdict};
use crate::memory::node_of;
use crate::pci::PMDS;
use crate::survey::Survey;
use crate::tree::Tree;
use hw_profiles::{Architecture, Cpu, Profile};

/// Compares the machine with the profile.
#[must_use]
pub fn machine_items(tree: &Tree, survey: &Survey, profile: &Profile) -> Vec<Item> {
    let mut items = Vec::new();
    processor(survey, profile, &mut items);
    binary(survey, profile, &mut items);
    operating_system(survey, profile, &mut items);
    cores(tree, survey, profile, &mut items);
    memory(tree, survey, profile, &mut items);
    nics(survey, profile, &mut items);
    items
}

fn processor(survey: &Survey, profile: &Profile, items: &mut Vec<Item>) {
    let is_any = profile.recognise.architecture == Architecture::Any;
    let fits = profile.recognise.fits(&survey.cpu);
    let detected = &survey.detected.profile;
    let mend = Mend::hand(format!("此机用 --profile {detected}"), format!("this machine: --profile {detected}"));
    items.push(
        Item::new("processor", "处理器", "processor", &profile.name, survey.cpu.to_string())
            .because("核位置、编译选项、承诺都按型号给出", "cores, build and promise are the model's")
            .unless(fits, Verdict::Wrong, mend),
    );
    if let Cpu::X86 { hypervisor: true, .. } = survey.cpu
        && !is_any
    {
        let mend = Mend::hand("换物理机", "use the bare machine");
        items.push(
            Item::new("hypervisor", "虚拟机", "hypervisor", "none", "there is one")
                .because("虚拟核会被抢走", "virtual cores are taken away")
                .unless(false, Verdict::Warn, mend),
        );
    }
    if let Some(found) = survey.cache_line_bytes {
        let wanted = profile.topology.cache_line_bytes;
        let mend = Mend::hand("改配置档 topology.cache_line_bytes", "mend topology.cache_line_bytes of the profile");
        items.push(
            Item::new("cache_line", "缓存行", "cache line", format!("{wanted} B"), format!("{found} B"))
                .unless(found <= profile.topology.padding_bytes, Verdict::Wrong, mend.clone())
                .unless(found == wanted || found > profile.topology.padding_bytes, Verdict::Warn, mend),
        );
    }
}

/// This binary runs here: its instruction set, and its atomics.
fn binary(survey: &Survey, profile: &Profile, items: &mut Vec<Item>) {
    let built = if cfg!(target_feature = "lse") { "aarch64 with LSE" } else { std::env::consts::ARCH };
    let wanted = profile.build.rust_flags();
    let runs = match &survey.cpu {
        Cpu::X86 { .. } => cfg!(target_arch = "x86_64"),
        Cpu::Arm { lse, .. } => cfg!(target_arch = "aarch64") && (*lse || !cfg!(target_feature = "lse")),
        Cpu::Unknown => true,
    };
    let mend = Mend::hand(
        format!("重新编译：RUSTFLAGS=\"{wanted}\" --target {}", profile.build.target),
        format!("build again: RUSTFLAGS=\"{wanted}\" --target {}", profile.build.target),
    );
    items.push(
        Item::new("binary", "本程序", "this binary", wanted, built)
            .because("处理器没有的指令会使它停机", "an instruction that the processor lacks stops it")
            .unless(runs, Verdict::Wrong, mend),
    );
}

fn operating_system(survey: &Survey, profile: &Profile, items: &mut Vec<Item>) {
    let is_meant = |os: &&hw_profiles::OperatingSystem| {
        let found = survey.os.as_ref();
        os.id == "any" || found.is_some_and(|found| found.id == os.id && found.version.starts_with(&os.version))
    };
    let meant = profile.os.iter().find(is_meant);
    let names: Vec<&str> = profile.os.iter().map(|os| os.name.as_str()).collect();
    let found = survey.os.as_ref().map_or_else(|| "unknown".to_owned(), |os| os.name.clone());
    let mend = Mend::hand("未在此系统上设想过", "nobody has thought of this system");
    items.push(Item::new("os", "操作系统", "operating system", names.join(" / "), found).unless(
        meant.is_some(),
        Verdict::Warn,
        mend,
    ));
    if let Some(kib) = survey.page_kib {
        let wanted: Vec<u32> = meant.map_or_else(|| vec![4, 64], |os| os.page_kib.clone());
        let texts: Vec<String> = wanted.iter().map(|kib| format!("{kib} KiB")).collect();
        let mend =
            Mend::hand("换内核，或改配置档 os.page_kib", "use another kernel, or mend os.page_kib of the profile");
        items.push(Item::new("page_size", "内存页", "memory page", texts.join(" / "), format!("{kib} KiB")).unless(
            wanted.contains(&kib),
            Verdict::Warn,
            mend,
        ));
    }
}

/// How a profile whose cores do not suit the machine is mended.
pub(crate) fn own_profile() -> Mend {
    Mend::hand(
        "写自己的配置档：doctor --source 起头，改 [[layout.thread]] core",
        "write a profile of your own: begin with doctor --source, mend [[layout.thread]] core",
    )
}

fn cores(tree: &Tree, survey: &Survey, profile: &Profile, items: &mut Vec<Item>) {
    if !profile.layout.pin {
        return;
    }
    let data: CoreSet = profile.layout.core_numbers().into_iter().collect();
    let own = own_profile();
    let mut nodes: Vec<u32> = data.iter().map(|core| node_of(tree, core)).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let texts: Vec<String> = nodes.iter().map(|node| format!("node {node}")).collect();
    items.push(
        Item::new("one_node", "同一节点", "one NUMA node", "one", texts.join(", "))
            .because("委托路径不跨节点", "the order path never crosses nodes")
            .unless(nodes.len() == 1, Verdict::Wrong, own.clone()),
    );
    let first = data.iter().next().expect("a layout has at least one thread");
    let cpu = format!("sys/devices/system/cpu/cpu{first}");
    let mut shared: Vec<CoreSet> = Vec::new();
    let caches = tree.list(&format!("{cpu}/cache"));
    let caches = caches.iter().filter(|name| name.strip_prefix("index").is_some_and(|index| index >= "2"));
    let mut files: Vec<String> = caches.map(|name| format!("{cpu}/cache/{name}/shared_cpu_list")).collect();
    files.push(format!("{cpu}/topology/cluster_cpus_list"));
    shared.extend(files.iter().filter_map(|file| CoreSet::parse_list(&tree.read(file)?)));
    if !shared.is_empty() {
        // The smallest set that holds them all: on Kunpeng the cluster, on Hygon the complex, on Intel the socket.
        let together = shared.iter().filter(|set| set.contains_all(&data)).min_by_key(|set| set.iter().count());
        let found = together.map_or_else(|| "none".to_owned(), ToString::to_string);
        items.push(
            Item::new("shared_cache", "共享缓存", "shared cache", format!("one over {data}"), found)
                .because("核间交接走同一缓存", "stages hand over through one cache")
                .unless(together.is_some(), Verdict::Warn, own),
        );
    }
    let node = survey.nodes.iter().find(|node| node.node == nodes[0]);
    if let Some(in_node) = node.and_then(|node| CoreSet::parse_list(&node.processors)) {
        let threads = usize::from(profile.topology.threads_per_core.max(1));
        let wanted = usize::from(profile.topology.cores_per_node);
        let found = in_node.iter().count();
        let fits = found >= wanted && (found <= wanted * threads || profile.topology.cores_per_cluster == 0);
        let mend = Mend::hand(
            "此机与配置档所写的不同：核对后写自己的",
            "not what the profile tells of: compare, write your own",
        );
        items.push(
            Item::new("node_cores", "每节点核数", "processors a node", wanted.to_string(), found.to_string()).unless(
                fits,
                Verdict::Warn,
                mend,
            ),
        );
    }
}

fn memory(tree: &Tree, survey: &Survey, profile: &Profile, items: &mut Vec<Item>) {
    let core = if profile.layout.pin { profile.layout.core_numbers()[0] } else { 0 };
    let wanted_node = node_of(tree, core);
    let total: u64 = survey.nodes.iter().map(|node| node.memory_bytes).sum();
    let found = match profile.layout.pin {
        true => survey.nodes.iter().find(|node| node.node == wanted_node).map_or(0, |node| node.memory_bytes),
        false => total,
    };
    let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
    let needed = profile.memory_needed();
    let verdict = if profile.layout.pin { Verdict::Wrong } else { Verdict::Warn };
    let mend = Mend::hand(
        "加内存，或在自己的配置档里减小 [limits]（frames、log_bytes 最占）",
        "more memory, or smaller [limits] in a profile of your own (frames and log_bytes take most)",
    );
    items.push(
        Item::new("node_memory", "节点内存", "the node's memory", mib(needed), mib(found))
            .because("各表上限、当日日志与收发缓冲之和", "the sum of the tables, a day's log and packet buffers")
            .unless(found >= needed, verdict, mend),
    );
}

fn nics(survey: &Survey, profile: &Profile, items: &mut Vec<Item>) {
    if profile.nic.pmds.is_empty() {
        return;
    }
    let named = |driver: &str| {
        let its = PMDS.iter().find(|pmd| pmd.kernel_driver == driver || pmd.name == driver);
        its.is_some_and(|pmd| profile.nic.pmds.iter().any(|name| name == pmd.name)) || driver == "vfio-pci"
    };
    let found: Vec<&str> = survey.interfaces.iter().filter_map(|interface| interface.driver.as_deref()).collect();
    let fits = found.iter().any(|driver| named(driver));
    let mend = Mend::hand(
        "没有配置档所列驱动的网卡",
        "no NIC with a driver that the profile names (or all are DPDK's already)",
    );
    let text = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
    items.push(Item::new("nics", "网卡驱动", "NIC drivers", profile.nic.pmds.join(" / "), text).unless(
        fits,
        Verdict::Warn,
        mend,
    ));
}
