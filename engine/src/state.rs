//! The state of the exchange: what every command so far has left. Only `evolve` and `seal` change it.
//!
//! Empty before DayOpen, which makes every table for the day's limits; after that the order path allocates nothing.

use crate::book::Book;
use crate::clients::Clients;
use crate::command::{
    AccountDefine, DayOpen, INSTRUMENT_EXERCISE, InstrumentDefine, PRODUCT_LIMIT_BY_VIEW, ParticipantDefine,
    ProductDefine, ScheduleSet, UserDefine,
};
use crate::definitions::{PairRights, Table};
use crate::event::{DEPTH_LEVELS, SystemId};
use crate::exercise::{ExecOrder, ExecTable};
use crate::keyed::Keyed;
use crate::local_ids::{ID_KINDS, LocalIds};
use crate::money::Purse;
use crate::orders::{Order, OrderTable, Texts};
use crate::position::{Home, Position, RowTable, class_of, whose};
use crate::quotes::{Quote, QuoteTable, quote_of};
use crate::system_id::Speller;
use crate::types::{
    AccountIndex, ClientNumber, Direction, Epoch, Function, InstrumentIndex, Money, Nanoseconds, Offset, OrderKey,
    ParticipantIndex, Phase, Price, ProductIndex, RawPrice, Right, Sequence, StreamNumber, UserIndex, Volume,
};

/// FTDOptionType: no option.
const NO_OPTION: u8 = b'0';
/// FTDOptionType: a put.
const PUT: u8 = b'2';

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
    pub(crate) products: Table<Product>,
    pub(crate) instruments: Table<Instrument>,
    pub(crate) books: Vec<Option<Book>>,
    /// What was last published of each instrument's sides.
    pub(crate) depths: Vec<[Depth; 2]>,
    /// Something traded since the last tick.
    pub(crate) traded: bool,
    pub(crate) purses: Table<Purse>,
    pub(crate) quotes: QuoteTable,
    pub(crate) execs: ExecTable,
    /// When a client number last enquired, by client + instrument x 2^32.
    pub(crate) enquiries: Keyed<Nanoseconds>,
    /// By account + product x 2^32.
    pub(crate) market_makers: Keyed<bool>,
    /// Long and short, by client + instrument x 2^32 + class x 2^48.
    pub(crate) client_limits: Keyed<[u32; 2]>,
    pub(crate) schedule: Vec<ScheduleSet>,
    /// The greatest step of the schedule that was taken.
    pub(crate) step: u32,
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
    /// The worse of its right and its participant's.
    pub(crate) worst_right: Right,
    /// Its greatest marked local id of each kind, as `local_ids::rank` has it; zeros if none.
    pub(crate) largest_local_id: [[u64; 3]; ID_KINDS],
}

/// An account.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// As defined.
    pub definition: AccountDefine,
    /// Its present right.
    pub right: Right,
}

/// A product.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// As defined.
    pub definition: ProductDefine,
    /// What may be done in it now: bits of [`crate::types::Function`].
    pub functions: u32,
    /// Exercise instructions are taken now.
    pub window_open: bool,
}

/// The best levels of a side, as published; zeros beyond those that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// How many there are.
    pub count: u8,
    /// Their prices, best first.
    pub price: [Price; DEPTH_LEVELS],
    /// Lots at them; saturates.
    pub volume: [Volume; DEPTH_LEVELS],
}

impl Depth {
    /// Prices and lots, best first.
    pub(crate) fn levels(&self) -> impl Iterator<Item = (Price, Volume)> + '_ {
        self.price.iter().copied().zip(self.volume.iter().copied()).take(usize::from(self.count))
    }
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
    /// Lots of the last trade; 0 before the day's first. Not in the digest.
    pub last_volume: Volume,
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
    /// Opening or closing in it moves money: it has a margin or a premium.
    pub(crate) costs: bool,
    /// For position limits its long counts as short: a put in a product with LIMIT_BY_VIEW.
    pub(crate) swapped: bool,
    /// What a day opens is limited in it or in its product.
    pub(crate) open_limited: bool,
    /// What its product offers now, as [`Product::offers`].
    pub(crate) offers: u32,
}

impl Product {
    /// What may be done in it now, bits of [`crate::types::Function`]: nothing where [`Function::Everything`] is off.
    pub(crate) fn offers(&self) -> u32 {
        if self.functions & Function::Everything.bit() != 0 { self.functions } else { 0 }
    }
}

impl Instrument {
    /// The last price; before the day's first trade the previous settlement price.
    #[inline]
    pub(crate) fn reference_price(&self) -> Price {
        self.last.unwrap_or(Price(self.definition.previous_settlement))
    }

    /// The limit of an order without a price of its own. RULES.md, Prices of types without one.
    #[inline]
    pub(crate) fn furthest(&self, side: Direction) -> Price {
        match side {
            Direction::Buy => Price(self.definition.upper_limit),
            Direction::Sell => Price(self.definition.lower_limit),
        }
    }

    /// It is an option that is exercised today.
    pub(crate) fn is_exercisable(&self) -> bool {
        self.definition.option_type != NO_OPTION && self.definition.flags & INSTRUMENT_EXERCISE != 0
    }

    /// A price in ticks, and what is left of it beyond the last whole tick.
    #[inline(always)]
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
    /// The quote that it is one of two orders of.
    pub quote: Option<OrderKey>,
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
            products: Table::new(0),
            instruments: Table::new(0),
            books: vec![],
            depths: vec![],
            traded: false,
            purses: Table::new(0),
            quotes: QuoteTable::new(0),
            execs: ExecTable::new(0),
            enquiries: Keyed::with_room(0),
            market_makers: Keyed::with_room(0),
            client_limits: Keyed::with_room(0),
            schedule: vec![],
            step: 0,
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
        self.products = Table::new(usize::from(day.products));
        self.books = (0..day.instruments).map(|_| None).collect();
        self.depths = vec![[Depth::default(); 2]; usize::from(day.instruments)];
        self.purses = Table::new(usize::from(day.participants));
        self.quotes = QuoteTable::new(day.live_orders);
        self.execs = ExecTable::new(day.exec_orders);
        self.enquiries = Keyed::with_room(day.enquiries as usize);
        self.client_limits = Keyed::with_room(day.limits as usize);
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

    /// Whether it is an instrument's last trading day.
    #[must_use]
    pub fn ends_today(&self, instrument: &Instrument) -> bool {
        self.day.is_some_and(|day| instrument.definition.last_trading_day == day.trading_day)
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

    /// What a client holds and may come to hold in the limit group of an instrument over all members, in the class of a hedge flag: long, short, in lots.
    #[must_use]
    pub fn exposure(&self, client: ClientNumber, instrument: InstrumentIndex, hedge: u8) -> (u64, u64) {
        let Some(instrument) = self.instrument(instrument) else { return (0, 0) };
        let [long, short] = self.rows.exposure_of(client, instrument.definition.limit_with, class_of(hedge));
        (long, short)
    }

    /// Lots that a client number opened today in an instrument.
    #[must_use]
    pub fn opened(&self, client: ClientNumber, instrument: InstrumentIndex) -> u64 {
        self.rows.opened_of(client, instrument)
    }

    /// … and in a product that limits it; 0 where nothing is limited.
    #[must_use]
    pub fn opened_in_product(&self, client: ClientNumber, product: ProductIndex) -> u64 {
        self.rows.opened_in_product(client, product)
    }

    /// What a participant that has a limit in an instrument holds and may come to hold there: long, short. None: it has no limit.
    #[must_use]
    pub fn member_total(&self, participant: ParticipantIndex, instrument: InstrumentIndex) -> Option<[u64; 2]> {
        self.rows.member_limit(participant, instrument).map(|member| member.lots)
    }

    /// Every live quote, in no order that means anything.
    pub fn quotes(&self) -> impl Iterator<Item = &Quote> {
        self.quotes.iter()
    }

    /// A live quote, by its bid's key.
    #[must_use]
    pub fn quote(&self, key: OrderKey) -> Option<&Quote> {
        self.quotes.find(key)
    }

    /// Every live exercise instruction, in no order that means anything.
    pub fn exec_orders(&self) -> impl Iterator<Item = &ExecOrder> {
        self.execs.iter()
    }

    /// A live exercise instruction.
    #[must_use]
    pub fn exec_order(&self, key: OrderKey) -> Option<&ExecOrder> {
        self.execs.find(key)
    }

    /// Whether an account may quote in a product.
    #[must_use]
    pub fn is_market_maker(&self, account: AccountIndex, product: ProductIndex) -> bool {
        self.market_makers.get(crate::keyed::pair_name(account.0, product.0)) == Some(&true)
    }

    /// What was last published of a side of an instrument.
    #[must_use]
    pub fn published_depth(&self, instrument: InstrumentIndex, side: Direction) -> Option<&Depth> {
        self.depths.get(usize::from(instrument.0)).map(|sides| &sides[side.side()])
    }

    /// The day's calendar, in the order of steps.
    #[must_use]
    pub fn schedule(&self) -> &[ScheduleSet] {
        &self.schedule
    }

    /// The greatest step of the calendar that was taken; 0 = none.
    #[must_use]
    pub fn step_taken(&self) -> u32 {
        self.step
    }

    /// Steps of the calendar that are due and were not taken, in their order. `time` is milliseconds after 0:00 of the action day.
    pub fn due_steps(&self, time: u32) -> impl Iterator<Item = &ScheduleSet> {
        self.schedule.iter().filter(move |step| step.step > self.step && step.time <= time)
    }

    /// Makes the row of an aggregate that has none.
    pub(crate) fn make_row(&mut self, account: AccountIndex, instrument: InstrumentIndex, hedge: u8) -> u32 {
        let owner = self.account(account).expect("validated: a defined account").definition;
        let of = self.instrument(instrument).expect("validated: a defined instrument");
        let product = self.product_of(of);
        let home = Home {
            account,
            participant: owner.participant,
            client: owner.client_number,
            instrument,
            hedge,
            group: of.definition.limit_with,
            product: (product.definition.open_limit != 0).then_some(of.definition.product),
            swapped: of.swapped,
        };
        self.rows.make(&home)
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
            sys_id: self.texts().sys_id(order),
            quote: order.quoted().then(|| quote_of(order.key)),
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

    /// The greatest local id of an order that a user marked today, compared as bytes.
    #[must_use]
    pub fn largest_local_id(&self, user: UserIndex) -> Option<[u8; 24]> {
        let rank = self.user(user)?.largest_local_id[0];
        let mut id = [0; 24];
        id.as_chunks_mut()
            .0
            .iter_mut()
            .zip(rank)
            .for_each(|(bytes, word): (&mut [u8; 8], u64)| *bytes = word.to_be_bytes());
        (rank != [0; 3]).then_some(id)
    }

    /// A product.
    #[inline]
    #[must_use]
    pub fn product(&self, index: ProductIndex) -> Option<&Product> {
        self.products.get(usize::from(index.0))
    }

    /// Every product, in the order of indices.
    pub fn products(&self) -> impl Iterator<Item = &Product> {
        self.products.iter()
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

    /// An instrument's product.
    #[inline]
    pub(crate) fn product_of(&self, instrument: &Instrument) -> &Product {
        self.product(instrument.definition.product).expect("instruments are of defined products")
    }

    /// Where OrderSysIds stand.
    #[inline]
    pub(crate) fn texts(&self) -> Texts<'_> {
        Texts { local_ids: &self.local_ids, quotes: &self.quotes }
    }

    /// Whether an instrument's long counts as short for position limits.
    pub(crate) fn counts_swapped(&self, new: &InstrumentDefine) -> bool {
        let by_view = |product: &Product| product.definition.flags & PRODUCT_LIMIT_BY_VIEW != 0;
        new.option_type == PUT && self.product(new.product).is_some_and(by_view)
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
