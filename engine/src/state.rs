//! The state of the exchange: what every command so far has left. Only `evolve` and `seal` change it.
//!
//! Empty before DayOpen, which makes every table for the day's limits; after that the order path allocates nothing.

use crate::book::Book;
use crate::command::{AccountDefine, DayOpen, InstrumentDefine, ParticipantDefine, UserDefine};
use crate::definitions::{PairRights, Table};
use crate::digest::mix;
use crate::event::SystemId;
use crate::local_ids::LocalIds;
use crate::orders::{Order, OrderTable};
use crate::position::{Position, RowTable, whose};
use crate::system_id::Speller;
use crate::tables::Index;
use crate::types::{
    AccountIndex, ClientNumber, Direction, Epoch, InstrumentIndex, Money, Nanoseconds, Offset, OrderKey,
    ParticipantIndex, Phase, Price, RawPrice, Right, Sequence, StreamNumber, UserIndex, Volume,
};

/// The state of the exchange. A copy is for tests and tools: its tables have no room kept, and grow when they are used.
#[derive(Clone)]
pub struct State {
    pub(crate) day: Option<DayOpen>,
    pub(crate) close_today_first: bool,
    pub(crate) epoch: Epoch,
    pub(crate) sequence: Sequence,
    pub(crate) time: Nanoseconds,
    pub(crate) broadcast: StreamNumber,
    /// What of the day is in the digest.
    pub(crate) day_term: u64,
    pub(crate) digest: u64,
    pub(crate) participants: Table<Participant>,
    pub(crate) users: Table<User>,
    pub(crate) accounts: Table<Account>,
    pub(crate) instruments: Table<Instrument>,
    pub(crate) books: Vec<Option<Book>>,
    pub(crate) pair_rights: PairRights,
    pub(crate) clients: Clients,
    pub(crate) orders: OrderTable,
    pub(crate) rows: RowTable,
    pub(crate) local_ids: LocalIds,
    /// No part of the state: what it spelled last.
    pub(crate) speller: Speller,
}

/// The two digests that stand in a frame. `journal/FRAMES.md`, Digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    /// Of the state.
    pub state: u64,
    /// Of the local-id marks.
    pub local_ids: u64,
}

/// A participant.
#[derive(Clone, Copy, Debug)]
pub struct Participant {
    /// As defined.
    pub definition: ParticipantDefine,
    /// Its present right.
    pub right: Right,
    /// Private messages so far.
    pub private_count: StreamNumber,
}

/// A user.
#[derive(Clone, Copy, Debug)]
pub struct User {
    /// As defined, with its present secret.
    pub definition: UserDefine,
    /// Its present right.
    pub right: Right,
    /// The seat is blocked.
    pub blocked: bool,
    /// Its greatest marked local id, as `local_ids::rank` has it; zeros if none.
    pub(crate) largest_local_id: [u64; 3],
}

/// An account.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// As defined.
    pub definition: AccountDefine,
    /// Its present right.
    pub right: Right,
}

/// An instrument.
#[derive(Clone, Copy, Debug)]
pub struct Instrument {
    /// As defined.
    pub definition: InstrumentDefine,
    /// Its present phase.
    pub phase: Phase,
    /// Its present right.
    pub right: Right,
    /// The last price; None before the day's first trade.
    pub last: Option<Price>,
    /// The open price; 0 before the first trade.
    pub open: Price,
    /// The highest; 0 before the first trade.
    pub high: Price,
    /// The lowest; 0 before the first trade.
    pub low: Price,
    /// Lots traded, counted once.
    pub volume: u64,
    /// Price x multiplier x lots.
    pub turnover: Money,
    /// Lots open, counted once.
    pub open_interest: u64,
    /// Something happened since the last market data.
    pub touched: bool,
}

impl Instrument {
    /// The last price; before the day's first trade the previous settlement price.
    #[inline]
    pub(crate) fn reference_price(&self) -> Price {
        self.last.unwrap_or(Price(self.definition.previous_settlement))
    }

    /// A price in ticks, and what is left of it beyond the last whole tick.
    #[inline]
    pub(crate) fn ticks(&self, price: RawPrice) -> (i64, i64) {
        let tick = self.definition.tick;
        // Dividing 32 bits costs half of dividing 64, and is nearly always enough.
        match u32::try_from(price.0) {
            Ok(price) => (i64::from(price / tick), i64::from(price % tick)),
            Err(_) => (price.0 / i64::from(tick), price.0 % i64::from(tick)),
        }
    }

    /// A price in ticks, which is probably known.
    #[inline]
    pub(crate) fn ticks_at(&self, hint: Price, price: RawPrice) -> Price {
        if i64::from(hint.0) * i64::from(self.definition.tick) == price.0 {
            return hint;
        }
        Price(self.ticks(price).0 as i32)
    }

    /// What a trade turns over: less than 2^127, since the factors have 31, 32, 32 and 32 bits.
    #[inline]
    pub(crate) fn turnover_of(&self, price: Price, volume: Volume) -> i128 {
        let unit = u64::from(self.definition.tick) * u64::from(self.definition.multiplier);
        i128::from(i64::from(price.0) * i64::from(volume.0)) * i128::from(unit)
    }
}

/// Clients over all members: who has which number.
#[derive(Clone)]
pub(crate) struct Clients {
    by_number: Index,
    by_id: Index,
    by_participant: Index,
}

impl Clients {
    fn new(limit: usize) -> Self {
        Clients {
            by_number: Index::with_room(limit),
            by_id: Index::with_room(limit),
            by_participant: Index::with_room(limit),
        }
    }

    /// Whether an account contradicts those that are defined: RULES.md, AccountDefine.
    pub(crate) fn contradicts(&self, accounts: &Table<Account>, new: &AccountDefine) -> bool {
        let at = |place: u32| &accounts.get(place as usize - 1).expect("only defined accounts are indexed").definition;
        let [number, id, both] = client_hashes(new);
        let other_id = self.by_number.find(number, |place| at(place).client_number == new.client_number);
        let other_number = self.by_id.find(id, |place| at(place).client_id == new.client_id);
        let same = |place: u32| at(place).client_id == new.client_id && at(place).participant == new.participant;
        other_id.is_some_and(|place| at(place).client_id != new.client_id)
            || other_number.is_some_and(|place| at(place).client_number != new.client_number)
            || self.by_participant.find(both, same).is_some()
    }

    pub(crate) fn define(&mut self, new: &AccountDefine) {
        let place = new.index.0 + 1;
        let [number, id, both] = client_hashes(new);
        self.by_number.insert(number, place);
        self.by_id.insert(id, place);
        self.by_participant.insert(both, place);
    }
}

fn client_hashes(account: &AccountDefine) -> [u32; 3] {
    let id = u64::from_le_bytes(account.client_id);
    [mix(u64::from(account.client_number.0), 1), mix(id, 2), mix(id, 3 + u64::from(account.participant.0))]
        .map(|hash| hash as u32)
}

/// A live order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveOrder {
    /// Its key: its place in time.
    pub key: OrderKey,
    /// Whose.
    pub account: AccountIndex,
    /// Who sent it.
    pub user: UserIndex,
    /// Of which participant.
    pub participant: ParticipantIndex,
    /// In what.
    pub instrument: InstrumentIndex,
    /// Buys or sells.
    pub direction: Direction,
    /// Opens or closes.
    pub offset: Offset,
    /// FTDHedgeFlag.
    pub hedge: u8,
    /// Its limit.
    pub price: Price,
    /// What remains.
    pub remaining: Volume,
    /// Of `remaining`, what is frozen of yesterday's position.
    pub yesterday: Volume,
    /// What it has traded.
    pub traded: Volume,
    /// The price of its last trade; 0 if none.
    pub last_price: Price,
    /// OrderLocalId.
    pub local_id: [u8; 24],
    /// OrderSysId.
    pub sys_id: SystemId,
}

impl State {
    /// The state before the first frame.
    #[must_use]
    pub fn new() -> Self {
        State {
            day: None,
            close_today_first: false,
            epoch: Epoch(0),
            sequence: Sequence(0),
            time: Nanoseconds(0),
            broadcast: StreamNumber(0),
            day_term: 0,
            digest: 0,
            participants: Table::new(0),
            users: Table::new(0),
            accounts: Table::new(0),
            instruments: Table::new(0),
            books: vec![],
            pair_rights: PairRights::default(),
            clients: Clients::new(0),
            orders: OrderTable::new(0),
            rows: RowTable::new(0),
            local_ids: LocalIds::new(0),
            speller: Speller::new(),
        }
    }

    /// Makes the tables for a day's limits.
    pub(crate) fn make_tables(&mut self, day: &DayOpen) {
        self.participants = Table::new(usize::from(day.participants));
        self.users = Table::new(usize::from(day.users));
        self.accounts = Table::new(day.accounts as usize);
        self.instruments = Table::new(usize::from(day.instruments));
        self.books = (0..day.instruments).map(|_| None).collect();
        self.clients = Clients::new(day.accounts as usize);
        self.orders = OrderTable::new(day.live_orders);
        self.rows = RowTable::new(day.position_rows);
        self.local_ids = LocalIds::new(day.local_ids);
    }

    /// Touches every page of the tables of the order path, so that it meets no page fault. For a core that is to
    /// run a day; after DayOpen.
    pub fn touch_pages(&mut self) {
        self.orders.touch_pages();
        self.rows.touch_pages();
        self.local_ids.touch_pages();
    }

    /// Where the tables of the order path lie, address and bytes, for whoever asks the operating system for larger pages there.
    pub fn regions(&self) -> impl Iterator<Item = (usize, usize)> {
        let tables = self.orders.regions().into_iter().chain(self.rows.regions()).chain(self.local_ids.regions());
        tables.chain(self.books.iter().flatten().flat_map(Book::regions))
    }

    /// The day that is open, with its limits.
    #[must_use]
    pub fn day(&self) -> Option<&DayOpen> {
        self.day.as_ref()
    }

    /// The present epoch; 0 before DayOpen.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The last frame; 0 before the first.
    #[must_use]
    pub fn last_sequence(&self) -> Sequence {
        self.sequence
    }

    /// The last frame's time.
    #[must_use]
    pub fn time(&self) -> Nanoseconds {
        self.time
    }

    /// The digests after the last frame.
    #[must_use]
    pub fn digests(&self) -> Digests {
        Digests { state: self.digest, local_ids: self.local_ids.digest() }
    }

    /// An instrument's phase.
    #[must_use]
    pub fn phase(&self, instrument: InstrumentIndex) -> Option<Phase> {
        self.instrument(instrument).map(|instrument| instrument.phase)
    }

    /// The last price; None before the day's first trade.
    #[must_use]
    pub fn last_price(&self, instrument: InstrumentIndex) -> Option<Price> {
        self.instrument(instrument)?.last
    }

    /// Best price of a side, and the lots there.
    #[must_use]
    pub fn best(&self, instrument: InstrumentIndex, side: Direction) -> Option<(Price, u64)> {
        let book = self.books.get(usize::from(instrument.0))?.as_ref()?;
        let price = book.best(side)?;
        Some((price, book.level(side, price).volume))
    }

    /// A position; all zero if there is none.
    #[must_use]
    pub fn position(&self, account: AccountIndex, instrument: InstrumentIndex, hedge: u8) -> Position {
        let row = self.rows.find(whose(account, instrument, hedge));
        row.map_or(Position::default(), |row| self.rows.get(row).view())
    }

    /// Every position row: account, instrument, hedge flag, position. In no order that means anything.
    pub fn positions(&self) -> impl Iterator<Item = (AccountIndex, InstrumentIndex, u8, Position)> {
        self.rows.iter().map(|row| (row.account(), row.instrument(), row.hedge(), row.view()))
    }

    /// What a client holds and may come to hold in an instrument over all members: long, short, in lots.
    #[must_use]
    pub fn exposure(&self, client: ClientNumber, instrument: InstrumentIndex) -> (u64, u64) {
        let [long, short] = self.rows.exposure_of(client, instrument);
        (long, short)
    }

    /// How many orders rest.
    #[must_use]
    pub fn live_orders(&self) -> u32 {
        self.orders.live()
    }

    /// Every live order, in the order of keys.
    #[must_use]
    pub fn orders(&self) -> Vec<LiveOrder> {
        self.orders.in_key_order(|_| true).into_iter().map(|slot| self.view_order(self.orders.get(slot))).collect()
    }

    /// A live order.
    #[must_use]
    pub fn order(&self, key: OrderKey) -> Option<LiveOrder> {
        self.orders.find_resting(key).map(|slot| self.view_order(self.orders.get(slot)))
    }

    fn view_order(&self, order: &Order) -> LiveOrder {
        let (row, mark) = (self.rows.get(order.row), self.local_ids.get(order.mark));
        LiveOrder {
            key: order.key,
            account: row.account(),
            user: order.user,
            participant: self.participant_of(order.user),
            instrument: order.instrument,
            direction: order.direction(),
            offset: order.offset(),
            hedge: row.hedge(),
            price: order.price,
            remaining: Volume(order.remaining),
            yesterday: Volume(order.yesterday),
            traded: Volume(order.traded),
            last_price: order.last_price,
            local_id: mark.local_id,
            sys_id: self.local_ids.sys_id(mark),
        }
    }

    /// Messages in a participant's private stream so far; 0 if there is no such participant.
    #[must_use]
    pub fn private_count(&self, participant: ParticipantIndex) -> StreamNumber {
        self.participant(participant).map_or(StreamNumber(0), |participant| participant.private_count)
    }

    /// Messages in the broadcast stream so far.
    #[must_use]
    pub fn broadcast_count(&self) -> StreamNumber {
        self.broadcast
    }

    /// The greatest local id that a user marked today, compared as bytes.
    #[must_use]
    pub fn largest_local_id(&self, user: UserIndex) -> Option<[u8; 24]> {
        let rank = self.user(user)?.largest_local_id;
        let mut id = [0; 24];
        id.as_chunks_mut()
            .0
            .iter_mut()
            .zip(rank)
            .for_each(|(bytes, word): (&mut [u8; 8], u64)| *bytes = word.to_be_bytes());
        (rank != [0; 3]).then_some(id)
    }

    /// A participant.
    #[inline]
    #[must_use]
    pub fn participant(&self, index: ParticipantIndex) -> Option<&Participant> {
        self.participants.get(usize::from(index.0))
    }

    /// A user.
    #[inline]
    #[must_use]
    pub fn user(&self, index: UserIndex) -> Option<&User> {
        self.users.get(usize::from(index.0))
    }

    /// An account.
    #[inline]
    #[must_use]
    pub fn account(&self, index: AccountIndex) -> Option<&Account> {
        self.accounts.get(index.0 as usize)
    }

    /// An instrument.
    #[inline]
    #[must_use]
    pub fn instrument(&self, index: InstrumentIndex) -> Option<&Instrument> {
        self.instruments.get(usize::from(index.0))
    }

    /// Every participant, in the order of indices.
    pub fn participants(&self) -> impl Iterator<Item = &Participant> {
        self.participants.iter()
    }

    /// Every user, in the order of indices.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.iter()
    }

    /// Every account, in the order of indices.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter()
    }

    /// Every instrument, in the order of indices.
    pub fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.instruments.iter()
    }

    /// A defined user's participant.
    #[inline]
    pub(crate) fn participant_of(&self, user: UserIndex) -> ParticipantIndex {
        self.user(user).expect("orders are of defined users").definition.participant
    }

    /// A defined instrument's book.
    #[inline]
    pub(crate) fn book(&self, instrument: InstrumentIndex) -> &Book {
        self.books[usize::from(instrument.0)].as_ref().expect("every defined instrument has a book")
    }
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}
