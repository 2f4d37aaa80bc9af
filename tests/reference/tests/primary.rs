//! The primary over a network in memory: sessions, streams, the feed, and how it dies.

mod common;

use common::wire::{Client, World};
use common::{START, TICK, insert};
use ftd::field::{
    ErrorTargetOrderField, ErrorTargetSequenceField, FlowMessageCancelField, ForceExitField, FrontField,
    LoginChallengeField, LoginProofField, OrderStatusField, RspUserLoginField, StreamEpochField,
    TradeInsertSingleField,
};
use ftd::types::Str;
use ftd::{Tid, tid};
use hmac::{Hmac, KeyInit, Mac};
use net::{CloseReason, Instant};
use reference::command::{EpochOpen, SeatBlock, padded};
use reference::frame::Request;
use reference::wire::Zero;
use reference::*;
use std::net::SocketAddrV4;

fn tids(client: &mut Client) -> Vec<Tid> {
    client.messages().iter().map(|got| got.tid).collect()
}

fn codes(client: &mut Client) -> Vec<u64> {
    client.messages().iter().map(common::wire::Got::code).collect()
}

#[test]
fn an_order_is_answered_confirmed_and_trades() {
    let mut world = World::open();
    let (seller, buyer) = (world.member(10, 0), world.member(11, 1));
    world.at(seller).order(0, 1, b'1', 3, 100);
    world.run(10);
    let got = world.at(seller).messages();
    let order = [(tid::ORDER_INSERT, 0, 1), (tid::ORDER_CONFIRMATION, 2, 1)];
    assert_eq!(got.iter().map(|got| (got.tid, got.series, got.number)).collect::<Vec<_>>(), order);

    world.at(buyer).order(1, 1, b'0', 2, 101);
    world.run(10);
    let buyer_got = world.at(buyer).messages();
    assert_eq!(
        buyer_got.iter().map(|got| got.tid).collect::<Vec<_>>(),
        [tid::ORDER_INSERT, tid::ORDER_CONFIRMATION, tid::TRADE_INSERT_SINGLE]
    );
    let trade: TradeInsertSingleField = buyer_got[2].field().expect("a trade");
    assert_eq!((trade.price.units(), trade.volume.get()), (Ok(100 * TICK), 2));
    let seller_got = world.at(seller).messages();
    assert_eq!(seller_got.len(), 1);
    let other: TradeInsertSingleField = seller_got[0].field().expect("a trade");
    assert_eq!(trade.trade_id, other.trade_id);

    world.at(seller).cancel(0, 1);
    world.run(10);
    let cancelled = world.at(seller).messages();
    assert_eq!(cancelled.iter().map(|got| got.tid).collect::<Vec<_>>(), [tid::ORDER_ACTION, tid::ORDER_CONFIRMATION]);
    let status: OrderStatusField = cancelled[1].field().expect("a status");
    assert_eq!((status.order_status.get(), status.volume_total.get(), status.trade_volume.get()), (b'5', 1, 2));

    // What was told is what is kept, and all of it was handed over.
    let stream = Stream::Private(Participant(0));
    let kept: Vec<_> = world.primary.streams().messages(stream).map(|(_, kept)| kept.bytes.clone()).collect();
    let told = [&got[1..], &seller_got[..], &cancelled[1..]].concat();
    assert_eq!(told.into_iter().map(|got| got.bytes).collect::<Vec<_>>(), kept);
    assert_eq!(world.primary.records().handed[&stream], 3);
    assert_eq!(world.primary.records().handed[&Stream::Broadcast], 3, "the phase, a picture, and the market's status");
}

#[test]
fn a_login_tells_epoch_time_out_and_largest_local_id() {
    let mut world = World::open();
    let client = world.member(10, 0);
    for local in [7, 5] {
        world.at(client).order(0, local, b'0', 1, 99);
    }
    world.run(10);
    world.reconnect(client, 9_000);
    world.at(client).login_with(0, b'0', None, None, |login| login.time_out.set(0).expect("short"));
    world.run(10);
    let got = world.at(client).messages();
    let login: RspUserLoginField = got[0].field().expect("a login");
    assert_eq!((got[0].series, got[0].number), (0, 0));
    assert_eq!(login.time_span.get(), Ok(10), "0 becomes 10");
    assert_eq!(login.max_order_local_id.trimmed(), b"000000000007");
    assert!(login.password.is_blank());
    assert_eq!(login.trade_date.get(), Some(20_240_930));
    assert_eq!(login.exchange_date_time.get().map(|moment| moment / 1_000_000), Some(2_024_093_009), "after nine");
    let epoch: StreamEpochField = got[0].field().expect("an epoch");
    assert_eq!((epoch.epoch.get(), epoch.data_center_id.get()), (1, 7));
}

#[test]
fn a_reader_that_comes_back_is_told_the_rest() {
    let mut world = World::open();
    let client = world.member(10, 0);
    for local in 1..=9 {
        world.at(client).order(0, local, b'0', 1, 95);
    }
    world.run(10);
    let first: Vec<_> = world.at(client).messages().into_iter().filter(|got| got.series == 2).collect();
    assert_eq!(first.len(), 9);
    for (after, expected) in [(Some((2, 6)), &first[6..]), (Some((2, 0)), &first[..]), (None, &first[..])] {
        world.reconnect(client, 9_000);
        world.at(client).login(0, b'1', after, Some(1));
        world.run(10);
        let got = world.at(client).messages();
        assert_eq!(got[1..], *expected, "after {after:?}");
    }
    world.reconnect(client, 9_000);
    world.at(client).login(0, b'1', Some((2, u32::MAX)), None);
    world.at(client).login(0, b'0', None, None);
    world.run(10);
    assert_eq!(tids(world.at(client)), [tid::USER_LOGIN; 2], "from now on");
    world.at(client).order(0, 10, b'0', 1, 95);
    world.run(10);
    assert_eq!(world.at(client).messages()[1].number, 10);
    // A second login without a resume point changes nothing; with one it moves the stream.
    world.at(client).login(0, b'1', None, None);
    world.run(10);
    assert_eq!(tids(world.at(client)), [tid::USER_LOGIN]);
    world.at(client).login(0, b'1', Some((2, 8)), None);
    world.run(10);
    assert_eq!(world.at(client).messages()[1..].iter().map(|got| got.number).collect::<Vec<_>>(), [9, 10]);
}

#[test]
fn a_repeated_local_id_is_answered_with_the_first_one() {
    let mut world = World::open();
    let client = world.member(10, 0);
    world.at(client).order(0, 1, b'0', 1, 99);
    world.at(client).order(0, 1, b'0', 1, 99);
    world.run(10);
    let got = world.at(client).messages();
    let error = got.iter().find(|got| got.tid == tid::ERROR).expect("an error");
    assert_eq!((error.code(), error.number), (2, 2));
    let status: OrderStatusField = got.iter().find_map(|got| got.field()).expect("a confirmation");
    let target: ErrorTargetOrderField = error.field().expect("a target");
    assert_eq!(target.order_sys_id, status.order_sys_id);
    assert_eq!(target.order_local_id.trimmed(), b"000000000001");
    let sequence: ErrorTargetSequenceField = error.field().expect("a sequence");
    assert_eq!((sequence.sequence_series.get(), sequence.sequence_no.get()), (0, 2));
    assert_eq!(world.primary.records().rejects[&2], 1);
}

#[test]
fn a_gap_in_the_dialog_closes_without_a_message() {
    let mut world = World::open();
    for wrong in [0, 1, 3] {
        let client = world.member(20 + wrong as u8, 0);
        world.at(client).order(0, 50 + wrong, b'0', 1, 99);
        world.run(10);
        world.at(client).messages();
        world.at(client).request = wrong.wrapping_sub(1);
        world.at(client).order(0, 60, b'0', 1, 99);
        world.run(20);
        assert_eq!(world.at(client).messages(), []);
        assert_eq!(world.at(client).heard.closed, Some(CloseReason::PeerFinished), "number {wrong} after 1");
    }
    assert_eq!(world.primary.records().closed_for_gap, 3);
}

#[test]
fn bytes_that_are_no_ftd_close() {
    let mut world = World::open();
    let client = world.member(10, 0);
    world.at(client).send(&[1, 255, 0, 0, 9, 9, 9]);
    world.run(20);
    assert_eq!(world.at(client).heard.closed, Some(CloseReason::PeerFinished));
    assert_eq!(world.primary.records().closed_for_bytes, 1);
}

#[test]
fn what_a_session_refuses_itself() {
    let mut world = World::with(|settings| settings.host.sessions = 8);
    let client = world.connect(10, 9_000);
    let frames = world.primary.records().last();
    world.at(client).order(0, 1, b'0', 1, 99);
    world.at(client).logout(0, b'0');
    world.at(client).login_with(0, b'0', None, None, |login| login.password.set(b"wrong").expect("short"));
    world.at(client).login_with(0, b'0', None, None, |login| login.participant_id = Str::from(padded(b"0002")));
    world.at(client).login_with(9, b'0', None, None, |_| {});
    world.at(client).login(0, b'7', None, None);
    world.at(client).login(0, b'1', Some((3, 0)), None);
    world.at(client).login(0, b'2', Some((2, 0)), None);
    world.at(client).login(0, b'2', Some((1, 5)), Some(2));
    world.run(20);
    assert_eq!(codes(world.at(client)), [101, 113, 102, 102, 102, 109, 110, 110, 103]);

    world.at(client).login(0, b'0', None, None);
    world.at(client).login(1, b'1', None, None);
    world.run(20);
    let got = world.at(client).messages();
    assert_eq!((got[0].tid, got[1].code()), (tid::USER_LOGIN, 114));
    world.at(client).order_with(0, 1, |order| order.user_id = Str::from(padded(b"trader2")));
    world.at(client).order_with(0, 1, |order| order.limit_price = (*b"1.2.3.4.5.6.").into());
    world.at(client).order_with(0, 1, |order| order.volume_total_orginal.set(-1));
    world.at(client).ask(tid::QRY_ORDER, |_| {});
    world.at(client).report(0, b'7');
    world.at(client).new_password(0, b"wrong", b"new");
    world.run(20);
    assert_eq!(codes(world.at(client)), [107, 109, 109, 108, 109, 102]);
    assert_eq!(world.primary.records().last(), frames, "nothing of it was executed");
    world.at(client).report(0, b'1');
    world.at(client).new_password(0, b"secret", b"new");
    world.at(client).order(0, 1, b'0', 1, 99);
    world.run(20);
    assert_eq!(tids(world.at(client)), [tid::READINESS, tid::USER_PASSWORD_UPDATE, tid::ORDER_INSERT]);
    world.at(client).login(0, b'1', None, None);
    world.at(client).login_with(0, b'1', None, None, |login| login.password.set(b"new").expect("short"));
    world.run(20);
    let got = world.at(client).messages();
    assert_eq!(got[0].code(), 102, "the old password");
    assert_eq!(got[1].tid, tid::USER_LOGIN);
    world.at(client).logout(0, b'0');
    world.at(client).say(tid::READINESS, 9, |_| {});
    world.run(20);
    let got = world.at(client).messages();
    let logout = got.iter().position(|got| got.tid == tid::USER_LOGOUT).expect("an answer");
    assert_eq!(got[logout + 1].code(), 101);
}

#[test]
fn more_requests_a_second_than_the_seat_may_send() {
    let mut world = World::open();
    let quick = reference::command::UserDefine { requests_per_second: 2, ..common::user(3, 0) };
    world.operate(quick);
    let client = world.connect(10, 9_000);
    world.at(client).login(3, b'0', None, None);
    for local in 1..=3 {
        world.at(client).order(3, local, b'0', 1, 99);
    }
    world.run(20);
    assert_eq!(world.at(client).messages().last().map(|got| (got.code(), got.number)), Some((105, 3)));
    world.run(1_000);
    world.at(client).order(3, 3, b'0', 1, 99);
    world.run(20);
    assert_eq!(tids(world.at(client)), [tid::ORDER_INSERT]);
}

#[test]
fn a_proof_instead_of_a_password() {
    let mut world = World::with(|settings| settings.proof_only = true);
    let client = world.connect(10, 9_000);
    world.at(client).login(0, b'0', None, None);
    world.at(client).say(tid::LOGIN_CHALLENGE, 0, |writer| {
        common::wire::fill_login(writer.push().expect("room"), 0, b'0');
    });
    world.run(10);
    let got = world.at(client).messages();
    assert_eq!(got[0].code(), 112, "a password is not enough");
    let challenge: LoginChallengeField = got[1].field().expect("a nonce");
    for (secret, granted) in [(&b"other"[..], false), (&b"secret"[..], true)] {
        world.at(client).say(tid::USER_LOGIN, 0, |writer| {
            let login = common::wire::fill_login(writer.push().expect("room"), 0, b'0');
            login.password = ftd::types::Secret::BLANK;
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).expect("any length");
            mac.update(challenge.nonce.bytes());
            mac.update(b"0001    trader0        0");
            let proof: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            let out: &mut LoginProofField = writer.push().expect("room");
            out.digest_method.set(b'1');
            out.nonce = challenge.nonce;
            out.proof.set(proof.as_bytes()).expect("64 characters");
        });
        world.run(10);
        let got = world.at(client).messages();
        assert_eq!(got[0].tid == tid::USER_LOGIN, granted);
        assert!(granted || got[0].code() == 112);
    }
}

#[test]
fn heartbeats_both_ways_and_silence() {
    let mut world = World::open();
    let client = world.connect(10, 9_000);
    world.at(client).login(0, b'0', None, None);
    world.run(10);
    world.at(client).messages();
    let before = world.at(client).heard.bytes.len();
    world.run(4_900);
    assert_eq!(world.at(client).heard.bytes.len(), before);
    world.run(200);
    assert_eq!(world.at(client).heard.bytes[before..], ftd::HEARTBEAT, "after five seconds");
    world.at(client).send(&ftd::HEARTBEAT);
    world.run(14_900);
    assert_eq!(world.at(client).heard.closed, None);
    world.run(200);
    assert_eq!(world.at(client).heard.closed, Some(CloseReason::PeerFinished), "after three intervals of silence");
    assert_eq!(world.primary.records().closed_for_silence, 1);
}

#[test]
fn deadlines_lead_through_a_quiet_day() {
    let server = SocketAddrV4::new(common::wire::NAMES, 7_001);
    let mut world = World::with(|settings| settings.name_servers = vec![server]);
    let follower = follow(&mut world, FROM_THE_START);
    let client = world.connect(10, 9_000);
    world.at(client).login(0, b'0', None, None);
    world.run_by_deadlines(Instant::from_millis(9_000));
    world.primary.set_feed_lag(FeedLag { frames: 1, bytes: 9 });
    world.at(client).order(0, 1, b'0', 1, 99);
    let steps = world.run_by_deadlines(Instant::from_millis(14_000));
    assert_eq!(tids(world.at(client)), [tid::USER_LOGIN, tid::ORDER_INSERT]);
    assert!(steps < 200, "{steps} steps for five seconds");
    assert!(world.at(client).heard.bytes.ends_with(&ftd::HEARTBEAT));
    let heard = &world.clients[follower].heard.bytes;
    assert!(heard.len() >= world.primary.records().fed_bytes as usize + 8 * 64, "a heartbeat a second");
}

#[test]
fn a_blocked_seat_is_told_and_shut_out() {
    let mut world = World::open();
    let (blocked, other) = (world.member(10, 0), world.member(11, 1));
    world.operate(SeatBlock { user: User(0), blocked: 1, zero: Zero, text: padded(b"out") });
    world.run(20);
    let got = world.at(blocked).messages();
    let exit: ForceExitField = got[0].field().expect("ForceExit");
    assert_eq!((got.len(), got[0].tid, exit.force_exit_msg.trimmed()), (1, tid::FORCE_EXIT, &b"out"[..]));
    assert_eq!(world.at(blocked).heard.closed, Some(CloseReason::PeerFinished));
    assert_eq!(world.at(other).heard.closed, None);
    world.reconnect(blocked, 9_000);
    world.at(blocked).login(0, b'0', None, None);
    world.run(10);
    assert_eq!(codes(world.at(blocked)), [104]);
}

#[test]
fn seats_are_bound_to_addresses() {
    let network_of = |address: [u8; 4]| {
        let mut world = World::open();
        // The users of `common` may come from anywhere; here is a primary whose only user may not.
        let mut settings = PrimarySettings::new(net::HostConfig::new(common::wire::PRIMARY, 1));
        settings.unix_at_zero = START;
        world.network = net::Network::new(net::NetworkConfig::default());
        let host = net::Host::new(settings.host, world.network.attach());
        world.primary = Primary::new(settings, host);
        world.operate(common::day_open());
        world.operate(common::participant(0));
        world.operate(reference::command::UserDefine { address, ..common::user(0, 0) });
        let client = world.connect(10, 9_000);
        (world, client)
    };
    let (mut world, client) = network_of([10, 0, 0, 10]);
    assert!(world.at(client).heard.open);
    let (mut world, client) = network_of([10, 0, 0, 11]);
    assert!(!world.at(client).heard.open, "a SYN from elsewhere is dropped");
    assert_eq!(world.primary.host().session_count(), 0);
}

#[test]
fn a_later_reign_voids_what_the_dead_core_told() {
    let mut world = World::open();
    let client = world.member(10, 0);
    for local in 1..=3 {
        world.at(client).order(0, local, b'0', 1, 99);
    }
    world.run(10);
    let cut = world.primary.records().last();
    let open = EpochOpen {
        epoch: Epoch(2),
        data_center: 9,
        old_epoch: Epoch(1),
        zero: Zero,
        cut_sequence: Sequence(cut.0 - 1),
    };
    world.operate(open);
    world.at(client).order(0, 4, b'0', 1, 99);
    world.run(10);
    for _ in 0..2 {
        world.reconnect(client, 9_000);
        world.at(client).login(0, b'1', Some((2, 8)), Some(1));
        world.run(10);
        let got = world.at(client).messages();
        let void: FlowMessageCancelField = got[1].field().expect("FlowMessageCancel");
        assert_eq!((got[1].series, got[1].number), (0, 0));
        assert_eq!(void.sequence_series.get(), 2);
        assert_eq!((void.start_sequence_no.get(), void.end_sequence_no.get(), void.data_center_id.get()), (3, 8, 7));
        assert_eq!(got[2..].iter().map(|got| got.number).collect::<Vec<_>>(), [3, 4]);
    }
    world.reconnect(client, 9_000);
    world.at(client).login(0, b'1', Some((2, 8)), Some(2));
    world.run(10);
    assert_eq!(tids(world.at(client)), [tid::USER_LOGIN], "of this reign: from the end");
}

fn follow(world: &mut World, request: Request) -> usize {
    let follower = world.connect(30 + world.clients.len() as u8, 9_100);
    world.at(follower).send(&request.write());
    world.run(10);
    follower
}

const FROM_THE_START: Request = Request { epoch: Epoch(0), sequence: Sequence(0), digest: 0, trading_day: 0 };

#[test]
fn the_feed_is_the_log_byte_for_byte() {
    let mut world = World::open();
    let follower = follow(&mut world, FROM_THE_START);
    let client = world.member(10, 0);
    for local in 1..=200 {
        world.at(client).order(0, local, b'0', 1, 99);
    }
    world.run(30);
    let records = world.primary.records().clone();
    assert!(records.last() > Sequence(200));
    assert_eq!(world.at(follower).heard.bytes, records.log);
    assert_eq!((records.fed(), records.fed_bytes), (records.last(), records.log.len() as u64));

    let later =
        follow(&mut world, Request { epoch: Epoch(1), sequence: Sequence(50), digest: 1, trading_day: 20_240_930 });
    let from = records.end_of(Sequence(50)).expect("it is there") as usize;
    assert_eq!(world.at(later).heard.bytes, records.log[from..]);
    for wrong in [
        Request { trading_day: 20_240_931, ..FROM_THE_START },
        Request { epoch: Epoch(2), ..FROM_THE_START },
        Request { sequence: Sequence(records.last().0 + 1), ..FROM_THE_START },
    ] {
        let refused = follow(&mut world, wrong);
        world.run(20);
        assert_eq!(world.at(refused).heard.closed, Some(CloseReason::PeerFinished), "{wrong:?}");
        assert_eq!(world.at(refused).heard.bytes, []);
    }

    let before = world.at(follower).heard.bytes.len();
    world.run(1_100);
    let heartbeat = frame::read(&world.at(follower).heard.bytes[before..]).expect("a heartbeat").stamp;
    let last = *records.stamps.last().expect("frames");
    assert_eq!(frame::Stamp { time: last.time, ..heartbeat }, last);
    assert!(heartbeat.time > last.time);
}

#[test]
fn the_feed_may_lag_behind_what_members_are_told() {
    let mut world = World::open();
    let follower = follow(&mut world, FROM_THE_START);
    let client = world.member(10, 0);
    world.primary.set_feed_lag(FeedLag { frames: 3, bytes: 10 });
    for local in 1..=8 {
        world.at(client).order(0, local, b'0', 1, 99);
    }
    world.run(30);
    assert_eq!(world.at(client).messages().len(), 16, "members are told everything");
    let records = world.primary.records();
    let expected = records.end_of(Sequence(records.last().0 - 3)).expect("a frame") - 10;
    assert_eq!(records.fed_bytes, expected);
    assert_eq!(world.clients[follower].heard.bytes.len() as u64, expected);
    world.primary.set_feed_lag(FeedLag::default());
    world.run(5);
    assert_eq!(world.clients[follower].heard.bytes, world.primary.records().log);
}

#[test]
fn it_dies_in_the_middle_of_a_frame() {
    let mut world = World::open();
    let follower = follow(&mut world, FROM_THE_START);
    let client = world.member(10, 0);
    let start = world.primary.records().log.len() as u64;
    world.primary.die_at(FeedByte(start + 224 * 2 + 100));
    for local in 1..=5 {
        world.at(client).order(0, local, b'0', 1, 99);
    }
    world.run(30);
    let records = world.primary.records().clone();
    assert_eq!(records.death, Some(Death::FeedByte(start + 548)));
    assert_eq!(world.at(follower).heard.bytes, records.log[..(start + 548) as usize], "to the byte");
    assert_eq!(records.fed(), records.whole_before(start + 548));
    assert_eq!(records.last().0 - records.fed().0, 3, "the third order is cut, two more never reached the feed");
    let told: Vec<_> = world.at(client).messages().iter().map(|got| got.number).collect();
    assert_eq!(told.len(), 10, "and all five were told");
    assert_eq!(records.handed[&Stream::Private(Participant(0))], 5);

    // From then on it does nothing at all.
    let frames = world.primary.host().counters().egress_frames;
    world.at(client).order(0, 9, b'0', 1, 99);
    world.run(2_000);
    assert_eq!(world.primary.operate(world.now, insert(1)), Err(Stopped::Died));
    assert_eq!(world.primary.host().counters().egress_frames, frames);
    assert_eq!(world.primary.records().last(), records.last());
    assert_eq!(world.primary.next_deadline(), None);
}

#[test]
fn the_poison_kills_it() {
    let mut world = World::with(|settings| settings.exchange.poison = Some(padded(b"000000000666")));
    let follower = follow(&mut world, FROM_THE_START);
    let client = world.member(10, 0);
    world.at(client).order(0, 1, b'0', 1, 99);
    world.run(10);
    let before = world.primary.records().last();
    world.at(client).order(0, 666, b'0', 1, 99);
    world.at(client).order(0, 2, b'0', 1, 99);
    world.run(10);
    assert_eq!(world.primary.records().death, Some(Death::Poison));
    assert_eq!(world.primary.records().last(), before);
    assert_eq!(world.at(client).messages().len(), 2, "the first order's");
    assert_eq!(world.clients[follower].heard.bytes, world.primary.records().log);
}

#[test]
fn its_fronts_are_published() {
    let server = SocketAddrV4::new(common::wire::NAMES, 7_001);
    let mut world = World::with(|settings| settings.name_servers = vec![server]);
    world.run(1_500);
    assert_eq!(world.primary.published().collect::<Vec<_>>(), [Published::Pending], "nobody is there");
    let names = world.name_server(7_001);
    let mut got = Vec::new();
    while got.is_empty() {
        world.run(10);
        assert!(world.now < Instant::from_millis(5_000), "it tries every second");
        got = world.at(names).messages();
    }
    assert_eq!(got[0].tid, tid::FRONTS);
    let front: FrontField = got[0].field().expect("a front");
    assert_eq!(front.front_address.trimmed(), b"10.0.0.1:9000");
    assert_eq!((front.front_priority.get(), front.epoch.get(), front.data_center_id.get()), (1, 1, 7));
    assert_eq!(world.primary.published().collect::<Vec<_>>(), [Published::Pending]);
    let it = world.at(names);
    it.session = it.heard.peers.last().copied();
    let answer = got[0].bytes.clone();
    it.send(&answer);
    world.run(20);
    assert_eq!(world.primary.published().collect::<Vec<_>>(), [Published::Done]);
}

#[test]
fn who_does_not_read_keeps_nobody_waiting() {
    let mut world = World::open();
    let (deaf, client) = (world.member(10, 0), world.member(11, 1));
    world.at(deaf).heard.deaf = true;
    for local in 1..=400 {
        world.at(client).order(1, 2 * local, b'1', 1, 100);
        world.at(deaf).order(0, local, b'0', 1, 100);
        world.run(1);
    }
    world.run(50);
    let got = world.at(client).messages();
    assert!(got.len() > 400, "{}", got.len());
    world.at(deaf).heard.deaf = false;
    let session = world.at(deaf).session.expect("connected");
    world.at(deaf).host.offer_again(session);
    world.run(2_000);
    let private: Vec<_> =
        world.at(deaf).messages().iter().filter(|got| got.series == 2).map(|got| got.number).collect();
    let end = world.primary.streams().end(Stream::Private(Participant(0)));
    assert_eq!(private, (1..=end).collect::<Vec<_>>(), "nothing is lost to it");
}

#[test]
fn a_shadow_compares_a_whole_day_and_goes_on_after_a_takeover() {
    let commands = common::flow::day(3, 1_500);
    let settings = Settings { later_prefixes: vec![(Epoch(2), b'B')], ..Settings::default() };
    let mut other = common::Day::unopened(settings.clone());
    let mut shadow = Shadow::new(settings);
    let mut frames = 0;
    for (index, bytes) in commands.iter().enumerate() {
        if index == 700 {
            let cut_sequence = Sequence(other.sequence);
            let open = EpochOpen { epoch: Epoch(2), data_center: 9, old_epoch: Epoch(1), zero: Zero, cut_sequence };
            other.epoch = 2;
            let log = other.own(open).frame_parts.concat();
            shadow.follow_log(&log, |compared| assert!(compared.equal())).expect("it follows");
        }
        let log = other.execute(bytes).expect("alive").frame_parts.concat();
        shadow
            .follow_log(&log, |compared| {
                assert!(compared.equal(), "{compared:?}");
                frames += 1;
            })
            .expect("it follows");
    }
    assert_eq!(frames, commands.len());
    assert_eq!(shadow.exchange().state().sequence, Sequence(other.sequence));

    // A shadow sees a fault in the frame where it strikes.
    let mut wrong = common::Day::unopened(Settings::default());
    wrong.exchange.faults.plant(Fault::PartialFill, Sequence(200));
    let mut shadow = Shadow::new(Settings::default());
    let mut seen = None;
    for bytes in &commands {
        let log = wrong.execute(bytes).expect("alive").frame_parts.concat();
        shadow
            .follow_log(&log, |compared| {
                if !compared.equal() {
                    seen = seen.or(Some(compared.sequence));
                }
            })
            .expect("it follows");
    }
    assert!(seen.is_some());
    assert_eq!(seen, wrong.exchange.faults.took_effect(Fault::PartialFill));
}

#[test]
fn the_same_day_twice_gives_the_same_log_and_streams() {
    let day = || {
        let mut world = World::open();
        let (one, two) = (world.member(10, 0), world.member(11, 1));
        for local in 1..=50 {
            world.at(one).order(0, local, b'0' + (local % 2) as u8, 1 + local as i32 % 3, 98 + i64::from(local % 5));
            world.at(two).order(1, local, b'1' - (local % 2) as u8, 1 + local as i32 % 4, 97 + i64::from(local % 7));
            world.run(2);
        }
        world.run(20);
        let heard = world.at(one).heard.bytes.clone();
        (world.primary.records().log.clone(), heard, world.now)
    };
    let (first, second) = (day(), day());
    assert_eq!(first, second);
    assert!(first.2 > Instant::ZERO);
}
