//! /sys and /proc below a root, and who answers when they are written: the kernel, or on a made tree something that plays its part.

use crate::made::MadeKernel;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A machine's files. Paths are relative to its root, without a slash in front.
pub struct Tree {
    root: PathBuf,
    kernel: Box<dyn Kernel>,
}

/// Who answers a write.
pub trait Kernel {
    /// Writes `text` to a file that is there.
    ///
    /// # Errors
    /// What the kernel says: no such file, busy, refused, …
    fn write(&mut self, root: &Path, path: &str, text: &str) -> io::Result<()>;

    /// Whether this is the running kernel: what it does outlives no reboot.
    fn is_real(&self) -> bool {
        false
    }
}

/// The kernel that runs: one write of the whole text, no file is ever made.
struct RunningKernel;

impl Kernel for RunningKernel {
    fn write(&mut self, root: &Path, path: &str, text: &str) -> io::Result<()> {
        OpenOptions::new().write(true).open(root.join(path))?.write_all(text.as_bytes())
    }

    fn is_real(&self) -> bool {
        true
    }
}

impl Tree {
    /// The machine below `root`: `/` is the running one, anything else a made tree.
    #[must_use]
    pub fn open(root: &Path) -> Tree {
        let is_running = root.canonicalize().is_ok_and(|root| root == Path::new("/"));
        let kernel: Box<dyn Kernel> = if is_running { Box::new(RunningKernel) } else { Box::new(MadeKernel) };
        Tree { root: root.to_owned(), kernel }
    }

    /// A made tree with its own kernel: for tests with faults.
    #[must_use]
    pub fn with_kernel(root: &Path, kernel: Box<dyn Kernel>) -> Tree {
        Tree { root: root.to_owned(), kernel }
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it is the running machine.
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.kernel.is_real()
    }

    /// A file's text without the blanks around it. None: it is not there or cannot be read.
    #[must_use]
    pub fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok().map(|text| text.trim().to_owned())
    }

    /// A file's bytes.
    #[must_use]
    pub fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.root.join(path)).ok()
    }

    /// A file's number.
    #[must_use]
    pub fn number<N: std::str::FromStr>(&self, path: &str) -> Option<N> {
        self.read(path)?.parse().ok()
    }

    /// The names in a folder, sorted; none if it is not there.
    #[must_use]
    pub fn list(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.root.join(path)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// Whether a file, folder or link is there.
    #[must_use]
    pub fn exists(&self, path: &str) -> bool {
        fs::symlink_metadata(self.root.join(path)).is_ok()
    }

    /// The last part of what a link points to.
    #[must_use]
    pub fn link_name(&self, path: &str) -> Option<String> {
        fs::read_link(self.root.join(path)).ok()?.file_name()?.to_str().map(str::to_owned)
    }

    /// Writes to a file that is there.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn write(&mut self, path: &str, text: &str) -> io::Result<()> {
        self.kernel.write(&self.root, path, text)
    }
}
