//! One change of the machine, which knows how to be done, looked at, and undone from wherever a crash left it.

use crate::cores::CoreSet;
use crate::tree::Tree;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Step {
    /// A file gets another text.
    Write {
        /// The file, below the root.
        path: String,
        /// What it said.
        before: String,
        /// What it shall say.
        after: String,
        /// How its text is compared.
        reading: Reading,
    },
    /// A PCI device gets another driver.
    Bind {
        /// Its address.
        device: String,
        /// The driver that had it.
        before: Option<String>,
        /// What its `driver_override` said.
        before_override: String,
        /// The driver that shall have it.
        after: String,
    },
}

/// How a file's text is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// As it is.
    Text,
    /// The word in brackets, if there are any.
    Choice,
    /// A number, at least so large.
    AtLeast,
    /// A list of processors.
    List,
    /// A mask of processors.
    Mask,
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Read back as wanted.
    Done,
    /// It was so already.
    Nothing,
    /// The kernel took the write, and something else reads back.
    Otherwise {
        /// What reads back.
        found: String,
    },
    /// The kernel refused.
    Refused {
        /// What it said.
        error: String,
    },
    /// The file or the device is no longer there.
    Gone,
}

impl Outcome {
    /// Whether the machine is as it was wanted.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self, Outcome::Done | Outcome::Nothing)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Done => out.write_str("完成 done"),
            Outcome::Nothing => out.write_str("无需改动 nothing to do"),
            Outcome::Otherwise { found } => write!(out, "读回不符 reads back as {found}"),
            Outcome::Refused { error } => write!(out, "被拒绝 refused: {error}"),
            Outcome::Gone => out.write_str("已不存在 no longer there"),
        }
    }
}

impl Reading {
    /// Whether a file that says `found` says what is wanted.
    #[must_use]
    pub fn is_met(self, found: &str, wanted: &str) -> bool {
        match self {
            Reading::Text => found == wanted,
            Reading::Choice => chosen(found) == chosen(wanted),
            Reading::AtLeast => match (found.parse::<u64>(), wanted.parse::<u64>()) {
                (Ok(found), Ok(wanted)) => found >= wanted,
                _ => false,
            },
            Reading::List => CoreSet::parse_list(found).is_some_and(|set| CoreSet::parse_list(wanted) == Some(set)),
            Reading::Mask => CoreSet::parse_mask(found).is_some_and(|set| CoreSet::parse_mask(wanted) == Some(set)),
        }
    }
}

/// The word in brackets; the whole text if there are none.
#[must_use]
pub fn chosen(text: &str) -> &str {
    match (text.find('['), text.find(']')) {
        (Some(from), Some(to)) if from < to => &text[from + 1..to],
        _ => text,
    }
}

const DEVICES: &str = "sys/bus/pci/devices";
const DRIVERS: &str = "sys/bus/pci/drivers";

impl Step {
    /// What is changed, for people.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Step::Write { path, .. } => format!("/{path}"),
            Step::Bind { device, .. } => format!("/{DEVICES}/{device}/driver"),
        }
    }

    /// What was and what shall be, for people.
    #[must_use]
    pub fn change(&self) -> (String, String) {
        match self {
            Step::Write { before, after, .. } => (before.clone(), after.clone()),
            Step::Bind { before, after, .. } => {
                (before.clone().unwrap_or_else(|| "no driver".to_owned()), after.clone())
            }
        }
    }

    /// The same change, begun from what the machine says now. None: what it changes is no longer there.
    #[must_use]
    pub fn from_now(&self, tree: &Tree) -> Option<Step> {
        match self {
            Step::Write { path, after, reading, .. } => {
                let before = tree.read(path)?;
                Some(Step::Write { path: path.clone(), before, after: after.clone(), reading: *reading })
            }
            Step::Bind { device, after, .. } => Step::bind(tree, device, after),
        }
    }

    /// The change of a device's driver. None: the device is not there.
    #[must_use]
    pub fn bind(tree: &Tree, device: &str, after: &str) -> Option<Step> {
        Some(Step::Bind {
            before: tree.link_name(&format!("{DEVICES}/{device}/driver")),
            before_override: tree.read(&format!("{DEVICES}/{device}/driver_override"))?,
            device: device.to_owned(),
            after: after.to_owned(),
        })
    }

    /// Does it and reads back.
    pub fn apply(&self, tree: &mut Tree) -> Outcome {
        match self {
            Step::Write { path, before, after, reading } => {
                if reading.is_met(before, after) {
                    return Outcome::Nothing;
                }
                if let Err(error) = tree.write(path, after) {
                    return Outcome::Refused { error: error.to_string() };
                }
                match tree.read(path) {
                    Some(found) if reading.is_met(&found, after) => Outcome::Done,
                    Some(found) => Outcome::Otherwise { found: chosen(&found).to_owned() },
                    None => Outcome::Gone,
                }
            }
            Step::Bind { device, before, after, .. } => {
                if before.as_ref() == Some(after) {
                    return Outcome::Nothing;
                }
                let mut writes = vec![(format!("{DEVICES}/{device}/driver_override"), after.as_str())];
                if let Some(driver) = before {
                    writes.push((format!("{DRIVERS}/{driver}/unbind"), device.as_str()));
                }
                writes.push(("sys/bus/pci/drivers_probe".to_owned(), device.as_str()));
                for (path, text) in writes {
                    if let Err(error) = tree.write(&path, text) {
                        return Outcome::Refused { error: format!("/{path}: {error}") };
                    }
                }
                read_back(tree, device, Some(after))
            }
        }
    }

    /// Puts back what was there, from wherever a crash left it, and reads back.
    pub fn revert(&self, tree: &mut Tree) -> Outcome {
        match self {
            Step::Write { path, before, .. } => {
                match tree.read(path) {
                    None => return Outcome::Gone,
                    Some(found) if found == *before => return Outcome::Nothing,
                    Some(_) => {}
                }
                let text = if before.is_empty() { "\n" } else { chosen(before) };
                if let Err(error) = tree.write(path, text) {
                    return Outcome::Refused { error: error.to_string() };
                }
                match tree.read(path) {
                    Some(found) if found == *before => Outcome::Done,
                    Some(found) => Outcome::Otherwise { found },
                    None => Outcome::Gone,
                }
            }
            Step::Bind { device, before, before_override, .. } => {
                revert_bind(tree, device, before.as_deref(), before_override)
            }
        }
    }
}

/// Unbind what is not the old driver, the old override, bind the old driver: each only if it is not so already.
fn revert_bind(tree: &mut Tree, device: &str, before: Option<&str>, before_override: &str) -> Outcome {
    let link = format!("{DEVICES}/{device}/driver");
    let override_file = format!("{DEVICES}/{device}/driver_override");
    let Some(found_override) = tree.read(&override_file) else { return Outcome::Gone };
    let now = tree.link_name(&link);
    if now.as_deref() == before && found_override == before_override {
        return Outcome::Nothing;
    }
    let mut writes = Vec::new();
    if now.as_deref() != before
        && let Some(driver) = &now
    {
        writes.push((format!("{DRIVERS}/{driver}/unbind"), device));
    }
    if found_override != before_override {
        // The kernel shows no override as (null) and takes a line feed for it.
        writes.push((override_file, if before_override == "(null)" { "\n" } else { before_override }));
    }
    if now.as_deref() != before
        && let Some(driver) = before
    {
        writes.push((format!("{DRIVERS}/{driver}/bind"), device));
    }
    for (path, text) in writes {
        if let Err(error) = tree.write(&path, text) {
            return Outcome::Refused { error: format!("/{path}: {error}") };
        }
    }
    read_back(tree, device, before)
}

fn read_back(tree: &Tree, device: &str, wanted: Option<&str>) -> Outcome {
    let found = tree.link_name(&format!("{DEVICES}/{device}/driver"));
    match found.as_deref() == wanted {
        true => Outcome::Done,
        false => Outcome::Otherwise { found: found.unwrap_or_else(|| "no driver".to_owned()) },
    }
}
