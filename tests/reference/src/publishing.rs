//! Phases, market data, bulletins (RULES.md: PhaseSet; Market data and publishing).

use crate::command::{Bulletin, PhaseSet};
use crate::digest::Thing;
use crate::event::{DEPTH_LEVELS, Depth, Event, MarketData};
use crate::exchange::{Exchange, Refusal, Stream};
use crate::market_messages::Change;
use crate::messages::Number;
use crate::number::{Instrument, Participant, Product, Ticks};
use crate::reject::Reject;
use crate::state::{BUY, Market, SELL, State, phase, price_of, rank};
use crate::trading::Auction;
use std::collections::BTreeMap;

impl Exchange {
    pub(crate) fn phase_set(&mut self, set: &PhaseSet) -> Result<(), Refusal> {
        if !phase::ALL.contains(&set.phase) || set.last_day > 1 {
            return Err(Reject::DefinitionInvalid.into());
        }
        let markets = &self.state.markets;
        let mut concerned: Vec<Instrument> = if set.instrument == Instrument::ALL {
            self.state.find_product(set.product)?;
            let concerned = |market: &Market| {
                market.phase != phase::CLOSED && [Product::ALL, market.define.product].contains(&set.product)
            };
            markets.iter().filter(|(_, market)| concerned(market)).map(|(&index, _)| index).collect()
        } else {
            let market = markets.get(&set.instrument).ok_or(Reject::IndexUnknown)?;
            if market.phase == phase::CLOSED {
                return Err(Reject::InstrumentClosed.into());
            }
            vec![set.instrument]
        };
        concerned.retain(|instrument| markets[instrument].phase != set.phase);
        if set.last_day == 1 {
            let today = self.state.opened_day().trading_day;
            concerned.retain(|instrument| markets[instrument].define.last_trading_day == today);
        }
        let crossed = concerned.iter().any(|instrument| markets[instrument].crossed());
        if set.phase == phase::CONTINUOUS && crossed {
            return Err(Reject::BookCrossed.into());
        }
        self.enter(&concerned, set.phase);
        Ok(())
    }

    /// Instruments enter a phase, and a full picture of them is told.
    pub(crate) fn enter(&mut self, concerned: &[Instrument], phase: u8) {
        let status = self.state.market_status();
        for &instrument in concerned {
            self.state.markets.get_mut(&instrument).expect("the instrument was found before").phase = phase;
            self.touch_market(instrument);
            let broadcast_number = self.next_broadcast();
            self.outcome.events.push(Event::PhaseChanged { instrument, phase, broadcast_number });
            let bytes = self.state.status_notice(broadcast_number, instrument, phase);
            self.tell(Stream::Broadcast, broadcast_number, bytes);
        }
        if concerned.is_empty() {
            return;
        }
        let broadcast_number = self.next_broadcast();
        let data: Vec<MarketData> =
            concerned.iter().map(|&instrument| market_data(&self.state, instrument, broadcast_number)).collect();
        self.outcome.events.extend(data.iter().cloned().map(Event::MarketData));
        self.outcome.events.push(Event::Snapshot { broadcast_number });
        let bytes = self.state.snapshot(broadcast_number, &data);
        self.tell(Stream::Broadcast, broadcast_number, bytes);
        let phase = self.state.market_status();
        if phase != status {
            let broadcast_number = self.next_broadcast();
            self.outcome.events.push(Event::MarketChanged { phase, broadcast_number });
            let bytes = State::market_notice(broadcast_number, phase);
            self.tell(Stream::Broadcast, broadcast_number, bytes);
        }
    }

    /// An instrument's right was set: told to all if it is another one than it was.
    pub(crate) fn right_changed(&mut self, instrument: Instrument, before: u8) {
        let right = self.state.markets[&instrument].right;
        if right == before {
            return;
        }
        let broadcast_number = self.next_broadcast();
        self.outcome.events.push(Event::InstrumentChanged { instrument, right, broadcast_number });
        let bytes = self.state.terms_notice(broadcast_number, instrument);
        self.tell(Stream::Broadcast, broadcast_number, bytes);
    }

    pub(crate) fn market_data_tick(&mut self) {
        let touched: Vec<Instrument> =
            self.state.markets.iter().filter(|(_, market)| market.touched).map(|(&index, _)| index).collect();
        if touched.is_empty() {
            return;
        }
        let match_number = self.next_broadcast();
        let mut data = Vec::new();
        let mut prints = Vec::new();
        let mut changes = Vec::new();
        for &instrument in &touched {
            let one = market_data(&self.state, instrument, match_number);
            self.outcome.events.push(Event::MarketData(one.clone()));
            data.push(one);
            self.publish_depth(instrument, &mut changes);
            let market = self.state.markets.get_mut(&instrument).expect("found above");
            market.touched = false;
            let traded = std::mem::take(&mut market.prints);
            prints.extend(traded.into_iter().map(|(price, print)| (instrument, price, print)));
            self.touch(Thing::Instrument(instrument));
        }
        let trade_number = if prints.is_empty() { 0 } else { self.next_broadcast() };
        let depth_number = if changes.is_empty() { 0 } else { self.next_broadcast() };
        self.outcome.events.push(Event::Ticked { match_number, trade_number, depth_number });
        let bytes = self.state.market_data(match_number, &data);
        self.tell(Stream::Broadcast, match_number, bytes);
        if trade_number != 0 {
            let bytes = self.state.trade_prints(trade_number, &prints);
            self.tell(Stream::Broadcast, trade_number, bytes);
        }
        if depth_number != 0 {
            let bytes = self.state.depth_changes(depth_number, &changes);
            self.tell(Stream::Broadcast, depth_number, bytes);
        }
    }

    /// The sides of a book whose best levels are not those last published, outside of auctions.
    fn publish_depth(&mut self, instrument: Instrument, changes: &mut Vec<Change>) {
        if in_auction(self.state.markets[&instrument].phase) {
            return;
        }
        for side in [BUY, SELL] {
            let now = levels(&self.state, instrument, side);
            let market = self.state.markets.get_mut(&instrument).expect("found by the caller");
            if now == market.published[side] {
                continue;
            }
            let before = std::mem::replace(&mut market.published[side], now.clone());
            // Best price first; a level that is there no more has no lots.
            let mut lots: BTreeMap<i64, u32> = before.iter().map(|&(price, _)| (rank(side, price), 0)).collect();
            lots.extend(now.iter().map(|&(price, volume)| (rank(side, price), volume)));
            for (rank, volume) in lots {
                let price = price_of(side, rank);
                if !before.contains(&(price, volume)) {
                    changes.push(Change { instrument, side, price, volume });
                }
            }
            let changed = now.iter().map(|level| !before.contains(level)).collect();
            let stays = |price: Ticks| now.iter().any(|level| level.0 == price);
            let gone = before.iter().map(|level| level.0).filter(|&price| !stays(price)).collect();
            self.outcome.events.push(Event::Depth(Depth { instrument, side: side as u8, levels: now, changed, gone }));
        }
    }

    pub(crate) fn bulletin(&mut self, bulletin: &Bulletin) -> Result<(), Refusal> {
        let participant = bulletin.participant;
        let (stream, number) = if participant == Participant::ALL {
            let number = self.next_broadcast();
            (Stream::Broadcast, Number { series: 1, number })
        } else {
            if !self.state.members.contains_key(&participant) {
                return Err(Reject::IndexUnknown.into());
            }
            let number = self.next_private(participant);
            (Stream::Private(participant), self.state.private(participant, number))
        };
        self.outcome.events.push(Event::Published { participant, number: number.number });
        let bytes = self.state.bulletin(number, bulletin);
        self.tell(stream, number.number, bytes);
        Ok(())
    }
}

/// An auction is being called or matched.
fn in_auction(now: u8) -> bool {
    phase::is_call(now) || now == phase::AUCTION_MATCH
}

/// The best levels of a side: prices and lots.
fn levels(state: &State, instrument: Instrument, side: usize) -> Vec<(Ticks, u32)> {
    let mut levels: Vec<(Ticks, u64)> = Vec::new();
    for &(rank, key) in &state.markets[&instrument].queues[side] {
        let price = price_of(side, rank);
        let lots = u64::from(state.orders[&key].remaining);
        let full = levels.len() == DEPTH_LEVELS;
        match levels.last_mut() {
            Some((last, sum)) if *last == price => *sum += lots,
            _ if full => break,
            _ => levels.push((price, lots)),
        }
    }
    levels.into_iter().map(|(price, lots)| (price, u32::try_from(lots).unwrap_or(u32::MAX))).collect()
}

/// An instrument as a tick would publish it now.
fn market_data(state: &State, instrument: Instrument, broadcast_number: u32) -> MarketData {
    let market = &state.markets[&instrument];
    let best = |side: usize| levels(state, instrument, side).first().copied();
    let auction = if in_auction(market.phase) { Auction::of(state, instrument) } else { None };
    let (bid, ask, indicative) = match auction {
        Some(auction) => {
            let found = Some((auction.price(market), u32::try_from(auction.volume).unwrap_or(u32::MAX)));
            (found, found, true)
        }
        None => (best(BUY), best(SELL), false),
    };
    let bits = [market.last.is_some(), bid.is_some(), ask.is_some(), indicative];
    let present = (0..).zip(bits).map(|(bit, set)| u32::from(set) << bit).sum();
    let (bid, bid_volume) = bid.unwrap_or_default();
    let (ask, ask_volume) = ask.unwrap_or_default();
    MarketData {
        instrument,
        present,
        last: market.last.unwrap_or(Ticks(0)),
        open: market.open,
        high: market.high,
        low: market.low,
        bid,
        ask,
        bid_volume,
        ask_volume,
        volume: market.volume,
        open_interest: market.open_interest,
        turnover: market.turnover,
        broadcast_number,
        last_volume: market.last_lots,
    }
}
