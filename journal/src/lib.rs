#![doc = include_str!("../FRAMES.md")]
//!
//! # The room
//!
//! | file | what |
//! |---|---|
//! | `machine` | a [`Machine`]: the state and the log that are equal, and the four ways to go on: execute, adopt, recover, replay |
//! | `log` | a [`Log`]: one day in one region of memory, one writer, any number of [`LogReader`]s that nobody waits for |
//! | `recover` | what a journal file holds: whole frames, a torn tail, or damage |
//! | `file` | a journal as a file: its lock, its room on the disk, what is wrong with it as a whole |
//! | `complete` | a [`CompleteFrame`]: all parts of a frame, or nothing |
//! | `frame` | one part of a frame as bytes: [`read_frame`], [`write_frame`] |
//! | `feed` | what else travels on a feed, and the buffer that finds frames in a stream of bytes |
//! | `fault` | everything that can be wrong with bytes, numbered |
//! | `crc` | CRC-32C by the processor's instruction, also while a frame is copied: unsafe code |
//! | `memory` | the memory map: unsafe code too; no third file of the room has any |
//!
//! Bytes from outside are `&[u8]` until [`read_frame`] or [`CompleteFrame::read`] has checked them; after that nothing
//! panics on them. What an event claims is the engine's to judge: a frame here is bytes in order, with a command that
//! can be read.

mod complete;
mod crc;
mod fault;
mod feed;
mod file;
mod frame;
mod log;
mod machine;
mod memory;
mod recover;

pub use complete::{CompleteFrame, CompleteNext, Parts, expected_epoch};
pub use fault::{Fault, FrameError};
pub use feed::{CannotServe, FeedBuffer, FeedItem, FeedRequest, FeedStart, HEARTBEAT_MAGIC, Heartbeat, REQUEST_MAGIC};
pub use file::{Damage, OpenError, OpenFault};
pub use frame::{
    FRAME_MAGIC, FrameHeader, FrameToWrite, FrameView, HEADER_SIZE, LAST_PART, MAX_PART, MAX_PARTS, Next,
    part_capacity, read_frame, write_frame,
};
pub use log::{AppendRefused, Durability, Frames, Log, LogLimits, LogReader, LogSyncer};
pub use machine::{
    Adopted, AuditDifference, DigestMismatch, Executed, Identity, Machine, NotExecuted, NotRecovered, Recovery,
    Refused, Replay,
};
pub use memory::ask_for_huge_pages;
pub use recover::{Inspected, Recovered, Scan, inspect, recover, scan};
