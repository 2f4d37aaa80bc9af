//! Hardware profiles: one TOML a server model says how it is recognised, which stage runs on which core, how it waits, what memory
//! and which NICs it has, how durable a release is, how large the tables are and what it promises. The whole appliance is declared
//! in one static file; code does not know server models.
//!
//! A profile is read whole and checked whole: an unknown or missing field, or a value beyond its range, is refused with the
//! file's and the field's name and what was expected; nothing has a silent default. The built-in ones stand in the binary; a
//! site writes its own by copying one ([`Profile::source`]) and naming the file.

#![forbid(unsafe_code)]

mod layout;
mod limits;
mod recognise;

pub use layout::{Layout, LayoutThread, Stage, THREADS_MAX, Waiting};
pub use limits::{Footprint, LEVELS_PER_BOOK, Limits, QUERIED_ORDER, QUERIED_POSITION};
pub use recognise::{Architecture, Cpu, Detected, Recognise, detect};

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// A server model, declared.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name, as on the command line.
    pub name: String,
    /// One line for people, Chinese and English.
    pub description: String,
    /// How its processor is recognised.
    pub recognise: Recognise,
    /// Operating systems it is meant for.
    pub os: Vec<OperatingSystem>,
    /// What the machine is made of.
    pub topology: Topology,
    /// Stages on cores.
    pub layout: Layout,
    /// Memory of the layout's node.
    pub memory: Memory,
    /// Its NICs.
    pub nic: Nic,
    /// Where time comes from.
    pub clock: Clock,
    /// How the binary is built for it.
    pub build: Build,
    /// When a release is safe.
    pub durability: Durability,
    /// How large the tables are.
    pub limits: Limits,
    /// How fast it is.
    pub promise: Promise,
}

/// An operating system.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatingSystem {
    /// Its name for people.
    pub name: String,
    /// `ID` of /etc/os-release; "any" for every one.
    pub id: String,
    /// What `VERSION_ID` of /etc/os-release begins with; "" for every one.
    pub version: String,
    /// Sizes of a memory page its kernels come with, KiB: 4 or 64.
    pub page_kib: Vec<u32>,
}

/// What the machine is made of. Zero means: varies, not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// Processors a NUMA node, not counting siblings of SMT.
    pub cores_per_node: u16,
    /// Processors that share the innermost shared cache (an L2, an L3 or its tags): a layout that fits stays in one cluster.
    pub cores_per_cluster: u16,
    /// Hardware threads a core.
    pub threads_per_core: u8,
    /// Line of the data caches, bytes.
    pub cache_line_bytes: u16,
    /// Distance that keeps two writers apart, bytes: the line, or what is fetched or tagged beside it.
    pub padding_bytes: u16,
}

/// Memory of the layout's node.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// What the node must have for Backstop, bytes: the limits' footprint and the ports' buffers fit in.
    pub node_bytes: u64,
    /// Huge pages set aside for the ports' packet buffers, bytes. 0: none.
    pub huge_page_bytes: u64,
    /// Page sizes to set aside, best first, KiB; the first one that the kernel has is taken.
    pub huge_page_kib: Vec<u32>,
    /// Transparent huge pages: tables and log ask for them where they pay.
    pub transparent_huge_pages: TransparentHugePages,
}

/// What `/sys/kernel/mm/transparent_hugepage/enabled` shall say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransparentHugePages {
    /// Where they are asked for.
    Madvise,
    /// Nowhere.
    Never,
    /// As the machine has it.
    Leave,
}

/// Its NICs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nic {
    /// DPDK's poll-mode drivers for the cards this server is bought with, preferred first. Empty: no NIC is taken over.
    pub pmds: Vec<String>,
}

/// Where time comes from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// What the kernel must take the time from: `tsc`, `arch_sys_counter`; "any".
    pub source: String,
}

/// How the binary is built for it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// The compiler's target.
    pub target: String,
    /// `-C target-cpu`.
    pub target_cpu: String,
    /// `-C target-feature`, each with its sign.
    pub target_features: Vec<String>,
}

impl Build {
    /// What goes into RUSTFLAGS.
    #[must_use]
    pub fn rust_flags(&self) -> String {
        let mut flags = format!("-C target-cpu={}", self.target_cpu);
        if !self.target_features.is_empty() {
            flags.push_str(&format!(" -C target-feature={}", self.target_features.join(",")));
        }
        flags
    }
}

/// When a release is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Durability {
    /// The policy.
    pub policy: DurabilityPolicy,
}

/// When what is recorded may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DurabilityPolicy {
    /// When it is on the disk.
    Sync,
    /// When it is in the page cache: a lost machine is a takeover from oneself.
    Async,
}

/// How fast it is, from the burst that held an order's last byte to the burst that held its first answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// Orders a second in production: the promise holds at this rate and at twice it.
    pub production_orders_per_second: u32,
    /// What that rate is.
    pub basis: Basis,
    /// Where it comes from.
    pub source: String,
    /// The mission's ceiling of internal latency, ns, 99.9 % of the orders: no profile may promise less than this.
    pub p999_ns_ceiling: u32,
    /// What this profile aims at, ns, 99.9 % of the orders. An aim, until `backstop bench --promise` ran on the machine.
    pub p999_ns_aim: u32,
}

/// What a rate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Nobody told us: the best that is public.
    Assumed,
    /// The exchange's own number.
    Given,
}

/// The mission's ceiling of internal latency, ns: 99.9 % of the orders.
pub const P999_NS_CEILING: u32 = 110_000;

/// Rates that a promise is judged at, as multiples of production.
pub const PROMISE_MULTIPLES: [u32; 2] = [1, 2];

/// DPDK's poll-mode drivers that a profile may name; `nic-config` knows the devices of each.
pub const PMD_NAMES: [&str; 10] = ["mlx5", "mlx4", "hns3", "hinic", "txgbe", "ngbe", "ice", "i40e", "ixgbe", "sfc"];

/// What the kernel may take the time from so that a profile's promise means something; `any`: whatever it is.
pub const CLOCK_SOURCES: [&str; 4] = ["tsc", "arch_sys_counter", "kvm-clock", "any"];

/// Why a profile was refused: one line that names the file and the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError(String);

impl fmt::Display for ProfileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for ProfileError {}

/// The profiles that are built in. `dev` stands first: it is the one for any machine.
const BUILT_IN: &[(&str, &str)] = &[
    ("dev", include_str!("../dev.toml")),
    ("kunpeng-920", include_str!("../kunpeng-920.toml")),
    ("phytium-s2500", include_str!("../phytium-s2500.toml")),
    ("phytium-ft2000plus", include_str!("../phytium-ft2000plus.toml")),
    ("hygon-7285", include_str!("../hygon-7285.toml")),
    ("hygon-7390", include_str!("../hygon-7390.toml")),
    ("zhaoxin-kh40000", include_str!("../zhaoxin-kh40000.toml")),
    ("ice-lake-sp", include_str!("../ice-lake-sp.toml")),
    ("sapphire-rapids", include_str!("../sapphire-rapids.toml")),
];

impl Profile {
    /// A built-in profile by its name, or a profile from a file.
    ///
    /// # Errors
    /// No such name or file; the file's fault with its line and field.
    pub fn load(name_or_path: &str) -> Result<Self, ProfileError> {
        if let Some(text) = Self::source(name_or_path) {
            return Self::parse(&format!("built-in profile {name_or_path}"), text);
        }
        let path = Path::new(name_or_path);
        if path.extension().is_none() {
            return Err(ProfileError(format!(
                "profile {name_or_path}: expected a file name ending in .toml or one of: {}",
                Self::names().collect::<Vec<_>>().join(", ")
            )));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|error| ProfileError(format!("profile {name_or_path}: cannot be read: {error}")))?;
        Self::parse(name_or_path, &text)
    }

    /// The names of the built-in profiles.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// A built-in profile's file, with its comments: where a site's own begins.
    #[must_use]
    pub fn source(name: &str) -> Option<&'static str> {
        BUILT_IN.iter().find(|(built_in, _)| *built_in == name).map(|(_, text)| *text)
    }

    /// What memory of the layout's node the profile takes, bytes: the limits' tables, and the ports' buffers.
    #[must_use]
    pub fn memory_needed(&self) -> u64 {
        self.limits.footprint().total(self.layout.fronts() as u64) + self.memory.huge_page_bytes
    }

    fn parse(origin: &str, text: &str) -> Result<Self, ProfileError> {
        let profile: Profile = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
            // The line's field: what is wrong with its value says nothing of whose value it is.
            let field = text.lines().nth(line.saturating_sub(1)).and_then(|line| line.split_once('='));
            let field = field.map_or_else(String::new, |(field, _)| format!(", {}", field.trim()));
            ProfileError(format!("{origin}, line {line}{field}: {}", error.message().replace('\n', " ")))
        })?;
        profile.check().map_err(|fault| ProfileError(format!("{origin}: {fault}")))?;
        Ok(profile)
    }

    fn check(&self) -> Result<(), String> {
        self.recognise.check()?;
        self.layout.check()?;
        let (topology, memory, promise) = (&self.topology, &self.memory, &self.promise);
        let ranges = [
            ("topology.cores_per_node", u64::from(topology.cores_per_node), 0, 1_024),
            ("topology.cores_per_cluster", u64::from(topology.cores_per_cluster), 0, 1_024),
            ("topology.threads_per_core", u64::from(topology.threads_per_core), 0, 8),
            ("topology.cache_line_bytes", u64::from(topology.cache_line_bytes), 32, 256),
            // crossbeam's CachePadded, which the rings use, has 128 on x86-64 and ARM.
            ("topology.padding_bytes", u64::from(topology.padding_bytes), u64::from(topology.cache_line_bytes), 128),
            ("memory.node_bytes", memory.node_bytes, 1 << 30, 1 << 42),
            ("memory.huge_page_bytes", memory.huge_page_bytes, 0, 1 << 36),
            ("promise.production_orders_per_second", u64::from(promise.production_orders_per_second), 1, 10_000_000),
            ("promise.p999_ns_ceiling", u64::from(promise.p999_ns_ceiling), 1, u64::from(P999_NS_CEILING)),
            ("promise.p999_ns_aim", u64::from(promise.p999_ns_aim), 1, u64::from(promise.p999_ns_ceiling)),
        ];
        for (field, value, least, most) in ranges.into_iter().chain(self.limits.ranges()) {
            if !(least..=most).contains(&value) {
                return Err(format!("{field} = {value}: expected {least} to {most}"));
            }
        }
        if self.name.is_empty() || self.description.is_empty() {
            return Err("name and description: expected a text each".to_owned());
        }
        if self.os.is_empty() {
            return Err("os: expected at least one [[os]]".to_owned());
        }
        for os in &self.os {
            if os.page_kib.is_empty() || os.page_kib.iter().any(|kib| ![4, 64].contains(kib)) {
                return Err(format!("os {}: page_kib = {:?}: expected 4, 64 or both", os.name, os.page_kib));
            }
        }
        if memory.huge_page_bytes > 0 && memory.huge_page_kib.is_empty() {
            return Err("memory.huge_page_kib is empty: expected the sizes to set aside, best first".to_owned());
        }
        for kib in &memory.huge_page_kib {
            if !kib.is_power_of_two() || *kib < 64 {
                return Err(format!("memory.huge_page_kib: {kib}: expected a power of two of at least 64 KiB"));
            }
        }
        if let Some(pmd) = self.nic.pmds.iter().find(|pmd| !PMD_NAMES.contains(&pmd.as_str())) {
            return Err(format!("nic.pmds: {pmd}: expected some of {}", PMD_NAMES.join(", ")));
        }
        let source = self.clock.source.as_str();
        if !CLOCK_SOURCES.contains(&source) {
            return Err(format!("clock.source = {source}: expected one of {}", CLOCK_SOURCES.join(", ")));
        }
        let target = match self.recognise.architecture {
            Architecture::X86 => "x86_64-",
            Architecture::Aarch64 => "aarch64-",
            Architecture::Any => "",
        };
        if !self.build.target.starts_with(target) || !self.build.target.contains("-linux-") {
            return Err(format!("build.target = {}: expected {target}…-linux-…", self.build.target));
        }
        for feature in &self.build.target_features {
            if !feature.starts_with(['+', '-']) {
                return Err(format!("build.target_features: {feature}: expected + or - before the name"));
            }
        }
        self.check_places()?;
        let needed = self.memory_needed();
        if needed > memory.node_bytes {
            let node = memory.node_bytes;
            return Err(format!("memory.node_bytes = {node}: expected at least {needed}, which the limits take"));
        }
        Ok(())
    }

    /// Pinned threads stand on one NUMA node, and inside one cluster if they are no more than it has cores.
    fn check_places(&self) -> Result<(), String> {
        if !self.layout.pin {
            return Ok(());
        }
        let cores = self.layout.core_numbers();
        let threads = u16::from(self.layout.cores());
        let groups = [("node", self.topology.cores_per_node), ("cluster", self.topology.cores_per_cluster)];
        for (group, size) in groups {
            let fits = size > 0 && (group == "node" || threads <= size);
            if fits && cores.iter().any(|core| core / size != cores[0] / size) {
                return Err(format!("layout.thread.core: {cores:?}: expected all in one {group} of {size} cores"));
            }
        }
        let node = self.topology.cores_per_node;
        if let Some(core) = self.layout.beside
            && node > 0
            && core / node != cores[0] / node
        {
            return Err(format!("layout.beside = {core}: expected a core of the node of {cores:?}, {node} cores"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(edit: impl Fn(&str) -> String) -> String {
        let edited = edit(BUILT_IN[0].1);
        assert_ne!(edited, BUILT_IN[0].1, "the edit found what it changes");
        Profile::parse("file.toml", &edited).expect_err("must be refused").to_string()
    }

    #[test]
    fn every_built_in_profile_is_whole() {
        for (name, _) in BUILT_IN {
            assert_eq!(Profile::load(name).unwrap_or_else(|fault| panic!("{fault}")).name, *name);
        }
    }

    #[test]
    fn an_unknown_field_is_named() {
        assert!(refusal(|text| text.replace("sessions =", "sesions =")).contains("sesions"));
    }

    #[test]
    fn a_missing_field_is_named() {
        assert!(refusal(|text| text.replace("frames = 4_194_304", "")).contains("frames"));
    }

    #[test]
    fn a_value_out_of_range_is_named_with_what_was_expected() {
        let fault = refusal(|text| text.replace("p999_ns_ceiling = 110_000", "p999_ns_ceiling = 110_001"));
        assert!(
            fault.contains("file.toml: promise.p999_ns_ceiling = 110001") && fault.contains("1 to 110000"),
            "{fault}"
        );
        let fault = refusal(|text| text.replace("node_bytes = ", "node_bytes = 1_073_741_824 #"));
        assert!(fault.contains("memory.node_bytes = 1073741824: expected at least"), "{fault}");
    }

    #[test]
    fn a_layout_that_cannot_run_is_named() {
        let whole = "stages = [\"front\", \"engine\", \"record\"]";
        for (stages, words) in [
            ("stages = [\"front\", \"engine\"]", "record 0 times: expected 1 to 1"),
            ("stages = [\"front\", \"engine\", \"engine\", \"record\"]", "engine 2 times"),
            ("stages = []", "layout.thread 1.stages is empty"),
            ("stages = [\"front\", \"front\", \"engine\", \"record\"]", "front 2 times: expected a thread for each"),
            ("stages = [\"front\", \"engine\", \"recrod\"]", "recrod"),
        ] {
            let fault = refusal(|text| text.replace(whole, stages));
            assert!(fault.contains(words), "{fault}");
        }
        let fault = refusal(|text| text.replace("pin = false", "pin = true"));
        assert!(fault.contains("layout.thread 1.core = 0"), "{fault}");
        let fault = refusal(|text| {
            text.replace(whole, "stages = [\"front\"]\n[[layout.thread]]\ncore = 0\nstages = [\"engine\", \"record\"]")
        });
        assert!(fault.contains("layout.thread 2.core = 0: expected a core that no other thread has"), "{fault}");
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        assert!(Profile::load("epyc").expect_err("unknown").to_string().contains("dev"));
    }
}
