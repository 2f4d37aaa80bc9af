//! What is set on a machine for a profile: everything that `backstop nic` looks at, in the order in which it is done.
//!
//! The order matters in two places. Devices change their driver first: their interrupts are gone then and need no new place.
//! Siblings are switched off last: their files are gone then.

use crate::cores::CoreSet;
use crate::item::{Item, Mend, Verdict};
use crate::step::{Reading, Step};
use crate::tree::Tree;
use crate::{memory, pci, power};
use hw_profiles::Profile;

/// What is wanted of a machine.
pub struct Request<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// PCI addresses of the NICs that Backstop gets.
    pub devices: &'a [String],
    /// Devices may be given away without an IOMMU, too: they can then write to all memory.
    pub without_iommu: bool,
}

impl Request<'_> {
    /// The processors that stages poll on; none if the profile does not claim any.
    #[must_use]
    pub fn data_cores(&self) -> CoreSet {
        let cores = if self.profile.layout.pin { self.profile.layout.core_numbers() } else { Vec::new() };
        cores.into_iter().collect()
    }
}

/// Everything that is wanted, and whether it is there.
#[must_use]
pub fn setting_items(tree: &Tree, request: &Request<'_>) -> Vec<Item> {
    let data = request.data_cores();
    let quiet = data.or(&power::siblings(tree, &data));
    let mut items = Vec::new();
    if !data.is_empty() {
        power::place_item(tree, &data, &quiet, &mut items);
    }
    pci::items(tree, request, &mut items);
    memory::items(tree, request, &mut items);
    if !data.is_empty() {
        power::interrupt_items(tree, request, &quiet, &mut items);
        power::core_items(tree, &data, &mut items);
        power::watchdog_items(tree, &quiet, &mut items);
    }
    power::clock_items(tree, request, &mut items);
    if !data.is_empty() {
        power::command_line_items(tree, &data, &mut items);
        power::latency_item(tree, &mut items);
        power::sibling_items(tree, &data, &mut items);
    }
    items
}

/// What `backstop nic apply` does, in its order.
///
/// # Errors
/// Cores that are not there, a device that cannot be given away: nothing may be done then. One line that says which and why.
pub fn steps(items: &[Item]) -> Result<Vec<Step>, String> {
    for item in items.iter().filter(|item| item.verdict == Verdict::Wrong) {
        let what = match item.name {
            "device" => format!("--device {}: {}", item.subject, item.found),
            "cores" => format!("cores {}: this machine has {}", item.wanted, item.found),
            _ => continue,
        };
        if let Mend::Hand { text } = &item.mend {
            return Err(format!("{what}: {} · {}", text.zh, text.en));
        }
    }
    let step = |item: &Item| match &item.mend {
        Mend::Apply { step } => Some(step.clone()),
        _ => None,
    };
    Ok(items.iter().filter_map(step).collect())
}

/// The parameters that the kernel's command line lacks, in one line; None: it lacks none.
#[must_use]
pub fn command_line(items: &[Item]) -> Option<String> {
    let mut parameters: Vec<&str> = Vec::new();
    for item in items {
        if let Mend::CommandLine { parameter } = &item.mend
            && !parameters.contains(&parameter.as_str())
        {
            parameters.push(parameter);
        }
    }
    (!parameters.is_empty()).then(|| parameters.join(" "))
}

/// An item that a file holds and a write mends. A file that is not there is `missing`.
pub(crate) fn file_item(tree: &Tree, item: Item, path: &str, reading: Reading, bad: Verdict, missing: Verdict) -> Item {
    let Some(before) = tree.read(path) else {
        let mut item = item.unless(
            missing == Verdict::Ok,
            missing,
            Mend::hand(format!("内核没有 /{path}"), format!("the kernel has no /{path}")),
        );
        item.found = "none".to_owned();
        return item;
    };
    let holds = reading.is_met(&before, &item.wanted);
    let step = Step::Write { path: path.to_owned(), before: before.clone(), after: item.wanted.clone(), reading };
    let mut item = item.unless(holds, bad, Mend::Apply { step });
    item.found = match reading {
        Reading::Choice => crate::step::chosen(&before).to_owned(),
        _ => before,
    };
    item
}
