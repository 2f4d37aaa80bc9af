//! Where a thread was put, read back from the kernel: `/proc/thread-self/status`, `stat` and `sched`.

use std::fs;
use std::path::{Path, PathBuf};

/// Where a thread of the layout is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Its stages.
    pub thread: String,
    /// The core that the map names.
    pub core_wanted: Option<usize>,
    /// Cores it may run on, as the kernel lists them: `3`, `0-1`. Empty: this system has no `/proc`.
    pub allowed: String,
    /// The core it was on when it was asked.
    pub core: Option<usize>,
    /// Moves to another core since it was pinned. None: the kernel does not count them (no `/proc/thread-self/sched`).
    pub migrations: Option<u64>,
    /// Times that others ran while it wanted to, since it was pinned. None: as above.
    pub preemptions: Option<u64>,
    /// Where the kernel tells of it: `/proc/<process>/task/<thread>`, for whoever asks.
    task: PathBuf,
}

impl Placement {
    /// Pins the calling thread to a core, if one is named, and reads back what came of it; counts begin here.
    pub(super) fn take(thread: &str, core: Option<usize>) -> Self {
        if let Some(id) = core.filter(|&core| core < CORES_MAX) {
            // A core that is not there leaves the thread where the system puts it: `allowed` tells.
            core_affinity::set_for_current(core_affinity::CoreId { id });
        }
        // A symbolic link `<process>/task/<thread>`: the same place for the other threads.
        let task = fs::read_link("/proc/thread-self").unwrap_or_default();
        Self::read(thread, core, &Path::new("/proc").join(task))
    }

    /// The thread's present placement, counted from this one on. Any thread may ask.
    #[must_use]
    pub(super) fn since(&self) -> Self {
        let now = Self::read(&self.thread, self.core_wanted, &self.task);
        let since = |now: Option<u64>, then: Option<u64>| Some(now?.saturating_sub(then?));
        Placement {
            migrations: since(now.migrations, self.migrations),
            preemptions: since(now.preemptions, self.preemptions),
            ..now
        }
    }

    /// The thread may run on the core that the map names and on no other.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.core_wanted.is_some_and(|core| self.allowed == core.to_string())
    }

    fn read(thread: &str, core_wanted: Option<usize>, task: &Path) -> Self {
        let told = |what: &str| fs::read_to_string(task.join(what)).unwrap_or_default();
        let (status, stat, sched) = (told("status"), told("stat"), told("sched"));
        // The name may hold blanks and brackets: fields are counted behind the last bracket, where the third stands.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let count = |name: &str| field(&sched, name)?.parse().ok();
        Placement {
            thread: thread.to_owned(),
            core_wanted,
            allowed: field(&status, "Cpus_allowed_list").unwrap_or_default().to_owned(),
            core: fields.split_whitespace().nth(PROCESSOR_FIELD - 3).and_then(|word| word.parse().ok()),
            migrations: count("se.nr_migrations"),
            preemptions: count("nr_involuntary_switches"),
            task: task.to_owned(),
        }
    }
}

/// Cores that are online, isolated ones included, which a process may be pinned to though it does not run there by itself. None: this
/// system does not say.
#[must_use]
pub fn online_cores() -> Option<Vec<usize>> {
    cores_of(fs::read_to_string("/sys/devices/system/cpu/online").ok()?.trim())
}

/// `0-3,8` as the kernel lists cores.
fn cores_of(list: &str) -> Option<Vec<usize>> {
    let mut cores = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        cores.extend(first.parse::<usize>().ok()?..=last.parse().ok()?);
    }
    Some(cores)
}

/// Cores that the system's call knows (CPU_SETSIZE of sched_setaffinity(2)).
const CORES_MAX: usize = 1_024;
/// `processor` is the 39th field of `stat` (proc(5)).
const PROCESSOR_FIELD: usize = 39;

/// The value behind `name   :`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.split(':').next().is_some_and(|head| head.trim() == name))?;
    Some(line.split_once(':')?.1.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_thread_reads_back_its_core_and_does_not_move() {
        let Some(core) = core_affinity::get_core_ids().and_then(|cores| cores.last().copied()) else {
            return println!("skipped: this system does not say which cores there are");
        };
        let end = std::thread::spawn(move || {
            let placement = Placement::take("a test", Some(core.id));
            for _ in 0..100 {
                std::thread::yield_now();
            }
            placement.since()
        });
        let end = end.join().expect("it does not panic");
        assert!(end.is_pinned() && end.core == Some(core.id), "{end:?}");
        assert!(end.migrations.is_none_or(|count| count == 0), "{end:?}");
    }

    #[test]
    fn lists_of_cores_are_read() {
        assert_eq!(cores_of("0-2,5,7-8"), Some(vec![0, 1, 2, 5, 7, 8]));
        assert_eq!(cores_of(""), None);
    }

    #[test]
    fn a_core_that_is_not_there_is_seen_in_what_is_allowed() {
        for core in [CORES_MAX - 1, 4_095] {
            let end = std::thread::spawn(move || Placement::take("a test", Some(core))).join();
            let end = end.expect("it does not panic");
            assert!(!end.is_pinned() && !end.allowed.is_empty(), "{end:?}");
        }
    }
}
