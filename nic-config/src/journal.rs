//! What was changed and what was there before, on disk before it is done.
//!
//! A text file, one JSON object a line, each written and synced before the next thing happens:
//!
//! ```text
//! {"boot":"6ac1…"}                                  the running kernel's boot_id: what it was told, a reboot forgets
//! {"step":{"kind":"write","path":…,"before":…}}     a change that is about to be done
//! {"done":{"outcome":"done"}}                       what came of it
//! ```
//!
//! A line without its line feed was never finished: its change was not begun, and it is left out. A step without `done` may or may
//! not have been done; undoing looks at the machine. A second `apply` goes on at the end; undoing goes backwards over all of it, so
//! the oldest state comes back. The file is removed when everything is back.

use crate::step::{Outcome, Step};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The journal of one machine, locked against a second one.
pub struct Journal {
    path: PathBuf,
    file: File,
    boot: String,
    steps: Vec<(Step, Option<Outcome>)>,
}

/// The file's name in the state folder.
pub const JOURNAL_FILE: &str = "nic.journal";

/// Most bytes that are read of a journal: thousands of steps.
const BYTES_MAX: u64 = 16 << 20;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Line {
    Boot(String),
    Step(Step),
    Done(Outcome),
}

impl Journal {
    /// Opens the journal in `state`, or begins one. `boot` is the running kernel's boot id.
    ///
    /// # Errors
    /// The folder or file cannot be made, read or locked; the file is not a journal: one line.
    pub fn open(state: &Path, boot: &str) -> Result<Journal, String> {
        let fault = |error: io::Error| format!("{}: {error}", state.display());
        fs::create_dir_all(state).map_err(fault)?;
        let path = state.join(JOURNAL_FILE);
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        file.try_lock().map_err(|_| format!("{}: another backstop nic is at work", path.display()))?;
        if file.metadata().map_err(fault)?.len() > BYTES_MAX {
            return Err(format!("{}: expected a journal of at most {BYTES_MAX} bytes", path.display()));
        }
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let whole = text.rfind('\n').map_or(0, |last| last + 1);
        let mut steps: Vec<(Step, Option<Outcome>)> = Vec::new();
        let mut begun = None;
        for (at, line) in text[..whole].lines().enumerate() {
            let parsed: Line =
                serde_json::from_str(line).map_err(|error| format!("{}, line {}: {error}", path.display(), at + 1))?;
            match parsed {
                Line::Boot(boot) if begun.is_none() => begun = Some(boot),
                Line::Step(step) if begun.is_some() => steps.push((step, None)),
                Line::Done(outcome) if steps.last().is_some_and(|(_, done)| done.is_none()) => {
                    steps.last_mut().expect("it was just seen").1 = Some(outcome);
                }
                _ => return Err(format!("{}, line {}: not where it may stand", path.display(), at + 1)),
            }
        }
        if whole < text.len() {
            file.set_len(whole as u64).and_then(|()| file.sync_data()).map_err(fault)?;
        }
        let is_new = begun.is_none();
        let mut journal = Journal { path, boot: begun.unwrap_or_else(|| boot.to_owned()), file, steps };
        if is_new {
            journal.put(&Line::Boot(boot.to_owned())).map_err(fault)?;
            // The file's name, too, must outlive a lost machine.
            File::open(state).and_then(|folder| folder.sync_all()).map_err(fault)?;
        }
        Ok(journal)
    }

    /// Whether a journal is there.
    #[must_use]
    pub fn is_there(state: &Path) -> bool {
        state.join(JOURNAL_FILE).exists()
    }

    /// The boot id it was begun under.
    #[must_use]
    pub fn boot(&self) -> &str {
        &self.boot
    }

    /// The steps and what came of them, oldest first; None: a crash came between.
    #[must_use]
    pub fn steps(&self) -> &[(Step, Option<Outcome>)] {
        &self.steps
    }

    /// Writes down a change that is about to be done.
    ///
    /// # Errors
    /// It is not on disk: it must not be done.
    pub fn begin(&mut self, step: &Step) -> io::Result<()> {
        self.put(&Line::Step(step.clone()))?;
        self.steps.push((step.clone(), None));
        Ok(())
    }

    /// Writes down what came of it.
    ///
    /// # Errors
    /// It is not on disk; undoing will look at the machine.
    pub fn end(&mut self, outcome: &Outcome) -> io::Result<()> {
        self.put(&Line::Done(outcome.clone()))?;
        if let Some((_, done)) = self.steps.last_mut() {
            *done = Some(outcome.clone());
        }
        Ok(())
    }

    /// Everything is back: nothing is left to undo.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    fn put(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_string(line).map_err(io::Error::other)?;
        text.push('\n');
        self.file.write_all(text.as_bytes())?;
        self.file.sync_data()
    }
}
