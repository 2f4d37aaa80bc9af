//! A front on another machine: its members trade with the core's own, its link is cut, and nothing is lost or told twice.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod front_support;

use dataplane::front::Front;
use dataplane::remote::{RemoteConfig, RemoteFront};
use dataplane::stages::Layout;
use engine::command::{BodyView, USER_CANCEL_ON_DISCONNECT};
use engine::event::EventView;
use front_support::*;
use ftd::tid;
use ftd::value::data_flow_flag;
use journal::{Log, LogLimits};
use net::{Faults, Filter, Host, HostConfig, Network, NetworkConfig};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

const REMOTE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 9);
const UPLINK_PORT: u16 = 6_003;
const BUY: u8 = b'0';
const SELL: u8 = b'1';

/// A core that takes fronts, and one such front.
struct Market {
    world: World,
    remote: RemoteFront<Host<TestPort>>,
}

fn market(ring_bytes: usize) -> Market {
    market_of(Setup { ring_bytes, ..Setup::default() })
}

fn market_of(setup: Setup) -> Market {
    let ring_bytes = setup.ring_bytes;
    let machine = machine(&setup);
    let reader = machine.reader().clone();
    let network = Network::new(NetworkConfig::default());
    let port = |seed| net::FaultPort::new(network.attach(), seed, Faults::default(), Faults::default());
    let mut host = HostConfig::new(CORE, 7);
    host.sessions = 128;
    let mut config = front_config(&setup);
    config.uplinks = Some((UPLINK_PORT, Filter::only([REMOTE])));
    let (front, receiver) = Front::new(&config, Host::new(host, port(7)), reader.clone());
    let mut core = Layout::fused(front, receiver);
    core.start(machine, false);
    let mut front = front_config(&setup);
    front.feed = None;
    front.number = 3;
    front.ring_bytes = ring_bytes;
    let config = RemoteConfig {
        front,
        feed: SocketAddrV4::new(CORE, FEED_PORT),
        uplink: SocketAddrV4::new(CORE, UPLINK_PORT),
        trading_day: 20_240_612,
        frame_limit: 1 << 20,
    };
    let log = Log::in_memory(LogLimits { bytes: 64 << 20, frames: 200_000 }).unwrap();
    let remote = RemoteFront::new(config, Host::new(HostConfig::new(REMOTE, 11), port(11)), log);
    let world = World { network: network.clone(), core, reader, clients: Vec::new(), now: START, setup };
    Market { world, remote }
}

impl Market {
    fn step(&mut self) {
        self.world.step();
        self.remote.poll(self.world.now);
        assert_eq!(self.remote.halt(), None);
        assert_eq!(self.remote.front().halt(), None);
    }

    #[track_caller]
    fn until(&mut self, what: &str, is_so: impl Fn(&Market) -> bool) {
        for _ in 0..30_000 {
            if is_so(self) {
                return;
            }
            self.step();
        }
        panic!("it never happened: {what}");
    }

    fn run(&mut self, rounds: usize) {
        (0..rounds).for_each(|_| self.step());
    }

    /// Connects a client to an address and logs it in to all streams, behind what it has received of its private stream.
    fn join(&mut self, client: usize, address: Ipv4Addr, received: Option<u32>) {
        let now = self.world.now;
        let member = &mut self.world.clients[client];
        member.next_request = 1;
        member.session = Some(member.host.connect(SocketAddrV4::new(address, MEMBERS_PORT), now).unwrap());
        member.heard = Heard { session: member.session, ..Heard::default() };
        self.until("the connection opens", |market| market.world.clients[client].heard.is_open);
        self.world.clients[client].login(data_flow_flag::DIALOG, None, None);
        self.world.clients[client].login(data_flow_flag::PRIVATE, received, Some(1));
        self.world.clients[client].login(data_flow_flag::BROADCAST, None, None);
        self.until("three logins are answered", |market| market.world.heard(client).count(tid::USER_LOGIN) == 3);
    }

    /// Users whose orders were cancelled since their dialogs had ended, in order, as the core's log has it.
    fn cancelled(&self) -> Vec<u32> {
        let of = |frame: journal::CompleteFrame<'_>| match frame.command().body {
            BodyView::MassCancel(cancel) if cancel.cause == 1 => Some(cancel.index),
            _ => None,
        };
        self.world.reader.frames_from(0).filter_map(of).collect()
    }

    /// What the core's machine hears and says goes through these.
    fn set_link_faults(&mut self, faults: Faults) {
        self.world.core.front_mut().host_mut().port_mut().set_faults(faults, faults);
    }

    fn live(&mut self) -> u32 {
        self.world.core.engine(|engine| engine.machine().state().live_orders()).unwrap()
    }

    /// Local ids that the core accepted for a user, in order.
    fn accepted(&self, user: u16) -> Vec<[u8; 24]> {
        let mut found = Vec::new();
        for frame in self.world.reader.frames_from(0) {
            let command = frame.command();
            let accepts = frame.events().any(|event| matches!(event.view(), Some(EventView::Accepted(_))));
            if let engine::command::BodyView::OrderInsert(order) = command.body
                && accepts
                && command.header.user.0 == user
            {
                found.push(order.local_id);
            }
        }
        found
    }
}

#[test]
fn members_of_a_remote_front_trade_with_those_of_the_core() {
    let mut market = market(dataplane::ring::RING_BYTES);
    market.until("the front opens", |market| market.remote.is_open());
    let (here, there) = (market.world.add_client(0), market.world.add_client(1));
    market.join(here, CORE, None);
    market.join(there, REMOTE, None);
    market.world.clients[here].order(BUY, 15_000, 5);
    market.until("it rests", |market| market.world.heard(here).messages.len() >= 5);
    market.world.clients[there].order(SELL, 14_990, 2);
    market.until("both are told of the trade", |market| {
        market.world.heard(here).count(tid::TRADE_INSERT_SINGLE) == 1
            && market.world.heard(there).count(tid::TRADE_INSERT_SINGLE) == 1
    });
    let told: Vec<_> = market.world.heard(there).messages[3..].iter().map(|message| message.tid).collect();
    assert_eq!(told, [tid::ORDER_INSERT, tid::ORDER_CONFIRMATION, tid::TRADE_INSERT_SINGLE]);
    // The answer went to the front that asked, and to no session of the core's.
    assert_eq!(market.world.core.front().counters().answers_unasked, 0);
    assert_eq!(market.remote.front().counters().answers, 1);
    market.until("the core knows who is logged in there", |market| {
        let counts = market.world.core.front().board_counts();
        counts.logged_in == 2 && counts.caught_up == 2
    });
    assert_eq!(market.world.core.front().uplinks(), 1);
    assert_eq!(market.remote.log().bytes_from(0), market.world.reader.bytes_from(0), "its log is the core's");
}

#[test]
fn a_link_cut_in_full_flow_ends_its_sessions_and_nothing_is_lost_or_done_twice() {
    for cut_after in [1, 2, 3, 5, 8, 13, 21] {
        let mut market = market(dataplane::ring::RING_BYTES);
        market.until("the front opens", |market| market.remote.is_open());
        let client = market.world.add_client(0);
        market.join(client, REMOTE, None);
        for _ in 0..40 {
            market.world.clients[client].order(BUY, 15_000, 1);
        }
        market.run(cut_after);
        // What is on its way to and from the front is lost, and everything after it.
        let all = Faults { loss_ppm: 1_000_000, ..Faults::default() };
        market.world.core.front_mut().host_mut().port_mut().set_faults(all, all);
        market.until("the front lets nobody in", |market| !market.remote.is_open());
        market.until("its member's session is over", |market| market.world.heard(client).closed.is_some());
        let received = market.world.heard(client).of_series(series(0)).len() as u32;
        market.world.core.front_mut().host_mut().port_mut().set_faults(Faults::default(), Faults::default());
        market.until("the front opens again", |market| market.remote.is_open());
        market.join(client, REMOTE, Some(received));
        // The member sends everything again under the same local ids.
        market.world.clients[client].next_local = 1;
        for _ in 0..40 {
            market.world.clients[client].order(BUY, 15_000, 1);
        }
        market.until("all are told", |market| {
            market.world.heard(client).of_series(series(0)).len() as u32 + received == 40
        });
        market.run(50);
        let mut accepted = market.accepted(0);
        assert_eq!(accepted.len(), 40, "cut after {cut_after} rounds");
        accepted.sort_unstable();
        accepted.dedup();
        assert_eq!(accepted.len(), 40, "each once, cut after {cut_after} rounds");
        let numbers: Vec<u32> =
            market.world.heard(client).of_series(series(0)).iter().map(|message| message.number).collect();
        assert_eq!(numbers, (received + 1..=40).collect::<Vec<_>>(), "the stream goes on where it stopped");
    }
}

#[test]
fn a_full_ring_makes_the_front_wait_and_loses_nothing() {
    let mut market = market(1);
    market.until("the front opens", |market| market.remote.is_open());
    let client = market.world.add_client(0);
    market.join(client, REMOTE, None);
    let mut sent = 0;
    for _ in 0..20_000 {
        if sent < 300 {
            let (request, local) = (market.world.clients[client].next_request, market.world.clients[client].next_local);
            let order = market.world.clients[client].order_field(BUY, 15_000, 1);
            let bytes = market.world.clients[client].request(tid::ORDER_INSERT, &order);
            if market.world.clients[client].try_send(&bytes) {
                sent += 1;
            } else {
                market.world.clients[client].next_request = request;
                market.world.clients[client].next_local = local;
            }
        }
        market.step();
        if market.executed() >= 300 {
            break;
        }
    }
    assert_eq!(market.accepted(0).len(), 300);
}

impl Market {
    fn executed(&mut self) -> u64 {
        self.world.core.engine(|engine| engine.counters().executed).unwrap_or(0)
    }
}

#[test]
fn a_front_that_says_nothing_is_given_up() {
    let mut market = market(dataplane::ring::RING_BYTES);
    market.until("the front opens", |market| market.remote.is_open());
    // The front's machine stops: the core hears nothing, and neither does anybody ask for its members.
    for _ in 0..10 {
        market.world.step_by(Duration::from_secs(1));
    }
    assert_eq!(market.world.core.front().uplinks(), 0);
    assert!(market.world.core.front().board().iter().all(|line| !line.has_dialog));
}

#[test]
fn who_leaves_a_remote_front_has_its_orders_cancelled_through_the_link() {
    let mut market = market_of(Setup { user_flags: USER_CANCEL_ON_DISCONNECT, ..Setup::default() });
    market.until("the front opens", |market| market.remote.is_open());
    let (leaving, staying) = (market.world.add_client(0), market.world.add_client(1));
    for client in [leaving, staying] {
        market.join(client, REMOTE, None);
        market.world.clients[client].order(BUY, 15_000, 1);
        market.until("it rests", |market| market.world.heard(client).count(tid::ORDER_CONFIRMATION) == 1);
    }
    market.world.clients[leaving].cut();
    market.until("the core has cancelled", |market| market.cancelled() == [0]);
    market.run(50);
    assert_eq!(market.live(), 1);
    // It comes back and stays, and what it asks then stands; also when the other one's way ends.
    market.join(leaving, REMOTE, Some(2));
    market.world.clients[leaving].order(BUY, 15_000, 1);
    market.until("it rests", |market| market.world.heard(leaving).count(tid::ORDER_CONFIRMATION) == 1);
    market.world.clients[staying].logout(data_flow_flag::DIALOG);
    market.until("the core has cancelled", |market| market.cancelled() == [0, 1]);
    market.run(50);
    assert_eq!((market.live(), market.remote.front().counters().disconnect_cancels), (1, 2));
    assert_eq!(market.world.core.front().counters().disconnect_cancels, 0, "the core had nothing to give itself");
    assert_eq!(market.world.core.front().uplinks(), 1);
}

#[test]
fn what_a_lost_front_can_not_cancel_any_more_the_core_cancels_once() {
    let mut market = market_of(Setup { user_flags: USER_CANCEL_ON_DISCONNECT, ..Setup::default() });
    market.until("the front opens", |market| market.remote.is_open());
    let (asked, silent, here) = (market.world.add_client(0), market.world.add_client(1), market.world.add_client(2));
    market.join(asked, REMOTE, None);
    market.join(silent, REMOTE, None);
    market.join(here, CORE, None);
    for client in [asked, here] {
        market.world.clients[client].order(BUY, 15_000, 1);
        market.until("it rests", |market| market.world.heard(client).count(tid::ORDER_CONFIRMATION) == 1);
    }
    // Neither hears the other any more, until each has given the other up.
    let all = Faults { loss_ppm: 1_000_000, ..Faults::default() };
    market.set_link_faults(all);
    market.run(5_000);
    assert_eq!(market.cancelled(), [0], "who asked something there, and nobody else");
    assert_eq!((market.live(), market.world.core.front().counters().disconnect_cancels), (1, 1));
    market.set_link_faults(Faults::default());
    market.until("the front opens again", |market| market.remote.is_open());
    market.join(asked, REMOTE, Some(2));
    market.world.clients[asked].order(BUY, 15_000, 1);
    market.until("it rests", |market| market.world.heard(asked).count(tid::ORDER_CONFIRMATION) == 1);
    market.run(50);
    assert_eq!(market.cancelled(), [0], "what it has asked since stands");
    assert_eq!(market.live(), 2);
}
