//! What a member knows: its orders, trades and positions from the private stream, phases and market data from the broadcast.
//!
//! The view is a fold over the messages of both streams that stand. It keeps each message's effect for the whole day, so that a
//! roll-back drops the void ones and folds the rest anew; that costs one pass over the day, once a takeover.
//! Positions hold what the application set at the start of the day plus the trades; today's and yesterday's are not told
//! apart, since no message says which of them a close took.

use crate::deals::{Deal, DealKind};
use crate::order::{ClientId, Epoch, InstrumentId, LocalId, NewOrder, Price, StreamNumber, SystemId, UserId};
use ftd::field::{BulletinField, MarketMatchDataChgField, OrderStatusField, TradeInsertSingleField};
use ftd::value::{direction, offset_flag, order_status};
use std::collections::BTreeMap;

/// What a member knows.
#[derive(Debug, Default)]
pub struct View {
    pub(crate) orders: Vec<Order>,
    order_of: BTreeMap<(LocalId, [u8; 15]), u32>,
    /// The orders of quotes.
    quoted_order_of: BTreeMap<SystemId, u32>,
    pub(crate) deals: Vec<Deal>,
    pub(crate) deal_of: BTreeMap<(DealKind, LocalId, [u8; 15]), u32>,
    trades: Vec<Trade>,
    trade_of: BTreeMap<(SystemId, u8), u32>,
    opening: BTreeMap<PositionKey, Position>,
    positions: BTreeMap<PositionKey, Position>,
    instruments: Vec<Instrument>,
    instrument_of: BTreeMap<[u8; 30], u32>,
    market_status: u8,
    private_bulletins: Vec<Bulletin>,
    broadcast_bulletins: Vec<Bulletin>,
    pub(crate) private: Stream<PrivateRecord>,
    pub(crate) broadcast: Stream<BroadcastRecord>,
    /// Trades that came again under another number: an error of the exchange's.
    pub(crate) trades_repeated: u64,
    /// Quotes and instructions that were told to stand or to end twice, or to end before they stood: an error of the exchange's.
    pub(crate) deals_contradicted: u64,
}

/// Where an order stands. The numbers are for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum OrderState {
    /// To be sent, or to be sent again.
    Waiting = 0,
    /// Sent; nothing heard.
    Sent = 1,
    /// Accepted, as the dialog said; the private stream has not yet.
    Accepted = 2,
    /// In the book, or trading.
    Working = 3,
    /// Traded fully.
    AllTraded = 4,
    /// An immediate order that is done with a remainder.
    Unfilled = 5,
    /// Cancelled by its member or by the exchange.
    Cancelled = 6,
    /// Refused: [`Order::reject`].
    Rejected = 7,
    /// Known only from messages that a takeover made void: for the exchange it was never sent.
    RolledBack = 8,
}

impl OrderState {
    /// Nothing more will happen to it.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, OrderState::AllTraded | OrderState::Unfilled | OrderState::Cancelled | OrderState::Rejected)
    }
}

/// An order: one of ours, or of another seat of the participant.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its local id; unique for its user.
    pub local_id: LocalId,
    /// Whose.
    pub user_id: UserId,
    /// As it was sent; of another seat's order what the private stream said.
    pub sent: NewOrder,
    /// OrderSysId; blank as long as unknown.
    pub sys_id: SystemId,
    /// Where it stands.
    pub state: OrderState,
    /// Lots traded.
    pub traded: u32,
    /// Lots not traded.
    pub remaining: u32,
    /// Price of its last trade; 0 without one.
    pub last_price: Price,
    /// The code it was refused with; 0 = none.
    pub reject: u16,
    /// Messages of the private stream that spoke of it and stand.
    pub(crate) told: u32,
    /// The request that sends it; none if it is another seat's.
    pub(crate) request: Option<u32>,
    /// The newest cancel of it.
    pub(crate) cancel: Option<u32>,
    /// The view's folding only: it was told of before the roll-back; it was cancelled before the roll-back.
    before: (bool, bool),
}

/// One side of a trade.
#[derive(Clone, Debug)]
pub struct Trade {
    /// TradeId; the same for both sides.
    pub trade_id: SystemId,
    /// The order, by its place in [`View::orders`].
    pub order: u32,
    /// OrderSysId of the order.
    pub sys_id: SystemId,
    /// [`ftd::value::direction`].
    pub direction: u8,
    /// [`ftd::value::offset_flag`].
    pub offset: u8,
    /// [`ftd::value::hedge_flag`].
    pub hedge: u8,
    /// Whose client.
    pub client_id: ClientId,
    /// In what.
    pub instrument_id: InstrumentId,
    /// At what price.
    pub price: Price,
    /// Lots.
    pub volume: u32,
    /// Number of the message in the private stream.
    pub number: StreamNumber,
}

/// A position of one client in one instrument under one hedge flag. Below zero: the opening position was not set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Lots long.
    pub long: i64,
    /// Lots short.
    pub short: i64,
}

/// ClientId, InstrumentId, hedge flag.
type PositionKey = ([u8; 8], [u8; 30], u8);

/// What the broadcast said of an instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Its id.
    pub instrument_id: InstrumentId,
    /// [`ftd::value::instrument_status`]; 0 = not told yet.
    pub phase: u8,
    /// [`ftd::value::trade_right`], as last changed during the day; 0 = not told.
    pub right: u8,
    /// The newest market data; all zero = not told yet.
    pub market: MarketData,
}

/// Market data of an instrument; 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MarketData {
    /// OpenPrice.
    pub open: Price,
    /// HighPrice.
    pub high: Price,
    /// LowPrice.
    pub low: Price,
    /// LastPrice.
    pub last: Price,
    /// BidPrice.
    pub bid: Price,
    /// AskPrice.
    pub ask: Price,
    /// BidLot.
    pub bid_lots: u32,
    /// AskLot.
    pub ask_lots: u32,
    /// Volume, lots, counted once.
    pub volume: u32,
    /// OpenInterest, lots, counted once.
    pub open_interest: u32,
    /// Turnover, in 1/100 yuan.
    pub turnover: i64,
}

/// A text of the exchange's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulletin {
    /// Its number in its stream.
    pub number: StreamNumber,
    /// [`ftd::value::news_urgency`].
    pub urgency: u8,
    /// Abstract.
    pub summary: String,
    /// Content.
    pub content: String,
}

/// One stream's messages that stand: their effects, by number.
#[derive(Debug)]
pub(crate) struct Stream<R> {
    /// The last number received whole; 0 = none.
    pub last: StreamNumber,
    /// The epoch in which the last message was received, and the data centre that sent it.
    pub epoch: Epoch,
    pub data_center: u32,
    records: Vec<(StreamNumber, R)>,
}

impl<R> Default for Stream<R> {
    fn default() -> Self {
        Stream { last: StreamNumber(0), epoch: Epoch(0), data_center: 0, records: Vec::new() }
    }
}

impl<R> Stream<R> {
    fn put(&mut self, number: StreamNumber, record: R) {
        self.records.push((number, record));
    }

    /// Drops the messages from `first` on.
    fn cut(&mut self, first: StreamNumber) {
        let keep = self.records.partition_point(|(number, _)| *number < first);
        self.records.truncate(keep);
        self.last = StreamNumber(self.last.0.min(first.0.saturating_sub(1)));
    }
}

/// What a private message did.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PrivateRecord {
    Confirmed { order: u32, sys_id: SystemId, status: u8, remaining: u32, traded: u32, last_price: Price },
    Traded { trade: u32 },
    Deal { deal: u32, sys_id: SystemId, order_sys_ids: [SystemId; 2], ended: bool },
    Bulletin,
}

/// What a broadcast message, or a field of it, did.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BroadcastRecord {
    Phase { instrument: u32, phase: u8 },
    Right { instrument: u32, right: u8 },
    MarketStatus { status: u8 },
    Market { instrument: u32, market: MarketData },
    Turnover { instrument: u32, turnover: i64 },
    Bulletin,
}

/// What a private message changed, for the requests that wait for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub order: u32,
}

/// What a roll-back of the private stream took away.
#[derive(Debug, Default)]
pub(crate) struct Undone {
    /// Orders that no message knows any more.
    pub orders: Vec<u32>,
    /// Orders that are no longer cancelled.
    pub uncancelled: Vec<u32>,
    /// Deals that no message knows any more.
    pub deals: Vec<u32>,
    /// Deals that have not ended any more.
    pub unended: Vec<u32>,
}

impl View {
    /// Every order known, ours and of the participant's other seats, in the order in which we came to know them.
    #[must_use]
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// The order of `user_id` with this local id.
    #[must_use]
    pub fn order(&self, user_id: &UserId, local_id: LocalId) -> Option<&Order> {
        self.order_index(user_id, local_id).map(|index| &self.orders[index as usize])
    }

    /// The order that a side of a quote became, by its OrderSysId.
    #[must_use]
    pub fn quoted_order(&self, sys_id: SystemId) -> Option<&Order> {
        self.quoted_order_of.get(&sys_id).map(|&index| &self.orders[index as usize])
    }

    /// Every side of a trade told to us, in the order of the private stream.
    #[must_use]
    pub fn trades(&self) -> &[Trade] {
        &self.trades
    }

    /// The side `direction` of a trade.
    #[must_use]
    pub fn trade(&self, trade_id: SystemId, direction: u8) -> Option<&Trade> {
        self.trade_of.get(&(trade_id, direction)).map(|&index| &self.trades[index as usize])
    }

    /// Positions by client, instrument and hedge flag, in the order of their texts.
    pub fn positions(&self) -> impl Iterator<Item = (ClientId, InstrumentId, u8, Position)> + '_ {
        self.positions.iter().map(|((client, instrument, hedge), &position)| {
            (ClientId::from(*client), InstrumentId::from(*instrument), *hedge, position)
        })
    }

    /// One position; zero if never touched.
    #[must_use]
    pub fn position(&self, client_id: &ClientId, instrument_id: &InstrumentId, hedge: u8) -> Position {
        self.positions.get(&(*client_id.bytes(), *instrument_id.bytes(), hedge)).copied().unwrap_or_default()
    }

    /// Instruments that the broadcast told of, in the order in which it did first.
    #[must_use]
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// What the broadcast told of an instrument.
    #[must_use]
    pub fn instrument(&self, instrument_id: &InstrumentId) -> Option<&Instrument> {
        self.instrument_of.get(instrument_id.bytes()).map(|&index| &self.instruments[index as usize])
    }

    /// The market's status, [`ftd::value::market_status`]; 0 = not told yet.
    #[must_use]
    pub fn market_status(&self) -> u8 {
        self.market_status
    }

    /// Bulletins to our participant.
    #[must_use]
    pub fn private_bulletins(&self) -> &[Bulletin] {
        &self.private_bulletins
    }

    /// Bulletins to all.
    #[must_use]
    pub fn broadcast_bulletins(&self) -> &[Bulletin] {
        &self.broadcast_bulletins
    }

    /// The last number of the private and of the broadcast stream.
    #[must_use]
    pub fn last_numbers(&self) -> (StreamNumber, StreamNumber) {
        (self.private.last, self.broadcast.last)
    }

    pub(crate) fn order_index(&self, user_id: &UserId, local_id: LocalId) -> Option<u32> {
        self.order_of.get(&(local_id, *user_id.bytes())).copied()
    }

    /// Puts down an order; the local id must be new for its user.
    pub(crate) fn add_order(
        &mut self,
        user_id: UserId,
        local_id: LocalId,
        sent: NewOrder,
        request: Option<u32>,
    ) -> u32 {
        let index = self.push_order(user_id, local_id, sent, request);
        self.order_of.insert((local_id, *user_id.bytes()), index);
        index
    }

    /// Puts down a side of a quote, once.
    pub(crate) fn add_quoted_order(&mut self, user_id: UserId, local_id: LocalId, sys_id: SystemId, sent: NewOrder) {
        if !self.quoted_order_of.contains_key(&sys_id) {
            let index = self.push_order(user_id, local_id, sent, None);
            self.quoted_order_of.insert(sys_id, index);
        }
    }

    fn push_order(&mut self, user_id: UserId, local_id: LocalId, sent: NewOrder, request: Option<u32>) -> u32 {
        let index = index_of(self.orders.len());
        self.orders.push(Order {
            local_id,
            user_id,
            sent,
            sys_id: SystemId::BLANK,
            state: OrderState::Waiting,
            traded: 0,
            remaining: sent.volume,
            last_price: Price(0),
            reject: 0,
            told: 0,
            request,
            cancel: None,
            before: (false, false),
        });
        index
    }

    /// The order that a private message speaks of: a quote's by its number, any other by its local id.
    fn order_told_of(&self, sys_id: SystemId, user_id: &UserId, local_id: LocalId) -> Option<u32> {
        self.quoted_order_of.get(&sys_id).copied().or_else(|| self.order_index(user_id, local_id))
    }

    pub(crate) fn set_position(
        &mut self,
        client_id: ClientId,
        instrument_id: InstrumentId,
        hedge: u8,
        opening: Position,
    ) {
        let key = (*client_id.bytes(), *instrument_id.bytes(), hedge);
        let before = self.opening.insert(key, opening).unwrap_or_default();
        let position = self.positions.entry(key).or_default();
        position.long += opening.long - before.long;
        position.short += opening.short - before.short;
    }

    /// An OrderConfirmation. None: an item of it cannot be read.
    pub(crate) fn confirmed(&mut self, number: StreamNumber, field: &OrderStatusField) -> Option<Told> {
        let last_price = Price(field.trade_price.units().ok()?);
        let local_id = LocalId(*field.order_local_id.bytes());
        let sys_id = SystemId(*field.order_sys_id.bytes());
        let order = match self.order_told_of(sys_id, &field.user_id, local_id) {
            Some(order) => order,
            None => self.add_order(field.user_id, local_id, order_of(field)?, None),
        };
        let known = &mut self.orders[order as usize];
        if known.request.is_none() && known.sent.volume == 0 {
            known.sent = order_of(field)?;
        }
        let record = PrivateRecord::Confirmed {
            order,
            sys_id,
            status: field.order_status.get(),
            remaining: field.volume_total.unsigned(),
            traded: field.trade_volume.unsigned(),
            last_price,
        };
        self.private.put(number, record);
        self.apply_private(&record);
        Some(Told { order })
    }

    /// A TradeInsertSingle. None: an item of it cannot be read. Some(None): this side of the trade was told before.
    pub(crate) fn traded(&mut self, number: StreamNumber, field: &TradeInsertSingleField) -> Option<Option<Told>> {
        let price = Price(field.price.units().ok()?);
        let volume = field.volume.unsigned();
        let key = (SystemId(*field.trade_id.bytes()), field.direction.get());
        if self.trade_of.contains_key(&key) {
            self.trades_repeated += 1;
            return Some(None);
        }
        let local_id = LocalId(*field.order_local_id.bytes());
        let sys_id = SystemId(*field.order_sys_id.bytes());
        let order = match self.order_told_of(sys_id, &field.user_id, local_id) {
            Some(order) => order,
            None => {
                // Another seat's immediate order: its trades come before its confirmation, which says the volume.
                let mut sent = NewOrder::limit(field.client_id, field.instrument_id, field.direction.get(), price, 0);
                sent.offset = field.offset_flag.get();
                sent.hedge = field.hedge_flag.get();
                self.add_order(field.user_id, local_id, sent, None)
            }
        };
        let trade = index_of(self.trades.len());
        self.trades.push(Trade {
            trade_id: key.0,
            order,
            sys_id,
            direction: key.1,
            offset: field.offset_flag.get(),
            hedge: field.hedge_flag.get(),
            client_id: field.client_id,
            instrument_id: field.instrument_id,
            price,
            volume,
            number,
        });
        self.trade_of.insert(key, trade);
        let record = PrivateRecord::Traded { trade };
        self.private.put(number, record);
        self.apply_private(&record);
        Some(Some(Told { order }))
    }

    pub(crate) fn bulletin(&mut self, number: StreamNumber, field: &BulletinField, private: bool) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let bulletin = Bulletin {
            number,
            urgency: field.news_urgency.get(),
            summary: text(field.abstract_.trimmed()),
            content: text(field.content.trimmed()),
        };
        if private {
            self.private_bulletins.push(bulletin);
            self.private.put(number, PrivateRecord::Bulletin);
        } else {
            self.broadcast_bulletins.push(bulletin);
            self.broadcast.put(number, BroadcastRecord::Bulletin);
        }
    }

    pub(crate) fn phase(&mut self, number: StreamNumber, instrument_id: &InstrumentId, phase: u8) {
        let instrument = self.instrument_index(instrument_id);
        self.put_broadcast(number, BroadcastRecord::Phase { instrument, phase });
    }

    pub(crate) fn right(&mut self, number: StreamNumber, instrument_id: &InstrumentId, right: u8) {
        let instrument = self.instrument_index(instrument_id);
        self.put_broadcast(number, BroadcastRecord::Right { instrument, right });
    }

    pub(crate) fn status(&mut self, number: StreamNumber, status: u8) {
        self.put_broadcast(number, BroadcastRecord::MarketStatus { status });
    }

    /// A field of MarketMatchData. None: a price cannot be read.
    pub(crate) fn market(&mut self, number: StreamNumber, field: &MarketMatchDataChgField) -> Option<()> {
        let instrument = self.instrument_index(&field.instrument_id);
        let market = MarketData {
            open: Price(field.open_price.units().ok()?),
            high: Price(field.high_price.units().ok()?),
            low: Price(field.low_price.units().ok()?),
            last: Price(field.last_price.units().ok()?),
            bid: Price(field.bid_price.units().ok()?),
            ask: Price(field.ask_price.units().ok()?),
            bid_lots: field.bid_lot.unsigned(),
            ask_lots: field.ask_lot.unsigned(),
            volume: field.volume.unsigned(),
            open_interest: field.open_interest.unsigned(),
            turnover: self.instruments[instrument as usize].market.turnover,
        };
        self.put_broadcast(number, BroadcastRecord::Market { instrument, market });
        Some(())
    }

    pub(crate) fn turnover(&mut self, number: StreamNumber, instrument_id: &InstrumentId, turnover: i64) {
        let instrument = self.instrument_index(instrument_id);
        self.put_broadcast(number, BroadcastRecord::Turnover { instrument, turnover });
    }

    /// Forgets the private messages from `first` on, and folds those that stand anew.
    pub(crate) fn roll_back_private(&mut self, first: StreamNumber) -> Undone {
        self.private.cut(first);
        let stands = |number: &StreamNumber| *number < first;
        self.private_bulletins.retain(|bulletin| stands(&bulletin.number));
        let kept = self.trades.partition_point(|trade| stands(&trade.number));
        for trade in self.trades.drain(kept..) {
            self.trade_of.remove(&(trade.trade_id, trade.direction));
        }
        self.positions = self.opening.clone();
        for order in &mut self.orders {
            order.before = (order.told > 0, order.state == OrderState::Cancelled);
            if order.told > 0 {
                order.told = 0;
                order.traded = 0;
                order.remaining = order.sent.volume;
                order.last_price = Price(0);
                order.sys_id = SystemId::BLANK;
                order.state = OrderState::RolledBack;
            }
        }
        self.forget_deals();
        let records = std::mem::take(&mut self.private.records);
        for (_, record) in &records {
            self.apply_private(record);
        }
        self.private.records = records;
        let mut undone = Undone::default();
        for (index, order) in self.orders.iter().enumerate() {
            let (was_told, was_cancelled) = order.before;
            if was_told && order.told == 0 {
                undone.orders.push(index_of(index));
            } else if was_cancelled && order.state != OrderState::Cancelled {
                undone.uncancelled.push(index_of(index));
            }
        }
        (undone.deals, undone.unended) = self.undone_deals();
        undone
    }

    /// Forgets the broadcast messages from `first` on, and folds those that stand anew.
    pub(crate) fn roll_back_broadcast(&mut self, first: StreamNumber) {
        self.broadcast.cut(first);
        self.broadcast_bulletins.retain(|bulletin| bulletin.number < first);
        self.market_status = 0;
        for instrument in &mut self.instruments {
            (instrument.phase, instrument.right) = (0, 0);
            instrument.market = MarketData::default();
        }
        let records = std::mem::take(&mut self.broadcast.records);
        for (_, record) in &records {
            self.apply_broadcast(record);
        }
        self.broadcast.records = records;
    }

    pub(crate) fn put_private(&mut self, number: StreamNumber, record: PrivateRecord) {
        self.private.put(number, record);
        self.apply_private(&record);
    }

    fn put_broadcast(&mut self, number: StreamNumber, record: BroadcastRecord) {
        self.broadcast.put(number, record);
        self.apply_broadcast(&record);
    }

    fn apply_private(&mut self, record: &PrivateRecord) {
        match *record {
            PrivateRecord::Confirmed { order, sys_id, status, remaining, traded, last_price } => {
                let order = &mut self.orders[order as usize];
                order.told += 1;
                order.sys_id = sys_id;
                order.remaining = remaining;
                order.traded = traded;
                order.last_price = last_price;
                order.state = match status {
                    order_status::ALL_TRADED => OrderState::AllTraded,
                    order_status::PART_TRADED_NOT_QUEUEING | order_status::NO_TRADE_NOT_QUEUEING => {
                        OrderState::Unfilled
                    }
                    order_status::CANCELLED => OrderState::Cancelled,
                    _ => OrderState::Working,
                };
            }
            PrivateRecord::Traded { trade } => {
                let trade = &self.trades[trade as usize];
                let order = &mut self.orders[trade.order as usize];
                order.told += 1;
                order.sys_id = trade.sys_id;
                order.traded = order.traded.saturating_add(trade.volume);
                order.remaining = order.remaining.saturating_sub(trade.volume);
                order.last_price = trade.price;
                // An order whose volume is not known yet (another seat's) stays working until its confirmation.
                let done = order.remaining == 0 && order.sent.volume > 0;
                order.state = if done { OrderState::AllTraded } else { OrderState::Working };
                let key = (*trade.client_id.bytes(), *trade.instrument_id.bytes(), trade.hedge);
                let position = self.positions.entry(key).or_default();
                let volume = i64::from(trade.volume);
                match (trade.direction == direction::BUY, trade.offset == offset_flag::OPEN) {
                    (true, true) => position.long += volume,
                    (true, false) => position.short -= volume,
                    (false, true) => position.short += volume,
                    (false, false) => position.long -= volume,
                }
            }
            PrivateRecord::Deal { deal, sys_id, order_sys_ids, ended } => {
                self.apply_deal(deal, sys_id, order_sys_ids, ended);
            }
            PrivateRecord::Bulletin => {}
        }
    }

    fn apply_broadcast(&mut self, record: &BroadcastRecord) {
        match *record {
            BroadcastRecord::Phase { instrument, phase } => self.instruments[instrument as usize].phase = phase,
            BroadcastRecord::Right { instrument, right } => self.instruments[instrument as usize].right = right,
            BroadcastRecord::MarketStatus { status } => self.market_status = status,
            BroadcastRecord::Market { instrument, market } => self.instruments[instrument as usize].market = market,
            BroadcastRecord::Turnover { instrument, turnover } => {
                self.instruments[instrument as usize].market.turnover = turnover;
            }
            BroadcastRecord::Bulletin => {}
        }
    }

    fn instrument_index(&mut self, instrument_id: &InstrumentId) -> u32 {
        if let Some(&index) = self.instrument_of.get(instrument_id.bytes()) {
            return index;
        }
        let index = index_of(self.instruments.len());
        let instrument_id = *instrument_id;
        self.instruments.push(Instrument { instrument_id, phase: 0, right: 0, market: MarketData::default() });
        self.instrument_of.insert(*instrument_id.bytes(), index);
        index
    }
}

/// What a confirmation says of an order that we did not send.
fn order_of(field: &OrderStatusField) -> Option<NewOrder> {
    Some(NewOrder {
        client_id: field.client_id,
        instrument_id: field.instrument_id,
        direction: field.direction.get(),
        offset: field.offset_flag.get(),
        hedge: field.hedge_flag.get(),
        order_type: field.order_type.get(),
        match_condition: field.match_condition.get(),
        match_session: field.match_session.get(),
        price: Price(field.limit_price.units().ok()?),
        stop_price: Price(field.stop_price.units().ok()?),
        volume: field.volume_total_orginal.unsigned(),
        minimal_volume: field.minimal_volume.unsigned(),
        auto_suspend: field.auto_suspend.get() == ftd::value::bool_flag::TRUE,
        message_reference: *field.message_reference.bytes(),
    })
}

pub(crate) fn index_of(length: usize) -> u32 {
    u32::try_from(length).expect("a member's day has fewer than 2^32 orders, trades and instruments")
}
