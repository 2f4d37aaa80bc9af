//! How large the tables are, and what memory they take.

use serde::{Deserialize, Serialize};

/// How large the tables are. Each is a count unless it says bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Connections at once.
    pub sessions: u16,
    /// Participants.
    pub participants: u16,
    /// Users.
    pub users: u16,
    /// Accounts.
    pub accounts: u32,
    /// Instruments.
    pub instruments: u16,
    /// Orders that rest at once.
    pub live_orders: u32,
    /// Local ids in a day.
    pub local_ids: u32,
    /// Position rows.
    pub position_rows: u32,
    /// Products.
    pub products: u16,
    /// Pairs of a client and an instrument that enquire in a day.
    pub enquiries: u32,
    /// Exercise instructions that live at once.
    pub exec_orders: u32,
    /// Limits of clients and of participants that are not their instrument's.
    pub limits: u32,
    /// Frames in a day.
    pub frames: u32,
    /// Bytes of a day's log.
    pub log_bytes: u64,
}

/// What memory the limits take, bytes. Upper bounds: a test of the whole holds the tables' part against the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Footprint {
    /// Resting orders and the two ways they are found.
    pub orders: u64,
    /// Marks of local ids.
    pub local_ids: u64,
    /// Position rows, exposures and the two ways they are found.
    pub positions: u64,
    /// Books, at [`LEVELS_PER_BOOK`] price levels each.
    pub books: u64,
    /// Participants, users, accounts, products, instruments and their texts.
    pub definitions: u64,
    /// Enquiries, exercise instructions and limits.
    pub others: u64,
    /// Where each stream's messages stand in the log: once a front.
    pub streams_per_front: u64,
    /// Receive and send rings of the connections: once a front, since all members may come to one.
    pub sessions_per_front: u64,
    /// What queries are answered from: the tables once more, and the day's orders and trades. Once a core.
    pub queries: u64,
    /// A day's log.
    pub log: u64,
}

/// Price levels that a book is reckoned with: 10 % either way of 4,000 index points in ticks of 0.2. The base data's price bands say
/// how many there really are; the engine takes up to 65,536.
pub const LEVELS_PER_BOOK: u64 = 4_096;

/// An order, a mark of a local id, a position row (64 bytes each, which the engine asserts), an exposure (less).
const ROW: u64 = 64;
/// A price level of one side, with its bit.
const LEVEL: u64 = 24;
/// The largest definition with its texts and its places in the indices.
const DEFINITION: u64 = 512;
/// Rings of one connection: the largest that a front asks for.
const SESSION: u64 = (32 + 256) * 1_024;
/// An order and a trade of the day where queries are answered, and their places among a participant's own. As many of each as there are
/// local ids: a trade ends one order at least, and a day of nothing but quotes, of two orders an id, is not reckoned with.
pub const QUERIED_ORDER: u64 = 192;
/// A position there, with the three ways it is found.
pub const QUERIED_POSITION: u64 = 256;
/// Stream messages that one frame makes, as the streams reckon.
const MESSAGES_PER_FRAME: u64 = 3;
/// Most messages a day's streams have places for.
const MESSAGES_MOST: u64 = 1 << 30;
/// A place in the log, twice: pieces double as they grow.
const PLACE: u64 = 16;

impl Limits {
    /// What memory these limits take.
    #[must_use]
    pub fn footprint(&self) -> Footprint {
        let definitions = u64::from(self.participants)
            + u64::from(self.users)
            + u64::from(self.accounts)
            + u64::from(self.products)
            + u64::from(self.instruments);
        let others = [self.enquiries, self.exec_orders, self.limits];
        let live_orders = u64::from(self.live_orders);
        let local_ids = u64::from(self.local_ids);
        let rows = u64::from(self.position_rows);
        let messages = (u64::from(self.frames) * MESSAGES_PER_FRAME).min(MESSAGES_MOST);
        let mut footprint = Footprint {
            orders: live_orders * ROW + 2 * index(live_orders),
            local_ids: local_ids * ROW + index(local_ids),
            positions: rows * 2 * ROW + 2 * index(rows),
            books: u64::from(self.instruments) * LEVELS_PER_BOOK * 2 * LEVEL,
            definitions: definitions * DEFINITION,
            others: others.into_iter().map(|items| u64::from(items) * ROW + index(u64::from(items))).sum(),
            streams_per_front: messages * PLACE,
            sessions_per_front: u64::from(self.sessions) * SESSION,
            queries: local_ids * QUERIED_ORDER + rows * QUERIED_POSITION,
            log: self.log_bytes,
        };
        footprint.queries += footprint.tables();
        footprint
    }

    /// The ranges of every limit: field, value, least, most.
    pub(crate) fn ranges(&self) -> [(&'static str, u64, u64, u64); 14] {
        [
            ("limits.sessions", u64::from(self.sessions), 4, 16_384),
            ("limits.participants", u64::from(self.participants), 1, 16_384),
            ("limits.users", u64::from(self.users), 1, 32_768),
            ("limits.accounts", u64::from(self.accounts), 1, 1 << 24),
            ("limits.instruments", u64::from(self.instruments), 1, 16_384),
            ("limits.live_orders", u64::from(self.live_orders), 1, 1 << 26),
            ("limits.local_ids", u64::from(self.local_ids), 1, 1 << 28),
            ("limits.position_rows", u64::from(self.position_rows), 1, 1 << 24),
            ("limits.products", u64::from(self.products), 1, 16_384),
            ("limits.enquiries", u64::from(self.enquiries), 1, 1 << 24),
            ("limits.exec_orders", u64::from(self.exec_orders), 1, 1 << 24),
            ("limits.limits", u64::from(self.limits), 1, 1 << 24),
            ("limits.frames", u64::from(self.frames), 1_024, 1 << 30),
            ("limits.log_bytes", self.log_bytes, 1 << 20, 1 << 40),
        ]
    }
}

impl Footprint {
    /// The engine's tables, books included.
    #[must_use]
    pub fn tables(&self) -> u64 {
        self.orders + self.local_ids + self.positions + self.books + self.definitions + self.others
    }

    /// All of it with so many fronts.
    #[must_use]
    pub fn total(&self, fronts: u64) -> u64 {
        self.tables() + self.queries + (self.streams_per_front + self.sessions_per_front) * fronts + self.log
    }
}

/// Bytes of an index over so many items: eight an entry, at least two entries an item, a power of two of them.
fn index(items: u64) -> u64 {
    (items.max(8) * 2).next_power_of_two() * 8
}
