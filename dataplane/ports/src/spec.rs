//! The one word that names a port in site files and flags.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Which port to open. [`FromStr`] and [`Display`](fmt::Display) are each other's inverse.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PortSpec {
    /// `tap:NAME`: a TAP interface of this name, made if it is not there.
    Tap(String),
    /// `af_packet:IFACE`: DPDK's net_af_packet on a kernel interface.
    AfPacket(String),
    /// `af_xdp:IFACE`: DPDK's net_af_xdp on a kernel interface.
    AfXdp(String),
    /// `dpdk_tap:NAME`: DPDK's net_tap.
    DpdkTap(String),
    /// `pci:DDDD:BB:DD.F`: a NIC.
    Pci(PciAddress),
    /// `pcap:IN,OUT`: frames are read from one file and written to another. No comma in the names.
    Pcap {
        /// The file that frames come from.
        input: PathBuf,
        /// The file that frames go to; it is overwritten.
        output: PathBuf,
    },
    /// `ring`: what is sent arrives at the same port, in the same buffer.
    Ring,
    /// `null`: frames of zeroes without end; what is sent is gone.
    Null,
}

/// Where a device sits: domain, bus, device, function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PciAddress {
    domain: u16,
    bus: u8,
    device: u8,
    function: u8,
}

/// Why a text names no port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecError {
    /// No such kind of port.
    Kind(String),
    /// Not a name that an interface can have.
    Interface(String),
    /// Not a PCI address.
    Pci(String),
    /// Not two files.
    Files(String),
}

/// Longest interface name (IFNAMSIZ of linux/if.h less its end).
const INTERFACE_NAME_MAX: usize = 15;

impl PortSpec {
    /// It is a device of DPDK's: needs a build with the feature `dpdk`.
    #[must_use]
    pub fn needs_dpdk(&self) -> bool {
        !matches!(self, PortSpec::Tap(_))
    }

    /// The kernel interface that it stands on, if it does.
    #[must_use]
    pub fn interface(&self) -> Option<&str> {
        match self {
            PortSpec::Tap(name) | PortSpec::AfPacket(name) | PortSpec::AfXdp(name) | PortSpec::DpdkTap(name) => {
                Some(name)
            }
            PortSpec::Pci(_) | PortSpec::Pcap { .. } | PortSpec::Ring | PortSpec::Null => None,
        }
    }
}

impl FromStr for PortSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<PortSpec, SpecError> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        match kind {
            "tap" => interface(rest).map(PortSpec::Tap),
            "af_packet" => interface(rest).map(PortSpec::AfPacket),
            "af_xdp" => interface(rest).map(PortSpec::AfXdp),
            "dpdk_tap" => interface(rest).map(PortSpec::DpdkTap),
            "pci" => rest.parse().map(PortSpec::Pci),
            "pcap" => match rest.split_once(',') {
                Some((input, output)) if !input.is_empty() && !output.is_empty() && !output.contains(',') => {
                    Ok(PortSpec::Pcap { input: input.into(), output: output.into() })
                }
                _ => Err(SpecError::Files(rest.to_owned())),
            },
            "ring" if text == "ring" => Ok(PortSpec::Ring),
            "null" if text == "null" => Ok(PortSpec::Null),
            _ => Err(SpecError::Kind(text.to_owned())),
        }
    }
}

/// What the kernel takes as a name (dev_valid_name), and what DPDK's device arguments can carry.
fn interface(name: &str) -> Result<String, SpecError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let holds =
        (1..=INTERFACE_NAME_MAX).contains(&name.len()) && name.chars().all(is_plain) && name != "." && name != "..";
    if holds { Ok(name.to_owned()) } else { Err(SpecError::Interface(name.to_owned())) }
}

impl FromStr for PciAddress {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<PciAddress, SpecError> {
        let wrong = || SpecError::Pci(text.to_owned());
        let hex = |part: &str, digits: usize| -> Result<u16, SpecError> {
            let holds = part.len() == digits && part.chars().all(|c| c.is_ascii_hexdigit());
            if holds { u16::from_str_radix(part, 16).map_err(|_| wrong()) } else { Err(wrong()) }
        };
        let (domain, rest) = text.split_once(':').ok_or_else(wrong)?;
        let (bus, rest) = rest.split_once(':').ok_or_else(wrong)?;
        let (device, function) = rest.split_once('.').ok_or_else(wrong)?;
        let (device, function) = (hex(device, 2)?, hex(function, 1)?);
        // PCI Local Bus 3.0 §3.2.2.3.2: 32 devices a bus, 8 functions a device.
        if device > 31 || function > 7 {
            return Err(wrong());
        }
        Ok(PciAddress {
            domain: hex(domain, 4)?,
            bus: hex(bus, 2)? as u8,
            device: device as u8,
            function: function as u8,
        })
    }
}

impl fmt::Display for PciAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:02x}:{:02x}.{:x}", self.domain, self.bus, self.device, self.function)
    }
}

impl fmt::Display for PortSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PortSpec::Tap(name) => write!(f, "tap:{name}"),
            PortSpec::AfPacket(name) => write!(f, "af_packet:{name}"),
            PortSpec::AfXdp(name) => write!(f, "af_xdp:{name}"),
            PortSpec::DpdkTap(name) => write!(f, "dpdk_tap:{name}"),
            PortSpec::Pci(address) => write!(f, "pci:{address}"),
            PortSpec::Pcap { input, output } => write!(f, "pcap:{},{}", input.display(), output.display()),
            PortSpec::Ring => f.write_str("ring"),
            PortSpec::Null => f.write_str("null"),
        }
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SpecError::Kind(text) => write!(
                f,
                "\"{text}\" names no port: expected tap:NAME, af_packet:IFACE, af_xdp:IFACE, dpdk_tap:NAME, \
                 pci:0000:17:00.0, pcap:IN,OUT, ring or null"
            ),
            SpecError::Interface(name) => write!(
                f,
                "\"{name}\" is no interface name: expected 1 to {INTERFACE_NAME_MAX} letters, digits, '_', '-' or '.'"
            ),
            SpecError::Pci(text) => write!(f, "\"{text}\" is no PCI address: expected one like 0000:17:00.0"),
            SpecError::Files(text) => {
                write!(f, "\"{text}\" are not two files: expected pcap:IN,OUT without other commas")
            }
        }
    }
}

impl std::error::Error for SpecError {}

impl Serialize for PortSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PortSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PortSpec, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
