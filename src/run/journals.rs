//! The journal folder: a file a day, and what a restart may believe of it.
//!
//! | file | what |
//! |---|---|
//! | `20240603.journal` | the day's log |
//! | `20240603.boot` | the boot of the machine in which it was written last, as the kernel names it |
//! | `20240603.end/` | the day's end as base data ([`crate::base_files`]) |
//!
//! Under policy `async` a recorded frame is in the page cache: it outlives the process, not the machine. A journal of the present boot
//! therefore holds all that was told, and a core that was the exchange goes on by itself; one of an earlier boot may hold less,
//! and going on is a takeover from oneself (`switch --from-self`).

use engine::IdStyle;
use hw_profiles::{DurabilityPolicy, Profile};
use journal::{Durability, Identity, Log, LogLimits, Machine};
use std::fs;
use std::path::{Path, PathBuf};

/// A day's journal, opened.
pub struct Journal {
    /// The machine as the journal has it; before its day if it is new.
    pub machine: Machine,
    /// Frames that were there.
    pub frames: u64,
    /// Bytes of a torn tail that were cut.
    pub cut_bytes: u64,
    /// It holds all that was told.
    pub is_whole: bool,
    /// Where it stands.
    pub path: PathBuf,
}

/// Opens the day's journal, or makes one.
///
/// # Errors
/// One line with the file.
pub fn open(folder: &Path, day: u32, profile: &Profile, identity: Identity) -> Result<Journal, String> {
    fs::create_dir_all(folder).map_err(|error| format!("journal folder {}: {error}", folder.display()))?;
    let path = folder.join(format!("{day}.journal"));
    let boot_file = folder.join(format!("{day}.boot"));
    let limits = LogLimits {
        bytes: usize::try_from(profile.limits.log_bytes)
            .map_err(|_| "the profile's log does not fit this machine".to_owned())?,
        frames: profile.limits.frames as usize,
    };
    let durability = durability(profile);
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let journal = if path.exists() {
        let recovered = journal::recover(&path, Some(day), limits, durability).map_err(|error| error.to_string())?;
        let (frames, cut_bytes) = (recovered.frames, recovered.cut_bytes);
        let before = fs::read_to_string(&boot_file).unwrap_or_default();
        let is_whole = durability == Durability::Sync || (!boot.is_empty() && boot == before);
        let recovery = Machine::recover(recovered.log, identity).map_err(|error| error.to_string())?;
        Journal { machine: recovery.machine, frames, cut_bytes, is_whole, path }
    } else {
        let log = Log::create(&path, limits, durability).map_err(|error| error.to_string())?;
        Journal { machine: Machine::new(log, identity), frames: 0, cut_bytes: 0, is_whole: true, path }
    };
    fs::write(&boot_file, boot).map_err(|error| format!("{}: {error}", boot_file.display()))?;
    Ok(journal)
}

/// The profile's durability, of a log with a file.
#[must_use]
pub fn durability(profile: &Profile) -> Durability {
    match profile.durability.policy {
        DurabilityPolicy::Sync => Durability::Sync,
        DurabilityPolicy::Async => Durability::Async,
    }
}

/// Who decides here.
#[must_use]
pub fn identity(data_center: u32) -> Identity {
    Identity { ids: IdStyle { prefix: crate::appliance::ID_PREFIX }, data_center }
}
