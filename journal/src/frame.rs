//! One part of a frame, bytes first: the table stands in FRAMES.md, [`FrameHeader`] is its first 64 bytes.
//!
//! Reading checks every field and copies nothing: the events of a [`FrameView`] stand where they were received. Writing
//! goes straight into the caller's bytes, in as many parts as it takes. What one side writes the other side checks:
//! `write_frame` asserts on entry what `read_frame` refuses.

use crate::crc::{self, HEADER_WORDS};
use crate::fault::{Fault, FrameError};
use engine::Digests;
use engine::command::{Command, MAX_COMMAND};
use engine::event::{EVENT_SIZE, Event};
use engine::types::{Epoch, Nanoseconds, Sequence, Stamp};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// What a frame begins with.
pub const FRAME_MAGIC: [u8; 4] = *b"BKF1";
/// Bytes of the header.
pub const HEADER_SIZE: usize = 64;
/// Bytes of the longest part, header included.
pub const MAX_PART: usize = 65_536;
/// Parts of the longest frame: the part number has 16 bits. (53 million events; keys have room for 16 million orders.)
pub const MAX_PARTS: usize = 1 << 16;
/// Flag of the last part.
pub const LAST_PART: u16 = 1;

/// The first 64 bytes of a part, in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct FrameHeader {
    /// [`FRAME_MAGIC`], or that of a heartbeat.
    pub magic: [u8; 4],
    /// Bytes of the part, these included.
    pub length: u32,
    /// CRC-32C of the bytes from offset 12 to the length.
    pub crc: u32,
    /// The core's reign.
    pub epoch: Epoch,
    /// The frame's place in the log.
    pub sequence: Sequence,
    /// The frame's time.
    pub time: Nanoseconds,
    /// Digest of the state after the frame; zero in every part but the last.
    pub state_digest: u64,
    /// Digest of the local-id marks after the frame; zero in every part but the last.
    pub local_ids_digest: u64,
    /// Data centre of the core that decided.
    pub data_center: u32,
    /// Part, from 0.
    pub part: u16,
    /// [`LAST_PART`] or zero.
    pub flags: u16,
    /// Bytes of the command; zero in every part but the first.
    pub command_bytes: u16,
    /// Events in this part.
    pub events: u16,
    /// Zero.
    pub reserved: u32,
}

const _: () = assert!(size_of::<FrameHeader>() == HEADER_SIZE);

impl FrameHeader {
    /// When and where in the log the frame was decided.
    #[inline]
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp { epoch: self.epoch, sequence: self.sequence, time: self.time }
    }

    /// The digests it claims; of the last part only.
    #[inline]
    #[must_use]
    pub fn digests(&self) -> Digests {
        Digests { state: self.state_digest, local_ids: self.local_ids_digest }
    }

    /// It is the frame's last part.
    #[inline]
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.flags & LAST_PART != 0
    }
}

/// One part of a frame, in place.
#[derive(Clone, Copy, Debug)]
pub struct FrameView<'a> {
    /// Its first 64 bytes.
    pub header: &'a FrameHeader,
    /// The command of a first part; of a later part none.
    pub command: Option<Command<'a>>,
    /// The part's events.
    pub events: &'a [Event],
    /// All its bytes.
    pub bytes: &'a [u8],
}

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug)]
pub enum Next<'a> {
    /// The beginning of a frame, perhaps; it takes at least so many bytes to say more.
    NeedMore {
        /// Bytes from the beginning, in all.
        at_least: usize,
    },
    /// A part of a frame.
    Frame(FrameView<'a>),
}

/// Reads the part that begins where `bytes` do; what follows it is left alone. `bytes` is aligned to 8. `at` is where
/// `bytes` begin in the file or stream, for the error's text.
///
/// # Errors
/// The first thing that is not as FRAMES.md says. How parts and frames follow one another is not looked at here.
#[inline]
pub fn read_frame(bytes: &[u8], at: u64) -> Result<Next<'_>, FrameError> {
    match read_unsummed(bytes) {
        Ok(Next::Frame(view)) => match check_crc(view.header, view.bytes) {
            Ok(()) => Ok(Next::Frame(view)),
            Err(fault) => Err(fault.at(at)),
        },
        Ok(more) => Ok(more),
        Err(fault) => Err(fault.at(at)),
    }
}

/// Everything but the CRC: what is enough for bytes that this process has checked or written itself.
#[inline]
pub(crate) fn read_unsummed(bytes: &[u8]) -> Result<Next<'_>, Fault> {
    let Some(header) = read_header(bytes, FRAME_MAGIC)? else {
        return Ok(Next::NeedMore { at_least: HEADER_SIZE });
    };
    let length = header.length as usize;
    let formula = HEADER_SIZE + usize::from(header.command_bytes) + EVENT_SIZE * usize::from(header.events);
    if length != formula {
        let expected = u32::try_from(formula).expect("two u16 and 64 fit into 32 bits");
        return Err(Fault::LengthFormula { found: header.length, expected });
    }
    check_fields(header)?;
    let Some(bytes) = bytes.get(..length) else {
        return Ok(Next::NeedMore { at_least: length });
    };
    let (command, events) = bytes[HEADER_SIZE..].split_at(usize::from(header.command_bytes));
    let command = if header.part == 0 { Some(Command::read(command).ok_or(Fault::CommandUnreadable)?) } else { None };
    let events = <[Event]>::ref_from_bytes_with_elems(events, header.events.into()).map_err(|_| Fault::Misaligned)?;
    if !header.is_last() {
        let expected =
            u16::try_from(part_capacity(header.command_bytes.into())).expect("a part holds at most 818 events");
        if header.events != expected {
            return Err(Fault::PartNotFull { found: header.events, expected });
        }
    }
    Ok(Next::Frame(FrameView { header, command, events, bytes }))
}

/// The header at the beginning of `bytes`, with its magic and a length in range. None: too few bytes to say.
#[inline]
pub(crate) fn read_header(bytes: &[u8], magic: [u8; 4]) -> Result<Option<&FrameHeader>, Fault> {
    if bytes.first_chunk::<HEADER_SIZE>().is_none_or(|header| header.first_chunk() != Some(&magic)) {
        return begins_with(bytes, magic).map(|()| None);
    }
    let (header, _) = FrameHeader::ref_from_prefix(bytes).map_err(|_| Fault::Misaligned)?;
    let length = header.length as usize;
    if !(HEADER_SIZE..=MAX_PART).contains(&length) || !length.is_multiple_of(8) {
        return Err(Fault::LengthRange { found: header.length });
    }
    Ok(Some(header))
}

/// Bytes that are no header, or no whole one yet, begin as one does.
#[cold]
fn begins_with(bytes: &[u8], magic: [u8; 4]) -> Result<(), Fault> {
    let seen = bytes.len().min(magic.len());
    if bytes[..seen] == magic[..seen] {
        return Ok(());
    }
    let mut found = [0; 4];
    found[..seen].copy_from_slice(&bytes[..seen]);
    Err(Fault::Magic { found, expected: magic })
}

fn check_fields(header: &FrameHeader) -> Result<(), Fault> {
    // Offsets are those of FRAMES.md.
    let fault = if header.sequence.0 == 0 {
        Fault::SequenceZero
    } else if header.flags & !LAST_PART != 0 {
        Fault::NotZero { field: 54 }
    } else if header.reserved != 0 {
        Fault::NotZero { field: 60 }
    } else if header.events == 0 {
        Fault::NoEvents
    } else if header.part != 0 && header.command_bytes != 0 {
        Fault::NotZero { field: 56 }
    } else if !header.is_last() && header.state_digest != 0 {
        Fault::NotZero { field: 32 }
    } else if !header.is_last() && header.local_ids_digest != 0 {
        Fault::NotZero { field: 40 }
    } else {
        return Ok(());
    };
    Err(fault)
}

/// The CRC field is that of `bytes`, all bytes of the record.
pub(crate) fn check_crc(header: &FrameHeader, bytes: &[u8]) -> Result<(), Fault> {
    let expected = crc::of_record(bytes);
    if header.crc == expected { Ok(()) } else { Err(Fault::Crc { found: header.crc, expected }) }
}

/// A frame before it is bytes.
#[derive(Clone, Copy, Debug)]
pub struct FrameToWrite<'a> {
    /// When and where in the log.
    pub stamp: Stamp,
    /// The digests after it.
    pub digests: Digests,
    /// Data centre of the core that decides.
    pub data_center: u32,
    /// The command's bytes.
    pub command: &'a [u8],
    /// What came of it, at least one.
    pub events: &'a [Event],
}

impl FrameToWrite<'_> {
    /// Bytes of all its parts.
    #[inline]
    #[must_use]
    pub fn length(&self) -> usize {
        frame_length(self.command.len(), self.events.len())
    }

    /// The header's words of the frame that is one part, its CRC 0 yet.
    #[inline(always)]
    pub(crate) fn whole_header(&self, length: usize) -> [u64; HEADER_WORDS] {
        self.header(length, 0, self.command.len(), self.events.len(), true)
    }

    /// The header's words of a part of so many bytes with so much of the frame, its CRC 0 yet.
    #[inline(always)]
    fn header(&self, length: usize, part: u16, command_bytes: usize, events: usize, last: bool) -> [u64; HEADER_WORDS] {
        let digests = if last { self.digests } else { Digests { state: 0, local_ids: 0 } };
        let header = FrameHeader {
            magic: FRAME_MAGIC,
            length: u32::try_from(length).expect("a part is at most MAX_PART bytes"),
            crc: 0,
            epoch: self.stamp.epoch,
            sequence: self.stamp.sequence,
            time: self.stamp.time,
            state_digest: digests.state,
            local_ids_digest: digests.local_ids,
            data_center: self.data_center,
            part,
            flags: if last { LAST_PART } else { 0 },
            command_bytes: u16::try_from(command_bytes).expect("a command is at most MAX_COMMAND bytes"),
            events: u16::try_from(events).expect("a part holds at most 818 events"),
            reserved: 0,
        };
        let words: [u64; HEADER_WORDS] = zerocopy::transmute!(header);
        words.map(u64::from_le)
    }
}

/// Bytes of all parts of a frame with a command of so many bytes and so many events.
#[inline]
pub(crate) fn frame_length(command_bytes: usize, events: usize) -> usize {
    if is_one_part(events) {
        return HEADER_SIZE + command_bytes + events * EVENT_SIZE;
    }
    let first = part_capacity(command_bytes);
    let later = events.saturating_sub(first).div_ceil(part_capacity(0));
    (1 + later) * HEADER_SIZE + command_bytes + events * EVENT_SIZE
}

/// Whether so few events fit into one part with any command: nearly every frame.
#[inline]
fn is_one_part(events: usize) -> bool {
    events <= const { part_capacity(MAX_COMMAND) }
}

/// Events that fit into a part with a command of so many bytes (0: a later part).
#[inline]
#[must_use]
pub const fn part_capacity(command_bytes: usize) -> usize {
    (MAX_PART - HEADER_SIZE - command_bytes) / EVENT_SIZE
}

/// Writes all parts of a frame to the beginning of `buffer`. Returns how many bytes; what follows them is left as it
/// was.
///
/// # Panics
/// Without an event, with sequence 0, with a command that is none, with more events than [`MAX_PARTS`] hold, or with a
/// buffer shorter than [`FrameToWrite::length`].
#[inline]
pub fn write_frame(buffer: &mut [u8], frame: &FrameToWrite<'_>) -> usize {
    let length = frame.length();
    write_frame_exactly(&mut buffer[..length], frame);
    length
}

/// The same into a buffer that is as long as the frame.
#[inline]
pub(crate) fn write_frame_exactly(buffer: &mut [u8], frame: &FrameToWrite<'_>) {
    assert!(!frame.events.is_empty() && frame.stamp.sequence.0 != 0, "a frame has an event and a sequence");
    let command_bytes = frame.command.len();
    assert!(
        command_bytes <= MAX_COMMAND && command_bytes.is_multiple_of(8) && command_bytes != 0,
        "a command's length"
    );
    if is_one_part(frame.events.len()) {
        return crc::write_whole(buffer, frame);
    }
    assert!(write_parts(buffer, frame) == buffer.len(), "a buffer is as long as its parts");
}

/// The same of a frame of several parts: an auction's, or a mass cancel's.
#[cold]
fn write_parts(buffer: &mut [u8], frame: &FrameToWrite<'_>) -> usize {
    let mut rest = frame.events;
    let mut command = frame.command;
    let mut written = 0;
    for part in 0..MAX_PARTS {
        let (events, later) = rest.split_at(rest.len().min(part_capacity(command.len())));
        let length = HEADER_SIZE + command.len() + events.len() * EVENT_SIZE;
        let part = u16::try_from(part).expect("the loop ends at MAX_PARTS");
        let words = frame.header(length, part, command.len(), events.len(), later.is_empty());
        crc::write_record(&mut buffer[written..written + length], words, command, events);
        written += length;
        if later.is_empty() {
            return written;
        }
        (rest, command) = (later, &[]);
    }
    panic!("{} events do not fit into {MAX_PARTS} parts", frame.events.len());
}

/// Fills in the CRC of a record of one header.
pub(crate) fn sum_header(header: &mut FrameHeader) {
    header.crc = crc::of_record(header.as_bytes());
}
