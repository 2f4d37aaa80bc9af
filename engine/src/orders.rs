//! Live orders: 64 bytes each, one cache line, found by key or by OrderSysId.
//!
//! What a match needs, what the digest needs and what an answer needs of an order stand together: a cancel of a cold order over
//! many books then waits for one line and not for two. What is only told (OrderSysId, OrderLocalId) stands at the order's local-id mark.
//! Place 0 is the order that is entering: it is matched there and gets a slot of its own only if it rests.
//!
//! Of each hash of a key a table holds one order, and orders of the same hash are linked behind it. So an order comes and goes without a
//! search, and nothing is moved when it goes: there are no holes to close, and no branches that nobody can foresee.

use crate::book::Book;
use crate::event::SystemId;
use crate::local_ids::LocalIds;
use crate::quotes::{QuoteTable, text_hash};
use crate::system_id::{SpelledId, key_in};
use crate::tables::{Index, region, touch_all, touch_spare};
use crate::types::{Direction, InstrumentIndex, KEY_INDEX_BITS, MatchCondition, Offset, OrderKey, Price, UserIndex};

/// A place in the order table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(pub(crate) u32);

impl Slot {
    /// No order (in links).
    pub(crate) const NONE: Slot = Slot(0);
    /// The order that is entering.
    pub(crate) const ENTERING: Slot = Slot(0);
}

/// The order is in its book.
const RESTS: u8 = 1;
/// FOK or FAK.
const IMMEDIATE: u8 = 2;
/// One of a quote's two.
const QUOTED: u8 = 8;
/// The order is in the index of texts.
const TEXT_INDEXED: u8 = 4;

/// An order.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Order {
    /// 0 = free.
    pub(crate) key: OrderKey,
    /// What of it is in the digest.
    pub(crate) term: u64,
    // Numbers that the digest packs into one word do not stand side by side: see `position.rs`.
    pub(crate) remaining: u32,
    pub(crate) previous: Slot,
    /// Of `remaining`, what is frozen of yesterday's position.
    pub(crate) yesterday: u32,
    /// Also links the free ones.
    pub(crate) next: Slot,
    pub(crate) price: Price,
    /// Its position row.
    pub(crate) row: u32,
    pub(crate) traded: u32,
    pub(crate) last_price: Price,
    /// Its local-id mark.
    pub(crate) mark: u32,
    pub(crate) instrument: InstrumentIndex,
    pub(crate) user: UserIndex,
    direction: u8,
    flags: u8,
    offset: u8,
    /// First character of an OrderSysId that spells the key; the rest of it is known.
    prefix: u8,
    /// The next resting order whose key has the same hash.
    chain: Slot,
}

const _: () = assert!(size_of::<Order>() == 64);

impl Order {
    const FREE: Order = Order {
        key: OrderKey(0),
        term: 0,
        remaining: 0,
        yesterday: 0,
        previous: Slot::NONE,
        next: Slot::NONE,
        price: Price(0),
        row: 0,
        traded: 0,
        last_price: Price(0),
        mark: 0,
        instrument: InstrumentIndex(0),
        user: UserIndex(0),
        direction: Direction::Buy as u8,
        offset: Offset::Open as u8,
        flags: 0,
        prefix: 0,
        chain: Slot::NONE,
    };

    /// An order of that kind as it is accepted; what it is about is still to be filled in.
    #[inline(always)]
    pub(crate) fn begin(key: OrderKey, direction: Direction, offset: Offset, condition: MatchCondition) -> Self {
        Order {
            key,
            direction: direction as u8,
            offset: offset as u8,
            flags: if condition.immediate() { IMMEDIATE } else { 0 },
            ..Order::FREE
        }
    }

    #[inline]
    pub(crate) fn direction(&self) -> Direction {
        if self.direction == Direction::Buy as u8 { Direction::Buy } else { Direction::Sell }
    }

    #[inline]
    pub(crate) fn offset(&self) -> Offset {
        Offset::from_code(self.offset).expect("orders are made with an offset of the list")
    }

    /// The offset as its character.
    #[inline]
    pub(crate) fn offset_code(&self) -> u8 {
        self.offset
    }

    #[inline]
    pub(crate) fn opens(&self) -> bool {
        self.offset == Offset::Open as u8
    }

    #[inline]
    pub(crate) fn rests(&self) -> bool {
        self.flags & RESTS != 0
    }

    #[inline]
    pub(crate) fn immediate(&self) -> bool {
        self.flags & IMMEDIATE != 0
    }

    /// One of a quote's two.
    #[inline]
    pub(crate) fn quoted(&self) -> bool {
        self.flags & QUOTED != 0
    }

    /// It is one of a quote's two.
    #[inline(always)]
    pub(crate) fn belong(&mut self) {
        self.flags |= QUOTED;
    }

    /// `prefix` is the first character of an OrderSysId that spells the key.
    #[inline(always)]
    pub(crate) fn be_spelled(&mut self, prefix: Option<u8>) {
        self.prefix = prefix.unwrap_or(0);
    }

    /// Of a quote's order: the first character of an OrderSysId that spells the key.
    #[inline]
    pub(crate) fn prefix(&self) -> Option<u8> {
        Some(self.prefix).filter(|&prefix| prefix != 0)
    }
}

/// Where the OrderSysIds stand that do not spell their order's key.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'a> {
    pub(crate) local_ids: &'a LocalIds,
    pub(crate) quotes: &'a QuoteTable,
}

impl Texts<'_> {
    /// An order's OrderSysId.
    pub(crate) fn sys_id(self, order: &Order) -> SystemId {
        if !order.quoted() {
            return self.local_ids.sys_id(self.local_ids.get(order.mark));
        }
        let text = self.quotes.text_of(order.key, order.direction());
        text.unwrap_or_else(|| SpelledId::of(order.prefix, order.key).bytes())
    }
}

/// All live orders.
#[derive(Clone)]
pub(crate) struct OrderTable {
    orders: Vec<Order>,
    /// Of each place: whose order stands there, or stood there last. Who looks for all orders of a few users reads 2 bytes a place and
    /// not 64.
    users: Vec<UserIndex>,
    /// How many may rest.
    limit: usize,
    free: Slot,
    live: u32,
    /// By the hash of their keys: the first resting order of each. A power of two of them, so that `hash & (heads - 1)` is one.
    heads: Vec<Slot>,
    texts: Index,
}

/// Heads an order: 16 bytes of them. At most a quarter is in use, so that hardly any order has another behind it.
const HEADS_PER_ORDER: usize = 4;
/// Places of whose users are looked at together: two cache lines.
const USERS_AT_ONCE: usize = 64;
/// Heads on one cache line.
const HEADS_PER_LINE: usize = 16;

impl OrderTable {
    /// A table for `limit` resting orders.
    pub(crate) fn new(limit: u32) -> Self {
        let limit = limit as usize;
        let mut orders = Vec::with_capacity(limit + 1);
        orders.push(Order::FREE);
        let mut users = Vec::with_capacity(limit + 1);
        users.push(UserIndex::NONE);
        OrderTable {
            orders,
            users,
            limit,
            free: Slot::NONE,
            live: 0,
            heads: vec![Slot::NONE; (limit * HEADS_PER_ORDER).next_power_of_two().max(HEADS_PER_LINE)],
            texts: Index::with_room(limit),
        }
    }

    /// Orders that rest.
    #[inline]
    pub(crate) fn live(&self) -> u32 {
        self.live
    }

    /// Whether one more may rest.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.has_room_beside(0)
    }

    /// Whether one more may rest besides so many that will; fewer than none: that will have ended.
    #[inline]
    pub(crate) fn has_room_beside(&self, others: i64) -> bool {
        i64::from(self.live) + others < self.limit as i64
    }

    #[inline]
    pub(crate) fn get(&self, slot: Slot) -> &Order {
        &self.orders[slot.0 as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: Slot) -> &mut Order {
        &mut self.orders[slot.0 as usize]
    }

    /// The order with that key, among those that rest and the one that is entering.
    #[inline]
    pub(crate) fn find(&self, key: OrderKey) -> Option<Slot> {
        if self.orders[Slot::ENTERING.0 as usize].key == key && key != OrderKey(0) {
            return Some(Slot::ENTERING);
        }
        self.find_resting(key)
    }

    /// The same, where it probably stands in a place that is known.
    #[inline]
    pub(crate) fn find_at(&self, hint: Slot, key: OrderKey) -> Option<(Slot, &Order)> {
        match self.orders.get(hint.0 as usize) {
            Some(order) if order.key == key && key != OrderKey(0) => Some((hint, order)),
            _ => self.find(key).map(|slot| (slot, self.get(slot))),
        }
    }

    /// The resting order with that key.
    #[inline]
    pub(crate) fn find_resting(&self, key: OrderKey) -> Option<Slot> {
        self.find_resting_order(key).map(|(slot, _)| slot)
    }

    /// The same, and the order itself.
    #[inline]
    pub(crate) fn find_resting_order(&self, key: OrderKey) -> Option<(Slot, &Order)> {
        let mut slot = *self.entry(key);
        while slot != Slot::NONE {
            let order = self.get(slot);
            if order.key == key {
                return Some((slot, order));
            }
            slot = order.chain;
        }
        None
    }

    /// The head that a search for a key looks at first.
    #[inline]
    pub(crate) fn entry(&self, key: OrderKey) -> &Slot {
        &self.heads[self.home(key)]
    }

    /// Where the head of a key stands.
    #[inline(always)]
    fn home(&self, key: OrderKey) -> usize {
        key_hash(key) as usize & (self.heads.len() - 1)
    }

    /// Where the resting order with that key is, most likely.
    #[inline]
    pub(crate) fn likely(&self, key: OrderKey) -> Option<Slot> {
        Some(*self.entry(key)).filter(|&slot| slot != Slot::NONE)
    }

    /// The resting order with that OrderSysId.
    #[inline(always)]
    pub(crate) fn find_text(&self, text: &SystemId, texts: Texts<'_>) -> Option<(Slot, &Order)> {
        if let Some((slot, order)) = key_in(text).and_then(|key| self.find_resting_order(key))
            && order.flags & TEXT_INDEXED == 0
            && order.prefix == text[0]
        {
            return Some((slot, order));
        }
        self.find_other_text(text, texts)
    }

    /// The same if the text spells no key of ours: another system's, or nobody's.
    #[inline(never)]
    fn find_other_text(&self, text: &SystemId, texts: Texts<'_>) -> Option<(Slot, &Order)> {
        let slot =
            self.texts.find(text_hash(text), |slot| texts.sys_id(&self.orders[slot as usize]) == *text).map(Slot);
        slot.map(|slot| (slot, self.get(slot)))
    }

    /// Every resting order, in the order of keys.
    pub(crate) fn in_key_order(&self, keep: impl Fn(&Order) -> bool) -> Vec<Slot> {
        let live = (1u32..).zip(&self.orders[1..]).filter(|(_, order)| order.key != OrderKey(0) && keep(order));
        sorted(live.map(|(slot, order)| (order.key, Slot(slot))).collect())
    }

    /// Every resting order of the users that are concerned, in the order of keys.
    pub(crate) fn of_users(&self, concerned: impl Fn(UserIndex) -> bool) -> Vec<Slot> {
        let mut slots = vec![];
        for (users, from) in self.users.chunks(USERS_AT_ONCE).zip((0u32..).step_by(USERS_AT_ONCE)) {
            // Nearly always nobody of so many is: no branch for each.
            if !users.iter().fold(false, |any, &user| any | concerned(user)) {
                continue;
            }
            let places = (from..).zip(users).filter(|&(_, &user)| concerned(user)).map(|(place, _)| Slot(place));
            slots.extend(places.map(|slot| (self.get(slot).key, slot)).filter(|&(key, _)| key != OrderKey(0)));
        }
        sorted(slots)
    }

    /// Every resting order, in no order that means anything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Order> {
        self.orders[1..].iter().filter(|order| order.key != OrderKey(0))
    }

    /// An order enters that does not rest at once.
    #[inline(always)]
    pub(crate) fn enter(&mut self, order: Order) {
        assert!(self.nothing_enters(), "one order enters at a time");
        *self.get_mut(Slot::ENTERING) = order;
    }

    /// Whether no order is entering.
    #[inline]
    pub(crate) fn nothing_enters(&self) -> bool {
        self.get(Slot::ENTERING).key == OrderKey(0)
    }

    /// The entering order has left: it traded fully, ended or rests.
    #[inline]
    pub(crate) fn leave(&mut self) {
        self.get_mut(Slot::ENTERING).key = OrderKey(0);
    }

    /// Takes a free slot.
    #[inline(always)]
    fn take(&mut self) -> Slot {
        assert!(self.has_room(), "decide and validate leave no order without room");
        self.live += 1;
        if self.free == Slot::NONE {
            self.orders.push(Order::FREE);
            self.users.push(UserIndex::NONE);
            return Slot((self.orders.len() - 1) as u32);
        }
        let slot = self.free;
        self.free = self.get(slot).next;
        slot
    }

    /// An order rests: it gets a slot of its own, is known by its key from now on, and stands last at its price.
    #[inline(always)]
    pub(crate) fn rest(&mut self, book: &mut Book, mut order: Order) -> Slot {
        let (slot, home) = (self.take(), self.home(order.key));
        order.flags |= RESTS;
        order.chain = std::mem::replace(&mut self.heads[home], slot);
        order.previous = book.link(slot, order.direction(), order.price, order.remaining);
        order.next = Slot::NONE;
        let orders = self.orders.as_mut_slice();
        // Links of place 0 mean nothing.
        orders[order.previous.0 as usize].next = slot;
        orders[slot.0 as usize] = order;
        self.users[slot.0 as usize] = order.user;
        slot
    }

    /// Makes an order known by an OrderSysId that does not spell its key.
    #[cold]
    pub(crate) fn index_text(&mut self, slot: Slot, text: &SystemId) {
        self.orders[slot.0 as usize].flags |= TEXT_INDEXED;
        self.texts.insert(text_hash(text), slot.0);
    }

    /// A resting order leaves its book and its slot. Gives back its term in the digest.
    #[inline(always)]
    pub(crate) fn remove(&mut self, book: &mut Book, slot: Slot, texts: Texts<'_>) -> u64 {
        assert!(slot != Slot::ENTERING, "the entering order has no slot of its own");
        let order = &mut self.orders[slot.0 as usize];
        let (key, term, flags, chain) = (order.key, order.term, order.flags, order.chain);
        let (previous, next) = (order.previous, order.next);
        let (side, price, remaining) = (order.direction(), order.price, order.remaining);
        if flags & TEXT_INDEXED != 0 {
            self.forget_text(slot, texts);
        }
        book.unlink(side, price, remaining, [previous, next]);
        let home = self.home(key);
        match self.heads[home] == slot {
            true => self.heads[home] = chain,
            false => self.unchain(home, slot, chain),
        }
        let orders = self.orders.as_mut_slice();
        // Links of place 0 mean nothing.
        orders[previous.0 as usize].next = next;
        orders[next.0 as usize].previous = previous;
        let order = &mut orders[slot.0 as usize];
        order.key = OrderKey(0);
        order.term = 0;
        order.next = self.free;
        self.free = slot;
        self.live -= 1;
        term
    }

    #[cold]
    fn forget_text(&mut self, slot: Slot, texts: Texts<'_>) {
        self.texts.remove(text_hash(&texts.sys_id(self.get(slot))), slot.0);
    }

    /// Takes an order out from behind another one of its hash.
    #[cold]
    fn unchain(&mut self, home: usize, slot: Slot, chain: Slot) {
        let mut before = self.heads[home];
        while self.get(before).chain != slot {
            assert!(before != Slot::NONE, "only what is there is removed");
            before = self.get(before).chain;
        }
        self.get_mut(before).chain = chain;
    }

    /// Renews a resting order's digest term; `term` gives it. Returns by how much the digest grows (wrapping).
    #[inline]
    #[must_use]
    pub(crate) fn renew(&mut self, slot: Slot, term: impl FnOnce(&Order) -> u64) -> u64 {
        let order = &mut self.orders[slot.0 as usize];
        let new = term(order);
        new.wrapping_sub(std::mem::replace(&mut order.term, new))
    }

    pub(crate) fn touch_pages(&mut self) {
        touch_spare(&mut self.orders, Order::FREE);
        touch_spare(&mut self.users, UserIndex::NONE);
        touch_all(&mut self.heads);
        self.texts.touch_pages();
    }

    /// Where its tables lie: address and bytes.
    pub(crate) fn regions(&self) -> [(usize, usize); 4] {
        [region(&self.orders), region(&self.users), region(&self.heads), self.texts.region()]
    }
}

fn sorted(mut slots: Vec<(OrderKey, Slot)>) -> Vec<Slot> {
    slots.sort_unstable();
    slots.into_iter().map(|(_, slot)| slot).collect()
}

/// Keys of neighbouring frames stand side by side: the heads of what comes next are in the cache. The lowest bits are the sequence's;
/// above them stands the upper half of a product of all the rest (Fibonacci hashing; Knuth, volume 3, 6.4).
#[inline]
fn key_hash(key: OrderKey) -> u32 {
    const LOW: u64 = HEADS_PER_LINE as u64 - 1;
    let rest = (key.0 & !(LOW << KEY_INDEX_BITS)).rotate_right(KEY_INDEX_BITS);
    let line = rest.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    line as u32 & !(LOW as u32) | (key.sequence().0 & LOW) as u32
}

#[cfg(test)]
mod tests {
    use super::{Order, OrderTable, Slot, Texts};
    use crate::book::Book;
    use crate::local_ids::LocalIds;
    use crate::quotes::QuoteTable;
    use crate::types::{Direction, MatchCondition, Offset, OrderKey, Price, Sequence, UserIndex};

    #[test]
    fn orders_are_found_by_key_and_by_user_like_in_a_list_while_they_come_and_go() {
        let (local_ids, quotes) = (LocalIds::new(0), QuoteTable::new(0));
        let mut book = Book::new(Price(0), Price(0));
        let mut seed = 0x9E37_79B9_7F4A_7C15u64;
        let mut next = || {
            seed ^= seed >> 12;
            seed ^= seed << 25;
            seed ^= seed >> 27;
            seed.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33
        };
        // Every sixteenth sequence: ever the first head of a line, so that orders share heads, and every place behind a head comes and goes.
        let mut orders = OrderTable::new(150);
        let mut list: Vec<(OrderKey, Slot, UserIndex)> = vec![];
        let mut chained = 0;
        for step in 1..20_000u64 {
            if list.len() == 150 || (!list.is_empty() && next() % 2 == 0) {
                let (key, slot, _) = list.swap_remove(next() as usize % list.len());
                orders.remove(&mut book, slot, Texts { local_ids: &local_ids, quotes: &quotes });
                assert_eq!(orders.find_resting(key), None);
            } else {
                let key = OrderKey::new(Sequence(step * 16), (next() % 3) as u32);
                let mut order = Order::begin(key, Direction::Buy, Offset::Open, MatchCondition::Day);
                order.user = UserIndex((next() % 20) as u16);
                let slot = orders.rest(&mut book, order);
                chained += usize::from(orders.get(slot).chain != Slot::NONE);
                list.push((key, slot, order.user));
            }
            for &(key, slot, _) in &list {
                assert_eq!(orders.find_resting(key), Some(slot));
            }
            let concerned = |user: UserIndex| u64::from(user.0) == step % 20 || user == UserIndex(7);
            let mut theirs: Vec<_> =
                list.iter().filter(|(.., user)| concerned(*user)).map(|&(key, slot, _)| (key, slot)).collect();
            theirs.sort_unstable();
            assert_eq!(orders.of_users(concerned), theirs.into_iter().map(|(_, slot)| slot).collect::<Vec<_>>());
            assert_eq!(orders.live() as usize, list.len());
        }
        assert!(chained > 1_000, "orders stood behind others of their hash: {chained}");
    }
}
