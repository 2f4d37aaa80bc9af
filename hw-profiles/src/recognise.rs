//! Which profile a processor asks for.
//!
//! `/proc/cpuinfo` is lines of `key : value`, one block a processor. On x86 a block has `vendor_id`, `cpu family`, `model` and
//! `model name`, the numbers decimal; on ARM `CPU implementer` and `CPU part`, hexadecimal with 0x (`CPU variant` and `CPU
//! revision` do not matter here). All processors of a server are of one kind, so the first of each key is taken.

use crate::Profile;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a processor is recognised. On x86 by vendor, family, model and words of its name; on ARM by implementer and part.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recognise {
    /// The instruction set; `any` fits every machine.
    pub architecture: Architecture,
    /// x86: `vendor_id`, one of these.
    #[serde(default)]
    pub vendors: Vec<String>,
    /// x86: `cpu family`.
    pub family: Option<u32>,
    /// x86: `model`, one of these; empty: whatever it is.
    #[serde(default)]
    pub models: Vec<u32>,
    /// x86: what `model name` must contain, one of these; empty: whatever it is.
    #[serde(default)]
    pub name_has: Vec<String>,
    /// ARM: `CPU implementer`.
    pub implementer: Option<u32>,
    /// ARM: `CPU part`, one of these.
    #[serde(default)]
    pub parts: Vec<u32>,
}

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// x86, 64 bits.
    #[serde(rename = "x86_64")]
    X86,
    /// ARM, 64 bits.
    Aarch64,
    /// Whatever it is.
    Any,
}

/// What a processor says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cpu {
    /// An x86 processor.
    X86 {
        /// `vendor_id`.
        vendor: String,
        /// `cpu family`.
        family: u32,
        /// `model`.
        model: u32,
        /// `model name`.
        name: String,
        /// A hypervisor is beneath: cores and time are not ours alone.
        hypervisor: bool,
    },
    /// An ARM processor.
    Arm {
        /// `CPU implementer`.
        implementer: u32,
        /// `CPU part`.
        part: u32,
        /// It has the atomic instructions of ARMv8.1 (LSE).
        lse: bool,
    },
    /// Neither could be read.
    Unknown,
}

/// Which profile fits, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Detected {
    /// The built-in profile's name; `dev` if none fits.
    pub profile: String,
    /// What it was recognised by, or why no other fits.
    pub reason: String,
}

/// The built-in profile for a processor.
///
/// # Panics
/// If a built-in profile is refused, which a test holds.
#[must_use]
pub fn detect(cpu: &Cpu) -> Detected {
    for name in Profile::names() {
        let profile = Profile::load(name).expect("built-in profiles are whole");
        if profile.recognise.architecture != Architecture::Any && profile.recognise.fits(cpu) {
            return Detected { profile: name.to_owned(), reason: cpu.to_string() };
        }
    }
    Detected { profile: "dev".to_owned(), reason: format!("no profile knows {cpu}") }
}

impl Recognise {
    /// Whether a processor is of this kind.
    #[must_use]
    pub fn fits(&self, cpu: &Cpu) -> bool {
        match (self.architecture, cpu) {
            (Architecture::Any, _) => true,
            (Architecture::X86, Cpu::X86 { vendor, family, model, name, .. }) => {
                self.vendors.contains(vendor)
                    && self.family == Some(*family)
                    && (self.models.is_empty() || self.models.contains(model))
                    && (self.name_has.is_empty() || self.name_has.iter().any(|words| name.contains(words.as_str())))
            }
            (Architecture::Aarch64, Cpu::Arm { implementer, part, .. }) => {
                self.implementer == Some(*implementer) && self.parts.contains(part)
            }
            _ => false,
        }
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let x86 = !self.vendors.is_empty() && self.family.is_some();
        let arm = self.implementer.is_some() && !self.parts.is_empty();
        let any_x86 = !self.vendors.is_empty() || self.family.is_some();
        let any_x86 = any_x86 || !self.models.is_empty() || !self.name_has.is_empty();
        let any_arm = self.implementer.is_some() || !self.parts.is_empty();
        let expected = match self.architecture {
            Architecture::X86 if !x86 || any_arm => "vendors and family, and no implementer or parts",
            Architecture::Aarch64 if !arm || any_x86 => {
                "implementer and parts, and no vendors, family, models or name_has"
            }
            Architecture::Any if any_x86 || any_arm => "nothing else, since any machine fits",
            _ => return Ok(()),
        };
        Err(format!("recognise: architecture = {:?}: expected {expected}", self.architecture))
    }
}

impl Cpu {
    /// Reads `/proc/cpuinfo`.
    #[must_use]
    pub fn parse(cpuinfo: &str) -> Cpu {
        let value = |key: &str| {
            cpuinfo.lines().find_map(|line| {
                let (found, value) = line.split_once(':')?;
                (found.trim() == key).then(|| value.trim().to_owned())
            })
        };
        let hexadecimal = |key: &str| u32::from_str_radix(value(key)?.trim_start_matches("0x"), 16).ok();
        let decimal = |key: &str| value(key)?.parse::<u32>().ok();
        let has = |key: &str, word: &str| value(key).is_some_and(|words| words.split(' ').any(|found| found == word));
        if let (Some(vendor), Some(family), Some(model)) = (value("vendor_id"), decimal("cpu family"), decimal("model"))
        {
            let name = value("model name").unwrap_or_default();
            return Cpu::X86 { vendor, family, model, name, hypervisor: has("flags", "hypervisor") };
        }
        match (hexadecimal("CPU implementer"), hexadecimal("CPU part")) {
            (Some(implementer), Some(part)) => Cpu::Arm { implementer, part, lse: has("Features", "atomics") },
            _ => Cpu::Unknown,
        }
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cpu::X86 { vendor, family, model, name, .. } => {
                write!(out, "{vendor} family {family} model {model} ({name})")
            }
            Cpu::Arm { implementer, part, .. } => write!(out, "ARM implementer {implementer:#x} part {part:#x}"),
            Cpu::Unknown => out.write_str("a processor that says neither vendor nor implementer"),
        }
    }
}
