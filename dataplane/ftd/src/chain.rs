//! Long messages, reading side: several FTDC messages that together are one.
//!
//! A message that would outgrow 4,096 bytes is sent in parts (JR/T 0016 §5.2.1.2). Every part is a message with headers
//! of its own; TID, series and number are the same in all. The chain letters of one long message are `F C ... C L`, with
//! none to any number of `C`; a message that is whole has `S`. Each part holds whole data fields, so that a part can be
//! read as soon as it has come, and nothing needs to be collected.

use crate::malformed::Malformed;
use crate::message::{Chain, Message, SequenceNumber, Series, Tid};

/// Most parts of one long message: at 4 KiB each, 256 MiB, some hundred times a day's orders of the largest member.
pub const CHAIN_PARTS_MAX: u32 = 65_536;

/// Follows the parts of long messages on one stream. Parts of different streams may mix on a connection, so each stream
/// has a reader of its own.
#[derive(Clone, Debug, Default)]
pub struct ChainReader {
    open: Option<Open>,
}

/// Where a message stands in its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Counted from 0.
    pub index: u32,
    /// Whether the long message is complete with this part. A single message is its own first and last part.
    pub last: bool,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    tid: Tid,
    series: Series,
    number: SequenceNumber,
    parts_seen: u32,
}

impl ChainReader {
    /// A reader between two messages.
    pub const fn new() -> Self {
        Self { open: None }
    }

    /// Takes the next message of the stream and tells where in its chain it stands.
    ///
    /// # Errors
    /// [`Malformed::ChainOrder`], [`Malformed::ChainMixed`] or [`Malformed::ChainTooLong`]. Parts are missing then: what
    /// was read of the long message is worthless, and the reader stands between two messages again.
    pub fn accept(&mut self, message: &Message<'_>) -> Result<Part, Malformed> {
        let (tid, series, number) = (message.tid(), message.series(), message.number());
        match (self.open.take(), message.chain()) {
            (None, Chain::Single) => Ok(Part { index: 0, last: true }),
            (None, Chain::First) => {
                self.open = Some(Open { tid, series, number, parts_seen: 1 });
                Ok(Part { index: 0, last: false })
            }
            (Some(open), chain @ (Chain::Continued | Chain::Last)) => {
                if (open.tid, open.series, open.number) != (tid, series, number) {
                    return Err(Malformed::ChainMixed);
                }
                if open.parts_seen == CHAIN_PARTS_MAX {
                    return Err(Malformed::ChainTooLong);
                }
                let last = chain == Chain::Last;
                if !last {
                    self.open = Some(Open { parts_seen: open.parts_seen + 1, ..open });
                }
                Ok(Part { index: open.parts_seen, last })
            }
            (None, Chain::Continued | Chain::Last) | (Some(_), Chain::Single | Chain::First) => {
                Err(Malformed::ChainOrder)
            }
        }
    }

    /// Whether a long message has begun and its last part has not come yet.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }
}
