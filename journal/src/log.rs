//! One day's log in one region of memory: one writer, any number of readers, and nobody waits for anybody.
//!
//! The log is the ring between `record` and `publish`: what was appended stays where it is for the day, and how far it
//! goes is one number, published after a frame is there with all its parts. A reader that falls behind finds everything
//! where it was. A second table tells where each sequence begins.

use crate::complete::CompleteFrame;
use crate::file::{JournalFile, OpenError, OpenFault};
use crate::frame::{FrameToWrite, write_frame_exactly};
use crate::memory::{self, ReadHalf, WriteHalf};
use crossbeam_utils::CachePadded;
use engine::command::BodyView;
use engine::types::Sequence;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// One day's log, and the right to append to it.
pub struct Log {
    memory: WriteHalf,
    reader: LogReader,
    file: Option<JournalFile>,
    syncer: Option<LogSyncer>,
}

/// Reads a log while it grows.
#[derive(Clone)]
pub struct LogReader {
    memory: ReadHalf,
    shared: Arc<Shared>,
}

/// The right to make a log durable, to be held by whoever commits groups: the log itself, or another thread.
pub struct LogSyncer {
    reader: LogReader,
    /// Pages before this were made ready by [`LogSyncer::prepare_ahead`].
    prepared: usize,
}

/// How far ahead of the frames [`LogSyncer::prepare_ahead`] is: 10,000 orders and their trades, 5 ms at two million a second.
const PREPARED_AHEAD_BYTES: usize = 4 << 20;
/// Bytes whose pages are made ready in one go.
const PREPARED_STEP_BYTES: usize = 1 << 20;

struct Shared {
    durability: Durability,
    /// Offset + 1 of each sequence from 1 on; 0 = not there yet.
    offsets: Box<[AtomicU64]>,
    /// The last sequence whose frame is committed.
    last: CachePadded<AtomicU64>,
    /// Bytes that are on the device, under [`Durability::Sync`].
    durable: CachePadded<AtomicUsize>,
    sync_failed: AtomicBool,
    /// The file of a log that is only read: its lock is held as long as somebody reads.
    _file: Option<JournalFile>,
}

/// When recorded means what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// There is no file: the log is gone with the process.
    None,
    /// Recorded is in the page cache: it outlives the process, not the machine.
    Async,
    /// Recorded is on the device when `sync` says so.
    Sync,
}

/// How much room a log has; all of it is set aside at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLimits {
    /// Bytes of all frames.
    pub bytes: usize,
    /// Frames.
    pub frames: usize,
}

impl LogLimits {
    /// Bytes a command takes with what comes of it, on average: an order that rests 224, one that trades once 304, a
    /// cancel 272 (64 + command + 80 each); the rest is for sweeps and auctions.
    pub const BYTES_PER_COMMAND: usize = 384;
    /// Room for the base data and the texts of a small day.
    pub const BYTES_TO_BEGIN: usize = 4 << 20;

    /// Room for a day of so many commands.
    #[must_use]
    pub fn for_commands(commands: usize) -> Self {
        LogLimits { bytes: Self::BYTES_TO_BEGIN + commands * Self::BYTES_PER_COMMAND, frames: commands }
    }
}

/// Why a frame was not appended. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendRefused {
    /// There are not so many bytes left.
    BytesExhausted {
        /// Bytes of the frame.
        needed: usize,
        /// Bytes left of [`LogLimits::bytes`].
        left: usize,
    },
    /// There were [`LogLimits::frames`] frames.
    FramesExhausted {
        /// The limit.
        limit: usize,
    },
    /// The device failed; what is recorded from here on might not be there tomorrow.
    SyncFailed,
}

impl fmt::Display for AppendRefused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AppendRefused::BytesExhausted { needed, left } => {
                write!(out, "the log is full: a frame of {needed} bytes, {left} bytes left")
            }
            AppendRefused::FramesExhausted { limit } => {
                write!(out, "the log is full: it holds {limit} frames, its limit")
            }
            AppendRefused::SyncFailed => write!(out, "the log's device failed, nothing more is recorded"),
        }
    }
}

impl std::error::Error for AppendRefused {}

impl Log {
    /// An empty log in memory, gone with the process.
    ///
    /// # Errors
    /// The operating system does not have the memory.
    pub fn in_memory(limits: LogLimits) -> io::Result<Self> {
        let (memory, reader) = memory::anonymous(limits.bytes)?;
        Ok(Self::over(memory, reader, None, Durability::None, limits.frames))
    }

    /// An empty log in a new file, its room set aside on the disk.
    ///
    /// # Errors
    /// The file exists, or the file system refuses.
    ///
    /// # Panics
    /// With [`Durability::None`]: there is a file.
    pub fn create(path: &Path, limits: LogLimits, durability: Durability) -> Result<Self, OpenError> {
        let file = JournalFile::create(path, durability == Durability::Sync).map_err(|fault| fault.of(path))?;
        Self::of_file(file, limits, durability, &[], 0).map_err(|fault| fault.of(path))
    }

    /// The log that goes on behind the first `committed` bytes of a file; `offsets` are those of its frames from
    /// sequence 1 on.
    pub(crate) fn of_file(
        file: JournalFile,
        limits: LogLimits,
        durability: Durability,
        offsets: &[u64],
        committed: usize,
    ) -> Result<Self, OpenFault> {
        assert!(durability != Durability::None, "a log with a file is Async or Sync");
        if committed > limits.bytes || offsets.len() > limits.frames {
            return Err(OpenFault::LimitsTooSmall { bytes: committed as u64, frames: offsets.len() as u64 });
        }
        let (memory, reader) = file.map_to_write(committed, limits.bytes)?;
        if durability == Durability::Sync {
            file.sync()?;
        }
        let log = Self::over(memory, reader, Some(file), durability, limits.frames);
        log.reader.shared.begin_with(offsets, committed);
        Ok(log)
    }

    fn over(
        memory: WriteHalf,
        reader: ReadHalf,
        file: Option<JournalFile>,
        durability: Durability,
        frames: usize,
    ) -> Self {
        let reader = LogReader::over(reader, durability, frames, None);
        let syncer = Some(LogSyncer { reader: reader.clone(), prepared: 0 });
        Log { memory, reader, file, syncer }
    }

    /// Appends a frame and returns its offset. Readers see it with all its parts or not at all.
    ///
    /// # Errors
    /// There is no room for it; nothing was written.
    ///
    /// # Panics
    /// If its sequence is not the next one.
    #[inline]
    pub fn append(&mut self, frame: &FrameToWrite<'_>) -> Result<u64, AppendRefused> {
        let length = frame.length();
        self.room_for(length)?;
        Ok(self.append_in_room(frame, length))
    }

    /// Appends a frame of `length` bytes for which [`Log::room_for`] found room, and returns its offset.
    #[inline]
    pub(crate) fn append_in_room(&mut self, frame: &FrameToWrite<'_>, length: usize) -> u64 {
        self.append_with(frame.stamp.sequence, length, |bytes| write_frame_exactly(bytes, frame))
    }

    /// Appends a frame of somebody else's, byte for byte, and returns its offset.
    ///
    /// # Errors
    /// There is no room for it; nothing was written.
    ///
    /// # Panics
    /// If its sequence is not the next one.
    #[inline]
    pub fn append_verbatim(&mut self, frame: &CompleteFrame<'_>) -> Result<u64, AppendRefused> {
        let bytes = frame.bytes();
        self.room_for(bytes.len())?;
        Ok(self.append_with(frame.stamp().sequence, bytes.len(), |room| room.copy_from_slice(bytes)))
    }

    #[inline]
    fn append_with(&mut self, sequence: Sequence, length: usize, write: impl FnOnce(&mut [u8])) -> u64 {
        let shared = &*self.reader.shared;
        let last = shared.last.load(Ordering::Relaxed);
        assert!(sequence.0 == last + 1, "sequences have no gaps");
        let offset = self.memory.committed() as u64;
        self.memory
            .append(length, |bytes| {
                write(bytes);
                // Before `committed` is published: whoever sees the frame finds it by its sequence.
                shared.offsets[last as usize].store(offset + 1, Ordering::Release);
            })
            .expect("room_for found room");
        shared.last.store(sequence.0, Ordering::Release);
        offset
    }

    /// A frame of so many bytes would be appended.
    ///
    /// # Errors
    /// Why it would be refused.
    #[inline]
    pub fn room_for(&self, bytes: usize) -> Result<(), AppendRefused> {
        let shared = &*self.reader.shared;
        let (left, limit) = (self.memory.room(), shared.offsets.len());
        if shared.sync_failed.load(Ordering::Relaxed) {
            Err(AppendRefused::SyncFailed)
        } else if bytes > left {
            Err(AppendRefused::BytesExhausted { needed: bytes, left })
        } else if shared.last.load(Ordering::Relaxed) as usize >= limit {
            Err(AppendRefused::FramesExhausted { limit })
        } else {
            Ok(())
        }
    }

    /// Touches the pages of the next `bytes` bytes, so that appending meets no page fault. Returns how many pages it
    /// touched: 0 = nothing to do. To be called when there is time, in steps of some hundred KiB.
    pub fn touch_ahead(&mut self, bytes: usize) -> usize {
        self.memory.touch_ahead(bytes)
    }

    /// One who reads this log, on this or another thread.
    #[must_use]
    pub fn reader(&self) -> LogReader {
        debug_assert_eq!(self.memory.reader().committed(), self.reader.committed() as usize);
        self.reader.clone()
    }

    /// Bytes of the frames that are there.
    #[inline]
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.memory.committed() as u64
    }

    /// Makes what was appended since the last call as durable as the policy says (a group commit) and returns up to
    /// which offset it now is. If the syncer was taken: only returns it.
    ///
    /// # Errors
    /// The device failed, now or earlier: see [`LogSyncer::sync`].
    pub fn sync(&mut self) -> io::Result<u64> {
        match &mut self.syncer {
            Some(syncer) => syncer.sync(),
            None => Ok(self.reader.released()),
        }
    }

    /// Gives the right to sync away, to a thread that commits groups while this one goes on appending. None: it was
    /// given before.
    pub fn take_syncer(&mut self) -> Option<LogSyncer> {
        self.syncer.take()
    }

    /// Takes back what [`Log::take_syncer`] gave.
    ///
    /// # Panics
    /// If it is another log's.
    pub fn return_syncer(&mut self, syncer: LogSyncer) {
        assert!(Arc::ptr_eq(&syncer.reader.shared, &self.reader.shared), "a log takes back its own syncer");
        self.syncer = Some(syncer);
    }

    /// Ends the log: the file is cut to the frames that are there, and under [`Durability::Sync`] is on its device.
    /// A log that is dropped is cut as well, but does not tell of errors.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn close(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        let Some(file) = self.file.take() else { return Ok(()) };
        file.cut(self.memory.committed() as u64)?;
        if self.reader.shared.durability == Durability::Sync {
            file.sync()?;
        }
        // Readers may live on with the map; they read nothing that anybody will change.
        file.unlock()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // Uncut the file has zeros behind its frames, which recovery reads as the same journal.
        let _ = self.end();
    }
}

impl LogReader {
    fn over(memory: ReadHalf, durability: Durability, frames: usize, file: Option<JournalFile>) -> Self {
        let shared = Shared {
            durability,
            offsets: (0..frames).map(|_| AtomicU64::new(0)).collect(),
            last: CachePadded::new(AtomicU64::new(0)),
            durable: CachePadded::new(AtomicUsize::new(0)),
            sync_failed: AtomicBool::new(false),
            _file: file,
        };
        LogReader { memory, shared: Arc::new(shared) }
    }

    /// Reads the first `committed` bytes of a file; `offsets` are those of its frames from sequence 1 on.
    pub(crate) fn of_file(file: JournalFile, committed: usize, offsets: &[u64]) -> Result<Self, OpenFault> {
        let memory = file.map_to_read(committed)?;
        let reader = Self::over(memory, Durability::Async, offsets.len(), Some(file));
        reader.shared.begin_with(offsets, committed);
        Ok(reader)
    }

    /// Bytes of the frames that are there: all offsets below can be read.
    #[inline]
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.memory.committed() as u64
    }

    /// The last frame that is there; 0 = none.
    #[inline]
    #[must_use]
    pub fn last_sequence(&self) -> Sequence {
        Sequence(self.shared.last.load(Ordering::Acquire))
    }

    /// Bytes of the frames that members may be told of: those that are as durable as the policy says. Recording is
    /// before releasing.
    #[inline]
    #[must_use]
    pub fn released(&self) -> u64 {
        match self.shared.durability {
            Durability::Sync => self.shared.durable.load(Ordering::Acquire) as u64,
            Durability::None | Durability::Async => self.committed(),
        }
    }

    /// The frame that begins at `offset`. None: nothing is there yet, or no frame begins there.
    #[inline]
    #[must_use]
    pub fn frame_at(&self, offset: u64) -> Option<CompleteFrame<'_>> {
        let bytes = self.bytes_from(offset)?;
        // Who follows the log is nearly always at its end when it asks again.
        if bytes.is_empty() { None } else { CompleteFrame::of_log(bytes) }
    }

    /// Where the frame of a sequence begins. None: it is not there yet.
    #[inline]
    #[must_use]
    pub fn offset_of(&self, sequence: Sequence) -> Option<u64> {
        let place = usize::try_from(sequence.0.checked_sub(1)?).ok()?;
        let offset = self.shared.offsets.get(place)?.load(Ordering::Acquire).checked_sub(1)?;
        // The writer enters the offset just before the frame is there.
        (offset < self.committed()).then_some(offset)
    }

    /// The frame of a sequence. None: it is not there yet.
    #[must_use]
    pub fn frame_of(&self, sequence: Sequence) -> Option<CompleteFrame<'_>> {
        self.frame_at(self.offset_of(sequence)?)
    }

    /// The frames from `offset` on, as far as they are there when asked for; after `None` it may go on later.
    #[must_use]
    pub fn frames_from(&self, offset: u64) -> Frames<'_> {
        Frames { reader: self, offset }
    }

    /// All bytes from `offset` on that are there, as they go out on a feed. None: `offset` lies beyond.
    #[inline]
    #[must_use]
    pub fn bytes_from(&self, offset: u64) -> Option<&[u8]> {
        self.memory.bytes_from(usize::try_from(offset).ok()?)
    }

    /// The trading day, yyyymmdd. None: the log is empty.
    #[must_use]
    pub fn trading_day(&self) -> Option<u32> {
        match self.frame_at(0)?.command().body {
            BodyView::DayOpen(day) => Some(day.trading_day),
            _ => None,
        }
    }
}

/// The frames of a log from an offset on.
#[derive(Clone)]
pub struct Frames<'a> {
    reader: &'a LogReader,
    offset: u64,
}

impl Frames<'_> {
    /// Where the next frame begins, or will begin.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = CompleteFrame<'a>;

    #[inline]
    fn next(&mut self) -> Option<CompleteFrame<'a>> {
        let frame = self.reader.frame_at(self.offset)?;
        self.offset += frame.bytes().len() as u64;
        Some(frame)
    }
}

impl LogSyncer {
    /// Bytes that are there and that [`LogSyncer::sync`] has not dealt with.
    #[inline]
    #[must_use]
    pub fn waiting(&self) -> u64 {
        let LogReader { memory, shared } = &self.reader;
        (memory.committed() - shared.durable.load(Ordering::Relaxed)) as u64
    }

    /// Has the pages of the next few MiB ready, so that appending meets no page fault even when it has no time for
    /// [`Log::touch_ahead`]. Returns of how many bytes in this step: 0 = nothing to do. A kernel that cannot is not asked again.
    pub fn prepare_ahead(&mut self) -> usize {
        let memory = &self.reader.memory;
        let committed = memory.committed();
        let from = self.prepared.max(committed - committed % memory::PAGE_LARGEST);
        if from > committed + PREPARED_AHEAD_BYTES - PREPARED_STEP_BYTES {
            return 0;
        }
        let to = (from + PREPARED_STEP_BYTES).min(memory.capacity());
        if from >= to {
            return 0;
        }
        self.prepared =
            if memory.populate(from, to).is_ok() { to.next_multiple_of(memory::PAGE_LARGEST) } else { usize::MAX };
        if self.prepared == usize::MAX { 0 } else { to - from }
    }

    /// Makes what was appended since the last call as durable as the policy says, and returns up to which offset it now
    /// is. Under [`Durability::Sync`] this waits for the device; the writer and the readers do not.
    ///
    /// # Errors
    /// The device failed. It stays failed, and the log takes no more frames: after a failed write-back the kernel takes
    /// the pages for clean, so a second try would succeed without having written them.
    pub fn sync(&mut self) -> io::Result<u64> {
        let LogReader { memory, shared } = &self.reader;
        if shared.sync_failed.load(Ordering::Acquire) {
            return Err(io::Error::other("the journal's device failed before"));
        }
        let (from, to) = (shared.durable.load(Ordering::Relaxed), memory.committed());
        let flushed = match shared.durability {
            _ if from == to => Ok(()),
            Durability::None => Ok(()),
            Durability::Async => memory.flush(from, to, false),
            Durability::Sync => memory.flush(from, to, true),
        };
        if let Err(error) = flushed {
            shared.sync_failed.store(true, Ordering::Release);
            return Err(error);
        }
        shared.durable.store(to, Ordering::Release);
        Ok(to as u64)
    }
}

impl Shared {
    /// Enters the frames that were there before; they are on the device, as far as a file is.
    fn begin_with(&self, offsets: &[u64], committed: usize) {
        for (entry, offset) in self.offsets.iter().zip(offsets) {
            entry.store(offset + 1, Ordering::Relaxed);
        }
        self.durable.store(committed, Ordering::Relaxed);
        self.last.store(offsets.len() as u64, Ordering::Release);
    }
}
