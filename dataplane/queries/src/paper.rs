//! An answer being written: as many messages as its fields take, under one number (JR/T 0016 §5.2.1.2).
//!
//! A message is closed when the next field does not fit. Whether it is the chain's last is known only then, so each is written with
//! the letter that the next field, or the end, gives it.

use ftd::field::Field;
use ftd::write::{FIELD_HEADER_SIZE, HEADERS_SIZE, MessageWriter};
use ftd::{CHAIN_PARTS_MAX, Chain, Fid, SequenceNumber, Series, Tid};
use std::collections::VecDeque;

/// Bytes of a whole message, both headers included: FTD's header, and 4,096 of FTDC.
const MESSAGE_MAX: usize = 4 + 4_096;

/// An answer being written.
pub(crate) struct Paper {
    tid: Tid,
    number: u32,
    parts: VecDeque<Vec<u8>>,
    /// The message being filled: its fields with their headers, behind room for the message's headers.
    present: Vec<u8>,
    fields: u16,
    is_full: bool,
}

impl Paper {
    pub(crate) fn new(tid: Tid, number: u32) -> Self {
        Paper { tid, number, parts: VecDeque::new(), present: Vec::new(), fields: 0, is_full: false }
    }

    /// Adds a field.
    pub(crate) fn push<F: Field>(&mut self, field: &F) {
        let size = FIELD_HEADER_SIZE + F::SIZE;
        if HEADERS_SIZE + self.present.len() + size > MESSAGE_MAX {
            let chain = if self.parts.is_empty() { Chain::First } else { Chain::Continued };
            self.close(chain);
        }
        if self.is_full {
            return;
        }
        let Fid(fid) = F::FID;
        self.present.extend_from_slice(&fid.to_be_bytes());
        self.present.extend_from_slice(&(F::SIZE as u16).to_be_bytes());
        self.present.extend_from_slice(field.as_bytes());
        self.fields += 1;
    }

    /// The whole answer. None: nothing was written. `Err`: it takes more messages than a chain may have.
    pub(crate) fn finish(mut self) -> Result<Option<VecDeque<Vec<u8>>>, TooLong> {
        if self.is_full {
            return Err(TooLong);
        }
        if self.fields == 0 {
            return Ok(None);
        }
        let chain = if self.parts.is_empty() { Chain::Single } else { Chain::Last };
        self.close(chain);
        Ok(Some(self.parts))
    }

    fn close(&mut self, chain: Chain) {
        if self.parts.len() as u32 + 1 >= CHAIN_PARTS_MAX && chain == Chain::Continued {
            self.is_full = true;
        }
        let mut message = vec![0; HEADERS_SIZE + self.present.len()];
        let (number, series) = (SequenceNumber(self.number), Series::DIALOG);
        let mut writer = MessageWriter::new(&mut message, self.tid, series, number).expect("room for the headers");
        writer.push_raw(&self.present, self.fields).expect("a message is closed before it is too long");
        writer.finish_as(chain);
        self.present.clear();
        self.fields = 0;
        self.parts.push_back(message);
    }
}

/// An answer of more messages than [`CHAIN_PARTS_MAX`].
#[derive(Debug)]
pub(crate) struct TooLong;
