//! What this exchange knows: ordered maps of plain structures, and the digest of them.

use crate::command::{
    AccountDefine, CLOSE_TODAY_FIRST, DayOpen, InstrumentDefine, OrderInsert, ParticipantDefine, UserDefine,
};
use crate::digest::{Sum, Thing, term};
use crate::event::{BLANK, SystemId};
use crate::number::{Account, ClientNumber, Epoch, Instrument, Key, Nanoseconds, Participant, Sequence, Ticks, User};
use std::collections::{BTreeMap, BTreeSet};

/// Buying, and the long side of a position.
pub const BUY: usize = 0;
/// Selling, and the short side of a position.
pub const SELL: usize = 1;

/// Phases: characters of FTDInstrumentStatus.
pub mod phase {
    /// Orders match as they come.
    pub const CONTINUOUS: u8 = b'0';
    /// Orders are entered and cancelled.
    pub const AUCTION_ORDERING: u8 = b'1';
    /// Orders may only be cancelled.
    pub const CANCEL_ONLY: u8 = b'5';
    /// The auction is matched.
    pub const AUCTION_MATCH: u8 = b'6';
    /// The day is over.
    pub const CLOSED: u8 = b'7';
    /// Every phase.
    pub const ALL: &[u8] = b"0134567";
}

/// Rights: characters of FTDTradeRight, the worse the greater.
pub mod right {
    /// Everything.
    pub const FULL: u8 = b'0';
    /// Only closing.
    pub const CLOSE_ONLY: u8 = b'1';
    /// Nothing.
    pub const FORBIDDEN: u8 = b'2';
    /// Every right.
    pub const ALL: &[u8] = b"012";
}

/// A working order, or one that is just being matched.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its key: who came first.
    pub key: Key,
    /// Its OrderSysId.
    pub sys_id: SystemId,
    /// The user that sent it.
    pub user: User,
    /// The user's participant.
    pub participant: Participant,
    /// As it was sent.
    pub insert: OrderInsert,
    /// When it was accepted.
    pub accepted_at: Nanoseconds,
    /// Its price.
    pub price: Ticks,
    /// What it has left.
    pub remaining: u32,
    /// Of what it has left, how much is frozen of yesterday's position.
    pub yesterday: u32,
    /// What it has traded.
    pub traded: u32,
    /// The price of its last trade; 0 if none.
    pub last_price: Ticks,
}

impl Order {
    /// [`BUY`] or [`SELL`].
    #[must_use]
    pub fn side(&self) -> usize {
        usize::from(self.insert.direction - b'0')
    }

    /// Whether it opens.
    #[must_use]
    pub fn opens(&self) -> bool {
        self.insert.offset == b'0'
    }

    /// The side of the position it opens or closes.
    #[must_use]
    pub fn position_side(&self) -> usize {
        if self.opens() { self.side() } else { 1 - self.side() }
    }

    /// FOK or FAK.
    #[must_use]
    pub fn immediate(&self) -> bool {
        self.insert.match_condition != b'3'
    }

    /// Its position row.
    #[must_use]
    pub fn row(&self) -> RowKey {
        (self.insert.account, self.insert.instrument, self.insert.hedge)
    }

    /// Where it stands in the queue of its side: best price first, then the smaller key.
    #[must_use]
    pub fn place(&self) -> (i64, Key) {
        (rank(self.side(), self.price), self.key)
    }
}

/// A price as a rank within its side: the smaller the better.
#[must_use]
pub fn rank(side: usize, price: Ticks) -> i64 {
    if side == BUY { -i64::from(price.0) } else { i64::from(price.0) }
}

/// (account, instrument, hedge flag).
pub type RowKey = (Account, Instrument, u8);

/// One side of a position row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// From yesterday.
    pub yesterday: u64,
    /// Of today.
    pub today: u64,
    /// Of yesterday's, frozen by working closes.
    pub frozen_yesterday: u64,
    /// Of today's, frozen by working closes.
    pub frozen_today: u64,
    /// Working opens.
    pub pending: u64,
}

/// A position row: long, short.
pub type Row = [Holding; 2];

/// An instrument's state.
#[derive(Clone, Debug)]
pub struct Market {
    /// Its definition.
    pub define: InstrumentDefine,
    /// Its phase.
    pub phase: u8,
    /// Its right.
    pub right: u8,
    /// Today's last price.
    pub last: Option<Ticks>,
    /// Today's first price.
    pub open: Ticks,
    /// Today's highest.
    pub high: Ticks,
    /// Today's lowest.
    pub low: Ticks,
    /// Lots traded today, counted once.
    pub volume: u64,
    /// In 1/10,000 yuan.
    pub turnover: i128,
    /// Counted once.
    pub open_interest: u64,
    /// Something happened since the last tick.
    pub touched: bool,
    /// The queues of both sides: (rank, key).
    pub queues: [BTreeSet<(i64, Key)>; 2],
}

impl Market {
    /// The best price of a side.
    #[must_use]
    pub fn best(&self, side: usize) -> Option<Ticks> {
        self.queues[side].first().map(|&(rank, _)| price_of(side, rank))
    }

    /// The last price; before the day's first trade the previous settlement price.
    #[must_use]
    pub fn reference(&self) -> Ticks {
        self.last.unwrap_or(Ticks(self.define.previous_settlement))
    }

    /// Whether the best bid meets the best ask.
    #[must_use]
    pub fn crossed(&self) -> bool {
        matches!((self.best(BUY), self.best(SELL)), (Some(bid), Some(ask)) if bid >= ask)
    }
}

/// The price of a rank.
#[must_use]
pub fn price_of(side: usize, rank: i64) -> Ticks {
    let price = if side == BUY { -rank } else { rank };
    Ticks(i32::try_from(price).expect("ranks are made of prices"))
}

/// A participant's state.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its definition.
    pub define: ParticipantDefine,
    /// Its right.
    pub right: u8,
    /// Messages of its private stream so far.
    pub private: u32,
}

/// A user's state.
#[derive(Clone, Debug)]
pub struct Trader {
    /// Its definition.
    pub define: UserDefine,
    /// Its right.
    pub right: u8,
    /// Whether its seat is blocked.
    pub blocked: bool,
    /// Its secret now.
    pub secret: [u8; 40],
}

/// An account's state.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its definition.
    pub define: AccountDefine,
    /// Its right.
    pub right: u8,
}

/// What became of a local id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The order; 0 if it was refused.
    pub key: Key,
    /// Its OrderSysId; blank if it was refused.
    pub sys_id: SystemId,
}

impl Mark {
    /// A refused order's.
    pub const REFUSED: Mark = Mark { key: Key(0), sys_id: BLANK };
}

/// The state.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "each is a map of what its type describes")]
pub struct State {
    pub day: Option<DayOpen>,
    pub epoch: Epoch,
    pub data_center: u32,
    pub sequence: Sequence,
    pub time: Nanoseconds,
    /// Messages of the broadcast stream so far.
    pub broadcast: u32,
    pub members: BTreeMap<Participant, Member>,
    pub traders: BTreeMap<User, Trader>,
    pub clients: BTreeMap<Account, Client>,
    /// Accounts by participant and ClientId without what pads it.
    pub client_ids: BTreeMap<(Participant, Vec<u8>), Account>,
    pub markets: BTreeMap<Instrument, Market>,
    /// Rights of accounts in instruments that are not full.
    pub rights: BTreeMap<(Account, Instrument), u8>,
    pub rows: BTreeMap<RowKey, Row>,
    /// Long and short of a client over all members: positions and working opens.
    pub exposures: BTreeMap<(ClientNumber, Instrument), [u64; 2]>,
    pub orders: BTreeMap<Key, Order>,
    pub sys_ids: BTreeMap<SystemId, Key>,
    pub marks: BTreeMap<(User, [u8; 24]), Mark>,
    /// The state digest's terms.
    pub sum: Sum,
    /// The local-id digest.
    pub local_ids: u64,
}

impl State {
    /// A close takes today's position first.
    #[must_use]
    pub fn close_today_first(&self) -> bool {
        self.day.is_some_and(|day| day.flags & CLOSE_TODAY_FIRST != 0)
    }

    /// A user's largest marked local id, compared as bytes; blank if none.
    #[must_use]
    pub fn largest_local_id(&self, user: User) -> [u8; 24] {
        self.marks.range((user, [0; 24])..=(user, [255; 24])).next_back().map_or([b' '; 24], |((_, id), _)| *id)
    }

    /// Marks a local id.
    pub fn mark(&mut self, user: User, local_id: [u8; 24], mark: Mark) {
        self.local_ids = self.local_ids.wrapping_add(mark_term(user, &local_id, mark));
        let before = self.marks.insert((user, local_id), mark);
        assert!(before.is_none(), "a local id is marked once");
    }

    /// Brings the digest up to date.
    pub fn digest(&mut self) -> u64 {
        let mut sum = std::mem::take(&mut self.sum);
        let digest = sum.update(|thing| self.term(thing));
        self.sum = sum;
        digest
    }

    /// The exposure of an account's client in an instrument.
    pub fn exposure_mut(&mut self, account: Account, instrument: Instrument) -> &mut [u64; 2] {
        let client = self.clients[&account].define.client_number;
        self.exposures.entry((client, instrument)).or_default()
    }

    /// A thing's term (FRAMES.md, Digests); None: it is not there.
    fn term(&self, thing: Thing) -> Option<u64> {
        Some(match thing {
            Thing::Order(key) => {
                let order = self.orders.get(&key)?;
                let insert = &order.insert;
                term(
                    1,
                    &[
                        key.0,
                        u64::from(insert.account.0)
                            | u64::from(insert.instrument.0) << 32
                            | u64::from(insert.direction) << 48
                            | u64::from(insert.offset) << 56,
                        signed(order.price.0),
                        u64::from(order.remaining) | u64::from(order.yesterday) << 32,
                        u64::from(insert.hedge) | u64::from(order.user.0) << 32,
                        u64::from(order.traded),
                    ],
                )
            }
            Thing::Row(account, instrument, hedge) => {
                let [long, short] = self.rows.get(&(account, instrument, hedge))?;
                if *long == Holding::default() && *short == Holding::default() {
                    return None;
                }
                term(
                    2,
                    &[
                        u64::from(account.0) | u64::from(instrument.0) << 32 | u64::from(hedge) << 48,
                        long.yesterday + (long.today << 32),
                        long.frozen_yesterday + (long.frozen_today << 32),
                        short.yesterday + (short.today << 32),
                        short.frozen_yesterday + (short.frozen_today << 32),
                        long.pending + (short.pending << 32),
                    ],
                )
            }
            Thing::Instrument(instrument) => {
                let market = self.markets.get(&instrument)?;
                term(
                    3,
                    &[
                        u64::from(instrument.0)
                            | u64::from(market.phase) << 32
                            | u64::from(market.right) << 40
                            | u64::from(market.last.is_some()) << 48
                            | u64::from(market.touched) << 49,
                        signed(market.last.map_or(0, |price| price.0)),
                        signed(market.open.0),
                        signed(market.high.0),
                        signed(market.low.0),
                        market.volume,
                        market.turnover as u64,
                        (market.turnover >> 64) as u64,
                        market.open_interest,
                    ],
                )
            }
            Thing::Participant(participant) => {
                let member = self.members.get(&participant)?;
                term(4, &[u64::from(participant.0) | u64::from(member.right) << 32, u64::from(member.private)])
            }
            Thing::User(user) => {
                let trader = self.traders.get(&user)?;
                let word = u64::from(user.0) | u64::from(trader.right) << 32 | u64::from(trader.blocked) << 40;
                term(5, &[word])
            }
            Thing::Account(account) => {
                let client = self.clients.get(&account)?;
                term(6, &[u64::from(account.0) | u64::from(client.right) << 32])
            }
            Thing::Right(account, instrument) => {
                let right = self.rights.get(&(account, instrument))?;
                term(7, &[u64::from(account.0) | u64::from(instrument.0) << 32 | u64::from(*right) << 48])
            }
            Thing::Day => term(8, &[u64::from(self.day?.trading_day), u64::from(self.broadcast)]),
        })
    }

    /// The digest worked out anew from everything that is there, to hold the kept one against.
    #[must_use]
    pub fn recomputed_digest(&self) -> u64 {
        let things = (self.orders.keys().map(|&key| Thing::Order(key)))
            .chain(self.rows.keys().map(|&(account, instrument, hedge)| Thing::Row(account, instrument, hedge)))
            .chain(self.markets.keys().map(|&instrument| Thing::Instrument(instrument)))
            .chain(self.members.keys().map(|&participant| Thing::Participant(participant)))
            .chain(self.traders.keys().map(|&user| Thing::User(user)))
            .chain(self.clients.keys().map(|&account| Thing::Account(account)))
            .chain(self.rights.keys().map(|&(account, instrument)| Thing::Right(account, instrument)))
            .chain([Thing::Day]);
        things.filter_map(|thing| self.term(thing)).fold(0, u64::wrapping_add)
    }

    /// The local-id digest worked out anew.
    #[must_use]
    pub fn digest_of_marks(&self) -> u64 {
        self.marks.iter().map(|((user, local_id), mark)| mark_term(*user, local_id, *mark)).fold(0, u64::wrapping_add)
    }
}

fn mark_term(user: User, local_id: &[u8; 24], mark: Mark) -> u64 {
    let word = |at: usize| u64::from_le_bytes(local_id[at..at + 8].try_into().expect("eight bytes"));
    term(16, &[u64::from(user.0), word(0), word(8), word(16), mark.key.0])
}

/// A negative number as two's complement of 64 bits.
fn signed(value: i32) -> u64 {
    i64::from(value) as u64
}
