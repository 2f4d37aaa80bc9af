//! Which shape of the service is run: the profile's layout and durability, or what the flags say; and what had to be left.

use crate::bench::runs::members_have_a_core;
use crate::bench::service::Shape;
use crate::run::journals;
use dataplane::stages::{LayoutMap, Waiting, online_cores};
use hw_profiles::Profile;
use journal::Durability;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A shape, and how it came about.
#[derive(Clone, Debug)]
pub struct Laid {
    /// What is run.
    pub shape: Shape,
    /// `--layout`, as given.
    pub asked: String,
    /// Why one thread runs what was meant for several, if so.
    pub fell_back: Option<String>,
    /// Why its threads are not where the profile has them, if so.
    pub unpinned: Option<String>,
    /// What of it is not the profile's own, so that its promise cannot be judged.
    pub is_other: Option<String>,
    /// Members are on an interface, on a thread of their own.
    is_outside: bool,
}

/// `--journal` for no file at all.
const IN_MEMORY: &str = "memory";

impl Laid {
    /// The shape of a profile's service, changed as the flags say. On an interface the members need a core beside the layout's.
    ///
    /// # Errors
    /// The flag and what was expected.
    pub fn new(profile: &Profile, layout: &str, journal: Option<&str>, is_outside: bool) -> Result<Laid, String> {
        let own = LayoutMap::of_profile(&profile.layout).map_err(|fault| fault.to_string())?;
        let shape_of = |threads: &str| threads.parse().ok().and_then(LayoutMap::on);
        let asked = match layout {
            "profile" => own,
            "fused" => LayoutMap::fused(),
            threads => {
                shape_of(threads).ok_or_else(|| format!("--layout {threads}: expected profile, fused, 2, 4 or 8"))?
            }
        };
        let durability = journals::durability(profile);
        let (durability, folder) = match journal {
            None => (durability, std::env::temp_dir()),
            Some(IN_MEMORY) => (Durability::None, std::env::temp_dir()),
            Some(folder) if PathBuf::from(folder).is_dir() => (durability, PathBuf::from(folder)),
            Some(other) => return Err(format!("--journal {other}: expected a folder that is there, or {IN_MEMORY}")),
        };
        let threads = asked.threads().len();
        let cores = online_cores().unwrap_or_else(|| (0..threads + 1).collect());
        let needed = threads + usize::from(is_outside);
        let (map, fell_back, unpinned) = if threads > 1 && needed > cores.len() {
            let members = if is_outside { " and the members" } else { "" };
            let have = cores.len();
            (
                LayoutMap::fused(),
                Some(format!("{threads} threads{members} need {needed} cores, there are {have}")),
                None,
            )
        } else if layout == "profile" {
            let (map, why) = asked.on_this_machine();
            (map, None, why)
        } else if threads > 1 {
            // The last cores: the kernel's own work is on the first.
            (asked.pinned_to(&cores[cores.len() - threads..]), None, None)
        } else {
            (asked, None, None)
        };
        let is_other = match () {
            () if fell_back.is_some() => fell_back.clone(),
            () if unpinned.is_some() => unpinned.clone(),
            () if layout != "profile" => Some(format!("--layout {layout} is not the profile's")),
            () if durability != journals::durability(profile) => Some("the log had no file".to_owned()),
            () => None,
        };
        let asked = layout.to_owned();
        Ok(Laid { shape: Shape { map, durability, folder }, asked, fell_back, unpinned, is_other, is_outside })
    }

    /// The core of the thread that polls.
    #[must_use]
    pub fn first_core(&self) -> Option<usize> {
        self.shape.map.threads()[0].core
    }

    /// Where the members' work is done.
    #[must_use]
    pub fn members(&self) -> &'static str {
        match () {
            () if self.is_outside => "members on another thread",
            () if self.shape.is_fused() => "members take turns with it, and their time is taken out",
            () if members_have_a_core(&self.shape) => "members on a core of their own",
            () => "members take turns with its first thread, and their time is IN the figures",
        }
    }

    fn threads(&self) -> Vec<String> {
        let mut first = 0;
        let name = |thread: &dataplane::stages::ThreadPlan| {
            first += thread.fronts();
            thread.name(first - thread.fronts())
        };
        self.shape.map.threads().iter().map(name).collect()
    }

    fn waiting(&self) -> &'static str {
        match self.shape.map.waiting() {
            Waiting::Spin => "spin",
            Waiting::SpinThenYield => "spin-then-yield",
        }
    }

    fn journal(&self) -> &'static str {
        match self.shape.durability {
            Durability::None => "memory",
            Durability::Async => "page cache",
            Durability::Sync => "synced",
        }
    }

    /// The lines of the page: the layout, what had to be left, the journal.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let threads = self.threads().join(" | ");
        let mut lines = vec![format!("布局 layout    {threads}; {}; {}", self.waiting(), self.members())];
        if let Some(why) = &self.fell_back {
            lines.push(format!("!! 回退        --layout {} FELL BACK to one thread: {why}", self.asked));
        }
        if let Some(why) = &self.unpinned {
            lines.push(format!("!! 未绑核      {why}"));
        }
        let folder = match self.shape.durability {
            Durability::None => String::new(),
            _ => format!(", in {}", self.shape.folder.display()),
        };
        lines.push(format!("日志 journal   {}{folder}", self.journal()));
        lines
    }

    /// For scripts.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "asked": self.asked,
            "threads": self.threads(),
            "cores": self.shape.map.threads().iter().map(|thread| thread.core).collect::<Vec<_>>(),
            "waiting": self.waiting(),
            "members": self.members(),
            "fell_back": self.fell_back,
            "unpinned": self.unpinned,
            "journal": self.journal(),
        })
    }
}
