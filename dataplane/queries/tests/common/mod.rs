//! A core that answers queries, on the dataplane's network in memory.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

#[path = "../../../tests/front_support/mod.rs"]
pub mod front_support;

use engine::command::*;
use engine::types::*;
use front_support::{Received, Setup, World, machine};
use ftd::{Chain, ChainReader, Field, Tid, tid};
use journal::Machine;
use queries::{QueryStage, Settings};

pub const FUTURE: &[u8] = b"IM2406";
pub const OPTION: &[u8] = b"IO2406-C-3000";
/// Money that participant 0 may use, 1/10,000 yuan.
pub const CREDIT: i64 = 90_000_000_000_000;

fn padded<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut padded = [b' '; N];
    padded[..text.len()].copy_from_slice(text);
    padded
}

/// A future with margin and an option with premium; a market maker; positions and money to begin with.
pub fn business(machine: &mut Machine) {
    let product = |index: u16, kind: u8, id: &[u8]| ProductDefine {
        index: ProductIndex(index),
        kind,
        flags: 0,
        functions: Function::BITS,
        enquiry_interval: 60,
        enquiry_spread: 0,
        open_limit: 0,
        quote_spread: 0,
        quote_volume: 0,
        reserved: 0,
        id: padded(id),
        group: padded(id),
    };
    let instrument = |index: u16, product: u16, option_type: u8, flags: u8, id: &[u8]| InstrumentDefine {
        index: InstrumentIndex(index),
        price_rule: PriceRule::Resting as u8,
        tie_break: TieBreak::Pressure as u8,
        phase: Phase::Continuous as u8,
        right: b'0',
        product: ProductIndex(product),
        tick: 2_000,
        multiplier: 200,
        lower_limit: 10_000,
        upper_limit: 20_000,
        previous_settlement: 15_000,
        minimum_volume: 1,
        maximum_volume: 1_000,
        maximum_market_volume: 500,
        open_limit: 0,
        position_limit: 0,
        limit_with: InstrumentIndex(index),
        option_type,
        flags,
        last_trading_day: 0,
        previous_open_interest: 40,
        strike: RawPrice(if option_type == b'0' { 0 } else { 30_000_000 }),
        margin_long: 1_200_000_000,
        margin_short: 1_300_000_000,
        id: padded(id),
    };
    let position = |account: u32, hedge: u8, long: [u32; 2], short: [u32; 2]| PositionSet {
        account: AccountIndex(account),
        instrument: InstrumentIndex(2),
        hedge,
        reserved: 0,
        long_yesterday: long[0],
        long_today: long[1],
        short_yesterday: short[0],
        short_today: short[1],
    };
    let mut commands = vec![
        CommandBuffer::own(&product(1, b'2', b"IO")),
        CommandBuffer::own(&instrument(2, 0, b'0', 0, FUTURE)),
        CommandBuffer::own(&instrument(3, 1, b'1', INSTRUMENT_EXERCISE | INSTRUMENT_PREMIUM, OPTION)),
        CommandBuffer::own(&position(0, b'1', [20, 3], [10, 2])),
        CommandBuffer::own(&position(0, b'3', [5, 0], [0, 0])),
        CommandBuffer::own(&position(1, b'1', [10, 0], [25, 3])),
        CommandBuffer::own(&CreditSet { participant: ParticipantIndex(0), kind: 1, reserved: [0; 5], amount: CREDIT }),
        CommandBuffer::own(&ExecWindowSet { product: ProductIndex(1), open: 1, reserved: 0, step: 0 }),
    ];
    for product in 0..2 {
        let (account, product) = (AccountIndex(0), ProductIndex(product));
        commands.push(CommandBuffer::own(&MarketMakerSet { account, product, on: 1, reserved: 0 }));
    }
    for command in &commands {
        let time = Nanoseconds(front_support::START.nanos());
        let executed = machine.execute(&command.command(), time).expect("recorded");
        assert_eq!(executed.rejected, None, "{:?}", command.command().body);
    }
}

/// A world whose core answers queries.
pub fn world(setup: Setup) -> World {
    let mut machine = machine(&setup);
    business(&mut machine);
    let mut world = World::following(setup, machine.reader().clone());
    stand_beside(&mut world);
    world.core.start(machine, false);
    world.run(3);
    world
}

/// Gives a world's core who answers queries.
pub fn stand_beside(world: &mut World) {
    let (inquirers, answerer) = dataplane::queries::join(0, world.setup.map.fronts());
    let inquirers = std::sync::Arc::new(std::sync::Mutex::new(inquirers));
    world.core.fronts(move |front| {
        let mut inquirers = inquirers.lock().unwrap();
        front.set_inquirer(inquirers.remove(0));
    });
    let stage = QueryStage::new(world.reader.clone(), answerer, Settings::default());
    world.core.stand_beside(Box::new(stage));
}

/// Asks, and hears the whole answer: its parts, or the Error.
#[track_caller]
pub fn ask<F: Field>(world: &mut World, client: usize, tid: Tid, field: &F) -> Vec<Received> {
    let number = world.clients[client].next_request;
    let bytes = world.clients[client].request(tid, field);
    world.clients[client].send(&bytes);
    hear(world, client, number)
}

/// Hears the whole answer to a request.
#[track_caller]
pub fn hear(world: &mut World, client: usize, number: u32) -> Vec<Received> {
    let of = |world: &World| -> Vec<Received> {
        let heard = world.heard(client).messages.iter();
        heard.filter(|message| message.series == 0 && message.number == number).cloned().collect()
    };
    world.until("the answer is whole", |world| {
        let last = of(world).last().map(|message| message.message().chain());
        matches!(last, Some(Chain::Single | Chain::Last))
    });
    let parts = of(world);
    let mut chain = ChainReader::new();
    for (index, part) in parts.iter().enumerate() {
        let at = chain.accept(&part.message()).expect("a chain in order");
        assert_eq!((at.index as usize, at.last), (index, index + 1 == parts.len()));
        assert!(part.bytes.len() <= 4 + 4_096);
    }
    parts
}

/// The fields of a kind in an answer.
pub fn fields<F: Field>(answer: &[Received]) -> Vec<F> {
    let of = |part: &Received| -> Vec<F> {
        let fields = part.message().fields().filter(|(fid, _)| *fid == F::FID);
        fields.map(|(_, items)| *F::ref_from_bytes(items).unwrap()).collect()
    };
    answer.iter().flat_map(of).collect()
}

/// The code of an answer that is an Error.
#[track_caller]
pub fn error_of(answer: &[Received]) -> u16 {
    assert_eq!((answer.len(), answer[0].tid), (1, tid::ERROR), "{answer:?}");
    answer[0].error_code()
}
