//! The standard's recovery of market data (JR/T 0016 §5.3.3): ask for prices and levels, then go on with the broadcast stream behind the numbers
//! that the answers belong to. What comes of it is what a member has who heard every message from the day's first on.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod common;

use common::front_support::*;
use common::{FUTURE, OPTION, ask, world};
use engine::command::{MarketDataTick, PhaseSet};
use engine::types::{InstrumentIndex, ProductIndex};
use ftd::field::{ReqQryMarketMatchDataField, ReqQryMarketOrderDataField};
use ftd::tid;
use member_api::{MarketFeed, NotTaken};

/// A generator of numbers that every run gives again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn trade(world: &mut World, random: &mut Random, members: &[usize], operations: usize) {
    for _ in 0..operations {
        let client = &mut world.clients[members[random.below(members.len() as u64) as usize]];
        let side = if random.below(2) == 0 { b'0' } else { b'1' };
        let mut order = client.order_field(side, 14_993 + random.below(15) as i64, 1 + random.below(5) as i32);
        order.instrument_id.set([INSTRUMENT, b"IF2409", FUTURE, OPTION][random.below(4) as usize]).unwrap();
        let bytes = client.request(tid::ORDER_INSERT, &order);
        client.send(&bytes);
        world.run(1);
        match random.below(60) {
            0..4 => world.command(&MarketDataTick { reserved: 0 }),
            4 => {
                let instrument = InstrumentIndex(random.below(4) as u16);
                for phase in [b'3', b'0'] {
                    let (product, text) = (ProductIndex::ALL, [b' '; 80]);
                    world.command(&PhaseSet {
                        instrument,
                        phase,
                        reason: b'2',
                        step: 0,
                        product,
                        last_day: 0,
                        reserved: [0; 5],
                        text,
                    });
                }
            }
            _ => {}
        }
    }
    world.run(5);
}

/// Feeds everything that a member heard and that is not yet in it.
fn go_on(feed: &mut MarketFeed, world: &World, member: usize) {
    for message in world.heard(member).messages.iter().filter(|message| message.series == 1) {
        feed.part(&message.message()).unwrap();
    }
}

fn assert_same(recovered: &MarketFeed, whole: &MarketFeed) {
    assert_eq!(recovered.last(), whole.last());
    for (id, expected) in whole.instruments() {
        let found = recovered.instrument(&id).unwrap();
        assert_eq!(found.market, expected.market, "{id:?}");
        for side in *b"01" {
            assert_eq!(found.levels(side), expected.levels(side), "{id:?} {side}");
        }
    }
}

#[test]
fn who_asks_and_goes_on_behind_the_answers_numbers_has_what_the_others_have() {
    let mut world = world(Setup { participants: 4, ..Setup::default() });
    let members: Vec<usize> = (0..3).map(|participant| world.join(participant)).collect();
    let mut random = Random(11);
    let mut whole = MarketFeed::new();
    let (mut apart, mut levels) = (0, 0);
    for round in 0..12 {
        trade(&mut world, &mut random, &members, 60);
        let mut recovered = MarketFeed::new();
        assert_eq!(recovered.recovered(), Err(NotTaken::Malformed), "nothing was answered yet");
        let before = whole.last();
        for message in ask(&mut world, members[2], tid::QRY_MARKET_MATCH_DATA, &ReqQryMarketMatchDataField::BLANK) {
            recovered.recover(&message.message()).unwrap();
        }
        // The market does not wait between the two questions.
        trade(&mut world, &mut random, &members, 25);
        for message in ask(&mut world, members[2], tid::QRY_MARKET_ORDER_DATA, &ReqQryMarketOrderDataField::BLANK) {
            if message.tid != tid::ERROR {
                recovered.recover(&message.message()).unwrap();
            }
        }
        let number = recovered.recovered().unwrap();
        trade(&mut world, &mut random, &members, 25);
        world.command(&MarketDataTick { reserved: 0 });
        world.run(5);
        go_on(&mut recovered, &world, members[0]);
        go_on(&mut whole, &world, members[1]);
        assert_same(&recovered, &whole);
        assert!(round == 0 || number >= before);
        apart += u32::from(whole.last().0 > number.0 + 2);
        levels += whole.instruments().map(|(_, one)| one.levels(b'0').len()).sum::<usize>();
    }
    assert!(apart > 6 && levels > 50, "{apart} times messages came after the answers, {levels} levels compared");
}
