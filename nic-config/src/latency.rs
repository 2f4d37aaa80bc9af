//! /dev/cpu_dma_latency: while it is held open with a 0 in it, processors do not sleep deeper than they wake at once.
//!
//! The file takes a signed 32-bit number of microseconds in the machine's byte order; what was asked for counts until the file is
//! closed. So the core that runs must hold it; a tool that exits cannot.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Holds the wish; dropping it lets the processors sleep again.
#[derive(Debug)]
pub struct CpuDmaLatency {
    _file: File,
}

/// Where the wish is made, below the root.
pub const CPU_DMA_LATENCY: &str = "dev/cpu_dma_latency";

/// Asks for no wake-up latency for as long as the answer lives. `root` is `/`, but in tests.
///
/// # Errors
/// The file is not there (a virtual machine without cpuidle) or may not be written (needs root).
pub fn hold_cpu_dma_latency(root: &Path) -> io::Result<CpuDmaLatency> {
    let mut file = OpenOptions::new().write(true).open(root.join(CPU_DMA_LATENCY))?;
    file.write_all(&0_i32.to_ne_bytes())?;
    Ok(CpuDmaLatency { _file: file })
}
