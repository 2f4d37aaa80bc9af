//! The feed to whoever follows, our own links, and recording before releasing.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod front_support;

use dataplane::front::LinkEvent;
use engine::command::{CommandBuffer, MarketDataTick};
use engine::types::{Epoch, ParticipantIndex, Sequence};
use front_support::*;
use ftd::tid;
use journal::{Durability, FeedBuffer, FeedItem, FeedRequest, Log, LogLimits, Machine};
use net::{Filter, Handler, Host, HostConfig, Instant, Peer, SessionId};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// One who follows: a raw connection to the feed's port.
struct Follower {
    host: Host<TestPort>,
    session: SessionId,
    heard: Raw,
}

#[derive(Default)]
struct Raw {
    is_open: bool,
    is_closed: bool,
    bytes: Vec<u8>,
}

impl Handler for Raw {
    fn opened(&mut self, _: SessionId, _: Peer) {
        self.is_open = true;
    }

    fn data(&mut self, _: SessionId, bytes: &[u8]) -> usize {
        self.bytes.extend_from_slice(bytes);
        bytes.len()
    }

    fn closed(&mut self, _: SessionId, _: net::CloseReason) {
        self.is_closed = true;
    }
}

impl Follower {
    fn connect(world: &mut World, last_byte: u8, request: FeedRequest) -> Follower {
        let port =
            net::FaultPort::new(world.network.attach(), u64::from(last_byte), Default::default(), Default::default());
        let mut host = Host::new(HostConfig::new(Ipv4Addr::new(10, 0, 0, last_byte), 5), port);
        let session = host.connect(SocketAddrV4::new(CORE, FEED_PORT), world.now).unwrap();
        let mut follower = Follower { host, session, heard: Raw::default() };
        for _ in 0..20 {
            follower.step(world);
        }
        assert!(follower.heard.is_open);
        // A request may come in pieces.
        let bytes = request.write();
        follower.host.send(follower.session, &bytes[..7]).unwrap();
        follower.step(world);
        follower.host.send(follower.session, &bytes[7..]).unwrap();
        follower
    }

    fn step(&mut self, world: &mut World) {
        world.step();
        self.host.poll_ingress(world.now, &mut self.heard);
        self.host.poll_egress(world.now);
    }

    fn run(&mut self, world: &mut World, rounds: usize) {
        for _ in 0..rounds {
            self.step(world);
        }
    }

    /// Frames and heartbeats that came.
    fn items(&self) -> (Vec<Vec<u8>>, Vec<journal::Heartbeat>) {
        let mut buffer = FeedBuffer::new(1 << 24);
        let (mut frames, mut heartbeats, mut at) = (Vec::new(), Vec::new(), 0);
        loop {
            at += buffer.push(&self.heard.bytes[at..]);
            match buffer.next().expect("a feed") {
                Some(FeedItem::Frame(frame)) => frames.push(frame.bytes().to_vec()),
                Some(FeedItem::Heartbeat(heartbeat)) => heartbeats.push(heartbeat),
                None if at == self.heard.bytes.len() => return (frames, heartbeats),
                None => {}
            }
        }
    }
}

fn frames_of(world: &World) -> Vec<Vec<u8>> {
    world.reader.frames_from(0).map(|frame| frame.bytes().to_vec()).collect()
}

#[test]
fn followers_get_the_log_from_where_they_stand_and_a_heartbeat_when_it_is_quiet() {
    let mut world = World::new(Setup::default());
    let member = world.join(0);
    let mut from_start = Follower::connect(&mut world, 100, FeedRequest::new(Epoch(0), Sequence(0), 0, 0));
    from_start.run(&mut world, 20);
    let seen = from_start.items().0.len() as u64;
    assert_eq!(seen, base_data(&world.setup).len() as u64);
    let digest = world.reader.frame_of(Sequence(seen)).unwrap().digests().state;
    let mut resumed =
        Follower::connect(&mut world, 101, FeedRequest::new(Epoch(1), Sequence(seen), digest, 20_240_612));
    world.answers(member, 2, |client| client.order(b'0', 15_000, 1));
    world.command(&MarketDataTick { reserved: 0 });
    for _ in 0..30 {
        from_start.step(&mut world);
        resumed.step(&mut world);
    }
    let log = frames_of(&world);
    assert_eq!(from_start.items().0, log);
    assert_eq!(resumed.items().0, log[seen as usize..]);
    assert_eq!(resumed.items().1, []);
    let before = resumed.items().1.len();
    resumed.run(&mut world, 3_500);
    let (frames, heartbeats) = resumed.items();
    assert_eq!(frames.len(), log.len() - seen as usize);
    assert_eq!(heartbeats.len() - before, 3, "one a second");
    let last = world.reader.frame_of(world.reader.last_sequence()).unwrap();
    assert_eq!((heartbeats[0].stamp, heartbeats[0].digests), (last.stamp(), last.digests()));
    assert_eq!(heartbeats[0].data_center, DATA_CENTER);
    assert_eq!(world.core.front().counters().followers, 2);
    assert_eq!(world.core.front().counters().followers_differed, 0);
}

#[test]
fn a_follower_that_cannot_be_served_is_closed() {
    let mut world = World::new(Setup::default());
    let requests = [
        FeedRequest::new(Epoch(2), Sequence(0), 0, 0),
        FeedRequest::new(Epoch(1), Sequence(0), 0, 20_240_613),
        FeedRequest::new(Epoch(1), Sequence(1_000), 7, 20_240_612),
        FeedRequest { magic: *b"what", ..FeedRequest::new(Epoch(1), Sequence(0), 0, 0) },
    ];
    for (index, request) in requests.into_iter().enumerate() {
        let mut follower = Follower::connect(&mut world, 110 + index as u8, request);
        follower.run(&mut world, 50);
        assert!(follower.heard.is_closed && follower.heard.bytes.is_empty(), "{index}");
    }
    assert_eq!(world.core.front().counters().followers_refused, 4);
}

#[test]
fn a_follower_that_stops_reading_goes_on_later_and_misses_nothing() {
    let mut world = World::new(Setup::default());
    let mut follower = Follower::connect(&mut world, 100, FeedRequest::new(Epoch(0), Sequence(0), 0, 0));
    for round in 0..400u32 {
        let command = CommandBuffer::own(&bulletin(ParticipantIndex::ALL, &format!("news {round}")));
        world.core.front_mut().command(&command).unwrap();
        // It is not polled for a while: 300 KB wait for it, and the members' side goes on.
        world.step();
    }
    follower.run(&mut world, 2_000);
    assert_eq!(follower.items().0, frames_of(&world));
}

#[test]
fn a_link_of_ours_carries_bytes_both_ways_and_holds_back_what_nobody_takes() {
    let mut world = World::new(Setup::default());
    let port = net::FaultPort::new(world.network.attach(), 1, Default::default(), Default::default());
    let address = Ipv4Addr::new(10, 0, 0, 200);
    let mut other = Host::new(HostConfig::new(address, 6), port);
    other.listen(7_000, Filter::everybody()).unwrap();
    #[derive(Default)]
    struct Echo(Option<SessionId>, Vec<u8>);
    impl Handler for Echo {
        fn opened(&mut self, id: SessionId, _: Peer) {
            self.0 = Some(id);
        }
        fn data(&mut self, _: SessionId, bytes: &[u8]) -> usize {
            self.1.extend_from_slice(bytes);
            bytes.len()
        }
        fn closed(&mut self, _: SessionId, _: net::CloseReason) {}
    }
    let mut echo = Echo::default();
    let link = world.core.front_mut().connect_link(SocketAddrV4::new(address, 7_000), world.now).unwrap();
    let step = |world: &mut World, other: &mut Host<TestPort>, echo: &mut Echo| {
        world.step();
        other.poll_ingress(world.now, echo);
        other.poll_egress(world.now);
    };
    for _ in 0..20 {
        step(&mut world, &mut other, &mut echo);
    }
    assert_eq!(world.core.front_mut().link_event(), Some(LinkEvent::Opened(link)));
    assert_eq!(world.core.front_mut().send_link(link, b"hello"), Ok(5));
    for _ in 0..5 {
        step(&mut world, &mut other, &mut echo);
    }
    assert_eq!(echo.1, b"hello");
    // Twice as much as a link keeps comes in; nobody takes any.
    let bytes: Vec<u8> = (0..2 * dataplane::front::LINK_BYTES as u32).map(|number| (number % 251) as u8).collect();
    let mut sent = 0;
    for _ in 0..500 {
        sent += other.send(echo.0.unwrap(), &bytes[sent..]).unwrap();
        step(&mut world, &mut other, &mut echo);
    }
    assert!(sent < bytes.len());
    assert_eq!(world.core.front_mut().link_event(), Some(LinkEvent::Received(link)));
    assert_eq!(world.core.front_mut().link_event(), None, "told once until it is taken");
    let mut taken = Vec::new();
    for _ in 0..2_000 {
        sent += other.send(echo.0.unwrap(), &bytes[sent..]).unwrap();
        step(&mut world, &mut other, &mut echo);
        world.core.front_mut().link_bytes(link, |bytes| {
            taken.extend_from_slice(bytes);
            bytes.len()
        });
    }
    assert!(taken == bytes, "{} of {}", taken.len(), bytes.len());
    other.close(echo.0.unwrap());
    for _ in 0..20 {
        step(&mut world, &mut other, &mut echo);
    }
    let mut events = Vec::new();
    while let Some(event) = world.core.front_mut().link_event() {
        events.push(event);
    }
    assert!(matches!(events.last(), Some(LinkEvent::Closed(closed, _)) if *closed == link), "{events:?}");
}

#[test]
fn under_sync_nothing_is_told_before_the_device_has_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    let log = Log::create(&path, LogLimits { bytes: 8 << 20, frames: 10_000 }, Durability::Sync).unwrap();
    let mut machine = Machine::new(log, identity(DATA_CENTER));
    let setup = Setup::default();
    for command in base_data(&setup) {
        machine.execute(&command.command(), engine::types::Nanoseconds(START.nanos())).unwrap();
    }
    let reader = machine.reader().clone();
    let mut world = World::following(setup, reader);
    world.run(5);
    // Recorded, not on the device: the front has taken nothing in.
    assert!(world.reader.committed() > 0);
    assert_eq!((world.reader.released(), world.core.front().counters().frames), (0, 0));
    machine.log().sync().unwrap();
    world.core.start(machine, true);
    world.run(3);
    let members = [world.join(0), world.join(1)];
    for _ in 0..20 {
        for member in members {
            world.clients[member].order(b'0', 14_000, 1);
        }
    }
    world.until("every order is answered", |world| {
        members.iter().all(|member| world.heard(*member).count(tid::ORDER_CONFIRMATION) == 20)
    });
    assert_eq!(world.reader.released(), world.reader.committed());
    let counters = world.core.engine(|engine| engine.counters().clone()).unwrap();
    assert!(counters.executed == 40 && counters.commits < 40, "one commit for a burst: {counters:?}");
    // The same without the commit: nobody is answered.
    let machine = world.core.stop().unwrap();
    world.core.start(machine, false);
    let before = world.heard(members[0]).messages.len();
    world.clients[members[0]].order(b'0', 14_000, 1);
    world.run(50);
    assert_eq!(world.heard(members[0]).messages.len(), before);
    assert!(world.reader.released() < world.reader.committed());
    world.core.stop().unwrap().log().sync().unwrap();
    world.run(10);
    assert_eq!(world.heard(members[0]).messages.len(), before + 2);
}

#[test]
fn a_log_that_contradicts_itself_stops_the_front() {
    use engine::command::CommandBuffer;
    use journal::FrameToWrite;
    let setup = Setup::default();
    let machine = machine(&setup);
    let frames: Vec<_> = machine.reader().frames_from(0).collect();
    let mut log = Log::in_memory(setup.limits).unwrap();
    for frame in &frames {
        log.append_verbatim(frame).unwrap();
    }
    let mut published = engine::event::Published::zero();
    (published.participant, published.number) = (ParticipantIndex::ALL, engine::types::StreamNumber(2));
    let command = CommandBuffer::own(&bulletin(ParticipantIndex::ALL, "the second, but there is no first"));
    let last = frames.last().unwrap();
    let stamp = engine::types::Stamp { sequence: Sequence(last.stamp().sequence.0 + 1), ..last.stamp() };
    let digests = last.digests();
    log.append(&FrameToWrite {
        stamp,
        digests,
        data_center: DATA_CENTER,
        command: command.bytes(),
        events: &[published.into()],
    })
    .unwrap();
    let mut world = World::following(setup, log.reader());
    let now = world.now + Duration::from_millis(1);
    world.core.poll(now);
    let halt = world.core.front().halt().expect("a gap in a stream");
    assert_eq!(halt.sequence, stamp.sequence);
    assert_eq!(world.core.next_deadline(), None);
    world.core.poll(Instant::from_nanos(now.nanos() + 1));
    assert_eq!(world.core.front().counters().frames as usize, frames.len());
}
