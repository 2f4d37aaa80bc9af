//! Recovery: whatever a journal holds whole comes back as the state that made it, and goes on the same way.
#![allow(clippy::unwrap_used)]

mod common;

use common::market::{BACKSTOP, Exchange, LIMITS, PRIMARY};
use common::{Aligned, DAY};
use engine::Digests;
use engine::event::{Event, EventView};
use journal::{CompleteFrame, CompleteNext, Durability, Log, Machine, Recovery, recover};

/// A day in a file, and its digests frame by frame.
fn day_in_a_file(path: &std::path::Path, commands: usize) -> (Vec<u8>, Vec<Digests>) {
    let log = Log::create(path, LIMITS, Durability::Async).unwrap();
    let mut exchange = Exchange::over(Machine::new(log, PRIMARY));
    exchange.open_day();
    exchange.trade_on(commands);
    let state = exchange.machine.state();
    assert_eq!(state.digests(), state.recompute_digests());
    let digests: Vec<_> = exchange.machine.reader().frames_from(0).map(|frame| frame.digests()).collect();
    assert_eq!(digests.last(), Some(&state.digests()));
    let bytes = exchange.bytes();
    exchange.machine.into_log().close().unwrap();
    (bytes, digests)
}

fn recovered(path: &std::path::Path) -> Recovery {
    let recovered = recover(path, Some(DAY), LIMITS, Durability::Async).unwrap();
    let recovery = Machine::recover(recovered.log, PRIMARY).unwrap();
    assert_eq!((recovery.frames, recovery.mismatches, recovery.first_mismatch), (recovered.frames, 0, None));
    recovery
}

#[test]
fn recovered_machine_has_the_same_digests_and_goes_on_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.journal");
    let (bytes, digests) = day_in_a_file(&path, 3000);
    assert_eq!(std::fs::read(&path).unwrap(), bytes);

    // The same day without a break.
    let mut whole = Exchange::open(PRIMARY);
    whole.trade_on(3000);
    assert_eq!(whole.bytes(), bytes, "the same commands give the same bytes");

    let mut exchange = Exchange::over(recovered(&path).machine);
    let state = exchange.machine.state();
    assert_eq!(Some(&state.digests()), digests.last());
    assert_eq!(state.recompute_digests(), state.digests());
    assert_eq!(state.time(), whole.machine.state().time());
    exchange.now = whole.now;
    for _ in 0..1000 {
        let command = whole.next_command();
        let (one, other) = (whole.send(&command), exchange.send(&command));
        assert_eq!(one, other);
    }
    assert_eq!(whole.bytes(), exchange.bytes());
    let kinds = seen(&whole);
    assert!(kinds.iter().all(|count| *count > 0), "rejects, trades, rests, ends, auctions: {kinds:?}");
}

fn seen(exchange: &Exchange) -> [usize; 5] {
    let mut kinds = [0; 5];
    let reader = exchange.machine.reader();
    for event in reader.frames_from(0).flat_map(|frame| frame.events().collect::<Vec<&Event>>()) {
        match event.view() {
            Some(EventView::Rejected(_)) => kinds[0] += 1,
            Some(EventView::Traded(_)) => kinds[1] += 1,
            Some(EventView::Rested(_)) => kinds[2] += 1,
            Some(EventView::Ended(_)) => kinds[3] += 1,
            Some(EventView::AuctionPriced(_)) => kinds[4] += 1,
            _ => {}
        }
    }
    kinds
}

#[test]
fn journal_cut_at_any_place_recovers_the_state_of_its_last_whole_frame() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.journal");
    let (bytes, digests) = day_in_a_file(&path, 600);
    let cut_path = folder.path().join("cut.journal");
    for cut in (0..=bytes.len()).step_by(613) {
        std::fs::write(&cut_path, &bytes[..cut]).unwrap();
        let recovery = recovered(&cut_path);
        let expected = match recovery.frames {
            0 => Digests::default(),
            frames => digests[frames as usize - 1],
        };
        assert_eq!(recovery.machine.state().digests(), expected, "cut at {cut}");
        drop(recovery);
        std::fs::remove_file(&cut_path).unwrap();
    }
}

#[test]
fn mass_cancel_in_parts_recovers_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.journal");
    let log = Log::create(&path, LIMITS, Durability::Async).unwrap();
    let mut exchange = Exchange::over(Machine::new(log, BACKSTOP));
    exchange.open_day();
    for place in 0..2000_u16 {
        let executed = exchange.order(place % 4, place % 3, b'0', 60, 1);
        assert_eq!(executed.rejected, None);
    }
    let executed = exchange.send(&common::mass_cancel());
    assert_eq!(exchange.machine.state().live_orders(), 0);
    let bytes = exchange.bytes();
    drop(exchange);
    let recovery = recovered(&path);
    assert_eq!(recovery.machine.state().digests(), executed.digests);
    let frame = recovery.machine.reader().frame_at(executed.offset).unwrap();
    assert_eq!((frame.parts().count(), frame.events().count()), (3, 2000));
    drop(recovery);
    // One byte short of whole: nothing of it is there, and every order is.
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let recovery = recovered(&path);
    assert_eq!(recovery.machine.state().live_orders(), 2000);
    assert_eq!(recovery.machine.reader().committed(), executed.offset);
}

#[test]
fn digest_that_the_state_does_not_have_is_reported_by_its_frame() {
    let mut exchange = Exchange::open(PRIMARY);
    exchange.trade_on(50);
    let mut log = Log::in_memory(LIMITS).unwrap();
    for (place, frame) in exchange.machine.reader().frames_from(0).enumerate() {
        let mut bytes = Aligned::of(frame.bytes());
        if place == 30 {
            bytes.bytes_mut()[32] ^= 1;
            common::sum(bytes.bytes_mut());
        }
        let CompleteNext::Frame(frame) = CompleteFrame::read(bytes.bytes(), 0).unwrap() else { panic!("whole") };
        log.append_verbatim(&frame).unwrap();
    }
    let recovery = Machine::recover(log, PRIMARY).unwrap();
    let mismatch = recovery.first_mismatch.unwrap();
    assert_eq!((recovery.mismatches, mismatch.sequence.0), (1, 31));
    assert_eq!(mismatch.ours.state ^ mismatch.theirs.state, 1);
    assert_eq!(recovery.machine.state().digests(), exchange.machine.state().digests());
}
