//! Phases, market data, bulletins (RULES.md: PhaseSet; Market data and publishing).

use crate::command::{Bulletin, PhaseSet};
use crate::digest::Thing;
use crate::event::{Event, MarketData};
use crate::exchange::{Exchange, Refusal, Stream};
use crate::messages::Number;
use crate::number::{Instrument, Participant, Ticks};
use crate::reject::Reject;
use crate::state::{BUY, SELL, State, phase};

impl Exchange {
    pub(crate) fn phase_set(&mut self, set: &PhaseSet) -> Result<(), Refusal> {
        if !phase::ALL.contains(&set.phase) {
            return Err(Reject::DefinitionInvalid.into());
        }
        let markets = &self.state.markets;
        let mut concerned: Vec<Instrument> = if set.instrument == Instrument::ALL {
            markets.iter().filter(|(_, market)| market.phase != phase::CLOSED).map(|(&index, _)| index).collect()
        } else {
            let market = markets.get(&set.instrument).ok_or(Reject::IndexUnknown)?;
            if market.phase == phase::CLOSED {
                return Err(Reject::InstrumentClosed.into());
            }
            vec![set.instrument]
        };
        concerned.retain(|instrument| markets[instrument].phase != set.phase);
        let crossed = concerned.iter().any(|instrument| markets[instrument].crossed());
        if set.phase == phase::CONTINUOUS && crossed {
            return Err(Reject::BookCrossed.into());
        }
        for instrument in concerned {
            self.enter(instrument, set.phase);
        }
        Ok(())
    }

    /// An instrument enters a phase.
    pub(crate) fn enter(&mut self, instrument: Instrument, phase: u8) {
        self.state.markets.get_mut(&instrument).expect("the instrument was found before").phase = phase;
        self.touch_market(instrument);
        let broadcast_number = self.next_broadcast();
        self.outcome.events.push(Event::PhaseChanged { instrument, phase, broadcast_number });
        let bytes = self.state.status_notice(broadcast_number, instrument, phase);
        self.tell(Stream::Broadcast, broadcast_number, bytes);
    }

    pub(crate) fn market_data_tick(&mut self) {
        let touched: Vec<Instrument> =
            self.state.markets.iter().filter(|(_, market)| market.touched).map(|(&index, _)| index).collect();
        if touched.is_empty() {
            return;
        }
        let broadcast_number = self.next_broadcast();
        let data: Vec<MarketData> =
            touched.iter().map(|&instrument| market_data(&self.state, instrument, broadcast_number)).collect();
        for instrument in touched {
            self.state.markets.get_mut(&instrument).expect("found above").touched = false;
            self.touch(Thing::Instrument(instrument));
        }
        let bytes = self.state.market_data(broadcast_number, &data);
        self.outcome.events.extend(data.into_iter().map(Event::MarketData));
        self.tell(Stream::Broadcast, broadcast_number, bytes);
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

fn market_data(state: &State, instrument: Instrument, broadcast_number: u32) -> MarketData {
    let market = &state.markets[&instrument];
    // The best price of a side and the lots there.
    let best = |side: usize| {
        let price = market.best(side)?;
        let orders = market.queues[side].iter().map(|(_, key)| &state.orders[key]);
        let lots: u64 = orders.take_while(|order| order.price == price).map(|order| u64::from(order.remaining)).sum();
        Some((price, u32::try_from(lots).unwrap_or(u32::MAX)))
    };
    let (bid, ask) = (best(BUY), best(SELL));
    let present = u32::from(market.last.is_some()) | u32::from(bid.is_some()) << 1 | u32::from(ask.is_some()) << 2;
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
    }
}
