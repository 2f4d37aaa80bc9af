//! Standby: frames are adopted as they came, judged beside, or refused with nothing changed.
#![allow(clippy::unwrap_used)]

mod common;

use common::market::{BACKSTOP, Exchange, LIMITS, PRIMARY, base_data, cancel, epoch_open, insert};
use common::{Aligned, sum};
use engine::command::{CommandBuffer, CommandKind};
use engine::event::{Accepted, Event, EventView, Rejected, Traded};
use engine::types::{Epoch, Nanoseconds, OrderKey, Phase, Price, Sequence, Volume};
use engine::{Digests, ImpossibleKind, State};
use journal::{
    Adopted, AppendRefused, CompleteFrame, CompleteNext, FrameToWrite, Log, LogLimits, LogReader, Machine, NotExecuted,
    Refused, write_frame,
};

fn follower() -> Machine {
    Machine::new(Log::in_memory(LIMITS).unwrap(), BACKSTOP)
}

/// A follower of all that `primary` did.
fn following(primary: &Exchange) -> Machine {
    let mut machine = follower();
    let report = machine.replay(primary.machine.reader());
    assert_eq!((report.refused, report.differences, report.digest_mismatches), (None, 0, 0));
    machine
}

/// A frame as a primary with its own mind would write it.
struct Draft {
    stamp: engine::types::Stamp,
    digests: Digests,
    command: Vec<u8>,
    events: Vec<Event>,
}

impl Draft {
    fn of(reader: &LogReader, sequence: Sequence) -> Self {
        let frame = reader.frame_of(sequence).unwrap();
        let events = frame.events().copied().collect();
        Draft { stamp: frame.stamp(), digests: frame.digests(), command: frame.command().bytes.to_vec(), events }
    }

    /// The last frame of `primary`, which then is not yet the follower's.
    fn last(primary: &Exchange) -> (Self, Machine) {
        let reader = primary.machine.reader();
        let last = reader.last_sequence();
        let mut machine = follower();
        let end = reader.offset_of(last).unwrap();
        for frame in reader.frames_from(0).take_while(|frame| frame.stamp().sequence < last) {
            assert!(matches!(machine.adopt(&frame), Ok(Adopted::Next { difference: None, digest_mismatch: None, .. })));
        }
        assert_eq!(machine.reader().committed(), end);
        (Self::of(reader, last), machine)
    }

    fn bytes(&self) -> Aligned {
        let Draft { stamp, digests, command, events } = self;
        let command = CommandBuffer::copy_of(command).unwrap();
        let frame = FrameToWrite { stamp: *stamp, digests: *digests, data_center: 1, command: command.bytes(), events };
        let mut bytes = vec![0; frame.length()];
        write_frame(&mut bytes, &frame);
        Aligned::of(&bytes)
    }

    fn adopt(&self, machine: &mut Machine) -> Result<Adopted, Refused> {
        adopt(machine, &self.bytes())
    }
}

fn adopt(machine: &mut Machine, bytes: &Aligned) -> Result<Adopted, Refused> {
    let CompleteNext::Frame(frame) = CompleteFrame::read(bytes.bytes(), 0).unwrap() else { panic!("it is whole") };
    machine.adopt(&frame)
}

/// Everything that could have changed.
fn picture(machine: &Machine) -> (Digests, Digests, u64, Sequence, Epoch, Nanoseconds, Vec<u8>) {
    let state: &State = machine.state();
    let log = machine.reader();
    assert_eq!(state.last_sequence(), log.last_sequence());
    (
        state.digests(),
        state.recompute_digests(),
        log.committed(),
        state.last_sequence(),
        state.epoch(),
        state.time(),
        log.bytes_from(0).unwrap().to_vec(),
    )
}

#[track_caller]
fn refused(machine: &mut Machine, draft: &Draft) -> Refused {
    let before = picture(machine);
    let refused = draft.adopt(machine).expect_err("it was adopted");
    assert!(picture(machine) == before, "a refused frame changes nothing");
    refused
}

#[test]
fn own_log_adopted_gives_the_same_state_and_the_same_bytes() {
    let mut primary = Exchange::open(PRIMARY);
    primary.trade_on(4000);
    let machine = following(&primary);
    assert_eq!(picture(&machine), picture(&primary.machine));
    assert_eq!(machine.reader().frame_of(Sequence(1)).unwrap().data_center(), PRIMARY.data_center);
    // Text ids are the primary's; an order is found by them.
    let (ours, theirs) = (machine.state().orders(), primary.machine.state().orders());
    assert!(!ours.is_empty() && ours.iter().all(|order| order.sys_id[0] == b'P'));
    assert_eq!(ours, theirs);
}

#[test]
fn feed_of_two_reigns_and_a_frame_in_parts_is_adopted_whole() {
    let mut primary = Exchange::open(PRIMARY);
    primary.trade_on(1000);
    primary.send(&epoch_open(2));
    primary.phase(Phase::Continuous);
    primary.trade_on(500);
    primary.send(&common::mass_cancel());
    for place in 0..1500_u16 {
        primary.order(place % 4, 0, b'0', 60, 1);
    }
    let restated = primary.send(&common::restate());
    assert!(primary.machine.reader().frame_at(restated.offset).unwrap().parts().count() > 1);
    let machine = following(&primary);
    assert_eq!(machine.state().epoch(), Epoch(2));
    assert_eq!(picture(&machine), picture(&primary.machine));
}

#[test]
fn planted_price_is_adopted_and_named_at_its_first_event() {
    let mut primary = Exchange::open(PRIMARY);
    primary.order(0, 0, b'1', 101, 5);
    primary.order(1, 0, b'0', 103, 3);
    let (mut draft, mut machine) = Draft::last(&primary);
    assert_eq!(draft.events.len(), 2);
    let Some(EventView::Traded(trade)) = draft.events[1].view() else { panic!("they cross") };
    let theirs: Event = Traded { price: Price(102), ..*trade }.into();
    draft.events[1] = theirs;

    let Ok(Adopted::Next { offset, difference: Some(difference), digest_mismatch: Some(mismatch) }) =
        draft.adopt(&mut machine)
    else {
        panic!("another judgement is adopted")
    };
    assert_eq!(difference.sequence, draft.stamp.sequence);
    assert_eq!((difference.kind, difference.event), (CommandKind::OrderInsert, 1));
    assert_eq!((difference.ours.unwrap().without_texts(), difference.theirs), (draft_trade(&machine), Some(theirs)));
    let text = difference.to_string();
    assert!(text.contains("OrderInsert, event 1") && text.contains("101") && text.contains("102"), "{text}");
    // The digest that was claimed is of the other price; the state has what members were told.
    assert_eq!((mismatch.sequence, mismatch.theirs), (draft.stamp.sequence, draft.digests));
    assert_eq!(mismatch.ours, machine.state().recompute_digests());
    assert_eq!(machine.state().last_price(engine::types::InstrumentIndex(0)), Some(Price(102)));
    assert_eq!(machine.reader().frame_at(offset).unwrap().bytes(), draft.bytes().bytes());

    // With the digest of that state there is only the difference.
    let (_, mut again) = Draft::last(&primary);
    draft.digests = mismatch.ours;
    let adopted = draft.adopt(&mut again).unwrap();
    assert!(matches!(adopted, Adopted::Next { difference: Some(_), digest_mismatch: None, .. }));
}

fn draft_trade(machine: &Machine) -> Event {
    machine.decided()[1].without_texts()
}

#[test]
fn reject_where_we_accept_is_adopted_and_named() {
    let mut primary = Exchange::open(PRIMARY);
    primary.order(0, 0, b'1', 101, 5);
    let (mut draft, mut machine) = Draft::last(&primary);
    draft.events = vec![Rejected { code: 20, marked: 1, first_sys_id: [b' '; 20], ..Rejected::zero() }.into()];
    let Ok(Adopted::Next { difference: Some(difference), .. }) = draft.adopt(&mut machine) else {
        panic!("another judgement is adopted")
    };
    assert_eq!((difference.event, machine.state().live_orders()), (0, 0));
    assert!(matches!(difference.ours.unwrap().view(), Some(EventView::Accepted(_))));
}

#[test]
fn wrong_digest_is_named_and_the_events_stay() {
    let mut primary = Exchange::open(PRIMARY);
    primary.order(0, 0, b'1', 101, 5);
    let (mut draft, mut machine) = Draft::last(&primary);
    draft.digests.local_ids ^= 4;
    let Ok(Adopted::Next { difference: None, digest_mismatch: Some(mismatch), .. }) = draft.adopt(&mut machine) else {
        panic!("the claim is wrong")
    };
    assert_eq!((mismatch.sequence, mismatch.theirs), (draft.stamp.sequence, draft.digests));
    assert_eq!(mismatch.ours, primary.machine.state().digests());
    assert_eq!(machine.state().live_orders(), 1);
}

#[test]
fn impossible_frame_changes_nothing_and_the_right_one_is_still_adopted() {
    let mut primary = Exchange::open(PRIMARY);
    primary.order(0, 0, b'1', 101, 5);
    primary.order(1, 0, b'0', 101, 3);
    let (good, mut machine) = Draft::last(&primary);
    let Some(EventView::Traded(trade)) = good.events[1].view() else { panic!("they cross") };
    let trade = *trade;
    let changed: [(usize, Event, ImpossibleKind); 5] = [
        (1, Traded { sell: OrderKey(77 << 24), ..trade }.into(), ImpossibleKind::UnknownOrder),
        (1, Traded { volume: Volume(4), ..trade }.into(), ImpossibleKind::WrongVolume),
        (1, Traded { sell_number: engine::types::StreamNumber(9), ..trade }.into(), ImpossibleKind::WrongStreamNumber),
        (1, Traded { reserved_2: [1; 4], ..trade }.into(), ImpossibleKind::ReservedNotZero),
        // A text that differs is no difference, but has to be one that can stand.
        (0, blank_sys_id(&good.events[0]), ImpossibleKind::SystemIdUnusable),
    ];
    for (place, event, kind) in changed {
        let mut events = good.events.clone();
        events[place] = event;
        let draft = Draft { events, command: good.command.clone(), ..good };
        let Refused::Impossible { sequence, why } = refused(&mut machine, &draft) else { panic!("{kind:?}") };
        assert_eq!((sequence, why.kind, why.event), (good.stamp.sequence, kind, Some(place as u32)));
    }
    assert!(matches!(good.adopt(&mut machine), Ok(Adopted::Next { difference: None, digest_mismatch: None, .. })));
    assert_eq!(picture(&machine), picture(&primary.machine));
}

fn blank_sys_id(event: &Event) -> Event {
    match event.view() {
        Some(EventView::Accepted(accepted)) => Accepted { sys_id: [b' '; 20], ..*accepted }.into(),
        _ => panic!("an order was accepted"),
    }
}

#[test]
fn lower_epoch_is_refused_and_a_higher_one_only_with_its_opening() {
    let mut primary = Exchange::open(PRIMARY);
    primary.trade_on(20);
    let mut machine = following(&primary);
    let in_flight = primary.order(0, 0, b'0', 60, 1);
    let draft = Draft::of(primary.machine.reader(), in_flight.stamp.sequence);
    let higher = Draft { stamp: engine::types::Stamp { epoch: Epoch(2), ..draft.stamp }, ..draft_of(&draft) };
    assert_eq!(refused(&mut machine, &higher), Refused::EpochNotOpened { found: Epoch(2), expected: Epoch(1) });

    // Taken over: the old core's next frame comes too late, and so does one that we have.
    let opened = machine.execute(&epoch_open(2).command(), Nanoseconds(primary.now)).unwrap();
    assert_eq!((opened.stamp.epoch, opened.rejected), (Epoch(2), None));
    assert_eq!(refused(&mut machine, &draft), Refused::EpochLower { found: Epoch(1), present: Epoch(2) });
    let old = Draft::of(primary.machine.reader(), Sequence(3));
    assert_eq!(refused(&mut machine, &old), Refused::EpochLower { found: Epoch(1), present: Epoch(2) });
    // An epoch that is not higher is refused, by the present one.
    let executed = machine.execute(&epoch_open(2).command(), Nanoseconds(0)).unwrap();
    assert_eq!((executed.stamp.epoch, executed.rejected), (Epoch(2), Some(engine::reject::Reject::EpochNotHigher)));
    let again = Machine::recover(machine.into_log(), BACKSTOP).unwrap();
    assert_eq!((again.mismatches, again.machine.state().epoch()), (0, Epoch(2)));
}

fn draft_of(draft: &Draft) -> Draft {
    Draft { stamp: draft.stamp, digests: draft.digests, command: draft.command.clone(), events: draft.events.clone() }
}

#[test]
fn refused_opening_leaves_the_epoch_and_is_adopted_as_another_judgement() {
    let primary = Exchange::open(PRIMARY);
    let mut machine = following(&primary);
    let draft = Draft {
        stamp: engine::types::Stamp {
            epoch: Epoch(1),
            sequence: Sequence(machine.state().last_sequence().0 + 1),
            time: Nanoseconds(primary.now),
        },
        digests: machine.state().digests(),
        command: epoch_open(2).bytes().to_vec(),
        events: vec![Rejected { code: 60, first_sys_id: [b' '; 20], ..Rejected::zero() }.into()],
    };
    let adopted = draft.adopt(&mut machine).unwrap();
    assert!(matches!(adopted, Adopted::Next { difference: Some(_), digest_mismatch: None, .. }), "{adopted:?}");
    assert_eq!(machine.state().epoch(), Epoch(1));
    let reader = machine.reader();
    assert!(journal::scan(reader.bytes_from(0).unwrap(), None).is_ok(), "the journal takes it too");
}

#[test]
fn time_never_runs_back() {
    let mut primary = Exchange::open(PRIMARY);
    // A primary whose clock is a minute ahead.
    primary.now += 60_000_000_000;
    let ahead = primary.order(0, 0, b'0', 60, 1).stamp.time;
    let mut machine = following(&primary);
    let behind = machine.execute(&insert(5, 1, 0, b'0', 60, 1).command(), Nanoseconds(common::MORNING)).unwrap();
    assert_eq!((behind.stamp.time, machine.state().time()), (ahead, ahead));
    let later = machine.execute(&insert(6, 1, 0, b'0', 60, 1).command(), Nanoseconds(ahead.0 + 1)).unwrap();
    assert_eq!(later.stamp.time, Nanoseconds(ahead.0 + 1));

    primary.order(0, 0, b'0', 60, 1);
    let (mut draft, mut machine) = Draft::last(&primary);
    draft.stamp.time = Nanoseconds(ahead.0 - 1);
    let refused = refused(&mut machine, &draft);
    assert_eq!(refused, Refused::TimeBackwards { found: Nanoseconds(ahead.0 - 1), present: ahead });
}

#[test]
fn gap_is_refused_and_a_repeat_is_ignored_unless_it_is_another_frame() {
    let mut primary = Exchange::open(PRIMARY);
    primary.trade_on(30);
    let mut machine = following(&primary);
    let last = machine.state().last_sequence();
    for _ in 0..2 {
        primary.order(0, 0, b'0', 60, 1);
    }
    let reader = primary.machine.reader();
    let gap = Draft::of(reader, Sequence(last.0 + 2));
    let expected = Sequence(last.0 + 1);
    assert_eq!(refused(&mut machine, &gap), Refused::Gap { found: Sequence(last.0 + 2), expected });
    let before = picture(&machine);
    for sequence in 1..=last.0 {
        assert_eq!(machine.adopt(&reader.frame_of(Sequence(sequence)).unwrap()), Ok(Adopted::Repeat));
    }
    assert!(picture(&machine) == before);
    let mut other = Aligned::of(reader.frame_of(last).unwrap().bytes());
    other.bytes_mut()[40] ^= 1;
    sum(other.bytes_mut());
    assert_eq!(adopt(&mut machine, &other), Err(Refused::HistoryDiffers { sequence: last }));
    assert!(picture(&machine) == before);
}

#[test]
fn full_log_refuses_before_the_state_changes() {
    let mut primary = Exchange::open(PRIMARY);
    let room = primary.machine.reader().committed() as usize + 224;
    let limits = LogLimits { bytes: room, frames: 1000 };
    let mut machine = Machine::new(Log::in_memory(limits).unwrap(), BACKSTOP);
    assert_eq!(machine.replay(primary.machine.reader()).refused, None);
    primary.order(0, 0, b'0', 100, 1);
    let first = Draft::of(primary.machine.reader(), primary.machine.state().last_sequence());
    assert!(first.adopt(&mut machine).is_ok());
    primary.order(1, 0, b'1', 100, 1);
    let second = Draft::of(primary.machine.reader(), primary.machine.state().last_sequence());
    let full = AppendRefused::BytesExhausted { needed: 304, left: 0 };
    assert_eq!(refused(&mut machine, &second), Refused::Log(full));
    let before = picture(&machine);
    let command = insert(99, 1, 0, b'1', 100, 1);
    assert_eq!(machine.execute(&command.command(), Nanoseconds(primary.now)), Err(NotExecuted::Log(full)));
    assert!(picture(&machine) == before);
}

#[test]
fn nothing_is_recorded_before_a_day_is_open() {
    let mut machine = follower();
    let now = Nanoseconds(common::MORNING);
    for command in [insert(1, 0, 0, b'0', 100, 1), cancel(1, 0), epoch_open(7), common::mass_cancel()] {
        let refused = machine.execute(&command.command(), now);
        assert_eq!(refused.map(|_| ()), Err(NotExecuted::NoDay(engine::reject::Reject::DayNotOpen)));
        assert_eq!(machine.reader().committed(), 0);
    }
    // A primary's first frame that is no opened day.
    let draft = Draft {
        stamp: engine::types::Stamp { epoch: Epoch(0), sequence: Sequence(1), time: now },
        digests: Digests::default(),
        command: insert(1, 0, 0, b'0', 100, 1).bytes().to_vec(),
        events: vec![Rejected { code: 40, first_sys_id: [b' '; 20], ..Rejected::zero() }.into()],
    };
    assert_eq!(refused(&mut machine, &draft), Refused::NoDay);
    let executed = machine.execute(&base_data()[0].command(), now).unwrap();
    assert_eq!((executed.stamp.epoch, executed.stamp.sequence, executed.offset), (Epoch(1), Sequence(1), 0));
    assert_eq!(machine.reader().trading_day(), Some(common::DAY));
}

#[test]
fn replay_names_the_first_difference_and_stops_at_what_is_impossible() {
    let mut primary = Exchange::open(PRIMARY);
    primary.trade_on(300);
    // Another primary's log, with a judgement of its own in it and, later, a frame that cannot be.
    let mut log = Log::in_memory(LIMITS).unwrap();
    let (mut planted, mut impossible) = (None, None);
    let mut follows = follower();
    for frame in primary.machine.reader().frames_from(0) {
        let mut draft = Draft::of(primary.machine.reader(), frame.stamp().sequence);
        let accepted = matches!(draft.events[0].view(), Some(EventView::Accepted(event)) if event.rests == 1);
        if accepted && planted.is_none() {
            planted = Some(draft.stamp.sequence);
            draft.events = vec![Rejected { code: 20, marked: 1, first_sys_id: [b' '; 20], ..Rejected::zero() }.into()];
        }
        let bytes = draft.bytes();
        let CompleteNext::Frame(frame) = CompleteFrame::read(bytes.bytes(), 0).unwrap() else { panic!("whole") };
        log.append_verbatim(&frame).unwrap();
        if follows.adopt(&frame).is_err() {
            impossible = Some(draft.stamp.sequence);
            break;
        }
    }
    let mut machine = follower();
    let report = machine.replay(&log.reader());
    assert_eq!(report.first_difference.unwrap().sequence, planted.unwrap());
    assert_eq!(report.first_digest_mismatch.unwrap().sequence, planted.unwrap());
    let refused = report.refused.expect("a later frame cancels or trades the order that is not there");
    let at = impossible.expect("the follower refused it too");
    assert!(matches!(refused, Refused::Impossible { sequence, .. } if sequence == at), "{refused}");
    assert_eq!((report.frames, machine.reader().last_sequence()), (at.0 - 1, Sequence(at.0 - 1)));
    assert_eq!(machine.state().digests(), machine.state().recompute_digests());
}
