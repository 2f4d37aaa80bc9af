//! A whole frame: all its parts, one behind the other as they stand in a log or a feed, or nothing.

use crate::fault::{Fault, FrameError};
use crate::frame::{FrameHeader, FrameView, MAX_PART, MAX_PARTS, Next, check_crc, read_frame, read_unsummed};
use engine::Digests;
use engine::command::{BodyView, Command};
use engine::event::{Event, EventView};
use engine::reject::Reject;
use engine::types::{Epoch, Stamp};

/// A whole frame, in place.
#[derive(Clone, Copy, Debug)]
pub struct CompleteFrame<'a> {
    /// With its command.
    first: FrameView<'a>,
    last: &'a FrameHeader,
    bytes: &'a [u8],
}

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug)]
pub enum CompleteNext<'a> {
    /// The beginning of a frame, perhaps; it takes at least so many bytes to say more.
    NeedMore {
        /// Bytes from the beginning, in all.
        at_least: usize,
        /// Where the part begins that is not there whole yet, bytes from the beginning.
        part: usize,
    },
    /// A whole frame.
    Frame(CompleteFrame<'a>),
}

impl<'a> CompleteFrame<'a> {
    /// Reads and checks the frame that begins where `bytes` do, with all its parts; what follows is left alone. `bytes`
    /// is aligned to 8; `at` is where they begin in the file or stream.
    ///
    /// # Errors
    /// The first thing that is not as FRAMES.md says, with the offset of its part.
    pub fn read(bytes: &'a [u8], at: u64) -> Result<CompleteNext<'a>, FrameError> {
        if let Next::Frame(part) = read_frame(bytes, at)?
            && let Some(frame) = Self::of_one_part(part)
        {
            return Ok(CompleteNext::Frame(frame));
        }
        let mut parts = PartCheck::default();
        match parts.go_on(bytes, at, Checked::Fully)? {
            Some(_) => Ok(CompleteNext::Frame(Self::checked(bytes, &parts))),
            None => Ok(CompleteNext::NeedMore { at_least: parts.needed, part: parts.length }),
        }
    }

    /// The frame that begins where `bytes` do, if one does. The bytes were checked or written by this process: the CRC
    /// is not looked at.
    #[inline]
    pub(crate) fn of_log(bytes: &'a [u8]) -> Option<Self> {
        let Ok(Next::Frame(part)) = read_unsummed(bytes) else { return None };
        Self::of_one_part(part).or_else(|| {
            let mut parts = PartCheck::default();
            parts.go_on(bytes, 0, Checked::Before).ok()??;
            Some(Self::checked(bytes, &parts))
        })
    }

    /// Nearly every frame is one part.
    #[inline]
    fn of_one_part(part: FrameView<'a>) -> Option<Self> {
        let whole = part.command.is_some() && part.header.is_last();
        whole.then_some(CompleteFrame { first: part, last: part.header, bytes: part.bytes })
    }

    /// The frame whose parts `parts` has found complete in `bytes`.
    pub(crate) fn checked(bytes: &'a [u8], parts: &PartCheck) -> Self {
        let bytes = &bytes[..parts.length];
        let first = part_at(bytes, 0);
        let last = if parts.last == 0 { first } else { part_at(bytes, parts.last) };
        assert!(first.command.is_some(), "a first part was read with its command");
        CompleteFrame { first, last: last.header, bytes }
    }

    /// When and where in the log.
    #[inline]
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.first.header.stamp()
    }

    /// The digests it claims for the state after it.
    #[inline]
    #[must_use]
    pub fn digests(&self) -> Digests {
        self.last.digests()
    }

    /// Data centre of the core that decided.
    #[inline]
    #[must_use]
    pub fn data_center(&self) -> u32 {
        self.first.header.data_center
    }

    /// What was asked.
    #[inline]
    #[must_use]
    pub fn command(&self) -> Command<'a> {
        self.first.command.expect("a first part was read with its command")
    }

    /// All its bytes, all parts.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Its parts, in order; at least one.
    #[must_use]
    pub fn parts(&self) -> Parts<'a> {
        let rest = &self.bytes[self.first.bytes.len()..];
        Parts { next: Some(self.first), rest }
    }

    /// What came of the command, in order; at least one.
    pub fn events(&self) -> impl Iterator<Item = &'a Event> + use<'a> {
        self.parts().flat_map(|part| part.events)
    }

    /// Why the command was refused. None: it was not. A refusal is a frame's only event.
    #[inline]
    #[must_use]
    pub fn rejection(&self) -> Option<Reject> {
        rejection(self.first.events)
    }

    /// The events side by side: in place if the frame is one part, else copied to `scratch`.
    #[inline]
    #[must_use]
    pub fn events_together<'s>(&'s self, scratch: &'s mut Vec<Event>) -> &'s [Event] {
        if self.first.header.is_last() {
            return self.first.events;
        }
        scratch.clear();
        for part in self.parts() {
            scratch.extend_from_slice(part.events);
        }
        scratch
    }
}

/// A rejected command makes exactly one event. RULES.md, "Every command" 3.
#[inline]
fn rejection(events: &[Event]) -> Option<Reject> {
    match events.first()?.view()? {
        EventView::Rejected(event) => Reject::from_code(event.code),
        _ => None,
    }
}

/// The parts of a whole frame.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    next: Option<FrameView<'a>>,
    /// The bytes behind it.
    rest: &'a [u8],
}

impl<'a> Iterator for Parts<'a> {
    type Item = FrameView<'a>;

    #[inline]
    fn next(&mut self) -> Option<FrameView<'a>> {
        let part = self.next?;
        self.next = (!self.rest.is_empty()).then(|| part_at(self.rest, 0));
        self.rest = &self.rest[self.next.map_or(0, |next| next.bytes.len())..];
        Some(part)
    }
}

fn part_at(bytes: &[u8], offset: usize) -> FrameView<'_> {
    match read_unsummed(&bytes[offset..]) {
        Ok(Next::Frame(view)) => view,
        _ => panic!("the part at offset {offset} was checked before"),
    }
}

/// The epoch of a frame with this command, after frames up to the epoch `present` (0: none yet). Only DayOpen, when no
/// day is open, and EpochOpen bring a new one, and only if they are not `rejected`. RULES.md, "Base data and the rest".
#[inline]
#[must_use]
pub fn expected_epoch(present: Epoch, command: &Command<'_>, rejected: bool) -> Epoch {
    match command.body {
        _ if rejected => present,
        BodyView::DayOpen(day) if present == Epoch(0) => day.epoch,
        BodyView::EpochOpen(open) if open.epoch > present => open.epoch,
        _ => present,
    }
}

/// Whether the bytes may be other than they were written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    /// They come from outside: the CRC is checked.
    Fully,
    /// This process has checked or written them.
    Before,
}

/// How far a frame's parts have been checked, so that bytes that come in pieces are checked once.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartCheck {
    /// Bytes of the parts that were found in order.
    pub length: usize,
    /// Where the last of them begins.
    pub last: usize,
    /// Bytes it takes, from the frame's beginning, to go on.
    pub needed: usize,
    parts: u32,
    origin: Option<Origin>,
}

/// What all parts of a frame have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Origin {
    stamp: Stamp,
    data_center: u32,
}

impl PartCheck {
    /// Goes on where it stopped, in `bytes` that begin with the frame. Some(length): the frame is whole.
    pub(crate) fn go_on(&mut self, bytes: &[u8], at: u64, checked: Checked) -> Result<Option<usize>, FrameError> {
        loop {
            let at = at + self.length as u64;
            let rest = bytes.get(self.length..).unwrap_or(&[]);
            let part = match read_unsummed(rest).map_err(|fault| fault.at(at))? {
                Next::NeedMore { at_least } => {
                    self.needed = self.length + at_least;
                    return Ok(None);
                }
                Next::Frame(part) => part,
            };
            if checked == Checked::Fully {
                check_crc(part.header, part.bytes).map_err(|fault| fault.at(at))?;
            }
            self.accept(&part).map_err(|fault| fault.at(at))?;
            if part.header.is_last() {
                return Ok(Some(self.length));
            }
        }
    }

    fn accept(&mut self, part: &FrameView<'_>) -> Result<(), Fault> {
        let header = part.header;
        let origin = Origin { stamp: header.stamp(), data_center: header.data_center };
        let first = *self.origin.get_or_insert(origin);
        if first != origin {
            return Err(Fault::PartOfAnother { found: header.sequence, expected: first.stamp.sequence });
        }
        if u32::from(header.part) != self.parts {
            let expected = u16::try_from(self.parts).unwrap_or(u16::MAX);
            return Err(Fault::PartOutOfOrder { found: header.part, expected });
        }
        self.parts += 1;
        if self.parts as usize == MAX_PARTS && !header.is_last() {
            return Err(Fault::TooLong { limit: (MAX_PARTS * MAX_PART) as u64 });
        }
        self.last = self.length;
        self.length += part.bytes.len();
        Ok(())
    }
}
