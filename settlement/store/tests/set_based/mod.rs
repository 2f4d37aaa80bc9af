//! The same rules as set-based SQL, as somebody who knows PostgreSQL well would write them: what a user would otherwise have.
//!
//! Terms, carried positions and trades' sides stand in unlogged tables, positions with their key, all analysed, before the clock starts; every
//! step ends in an unlogged table that is analysed where the next one joins it. Money is `bigint` where a product fits, `numeric` where it may
//! not. Assignment, and which lots close today's, are window functions. Rules of the generated day: fees by worth and by lot, close-today by
//! first in first out, premium, daily profit, margins with the large side, sellers' margins, netting, cash delivery, exercise with assignment
//! by largest remainder, clearing members' funds. (No waivers, tiers, collateral, submissions, deliveries of bonds: the day has none.)

#![allow(dead_code)] // each bench and test takes what it needs

use postgres::Client;
use settlement::account::Figures;
use settlement::batch::{Settled, ShardInput};
use settlement::market::{Kind, Market};
use settlement::row::{Effect, Side};
use settlement::rules::fee::{Basis, FeeKind, FeeRule};
use settlement::rules::margin::Right;
use std::io::Write;

/// Settings of a server that has the machine to itself; nothing of it is kept, so nothing waits for the disk.
pub const SETTINGS: [(&str, &str); 14] = [
    ("shared_buffers", "2GB"),
    ("work_mem", "1GB"),
    ("hash_mem_multiplier", "2"),
    ("maintenance_work_mem", "1GB"),
    ("effective_cache_size", "8GB"),
    ("max_parallel_workers_per_gather", "2"),
    ("max_parallel_workers", "4"),
    ("random_page_cost", "1.1"),
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("autovacuum", "off"),
];

const TABLES: &str = "
CREATE UNLOGGED TABLE products (product int PRIMARY KEY, margin_group int, large_side boolean, factor bigint, safety bigint);
CREATE UNLOGGED TABLE instruments (instrument int PRIMARY KEY, product int, kind text, strike bigint, multiplier bigint,
  margin_long bigint, margin_short bigint, previous bigint, settlement bigint, underlying bigint, expires boolean);
CREATE UNLOGGED TABLE members (member int PRIMARY KEY, clearing int, previous_reserve bigint, previous_margin bigint,
  deposited bigint, withdrawn bigint, minimum_reserve bigint);
CREATE UNLOGGED TABLE accounts (account int PRIMARY KEY, member int, own boolean, nets boolean);
CREATE UNLOGGED TABLE fees (product int, kind text, each bigint, rate bigint, PRIMARY KEY (product, kind));
CREATE UNLOGGED TABLE carried (account int, instrument int, hedge int, long bigint, short bigint);
CREATE UNLOGGED TABLE legs (number bigint, account int, instrument int, hedge int, buys boolean, closes boolean, price bigint, lots bigint);
";

/// After the data: keys, statistics.
const READY: &str = "
ALTER TABLE carried ADD PRIMARY KEY (account, instrument, hedge);
ANALYZE;
";

/// The day's end, step by step.
const STEPS: [(&str, &str); 6] = [
    (
        "trades",
        "
CREATE UNLOGGED TABLE traded AS
WITH terms AS MATERIALIZED (
  SELECT i.instrument, i.multiplier, i.kind IN ('call', 'put') AS is_option, t.each, t.rate,
         coalesce(c.each, t.each) AS each_today, CASE WHEN c.product IS NULL THEN t.rate ELSE c.rate END AS rate_today
  FROM instruments i LEFT JOIN fees t ON t.product = i.product AND t.kind = 'transaction'
                     LEFT JOIN fees c ON c.product = i.product AND c.kind = 'close-today'),
closing AS (
  SELECT l.*, sum(l.lots) OVER (PARTITION BY l.account, l.instrument, l.hedge, l.buys ORDER BY l.number
                                ROWS UNBOUNDED PRECEDING)::bigint AS closed_until
  FROM legs l WHERE l.closes),
sides AS (
  SELECT account, instrument, hedge, buys, false AS closes, price, lots, 0::bigint AS of_today FROM legs WHERE NOT closes
  UNION ALL
  SELECT l.account, l.instrument, l.hedge, l.buys, true, l.price, l.lots,
         greatest(0, l.closed_until - coalesce(CASE WHEN l.buys THEN c.short ELSE c.long END, 0))
         - greatest(0, l.closed_until - l.lots - coalesce(CASE WHEN l.buys THEN c.short ELSE c.long END, 0))
  FROM closing l LEFT JOIN carried c USING (account, instrument, hedge))
SELECT s.account, s.instrument, s.hedge,
       coalesce(sum(s.lots) FILTER (WHERE s.buys), 0)::bigint AS bought,
       coalesce(sum(s.lots) FILTER (WHERE NOT s.buys), 0)::bigint AS sold,
       coalesce(sum(s.price * s.lots) FILTER (WHERE s.buys), 0) AS bought_amount,
       coalesce(sum(s.price * s.lots) FILTER (WHERE NOT s.buys), 0) AS sold_amount,
       coalesce(sum(s.lots) FILTER (WHERE s.closes AND NOT s.buys), 0)::bigint AS closed_long,
       coalesce(sum(s.lots) FILTER (WHERE s.closes AND s.buys), 0)::bigint AS closed_short,
       coalesce(sum(CASE WHEN t.is_option THEN CASE WHEN s.buys THEN -s.price ELSE s.price END * t.multiplier * s.lots END), 0) AS premium,
       sum(coalesce(t.each * (s.lots - s.of_today), 0)
           + coalesce((s.price * t.multiplier * (s.lots - s.of_today) * t.rate + 50000000) / 100000000, 0)
           + coalesce(t.each_today * s.of_today, 0)
           + coalesce((s.price * t.multiplier * s.of_today * t.rate_today + 50000000) / 100000000, 0)) AS fee
FROM sides s JOIN terms t USING (instrument)
GROUP BY s.account, s.instrument, s.hedge;
ANALYZE traded;",
    ),
    (
        "positions",
        "
CREATE UNLOGGED TABLE held AS
SELECT p.*, p.held_long - p.netted AS long, p.held_short - p.netted AS short
FROM (
  SELECT q.*, CASE WHEN a.nets THEN least(q.held_long, q.held_short) ELSE 0 END AS netted
  FROM (
    SELECT account, instrument, hedge, coalesce(c.long, 0) AS previous_long, coalesce(c.short, 0) AS previous_short,
           coalesce(t.bought, 0) AS bought, coalesce(t.sold, 0) AS sold,
           coalesce(t.bought_amount, 0) AS bought_amount, coalesce(t.sold_amount, 0) AS sold_amount,
           coalesce(t.premium, 0) AS premium, coalesce(t.fee, 0) AS fee,
           coalesce(c.long, 0) + coalesce(t.bought, 0) - coalesce(t.closed_short, 0) - coalesce(t.closed_long, 0) AS held_long,
           coalesce(c.short, 0) + coalesce(t.sold, 0) - coalesce(t.closed_long, 0) - coalesce(t.closed_short, 0) AS held_short
    FROM carried c FULL JOIN traded t USING (account, instrument, hedge)) q
  JOIN accounts a USING (account)) p;
ANALYZE held;",
    ),
    (
        "exercise",
        "
CREATE UNLOGGED TABLE ended AS
WITH ending AS (
  SELECT h.account, h.instrument, h.hedge, h.short,
         CASE WHEN CASE i.kind WHEN 'call' THEN i.underlying - i.strike ELSE i.strike - i.underlying END > 0 THEN h.long ELSE 0 END AS exercised
  FROM held h JOIN instruments i USING (instrument) WHERE i.expires AND i.kind IN ('call', 'put')),
shares AS (
  SELECT e.*, sum(exercised) OVER w AS every, greatest(sum(short) OVER w, 1) AS shorts FROM ending e WINDOW w AS (PARTITION BY instrument)),
whole AS (
  SELECT s.*, div(short * every, shorts) AS part, mod(short * every, shorts) AS rest FROM shares s),
ranked AS (
  SELECT w.*, row_number() OVER (PARTITION BY instrument ORDER BY rest DESC, account, hedge) AS place,
         every - sum(part) OVER (PARTITION BY instrument) AS left_over FROM whole w)
SELECT account, instrument, hedge, exercised, (part + CASE WHEN place <= left_over THEN 1 ELSE 0 END)::bigint AS assigned FROM ranked;
ANALYZE ended;",
    ),
    (
        "rows",
        "
CREATE UNLOGGED TABLE rows AS
WITH terms AS MATERIALIZED (
  SELECT i.*, p.margin_group, p.large_side, i.kind IN ('call', 'put') AS is_option,
         CASE i.kind WHEN 'call' THEN greatest(i.underlying - i.strike, 0) ELSE greatest(i.strike - i.underlying, 0) END AS gain,
         CASE WHEN i.kind IN ('call', 'put') THEN
           i.settlement::numeric * 10000000000000000 + greatest(
             i.underlying::numeric * p.factor * 100000000
               - CASE i.kind WHEN 'call' THEN greatest(i.strike - i.underlying, 0) ELSE greatest(i.underlying - i.strike, 0) END::numeric
                 * 10000000000000000,
             CASE i.kind WHEN 'call' THEN i.underlying ELSE i.strike END::numeric * p.factor * p.safety) END AS seller,
         e.each AS exercise_fee, d.each AS delivery_each, d.rate AS delivery_rate
  FROM instruments i JOIN products p USING (product)
  LEFT JOIN fees e ON e.product = i.product AND e.kind = 'exercise' LEFT JOIN fees d ON d.product = i.product AND d.kind = 'delivery')
SELECT r.account, r.instrument, r.hedge, t.margin_group, t.large_side AND NOT t.is_option AS large_side,
       CASE WHEN t.is_option THEN coalesce(t.gain * t.multiplier * (e.exercised - e.assigned), 0)
            ELSE (r.sold_amount - r.bought_amount + t.settlement * (r.bought - r.sold)
                  + (t.settlement - t.previous) * (r.previous_long - r.previous_short)) * t.multiplier END AS profit,
       r.premium, r.fee AS fee_transaction,
       CASE WHEN NOT t.expires THEN 0 WHEN t.is_option THEN coalesce(t.exercise_fee, 0) * (e.exercised + e.assigned)
            ELSE coalesce(t.delivery_each * (r.long + r.short), 0)
                 + coalesce((t.settlement * t.multiplier * (r.long + r.short) * t.delivery_rate + 50000000) / 100000000, 0) END AS fee_delivery,
       CASE WHEN t.expires OR t.is_option THEN 0
            ELSE div(t.settlement::numeric * t.multiplier * t.margin_long * r.long + 50000000, 100000000) END AS margin_long,
       CASE WHEN t.expires THEN 0
            WHEN t.is_option THEN div(t.seller * t.multiplier * r.short + 5000000000000000, 10000000000000000)
            ELSE div(t.settlement::numeric * t.multiplier * t.margin_short * r.short + 50000000, 100000000) END AS margin_short,
       CASE WHEN t.expires THEN 0 ELSE r.long END AS long, CASE WHEN t.expires THEN 0 ELSE r.short END AS short
FROM held r JOIN terms t USING (instrument) LEFT JOIN ended e USING (account, instrument, hedge);
ANALYZE rows;",
    ),
    (
        "codes",
        "
CREATE UNLOGGED TABLE codes AS
SELECT account, sum(profit) AS profit, sum(premium) AS premium, sum(margin) AS margin, sum(fee_transaction) AS fee_transaction,
       sum(fee_delivery) AS fee_delivery
FROM (
  SELECT account, sum(profit) AS profit, sum(premium) AS premium, sum(fee_transaction) AS fee_transaction, sum(fee_delivery) AS fee_delivery,
         CASE WHEN large_side THEN greatest(sum(margin_long), sum(margin_short)) ELSE sum(margin_long + margin_short) END AS margin
  FROM rows GROUP BY account, large_side, CASE WHEN large_side THEN margin_group END) by_group
GROUP BY account;
ALTER TABLE codes ADD PRIMARY KEY (account);
ANALYZE codes;",
    ),
    (
        "funds",
        "
CREATE UNLOGGED TABLE funds AS
SELECT m.member, s.*, m.previous_reserve + m.previous_margin + s.profit + s.premium + m.deposited
                      - s.margin - m.withdrawn - s.fee_transaction - s.fee_delivery AS reserve
FROM members m JOIN (
  SELECT o.clearing, sum(c.profit) AS profit, sum(c.premium) AS premium, sum(c.margin) AS margin,
         sum(c.fee_transaction) AS fee_transaction, sum(c.fee_delivery) AS fee_delivery
  FROM codes c JOIN accounts a USING (account) JOIN members o USING (member) GROUP BY o.clearing) s ON s.clearing = m.member;",
    ),
];

/// Puts a day into tables.
pub fn load(client: &mut Client, market: &Market, fees: &[FeeRule], shards: &[ShardInput]) {
    client.batch_execute(TABLES).expect("tables are made");
    let mut copy = |table: &str, lines: &mut dyn Iterator<Item = String>| {
        let mut copy = client.copy_in(&format!("COPY {table} FROM STDIN")).expect("it takes rows");
        let mut text = String::new();
        for line in lines {
            text += &line;
            text.push('\n');
            if text.len() > 1 << 16 {
                copy.write_all(text.as_bytes()).expect("it takes rows");
                text.clear();
            }
        }
        copy.write_all(text.as_bytes()).expect("it takes rows");
        copy.finish().expect("it took them");
    };
    let numbered = |place: usize, rest: String| format!("{place}\t{rest}");
    copy(
        "products",
        &mut market.products.iter().enumerate().map(|(place, product)| {
            let (factor, safety) = (product.seller.factor.0, product.seller.safety.0);
            numbered(place, format!("{}\t{}\t{factor}\t{safety}", product.group, product.large_side))
        }),
    );
    copy(
        "instruments",
        &mut market.instruments.iter().enumerate().map(|(place, one)| {
            let (kind, strike) = match one.kind {
                Kind::CashFuture => ("cash-future", 0),
                Kind::BondFuture => ("bond-future", 0),
                Kind::Option { right: Right::Call, strike } => ("call", strike.0),
                Kind::Option { right: Right::Put, strike } => ("put", strike.0),
            };
            let rates = format!("{}\t{}", one.margin_long.0, one.margin_short.0);
            let prices = format!("{}\t{}\t{}", one.previous_settlement.0, one.settlement.0, one.underlying.0);
            let product = one.product.0;
            numbered(
                place,
                format!("{product}\t{kind}\t{strike}\t{}\t{rates}\t{prices}\t{}", one.multiplier, one.expires),
            )
        }),
    );
    copy(
        "members",
        &mut market.members.iter().enumerate().map(|(place, one)| {
            let before = format!("{}\t{}\t{}", one.clearing.0, one.previous_reserve.0, one.previous_margin.0);
            numbered(place, format!("{before}\t{}\t{}\t{}", one.deposited.0, one.withdrawn.0, one.minimum_reserve.0))
        }),
    );
    copy(
        "accounts",
        &mut market
            .accounts
            .iter()
            .enumerate()
            .map(|(place, one)| numbered(place, format!("{}\t{}\t{}", one.member.0, one.own, one.nets))),
    );
    copy(
        "fees",
        &mut fees.iter().map(|rule| {
            let kind = match rule.kind {
                FeeKind::Transaction => "transaction",
                FeeKind::CloseToday => "close-today",
                FeeKind::Exercise => "exercise",
                FeeKind::Delivery => "delivery",
                other => panic!("{other:?} is not of this day"),
            };
            let (each, rate) = match rule.basis {
                Basis::Each(money) => (money.0.to_string(), "\\N".into()),
                Basis::OfWorth(rate) => ("\\N".into(), rate.0.to_string()),
            };
            format!("{}\t{kind}\t{each}\t{rate}", rule.product)
        }),
    );
    let carried = shards.iter().flat_map(|shard| &shard.carried);
    copy(
        "carried",
        &mut carried.map(|(key, long, short)| {
            format!("{}\t{}\t{}\t{long}\t{short}", key.account.0, key.instrument.0, key.hedge)
        }),
    );
    let legs = shards.iter().flat_map(|shard| &shard.legs).enumerate();
    copy(
        "legs",
        &mut legs.map(|(number, leg)| {
            let (row, buys, closes) = (leg.row, leg.side == Side::Buy, leg.effect != Effect::Open);
            let row = format!("{}\t{}\t{}", row.account.0, row.instrument.0, row.hedge);
            format!("{number}\t{row}\t{buys}\t{closes}\t{}\t{}", leg.price.0, leg.lots)
        }),
    );
    client.batch_execute(READY).expect("keys and statistics");
}

/// Settles it; says each step and how long it took, in seconds.
pub fn settle(client: &mut Client) -> Vec<(&'static str, f64)> {
    let each = STEPS.iter().map(|(name, step)| {
        let began = std::time::Instant::now();
        client.batch_execute(step).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        (*name, began.elapsed().as_secs_f64())
    });
    each.collect()
}

/// Every trading code's and every clearing member's figures are those of the batch; and every row's, if asked. How many figures were equal.
pub fn compare(client: &mut Client, settled: &Settled, also_rows: bool) -> usize {
    let mut equal = 0;
    let codes = "SELECT account::bigint, profit::bigint, premium::bigint, margin::bigint, fee_transaction::bigint, fee_delivery::bigint \
                 FROM codes ORDER BY account";
    let rows = client.query(codes, &[]).expect("it answers");
    assert_eq!(rows.len(), settled.accounts.len(), "codes");
    for (row, (account, figures)) in rows.iter().zip(&settled.accounts) {
        let found: Vec<i64> = (0..6).map(|column| row.get(column)).collect();
        let mut ours = vec![i64::from(account.0)];
        ours.extend(of(figures));
        assert_eq!(found, ours, "account {}", account.0);
        equal += 5;
    }
    let funds = "SELECT member::bigint, profit::bigint, premium::bigint, margin::bigint, fee_transaction::bigint, fee_delivery::bigint, \
                 reserve::bigint FROM funds ORDER BY member";
    for row in client.query(funds, &[]).expect("it answers") {
        let found: Vec<i64> = (0..7).map(|column| row.get(column)).collect();
        let funds = settled.funds[found[0] as usize].expect("it clears");
        let mut ours = vec![found[0]];
        ours.extend(of(&funds.figures));
        ours.push(funds.reserve.0);
        assert_eq!(found, ours, "clearing member {}", found[0]);
        equal += 6;
    }
    if also_rows {
        let question = "SELECT account::bigint, instrument::bigint, hedge::bigint, profit::bigint, margin_long::bigint, margin_short::bigint, \
                        long::bigint, short::bigint FROM rows ORDER BY account, instrument, hedge";
        let rows = client.query(question, &[]).expect("it answers");
        assert_eq!(rows.len(), settled.rows.len(), "rows");
        for (row, ours) in rows.iter().zip(&settled.rows) {
            let found: Vec<i64> = (0..8).map(|column| row.get(column)).collect();
            let (key, figures) = (ours.key, ours.figures);
            let key = [i64::from(key.account.0), key.instrument.0.into(), key.hedge.into()];
            let lots = [i64::from(figures.long), figures.short.into()];
            let money = [figures.profit.0, figures.margin_long.0, figures.margin_short.0];
            assert_eq!(found, [&key[..], &money, &lots].concat());
            equal += 5;
        }
    }
    equal
}

fn of(figures: &Figures) -> [i64; 5] {
    let Figures { profit, premium, margin, fees, .. } = figures;
    [profit.0, premium.0, margin.0, fees.transaction.0, fees.delivery.0]
}
