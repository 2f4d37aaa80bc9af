//! Market data as a member keeps it: of each instrument prices, volumes, phase, and the five best levels of both sides.
//!
//! [`MarketFeed`] takes the broadcast stream's messages in their order, wherever they come from: a connection ([`MarketFeed::part`]), datagrams
//! ([`crate::Multicast`]), the answers to the queries of the standard's recovery ([`MarketFeed::recover`]; JR/T 0016 §5.3.3: ask, then go on from
//! the number that the answer belongs to). A message is taken whole or not at all. What a takeover made void is taken back:
//! the feed keeps the last messages and what the market was before them.

use crate::order::{InstrumentId, Price, StreamNumber};
use crate::view::MarketData;
use ftd::field::MarketOrderDataField;
use ftd::value::{direction, volume_type};
use ftd::{ChainReader, Malformed, Message, Next, SequenceNumber, Series, next_message, package, tid};
use std::collections::{BTreeMap, VecDeque};

/// Series of the broadcast stream (errata.md, Streams).
const BROADCAST_SERIES: Series = Series(1);
/// Levels of a side that are told.
pub const LEVELS_MAX: usize = 5;
/// Messages that can always be taken back: a takeover's cut lies less than half a minute of ticks behind what the dead core told.
pub const UNDO_MESSAGES: usize = 256;

/// Why a message was not taken. The market is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// It is none, or not of the broadcast stream, or an item cannot be read.
    Malformed,
    /// Its number is not the next one.
    Gap,
    /// What it says cannot be: a side would have more than five levels.
    Contradiction,
}

/// A price level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Its price.
    pub price: Price,
    /// Lots.
    pub lots: u32,
}

/// What is known of an instrument.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstrumentMarket {
    /// [`ftd::value::instrument_status`]; 0 = not told yet.
    pub phase: u8,
    /// Prices and volumes as last told.
    pub market: MarketData,
    /// Lots that the prints told one by one since the feed began, counted once: from the day's first message on, after a tick what
    /// `market.volume` says.
    pub printed: u64,
    /// Previous settlement; 0 as long as no full picture was told, as the three below.
    pub previous_settlement: Price,
    /// Highest price.
    pub high_limit: Price,
    /// Lowest price.
    pub low_limit: Price,
    /// Lots of the last trade before the last full picture.
    pub last_lots: u32,
    /// Best bids, best first.
    bids: Vec<Level>,
    /// Best asks, best first.
    asks: Vec<Level>,
}

impl InstrumentMarket {
    /// The best levels of a side ([`ftd::value::direction`]), best first.
    #[must_use]
    pub fn levels(&self, side: u8) -> &[Level] {
        if side == direction::BUY { &self.bids } else { &self.asks }
    }
}

/// All instruments, by InstrumentId.
type Market = BTreeMap<[u8; 30], InstrumentMarket>;

/// The broadcast stream, folded.
#[derive(Clone, Debug, Default)]
pub struct MarketFeed {
    market: Market,
    last: StreamNumber,
    /// The message that is being received in parts.
    parts: ChainReader,
    pending: Vec<Change>,
    /// Market and number before the first of `recent`.
    base: (Market, StreamNumber),
    /// What the messages behind `base` did, one after another.
    recent: VecDeque<Vec<Change>>,
    recovery: Recovery,
}

/// Answers to queries, while they come; and from which numbers on they are to be gone on with.
#[derive(Clone, Debug, Default)]
struct Recovery {
    changes: Vec<Change>,
    /// The numbers that prices and levels belong to.
    prices_at: Option<u32>,
    levels_at: Option<u32>,
    /// Messages up to these are known already, of prices and of levels.
    known: (u32, u32),
}

/// What a field of a message does.
#[derive(Clone, Copy, Debug)]
enum Change {
    Phase([u8; 30], u8),
    /// Prices and volumes; the turnover stays.
    Prices([u8; 30], MarketData),
    /// What only a full picture has: phase, previous settlement, limits, lots of the last trade.
    Picture([u8; 30], u8, [Price; 3], u32),
    Turnover([u8; 30], i64),
    Printed([u8; 30], u32),
    Level([u8; 30], u8, Level),
}

impl MarketFeed {
    /// Before the first message.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The last message taken; 0 = none.
    #[must_use]
    pub fn last(&self) -> StreamNumber {
        self.last
    }

    /// What is known of an instrument.
    #[must_use]
    pub fn instrument(&self, instrument_id: &InstrumentId) -> Option<&InstrumentMarket> {
        self.market.get(instrument_id.bytes())
    }

    /// Every instrument that was told of, in the order of ids.
    pub fn instruments(&self) -> impl Iterator<Item = (InstrumentId, &InstrumentMarket)> {
        self.market.iter().map(|(id, market)| (InstrumentId::from(*id), market))
    }

    /// Takes a whole message: all its parts, and nothing else.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn whole(&mut self, number: StreamNumber, bytes: &[u8]) -> Result<(), NotTaken> {
        if number.0 != self.last.0.wrapping_add(1) {
            return Err(NotTaken::Gap);
        }
        let mut changes = Vec::new();
        let mut parts = ChainReader::new();
        let mut at = 0;
        loop {
            let Ok(Next::Message { length, message }) = next_message(&bytes[at..]) else {
                return Err(NotTaken::Malformed);
            };
            at += length;
            if message.number() != SequenceNumber(number.0) {
                return Err(NotTaken::Malformed);
            }
            let part = read(&message, &mut parts, &mut changes)?;
            match (part, at == bytes.len()) {
                (true, true) => break,
                (false, false) => {}
                _ => return Err(NotTaken::Malformed),
            }
        }
        self.take(number, changes)
    }

    /// Takes the next message of a connection, or the next part of it. What came before is passed over.
    ///
    /// # Errors
    /// [`NotTaken`]; the parts before are forgotten.
    pub fn part(&mut self, message: &Message<'_>) -> Result<(), NotTaken> {
        let number = StreamNumber(message.number().0);
        if number <= self.last {
            return Ok(());
        }
        let mut changes = std::mem::take(&mut self.pending);
        if number.0 != self.last.0.wrapping_add(1) {
            self.parts = ChainReader::new();
            return Err(NotTaken::Gap);
        }
        if read(message, &mut self.parts, &mut changes)? {
            return self.take(number, changes);
        }
        self.pending = changes;
        Ok(())
    }

    /// The connection is another one: a message of which only some parts came comes again from its beginning.
    pub fn reconnected(&mut self) {
        (self.parts, self.pending) = (ChainReader::new(), Vec::new());
    }

    /// Takes back the messages from `first` on (FlowMessageCancel, an epoch's cut). False: they are further back than is kept; the feed has
    /// forgotten everything and begins anew, with message 1 or with [`MarketFeed::recover`].
    #[must_use]
    pub fn roll_back(&mut self, first: StreamNumber) -> bool {
        self.reconnected();
        let keep = first.0.saturating_sub(1);
        if keep >= self.last.0 {
            return true;
        }
        let (market, number) = std::mem::take(&mut self.base);
        let recent = std::mem::take(&mut self.recent);
        let known = self.recovery.known;
        *self = MarketFeed::default();
        let Some(count) = keep.checked_sub(number.0) else { return false };
        (self.market, self.last, self.recovery.known) = (market.clone(), number, known);
        self.base = (market, number);
        for changes in recent.into_iter().take(count as usize) {
            self.take(StreamNumber(self.last.0 + 1), changes).expect("it was taken before, in the same place");
        }
        true
    }

    /// Takes a message of the answer to ReqQryMarketMatchData or ReqQryMarketOrderData, asked in this order, for all instruments. Nothing changes before
    /// [`MarketFeed::recovered`].
    ///
    /// # Errors
    /// [`NotTaken::Malformed`].
    pub fn recover(&mut self, message: &Message<'_>) -> Result<(), NotTaken> {
        let Recovery { changes, prices_at, levels_at, .. } = &mut self.recovery;
        match message.tid() {
            tid::QRY_MARKET_MATCH_DATA => {
                let answer = package::RspQryMarketMatchData::parse(message)?;
                for field in answer.market_match_data.iter() {
                    picture(field, changes)?;
                    *prices_at = Some(field.broadcast_sequence_no.unsigned());
                }
                for field in answer.turnover.iter() {
                    let turnover = field.turnover.scaled::<2>().map_err(|_| NotTaken::Malformed)?;
                    changes.push(Change::Turnover(*field.instrument_id.bytes(), turnover));
                }
            }
            tid::QRY_MARKET_ORDER_DATA => {
                for field in package::RspQryMarketOrderData::parse(message)?.market_order_data.iter() {
                    changes.push(level(field)?);
                    *levels_at = Some(field.broadcast_sequence_no.unsigned());
                }
            }
            _ => return Err(NotTaken::Malformed),
        }
        Ok(())
    }

    /// Both answers are whole: the market is what they say, and the stream goes on behind the number that this returns (to be named in the
    /// login). Where there was no level, the answer names no number: the prices' counts.
    ///
    /// # Errors
    /// [`NotTaken`]: there was no answer, or it cannot be. The market is as it was.
    pub fn recovered(&mut self) -> Result<StreamNumber, NotTaken> {
        let Recovery { changes, prices_at, levels_at, .. } = std::mem::take(&mut self.recovery);
        let prices_at = prices_at.ok_or(NotTaken::Malformed)?;
        let levels_at = levels_at.unwrap_or(prices_at);
        let mut market = Market::new();
        for change in changes {
            apply(&mut market, change);
        }
        check(&market)?;
        let last = StreamNumber(prices_at.min(levels_at));
        *self = MarketFeed { market: market.clone(), last, base: (market, last), ..MarketFeed::default() };
        self.recovery.known = (prices_at, levels_at);
        Ok(last)
    }

    /// A whole message's changes, all or none.
    fn take(&mut self, number: StreamNumber, changes: Vec<Change>) -> Result<(), NotTaken> {
        let (prices, levels) = self.recovery.known;
        let is_news = |change: &&Change| match change {
            Change::Level(..) => number.0 > levels,
            Change::Phase(..) => true,
            _ => number.0 > prices,
        };
        // Levels alone can be refused.
        let mut before: Vec<([u8; 30], Option<InstrumentMarket>)> = Vec::new();
        for change in changes.iter().filter(is_news) {
            if let Change::Level(id, ..) = change
                && before.last().is_none_or(|(last, _)| last != id)
            {
                before.push((*id, self.market.get(id).cloned()));
            }
            apply(&mut self.market, *change);
        }
        let fits = |(id, _): &([u8; 30], Option<InstrumentMarket>)| self.market.get(id).is_none_or(is_possible);
        if !before.iter().all(fits) {
            for (id, market) in before.into_iter().rev() {
                match market {
                    Some(market) => self.market.insert(id, market),
                    None => self.market.remove(&id),
                };
            }
            return Err(NotTaken::Contradiction);
        }
        self.last = number;
        self.recent.push_back(changes);
        if self.recent.len() >= 2 * UNDO_MESSAGES {
            for changes in self.recent.drain(..UNDO_MESSAGES) {
                self.base.1.0 += 1;
                for change in changes {
                    let is_known = match change {
                        Change::Level(..) => self.base.1.0 <= levels,
                        Change::Phase(..) => false,
                        _ => self.base.1.0 <= prices,
                    };
                    if !is_known {
                        apply(&mut self.base.0, change);
                    }
                }
            }
        }
        Ok(())
    }
}

impl From<Malformed> for NotTaken {
    fn from(_: Malformed) -> Self {
        NotTaken::Malformed
    }
}

/// Reads a part of a message. True: it was the last.
fn read(message: &Message<'_>, parts: &mut ChainReader, changes: &mut Vec<Change>) -> Result<bool, NotTaken> {
    if message.series() != BROADCAST_SERIES {
        return Err(NotTaken::Malformed);
    }
    let part = parts.accept(message)?;
    match message.tid() {
        tid::INSTRUMENT_STATUS_CHANGE_NOTIFY => {
            let field = package::InstrumentStatusChangeNotify::parse(message)?.instrument_status;
            changes.push(Change::Phase(*field.instrument_id.bytes(), field.instrument_status.get()));
        }
        tid::MARKET_MATCH_DATA => {
            let data = package::MarketMatchData::parse(message)?;
            for field in data.market_match_data.iter() {
                picture(field, changes)?;
            }
            for field in data.market_match_data_chg.iter() {
                let market = MarketData {
                    open: price(&field.open_price)?,
                    high: price(&field.high_price)?,
                    low: price(&field.low_price)?,
                    last: price(&field.last_price)?,
                    bid: price(&field.bid_price)?,
                    ask: price(&field.ask_price)?,
                    bid_lots: field.bid_lot.unsigned(),
                    ask_lots: field.ask_lot.unsigned(),
                    volume: field.volume.unsigned(),
                    open_interest: field.open_interest.unsigned(),
                    turnover: 0,
                };
                changes.push(Change::Prices(*field.instrument_id.bytes(), market));
            }
            for field in data.turnover.iter() {
                let turnover = field.turnover.scaled::<2>().map_err(|_| NotTaken::Malformed)?;
                changes.push(Change::Turnover(*field.instrument_id.bytes(), turnover));
            }
        }
        tid::MARKET_MATCH_INC_DATA => {
            for field in package::MarketMatchIncData::parse(message)?.market_match_inc_data.iter() {
                if field.volume_type.get() != volume_type::INCREMENT {
                    return Err(NotTaken::Malformed);
                }
                changes.push(Change::Printed(*field.instrument_id.bytes(), field.volume.unsigned()));
            }
        }
        tid::MARKET_ORDER_INC_DATA => {
            for field in package::MarketOrderIncData::parse(message)?.market_order_data.iter() {
                changes.push(level(field)?);
            }
        }
        // Whatever else is broadcast counts by its number.
        _ => {}
    }
    Ok(part.last)
}

fn picture(field: &ftd::field::MarketMatchDataField, changes: &mut Vec<Change>) -> Result<(), NotTaken> {
    let id = *field.instrument_id.bytes();
    let market = MarketData {
        open: price(&field.open_price)?,
        high: price(&field.high_price)?,
        low: price(&field.low_price)?,
        last: price(&field.last_price)?,
        bid: price(&field.bid_price)?,
        ask: price(&field.ask_price)?,
        bid_lots: field.bid_lot.unsigned(),
        ask_lots: field.ask_lot.unsigned(),
        volume: field.total_volume.unsigned(),
        open_interest: field.open_interest.unsigned(),
        turnover: 0,
    };
    changes.push(Change::Prices(id, market));
    let prices = [price(&field.pre_settle)?, price(&field.high_limit)?, price(&field.low_limit)?];
    changes.push(Change::Picture(id, field.market_match_data_status.get(), prices, field.last_lot.unsigned()));
    Ok(())
}

fn level(field: &MarketOrderDataField) -> Result<Change, NotTaken> {
    let side = field.direction.get();
    if field.volume_type.get() != volume_type::ABSOLUTE || ![direction::BUY, direction::SELL].contains(&side) {
        return Err(NotTaken::Malformed);
    }
    let level = Level { price: price(&field.price)?, lots: field.volume.unsigned() };
    Ok(Change::Level(*field.instrument_id.bytes(), side, level))
}

fn price(item: &ftd::number::Float<12, 4>) -> Result<Price, NotTaken> {
    item.units().map(Price).map_err(|_| NotTaken::Malformed)
}

fn apply(market: &mut Market, change: Change) {
    match change {
        Change::Phase(id, phase) => market.entry(id).or_default().phase = phase,
        Change::Prices(id, told) => {
            let one = market.entry(id).or_default();
            one.market = MarketData { turnover: one.market.turnover, ..told };
        }
        Change::Picture(id, phase, [previous_settlement, high_limit, low_limit], last_lots) => {
            let one = market.entry(id).or_default();
            (one.phase, one.last_lots) = (phase, last_lots);
            (one.previous_settlement, one.high_limit, one.low_limit) = (previous_settlement, high_limit, low_limit);
        }
        Change::Turnover(id, turnover) => market.entry(id).or_default().market.turnover = turnover,
        Change::Printed(id, lots) => market.entry(id).or_default().printed += u64::from(lots),
        Change::Level(id, side, level) => {
            let one = market.entry(id).or_default();
            let is_bid = side == direction::BUY;
            let levels = if is_bid { &mut one.bids } else { &mut one.asks };
            let is_better = |other: &Level| if is_bid { other.price > level.price } else { other.price < level.price };
            let at = levels.partition_point(is_better);
            let is_there = levels.get(at).is_some_and(|other| other.price == level.price);
            match (is_there, level.lots) {
                (true, 0) => drop(levels.remove(at)),
                (true, _) => levels[at] = level,
                (false, 0) => {}
                (false, _) => levels.insert(at, level),
            }
        }
    }
}

fn is_possible(one: &InstrumentMarket) -> bool {
    one.bids.len() <= LEVELS_MAX && one.asks.len() <= LEVELS_MAX
}

fn check(market: &Market) -> Result<(), NotTaken> {
    if market.values().all(is_possible) { Ok(()) } else { Err(NotTaken::Contradiction) }
}
