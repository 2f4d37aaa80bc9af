//! The epochs of a day, what each had told of every stream when it was cut, and where a member goes on (STREAMS.md, Resume).

use super::StreamSlot;
use engine::types::{Epoch, StreamNumber};

/// Epochs of a day. Each is a takeover with its own fencing and its own call of the members: minutes, not seconds.
pub const EPOCHS_MAX: usize = 64;

/// Resume point that means: from now (`errata.md` 10).
pub const FROM_NOW: u32 = u32::MAX;

/// How a stream goes on after a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume {
    /// To be told first: what the member received and does not count.
    pub cancel: Option<Cancelled>,
    /// The first message to be sent; one beyond the stream's end if there is none yet.
    pub next: StreamNumber,
    /// The member has seen a higher epoch than ours: another core has taken over, and this one is not active.
    pub epoch_ahead: bool,
}

/// Messages that a member received and that do not count: they were told after the cut of their epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled {
    /// The epoch they belonged to.
    pub epoch: Epoch,
    /// The data centre that told them; 0 if the day does not know that epoch.
    pub data_center: u32,
    /// The first.
    pub from: StreamNumber,
    /// The last.
    pub to: StreamNumber,
}

/// The day's epochs in their order.
#[derive(Clone, Debug)]
pub(super) struct Reigns {
    reigns: Vec<Reign>,
    /// Messages at the cut: a row for each epoch that is over, a column for each stream.
    cuts: Box<[u32]>,
    streams: usize,
}

#[derive(Clone, Copy, Debug)]
struct Reign {
    epoch: Epoch,
    data_center: u32,
}

impl Reigns {
    /// Before the day.
    pub(super) fn none() -> Self {
        Reigns { reigns: Vec::new(), cuts: Box::new([]), streams: 0 }
    }

    /// The day begins.
    pub(super) fn new(streams: usize, epoch: Epoch, data_center: u32) -> Self {
        let mut reigns = Vec::with_capacity(EPOCHS_MAX);
        reigns.push(Reign { epoch, data_center });
        Reigns { reigns, cuts: vec![0; EPOCHS_MAX * streams].into_boxed_slice(), streams }
    }

    /// An epoch begins; `count_at_cut` tells what the one before had told of each stream. False: there were too many.
    #[must_use]
    pub(super) fn open(&mut self, epoch: Epoch, data_center: u32, count_at_cut: impl Fn(StreamSlot) -> u32) -> bool {
        if self.reigns.len() == EPOCHS_MAX {
            return false;
        }
        let row = (self.reigns.len() - 1) * self.streams;
        for stream in 0..self.streams {
            self.cuts[row + stream] = count_at_cut(StreamSlot(stream));
        }
        self.reigns.push(Reign { epoch, data_center });
        true
    }

    /// The epoch before the present one, and a stream's messages at its cut; zeros in the first.
    pub(super) fn cut_before_present(&self, stream: StreamSlot) -> (Epoch, u32) {
        match self.reigns.len().checked_sub(2) {
            None => (Epoch(0), 0),
            Some(row) => (self.reigns[row].epoch, self.cuts[row * self.streams + stream.0]),
        }
    }

    /// Messages of a stream when an epoch was cut. None: it is the present one, or none of the day.
    pub(super) fn count_at_cut(&self, stream: StreamSlot, epoch: Epoch) -> Option<u32> {
        let over = self.reigns.len().checked_sub(1)?;
        let row = self.reigns[..over].iter().position(|reign| reign.epoch == epoch)?;
        Some(self.cuts[row * self.streams + stream.0])
    }

    /// Where a member goes on that received number `received` last, of the epoch it names, on a stream of `count` messages.
    pub(super) fn resume(&self, stream: StreamSlot, count: u32, named: Option<Epoch>, received: u32) -> Resume {
        let next = |after: u32| StreamNumber(after.saturating_add(1));
        let (Some(first), Some(present)) = (self.reigns.first(), self.reigns.last()) else {
            return Resume { cancel: None, next: next(0), epoch_ahead: false };
        };
        // Epochs count from 1: a 0 is an item that the member did not fill.
        let epoch = named.filter(|epoch| epoch.0 != 0).unwrap_or(first.epoch);
        let goes_on = |after: u32| Resume { cancel: None, next: next(after), epoch_ahead: epoch > present.epoch };
        if received == FROM_NOW {
            return goes_on(count);
        }
        if epoch >= present.epoch {
            return goes_on(received.min(count));
        }
        // Of an epoch that our log skips counts what counts of the one before it; of one before the day, nothing.
        let row = self.reigns.partition_point(|reign| reign.epoch <= epoch).checked_sub(1);
        let counts = row.map_or(0, |row| self.cuts[row * self.streams + stream.0]);
        if received <= counts {
            return goes_on(received);
        }
        let data_center =
            row.map(|row| self.reigns[row]).filter(|reign| reign.epoch == epoch).map_or(0, |reign| reign.data_center);
        let cancel = Cancelled { epoch, data_center, from: next(counts), to: StreamNumber(received) };
        Resume { cancel: Some(cancel), ..goes_on(counts) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: StreamSlot = StreamSlot(1);

    /// A day of the epochs 3 (data centre 30), 4 (40) and 6 (60); the stream had 100 messages at the cut of 3, 150 at the
    /// cut of 4, and has 180 now. The other stream has none.
    fn day() -> Reigns {
        let mut reigns = Reigns::new(2, Epoch(3), 30);
        assert!(reigns.open(Epoch(4), 40, |stream| if stream == STREAM { 100 } else { 0 }));
        assert!(reigns.open(Epoch(6), 60, |stream| if stream == STREAM { 150 } else { 0 }));
        reigns
    }

    #[track_caller]
    fn check(named: Option<u32>, received: u32, cancel: Option<(u32, u32, u32, u32)>, expected: u32, ahead: bool) {
        let resume = day().resume(STREAM, 180, named.map(Epoch), received);
        let cancel = cancel.map(|(epoch, data_center, from, to)| Cancelled {
            epoch: Epoch(epoch),
            data_center,
            from: StreamNumber(from),
            to: StreamNumber(to),
        });
        assert_eq!(resume, Resume { cancel, next: StreamNumber(expected), epoch_ahead: ahead });
    }

    #[test]
    fn every_case_of_resume() {
        // Of the present epoch.
        check(Some(6), 0, None, 1, false);
        check(Some(6), 1, None, 2, false);
        check(Some(6), 179, None, 180, false);
        check(Some(6), 180, None, 181, false);
        check(Some(6), 181, None, 181, false);
        check(Some(6), FROM_NOW - 1, None, 181, false);
        check(Some(6), FROM_NOW, None, 181, false);
        // Of the epoch before, up to its cut, and beyond: also where the number exists again by now, or is beyond the end.
        check(Some(4), 0, None, 1, false);
        check(Some(4), 150, None, 151, false);
        check(Some(4), 151, Some((4, 40, 151, 151)), 151, false);
        check(Some(4), 170, Some((4, 40, 151, 170)), 151, false);
        check(Some(4), 500, Some((4, 40, 151, 500)), 151, false);
        check(Some(4), FROM_NOW, None, 181, false);
        // Of the first epoch, named or not, or not filled.
        for named in [Some(3), Some(0), None] {
            check(named, 0, None, 1, false);
            check(named, 99, None, 100, false);
            check(named, 100, None, 101, false);
            check(named, 101, Some((3, 30, 101, 101)), 101, false);
            check(named, 160, Some((3, 30, 101, 160)), 101, false);
            check(named, FROM_NOW, None, 181, false);
        }
        // Of an epoch that this log skips: what counts of it is what counted when the one before it was cut.
        check(Some(5), 150, None, 151, false);
        check(Some(5), 152, Some((5, 0, 151, 152)), 151, false);
        // Of an epoch before this day: nothing of it is of today.
        check(Some(2), 0, None, 1, false);
        check(Some(2), 7, Some((2, 0, 1, 7)), 1, false);
        // Of an epoch that we have not heard of: another core is active.
        check(Some(7), 0, None, 1, true);
        check(Some(7), 181, None, 181, true);
        check(Some(7), FROM_NOW, None, 181, true);
    }

    #[test]
    fn with_one_epoch_nothing_is_ever_cancelled() {
        let reigns = Reigns::new(2, Epoch(1), 1);
        for named in [None, Some(Epoch(0)), Some(Epoch(1))] {
            for (received, next) in [(0, 1), (1, 2), (9, 10), (10, 11), (11, 11), (FROM_NOW, 11)] {
                let resume = reigns.resume(STREAM, 10, named, received);
                assert_eq!(resume, Resume { cancel: None, next: StreamNumber(next), epoch_ahead: false });
            }
        }
    }

    #[test]
    fn before_the_day_a_stream_begins_at_its_start() {
        let resume = Reigns::none().resume(STREAM, 0, Some(Epoch(1)), 5);
        assert_eq!(resume, Resume { cancel: None, next: StreamNumber(1), epoch_ahead: false });
    }

    #[test]
    fn more_epochs_than_there_is_room_for_are_refused() {
        let mut reigns = Reigns::new(1, Epoch(1), 1);
        for epoch in 2..=EPOCHS_MAX as u32 {
            assert!(reigns.open(Epoch(epoch), 1, |_| 0));
        }
        assert!(!reigns.open(Epoch(1_000), 1, |_| 0));
    }
}
