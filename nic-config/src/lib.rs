//! What the machine is and what it must be before stages may poll on it, read from /sys and /proc and from nowhere else, so that
//! every answer can be tested on a made tree.
//!
//! [`survey`] reads what the machine is; [`machine_items`] compares that with a profile, [`setting_items`] what can be set on it. Each
//! [`Item`] says what is wanted, what is there, how bad it is and how it is mended: by a [`Step`] that [`apply()`] does and
//! [`revert()`] undoes, by the kernel's command line, or by hand. What changes is written down before it is done (`journal`).
//! A file that is not there is an answer, not an error: kernels differ.

#![forbid(unsafe_code)]

mod apply;
mod cores;
mod item;
mod journal;
mod latency;
mod machine;
mod made;
mod memory;
mod pci;
mod power;
mod settings;
mod step;
mod survey;
mod tree;

pub use apply::{Report, Reverted, apply, revert};
pub use cores::CoreSet;
pub use item::{Item, Mend, Text, Verdict};
pub use journal::{JOURNAL_FILE, Journal};
pub use latency::{CPU_DMA_LATENCY, CpuDmaLatency, hold_cpu_dma_latency};
pub use machine::machine_items;
pub use made::MadeKernel;
pub use pci::{PMDS, Pmd};
pub use settings::{Request, command_line, setting_items, steps};
pub use step::{Outcome, Reading, Step};
pub use survey::{HugePages, Interface, Node, OperatingSystem, Survey, survey};
pub use tree::{Kernel, Tree};
