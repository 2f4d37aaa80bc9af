//! Huge pages on the layout's node, and transparent ones.

use crate::item::{Item, Mend, Verdict};
use crate::settings::{Request, file_item};
use crate::step::{Reading, Step};
use crate::tree::Tree;
use hw_profiles::TransparentHugePages;

/// Appends what is wanted of the memory.
pub(crate) fn items(tree: &Tree, request: &Request<'_>, items: &mut Vec<Item>) {
    huge_pages(tree, request, items);
    let wanted = match request.profile.memory.transparent_huge_pages {
        TransparentHugePages::Madvise => "madvise",
        TransparentHugePages::Never => "never",
        TransparentHugePages::Leave => return,
    };
    let item = Item::new("transparent_huge_pages", "透明大页", "transparent huge pages", wanted, "").because(
        "表与日志按需申请；其余内存不在交易中被内核合并",
        "tables and log ask for them; nothing else is moved together by the kernel in mid-session",
    );
    let path = "sys/kernel/mm/transparent_hugepage/enabled";
    items.push(file_item(tree, item, path, Reading::Choice, Verdict::Warn, Verdict::Ok));
    let item = Item::new("numa_balancing", "NUMA 自动均衡", "NUMA balancing", "0", "")
        .because("内核不得为搬移内存页而打断轮询核", "the kernel must not interrupt polling cores to move pages");
    items.push(file_item(tree, item, "proc/sys/kernel/numa_balancing", Reading::Text, Verdict::Warn, Verdict::Ok));
}

/// The NUMA node of a processor; a machine that knows no nodes has node 0.
pub(crate) fn node_of(tree: &Tree, core: u16) -> u32 {
    let names = tree.list(&format!("sys/devices/system/cpu/cpu{core}"));
    names.iter().find_map(|name| name.strip_prefix("node")?.parse().ok()).unwrap_or(0)
}

fn huge_pages(tree: &Tree, request: &Request<'_>, items: &mut Vec<Item>) {
    let memory = &request.profile.memory;
    if memory.huge_page_bytes == 0 {
        return;
    }
    let node = request.data_cores().iter().next().map_or(0, |core| node_of(tree, core));
    let folder = format!("sys/devices/system/node/node{node}/hugepages");
    let item = |wanted: String| {
        Item::new("huge_pages", "大页", "huge pages", wanted, "none").of(format!("node {node}")).because(
            "网卡收发缓冲要物理连续、不换出、少查页表",
            "packet buffers must stay in place, contiguous, and cheap to translate",
        )
    };
    let there = tree.list(&folder);
    let is_there = |kib: &&u32| there.contains(&format!("hugepages-{kib}kB"));
    let Some(kib) = memory.huge_page_kib.iter().find(is_there) else {
        let sizes: Vec<String> = memory.huge_page_kib.iter().map(|kib| format!("{kib} KiB")).collect();
        let wanted = format!("{} MiB in {}", memory.huge_page_bytes >> 20, sizes.join(" / "));
        let mend = Mend::hand("内核不支持这些大页尺寸", "the kernel has none of these sizes");
        items.push(item(wanted).unless(false, Verdict::Wrong, mend));
        return;
    };
    // The kernel gives fewer once memory is in pieces; pages of a size that was asked for before count.
    let wanted = memory.huge_page_bytes.div_ceil(u64::from(*kib) << 10);
    let path = format!("{folder}/hugepages-{kib}kB/nr_hugepages");
    let before = tree.read(&path).unwrap_or_default();
    let found = before.parse::<u64>().unwrap_or(0);
    let step = Step::Write { path, before, after: wanted.to_string(), reading: Reading::AtLeast };
    let mut item = item(format!("{wanted} of {kib} KiB")).unless(found >= wanted, Verdict::Wrong, Mend::Apply { step });
    item.found = format!("{found} of {kib} KiB");
    items.push(item);
}
