//! The call auction. RULES.md, Uncross. JR/T 0016 3.2.11: 最大成交量、最小剩余量.

use super::draft::Writer;
use super::mass::applied_if_nothing;
use super::matching::Party;
use super::phases;
use crate::book::Book;
use crate::command::Uncross;
use crate::event::AuctionPriced;
use crate::orders::Slot;
use crate::reject::Reject;
use crate::state::{Instrument, State};
use crate::types::{Direction, InstrumentIndex, Phase, Price, TieBreak};

/// `aggressor` of a trade that has none.
const NO_AGGRESSOR: u8 = 2;

/// Matches the auction of one instrument, or of all that are in it.
pub(super) fn decide(writer: &mut Writer<'_>, uncross: &Uncross) {
    let state = writer.state;
    if uncross.instrument == InstrumentIndex::ALL {
        if let Err(reject) = phases::check_product(state, uncross.instrument, uncross.product) {
            return writer.reject(reject);
        }
        let matched = state.instruments().filter(|instrument| instrument.phase == Phase::AuctionMatch);
        for instrument in matched.filter(|of| phases::concerns(uncross.instrument, uncross.product, of)) {
            match_auction(writer, instrument);
        }
        return applied_if_nothing(writer);
    }
    match state.instrument(uncross.instrument) {
        None => writer.reject(Reject::IndexUnknown),
        Some(instrument) if instrument.phase != Phase::AuctionMatch => writer.reject(Reject::NotInAuctionMatch),
        Some(instrument) => match_auction(writer, instrument),
    }
}

/// Prices the auction of an instrument and lets the heads of both queues trade until the executable volume is done.
fn match_auction(writer: &mut Writer<'_>, instrument: &Instrument) {
    let index = instrument.definition.index;
    let book = writer.state.book(index);
    let Some((price, range)) = found(instrument, book) else {
        return writer.push(AuctionPriced { instrument: index, ..AuctionPriced::zero() });
    };
    let surplus = surplus_at(book, price);
    writer.push(AuctionPriced { instrument: index, price, volume: range.volume, surplus, ..AuctionPriced::zero() });
    let mut buys = Queue::new(writer.state, book, Direction::Buy);
    let mut sells = Queue::new(writer.state, book, Direction::Sell);
    let mut left = range.volume;
    while left != 0 {
        let (buy, sell) = (buys.head(), sells.head());
        let volume = buy.remaining.min(sell.remaining);
        let volume = u32::try_from(left).map_or(volume, |left| volume.min(left));
        writer.trade(NO_AGGRESSOR, buy, sell, price, volume);
        left -= u64::from(volume);
    }
    writer.traded_last(index, price);
}

/// The price that an auction finds, and what trades there; None: the book does not cross.
pub(super) fn indicative(instrument: &Instrument, book: &Book) -> Option<(Price, u64)> {
    found(instrument, book).map(|(price, range)| (price, range.volume))
}

fn found(instrument: &Instrument, book: &Book) -> Option<(Price, Range)> {
    let range = Range::of(book)?;
    let tie_break = TieBreak::from_code(instrument.definition.tie_break).expect("definitions are checked");
    Some((range.choose(tie_break, instrument.reference_price()), range))
}

/// The equally good prices of an auction: greatest executable volume, then least surplus.
struct Range {
    low: Price,
    high: Price,
    volume: u64,
    /// Surpluses (buy minus sell) at `low` and `high`; between them they never rise.
    surplus_low: i64,
    surplus_high: i64,
}

impl Range {
    /// None: the book does not cross. Walks the ticks from best ask to best bid: outside of them nothing can trade.
    fn of(book: &Book) -> Option<Range> {
        let (bid, ask) = (book.best(Direction::Buy)?, book.best(Direction::Sell)?);
        let mut best: Option<(Range, u64)> = None;
        let mut sells = 0u64;
        let mut buys = total_from(book, Direction::Buy, ask);
        for ticks in ask.0..=bid.0 {
            let price = Price(ticks);
            sells += book.level(Direction::Sell, price).volume;
            let volume = buys.min(sells);
            let surplus = difference(buys, sells);
            let least = surplus.unsigned_abs();
            match &mut best {
                Some((range, _)) if volume < range.volume => (),
                Some((range, best_least)) if volume == range.volume && least > *best_least => (),
                Some((range, best_least)) if volume == range.volume && least == *best_least => {
                    range.high = price;
                    range.surplus_high = surplus;
                }
                _ => {
                    best = Some((
                        Range { low: price, high: price, volume, surplus_low: surplus, surplus_high: surplus },
                        least,
                    ))
                }
            }
            buys -= book.level(Direction::Buy, price).volume;
        }
        best.map(|(range, _)| range)
    }

    /// One price of them. RULES.md, Uncross, Tie-break.
    fn choose(&self, tie_break: TieBreak, reference: Price) -> Price {
        match tie_break {
            // Surplus falls with the price: the whole interval is above 0 if its high end is.
            TieBreak::Pressure | TieBreak::PressureReference if self.surplus_high > 0 => self.high,
            TieBreak::Pressure | TieBreak::PressureReference if self.surplus_low < 0 => self.low,
            TieBreak::Pressure => Price((self.low.0 + self.high.0).div_euclid(2)),
            TieBreak::Reference | TieBreak::PressureReference => reference.clamp(self.low, self.high),
            TieBreak::Highest => self.high,
            TieBreak::Lowest => self.low,
        }
    }
}

/// Buy minus sell.
fn difference(buys: u64, sells: u64) -> i64 {
    i64::try_from(i128::from(buys) - i128::from(sells))
        .expect("a side has fewer than 2^63 lots: at most 2^24 orders of 2^32")
}

/// Lots of a side at `price` or better.
fn total_from(book: &Book, side: Direction, price: Price) -> u64 {
    let reaches = |at: &Price| if side == Direction::Buy { *at >= price } else { *at <= price };
    let first = book.best(side).filter(reaches);
    let prices = std::iter::successors(first, |&at| book.worse(side, at).filter(reaches));
    prices.map(|at| book.level(side, at).volume).sum()
}

fn surplus_at(book: &Book, price: Price) -> i64 {
    difference(total_from(book, Direction::Buy, price), total_from(book, Direction::Sell, price))
}

/// A side's orders, best price first, then by key.
struct Queue<'a> {
    state: &'a State,
    book: &'a Book,
    side: Direction,
    head: Party,
}

impl<'a> Queue<'a> {
    fn new(state: &'a State, book: &'a Book, side: Direction) -> Self {
        let price = book.best(side).expect("only a crossed book is matched");
        let slot = book.level(side, price).head;
        Queue { state, book, side, head: Party::of(state, slot) }
    }

    /// The first order that has something left.
    fn head(&mut self) -> &mut Party {
        if self.head.remaining == 0 {
            let order = self.state.orders.get(self.head.slot);
            let mut slot = order.next;
            if slot == Slot::NONE {
                let worse =
                    self.book.worse(self.side, order.price).expect("the executable volume is there on both sides");
                slot = self.book.level(self.side, worse).head;
            }
            self.head = Party::of(self.state, slot);
        }
        &mut self.head
    }
}
