//! Giving NICs to DPDK, and taking them back.
//!
//! Most of DPDK's drivers want the device from the kernel: it is bound to vfio-pci instead of its own driver, by `driver_override`, so
//! that no other device of the kind changes hands. Mellanox cards are bifurcated: their kernel driver stays, and DPDK goes through
//! it. The IOMMU separates groups of devices, not devices: a group is given away whole or not at all.

use crate::item::{Item, Mend, Text, Verdict};
use crate::memory::node_of;
use crate::settings::{Request, file_item};
use crate::step::{Reading, Step};
use crate::tree::Tree;

/// A poll-mode driver of DPDK and the devices it takes. doc.dpdk.org/guides/nics
pub struct Pmd {
    /// Its name.
    pub name: &'static str,
    /// The kernel's driver of the same devices.
    pub kernel_driver: &'static str,
    /// The kernel's driver stays: DPDK goes through it.
    pub bifurcated: bool,
    /// PCI vendors and devices, where the kernel's driver is not bound to tell; no devices: all of the vendor.
    pub ids: &'static [(u16, &'static [u16])],
}

/// The drivers that profiles may name.
pub const PMDS: &[Pmd] = &[
    Pmd { name: "mlx5", kernel_driver: "mlx5_core", bifurcated: true, ids: &[(0x15b3, &[])] },
    Pmd { name: "mlx4", kernel_driver: "mlx4_core", bifurcated: true, ids: &[] },
    Pmd { name: "hns3", kernel_driver: "hns3", bifurcated: false, ids: &[(0x19e5, &[0xa221, 0xa222, 0xa224, 0xa226])] },
    Pmd { name: "hinic", kernel_driver: "hinic", bifurcated: false, ids: &[(0x19e5, &[0x1822, 0x0200, 0x0206])] },
    Pmd { name: "txgbe", kernel_driver: "txgbe", bifurcated: false, ids: &[(0x8088, &[0x1001, 0x2001])] },
    Pmd {
        name: "ngbe",
        kernel_driver: "ngbe",
        bifurcated: false,
        ids: &[(
            0x8088,
            &[0x0100, 0x0101, 0x0102, 0x0103, 0x0104, 0x0105, 0x0106, 0x0107, 0x0108, 0x0109, 0x010a, 0x010b],
        )],
    },
    Pmd { name: "ice", kernel_driver: "ice", bifurcated: false, ids: &[(0x8086, &[0x1592, 0x1593, 0x159b])] },
    Pmd { name: "i40e", kernel_driver: "i40e", bifurcated: false, ids: &[(0x8086, &[0x1572, 0x1583, 0x158b])] },
    Pmd { name: "ixgbe", kernel_driver: "ixgbe", bifurcated: false, ids: &[(0x8086, &[0x10fb, 0x1528, 0x1563])] },
    Pmd { name: "sfc", kernel_driver: "sfc", bifurcated: false, ids: &[(0x1924, &[])] },
];

/// The driver that hands a device to a program.
const VFIO: &str = "vfio-pci";
const DEVICES: &str = "sys/bus/pci/devices";
const IFF_UP: u32 = 1;

/// Appends what is wanted of the devices.
pub(crate) fn items(tree: &Tree, request: &Request<'_>, items: &mut Vec<Item>) {
    let is_any_given = request.devices.iter().any(|device| !pmd_of(tree, device).is_some_and(|pmd| pmd.bifurcated));
    if request.without_iommu && is_any_given {
        let item = Item::new("without_iommu", "无 IOMMU", "no IOMMU", "Y", "")
            .because("按要求：没有 IOMMU 也交出网卡", "as asked: devices are given away without an IOMMU");
        let path = "sys/module/vfio/parameters/enable_unsafe_noiommu_mode";
        items.push(file_item(tree, item, path, Reading::Text, Verdict::Wrong, Verdict::Wrong));
    }
    for device in request.devices {
        items.push(device_item(tree, request, device));
        if is_address(device) && tree.exists(&format!("{DEVICES}/{device}")) {
            node_item(tree, request, device, items);
        }
    }
}

/// Interrupts that vanish with the devices that are given away.
pub(crate) fn interrupts(tree: &Tree, devices: &[String]) -> Vec<u32> {
    let given = devices.iter().filter(|device| !pmd_of(tree, device).is_some_and(|pmd| pmd.bifurcated));
    let of = |device: &String| {
        let mut names = tree.list(&format!("{DEVICES}/{device}/msi_irqs"));
        names.extend(tree.read(&format!("{DEVICES}/{device}/irq")));
        names.into_iter().filter_map(|name| name.parse().ok()).filter(|number| *number != 0)
    };
    given.filter(|device| is_address(device)).flat_map(of).collect()
}

/// `0000:17:00.0`: domain, bus, device, function.
fn is_address(text: &str) -> bool {
    let shape = ["hhhh", "hh", "hh", "h"];
    let parts: Vec<&str> = text.split([':', '.']).collect();
    let is_hexadecimal = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase());
    parts.len() == 4
        && parts.iter().zip(shape).all(|(part, shape)| part.len() == shape.len() && is_hexadecimal(part))
        && text.as_bytes()[4] == b':'
        && text.as_bytes()[7] == b':'
        && text.as_bytes()[10] == b'.'
}

fn driver(tree: &Tree, device: &str) -> Option<String> {
    tree.link_name(&format!("{DEVICES}/{device}/driver"))
}

fn hexadecimal(tree: &Tree, path: &str) -> Option<u32> {
    u32::from_str_radix(tree.read(path)?.trim_start_matches("0x"), 16).ok()
}

/// DPDK's driver for a device: by the kernel's driver that has it, else by its vendor and device.
fn pmd_of(tree: &Tree, device: &str) -> Option<&'static Pmd> {
    let bound = driver(tree, device);
    if let Some(pmd) = PMDS.iter().find(|pmd| bound.as_deref() == Some(pmd.kernel_driver)) {
        return Some(pmd);
    }
    let number = |name: &str| u16::try_from(hexadecimal(tree, &format!("{DEVICES}/{device}/{name}"))?).ok();
    let (vendor, id) = (number("vendor")?, number("device")?);
    let takes = |pmd: &&Pmd| pmd.ids.iter().any(|(its, ids)| *its == vendor && (ids.is_empty() || ids.contains(&id)));
    PMDS.iter().find(takes)
}

/// Whether a device is in DPDK's hands, and if not, whether it may be given into them.
fn device_item(tree: &Tree, request: &Request<'_>, device: &str) -> Item {
    let item = |wanted: &str, found: &str| {
        Item::new("device", "网卡", "NIC", wanted, found)
            .of(device)
            .because("收发包不经内核", "packets do not pass through the kernel")
    };
    let refused =
        |found: &str, zh: String, en: String| item(VFIO, found).unless(false, Verdict::Wrong, Mend::hand(zh, en));
    if !is_address(device) {
        let zh = "应形如 0000:17:00.0（小写）".to_owned();
        return refused("no PCI address", zh, "expected 0000:17:00.0, in small letters".to_owned());
    }
    if !tree.exists(&format!("{DEVICES}/{device}")) {
        return refused("not there", "见 lspci -D".to_owned(), "see lspci -D".to_owned());
    }
    let class = hexadecimal(tree, &format!("{DEVICES}/{device}/class")).unwrap_or(0);
    if class >> 16 != 0x02 {
        return refused(
            "not a NIC",
            format!("类别 {class:#08x}，应为 0x02…"),
            format!("class {class:#08x}, expected 0x02…"),
        );
    }
    let found = driver(tree, device).unwrap_or_else(|| "no driver".to_owned());
    let pmd = pmd_of(tree, device);
    if let Some(pmd) = pmd.filter(|pmd| pmd.bifurcated) {
        let holds = found == pmd.kernel_driver;
        let mend = Mend::hand(format!("modprobe {}", pmd.kernel_driver), format!("modprobe {}", pmd.kernel_driver));
        return item(&format!("{} (stays)", pmd.kernel_driver), &found).unless(holds, Verdict::Wrong, mend);
    }
    if found == VFIO {
        return item(VFIO, VFIO);
    }
    let uses = uses(tree, device);
    if !uses.is_empty() {
        let uses = uses.join("; ");
        let zh = "接口正在使用：先停用（ip link set … down，移出 bond，去掉地址）".to_owned();
        return refused(&uses, zh, "in use: take it down, out of its bond, its addresses away first".to_owned());
    }
    if let Some((zh, en)) = group_refusal(tree, request, device) {
        return refused(&found, zh, en);
    }
    if !tree.exists(&format!("sys/bus/pci/drivers/{VFIO}")) {
        return refused(&found, format!("modprobe {VFIO}"), format!("{VFIO} is not loaded: modprobe {VFIO}"));
    }
    let Some(step) = Step::bind(tree, device, VFIO) else {
        return refused(
            &found,
            "没有 driver_override".to_owned(),
            "the kernel has no driver_override for it".to_owned(),
        );
    };
    let mut item = item(VFIO, &found).unless(false, Verdict::Wrong, Mend::Apply { step });
    if !pmd.is_some_and(|pmd| request.profile.nic.pmds.iter().any(|name| name == pmd.name)) {
        let known = request.profile.nic.pmds.join(", ");
        item.why = Text::new(
            format!("收发包不经内核；但配置档只列了 {known}"),
            format!("packets do not pass through the kernel; but the profile names only {known}"),
        );
    }
    item
}

/// What a device's interfaces are used for.
fn uses(tree: &Tree, device: &str) -> Vec<String> {
    let mut uses = Vec::new();
    for name in tree.list(&format!("{DEVICES}/{device}/net")) {
        let folder = format!("sys/class/net/{name}");
        if hexadecimal(tree, &format!("{folder}/flags")).is_some_and(|flags| flags & IFF_UP != 0) {
            uses.push(format!("{name} is up"));
        }
        let routes = tree.read("proc/net/route").unwrap_or_default();
        for line in routes.lines().skip(1) {
            let words: Vec<&str> = line.split_whitespace().collect();
            if words.first() == Some(&name.as_str()) {
                let is_default = words.get(1) == Some(&"00000000");
                uses.push(format!("{name} has {} route", if is_default { "the default" } else { "a" }));
            }
        }
        let addresses = tree.read("proc/net/if_inet6").unwrap_or_default();
        // Columns: address, index, prefix, scope (20: link-local, every interface that is up has one), flags, name.
        let is_its = |line: &&str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.get(5) == Some(&name.as_str()) && words.get(3) != Some(&"20")
        };
        if addresses.lines().any(|line| is_its(&line)) {
            uses.push(format!("{name} has an IPv6 address"));
        }
        if let Some(master) = tree.link_name(&format!("{folder}/master")) {
            uses.push(format!("{name} belongs to {master}"));
        }
        for entry in tree.list(&folder) {
            if let Some(upper) = entry.strip_prefix("upper_") {
                uses.push(format!("{upper} stands on {name}"));
            }
        }
    }
    uses.dedup();
    uses
}

/// Why a device's IOMMU group cannot be given away: Chinese, English.
fn group_refusal(tree: &Tree, request: &Request<'_>, device: &str) -> Option<(String, String)> {
    let Some(group) = tree.link_name(&format!("{DEVICES}/{device}/iommu_group")) else {
        let told = (
            "没有 IOMMU：启用固件中的 VT-d/SMMU（x86 命令行加 intel_iommu=on iommu=pt），或加 --without-iommu"
                .to_owned(),
            "no IOMMU: switch it on in firmware (x86: intel_iommu=on iommu=pt on the command line), or --without-iommu"
                .to_owned(),
        );
        return (!request.without_iommu).then_some(told);
    };
    for member in tree.list(&format!("sys/kernel/iommu_groups/{group}/devices")) {
        let is_bridge =
            hexadecimal(tree, &format!("{DEVICES}/{member}/class")).is_some_and(|class| class >> 16 == 0x06);
        let driver = driver(tree, &member);
        let is_free = driver.as_deref().is_none_or(|driver| [VFIO, "pci-stub", "pcieport"].contains(&driver));
        if member != device && !is_bridge && !is_free && !request.devices.contains(&member) {
            let driver = driver.unwrap_or_default();
            return Some((
                format!("IOMMU 组 {group} 还有 {member}（{driver}）：一并列出，或换插槽"),
                format!("IOMMU group {group} also holds {member} ({driver}): name it too, or use another slot"),
            ));
        }
    }
    None
}

/// The device hangs at the data cores' node.
fn node_item(tree: &Tree, request: &Request<'_>, device: &str, items: &mut Vec<Item>) {
    let data = request.data_cores();
    let Some(core) = data.iter().next() else { return };
    let wanted = node_of(tree, core);
    let found: Option<i64> = tree.number(&format!("{DEVICES}/{device}/numa_node"));
    // -1: the firmware does not say.
    let found = found.and_then(|node| u32::try_from(node).ok());
    let mend = match found {
        Some(node) => Mend::hand(
            format!("换插槽，或用自定义配置档把线程放到 node {node}"),
            format!("use another slot, or a profile of your own with its threads on node {node}"),
        ),
        None => Mend::hand("固件未说明：查主板手册", "the firmware does not say: see the board's manual"),
    };
    let verdict = if found.is_some() { Verdict::Wrong } else { Verdict::Warn };
    items.push(
        Item::new("device_node", "网卡所在节点", "NIC's node", format!("node {wanted}"), "unknown")
            .of(device)
            .because("跨节点每包多走一程", "every packet would cross nodes")
            .unless(found == Some(wanted), verdict, mend)
            .seen(found.map(|node| format!("node {node}"))),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_domain_bus_device_function() {
        assert!(is_address("0000:17:00.0") && is_address("000a:ff:1f.7"));
        for text in ["17:00.0", "0000:17:00", "0000:17:00.0/..", "../../../etc", "0000.17:00:0", "0000:1G:00.0", ""] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn every_pmd_that_a_profile_may_name_is_known() {
        let known: Vec<&str> = PMDS.iter().map(|pmd| pmd.name).collect();
        assert_eq!(known, hw_profiles::PMD_NAMES);
    }
}
