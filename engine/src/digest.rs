//! The digest: a sum of terms that tells in eight bytes whether two systems hold the same state. Defined in `journal/FRAMES.md`:
//!
//! ```text
//! mix(a, b)            the 128-bit product of (a xor 9E3779B97F4A7C15h) and (b xor D1B54A32D192ED03h), low half xor high half
//! term(kind, w1 … wn)  h = mix(kind, n); then for each two words h = mix(h xor a, b); of an odd number the last b is 0
//! ```
//!
//! The sum wraps and does not depend on the order. What an event changes gives up its old term and gets a new one there and then; position
//! rows, which one frame may change often, when the frame is sealed. So a frame costs what it touched. [`State::recompute_digests`] makes both sums anew from what is there: that the two
//! ways agree is asserted by tests and may be asked of a running core at any time.

use crate::exercise::ExecOrder;
use crate::money::Purse;
use crate::orders::Order;
use crate::position::{Holding, Row};
use crate::quotes::Quote;
use crate::state::{Account, Digests, Instrument, Participant, Product, State, User};
use crate::types::{AccountIndex, Direction, InstrumentIndex, OrderKey, Right};

const LEFT: u64 = 0x9E37_79B9_7F4A_7C15;
const RIGHT: u64 = 0xD1B5_4A32_D192_ED03;

/// The mixing step.
#[inline]
pub(crate) const fn mix(a: u64, b: u64) -> u64 {
    let product = (a ^ LEFT) as u128 * (b ^ RIGHT) as u128;
    product as u64 ^ (product >> 64) as u64
}

/// The term of one thing. Where it starts is known when compiling.
#[inline]
fn term<const KIND: u64, const N: usize>(words: [u64; N]) -> u64 {
    let (pairs, odd) = words.as_chunks::<2>();
    let hash = pairs.iter().fold(const { mix(KIND, N as u64) }, |hash, &[a, b]| mix(hash ^ a, b));
    odd.first().map_or(hash, |&last| mix(hash ^ last, 0))
}

/// Two numbers in one word.
#[inline]
fn pair(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

/// A number with its sign, as two's complement of 64 bits.
#[inline]
fn signed(number: i32) -> u64 {
    i64::from(number) as u64
}

#[inline]
pub(crate) fn order_term(order: &Order, row: &Row) -> u64 {
    order_term_of(order, row.whose())
}

/// The same of an order whose row's name is known: see `position::whose`.
#[inline]
pub(crate) fn order_term_of(order: &Order, whose: u64) -> u64 {
    // Account, instrument and hedge flag.
    let (account, hedge) = (whose & u64::from(u32::MAX), whose >> 48);
    term::<1, 6>([
        order.key.0,
        account
            | u64::from(order.instrument.0) << 32
            | (order.direction() as u64) << 48
            | (order.offset_code() as u64) << 56,
        signed(order.price.0),
        pair(order.remaining, order.yesterday),
        hedge | u64::from(order.user.0) << 32,
        u64::from(order.traded),
    ])
}

/// The term of a position row; none if all its numbers are zero.
#[inline]
pub(crate) fn row_term(row: &Row) -> u64 {
    let numbers = [
        pair(row.yesterday[0], row.today[0]),
        pair(row.frozen_yesterday[0], row.frozen_today[0]),
        pair(row.yesterday[1], row.today[1]),
        pair(row.frozen_yesterday[1], row.frozen_today[1]),
        pair(row.pending(Direction::Buy), row.pending(Direction::Sell)),
    ];
    if numbers.iter().fold(0, |all, number| all | number) == 0 {
        return 0;
    }
    term::<2, 6>([row.whose(), numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]])
}

/// What has a term of its own.
pub(crate) trait Counted {
    /// Its term.
    fn term(&self) -> u64;
}

impl Counted for Instrument {
    #[inline]
    fn term(&self) -> u64 {
        term::<3, 9>([
            u64::from(self.definition.index.0)
                | (self.phase as u64) << 32
                | (self.right as u64) << 40
                | u64::from(self.last.is_some()) << 48
                | u64::from(self.touched) << 49,
            signed(self.last.map_or(0, |last| last.0)),
            signed(self.open.0),
            signed(self.high.0),
            signed(self.low.0),
            self.volume,
            self.turnover.0 as u64,
            (self.turnover.0 >> 64) as u64,
            self.open_interest,
        ])
    }
}

impl Counted for Participant {
    #[inline]
    fn term(&self) -> u64 {
        let head = u64::from(self.definition.index.0) | (self.right as u64) << 32;
        term::<4, 2>([head, u64::from(self.private_count.0)])
    }
}

impl Counted for User {
    fn term(&self) -> u64 {
        term::<5, 1>([u64::from(self.definition.index.0) | (self.right as u64) << 32 | u64::from(self.blocked) << 40])
    }
}

impl Counted for Account {
    fn term(&self) -> u64 {
        term::<6, 1>([u64::from(self.definition.index.0) | (self.right as u64) << 32])
    }
}

/// The term of the right of an account in an instrument; none if it is full.
pub(crate) fn pair_right_term(account: AccountIndex, instrument: InstrumentIndex, right: Right) -> u64 {
    if right == Right::Full {
        return 0;
    }
    term::<7, 1>([u64::from(account.0) | u64::from(instrument.0) << 32 | (right as u64) << 48])
}

impl Counted for Product {
    fn term(&self) -> u64 {
        let head = pair(u32::from(self.definition.index.0), self.functions);
        term::<11, 2>([head, u64::from(self.window_open)])
    }
}

impl Counted for Purse {
    /// Two terms in one sum: what is used, and what may be used.
    fn term(&self) -> u64 {
        let index = u64::from(self.participant.0);
        let halves = |money: i128| [money as u64, (money >> 64) as u64];
        let ([used, used_high], [cleared, cleared_high]) = (halves(self.used), halves(self.cleared));
        let unused = self.used == 0 && self.cleared == 0;
        let unlimited = self.funds == -1 && self.credit == -1;
        let used = if unused { 0 } else { term::<9, 5>([index, used, used_high, cleared, cleared_high]) };
        let limits = if unlimited { 0 } else { term::<10, 3>([index, self.funds as u64, self.credit as u64]) };
        used.wrapping_add(limits)
    }
}

/// The term of what a client number opened in an instrument; none if that is 0.
#[inline]
pub(crate) fn opened_term(holding: &Holding) -> u64 {
    if holding.opened() == 0 {
        return 0;
    }
    term::<12, 2>([u64::from(holding.client().0) | u64::from(holding.instrument().0) << 32, holding.opened()])
}

/// The term of an enquiry; `name` is client + instrument x 2^32.
pub(crate) fn enquiry_term(name: u64, time: u64) -> u64 {
    term::<13, 2>([name, time])
}

pub(crate) fn quote_term(quote: &Quote) -> u64 {
    let holder = u64::from(quote.account.0) | u64::from(quote.instrument.0) << 32;
    term::<14, 4>([quote.key.0, holder, quote.orders[0].0, quote.orders[1].0])
}

pub(crate) fn exec_term(order: &ExecOrder) -> u64 {
    let whose = u64::from(order.account.0)
        | u64::from(order.instrument.0) << 32
        | u64::from(order.hedge) << 48
        | u64::from(order.action) << 56;
    term::<15, 3>([order.key.0, whose, pair(order.volume, order.yesterday)])
}

/// The term of a market maker; `name` is account + product x 2^32. None if it is none any more.
pub(crate) fn market_maker_term(name: u64, on: bool) -> u64 {
    if on { term::<17, 1>([name]) } else { 0 }
}

/// The term of a client's limits, long and short; `name` is client + instrument x 2^32 + class x 2^48.
pub(crate) fn client_limit_term(name: u64, limits: [u32; 2]) -> u64 {
    term::<18, 2>([name, pair(limits[0], limits[1])])
}

/// The term of a participant's limit; `name` is participant + instrument x 2^32.
pub(crate) fn member_limit_term(name: u64, volume: u32) -> u64 {
    term::<19, 2>([name, u64::from(volume)])
}

#[inline]
pub(crate) fn day_term(trading_day: u32, broadcast_count: u32) -> u64 {
    term::<8, 2>([u64::from(trading_day), u64::from(broadcast_count)])
}

/// The term of a local-id mark.
#[inline]
pub(crate) fn mark_term(id_set: u64, local_id: [u64; 3], key: OrderKey) -> u64 {
    term::<16, 5>([id_set, local_id[0], local_id[1], local_id[2], key.0])
}

fn sum(terms: impl Iterator<Item = u64>) -> u64 {
    terms.fold(0, u64::wrapping_add)
}

/// Digests of a state by instrument and aggregate: all > instrument > aggregate. Two trees show where two states differ first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Of everything: what stands in a frame.
    pub all: Digests,
    /// Of the day, participants, users, accounts, rights, money, limits, quotes and all else that is no instrument, position row or order.
    pub base: u64,
    /// In the order of indices.
    pub instruments: Vec<InstrumentNode>,
}

/// An instrument of a [`Tree`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentNode {
    /// Which.
    pub instrument: InstrumentIndex,
    /// Of the instrument, its position rows and its orders together.
    pub digest: u64,
    /// Of the instrument alone.
    pub own: u64,
    /// In the order of (account, hedge flag).
    pub aggregates: Vec<AggregateNode>,
}

/// An aggregate (account, instrument, hedge flag) of a [`Tree`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregateNode {
    /// Whose.
    pub account: AccountIndex,
    /// FTDHedgeFlag.
    pub hedge: u8,
    /// Of its position row and its orders together.
    pub digest: u64,
}

/// Where two trees differ first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeDifference {
    /// Nothing but the local-id marks differs.
    LocalIds,
    /// The day, a participant, user, account, right, or what else [`Tree::base`] counts.
    Base,
    /// The instrument itself: phase, right, prices, volumes.
    Instrument(InstrumentIndex),
    /// A position or an order of that account in that instrument.
    Aggregate {
        /// In what.
        instrument: InstrumentIndex,
        /// Whose.
        account: AccountIndex,
        /// FTDHedgeFlag.
        hedge: u8,
    },
}

impl Tree {
    /// Where this tree differs first from another; None: nowhere.
    #[must_use]
    pub fn first_difference(&self, other: &Tree) -> Option<TreeDifference> {
        if self.base != other.base {
            return Some(TreeDifference::Base);
        }
        let by_index = |node: &InstrumentNode| node.instrument;
        if let Some((ours, theirs)) = first_unequal(&self.instruments, &other.instruments, by_index) {
            let instrument = ours.or(theirs).expect("one of two is there").instrument;
            let own = |node: Option<&InstrumentNode>| node.map(|node| node.own);
            if own(ours) != own(theirs) {
                return Some(TreeDifference::Instrument(instrument));
            }
            let aggregates = |node: Option<&InstrumentNode>| node.map_or(vec![], |node| node.aggregates.clone());
            let (ours, theirs) = (aggregates(ours), aggregates(theirs));
            return match first_unequal(&ours, &theirs, |node| (node.account, node.hedge)) {
                Some((ours, theirs)) => {
                    let node = ours.or(theirs).expect("one of two is there");
                    Some(TreeDifference::Aggregate { instrument, account: node.account, hedge: node.hedge })
                }
                None => Some(TreeDifference::Instrument(instrument)),
            };
        }
        (self.all != other.all).then_some(TreeDifference::LocalIds)
    }
}

/// The first of two sorted lists' items that the other does not have equally.
fn first_unequal<'a, T: PartialEq, K: Ord>(
    ours: &'a [T],
    theirs: &'a [T],
    key: impl Fn(&T) -> K,
) -> Option<(Option<&'a T>, Option<&'a T>)> {
    let at = (0..ours.len().max(theirs.len())).find(|&at| ours.get(at) != theirs.get(at))?;
    Some(match (ours.get(at), theirs.get(at)) {
        (Some(left), Some(right)) if key(left) < key(right) => (Some(left), None),
        (Some(left), Some(right)) if key(left) > key(right) => (None, Some(right)),
        both => both,
    })
}

impl State {
    /// Both digests, made anew from everything that is there. Costs a walk over all tables.
    ///
    /// # Panics
    /// If what the state keeps twice, so that an order reads it in one place, is not the same in both.
    #[must_use]
    pub fn recompute_digests(&self) -> Digests {
        self.assert_kept_twice();
        let orders = sum(self.orders.iter().map(|order| order_term(order, self.rows.get(order.row))));
        let rows = sum(self.rows.iter().map(row_term));
        let instruments = sum(self.instruments().map(Counted::term));
        let marks = sum(self.local_ids.iter().map(|mark| mark.term()));
        let state = [orders, rows, instruments, self.base_digest()];
        Digests { state: sum(state.into_iter()), local_ids: marks }
    }

    /// Rights and switches beside what they are made of.
    fn assert_kept_twice(&self) {
        for user in self.users() {
            let of = self.participant(user.definition.participant).expect("users are of defined participants");
            assert!(user.worst_right == user.right.max(of.right), "a user's worst right follows both");
        }
        for instrument in self.instruments() {
            let (product, own) = (self.product_of(instrument), instrument.definition.open_limit);
            assert!(instrument.offers == product.offers(), "an instrument offers what its product does");
            assert!(instrument.open_limited == (own | product.definition.open_limit != 0), "limits of opened lots");
        }
    }

    /// The digest of what is no instrument, position row or order.
    fn base_digest(&self) -> u64 {
        let day = self.day().map_or(0, |day| day_term(day.trading_day, self.broadcast_count().0));
        let participants = sum(self.participants().map(Counted::term));
        let users = sum(self.users().map(Counted::term));
        let accounts = sum(self.accounts().map(Counted::term));
        let rights =
            sum(self.pair_rights.iter().map(|right| pair_right_term(right.account, right.instrument, right.right)));
        let products = sum(self.products().map(Counted::term));
        let purses = sum(self.purses.iter().map(Counted::term));
        let opened = sum(self.rows.holdings().map(opened_term));
        let enquiries = sum(self.enquiries.iter().map(|(name, time)| enquiry_term(name, time.0)));
        let quotes = sum(self.quotes.iter().map(quote_term));
        let execs = sum(self.execs.iter().map(exec_term));
        let makers = sum(self.market_makers.iter().map(|(name, &on)| market_maker_term(name, on)));
        let clients = sum(self.client_limits.iter().map(|(name, &limits)| client_limit_term(name, limits)));
        let members = sum(self.rows.member_limits().map(|(name, limit)| member_limit_term(name, limit.volume)));
        let base = [day, participants, users, accounts, rights, products, purses, makers, clients, members];
        sum(base.into_iter().chain([opened, enquiries, quotes, execs]))
    }

    /// The digest of an instrument with its position rows and orders; 0 if there is none. Costs a walk over all tables.
    #[must_use]
    pub fn instrument_digest(&self, index: InstrumentIndex) -> u64 {
        let of_it = self.orders.iter().filter(|order| order.instrument == index);
        let orders = sum(of_it.map(|order| order_term(order, self.rows.get(order.row))));
        let rows = sum(self.rows.iter().filter(|row| row.instrument() == index).map(row_term));
        let own = self.instrument(index).map_or(0, Counted::term);
        sum([orders, rows, own].into_iter())
    }

    /// Digests by instrument and aggregate. Costs a walk over all tables.
    #[must_use]
    pub fn tree(&self) -> Tree {
        let mut nodes: Vec<(InstrumentIndex, AccountIndex, u8, u64)> =
            self.rows.iter().map(|row| (row.instrument(), row.account(), row.hedge(), row_term(row))).collect();
        nodes.extend(self.orders.iter().map(|order| {
            let row = self.rows.get(order.row);
            (row.instrument(), row.account(), row.hedge(), order_term(order, row))
        }));
        nodes.sort_unstable();
        let mut rest = nodes.as_slice();
        let instruments = self.instruments().map(|instrument| {
            let (index, own) = (instrument.definition.index, instrument.term());
            let split = rest.partition_point(|node| node.0 <= index);
            let (mine, others) = rest.split_at(split);
            rest = others;
            let mut aggregates: Vec<AggregateNode> = vec![];
            for group in mine.chunk_by(|a, b| (a.1, a.2) == (b.1, b.2)) {
                let digest = sum(group.iter().map(|node| node.3));
                // A row of zeros has no term: whether it is there is not part of the state.
                if digest != 0 {
                    aggregates.push(AggregateNode { account: group[0].1, hedge: group[0].2, digest });
                }
            }
            let below = sum(aggregates.iter().map(|node| node.digest));
            InstrumentNode { instrument: index, digest: own.wrapping_add(below), own, aggregates }
        });
        let instruments = instruments.collect();
        Tree { all: self.digests(), base: self.base_digest(), instruments }
    }
}

#[cfg(test)]
mod tests {
    use super::{mix, term};

    /// Reckoned by hand (arbitrary-precision arithmetic) from the definition in `journal/FRAMES.md`.
    #[test]
    fn mixing_gives_the_numbers_of_the_definition() {
        assert_eq!(mix(0, 0), MIX_0_0);
        assert_eq!(mix(1, 2), MIX_1_2);
        assert_eq!(term::<8, 2>([20_240_930, 7]), TERM_DAY);
    }

    const MIX_0_0: u64 = 0xD6CB_8892_A926_A943;
    const MIX_1_2: u64 = 0xC8B7_F534_790F_4C6E;
    const TERM_DAY: u64 = 0x7503_7474_A0C7_A92A;
}
