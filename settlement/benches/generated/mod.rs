//! A market day from a seed: codes in pairs that hold the same instruments on both sides and trade with one another, so that positions stay
//! balanced. Whoever times something over a whole market takes it from here.

#![allow(dead_code)] // each bench and test takes what it needs

use settlement::batch::ShardInput;
use settlement::market::{
    Account, AccountIndex, Instrument, InstrumentIndex, Kind, Market, Member, MemberIndex, Product, ProductIndex,
    Settings,
};
use settlement::row::{Effect, Leg, RowKey, Side};
use settlement::rules::closing::Close;
use settlement::rules::fee::{Basis, FeeKind, FeeRule, FeeTable};
use settlement::rules::margin::{Right, SellerTerms};
use settlement::{Money, Price, Rate, Rounding};

/// Clearing and trading members.
pub const MEMBERS: u16 = 300;
/// Trading codes of the whole market.
pub const CODES: u32 = 1_000_000;
/// Positions each of them begins with.
pub const ROWS_OF_A_CODE: u32 = 5;
/// Trades of the whole day.
pub const TRADES: u64 = 20_000_000;
/// Instruments.
pub const INSTRUMENTS: u16 = 828;
/// Shards: many for each core, so that none waits long for the last, and so small that a shard's legs stay in a cache.
pub const SHARDS: u16 = 150;
/// Lots of each position as the day begins.
const CARRIED: u32 = 10;

/// The rules of its fees.
pub fn fee_rules() -> Vec<FeeRule> {
    let mut rules = Vec::new();
    for product in 0..11 {
        let basis = if product < 4 { Basis::OfWorth(Rate(2_300)) } else { Basis::Each(Money(30_000)) };
        rules.push(FeeRule { product, kind: FeeKind::Transaction, basis });
        rules.push(FeeRule { product, kind: FeeKind::Exercise, basis: Basis::Each(Money(20_000)) });
    }
    rules.push(FeeRule { product: 0, kind: FeeKind::CloseToday, basis: Basis::OfWorth(Rate(23_000)) });
    rules
}

/// Its terms and prices.
pub fn market(codes: u32) -> Market {
    let seller = SellerTerms { factor: Rate(12_000_000), safety: Rate(50_000_000) };
    let products = (0..11).map(|place| Product { group: place / 4, large_side: place < 8, seller }).collect();
    let instruments = (0..INSTRUMENTS).map(|place| {
        let points = 3_000 + i64::from(place % 40) * 50;
        let option = Kind::Option {
            right: if place % 2 == 0 { Right::Call } else { Right::Put },
            strike: Price(points * 10_000),
        };
        let (product, kind, multiplier) = match place {
            0..16 => (place % 4, Kind::CashFuture, 300),
            16..28 => (4 + place % 4, Kind::BondFuture, 10_000),
            _ => (8 + place % 3, option, 100),
        };
        let worth = |points: i64| Price(if place < 28 { points * 10_000 } else { (points % 100 + 1) * 2_000 });
        Instrument {
            product: ProductIndex(product),
            kind,
            multiplier,
            margin_long: Rate(12_000_000),
            margin_short: Rate(12_000_000),
            previous_settlement: worth(points),
            expires: matches!(place % 40, 3 | 6),
            settlement: worth(points + 17),
            underlying: Price(40_005_000),
        }
    });
    let members = (0..MEMBERS).map(|place| Member {
        clearing: MemberIndex(if place % 3 == 2 { place - 2 } else { place }),
        previous_reserve: Money(10_000_000_000_000),
        previous_margin: Money(5_000_000_000_000),
        deposited: Money::ZERO,
        withdrawn: Money::ZERO,
        minimum_reserve: Money(20_000_000_000),
        ..Member::default()
    });
    let accounts = (0..codes).map(|place| Account {
        member: MemberIndex((place / 2 % u32::from(MEMBERS)) as u16),
        client: place / 3,
        own: place < u32::from(MEMBERS),
        nets: place % 1_000 == 0,
    });
    Market {
        day: 20_240_603,
        products,
        instruments: instruments.collect(),
        members: members.collect(),
        accounts: accounts.collect(),
        fees: FeeTable::new(fee_rules(), Vec::new(), Rounding::HalfUp).expect("each once"),
        settings: Settings::default(),
        ..Market::default()
    }
}

/// Codes come in pairs that hold the same instruments on both sides and trade with one another: positions stay balanced.
pub fn shards(market: &Market, codes: u32, trades: u64) -> Vec<ShardInput> {
    let mut shards = vec![ShardInput::default(); usize::from(SHARDS)];
    let place = |account: u32| usize::from(market.accounts[account as usize].member.0 % SHARDS);
    let row = |account: u32, which: u32| {
        // A fifth of all positions are futures', as is most of the trading.
        let mixed = (account / 2).wrapping_mul(2_654_435_761).wrapping_add(which * 977);
        let instrument = if which == 0 { mixed % 28 } else { mixed % u32::from(INSTRUMENTS) };
        RowKey {
            account: AccountIndex(account),
            instrument: InstrumentIndex(instrument as u16),
            hedge: b'1' + which as u8,
        }
    };
    for account in 0..codes {
        let (long, short) = if account % 2 == 0 { (CARRIED, 0) } else { (0, CARRIED) };
        shards[place(account)].carried.extend((0..ROWS_OF_A_CODE).map(|which| (row(account, which), long, short)));
    }
    let mut random = 0x9E37_79B9_7F4A_7C15u64;
    let mut left = vec![CARRIED; codes as usize / 2];
    for _ in 0..trades {
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        let drawn = random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16;
        let pair = (drawn % u64::from(codes / 2)) as u32;
        let which = if drawn >> 20 & 3 == 0 { (drawn >> 24) as u32 % ROWS_OF_A_CODE } else { 0 };
        let price = Price(
            market.instruments[usize::from(row(2 * pair, which).instrument.0)].settlement.0
                + (drawn >> 30 & 31) as i64 * 200,
        );
        // Row 0 of a pair may close one lot at a time, what it brought first, then what it opened; else both sides open.
        let closes = which == 0 && drawn >> 36 & 1 == 1 && left[pair as usize] > 0;
        if which == 0 {
            left[pair as usize] = if closes { left[pair as usize] - 1 } else { left[pair as usize] + 1 };
        }
        let effect = if closes { Effect::Close(Close::Any) } else { Effect::Open };
        for (account, opens, shuts) in [(2 * pair, Side::Buy, Side::Sell), (2 * pair + 1, Side::Sell, Side::Buy)] {
            let side = if closes { shuts } else { opens };
            shards[place(account)].legs.push(Leg { row: row(account, which), side, effect, price, lots: 1 });
        }
    }
    shards
}

/// Seconds that the process's threads were on cores, user and kernel, by hundredths; 0 where the kernel does not say.
pub fn core_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Fields behind the name in brackets, which may have blanks: utime and stime are the twelfth and thirteenth.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
