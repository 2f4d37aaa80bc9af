//! Random days with everything that a day may have.

#![allow(dead_code)] // each test takes what it needs

pub mod lots;
pub mod told;

use settlement::account::Submission;
use settlement::batch::ShardInput;
use settlement::delivery::{BondIndex, Declared, Deliverable, Delivery, DeliveryDay};
use settlement::market::{
    Account, AccountIndex, Instrument, InstrumentIndex, Kind, Market, Member, MemberIndex, Product, ProductIndex,
    Settings,
};
use settlement::row::{Effect, Leg, RowKey, Side};
use settlement::rules::closing::{Close, Matching};
use settlement::rules::delivery::ConversionFactor;
use settlement::rules::fee::{Basis, FeeKind, FeeRule, FeeTable, Relief, TierOf, Waiver};
use settlement::rules::margin::{Right, SellerTerms};
use settlement::rules::option::Instructed;
use settlement::{Money, Price, Rate, Rounding};
use std::collections::BTreeMap;

/// xorshift64*: the same numbers everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % below
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

/// A day: its market, what it began with, its trades, what holders said.
pub struct Day {
    pub market: Market,
    pub carried: BTreeMap<RowKey, (u32, u32)>,
    pub legs: Vec<Leg>,
    pub instructed: BTreeMap<RowKey, Instructed>,
    pub submissions: Vec<Submission>,
    pub netting: BTreeMap<RowKey, u32>,
    pub declared: Vec<Declared>,
    pub moved: Vec<(RowKey, i32, i32)>,
}

const MEMBERS: u16 = 5;
const ACCOUNTS: u32 = 24;
/// Accounts that hold nothing, and may have submissions or deliveries all the same.
const IDLE: u32 = 4;
const POINT: i64 = 10_000;

impl Day {
    /// A random day whose positions are balanced: every long lot has a short one.
    pub fn random(seed: u64, trades: usize) -> Day {
        let random = &mut Random::new(seed);
        let market = market(random);
        let mut day = Day {
            market,
            carried: BTreeMap::new(),
            legs: vec![],
            instructed: BTreeMap::new(),
            submissions: vec![],
            netting: BTreeMap::new(),
            declared: vec![],
            moved: vec![],
        };
        let mut held: BTreeMap<RowKey, [[u32; 2]; 2]> = BTreeMap::new();
        for _ in 0..ACCOUNTS {
            let instrument = InstrumentIndex(random.below(day.market.instruments.len() as u64) as u16);
            let lots = 1 + random.below(40) as u32;
            for side in 0..2 {
                let key = key(random, instrument);
                let carried = day.carried.entry(key).or_default();
                if side == 0 {
                    carried.0 += lots
                } else {
                    carried.1 += lots
                }
                held.entry(key).or_default()[side][0] += lots;
            }
        }
        for _ in 0..trades {
            let instrument = InstrumentIndex(random.below(day.market.instruments.len() as u64) as u16);
            let definition = day.market.instruments[usize::from(instrument.0)];
            let price = Price((definition.settlement.0 + (random.below(41) as i64 - 20) * 2_000).max(2_000));
            let mut lots = 1 + random.below(9) as u32;
            let mut sides = vec![];
            for (side, own) in [(Side::Buy, 0usize), (Side::Sell, 1)] {
                let row = key(random, instrument);
                let [yesterday, today] = held.get(&row).map_or([0, 0], |sides| sides[1 - own]);
                let (effect, most) = match random.below(5) {
                    0 if today > 0 => (Effect::Close(Close::Today), today),
                    1 if yesterday > 0 => (Effect::Close(Close::Yesterday), yesterday),
                    2 | 3 if yesterday + today > 0 => (Effect::Close(Close::Any), yesterday + today),
                    _ => (Effect::Open, u32::MAX),
                };
                lots = lots.min(most);
                sides.push((side, own, row, effect));
            }
            if sides[0].2 == sides[1].2 {
                continue; // one row on both sides: what it closes depends on the order of sides
            }
            for (side, own, row, effect) in sides {
                let rows = held.entry(row).or_default();
                match effect {
                    Effect::Open => rows[own][1] += lots,
                    Effect::Close(close) => {
                        let [yesterday, today] = &mut rows[1 - own];
                        let from_today = match (close, day.market.settings.matching) {
                            (Close::Today, _) => lots,
                            (Close::Yesterday, _) => 0,
                            (Close::Any, Matching::TodayFirst) => lots.min(*today),
                            (Close::Any, Matching::OldestFirst) => lots - lots.min(*yesterday),
                        };
                        *today -= from_today;
                        *yesterday -= lots - from_today;
                    }
                }
                day.legs.push(Leg { row, side, effect, price, lots });
            }
        }
        for (key, rows) in &held {
            if rows[0][0] + rows[0][1] > 0 && random.one_in(3) {
                let said = Instructed {
                    exercise: random.below(3) as u32,
                    abandon: random.below(3) as u32,
                    least_gain: Price(random.below(3) as i64 * 100_000),
                };
                day.instructed.insert(*key, said);
            }
        }
        day.beside_trades(random, &held);
        day
    }

    /// Submissions, netting, transfers, declarations, deliveries under way.
    fn beside_trades(&mut self, random: &mut Random, held: &BTreeMap<RowKey, [[u32; 2]; 2]>) {
        for _ in 0..12 {
            self.submissions.push(Submission {
                account: AccountIndex(random.below((ACCOUNTS + IDLE).into()) as u32),
                product: ProductIndex(random.below(4) as u16),
                hedge: if random.one_in(4) { b'3' } else { b'1' },
                count: 1 + random.below(12) as u32,
            });
        }
        for (key, [long, short]) in held {
            let [long, short] = [long, short].map(|lots| lots[0] + lots[1]);
            let instrument = &self.market.instruments[usize::from(key.instrument.0)];
            let is_bond = instrument.kind == Kind::BondFuture;
            if random.one_in(4) {
                self.netting.insert(*key, random.below(4) as u32);
            } else if random.one_in(5)
                && !self.market.accounts[key.account.0 as usize].nets
                && !(is_bond && instrument.expires)
            {
                let to = RowKey { account: AccountIndex((key.account.0 + 1) % (ACCOUNTS + IDLE)), ..*key };
                let [long, short] = [long, short].map(|lots| random.below(u64::from(lots.min(6)) + 1) as i32);
                self.moved.extend([(*key, -long, -short), (to, long, short)]);
            }
            if is_bond && random.one_in(3) {
                let side = if random.one_in(2) { Side::Buy } else { Side::Sell };
                let bond = random.one_in(2).then(|| bond_of(random, key.instrument));
                self.declared.push(Declared { row: *key, side, lots: random.below(9) as u32, bond });
            }
        }
        for place in 0..random.below(6) {
            let instrument = InstrumentIndex(if place % 2 == 0 { 2 } else { 6 });
            let [seller, buyer] = [(); 2].map(|()| RowKey {
                account: AccountIndex(random.below((ACCOUNTS + IDLE).into()) as u32),
                instrument,
                hedge: b'1',
            });
            let bond = (!random.one_in(4)).then(|| bond_of(random, instrument));
            let day = [DeliveryDay::Entered, DeliveryDay::Bonds, DeliveryDay::Payment, DeliveryDay::Receipt];
            self.market.delivering.push(Delivery {
                instrument,
                seller,
                buyer,
                lots: 1 + random.below(30) as u32,
                price: Price(1_000_000 + random.below(9_999) as i64 * 50),
                bond,
                day: day[random.below(4) as usize],
                interest: 0,
                invoice: Money::ZERO,
            });
        }
    }

    /// The same day by shards: each row where its member is.
    pub fn shards(&self, count: u16) -> Vec<ShardInput> {
        let mut shards = vec![ShardInput::default(); usize::from(count)];
        let place = |key: &RowKey| usize::from(self.market.accounts[key.account.0 as usize].member.0 % count);
        for (key, &(long, short)) in &self.carried {
            shards[place(key)].carried.push((*key, long, short));
        }
        for leg in &self.legs {
            shards[place(&leg.row)].legs.push(*leg);
        }
        for (key, said) in &self.instructed {
            shards[place(key)].instructed.push((*key, *said));
        }
        for submission in &self.submissions {
            let member = self.market.accounts[submission.account.0 as usize].member.0;
            shards[usize::from(member % count)].submissions.push(*submission);
        }
        for (key, lots) in &self.netting {
            shards[place(key)].netting.push((*key, *lots));
        }
        for declared in &self.declared {
            shards[place(&declared.row)].declared.push(*declared);
        }
        for moved in &self.moved {
            shards[place(&moved.0)].moved.push(*moved);
        }
        shards
    }
}

fn bond_of(random: &mut Random, instrument: InstrumentIndex) -> BondIndex {
    BondIndex(random.below(2) as u16 + if instrument.0 == 2 { 0 } else { 2 })
}

fn key(random: &mut Random, instrument: InstrumentIndex) -> RowKey {
    let account = AccountIndex(random.below(ACCOUNTS.into()) as u32);
    RowKey { account, instrument, hedge: if random.one_in(4) { b'3' } else { b'1' } }
}

fn market(random: &mut Random) -> Market {
    let seller = SellerTerms { factor: Rate(12_000_000), safety: Rate(50_000_000) };
    let product = |group, large_side| Product { group, large_side, seller };
    let products = vec![product(0, true), product(0, true), product(1, random.one_in(2)), product(2, false)];
    let mut instruments = vec![];
    for place in 0..10u16 {
        let product = ProductIndex(place % 4);
        let points = (3_000 + random.below(2_000)) as i64;
        let strike = Price((points - 150 + 50 * random.below(7) as i64) * POINT);
        let right = if place % 8 == 3 { Right::Call } else { Right::Put };
        let is_option = product.0 == 3;
        let worth = |random: &mut Random| {
            if is_option {
                Price((1 + random.below(200)) as i64 * 2_000)
            } else {
                Price(points * POINT + random.below(500) as i64 * 2_000)
            }
        };
        instruments.push(Instrument {
            product,
            kind: match product.0 {
                3 => Kind::Option { right, strike },
                2 => Kind::BondFuture,
                _ => Kind::CashFuture,
            },
            multiplier: [300, 200, 10_000, 100][usize::from(product.0)],
            margin_long: Rate(12_000_000 + random.below(3) as i64),
            margin_short: Rate(12_000_000),
            previous_settlement: worth(random),
            expires: random.one_in(3),
            settlement: worth(random),
            underlying: Price(points * POINT + random.below(100) as i64 * 7),
        });
    }
    let money = |random: &mut Random, yuan: u64| Money((random.below(yuan) * 10_000) as i64);
    let random_is_rich = random.one_in(2);
    let member = |random: &mut Random, clearing| Member {
        clearing: MemberIndex(clearing),
        previous_reserve: money(random, if random_is_rich { 9_000_000_000 } else { 50_000_000 }),
        previous_margin: money(random, 20_000_000),
        deposited: money(random, 1_000_000),
        withdrawn: money(random, 1_000_000),
        minimum_reserve: money(random, 2_000_000),
        collateral: money(random, 400_000_000),
        haircut: Rate(20_000_000 + random.below(3) as i64),
        previous_collateral: money(random, 9_000_000),
    };
    // The last is cleared by the first.
    let members = (0..MEMBERS).map(|place| member(random, if place == MEMBERS - 1 { 0 } else { place })).collect();
    let accounts = (0..ACCOUNTS + IDLE).map(|place| Account {
        member: MemberIndex((place % u32::from(MEMBERS)) as u16),
        client: place / 2,
        own: place < 3,
        nets: place % 7 == 0,
    });
    let rule = |product, kind, basis| FeeRule { product, kind, basis };
    let mut rules = vec![
        rule(0, FeeKind::Transaction, Basis::OfWorth(Rate(2_300))),
        rule(0, FeeKind::CloseToday, Basis::OfWorth(Rate(23_000))),
        rule(1, FeeKind::Transaction, Basis::OfWorth(Rate(2_301))),
        rule(2, FeeKind::Transaction, Basis::Each(Money(30_000))),
        rule(3, FeeKind::Transaction, Basis::Each(Money(150_000))),
        rule(3, FeeKind::Exercise, Basis::Each(Money(20_000))),
    ];
    rules.push(rule(0, FeeKind::Delivery, Basis::OfWorth(Rate(10_000))));
    rules.push(rule(2, FeeKind::Delivery, Basis::Each(Money(50_000))));
    rules.push(rule(2, FeeKind::Settlement, Basis::Each(Money(777))));
    rules.push(rule(0, FeeKind::Submission, Basis::Each(Money(10_000))));
    rules.push(rule(1, FeeKind::Submission, Basis::Each(Money(9_999))));
    rules.push(rule(1, FeeKind::Transfer, Basis::OfWorth(Rate(101))));
    rules.push(rule(3, FeeKind::Transfer, Basis::Each(Money(5_000))));
    let waiver = Waiver {
        product: Some(2),
        kind: Some(FeeKind::CloseToday),
        participant: None,
        client: None,
        from: 0,
        until: None,
        beyond: 0,
        relief: Relief::Free,
    };
    let for_one =
        Waiver { participant: Some(1), relief: Relief::Off(Rate(33_333_333)), product: None, kind: None, ..waiver };
    let tier = |product, kind, beyond, relief| Waiver {
        product: Some(product),
        kind: Some(kind),
        participant: None,
        beyond,
        relief,
        ..waiver
    };
    let tiers = [
        tier(1, FeeKind::Transaction, 15, Relief::Off(Rate(50_000_000))),
        tier(3, FeeKind::Transaction, 5, Relief::Instead(Basis::Each(Money(99_999)))),
        tier(0, FeeKind::Submission, 10, Relief::Free),
        tier(1, FeeKind::Submission, 7, Relief::Off(Rate(33_333_333))),
    ];
    let bond = |instrument, factor, coupon| Deliverable {
        instrument: InstrumentIndex(instrument),
        factor: ConversionFactor(factor),
        coupon: Rate(coupon),
        frequency: 2,
        last_coupon: 20_240_315,
        next_coupon: 20_240_915,
    };
    Market {
        deliverables: vec![
            bond(2, 9_876, 2_350_000),
            bond(2, 10_213, 3_270_000),
            bond(6, 10_001, 3_010_000),
            bond(6, 9_911, 2_840_000),
        ],
        delivering: vec![],
        closes: vec![],
        day: 20_240_603,
        products,
        instruments,
        members,
        accounts: accounts.collect(),
        fees: FeeTable::new(rules, [&[waiver, for_one][..], &tiers].concat(), Rounding::HalfUp).expect("each once"),
        settings: Settings {
            matching: if random.one_in(2) { Matching::OldestFirst } else { Matching::TodayFirst },
            margin: [Rounding::HalfUp, Rounding::Up, Rounding::Down][random.below(3) as usize],
            invoice: [Rounding::HalfUp, Rounding::Up, Rounding::Down][random.below(3) as usize],
            tiers: if random.one_in(2) { TierOf::Client } else { TierOf::Code },
            combination: Rate(if random.one_in(2) { 0 } else { 33_333_333 }),
            collateral_multiple: Rate(random.below(5) as i64 * 100_000_000),
        },
    }
}
