//! Matching: continuous trading and the call auction (RULES.md: Matching in continuous trading, Uncross).

use crate::command::Uncross;
use crate::digest::Thing;
use crate::event::{Event, Trade};
use crate::exchange::{Exchange, Refusal, Stream};
use crate::faults::Fault;
use crate::number::{Instrument, Key, Product, Ticks};
use crate::reject::Reject;
use crate::state::{BUY, Market, Order, Print, SELL, State, phase, price_of, rank};
use std::collections::{BTreeMap, BTreeSet};

/// Who came last in an auction: nobody.
const NOBODY: u8 = 2;

impl Exchange {
    /// The worst price that an incoming order may trade at: its limit, and for types that name levels of the other side the last of
    /// those, as they stand now.
    pub(crate) fn reach(&self, order: &Order) -> Ticks {
        let levels = match order.insert.order_type {
            b'5' | b'9' => 1,
            b'7' | b'8' => 5,
            _ => return order.price,
        };
        match (order.side(), self.state.markets[&order.insert.instrument].level(1 - order.side(), levels)) {
            (_, None) => order.price,
            (BUY, Some(last)) => last.min(order.price),
            (_, Some(last)) => last.max(order.price),
        }
    }

    /// How much of an order can trade at once, in lots; not cut at its own volume.
    pub(crate) fn available(&self, order: &Order, reach: Ticks) -> u64 {
        self.opposite(order, reach).map(|key| u64::from(self.state.orders[&key].remaining)).sum()
    }

    /// The orders that an order can trade with, in their turn.
    fn opposite(&self, order: &Order, reach: Ticks) -> impl Iterator<Item = Key> + '_ {
        let side = 1 - order.side();
        let limit = rank(side, reach);
        let queue = &self.state.markets[&order.insert.instrument].queues[side];
        queue.iter().take_while(move |&&(rank, _)| rank <= limit).map(|&(_, key)| key)
    }

    /// Trades an incoming order with what it meets, until it is done or meets nothing more.
    pub(crate) fn sweep(&mut self, key: Key, reach: Ticks) {
        while let Some(order) = self.state.orders.get(&key).filter(|order| order.remaining > 0) {
            let instrument = order.insert.instrument;
            let incoming_side = order.side();
            let mut turn = self.opposite(order, reach);
            let Some(mut resting) = turn.next() else { return };
            let second = turn.next();
            drop(turn);
            if let Some(second) = second
                && self.faults.strikes(Fault::Priority, self.state.sequence)
            {
                resting = second;
            }
            let order = &self.state.orders[&key];
            let other = &self.state.orders[&resting];
            let price = match self.state.markets[&instrument].define.price_rule {
                0 => other.price,
                // Orders without a price of their own have no part in the middle (CFFEX rules of 2010, art. 41).
                _ if !order.priced() => other.price,
                // CFFEX: 撮合成交价为买入价、卖出价和前一成交价三者居中
                _ => middle(order.price, other.price, self.state.markets[&instrument].reference()),
            };
            let mut volume = order.remaining.min(other.remaining);
            let short =
                volume > 1 && !order.immediate() && self.faults.strikes(Fault::PartialFill, self.state.sequence);
            if short {
                volume -= 1;
            }
            let (buy, sell) = if incoming_side == BUY { (key, resting) } else { (resting, key) };
            self.trade(instrument, buy, sell, price, volume, incoming_side as u8);
            if short {
                return;
            }
        }
    }

    fn trade(&mut self, instrument: Instrument, buy: Key, sell: Key, price: Ticks, volume: u32, aggressor: u8) {
        let buy_yesterday = self.fill(buy, price, volume);
        let sell_yesterday = self.fill(sell, price, volume);
        let (bought, sold) = (self.state.orders[&buy].clone(), self.state.orders[&sell].clone());

        let market = self.state.markets.get_mut(&instrument).expect("orders are in markets");
        if market.last.is_none() {
            (market.open, market.high, market.low) = (price, price, price);
        }
        market.last = Some(price);
        market.high = market.high.max(price);
        market.low = market.low.min(price);
        market.volume += u64::from(volume);
        market.turnover += market.value(price, volume);
        market.last_lots = volume;
        match (bought.opens(), sold.opens()) {
            (true, true) => market.open_interest += u64::from(volume),
            // Base data need not add up: more may be closed than the previous open interest had.
            (false, false) => market.open_interest = market.open_interest.saturating_sub(u64::from(volume)),
            _ => {}
        }
        let print = Print { volume: 0, all_opened: true, all_closed: true };
        let print = market.prints.entry(price).or_insert(print);
        print.volume += u64::from(volume);
        print.all_opened &= bought.opens() && sold.opens();
        print.all_closed &= !bought.opens() && !sold.opens();
        self.touch_market(instrument);

        let buy_number = self.next_private(bought.participant);
        let sell_number = self.next_private(sold.participant);
        let trade = Trade {
            aggressor,
            index: self.trades,
            buy,
            sell,
            price,
            volume,
            buy_remaining: bought.remaining,
            sell_remaining: sold.remaining,
            buy_yesterday,
            sell_yesterday,
            buy_number,
            sell_number,
            trade_id: self.system_id(self.trades),
        };
        self.trades += 1;
        for (order, number) in [(&bought, buy_number), (&sold, sell_number)] {
            let bytes = self.state.trade_notice(self.state.private(order.participant, number), order, &trade);
            self.tell(Stream::Private(order.participant), number, bytes);
            // An order that traded fully has ended; immediate ones are told so in an event of their own.
            if order.remaining == 0 && !order.immediate() {
                self.forget(order.key);
            }
        }
        self.outcome.events.push(Event::Traded(trade));
    }

    /// One side of a trade; how much of it closes yesterday's position.
    fn fill(&mut self, key: Key, price: Ticks, volume: u32) -> u32 {
        let today_first = self.state.close_today_first();
        let order = self.state.orders.get_mut(&key).expect("both orders are live");
        let frozen_today = order.remaining - order.yesterday;
        let (opens, side) = (order.opens(), order.position_side());
        let (account, instrument, hedge) = order.row();
        let mut yesterday = match (opens, today_first) {
            (true, _) => 0,
            (false, true) => volume - volume.min(frozen_today),
            (false, false) => volume.min(order.yesterday),
        };
        order.remaining -= volume;
        order.yesterday -= yesterday;
        order.traded += volume;
        order.last_price = price;
        let row = order.row();
        self.touch(Thing::Order(key));
        self.touch(Thing::Row(account, instrument, hedge));

        if opens {
            self.open_position(key, price, volume);
            if self.faults.strikes(Fault::CountsOneTooMany, self.state.sequence) {
                self.state.rows.get_mut(&row).expect("an order has its row")[side].today += 1;
                self.count(row, side, 1, true);
            }
            return 0;
        }
        let holding = &mut self.state.rows.get_mut(&row).expect("an order has its row")[side];
        holding.frozen_yesterday -= u64::from(yesterday);
        holding.frozen_today -= u64::from(volume - yesterday);
        let free_today = holding.today - holding.frozen_today - u64::from(volume - yesterday);
        if yesterday > 0
            && free_today >= u64::from(yesterday)
            && self.faults.strikes(Fault::ClosesToday, self.state.sequence)
        {
            yesterday = 0;
        }
        holding.yesterday -= u64::from(yesterday);
        holding.today -= u64::from(volume - yesterday);
        self.count(row, side, u64::from(volume), false);
        yesterday
    }

    pub(crate) fn uncross(&mut self, uncross: &Uncross) -> Result<(), Refusal> {
        let concerned: Vec<Instrument> = if uncross.instrument == Instrument::ALL {
            self.state.find_product(uncross.product)?;
            let of_product = |market: &Market| [Product::ALL, market.define.product].contains(&uncross.product);
            let matching =
                |(_, market): &(&Instrument, &Market)| market.phase == phase::AUCTION_MATCH && of_product(market);
            self.state.markets.iter().filter(matching).map(|(&instrument, _)| instrument).collect()
        } else {
            let market = self.state.markets.get(&uncross.instrument).ok_or(Reject::IndexUnknown)?;
            if market.phase != phase::AUCTION_MATCH {
                return Err(Reject::NotInAuctionMatch.into());
            }
            vec![uncross.instrument]
        };
        for instrument in concerned {
            self.uncross_one(instrument);
        }
        Ok(())
    }

    fn uncross_one(&mut self, instrument: Instrument) {
        let Some(auction) = Auction::of(&self.state, instrument) else {
            self.outcome.events.push(Event::AuctionPriced { instrument, price: Ticks(0), volume: 0, surplus: 0 });
            return;
        };
        let mut price = auction.price(&self.state.markets[&instrument]);
        if auction.low < auction.high && self.faults.strikes(Fault::TieBreak, self.state.sequence) {
            price = if price == auction.high { auction.low } else { auction.high };
        }
        let (volume, surplus) = (auction.volume, auction.surplus_at(price));
        self.outcome.events.push(Event::AuctionPriced { instrument, price, volume, surplus });

        let mut left = volume;
        while left > 0 {
            let queues = &self.state.markets[&instrument].queues;
            let head = |side: usize| queues[side].first().expect("the executable volume is there on both sides").1;
            let (buy, sell) = (head(BUY), head(SELL));
            let lots = self.state.orders[&buy].remaining.min(self.state.orders[&sell].remaining);
            let lots = u32::try_from(left).map_or(lots, |left| lots.min(left));
            self.trade(instrument, buy, sell, price, lots, NOBODY);
            left -= u64::from(lots);
        }
    }
}

/// The middle one of three.
fn middle(a: Ticks, b: Ticks, c: Ticks) -> Ticks {
    let mut three = [a, b, c];
    three.sort();
    three[1]
}

/// A call auction: its greatest volume, and the prices that give it with the least surplus (JR/T 0016 3.2.11).
#[derive(Debug)]
pub(crate) struct Auction {
    /// The lowest of the equally good prices.
    pub low: Ticks,
    /// The highest.
    pub high: Ticks,
    /// What trades, lots.
    pub volume: u64,
    /// Buy minus sell volume from a price on, up to the next one listed.
    surpluses: BTreeMap<Ticks, i64>,
}

impl Auction {
    /// None: the book does not cross.
    pub(crate) fn of(state: &State, instrument: Instrument) -> Option<Auction> {
        let market = &state.markets[&instrument];
        let (highest, lowest) = (market.best(BUY)?, market.best(SELL)?);
        if highest < lowest {
            return None;
        }
        // Volumes change only where a sell order begins to be willing, or a buy order is no longer: between two such
        // prices everything is the same.
        let mut starts = BTreeSet::from([lowest]);
        let mut volumes = [BTreeMap::<Ticks, u64>::new(), BTreeMap::new()];
        for side in [BUY, SELL] {
            for &(rank, key) in &market.queues[side] {
                let price = price_of(side, rank);
                *volumes[side].entry(price).or_default() += u64::from(state.orders[&key].remaining);
                starts.insert(if side == BUY { Ticks(price.0 + 1) } else { price });
            }
        }
        let starts: Vec<Ticks> = starts.range(lowest..=highest).copied().collect();
        let [buys, sells] = volumes;
        let mut buying: u64 = buys.range(lowest..).map(|(_, volume)| volume).sum();
        let mut selling = 0;
        let mut before = None;
        // (executable volume, surplus) from each start on.
        let mut steps = Vec::new();
        for &start in &starts {
            selling +=
                sells.range(before.map_or(start, |at| Ticks(at + 1))..=start).map(|(_, volume)| volume).sum::<u64>();
            if let Some(at) = before {
                buying -= buys.range(Ticks(at)..start).map(|(_, volume)| volume).sum::<u64>();
            }
            before = Some(start.0);
            steps.push((start, buying.min(selling), buying as i64 - selling as i64));
        }
        let volume = steps.iter().map(|step| step.1).max().expect("the book crosses");
        let least =
            steps.iter().filter(|step| step.1 == volume).map(|step| step.2.abs()).min().expect("one has the greatest");
        let good = |step: &(Ticks, u64, i64)| step.1 == volume && step.2.abs() == least;
        let first = steps.iter().position(good).expect("one is the best");
        let last = steps.iter().rposition(good).expect("one is the best");
        let high = steps.get(last + 1).map_or(highest, |next| Ticks(next.0.0 - 1));
        let surpluses = steps[first..=last].iter().map(|step| (step.0, step.2)).collect();
        Some(Auction { low: steps[first].0, high, volume, surpluses })
    }

    /// Which of the equally good prices, by the instrument's tie-break.
    pub(crate) fn price(&self, market: &Market) -> Ticks {
        match market.define.tie_break {
            0 | 4 if self.surpluses.values().all(|&surplus| surplus > 0) => self.high,
            0 | 4 if self.surpluses.values().all(|&surplus| surplus < 0) => self.low,
            0 => Ticks((self.low.0 + self.high.0).div_euclid(2)),
            1 | 4 => market.reference().clamp(self.low, self.high),
            2 => self.high,
            _ => self.low,
        }
    }

    fn surplus_at(&self, price: Ticks) -> i64 {
        *self.surpluses.range(..=price).next_back().expect("the price is of the interval").1
    }
}
