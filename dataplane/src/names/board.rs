//! What is published: the fronts of the core with the highest epoch.
//!
//! A publication is a message RspFronts (TID F002h) of one FTDC message, series 0, number 0, with a FrontField (FID F006h) for
//! each front:
//!
//! ```text
//! 00 00 F0 06 | 00 34 | FrontAddress 40: `a.b.c.d:port`, blanks behind | FrontPriority 4 | Epoch 4 | DataCenterId 4
//! ```
//!
//! All fronts of a publication have one epoch: it comes from one core.

use engine::types::Epoch;
use ftd::field::FrontField;
use ftd::message::{CONTENT_SIZE_MAX, FTDC_HEADER_SIZE};
use ftd::package::RspFronts;
use ftd::write::FIELD_HEADER_SIZE;
use ftd::{Chain, Message, MessageWriter, SequenceNumber, Series, tid};
use std::io::Write;
use std::net::SocketAddrV4;

/// Fronts that can be published: what one message holds.
pub const FRONTS_MAX: usize = (CONTENT_SIZE_MAX - FTDC_HEADER_SIZE) / (FIELD_HEADER_SIZE + size_of::<FrontField>());

/// Where members reach a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Front {
    /// Address and port.
    pub address: SocketAddrV4,
    /// Less is better.
    pub priority: i32,
    /// Epoch of its core.
    pub epoch: Epoch,
    /// Data centre of its core.
    pub data_center: u32,
}

impl Front {
    /// From the member's bytes. None: the address is none.
    #[must_use]
    pub fn read(field: &FrontField) -> Option<Self> {
        let address = str::from_utf8(field.front_address.trimmed()).ok()?.parse().ok()?;
        Some(Front {
            address,
            priority: field.front_priority.get(),
            epoch: Epoch(field.epoch.unsigned()),
            data_center: field.data_center_id.unsigned(),
        })
    }

    fn write(&self, field: &mut FrontField) {
        let mut text = [b' '; 40];
        write!(text.as_mut_slice(), "{}", self.address).expect("an IPv4 address and a port have at most 21 characters");
        field.front_address = ftd::types::Str::from(text);
        field.front_priority.set(self.priority);
        field.epoch.set_unsigned(self.epoch.0);
        field.data_center_id.set_unsigned(self.data_center);
    }
}

/// Writes RspFronts to the beginning of `buffer`: what the service answers, and what a core publishes. Returns its length; none if
/// the buffer is too short, or there are more fronts than [`FRONTS_MAX`].
#[must_use]
pub fn write_fronts(buffer: &mut [u8], fronts: &[Front]) -> Option<usize> {
    let mut message = MessageWriter::new(buffer, tid::FRONTS, Series::DIALOG, SequenceNumber(0))?;
    for front in fronts {
        front.write(message.push()?);
    }
    Some(message.finish())
}

/// What is published.
#[derive(Clone, Debug)]
pub(super) struct Board {
    /// In the order of priority.
    fronts: Vec<Front>,
    epoch: Epoch,
}

/// What became of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Publication {
    /// It stands.
    Accepted,
    /// A higher epoch is published.
    EpochLower,
}

/// The fronts of one core, as many as a message holds; none: a question.
pub(super) struct Offer {
    fronts: [Option<Front>; FRONTS_MAX],
    count: usize,
}

impl Board {
    /// Nothing is published.
    pub(super) fn new() -> Self {
        Board { fronts: Vec::with_capacity(FRONTS_MAX), epoch: Epoch(0) }
    }

    /// The fronts, in the order of priority.
    pub(super) fn fronts(&self) -> &[Front] {
        &self.fronts
    }

    /// The highest epoch wins; the same core may publish anew.
    pub(super) fn publish(&mut self, offer: &Offer) -> Publication {
        let epoch = offer.epoch();
        if epoch < self.epoch {
            return Publication::EpochLower;
        }
        self.epoch = epoch;
        self.fronts.clear();
        self.fronts.extend(offer.fronts.iter().take(offer.count).flatten());
        // Stable: of one priority, in the order in which the core named them. 70 at most: it does not allocate.
        self.fronts.sort_by_key(|front| front.priority);
        Publication::Accepted
    }
}

impl Offer {
    /// Nothing is published: it is asked what is.
    pub(super) fn is_question(&self) -> bool {
        self.count == 0
    }

    fn epoch(&self) -> Epoch {
        self.fronts[0].expect("a question is not published").epoch
    }
}

/// Reads a message to the name service. None: it is nothing that the service knows.
pub(super) fn read(message: &Message<'_>) -> Option<Offer> {
    if message.tid() != tid::FRONTS || message.chain() != Chain::Single {
        return None;
    }
    if message.series() != Series::DIALOG || message.number() != SequenceNumber(0) {
        return None;
    }
    let package = RspFronts::parse(message).ok()?;
    let count = package.front.count();
    let mut offer = Offer { fronts: [None; FRONTS_MAX], count };
    if offer.is_question() {
        return package.error.is_none().then_some(offer);
    }
    for (place, field) in offer.fronts.iter_mut().zip(package.front.iter()) {
        *place = Some(Front::read(field)?);
    }
    let epoch = offer.epoch();
    let of_one_core = offer.fronts.iter().take(count).flatten().all(|front| front.epoch == epoch);
    of_one_core.then_some(offer)
}
