//! Cancel on disconnect: given once for every way in which a dialog ends, before the user's next request, and never for a core that
//! speaks to members no more.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod front_support;

use dataplane::session::Ending;
use dataplane::stages::LayoutMap;
use engine::command::*;
use engine::event::EventView;
use engine::types::*;
use front_support::*;
use ftd::field::OrderStatusField;
use ftd::tid;
use ftd::value::data_flow_flag::{DIALOG, PRIVATE};
use journal::Machine;
use std::time::Duration;

const BUY: u8 = b'0';

fn setup() -> Setup {
    Setup { participants: 3, user_flags: USER_CANCEL_ON_DISCONNECT, ..Setup::default() }
}

/// Logs a new machine of a participant in to its dialog and its private stream.
fn join(world: &mut World, participant: u16) -> usize {
    let client = world.add_client(participant);
    come_back(world, client);
    client
}

fn come_back(world: &mut World, client: usize) {
    world.connect(client);
    for flag in [DIALOG, PRIVATE] {
        world.clients[client].login(flag, None, None);
    }
    world.until("two logins are answered", |world| world.heard(client).count(tid::USER_LOGIN) == 2);
}

/// What the log has of members' orders and of cancels for a disconnect, in order: the order's user, or the cancelled one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Logged {
    Order(u32),
    Cancel(u32),
}

fn logged(world: &World) -> Vec<Logged> {
    let of = |frame: journal::CompleteFrame<'_>| match frame.command().body {
        BodyView::OrderInsert(_) => Some(Logged::Order(frame.command().header.user.0.into())),
        BodyView::MassCancel(cancel) => {
            assert_eq!((cancel.scope, cancel.cause), (MassScope::User as u8, 1));
            assert_eq!(frame.command().header.user, UserIndex::NONE);
            Some(Logged::Cancel(cancel.index))
        }
        _ => None,
    };
    world.reader.frames_from(0).filter_map(of).collect()
}

fn live(world: &mut World) -> u32 {
    world.core.engine(|engine| engine.machine().state().live_orders()).unwrap()
}

/// Two orders of each of two members rest; then `end` ends the first one's dialog.
fn after(what: &str, setup: Setup, end: impl FnOnce(&mut World, usize)) -> World {
    let mut world = World::new(setup);
    let (leaving, staying) = (join(&mut world, 0), join(&mut world, 1));
    for client in [leaving, staying] {
        world.answers(client, 4, |client| {
            client.order(BUY, 15_000, 1);
            client.order(BUY, 15_001, 1);
        });
    }
    assert_eq!(live(&mut world), 4, "{what}");
    end(&mut world, leaving);
    // Longer than a silent member is waited for.
    for _ in 0..80 {
        world.step_by(Duration::from_millis(500));
        // The other one stays.
        world.clients[staying].send(&ftd::HEARTBEAT);
    }
    world
}

#[test]
fn orders_are_cancelled_however_the_dialog_ends() {
    type End = fn(&mut World, usize);
    let ways: [(&str, Option<Ending>, End); 7] = [
        ("logout", None, |world, client| world.clients[client].logout(DIALOG)),
        ("the connection is cut", None, |world, client| world.clients[client].cut()),
        // Its machine acknowledges, and says nothing.
        ("silence", Some(Ending::Silent), |_, _| ()),
        ("a gap", Some(Ending::DialogGap), |world, client| {
            world.clients[client].next_request += 1;
            world.clients[client].order(BUY, 15_002, 1);
        }),
        ("no FTD", Some(Ending::Malformed), |world, client| {
            let field = world.clients[client].order_field(BUY, 15_002, 1);
            let mut bytes = world.clients[client].request(tid::ORDER_INSERT, &field);
            bytes[4] ^= 0xFF; // the version
            world.clients[client].send(&bytes);
        }),
        ("a blocked seat", Some(Ending::ForcedOut), |world, _| {
            world.command(&SeatBlock { user: UserIndex(0), blocked: 1, reserved: 0, text: [b' '; 100] });
        }),
        ("a reader that does not read", Some(Ending::SlowReader), |world, client| {
            world.clients[client].heard.is_deaf = true;
            for _ in 0..400 {
                world.command(&bulletin(ParticipantIndex(0), "a long text"));
            }
        }),
    ];
    for (what, ending, end) in ways {
        let mut world = after(what, Setup { send_ring: 16 * 1_024, ..setup() }, end);
        assert_eq!(logged(&world).iter().filter(|one| **one == Logged::Cancel(0)).count(), 1, "{what}: once");
        assert!(!logged(&world).contains(&Logged::Cancel(1)), "{what}: nobody else's");
        assert_eq!(live(&mut world), 2, "{what}");
        let counters = *world.core.front().counters();
        assert_eq!(counters.disconnect_cancels, 1, "{what}");
        if let Some(ending) = ending {
            assert_eq!(counters.ended(ending), 1, "{what}");
        }
        assert_eq!(counters.answers_unasked, 0, "{what}: a cancel of the exchange's own has no answer");
        // The ends are told like any other, without a user.
        let ends: Vec<_> = world
            .reader
            .frames_from(0)
            .flat_map(|frame| {
                frame
                    .events()
                    .filter_map(|event| match event.view() {
                        Some(EventView::Ended(event)) => Some(event.reason),
                        _ => None,
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(ends, [6, 6], "{what}: reason Disconnected");
    }
}

#[test]
fn who_comes_back_is_told_that_its_orders_ended_and_by_nobody() {
    let mut world = after("cut", setup(), |world, client| world.clients[client].cut());
    come_back(&mut world, 0);
    world.run(10);
    let told: Vec<_> = world.heard(0).of_series(series(0)).into_iter().cloned().collect();
    assert_eq!(told.len(), 4, "two confirmations, two ends");
    for message in &told[2..] {
        let status = message.field::<OrderStatusField>();
        assert!(status.order_status.get() == b'5' && status.active_user_id.is_blank());
    }
}

#[test]
fn who_does_not_want_it_and_other_streams_cancel_nothing() {
    let mut world = after("without the flag", Setup { user_flags: 0, ..setup() }, |world, client| {
        world.clients[client].cut();
    });
    assert_eq!((live(&mut world), world.core.front().counters().disconnect_cancels), (4, 0));
    let mut world = after("private only", setup(), |world, client| world.clients[client].logout(PRIVATE));
    // The silence that follows ends the dialog; until then nothing was cancelled.
    assert_eq!(live(&mut world), 2);
    let mut world = after("private only", setup(), |world, client| {
        world.clients[client].logout(PRIVATE);
        world.run(20);
        assert_eq!(live(world), 4);
    });
    assert_eq!(live(&mut world), 2);
}

#[test]
fn a_core_that_steps_down_cancels_nothing() {
    let mut world = after("stepped down", setup(), |world, _| {
        world.command(&EpochOpen {
            epoch: Epoch(2),
            data_center: DATA_CENTER + 1,
            old_epoch: Epoch(1),
            reserved: 0,
            cut_sequence: Sequence(1),
        });
        world.run(20);
        assert!(!world.core.front().is_active());
        world.connect(1);
    });
    assert!(!logged(&world).iter().any(|one| matches!(one, Logged::Cancel(_))));
    assert_eq!((live(&mut world), world.core.front().counters().disconnect_cancels), (4, 0));
    assert!(world.core.front().counters().ended(Ending::NotActive) >= 2);
}

/// A core whose engine does not run yet: whatever goes into the rings stays there.
fn without_engine(setup: Setup) -> (World, Machine) {
    let machine = machine(&setup);
    let mut world = World::following(setup, machine.reader().clone());
    world.run(3);
    (world, machine)
}

#[test]
fn with_a_full_ring_the_cancel_is_owed_and_precedes_the_users_next_request() {
    let others = 58;
    let (mut world, machine) = without_engine(Setup { ring_bytes: 1, participants: others + 2, ..setup() });
    let filling = join(&mut world, 0);
    let leaving = join(&mut world, 1);
    let others: Vec<usize> = (2..others + 2).map(|participant| join(&mut world, participant)).collect();
    // One fills the ring as far as orders may; what cancels take is less, and others take that.
    for _ in 0..40 {
        world.clients[filling].order(BUY, 15_000, 1);
    }
    world.until("the ring is full", |world| world.core.front().counters().held_back > 0);
    let taken = world.core.front().counters().commands as usize;
    for &client in &others {
        world.clients[client].cut();
    }
    world.run(5);
    let given = world.core.front().counters().disconnect_cancels;
    assert!((1..others.len() as u64).contains(&given), "{given} found room");
    world.clients[leaving].cut();
    world.run(5);
    assert_eq!(world.core.front().counters().disconnect_cancels, given, "no room: it is owed");
    // It comes back before the cancel was given, goes again, and comes back once more: whatever it says waits behind the cancel.
    for price in [15_005, 15_006] {
        world.connect(leaving);
        world.clients[leaving].login(DIALOG, None, None);
        world.clients[leaving].order(BUY, price, 1);
        world.run(5);
        if price == 15_005 {
            world.clients[leaving].cut();
            world.run(5);
        }
    }
    assert_eq!(world.core.front().counters().commands as usize, taken);
    world.core.start(machine, false);
    world.until("its order is executed", |world| logged(world).contains(&Logged::Order(1)));
    world.run(5);
    let logged = logged(&world);
    let place = |what| logged.iter().position(|one| *one == what).unwrap();
    assert!(place(Logged::Cancel(1)) < place(Logged::Order(1)), "before whatever it asked later");
    for user in 1..others.len() as u32 + 2 {
        assert_eq!(logged.iter().filter(|one| **one == Logged::Cancel(user)).count(), 1, "of user {user}, once");
    }
    assert_eq!(live(&mut world), 41);
}

#[test]
fn among_several_fronts_the_users_next_request_waits_for_the_cancel() {
    for is_first_leaving in [true, false] {
        let (mut world, machine) = without_engine(Setup { map: LayoutMap::on(4).unwrap(), ..setup() });
        // Two machines of one user, on different fronts: the port spreads them by their addresses.
        let logins = |world: &mut World| world.core.fronts(|front| front.counters().logins);
        let mut members = Vec::new();
        while members.len() < 2 {
            let before = logins(&mut world);
            let client = join(&mut world, 0);
            let front = logins(&mut world).iter().zip(&before).position(|(now, before)| now != before).unwrap();
            if members.iter().all(|&(_, other)| other != front) {
                members.push((client, front));
            }
        }
        members.sort_by_key(|&(_, front)| front);
        let (leaving, staying) = match is_first_leaving {
            true => (members[0].0, members[1].0),
            false => (members[1].0, members[0].0),
        };
        world.clients[leaving].cut();
        world.until("the cancel is given", |world| world.core.front_counters().disconnect_cancels == 1);
        world.clients[staying].order(BUY, 15_000, 1);
        world.until("the order waits", |world| world.core.front_counters().held_back > 0);
        assert_eq!(world.core.front_counters().commands, 0);
        world.core.start(machine, false);
        world.until("the order is executed", |world| logged(world).len() == 2);
        assert_eq!(logged(&world), [Logged::Cancel(0), Logged::Order(0)]);
        assert_eq!(live(&mut world), 1);
    }
}
