//! The log folded once more, beside the order path: the engine's state, and what of the day the state does not keep: every order,
//! trade, quote and instruction, what positions began with and how they were opened and closed, and what was last published.
//!
//! Nothing here is decided: an event is adopted as it stands, as recovery does. Tables grow with the day; a row is some hundred bytes
//! where its frame in the log is three hundred and more.

use engine::State;
use engine::command::{BodyView, Command, InstrumentDefine};
use engine::event::{EndReason, Event, EventView, MarketData, SystemId, Traded};
use engine::types::{
    AccountIndex, Direction, InstrumentIndex, Nanoseconds, OrderKey, ParticipantIndex, Price, Stamp, UserIndex, Volume,
};
use ftd::value::{offset_flag, order_status};
use journal::{CompleteFrame, LogReader};
use std::collections::HashMap;

/// The log, folded.
pub(crate) struct Fold {
    pub(crate) log: LogReader,
    /// It is taken in up to here.
    pub(crate) offset: u64,
    pub(crate) state: State,
    pub(crate) day: Day,
    /// Frames whose digest is not that of our state.
    pub(crate) mismatches: u64,
    together: Vec<Event>,
}

/// What of the day the state does not keep.
#[derive(Default)]
pub(crate) struct Day {
    /// Every order of the day, in the order of keys.
    pub(crate) orders: Vec<OrderRow>,
    /// Every trade, in the order of the log.
    pub(crate) trades: Vec<TradeRow>,
    /// Every quote, in the order of keys.
    pub(crate) quotes: Vec<QuoteRow>,
    /// Every exercise instruction, in the order of keys.
    pub(crate) execs: Vec<ExecRow>,
    /// Every position that was ever there.
    pub(crate) holdings: Vec<Holding>,
    by_holder: HashMap<(AccountIndex, InstrumentIndex, u8), u32>,
    /// Places in [`Own::by_client`].
    by_client: HashMap<(AccountIndex, InstrumentIndex), u32>,
    /// What each participant has of all this, by participant.
    pub(crate) of: Vec<Own>,
    /// Market data as last published, by instrument.
    pub(crate) published: Vec<Published>,
}

/// A participant's own, as places in the day's tables.
#[derive(Default)]
pub(crate) struct Own {
    pub(crate) orders: Vec<u32>,
    /// Trades, and which side was its own.
    pub(crate) trades: Vec<(u32, Direction)>,
    pub(crate) quotes: Vec<u32>,
    pub(crate) execs: Vec<u32>,
    /// Every holding.
    pub(crate) holdings: Vec<u32>,
    /// The same by instrument, in the order in which it first had a position there.
    pub(crate) by_instrument: Vec<(InstrumentIndex, Vec<u32>)>,
    /// The same by account and instrument: one holding for each hedge flag.
    pub(crate) by_client: Vec<Vec<u32>>,
    /// Turnover in 1/10,000 yuan: [buy, sell][speculation, hedge].
    pub(crate) turnover: [[i128; 2]; 2],
    /// Premium paid and received, 1/10,000 yuan.
    pub(crate) premium_paid: i128,
    pub(crate) premium_received: i128,
}

/// An order.
#[derive(Clone, Copy)]
pub(crate) struct OrderRow {
    pub(crate) key: OrderKey,
    pub(crate) user: UserIndex,
    pub(crate) instrument: InstrumentIndex,
    pub(crate) direction: Direction,
    pub(crate) offset: u8,
    pub(crate) sys_id: SystemId,
    pub(crate) holding: u32,
    /// The price that it rests at, if that is not the one that was sent.
    pub(crate) rests_at: Option<Price>,
    pub(crate) remaining: Volume,
    pub(crate) traded: Volume,
    pub(crate) last_price: Price,
    /// OrderStatus.
    pub(crate) status: u8,
    /// ActiveUserId; NONE: the exchange.
    pub(crate) active_user: UserIndex,
    pub(crate) updated: Nanoseconds,
}

impl OrderRow {
    fn opens(&self) -> bool {
        self.offset == offset_flag::OPEN
    }
}

/// A trade.
#[derive(Clone, Copy)]
pub(crate) struct TradeRow {
    pub(crate) trade_id: SystemId,
    pub(crate) time: Nanoseconds,
    pub(crate) price: Price,
    pub(crate) volume: Volume,
    /// Places of the buy and the sell order.
    pub(crate) orders: [u32; 2],
}

/// A quote.
#[derive(Clone, Copy)]
pub(crate) struct QuoteRow {
    pub(crate) key: OrderKey,
    pub(crate) sys_id: SystemId,
    pub(crate) bid_sys_id: SystemId,
    pub(crate) ask_sys_id: SystemId,
    pub(crate) ended: Option<Nanoseconds>,
}

/// An exercise instruction.
#[derive(Clone, Copy)]
pub(crate) struct ExecRow {
    pub(crate) key: OrderKey,
    pub(crate) sys_id: SystemId,
    pub(crate) ended: Option<Nanoseconds>,
}

/// A position of the day: of an account, in an instrument, under a hedge flag. Pairs are [long, short], in lots.
#[derive(Clone, Copy)]
pub(crate) struct Holding {
    pub(crate) account: AccountIndex,
    pub(crate) instrument: InstrumentIndex,
    pub(crate) hedge: u8,
    pub(crate) began_yesterday: [u32; 2],
    pub(crate) began_today: [u32; 2],
    pub(crate) opened: [u64; 2],
    pub(crate) closed_today: [u64; 2],
    pub(crate) closed_yesterday: [u64; 2],
}

/// Market data of an instrument, as last published.
#[derive(Clone, Copy, Default)]
pub(crate) struct Published {
    pub(crate) data: Option<MarketData>,
    pub(crate) time: Nanoseconds,
}

impl Fold {
    pub(crate) fn new(log: LogReader) -> Self {
        Fold { log, offset: 0, state: State::new(), day: Day::default(), mismatches: 0, together: Vec::new() }
    }

    /// Takes in what was released, at most so many frames. Returns how many there were.
    pub(crate) fn take_in(&mut self, frames: usize) -> usize {
        let released = self.log.released();
        let mut count = 0;
        while count < frames && self.offset < released {
            let log = self.log.clone();
            let frame = log.frame_at(self.offset).expect("released frames are whole");
            self.apply(&frame);
            self.offset += frame.bytes().len() as u64;
            count += 1;
        }
        count
    }

    fn apply(&mut self, frame: &CompleteFrame<'_>) {
        let Fold { state, day, together, mismatches, .. } = self;
        let (stamp, command) = (frame.stamp(), frame.command());
        for event in frame.events_together(together) {
            engine::evolve(state, stamp, &command, event);
            day.apply(state, stamp, &command, event);
        }
        *mismatches += u64::from(engine::seal(state, stamp) != frame.digests());
    }
}

impl Day {
    /// Takes in an event that the state has taken in.
    fn apply(&mut self, state: &State, stamp: Stamp, command: &Command<'_>, event: &Event) {
        let time = stamp.time;
        match event.view().expect("the state took it in") {
            EventView::Accepted(accepted) => {
                let Some((account, instrument, hedge, direction, offset, volume)) = order_of(command, accepted.index)
                else {
                    return;
                };
                let holding = self.hold(state, account, instrument, hedge);
                let key = OrderKey::new(stamp.sequence, accepted.index);
                let place = self.orders.len() as u32;
                self.orders.push(OrderRow {
                    key,
                    user: command.header.user,
                    instrument,
                    direction,
                    offset,
                    sys_id: accepted.sys_id,
                    holding,
                    rests_at: None,
                    remaining: volume,
                    traded: Volume(0),
                    last_price: Price(0),
                    status: order_status::NO_TRADE_QUEUEING,
                    active_user: command.header.user,
                    updated: time,
                });
                self.own(state, account).orders.push(place);
            }
            EventView::Traded(traded) => self.traded(state, time, traded),
            EventView::Rested(rested) => {
                if let Some(place) = self.order(rested.order) {
                    let order = &mut self.orders[place];
                    (order.rests_at, order.updated) = (Some(rested.price), time);
                }
            }
            EventView::Ended(ended) => {
                let Some(place) = self.order(ended.order) else { return };
                let order = &mut self.orders[place];
                (order.remaining, order.updated) = (ended.released, time);
                let reason = EndReason::from_code(ended.reason);
                order.status = match reason {
                    Some(EndReason::AllTraded) => order_status::ALL_TRADED,
                    Some(EndReason::ImmediateRemainder) if ended.traded.0 > 0 => order_status::PART_TRADED_NOT_QUEUEING,
                    Some(EndReason::ImmediateRemainder) => order_status::NO_TRADE_NOT_QUEUEING,
                    _ => order_status::CANCELLED,
                };
                order.active_user = match reason {
                    Some(EndReason::AllTraded | EndReason::ImmediateRemainder) => order.user,
                    Some(EndReason::Cancelled | EndReason::Replaced) => command.header.user,
                    _ => UserIndex::NONE,
                };
            }
            EventView::QuoteAccepted(accepted) => {
                let BodyView::QuoteInsert(quote) = command.body else { return };
                let place = self.quotes.len() as u32;
                let (key, sys_id) = (OrderKey::new(stamp.sequence, 0), accepted.sys_id);
                let (bid_sys_id, ask_sys_id) = (accepted.bid_sys_id, accepted.ask_sys_id);
                self.quotes.push(QuoteRow { key, sys_id, bid_sys_id, ask_sys_id, ended: None });
                self.own(state, quote.account).quotes.push(place);
            }
            EventView::QuoteEnded(ended) => {
                if let Ok(place) = self.quotes.binary_search_by_key(&ended.quote, |quote| quote.key) {
                    self.quotes[place].ended = Some(time);
                }
            }
            EventView::ExecAccepted(accepted) => {
                let BodyView::ExecOrderInsert(order) = command.body else { return };
                let place = self.execs.len() as u32;
                let key = OrderKey::new(stamp.sequence, 0);
                self.execs.push(ExecRow { key, sys_id: accepted.sys_id, ended: None });
                self.hold(state, order.account, order.instrument, order.hedge);
                self.own(state, order.account).execs.push(place);
            }
            EventView::ExecEnded(ended) => {
                if let Ok(place) = self.execs.binary_search_by_key(&ended.order, |order| order.key) {
                    self.execs[place].ended = Some(time);
                }
            }
            EventView::MarketData(data) => {
                let index = usize::from(data.instrument.0);
                if self.published.len() <= index {
                    self.published.resize(index + 1, Published::default());
                }
                self.published[index] = Published { data: Some(*data), time };
            }
            EventView::Applied(_) => {
                if let BodyView::PositionSet(set) = command.body {
                    let place = self.hold(state, set.account, set.instrument, set.hedge) as usize;
                    let holding = &mut self.holdings[place];
                    holding.began_yesterday = [set.long_yesterday, set.short_yesterday];
                    holding.began_today = [set.long_today, set.short_today];
                }
            }
            _ => {}
        }
    }

    fn traded(&mut self, state: &State, time: Nanoseconds, traded: &Traded) {
        let (Some(buy), Some(sell)) = (self.order(traded.buy), self.order(traded.sell)) else { return };
        let place = self.trades.len() as u32;
        let (price, volume) = (traded.price, traded.volume);
        let orders = [buy as u32, sell as u32];
        self.trades.push(TradeRow { trade_id: traded.trade_id, time, price, volume, orders });
        let instrument = &state.instrument(self.orders[buy].instrument).expect("traded in what is defined").definition;
        let turnover = turnover_of(instrument, price, volume);
        let sides = [
            (buy, Direction::Buy, traded.buy_remaining, traded.buy_yesterday),
            (sell, Direction::Sell, traded.sell_remaining, traded.sell_yesterday),
        ];
        for (at, side, remaining, yesterday) in sides {
            let order = &mut self.orders[at];
            (order.remaining, order.last_price, order.updated) = (remaining, price, time);
            order.traded = Volume(order.traded.0 + volume.0);
            order.status = if remaining.0 == 0 { order_status::ALL_TRADED } else { order_status::PART_TRADED_QUEUEING };
            let opens = order.opens();
            let holding = &mut self.holdings[order.holding as usize];
            let lots = u64::from(volume.0);
            if opens {
                holding.opened[side.side()] += lots;
            } else {
                // A buy closes what is short.
                let closed = side.other().side();
                holding.closed_yesterday[closed] += u64::from(yesterday.0);
                holding.closed_today[closed] += lots - u64::from(yesterday.0);
            }
            let (account, class) = (holding.account, class_of(holding.hedge));
            let own = self.own(state, account);
            own.trades.push((place, side));
            own.turnover[side.side()][class] += turnover;
            if has_premium(instrument) {
                match side {
                    Direction::Buy if opens => own.premium_paid += turnover,
                    Direction::Sell => own.premium_received += turnover,
                    Direction::Buy => {}
                }
            }
        }
    }

    /// An order's place.
    pub(crate) fn order(&self, key: OrderKey) -> Option<usize> {
        self.orders.binary_search_by_key(&key, |order| order.key).ok()
    }

    /// The place of a holding, made if there is none.
    fn hold(&mut self, state: &State, account: AccountIndex, instrument: InstrumentIndex, hedge: u8) -> u32 {
        if let Some(&place) = self.by_holder.get(&(account, instrument, hedge)) {
            return place;
        }
        let place = self.holdings.len() as u32;
        self.holdings.push(Holding {
            account,
            instrument,
            hedge,
            began_yesterday: [0; 2],
            began_today: [0; 2],
            opened: [0; 2],
            closed_today: [0; 2],
            closed_yesterday: [0; 2],
        });
        self.by_holder.insert((account, instrument, hedge), place);
        let client = self.by_client.get(&(account, instrument)).copied();
        let own = self.own(state, account);
        own.holdings.push(place);
        match own.by_instrument.iter_mut().find(|(other, _)| *other == instrument) {
            Some((_, places)) => places.push(place),
            None => own.by_instrument.push((instrument, vec![place])),
        }
        match client {
            Some(client) => own.by_client[client as usize].push(place),
            None => {
                own.by_client.push(vec![place]);
                let client = own.by_client.len() as u32 - 1;
                self.by_client.insert((account, instrument), client);
            }
        }
        place
    }

    /// What the participant of an account has.
    fn own(&mut self, state: &State, account: AccountIndex) -> &mut Own {
        let participant = state.account(account).expect("trading accounts are defined").definition.participant;
        let index = usize::from(participant.0);
        if self.of.len() <= index {
            self.of.resize_with(index + 1, Own::default);
        }
        &mut self.of[index]
    }

    /// What a participant has; none: nothing.
    pub(crate) fn of(&self, participant: ParticipantIndex) -> Option<&Own> {
        self.of.get(usize::from(participant.0))
    }
}

/// What an order of a frame is: whose, in what, hedge flag, direction, offset flag, volume.
fn order_of(command: &Command<'_>, index: u32) -> Option<(AccountIndex, InstrumentIndex, u8, Direction, u8, Volume)> {
    Some(match command.body {
        BodyView::OrderInsert(order) => {
            let direction = Direction::from_code(order.direction)?;
            (order.account, order.instrument, order.hedge, direction, order.offset, order.volume)
        }
        BodyView::QuoteInsert(quote) => {
            let side = (index == 1) as usize;
            let direction = if side == 0 { Direction::Buy } else { Direction::Sell };
            (quote.account, quote.instrument, quote.hedge[side], direction, quote.offset[side], quote.volume[side])
        }
        _ => return None,
    })
}

/// Column of a hedge flag in the standard's positions and funds: 0 speculation (with arbitrage and market making), 1 hedge.
pub(crate) fn class_of(hedge: u8) -> usize {
    usize::from(hedge == ftd::value::hedge_flag::HEDGE)
}

/// A buyer pays the premium, and has no margin.
pub(crate) fn has_premium(instrument: &InstrumentDefine) -> bool {
    instrument.flags & engine::command::INSTRUMENT_PREMIUM != 0
}

/// What a volume at a price is worth, 1/10,000 yuan.
pub(crate) fn turnover_of(instrument: &InstrumentDefine, price: Price, volume: Volume) -> i128 {
    i128::from(price.0) * i128::from(instrument.tick) * i128::from(instrument.multiplier) * i128::from(volume.0)
}
