//! The numbered streams, kept as they were told: message by message, and what a reader that comes back is owed.

use crate::exchange::{Stream, Told};
use crate::number::{Epoch, Sequence};
use std::collections::BTreeMap;

/// "From now on" in a resume point.
pub const FROM_NOW: u32 = u32::MAX;

/// A message kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The frame that told it.
    pub sequence: Sequence,
    /// Its FTD bytes.
    pub bytes: Vec<u8>,
}

/// A reign and where it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reign {
    data_center: u32,
    /// The last frame of it that counts; None while it lasts.
    cut: Option<Sequence>,
}

/// Every stream from its first message on, and the reigns they were told in.
#[derive(Clone, Debug, Default)]
pub struct Streams {
    kept: BTreeMap<Stream, BTreeMap<u32, Kept>>,
    reigns: BTreeMap<Epoch, Reign>,
}

/// Messages that a dead core told and nobody else knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Void {
    /// The first.
    pub from: u32,
    /// The last that the reader has.
    pub to: u32,
    /// Who told them.
    pub data_center: u32,
}

impl Streams {
    /// A reign begins, and the one before ends at `cut`.
    pub fn reign(&mut self, epoch: Epoch, data_center: u32, cut: Option<Sequence>) {
        if let Some(mut last) = self.reigns.last_entry() {
            last.get_mut().cut = cut;
        }
        self.reigns.insert(epoch, Reign { data_center, cut: None });
    }

    /// Keeps what a frame told.
    pub fn keep(&mut self, sequence: Sequence, told: Vec<Told>) {
        for Told { stream, number, bytes } in told {
            self.kept.entry(stream).or_default().insert(number, Kept { sequence, bytes });
        }
    }

    /// The messages of a stream, by number.
    pub fn messages(&self, stream: Stream) -> impl Iterator<Item = (u32, &Kept)> + '_ {
        self.kept.get(&stream).into_iter().flatten().map(|(&number, kept)| (number, kept))
    }

    /// The message after number `last`, and its number.
    #[must_use]
    pub fn after(&self, stream: Stream, last: u32) -> Option<(u32, &Kept)> {
        self.kept.get(&stream)?.range(last.checked_add(1)?..).next().map(|(&number, kept)| (number, kept))
    }

    /// The number of the last message of a stream.
    #[must_use]
    pub fn end(&self, stream: Stream) -> u32 {
        self.kept.get(&stream).and_then(|kept| kept.keys().next_back()).copied().unwrap_or(0)
    }

    /// The number of the last message that a stream had at a frame.
    #[must_use]
    pub fn end_at(&self, stream: Stream, sequence: Sequence) -> u32 {
        let kept = self.kept.get(&stream).into_iter().flatten();
        kept.take_while(|(_, kept)| kept.sequence <= sequence).last().map_or(0, |(&number, _)| number)
    }

    /// Where a reader goes on that received `last` in `epoch` (None: it does not say): the number after which it is told,
    /// and what it is to forget. Err: it knows a later reign than ours.
    pub fn resume(&self, stream: Stream, epoch: Option<Epoch>, last: u32) -> Result<(u32, Option<Void>), Epoch> {
        let Some((&present, _)) = self.reigns.last_key_value() else { return Ok((0, None)) };
        if let Some(epoch) = epoch
            && epoch > present
        {
            return Err(epoch);
        }
        match last {
            0 => return Ok((0, None)),
            FROM_NOW => return Ok((self.end(stream), None)),
            _ => {}
        }
        // An epoch between two of ours never reigned; the one before it did.
        let first = self.reigns.first_key_value().map(|(&first, _)| first).expect("there is a present one");
        let named = epoch.unwrap_or(first).max(first);
        let (_, reign) = self.reigns.range(..=named).next_back().expect("the first at least");
        match reign.cut {
            Some(cut) => {
                let end = self.end_at(stream, cut);
                let void = Void { from: end + 1, to: last, data_center: reign.data_center };
                Ok((last.min(end), (last > end).then_some(void)))
            }
            None => Ok((last.min(self.end(stream)), None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Participant;

    #[test]
    fn resuming_after_a_cut() {
        let stream = Stream::Private(Participant(3));
        let mut streams = Streams::default();
        let tell = |streams: &mut Streams, sequence: u64, number| {
            streams.keep(Sequence(sequence), vec![Told { stream, number, bytes: vec![0] }]);
        };
        streams.reign(Epoch(1), 7, None);
        for number in 1..=5 {
            tell(&mut streams, u64::from(number) * 10, number);
        }
        assert_eq!(streams.resume(stream, Some(Epoch(1)), 9), Ok((5, None)), "beyond the end in the present reign");
        streams.reign(Epoch(2), 8, Some(Sequence(55)));
        tell(&mut streams, 60, 6);
        let void = Void { from: 6, to: 9, data_center: 7 };
        assert_eq!(streams.resume(stream, Some(Epoch(1)), 9), Ok((5, Some(void))));
        assert_eq!(streams.resume(stream, None, 9), Ok((5, Some(void))), "absent: the day's first");
        assert_eq!(streams.resume(stream, Some(Epoch(1)), 4), Ok((4, None)));
        assert_eq!(streams.resume(stream, Some(Epoch(2)), 6), Ok((6, None)));
        assert_eq!(streams.resume(stream, Some(Epoch(2)), 7), Ok((6, None)));
        assert_eq!(streams.resume(stream, Some(Epoch(1)), 0), Ok((0, None)));
        assert_eq!(streams.resume(stream, Some(Epoch(1)), FROM_NOW), Ok((6, None)));
        assert_eq!(streams.resume(stream, Some(Epoch(3)), 1), Err(Epoch(3)));
        assert_eq!(streams.after(stream, 5).map(|(number, _)| number), Some(6));
        assert_eq!(streams.after(stream, 6), None);
    }
}
