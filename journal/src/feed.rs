//! What else travels on a feed, bytes first: the tables stand in FRAMES.md, "The feed". And [`FeedBuffer`], which finds
//! frames in the stream of bytes that a connection brings in pieces.

use crate::complete::{Checked, CompleteFrame, PartCheck};
use crate::fault::{Fault, FrameError};
use crate::frame::{FRAME_MAGIC, FrameHeader, HEADER_SIZE, MAX_PART, check_crc, read_header, sum_header};
use crate::log::LogReader;
use engine::Digests;
use engine::types::{Epoch, Sequence, Stamp};
use std::fmt;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// What a request begins with.
pub const REQUEST_MAGIC: [u8; 4] = *b"BKR1";
/// What a heartbeat begins with.
pub const HEARTBEAT_MAGIC: [u8; 4] = *b"BKH1";

/// The follower's 32 bytes: where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct FeedRequest {
    /// [`REQUEST_MAGIC`].
    pub magic: [u8; 4],
    /// The highest epoch it knows; 0 = none.
    pub epoch: Epoch,
    /// The last sequence it holds whole; 0 = none.
    pub sequence: Sequence,
    /// State digest after that frame; 0 with sequence 0.
    pub state_digest: u64,
    /// Trading day yyyymmdd; 0 = none yet.
    pub trading_day: u32,
    /// Zero.
    pub reserved: u32,
}

impl FeedRequest {
    /// Bytes of a request.
    pub const SIZE: usize = size_of::<FeedRequest>();

    /// The request of a follower that stands there.
    #[must_use]
    pub fn new(epoch: Epoch, sequence: Sequence, state_digest: u64, trading_day: u32) -> Self {
        FeedRequest { magic: REQUEST_MAGIC, epoch, sequence, state_digest, trading_day, reserved: 0 }
    }

    /// Its bytes.
    #[must_use]
    pub fn write(&self) -> [u8; Self::SIZE] {
        zerocopy::transmute!(*self)
    }

    /// Reads the request at the beginning of `bytes`, aligned or not. None: too few bytes to say.
    ///
    /// # Errors
    /// The first thing that is not as FRAMES.md says.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>, FrameError> {
        let seen = bytes.len().min(REQUEST_MAGIC.len());
        if bytes[..seen] != REQUEST_MAGIC[..seen] {
            let mut found = [0; 4];
            found[..seen].copy_from_slice(&bytes[..seen]);
            return Err(Fault::Magic { found, expected: REQUEST_MAGIC }.at(0));
        }
        let Ok((request, _)) = Self::read_from_prefix(bytes) else { return Ok(None) };
        if request.reserved != 0 {
            return Err(Fault::NotZero { field: 28 }.at(0));
        }
        if request.sequence == Sequence(0) && request.state_digest != 0 {
            return Err(Fault::NotZero { field: 16 }.at(0));
        }
        Ok(Some(request))
    }

    /// Where in `log` the answer begins, for a source of the epoch `epoch`.
    ///
    /// # Errors
    /// The source cannot serve this follower and closes the connection.
    pub fn start(&self, log: &LogReader, epoch: Epoch) -> Result<FeedStart, CannotServe> {
        if self.epoch > epoch {
            return Err(CannotServe::EpochHigher { found: self.epoch, ours: epoch });
        }
        let ours = log.trading_day().unwrap_or(0);
        if self.trading_day != 0 && self.trading_day != ours {
            return Err(CannotServe::OtherDay { found: self.trading_day, ours });
        }
        if self.sequence == Sequence(0) {
            return Ok(FeedStart { offset: 0, digest_differs: false });
        }
        let missing = CannotServe::SequenceMissing { found: self.sequence, last: log.last_sequence() };
        let offset = log.offset_of(self.sequence).ok_or(missing)?;
        let frame = log.frame_at(offset).ok_or(missing)?;
        Ok(FeedStart {
            offset: offset + frame.bytes().len() as u64,
            digest_differs: frame.digests().state != self.state_digest,
        })
    }
}

/// Where a feed begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedStart {
    /// Offset in the source's log of the next frame.
    pub offset: u64,
    /// The follower's state is not what our log says of it after that frame.
    pub digest_differs: bool,
}

/// Why a source cannot serve a follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannotServe {
    /// The follower has seen a higher epoch: this source is not the core any more.
    EpochHigher {
        /// The follower's.
        found: Epoch,
        /// The source's.
        ours: Epoch,
    },
    /// The follower is in another day.
    OtherDay {
        /// The follower's, yyyymmdd.
        found: u32,
        /// The source's; 0 = none yet.
        ours: u32,
    },
    /// The follower is ahead of the source.
    SequenceMissing {
        /// The follower's last.
        found: Sequence,
        /// The source's last.
        last: Sequence,
    },
}

impl fmt::Display for CannotServe {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CannotServe::EpochHigher { found, ours } => write!(out, "the follower knows epoch {found}, ours is {ours}"),
            CannotServe::OtherDay { found, ours } => write!(out, "the follower is in the day {found}, ours is {ours}"),
            CannotServe::SequenceMissing { found, last } => {
                write!(out, "the follower holds sequence {found}, our last is {last}")
            }
        }
    }
}

impl std::error::Error for CannotServe {}

/// A sign of life of a source that has nothing to send. Never recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The source's epoch, the last sequence it recorded, its time.
    pub stamp: Stamp,
    /// The digests after that frame.
    pub digests: Digests,
    /// The source's data centre.
    pub data_center: u32,
}

impl Heartbeat {
    /// Its bytes.
    #[must_use]
    pub fn write(&self) -> [u8; HEADER_SIZE] {
        let mut header = FrameHeader {
            magic: HEARTBEAT_MAGIC,
            length: HEADER_SIZE as u32,
            crc: 0,
            epoch: self.stamp.epoch,
            sequence: self.stamp.sequence,
            time: self.stamp.time,
            state_digest: self.digests.state,
            local_ids_digest: self.digests.local_ids,
            data_center: self.data_center,
            part: 0,
            flags: 0,
            command_bytes: 0,
            events: 0,
            reserved: 0,
        };
        sum_header(&mut header);
        zerocopy::transmute!(header)
    }

    /// Reads the heartbeat at the beginning of `bytes`, which are aligned to 8 and begin at `at` of the stream. None:
    /// too few bytes to say.
    ///
    /// # Errors
    /// The first thing that is not as FRAMES.md says.
    pub fn read(bytes: &[u8], at: u64) -> Result<Option<Self>, FrameError> {
        let Some(header) = read_header(bytes, HEARTBEAT_MAGIC).map_err(|fault| fault.at(at))? else { return Ok(None) };
        let nonzero = |field| Err(Fault::NotZero { field });
        let checked = match header {
            FrameHeader { length, .. } if *length as usize != HEADER_SIZE => {
                Err(Fault::LengthFormula { found: *length, expected: HEADER_SIZE as u32 })
            }
            FrameHeader { part: 1.., .. } => nonzero(52),
            FrameHeader { flags: 1.., .. } => nonzero(54),
            FrameHeader { command_bytes: 1.., .. } => nonzero(56),
            FrameHeader { events: 1.., .. } => nonzero(58),
            FrameHeader { reserved: 1.., .. } => nonzero(60),
            header => check_crc(header, &bytes[..HEADER_SIZE]),
        };
        checked.map_err(|fault| fault.at(at))?;
        let (stamp, digests) = (header.stamp(), header.digests());
        Ok(Some(Heartbeat { stamp, digests, data_center: header.data_center }))
    }
}

/// What a source sent.
#[derive(Clone, Copy, Debug)]
pub enum FeedItem<'a> {
    /// A whole frame.
    Frame(CompleteFrame<'a>),
    /// Nothing new.
    Heartbeat(Heartbeat),
}

/// Collects the bytes of a feed as they come and finds whole frames in them. Allocates only while a frame is longer
/// than any before.
pub struct FeedBuffer {
    /// The bytes, in words so that they are aligned.
    words: Vec<u64>,
    /// The item to be read next begins here: a multiple of 8.
    head: usize,
    /// Received bytes end here.
    tail: usize,
    /// Bytes of the item that was given out last; it is dropped with the next call.
    given: usize,
    /// How far the frame at `head` has been checked.
    parts: PartCheck,
    /// Where `head` is in the stream.
    offset: u64,
    /// Most bytes a frame may take with all its parts.
    limit: usize,
}

impl FeedBuffer {
    /// Room to begin with: a part that is being read and one that is coming in.
    const ROOM: usize = 2 * MAX_PART;

    /// An empty buffer for frames of at most `limit` bytes, all parts; not less than a part's [`MAX_PART`]. The log's
    /// size is a good limit.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let limit = limit.max(MAX_PART).next_multiple_of(8);
        FeedBuffer {
            words: vec![0; Self::ROOM / 8],
            head: 0,
            tail: 0,
            given: 0,
            parts: PartCheck::default(),
            offset: 0,
            limit,
        }
    }

    /// Takes bytes as they come. Returns how many it took: fewer than given when `next` has to be called first.
    pub fn push(&mut self, bytes: &[u8]) -> usize {
        self.drop_given();
        if self.words.len() * 8 - self.tail < bytes.len() {
            self.make_room(bytes.len());
        }
        let count = bytes.len().min(self.words.len() * 8 - self.tail);
        self.words.as_mut_bytes()[self.tail..self.tail + count].copy_from_slice(&bytes[..count]);
        self.tail += count;
        count
    }

    /// The next item, if it is there whole; it lives until the next call.
    ///
    /// # Errors
    /// What came is no feed, or a frame longer than the limit. The buffer stays where it is: the connection is of no
    /// more use.
    #[expect(clippy::should_implement_trait, reason = "items borrow the buffer, which an Iterator's cannot")]
    pub fn next(&mut self) -> Result<Option<FeedItem<'_>>, FrameError> {
        self.drop_given();
        let bytes = &self.words.as_bytes()[self.head..self.tail];
        if bytes.first_chunk() == Some(&HEARTBEAT_MAGIC) {
            let heartbeat = Heartbeat::read(bytes, self.offset)?;
            self.given = if heartbeat.is_some() { HEADER_SIZE } else { 0 };
            return Ok(heartbeat.map(FeedItem::Heartbeat));
        }
        // Of fewer than four bytes nobody can say yet which of the two they begin.
        if bytes.len() < FRAME_MAGIC.len() {
            return Ok(None);
        }
        match self.parts.go_on(bytes, self.offset, Checked::Fully)? {
            Some(length) => {
                self.given = length;
                Ok(Some(FeedItem::Frame(CompleteFrame::checked(bytes, &self.parts))))
            }
            None if self.parts.needed > self.limit => Err(Fault::TooLong { limit: self.limit as u64 }.at(self.offset)),
            None => Ok(None),
        }
    }

    /// Where in the stream the next item begins, bytes.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset + self.given as u64
    }

    /// Forgets everything: a new connection begins.
    pub fn clear(&mut self) {
        (self.head, self.tail, self.given, self.offset) = (0, 0, 0, 0);
        self.parts = PartCheck::default();
    }

    fn drop_given(&mut self) {
        if self.given > 0 {
            self.head += self.given;
            self.offset += self.given as u64;
            self.given = 0;
            self.parts = PartCheck::default();
            if self.head == self.tail {
                (self.head, self.tail) = (0, 0);
            }
        }
    }

    /// Moves what is there to the front; if that is not enough for the frame at `head`, takes more memory, up to the
    /// limit.
    fn make_room(&mut self, coming: usize) {
        self.words.as_mut_bytes().copy_within(self.head..self.tail, 0);
        (self.head, self.tail) = (0, self.tail - self.head);
        let wanted = (self.tail + coming).min(self.parts.needed.min(self.limit).max(Self::ROOM));
        if wanted > self.words.len() * 8 {
            let most = self.limit.max(Self::ROOM) / 8;
            self.words.resize(wanted.div_ceil(8).next_power_of_two().min(most), 0);
        }
    }
}
