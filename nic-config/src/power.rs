//! What keeps data cores to themselves and awake: interrupts, frequency, siblings, watchdogs, clock, the kernel's command line.

use crate::cores::CoreSet;
use crate::item::{Item, Mend, Verdict};
use crate::latency::CPU_DMA_LATENCY;
use crate::pci;
use crate::settings::{Request, file_item};
use crate::step::{Reading, Step};
use crate::tree::Tree;

const CPU: &str = "sys/devices/system/cpu";

/// The other hardware threads of the data cores.
pub(crate) fn siblings(tree: &Tree, data: &CoreSet) -> CoreSet {
    let of = |core: u16| {
        let text = tree.read(&format!("{CPU}/cpu{core}/topology/thread_siblings_list")).unwrap_or_default();
        CoreSet::parse_list(&text).unwrap_or_default()
    };
    data.iter().fold(CoreSet::default(), |all, core| all.or(&of(core))).without(data)
}

fn online(tree: &Tree) -> CoreSet {
    tree.read(&format!("{CPU}/online")).and_then(|text| CoreSet::parse_list(&text)).unwrap_or_default()
}

/// Every thread has its core, and the kernel keeps one.
pub(crate) fn place_item(tree: &Tree, data: &CoreSet, quiet: &CoreSet, items: &mut Vec<Item>) {
    let online = online(tree);
    let holds = online.contains_all(data) && !online.without(quiet).is_empty();
    items.push(
        Item::new("cores", "数据核", "data cores", format!("{data}, and one for the kernel"), online.to_string())
            .because("每个线程一个核，内核自留一个", "a core for each thread, and one that is left to the kernel")
            .unless(holds, Verdict::Wrong, crate::machine::own_profile()),
    );
}

/// Interrupts are delivered elsewhere, old ones and new ones.
pub(crate) fn interrupt_items(tree: &Tree, request: &Request<'_>, quiet: &CoreSet, items: &mut Vec<Item>) {
    let others = online(tree).without(quiet);
    let leaving = pci::interrupts(tree, request.devices);
    let mut interrupts: Vec<u32> = tree.list("proc/irq").iter().filter_map(|name| name.parse().ok()).collect();
    interrupts.sort_unstable();
    for number in interrupts.into_iter().filter(|number| !leaving.contains(number)) {
        let path = format!("proc/irq/{number}/smp_affinity_list");
        let Some(before) = tree.read(&path) else { continue };
        let Some(allowed) = CoreSet::parse_list(&before) else { continue };
        if allowed.and(quiet).is_empty() {
            continue;
        }
        let kept = allowed.without(quiet);
        let kept = if kept.is_empty() { others.clone() } else { kept };
        let delivered = tree.read(&format!("proc/irq/{number}/effective_affinity_list"));
        let delivered = delivered.and_then(|text| CoreSet::parse_list(&text)).filter(|set| !set.is_empty());
        // Allowed there, but delivered elsewhere: what a queue's managed interrupt on isolated cores looks like, and good.
        let disturbs = delivered.is_none_or(|set| !set.and(quiet).is_empty());
        let verdict = if disturbs { Verdict::Wrong } else { Verdict::Warn };
        let after = kept.to_string();
        let step = Step::Write { path, before: before.clone(), after: after.clone(), reading: Reading::List };
        items.push(
            Item::new("interrupt", "中断", "interrupt", after, before)
                .of(number.to_string())
                .because("中断不得落在数据核上", "no interrupt may be delivered on a data core")
                .unless(false, verdict, Mend::Apply { step }),
        );
    }
    let path = "proc/irq/default_smp_affinity";
    if let Some(before) = tree.read(path)
        && let Some(allowed) = CoreSet::parse_mask(&before)
    {
        let wanted = allowed.without(quiet).to_mask(&before);
        let item = Item::new("interrupt_default", "新中断", "new interrupts", wanted, "")
            .because("之后出现的中断也不得落在数据核上", "interrupts that come later, too");
        items.push(file_item(tree, item, path, Reading::Mask, Verdict::Warn, Verdict::Ok));
    }
    let balancer = tree.list("proc").into_iter().find(|name| {
        name.bytes().all(|byte| byte.is_ascii_digit())
            && tree.read(&format!("proc/{name}/comm")).as_deref() == Some("irqbalance")
    });
    let mend = Mend::hand(
        format!("停用 irqbalance，或设 IRQBALANCE_BANNED_CPULIST={quiet}"),
        format!("stop irqbalance, or set IRQBALANCE_BANNED_CPULIST={quiet}"),
    );
    let found = if balancer.is_some() { "running" } else { "not running" };
    items.push(
        Item::new("irqbalance", "中断均衡", "irqbalance", "not running", found)
            .because("它会把中断搬回数据核", "it moves interrupts back to data cores")
            .unless(balancer.is_none(), Verdict::Warn, mend),
    );
    let path = "sys/devices/virtual/workqueue/cpumask";
    if let Some(before) = tree.read(path)
        && let Some(allowed) = CoreSet::parse_mask(&before)
    {
        let wanted = allowed.without(quiet).to_mask(&before);
        let item = Item::new("workqueues", "内核工作队列", "kernel work queues", wanted, "")
            .because("内核的杂务不得落在数据核上", "the kernel's chores stay off data cores");
        items.push(file_item(tree, item, path, Reading::Mask, Verdict::Warn, Verdict::Ok));
    }
}

/// Data cores run at their full frequency. No `cpufreq` at all means that firmware decides, which cannot be seen from here.
pub(crate) fn core_items(tree: &Tree, data: &CoreSet, items: &mut Vec<Item>) {
    for core in data.iter() {
        let path = format!("{CPU}/cpu{core}/cpufreq/scaling_governor");
        let item = Item::new("governor", "调频策略", "frequency governor", "performance", "")
            .of(format!("core {core}"))
            .because("数据核不降频", "data cores do not slow down");
        items.push(file_item(tree, item, &path, Reading::Text, Verdict::Wrong, Verdict::Ok));
    }
}

/// The kernel's watchdogs look elsewhere.
pub(crate) fn watchdog_items(tree: &Tree, quiet: &CoreSet, items: &mut Vec<Item>) {
    let why = ("看门狗定期打断每个核", "a watchdog interrupts every core now and then");
    let item = Item::new("nmi_watchdog", "NMI 看门狗", "NMI watchdog", "0", "").because(why.0, why.1);
    items.push(file_item(tree, item, "proc/sys/kernel/nmi_watchdog", Reading::Text, Verdict::Warn, Verdict::Ok));
    let path = "proc/sys/kernel/watchdog_cpumask";
    if let Some(before) = tree.read(path)
        && let Some(watched) = CoreSet::parse_list(&before)
    {
        let wanted = watched.without(quiet).to_string();
        let item = Item::new("watchdog_cores", "看门狗所在核", "watched cores", wanted, "").because(why.0, why.1);
        items.push(file_item(tree, item, path, Reading::List, Verdict::Warn, Verdict::Ok));
    }
}

/// The kernel takes the time from what every core reads without a call.
pub(crate) fn clock_items(tree: &Tree, request: &Request<'_>, items: &mut Vec<Item>) {
    let wanted = request.profile.clock.source.as_str();
    if wanted == "any" {
        return;
    }
    let folder = "sys/devices/system/clocksource/clocksource0";
    let available = tree.read(&format!("{folder}/available_clocksource")).unwrap_or_default();
    let item = Item::new("clock_source", "时钟源", "clock source", wanted, "")
        .because("读时钟不得进入内核", "reading the time must not enter the kernel");
    let path = format!("{folder}/current_clocksource");
    let mut item = file_item(tree, item, &path, Reading::Text, Verdict::Wrong, Verdict::Wrong);
    let is_offered = available.split_whitespace().any(|source| source == wanted);
    if item.verdict != Verdict::Ok && !is_offered {
        item.mend = Mend::hand(
            format!("内核不提供 {wanted}（只有 {available}）：查固件与 dmesg"),
            format!("the kernel does not offer {wanted} (only {available}): see firmware and dmesg"),
        );
    }
    items.push(item);
}

/// What only a new start sets: the kernel keeps its own work off the data cores.
pub(crate) fn command_line_items(tree: &Tree, data: &CoreSet, items: &mut Vec<Item>) {
    let set_of = |path: &str| tree.read(path).and_then(|text| CoreSet::parse_list(&text)).unwrap_or_default();
    let command_line = tree.read("proc/cmdline").unwrap_or_default();
    let callbacks = command_line.split_whitespace().find_map(|word| word.strip_prefix("rcu_nocbs="));
    let callbacks = callbacks.map_or_else(CoreSet::default, |list| match list {
        "all" => online(tree),
        list => CoreSet::parse_list(list).unwrap_or_default(),
    });
    let isolated = set_of(&format!("{CPU}/isolated"));
    let tickless = set_of(&format!("{CPU}/nohz_full"));
    for (name, zh, en, found, verdict, parameter, why) in [
        (
            "isolated",
            "隔离核",
            "isolated cores",
            isolated,
            Verdict::Wrong,
            format!("isolcpus=managed_irq,domain,{data}"),
            ("调度器不得在数据核上放别的线程", "the scheduler must put no other thread on a data core"),
        ),
        (
            "tickless",
            "无时钟中断核",
            "cores without a tick",
            tickless,
            Verdict::Warn,
            format!("nohz_full={data}"),
            ("数据核上没有每秒数百次的时钟中断", "no timer tick hundreds of times a second"),
        ),
        (
            "rcu_callbacks",
            "RCU 回调移出核",
            "cores without RCU callbacks",
            callbacks,
            Verdict::Warn,
            format!("rcu_nocbs={data}"),
            ("内核的延迟释放不在数据核上做", "the kernel frees its memory elsewhere"),
        ),
    ] {
        let holds = found.contains_all(data);
        let found = if found.is_empty() { "none".to_owned() } else { found.to_string() };
        let item = Item::new(name, zh, en, data.to_string(), found).because(why.0, why.1);
        items.push(item.unless(holds, verdict, Mend::CommandLine { parameter }));
    }
}

/// The running core holds the wish for quick wake-up; the file says what is wished now, 4 bytes, microseconds.
pub(crate) fn latency_item(tree: &Tree, items: &mut Vec<Item>) {
    let held = tree.bytes(CPU_DMA_LATENCY).and_then(|bytes| Some(i32::from_ne_bytes(bytes.try_into().ok()?)));
    let found = held.map_or_else(|| "none".to_owned(), |microseconds| format!("{microseconds} us"));
    let mend = Mend::hand("运行中的核心自己持有它", "the running core holds it itself");
    items.push(
        Item::new("cpu_dma_latency", "唤醒延迟", "wake-up latency", "0 us", found)
            .because("处理器不进深睡眠", "processors do not sleep deeply")
            .unless(held.is_none_or(|microseconds| microseconds == 0), Verdict::Warn, mend),
    );
}

/// The other hardware threads of data cores are switched off: they would share the core's units and caches.
pub(crate) fn sibling_items(tree: &Tree, data: &CoreSet, items: &mut Vec<Item>) {
    for core in siblings(tree, data).iter() {
        let path = format!("{CPU}/cpu{core}/online");
        let item = Item::new("sibling", "同核超线程", "SMT sibling", "0", "")
            .of(format!("core {core}"))
            .because("它与数据核争用同一物理核", "it shares a data core's units and caches");
        items.push(file_item(tree, item, &path, Reading::Text, Verdict::Wrong, Verdict::Wrong));
    }
}
