//! Any bytes to the readers: an error, a call for more, or something whose every field holds; never a panic.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Aligned, crc_by_hand, frame_bytes, journal_of, sum};
use journal::{CompleteFrame, CompleteNext, FeedBuffer, FeedRequest, Heartbeat, Next, read_frame, scan};
use proptest::prelude::*;

fn holds(bytes: &[u8]) {
    let aligned = Aligned::of(bytes);
    let bytes = aligned.bytes();
    if let Ok(Next::Frame(view)) = read_frame(bytes, 0) {
        let header = view.header;
        assert_eq!(&view.bytes[..4], b"BKF1");
        assert_eq!(view.bytes.len(), header.length as usize);
        let command = view.command.map_or(0, |command| command.bytes.len());
        assert_eq!(view.bytes.len(), 64 + command + 80 * view.events.len());
        assert_eq!(header.crc, crc_by_hand(&view.bytes[12..]));
        assert!(!view.events.is_empty() && header.sequence.0 > 0 && header.reserved == 0);
        assert_eq!(view.command.is_some(), header.part == 0);
    }
    if let Ok(CompleteNext::Frame(frame)) = CompleteFrame::read(bytes, 0) {
        let parts: Vec<_> = frame.parts().collect();
        assert_eq!(parts.iter().map(|part| part.bytes.len()).sum::<usize>(), frame.bytes().len());
        assert!(parts.iter().enumerate().all(|(place, part)| usize::from(part.header.part) == place));
        assert_eq!(parts.iter().filter(|part| part.header.is_last()).count(), 1);
        assert_eq!(frame.events_together(&mut Vec::new()).len(), frame.events().count());
    }
    let _ = Heartbeat::read(bytes, 0);
    let _ = FeedRequest::read(bytes);
    if let Ok(found) = scan(bytes, None) {
        assert!(found.end + found.tail_bytes <= bytes.len() as u64);
    }
    let mut feed = FeedBuffer::new(1 << 17);
    feed.push(bytes);
    while let Ok(Some(_)) = feed.next() {}
}

proptest! {
    #![proptest_config(ProptestConfig { cases: effort::of(2_000) as u32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_an_error_or_hold(bytes in prop::collection::vec(any::<u8>(), 0..400), magic in 0..4_usize) {
        let mut bytes = bytes;
        let begin: &[u8] = [&b""[..], b"BKF1", b"BKH1", b"BKR1"][magic];
        bytes.splice(..begin.len().min(bytes.len()), begin.iter().copied());
        holds(&bytes);
    }

    /// Some fields of a good frame are changed and its CRC made good again, so that the checks behind the CRC are
    /// reached.
    #[test]
    fn changed_frames_are_an_error_or_hold(
        count in 0..4_usize,
        changes in prop::collection::vec((0..104_usize, any::<u8>()), 0..5),
        cut in 0..400_usize,
        summed in any::<bool>(),
    ) {
        let mut bytes = journal_of(&[count]).pop().unwrap();
        for (offset, value) in changes {
            bytes[offset] = value;
        }
        bytes.truncate(cut.max(64));
        if summed {
            sum(&mut bytes);
        }
        holds(&bytes);
    }

    #[test]
    fn changed_parts_are_an_error_or_hold(
        count in 1600..1700_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = frame_bytes(3, &common::mass_cancel(), &common::ended(count));
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        holds(&bytes);
    }
}
