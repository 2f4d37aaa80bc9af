//! Commands as bytes: read in place, and built.

use super::{Body, BodyView, CommandHeader, CommandKind, MAX_COMMAND};
use crate::types::UserIndex;
use zerocopy::{FromBytes, IntoBytes};

/// A command read in place.
#[derive(Clone, Copy, Debug)]
pub struct Command<'a> {
    /// Its header.
    pub header: &'a CommandHeader,
    /// Its body.
    pub body: BodyView<'a>,
    /// All its bytes.
    pub bytes: &'a [u8],
}

impl<'a> Command<'a> {
    /// Reads a command; `bytes` is aligned to 8 and exactly its length. None: unknown kind or wrong length.
    #[inline]
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = CommandHeader::ref_from_prefix(bytes).ok()?;
        let kind = CommandKind::from_code(header.kind)?;
        if usize::from(header.length) != bytes.len() || header.reserved != 0 {
            return None;
        }
        Some(Command { header, body: BodyView::read(kind, rest)?, bytes })
    }
}

/// Room for one command, aligned, to build it in.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub struct CommandBuffer {
    bytes: [u8; MAX_COMMAND],
    length: usize,
}

impl CommandBuffer {
    /// Writes a command.
    #[inline]
    #[must_use]
    pub fn new<B: Body>(session: u32, request: u32, user: UserIndex, body: &B) -> Self {
        let length = B::KIND.size();
        let header = CommandHeader {
            kind: B::KIND as u16,
            length: u16::try_from(length).expect("a command is at most MAX_COMMAND bytes"),
            session,
            request,
            user,
            reserved: 0,
        };
        let mut buffer = CommandBuffer { bytes: [0; MAX_COMMAND], length };
        buffer.bytes[..size_of::<CommandHeader>()].copy_from_slice(header.as_bytes());
        buffer.bytes[size_of::<CommandHeader>()..length].copy_from_slice(body.as_bytes());
        buffer
    }

    /// A command of the exchange itself.
    #[must_use]
    pub fn own<B: Body>(body: &B) -> Self {
        Self::new(0, 0, UserIndex::NONE, body)
    }

    /// Copies a command's bytes. None: they are no command.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Option<Self> {
        let mut buffer = CommandBuffer { bytes: [0; MAX_COMMAND], length: bytes.len() };
        buffer.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Command::read(&buffer.bytes[..buffer.length])?;
        Some(buffer)
    }

    /// The command's bytes.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// The command.
    #[inline]
    #[must_use]
    pub fn command(&self) -> Command<'_> {
        Command::read(self.bytes()).expect("a buffer is built from a whole command")
    }
}
