//! Live orders: 64 bytes each, one cache line, found by key or by OrderSysId.
//!
//! What a match needs, what the digest needs and what an answer needs of an order stand together: a cancel of a cold order over
//! many books then waits for one line and not for two. What is only told (OrderSysId, OrderLocalId) stands at the order's local-id mark.
//! Place 0 is the order that is entering: it is matched there and gets a slot of its own only if it rests.

use crate::digest::mix;
use crate::event::SystemId;
use crate::tables::{Index, touch_spare};
use crate::types::{
    Direction, InstrumentIndex, KEY_INDEX_BITS, MatchCondition, Offset, OrderKey, Price, Sequence, UserIndex,
};

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
/// The order is in the index of texts.
const TEXT_INDEXED: u8 = 4;
/// The order is in the list of those whose digest term is to be renewed.
const TERM_STALE: u8 = 8;

/// An order.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Order {
    /// 0 = free.
    pub(crate) key: OrderKey,
    /// What of it is in the digest.
    pub(crate) term: u64,
    pub(crate) remaining: u32,
    /// Of `remaining`, what is frozen of yesterday's position.
    pub(crate) yesterday: u32,
    pub(crate) previous: Slot,
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
    offset: u8,
    flags: u8,
    /// First character of an OrderSysId that spells the key; the rest of it is known.
    prefix: u8,
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
    };

    /// An order of that kind, everything else zero.
    #[inline]
    pub(crate) fn of_kind(direction: Direction, offset: Offset, condition: MatchCondition) -> Self {
        let flags = if condition.immediate() { IMMEDIATE } else { 0 };
        Order { direction: direction as u8, offset: offset as u8, flags, ..Order::FREE }
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
}

/// How much of yesterday's position a trade of `volume` closes, of an order with `remaining` lots, `yesterday` of them frozen of
/// yesterday's. Yesterday's frozen part first; with the day's flag CLOSE_TODAY_FIRST today's first. RULES.md, Matching in continuous trading.
#[inline]
pub(crate) fn yesterday_of(volume: u32, remaining: u32, yesterday: u32, close_today_first: bool) -> u32 {
    if close_today_first { volume - volume.min(remaining - yesterday) } else { volume.min(yesterday) }
}

/// All live orders.
#[derive(Clone)]
pub(crate) struct OrderTable {
    orders: Vec<Order>,
    /// How many may rest.
    limit: usize,
    free: Slot,
    live: u32,
    keys: Index,
    texts: Index,
    /// Slots whose digest term is to be renewed at the end of the frame.
    stale: Vec<Slot>,
}

/// Orders that one frame may change before its lists grow: a sweep of so many is no order's, only an auction's or a mass cancel's.
pub(crate) const STALE_ROOM: usize = 4096;

impl OrderTable {
    /// A table for `limit` resting orders.
    pub(crate) fn new(limit: u32) -> Self {
        let limit = limit as usize;
        let mut orders = Vec::with_capacity(limit + 1);
        orders.push(Order::FREE);
        let stale = Vec::with_capacity(STALE_ROOM.min(limit + 1));
        OrderTable {
            orders,
            limit,
            free: Slot::NONE,
            live: 0,
            keys: Index::with_room(limit),
            texts: Index::with_room(limit),
            stale,
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
        (self.live as usize) < self.limit
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

    /// The resting order with that key.
    #[inline]
    pub(crate) fn find_resting(&self, key: OrderKey) -> Option<Slot> {
        self.keys.find(key_hash(key), |slot| self.orders[slot as usize].key == key).map(Slot)
    }

    /// The resting order with that OrderSysId. `text_of` gives the OrderSysId of a mark.
    #[inline]
    pub(crate) fn find_text<'a>(&self, text: &SystemId, text_of: impl Fn(u32) -> &'a SystemId) -> Option<Slot> {
        let spells = |slot: &Slot| {
            let order = self.get(*slot);
            order.flags & TEXT_INDEXED == 0 && order.prefix == text[0]
        };
        if let Some(slot) = key_in_text(text).and_then(|key| self.find_resting(key)).filter(spells) {
            return Some(slot);
        }
        self.texts.find(text_hash(text), |slot| text_of(self.orders[slot as usize].mark) == text).map(Slot)
    }

    /// Every resting order, in the order of keys.
    pub(crate) fn in_key_order(&self, keep: impl Fn(&Order) -> bool) -> Vec<Slot> {
        let live = (1u32..).zip(&self.orders[1..]).filter(|(_, order)| order.key != OrderKey(0) && keep(order));
        let mut slots: Vec<(OrderKey, Slot)> = live.map(|(slot, order)| (order.key, Slot(slot))).collect();
        slots.sort_unstable();
        slots.into_iter().map(|(_, slot)| slot).collect()
    }

    /// Every resting order, in no order that means anything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Order> {
        self.orders[1..].iter().filter(|order| order.key != OrderKey(0))
    }

    /// Sets the order that is entering.
    #[inline]
    pub(crate) fn enter(&mut self, order: Order) {
        let entering = self.get_mut(Slot::ENTERING);
        assert!(entering.key == OrderKey(0), "one order enters at a time");
        *entering = order;
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

    /// Gives an order a slot to rest in. It is not in its book yet.
    #[inline]
    pub(crate) fn rest(&mut self, mut order: Order, text: &SystemId) -> Slot {
        assert!(self.has_room(), "decide and validate leave no order without room");
        self.live += 1;
        let slot = if self.free == Slot::NONE {
            self.orders.push(Order::FREE);
            Slot((self.orders.len() - 1) as u32)
        } else {
            let slot = self.free;
            self.free = self.get(slot).next;
            slot
        };
        self.keys.insert(key_hash(order.key), slot.0);
        order.flags |= RESTS;
        order.prefix = text[0];
        if key_in_text(text) != Some(order.key) {
            order.flags |= TEXT_INDEXED;
            self.texts.insert(text_hash(text), slot.0);
        }
        // A slot that was freed in this frame may stand in the list of stale ones already.
        order.flags |= self.get(slot).flags & TERM_STALE;
        *self.get_mut(slot) = order;
        slot
    }

    /// Frees the slot of an order that is in its book no more. Gives back its term in the digest.
    #[inline]
    pub(crate) fn free(&mut self, slot: Slot, text: impl FnOnce(u32) -> u32) -> u64 {
        assert!(slot != Slot::ENTERING, "the entering order has no slot of its own");
        let free = self.free;
        let order = &mut self.orders[slot.0 as usize];
        self.keys.remove(key_hash(order.key), slot.0);
        if order.flags & TEXT_INDEXED != 0 {
            self.texts.remove(text(order.mark), slot.0);
        }
        let term = order.term;
        order.key = OrderKey(0);
        order.term = 0;
        order.flags &= TERM_STALE;
        order.next = free;
        self.free = slot;
        self.live -= 1;
        term
    }

    /// Remembers that a resting order's digest term is to be renewed.
    #[inline]
    pub(crate) fn touch(&mut self, slot: Slot) {
        let order = &mut self.orders[slot.0 as usize];
        if order.flags & TERM_STALE == 0 {
            order.flags |= TERM_STALE;
            self.stale.push(slot);
        }
    }

    /// Renews the digest terms of what was touched; `term` gives an order's. Returns by how much the sum grows (wrapping).
    #[inline]
    pub(crate) fn renew(&mut self, term: impl Fn(&Order) -> u64) -> u64 {
        let mut growth = 0u64;
        for &slot in &self.stale {
            let order = &mut self.orders[slot.0 as usize];
            order.flags &= !TERM_STALE;
            if order.key != OrderKey(0) {
                let new = term(order);
                growth = growth.wrapping_add(new).wrapping_sub(order.term);
                order.term = new;
            }
        }
        self.stale.clear();
        growth
    }

    pub(crate) fn touch_pages(&mut self) {
        touch_spare(&mut self.orders, Order::FREE);
        self.keys.touch_pages();
        self.texts.touch_pages();
    }
}

/// Keys of neighbouring frames share a line of the table: eight entries.
#[inline]
fn key_hash(key: OrderKey) -> u32 {
    let sequence = key.sequence().0;
    (mix(sequence >> 3, u64::from(key.index())) as u32) << 3 | (sequence & 7) as u32
}

#[inline]
pub(crate) fn text_hash(text: &SystemId) -> u32 {
    let (a, rest) = text.split_first_chunk::<8>().expect("20 bytes");
    let (b, c) = rest.split_first_chunk::<8>().expect("12 bytes");
    let c = u32::from_le_bytes([c[0], c[1], c[2], c[3]]);
    mix(mix(u64::from_le_bytes(*a), u64::from_le_bytes(*b)), u64::from(c)) as u32
}

/// The key that an OrderSysId spells, if it is written as we write ours: any prefix, 13 digits of the sequence, 6 of the
/// index. Such an order is found by its key, and needs no entry in the index of texts.
#[inline]
pub(crate) fn key_in_text(text: &SystemId) -> Option<OrderKey> {
    let high = digits(text[1..9].try_into().expect("8 bytes"))?;
    let low = digits(text[9..17].try_into().expect("8 bytes"))?;
    let mut index = low % 1000;
    for &digit in &text[17..] {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        index = index * 10 + u64::from(digit);
    }
    let sequence = high * 100_000 + low / 1000;
    (sequence >> SEQUENCE_BITS == 0).then(|| OrderKey::new(Sequence(sequence), index as u32))
}

/// Bits of a key that are left for the sequence.
const SEQUENCE_BITS: u32 = u64::BITS - KEY_INDEX_BITS;

/// Eight ASCII digits at once.
#[inline]
fn digits(text: [u8; 8]) -> Option<u64> {
    let word = u64::from_le_bytes(text);
    let values = word ^ 0x3030_3030_3030_3030;
    // A digit's value is below 10: adding 6 carries into its upper half otherwise.
    if (values | values.wrapping_add(0x0606_0606_0606_0606)) & 0xF0F0_F0F0_F0F0_F0F0 != 0 {
        return None;
    }
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    Some((fours.wrapping_mul(10_000).wrapping_add(fours >> 32)) & 0xFFFF_FFFF)
}

#[cfg(test)]
mod tests {
    use super::{digits, key_in_text};
    use crate::types::OrderKey;

    #[test]
    fn only_an_id_of_our_own_style_spells_a_key() {
        let check = |text: &[u8; 20], expected: Option<OrderKey>| assert_eq!(key_in_text(text), expected);
        check(b"B0000000000001000000", Some(OrderKey(1 << 24)));
        check(b"P0000012345678000042", Some(OrderKey(12_345_678 << 24 | 42)));
        check(b"P1099511627775999999", Some(OrderKey(((1 << 40) - 1) << 24 | 999_999)));
        check(b"P1099511627776000000", None);
        check(b"P9999999999999999999", None);
        check(b"P0000012345678A00042", None);
        check(b"P000001234567800004 ", None);
        check(b"P00000123:5678000042", None);
        check(b"                    ", None);
    }

    #[test]
    fn eight_digits_are_read_like_a_parser_reads_them() {
        for text in [*b"00000000", *b"12345678", *b"99999999", *b"00000010", *b"90000001"] {
            let plain: u64 = std::str::from_utf8(&text).expect("ASCII").parse().expect("digits");
            assert_eq!(digits(text), Some(plain));
        }
        for place in 0..8 {
            for wrong in (0..=255u8).filter(|byte| !byte.is_ascii_digit()) {
                let mut text = *b"12345678";
                text[place] = wrong;
                assert_eq!(digits(text), None, "{wrong} at {place}");
            }
        }
    }
}
