//! `backstop doctor`: what this machine is, which profile it asks for, and what that profile misses on it.

use crate::nic;
use hw_profiles::Profile;
use nic_config::{Request, Survey, Tree, Verdict, command_line, machine_items, setting_items, survey};
use serde_json::json;
use std::path::PathBuf;

/// Flags of `backstop doctor`.
#[derive(clap::Args)]
pub struct Options {
    /// A built-in profile's name, or a .toml file [default: the one that this machine asks for]
    #[arg(long)]
    profile: Option<String>,
    /// PCI address of a NIC that Backstop gets, e.g. 0000:17:00.0; several times for several
    #[arg(long = "device", value_name = "ADDRESS")]
    devices: Vec<String>,
    /// Reads the machine below this folder instead of /
    #[arg(long, default_value = "/", value_name = "DIR")]
    root: PathBuf,
    /// Prints the built-in profile's file, to begin one's own from
    #[arg(long)]
    source: bool,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Prints the survey, and each thing the profile wants with what is there. True: nothing is wrong.
///
/// # Errors
/// A profile that is refused, a folder that is not there: one line.
pub fn run(options: &Options) -> Result<bool, String> {
    if !options.root.is_dir() {
        return Err(format!("--root {}: expected a folder", options.root.display()));
    }
    let profile = nic::profile_for(options.profile.as_deref(), &options.root)?;
    if options.source {
        let text = Profile::source(&profile.name);
        let text = text.ok_or_else(|| format!("--source: profile {} is not built in", profile.name))?;
        print!("{text}");
        return Ok(true);
    }
    let tree = Tree::open(&options.root);
    let found = survey(&options.root);
    let mut items = machine_items(&tree, &found, &profile);
    let request = Request { profile: &profile, devices: &options.devices, without_iommu: false };
    items.extend(setting_items(&tree, &request));
    let is_good = items.iter().all(|item| item.verdict != Verdict::Wrong);
    if options.json {
        let report = json!({
            "ok": is_good, "profile": profile.name, "machine": found, "items": items,
            "memory": profile.limits.footprint(), "memory_total": profile.memory_needed(),
            "command_line": command_line(&items),
        });
        println!("{report}");
        return Ok(is_good);
    }
    print_machine(&found);
    print_profile(&profile, options.profile.is_none(), &found);
    nic::print_items(&items);
    if let Some(line) = command_line(&items) {
        println!("\n内核命令行 kernel command line: {line}");
    }
    Ok(is_good)
}

fn print_machine(found: &Survey) {
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    println!("处理器 processor       {}", found.cpu);
    println!("核 processors          {}", or_none(&found.processors));
    println!("隔离核 isolated        {}", or_none(&found.isolated));
    println!("时钟源 clock source    {}", or_none(&found.clock_source));
    if let Some(os) = &found.os {
        println!("系统 operating system  {}", os.name);
    }
    for node in &found.nodes {
        println!("节点 node {}            {}, {} MiB", node.node, node.processors, node.memory_bytes >> 20);
    }
    for pages in found.huge_pages.iter().filter(|pages| pages.total > 0) {
        let (node, size) = (pages.node, pages.size_kib);
        println!("大页 huge pages        node {node}: {} of {} free, {size} KiB each", pages.free, pages.total);
    }
    for interface in &found.interfaces {
        let node = interface.node.map_or_else(|| "unknown".to_owned(), |node| node.to_string());
        let state = if interface.up { "在用 up" } else { "down" };
        let device = interface.device.as_deref().unwrap_or("no PCI device");
        let driver = or_none(&interface.driver);
        println!("网卡 interface         {}: {device}, driver {driver}, node {node}, {state}", interface.name);
    }
}

fn print_profile(profile: &Profile, is_detected: bool, found: &Survey) {
    println!("\n配置档 profile         {} ({})", profile.name, profile.description);
    if is_detected {
        println!("　　依据 because       {}", found.detected.reason);
    }
    for thread in &profile.layout.threads {
        let stages: Vec<String> = thread.stages.iter().map(ToString::to_string).collect();
        println!("　　线程 thread        core {}: {}", thread.core, stages.join(" + "));
    }
    if let Some(core) = profile.layout.beside {
        println!("　　线程 thread        core {core}: queries (not isolated, no stage polls there)");
    }
    let memory = profile.limits.footprint();
    let mib = |bytes: u64| bytes >> 20;
    println!(
        "　　内存 memory        {} MiB: log {}, streams {} and connections {} x {} fronts, marks {}, orders {}, positions {}, books {}, definitions {}, queries {}, packets {}",
        mib(profile.memory_needed()),
        mib(memory.log),
        mib(memory.streams_per_front),
        mib(memory.sessions_per_front),
        profile.layout.fronts(),
        mib(memory.local_ids),
        mib(memory.orders),
        mib(memory.positions),
        mib(memory.books),
        mib(memory.definitions),
        mib(memory.queries),
        mib(profile.memory.huge_page_bytes),
    );
    let promise = &profile.promise;
    let basis = match promise.basis {
        hw_profiles::Basis::Assumed => "假定 assumed",
        hw_profiles::Basis::Given => "交易所给出 the exchange's own",
    };
    println!(
        "　　承诺 promise       {} orders/s and twice that ({basis}: {}); p99.9 at most {} us, aim {} us\n",
        promise.production_orders_per_second,
        promise.source,
        promise.p999_ns_ceiling / 1_000,
        promise.p999_ns_aim / 1_000,
    );
}
