//! Market data by multicast, from the log of a random day to the books that receivers keep: with losses, doubles, any order, receivers that
//! join late, and a takeover that makes void what the dead core told last.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod market_support;
mod streams_support;

use dataplane::front::{Front, FrontConfig};
use dataplane::multicast::{FILL_MESSAGES_MAX, MulticastConfig};
use dataplane::ring::RingReceiver;
use dataplane::streams::Stream;
use engine::types::{Direction, Epoch, InstrumentIndex, Phase};
use ftd::datagram::{Carried, DATAGRAM_SIZE_MAX, Datagram, Reign};
use ftd::types::Str;
use ftd::value::direction;
use market_support::{Random, RandomDay};
use member_api::{InstrumentMarket, MarketFeed, Multicast, Nanoseconds, NotTaken, StreamNumber, UNDO_MESSAGES};
use net::{
    ConnectError, Correspondent, Counters, Filter, Handler, Instant, ListenError, Mac, SendError, SessionId, Transport,
};
use std::net::{Ipv4Addr, SocketAddrV4};
use streams_support::{TRADING_DAY, messages};

const GROUP: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(239, 1, 2, 3), 7_100);
const INSTRUMENTS: u16 = 4;
/// A seat's, as the day defines it.
const RECEIVER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 7_200);

/// A transport of datagrams alone.
struct Line {
    filter: Filter,
    /// What the front sent, and to whom.
    sent: Vec<(Correspondent, Vec<u8>)>,
    arrived: Vec<(Correspondent, Vec<u8>)>,
    room: usize,
}

impl Transport for Line {
    fn sessions(&self) -> usize {
        1
    }

    fn listen(&mut self, _: u16, _: Filter) -> Result<(), ListenError> {
        Ok(())
    }

    fn filter_mut(&mut self, _: u16) -> Option<&mut Filter> {
        Some(&mut self.filter)
    }

    fn open_datagrams(&mut self, _: u16, _: u8) -> Result<(), ListenError> {
        Ok(())
    }

    fn send_datagram(&mut self, to: Correspondent, bytes: &[u8]) -> Result<(), SendError> {
        self.room = self.room.checked_sub(1).ok_or(SendError::NoRoom)?;
        self.sent.push((to, bytes.to_vec()));
        Ok(())
    }

    fn connect(&mut self, _: SocketAddrV4, _: Instant) -> Result<SessionId, ConnectError> {
        Err(ConnectError::Full)
    }

    fn poll_ingress(&mut self, _: Instant, handler: &mut impl Handler) -> usize {
        for (from, bytes) in self.arrived.drain(..) {
            handler.datagram(from, &bytes);
        }
        0
    }

    fn poll_egress(&mut self, _: Instant) -> usize {
        0
    }

    fn send(&mut self, _: SessionId, _: &[u8]) -> Result<usize, SendError> {
        Err(SendError::Stale)
    }

    fn send_with(&mut self, _: SessionId, _: usize, _: impl FnOnce(&mut [u8]) -> usize) -> Result<usize, SendError> {
        Err(SendError::Stale)
    }

    fn send_room(&self, _: SessionId) -> usize {
        0
    }

    fn is_open(&self, _: SessionId) -> bool {
        false
    }

    fn offer_again(&mut self, _: SessionId) {}

    fn close(&mut self, _: SessionId) {}

    fn abort(&mut self, _: SessionId) {}

    fn next_deadline(&self) -> Option<Instant> {
        None
    }

    fn counters(&self) -> Counters {
        Counters::default()
    }
}

/// A core's front, and its clock.
struct Core {
    front: Front<Line>,
    _ring: RingReceiver,
    now: u64,
}

impl Core {
    fn new(day: &RandomDay, data_center: u32) -> Self {
        let mut config = FrontConfig::new(1_000, data_center, [7; 32]);
        config.multicast = Some(MulticastConfig::new(GROUP, 7_000));
        config.streams.messages = 1 << 20;
        let line = Line { filter: Filter::everybody(), sent: Vec::new(), arrived: Vec::new(), room: 0 };
        let (front, ring) = Front::new(&config, line, day.day.reader.clone());
        Core { front, _ring: ring, now: 0 }
    }

    /// A round of a millisecond, and what it sent.
    fn round(&mut self, room: usize) -> Vec<(Correspondent, Vec<u8>)> {
        self.now += 1_000_000;
        let now = Instant::from_nanos(self.now);
        self.front.host_mut().room = room;
        self.front.poll_ingress(now);
        self.front.publish(now);
        assert!(self.front.halt().is_none());
        std::mem::take(&mut self.front.host_mut().sent)
    }
}

/// A receiver behind a bad line.
struct Receiver {
    multicast: Multicast,
    address: SocketAddrV4,
    /// Of a hundred datagrams, both ways.
    loss: u64,
    /// Held back to come in another order.
    late: Vec<Vec<u8>>,
    random: Random,
}

impl Receiver {
    fn new(seed: u64, loss: u64) -> Self {
        let address = SocketAddrV4::new(*RECEIVER.ip(), RECEIVER.port() + seed as u16);
        let multicast = Multicast::new(MarketFeed::new(), TRADING_DAY, 0);
        Receiver { multicast, address, loss, late: Vec::new(), random: Random(seed) }
    }

    fn is_lost(&mut self) -> bool {
        self.random.below(100) < self.loss
    }

    /// Hears what a core sent, and asks it for what is missing.
    fn hear(&mut self, core: &mut Core, sent: &[(Correspondent, Vec<u8>)]) {
        for (to, bytes) in sent {
            if (to.address != GROUP && to.address != self.address) || self.is_lost() {
                continue;
            }
            match self.random.below(20) {
                0 => self.late.push(bytes.clone()),
                1 => {
                    self.multicast.datagram(bytes);
                    self.multicast.datagram(bytes);
                }
                _ => self.multicast.datagram(bytes),
            }
        }
        for bytes in std::mem::take(&mut self.late) {
            self.multicast.datagram(&bytes);
        }
        if let Some(request) = self.multicast.request(Nanoseconds(core.now))
            && !self.is_lost()
        {
            let from = Correspondent { address: self.address, station: Mac([2; 6]) };
            core.front.host_mut().arrived.push((from, request.to_vec()));
        }
    }
}

fn id_of(instrument: u16) -> Str<30> {
    let mut id = [b' '; 30];
    id[..6].copy_from_slice(format!("IF{}", 2_406 + instrument).as_bytes());
    Str::from(id)
}

/// A feed says what the engine has: the five best levels and the day's figures, as of the last tick.
fn assert_is_engines(feed: &MarketFeed, day: &RandomDay, what: &str) {
    let state = day.day.machine.state();
    for index in 0..INSTRUMENTS {
        let engine = state.instrument(InstrumentIndex(index)).unwrap();
        let blank = InstrumentMarket::default();
        let told = feed.instrument(&id_of(index)).unwrap_or(&blank);
        let units = |price: engine::types::Price| i64::from(price.0) * 2_000;
        assert_eq!(told.market.last.0, engine.last.map_or(0, units), "{what}: last of {index}");
        assert_eq!(u64::from(told.market.volume), engine.volume, "{what}: volume of {index}");
        assert_eq!(told.printed, engine.volume, "{what}: what was printed of {index}");
        assert_eq!(i128::from(told.market.turnover), engine.turnover.0 / 100, "{what}: turnover of {index}");
        if told.phase != 0 {
            assert_eq!(told.phase, engine.phase as u8, "{what}: phase of {index}");
        }
        if engine.phase.is_call() || engine.phase == Phase::AuctionMatch {
            continue; // no levels are told in an auction
        }
        for (side, code) in [(Direction::Buy, direction::BUY), (Direction::Sell, direction::SELL)] {
            let told: Vec<_> = told.levels(code).iter().map(|level| (level.price.0, level.lots)).collect();
            let engine: Vec<_> = day.levels(index, side).iter().map(|&(price, lots)| (units(price), lots.0)).collect();
            assert_eq!(told, engine, "{what}: levels of {index}");
        }
    }
}

fn runs_on(core: &mut Core, receivers: &mut [Receiver], rounds: usize, room: usize) {
    for _ in 0..rounds {
        let sent = core.round(room);
        for receiver in &mut *receivers {
            receiver.hear(core, &sent);
        }
    }
}

#[test]
fn books_rebuilt_over_lines_that_lose_are_the_engines_once_no_gap_is_open() {
    for seed in 1..=effort::of(4) as u64 {
        let mut day = RandomDay::new(seed, INSTRUMENTS);
        let mut core = Core::new(&day, 7);
        let mut receivers: Vec<Receiver> =
            [0, 1, 5, 20].iter().enumerate().map(|(at, &loss)| Receiver::new(at as u64, loss)).collect();
        let (mut compared, mut open) = (0, 0);
        for step in 0..8_000 {
            if step == 4_000 {
                receivers.push(Receiver::new(9, 3)); // who joins in the middle of the day asks for all of it
            }
            if !day.step() {
                continue;
            }
            let room = if day.random.one_in(5) { 1 } else { 200 };
            runs_on(&mut core, &mut receivers, 3, room);
            let count = day.day.count(Stream::Broadcast);
            for receiver in &receivers {
                if receiver.multicast.is_whole() && receiver.multicast.feed().last().0 == count {
                    assert_is_engines(receiver.multicast.feed(), &day, &format!("seed {seed}, step {step}"));
                    compared += 1;
                } else {
                    open += 1;
                }
            }
        }
        day.close();
        day.tick();
        runs_on(&mut core, &mut receivers, 2_000, 200);
        for receiver in &receivers {
            assert_eq!(receiver.multicast.feed().last().0, day.day.count(Stream::Broadcast), "loss {}", receiver.loss);
            assert_is_engines(receiver.multicast.feed(), &day, "at the day's end");
            let counters = receiver.multicast.counters();
            assert_eq!((counters.malformed, counters.restarts), (0, 0));
            assert!(receiver.loss == 0 || counters.requests > 0, "a line that loses {} of 100 asks", receiver.loss);
        }
        assert!(compared > 400 && open > 100, "compared {compared} times, {open} times a gap was open");
        let counters = core.front.multicast_counters().unwrap();
        assert!(counters.heartbeats > 0 && counters.fills > 0 && counters.refused == 0);
        assert_eq!(counters.messages, u64::from(day.day.count(Stream::Broadcast)), "each is told once to the group");
    }
}

#[test]
fn after_a_takeover_what_the_dead_core_told_beyond_the_cut_is_taken_back() {
    for seed in 1..=effort::of(4) as u64 {
        let mut day = RandomDay::new(seed, INSTRUMENTS);
        let mut core = Core::new(&day, 7);
        let mut receivers: Vec<Receiver> =
            [0, 2, 15].iter().enumerate().map(|(at, &loss)| Receiver::new(at as u64, loss)).collect();
        // One over a connection, which tells what is void by FlowMessageCancel.
        let mut connected = MarketFeed::new();
        for _ in 0..3_000 {
            if day.step() {
                runs_on(&mut core, &mut receivers, 3, 200);
            }
        }
        day.tick();
        let kept = day.day.count(Stream::Broadcast);
        let cut = day.day.directory.last_sequence();
        let deep = if seed % 2 == 0 { 400 } else { 4_000 };
        for _ in 0..deep {
            if day.step() {
                runs_on(&mut core, &mut receivers, 5, 200);
            }
        }
        day.tick();
        let told = day.day.count(Stream::Broadcast);
        for number in 1..=told {
            for message in messages(&day.day.message(Stream::Broadcast, number)) {
                connected.part(&message).unwrap();
            }
        }
        assert!(told > kept && receivers[0].multicast.feed().last().0 > kept);
        assert_is_engines(&connected, &day, "before");

        let mut other = day.taken_over(cut, Epoch(2), seed + 100);
        let mut new_core = Core::new(&other, 7);
        for _ in 0..500 {
            if other.step() {
                runs_on(&mut new_core, &mut receivers, 3, 200);
            }
        }
        other.tick();
        runs_on(&mut new_core, &mut receivers, 3_000, 200);
        // A straggler of the dead core changes nothing.
        let straggler = core.round(200);
        for receiver in &mut receivers {
            straggler.iter().for_each(|(_, bytes)| receiver.multicast.datagram(bytes));
        }
        for receiver in &receivers {
            let counters = receiver.multicast.counters();
            assert_eq!(receiver.multicast.epoch(), 2);
            assert!(counters.rolled_back > 0 || receiver.loss > 0, "who had heard it all took it back");
            assert_is_engines(receiver.multicast.feed(), &other, &format!("seed {seed}, loss {}", receiver.loss));
        }
        let void = connected.last().0 - kept;
        let is_kept = connected.roll_back(StreamNumber(kept + 1));
        assert!(is_kept || void as usize > UNDO_MESSAGES, "{void} messages are not too many");
        assert_eq!(connected.last().0, if is_kept { kept } else { 0 });
        for number in connected.last().0 + 1..=other.day.count(Stream::Broadcast) {
            connected.whole(StreamNumber(number), &other.day.message(Stream::Broadcast, number)).unwrap();
        }
        assert_is_engines(&connected, &other, "over a connection");
    }
}

#[test]
fn only_seats_are_answered_within_limits_and_only_by_the_active_core() {
    let mut day = RandomDay::new(3, INSTRUMENTS);
    let mut core = Core::new(&day, 7);
    let mut following = Core::new(&day, 8);
    for _ in 0..3_000 {
        if day.step() {
            core.round(200);
            assert!(following.round(200).is_empty(), "a core that follows is silent");
        }
    }
    while !core.round(200).is_empty() {}
    let reign = Reign { epoch: 1, data_center: 7, epoch_before: 0, cut: 0, trading_day: TRADING_DAY };
    let request = |first: u32, count: u16, reign: Reign| {
        let mut bytes = vec![0; DATAGRAM_SIZE_MAX];
        let length = Datagram { reign, carried: Carried::Request { first, count } }.write(&mut bytes).unwrap();
        bytes.truncate(length);
        bytes
    };
    let from = |address: SocketAddrV4| Correspondent { address, station: Mac([2; 6]) };
    let stranger = SocketAddrV4::new(Ipv4Addr::new(10, 9, 9, 9), 7_200);
    let count = day.day.count(Stream::Broadcast);
    let refused = [
        (stranger, request(1, 1, reign)),
        (RECEIVER, request(count + 1, 1, reign)),
        (RECEIVER, request(1, 1, Reign { trading_day: TRADING_DAY + 1, ..reign })),
        (RECEIVER, b"anything".to_vec()),
        (RECEIVER, Vec::new()),
    ];
    for (number, (address, bytes)) in refused.into_iter().enumerate() {
        core.front.host_mut().arrived.push((from(address), bytes));
        assert!(core.round(200).is_empty());
        assert_eq!(core.front.multicast_counters().unwrap().refused, number as u64 + 1);
    }
    // Many at once are answered with as many messages as one request may have.
    core.front.host_mut().arrived.push((from(RECEIVER), request(1, u16::MAX, reign)));
    let mut receiver = Multicast::new(MarketFeed::new(), TRADING_DAY, 0);
    for _ in 0..100 {
        for (to, bytes) in core.round(200) {
            assert_eq!(to.address, RECEIVER);
            receiver.datagram(&bytes);
        }
    }
    assert_eq!(receiver.feed().last().0, u32::from(FILL_MESSAGES_MAX));
    // Whoever asks without end is answered at the rate of the setting: a burst, and 12.5 kB a millisecond.
    let before = core.front.multicast_counters().unwrap().fill_bytes;
    for _ in 0..100 {
        for port in 1..200 {
            let address = SocketAddrV4::new(*RECEIVER.ip(), port);
            core.front.host_mut().arrived.push((from(address), request(1, u16::MAX, reign)));
        }
        core.round(1_000);
    }
    let counters = core.front.multicast_counters().unwrap();
    let filled = counters.fill_bytes - before;
    assert!(filled > 1_000_000 && filled <= 256 * 1_024 + 100 * 12_500, "{filled} bytes");
    assert!(counters.requests_dropped > 0);
}

#[test]
fn whatever_bytes_come_the_front_and_the_receiver_go_on_as_if_they_had_not() {
    let mut day = RandomDay::new(5, INSTRUMENTS);
    let mut core = Core::new(&day, 7);
    let mut sent = Vec::new();
    for _ in 0..2_500 {
        if day.step() {
            sent.extend(core.round(200).into_iter().map(|(_, bytes)| bytes));
        }
    }
    day.tick();
    sent.extend(core.round(200).into_iter().map(|(_, bytes)| bytes));
    let mut random = Random(11);
    let mut receiver = Receiver::new(0, 0);
    let tries = effort::of(200_000);
    for (number, bytes) in (0..tries).zip(sent.iter().cycle()) {
        let mut changed = bytes.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(changed.len() as u64) as usize;
            changed[at] = random.next() as u8;
        }
        if random.one_in(4) {
            changed.truncate(random.below(changed.len() as u64) as usize);
        }
        // What cannot be told from a core's: UDP proves nobody. The receiver may not be misled by what is not even well formed.
        if number % 3 == 0 {
            Multicast::new(MarketFeed::new(), TRADING_DAY, 0).datagram(&changed);
        }
        if Datagram::parse(&changed).is_none() {
            receiver.multicast.datagram(&changed);
        }
        let from = Correspondent { address: RECEIVER, station: Mac([2; 6]) };
        if !matches!(Datagram::parse(&changed), Some(Datagram { carried: Carried::Request { .. }, .. })) {
            core.front.host_mut().arrived.push((from, changed));
        }
        if number % 100 == 0 {
            assert!(core.round(200).iter().all(|(to, _)| to.address == GROUP));
        }
    }
    sent.iter().for_each(|bytes| receiver.multicast.datagram(bytes));
    assert_is_engines(receiver.multicast.feed(), &day, "after garbage");
    assert!(receiver.multicast.counters().malformed > 0);
    // A message whose bytes are anything is not taken, and changes nothing.
    let mut feed = MarketFeed::new();
    for number in 1..=day.day.count(Stream::Broadcast) {
        let bytes = day.day.message(Stream::Broadcast, number);
        let before = feed.clone();
        for _ in 0..20 {
            let mut changed = bytes.clone();
            let at = random.below(changed.len() as u64) as usize;
            changed[at] ^= 1 << random.below(8);
            if feed.clone().whole(StreamNumber(number), &changed).is_err() {
                let mut tried = feed.clone();
                let _ = tried.whole(StreamNumber(number), &changed);
                assert!(tried.instruments().eq(before.instruments()) && tried.last() == before.last());
            }
        }
        feed.whole(StreamNumber(number), &bytes).unwrap();
        assert_eq!(feed.whole(StreamNumber(number), &bytes), Err(NotTaken::Gap));
    }
}
