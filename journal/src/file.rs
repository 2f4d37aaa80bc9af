//! The journal as a file: who holds it, how long it is, and what can be wrong with it as a whole.
//!
//! Whoever has a journal open holds the file's lock: one to write, or any number to read. The lock is advisory; what it
//! keeps apart are cores that were started on the same journal by mistake.

use crate::fault::Fault;
use crate::memory::{self, ReadHalf, WriteHalf};
use engine::types::Sequence;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Why a journal cannot be opened: the file and the reason, one line.
#[derive(Debug)]
pub struct OpenError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: OpenFault,
}

/// What can be wrong with a journal as a file.
#[derive(Debug)]
pub enum OpenFault {
    /// The operating system's answer.
    Io(io::Error),
    /// Somebody else has it open.
    InUse,
    /// It does not begin as a journal does.
    NotAJournal(Fault),
    /// It is the journal of another trading day.
    OtherDay {
        /// Its trading day, yyyymmdd.
        found: u32,
        /// The one that was asked for.
        expected: u32,
    },
    /// Something in the middle is not a frame that belongs there.
    Damaged(Damage),
    /// It holds more than the limits that were given.
    LimitsTooSmall {
        /// Bytes of its whole frames.
        bytes: u64,
        /// Their number.
        frames: u64,
    },
}

/// Damage in the middle: behind it stands a frame that was written later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where the frame, or the part of one, begins that does not belong there, bytes.
    pub at: u64,
    /// What is wrong with it.
    pub fault: Fault,
    /// The last whole frame before it; 0 = none.
    pub after: Sequence,
    /// Where a frame of a higher sequence stands, bytes; equal to `at` if it is this one itself.
    pub valid_at: u64,
    /// Its sequence.
    pub valid_sequence: Sequence,
}

impl OpenFault {
    pub(crate) fn of(self, path: &Path) -> OpenError {
        OpenError { path: path.to_owned(), reason: self }
    }
}

impl From<io::Error> for OpenFault {
    fn from(error: io::Error) -> Self {
        OpenFault::Io(error)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "journal {}: ", self.path.display())?;
        match &self.reason {
            OpenFault::Io(error) => write!(out, "{error}"),
            OpenFault::InUse => write!(out, "in use by another process, expected to be the only one that has it open"),
            OpenFault::NotAJournal(fault) => write!(out, "not a journal: at offset 0 {fault}"),
            OpenFault::OtherDay { found, expected } => {
                write!(
                    out,
                    "holds the trading day {found}, expected {expected} (field trading_day of DayOpen at offset 0)"
                )
            }
            OpenFault::Damaged(damage) => write!(out, "{damage}"),
            OpenFault::LimitsTooSmall { bytes, frames } => {
                write!(
                    out,
                    "holds {bytes} bytes and {frames} frames, expected no more than the limits it is opened with"
                )
            }
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "damaged at offset {}, after sequence {}: {}", self.at, self.after, self.fault)?;
        if self.valid_at != self.at {
            write!(
                out,
                "; sequence {} follows at offset {}, so it is not a torn tail",
                self.valid_sequence, self.valid_at
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for OpenError {}

/// A journal file, locked.
pub(crate) struct JournalFile {
    file: File,
}

impl JournalFile {
    /// A new file; one that exists is an error. With `lasting` its name outlives a power cut from here on.
    pub(crate) fn create(path: &Path, lasting: bool) -> Result<Self, OpenFault> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        lock(file.try_lock())?;
        if lasting {
            file.sync_all()?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(folder)?.sync_all()?;
        }
        Ok(JournalFile { file })
    }

    /// A file that exists, to go on writing.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenFault> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        lock(file.try_lock())?;
        Ok(JournalFile { file })
    }

    /// A file that exists, to be read beside other readers.
    pub(crate) fn open_to_read(path: &Path) -> Result<Self, OpenFault> {
        let file = File::open(path)?;
        lock(file.try_lock_shared())?;
        Ok(JournalFile { file })
    }

    /// Its length now, bytes.
    pub(crate) fn length(&self) -> Result<usize, OpenFault> {
        usize::try_from(self.file.metadata()?.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge).into())
    }

    /// Its first `length` bytes.
    pub(crate) fn map_to_read(&self, length: usize) -> Result<ReadHalf, OpenFault> {
        Ok(memory::read_only(&self.file, length)?)
    }

    /// Its first `committed` bytes, with zeros behind them up to `capacity`; what stood there is gone.
    pub(crate) fn map_to_write(&self, committed: usize, capacity: usize) -> Result<(WriteHalf, ReadHalf), OpenFault> {
        self.cut(committed as u64)?;
        self.file.set_len(capacity as u64)?;
        memory::reserve_disk(&self.file, capacity as u64)?;
        Ok(memory::of_file(&self.file, capacity, committed)?)
    }

    /// Cuts it to so many bytes.
    pub(crate) fn cut(&self, length: u64) -> io::Result<()> {
        if self.file.metadata()?.len() > length {
            self.file.set_len(length)?;
        }
        Ok(())
    }

    /// Lets others open it.
    pub(crate) fn unlock(&self) -> io::Result<()> {
        self.file.unlock()
    }

    /// Returns when all of it is on its device.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

fn lock(result: Result<(), TryLockError>) -> Result<(), OpenFault> {
    match result {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(OpenFault::InUse),
        Err(TryLockError::Error(error)) => Err(OpenFault::Io(error)),
    }
}
