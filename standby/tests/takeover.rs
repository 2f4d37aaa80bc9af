//! The takeover: each step, each choice, and a crash after each of them.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use engine::command::{
    BodyView, BookPolicy, CommandBuffer, CommandKind, PhaseSet, Reopening, ScheduleAction, ScheduleSet, Uncross,
};
use engine::event::EventView;
use engine::reject::Reject;
use engine::types::{Direction, Epoch, InstrumentIndex, Nanoseconds, Phase, ProductIndex, Sequence};
use journal::{Durability, Log, Machine};
use standby::*;

fn options(book: BookPolicy, reopen: Reopening) -> Options {
    Options {
        readiness_timeout: Nanoseconds(10 * SECOND),
        cancel_only_for: Nanoseconds(30 * SECOND),
        auction_for: Nanoseconds(60 * SECOND),
        ..Options::new(book, reopen)
    }
}

fn keep() -> Options {
    options(BookPolicy::Keep, Reopening::Continuous)
}

fn auction() -> Options {
    options(BookPolicy::Keep, Reopening::Auction)
}

fn busy() -> Exchange {
    let mut primary = Exchange::open(PRIMARY);
    primary.trade_on(300);
    primary
}

fn taken_over(primary: &Exchange, options: Options) -> Host {
    let mut host = Host::new(following(primary), primary.now);
    host.switch(options).unwrap();
    host.finish();
    host
}

fn machine(host: &Host) -> &Machine {
    host.machine.as_ref().unwrap()
}

/// Commands of the new epoch, by kind.
fn kinds(host: &Host, cut: Sequence) -> Vec<CommandKind> {
    let reader = machine(host).reader();
    let offset = reader.offset_of(Sequence(cut.0 + 1)).unwrap();
    reader.frames_from(offset).map(|frame| frame.command().body.kind()).collect()
}

#[test]
fn the_epoch_is_recorded_first_and_the_policies_and_steps_behind_it() {
    let primary = busy();
    let host = taken_over(&primary, keep());
    let cut = primary.last();
    use CommandKind as K;
    let mut expected = vec![K::EpochOpen, K::TakeoverBegin];
    expected.extend([K::TakeoverStep; 5]);
    expected.extend([K::PhaseSet, K::Bulletin, K::TakeoverStep]); // 6
    expected.push(K::TakeoverStep); // 7
    expected.extend([K::BookRestate, K::TakeoverStep]); // 8
    expected.push(K::TakeoverStep); // 9
    expected.extend([K::Bulletin, K::TakeoverStep]); // 10
    expected.extend([K::TakeoverStep; 3]); // 11 to 13: nothing to do
    expected.extend([K::PhaseSet; 6]); // all but the suspended and the closed one
    expected.push(K::TakeoverStep);
    assert_eq!(kinds(&host, cut), expected);

    let reader = machine(&host).reader();
    let open = reader.frame_of(Sequence(cut.0 + 1)).unwrap();
    assert_eq!((open.stamp().epoch, open.data_center()), (Epoch(2), 2));
    let begin = reader.frame_of(Sequence(cut.0 + 2)).unwrap();
    let BodyView::TakeoverBegin(begin) = begin.command().body else { panic!() };
    let digest = reader.frame_of(cut).unwrap().digests().state;
    assert_eq!((begin.cut_sequence, begin.cut_digest), (cut, digest));
    assert_eq!((begin.old_epoch, begin.new_epoch, begin.data_center), (Epoch(1), Epoch(2), 2));
    assert_eq!((begin.from_state, begin.overrides), (State::InStep.number(), 0));
    let BodyView::EpochOpen(open) = open.command().body else { panic!() };
    assert_eq!((open.cut_sequence, open.old_epoch), (cut, Epoch(1)));
    assert_eq!(host.published, [Epoch(2)]);
    let expected = ["fence", "machine", "fronts"];
    let asked: Vec<&String> = host.asked.iter().filter(|asked| !asked.starts_with("record")).take(3).collect();
    assert_eq!(asked, expected.iter().collect::<Vec<_>>());
    let steps: Vec<u8> = host.runbook.timeline().iter().map(|report| report.step.number()).collect();
    assert_eq!(steps, (1..=14).collect::<Vec<_>>(), "{}", host.told());
    assert!(host.runbook.timeline().iter().all(|report| report.ended.is_some()));
    assert_eq!(host.state(), State::Continuous);
    assert_eq!(machine(&host).state().digests(), machine(&host).state().recompute_digests());
}

#[test]
fn every_phase_at_the_cut_is_gone_back_to_whichever_way_the_market_reopens() {
    for options in [keep(), auction()] {
        for book in [BookPolicy::Keep, BookPolicy::Cancel] {
            let primary = busy();
            let host = taken_over(&primary, Options { book, ..options.clone() });
            assert_eq!(phases(machine(&host)), primary.phases(), "{}", host.told());
            assert_eq!(phases(machine(&host)), PHASES.map(Some));
            assert_eq!(host.runbook.fold().calendar().taken(), 7, "the day's schedule goes on behind its last step");
        }
    }
}

#[test]
fn the_book_is_kept_order_by_order_or_cancelled_order_by_order() {
    let primary = busy();
    let live = primary.machine.state().orders();
    assert!(live.len() > 20);
    let told = |host: &Host, kind: CommandKind| {
        let reader = machine(host).reader();
        let frame = reader.frames_from(0).find(|frame| frame.command().body.kind() == kind).unwrap();
        let keys: Vec<_> = frame
            .events()
            .filter_map(|event| match event.view() {
                Some(EventView::Restated(event)) => Some(event.order),
                Some(EventView::Ended(event)) => Some(event.order),
                _ => None,
            })
            .collect();
        keys
    };
    let keys: Vec<_> = live.iter().map(|order| order.key).collect();
    let kept = taken_over(&primary, keep());
    assert_eq!(machine(&kept).state().orders(), live, "every order with its place");
    assert_eq!(told(&kept, CommandKind::BookRestate), keys);
    let cancelled = taken_over(&primary, options(BookPolicy::Cancel, Reopening::Continuous));
    assert_eq!(machine(&cancelled).state().live_orders(), 0);
    assert_eq!(told(&cancelled, CommandKind::MassCancel), keys);
    let detail = &cancelled.runbook.timeline()[7].detail;
    assert!(detail.starts_with(&format!("{} ", keys.len())), "{detail}");
}

#[test]
fn a_reopening_by_auction_takes_cancels_then_orders_then_matches_the_continuous_instruments_only() {
    let primary = busy();
    let mut host = Host::new(following(&primary), primary.now);
    let began = host.now;
    host.switch(auction()).unwrap();
    let mut seen = Vec::new();
    let (mut auction_at, mut crossing) = (0, false);
    while host.step() {
        let state = host.state();
        if seen.last() != Some(&state) {
            seen.push(state);
            if state == State::AuctionOrdering {
                auction_at = host.now;
            }
        }
        // While orders are taken, two come that trade in the auction.
        if state == State::AuctionOrdering && host.asked.last().unwrap() == "wait" && !crossing {
            crossing = true;
            for (id, user, side) in [(9_001, 0, b'0'), (9_002, 1, b'1')] {
                let order = insert(id, user, 0, side, 120 - i64::from(user) * 40, 7, b'3');
                assert_eq!(host.execute(&order).rejected, None);
            }
            let order = insert(9_003, 0, 3, b'0', 100, 1, b'3');
            assert_eq!(host.execute(&order).rejected, Some(Reject::PhaseForbidsInsert), "others are suspended");
        }
    }
    assert!(host.runbook.is_finished(), "{}", host.told());
    use State as S;
    assert_eq!(seen, [S::Fencing, S::Suspended, S::CancelOnly, S::AuctionOrdering, S::AuctionMatch, S::Continuous]);
    assert!(auction_at - began >= 30 * SECOND && host.now - auction_at >= 60 * SECOND);
    let detail = &host.runbook.timeline()[12].detail;
    assert!(!detail.starts_with("0 "), "{detail}");
    let phase = |phase: Phase| {
        let reader = machine(&host).reader();
        let changed = reader.frames_from(reader.offset_of(primary.last()).unwrap());
        let mut instruments: Vec<u16> = changed
            .flat_map(|frame| frame.events().copied().collect::<Vec<_>>())
            .filter_map(|event| match event.view() {
                Some(EventView::PhaseChanged(event)) if event.phase == phase as u8 => Some(event.instrument.0),
                _ => None,
            })
            .collect();
        instruments.dedup();
        instruments
    };
    assert_eq!(phase(Phase::CancelOnly), [0, 1, 6], "6 was there at the cut");
    assert_eq!(phase(Phase::AuctionOrdering), [0, 1, 2]);
    assert_eq!(phase(Phase::AuctionMatch), [0, 1, 3]);
    assert_eq!(phase(Phase::Suspended), [0, 1, 2, 3, 4, 6]);
}

#[test]
fn nothing_can_trade_between_the_new_epoch_and_the_suspension() {
    let primary = busy();
    let mut host = Host::new(following(&primary), primary.now);
    host.switch(keep()).unwrap();
    while host.machine.is_none() {
        assert!(host.step());
    }
    let order = insert(9_001, 0, 0, b'0', 100, 1, b'3');
    assert_eq!(host.execute(&order).rejected, Some(Reject::PhaseForbidsInsert), "it is the first that can come");
    host.finish();
    let order = insert(9_002, 0, 0, b'0', 100, 1, b'3');
    assert_eq!(host.execute(&order).rejected, None);
}

/// A run that ends after `limit` things done: what a crash leaves is the log. None: the takeover was done before.
fn crashed_after(primary: &Exchange, options: &Options, limit: usize) -> Option<Vec<u8>> {
    let mut host = Host::new(following(primary), primary.now);
    host.switch(options.clone()).unwrap();
    for _ in 0..limit {
        assert!(host.step());
    }
    // Until the machine is handed over the log holds nothing new: what steps 5 and 6 record is written when it is asked for.
    let log = host.machine.as_ref().map_or_else(|| primary.bytes(), |machine| log_of(machine));
    (!host.runbook.is_finished()).then_some(log)
}

fn log_of(machine: &Machine) -> Vec<u8> {
    machine.reader().bytes_from(0).unwrap().to_vec()
}

/// A new process over what is left of the log: `switch` once more, with other policies, which do not count.
fn finish_after_crash(bytes: &[u8], last: Sequence, primary: &Exchange, first: &Options) -> Host {
    let follower = Follower::new(recovered(bytes, last), settings());
    let mut host = Host::new(follower, primary.now + 60 * SECOND);
    let begun = last.0 >= primary.last().0 + 2; // TakeoverBegin is in the log
    let other = if begun {
        let book = if first.book == BookPolicy::Keep { BookPolicy::Cancel } else { BookPolicy::Keep };
        let reopen = if first.reopen == Reopening::Auction { Reopening::Continuous } else { Reopening::Auction };
        Options { book, reopen, ..first.clone() }
    } else {
        Options { from_lagging: true, ..first.clone() }
    };
    host.switch(other).unwrap();
    host.finish();
    host
}

#[test]
fn a_crash_after_every_single_request_finishes_the_same_takeover() {
    let primary = busy();
    let from = Sequence(primary.last().0 + 1);
    for first in [keep(), auction(), options(BookPolicy::Cancel, Reopening::Auction)] {
        let whole = taken_over(&primary, first.clone());
        let expected = picture(machine(&whole), from);
        let mut limit = 0;
        while let Some(bytes) = crashed_after(&primary, &first, limit) {
            let last = recovered(&bytes, Sequence(u64::MAX)).reader().last_sequence();
            let host = finish_after_crash(&bytes, last, &primary, &first);
            assert!(picture(machine(&host), from) == expected, "after {limit} things done: {}", host.told());
            assert_eq!(machine(&host).state().digests(), machine(&whole).state().digests(), "{limit}");
            limit += 1;
        }
        assert!(limit > 15, "{limit}");
    }
}

#[test]
fn a_crash_behind_every_single_frame_finishes_the_same_takeover() {
    let primary = busy();
    let cut = primary.last();
    let first = auction();
    let whole = taken_over(&primary, first.clone());
    let expected = picture(machine(&whole), Sequence(cut.0 + 1));
    let bytes = log_of(machine(&whole));
    let end = machine(&whole).reader().last_sequence();
    for last in cut.0..end.0 {
        let host = finish_after_crash(&bytes, Sequence(last), &primary, &first);
        let found = picture(machine(&host), Sequence(cut.0 + 1));
        assert!(found == expected, "behind frame {last} of {cut}..{end}: {}", host.told());
        assert_eq!(phases(machine(&host)), primary.phases());
    }
}

#[test]
fn after_a_crash_in_the_end_the_log_says_that_the_takeover_is_done() {
    let primary = busy();
    let whole = taken_over(&primary, keep());
    let bytes = log_of(machine(&whole));
    let machine = recovered(&bytes, Sequence(u64::MAX));
    let settings_of_runbook = RunbookSettings::new(2);
    let runbook = Runbook::from_log(machine.reader(), settings_of_runbook);
    assert_eq!(runbook.timeline().len(), 14);
    let mut follower = Follower::new(machine, settings());
    assert_eq!(follower.state(), State::Continuous);
    assert_eq!(follower.feed(&bytes, Nanoseconds(1)), Err(FeedEnd::Sealed), "it follows nobody any more");
    let mut host = Host::new(follower, primary.now);
    assert_eq!(host.switch(keep()), Err(NotSwitched::AlreadyActive));
    assert!(host.follower.into_machine().is_some(), "and goes on in its own epoch");
}

#[test]
fn a_restart_that_may_have_lost_what_it_told_takes_over_from_itself() {
    let primary = busy();
    let whole = taken_over(&primary, keep());
    let bytes = log_of(machine(&whole));
    let follower = Follower::new(recovered(&bytes, Sequence(u64::MAX)), settings());
    let mut host = Host::new(follower, primary.now + 60 * SECOND);
    let cut = machine(&whole).reader().last_sequence();
    let switched = host.switch(Options { from_self: true, ..keep() });
    assert_eq!(switched, Ok(Switched::Begins { cut, epoch: Epoch(3) }));
    host.finish();
    assert_eq!(machine(&host).state().epoch(), Epoch(3));
    assert_eq!(phases(machine(&host)), PHASES.map(Some));
}

#[test]
fn a_takeover_in_the_middle_of_anothers_takeover_goes_back_to_the_phases_of_the_day() {
    let primary = busy();
    let whole = taken_over(&primary, auction());
    let bytes = log_of(machine(&whole));
    // The second core dies while cancels only are taken; a third one has followed it.
    let reader = machine(&whole).reader();
    let cancel_only = reader.frames_from(0).find(|frame| match frame.command().body {
        BodyView::TakeoverStep(step) => step.step == 11,
        _ => false,
    });
    let last = Sequence(cancel_only.unwrap().stamp().sequence.0 - 1);
    let third = FollowSettings { data_center: 3, ..settings() };
    let follower = Follower::new(recovered(&bytes, last), third);
    let now = Nanoseconds(primary.now + 600 * SECOND);
    let mut host = Host::new(follower, now.0);
    host.runbook = Runbook::new(RunbookSettings { simulated: true, ..RunbookSettings::new(3) });
    host.switch(Options { from_lagging: true, ..keep() }).unwrap();
    host.finish();
    assert_eq!(phases(machine(&host)), PHASES.map(Some));
    assert_eq!(host.runbook.fold().epoch(), Epoch(3));
}

#[test]
fn a_second_switch_goes_on_with_the_first_ones_policies() {
    let primary = busy();
    let mut host = Host::new(following(&primary), primary.now);
    host.switch(keep()).unwrap();
    while host.step() {
        let other = options(BookPolicy::Cancel, Reopening::Auction);
        match host.switch(other) {
            Ok(Switched::Continues { book, reopen, .. }) => {
                assert_eq!((book, reopen), (BookPolicy::Keep, Reopening::Continuous));
            }
            Err(NotSwitched::AlreadyActive) => assert!(host.runbook.is_finished()),
            other => panic!("{other:?}"),
        }
    }
    let whole = taken_over(&primary, keep());
    let from = Sequence(primary.last().0 + 1);
    assert!(picture(machine(&host), from) == picture(machine(&whole), from));
}

#[test]
fn lagging_and_diverged_are_taken_over_from_by_explicit_choice_only_and_the_evidence_is_shown() {
    let primary = busy();
    let mut follower = following(&primary);
    let late = primary.now + 10 * SECOND;
    follower.tick(Nanoseconds(late));
    let mut host = Host::new(follower, late);
    let Err(refused @ NotSwitched::Lagging(_)) = host.switch(keep()) else { panic!() };
    assert!(refused.to_string().contains("10000 ms"), "{refused}");
    host.switch(Options { from_lagging: true, ..keep() }).unwrap();
    host.finish();
    let reader = machine(&host).reader();
    let begin = reader.frame_of(Sequence(primary.last().0 + 2)).unwrap();
    let BodyView::TakeoverBegin(begin) = begin.command().body else { panic!() };
    assert_eq!((begin.from_state, begin.overrides), (State::Lagging.number(), 2));

    let mut follower = following(&primary);
    let frame = altered(primary.machine.reader(), primary.last(), |_, digests| digests.state ^= 1);
    follower.feed(&frame, Nanoseconds(primary.now)).unwrap_err();
    let mut host = Host::new(follower, primary.now);
    let Err(refused @ NotSwitched::Diverged(_)) = host.switch(Options { from_lagging: true, ..keep() }) else {
        panic!()
    };
    assert!(refused.to_string().contains(&format!("sequence {}", primary.last())), "{refused}");
    host.switch(Options { from_diverged: true, ..keep() }).unwrap();
    host.finish();
    let reader = machine(&host).reader();
    let begin = reader.frame_of(Sequence(primary.last().0 + 2)).unwrap();
    let BodyView::TakeoverBegin(begin) = begin.command().body else { panic!() };
    assert_eq!((begin.from_state, begin.overrides), (State::Diverged.number(), 4));
    assert_eq!(host.runbook.timeline()[0].outcome, Outcome::Overridden);

    let mut host = Host::new(common::follower(), 1);
    assert_eq!(host.switch(Options { from_lagging: true, ..keep() }), Err(NotSwitched::NothingToTakeOver));
}

#[test]
fn a_fence_that_is_not_proved_blocks_until_somebody_says_why_to_go_on() {
    let primary = busy();
    let mut host = Host::new(following(&primary), primary.now);
    host.fence = false;
    host.switch(keep()).unwrap();
    host.run();
    assert_eq!((host.state(), host.asked.len()), (State::Fencing, 1));
    let line = host.runbook.timeline().last().unwrap();
    assert_eq!((line.step, line.outcome), (Step::Fence, Outcome::Blocked));
    assert!(host.machine.is_none(), "nothing was recorded and nothing handed over");
    // Asked again without a reason, it is tried again.
    host.switch(keep()).unwrap();
    host.run();
    assert_eq!(host.asked, ["fence", "fence"]);
    host.switch(Options { override_fence: Some("its power is off, seen by two".into()), ..keep() }).unwrap();
    host.finish();
    let reader = machine(&host).reader();
    let begin = reader.frame_of(Sequence(primary.last().0 + 2)).unwrap();
    let BodyView::TakeoverBegin(begin) = begin.command().body else { panic!() };
    assert_eq!(begin.overrides, 1);
    let line = &host.runbook.timeline()[3];
    assert_eq!(line.outcome, Outcome::Overridden);
    assert!(line.detail.contains("seen by two"), "{line}");
}

#[test]
fn a_name_service_with_a_higher_epoch_retires_us() {
    let primary = busy();
    let mut host = Host::new(following(&primary), primary.now);
    host.switch(keep()).unwrap();
    loop {
        let now = Nanoseconds(host.now);
        match host.runbook.poll(now).unwrap() {
            Request::Fence => host.runbook.answer(Answer::FenceProved(String::new()), now),
            Request::TakeMachine(machine) => host.machine = Some(machine),
            Request::PublishFronts { epoch } => {
                assert_eq!(epoch, Epoch(2));
                host.runbook.answer(Answer::FrontsRefused { published: Epoch(3) }, now);
                break;
            }
            _ => panic!(),
        }
    }
    assert_eq!(host.state(), State::Retired);
    assert!(!host.step());
    assert_eq!(host.switch(keep()), Err(NotSwitched::Retired));
}

#[test]
fn readiness_waits_for_the_threshold_the_time_or_an_override() {
    let primary = busy();
    let run = |ready: u32, act: &dyn Fn(&mut Host)| {
        let mut host = Host::new(following(&primary), primary.now);
        host.board = Board { members: 4, logged_in: 4, ready, hands: 1 };
        host.switch(Options { readiness: PerMille(750), ..keep() }).unwrap();
        while host.asked.last().is_none_or(|asked| asked != "board") {
            assert!(host.step());
        }
        act(&mut host);
        host.finish();
        let line = host.runbook.timeline()[8].clone();
        (line.outcome, line.ended.unwrap().0 - line.began.0, line.detail)
    };
    let (outcome, took, detail) = run(3, &|_| {});
    assert!(outcome == Outcome::Done && took < SECOND, "{detail}");
    let (outcome, took, detail) = run(2, &|_| {});
    assert!(outcome == Outcome::Overridden && took >= 10 * SECOND && detail.contains("2 ready"), "{detail}");
    let (outcome, took, detail) = run(2, &|host| {
        host.runbook.answer(Answer::Override("the regulator says so".into()), Nanoseconds(host.now));
    });
    assert!(outcome == Outcome::Overridden && took < SECOND && detail.contains("regulator"), "{detail}");
    let (outcome, took, _) = run(2, &|host| {
        while host.asked.iter().filter(|asked| *asked == "board").count() < 5 {
            assert!(host.step());
        }
        host.board.ready = 4;
    });
    assert!(outcome == Outcome::Done && took < SECOND);
}

#[test]
fn a_cut_in_the_middle_of_an_uncross_in_parts_drops_it_whole_and_it_can_be_done_again() {
    let mut primary = Exchange::open(PRIMARY);
    primary.phase(InstrumentIndex(0), Phase::AuctionOrdering);
    for _ in 0..1_000 {
        primary.order(0, 0, b'0', 101, 1);
        primary.order(1, 0, b'1', 99, 1);
    }
    primary.phase(InstrumentIndex(0), Phase::AuctionMatch);
    let cut = primary.last();
    let uncross = CommandBuffer::own(&Uncross { instrument: InstrumentIndex(0), product: ProductIndex::ALL, step: 8 });
    primary.send(&uncross);
    let bytes = primary.bytes();
    let begins = primary.machine.reader().offset_of(primary.last()).unwrap() as usize;
    let frame = primary.machine.reader().frame_of(primary.last()).unwrap();
    assert!(frame.parts().count() > 1);
    let first_part = frame.parts().next().unwrap().bytes.len();
    for torn in [1, first_part - 1, first_part, first_part + 1, bytes.len() - begins - 1] {
        let mut follower = follower();
        follower.connected(Nanoseconds(primary.now));
        follower.feed(&bytes[..begins + torn], Nanoseconds(primary.now)).unwrap();
        let mut host = Host::new(follower, primary.now);
        assert_eq!(host.switch(keep()), Ok(Switched::Begins { cut, epoch: Epoch(2) }));
        assert!(host.runbook.timeline()[1].detail.contains(&format!("{torn} torn bytes")));
        assert_eq!(host.follower.feed(&bytes[begins + torn..], Nanoseconds(primary.now)), Err(FeedEnd::Sealed));
        assert_eq!(host.follower.refused_bytes(), (bytes.len() - begins - torn) as u64);
        host.finish();
        assert_eq!(machine(&host).state().phase(InstrumentIndex(0)), Some(Phase::AuctionMatch));
        assert_eq!(machine(&host).state().live_orders(), 2_000 + 10);
        // The day's schedule goes on with the step that did not come.
        assert_eq!(host.runbook.fold().calendar().taken(), 7);
        assert_eq!(host.execute(&uncross).rejected, None);
        let (ours, theirs) = (machine(&host).state(), primary.machine.state());
        assert_eq!(ours.orders(), theirs.orders());
        let best = |state: &engine::State| state.best(InstrumentIndex(0), Direction::Buy);
        assert_eq!(best(ours), best(theirs));
        assert_eq!(host.runbook.fold().calendar().taken(), 8);
    }
}

#[test]
fn the_calendar_stands_in_the_log_and_a_refused_step_is_not_taken() {
    let mut primary = busy();
    let define = |step, time| ScheduleSet {
        step,
        time,
        product: ProductIndex(0),
        action: ScheduleAction::Phase as u8,
        phase: Phase::NoTrading as u8,
        last_day: 0,
        reserved: [0; 3],
    };
    for step in [define(8, 1_000), define(9, 2_000), define(10, 2_000)] {
        primary.send(&CommandBuffer::own(&step));
    }
    // As the calendar's owner gives them: the first is taken, the second is of an instrument that is not there.
    let first = command_of(&define(8, 1_000));
    let BodyView::PhaseSet(set) = first.command().body else { panic!("a phase") };
    assert_eq!((set.step, set.product, set.reason), (8, ProductIndex(0), b'1'));
    primary.send(&first);
    let nowhere = PhaseSet { instrument: InstrumentIndex(900), step: 9, ..*set };
    assert_eq!(primary.send(&CommandBuffer::own(&nowhere)).rejected, Some(Reject::IndexUnknown));
    let mut host = Host::new(following(&primary), primary.now);
    host.switch(keep()).unwrap();
    host.finish();
    let fold = host.runbook.fold();
    let calendar = fold.calendar();
    assert_eq!((calendar.steps().len(), calendar.taken(), calendar.refused()), (3, 8, 9));
    // Whoever goes on asks for the refused one once more, then for what is behind it; the engine's state says the same.
    let late = calendar.at(3_000).unwrap();
    let due = |asked| calendar.due(late, asked).map(|step| step.step);
    assert_eq!((due(0), due(9), due(10)), (Some(9), Some(10), None));
    let state = machine(&host).state();
    assert_eq!((state.step_taken(), state.schedule()), (8, calendar.steps()));
}

#[test]
fn time_never_runs_back_behind_a_primary_whose_clock_was_ahead() {
    let mut primary = busy();
    primary.now += 3_600 * SECOND;
    primary.trade_on(5);
    let mut host = Host::new(following(&primary), primary.now - 3_600 * SECOND);
    let began = host.now;
    host.switch(auction()).unwrap();
    host.finish();
    assert!(host.now - began < 120 * SECOND, "steps last as long by our clock as they should");
    let mut before = Nanoseconds(0);
    for frame in machine(&host).reader().frames_from(0) {
        assert!(frame.stamp().time >= before);
        before = frame.stamp().time;
    }
    assert_eq!(machine(&host).state().time().0, primary.now, "the primary's last time, until ours has passed it");
}

#[test]
fn a_new_epoch_is_higher_than_any_that_the_source_has_shown() {
    let primary = busy();
    let mut follower = following(&primary);
    let state = primary.machine.state();
    let stamp =
        engine::types::Stamp { epoch: Epoch(6), sequence: Sequence(state.last_sequence().0 + 1), time: state.time() };
    let beat = journal::Heartbeat { stamp, digests: state.digests(), data_center: 1 }.write();
    follower.feed(&beat, Nanoseconds(primary.now)).unwrap();
    let mut host = Host::new(follower, primary.now);
    let Ok(Switched::Begins { epoch, .. }) = host.switch(Options { from_lagging: true, ..keep() }) else { panic!() };
    assert_eq!(epoch, Epoch(7));
    host.finish();
}

#[test]
fn a_day_that_is_closed_is_taken_over_closed_and_one_that_closes_later_is_seen() {
    let mut primary = busy();
    let close = CommandBuffer::own(&engine::command::DayClose { reserved: 0, step: 9 });
    let mut open = taken_over(&primary, keep());
    open.execute(&close);
    assert_eq!(open.state(), State::Closed);
    primary.send(&close);
    let host = taken_over(&primary, auction());
    assert_eq!(host.state(), State::Closed);
    assert!(phases(machine(&host)).iter().all(|&phase| phase == Some(Phase::Closed)));
}

#[test]
fn the_machine_is_handed_over_only_when_the_epoch_is_on_the_device() {
    let primary = busy();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.bkj");
    let mut log = Log::create(&path, LIMITS, Durability::Sync).unwrap();
    let mut syncer = log.take_syncer().unwrap();
    let mut follower = Follower::new(Machine::new(log, BACKSTOP), settings());
    follower.connected(Nanoseconds(primary.now));
    follower.feed(&primary.bytes(), Nanoseconds(primary.now)).unwrap();
    let mut host = Host::new(follower, primary.now);
    host.switch(keep()).unwrap();
    host.run();
    assert!(host.machine.is_none(), "whoever syncs this log has not done so yet");
    assert_eq!((host.state(), &host.asked[..]), (State::Fencing, &["fence".to_string()][..]));
    syncer.sync().unwrap();
    assert!(host.step());
    assert!(host.machine.is_some());
    assert_eq!(host.state(), State::Suspended);
    host.finish();
}
