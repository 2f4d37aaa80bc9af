//! A second opinion over a day that somebody else decides: the same commands at the same places, and what differs.

use crate::event::EVENT;
use crate::exchange::{Exchange, Outcome, Settings, Stopped};
use crate::frame::{self, Part};
use crate::number::Sequence;

/// An exchange that executes the commands of another's log.
///
/// It can be given the log from its first frame, or be made from an exchange that has executed a prefix of it
/// ([`Shadow::from`]), and goes on through takeovers: [`Settings::later_prefixes`] says how a later core names orders.
pub struct Shadow {
    exchange: Exchange,
    /// What came of the frame whose parts are arriving, and its events as bytes.
    pending: Option<(Outcome, Vec<u8>)>,
    /// Bytes of the other's events so far.
    theirs: Vec<u8>,
}

/// A frame of the other's beside ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Which frame.
    pub sequence: Sequence,
    /// The state digests are the same.
    pub digest_equal: bool,
    /// The local-id digests are the same.
    pub local_ids_equal: bool,
    /// The first event that differs otherwise than in its text ids, or that one has and the other has not.
    pub first_difference: Option<usize>,
    /// What came of the command here.
    pub outcome: Outcome,
}

impl Compared {
    /// Nothing differs.
    #[must_use]
    pub fn equal(&self) -> bool {
        self.digest_equal && self.local_ids_equal && self.first_difference.is_none()
    }
}

impl From<Exchange> for Shadow {
    fn from(exchange: Exchange) -> Self {
        Shadow { exchange, pending: None, theirs: Vec::new() }
    }
}

impl Shadow {
    /// A shadow before the day.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Exchange::new(settings).into()
    }

    /// The exchange in it.
    #[must_use]
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Follows one part of a frame; after the last part says how the two compare. Heartbeats are passed over.
    ///
    /// # Errors
    /// [`Stopped`]: the frame does not follow on the last, or holds no command.
    pub fn follow(&mut self, part: &Part<'_>) -> Result<Option<Compared>, Stopped> {
        if part.heartbeat {
            return Ok(None);
        }
        if part.part == 0 {
            let stamp = part.stamp;
            let outcome = self.exchange.execute(stamp.epoch, stamp.sequence, stamp.time, part.command)?;
            let ours = outcome.events.iter().flat_map(|event| event.bytes()).collect();
            self.pending = Some((outcome, ours));
            self.theirs.clear();
        }
        self.theirs.extend_from_slice(part.events);
        if !part.last {
            return Ok(None);
        }
        let (outcome, ours) = self.pending.take().ok_or(Stopped::OutOfOrder)?;
        let (ours, theirs) = (without_texts(&ours), without_texts(&self.theirs));
        let same = ours.iter().zip(&theirs).take_while(|(ours, theirs)| ours == theirs).count();
        Ok(Some(Compared {
            sequence: part.stamp.sequence,
            digest_equal: part.stamp.digest == outcome.stamp.digest,
            local_ids_equal: part.stamp.local_ids == outcome.stamp.local_ids,
            first_difference: (same < ours.len().max(theirs.len())).then_some(same),
            outcome,
        }))
    }

    /// Follows every whole frame of a piece of a log.
    ///
    /// # Errors
    /// [`Stopped`], as [`Shadow::follow`].
    pub fn follow_log(&mut self, mut log: &[u8], mut look: impl FnMut(Compared)) -> Result<(), Stopped> {
        while let Some(part) = frame::read(log) {
            if let Some(compared) = self.follow(&part)? {
                look(compared);
            }
            log = &log[part.bytes.len()..];
        }
        Ok(())
    }
}

/// Events with the text ids blanked, which are each system's own.
fn without_texts(bytes: &[u8]) -> Vec<[u8; EVENT]> {
    let blanked = |event: &[u8; EVENT]| {
        let mut event = *event;
        match u16::from_le_bytes([event[0], event[1]]) {
            1 | 2 => event[16..36].fill(0),
            3 => event[56..76].fill(0),
            12 => event[8..68].fill(0),
            14 => event[8..28].fill(0),
            15 => event[12..32].fill(0),
            _ => {}
        }
        event
    };
    bytes.as_chunks::<EVENT>().0.iter().map(blanked).collect()
}
